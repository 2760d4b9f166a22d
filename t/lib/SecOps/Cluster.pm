package SecOps::Cluster;

# A Redis Cluster of real processes on ports of the test's own.
#
#     my $cluster = SecOps::Cluster->new($t);      # 3 masters, 3 replicas
#     my $cluster = SecOps::Cluster->new($t, masters => 3, replicas => 0);
#
# %%REDIS%%, %%REDIS1%%, ... are its nodes, the masters first.  Slots are shared
# out evenly, as redis-cli would.
#
#     my $slot = $cluster->slot('{tag}');          # of a key
#     my $node = $cluster->owner($slot);           # a SecOps::Redis
#     $cluster->move($slot, $from, $to);           # with all its keys
#
# A node that is silent for cluster-node-timeout is failed over.  A busy machine
# may keep any node from running for a second, and a master that is replaced
# where no test expects it makes that test fail.  So the timeout is a long one,
# except while the nodes meet and where a test waits for a failover:
#
#     $cluster->node_timeout(1000);                # ms, of all that live
#     $master->kill9();
#     ...
#     $cluster->node_timeout();                    # the long one again
#
# Options: masters, replicas (of each), timeout (the long one, 10000 ms), args
# (more arguments of redis-server), announce (code: node's number -> arguments).

use strict;
use warnings;

use SecOps ();
use Scalar::Util ();
use Time::HiRes qw(sleep time);

use constant SLOTS => 16384;


sub new {
    my ($class, $t, %opt) = @_;

    my $self = bless {
        test     => $t,
        masters  => $opt{masters} // 3,
        replicas => $opt{replicas} // 1,
        timeout  => $opt{timeout} // 10_000,
        args     => $opt{args} // [],
        nodes    => [],
    }, $class;

    Scalar::Util::weaken($self->{test});

    my $n = $self->{masters} * (1 + $self->{replicas});

    $self->add($opt{announce} ? $opt{announce}->($_) : ()) for 0 .. $n - 1;

    # nodes hear of one another by pings, which come twice in each timeout
    $self->node_timeout(1000);

    $self->share_out();
    $self->meet(1 .. $n - 1);
    $self->wait_known($n) or die "the nodes do not know one another\n";

    if ($self->{replicas}) {
        $self->replicate($_, ($_ - $self->{masters}) % $self->{masters})
            for $self->{masters} .. $n - 1;
    }

    $self->wait_ok() or die "the cluster is not ok\n";
    $self->node_timeout();
    return $self;
}


sub node_timeout { # ms; without: the long one
    my ($self, $timeout) = @_;

    expect($_, 'OK', 'CONFIG', 'SET', 'cluster-node-timeout',
        $timeout // $self->{timeout}) foreach $self->alive();
}


# one more process, in no cluster yet

sub add {
    my ($self, @args) = @_;
    my $t = $self->{test};
    my $bus = $t->port(300 + @{$t->{redis}});

    my $node = $t->redis(tcp => 1, aof => 'no', args => [
        '--cluster-enabled', 'yes', '--cluster-port', $bus,
        '--cluster-node-timeout', $self->{timeout},
        '--cluster-replica-validity-factor', 0,
        '--cluster-allow-replica-migration', 'no',
        '--repl-ping-replica-period', 1, '--repl-diskless-sync-delay', 0,
        @{$self->{args}}, @args ]);

    # with "--tls-cluster yes" the nodes talk to one another over TLS, too
    my %given = (@{$self->{args}}, @args);

    $node->{bus} = $bus;
    $node->{peer_port} = $given{'--tls-port'} // $node->port();
    push @{$self->{nodes}}, $node;
    return $node;
}


# a node leaves: the others forget it, and it forgets them

sub remove {
    my ($self, $node) = @_;
    my $id = $self->id($node);

    $self->{nodes} = [ grep { $_ != $node } $self->nodes() ];
    $_->cmd('CLUSTER', 'FORGET', $id) foreach $self->alive();
    expect($node, 'OK', 'CLUSTER', 'RESET', 'HARD');
}


sub node { return $_[0]{nodes}[$_[1]] }
sub nodes { return @{$_[0]{nodes}} }
sub alive { return grep { defined $_->pid() } $_[0]->nodes() }
sub id { return $_[1]->cmd('CLUSTER', 'MYID') }


sub share_out {
    my ($self) = @_;
    my $n = $self->{masters};

    foreach my $i (0 .. $n - 1) {
        my $node = $self->node($i);
        my $first = int(SLOTS * $i / $n);
        my $last = int(SLOTS * ($i + 1) / $n) - 1;

        expect($node, 'OK', 'CLUSTER', 'ADDSLOTSRANGE', $first, $last);
        expect($node, 'OK', 'CLUSTER', 'SET-CONFIG-EPOCH', $i + 1);
    }
}


sub expect { # node, answer, command
    my ($node, $answer, @words) = @_;
    my $got = $node->cmd(@words) // '(nil)';
    die "@words: $got\n" if $got ne $answer;
}


# Lets nodes into the cluster of the first one.  A node is asked once, and for a
# second; when it has not answered by then it must be asked again.  It is known
# by the port of its bus: with TLS its other port is that of TLS at first, and
# the plain one as soon as the nodes have talked, when a name may follow, too.

sub meet { # their numbers
    my ($self, @numbers) = @_;

    my $unknown = sub {
        my %known = map { /:\d+@(\d+)(?:,\S*)? (?!\S*handshake)/ ? ($1 => 1) : () }
            split /\n/, $self->node(0)->cmd('CLUSTER', 'NODES');
        return grep { !$known{$self->node($_)->{bus}} } @numbers;
    };

    SecOps::wait_for(sub {
        foreach my $node (map { $self->node($_) } $unknown->()) {
            expect($self->node(0), 'OK', 'CLUSTER', 'MEET', '127.0.0.1',
                $node->{peer_port}, $node->{bus});
        }
        return SecOps::wait_for(sub { !$unknown->() }, 5);
    }, 60) or die "a node does not come into the cluster:\n", map {
        $_->port() . " sees\n" . $_->cmd('CLUSTER', 'NODES')
            . join '', grep { defined } (split /^/, $_->log())[-5 .. -1]
    } map { $self->node($_) } 0, $unknown->();
}


sub wait_known { # until every node knows so many
    my ($self, $n) = @_;

    return SecOps::wait_for(sub {
        foreach my $node ($self->alive()) {
            my @lines = split /\n/, $node->cmd('CLUSTER', 'NODES');
            return if grep({ !/handshake|noaddr/ } @lines) < $n;
        }
        return 1;
    }, 60);
}


sub replicate { # number of a node, number of its master
    my ($self, $replica, $master) = @_;
    my $id = $self->id($self->node($master));

    expect($self->node($replica), 'OK', 'CLUSTER', 'REPLICATE', $id);

    $self->wait_replica($self->node($replica)) or die "no replication\n";
}


# until a node is a replica that has all of its master's data: one that has not
# may become the master all the same, and then they are lost

sub wait_replica {
    my ($self, $node) = @_;
    return SecOps::wait_for(sub { $node->cmd('INFO', 'replication')
        =~ /^role:slave.*^master_link_status:up/ms });
}


# until every node sees all slots served, and by the same masters

sub wait_ok {
    my ($self, $timeout) = @_;

    return SecOps::wait_for(sub {
        foreach my $node ($self->alive()) {
            my $info = $node->cmd('CLUSTER', 'INFO');
            return unless $info =~ /^cluster_state:ok/m
                && $info =~ /^cluster_slots_ok:16384/m;
        }
        return $self->agreed();
    }, $timeout // 60);
}


sub slot { return $_[0]->node(0)->cmd('CLUSTER', 'KEYSLOT', $_[1]) }


# who has a slot, in the eyes of a node, or of any that lives

sub owner {
    my ($self, $slot, $eyes) = @_;
    $eyes //= ($self->alive())[0];

    foreach my $range (@{$eyes->cmd('CLUSTER', 'SLOTS')}) {
        my ($first, $last, $master) = @$range;
        next if $slot < $first || $slot > $last;
        my ($node) = grep { $_->port() == $master->[1] } $self->nodes();
        return $node;
    }

    return;
}


sub replica { # a node that replicates another one
    my ($self, $master) = @_;
    my $id = $self->id($master);
    my %ports = map { $_->port() => $_ } $self->alive();

    foreach my $line (split /\n/, $master->cmd('CLUSTER', 'NODES')) {
        my (undef, $address, $flags, $of) = split / /, $line;
        my ($port) = $address =~ /:(\d+)@/;
        return $ports{$port} if $flags =~ /slave/ && $of eq $id
            && $ports{$port};
    }

    return;
}


# Waits until all nodes that live see the same masters, with the same slots and
# the same config epochs, and no epoch twice.
#
# Whose a slot is, the higher config epoch decides.  A node that takes one over
# raises its own above all that it has heard of, and asks nobody.  If it has not
# heard of the last move, or of a failover, its new epoch may be the one that the
# slot's last owner has.  An old message of that owner then takes the slot back in
# the eyes of a third node, since the claims of two equal epochs do not replace one
# another.  Redis gives one of the two nodes a higher epoch to part them.  If that
# is the last owner, the third node tells the new one that the slot is not its
# own, and then each of the two takes it for the other one's, for ever.

sub agree {
    my ($self) = @_;

    SecOps::wait_for(sub { $self->agreed() }, 60)
        or die "the nodes do not agree:\n", map {
            $_->port() . " sees\n" . $self->view($_) } $self->alive();
}


sub agreed { # 1: they do at present
    my ($self) = @_;
    my %seen = map { $self->view($_) => 1 } $self->alive();
    my %epochs;

    return 0 if keys %seen != 1;
    $epochs{$_}++ foreach map { /epoch (\d+)/g } keys %seen;
    return scalar(grep { $_ > 1 } values %epochs) ? 0 : 1;
}


sub view { # the masters among those that live, in the eyes of a node
    my ($self, $eyes) = @_;
    my %alive = map { $self->id($_) => 1 } $self->alive();

    return join '', sort map {
        my ($id, $address, $flags, undef, undef, undef, $epoch, undef, @slots)
            = split / /;
        $alive{$id} && $flags =~ /master/ ? "$id ${\ $address =~ s/@.*//r}"
            . " epoch $epoch: @{[grep { !/^\[/ } @slots]}\n" : ();
    } split /\n/, $eyes->cmd('CLUSTER', 'NODES');
}


# a slot's way from node to node, in steps that a test may stop between

sub begin_move {
    my ($self, $slot, $from, $to) = @_;

    $self->agree();

    expect($to, 'OK', 'CLUSTER', 'SETSLOT', $slot, 'IMPORTING',
        $self->id($from));
    expect($from, 'OK', 'CLUSTER', 'SETSLOT', $slot, 'MIGRATING',
        $self->id($to));
}


sub move_keys {
    my ($self, $slot, $from, $to) = @_;

    while (my @keys = @{$from->cmd('CLUSTER', 'GETKEYSINSLOT', $slot, 100)}) {
        my $got = $from->cmd('MIGRATE', '127.0.0.1', $to->{peer_port}, '', 0,
            5000,
            'KEYS', @keys);
        die "MIGRATE: $got\n" unless $got =~ /^(?:OK|NOKEY)/;
    }
}


# The new owner is told first, since it raises its epoch then.  All know it when
# this returns: another move may begin, and no client is sent to the old one.

sub end_move {
    my ($self, $slot, $from, $to) = @_;
    my $id = $self->id($to);

    expect($_, 'OK', 'CLUSTER', 'SETSLOT', $slot, 'NODE', $id)
        foreach $to, $from,
            grep { $_ != $to && $_ != $from && $self->is_master($_) }
                $self->alive();

    $self->agree();
    ($self->owner($slot) // 0) == $to or die "slot $slot went elsewhere\n";
}


sub move {
    my ($self, @where) = @_;

    $self->begin_move(@where);
    $self->move_keys(@where);
    $self->end_move(@where);
}


sub is_master {
    my ($self, $node) = @_;
    return $node->cmd('INFO', 'replication') =~ /^role:master/m ? 1 : 0;
}


1;
