package SecOps::H2;

# Just enough of HTTP/2 to do what no library would: reset a stream at a moment
# of the test's choice.  Request headers are written without compression, those
# of answers are not read, but for the status.
#
#     my $h2 = SecOps::H2->new($t, 1);
#     my $stream = $h2->request('GET', '/...', { name => 'value' });
#     $h2->reset($stream);
#     my $r = $h2->answer($other);            # { status, body }

use strict;
use warnings;

use Time::HiRes qw(time);

my ($DATA, $HEADERS, $RESET, $SETTINGS, $PING, $GOAWAY, $WINDOW)
    = (0, 1, 3, 4, 6, 7, 8);
my ($END_STREAM, $END_HEADERS, $ACK) = (1, 4, 1);


sub new {
    my ($class, $t, $port) = @_;

    my $self = bless { connection => $t->connect($port), next => 1,
        streams => {} }, $class;

    $self->{connection}->send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    $self->frame($SETTINGS, 0, 0, '');
    return $self;
}


sub frame {
    my ($self, $type, $flags, $stream, $payload) = @_;
    $self->{connection}->send(substr(pack('N', length $payload), 1)
        . pack('CCN', $type, $flags, $stream) . $payload);
}


# -> the stream; with a body, part => 1 leaves the request unfinished

sub request {
    my ($self, $method, $path, $headers, $body, %opt) = @_;
    my $stream = $self->{next};
    $self->{next} += 2;

    my @pairs = (':method', $method, ':path', $path, ':scheme', 'http',
        ':authority', 'localhost', map { lc $_, $headers->{$_} }
        sort keys %$headers);
    push @pairs, 'content-type', 'application/json' if defined $body;

    # literals that are not indexed, names and values shorter than 127 bytes
    my $block = '';
    while (my ($name, $value) = splice @pairs, 0, 2) {
        $block .= pack 'C C/a* C/a*', 0, $name, $value;
    }

    $self->frame($HEADERS, $END_HEADERS | (defined $body ? 0 : $END_STREAM),
        $stream, $block);
    $self->frame($DATA, $opt{part} ? 0 : $END_STREAM, $stream, $body)
        if defined $body;

    return $stream;
}


sub reset { my ($self, $stream) = @_;
    $self->frame($RESET, 0, $stream, pack 'N', 8) }         # CANCEL

sub goaway { my ($self) = @_; $self->frame($GOAWAY, 0, 0, pack 'NN', 0, 0) }

sub close { my ($self, %opt) = @_; $self->{connection}->close(%opt) }


# the answer on a stream; undef: it was reset, or the connection ended

sub answer {
    my ($self, $stream, $timeout) = @_;
    my $end = time() + ($timeout // 60);
    my $mine = $self->{streams}{$stream} //= { body => '' };

    $self->take($end) or return until $mine->{ended};
    return $mine->{reset} ? undef : $mine;
}


# until what was sent so far has been taken by nginx; 1, or 0: the end

sub ping {
    my ($self) = @_;
    my $end = time() + 60;

    $self->{pong} = 0;
    $self->frame($PING, 0, 0, 'harness!');
    $self->take($end) or return 0 until $self->{pong};
    return 1;
}


sub take { # one frame
    my ($self, $end) = @_;
    my $connection = $self->{connection};

    my $head = $connection->take(9, $end) // return 0;
    my ($length, $type, $flags, $stream)
        = (unpack('N', "\0" . substr $head, 0, 3), unpack 'CCN',
           substr $head, 3);
    my $payload = $length ? $connection->take($length, $end) // return 0 : '';
    my $its = $self->{streams}{$stream} //= { body => '' };

    if ($type == $HEADERS) {
        $its->{status} = status($payload);
    } elsif ($type == $DATA) {
        $its->{body} .= $payload;
        $self->frame($WINDOW, 0, 0, pack 'N', $length) if $length;
    } elsif ($type == $RESET) {
        $its->{reset} = $its->{ended} = 1;
    } elsif ($type == $SETTINGS && !($flags & $ACK)) {
        $self->frame($SETTINGS, $ACK, 0, '');
    } elsif ($type == $PING && $flags & $ACK) {
        $self->{pong} = 1;
    } elsif ($type == $GOAWAY) {
        return 0;
    }

    $its->{ended} = 1 if $type <= $HEADERS && $flags & $END_STREAM;
    return 1;
}


# of nginx's header block: an index, or a literal with an indexed name

sub status {
    my ($block) = @_;
    my %index = (0x88, 200, 0x89, 204, 0x8a, 206, 0x8b, 304, 0x8c, 400,
        0x8d, 404, 0x8e, 500);
    my $first = ord $block;

    # after a change of the table's size, if there is one
    return status(substr $block, 1) if ($first & 0xe0) == 0x20;
    return $index{$first} // unpack 'x C/a*', $block;
}


1;
