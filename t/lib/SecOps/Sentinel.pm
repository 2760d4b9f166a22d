package SecOps::Sentinel;

# A master, its replicas, and the sentinels that watch them: real processes on
# ports of the test's own.
#
#     my $set = SecOps::Sentinel->new($t);         # 2 replicas, 3 sentinels
#
#     secops_redis redis://mymaster;
#     secops_redis_sentinel mymaster @{[ $set->addresses() ]};
#
#     my $master = $set->master();                 # a SecOps::Redis
#     $set->failover();                            # told to; -> the new one
#     $set->watch();                               # who does not answer is dead
#     $master->kill9(); $set->wait_master($master);    # -> the new one
#
# A busy machine may leave a server without a processor for as long as a dead one
# does not answer.  So the sentinels are patient, but for the time from watch()
# until they agree on a new master.
#
# %%REDIS%%, %%REDIS1%%, ... are the master that it begins with, and the
# replicas.  The processes know one another from the start: nothing waits for
# gossip.
#
# Options: replicas, sentinels; name, of the master; down, for so many ms a server
# need not answer, always; args, more arguments of the redis-servers; conf, more
# lines of the sentinels' configuration; tls, a SecOps::Tls: servers and sentinels
# take nothing else on their ports, and have certificates for 127.0.0.1.

use strict;
use warnings;

use Digest::SHA qw(sha1_hex);
use Scalar::Util ();
use SecOps ();
use Time::HiRes qw(sleep time);

# for so many milliseconds a server need not answer, and is not dead

my ($patient, $watching) = (60_000, 600);


sub new {
    my ($class, $t, %opt) = @_;

    my $self = bless {
        test      => $t,
        name      => $opt{name} // 'mymaster',
        down      => $opt{down},
        conf      => $opt{conf} // '',
        nodes     => [],
        sentinels => [],
    }, $class;

    Scalar::Util::weaken($self->{test});

    my @args = ('--repl-diskless-sync-delay', 0,
        '--repl-ping-replica-period', 1, @{$opt{args} // []});

    $self->{certificate} = $opt{tls}->certificate('set' . $self->number(),
        names => 'IP:127.0.0.1') if $opt{tls};
    $self->{ca} = $opt{tls}{ca} if $opt{tls};

    my $master = $self->server(@args);
    push @{$self->{nodes}}, $master;

    push @{$self->{nodes}}, $self->server(@args, '--replicaof', '127.0.0.1',
        $master->port()) for 1 .. $opt{replicas} // 2;

    $self->wait_replicas($master) or die "the replicas are not in step\n";

    my $count = $opt{sentinels} // 3;
    $self->{ports} = [ map { $t->port(400 + $self->number() + $_) }
        0 .. $count - 1 ];
    $self->sentinel($_) for 0 .. $count - 1;

    return $self;
}


my $numbers = 0;

sub number { # of ports that other sets have taken
    my ($self) = @_;
    return $self->{number} //= 20 * $numbers++;
}


# a Redis; with TLS its port takes nothing else

sub server {
    my ($self, @args) = @_;
    my $t = $self->{test};
    my $port = $t->port(100 + @{$t->{redis}});
    my %tls = $self->tls($port);

    return $t->redis(tcp => 1, aof => 'no',
        args => [ map({ ("--$_", $tls{$_}) } sort keys %tls), @args ]);
}


sub tls { # settings of a server on this port
    my ($self, $port) = @_;

    return unless $self->{certificate};
    return ('port' => 0, 'tls-port' => $port, 'tls-replication' => 'yes',
        'tls-auth-clients' => 'no',
        'tls-cert-file' => $self->{certificate}{crt},
        'tls-key-file' => $self->{certificate}{key},
        'tls-ca-cert-file' => $self->{ca}{crt});
}


# starts the n-th sentinel, which knows the others and the replicas

sub sentinel {
    my ($self, $n) = @_;
    my ($name, @ports) = ($self->{name}, @{$self->{ports}});
    my $master = $self->{nodes}[0];
    my $id = sub { sha1_hex("sentinel $_[0]") };

    my $conf = "sentinel resolve-hostnames yes\n"
        . "sentinel myid @{[ $id->($ports[$n]) ]}\n"
        . "sentinel monitor $name 127.0.0.1 @{[ $master->port() ]} "
        . (int(@ports / 2) + 1) . "\n"
        . "sentinel down-after-milliseconds $name "
        . ($self->{down} // $patient) . "\n"
        . "sentinel failover-timeout $name 2000\n"
        . "sentinel parallel-syncs $name 5\n";

    $conf .= "sentinel known-replica $name 127.0.0.1 @{[ $_->port() ]}\n"
        for @{$self->{nodes}}[1 .. $#{$self->{nodes}}];

    $conf .= "sentinel known-sentinel $name 127.0.0.1 $ports[$_] "
        . $id->($ports[$_]) . "\n" for grep { $_ != $n } 0 .. $#ports;

    my %tls = ('port' => $ports[$n], $self->tls($ports[$n]));

    $conf = join('', map { "$_ $tls{$_}\n" } sort keys %tls) . $conf;

    my $sentinel = SecOps::Sentinel::Server->new($self->{test}, $ports[$n],
        $conf . $self->{conf});

    push @{$self->{test}{redis}}, $sentinel;
    return $self->{sentinels}[$n] = $sentinel;
}


sub addresses { # of the sentinels, for the configuration
    my ($self) = @_;
    return map { "127.0.0.1:$_" } @{$self->{ports}};
}


sub node { # by its port
    my ($self, $port) = @_;
    my ($node) = grep { $_->port() == $port } @{$self->{nodes}};
    return $node;
}


# the master by a sentinel that lives

sub master {
    my ($self) = @_;

    foreach my $sentinel (@{$self->{sentinels}}) {
        my $address = again($sentinel, 'SENTINEL',
            'GET-MASTER-ADDR-BY-NAME', $self->{name});
        return $self->node($address->[1]) if ref $address;
    }

    return;
}


sub role { # of a node: "master", "slave"; undef: it is not there
    my ($self, $node) = @_;
    my $role = again($node, 'ROLE');
    return ref $role ? $role->[0] : undef;
}


# a command; a server that changed its role has closed the connection

sub again {
    my ($node, @words) = @_;
    return unless $node->pid();
    return eval { $node->cmd(@words) } // eval { $node->cmd(@words) };
}


# from now on a server that does not answer is dead, until there is a new master

sub watch {
    my ($self, $milliseconds) = @_;
    return if defined $self->{down};

    foreach my $sentinel (grep { $_->pid() } @{$self->{sentinels}}) {
        my $answer = again($sentinel, 'SENTINEL', 'SET', $self->{name},
            'down-after-milliseconds', $milliseconds // $watching) // '';
        die "a sentinel says $answer\n" if $answer ne 'OK';
    }
}


# until all sentinels agree on a master that is another one than the old one,
# and knows it itself; -> it

sub wait_master {
    my ($self, $old, $timeout) = @_;

    my $new = SecOps::wait_for(sub {
        my %ports;

        foreach my $sentinel (grep { $_->pid() } @{$self->{sentinels}}) {
            my $address = again($sentinel, 'SENTINEL',
                'GET-MASTER-ADDR-BY-NAME', $self->{name});
            return unless ref $address;
            $ports{$address->[1]} = 1;
        }

        return unless keys %ports == 1;
        my $node = $self->node(keys %ports);
        return if !$node || $old && $node == $old;
        return ($self->role($node) // '') eq 'master' ? $node : undef;
    }, $timeout // 60);

    $self->watch($patient) if $old;
    return $new;
}


# an orderly one; the sentinels refuse it for a while after another one.  wait
# => 0: only begins it

sub failover {
    my ($self, %opt) = @_;
    my $old = $self->master();

    SecOps::wait_for(sub {
        my $answer = $self->{sentinels}[0]->cmd('SENTINEL', 'FAILOVER',
            $self->{name});
        return $answer =~ /^OK/;
    }, 60) or return;

    return if defined $opt{wait} && !$opt{wait};
    return $self->wait_master($old);
}


# until so many replicas of a node are in step

sub wait_replicas {
    my ($self, $master, $count) = @_;
    $count //= @{$self->{nodes}} - 1;

    return SecOps::wait_for(sub {
        my $info = again($master, 'INFO', 'replication') // '';
        my $online = () = $info =~ /state=online/g;
        return $online >= $count;
    });
}


# ----------------------------------------------------------------------------

package SecOps::Sentinel::Server;

use strict;
use warnings;

use parent -norequire, 'SecOps::Redis';


sub new {
    my ($class, $test, $port, $conf) = @_;
    my $dir = $test->dir() . "/sentinel$port";

    my $self = bless {
        test   => $test,
        dir    => $dir,
        socket => "$dir/redis.sock",
        port   => $port,
        owner  => $$,
    }, $class;

    Scalar::Util::weaken($self->{test});

    $test->write("$dir/sentinel.conf", "bind 127.0.0.1\n"
        . "unixsocket $self->{socket}\ndir $dir\n$conf");

    return $self->start();
}


sub url { return "redis://127.0.0.1:$_[0]{port}" }


# what it has written into its configuration counts

sub start {
    my ($self) = @_;

    unlink $self->{socket};

    $self->{pid} = $self->{test}->spawn("$self->{dir}/redis.log",
        'redis-server', "$self->{dir}/sentinel.conf", '--sentinel');

    SecOps::wait_for(sub {
        my $answer = eval { $self->cmd('PING') };
        return defined $answer && $answer =~ /^(?:PONG|NOAUTH)/;
    }, SecOps::START()) or do {
        Test::More::diag($self->log());
        die "the sentinel did not start\n";
    };

    return $self;
}


1;
