# Changing and deleting records, and creating them by the Table API: what is
# stored and answered, who may, what is refused with every fault, and that
# nothing is lost where several change the same record at once.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Compress::Zlib ();
use Digest::SHA qw(sha256_hex);
use JSON::PP;
use SecOps;
use SecOps::Records;
use SecOps::Relay;

my $t = SecOps->new();
my $redis = $t->redis();
my $json = JSON::PP->new->canonical;
my $base = '/api/now/table/sn_ti_lookup_result';
my $write = 'sn_sec_cmn.api_write';
my $admin = 'sn_sec_cmn.admin';

my $dir = $t->dir();

my $relay = SecOps::Relay->new($t);

$t->run(conf(location => 'client_max_body_size 20k;', server => <<"EOT",
        location /relayed/ {
            rewrite ^/relayed(/.*)\$ \$1 break;
            secops_api;
            secops_redis @{[ $relay->url() ]};
            secops_auth header;
        }
EOT
    http => <<'EOT'));
    server {
        listen 127.0.0.1:%%PORT1%% http2;

        location /api/ {
            secops_api;
            secops_redis %%REDIS%%;
            secops_auth header;
            gzip on;
            gzip_types application/json;
            gzip_min_length 1;
        }
    }

    server {
        listen 127.0.0.1:%%PORT2%%;

        location /api/ {
            secops_api;
            secops_redis %%REDIS%%;
            secops_auth header;
        }
    }
EOT


sub call { # method, path, body; headers, and what who() takes
    my ($method, $path, $body, %opt) = @_;
    $opt{roles} //= $method eq 'DELETE' ? $admin : $write;
    return $t->request($method, $path,
        [ SecOps::Connection::pairs(who(%opt)),
            SecOps::Connection::pairs($opt{headers}) ], $body, %opt);
}

sub created { # a record by the Record API; -> its path
    my (%more) = @_;
    my $r = post($t, records(%more), query => 'ignore_mandatory_fields=true');
    is_stored($r, 'a record') or die;
    return $r->{headers}{location};
}

sub id { return $_[0] =~ m{([0-9a-f]{32})$} ? $1 : die }
sub shard { return shard_of(id($_[0])) }
sub key { return 'secops:{global:' . shard($_[0]) . '}:rec:'
    . 'sn_ti_lookup_result:' . id($_[0]) }
sub stored { return $redis->cmd('GET', key($_[0])) }
sub entries { # of the audit, that are about it, the oldest first
    my ($path) = @_;
    my $id = id($path);
    return grep { $_->{id} eq $id } map { +{ @{$_->[1]} } }
        @{$redis->cmd('XRANGE', 'secops:{global:' . shard($path) . '}:audit',
            '-', '+')};
}
sub lists { # what its lists hold
    my ($path, $subject) = @_;
    my $space = 'secops:{global:' . shard($path) . '}';
    my $digest = substr sha256_hex($subject), 0, 32;
    return map { join ' ', @{$redis->cmd('LRANGE', "$space:$_", 0, -1)} }
        'idx:sn_ti_lookup_result', "sub:sn_ti_lookup_result:$digest";
}


# --- PATCH and PUT ----------------------------------------------------------

foreach my $method (qw(PATCH PUT)) {
    my $path = created(threat_score => 7, note => 'first', n => { a => 1.5 });
    my $before = stored($path);
    my ($on) = $before =~ /"sys_updated_on":"([^"]*)"/;

    my $r = call($method, $path, { note => 'second', threat_score => 8,
        more => JSON::PP::true }, user => 'J"rg');

    is($r->{status}, 200, "$method: a record is changed");
    is($r->{headers}{'content-type'}, 'application/json', '... JSON');
    is($r->{headers}{etag}, '"1"', '... with its ETag');
    is($r->{headers}{'x-secops-durability'}, 'memory',
        '... and the durability');

    my $result = $r->{json}{result};
    is_deeply([ @$result{qw(note threat_score more sys_mod_count
            sys_updated_by sys_created_by finding n)} ],
        ['second', '8', 'true', '1', 'J"rg', 'script', 'Malicious',
            '{"a":1.5}'],
        '... answered in the form of the Table API: all strings');
    is(scalar(grep { ref } values %$result), 0, '... really all');

    my $after = stored($path);
    my ($now) = $after =~ /"sys_updated_on":"([^"]*)"/;

    ok($now ge $on, '... sys_updated_on');
    is($after, $before
        =~ s/"sys_updated_on":"[^"]*"/"sys_updated_on":"$now"/r
        =~ s/"sys_mod_count":"0"/"sys_mod_count":"1","sys_updated_by":"J\\"rg"/r
        =~ s/"note":"first"/"note":"second"/r
        =~ s/"threat_score":7/"threat_score":8/r
        =~ s/}$/,"more":true}/r,
        '... all else is byte for byte as it was');

    my ($create, $update, @more) = entries($path);
    is_deeply([ @$update{qw(user operation type id members)}, scalar @more ],
        ['J"rg', 'records.update', 'sn_ti_lookup_result', id($path),
            join(',', (grep { $_ ne 'more' } $after
                =~ /"(note|threat_score|more)":/g), 'more'), 0],
        '... and in the audit, with the names of its members');
    is($create->{members}, undef, '... which a new record has none of');

    is((lists($path, '198.51.100.7'))[0] =~ /\b${\id($path)}\b/ ? 1 : 0, 1,
        '... it stays in its list');
    is($redis->cmd('TTL', key($path)), -1, '... and does not expire');
}


# an expiry stays

{
    my $path = created();
    $redis->cmd('EXPIRE', key($path), 1000);
    is(call('PATCH', $path, { note => 1 })->{status}, 200, 'one that expires');
    my $ttl = $redis->cmd('TTL', key($path));
    ok($ttl > 900 && $ttl <= 1000, '... still does');
}


# what a value may be

{
    my $path = created(note => 'x', level => 'y');

    my $r = call('PATCH', $path, '{"note":null,"level":"","source_engine":""}');
    is_refused($r, 400, 'Mandatory fields missing: source_engine',
        'a mandatory field can not be emptied');
    is($r->{json}{error}{detail}, '/source_engine: is required', '... why');

    $r = call('PATCH', "$path?ignore_mandatory_fields=true",
        '{"note":null,"level":"","source_engine":""}');
    is($r->{status}, 200, '... but if that is asked for');
    is_deeply([ @{$r->{json}{result}}{qw(note level source_engine)} ],
        ['', '', ''], 'null and "" empty a field');
    like(stored($path), qr/"note":null/, '... and are stored as they came');
    like(stored($path), qr/"level":""/, '... both');

    $r = call('PATCH', "$path?ignore_mandatory_fields=true",
        '{"finding":"suspicious"}');
    is($r->{json}{result}{finding}, 'Suspicious',
        'a choice in other letters becomes the one of the table');

    $r = call('PATCH', $path, '{"data":{"source_engine":"x"},"config":{}}');
    is($r->{json}{result}{source_engine}, 'x', 'an envelope');

    $r = call('PATCH', $path, '{"note":"a","simple_response":true}');
    is_deeply($r->{json}, { result => { success => JSON::PP::true } },
        'simple_response');
    is($r->{headers}{etag}, '"4"', '... has the ETag, too');
    unlike(stored($path), qr/simple_response/, '... and is no field');
}


# GET has the version, too

{
    my $path = created();

    is(get($t, $path)->{headers}{etag}, '"0"', 'GET has an ETag');
    is(call('PATCH', $path, { note => 1 })->{headers}{etag}, '"1"',
        '... a change another one');
    is(get($t, $path)->{headers}{etag}, '"1"', '... which GET then has');
    is($t->request('HEAD', $path, who())->{headers}{etag}, '"1"',
        '... and HEAD');

    foreach my $header ([ 'If-Match' => '"7"' ], [ 'If-None-Match' => '"1"' ])
    {
        is(call('GET', $path, undef, headers => $header)->{status}, 200,
            "GET takes no notice of $header->[0]");
    }
}


# nor does nginx by itself: it would refuse what was executed

is($t->request('POST', '/api/v2/resources', { %{who()}, 'If-Match' => '"x"' },
    { k => { type => 'api_key', properties => { name => 'K' } } })->{status},
    200, 'If-Match with other operations counts for nothing');
is($t->request('POST', path(), { %{who()}, 'If-Match' => '"x"' }, records())
    ->{status}, 201, '... as with the Record API');


# a change that changes nothing

{
    my $path = created(note => 'x');
    my $before = stored($path);

    foreach my $body ('{}', '{"data":{}}', '{"note":"x"}', '{"note":"\u0078"}',
        '{"finding":"malicious"}', '{"observable":"198.51.100.7"}')
    {
        my $r = call('PATCH', $path, $body);
        is($r->{status}, 200, "$body changes nothing");
        is($r->{headers}{etag}, '"0"', '... the ETag stays');
        is($r->{json}{result}{note}, 'x', '... the record is answered');
        is($r->{headers}{'x-secops-durability'}, undef,
            '... nothing is said to be stored');
    }

    is(stored($path), $before, '... nor was it');
    is(scalar(entries($path)), 1, '... and the audit has no entry');
}


# what is refused

sub untouched { # answer, path, what it was, name
    my ($r, $path, $before, $status, $message, $detail, $name) = @_;

    is_refused($r, $status, $message, $name);
    is($r->{json}{error}{detail}, $detail, '... every fault, with its pointer')
        if defined $detail;
    is(stored($path), $before, '... and nothing is changed');
}

{
    my $path = created(note => 'x');
    my $before = stored($path);
    my $subject = 'cannot be changed: it says what the record is about';

    my @bad = (
        ['{"sys_id":"1"}', '/sys_id: is set by the server'],
        ['{"sys_mod_count":"0","sys_domain":"global"}',
            '/sys_mod_count: is set by the server; '
            . '/sys_domain: is set by the server'],
        ['{"observable":"198.51.100.8"}', "/observable: $subject"],
        ['{"observable":null}', "/observable: $subject"],
        ['{"note":1,"threat_score":"high","finding":"bad","sys_x":1,'
            . '"observable":1}',
            "/sys_x: is set by the server; /observable: $subject; "
            . '/finding: must be one of "Malicious", "Suspicious", "Clean", '
            . '"Unknown"; /threat_score: must be a number, not a string'],
        ['{"data":{"finding":"bad"}}', '/data/finding: must be one of '
            . '"Malicious", "Suspicious", "Clean", "Unknown"'],
        ['[]', 'the body: must be an object'],
        ['1', 'the body: must be an object'],
        ['{"data":[{"note":"y"}]}', '/data: must be an object: here it is one '
            . 'record at a time'],
        ['{"data":{"note":"y"},"confg":{}}', '/confg: must not stand beside '
            . '"data": only "config" and parameters may'],
        ['{"note":"y","atomic":"perhaps"}', '/atomic: must be true or false'],
        ['', 'the body is empty'],
        ['{"note":', undef],
        ['{"note":1,"note":2}', undef],
        ['[' x 100 . ']' x 100, undef],
    );

    foreach my $bad (@bad) {
        my ($body, $detail) = @$bad;
        my $name = substr $body, 0, 60;
        untouched(call('PATCH', $path, $body), $path, $before, 400,
            'Invalid post body', $detail, "\"$name\" is refused");
    }

    untouched(call('PATCH', "$path?ignore_mandatory_fields=2", '{"note":"y"}'),
        $path, $before, 400, 'Invalid post body',
        'query parameter ignore_mandatory_fields: must be true or false',
        'a bad parameter');
    untouched(call('PATCH', $path, '{"note":"y"}', headers =>
            { 'Content-Type' => 'text/plain' }), $path, $before, 415,
        'Unsupported media type', undef, 'another type');
    untouched(call('PATCH', $path, "{\"note\":\"y\"}\n", headers =>
            { 'Content-Type' => 'application/x-ndjson' }), $path, $before, 415,
        'Unsupported media type', 'Content-Type must be application/json',
        'lines');
    untouched(call('PATCH', $path, '{"note":"y"}', headers =>
            { 'Content-Encoding' => 'br' }), $path, $before, 415,
        'Unsupported media type', undef, 'another encoding');
    untouched(call('PATCH', $path, Compress::Zlib::memGzip('{"finding":"x"}'),
            headers => { 'Content-Encoding' => 'gzip' }), $path, $before, 400,
        'Invalid post body', '/finding: must be one of "Malicious", '
        . '"Suspicious", "Clean", "Unknown"', 'a packed body is read');
    untouched(call('PATCH', $path, { note => 'x' x 21000 }), $path, $before,
        413, 'Request body too large', undef, 'a body above the limit');

    is(call('PATCH', $path, Compress::Zlib::memGzip('{"note":"packed"}'),
            headers => { 'Content-Encoding' => 'gzip' })
        ->{json}{result}{note}, 'packed', 'a packed body is taken');

    is(call('PATCH', $path, { a => 'x' x 15000 })->{status}, 200,
        'a record grows');
    $before = stored($path);
    untouched(call('PATCH', $path, { b => 'x' x 15000 }), $path, $before, 413,
        'Request body too large',
        'the body: makes the record larger than a body may be',
        'but not beyond what could have been sent at once');
    is(call('PATCH', $path, { a => '' })->{status}, 200, 'it may shrink');

    is_refused(call('PATCH', $path =~ s/sn_ti_lookup_result/incident/r,
        '{"note":"y"}'), 400, 'Invalid table incident', 'an unknown table');
    is_refused(call('PATCH', "$base/bunk", '{"note":"y"}'), 404,
        'No Record found', 'an id that is none');
    is_refused(call('PATCH', "$base/" . '0' x 32, '{"note":"y"}'), 404,
        'No Record found', 'an id that nothing has');
    is_refused(call('PATCH', $path, '{"note":"y"}', domain => 'other'), 404,
        'No Record found', 'a record of another domain');
    is_refused(call('PATCH', $path, '{"note":"y"}', roles => ''), 403,
        'Insufficient access', 'no role');
    is_refused(call('PUT', $path, '{"note":"y"}',
        roles => 'sn_sec_cmn.api_read'), 403, 'Insufficient access',
        'the read role');

    my $r = call('PATCH', $base, '{"note":"y"}');
    is_refused($r, 405, 'Method not supported', 'PATCH needs an id');
    like($r->{headers}{allow}, qr/\bPOST\b/, '... POST does not');
    $r = call('POST', $path, '{"note":"y"}');
    is_refused($r, 405, 'Method not supported', 'POST takes no id');
    is($r->{headers}{allow}, 'GET, HEAD, PUT, PATCH, DELETE',
        '... all others do');
}

foreach my $version ('v1/', 'v2/') {
    my $path = created();
    $path =~ s{/now/}{/now/$version};
    is(call('PATCH', "$path/", { note => 'y' })->{json}{result}{note}, 'y',
        "PATCH at /api/now/$version");
    is(call('DELETE', "$path")->{status}, 204, '... DELETE');
    is(call('POST', "/api/now/${version}table/sn_ti_lookup_result", records())
        ->{status}, 201, '... POST');
}


# a stored record that somebody else has changed

{
    my $path = created();

    $redis->cmd('SET', key($path), '[]');
    is_refused(call($_, $path, '{}'), 500, 'Unable to read record',
        "$_ of what is no record") foreach qw(PATCH DELETE);

    $redis->cmd('SET', key($path), '{"observable":"x","finding":"Clean",'
        . '"source_engine":"y"}');
    my $r = call('PATCH', $path, { note => 'z' });
    is($r->{status}, 200, 'one without the members of the server');
    is($r->{headers}{etag}, '"1"', '... gets them');
    is($r->{json}{result}{sys_updated_by}, 'script', '... all');

    $redis->cmd('DEL', key($path));
    $redis->cmd('LPUSH', key($path), 'x');
    is_refused(call($_, $path, '{}'), 500, 'Unable to read record',
        "$_ of a key of another type") foreach qw(PATCH DELETE);
}


# --- If-Match ---------------------------------------------------------------

{
    my $path = created(note => 0);
    my $n = 0;

    foreach my $match ('"N"', '*', ' * ', '"x", "N"', '"N","x"', ',, "N" ,',
        'W/"N", "N"')
    {
        my $header = $match =~ s/N/$n/gr;
        my $r = call('PATCH', $path, { note => $n + 1 },
            headers => { 'If-Match' => $header });

        is($r->{status}, 200, "If-Match: $header");
        is($r->{headers}{etag}, sprintf('"%d"', ++$n), '... the next version');
    }

    my $before = stored($path);

    foreach my $match ('"x"', 'W/"N"', 'N', '""', '"N', 'N"', '"0", W/"N"',
        '"x" "N"', '* "N"', '*, "x"', '"1', '', 'W/', 'W/"')
    {
        my $header = $match =~ s/N/$n/gr;
        foreach my $method (qw(PATCH PUT DELETE)) {
            my $r = call($method, $path, { note => 'late' },
                headers => { 'If-Match' => $header });
            untouched($r, $path, $before, 412, 'Precondition Failed',
                qq(If-Match: the record's ETag is "$n"),
                "$method, If-Match: $header");
        }
    }

    is(call('PATCH', $path, { note => 'late' }, headers =>
        [ 'If-Match' => '"x"', 'If-Match' => "\"$n\"" ])->{status}, 400,
        'nginx does not take two of them');

    is_refused(call('PATCH', "$base/" . '0' x 32, {}, headers =>
        { 'If-Match' => '*' }), 404, 'No Record found',
        'If-Match does not make a record');

    is(call('DELETE', $path, undef, headers => { 'If-Match' => "\"$n\"" })
        ->{status}, 204, 'DELETE of the version that it is');
    is(stored($path), undef, '... deletes it');
}


# --- how the record is answered ---------------------------------------------

{
    my $query = 'sysparm_display_value=all&sysparm_exclude_reference_link=true'
        . '&sysparm_suppress_pagination_header=true';
    my $r = call('POST', "$base?$query", records(threat_score => 7));

    is_deeply($r->{json}{result}{threat_score},
        { value => '7', display_value => '7' },
        'sysparm_display_value=all: both values, as PySNC wants them');
    is(scalar(grep { ref ne 'HASH' } values %{$r->{json}{result}}), 0,
        '... of every column');

    my $path = $r->{headers}{location};

    $r = call('PATCH', "$path?$query", { threat_score => 8 });
    is_deeply($r->{json}{result}{threat_score},
        { value => '8', display_value => '8' }, '... of a change, too');
    $r = call('PUT', "$path?sysparm_fields=threat_score,nothing,sys_id",
        { threat_score => 9 });
    is($r->{body}, '{"result":{"threat_score":"9","sys_id":"' . id($path)
        . '"}}', 'sysparm_fields, in their order');

    my $before = stored($path);
    untouched(call('PATCH', "$path?sysparm_display_value=maybe",
        { threat_score => 1 }), $path, $before, 400, 'Invalid query', undef,
        'a bad parameter');
    is_refused(call('POST', "$base?sysparm_limit=x", records()), 400,
        'Invalid query', '... of a POST');
}


# --- POST -------------------------------------------------------------------

foreach my $table (@tables) {
    my $path = "/api/now/table/$table->{table}";
    my $r = call('POST', $path, $table->{record});
    my $api = post($t, $table->{record}, endpoint => $table->{endpoint});

    is($r->{status}, 201, "POST into $table->{table}");
    like($r->{headers}{location}, qr{^\Q$path\E/[0-9a-f]{32}$},
        '... Location');
    is($r->{headers}{etag}, '"0"', '... ETag');
    is($r->{headers}{'x-secops-durability'}, 'memory', '... durability');
    is_deeply([sort keys %{$r->{json}}], ['result'], '... one member');

    my $id = $r->{json}{result}{sys_id};
    like($r->{headers}{location}, qr{/$id$}, '... of that id');
    is($r->{json}{result}{$_}, $table->{record}{$_}, "... $_")
        foreach sort keys %{$table->{record}};
    is($r->{json}{result}{sys_mod_count}, '0', '... never changed');

    my $key = "secops:{global:" . shard_of($id) . "}:rec:$table->{table}:$id";
    my ($mine, $other) = map {
        s/"sys_(?:id|created_on|updated_on)":"[^"]*",?//gr
    } $redis->cmd('GET', $key), $api->{body};
    is($mine, $other, '... it is stored as the Record API stores it');

    my ($entry) = grep { $_->{id} eq $id } map { +{ @{$_->[1]} } }
        @{$redis->cmd('XRANGE', 'secops:{global:' . shard_of($id) . '}:audit',
        '-', '+')};
    is($entry->{operation}, 'records.create', '... and in the audit as well');

    my @bad = (
        ['{}', 'Invalid post body', 'the body: must not be an empty object'],
        ['{"data":{}}', 'No fields supplied',
            '/data: has no field that is filled in'],
        ['[]', 'Invalid post body', 'the body: must be an object'],
        ['{"data":[{}]}', 'Invalid post body',
            '/data: must be an object: here it is one record at a time'],
        ['{"data":[]}', 'Invalid post body',
            '/data: must be an object: here it is one record at a time'],
        ['', 'Invalid post body', 'the body is empty'],
        [$json->encode({ %{$table->{record}}, sys_id => 1 }),
            'Invalid post body', '/sys_id: is set by the server'],
        [qq({"$table->{subject}":"x"}), 'Mandatory fields missing: '
            . join(',', grep { $_ ne $table->{subject} }
                @{$table->{mandatory}}), undef],
    );

    my $size = $redis->cmd('DBSIZE');

    foreach my $bad (@bad) {
        my ($body, $message, $detail) = @$bad;
        $r = call('POST', $path, $body);
        is_refused($r, 400, $message, "POST of \"$body\" is refused");
        is($r->{json}{error}{detail}, $detail, '... why') if defined $detail;
        $r = post($t, $body, endpoint => $table->{endpoint});
        is($r->{json}{error}{message}, $message, '... as by the Record API')
            unless $body =~ /\[/;
    }

    is($redis->cmd('DBSIZE'), $size, 'nothing was stored');

    is(call('POST', "$path?ignore_mandatory_fields=True",
        qq({"$table->{subject}":"x"}))->{status}, 201,
        'mandatory fields may be ignored');
    is_deeply(call('POST', "$path?simple_response=1", $table->{record})
        ->{json}, { result => { success => JSON::PP::true } },
        'simple_response');
}

is_refused(call('POST', '/api/now/table/incident', records()), 400,
    'Invalid table incident', 'POST into an unknown table');
is_refused(call('POST', $base, records(), roles => 'sn_sec_cmn.api_read'), 403,
    'Insufficient access', 'POST with the read role');


# --- DELETE -----------------------------------------------------------------

{
    my @paths = map { created(observable => 'del', note => $_) } 1 .. 3;
    my $path = $paths[1];

    foreach my $roles ('', 'sn_sec_cmn.api_read', $write) {
        is_refused(call('DELETE', $path, undef, roles => $roles), 403,
            'Insufficient access', "DELETE with the roles \"$roles\"");
    }

    is_refused(call('DELETE', $path, undef, domain => 'other'), 404,
        'No Record found', 'DELETE of another domain');
    is_refused(call('DELETE', "$base/bunk"), 404, 'No Record found',
        'DELETE of an id that is none');
    is_refused(call('DELETE', '/api/now/table/x/' . id($path)), 400,
        'Invalid table x', 'DELETE from an unknown table');
    is_refused(call('DELETE', $base), 405, 'Method not supported',
        'there is no DELETE of a table');
    ok(defined stored($_), '... nothing is deleted') foreach @paths;

    my $r = call('DELETE', $path, '{"x":1}');
    is($r->{status}, 204, 'DELETE, with a body that nobody asked for');
    is($r->{body}, '', '... answers nothing');
    is($r->{headers}{'content-type'}, undef, '... of no type');
    is($r->{headers}{'x-secops-durability'}, 'memory', '... durability');
    is(stored($path), undef, '... the record is gone');
    is((lists($path, 'del'))[1], join(' ', map { id($_) } @paths[2, 0]),
        '... from its subject');
    is(scalar(grep { /\b${\id($path)}\b/ } lists($path, 'del')), 0,
        '... and from the list of the table');

    my ($entry) = (entries($path))[-1];
    is_deeply([ @$entry{qw(user operation type id members)} ],
        ['script', 'records.delete', 'sn_ti_lookup_result', id($path), undef],
        '... and is in the audit');

    is_refused(call('DELETE', $path), 404, 'No Record found', 'a second time');
    is_refused(get($t, $path), 404, 'No Record found', 'GET finds it no more');
    is_refused(call('PATCH', $path, {}), 404, 'No Record found', 'nor PATCH');
    is(scalar(entries($path)), 2, '... which the audit does not tell');

    is(call('DELETE', $_)->{status}, 204, 'the others') foreach @paths[0, 2];
    is((lists($path, 'del'))[1], '', '... and the subject is known no more');

    $path = created(observable => undef);
    is(call('DELETE', $path)->{status}, 204, 'one that is about nothing');
}


# an id of the old form, the shard first

{
    my $id = 'e01a2041fa77b68776ab7a87f6666af9';
    my $space = 'secops:{global:e}';

    $redis->cmd('SET', "$space:rec:sn_ti_lookup_result:$id",
        qq({"sys_id":"$id","sys_mod_count":"0",) . substr
        $json->encode(records()), 1);
    $redis->cmd('LPUSH', "$space:idx:sn_ti_lookup_result", $id);

    is(call('PATCH', "$base/$id", { note => 'x' })->{status}, 200,
        'PATCH of an id of the old form');
    is(call('DELETE', "$base/$id")->{status}, 204, '... DELETE');
    is($redis->cmd('LREM', "$space:idx:sn_ti_lookup_result", 0, $id), 0,
        '... its entry is gone');
}


# a deep list: what lies near to an end is taken out, what does not stays

{
    my $path = created(observable => 'deep');
    my $shard = shard($path);
    my $list = "secops:{global:$shard}:idx:sn_ti_lookup_result";
    my $n = 300_001;

    sub make_id { # the nth of a list
        my ($shard, $n) = @_;
        return sprintf '%012x%s%019x', 1782411427840 + $n, $shard, $n;
    }

    my $record = stored($path);
    my %ids = map { $_ => make_id($shard, $_) } 1, 100_000, 150_000, 200_000,
        $n;

    $redis->cmd('DEL', $list);
    foreach my $block (0 .. 300) {
        $redis->cmd('LPUSH', $list, map { make_id($shard, $block * 1000 + $_) }
            1 .. ($block == 300 ? 1 : 1000));
    }
    is($redis->cmd('LLEN', $list), $n, 'a long list');
    $redis->cmd('SET', key("$base/$_"), $record) foreach values %ids;

    $redis->cmd('CONFIG', 'RESETSTAT');

    foreach my $place (sort { $a <=> $b } keys %ids) {
        my $id = $ids{$place};
        is(call('DELETE', "$base/$id")->{status}, 204, "the entry $place");
        is($redis->cmd('EXISTS', key("$base/$id")), 0, '... its record');
        is(defined $redis->cmd('LPOS', $list, $id) ? 'stays' : 'leaves',
            $place == 150_000 ? 'stays' : 'leaves', '... its place');
    }

    $redis->cmd('DEL', $list);
}


# a key of another type: nothing half done

{
    my $path = created(observable => 'wrong');
    my $audit = 'secops:{global:' . shard($path) . '}:audit';
    my $before = stored($path);

    $redis->cmd('RENAME', $audit, 'kept');
    $redis->cmd('SET', $audit, 'x');
    is_refused(call('PATCH', $path, { note => 'x' }), 500,
        'Unable to persist record', 'PATCH where the audit can not be written');
    is(stored($path), $before, '... changes nothing');
    is_refused(call('DELETE', $path), 500, 'Unable to delete record',
        '... DELETE');
    is(stored($path), $before, '... deletes nothing');
    $redis->cmd('RENAME', 'kept', $audit);

    my $list = 'secops:{global:' . shard($path) . '}:sub:sn_ti_lookup_result:'
        . substr sha256_hex('wrong'), 0, 32;
    $redis->cmd('DEL', $list);
    $redis->cmd('SET', $list, 'x');
    is_refused(call('DELETE', $path), 500, 'Unable to delete record',
        'DELETE where a list can not be written');
    is(stored($path), $before, '... deletes nothing');
    is(scalar(entries($path)), 1, '... and is not in the audit');
    $redis->cmd('DEL', $list);
}


# --- the audit, as it is read ------------------------------------------------

{
    my $path = created(domain => 'x', note => 'secret-value');
    my $id = id($path);
    my $stream = 'secops:{global:' . shard($path) . '}:audit';

    call('PATCH', $path, { note => 'another-value', 'a"b' => 1 });
    call('DELETE', $path);

    # one that was written before there were members, and one of somebody else
    $redis->cmd('XADD', $stream, '*', user => 'u', operation => 'x.y',
        type => 't', id => $id);
    $redis->cmd('XADD', $stream, '*', user => 'u', operation => 'x.y',
        type => 't', id => $id, members => "\xff\"\n");

    my $r = get($t, "/api/secops/v1/audit?id=$id", roles => $admin);
    my @entries = @{$r->{json}{result}};

    is_deeply([ map { [ $_->{operation}, $_->{members} ] } @entries ],
        [ [ 'x.y', '???' ], [ 'x.y', undef ], [ 'records.delete', undef ],
            [ 'records.update', 'note,a"b' ], [ 'records.create', undef ] ],
        'the audit names the members of a change, and of nothing else');
    unlike($r->{body}, qr/-value/, '... no values');

    $r = get($t, '/api/secops/v1/audit?operation=records.update&limit=1000',
        roles => $admin);
    is(scalar(grep { !length $_->{members} } @{$r->{json}{result}}), 0,
        'each change names some');
}


# --- several at once --------------------------------------------------------

{
    my $path = created(note => 'x');
    my @connections = map { $t->connect() } 1 .. 20;

    # one that the others outrun ten times is told to come again, and does

    foreach my $round (1 .. 5) {
        my @to_do = 0 .. $#connections;
        my %statuses;

        for (my $n = 0; @to_do && $n < 20; $n++) {
            my @again;

            foreach my $i (@to_do) {
                my $c = $connections[$i];
                $c->send($c->format('PATCH', $path,
                    [ SecOps::Connection::pairs(who()) ],
                    $json->encode({ "field$i" => "$round" })));
            }

            foreach my $i (@to_do) {
                my $r = $connections[$i]->answer('PATCH');
                if ($r->{status} == 503 && $r->{headers}{'retry-after'}) {
                    push @again, $i;
                } else {
                    $statuses{$r->{status}}++;
                }
            }

            @to_do = @again;
        }

        is_deeply(\%statuses, { 200 => 20 }, '20 changes at once: all are made')
            or diag(explain(\%statuses));
    }

    my $record = $json->decode(stored($path));
    is($record->{sys_mod_count}, '100', '... each counts');
    is(scalar(grep { ($record->{"field$_"} // '') eq '5' } 0 .. 19), 20,
        '... and none is lost');
    is(scalar(entries($path)), 101, '... the audit has them all');

    foreach my $c (@connections) {
        $c->send($c->format('PATCH', $path,
            [ SecOps::Connection::pairs(who()), 'If-Match' => '"100"' ],
            $json->encode({ note => 'only one' })));
    }

    my %statuses;
    $statuses{$_->answer('PATCH')->{status}}++ foreach @connections;
    is_deeply(\%statuses, { 200 => 1, 412 => 19 },
        'with If-Match, one of them wins');
    is($json->decode(stored($path))->{sys_mod_count}, '101', '... once');
}



# --- a link that is lost ----------------------------------------------------

{
    my $path = created();
    is(call('PATCH', "/relayed$path", { note => 0 })->{status}, 200,
        'by the relay');

    $relay->rule('lose records\.update');
    my $r = call('PATCH', "/relayed$path", { note => 'once' });
    is($r->{status}, 200, 'a change whose answer was lost is found done');
    is($r->{headers}{etag}, '"2"', '... once');
    is($json->decode(stored($path))->{note}, 'once', '... it is there');
    is(scalar(entries($path)), 3, '... and once in the audit');
    is($relay->ruled(), 'pass', '... the link was lost, really');

    $relay->rule('lose records\.delete');
    is(call('DELETE', "/relayed$path")->{status}, 204,
        'so is a record that was deleted');
    is(stored($path), undef, '... it is gone');
    is(scalar(entries($path)), 4, '... and once in the audit');
    is($relay->ruled(), 'pass', '... the link was lost, really');
}


# --- others who are always faster -------------------------------------------

{
    my $path = created();
    my $log = $t->log_end();

    # between a read and the write that follows it, each time

    my @command = ('EVAL', <<'EOT', 1, key($path));
local n = '"sys_mod_count":"' .. redis.call('INCR', 'n')
local record = redis.call('GET', KEYS[1])
record = string.gsub(record, '"sys_mod_count":"%d+', n)
return redis.call('SET', KEYS[1], record)
EOT
    $t->write('others', join '', '*' . @command . "\r\n",
        map { '$' . length($_) . "\r\n$_\r\n" } @command);

    wait_for(sub { call('GET', "/relayed$path")->{status} == 200 });

    foreach my $method (qw(PATCH DELETE)) {
        $redis->cmd('DEL', 'n');
        $relay->rule("first $dir/others records\\."
            . ($method eq 'PATCH' ? 'update' : 'delete'));

        my $r = call($method, "/relayed$path", { note => 'late' });
        is_refused($r, 503, $method eq 'PATCH' ? 'Unable to persist record'
            : 'Unable to delete record', "$method, ten times too late");
        is($redis->cmd('GET', 'n'), 10, '... ten times');
        is($r->{headers}{'retry-after'}, 1, '... another try may help');
    }

    $relay->rule('pass');

    is($t->logged($log, 'others have changed the record'), 2,
        '... the log says why');
    ok(!exists $json->decode(stored($path))->{note}, '... nothing is changed');
    is(call('PATCH', "/relayed$path", { note => 'now' })->{status}, 200,
        'alone it is changed');
}


# --- clients that leave -----------------------------------------------------

{
    my $path = created(note => 'x');

    foreach my $method (qw(PATCH DELETE)) {
        $relay->rule('hold');
        my $reads = $redis->calls('get');
        my $connection = $t->connect();
        $connection->send($connection->format($method, "/relayed$path",
            [ SecOps::Connection::pairs(who(roles => "$write,$admin")) ],
            '{"note":"left"}'));
        ok(wait_for(sub { $redis->calls('get') > $reads }),
            "$method: the record is read");
        $connection->close();
        ok($t->has_left(), '... when the client leaves');
        $relay->rule('pass');
        is(call('PATCH', "/relayed$path", {})->{status}, 200,
            '... the next one is served');
        is($json->decode(stored($path))->{note}, 'x', '... and sees no change');
    }
}


# --- large records ----------------------------------------------------------

{
    my %big = (port => 2);
    my $r = call('POST', $base, records(a => 'x' x 300_000, b => [1 .. 20_000]),
        %big);
    is($r->{status}, 201, 'a record of 400 KB');

    my $path = $r->{headers}{location};

    foreach my $n (1 .. 3) {
        is(call('PATCH', $path, { note => "n$n" }, %big)->{headers}{etag},
            "\"$n\"", '... is changed');
    }

    my $after = $json->decode(stored($path));
    is($after->{note}, 'n3', '... and again');
    is(length $after->{a}, 300_000, '... the rest is as it was');

    untouched(call('PATCH', $path, { finding => 'x' }, %big), $path,
        stored($path), 400, 'Invalid post body', undef, '... is validated');

    foreach my $pause (0, 0.001, 0.003, 0.01) {
        my $connection = $t->connect(2);
        $connection->send("PATCH $path HTTP/1.1\r\nHost: x\r\n"
            . "X-SecOps-User: u\r\nX-SecOps-Roles: $write\r\n"
            . "Content-Length: 15\r\n\r\n{\"note\":\"left\"}");
        select undef, undef, undef, $pause;
        $connection->close();
    }

    is(call('DELETE', $path, undef, %big)->{status}, 204, '... is deleted');
    is(stored($path), undef, '... wholly');
}


# --- HTTP/2, and packed answers ---------------------------------------------

{
    my $path = created();
    my %h2 = (port => 1);

    my @who = (SecOps::Connection::pairs(who()),
        'Content-Type' => 'application/json');

    my $r = $t->h2('PATCH', $path, \@who, { note => 'h2' }, %h2);
    is($r->{status}, 200, 'HTTP/2: PATCH');
    is($r->{json}{result}{note}, 'h2', '... changes');
    is($r->{headers}{etag}, '"1"', '... ETag');

    $r = $t->h2('PATCH', $path, [ @who, 'Accept-Encoding' => 'gzip',
        'If-Match' => '"1"' ], { note => 'gz' }, %h2);
    is($r->{headers}{'content-encoding'}, 'gzip', 'an answer that is packed');
    is($r->{headers}{etag}, '"2"', '... its ETag stays a strong one');

    is($t->h2('PATCH', $path, [ @who, 'If-Match' => '"1"' ], { note => 'no' },
        %h2)->{status}, 412, 'HTTP/2: If-Match');
    $r = $t->h2('DELETE', $path, who(roles => $admin), undef, %h2);
    is($r->{status}, 204, 'HTTP/2: DELETE');
    is($r->{body}, '', '... no body');
}

$t->done();
