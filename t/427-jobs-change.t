# Jobs are started, stopped and trained, by /api/v1 and /api/v2: what is written
# to the job's document stays whatever is sent for the job, is in the audit, and
# nobody sees it in the Resources API.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use JSON::PP;
use SecOps;
use SecOps::Jobs;
use SecOps::Records;
use SecOps::Resources;

my $t = SecOps->new(workers => 2);
my $redis = $t->redis();

$t->run(conf(http => <<'EOT')
    server {
        listen 127.0.0.1:%%PORT1%%;

        location /api/ {
            secops_api;
            secops_redis %%REDIS%%;
            secops_auth api_key header;
            secops_max_resources count=3;
        }
    }
EOT
    =~ s/secops_auth header;/secops_auth api_key header;/r);

my $jobs = SecOps::Jobs->new($t, $redis);
my $api = $jobs->api();

my %made = $jobs->input('Triage');
my $id = $made{id};

sub is_done {
    my ($r, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is_deeply([$r->{status}, $r->{json}], [200, { status => 'OK',
        error_message => '' }], $name) or diag($r->{body});
}

sub is_done_v2 {
    my ($r, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is_deeply([$r->{status}, $r->{json}], [200, { status => 'OK', reason => '',
        reason_details => '' }], $name) or diag($r->{body});
}

sub members { # of the document, that only these operations write
    my $document = $jobs->document($id);
    return { map { exists $document->{$_} ? ($_ => $document->{$_}) : () }
        qw(status stopped_at generation trained_feedback) };
}

sub audit { # operations of jobs with what they changed, oldest first
    return [map { my %f = @{$_->[1]};
            "$f{operation} $f{id} $f{user} $f{members}" }
        grep { my %f = @{$_->[1]}; $f{operation} =~ /^jobs/ }
        @{$redis->cmd('XRANGE', 'secops:{global:res}:audit', '-', '+')}];
}

sub stored { # what is in Redis, but for who was stopped when
    return $api->dump();
}


# start and stop

is_deeply(members(), { status => 'DISABLED' }, 'a new job was never stopped');
is_done($jobs->post("jobs/$id/stop"), 'it is stopped');
is_deeply(members(), { status => 'DISABLED' }, '... which changes nothing');
is_deeply(audit(), [], '... and is not in the audit');

is_done($jobs->post("jobs/$id/start?username=None"), 'it is started');
is($jobs->get("jobs/$id")->{json}{status}, 'ENABLED', '... and runs');
my $before = stored();
is_done($jobs->post("jobs/$id/start"), 'it is started again');
is_deeply(stored(), $before, '... which changes nothing');

my $began = time() * 1000 - 1000;
is_done($jobs->post("jobs/$id/stop"), 'it is stopped');
my $at = members()->{stopped_at};
ok($at >= $began && $at <= (time() + 1) * 1000, '... from this time on')
    or diag($at);
is_done($jobs->post("jobs/$id/stop"), 'it is stopped again');
is(members()->{stopped_at}, $at, '... it rests since the first time');
is_deeply(audit(), ["jobs.start $id script /status",
    "jobs.stop $id script /status,/stopped_at"], '... the audit has both');

my $shown = $jobs->get("jobs/$id");
is($shown->{json}{status}, 'DISABLED', 'it rests');


# train

is_done($jobs->post("jobs/$id/train?username=None"),
    'a job is trained, without any feedback');
is_deeply([@{members()}{qw(generation trained_feedback)}], [1, 0],
    '... once, of nothing');

$jobs->events($id, 1 => 20, 5 => 30);
$jobs->feedback($id, '1', 7, 1796010000000);
$jobs->feedback($id, '5', 5, 1796010000001);
is_done_v2($api->call('POST', "jobs/$id/train"), '... again, by /api/v2');
is_deeply([@{members()}{qw(generation trained_feedback)}], [2, 12],
    '... of the feedback that there is in all shards');

my $job = $jobs->get("jobs/$id")->{json};
like($job->{last_train_start_timestamp},
    qr/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/, '... when it began');
like($job->{last_train_finished_timestamp},
    qr/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/, '... when it was over');
is($job->{status}, 'DISABLED', '... the status is as before');
is(members()->{stopped_at}, $at, '... and when it was stopped');
is((audit())->[-1], "jobs.train $id script /generation,/trained_feedback,"
    . '/last_train_start_timestamp,/last_train_finished_timestamp',
    '... the audit has it');


# as clients send it

foreach my $case (['start', body => ''], ['stop', body => '{}'],
    ['train/', body => undef], ['train?username=None'],
    ['start/?username=a+b', headers => { 'Content-Type' =>
        'application/json' }], ['train', body => '{"username":"None"}',
        headers => { 'Content-Type' => 'application/json' }],
    ['stop', headers => { 'Content-Type' => 'text/plain' }, body => 'x'])
{
    my ($what, %opt) = @$case;
    is_done($jobs->post("jobs/$id/$what", delete $opt{body}, %opt),
        "as clients send it: $what");
}

is($jobs->call('GET', "jobs/$id/train")->{status}, 405, 'no GET');
is($jobs->post("jobs/$id/restart")->{status}, 404, 'there is no restart');


# what is written stays, whatever is sent for the job

my $kept = members();
my $listed = $api->job_called('Triage');
is_deeply([grep { /stopped|generation|trained|last_train/ } keys %$listed], [],
    'the Resources API shows none of it');

is_saved($api->save({ j => job('Triage', description => 'other',
    decision_points => ['a.b']) }), 'the job is overwritten');
is_deeply(members(), $kept, '... all of it stays');
is_saved($api->save($api->list('resource_type=job&title=Triage')->{json}[0]),
    'the job is sent back as it is shown');
is_deeply(members(), $kept, '... all of it stays');
is_saved($api->save({ j => { type => 'job', properties => { id => $id,
    title => 'Renamed', rename => JSON::PP::true } } }), 'it gets a new title');
is_deeply(members(), $kept, '... all of it stays');
is($jobs->get("jobs/$id")->{json}{last_train_start_timestamp},
    $jobs->document($id)->{last_train_start_timestamp}, '... and is shown');

foreach my $name (qw(stopped_at generation trained_feedback
    last_train_start_timestamp last_train_finished_timestamp))
{
    is_nok($api->save({ j => job('Renamed', $name => 1) }), 422,
        'Invalid resources', "nobody sends $name");
}
is_deeply(members(), $kept, '... nothing was changed');


# what is not there

foreach my $other ('999999', '0', $made{integration}, '-1', 'x' x 300, "0$id") {
    foreach my $what (qw(start stop train)) {
        is_refused_v1($jobs->post("jobs/$other/$what"), 404, 'Job not found',
            "$what of a job that is not there: " . substr $other, 0, 20);
        my $r = $api->call('POST', "jobs/$other/$what");
        is_deeply([$r->{status}, $r->{json}], [404, { status => 'NOK',
            reason => 'Job not found', reason_details => '', detail => '' }],
            '... in /api/v2 in its own form');
    }
}

is_refused_v1($jobs->post("jobs/$id/train", undef, domain => 'other'), 404,
    'Job not found', 'nor is one of another domain');


# who may

my %value = map { my $scope = $_; ($scope => $api->save({ k => api_key($scope,
    scopes => [$scope]) })->{json}{created}[0]{value}) }
    qw(execute:job_operations read:resources);
is_done($jobs->post("jobs/$id/train", undef,
    key => $value{'execute:job_operations'}), 'a key with the scope may');
is_refused_v1($jobs->post("jobs/$id/train", undef, key => $value{'read:resources'}),
    404, 'Job not found', '... one with another scope reaches no job');
is($jobs->post("jobs/$id/train", undef, roles => 'sn_sec_cmn.api_read')
    ->{status}, 403, '... and the read role may not');


# a domain that is full: a job can be stopped and trained all the same

is_nok($api->save({ k => api_key('one more') }, port => 1), 409,
    'Limit of resources reached', 'the domain is full');
foreach my $what (qw(start train stop)) {
    is_done($jobs->post("jobs/$id/$what", undef, port => 1),
        "... and its job can be made to $what");
}


# many at once: each training counts, with the latest of all feedback

my $n = members()->{generation};
my @connections = map { $t->connect() } 1 .. 12;
$_->send($_->format('POST', "/api/v1/jobs/$id/train", [ Connection => 'close',
    %{who()} ])) foreach @connections;
is(scalar(grep { $_->answer()->{status} == 200 } @connections), 12,
    'twelve trainings at once');
is(members()->{generation}, $n + 12, '... each of them counts');


# a Redis that is away

$redis->stop();
ok(wait_for(sub { $jobs->post("jobs/$id/train")->{status} == 503 }),
    'without Redis it is worth another try');
is_refused_v1($jobs->post("jobs/$id/train"), 503, 'Service Unavailable',
    '... in the form of /api/v1');
$redis->start();
ok(wait_for(sub { $jobs->post("jobs/$id/train")->{status} == 200 }),
    'and when it is back, it works');

$t->done();
