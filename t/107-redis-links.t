# The health of links: one that died without a word is found within the time of
# a command, or by a PING when there is none; a name leads where it leads now;
# and many workers whose Redis is down cost next to nothing.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use IO::Socket::IP;
use SecOps;
use SecOps::Fake;
use SecOps::Records;
use SecOps::Servers;
use SecOps::Stopwatch;
use SecOps::Tls;

my $t = SecOps->new();
my $tls = SecOps::Tls->new($t);

my $redis = $t->redis(tcp => 1);
my $secure = $tls->redis($tls->certificate('server', names => 'IP:127.0.0.1'));
my $quiet = $t->redis();
my $fake = SecOps::Fake->new($t);

my $dns = $t->port(301);
my $port = $t->port(300);       # of the names' servers, each at its address
my $six = IO::Socket::IP->new(LocalHost => '::1', LocalPort => $port,
    Listen => 1) ? 1 : 0;

my $first = $t->redis(args => ['--port', $port]);
my $second = $t->redis(args => ['--port', $port, '--bind', '127.0.0.2']);
my $third = $six ? $t->redis(args => ['--port', $port, '--bind', '::1']) : undef;

my $named = "resolver 127.0.0.1:$dns; resolver_timeout 1s;
    secops_redis_connect_timeout 300ms;";
my $ping = 'secops_redis_ping 300ms; secops_redis_timeout 300ms;';

at(command => 'secops_redis ' . $redis->url() . ';
    secops_redis_timeout 400ms; secops_redis_connect_timeout 200ms;');
at(idle => 'secops_redis ' . $redis->url() . ";
    secops_redis_connect_timeout 200ms; $ping");
at(tls => "secops_redis $secure->{tls_url};
    secops_redis_ssl_trusted_certificate $tls->{ca}{crt};
    secops_redis_connect_timeout 200ms; $ping");
at(never => "secops_redis unix:$quiet->{socket}; secops_redis_ping 0;
    secops_redis_timeout 300ms;");
at(fake => 'secops_redis ' . $fake->url() . "; $ping");
at(changing => "secops_redis redis://changing.test:$port; $named");
at(both => "secops_redis redis://both.test:$port; $named");
at(six => "secops_redis redis://six.test:$port; $named");

$t->write('names', "changing.test 127.0.0.1\nboth.test 127.0.0.1\n"
    . "six.test ::1\n");
$t->spawn($t->dir() . '/dns.out', $^X, root() . '/t/lib/fake-dns.pl', $dns,
    $t->dir() . '/names');
my $pong = "EXPECT 1\nSEND +PONG\\r\\n\n";
$fake->play("HANDSHAKE\n$pong", 'one PING');

$t->run(servers($t, '%%CLOCK%%'));


sub lost { # how often the log has told it of this URL
    my ($url, $why) = @_;
    return scalar(() = $t->error_log()
        =~ /"\Q$url\E": connection lost: \Q$why\E/g);
}


# an idle link

ok($fake->wait('one PING'), 'an idle link is sent a PING');
my ($from, $passed) = (time(), stopwatch());
ok($fake->step($pong x 3), '... and others');
cmp_ok(time() - $from, '>', 0.55, '... with the time between two that was set');
cmp_ok($passed->(), '<', 1.4, '... and not much more');
$fake->play('AUTO');

# Of requests one after another, as far as this machine lets them be: where it
# let the link be idle for the time of a PING, there may be one.

my ($pings, $idle, $last) = ($fake->seen(qr/^> PING/), 0, time());
foreach (1 .. 8) {
    sleep 0.1;
    my $begin = time();
    store('fake');
    $idle++ if time() - $last > 0.3;
    $last = $begin;
}
cmp_ok($fake->seen(qr/^> PING/) - $pings, '<', 2 + $idle, 'a busy one is not');

is_stored(store('tls'), 'idle links: TLS');
is_stored(store('idle'), '... and none');
is_stored(store('never'), '... and one without PING');

SKIP: {
    my @links = map { /^\s*\d+: \S+ \w+:(\w+) 01 \S+ (\w\w):(\w+)/
        ? [hex $1, hex $2, hex($3) / 100] : () }
        split /\n/, $t->read('/proc/net/tcp');
    my @ours = grep { $_->[0] == $redis->port() } @links;

    skip 'no /proc/net/tcp here', 2 unless @ours;
    is_deeply([grep { $_->[1] != 2 } @ours], [],
        'the system has keepalive timers for the links');
    is_deeply([grep { $_->[2] > 31 } @ours], [], '... of 30 seconds');
}

$_->pause() foreach $redis, $secure, $quiet;
$passed = stopwatch();
ok(wait_for(sub { lost($redis->url(), 'timed out') }),
    'a Redis that stopped is found by its silence');
cmp_ok($passed->(), '<', 1.2, '... within PING and its deadline');
ok(wait_for(sub { lost($secure->{tls_url}, 'timed out') }),
    '... behind TLS as well');
$t->later(700);         # a PING and its deadline, had it been sent one
is(lost("unix:$quiet->{socket}", 'timed out'), 0, '... not without PING');

is(store('idle')->{status}, 503, 'a request is refused');
is(store('never')->{status}, 500, 'without PING, it is the one that finds out');
$_->resume() foreach $redis, $secure, $quiet;

foreach my $at (qw(idle tls never)) {
    ok(wait_for(sub { store($at)->{status} == 201 }),
        "$at: when it goes on, records are stored");
}


# a link that is in use

is_stored(store('command'), 'a link in use');
$redis->pause();
$passed = stopwatch();
my $r = store('command');
is($r->{status}, 500, 'Redis stops: a record that was sent is of unknown fate');
cmp_ok($passed->(), '<', 0.8, '... within the deadline');
$passed = stopwatch();
$r = store('command');
is($r->{status}, 503, 'and the next one is refused');
cmp_ok($passed->(), '<', 0.5, '... within that of connecting');
$redis->resume();
ok(wait_for(sub { store('command')->{status} == 201 }), 'it goes on');


# what PING says

foreach my $case (['-LOADING Redis is loading\r\n', 'LOADING'],
    ['-MASTERDOWN Link is down\r\n', 'MASTERDOWN'],
    ['HTTP/1.1 400\r\n', 'Protocol error'])
{
    my ($bytes, $why) = @$case;
    $fake->stop();
    $fake->listen();
    $fake->play("HANDSHAKE\nAUTO 6");
    ok(wait_for(sub { store('fake')->{status} == 201 }), 'a link is ready');
    $fake->play("EXPECT 1\nSEND $bytes\nWAITCLOSE", "closed: $why");
    ok($fake->wait("closed: $why"), "PING is answered with $why: it closes");
    ok($t->wait_log("connection lost: $why"), '... the log has it');
}


# names

sub records_in {
    my @keys = keys_like($_[0], 'secops:*:rec:*');
    return scalar @keys;
}


ok(wait_for(sub { store('changing')->{status} == 201 }), 'a name');
is(records_in($first), 1, '... leads to its server');

$t->write('names', "changing.test 127.0.0.2\nboth.test 127.0.0.1\n"
    . "six.test ::1\n");
is_stored(store('changing'), 'it leads elsewhere, but the link lives');
is(records_in($first), 2, '... and is used');

$first->cmd('REPLICAOF', '127.0.0.2', $port);
$r = store('changing');
is($r->{status}, 503, 'until its server can not write any more');
is($r->{headers}{'retry-after'}, 1, '... come again');
ok(wait_for(sub { store('changing')->{status} == 201 }),
    'then the name is asked again');
is(records_in($second), 1, '... and its new server has the record');

$r = store('both');
is($r->{status}, 503, 'a name with one address, of a replica, serves nobody');
$t->write('names', "changing.test 127.0.0.2\nboth.test 127.0.0.1 127.0.0.2\n"
    . "six.test ::1\n");
ok(wait_for(sub { store('both')->{status} == 201 }),
    'once it has another address that one is tried');
is_deeply([map { store('both')->{status} } 1 .. 5], [(201) x 5],
    '... and kept');

SKIP: {
    skip 'no IPv6 on this machine', 2 unless $six;
    ok(wait_for(sub { store('six')->{status} == 201 }),
        'a name that has an IPv6 address only');
    is(records_in($third), 1, '... leads there');
}

# Sixteen workers whose Redis is down: what listens there hangs up, and counts.
# SECOPS_DOWN: for how many seconds, 5 unless told.

sub listener {
    my ($at, $file) = @_;
    my $pid = fork() // die "fork: $!";

    return $pid if $pid;

    my $socket = IO::Socket::IP->new(LocalHost => '127.0.0.1',
        LocalPort => $at, Listen => 256, ReuseAddr => 1) or POSIX::_exit(1);
    open my $count, '>>', $file or POSIX::_exit(1);
    $SIG{TERM} = 'DEFAULT';

    while (1) {
        my $client = $socket->accept() or next;
        syswrite $count, '.';
        close $client;
    }
}


subtest 'sixteen workers' => sub {
    my $many = SecOps->new(workers => 16, log_level => 'notice');
    my $seconds = $ENV{SECOPS_DOWN} || 5;
    my $at = $many->port(1);
    my $counts = $many->dir() . '/accepted';

    my $listener = listener($at, $counts);
    $many->run(<<"EOT");
%%MAIN%%
events { }
http {
    %%HTTP%%
    server {
        listen 127.0.0.1:%%PORT%%;
        location /api/ {
            secops_api;
            secops_auth header;
            secops_redis redis://127.0.0.1:$at;
        }
    }
}
EOT
    # the pauses between them grow, and have by then
    ok(wait_for(sub { (-s $counts // 0) >= 16 * 7 }), 'all of them try');

    my $tried = -s $counts;
    my $used = $many->cpu($many->workers());
    my $from = time();
    my %statuses;

    while (time() < $from + $seconds) {
        $statuses{post($many, records())->{status}}++;
        sleep 0.05;
    }

    $seconds = time() - $from;
    $tried = (-s $counts) - $tried;
    $used = $many->cpu($many->workers()) - $used;

    # each waits for a quarter of a second at least
    cmp_ok($tried, '<=', 16 * ($seconds * 4 + 1),
        sprintf "%.1f seconds without Redis: $tried attempts are few", $seconds);
    cmp_ok($tried, '>=', 16 * $seconds, '... and not too few');
    cmp_ok($used / $seconds, '<', $many->sanitized() ? 0.5 : 0.1,
        sprintf '... and all workers take %.1f %% of a processor',
            100 * $used / $seconds);
    is_deeply([keys %statuses], [503], '... requests are refused');

    my @lines = grep { !/records\.create failed/ }
        $many->error_log() =~ /^.*\[(?:error|warn)\].*$/mg;
    cmp_ok(scalar @lines, '<=', 16 * 3, '... the log says it once for each')
        or diag(join "\n", @lines[0 .. 20]);

    kill 'TERM', $listener;
    waitpid $listener, 0;

    my $redis = $many->redis(args => ['--port', $at]);
    ok(wait_for(sub { ($redis->cmd('INFO', 'clients')
        =~ /connected_clients:(\d+)/)[0] >= 17 }),
        'Redis comes: all workers have a link');
    is_stored(post($many, records()), '... and store');

    $many->done();
};

$t->done();
