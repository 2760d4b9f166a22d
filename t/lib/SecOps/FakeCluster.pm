package SecOps::FakeCluster;

# Nodes of a cluster that say what a test wants (fake-cluster.pl).
#
#     my $fake = SecOps::FakeCluster->new($t, 2);   # %%REDIS%% is the first
#
#     $fake->state(map => $fake->map([0, 16383, 0]),
#         nodes => [ ['MOVED %SLOT% 127.0.0.1:' . $fake->port(1)], ['OK'] ]);
#
#     $fake->seen(qr/^0 > SET/);                   # lines of the log

use strict;
use warnings;

use JSON::PP;
use Scalar::Util ();
use SecOps ();
use SecOps::Slot qw(slot);


sub new {
    my ($class, $t, $nodes) = @_;
    my $dir = $t->dir();

    my $self = bless {
        test   => $t,
        ports  => [ map { $t->port(400 + @{$t->{redis}} * 10 + $_) }
            0 .. $nodes - 1 ],
        log    => "$dir/fake-cluster.log",
        state  => "$dir/fake-cluster.state",
        number => 0,
    }, $class;

    Scalar::Util::weaken($self->{test});

    $self->{pid} = $t->spawn("$dir/fake-cluster.out", $^X,
        SecOps::root() . '/t/lib/fake-cluster.pl', "--state=$self->{state}",
        "--log=$self->{log}", @{$self->{ports}});

    SecOps::wait_for(sub { $self->seen(qr/^listening/) })
        or die "the nodes did not start\n";

    push @{$t->{redis}}, $self;
    return $self;
}


sub port { return $_[0]{ports}[$_[1]] }
sub url { return "redis://127.0.0.1:$_[0]{ports}[0]" }
sub log { return $_[0]{test}->read($_[0]{log}) }


# the reply to CLUSTER SLOTS; a range: first, last, number of a node; or first,
# last, host (undef: nil), port

sub map {
    my ($self, @ranges) = @_;
    my $reply = '*' . @ranges . "\r\n";

    foreach my $range (@ranges) {
        my ($first, $last, @where) = @$range;
        my ($host, $port) = @where == 2 ? @where
            : ('127.0.0.1', $self->port($where[0]));

        $reply .= "*3\r\n:$first\r\n:$last\r\n*2\r\n"
            . (defined $host ? '$' . length($host) . "\r\n$host\r\n"
                             : "\$-1\r\n")
            . ":$port\r\n";
    }

    return $reply;
}


sub state { # until it is in force
    my ($self, %state) = @_;

    # written whole, never seen in part
    my $number = $state{number} = ++$self->{number};
    $self->{test}->write("$self->{state}.new", encode_json(\%state));
    rename "$self->{state}.new", $self->{state} or die "rename: $!";

    SecOps::wait_for(sub { $self->seen(qr/^state $number$/) })
        or die "the nodes have not read their state\n";
}


sub seen { # how many lines of the log match
    my ($self, $pattern) = @_;
    return scalar grep { /$pattern/ } split /\n/, $self->log();
}


sub since { # the same of what comes after this moment: a function
    my ($self) = @_;
    my $old = length $self->log();

    return sub {
        return scalar grep { /$_[0]/ } split /\n/, substr $self->log(), $old;
    };
}


sub stop {
    my ($self) = @_;
    my $pid = delete $self->{pid} // return;

    kill 'KILL', $pid;
    SecOps::reap($pid, 5);
}


1;
