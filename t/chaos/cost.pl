#!/usr/bin/perl

# What the ways to Redis cost: processor time for a record, of nginx and of
# Redis, over TLS, to a cluster, and with each level of durability, beside the
# plain unix socket.  All in one run, by turns, so that what else the machine
# does falls on all of them.
#
#   cost.pl [--runs=N] [--seconds=N] [--connections=N] [--write]
#
# --write puts the table into docs/durability.md.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib", "$FindBin::Bin/lib", "$FindBin::Bin/../../bench/lib";

use Bench::Processor;
use Chaos::Page;
use Getopt::Long;
use SecOps;
use SecOps::Cluster;
use SecOps::Tls;

my %opt = (runs => 5, seconds => 3, connections => 64);
GetOptions(\%opt, 'runs=i', 'seconds=i', 'connections=i', 'write')
    or die "usage: $0 [--runs=N] [--seconds=N] [--connections=N] [--write]\n";

my $t = SecOps->new(log_level => 'error');
my $tls = SecOps::Tls->new($t);
my $certificate = $tls->certificate('redis', names => 'IP:127.0.0.1');
my @plain = (aof => 'no');

my $unix = $t->redis(@plain);
my $tcp = $t->redis(tcp => 1, @plain);
my $secure_port = $t->port(150);
my $secure = $t->redis(@plain, args => [
    $tls->arguments($secure_port, $certificate) ]);
my $master = $t->redis(tcp => 1, @plain);
my $replica = $t->redis(tcp => 1, @plain, args => [ '--replicaof', '127.0.0.1',
    $master->port(), '--repl-diskless-sync-delay', 0 ]);
my $disk = $t->redis(aof => 'always');
my $cluster = SecOps::Cluster->new($t, masters => 3, replicas => 0);
my @nodes = $cluster->nodes();

wait_for(sub { $master->cmd('INFO', 'replication') =~ /state=online/ }, 20)
    or die "no replica\n";

my $server = 'secops_redis redis://127.0.0.1:';

my @ways = (
    { name => 'unix socket', servers => [$unix],
      conf => 'secops_redis ' . $unix->url() . ';' },
    { name => 'TCP', servers => [$tcp], conf => $server . $tcp->port() . ';' },
    { name => 'TLS', servers => [$secure],
      conf => "secops_redis rediss://127.0.0.1:$secure_port;"
          . "secops_redis_ssl_trusted_certificate $tls->{ca}{crt};" },
    { name => 'cluster of 3, TCP', servers => [@nodes],
      conf => $server . $nodes[0]->port() . '; secops_redis_cluster on;' },
    { name => 'TCP, `replicas=1`', servers => [$master, $replica],
      conf => $server . $master->port() . '; secops_durability replicas=1;' },
    { name => 'unix socket, `fsync`', servers => [$disk],
      conf => 'secops_redis ' . $disk->url() . '; secops_durability fsync;' },
);

my $path = '/api/sn_sec_cmn/integration_capabilities/threat_lookup';

# different subjects, so that all nodes of a cluster have their share

$t->write('post.lua', <<"EOT");
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["X-SecOps-User"] = "bench"
wrk.headers["X-SecOps-Roles"] = "sn_sec_cmn.api_write"
local n = 0
function request()
    n = n + 1
    return wrk.format(nil, nil, nil, '{"observable":"198.51.100.' .. n % 1000
        .. '","finding":"Clean","source_engine":"bench","details":"'
        .. string.rep("x", 200) .. '"}')
end
local threads = {}
function setup(thread) thread:set("bad", 0) table.insert(threads, thread) end
function response(status) if status ~= 201 then bad = bad + 1 end end
function done(summary, latency)
    local bad = 0
    for _, thread in ipairs(threads) do bad = bad + thread:get("bad") end
    io.write(string.format("COST requests=%d bad=%d p50=%.3f p99=%.3f\\n",
        summary.requests, bad, latency:percentile(50) / 1000,
        latency:percentile(99) / 1000))
end
EOT

$t->run("%%MAIN%%\nevents { worker_connections 2048; }\nhttp {\n%%HTTP%%\n"
    . join('', map { my $port = $_ + 1; <<"EOT" } 0 .. $#ways) . "}\n");
    server {
        listen 127.0.0.1:%%PORT$port%%;
        location /api/ {
            secops_api;
            $ways[$_]{conf}
            secops_auth header;
            secops_audit_maxlen 10000;
        }
    }
EOT


sub wrk {
    my ($port, $seconds) = @_;
    my $out = `wrk -t1 -c$opt{connections} -d${seconds}s -s $t->{dir}/post.lua http://127.0.0.1:$port$path 2>&1`;
    my %result = map { split /=/ } split ' ',
        ($out =~ /^COST (.*)$/m)[0] // die "wrk said:\n$out";
    die "$result{bad} of $result{requests} were not stored\n" if $result{bad};
    return \%result;
}


sub sum { my $sum = 0; $sum += $_ foreach @_; return $sum }


my ($worker) = $t->workers();

foreach my $run (0 .. $opt{runs}) {         # the first one warms up

    foreach my $i (0 .. $#ways) {
        my $way = $ways[$i];

        wait_for(sub { my $r = $t->request('GET', '/api/v1/health', {}, undef,
            port => $i + 1); $r && $r->{status} == 200 }, 10)
            or die "$way->{name}: not ready\n";

        my @before = (Bench::Processor::cpu($worker),
            sum(map { Bench::Processor::cpu($_->pid()) } @{$way->{servers}}));
        my $begin = time();
        my $result = wrk($t->port($i + 1), $run ? $opt{seconds} : 1);
        my $took = time() - $begin;
        my $nginx = Bench::Processor::cpu($worker) - $before[0];
        my $redis = sum(map { Bench::Processor::cpu($_->pid()) }
            @{$way->{servers}}) - $before[1];

        $_->cmd('FLUSHALL') foreach grep { $_ != $replica } @{$way->{servers}};
        next unless $run;

        push @{$way->{$_->[0]}}, $_->[1] foreach
            [ nginx => 1e6 * $nginx / $result->{requests} ],
            [ redis => 1e6 * $redis / $result->{requests} ],
            [ rate => $result->{requests} / $took ],
            [ p50 => $result->{p50} ], [ p99 => $result->{p99} ];
    }
}

my $median = \&Chaos::Page::median;
my ($n, $r) = map { $median->(@{$ways[0]{$_}}) } qw(nginx redis);
my $table = '';

foreach my $way (@ways) {
    my %m = map { $_ => $median->(@{$way->{$_}}) } qw(nginx redis rate p50 p99);

    $table .= sprintf "| %s | %.1f | %.2f | %.1f | %.2f | %.0f | %.2f | %.2f |\n",
        $way->{name}, $m{nginx}, $m{nginx} / $n, $m{redis}, $m{redis} / $r,
        $m{rate}, $m{p50}, $m{p99};
}

$table = "| way to Redis | nginx, µs | | Redis, µs | | records/s | p50, ms"
    . " | p99, ms |\n|---|" . '--:|' x 7 . "\n$table";

print $table;

$t->quit(20);
$_->stop() foreach @{$t->{redis}};

Chaos::Page->put('cost', Chaos::Page::setting('t/chaos/cost.pl')
    . "one nginx of one worker,\n$opt{connections} connections, records of"
    . " about 500 bytes, medians of $opt{runs} runs by\nturns. Processor time for"
    . " each record, of the worker and of all Redis servers\nthat it is sent to;"
    . " beside it, how many times that of the unix socket it is.\n\n"
    . $table) if $opt{write};
