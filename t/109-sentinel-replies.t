# What a sentinel may say and a client must live with: no address, one that is
# none, one of a server that is no master, too many other sentinels, messages
# that never end.  Scripted sentinels, real servers.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use IO::Socket::IP;
use SecOps;
use SecOps::Fake;
use SecOps::Records;
use SecOps::Stopwatch;

my $t = SecOps->new();

my $six = IO::Socket::IP->new(LocalHost => '::1', Listen => 1) ? 1 : 0;

# the master, another server, a replica of the master; two sentinels
my $redis = $t->redis(tcp => 1, aof => 'no',
    args => ['--bind', '127.0.0.1', $six ? '::1' : ()]);
my $other = $t->redis(tcp => 1, aof => 'no');
my $replica = $t->redis(tcp => 1, aof => 'no',
    args => ['--replicaof', '127.0.0.1', $redis->port()]);
my ($fake, $second) = map { SecOps::Fake->new($t) } 1 .. 2;
my ($f0, $f1) = map { $_->{listen} } $fake, $second;
my ($port, $elsewhere) = ($redis->port(), $other->port());

my $dns = $t->port(500);
$t->write('names', "master.test 127.0.0.1\n");
$t->spawn($t->dir() . '/dns.out', $^X, root() . '/t/lib/fake-dns.pl', $dns,
    $t->dir() . '/names');


# the location asks these sentinels

sub asks {
    my (@sentinels) = @_;
    return conf(http => "resolver 127.0.0.1:$dns; resolver_timeout 2s;",
        location => "secops_redis_sentinel m @sentinels;")
        =~ s/%%REDIS%%/redis:\/\/m/r;
}


sub stored { # until a record is
    my ($server) = @_;

    return wait_for(sub {
        my $r = post($t, records(), timeout => 20) or return;
        return $r->{status} == 201
            && (!$server || present($server, $r->{json}{sys_id}));
    });
}


sub present {
    my ($server, $id) = @_;
    my $keys = eval { $server->cmd('KEYS', '*:rec:*') }
        // $server->cmd('KEYS', '*:rec:*');
    return scalar grep { /\Q$id\E\z/ } @$keys;
}


sub restart { # of scripted sentinels, with nothing to say
    foreach my $server (@_ ? @_ : ($fake, $second)) {
        $server->stop();
        $server->listen();
    }
}


# what they say

sub bulk { return '$' . length($_[0]) . '\r\n' . $_[0] . '\r\n' }
sub array { return '*' . @_ . '\r\n' . join '', @_ }
sub named { return array(bulk($_[0]), bulk($_[1])) }

my $subscribed = array(bulk('subscribe'), bulk('+switch-master'), ':1\r\n');

sub asked { # one time, with this answer, and these steps afterwards
    my ($answer, @more) = @_;
    return join "\n", "ASKED 3 $answer", @more, '';
}

sub answer { # in full: a master, no other sentinels, the subscription
    my ($host, $number, @more) = @_;
    return asked(named($host, $number) . '*0\r\n' . $subscribed, @more);
}

sub message { # about a master
    my ($master) = @_;
    return 'SEND ' . array(bulk('message'), bulk('+switch-master'),
        bulk("$master 127.0.0.1 1 127.0.0.1 2"));
}


# --- no address, or none that can be one

my @odd = (
    ['does not know the master', '$-1\r\n', 'it does not know the master'],
    ['does not know it, as an array', '*-1\r\n', 'it does not know the master'],
    ['wants a password', '-NOAUTH Authentication required.\r\n',
        'NOAUTH Authentication required\.'],
    ['has no such command', '-ERR unknown command\r\n', 'ERR unknown command'],
    ['announces port 0', named('127.0.0.1', '0'), 'the port is not a number'],
    ['announces no port', named('127.0.0.1', ''), 'the port is not a number'],
    ['announces a word for a port', named('127.0.0.1', 'port'),
        'the port is not a number'],
    ['announces a large port', named('127.0.0.1', '65536'),
        'the port is not a number'],
    ['announces nothing', named('', ''), 'the host is empty'],
    ['announces "?"', named('?', $port), 'the host is not known'],
    ['announces a long host', named('x' x 300, $port), 'the host is too long'],
    ['announces half an address', named('127.0.0', $port),
        'the host is no IPv4 address'],
    ['announces brackets', named('[::1]', $port),
        'the host is no IPv6 address'],
    ['announces control characters',
        array('$6\r\n\x1b[31m\xff\r\n', bulk($port)), 'the host is no name'],
    ['announces three values', array(map { bulk($_) } '127.0.0.1', $port, 'x'),
        'unexpected reply of a sentinel'],
    ['announces one value', array(bulk('127.0.0.1')),
        'unexpected reply of a sentinel'],
    ['announces a number', array(bulk('127.0.0.1'), ":$port\\r\\n"),
        'unexpected reply of a sentinel'],
    ['announces an array', array(array(bulk('127.0.0.1')), bulk($port)),
        'unexpected reply of a sentinel'],
    ['is nice', '+OK\r\n', 'unexpected reply of a sentinel'],
    ['counts', ':1\r\n', 'unexpected reply of a sentinel'],
    ['speaks HTTP', 'HTTP/1.1 400 Bad Request\r\n', 'Protocol error'],
);

$t->run(asks($f0));

foreach my $case (@odd) {
    my ($name, $answer, $fault) = @$case;
    my $from = $t->log_end();

    ok($fake->step(asked($answer, 'WAITCLOSE')),
        "a sentinel that $name is left");
    ok($t->wait_logged($from, qr/sentinel "$f0": $fault/), '... as the log says');
}

is($t->logged(0, qr/\[warn\].*sentinel "$f0": /), 1,
    'the log has one warning for a sentinel that is of no use');

my $from = $t->log_end();
$fake->play("ACCEPT\nEXPECT 3\nCLOSE");
ok($t->wait_logged($from, qr/sentinel "$f0": closed by Redis/),
    'a sentinel that hangs up is left');

$from = $t->log_end();
$fake->play("ACCEPT\nEXPECT 3\nWAITCLOSE");
ok($t->wait_logged($from, qr/sentinel "$f0": handshake timed out/),
    'a sentinel that says nothing is left');

my $passed = stopwatch();
is(post($t, records())->{status}, 503,
    'without a master a request is told so');
cmp_ok($passed->(), '<', 1, '... soon');


# --- other sentinels

my @others = (
    array(bulk('ip'), bulk('?'), bulk('port'), bulk('26379')),
    array(bulk('ip'), bulk('127.0.0.1'), bulk('port')),
    array(array(bulk('ip')), bulk('127.0.0.1')),
    '*0\r\n', ':7\r\n', '$-1\r\n', '+OK\r\n',
    array(bulk('port'), bulk('26379'), bulk('ip'), bulk('::1')),
    map { array(bulk('ip'), bulk("127.0.0.$_"), bulk('port'), bulk('9')) }
        1 .. 40
);

$from = $t->log_end();
$fake->play(asked(named('127.0.0.1', $port) . array(@others) . $subscribed));

ok(stored($redis), 'a sentinel that names the master is believed');
ok($t->wait_logged($from, qr/subscribed to sentinel "$f0"/),
    '... and is listened to');
is($t->logged($from, qr/was learned/), 31,
    '... of those that it names no more than 32 are asked');
is($t->logged($from, qr/\[warn\].*is not used, there are 32 already/), 1,
    '... the first one too many is a warning');
ok($t->logged($from, qr/sentinel "\[::1\]:26379" was learned/),
    '... an IPv6 address is in brackets');
ok($t->logged($from, qr/names one without an address: the host is not known/),
    '... one without an address is left out');

$from = $t->log_end();
$fake->play(join("\n", message('m'), 'WAITCLOSE', '')
    . answer('127.0.0.1', $port));
ok($t->wait_logged($from, qr/is named no more/),
    'those that are not named any more are forgotten');
is($t->logged($from, qr/is named no more/), 31, '... all of them');


# --- messages

my $tells = qr/sentinel "$f0" tells of a new master/;
my $subscribes = qr/subscribed to sentinel "$f0"/;

# one that means something comes behind them
$from = $t->log_end();
$fake->step(join "\n", map { message($_) } 'mm', 'M', '', 'm.', 'm');
ok($t->wait_logged($from, $tells), 'a message about a switch is heard');
is($t->logged($from, $tells), 1, '... one about another master means nothing');

# between the questions there are 200 ms
my $began = time();
$fake->play(join("\n", map({ message('m') } 1 .. 5), 'WAITCLOSE', '')
    . answer('127.0.0.1', $port, message('m'), 'WAITCLOSE') x 200);
ok($t->wait_logged($from, $subscribes, 6),
    'a sentinel that tells of switches all the time is asked each time');
my $times = $t->logged($from, $subscribes);
cmp_ok(time() - $began, '>', 0.19 * ($times - 1),
    "... but a few times in a second only ($times)");
is(post($t, records())->{status}, 201, '... records are stored');
is($t->logged($from, qr/connection lost/), 0, '... by the same link');

restart();
$from = $t->log_end();
$fake->play(answer('127.0.0.1', $port));
ok($t->wait_logged($from, $subscribes),
    'a subscription is renewed when the sentinel is back');
$fake->play('SEND +OK\r\n');
ok($t->wait_logged($from, qr/subscription .* lost: unexpected message/),
    '... one that says what it should not is left');

# The pauses are 125 ms at least, then 250, 500, and so on; and as short again
# as the first when nginx, which looks once a second, sees a subscription.
restart();
$from = $t->log_end();
$began = time();
$fake->play(answer('127.0.0.1', $port, 'CLOSE') x 200);
ok($t->wait_logged($from, $subscribes, 5),
    'one that is lost again and again is renewed');
$times = $t->logged($from, $subscribes);
cmp_ok(time() - $began, '>', 0.22 * ($times - 1),
    "... less and less often ($times)");
restart();


# --- a sentinel that knows less than the others

is($t->quit(), 0, 'nginx ends');
restart();
$fake->play(answer('127.0.0.1', $replica->port(), 'WAITCLOSE') x 50);
$second->play(answer('127.0.0.1', $port));
my $questions = $fake->seen(qr/GET-MASTER-ADDR-BY-NAME/);
$from = $t->log_end();
$t->run(asks($f0, $f1));

ok(stored($redis), 'a sentinel names a replica, another one the master');
ok($t->wait_logged($from, qr/not available: this server is no master/),
    '... the replica says what it is');
is($fake->seen(qr/GET-MASTER-ADDR-BY-NAME/) - $questions, 1,
    '... the sentinel is not asked again');


# while there is a link, one that names the same master is enough

$from = $t->log_end();
$second->play("CLOSE\n" . answer('127.0.0.1', $port));
ok($t->wait_logged($from, qr/subscription to sentinel "$f1" lost/),
    'a subscription is lost');
ok($t->wait_logged($from, qr/sentinel "$f0": it names another master/),
    '... a sentinel names another master');
ok($t->wait_logged($from, qr/subscribed to sentinel "$f1"/),
    '... another one names the present master');
is($t->logged($from, qr/connection lost/), 0, '... the link stays');


# none does: a switch was missed

restart($fake);
$fake->play(answer('127.0.0.1', $elsewhere, 'WAITCLOSE') x 20);
$from = $t->log_end();
$second->play("CLOSE\n" . answer('127.0.0.1', $elsewhere, 'WAITCLOSE') x 20);
ok($t->wait_logged($from, qr/connection lost: another server is the master/),
    'all sentinels name another master: the link is left');
ok(stored($other), '... for the one that they name');


# --- a master that is none any more, and answers all the same

restart();
$from = $t->log_end();
$other->cmd('REPLICAOF', '127.0.0.1', $port);
ok($t->wait_logged($from,
    qr/connection lost: this server is no master any more/),
    'a master that was made a replica is left, without a write');

$fake->play(answer('127.0.0.1', $port));
ok(stored($redis), '... for the one that is named now');


# --- what a hint ends: the attempt to reach a master that hangs

restart();
$other->cmd('REPLICAOF', 'NO', 'ONE');
$other->pause();
$fake->play(answer('127.0.0.1', $elsewhere));
$t->conf(asks($f0) =~ s/secops_auth/secops_redis_connect_timeout 4s;
    secops_redis_timeout 8s; secops_auth/r);
$from = $t->log_end();
$t->reload();
my $waiting = start($t, 'POST', path(), records());
ok($t->wait_logged($from, qr/subscribed to sentinel "$f0"/),
    'the master hangs while it is connected to');
ok($waiting->taken(), '... a record waits for it');
$passed = stopwatch();
$fake->play(join("\n", message('m'), 'WAITCLOSE', '')
    . answer('127.0.0.1', $port, 'WAITCLOSE') x 3);
my $r = $waiting->answer('POST');
is($r && $r->{status}, 201, '... there is another one: what waits is stored');
cmp_ok($passed->(), '<', 1.5, sprintf '... at once (%.2f s)', $passed->());
$other->resume();


# --- names, IPv6

foreach my $case (['a name', 'master.test'],
                  $six ? ['an IPv6 address', '::1'] : ()) {
    my ($name, $host) = @$case;

    restart();
    $fake->play(answer($host, $port, 'WAITCLOSE') x 10);
    $t->reload(asks($f0));
    ok(stored($redis), "a sentinel announces $name");
}

restart();
$fake->play(answer('nowhere.test', $port, 'WAITCLOSE') x 200);
$from = $t->log_end();
$t->reload(asks($f0));
ok($t->wait_logged($from, qr/"nowhere.test" could not be resolved/),
    'a sentinel announces a name that does not exist');
is(post($t, records())->{status}, 503, '... a request is told so');

$from = $t->log_end();
$t->reload(asks($f0) =~ s/resolver .*;//r);
ok($t->wait_logged($from, qr/not available: no resolver/),
    'a sentinel announces a name, and there is no resolver');

$t->done();
