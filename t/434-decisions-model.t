# Decisions against a model in plain Perl: events, feedback, decisions of
# processors, trainings, starts and stops at random, as several clients send
# them, one to each job; after each step an event is read, and must be decided as
# the model says.  Events are
# replaced, feedback is changed, votes are tied, min_feedback and
# confidence_threshold are reached or not, and feedback counts at once or after
# a training.  Once on one Redis, and once, with a tenth of it all, on a Cluster.
#
# SECOPS_EVENTS: how many events and feedbacks (10000).
# SECOPS_SEED: of what is generated.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use JSON::PP;
use SecOps;
use SecOps::Cluster;
use SecOps::DecisionModel;
use SecOps::Records;
use SecOps::Resources;

use constant { AT_ONCE => 50, SHOWN => 5 };

my $events = $ENV{SECOPS_EVENTS} || 10000;
my $seed = $ENV{SECOPS_SEED} // 1;
my @labels = ('Escalate', 'Drop', 'Potential risk', 'Investigate');
my $json = JSON::PP->new->canonical->utf8;

my $t = SecOps->new(workers => 2);
my $api = SecOps::Resources->new($t);

srand $seed;


# --- jobs -------------------------------------------------------------------

my %kinds = (
    low     => { min => 1, threshold => 0 },
    usual   => { min => 10, threshold => 60 },
    thirds  => { min => 30, threshold => 66.66 },
    certain => { min => 5, threshold => 100 },
    late    => { min => $events / 40, threshold => 50 },
    at_once => { min => 20, threshold => 60, auto => 1 },
    alone   => { min => 1, threshold => 0, buckets => 0,
                 category => 'Event centric decision intelligence' },
    without => { min => 1, threshold => 0, processor => 0 },
);


sub create { # a job of this kind, and its model
    my ($name) = @_;
    my %kind = (buckets => 1, processor => 1, auto => 0, %{$kinds{$name}});
    my $category = $kind{category} // 'Decision intelligence';
    my %processor = %{step("$category processor", 'processor',
        min_feedback => int $kind{min}, confidence_threshold =>
        0 + $kind{threshold})};

    $processor{enabled} = $kind{processor} ? JSON::PP::true : JSON::PP::false;

    is_saved($api->save({
        k => api_key("key $name"),
        i => integration("in $name", integration_type => 'External REST API',
            parameters => { api_key => "{{api_keys(name='key $name')}}" }),
        j => job($name, category => $category,
            decision_points => [ 'source.ip', 'outcome', 'tags' ],
            advanced_settings => {
                custom_labels => [ map { { name => $_ } } @labels ],
                auto_retrain => {
                    enabled => $kind{auto} ? JSON::PP::true : JSON::PP::false },
            },
            pipeline_integrations => [ step('i', 'input'), \%processor ]),
    }), "a job: $name");

    return {
        name => $name, id => $api->job_called($name)->{id},
        connection => $t->connect(), ids => [], seen => {}, sent => [],
        model => SecOps::DecisionModel->new(%kind, min => int $kind{min},
            labels => \@labels),
    };
}


# --- what is sent -----------------------------------------------------------

# the same value may be spelled in several ways, and two values look alike

my @sources = (
    [ '' ],
    [ '"source":{"ip":"192.0.2.1"}', '"source.ip":"192.0.2.1"',
      '"source":{"port":1,"ip":"192.0.2.\u0031"}' ],
    [ '"source":{"ip":"192.0.2.2"}' ],
    [ '"source":{"ip":null}' ],
);
my @outcomes = (
    [ '"outcome":1', '"outcome":1.0', '"outcome":10e-1' ],
    [ '"outcome":"1"', '"outcome":"\u0031"' ],
    [ '"outcome":true' ],
);
my @tags = (
    [ '' ],
    [ '"tags":["a","b"]', '"tags": [ "\u0061", "b" ]' ],
    [ '"tags":{"a":1,"b":2}', '"tags":{"b":2.0,"a":1}' ],
);

sub any { return $_[int rand @_] }


sub raw_body { # -> text of the values, and a body that has them
    my @which = (int rand @sources, int rand @outcomes, int rand @tags);
    my @members = grep { $_ ne '' } any(@{$sources[$which[0]]}),
        any(@{$outcomes[$which[1]]}), any(@{$tags[$which[2]]}),
        '"noise":' . int rand 1000;

    @members = reverse @members if rand() < 0.5;

    return ("@which", '{' . join(',', @members) . '}');
}


sub send_to { # what the answer must be is told with it
    my ($job, $expected, $method, $path, $body) = @_;

    $job->{out} .= $job->{connection}->format($method, $path, who(), $body);
    push @{$job->{sent}}, [ $expected, "$method $path " . ($body // '') ];
}


my %can = (
    event => sub {
        my ($job) = @_;
        my $new = !@{$job->{ids}} || rand() < 0.6;
        my $id = $new ? 'e-' . scalar @{$job->{ids}} : any(@{$job->{ids}});

        # one that came in the same millisecond is not told apart from this
        return if $job->{said}{$id};

        my ($values, $raw) = raw_body();

        push @{$job->{ids}}, $id if $new;
        $job->{model}->event($id, $values);
        send_to($job, 201, 'POST', "/api/v1/events/$id",
            qq({"job_id":$job->{id},"raw_body":$raw}));

        return $id;
    },

    feedback => sub {
        my ($job) = @_;
        my $id = any(@{$job->{ids}}) // return;

        # each bucket has a favourite, so that there is consensus
        my $label = rand() < 0.6
            ? (unpack('%32C*', $job->{model}{event}{$id}{values})) % @labels
            : int rand @labels;
        my $word = any($labels[$label], lc $labels[$label], "label_$label",
            "class_$label");

        $job->{model}->feedback($id, $label);

        if (rand() < 0.5) {
            send_to($job, 200, 'PUT', "/api/v1/events/$job->{id}/$id/feedback",
                $json->encode({ cortex_user => 'eve', feedback => $word }));
        } else {
            send_to($job, 200, 'PUT', "/api/v2/events/$job->{id}/$id/feedback"
                . '?feedback_label=' . $word =~ s/ /any('+', '%20')/er);
        }

        return $id;
    },

    said => sub { # by a processor, which a job that rests does not ask
        my ($job) = @_;
        my $id = any(@{$job->{ids}}) // return;
        my ($label, $confidence) = (int rand @labels, int(rand 10001) / 10000);
        my $running = $job->{model}{running};

        $job->{model}->said($id, $label, $confidence) if $running;
        $job->{said}{$id} = 1;
        send_to($job, $running ? 200 : 409, 'PUT',
            "/api/secops/v1/events/$job->{id}/$id/decision",
            $json->encode({ label => $labels[$label],
                confidence => $confidence }));

        return $id;
    },
);


sub decides { # asks for an event
    my ($job, $id) = @_;
    send_to($job, $job->{model}->answer($id), 'GET',
        "/api/v1/events/$job->{id}/$id");
}


my @wrong;
my %told;                       # how often what was seen

sub is_as_told {
    my ($job, $expected, $sent, $r) = @_;

    if (!ref $expected) {
        return if ($r->{status} // 0) == $expected;
        push @wrong, "$job->{name}: $sent\n  " . ($r->{head} // '')
            . ($r->{body} // '');
        return;
    }

    my %got = map { $_ => $r->{json}{$_} } keys %$expected;

    # they are numbers in decimal digits
    $_->{confidence_level} = sprintf '%.4f', $_->{confidence_level} // -1
        foreach \%got, $expected;

    $told{$_}++ foreach "status $expected->{status}",
        "state $expected->{knowledge_base_state}",
        "bucket $expected->{bucket_state}", $expected->{result} eq '' ? 'none'
            : $expected->{confidence_score} == 100 ? 'sure' : 'by consensus';

    my ($is, $should) = map { my $h = $_;
        join ' ', map { "$_=" . ($h->{$_} // 'undef') } sort keys %$h }
        \%got, $expected;

    push @wrong, "$job->{name}: $sent\n  is $is\n  not $should"
        if $is ne $should;
}


sub settle { # sends what there is, reads all answers
    my (@jobs) = @_;

    foreach my $job (@jobs) {
        $job->{connection}->send($job->{out} // '');
        $job->{out} = '';
        $job->{said} = {};
    }

    foreach my $job (@jobs) {
        foreach my $sent (splice @{$job->{sent}}) {
            my ($method) = $sent->[1] =~ /^(\w+)/;
            is_as_told($job, @$sent, $job->{connection}->answer($method)
                // { status => 0 });
        }
    }
}


# One thing of those that do not go with others: a moment later nothing is as
# old any more as what came before.

sub turn {
    my ($job) = @_;
    my $model = $job->{model};
    my $what = rand() < 0.6 ? 'train' : $model->{running} ? 'stop' : 'start';

    $model->$what();
    sleep 0.003;
    send_to($job, 200, 'POST', "/api/v1/jobs/$job->{id}/$what");
}


# --- at random --------------------------------------------------------------

sub compare { # so many events and feedbacks, on these Redis
    my ($where, $most, @redis) = @_;
    my @jobs = map { create($_) } sort keys %kinds;
    my $done = 0;

    while ($done < $most && @wrong < SHOWN) {

        foreach my $job (@jobs) {
            foreach (1 .. AT_ONCE) {
                my $id = $can{any(('event') x 10, ('feedback') x 8, 'said')}
                    ->($job) // next;
                decides($job, rand() < 0.7 ? $id : any(@{$job->{ids}}));
                $done++;
            }
        }

        settle(@jobs);
        turn($_) foreach grep { rand() < 0.4 } @jobs;
        settle(@jobs);
        sleep 0.003;
    }

    ok(!@wrong, "$where: decisions after $done events and feedbacks are those "
        . 'of the model')
        or diag(join "\n", splice @wrong, 0, SHOWN);

    foreach my $job (@jobs) {
        my %votes;
        $votes{"label_$_->{label}"}++ foreach values %{$job->{model}{vote}};

        my %count = (feedback => scalar keys %{$job->{model}{vote}},
            map { ("label:$_" => $votes{$_}) } keys %votes);

        is_deeply(stored($job, @redis),
            [ $job->{model}{buckets} ? \%votes : {}, \%count ],
            "$where: votes and counters in Redis: $job->{name}");
    }
}


# the votes of each bucket are those of the model, and so are the counters

sub stored { # trained and fresh ones of all buckets, together; counters
    my ($job, @redis) = @_;
    my (%votes, %count);

    foreach my $redis (@redis) {
        foreach my $key (@{$redis->cmd('KEYS', "*:evstat:$job->{id}")}) {
            my %stat = @{$redis->cmd('HGETALL', $key)};
            $count{$_} += $stat{$_}
                foreach grep { $_ ne 'last_feedback' } keys %stat;
        }

        foreach my $key (@{$redis->cmd('KEYS', "*:bkt:$job->{id}:*")}) {
            my %bucket = @{$redis->cmd('HGETALL', $key)};
            $votes{s/^.*://r} += $bucket{$_} foreach grep { /:/ } keys %bucket;
        }
    }

    return [ plain(\%votes), plain(\%count) ];
}


sub plain { # without what is 0
    my ($counts) = @_;
    return { map { $_ => $counts->{$_} } grep { $counts->{$_} } keys %$counts };
}


my $redis = $t->redis();

$t->run(conf(http => 'keepalive_requests 1000000;'));
compare('one Redis', $events, $redis);

foreach my $what ('status OK', 'status pending_inference', 'state ',
    'state Pending', 'state In model', 'state Retrain', 'bucket new',
    'bucket known', 'none', 'by consensus', 'sure')
{
    ok($told{$what}, "among them were: $what " . ($told{$what} // 0));
}

$t->stop();
$t->{redis} = [];

my $cluster = SecOps::Cluster->new($t, replicas => 0);

$t->run(conf(http => 'keepalive_requests 1000000;',
    location => 'secops_redis_cluster on;'));
compare('a Cluster', $events / 10, @{$cluster->{nodes}});

$t->done();
