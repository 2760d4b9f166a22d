# Tables of one's own: a JSON Schema file in secops_schema_dir becomes an
# endpoint at the next reload, or takes a built-in table's place; a bad file is
# refused with file, place and reason, and leaves what runs as it is.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use SecOps;
use SecOps::Records;

my $t = SecOps->new();
my $redis = $t->redis();
my $dir = $t->dir() . '/schema';

my $conf = conf(http => 'secops_schema_dir %%DIR%%/schema;');


sub table { # writes a definition; what is undef is left out
    my ($name, %more) = @_;
    my %schema = (
        type         => 'object',
        'x-endpoint' => 'scan',
        'x-label'    => 'Scan Result',
        properties   => { host => { type => 'string' },
                          port => { type => 'integer', maximum => 65535 } },
        required     => ['host', 'port'],
        %more,
    );

    delete @schema{grep { !defined $schema{$_} } keys %schema};
    $t->write("schema/tables/$name.json",
        JSON::PP->new->canonical->encode(\%schema));
}


sub clear { unlink glob "$dir/tables/*"; unlink glob "$dir/*.json" }


# a new table

table('u_scan', 'x-subject' => 'host');
$t->run($conf);

my %scan = (endpoint => 'scan');

my $r = post($t, { host => 'h', port => 22, banner => 'SSH' }, %scan);
is_stored($r, 'a table of one\'s own is an endpoint');
is($r->{json}{sys_class_name}, 'u_scan', '... under the file\'s name');
is($r->{headers}{location}, "/api/now/table/u_scan/$r->{json}{sys_id}",
    '... where its records can be read');
is(get($t, $r->{headers}{location})->{json}{result}{banner}, 'SSH',
    '... as they were sent');
is(scalar(my @keys = keys_like($redis, '*:sub:u_scan:*')), 1,
    '... in an index by its subject');
is_refused(post($t, { banner => 'x' }, %scan), 400,
    'Mandatory fields missing: host,port', '... with its mandatory fields');
is_refused(post($t, { host => 'h', port => 65536 }, %scan), 400,
    'Invalid post body', '... and its bounds');
is_stored(post($t, $_->{record}, endpoint => $_->{endpoint}),
    "... beside $_->{endpoint}") foreach @tables;


# reload

table('u_more', 'x-endpoint' => 'more-1', required => ['host', 'x']);
table('u_scan', required => ['port']);
ok($t->reload(), 'reload');
is_refused(post($t, { port => 1 }, endpoint => 'more-1'), 400,
    'Mandatory fields missing: host,x',
    'a table that was added is there after a reload');
is_stored(post($t, { port => 1 }, %scan),
    '... and one that was changed has changed');
$redis->cmd('FLUSHALL');
is_stored(post($t, { port => 1, host => 'h' }, %scan), 'without x-subject');
is_deeply([keys_like($redis, '*:sub:*')], [], '... there is no such index');

$t->allow(qr/u_scan/);
$t->write('schema/tables/u_scan.json', '{');
kill 'HUP', $t->master();
ok($t->wait_log('\[emerg\].*u_scan'), 'a reload with a broken file fails');
is_stored(post($t, { port => 1 }, %scan),
    '... and what runs goes on with the old tables');
is_refused(post($t, { port => 'x' }, %scan), 400, 'Invalid post body',
    '... patterns, names and all');

unlink "$dir/tables/u_scan.json";
ok($t->reload(), 'reload without the file');
is_refused(post($t, { port => 1 }, %scan), 404,
    'Requested URI does not represent any resource',
    'a table that was removed is gone');
is_refused(get($t, '/api/now/table/u_scan/x'), 400, 'Invalid table u_scan',
    '... for reading as well');


# in the place of a built-in one

clear();
table('sn_ti_lookup_result', 'x-endpoint' => 'threat_lookup',
    required => ['host']);
ok($t->reload(), 'reload with a table of a built-in name');
is_stored(post($t, { host => 'h' }), 'it takes the built-in one\'s place');
is_refused(post($t, records()), 400, 'Mandatory fields missing: host',
    '... whose rules are void');

table('sn_ti_lookup_result', 'x-endpoint' => 'lookup');
ok($t->reload(), 'reload with another endpoint');
is_refused(post($t, { host => 'h', port => 1 }), 404,
    'Requested URI does not represent any resource',
    'the old endpoint is gone');
is_stored(post($t, { host => 'h', port => 1 }, endpoint => 'lookup'),
    '... the new one is there');


# rules that reach across fields

clear();
table('u_rule', required => ['host'],
    allOf => [{ required => ['host', 'owner'] }, { required => ['owner'] }],
    additionalProperties => JSON::PP::false,
    properties => { host => { type => 'string', pattern => '^[a-z]+$' },
                    owner => { type => 'object', required => ['name'] } });
ok($t->reload(), 'reload');
is_refused(post($t, { host => '' , owner => '' , other => 1 }, %scan), 400,
    'Invalid post body', 'a field that may not be is refused');
is_refused(post($t, { host => 'h' }, %scan), 400,
    'Mandatory fields missing: owner',
    'a field that several rules require is named once');
is_refused(post($t, { host => 'h', owner => {} }, %scan), 400,
    'Invalid post body', 'what an inner object lacks is no mandatory field');
is_refused(post($t, { host => 'h', owner => {} }, %scan,
    query => 'ignore_mandatory_fields=1'), 400, 'Invalid post body',
    '... and can not be ignored');
is_refused(post($t, { host => 'H', owner => { name => 1 } }, %scan), 400,
    'Invalid post body', 'patterns count');
is_stored(post($t, { host => 'h', owner => { name => 1 },
    include_wrap => JSON::PP::false }, %scan),
    'parameters are no additional properties');


# bad files

sub invalid {
    my ($sentence, $name) = @_;
    my ($ok, $output) = $t->t($conf);

    ok(!$ok, "refused: $name");
    like($output, qr/\[emerg\].*$sentence/, '... with the reason');
}


foreach my $case (
    ['not JSON', '{', 'u_bad.json: table "u_bad": "".*unexpected end'],
    ['empty', '', 'u_bad.json: table "u_bad"'],
    ['an array', '[]', 'u_bad.json: table "u_bad": ""'],
    ['a trailing comma', '{"type":"object",}', 'u_bad.json.*at offset 17'],
    ['no x-endpoint', { 'x-endpoint' => undef }, '"/x-endpoint" must be a'],
    ['x-endpoint a number', { 'x-endpoint' => 5 }, '"/x-endpoint"'],
    ['x-endpoint empty', { 'x-endpoint' => '' }, '"/x-endpoint" must be a'],
    ['x-endpoint with a slash', { 'x-endpoint' => 'a/b' },
        '"/x-endpoint" must be a'],
    ['x-endpoint with capitals', { 'x-endpoint' => 'Scan' },
        '"/x-endpoint" must be a'],
    ['x-endpoint of 81 bytes', { 'x-endpoint' => 'x' x 81 },
        '"/x-endpoint" must be a'],
    ['no x-label', { 'x-label' => undef }, '"/x-label" must be a string'],
    ['x-label empty', { 'x-label' => '' }, '"/x-label" must be a string'],
    ['x-subject that is no property', { 'x-subject' => 'nothing' },
        '"/x-subject" must name one of the properties'],
    ['x-engine that is no property', { 'x-engine' => 'nothing' },
        '"/x-engine" must name one of the properties'],
    ['x-engine a number', { 'x-engine' => 5 },
        '"/x-engine" must name one of the properties'],
    map({ [qq(x-retention "$_"), { 'x-retention' => $_ }, '"/x-retention" must'
        . ' be "off" or a time from 1s to 100y, such as "90d"'] }
        '', '0', '90x', '101y', 'never', 90),
    ['x-finding that is no property', { 'x-finding' => 'nothing' },
        '"/x-finding" must name one of the properties'],
    ['x-finding without choices', { 'x-finding' => 'host' },
        '"/x-finding" must name a property with an "enum"'],
    ['x-finding with a choice that is no string',
        { 'x-finding' => 'grade', properties => { grade => {
          enum => ['bad', 5] } } },
        '"/x-finding" must name a property with an "enum"'],
    ['x-finding with 33 choices',
        { 'x-finding' => 'grade', properties => { grade => {
          enum => [map { "grade $_" } 1 .. 33] } } },
        '"/x-finding" must name a property with an "enum"'],
    ['x-reference that is no table\'s name',
        { properties => { host => { 'x-reference' => 'Hosts' } } },
        '"/properties/host/x-reference" must be the name of a table'],
    ['x-reference a list',
        { properties => { host => { 'x-reference' => ['cmdb_ci'] } } },
        '"/properties/host/x-reference" must be the name of a table'],
    ['an unknown keyword', { requird => [] },
        '"/requird" unknown keyword "requird"'],
    ['an unknown keyword further in',
        { properties => { host => { typ => 'string' } } },
        '"/properties/host/typ" unknown keyword "typ"'],
    ['an unknown type', { properties => { host => { type => 'text' } } },
        '"/properties/host/type" unknown type "text"'],
    ['an unknown format', { properties => { host => { format => 'x' } } },
        '"/properties/host/format" unknown format "x"'],
    ['a pattern that is none',
        { properties => { host => { pattern => '(' } } },
        '"/properties/host/pattern"'],
    ['a reference to nothing',
        { properties => { host => { '$ref' => '#/definitions/x' } } },
        '"/properties/host/\$ref"'],
    ['required that is no list', { required => 'host' }, '"/required"'],
    ['a bound that is none', { properties => { port => { maximum => 'x' } } },
        '"/properties/port/maximum"'],
    ['a built-in endpoint', { 'x-endpoint' => 'threat_lookup' },
        'tables "u_bad" and "sn_ti_lookup_result" have the same "x-endpoint"'],
) {
    my ($name, $content, $sentence) = @$case;

    clear();
    ref $content ? table('u_bad', %$content)
                 : $t->write('schema/tables/u_bad.json', $content);
    invalid($sentence, $name);
}

clear();
table('u_one');
table('u_two');
invalid('tables "u_two" and "u_one" have the same "x-endpoint"',
    'two files with one endpoint');

foreach my $name ('U_Bad', 'u-bad', 'u bad', 'u.bad', 'x' x 81) {
    clear();
    table($name);
    invalid("table \"\Q$name\E\": \"\" a table's name is made of a-z",
        "the name $name");
}

clear();
table('x' x 80);
is(($t->t($conf))[0], 1, 'a name of 80 bytes is valid');

clear();
$t->write('schema/tables/u_large.json', '{}' . ' ' x (1024 * 1024));
invalid('u_large.json" is too large', 'a file of more than a megabyte');

clear();
mkdir "$dir/tables/u_dir.json";
is(($t->t($conf))[0], 1, 'a folder is no definition');
rmdir "$dir/tables/u_dir.json";

$t->write('schema/u_scan.json', '{');
$t->write('schema/tables/notes.txt', 'x');
$t->write('schema/tables/u_scan.json.orig', '{');
$t->write('schema/tables/old/u_scan.json', '{');
my ($ok, $output) = $t->t($conf);
is($ok, 1, 'other files are no definitions');
like($output, qr/"\S*\Q$_\E" ignored: not a "tables\/NAME.json"/,
    "... but $_ is warned about") foreach '/u_scan.json', 'notes.txt',
        'u_scan.json.orig', 'old/u_scan.json';
unlink "$dir/tables/old/u_scan.json";
rmdir "$dir/tables/old";

clear();
($ok, $output) = $t->t(conf(http => 'secops_schema_dir %%DIR%%/none;'));
is($ok, 0, 'refused: a directory that is not there');
like($output, qr/\[emerg\].*could not read "secops_schema_dir" ".*none"/,
    '... with the reason');
($ok, $output) = $t->t(conf(http => 'secops_schema_dir %%DIR%%/schema;'
    . ' secops_schema_dir x;'));
like($output, qr/"secops_schema_dir" directive is duplicate/,
    'refused: two directories');
is(($t->t(conf(http => 'secops_schema_dir %%DIR%%/schema//;')))[0], 1,
    'slashes at its end make no difference');
is(($t->t(conf(http => 'secops_schema_dir schema;')))[0], 1,
    'it may be named from nginx\'s prefix');

$t->done();
