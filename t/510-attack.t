# A randomised attack: any request, in any piece, by clients that leave when they
# like, while Redis stops, runs out of memory, turns read-only, loses links,
# scripts and data, or has other types under our keys; while nginx reloads, and
# while the provider of keys answers late, in part, or nonsense.  What is
# guarded: no worker dies, no sanitizer reports, each good request is answered
# meanwhile, and when all is over no request is left, no connection, no worker,
# and health is 200.
#
#     ATTACK_SECONDS  3, and 60 in make check-asan
#     ATTACK_SEED     chosen by the clock and printed; the same one attacks alike

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use SecOps;
use SecOps::Attack;
use SecOps::Records;
use SecOps::Tokens;

my $missing = SecOps::Tokens::missing();
plan(skip_all => $missing) if $missing;

my $seconds = $ENV{ATTACK_SECONDS} // 3;
my $seed = $ENV{ATTACK_SEED} // int(time() * 1000) % 1_000_000;

diag("ATTACK_SEED=$seed");

my $t = SecOps->new(workers => 2, log_level => 'error');
my $redis = $t->redis();
my $issuer = SecOps::Tokens->new();
my $dir = $t->dir();

my $key = $issuer->key('one', kty => 'EC', crv => 'P-256', kid => 'one');
my $token = $issuer->token('one', { domain => 'acme' });


# The provider answers /NAME as said here; see fake-idp.pl.  That of "keys" is
# always good, that of "fetch" is what comes.

sub provider {
    my ($name, %answer) = @_;
    $t->write("idp/$name.new", JSON::PP->new->encode(\%answer));
    rename "$dir/idp/$name.new", "$dir/idp/$name" or die "rename: $!";
}

my @answers = ({ body => jwks($key) }, { body => jwks($key), delay => 0.3 },
    { body => jwks($key), chunked => 1 }, { body => jwks($key), cut => 20 },
    { body => jwks($key), size => 100_000 }, { body => '{', size => 100_000 },
    { body => jwks($key), size => 1_000_000, chunked => 1 },
    { body => jwks($key), size => 300_000, cut => 200_000 },
    { status => 500 }, { status => 302, headers => ['Location: /x'] },
    { status => 304 }, { silent => 1 }, { closed => 1 }, { body => "\xff\0{" },
    { body => jwks($key), drip => 0.01 });

provider('keys', body => jwks($key));
provider('fetch', body => jwks($key));

my $idp = $t->port(1);
$t->spawn("$dir/idp.out", $^X, root() . '/t/lib/fake-idp.pl', $idp,
    "$dir/idp");
wait_for(sub { IO::Socket::INET->new(PeerAddr => '127.0.0.1',
    PeerPort => $idp, Proto => 'tcp') });

my $server = join '', map { my ($name, $more) = @$_; <<"EOT" }
        location /$name/ {
            rewrite ^/$name(/.*)\$ \$1 break;
            secops_api;
            secops_redis %%REDIS%%;
            secops_redis_timeout 1s;
            $more
        }
EOT
    ['keys', 'secops_auth api_key jwt header; secops_api_key_cache 0;'
        . ' secops_jwt_key_request /idp/keys min_interval=50ms;'],
    ['fetch', 'secops_auth api_key jwt; secops_jwt_key_request /idp/fetch'
        . ' interval=50ms min_interval=20ms;'],
    ['post', 'secops_auth header; post_action /after;'],
    ['again', 'secops_auth header; post_action /keys/api/v2/health;'],
    ['small', 'secops_auth header; client_body_buffer_size 16;'],
    ['file', 'secops_auth header; client_body_in_file_only clean;'],
    ['error', 'secops_auth header; error_page 400 403 404 413 415 422 500'
        . ' 503 /keys/api/v2/health;'];

my $conf = conf(server => <<"EOT", http => <<'EOT');
        listen 127.0.0.1:%%PORT2%% http2;
        client_header_timeout 5s;
        client_body_timeout 2s;
        keepalive_timeout 2s;
        lingering_timeout 100ms;
$server
        location /idp/ {
            internal;
            proxy_pass http://127.0.0.1:$idp/;
            proxy_connect_timeout 1s;
            proxy_read_timeout 1s;
        }
        # nginx itself uses freed memory when this timer ends while a proxy
        # works for post_action, and the rest of the body has come meanwhile
        location = /after {
            lingering_timeout 30s;
            proxy_pass http://127.0.0.1:%%PORT3%%;
        }
EOT
    server {
        listen 127.0.0.1:%%PORT3%%;
        location / {
            return 204;
        }
        location = /status {
            stub_status;
        }
    }
EOT

$t->run($conf);


# --- who must be answered ---------------------------------------------------

# With a token or with headers; what Redis does meanwhile may be said, but
# something must be said, however long others hold on to theirs.

my ($victims, $unanswered) = (0, 0);

sub victim {
    my $place = $victims % 2 ? '/keys' : '';
    my $headers = $victims++ % 4 == 1 ? { Authorization => "Bearer $token" }
        : who(domain => 'acme');
    my $r = eval { $t->request('POST', $place . path(), $headers, records(),
        timeout => 20) };

    # a worker that is told to go closes what it has not begun
    $r //= eval { $t->request('POST', $place . path(), $headers, records(),
        timeout => 20) };
    return if $r && $r->{status} =~ /^(?:201|500|503)$/;

    $unanswered++;
    diag('a good request got ' . ($r ? $r->{head} . $r->{body} : 'no answer'));
}


# --- what goes wrong meanwhile ----------------------------------------------

sub pause { sleep 0.05 + rand 0.25 }

sub config { # for a while
    my ($name, $bad, $good) = @_;
    $redis->cmd('CONFIG', 'SET', $name, $bad);
    pause();
    victim();
    $redis->cmd('CONFIG', 'SET', $name, $good);
}

sub other_types { # under some of our keys
    my @keys = @{$redis->cmd('KEYS', 'secops:*')};

    foreach (1 .. 5) {
        my $key = $keys[rand @keys] // last;
        $redis->cmd('DEL', $key);
        $redis->cmd(rand() < 0.5 ? ('SET', $key, 'x') : ('LPUSH', $key, 'x'));
    }

    pause();
    victim();
    $redis->cmd('FLUSHALL');
}

my @troubles = (
    sub { $redis->pause(); pause(); $redis->resume() },
    sub { $redis->pause(); sleep rand 1.5; $redis->resume() },
    sub { config('maxmemory', 1, 0) },
    sub { config('min-replicas-to-write', 1, 0) },
    sub { $redis->cmd('REPLICAOF', '127.0.0.1', 1); pause(); victim();
        $redis->cmd('REPLICAOF', 'NO', 'ONE') },
    sub { $redis->cmd('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes') },
    sub { $redis->cmd('SCRIPT', 'FLUSH') },
    sub { $redis->cmd('FLUSHALL') },
    \&other_types,
    sub { $t->reload(undef, keep_old => 1) },
    (sub { provider('fetch', %{$answers[rand @answers]}) }) x 4,
    (sub { victim() }) x 3,
);


# --- the attack -------------------------------------------------------------

srand $seed;

my @records = map { post($t, records(), domain => 'acme')->{json}{sys_id} }
    1 .. 20;
my $attack = SecOps::Attack->new($t, seed => $seed, port => 0, h2 => 2,
    clients => 6, tokens => [ $token ], records => \@records);
my $end = time() + $seconds;

while (time() < $end) {
    $troubles[rand @troubles]->();
    pause();
}

provider('fetch', body => jwks($key));
victim() foreach 1 .. 4;

my $seen = $attack->end();

note("$seen->{requests} requests, $seen->{answers} answers, $seen->{left} left"
    . ' early: ' . join ', ', map { "$_ x $seen->{status}{$_}" }
    sort keys %{$seen->{status}});

is($seen->{failed}, 0, "the attackers came to their end (seed $seed)");
cmp_ok($seen->{answers}, '>', 10 * $seconds, '... and got answers');
is($seen->{odd}, 0, '... each of them whole, of a known status, in JSON')
    or diag(@{$seen->{heads}}[0 .. 2]);
is($unanswered, 0, "each of $victims good requests was answered meanwhile");

# that provider is always there: a fetch that is given up was never sent, and
# whoever needed its keys waited for nothing

my @late = grep { m{key request "/idp/keys" failed: it was not answered} }
    split /\n/, $t->error_log();
is(scalar @late, 0, 'each fetch of keys was sent when it was begun')
    or diag(scalar(@late) . " were not: $late[0]");


# --- what is left of it -----------------------------------------------------

$redis->cmd('FLUSHALL');

ok(wait_for(sub { $t->workers() == 2 }, 40),
    'no worker of before a reload is left: no request keeps it')
    or diag(join ' ', 'workers:', $t->workers());

sub active { # connections, of all workers of now
    my $r = $t->request('GET', '/status', {}, undef, port => 3) // return 99;
    return ($r->{body} =~ /Active connections: (\d+)/)[0];
}

ok(wait_for(sub { active() <= 1 }, 40), 'no connection is left but our own')
    or diag('active: ' . active());

sub sockets { # of a worker
    my ($pid) = @_;
    return scalar grep { (readlink($_) // '') =~ /^socket/ }
        glob "/proc/$pid/fd/*";
}

my %open = map { $_ => sockets($_) } $t->workers();
is(scalar(grep { $_ > 14 } values %open), 0, '... nor a socket of a worker')
    or diag(explain(\%open));

ok(wait_for(sub { ($t->request('GET', '/api/v1/health') // {})->{status}
    == 200 }, 20), 'health is 200');
is_stored(post($t, records()), '... and a record is stored');
is_stored($t->request('POST', "/$_" . path(),
    { Authorization => "Bearer $token" }, records(), timeout => 20),
    "... also by a token of $_") foreach qw(keys fetch);

$t->done();
