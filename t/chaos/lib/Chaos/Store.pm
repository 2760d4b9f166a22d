package Chaos::Store;

# What is in the store once it has healed: every record, every member of an
# index and every audit entry, read from all masters; and what is wrong with
# it, held against what clients were answered.

use strict;
use warnings;

use IO::Socket::INET;
use IO::Socket::UNIX;
use SecOps ();
use SecOps::Records ();


# one link to a Redis: "host:port" or a path

sub connect {
    my ($class, $where) = @_;

    my $socket = $where =~ m{^/} ? IO::Socket::UNIX->new(Peer => $where)
        : IO::Socket::INET->new(PeerAddr => $where, Proto => 'tcp',
            Timeout => 2);
    die "no connection to $where: $!\n" unless $socket;

    $socket->autoflush(1);
    binmode $socket;

    return bless { link => bless { socket => $socket, buffer => '',
        timeout => 20 }, 'SecOps::Connection' }, $class;
}


sub cmd {
    my ($self, @words) = @_;
    my ($reply) = $self->pipeline(\@words);
    return $reply;
}


sub pipeline { # commands; their replies
    my ($self, @commands) = @_;

    $self->{link}->send(join '', map { my @words = @$_; '*' . @words . "\r\n",
        map { '$' . length($_) . "\r\n$_\r\n" } @words } @commands);

    my $end = time() + 20;
    return map { scalar SecOps::Redis::parse($self->{link}, $end) } @commands;
}


# what these masters hold of the chaos' records

sub snapshot {
    my ($class, @masters) = @_;
    my %store = (records => {}, idx => {}, sub => {}, audit => {});

    foreach my $where (@masters) {
        my $redis = $class->connect($where);
        my ($cursor, %seen) = (0);

        do {
            my $reply = $redis->cmd('SCAN', $cursor, 'COUNT', 1000);
            $cursor = $reply->[0];

            # it may give a key twice
            $redis->collect(\%store, grep { !$seen{$_}++ } @{$reply->[1]});
        } while ($cursor ne '0');
    }

    return \%store;
}


sub collect {
    my ($redis, $store, @keys) = @_;
    my @known = grep { /^secops:\{[^}]*\}:(?:rec|idx|sub|audit)\b/ } @keys
        or return;

    my @replies = $redis->pipeline(map {
        /:rec:/ ? ['GET', $_] : /:audit$/ ? ['XRANGE', $_, '-', '+']
            : ['LRANGE', $_, 0, -1] } @known);

    foreach my $i (0 .. $#known) {
        my ($key, $reply) = ($known[$i], $replies[$i]);

        if ($key =~ /:rec:[^:]+:(\w+)$/) {
            my $name = $1;
            my ($id) = ($reply // '') =~ /"observable":"([^"]*)"/;
            $store->{records}{$name} = $id // 'torn';

        } elsif ($key =~ /:(idx|sub):/) {
            $store->{$1}{$_}++ foreach @$reply;

        } else {
            foreach my $entry (@$reply) {
                $store->{audit}{$_}++
                    foreach SecOps::Records::entry_ids(@{$entry->[1]});
            }
        }
    }
}


# A kill may end a server in the middle of its write to the append-only file.
# When Redis reads that file, it forgets the command that was cut, but not what
# stands before it since MULTI; and if it is killed once more, it takes that
# for the beginning of the next transaction (loadSingleAppendOnlyFile() in
# aof.c).  So for each file that Redis says it has truncated, there may be one
# transaction, of up to 64 records, with its first keys alone, that nobody was
# told is stored.  cut says how many files were.  It is no tearing of ours.
#
# -> { duplicates, refused, torn, lost, halved, ... } and examples

sub judge {
    my ($class, $store, $history, $cut) = @_;
    my (%times, %promised);

    my %found = (map { $_ => [] } qw(duplicates refused torn lost halved));

    $times{$_}++ foreach values %{$store->{records}};

    foreach my $id (sort keys %times) {
        push @{$found{duplicates}}, $id if $times{$id} > 1;
    }

    $promised{$_->{id}} = 1 foreach grep { $_->{status} == 201 } @$history;

    my %all = map { $_ => 1 } map { keys %{$store->{$_}} }
        qw(records idx sub audit);

    foreach my $id (sort keys %all) {
        my $about = $store->{records}{$id};
        my @count = map { $store->{$_}{$id} // 0 } qw(sub audit idx);

        next if defined $about && "@count" eq '1 1 1';

        my $first = defined $about && !$promised{$about}
            && "@count" =~ /^(?:0 0|1 0|1 1) 0$/;
        my $kind = $first && @{$found{halved}} < 64 * $cut ? 'halved' : 'torn';
        push @{$found{$kind}}, "$id: " . (defined $about ? 1 : 0) . " @count";
    }

    my %status;

    foreach my $entry (@$history) {
        my $there = $times{$entry->{id}} // 0;
        my $status = $entry->{status};

        $status{$status}++;

        if ($status == 201) {
            push @{$found{lost}}, $entry->{id} unless $there;

        } elsif ($status == 503 || $status >= 400 && $status < 500) {
            push @{$found{refused}}, $entry->{id} if $there;
        }
    }

    return { %found, status => \%status, requests => scalar @$history,
        records => scalar keys %{$store->{records}} };
}


1;
