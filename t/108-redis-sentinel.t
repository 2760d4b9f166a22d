# Redis Sentinel: the sentinels know which server is the master.  They are asked
# at each connect, one after another; the master must say so itself; a switch is
# followed at once.  Real servers and sentinels; what sentinels do only once in
# a while is in 109-sentinel-replies.t.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use List::Util qw(max);
use SecOps;
use SecOps::Fake;
use SecOps::Records;
use SecOps::Sentinel;
use SecOps::Stopwatch;
use SecOps::Tls;

my $t = SecOps->new();
my $set = SecOps::Sentinel->new($t);
my ($s0, $s1, $s2) = $set->addresses();

# two clients: one with two sentinels, and one with a single one and more time

my $conf = conf(http => <<"EOT") =~ s/secops_redis %%REDIS%%;//r;
    lingering_close off;

    secops_redis redis://mymaster;
    secops_redis_sentinel mymaster $s0 $s1;

    server {
        listen 127.0.0.1:%%PORT1%%;

        location /api/ {
            secops_api;
            secops_auth header;
            secops_redis redis://mymaster/0;
            secops_redis_sentinel mymaster $s1;
            secops_redis_timeout 60s;
        }
    }
EOT

my ($two, $one) = map { qr/secops redis "redis:\/\/$_": / }
    'mymaster', 'mymaster/0';


sub stored { # until a record is: the seconds that it took
    my ($n) = @_;
    my $from = stopwatch();

    return wait_for(sub {
        my $r = post($t, records(), port => $n) or return;
        $r->{status} == 201 && max($from->(), 0.001);
    });
}


# posts for so long, or until the code says so: how many of each status, the
# longest wait for an answer, the ids of what was stored

sub ride {
    my ($seconds, $until) = @_;
    my (%count, @ids);
    my ($longest, $end) = (0, time() + $seconds);

    while (time() < $end) {
        my $from = stopwatch();
        my $r = post($t, records());

        $longest = max($longest, $from->());
        $count{$r ? $r->{status} : 'none'}++;
        push @ids, $r->{json}{sys_id} if $r && $r->{status} == 201;

        last if $until && $until->();
        sleep 0.01;
    }

    return (\%count, $longest, \@ids);
}


sub present { # how many of the records a server has
    my ($redis, @ids) = @_;
    my $keys = eval { $redis->cmd('KEYS', '*:rec:*') }
        // $redis->cmd('KEYS', '*:rec:*');   # it may have hung up before
    my %there = map { /([0-9a-f]{32})\z/ ? ($1 => 1) : () } @$keys;
    return scalar grep { $there{$_} } @ids;
}


sub listened { # the port of the sentinel that was subscribed to last
    my ($client) = @_;
    return (reverse $t->error_log()
        =~ /${client}subscribed to sentinel "127\.0\.0\.1:(\d+)"/g)[0];
}


$t->run($conf);


# --- found

my $old = $set->master();

ok(stored(0), 'the master is found by its name');
my $named = "names 127.0.0.1 port @{[$old->port()]} as the master";
ok($t->wait_logged(0, qr/\[notice\].*${two}sentinel "$s0" \Q$named\E/),
    '... as the log says');
ok($t->wait_logged(0, qr/${two}sentinel "$s2" was learned from "$s0"/),
    'a sentinel that is not configured is learned from the others');
ok($t->wait_logged(0, qr/${two}subscribed to sentinel "$s0"/),
    'the one that answered is listened to');
is($t->logged(0, qr/${two}sentinel "$s1" was learned/), 0,
    'one that is configured is not learned');


# --- the master dies

my $from = $t->log_end();

$set->watch();
$old->kill9();
my ($count, $longest, $ids) = ride(60, sub { $t->logged($from, qr/${two}ready/) });

is(join(' ', grep { !/^(?:201|503)$/ } keys %$count), '',
    'a master that is killed: a record is stored, or 503');
cmp_ok($count->{503} // 0, '>', 0, '... as long as there is none');
cmp_ok($longest, '<', 1.5, sprintf '... nobody waits for the new one (%.2f s)',
    $longest);

my $new = $set->wait_master($old);
ok($new, 'another server is the master');
ok(stored(0), '... and stores records');
ok($t->wait_logged($from, qr/${two}.* names 127\.0\.0\.1 port @{[$new->port()]} /),
    '... as the log says');
my @errors = substr($t->error_log(), $from)
    =~ /\[error\].*${two}(not available: .*)/g;
my %errors = map { $_ => 1 } @errors;
is(scalar @errors, scalar keys %errors,
    'the log has one error for each reason, not for each attempt');
ok(stored(1), 'so it is for another client');


# the old one is back, and believes for some seconds that it is the master

$old->start();
is($set->role($old), 'master', 'the old master is back as a master');
($count, $longest, $ids) = ride(1);
is(join(' ', keys %$count), 201, '... nobody notices');
is(present($new, @$ids), scalar @$ids, '... records go to the new one');
is(present($old, @$ids), 0, '... and not to the old one');

$old->cmd('REPLICAOF', '127.0.0.1', $new->port());
ok($set->wait_replicas($new), 'it becomes a replica');


# --- the master is replaced in an orderly way

$from = $t->log_end();
my $next;
($count, $longest, $ids) = ride(60, sub {
    $next //= do { $set->failover(wait => 0); $set->master() };
    return $t->logged($from, qr/${two}ready/);
});

is(join(' ', grep { !/^(?:201|503)$/ } keys %$count), '',
    'a master that is replaced: a record is stored, or 503');
cmp_ok($longest, '<', 1.5, sprintf '... soon (%.2f s)', $longest);
ok($t->wait_logged($from, qr/\[notice\].*${two}sentinel .* tells of a new master/),
    '... as a sentinel tells by itself');

$old = $new;
$new = $set->wait_master($old);
ok($new, '... by another one');
($count, $longest, $ids) = ride(1);
is(join(' ', keys %$count), 201, '... that stores records');
is(present($new, @$ids), scalar @$ids, '... which are there');

# the sentinels would tell the others, after some seconds; who was a master has
# hung up on everybody
foreach my $node (grep { $_->pid() && $_ != $new } @{$set->{nodes}}) {
    my @words = ('REPLICAOF', '127.0.0.1', $new->port());
    eval { $node->cmd(@words) } // $node->cmd(@words);
}
ok($set->wait_replicas($new), '... and has the others for replicas');


# --- the master hangs: the switch ends the wait, not the command's own time

ok(stored(1), 'a link to a master that will hang');
my $sys_id = post($t, records(), port => 1)->{json}{sys_id};
ok(wait_for(sub { !grep { !present($_, $sys_id) }
    grep { $_->pid() } @{$set->{nodes}} }),
    '... and a record that all servers have');
$from = $t->log_end();
$old = $new;
$set->watch();
$old->pause();
my $began = stopwatch();
my $write = start($t, 'POST', path(), records(), port => 1);
my $read = start($t, 'GET', read_path($sys_id), undef, port => 1);
$new = $set->wait_master($old);
my $told = stopwatch();
my $r = $write->answer('POST');

is_refused($r, 500, 'Unable to persist record', 'a write that was sent to a'
    . ' master which hangs: nobody knows');
cmp_ok($told->(), '<', 3, sprintf '... told as soon as the sentinels agree'
    . ' (%.2f s)', $told->());
cmp_ok($began->(), '<', 50, sprintf '... before its time is up (%.2f s)',
    $began->());
$r = $read->answer('GET');
is($r && $r->{status}, 200, 'a read is answered by the next one');
cmp_ok($began->(), '<', 50, sprintf '... before its time is up (%.2f s)',
    $began->());
cmp_ok($told->(), '<', 3, '... as soon, too');
ok($t->wait_logged($from, qr/${one}connection lost: another server is the master/),
    '... as the link was left');
ok(stored(0) && stored(1), '... and records are stored');
$old->kill9();


# --- sentinels that are dead or hang

# with the configured one dead, the learned ones are asked

ok($t->wait_logged(0, qr/${one}sentinel "$s0" was learned from "$s1"/),
    'a client with one sentinel has learned of the others');
$set->{sentinels}[1]->kill9();
$from = $t->log_end();
$new->cmd('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
ok($t->wait_logged($from, qr/${one}connection lost: closed by Redis/),
    'its sentinel is dead when the link is lost');
ok(stored(1), '... the learned ones know the master');
isnt(listened($one), $set->{ports}[1], '... and are listened to');
$set->{sentinels}[1]->start();


# a sentinel that hangs costs a quarter of the time for a connect, once

$from = $t->log_end();
$set->{sentinels}[0]->pause();
ok($t->reload(), 'a sentinel hangs when workers start');
my $took = stored(0);
ok($took, '... the next one is asked');
cmp_ok($took // 9, '<', 0.8, sprintf '... soon (%.2f s)', $took // 9);
ok($t->wait_logged($from, qr/\[warn\].*${two}sentinel "$s0": .*timed out/),
    '... as the log says');
$set->{sentinels}[0]->resume();


# a sentinel dies that is listened to

ok($t->wait_logged($from, qr/${two}subscribed/), 'a sentinel is listened to');
my $port = listened($two);
my ($victim) = grep { $_->port() == $port } @{$set->{sentinels}};
$from = $t->log_end();
$victim->kill9();
ok($t->wait_logged($from,
    qr/${two}subscription to sentinel "127\.0\.0\.1:$port" lost: closed/),
    '... it dies');
ok($t->wait_logged($from,
    qr/${two}subscribed to sentinel "127\.0\.0\.1:(?!$port)/),
    '... another one takes over');
is(post($t, records())->{status}, 201, '... which no request notices');
is($t->logged($from, qr/${two}connection lost/), 0, '... nor does the link');


# one hangs that is listened to: it does not answer PING

$port = listened($two);
my ($hung) = grep { $_->port() == $port } @{$set->{sentinels}};
$from = $t->log_end();
$hung->pause();
ok($t->wait_logged($from, qr/${two}subscription .* lost: it does not answer/),
    'a sentinel hangs that is listened to: it is found out');
my $gone = join '|', $port, $victim->port();
ok($t->wait_logged($from,
    qr/${two}subscribed to sentinel "127\.0\.0\.1:(?!$gone)/),
    '... another one takes over');


# all of them hang: what waits is told so, reload and quit do not wait

$_->pause() foreach grep { $_->pid() } @{$set->{sentinels}};
$from = $t->log_end();
ok($t->reload(), 'all sentinels hang when workers start');
$began = stopwatch();
$r = post($t, records());
is($r->{status}, 503, '... a request has its answer');
cmp_ok($began->(), '<', 2.5, '... within the time of a command');
ok($t->wait_logged($from, qr/${two}not available: no sentinel named a master/),
    '... as the log says');

foreach my $case (['reload', sub { $t->reload() ? 0 : 1 }],
                  ['quit', sub { $t->quit() }])
{
    my ($name, $end) = @$case;
    my $waiting = start($t, 'POST', path(), records());

    $waiting->taken();
    $began = stopwatch();
    is($end->(), 0, "a $name while they are asked");
    cmp_ok($began->(), '<', 4, sprintf '... does not wait for them'
        . ' (%.2f s)', $began->());
    $r = $waiting->answer('POST');
    is($r && $r->{status}, 503, '... and answers who waits');
}

$_->stop() foreach grep { $_->pid() } @{$set->{sentinels}};


# --- sentinels with users of their own

my $guarded = SecOps::Sentinel->new($t, replicas => 0, sentinels => 1,
    name => 'guarded', conf => "requirepass other\nsentinel sentinel-pass other"
        . "\nuser watcher on >sesame +auth +ping +subscribe"
        . " +sentinel|get-master-addr-by-name +sentinel|sentinels"
        . " allchannels\n");
my ($g) = $guarded->addresses();

$t->write('right', "sesame\n");
$t->write('wrong', "simsim\n");

my $users = '';
my %lines = (
    2 => 'secops_redis_sentinel_user watcher;'
        . ' secops_redis_sentinel_password_file %%DIR%%/right;',
    3 => 'secops_redis_sentinel_user watcher;'
        . ' secops_redis_sentinel_password_file %%DIR%%/wrong;',
    4 => '',
);

$users .= "server { listen 127.0.0.1:%%PORT$_%%; location /api/ { secops_api;"
    . " secops_auth header; secops_redis redis://guarded/;"
    . " secops_redis_sentinel guarded $g; $lines{$_} } }\n"
    foreach sort keys %lines;

# what stands in a server is inherited by its locations
$users .= "server { listen 127.0.0.1:%%PORT1%%; secops_redis redis://guarded/;"
    . " secops_redis_sentinel guarded $g; $lines{2}"
    . " location /api/ { secops_api; secops_auth header; } }\n";

$t->run(conf(http => $users) =~ s/%%REDIS%%/%%REDIS1%%/r);

ok(stored(2), 'a sentinel with a user and a password is asked');
ok(stored(1), '... also with those that are inherited');
ok($t->wait_logged(0, qr/subscribed to sentinel "$g"/), '... and listened to');
is(post($t, records(), port => 3)->{status}, 503, 'with a wrong one it is not');
is(post($t, records(), port => 4)->{status}, 503, 'nor without one');
ok($t->wait_logged(0, qr/\[warn\].*sentinel "$g": WRONGPASS/), 'the log says so');
ok($t->wait_logged(0, qr/\[warn\].*sentinel "$g": NOAUTH/), '... of each');
unlike($t->error_log(), qr/sesame|simsim/, '... without a password');

is($t->quit(), 0, 'nginx ends');
$_->stop() foreach $guarded->{sentinels}[0], $guarded->{nodes}[0];


# --- all of it over TLS; sentinels with TLS and servers without, and the other
# way round

my $tls = SecOps::Tls->new($t);
my $sealed = SecOps::Sentinel->new($t, replicas => 1, tls => $tls,
    name => 'sealed');
my $plain = SecOps::Sentinel->new($t, replicas => 0, sentinels => 1,
    name => 'plain');

# sentinels that name the server of the other set
$_->{sentinels}[0]->cmd(qw(SENTINEL MONITOR across 127.0.0.1), @{$_->{at}})
    foreach { %$plain, at => [ $sealed->{nodes}[0]->port(), 1 ] },
            { %$sealed, at => [ $plain->{nodes}[0]->port(), 1 ] };

my ($sealed_one) = $sealed->addresses();
my ($plain_one) = $plain->addresses();
my $trusted = "secops_redis_ssl_trusted_certificate $tls->{ca}{crt};";

%lines = (
    5 => "secops_redis rediss://sealed; secops_redis_sentinel sealed"
        . " @{[ $sealed->addresses() ]};",
    6 => "secops_redis redis://across; secops_redis_sentinel across"
        . " $sealed_one; secops_redis_sentinel_ssl on;",
    7 => "secops_redis rediss://across; secops_redis_sentinel across"
        . " $plain_one; secops_redis_sentinel_ssl off;",
    8 => "secops_redis redis://sealed; secops_redis_sentinel sealed"
        . " $sealed_one;",
    9 => "secops_redis rediss://plain; secops_redis_sentinel plain"
        . " $plain_one;",
);

$t->run(conf(http => join '', map {
    "server { listen 127.0.0.1:%%PORT$_%%; location /api/ { secops_api;"
        . " secops_auth header; $lines{$_} "
        . ($_ == 8 ? '' : $trusted) . " } }\n" } sort keys %lines)
    =~ s/%%REDIS%%/%%REDIS1%%/r);

ok(stored(5), 'servers and sentinels speak TLS');
ok(stored(6), 'only the sentinels do');
ok(stored(7), 'only the servers do');
is(post($t, records(), port => 8)->{status}, 503,
    'a sentinel that speaks TLS is not asked without');
is(post($t, records(), port => 9)->{status}, 503,
    'nor one that does not with it');

$old = $sealed->master();
$sealed->watch();
$old->kill9();
ok($sealed->wait_master($old), 'a master that speaks TLS is replaced');
ok(stored(5), '... by one that does');

$t->done();
