#!/usr/bin/perl

# Usage: fake-idp.pl PORT DIR
#
# A provider of keys that does as it is told.  A request for /NAME is answered
# as the JSON file DIR/NAME says at that moment:
#
#     status, body    what is answered; 200 and nothing
#     headers         an array of lines
#     delay           seconds before that
#     hold            1: not before DIR/NAME.go is there
#     size            the body is cut, or filled up with spaces, to that length
#     chunked         1: without a Content-Length
#     unmeasured      1: the same, in no chunks: its end is that of the connection
#     drip            seconds between one byte of the body and the next
#     cut             so many bytes of the body, then the end
#     silent          1: nothing is answered at all, and the connection stays
#     closed          1: it is closed at once
#
# and added to DIR/NAME.log: a line with the time and the whole head, as JSON.

use strict;
use warnings;

use IO::Socket::INET;
use JSON::PP;
use Time::HiRes qw(sleep time);

my ($port, $dir) = @ARGV;

$SIG{CHLD} = 'IGNORE';
$SIG{PIPE} = 'IGNORE';

my $provider = $$;

my $server = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
    LocalPort => $port, Proto => 'tcp', Listen => 128, ReuseAddr => 1)
    or die "can not listen on $port: $!";


sub answer {
    my ($socket) = @_;
    my $head = '';

    until ($head =~ /\r\n\r\n/) {
        sysread $socket, $head, 65536, length $head or return;
    }

    my ($name) = $head =~ m{^\S+ /(\S+) } or return;

    open my $log, '>>', "$dir/$name.log" or die "can not write: $!";
    print $log encode_json([time(), $head]), "\n";
    close $log;

    open my $file, '<', "$dir/$name" or die "no $dir/$name: $!";
    my $what = decode_json(do { local $/; <$file> });
    my $body = $what->{body} // '';

    sleep $what->{delay} if $what->{delay};
    until (!$what->{hold} || -e "$dir/$name.go") {
        pause();
    }
    pause() while $what->{silent};
    return if $what->{closed};

    $body = substr $body . ' ' x $what->{size}, 0, $what->{size}
        if defined $what->{size};

    my $length = $what->{chunked} ? 'Transfer-Encoding: chunked'
        : 'Content-Length: ' . length $body;
    $length = 'X-Length: none' if $what->{unmeasured};

    $body = sprintf "%x\r\n%s\r\n0\r\n\r\n", length $body, $body
        if $what->{chunked};
    $body = substr $body, 0, $what->{cut} if defined $what->{cut};

    put($socket, join "\r\n",
        'HTTP/1.1 ' . ($what->{status} // 200) . ' x', $length,
        'Connection: close', @{$what->{headers} // []}, '', '');

    return put($socket, $body) unless $what->{drip};

    foreach my $byte (split //, $body) {
        sleep $what->{drip};
        put($socket, $byte) or return;
    }
}


sub pause { # not beyond the end of the test
    exit 0 if getppid() != $provider;
    sleep 0.01;
}


sub put { # all of it; 0: nobody reads
    my ($socket, $bytes) = @_;

    while (length $bytes) {
        my $n = syswrite $socket, $bytes or return 0;
        substr $bytes, 0, $n, '';
    }

    return 1;
}


while (1) {
    my $socket = $server->accept() or next;

    my $pid = fork() // die "fork: $!";
    if ($pid == 0) {
        answer($socket);
        exit 0;
    }
    close $socket;
}
