# What the nodes of a Redis Cluster announce: names, names that only they know,
# nothing at all; and certificates for what they announce.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use SecOps;
use SecOps::Cluster;
use SecOps::Records;
use SecOps::Tls;

my $t = SecOps->new();
my $tls = SecOps::Tls->new($t);
my $dns = $t->port(90);

my $cluster = SecOps::Cluster->new($t, replicas => 0, announce => sub {
    ('--cluster-announce-hostname', "node$_[0].inside.test",
     '--cluster-preferred-endpoint-type', 'hostname') });

my $certificate = $tls->certificate('server',
    names => 'DNS:node0.tls.test,DNS:node1.tls.test,DNS:node2.tls.test');
my $secure = SecOps::Cluster->new($t, replicas => 0, announce => sub {
    ($tls->arguments($t->port(500 + $_[0]), $certificate),
     '--tls-cluster', 'yes', '--cluster-announce-hostname',
     "node$_[0].tls.test", '--cluster-preferred-endpoint-type', 'hostname') });

$t->write('names', join '', map { "node$_.inside.test 127.0.0.1\n"
    . "node$_.tls.test 127.0.0.1\n" } 0 .. 2);
$t->spawn($t->dir() . '/dns.out', $^X, root() . '/t/lib/fake-dns.pl', $dns,
    $t->dir() . '/names');
ok(wait_for(sub { $t->read('/proc/net/udp') =~ /:@{[ sprintf '%04X', $dns ]} / }),
    'the name server is there');

my $port = 1;
my %port;


sub server { # a server with the API and these directives
    my ($name, $directives) = @_;
    my $n = $port{$name} = $port++;

    return <<"EOT";
    server {
        listen 127.0.0.1:%%PORT$n%%;

        location /api/ {
            secops_api;
            $directives
            secops_redis_cluster on;
            secops_auth header;
        }
    }
EOT
}


my $seed = 'secops_redis redis://127.0.0.1:' . $cluster->node(0)->port() . ';';
my $map = join ' ', map { "secops_redis_cluster_map node$_.inside.test"
    . ' 127.0.0.1;' } 0 .. 2;
my $ports = join ' ', map { my $node = $cluster->node($_); my $p = $node->port();
    "secops_redis_cluster_map NODE$_.inside.test:$p localhost.test:$p;" }
    0 .. 2;
my $resolver = "resolver 127.0.0.1:$dns ipv6=off; resolver_timeout 1s;";
my $rediss = 'secops_redis rediss://node0.tls.test:' . $t->port(500)
    . "; secops_redis_ssl_trusted_certificate $tls->{ca}{crt}; $resolver";

$t->write('names', $t->read('names') . "localhost.test 127.0.0.1\n");

$t->run(conf(location => 'secops_redis_cluster on;', http =>
    server(alone => $seed)
    . server(mapped => "$seed $map")
    . server(renamed => "$seed $ports $resolver")
    . server(resolved => "$seed $resolver")
    . server(secure => $rediss)
    . server(strict => "$rediss secops_redis_ssl_name other.test;")));


# of records in all shards; once one of them was stored, if it ever is

sub statuses {
    my ($name) = @_;
    my %seen;

    wait_for(sub { post($t, records(), port => $port{$name})->{status} == 201 },
        1);
    $seen{post($t, records(observable => "$name $_"), port => $port{$name})
        ->{status}}++ foreach 1 .. 40;
    return join ' ', map { "$_:$seen{$_}" } sort keys %seen;
}


is(statuses('mapped'), '201:40',
    'names that only the cluster knows: a map says where they are');
is(statuses('renamed'), '201:40', '... by a name, for a port');
is(statuses('resolved'), '201:40', 'names that a resolver knows');
is(statuses('alone'), '503:40', 'names that nobody knows: nothing is stored');
ok($t->wait_log(qr/node1\.inside\.test:\d+".*no resolver/), '... the log says so');

my $slot = $cluster->slot('{global:0}');
my $from = $cluster->owner($slot);
my ($to) = grep { $_ != $from } $cluster->nodes();

$cluster->move($slot, $from, $to);
is(statuses('mapped'), '201:40', 'MOVED names what is mapped');
is(statuses('resolved'), '201:40', '... and what is looked up');

$_->cmd('CONFIG', 'SET', 'cluster-preferred-endpoint-type',
    'unknown-endpoint') foreach $cluster->nodes();
$t->reload();
is(statuses('alone'), '201:40', 'nothing announced: the host that was asked');

$cluster->move($slot, $to, $from);
is(statuses('alone'), '201:40', '... by MOVED as well');

foreach my $node ($cluster->nodes()) {
    $node->cmd('CONFIG', 'SET', 'cluster-announce-hostname', '');
    $node->cmd('CONFIG', 'SET', 'cluster-preferred-endpoint-type', 'hostname');
}

ok(wait_for(sub { !grep { $_->[2][0] ne '?' }
    map { @{$_->cmd('CLUSTER', 'SLOTS')} } $cluster->nodes() }),
    'the nodes announce "?"');
$t->reload();
is(statuses('alone'), '201:40', '... and the address beside it is taken');

is(statuses('secure'), '201:40', 'TLS: certificates for what is announced');
is(statuses('strict'), '503:40', '... and for the name that is configured');

$slot = $secure->slot('{global:1}');
$from = $secure->owner($slot);
($to) = grep { $_ != $from } $secure->nodes();
$secure->begin_move($slot, $from, $to);
is(statuses('secure') =~ /^201:\d+(?: 503:\d+)?$/ ? 1 : 0, 1,
    'a slot is moved under TLS');
$secure->move_keys($slot, $from, $to);
$secure->end_move($slot, $from, $to);
is(statuses('secure'), '201:40', '... and found where it is');

$t->done();
