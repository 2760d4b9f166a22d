# An api key without scopes reaches the jobs that it is an input key of: those
# with an enabled input that is an External REST API integration with this key.
# All others are not there for it, whatever it asks.

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

$t->run(conf(location => 'secops_api_key_cache 0;')
    =~ s/secops_auth header;/secops_auth api_key header;/r);

my $jobs = SecOps::Jobs->new($t, $redis);
my $api = $jobs->api();

my %one = $jobs->input('One');
my %two = $jobs->input('Two');

# a third job has One's key by another integration, and Two's integration that
# is not enabled; a fourth has One's integration, but as an output of its own

my %off = %{step('Two', 'input')};
$off{enabled} = JSON::PP::false;

is_saved($api->save({
    more => exposer('One more', 'One'),
    three => job('Three', pipeline_integrations => [ step('more', 'input'),
        \%off ]),
    es => integration('Es'),
    four => job('Four', pipeline_integrations => [
        step('es', 'input', index => 'i') ]),
}), 'other jobs');
my %id = map { $_ => $api->job_called($_)->{id} } qw(One Two Three Four);

sub titles { # of the jobs that a key reaches
    my ($key) = @_;
    my $r = $jobs->get('jobs', key => $key);
    return ref $r->{json} eq 'ARRAY' ? [map { $_->{title} } @{$r->{json}}]
        : $r->{body};
}

is_deeply(titles($one{key}), [qw(One Three)], 'the jobs of a key');
is_deeply(titles($two{key}), ['Two'], 'those of another one');

my %reached = (One => [qw(One Three)], Two => ['Two']);
my %key = (One => $one{key}, Two => $two{key});

foreach my $whose (qw(One Two)) {
    my %key_opt = (key => $key{$whose});

    foreach my $title (sort keys %id) {
        my $may = grep { $_ eq $title } @{$reached{$whose}};
        my $status = $may ? 200 : 404;

        my @calls = (
            ["GET jobs/ID", $jobs->get("jobs/$id{$title}", %key_opt)],
            ["GET labels", $jobs->get("jobs/$id{$title}/labels", %key_opt)],
            ["get_by_name", $jobs->post('jobs/get_by_name',
                { job_name => $title }, %key_opt)],
            ["get_by_name/labels", $jobs->post('jobs/get_by_name/labels',
                { job_name => $title }, %key_opt)],
            map { [$_, $jobs->post("jobs/$id{$title}/$_", undef, %key_opt)] }
                qw(start train stop),
        );

        foreach my $call (@calls) {
            my ($name, $r) = @$call;
            is($r->{status}, $status, "$whose\'s key, job $title: $name")
                or diag($r->{body});
            is($r->{json}{error_message}, 'Job not found', '... as if it were'
                . ' not there') if !$may;
        }
    }
}

is($jobs->document($id{Four})->{stopped_at}, undef,
    'what is not reached is not changed');

my @audit = map { "$_->{operation} $_->{id} $_->{user_name}" }
    grep { $_->{operation} =~ /^jobs/ } map { my %f = @{$_->[1]}; \%f }
    @{$redis->cmd('XRANGE', 'secops:{global:res}:audit', '-', '+')};
is_deeply([grep { / \Q$id{Three}\E / } @audit], [map {
    "jobs.$_ $id{Three} One" } qw(start train stop)],
    'what a key does is in the audit with its name');


# v2 is for scopes alone

is($api->call('POST', "jobs/$id{One}/start", undef, key => $one{key})
    ->{status}, 403, 'an input key has no way to /api/v2');


# as resources change

is_saved($api->save({ j => job('Two', pipeline_integrations => [
    { %{step('Two', 'input')}, enabled => JSON::PP::false },
    step('One more', 'input') ]) }), 'an input is disabled');
is_deeply(titles($two{key}), [], 'its key reaches the job no more');
is_refused_v1($jobs->get("jobs/$id{Two}", key => $two{key}), 404, 'Job not found',
    '... at once');
is_deeply(titles($one{key}), [qw(One Three Two)], '... another one does');

is_saved($api->save({ i => { type => 'integration', properties => {
    title => 'One more', integration_type => 'External REST API',
    parameters => { api_key => "{{api_keys(name='Two')}}" } } } }),
    'an integration gets another key');
is_deeply(titles($one{key}), ['One'], 'the key before reaches less');
is_deeply(titles($two{key}), [qw(Three Two)], '... and this one more');


# a key of nobody, of another domain, and one that has ended

my $value = $api->save({ k => api_key('Idle', scopes => []) })
    ->{json}{created}[0]{value};
is_deeply(titles($value), [], 'a key that no integration has');
is_refused_v1($jobs->get("jobs/$id{One}", key => $value), 404, 'Job not found',
    '... reaches no job');

my %other = $jobs->input('One', options => { domain => 'other' });
is_deeply(titles($other{key}), ['One'], 'a key of another domain');
is_refused_v1($jobs->get("jobs/$id{Two}", key => $other{key}), 404,
    'Job not found', '... is for the jobs of its own');

is_deeply([map { $_->{title} } @{$jobs->get('jobs')->{json}}],
    [qw(Four One Three Two)], 'who has a role reaches all');


# while others change resources: whoever reads in two steps begins again

my %seen;

foreach my $i (1 .. 40) {
    my @asked = map { my $c = $t->connect(); $c->send($c->format(@$_)); $c }
        ['POST', '/api/v2/resources', [ Connection => 'close', %{who()} ],
            { j => job('Three', description => "the $i. text") }],
        map { ['GET', "/api/v1/jobs$_", [ Connection => 'close',
            'X-Arcanna-Api-Key' => $two{key} ]] } '', '', "/$id{Three}";
    my ($saved, @lists) = map { $_->answer() } @asked;
    my $job = pop @lists;

    $seen{"saved $saved->{status}"}++;
    $seen{"job $job->{status}"}++;
    $seen{join ' ', 'list', $_->{status}, ref $_->{json} eq 'ARRAY'
        ? map { $_->{title} } @{$_->{json}} : ()}++ foreach @lists;
}

is_deeply(\%seen, { 'saved 200' => 40, 'job 200' => 40,
    'list 200 Three Two' => 80 }, 'lists are whole while resources change')
    or diag(explain(\%seen));


# the references are not known: resources that were stored by hand

$redis->cmd('DEL', 'secops:{global:res}:size', 'secops:{global:res}:refs');
is_deeply(titles($two{key}), [qw(Three Two)],
    'who refers to whom is found out anew');
ok($redis->cmd('EXISTS', 'secops:{global:res}:refs'), '... and kept');

$redis->cmd('DEL', 'secops:{global:res}:size', 'secops:{global:res}:refs');
is($jobs->get("jobs/$id{One}", key => $one{key})->{status}, 200,
    '... for one job, too');

$redis->cmd('HSET', 'secops:{global:res}:integration', $one{integration},
    'nonsense');
$redis->cmd('DEL', 'secops:{global:res}:size', 'secops:{global:res}:refs');
is_deeply(titles($one{key}), [], 'an integration that can not be read');
is_deeply(titles($two{key}), [qw(Three Two)], '... is of no harm to others');

$t->done();
