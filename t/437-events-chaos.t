# Sixteen clients send events and feedback to two nginx machines for twenty
# seconds, while a Redis with an append-only file is killed twice; and the same
# with the masters of a cluster.  Every event that was answered 201 is there, and
# is announced, once; no vote is lost, and none counts twice; all counters are
# what is stored.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use SecOps;

plan(skip_all => 'make chaos is not for a sanitized build')
    if ($ENV{SECOPS_NGINX} // '') =~ /asan/;

my $out = `$^X $FindBin::Bin/chaos/chaos.pl --events 2>&1`;

merge_tap('chaos', $out, $?) or diag($out);

done_testing();
