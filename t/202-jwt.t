# Bearer tokens, made by an issuer that shares no code with the module: which
# signatures and claims are believed, what is refused and how that is told, who
# the caller is then, and how jwt goes with the other methods and with what
# nginx offers.  Every assertion here guards a way to be taken for somebody
# else, or to be locked out.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use MIME::Base64 qw(encode_base64 encode_base64url);
use SecOps;
use SecOps::Records;
use SecOps::Tokens;

my $missing = SecOps::Tokens::missing();
plan(skip_all => $missing) if $missing;

my $root = root();
my $t = SecOps->new();
my $redis = $t->redis();
my $issuer = SecOps::Tokens->new();

my $rsa = $issuer->key('rsa', kty => 'RSA', size => 2048, kid => 'one');
my $ec = $issuer->key('ec', kty => 'EC', crv => 'P-256');
my $hs = $issuer->key('hs', kty => 'oct', size => 256, kid => 'shared');

$issuer->key('stranger', kty => 'RSA', size => 2048, kid => 'one');

$t->write('keys.json', jwks($rsa, $hs));
$t->write('ec.pem', $issuer->pem('ec'));
$t->write('htpasswd', "carol:{PLAIN}secret\n");
$t->write('html/guarded.txt', 'inside');


# the public keys and tokens of t/tools/make-tokens.py

my (%jwk, @issued);

foreach my $line (split /\n/, `/usr/bin/python3 '$root/t/tools/make-tokens.py'`)
{
    my ($what, @word) = split / /, $line;
    $jwk{$word[0]} = $word[1] if $what eq 'jwk';
    push @issued, [@word] if $what eq 'token';
}

$t->write("$_.jwk", $jwk{$_}) foreach keys %jwk;
$t->write('all.json', '{"keys":[' . join(',', map { $jwk{$_} } sort keys %jwk)
    . ']}');


# a location under a prefix, with these directives beside the API's own

sub location {
    my ($prefix, $directives, $auth) = @_;
    $auth //= 'jwt';

    my $keys = $directives =~ /secops_jwt_key/ ? ''
        : 'secops_jwt_key_file %%DIR%%/keys.json;';

    return <<"EOT";
        location /$prefix/ {
            rewrite ^/$prefix(/.*)\$ \$1 break;
            secops_api;
            secops_redis %%REDIS%%;
            secops_auth $auth;
            add_header X-Who \$who always;
            $keys
            $directives
        }
EOT
}


my $who = <<'EOT';
    map $pid $who {
        default $secops_auth_method/$secops_domain/$secops_user;
        volatile;
    }
EOT

my $http = $who . <<'EOT';
    map $remote_user $basic_roles {
        carol sn_sec_cmn.api_write;
    }

    # each directive on a level of its own

    secops_jwt_key_file %%DIR%%/ec.pem;
    secops_jwt_issuer http-issuer;
    secops_jwt_audience http-audience;
    secops_jwt_leeway 1h;
    secops_jwt_max_lifetime 2h;
    secops_jwt_require use http;
    secops_jwt_require tenant.id x y;
    secops_jwt_require_expiration off;
    secops_jwt_claim_user http_user;
    secops_jwt_claim_roles http_roles;
    secops_jwt_claim_domain http_domain;
    secops_jwt_cache off;

    server {
        listen 127.0.0.1:%%PORT1%%;
        secops_redis %%REDIS%%;
        secops_auth jwt;
        add_header X-Who $who always;

        location /api/ {
            secops_api;
        }
        location /over/ {
            rewrite ^/over(/.*)$ $1 break;
            secops_api;
            secops_jwt_key_file %%DIR%%/keys.json;
            secops_jwt_issuer off;
            secops_jwt_audience off;
            secops_jwt_leeway 0;
            secops_jwt_max_lifetime 0;
            secops_jwt_require off;
            secops_jwt_require_expiration on;
            secops_jwt_claim_user sub;
            secops_jwt_claim_roles roles;
            secops_jwt_claim_domain domain;
            secops_jwt_cache 10;
        }
    }

    server {
        listen 127.0.0.1:%%PORT2%%;
        secops_redis %%REDIS%%;
        secops_auth jwt;
        secops_jwt_key_file %%DIR%%/keys.json;
        secops_jwt_issuer server-issuer;
        secops_jwt_audience off;
        secops_jwt_leeway 0;
        secops_jwt_max_lifetime 1h;
        secops_jwt_require use server;
        secops_jwt_require_expiration on;
        secops_jwt_claim_user server_user;
        secops_jwt_claim_roles server_roles;
        secops_jwt_claim_domain server_domain;
        add_header X-Who $who always;

        location /api/ {
            secops_api;
        }
    }

    server {
        listen 127.0.0.1:%%PORT3%%;
        secops_redis %%REDIS%%;
        secops_auth jwt;
        secops_jwt_key_file %%DIR%%/keys.json;
        secops_jwt_issuer off;
        secops_jwt_audience off;
        secops_jwt_leeway 30s;
        secops_jwt_max_lifetime 0;
        secops_jwt_require off;
        secops_jwt_claim_user sub;
        secops_jwt_claim_roles roles;
        secops_jwt_claim_domain domain;
        root %%DIR%%/html;
        set $flag '';

        location / {
            try_files $uri @api;
        }
        location @api {
            secops_api;
        }
        location = /guarded.txt {
            auth_request /check;
        }
        location = /check {
            internal;
            rewrite ^ /api/now/table/sn_ti_lookup_result/$http_x_id? break;
            secops_api;
        }
        location = /moved {
            error_page 418 = /api/now/table/sn_ti_lookup_result/x;
            return 418;
        }
        location /if/ {
            rewrite ^/if(/.*)$ $1 break;
            secops_api;
            if ($http_x_flag) {
                set $flag 1;
            }
        }
        error_page 401 403 /secops_errors;
        location = /secops_errors {
            internal;
            secops_api errors;
        }
    }
EOT

my $defaults = <<'EOT';
        secops_jwt_issuer off;
        secops_jwt_audience off;
        secops_jwt_leeway 30s;
        secops_jwt_max_lifetime 0;
        secops_jwt_require off;
        secops_jwt_require_expiration on;
        secops_jwt_claim_user sub;
        secops_jwt_claim_roles roles;
        secops_jwt_claim_domain domain;
        secops_jwt_cache 1000;
EOT

my $server = join '', $defaults,
    location('plain', ''),
    location('pem', 'secops_jwt_key_file %%DIR%%/ec.pem;'),
    location('both', 'secops_jwt_key_file %%DIR%%/ec.pem;'
        . 'secops_jwt_key_file %%DIR%%/keys.json;'),
    location('strict', 'secops_jwt_leeway 0;'),
    location('nocache', 'secops_jwt_leeway 0; secops_jwt_cache off;'),
    location('two', 'secops_jwt_cache 2;'),
    location('reader', 'secops_read_role reader;'),
    location('iss', 'secops_jwt_issuer https://a.example b;'
        . 'secops_jwt_issuer c;'),
    location('aud', 'secops_jwt_audience soc other;'),
    location('forever', 'secops_jwt_require_expiration off;'),
    location('short', 'secops_jwt_max_lifetime 1m;'),
    location('keycloak', 'secops_jwt_claim_user preferred_username;'
        . 'secops_jwt_claim_roles realm_access.roles;'
        . 'secops_jwt_claim_domain org.tenant;'),
    location('client', 'secops_jwt_claim_roles resource_access.soc.roles;'),
    location('url', 'secops_jwt_claim_roles https://x.example/roles;'),
    location('jh', '', 'jwt header'),
    location('hj', '', 'header jwt'),
    location('jv', 'secops_user $remote_user; secops_roles $basic_roles;'
        . 'auth_basic SOC; auth_basic_user_file %%DIR%%/htpasswd;',
        'jwt variables'),
    location('any', 'satisfy any; allow 127.0.0.2; deny all;'),
    location('anybasic', 'satisfy any; auth_basic SOC;'
        . 'auth_basic_user_file %%DIR%%/htpasswd;'),
    location('all', 'satisfy all; allow 127.0.0.1; deny all;'),
    location('denied', 'deny all;'),
    location('matrix-all', 'secops_jwt_key_file %%DIR%%/all.json;'
        . 'secops_read_role reader;'),
    map { location("matrix-$_", "secops_jwt_key_file %%DIR%%/$_.jwk;"
        . 'secops_read_role reader;') } sort keys %jwk;

$t->run(conf(http => $http, server => $server)
    =~ s/(large_client_header_buffers 4) 32k/$1 200k/r);


my $unknown = '/api/now/table/sn_ti_lookup_result/x';

sub bearer { return { Authorization => "Bearer $_[0]" } }


# A read of a record that is not there, with a token: who the module says it is,
# or the status.  404 is the proof that it was let in.

sub caller_of {
    my ($prefix, $token, $headers, %opt) = @_;
    my $r = $t->request('GET', "/$prefix$unknown",
        { defined $token ? %{bearer($token)} : (), %{$headers // {}} }, undef,
        %opt);

    my $who = $r->{headers}{'x-who'} // '';
    return $r->{status} == 404 && $who ne '-/-/-' ? $who : $r->{status};
}


sub accepted {
    my ($prefix, $token, $name, $who) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    is(caller_of($prefix, $token), 'jwt/' . ($who // 'global/alice'), $name)
        or diag($t->error_log() =~ s/.*\n(?=(?:.*\n){3})//sr);
}


# 401 that says "invalid_token", and one line in the log that says why and has
# no part of the token

sub refused {
    my ($prefix, $token, $reason, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my $before = length $t->error_log();
    my $r = $t->request('GET', "/$prefix$unknown", bearer($token));
    my $log = substr $t->error_log(), $before;
    my @lines = $log =~ /secops: (token refused: .*?), client:/g;
    my $leaks = grep { length > 20 && index($log, $_) >= 0 } split /\./, $token;

    is_refused($r, 401, 'User is not authenticated', $name);
    is($r->{headers}{'www-authenticate'}, 'Bearer error="invalid_token"',
        '... as an invalid token');
    is(scalar @lines, 1, '... with one line in the log');
    like($lines[0] // '', $reason, '... that says why');
    is($leaks, 0, '... without the token');
}


my $now = int(time()) - 1;
my $good = $issuer->token('rsa');


# signatures: every alg by every key, to a location that has that one key

my %fits = (oct => 'HS256 HS384 HS512', rsa => 'PS256 PS384 PS512 RS256 RS384'
    . ' RS512', p256 => 'ES256', p384 => 'ES384', p521 => 'ES512',
    ed25519 => 'Ed25519 EdDSA', ed448 => 'Ed448 EdDSA');

sub let_in {
    my ($prefix, $headers) = @_;
    return $t->keepalive('GET', "/$prefix$unknown", $headers)->{status};
}

sub status_of {
    my ($prefix, $token) = @_;
    return let_in($prefix, bearer($token));
}

cmp_ok(scalar @issued, '>=', 119, 'there is a token of each alg by each key');

foreach my $key (sort keys %fits) {
    my (%let_in, %together, %others);

    foreach my $issued (@issued) {
        my ($alg, $signer, $maker, $token) = @$issued;

        if ($signer eq $key) {
            $let_in{$alg} = 1 if status_of("matrix-$key", $token) == 404;
            $together{$alg} = 1 if status_of('matrix-all', $token) == 404;
        } else {
            $others{"$alg by $signer"} = 1
                if status_of("matrix-$key", $token) != 401;
        }
    }

    is(join(' ', sort keys %let_in), $fits{$key},
        "$key: verifies the algorithms that it is for");
    is(join(' ', sort keys %together), $fits{$key},
        '... the same ones, when keys of all types are there');
    is(join(', ', sort keys %others), '', '... and no token of another key');
}

accepted('plain', $good, 'RS256 with the key of its kid');
accepted('plain', $issuer->token('hs'), 'HS256 with another key of the set');
accepted('plain', $issuer->token('rsa', {}, { kid => undef }),
    'a token without a kid is tried with all keys');
accepted('pem', $issuer->token('ec'), 'ES256 with a key from PEM');
accepted('pem', $issuer->token('ec', {}, { kid => 'any' }),
    'a key without a kid verifies a token that has one');
accepted('both', $issuer->token('ec'), 'one of two key files');
accepted('both', $good, '... and the other');

refused('plain', $issuer->token('stranger'), qr/: its signature is wrong$/,
    'another key of the same kid');
refused('plain', $issuer->token('rsa', {}, { kid => 'two' }),
    qr/names a key that is not known$/, 'another kid');
refused('plain', $issuer->token('hs', {}, { kid => 'one' }),
    qr/no key is for its alg$/, 'the kid of a key of another type');
refused('plain', substr($good, 0, -1), qr/base64url|signature is wrong$/,
    'the last character cut off');
refused('plain', substr($good, 0, rindex $good, '.'),
    qr/does not have three parts$/, 'the signature cut off');
refused('plain', substr($good, 0, 1 + rindex $good, '.'),
    qr/signature|base64url|three parts/, 'an empty signature');
refused('plain', "$good.", qr/three parts|not base64url$/, 'a part too many');
refused('plain', 'x', qr/does not have three parts$/, 'no token at all');
refused('plain', $good =~ s/\.[^.]+\./'.' . encode_base64url(
    '{"sub":"root","exp":9999999999}') . '.'/er, qr/signature is wrong$/,
    'other claims under the same signature');
refused('plain', unsigned({ alg => 'none' }), qr/alg is not supported$/,
    'alg none');
refused('plain', unsigned({ alg => 'None', kid => 'one' }),
    qr/alg is not supported$/, 'alg None');
refused('plain', unsigned({ typ => 'JWT' }), qr/has no alg$/, 'no alg');
refused('plain', $issuer->token('rsa', {}, { crit => ['x'], x => 1 }),
    qr/header has crit$/, 'crit that nobody knows');
refused('plain', $issuer->token('rsa', {}, { crit => ['exp'] }),
    qr/header has crit$/, 'crit with a known name');
refused('plain', $issuer->token('rsa', {}, { b64 => JSON::PP::false }),
    qr/payload is not in base64url$/, 'b64 false');
refused('plain', $issuer->encrypted('rsa',
    { alg => 'RSA-OAEP', enc => 'A128GCM' }), qr/three parts|not base64url$/,
    'an encrypted token');
refused('plain', $issuer->token('rsa', { fill => 'x' x 100000 }),
    qr/is 13\d{4} bytes long$/, 'a token of more than 100 kB');
accepted('plain', $issuer->token('rsa', { fill => 'x' x 11000 }),
    'a token of 15 kB');
refused('plain', $issuer->token('rsa', 'no claims'),
    qr/claims are not well-formed JSON$/, 'claims that are no JSON');
refused('plain', $issuer->token('rsa', '["alice"]'),
    qr/claims are not an object$/, 'claims that are no object');
refused('plain', $issuer->token('rsa',
    '{"exp":9999999999,"sub":"a","sub":"b"}'),
    qr/claims are not well-formed JSON$/, 'a claim twice');


# claims: each rule at its edges; leeway is 30 seconds unless told otherwise

sub dated { return $issuer->token('rsa', { iat => $now, @_ }) }

accepted('plain', dated(exp => time() - 20), 'expired within the leeway');
refused('plain', dated(exp => time() - 31), qr/it has expired$/,
    'expired beyond the leeway');
accepted('plain', dated(nbf => time() + 25), 'not yet valid, by the leeway');
refused('plain', dated(nbf => time() + 40), qr/it is not valid yet$/,
    'not yet valid');
accepted('plain', dated(iat => time() + 25), 'issued in the leeway\'s future');
refused('plain', dated(iat => time() + 40), qr/issued in the future$/,
    'issued in the future');
accepted('strict', dated(exp => time() + 20), 'without leeway: not expired');
refused('strict', dated(exp => time() - 1), qr/it has expired$/,
    'without leeway: expired');
refused('strict', dated(nbf => time() + 20), qr/it is not valid yet$/,
    'without leeway: not yet valid');
refused('plain', dated(exp => undef), qr/it has no exp$/, 'no exp');
refused('plain', dated(exp => 'soon'), qr/is not a time$/, 'exp is a text');
refused('plain', dated(exp => -1), qr/is not a time$/, 'exp is negative');
refused('plain', dated(nbf => [$now]), qr/is not a time$/, 'nbf is an array');
accepted('plain', dated(exp => $now + 100.5), 'exp with a fraction');
accepted('forever', dated(exp => undef),
    'require_expiration off: no exp is needed');
refused('forever', dated(exp => $now - 31), qr/it has expired$/,
    '... but one that is there counts');

accepted('short', dated(exp => $now + 60), 'as long a life as is allowed');
refused('short', dated(exp => $now + 61), qr/lifetime is too long$/,
    'a second longer');
refused('short', dated(exp => $now + 60, iat => undef),
    qr/lifetime is not known$/, 'a life that nobody knows');

accepted('iss', dated(iss => $_), "issuer $_")
    foreach 'https://a.example', 'b', 'c';
refused('iss', dated(iss => $_), qr/issuer is another$/, "issuer \"$_\"")
    foreach 'https://a.example/', 'B', '';
refused('iss', dated(), qr/issuer is another$/, 'no issuer');
refused('iss', dated(iss => ['b']), qr/issuer is another$/,
    'an array of issuers');
accepted('aud', dated(aud => 'soc'), 'the audience');
accepted('aud', dated(aud => ['x', 'other']), 'one of several audiences');
refused('aud', dated(aud => 'so'), qr/another audience$/, 'half an audience');
refused('aud', dated(aud => ['x', ['soc'], 'y']), qr/another audience$/,
    'an audience in an array within');
refused('aud', dated(aud => []), qr/another audience$/, 'no audience');
refused('aud', dated(), qr/another audience$/, 'no claim of an audience');


# without a token

my $r = $t->request('GET', "/plain$unknown");
is_refused($r, 401, 'User is not authenticated', 'no token');
is($r->{headers}{'www-authenticate'}, 'Bearer realm="Service-now"',
    '... is a challenge without an error');
foreach my $value ('Bearer', 'Basic eDp5', "Token $good", "Bearer$good", $good)
{
    $r = $t->request('GET', "/plain$unknown", { Authorization => $value });
    is($r->{headers}{'www-authenticate'}, 'Bearer realm="Service-now"',
        'no token either: ' . substr $value, 0, 10);
}
is(caller_of('plain', undef, { Authorization => "bEARER   $good" }),
    'jwt/global/alice', 'the scheme in any letter case, and spaces');


# who it is, and what it may do

is_refused($t->request('POST', '/plain' . path(), bearer($issuer->token('rsa',
    { roles => ['sn_sec_cmn.api_read'] })), records()), 403,
    'Insufficient access', 'a role that is not enough');
is_refused($t->request('GET', "/plain$unknown", bearer($issuer->token('rsa',
    { roles => undef }))), 403, 'Insufficient access', 'no role');

my $read = 'sn_sec_cmn.api_read';
foreach my $case (
    ['array',                [$read],                     1],
    ['array of several',     ['x', $read],                1],
    ['string',               $read,                       1],
    ['separated by spaces',  "x $read y",                 1],
    ['separated by commas',  "x,$read,y",                 1],
    ['half a name',          "${read}er",                 0],
    ['other letter case',    uc $read,                    0],
    ['a name with a comma in an array', ["x,$read"],      0],
    ['no strings',           [[$read], 1, { $read => 1 }], 0],
    ['none, in an array',    [],                          0],
    ['none, in a string',    '',                          0],
) {
    my ($name, $roles, $may) = @$case;
    is(caller_of('plain', $issuer->token('rsa', { roles => $roles })),
        $may ? 'jwt/global/alice' : 403, "roles: $name");
}

refused('plain', $issuer->token('rsa', { roles => $_->[1] }),
    qr/no list of roles in its claim "roles"$/, "R.10: roles: $_->[0]")
    foreach ['an object', { $read => 1 }], ['a number', 1],
        ['true', JSON::PP::true];

accepted('keycloak', $issuer->token('rsa', { preferred_username => 'bob',
    realm_access => { roles => ['x', $read] }, org => { tenant => 'acme' } }),
    'claims by dotted paths', 'acme/bob');
accepted('client', $issuer->token('rsa', { roles => undef,
    resource_access => { soc => { roles => [$read] } } }),
    'a path of three names');
accepted('url', $issuer->token('rsa', { roles => undef,
    'https://x.example/roles' => [$read] }), 'a name that has dots itself');
is(caller_of('client', $issuer->token('rsa', {
    resource_access => { other => { roles => [$read] } } })), 403,
    'the roles of another client are none');

refused('plain', $issuer->token('rsa', { sub => undef }),
    qr/no user in its claim "sub"$/, 'no user');
refused('plain', $issuer->token('rsa', { sub => '' }),
    qr/no user in its claim "sub"$/, 'an empty user');
refused('plain', $issuer->token('rsa', { sub => 7 }),
    qr/no user in its claim "sub"$/, 'a user that is no text');
is(caller_of('plain', $issuer->token('rsa', { sub => $_->[0] })), 401,
    "a user's name $_->[1]")
    foreach ['x' x 256, 'of 256 bytes'], ["a\nb", 'with a line\'s end'],
        ["a\x{0}b", 'with NUL'];
accepted('plain', $issuer->token('rsa', { sub => 'x' x 255 }),
    'a user\'s name of 255 bytes', 'global/' . 'x' x 255);
accepted('plain', $issuer->token('rsa', { sub => "J\x{fc}rgen" }),
    'a user\'s name that is not ASCII', "global/J\xc3\xbcrgen");

my %in = map { $_ => $issuer->token('rsa', { domain => $_, sub => "u-$_" }) }
    qw(acme other);
$r = $t->request('POST', '/plain' . path(), bearer($in{acme}), records());
is_stored($r, 'a record by a token');
is($r->{json}{sys_created_by}, 'u-acme', '... has the token\'s user');
is($r->{json}{sys_domain}, 'acme', '... and domain');
my ($place) = $r->{headers}{location} =~ m{(/api/.*)};
is($t->request('GET', "/plain$place", bearer($in{acme}))->{status}, 200,
    '... is there for its domain');
is($t->request('GET', "/plain$place", bearer($in{other}))->{status}, 404,
    '... and for no other');


# beside other methods

my $basic = { Authorization => 'Basic ' . encode_base64('carol:secret', '') };
my $expired = dated(exp => $now - 100);

is(caller_of('jv', undef, $basic), 'variables/global/carol',
    'Basic is passed on to the next method');
is(caller_of('jh', $good, who()), 'jwt/global/alice',
    'jwt header: the token, if both are there');
is(caller_of('jh', undef, who()), 'header/global/script',
    '... the header, if it is alone');
is(caller_of('jh', $expired, who()), 'header/global/script',
    '... and if the token is not valid');
is(caller_of('jh', $expired), 401, '... nobody, if there is only that');
is(caller_of('hj', $good, who()), 'header/global/script',
    'header jwt: the header, if both are there');
is(caller_of('hj', $good), 'jwt/global/alice', '... the token, if it is alone');
$r = $t->request('GET', "/jh$unknown");
is($r->{headers}{'www-authenticate'}, 'Bearer realm="Service-now"',
    'one of several methods challenges');

is(caller_of('any', $good), 'jwt/global/alice',
    'satisfy any: the token makes up for the address');
is(caller_of('any', $expired), 401, '... one that expired does not');
is(caller_of('anybasic', $good), 'jwt/global/alice',
    'satisfy any: the token makes up for the password');
is($t->request('GET', "/anybasic$unknown", bearer($good))
    ->{headers}{'www-authenticate'}, undef, '... and nothing is challenged');
is(caller_of('anybasic', undef, $basic), 401,
    'satisfy any: a password is no identity where a token is asked for');
is(caller_of('all', $good), 'jwt/global/alice', 'satisfy all: both');
is(caller_of('all', $expired), 401, '... not the address alone');
is(caller_of('denied', $good), 403, '... nor the token alone');


# inheritance, and what overrides it

my %http = (iss => 'http-issuer', aud => 'http-audience', http_user => 'h',
    http_roles => [$read], http_domain => 'hd', sub => 's', iat => $now,
    exp => $now + 60, use => 'http', tenant => { id => 'y' });

sub on { # who a token is on this port, with claims changed
    my ($port, $key, $prefix, $claims, %change) = @_;
    my $r = $t->request('GET', "$prefix$unknown", bearer($issuer->token($key,
        { %$claims, %change })), undef, port => $port);
    return $r->{status} == 404 ? $r->{headers}{'x-who'} : $r->{status};
}

is(on(1, 'ec', '', \%http), 'jwt/hd/h', 'http: all is inherited');
is(on(1, 'ec', '', \%http, iss => 'x'), 401, '... the issuer');
is(on(1, 'ec', '', \%http, aud => 'x'), 401, '... the audience');
is(on(1, 'ec', '', \%http, exp => $now - 3500), 'jwt/hd/h', '... the leeway');
is(on(1, 'ec', '', \%http, exp => $now + 7201), 401, '... the lifetime');
is(on(1, 'ec', '', \%http, use => 'server'), 401, '... what is required');
is(on(1, 'ec', '', \%http, tenant => { id => 'z' }), 401, '... all of it');
is(on(1, 'rsa', '', \%http), 401, '... the keys');
is(on(1, 'rsa', '/over', { sub => 'o', domain => 'od' }), 'jwt/od/o',
    'location: all is overridden, "off" cancels lists');
is(on(1, 'ec', '/over', { sub => 'o', domain => 'od' }), 401,
    '... keys are not added to those around');
is(on(1, 'rsa', '/over', {}, exp => $now - 2), 401, '... the leeway');
is(on(1, 'rsa', '/over', {}, exp => undef), 401, '... require_expiration');
is(on(1, 'rsa', '/over', {}, exp => $now + 86400), 'jwt/global/alice',
    '... the lifetime');

my %srv = (iss => 'server-issuer', server_user => 'v', server_roles => $read,
    server_domain => 'vd', iat => $now, exp => $now + 60, use => 'server');
is(on(2, 'rsa', '', \%srv), 'jwt/vd/v', 'server: all is overridden');
is(on(2, 'rsa', '', \%srv, iss => 'http-issuer'), 401, '... the issuer');
is(on(2, 'rsa', '', \%srv, exp => $now + 3601), 401, '... the lifetime');
is(on(2, 'rsa', '', \%srv, exp => $now - 2), 401, '... the leeway');
is(on(2, 'rsa', '', \%srv, use => 'http'), 401, '... what is required');
is(on(2, 'ec', '', \%srv), 401, '... the keys');


# conditions, named locations, redirects, subrequests

my $id = $place =~ s{.*/}{}r;
my %at = (port => 3);

foreach my $case (['a named location', $unknown], ['a redirect', '/moved'],
    ['if that is not met', "/if$unknown"], ['if that is met', "/if$unknown", 1])
{
    my ($name, $path, $flag) = @$case;
    my $more = $flag ? { 'X-Flag' => 1 } : {};

    is($t->request('GET', $path, { %$more, %{bearer($good)} }, undef,
        %at)->{status}, 404, "$name: a token is good");
    $r = $t->request('GET', $path, { %$more, %{bearer($expired)} }, undef, %at);
    is_refused($r, 401, 'User is not authenticated',
        "$name: one that expired is not");
    is($r->{headers}{'www-authenticate'}, 'Bearer error="invalid_token"',
        '... and that is told');
}

is($t->request('GET', '/guarded.txt', { 'X-Id' => $id, %{bearer($in{acme})} },
    undef, %at)->{body}, 'inside', 'auth_request: a token lets through');
is_refused($t->request('GET', '/guarded.txt', { 'X-Id' => $id,
    %{bearer($expired)} }, undef, %at), 401, 'User is not authenticated',
    '... one that expired does not');
is_refused($t->request('GET', '/guarded.txt', { 'X-Id' => $id }, undef, %at),
    401, 'User is not authenticated', '... nor none');


# what was verified is remembered, to the second

foreach my $prefix ('strict', 'nocache') {
    my $end = int(time()) + 3;          # as nginx's clock, which is this one
    my $token = dated(exp => $end);
    my ($last_good, $first_bad, $count) = (0, 0, 0);

    # however late an answer comes, what was sent after the end is refused
    until ($first_bad || $last_good > $end) {
        my $sent = time();
        if (status_of($prefix, $token) == 404) {
            $last_good = $sent;
            $count++;
        } else {
            $first_bad = time();
        }
    }

    cmp_ok($count, '>', 50, "$prefix: a token is good until it expires");
    cmp_ok($last_good, '<', $end, '... and not after');
    cmp_ok($first_bad, '>=', $end, '... nor any sooner');
}


# ... with what its roles come to, which each location says for itself

my $reader = $issuer->token('rsa', { roles => ['reader'] });

foreach my $time ('at first', 'remembered', 'the third time') {
    is(status_of('reader', $reader), 404, "a reader may read, $time");
    is($t->request('POST', '/reader' . path(), bearer($reader),
        records())->{status}, 403, '... and not write');
    is(status_of('plain', $reader), 403,
        '... and where its role says nothing, not even read');
}


sub work { # CPU for n requests with these headers in turn; all must be let in
    my ($n, $prefix, @headers) = @_;
    my $before = $t->cpu($t->workers());
    my $bad = 0;

    foreach my $i (1 .. $n) {
        $bad++ if let_in($prefix, $headers[$i % @headers]) != 404;
    }

    fail("$prefix: $bad of $n requests were refused") if $bad;
    return $t->cpu($t->workers()) - $before;
}


# P-521 is slow to verify: nothing else can be mistaken for it

$t->write('p521.json', jwks($issuer->key('p521', kty => 'EC',
    crv => 'P-521')));

$t->reload(conf(http => $who, server => join '', map { location($_->[0], $_->[1]
    . 'secops_jwt_key_file %%DIR%%/p521.json;'
    . 'secops_jwt_key_file %%DIR%%/keys.json;', $_->[2]) }
    ['big', ''], ['two', 'secops_jwt_cache 2;'],
    ['off', 'secops_jwt_cache off;'], ['head', '', 'header']));

my @slow = map { bearer($issuer->token('p521', { sub => "s$_" })) } 1 .. 3;
my $off = work(200, 'off', @slow);
my $big = work(200, 'big', @slow);
my $full = work(200, 'two', @slow);
my $fits = work(200, 'two', @slow[0, 1]);

diag(sprintf '200 requests with three ES512 tokens: not remembered %.0f ms of'
    . ' CPU, remembered %.0f ms, with room for two %.0f ms; with two %.0f ms',
    map { $_ * 1000 } $off, $big, $full, $fits);
cmp_ok($big, '<', $off * 0.7,
    'a token that is remembered is not verified again');
cmp_ok($fits, '<', $off * 0.7, '... nor two of them, with room for two');
cmp_ok($full, '>', ($off + $big) / 2, '... a third makes the oldest leave');


# a token that is remembered costs about as much as a header

my ($header, $token) = (0, 0);
for (1 .. 10) {
    $header += work(100, 'head', who());
    $token += work(100, 'big', bearer($good));
}

diag(sprintf 'CPU per request: by header %.1f us, by an RS256 token that is'
    . ' remembered %.1f us, ratio %.2f', $header * 1000, $token * 1000,
    $token / $header);
cmp_ok($token / $header, '<', 1.5,
    'a token that is remembered costs little more than a header');


# mistakes in the configuration

$t->write('private.pem', "-----BEGIN PRIVATE KEY-----\nAAAA\n"
    . "-----END PRIVATE KEY-----\n");
$t->write('broken.pem', $issuer->pem('ec') =~ s/\n(.{10}).*?\n/\n$1\n/r);
$t->write('empty', '');
$t->write('none.json', '{"keys":[]}');
$t->write('broken.json', '{"keys":[');
$t->write('short.json', '{"kty":"oct","k":"c2VjcmV0"}');
$t->write('encryption.json', jwks({ %$rsa, use => 'enc' }));
$t->write('mixed.json', jwks({ %$rsa, use => 'enc' }, $rsa));
$t->write('large.json', ' ' x (1024 * 1024 + 1));

foreach my $case (
    ['', qr/"secops_auth jwt" needs "secops_jwt_key_file" or/, 'no key'],
    ['secops_jwt_key_file nope;', qr/open\(\) "\S+nope" failed/, 'no file'],
    ['secops_jwt_key_file %%DIR%%;', qr/read\(\) "\S+" failed/, 'a folder'],
    (map { ["secops_jwt_key_file %%DIR%%/$_->[0];", $_->[1], $_->[0]] }
        ['private.pem', qr/key 1: it is no public key and no certificate/],
        ['broken.pem', qr/key 1: |not well-formed PEM/],
        ['empty', qr/neither JSON nor PEM/],
        ['none.json', qr/it has no keys/],
        ['broken.json', qr/not well-formed JSON/],
        ['short.json', qr/key 1: a secret must be as long as/],
        ['encryption.json', qr/key 1: its use is not "sig"/],
        ['large.json', qr/is too large/]),
    ['secops_jwt_key_request keys;', qr/needs the path of a location/,
        'a key request that is no path'],
    ['secops_jwt_key_request /k interval=0;', qr/parameter "interval=0"/,
        'an interval of 0'],
    ['secops_jwt_key_request /k interval=;', qr/parameter "interval="/,
        'an empty interval'],
    ['secops_jwt_key_request /k min_interval=x;',
        qr/parameter "min_interval=x"/, 'an interval that is no time'],
    ['secops_jwt_key_request /k foo=1;', qr/parameter "foo=1"/,
        'an unknown parameter'],
    ['secops_jwt_key_request /k; secops_jwt_key_request /k;',
        qr/is duplicate/, 'a key request twice'],
    ['secops_jwt_issuer "";', qr/has an empty value/, 'an empty issuer'],
    ['secops_jwt_audience a ""; ', qr/has an empty value/, 'no audience'],
    ['secops_jwt_issuer a; secops_jwt_issuer off;', qr/can not be "off" and/,
        'issuers and off'],
    ['secops_jwt_audience off; secops_jwt_audience a;',
        qr/can not be "off" and/, 'off and audiences'],
    ['secops_jwt_leeway x;', qr/invalid value/, 'no leeway'],
    ['secops_jwt_leeway -1;', qr/invalid value/, 'a negative leeway'],
    ['secops_jwt_max_lifetime x;', qr/invalid value/, 'no lifetime'],
    ['secops_jwt_require_expiration x;', qr/must be "on" or "off"/,
        'neither on nor off'],
    ['secops_jwt_cache 0;', qr/must be a number of tokens or "off"/,
        'a cache of 0'],
    ['secops_jwt_cache x;', qr/must be a number of tokens or "off"/,
        'a cache of x'],
    ['secops_jwt_cache 1; secops_jwt_cache off;', qr/is duplicate/,
        'two caches'],
    ['secops_jwt_claim_user a; secops_jwt_claim_user b;', qr/is duplicate/,
        'two claims'],
) {
    my ($directives, $sentence, $name) = @$case;
    my ($ok, $output) = $t->t(conf(http => $who,
        server => location('x', $directives)
        =~ s/secops_jwt_key_file \S+keys.json;//r));
    my ($emerg) = $output =~ /\[emerg\] (?:\d+#\d+: )?(.*)/;

    ok(!$ok, "refused: $name");
    like($emerg // '', $sentence, '... with a sentence that says why');
    like($emerg // '', qr/ in \S+test\.conf:\d+$/, '... and where');
}

my ($ok, $output) = $t->t(conf(http => $who, server => location('x',
    'secops_jwt_key_file %%DIR%%/mixed.json;')));
ok($ok, 'a set with a key that is of no use here is taken');
like($output, qr/\[warn\].*mixed.json": 1 keys are not usable, the first one/,
    '... with a warning');

$t->allow(qr/\[emerg\].*test\.conf/);
$t->done();
