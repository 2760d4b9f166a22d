# Thousands of jobs: a list is whole, comes in bounded steps, keeps neither the
# worker nor Redis from others, and ends when its client leaves.  On a Redis
# Cluster what is counted lies on several servers.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use JSON::PP;
use SecOps;
use SecOps::Cluster;
use SecOps::Jobs;
use SecOps::Records;
use SecOps::Resources;

my $t = SecOps->new();
my $redis = $t->redis();
my $cluster = SecOps::Cluster->new($t);

$t->run((conf(location => 'secops_redis_timeout 30s; client_max_body_size 4m;',
    http => <<'EOT')
    server {
        listen 127.0.0.1:%%PORT1%%;

        location /api/ {
            secops_api;
            secops_auth api_key header;
            secops_redis_cluster on;
            secops_redis redis://127.0.0.1:%%PORT8%%;
        }
    }
EOT
    =~ s/secops_auth header;/secops_auth api_key header;/r)
    =~ s/127\.0\.0\.1:%%PORT8%%/'127.0.0.1:' . $cluster->node(0)->port()/er);

my $jobs = SecOps::Jobs->new($t, $redis);
my $api = $jobs->api();
my $n = 1500;


# 1500 jobs, each with its own integration; a third of them have one key more

my $r = $api->save({ k => api_key('Sender', scopes => []),
    a => api_key('All', scopes => []) });
my %value = map { $_->{title} => $_->{value} } @{$r->{json}{created}};
is(scalar(grep { $_ } values %value), 2, 'two keys');

foreach my $hundred (0 .. $n / 100 - 1) {
    my %set;

    foreach my $i (map { $hundred * 100 + $_ } 0 .. 99) {
        my $name = sprintf '%04d', $i;
        $set{"i$i"} = exposer("I $name", $i % 3 ? 'All' : 'Sender');
        $set{"j$i"} = job("J $name", description => 'x' x 500,
            pipeline_integrations => [ step("i$i", 'input') ]);
    }

    $r = $api->save(\%set);
    is_saved($r, 'a hundred jobs') if $r->{status} != 200 || $hundred == 0;
}

my @documents = @{$redis->cmd('HGETALL', 'secops:{global:res}:job')};
my %id;
while (my ($id, $text) = splice @documents, 0, 2) {
    $id{decode_json($text)->{title}} = $id;
}
is(keys %id, $n, 'there are so many jobs');

$jobs->events($id{'J 0000'}, 0 => 1, 15 => 0, f => 2);
$jobs->events($id{'J 0063'}, 3 => 5);
$jobs->events($id{'J 1499'}, 9 => 7);
$jobs->feedback($id{'J 1499'}, '9', 4, 1796010000000);

sub is_whole { # list, every so many of the jobs
    my ($r, $every, $name) = @_;
    my @titles = map { sprintf 'J %04d', $_ * $every } 0 .. ($n - 1) / $every;
    is($r->{status}, 200, $name) or diag(substr $r->{body}, 0, 300);
    my @list = ref $r->{json} eq 'ARRAY' ? @{$r->{json}} : ();
    is_deeply([map { $_->{title} } @list], \@titles, '... each job once');
    is(scalar(grep { $id{$_->{title}} != $_->{job_id} } @list), 0,
        '... with its own id');
    my %counted = map { $_->{title} => $_->{processed_documents_count} }
        grep { $_->{processed_documents_count} } @list;
    is_deeply(\%counted, { 'J 0000' => 3, map { @$_ } grep {
        substr($_->[0], 2) % $every == 0 } ['J 0063', 5], ['J 1499', 7] },
        '... and its own events');
}

my $all = $jobs->get('jobs');
is_whole($all, 1, 'all jobs');
is($all->{json}[-1]{feedback_documents_count}, 4, '... feedback, too');


# how it was asked for, now that Redis knows the scripts

$redis->cmd('CONFIG', 'RESETSTAT');
is($jobs->get('jobs')->{status}, 200, 'all of them once more');
my %calls = $redis->cmd('INFO', 'commandstats')
    =~ /^cmdstat_(\w+):calls=(\d+)/mg;
is($calls{zcard}, 16 * $n, '... each job is counted once in each shard');
my $scripts = $calls{evalsha} - 16 * 47;
ok($scripts >= 5 && $scripts < 100, '... 32 at a time; read in several parts')
    or diag("$scripts besides those that count");

is_whole($jobs->get('jobs', key => $value{Sender}), 3, 'the jobs of one key');
is_deeply([map { $_->{title} } @{$jobs->get('jobs', key => $value{All})
    ->{json}}], [map { sprintf 'J %04d', $_ } grep { $_ % 3 } 0 .. $n - 1],
    'those of a key that a thousand integrations name');


# clients that leave while their list is made: their calls are answered to
# nobody, and who stays gets a list

my @gone = map { $t->connect() } 1 .. 4;
$_->send($_->format('GET', '/api/v1/jobs', [ %{who()} ])) foreach @gone;
$_->close(reset => 1) foreach @gone;
is_whole($jobs->get('jobs'), 1, 'four clients have left, a fifth stays');

my @several = map { $t->connect() } 1 .. 4;
$_->send($_->format('GET', '/api/v1/jobs', [ Connection => 'close',
    %{who()} ])) foreach @several;
$_->{timeout} = 120 foreach @several;
is(scalar(grep { my $r = $_->answer();
    $r->{status} == 200 && @{$r->{json}} == $n } @several), 4,
    'four lists at once');


# a Redis Cluster: shards of a job lie on several servers

my $on_cluster = SecOps::Jobs->new($t, $cluster->node(0),
    port => 1);

ok(wait_for(sub { $on_cluster->get('jobs')->{status} == 200 }),
    'a Redis Cluster');
my %made = $on_cluster->input('Spread');

foreach my $shard (0 .. 9, 'a' .. 'f') {
    my $key = $on_cluster->key('evidx', $made{id}, $shard);
    $cluster->owner($cluster->slot($key))->cmd('ZADD', $key, 1796010000000
        + hex $shard, "event $shard");
    $key = $on_cluster->key('evstat', $made{id}, $shard);
    $cluster->owner($cluster->slot($key))->cmd('HSET', $key, feedback => 2,
        last_feedback => 1796010000000);
}

foreach my $key (undef, $made{key}) {
    my ($job) = @{$on_cluster->get('jobs', key => $key)->{json}};
    is_deeply([@$job{qw(title processed_documents_count
        feedback_documents_count last_processed_timestamp)}],
        ['Spread', 16, 32, '2026-11-30T03:40:00.015000Z'],
        'events of all servers are counted, for ' . ($key ? 'a key' : 'a role'));
}

is($on_cluster->post("jobs/$made{id}/train", undef, key => $made{key})
    ->{status}, 200, 'a training counts them, too');
my $res = $cluster->owner($cluster->slot('secops:{global:res}:job'));
is(decode_json($res->cmd('HGET', 'secops:{global:res}:job', $made{id}))
    ->{trained_feedback}, 32, '... all of them');

$t->done();
