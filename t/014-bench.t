# The bench counts what it says it counts: the statistics, the page between its
# markers, the picture; and a run whose answers are wrong, or whose records are
# not in Redis, is no figure but an error.

use strict;
use warnings;
use utf8;

use FindBin;
use lib "$FindBin::Bin/lib", "$FindBin::Bin/../bench/lib";

use JSON::PP;
use SecOps;

use Bench::Chart;
use Bench::Events;
use Bench::Figures;
use Bench::Load;
use Bench::Page;
use Bench::Processor;
use Bench::Records;
use Bench::Redis;
use Bench::Rounds;
use Bench::Servers;

binmode $_, ':encoding(UTF-8)' foreach Test::More->builder()->output(),
    Test::More->builder()->failure_output();


# --- statistics -------------------------------------------------------------

is_deeply([ Bench::Figures::spread(3, 1, 10) ], [ 1, 3, 10 ],
    'low, median, high');
is_deeply([ Bench::Figures::spread(4, 1, 10, 2) ], [ 1, 3, 10 ],
    'the median of an even number lies between');
is(Bench::Figures::number(1234567.8), '1 234 568', 'thousands are apart');
is(Bench::Figures::with_spread('%.1f', 1, 2, 3), '2.0 (1.0–3.0)', 'a spread');
is(Bench::Figures::with_spread('%.1f', 2, 2, 2), '2.0', '... that is none');
is(Bench::Figures::with_spread('%.1f'), '–', '... of nothing');

my %cost = (nginx => 8, module => 12, lua => 60);
my @rows = map { my $round = $_; map { {
    case => "$_ 64", rate => 1e6 / $cost{$_}, p50 => 1, p99 => 2,
    server => $cost{$_} * $round, redis => $_ eq 'nginx' ? 0 : 10,
    both => $cost{$_} * $round + ($_ eq 'nginx' ? 0 : 10),
    errors => 0, other => 5,
} } sort keys %cost } 1 .. 3;

# a round in which the machine was slow: both suffer, their ratio stays
is_deeply([ Bench::Figures::ratios(\@rows, 'module 64', 'lua 64', 'server') ],
    [ 0.2, 0.2, 0.2 ], 'ratios are taken round by round');

my %result = (
    rows    => \@rows,
    conns   => [ 64 ],
    middle  => 64,
    targets => [ qw(nginx module lua) ],
    skipped => { fastify => 'no node' },
    size    => 1200,
    opt     => { runs => 3, seconds => 1, warmup => 1, workers => 2 },
    about   => { model => 'A processor', cores => 2, memory => 8,
        versions => [ [ 'nginx', '1.22.1' ] ], date => '2026-01-01' },
);
my $text = Bench::Page::text(\%result);

like($text, qr/^2026-01-01: A processor, 2 cores, 8 GB\. nginx 1\.22\.1\.$/m,
    'machine and versions');
like($text, qr/^\| this module \| .* \| +24\.0 \(12\.0–36\.0\) \|/m,
    'CPU: median and spread');
like($text, qr/^\| nginx \+ lua +\| +64 \| +0\.20 \|/m, 'the ratio');
like($text, qr/^Not measured: fastify: no node\.$/m, 'what was left out');
like($text, qr/ no failed requests/, 'no error');
unlike($text, qr/^### (?:Growth|Latency|What else)/m,
    'no heading without figures');

# what takes turns: 100 cheap requests and 300 dear ones
my $together = Bench::Load::together(
    { case => 'a', count => 100, rate => 100, server => 4, both => 6,
        redis => 2, errors => 0, other => 1 },
    { case => 'a', count => 300, rate => 100, server => 8, both => 14,
        redis => 6, errors => 1, other => 3 });
is_deeply([ @$together{qw(case count rate server redis both errors other)} ],
    [ 'a', 400, 100, 7, 5, 12, 1, 2 ], 'turns of one case are weighed');

my %more = (%result, rows => [ @rows,
    { case => 'half module 64', rate => 500, p50 => 0.5, p99 => 1.5,
        load => 9 },
    map { my ($few, $all) = @$_; map { (
        { case => "$few $_ small", both => 10, server => 8, redis => 2 },
        { case => "$few $_ full", both => $all, server => 8,
            redis => $all - 8 },
    ) } qw(write spread recent any alone) } [ growth => 11 ], [ huge => 10 ] ],
    highest => { module => 1000 },
    stored => { map { $_ => { records => 5e6, memory => 1500 } }
        qw(growth huge) });
my $figures = Bench::Page::text(\%more);

like($figures, qr/^\| this module \| +64 \| +1 000 \| +500 \| +0\.50 \| +1\.50 \|/m,
    'latency, for each number of connections');

foreach my $case ([ 'Growth' => '1.10' ],
    [ 'Growth, Redis in huge pages' => '1.00' ])
{
    my ($head, $ratio) = @$case;
    my ($table) = $figures =~ /^### \Q$head\E\n(.*?)^Redis' memory/ms;
    like($table, qr/^\| a write, 64 .* 5 000 000 \| .* \Q$ratio\E \|$/m,
        "$head: compared with few records");
}

$rows[0]{errors} = 3;
like(Bench::Page::text(\%result), qr/ 3 failed requests/, 'errors are told');

my $widths = join ' ', map { length } grep { /^\|/ } split /\n/,
    ($text =~ /^### Single.*?\n\n(.*?)\n\n/ms)[0];
like($widths, qr/^(\d+)( \1)+$/, 'columns are aligned');


# --- the page, the picture --------------------------------------------------

my $root = root();
my $page = do {
    open my $file, '<:encoding(UTF-8)', "$root/docs/performance.md"
        or die "can not read the page: $!";
    local $/;
    <$file>;
};
my $new = Bench::Page::filled($page, \%result);

like($new, qr/A processor/, 'the page is filled');
is(Bench::Page::filled($new, \%result), $new, '... and again, the same');
is($new =~ s/(begin -->\n).*(?=<!--)/$1/sr,
    $page =~ s/(begin -->\n).*(?=<!--)/$1/sr, 'what people wrote stays');
eval { Bench::Page::filled("no markers\n", \%result) };
like($@, qr/no markers/, 'a page without markers is left alone');

my $svg = Bench::Chart::svg(\%result);
utf8::decode($svg);
like($svg, qr/>24\.0 \+ 10\.0 = 34\.0 µs</, 'the module in the picture');
like($svg, qr/>120\.0 \+ 10\.0 = 130\.0 µs \(3\.8 ×\)</, 'a peer');
is((() = $svg =~ /<text /g), (() = $svg =~ m{</text>}g), 'closed as opened');

my ($width) = $svg =~ /viewBox="0 0 (\d+) /;
my @ends = map { $svg =~ /$_/g } qr/x="([\d.]+)"[^>]*>[^<]*µs/;
ok(!(grep { $_ > $width - 200 } @ends), 'no value runs out of it');


# --- records ----------------------------------------------------------------

my @bodies = Bench::Records::bodies();
my %observables = map { decode_json($_)->{observable} => 1 } @bodies;

is(scalar keys %observables, 64, '64 bodies about 64 observables');
ok(!(grep { length() < 950 || length() > 1100 } @bodies), '... of 1 KB');
is_deeply([ Bench::Records::bodies() ], \@bodies, '... the same each time');
ok(!(grep { length() < 950 || length() > 1150 || decode_json($_)->{job_id} != 7 }
    Bench::Events::bodies(7)), '... as events of a job, too');


# --- runs -------------------------------------------------------------------

if (system('command -v wrk >/dev/null') != 0) {
    SKIP: { skip 'wrk is not installed', 20 }
    done_testing();
    exit;
}

my $t = SecOps->new();
my @redis = map { $t->redis() } 1, 2;

$t->run(<<'EOT');
%%MAIN%%
events { }
http {
    %%HTTP%%
    keepalive_requests 1000000;
    client_max_body_size 2m;
    server {
        listen 127.0.0.1:%%PORT%%;
        location /api/ {
            secops_api;
            secops_redis %%REDIS%%;
            secops_auth header;
        }
    }
}
EOT

my $path = '/api/sn_sec_cmn/integration_capabilities/threat_lookup';
my $file = sub {
    my ($name, @lines) = @_;
    $t->write($name, join '', map { "$_\n" } @lines);
    return $t->dir() . "/$name";
};
my ($pid) = $t->master();
my %case = (
    name => 'a case', kind => 'post', conns => 4, threads => 2,
    records => 1, keys => 1, status => 201, warmup => 1, seconds => 1,
    script => "$root/bench/load.lua", server => { pid => $pid },
    url => 'http://127.0.0.1:' . $t->port() . $path,
    redis => { socket => $redis[0]{socket}, pid => $pid },
    lines => $file->('bodies', @bodies),
    headers => $file->('caller', 'Content-Type: application/json',
        'X-SecOps-User: x', 'X-SecOps-Roles: sn_sec_cmn.api_write'),
);

my $measure = sub { # alone, or two in turns
    return Bench::Rounds::in_turns(2, map { { before => sub { }, %case, %$_ } }
        @_);
};

my ($row) = $measure->({});
ok($row->{rate} > 100 && $row->{server} > 1, 'a run has figures');
is($row->{errors}, 0, '... and no error');

my ($slow) = $measure->({ conns => 32, rate => 500, delay => 64 });
ok($slow->{rate} > 300 && $slow->{rate} < 600, 'a rate is held')
    or diag("rate: $slow->{rate}");

eval { $measure->({ headers => $file->('nobody',
    'Content-Type: application/json', 'X-SecOps-User: x') }) };
like($@, qr/answers were not 201 but, for one, 403/,
    'wrong statuses are no figure');

eval { $measure->({ redis => { socket => $redis[1]{socket}, pid => $pid } }) };
like($@, qr/records were answered and 0 stored/,
    'records that are not in Redis are none either');

my @turns;
my @said;
my @pair = Bench::Rounds::run({ runs => 1, seconds => 1, quiet => 100 },
    sub { push @said, "@_" }, [ map { my $name = $_; +{ %case, name => $name,
    before => sub { }, each => sub { push @turns, $name } } } qw(few many) ]);
is("@turns", 'few many many few',
    'two that are compared take turns, twice as many as a run has seconds');
is(scalar grep({ /^round 1 +(?:few|many) / } @said), 2, '... which is told');
is(join(' ', map { $_->{case} } @pair), 'few many', '... a row for each');
ok(!(grep { $_->{count} < 100 || $_->{server} <= 1 } @pair),
    '... with figures');

my @ids = Bench::Records::fill($t->port(), $path, 3000, 500);
is(scalar @ids, 3000, 'filling stores records and tells their ids');

my $id = $ids[rand @ids];
is($t->request('GET', "/api/now/table/sn_ti_lookup_result/$id",
    { 'X-SecOps-User' => 'x', 'X-SecOps-Roles' => 'sn_sec_cmn.api_read' })
    ->{status}, 200, '... which can be read');

# events, copied by Redis' own protocol from those that the module has stored
my $read = sub {
    my $r = $t->request('GET', "/api/v1/$_[0]", { 'X-SecOps-User' => 'x',
        'X-SecOps-Roles' => 'sn_sec_cmn.api_read' });
    return $r->{status} == 200 ? $r->{json} : {};
};
my ($job, $key) = Bench::Events::job($t->port());
my @events = Bench::Events::fill($t->port(), { socket => $redis[0]{socket} },
    $job, 3000);

like($key, qr/\A[\w-]{86}\z/, 'the job of a bench has a key');
is($read->("jobs/$job")->{processed_documents_count}, scalar @events,
    'filling stores events');
is($read->("events/$job/$events[-1]")->{event_id}, $events[-1],
    '... which can be read');
Bench::Events::judge($t->port(), $job, @events[0 .. 63]);
is($read->("events/$job/$events[$_]")->{result_label}, 'Drop',
    '... and decided by their buckets') foreach 5, 100, -1;

# Redis alone, with these records
my $redis = { socket => $redis[0]{socket}, pid => $pid };
my @keys = (split /\n/, Bench::Redis::ask($redis, '--scan', '--pattern',
    '*:rec:*'))[0 .. 99];
my %alone = (name => 'alone', redis => $redis, seconds => 1);

Bench::Redis::settle($redis);
$row = Bench::Redis::alone({ %alone,
    commands => Bench::Redis::reads(@keys) });
ok($row->{count} > 1000, 'Redis alone is read from') or diag($row->{count});
eval { Bench::Redis::alone({ %alone,
    commands => Bench::Redis::reads('no such key') }) };
like($@, qr/^Redis: /, '... one that is not there is no figure');

# two Redis of the bench: one is stopped, the other has its memory in huge pages
my $servers = Bench::Servers->new(dir => $t->dir(), bench => "$root/bench");
my $plain = $servers->redis('plain');
my $huge = $servers->redis('huge', 1);

is(Bench::Redis::ask($_, 'ping'), "PONG\n", 'a Redis of the bench answers')
    foreach $plain, $huge;
cmp_ok(Bench::Servers::in_huge_pages($plain), '<', 0.5, 'pages are small');

my ($thp) = eval { Bench::Servers::slurp(
    '/sys/kernel/mm/transparent_hugepage/enabled') =~ /\[(\w+)\]/ };
SKIP: {
    skip 'the kernel has no huge pages', 1 if !$thp || $thp eq 'never';
    Bench::Redis::touch($huge, 50_000);
    cmp_ok(Bench::Servers::in_huge_pages($huge), '>', 0.5, '... or huge');
}

$servers->stop($plain);
ok(!kill(0, $plain->{pid}), 'the one is stopped');
is(Bench::Redis::ask($huge, 'ping'), "PONG\n", '... the other is not');
$servers->stop();
ok(!kill(0, $huge->{pid}), '... until all are');

my $before = Bench::Processor::cpu($$);
my $spins = 0;
my $until = Bench::Processor::ticks($$) + 0.3;
$spins++ while Bench::Processor::ticks($$) < $until;
my $spent = Bench::Processor::cpu($$) - $before;
ok($spent > 0.25 && $spent < 0.4, 'processor time is counted in seconds')
    or diag("$spent instead of 0.3");

$t->done();
