# Two machines share a Redis Cluster and nothing else: an event that one has
# taken is there at the other at once, a job that is changed at one is known at
# the other, and slots that move on take no event with them.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use JSON::PP;
use SecOps;
use SecOps::Cluster;
use SecOps::Events;
use SecOps::Records;
use SecOps::Resources;

my $one = SecOps->new();
my $two = SecOps->new(workers => 2);
my $cluster = SecOps::Cluster->new($one, replicas => 0);
my $url = $cluster->node(0)->url();

$_->run(conf(location => 'secops_redis_cluster on; client_max_body_size 4m;')
    =~ s/%%REDIS%%/$url/r
    =~ s/secops_auth header;(?=\s+secops_redis_c)/secops_auth header api_key;/r)
    foreach $one, $two;

my $here = SecOps::Events->new($one, $cluster->node(0));
my $job = $here->job('Triage');
my $there = SecOps::Events->new($two, $cluster->node(0));
$there->{keys} = $here->{keys};


sub event { # with an outcome
    my ($outcome, %more) = @_;
    return { job_id => $job, raw_body => { event => { outcome => $outcome } },
        %more };
}

sub node_of { # the node that has what there is of an id
    my ($id) = @_;
    return $cluster->owner($cluster->slot($here->key_of('ev', $job, $id)));
}


# one at a time, to and fro

foreach my $pair ([$here, $there, 'a'], [$there, $here, 'b']) {
    my ($from, $to, $name) = @$pair;

    foreach my $id (map { "$name$_" } 1 .. 20) {
        my $r = $from->send(event($id), $id);
        my $read = $to->export($job, $id);
        is_deeply([$r->{status}, $read->{json}{arcanna_event},
            $read->{json}{ingest_timestamp}], [201,
            { event => { outcome => $id } }, $r->{json}{ingest_timestamp}],
            "$id: sent to one machine, read at the other");
    }
}

cmp_ok(scalar(keys %{{ map { node_of("a$_") => 1 } 1 .. 20 }}), '>', 1,
    'they lie on several nodes');


# a batch for all nodes

my $r = $here->send([map { event($_, event_id => "many$_") } 1 .. 500]);
is($r->{status}, 201, 'a batch is taken') or diag(substr $r->{body}, 0, 300);
is_deeply([grep { $there->read($job, "many$_")->{status} != 200 } 1 .. 500],
    [], '... and is there at the other machine');


# a job that is started, stopped and changed at one machine

is($there->read($job, 'a1')->{json}{status}, 'pending_inference',
    'the job rests');
is($here->api()->call('POST', "jobs/$job/start")->{status}, 200,
    '... it is started at one machine');
is_deeply([map { $there->read($job, 'a1')->{json}{status} } 1 .. 4],
    [('OK') x 4], '... which all workers of the other know at once');
is($here->api()->call('POST', "jobs/$job/stop")->{status}, 200,
    '... stopped again');
is($here->send(event('x'), 'late')->{status}, 201, '... it takes events');
is_deeply([map { $there->read($job, 'late')->{json}{status} } 1 .. 4],
    [('pending_inference') x 4], '... which wait');
is($there->read($job, 'a1')->{json}{status}, 'OK',
    '... while those from before are what they were');

is($here->job('Triage', enabled => 0), $job, 'its input is switched off');
is_deeply([map { $there->read($job, 'a1')->{status} } 1 .. 4], [(404) x 4],
    '... its key reads nothing any more, at no worker');
is($here->job('Triage'), $job, '... and is switched on');
is($there->read($job, 'a1')->{status}, 200, '... it reads again');


# slots that move

my $slot = $cluster->slot($here->key_of('ev', $job, 'a1'));
my $from = $cluster->owner($slot);
my ($to) = grep { $_->port() != $from->port() } $cluster->nodes();
$cluster->move($slot, $from, $to);

$r = $there->read($job, 'a1');
is($r->{status}, 200, 'a slot moves on: its events are read')
    or diag($r->{body});
is($here->send(event('new'), 'a1')->{status}, 201, '... and replaced');
is_deeply($there->export($job, 'a1')->{json}{arcanna_event},
    { event => { outcome => 'new' } }, '... by what was sent last');

$slot = $cluster->slot('secops:{global:res}:rev');
$from = $cluster->owner($slot);
($to) = grep { $_->port() != $from->port() } $cluster->nodes();
$cluster->move($slot, $from, $to);

is($there->read($job, 'a1')->{status}, 200, 'those of resources move on, too');
is($here->send(event('y'), 'a2')->{status}, 201, '... and events are taken');

is($two->quit(), 0, 'a machine leaves');
is($here->read($job, 'b1')->{status}, 200, '... its events are there');
is_deeply([$two->faults()], [], '... and it has nothing to complain of');

$one->done();
