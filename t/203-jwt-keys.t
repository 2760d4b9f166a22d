# Keys that a location fetches, secops_jwt_key_request: when, how often, for
# whom, and what happens when the provider is slow, broken or away, when keys
# change, and when clients leave in the middle.  What is guarded: no request is
# lost, none waits for ever, a key that is gone ends, and the provider is not
# overrun.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use SecOps;
use SecOps::Records;
use SecOps::Tokens;

my $missing = SecOps::Tokens::missing();
plan(skip_all => $missing) if $missing;

my $t = SecOps->new();
my $redis = $t->redis();
my $issuer = SecOps::Tokens->new();

my %key = map { $_ => $issuer->key($_, kty => 'EC', crv => 'P-256',
    kid => $_) } qw(one two);
my %token = map { $_ => $issuer->token($_) } qw(one two);
my $stray = $issuer->token('one', {}, { kid => 'stray' });
my $secret = $issuer->key('secret', kty => 'oct', size => 256, kid => 'secret');
my $shared = $issuer->token('secret');

my $dir = $t->dir();
my $unknown = '/api/now/table/sn_ti_lookup_result/x';


# The provider answers /keys/NAME as said here; with hold => 1 not before it may

sub provider {
    my ($name, %answer) = @_;
    unlink "$dir/idp/$name.go";
    $t->write("idp/$name", JSON::PP->new->encode(\%answer));
}

sub may_answer { $t->write("idp/$_[0].go", '') }

sub fetches { # -> [time, head] of each request that it got
    my ($name) = @_;
    return map { JSON::PP->new->decode($_) }
        split /\n/, $t->read("idp/$name.log");
}

sub fetched { # 1 once there were that many
    my ($name, $n) = @_;
    return wait_for(sub { fetches($name) >= $n });
}


# A location of that name, whose keys come from there: each has its own.

sub location {
    my ($name, $parameters, $directives, $uri) = @_;
    $parameters //= '';
    $directives //= '';
    $uri //= "/keys/$name";

    return <<"EOT";
        location /$name/ {
            rewrite ^/$name(/.*)\$ \$1 break;
            secops_api;
            secops_redis %%REDIS%%;
            secops_auth jwt;
            secops_jwt_key_request $uri $parameters;
            $directives
        }
EOT
}


my $every = 'interval=500ms min_interval=500ms';

my @broken = (
    ['500', { status => 500, body => 'x' }, qr/failed: 500/],
    ['404', { status => 404, body => jwks($key{two}) }, qr/failed: 404/],
    ['204', { status => 204 }, qr/failed: 204/],
    ['302', { status => 302, headers => ['Location: /elsewhere'] },
        qr/failed: 302/],
    ['201', { status => 201, body => jwks($key{two}) }, qr/failed: 201/],
    ['empty', {}, qr/got an empty answer/],
    ['garbage', { body => '<html>' },
        qr/no usable keys: it is neither JSON nor PEM/],
    ['none', { body => '{"keys":[]}' }, qr/no usable keys: it has no keys/],
    ['useless', { body => jwks({ %{$key{two}}, use => 'enc' }) },
        qr/no usable keys: its use is not "sig" \(key 1\)/],
    ['cut', { body => jwks($key{two}), cut => 50 }, qr/no usable keys|failed/],
    ['closed', { closed => 1 }, qr/failed: 502/],
    ['silent', { silent => 1 }, qr/failed: 504/],
);

my $http = <<'EOT';
    proxy_cache_path %%DIR%%/cache keys_zone=keys:1m;
    limit_req_zone $server_port zone=one:64k rate=1r/s;

    server {
        listen 127.0.0.1:%%PORT2%%;
        location / {
            return 204;
        }
    }
EOT

my $jwks = jwks($key{one}, $key{two});

my $server = join '',
    (map { location($_) } qw(h2 big bigh2)),
    (map { location($_, 'timeout=60s', '', "/held/$_") }
        qw(first post pipe guard)),
    (map { location($_, 'min_interval=500ms timeout=60s', '', "/held/$_") }
        qw(leave reset waiter)),
    location('alone', 'min_interval=500ms'),
    location('once', 'min_interval=1h'),
    location('kid', 'min_interval=500ms'),
    location('rotate', $every),
    location('secret', $every),
    (map { location("broken$_->[0]", $every) } @broken),
    location('dead', 'min_interval=500ms', '', '/dead'),
    location('deadfile', 'min_interval=500ms',
        "secops_jwt_key_file $dir/one.json;", '/dead'),
    location('deadany', '', 'satisfy any; deny all;', '/dead'),
    location('deadheader', '', 'secops_auth jwt header;', '/dead')
        =~ s/secops_auth jwt;//r,
    location('literal', '', '', '/literal'),
    location('file', '', '', '/plain-file/set.json'),
    location('threads', '', '', '/read-by-thread/set.json'),
    location('cachea', '', '', '/cached'),
    location('cacheb', '', '', '/cached'),
    location('limited', '', '', '/limited'),
    location('bigfile', '', '', '/plain-file/big.json'),
    location('room', '', '', '/room'),
    location('any', '', 'satisfy any; deny all;', '/keys/first'),
    location('chunked'),
    location('self', '', '', '/self/api/now/table/sn_ti_lookup_result/x'),
    location('ping', '', '', '/pong/api/now/table/sn_ti_lookup_result/x'),
    location('pong', '', '', '/ping/api/now/table/sn_ti_lookup_result/x'),
    location('nowhere', '', '', '/nowhere/at/all'),
    <<"EOT";
        listen 127.0.0.1:%%PORT3%% http2;
        proxy_read_timeout 1s;
        lingering_timeout 300ms;

        location /keys/ {
            internal;
            proxy_pass http://127.0.0.1:%%PORT1%%/;
        }
        location /held/ {
            internal;
            proxy_pass http://127.0.0.1:%%PORT1%%/;
            proxy_read_timeout 60s;
        }
        location = /room {
            internal;
            proxy_pass http://127.0.0.1:%%PORT1%%/big;
            subrequest_output_buffer_size 64k;
        }
        location = /dead {
            internal;
            proxy_pass http://127.0.0.1:%%PORT9%%/;
        }
        location = /literal {
            internal;
            return 200 '$jwks';
        }
        location /plain-file/ {
            internal;
            alias %%DIR%%/file/;
        }
        location /read-by-thread/ {
            internal;
            aio threads;
            alias %%DIR%%/file/;
        }
        location = /cached {
            internal;
            proxy_pass http://127.0.0.1:%%PORT1%%/cached;
            proxy_cache keys;
            proxy_cache_valid 200 1m;
        }
        location = /limited {
            internal;
            limit_req zone=one burst=5;
            proxy_pass http://127.0.0.1:%%PORT1%%/limited;
        }
        location = /guarded.txt {
            auth_request /guard$unknown;
            error_page 500 = \@inside;
        }
        location \@inside {
            return 200 inside;
        }
        location /mirrored/ {
            mirror /copy;
            proxy_pass http://127.0.0.1:%%PORT2%%;
        }
        location = /copy {
            internal;
            rewrite ^ /api/sn_sec_cmn/integration_capabilities/threat_lookup
                break;
            secops_api records;
            secops_redis %%REDIS%%;
            secops_auth jwt;
            secops_jwt_key_request /held/copy timeout=60s;
        }
EOT

my @healthy = (qw(first post h2 pipe guard copy leave reset waiter cached
    limited chunked), map { "broken$_->[0]" } @broken);

provider($_, body => jwks($key{one})) foreach @healthy, qw(once kid rotate);
$t->write('file/set.json', jwks($key{one}));
$t->write('file/big.json', jwks($key{one}) . ' ' x 20000);
$t->write('one.json', jwks($key{one}));

my $idp = $t->port(1);
$t->spawn("$dir/idp.out", $^X, root() . '/t/lib/fake-idp.pl', $idp,
    "$dir/idp");
wait_for(sub { IO::Socket::INET->new(PeerAddr => '127.0.0.1',
    PeerPort => $idp, Proto => 'tcp') });

my $conf = conf(http => $http, server => $server);
$t->run($conf);


sub bearer { return { Authorization => "Bearer $_[0]" } }

# 404 is the proof that the caller was let in

sub status {
    my ($name, $key, $headers) = @_;
    my $r = $t->request('GET', "/$name$unknown",
        { %{bearer($token{$key} // $key)}, %{$headers // {}} });
    return $r ? $r->{status} : 'none';
}

# a request whose answer is not waited for -> its connection

sub begin {
    my ($name, $key) = @_;
    my $connection = $t->connect();
    $connection->send($connection->format('GET', "/$name$unknown",
        bearer($token{$key} // $key)));
    return $connection;
}

sub end {
    my ($connection) = @_;
    my $r = $connection->answer('GET');
    return $r ? $r->{status} : 'none';
}


# the first fetch

provider('first', body => jwks($key{one}), hold => 1);
my @all = map { begin('first', 'one') } 1 .. 30;
SecOps::Connection::taken(@all);
may_answer('first');
is(join(' ', map { end($_) } @all), join(' ', (404) x 30),
    'many requests at once are all let in');
is(scalar fetches('first'), 1, '... by one fetch');
is(status('first', 'one'), 404, 'another request is let in') for 1 .. 5;
is(scalar fetches('first'), 1, '... by the keys that are there');

provider('post', body => jwks($key{one}), hold => 1);
my $c = $t->connect();
$c->send($c->format('POST', '/post' . path(), {
    %{bearer($token{one})}, Range => 'bytes=0-3', 'If-None-Match' => '*',
    'If-Modified-Since' => 'Fri, 01 Jan 2100 00:00:00 GMT',
    'Accept-Encoding' => 'gzip', Cookie => 'a=b', Expect => '100-continue',
    Connection => 'close' }, records(more => 'x' x 100_000)));
fetched('post', 1);
may_answer('post');
my $r = $c->answer('POST');
is_stored($r, 'a request with a body of 100 kB waits for keys and is stored');
my ($fetch) = fetches('post');
is(($fetch->[1] =~ /^(.*)\r\n/)[0], 'GET /post HTTP/1.0',
    'keys are got by GET');
is(join(' ', sort map { lc } $fetch->[1] =~ /^([\w-]+):/mg), 'connection host',
    '... and nothing of the client\'s request goes along');

provider('pipe', body => jwks($key{one}), hold => 1);
$c = $t->connect();
$c->send($c->format('GET', "/pipe$unknown", bearer($token{one})) x 3);
fetched('pipe', 1);
may_answer('pipe');
is(join(' ', map { end($c) } 1 .. 3), '404 404 404',
    'pipelined requests are answered in turn');
is(scalar fetches('pipe'), 1, '... by one fetch');

$r = $t->h2('GET', "/h2$unknown", bearer($token{one}), undef, port => 3);
is($r->{status}, 404, 'HTTP/2 waits as well');
is($t->h2('POST', '/h2' . path(), { %{bearer($token{one})},
    'Content-Type' => 'application/json' },
    records(more => 'x' x 100_000), port => 3)->{status}, 201,
    '... also with a body');

is(status('any', 'one'), 404, 'satisfy any: the request waits, and is let in');
is(status('any', 'two'), 401, '... or is not');


# locations of other kinds

is(status($_, 'one'), 404, "keys from: $_")
    foreach qw(literal file threads limited chunked);
provider('chunked', body => jwks($key{one}), chunked => 1);
is(status('literal', 'two'), 404, 'a set of two keys');
is(status("cache$_", 'one'), 404, 'keys from a cache') foreach qw(a b);
is(scalar fetches('cached'), 1, '... are fetched once for two locations');

is(status('nowhere', 'one'), 503, 'a location that is not there');
ok($t->wait_log(qr{key request "/nowhere/at/all" failed: 404}),
    '... is told in the log');
is(status('self', 'one'), 503, 'a location that needs its own keys');
is(status('ping', 'one'), 503, 'two that need each other\'s');


# size

provider($_, body => JSON::PP->new->encode({ keys =>
    [$key{one}, map { { kty => 'x', fill => 'x' x 100 } } 1 .. 100] }))
    foreach 'big', 'bigh2';
is(status('big', 'one'), 503, 'keys that are too many for the default buffer');
ok($t->wait_log(qr/too big subrequest response/), '... nginx says so');
ok($t->wait_log(qr{key request "/keys/big" failed: -1}), '... and so do we');
is($t->h2('GET', "/bigh2$unknown", bearer($token{one}), undef,
    port => 3)->{status}, 503, '... with HTTP/2 as well');
is(status('bigfile', 'one'), 503, '... from a file as well');
is(status('room', 'one'), 404,
    '... with subrequest_output_buffer_size they fit');
ok($t->wait_log(qr{/room" got 100 keys that are not usable, the first one: .*}
    . qr{its type or its curve is not supported \(key 2\)}),
    'keys that are of no use are told, not an error');


# subrequests

provider('guard', body => jwks($key{one}), hold => 1);
$c = $t->connect();
$c->send($c->format('GET', '/guarded.txt', bearer($token{one})));
fetched('guard', 1);
may_answer('guard');
is($c->answer('GET')->{body}, 'inside',
    'auth_request: a subrequest waits for keys');
is($t->request('GET', '/guarded.txt', bearer($token{two}))->{status}, 401,
    '... and refuses what they do not verify');

provider('copy', body => jwks($key{one}), hold => 1);
$redis->cmd('FLUSHALL');
$c = $t->connect();
is($c->request('POST', '/mirrored/x', bearer($token{one}),
    records())->{status}, 204,
    'mirror: the request itself is answered before there are keys');
may_answer('copy');
is($c->request('GET', "/first$unknown", bearer($token{one}))->{status}, 404,
    '... and its connection goes on');
ok(wait_for(sub { @{$redis->cmd('KEYS', '*:rec:*')} == 1 }),
    '... and its copy waits for keys and is stored');


# a key that is not known

is(status($_, 'one'), 404, 'a known key') foreach qw(once kid);
provider($_, body => jwks($key{one}, $key{two})) foreach qw(once kid);
is(status('once', 'two'), 401, 'an unknown one within min_interval is refused');
is(status('once', $stray), 401, '... whichever it is') for 1 .. 5;
is(scalar fetches('once'), 1, '... and not asked for');

ok(wait_for(sub { time() > (fetches('kid'))[0][0] + 0.6 }), 'the time is over');
my ($from, $before) = (time(), scalar fetches('kid'));
@all = map { begin('kid', $_ % 3 ? 'two' : 'one') } 1 .. 12;
is(join(' ', map { end($_) } @all), join(' ', (404) x 12),
    'after it a new key is fetched, and all are let in');
cmp_ok(fetches('kid') - $before, '<=', 1 + int((time() - $from) / 0.5),
    '... by one fetch, if that was within half a second');
($from, $before) = ((fetches('kid'))[-1][0], scalar fetches('kid'));
@all = map { begin('kid', $stray) } 1 .. 20;
is(join(' ', map { end($_) } @all), join(' ', (401) x 20),
    'a stream of unknown keys is refused');
cmp_ok(fetches('kid') - $before, '<=', int((time() - $from) / 0.5),
    '... without a fetch within half a second of the last one');


# rotation under load: what the provider publishes is good, what it has taken
# away ends, and nothing else fails

my (@load, %bad);
my $lane = 0;

sub load { # for so many seconds, these tokens over connections that stay
    my ($seconds, $what, @keys) = @_;
    my $end = time() + $seconds;
    my $n = 0;

    while (time() < $end || $n <= 20 * $seconds) {
        my $connection = $load[$lane++ % 4] //= $t->connect();
        my $r = $connection->request('GET', "/rotate$unknown",
            bearer($token{$keys[$n++ % @keys]}));

        if (!$r) {
            $load[($lane - 1) % 4] = undef;     # nginx allows so many
            next;
        }
        $bad{$what}{$r->{status}}++ if $r->{status} != 404;
        sleep 0.002;
    }

    cmp_ok($n, '>', 20 * $seconds, "$what: $n requests");
    is_deeply($bad{$what} // {}, {}, '... all let in');
}

load(0.4, 'the old key', 'one');
provider('rotate', body => jwks($key{one}, $key{two}));
ok(wait_for(sub { status('rotate', 'two') == 404 }), 'a new key is found');
load(1, 'a new key is published', 'one', 'two');
provider('rotate', body => jwks($key{two}));
my $published = fetches('rotate');
load(0.8, 'the old key is gone', 'two');
ok(wait_for(sub { status('rotate', 'one') == 401 }), 'a token of the old key is'
    . ' refused, though it was remembered');
cmp_ok(fetches('rotate') - $published, '<=', 3, '... as soon as keys are fetched');

# the provider may hear of a fetch late, so one fetch more may seem to be due
my @times = map { $_->[0] } fetches('rotate');
cmp_ok(scalar @times, '>=', 3, 'keys were fetched again and again');
cmp_ok($#times, '<=', ($times[-1] - $times[0]) / 0.5 + 1,
    '... no more often than they may be');


# a secret that changes, but keeps its kid

provider('secret', body => jwks($secret));
is(status('secret', $shared), 404, 'a secret');
provider('secret', body => jwks({ %$secret, k => 'A' x 43 }));
ok(wait_for(sub { status('secret', $shared) == 401 }),
    'what the old secret signed is refused, though it was remembered');


# a provider that is broken

foreach my $case (@broken) {
    my $name = "broken$case->[0]";
    is(status($name, 'one'), 404, "$name: keys are there");
    provider($name, %{$case->[1]});
}

foreach my $case (@broken) {
    my ($name, undef, $line) = @$case;
    my ($in, $out) = (0, 0);

    # until they were fetched again
    ok(wait_for(sub {
        status("broken$name", 'one') == 404 ? $in++ : $out++;
        return $t->error_log() =~ qr{key request "/keys/broken$name" .*$line};
    }), "broken$name: the log says why");
    is("$in " . ($out + (status("broken$name", 'one') == 404 ? 0 : 1)), "$in 0",
        '... the old keys stay');
    provider("broken$name", body => jwks($key{two}));
}

foreach my $case (@broken) {
    my ($name) = @$case;
    ok(wait_for(sub { status("broken$name", 'two') == 404 }),
        "broken$name: when it works again, there are new keys");
    is(status("broken$name", 'one'), 401, '... and only those');
}


# no keys at all

$before = length $t->error_log();
my $tried_from = time();
$r = $t->request('GET', "/dead$unknown", bearer($token{one}));
is_refused($r, 503, 'Service Unavailable', 'no keys: 503');
is($r->{headers}{'retry-after'}, 1, '... with Retry-After');
like($r->{json}{error}{detail}, qr/^request [0-9a-f]{32}$/,
    '... and the request\'s id');
my $log = substr $t->error_log(), $before;
like($log, qr/\[error\].*secops: key request "\/dead" failed: 502/,
    '... the log has the fetch');
like($log, qr/\[error\].*secops: there are no keys to verify tokens with/,
    '... and what follows from it');
is(index($log, (split /\./, $token{one})[2]), -1, '... not the token');

is($t->request('GET', "/dead$unknown")->{status}, 401,
    'who has no token is not kept waiting');
is(status('deadfile', 'one'), 404, 'keys from a file do without');
is(status('deadfile', 'two'), 401, '... and are all there is');
is_refused($t->request('GET', "/deadany$unknown", bearer($token{one})), 503,
    'Service Unavailable', 'satisfy any: 503 as well');
is_refused($t->request('GET', "/deadheader$unknown",
    { %{bearer($token{one})}, %{who()} }), 503, 'Service Unavailable',
    'a token that nobody can verify is not passed over for another method');
is($t->request('GET', "/deadheader$unknown", who())->{status}, 404,
    '... which is asked when there is none');

# of the requests to this location, six, one each half of a second
status('dead', 'one') for 1 .. 5;
my $tried = () = $t->error_log()
    =~ m{key request "/dead" failed: 502, .*"GET /dead/}g;
cmp_ok($tried, '<=', 1 + (time() - $tried_from) / 0.5,
    "it is not tried for each request ($tried)");

my $open = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
    LocalPort => $t->port(9), Proto => 'tcp', Listen => 5, ReuseAddr => 1);
wait_for(sub {
    $c = begin('dead', 'one');
    return IO::Select->new($open)->can_read(0.1);
});
if (my $peer = $open->accept()) {
    sysread $peer, my $head, 65536;
    my $body = jwks($key{one});
    syswrite $peer, "HTTP/1.0 200 OK\r\nContent-Length: " . length($body)
        . "\r\n\r\n$body";
    close $peer;
}
is(end($c), 404, '... but after min_interval, and then there are keys');
close $open;


# clients that leave


sub has_left { # it closes, and nginx has noticed
    my ($connection, @how) = @_;
    $connection->close(@how);
    ok($t->has_left(), 'a client leaves');
}

foreach my $case (['leave'], ['reset', reset => 1]) {
    my ($name, @how) = @$case;

    provider($name, body => jwks($key{one}), hold => 1);
    my $leaver = begin($name, 'one');
    fetched($name, 1);
    my @waiters = map { begin($name, 'one') } 1 .. 5;
    SecOps::Connection::taken(@waiters);
    has_left($leaver, @how);
    may_answer($name);
    is(join(' ', map { end($_) } @waiters), join(' ', (404) x 5),
        "$name: the client of the fetch goes, those who wait are let in");
    is(scalar fetches($name), 1,
        "R.14: $name: ... by the same fetch, which nobody's leaving ends");
}

provider('waiter', body => jwks($key{one}), hold => 1);
my $stays = begin('waiter', 'one');
fetched('waiter', 1);
my @leavers = map { begin('waiter', 'one') } 1 .. 5;
my $last = begin('waiter', 'one');
SecOps::Connection::taken(@leavers, $last);
has_left($leavers[$_], reset => $_ % 2) foreach 0 .. 4;
may_answer('waiter');
is(end($stays), 404, 'clients that wait go: the fetch goes on');
is(end($last), 404, '... and so do those who stay');
is(scalar fetches('waiter'), 1, '... without another');

# all of them go, while the provider does not answer; later one comes
provider('alone', silent => 1);
@leavers = map { begin('alone', 'one') } 1 .. 5;
fetched('alone', 1);
$_->close() foreach @leavers;
provider('alone', body => jwks($key{one}));
ok(wait_for(sub { status('alone', 'one') == 404 }),
    'when all have gone, the next one has keys, once that fetch is over');

# the same with HTTP/2: curl gives up, its stream is reset
provider('reset', body => jwks($key{one}), hold => 1);
$t->reload($conf);
if ((my $pid = fork()) == 0) {
    exec 'curl', '-s', '-o', '/dev/null', '--http2-prior-knowledge', '-m', 1,
        '-H', "Authorization: Bearer $token{one}",
        'http://127.0.0.1:' . $t->port(3) . "/reset$unknown";
} else {
    fetched('reset', 2);
    $c = begin('reset', 'one');
    waitpid $pid, 0;
    is($? >> 8, 28, 'a client of HTTP/2 gives up');
    may_answer('reset');
}
is(end($c), 404, '... and who waits is let in');


# the end of a worker; by then it must have accepted all of them

provider('first', body => jwks($key{one}), hold => 1);
$t->reload($conf);
my $n = fetches('first');
@all = map { begin('first', 'one') } 1 .. 5;
fetched('first', $n + 1);
SecOps::Connection::taken(@all);
my ($ends) = $t->workers();     # the first one, before the caches' own
ok($t->reload($conf, keep_old => 1), 'a reload in mid fetch');
may_answer('first');
is(join(' ', map { end($_) } @all), join(' ', (404) x 5),
    '... loses no request');
ok(wait_for(sub { !grep { $_ == $ends } $t->workers() }),
    '... and the worker ends');
provider('first', body => jwks($key{one}), hold => 1);
@all = map { begin('first', 'one') } 1 .. 5;
fetched('first', $n + 2);
SecOps::Connection::taken(@all);
my $quits = () = $t->error_log() =~ /gracefully shutting down/g;
kill 'QUIT', $t->master();
$t->{told} = 1;
wait_for(sub { $quits < (() = $t->error_log() =~ /gracefully shutting down/g) });
may_answer('first');
is($t->quit(), 0, 'QUIT in mid fetch');
is(join(' ', map { end($_) } @all), join(' ', (404) x 5),
    '... loses no request');
provider('first', body => jwks($key{one}), hold => 1);
$t->run($conf);
@all = map { begin('first', 'one') } 1 .. 5;
fetched('first', $n + 3);
is($t->stop(), 0, 'TERM in mid fetch ends');
$_->close() foreach @all;


# several workers: each has keys of its own, and all agree

$t->{workers} = 3;
$t->run($conf);
provider('rotate', body => jwks($key{one}));
$n = fetches('rotate');
$from = time();
is(join(' ', map { status('rotate', 'one') } 1 .. 30), join(' ', (404) x 30),
    'three workers let in');
cmp_ok(fetches('rotate') - $n, '<=', 3 * (1 + int((time() - $from) / 0.5)),
    '... by a fetch each, at most, each half of a second');
provider('rotate', body => jwks($key{two}));
ok(wait_for(sub { !grep { status('rotate', 'two') != 404 } 1 .. 30 }),
    'all of them see a new key');
is(join(' ', map { status('rotate', 'one') } 1 .. 30), join(' ', (401) x 30),
    '... and that the old one is gone');

$t->done();
