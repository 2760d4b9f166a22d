# Runs every t/unit/*.c with the pure part of the module.  Their assertions are
# counted one by one.  With SECOPS_SANITIZE=1 they run a second time, compiled
# by clang with AddressSanitizer and UndefinedBehaviorSanitizer.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use File::Basename;
use SecOps;
use SecOps::Pure;

my $root = root();

# public collections of cases, when they lie beside the repository
my $cases = "$root/../shared/data/json-parsing";
$ENV{SECOPS_JSON_CASES} //= $cases if -d $cases;

# keys and tokens of an issuer that shares no code with the module
my $tokens = File::Temp->new();

if (!defined $ENV{SECOPS_JWT_TOKENS}
    && system("/usr/bin/python3 '$root/t/tools/make-tokens.py' >'$tokens'"
        . ' 2>/dev/null') == 0)
{
    $ENV{SECOPS_JWT_TOKENS} = "$tokens";
}

my $suite = $ENV{SECOPS_SCHEMA_SUITE} // '/usr/share/json-schema-test-suite';

my %arguments = (
    plain     => { json_oracle => ['1000000'], schema_suite => [$suite] },
    sanitizer => { json_oracle => ['50000'], schema_suite => [$suite] },
);

my %builds = (
    plain     => ['unit', 'cc', '-O2'],
    sanitizer => ['unit-asan', 'clang', '-O1',
                  '-fsanitize=address,undefined',
                  '-fno-sanitize-recover=all'],
);


foreach my $kind ('plain', $ENV{SECOPS_SANITIZE} ? 'sanitizer' : ()) {
    my $pure = SecOps::Pure->new(@{$builds{$kind}});

    foreach my $source (sort glob "$root/t/unit/*.c") {
        my $name = basename($source, '.c');
        my ($program, $output) = $pure->link($source);

        ok($program, "$name: compiles ($kind)") or do {
            diag($output);
            next;
        };

        my @arguments = @{$arguments{$kind}{$name} // []};
        my $tap = `'$program' @arguments 2>&1`;

        merge_tap("$name ($kind)", $tap, $?)
            or diag(join "\n", grep { !/^ok/ } split /\n/, $tap);
    }
}

done_testing();
