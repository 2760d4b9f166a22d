#!/usr/bin/perl

# A Redis that does what a script says: it splits replies, sends wrong ones,
# stops in the middle, hangs up.  Tests use it for what a real Redis does only
# once in a while.
#
#   fake-redis.pl --listen=ADDRESS --log=FILE [--wait=SECONDS] [SCRIPT]
#
# ADDRESS is host:port or unix:/path.  The script is a file, or standard input,
# of which each line is obeyed as it comes: a test may write it step by step.
# Connections are served one after another.  One line of the script is one
# step; empty lines and those that begin with "#" are skipped:
#
#   ACCEPT              take the next connection; the first step on a closed
#                       one does the same by itself
#   HANDSHAKE           answer commands as AUTO does, up to and with PING; of
#                       connections that were given up meanwhile, the next one
#   ASKED n bytes       take the next connection, read n commands and send the
#                       bytes; of connections that were given up meanwhile,
#                       the next one
#   EXPECT n            read n commands
#   READ n              read n bytes, commands or parts of them
#   SEND bytes          \r \n \t \\ \xHH stand for what they do in C; nothing
#                       is added, so a usual reply ends with \r\n
#   SENDSLOW bytes      the same, byte by byte, 2 ms apart
#   REPEAT n bytes      the same bytes n times
#   AUTO [n]            answer n commands, or all until the other side closes:
#                       PING +PONG, MULTI +OK, then +QUEUED, EXEC an array of
#                       "+OK", GET nil, all else +OK
#   REFUSE ms bytes     for so long, answer the first command of each connection
#                       with these bytes, and WAITCLOSE
#   SLEEP ms
#   QUIET               write into the log whether anything has come that was not
#                       read: "quiet" or "not quiet"
#   WAITCLOSE           read and forget until the other side closes
#   CLOSE               hang up
#   RESET               hang up with a TCP reset
#   MARK text           write the text into the log
#   LOOP                go back to the first line
#
# It ends with the script: status 0, or 1 after something that was expected did
# not come within --wait seconds (default 10), or a line that is not known.
#
# The log has a line for each event, written at once, that a test may look at:
#
#   listening
#   accept 1
#   > SET "k" "v"       a command that came; bytes outside printable ASCII as
#                       \xHH, long arguments cut
#   bytes 17            what READ took
#   eof                 the other side closed
#   close 1
#   mark ...            the text of a MARK
#   failed: ...         and why

use strict;
use warnings;

use Getopt::Long;
use IO::Handle;
use IO::Select;
use IO::Socket::INET;
use IO::Socket::UNIX;
use Socket qw(SOL_SOCKET SO_LINGER);
use Time::HiRes qw(sleep time);

my ($listen, $log_file);
my $wait = 10;

GetOptions('listen=s' => \$listen, 'log=s' => \$log_file, 'wait=f' => \$wait)
    && $listen && $log_file
    or die "usage: $0 --listen=ADDRESS --log=FILE [--wait=SECONDS] [SCRIPT]\n";

my @script;

open my $log, '>>', $log_file or die "$log_file: $!\n";
$log->autoflush(1);

$SIG{PIPE} = 'IGNORE';

my $server = listener($listen);
my ($client, $buffer, $connections) = (undef, '', 0);
my $multi;                              # commands queued, undef outside MULTI

my %steps = (
    ACCEPT    => sub { accept_client() },
    HANDSHAKE => sub { handshake() },
    ASKED     => sub { asked(split / /, $_[0], 2) },
    EXPECT    => sub { need_command() for 1 .. $_[0] },
    READ      => sub { need_bytes($_[0]) },
    SEND      => sub { send_bytes(unescape($_[0])) },
    SENDSLOW  => sub { send_slowly(unescape($_[0])) },
    REPEAT    => sub { repeat(split / /, $_[0], 2) },
    AUTO      => sub { auto($_[0]) },
    SLEEP     => sub { sleep($_[0] / 1000) },
    QUIET     => sub { given_up(); note($buffer eq '' ? 'quiet' : 'not quiet') },
    WAITCLOSE => sub { 1 while fill(); hang_up() },
    CLOSE     => sub { hang_up() },
    MARK      => sub { note("mark $_[0]") },
    REFUSE    => sub { refuse(split / /, $_[0], 2) },
    RESET     => sub { reset_client() },
);

note('listening');

for (my $i = 0; ; $i++) {
    my $line = $script[$i] //= <>;
    last unless defined $line;
    chomp $line;

    next if $line =~ /^\s*(#.*)?$/;

    my ($name, $argument) = split / /, $line, 2;

    if ($name eq 'LOOP') {
        $i = -1;
        next;
    }

    my $step = $steps{$name} or fail("line " . ($i + 1) . ": \"$line\"");

    accept_client() unless $client || $name =~ /^(?:ACCEPT|ASKED|SLEEP|MARK)$/;

    $step->(defined $argument ? $argument : '');
}

hang_up();
exit 0;


sub listener {
    my ($address) = @_;

    my $socket = $address =~ /^unix:(.+)/
        ? IO::Socket::UNIX->new(Local => $1, Listen => 16)
        : IO::Socket::INET->new(LocalAddr => $address, Listen => 16,
                                ReuseAddr => 1);

    return $socket || die "$address: $!\n";
}


sub accept_client {
    hang_up();

    IO::Select->new($server)->can_read($wait)
        or fail('no connection came');

    $client = $server->accept() or fail("accept: $!");
    $client->autoflush(1);

    $buffer = '';
    $multi = undef;

    note('accept ' . ++$connections);
}


sub hang_up {
    return unless $client;

    close $client;
    $client = undef;

    note("close $connections");
}


sub reset_client {
    setsockopt($client, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0));
    hang_up();
}


# 1 when bytes were added to the buffer, 0 at the end of the connection

sub fill {
    IO::Select->new($client)->can_read($wait) or fail('nothing came');

    my $n = sysread($client, $buffer, 65536, length $buffer);

    return 1 if $n;

    note('eof');

    return 0;
}


sub need_bytes {
    my ($n) = @_;

    while (length $buffer < $n) {
        fill() or fail("closed before $n bytes came");
    }

    $buffer = substr $buffer, $n;

    note("bytes $n");
}


# the next command as a list; nothing at the end of the connection

sub command {
    my @command;

    until (@command = parse()) {
        fill() or return;
    }

    note('> ' . join ' ', $command[0],
         map { '"' . escape($_) . '"' } @command[1 .. $#command]);

    return @command;
}


sub need_command {
    my @command = command();

    fail('closed before a command came') unless @command;

    return @command;
}


# takes one command off the buffer; nothing when it is not whole yet

sub parse {
    my ($n, $at) = header('*', 0) or return;
    my @command;

    for (1 .. $n) {
        (my $len, $at) = header('$', $at) or return;

        return if length $buffer < $at + $len + 2;

        push @command, substr $buffer, $at, $len;
        $at += $len + 2;
    }

    $buffer = substr $buffer, $at;

    return @command;
}


# the number in "*3\r\n" or "$3\r\n" and the offset of what follows; no regular
# expression on the buffer, which may be large

sub header {
    my ($type, $at) = @_;

    my $end = index $buffer, "\r\n", $at;

    return if $end < 0;

    my $header = substr $buffer, $at, $end - $at;

    $header =~ /^\Q$type\E(\d+)$/ or fail('not a command: ' . escape($header));

    return ($1, $end + 2);
}


sub handshake {
    while (1) {
        accept_client() unless $client;

        while (my @command = command()) {
            last if uc $command[0] eq 'PING' && given_up();
            return if answer(@command) eq 'PING';
        }

        hang_up();
    }
}


sub asked {
    my ($n, $bytes) = @_;
    my $read;

    do {
        accept_client();
        for ($read = 0; $read < $n && command(); $read++) { }
    } while ($read < $n || given_up());

    send_bytes(unescape($bytes));
}


sub given_up { # 1: the other side has closed
    while (IO::Select->new($client)->can_read(0)) {
        fill() or return 1;
    }

    return 0;
}


sub auto {
    my ($n) = @_;

    if ($n ne '') {
        answer(need_command()) for 1 .. $n;
        return;
    }

    while (my @command = command()) {
        answer(@command);
    }

    hang_up();
}


# answers like a Redis to which everything is fine; returns the command's name

sub answer {
    my $name = uc $_[0];

    if ($name eq 'MULTI') {
        $multi = 0;
        send_bytes("+OK\r\n");

    } elsif ($name eq 'EXEC' && defined $multi) {
        send_bytes("*$multi\r\n" . "+OK\r\n" x $multi);
        $multi = undef;

    } elsif (defined $multi) {
        $multi++;
        send_bytes("+QUEUED\r\n");

    } else {
        send_bytes($name eq 'PING' ? "+PONG\r\n"
                   : $name eq 'GET' ? "\$-1\r\n" : "+OK\r\n");
    }

    return $name;
}


# a peer that hangs up while it is sent something is its own right

sub send_bytes {
    my ($bytes) = @_;

    while (length $bytes) {
        my $n = syswrite $client, $bytes or return;
        $bytes = substr $bytes, $n;
    }
}


sub send_slowly {
    for my $byte (split //, $_[0]) {
        send_bytes($byte);
        sleep(0.002);
    }
}


sub repeat {
    my ($n, $bytes) = @_;

    my $block = unescape($bytes) x 1000;

    while ($n >= 1000) {
        send_bytes($block);
        $n -= 1000;
    }

    send_bytes(unescape($bytes) x $n);
}


sub refuse {
    my ($ms, $bytes) = @_;
    my $end = time() + $ms / 1000;

    while (1) {
        accept_client() unless $client;
        return if time() > $end;

        need_command();
        send_bytes(unescape($bytes));
        1 while fill();
        hang_up();
    }
}


sub unescape {
    my ($text) = @_;
    my %char = (r => "\r", n => "\n", t => "\t", '\\' => '\\');

    $text =~ s/\\(?:x([0-9a-fA-F]{2})|([rnt\\]))/
               defined $1 ? chr hex $1 : $char{$2}/gex;

    return $text;
}


sub escape {
    my ($text) = @_;

    $text = substr($text, 0, 4096) . '...' if length $text > 4096;
    $text =~ s/([^\x20-\x7e]|["\\])/sprintf '\\x%02x', ord $1/ge;

    return $text;
}


sub note {
    print $log "$_[0]\n";
}


sub fail {
    note("failed: $_[0]");
    exit 1;
}
