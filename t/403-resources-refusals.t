# Refusals of the Resources API: each names the resource and the place, all
# faults of a set are told at once, and nothing is changed: Redis is the same
# before and after, to the byte.

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

$t->run(conf(location => 'client_max_body_size 4m;')
    =~ s/secops_auth header;/secops_auth header api_key;/r);

my $api = SecOps::Resources->new($t, $redis);
my $true = JSON::PP::true;

is_saved($api->save({
    key => api_key('Key'), old => api_key('Old key'),
    in  => integration('Exposer', integration_type => 'External REST API',
        parameters => { api_key => "{{api_keys(name='Key')}}" }),
    out => integration('Elastic'),
    j   => job('Job', pipeline_integrations => [ step('in', 'input'),
        step('out', 'output') ]),
}), 'what there is');

my $before = $api->dump();
my $id = $api->one('integration', 'Elastic')->{id};
my $job_id = $api->job_called('Job')->{id};


# One refusal: what is sent, status, reason, and "pointer: what the message
# matches" for each fault.  A good resource is beside it, which must not be
# there afterwards.

sub refused {
    my ($name, $set, $status, $reason, @faults) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my %set = ref $set ? (%$set, good => integration('Good')) : ();
    my @errors = is_nok($api->save(ref $set ? \%set : $set), $status, $reason,
        $name);
    my $ok = is(scalar @errors, scalar @faults, '... so many faults');

    foreach my $i (0 .. $#faults) {
        my ($pointer, $message) = $faults[$i] =~ /^(.*?): (.*)\z/s;
        my ($error) = grep { $_->{pointer} eq $pointer } @errors;
        $ok = is($error ? $error->{pointer} : undef, $pointer,
            "... at $pointer") && $ok;
        $ok = like($error->{message}, qr/$message/i, '... saying so') && $ok;
        my ($resource) = $pointer =~ m{^/(x|j|a|b|x\d)(?:/|$)};
        $ok = is($error->{resource}, $resource, '... and whose it is') && $ok
            if defined $resource;
    }
    diag(explain \@errors) unless $ok;

    is_deeply($api->dump(), $before, '... and nothing is changed');
}

sub j { # a job with faults
    my ($pipeline, %more) = @_;
    return { j => job('New job', pipeline_integrations => $pipeline, %more) };
}


# not a set of resources

refused("no set: $_->[0]", $_->[1], 400, 'Invalid request', @$_[2 .. $#$_])
    foreach
    [ 'nothing', '' ], [ 'no JSON', '{"a":' ], [ 'an array', '[]', ': object' ],
    [ 'a text', '"x"', ': object' ], [ 'no resource', '{}', ': no resource' ],
    [ 'none under resources', '{"resources":{}}', '/resources: no resource' ],
    [ 'the same identifier twice', '{"a":{"type":"api_key","properties":'
        . '{"name":"x"}},"a":{"type":"api_key","properties":{"name":"y"}}}' ],
    [ 'a resource that is no object', '{"a":1}', '/a: object' ],
    [ 'without type', '{"a":{"properties":{"name":"x"}}}', '/a/type: required' ],
    [ 'without properties', '{"a":{"type":"job"}}', '/a/properties: required' ],
    [ 'overwrite that is neither', '{"resources":{"a":{"type":"api_key",'
        . '"properties":{"name":"x"}}},"overwrite":"perhaps"}',
      '/overwrite: true or false' ],
    [ 'something beside it', '{"resources":{"a":{"type":"api_key",'
        . '"properties":{"name":"x"}}},"b":1}', '/b: not known' ];

is_nok($api->save({ a => api_key('x') }, query => $_), 400, 'Invalid request',
    "a query that is none: $_") foreach 'overwrite=perhaps',
    'title=a&id=b', 'resource_type=sandwich', 'overwrite=1&overwrite=0';
is_deeply($api->dump(), $before, '... nothing is changed');


# one resource by itself

my $p = '/x/properties';

refused(@$_) foreach
    [ 'an unknown type', { x => { type => 'use_case', properties =>
        { title => 'x' } } }, 422, 'Invalid resources', '/x/type: must be' ],
    [ 'an unknown member', { x => { %{integration('x')}, colour => 'red' } },
      422, 'Invalid resources', '/x: no other members' ],
    [ 'an unknown property', { x => integration('x', colour => 'red') }, 422,
      'Invalid resources', "$p/colour: " ],
    [ 'no title', { x => { type => 'integration', properties =>
        { integration_type => 'Elasticsearch' } } }, 422, 'Invalid resources',
      "$p/title: required" ],
    [ 'an empty title', { x => integration('') }, 422, 'Invalid resources',
      "$p/title: required" ],
    [ 'a title that is a number', { x => integration(7) }, 422,
      'Invalid resources', "$p/title: string" ],
    [ 'a title that is too long', { x => integration('x' x 201) }, 422,
      'Invalid resources', "$p/title: 200" ],
    [ 'a title with a control character', { x => integration("a\x01b") }, 422,
      'Invalid resources', "$p/title: control" ],
    [ 'a title with a NUL', { x => integration("a\0b") }, 400,
      'Invalid request' ],
    [ 'no integration type', { x => { type => 'integration', properties =>
        { title => 'x' } } }, 422, 'Invalid resources',
      "$p/integration_type: required" ],
    [ 'an unknown integration type', { x => integration('x',
        integration_type => 'Elastic search') }, 422, 'Invalid resources',
      "$p/integration_type: " ],
    [ 'a type that belongs to jobs', { x => integration('x', integration_type =>
        'Clustering processor', parameters => {}) }, 422, 'Invalid resources',
      "$p/integration_type: " ],
    [ 'wrong parameters, all of them', { x => integration('x', parameters =>
        { port => 'x', schema => 'ftp', pasword => 'y' }) }, 422,
      'Invalid resources', "$p/parameters/hosts: required",
      "$p/parameters/port: integer", "$p/parameters/schema: one of",
      "$p/parameters/pasword: not allowed" ],
    [ 'parameters that are none', { x => integration('x',
        parameters => ['h']) }, 422, 'Invalid resources',
      "$p/parameters: object" ],
    [ 'the mask for a secret that never was', { x => integration('x',
        parameters => { hosts => 'h', user => 'u', password => '********' })
        }, 422,
      'Invalid resources', "$p/parameters/password: " ],
    [ 'another type for one that exists', { x => integration('Elastic',
        integration_type => 'OpenSearch') }, 422, 'Invalid resources',
      "$p/integration_type: " ],
    [ 'an id that is not there', { x => integration('Elastic 2',
        id => 999999) }, 404, 'Unknown reference', "$p/id: " ],
    [ 'a title that another one has', { x => integration('Exposer', id => $id,
        rename => JSON::PP::true,
        integration_type => 'Elasticsearch') }, 409, 'Resource already exists',
      "$p/title: called" ];


# a job by itself

my $step = [ step('Exposer', 'input') ];
$p = '/j/properties';

refused(@$_) foreach
    [ 'no category', { j => { type => 'job', properties => { title => 'N',
        decision_points => ['a'], pipeline_integrations => $step } } }, 422,
      'Invalid resources', "$p/category: required" ],
    [ 'an unknown category', j($step, category => 'Triage'), 422,
      'Invalid resources', "$p/category: " ],
    [ 'no decision points', j($step, decision_points => undef), 422,
      'Invalid resources', "$p/decision_points: required" ],
    [ 'decision points of an Automation', j($step, category => 'Automation'),
      422, 'Invalid resources', "$p/decision_points: " ],
    [ 'two labels', j($step, advanced_settings => { custom_labels =>
        [map { { name => $_ } } 1 .. 2] }), 422, 'Invalid resources',
      map { "$p/advanced_settings/custom_labels/$_/name: string" } 0, 1 ],
    [ 'two labels with names', j($step, advanced_settings => { custom_labels =>
        [map { { name => $_ } } qw(a b)] }), 422, 'Invalid resources',
      "$p/advanced_settings/custom_labels: three|3" ],
    [ 'two labels of one name', j($step, advanced_settings => { custom_labels =>
        [map { { name => $_ } } qw(a b c a)] }), 422, 'Invalid resources',
      "$p/advanced_settings/custom_labels/3/name: " ],
    [ 'a color that is none', j($step, advanced_settings => { custom_labels =>
        [map { { name => $_, hex_color => 'red' } } qw(a b c)] }), 422,
      'Invalid resources',
      map { "$p/advanced_settings/custom_labels/$_/hex_color: " } 0 .. 2 ],
    [ 'no pipeline', { j => job('New job') }, 422, 'Invalid resources',
      "$p/pipeline_integrations: input" ],
    [ 'no input', j([ step('Elastic', 'output') ]), 422, 'Invalid resources',
      "$p/pipeline_integrations: input" ],
    [ 'an unknown role', j([ @$step, step('Elastic', 'exit') ]), 422,
      'Invalid resources', "$p/pipeline_integrations/1/integration_type: " ],
    [ 'a role that the type has not', j([ @$step, step('Exposer', 'output') ]),
      422, 'Invalid resources', "$p/pipeline_integrations/1/integration_type: " ],
    [ 'parameters that the role has not', j([ step('Exposer', 'input',
        max_batch_size => 'x', foo => 1) ]), 422, 'Invalid resources',
      "$p/pipeline_integrations/0/parameters/max_batch_size: integer",
      "$p/pipeline_integrations/0/parameters/foo: not allowed" ],
    [ 'a step without a resource', j([ { integration_type => 'input' } ]), 422,
      'Invalid resources', "$p/pipeline_integrations/0/resource: " ],
    [ 'a storage tag with a space', j([ { %{step('Exposer', 'input')},
        storage_tag => 'a b' } ]), 422, 'Invalid resources',
      "$p/pipeline_integrations/0/storage_tag: " ],
    [ 'a storage tag of an output', j([ @$step, { %{step('Elastic', 'output')},
        storage_tag => 'a' } ]), 422, 'Invalid resources',
      "$p/pipeline_integrations/1/storage_tag: " ],
    [ 'another category for one that exists', { j => job('Job',
        category => 'Automated root cause analysis') }, 422,
      'Invalid resources', "$p/category: " ];


# references

refused(@$_) foreach
    [ 'an integration that is not there', j([ step('Nobody', 'input') ]), 404,
      'Unknown reference', "$p/pipeline_integrations/0/resource: Nobody" ],
    [ 'one in another request', j([ step('in', 'input') ]), 404,
      'Unknown reference', "$p/pipeline_integrations/0/resource: in" ],
    [ 'an id that is not there', j([ step(
        '{{integrations(internal_id=999)}}', 'input') ]), 404,
      'Unknown reference', "$p/pipeline_integrations/0/resource: 999" ],
    [ 'a job for an integration', j([ step("{{jobs(title='Job')}}",
        'input') ]), 422, 'Invalid resources',
      "$p/pipeline_integrations/0/resource: " ],
    [ 'a key for an integration', j([ step('key', 'input') ])
        && { key => api_key('K2'), %{j([ step('key', 'input') ])} }, 422,
      'Invalid resources', "$p/pipeline_integrations/0/resource: " ],
    [ 'a key that is not there', { x => integration('X', integration_type =>
        'External REST API', parameters => { api_key =>
        "{{api_keys(name='No such \\'key\\'')}}" }) }, 404,
      'Unknown reference', "/x/properties/parameters/api_key: No such" ],
    [ 'expressions that can not be read', { map { my $n = $_->[0];
        ("x$n" => integration("X$n", integration_type => 'External REST API',
            parameters => { api_key => $_->[1] })) }
        [ 1, "{{api_keys(name='a)}}" ], [ 2, "{{api_keys(name=)}}" ],
        [ 3, "{{api_keys('a')}}" ], [ 4, "{{api_key(name='a')}}" ],
        [ 5, "{{api_keys(name='a'}}" ], [ 6, "{{api_keys(title='a')" ] }, 422,
      'Invalid resources',
      map { "/x$_/properties/parameters/api_key: " } 1 .. 6 ],
    [ 'a circle', { a => { %{integration('A')}, depends_on => ['b'] },
        b => { %{integration('B')}, depends_on => ['c'] },
        c => { %{integration('C')}, depends_on => ['a'] } }, 422,
      'Invalid resources', '/a: "a" needs "b" needs "c" needs "a"' ],
    [ 'who depends on itself', { a => { %{integration('A')},
        depends_on => ['a'] } }, 422, 'Invalid resources',
      '/a: "a" needs "a"' ],
    [ 'who depends on nobody', { a => { %{integration('A')},
        depends_on => ['zz'] } }, 404, 'Unknown reference',
      '/a/depends_on: ' ],
    [ 'the same title twice', { a => integration('A'),
        b => integration('A') }, 422, 'Invalid resources', '/b/properties: title' ];


# several things at once, and which of them counts

my %faulty = (
    a => integration('A', integration_type => 'Nonsense'),
    b => job('B', category => 'Nonsense', pipeline_integrations =>
        [ step('Nobody', 'input') ]),
    'c/d' => integration('C', parameters => { hosts => 'h', port => 'x' }),
    f => integration('Elastic'),
);
my @errors = is_nok($api->save(\%faulty, query => 'overwrite=false'), 422,
    'Invalid resources', 'many faults');
is_deeply([sort map { $_->{resource} } @errors],
    [qw(a b b c/d f)], '... all are told at once')
    or diag(explain \@errors);
is_deeply($api->dump(), $before, '... and nothing is changed');

# what is wrong with a set by itself is told before anybody looks what is stored

my $calls = $redis->calls('evalsha');
@errors = is_nok($api->save({ %faulty,
    e => api_key('E', scopes => ['read:everything']),
    g => { type => 'integration', properties => { titel => 'G' } } }), 422,
    'Invalid resources', 'R.13: faults of shape');
is_deeply([sort map { $_->{resource} } @errors], [qw(e g g)],
    'R.13: ... all of these are told at once') or diag(explain \@errors);
is($redis->calls('evalsha'), $calls, 'R.13: ... and Redis is not asked');

@errors = is_nok($api->save({ map { ("n$_" => integration("N$_",
    parameters => { nonsense => 1 })) } 1 .. 200 }), 422, 'Invalid resources',
    'very many');
is(scalar @errors, 100, '... the first 100 of them');
is_deeply($api->dump(), $before, '... and nothing is changed');


# what can not be sent at all

foreach my $type ('text/plain', 'application/x-ndjson') {
    my $r = $api->call('POST', 'resources', '{"a":1}', headers =>
        { 'Content-Type' => $type });
    is_deeply([ $r->{status}, $r->{json}{error}{detail} ], [ 415,
        'Content-Type must be application/json' ], "the media type $type");
}
is($api->save('{"a":"' . 'x' x (5 * 1024 * 1024) . '"}')->{status}, 413,
    'a body that is too large');
is($api->save({ a => api_key('x') }, roles => 'sn_sec_cmn.api_read')->{status},
    403, 'a caller that may read only');
is($api->save({ a => api_key('x') }, headers => { 'X-SecOps-User' => undef,
    'X-SecOps-Roles' => undef })->{status}, 401, 'nobody');
is($api->save('{"a":' x 40 . '1' . '}' x 40)->{status}, 400, 'too deep');
is_deeply($api->dump(), $before, '... nothing is changed');


# GET and DELETE

is_nok($api->list($_), 400, 'Invalid request', "a list of $_") foreach
    'resource_type=x', 'title=a&id=1', 'title=a&title=b';
is_nok($api->remove($_), 400, 'Invalid request', "deleting $_") foreach
    '', 'resource_type=job', 'title=&id=', 'title=a&id=1', 'resource_type=x&id=1',
    'name=Elastic';
is_nok($api->remove($_), 404, 'No resource found', "deleting $_") foreach
    'title=nobody', 'id=1', 'id=999999', 'title=Elastic&resource_type=job',
    "id=$id&resource_type=job", 'title=elastic';
is_deeply($api->dump(), $before, '... nothing is changed');

is_deeply(faults(is_nok($api->remove('title=Elastic'), 409,
    'Resource is in use', 'an integration that a job has')),
    ['title: is in use by the job "Job"'], '... which is told');
is_deeply(faults(is_nok($api->remove('title=Key'), 409, 'Resource is in use',
    'a key that an integration has')),
    ['title: is in use by the integration "Exposer"'], '... which is told');
is_deeply(faults(is_nok($api->remove("id=$id"), 409, 'Resource is in use',
    'by its id')), ['id: is in use by the job "Job"'], '... too');
is_deeply($api->dump(), $before, '... nothing is changed');


# in the end

is($api->remove('title=Job')->{json}[0]{internal_id}, $job_id,
    'a job that nobody refers to is deleted');
is($api->remove($_)->{status}, 200, "then $_") foreach 'title=Exposer',
    'title=Elastic', 'title=Key', 'title=Old+key';
is($api->list('')->{body}, '[]', '... and all is gone');
is_deeply([keys_like($redis, 'secops:{key:*')], [], '... digests too');

$t->done();
