# What a worker counts of each server that it talks to, as it tells it in the
# log when it ends: commands, replies, errors by code, attempts to connect,
# bytes and times.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use SecOps;
use SecOps::Fake;
use SecOps::Records;
use Time::HiRes qw(sleep);

my $t = SecOps->new();
my $fake = SecOps::Fake->new($t);
my $redis = $t->redis();

$t->run(conf(location => 'secops_redis_timeout 1s;
    secops_redis_connect_timeout 10s;', http => <<'EOT'));
    server {
        listen 127.0.0.1:%%PORT1%%;

        location /api/ {
            secops_api;
            secops_redis %%REDIS1%%;
            secops_auth header;
            secops_durability replicas=1 timeout=100ms;
        }
    }
EOT


# With the scripted one: a write, four reads of which three are refused, and one
# that is never answered.

sub asked { # a read that is answered so; its status
    my ($reply) = @_;
    my $mark = $fake->play("EXPECT 1\nSEND $reply");
    my $r = get($t, read_path());

    $fake->wait($mark) or diag('the steps were not done');
    return $r->{status};
}

ok($fake->link(), 'a write');
$fake->play('EXPECT 1' . "\n" . 'SLEEP 150' . "\n" . 'SEND $-1\r\n');
is(get($t, read_path())->{status}, 404, 'a read that takes its time');
is(asked('-OOM no\r\n'), 500, 'an error');
is(asked('-OOM no\r\n'), 500, '... again');
is(asked('-WEIRD no\r\n'), 500, '... and one that is not in the table');

$fake->play("EXPECT 1\nWAITCLOSE");
is(get($t, read_path())->{status}, 503, 'a read whose time is up');

# the other one has no replica, which was found out before any write came

is(post($t, records(), port => 1)->{status}, 503, 'a write without a replica');

$t->quit();

my %line = $t->error_log()
    =~ /^.*\[info\].* secops redis "([^"]*)": (\d+ commands, .*)$/mg;
my ($scripted) = grep { /^redis/ } keys %line;
my ($durable) = grep { /^unix/ } keys %line;
my $of = sub { my ($name, $what) = @_;
    return $line{$name // ''} && $line{$name} =~ $what ? $1 : 'nothing' };

is(scalar keys %line, 2, 'a worker that ends tells of each server')
    or diag($t->error_log());
is($of->($scripted, qr/^(\d+) commands/), 6, 'commands: a group is one');
is($of->($scripted, qr/, (\d+) answered in/), 2,
    '... answered: the write and the read that were');
cmp_ok($of->($scripted, qr/ answered in (\d+) ms/), '>=', 140,
    '... in so many milliseconds together');
cmp_ok($of->($scripted, qr/ answered in (\d+) ms/), '<', 5000,
    '... and no more');
is($of->($scripted, qr/, (\d+) pending/), 0, '... none is pending');
is($of->($scripted, qr/; (\d+) replies/), 10,
    'replies: six to the group, one to each read but the last');
is($of->($scripted, qr/, (\d+ errors[^;]*);/), '3 errors, OOM 2, other 1',
    'errors by code');
is($of->($scripted, qr/, (\d+) timeouts/), 1, 'a link closed for a timeout');
is($of->($scripted, qr/; (\d+) of \d+ attempts/), 1, 'links');
cmp_ok($of->($scripted, qr/ of (\d+) attempts/), '>=', 1,
    '... and attempts at one');
is($of->($scripted, qr/; (\d+) barriers/), 0, 'no barrier was asked for');

cmp_ok($of->($scripted, qr/; (\d+) bytes sent/), '>', 700,
    'bytes that were sent');
cmp_ok($of->($scripted, qr/, (\d+) received/), '>', 100, '... and received');

cmp_ok($of->($durable, qr/; (\d+) barriers/), '>=', 1, 'barriers');
is($of->($durable, qr/, (\d+) not reached/), $of->($durable,
    qr/; (\d+) barriers/), '... none of which was reached');

$t->done();
