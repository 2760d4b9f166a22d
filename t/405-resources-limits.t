# What one set of resources may cost a worker: the bytes of a refusal, the
# values of a request, what a stored document may grow to, how long others wait
# while a large set is decided, and what is left of it when the client leaves or
# the worker is told to go.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use IO::Select;
use JSON::PP;
use SecOps;
use SecOps::Records;
use SecOps::Resources;

my $t = SecOps->new();
my $redis = $t->redis();

$t->run(conf(location => 'client_max_body_size 4m; secops_redis_timeout 30s;'));

my $api = SecOps::Resources->new($t, $redis);
my ($true) = (JSON::PP::true);
my $key = 'secops:{global:res}';

sub worker { return ($t->workers())[0] }
sub cpu { return 1000 * $t->cpu(worker()) }
sub growth { # of the worker's memory at its highest while this runs, MB
    my ($code) = @_;
    $t->peak_rss(worker()) // return 0;
    my $before = $t->rss(worker()) / 1024;
    $code->();
    return $t->peak_rss(worker()) / 1024 - $before;
}
sub is_bounded { # a sanitizer keeps what was freed
    my ($mb, $limit, $name) = @_;
    SKIP: {
        skip('the sanitizer has memory of its own', 1) if $t->sanitized();
        cmp_ok($mb, '<', $limit, sprintf '%s (%.1f MB)', $name, $mb);
    }
}

sub webhook { my (%headers) = @_;
    return integration('T', integration_type => 'Webhook', parameters => {
        url => 'https://a.example/', headers => \%headers }) }


# R.2: a refusal says less than 64 KB, however long the names are in it

foreach (
    [ 'a name of the request', { 'I' x 960_000 => webhook(map { ("h $_" => 1) }
        0 .. 199) }, qr/^must have a name of 255 bytes at most$/ ],
    [ 'a member of a map', { w => webhook('h' x 400_000 => 1) },
        qr/^has a name that is not allowed$/ ],
    [ 'many long members', { w => webhook(map { ('h' x 2000 . $_ => 1) }
        1 .. 200) }, qr/^must have at most 20 members$/ ],
    [ 'many short members', { w => webhook(map { ("h$_" => 1) } 1 .. 200) },
        qr/^must have at most 20 members$/ ],
    [ 'control characters', { "\x01" x 255 => webhook(map { ("\x02" x 250 . $_
        => 1) } 1 .. 200) }, qr/^must have at most 20 members$/ ],
    [ 'a title', { map { ('n' x 250 . $_ => job('T' x 200_000)) } 1 .. 4 },
        qr/^must be at most 200 characters long$/ ],
    [ 'beside "resources"', { resources => { a => api_key('k') },
        map { ('x' x 5000 . $_ => 1) } 1 .. 150 }, qr/^is not known beside/ ],
) {
    my ($name, $set, $message) = @$_;
    my ($r, $cpu);
    my $growth = growth(sub {
        my $before = cpu();
        $r = $api->save($set);
        $cpu = cpu() - $before;
    });

    my $request = $r->{json}{request} // {};
    cmp_ok($r->{status}, '>=', 400, "R.2: $name: refused");
    like($request->{errors}[0]{message} // 'none', $message, '... and why');
    cmp_ok(length $r->{body}, '<', 70_000, 'R.2: ... in few bytes');
    is_bounded($growth, 24, 'R.2: ... with little memory');
    cmp_ok($cpu, '<', $t->sanitized() ? 4000 : 200,
        'R.2: ... and little time of the worker');

    my @longest = sort { $b <=> $a } map { length $_->{pointer} }
        @{$request->{errors}};
    cmp_ok($longest[0], '<', 1400, 'R.2: ... the pointers are cut');

    next unless $name =~ /^many long|control/;
    is($request->{reason_details}[-1], 'and more',
        'R.2: ... that there are more is told');
    like($r->{json}{detail}, qr/; and more\z/, 'R.2: ... in the text as well');
    cmp_ok(scalar @{$request->{errors}}, '<', 100, '... as these fill it');
}

is_deeply($api->dump(), {}, 'nothing was stored');
is($api->save({ 'I' x 255 => api_key('K') })->{status}, 200,
    'a name of 255 bytes is none too long');


# R.4: limits hold for what is stored

my %sources = map { ("i$_" => integration("I$_")) } 1 .. 210;
is_saved($api->save(\%sources), 'integrations');

sub entries { return map { step("I$_", 'input', index => 'i') } @_ }
sub grow { return { j => job('J', pipeline_integrations => [entries(@_)]) } }
sub length_of { return scalar @{$api->job_called('J')->{pipeline_integrations}} }

is_saved($api->save(grow(1 .. 200)), 'a job of 200 entries and its processor');
my $before = $api->dump();
is_deeply(faults(is_nok($api->save(grow(201)), 422, 'Invalid resources',
    'R.4: one entry more')), ['/j/properties/pipeline_integrations: would have'
    . ' 201 entries beside its processors, with those that there are, and may'
    . ' have 200'],
    'R.4: ... is one too many');
is_deeply($api->dump(), $before, 'R.4: ... and nothing is changed');
is_saved($api->save(grow(7, 9)), '... those that are there can be changed');
is(length_of(), 201, '... and stay');

# 20 jobs that refer to 200 integrations each, and one more that refers to one

my %crowd = map { ("c$_" => job("C$_",
    pipeline_integrations => [entries(1 .. 200)])) } 1 .. 20;

$before = $api->dump();
is_deeply(faults(is_nok($api->save({ %crowd,
    c21 => job('C21', pipeline_integrations => [entries(1)]) }),
    422, 'Invalid resources', 'R.18: 4001 references')),
    [': the request changes 4001 references of pipelines and parameters, more '
    . 'than the 4000 that are stored at once'], 'R.18: ... are one too many');
is_deeply($api->dump(), $before, 'R.18: ... and nothing is changed');
is_saved($api->save(\%crowd), 'R.18: 4000 references are stored');
is_saved($api->save({ %crowd,
    c21 => job('C21', pipeline_integrations => [entries(1)]) }),
    'R.18: ... and those that are there do not count');

# of before there were limits

my $id = $api->job_called('J')->{id};
my $stored = decode_json($redis->cmd('HGET', "$key:job", $id));
my @more = map { { %{$stored->{pipeline_integrations}[0]}, resource =>
    "{{integrations(internal_id=$_)}}", parameters => { index => 'i' x 2000 } }
    } 5000 .. 5149;
push @{$stored->{pipeline_integrations}}, @more;
$redis->cmd('HSET', "$key:job", $id, encode_json($stored));
$before = $api->dump();

is(length_of(), 351, 'R.4: a job of 351 entries and 300 KB can be read');
is_saved($api->save({ j => { type => 'job', properties => { title => 'J' } } }),
    'R.4: ... be named');
is_deeply($api->dump(), $before, '... which changes nothing');
my @errors = is_nok($api->save({ j => job('J', description => 'longer',
    pipeline_integrations => [entries(210)]) }), 422, 'Invalid resources',
    'R.4: ... not become larger');
like("@{faults(@errors)}", qr/would have 351 entries/, '... as is told');
is_saved($api->save({ j => job('J', pipeline_integrations => [entries(1 .. 3)],
    remove_missing_pipeline_integrations => $true) }), 'R.4: ... become small');
is(length_of(), 4, '... as it was asked for');

$redis->cmd('HSET', "$key:job", $id, encode_json($stored));
is($api->remove('title=J')->{status}, 200, 'R.4: ... and be deleted');

# members that are merged at any depth

sub settings {
    my ($name, $bytes) = @_;
    return { s => job('S', advanced_settings => { monitoring_settings => {
        throttling => { $name => 'x' x $bytes } } }, pipeline_integrations =>
        [entries(1)]) };
}

is_saved($api->save(settings('a', 150_000)), 'settings of 150 KB');
@errors = is_nok($api->save(settings('b', 150_000)), 422, 'Invalid resources',
    'R.4: ... can not be added to for ever');
like("@{faults(@errors)}", qr/^\/s: would take 30\d{4} bytes/, '... by bytes');
is_saved($api->save(settings('a', 200_000)), '... but replaced');

my %many = map { ("m$_" => 1) } 1 .. 4000;
sub values_of { return { v => job('V', advanced_settings => {
    monitoring_settings => { throttling => { map { ($_ => \%many) } @_ } } },
    pipeline_integrations => [entries(1)]) } }
is_saved($api->save(values_of(1 .. 4)), '16,000 values');
@errors = is_nok($api->save(values_of(5 .. 8)), 422, 'Invalid resources',
    'R.4: ... not 32,000');
like("@{faults(@errors)}", qr/ 320\d\d values /, '... by their number');


# R.11: what stands for something else is no fault, however often

my @spellings = map { '{{' . ' ' x ($_ % 32) . "\t" x ($_ / 32)
    . "api_keys(name='K')}}" } 0 .. 1000;
sub sentinel { my (%more) = @_;
    return { m => integration('M', integration_type => 'Microsoft Sentinel',
        parameters => { tenant_id => '00000000-0000-4000-8000-000000000001',
            client_id => '00000000-0000-4000-8000-000000000002',
            client_secret => 's', workspace_name => 'w', workspace_id =>
            '00000000-0000-4000-8000-000000000003', resource_group => 'g',
            subscription_id => '00000000-0000-4000-8000-000000000004' }),
        j => job('R', pipeline_integrations => [ step('m', 'input', %more) ]) };
}

my %wrong = (statuses => ['Nonsense', 5], polling_interval => 'x',
    nonexistent => 1);
my $plain = faults(is_nok($api->save(sentinel(%wrong)), 422,
    'Invalid resources', 'faults of parameters'));
cmp_ok(scalar @$plain, '>=', 4, '... there are some') or diag(explain $plain);
my $with = faults(is_nok($api->save(sentinel(%wrong, severities =>
    \@spellings)), 422, 'Invalid resources',
    'R.11: beside 1001 references'));
is_deeply([grep { !/severities/ } @$with], $plain,
    'R.11: ... they are told all the same');
my $twice = faults(is_nok($api->save(sentinel(severities =>
    [@spellings[0, 1]])), 422, 'Invalid resources',
    'R.11: two spellings of one reference'));
like("@$twice", qr/severities: must not refer to the same resource twice/,
    'R.11: ... are the same item twice');


# R.13: values are counted before trees are made of them

foreach (['{}', 330_000], ['[]', 330_000], ['1', 500_000]) {
    my ($value, $n) = @$_;
    my $body = '{"a":{"type":"integration","properties":{"title":"a",'
        . '"parameters":{"x":[' . join(',', ($value) x $n) . ']}}}}';
    my @faults;
    my $growth = growth(sub { @faults = is_nok($api->save($body), 400,
        'Invalid request', "R.13: a megabyte of $value") });
    like($faults[0]{message}, qr/^has more than 50000 values/,
        'R.13: ... is refused for its values');
    is_bounded($growth, 24, 'R.13: ... before it takes memory');
}

my $wide = encode_json({ w => job('W', pipeline_integrations => [entries(1)],
    advanced_settings => { monitoring_settings => { throttling =>
    [map { {} } 1 .. 19_000] } }), map { ("w$_" => job("W$_", description =>
    'd', pipeline_integrations => [entries(1)], decision_points =>
    [map { "p$_" } 1 .. 9_000])) } 1 .. 3 });
my $faulty = $wide =~ s/"title":"W1"/"titel":"W1"/r;

my $n = $redis->calls('evalsha');
is_nok($api->save($faulty), 422, 'Invalid resources', 'a set that is faulty');
is($redis->calls('evalsha'), $n, 'R.13: ... is refused without Redis');

my @waiting;
my $growth = growth(sub {
    $redis->pause();
    @waiting = map { $t->connect() } 1 .. 6;
    foreach my $connection (@waiting) {
        $connection->{timeout} = 60;
        $connection->send($connection->format('POST', '/api/v2/resources',
            who(), $wide));
    }
    my $read = SecOps::Connection::taken(@waiting);
    my $idle = SecOps::wait_for(sub { # it sleeps, and does so for a while
        my $then = cpu();
        foreach (1 .. 5) {
            return if $t->read('/proc/' . worker() . '/stat') !~ /\) S /
                || cpu() != $then;
            sleep 0.02;
        }
        return 1;
    }, 60);
    ok($read && $idle, 'six sets of 46,000 values wait for Redis');
});
is_bounded($growth, 6 * 16, 'R.13: ... with 16 MB each at most');
$redis->resume();
is_deeply([map { $_->answer('POST')->{status} } @waiting], [(200) x 6],
    '... they are saved');
$_->close() foreach @waiting;
is_bounded($t->rss(worker()) / 1024, 45, 'R.13: ... and the memory is given '
    . 'back');


# no stretch is long: others are answered while a set is decided

my $large = encode_json({ map { ("j$_" => job("L$_", advanced_settings => {
    custom_labels => [map { { name => "label $_" } } 1 .. 100] },
    pipeline_integrations => [entries(1)])) } 1 .. 230 });

sub longest { # stretch of the worker's time, and all of it: milliseconds
    my $set = $t->connect();
    my $other = $t->connect();
    my ($longest, $begin) = (0, cpu());

    $set->{timeout} = 60;
    $set->send($set->format('POST', '/api/v2/resources', who(), $large));

    while (!IO::Select->new($set->socket())->can_read(0)) {
        my $before = cpu();
        $other->request('GET', '/api/v2/token/scopes', who()) or last;
        my $stretch = cpu() - $before;
        $longest = $stretch if $stretch > $longest;
    }

    my $all = cpu() - $begin;
    my $r = $set->answer('POST');
    is($r->{status}, 200, '230 jobs of 100 labels') or diag($r->{body});
    return [$longest, $all];
}

my ($best) = sort { $a->[0] / $a->[1] <=> $b->[0] / $b->[1] }
    map { longest() } 1 .. 4;
cmp_ok($best->[0] / $best->[1], '<', 0.5, 'slices: others are answered while '
    . sprintf('it is decided (%.1f of %.1f ms)', @$best));

# the client leaves while it is read, decided or saved

$redis->cmd('DEL', "$key:job", "$key:job:title");
foreach my $wait (map { $_ * 0.004 } 0 .. 12) {
    my $connection = $t->connect();
    $connection->send($connection->format('POST', '/api/v2/resources', who(),
        $large));
    select undef, undef, undef, $wait;
    $connection->close(reset => 1);
}
is($t->request('GET', '/api/v2/token/scopes', who())->{status}, 200,
    'slices: who asked for it may leave at any time');
my $jobs = $redis->cmd('HLEN', "$key:job");
ok($jobs == 0 || $jobs == 230, '... it is stored as a whole or not at all')
    or diag($jobs);

# a worker that is told to quit finishes what it has begun

my $connection = $t->connect();
$connection->{timeout} = 60;
my $was = cpu();
$connection->send($connection->format('POST', '/api/v2/resources', who(),
    $large =~ s/"title":"L/"title":"Q/gr));
SecOps::wait_for(sub { cpu() - $was > 6 }, 10);
my $master = $t->master();
kill 'QUIT', $master;
is($connection->answer('POST')->{status}, 200,
    'slices: a worker that is told to quit finishes it');
$t->{told} = 1;

$t->done();
