# A few faults of "make chaos", so that it is known to work when it is needed:
# a Redis with fsync is killed twice, and the master of a replica set once.  No
# record is stored twice, none is there that was refused, none is torn, and
# none that was answered 201 is lost.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use SecOps;

plan(skip_all => 'make chaos is not for a sanitized build')
    if ($ENV{SECOPS_NGINX} // '') =~ /asan/;

my $out = `$^X $FindBin::Bin/chaos/chaos.pl --smoke 2>&1`;

merge_tap('chaos', $out, $?) or diag($out);

done_testing();
