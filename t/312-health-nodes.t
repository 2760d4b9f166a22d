# The health check says which server fails: every master of a cluster is asked
# for a write of its own, and who may read or write records is told of each.
# Everybody else learns whether it is ready, and no address.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use SecOps;
use SecOps::Cluster;
use SecOps::Records;

my $t = SecOps->new();
my $cluster = SecOps::Cluster->new($t, masters => 3, replicas => 0,
    args => ['--cluster-require-full-coverage', 'no']);
my @nodes = $cluster->nodes();
my $single = $t->redis(aof => "always");        # %%REDIS3%%

$t->run(conf(location => 'secops_redis_cluster on; secops_redis_timeout 1s;',
    http => <<'EOT'));
    server {
        listen 127.0.0.1:%%PORT1%%;

        location /api/ {
            secops_api;
            secops_redis %%REDIS3%%;
            secops_durability fsync;
            secops_auth api_key header;
        }
    }
EOT

my %role = ('X-SecOps-User' => 'ops', 'X-SecOps-Roles' => 'sn_sec_cmn.api_read');
my @versions = ('/api/v1/health', '/api/v2/health');


sub health {
    my ($path, $headers, $port) = @_;
    return $t->request('GET', $path, $headers // {}, undef, port => $port);
}


sub servers { # of an answer, by their number among the nodes
    my ($r) = @_;
    my @of = (undef) x @nodes;

    foreach my $server (@{$r->{json}{servers} // []}) {
        foreach my $i (0 .. $#nodes) {
            my $port = $nodes[$i]->port();
            $of[$i] = $server if $server->{name} =~ /:$port\b/;
        }
    }

    return @of;
}


ok(wait_for(sub { health($versions[0])->{status} == 200 }), 'a cluster is ready');

foreach my $path (@versions) {
    my $r = health($path, \%role);
    my @servers = servers($r);

    is($r->{status}, 200, "$path: ready");
    is(scalar @{$r->{json}{servers}}, 3, '... three masters');
    is(scalar(grep { $_ && $_->{ready} } @servers), 3, '... each is ready');
    is(join('', map { $_->{reason} } grep { $_ } @servers), '',
        '... without a reason');
    is(scalar(grep { $servers[$_]
        && $servers[$_]{address} eq '127.0.0.1:' . $nodes[$_]->port() }
        0 .. 2), 3, '... at their addresses');

    unlike(health($path, $_)->{body}, qr/servers|127\.0\.0\.1/,
        "$path: no address for others") foreach {},
        { 'X-SecOps-User' => 'x', 'X-SecOps-Roles' => 'none' },
        { 'X-SecOps-Roles' => 'sn_sec_cmn.api_write' };

    like(health($path, { %role, 'X-SecOps-Roles' => 'sn_sec_cmn.api_write' })
        ->{body}, qr/"servers"/, "$path: the write role will do");
}

$_->cmd('FLUSHALL') foreach @nodes;
health($versions[0]);
is(scalar(map { keys_like($_, 'secops:*health*') } @nodes), 3,
    'three keys were written');
is(scalar(grep { 1 == (() = keys_like($_, 'secops:*health*')) } @nodes), 3,
    '... one to each master');
ok(0 < $_->cmd('TTL', (keys_like($_, 'secops:*health*'))[0]), '... that expires')
    foreach @nodes;


# one of them is out of memory, hangs, is gone

foreach my $case (
    ['out of memory', sub { $_[0]->cmd(qw(CONFIG SET maxmemory 1)) },
     sub { $_[0]->cmd(qw(CONFIG SET maxmemory 0)) }, qr/^OOM/],
    ['hanging', sub { $_[0]->pause() }, sub { $_[0]->resume() }, qr/\w/],
    ['killed', sub { $_[0]->kill9() }, sub { $_[0]->start() }, qr/\w/])
{
    my ($name, $break, $mend, $reason) = @$case;

    $break->($nodes[1]);

    foreach my $path (@versions) {
        my $r = wait_for(sub { my $r = health($path, \%role);
            my @servers = servers($r);
            $r->{status} == 503 && $servers[1] && !$servers[1]{ready}
                && $servers[0] && $servers[0]{ready} && $r });

        ok($r, "one server $name: not ready") or next;

        my @servers = servers($r);
        ok(!$servers[1]{ready}, '... it is named');
        like($servers[1]{reason}, $reason, '... with the reason');
        is($servers[0]{reason} . $servers[2]{reason}, '', '... others are well');
        is($r->{headers}{'retry-after'}, 1, '... with Retry-After');
        is(health($path)->{body}, $path eq $versions[0]
            ? '{"status":false,"connected":false}'
            : '{"status":"NOK","reason":"Redis is not writable",'
            . '"reason_details":""}', '... others learn no more than before');
    }

    $mend->($nodes[1]);
    ok(wait_for(sub { health($versions[0])->{status} == 200 }),
        "$name, no more: ready again");
}

my $name = '127.0.0.1:' . $nodes[1]->port();
like($t->error_log(), qr/not ready: OOM.*, server ".*\Q$name\E"/,
    'the log names the server');


# a part of the slots has no server

$_->cmd('CLUSTER', 'DELSLOTSRANGE', 0, 99) foreach @nodes;
ok(wait_for(sub { health($versions[0])->{status} == 503 }),
    'a slot without a server: not ready');
like($t->error_log(), qr/not ready: a part of the cluster has no server/,
    '... says the log');


# one server, and what it is named

my $r = health($versions[1], \%role, 1);
is($r->{status}, 200, 'a single server');
is(scalar @{$r->{json}{servers}}, 1, '... one entry');
ok(!$r->{json}{servers}[0]{ready} == 0, '... ready') if $r->{status} == 200;

$single->cmd(qw(CONFIG SET appendfsync everysec));
ok(wait_for(sub { health($versions[1], {}, 1)->{status} == 503 }),
    'durability that is not reached: not ready');
$r = health($versions[1], \%role, 1);
like($r->{json}{servers}[0]{reason}, qr/appendfsync is "everysec", it must be/,
    '... and why');
$single->cmd(qw(CONFIG SET appendfsync always));
ok(wait_for(sub { health($versions[1], {}, 1)->{status} == 200 }),
    '... ready again');

# an error that is no text

$single->cmd('ACL', 'SETUSER', 'default', '-set');
ok(wait_for(sub { health($versions[1], {}, 1)->{status} == 503 }),
    'no right to write: not ready');
like(health($versions[1], \%role, 1)->{json}{servers}[0]{reason}, qr/^NOPERM/,
    '... and why');
$single->cmd('ACL', 'SETUSER', 'default', '+set');

# a bad api key beside good headers, a good caller without secops_auth's help

is(health($versions[0], { %role, 'x-arcanna-api-key' => 'A' x 86 }, 1)->{body},
    '{"status":false,"connected":false}', 'a bad api key is told so in v1');
like(health($versions[1], { %role, 'x-arcanna-api-key' => 'A' x 86 }, 1)
    ->{body}, qr/"servers"/, '... in v2 the caller is known by the headers');

$t->done();
