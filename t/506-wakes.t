# Requests that wait, for Redis, for keys, for a caller's key, and how they go
# on and end: each wake runs what the request has begun, whatever ends a request
# ends what it waits for, and no client decides how long another one waits.

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
my $dir = $t->dir();

my $key = $issuer->key('one', kty => 'EC', crv => 'P-256', kid => 'one');
my $token = $issuer->token('one');
my $stray = $issuer->token('one', {}, { kid => 'stray' });
my $value = substr('Kz7' x 29, 0, 85) . 'A';  # of the form of a key
my $unknown = '/api/now/table/sn_ti_lookup_result/x';


# The provider answers /NAME as said here; see fake-idp.pl.

sub provider {
    my ($name, %answer) = @_;
    $t->write("idp/$name", JSON::PP->new->encode(\%answer));
}

sub fetches { return scalar split /\n/, $t->read("idp/$_[0].log") }

sub fetched { # 1 once there were that many
    my ($name, $n) = @_;
    return wait_for(sub { fetches($name) >= $n }, 20);
}


sub location { # whose keys are fetched from there
    my ($name, $auth, $parameters) = @_;

    return <<"EOT";
        location /$name/ {
            rewrite ^/$name(/.*)\$ \$1 break;
            secops_api;
            secops_redis %%REDIS%%;
            secops_redis_timeout 20s;
            secops_auth $auth;
            secops_jwt_key_request /keys/$name $parameters;
        }
EOT
}

my $often = 'interval=1ms min_interval=1ms';

my $server = join '',
    location('key', 'api_key jwt', ''),
    location('due', 'api_key jwt', 'interval=1s min_interval=100ms'),
    location('token', 'jwt', 'min_interval=1ms'),
    location('size', 'jwt', "$often timeout=20s"),
    location('silent', 'jwt', 'min_interval=1ms timeout=300ms'),
    location('held', 'jwt', "$often timeout=300ms"),
    location('drip', 'jwt', "$often timeout=300ms"),
    location('leave', 'jwt', 'min_interval=1h'),
    location('gone', 'jwt', "$often timeout=2s"),
    <<'EOT';
        location /keys/ {
            internal;
            proxy_pass http://127.0.0.1:%%PORT1%%/;
            proxy_read_timeout 60s;
            subrequest_output_buffer_size 8k;
        }
        location = /status {
            stub_status;
        }
        location = /after {
            return 204;
        }
EOT

# what follows a request that ended: a location of another module, one of this
# module, or the same one again

my @after = (['proxied', '@elsewhere'], ['named', '@secops'],
    ['path', '/api/v2/health']);

$server .= <<"EOT" foreach @after, ['slow', '/keys/after'];
        location /$_->[0]/ {
            rewrite ^/$_->[0](/.*)\$ \$1 break;
            client_max_body_size 1m;
            lingering_timeout 300ms;
            secops_api;
            secops_redis %%REDIS%%;
            secops_redis_timeout 20s;
            secops_auth header;
            post_action $_->[1];
        }
EOT

$server .= <<'EOT';
        location @elsewhere {
            proxy_pass http://127.0.0.1:%%PORT2%%;
        }
        location @secops {
            rewrite ^ /api/v2/health break;
            lingering_timeout 300ms;
            secops_api;
            secops_redis %%REDIS%%;
            secops_redis_timeout 20s;
            secops_auth header;
        }
EOT

provider($_, body => jwks($key))
    foreach qw(key due token size silent held drip leave gone);

my $idp = $t->port(1);
$t->spawn("$dir/idp.out", $^X, root() . '/t/lib/fake-idp.pl', $idp,
    "$dir/idp");
wait_for(sub { IO::Socket::INET->new(PeerAddr => '127.0.0.1',
    PeerPort => $idp, Proto => 'tcp') });

my $conf = conf(server => $server,
    location => 'secops_redis_timeout 20s; lingering_timeout 300ms;', http => <<'EOT');
    %%CLOCK%%
    server {
        listen 127.0.0.1:%%PORT2%%;
        location / {
            return 204;
        }
    }
EOT
$t->run($conf);

my ($worker) = $t->workers();


sub bearer { return (Authorization => "Bearer $_[0]") }

sub begin { # a request whose answer is not waited for -> its connection
    my ($method, $path, $headers, $body) = @_;
    my $connection = $t->connect();
    $connection->send($connection->format($method, $path, $headers, $body));
    return $connection;
}

sub end { # its status
    my ($connection, $timeout) = @_;
    my $r = $connection->answer('GET', $timeout // 20);
    return $r ? $r->{status} : 'none';
}

sub status {
    my ($name, $with) = @_;
    my $r = $t->request('GET', "/$name$unknown", { bearer($with // $token) });
    return $r ? $r->{status} : 'none';
}

sub left { # how many clients were found to have left
    return scalar(() = $t->error_log()
        =~ /client prematurely closed connection/g);
}

sub open_files { # of the worker
    opendir my $folder, "/proc/$worker/fd" or return 0;
    return scalar grep { !/^\./ } readdir $folder;
}

sub active { # client connections, but for the one that asks
    my $r = $t->request('GET', '/status');
    return ($r->{body} =~ /Active connections: (\d+)/)[0] - 1;
}

sub is_quiet { # no connection is left, to clients or to others
    my ($files, $name) = @_;
    my @now;

    ok(wait_for(sub { @now = (active(), open_files());
        $now[0] == 0 && $now[1] <= $files }, 20), $name)
        or diag("clients $now[0], files $now[1], before $files");
}


# R.1: health may have to fetch keys, and others wait for these

my @health = ('GET', '/key/api/v2/health',
    { 'x-arcanna-api-key' => $value, bearer($token) });

my $asker = begin(@health);
my $r = $t->request('POST', '/key' . path(), { bearer($token) }, records());
is_stored($r, 'R.1: who asks for health with a key and a token, and stays, does '
    . 'not keep others waiting');
is(fetches('key'), 1, '... the keys were fetched');
is(end($asker), 200, '... and who asked is answered');

is(status('due'), 404, 'R.1: a worker that has keys');
my $n = fetches('due');
ok(wait_for(sub {
    my $c = begin('GET', '/due/api/v2/health',
        { 'x-arcanna-api-key' => $value, bearer($token) });
    end($c) == 200 && fetches('due') > $n;
}), '... has them fetched when they are due, by health as well');

provider('token', body => jwks($key), delay => 0.3);
my $first = begin('GET', '/token/api/v2/health', { bearer($stray) });
fetched('token', 1);
my $second = begin('GET', '/token/api/v2/health', { bearer($stray) });
my @victims = map { begin('GET', "/token$unknown", { bearer($token) }) } 1 .. 3;
$first->close();
is(join(' ', map { end($_) } @victims), '404 404 404',
    'R.1: two that ask with an unknown key, and one leaves: others are let in');
is(end($second), 200, '... and who stays is answered');
$_->close() foreach $asker, $second, @victims;


# R.7: a fetch holds no connection, whatever is answered

is(status('size'), 404, 'keys of a usual size');
my $files = open_files();

foreach my $size (0, 1, 8191, 8192, 8193, 65535, 65536, 65537, 1 << 20,
    10 << 20)
{
    foreach my $how ([], ['unmeasured', 1], ['chunked', 1],
        ['cut', int $size / 2])
    {
        my $name = join ' ', "R.7: an answer of $size bytes", @$how;
        provider('size', body => jwks($key), size => $size, @$how);

        my $c = $t->connect();
        my @answers = map {
            $c->request('GET', "/size$unknown", { bearer($token) })
        } 1, 2;

        is(join(' ', map { $_ ? $_->{status} : 'none' } @answers), '404 404',
            "$name: the good keys stay, two requests have their answers");
    }
}

is_quiet($files, 'R.7: ... and no connection is left');


# a fetch has a time of its own, which is over whatever the provider does

provider('silent', silent => 1);
my $c = $t->connect();
is_refused($c->request('GET', "/silent$unknown", { bearer($token) }), 503,
    'Service Unavailable', 'a provider that says nothing: without keys, 503');
ok($t->wait_log(qr{key request "/keys/silent" failed: it was not answered in }
    . qr{300 milliseconds}), '... the log says why');
is($c->request('GET', '/after')->{status}, 204,
    '... and the connection serves the next request');
$c->close();
provider('silent', body => jwks($key));
ok(wait_for(sub { status('silent') == 404 }), '... and later there are keys');

foreach my $how (['held', silent => 1], ['drip', drip => 0.1]) {
    my ($name, @answer) = @$how;
    is(status($name), 404, "$name: there are keys");
    provider($name, body => jwks($key), @answer);
    my $begun = Time::HiRes::time();
    my $c = $t->connect();
    is($c->request('GET', "/$name$unknown", { bearer($token) })->{status}, 404,
        '... and they stay when the next fetch is not over in its time');
    cmp_ok(Time::HiRes::time() - $begun, '<', 15, '... for which nobody waits');
    is($c->request('GET', '/after')->{status}, 204,
        '... and the connection serves the next request');
}

is_quiet($files, '... whose connections are closed');


# R.14: who leaves does not make the next one fetch, nor end a fetch for others

provider('leave', body => jwks($key), delay => 0.3);
$c = begin('GET', "/leave$unknown", { bearer($token) });
fetched('leave', 1);
my @waiting = map { begin('GET', "/leave$unknown", { bearer($token) }) } 1 .. 3;
$c->close();
is(join(' ', map { end($_) } @waiting), '404 404 404',
    'R.14: the client of the fetch leaves, those who wait are let in');
$_->close() foreach @waiting;

foreach my $reset (0, 1) {
    for (1 .. 30) {
        my $c = begin('GET', "/leave$unknown", { bearer($stray) });
        select undef, undef, undef, 0.005;
        $c->close(reset => $reset);
    }
}
is(status('leave', $stray), 401, 'R.14: an unknown key is refused');
is(fetches('leave'), 1, '... and never fetched for within min_interval, however '
    . 'many left');

provider('gone', silent => 1);
my $before = left();
begin('GET', "/gone$unknown", { bearer($token) })->close(reset => $_)
    foreach 0, 1;
ok(wait_for(sub { left() >= $before + 1 }), 'a client leaves its fetch');
is_quiet($files, '... which ends all the same');


# R.9: a client leaves while Redis is asked, and something follows

my $integration = { hook => { type => 'integration', properties => {
    title => 'Hook', integration_type => 'Webhook',
    parameters => { url => 'https://hook.example/x' } } } };

my %admin = (%{who(roles => 'sn_sec_cmn.api_write,sn_sec_cmn.admin')});

my @routes = (
    ['POST', path(), records()],
    ['POST', path(), { data => [apart(5)] }],
    ['GET', '/api/now/table/sn_ti_lookup_result/' . '0' x 32],
    ['GET', '/api/v2/health'],
    ['GET', '/api/v2/resources'],
    ['POST', '/api/v2/resources', $integration],
    ['GET', '/api/secops/v1/audit'],
    ['GET', '/api/secops/v1/secrets/rotate'],
);

foreach my $after (@after) {
    foreach my $reset (0, 1) {
        my $before = left();

        $redis->pause();
        my @c = map {
            my ($method, $path, $body) = @$_;
            begin($method, "/$after->[0]$path", \%admin, $body);
        } @routes;
        wait_for(sub { active() >= @routes });
        $_->close(reset => $reset) foreach @c;
        my $noticed = wait_for(sub { left() >= $before + @routes }, 20);
        $redis->resume();

        ok($noticed, "R.9: post_action $after->[1]: clients "
            . ($reset ? 'reset' : 'leave') . ' while Redis is asked');
        ok(wait_for(sub { get($t, '/api/v2/health')->{status} == 200 }),
            '... and the worker serves the next one');
    }
}

# a body that nobody asked for breaks off, while Redis is asked: it is nginx who
# ends such a request

foreach my $after (@after) {
    $redis->pause();
    my @c = map {
        my $c = begin('GET', "/$after->[0]$_->[1]",
            { %admin, 'Content-Length' => 500000 }, 'x' x 1000);
        $c;
    } grep { $_->[0] eq 'GET' } @routes;
    wait_for(sub { active() >= 4 });
    $_->close(reset => 1) foreach @c;
    ok(wait_for(sub { active() == 0 }, 20),
        "R.9: post_action $after->[1]: a body that is not wanted breaks off");
    $redis->resume();
    ok(wait_for(sub { get($t, '/api/v2/health')->{status} == 200 }),
        '... and the worker serves the next one');
}

# ... and then post_action may wait for somebody else when Redis answers

provider('after', body => '', delay => 0.5);
$n = 0;

foreach my $how (['closes', ''], ['resets', '', reset => 1],
    ['sends nonsense and closes', "de\r\nnonsense\r\n"],
    ['is slow and stays', ''])
{
    my ($name, $more, @close) = @$how;

    $redis->pause();
    my $c = $t->connect();
    $c->send("GET /slow/api/v2/health HTTP/1.1\r\nHost: localhost\r\n"
        . "Transfer-Encoding: chunked\r\n\r\n5\r\nabc");
    $c->taken();
    $c->send($more);
    $c->close(@close) unless $name =~ /stays/;

    if ($name !~ /stays/) {
        ok(fetched('after', ++$n), "R.9: a client $name within a body that is "
            . 'not wanted, and post_action waits');
        $redis->resume();

    } else {
        $t->later(500);         # the time of a body that is discarded
        $redis->resume();
        is(end($c), 200, "R.9: a client that $name is answered");
        ok(fetched('after', ++$n), '... and post_action waits');
    }

    ok(wait_for(sub { get($t, '/api/v2/health')->{status} == 200 }),
        '... as does the request, no more');
    ok(wait_for(sub { active() == 0 }, 20), '... and its connection is closed');
    $c->close();
}

is(($t->workers())[0], $worker, 'R.9: it is the same worker all the time');
is_quiet($files, '... and no request is left');


# R.17: a client that says that it will send no more has left, for nginx: so it
# is here, and docs/operations.md says so

$redis->pause();
$before = left();
$c = begin('POST', path(), who(), records(observable => 'half'));
$c->taken();                # and its record is sent with the turn that read it
$c->socket()->shutdown(1);
ok(wait_for(sub { left() > $before }, 20),
    'R.17: a client that closes its sending half is taken for one that left');
$redis->resume();
is($c->slurp(), '', '... it has no answer');
ok(wait_for(sub {
    grep { ($redis->cmd('GET', $_) // '') =~ /"half"/ }
        keys_like($redis, '*:rec:*')
}, 10), '... and the record may be stored');
ok($t->wait_log(qr/prematurely closed connection/), '... the log says so');


# A request that waits looks for its client when the kernel tells of it, and not
# at once: that was a system call for each record, whose body is read exactly and
# leaves the connection "ready".

SKIP: {
    my $debug = SecOps->new(log_level => 'debug');
    skip 'nginx was built without debugging', 6
        if $debug->version() !~ /--with-debug/;

    my $stopped = $debug->redis();
    my $looks = 'secops test reading';
    my $large = records(observable => 'large',
        details => { more => 'x' x 6000 });
    $debug->run(conf() =~ s/%%REDIS%%/${\ $stopped->url()}/r);

    my $client = $debug->connect();
    my @status = map { $client->request('POST', path(), who(), $large)->{status} }
        1 .. 5;
    is("@status", '201 201 201 201 201', 'records that do not fit in the buffer of a head');
    is($debug->logged(0, $looks), 0, '... none looks for its client');

    $stopped->pause();
    $client->send($client->format('POST', path(), who(), $large));
    $client->taken();
    $client->close();
    ok($debug->has_left(), '... but who leaves is noticed');
    is($debug->logged(0, $looks), 1, '... by looking once');
    $stopped->resume();
    is($debug->quit(20), 0, '... and nginx ends');
    is_deeply([$debug->faults()], [], '... without a fault');
}

$t->done();
