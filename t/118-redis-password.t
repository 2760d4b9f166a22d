# A password of Redis that changes while nginx runs, as those do that live for
# some minutes only: a worker looks into the file before each login.  A real
# "requirepass" and real ACL users are changed and links are killed, with one
# server, over TLS, with sentinels and in a cluster; nothing is reloaded.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use POSIX ();
use SecOps;
use SecOps::Cluster;
use SecOps::Records;
use SecOps::Sentinel;
use SecOps::Servers;
use SecOps::Tls;

my $t = SecOps->new();
my $tls = SecOps::Tls->new($t);

my $plain = $t->redis(tcp => 1, args => ['--requirepass', 'first-secret']);
my $secure = $tls->redis($tls->certificate('server',
    names => 'IP:127.0.0.1'), '--requirepass', 'first-secret');
my $cluster = SecOps::Cluster->new($t, replicas => 0);
my $set = SecOps::Sentinel->new($t, replicas => 0, sentinels => 1,
    conf => "user watcher on >first-secret +auth +ping +subscribe"
        . " +sentinel|get-master-addr-by-name +sentinel|sentinels"
        . " allchannels\n");

$_->cmd('AUTH', 'first-secret') foreach $plain, $secure;
$_->cmd('ACL', 'SETUSER', 'edge', 'on', '>first-secret', '~*', '+@all')
    foreach $cluster->nodes(), $set->{nodes}[0];

sub file { # where a server's password stands
    my ($name) = @_;
    return $t->dir() . "/$name.password";
}

sub holds { # the file of a server says this now, all at once
    my ($name, $content) = @_;
    $t->write("$name.password", $content);
}

my @names = qw(plain secure cluster sentinel watcher);
holds($_, "first-secret\n") foreach @names;

sub login { return "secops_redis_password_file " . file($_[0]) . ';' }

at(plain => 'secops_redis ' . $plain->url() . '; ' . login('plain'));
at(secure => "secops_redis $secure->{tls_url}; " . login('secure')
    . " secops_redis_ssl_trusted_certificate $tls->{ca}{crt};");
at(cluster => 'secops_redis redis://edge@127.0.0.1:'
    . $cluster->node(0)->port() . '; secops_redis_cluster on; '
    . login('cluster'));
at(sentinel => 'secops_redis redis://edge@mymaster/; secops_redis_sentinel'
    . ' mymaster ' . join(' ', $set->addresses()) . '; '
    . login('sentinel') . ' secops_redis_sentinel_user watcher;'
    . ' secops_redis_sentinel_password_file ' . file('watcher') . ';');

$t->run(servers($t));

my @workers = $t->workers();
my $master = $set->{nodes}[0];


sub cut { # all links of nginx
    my ($name) = @_;

    my %servers = (
        plain    => [[$plain], 'TYPE', 'normal'],
        secure   => [[$secure], 'TYPE', 'normal'],
        cluster  => [[$cluster->nodes()], 'USER', 'edge'],
        sentinel => [[$master], 'USER', 'edge'],
        watcher  => [$set->{sentinels}, 'USER', 'watcher'],
    );
    my ($nodes, @which) = @{$servers{$name}};
    my $n = 0;

    $n += $_->cmd('CLIENT', 'KILL', @which, 'SKIPME', 'yes') foreach @$nodes;
    return $n;
}

sub change { # the password that a server wants
    my ($name, $password) = @_;

    if ($name eq 'plain' || $name eq 'secure') {
        my $redis = $name eq 'plain' ? $plain : $secure;
        return $redis->cmd('CONFIG', 'SET', 'requirepass', $password);
    }

    my ($user, @nodes) = $name eq 'watcher' ? ('watcher', @{$set->{sentinels}})
        : ('edge', $name eq 'cluster' ? $cluster->nodes() : $master);
    return join ' ', map {
        $_->cmd('ACL', 'SETUSER', $user, 'resetpass', ">$password")
    } @nodes;
}

sub works { # sooner or later, about any of 40 subjects
    my ($name) = @_;
    return wait_for(sub {
        !grep { $_->{status} != 201 }
            map { store($name, observable => "198.51.100.$_") } 1 .. 40;
    });
}


# each kind of server has its password changed; links are cut, and come back

foreach my $name (qw(plain secure cluster sentinel)) {
    ok(works($name), "$name: records are stored");

    my $from = $t->log_end();

    like(change($name, 'second-secret'), qr/^OK\b/, '... it wants another one');
    holds($name, "second-secret\n");
    cmp_ok(cut($name), '>', 0, '... and links are lost');
    ok(works($name), '... the new one is used, without a reload');
    ok($t->wait_logged($from, qr/\[notice\] .*secops redis ".*": there is /
        . qr/another password in "\Q@{[ file($name) ]}\E"/), '... the log tells');
}

# a sentinel has a password of its own

my $from = $t->log_end();
like(change('watcher', 'second-secret'), qr/^OK\b/,
    'a sentinel wants another one');
holds('watcher', "second-secret\n");
cmp_ok(cut('watcher'), '>', 0, '... the link is lost');
ok($t->wait_logged($from, qr/subscribed to sentinel/),
    '... and there is one with the new password');
cmp_ok(cut('sentinel'), '>', 0, '... so that when the master is lost');
ok(works('sentinel'), '... it is found');


# the two need not change at the same moment

holds('plain', "third-secret\r\n");
cut('plain');
ok(wait_for(sub { store('plain')->{status} == 503 }),
    'the file is first: the server refuses the new password');
ok($t->wait_log('not available: WRONGPASS'), '... the log says so');
change('plain', 'third-secret');
ok(works('plain'), '... until it knows it');

$from = $t->log_end();
change('plain', 'fourth-secret');
cut('plain');
ok($t->wait_logged($from, 'not available: WRONGPASS'),
    'the server is first: it refuses the old one');
holds('plain', "fourth-secret\nand what is not read\n");
ok(works('plain'), '... until the file has the new one');


# a file without a password: the one from before is kept

foreach my $case (
    ['is empty', sub { holds('plain', '') }],
    ['has an empty line first', sub { holds('plain', "\nfourth-secret\n") }],
    ['is too long', sub { holds('plain', 'x' x 5000) }],
    ['is 10 GB', sub {
        holds('plain', '');
        truncate file('plain'), 10 * 2 ** 30 or die "truncate: $!";
    }],
    ['is gone', sub { unlink file('plain') }],
    ['is a folder', sub { mkdir file('plain') or die }],
    ['is a pipe that nobody writes to', sub {
        rmdir file('plain');
        POSIX::mkfifo(file('plain'), 0600) or die "mkfifo: $!";
    }],
) {
    my ($what, $do) = @$case;

    $do->();
    cmp_ok(cut('plain'), '>', 0, "the file $what: links are lost");
    ok(works('plain'), '... and come back with the password from before');
}

ok($t->wait_log('\[info\] .*secops redis ".*": ".*plain.password" is not '
    . 'readable by worker processes, a new password takes a reload \(2: '),
    '... that it can not be read is in the log');

unlink file('plain');
holds('plain', 'fifth-secret');
change('plain', 'fifth-secret');
cut('plain');
ok(works('plain'), 'once there is a good one it is used');

is_deeply([$t->workers()], \@workers, 'all that in the same processes');
unlike($t->error_log(), qr/(?:first|second|third|fourth|fifth)-secret/,
    'no password is in the log');

# what the master process would take: the file as it is now

holds('plain', "fifth-secret\n");
$t->reload();
ok(works('plain'), 'after a reload it is the password of the file, too');

# a pipe, whose writer the master process waits for; a worker does not

unlink file('plain');
POSIX::mkfifo(file('plain'), 0666) or die "mkfifo: $!";
change('plain', 'sixth-secret');
my $writer = $t->spawn($t->dir() . '/writer.out', $^X, '-e', <<'EOT',
    $SIG{PIPE} = 'IGNORE';
    while (open my $pipe, '>', $ARGV[0]) {
        print $pipe "sixth-secret\n";
        close $pipe;
    }
EOT
    file('plain'));
ok($t->reload(), 'a pipe that the password is written to');
ok(works('plain'), '... which the master process reads');
kill 'TERM', $writer;
SecOps::reap($writer);
cmp_ok(cut('plain'), '>', 0, 'nobody writes to it any more: links are lost');
ok(works('plain'), '... and come back');

$t->done();
