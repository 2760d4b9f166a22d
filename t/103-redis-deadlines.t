# A request waits for Redis as long as secops_redis_timeout says, and no longer,
# whatever else happens on the link: neither later commands, nor a few bytes
# now and then, nor a new link give a command more time.  A link that is late
# is closed, as nobody knows which reply would be whose.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use SecOps;
use SecOps::Fake;
use SecOps::Records;
use SecOps::Stopwatch;

my $limit = 0.8;                        # secops_redis_timeout

# who computes before Redis is asked: a neighbour's script, where this nginx can
# load the module that runs it

my $t = SecOps->new();
my ($folder) = $t->version() =~ /--modules-path=(\S+)/;
my @scripts = grep { $t->{module} ne '' && -f } map { "$folder/$_.so" }
    'ndk_http_module', 'ngx_http_lua_module' if defined $folder;
my $scripted = @scripts == 2;

$t->{main} .= join '', map { "load_module $_;\n" } @scripts if $scripted;

my $fake = SecOps::Fake->new($t);
my $unix = SecOps::Fake->new($t, listen => 'unix:' . $t->dir() . '/fake.sock');

$t->run(conf(http => <<'EOT', location => <<'EOT2' . ($scripted ? <<'EOT3' : '')));
    server {
        listen 127.0.0.1:%%PORT1%%;

        location /api/ {
            client_max_body_size 4m;
            secops_api;
            secops_redis %%REDIS1%%;
            secops_redis_timeout 800ms;
            secops_redis_connect_timeout 10s;
            secops_auth header;
        }
    }
EOT
            secops_redis_timeout 800ms;
            secops_redis_connect_timeout 10s;
            add_header X-Redis-Time $secops_redis_time always;
EOT2
            access_by_lua_block {
                local from = os.clock()
                repeat until os.clock() - from > tonumber(ngx.var.arg_busy or 0)
            }
EOT3

my ($worker) = $t->workers();


# took as long as the limit, counted from then on, and not longer by much

sub began { return { at => time(), passed => stopwatch() } }

sub in_time {
    my ($from, $name, $much) = @_;
    my ($took, $passed) = (time() - $from->{at}, $from->{passed}->());

    cmp_ok($took, '>', $limit - 0.1, "$name: not before the time was up");
    cmp_ok($passed, '<', $limit + ($much // 0.6), '... and not much later');
}


sub not_stored {
    my ($r, $status, $name) = @_;

    is_refused($r, $status, 'Unable to persist record', $name);
    is($r->{headers}{'retry-after'}, $status == 503 ? 1 : undef,
        $status == 503 ? '... it may be sent again' : '... nobody knows');
}


# no answer

ok($fake->link(), 'no answer: the link before is of use');
my $mark = $fake->play("EXPECT 6\nWAITCLOSE");
my $from = began();
my $r = post($t, records());
in_time($from, 'a write that is never answered');
not_stored($r, 500, '... is not a success');
ok($fake->wait($mark), '... and the link is closed');
ok($t->wait_log('connection lost: timed out'), '... so says the log');
ok($t->wait_log('records.create failed: timed out'), '... for the request too');

ok($fake->link(), 'no answer to a read: the next link is of use');
$mark = $fake->play("EXPECT 1\nWAITCLOSE");
$from = began();
$r = get($t, read_path());
in_time($from, 'a read that is never answered');
is($r->{status}, 503, '... has no answer');
ok($fake->wait($mark), '... and the link is closed');


# others later on the same link

ok($fake->link(), 'later ones: the next link is of use');
$mark = $fake->play('EXPECT 12');
$from = began();
my $first = start($t, 'POST', path(), records());
my $second = start($t, 'POST', path(), records(observable => 'second',
    raw_data => 'x' x 70_000));     # so large that it shares no transaction
ok($fake->wait($mark), 'two writes are under way');
$fake->play("WAITCLOSE\nHANDSHAKE\nAUTO");

# until the first is answered: were it given more time each time, for ever
my (@later, $read);
until (@later > 100 || $first->fill(time() + 0.1)) {
    push @later, start($t, 'POST', path(), records(observable => 'later'));
    $read //= start($t, 'GET', read_path());
}
cmp_ok(scalar @later, '>', 0, '... and later others, and a read');
$r = $first->answer('POST');
in_time($from, 'later commands do not give the first one more time');
not_stored($r, 500, 'the first');
not_stored($second->answer('POST'), 500, 'the second is lost with the link');
is($fake->seen(qr/> SET .*second/), 1, '... it is not written again');
is($read->answer('GET')->{status}, 503,
    'R.3: nor is the read, which may be what Redis is busy with');
cmp_ok($from->{passed}->(), '<', $limit * 1.5 + 0.6, '... as is said at once');
$_->close() foreach @later;

# the last of the later ones may have come when the link was lost already: such a
# write is the first thing on the next link
is(get($t, read_path())->{status}, 404,
    '... the next link serves who comes then');
$fake->stop();
$fake->listen();


# a link that is lost, and not late, loses no read

ok($fake->link(), 'lost: the next link is of use');
$mark = $fake->play('EXPECT 1');
$read = start($t, 'GET', read_path());
ok($fake->wait($mark), '... a read is under way');
$fake->play("CLOSE\nHANDSHAKE\nEXPECT 1\nSEND \$7\\r\\n{\"a\":1}\\r\\n");
is($read->answer('GET')->{body}, '{"result":{"a":"1"}}',
    'R.3: ... it is sent again, and answered over the next link');


# a reply that trickles in

$fake->step('CLOSE');
ok($fake->link(), 'a trickle: the next link is of use');
$fake->play('EXPECT 6');
$from = began();
my $trickle = start($t, 'POST', path(), records());
foreach my $byte ($stored =~ /\\?./g) { # one after another, until it is answered
    last if $trickle->fill(time() + 0.1);
    $fake->play("SEND $byte");
}
$mark = $fake->play('WAITCLOSE');
$r = $trickle->answer('POST');
in_time($from, 'replies one by one do not give the write more time');
not_stored($r, 500, 'a write that is answered in part');
ok($fake->wait($mark), '... and the link is closed');


# a worker that computes before it asks Redis takes nothing from Redis' time

SKIP: {
    skip 'this nginx loads no module that runs scripts', 5 unless $scripted;

    ok($fake->link(), 'computed: the next link is of use');
    $mark = $fake->play("EXPECT 6\nSLEEP 150\nSEND $stored\n"
        . "EXPECT 1\nSLEEP 150\nSEND \$-1\\r\\n");
    $from = time();
    my $busy = start($t, 'POST', path(undef, 'busy=1'), records());

    # another one wakes the worker as soon as it has computed
    my $other = start($t, 'GET', '/nothing');
    $r = $busy->answer('POST');
    is_stored($r, 'R.8: a write after a second of computing has all its time');
    cmp_ok($r->{headers}{'x-redis-time'}, '<', time() - $from - 0.9,
        'R.8: ... $secops_redis_time is what Redis took');
    cmp_ok($r->{headers}{'x-redis-time'}, '>', 0.1, '... all of it');

    $busy = start($t, 'GET', read_path() . '&busy=1');
    $other = start($t, 'GET', '/nothing');
    is($busy->answer('GET')->{status}, 404, 'R.8: so has a read');
    $fake->step('CLOSE');
}


# moved to the next link

ok($fake->link(), 'moved: the next link is of use');
$mark = $fake->play("EXPECT 1\nSLEEP 300\nCLOSE\n"
    . "HANDSHAKE\nEXPECT 1\nWAITCLOSE");
$from = began();
$r = get($t, read_path());
in_time($from, 'a new link does not give a read more time', 0.25);
is($r->{status}, 503, '... it has no answer');
ok($fake->wait($mark), '... on either of them');


# no link in time

my $sets = $fake->seen(qr/> SET/);
$fake->step('ACCEPT');
$from = began();
$r = post($t, records());
in_time($from, 'a write while a link begins');
not_stored($r, 503, '... was surely not sent');
ok($t->wait_log('timed out, not sent'), '... so says the log');
ok($fake->step('HANDSHAKE'), '... the link begins all the same');

$mark = $fake->play('AUTO 6');
is_stored(post($t, records()), '... and serves the next');
ok($fake->wait($mark) && $fake->seen(qr/> SET/) == $sets + 1,
    '... the first is never sent');
$fake->step('CLOSE');


# written in part: without its EXEC a transaction has no effect

ok($unix->link(port => 1), 'in part: the link before is of use');
$unix->play('EXPECT 1');
$from = began();
$r = post($t, records(more => 'x' x 2_000_000), port => 1);
in_time($from, 'a write that Redis does not take');
not_stored($r, 503, '... was surely not executed');
ok($unix->step('WAITCLOSE'), '... and the link is closed');


# the worker itself did not run: the reply is there when it wakes up

foreach my $attempt (1 .. 10) { # until it was stopped before the time was up
    ok($fake->link(), 'stopped: the next link is of use');
    $mark = $fake->play('EXPECT 6');
    $from = began();
    $first = start($t, 'POST', path(), records());
    ok($fake->wait($mark), 'a write is under way');
    kill 'STOP', $worker;
    last if time() < $from->{at} + $limit - 0.1;
    kill 'CONT', $worker;
    $first->answer('POST');
    $fake->step('WAITCLOSE');
}
ok($fake->step("SEND $stored"), '... it is answered while the worker stops');
ok(wait_for(sub { time() > $from->{at} + $limit + 0.2 }), '... the time is up');
kill 'CONT', $worker;
is_stored($first->answer('POST'), '... and that counts, not the time');

is(($t->workers())[0], $worker, 'it is the same worker all the time');

$t->done();
