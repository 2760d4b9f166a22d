# What goes wrong on an event's way: Redis is away, refuses, or leaves it open
# what it has done; clients leave; documents that are none; a job that changes
# while a worker remembers it.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use JSON::PP;
use SecOps;
use SecOps::Events;
use SecOps::Records;
use SecOps::Resources;

my $t = SecOps->new();
my $redis = $t->redis();

$t->run(conf(location => 'secops_redis_timeout 3s;', server => api_location(
    'other', 'secops_auth header api_key; secops_redis_prefix other;'))
    =~ s/secops_auth header;(?=\s+secops_redis_t)/secops_auth header api_key;/r);

my $events = SecOps::Events->new($t, $redis);
my $job = $events->job('Triage');
my %raw = (event => { outcome => 'a' });
my $event = { job_id => $job, raw_body => \%raw };

is($events->send($event, 'first')->{status}, 201, 'an event');


# --- a job that changes while it is remembered ------------------------------

is($events->job('Triage', decision_points => ['other']), $job,
    'a job gets other decision points');
my $r;
ok(wait_for(sub { $r = $events->send($event, 'x'); $r->{status} == 422 }, 20),
    '... which count a second later');
is($r->{json}{detail},
    '/raw_body: has none of the decision points of the job', '... and why');
is($events->job('Triage', decision_points => ['event.outcome']), $job,
    '... and gets them back');
ok(wait_for(sub { $events->send($event, 'x')->{status} == 201 }, 20),
    '... which count again');

my $calls = $redis->calls('evalsha');
is($events->read($job, 'first')->{status}, 200, 'a job is known')
    foreach 1 .. 10;
is($redis->calls('evalsha'), $calls,
    '... and read no more while it is the same');
is($events->api()->save({ other => integration('Another') })->{status}, 200,
    'something else changes');
$calls = $redis->calls('evalsha');
is($events->read($job, 'first')->{status}, 200, '... it is known');
is($redis->calls('evalsha') - $calls, 1, '... and was read once more');

my $jobs = 'secops:{global:res}:job';
my $document = $redis->cmd('HGET', $jobs, $job);

is($events->api()->remove("resource_type=job&title=Triage")->{status}, 200,
    'the job is deleted');
is_refused_v1($events->read($job, 'first'), 404, 'Job not found',
    '... so its events are not found');
ok(wait_for(sub { $events->send($event, 'x')->{status} == 404 }, 20),
    '... nor are others taken, a second later');


# --- documents that are none ------------------------------------------------

sub put { # a document, by hand; and a revision that nobody knows
    my ($text) = @_;
    $redis->cmd('HSET', $jobs, $job, $text);
    $redis->cmd('SET', 'secops:{global:res}:rev', '1000-' . rand);
}

foreach my $text ('', '[]', '{') {
    put($text);
    $r = $events->read($job, 'first', roles => 'sn_sec_cmn.api_read');
    is_refused_v1($r, 500, 'Unknown error', "a job that is \"$text\"");
    like($r->{json}{detail}, qr/^request [0-9a-f]{32}$/, '... the log says why');
}

put('{}');
is($events->read($job, 'first', roles => 'sn_sec_cmn.api_read')->{status}, 200,
    'one that says nothing is a job all the same');
is($events->read($job, 'first')->{status}, 404, '... that has no key');
is($events->send($event, 'bare', roles => 'sn_sec_cmn.api_write')->{status},
    201, '... and takes events');

put($document);
is($events->read($job, 'first')->{status}, 200, 'the job is back');

foreach my $text ('', 'x', '{"event_id":"first"}') {
    $redis->cmd('SET', $events->key_of('ev', $job, 'first'), $text);
    is_refused_v1($events->read($job, 'first'), 500, 'Unknown error',
        "an event that is '$text'");
    is_refused_v1($events->export($job, 'first'), 500, 'Unknown error',
        '... exported');
}

$t->allow(qr/failed: a document of the job can not be read/,
    qr/failed: what is stored is no event/);


# --- a key of another type --------------------------------------------------

$redis->cmd('SET', $events->key_of('evq', $job, 'typed'), 'x');
is_refused_v1($events->send($event, 'typed'), 500, 'Unable to store event',
    'another type in the place of the queue');
$redis->cmd('DEL', $events->key_of('evq', $job, 'typed'));
$t->allow(qr/failed: WRONGTYPE/);


# --- a client that leaves ---------------------------------------------------

ok(wait_for(sub { $events->send($event, 'here')->{status} == 201 }, 20),
    'an event is taken');
$redis->pause();

foreach my $case (['POST', 'events/gone', $event],
    ['POST', 'events', [($event) x 20]], ['GET', "events/$job/here"],
    ['GET', "events/$job/here/export"])
{
    my ($method, $path, $body) = @$case;
    my $connection = $t->connect();
    $connection->send($connection->format($method, "/api/v1/$path",
        who(), $body));
    $connection->close();
    ok($t->has_left(), "a client leaves while it waits: $method $path");
}

$redis->resume();
ok(wait_for(sub { $events->read($job, 'here')->{status} == 200 }, 20),
    'others are served');


# --- Redis is away ----------------------------------------------------------

$redis->stop();
$t->allow(qr/secops redis|events\.\w+ failed|events not stored|not found out/);

ok(wait_for(sub { $events->send($event, 'away')->{status} == 503 }, 20),
    'Redis is away: an event is not taken');
$r = $events->send($event, 'away', roles => 'sn_sec_cmn.api_write');
is($r->{status}, 503, '... nor that of a caller with a role');
is($r->{headers}{'retry-after'}, '1', '... and may be sent again');
is($r->{json}{status}, 'ERROR', '... in the form of errors there');
$r = $events->read($job, 'here', roles => 'sn_sec_cmn.api_read');
is($r->{status}, 503, 'nor is one read');
$r = $events->send([$event, { job_id => $job }], undef,
    roles => 'sn_sec_cmn.api_write');
is($r->{status}, 503, 'none of a batch is taken');

$redis->start();
ok(wait_for(sub { $events->send($event, 'back')->{status} == 201 }, 20),
    'it is back: events are taken');

$t->done();
