# How a link begins: to which address, with which user and database, and what
# happens when Redis will not have it.  A login is repeated on every link, a
# password is never told to anybody else, and a Redis that is not ready yet
# costs requests no time.

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

my $t = SecOps->new();
my $redis = $t->redis(tcp => 1, args => ['--requirepass', 'default-secret',
    '--user', qw(app on >app-secret ~secops:* +@all)]);
my $fake = SecOps::Fake->new($t);

my $port = $t->port(300);
my $dns = $t->port(301);
my $six = IO::Socket::IP->new(LocalHost => '::1', LocalPort => $port,
    Listen => 1) ? 1 : 0;

$t->write('app.password', "app-secret\n");
$t->write('wrong.password', "wrong-secret\n");
$t->write('default.password', 'default-secret');

at(url => 'secops_redis redis://app@127.0.0.1:' . $redis->port() . '/3;
    secops_redis_password_file %%DIR%%/app.password;');
at(directives => 'secops_redis redis://127.0.0.1:' . $redis->port() . ';
    secops_redis_user app; secops_redis_database 4;
    secops_redis_password_file %%DIR%%/app.password;');
at(default => "secops_redis unix:$redis->{socket};
    secops_redis_password_file %%DIR%%/default.password;");
at(wrong => 'secops_redis redis://app@127.0.0.1:' . $redis->port() . ';
    secops_redis_password_file %%DIR%%/wrong.password;');
at(none => 'secops_redis redis://127.0.0.1:' . $redis->port() . ';');
at(database => "secops_redis unix:$redis->{socket}; secops_redis_database 99;
    secops_redis_password_file %%DIR%%/default.password;");
at(fake => 'secops_redis redis://app@127.0.0.1:%%PORT201%%/7;
    secops_redis_connect_timeout 400ms; secops_redis_timeout 5s;
    secops_redis_password_file %%DIR%%/app.password;');
at(six => "secops_redis redis://[::1]:$port;") if $six;
at(name => "secops_redis redis://redis.test:$port;
    resolver 127.0.0.1:$dns ipv6=off; resolver_timeout 1s;");

# a machine without /etc/hosts does not know it
my $local = gethostbyname('localhost');
at(localhost => 'secops_redis redis://localhost:' . $redis->port() . ';
    secops_redis_password_file %%DIR%%/default.password;') if $local;

# the fake that the handshake is read from
my $login = SecOps::Fake->new($t, listen => '127.0.0.1:' . $t->port(201));
$login->play('HANDSHAKE');

$t->run(servers($t));


sub clients { # of Redis: user and database of those that have this database
    my ($db) = @_;
    $redis->cmd('AUTH', 'default-secret');
    return map { /\buser=(\w+)/ } grep { /\bdb=$db\b/ }
        split /\n/, $redis->cmd('CLIENT', 'LIST');
}


# user, password, database

is_stored(store('url'), 'user and database of the URL, password of a file');
is_deeply([clients(3)], ['app'], '... are what Redis has seen');
is_stored(store('directives'), 'user and database of directives');
is_deeply([clients(4)], ['app'], '... are what Redis has seen');
is_stored(store('default'), 'a password alone is the one of the default user');
SKIP: {
    skip 'localhost has no address', 1 unless $local;
    is_stored(store('localhost'),
        'a name without a resolver is looked up at start');
}

$redis->cmd('SELECT', 3);
is(@{[keys_like($redis, 'secops:*:rec:*')]}, 1,
    'the record is in the database that was named');
$redis->cmd('SELECT', 0);

$redis->restart();
ok(wait_for(sub { store('url')->{status} == 201 }),
    'after a restart of Redis a record is stored');
is_deeply([clients(3)], ['app'], '... by the same user, in the same database');


# Redis will not have it

foreach my $case (
    ['wrong', 'WRONGPASS', 'a wrong password'],
    ['none', 'NOAUTH', 'no password where one is needed'],
    ['database', 'ERR DB index is out of range', 'no such database'])
{
    my ($at, $log, $name) = @$case;
    my $r = store($at);

    is_refused($r, 503, 'Unable to persist record', $name);
    is($r->{headers}{'retry-after'}, 1, '... may be mended, and tried again');
    ok($t->wait_log("\\[error\\].*not available: $log"),
        '... the log has the reason');
}

$redis->cmd('AUTH', 'default-secret');
$redis->cmd('ACL', 'SETUSER', 'app', '>wrong-secret');
my $passed = stopwatch();
ok(wait_for(sub { store('wrong')->{status} == 201 }),
    'once the password is right a record is stored');
cmp_ok($passed->(), '<', 1, '... within a second');


# what is said, and that it is said again on every link

ok($login->wait_log('> PING'), 'the link begins');
$login->play("AUTO 6\nCLOSE\nHANDSHAKE\nAUTO 6\nCLOSE", 'twice');
is_stored(store('fake'), 'a record is stored');
ok($login->wait_log('accept 2'), '... over a link that is closed then');
is_stored(store('fake'), 'and one over the next');
ok($login->wait('twice'), '... which is closed as well');

is_deeply([grep { /^accept|AUTH|SELECT|PING/ } split /\n/, $login->log()],
    [map { ("accept $_", '> AUTH "app" "app-secret"', '> SELECT "7"',
            '> PING') } 1, 2],
    'AUTH, SELECT and PING begin every link');


# replies of the handshake

$login->play("EXPECT 3\nSENDSLOW +OK\\r\\n+OK\\r\\n+PONG\\r\\n\nAUTO 6\nCLOSE");
is_stored(store('fake'), 'replies to the handshake come byte by byte');

foreach my $case (
    ['HTTP/1.1 400 Bad Request\r\n\r\n', 'Protocol error', 'HTTP'],
    ['+OK\r\n+OK\r\n$4\r\nPONG\r\n', 'unexpected handshake reply',
        'another type'],
    ['+OK\r\n+OK\r\n+OK\r\n', 'unexpected handshake reply', 'another status'],
    ['+OK\r\n+OK\r\n+PON', 'closed by Redis', 'an end in the last reply'],
    ['+OK\r\n-NOPERM no\r\n+PONG\r\n', 'NOPERM no', 'SELECT is refused'],
    ['+OK\r\n+OK\r\n-MASTERDOWN x\r\n', 'MASTERDOWN x', 'PING is refused'],
    ['-ERR max number of clients reached\r\n', 'ERR max number of clients',
        'too many clients'])
{
    my ($bytes, $log, $name) = @$case;
    my $mark = $login->play("EXPECT 3\nSEND $bytes\nCLOSE");

    ok($t->wait_log("not available: $log"), "$name: the link is not used");
    ok($login->wait($mark), '... and was closed');
}

$login->play('HANDSHAKE', 'at last');
ok($login->wait('at last'), 'after all that the next one is');
$login->play("AUTO 6\nCLOSE");
is_stored(store('fake'), '... and stores a record');


# the handshake takes too long

$login->play("EXPECT 3\nSLEEP 200\nSEND +OK\\r\\n\nWAITCLOSE", 'slow');
ok($login->wait_log('accept ' . (1 + $login->seen(qr/^close/))), 'it accepts');
$passed = stopwatch();
my $r = store('fake');
is($r->{status}, 503, 'a Redis that says nothing is not waited for');
is($r->{headers}{'retry-after'}, 1, '... come again');
cmp_ok($passed->(), '<', 1, '... no longer than the connect timeout');
ok($t->wait_log('not available: handshake timed out'), '... so says the log');
ok($login->wait('slow'), '... and the link is closed');


# LOADING for three seconds

my $from = time();
$login->play("REFUSE 3000 -LOADING Redis is loading the dataset\\r\\n\n"
    . "MARK loaded\nHANDSHAKE\nAUTO", 'end');
my $accepted = $login->seen(qr/^accept/);
ok($t->wait_log('not available: LOADING'), 'Redis is loading');

my (%seen, $slowest, $attempts);
while ($login->seen(qr/^mark loaded/) == 0 && time() < $from + 60) {
    my $begin = stopwatch();
    $r = store('fake');
    my $key = $r->{status};
    $key .= ' without Retry-After'
        if $r->{status} == 503 && !$r->{headers}{'retry-after'};
    $seen{$key}++;
    $slowest = $begin->() if $begin->() > ($slowest // 0);
    sleep 0.02;         # the load of a client that comes again
}
my ($loaded, $seconds) = (stopwatch(), time() - $from);
$attempts = $login->seen(qr/^accept/) - $accepted;

cmp_ok($seconds, '>', 2, 'it is for about three seconds');
ok($seen{503}, '... and requests are told to come again');
is_deeply([grep { $_ ne 503 && $_ ne 201 } keys %seen], [],
    '... nothing else');
cmp_ok($slowest, '<', 0.9, '... at once');
cmp_ok($attempts, '<', 4 * $seconds + 8,
    "... it is asked a few times in a second only ($attempts)");
ok(wait_for(sub { store('fake')->{status} == 201 }), 'then a record is stored');
cmp_ok($loaded->(), '<', 1, '... within a second');
$login->stop();


# names

my $address = sub { # one Redis on one address of the name's port
    my $fake = SecOps::Fake->new($t, listen => "$_[0]:$port");
    $fake->play("HANDSHAKE\nAUTO\nHANDSHAKE\nAUTO\nHANDSHAKE\nAUTO");
    return $fake;
};

my $first = $address->('127.0.0.1');
is(store('name')->{status}, 503, 'without a name server there is no link');
ok($t->wait_log('"redis.test" could not be resolved'), '... so says the log');

$t->write('names', "other.test 127.0.0.1\n");
$t->spawn($t->dir() . '/dns.out', $^X, root() . '/t/lib/fake-dns.pl', $dns,
    $t->dir() . '/names');
ok($t->wait_log('"redis.test" could not be resolved \(3: Host not found'),
    'a name that does not exist is no link either')
    or diag($t->read('dns.out'));

$t->write('names', "redis.test 127.0.0.1\n");
ok(wait_for(sub { store('name')->{status} == 201 }),
    'once the name is known a record is stored');
is($first->seen(qr/^> SET/), 1, '... where the name leads');

my $second = $address->('127.0.0.2');
$t->write('names', "redis.test 127.0.0.2\n");
$first->stop();
ok(wait_for(sub { store('name')->{status} == 201 }),
    'the name leads elsewhere, and the link is lost: a record is stored');
is($second->seen(qr/^> SET/), 1, '... where the name leads now');

my $third = SecOps::Fake->new($t, listen => "127.0.0.1:$port");
$third->play("HANDSHAKE\nAUTO 6\nCLOSE", 'closed');
$third->play('HANDSHAKE', 'again');
$t->write('names', 'redis.test 127.0.0.1 '
    . join(' ', map { "127.0.0.$_" } 3 .. 12) . "\n");
$second->stop();
ok(wait_for(sub { store('name')->{status} == 201 }),
    'of many addresses the one that answers is found');
ok($third->wait('closed'), '... which closes the link');

ok($third->wait('again'), '... and is found again');
my ($since) = $t->error_log()
    =~ /.*redis\.test:\d+": connection lost: closed by Redis(.*)/s;
unlike($since, qr/redis\.test:\d+": not available/, '... in one attempt');
$third->play('AUTO');
is_stored(store('name'), '... and used');
$third->stop();


# IPv6

SKIP: {
    skip 'no IPv6 on this machine', 1 unless $six;
    is(store('six')->{status}, 503, 'nobody listens there yet');
    $redis->cmd('AUTH', 'default-secret');
    $redis->cmd('CONFIG', 'SET', 'requirepass', '');
    $redis->cmd('CONFIG', 'SET', 'bind', '::1');
    $redis->cmd('CONFIG', 'SET', 'port', $port);
    ok(wait_for(sub { store('six')->{status} == 201 }),
        'Redis at an IPv6 address stores a record');
}


unlike($t->error_log(), qr/(?:app|wrong|default)-secret/,
    'no password is in the log');

$t->done();
