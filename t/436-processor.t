# The example of a processor, conf-examples/processor.py, decides 10,000 events
# while it is killed five times, and Redis once: each event is decided exactly
# once, as the example says, and nothing is left undone.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use SecOps;
use SecOps::Events;
use SecOps::Records;

use constant EVENTS => $ENV{SECOPS_NGINX} ? 2000 : 10_000;

my $python = '/usr/bin/python3';

plan(skip_all => "$python has no redis: install python3-redis")
    if system("$python -c 'import redis' 2>/dev/null") != 0;

my $t = SecOps->new(workers => 2);
my $redis = $t->redis();
my $events = SecOps::Events->new($t, $redis, domain => 'acme');
my $api = $events->api();
my @shards = (0 .. 9, 'a' .. 'f');

$t->run(conf(location => 'client_max_body_size 8m; secops_event_queue 200000;')
    =~ s/secops_auth header;/secops_auth api_key header;/r);


# --- a job, a key, events ---------------------------------------------------

my $job = $events->job('Triage', decision_points => ['severity']);
my $key = $events->key('Processor', 'read:event_export', 'write:decisions');

is($api->call('POST', "jobs/$job/start")->{status}, 200, 'a job is started');

my @names = map { sprintf 'event-%05d', $_ } 0 .. EVENTS - 1;

sub severity { return substr($_[0], -1) % 3 == 0 ? 'high' : 'low' }

for (my $i = 0; $i < @names; $i += 500) {
    my $r = $t->request('POST', '/api/v1/events', who(domain => 'acme'),
        [ map { { job_id => $job, event_id => $_,
            raw_body => { severity => severity($_), note => 'x' x 100 } } }
            grep { defined } @names[$i .. $i + 499] ]);
    is($r->{status}, 201, '500 events') or diag($r->{body});
}


# --- the processor ----------------------------------------------------------

my ($pid, $number) = (undef, 0);

sub begin {
    local @ENV{qw(SECOPS_KEY SECOPS_IDLE)} = ($key, 300);
    $pid = $t->spawn($t->dir() . '/processor.out', $python,
        root() . '/conf-examples/processor.py', 'http://127.0.0.1:' . $t->port(),
        "unix://$redis->{socket}", 'acme', $job, 'process-' . $number++ % 2);
}

sub end {
    kill 'KILL', $pid;
    SecOps::reap($pid);
}


# entries of a type in the job's streams: event -> how many

sub entries {
    my ($type) = @_;
    my %count;

    foreach my $shard (@shards) {
        foreach my $entry (@{$redis->cmd('XRANGE',
            "secops:{acme:$shard}:evq:$job", '-', '+')})
        {
            my %field = @{$entry->[1]};
            $count{$field{event}}++ if $field{type} eq $type;
        }
    }

    return \%count;
}

sub length_of { # all entries of all streams
    my $sum = 0;
    $sum += $redis->cmd('XLEN', "secops:{acme:$_}:evq:$job") foreach @shards;
    return $sum;
}


is(scalar keys %{entries('accepted')}, EVENTS, 'each event is announced');

begin();

foreach my $kill (1 .. 5) {
    my $until = EVENTS + EVENTS * $kill / 6;

    ok(wait_for(sub { length_of() >= $until }, 180),
        "it decides: stage $kill of 6") or diag($t->read('processor.out'));

    if ($kill == 3) {
        $redis->cmd(qw(CONFIG SET appendfsync always));
        ok(wait_for(sub { length_of() >= $until + EVENTS / 50 }, 180),
            '... each write is synced now');
        $redis->kill9();
        $redis->start();
        ok(wait_for(sub { (eval { $redis->cmd('PING') } // '') eq 'PONG' }),
            '... Redis is killed, and comes back');
        ok(wait_for(sub { length_of() >= $until + EVENTS / 20 }, 180),
            '... and it goes on by itself')
            or diag($t->read('processor.out'));
    }

    end();
    begin();
}

sub pending {
    my $sum = 0;
    $sum += $redis->cmd('XPENDING', "secops:{acme:$_}:evq:$job",
        'processors')->[0] foreach @shards;
    return $sum;
}

sub unread { # entries that the group was not given yet
    my $sum = 0;
    foreach my $shard (@shards) {
        my %group = @{$redis->cmd('XINFO', 'GROUPS',
            "secops:{acme:$shard}:evq:$job")->[0]};
        $sum += @{$redis->cmd('XRANGE', "secops:{acme:$shard}:evq:$job",
            "($group{'last-delivered-id'}", '+', 'COUNT', 1)};
    }
    return $sum;
}

ok(wait_for(sub { length_of() >= 2 * EVENTS }, 180), 'all are decided')
    or diag(length_of(), $t->read('processor.out'));
ok(wait_for(sub { !unread() && !pending() }, 60),
    '... and nothing is left pending') or diag(unread(), ' ', pending());
end();


# --- what came of it --------------------------------------------------------

my $decided = entries('decided');

is(scalar keys %$decided, EVENTS, 'as many events were decided as there are');
is(scalar(grep { $_ != 1 } values %$decided), 0, '... each exactly once');

my %seen;

foreach my $name (@names) {
    my $r = $t->keepalive('GET', "/api/v1/events/$job/$name",
        who(domain => 'acme'));
    my $high = severity($name) eq 'high';
    $seen{join ' ', $r->{status}, $r->{json}{status} // '',
        ($r->{json}{result_label} // '') eq ($high ? 'Escalate' : 'Drop')
        && $r->{json}{confidence_score} == ($high ? 90 : 60) ? 'right'
        : 'wrong'}++;
}

is_deeply(\%seen, { '200 OK right' => EVENTS }, 'each is read as it was decided');


# --- what it waits for, and what it does not --------------------------------

sub send_one {
    my ($name) = @_;
    return $t->request('POST', "/api/v1/events/$name", who(domain => 'acme'),
        { job_id => $job, raw_body => { severity => 'high' } })->{status};
}

is($api->call('POST', "jobs/$job/stop")->{status}, 200, 'the job is stopped');
is(send_one('resting'), 201, '... and takes an event');
begin();
ok(wait_for(sub { pending() == 1 }), 'the processor has it, and waits');
is(entries('decided')->{resting}, undef, '... without a decision');
is($api->call('POST', "jobs/$job/start")->{status}, 200, 'the job is started');
ok(wait_for(sub { entries('decided')->{resting} }), '... and it is decided');
ok(wait_for(sub { !pending() }), '... and acknowledged');
end();

is(send_one('gone'), 201, 'an event that is gone before it is read');
my ($gone) = grep { /:ev:\d+:gone$/ } keys_like($redis, '*:ev:*:gone');
is($redis->cmd('DEL', $gone), 1, '... as if it had expired');
begin();
ok(wait_for(sub { !unread() && !pending() }), '... is left alone');
is(entries('decided')->{gone}, undef, '... without a decision');
end();

$t->done();
