# How long feedback and votes are kept: with a retention feedback ends with its
# event, and a bucket so long after its last vote; what has ended leaves nothing
# behind that a new event of the same id would be mistaken for.

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

$t->run(conf(location => 'secops_retention 1h;',
    server => api_location('ever', 'secops_retention off;')
        . api_location('unsaid', '')));

my $events = SecOps::Events->new($t, $redis, roles => 'sn_sec_cmn.api_write');
my $api = $events->api();
my $job = $events->job('Triage', decision_points => ['user']);
$api->call('POST', "jobs/$job/start");


sub event { # is there: its id
    my ($id, $user) = @_;
    my $r = $events->send({ job_id => $job, raw_body => { user => $user } },
        $id);
    is($r->{status}, 201, "there is an event $id") or diag($r->{body});
    return $id;
}

sub feedback { # below a prefix
    my ($id, $label, $prefix) = @_;
    my $r = $t->request('PUT', ($prefix // '')
        . "/api/v1/events/$job/$id/feedback",
        who(roles => 'sn_sec_cmn.api_write'), { feedback => $label });
    is($r->{status}, 200, "feedback $label") or diag($r->{body});
}

sub key { return $events->key_of($_[0], $job, $_[1]) }
sub left { return $redis->cmd('PTTL', $_[0]) }

sub buckets { # keys of those with votes, and of their votes
    return map { ($_, s/:bkt:/:bktv:/r) }
        @{$redis->cmd('KEYS', "secops:*:bkt:$job:*")};
}

sub votes {
    my %votes = map { @{$redis->cmd('HGETALL', $_)} }
        grep { /:bkt:/ } buckets();
    return \%votes;
}


# --- they end ---------------------------------------------------------------

my $e = event('e-1', 'eve');
$redis->cmd('PEXPIRE', key('ev', $e), 1_800_000);
feedback($e, 'Drop');

my $until = left(key('ev', $e));
ok($until > 1_700_000, 'an event that has half an hour left');
ok(abs(left(key('evfb', $e)) - $until) < 5000, 'its feedback has that, too');
ok(left($_) > 3_500_000, "its bucket has an hour: $_") foreach buckets();
is(left(key('evstat', $e)), -1, 'the counters stay');

event($e, 'eve');
ok(left(key('ev', $e)) > 3_500_000, 'replaced, it has an hour again');
ok(left(key('evfb', $e)) > 3_500_000, '... and so has its feedback');

$redis->cmd('PEXPIRE', $_, 10_000) foreach buckets();
event('e-2', 'eve');
feedback('e-2', 'Drop');
ok(left($_) > 3_500_000, "another vote, and it is an hour again: $_")
    foreach buckets();


# --- what comes after them --------------------------------------------------

is_deeply(votes(), { 'new:label_1' => 2 }, 'two votes');
$redis->cmd('DEL', map { key($_, $e) } qw(ev evfb));

is($events->read($job, $e)->{status}, 404, 'an event that has ended');
is($t->request('PUT', "/api/v1/events/$job/$e/feedback",
    who(roles => 'sn_sec_cmn.api_write'), { feedback => 'Drop' })->{status},
    404, '... gets no feedback');
like($events->read($job, 'e-2')->{body}, qr/"bucket_state":"known"/,
    '... the bucket is known');

event($e, 'eve');
is($events->read($job, $e)->{json}{result}, '',
    'one of the same id has no feedback');
feedback($e, 'Escalate');
is_deeply(votes(), { 'new:label_0' => 1, 'new:label_1' => 1 },
    '... and with some it has one vote');


# --- they stay --------------------------------------------------------------

feedback('e-2', 'Drop', '/unsaid');
ok(left($_) > 0, "where nobody says how long, that stays as it is: $_")
    foreach buckets();

feedback('e-2', 'Drop', '/ever');
is(left($_), -1, "for ever: $_") foreach buckets();

$t->done();
