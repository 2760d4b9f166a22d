package Bench::Redis;

# Redis asked, emptied, and measured alone.

use strict;
use warnings;

use IO::Select;
use IO::Socket::UNIX;
use Time::HiRes qw(time);

use Bench::Processor;


sub ask { # a command and its answer, as text
    my ($server, @command) = @_;
    open my $cli, '-|', 'redis-cli', '-s', $server->{socket}, @command
        or die "can not run redis-cli: $!\n";
    my $answer = do { local $/; <$cli> } // '';
    close $cli or die "redis-cli @command failed\n";
    return $answer;
}


sub memory { # bytes in use
    my ($server) = @_;
    my ($bytes) = ask($server, 'info', 'memory') =~ /used_memory:(\d+)/;
    return $bytes;
}


# gives the memory back to the system, too

sub empty {
    my ($server) = @_;
    ask($server, 'flushall', 'sync') =~ /^OK/
        or die "Redis can not be emptied\n";
}


# Has Redis touch memory for so many records, and free it again.

sub touch {
    my ($server, $records) = @_;
    my $script = "for i = 1, $records do redis.call('hset', 'touch:' .."
        . " math.floor(i / 1000), i, ARGV[1]) end for i = 0, $records / 1000"
        . " do redis.call('del', 'touch:' .. i) end";

    ask($server, 'eval', $script, 0, 'x' x 1700);
}


# Redis doubles its table of keys while it works: each look-up moves one place
# of the old table, and costs more as long as that lasts.  As many as there are
# keys are enough.

sub settle {
    my ($server) = @_;
    my $keys = ask($server, 'dbsize');

    for (my $left = $keys; $left > 0; $left -= 1_000_000) {
        ask($server, 'eval',
            "for i = 1, 1000000 do redis.call('exists', 'none') end", 0);
    }
}


# Commands over two connections, 32 replies to each write: what Redis needs
# when nobody keeps it waiting.  ->{commands} returns them and how many lines
# Redis answers.

sub alone {
    my ($case) = @_;
    my ($server, $seconds) = @$case{qw(redis seconds)};
    my $select = IO::Select->new();
    my (%lines, %tail, $count);

    my $ask = sub {
        my ($socket) = @_;
        (my $text, $lines{$socket}) = $case->{commands}->();
        print $socket $text;
        $tail{$socket} = "\n";      # what comes begins a line
    };

    foreach (1, 2) {
        my $socket = IO::Socket::UNIX->new(Peer => $server->{socket})
            or die "can not connect to Redis: $!\n";
        $select->add($socket);
        $ask->($socket);
    }

    $count = 0;
    my $before = Bench::Processor::sample(undef, $server);
    my $end = time() + $seconds;

    while ($select->count()) {
        my @ready = $select->can_read(5) or die "Redis does not answer\n";

        foreach my $socket (@ready) {
            sysread $socket, my $got, 65536 or die "Redis closed\n";
            die "Redis: $got\n" if "$tail{$socket}$got" =~ /\n(?:-|\$-)/;
            $tail{$socket} = substr "$tail{$socket}$got", -2;
            next if ($lines{$socket} -= $got =~ tr/\n//) > 0;

            $count += 32;
            if (time() < $end) { $ask->($socket) }
            else { $select->remove($socket) }
        }
    }

    my %spent = Bench::Processor::spent($before,
        Bench::Processor::sample(undef, $server));
    return {
        case  => $case->{name},
        count => $count,
        rate  => $count / $spent{time},
        redis => $spent{redis} * 1e6 / $count,
        both  => $spent{redis} * 1e6 / $count,
        other => $spent{other},
    };
}


my $serial = 0;
my $record = 'x' x 1200;

sub transactions { # the peers': nine lines of answer to each
    return (join('', map {
        my $id = sprintf '%016x%016x', $serial++ * 0x9e3779b9, $serial;

        "*1\r\n\$5\r\nMULTI\r\n*3\r\n\$3\r\nSET\r\n\$36\r\nrec:$id\r\n\$1200"
            . "\r\n$record\r\n*4\r\n\$4\r\nZADD\r\n\$3\r\nidx\r\n\$13\r\n"
            . int(1000 * time()) . "\r\n\$32\r\n$id\r\n*12\r\n\$4\r\nXADD\r\n"
            . "\$5\r\naudit\r\n\$6\r\nMAXLEN\r\n\$1\r\n~\r\n\$6\r\n100000\r\n"
            . "\$1\r\n*\r\n\$4\r\nuser\r\n\$5\r\nbench\r\n\$6\r\naction\r\n\$6"
            . "\r\ncreate\r\n\$2\r\nid\r\n\$32\r\n$id\r\n*1\r\n\$4\r\nEXEC\r\n"
    } 1 .. 32), 32 * 9);
}


# reads of these keys in turn: a length and a record of one line to each

sub reads {
    my (@keys) = @_;
    my @commands = map { "*2\r\n\$3\r\nGET\r\n\$" . length($_)
        . "\r\n$_\r\n" } @keys;
    my $next = 0;

    return sub {
        return (join('', map { $commands[$next++ % @commands] } 1 .. 32),
            32 * 2);
    };
}


1;
