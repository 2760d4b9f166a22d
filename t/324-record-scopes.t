# Scopes of records: an api key that may read or write them, all of them or those
# of one table, and nothing else.  No key has such a scope unless it was asked
# for; none can give another key more than it has itself.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use JSON::PP;
use SecOps;
use SecOps::Records;
use SecOps::Resources;

my $t = SecOps->new();
my $other = SecOps->new();
my $redis = $t->redis();
my $api = SecOps::Resources->new($t, $redis);
my $there = SecOps::Resources->new($other, $redis);
my $url = $redis->url();

# one machine with a table of its own, and one without it; both look a key up
# for each request, but for a server that remembers it

my $conf = conf(http => '%%SCHEMAS%%',
    location => 'secops_api_key_cache 0;') =~ s/secops_auth header;/secops_auth header api_key;/r
    =~ s/\Q%%REDIS%%\E/$url/r
    =~ s/\n\}\n\z/\n    server {
        listen 127.0.0.1:%%PORT1%%;
        secops_redis $url;
        secops_auth api_key;
        secops_api_key_cache 1h;
        location \/ { secops_api; }
    }
}
/r;

$t->write('schema/tables/u_scan.json', encode_json({ type => 'object',
    'x-endpoint' => 'scan', 'x-label' => 'Scan',
    properties => { host => { type => 'string' } }, required => ['host'] }));
$t->run($conf =~ s/%%SCHEMAS%%/secops_schema_dir %%DIR%%\/schema;/r);
$other->run($conf =~ s/%%SCHEMAS%%//r);


sub made { # the value of a new key
    my ($name, $scopes, %opt) = @_;
    my $r = $api->save({ k => api_key($name, $scopes ? (scopes => $scopes)
        : ()) }, %opt);
    return $r->{json}{created}[0]{value} // diag($r->{body});
}

sub scopes { # as a key is listed
    my ($name, $where) = @_;
    return ($where // $api)->one('api_key', $name)->{scopes};
}

sub told { # what a key is told
    my ($key, %opt) = @_;
    return $t->request('GET', '/api/v2/token/scopes',
        { 'x-arcanna-api-key' => $key }, undef, %opt)->{json};
}

sub sent { # a record of a table, with a key
    my ($key, $table, %opt) = @_;
    return ($opt{machine} // $t)->request('POST', path($table->{endpoint}),
        { 'x-arcanna-api-key' => $key }, $table->{record}, %opt);
}

sub asked { # for a record, by its path
    my ($key, $path, %opt) = @_;
    return $t->request($opt{method} // 'GET', $path,
        { 'x-arcanna-api-key' => $key }, undef, %opt);
}

sub is_no { # access
    my ($r, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return is_refused($r, 403, 'Insufficient access', $name);
}

sub pairs { return map { "$_->{pointer}: $_->{message}" } @_ }


my ($ci, $observable, $lookup) = @tables;
my $own = { endpoint => 'scan', table => 'u_scan', record => { host => 'h' } };
my %path = map { $_->{table} => post($t, $_->{record}, endpoint =>
    $_->{endpoint})->{headers}{location} } @tables, $own;


# none by default

my $plain = made('plain');
is_no(sent($plain, $lookup), 'a key without scopes writes no record');
is_no(asked($plain, $path{$lookup->{table}}), '... and reads none');

my $resources = made('all but', [qw(read:resources write:resources
    delete:resources execute:job_operations)]);
is_no(sent($resources, $lookup), '... nor does one with all other scopes');
is_no(asked($resources, $path{$lookup->{table}}), '... or read');


# whole

my $writer = made('writer', ['write:records']);
my $reader = made('reader', ['read:records']);
my $id = $api->one('api_key', 'writer')->{id};

foreach my $table (@tables, $own) {
    my $r = sent($writer, $table);
    is_stored($r, "write:records: a record of $table->{table}");
    is($r->{json}{sys_created_by}, "api_key:$id", '... created by the key');
    is_no(asked($writer, $path{$table->{table}}), '... which does not read');

    is_no(sent($reader, $table), '... and read:records does not write');

    foreach my $path ($path{$table->{table}},
        map { $path{$table->{table}} =~ s{/now/}{/now/$_/}r } 'v1', 'v2')
    {
        is(asked($reader, $path)->{status}, 200, "read:records: $path");
        is(asked($reader, $path, method => 'HEAD')->{status}, 200, '... HEAD');
    }
}

is_no($api->save({ k => api_key('k') }, key => $writer),
    'records alone: no resources are written');
is_no($api->list('', key => $reader), '... or read');
is_no(asked($reader, '/api/secops/v1/audit'), '... and no audit');
is_refused(asked($reader, '/api/now/table/u_none/' . '0' x 32), 400,
    'Invalid table u_none', 'a table that is not there is told');
is_deeply(told($reader), ['read:records'], 'a key is told its scope');


# of the key's domain, whatever a header says

my $foreign = post($t, records(), domain => 'elsewhere')->{headers}{location};
is(asked($reader, $foreign)->{status}, 404, 'another domain has no records');
is($t->request('GET', $foreign, { 'x-arcanna-api-key' => $reader,
    'X-SecOps-Domain' => 'elsewhere' })->{status}, 404,
    '... not by a header either');


# narrowed

my $narrow = made('narrow', [map { "$_:records:sn_ti_lookup_result" }
    qw(write read)]);

is_deeply(told($narrow), [qw(read:records:sn_ti_lookup_result
    write:records:sn_ti_lookup_result)], 'a key is told what it is narrowed to');
is_deeply(scopes('narrow'), told($narrow), '... and so is who lists it');
is_stored(sent($narrow, $lookup), 'a scope for one table: its records');
is(asked($narrow, $path{$lookup->{table}})->{status}, 200, '... read, too');

foreach my $table ($ci, $observable, $own) {
    is_no(sent($narrow, $table), "... not those of $table->{table}");
    is_no(asked($narrow, $path{$table->{table}}), '... nor read');
}

is_no(asked($narrow, '/api/now/table/u_none/' . '0' x 32),
    '... and what is no table is not told apart');
is_no(sent($narrow, { endpoint => 'none', record => {} }),
    '... nor what is no endpoint');
is_no(sent($narrow, { endpoint => 'sn_ti_lookup_result', record => {} }),
    '... and a table has no endpoint of its name');
is_no($api->list('', key => $narrow), '... nor is anything else');

my $scanner = made('scanner', ['write:records:u_scan']);
is_stored(sent($scanner, $own), 'one for a table of one\'s own');
is_no(sent($scanner, $lookup), '... and for no other');
is_no(asked($scanner, $path{u_scan}), '... and not to read');
is_no(sent($scanner, $own, machine => $other),
    '... which gives nothing where that table is not configured');


# what a worker remembers of a key has its scopes

foreach my $time ('asked for', 'remembered') {
    my %port = (port => 1);
    is_stored(sent($narrow, $lookup, %port), "a key that is $time: its table");
    is_no(sent($narrow, $ci, %port), '... and no other');
    is_deeply(told($narrow, %port), scopes('narrow'), '... its scopes');
    is_no(sent($plain, $lookup, %port), '... one without scopes');
}


# a key that exists gets other scopes

is($api->save({ k => api_key('narrow', scopes => ['write:records:u_scan',
    'read:records']) })->{status}, 200, 'a key gets other scopes');
is_no(sent($narrow, $lookup), '... has not what it had');
is_stored(sent($narrow, $own), '... and has what it got');
is(asked($narrow, $path{$ci->{table}})->{status}, 200, '... whole, too');
is_deeply(scopes('narrow'), [qw(read:records write:records:u_scan)],
    '... is listed so');
is($api->save({ k => api_key('narrow', scopes => ['write:records:u_scan',
    'read:records']) })->{json}{updated}[0]{title}, 'narrow',
    '... the same once more changes nothing');


# bad ones

my @all = qw(read:resources write:resources delete:resources
    execute:job_operations read:records write:records write:events
    read:event_export write:event_feedback
    write:decisions);
my $choices = 'must be one of ' . join ', ', map { "\"$_\"" } @all;

my @faults = is_nok($api->save(encode_json {
    none => api_key('a', scopes => ['read:records', 'write:records:u_scna']),
    case => api_key('b', scopes => ['read:records:U_SCAN']),
    empty => api_key('c', scopes => ['read:records:']),
    deep => api_key('d', scopes => ['read:records:u_scan:x']),
    other => api_key('e', scopes => ['delete:records']),
    resources => api_key('f', scopes => ['read:resources:u_scan']),
    twice => api_key('g', scopes => [('read:records:u_scan') x 2]),
    number => api_key('h', scopes => [7]),
    many => api_key('i', scopes => [map { "read:records:u$_" } 1 .. 65]),
}), 422, 'Invalid resources', 'scopes that are none');
my %by = map { $_->{resource} => $_ } @faults;

is_deeply([pairs($by{other})], ["/other/properties/scopes/0: $choices"],
    'one that is misspelled: all that there are');
is($by{resources}{message}, $choices, '... resources are not narrowed');
is($by{$_}{pointer}, "/$_/properties/scopes/0", "... $_, by its place")
    foreach qw(case empty deep number);
is($by{twice}{pointer}, '/twice/properties/scopes', '... one twice');
is($by{many}{pointer}, '/many/properties/scopes', '... too many');
is($by{none}, undef, '... and a table is looked for when all else is right');

@faults = is_nok($api->save(encode_json {
    none => api_key('a', scopes => ['read:records', 'write:records:u_scna']),
    endpoint => api_key('b', scopes => ['write:records:threat_lookup']),
    good => api_key('c', scopes => ['write:records:u_scan']),
}), 422, 'Invalid resources', 'a table that is not configured');
is_deeply([sort(pairs(@faults))], [
    '/endpoint/properties/scopes/0: there is no table called "threat_lookup"',
    '/none/properties/scopes/1: there is no table called "u_scna"',
], '... is told by its place, a table by its endpoint too');
is_deeply([map { $api->one('api_key', $_) } qw(a b c)], [undef, undef, undef],
    '... and nothing of the set is there');

is($api->save({ k => api_key('most', scopes => ['read:records',
    'read:records:u_scan', map { "write:records:$_" } 'u_scan',
    map { $_->{table} } @tables]) })->{status}, 200,
    'whole and narrowed ones go together');
is_deeply(scopes('most'), ['read:records', 'read:records:u_scan',
    map { "write:records:$_" } sort 'u_scan', map { $_->{table} } @tables],
    '... and are listed in one order');


# at a machine that does not have the table

@faults = is_nok($there->save({ k => api_key('new', scopes =>
    ['read:records:u_scan']) }), 422, 'Invalid resources',
    'a machine without the table gives no scope for it');
is_deeply([pairs(@faults)], ['/k/properties/scopes/0: there is no table called'
    . ' "u_scan"'], '... says so');
is_deeply(scopes('scanner', $there), ['write:records:u_scan'],
    '... but shows the one that a key has');

my $shown = $there->one('api_key', 'scanner');
$shown->{expire_at} = '2099-01-01 00:00:00';
is($there->save({ k => { type => 'api_key', properties => $shown } })->{status},
    200, '... which can be sent back with something else changed');
is_deeply(scopes('scanner'), ['write:records:u_scan'], '... and stays');
is_nok($there->save({ k => api_key('scanner', scopes =>
    [qw(write:records:u_scan read:records:u_scan)]) }), 422,
    'Invalid resources', '... but no new one');


# no key gives more than it has

my $manager = made('manager', [qw(write:resources read:records
    write:records:u_scan)]);
my $beyond = '/k/properties/scopes: must not go beyond the caller\'s own scopes';

foreach my $scopes ([qw(write:records:u_scan)], [qw(read:records)],
    [qw(read:records:u_scan read:records:sn_ti_lookup_result)], [])
{
    is($api->save({ k => api_key('made', scopes => $scopes) }, key => $manager)
        ->{status}, 200, 'a key gives what it has: ' . join ', ', @$scopes);
}

foreach my $scopes ([qw(write:records)], [qw(write:records:sn_ti_lookup_result)],
    [qw(read:records write:records:u_scan read:resources)])
{
    @faults = is_nok($api->save({ k => api_key('made', scopes => $scopes) },
        key => $manager), 403, 'Insufficient access',
        '... not more: ' . join ', ', @$scopes);
    is_deeply([pairs(@faults)], [$beyond], '... says which');
}

made('stronger', ['write:records:sn_ti_lookup_result']);
@faults = is_nok($api->save({ k => api_key('stronger', scopes => []) },
    key => $manager), 403, 'Insufficient access',
    'it does not change one that has another table');
is_deeply([pairs(@faults)], ['/k: has scopes that the caller lacks'],
    '... says why');
is($api->save({ k => api_key('stronger') }, key => $manager)->{status}, 200,
    '... but may name it');
is($api->save({ k => api_key('narrow', scopes => ['read:records']) },
    key => $manager)->{status}, 200, '... and change one that has the same');

my $broom = made('broom', [qw(delete:resources write:records:u_scan)]);
is_nok($api->remove('title=stronger', key => $broom), 403,
    'Insufficient access', 'nor does it delete one');
is($api->remove('title=scanner', key => $broom)->{status}, 200,
    '... but one that has no more');


# what callers with roles may is told as whole scopes

is_deeply($t->request('GET', '/api/v2/token/scopes', who())->{json}, \@all,
    'who may write is told all scopes');
is_deeply($t->request('GET', '/api/v2/token/scopes',
    who(roles => 'sn_sec_cmn.api_read'))->{json},
    [qw(read:resources read:records read:event_export)], '... who may read, those that read');


# a table that is configured no more

unlink $t->dir() . '/schema/tables/u_scan.json';
ok($t->reload(), 'a table is gone after a reload');
my $left = made('left', ['write:records:sn_ti_lookup_result']);
is_no(sent($manager, $own), '... and the scope for it gives nothing');
is_deeply(scopes('manager'), [qw(write:resources read:records
    write:records:u_scan)], '... though it is listed');
is_stored(sent($left, $lookup), '... while others do as before');

is($other->quit(), 0, 'the other machine ends');
is_deeply([$other->faults()], [], '... without a fault');
$t->done();
