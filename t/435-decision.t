# PUT /api/secops/v1/events/JOB/EVENT/decision: what a processor decides is
# stored, read, announced once and audited; who may; and what is refused, which
# changes nothing.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw(sha256_hex);
use JSON::PP;
use SecOps;
use SecOps::Events;
use SecOps::Records;
use SecOps::Resources;

my $t = SecOps->new(workers => 2);
my $redis = $t->redis();
my $events = SecOps::Events->new($t, $redis, domain => 'acme');
my $api = $events->api();

$t->run(conf(server => api_location('short', 'secops_retention 1h;')
    . api_location('few', 'secops_event_queue 1600;'))
    =~ s/secops_auth header;/secops_auth api_key header;/gr);


# --- two jobs, of which one rests; keys -------------------------------------

my ($job, $resting) = map { $events->job($_) } qw(Triage Resting);
my $input_key = $events->key('Input');

ok($job && $resting && $input_key, 'two jobs and an input key')
    or BAIL_OUT('they are not there');
is($api->call('POST', "jobs/$job/start")->{status}, 200, 'one of them runs');

my $keys = 0;

sub key { # with these scopes
    my $r = $api->save({ k => api_key('Key ' . $keys++, scopes => [@_]) });
    return $r->{json}{created}[0]{value} // BAIL_OUT($r->{body});
}

my $decider = key('write:decisions');


# --- requests ---------------------------------------------------------------

sub headers {
    my (%opt) = @_;
    return { $opt{key} ? ('x-arcanna-api-key' => $opt{key})
        : %{who(domain => 'acme', %opt)} };
}

sub send_event { # id; its answer
    my ($id, %opt) = @_;
    return $t->request('POST', ($opt{prefix} // '') . "/api/v1/events/$id",
        headers(), { job_id => $opt{job} // $job,
        raw_body => { event => { outcome => $opt{outcome} // 'failure' } } });
}

sub decide { # id, body
    my ($id, $body, %opt) = @_;
    return $t->request('PUT', ($opt{prefix} // '') . '/api/secops/v1/events/'
        . ($opt{job} // $job) . "/$id/decision" . ($opt{query} // ''),
        headers($opt{roles} || $opt{domain} ? %opt
            : (key => $opt{key} // $decider)), $body);
}

sub said { # label, confidence
    my ($label, $confidence, %more) = @_;
    return { label => $label, confidence => $confidence, %more };
}

sub read_event {
    my ($id, %opt) = @_;
    return $t->request('GET', '/api/v1/events/' . ($opt{job} // $job) . "/$id",
        headers())->{json};
}

sub result { # of an event, in short
    my $r = read_event(@_);
    return join ' ', map { $r->{$_} // 'none' } qw(status result result_label
        confidence_score confidence_level);
}

sub shard { return substr sha256_hex($_[0]), 0, 1 }

sub stream { # of a kind, of the shard of an event: its entries about it
    my ($kind, $id) = @_;
    my $name = "secops:{acme:" . shard($id) . "}:$kind";
    return map { { @{$_->[1]}, entry => $_->[0] } }
        @{$redis->cmd('XRANGE', $name, '-', '+')};
}

sub announced { # decisions on an event
    my ($id) = @_;
    return grep { $_->{type} eq 'decided' && $_->{event} eq $id }
        stream("evq:$job", $id);
}

sub noted {
    my ($id) = @_;
    return grep { $_->{operation} eq 'events.decide' && $_->{id} =~ /\Q$id\E$/ }
        stream('audit', $id);
}

sub is_accepted {
    my ($r, $id, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is($r->{status}, 200, $name) or diag($r->{body});
    is_deeply($r->{json}, { event_id => $id, job_id => $job,
        status => 'updated', error_message => '' }, '... as it should be said')
        or diag($r->{body});
}

sub is_wrong { # answer, status, what error_message and detail are like
    my ($r, $status, $like, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $json = ref $r->{json} eq 'HASH' ? $r->{json} : {};
    my $ok = is(join(' ', $r->{status}, $json->{status} // 'none',
        sort keys %$json), "$status ERROR detail error_message status", $name);
    $ok &&= like("$json->{error_message}: $json->{detail}", $like, '... why');
    diag($r->{head}, $r->{body}) unless $ok;
}


# --- a decision -------------------------------------------------------------

is(send_event('one')->{status}, 201, 'an event');
is(result('one'), 'OK   0 0', '... on which nothing is known');

is_accepted(decide('one', said('Drop', 0.875)), 'one', 'a decision');
is(result('one'), 'OK label_1 Drop 87.5 0.875', '... is what is read');

my ($entry) = announced('one');

is_deeply({ map { $_ => $entry->{$_} } grep { $_ ne 'entry' } keys %$entry },
    { type => 'decided', event => 'one', job => $job, label => 'label_1',
      label_name => 'Drop', confidence => '0.875',
      ingest_timestamp => (stream("evq:$job", 'one'))[0]{ingest_timestamp} },
    '... it is announced');

my ($audit) = noted('one');
ok($audit && $audit->{method} eq 'api_key' && $audit->{user_name} eq 'Key 0',
    '... and audited, by whom');

is_accepted(decide('one', said('Drop', 0.875)), 'one', 'the same once more');
is_accepted(decide('one', said('class_1', '8.75e-1' + 0)), 'one',
    '... in other words');
is(scalar(my @once = announced('one')), 1, '... is announced once');
is(scalar(@once = noted('one')), 1, '... and audited once');

is_accepted(decide('one', said('Escalate', 0.5)), 'one', 'another decision');
is(result('one'), 'OK label_0 Escalate 50 0.5', '... takes its place');
is(join(' ', map { $_->{label} } announced('one')), 'label_1 label_0',
    '... and is announced');
is_accepted(decide('one', said('Drop', 0.875)), 'one', 'the first one again');
is(join(' ', map { $_->{label} } announced('one')), 'label_1 label_0 label_1',
    '... is another one, too');


# --- labels, confidence -----------------------------------------------------

foreach my $word ('Escalate', 'escalate', 'ESCALATE', 'label_0', 'class_0',
    'escalate_alert')
{
    is_accepted(decide('one', said('Investigate', 1)), 'one', 'before');
    is_accepted(decide('one', said($word, 1)), 'one', "by $word");
    is(result('one'), 'OK label_0 Escalate 100 1', '... the label is known');
}

foreach my $case ([0, '0 0'], ['0.0', '0 0'], ['-0.0', '0 0'], [1, '100 1'],
    ['1e0', '100 1'], ['0.93', '93 0.93'], ['0.33333', '33.33 0.3333'])
{
    my ($number, $read) = @$case;
    my $r = decide('one', qq({"label":"Drop","confidence":$number,"x":[{}]}));
    is_accepted($r, 'one', "confidence $number");
    is(result('one'), "OK label_1 Drop $read", '... as it is read');
}


# --- an event that comes again ----------------------------------------------

is(send_event('twice')->{status}, 201, 'an event');
my $first = read_event('twice')->{ingest_timestamp};
my ($msec) = map { $_->{ingest_timestamp} }
    grep { $_->{event} eq 'twice' } stream("evq:$job", 'twice');

foreach my $form ($first, $msec, 0 + $msec, $first =~ s/000Z$/Z/r) {
    is_accepted(decide('twice', said('Drop', 1, ingest_timestamp => $form)),
        'twice', "a decision on that of $form");
}
is(scalar(@once = announced('twice')), 1, '... is always the same one');

is_wrong(decide('twice', said('Drop', 0.5, ingest_timestamp => $msec - 1)),
    409, qr/replaced|another/, 'on another one: refused');
is(result('twice'), 'OK label_1 Drop 100 1', '... which changes nothing');

wait_for(sub { send_event('twice'); read_event('twice')->{ingest_timestamp}
    ne $first });
is(result('twice'), 'OK   0 0', 'sent again: it is another event');
is_wrong(decide('twice', said('Drop', 1, ingest_timestamp => $first)), 409,
    qr/replaced|another/, 'a decision on the first one: refused');
is(result('twice'), 'OK   0 0', '... it does not count');
is_accepted(decide('twice', said('Drop', 1)), 'twice', 'a decision on this one');
is(result('twice'), 'OK label_1 Drop 100 1', '... counts');
is(scalar(@once = announced('twice')), 2, '... and is announced');


# --- what is refused --------------------------------------------------------

my $before = $api->dump();

sub unchanged {
    my ($name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is_deeply($api->dump(), $before, "$name: nothing has changed");
}

is_wrong(decide('one', said('Ignore', 1)), 422,
    qr/"Escalate".*"Drop".*"Investigate"/, 'a label that the job has not');
is_wrong(decide('one', said('', 1)), 422, qr/"Drop"/, 'an empty one');
is_wrong(decide('one', said('label_3', 1)), 422, qr/"Drop"/, 'an unknown id');
is_wrong(decide('one', { confidence => 1 }), 422, qr/label/, 'no label');
is_wrong(decide('one', { label => 'Drop' }), 422, qr/confidence/,
    'no confidence');
is_wrong(decide('one', qq({"label":"Drop","confidence":$_})), 422,
    qr/confidence: must be a number from 0 to 1/, "confidence $_")
    foreach qw(1.001 -0.001 93 1e99 "0.5" null true [0.5]);
is_wrong(decide('one', qq({"label":$_,"confidence":1})), 422,
    qr/label: must be a string/, "label $_") foreach qw(1 null ["Drop"] true);
is_wrong(decide('one', said('Drop', 1, ingest_timestamp => $_)), 422,
    qr/ingest_timestamp: must be a time/, 'a time that is none')
    foreach 'now', '', -1, undef, '2026-11-29 18:00:00';
is_wrong(decide('one', $_), 422, qr/must be an object/, "a body that is $_")
    foreach '[]', '"Drop"', '1', 'null';
is_wrong(decide('one', $_), 400, qr/./, "a body that is \"$_\"")
    foreach '{"label":"Drop"', '', '{"label":"Drop","label":"Drop","confidence":1}';

is_wrong(decide('none', said('Drop', 1)), 404, qr/./, 'an unknown event');
is_wrong(decide('one', said('Drop', 1), job => $_), 404, qr/./,
    "an unknown job, $_") foreach '999', '0', '-1', 'x', '1e3',
    '99999999999999999999', "0$job";
is_wrong(decide('one', said('Drop', 1), domain => 'other'), 404, qr/./,
    'of another domain');
is_wrong(decide('x' x 257, said('Drop', 1)), 404, qr/./,
    'an id that no event can have');
is_wrong(decide('one', said('Drop', 1), job => $resting), 409, qr/./,
    'a job that rests');
unchanged('all of that');


# --- who --------------------------------------------------------------------

my @others = ('read:event_export', 'write:events', 'write:records',
    'read:resources', 'write:resources', 'execute:job_operations');

my $other_key = key(@others);
$before = $api->dump();

is_wrong(decide('one', said('Drop', 1), key => $other_key), 403, qr/./,
    'a key with other scopes');
is_wrong(decide('one', said('Drop', 1), key => $input_key), 403, qr/./,
    'an input key of the job');
is_wrong(decide('one', said('Drop', 1), roles => 'sn_sec_cmn.api_read'), 403,
    qr/./, 'the read role');
is_wrong($t->request('PUT', "/api/secops/v1/events/$job/one/decision", {},
    said('Drop', 1)), 401, qr/./, 'nobody');
unchanged('all of that');

is_accepted(decide('one', said('Escalate', 1), roles => 'sn_sec_cmn.api_write'),
    'one', 'the write role');
is(result('one'), 'OK label_0 Escalate 100 1', '... may');

my $offered = $t->request('GET', '/api/v2/token/scopes', headers(key => $decider));
is_deeply($offered->{json}, ['write:decisions'], 'the scope is offered');
$offered = $t->request('GET', '/api/v2/token/scopes', headers());
ok((grep { $_ eq 'write:decisions' } @{$offered->{json}}), '... to a role, too');

foreach my $method (qw(GET POST DELETE PATCH)) {
    my $r = $t->request($method, "/api/secops/v1/events/$job/one/decision",
        headers(key => $decider));
    is($r->{status}, 405, "$method is no method of it");
    is($r->{headers}{allow}, 'PUT', '... PUT is');
}


# --- ids, slashes -----------------------------------------------------------

foreach my $id ('a b', "\xc3\xa4", 'a%b', 'a+b', 'a?b', '12', 'x,y', 'None',
    'a"b', 'a\\b', '"ingest_timestamp":1', 'z' x 256)
{
    my $encoded = $id =~ s/([^A-Za-z0-9])/sprintf '%%%02X', ord $1/ger;
    is(send_event($encoded)->{status}, 201, "the event $id");
    my $r = decide($encoded, said('Drop', 1));
    is($r->{status}, 200, '... is decided') or diag($r->{body});
    is(result($encoded), 'OK label_1 Drop 100 1', '... as it is read');
    is(scalar(@once = announced($id)), 1, '... and announced');
}

# the audit takes an id with commas for one, whatever it looks like

my $twin = join ',', 'a' x 32, 'b' x 32;
my $seen = sub {
    my $r = $t->request('GET', '/api/secops/v1/audit?operation=events.decide'
        . '&limit=100', who(domain => 'acme', roles => 'sn_sec_cmn.admin'));
    return grep { $_->{id} =~ /a{32}|b{32}/ } @{$r->{json}{result}
        // BAIL_OUT($r->{body})};
};

is(send_event($twin)->{status}, 201, 'an event whose id looks like two');
is(decide($twin, said('Drop', 1))->{status}, 200, '... is decided');
is_deeply([ map { "$_->{type} $_->{id}" } $seen->() ], ["$job $twin"],
    '... and one entry of the audit');

is(decide('one', said('Drop', 1), query => '/')->{status}, 200,
    'a slash at the end makes no difference');


# --- feedback counts more; expiry; the queue's length -----------------------

my $r = $t->request('PUT', "/api/v1/events/$job/one/feedback", headers(),
    { cortex_user => 'ann', feedback => 'Investigate' });
is($r->{status}, 200, 'feedback of an analyst') or diag($r->{body});
is_accepted(decide('one', said('Drop', 1)), 'one', '... and a decision');
is(result('one'), 'OK label_2 Investigate 100 1', '... which counts less');

is(send_event('brief', prefix => '/short')->{status}, 201,
    'an event that expires');
is(decide('brief', said('Drop', 1))->{status}, 200, '... is decided');

sub left {
    my ($kind, $id) = @_;
    return $redis->cmd('PTTL', 'secops:{acme:' . shard($id) . "}:$kind:$job:$id");
}

cmp_ok(left('evdec', 'brief'), '>', 0, '... the decision expires');
cmp_ok(abs(left('evdec', 'brief') - left('ev', 'brief')), '<', 5000,
    '... with the event');
is(left('evdec', 'one'), -1, 'that of another one does not');
is($redis->cmd('PEXPIRE', 'secops:{acme:' . shard('brief') . "}:ev:$job:brief", 1),
    1, 'the event expires');
ok(wait_for(sub { left('ev', 'brief') == -2 }), '... at once');
is_wrong(decide('brief', said('Drop', 1)), 404, qr/./, '... and is unknown');

foreach my $n (1 .. 300) {
    my $answer = decide('one', said('Drop', $n / 1000), prefix => '/few');
    $answer->{status} == 200 or diag($answer->{body});
}
cmp_ok(scalar(my @all = stream("evq:$job", 'one')), '<=', 200,
    'the stream is as long as secops_event_queue says, about');
cmp_ok(scalar @all, '>=', 100, '... and not shorter');


# --- Redis ------------------------------------------------------------------

my $queue = 'secops:{acme:' . shard('odd') . "}:evq:$job";

is(send_event('odd')->{status}, 201, 'an event');
$redis->cmd('RENAME', $queue, 'kept');
$redis->cmd('SET', $queue, 'something else');
is_wrong(decide('odd', said('Drop', 1)), 500, qr/request /,
    'a stream that is none: refused by Redis');
is(result('odd'), 'OK   0 0', '... and nothing is stored');
is(scalar(@once = noted('odd')), 0, '... nor audited');
$redis->cmd('RENAME', 'kept', $queue);
is(decide('odd', said('Drop', 1))->{status}, 200, 'the stream is back');
ok($t->wait_log(qr/WRONGTYPE/), 'the log says why');

$redis->stop();
$r = decide('odd', said('Drop', 0.5));
is_wrong($r, 503, qr/request /, 'without Redis');
is($r->{headers}{'retry-after'}, 1, '... it is worth another try');
$redis->start();
ok(wait_for(sub { decide('odd', said('Drop', 0.5))->{status} == 200 }),
    '... which it is');

$t->allow(qr/WRONGTYPE|events\.decide failed/);
$t->done();
