# How a body reaches the module: in one buffer, in several, in a file, in
# chunks, byte by byte, with others behind it on the same connection, or not at
# all; and bodies made to hurt: deep, wide, ill-encoded.  A connection must be
# in step after every one of them.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use SecOps;
use SecOps::Records;

my $t = SecOps->new();
my $redis = $t->redis();

my $api = <<'EOT';
            secops_api;
            secops_redis %%REDIS%%;
            secops_auth header;
            client_max_body_size 8m;
EOT

$t->run(conf(location => 'client_max_body_size 8m;', server => <<"EOT"));
        location /small/ {
            rewrite ^/small(/.*)\$ \$1 break;
            $api
            client_body_buffer_size 16;
        }

        location /file/ {
            rewrite ^/file(/.*)\$ \$1 break;
            $api
            client_body_in_file_only clean;
        }

        location /single/ {
            rewrite ^/single(/.*)\$ \$1 break;
            $api
            client_body_in_single_buffer on;
            client_body_buffer_size 1m;
        }

        location /deep/ {
            rewrite ^/deep(/.*)\$ \$1 break;
            $api
            secops_max_depth 100;
        }
EOT


my $pad = join '', map { sprintf '%05d,', $_ } 1 .. 10000;
my $count = 0;


sub body { # a record with so many bytes of padding, different each time
    my ($size) = @_;
    return '{"observable":"o' . $count++ . '","finding":"Clean",'
        . '"source_engine":"e","more":"' . substr($pad x 20, 0, $size) . '"}';
}


sub whole { # the answer holds all of the body
    my ($r, $body, $name) = @_;
    my $members = substr $body, 1;
    ok($r && $r->{status} == 201
        && substr($r->{body}, -length $members) eq $members, $name)
        or diag($r ? $r->{head} . substr $r->{body}, 0, 200 : 'no answer');
}


# where nginx puts a body

foreach my $place ('', '/small', '/file', '/single') {
    my $path = $place . path();
    my $where = $place ? "in $place" : 'by default';

    foreach my $size (0, 1, 100, 5000, 20000, 200000) {
        my $body = body($size);
        my $connection = $t->connect();

        whole($connection->request('POST', $path, who(), $body), $body,
            "a body with $size bytes of padding $where");

        $body = body($size);
        whole($connection->request('POST', $path, who(), $body,
            chunked => 1 + int $size / 7), $body, '... in chunks');
    }

    my $body = body(300);
    whole($t->connect()->request('POST', $path, who(), $body, piece => 7,
        pause => 0.001), $body, "a body in pieces of 7 bytes $where");
    whole($t->connect()->request('POST', $path, who(), $body, piece => 7,
        pause => 0.001, chunked => 3), $body, '... and in chunks of 3');
}

my $body = body(1024 * 1024);
my $r = $t->request('POST', path(), who(), $body);
whole($r, $body, 'a record of a megabyte');
is_deeply(get($t, $r->{headers}{location})->{json}{result},
    in_table('sn_ti_lookup_result', $r->{json}), '... is read whole');

ok(!grep({ -f } glob $t->dir() . '/client_body_temp/*'),
    'no body is left behind in a file');


# absent bodies

foreach my $headers ([], ['Content-Length' => 0],
    ['Content-Type' => 'application/json', 'Content-Length' => 0],
    ['Content-Type' => 'text/plain', 'Content-Length' => 0])
{
    my $connection = $t->connect();
    $r = $connection->request('POST', path(), [%{who()}, @$headers]);
    is_refused($r, 400, 'Invalid post body',
        'no body, with (' . join(' ', @$headers) . ')');
    is($r->{json}{error}{detail}, 'the body is empty', '... says so');
    whole($connection->request('POST', path(), who(), $body = body(5)), $body,
        '... and the connection is in step');
}

is_refused($t->connect()->request('POST', path(), who(), '', chunked => 1),
    400, 'Invalid post body', 'chunks without a byte');


# content types

is_stored($t->request('POST', path(), { %{who()}, 'Content-Type' => $_ },
    body(1)), "the type \"" . ($_ // 'none') . '" says JSON')
    foreach 'application/json', 'Application/JSON', 'application/json ',
        'application/json; charset=utf-8', 'application/json;charset=utf-8',
        "application/json\t; x", 'application/vnd.api+json',
        'application/problem+JSON', undef;


# many requests on one connection

my $connection = $t->connect();

foreach my $case (
    ['a record', 201, path(), who(), body(9)],
    ['a refused record', 400, path(), who(), '{}'],
    ['a caller without identity', 401, path(), {}, body(3000)],
    ['a caller without role', 403, path(), who(roles => 'x'), body(3000)],
    ['a wrong type', 415, path(),
        { %{who()}, 'Content-Type' => 'text/plain' }, body(3000)],
    ['an unknown path', 404, '/api/none', who(), body(3000)],
    ['an unknown endpoint', 404, path('none'), who(), body(3000)],
    ['a wrong method', 405, '/api/v1/health', who(), body(3000)],
    ['a broken body', 400, path(), who(), body(3000) . '}'],
    ['a record again', 201, path(), who(), body(9)],
    ['readiness', 200, '/api/v1/health', {}, undef, 'GET'],
) {
    my ($name, $status, $path, $headers, $body, $method) = @$case;

    foreach my $chunked (0, 100) {
        my $r = $connection->request($method // 'POST', $path, $headers,
            $body, $chunked ? (chunked => $chunked) : ());
        is($r && $r->{status}, $status, 'one connection: ' . $name
            . ($chunked ? ', chunked' : ''));
    }
}

is($connection->request('GET', '/api/v1/health', {}, '{}')->{status}, 200,
    'a GET may have a body');
is($connection->request('GET', '/api/now/table/sn_ti_lookup_result/x', who(),
    body(3000))->{status}, 404, '... also a large one');
is($connection->request('GET', '/api/v1/health', {}, 'x' x 3000,
    chunked => 7)->{status}, 200, '... also in chunks');
is($connection->request('GET', '/api/v1/health')->{status}, 200,
    '... and the connection is in step');

$r = $connection->request('POST', path(), who(), 'x' x 9000000);
is($r && $r->{status}, 413, 'one connection: too much');
ok($connection->closed(10), '... ends it');


# pipelined

my @bodies = map { body($_ * 50) } 0 .. 19;
$connection = $t->connect();
$connection->send(join '', map {
    $connection->format('POST', path(), who(), $_)
} @bodies);
whole($connection->answer('POST'), $_, 'pipelined: each is answered in turn')
    foreach @bodies;

$connection->send(join '',
    $connection->format('POST', path(), {}, body(3000)),
    $connection->format('POST', path(), who(), '{'),
    $connection->format('GET', '/api/v1/health', {}),
    $connection->format('POST', path(), who(), $body = body(3)));
is($connection->answer()->{status}, 401, 'pipelined: a refusal');
is($connection->answer()->{status}, 400, '... another one');
is($connection->answer()->{status}, 200, '... readiness');
whole($connection->answer(), $body, '... and a record');


# Expect

$connection = $t->connect();
$connection->send($connection->format('POST', path(), { %{who()},
    Expect => '100-continue', 'Content-Type' => 'application/json',
    'Content-Length' => length($body = body(50)) }));
ok(wait_for(sub {
    $connection->fill(time() + 1);
    $connection->{buffer} =~ m{^HTTP/1\.1 100 };
}), 'a client that asks first is told to continue');
$connection->send($body);
whole($connection->answer(), $body, '... and its record is stored');

# a refusal that the head alone is a reason for comes before the body

foreach my $case (
    ['no identity', 401, path(), {}],
    ['no role', 403, path(), who(roles => 'none')],
    ['the wrong type', 415, path(), { %{who()}, 'Content-Type' => 'text/xml' }],
    ['another packing', 415, path(), { %{who()}, 'Content-Encoding' => 'br' }],
    ['no such table', 404, path('nothing'), who()],
    ['no such operation', 404, '/api/nothing', who()],
    ['the wrong method', 405, '/api/v2/token/scopes', who()],
    ['a wrong parameter', 400, path(undef, 'simple_response=perhaps'), who()],
    ['a wrong parameter of resources', 400,
        '/api/v2/resources?overwrite=perhaps', who()],
) {
    my ($name, $status, $where, $headers) = @$case;
    $connection = $t->connect();
    $connection->send($connection->format('POST', $where, {
        'Content-Type' => 'application/json', %$headers,
        Expect => '100-continue', 'Content-Length' => 9000 }));
    my $end = time() + 20;
    1 until $connection->{buffer} =~ /\r\n\r\n/ || !$connection->fill($end);
    like($connection->{buffer}, qr{\AHTTP/1\.1 $status },
        "Field 10: $name: $status, and not 100 first");
    like($connection->{buffer}, qr/^Connection: close\r$/m,
        '... and what comes then is no request');
    $r = $connection->answer();
    is(ref(($r // {})->{json}), 'HASH', '... in the form of the API');
    ok($connection->closed(20), '... and the connection is closed');
}

# without Expect the connection stays

$connection = $t->connect();
$connection->send($connection->format('POST', path('nothing'), who(),
    records()) . $connection->format('GET', '/api/v2/health'));
is($connection->answer()->{status}, 404, 'a body that nobody asked for is sent');
is($connection->answer()->{status}, 200, '... and then the next request');


# clients that leave

$redis->cmd('FLUSHALL');
foreach my $part ('', '{"observable"', body(100)) {
    $connection = $t->connect();
    $connection->send($connection->format('POST', path(), { %{who()},
        'Content-Length' => 10000 }, $part));
    $connection->close(reset => length $part);
}
is_stored($t->request('POST', path(), who(), records()),
    'after clients that left in the middle of a body, all goes on');
is($redis->cmd('DBSIZE'), 4, '... and nothing of theirs is stored');


# bodies made to hurt

my $fields = '"observable":"x","finding":"Clean","source_engine":"y"';

sub more { # a record with one more member of this text
    return "{$fields,\"more\":$_[0]}";
}

foreach my $case (
    ['a byte that is no UTF-8', "\"\xff\"", 'invalid UTF-8'],
    ['overlong UTF-8', "\"\xc0\xaf\"", 'invalid UTF-8'],
    ['a surrogate in UTF-8', "\"\xed\xa0\x80\"", 'invalid UTF-8'],
    ['UTF-8 beyond Unicode', "\"\xf4\x90\x80\x80\"", 'invalid UTF-8'],
    ['UTF-8 cut short', "\"\xe2\x82\"", 'invalid UTF-8'],
    ['a NUL byte', "\"\0\"", 'control character'],
    ['a NUL byte outside of a string', "\0", 'value expected'],
    ['an escaped NUL', '"\u0000"', 'escaped NUL'],
    ['a high surrogate alone', '"\ud800"', 'lone surrogate'],
    ['a low surrogate alone', '"\udc00"', 'lone surrogate'],
    ['surrogates in the wrong order', '"\udc00\ud800"', 'lone surrogate'],
    ['a line feed in a string', "\"\n\"", 'control character'],
    ['an unknown escape', '"\x41"', 'invalid escape'],
    ['a leading zero', '01', ''],
    ['a leading plus', '+1', ''],
    ['no digit before the point', '.5', ''],
    ['no digit after it', '5.', ''],
    ['a hexadecimal number', '0x10', ''],
    ['NaN', 'NaN', ''],
    ['Infinity', '-Infinity', ''],
    ['single quotes', "'x'", ''],
    ['a comment', '1/**/', ''],
    ['True', 'True', ''],
    ['a trailing comma in an array', '[1,]', ''],
    ['a bracket that does not fit', '[1}', ''],
    ['100,000 open brackets', '[' x 100000, 'nested too deep'],
    ['100,000 open braces', '{"a":' x 100000, 'nested too deep'],
    ['10,000 members', '{' . join(',', map { qq("m$_":1) } 1 .. 10000) . '}',
        'too many members'],
) {
    my ($name, $text, $reason) = @$case;
    my $r = post($t, more($text));

    is_refused($r, 400, 'Invalid post body', "refused: $name");
    like($r->{json}{error}{detail}, qr/\Q$reason\E.* at byte \d+$/,
        '... with the reason');
}

is_refused(post($t, '{' . join(',', $fields, map { qq("m$_":1) } 1 .. 10000)
    . '}'), 400, 'Invalid post body', 'refused: a record of 10,000 fields');

is_stored(post($t, more($_->[1])), "accepted: $_->[0]") foreach
    ['the largest integer', '9223372036854775807'],
    ['the smallest integer', '-9223372036854775808'],
    ['a large real', '1e308'],
    ['an integer beyond 64 bits', '9223372036854775808'],
    ['a negative one', '-9223372036854775809'],
    ['a real beyond a double', '1e999'],
    ['-0', '-0'],
    ['a pair of surrogates', '"\ud83d\ude00"'],
    ['an escaped DEL', '"\u007f"'],
    ['a DEL', "\"\x7f\""],
    ['a non-character', '"\uffff"'],
    ['100,000 elements', '[' . join(',', (0) x 100000) . ']'],
    ['4,000 members', '{' . join(',', map { qq("m$_":1) } 1 .. 4000) . '}'],
    ['many objects', '[' . join(',', ('{"a":{}}') x 20000) . ']'],
    ['a string of escapes', '"' . '\u00e4' x 50000 . '"'];

is_stored(post($t, more('[' x 63 . ']' x 63)),
    'Field 25: accepted: as deep as secops_max_depth, 64');

my $deep = post($t, more('[' x 64 . ']' x 64));
is_refused($deep, 400, 'Invalid post body', 'refused: one level deeper');
like($deep->{json}{error}{detail}, qr/nested too deep, more than 64 levels at/,
    '... which names the limit');
is_stored($t->request('POST', '/deep' . path(), who(),
    more('[' x 99 . ']' x 99)), 'accepted: as deep as 100');
is_refused($t->request('POST', '/deep' . path(), who(),
    more('[' x 100 . ']' x 100)), 400, 'Invalid post body',
    'refused: one level deeper than that');

is_stored(post($t, " \t\r\n{$fields}\r\n "), 'white space around is allowed');

$t->done();
