# Who calls is who vouched for it: a token counts with the keys of its own issuer
# only, however many providers there are (Field 1), and a claim that can not be
# read is never taken for one that is not there, which would put a tenant's data
# into the domain that all others without one share (R.10).

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use JSON::PP;
use SecOps;
use SecOps::Records;
use SecOps::Tokens;
use Test::More;

my $missing = SecOps::Tokens::missing();
plan(skip_all => $missing) if $missing;

my $t = SecOps->new();
my $redis = $t->redis();
my $tokens = SecOps::Tokens->new();
my ($a, $b) = ('https://idp-a.example', 'https://idp-b.example');

# the same kid on purpose: a name chosen by a provider binds nobody

my %key = map { $_ => $tokens->key($_, kty => 'RSA', size => 2048,
    kid => 'k') } qw(a b scripts);
$t->write("$_.jwks", jwks($key{$_})) foreach keys %key;
$t->write("keys/$_.jwks", jwks($key{$_})) foreach keys %key;

sub location {
    my ($prefix, $directives, $auth) = @_;
    return api_location($prefix, 'secops_auth ' . ($auth // 'jwt') . '; '
        . "add_header X-Who \$secops_domain/\$secops_user always; $directives");
}

my %file = map { $_ => "secops_jwt_key_file %%DIR%%/$_.jwks" } keys %key;

my @locations = (
    location('two', "$file{a} issuer=$a; $file{b} issuer=$b;"
        . " secops_jwt_issuer $a $b;"),
    location('implied', "$file{a} issuer=$a; $file{b} issuer=$b;"),
    location('beside', "$file{a} issuer=$a; $file{scripts};"),
    location('many', "$file{a} issuer=$a issuer=$b;"),
    location('fetched', "$file{a} issuer=$a;"
        . " secops_jwt_key_request /keys/b.jwks issuer=$b min_interval=1ms;"),
    location('away', "$file{scripts};"
        . " secops_jwt_key_request /keys/none issuer=$b min_interval=1ms;"),
    location('one', "$file{a}; secops_jwt_claim_domain org.tenant;"),
    location('demanded', "$file{a}; secops_jwt_require_domain on;"),
    location('flat', "$file{a};"),
    location('inner', "$file{a}; secops_jwt_claim_domain a.b.c;"),
    location('header', '', 'header'),
    location('variables', 'secops_user $http_x_user;', 'variables'),
);

$t->run(conf(server => join('', @locations)
    . "location /keys/ { alias %%DIR%%/keys/; }\n"));

my $place = '/api/now/table/sn_ti_lookup_result/x';

sub caller_of { # domain/user, or the status
    my ($prefix, $token) = @_;
    my $r = $t->request('GET', "/$prefix$place",
        { Authorization => "Bearer $token" });
    return $r->{status} == 404 ? $r->{headers}{'x-who'} : $r->{status};
}

sub by { # signed with this key, in the name of this issuer
    my ($key, $iss, %claims) = @_;
    return $tokens->token($key, { iss => $iss, domain => 'tenant',
        sub => 'admin', %claims });
}

sub logged { # and nothing is believed
    my ($prefix, $token, $line, $name) = @_;
    my $before = length $t->error_log();
    is(caller_of($prefix, $token), 401, $name);
    like(substr($t->error_log(), $before), $line, '... and the log says why');
}


# --- whose keys -------------------------------------------------------------

foreach my $prefix (qw(two implied fetched)) {
    is(caller_of($prefix, by('a', $a)), 'tenant/admin', "$prefix: A's own");
    is(caller_of($prefix, by('b', $b)), 'tenant/admin', "$prefix: B's own");
    is(caller_of($prefix, by('b', $a)), 401,
        "Field 1: $prefix: B makes no tokens of A's");
    is(caller_of($prefix, by('a', $b)), 401,
        "Field 1: $prefix: A makes no tokens of B's");
    is(caller_of($prefix, by('a', 'https://other.example')), 401,
        "$prefix: nor of anybody else's");
    is(caller_of($prefix, by('a', undef)), 401,
        "$prefix: nor one that does not say whose it is");
    is(caller_of($prefix, by('a', [$a])), 401, "$prefix: nor of several");
}

is(caller_of('beside', by('a', $a)), 'tenant/admin', 'beside: A\'s own');
is(caller_of('beside', by('scripts', $a)), 401,
    'Field 1: keys that are bound to nobody sign for nobody who has keys');
is(caller_of('beside', by('scripts', 'script')), 'tenant/admin',
    '... but for others');
is(caller_of('beside', by('scripts', undef)), 'tenant/admin',
    '... and for tokens without an issuer');
is(caller_of('beside', by('a', undef)), 401,
    '... which A may not make');
is(caller_of('many', by('a', $_)), 'tenant/admin', "two names of one: $_")
    foreach $a, $b;
logged('many', by('a', 'x'), qr/token refused: there are no keys of its issuer/,
    'a third name');

is(caller_of('away', by('scripts', 'script')), 'tenant/admin',
    'while keys can not be fetched, others are there');
is(caller_of('away', by('scripts', $b)), 503,
    'Field 1: ... which do not take their place');


# --- claims -----------------------------------------------------------------

sub domain { return $tokens->token('a', { sub => 'u', domain => $_[0] }) }

is(caller_of('flat', domain('acme')), 'acme/u', 'a domain');
is(caller_of('flat', domain(undef)), 'global/u', 'no claim of one');
logged('flat', domain($_->[1]), qr/no domain in its claim "domain"/,
    "R.10: $_->[0] is no domain")
    foreach ['a list', ['acme']], ['an empty list', []], ['a number', 7],
        ['an object', { a => 1 }], ['true', JSON::PP::true],
        ['an empty text', ''];

is($t->request('POST', '/flat' . path(), { Authorization => 'Bearer '
    . $tokens->token('a', { sub => 'u', domain => ['acme'] }) }, records())
    ->{status}, 401, 'R.10: nothing is stored by such a token');
is_deeply([keys_like($redis, '*{6:global*'), keys_like($redis, '*global*')],
    [], '... in nobody\'s domain');

is(caller_of('one', $tokens->token('a', { org => { tenant => 'acme' } })),
    'acme/alice', 'a domain further down');
is(caller_of('one', $tokens->token('a', { org => {} })), 'global/alice',
    '... that is not there');
is(caller_of('one', $tokens->token('a', { org => $_ })), 401,
    'R.10: ... below what is no object')
    foreach 'acme', ['acme'], 1;
is(caller_of('inner', $tokens->token('a', { a => { b => 'x' } })), 401,
    'R.10: ... at any depth');
is(caller_of('inner', $tokens->token('a', { a => { b => 'x' },
    'a.b' => { c => 'acme' } })), 'acme/alice',
    '... unless another name leads to it');

is(caller_of('demanded', domain('acme')), 'acme/u',
    'secops_jwt_require_domain: a token with a domain');
logged('demanded', domain(undef), qr/no domain in its claim "domain"/,
    'Semantics 9: ... and without one');


# --- names that are an api key's --------------------------------------------

foreach my $user ('api_key:K', 'API_KEY:x', 'api_key:') {
    is($t->request('GET', "/header$place", who(user => $user))->{status}, 401,
        "Semantics 3: no header makes one $user");
    is($t->request('GET', "/variables$place", { 'X-User' => $user })->{status},
        401, '... no variable');
    is(caller_of('flat', $tokens->token('a', { sub => $user })), 401,
        '... and no token');
}
like($t->error_log(), qr/the user's name begins like that of an api key/,
    '... and the log says why');
is($t->request('GET', "/header$place", who(user => $_))->{status}, 404,
    "$_ is a name like others") foreach 'api_key', 'my api_key:x';


# --- names that would fool who reads the log --------------------------------

my %odd = ("a\x{9b}31m" => 'a terminal\'s control', "a\x{85}b" =>
    'an end of line', "\x{202e}nimda" => 'an override of direction',
    "\x{2066}a" => 'an isolate');

foreach my $name (sort keys %odd) {
    my $bytes = $name;
    utf8::encode($bytes);
    is($t->request('GET', "/header$place", who(user => $bytes))->{status}, 401,
        "R.17: $odd{$name} is in no user's name");
    is($t->request('GET', "/header$place", who(domain => $bytes))->{status},
        401, '... and in no domain\'s');
    is(caller_of('flat', $tokens->token('a', { sub => $name })), 401,
        '... nor in a token');
}

my $forged = 'a" of domain "x" lacks nothing, user "b';
is($t->request('GET', "/header$place", who(user => $forged, roles => ''))
    ->{status}, 403, 'a name with quotes may do nothing');
my $quoted = $forged =~ s/"/\\"/gr;
like($t->error_log(), qr/refused: user "\Q$quoted\E" of domain "global" lacks/,
    'R.17: ... and forges no line');


# --- a cache in front -------------------------------------------------------

# callers are told apart by headers of which no cache knows anything

foreach my $path ($place, '/api/v2/resources', '/api/v1/health') {
    foreach my $method (qw(GET HEAD)) {
        is($t->request($method, "/header$path", who())
            ->{headers}{'cache-control'}, 'no-store',
            "$method $path: no cache may show one tenant's answer to another");
    }
}


# --- what nginx -t says -----------------------------------------------------

sub tested {
    my ($directives) = @_;
    my ($ok, $output) = $t->t(conf(server => location('x', $directives)));
    return ($ok, $output =~ /\[(?:emerg|warn)\] (?:\d+#\d+: )?(.*)/);
}

$tokens->key('p384', kty => 'EC', crv => 'P-384');
$t->write('many.pem', $tokens->pem('p384') x 20);
$t->write('few.pem', $tokens->pem('p384') x 5);
my ($taken, $warned) = tested('secops_jwt_key_file %%DIR%%/many.pem;');
ok($taken, 'R.17: more keys than are tried are taken');
like($warned // '', qr/many.pem": it has more keys without a kid than are tried/,
    '... with a warning');
is((tested('secops_jwt_key_file %%DIR%%/few.pem;'))[1], undef,
    '... and a few without');

foreach my $case (
    ["$file{a}; $file{b}; secops_jwt_issuer $a $b;",
        qr/several issuers .* 2 sources of keys that may sign for each/,
        'Field 1: two providers, nobody bound'],
    ["$file{a}; secops_jwt_key_request /k; secops_jwt_issuer $a $b;",
        qr/several issuers .* 2 sources/, '... one of them fetched'],
    ["$file{a} issuer=$a; $file{b}; $file{scripts}; secops_jwt_issuer $a $b x;",
        qr/several issuers .* 2 sources/, '... two of three not bound'],
    ["$file{a} issuer=;", qr/invalid parameter "issuer="/, 'an empty issuer'],
    ["$file{a} iss=x;", qr/invalid parameter "iss=x"/, 'a misspelt parameter'],
    ['secops_jwt_key_request /k issuer=;', qr/invalid parameter "issuer="/,
        'an empty issuer of a request'],
    ["$file{a}; secops_jwt_require_domain yes;", qr/must be "on" or "off"/,
        'neither on nor off'],
) {
    my ($ok, $line) = tested($case->[0]);
    ok(!$ok, "refused: $case->[2]");
    like($line // '', $case->[1], '... with a sentence that says why');
}

foreach my $case (
    ["$file{a}; secops_jwt_issuer $a $b;", 'one source for two issuers'],
    ["$file{a}; $file{b}; secops_jwt_issuer $a;", 'two sources of one issuer'],
    ["$file{a} issuer=$a; $file{b}; secops_jwt_issuer $a $b;",
        'one source is left for the other issuer'],
    ["$file{a}; $file{b};", 'issuers are not looked at'],
) {
    my ($ok, $line) = tested($case->[0]);
    ok($ok, "taken: $case->[1]") or diag($line);
}

$t->allow(qr/\[emerg\].*test\.conf/);
$t->allow(qr/keys\/none/);
$t->done();
