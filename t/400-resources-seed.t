# What the description of the Resources API says, sentence by sentence: each
# test is named after its sentence, and asserts what it means to a client.
# Sentences that only tell people what to do (ask before you overwrite, keep
# the value) are tested for what the server must do so that they can.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use JSON::PP;
use SecOps;
use SecOps::Catalog;
use SecOps::Records;
use SecOps::Resources;

my $t = SecOps->new(workers => 2);
my $redis = $t->redis();

$t->run(conf() =~ s/secops_auth header;/secops_auth header api_key;/r);

my $api = SecOps::Resources->new($t, $redis);
my %shipped = map { $_->{title} => $_ } types();
my $exposer = '{{api_keys(name=\'Key\')}}';

sub sentence {
    my ($text, $code) = @_;
    subtest $text => sub { $redis->cmd('FLUSHALL'); $code->() };
}

sub schema { # of discovery
    my (%query) = @_;
    my $query = SecOps::Resources::query(\%query);
    my $r = $api->call('GET', 'resources/integration/parameters/schema'
        . ($query ne '' ? "?$query" : ''));
    is($r->{status}, 200, "the schema for: $query") or diag($r->{body});
    return $r->{json};
}

sub base { # an input and an output, for jobs
    return (
        key => api_key('Key'),
        in  => integration('Exposer', integration_type => 'External REST API',
            parameters => { api_key => $exposer }),
        out => integration('Elastic'),
    );
}

sub pipeline { return [ step('in', 'input'), step('out', 'output') ] }

sub roles { # of a job's pipeline
    my ($job) = @_;
    return [map { $_->{integration_type} } @{$job->{pipeline_integrations}}];
}


# --- POST /api/v2/resources -------------------------------------------------

sentence 'Execute a request that creates or updates a set of resources.' =>
sub {
    my $r = $api->save({ a => api_key('A'), b => integration('B') });
    is_saved($r, 'a set is sent');
    is_deeply(created($r), ['api_key A', 'integration B'], 'both are created');
    $r = $api->save({ a => api_key('A'), c => integration('C') });
    is_deeply([created($r), updated($r)], [['integration C'], ['api_key A']],
        'another set creates and updates');
};

sentence 'Resources are given as a JSON document in which on the top level the'
    . ' keys are the identifiers of the resources and the values are the'
    . ' resource definitions.' =>
sub {
    my $r = $api->save('{"one":{"properties":{"name":"A"},"type":"api_key"},'
        . '"two":{"type":"api_key","properties":{"name":"B"}}}');
    is_saved($r, 'such a document is taken');
    is_deeply({ map { $_->{resource_name} => $_->{title} }
        @{$r->{json}{created}} }, { one => 'A', two => 'B' },
        '... and answered by its identifiers');
    is_nok($api->save('[{"type":"api_key","properties":{"name":"A"}}]'), 400,
        'Invalid request', 'an array is none');
};

sentence "If the resources don't exist they will be created." => sub {
    my $r = $api->save({ base(), j => job('J',
        pipeline_integrations => pipeline()) });
    is_saved($r, 'resources that do not exist');
    is_deeply(created($r), ['api_key Key', 'integration Elastic',
        'integration Exposer', 'job J'], 'are created');
    is_deeply($r->{json}{updated}, [], '... none is updated');
    is_deeply([sort $api->titles()], created($r), '... and are there');
};

sentence 'If they exists they will be overwritten.' => sub {
    is_saved($api->save({ a => integration('A') }), 'one that');
    my $before = $api->one('integration', 'A');
    my $r = $api->save({ x => integration('A', parameters =>
        { hosts => 'other.example.com', port => 9201 }) });
    is_saved($r, 'exists');
    is_deeply([created($r), updated($r)], [[], ['integration A']],
        'is updated');
    my $after = $api->one('integration', 'A');
    is($after->{id}, $before->{id}, '... it is the same');
    is_deeply([@{$after->{parameters}}{qw(hosts port)}],
        ['other.example.com', 9201], '... overwritten');
};

sentence 'If the overwrite parameter is set to false an exception will be'
    . ' raised and no change will be made to the given set of resources.' =>
sub {
    is_saved($api->save({ a => integration('A'), base() }), 'some exist');
    my $before = $api->dump();

    foreach my $false (qw(false False FALSE 0)) {
        my @errors = is_nok($api->save({ n => integration('New'),
            a => integration('A', parameters => { hosts => 'x' }),
            k => api_key('Key') }, query => "overwrite=$false"), 409,
            'Resource already exists', "overwrite=$false is refused");
        is_deeply([sort map { $_->{resource} } @errors], ['a', 'k'],
            '... for each that exists');
        is_deeply($api->dump(), $before, '... and nothing is changed');
    }
    is_saved($api->save({ n => integration('New') },
        query => 'overwrite=False'), 'what does not exist is created');
};

sentence "Available resource types that can be created or updated are: "
    . "- 'api_key', 'integration', 'job'." =>
sub {
    is_saved($api->save({ base(), j => job('J', pipeline_integrations =>
        pipeline()) }), 'all three') for 1 .. 2;
    foreach my $type ('Job', 'apikey', 'use_case', '', 'integrations') {
        my @errors = is_nok($api->save({ x => { type => $type,
            properties => { title => 'x', name => 'x' } } }), 422,
            'Invalid resources', "but not \"$type\"");
        is_deeply(faults(@errors), ['/x/type: must be "api_key",'
            . ' "integration" or "job"'], '... which the answer tells');
    }
};

sentence 'Request is handled in a generic way as parameters for each type of'
    . ' available resource can differ.' =>
sub {
    my $r = $api->save({ a => api_key('A'), b => integration('B'),
        c => integration('C', integration_type => 'Splunk',
            parameters => { host => 'splunk.example.com', token => 't' }) });
    is_saved($r, 'one request for different ones');
};

sentence 'The end goal is to be able to create or update a job (alias for use'
    . ' case).' =>
sub {
    my $r = $api->save({ base(), j => job('J', pipeline_integrations =>
        pipeline()) });
    is_saved($r, 'a job is created with all that it needs');
    my ($job) = grep { $_->{type} eq 'job' } @{$r->{json}{created}};
    is($job->{url}, "http://localhost/use-cases/overview/$job->{internal_id}",
        '... and shown as a use case');
    is_deeply(updated($api->save({ j => job('J', description => 'new') })),
        ['job J'], '... and updated');
};

sentence 'When updating the job, always call get_resources() by title to make'
    . ' sure you are not overwriting by mistake parameters that are already'
    . ' found in the job.' =>
sub {
    is_saved($api->save({ base(), j => job('My job (1)', description => 'd',
        pipeline_integrations => pipeline()) }), 'a job');
    my $r = $api->list({ title => 'My job (1)' });
    is_deeply([map { keys %$_ } @{$r->{json}}], ['My job (1)'],
        'is found by its title');
    my $job = $r->{json}[0]{'My job (1)'};
    is($job->{type}, 'job', '... as a resource');
    is_deeply([map { exists $job->{properties}{$_} ? $_ : () }
        qw(title description category decision_points advanced_settings
           pipeline_integrations)],
        [qw(title description category decision_points advanced_settings
           pipeline_integrations)], '... with all its parameters');
    my $before = $api->dump();
    is_saved($api->save($r->{json}[0]), 'which can be sent back');
    is_deeply($api->dump(), $before, '... and change nothing');
};

sentence "Parameters present in the job shouldn't be changed if the user"
    . " doesn't explicity requests for it." =>
sub {
    is_saved($api->save({ base(), j => job('J', description => 'first',
        decision_points => ['a', 'b.c'], feedback_columns => ['f'],
        advanced_settings => { custom_labels => [
            map { { name => $_, hex_color => '#00000' . length } }
                qw(x yy zzz) ],
            auto_retrain => { enabled => JSON::PP::true, cron => '0 3 * * *' } },
        pipeline_integrations => pipeline()) }), 'a job');
    my $before = $api->job_called('J');

    is_saved($api->save({ j => { type => 'job', properties =>
        { title => 'J', description => 'second' } } }), 'one is changed');
    my $after = $api->job_called('J');
    is($after->{description}, 'second', '... that one is changed');

    delete @{$_}{qw(description updated_on updated_by)}
        foreach $before, $after;
    is_deeply($after, $before, '... and no other');

    is_saved($api->save({ j => { type => 'job', properties => { title => 'J',
        description => undef, category => undef, decision_points => undef,
        feedback_columns => undef, advanced_settings => undef,
        pipeline_integrations => undef,
        remove_missing_pipeline_integrations => JSON::PP::false } } }),
        'null is no request for a change');
    $after = $api->job_called('J');
    is(delete $after->{description}, 'second', '... of a text');
    delete @{$after}{qw(updated_on updated_by)};
    is_deeply($after, $before, '... of anything');
};

sentence 'When attempting to update an existing job always confirm with the'
    . ' user before calling upsert_resources().' =>
sub {
    is_saved($api->save({ base(), j => job('J',
        pipeline_integrations => pipeline()) }), 'a job');
    is_nok($api->save({ resources => { j => job('J', description => 'x') } },
        query => 'overwrite=False'), 409, 'Resource already exists',
        'a client that has not asked yet is told that it is there');
    is($api->job_called('J')->{description} // '', '', '... and changes nothing');
};

sentence 'job.properties.pipeline_integrations.parameters can be discovered by'
    . ' calling integration_parameters_schema() based on integration_type.' =>
sub {
    my $schema = schema(integration_type => 'External REST API',
        role => 'input');
    ok($schema->{properties}{'External REST API'}{properties}
        {exposed_rest_api_job_tag}, 'what the schema of a role has');
    ok($schema->{properties}{'External REST API'}{properties}{max_batch_size},
        '... all of it');
    is_saved($api->save({ base(), j => job('J', pipeline_integrations =>
        [ step('in', 'input', exposed_rest_api_job_tag => 'tag',
            max_batch_size => 7) ]) }), 'may be sent');
    is($api->job_called('J')->{pipeline_integrations}[0]{parameters}
        {max_batch_size}, 7, '... and is kept');
    my @errors = is_nok($api->save({ base(), j => job('K',
        pipeline_integrations => [ step('in', 'input', max_batch_size => 'x',
            nonsense => 1) ]) }), 422, 'Invalid resources', 'what it has not');
    is_deeply([map { $_->{pointer} } @errors],
        [map { "/j/properties/pipeline_integrations/0/parameters$_" }
            '/max_batch_size', '/nonsense'], 'may not')
        or diag(explain \@errors);
};

sentence 'They are dynamic for each integration, and they change by the role'
    . ' they have in the pipeline.' =>
sub {
    my ($input, $output) = map { schema(integration_type => 'Elasticsearch',
        role => $_)->{properties}{Elasticsearch}{properties} }
        qw(input output);
    isnt(join(' ', sort keys %$input), join(' ', sort keys %$output),
        'the same integration has others as input than as output');
    my $index = step('out', 'output', query => 'x');
    is_nok($api->save({ base(), j => job('J', pipeline_integrations =>
        [ step('in', 'input'), step('out', 'output', max_batch_size => 5,
            exposed_rest_api_job_tag => 'x') ]) }), 422, 'Invalid resources',
        'those of another integration are refused');
};

sentence "Role of an integration in the job's pipeline_integrations is"
    . ' specified by the parameter'
    . ' job.properties.pipeline_integrations.integration_type.' =>
sub {
    is_saved($api->save({ base(), j => job('J', pipeline_integrations =>
        pipeline()) }), 'with both roles');
    is_deeply([sort @{roles($api->job_called('J'))}],
        [qw(input output processor)], 'the job has both');
    my @errors = is_nok($api->save({ base(), j => job('K',
        pipeline_integrations => [ step('in', 'input'),
            step('in', 'output') ]) }), 422, 'Invalid resources',
        'a role that the type does not support');
    is_deeply([map { $_->{pointer} } @errors],
        ['/j/properties/pipeline_integrations/1/integration_type'],
        '... is told where it stands') or diag(explain \@errors);
};


# --- The api key resource ---------------------------------------------------

sentence '<api_key_identifier> is used for referencing the resource in the'
    . ' request. It is not saved on arcanna in any way.' =>
sub {
    is_saved($api->save({ 'odd identifier 4711' => api_key('A') }), 'a key');
    unlike(encode_json($api->dump()), qr/odd identifier/,
        'its identifier is nowhere in Redis');
    unlike($api->list('')->{body}, qr/odd identifier/, '... or in a list');
};

sentence '<api_key_name> represents the name which will be used to save the api'
    . ' key in arcanna.' =>
sub {
    is_saved($api->save({ x => api_key('Its name') }), 'a key');
    my $key = $api->one('api_key', 'Its name');
    is_deeply([@$key{qw(name title)}], ['Its name', 'Its name'],
        'is found by its name');
};

sentence "The definition of this type of resource is fixed, it doesn't use any"
    . ' dynamic parameters as other type of resources.' =>
sub {
    is_nok($api->save({ x => api_key('A', parameters => { a => 1 }) }), 422,
        'Invalid resources', 'it has no parameters');
};

sentence "Internally an api key can be used for an integration of type"
    . " 'External REST API'." =>
sub {
    my $r = $api->save({ base() });
    is_saved($r, 'a key is referred to');
    my ($key) = grep { $_->{type} eq 'api_key' } @{$r->{json}{created}};
    like($api->one('integration', 'Exposer')->{parameters}{api_key},
        qr/\Q$key->{internal_id}\E/, '... and that is kept, by its id');
    is_nok($api->save({ in => integration('Other', integration_type =>
        'External REST API', parameters => { api_key =>
            "{{api_keys(name='No such key')}}" }) }), 404, 'Unknown reference',
        'a key that is not there can not be used');
};

sentence 'This type of integration ca be used to send events to arcanna for'
    . ' ingestion.' =>
sub {
    my $r = $api->call('GET',
        'resources/integration/metadata?type=External+REST+API');
    is_deeply([grep { $_ eq 'input' } @{$r->{json}{roles}}], ['input'],
        'it can be an input') or diag($r->{body});
    is_saved($api->save({ base(), j => job('J', pipeline_integrations =>
        [ step('in', 'input') ]) }), '... of a job');
};

sentence "When sending events via an integration of type 'External REST API'"
    . ' the value of the api key must be used, not the name.' =>
sub {
    my $r = $api->save({ k => api_key('Name', scopes => ['read:resources']) });
    is($api->list('', key => $r->{json}{created}[0]{value})->{status}, 200,
        'the value is a key');
    is($api->list('', key => $_)->{status}, 401, "... but not \"$_\"")
        foreach 'Name', $r->{json}{created}[0]{internal_id};
};

sentence 'Take notice that the value is returned in the response only when'
    . ' creating the api key.' =>
sub {
    my $r = $api->save({ k => api_key('A') });
    like($r->{json}{created}[0]{value}, qr/\A[\w-]{86}\z/,
        'it is in the answer to the request that creates it');
    unlike($api->list($_)->{body}, qr/"value"|$r->{json}{created}[0]{value}/,
        "... and in no list: $_") foreach '', 'title=A', 'resource_type=api_key',
        "id=$r->{json}{created}[0]{internal_id}";
};

sentence "If the api key with the same title exists it won't return is value"
    . ' again.' =>
sub {
    my $r = $api->save({ k => api_key('A') });
    my $again = $api->save({ k => api_key('A') });
    is_deeply($again->{json}{updated}, [{ map { $_ =>
        $r->{json}{created}[0]{$_} } qw(type resource_name title internal_id
        url) }], 'it is updated, without a value');
};

sentence 'So the value should be presented to the user or saved locally for'
    . ' later use.' =>
sub {
    my $r = $api->save({ k => api_key('A', scopes => ['read:resources']) });
    is_saved($api->save({ k => api_key('A') }), 'sent again');
    is($api->list('', key => $r->{json}{created}[0]{value})->{status}, 200,
        'the value that was kept is good for later');
};


# --- The integration resource -----------------------------------------------

sentence '<integration_identifier>: is used for referencing the resource in the'
    . ' request. It is not saved in arcanna.' =>
sub {
    is_saved($api->save({ base(), 'odd identifier 4711' => integration('E2'),
        j => job('J', pipeline_integrations => [ step('in', 'input'),
            step('odd identifier 4711', 'output') ]) }), 'it is referred to');
    unlike(encode_json($api->dump()), qr/odd identifier/,
        'it is nowhere in Redis');
    unlike($api->list($_)->{body}, qr/odd identifier/, "... or in a list: $_")
        foreach '', 'title=J';
};

sentence '<integration_title>: represents the title of the integration, which'
    . ' will be saved in arcanna.' =>
sub {
    is_saved($api->save({ x => integration('Its title') }), 'an integration');
    is($api->one('integration', 'Its title')->{title}, 'Its title',
        'has its title');
};

sentence '<integration_type>: Available values for integration types and their'
    . ' available parameters can be retrieved by calling'
    . ' integration_parameters_schema(). Response is returned as a JSON'
    . ' schema.' =>
sub {
    my $schema = schema();
    is($schema->{type}, 'object', 'it is a schema');
    cmp_ok(scalar keys %{$schema->{properties}}, '>=', 17, '... of all types');
    my @without = grep { ref $schema->{properties}{$_}{properties} ne 'HASH' }
        keys %{$schema->{properties}};
    is_deeply(\@without, [], '... each with its parameters');
};

sentence "'integration_type' can be any of the keys from"
    . ' integration_parameters_schema() response on the properties path.' =>
sub {
    my $schema = schema();
    foreach my $type (sort keys %{$schema->{properties}}) {
        my $r = $api->save({ k => api_key('Key'), x => integration("a $type",
            integration_type => $type,
            parameters => { nonsense => 1 }) });
        unlike(join(' ', map { $_->{pointer} } @{$r->{json}{request}{errors}
            // []}), qr/integration_type/, "$type is known");
    }
    my @errors = is_nok($api->save({ x => integration('x',
        integration_type => 'No such type') }), 422, 'Invalid resources',
        'another is not');
    is_deeply([map { $_->{pointer} } @errors],
        ['/x/properties/integration_type'], '... which is told');
};

sentence "Examples can be: 'Elasticsearch', 'External REST API', 'QRadar',"
    . " 'VirusTotal', etc." =>
sub {
    my $r = $api->save({
        k => api_key('Key'),
        a => integration('Elastic'),
        b => integration('Exposer', integration_type => 'External REST API',
            parameters => { api_key => $exposer }),
        c => integration('QRadar', integration_type => 'QRadar',
            parameters => { host => 'q.example.com', sec_token => 's' x 36 }),
        d => integration('VT', integration_type => 'VirusTotal',
            parameters => { api_key => 'a' x 64 }),
    });
    is_saved($r, 'one of each');
    is(scalar @{$r->{json}{created}}, 5, '... is created');
};

sentence "'parameters': <param_key_1>, <param_value_1> keys and values are"
    . ' dynamic for each type of integration.' =>
sub {
    is_nok($api->save({ x => integration('x', integration_type => 'QRadar',
        parameters => { hosts => 'q.example.com' }) }), 422,
        'Invalid resources', 'those of Elasticsearch are none of QRadar');
};

sentence 'They are described in the response from'
    . ' integration_parameters_schema() on the path'
    . ' properties.<integration_type>.properties.' =>
sub {
    my $properties = schema(integration_type => 'Elasticsearch')
        ->{properties}{Elasticsearch}{properties};
    is_deeply([grep { !$properties->{$_} } qw(hosts port schema user password)],
        [], 'those of the example are there');
};

sentence 'Being returned as a JSON schema the data type, description, mandatory'
    . ' requirement or available valid values for each parameter can be deduced'
    . " by analysing fields such as: 'type', 'required' and 'enum' in the"
    . ' response.' =>
sub {
    my $all = schema()->{properties};
    my @without = map { my $type = $_; map { "$type $_" } grep {
        my $p = $all->{$type}{properties}{$_};
        !$p->{type} || !$p->{description} } keys %{$all->{$type}{properties}}
        } sort keys %$all;
    is_deeply(\@without, [], 'each parameter has type and description');
    is_deeply($all->{Elasticsearch}{required}, ['hosts'],
        '... is mandatory or not');
    is_deeply([sort @{$all->{Elasticsearch}{properties}{schema}{enum}}],
        [qw(http https)], '... or one of several values');
    my @errors = is_nok($api->save({ x => integration('x', parameters =>
        { port => 'x', schema => 'ftp' }) }), 422, 'Invalid resources',
        'and that is what is checked');
    is_deeply([sort map { $_->{pointer} } @errors],
        [map { "/x/properties/parameters/$_" } qw(hosts port schema)],
        '... all of it') or diag(explain \@errors);
};

sentence 'Defining an integration helps defining an external entity to arcanna'
    . ' with the connection details.' =>
sub {
    is_saved($api->save({ x => integration('x', parameters => { hosts => 'h',
        port => 9200, user => 'u', password => 'secret word' }) }), 'one');
    my $r = $api->list('title=x');
    is_deeply([@{$r->{json}[0]{parameters}}{qw(hosts port user)}],
        ['h', 9200, 'u'], 'has its connection details');
    is($r->{json}[0]{parameters}{password}, '********', '... but no secret');
};


# --- The job resource -------------------------------------------------------

sentence '<job_identifier>: is used for referencing the resource in the'
    . ' request. It is not saved in arcanna in any way.' =>
sub {
    my $r = $api->save({ base(), 'odd identifier 4711' => job('J',
        pipeline_integrations => pipeline()) });
    is_saved($r, 'a job');
    unlike(encode_json($api->dump()), qr/odd identifier/,
        'its identifier is nowhere in Redis');
};

sentence '<job_title>: represents the title of the job, which will be saved in'
    . ' arcanna.' =>
sub {
    is_saved($api->save({ base(), j => job('Its title',
        pipeline_integrations => pipeline()) }), 'a job');
    is($api->job_called('Its title')->{title}, 'Its title', 'has its title');
};

sentence "<job_description>: description of the job, to be saved in arcanna."
    . " it's used just for informative purposes." =>
sub {
    my $text = "any text, \"quoted\"\nand in two lines";
    is_saved($api->save({ base(), j => job('J', description => $text,
        pipeline_integrations => pipeline()) }), 'a job');
    is($api->job_called('J')->{description}, $text, 'has its description');
    is_saved($api->save({ base(), j => job('K',
        pipeline_integrations => pipeline()) }), 'it may have none');
};

sentence "<job_category>: Arcanna suports the following types of jobs:"
    . " 'Decision intelligence', 'Event centric decision intelligence' and"
    . " 'Automated root cause analysis'." =>
sub {
    foreach my $category ('Decision intelligence', 'Event centric decision'
        . ' intelligence', 'Automated root cause analysis')
    {
        is_saved($api->save({ base(), j => job("a $category",
            category => $category, pipeline_integrations => pipeline()) }),
            $category);
        is($api->job_called("a $category")->{category}, $category,
            '... is its category');
    }
    my @errors = is_nok($api->save({ base(), j => job('x', category => 'Triage',
        pipeline_integrations => pipeline()) }), 422, 'Invalid resources',
        'another one is none');
    is_deeply([map { $_->{pointer} } @errors], ['/j/properties/category'],
        '... which is told');
};

sentence "'Decision intelligence' does alert triage by tagging alerts with"
    . ' different labels.' =>
sub {
    is_saved($api->save({ base(), j => job('J', pipeline_integrations =>
        pipeline()) }), 'a job of this category');
    cmp_ok(scalar @{$api->job_called('J')->{advanced_settings}{custom_labels}},
        '>=', 3, 'has labels');
};

sentence 'For ease of use this type of jobs groups alerts by the selected'
    . ' decision points set.' =>
sub {
    my @errors = is_nok($api->save({ base(), j => job('J',
        decision_points => [], pipeline_integrations => pipeline()) }), 422,
        'Invalid resources', 'without decision points there is none');
    is_deeply([map { $_->{pointer} } @errors],
        ['/j/properties/decision_points'], '... which is told')
        or diag(explain \@errors);
};

sentence "By selecting one of the available job categories the"
    . " 'pipeline_integrations' will have automatically added an integration"
    . " with role 'processor'." =>
sub {
    foreach my $category ('Decision intelligence',
        'Event centric decision intelligence')
    {
        is_saved($api->save({ base(), j => job("a $category",
            category => $category, pipeline_integrations => pipeline()) }),
            $category);
        is_deeply([sort @{roles($api->job_called("a $category"))}],
            [qw(input output processor)], '... has one processor');
    }
};

sentence "In the case of 'Automated root cause analysis jobs' the job will have"
    . " two 'processor' integrations added: one will be doing clustering and"
    . ' one root cause - sympthom classification inside the cluster.' =>
sub {
    is_saved($api->save({ base(), j => job('J', category =>
        'Automated root cause analysis', pipeline_integrations =>
        pipeline()) }), 'such a job');
    my $job = $api->job_called('J');
    is_deeply([sort @{roles($job)}], [qw(input output processor processor)],
        'has two');
    my @names = map { encode_json($_) } grep
        { $_->{integration_type} eq 'processor' }
        @{$job->{pipeline_integrations}};
    like($names[0], qr/clustering/i, '... one for clustering');
    like($names[1], qr/root cause/i, '... and one for the root cause');
    is_saved($api->save({ J => { type => 'job', properties => $job } }),
        'sent back');
    is_deeply(roles($api->job_called('J')), roles($job),
        '... it has no more of them');
};

sentence '<decision_point_name1>: represents the path of input fields which are'
    . ' used by arcanna in the alert triage procesess. Nested fields used dot'
    . ' notation. E.g.: source.ip, source.domain.' =>
sub {
    is_saved($api->save({ base(), j => job('J', decision_points =>
        ['source.ip', 'source.domain'], pipeline_integrations =>
        pipeline()) }), 'a job');
    is_deeply($api->job_called('J')->{decision_points},
        ['source.ip', 'source.domain'], 'has its decision points');
};

sentence "'label_name is the user friendly displayed name. Internally arcanna"
    . " will use labels ids with the format 'label_n' where n is gradually"
    . ' incremented from 0 to n number of labels.' =>
sub {
    is_saved($api->save({ base(), j => job('J', advanced_settings =>
        { custom_labels => [map { { name => $_, hex_color => '#a83232' } }
            qw(One Two Three Four)] },
        pipeline_integrations => pipeline()) }), 'four labels');
    is_deeply([map { "$_->{id} $_->{name}" } @{$api->job_called('J')
        ->{advanced_settings}{custom_labels}}],
        ['label_0 One', 'label_1 Two', 'label_2 Three', 'label_3 Four'],
        'have ids from label_0 to label_3');
};

sentence "'hex_color' is the hex color code used by the label to display this"
    . " category in Arcanna's UI." =>
sub {
    my @labels = map { { name => $_, hex_color => '#A8323' . length } }
        qw(a bb ccc);
    is_saved($api->save({ base(), j => job('J', advanced_settings =>
        { custom_labels => \@labels }, pipeline_integrations =>
        pipeline()) }), 'labels with colors');
    is_deeply([map { lc $_->{hex_color} } @{$api->job_called('J')
        ->{advanced_settings}{custom_labels}}],
        [map { lc $_->{hex_color} } @labels], 'keep them');
    $labels[1]{hex_color} = 'red';
    is_nok($api->save({ base(), j => job('K', advanced_settings =>
        { custom_labels => \@labels }, pipeline_integrations =>
        pipeline()) }), 422, 'Invalid resources', 'a name is no such code');
};

sentence 'A job has a mandatory number of 3 labels.' => sub {
    foreach my $n (1, 2) {
        my @errors = is_nok($api->save({ base(), j => job('J',
            advanced_settings => { custom_labels => [map { { name => "l$_",
                hex_color => '#a83232' } } 1 .. $n] },
            pipeline_integrations => pipeline()) }), 422, 'Invalid resources',
            "$n are too few");
        is_deeply([map { $_->{pointer} } @errors],
            ['/j/properties/advanced_settings/custom_labels'],
            '... which is told') or diag(explain \@errors);
    }
    is_saved($api->save({ base(), j => job("J$_", advanced_settings =>
        { custom_labels => [map { { name => "l$_", hex_color => '#a83232' } }
            1 .. $_] }, pipeline_integrations => pipeline()) }), "$_ are not")
        foreach 3, 5;
};

sentence "If no labels are given the job will be created with default labels"
    . " for the given 'job_category'. For 'Decision intelligence' jobs the"
    . " default labels will be: 'Escalate', 'Drop', 'Investigate'." =>
sub {
    my @none = ({}, { advanced_settings => undef },
        { advanced_settings => {} },
        { advanced_settings => { custom_labels => undef } },
        { advanced_settings => { custom_labels => [] } });
    foreach my $i (0 .. $#none) {
        is_saved($api->save({ base(), j => job("J$i", %{$none[$i]},
            pipeline_integrations => pipeline()) }), 'without labels '
            . encode_json($none[$i]));
        is_deeply([map { "$_->{id} $_->{name}" } @{$api->job_called("J$i")
            ->{advanced_settings}{custom_labels}}],
            ['label_0 Escalate', 'label_1 Drop', 'label_2 Investigate'],
            '... there are these');
    }
    is_saved($api->save({ base(), j => job('R', category =>
        'Automated root cause analysis', pipeline_integrations =>
        pipeline()) }), 'of another category');
    cmp_ok(scalar @{$api->job_called('R')->{advanced_settings}{custom_labels}},
        '>=', 3, '... there are others');
};

sentence "<resource_identifier> - A job is build from multiple integrations"
    . " with different roles: 'input', 'processor', 'output', etc." =>
sub {
    is_saved($api->save({ base(), s => integration('Slack', integration_type =>
        'Slack', parameters => { bot_token => 'xoxb-1-a' }),
        v => integration('VT', integration_type => 'VirusTotal',
            parameters => { api_key => 'a' x 64 }),
        j => job('J', pipeline_integrations => [ step('in', 'input'),
            step('v', 'enrichment', %{minimal($shipped{VirusTotal}
                {roles}{enrichment})}),
            step('s', 'post_decision', channel => '#soc'),
            step('out', 'output') ]) }), 'a job of four integrations');
    is_deeply([sort @{roles($api->job_called('J'))}],
        [sort qw(input enrichment processor post_decision output)],
        'has them, and its processor');
};

sentence 'This field can specify: - either the name of the resource. In case'
    . ' this is used the resource must be defined in the same request.' =>
sub {
    is_saved($api->save({ base(), j => job('J', pipeline_integrations =>
        pipeline()) }), 'by the name in the request');
    my @errors = is_nok($api->save({ j => job('K', pipeline_integrations =>
        [ step('in', 'input') ]) }), 404, 'Unknown reference',
        'in another request it is not known');
    is($errors[0]{pointer}, '/j/properties/pipeline_integrations/0/resource',
        '... which is told');
};

sentence 'Take notice that defining the integration in the same request will'
    . ' override the integration if an integration with the same title exists'
    . ' in Arcanna.' =>
sub {
    is_saved($api->save({ base() }), 'integrations');
    my $id = $api->one('integration', 'Elastic')->{id};
    my $r = $api->save({ base(), out => integration('Elastic', parameters =>
        { hosts => 'new.example.com' }), j => job('J', pipeline_integrations =>
        pipeline()) });
    is_saved($r, 'defined again with the job');
    my $elastic = $api->one('integration', 'Elastic');
    is($elastic->{parameters}{hosts}, 'new.example.com', 'is overridden');
    is($elastic->{id}, $id, '... and the same');
};

sentence '- the title of integration as it was saved in arcanna on a previous'
    . ' resource create/update.' =>
sub {
    is_saved($api->save({ base() }), 'integrations');
    is_saved($api->save({ j => job('J', pipeline_integrations =>
        [ step('Exposer', 'input'), step('Elastic', 'output') ]) }),
        'by their titles');
    is(scalar @{$api->job_called('J')->{pipeline_integrations}}, 3,
        '... the job has them');
};

sentence '- a query expression where we reference an existing resource eiter by'
    . ' title or by internal id. E.g.: "{{integrations(title=\'Elastic'
    . " integration')}}\", {{integrations(internal_id=1001)}}" =>
sub {
    is_saved($api->save({ base(), e => integration('Elastic integration') }),
        'integrations');
    my $id = $api->one('integration', 'Exposer')->{id};
    is_saved($api->save({ j => job('J', pipeline_integrations =>
        [ step("{{integrations(internal_id=$id)}}", 'input'),
          step("{{integrations(title='Elastic integration')}}", 'output') ]) }),
        'by an expression');
    my $steps = $api->job_called('J')->{pipeline_integrations};
    is(scalar @$steps, 3, '... the job has them');
    is_nok($api->save({ j => job('K', pipeline_integrations =>
        [ step("{{integrations($_)}}", 'input') ]) }), 404,
        'Unknown reference', "... but not $_") foreach "title='nothing'",
        'internal_id=999999';
};

sentence "<integration_role> - Represents the role the integration has in the"
    . " job. The roles in this case can be: 'input', 'processor', 'output',"
    . " 'enrichment', 'case_creation', 'post_decision'." =>
sub {
    my %role;
    foreach my $type (values %shipped) {
        $role{$_} = 1 foreach keys %{$type->{roles}};
    }
    is_deeply([sort keys %role], [sort qw(input processor output enrichment
        case_creation post_decision)], 'these are the roles that there are');
    is_nok($api->save({ base(), j => job('J', pipeline_integrations =>
        [ step('in', 'input'), step('out', 'exit') ]) }), 422,
        'Invalid resources', 'another is none');
};

sentence 'An integration can have multiple roles. For example an Elasticsearch'
    . ' integration can be used both as input and as output.' =>
sub {
    is_saved($api->save({ e => integration('E'), j => job('J',
        pipeline_integrations => [ step('e', 'input', index => 'alerts'),
            step('e', 'output') ]) }), 'both as input and as output');
    is_deeply([sort @{roles($api->job_called('J'))}],
        [qw(input output processor)], 'it has both roles');
};

sentence 'All integration types which support a particular role can be'
    . ' discovered by calling integration_parameters_schema() with the optional'
    . ' role argument specified.' =>
sub {
    foreach my $role (qw(input output enrichment case_creation
                         post_decision))
    {
        is_deeply([sort keys %{schema(role => $role)->{properties}}],
            [sort grep { $shipped{$_}{roles}{$role} } keys %shipped],
            "those that support $role");
    }
};

sentence "This represents the parameters that can be used in the combination"
    . ' job - integration - role.' =>
sub {
    is_saved($api->save({ base(), j => job('J', pipeline_integrations =>
        [ step('in', 'input', max_batch_size => 5) ]),
        k => job('K', pipeline_integrations =>
        [ step('in', 'input', max_batch_size => 6) ]) }),
        'one integration in two jobs');
    is_deeply([map { my ($in) = grep { $_->{integration_type} eq 'input' }
        @{$api->job_called($_)->{pipeline_integrations}};
        $in->{parameters}{max_batch_size} } qw(J K)], [5, 6],
        'has its own parameters in each');
};

sentence 'A job allows to define a flow by chaining integrations to collect'
    . ' data, making alert triage, do some post decisions and saving the'
    . ' results.' =>
sub {
    is_saved($api->save({ base(), s => integration('Slack', integration_type =>
        'Slack', parameters => { bot_token => 'xoxb-1-a' }),
        j => job('J', pipeline_integrations => [ step('in', 'input'),
            step('s', 'post_decision', channel => '#soc'),
            step('out', 'output') ]) }), 'such a chain');
    is_deeply([grep { $_ ne 'processor' } @{roles($api->job_called('J'))}],
        [qw(input post_decision output)], 'keeps its order');
    my @errors = is_nok($api->save({ base(), j => job('K',
        pipeline_integrations => [ step('out', 'output') ]) }), 422,
        'Invalid resources', 'without something to collect data from');
    is_deeply([map { $_->{pointer} } @errors],
        ['/j/properties/pipeline_integrations'], '... there is none')
        or diag(explain \@errors);
};

sentence "If the 'pipeline_integrations' is given empty and the job exists it"
    . ' will leave the resulting job.pipeline_integrations unchanged.' =>
sub {
    is_saved($api->save({ base(), j => job('J', pipeline_integrations =>
        pipeline()) }), 'a job');
    my $before = $api->job_called('J')->{pipeline_integrations};
    foreach my $remove (JSON::PP::false, JSON::PP::true) {
        is_saved($api->save({ j => job('J', description => "d$remove",
            pipeline_integrations => [],
            remove_missing_pipeline_integrations => $remove) }),
            'its pipeline given empty');
        is_deeply($api->job_called('J')->{pipeline_integrations}, $before,
            '... is unchanged');
    }
};


# --- Examples ---------------------------------------------------------------

sentence '1). Decision intelligence job with an External REST API input and an'
    . ' Elasticsearch output.' =>
sub {
    my $r = $api->save(example(), headers => { Host => '192.168.175.175' });
    is_saved($r, 'the request as it stands there');
    is_deeply([sort keys %{$r->{json}}], [qw(created request updated)],
        'the answer has its members');
    is_deeply($r->{json}{request}, { status => 'OK' }, '... status OK');
    is_deeply($r->{json}{updated}, [], '... nothing updated');

    my %made = map { $_->{resource_name} => $_ } @{$r->{json}{created}};
    is_deeply([sort keys %made], ['Api Key', 'Elasticsearch from REST API',
        'Exposer input job from REST API',
        'Exposer integration from REST API'], '... four created');

    my %path = (api_key => qr{/api-keys}, integration =>
        qr{/integrations/(\d+)/edit}, job => qr{/use-cases/overview/(\d+)});
    my %expected = ('Api Key' => 'Api Key from REST API');

    foreach my $name (sort keys %made) {
        my $entry = $made{$name};
        is_deeply([sort keys %$entry], [sort qw(type resource_name title
            internal_id url), $entry->{type} eq 'api_key' ? 'value' : ()],
            "$name: its members");
        is($entry->{title}, $expected{$name} // $name, '... its title');
        my ($id) = $entry->{url}
            =~ m{\Ahttp://192\.168\.175\.175$path{$entry->{type}}\z};
        ok(defined $id, '... its url') or diag($entry->{url});
        is($id, $entry->{internal_id}, '... which has its id')
            if $entry->{type} ne 'api_key';
    }

    like($made{'Api Key'}{internal_id}, qr/\A[\w-]{20}\z/,
        'the id of a key is a text of 20 characters');
    like($made{'Api Key'}{value}, qr/\A[\w-]{86}\z/, '... its value one of 86');
    like($r->{body}, qr/"internal_id":\d+,/, 'the others are numbers');
    cmp_ok($made{$_}{internal_id}, '>=', 1000, "... from 1000 up: $_")
        foreach grep { $_ ne 'Api Key' } keys %made;

    my $again = $api->save(example());
    is_saved($again, 'the same request again');
    is_deeply([map { "$_->{title} $_->{internal_id}" } sort
        { $a->{title} cmp $b->{title} } @{$again->{json}{updated}}],
        [map { "$_->{title} $_->{internal_id}" } sort
        { $a->{title} cmp $b->{title} } values %made],
        '... updates these four') or diag($again->{body});
    is_deeply($again->{json}{created}, [], '... and creates none');
    unlike($again->{body}, qr/"value"/, '... and tells no value');
};


# --- GET /api/v2/resources --------------------------------------------------

my $filled = sub {
    is_saved($api->save(example()), 'the resources of the example');
};

sentence 'Returns a list of resources. Parameters behave as filters.' => sub {
    $filled->();
    is(ref $api->list($_)->{json}, 'ARRAY', "a list: $_") foreach '',
        'title=Api+Key+from+REST+API', 'id=1000', 'id=1', 'title=nothing',
        'resource_type=job', 'resource_type=integration&title=x';
    is($api->list('title=nothing')->{body}, '[]', 'of nothing it is empty');
};

sentence 'If no parameter is provided all available resources from arcanna are'
    . ' returned.' =>
sub {
    $filled->();
    is_deeply([$api->titles()], ['api_key Api Key from REST API',
        'integration Elasticsearch from REST API',
        'integration Exposer integration from REST API',
        'job Exposer input job from REST API'], 'all four');
};

sentence 'Information about jobs/use cases is minimal if no filters are'
    . ' provided.' =>
sub {
    $filled->();
    foreach my $query ('', 'resource_type=job') {
        my ($job) = grep { !exists $_->{title} } @{$api->list($query)->{json}};
        my $properties = $job->{'Exposer input job from REST API'}{properties};
        is($properties->{title}, 'Exposer input job from REST API',
            "the job is listed: $query");
        ok(!exists $properties->{pipeline_integrations},
            '... without its pipeline');
    }
};

sentence 'To get full information about a resource it must be called with'
    . ' title, id filter present.' =>
sub {
    $filled->();
    my $title = 'Exposer input job from REST API';
    my $job = $api->job_called($title);
    is(scalar @{$job->{pipeline_integrations}}, 3, 'by title, all is there');
    my $by_id = $api->list("id=$job->{id}")->{json}[0]{$title}{properties};
    is_deeply($by_id, $job, '... by id too');
};

sentence 'resource_type : Optional[str] Type of resource you want to filter. If'
    . ' not provided it will apply the other filters on all type of resources.'
    . ' Available resource types are: api_key, integration or job.' =>
sub {
    is_saved($api->save({ a => api_key('Same'), b => integration('Same'),
        in => integration('In'), j => job('Same', pipeline_integrations =>
        [ step('in', 'input', index => 'i') ]) }), 'three of one title');
    is(scalar @{$api->list('title=Same')->{json}}, 3, 'all types');
    is(scalar @{$api->list("title=Same&resource_type=$_")->{json}}, 1,
        "... or one: $_") foreach qw(api_key integration job);
    is_nok($api->list('resource_type=use_case'), 400, 'Invalid request',
        '... no others');
};

sentence 'title : Optional[str] The title or name of the searched resource'
    . ' (mutually exclusive with id)' =>
sub {
    $filled->();
    is(scalar @{$api->list('title=Api+Key+from+REST+API')->{json}}, 1,
        'by title');
    is_nok($api->list('title=Api+Key+from+REST+API&id=1000'), 400,
        'Invalid request', '... but not with an id');
};

sentence 'id : str The arcanna internal id of the searched resource (mutually'
    . ' exclusive with title)' =>
sub {
    $filled->();
    my ($integration) = @{$api->list('resource_type=integration')->{json}};
    is_deeply([map { $_->{title} }
        @{$api->list("id=$integration->{id}")->{json}}],
        [$integration->{title}], 'by id');
    my ($key) = @{$api->list('resource_type=api_key')->{json}};
    is_deeply($api->list("id=$key->{id}")->{json}, [$key],
        '... of a key too');
};


# --- DELETE /api/v2/resources -----------------------------------------------

sentence 'Type of resource for which the delete operation will take place.' =>
sub {
    is_saved($api->save({ a => api_key('Same'), b => integration('Same') }),
        'two of one title');
    is_nok($api->remove('title=Same'), 400, 'Invalid request',
        'without a type it is not said which');
    is_deeply($api->remove('title=Same&resource_type=integration')->{json}
        ->[0]{type}, 'integration', 'of this type');
    is_deeply([$api->titles()], ['api_key Same'],
        '... and the other one stays');
};

sentence 'title : Optional[str] The title or name of resource that will be'
    . ' deleted (mutually exclusive with id)' =>
sub {
    is_saved($api->save({ b => integration('B') }), 'one');
    my $id = $api->one('integration', 'B')->{id};
    is_nok($api->remove("title=B&id=$id"), 400, 'Invalid request',
        'not both');
    is_deeply($api->remove('title=B')->{json}, [{ type => 'integration',
        title => 'B', internal_id => $id }], 'by title');
    is_deeply([$api->titles()], [], '... it is gone');
};

sentence 'id : str The arcanna internal id the resource that will be deleted'
    . ' (mutually exclusive with title)' =>
sub {
    is_saved($api->save({ b => integration('B'), k => api_key('K') }), 'two');
    my $key = $api->one('api_key', 'K')->{id};
    my $id = $api->one('integration', 'B')->{id};
    is_deeply($api->remove("id=$id")->{json}, [{ type => 'integration',
        title => 'B', internal_id => $id }], 'by id');
    is_deeply($api->remove("id=$key")->{json}, [{ type => 'api_key',
        title => 'K', internal_id => $key }], '... of a key');
    is_deeply([$api->titles()], [], '... both are gone');
    is_nok($api->remove('resource_type=job'), 400, 'Invalid request',
        'and nothing is deleted without either');
};


$t->done();
