#!/usr/bin/perl

# Stands between nginx and a Redis, and does to what passes as a file says:
#
#   relay.pl LISTEN REDIS RULE
#
# LISTEN and REDIS are paths of sockets.  The file RULE is read anew for each
# piece that passes and has one line of these:
#
#   pass
#   delay SECONDS           each reply comes later by that
#   hold                    no reply comes until there is another rule
#   drop PATTERN            what nginx sends and matches is never answered
#   answer ERROR PATTERN    each command of it is answered with -ERROR
#   first FILE PATTERN      Redis is sent what the file holds, before each piece
#                           that matches
#   stall PATTERN           Redis executes it, which makes a file RULE.stalled,
#                           and is heard only when there is another rule
#   lose PATTERN            Redis executes it, and then the connection is closed;
#                           what comes after that passes

use strict;
use warnings;

use IO::Select;
use IO::Socket::UNIX;

my ($listen, $redis, $file) = @ARGV;
my $server = IO::Socket::UNIX->new(Local => $listen, Listen => 16)
    or die "$listen: $!\n";

$SIG{CHLD} = 'IGNORE';

sub rule { # its words, of which the last is the rest of the line
    my ($words) = @_;
    open my $rule, '<', $file or die "$file: $!\n";
    chomp(my $line = <$rule> // '');
    return split ' ', $line, $words;
}

sub to_redis {
    my ($client, $peer, $bytes) = @_;
    my ($what, @words) = rule(3);

    my ($pattern, $other) = $what =~ /^(?:answer|first)$/ ? reverse(@words)
        : $what =~ /^(?:drop|stall|lose)$/ ? "@words" : ();

    return syswrite $peer, $bytes
        unless defined $pattern && $bytes =~ /$pattern/;

    if ($what eq 'first') {
        ask(slurp($other));
        return syswrite $peer, $bytes;
    }

    if ($what eq 'stall') {
        syswrite $peer, $bytes;
        sysread $peer, my $reply, 1 << 20;
        open my $stalled, '>', "$file.stalled" or die "$file: $!\n";
        close $stalled;
        select undef, undef, undef, 0.01 while (rule(1))[0] eq 'stall';
        return syswrite $client, $reply;
    }

    if ($what eq 'lose') {
        syswrite $peer, $bytes;
        sysread $peer, my $reply, 1 << 20;
        open my $rule, '>', "$file.pass" or die "$file: $!\n";
        print $rule "pass\n";
        close $rule;
        rename "$file.pass", $file or die "$file: $!\n";
        exit;
    }

    my $n = () = $bytes =~ /^\*\d+\r$/mg;
    syswrite $client, "-$other of the relay\r\n" x $n if defined $other;
}

sub slurp {
    my ($path) = @_;
    open my $in, '<:raw', $path or die "$path: $!\n";
    local $/;
    return scalar <$in>;
}

sub ask { # on a connection of its own: it is answered when this returns
    my ($bytes) = @_;
    my $link = IO::Socket::UNIX->new(Peer => $redis) or die "$redis: $!\n";
    syswrite $link, $bytes;
    sysread $link, my $reply, 1 << 20;
}

sub to_nginx {
    my ($client, $bytes) = @_;
    my ($what, $delay) = rule(2);

    select undef, undef, undef, $delay if $what eq 'delay';
    select undef, undef, undef, 0.01 while (rule(1))[0] eq 'hold';
    syswrite $client, $bytes;
}

while (my $client = $server->accept()) {
    next if fork;

    my $peer = IO::Socket::UNIX->new(Peer => $redis) or die "$redis: $!\n";
    my $select = IO::Select->new($client, $peer);

    for (;;) {
        foreach my $from ($select->can_read()) {
            sysread $from, my $bytes, 1 << 20 or exit;
            $from == $peer ? to_nginx($client, $bytes)
                : to_redis($client, $peer, $bytes);
        }
    }
}
