# Feedback on events: words for labels, who gave it, what is in Redis after it,
# what the decision is then, who may give it, and what is no feedback.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use JSON::PP;
use SecOps;
use SecOps::Events;
use SecOps::Records;
use SecOps::Resources;

my $t = SecOps->new(workers => 2);
my $redis = $t->redis();
my $json = JSON::PP->new->canonical->utf8;

$t->run(conf() =~ s/secops_auth header;/secops_auth header api_key;/r);

my $events = SecOps::Events->new($t, $redis);
my $api = $events->api();

my $job = $events->job('Triage', decision_points => [ 'user', 'host' ]);
my $other = $events->job('Other', key => 'Other key');
my $named = $events->job('Named', decision_points => [ 'user' ],
    advanced_settings => { custom_labels => [ map { { name => $_ } }
        'Important', 'Discard', 'Potential risk', "\x{c9}toile" ] });

$api->call('POST', "jobs/$_/start") foreach $job, $named, $other;


sub event { # is there: its id
    my ($job, $id, %raw) = @_;
    my $r = $events->send({ job_id => $job, raw_body => \%raw }, $id);
    is($r->{status}, 201, "there is an event $id") or diag($r->{body});
    return $id;
}


sub feedback { # a body, or a word
    my ($job, $id, $body, %opt) = @_;
    $body = { feedback => $body } unless ref $body;
    return $events->call('PUT', "events/$job/$id/feedback", $body, %opt);
}


sub feedback_v2 {
    my ($job, $id, $query, %opt) = @_;
    return $api->call('PUT', "events/$job/$id/feedback?$query", $opt{body},
        %opt);
}


sub is_updated {
    my ($r, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is_deeply([$r->{status}, $r->{json}], [200, { status => 'updated' }], $name)
        or diag($r->{body});
}


sub is_error { # in the form of /api/v1
    my ($r, $status, $message, $detail, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is_deeply([$r->{status}, @{$r->{json}}{qw(status error_message)}],
        [$status, 'ERROR', $message], $name) or diag($r->{body});
    like($r->{json}{detail}, $detail, '... says why');
}


sub stored { # as it is
    my ($job, $id) = @_;
    return $json->decode($redis->cmd('GET',
        $events->key_of('evfb', $job, $id)) // 'null');
}


sub decision { # the members that tell it
    my ($job, $id) = @_;
    my $r = $events->read($job, $id);
    return join ' ', map { "$_=" . ($r->{json}{$_} // 'null') }
        qw(status result result_label bucket_state knowledge_base_state
           confidence_score confidence_level);
}


sub votes { # of all buckets of a job: field => sum
    my ($job) = @_;
    my %votes;

    foreach my $key (@{$redis->cmd('KEYS', "secops:*:bkt:$job:*")}) {
        my %bucket = @{$redis->cmd('HGETALL', $key)};
        $votes{$_} += $bucket{$_} foreach grep { $_ ne 'gen' } keys %bucket;
    }

    return \%votes;
}


sub counted { # of all shards
    my ($job) = @_;
    my %sum;

    foreach my $key (@{$redis->cmd('KEYS', "secops:*:evstat:$job")}) {
        my %counts = @{$redis->cmd('HGETALL', $key)};
        like(delete $counts{last_feedback}, qr/^\d{13}$/, 'the last one\'s time');
        $sum{$_} += $counts{$_} foreach keys %counts;
    }

    return \%sum;
}


# --- one that is given ------------------------------------------------------

my $e = event($job, 'e-1', user => 'eve', host => 'srv-1');
my $same = event($job, 'e-2', user => 'eve', host => 'srv-1', more => 1);
my $apart = event($job, 'e-3', user => 'eve', host => 'srv-2');

is(decision($job, $e), 'status=OK result= result_label= bucket_state=new '
    . 'knowledge_base_state= confidence_score=0 confidence_level=0',
    'before there is any, nothing is decided');

my $r = feedback($job, $e, { cortex_user => 'alice', feedback => 'Drop',
    closing_notes => "it's \"known\"\n\x{e9}", indicators => [] });
is_updated($r, 'feedback');
is($r->{headers}{'content-type'}, 'application/json', '... answered as JSON');

is(decision($job, $e), 'status=OK result=label_1 result_label=Drop '
    . 'bucket_state=known knowledge_base_state=Pending confidence_score=100 '
    . 'confidence_level=1', 'it is the decision on the event');
is(decision($job, $same), 'status=OK result= result_label= bucket_state=known '
    . 'knowledge_base_state=Pending confidence_score=0 confidence_level=0',
    '... not on others of its bucket, which know it, before a training');
is(decision($job, $apart), 'status=OK result= result_label= bucket_state=new '
    . 'knowledge_base_state= confidence_score=0 confidence_level=0',
    '... and those of another bucket do not');

my $stored = stored($job, $e);
is_deeply([@$stored{qw(label user notes open old)}], ['label_1', 'alice',
    "it's \"known\"\n\x{e9}", '', ''], 'it is stored, and settled');
is_deeply(votes($job), { 'new:label_1' => 1 }, '... its bucket has the vote');
is_deeply(counted($job), { feedback => 1, 'label:label_1' => 1 },
    '... it is counted');

my ($entry) = map { { @{$_->[1]} } } @{$redis->cmd('XREVRANGE',
    'secops:{global:' . $events->shard($e) . '}:audit', '+', '-', 'COUNT', 1)};
is_deeply([@$entry{qw(operation type id members)}],
    ['events.feedback', $job, $e, 'label_1'], '... and in the audit');
like($entry->{user}, qr/^api_key:/, '... with who called');

my $before = $api->dump();
is_updated(feedback($job, $e, { cortex_user => 'bob', feedback => 'Drop' }),
    'the same label by somebody else');
is_deeply(votes($job), { 'new:label_1' => 1 }, '... is the same vote');
is_deeply(counted($job), { feedback => 1, 'label:label_1' => 1 },
    '... counted once');
is(stored($job, $e)->{user}, 'bob', '... of the last one');
is(stored($job, $e)->{notes}, '', '... and with that one\'s notes');

is_updated(feedback($job, $e, 'Escalate'), 'another label');
is_deeply(votes($job), { 'new:label_0' => 1 }, '... changes the vote');
is_deeply(counted($job), { feedback => 1, 'label:label_0' => 1,
    'label:label_1' => 0 }, '... and the counters');
like(decision($job, $e), qr/result=label_0 result_label=Escalate/,
    '... and the decision');


# --- an event that is replaced ----------------------------------------------

event($job, $e, host => 'srv-1', user => 'eve', again => 1);
like(decision($job, $e), qr/result=label_0 /,
    'replaced by one of the same bucket, it keeps its feedback');

event($job, $e, user => 'mallory', host => 'srv-1');
is(decision($job, $e), 'status=OK result= result_label= bucket_state=new '
    . 'knowledge_base_state= confidence_score=0 confidence_level=0',
    '... by one of another, it has none');
is_deeply(votes($job), { 'new:label_0' => 1 }, '... but the vote stays');

is_updated(feedback($job, $e, 'Drop'), 'feedback on the new one');
is_deeply(votes($job), { 'new:label_1' => 1 }, '... takes the vote along');
like(decision($job, $same), qr/bucket_state=new/, '... out of the old bucket');
is_deeply(counted($job), { feedback => 1, 'label:label_0' => 0,
    'label:label_1' => 1 }, '... and is counted once');
is(stored($job, $e)->{old}, '', '... and settled');


# --- words for labels -------------------------------------------------------

$e = event($named, 'words', user => 'eve');

foreach my $case (['Important', 'label_0'], ['discard', 'label_1'],
    ['POTENTIAL RISK', 'label_2'], ['label_0', 'label_0'],
    ['class_1', 'label_1'], ['label_2', 'label_2'], ["\x{c9}toile", 'label_3'])
{
    my ($word, $label) = @$case;
    is_updated(feedback($named, $e, $word), "feedback $label");
    is(stored($named, $e)->{label}, $label, "... by this word");
}

foreach my $case (['drop_alert', 'label_1'], ['escalate_alert', 'label_0']) {
    my ($word, $label) = @$case;
    is_updated(feedback($job, 'e-2', $word), "feedback $word");
    is(stored($job, 'e-2')->{label}, $label, '... of a job with such a label');
}

foreach my $word ('Escalate', 'drop_alert', 'label_4', 'class_9', 'Potential',
    ' Important', 'Important ', 'None')
{
    is_error(feedback($named, $e, $word), 422, 'Invalid feedback',
        qr/^the label must be one of "Important", "Discard", "Potential risk", /,
        "no label of the job: '$word'");
}
is(stored($named, $e)->{label}, 'label_3', '... which changed nothing');

is_updated(feedback($named, $e, { username => 'carol', label => 'Discard' }),
    'the older names of members');
is_deeply([@{stored($named, $e)}{qw(user label)}], ['carol', 'label_1'],
    '... mean the same');

foreach my $user (undef, '') {
    is_updated(feedback($named, $e, { cortex_user => $user,
        feedback => 'Discard', closing_notes => undef }),
        'nobody is named who gives it');
    is(stored($named, $e)->{user}, 'Input', '... so it is the key\'s');
}

is_updated(feedback($named, $e, 'Discard', roles => 'sn_sec_cmn.api_write',
    user => 'dave', key => undef), 'a caller with roles');
is(stored($named, $e)->{user}, 'dave', '... gives it himself');


# --- /api/v2 ----------------------------------------------------------------

sub is_ok {
    my ($r, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is_deeply([$r->{status}, $r->{json}], [200, { status => 'OK', reason => '',
        reason_details => '' }], $name) or diag($r->{body});
}

foreach my $query ('feedback_label=Potential%20risk',
    'feedback_label=Potential+risk', 'storage_name=s&feedback_label=label_2')
{
    is_updated(feedback($named, $e, 'Important'), 'another label');
    is_ok(feedback_v2($named, $e, $query), "v2: $query");
    is(stored($named, $e)->{label}, 'label_2', '... is feedback, too');
}

is_ok(feedback_v2($named, $e, 'feedback_label=label_2', body => '',
    headers => { 'Content-Type' => 'application/json', 'Content-Length' => 0 }),
    'an empty body is none');

foreach my $query ('', 'feedback_label=', 'feedback_label=Nothing',
    'feedback_lable=label_2', 'feedback_label=label_1&feedback_label=label_2')
{
    is(feedback_v2($named, $e, $query)->{status}, 422, "v2: no '$query'");
}


# --- what is no feedback ----------------------------------------------------

$before = $api->dump();

foreach my $case (
    [ '', 400, 'Invalid post body' ], [ '{', 400, 'Invalid post body' ],
    [ '[]', 400, 'Invalid post body' ], [ '"Drop"', 400, 'Invalid post body' ],
    [ '{}', 422, 'Invalid feedback' ],
    [ '{"feedback":null}', 422, 'Invalid feedback' ],
    [ '{"feedback":1}', 422, 'Invalid feedback' ],
    [ '{"feedback":"Discard","cortex_user":{}}', 422, 'Invalid feedback' ],
    [ '{"feedback":"Discard","cortex_user":"a\u0007"}', 422,
      'Invalid feedback' ],
    [ '{"feedback":"Discard","closing_notes":1}', 422, 'Invalid feedback' ],
    [ '{"feedback":"Discard","closing_notes":"' . 'x' x 10001 . '"}', 422,
      'Invalid feedback' ])
{
    my ($body, $status, $message) = @$case;
    my $r = $events->call('PUT', "events/$named/$e/feedback", $body);
    is_error($r, $status, $message, qr/./, 'no feedback: '
        . substr $body, 0, 60);
}

foreach my $case ([$named, 'unknown', 'Event'], [$other, $e, 'Job'],
    ['99999', $e, 'Job'], ['x', $e, 'Job'], ["0$named", $e, 'Job'],
    [$named, 'x' x 257, 'Event'], [$named, '%07', 'Event'])
{
    my ($job, $id, $what) = @$case;
    is_error(feedback($job, $id, 'Discard'), 404, "$what not found", qr/./,
        "$what is not there: " . substr "$job/$id", 0, 30);
}

is_error(feedback($named, $e, 'Discard', domain => 'other',
    roles => 'sn_sec_cmn.api_write', key => undef), 404, 'Job not found', qr/./,
    'nor is one of another domain');
is(feedback($named, $e, 'Discard', roles => 'sn_sec_cmn.api_read',
    key => undef)->{status}, 403, 'who may read may not give any');

is_deeply($api->dump(), $before, 'and nothing of all this changed anything');

$events->key('Analyst', 'write:event_feedback');
is_updated(feedback($named, $e, 'Discard', key => 'Analyst'),
    'a key with the scope reaches all jobs');
$events->key('Reader', 'read:event_export');
is_error(feedback($named, $e, 'Discard', key => 'Reader'), 404,
    'Job not found', qr/./, '... one without it reaches none but its own');


# --- a category without buckets ---------------------------------------------

my $alone = $events->job('Alone', decision_points => [ 'user' ],
    category => 'Event centric decision intelligence');
$api->call('POST', "jobs/$alone/start");
$e = event($alone, 'a', user => 'eve');
event($alone, 'b', user => 'eve');

is_updated(feedback($alone, $e, 'Drop'), 'feedback on an event by itself');
is(decision($alone, $e), 'status=OK result=label_1 result_label=Drop '
    . 'bucket_state=known knowledge_base_state=Pending confidence_score=100 '
    . 'confidence_level=1', '... is the decision on it');
like(decision($alone, 'b'), qr/bucket_state=new/, '... and on nothing else');
is_deeply(votes($alone), {}, '... nobody votes');
is_deeply(counted($alone), { feedback => 1, 'label:label_1' => 1 },
    '... it is counted');


# --- without Redis ----------------------------------------------------------

$redis->stop();
wait_for(sub { feedback($named, 'words', 'Discard')->{status} == 503 });
$r = feedback($named, 'words', 'Discard');
is_deeply([$r->{status}, $r->{json}{status}, $r->{headers}{'retry-after'}],
    [503, 'ERROR', 1], 'without Redis it is worth another try');
$redis->start();
ok(wait_for(sub { feedback($named, 'words', 'Discard')->{status} == 200 }),
    'and when it is back, it works');

$t->done();
