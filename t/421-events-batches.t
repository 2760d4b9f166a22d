# Several events in one request, as an array or as lines: one answer for each, in
# their order, whatever is wrong with some of them; in few transactions.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use JSON::PP;
use SecOps;
use SecOps::Events;
use SecOps::Records;
use SecOps::Resources;

my $t = SecOps->new();
my $redis = $t->redis();

$t->run(conf(location => 'client_max_body_size 8m;', server => api_location(
    'three', 'secops_max_batch 3; secops_auth api_key header;') . api_location(
    'small', 'client_max_body_size 4m; secops_redis_max_pending bytes=64k;'
        . ' secops_auth api_key header;'))
    =~ s/secops_auth header;(?=\s+client)/secops_auth header api_key;/r);

my $events = SecOps::Events->new($t, $redis);
my $job = $events->job('Triage');
my $second = $events->job('Second');
my $other = $events->job('Other', key => 'Other key');
my $number = 0;


sub event { # of the job, with more members or other ones
    my (%more) = @_;
    return { job_id => $job, raw_body => { event => { outcome => 'a' },
        n => $number++ }, %more };
}

sub told { # of each answer: the status, or the detail of what is wrong
    my ($r) = @_;
    return $r->{body} // 'no answer' unless ref $r->{json} eq 'ARRAY';
    return [map { $_->{detail} // $_->{status} } @{$r->{json}}];
}

my $waits = 'pending_inference';
my $json = JSON::PP->new->canonical;

# the two forms: how they are sent, and how a place in them is called

my %forms = (
    array => [sub { $events->send(@_) }, sub { "/$_[0]$_[1]" }],
    lines => [sub { $events->lines(@_) },
        sub { 'line ' . ($_[0] + 1) . ', ' . $_[1] }],
);

foreach my $form (sort keys %forms) {
    my ($send, $place) = @{$forms{$form}};

    my @ids = map { "$form-$_" } 1 .. 40;
    my $r = $send->([map { event(event_id => $_) } @ids]);

    is($r->{status}, 201, "$form: 40 events are accepted") or diag($r->{body});
    is_deeply([map { $_->{event_id} } @{$r->{json}}], \@ids,
        '... answered in their order');
    is_deeply([grep { join(' ', sort keys %$_)
        ne 'error_message event_id ingest_timestamp job_id status' }
        @{$r->{json}}], [], '... each as one that is sent alone');
    is(scalar(grep { $events->stored($job, $_) } @ids), 40, '... all stored');
    is_deeply([sort grep { /^$form-/ } $events->indexed($job)], [sort @ids],
        '... each among those of the job');
    is_deeply([sort grep { /^$form-/ } map { $_->{event} }
        $events->announced($job)], [sort @ids], '... and announced');

    my $before = $redis->cmd('DBSIZE');

    $r = $send->([event(event_id => "$form-good"), { job_id => $job },
        event(job_id => 'x'), event(job_id => 999999), event(raw_body => {}),
        event(job_id => $other), event(event_id => ''),
        event(event_id => {}), 7, event(event_id => 17),
        event(job_id => $second, event_id => "$form-second")]);

    is($r->{status}, 207, "$form: some of them are wrong");
    is_deeply(told($r), [$waits,
        $place->(1, '/raw_body: is missing'),
        $place->(2, '/job_id: must be an integer'),
        $place->(3, '/job_id: there is no such job, or it is not the '
            . "caller's"),
        $place->(4, '/raw_body: has none of the decision points of the job'),
        $place->(5, '/job_id: there is no such job, or it is not the '
            . "caller's"),
        (map { $place->($_, '/event_id: must be a string of 1 to 256 bytes '
            . 'without control characters and "/", and not "." or ".."') }
            6, 7),
        $place->(8, '') =~ s/,? ?$//r . ': must be an object', $waits,
        $waits], '... each is told why');
    is_deeply([map { $r->{json}[$_]{event_id} } 0, 9, 10],
        ["$form-good", '17', "$form-second"], '... the others are stored');
    is_deeply([grep { !defined } map { values %$_ } @{$r->{json}}], [],
        '... nothing is null');
    ok($events->stored($second, "$form-second"), '... each for its job');
    is($redis->cmd('DBSIZE') > $before ? 1 : 0, 1, '... and nothing else');

    $r = $send->([event(event_id => "$form-twice", title => 1),
        event(event_id => "$form-twice", title => 2)]);
    is($r->{status}, 201, "$form: the same id twice");
    is($events->stored($job, "$form-twice")->{title}, 2, '... the last stays');
    is(scalar(grep { $_ eq "$form-twice" } $events->indexed($job)), 1,
        '... and counts once');

    $r = $send->([{ job_id => $job }, event(job_id => 999999)]);
    is($r->{status}, 422, "$form: none is right: the status of the first");
    $r = $send->([event(job_id => 999999), { job_id => $job }]);
    is($r->{status}, 404, '... whatever that is');

    is_refused_v1($send->([]), 400, 'Invalid post body', "$form: no event");
}


# lines that are no JSON, and lines that are none

my $r = $events->send("\n" . $json->encode(event()) . "\r\n \t\n{\n"
    . $json->encode(event()), undef,
    headers => { 'Content-Type' => 'application/x-ndjson' });
is($r->{status}, 207, 'lines: one is no JSON');
is_deeply([map { $_->{error_message} } @{$r->{json}}],
    ['', 'Invalid post body', ''], '... it is answered in its place');
like($r->{json}[1]{detail}, qr/^line 4: not acceptable JSON/,
    '... by its number, blank lines count');
is($r->{json}[1]{event_id}, '', '... without an id');

is_refused_v1($events->send('[' . $json->encode(event()) . ',{]'), 400,
    'Invalid post body', 'an array that is no JSON is refused as a whole');
is_refused_v1($events->send('[{"job_id":1,"job_id":2}]'), 400,
    'Invalid post body', '... and one with a name twice');
is_refused_v1($events->send($json->encode(event()) . "\n", 'x', headers =>
    { 'Content-Type' => 'application/x-ndjson' }), 415,
    'Unsupported media type', 'lines have no id in the path');


# limits

sub at { # a location, a body
    my ($place, $body, $type) = @_;
    return $t->request('POST', "/$place/api/v1/events",
        { 'X-Arcanna-Api-Key' => $events->key('Input'),
        'Content-Type' => $type // 'application/json' }, $body);
}

foreach my $case ([3, 201], [4, 400]) {
    my ($n, $status) = @$case;
    my @lines = map { $json->encode(event()) } 1 .. $n;
    is(at('three', '[' . join(',', @lines) . ']')->{status}, $status,
        "secops_max_batch 3: $n in an array");
    $r = at('three', join("\n", @lines), 'application/x-ndjson');
    is($r->{status}, $status, "... and in lines");
}
like($r->{json}{detail}, qr/more than 3 events/, '... which says so');

my @jobs = map { $events->job("Job $_") } 1 .. 17;
$r = $events->send([map { event(job_id => $_) } @jobs]);
is_deeply([$r->{status}, told($r)], [207, [($waits) x 16,
    '/16/job_id: the events of one request may be for 16 jobs']],
    'the events of a request may be for 16 jobs');

$r = $events->send([map { event(job_id => $_) } (@jobs[0 .. 15]) x 3]);
is($r->{status}, 201, '... in any order') or diag($r->{body});


# many and large ones: few transactions, each bounded

my $execs = $redis->calls('exec');
$r = $events->lines([map { event() } 1 .. 1000]);
is_deeply([$r->{status}, scalar @{$r->{json}}], [201, 1000],
    'a thousand events are accepted');
cmp_ok($redis->calls('exec') - $execs, '<=', 16,
    '... in a transaction for each shard');
is(scalar(keys %{{ map { $_->{event_id} => 1 } @{$r->{json}} }}), 1000,
    '... each with an id of its own');

my $large = 'x' x 100_000;
$execs = $redis->calls('exec');
$r = $events->send([map { event(large => $large, event_id => "large-$_") }
    1 .. 60]);
is_deeply(told($r), [($waits) x 60], 'sixty of 100 KB are accepted');
cmp_ok($redis->calls('exec') - $execs, '>=', 23,
    '... none of the transactions is larger than 256 KB');
is(length $events->stored($job, 'large-60')->{large}, 100_000,
    '... they are stored as they were sent');

$r = at('small', $json->encode(event(large => $large)));
is_refused_v1($r, 503, 'Unable to store event',
    'an event that Redis is never sent');
$r = at('small', '[' . join(',', $json->encode(event()),
    $json->encode(event(large => $large))) . ']');
is_deeply([$r->{status}, $r->{json}[0]{status},
    $r->{json}[1]{error_message}], [207, $waits, 'Unable to store event'],
    '... stops no other');
like($r->{json}[1]{detail}, qr/^request [0-9a-f]{32}$/, '... and is told');

$t->allow(qr/events.create failed: larger than all commands/,
    qr/1 of 2 events not stored, last: larger than all commands/);

$t->done();
