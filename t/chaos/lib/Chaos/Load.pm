package Chaos::Load;

# Clients of several nginx machines, in one process of its own: each connection
# sends a record with an id that no other request has, waits for the answer,
# rests for a moment, sends the next.  What was sent is never sent again.
#
#     my $load = Chaos::Load->new(ports => [8001, 8002], connections => 16,
#         pause => 0.005, file => "$dir/history");
#     ...
#     my $history = $load->end();
#
# The history has one entry for each request, in the order of answers:
#     { id, sent, answered, status, machine, shard, reason }
# status 0: the connection ended, or no answer came within 15 seconds.

use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use Errno qw(EAGAIN EINPROGRESS EINTR EWOULDBLOCK);
use IO::Socket::INET;
use POSIX ();
use Time::HiRes qw(sleep time);

use constant WAIT => 15;        # seconds for an answer

my $path = '/api/sn_sec_cmn/integration_capabilities/threat_lookup';


sub new {
    my ($class, %opt) = @_;

    my $self = bless { connections => 16, pause => 0.005, prefix => 'c',
        %opt, owner => $$ }, $class;

    unlink $self->{file}, "$self->{file}.end";

    $self->{pid} = fork() // die "fork: $!";

    if ($self->{pid} == 0) {
        $SIG{TERM} = $SIG{INT} = 'DEFAULT';
        $SIG{PIPE} = 'IGNORE';
        my $done = eval { $self->run(); 1 };
        print STDERR "load: $@" unless $done;
        POSIX::_exit($done ? 0 : 1);
    }

    return $self;
}


# What others that are like this one have: something that there must be before the
# first request, which they are given as "job"; something to be done after the
# last one, and what was told of it; who says what has come of the requests.

sub prepare { return }
sub settle { return }
sub store { return 'Chaos::Store' }


# as the module: by the digest of the subject

sub shard { return substr sha256_hex($_[0]), 0, 1 }


sub run {
    my ($self) = @_;

    open $self->{history}, '>', $self->{file} or die "$self->{file}: $!\n";
    $self->{history}->autoflush(1);
    $self->{next} = 0;

    my @connections = map { { machine => $_ % @{$self->{ports}}, due => time() } }
        0 .. $self->{connections} - 1;
    my $told = 0;

    while (1) {
        my $finish = $told ||= -e "$self->{file}.end";
        my $now = time();
        my ($rin, $win, $next) = ('', '', $now + 0.05);
        my $busy = 0;

        foreach my $c (@connections) {

            if (!$c->{id} && $c->{due} <= $now && !$finish) {
                $self->begin($c);
            }

            if ($c->{id}) {
                $busy++;
                $self->answered($c, 0, 'no answer in time')
                    if $now - $c->{sent} > WAIT;
            } elsif ($c->{due} < $next) {
                $next = $c->{due};
            }

            next unless $c->{socket};
            vec($rin, fileno $c->{socket}, 1) = 1;
            vec($win, fileno $c->{socket}, 1) = 1 if length $c->{out};
        }

        last if $finish && !$busy;

        my $wait = $next - time();
        $wait = 0.001 if $wait < 0.001;

        my ($rout, $wout);
        my $n = select($rout = $rin, $wout = $win, undef, $wait);
        next if $n <= 0;

        foreach my $c (@connections) {
            my $fd = $c->{socket} ? fileno $c->{socket} : next;
            $self->write($c) if vec($wout, $fd, 1);
            $self->read($c) if $c->{socket} && vec($rout, $fd, 1);
        }
    }
}


sub begin {
    my ($self, $c) = @_;

    $c->{socket} //= $self->open($c) // do {
        $c->{due} = time() + 0.05;
        return;
    };

    my ($method, $path, $body) = $self->request($c);

    $c->{sent} = time();
    $c->{out} = "$method $path HTTP/1.1\r\nHost: localhost\r\n"
        . "X-SecOps-User: chaos\r\nX-SecOps-Roles: sn_sec_cmn.api_write\r\n"
        . "Content-Type: application/json\r\nContent-Length: "
        . length($body) . "\r\n\r\n$body";
    $c->{in} = '';

    $self->write($c);
}


# the next request of a connection: method, path, body; what it is called in the
# history, and its shard, are put into the connection

sub request {
    my ($self, $c) = @_;

    $c->{id} = sprintf '%s-%d', $self->{prefix}, $self->{next}++;
    $c->{shard} = shard($c->{id});

    return ('POST', $path, qq({"observable":"$c->{id}","finding":"Clean",)
        . '"source_engine":"chaos"}');
}


sub open { # a keep-alive connection to its machine
    my ($self, $c) = @_;

    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
        PeerPort => $self->{ports}[$c->{machine}], Proto => 'tcp',
        Timeout => 1) // return;

    $socket->blocking(0);
    return $socket;
}


sub write {
    my ($self, $c) = @_;

    while (length $c->{out}) {
        my $n = syswrite $c->{socket}, $c->{out};

        if (!defined $n) {
            return if $!{EAGAIN} || $!{EINTR};
            return $self->broken($c, "write: $!");
        }

        substr $c->{out}, 0, $n, '';
    }
}


sub read {
    my ($self, $c) = @_;

    my $n = sysread $c->{socket}, $c->{in}, 65536, length($c->{in} // '');

    if (!defined $n) {
        return if $!{EAGAIN} || $!{EINTR};
        return $self->broken($c, "read: $!");
    }

    return $self->broken($c, 'closed') if $n == 0;

    my $head = index $c->{in}, "\r\n\r\n";
    return if $head < 0;

    my ($status) = $c->{in} =~ m{\AHTTP/1\.1 (\d{3})};
    my ($length) = substr($c->{in}, 0, $head) =~ /^Content-Length: (\d+)/mi;

    return $self->broken($c, 'no HTTP') unless $status && defined $length;
    return if length $c->{in} < $head + 4 + $length;

    my $durable = $c->{in} =~ /^X-SecOps-Durability: (\S+)\r$/mi ? $1 : '-';
    my $close = substr($c->{in}, 0, $head) =~ /^Connection: close/mi;

    $self->answered($c, $status, $durable);

    if ($close) {
        close $c->{socket};
        delete $c->{socket};
    }
}


# an idle connection that nginx has closed has lost no request

sub broken {
    my ($self, $c, $why) = @_;

    close $c->{socket};
    delete $c->{socket};

    $self->answered($c, 0, $why) if $c->{id};
}


sub answered {
    my ($self, $c, $status, $reason) = @_;
    my $now = time();

    $reason =~ s/\s/_/g;

    printf {$self->{history}} "%s %.6f %.6f %d %d %s %s\n", $c->{id},
        $c->{sent}, $now, $status, $c->{machine}, $c->{shard}, $reason;

    if ($status == 0 && $c->{socket}) {
        close $c->{socket};
        delete $c->{socket};
    }

    delete $c->{id};
    $c->{out} = $c->{in} = '';
    $c->{due} = $now + $self->{pause};
}


# what was answered so far; only what is new is read

sub history {
    my ($self) = @_;

    $self->{seen} //= [];

    CORE::open my $file, '<', $self->{file} or return $self->{seen};
    seek $file, $self->{read} // 0, 0;

    while (my $line = <$file>) {
        last unless $line =~ s/\n\z//;
        my %entry;
        @entry{qw(id sent answered status machine shard reason)}
            = split / /, $line;
        push @{$self->{seen}}, \%entry;
        $self->{read} += 1 + length $line;
    }

    return $self->{seen};
}


# the first success of a request that was sent after a time; of these shards
# only, if any are given

sub success {
    my ($self, $since, $shards) = @_;
    my $first;

    foreach my $entry (reverse @{$self->history()}) {
        last if $entry->{answered} < $since;
        next if $entry->{status} != 201 || $entry->{sent} < $since
            || $shards && !$shards->{$entry->{shard}};
        $first = $entry->{answered};
    }

    return $first;
}


sub end { # no more requests; what is under way is waited for
    my ($self) = @_;

    CORE::open my $file, '>', "$self->{file}.end" or die "$self->{file}: $!\n";
    close $file;

    waitpid delete $self->{pid}, 0;
    die "the load failed\n" if $?;

    return $self->history();
}


sub DESTROY {
    my ($self) = @_;
    return unless $self->{pid} && $self->{owner} == $$;
    local ($?, $!);
    kill 'KILL', $self->{pid};
    waitpid $self->{pid}, 0;
}


1;
