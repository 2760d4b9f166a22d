# Large sets: a thousand resources in one request, a megabyte, a thousand
# deleted one after the other, lists of thousands.  All of it within limits of
# time that are generous, so that only something that grows with the square of
# its size can miss them.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use IO::Select;
use JSON::PP;
use POSIX ();
use SecOps;
use SecOps::Records;
use SecOps::Resources;
use SecOps::Stopwatch;

my $t = SecOps->new();
my $redis = $t->redis();

$t->run(conf(location => 'client_max_body_size 8m; secops_redis_timeout 10s;'));

my $api = SecOps::Resources->new($t, $redis);
my $slow = $t->sanitized() ? 10 : 1;

sub timed {
    my ($limit, $name, $code) = @_;
    my $passed = stopwatch();
    my $result = $code->();
    my $seconds = $passed->();
    cmp_ok($seconds, '<', $limit * $slow, "$name: within $limit s")
        or diag(sprintf '%.2f s', $seconds);
    return $result;
}


# a thousand resources, each job refers to an integration of the same set

my %set = map { (
    "i$_" => integration("I$_", parameters => { hosts => "h$_",
        user => 'u', password => "secret $_" }),
    "j$_" => job("J$_", pipeline_integrations => [
        step("i$_", 'input', index => 'i'), step('i1', 'output') ]),
) } 1 .. 500;

my $r = timed(5, '1000 resources in one request', sub { $api->save(\%set,
    query => 'overwrite=false') });
is_saved($r, '... they are created');
is(scalar @{$r->{json}{created}}, 1000, '... all of them');
is(keys %{{ map { $_->{internal_id} => 1 } @{$r->{json}{created}} }}, 1000,
    '... each with an id of its own');
is($redis->cmd('GET', 'secops:{global:res}:next_id'), 2000,
    '... from 1000 on, without a gap');

is_nok($api->save({ %set, more => integration('more') }), 400,
    'Invalid request', 'one more than secops_max_batch is refused');

my $before = $api->dump();
$r = timed(5, 'the same again', sub { $api->save(\%set) });
is(scalar @{$r->{json}{updated} // []}, 1000, '... they are updated');
is_deeply($api->dump(), $before, '... and nothing has changed');

$set{i7}{properties}{parameters}{port} = 'x';
is_deeply(faults(is_nok($api->save(\%set), 422, 'Invalid resources',
    'a fault in one of them')), ['/i7/properties/parameters/port: must be an'
    . ' integer, not a string'], '... is found');
is_deeply($api->dump(), $before, '... and none of the others is changed');
$set{i7}{properties}{parameters}{port} = 9200;

$r = $api->list('');
is(scalar @{$r->{json} // []}, 1000, 'all are listed');
is_deeply([map { $_->{title} // keys %$_ } @{$r->{json}}],
    [(map { "I$_" } sort 1 .. 500), (map { "J$_" } sort 1 .. 500)],
    '... by type and title');

timed(5, 'one is deleted, of which the others must be asked', sub {
    is_nok($api->remove('title=I1'), 409, 'Resource is in use',
        'it is the output of 500 jobs') });
is($api->remove('title=J500')->{status}, 200, 'a job is deleted');
is($api->remove('title=I500')->{status}, 200, '... and then its integration');

# ids that look like others: I1 has 1000, which is in no other one's number

$r = $api->save({ a => integration('alone') });
is($r->{json}{created}[0]{internal_id}, 2000, 'ids go on');
is($api->remove('id=2000')->{status}, 200, '... and 2000 is not 200 or 20');


# a thousand chained by names, and by depends_on, in the worst order

my %chain = map { ("c$_" => { %{integration("C$_")},
    depends_on => $_ < 999 ? ['c' . ($_ + 1)] : [] }) } 0 .. 999;
$r = timed(5, 'a chain of 1000', sub { $api->save(\%chain) });
is_saved($r, '... is created');
$chain{c999}{depends_on} = ['c0'];
my @errors = is_nok(timed(5, 'a circle of 1000', sub { $api->save(\%chain) }),
    422, 'Invalid resources', '... is refused');
is(scalar @errors, 1, '... with one fault');


# references to what is not in the request are looked up in one script

sub crowd {
    my ($n) = @_;
    return { e => integration('E'), c => job('C', pipeline_integrations => [
        step('e', 'input', index => 'i'), step('e', 'enrichment', index => 'i',
            match_field => 'm', fields => [
                map { "{{integrations(id=$_)}}" } 9_000 .. 8_999 + $n ]) ]) };
}

my $spent = $t->cpu($redis->pid());
@errors = is_nok(timed(5, '10,000 references', sub { $api->save(crowd(10_000))
    }), 404, 'Unknown reference', '... are looked up');
is(scalar @errors, 100, '... and are not there');
cmp_ok($t->cpu($redis->pid()) - $spent, '<', 0.5,
    '... within half a second of Redis');

my $lookups = $redis->calls('hget');
is_deeply(faults(is_nok($api->save(crowd(10_010)), 422, 'Invalid resources',
    'more than 10,000')), [': refers to more than 10000 resources outside of'
    . ' the request, those included that these refer to'], '... are refused');
cmp_ok($redis->calls('hget') - $lookups, '<', 100,
    '... and Redis is not asked for them');


# a megabyte

my $text = 'x' x 9_900;
my $body = encode_json({ in => integration('In'), map { ("m$_" =>
    job("M$_", description => $text, decision_points => [map {
        "a.rather.long.path.of.a.field.$_" } 1 .. 20],
        pipeline_integrations => [ step('in', 'input', index => 'i') ])) }
    1 .. 100 });
cmp_ok(length $body, '>', 1_000_000, 'a body of a megabyte');
$r = timed(5, 'one megabyte', sub { $api->save($body) });
is_saved($r, '... is stored');
is(length $api->job_called('M77')->{description}, 9_900, '... as a whole');
is_saved($api->save($body), '... and again');

# in pieces, and from a file

my $connection = $t->connect();
$r = $connection->request('POST', '/api/v2/resources', who(), $body,
    chunked => 30_000);
is_saved($r, '... in chunks');

# one resource that is large by itself, as large as a stored one may be

sub large { # a job of about so many KB
    my ($kb) = @_;
    return { in => integration('In'), w => job('W', decision_points =>
        [ map { "path.$_." . 'v' x 480 } 1 .. 2 * $kb ],
        pipeline_integrations => [ step('in', 'input', index => 'i') ]) };
}

is_saved($api->save(large(200)), 'one job of 200 KB');
$before = $api->dump();
is_saved($api->save($api->list('title=W')->{json}[0]), '... sent back');
is_deeply($api->dump(), $before, '... it changes nothing');

foreach ([ 300, qr{^/w: would take \d+ bytes and \d+ values as it is stored} ],
    [ 600, qr{^/w: must have 524288 bytes at most} ])
{
    my ($kb, $fault) = @$_;
    @errors = is_nok($api->save(large($kb)), 422, 'Invalid resources',
        "R.4: one of $kb KB is more than a document may have");
    like(faults(@errors)->[0], $fault, 'R.4: ... and its size is told');
    is_deeply($api->dump(), $before, 'R.4: ... nothing is changed');
}


# lists of thousands do not stop the worker for others

$redis->cmd('FLUSHALL');
foreach my $part (0 .. 4) {
    is_saved($api->save({ map { ("i$_" => integration("I$_")) }
        $part * 1000 + 1 .. $part * 1000 + 1000 }), 'thousand more');
}

# Another client asks again and again until the list is there: it is answered
# between any two of the steps in which the list is made.  The machine may be
# busy with something else, so the best of some attempts counts.

sub answers { # to others while a list is made
    my $list = $t->connect();
    my $other = $t->connect();
    my $n = 0;

    $list->{timeout} = 60;
    $list->send($list->format('GET', '/api/v2/resources', who()));

    while (!IO::Select->new($list->socket())->can_read(0)) {
        $other->request('GET', '/api/v2/token/scopes', who()) or last;
        $n++;
    }

    my $r = $list->answer('GET');
    is(scalar @{$r->{json} // []}, 5000, 'a list of 5000') or diag($r->{head});
    return $n;
}

my @answers = sort { $b <=> $a } map { answers() } 1 .. 5;
cmp_ok($answers[0], '>=', 10, 'while it is made, others are answered');

my $list;

$list = $t->connect();
$list->send($list->format('GET', '/api/v2/resources', who()));
$list->taken();
$list->close(reset => 1);
is($t->request('GET', '/api/v2/token/scopes', who())->{status}, 200,
    'who asked for it may leave before');

$list = $t->connect();
$list->{timeout} = 60;
$list->send($list->format('GET', '/api/v2/resources', who()));
$list->taken();
my $master = $t->master();
kill 'QUIT', $master;
$r = $list->answer('GET');
is(scalar @{$r->{json} // []}, 5000, 'a worker that is told to quit sends all');
$t->{told} = 1;

$t->done();
