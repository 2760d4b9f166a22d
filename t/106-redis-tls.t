# TLS between nginx and Redis: what a certificate must be before a password or
# a record is sent, what the log says when it is not, and that a link behaves
# behind TLS as it does without: nothing is lost, doubled or told wrongly when
# a write comes to its end in the middle of a record.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use IO::Handle;
use SecOps;
use SecOps::Cluster;
use SecOps::Fake;
use SecOps::Records;
use SecOps::Sentinel;
use SecOps::Servers;
use SecOps::Stopwatch;
use SecOps::Tls;

my $t = SecOps->new();
my $tls = SecOps::Tls->new($t);
my $ca = $tls->{ca}{crt};
my $dns = $t->port(301);

my $server = $tls->certificate('server',
    names => 'DNS:redis.test,IP:127.0.0.1');
my $client = $tls->certificate('client', password => 'key-secret');
my $revoked = $tls->certificate('revoked', names => 'IP:127.0.0.1');
my $crl = $tls->revoke($revoked);
my $alone = $tls->self_signed('alone', names => 'IP:127.0.0.1');

$t->write('key.password', "key-secret\n");
$t->write('password', "redis-secret\n");

my %redis = (
    good    => $tls->redis($server, '--requirepass', 'redis-secret'),
    named   => $tls->redis($tls->certificate('127.0.0.1',
        names => 'DNS:redis.test')),
    expired => $tls->redis($tls->certificate('expired',
        names => 'IP:127.0.0.1', expired => 1)),
    alone   => $tls->redis($alone),
    revoked => $tls->redis($revoked),
    asking  => $tls->redis($server, qw(--tls-auth-clients yes)),
    old     => $tls->redis($server, qw(--tls-protocols TLSv1.2)),
);

my $plain = $t->redis(tcp => 1);
my $peer = $tls->peer($server, $plain);
my $peer12 = $tls->peer($server, $plain, version => '1.2');
my $slow = $tls->peer($server, $plain, slow => 2, buffer => 4096);
my $narrow = $tls->peer($server, $plain, buffer => 4096);
my $silent = $tls->peer($server, $plain, cut => 0);
my $halfway = $tls->peer($server, $plain, cut => 200);

my $trust = "secops_redis_ssl_trusted_certificate $ca;";
my $password = 'secops_redis_password_file %%DIR%%/password;';


sub tls { # a location for this Redis or URL
    my ($name, $redis, $directives) = @_;
    my $url = ref $redis ? $redis->{tls_url} // $redis->url() : $redis;
    at($name, "secops_redis $url; $trust " . ($directives // ''));
}


my $named = "resolver 127.0.0.1:$dns ipv6=off; resolver_timeout 1s;";

tls(address => $redis{good}, $password);
tls(host => "rediss://redis.test:$redis{good}{tls_port}", "$password $named");
tls(ssl_name => $redis{named}, 'secops_redis_ssl_name redis.test;');
tls(other_name => $redis{good}, 'secops_redis_ssl_name other.test;');
tls(other_address => $redis{named});
tls(expired => $redis{expired});
tls(alone => $redis{alone});
tls(revoked => $redis{revoked}, "secops_redis_ssl_crl $crl;");
at(unchecked => "secops_redis $redis{alone}{tls_url};
    secops_redis_ssl_verify off;");
tls(anonymous => $redis{asking});
tls(certificate => $redis{asking}, "secops_redis_ssl_certificate $client->{crt};
    secops_redis_ssl_certificate_key $client->{key};
    secops_redis_ssl_password_file %%DIR%%/key.password;");
tls(stranger => $redis{asking}, "secops_redis_ssl_certificate $alone->{crt};
    secops_redis_ssl_certificate_key $alone->{key};");
tls(old => $redis{old}, 'secops_redis_ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256;');
tls(new => $redis{old}, 'secops_redis_ssl_protocols TLSv1.3;');
tls(plain => 'rediss://127.0.0.1:' . $plain->port());
tls(http => 'rediss://127.0.0.1:%%PORT1%%');
at(none => "secops_redis redis://127.0.0.1:$redis{named}{tls_port};");
tls(peer => "rediss://redis.test:$peer->{port}", $named);
tls(peer12 => $peer12);
tls(slow => $slow, 'secops_redis_timeout 60s;');
tls(narrow => $narrow, 'secops_redis_timeout 60s;');
tls(silent => $silent);
tls(halfway => $halfway);

$t->write('names', "redis.test 127.0.0.1\n");
$t->spawn($t->dir() . '/dns.out', $^X, root() . '/t/lib/fake-dns.pl', $dns,
    $t->dir() . '/names');
ok(wait_for(sub { !-s $t->dir() . '/dns.out' && $t->read("/proc/net/udp")
    =~ /:@{[ sprintf '%04X', $dns ]} / }), 'the name server is there');

my $requests = 350;
my $conf = servers($t, 'client_max_body_size 4m; client_body_buffer_size 4m;
    secops_redis_connect_timeout 700ms;');
my ($valid, $output) = $t->t($conf);

ok($valid, 'nginx -t accepts all of it') or diag($output);
my @warnings = $output =~ /\[warn\].*?: (.*) in /g;
is_deeply(\@warnings,
    [("with \"secops_redis_ssl_verify off\" whoever answers for "
        . "\"$redis{alone}{tls_url}\" is taken for Redis") x @warnings],
    '... and warns of the one that is not verified');
cmp_ok(scalar @warnings, '>', 0, '... aloud');

$t->run($conf);


# who is believed

foreach my $case (
    ['address', 'an address that the certificate names'],
    ['host', 'the host of the URL'],
    ['ssl_name', 'the name of secops_redis_ssl_name'],
    ['certificate', 'a client certificate, whose key has a password'],
    ['old', 'TLS 1.2 with one cipher'],
    ['unchecked', 'verification that was switched off'])
{
    my ($at, $name) = @$case;
    ok(wait_for(sub { store($at)->{status} == 201 }), $name);
}

my $verify = qr/not available: certificate verify error: /;

foreach my $case (
    ['other_name', qr/not available: certificate is not for "other.test"/,
        'another name'],
    ['other_address', qr/not available: certificate is not for "127\.0\.0\.1"/,
        'an address that is only its common name'],
    ['expired', qr/$verify\(10:certificate has expired\)/, 'expired'],
    ['alone', qr/$verify\(18:self-signed certificate\)/, 'self-signed'],
    ['revoked', qr/$verify\(23:certificate revoked\)/, 'revoked'],
    ['anonymous', qr/not available: read failed/,
        'a Redis that wants to know the client'],
    ['stranger', qr/not available: read failed/,
        'a client certificate of another CA'],
    ['new', qr/not available: TLS handshake failed/, 'no protocol in common'],
    ['plain', qr/not available: TLS handshake timed out/,
        'a Redis without TLS, which waits for the end of a line'],
    ['http', qr/not available: TLS handshake failed/,
        'a server that speaks, but not TLS'],
    ['none', qr/not available: (?:closed by Redis|read failed|Protocol error)/,
        'no TLS for a Redis that wants it'],
    ['silent', qr/not available: TLS handshake timed out/,
        'a peer that says nothing'],
    ['halfway', qr/not available: TLS handshake timed out/,
        'a peer that stops in the middle'])
{
    my ($at, $log, $name) = @$case;
    my $port = port_of($at);
    my ($url) = $conf =~ /PORT$port%%;.*?secops_redis (\S+);/s;
    $url =~ s/%%PORT1%%/$t->port(1)/e;
    my $line = qr/\[error\].*"\Q$url\E": $log/;

    my $r = store($at);
    is_refused($r, 503, 'Unable to persist record', $name);
    is($r->{headers}{'retry-after'}, 1, '... come again');
    ok(wait_for(sub { $t->error_log() =~ $line }), '... the log has the reason')
        or diag(join "\n", grep { /\Q$url\E/ } split /\n/, $t->error_log());
}

ok($t->wait_log('SSL_do_handshake\(\) failed .*wrong version number'),
    'of a handshake that failed OpenSSL has the details');
is(scalar(() = $redis{alone}->log() =~ /AUTH/g), 0, 'nothing was sent before');

my $passed = stopwatch();
is(store('silent')->{status}, 503, 'while a handshake hangs');
cmp_ok($passed->(), '<', 1.2, '... nobody waits longer than for a connect');


# SNI and sessions

ok(wait_for(sub { store('peer')->{status} == 201 }), 'by way of the peer');
like($peer->log(), qr/^hello 1 sni=redis\.test reused=0 version=TLSv1\.3/m,
    'the server is told the name');
ok(wait_for(sub { store('peer12')->{status} == 201 }), 'and with TLS 1.2');
like($peer12->log(), qr/^hello 1 sni=None reused=0 version=TLSv1\.2/m,
    'an address is no name');

foreach my $case (['peer', $peer, 'TLSv1.3'], ['peer12', $peer12, 'TLSv1.2']) {
    my ($at, $which, $version) = @$case;

    $which->say('DROP');
    ok($which->wait(qr/^hello 2 /m), "$version: after a lost link the next");
    like($which->log(), qr/^hello 2 .*reused=1 version=\Q$version\E/m,
        '... takes up the session');
    is_stored(store($at), '... and stores');
    $which->say('DROP');
    ok($which->wait(qr/^hello 3 .*reused=1/m), '... and so does the one after');
}


# more than a socket takes: a Redis that reads slowly, 20 records of 100 kB

my $large = 'x' x 100_000;
my @under_way = map { start($t, 'POST', path(),
    records(raw_data => "$large$_"), port => port_of('slow')) } 1 .. 20;
my @answers = map { $_->answer('POST') } @under_way;

is_deeply([map { $_ ? $_->{status} : 'none' } @answers], [(201) x 20],
    'a slow Redis has them all in the end');
is_deeply([map { length(get($t, $_->{headers}{location},
        port => port_of('slow'))->{json}{result}{raw_data} // '') } @answers],
    [map { length "$large$_" } 1 .. 20], '... every byte of each');


# A link that is lost in the middle of a record: what the server can not have
# had is written again, of the rest nobody knows.  They are so small that each
# TLS record, of 16 kB, has the end of one in it at least.  Each is a batch, which
# shares its transaction with nobody.

is_stored(store('narrow'), 'a link that holds little');
$narrow->say('STALL');
ok($narrow->wait(qr/^stalled/m), '... to a Redis that reads no more');
$large = 'x' x 12_000;
@under_way = map { start($t, 'POST', path(),
    { data => [records(raw_data => "$large$_")] }, port => port_of('narrow')) }
    1 .. $requests;
ok(SecOps::Connection::taken(@under_way), 'nginx has all the records');

my ($worker) = $t->workers();
kill 'STOP', $worker;
$narrow->say('COUNT');
my $counted = $narrow->wait(qr/^counted (\d+)/m);
kill 'CONT', $worker;

@answers = map { $_->answer('POST') } @under_way;
my %statuses;
$statuses{$_ ? $_->{status} : 'none'}++ foreach @answers;

cmp_ok($counted, '>', 0, "it has had $counted of $requests");
cmp_ok($counted, '<', $requests, '... not all');
is_deeply(\%statuses, { 500 => $counted, 201 => $requests - $counted },
    'exactly of these it is not known, all others are stored');


# the end, with handshakes and replies under way

@under_way = map { start($t, 'POST', path(), records(raw_data => "$large$_"),
    port => port_of('slow')) } 1 .. 5;
ok(SecOps::Connection::taken(@under_way), 'records are written');
ok($t->reload(), 'a reload meanwhile');
@answers = map { $_->answer('POST') } @under_way;
is_deeply([map { $_ ? $_->{status} : 'none' } @answers], [(201) x 5],
    '... stores them all');
is_stored(store('address'), '... and the next ones');

unlike($t->error_log(), qr/(?:key|redis)-secret/, 'no password is in the log');


# A server that was believed once can not come with another certificate later.

subtest 'a renegotiation' => sub {
    my $test = SecOps->new();
    my $tls = SecOps::Tls->new($test);
    my $one = $tls->certificate('one', names => 'IP:127.0.0.1');
    my $port = $test->port(160);
    my $output = $test->dir() . '/s_server.out';

    my $pid = open(my $server, '|-') // die "fork: $!";
    if ($pid == 0) {
        open STDOUT, '>', $output;
        open STDERR, '>&', \*STDOUT;
        { no warnings; exec qw(openssl s_server -tls1_2 -crlf -4 -accept),
            $port, '-cert', $one->{crt}, '-key', $one->{key}; }
        POSIX::_exit(127);
    }
    $server->autoflush(1);
    wait_for(sub { $test->read($output) =~ /^ACCEPT/m });

    $test->run(<<"EOT");
%%MAIN%%
events { }
http {
    %%HTTP%%
    server {
        listen 127.0.0.1:%%PORT%%;
        location /api/ {
            secops_api;
            secops_auth header;
            secops_redis rediss://127.0.0.1:$port;
            secops_redis_ssl_trusted_certificate $tls->{ca}{crt};
        }
    }
}
EOT
    wait_for(sub { $test->read($output) =~ /^PING/m });
    print $server "+PONG\n";
    ok($test->wait_log('ready, 0 failed'), 'a link');
    print $server "r\n";
    ok(wait_for(sub { $test->read($output) =~ /no renegotiation/ }),
        '... on which the server asks for another handshake in vain');
    ok($test->wait_log('connection lost'), '... and hangs up');

    kill 'KILL', $pid;
    { local ($?, $!); close $server; }
    $test->done();
};


# nodes that are found at run time have TLS as well: for what name each must
# have a certificate, it says itself

sub found { # the API with these directives: the records that were stored
    my ($test, $directives) = @_;

    $test->run(<<"EOT");
%%MAIN%%
events { }
http {
    %%HTTP%%
    server {
        listen 127.0.0.1:%%PORT%%;
        location /api/ {
            secops_api;
            secops_auth header;
            $directives
        }
    }
}
EOT
    wait_for(sub { post($test, records())->{status} == 201 });
    return map { post($test, records(observable => "198.51.100.$_"))->{status} }
        1 .. 40;
}


subtest 'a cluster' => sub {
    my $test = SecOps->new();
    my $tls = SecOps::Tls->new($test);
    my $one = $tls->certificate('one', names => 'IP:127.0.0.1');
    my $cluster = SecOps::Cluster->new($test, replicas => 0, announce => sub {
        return ($tls->arguments($test->port(500 + $_[0]), $one),
            '--tls-cluster', 'yes') });
    my $url = 'rediss://127.0.0.1:' . $test->port(500);

    is_deeply([found($test, "secops_redis $url; secops_redis_cluster on;
        secops_redis_ssl_trusted_certificate $tls->{ca}{crt};")],
        [(201) x 40], 'records of all shards are stored');

    foreach my $node ($cluster->nodes()) {
        my $port = $node->{peer_port};
        like($node->cmd('CLIENT', 'LIST'), qr/ laddr=127\.0\.0\.1:$port .*cmd=exec/,
            'each node has a link to its TLS port');
    }
    $test->done();
};


subtest 'sentinels' => sub {
    my $test = SecOps->new();
    my $tls = SecOps::Tls->new($test);
    my $one = $tls->certificate('one', names => 'IP:127.0.0.1');
    my $master = $tls->redis($one);
    my $port = $test->port(501);
    my @arguments = $tls->arguments($test->port(502), $one);
    my $conf = '';

    while (my ($name, $value) = splice @arguments, 0, 2) {
        $conf .= substr($name, 2) . " $value\n";
    }

    my $sentinel = SecOps::Sentinel::Server->new($test, $port, "port $port\n"
        . "${conf}tls-replication yes\n"
        . "sentinel monitor soc 127.0.0.1 $master->{tls_port} 1\n");
    push @{$test->{redis}}, $sentinel;

    my $trust = "secops_redis_ssl_trusted_certificate $tls->{ca}{crt};";
    my $secure = 'secops_redis_sentinel soc 127.0.0.1:' . $test->port(502) . ';';

    is_deeply([found($test, "secops_redis rediss://soc; $trust $secure")],
        [(201) x 40], 'sentinels and master have TLS');
    like($sentinel->cmd('CLIENT', 'LIST'),
        qr/ laddr=127\.0\.0\.1:@{[ $test->port(502) ]} /, '... both');
    $test->quit();

    is_deeply([found($test, "secops_redis rediss://soc; $trust
        secops_redis_sentinel soc 127.0.0.1:$port;
        secops_redis_sentinel_ssl off;")],
        [(201) x 40], 'only the master has TLS');
    $test->done();
};


$t->done();
