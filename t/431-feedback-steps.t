# The three steps of a feedback: each may come twice, or late, or never, and the
# votes end where they belong.  What the scripts do is looked at one by one;
# then what readers and others do with a feedback that was left open, by a
# server that was killed between two steps; then many clients on two nginx at
# once.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use JSON::PP;
use POSIX ();
use SecOps;
use SecOps::Events;
use SecOps::Records;
use SecOps::Resources;

my $t = SecOps->new();
my $two = SecOps->new(workers => 2);
my $redis = $t->redis();
my $json = JSON::PP->new->canonical->utf8;
my $conf = conf() =~ s/secops_auth header;/secops_auth header api_key;/r
    =~ s/%%REDIS%%/${\ $redis->url()}/r;

$t->run($conf);
$two->run($conf);

my $events = SecOps::Events->new($t, $redis);
my $api = $events->api();
my $job = $events->job('Triage', decision_points => ['user']);
$api->call('POST', "jobs/$job/start");


# --- the scripts ------------------------------------------------------------

sub script {
    my ($name, $keys, @args) = @_;
    my $text = $t->read(root() . "/ngx_secops_module/store/lua/$name.lua");
    return $redis->cmd('EVAL', $text, scalar @$keys, @$keys, @args);
}

sub votes { # of a bucket, in words
    my ($key) = @_;
    my %votes = @{$redis->cmd('HGETALL', $key)};
    return join ' ', map { "$_=$votes{$_}" } sort keys %votes;
}

my @bucket = ('{x}:bkt', '{x}:bktv');

sub vote { # event, n, label, trainings
    return script('vote', \@bucket, @_, '');
}

is(vote('a', 10, 'label_0', 0), 0, 'a vote is given');
is(votes($bucket[0]), 'new:label_0=1', '... and is fresh');
vote('a', 10, 'label_0', 0);
is(votes($bucket[0]), 'new:label_0=1', 'given twice, it is one');
vote('a', 12, 'label_1', 0);
is(votes($bucket[0]), 'new:label_1=1', 'a later one takes its place');
vote('a', 11, 'label_0', 0);
is(votes($bucket[0]), 'new:label_1=1', 'an older one comes too late');
vote('b', 20, 'label_1', 0);
is(votes($bucket[0]), 'new:label_1=2', 'another event has a vote of its own');

is(vote('c', 30, 'label_0', 2), 2, 'a vote after two trainings');
is(votes($bucket[0]), 'gen=2 in:label_1=2 new:label_0=1',
    '... finds those before it in the model');
is(vote('d', 31, 'label_0', 1), 2,
    'one of before the last training, which comes after it');
is(votes($bucket[0]), 'gen=2 in:label_1=2 new:label_0=2', '... is fresh');
vote('a', 40, 'label_0', 2);
is(votes($bucket[0]), 'gen=2 in:label_1=2 new:label_0=3 new:label_1=-1',
    'a vote in the model that is changed stays there until a training');
vote('a', 41, 'label_1', 2);
is(votes($bucket[0]), 'gen=2 in:label_1=2 new:label_0=2',
    '... and changed back it is as before');
vote('a', 42, 'label_0', 3);
is(votes($bucket[0]), 'gen=3 in:label_0=2 in:label_1=2 new:label_0=1 '
    . 'new:label_1=-1', '... which takes all of it in');

vote('b', 50, '', 3);
vote('b', 50, '', 3);
is(votes($bucket[0]), 'gen=3 in:label_0=2 in:label_1=2 new:label_0=1 '
    . 'new:label_1=-2', 'a vote is taken away, once');
vote('b', 49, 'label_0', 3);
is(votes($bucket[0]), 'gen=3 in:label_0=2 in:label_1=2 new:label_0=1 '
    . 'new:label_1=-2', '... and does not come back by an older feedback');
vote('e', 60, '', 3);
vote('e', 59, 'label_0', 3);
is(votes($bucket[0]), 'gen=3 in:label_0=2 in:label_1=2 new:label_0=1 '
    . 'new:label_1=-2', 'taken away before it was given, it never comes');
is($redis->cmd('TTL', $bucket[0]), -1, 'without a retention it stays');
script('vote', \@bucket, 'f', 70, 'label_0', 3, 100);
ok($redis->cmd('TTL', $_) > 90, "with one it goes: $_") foreach @bucket;
$redis->cmd('DEL', @bucket);


my @event = ('{x}:ev', '{x}:evfb', '{x}:audit');
my $digest = 'c0ffee' x 5 . '00';

sub give { # label, trainings, request; the answer
    my ($label, $trainings, $request) = @_;
    return script('feedback', \@event, $label, 'eve', '', $trainings, $request,
        '*', 'user', 'eve');
}

sub close_it { return script('settle', [ $event[1], '{x}:evstat' ], @_) }

is_deeply(give('label_0', 0, 'r0'), [], 'feedback on no event');
$redis->cmd('SET', $event[0], qq({"event_id":"\\"bucket\\":\\"abc\\"",)
    . qq("job_id":1,"ingest_timestamp":1,"bucket":"$digest","sent_by":"x"}));

my $first = give('label_0', 0, 'r1');
is_deeply([@$first[0, 2 .. 5]], ['1', $digest, '', 'label_0', '0'],
    'feedback on an event, whose id looks like a bucket');
is_deeply(give('label_0', 0, 'r1'), $first, 'sent twice, it is the same');
is($redis->cmd('XLEN', $event[2]), 1, '... with one entry in the audit');
is($redis->cmd('TTL', $event[1]), -1, 'it stays as long as the event');

is(close_it($first->[1], 0), 1, 'it is counted');
is(votes('{x}:evstat') =~ s/last\S+//r, 'feedback=1 label:label_0=1 ', '... once');
is(close_it($first->[1], 0), 1, 'counted twice');
is(votes('{x}:evstat') =~ s/last\S+//r, 'feedback=1 label:label_0=1 ',
    '... it is counted once');

$redis->cmd('SET', $event[1], $redis->cmd('GET', $event[1])
    =~ s/"n":"\d+"/"n":"9000000000000000"/r);
my $second = give('label_1', 0, 'r2');
is($second->[1], '9000000000000001',
    'a clock that goes back makes no feedback older than the one before');
is(close_it($first->[1], 0), 0, 'the one before is counted no more');
is(votes('{x}:evstat') =~ s/last\S+//r, 'feedback=1 label:label_0=1 ',
    '... and changes nothing');
$redis->cmd('PEXPIRE', $event[1], 100_000);
is(close_it($second->[1], 7), 1, 'but this one');
is(votes('{x}:evstat') =~ s/ last\S+//r,
    'feedback=1 label:label_0=0 label:label_1=1', '... with its label');
ok($redis->cmd('PTTL', $event[1]) > 0, '... and keeps its end');
like($redis->cmd('GET', $event[1]), qr/"gen":"7"/,
    '... and is of the training that its bucket knows of');
$redis->cmd('DEL', @event, '{x}:evstat');


# --- a feedback that was left open ------------------------------------------

sub event { # is there: its id
    my ($id, $user) = @_;
    my $r = $events->send({ job_id => $job, raw_body => { user => $user } },
        $id);
    is($r->{status}, 201, "there is an event $id of $user") or diag($r->{body});
    return $id;
}

sub feedback {
    my ($id, $label) = @_;
    return $events->call('PUT', "events/$job/$id/feedback",
        { feedback => $label });
}

sub key { return $events->key_of('evfb', $job, $_[0]) }
sub stored { return $json->decode($redis->cmd('GET', key($_[0])) // 'null') }

sub change { # what is stored of a feedback, all of which is text
    my ($id, %more) = @_;
    $redis->cmd('SET', key($id), $json->encode({ %{stored($id)}, %more }));
}

sub ago { return sprintf '%.0f', stored($_[0])->{n} - 2_000_000 } # two seconds

sub digest { # of the bucket in which an event is now
    return $events->stored($job, $_[0])->{bucket};
}

sub bucket { return 'secops:{global:' . substr($_[0], 0, 1) . "}:bkt:$job:$_[0]" }

sub all { # votes of all buckets that have any, and the counters
    my (%votes, %counts);

    foreach my $key (@{$redis->cmd('KEYS', "secops:*:bkt:$job:*")}) {
        my $votes = votes($key);
        $votes{$key =~ s/.*://r} = $votes if $votes =~ /:/;
    }
    foreach my $key (@{$redis->cmd('KEYS', "secops:*:evstat:$job")}) {
        my %stat = @{$redis->cmd('HGETALL', $key)};
        delete $stat{last_feedback};
        $counts{$_} += $stat{$_} foreach keys %stat;
    }

    delete @counts{grep { !$counts{$_} } keys %counts};
    return [ \%votes, \%counts ];
}

sub forget { # all votes, and all counters
    my @keys = map { @{$redis->cmd('KEYS', "secops:*:$_:$job*")} }
        qw(bkt bktv evstat);
    $redis->cmd('DEL', @keys) if @keys;
}


my $e = event('open', 'eve');
is(feedback($e, 'Drop')->{status}, 200, 'it has feedback');
my $bucket = digest($e);
my $right = [ { $bucket => 'new:label_1=1' },
    { feedback => 1, 'label:label_1' => 1 } ];
is_deeply(all(), $right, 'a vote, and counted');

# killed after the first step
forget();
change($e, open => '1', counted => '', n => ago($e));
is(feedback('nobody', 'Drop')->{status}, 404, 'others do not care');
is_deeply(all(), [ {}, {} ], 'there is no vote');
is($events->read($job, $e)->{json}{result}, 'label_1',
    'whoever reads the event gets the feedback');
is_deeply(all(), $right, '... and finishes what was left');
is(stored($e)->{open}, '', '... which is closed then');

# ... after the second
change($e, open => '1', counted => '');
$redis->cmd('DEL', $events->key_of('evstat', $job, $e));
change($e, n => ago($e));
$events->read($job, $e);
is_deeply(all(), $right, 'killed after the second step, it is counted');

# ... in the third it can not be, but before its answer
change($e, open => '1');
$events->read($job, $e);
is_deeply(all(), $right, 'done again, it is counted no second time');

# one that is under way is left alone
forget();
change($e, open => '1', counted => '', n => sprintf '%.0f',
    (time() + 100) * 1e6);
$events->read($job, $e);
is_deeply(all(), [ {}, {} ], 'a feedback under way is nobody else\'s');
is(feedback($e, 'Escalate')->{status}, 200, '... but the next one comes after');
is_deeply(all(), [ { $bucket => 'new:label_0=1' },
    { feedback => 1, 'label:label_0' => 1 } ], '... and has its vote');

# replaced, with a vote that is still in the old bucket
forget();
$e = event('moved', 'eve');
feedback($e, 'Drop');
event($e, 'mallory');
my $next = digest($e);
feedback($e, 'Escalate');
$right = [ { $next => 'new:label_0=1' }, { feedback => 1,
    'label:label_0' => 1 } ];
is_deeply(all(), $right, 'a vote has moved');

sub halfway { # the vote is where it was before the last feedback
    my ($id, %more) = @_;
    $redis->cmd('DEL', map { $_, s/:bkt:/:bktv:/r } bucket($bucket),
        bucket($next));
    script('vote', [ map { $_, s/:bkt:/:bktv:/r } bucket($bucket) ], $id, 5,
        'label_1', 0, '');
    $redis->cmd('DEL', $events->key_of('evstat', $job, $id));
    change($id, open => '1', counted => '', old => $bucket, %more);
}

halfway($e, n => ago($e));
$events->read($job, $e);
is_deeply(all(), $right, 'killed before it did, a reader moves it');

# ... and feedback comes again, before anybody has read it
halfway($e);
is(feedback($e, 'Investigate')->{status}, 200, 'feedback, with a move to come');
is_deeply(all(), [ { $next => 'new:label_2=1' },
    { feedback => 1, 'label:label_2' => 1 } ], '... has moved the vote, too');

# ... and the event is replaced once more before that, with a vote in both
halfway($e);
script('vote', [ map { $_, s/:bkt:/:bktv:/r } bucket($next) ], $e,
    stored($e)->{n}, stored($e)->{label}, 0, '');
event($e, 'trudy');
is(feedback($e, 'Drop')->{status}, 200, 'feedback, with two moves to come');
is_deeply(all(), [ { digest($e) => 'new:label_1=1' },
    { feedback => 1, 'label:label_1' => 1 } ], '... leaves one vote');
is(stored($e)->{open}, '', '... and nothing open');

# ... to a bucket in which it was
event($e, 'eve');
feedback($e, 'Drop');
is_deeply(all(), [ { $bucket => 'new:label_1=1' },
    { feedback => 1, 'label:label_1' => 1 } ], 'it moves back');


# --- what can not be read ---------------------------------------------------

$redis->cmd('SET', key($e), 'nonsense');
is($events->read($job, $e)->{status}, 200, 'nonsense for feedback is none');
is(feedback($e, 'Drop')->{status}, 500, '... and none can be given');
ok($t->wait_log(qr/events\.feedback failed/), '... which is logged');
$redis->cmd('DEL', key($e));
$redis->cmd('DEL', bucket($bucket));
$redis->cmd('SET', bucket($bucket), 'nonsense');
is($events->read($job, $e)->{status}, 500, 'a bucket that is none');
ok($t->wait_log(qr/events\.get failed: WRONGTYPE/), '... is logged, too');
$redis->cmd('DEL', bucket($bucket));


# --- many at once -----------------------------------------------------------

forget();
my @events = map { event("many-$_", "user-$_") } 1 .. 4;
my @labels = qw(Escalate Drop Investigate);
my @clients;

foreach my $client (1 .. 8) {
    my $pid = fork() // die "fork: $!";
    push @clients, $pid;
    next if $pid;

    my $ok = 1;
    my $mine = SecOps::Events->new($client % 2 ? $t : $two);
    $mine->{keys} = $events->{keys};
    srand $client;

    foreach (1 .. 60) {
        my $id = $events[rand @events];
        my $r = rand() < 0.3
            ? $mine->send({ job_id => $job, raw_body =>
                { user => 'user-' . int 1 + rand 4 } }, $id)
            : $mine->call('PUT', "events/$job/$id/feedback",
                { feedback => $labels[rand @labels] });
        $ok = 0 if $r->{status} != 200 && $r->{status} != 201;
    }

    POSIX::_exit($ok ? 0 : 1);
}

my @ended = map { waitpid $_, 0; $? } @clients;
is_deeply([grep { $_ } @ended], [], 'all of many clients were answered OK');

my (%votes, %counts);

foreach my $id (@events) {
    my $f = stored($id);
    is($f->{open}, '', "$id: nothing is open");
    $votes{$f->{digest}}{"new:$f->{label}"}++;
    $counts{"label:$f->{label}"}++;
    $counts{feedback}++;
}

is_deeply(all(), [ { map { my $digest = $_; my $v = $votes{$digest};
    ($digest => join ' ', map { "$_=$v->{$_}" } sort keys %$v) } keys %votes },
    \%counts ], 'each event has one vote, where its last feedback was');

is($two->quit(), 0, 'the other machine ended when it was told to');
is_deeply([ $two->faults() ], [], '... without an alert');

$t->done();
