package Chaos::Events;

# The same clients with events instead of records: each connection sends an event
# of an id that no other has, then an analyst's feedback on it, at times a second
# one with another label, then the next event.  And what has become of them: the
# events, what is announced, the votes and the counters, all of which are held
# against each other and against what every single request was answered.
#
#     my $job = Chaos::Events->prepare($machine);
#     my $load = Chaos::Events->new(job => $job, ports => [...], ...);
#     ...
#     my $history = $load->end();
#     my $counters = Chaos::Events->settle($machine, $job, $history);
#     my $store = Chaos::Events->snapshot(@sockets);
#     my $verdict = Chaos::Events->judge($store, $history, $cut, $counters);
#
# A request is "e-7" in the history when it is the event of that id, and
# "e-7/Drop" when it is feedback on it.

use strict;
use warnings;

use JSON::PP;
use SecOps ();
use SecOps::Events;
use SecOps::Records;
use Time::HiRes qw(sleep);

use parent -norequire, 'Chaos::Load';

my @labels = qw(Escalate Drop Investigate);
my @shards = (0 .. 9, 'a' .. 'f');


# --- the load ---------------------------------------------------------------

# the job, in the callers' domain; it runs

sub prepare {
    my ($class, $machine) = @_;
    my $events = SecOps::Events->new($machine);
    my $job = $events->job('Chaos', decision_points => ['source']);

    $events->api()->call('POST', "jobs/$job/start")->{status} == 200
        or die "the job does not start\n";

    return $job;
}


sub store { return 'Chaos::Events' }


sub request {
    my ($self, $c) = @_;

    return $self->feedback($c) if $c->{event} && $c->{votes}-- > 0;

    my $n = $self->{next}++;
    my $source = int rand 12;

    $c->{event} = $c->{id} = "e-$n";
    $c->{votes} = $n % 4 ? 1 : 2;
    $c->{shard} = Chaos::Load::shard($c->{id});

    return ('POST', "/api/v1/events/$c->{id}",
        qq({"job_id":$self->{job},"raw_body":{"source":$source}}));
}


sub feedback {
    my ($self, $c) = @_;
    my $label = $labels[rand @labels];

    $c->{id} = "$c->{event}/$label";

    return ('PUT', "/api/v1/events/$self->{job}/$c->{event}/feedback",
        qq({"cortex_user":"chaos","feedback":"$label"}));
}


# no feedback on what is not there

sub answered {
    my ($self, $c, $status, $reason) = @_;
    $c->{votes} = 0 if $c->{id} eq $c->{event} && $status != 201;
    return $self->SUPER::answered($c, $status, $reason);
}


# --- what came of it --------------------------------------------------------

# A feedback whose steps were interrupted a second ago is finished by whoever reads
# the event: all of them are read, and the job, whose counters are returned.

sub settle {
    my ($class, $machine, $job, $history) = @_;
    my %event = map { s{/.*}{}r => 1 } map { $_->{id} } @$history;

    sleep 2;

    foreach my $id (sort keys %event) {
        my $read = SecOps::wait_for(sub {
            my $r = $machine->keepalive('GET', "/api/v1/events/$job/$id",
                who());
            return $r && $r->{status} =~ /^(?:200|404)$/;
        }, 30);
        die "$id can not be read\n" unless $read;
    }

    return $machine->request('GET', "/api/v1/jobs/$job", who())->{json};
}


# what these masters hold of events

sub snapshot {
    my ($class, @masters) = @_;
    my %store;

    foreach my $where (@masters) {
        my $redis = Chaos::Store->connect($where);
        my ($cursor, %key) = (0);

        do {
            my $reply = $redis->cmd('SCAN', $cursor, 'COUNT', 1000);
            $cursor = $reply->[0];
            $key{$_} = 1 foreach @{$reply->[1]};
        } while ($cursor ne '0');

        collect($redis, \%store, sort keys %key);
    }

    return \%store;
}


my %reads = (ev => ['GET'], evfb => ['GET'], evidx => ['ZRANGE', 0, -1],
    evq => ['XRANGE', '-', '+'], evstat => ['HGETALL'], bkt => ['HGETALL'],
    bktv => ['HGETALL']);

sub collect {
    my ($redis, $store, @keys) = @_;
    my @known = map { /^secops:\{global:\w\}:(\w+):\d+(?::(.*))?$/ && $reads{$1}
        ? [$_, $1, $2] : () } @keys;

    my @replies = map { $redis->pipeline(map {
            my ($command, @rest) = @{$reads{$_->[1]}};
            [$command, $_->[0], @rest];
        } @$_) } parts(500, @known);

    foreach my $i (0 .. $#known) {
        my (undef, $kind, $name) = @{$known[$i]};
        my $reply = $replies[$i];

        if ($kind eq 'evidx') {
            $store->{evidx}{$_}++ foreach @$reply;

        } elsif ($kind eq 'evq') {
            foreach my $entry (@$reply) {
                my %field = @{$entry->[1]};
                $store->{$field{type}}{$field{event}}++;
            }

        } elsif ($kind eq 'evstat') {
            my %field = @$reply;
            $store->{evstat}{$_} += $field{$_} foreach grep { !/^last/ }
                keys %field;

        } else {
            $store->{$kind}{$name} = ref $reply ? { @$reply }
                : eval { decode_json($reply) } // 'torn';
        }
    }
}


sub parts { # lists of so many at most
    my ($n, @all) = @_;
    my @parts;
    push @parts, [ splice @all, 0, $n ] while @all;
    return @parts;
}


# As Chaos::Store->judge(), which says what "cut" is.  Votes that are wrong, and
# counters, are among the torn.

sub judge {
    my ($class, $store, $history, $cut, $job) = @_;
    my %found = (map { $_ => [] } qw(duplicates refused torn lost halved));
    my (%status, %sent, %votes);

    foreach my $entry (@$history) {
        my ($event, $label) = split m{/}, $entry->{id};

        $status{$entry->{status}}++;

        if (defined $label) {
            push @{$votes{$event}}, [$label, $entry->{status}];
        } else {
            $sent{$event} = $entry->{status};
        }
    }

    foreach my $event (sort keys %sent) {
        my $status = $sent{$event};
        my @there = map { $store->{$_}{$event} // 0 } qw(evidx accepted);
        unshift @there, defined $store->{ev}{$event} ? 1 : 0;

        if ($status == 201) {
            push @{$found{lost}}, $event unless $there[0];
        } elsif ($status == 503 || $status >= 400 && $status < 500) {
            push @{$found{refused}}, $event if $there[0];
        }

        push @{$found{duplicates}}, $event if $there[2] > 1;

        next if "@there" =~ /^(?:0 0 0|1 1 1)$/;

        push @{$found{$status != 201 && @{$found{halved}} < $cut ? 'halved'
            : 'torn'}}, "$event: @there";
    }

    votes($store, \%votes, \%found);
    counters($store, $job, \%found);

    return { %found, status => \%status, requests => scalar @$history,
        records => scalar keys %{$store->{ev}} };
}


# each feedback that was answered 200 is there, unless a later one was not
# answered so; each that is there has its vote in its bucket and in no other, and
# the buckets and the counters have no other votes

sub votes {
    my ($store, $votes, $found) = @_;
    my (%bucket, %voted);
    my $torn = $found->{torn};

    foreach my $event (sort keys %$votes) {
        my %may = ('' => 1);

        foreach my $vote (@{$votes->{$event}}) {
            my ($label, $status) = @$vote;
            %may = () if $status == 200;
            $may{$label} = 1 if $status == 200 || $status !~ /^4/;
        }

        my $label = label($store->{evfb}{$event});
        next if $may{$label};
        push @{$found->{$label eq '' ? 'lost' : 'refused'}},
            "$event/" . join ' or ', sort keys %may;
    }

    foreach my $event (sort keys %{$store->{evfb}}) {
        my $feedback = $store->{evfb}{$event};

        push @$torn, "$event: feedback is not done" if $feedback->{open};
        $voted{$feedback->{digest}}{$event} = $feedback->{label};
    }

    foreach my $digest (sort keys %{$store->{bktv}}) {
        my $bucket = $store->{bktv}{$digest};

        foreach my $event (sort keys %$bucket) {
            my ($label) = $bucket->{$event} =~ /(label_\d+)/ or next;

            push @$torn, "$event: a vote for $label that it has not"
                if (delete $voted{$digest}{$event} // '') ne $label;
            $bucket{$digest}{$label}++;
        }
    }

    push @$torn, map { my $digest = $_; map { "$_: its vote is not there" }
        sort keys %{$voted{$digest}} } sort keys %voted;

    foreach my $digest (sort keys %{$store->{bkt}}) {
        my %field = %{$store->{bkt}{$digest}};
        my %sum;

        foreach (keys %field) {
            $sum{$1} += $field{$_} if /^(?:in|new):(label_\d+)$/;
        }

        my %right = %{$bucket{$digest} // {}};
        push @$torn, "bucket $digest: " . spelled(\%sum) . ' instead of '
            . spelled(\%right) if spelled(\%sum) ne spelled(\%right);
    }
}


# what is counted is what is there, in Redis and as the job is answered

sub counters {
    my ($store, $job, $found) = @_;
    my %right = (feedback => scalar keys %{$store->{evfb}});

    $right{"label:$_->{label}"}++ foreach values %{$store->{evfb}};

    push @{$found->{torn}}, 'counters: ' . spelled($store->{evstat})
        . ' instead of ' . spelled(\%right)
        if spelled($store->{evstat} // {}) ne spelled(\%right);

    my @told = map { $_ // 'none' }
        @$job{qw(processed_documents_count feedback_documents_count)};
    my @right = map { scalar keys %{$store->{$_}} } qw(ev evfb);

    push @{$found->{torn}}, "the job: @told instead of @right"
        if "@told" ne "@right";
}


my %names = map { ("label_$_" => $labels[$_]) } 0 .. $#labels;

sub label { # of feedback as it is stored: a name, or ''
    my ($feedback) = @_;
    return ref $feedback ? $names{$feedback->{label}} // '?' : '';
}

sub spelled {
    my ($votes) = @_;
    return join ' ', map { "$_:$votes->{$_}" }
        grep { $votes->{$_} } sort keys %$votes;
}


1;
