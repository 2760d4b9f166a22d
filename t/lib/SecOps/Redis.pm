package SecOps::Redis;

# A redis-server of the test's own.  SecOps->redis() starts it; the test talks
# to it over a unix socket, whatever it listens on for nginx.
#
#     my $redis = $t->redis(tcp => 1);
#
#     is($redis->cmd('GET', 'key'), 'value', 'it is stored');
#     $redis->pause();                 # it keeps its connections, answers nothing

use strict;
use warnings;

use File::Path ();
use IO::Socket::UNIX;
use Scalar::Util ();
use Test::More ();
use Time::HiRes qw(sleep time);

use SecOps::Connection;


# Options: tcp => 1, listen on a port as well and prefer it in url(); aof =>
# "always", "everysec" or "no"; args => [...], further arguments of redis-server;
# start => 0, only choose the addresses.

sub new {
    my ($class, $test, $number, %opt) = @_;
    my $dir = $test->dir() . "/redis$number";

    File::Path::make_path($dir);

    my $self = bless {
        test   => $test,
        dir    => $dir,
        socket => "$dir/redis.sock",
        port   => $opt{tcp} ? $test->port(100 + $number) : 0,
        aof    => $opt{aof} // 'everysec',
        args   => $opt{args} // [],
        owner  => $$,
    }, $class;

    Scalar::Util::weaken($self->{test});
    $self->start() unless defined $opt{start} && !$opt{start};
    return $self;
}


sub url {
    my ($self) = @_;
    return $self->{port} ? "redis://127.0.0.1:$self->{port}"
        : "unix:$self->{socket}";
}


sub pid { return $_[0]{pid} }
sub port { return $_[0]{port} }
sub log { return $_[0]{test}->read("$_[0]{dir}/redis.log") }


sub start {
    my ($self, @more) = @_;
    my @aof = $self->{aof} eq 'no' ? ('--appendonly', 'no')
        : ('--appendonly', 'yes', '--appendfsync', $self->{aof});

    unlink $self->{socket};

    $self->{pid} = $self->{test}->spawn("$self->{dir}/redis.log",
        'redis-server', '--bind', '127.0.0.1', '--port', $self->{port},
        '--unixsocket', $self->{socket}, '--unixsocketperm', '777',
        '--dir', $self->{dir}, '--save', '', '--repl-diskless-sync-delay', 0,
        @aof, @{$self->{args}}, @more);

    SecOps::wait_for(sub {
        my $answer = eval { $self->cmd('PING') };
        return defined $answer && $answer =~ /^(?:PONG|NOAUTH|-?LOADING)/;
    }, SecOps::START()) or do {
        Test::More::diag($self->log());
        die "redis-server did not start\n";
    };

    return $self;
}


sub end {
    my ($self, $signal) = @_;
    my $pid = delete $self->{pid} // return;

    delete $self->{link};
    kill 'CONT', $pid;
    kill $signal, $pid;

    SecOps::reap($pid, 60) or do {
        kill 'KILL', $pid;
        SecOps::reap($pid, 5);
    };
}


sub stop { return $_[0]->end('TERM') }
sub kill9 { return $_[0]->end('KILL') }
sub restart { my ($self, @more) = @_; $self->stop(); $self->start(@more) }

# it keeps its connections and answers nothing
sub pause { kill 'STOP', $_[0]{pid} }
sub resume { kill 'CONT', $_[0]{pid} }


# One command; the reply as Perl data: nil is undef, an array a reference, an
# error a string that begins with its code.  die: no connection, no answer.

sub cmd {
    my ($self, @words) = @_;

    my $link = $self->{link} //= do {
        my $socket = IO::Socket::UNIX->new(Peer => $self->{socket})
            or die "no connection to $self->{socket}: $!\n";
        bless { socket => $socket, buffer => '', timeout => 60 },
            'SecOps::Connection';
    };

    $link->send(join '', '*' . @words . "\r\n",
        map { '$' . length($_) . "\r\n$_\r\n" } @words);

    my $reply = eval { [ parse($link, time() + 60) ] };
    return $reply->[0] if $reply;

    delete $self->{link};
    die $@;
}


sub calls { # of a command so far, by scripts as well
    my ($self, $command) = @_;
    return $self->cmd('INFO', 'commandstats')
        =~ /^cmdstat_$command:calls=(\d+)/m ? $1 : 0;
}


# Waits until so many replicas follow it: 1.  A first WAIT may be answered by what
# they had loaded when they came online, and the next one not before Redis begins
# to stream, up to a second later.

sub has_replicas {
    my ($self, $n, $timeout) = @_;
    my $acknowledged = sub {
        $self->cmd('SET', 'there', 1);
        return $self->cmd('WAIT', $n, 200) == $n;
    };

    return SecOps::wait_for($acknowledged, $timeout)
        && SecOps::wait_for($acknowledged, $timeout);
}


sub parse {
    my ($link, $end) = @_;
    my $line = $link->take_until("\r\n", $end) // die "no answer from Redis\n";

    $line =~ s/\r\n\z//;
    my ($type, $rest) = (substr($line, 0, 1), substr($line, 1));

    if ($type eq '$') {
        return undef if $rest < 0;
        my $bytes = $link->take($rest + 2, $end) // die "no answer from Redis\n";
        return substr $bytes, 0, $rest;
    }

    if ($type eq '*') {
        return undef if $rest < 0;
        return [ map { parse($link, $end) } 1 .. $rest ];
    }

    return $rest;
}


1;
