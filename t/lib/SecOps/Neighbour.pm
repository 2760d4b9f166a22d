package SecOps::Neighbour;

# What another tenant feels while one does its worst.
#
#     my $r = SecOps::Neighbour::measure($t, $redis, seconds => 60);
#     $r->{alone}, $r->{beside}       answers in a second
#     $r->{statuses}                  of the other tenant's answers: how many
#     $r->{gap}                       the longest time without an answer, seconds
#     $r->{attacks}                   requests that were answered to the one
#
# The other tenant writes records at a steady rate, on 64 connections that each
# send the next one when it is due and the one before was answered.  The rate is
# a quarter of what it reaches when it does not wait: client programs, nginx and
# Redis share the machine, so that a tenant that takes all it can get would lose
# to the other's client program already, and not to what it asks for.  It writes
# alone and beside the other in turns, in one run, so that the machine's slow
# moments are the same for both.  One worker serves both.

use strict;
use warnings;

use IO::Select;
use POSIX ();
use SecOps ();
use SecOps::Load ();
use SecOps::Records ();
use SecOps::Worst;
use Time::HiRes qw(sleep time);

use constant CONNECTIONS => 64;

# Options: seconds beside the other; cases, of SecOps::Worst, or chosen, which
# chooses them; conf, more for the location; rate, unless it is to be found out

sub measure {
    my ($t, $redis, %opt) = @_;
    my $worst = SecOps::Worst->new($t, $redis, turns => 0,
        keyless => defined $opt{cases}, conf => $opt{conf} // '');
    my @requests = requests($worst, $opt{cases} // [ $opt{chosen}->($worst) ]);

    my $rate = $opt{rate} // int(0.25 * fastest($t));
    my $rounds = $opt{seconds} >= 40 ? 4 : 2;
    my $writer = child($t, 'writer', sub { write_records($t, $rate) });
    my $attacker = child($t, 'attacker', sub { attack($t, @requests) });

    sleep 1;

    my @turns;

    foreach (1 .. $rounds) {
        push @turns, [ alone => time(), pass($opt{seconds} / $rounds / 3) ];
        $t->write('attack', '');
        push @turns, [ beside => time(), pass($opt{seconds} / $rounds) ];
        unlink $t->dir() . '/attack';
        sleep 0.5;
    }

    $t->write('finish', '');
    waitpid $_, 0 foreach $writer, $attacker;

    return { rate => $rate, requests => scalar @requests,
        attacks => scalar(split /\n/, $t->read('attacker.out')),
        counted($t, @turns) };
}


sub pass { sleep $_[0]; return time() }


sub child { # what it prints goes to a file
    my ($t, $name, $code) = @_;
    my $pid = fork() // die "fork: $!";

    if ($pid == 0) {
        open my $out, '>', $t->dir() . "/$name.out" or POSIX::_exit(1);
        $out->autoflush(0);
        $SIG{TERM} = 'DEFAULT';
        select $out;
        eval { $code->(); 1 } or print STDERR "$name: $@";
        close $out;
        POSIX::_exit(0);
    }

    return $pid;
}


sub finished { return -e $_[0]->dir() . '/finish' }


# --- the one ----------------------------------------------------------------

# what it sends, each in a domain that is as the case wants it; those that want
# the same share one

sub requests {
    my ($worst, $cases) = @_;
    my (%domain, @requests);

    foreach my $case (grep { !$_->{waits} } @$cases) {
        my ($place) = "$case->{fault} $case->{name}" =~ /^([^:]*)/;
        my $new = !$domain{$place};
        my $domain = $domain{$place} //= $worst->domain();

        $worst->save($domain, { s => SecOps::Worst::integration('Source') });
        $case->{before}->($worst, $domain) if $case->{before} && $new;
        push @requests, [ $worst->request($case, $domain), $case->{name} ];
    }

    return @requests;
}


sub attack { # all of them in turn, again and again, as long as it is told to
    my ($t, @requests) = @_;
    my $connection;

    # an answer of megabytes is not decoded, which would take longer than it
    no warnings 'redefine';
    *SecOps::Connection::response = \&SecOps::Load::light;

    until (finished($t)) {
        foreach my $request (@requests) {
            my ($method, $path, $headers, $body, $name) = @$request;

            sleep 0.02 until -e $t->dir() . '/attack' || finished($t);
            return if finished($t);

            $connection //= $t->connect();
            $connection->{timeout} = 60;

            my $began = time();
            my $r = $connection->request($method, $path, $headers, $body);

            undef $connection
                if !$r || ($r->{headers}{connection} // '') eq 'close';
            printf "%.3f %s %s\n", time() - $began, $r ? $r->{status} : 'none',
                $name;
        }
    }
}


# --- the other --------------------------------------------------------------

sub bytes { # of a record
    my ($connection) = @_;
    return $connection->format('POST', SecOps::Records::path(),
        SecOps::Records::who(domain => 'neighbour'),
        '{"observable":"o' . int(rand 1e6)
        . '","finding":"Clean","source_engine":"e"}');
}


sub fastest { # answers in a second, without waiting
    my ($t) = @_;
    my $end = time() + 2;
    my $n = 0;
    my @connections = map { $t->connect() } 1 .. CONNECTIONS;

    $_->send(bytes($_)) foreach @connections;

    while (time() < $end) {
        foreach my $connection (@connections) {
            status($connection) or die "no answer\n";
            $n++;
            $connection->send(bytes($connection));
        }
    }

    return $n / 2;
}


sub status { # of the next answer, without a look at all else; undef: none
    my ($connection) = @_;
    my $end = time() + 60;
    my $head = $connection->take_until("\r\n\r\n", $end) // return;
    my ($status) = $head =~ m{^HTTP/1\.\d (\d+)};

    $connection->take($1, $end) // return if $head =~ /^Content-Length: (\d+)/mi;
    return $status;
}


sub write_records { # prints the time and the status of each answer
    my ($t, $rate) = @_;
    my $n = CONNECTIONS;
    my $period = $n / $rate;
    my @open = map { { connection => $t->connect(),
        due => time() + $_ * $period / $n } } 1 .. $n;
    my $select = IO::Select->new();
    my %of;

    $of{fileno $_->{connection}->socket()} = $_ foreach @open;
    $select->add($_->{connection}->socket()) foreach @open;

    until (finished($t)) {
        my $now = time();
        my $next = $now + 0.05;

        foreach my $one (grep { !$_->{waits} } @open) {
            if ($one->{due} <= $now) {
                $one->{connection}->send(bytes($one->{connection}));
                $one->{waits} = 1;

                # what could not be sent in time is not made up for
                $one->{due} += $period;
                $one->{due} = $now if $one->{due} < $now - $period;

            } elsif ($one->{due} < $next) {
                $next = $one->{due};
            }
        }

        foreach my $socket ($select->can_read($next > $now ? $next - $now : 0))
        {
            my $one = $of{fileno $socket};
            my $status = status($one->{connection});

            printf "%.3f %s\n", time(), $status // 'none';
            $one->{waits} = 0;
            next if $status;

            $select->remove($socket);
            $one->{connection} = $t->connect();
            $of{fileno $one->{connection}->socket()} = $one;
            $select->add($one->{connection}->socket());
        }
    }
}


sub counted { # of the writer's answers, turn by turn
    my ($t, @turns) = @_;
    my (%n, %statuses);
    my %seconds = (alone => 0, beside => 0);
    my ($gap, $last) = (0);
    my @answers = map { [ split ' ' ] } split /\n/, $t->read('writer.out');

    $seconds{$_->[0]} += $_->[2] - $_->[1] foreach @turns;

    foreach my $answer (@answers) {
        my ($time, $status) = @$answer;

        $statuses{$status}++;
        $gap = $time - $last if defined $last && $time - $last > $gap;
        $last = $time;

        my ($turn) = grep { $_->[1] <= $time && $time < $_->[2] } @turns;
        $n{$turn->[0]}++ if $turn && $status eq '201';
    }

    # also that which goes on to the end
    my $rest = $turns[-1][2] - ($last // $turns[0][1]);
    $gap = $rest if $rest > $gap;

    return (statuses => \%statuses, gap => $gap,
        map { ($_ => ($n{$_} // 0) / $seconds{$_}) } keys %seconds);
}


sub kept { my ($r) = @_; return 100 * $r->{beside} / ($r->{alone} || 1) }

sub failed { # answers that were none of a record that is stored
    my ($r) = @_;
    my $n = 0;
    $n += $r->{statuses}{$_} foreach grep { $_ ne '201' } keys %{$r->{statuses}};
    return $n;
}


sub told {
    my ($r) = @_;
    return sprintf "another tenant, %d records/s: %.0f/s alone, %.0f/s beside"
        . " %d of %d worst requests (%.0f %%); longest wait %.2f s; answers: %s\n",
        @$r{qw(rate alone beside attacks requests)}, kept($r), $r->{gap},
        join ', ', map { "$_ x $r->{statuses}{$_}" } sort keys %{$r->{statuses}};
}


1;
