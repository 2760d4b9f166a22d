# What existing clients of the input API send, byte by byte, and what they read
# of the answers: a test for each row of the table of calls, for each client
# that makes the call, and for each thing that one of them needs and others do
# not.  Every answer is judged by ajv as well, which shares no code with the
# module: by the types that the strictest of them, SENT, declares, and those
# that others read.  How each of them writes a request: SecOps::EventClients.
#
# The numbers at the beginning of a test's name are those of the description of
# these clients: 1 what is true of all, 2 those of the management, 3 those of
# the input.

use strict;
use warnings;
use utf8;

use FindBin;
use lib "$FindBin::Bin/lib";

use Encode ();
use JSON::PP;
use SecOps;
use SecOps::EventClients;
use SecOps::Records;
use SecOps::Resources;

binmode $_, ':encoding(UTF-8)' foreach Test::More->builder()->output(),
    Test::More->builder()->failure_output();

my $t = SecOps->new(workers => 2);
my $redis = $t->redis();

$t->run(conf(location => 'client_max_body_size 64k;')
    =~ s/secops_auth header;/secops_auth header api_key;/r);

my $api = SecOps::Resources->new($t, $redis);
my $text = JSON::PP->new->canonical->utf8;


# --- what an answer has to be -----------------------------------------------

my %string = (type => 'string');
my %time = (type => 'string', pattern =>
    '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|\+00:00)$');
my %bool = (type => 'boolean');
my %words = (type => 'array', items => { %string });

sub object { # all of these members, and maybe others
    my (%properties) = @_;
    return { type => 'object', properties => \%properties,
        required => [sort keys %properties] };
}

sub one_of { return { enum => [@_] } }

sub or_null {
    my (%type) = @_;
    return { anyOf => [{ %type }, { type => 'null' }] };
}

my $job = object(
    job_id => { type => 'integer' }, data_type => { %string },
    title => { %string }, category => { %string },
    status => one_of(qw(ENABLED DISABLED READY_TO_SELECT_FEATURES)),
    labels => { %words }, features => { %words },
    invalid => { %bool },
    map({ ($_ => { type => 'integer', minimum => 0 }) }
        qw(processed_documents_count feedback_documents_count)),
    map({ ($_ => or_null(%string)) } qw(retrain_state retrain_msg)),
    map({ ($_ => or_null(%time)) } qw(last_processed_timestamp
        last_feedback_timestamp last_train_start_timestamp
        last_train_finished_timestamp)),
);

my %schema = (
    sent => object(
        event_id => { %string }, job_id => { type => 'integer' },
        ingest_timestamp => { %time }, status => one_of('pending_inference'),
        error_message => { %string },
    ),
    decision => object(
        event_id => { %string }, ingest_timestamp => { %time },
        status => one_of('OK', 'pending_inference', 'ERROR'),
        result => { %string }, result_label => { %string },
        error_message => { %string },
        bucket_state => one_of('new', 'known', ''),
        knowledge_base_state => one_of('Pending', 'In model', 'Retrain', ''),
        confidence_score => { type => 'number', minimum => 0, maximum => 100 },
        confidence_level => { type => 'number', minimum => 0, maximum => 1 },
        outlier => { %bool }, is_duplicated => { %bool },
    ),
    export => object(
        event_id => { %string }, ingest_timestamp => { %time },
        status => { %string }, error_message => { %string },
        arcanna_event => { type => 'object' },
    ),
    job => $job,
    jobs => { type => 'array', items => $job },
    labels => { %words, minItems => 1 },
    done => object(status => one_of('OK'), error_message => one_of('')),
    done2 => object(map({ ($_ => { %string }) }
        qw(status reason reason_details))),
    updated => object(status => one_of('updated')),
    health => object(status => { %bool }, connected => { %bool }),
    refused => { %{object(status => one_of('ERROR'), error_message =>
        { %string, minLength => 1 }, detail => { %string })},
        not => { anyOf => [map { { required => [$_] } }
            qw(job_id event_id)] } },
    any => { type => 'object' },
);

# which may be null, because clients document that they are
my %nullable = map { $_ => 1 } qw(retrain_state retrain_msg
    last_processed_timestamp last_feedback_timestamp
    last_train_start_timestamp last_train_finished_timestamp);

my @judged;


sub nulls { # names of members, however deep; what was sent is left out
    my ($value, $name) = @_;

    return $nullable{$name // ''} ? () : $name // 'all' if !defined $value;
    return map { nulls($_, $name) } @$value if ref $value eq 'ARRAY';
    return map { nulls($value->{$_}, $_) }
        grep { $_ ne 'arcanna_event' } sort keys %$value
        if ref $value eq 'HASH';
    return;
}


# The answer has this status and type; ajv looks at it at the end.

sub answers {
    my ($r, $status, $schema, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my $ok = is_deeply({
        status => $r->{status},
        type   => $r->{headers}{'content-type'},
        nulls  => [nulls($r->{json})],
    }, {
        status => $status,
        type   => 'application/json',
        nulls  => [],
    }, $name);

    diag($r->{head} // 'no answer', $r->{body} // '') unless $ok;
    push @judged, { name => $name, schema => $schema,
        text => Encode::decode('UTF-8', $r->{body} // '') };
    return ref $r->{json} eq 'HASH' || ref $r->{json} eq 'ARRAY'
        ? $r->{json} : {};
}


# --- jobs and keys ----------------------------------------------------------

sub labels_of { return { custom_labels => [map { { name => $_ } } @_] } }

sub input { # of a job: the integration that it is sent to
    return { resource => $_[0], integration_type => 'input',
        parameters => { max_batch_size => 100 } };
}


my @points = ('event.outcome', 'source.ip');

my %set = (
    sender  => api_key('Sender'),
    other   => api_key('Other'),
    spare   => api_key('Spare'),
    manager => api_key('Manager', scopes => [qw(read:resources write:resources
        execute:job_operations write:events read:event_export
        write:event_feedback)]),
    map({ my ($title, $key) = @$_; ($title => { type => 'integration',
        properties => { title => $title, integration_type =>
            'External REST API', parameters => {
                api_key => "{{api_keys(name='$key')}}",
                data_type => 'JSON alerts' } } })
    } [qw(In Sender)], [qw(Elsewhere Other)]),
    triage => job('Triage (EU) & more', decision_points => [@points],
        pipeline_integrations => [input('In'),
            { resource => 'Decision intelligence processor',
              integration_type => 'processor',
              parameters => { min_feedback => 1 } }]),
    second => job('Second', category => 'Automation', decision_points => undef,
        advanced_settings => labels_of('Potential risk', 'Low', 'High'),
        pipeline_integrations => [input('In')]),
    foreign => job('Foreign', pipeline_integrations => [input('Elsewhere')]),
);

# as Python writes a boolean

my $r = $api->save({ resources => \%set }, query => 'overwrite=False');
is_saved($r, '1.3 overwrite=False: jobs, their inputs and keys are created')
    or BAIL_OUT('nothing can be tested without them');

my @created = @{$r->{json}{created}};
my %id = map { $_->{resource_name} => $_->{internal_id} } @created;
my %key = map { $_->{resource_name} => $_->{value} // '' } @created;
my ($triage, $second, $foreign) = @id{qw(triage second foreign)};

is_nok($api->save({ resources => \%set }, query => 'overwrite=False'), 409,
    'Resource already exists', '1.3 ... and False is no');
is_saved($api->save({ resources => { triage => $set{triage} } },
    query => 'overwrite=True'), '1.3 overwrite=True is yes');

my $clients = SecOps::EventClients->new($t, $key{sender}, $key{manager});

sub call { return $clients->call(@_) }
sub who_does { return SecOps::EventClients->who(@_) }

sub plainly { # method, path, body; key or headers
    my ($method, $path, $body, %opt) = @_;
    return $t->request($method, $path, [ 'x-arcanna-api-key' =>
        $opt{key} // $key{sender}, @{$opt{headers} // []} ],
        ref $body ? $text->encode($body) : $body);
}

my $events = 0;

sub event { # no two of them in one bucket, unless told
    my (%more) = @_;
    return { event => { outcome => 'failure', category => 'login' },
        source => { ip => '198.51.100.' . ++$events },
        message => 'Anmeldung gescheitert – ½', attempts => 3, %more };
}

my %stored; # job -> event ids, as each client was answered

sub is_sent {
    my ($r, $of, $name, $expected) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my $json = answers($r, 201, 'sent', $name);
    is_deeply([@$json{qw(job_id status error_message)}],
        [$of, 'pending_inference', ''], '... accepted');
    is($json->{event_id}, $expected, '... under its id') if defined $expected;
    like($r->{body}, qr/"event_id":"/, '... which is a string');
    like($r->{body}, qr/"job_id":\d/, '... and that of the job a number');
    $stored{$of}{$json->{event_id} // ''} = 1;
    return $json->{event_id};
}


# --- sending ----------------------------------------------------------------

my %event; # client -> what it sent; the job rests meanwhile

$event{MCPIN} = is_sent(call('MCPIN', 'send', $triage, event()), $triage,
    '3 POST /events: MCPIN');

foreach my $client (grep { !/MCPIN|SENT/ } who_does('send')) {
    $event{$client} = is_sent(call($client, 'send', $triage, event(),
        $client eq 'FORTI1' ? (id => 'a case') : ()), $triage,
        "3 POST /events/: $client");
}

is(scalar keys %{$stored{$triage}}, 7, '... each under an id of its own');

my %given = (
    MCPIN   => '12223273231449',
    FORTI1  => 'None',
    FORTI12 => 'case_7-A',
    XSOAR   => '6f1d0c3e-8d1b-4c55-9f0e-2a54f3f0b7aa',
    SECOPS  => 'NEW_USER:1',
    SENT    => '4711',
);

foreach my $client (sort keys %given) {
    is_sent(call($client, 'send', $triage, event(), $client eq 'FORTI1' ? ()
        : (id => $given{$client}), title => 'An alert'), $triage,
        "3 POST /events/{id}: $client", $given{$client});
}


# 3.1

foreach my $case ([ 'title, severity and storage_tag', { title => 'T',
        severity => 7, data_source => 'edr', storage_tag => 'eu' } ],
    [ 'members that are not known', { indicators => [ 1, { a => undef } ],
        preserve_original_id => JSON::PP::true } ],
    [ 'a title that is null, as XSOAR and FORTI1 send', { title => undef } ],
    [ 'an empty raw_body of a job without decision points', { job_id => $second,
        raw_body => {} } ])
{
    my ($name, $more) = @$case;
    my $body = { job_id => $triage, raw_body => event(), %$more };
    is_sent(plainly('POST', '/api/v1/events/', $body), $body->{job_id},
        "3.1 sent: $name");
}

is_sent(call('XSOAR', 'send', $triage, event(), title => undef, severity => 3),
    $triage, '3.1 XSOAR: a severity, and no title');

foreach my $of ($triage, $second) {
    is_sent(call('SENT', 'send', $of, event(), id => '1234', title => 'I'), $of,
        "3.1 SENT: one incident to each job: $of", '1234');
}

foreach (1, 2) {
    is_sent(call('FORTI1', 'send', $triage, event(n => $_)), $triage,
        "3.1 FORTI1: all events without a case are None: $_", 'None');
}

my $odd = [ 'a b', 'x+y', 'ünï-漢', '50%', "it's (1)", '~!$&*,;=:@', '0' ];

foreach my $event_id (@$odd) {
    foreach my $client (qw(MCPIN SECOPS)) {
        my $escaped = $event_id =~ s/%/%25/gr;
        is_sent(call($client, 'send', $second, event(), id => $escaped),
            $second, "3.1 $client: an id with escapes: $event_id", $event_id);
        is(answers(call($client, 'read', $second, $escaped), 200, 'decision',
            '... which is read again')->{event_id}, $event_id, '... as it was');
    }
}


# 3.2 before the job is started

foreach my $client (who_does('read')) {
    is(answers(call($client, 'read', $triage, $given{$client}), 200, 'decision',
        "3.2 $client: an event of a job that rests")->{status},
        'pending_inference', '... is pending: ask again');
}

is(answers(call('FORTI12', 'start', $triage, 'analyst'), 200, 'done',
    '3 POST /jobs/{id}/start: FORTI12')->{status}, 'OK', '... it is started');
is(plainly('POST', "/api/v1/jobs/$second/start?username=None", '{}')->{status},
    200, '... and another');


# --- reading ----------------------------------------------------------------

foreach my $client (who_does('read')) {
    my $json = answers(call($client, 'read', $triage, $given{$client}), 200,
        'decision', "3 GET /events/{job}/{id}: $client");
    is_deeply([@$json{qw(event_id status result result_label error_message
        bucket_state)}], [$given{$client}, 'OK', '', '', '', 'new'],
        "3.2 $client: a started job has come to OK, without a model too");
}

my $sent = is_sent(call('SECOPS', 'send', $triage, event()), $triage,
    '3.2 SECOPS: what is sent to a started job');
is(answers(call('SECOPS', 'read', $triage, $sent), 200, 'decision',
    '... is read')->{status}, 'OK',
    '... and OK, which alone ends its polling well');

foreach my $client (who_does('export')) {
    my $raw = event(deep => [ { a => undef, 'ü' => '漢' }, 1.5 ]);
    my $of = is_sent(call('XSOAR', 'send', $triage, $raw), $triage,
        '... an event to export');
    my $json = answers(call($client, 'export', $triage, $of), 200, 'export',
        "3 GET /events/{job}/{id}/export: $client");
    is_deeply([@$json{qw(event_id status error_message)}], [$of, 'OK', ''],
        '... that one');
    like($text->encode($json->{arcanna_event}),
        qr/\Q@{[$text->encode($raw->{deep})]}\E/, '... with what was sent');
}


# --- jobs -------------------------------------------------------------------

foreach my $client (who_does('jobs')) {
    my ($method, $path) = $clients->request($client, 'jobs');
    my $json = answers(call($client, 'jobs'), 200, 'jobs',
        "3 $method $path: $client" =~ s{/api/v1}{}r);
    is_deeply([sort map { $_->{title} } @$json],
        ['Second', 'Triage (EU) & more'], '... the jobs of its key');
}

my $title = 'Triage (EU) & more';
my @names = ([ 'job', $triage, '3 GET /jobs/{id}' ],
    [ 'by_name', $title, '3 POST /jobs/get_by_name' ]);

foreach my $case (@names) {
    my ($operation, $which, $name) = @$case;

    foreach my $client (who_does($operation)) {
        my $json = answers(call($client, $operation, $which), 200, 'job',
            "$name: $client");
        is_deeply([@$json{qw(job_id title category status labels features
            data_type invalid)}], [$triage, $title, 'Decision intelligence',
            'ENABLED', [qw(Escalate Drop Investigate)], \@points, '',
            JSON::PP::false], '... with what it has');
    }
}

foreach my $client (who_does('labels')) {
    is_deeply(answers(call($client, 'labels', $triage), 200, 'labels',
        "3 GET /jobs/{id}/labels: $client"), [qw(Escalate Drop Investigate)],
        '... an array of their names');
}

is_deeply(answers(call('SECOPS', 'labels_by_name', 'Second'), 200, 'labels',
    '3 POST /jobs/get_by_name/labels: SECOPS'),
    ['Potential risk', 'Low', 'High'],
    '3.3 ... in the order in which the job has them');

$r = answers(call('SECOPS', 'job', $second), 200, 'job',
    '3.3 a job that is new');
is_deeply([@$r{qw(features retrain_state retrain_msg last_feedback_timestamp
    last_train_start_timestamp last_train_finished_timestamp)}],
    [[], (undef) x 5], '3.3 ... has null for what has not been');

foreach my $of ($triage, $second) {
    $r = answers(call('SECOPS', 'job', $of), 200, 'job',
        '3.3 a job with events');
    is($r->{processed_documents_count}, scalar keys %{$stored{$of}},
        '3.3 ... counts those that are stored');
    is($r->{feedback_documents_count}, 0, '... and feedback');
    isnt($r->{last_processed_timestamp}, undef,
        '... and tells when the last came');
}


# --- feedback ---------------------------------------------------------------

# each client on its own event; every word for a label that clients use

my %word = (MCPIN => 'Drop', FORTI1 => 'escalate_alert', FORTI12 => 'label_2',
    XSOAR => 'class_1', SECOPS => 'Investigate', SENT => 'drop_alert',
    ADOC => 'Escalate');
my @labels = qw(Escalate Drop Investigate);
my %means = (Drop => 1, escalate_alert => 0, label_2 => 2, class_1 => 1,
    Investigate => 2, drop_alert => 1, Escalate => 0);

$given{ADOC} = is_sent(call('ADOC', 'send', $triage, event()), $triage,
    '... an event for ADOC');

foreach my $client (who_does('feedback')) {
    my ($event_id, $word) = ($given{$client}, $word{$client});

    is_deeply(answers(call($client, 'feedback', $triage, $event_id, $word), 200,
        'updated', "3 PUT /events/{job}/{id}/feedback: $client"),
        { status => 'updated' }, '3.4 ... answered by this word alone');

    my $json = answers(call('SENT', 'read', $triage, $event_id), 200,
        'decision', "3.4 $client: the event after feedback \"$word\"");
    is_deeply([@$json{qw(status result result_label confidence_score
        confidence_level knowledge_base_state)}], ['OK', "label_$means{$word}",
        $labels[$means{$word}], 100, 1, 'Pending'], '... has that label');
}

my ($of) = $given{SECOPS};

foreach my $case ([ 'FORTI12: a user that is null', { cortex_user => undef } ],
    [ 'SENT: notes that are null', { cortex_user => 'a',
        closing_notes => undef } ],
    [ 'notes', { cortex_user => 'a', closing_notes => 'Done – ½' } ],
    [ 'an older one with indicators', { cortex_user => 'a',
        indicators => [] } ],
    [ 'no user at all', { } ],
    [ 'ADOC: a user called otherwise', { username => 'a' } ])
{
    my ($name, $body) = @$case;
    answers(plainly('PUT', "/api/v1/events/$triage/$of/feedback", {
        feedback => 'Investigate', %$body }), 200, 'updated', "3.4 $name");
}

foreach my $word ('Severe', 'label_3', 'class_9', '', 'label_', 7, undef,
    [ 'Low' ])
{
    my $r = plainly('PUT', "/api/v1/events/$second/1234/feedback",
        { cortex_user => 'a', feedback => $word });
    my $json = answers($r, $r->{status} == 400 ? 400 : 422, 'refused',
        '3.4 a word that is no label of the job: ' . $text->allow_nonref
        ->encode($word));
    like($json->{error_message} . $json->{detail},
        qr/Potential risk.*Low.*High/, '... which tells those that are')
        if defined $word && $word =~ /^[Sl]\w/;
}

answers(plainly('PUT', "/api/v1/events/$second/1234/feedback",
    { cortex_user => 'a', feedback => 'drop_alert' }), 422, 'refused',
    '3.4 drop_alert, where no label is called Drop');


# --- training ---------------------------------------------------------------

foreach my $client (who_does('train')) {
    is_deeply(answers(call($client, 'train', $triage, $client eq 'XSOAR' ? undef
        : 'Jo Doe'), 200, 'done', "3 POST /jobs/{id}/train: $client"),
        { status => 'OK', error_message => '' }, '... it is trained');
}

$r = answers(call('SECOPS', 'job', $triage), 200, 'job', '3.3 a trained job');
isnt($r->{$_}, undef, "3.3 ... tells $_") foreach qw(last_feedback_timestamp
    last_train_start_timestamp last_train_finished_timestamp);
is($r->{feedback_documents_count}, 7, '3.3 ... and counts its feedback');

is(answers(call('MCPIN', 'read', $triage, $of), 200, 'decision',
    '3.2 MCPIN: an event whose feedback was trained')->{knowledge_base_state},
    'In model', '... is in the model');
answers(call('MCPIN', 'feedback', $triage, $of, 'Drop'), 200, 'updated',
    '3.2 MCPIN: feedback is changed');
$r = answers(call('MCPIN', 'read', $triage, $of), 200, 'decision',
    '... is read');
is_deeply([@$r{qw(result_label knowledge_base_state)}], ['Drop', 'Retrain'],
    '3.2 ... then it is to be trained again');

# a bucket, of which an analyst has judged one event

my $like = { source => { ip => '203.0.113.9' } };
my ($first, $next) = map { is_sent(call('SECOPS', 'send', $triage,
    event(%$like)), $triage, '... one of a bucket') } 1, 2;

is(answers(call('SECOPS', 'read', $triage, $next), 200, 'decision',
    '3.2 SECOPS: an event of a bucket that nobody judged')->{bucket_state},
    'new', '... is of a new bucket');
answers(call('SECOPS', 'feedback', $triage, $first, 'Escalate'), 200, 'updated',
    '... one of it is judged');
answers(call('SECOPS', 'train', $triage, 'a'), 200, 'done', '... and trained');
$r = answers(call('SECOPS', 'read', $triage, $next), 200, 'decision',
    '3.2 SECOPS: another event of that bucket');
is_deeply([@$r{qw(status result result_label bucket_state confidence_score
    confidence_level)}], ['OK', 'label_0', 'Escalate', 'known', 100, 1],
    '3.2 ... has its consensus');
is($r->{knowledge_base_state}, 'In model', '3.2 ... which is in the model');
like(call('SECOPS', 'read', $triage, $next)->{body}, qr/"confidence_score":\d/,
    '3.2 ... a number, per cent');
unlike(call('SENT', 'read', $triage, $given{SENT})->{body}, qr/drop_alert/,
    '3.2 SENT: a result is the id of a label, which closes no incident');


# --- stopping ---------------------------------------------------------------

is(answers(call('FORTI12', 'stop', $triage), 200, 'done',
    '3 POST /jobs/{id}/stop: FORTI12, without a user')->{status}, 'OK',
    '... it is stopped');
is(answers(call('SECOPS', 'job', $triage), 200, 'job', '3.3 a job that rests')
    ->{status}, 'DISABLED', '3.3 ... says so');

my $late = is_sent(call('SECOPS', 'send', $triage, event()), $triage,
    '3.2 what is sent to a job that rests');
is(answers(call('XSOAR', 'read', $triage, $late), 200, 'decision',
    '... is read')->{status}, 'pending_inference',
    '3.2 XSOAR: ... and is pending: it polls on');
is(answers(call('XSOAR', 'read', $triage, $next), 200, 'decision',
    '... one that came before')->{status}, 'OK', '3.2 ... stays processed');
answers(call('FORTI12', 'start', $triage), 200, 'done', '... it is started');

ok(wait_for(sub {
    my $r = call('FORTI12', 'read', $triage, $late);
    return $r->{json}{status} ne 'pending_inference';
}), '3.2 FORTI12: asks until there is another status');


# --- health -----------------------------------------------------------------

foreach my $client (who_does('health')) {
    is_deeply(answers(call($client, 'health'), 200, 'health',
        '3 GET ' . ($clients->request($client, 'health'))[1] =~ s{/api/v1}{}r
        . ": $client"), { status => JSON::PP::true,
        connected => JSON::PP::true }, '3.4 ... up, and the key is known');
}

my $nobody = SecOps::EventClients->new($t, 'x' x 86, 'y' x 86);

foreach my $client (qw(MCPIN XSOAR)) {
    is_deeply(answers($nobody->call($client, 'health'), 200, 'health',
        "3.4 $client: a key that is not known"), { status => JSON::PP::false,
        connected => JSON::PP::false }, '... is told, and no refusal');
}

foreach my $client (qw(FORTI1 SECOPS)) {
    is($nobody->call($client, 'health')->{status}, 200,
        "3.4 $client: the status tells of the server, not of the key");
}


# --- refusals ---------------------------------------------------------------

# 3.2, 3.3: what is not there, or is another key's

foreach my $client (who_does('read')) {
    answers(call($client, 'read', $triage, 'nowhere'), 404, 'refused',
        "3.2 $client: an event that is not there");
    answers(call($client, 'read', $_, '4711'), 404, 'refused',
        "3.2 $client: ... of a job that is not there, or another key's: $_")
        foreach 999999, $foreign;
}

foreach my $case ([ 'export', $triage, 'nowhere' ], [ 'export', $foreign, 'x' ],
    [ 'feedback', $triage, 'nowhere', 'Drop' ],
    [ 'feedback', $foreign, '1', 'Drop' ], [ 'job', 999999 ],
    [ 'job', $foreign ], [ 'labels', 999999 ], [ 'labels', $foreign ],
    [ 'by_name', 'No such job' ],
    [ 'by_name', 'Foreign' ], [ 'labels_by_name', 'No such job' ],
    [ 'labels_by_name', 'Foreign' ], [ 'train', 999999, 'a' ],
    [ 'train', $foreign, 'a' ], [ 'job', 'abc' ], [ 'job', -1 ])
{
    answers(call('SECOPS', @$case), 404, 'refused',
        "3.5 SECOPS: what is not there: @$case");
}

foreach my $what (qw(start stop)) {
    answers(call('FORTI12', $what, $foreign, 'a'), 404, 'refused',
        "3.5 FORTI12: another key's job: $what");
}

foreach my $of (999999, $foreign) {
    answers(call('XSOAR', 'send', $of, event()), 404, 'refused',
        "3.5 XSOAR: an event for a job that is not there, or another key's");
}

# 3.5: what can not be read; XSOAR goes on with the body of a 422

foreach my $case ([ 'no raw_body', { raw_body => undef } ],
    [ 'raw_body is text', { raw_body => 'x' } ],
    [ 'raw_body is an array', { raw_body => [ 1 ] } ],
    [ 'job_id is text', { job_id => 'x' } ],
    [ 'job_id is a fraction', { job_id => 1.5 } ],
    [ 'job_id is null', { job_id => undef } ],
    [ 'decision points that lead nowhere', { raw_body => { other => 1 } } ])
{
    my ($name, $more) = @$case;
    my $r = plainly('POST', '/api/v1/events/', { job_id => $triage,
        raw_body => event(), %$more });
    answers($r, $r->{status} == 400 ? 400 : 422, 'refused', "3.5 $name");
}

foreach my $body ('', '[', '{"job_id":', '7', '"x"', 'null') {
    my $r = plainly('POST', '/api/v1/events/', $body,
        headers => [ 'Content-Type' => 'application/json' ]);
    answers($r, $r->{status} == 422 ? 422 : 400, 'refused',
        "3.5 a body that is none: '$body'");
}

foreach my $event_id ('x' x 257, 'a%00b', 'a%0Ab', 'a%FFb') {
    my $r = plainly('POST', "/api/v1/events/$event_id", { job_id => $triage,
        raw_body => event() });
    ok($r->{status} == 400 || $r->{status} == 422, '3.5 an id that can be '
        . 'none: ' . substr $event_id, 0, 10) or diag($r->{status}, $r->{body});
    is(ref $r->{json}, 'HASH', '... which is said in JSON');
}

is_sent(plainly('POST', '/api/v1/events/' . 'x' x 256, { job_id => $second,
    raw_body => {} }), $second, '3.1 an id of 256 bytes', 'x' x 256);

foreach my $case ([ 401, undef ], [ 401, 'x' x 86 ], [ 404, $key{spare} ]) {
    my ($status, $value) = @$case;
    my $name = !defined $value ? 'without a key' : $status == 401
        ? 'with a key that is not known' : 'with a key of no job';
    my @requests = ([ 'GET', "/api/v1/jobs/$triage" ],
        [ 'GET', "/api/v1/events/$triage/4711" ],
        [ 'POST', '/api/v1/events/', { job_id => $triage,
            raw_body => event() } ]);

    foreach my $request (@requests) {
        my ($method, $path, $body) = @$request;
        answers($t->request($method, $path, defined $value
            ? { 'x-arcanna-api-key' => $value } : {}, $body
            ? $text->encode($body) : undef), $status, 'refused',
            "3.5 $name: $method $path");
    }
}

is_deeply(answers(plainly('GET', '/api/v1/jobs', undef, key => $key{spare}),
    200, 'jobs', '3.3 a key of no job lists'), [], '... none');


# --- 1: what is true of all of them -----------------------------------------

# 1.1: whatever refuses, it is JSON

foreach my $case ([ 404, 'GET', '/api/v1/nothing' ],
    [ 405, 'DELETE', '/api/v1/jobs' ], [ 405, 'PATCH', "/api/v1/events/1/2" ],
    [ 413, 'POST', '/api/v1/events/', 'x' x 70_000 ])
{
    my ($status, $method, $path, $body) = @$case;
    my $r = plainly($method, $path, $body);
    is("$r->{status} " . ref $r->{json}, "$status HASH",
        "1.1 JSON, too: $status") or diag($r->{body});
}

# 1.4: a body where none is expected; the connection stays in step

my @get = ([ 'jobs' ], [ 'read', $triage, '4711' ],
    [ 'export', $triage, '4711' ], [ 'labels', $triage ], [ 'health' ]);

foreach my $client (qw(FORTI1 FORTI12)) {
    my $connection = $t->connect();

    foreach my $request (@get, [ 'send', $second, event() ], @get) {
        my ($operation, @arguments) = @$request;
        next unless grep { $_ eq $client } who_does($operation);
        my $r = $clients->on($connection, $client, $operation, @arguments);
        is($r->{status}, $operation eq 'send' ? 201 : 200,
            "1.4 $client: on one connection: $operation") or diag($r->{body});
        $stored{$second}{$r->{json}{event_id}} = 1 if $operation eq 'send';
    }
    ok($connection->silent(), '... and nothing is left over');
}

foreach my $path ('/jobs', "/jobs/$triage", "/jobs/$triage/labels",
    "/events/$triage/4711", "/events/$triage/4711/export", '/health')
{
    my $connection = $t->connect();
    my @headers = ('x-arcanna-api-key' => $key{sender});

    foreach my $body ('{}', '{"job_name":"x"}', 'no JSON', 'x' x 20_000) {
        foreach my $chunked (0, 7) {
            my $r = $connection->request('GET', "/api/v1$path", \@headers,
                $body, chunked => $chunked);
            is($r->{status}, 200, "1.4 GET $path with a body of "
                . length($body) . ($chunked ? ' bytes, chunked' : ' bytes'))
                or diag($r->{body} // 'no answer');
            $connection = $t->connect()
                if ($r->{headers}{connection} // 'close') eq 'close';
        }
    }
}

# 1.5: no body, with and without a type, and without a length

foreach my $what (qw(start stop train)) {
    foreach my $headers ([ 'Content-Type' => 'application/json',
        'Content-Length' => 0 ], [ 'Content-Length' => 0 ], [],
        [ 'Content-Type' => 'application/json' ])
    {
        foreach my $version (1, 2) {
            my $r = $t->request('POST', "/api/v$version/jobs/$triage/$what", [
                'x-arcanna-api-key' => $key{manager}, @$headers ]);
            answers($r, 200, $version == 1 ? 'done' : 'done2',
                "1.5 POST v$version $what without a body: @$headers");
        }
    }
}

answers(plainly('POST', "/api/v1/jobs/$triage/start"), 200, 'done',
    '... started');

# 1.6: a slash at the end makes no difference, and none redirects

foreach my $path ('/jobs', "/jobs/$triage", "/jobs/$triage/labels",
    "/events/$triage/4711", "/events/$triage/4711/export", '/health')
{
    my @both = map { plainly('GET', "/api/v1$_") } $path, "$path/";
    is($both[1]{status}, 200, "1.6 GET $path/");
    is($both[1]{body}, $both[0]{body}, '... as without the slash');
}

foreach my $case ([ 'POST', '/events', 201, { job_id => $second,
        raw_body => {} } ],
    [ 'POST', '/events/slash', 201, { job_id => $second, raw_body => {} } ],
    [ 'PUT', "/events/$second/slash/feedback", 200, { feedback => 'Low' } ],
    [ 'POST', '/jobs/get_by_name', 200, { job_name => 'Second' } ],
    [ 'POST', '/jobs/get_by_name/labels', 200, { job_name => 'Second' } ],
    map { [ 'POST', "/jobs/$second/$_", 200, {} ] } qw(stop start train))
{
    my ($method, $path, $status, $body) = @$case;
    foreach my $slash ('', '/') {
        my $r = plainly($method, "/api/v1$path$slash", $body);
        is($r->{status}, $status, "1.6 $method $path$slash")
            or diag($r->{body});
        $stored{$second}{$r->{json}{event_id}} = 1 if $status == 201;
    }
}

is(plainly('GET', '/api/v2/health/')->{status}, 200, '1.6 GET /api/v2/health/');

# 1.7, 1.8

foreach my $case ([ 'X-ARCANNA-API-KEY' => $key{sender} ],
    [ 'x-arcanna-api-key' => $key{sender}, Content_Type => 'application/json' ],
    [ 'x-arcanna-api-key' => $key{sender}, Accept => 'text/html' ],
    [ 'x-arcanna-api-key' => $key{sender}, Accept => '*/*',
      Authorization => 'Basic eDp5' ])
{
    is($t->request('GET', '/api/v1/jobs', $case)->{status}, 200,
        "1.7 headers: @{[map { substr $_, 0, 20 } @$case]}");
}

# 1.2: a plus is a space in a query, and itself in a path

foreach my $query ('username=Jo+Doe', 'username=Jo%20Doe', 'username=None',
    'username=', 'other=1', 'username=%C3%BC&username=x')
{
    answers(plainly('POST', "/api/v1/jobs/$triage/train?$query", '{}'), 200,
        'done', "1.2 POST train?$query");
}


# --- 2: what the client of the management asks of events --------------------

foreach my $what (qw(start stop train)) {
    answers(plainly('POST', "/api/v2/jobs/999999/$what", undef,
        key => $key{manager}), 404, 'done2',
        "2.7 POST /api/v2/jobs/{id}/$what of a job that is not there");
    is_deeply(answers(plainly('POST', "/api/v2/jobs/$triage/$what", undef,
        key => $key{manager}), 200, 'done2',
        "2.7 POST /api/v2/jobs/{id}/$what"), { status => 'OK', reason => '',
        reason_details => '' }, '... is done');
    is(answers(call('SECOPS', 'job', $triage), 200, 'job', '... in v1')
        ->{status}, $what eq 'start' ? 'ENABLED' : 'DISABLED',
        "2.7 ... after $what");
}

answers(plainly('POST', "/api/v2/jobs/$triage/start", undef,
    key => $key{manager}), 200, 'done2', '... and started');

my @given = ([ 'feedback_label=Potential%20risk' => 'Potential risk' ],
    [ 'feedback_label=Low&storage_name=a%20b' => 'Low' ],
    [ 'feedback_label=Potential+risk' => 'Potential risk' ],
    [ 'feedback_label=label_2&storage_name=' => 'High' ]);

foreach my $case (@given) {
    my ($query, $label) = @$case;
    my $r = answers($t->request('PUT',
        "/api/v2/events/$second/1234/feedback?$query",
        [ 'x-arcanna-api-key' => $key{manager}, 'Content-Type' =>
        'application/json', 'Content-Length' => 0 ]), 200, 'any',
        "2.8 MCP: PUT feedback?$query");
    ok(defined $r->{status} && !ref $r->{status}, '... has a status');
    is(answers(plainly('GET', "/api/v1/events/$second/1234"), 200, 'decision',
        '... is read')->{result_label}, $label, '... and has that label');
}

foreach my $query ('feedback_label=Severe', 'feedback_label=', '',
    'storage_name=x')
{
    my $r = plainly('PUT', "/api/v2/events/$second/1234/feedback?$query", undef,
        key => $key{manager});
    ok($r->{status} == 400 || $r->{status} == 422, "2.8 MCP: no label: $query")
        or diag($r->{status});
    ok(ref $r->{json} eq 'HASH' && exists $r->{json}{status},
        '... in JSON, with a status');
}

is(plainly('PUT', "/api/v2/events/$second/nowhere/feedback?feedback_label=Low",
    undef, key => $key{manager})->{status}, 404, '2.8 MCP: no event');

# an event is moved: exported from one job and sent to another

$r = answers(call('MCP', 'export', $triage, $given{SECOPS}), 200, 'export',
    '2.8 MCP: an event is exported with a key of the management');
my $moved = is_sent(call('MCP', 'send', $second, $r->{arcanna_event},
    storage_tag => 'eu'), $second, '2.8 MCP: ... and sent to another job');
$r = answers(call('MCP', 'export', $second, $moved), 200, 'export', '... read');
like($text->encode($r->{arcanna_event}), qr/"category":"login"/,
    '2.8 ... with what it was');
is_sent(call('MCP', 'send', $foreign, event()), $foreign,
    '2.8 MCP: a key with this scope reaches all jobs');
is_deeply([sort map { $_->{title} } @{answers(plainly('GET', '/api/v1/jobs',
    undef, key => $key{manager}), 200, 'jobs', '2.8 ... and lists')}],
    ['Foreign', 'Second', $title], '... all of them');

foreach my $case ([ 'POST', '/api/v2/events/raw_es_query', '{}' ],
    [ 'POST', '/api/v2/filters/fields_mapping', '{}' ],
    [ 'POST', "/api/v2/events/$triage/reprocess", '{}' ],
    [ 'POST', "/api/v2/events/$triage/4711/reprocess", '{}' ],
    [ 'POST', "/api/v2/events/$triage/4711/add_agentic_notes", '{}' ],
    [ 'POST', '/api/v2/metrics/job', '{}' ],
    [ 'POST', '/api/v2/metrics/job_and_latest_model', '{}' ],
    [ 'GET', '/api/v2/metrics/model' ],
    [ 'POST', '/api/v2/inline_code_blocks/test', '{}' ],
    [ 'POST', '/api/v2/token', '{}' ])
{
    my ($method, $path, $body) = @$case;
    my $r = plainly($method, $path, $body, key => $key{manager});
    ok(ref $r->{json} eq 'HASH' && $r->{status} =~ /\A(?:404|405|501)\z/,
        "2.8 MCP: not served, which is said in JSON: $method $path")
        or diag($r->{status}, $r->{body});
}


# what one workflow sends by mistake

foreach my $path ("/api/v1/events/${triage}4711/feedback", '/concat(var') {
    my $r = plainly('PUT', $path, { closing_notes => undef,
        cortex_user => undef, feedback => 'drop_alert' });
    ok($r->{status} =~ /\A40[45]\z/ && ref $r->{json} eq 'HASH',
        "6.19 SENT: a path that it puts together wrong: $path")
        or diag($r->{status}, $r->{body});
}


# --- the verdict ------------------------------------------------------------

# where Debian has it, for a node that is not Debian's
$ENV{NODE_PATH} = join ':', grep { $_ } $ENV{NODE_PATH}, '/usr/share/nodejs';

SKIP: {
    skip 'ajv is not installed', 2
        unless system("node -e 'require(\"ajv\")' >/dev/null 2>&1") == 0;

    $t->write('schemas', join '', map { $text->encode({ name => $_,
        schema => $schema{$_} }) . "\n" } sort keys %schema);
    $t->write('answers', join '', map { $text->encode($_) . "\n" } @judged);

    my @lines = split /\n/, `node '@{[root()]}/t/tools/ajv.js' judge \\
        '@{[$t->dir()]}/schemas' '@{[$t->dir()]}/answers' 2>&1`;
    is(pop @lines, 'judged ' . @judged, 'ajv has judged every answer');
    is(scalar @lines, 0, '... and each has the members and types that are read')
        or diag(map { utf8::decode($_); "$_\n" } @lines);
}

$t->done();
