package SecOps::Connection;

# A client's connection: sends requests and reads answers, or bytes as they are.
# SecOps->connect() makes it; its {timeout} is how many seconds an answer may
# take.
#
#     my $connection = $t->connect();
#     my $r = $connection->request('GET', '/api/...', { Accept => '*/*' });
#
#     $connection->send($connection->format('POST', '/api/...', {}, '{}'));
#     $connection->taken();            # nginx has read it
#     $r = $connection->answer('POST');

use strict;
use warnings;

use Errno qw(EINTR);
use IO::Select;
use IO::Socket::INET;
use IO::Socket::UNIX;
use JSON::PP;
use Socket ();
use Time::HiRes qw(sleep time);


sub new {
    my ($class, $where) = @_;

    my $socket = $where =~ /^unix:(.*)/
        ? IO::Socket::UNIX->new(Peer => $1)
        : IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $where,
              Proto => 'tcp', Timeout => 60);
    die "can not connect to $where: $!" unless $socket;

    $socket->autoflush(1);
    binmode $socket;

    return bless { socket => $socket, buffer => '', timeout => 60 }, $class;
}


sub pairs { # of a hash or an array reference, or nothing
    my ($headers) = @_;
    return () unless $headers;
    return @$headers if ref $headers eq 'ARRAY';
    return map { $_ => $headers->{$_} } sort keys %$headers;
}


sub socket { return $_[0]{socket} }


# Waits until nginx has accepted the connection and read all that was sent: 1.
# What nginx learns after that (from Redis, by a signal, on another connection)
# it handles after what it has read.  The kernel says so: first all was
# acknowledged, which on a busy machine may come after it was sent; then nginx's
# end of the connection has an owner, and nothing in its queue.

sub taken { # of this one and others
    my (%ours, %theirs);

    foreach my $connection (@_) {
        my ($near, $far) = map { sprintf '0100007F:%04X', $_ }
            $connection->{socket}->peerport(), $connection->{socket}->sockport();
        $ours{"$far $near"} = $theirs{"$near $far"} = 1;
    }

    return SecOps::wait_for(sub {
        return !grep { $_->{sent} } established(\%ours);
    }) && SecOps::wait_for(sub {
        return !grep { !$_->{inode} || $_->{queued} } established(\%theirs);
    });
}


# those of these that neither side has closed; nginx may have, once it has read

sub established { # -> { inode; sent and not acknowledged; queued and not read }
    my ($wanted) = @_;
    open my $table, '<', '/proc/net/tcp' or die "/proc/net/tcp: $!";

    return map {
        my (undef, $local, $remote, $state, $queues, undef, undef, undef, undef,
            $inode) = split ' ';
        my ($sent, $queued) = split /:/, $queues;

        $wanted->{"$local $remote"} && $state eq '01'
            ? { inode => $inode, sent => hex $sent, queued => hex $queued } : ();
    } <$table>;
}


# sends bytes; slowly: in pieces, with a pause between them

sub send {
    my ($self, $bytes, %opt) = @_;
    my $piece = $opt{piece} || length $bytes;

    for (my $sent = 0; $sent < length $bytes; $sent += $piece) {
        sleep $opt{pause} // 0.01 if $sent;
        my $part = substr $bytes, $sent, $piece;

        while (length $part) {
            my $n = syswrite $self->{socket}, $part;
            next if !defined $n && $!{EINTR};
            return 0 unless $n;
            substr $part, 0, $n, '';
        }
    }

    return 1;
}


# the bytes of a request.  A Host and, with a body, a Content-Type and a
# Content-Length are added unless given; a header whose value is undef is left
# out; chunked => N sends the body in chunks of N bytes

sub format {
    my ($self, $method, $path, $headers, $body, %opt) = @_;
    my @pairs = pairs($headers);
    my (%given, $head);

    $body = JSON::PP->new->canonical->encode($body) if ref $body;

    for (my $i = 0; $i < @pairs; $i += 2) {
        $given{lc $pairs[$i]} = 1;
        $head .= "$pairs[$i]: $pairs[$i + 1]\r\n" if defined $pairs[$i + 1];
    }

    $head = "$method $path HTTP/1.1\r\n"
        . ($given{host} ? '' : "Host: localhost\r\n") . ($head // '');

    if (defined $body) {
        $head .= "Content-Type: application/json\r\n"
            unless $given{'content-type'};

        if ($opt{chunked}) {
            $head .= "Transfer-Encoding: chunked\r\n";
            $body = join '', (map { sprintf "%x\r\n%s\r\n", length, $_ }
                unpack "(a$opt{chunked})*", $body), "0\r\n\r\n";

        } elsif (!$given{'content-length'}) {
            $head .= 'Content-Length: ' . length($body) . "\r\n";
        }
    }

    return "$head\r\n" . ($body // '');
}


# One request and its answer; the connection stays open.  Options: chunked,
# piece and pause (see send()).

sub request {
    my ($self, $method, $path, $headers, $body, %opt) = @_;

    $self->send($self->format($method, $path, $headers, $body, %opt), %opt);
    return $self->answer($method);
}


sub fill { # more bytes into the buffer; 0: end, error or time is up
    my ($self, $end) = @_;
    my $left = $end - time();

    return 0 if $left <= 0;
    return 0 unless IO::Select->new($self->{socket})->can_read($left);

    my $n = sysread $self->{socket}, $self->{buffer}, 65536,
        length $self->{buffer};
    return $n ? 1 : 0;
}


sub take { # n bytes, or undef
    my ($self, $n, $end) = @_;

    while (length $self->{buffer} < $n) {
        return unless $self->fill($end);
    }

    return substr $self->{buffer}, 0, $n, '';
}


sub take_until { # up to and with the separator, or undef
    my ($self, $separator, $end) = @_;

    while (index($self->{buffer}, $separator) < 0) {
        return unless $self->fill($end);
    }

    return substr $self->{buffer}, 0,
        index($self->{buffer}, $separator) + length $separator, '';
}


# the next answer on the connection; undef: it ended or time is up

sub answer {
    my ($self, $method, $timeout) = @_;
    my ($head, $body) = $self->message($method, $timeout);

    return defined $head ? response($head, $body) : undef;
}


# the same without a look at it: the body alone, however large it is

sub answer_raw {
    my ($self, $method, $timeout) = @_;
    my (undef, $body) = $self->message($method, $timeout);

    return $body;
}


sub message { # head and body, as they came
    my ($self, $method, $timeout) = @_;
    my $end = time() + ($timeout // $self->{timeout});
    my ($head, $body) = (undef, '');

    do {
        $head = $self->take_until("\r\n\r\n", $end) // return;
    } while ($head =~ m{^HTTP/1\.\d 1\d\d});

    my ($status) = $head =~ m{^HTTP/1\.\d (\d+)} or return;

    if (($method // '') eq 'HEAD' || $status == 204 || $status == 304) {
        # no body follows, whatever the headers say

    } elsif ($head =~ /^Transfer-Encoding:\s*chunked/mi) {
        while (1) {
            my $line = $self->take_until("\r\n", $end) // return;
            my $size = hex(($line =~ /^([0-9a-f]+)/i)[0] // return);
            my $chunk = $self->take($size + 2, $end) // return;
            last if $size == 0;
            $body .= substr $chunk, 0, $size;
        }

    } elsif ($head =~ /^Content-Length:\s*(\d+)/mi) {
        $body = $self->take($1, $end) // return;

    } else {
        1 while $self->fill($end);
        $body = $self->{buffer};
        $self->{buffer} = '';
    }

    return ($head, $body);
}


# headers have lower case names; of a repeated one the values are joined by ", "

sub response {
    my ($head, $body) = @_;
    my ($status) = $head =~ m{^HTTP/\S+ (\d+)};
    my %headers;

    while ($head =~ /^([^:\s]+):[ \t]*(.*?)\r?$/mg) {
        my ($name, $value) = (lc $1, $2);
        $headers{$name} = exists $headers{$name}
            ? "$headers{$name}, $value" : $value;
    }

    return {
        status  => $status,
        head    => $head,
        headers => \%headers,
        body    => $body,
        json    => scalar eval { JSON::PP->new->utf8->allow_nonref->decode($body) },
    };
}


sub silent { # 1: nothing has come that was not read
    my ($self) = @_;
    return $self->{buffer} eq ''
        && !IO::Select->new($self->{socket})->can_read(0);
}


sub slurp { # all bytes until the end of the connection
    my ($self, $timeout) = @_;
    my $end = time() + ($timeout // $self->{timeout});

    1 while $self->fill($end);
    return $self->{buffer};
}


sub closed { # 1 when the peer has closed it, within the time
    my ($self, $timeout) = @_;
    my $end = time() + ($timeout // 60);

    while (time() < $end) {
        next if $self->fill($end);
        return IO::Select->new($self->{socket})->can_read(0) ? 1 : 0;
    }

    return 0;
}


sub close { # reset => 1: with RST, as a client that was killed may
    my ($self, %opt) = @_;

    setsockopt $self->{socket}, Socket::SOL_SOCKET(), Socket::SO_LINGER(),
        pack('ii', 1, 0) if $opt{reset};
    CORE::close $self->{socket};
}


1;
