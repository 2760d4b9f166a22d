# What a Redis Cluster says and should not: maps that are none, addresses that
# nobody has, nodes that send a command round and round.  Each costs some
# requests at most, and no longer than a command has.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA ();
use SecOps;
use SecOps::FakeCluster;
use SecOps::Records;
use SecOps::Stopwatch;

my $t = SecOps->new();
my $fake = SecOps::FakeCluster->new($t, 3);
my $all = $fake->map([0, 16383, 0]);
my $one = '127.0.0.1:' . $fake->port(1);

my $conf = conf(location => 'secops_redis_cluster on;'
    . ' secops_redis_timeout 1s; secops_redis_connect_timeout 400ms;',
    http => <<'EOT');
    %%CLOCK%%
    log_format times '$msec $request_time';

    server {
        listen 127.0.0.1:%%PORT1%%;
        access_log %%DIR%%/times.log times;

        location /api/ {
            secops_api;
            secops_redis %%REDIS%%;
            secops_redis_cluster on;
            secops_redis_timeout 3s;
            secops_auth header;
        }
    }

    server {
        listen 127.0.0.1:%%PORT2%%;

        location /api/ {
            secops_api;
            secops_redis %%REDIS%%;
            secops_redis_cluster on;
            secops_redis_timeout 30s;
            secops_auth header;
        }
    }
EOT

my $patient = 2;        # what must be stored has more than enough time there


sub answer { # the answer to a record, and how long it took
    my (%opt) = @_;
    my $passed = stopwatch();
    my $r = post($t, records(%opt));
    return ($r, $passed->());
}


sub is_later { # refused, surely not stored, within the time
    my ($name, %opt) = @_;
    my ($r, $time) = answer();

    is_refused($r, 503, 'Unable to persist record', $name);
    cmp_ok($time, '<', $opt{within} // 1.2, '... in time');
    return $r;
}


# a good map, and a record is stored again, where that leads

sub healed {
    my ($name) = @_;
    $fake->state(map => $all, nodes => [['OK'], ['OK'], ['OK']]);

    ok(wait_for(sub {
        my $since = $fake->since();
        return post($t, records())->{status} == 201 && $since->(qr/^0 > EXEC/);
    }), $name);
}


# --- maps that are none -----------------------------------------------------

my $master = "*2\r\n\$9\r\n127.0.0.1\r\n:" . $fake->port(0) . "\r\n";

my @maps = (
    ["*0\r\n", 'this node knows no slot', 'a node in no cluster'],
    ["-ERR This instance has cluster support disabled\r\n",
     'ERR This instance has cluster support disabled', 'no cluster at all'],
    ["-NOPERM this user has no permissions to run the 'cluster|slots'"
     . " command\r\n", 'NOPERM this user has no permissions',
     'a user who may not ask'],
    ["+OK\r\n", 'not an array of slots', 'a status'],
    ["\$-1\r\n", 'not an array of slots', 'nil'],
    ["*1\r\n:5\r\n", 'incomplete slot range', 'numbers'],
    ["*1\r\n*2\r\n:0\r\n:1\r\n", 'incomplete slot range',
     'a range without a master'],
    ["*1\r\n*3\r\n:0\r\n:16384\r\n$master", 'invalid slot range',
     'a slot too many'],
    ["*2\r\n*3\r\n:0\r\n:9\r\n$master*3\r\n:9\r\n:10\r\n$master",
     'a slot has two masters', 'ranges that overlap'],
    ["*1\r\n*3\r\n:0\r\n:9\r\n*1\r\n\$1\r\nh\r\n", 'a master is incomplete',
     'a master without a port'],
    [$fake->map([0, 16383, '?', 6379]), 'no master has a usable address',
     'a master without a name'],
    [$fake->map([0, 16383, '127.0.0.1', 0]), 'no master has a usable address',
     'a master without a port of use'],
    [$fake->map([0, 16383, 'no host/', 6379]),
     'no master has a usable address', 'a master with no name at all'],
    ["*1\r\n" x 12 . "*0\r\n", 'reply nested too deep', 'arrays in arrays'],
    ["*2000000\r\n", 'too many values in reply', 'a huge array'],
);

$fake->state(map => $maps[0][0]);
$t->run($conf);

foreach my $map (@maps) {
    my ($bytes, $fault, $name) = @$map;

    $fake->state(map => $bytes);
    ok($t->wait_log(qr/secops redis.*(?:no map of the cluster|lost).*\Q$fault/),
        "$name: the log says so");
}

is_later('without a map nothing is stored', within => 1.3);

is(scalar(() = $t->error_log() =~ /\[error\].*no map of the cluster/g), 3,
    'the log was told loudly once by each client');

healed('a good map ends that');


# --- what addresses may be --------------------------------------------------

foreach my $case (
    [undef, 'nil'], ['', 'an empty host'], ['127.0.0.1', 'a literal address'])
{
    my ($host, $name) = @$case;

    $fake->state(map => $fake->map([0, 16383, $host, $fake->port(2)]));
    $t->reload();

    my $since = $fake->since();
    is_stored(post($t, records()), "$name: a record is stored");
    is($since->(qr/^2 > EXEC/), 1, '... where that leads');
}

$fake->state(map => $fake->map([0, 8191, 0], [8192, 16383, '?', 1]),
    nodes => [['OK']]);
$t->reload();

my %statuses;
$statuses{post($t, records(observable => "o$_"))->{status}}++ foreach 1 .. 40;
is(join(' ', sort keys %statuses), '201 503',
    'where one master has no address the others serve their slots');
ok($t->wait_log(qr/8192 whose master has no usable address/),
    '... and the log says how many are without');

$fake->state(map => $fake->map([0, 8191, 0]), nodes => [['OK']]);
$t->reload();

%statuses = ();
$statuses{post($t, records(observable => "o$_"))->{status}}++ foreach 1 .. 40;
is(join(' ', sort keys %statuses), '201 503',
    'slots that nobody has are refused, the others served');

$fake->state(map => $all);
$t->reload();
is_stored(post($t, records()), 'all is well');


# --- redirections -----------------------------------------------------------

$fake->state(map => $all,
    nodes => [["MOVED %SLOT% $one"], ['MOVED %SLOT% 127.0.0.1:'
        . $fake->port(0)]]);

my $since = $fake->since();
is_later('two nodes that send a record to each other');
is($since->(qr/> MULTI/), 6, '... are asked six times, no more');

healed('... and it is over when they agree');

foreach my $where ('?:6379', ':0', '127.0.0.1:0', '127.0.0.1:99999', 'x', '',
                   'a b:1', '256.256.256.256:1', 'no.such.host.invalid:6379',
                   '127.0.0.1:1')
{
    $fake->state(map => $all, nodes => [["MOVED %SLOT% $where"]]);
    is_later("MOVED to \"$where\"");
}

foreach my $error ('MOVED 99999 127.0.0.1:1', "MOVED 1 $one", 'ASK x', 'MOVED')
{
    $fake->state(map => $all, nodes => [[$error], ['OK']]);
    is_later("\"$error\"");
}

healed('nonsense is over when it is');

$fake->state(map => $all, nodes => [["MOVED %SLOT% $one", 'OK'], ['OK']]);
$since = $fake->since();
is_stored(post($t, records()), 'MOVED: a record is stored');
is($since->(qr/^1 > EXEC/), 1, '... by the node that was named');
is($since->(qr/^1 > ASKING/), 0, '... which needs no ASKING');
ok(wait_for(sub { $since->(qr/> CLUSTER SLOTS/) }),
    '... and a new map is asked for');

$fake->state(map => $all, nodes => [["ASK %SLOT% $one", 'OK'], ['OK']]);
$since = $fake->since();
is_stored(post($t, records()), 'ASK: a record is stored');
is($since->(qr/^1 > ASKING/), 1, '... by the node that was named, asked for it');
$t->later(500);         # within 400 ms it would be asked for
is_stored(post($t, records()), '... and another one');
is($since->(qr/> CLUSTER SLOTS/), 0, '... and the map stays');

$since = $fake->since();
$fake->state(map => $all, nodes => [['MOVED %SLOT% 127.0.0.1:'
    . $fake->port(0), 'OK'], ['OK']]);
is_stored(post($t, records()), 'a node that names itself is asked again');

$fake->state(map => $all, nodes => [(["MOVED %SLOT% $one"]) x 2, ['OK']]);
is_later('a node that names itself for ever');

healed('... until it does not');


# --- later ------------------------------------------------------------------

foreach my $error ('TRYAGAIN Multiple keys request during rehashing of slot',
                   'CLUSTERDOWN The cluster is down')
{
    my ($code) = $error =~ /(\w+)/;

    $fake->state(map => $all, nodes => [[$error, $error, 'OK']]);
    is_stored(post($t, records(), port => $patient),
        "$code: the record is stored later");

    $fake->state(map => $all, nodes => [[$error]]);
    $since = $fake->since();

    my ($r, $time) = answer();
    is_refused($r, 503, 'Unable to persist record', "$code for ever: refused");
    cmp_ok($time, '<', 1.1, '... within the time that a command has');
    cmp_ok($since->(qr/> MULTI/), '>=', 3, '... after some tries');
    cmp_ok($since->(qr/> MULTI/), '<=', 10, '... not too many');

    healed("$code: it ends");
}

$fake->state(map => $all, nodes => [['CLUSTERDOWN', 'OK']]);
my $read = get($t, '/api/now/table/sn_ti_lookup_result/' . '0' x 32,
    port => $patient);
is($read->{status}, 404, 'a read waits as well');

# who leaves while a command is parked

$fake->state(map => $all, nodes => [[('CLUSTERDOWN') x 2, 'OK']]);
$since = $fake->since();

my $connection = $t->connect();
$connection->send($connection->format('POST', path(), who(), records()));
wait_for(sub { $since->(qr/> EXEC/) });
$connection->close();
$t->later(400);
is(get($t, '/api/now/table/sn_ti_lookup_result/' . '0' x 32)->{status}, 404, 'who leaves while a command is parked');
is($since->(qr/> MULTI/), 1, '... it is not sent any more');

# a worker that ends while a command is parked

$fake->state(map => $all, nodes => [[('CLUSTERDOWN') x 3, 'OK']]);
$since = $fake->since();
$connection = $t->connect($patient);
$connection->send($connection->format('POST', path(), who(), records()));
wait_for(sub { $since->(qr/> EXEC/) });
$t->reload(undef, keep_old => 1);
is_stored($connection->answer('POST'),
    'a reload waits for what is parked, and it is stored');
$connection->close();           # or the worker would wait for that

# for the first map, too

$fake->state(map => "*0\r\n");
$t->reload();
$connection = $t->connect($patient);
$connection->send($connection->format('POST', path(), who(), records()));
ok($connection->taken(), 'a record comes before the first map');
$fake->state(map => $all, nodes => [['OK']]);
is_stored($connection->answer('POST'),
    '... waits for it, and is stored');


# what is sent on is no younger for that: B is with the second node when A comes
# there, and A's time is up first

$fake->state(map => $fake->map([0, 8191, 0], [8192, 16383, 1]),
    nodes => [[('CLUSTERDOWN') x 6, "MOVED %SLOT% $one"], ['HANG']]);
$t->reload();

my @waiting;
my $passed = stopwatch();

foreach my $shard (0, 1) {
    my $subject = "subject $shard";
    $subject .= '.' until shard_node($subject) == $shard;

    $waiting[$shard] = $t->connect(1);
    $waiting[$shard]->send($waiting[$shard]->format('POST', path(), who(),
        records(observable => $subject)));
    $t->later(500) unless $shard;
}

ok($_->answer('POST'), 'what waits has its answer') foreach @waiting;
$passed = $passed->();

# by nginx's clock, the one that came first above: when it ended, and after what
my @times = sort { $b->[1] <=> $a->[1] } map { [split] }
    split /\n/, $t->read('times.log');
is(scalar @times, 2, '... both of them');
cmp_ok($times[0][1], '>', 2.9, 'what was sent on keeps its deadline');
cmp_ok($passed, '<', 3.5, '... which is not later');
cmp_ok(abs($times[1][0] - $times[0][0]), '<', 0.2,
    '... and the link ends with it');
cmp_ok($times[0][1] - $times[1][1], '>', 0.3, '... before the other one\'s');


sub shard_node { # of a map of two halves
    my ($subject) = @_;
    my $key = '{global:' . substr(Digest::SHA::sha256_hex($subject), 0, 1)
        . '}';
    return SecOps::FakeCluster::slot($key) < 8192 ? 0 : 1;
}


$fake->state(map => $all, nodes => [["EXEC MOVED %SLOT% $one", 'OK'], ['OK']]);
$t->reload();
$since = $fake->since();
is(post($t, records())->{status}, 500,
    'a transaction that was executed is not sent on');
is($since->(qr/> EXEC/), 1, '... whatever is among its replies');


# --- nodes of a bad memory --------------------------------------------------

$fake->state(map => $all, nodes => [['CLOSE'], ['OK']]);
is(post($t, records())->{status}, 500,
    'a node that hangs up on a transaction: nobody knows');
healed('... and it is forgiven');

$fake->state(map => "*0\r\n", nodes => [['MOVED %SLOT% ' . $one, 'OK'],
    ['OK']]);
is_stored(post($t, records()), 'MOVED by a node without a map');
ok($t->wait_log(qr/no map of the cluster: this node knows no slot/),
    '... is no reason to forget the old one');
is_stored(post($t, records()), '... which serves on');

# all that the map names are gone: the seeds are asked again

$fake->state(map => $fake->map([0, 16383, '127.0.0.1', 1]), nodes => [['OK']]);
$t->reload();
is(post($t, records())->{status}, 503, 'a map of a master that is not there');
healed('... is replaced by way of the seed');

# so many nodes that nobody has

$fake->state(map => $all, nodes => [[(map { "MOVED %SLOT% 127.1.0.$_:1" }
    1 .. 250), 'OK'], ['OK']]);

my $worker = ($t->workers())[0];
my $before = $t->rss($worker);
post($t, records(observable => "many $_")) foreach 1 .. 120;
cmp_ok($t->rss($worker) - $before, '<', 20000,
    'many nodes that are none cost little memory');

healed('... and no more than that');


# --- what a node is asked about itself ---------------------------------------

# the question for a map, and the barrier of a write, are for one node: what it
# says against them sends them nowhere else

my $reload = sub {
    my ($more) = @_;
    $t->reload(conf(location => "secops_redis_cluster on; $more",
        http => '%%CLOCK%%'));
};

foreach my $error ('CLUSTERDOWN The cluster is down', "MOVED 1 $one") {
    $fake->state(map => "-$error\r\n");
    $reload->('secops_redis_timeout 300ms; secops_redis_connect_timeout 3s;');

    my $worker = ($t->workers())[0];
    ok($t->wait_log(qr/no map of the cluster: \Q$error/),
        "\"$error\" to the question for a map: the log says so");
    $t->later(500);
    is(($t->workers())[0], $worker, '... and the worker lives');
    healed("\"$error\": the next map is taken");
}

$fake->state(map => $fake->map([0, 8191, 0], [8192, 16383, 1]),
    nodes => [['OK'], ['OK']]);
$reload->('secops_durability replicas=1 timeout=500ms;');

my $second = 'subject';
$second .= '.' until shard_node($second) == 1;

is_stored(post($t, records(observable => $second)),
    'a write that a replica has');
$fake->state(map => $fake->map([0, 8191, 0], [8192, 16383, 1]),
    nodes => [['OK'], ['OK']], waits => [':1', '-TRYAGAIN later']);
$since = $fake->since();
is(post($t, records(observable => $second))->{status}, 500,
    'an error to WAIT: nobody knows');
is($since->(qr/^0 > WAIT/), 0, '... and no other node is asked instead');

# --- pointers of api keys ---------------------------------------------------

# Each lies in one of 256 places.  All are sent before any is answered, and
# together they have the time of one command.

my $keys = SecOps->new();
my $nodes = SecOps::FakeCluster->new($keys, 1);
my $map = $nodes->map([0, 16383, 0]);
my $none = "*6\r\n\$1\r\n0\r\n\$0\r\n\r\n\$1\r\n0\r\n:0\r\n:0\r\n\$0\r\n\r\n";

$nodes->state(map => $map, nodes => [['OK']]);
$keys->run(conf(location => 'secops_redis_cluster on;'
    . ' secops_redis_timeout 1s;'));
ok(wait_for(sub { post($keys, records())->{status} == 201 }),
    'another cluster is there');
$nodes->state(map => $map, nodes => [["RAW $none", 'MUTE']]);

my $put = $nodes->since();
my $spent = stopwatch();
my $asks = $keys->connect();
$asks->{timeout} = 30;
$asks->send($asks->format('POST', '/api/v2/resources', who(), { map {
    ("k$_" => { type => 'api_key', properties => { name => "K$_" } }) }
    1 .. 60 }));

ok(wait_for(sub { $put->(qr/> HSET secops:\{key:/) == 60 }),
    'C.B6: the pointers of 60 new keys are sent, though none is answered');
cmp_ok($put->(qr/> MULTI/), '>', 0,
    '... those of one place as a transaction');

my $late = $asks->answer('POST') // {};
is($late->{status}, 503, '... if no answer comes, nothing was saved');
is($put->(qr/> EVAL/), 1, '... and nothing was committed');
cmp_ok($spent->(), '<', 8, '... in the time of a few commands, not of 60');

is($keys->quit(), 0, 'its nginx ended when it was told to');
is_deeply([ $keys->faults() ], [], '... without an alert');

$t->done();
