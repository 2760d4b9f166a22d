package SecOps::Relay;

# A relay between nginx and the test's first Redis.  What it does to what passes
# is said by a rule, which may change at any time: relay.pl has them all.
#
#     my $relay = SecOps::Relay->new($t);          # everything passes
#     ... secops_redis @{[ $relay->url() ]}; ...
#     $relay->rule('hold');

use strict;
use warnings;

use SecOps ();


sub new {
    my ($class, $t) = @_;
    my $dir = $t->dir();
    my $self = bless {
        test => $t, file => "$dir/rule", socket => "$dir/relay.sock",
    }, $class;

    $self->rule('pass');
    $t->spawn("$dir/relay.out", $^X, SecOps::root() . '/t/lib/relay.pl',
        $self->{socket}, "$dir/redis0/redis.sock", $self->{file});
    SecOps::wait_for(sub { -S $self->{socket} }) or die "no relay\n";

    return $self;
}


sub url { return "unix:$_[0]{socket}" }


sub rule { # a new one
    my ($self, $rule) = @_;
    $self->{test}->write($self->{file}, "$rule\n");
}


sub ruled { # the one in force: the relay itself ends "lose"
    my ($self) = @_;
    return $self->{test}->read($self->{file}) =~ s/\n\z//r;
}


sub stalled { # 1: Redis has executed what the rule "stall" keeps back
    my ($self) = @_;
    return -e "$self->{file}.stalled" ? 1 : 0;
}


1;
