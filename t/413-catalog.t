# Discovery: which integration types and job categories there are, with which
# parameters.  What is answered is what the definitions say; what is not there
# is a 404, what makes no sense a 400.  A type of one's own in secops_schema_dir
# is discovered after a reload, and takes a built-in one's place if it has its
# file's name; a bad file is refused with file, place and reason.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use JSON::PP;
use SecOps;
use SecOps::Catalog;
use SecOps::Records;

my $t = SecOps->new();
my $redis = $t->redis();
my $dir = $t->dir() . '/schema';
my $base = '/api/v2/resources';
my $schema = "$base/integration/parameters/schema";
my $metadata = "$base/integration/metadata";
my $jobs = "$base/job/metadata";

# what people call a role, and what it is for
my %roles = (
    input => ['Input', 'collects events'],
    enrichment => ['Enrichment', 'adds what is known elsewhere to an event'],
    processor => ['Processor', 'makes the decisions'],
    case_creation => ['Case creation', 'opens a case for an event'],
    post_decision => ['Post decision', 'acts once a decision was made'],
    output => ['Output', 'stores events and decisions'],
);

my $conf = conf(http => 'secops_schema_dir %%DIR%%/schema;', server => <<'EOT')
    location /catalog/ {
        rewrite ^/catalog(/.*)$ $1 break;
        secops_api catalog;
        secops_redis %%REDIS%%;
        secops_auth header;
    }
    location /resources/ {
        rewrite ^/resources(/.*)$ $1 break;
        secops_api resources;
        secops_redis %%REDIS%%;
        secops_auth header;
    }
    location /records/ {
        rewrite ^/records(/.*)$ $1 break;
        secops_api records;
        secops_redis %%REDIS%%;
        secops_auth header;
    }
EOT
    =~ s/secops_auth header;/secops_auth header api_key;/r;

mkdir $dir;
$t->run($conf);

my @types = types();
my @creatable = grep { $_->{'x-creatable'} // 1 } @types;
my $reader = 'sn_sec_cmn.api_read';


sub ask {
    my ($path, %opt) = @_;
    return $t->request('GET', $path, who(roles => $reader, %opt), $opt{body});
}

sub is_nok {
    my ($r, $status, $reason, $details, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    is_deeply([@$r{qw(status)}, @{$r->{json}{request} // {}}{qw(status reason
        reason_details)}], [$status, 'NOK', $reason, $details], $name)
        or diag($r->{body});
}

# parameters as a table for people
sub table {
    my ($of) = @_;
    my %required = map { $_ => 1 } @{$of->{required} // []};
    return { map { $_ => { %{$of->{properties}{$_}},
        required => $required{$_} ? JSON::PP::true : JSON::PP::false } }
        keys %{$of->{properties}} };
}

sub entry { # of the schema of all types
    my ($type, $of) = @_;
    return { title => $type->{title}, description => $type->{description},
        %$of };
}


# --- the schema of parameters -----------------------------------------------

my $r = ask($schema);
is($r->{status}, 200, 'the parameters of connections are told');
is($r->{headers}{'content-type'}, 'application/json', '... as JSON');
is_deeply($r->{json}, {
    '$schema' => 'http://json-schema.org/draft-07/schema#',
    type => 'object', additionalProperties => JSON::PP::false,
    properties => { map { $_->{title} => entry($_, $_->{connection}) }
                    @creatable },
}, '... of all types that can be created, as their definitions say')
    or diag(substr $r->{body}, 0, 1000);
is(ask($schema)->{body}, $r->{body}, '... always in the same order');
is_deeply([ $r->{body} =~ /"title":"([^"]+)","description"/g ],
    [ map { $_->{title} } @creatable ], '... of the types\' names');

foreach my $type (@types) {
    my $query = $type->{title} =~ s/ /+/gr;

    is_deeply(ask("$schema?integration_type=$query")->{json}{properties},
        { $type->{title} => entry($type, $type->{connection}) },
        "$type->{title}: the parameters of its connection");

    foreach my $role (role_names()) {
        my $of = $type->{roles}{$role};
        $r = ask("$schema?integration_type=$query&role=$role");

        if ($of) {
            is_deeply($r->{json}{properties},
                { $type->{title} => entry($type, $of) },
                "... as its definition has them for $role");
            next;
        }

        my $has = join ', ', grep { $type->{roles}{$_} } role_names();
        is_nok($r, 404, 'No resource found',
            ["role: is no role of $type->{title}, which has $has"],
            "... $role is no role of it");
    }
}

foreach my $role (role_names()) {
    my %with = map { $_->{title} => entry($_, $_->{roles}{$role}) }
        grep { $_->{roles}{$role} } @types;
    is_deeply(ask("$schema?role=$role")->{json}{properties}, \%with,
        "all integration types which support a particular role: $role");
}

# the example of the Resources API
my %example = (
    Elasticsearch => [qw(hosts password port schema user)],
    'External REST API' => [qw(api_key data_type)],
);

foreach my $type (sort keys %example) {
    my $got = ask($schema)->{json}{properties}{$type};
    is_deeply([ grep { !$got->{properties}{$_} } @{$example{$type}} ], [],
        "the example's parameters of $type are there");
    is_deeply([ grep { !$got->{properties}{$_}{type}
            || !$got->{properties}{$_}{description} }
        keys %{$got->{properties}} ], [],
        '... each with a type and a description');
}

is_deeply([ sort keys %{ask("$schema?role=input&integration_type=External"
    . '%20REST%20API')->{json}{properties}{'External REST API'}{properties}} ],
    [ qw(exposed_rest_api_job_tag max_batch_size) ],
    '... and of its role');


# --- metadata ---------------------------------------------------------------

sub summary {
    my ($type) = @_;
    my @roles = grep { $type->{roles}{$_} } role_names();

    return {
        id => $type->{'x-id'}, name => $type->{title},
        description => $type->{description},
        creatable => $type->{'x-creatable'} // JSON::PP::true,
        roles => \@roles, pipeline_role_identifiers => \@roles,
    };
}

sub without { # what is for people is looked at by itself
    my ($object) = @_;
    my %rest = %$object;
    delete $rest{roles_details};
    return \%rest;
}

$r = ask($metadata);
is_deeply([ map { without($_) } @{$r->{json}{integration_types}} ],
    [ map { summary($_) } @types ], 'all integration types are told');
is_deeply([ keys %{$r->{json}} ], ['integration_types'], '... and that only');
is_deeply([ map { $_->{roles_details} } @{$r->{json}{integration_types}} ],
    [ map { my $type = $_; [ map { { identifier => $_, name => $roles{$_}[0],
        description => $roles{$_}[1] } } grep { $type->{roles}{$_} }
        role_names() ] } @types ],
    '... what people call their roles, and what they are for');
is(scalar(grep { $_->{id} =~ /^[1-9]\d*$/ } @{$r->{json}{integration_types}}),
    scalar @types, '... and their ids');
unlike($r->{body}, qr/"id":"/, '... which are integers');

foreach my $role (role_names()) {
    is_deeply([ map { $_->{name} } @{ask("$metadata?role=$role")->{json}
            {integration_types}} ],
        [ map { $_->{title} } grep { $_->{roles}{$role} } @types ],
        "... or those of the role $role");
}

foreach my $type (@types) {
    my $query = $type->{title} =~ s/ /+/gr;
    my ($role) = grep { $type->{roles}{$_} } role_names();
    my %all = (connection_parameters => table($type->{connection}));

    is_deeply(without(ask("$metadata?type=$query")->{json}),
        { %{summary($type)}, %all, pipeline_parameters =>
            { map { $_ => table($type->{roles}{$_}) } keys %{$type->{roles}} }
        }, "$type->{title}: all about it");
    is_deeply(without(ask("$metadata?type=$query&role=$role")->{json}),
        { %{summary($type)}, %all, pipeline_parameters =>
            { $role => table($type->{roles}{$role}) } },
        '... or about one role');
}


# --- job categories ---------------------------------------------------------

my @categories = categories();

sub category {
    my ($of) = @_;
    return { id => $of->{'x-id'}, name => $of->{title},
        description => $of->{description} };
}

is_deeply(ask($jobs)->{json},
    { job_categories => [ map { category($_) } @categories ] },
    'all job categories are told');

foreach my $category (@categories) {
    my $query = $category->{title} =~ s/ /+/gr;
    is_deeply(ask("$jobs?category=$query")->{json},
        { %{category($category)}, parameters => table($category->{job}),
          default_labels => $category->{labels},
          processors => $category->{processors} },
        "$category->{title}: its parameters, labels and processors");
}

is_deeply([ map { $_->{name} } @{ask("$jobs?category=Decision+intelligence")
    ->{json}{default_labels}} ], ['Escalate', 'Drop', 'Investigate'],
    "For 'Decision intelligence' jobs the default labels will be: 'Escalate',"
    . " 'Drop', 'Investigate'");
is(scalar @{ask("$jobs?category=Automated+root+cause+analysis")->{json}
    {processors}}, 2, "In the case of 'Automated root cause analysis jobs' the"
    . " job will have two 'processor' integrations added");


# --- on the wire ------------------------------------------------------------

is(ask("$_/")->{body}, ask($_)->{body}, "$_/ is the same as $_")
    foreach $schema, $metadata, $jobs;
is(ask("$jobs?category=DECISION%20intelligence")->{json}{name},
    'Decision intelligence', 'names are found in any letter case');
is(ask("$metadata?integration_type=external+rest+api")->{json}{name},
    'External REST API', '... and by either name of the parameter');
is(ask("$schema?type=kafka&x=y&title=z&id=1&resource_type=q")->{status}, 200,
    'what is not known is passed over');
is(ask("$schema?category=Triage")->{body}, ask($schema)->{body},
    '... a category, where there are types');
is(ask("$jobs?type=Elastic&role=none")->{body}, ask($jobs)->{body},
    '... types and roles, where there are categories');
is(ask("$schema?integration_type=&role=")->{body}, ask($schema)->{body},
    'an empty parameter counts as not given');
is(ask($jobs, body => '{}')->{status}, 200, 'a GET with a body');

my $connection = $t->connect();
foreach (1 .. 3) {
    is($connection->request('GET', $metadata, who(roles => $reader), '{}')
        ->{status}, 200, '... again on the same connection');
}

$r = $t->request('HEAD', $schema, who(roles => $reader));
is("$r->{status} $r->{body}", '200 ', 'HEAD');
is($r->{headers}{'content-length'}, length ask($schema)->{body},
    '... has the length of GET\'s answer');

foreach my $method (qw(POST PUT DELETE)) {
    $r = $t->request($method, $jobs, who());
    is($r->{status}, 405, "$method is refused");
    is($r->{headers}{allow}, 'GET, HEAD', '... naming what is not');
}

is(ask("$schema/x")->{status}, 404, 'there is nothing below');

foreach my $where ('catalog', 'resources') {
    is(ask("/$where$_")->{status}, 200, "secops_api $where: $_")
        foreach $schema, $metadata, $jobs;
}

is(ask("/catalog$base")->{status}, 404,
    'secops_api catalog serves discovery alone');
is(ask("/records$schema")->{status}, 404,
    'secops_api records does not serve it');


# --- refusals ---------------------------------------------------------------

is_nok(ask("$schema?integration_type=Elastic"), 404, 'No resource found',
    ['integration_type: names no integration type'], 'a type that is not there');
is_nok(ask("$metadata?type=Elastic"), 404, 'No resource found',
    ['type: names no integration type'], '... of metadata');
is_nok(ask("$jobs?category=Triage"), 404, 'No resource found',
    ['category: names no job category'], 'a category that is not there');
is_nok(ask("$schema?role=inputs"), 400, 'Invalid request',
    ['role: must be one of ' . join ', ', role_names()], 'a role that is none');
is_nok(ask("$schema?role=Input"), 400, 'Invalid request',
    ['role: must be one of ' . join ', ', role_names()],
    '... letter case counts');
is_nok(ask("$schema?integration_type=Kafka&type=Kafka"), 400,
    'Invalid request', ['type: is given more than once'],
    'a type that is given twice');
is_nok(ask("$schema?integration_type=%FF%00%22&role=%FF"), 400,
    'Invalid request', ['integration_type: names no integration type',
    'role: must be one of ' . join ', ', role_names()], 'what is no text');

foreach my $path ($schema, $metadata, $jobs) {
    is(ask($path, roles => 'nobody')->{status}, 403,
        "$path is not for everybody");
    is($t->request('GET', $path)->{status}, 401, '... least of all the unknown');
    is(ask($path, domain => 'other')->{body}, ask($path)->{body},
        '... the same in all domains');
}

# it does not need the store
$redis->pause();
is(ask($schema)->{status}, 200, 'it is told while Redis does not answer');
$redis->resume();


# --- of one's own -----------------------------------------------------------

my $json = JSON::PP->new->canonical;

sub type { # a definition; what is undef is left out
    my (%more) = @_;
    my %type = (
        'x-id' => 2000, title => 'Crystal Ball', description => 'Knows.',
        connection => { type => 'object', required => ['ball'],
            properties => { ball => { type => 'string', minLength => 1 },
                            oath => { type => 'string',
                                      writeOnly => JSON::PP::true } } },
        roles => { enrichment => { type => 'object', properties => {
            clarity => { type => 'integer', default => 3 } } } },
        %more,
    );

    delete @type{grep { !defined $type{$_} } keys %type};
    return \%type;
}

sub define {
    my ($name, $content) = @_;
    $t->write("schema/$name.json",
        ref $content ? $json->encode($content) : $content);
}

sub clear { unlink glob "$dir/integrations/*"; unlink glob "$dir/*.json" }

define('integrations/crystal-ball', type());
ok($t->reload(), 'reload with a type of one\'s own');

is_deeply(ask("$schema?integration_type=Crystal+Ball")->{json}{properties},
    { 'Crystal Ball' => entry(type(), type()->{connection}) },
    'a type from secops_schema_dir is discovered');
is(scalar @{ask($metadata)->{json}{integration_types}}, @types + 1,
    '... beside the built-in ones');
is_deeply(ask("$metadata?type=crystal+ball&role=enrichment")->{json}
    {pipeline_parameters}, { enrichment => { clarity => { type => 'integer',
        default => 3, required => JSON::PP::false } } }, '... with its roles');

my %set = (ball => { type => 'integration', properties => {
    title => 'The ball', integration_type => 'Crystal Ball',
    parameters => { ball => 'glass', oath => 'silence' } } });

$r = $t->request('POST', $base, who(), \%set);
is_deeply([ $r->{status}, map { $_->{title} } @{$r->{json}{created} // []} ],
    [ 200, 'The ball' ], 'an integration of it is created')
    or diag($r->{body});
$r = ask("$base?resource_type=integration&title=The+ball");
is($r->{json}[0]{subcategory_id}, 2000, '... known by the type\'s id')
    or diag($r->{body});
is($r->{json}[0]{parameters}{oath}, '********', '... its secret hidden');

$set{ball}{properties}{title} = 'Another';
$set{ball}{properties}{parameters} = { bell => 1 };
is($t->request('POST', $base, who(), \%set)->{status}, 422,
    '... and what the definition does not allow is not');

my ($kafka) = grep { $_->{title} eq 'Kafka' } @types;

define('integrations/kafka', type(title => 'Kafka', 'x-id' => $kafka->{'x-id'}));
ok($t->reload(), 'reload with a type of a built-in one\'s file name');
is_deeply(ask("$schema?integration_type=Kafka")->{json}{properties}{Kafka}
    {required}, ['ball'], 'it takes the built-in one\'s place');
is(scalar @{ask($metadata)->{json}{integration_types}}, @types + 1,
    '... no more, no less');

define('job-categories', { categories => [ map { my $name = $_; {
    'x-id' => ord $name, title => "Category $name", description => 'd',
    labels => [ map { { name => "label $_", hex_color => '#123456' } } 1 .. 3 ],
    processors => [], job => { type => 'object', properties => {} } } }
    qw(A B) ] });
ok($t->reload(), 'reload with job categories');
is_deeply([ map { $_->{name} } @{ask($jobs)->{json}{job_categories}} ],
    ['Category A', 'Category B'], 'they take the built-in ones\' place');

$t->allow(qr/crystal/);
define('integrations/crystal-ball', '{');
kill 'HUP', $t->master();
ok($t->wait_log('\[emerg\].*crystal-ball'),
    'a reload with a broken file fails');
is(ask("$schema?integration_type=Crystal+Ball")->{status}, 200,
    '... and what runs goes on with what it has');

clear();
ok($t->reload(), 'reload without them');
is(ask("$schema?integration_type=Crystal+Ball")->{status}, 404,
    'a type that was removed is gone');
is(scalar @{ask($jobs)->{json}{job_categories}}, @categories,
    '... the built-in ones are back');

$r = ask("$base?resource_type=integration&title=The+ball");
is($r->{json}[0]{title}, 'The ball', 'an integration of it is still listed')
    or diag($r->{body});
unlike($r->{body}, qr/silence/, '... its secrets are not, though nobody knows'
    . ' any more which they are');
is($t->request('DELETE', "$base?resource_type=integration&title=The+ball",
    who())->{status}, 200, '... and it can be deleted');


# --- bad files --------------------------------------------------------------

sub invalid {
    my ($name, $sentence) = @_;
    my ($ok, $output) = $t->t($conf);

    ok(!$ok, "refused: $name");
    like($output, qr/\[emerg\].*$sentence/, '... with file, place and reason');
}

my $file = 'schema/integrations/mine.json: integration type "mine": ';

sub parameter { # a type whose connection has this parameter
    my ($parameter) = @_;
    return type(connection => { type => 'object',
        properties => { a => $parameter } });
}

foreach my $case (
    ['no JSON', '{', $file . '"" is not JSON: unexpected end at offset 1'],
    ['an empty file', '', $file . '"" is not JSON'],
    ['an array', '[]', $file . '"" must be an object'],
    ['a key twice', '{"title":1,"title":2}',
        $file . '"" is not JSON: duplicate key at offset'],
    ['no id', type('x-id' => undef), $file . '"/x-id" is required'],
    ['the id 0', type('x-id' => 0), $file . '"/x-id" must be at least 1'],
    ['an id that is a string', type('x-id' => 'a'),
        $file . '"/x-id" must be an integer'],
    ['no title', type(title => undef), $file . '"/title" is required'],
    ['no description', type(description => undef),
        $file . '"/description" is required'],
    ['no connection', type(connection => undef),
        $file . '"/connection" is required'],
    ['no roles', type(roles => {}), $file . '"/roles" must have at least 1'],
    ['a role that is none', type(roles => { imput => { type => 'object',
        properties => {} } }), $file . '"/roles/imput" '],
    ['a member that is not known', type(conection => {}),
        $file . '"/conection" '],
    ['an unknown keyword', parameter({ typ => 'string' }),
        $file . '"/connection/properties/a/typ" unknown keyword "typ"'],
    ['an unknown keyword of a role', type(roles => { input =>
        { type => 'object', properties => {}, requird => [] } }),
        $file . '"/roles/input/requird" unknown keyword "requird"'],
    ['an unknown format', parameter({ format => 'x' }),
        $file . '"/connection/properties/a/format" unknown format "x"'],
    ['a reference', parameter({ items => { '$ref' => '#' } }),
        $file . '"/connection/properties/a/items/\$ref" can not be used here'],
    ['a default that is not valid',
        parameter({ type => 'string', default => 1 }),
        $file . '"/connection/properties/a/default" is not valid'],
    ['a default below a choice', parameter({ anyOf => [ { default => 1 } ] }),
        $file . '"/connection/properties/a/anyOf/0/default" would not be'
        . ' filled in'],
    ['a secret below a choice', parameter({ oneOf => [ { type => 'string',
        writeOnly => JSON::PP::true } ] }),
        $file . '"/connection/properties/a/oneOf/0/writeOnly" would not be'
        . ' masked'],
    ['a secret that is no string', parameter({ type => 'integer',
        writeOnly => JSON::PP::true }),
        $file . '"/connection/properties/a/writeOnly" goes with'],
    ['a built-in title', type(title => 'KAFKA'), 'definitions of the catalog: '
        . '"/title" integration types "kafka" and "mine" have the same'
        . ' "title"'],
    ['a built-in id', type('x-id' => $kafka->{'x-id'}),
        'definitions of the catalog: "/x-id" integration types "(?:kafka" and'
        . ' "mine|mine" and "kafka)" have the same "x-id"'],
) {
    my ($name, $content, $sentence) = @$case;

    clear();
    define('integrations/mine', $content);
    invalid($name, $sentence);
}

clear();
define('integrations/Mine', type());
invalid('a file with a capital', 'Mine.json: integration type "Mine": ""'
    . ' an integration type\'s file is called by a-z, 0-9, _ and -');

clear();
define('job-categories', '{"categories":[]}');
invalid('no categories', 'schema/job-categories.json: job categories:'
    . ' "/categories" must have at least 1');

clear();
define('integrations/clustering-processor',
    type(title => 'Something else', 'x-id' => 103));
invalid('a category that lost its processor', 'definitions of the catalog:'
    . ' "/categories/2/processors/0" "Clustering processor" is no integration'
    . ' type');

clear();
$t->write('schema/integrations/notes.txt', 'x');
$t->write('schema/integrations/old/mine.json', '{');
$t->write('schema/categories.json', '{');
my ($ok, $output) = $t->t($conf);
is($ok, 1, 'other files are no definitions');
like($output, qr/"\S*\/\Q$_\E" ignored: not a "tables\/NAME.json"/,
    "... but $_ is warned about")
    foreach 'integrations/notes.txt', 'integrations/old/mine.json',
        'categories.json';

$t->done();
