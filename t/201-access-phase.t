# The module beside nginx's own: satisfy, auth_basic, auth_request, limit_req,
# redirects, subrequests, error pages, logs.  People put `secops_api` into
# locations that have all of these, and whatever they combine, nobody may get
# past the identity check, and every answer must be JSON.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use IO::Socket::INET;
use MIME::Base64;
use SecOps;
use SecOps::Records;

my $t = SecOps->new();
my $redis = $t->redis();


sub location {
    my ($prefix, $directives) = @_;

    return <<"EOT";
        location /$prefix/ {
            $directives
            rewrite ^/$prefix(/.*)\$ \$1 break;
            secops_api;
            secops_redis %%REDIS%%;
            secops_auth header;
        }
EOT
}


$t->write('htpasswd', "alice:{PLAIN}secret\n");
$t->write('html/guarded.txt', 'inside');
$t->write('html/seen.txt', 'inside');

my $http = <<'EOT';
    limit_req_zone $server_port zone=one:64k rate=1r/m;
    limit_req_zone $server_addr zone=two:64k rate=1r/m;
    log_format secops '$request $status'
        ' [$secops_user] [$secops_domain] [$secops_auth_method]'
        ' [$secops_operation] [$secops_error] [$secops_redis_time]';
    map $secops_operation $is_write {
        records.create 1;
        default 0;
    }

    server {
        listen 127.0.0.1:%%PORT1%%;
        secops_redis %%REDIS%%;
        secops_auth header;
        root %%DIR%%/html;

        location / {
            try_files $uri @api;
        }
        location @api {
            secops_api;
        }
        location = /go {
            rewrite ^ /api/v1/health last;
        }
        location = /fail {
            error_page 418 =200 /api/v1/health;
            return 418;
        }
        error_page 401 403 404 /secops_errors;
        location = /secops_errors {
            internal;
            secops_api errors;
        }
    }

    server {
        listen 127.0.0.1:%%PORT2%%;
        location / {
            client_max_body_size 0;
            return 204;
        }
    }
EOT

my $server = join '',
    location('any', 'satisfy any; allow 127.0.0.1; deny all;'),
    location('anydeny', 'satisfy any; deny all;'),
    location('anybasic', <<'EOT'),
            satisfy any;
            auth_basic SOC;
            auth_basic_user_file %%DIR%%/htpasswd;
EOT
    location('all', 'satisfy all; allow 127.0.0.1; deny all;'),
    location('allbasic', <<'EOT'),
            auth_basic SOC;
            auth_basic_user_file %%DIR%%/htpasswd;
EOT
    location('denied', 'deny all;'),
    location('limited', 'limit_req zone=one; limit_req_status 429;'),
    location('limited503', 'limit_req zone=two;'),
    location('post', 'limit_except POST { deny all; }'),
    location('if', <<'EOT'),
            if ($http_x_stop) {
                return 429;
            }
            if ($http_x_flag) {
                set $flag 1;
            }
EOT
    location('sub', ''),
    location('check', <<'EOT'),
            rewrite ^ /api/now/table/sn_ti_lookup_result/$http_x_id? break;
EOT
    <<'EOT';
        root %%DIR%%/html;
        set $flag '';
        lingering_timeout 300ms;

        location = /guarded.txt {
            auth_request /sub/api/v1/health;
        }
        location = /seen.txt {
            auth_request /check/;
            add_header X-Seen "$secops_operation";
        }
        location /mirrored/ {
            client_max_body_size 1m;
            mirror /copy;
            proxy_pass http://127.0.0.1:%%PORT2%%;
        }
        location = /copy {
            internal;
            rewrite ^ /api/sn_sec_cmn/integration_capabilities/threat_lookup
                break;
            secops_api records;
            secops_redis %%REDIS%%;
            secops_auth header;
        }

        access_log %%DIR%%/access.log secops;
EOT

$t->run(conf(http => $http, server => $server, location => <<'EOT'));
            client_max_body_size 4k;
            add_header X-Write $is_write always;
EOT


sub post_to { # a record, through the location of this prefix
    my ($prefix, $headers) = @_;
    return $t->request('POST', "/$prefix" . path(), $headers, records());
}


sub from { # the same from another address
    my ($address, $prefix, $headers) = @_;
    my $socket = IO::Socket::INET->new(LocalAddr => $address,
        PeerAddr => '127.0.0.1', PeerPort => $t->port(), Proto => 'tcp')
        or die "no connection from $address: $!";

    return bless({ socket => $socket, buffer => '', timeout => 10 },
        'SecOps::Connection')->request('POST', "/$prefix" . path(), $headers,
        records());
}


my $reader = who(roles => 'sn_sec_cmn.api_read');
my $alice = { Authorization => 'Basic ' . encode_base64('alice:secret', '') };
my $wrong = { Authorization => 'Basic ' . encode_base64('alice:x', '') };


# satisfy

is_refused(post_to('any', {}), 401, 'User is not authenticated',
    'satisfy any: an address that is allowed is no identity');
is_refused(post_to('any', $reader), 403, 'Insufficient access',
    'satisfy any: it is no role either');
is_stored(post_to('any', who()), 'satisfy any: with both, it is stored');
is_refused(from('127.0.0.2', 'any', who()), 401,
    'User is not authenticated',
    'satisfy any: neither the address nor the headers of a stranger count');
is_refused(post_to('anydeny', {}), 401, 'User is not authenticated',
    'satisfy any: denied by address and unknown');
is_refused(post_to('anydeny', $reader), 403, 'Insufficient access',
    'satisfy any: denied by address and by role');
is_stored(post_to('anydeny', who()),
    'satisfy any: the identity makes up for the address');
is_refused(post_to('anybasic', {}), 401, 'User is not authenticated',
    'satisfy any: neither password nor identity');
is_refused(post_to('anybasic', $alice), 401, 'User is not authenticated',
    'satisfy any: a password is no identity where headers are asked for');
is_refused(post_to('anybasic', { %$alice, %$reader }), 403,
    'Insufficient access', 'satisfy any: nor a role');
is_stored(post_to('anybasic', who()),
    'satisfy any: the identity makes up for the password');
is(post_to('anybasic', who())->{headers}{'www-authenticate'}, undef,
    '... and nothing is challenged any more');

is_stored(post_to('all', who()), 'satisfy all: address and identity');
is_refused(post_to('all', {}), 401, 'User is not authenticated',
    'satisfy all: the address alone');
is_refused(from('127.0.0.2', 'all', who()), 403, 'Insufficient access',
    'satisfy all: the identity alone');
is_refused(post_to('allbasic', who()), 401, 'User is not authenticated',
    'satisfy all: the identity without the password');
is_refused(post_to('allbasic', { %$wrong, %{who()} }), 401,
    'User is not authenticated', '... or with a wrong one');
is_stored(post_to('allbasic', { %$alice, %{who()} }),
    '... and with the right one');
is_refused(post_to('denied', who()), 403, 'Insufficient access',
    'deny is told in JSON');


# rates

is_stored(post_to('limited', who()), 'the first request within a rate');
my $r = post_to('limited', who());
is_refused($r, 429, 'Too Many Requests', 'limit_req is told in JSON');
is($r->{headers}{'retry-after'}, 1, '... with Retry-After');
is_stored(post_to('limited503', who()), 'the first request within another');
$r = post_to('limited503', who());
is_refused($r, 503, 'Service Unavailable', 'limit_req with 503 as well');
is($r->{headers}{'retry-after'}, 1, '... with Retry-After');
like($r->{json}{error}{detail}, qr/[0-9a-f]{32}$/,
    '... and the id of the request');


# methods, conditions

is_stored(post_to('post', who()), 'limit_except lets POST through');
is_refused(post_to('post', {}), 401, 'User is not authenticated',
    '... with an identity only');
is_refused($t->request('GET', '/post/api/v1/health'), 403,
    'Insufficient access', '... and GET not, in JSON');
is_refused($t->request('GET', '/post/api/now/table/sn_ti_lookup_result/x',
    who()), 403, 'Insufficient access', '... whoever asks');

is_stored(post_to('if', who()), 'an if that is not met changes nothing');
$r = post_to('if', { %{who()}, 'X-Flag' => 1 });
is_stored($r, 'an if that is met keeps the API');
is_refused(post_to('if', { 'X-Flag' => 1 }), 401,
    'User is not authenticated', '... and asks for an identity');
is_refused(post_to('if', { 'X-Flag' => 1, %$reader }), 403,
    'Insufficient access', '... and the role');
is_refused(post_to('if', { %{who()}, 'X-Stop' => 1 }), 429,
    'Too Many Requests', 'return is told in JSON');


# redirects

is($t->request('GET', '/go', {}, undef, port => 1)->{body},
    '{"status":true,"connected":true}', 'a rewrite leads to the API');
is($t->request('GET', '/fail', {}, undef, port => 1)->{json}{status},
    JSON::PP::true, 'an error_page leads to the API');
is_stored($t->request('POST', path(), who(), records(), port => 1),
    'try_files leads to a named location with the API');
is_refused($t->request('POST', path(), {}, records(), port => 1), 401,
    'User is not authenticated', '... which asks for an identity');
is_refused($t->request('POST', path(), $reader, records(), port => 1), 403,
    'Insufficient access', '... and the role');
is_refused($t->request('GET', '/secops_errors', who()), 404,
    'Requested URI does not represent any resource',
    'the location of the errors is nobody\'s goal');


# subrequests

is($t->request('GET', '/guarded.txt')->{body}, 'inside',
    'a subrequest to readiness lets through');

my $place = post($t, records())->{headers}{location};
my ($id) = $place =~ m{([^/]+)$};


sub seen {
    my ($id, $headers) = @_;
    return $t->request('GET', '/seen.txt', { %$headers, 'X-Id' => $id });
}

is(seen($id, $reader)->{body}, 'inside',
    'a subrequest for a record lets through who may read it');
is_refused(seen($id, {}), 401, 'User is not authenticated',
    '... not somebody unknown');
is_refused(seen($id, who(roles => 'x')), 403, 'Insufficient access',
    '... nor somebody without the role');
is(seen('bunk', $reader)->{status}, 500,
    '... and a record that is not there is an error of the guard');
is(seen($id, who(domain => 'other'))->{status}, 500,
    '... as is one of another domain');
is(seen($id, $reader)->{headers}{'x-seen'}, undef,
    'a subrequest\'s operation is not the request\'s own');

$redis->cmd('FLUSHALL');
foreach my $size (10, 5000, 100000) {
    is($t->request('POST', '/mirrored/x', who(),
        records(more => 'x' x $size))->{status}, 204,
        "a mirrored request is answered, $size bytes");
}
is($t->request('POST', '/mirrored/x', {}, records())->{status}, 204,
    '... also without an identity');
ok(wait_for(sub { @{$redis->cmd('KEYS', '*:rec:*')} == 3 }),
    'a mirror to the API stores what it may');


# what nginx itself refuses

sub is_json { # an answer that may end the connection
    my ($bytes, $status, $message, $name) = @_;
    my ($head, $body) = split /\r\n\r\n/, $t->raw($bytes), 2;
    my ($path) = $bytes =~ m{^\S+ (\S*)};
    is_refused_at($path, SecOps::Connection::response("$head\r\n\r\n", $body),
        $status, $message, $name);
}

is_json("GET /api/v1/health HTTP/1.1\r\n\r\n", 400, 'Bad Request',
    'no Host is told in JSON');
is_json("GET /api/v1/health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400,
    'Bad Request', 'two of them');
is_json("GE\x01T /api HTTP/1.1\r\nHost: a\r\n\r\n", 400, 'Bad Request',
    'an invalid method');
is_json("GET /api/%zz HTTP/1.1\r\nHost: a\r\n\r\n", 400, 'Bad Request',
    'an invalid escape in the path');
is_json("GET /api/%00 HTTP/1.1\r\nHost: a\r\n\r\n", 400, 'Bad Request',
    'a NUL in the path');
is_json("GET /api/../../etc HTTP/1.1\r\nHost: a\r\n\r\n", 400, 'Bad Request',
    'a path above the root');
is_json('GET /api/' . 'x' x 40000 . " HTTP/1.1\r\nHost: a\r\n\r\n", 414,
    'URI Too Long', 'a request line that is too long');
is_json("GET /api/v1/health HTTP/1.1\r\nHost: a\r\nX: " . 'x' x 40000
    . "\r\n\r\n", 400, 'Bad Request', 'a header that is too large');
is_json("POST /api/x HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", 400,
    'Bad Request', 'a Content-Length that is no number');
is_json("POST /api/x HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
    . "Transfer-Encoding: chunked\r\n\r\n", 400, 'Bad Request',
    'a Content-Length beside chunks');
is_json("POST " . path() . " HTTP/1.1\r\nHost: a\r\nX-SecOps-User: u\r\n"
    . "X-SecOps-Roles: sn_sec_cmn.api_write\r\n"
    . "Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400, 'Bad Request',
    'a chunk that is none');
is_refused(post($t, records(more => 'x' x 5000)), 413,
    'Request body too large', 'too large a body');
is_refused($t->request('GET', '/elsewhere'), 404,
    'Requested URI does not represent any resource', 'another path');
is_refused_v1($t->request('TRACE', '/api/v1/health'), 405,
    'Method not supported', 'TRACE, in the form of this path');
is($t->request('HEAD', '/api/none')->{body}, '', 'HEAD has no body');


# variables

is(post($t, records())->{headers}{'x-write'}, 1,
    'a map may use them');
is(get($t, '/api/v1/health')->{headers}{'x-write'}, 0, '... for any request');

sub logged { # the lines after that of /mark
    my ($lines) = $t->read('access.log') =~ m{^GET /mark .*?\n(.*)\z}ms;
    return split /\n/, $lines // '';
}

$t->request('GET', '/mark');
post($t, records(), user => 'Jo', domain => 'acme');
post($t, '{}', user => 'Jo');
post($t, '{"observable":"x"}', user => 'Jo');
$t->request('POST', path(), {}, records());
$t->request('POST', path(), $reader, records());
$t->connect()->request('POST', path(), { %{who(user => 'Jo')},
    Connection => 'close' }, records(more => 'x' x 5000), chunked => 1000);
get($t, '/api/now/table/sn_ti_lookup_result/x', user => 'Jo');
get($t, $place, user => 'Jo');
$t->request('GET', '/api/v1/health');
$t->request('GET', '/api/none', who());
$t->request('GET', path(), who());
$t->request('GET', '/elsewhere');

my $create = path();
my $nobody = '[-] [-] [-]';
my $jo = '[Jo] [global] [header]';
my @expected = (
    ["POST $create 201", '[Jo] [acme] [header]', 'records.create', '-', 1],
    ["POST $create 400", $jo, 'records.create', 'Invalid post body'],
    ["POST $create 400", $jo, 'records.create', 'Mandatory fields missing: '],
    ["POST $create 401", $nobody, 'records.create',
        'User is not authenticated'],
    ["POST $create 403", '[script] [global] [header]', 'records.create',
        'Insufficient access'],
    ["POST $create 413", $jo, 'records.create', '-'],
    ['GET /api/now/table/sn_ti_lookup_result/x 404', $jo, 'tables.get',
        'No Record found'],
    ["GET $place 404", $jo, 'tables.get', 'No Record found', 1],
    ['GET /api/v1/health 200', $nobody, 'health.get', '-', 1],
    ['GET /api/none 404', $nobody, '-',
        'Requested URI does not represent any resource'],
    ["GET $create 405", $nobody, '-', 'Method not supported'],
    ['GET /elsewhere 404', $nobody, '-', '-'],
);

my @lines;
wait_for(sub {
    @lines = logged();
    return @lines >= @expected;
});

foreach my $case (@expected) {
    my ($request, $who, $operation, $error, $redis) = @$case;
    my $line = shift(@lines) // '';
    my $time = $line =~ s/ \[([\d.-]+)\]$// ? $1 : '';

    is($line =~ s{ HTTP/1.1}{}r, "$request $who [$operation] [$error]",
        "logged: $request");
    like($time, $redis ? qr/^\d+\.\d{3}$/ : qr/^-$/,
        $redis ? '... with the time that Redis took'
               : '... Redis was not asked');
}


# without Redis

$redis->stop();
is($t->request('GET', '/guarded.txt')->{status}, 500,
    'a subrequest to readiness keeps out when Redis is away');

$redis->start();


# Field 2: access_by_lua, which lets nobody run after it in the access phase

my ($modules) = $t->version() =~ /--modules-path=(\S+)/;
my @lua = map { ($modules // '') . "/$_" } 'ndk_http_module.so',
    'ngx_http_lua_module.so';

SKIP: {
    skip 'nginx that has no modules from elsewhere', 15
        if $t->{module} eq '' || grep { !-f } @lua;

    is($t->quit(), 0, 'nginx ended, for one with Lua');
    $t->{main} = join '', map { "load_module $_;\n" } @lua;

    my %block = (
        clear => 'ngx.req.clear_header("X-SecOps-User") '
            . 'ngx.req.clear_header("X-SecOps-Roles")',
        set => 'ngx.req.set_header("X-SecOps-User", "lua") '
            . 'ngx.req.set_header("X-SecOps-Roles", "sn_sec_cmn.api_write")',
        variables => 'ngx.var.soc_user = "lua" '
            . 'ngx.var.soc_roles = "sn_sec_cmn.api_write"',
        later => 'ngx.sleep(0.05) ngx.req.clear_header("X-SecOps-User")',
        exit => 'ngx.exit(403)',
        letin => 'return',
    );

    my %before = (
        letin => 'satisfy any;',
        variables => 'set $soc_user ""; set $soc_roles ""; '
            . 'secops_user $soc_user; secops_roles $soc_roles;',
    );

    $t->run(conf(server => join '', map {
        my $where = location($_, ($before{$_} // '')
            . " access_by_lua_block { $block{$_} }");
        $where =~ s/secops_auth header/secops_auth variables/
            if $_ eq 'variables';
        $where;
    } sort keys %block));

    my $mallory = { 'X-SecOps-User' => 'mallory',
        'X-SecOps-Roles' => 'sn_sec_cmn.api_write' };
    my $by = sub { ($_[0]{json} // {})->{sys_created_by} };

    foreach my $name ('clear', 'later') {
        is_refused($t->request('POST', "/$name" . path(), $mallory, records()),
            401, 'User is not authenticated',
            "Field 2: $name: headers that Lua takes away count for nothing");
    }

    foreach my $headers ($mallory, {}) {
        my $r = $t->request('POST', '/set' . path(), $headers, records());
        is_stored($r, 'Field 2: headers that Lua sets are who it is');
        is($by->($r), 'lua', '... and not what the client says');
    }

    my $r = $t->request('POST', '/variables' . path(), $mallory, records());
    is_stored($r, 'Field 2: variables that Lua sets are who it is');
    is($by->($r), 'lua', '... and nobody else');

    is($t->request('POST', '/exit' . path(), $mallory, records())->{status},
        403, 'Field 2: what Lua forbids is forbidden');

    is_refused($t->request('POST', '/letin' . path(), {}, records()), 401,
        'User is not authenticated', 'Field 2: satisfy any: whom Lua lets in '
        . 'must be somebody all the same');
    is_stored($t->request('POST', '/letin' . path(), $mallory, records()),
        '... and who is somebody is let in');
}

$t->done();
