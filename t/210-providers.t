# Several providers of tokens in one location, secops_jwt_provider.  What is
# guarded: a token counts with the keys, the audience, the demands and the
# claims of its own issuer and of nobody else; whatever one provider does, or
# fails to do, the tokens of the others are as good as before; and a mistake in
# the configuration does not trust more than was meant.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw(hmac_sha256);
use JSON::PP;
use MIME::Base64 qw(encode_base64 encode_base64url);
use SecOps;
use SecOps::Records;
use SecOps::Tokens;

my $missing = SecOps::Tokens::missing();
plan(skip_all => $missing) if $missing;

my $t = SecOps->new();
my $redis = $t->redis();
my $tokens = SecOps::Tokens->new();
my $dir = $t->dir();
my $now = int(time()) - 1;

# a and b have the same kid on purpose: a name that a provider gives to its key
# binds nobody.  The key of c has none.

my %iss = (a => 'https://a.example', b => 'https://b.example/pool', c => 'c');
my %key = (
    a => $tokens->key('a', kty => 'RSA', size => 2048, kid => 'k'),
    b => $tokens->key('b', kty => 'RSA', size => 2048, kid => 'k'),
    c => $tokens->key('c', kty => 'EC', crv => 'P-256'),
    new => $tokens->key('new', kty => 'EC', crv => 'P-256', kid => 'new'),
);
$tokens->key('stranger', kty => 'RSA', size => 2048, kid => 'k');

$t->write("$_.jwks", jwks($key{$_})) foreach qw(a b c);
$t->write("keys/$_.jwks", jwks($key{$_})) foreach qw(a b c);
$t->write('c.pem', $tokens->pem('c'));
$t->write('htpasswd', "carol:{PLAIN}secret\n");
$t->write('rules.conf', "audience soc;\n");


# what each says of itself, and how its claims are read

my %rules = (
    a => 'audience soc; claim_user preferred_username; claim_domain org.tenant;'
        . ' claim_roles realm_access.roles resource_access.soc.roles;',
    b => 'require client_id one two; require token_use access;'
        . ' claim_user username; claim_roles cognito:groups;'
        . ' claim_domain custom:tenant; require_domain on;',
    c => 'include %%DIR%%/rules.conf; max_lifetime 10m; leeway 0;',
);

my $read = 'sn_sec_cmn.api_read';
my %claims = (
    a => { aud => ['x', 'soc'], preferred_username => 'ann', sub => undef,
        roles => undef, org => { tenant => 'acme' },
        realm_access => { roles => ['offline'] },
        resource_access => { soc => { roles => [$read] } } },
    b => { client_id => 'two', token_use => 'access', username => 'bob',
        sub => undef, roles => undef, 'cognito:groups' => [$read],
        'custom:tenant' => 'beta' },
    c => { aud => 'soc', sub => 'cat', domain => 'gamma', roles => $read,
        iat => $now, exp => $now + 300 },
);
my %who = (a => 'acme/ann', b => 'beta/bob', c => 'gamma/cat');


sub provider {
    my ($name, $keys, $rules) = @_;
    return "secops_jwt_provider $name { issuer $iss{$name}; $keys; "
        . ($rules // $rules{$name}) . " }\n";
}

sub location {
    my ($prefix, $directives) = @_;
    return <<"EOT";
        location /$prefix/ {
            rewrite ^/$prefix(/.*)\$ \$1 break;
            secops_api;
            add_header X-Who \$secops_domain/\$secops_user always;
            $directives
        }
EOT
}

my %file = map { $_ => "key_file %%DIR%%/$_.jwks" } qw(a b c);
my $quick = 'min_interval=1ms';

# one rule at a time, all for tokens of a

sub rule {
    my ($prefix, $rules) = @_;
    return location($prefix, "secops_jwt_provider a { issuer $iss{a};"
        . " $file{a}; $rules }");
}

my $http = <<"EOT";
    log_format keys '\$uri';

    secops_jwt_provider a { issuer $iss{a}; $file{a}; $rules{a} }

    server {
        listen 127.0.0.1:%%PORT1%%;
        access_log %%DIR%%/keys.log keys;

        location /keys/ {
            alias %%DIR%%/keys/;
        }
        location /hang/ {
            proxy_pass http://127.0.0.1:%%PORT2%%;
        }
    }

    server {
        listen 127.0.0.1:%%PORT3%%;
        secops_auth jwt;
        secops_redis %%REDIS%%;

        location /api/ {
            secops_api;
            add_header X-Who \$secops_domain/\$secops_user always;
        }
@{[ location('over', provider('b', $file{b})) ]}
    }
EOT

my $server = join '', <<"EOT",
        secops_auth jwt;
        secops_redis %%REDIS%%;
        @{[ provider('a', "key_request /keys/a.jwks min_interval=1h") ]}
        @{[ provider('c', 'key_file %%DIR%%/c.pem') ]}

        location /keys/ {
            internal;
            proxy_pass http://127.0.0.1:%%PORT1%%;
        }
        location /hang/ {
            internal;
            proxy_pass http://127.0.0.1:%%PORT2%%;
        }
EOT
    location('shared1', ''), location('shared2', ''),
    location('files', join '', map { provider($_, $file{$_}) } qw(a b c)),
    location('requests', join '',
        map { provider($_, "key_request /keys/$_.jwks") } qw(a b c)),
    location('nocache', 'secops_jwt_cache off;'
        . join '', map { provider($_, $file{$_}) } qw(a b c)),
    location('kids', join '',
        map { provider($_, "key_request /keys/$_.jwks $quick") } qw(a b)),
    location('away', provider('a', $file{a})
        . provider('b', "key_request /keys/none $quick")
        . provider('c', "key_request /hang/ timeout=300ms $quick")),
    location('two', provider('a', "key_request /keys/two-1 $quick;"
        . " key_request /keys/two-2 $quick")),
    location('mixed',
        provider('a', "$file{a}; key_request /keys/two-3 $quick")),
    location('withdrawn', provider('a',
        'key_request /keys/withdrawn interval=100ms min_interval=100ms')
        . provider('b', $file{b})),
    location('header', "secops_header_token Cf-Access-Jwt-Assertion;"
        . provider('a', $file{a})),
    location('headerbasic', "secops_header_token X-Token; auth_basic SOC;"
        . ' auth_basic_user_file %%DIR%%/htpasswd;' . provider('a', $file{a})),
    location('headerauth', "secops_header_token authorization;"
        . provider('a', $file{a})),
    location('single', "secops_jwt_provider a { issuer $iss{a}; $file{a};"
        . " claim_roles roles; require domain acme beta; }"),
    rule('plain', ''),
    rule('string', 'require tid one two;'),
    rule('nested', 'require a.b one;'),
    rule('true', 'require email_verified true;'),
    rule('number', 'require acr 2;'),
    rule('scope', 'require scope write:x; require scp read;'),
    rule('unlike', 'require a.scope read;'),
    rule('domain', 'require_domain on;'),
    rule('roles', 'claim_roles one two.three four;'),
    rule('parents', 'claim_parents tenants partners.list;'),
    rule('childless', ''),
    location('both', 'secops_domain_parents "delta";'
        . " secops_jwt_provider a { issuer $iss{a}; $file{a};"
        . ' claim_parents tenants; }');

$t->write('keys/two-1', jwks($key{a}));
$t->write('keys/two-2', jwks($key{c}));
$t->write('keys/two-3', jwks($key{c}));
$t->write('keys/withdrawn', jwks($key{a}));

# whoever connects is kept waiting

my $hang = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
    LocalPort => $t->port(2), Proto => 'tcp', Listen => 128, ReuseAddr => 1)
    or die "can not listen: $!";

$t->run(conf(http => $http, server => $server));

my $place = '/api/now/table/sn_ti_lookup_result/x';

sub whom {
    my ($prefix, $headers, %opt) = @_;
    my $r = $t->request('GET', "/$prefix$place", $headers, undef, %opt);
    return $r->{status} == 404 ? $r->{headers}{'x-who'} : $r->{status};
}

sub caller_of { # domain/user, or the status
    my ($prefix, $token, %opt) = @_;
    return whom($prefix, { Authorization => "Bearer $token" }, %opt);
}

# signed with this key, in the name of this issuer, with the claims of a third

sub by {
    my ($key, $iss, $claims, %change) = @_;
    return $tokens->token($key, { %{$claims{$claims}},
        iss => $iss{$iss} // $iss, %change });
}

sub own { my ($name, %change) = @_; return by($name, $name, $name, %change) }

sub logged { # and nothing is believed
    my ($prefix, $token, $line, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $before = length $t->error_log();
    is(caller_of($prefix, $token), 401, $name);
    like(substr($t->error_log(), $before), $line, '... and the log says why');
}

sub fetches { # how often this was asked for
    my ($path) = @_;
    return scalar grep { $_ eq $path } split /\n/, $t->read('keys.log');
}


# --- issuers, keys and claims: all of the table -----------------------------

foreach my $prefix (qw(files requests nocache)) {
    my (%got, %expected);

    foreach my $iss (qw(a b c)) {
        foreach my $key (qw(a b c stranger)) {
            foreach my $claims (qw(a b c)) {
                my $token = by($key, $iss, $claims);
                my $of = "$iss signed by $key, claims of $claims";

                $expected{$of} = $iss eq $key && $iss eq $claims
                    ? $who{$iss} : 401;
                $got{$of} = caller_of($prefix, $token);
                $got{$of} = "again: $got{$of}"
                    if $got{$of} ne caller_of($prefix, $token);
            }
        }
    }

    is(scalar keys %got, 36, "$prefix: 3 issuers, 4 keys, 3 sets of claims");
    is_deeply(\%got, \%expected, '... exactly the diagonal passes');
}

# one thing at a time: each has rules of its own

foreach my $case (
    ['a', 'another audience', 401, aud => ['x']],
    ['a', 'no audience', 401, aud => undef],
    ['a', 'over for 10 s, within the leeway', $who{a}, exp => $now - 10],
    ['a', 'good for a day', $who{a}, iat => $now, exp => $now + 86400],
    ['a', 'no domain', 'global/ann', org => undef],
    ['b', 'an audience that nobody asks for', $who{b}, aud => 'x'],
    ['b', 'another client', 401, client_id => 'three'],
    ['b', 'another use', 401, token_use => 'id'],
    ['b', 'no domain', 401, 'custom:tenant' => undef],
    ['c', 'another audience', 401, aud => 'x'],
    ['c', 'over for 10 s', 401, exp => $now - 10],
    ['c', 'good for an hour', 401, exp => $now + 3600],
    ['c', 'no domain', 'global/cat', domain => undef],
) {
    my ($name, $what, $expected, %change) = @$case;
    is(caller_of('files', own($name, %change)), $expected,
        "the rules of $name: $what");
}


foreach my $prefix (qw(files requests)) {
    foreach my $case (
        ['none', undef], ['another', 'https://d.example'], ['an empty one', ''],
        ['one in a list', [$iss{a}]], ['a number', 7],
        ['an object', { iss => $iss{a} }], ['null', JSON::PP->null],
        ['with a slash', "$iss{a}/"], ['in capitals', uc $iss{a}],
        ['a part of it', 'https://a.exampl'],
    ) {
        my ($name, $iss) = @$case;
        is(caller_of($prefix, $tokens->token('a', { %{$claims{a}},
            iss => $iss })), 401, "$prefix: no token has the issuer: $name");
    }
}

my $twice = JSON::PP->new->encode({ %{$claims{a}}, exp => $now + 60,
    sub => 'x' }) =~ s/\}$/,"iss":"$iss{b}","iss":"$iss{a}"}/r;
is(caller_of('files', $tokens->token('a', $twice)), 401,
    'a token of two issuers is of neither');


# --- kids and algorithms ----------------------------------------------------

is(caller_of('files', $tokens->token('a', { %{$claims{a}}, iss => $iss{a} },
    { kid => undef })), $who{a}, 'a token without a kid: all of its keys');
is(caller_of('files', $tokens->token('b', { %{$claims{a}}, iss => $iss{a} },
    { kid => undef })), 401, '... and with no others');
is(caller_of('files', $tokens->token('c', { %{$claims{c}}, iss => $iss{c} },
    { kid => 'k' })), $who{c}, 'a key without a kid, a token with one');
is(caller_of('files', $tokens->token('a', { %{$claims{c}}, iss => $iss{c} },
    { kid => 'k' })), 401, '... whose keys it does not get by that');
logged('files', $tokens->token('a', { %{$claims{a}}, iss => $iss{a} },
    { kid => 'z' }), qr/names a key that is not known, provider "a"/,
    'a kid that the provider does not have');
logged('files', by('stranger', 'a', 'a'),
    qr/its signature is wrong, provider "a"/, 'a stranger with the kid');

# the public key of a provider is known to all: it is no secret

sub hs256 {
    my ($secret, $iss, $header) = @_;
    my $input = join '.', map { encode_base64url(JSON::PP->new->encode($_)) }
        { alg => 'HS256', %$header },
        { %{$claims{a}}, exp => $now + 60, iss => $iss };
    return "$input." . encode_base64url(hmac_sha256($input, $secret));
}

foreach my $secret ($tokens->pem('a'), jwks($key{a}),
    JSON::PP->new->canonical->encode($key{a}), $key{a}{n}, '')
{
    is(caller_of('files', hs256($secret, $iss{a}, $_)), 401,
        'a public key is no secret') foreach { kid => 'k' }, {};
}

is(caller_of('files', $tokens->token('c', { %{$claims{a}}, iss => $iss{a} },
    { kid => 'k', alg => 'ES256' })), 401, 'ES256 in the name of an RSA key');
is(caller_of('files', unsigned({ alg => 'none', kid => 'k' },
    { %{$claims{a}}, iss => $iss{a} })), 401, 'alg none');


# --- whose keys are fetched -------------------------------------------------

my $before = fetches('/keys/b.jwks');
is(caller_of('kids', own('a')), $who{a}, 'a token of a');
is(fetches('/keys/b.jwks'), $before, '... fetches no keys of b');
$before = fetches('/keys/a.jwks');
is(caller_of('kids', $tokens->token('b', { %{$claims{b}}, iss => $iss{b} },
    { kid => 'z' })), 401, 'b does not know the kid');
is(fetches('/keys/a.jwks'), $before, '... and a is not asked');
$before = fetches('/keys/a.jwks') + fetches('/keys/b.jwks');
is(caller_of('kids', by('a', 'd', 'a')), 401, 'an issuer that nobody is');
is(fetches('/keys/a.jwks') + fetches('/keys/b.jwks'), $before,
    '... nobody is asked');

is(caller_of('away', own('a')), $who{a}, 'a\'s tokens are good');
is(caller_of('away', own('b')), 503, '... while b has no keys');
is(caller_of('away', own('a')), $who{a}, '... and as good after that');
is(caller_of('away', own('c')), 503, '... nor c, whose keys do not come');
is(caller_of('away', own('a')), $who{a}, '... and as good after that');

my @waiting = map { my $c = $t->connect(); $c->send($c->format('GET',
    "/away$place", { Authorization => 'Bearer ' . own('c') })); $c } 1 .. 3;
SecOps::Connection::taken(@waiting);
is(caller_of('away', own('a')), $who{a}, '... and while others wait for c');
is(join(' ', map { $_->answer('GET')->{status} } @waiting), '503 503 503',
    '... who are told');

is(caller_of('two', own('a')), $who{a}, 'two requests: a key of the first');
is(caller_of('two', by('c', 'a', 'a')), $who{a}, '... and of the second');
$t->write('keys/two-2', jwks($key{new}));
is(caller_of('two', by('new', 'a', 'a')), $who{a},
    '... and a new one of the second');
is(caller_of('two', own('a')), $who{a}, '... the first has its own as before');
unlink "$dir/keys/two-1";
is(caller_of('two', $tokens->token('a', { %{$claims{a}}, iss => $iss{a} },
    { kid => 'z' })), 401, '... a kid that neither has');
is(caller_of('two', own('a', n => 1)), $who{a},
    '... keys stay when they can not be fetched any more');
is(caller_of('mixed', own('a')), $who{a}, 'a file and a request: the file');
is(caller_of('mixed', by('c', 'a', 'a')), $who{a}, '... and the request');

my $token = own('a');
is(caller_of('withdrawn', $token), $who{a}, 'a token is remembered');
is(caller_of('withdrawn', own('b')), $who{b}, '... and one of another');
$t->write('keys/withdrawn', jwks($key{new}));
ok(wait_for(sub { caller_of('withdrawn', $token) eq '401' }),
    '... until its key is withdrawn');
is(caller_of('withdrawn', own('b')), $who{b}, '... the other\'s is not');

is(caller_of("shared$_", own('a')), $who{a}, "shared: location $_")
    foreach 1, 2;
is(caller_of("shared$_", own('c')), $who{c}, "shared: c's, location $_")
    foreach 1, 2;
cmp_ok(fetches('/keys/a.jwks'), '>=', 1, '... a\'s keys were fetched');
$before = fetches('/keys/a.jwks');
is(caller_of('shared2', own('a', n => 2)), $who{a}, '... another token');
is(fetches('/keys/a.jwks'), $before, '... by the keys that both have');


# --- which providers a location has -----------------------------------------

my %at = (port => 3);
is(caller_of('', own('a'), %at), $who{a}, 'http: providers are inherited');
is(caller_of('over', own('b'), %at), $who{b}, '... or replaced');
is(caller_of('over', own('a'), %at), 401, '... and not added to');
is(caller_of('shared1', own('b')), 401, 'server: those of http are replaced');


# --- another header ---------------------------------------------------------

my %cf = ('Cf-Access-Jwt-Assertion' => own('a'));
is(whom('header', \%cf), $who{a}, 'a token in a header of its own');
is(whom('header', { 'cf-access-jwt-assertion' => 'Bearer ' . own('a') }),
    $who{a}, '... may say what it is');
is(caller_of('header', own('a')), 401, '... Authorization is not read');
is(whom('header', { %cf, Authorization => 'Bearer x' }), $who{a},
    '... and does no harm');
is(whom('header', { 'Cf-Access-Jwt-Assertion' => own('b') }), 401,
    '... it is believed no more than any other');
is(whom('header', { 'Cf-Access-Jwt-Assertion' => $_ }), 401,
    '... nor what is no token') foreach '', ' ', 'x', 'Bearer', 'Bearer ';

my $raw = $t->raw("GET /header$place HTTP/1.1\r\nHost: a\r\n"
    . "Connection: close\r\n"
    . join('', map { "Cf-Access-Jwt-Assertion: $_\r\n" } own('a'),
        own('a', preferred_username => 'eve')) . "\r\n");
like($raw, qr/^HTTP\/1\.1 401 /, '... nor one of two');

is(whom('headerbasic', { 'X-Token' => own('a'), Authorization => 'Basic '
    . encode_base64('carol:secret', '') }), $who{a},
    'a token beside a password in Authorization');
is(caller_of('headerauth', own('a')), $who{a},
    'Authorization in any letter case is that header');
is(whom('headerauth', { Authorization => own('a') }), 401,
    '... where a token follows "Bearer"');
is($t->request('GET', "/headerauth$place", { Authorization => 'Basic '
    . encode_base64('carol:secret', '') })->{headers}{'www-authenticate'},
    'Bearer realm="Service-now"', '... and a password is no token at all');


# --- what a provider demands ------------------------------------------------

sub of { # a token of a, with the claims of any token
    my (%claims) = @_;
    return $tokens->token('a', { sub => 'u', roles => [$read], iss => $iss{a},
        %claims });
}

my ($true, $false) = (JSON::PP::true, JSON::PP::false);

foreach my $case (
    ['string', 'a value', 1, tid => 'one'],
    ['string', 'another value', 1, tid => 'two'],
    ['string', 'one of a list', 1, tid => ['x', 'two']],
    ['string', 'no claim', 0],
    ['string', 'another', 0, tid => 'three'],
    ['string', 'both in one', 0, tid => 'one two'],
    ['string', 'in capitals', 0, tid => 'One'],
    ['string', 'a list in a list', 0, tid => [['one']]],
    ['string', 'the name of a member', 0, tid => { one => 1 }],
    ['string', 'an empty list', 0, tid => []],
    ['string', 'null', 0, tid => JSON::PP->null],
    ['string', 'in another claim', 0, other => 'one'],
    ['nested', 'a path', 1, a => { b => 'one' }],
    ['nested', 'a name with a dot', 1, 'a.b' => 'one'],
    ['nested', 'a path that ends', 0, a => 'one'],
    ['true', 'true', 1, email_verified => $true],
    ['true', 'a text', 1, email_verified => 'true'],
    ['true', 'false', 0, email_verified => $false],
    ['true', 'one', 0, email_verified => 1],
    ['number', 'a number', 1, acr => 2],
    ['number', 'a text', 1, acr => '2'],
    ['number', 'another', 0, acr => 20],
    ['number', 'a fraction', 0, acr => 2.5],
    ['scope', 'names between spaces', 1, scope => 'x write:x y', scp => 'read'],
    ['scope', 'names in a list', 1, scope => ['write:x'], scp => ['x', 'read']],
    ['scope', 'only one of the claims', 0, scope => 'write:x'],
    ['scope', 'a part of a name', 0, scope => 'write:xy', scp => 'read'],
    ['scope', 'a name with a comma', 0, scope => 'x,write:x', scp => 'read'],
    ['scope', 'two spaces', 1, scope => '  write:x  ', scp => ' read'],
    ['scope', 'a list of texts with spaces', 0, scope => ['x write:x'],
        scp => 'read'],
    ['unlike', 'scope elsewhere is a text', 0, a => { scope => 'read x' }],
    ['unlike', 'that very text', 1, a => { scope => 'read' }],
    ['single', 'the domain of a list', 1, domain => 'beta'],
    ['single', 'another domain', 0, domain => 'gamma'],
    ['single', 'none', 0],
    ['domain', 'a domain', 1, domain => 'acme'],
    ['domain', 'no domain', 0],
    ['domain', 'an empty one', 0, domain => ''],
    ['domain', 'a list', 0, domain => ['acme']],
) {
    my ($prefix, $name, $good, %claims) = @$case;
    my $who = caller_of($prefix, of(%claims));
    is($who, $good ? ($claims{domain} // 'global') . '/u' : 401,
        "$prefix: $name");
}

logged('string', of(tid => 'x'),
    qr/refused: none of the values required in its claim "tid", provider "a"/,
    'what is demanded');
logged('domain', of(), qr/no domain in its claim "domain", provider "a"/,
    'a domain is demanded');

foreach my $case (
    ['the first', 1, one => [$read]],
    ['the second', 1, two => { three => "x $read" }],
    ['the last', 1, four => $read],
    ['one of them', 1, one => ['x'], two => { three => 'y' }, four => [$read]],
    ['with null and nothing', 1, one => JSON::PP->null,
        two => { three => [] }, four => [$read]],
    ['none', 0],
    ['another', 0, roles => [$read]],
    ['what two make together', 0, one => ['sn_sec_cmn'], four => ['.api_read']],
    ['two halves of it', 0, one => 'sn_sec_', four => 'cmn.api_read'],
) {
    my ($name, $may, %claims) = @$case;
    is(caller_of('roles', of(roles => undef, %claims)),
        $may ? 'global/u' : 403, "roles of several claims: $name");
}

logged('roles', of(one => [$read], two => { three => 7 }),
    qr/no list of roles in its claim "two.three", provider "a"/,
    'a list of roles that is none');


# --- domains that a token names ---------------------------------------------

foreach my $case (
    ['parents', 'one of a list', 'acme', 1, tenants => ['x', 'acme']],
    ['parents', 'one of a text', 'acme', 1, tenants => 'x, acme'],
    ['parents', 'one of the other claim', 'acme', 1,
        tenants => ['x'], partners => { list => ['acme'] }],
    ['parents', 'null in one', 'acme', 1, tenants => JSON::PP->null,
        partners => { list => ['acme'] }],
    ['parents', 'its own', 'global', 1],
    ['parents', 'none', 'acme', 0],
    ['parents', 'another', 'acme', 0, tenants => ['acm', 'ACME', 'acme2']],
    ['parents', 'a name with a comma', 'acme', 0, tenants => ['x,acme']],
    ['parents', 'what two have together', 'acme', 0, tenants => 'ac',
        partners => { list => 'me' }],
    ['childless', 'a claim that is not asked for', 'acme', 0,
        tenants => ['acme']],
    ['both', 'of the token', 'acme', 1, tenants => ['acme']],
    ['both', 'of the configuration', 'delta', 1, tenants => ['acme']],
    ['both', 'of neither', 'x', 0, tenants => ['acme']],
) {
    my ($prefix, $name, $domain, $may, %claims) = @$case;
    my $token = of(%claims);

    # the second time it is remembered
    is(whom($prefix, { 'X-SecOps-Act-For' => $domain,
        Authorization => "Bearer $token" }), $may ? 'global/u' : 403,
        "acting for: $prefix: $name") for 1, 2;
}

my $r = $t->request('POST', '/parents' . path(), { Authorization => 'Bearer '
    . of(tenants => ['acme'], roles => ['sn_sec_cmn.api_write']),
    'X-SecOps-Act-For' => 'acme' }, records());
is("$r->{status} $r->{json}{sys_domain} $r->{json}{sys_created_by}",
    '201 acme u', '... and what is stored then is of that domain');

logged('parents', of(tenants => 7),
    qr/no list of domains in its claim "tenants", provider "a"/,
    'a list of domains that is none');


# --- claims that nobody reads -----------------------------------------------

sub raw_claims {
    my ($more) = @_;
    return $tokens->token('a', qq({"iss":"$iss{a}","sub":"u","roles":["$read"],)
        . qq("exp":9999999999,"x":$more}));
}

foreach my $case (
    ['a number of 39 digits', '339468465046514652123456789012345678901'],
    ['a number beyond doubles', '-1e999'],
    ['a thousand lists', '[' x 1000 . ']' x 1000],
    ['a thousand members', '{' . join(',', map { qq("$_":0) } 1 .. 1000) . '}'],
    ['an object of all types', '{"a":[null,true,{}],"b.c":"","":1.50}'],
    ['characters beyond ASCII', qq("\\ud83d\\ude00\\u00e9")],
) {
    is(caller_of('plain', raw_claims($case->[1])), 'global/u',
        "a claim that is not read: $case->[0]");
}

is(caller_of('plain', raw_claims($_)), 401, 'what is no JSON is refused')
    foreach '01', 'nul', '"\x"', '[1', '{"a":1,"a":2}';


# --- mistakes ---------------------------------------------------------------

sub tested {
    my ($http, $server, $location) = @_;
    my ($ok, $output) = $t->t(conf(http => $http, server => "secops_auth jwt;"
        . "secops_redis %%REDIS%%; $server" . location('x', $location)));
    return ($ok, $output =~ /\[(?:emerg|warn)\] (?:\d+#\d+: )?(.*)/);
}

my $a = provider('a', $file{a});
my $good = "issuer x; $file{a};";

foreach my $case (
    ['secops_jwt_provider { }', qr/invalid number of arguments/, 'no name'],
    ['secops_jwt_provider "" { }', qr/needs a name/, 'an empty name'],
    ['secops_jwt_provider a;', qr/has no opening "\{"/, 'no block'],
    ['secops_jwt_provider a { }', qr/provider a" needs "issuer"/, 'no issuer'],
    ["secops_jwt_provider a { issuer off; $file{a}; }", qr/needs "issuer"/,
        'an issuer that is off'],
    ['secops_jwt_provider a { issuer x; }',
        qr/provider a" needs "key_file" or "key_request"/, 'no keys'],
    ["secops_jwt_provider a { $good foo x; }",
        qr/unknown directive "foo" in "secops_jwt_provider"/,
        'an unknown directive'],
    ["secops_jwt_provider a { $good secops_jwt_leeway 1; }",
        qr/unknown directive "secops_jwt_leeway"/, 'the name of outside'],
    ["secops_jwt_provider a { $good leeway; }",
        qr/invalid number of arguments in "leeway" directive/, 'no argument'],
    ["secops_jwt_provider a { $good leeway 1 2; }",
        qr/invalid number of arguments in "leeway" directive/, 'two arguments'],
    ["secops_jwt_provider a { $good leeway x; }",
        qr/"leeway" directive invalid value/, 'a wrong one'],
    ["secops_jwt_provider a { $good leeway 1; leeway 1; }",
        qr/"leeway" directive is duplicate/, 'the same twice'],
    ["secops_jwt_provider a { $good require_domain yes; }",
        qr/must be "on" or "off"/, 'neither on nor off'],
    ["secops_jwt_provider a { $good leeway 1 { } }", qr/unexpected "\{"/,
        'a block in it'],
    ["secops_jwt_provider a { issuer x; $file{a} issuer=y; }",
        qr/invalid parameter "issuer=y"/, 'keys of another'],
    ['secops_jwt_provider a { issuer x; key_request /k issuer=y; }',
        qr/invalid parameter "issuer=y"/, 'a request of another'],
    ['secops_jwt_provider a { issuer x; key_request /k; key_request /k; }',
        qr/"key_request" directive is duplicate/, 'a request twice'],
    ['secops_jwt_provider a { issuer x; key_file nope; }', qr/open\(\) .*nope/,
        'a file that is not there'],
    ["secops_jwt_provider a { $good require x; }",
        qr/"require" directive needs a claim and a value/, 'no value'],
    ["secops_jwt_provider a { $good claim_roles x y x; }",
        qr/duplicate claim "x" in "claim_roles"/, 'a claim twice'],
    ["secops_jwt_provider a { $good include nope.conf; }", qr/nope\.conf/,
        'an include that is not there'],
    ["$a $a", qr/duplicate "secops_jwt_provider a"/, 'a name twice'],
    ["$a secops_jwt_provider d { issuer z $iss{a}; $file{b}; }",
        qr/issuer "\Q$iss{a}\E" both in "secops_jwt_provider a" and "\w+ d"/,
        'an issuer twice'],
    (map { my $single = $_;
        ["$a secops_jwt_$single;", qr/"secops_jwt_provider" and other/,
            "beside secops_jwt_$single"] }
        $file{a}, 'key_request /k', 'issuer x', 'audience x', 'require x y',
        'leeway 1', 'max_lifetime 1', 'require_expiration on',
        'require_domain on', 'claim_user x', 'claim_roles x', 'claim_domain x',
        'claim_parents x'),
) {
    my ($ok, $line) = tested('', '', $case->[0]);
    ok(!$ok, "refused: $case->[2]");
    like($line // '', $case->[1], '... with a sentence that says why');
    like($line // '', qr/ in \S+:\d+$/, '... and where');
}

foreach my $case (
    ['http, and a location with a single one', $a, '', 'secops_jwt_leeway 1;'],
    ['server, and a location with keys', '', $a, "secops_jwt_$file{b};"],
    ['both in http', "$a secops_jwt_leeway 1;", '', ''],
    ['both in server', '', "$a secops_jwt_leeway 1;", ''],
) {
    my ($name, @levels) = @$case;
    my ($ok, $line) = tested(@levels);
    ok(!$ok, "refused: $name");
    like($line // '', qr/"secops_jwt_provider" and other/, '... says why');
}

foreach my $case (
    ['a cache beside', '', '', "$a secops_jwt_cache 10;"],
    ['single ones above', "secops_jwt_leeway 1; secops_jwt_$file{b};", '', $a],
    ['single ones in server', '', "secops_jwt_$file{b};", $a],
    ['without jwt in secops_auth', '', '', "$a secops_auth header;"],
    ['the same issuer on two levels', $a, '', provider('b', $file{b})
        . provider('a', $file{a})],
    ['on one line', '', '', "secops_jwt_provider a{issuer x;$file{a};}"],
) {
    my ($name, @levels) = @$case;
    my ($ok, $line) = tested(@levels);
    ok($ok, "taken: $name") or diag($line);
}

$t->allow(qr/\[emerg\].*test\.conf/);
$t->allow(qr/keys\/none|keys\/two-1|hang/);
$t->done();
