# Runs every t/fuzz/*.c, a libFuzzer target, for FUZZ_SECONDS (10) with both
# sanitizers.  What a run finds worth keeping stays in the build folder and is
# where the next run begins.  This is make fuzz; make test calls it with a short
# time, and make check-asan with a long one.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";

use File::Basename;
use File::Path qw(make_path);
use SecOps;
use SecOps::Pure;

my $root = root();
my $seconds = $ENV{FUZZ_SECONDS} // 10;

plan(skip_all => 'clang is not installed')
    unless grep { -x "$_/clang" } split /:/, $ENV{PATH};

my @flags = ('-O1', '-fsanitize=address,undefined',
             '-fno-sanitize-recover=all', '-fno-omit-frame-pointer');

my $pure = SecOps::Pure->new('fuzz', 'clang', @flags,
                             '-fsanitize=fuzzer-no-link');

foreach my $source (sort glob "$root/t/fuzz/*.c") {
    my $name = basename($source, '.c');
    my ($program, $output) = $pure->link($source, '-fsanitize=fuzzer');

    ok($program, "$name: compiles") or do {
        diag($output);
        next;
    };

    my $corpus = "$program.corpus";
    my @corpora = ($corpus, grep { -d } "$root/t/fuzz/$name.corpus");
    my @dictionary = map { "-dict=$_" } grep { -f } "$root/t/fuzz/$name.dict";

    make_path($corpus);

    my $log = `'$program' -max_total_time=$seconds -max_len=4096 -timeout=10 \\
               -rss_limit_mb=1024 -print_final_stats=1 @dictionary \\
               -artifact_prefix='$program.' @corpora 2>&1`;

    my ($runs) = $log =~ /number_of_executed_units:\s*(\d+)/;
    ok($? == 0 && $runs, "$name: " . ($runs // 'no') . " inputs in $seconds s")
        or diag(substr $log, -6000);
}

done_testing();
