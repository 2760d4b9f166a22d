package SecOps::Load;

# Clients that send records and reads as fast as they are answered, in
# processes of their own, and write down what they got.
#
#     my $load = SecOps::Load->new($t, clients => 4, seconds => 3);
#     ...
#     my $seen = $load->end();
#     $seen->{201}            how many answers had this status
#     $seen->{lost}           requests without an answer
#     $seen->{mixed}          answers to somebody else
#     $seen->{blunt}          503 without Retry-After
#     @{$seen->{ids}}         of what was answered 201, if ids => 1
#     $seen->{requests}, $seen->{seconds}

use strict;
use warnings;

use POSIX ();
use SecOps ();
use SecOps::Records;
use Time::HiRes qw(sleep time);

my $number = 0;


# Options: clients; port, as connect() takes it; seconds, or requests of each
# client; pipeline, so many requests at once on a connection (default 1); fresh
# => 1, each on a new connection; reads => 1, every second one is a GET of what
# was stored; bad => 1, every tenth one is a record that is refused; cut => P,
# leave this share of the connections before the answer; ids => 1; pause after
# each round, in seconds.

sub new {
    my ($class, $t, %opt) = @_;

    my $self = bless {
        test => $t,
        dir  => $t->dir() . '/load' . $number++,
        pids => [],
        opt  => { clients => 2, pipeline => 1, %opt },
        owner => $$,
    }, $class;

    mkdir $self->{dir} or die "$self->{dir}: $!";

    foreach my $n (1 .. $self->{opt}{clients}) {
        my $pid = fork() // die "fork: $!";

        if ($pid == 0) {
            $SIG{TERM} = 'DEFAULT';
            srand $$;
            no warnings 'redefine';
            *SecOps::Connection::response = \&light;
            my $done = eval { $self->client($n); 1 };
            print STDERR "load client: $@" unless $done;
            POSIX::_exit($done ? 0 : 1);
        }

        push @{$self->{pids}}, $pid;
    }

    return $self;
}


sub finish { # the clients are to come to an end
    my ($self) = @_;
    $self->{test}->write("$self->{dir}/finish", '');
    return $self;
}


sub sent { # so many answers so far, about
    my ($self) = @_;
    my $sum = 0;
    $sum += ($self->{test}->read($_) =~ /(\d+)\n\z/)[0] // 0
        foreach glob "$self->{dir}/count*";
    return $sum;
}


sub end { # when they ended by themselves: what they saw, all together
    my ($self) = @_;
    my %seen = (failed => 0, map { $_ => 0 } qw(201 lost mixed blunt requests
        seconds));

    foreach my $pid (@{$self->{pids}}) {
        waitpid $pid, 0;
        $seen{failed}++ if $?;
    }

    $self->{pids} = [];

    foreach my $file (glob "$self->{dir}/seen*") {
        foreach my $line (split /\n/, $self->{test}->read($file)) {
            my ($key, $value) = split / /, $line;
            if ($key eq 'id') { push @{$seen{ids}}, $value }
            elsif ($key eq 'seconds') {
                $seen{seconds} = $value if $value > $seen{seconds};
            }
            else { $seen{$key} += $value }
        }
    }

    return \%seen;
}


# an answer as SecOps gives it, without the time for decoding JSON

sub light {
    my ($head, $body) = @_;

    return {
        status  => substr($head, 9, 3),
        headers => { map { lc } $head
            =~ /^(connection|retry-after): (.*?)\r$/mgi },
        body    => $body,
    };
}


sub client {
    my ($self, $n) = @_;
    my ($t, $opt) = @$self{qw(test opt)};
    my ($connection, @stored);
    my $begin = time();
    my $noted = $begin;

    my $my = { seen => {}, ids => [], name => "client$n-", next => 0 };

    while (1) {
        last if $opt->{requests} && $my->{next} >= $opt->{requests};
        last if $opt->{seconds} && time() - $begin > $opt->{seconds};
        last if -e "$self->{dir}/finish";

        if (time() - $noted > 0.05) {
            $noted = time();
            $t->write("$self->{dir}/count$n", "$my->{next}\n");
        }

        undef $connection if $opt->{fresh};
        my $new = !$connection;
        $connection //= eval { $t->connect($opt->{port}) };

        if (!$connection) {
            $my->{seen}{unconnected}++;
            sleep 0.01;
            next;
        }

        undef $connection unless $self->round($my, $connection, $new);
        sleep $opt->{pause} if $opt->{pause};
    }

    my $text = join '', map { "$_ $my->{seen}{$_}\n" } keys %{$my->{seen}};
    $text .= join '', map { "id $_\n" } @{$my->{ids}};
    $text .= "requests $my->{next}\nseconds " . (time() - $begin) . "\n";
    $t->write("$self->{dir}/seen$n", $text);
}


# some requests and their answers; 1: the connection may be used again

sub round {
    my ($self, $my, $connection, $new) = @_;
    my $opt = $self->{opt};
    my ($bytes, @sent) = ('');

    foreach (1 .. $opt->{pipeline}) {
        my $name = $my->{name} . $my->{next}++;

        if ($opt->{reads} && $my->{last} && $my->{next} % 2) {
            push @sent, ['GET', $my->{last}[1]];
            $bytes .= $connection->format('GET', read_path($my->{last}[0]),
                who());
        } else {
            push @sent, ['POST', $name];
            $bytes .= $connection->format('POST', path(), [
                $opt->{fresh} ? (Connection => 'close') : (), %{who()} ],
                $opt->{bad} && $my->{next} % 10 == 0
                ? qq({"observable":"$name","finding":["Clean"]})
                : qq({"observable":"$name","finding":"Clean",)
                . '"source_engine":"load"}');
        }
    }

    if ($opt->{cut} && rand() < $opt->{cut}) {
        $connection->send(substr $bytes, 0, int rand(1 + length $bytes));
        sleep rand(0.002) if rand() < 0.5;
        $connection->close(reset => rand() < 0.5);
        $my->{seen}{cut}++;
        return 0;
    }

    $connection->send($bytes);
    my $open = 1;

    foreach my $sent (@sent) {
        my $r = $open && $connection->answer($sent->[0], 60);

        if (!$r) {
            # an idle connection may be closed before nginx has seen the request
            $my->{seen}{$open && $new ? 'lost' : 'closed'}++;
            $open = 0;
            next;
        }

        $self->note($my, $r, @$sent);
        $open = 0 if ($r->{headers}{connection} // '') eq 'close';
        $new = 0 unless $open;
    }

    return $open;
}


sub read_path { return "/api/now/table/sn_ti_lookup_result/$_[0]" }


sub note {
    my ($self, $my, $r, $method, $name) = @_;
    my $seen = $my->{seen};

    $seen->{$r->{status}}++;
    $seen->{blunt}++ if $r->{status} == 503 && !$r->{headers}{'retry-after'};
    return if $r->{status} !~ /^20[01]/;

    my ($observable) = $r->{body} =~ /"observable":"([^"]*)"/;
    $seen->{mixed}++ if ($observable // '') ne $name;
    return if $method eq 'GET';

    my ($id) = $r->{body} =~ /"sys_id":"(\w+)"/;
    $my->{last} = [$id, $name];
    push @{$my->{ids}}, $id if $self->{opt}{ids};
}


sub DESTROY {
    my ($self) = @_;
    return unless $self->{owner} == $$;
    local ($?, $!);
    kill 'KILL', @{$self->{pids}};
    waitpid $_, 0 foreach @{$self->{pids}};
}


1;
