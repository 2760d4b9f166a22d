# POST /api/now/v1/batch: requests to the Table API in one document, in the form
# that clients send and read.  Each is run by itself, for the outer caller and in
# the outer location; nothing else can be reached through it, and nothing is run
# beyond a limit, or for a client that has left.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Compress::Zlib ();
use IO::Select;
use IO::Socket::UNIX;
use JSON::PP;
use MIME::Base64;
use SecOps;
use SecOps::Fake;
use SecOps::H2;
use SecOps::Records;
use SecOps::Resources;

my $t = SecOps->new();
my $redis = $t->redis();
my $fake = SecOps::Fake->new($t);
my $json = JSON::PP->new->canonical->utf8;
my $listening = IO::Socket::UNIX->new(Local => $t->dir() . '/done.sock',
    Listen => 5, Timeout => 20) or die "done.sock: $!";
chmod 0777, $t->dir() . '/done.sock';
my $table = '/api/now/table/sn_ti_lookup_result';
my $path = '/api/now/v1/batch';
my $every = 'sn_sec_cmn.api_write sn_sec_cmn.admin';

# nginx' own clock, which is ahead by as many seconds as this is told

my $clock = $t->write('ahead', pack 'q', 0);
system('cc', '-O2', '-shared', '-fPIC', '-o', $t->dir() . '/ahead.so',
    root() . '/t/tools/ahead.c', '-ldl') == 0
    or die "t/tools/ahead.c was not compiled\n";

sub ahead {
    my ($seconds) = @_;
    open my $file, '+<:raw', $clock or die "$clock: $!";
    syswrite $file, pack 'q', $seconds;
}

$t->version();                  # which is asked without these
$ENV{LD_PRELOAD} = $t->dir() . '/ahead.so';
$ENV{SECOPS_AHEAD} = $clock;

# the first server has all; the second one few requests a batch; the third one a
# Redis that the test plays; the fourth one restricts methods in nginx' own way;
# in the fifth one only some groups are served

$t->run(conf(http => <<'EOT', location => <<'EOT2',
    log_format batch '$uri $status $secops_operation $secops_error '
                     '$secops_redis_time $secops_user';

    server {
        listen 127.0.0.1:%%PORT1%%;
        listen 127.0.0.1:%%PORT5%% http2;
        location /api/ {
            secops_api;
            secops_max_batch 3;
            secops_redis %%REDIS%%;
            secops_auth header;
        }
    }

    server {
        listen 127.0.0.1:%%PORT2%%;
        listen 127.0.0.1:%%PORT6%% http2;
        location /api/ {
            secops_api;
            secops_redis %%REDIS1%%;
            secops_redis_timeout 60s;
            secops_auth header;
            client_max_body_size 4m;
        }
        location /after/ {
            rewrite ^/after(/.*)$ $1 break;
            secops_api;
            secops_redis %%REDIS1%%;
            secops_redis_timeout 60s;
            secops_auth header;
            post_action /done;
        }
        location = /done {
            proxy_pass http://unix:%%DIR%%/done.sock:/;
            proxy_ignore_client_abort on;
            access_log %%DIR%%/done.log;
        }
        location = /active {
            stub_status;
        }
    }

    server {
        listen 127.0.0.1:%%PORT3%%;
        location /api/ {
            limit_except GET POST {
                deny all;
            }
            secops_api;
            secops_redis %%REDIS%%;
            secops_auth header;
        }
        location /api/now/table/ {
            return 418;
        }
    }

    server {
        listen 127.0.0.1:%%PORT4%%;
        secops_redis %%REDIS%%;
        secops_auth header;
        location /api/ { secops_api records resources; }
        location /tables/ {
            rewrite ^/tables(/.*)$ $1 break;
            secops_api tables;
        }
    }
EOT
            access_log %%DIR%%/batch.log batch;
            client_max_body_size 4m;
            secops_api_key_cache 0;
EOT2
    ) =~ s/secops_auth header;(?=\s+access_log)/secops_auth header api_key;/r);

delete @ENV{qw(LD_PRELOAD SECOPS_AHEAD)};
my $api = SecOps::Resources->new($t, $redis);


# a request of a batch; a body that is a reference is JSON

sub one {
    my ($method, $url, $body, %more) = @_;
    $body = $json->encode($body) if ref $body;
    return { id => "$method $url", method => $method, url => $url,
        headers => [ map { { name => $_, value => $more{headers}{$_} } }
            sort keys %{$more{headers} // {}} ],
        defined $body ? (body => encode_base64($body, '')) : (),
        map { $_ => $more{$_} } grep { $_ ne 'headers' } keys %more };
}


# sends a batch; options: path, headers, and what who() and request() take

sub batch {
    my ($requests, %opt) = @_;
    return $t->request('POST', $opt{path} // $path,
        { %{who(roles => $every, %opt)}, %{$opt{headers} // {}} },
        ref $requests ? $json->encode({ batch_request_id => 1,
            rest_requests => $requests }) : $requests, %opt);
}


# its answers: status, headers, body, JSON of each

sub answers {
    my ($r) = @_;
    return () unless ref $r->{json} eq 'HASH'
        && ref $r->{json}{serviced_requests} eq 'ARRAY';

    return map { my $one = $_;
        my $body = decode_base64($one->{body} // '');
        +{ %$one, status => $one->{status_code}, body => $body,
            json => scalar(eval { $json->decode($body) }),
            headers => { map { (lc $_->{name} => $_->{value}) }
                @{$one->{headers}} } }
    } @{$r->{json}{serviced_requests}};
}

sub only { # the answer to the one request of a batch
    my ($request, %opt) = @_;
    my $r = batch([$request], %opt);
    my ($one) = answers($r);
    diag($r->{head} // 'no answer', $r->{body} // '') unless $one;
    return $one // {};
}

sub statuses { return join ' ', map { $_->{status} } answers(@_) }

sub is_batch {
    my ($r, $statuses, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my $ok = is(($r->{status} // 0) . ': ' . statuses($r), "200: $statuses",
        $name);
    diag($r->{head} // 'no answer', $r->{body} // '') unless $ok;
    return $ok;
}

sub is_error { # of one request, in the APIs' form
    my ($one, $status, $message, $name, $url) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return is_refused_at($url // '', { %$one, head => '' }, $status, $message,
        $name);
}

sub count { # of records of the table, for this caller
    my (%opt) = @_;
    return get($t, "$table?sysparm_limit=1", %opt)->{headers}{'x-total-count'};
}


# --- the form ---------------------------------------------------------------

my $record = post($t, records())->{json};
my $there = "$table/$record->{sys_id}";
my $alone = get($t, $there);

my $r = batch([one('GET', $there)]);
is_batch($r, '200', 'a batch of one request');
is($r->{headers}{'content-type'}, 'application/json', '... is JSON');
is_deeply([sort keys %{$r->{json}}], [qw(batch_request_id serviced_requests
    unserviced_requests)], '... with three members');
like($r->{body}, qr/^\{"batch_request_id":"1",/,
    '... the batch\'s id is a string, whatever it was');
is_deeply($r->{json}{unserviced_requests}, [], '... none was left out');

my $raw = $r->{json}{serviced_requests}[0];
is_deeply([sort keys %$raw], [qw(body execution_time headers id status_code
    status_text)], '... the answer has six');
is($raw->{id}, "GET $there", '... the id that was sent');
like($r->{body}, qr/"status_code":200,/, '... the status, a number');
is($raw->{status_text}, 'OK', '... with its name');
like($r->{body}, qr/"execution_time":\d+,/, '... the milliseconds that it took');
is(decode_base64($raw->{body}), $alone->{body},
    '... and the very body that the request alone has');
is((answers($r))[0]{headers}{'content-type'}, 'application/json',
    '... its type is told');
is((answers($r))[0]{headers}{etag}, $alone->{headers}{etag},
    '... and what else stands in its head');

foreach my $version ('', 'v1/', 'v2/') {
    is_batch(batch([map { one('GET', $there =~ s{now/}{now/$_}r) } '', 'v1/',
        'v2/'], path => "/api/now/${version}batch"), '200 200 200',
        "/api/now/${version}batch");
}

foreach my $case ([17, '17'], ['"a"', 'a'], ['-1.5', '-1.5'],
    ['"\u00e4\"\\\\"', "\x{e4}\"\\"], ['null', ''], [undef, ''])
{
    my ($sent, $told) = @$case;
    $r = batch('{' . (defined $sent ? qq("batch_request_id":$sent,) : '')
        . '"rest_requests":[]}');
    is_deeply($r->{json}, { batch_request_id => $told, serviced_requests => [],
        unserviced_requests => [] },
        'no requests, and the id ' . ($sent // 'not given'));
}

$r = batch('{"batch_request_id":"x","rest_requests":[{"id":"\u00e4\"\/",'
    . qq("method":"GET","url":"\\u002f) . substr($there, 1) . '"}]}');
is_batch($r, '200', 'strings with escapes');
is($r->{json}{serviced_requests}[0]{id}, "\x{e4}\"/", '... an id, too');

is_deeply([map { $_->{headers} } @{batch([one('GET', $there, undef,
    exclude_response_headers => JSON::PP::true), one('GET', $there, undef,
    exclude_response_headers => JSON::PP::false)])->{json}{serviced_requests}}]
    ->[0], [], 'an answer without headers, if that was asked for');


# --- reading and writing, one after the other -------------------------------

my $before = count();
my $lookup = records(observable => '203.0.113.9');

$r = batch([
    one('GET', "$table?sysparm_limit=1&sysparm_query=ORDERBYsys_id"),
    one('POST', $table, $lookup, headers => { 'Content-Type' =>
        'application/json' }),
    one('GET', "$table?sysparm_limit=1"),
    one('PATCH', $there, { finding => 'Clean' }),
    one('PUT', $there, { finding => 'Suspicious' }),
    one('GET', "$there?sysparm_fields=finding,sys_mod_count"),
]);
is_batch($r, '200 201 200 200 200 200', 'several requests');

my @answers = answers($r);
is_deeply([map { $_->{headers}{'x-total-count'} } @answers[0, 2]],
    [$before, $before + 1], '... each sees what those before it have done');
is(scalar @{$answers[0]{json}{result}}, 1, '... a list');
my $new = $answers[1]{json}{result}{sys_id};
is($answers[1]{headers}{location}, "$table/$new", '... a new record');
is($answers[1]{status_text}, 'Created', '... is created');
is_deeply($answers[5]{json}{result}, { finding => 'Suspicious',
    sys_mod_count => '2' }, '... and one that was changed twice');

$r = batch([one('DELETE', "$table/$new"), one('GET', "$table/$new"),
    one('DELETE', "$table/$new")]);
is_batch($r, '204 404 404', 'a record is deleted');
($raw) = @{$r->{json}{serviced_requests}};
is($raw->{body}, '', '... with an empty answer');
is($raw->{status_text}, 'No Content', '... of that name');
ok(!(grep { $_->{name} eq 'Content-Type' } @{$raw->{headers}}),
    '... of no type');
is(count(), $before, '... and is gone');


# what the Table API's client library sends: its headers, a long query in a
# list, many changes and deletions

my %library = (headers => { 'Content-Length' => '0' }, id => '140234');
my $long = 'sysparm_query=observable%3D203.0.113.9'
    . '%5Esys_class_nameIN' . join('%2C', map { "t$_" } 1 .. 2_000)
    . '%2Csn_ti_lookup_result'
    . '%5EORDERBYsys_id&sysparm_display_value=all&sysparm_limit=100'
    . '&sysparm_exclude_reference_link=true&sysparm_offset=0'
    . '&sysparm_suppress_pagination_header=true';
my @made = map { post($t, $lookup)->{json}{sys_id} } 1 .. 3;

my $found = only(one('GET', "$table?$long", undef, %library));
is($found->{status}, 200, 'a query of ' . length($long) . ' bytes');
is($found->{headers}{'x-total-count'}, 3, '... tells how many there are');
is_deeply([sort map { $_->{sys_id}{value} } @{$found->{json}{result}}],
    [sort @made], '... and which');

is_batch(batch([map { one('PATCH', "$table/$_?sysparm_display_value=all",
    { finding => 'Clean' }, headers => { 'Content-Length' => '19',
    'Content-Type' => 'application/json' }) } @made]), '200 200 200',
    'several records are changed');
is_batch(batch([map { one('DELETE', "$table/$_", undef, %library) } @made]),
    '204 204 204', '... and deleted');
is(count(), $before, '... all');


# --- what is no batch -------------------------------------------------------

my $error = 'Invalid post body';
foreach my $case (
    ['', 'the body is empty'],
    ['{', 'the body is not acceptable JSON: unexpected end at byte 1'],
    ['[]', 'must be an object'],
    ['{}', '/rest_requests: is required'],
    ['{"rest_requests":{}}', '/rest_requests: must be an array'],
    ['{"batch_request_id":[],"rest_requests":[7,{"id":1,"url":"/"}]}',
        '/batch_request_id: must be a string or a number; '
        . '/rest_requests/0: must be an object; '
        . '/rest_requests/1/id: must be a string; '
        . '/rest_requests/1/method: is required'],
    [$json->encode({ rest_requests => [one('POST', $table, $lookup),
        { %{one('GET', $table)}, headers => [{ name => 'a' }] }] }),
        '/rest_requests/1/headers/0: must be an object with the strings "name"'
        . ' and "value"'],
) {
    my ($body, $detail) = @$case;
    $r = batch($body);
    is_refused($r, 400, $error, "no batch: $detail");
    is($r->{json}{error}{detail}, $detail, '... says why') if $body ne '{';
}
is(count(), $before, '... and nothing of it was done');

is_refused(batch('{"rest_requests":[]}', headers => { 'Content-Type' =>
    'text/plain' }), 415, 'Unsupported media type', 'of another type');
is($t->request($_, $path, who())->{headers}{allow}, 'POST', "$_ is refused")
    foreach qw(GET PUT DELETE);
is_refused($t->request('POST', $path, {}, '{"rest_requests":[]}'), 401,
    'User is not authenticated', 'nobody sends a batch');


# --- what can not be reached ------------------------------------------------

my $none = 'Requested URI does not represent any resource';
my @urls = ('/api/v2/resources', '/api/v2/health', '/api/v1/health',
    '/api/v2/token/scopes', '/api/secops/v1/audit', path(), $path,
    '/api/secops/v1/subjects', '/api/secops/v1/subjects/198.51.100.7',
    '/api/now/batch', '/api/now/table', '/api/now/table/', '/', '', '*',
    "http://127.0.0.1$there", "//127.0.0.1$there", substr($there, 1),
    "/api/x/..$there", "/api/now/../now/table/sn_ti_lookup_result",
    '/api/now/%2e%2e/now/table/sn_ti_lookup_result', "$there/x", "$there%00",
    '/api/now/v3/table/sn_ti_lookup_result', "$there#x/y", '/x' x 1000,
    "/api//now/table/sn_ti_lookup_result", "\x{e4}", "%");

foreach my $method (qw(GET POST)) {
    $r = batch([map { one($method, $_, $method eq 'POST' ? $lookup : undef) }
        @urls]);
    my @all = answers($r);
    is(scalar @all, scalar @urls, "$method: all are answered");

    # that there is such a path, with another method, is told as it is alone

    foreach my $i (0 .. $#urls) {
        my $other = $urls[$i] =~ ($method eq 'GET'
            ? qr{^/api/now/(?:v1/)?batch} : qr{^/api/secops/v1/subjects});
        is_error($all[$i], $other ? 405 : 404,
            $other ? 'Method not supported' : $none, '... not reached: '
            . substr($json->encode([$urls[$i]]), 0, 60), $urls[$i]);
    }
}

is(count(), $before, '... and nothing was stored');
is(scalar @{$api->list('')->{json}}, 0, '... nor saved');

is(only(one('GET', $_))->{status}, 200, "what means the same is: $_")
    foreach "$there/", $there =~ s/table/%74able/r, "$there?x=%zz&&",
    "$there?a?b#c";

foreach my $method (qw(HEAD OPTIONS FOO get), '', 'GET ', 'PROPFIND') {
    my $one = only(one($method, $there));
    is_error($one, 405, 'Method not supported', "the method \"$method\"");
    like($one->{headers}{allow} // '', qr/^GET, HEAD, /,
        '... is told which there are');
}

is_error(only(one('GET', '/api/now/table/none/' . '0' x 32)), 400,
    'Invalid table none', 'a table that is not there');
is_error(only(one('GET', "$table/bunk")), 404, 'No Record found',
    'an id that is none');


# --- bodies and headers -----------------------------------------------------

my $bad = only({ %{one('POST', $table)}, body => '***' });
is_error($bad, 400, $error, 'a body that is not base64');
is($bad->{json}{error}{detail}, 'the body is not base64', '... says so');
is_error(only(one('POST', $table)), 400, $error, 'no body');
is_error(only(one('POST', $table, '{')), 400, $error, 'one that is not JSON');
is_error(only(one('POST', $table, { finding => 'x' })), 400, $error,
    'one with faults');
is_error(only(one('POST', $table, $lookup, headers => { 'content-TYPE' =>
    'text/plain' })), 415, 'Unsupported media type', 'one of another type');
is_error(only(one('PATCH', $there, { sys_id => 'x', finding => 'y' })), 400,
    $error, 'a change of what is the server\'s');

my ($etag) = map { $_->{headers}{etag} } only(one('GET', $there));
is_error(only(one('PATCH', $there, { finding => 'Clean' },
    headers => { 'If-Match' => '"99"' })), 412, 'Precondition Failed',
    'a condition that does not hold');
is(only(one('PATCH', $there, { finding => 'Clean' },
    headers => { 'if-match' => $etag }))->{status}, 200, '... one that does');

# those of the batch are not those of its requests, nor the other way round

is(only(one('PATCH', $there, { finding => 'Unknown' }), headers =>
    { 'If-Match' => '"99"', 'If-None-Match' => '*',
    'If-Modified-Since' => 'Thu, 01 Jan 1970 00:00:00 GMT' })->{status}, 200,
    'a condition on the batch is none on its requests');
is(only(one('POST', $table, $lookup), headers =>
    { 'Content-Type' => 'application/vnd.x+json' })->{status}, 201,
    '... nor its type theirs');

my $packed = Compress::Zlib::memGzip($json->encode({ batch_request_id => 'p',
    rest_requests => [one('POST', $table, $lookup), one('GET', $there)] }));
is_batch(batch($packed, headers => { 'Content-Encoding' => 'gzip' }),
    '201 200', '... nor its packing');

$r = $t->request('POST', $path, who(roles => ''), $json->encode({
    rest_requests => [one('GET', $there, undef, headers => {
    'X-SecOps-Roles' => $every, 'X-SecOps-User' => 'root',
    Authorization => 'Basic YTpi' })] }));
is_batch($r, '403', 'who calls is said by the batch, not by its requests');

my $url = only(one('GET', "$table?sysparm_limit=1"), headers =>
    { Host => 'soc.example.com' })->{headers}{link} // '';
like($url, qr{<http://soc\.example\.com/api/now/table/},
    'links have the host that the client asked');
unlike($url, qr/batch/, '... and the path of the request');


# --- who may ----------------------------------------------------------------

my @all = (one('GET', $there), one('GET', "$table?sysparm_limit=1"),
    one('PATCH', $there, { finding => 'Clean' }), one('POST', $table, $lookup),
    one('DELETE', "$table/" . '0' x 32));

is_batch(batch(\@all, roles => $_->[0]), $_->[1], "roles \"$_->[0]\"") foreach
    ['', '403 403 403 403 403'],
    ['sn_sec_cmn.api_read', '200 200 403 403 403'],
    ['sn_sec_cmn.api_write', '200 200 200 201 403'],
    ['sn_sec_cmn.admin', '403 403 403 403 404'];
is_error((answers(batch(\@all, roles => '')))[0], 403, 'Insufficient access',
    'a refusal is in the APIs\' form');
ok($t->wait_log(qr/records\.delete refused: user "script" of domain "global" /),
    '... and in the log, by the operation');

my %key = map { my $scope = $_; ($scope => $api->save({ k => api_key($scope,
    scopes => [split / /, $scope]) })->{json}{created}[0]{value}) }
    'read:resources', 'read:records', 'write:records:sn_ti_lookup_result',
    'read:records:sn_sec_cmn_ci_enrichment_result';
my $ci = '/api/now/table/sn_sec_cmn_ci_enrichment_result?sysparm_limit=1';

is_batch($t->request('POST', $path, { 'x-arcanna-api-key' => $key{$_->[0]} },
    $json->encode({ rest_requests => [@all, one('GET', $ci)] })), $_->[1],
    "a key with $_->[0]") foreach
    ['read:resources', '403 403 403 403 403 403'],
    ['read:records', '200 200 403 403 403 200'],
    ['write:records:sn_ti_lookup_result', '403 403 200 201 403 403'],
    ['read:records:sn_sec_cmn_ci_enrichment_result',
        '403 403 403 403 403 200'];

is_batch(batch([one('GET', $there), one('POST', $table, $lookup)],
    domain => 'other'), '404 201', 'a batch is of its caller\'s domain');
is(count(domain => 'other'), 1, '... what it stores, too');


# the location: its methods, its groups, and no other location

is_batch(batch([@all], port => 3), '200 200 403 201 403',
    'a method that "limit_except" restricts is refused');
is($t->request('GET', $there, who(), undef, port => 3)->{status}, 418,
    '... and another location, that would answer, is not asked');
is_refused(batch([one('GET', $there)], port => 4), 404, $none,
    'where the Table API is not served, no batch is');
is_batch(batch([one('GET', $there), one('GET', "/tables$there")], port => 4,
    path => "/tables$path"), '200 404',
    '... where it is alone, the paths are the API\'s own');


# --- the audit and the log --------------------------------------------------

sub audit { # operation and request of the newest entries
    return map { my %f = @{$_->[1]}; "$f{operation} $f{request}" }
        reverse map { @{$_} } map { $redis->cmd('XREVRANGE', $_, '+', '-',
        'COUNT', 1) } @_;
}

my $subject = post($t, records(observable => 'audited'))->{json}{sys_id};
my ($stream) = grep { audited($redis, $_) && grep { $_ eq $subject }
    audited($redis, $_) } keys_like($redis, '*:audit');
my $from = length $t->read('batch.log');
is_batch(batch([one('PATCH', "$table/$subject", { finding => 'Clean' })],
    user => 'auditor'), '200', 'a record is changed');
my %entry = @{$redis->cmd('XREVRANGE', $stream, '+', '-', 'COUNT', 1)->[0][1]};
is($entry{operation}, 'records.update', '... the audit names what was done');
is($entry{user}, 'auditor', '... and by whom');
ok(wait_for(sub { substr($t->read('batch.log'), $from)
    =~ m{^\Q$path\E 200 tables\.batch - \d+\.\d{3} auditor$}m }),
    '... the access log the batch, with the time that Redis took')
    or diag(substr $t->read('batch.log'), $from);


# --- limits -----------------------------------------------------------------

$before = count();
$r = batch([map { one('POST', $table, $lookup, id => "n$_") } 1 .. 5],
    port => 1);
is_batch($r, '201 201 201', 'more requests than secops_max_batch');
is_deeply([map { $_->{id} } answers($r)], [qw(n1 n2 n3)], '... the first ones');
is_deeply($r->{json}{unserviced_requests}, [qw(n4 n5)],
    '... the ids of the others are told');
is(count(), $before + 3, '... which were not run');

$r = batch([map { one('GET', '/none', undef, id => "$_") } 1 .. 1003]);
is(scalar(answers($r)), 1000, 'no more than a thousand, whatever is allowed');
is_deeply($r->{json}{unserviced_requests}, [map { "$_" } 1001 .. 1003], '... and the rest');

# 23 names and values beside the zeros

my $reading = sub { my ($more) = @_;
    batch('{"rest_requests":[' . join(',', map { '{"id":"","method":"GET",'
        . '"url":"/none","more":[' . '0,' x $_ . '0]}' } 49_980, 49_997 + $more)
        . ']}') };
is_batch($reading->(0), '404 404', 'as many names and values as may be');
is_refused($r = $reading->(1), 400, $error, '... and one more');
is($r->{json}{error}{detail}, 'the body is not acceptable JSON: too many names'
    . ' and values', '... says why');

my $large = post($t, records(more => 'x' x 1_000_000))->{json}{sys_id};
$r = $t->raw($t->connect()->format('POST', $path, { %{who()},
    Connection => 'close' }, $json->encode({ rest_requests => [map {
    one('GET', "$table/$large", undef, id => "l$_") } 1 .. 12] })));
is(scalar(my @served = $r =~ /"id":"(l\d+)","status_code":200/g), 9,
    'answers of 8 MB, and the one that goes beyond');
like($r, qr/"unserviced_requests":\["l10","l11","l12"\]\}\z/,
    '... and the rest');
my @bodies = map { decode_base64($_) } $r =~ /"body":"([^"]*)"/g;
my $expected = get($t, "$table/$large")->{body};
is(scalar(grep { $_ eq $expected } @bodies), 9, '... all are whole');


ok($fake->link(port => 2), 'a Redis that the test plays');
my $mark = $fake->play('EXPECT 1');
my $slow = $t->connect(2);
$slow->{timeout} = 60;
$slow->send($slow->format('POST', $path, who(roles => $every),
    $json->encode({ rest_requests => [one('GET', $there, undef, id => 'a'),
    one('GET', $there, undef, id => 'b')] })));
ok($fake->wait($mark), 'a request of a batch takes long');
ahead(31);
$fake->play('SEND $-1\r\n');
$r = $slow->answer('POST');
is_batch($r, '404', '... it is answered');
is_deeply($r->{json}{unserviced_requests}, ['b'],
    '... and after 30 seconds none is started');
$slow->close();


# --- while it waits ---------------------------------------------------------

# a batch whose first request waits for Redis; -> its connection

sub begun { return begun_at('', @_) }

sub begun_at { # below a prefix of its path
    my ($prefix, @requests) = @_;
    my $mark = $fake->play('EXPECT 1');
    my $c = $t->connect(2);
    $c->send($c->format('POST', $prefix . $path, who(roles => $every),
        $json->encode({ rest_requests => \@requests })));
    ok($fake->wait($mark), 'a batch waits for Redis');
    return $c;
}

sub reads { return map { one('GET', "$table/0" . '1' x 30 . $_) } @_ }

foreach my $reset (0, 1) {
    my $seen = $fake->seen(qr/> GET/);
    my $gone = begun(reads(1, 2));
    $gone->close(reset => $reset);
    ok($t->has_left(), '... its client leaves, reset: ' . $reset);
    $fake->step('SEND $-1\r\n');

    $mark = $fake->play('EXPECT 1');
    my $next = $t->connect(2);
    $next->send($next->format('GET', $there, who()));
    ok($fake->wait($mark), '... the next client is served');
    $fake->play('SEND $-1\r\n');
    is($next->answer('GET')->{status}, 404, '... with its own reply');
    is($fake->seen(qr/> GET/), $seen + 2,
        '... and nothing else of the batch was run');
}

# the request goes on to its post_action, which ends it

my $after = begun_at('/after', reads(1, 2));
$after->close();
ok($t->has_left(), '... its client leaves, where post_action follows');
my $done = $listening->accept();
ok($done && sysread($done, my $got, 1000), '... which begins');
$fake->step('SEND $-1\r\n');
$mark = $fake->play('EXPECT 1');
my $behind = $t->connect(2);
$behind->send($behind->format('GET', $there, who()));
ok($fake->wait($mark), '... Redis\' answer comes, the next client is served');
$fake->play('SEND $-1\r\n');
is($behind->answer('GET')->{status}, 404, '... with its own reply');
$behind->close();
ok(!IO::Select->new($done)->can_read(0.1), '... and what follows goes on');
ok(!IO::Select->new($listening)->can_read(0.1), '... once');
print {$done} "HTTP/1.0 200 OK\r\n\r\n";
close $done;
ok(wait_for(sub { $t->read('done.log') =~ m{POST /after/\S* HTTP/1.1" 200} }),
    '... to its end');
ok(wait_for(sub { $t->request('GET', '/active', {}, undef, port => 2)->{body}
    =~ /^Active connections: 1 $/m }), '... and no request is left')
    or diag($t->request('GET', '/active', {}, undef, port => 2)->{body});

my $h2 = SecOps::H2->new($t, 6);
$mark = $fake->play('EXPECT 1');
my $taken = $h2->request('POST', $path, who(), $json->encode({
    rest_requests => [reads(1, 2)] }));
ok($fake->wait($mark), 'a batch of HTTP/2 waits for Redis');
my $seen = $fake->seen(qr/> GET/);
$h2->reset($taken);
ok($h2->ping(), '... its client takes it back');
$fake->step('SEND $-1\r\n');
is_deeply([$t->request('GET', '/none')->{status}, $fake->seen(qr/> GET/)],
    [404, $seen], '... and nothing else of it is run');
$h2->close();

my $kept = begun(reads(1, 2));
$kept->send($kept->format('POST', $path, who(), '{"rest_requests":[]}'));
$mark = $fake->play("SEND \$-1\\r\\n\nEXPECT 1");
ok($fake->wait($mark), '... its second request waits');
$fake->play('SEND $-1\r\n');
is_batch($kept->answer('POST'), '404 404', '... it is answered');
is_batch($kept->answer('POST'), '', '... and so is what came behind it');

my $down = begun(reads(1, 2));
$fake->play('CLOSE');
$r = $down->answer('POST');
is_batch($r, '503 503', 'Redis goes away: each request is answered');
my ($later) = answers($r);
is_error($later, 503, 'Unable to read record', '... as it would be alone');
is($later->{headers}{'retry-after'}, 1, '... with when to try again');


# HTTP/2, and a connection that stays

my $kept_alive = $t->connect();
is_batch($kept_alive->request('POST', $path, who(roles => $every),
    $json->encode({ rest_requests => \@all })), '200 200 200 201 404',
    'one connection: batch ' . $_) foreach 1 .. 3;

$r = $t->h2('POST', $path, { %{who(roles => $every)},
    'Content-Type' => 'application/json' },
    $json->encode({ rest_requests => [@all[0 .. 2]] }), port => 5);
is_batch($r, '200 200 200', 'HTTP/2');


# many requests that wait for nothing leave the worker to others in between

$before = count();
my $many = $t->connect();
$many->send($many->format('POST', $path, who(), $json->encode({
    rest_requests => [map { one('GET', '/none') } 1 .. 1000] })));
ok($many->taken(), 'a batch of a thousand requests is under way');
is($t->request('GET', '/api/v2/health')->{status}, 200,
    '... another client is answered');
is(scalar(answers($many->answer('POST'))), 1000, '... and it is, too');


# --- the end of the worker --------------------------------------------------

$fake->link(port => 2);
my $last = begun(reads(1, 2));
kill 'QUIT', $t->master();
$t->{told} = 1;
ok($t->wait_log(qr/gracefully shutting down/), '... while the worker ends');
$mark = $fake->play("SEND \$-1\\r\\n\nEXPECT 1");
ok($fake->wait($mark), '... it goes on');
$fake->play('SEND $-1\r\n');
is_batch($last->answer('POST'), '404 404', '... to its end');

$t->done();
