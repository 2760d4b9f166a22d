package Bench::Events;

# Events of the input API for a bench: the job that they are sent to, what is
# sent, and a store that is filled with them.

use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use HTTP::Tiny;
use IO::Socket::UNIX;
use JSON::PP;
use POSIX ();
use Time::HiRes ();

use Bench::Records;
use Bench::Redis;

my %caller = ('Content-Type' => 'application/json', 'X-SecOps-User' => 'bench',
    'X-SecOps-Roles' => 'sn_sec_cmn.api_write');
my $templates = 64;


sub ask { # of the module, as somebody with the write role
    my ($port, $method, $path, $body) = @_;
    my $answer = HTTP::Tiny->new->request($method,
        "http://127.0.0.1:$port$path", { headers => { %caller },
        defined $body ? (content => $body) : () });

    die "$method $path: $answer->{status} $answer->{content}\n"
        unless $answer->{success};
    return $answer->{content};
}


# A job that is started, with labels by consensus of its buckets from the first
# trained feedback on, and the key that may send to it: its number, the key's
# value.

sub job {
    my ($port) = @_;
    my %set = (
        key   => { type => 'api_key', properties => { name => 'bench' } },
        input => { type => 'integration', properties => { title => 'bench',
            integration_type => 'External REST API', parameters => {
                api_key => "{{api_keys(name='bench')}}" } } },
        job   => { type => 'job', properties => { title => 'bench',
            category => 'Decision intelligence', decision_points =>
                [qw(finding source_engine details.country)],
            pipeline_integrations => [
                { resource => 'input', integration_type => 'input' },
                { resource => 'Decision intelligence processor',
                  integration_type => 'processor',
                  parameters => { min_feedback => 1 } } ] } },
    );
    my $created = decode_json(ask($port, 'POST', '/api/v2/resources',
        encode_json(\%set)))->{created};
    my %made = map { $_->{resource_name} => $_ } @$created;
    my $id = $made{job}{internal_id} // die "there is no job\n";

    ask($port, 'POST', "/api/v1/jobs/$id/start", '{}');
    return ($id, $made{key}{value});
}


# The bodies of the records, each as the raw body of an event.

sub bodies {
    my ($job) = @_;
    return map { qq({"job_id":$job,"raw_body":$_}) } Bench::Records::bodies();
}


# An analyst has judged these events, one of each bucket, and the job is
# trained.

sub judge {
    my ($port, $job, @ids) = @_;

    ask($port, 'PUT', "/api/v1/events/$job/$_/feedback",
        '{"cortex_user":"bench","feedback":"Drop"}') foreach @ids;
    ask($port, 'POST', "/api/v1/jobs/$job/train", '{}');
}


# --- a store with many ------------------------------------------------------

# Brings so many events into Redis, without the module, which would take longer
# for millions: copies of those that it has stored, each with an id and in a
# place of its own.  Returns some of their ids, evenly from all of them.

sub fill {
    my ($port, $redis, $job, $events) = @_;
    my @bodies = bodies($job);
    my @copied = map { sprintf 'template%08x', $_ } 0 .. $templates - 1;
    my $take = int(($events + 9999) / 10000) || 1;
    my @pipes;

    ask($port, 'POST', "/api/v1/events/$copied[$_]", $bodies[$_])
        foreach 0 .. $#copied;

    my @of = map { template($redis, $job, $_) } @copied;

    foreach my $child (0 .. 3) {
        my $pid = open(my $pipe, '-|') // die "can not fork: $!\n";

        if (!$pid) {
            @SIG{qw(INT TERM HUP)} = ('DEFAULT') x 3;
            eval { copy($redis, $job, \@of, $child, $events) };
            print STDERR $@ if $@;
            close STDOUT;
            POSIX::_exit($@ ? 1 : 0);
        }

        push @pipes, $pipe;
    }

    foreach my $pipe (@pipes) {
        close $pipe or die "the store could not be filled\n";
    }

    queue($redis, $job, $copied[0]);
    return (@copied, map { id($take * $_) } 0 .. int(($events - 1) / $take));
}


sub id { # of the n-th
    my ($n) = @_;
    return sprintf 'e%015x', $n;
}


# What the module has stored of an event: the name of its key around the shard
# and the id, and the value around the id, wherever that stands.

sub template {
    my ($redis, $job, $id) = @_;
    my ($key) = split /\n/, Bench::Redis::ask($redis, '--scan', '--pattern',
        "*:ev:$job:$id");
    my ($before, $after) = ($key // '')
        =~ /^(.*:)[0-9a-f](\}:ev:\Q$job\E:)\Q$id\E$/
        or die "the event $id is not in Redis\n";
    my $value = Bench::Redis::ask($redis, 'get', $key) =~ s/\n\z//r;

    return { key => [ $before, $after ], value => [ split /\Q$id\E/, $value,
        -1 ] };
}


sub copy { # every fourth
    my ($redis, $job, $of, $first, $events) = @_;
    my $socket = IO::Socket::UNIX->new(Peer => $redis->{socket})
        or die "can not connect to Redis: $!\n";
    my $time = int(1000 * Time::HiRes::time()) - $events;

    for (my $n = $first; $n < $events;) {
        my ($commands, $lines) = ('', 0);

        for (; $n < $events && $lines < 1000; $n += 4) {
            my $id = id($n);
            my $shard = substr sha256_hex($id), 0, 1;
            my $template = $of->[$n % @$of];
            my ($before, $after) = @{$template->{key}};
            my $index = "$before$shard$after" =~ s/:ev:(\d+):$/:evidx:$1/r;

            $commands .= command('SET', "$before$shard$after$id",
                    join $id, @{$template->{value}})
                . command('ZADD', $index, $time + $n, $id);
            $lines += 2;
        }

        hand_over($socket, $commands, $lines);
    }
}


sub command { # as Redis reads it
    return '*' . @_ . "\r\n" . join '', map {
        '$' . length() . "\r\n$_\r\n" } @_;
}


sub hand_over { # to Redis, and wait for as many lines
    my ($socket, $commands, $lines) = @_;
    my $got;

    print $socket $commands;

    while ($lines > 0) {
        sysread $socket, $got, 65536 or die "Redis closed the connection\n";
        die "Redis: $got\n" if $got =~ /^-/m;
        $lines -= $got =~ tr/\n//;
    }
}


# The streams that announce events are as long as they may be, so that whoever
# adds to one takes from it as well.

sub queue {
    my ($redis, $job, $id) = @_;
    my ($stream) = split /\n/, Bench::Redis::ask($redis, '--scan', '--pattern',
        "*:evq:$job");
    my $script = <<'END';
local fields = redis.call('xrevrange', KEYS[1], '+', '-', 'count', 1)[1][2]
for shard = 0, 15 do
    local key = string.gsub(KEYS[1], '%x}', string.format('%x}', shard))
    for n = 1, 6500 do
        redis.call('xadd', key, 'maxlen', '~', 6250, '*', unpack(fields))
    end
end
return 'filled'
END

    die "there is no stream of events\n" unless $stream;
    Bench::Redis::ask($redis, 'eval', $script, 1, $stream) =~ /^filled/
        or die "the streams could not be filled\n";
}


1;
