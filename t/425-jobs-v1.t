# Jobs as the clients of /api/v1 read them: lists, one by its id or its title,
# its labels, and what is counted of its events.

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

$t->run(conf() =~ s/secops_auth header;/secops_auth api_key header;/r);

my $jobs = SecOps::Jobs->new($t, $redis);
my $api = $jobs->api();

my @labels = map { { name => $_ } } 'Wichtig ä', 'Drop', 'Escalate', 'x"y';
my %triage = $jobs->input('Triage of mails', decision_points =>
    ['mail.sender', 'url'], advanced_settings => { custom_labels => \@labels });
is_saved($api->save({ i => integration('In'), j => job('Automatic',
    category => 'Automation', decision_points => undef,
    pipeline_integrations => [ step('i', 'input', index => 'i') ]) }),
    'a job without decision points');
my $automatic = $api->job_called('Automatic')->{id};
my $id = $triage{id};


# the whole of it

my $none = JSON::PP::null;
my %expected = (
    job_id => $id, title => 'Triage of mails', data_type => '',
    category => 'Decision intelligence', status => 'DISABLED',
    labels => ['Wichtig ä', 'Drop', 'Escalate', 'x"y'],
    features => ['mail.sender', 'url'], retrain_state => $none,
    retrain_msg => $none, invalid => JSON::PP::false,
    processed_documents_count => 0, feedback_documents_count => 0,
    last_processed_timestamp => $none, last_feedback_timestamp => $none,
    last_train_start_timestamp => $none,
    last_train_finished_timestamp => $none,
);

my $r = $jobs->get("jobs/$id");
is($r->{status}, 200, 'a job by its id');
is_deeply($r->{json}, \%expected, '... with all that clients read')
    or diag($r->{body});
like($r->{body}, qr/"job_id":$id,"title":"/, '... its id is a number');

$r = $jobs->get('jobs');
is_deeply([map { $_->{title} } @{$r->{json}}],
    ['Automatic', 'Triage of mails'], 'all jobs, by their titles');
is_deeply($r->{json}[1], \%expected, '... each as it is shown alone');
is_deeply($r->{json}[0]{features}, [], '... no decision points are none');
is_deeply($r->{json}[0]{labels}, [qw(Escalate Drop Investigate)],
    '... and labels are those of the category');

foreach my $job (@{$r->{json}}) {
    is(scalar(grep { !defined $job->{$_} || ref $job->{$_} }
        qw(data_type title status category)), 0,
        "$job->{title}: what must be text is text");
}


# events and feedback, of all shards

my $last = $jobs->events($id, 0 => 2, 7 => 3, f => 4);
$jobs->feedback($id, '0', 1, 1796010000500);
$jobs->feedback($id, 'a', 2, 1796010000400);

$r = $jobs->get("jobs/$id")->{json};
is_deeply([@$r{qw(processed_documents_count feedback_documents_count)}], [9, 3],
    'what shards have is added');
is_deeply([@$r{qw(last_processed_timestamp last_feedback_timestamp)}],
    [sprintf('2026-11-30T03:40:00.%03d000Z', $last % 1000),
    '2026-11-30T03:40:00.500000Z'], '... the last time is that of all');
is_deeply($jobs->get('jobs')->{json}[1], $r, '... in a list, too');
is($jobs->get('jobs')->{json}[0]{processed_documents_count}, 0,
    '... another job has its own');


# as clients ask

foreach my $path ('jobs/', 'jobs?username=None', 'jobs/?username=a+b') {
    is(scalar @{$jobs->get($path)->{json}}, 2, "GET $path");
}

foreach my $path ("jobs/$id/", "jobs/$id?overwrite=x&id=1&title=2") {
    is($jobs->get($path)->{json}{job_id}, $id, "GET $path");
}

foreach my $path ('jobs/', "jobs/$id", "jobs/$id/labels", "jobs/$id/labels/") {
    $r = $jobs->call('GET', $path, {});
    is($r->{status}, 200, "GET $path with a body");
    $r = $jobs->call('HEAD', $path);
    is_deeply([$r->{status}, $r->{body}], [200, ''], "HEAD $path");
}

my @names = map { $_->{name} } @labels;
is_deeply($jobs->get("jobs/$id/labels")->{json}, \@names,
    'the names of its labels, in their order');

foreach my $slash ('', '/') {
    $r = $jobs->post("jobs/get_by_name$slash",
        { job_name => 'Triage of mails', more => [1] });
    is_deeply([$r->{status}, $r->{json}{job_id}], [200, $id],
        "a job by its title: get_by_name$slash");
    $r = $jobs->post("jobs/get_by_name/labels$slash",
        { job_name => 'Triage of mails' });
    is_deeply([$r->{status}, $r->{json}], [200, \@names],
        "... its labels: get_by_name/labels$slash");
}

$r = $jobs->post('jobs/get_by_name',
    '{"job_name":"\u0054riage of mails"}');
is($r->{json}{job_id}, $id, '... whatever way its letters are written');


# what is not there

foreach my $other ('999999', '0', $triage{integration}, 'J', '-1', 'x' x 300,
    '%7B%7D', "0$id", '1' x 19)
{
    is_refused_v1($jobs->get("jobs/$other"), 404, 'Job not found',
        'no such job: ' . substr $other, 0, 20);
    is_refused_v1($jobs->get("jobs/$other/labels"), 404, 'Job not found',
        '... nor its labels');
}

foreach my $path ('jobs/get_by_name', 'jobs/get_by_name/labels') {
    foreach my $name ('triage of mails', 'Triage of mails ', '', 'x' x 5000) {
        is_refused_v1($jobs->post($path, { job_name => $name }), 404,
            'Job not found', "$path: no job is called \""
            . substr($name, 0, 20) . '"');
    }

    foreach my $body ('', '{}', '[]', '"x"', '{"job_name":null}',
        '{"job_name":1}', '{"job_name":["a"]}', '{', '{"job_name":"\ud800"}',
        '[' . join(',', 1 .. 2000) . ']')
    {
        is_refused_v1($jobs->post($path, $body, headers => { 'Content-Type' =>
            'application/json' }), 400, 'Invalid post body',
            "$path with " . substr $body, 0, 20);
    }
}

is_refused_v1($jobs->get("jobs/$id", domain => 'other'), 404, 'Job not found',
    'nor is a job of another domain');
is_deeply($jobs->get('jobs', domain => 'other')->{json}, [],
    '... where there is none');


# who may

my %value = map { my $scope = $_; ($scope => $api->save({ k => api_key($scope,
    scopes => [$scope]) })->{json}{created}[0]{value}) }
    qw(read:resources execute:job_operations);

is(scalar @{$jobs->get('jobs', roles => 'sn_sec_cmn.api_read')->{json}}, 2,
    'the read role may');
is(scalar @{$jobs->get('jobs', key => $value{'read:resources'})->{json}}, 2,
    'a key with the scope may');
is_deeply($jobs->get("jobs/$id", key => $value{'read:resources'})->{json}
    {labels}, \@names, '... one of them, too');


# the health of the server, as senders of events ask for it

foreach my $path ('health', 'health/') {
    foreach my $body (undef, '{}') {
        $r = $jobs->call('GET', $path, $body, key => $triage{key});
        is_deeply([$r->{status}, $r->{json}], [200, { status =>
            JSON::PP::true, connected => JSON::PP::true }],
            "GET $path with an input key" . ($body ? ' and a body' : ''));
        $r = $jobs->call('GET', $path, $body, key => 'x' x 86);
        is_deeply([$r->{status}, $r->{json}], [200, { status =>
            JSON::PP::false, connected => JSON::PP::false }],
            '... with one that is not known');
    }
}


# a job that can not be read, and counters that make no sense

$redis->cmd('HSET', 'secops:{global:res}:job', '77', 'nonsense',
    'x' x 400, '{"title":"far"}', '78', '{"title":7}');
is(scalar @{$jobs->get('jobs')->{json}}, 2, 'jobs that are none are left out');
ok($t->wait_log(qr/the stored job "77" can not be read/), '... and logged');
is_refused_v1($jobs->get('jobs/77'), 500, 'Unknown error',
    '... alone, they are an error');
is_refused_v1($jobs->get('jobs/' . 'x' x 400), 404, 'Job not found',
    '... and none at all without a number');
$redis->cmd('HDEL', 'secops:{global:res}:job', '77', '78', 'x' x 400);

$redis->cmd('HSET', $jobs->key('evstat', $id, 'a'), feedback => 'many');
$r = $jobs->get("jobs/$id");
is_deeply([$r->{status}, $r->{json}{status}], [500, 'ERROR'],
    'a counter that is no number is an error');
ok($t->wait_log(qr/unexpected reply to a script/), '... which is logged');
$redis->cmd('DEL', $jobs->key('evstat', $id, 'a'));


# what nginx itself refuses has the same form

is_refused_v1($jobs->post('jobs/get_by_name', '{"job_name":"' . 'x' x 2_000_000
    . '"}', headers => { 'Content-Type' => 'application/json' }), 413,
    'Request body too large', 'a body that is too large');

# a Redis that is away

$redis->stop();
ok(wait_for(sub { $jobs->get('jobs')->{status} == 503 }),
    'without Redis it is worth another try');
foreach my $path ('jobs', "jobs/$id", "jobs/$id/labels") {
    is_refused_v1($jobs->get($path), 503, 'Service Unavailable', "... $path");
}
$redis->start();
ok(wait_for(sub { $jobs->get('jobs')->{status} == 200 }),
    'and when it is back, it works');

$t->done();
