# Jobs are started and stopped: a status that the job keeps, whatever is sent
# for it, an entry in the audit, and answers that clients read.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use JSON::PP;
use SecOps;
use SecOps::Records;
use SecOps::Resources;

my $t = SecOps->new(workers => 2);
my $redis = $t->redis();

$t->run(conf() =~ s/secops_auth header;/secops_auth header api_key;/r);

my $api = SecOps::Resources->new($t, $redis);

is_saved($api->save({ i => integration('In'), j => job('J',
    pipeline_integrations => [ step('i', 'input', index => 'i') ]) }), 'a job');
my $id = $api->job_called('J')->{id};
my $integration = $api->one('integration', 'In')->{id};

sub post_job { # id, what; the answer
    my ($id, $what, %opt) = @_;
    return $api->call('POST', "jobs/$id/$what", $opt{body}, %opt);
}

sub audit { # operations of jobs, oldest first
    return [map { my %f = @{$_->[1]}; "$f{operation} $f{type} $f{id} $f{user}" }
        grep { my %f = @{$_->[1]}; $f{operation} =~ /^jobs/ }
        @{$redis->cmd('XRANGE', 'secops:{global:res}:audit', '-', '+')}];
}

sub is_done {
    my ($r, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is_deeply([$r->{status}, $r->{json}], [200, { status => 'OK', reason => '',
        reason_details => '' }], $name) or diag($r->{body});
}


is($api->job_called('J')->{status}, 'DISABLED', 'a new job does not run');
is_done(post_job($id, 'start'), 'it is started');
is($api->job_called('J')->{status}, 'ENABLED', '... and runs');
is_deeply(audit(), ["jobs.start job $id script"], '... the audit has it');

my $before = $api->dump();
is_done(post_job($id, 'start'), 'it is started again');
is_deeply($api->dump(), $before, '... which changes nothing');

is_saved($api->save({ j => job('J', description => 'other', status =>
    'DISABLED') }), 'the job is overwritten');
is($api->job_called('J')->{status}, 'ENABLED', '... it goes on running');
my ($minimal) = @{$api->list('resource_type=job')->{json}};
is($minimal->{J}{properties}{status}, 'ENABLED', '... which a list tells too');
$before = $api->dump();
is_saved($api->save($api->list('title=J')->{json}[0]), 'it is sent back');
is_deeply($api->dump(), $before, '... which changes nothing');

is_done(post_job($id, 'stop'), 'it is stopped');
is($api->job_called('J')->{status}, 'DISABLED', '... and rests');
is_deeply(audit(), ["jobs.start job $id script", "jobs.stop job $id script"],
    '... the audit has both');


# how clients call it

foreach my $case (['start', body => ''], ['stop', body => '{}'],
    ['start/', body => undef], ['stop?username=None'],
    ['start', headers => { 'Content-Type' => 'application/json' }],
    ['stop', body => '{"username":"None"}'])
{
    my ($what, %opt) = @$case;
    is_done(post_job($id, $what, %opt), "as clients send it: $what "
        . ($opt{body} // 'no body'));
}


# what is not there

foreach my $other ('999999', '0', $integration, 'J', '-1', 'x' x 300,
    '%7B%7D', "0$id")
{
    foreach my $what (qw(start stop)) {
        my $r = post_job($other, $what);
        is_deeply([$r->{status}, $r->{json}], [404, { status => 'NOK',
            reason => 'Job not found', reason_details => '', detail => '' }],
            "$what of a job that is not there: " . substr $other, 0, 20)
            or diag($r->{body});
    }
}

my $r = post_job($id, 'start', domain => 'other');
is($r->{status}, 404, 'nor is one of another domain');
is($api->job_called('J')->{status}, 'DISABLED', '... it still rests');

$r = post_job($id, 'train');
is_done($r, 'it is trained: t/427-jobs-change.t has the rest');
is(post_job($id, 'restart')->{status}, 404, 'there is no restart');
is($api->call('GET', "jobs/$id/start")->{status}, 405, 'nor GET');


# who may

my %value = map { my $scope = $_; ($scope => $api->save({ k => api_key($scope,
    scopes => [$scope]) })->{json}{created}[0]{value}) }
    qw(execute:job_operations write:resources);
is_done(post_job($id, 'start', key => $value{'execute:job_operations'}),
    'a key with the scope may');
is(post_job($id, 'stop', key => $value{'write:resources'})->{status}, 403,
    '... one without it may not');
is(post_job($id, 'stop', roles => 'sn_sec_cmn.api_read')->{status}, 403,
    '... nor the read role');
is($api->job_called('J')->{status}, 'ENABLED', '... and nothing was changed');


# a Redis that is away, or confused

$redis->cmd('HSET', 'secops:{global:res}:job', '77', 'nonsense');
$r = post_job('77', 'start');
is($r->{status}, 500, 'a job that can not be read');
ok($t->wait_log(qr/the stored job "77" can not be read/), '... is logged');
$redis->cmd('HDEL', 'secops:{global:res}:job', '77');

$redis->stop();
wait_for(sub { post_job($id, 'stop')->{status} == 503 });
$r = post_job($id, 'stop');
is_deeply([$r->{status}, $r->{json}{status}, $r->{headers}{'retry-after'}],
    [503, 'NOK', 1], 'without Redis it is worth another try');
is_deeply([sort keys %{$r->{json}}], [qw(detail reason reason_details status)],
    '... in the same form');
like($r->{json}{detail}, qr/\Arequest [0-9a-f]{32}\z/, '... with its number');
$redis->start();
ok(wait_for(sub { post_job($id, 'stop')->{status} == 200 }),
    'and when it is back, it works');
ok(wait_for(sub {
        my $job = $api->job_called('J');
        return $job && $job->{status} eq 'DISABLED';
    }), '... again, whichever worker is asked');

$t->done();
