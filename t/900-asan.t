# Runs the functional tests once more on the nginx that build-asan makes: the
# module linked in statically, AddressSanitizer, UndefinedBehaviorSanitizer, a
# pool that is checked block by block, and nginx's debug code compiled in.
# Their assertions, "no sanitizer report" among them, are counted one by one.
# The pages' and the bench's own tests run once, on the build that they are about.
# They come in reverse: those that work most at first, while make test is at those
# that wait most.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use File::Basename;
use SecOps;

my $root = root();
my $nginx = ($ENV{SECOPS_BUILD_DIR} // "$root/build") . '/asan/nginx';

plan(skip_all => "$nginx is not there: run make build-asan") unless -x $nginx;
plan(skip_all => 'these tests run on it already')
    if ($ENV{SECOPS_NGINX} // '') eq $nginx;

$ENV{SECOPS_NGINX} = $nginx;
$ENV{SECOPS_MODULE} = '';

my $jobs = $ENV{SECOPS_JOBS} // 2;
my @tests = grep { !/-(?:docs|bench)\.t$/ } (glob("$root/t/01*.t"),
    glob("$root/t/[1-8]*.t"));
my (%output, %running);

while (@tests || %running) {

    while (@tests && keys %running < $jobs) {
        my $test = pop @tests;
        my $file = File::Temp->new();
        my $pid = fork() // die "fork: $!";

        if ($pid == 0) {
            open STDOUT, '>', $file->filename or POSIX::_exit(1);
            open STDERR, '>&', \*STDOUT;
            { no warnings; exec $^X, "-I$root/t/lib", $test; }
            POSIX::_exit(127);
        }

        $running{$pid} = [$test, $file];
    }

    my $pid = waitpid(-1, 0);
    my ($test, $file) = @{delete $running{$pid} // next};

    $output{$test} = [do { local $/; scalar <$file> } // '', $?];
}

foreach my $test (sort keys %output) {
    my ($tap, $status) = @{$output{$test}};

    merge_tap(basename($test, '.t'), $tap, $status)
        or diag(join "\n", grep { !/^ok/ } split /\n/, $tap);
}

pass('no functional test yet') unless %output;
done_testing();
