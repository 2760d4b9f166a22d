package SecOps::Fake;

# A scripted Redis (fake-redis.pl) that a test leads step by step, and the
# requests that the tests of the transport send past it.
#
#     my $fake = SecOps::Fake->new($t);         # %%REDIS%% from now on
#
#     $fake->play("HANDSHAKE\nEXPECT 6", 'all came');
#     ...
#     $fake->wait('all came');
#
# The steps are obeyed as they are written; a mark in the log tells that those
# before it are done.  A record is stored by six commands: MULTI, SET, LPUSH,
# XADD, LPUSH, EXEC; one that shares their transaction by one more, a SET, and
# an LPUSH if it is about something else.

use strict;
use warnings;

use IO::Handle;
use Scalar::Util ();
use SecOps ();
use SecOps::Records;

use parent 'Exporter';

our @EXPORT = qw($stored start read_path);

# the replies to the commands of a record that is stored

our $stored = '+OK\r\n' . '+QUEUED\r\n' x 4
    . '*4\r\n+OK\r\n:1\r\n$3\r\n1-1\r\n:1\r\n';

my $count = 0;
my %live;                       # number -> fake


# Options: listen, an address; default: a port of the test on 127.0.0.1.

sub new {
    my ($class, $t, %opt) = @_;
    my $number = $count++;

    my $self = $live{$number} = bless {
        test   => $t,
        log    => $t->dir() . "/fake$number.log",
        listen => $opt{listen} // '127.0.0.1:' . $t->port(200 + $number),
        wait   => $opt{wait} // 600,
        marks  => 0,
        owner  => $$,
    }, $class;

    Scalar::Util::weaken($self->{test});
    push @{$t->{redis}}, $self;

    $self->listen();
    return $self;
}


sub listen {
    my ($self) = @_;
    my $script;
    my $listening = ($self->log() =~ tr/\n//);

    unlink $1 if $self->{listen} =~ /^unix:(.*)/;

    my $pid = open($script, '|-') // die "fork: $!";

    if ($pid == 0) {
        { no warnings; exec $^X, SecOps::root() . '/t/lib/fake-redis.pl',
            "--listen=$self->{listen}", "--log=$self->{log}",
            "--wait=$self->{wait}"; }
        POSIX::_exit(127);
    }

    $script->autoflush(1);
    @$self{qw(pid script)} = ($pid, $script);

    SecOps::wait_for(sub {
        my @lines = split /\n/, $self->log();
        grep { $_ eq 'listening' } @lines[$listening .. $#lines];
    }) or die "the scripted Redis did not start\n";
}


sub url {
    my ($self) = @_;
    return $self->{listen} =~ /^unix:/ ? $self->{listen}
        : "redis://$self->{listen}";
}


sub log { return $_[0]{test}->read($_[0]{log}) }


# gives it more steps; -> the mark that follows them, to be waited for

sub play {
    my ($self, $steps, $mark) = @_;

    $mark //= ++$self->{marks};
    $steps .= "\n" unless $steps =~ /\n\z/;
    print {$self->{script}} "${steps}MARK $mark\n";

    return $mark;
}


sub wait { # until it came to a mark: 1
    my ($self, $mark, $timeout) = @_;
    return $self->wait_log("mark $mark", $timeout);
}


sub wait_log { # until a line is there: 1; not beyond the end of the script
    my ($self, $line, $timeout) = @_;

    my $seen = SecOps::wait_for(sub {
        my $log = $self->log();
        return $log =~ /^\Q$line\E$/m ? 'line'
            : $log =~ /^failed: (?!.*^listening$)/ms ? 'end' : 0;
    }, $timeout // 60);

    return $seen && $seen eq 'line' ? 1 : 0;
}


sub step { # these steps, and until they are done
    my ($self, $steps, $timeout) = @_;
    return $self->wait($self->play($steps), $timeout);
}


# a link that was of use: for what follows it need not prove itself any more

sub link { # options: as post() takes them
    my ($self, %opt) = @_;

    # nginx has noticed the end of the one before
    $self->step('HANDSHAKE') or return 0;

    my $mark = $self->play('AUTO 6');
    my $r = post($self->{test}, records(observable => 'before'),
        %opt);

    return $r && $r->{status} == 201 && $self->wait($mark);
}


# Nginx has sent nothing that was not asked for: whatever it had to send when it
# was done with what it has been sent, and with this request.

sub quiet {
    my ($self, $path) = @_;

    $self->taken() && $self->{test}->request('GET', '/none')
        && $self->step('QUIET') or return 0;
    return $self->log() =~ /^quiet\nmark \d+\n\z/m ? 1 : 0;
}


# Nginx has read all that it was sent, which the kernel knows.  It is asked twice:
# what was acknowledged the first time is seen for certain the second time.

sub taken {
    my ($self) = @_;
    my ($port) = map { sprintf ':%04X', $_ } $self->{listen} =~ /:(\d+)\z/;
    my $times = 0;

    return SecOps::wait_for(sub {
        my @busy = grep {
            my (undef, $local, $remote, $state, $queue) = split ' ';
            $state eq '01' && ($local =~ /$port\z/ && $queue !~ /^0+:/
                || $remote =~ /$port\z/ && $queue !~ /:0+\z/);
        } grep { /^\s*\d+: / } split /\n/, $self->{test}->read('/proc/net/tcp');
        $times = @busy ? 0 : $times + 1;
        return $times == 2;
    });
}


sub seen { # how often a line of the log matches
    my ($self, $pattern) = @_;
    my @lines = grep { /$pattern/ } split /\n/, $self->log();
    return scalar @lines;
}


sub stop { # at once, with all connections
    my ($self) = @_;
    my $pid = delete $self->{pid} // return;

    CORE::kill 'KILL', $pid;
    local ($?, $!);
    close delete $self->{script};
}


# a request under way: a connection, to be asked for the answer

sub start {
    my ($t, $method, $path, $body, %opt) = @_;
    my $connection = $t->connect($opt{port});

    $connection->send($connection->format($method, $path, who(%opt), $body));
    return $connection;
}


sub read_path { # of a record that has an "a"
    my ($sys_id) = @_;
    return '/api/now/table/sn_ti_lookup_result/' . ($sys_id // '0' x 32)
        . '?sysparm_fields=a';
}


END {
    local $?;
    foreach my $fake (values %live) {
        $fake->stop() if $fake->{owner} == $$;
    }
}


1;
