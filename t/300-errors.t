# Every refusal of the Record API: status, message to the letter, form of the
# document, and that nothing was stored.  Scripts in the field compare these
# messages with those of the vendor's documentation, so each row of its table
# is asked for in both forms of a body and in every table.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use SecOps;
use SecOps::Records;

my $t = SecOps->new();
my $redis = $t->redis();

$t->run(conf(location => 'client_max_body_size 4k;'));

my $stored = 0;


sub refused { # an answer, what it must be, its name
    my ($r, $status, $message, $name) = @_;

    is_refused_at($r->{path} // '', $r, $status, $message, $name);
    is($redis->cmd('DBSIZE'), $stored, '... and nothing is stored');
}


sub json { return JSON::PP->new->canonical->encode($_[0]) }


sub nested { # an array that is so many containers deep
    my ($depth) = @_;
    return '[' x $depth . ']' x $depth;
}


# a body around the text of an object of fields

my %forms = (
    flat     => sub { $_[0] },
    envelope => sub { qq({"data":$_[0]}) },
);


foreach my $table (@tables) {
    my $endpoint = $table->{endpoint};
    my $subject = $table->{subject};
    my @names = @{$table->{mandatory}};
    my $good = json($table->{record});
    my $inside = substr $good, 1, -1;

    foreach my $form (sort keys %forms) {
        my $body = $forms{$form};
        my $room = $form eq 'flat' ? 63 : 62;      # of 64 levels
        my $tell = "$endpoint, $form:";
        my $path = path($endpoint);

        # who may not

        my $r = $t->request('POST', $path, {}, $body->($good));
        refused($r, 401, 'User is not authenticated', "$tell no identity");
        is($r->{headers}{'www-authenticate'}, 'Basic realm="Service-now"',
            "$tell a 401 challenges");

        refused(post($t, $body->($good), endpoint => $endpoint, roles => ''),
            403, 'Insufficient access', "$tell no role");
        refused(post($t, $body->($good), endpoint => $endpoint,
                roles => 'sn_sec_cmn.api_read'),
            403, 'Insufficient access', "$tell the read role only");

        # what is no post body

        my @invalid = (
            ['an escaped duplicate of a name', $body->(
                sprintf '{%s,"\u00%02x%s":"x"}', $inside, ord $subject,
                    substr $subject, 1)],
            ['a duplicate of a name', $body->(
                qq({$inside,"more":1,"more":1}))],
            ['a duplicate inside a field', $body->(
                qq({$inside,"more":{"a":1,"a":2}}))],
            ['a container too deep', $body->(
                qq({$inside,"more":) . nested($room + 1) . '}')],
            ['a number where text belongs', $body->(
                json({ %{$table->{record}}, $subject => 5 }))],
            ['a list where text belongs', $body->(
                json({ %{$table->{record}}, $subject => ['x'] }))],
            ['a text too long', $body->(
                json({ %{$table->{record}}, task => 'x' x 101 }))],
            ['no date', $body->(
                json({ %{$table->{record}}, first_seen => 'yesterday',
                       discovered_time => 'yesterday' }))],
            ['the field sys_id', $body->(
                json({ %{$table->{record}}, sys_id => 'x' }))],
            ['a field sys_anything', $body->(
                json({ %{$table->{record}}, sys_anything => undef }))],
            ['a sys_ field with an escaped name', $body->(
                qq({$inside,"\\u0073ys_id":"x"}))],
            ['a trailing comma', $body->(qq({$inside,}))],
            ['two values', $body->($good) . '{}'],
        );

        push @invalid, ['a finding outside its choices', $body->(
                json({ %{$table->{record}}, finding => 'harmful' }))]
            if $endpoint eq 'threat_lookup';
        push @invalid, ['a confidence of 101', $body->(
                json({ %{$table->{record}}, confidence => 101 }))]
            if $endpoint ne 'ci_enrichment';

        foreach my $case (@invalid) {
            refused(post($t, $case->[1], endpoint => $endpoint), 400,
                'Invalid post body', "$tell $case->[0]");
        }

        # what has no fields, or not all

        refused(post($t, $body->(json({ map { $_ => '' } @names })),
                endpoint => $endpoint),
            400, 'No fields supplied', "$tell all fields are empty strings");
        refused(post($t, $body->(json({ map { $_ => undef } @names })),
                endpoint => $endpoint),
            400, 'No fields supplied', "$tell all fields are null");
        refused(post($t, $body->('{"more":1}'), endpoint => $endpoint),
            400, 'Mandatory fields missing: ' . join(',', @names),
            "$tell all mandatory fields are missing");

        foreach my $name (@names) {
            my %record = %{$table->{record}};

            $record{$name} = '';
            refused(post($t, $body->(json(\%record)), endpoint => $endpoint),
                400, "Mandatory fields missing: $name",
                "$tell an empty $name counts as missing");
        }
    }

    # a fault of the body as a whole: there is no form

    foreach my $case (
        ['no body', undef],
        ['a body of no bytes', ''],
        ['white space', " \r\n\t"],
        ['text', 'observable=x'],
        ['half an object', '{"observable":'],
        ['an array', "[$good]"],
        ['a string', '"x"'],
        ['a number', '5'],
        ['true', 'true'],
        ['null', 'null'],
        ['an empty object', '{}'],
        ['a byte order mark', "\xef\xbb\xbf$good"],
    ) {
        refused(post($t, $case->[1], endpoint => $endpoint), 400,
            'Invalid post body', "$endpoint: $case->[0]");
    }

    # parameters

    foreach my $name (qw(ignore_mandatory_fields include_wrap simple_response))
    {
        foreach my $value ('yes', '', '2', 'null', 'truefalse', '%20true') {
            refused(post($t, $good, endpoint => $endpoint,
                    query => "$name=$value"),
                400, 'Invalid post body', "$endpoint: ?$name=$value");
        }

        foreach my $value (qw(2 null "yes" [] {} 1.0)) {
            refused(post($t, qq({"$name":$value,$inside}),
                    endpoint => $endpoint),
                400, 'Invalid post body', "$endpoint: member $name $value");
            refused(post($t, qq({"data":$good,"config":{"$name":$value}}),
                    endpoint => $endpoint),
                400, 'Invalid post body', "$endpoint: config $name $value");
        }
    }

    refused(post($t, qq({"data":$good,"config":{"other":true}}),
            endpoint => $endpoint),
        400, 'Invalid post body', "$endpoint: a config that is no parameter");
    refused(post($t, qq({"data":$good,"config":[]}), endpoint => $endpoint),
        400, 'Invalid post body', "$endpoint: a config that is no object");
    refused(post($t, '{"simple_response":true}', endpoint => $endpoint),
        400, 'No fields supplied', "$endpoint: parameters are no fields");
    refused(post($t, '{"data":{}}', endpoint => $endpoint),
        400, 'No fields supplied', "$endpoint: an envelope around nothing");

    # what nginx refuses, or the route table

    refused(post($t, json({ %{$table->{record}}, more => 'x' x 4096 }),
            endpoint => $endpoint),
        413, 'Request body too large', "$endpoint: more than is allowed");

    my $connection = $t->connect();
    refused($connection->request('POST', path($endpoint), who(),
            json({ %{$table->{record}}, more => 'x' x 4096 }), chunked => 1000),
        413, 'Request body too large', "$endpoint: more than that in chunks");

    foreach my $type ('text/plain', 'application/x-www-form-urlencoded',
        'application/jsonp', 'application/xml+jsonx', 'json', '', 'text/json')
    {
        my $r = post($t, $good, endpoint => $endpoint,
            headers => { 'Content-Type' => $type });
        refused($r, 415, 'Unsupported media type',
            "$endpoint: the type \"$type\"");
        is($r->{json}{error}{detail}, 'Content-Type must be application/json or'
            . ' application/x-ndjson', '... of those that it takes');
    }

    foreach my $method (qw(GET HEAD PUT DELETE PATCH OPTIONS)) {
        my $r = $t->request($method, path($endpoint), who(), $good);
        is($r->{status}, 405, "$endpoint: $method has no operation");
        is($r->{headers}{allow}, 'POST', '... and Allow says which has');
        refused($r, 405, 'Method not supported', '... in the same form')
            unless $method eq 'HEAD';
    }
}


# details say where and why

my $r = post($t, '{"data":{"observable":5,"finding":"bad","sys_x":1}}');
my $detail = $r->{json}{error}{detail};
like($detail, qr{/data/observable: must be a string},
    'the detail points to a field of a wrong type');
like($detail, qr{/data/finding: must be one of "Malicious"},
    'the detail names the choices');
like($detail, qr{/data/sys_x: is set by the server},
    'the detail names a field that is the server\'s');
like($detail, qr{/data/source_engine},
    'the detail names missing fields beside other faults');
is($r->{json}{error}{message}, 'Invalid post body',
    'a wrong value outweighs a missing one');

like(post($t, '{"a":1,}')->{json}{error}{detail}, qr/ at byte \d+$/,
    'the detail says at which byte JSON ends');
like(post($t, '{"observable":5}')->{json}{error}{detail}, qr{^/observable: },
    'pointers into a flat body begin at its root');
like(post($t, records(), query => 'include_wrap=x')->{json}{error}{detail},
    qr/^query parameter include_wrap: /, 'the detail names a bad parameter');

$r = post($t, '{"observable":"x"}', query => 'ignore_mandatory_fields=false');
is($r->{json}{error}{message},
    'Mandatory fields missing: finding,source_engine',
    'what is missing is told in the order of the schema');

$r = post($t, '{' . join(',', map { qq("sys_$_":1) } 1 .. 150) . '}');
like($r->{json}{error}{detail}, qr/; and more$/,
    'a body that is wrong all over is not told all over');

$r = post($t, qq({"observable":{"\x22":1}}));
ok(ref $r->{json}, 'what cannot be told is still answered in JSON');


# where there is nothing

foreach my $path ('/api/', '/api/now', '/api/sn_sec_cmn', path('nothing'),
    path('threat_lookup/more'), path('threat_lookup') . '//x',
    path('Threat_Lookup'), '/api/now/table', '/api/now/table/',
    '/api/now/v3/table/sn_ti_lookup_result/x', '/api/v1/healthy')
{
    refused({ %{$t->request('POST', $path, who(), records())},
        path => $path }, 404,
        'Requested URI does not represent any resource', "404 at $path");
}

$r = $t->request('POST', '/api/now/table/sn_ti_lookup_result/x', who(),
    records());
refused($r, 405, 'Method not supported', 'a record is not made at its path');
is($r->{headers}{allow}, 'GET, HEAD, PUT, PATCH, DELETE',
    '... and Allow says what may be done there');


# Redis refuses or is away: the request's id leads from the answer to the log

my $good = post($t, records());
is_stored($good, 'a record is stored in between');
my $place = $good->{headers}{location};
$stored = $redis->cmd('DBSIZE');


sub failed {
    my ($r, $status, $message, $name) = @_;

    is_refused($r, $status, $message, $name);

    my ($id) = $r->{json}{error}{detail} =~ /^request ([0-9a-f]{32})$/;
    ok($id, '... with the id of the request');
    ok($id && $t->wait_log("\\[error\\].*request $id"),
        '... which is in the error log');
    is($r->{headers}{'retry-after'}, $status == 503 ? 1 : undef,
        $status == 503 ? '... and says when to try again'
                       : '... and does not ask to try again');
    is($redis->cmd('DBSIZE'), $stored, '... and nothing is stored')
        if $redis->pid();
}


$redis->cmd(qw(CONFIG SET maxmemory 1));
failed(post($t, records()), 500, 'Unable to persist record',
    'Redis is out of memory');
unlike($t->request('POST', path(), who(), records())->{body},
    qr/OOM|secops:/, 'an answer tells neither Redis\' words nor a key');
is(get($t, $place)->{status}, 200, 'reading goes on meanwhile');
$redis->cmd(qw(CONFIG SET maxmemory 0));

$redis->cmd(qw(ACL SETUSER default -set));
failed(post($t, records()), 500, 'Unable to persist record',
    'the Redis user may not write');
$redis->cmd(qw(ACL SETUSER default -get));
failed(get($t, $place), 500, 'Unable to read record',
    'the Redis user may not read');
$redis->cmd(qw(ACL SETUSER default +@all));

$redis->cmd('SET', 'secops:{global:0}:audit', 'no stream');
$redis->cmd('SET', "secops:{global:$_}:audit", 'no stream')
    foreach 1 .. 9, 'a' .. 'f';
is_refused(post($t, records(observable => 'other')), 500,
    'Unable to persist record', 'a key holds another type of value');
$redis->cmd('FLUSHALL');
$stored = 0;

$redis->cmd(qw(CONFIG SET replica-serve-stale-data yes));
$redis->cmd(qw(REPLICAOF 127.0.0.1 1));
failed(post($t, records()), 503, 'Unable to persist record',
    'Redis is a read-only replica');
$redis->cmd(qw(REPLICAOF NO ONE));
ok(wait_for(sub { post($t, records())->{status} == 201 }),
    'writing goes on once it is one no more');

$redis->stop();
failed(post($t, records()), 503, 'Unable to persist record',
    'Redis is away: a record');
failed(get($t, $place), 503, 'Unable to read record',
    'Redis is away: reading');
is_refused(post($t, '{}'), 400, 'Invalid post body',
    'what is wrong anyway is told without Redis');

$redis->start();
ok(wait_for(sub { post($t, records())->{status} == 201 }),
    'writing goes on once Redis is back');

$t->done();
