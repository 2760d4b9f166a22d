# Whatever comes back from Redis: replies in pieces, cut short, of a wrong
# shape, too deep, too large, too many.  None of it may take the worker down or
# put the answers of two requests in each other's place; a link that went wrong
# is closed, and the request that waited learns that nobody knows.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use SecOps;
use SecOps::Fake;
use SecOps::Records;

my $t = SecOps->new();
my $fake = SecOps::Fake->new($t);
my $unix = SecOps::Fake->new($t, listen => 'unix:' . $t->dir() . '/fake.sock');
my $limits = <<'EOT';
            client_max_body_size 4m;
            secops_redis_connect_timeout 10s;
            secops_redis_timeout 10s;
EOT

$t->run(conf(location => $limits, http => <<"EOT"));
    server {
        listen 127.0.0.1:%%PORT1%%;

        location /api/ {
            secops_api;
            secops_redis %%REDIS1%%;
            secops_auth header;
            $limits
        }
    }
EOT

my ($worker) = $t->workers();
my $queued = '+OK\r\n' . '+QUEUED\r\n' x 4;
my $number = 0;


# One POST on a link that was of use before, and these steps once all of its
# commands came.  The link is closed by either side at the end of them.

sub answered {
    my ($steps, $status, $name) = @_;
    my $record = records(observable => 'case' . ++$number);

    ok($fake->link(), "$name: the link before is of use");

    my $mark = $fake->play("EXPECT 6\n$steps");
    my $r = post($t, $record);

    if ($status == 201) {
        is_stored($r, "$name: stored");
    } else {
        is_refused($r, $status, 'Unable to persist record',
            "$name: the outcome is not a success");
    }

    ok($fake->wait($mark), '... the steps were done');
    is($fake->seen(qr/> SET .*case$number\\/), 1, '... sent once');
    return $r;
}


# the same for a reply that nginx must not go on after

sub fatal {
    my ($replies, $log, $name) = @_;
    my $r = answered("$replies\nWAITCLOSE", 500, $name);

    is($r->{headers}{'retry-after'}, undef, '... not to be sent again blindly');
    my ($id) = ($r->{json}{error}{detail} // '') =~ /\brequest ([0-9a-f]{32})$/;
    ok($id, '... the answer names the request');

    ok($t->wait_log("(?:$log).*request $id"), "... the log says $log");
}


# pieces

answered("SENDSLOW $stored\nCLOSE", 201, 'byte by byte');

ok($fake->link(), 'QUEUED within another reply: the link before is of use');
my $within = $fake->play("EXPECT 6\nSEND $queued*4\\r\\n+OK\\r\\n:1\\r\\n\n"
    . "SLEEP 50\nSEND +QUEUED\\r\\n:1\\r\\n\nEXPECT 1\nSEND \$7\\r\\n{\"a\":1}\\r\\n\nCLOSE");
is_stored(post($t, records(observable => 'within')), 'it is a part of that');
is(get($t, read_path())->{body}, '{"result":{"a":"1"}}',
    '... and the next reply goes to its own command');
ok($fake->wait($within), '... in step');

answered("SEND $stored\nCLOSE", 201, 'closed after the last reply');


# cut short: the write may have been executed, nobody knows

foreach my $case (
    ['before the first reply', ''],
    ['in the first reply', '+O'],
    ['after a reply', '+OK\r\n'],
    ['in the middle of the queue', '+OK\r\n+QUEUED\r\n+QUE'],
    ['before the reply to EXEC', $queued],
    ['in the reply to EXEC', $queued . '*4\r\n+OK\r\n:1\r\n'],
    ['one byte before the end', substr($stored, 0, -2)])
{
    my ($where, $bytes) = @$case;

    answered("SEND $bytes\nCLOSE", 500, "closed $where");
    answered("SEND $bytes\nRESET", 500, "reset $where");
}

ok($t->wait_log('closed by Redis'), 'the log tells who closed');


# not executed, or in part

my $r = answered("SEND $queued*-1\\r\\n\nCLOSE", 500, 'EXEC answers nil');
ok($t->wait_log('transaction not executed'), '... which is no success');


# not RESP, or not what RESP allows

foreach my $case (
    ['HTTP', 'HTTP/1.1 400 Bad Request\r\n\r\n', 'Protocol error'],
    ['a type that is none', '?1\r\n', 'Protocol error'],
    ['an integer that is none', ':12x\r\n', 'Bad integer|Protocol error'],
    ['a bulk of negative length', '$-5\r\n', 'out of range|Protocol error'],
    ['a bulk of huge length', '$99999999999999999999\r\n',
        'Bad bulk|Protocol error|out of range'],
    ['an array of negative length', '*-2\r\n', 'out of range'],
    ['an array of huge length', '*99999999999999999999\r\n',
        'Bad multi|out of range'],
    ['a map of RESP3', '%1\r\n+a\r\n+b\r\n', 'Protocol error|unknown type'],
    ['a null of RESP3', '_\r\n', 'Protocol error|unknown type'],
    ['a boolean of RESP3', '#t\r\n', 'Protocol error|unknown type'],
    ['a double of RESP3', ',1.5\r\n', 'Protocol error|unknown type'],
    ['a push of RESP3', '>1\r\n+a\r\n', 'Protocol error|unknown type'])
{
    my ($name, $bytes, $log) = @$case;
    fatal("SEND $bytes", $log, $name);
}


# beyond the limits

fatal('SEND ' . '*1\r\n' x 8 . ':1\r\n', 'nested too deep|No support for nest',
    'arrays nested 8 deep');
fatal('SEND ' . '*1\r\n' x 1000, 'nested too deep|No support for nest',
    'arrays nested 1000 deep');
fatal('SEND *1048577\r\n', 'too many values|out of range',
    'an array of more values than any reply of ours');
fatal("SEND *1000000\\r\\n\nREPEAT 400000 *3\\r\\n:1\\r\\n:2\\r\\n:3\\r\\n",
    'too many values', 'many arrays, none of them too large');

fatal("SEND +\nREPEAT 1000000 x", 'line too long', 'a status without an end');
fatal("SEND \$\nREPEAT 1000000 1", 'line too long', 'a length without an end');


# replies that nobody waits for

answered("SEND $stored+EXTRA\\r\\n\nWAITCLOSE", 201,
    'one reply more in the same read');
ok($t->wait_log('unexpected (?:reply|data) from Redis'),
    '... is a fault of the link');

foreach my $case (['a reply', '+OK\r\n'], ['half a reply', '$'],
                  ['an error', '-ERR idle\r\n'])
{
    my ($name, $bytes) = @$case;

    ok($fake->link(), "$name to nothing: the link before is of use");
    ok($fake->step("SEND $bytes\nWAITCLOSE"),
        "$name to nothing: the link is closed");
}


# reads: what is not a record is not taken for one, and a lost one is read again

sub get_is {
    my ($replies, $status, $message, $name) = @_;

    ok($fake->link(), "$name: the link before is of use");

    my $mark = $fake->play("EXPECT 1\nSEND $replies\nCLOSE");
    my $r = get($t, read_path());

    is_refused($r, $status, $message, $name);
    ok($fake->wait($mark), '... and the link could be used on');
}

get_is('$-1\r\n', 404, 'No Record found', 'GET answers nil');
get_is(':1\r\n', 500, 'Unable to read record', 'GET answers an integer');
get_is('+OK\r\n', 500, 'Unable to read record', 'GET answers a status');
get_is('*1\r\n$1\r\na\r\n', 500, 'Unable to read record',
    'GET answers an array');
get_is('*0\r\n', 500, 'Unable to read record', 'GET answers an empty array');
get_is('*-1\r\n', 404, 'No Record found', 'GET answers an array that is nil');

ok($fake->link(), 'a read is lost: the link before is of use');
my $mark = $fake->play("EXPECT 1\nSEND \$3\\r\\nhal\nCLOSE\nHANDSHAKE\n"
    . "EXPECT 1\nCLOSE\nHANDSHAKE\nEXPECT 1\nSEND \$7\\r\\n{\"a\":1}\\r\\n\n"
    . 'CLOSE');
$r = get($t, read_path());
is($r->{status}, 200, 'a read that was lost twice is asked a third time');
is($r->{body}, '{"result":{"a":"1"}}', '... and answered');
ok($fake->wait($mark), '... over three links');


# a large reply, and replies of several requests at once

ok($fake->link(), 'a large reply: the link before is of use');
$fake->play("EXPECT 1\nSEND \$3000010\\r\\n{\"large\":\"\n"
    . "REPEAT 2999998 x\nSEND \"}\\r\\n\nCLOSE");
$r = get($t, read_path() . ',large');
is(length $r->{body}, 3000021, 'a record of 3 MB is read whole');

ok($fake->link(), 'three at once: the link before is of use');
$mark = $fake->play('EXPECT 3', 'three came');
my @get = map { start($t, 'GET', read_path('0' x 31 . $_)) } 1 .. 3;
ok($fake->wait($mark), 'three reads leave before the first was answered');

my @order = map { /> GET ".*0([123])"/ ? $1 : () } split /\n/, $fake->log();
$fake->play("SENDSLOW " . join('', map { '$7\r\n{"a":' . $_ . '}\r\n' }
    @order[-3 .. -1]) . "\nCLOSE");
is($get[$_ - 1]->answer('GET')->{body}, qq({"result":{"a":"$_"}}),
    "answer $_ goes to whom it belongs") foreach 3, 1, 2;


# one transaction in a batch fails: with all that are in it, and no other

ok($fake->link(), 'a batch: the link before is of use');
$fake->play("EXPECT 18\nSEND $stored$queued*4\\r\\n+OK\\r\\n-WRONGTYPE a\\r\\n"
    . "\$3\\r\\n1-1\\r\\n:1\\r\\n$stored\nCLOSE");
$r = post($t, { data => [apart(3)] });
is($r->{status}, 207, 'an error within one EXEC of a batch');
is_deeply([map { $_->{success} ? 1 : 0 } @{$r->{json}{records}}], [1, 0, 1],
    '... fails that record and no other');

my ($one, $other) = apart(2);
my @shared = ($one, $other, $one, $other, $one);

ok($fake->link(), 'shared transactions: the link before is of use');
$fake->play("EXPECT 15\nSEND " . '+OK\r\n' . '+QUEUED\r\n' x 6 . '*6\r\n'
    . '+OK\r\n' x 2 . '-WRONGTYPE a\r\n:3\r\n$3\r\n1-1\r\n:3\r\n'
    . '+OK\r\n' . '+QUEUED\r\n' x 5 . '*5\r\n'
    . '+OK\r\n' x 2 . ":2\\r\\n\$3\\r\\n1-1\\r\\n:2\\r\\n\nCLOSE");
$r = post($t, { data => \@shared });
is($r->{status}, 207, 'an error of the last record in a shared transaction');
is_deeply([map { $_->{success} ? 1 : 0 } @{$r->{json}{records}}],
    [0, 1, 0, 1, 0], '... fails all that share it, and no other');
is_deeply([grep { $_ ne 'Unable to persist record' }
    map { $_->{success} ? () : $_->{error}{message} } @{$r->{json}{records}}],
    [], '... each of which is told');

ok($fake->link(), 'a batch is cut: the link before is of use');
$fake->play("EXPECT 18\nSEND $stored$queued\nCLOSE");
$r = post($t, { data => [apart(3)] });
is($r->{status}, 207, 'a link that is lost in the middle of a batch');
is_deeply([map { $_->{success} ? 1 : 0 } @{$r->{json}{records}}], [1, 0, 0],
    '... loses what was not answered');

ok($fake->link(), 'an atomic batch: the link before is of use');
$fake->play("EXPECT 14\nSEND " . '+OK\r\n' . '+QUEUED\r\n' x 12 . "\nCLOSE");
$r = post($t, { data => [apart(3)] }, query => 'atomic=1');
is($r->{status}, 500, 'an atomic batch whose link is lost: nobody knows');
is_deeply([map { $_->{success} ? 1 : 0 } @{$r->{json}{records}}], [0, 0, 0],
    '... of all of it');


# how it is written: what one turn of the event loop brought leaves at once

sub writes { # write() and writev() of the worker so far
    my ($n) = $t->read("/proc/$worker/io") =~ /^syscw: (\d+)/m;
    return $n;
}

SKIP: {
    skip 'no /proc/PID/io here', 5 unless defined writes();

    ok($fake->link(), 'counted: the link before is of use');
    $fake->play('AUTO');
    my $before = writes();
    $r = post($t, { data => [map { records() } 1 .. 500] });
    is($r->{status}, 201, '500 records in one request are stored');
    cmp_ok(writes() - $before, '<=', 12, '... by a few writes');

    my @parallel = map { $t->connect() } 1 .. 40;
    # nginx has accepted them
    $_->request('GET', '/none') foreach @parallel;

    kill 'STOP', $worker;
    $before = writes();
    $_->send($_->format('POST', path(), who(), records())) foreach @parallel;
    kill 'CONT', $worker;

    is_deeply([map { $_->answer('POST')->{status} } @parallel],
        [(201) x 40], '40 requests in one turn are answered');
    cmp_ok(writes() - $before, '<=', 40 + 10,
        '... by one write each to the clients, and a few to Redis');
}


# A record that the socket, a small one, does not take at once.  Its EXEC is
# not written, so Redis has stored nothing.

my $large = records(more => 'x' x 2_000_000);
my %unix = (port => 1);

ok($unix->link(%unix), 'a large record: the link before is of use');
$mark = $unix->play("READ 100000\nCLOSE\nHANDSHAKE\nAUTO 6\nCLOSE");
is_stored(post($t, $large, %unix),
    'a record that was written in part moves to the next link');
ok($unix->wait($mark), '... and is written there from its beginning');

ok($unix->link(%unix), 'a large record is cut: the link before is of use');
$mark = $unix->play('EXPECT 1');
my $client = start($t, 'POST', path(), $large, %unix);
ok($unix->wait($mark), 'a large record is written in part');
$client->close();
ok($t->wait_log('client prematurely closed'), '... when its client leaves');

$mark = $unix->play("EXPECT 6\nSEND $stored\$7\\r\\n{\"a\":1}\\r\\n\nCLOSE");
is(get($t, read_path(), %unix)->{body}, '{"result":{"a":"1"}}',
    '... the rest of it is written, and the next one gets its own answer');
ok($unix->wait($mark), '... in step');

is(($t->workers())[0], $worker, 'it is the same worker all the time');

$t->done();
