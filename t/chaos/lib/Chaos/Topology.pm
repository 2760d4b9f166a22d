package Chaos::Topology;

# What can be broken: one Redis, a replica set with its sentinels, a cluster, a
# cluster of masters alone, each of which comes back with its own file.
# Each says how nginx is told of it, which servers are masters at present, and
# which shards of the domain lie on one of them.
#
#     my $topology = Chaos::Topology->new('sentinel', $t, tls => 1);
#     $topology->conf();              # lines of the location
#     $topology->masters();           # SecOps::Redis, each
#     my $victim = $topology->victim();
#     $topology->shards($victim);     # { '0' => 1, ... }, or undef: all

use strict;
use warnings;

use SecOps ();
use SecOps::Cluster;
use SecOps::Sentinel;
use SecOps::Tls;
use Time::HiRes qw(sleep time);


my %kinds = (single => 'Chaos::Single', sentinel => 'Chaos::Sentinel',
    cluster => 'Chaos::Cluster', masters => 'Chaos::Masters');


sub new {
    my (undef, $kind, $t, %opt) = @_;

    my $self = bless { test => $t, kind => $kind },
        $kinds{$kind} // die "no topology is called $kind\n";

    if ($opt{tls}) {
        $self->{tls} = SecOps::Tls->new($t);
        $self->{certificate} = $self->{tls}->certificate('redis',
            names => 'IP:127.0.0.1');
    }

    $self->start();
    return $self;
}


# arguments of a redis-server that has TLS on this port

sub tls_arguments {
    my ($self, $port) = @_;
    return $self->{tls}
        ? $self->{tls}->arguments($port, $self->{certificate}) : ();
}


sub scheme { return $_[0]{tls} ? 'rediss' : 'redis' }


sub tls_conf {
    my ($self) = @_;
    return $self->{tls}
        ? "secops_redis_ssl_trusted_certificate $self->{tls}{ca}{crt};" : '';
}


# a killed one is started again; it comes back as what it takes itself for

sub revive {
    my ($self, $node) = @_;
    $node->start() unless $node->pid();
}


sub restart {
    my ($self, $node) = @_;
    $node->restart();
}


sub shards { return undef }


package Chaos::Single;

our @ISA = ('Chaos::Topology');


sub start {
    my ($self) = @_;
    my $port = $self->{test}->port(150);

    $self->{redis} = $self->{test}->redis(tcp => 1, aof => 'always',
        args => [ $self->tls_arguments($port) ]);
    $self->{port} = $self->{tls} ? $port : $self->{redis}->port();
}


sub conf {
    my ($self) = @_;
    return 'secops_redis ' . $self->scheme() . "://127.0.0.1:$self->{port};"
        . $self->tls_conf();
}


sub masters { return $_[0]{redis} }
sub victim { return $_[0]{redis} }
sub heal { return 1 }


# no other one takes over: it must come back

sub take_over {
    my ($self, $victim) = @_;
    $self->revive($victim);
    return $victim;
}


package Chaos::Sentinel;

our @ISA = ('Chaos::Topology');

my @persistent = qw(--appendonly yes --appendfsync everysec);


sub start {
    my ($self) = @_;

    $self->{set} = SecOps::Sentinel->new($self->{test}, down => 1500,
        tls => $self->{tls}, args => [@persistent]);
}


sub conf {
    my ($self) = @_;
    return 'secops_redis ' . $self->scheme() . '://mymaster;'
        . 'secops_redis_sentinel mymaster '
        . join(' ', $self->{set}->addresses()) . ';'
        . $self->tls_conf();
}


sub masters { return $_[0]{set}->master() }
sub victim { return $_[0]{set}->master() }
sub take_over { return $_[0]{set}->wait_master($_[1], 30) }


sub fail_over { # an orderly one
    my ($self) = @_;
    return $self->{set}->failover();
}


# A server that has become a master keeps that in its configuration file, which
# these have not: it is told when it starts.

my @master = qw(--replicaof no one);

sub revive {
    my ($self, $node) = @_;
    $node->start(@master) unless $node->pid();
}


sub restart {
    my ($self, $node) = @_;
    $node->restart(@master);
}


# a replica of the present master at once, without waiting for the sentinels

sub rejoin {
    my ($self, $node) = @_;
    $node->start('--replicaof', '127.0.0.1', $self->{set}->master()->port())
        unless $node->pid();
}


sub heal {
    my ($self) = @_;
    my $set = $self->{set};

    $self->rejoin($_) foreach @{$set->{nodes}};

    return SecOps::wait_for(sub {
        my $master = $set->wait_master(undef, 5) or return;
        return $set->wait_replicas($master) && $self->watched();
    }, 90);
}


# each sentinel knows of two replicas that it could promote: it takes some
# seconds until one that came back counts again

sub watched {
    my ($self) = @_;

    foreach my $sentinel (@{$self->{set}{sentinels}}) {
        my $replicas = $sentinel->cmd(qw(SENTINEL REPLICAS mymaster));
        my $good = 0;

        foreach my $replica (@$replicas) {
            my %field = @$replica;
            $good++ if $field{flags} eq 'slave'
                && $field{'master-link-status'} eq 'ok'
                && $field{'role-reported'} eq 'slave';
        }

        return if $good < 2;
    }

    return 1;
}


package Chaos::Cluster;

our @ISA = ('Chaos::Topology');


sub start {
    my ($self) = @_;
    my $t = $self->{test};

    $self->{cluster} = SecOps::Cluster->new($t, masters => 3, replicas => 1,
        timeout => 1000, args => [@persistent], announce => sub {
            return $self->{tls} ? ($self->tls_arguments($t->port(150 + $_[0])),
                qw(--tls-cluster yes --tls-replication yes)) : ();
        });
}


sub conf {
    my ($self) = @_;
    my ($first, @others) = map { "127.0.0.1:$_->{peer_port}" }
        $self->{cluster}->nodes();

    return 'secops_redis ' . $self->scheme() . "://$first;"
        . "secops_redis_cluster on; secops_redis_cluster_seed @others;"
        . $self->tls_conf();
}


sub slot { # of a shard of the domain
    my ($self, $shard) = @_;
    return $self->{slots}{$shard}
        //= ($self->{cluster}->alive())[0]->cmd('CLUSTER', 'KEYSLOT',
            "secops:{global:$shard}:audit");
}


sub owners { # shard -> node
    my ($self) = @_;
    my %owners;

    foreach my $range (@{($self->{cluster}->alive())[0]->cmd('CLUSTER', 'SLOTS')}) {
        my ($first, $last, $master) = @$range;
        my ($node) = grep { $_->port() == $master->[1] }
            $self->{cluster}->nodes();

        foreach my $shard (0 .. 9, 'a' .. 'f') {
            my $slot = $self->slot($shard);
            $owners{$shard} = $node if $slot >= $first && $slot <= $last;
        }
    }

    return \%owners;
}


sub masters {
    my ($self) = @_;
    my %masters = map { $_->port() => $_ } values %{$self->owners()};
    return values %masters;
}


sub victim { # by turns
    my ($self) = @_;
    my @masters = sort { $a->port() <=> $b->port() } $self->masters();
    return $masters[$self->{turn}++ % @masters];
}


sub shards {
    my ($self, $victim) = @_;
    my $owners = $self->owners();
    return { map { $_ => 1 } grep { $owners->{$_} == $victim } keys %$owners };
}


sub take_over {
    my ($self, $victim) = @_;

    return SecOps::wait_for(sub {
        my @nodes = grep { $_ != $victim } $self->{cluster}->alive();
        foreach my $eyes (@nodes) {
            my $slots = eval { $eyes->cmd('CLUSTER', 'SLOTS') } or return;
            return if grep { $_->[2][1] == $victim->port() } @$slots;
        }
        return 1;
    }, 30);
}


sub fail_over { # of the master with the most shards of the domain
    my ($self, $master) = @_;
    my $cluster = $self->{cluster};

    $master //= $self->victim();

    # a replica that is not in step yet gives it up after a while

    foreach (1 .. 10) {
        my $replica = SecOps::wait_for(sub { $cluster->replica($master) }, 10)
            or return;

        eval { $replica->cmd('CLUSTER', 'FAILOVER') };

        return $replica if SecOps::wait_for(
            sub { eval { $cluster->is_master($replica) } }, 2);
    }

    return;
}


sub rejoin { $_[0]->revive($_[1]) }


# one slot that is in use goes to another master with its keys

sub reshard {
    my ($self) = @_;
    my $owners = $self->owners();
    my @shards = sort keys %$owners;
    my $shard = $shards[$self->{moved}++ % @shards];
    my $from = $owners->{$shard};
    my ($to) = grep { $_ != $from } $self->masters();

    $self->{cluster}->move($self->slot($shard), $from, $to);
    return { $shard => 1 };
}


sub heal {
    my ($self) = @_;
    my $cluster = $self->{cluster};

    $self->rejoin($_) foreach $cluster->nodes();

    return SecOps::wait_for(sub {
        return unless $cluster->wait_ok(5);

        foreach my $node ($cluster->nodes()) {
            my $info = $node->cmd('INFO', 'replication');
            return if $info =~ /^role:slave/m
                && $info !~ /^master_link_status:up/m;
        }
        return 1;
    }, 90);
}


package Chaos::Masters;

our @ISA = ('Chaos::Cluster');


sub start {
    my ($self) = @_;

    $self->{cluster} = SecOps::Cluster->new($self->{test}, masters => 3,
        replicas => 0, args => [qw(--appendonly yes --appendfsync always)]);
}


sub take_over {
    my ($self, $victim) = @_;
    $self->revive($victim);
    return $victim;
}


1;
