# What existing clients of the Resources API send, byte by byte: many nulls,
# empty lists, members that mean nothing here, Python's True and False, "+" for
# a space; and what they read: arrays always, flat integrations, nested jobs.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use JSON::PP;
use SecOps;
use SecOps::Records;
use SecOps::Resources;

my $t = SecOps->new();
my $redis = $t->redis();

$t->run(conf() =~ s/secops_auth header;/secops_auth header api_key;/r);

my $api = SecOps::Resources->new($t, $redis);

# they call with a key, and look at its scopes first

my ($key) = map { $_->{value} } @{$api->save({ k => api_key('Client', scopes =>
    [qw(read:resources write:resources delete:resources
        execute:job_operations)]) })->{json}{created}};
my $client = SecOps::Resources->new($t, $redis, key => $key);

is_deeply($client->call('GET', 'token/scopes')->{json}, [qw(read:resources
    write:resources delete:resources execute:job_operations)],
    'a client may do this');


# a set as it is dumped with all defaults of its model

my $set = <<'EOT';
{"resources": {
  "Api Key": {"type": "api_key", "depends_on": [], "properties":
    {"name": "Sender", "title": "Sender"}},
  "Exposer": {"type": "integration", "depends_on": [], "properties":
    {"title": "Exposer", "integration_type": "External REST API",
     "parameters": {"api_key": "{{api_keys(name='Sender')}}",
                    "data_type": "JSON alerts"}}},
  "Elastic": {"type": "integration", "depends_on": [], "properties":
    {"title": "Elastic", "integration_type": "Elasticsearch",
     "parameters": {"hosts": "192.0.2.1"}}},
  "Job": {"type": "job", "depends_on": [], "properties":
    {"title": "Triage (EU)", "description": null,
     "category": "Decision intelligence", "decision_points": ["a", "b.c"],
     "feedback_columns": null,
     "advanced_settings": {"custom_labels": [
        {"name": "One", "hex_color": null}, {"name": "Two", "hex_color": null},
        {"name": "Three", "hex_color": null}],
      "auto_retrain": null, "monitoring_settings": null},
     "pipeline_integrations": [
       {"resource": "Exposer", "integration_type": "input", "enabled": true,
        "parameters": {"max_batch_size": 100}, "auto_id": null,
        "storage_tag": null, "storage_tag_display_name": null},
       {"resource": "Elastic", "integration_type": "output", "enabled": true,
        "parameters": {}, "auto_id": "x", "storage_tag": null,
        "storage_tag_display_name": null}],
     "remove_missing_pipeline_integrations": false}}}}
EOT

my $r = $client->save($set, query => 'overwrite=False');
is_saved($r, 'a set with all its nulls');
is_deeply({ map { $_->{resource_name} => ref \($_->{internal_id}) }
    @{$r->{json}{created}} }, { map { $_ => 'SCALAR' } 'Api Key', 'Exposer',
    'Elastic', 'Job' }, '... is created');
is_nok($client->save($set, query => 'overwrite=False'), 409,
    'Resource already exists', '... once');
is_saved($client->save($set, query => 'overwrite=True'), '... or again');

my @jobs = map { { title => "Shape $_->[0]", %{$_->[1]} } }
    ['no settings', { advanced_settings => undef, description => undef }],
    ['no category\'s points', { category => 'Automation',
        decision_points => undef }],
    ['a name in small letters', { category => 'decision intelligence' }];

foreach my $properties (@jobs) {
    $r = $client->save({ resources => { $properties->{title} => { type => 'job',
        properties => { category => 'Decision intelligence',
            decision_points => ['a'], pipeline_integrations => [
                { resource => 'Exposer', integration_type => 'input' } ],
            %$properties } } } }, query => 'overwrite=False');
    is_saved($r, "one job alone: $properties->{title}");
}
is($api->job_called('Shape a name in small letters')->{category},
    'Decision intelligence', 'a category is known in any letter case');


# what they read

$r = $client->list('resource_type=integration');
is(ref $r->{json}, 'ARRAY', 'integrations are an array');
is_deeply([map { $_->{title} } @{$r->{json}}], ['Elastic', 'Exposer'],
    '... of flat objects');
is_deeply([grep { !$_->{id} || !$_->{subcategory_id} } @{$r->{json}}], [],
    '... with an id, and that of their type');
like($r->{body}, qr/"id":\d+,/, '... a number');

my %types = map { $_->{id} => $_->{name} } @{$client->call('GET',
    'resources/integration/metadata')->{json}{integration_types}};
is_deeply([map { $types{$_->{subcategory_id}} } @{$r->{json}}],
    ['Elasticsearch', 'External REST API'], '... which the metadata has');

$r = $client->list('resource_type=integration&title=Exposer');
is(scalar @{$r->{json}}, 1, 'one of them, by its title');

$r = $client->list('resource_type=job');
is(ref $r->{json}, 'ARRAY', 'jobs are an array');
is_deeply([grep { ref ne 'HASH' || grep { ref ne 'HASH' } values %$_ }
    @{$r->{json}}], [], '... of objects of objects');

$r = $client->list('resource_type=job&title=Triage+%28EU%29');
my ($job) = values %{$r->{json}[0]};
is($job->{type}, 'job', 'one of them, by a title with a space');
is($client->list("resource_type=job&id=$job->{properties}{id}")->{body},
    $r->{body}, '... or by its id, as text');
is($client->list("resource_type=$_&title=none")->{body}, '[]',
    "nothing is an empty array: $_") foreach qw(job integration api_key);


# start, stop, delete

foreach my $what (qw(start stop)) {
    $r = $client->call('POST', "jobs/$job->{properties}{id}/$what", '');
    is_deeply($r->{json}, { status => 'OK', reason => '', reason_details => '' },
        $what);
}

foreach my $case (['job', 'Triage+%28EU%29'], ['job', 'Shape+no+settings'],
    ['job', 'Shape+no+category%27s+points'],
    ['job', 'Shape+a+name+in+small+letters'], ['integration', 'Exposer'],
    ['integration', 'Elastic'], ['api_key', 'Sender'])
{
    my ($type, $title) = @$case;
    $r = $client->resources('DELETE', "resource_type=$type&title=$title", '',
        headers => { 'Content-Type' => 'application/json' });
    is($r->{status}, 200, "deleted: $title") or diag($r->{body});
    is(ref $r->{json}, 'ARRAY', '... answered by an array');
}
is_deeply([$api->titles()], ['api_key Client'], 'nothing is left');

$t->done();
