# A worker's memory does not grow with the number of its requests: those that
# are stored, read or refused, and those whose clients leave.  The default is a
# short run; SECOPS_SOAK=1000000 makes it a million.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use SecOps;
use SecOps::Load;
use SecOps::Records;

my $t = SecOps->new();
my $redis = $t->redis(aof => 'no');

$t->run(conf(location => 'secops_audit_maxlen 1000;',
    server => 'keepalive_requests 10000;'));

my ($worker) = $t->workers();
my $slow = $t->sanitized();
my $total = $ENV{SECOPS_SOAK} || 60_000;
my $round = $total / 10;
my %load = (clients => 2, pipeline => 20, reads => 1, bad => 1, cut => 0.02);


# a tenth of all; under a sanitizer, which looks for leaks itself at the end, as
# much as there is time for

sub round {
    my $load = SecOps::Load->new($t, %load,
        $slow ? (seconds => 0.8) : (requests => $round / $load{clients}));

    my $seen = $load->end();
    $redis->cmd('FLUSHALL');            # its memory is not the question
    return $seen;
}


my (%seen, @size);

foreach my $n (1 .. 10) {
    my $seen = round();
    $seen{$_} += $seen->{$_} foreach grep { $_ ne 'ids' } keys %$seen;
    push @size, $t->rss($worker);
}

diag("$seen{requests} requests, $seen{cut} connections cut, in "
    . sprintf('%.1f', $seen{seconds}) . ' s; the worker in kB, after each '
    . "tenth: @size");

is($seen{failed}, 0, 'the clients ran to their end');
cmp_ok($seen{requests}, '>=', $slow ? 500 : $total, 'there were many requests');
is($seen{lost}, 0, 'every request was answered whose client stayed');
is(join(' ', grep { $seen{$_} } grep { !/^(?:200|201|400)$/ }
    grep { /^\d/ } keys %seen), '', '... stored, read, or refused');
cmp_ok($seen{$_}, '>', 10, "... there are some of $_") foreach 200, 201, 400;
is($seen{mixed}, 0, '... and the right answer');
is($seen{cut} > 0, 1, 'some clients left');
is(($t->workers())[0], $worker, 'it is the same worker all the time');

SKIP: {
    skip 'a sanitizer keeps freed memory for a while', 1 if $slow;
    cmp_ok($size[9] - $size[2], '<', 512, 'it did not grow after the start');
}

$t->done();
