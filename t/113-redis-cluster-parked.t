# A command that waits for a node that will take it, in a cluster that has none:
# its time runs out, its client leaves, its worker ends.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw(sha256_hex);
use SecOps;
use SecOps::FakeCluster;
use SecOps::Records;
use SecOps::Stopwatch;

my $t = SecOps->new();
my $fake = SecOps::FakeCluster->new($t, 1);
my $all = $fake->map([0, 16383, 0]);
my $none = "*0\r\n";
my $down = 'CLUSTERDOWN The cluster is down';
my $left = substr sha256_hex('left'), 0, 32;    # in the key of its subject

# without a map from the start, and with one whose node never takes it

my %cases = (
    'without a map' => sub { $fake->state(map => $none); $t->reload() },
    'while the cluster is down' => sub {
        $fake->state(map => $all, nodes => [['OK']]);
        ok(wait_for(sub { post($t, records())->{status} == 201 }),
            'there is a map');
        $fake->state(map => $all, nodes => [[$down]]);
    },
);

my %reason = (
    'without a map'             => 'no node of the Redis Cluster took it',
    'while the cluster is down' => $down,
);


# a record that waits, on a connection of its own: because there is no map, or
# because the node has refused it

sub begun {
    my ($name) = @_;
    my $since = $fake->since();
    my $connection = $t->connect();

    $connection->send($connection->format('POST', path(), who(),
        records(observable => 'left')));
    ok($connection->taken() && ($name eq 'without a map'
        || wait_for(sub { $since->(qr/> EXEC/) })), "$name: a record waits");

    return $connection;
}


$fake->state(map => $all, nodes => [['OK']]);
sub patient { # so many seconds
    return conf(location => "secops_redis_cluster on; secops_redis_timeout $_[0];"
        . ' secops_redis_connect_timeout 400ms;');
}


$t->run(patient('1s'));

foreach my $name (sort keys %cases) {
    $cases{$name}->();

    my $passed = stopwatch();
    is_refused(post($t, records()), 503, 'Unable to persist record',
        "$name: surely not stored");
    cmp_ok($passed->(), '<', 1.5, '... within the time of a command');
    ok($t->wait_log("failed: $reason{$name}"), '... and the log says why');

    $cases{$name}->();
    begun($name)->close();
    my $since = $fake->since();
    $fake->state(map => $all, nodes => [['OK']]);
    ok(wait_for(sub { post($t, records())->{status} == 201 }),
        "$name: its client leaves, others are served");
    is($since->(qr/> LPUSH .*:$left/), 0, '... it is not stored');
    post($t, records(observable => 'left'));
    is($since->(qr/> LPUSH .*:$left/), 1, '... which would be seen');
}

# no deadline comes before the end

$t->stop();

foreach my $name (sort keys %cases) {
    $fake->state(map => $all, nodes => [['OK']]);
    $t->run(patient('60s'));
    $cases{$name}->();
    my $waiting = begun($name);
    is($t->stop(), 0, "$name: its worker is stopped");
    is($waiting->answer('POST'), undef, '... without an answer');
}

$t->done();
