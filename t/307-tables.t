# Reading a record back by its id, the way ServiceNow's clients do it: paths
# with and without a version, their sysparm_ parameters, their exact errors;
# and that nobody reads what is not theirs.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use SecOps;
use SecOps::Records;

my $t = SecOps->new();
my $redis = $t->redis();

$t->run(conf());

my %answers = map {
    $_->{table} => post($t, $_->{record}, endpoint => $_->{endpoint},
        domain => 'acme')
} @tables;

my $read = 'sn_sec_cmn.api_read';


# who may

foreach my $table (sort keys %answers) {
    my $record = $answers{$table};
    my $path = $record->{headers}{location};
    my $r = get($t, $path, domain => 'acme', roles => $read);

    is($r->{status}, 200, "$table: the read role may read");
    is($r->{headers}{'content-type'}, 'application/json', '... JSON');
    my $made = $record->{body} =~ s/\}\z//r;
    like($r->{body}, qr/\A\{"result":\Q$made\E(?:,"\w+":"")+\}\}\z/,
        '... the record, as it was answered when it was made');
    is_deeply($r->{json}{result}, in_table($table, $record->{json}),
        '... and the columns that it does not have, empty');

    is(get($t, $path, domain => 'acme')->{status}, 200,
        "$table: the write role implies reading");
    is(get($t, $path, domain => 'acme', user => 'other', roles => $read)
        ->{status}, 200, "$table: so may another user of the domain");

    is_refused(get($t, $path, domain => 'acme', roles => ''), 403,
        'Insufficient access', "$table: without a role it is 403");
    is_refused(get($t, $path, domain => 'acme', roles => "${read}x,x$read"),
        403, 'Insufficient access', "$table: similar roles are none");

    $r = $t->request('GET', $path, { 'X-SecOps-Domain' => 'acme',
        'X-SecOps-Roles' => $read });
    is_refused($r, 401, 'User is not authenticated',
        "$table: without a user it is 401");
    is($r->{headers}{'www-authenticate'}, 'Basic realm="Service-now"',
        '... and challenges');

    is_refused(get($t, $path, domain => 'other'), 404, 'No Record found',
        "$table: another domain finds no record");
    is_refused(get($t, $path), 404, 'No Record found',
        "$table: nor does the default one");
    is_refused(get($t, $path, domain => 'ACME'), 404, 'No Record found',
        "$table: nor the same name in capitals");

    foreach my $other (grep { $_ ne $table } sort keys %answers) {
        is_refused(get($t, $path =~ s/\Q$table\E/$other/r, domain => 'acme'),
            404, 'No Record found', "$table: its id is not in $other");
    }
}


# paths

my $table = 'sn_ti_lookup_result';
my $record = $answers{$table};
my $id = $record->{json}{sys_id};

is_deeply(get($t, $_, domain => 'acme')->{json},
    { result => in_table($table, $record->{json}) }, "found at $_")
    foreach map { s/ID/$id/r } "/api/now/table/$table/ID",
        "/api/now/v1/table/$table/ID", "/api/now/v2/table/$table/ID",
        "/api/now/table/$table/ID/", "/api/now//table/$table/ID",
        "/api/now/table/%73n_ti_lookup_result/ID",
        "/api/now/x/../table/$table/ID",
        "/api/now/table/$table/ID?sysparm_query=ORDERBYsys_id"
        . '&sysparm_limit=100&sysparm_display_value=true'
        . '&sysparm_exclude_reference_link=true&sysparm_offset=5'
        . '&sysparm_suppress_pagination_header=true&sysparm_view=',
        "/api/now/table/$table/ID?sysparm_query=ciNOT+INa%2Cb&&=&x",
        "/api/now/table/$table/ID?include_wrap=what";

my $r = $t->request('HEAD', "/api/now/table/$table/$id",
    who(domain => 'acme'));
is($r->{status}, 200, 'HEAD finds it as well');
is($r->{headers}{'content-length'}, length get($t, "/api/now/table/$table/$id",
    domain => 'acme')->{body}, '... and tells its length');
is($t->request('HEAD', "/api/now/table/$table/bunk", who())->{status}, 404,
    'HEAD does not find what is not there');


# exact errors: clients take "Record doesn't exist" for an empty answer

my $none = '{"error":{"message":"No Record found","detail":"Record doesn\'t'
    . ' exist or ACL restricts the record retrieval"},"status":"failure"}';

foreach my $bad ('bunk', 'f' x 32, '0' x 32, uc $id, substr($id, 1),
    "${id}0", "$id%0a", "%20$id", substr($id, 0, 31) . 'g', '..x', '*',
    '-1', '%F0%9F%98%80', 'x' x 2000)
{
    my $r = get($t, "/api/now/table/$table/$bad", domain => 'acme');
    my $shown = substr $bad, 0, 40;

    is($r->{status}, 404, "no record has the id $shown") and next
        if $r->{body} eq $none;
    is($r->{body}, $none, "... in the vendor's words: $shown");
}

foreach my $name ('incident', 'x', 'sn_ti_lookup_resul',
    'sn_ti_lookup_result2', 'SN_TI_LOOKUP_RESULT', 'threat_lookup')
{
    my $r = get($t, "/api/now/table/$name/$id", domain => 'acme');
    is($r->{status}, 400, "there is no table $name");
    is($r->{body}, qq({"error":{"message":"Invalid table $name",)
        . '"detail":null},"status":"failure"}', '... in the vendor\'s words');
}

is(get($t, '/api/now/table/a%22b%5C/x')->{json}{error}{message},
    'Invalid table a"b\\', 'a name that is none is quoted in the answer');
is_refused(get($t, "/api/now/table/$_/x"), 400, 'Invalid table ',
    "a name that is no text is not: $_") foreach '%ff%fe', 'a%0ab', '%ed%a0%80';
is_refused(get($t, "/api/now/table/$table/$id%00"), 400, 'Bad Request',
    'nginx lets no NUL in, and that is told in the same form');

is_refused(get($t, '/api/now/table/incident/x', roles => ''), 403,
    'Insufficient access', 'tables are not told to who may not read');


# Redis

$redis->cmd('SET', ($redis->cmd('KEYS', "*:rec:*$id"))->[0], '{"other":1}');
is(get($t, "/api/now/table/$table/$id?sysparm_fields=other,another",
    domain => 'acme')->{body}, '{"result":{"other":"1"}}', 'a record is read from Redis each time');

$redis->cmd('FLUSHALL');
is(get($t, "/api/now/table/$table/$id", domain => 'acme')->{status}, 404,
    'what was deleted there is gone');

# ids of the form that earlier versions made, which begins with the shard

foreach my $old (['f', 'f01a2041fa93bafe01f6a2f43f9633f7'],
    ['0', '001a2041fa7d5a9543e7bbd8efc78f3c'],
    ['1', '101a2041fa7d5a9543e7bbd8efc78f3c'])
{
    my ($shard, $id) = @$old;

    $redis->cmd('SET', "secops:{global:$shard}:rec:$table:$id", '{"old":1}');
    is(get($t, "/api/now/table/$table/$id?sysparm_fields=old")->{body},
        '{"result":{"old":"1"}}',
        "a record of an earlier version is found in shard $shard");
}

my $key = 'secops:{global:0}:rec:' . "$table:" . '0' x 32;
$redis->cmd('SADD', $key, 'x');
is_refused(get($t, "/api/now/table/$table/" . '0' x 32), 500,
    'Unable to read record', 'a key of another type is an error');

$redis->cmd('DEL', $key);

foreach my $value ('', 'x', '[]', '{"x":1')
{
    $redis->cmd('SET', $key, $value);
    is_refused(get($t, "/api/now/table/$table/" . '0' x 32), 500,
        'Unable to read record', "what is no record is an error: \"$value\"");
}

$redis->stop();
$r = get($t, "/api/now/table/$table/$id", domain => 'acme');
is_refused($r, 503, 'Unable to read record', 'when Redis is away, it is 503');
is($r->{headers}{'retry-after'}, 1, '... and says when to try again');
is(get($t, "/api/now/table/$table/bunk")->{body}, $none,
    '... but no record has an id that is none');
is(get($t, '/api/now/table/incident/x')->{status}, 400,
    '... and there is no table incident');

$t->done();
