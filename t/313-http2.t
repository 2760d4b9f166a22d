# The same over HTTP/2, where a body has no Content-Length of necessity and the
# stream, not the connection, is what ends.  nginx reads such bodies by other
# code, and a client may leave by resetting the stream.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use SecOps;
use SecOps::Records;

plan(skip_all => 'curl without HTTP/2')
    unless (`curl --version 2>/dev/null` // '') =~ /^Features:.*\bHTTP2\b/m;

my $t = SecOps->new();

plan(skip_all => 'nginx without HTTP/2')
    unless $t->version() =~ /--with-http_v2_module/;

my $redis = $t->redis();

# Below /slow/, a refusal comes a moment after the body.  Otherwise nginx resets
# the stream behind an answer that it gave without reading the body, and curl,
# still sending, looks at that only: what was answered is in the log then.
# "http2 on" takes the parameter's place from 1.25.1 on, which warns about it.

$t->run(conf(listen => ' http2', http => <<'EOT', server => <<'EOT2'));
    log_format secops '$status $secops_error';
    limit_req_zone moment zone=moment:32k rate=4r/s;

    server {
        listen 127.0.0.1:%%PORT1%%;
        limit_req zone=moment burst=100 nodelay;
        location / { try_files /none =204; }
    }
EOT
        access_log %%DIR%%/access.log secops;
        client_max_body_size 512k;

        location /slow/ {
            limit_req zone=moment burst=100;
            rewrite ^/slow(/.*)$ $1 break;
            secops_api;
            secops_redis %%REDIS%%;
            secops_auth header;
        }
EOT2


sub h2 {
    my ($method, $path, $headers, $body) = @_;
    return $t->h2($method, $path, { 'Content-Type' => 'application/json',
        %{$headers // {}} }, $body) // { json => {} };
}


my $r = h2('POST', path(), who(), records());
is_stored($r, 'a record');
is(h2('GET', $r->{headers}{location}, who())->{json}{result}{sys_id},
    $r->{json}{sys_id}, '... which can be read');
is(h2('GET', '/api/v1/health')->{body}, '{"status":true,"connected":true}',
    'readiness');

foreach my $size (1, 16384, 65536, 300000) {
    my $r = h2('POST', path(), who(), records(more => 'x' x $size));
    is_stored($r, "a record with $size bytes more");
    is(length($r->{json}{more} // ''), $size, '... is whole');
}

is_stored($t->h2('POST', path(), [ SecOps::Connection::pairs(who()),
    'Content-Type' => 'application/json', 'Content-Length' => '' ],
    records()) // {}, 'a body of a length that is not announced');



sub slow { # the same after a request of the same rate, so that it must wait
    my ($method, $headers, $body) = @_;
    $t->request('GET', '/', {}, undef, port => 1);
    return h2($method, '/slow' . path(), $headers, $body);
}


is_refused(slow('POST', {}, records()), 401,
    'User is not authenticated', 'no identity');
is_refused(slow('POST', who(roles => ''), records()), 403,
    'Insufficient access', 'no role');
is_refused(h2('POST', path(), who(), '{}'), 400, 'Invalid post body',
    'an empty object');
is_refused(h2('POST', path(), who()), 400, 'Invalid post body', 'no body');
is_refused(h2('POST', path(), who(), ''), 400, 'Invalid post body',
    'an empty body');
is_refused(slow('POST', { %{who()}, 'Content-Type' => 'text/plain' },
    records()), 415, 'Unsupported media type', 'a wrong type');

my $put = slow('PUT', who(), records());
is_refused($put, 405, 'Method not supported', 'a wrong method');
is($put->{headers}{allow}, 'POST', '... and Allow');

foreach my $case (
    [401, {}, 'x' x 200000, 'no identity, and a body that nobody reads'],
    [413, who(), 'x' x 600000, 'too large a body'],
) {
    my ($status, $headers, $more, $name) = @$case;
    my $mark = length $t->read('access.log');

    h2('POST', path(), $headers, records(more => $more));
    ok(wait_for(sub {
        substr($t->read('access.log'), $mark) =~ /^$status /m;
    }), "$status: $name");
}

is_refused(h2('GET', '/api/none', who()), 404,
    'Requested URI does not represent any resource', 'an unknown path');

# nginx resets a stream that it has answered before the body came
ok(wait_for(sub {
    (h2('GET', '/api/v1/health', {}, '{}')->{status} // 0) == 200;
}), 'a GET may have a body');
is(h2('POST', path(), who(), { data => [ records(), {} ] })->{status}, 207,
    'a batch of which some are stored');

is($redis->cmd('LLEN', 'secops:{global:'
    . shard_of($r->{json}{sys_id}) . '}:idx:sn_ti_lookup_result'), 7,
    'exactly what was answered with 201 and 207 is stored');

$redis->stop();
is_refused(h2('POST', path(), who(), records()), 503,
    'Unable to persist record', 'Redis is away');

$t->done();
