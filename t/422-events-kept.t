# How long events are kept, and how many announcements: the event, its place
# among those of its job and the queue, each by its own rule; on one Redis and on
# a Cluster.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use SecOps;
use SecOps::Cluster;
use SecOps::Events;
use SecOps::Records;
use Time::HiRes qw(time);

my $t = SecOps->new();
my $redis = $t->redis(aof => 'no');
my $cluster = SecOps::Cluster->new($t, replicas => 0);

sub place { # a location whose keys have its name
    my ($name, $settings) = @_;
    return api_location($name, "secops_redis_prefix $name; $settings"
        . ' secops_auth header;');
}

$t->run(conf(server => join '', place('never', ''),
    place('two', 'secops_retention 2s;'),
    place('hour', 'secops_retention 1h;'),
    place('short', 'secops_event_queue 1600;'),
    place('all', 'secops_event_queue 0;'),
    place('nodes', 'secops_retention 2s; secops_redis_cluster on; '
        . 'secops_redis ' . $cluster->node(0)->url() . ';')));

my $number = 0;
my %job;

sub asked { # place, method, path, body
    my ($place, $method, $path, $body) = @_;
    return $t->request($method, "/$place/api/$path", who(), $body,
        timeout => 60) // { status => 0, body => 'no answer' };
}

sub job { # of a place, which is made once
    my ($place) = @_;
    return $job{$place} //= asked($place, 'POST', 'v2/resources', {
        in => { type => 'integration', properties => { title => 'In',
            integration_type => 'Elasticsearch',
            parameters => { hosts => 'es' } } },
        j => { type => 'job', properties => { title => 'J',
            category => 'Automation', pipeline_integrations => [{
                resource => 'in', integration_type => 'input',
                parameters => { index => 'i' } }] } } })
        ->{json}{created}[1]{internal_id};
}

sub store { # an event, by an id; it is
    my ($place, $id) = @_;
    $id //= 'e' . $number++;
    my $r = asked($place, 'POST', "v1/events/$id",
        { job_id => job($place), raw_body => { a => 1 } });
    die "not stored: " . ($r->{body} // 'no answer') if $r->{status} != 201;
    return $id;
}

sub key { # place, kind, id
    my ($place, $kind, $id) = @_;
    return "$place:{global:" . SecOps::Events->shard($id) . '}:' . $kind . ':'
        . job($place) . ($kind eq 'ev' ? ":$id" : '');
}

sub has { # the answer to a command with a key of a place
    my ($place, $command, $key, @more) = @_;
    my $of = $place eq 'nodes' ? $cluster->owner($cluster->slot($key)) : $redis;
    return $of->cmd($command, $key, @more);
}

sub there { # of an event: what there is
    my ($place, $id) = @_;
    return join ' ',
        (has($place, 'EXISTS', key($place, 'ev', $id)) ? 'event' : ()),
        (defined has($place, 'ZSCORE', key($place, 'evidx', $id), $id)
            ? 'place' : ());
}

sub neighbours { # n ids of one shard
    my ($n) = @_;
    my @found;
    while (@found < $n) {
        my $id = 'a' . $number++;
        push @found, $id if SecOps::Events->shard($id) eq '0';
    }
    return @found;
}


# without a word: for ever

my $id = store('never');
is($redis->cmd('TTL', key('never', $_, $id)), -1, "kept for ever: $_")
    foreach qw(ev evidx evq);


# with an hour

$id = store('hour');
my $ttl = $redis->cmd('TTL', key('hour', 'ev', $id));
ok($ttl > 3000 && $ttl <= 3600, 'an event has its expiry');
$ttl = $redis->cmd('TTL', key('hour', 'evidx', $id));
ok($ttl > 3600 && $ttl <= 3600 + 2 * 450 + 1,
    '... what lists it has a later one');

$redis->cmd('EXPIRE', key('hour', 'ev', $id), 100);
store('hour', $id);
ok($redis->cmd('TTL', key('hour', 'ev', $id)) > 3000,
    '... and begins anew when it is replaced');


# with two seconds: it ends, and leaves its place when others come

foreach my $case (['two', 'one Redis'], ['nodes', 'a Cluster']) {
    my ($place, $name) = @$case;
    my ($first, @others) = neighbours(60);

    store($place, $first);
    is(there($place, $first), 'event place', "$name: an event is there");
    ok(wait_for(sub { there($place, $first) eq 'place' }, 20),
        '... and ends');
    is(asked($place, 'GET', 'v1/events/' . job($place) . "/$first")->{status},
        404, '... it is not found');

    ok(wait_for(sub { store($place, shift(@others) // die "too many\n");
        there($place, $first) eq '' }, 20),
        '... others take its place from it');

    my $last = store($place, $others[-1]);
    is(there($place, $last), 'event place', '... and stay themselves');

    ok(wait_for(sub { !has($place, 'EXISTS',
        key($place, 'evidx', $last)) }, 30),
        '... a job to which nothing comes keeps no list');
}


# the queue is cut at a 16th for each shard, in whole blocks

my @ids = neighbours(1);

sub announced { return $redis->cmd('XLEN', key($_[0], 'evq', $ids[0])) }

sub announce { # so many times, in lines
    my ($place, $n) = @_;
    my $job = job($place);
    my $line = qq({"job_id":$job,"event_id":"$ids[0]","raw_body":{}}\n);
    my $r = $t->request('POST', "/$place/api/v1/events", { %{who()},
        'Content-Type' => 'application/x-ndjson' }, $line x $n);
    return $r->{status};
}

is(announce('short', 1000), 201, 'an event is announced a thousand times');
cmp_ok(announced('short'), '<', 100 + 200,
    '... a 16th of secops_event_queue is kept, and a block or two more');
is($redis->cmd('ZCARD', key('short', 'evidx', $ids[0])), 1,
    '... the event is there once');
is(announce('all', 1000), 201, 'secops_event_queue 0');
is(announced('all'), 1000, '... keeps all');
is($redis->cmd('TTL', key('two', 'evq', 'x')) > 0 ? 'ends' : 'stays', 'stays',
    'a queue has no expiry');

$t->done();
