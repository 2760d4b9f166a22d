# What a stored record is: the answer, the server's fields, the client's own
# bytes, and everything that lies in Redis afterwards.  Other programs read
# these keys, and other machines must find the same record under them.

use strict;
use warnings;
no warnings 'portable';     # a time in milliseconds has 41 bits
use utf8;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw(sha256_hex);
use Encode qw(encode_utf8);
use SecOps;
use SecOps::Records;

my $t = SecOps->new();
my $redis = $t->redis();

$t->run(conf(server => <<'EOT'));
        location /kept/ {
            rewrite ^/kept(/.*)$ $1 break;
            secops_api;
            secops_redis %%REDIS%%;
            secops_redis_prefix kept:all;
            secops_audit_maxlen 0;
            secops_auth header;
        }

        location /short/ {
            rewrite ^/short(/.*)$ $1 break;
            secops_api;
            secops_redis %%REDIS%%;
            secops_redis_prefix short;
            secops_audit_maxlen 5;
            secops_auth header;
        }
EOT


# a key of the record with this sys_id

sub key {
    my ($kind, $sys_id, $domain, $table) = @_;
    return sprintf 'secops:{%s:%s}:%s:%s', $domain // 'global',
        shard_of($sys_id), $kind, $table // 'sn_ti_lookup_result';
}


sub kept { # the bytes of a record in Redis
    my ($r, $domain) = @_;
    my $sys_id = ($r->{json}{result} // $r->{json})->{sys_id};
    return $redis->cmd('GET', key('rec', $sys_id, $domain) . ":$sys_id");
}


# the answer, table by table

foreach my $table (@tables) {
    my ($endpoint, $name) = @$table{qw(endpoint table)};

    foreach my $body ($table->{record}, { data => $table->{record} }) {
        my $form = $body->{data} ? 'envelope' : 'flat';
        my $from = time();
        my $r = post($t, $body, endpoint => $endpoint);
        my $to = time();
        my $json = $r->{json};

        is($r->{status}, 201, "$endpoint, $form: stored");
        is($r->{headers}{'content-type'}, 'application/json',
            '... the answer is JSON');
        like($json->{sys_id}, qr/\A[0-9a-f]{32}\z/, '... sys_id');
        is($json->{sys_class_name}, $name, '... sys_class_name is the table');
        like($json->{sys_created_on},
            qr/\A\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\z/, '... sys_created_on');
        ok($json->{sys_created_on} ge utc($from)
            && $json->{sys_created_on} le utc($to), '... is now, in UTC');
        is($json->{sys_updated_on}, $json->{sys_created_on},
            '... sys_updated_on is the same');
        is($json->{sys_created_by}, 'script', '... sys_created_by is the user');
        is($json->{sys_domain}, 'global', '... sys_domain has its default');
        is($json->{sys_mod_count}, '0', '... sys_mod_count');
        is_deeply({ map { $_ => $json->{$_} } grep { !/^sys_/ } keys %$json },
            $table->{record}, '... and the fields, nothing else');

        my $msec = msec_of($json->{sys_id});
        ok($msec >= $from * 1000 - 50 && $msec <= $to * 1000 + 50,
            '... sys_id holds the time');

        is($r->{headers}{location}, "/api/now/table/$name/$json->{sys_id}",
            '... Location names the record');
        is_deeply(get($t, $r->{headers}{location})->{json},
            { result => in_table($name, $json) },
            '... which can be read there');
        is($redis->cmd('GET', key('rec', $json->{sys_id}, undef, $name)
            . ":$json->{sys_id}"), $r->{body}, '... and is what Redis holds');
    }
}


sub utc {
    my ($sec, $min, $hour, $mday, $mon, $year) = gmtime int $_[0];
    return sprintf '%04d-%02d-%02d %02d:%02d:%02d', $year + 1900, $mon + 1,
        $mday, $hour, $min, $sec;
}


# configuration parameters

my $fields = '"observable":"x","finding":"Clean","source_engine":"y"';
my $success = '{"success":true}';

is(post($t, "{$fields}", query => 'simple_response=true')->{body}, $success,
    'simple_response says only that it was stored');
is(post($t, "{$fields}", query => 'simple_response=true&include_wrap=true')
    ->{body}, qq({"result":$success}), 'include_wrap wraps that too');
is(post($t, "{$fields}", query => 'simple_response=true')->{status}, 201,
    'simple_response is a 201 as well');

my $r = post($t, "{$fields}", query => 'include_wrap=true');
is_deeply([keys %{$r->{json}}], ['result'], 'include_wrap wraps the record');
is($r->{json}{result}{observable}, 'x', '... which is in it');
is($r->{body}, '{"result":' . kept($r) . '}',
    '... the wrapper is not stored');
is_deeply(get($t, $r->{headers}{location})->{json},
    { result => in_table('sn_ti_lookup_result', $r->{json}{result}) },
    '... Location names it there as well');

$r = post($t, "{$fields}", query => 'simple_response=true');
is(get($t, $r->{headers}{location})->{json}{result}{observable}, 'x',
    'with simple_response, Location still names the record');

my @true = qw(true True TRUE tRuE 1);
my @false = qw(false False FALSE fAlSe 0);

is(post($t, "{$fields}", query => "simple_response=$_")->{body}, $success,
    "in the query, $_ is true") foreach @true, '%74rue', '%54%52ue';
is(post($t, "{$fields}", query => "%73imple_response=1")->{body}, $success,
    'in the query, the name may be encoded');
is_stored(post($t, "{$fields}", query => "simple_response=$_"),
    "in the query, $_ is false") foreach @false;

foreach my $value (qw(true 1 "true" "True" "TRUE" "1")) {
    is(post($t, qq({$fields,"simple_response":$value}))->{body}, $success,
        "as a member of a flat body, $value is true");
    is(post($t, qq({"simple_response":$value,"data":{$fields}}))->{body},
        $success, "as a member of an envelope, $value is true");
    is(post($t, qq({"config":{"simple_response":$value},"data":{$fields}}))
        ->{body}, $success, "in config, $value is true");
}

is_stored(post($t, qq({$fields,"simple_response":$_})),
    "as a member of a flat body, $_ is false")
    foreach qw(false 0 "false" "False" "0");

is(post($t, qq({"simple_response":false,"data":{$fields}}),
    query => 'simple_response=true')->{body}, $success,
    'the query wins over the body when it says true');
is_stored(post($t, qq({"simple_response":true,"data":{$fields}}),
    query => 'simple_response=false'),
    'the query wins over the body when it says false');
is_stored(post($t, qq({"config":{"simple_response":true},"data":{$fields}}),
    query => 'simple_response=0'), 'the query wins over config');
is_stored(post($t, "{$fields}", query => 'sysparm_view=x&Simple_Response=1&x'),
    'other parameters of the query mean nothing');
is(post($t, "{$fields}", query => 'simple_response=0&simple_response=1')
    ->{body}, $success, 'of a parameter that stands twice, the last counts');

$r = post($t, qq({"include_wrap":false,$fields,"simple_response":0,)
    . '"ignore_mandatory_fields":"False"}');
is_deeply([grep { /wrap|simple|ignore/ } keys %{$r->{json}}], [],
    'parameters of a flat body are not stored as fields');
unlike(kept($r), qr/include_wrap|simple_response|ignore_mandatory/,
    '... neither in Redis');

$r = post($t, qq({"data":{$fields,"simple_response":true}}));
is($r->{json}{simple_response}, JSON::PP::true,
    'inside of data, such a name is a field like any other');
$r = post($t, qq({$fields,"config":{"simple_response":true}}));
is_deeply($r->{json}, { success => JSON::PP::true },
    'Semantics 14: config of parameters in a flat body is config');
$r = post($t, qq({$fields,"config":{"simple_response":true,"x":1}}));
is_deeply($r->{json}{config}, { simple_response => JSON::PP::true, x => 1 },
    '... with something else in it, it is a field');
$r = post($t, qq({$fields,"data":{"a":1}}));
is_deeply($r->{json}{data}, { a => 1 },
    'data beside other fields is a field');
$r = post($t, qq({$fields,"data":"text"}));
is($r->{json}{data}, 'text', 'data that is text is a field');

is_stored(post($t, '{"observable":"x"}',
    query => 'ignore_mandatory_fields=true'),
    'ignore_mandatory_fields stores what lacks fields');
is_stored(post($t, '{"more":"x","ignore_mandatory_fields":true}'),
    '... also when asked for in the body');
is_stored(post($t, '{"data":{"more":"x"},"config":'
    . '{"ignore_mandatory_fields":true}}'), '... or in config');
is_refused(post($t, '{"observable":5}',
    query => 'ignore_mandatory_fields=true'), 400, 'Invalid post body',
    '... but not what has the wrong type');
is_refused(post($t, '{"finding":"Bad"}',
    query => 'ignore_mandatory_fields=true'), 400, 'Invalid post body',
    '... or is outside the choices');
is_refused(post($t, '{"observable":""}',
    query => 'ignore_mandatory_fields=true'), 400, 'No fields supplied',
    '... and a field there must be');


# the client's bytes

my @members = (
    '"number" : 1.10', '"large":1e2', '"huge":12345678901234567',
    '"small":-0.0', '"exact":0.1000000000000000055511151231257827',
    '"escaped":"\u00e4\u0041\/\ud83d\ude00\b"', '"esc\u0061ped name":1',
    '"utf8":"grün 😀"', '"nested":{ "b" : [ 1 , {"a":null} ],  "a":"" }',
    "\"spaces\":[\n\t1\r\n]", '"empty":""', '"nothing":null', '"yes":true',
    '"":"no name"', '"a.b/c~d":{}',
);

my $text = encode_utf8("{ $fields ,\n" . join("\t,\n ", @members) . "\r\n}");
$r = post($t, $text);
is($r->{status}, 201, 'unknown fields are accepted');
ok(index($r->{body}, encode_utf8($_)) > 0,
    encode_utf8("kept byte for byte: $_") =~ s/[^ -~]+/?/gr)
    foreach @members;
is(kept($r), $r->{body}, 'Redis holds the same bytes');

# a GET answers each of them as a string
my $as_strings = join ',', '"number":"1.10"', '"large":"1e2"',
    '"huge":"12345678901234567"', '"small":"-0.0"',
    '"exact":"0.1000000000000000055511151231257827"', $members[5],
    '"esc\u0061ped name":"1"', encode_utf8($members[7]),
    '"nested":"{ \"b\" : [ 1 , {\"a\":null} ],  \"a\":\"\" }"',
    '"spaces":"[\\n\\t1\\r\\n]"', '"empty":""', '"nothing":""', '"yes":"true"',
    '"":"no name"', '"a.b/c~d":"{}"';
(my $stored = $r->{body}) =~ s/"number".*//s;
like(get($t, $r->{headers}{location})->{body},
    qr/\A\{"result":\Q$stored$as_strings\E(?:,"\w+":"")+\}\}\z/,
    'and they are read as strings, in the same order, before empty columns');
is($r->{json}{utf8}, 'grün 😀', 'the answer is valid UTF-8');

$r = post($t, qq({"data":{$fields,$members[0],$members[8]}}));
ok(index($r->{body}, "$members[0],$members[8]}") > 0,
    'an envelope\'s fields are kept in the same way');

is_stored(post($t, '{"observable":"x","finding":"Clean","source_engine":"y",'
    . '"result":null,"first_seen":"","confidence":null}'),
    'empty fields of any kind are no fault');

$r = post($t, '{"enrichment_mapping_id":"m","raw_data":"<xml>\n</xml>"}',
    endpoint => $_->{endpoint})
    and is($r->{json}{raw_data}, "<xml>\n</xml>",
        "$_->{endpoint}: a mapping and raw data take the place of fields")
    foreach @tables;
is_refused(post($t, '{"enrichment_mapping_id":"m"}'), 400,
    'Mandatory fields missing: observable,finding,source_engine',
    'a mapping without raw data does not');
is_refused(post($t, '{"enrichment_mapping_id":"","raw_data":"x"}'), 400,
    'Mandatory fields missing: observable,finding,source_engine',
    'raw data with an empty mapping does not');

is_stored($t->request('POST', path() . '/', who(), "{$fields}"),
    'a slash at the end of the path makes no difference');
is_stored($t->request('POST', path('threat%5Flookup'), who(), "{$fields}"),
    'a path may be encoded');

is_stored(post($t, records(first_seen => $_)), "a time like $_")
    foreach '2026-02-28 23:59:59', '2026-02-28T23:59:59Z',
            '2026-02-28T23:59:59.123+02:00';
is_refused(post($t, records(first_seen => '2026-02-30 00:00:00')), 400,
    'Invalid post body', 'a day that does not exist is no time');


# keys in Redis

$redis->cmd('FLUSHALL');
my $from = int(time() * 1000) - 50;
$r = post($t, records(observable => 'a/b'), user => 'u',
    headers => { 'User-Agent' => 'x' });
my $to = int(time() * 1000) + 50;

my $id = $r->{json}{sys_id};
my $shard = shard_of($id);
my $digest = substr sha256_hex('a/b'), 0, 32;

is($shard, substr($digest, 0, 1),
    'the shard is the first digit of the subject\'s digest');
is_deeply([keys_like($redis)], [sort
    "secops:{global:$shard}:audit",
    "secops:{global:$shard}:idx:sn_ti_lookup_result",
    "secops:{global:$shard}:rec:sn_ti_lookup_result:$id",
    "secops:{global:$shard}:sub:sn_ti_lookup_result:$digest",
], 'one record makes these keys and no other');

foreach my $key (key('idx', $id), key('sub', $id) . ":$digest") {
    is_deeply($redis->cmd('LRANGE', $key, 0, -1), [$id],
        "$key names the record once");
}

my $msec = msec_of($id);
ok($msec >= $from && $msec <= $to, 'the time in its id is that of the request');

my ($entry) = @{$redis->cmd('XRANGE', "secops:{global:$shard}:audit",
    '-', '+')};
my %audit = @{$entry->[1]};
like(delete $audit{request}, qr/\A[0-9a-f]{32}\z/,
    'the audit entry has the id of the request');
is_deeply(\%audit, { user => 'u', method => 'header', address => '127.0.0.1',
    operation => 'records.create', type => 'sn_ti_lookup_result', id => $id },
    '... and who did what, from where');
is($redis->cmd('TTL', key('rec', $id) . ":$id"), -1,
    'records do not expire');

$r = post($t, qq({"observable":"\\u0061\\/b","finding":"Clean",)
    . '"source_engine":"z"}');
is($redis->cmd('LLEN', key('sub', $id) . ":$digest"), 2,
    'an escape in it does not make another subject');
is(shard_of($r->{json}{sys_id}), $shard,
    'records about one subject lie in one shard');
is($redis->cmd('XLEN', "secops:{global:$shard}:audit"), 2,
    'every record has an audit entry');

$r = post($t, { cmdb_ci => 'a/b', source => 's' },
    endpoint => 'ci_enrichment');
is($redis->cmd('LLEN', key('sub', $id, undef,
    'sn_sec_cmn_ci_enrichment_result') . ":$digest"), 1,
    'another table has indexes of its own');

$redis->cmd('FLUSHALL');
my %shards;
for (1 .. 40) {
    $r = post($t, '{"more":1,"ignore_mandatory_fields":true}');
    $shards{shard_of($r->{json}{sys_id})} = 1;
}
ok(keys %shards > 4, 'records about nothing are spread over the shards');
is_deeply([keys_like($redis, '*:sub:*')], [],
    '... and are in no index of subjects');

$redis->cmd('FLUSHALL');
my @ids = map { post($t, records())->{json}{sys_id} } 1 .. 30;
is(keys %{{ map { $_ => 1 } @ids }}, 30, 'every record has an id of its own');
is_deeply($redis->cmd('LRANGE', key('idx', $ids[0]), 0, -1),
    [reverse @ids], 'in the index the newest stands first');

$t->request('POST', '/kept' . path(), who(), records()) for 1 .. 3;
my ($audit) = keys_like($redis, 'kept:all:{global:*}:audit');
ok($audit, 'secops_redis_prefix is the first part of every key');
is($redis->cmd('XLEN', $audit), 3, 'secops_audit_maxlen 0 keeps all');
is_deeply([grep { !/^(?:secops|kept:all):\{global:/ } keys_like($redis)], [],
    'no key is without prefix and hash tag');

$redis->cmd('CONFIG', 'SET', 'stream-node-max-entries', 1);
$t->request('POST', '/short' . path(), who(), records()) for 1 .. 20;
($audit) = keys_like($redis, 'short:*:audit');
ok($redis->cmd('XLEN', $audit) < 20, 'secops_audit_maxlen bounds the stream');
is(scalar(my @kept = keys_like($redis, 'short:*:rec:*')), 20,
    '... and drops no record');


# callers' names

foreach my $user ('o"neil', 'back\\slash', 'a\\"', '</script>', '{"a":1}',
    'Jörg Müller', '日本', '😀', "it's", '%s%n', 'x' x 255, '$remote_addr', ' a')
{
    my $bytes = encode_utf8($user);
    my $r = post($t, records(), user => $bytes);
    my $expected = $user =~ s/^ +//r;

    is($r->{json}{sys_created_by}, $expected,
        'a user\'s name survives: ' . encode_utf8(substr $user, 0, 20));

    my $key = 'secops:{global:' . shard_of($r->{json}{sys_id}) . '}:audit';
    my %audit = @{$redis->cmd('XREVRANGE', $key, '+', '-', 'COUNT', 1)
        ->[0][1]};
    is($audit{user}, encode_utf8($expected), '... into the audit as well');
}


# domains

$redis->cmd('FLUSHALL');
my %seen;

foreach my $domain ('acme', 'ACME', 'acme.', 'a}b', '{x', '}', '{}', 'a:b', ':',
    'a b', 'global}:rec', 'x' x 64, 'x' x 65, 'x' x 1000, 'grün', "\$x", '*',
    '~' . substr(sha256_hex('a}b'), 0, 32), 'a/../b', '0', '-', 'null', '"')
{
    my $bytes = encode_utf8($domain);
    my $shown = substr $bytes, 0, 24;
    my %before = map { $_ => 1 } keys_like($redis);
    my $r = post($t, records(), domain => $bytes);
    my @new = grep { !$before{$_} } keys_like($redis);

    is_stored($r, "domain $shown: stored");
    is($r->{json}{sys_domain}, $domain, '... under its name');
    is(@new, 4, '... in four keys that no other domain has');

    my %tags = map { (m/\{([^}]*)\}/)[0] => 1 } @new;
    is(keys %tags, 1, '... in one hash slot');
    is_deeply([grep { !/^secops:\{~?[\w.-]+:[0-9a-f]\}:\w+(?::\w+)*$/ } @new],
        [], '... and nothing of its name moves the hash tag');

    is(get($t, $r->{headers}{location}, domain => $bytes)->{status}, 200,
        '... it can read its record');
    is(get($t, $r->{headers}{location})->{status}, 404,
        '... which the default domain can not');

    is_deeply([grep {
        get($t, $seen{$_}, domain => $bytes)->{status} != 404
    } sort keys %seen], [], '... and it can read no other domain\'s');

    $seen{$bytes} = $r->{headers}{location};
}

$r = post($t, records(), domain => '');
is($r->{json}{sys_domain}, 'global', 'an empty domain is the default one');
is(get($t, $r->{headers}{location}, domain => 'global')->{status}, 200,
    'the default domain can be named');

$t->done();
