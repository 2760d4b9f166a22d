# An event is sent to a job, with an id or without one: what is answered, what is
# in Redis after it, what is read again; who may send it, and what is no event.

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

$t->run(conf(location => 'secops_max_depth 20;')
    =~ s/secops_auth header;/secops_auth header api_key;/r);

my $events = SecOps::Events->new($t, $redis);
my $api = $events->api();
my $time = qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}000Z$/;

my $job = $events->job('Triage',
    decision_points => ['event.outcome', 'user']);
my $other = $events->job('Other', key => 'Other key');
my $rule = $events->job('Rule',
    category => 'Event centric decision intelligence');
my %raw = (event => { outcome => 'failure' }, n => 1);


# --- one that is accepted ---------------------------------------------------

my $r = $events->send({ job_id => $job, raw_body => \%raw, title => 'Alert',
    severity => 3, data_source => undef });

is($r->{status}, 201, 'an event is accepted') or diag($r->{body});
is(join(' ', sort keys %{$r->{json}}),
    'error_message event_id ingest_timestamp job_id status',
    '... and answered with these members');
my $id = $r->{json}{event_id};
like($id, qr/^[0-9a-f]{32}$/, '... a new id');
like($r->{body}, qr/"job_id":$job,/, '... the number of its job');
like($r->{json}{ingest_timestamp}, $time, '... when it came');
is($r->{json}{status}, 'pending_inference', '... that it waits');
is($r->{json}{error_message}, '', '... and no error');

my $stored = $events->stored($job, $id);
like($redis->cmd('GET', $events->key_of('ev', $job, $id)),
    qr/^\{"event_id":"$id","job_id":$job,"ingest_timestamp":\d{13},
       "bucket":"[0-9a-f]{32}","sent_by":"api_key:[^"]+","raw_body":\{/x,
    'stored are the members of the server, and then the event');
is_deeply([@$stored{qw(raw_body title severity data_source)}],
    [\%raw, 'Alert', 3, undef], '... as it was sent');
is($redis->cmd('TTL', $events->key_of('ev', $job, $id)), -1,
    '... for ever, as nobody says how long');
is_deeply([$events->indexed($job)], [$id], 'it is among those of the job');
is($redis->cmd('ZSCORE', $events->key_of('evidx', $job, $id), $id),
    $stored->{ingest_timestamp}, '... by its time');
is_deeply([$events->announced($job)], [{ type => 'accepted', event => $id,
    job => $job, ingest_timestamp => $stored->{ingest_timestamp} }],
    '... and announced');

$r = $events->read($job, $id);
is($r->{status}, 200, 'its decision is read') or diag($r->{body});
is_deeply([@{$r->{json}}{qw(event_id status result result_label)}],
    [$id, 'pending_inference', '', ''], '... there is none while the job rests');
is_deeply([grep { !defined } values %{$r->{json}}], [], '... nothing is null');

$r = $events->export($job, $id);
is($r->{status}, 200, 'it is exported') or diag($r->{body});
is_deeply($r->{json}{arcanna_event}, \%raw, '... as it was sent');
is_deeply([@{$r->{json}}{qw(event_id status error_message)}],
    [$id, 'pending_inference', ''], '... with what clients read');
like($r->{json}{ingest_timestamp}, $time, '... and when it came');

is($api->call('POST', "jobs/$job/start")->{status}, 200, 'the job is started');
is($events->read($job, $id)->{json}{status}, 'OK',
    'what waited for it is OK at once');
is($events->export($job, $id)->{json}{status}, 'OK', '... exported as well');


# --- ids of clients ---------------------------------------------------------

foreach my $case (['42', '42'], ['a-B_9', 'a-B_9'], ['None', 'None'],
    ['a%20b+c', 'a b+c'], ['%C3%A4', "\xc3\xa4"], ['a%22b', 'a"b'],
    ['%25', '%'], ['...', '...'], ['x' x 256, 'x' x 256])
{
    my ($path, $name) = @$case;
    my $short = substr $path, 0, 20;
    my $event = { job_id => $job, raw_body => \%raw, event_id => 'other' };

    $r = $events->send($event, $path);
    my $text = $r->{json}{event_id};
    utf8::encode($text) if defined $text && utf8::is_utf8($text);
    is("$r->{status} " . ($text // ''), "201 $name", "the id $short is kept")
        or diag($r->{body});
    ok($events->stored($job, $name), '... it is stored by it');

    my $read = $events->read($job, $path);
    is($read->{json}{ingest_timestamp}, $r->{json}{ingest_timestamp},
        '... and read by it') or diag($read->{body});
    is($events->send($event, "$path/")->{status}, 201,
        '... a slash at the end is not a part of it');
}

foreach my $path ('x' x 257, 'a%0Ab', '%7F', '%FF', '%E2%80%AE') {
    my $before = $redis->cmd('DBSIZE');
    is_refused_v1($events->send({ job_id => $job, raw_body => \%raw }, $path),
        422, 'Invalid event', 'no id: ' . substr $path, 0, 20);
    is($redis->cmd('DBSIZE'), $before, '... nothing is stored');
    is_refused_v1($events->read($job, $path), 404, 'Event not found',
        '... and none is there');
}

$r = $events->send({ job_id => $job, raw_body => { user => 'a' } }, '42');
is($r->{status}, 201, 'an id that is there is accepted once more');
is_deeply($events->stored($job, '42')->{raw_body}, { user => 'a' },
    '... the event takes the place of the one before');
is(scalar(grep { $_ eq '42' } $events->indexed($job)), 1, '... and counts once');
is(scalar(grep { $_->{event} eq '42' } $events->announced($job)), 3,
    '... but is announced each time');

$r = $events->send({ job_id => $rule,
    raw_body => { event => { outcome => 1 } } }, '42');
is_deeply([$r->{status}, $r->{json}{job_id}], [201, $rule],
    'the same id is another event of another job');
like($events->stored($rule, '42')->{bucket}, qr/^[0-9a-f]{32}$/,
    '... with a digest of its decision points, too');
is($events->stored($job, '42')->{raw_body}{user}, 'a',
    '... and the other stays what it was');


# --- buckets ----------------------------------------------------------------

sub bucket {
    my ($raw) = @_;
    my $r = $events->send({ job_id => $job, raw_body => $raw });
    return $events->stored($job, $r->{json}{event_id} // '')->{bucket}
        // $r->{body};
}

is(bucket({ event => { outcome => 'a' }, more => 1 }),
    bucket({ event => { outcome => 'a', other => 2 } }),
    'events with the same values share a bucket');
isnt(bucket({ event => { outcome => 'a' } }),
    bucket({ event => { outcome => 'a' }, user => 'x' }),
    '... a value that is absent is another one');

my $count = $redis->cmd('DBSIZE');
is_refused_v1($events->send({ job_id => $job, raw_body => { none => 1 } }),
    422, 'Invalid event', 'an event with none of the points is refused');
is($redis->cmd('DBSIZE'), $count, '... nothing is stored');


# --- who may ----------------------------------------------------------------

my $event = { job_id => $job, raw_body => \%raw };

foreach my $case (
    ['the write role', { roles => 'sn_sec_cmn.api_write' }, 201, 200],
    ['the read role', { roles => 'sn_sec_cmn.api_read' }, 403, 200],
    ['another role', { roles => 'other' }, 403, 403],
    ['the key of another job', { key => 'Other key' }, 404, 404],
)
{
    my ($name, $who, $sent, $read) = @$case;
    is($events->send($event, 'who', %$who)->{status}, $sent, "sent by $name");
    is($events->read($job, $id, %$who)->{status}, $read, "read by $name");
    is($events->export($job, $id, %$who)->{status}, $read,
        "exported by $name");
}

foreach my $case (['write:events', 201, 404], ['read:event_export', 404, 200],
    ['write:records', 404, 404])
{
    my ($scope, $sent, $read) = @$case;
    $events->key($scope, $scope);
    is($events->send($event, 'who', key => $scope)->{status}, $sent,
        "sent by a key with $scope");
    is($events->read($job, $id, key => $scope)->{status}, $read,
        "... read by it");
    is($events->export($job, $id, key => $scope)->{status}, $read,
        "... exported by it");
}

is_refused_v1($t->request('POST', '/api/v1/events', {}, '{}'), 401,
    'User is not authenticated', 'nobody sends an event');
is_refused_v1($t->request('POST', '/api/v1/events',
    { 'X-Arcanna-Api-Key' => 'x' x 86 }, '{}'), 401,
    'User is not authenticated', 'nor does an unknown key');
is($events->send($event, 'who', roles => 'sn_sec_cmn.api_write',
    domain => 'two')->{status}, 404, 'a job of another domain is not there');
is($events->read($job, $id, roles => 'sn_sec_cmn.api_read',
    domain => 'two')->{status}, 404, '... nor are its events');

# an input that is not enabled, and one that is not any more

my $off = $events->job('Off', key => 'Off key', enabled => 0);
is($events->send({ job_id => $off, raw_body => \%raw }, undef,
    key => 'Off key')->{status}, 404, 'an input that is off has no key');

is($events->send({ job_id => $other, raw_body => \%raw }, 'o',
    key => 'Other key')->{status}, 201, 'the key of an input');
$events->job('Other', key => 'Other key', enabled => 0);
is($events->read($other, 'o', key => 'Other key')->{status}, 404,
    '... is none as soon as the input is off');

# each worker has its own memory of a job
ok(wait_for(sub { !grep { $events->send({ job_id => $other, raw_body => \%raw },
    'o', key => 'Other key')->{status} != 404 } 1 .. 10 }, 30),
    '... for sending a second later');


# --- what is no event -------------------------------------------------------

$count = $redis->cmd('DBSIZE');

foreach my $case (
    ['', 400, 'Invalid post body', qr/the body is empty/],
    ['x', 400, 'Invalid post body', qr/not acceptable JSON/],
    ['{"job_id":1,"job_id":1}', 400, 'Invalid post body', qr/duplicate key/],
    ['[' x 30 . ']' x 30, 400, 'Invalid post body', qr/nested too deep/],
    ['"x"', 422, 'Invalid event', qr/the body: must be an object/],
    ['{}', 422, 'Invalid event', qr{/job_id: is missing}],
    ['{"job_id":"1"}', 422, 'Invalid event', qr{/job_id: must be an integer}],
    ['{"job_id":1.5}', 422, 'Invalid event', qr{/job_id: must be an integer}],
    ['{"job_id":null}', 422, 'Invalid event', qr{/job_id: must be an integer}],
    [qq({"job_id":$job}), 422, 'Invalid event', qr{/raw_body: is missing}],
    [qq({"job_id":$job,"raw_body":null}), 422, 'Invalid event',
        qr{/raw_body: must be an object}],
    [qq({"job_id":$job,"raw_body":[{}]}), 422, 'Invalid event',
        qr{/raw_body: must be an object}],
    ['{"job_id":999999,"raw_body":{}}', 404, 'Job not found', qr/no such job/],
    ['{"job_id":-1,"raw_body":{}}', 404, 'Job not found', qr/no such job/],
    ['{"job_id":99999999999999999999999,"raw_body":{}}', 404,
        'Job not found', qr/no such job/],
)
{
    my ($body, $status, $message, $detail) = @$case;
    my $name = substr $body, 0, 40;

    $r = $events->send($body);
    is_refused_v1($r, $status, $message, "no event: $name");
    like($r->{json}{detail}, $detail, '... and why');

    $r = $events->send($body, 'x');
    is_refused_v1($r, $status, $message, "... with an id: $name");
}

is_refused_v1($events->send([$event], 'x'), 422, 'Invalid event',
    'with an id in the path, an array is no event');
is_refused_v1($events->send('a=b', undef, headers => { 'Content-Type' =>
    'application/x-www-form-urlencoded' }), 415, 'Unsupported media type',
    'what is no JSON by its type is not read');
is($redis->cmd('DBSIZE'), $count, 'nothing is stored of all these');

foreach my $none ('0', '-1', '01', 'x', '999999', '99999999999999999999999') {
    is_refused_v1($events->read($none, $id), 404, 'Job not found',
        "no event of the job $none");
    is_refused_v1($events->export($none, $id), 404, 'Job not found',
        "... nor its export");
}

is_refused_v1($events->read($job, 'nothing'), 404, 'Event not found',
    'an event that is not there');
is_refused_v1($events->export($job, 'nothing'), 404, 'Event not found',
    '... nor its export');
is_refused_v1($events->call('PUT', "events/$job/$id", '{}'), 405,
    'Method not supported', 'it is not changed by PUT');


# --- GET with a body, as some clients send it -------------------------------

is($events->call('GET', "events/$job/$id", '{}',
    headers => { 'Content-Type' => 'application/json' })->{status}, 200,
    'GET with a body');
is($events->call('GET', "events/$job/$id/export/", '{}')->{status}, 200,
    '... and with a slash at the end');

$t->done();
