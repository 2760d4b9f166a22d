# Who calls, asked before the access phase is over: limits go by it (Field 19).
# What was found early permits nothing, and never stands for what the check
# finds: neither in the operation, nor in a log.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use MIME::Base64;
use SecOps;
use SecOps::Records;
use SecOps::Tokens;
use Test::More;

my $t = SecOps->new();
my $redis = $t->redis();
my $tokens = SecOps::Tokens::missing() ? undef : SecOps::Tokens->new();

if ($tokens) {
    my $key = $tokens->key('a', kty => 'RSA', size => 2048, kid => 'k');
    $t->write('keys.jwks', jwks($key));
    $t->write('fetched.jwks', jwks($key));

} else {
    $t->write($_, '{"keys":[{"kty":"oct","k":"' . 'k' x 43 . '"}]}')
        foreach 'keys.jwks', 'fetched.jwks';
}

$t->write('htpasswd', "alice:{PLAIN}secret\n");

# a rate is spent by one request, for as long as this test takes

my $n = 0;
my $zones = '';

sub location {
    my ($prefix, $key, $auth, $more) = @_;
    $more //= '';
    $n++;
    $zones .= "limit_req_zone $key zone=z$n:64k rate=1r/m;\n";

    return <<"EOT";
        location /$prefix/ {
            limit_req zone=z$n;
            limit_req_status 429;
            rewrite ^/$prefix(/.*)\$ \$1 break;
            secops_api;
            secops_redis %%REDIS%%;
            secops_auth $auth;
            $more
        }
EOT
}

my $files = 'secops_jwt_key_file %%DIR%%/keys.jwks;';

my $server = join '',
    location('user', '$secops_user', 'header'),
    location('domain', '$secops_domain', 'header'),
    location('method', '$secops_auth_method', 'header'),
    location('both', '"$secops_domain ${secops_user}"', 'header'),
    location('mapped', '$mapped', 'header'),
    location('variables', '$secops_user', 'variables',
        'secops_user $arg_name;'),
    location('itself', '$secops_user', 'variables header',
        'secops_user $secops_user; secops_roles $secops_user;'),
    location('jwt', '$secops_user', 'jwt', $files),
    location('jwtfirst', '$secops_user', 'jwt header', $files),
    location('fetched', '$secops_user', 'jwt header',
        'secops_jwt_key_request /keys min_interval=1ms;'),
    location('key', '$secops_user', 'api_key header',
        'secops_api_key_cache 1h;'),
    location('basic', '$first', 'variables',
        'auth_basic SOC; auth_basic_user_file %%DIR%%/htpasswd;'
        . ' secops_user $remote_user; secops_roles sn_sec_cmn.api_write;'),
    <<'EOT';
        access_log %%DIR%%/access.log who;
        add_header X-Who "$secops_domain/$secops_user" always;

        location = /keys {
            alias %%DIR%%/fetched.jwks;
        }
        location /plain/ {
            limit_req zone=z1;
            return 200 "[$secops_user]";
        }
EOT

my $http = <<"EOT" . $zones;
    log_format who '\$request_uri \$status [\$secops_user] [\$first]';
    map \$secops_user \$first {
        '' '';
        default \$secops_user;
    }
    map \$secops_user \$mapped {
        default \$secops_user;
    }
EOT

my $conf = conf(http => $http, server => $server);

$t->run($conf);

my $place = '/api/v2/token/scopes';

sub ask {
    my ($prefix, $headers, $args) = @_;
    return $t->request('GET', "/$prefix$place" . ($args // ''),
        $headers // {});
}

sub statuses { # of such requests, one after the other
    my ($prefix, @headers) = @_;
    return [map { ask($prefix, $_)->{status} } @headers];
}

sub named { return who(user => $_[0], domain => $_[1]) }


is_deeply(statuses('user', named('a'), named('b'), named('a'), named('b')),
    [200, 200, 429, 429], 'each caller has a rate of their own');
is_deeply(statuses('user', {}, {}, {}), [401, 401, 401],
    'nobody has no rate: an empty key limits nobody');
is_deeply(statuses('domain', named('a', 'x'), named('b', 'x'),
    named('a', 'y'), named('c')), [200, 429, 200, 200],
    'so has each domain, that of those without one too');
is_deeply(statuses('method', named('a'), named('b')), [200, 429],
    'so has each method');
is_deeply(statuses('both', named('a', 'x'), named('a', 'y'), named('b', 'x'),
    named('a', 'x')), [200, 200, 200, 429], 'a key may have several of them');
is_deeply(statuses('mapped', named('a'), named('a'), named('b')),
    [200, 429, 200], 'a key may be a map of them');

is_deeply([map { ask('variables', {}, "?name=$_")->{status} } qw(a a b)],
    [200, 429, 200], 'who calls may be what a variable says');
is_deeply(statuses('itself', named('a'), named('a'), {}), [200, 429, 401],
    'a variable that asks itself finds nobody');
unlike($t->error_log(), qr/cycle/, '... without going round');

my $r = ask('user', named('api_key:x'));
is($r->{status}, 401, 'who may not be called so is nobody');
is(ask('user', named('api_key:x'))->{status}, 401, '... early, too');


# tokens

SKIP: {
    skip SecOps::Tokens::missing(), 10 if !$tokens;

    my $bearer = sub {
        return { Authorization => 'Bearer ' . $tokens->token('a', { @_ }) };
    };
    my ($a, $b) = map { $bearer->(sub => $_) } qw(a b);

    is_deeply(statuses('jwt', $a, $b, $a, $bearer->(sub => 'a', jti => 2)),
        [200, 200, 429, 429], 'a token tells who calls, any of theirs');
    is_deeply(statuses('jwt', map { $bearer->(sub => 'c', exp => 1) } 1 .. 3),
        [401, 401, 401], 'one that is no good tells nobody');

    is_deeply(statuses('jwtfirst', { %$a, %{named('h')} }, $a, named('h')),
        [200, 429, 200], 'the first method that knows the caller decides');

    is_deeply(statuses('fetched', { %$a, %{named('h')} }, named('h')),
        [200, 200], 'while there are no keys, no other method is asked');
    is_deeply(statuses('fetched', $a, $a, $b), [200, 429, 200],
        'with the keys that were fetched, a token tells who calls');
    is_deeply(statuses('fetched', $bearer->(sub => 'a', exp => 1)), [401],
        '... as far as it is good');
}


# api keys

$r = $t->request('POST', '/api/v2/resources', who(), { k => {
    type => 'api_key', properties => { name => 'k' } } });
my $key = { 'x-arcanna-api-key' => $r->{json}{created}[0]{value} };

is_deeply(statuses('key', $key, $key, $key), [200, 200, 429],
    'an api key tells who calls, once the worker has asked Redis');
is_deeply(statuses('key', { %$key, %{named('h')} }, named('h')), [429, 200],
    '... and then no other method is asked');
is_deeply(statuses('key', map { { 'x-arcanna-api-key' => 'x' x 86 } } 1 .. 3),
    [401, 401, 401], '... and one that is not known tells nobody');


# what was found early is not who it is

is(ask('basic', { Authorization => 'Basic ' . encode_base64('alice:x', '') })
    ->{headers}{'x-who'}, '/', 'whom auth_basic refuses is nobody in the '
    . 'response');
is(ask('basic', { Authorization => 'Basic '
    . encode_base64('bob:secret', '') })->{status}, 401, '... whoever it is');
is(ask('basic', { Authorization => 'Basic '
    . encode_base64('alice:secret', '') })->{status}, 429,
    'but what the early look says limits: the rate of alice is spent by who '
    . 'only said so');

ok(wait_for(sub { 3 <= (() = $t->read('access.log') =~ m{^/basic/}mg) }),
    'all of these are logged');
is_deeply([map { s/\S+ //r } grep { m{^/basic/} } split /\n/,
    $t->read('access.log')],
    ['401 [-] [alice]', '401 [-] [bob]', '429 [-] [alice]'],
    '... without a name, but for the map, which keeps what was found early');

is($t->request('GET', '/plain/')->{body}, '[]',
    'where there is no API nobody is known');

is($t->request('POST', '/user' . path(), who(user => 'd', roles => 'x'),
    records())->{status}, 403, 'who was known early still needs the role');


# of a configuration that could not be read to its end nothing stays in the
# master process, which reads the next one

my @workers = $t->workers();
my $from = $t->log_end();

$t->allow(qr/\[emerg\] .* unknown directive "no_such_directive"/);
$t->conf(conf(http => "$http no_such_directive;", server => $server));
kill 'HUP', $t->master();
ok($t->wait_logged($from, 'unknown directive "no_such_directive"'),
    'a reload fails after limits and maps were read');
is_deeply([$t->workers()], \@workers, '... the workers stay');
ok($t->reload($conf), 'the next reload does not');
is_deeply(statuses('user', named('e'), named('e')), [200, 429],
    '... and limits go by the caller');
is_deeply(statuses('mapped', named('e'), named('e')), [200, 429],
    '... and by a map of it');

$t->done();
