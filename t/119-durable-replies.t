# A write that waits until it is durable is answered with all that Redis has said
# to it, although by then other replies have come: the record that says the same
# fact already, the feedback that is there already.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use JSON::PP;
use SecOps;
use SecOps::Events;
use SecOps::Records;

my $t = SecOps->new();
my $redis = $t->redis(aof => 'always');

$t->write('schema/tables/u_fact.json', JSON::PP->new->encode({
    type => 'object', 'x-label' => 'L', 'x-endpoint' => 'fact',
    'x-subject' => 'about', 'x-coalesce' => ['about'],
    properties => { about => { type => 'string' }, note => {} } }));

$t->run(conf(http => 'secops_schema_dir %%DIR%%/schema;',
    location => 'secops_durability fsync;'));


sub durable {
    my ($r, $status, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is($r->{status}, $status, $name) or diag($r->{body}, $t->error_log());
    is($r->{headers}{'x-secops-durability'}, 'fsync', '... and durable');
}

my $long = 'x' x 20_000;
my $first = post($t, { about => 'a', note => $long }, endpoint => 'fact');
durable($first, 201, 'a fact is stored');

my $r = post($t, { about => 'a', note => 'other' }, endpoint => 'fact');
durable($r, 200, 'the same one once more changes it');
is($r->{json}{sys_id}, $first->{json}{sys_id}, '... the record that was there');
is($r->{json}{note}, 'other', '... by what is new');

my $events = SecOps::Events->new($t, $redis);
my $job = $events->job('Triage');
my %who = %{who()};

is($events->api()->call('POST', "jobs/$job/start")->{status}, 200,
    'a job runs');
is($t->request('POST', '/api/v1/events/e', \%who, { job_id => $job,
    raw_body => { event => { outcome => 'f' } } })->{status}, 201,
    '... and has an event');

foreach my $label ('Drop', 'Escalate', 'Escalate') {
    $r = $t->request('PUT', "/api/v1/events/$job/e/feedback", \%who,
        { cortex_user => 'ann', feedback => $label });
    is($r->{status}, 200, "feedback: $label") or diag($r->{body});
    $r = $t->request('GET', "/api/v1/events/$job/e", \%who);
    is($r->{json}{result_label}, $label, '... counts');
}

$r = $t->request('PUT', "/api/secops/v1/events/$job/e/decision", \%who,
    { label => 'Drop', confidence => 1 });
durable($r, 200, 'what a processor decides is stored');

# many at once, whose replies come between the others and their barriers

my @connections = map { $t->connect() } 1 .. 20;

foreach my $n (0 .. $#connections) {
    $connections[$n]->send($connections[$n]->format('POST', path('fact'),
        \%who, { about => "b$n", note => $long }));
}

my %ids = map { my $answer = $connections[$_]->answer();
    ("b$_" => $answer->{json}{sys_id} // $answer->{body}) } 0 .. $#connections;

foreach my $n (0 .. $#connections) {
    $connections[$n]->send($connections[$n]->format('POST', path('fact'),
        \%who, { about => "b$n", note => "n$n" }));
}

is(join(' ', map { my $answer = $connections[$_]->answer();
    $answer->{status} . ($answer->{json}{sys_id} eq $ids{"b$_"} ? '' : '?')
    . ($answer->{json}{note} eq "n$_" ? '' : '!') } 0 .. $#connections),
    join(' ', (200) x @connections), 'many at once: each has its own record');

$t->done();
