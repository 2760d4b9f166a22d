#!/usr/bin/perl

# Some nodes of a Redis Cluster that never was: they announce what map they are
# told to, and answer what is for a key as they are told to.  Tests use it for
# topologies and redirections that a real cluster does not have.
#
#   fake-cluster.pl --state=FILE --log=FILE PORT ...
#
# The state is JSON, read again whenever it has changed, and told in the log:
#
#   { "number": 1,
#     "map": "*0\r\n",                     the reply to CLUSTER SLOTS; or
#     "maps": ["...", ...],                one for each time, the last for ever
#     "nodes": [ ["MOVED %SLOT% 127.0.0.1:7001", "OK"], ... ],
#     "waits": [ ":1", ... ] }             for each node, the reply to WAIT
#
# What stands for a node is used up by one command after the other, the last is
# for ever; a transaction counts as one command.  "OK" is a reply that fits,
# "HANG" none any more on this connection, "MUTE" none, while it goes on reading,
# "RAW ..." these bytes, "CLOSE" its end, "EXEC ..." an error
# among the replies that EXEC gives, anything else an error: %SLOT% is the slot
# of the key.
#
# The log has a line for each event, written at once:
#
#   state 1
#   0 accept
#   0 > GET key
#   0 close

use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin;

use Getopt::Long;
use IO::Handle;
use IO::Select;
use IO::Socket::INET;
use JSON::PP;
use SecOps::Slot qw(slot);
use Time::HiRes;

my ($state_file, $log_file);

GetOptions('state=s' => \$state_file, 'log=s' => \$log_file) && @ARGV
    or die "usage: $0 --state=FILE --log=FILE PORT ...\n";

open my $log, '>>', $log_file or die "$log_file: $!\n";
$log->autoflush(1);
$SIG{PIPE} = 'IGNORE';

my ($state, $seen) = ({ map => "*0\r\n", nodes => [] }, '');
my $select = IO::Select->new();
my (%server, %client);
my $slot = 0;                   # of the last key

foreach my $i (0 .. $#ARGV) {
    my $server = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
        LocalPort => $ARGV[$i], Listen => 64, ReuseAddr => 1)
        or die "port $ARGV[$i]: $!\n";

    $server{fileno $server} = { socket => $server, number => $i };
    $select->add($server);
}

note('listening');

while (1) {
    my @ready = $select->can_read(0.01);

    read_state();

    foreach my $socket (@ready) {
        my $server = $server{fileno $socket};
        $server ? accept_client($server) : serve($client{fileno $socket});
    }
}


sub note { print $log "$_[0]\n" }


sub read_state {
    open my $file, '<:raw', $state_file or return;
    local $/;
    my $text = <$file> // '';
    return if $text eq $seen;

    my $new = eval { decode_json($text) } or return;
    ($state, $seen) = ($new, $text);
    note("state $state->{number}");
}


sub accept_client {
    my ($server) = @_;
    my $socket = $server->{socket}->accept() or return;

    binmode $socket;
    $select->add($socket);
    $client{fileno $socket} = { socket => $socket, buffer => '',
        node => $server->{number} };
    note("$server->{number} accept");
}


sub hang_up {
    my ($client) = @_;

    note("$client->{node} close");
    $select->remove($client->{socket});
    delete $client{fileno $client->{socket}};
    close $client->{socket};
}


sub serve {
    my ($client) = @_;

    my $n = sysread $client->{socket}, $client->{buffer}, 65536,
        length $client->{buffer};
    return hang_up($client) unless $n;

    while (!$client->{hung} && (my $command = next_command($client))) {
        note("$client->{node} > @$command");

        my $reply = reply($client, @$command);
        return hang_up($client) unless defined $reply;
        syswrite $client->{socket}, $reply if length $reply;
    }
}


sub next_command { # its words, or undef: not all of it is there
    my ($client) = @_;
    my ($bytes, @words) = ($client->{buffer});

    $bytes =~ s/\A\*(\d+)\r\n// or return;

    foreach (1 .. $1) {
        $bytes =~ s/\A\$(\d+)\r\n// or return;
        return if length $bytes < $1 + 2;
        push @words, substr $bytes, 0, $1;
        substr $bytes, 0, $1 + 2, '';
    }

    $client->{buffer} = $bytes;
    return \@words;
}


sub reply {
    my ($client, $name, @words) = @_;
    $name = uc $name;

    return "+PONG\r\n" if $name eq 'PING';
    return "+OK\r\n" if $name eq 'ASKING' || $name eq 'AUTH';

    if ($name eq 'CLUSTER') {
        my $maps = $state->{maps} // [$state->{map}];
        return @$maps > 1 ? shift @$maps : $maps->[0];
    }

    return ($state->{waits}[$client->{node}] // ':1') . "\r\n"
        if $name eq 'WAIT';

    if ($name eq 'MULTI') {
        @$client{qw(multi said)} = (0, undef);
        return "+OK\r\n";
    }

    if ($name eq 'EXEC') {
        my ($n, $said) = delete @$client{qw(multi said)};
        if ($said eq 'HANG') { $client->{hung} = 1; return '' }
        return '' if $said eq 'MUTE';
        return "*1\r\n-" . slotted($1) . "\r\n" if $said =~ /^EXEC (.*)/;
        return "-EXECABORT Transaction discarded\r\n" if $said ne 'OK';
        return "*$n\r\n" . ":1\r\n" x $n;
    }

    my $said = $client->{said} // told($client->{node});
    my $key = $name =~ /^EVAL/ ? $words[2] : $words[0];

    $slot = slot($key);
    $client->{said} = $said if defined $client->{multi};
    $client->{multi}++ if defined $client->{multi};

    return undef if $said eq 'CLOSE';
    if ($said eq 'HANG') { $client->{hung} = 1; return '' }
    return '' if $said eq 'MUTE';
    return $1 if $said =~ /^RAW (.*)/s;
    return '-' . slotted($said) . "\r\n" if $said !~ /^(?:OK|EXEC )/;
    return "+QUEUED\r\n" if defined $client->{multi};
    return "\$-1\r\n" if $name eq 'GET';
    return "*0\r\n" if $name eq 'XREVRANGE';
    return "+OK\r\n";
}


sub slotted { return $_[0] =~ s/%SLOT%/$slot/r }


sub told { # what a node says next
    my ($node) = @_;
    my $list = $state->{nodes}[$node] // ['OK'];
    return @$list > 1 ? shift @$list : $list->[0];
}
