# What a 2xx promises.  Each level of secops_durability is held against real
# servers: a write is answered 2xx when the level was reached, 500 when it was
# not although the write was executed, and 503 when it is known beforehand that
# it can not be reached; only then nothing was written.  The writes of a moment
# share one barrier, and what needs none does not pay for it.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use SecOps;
use SecOps::Fake;
use SecOps::Records;
use SecOps::Stopwatch;

my $t = SecOps->new();
my $master = $t->redis(tcp => 1);
my $port = $master->port();
my @replicas = map { $t->redis(tcp => 1, args => ['--replicaof', '127.0.0.1',
    $port]) } 1 .. 2;
my $disk = $t->redis(aof => 'always');
my $fake = SecOps::Fake->new($t);
# a unix socket takes no more than some 200 KB that nobody reads
my $waitaof = SecOps::Fake->new($t, listen => 'unix:' . $t->dir() . '/fake.sock');

$waitaof->stop();

ok($master->has_replicas(2), 'two replicas are there');


sub server {
    my ($n, $redis, $durability, $more) = @_;

    return <<"EOT";
    server {
        listen 127.0.0.1:%%PORT$n%%;

        location /api/ {
            secops_api;
            secops_redis $redis;
            secops_durability $durability;
            secops_auth api_key header;
            @{[ $more // '' ]}
        }
    }
EOT
}


$t->run(conf(http => server(1, '%%REDIS%%', 'replicas=2 timeout=600ms')
    . server(2, '%%REDIS3%%', 'fsync')
    . server(3, '%%REDIS4%%', 'replicas=1 timeout=20s',
        'secops_redis_timeout 60s; secops_redis_connect_timeout 60s;')
    . server(4, '%%REDIS5%%', 'fsync timeout=700ms')));

my $level = 'x-secops-durability';
my %at = (memory => 0, replicas => 1, fsync => 2);


sub is_unknown {
    my ($r, $name) = @_;
    is_refused($r, 500, 'Unable to persist record', $name);
    like($r->{json}{error}{detail},
        qr/^the record may have been stored, request [0-9a-f]{32}$/,
        '... the detail says that the record may be there');
    is($r->{headers}{$level}, undef, '... no level is promised');
    is($r->{headers}{'retry-after'}, undef, '... nobody is told to repeat it');
}


sub is_refused_before {
    my ($r, $name) = @_;
    is_refused($r, 503, 'Unable to persist record', $name);
    is($r->{headers}{'retry-after'}, 1, '... to be tried again');
    is($r->{headers}{$level}, undef, '... no level is promised');
}


sub stored { # so many records with this observable are in a Redis
    my ($redis, $observable) = @_;
    return scalar grep { ($redis->cmd('GET', $_) // '')
        =~ /"observable":"\Q$observable\E"/ }
        keys_like($redis, 'secops:*:rec:*');
}


# the link to a server that does as the test says: at once, it has a second for
# its handshake

$fake->step('HANDSHAKE') or fail('no handshake');
$fake->play("EXPECT 1\nSEND :1\\r\\n", 'asked');
ok($fake->wait('asked'), 'a new link is asked how many replicas it has');
like($fake->log(), qr/^> WAIT "0" "20000"$/m, '... by a WAIT that waits for none');
$fake->step("EXPECT 1\nSEND :1\\r\\n");       # the first barrier


ok(wait_for(sub { post($t, records(), port => 1)->{status} == 201 }),
    'two replicas have a record');


# every kind of write says which level it has reached

foreach my $case (['memory', 'memory'], ['replicas', 'replicas=2'],
                  ['fsync', 'fsync'])
{
    my ($name, $text) = @$case;
    my $port = $at{$name};
    my $r = post($t, records(), port => $port);

    is_stored($r, "$name: a record");
    is($r->{headers}{$level}, $text, '... the answer names the level');

    $r = post($t, records(), port => $port,
        query => 'sysparm_simple_response=true&simple_response=true');
    is($r->{headers}{$level}, $text, '... in short form too')
        if $r->{status} == 201;

    $r = post($t, { data => [ map { records(observable => "o$_") } 1 .. 20 ] },
        port => $port);
    is($r->{status}, 201, "$name: a batch");
    is($r->{headers}{$level}, $text, '... the answer names the level');

    $r = post($t, { data => [ records(), { finding => 'Clean' } ] }, port => $port);
    is($r->{status}, 207, "$name: a part of a batch");
    is($r->{headers}{$level}, $text, '... the answer names the level');

    $r = post($t, { data => [ map { records(observable => "o$_") } 1 .. 20 ] },
        port => $port, query => 'atomic=true');
    is($r->{status}, 201, "$name: an atomic batch");
    is($r->{headers}{$level}, $text, '... the answer names the level');

    $r = post($t, { data => [ { finding => 'Clean' } ] }, port => $port);
    is($r->{status}, 400, "$name: nothing stored");
    is($r->{headers}{$level}, undef, '... no level');

    my $create = sub { return $t->request('POST', '/api/v2/resources', who(),
        { k => { type => 'api_key', properties => { name => "key-$name",
            scopes => [ @_ ] } } }, port => $port) };

    $r = $create->('read:resources');
    is($r->{status}, 200, "$name: an api key");
    is($r->{headers}{$level}, $text, '... the answer names the level');

    $r = $create->('read:resources', 'write:resources');
    is($r->{status}, 200, "$name: a changed one");
    is($r->{headers}{$level}, $text, '... the answer names the level');

    $r = $create->('read:resources', 'write:resources');
    is($r->{status}, 200, "$name: one that is the same already");
    is($r->{headers}{$level}, undef,
        '... nothing was written, so nothing is promised');

    $r = $t->request('GET', '/api/v2/resources', who(), undef, port => $port);
    is($r->{headers}{$level}, undef, "$name: reading promises nothing");

    $r = $t->request('DELETE', "/api/v2/resources?title=key-$name", who(),
        undef, port => $port);
    is($r->{status}, 200, "$name: a deletion");
    is($r->{headers}{$level}, $text, '... the answer names the level');

    is($t->request('GET', '/api/v1/health', {}, undef, port => $port)
        ->{status}, 200, "$name: ready");
}

cmp_ok($master->calls('wait'), '>', 5, 'WAIT was used');


# who wants memory does not wait, nor does who reads

my $before = $master->calls('wait');
post($t, records()) foreach 1 .. 5;
get($t, read_path(), port => 1) foreach 1 .. 5;
is($master->calls('wait'), $before, 'no WAIT for others, nor for reads');


# shared: 200 writes of one moment need no 200 barriers

sub crowd { # so many requests that nginx finds at the same time; their answers
    my ($n, $port) = @_;
    my ($worker) = $t->workers();

    kill 'STOP', $worker;
    my @connections = map { start($t, 'POST', path(),
        records(observable => "crowd$_"), port => $port) } 1 .. $n;
    kill 'CONT', $worker;

    return map { $_->answer() } @connections;
}

$before = $master->calls('wait');
is(scalar(grep { $_ && $_->{status} == 201 } crowd(200, 1)), 200,
    '200 writes at about the same time are stored');
cmp_ok($master->calls('wait') - $before, '<', 100,
    '... with less than 100 WAIT');

# the exact rule, by a server that waits with its answers

sub together { # writes that nginx finds at the same time, each a transaction
    my ($port, @names) = @_;
    my @connections = map { $t->connect($port) } @names;

    my ($worker) = $t->workers();

    SecOps::Connection::taken(@connections);       # they are accepted
    kill 'STOP', $worker;
    wait_for(sub { $t->read("/proc/$worker/stat") =~ /\) T / });
    $connections[$_]->send($connections[$_]->format('POST', path(), who(),
        { data => [records(observable => $names[$_])] })) foreach 0 .. $#names;
    kill 'CONT', $worker;

    return @connections;
}


sub commands { # the names of those that came since a mark
    my ($mark) = @_;
    my ($log) = $fake->log() =~ /^mark \Q$mark\E\n(.*)/ms;
    return join ' ', map { /^> (\w+)/ ? $1 : () } split /\n/, $log // '';
}

my $one = 'MULTI SET LPUSH XADD LPUSH EXEC';

my $mark = $fake->play('');
my @group = together(3, qw(a b c));
ok($fake->step('EXPECT 19'), 'three writes came');
is(commands($mark), "$one $one $one WAIT", '... and share one WAIT');
$fake->step("SEND $stored$stored$stored");
ok($fake->quiet() && $group[0]->silent(),
    'a write that was executed is not answered before WAIT is');

# one barrier at a time: what comes meanwhile shares the next

$mark = $fake->play('');
my @next = together(3, qw(d e));
ok($fake->step('EXPECT 12'), 'more writes came');
is(commands($mark), "$one $one", '... to be executed');
ok($fake->quiet(), '... and no WAIT while one is pending');
$fake->step('SEND :1\r\n');
is($_->answer()->{status}, 201, 'with WAIT the first three are answered')
    foreach @group;
$fake->step("EXPECT 1\nSEND $stored$stored");
is(commands($mark), "$one $one WAIT", '... then comes the next');
ok($fake->quiet() && $next[0]->silent(), '... for which the others wait');
$fake->step('SEND :2\r\n');
is($_->answer()->{status}, 201, '... and no longer') foreach @next;

# a client that leaves while its write waits for WAIT


sub has_left { # it closes, and nginx has noticed
    my ($connection) = @_;
    $connection->close(reset => 1);
    ok($t->has_left(), '... its client leaves');
}

my $leaves = start($t, 'POST', path(), records(observable => 'left'), port => 3);
ok($fake->step("EXPECT 7\nSEND $stored"), 'a write waits for WAIT');
has_left($leaves);
$fake->step('SEND :1\r\n');
my $after = start($t, 'POST', path(), records(observable => 'after'), port => 3);
ok($fake->step("EXPECT 7\nSEND $stored"), '... the next write comes');
ok($fake->quiet() && $after->silent(), '... and waits for a barrier of its own');
$fake->step('SEND :1\r\n');
is_stored($after->answer(), '... with which it is answered');

# the same while the next one waits already

$leaves = start($t, 'POST', path(), records(observable => 'left'), port => 3);
ok($fake->step("EXPECT 7\nSEND $stored"), 'a write waits for WAIT again');
$after = start($t, 'POST', path(), records(observable => 'after'), port => 3);
ok($fake->step('EXPECT 6'), '... the next one for the next WAIT');
has_left($leaves);
$fake->step("SEND :1\\r\\n$stored\nEXPECT 1\nSEND :1\\r\\n");
is_stored($after->answer(), '... which comes, though the first has left');

# an answer that is none, fewer replicas, an error

foreach my $case (['fewer', ':0', '0 of 1 replicas have it'],
                  ['nonsense', '+OK', '0 of 1 replicas have it'],
                  ['an error', '-NOPERM this user has no permissions',
                   'NOPERM this user has no permissions'])
{
    my ($name, $reply, $reason) = @$case;
    my $request = start($t, 'POST', path(), records(), port => 3);

    $fake->step("EXPECT 7\nSEND $stored$reply\\r\\n");
    is_unknown($request->answer(), "$name: not reached");
    ok($t->wait_log(qr/durability not reached: \Q$reason\E/),
        '... the log says why');

    is_refused_before(post($t, records(), port => 3), 'then writes are refused');

    my $read = start($t, 'GET', read_path(), undef, port => 3,
        roles => 'sn_sec_cmn.api_read');
    # the check of each second may come before it
    $mark = $fake->play("EXPECT 1");
    $fake->wait($mark);
    my ($last) = (grep { /^> / } split /\n/, $fake->log())[-1];
    if ($last =~ /WAIT/) {
        $fake->step("SEND :0\\r\\n\nEXPECT 1");
    }
    $fake->step('SEND $-1\r\n');
    is($read->answer()->{status}, 404, '... reads are not');

    ok($fake->step("EXPECT 1\nSEND :1\\r\\n"), 'it is looked again');
    like((grep { /^> / } split /\n/, $fake->log())[-1],
        qr/^> WAIT "1" "5000"$/, '... for a shorter time');
    # what may have been sent meanwhile has a barrier of its own
    $fake->step("EXPECT 1\nSEND :1\\r\\n");
    $request = start($t, 'POST', path(), records(), port => 3);
    $fake->step("EXPECT 7\nSEND $stored:1\\r\\n");
    is_stored($request->answer(), "$name, no more: a record is stored");
}

# the link goes while a write waits for the barrier

my $request = start($t, 'POST', path(), records(), port => 3);
$fake->step("EXPECT 7\nSEND $stored\nSLEEP 50\nCLOSE");
is_unknown($request->answer(), 'the link was lost before WAIT was answered');

# a write that waited for the link has its barrier all the same

ok($fake->step('HANDSHAKE'), 'a new link');
$mark = $fake->play('');
$request = start($t, 'POST', path(), records(), port => 3);
ok($request->taken(), 'a write comes');
ok($fake->step("EXPECT 1\nSEND :1\\r\\n\nEXPECT 7"),
    '... before the link is ready, and is sent');
is(commands($mark), "WAIT $one WAIT", '... with a barrier');
$fake->step("SEND $stored:1\\r\\n");
is_stored($request->answer(), '... and stored');

# the replica hangs

$fake->stop();
$_->cmd('CONFIG', 'SET', 'repl-timeout', 3600) foreach $master, @replicas;
$replicas[1]->pause();
my ($from, $passed) = (time(), stopwatch());
is_unknown(post($t, records(observable => 'hung'), port => 1),
    'one of two replicas hangs');
cmp_ok(time() - $from, '>', 0.55, '... which is known after the timeout');
cmp_ok($passed->(), '<', 1.6, '... and soon');
is(stored($master, 'hung'), 1, '... the record was stored all the same');
ok($t->wait_log(qr/durability not reached: 1 of 2 replicas have it/),
    '... so says the log');
is_refused_before(post($t, records(observable => 'later'), port => 1),
    'the next write is refused');
is(stored($master, 'later'), 0, '... and was not executed');
is($t->request('GET', '/api/v1/health', {}, undef, port => 1)->{status}, 503,
    '... this machine is not ready');
is(post($t, records())->{status}, 201, '... others want less and get it');

my @slow = grep { $_ > 0.4 } map { my $passed = stopwatch();
    get($t, read_path(), port => 1); $passed->() } 1 .. 20;
cmp_ok(scalar @slow, '<=', 2, 'reads are not held up');

my $r = post($t, { data => [ map { records(observable => "b$_") } 1 .. 3 ] }, port => 1);
is($r->{status}, 503, 'a batch is refused as a whole');

$replicas[1]->resume();
ok(wait_for(sub { post($t, records(), port => 1)->{status} == 201 }),
    'the replica is back, writes are stored');
ok($t->wait_log(qr/\[notice\].*durability reached again/), '... so says the log');

# a crowd, and the replica hangs under it: one timeout, not one for each

$replicas[1]->pause();
$passed = stopwatch();
my @answers = crowd(100, 1);
my $took = $passed->();
is(scalar(grep { $_ && ($_->{status} == 500 || $_->{status} == 503) } @answers),
    100, 'all writes are answered, by 500 or 503');
cmp_ok($took, '<', 2.5, "... soon ($took)");
my $refused = grep { $_->{status} == 503 } @answers;
my $present = 0;
$present += stored($master, "crowd$_") > 1 ? 1 : 0 foreach 1 .. 100;
cmp_ok($present, '<=', 100 - $refused, '... no refused one is there');

# entries of a batch

$r = wait_for(sub { my $r = post($t, { data => [ map { records(observable => "b$_") }
    1 .. 3 ] }, port => 1); $r->{status} == 503 && $r });
ok($r, 'a batch is refused');
like($r->{body},
    qr/"message":"Unable to persist record","detail":"request [0-9a-f]{32}"/,
    'Semantics 21: ... each of its records, with the id of the request');
$replicas[1]->resume();
ok(wait_for(sub { post($t, records(), port => 1)->{status} == 201 }),
    'the replica is back');
$replicas[1]->pause();
$r = post($t, { data => [ map { records(observable => "b$_") } 1 .. 3 ] }, port => 1);
is($r->{status}, 500, 'a batch whose level was not reached');
is(scalar(() = $r->{body}
        =~ /"detail":"the record may have been stored, request [0-9a-f]{32}"/g), 3,
    '... says of each record that it may be there');
$replicas[1]->resume();
ok(wait_for(sub { post($t, records(), port => 1)->{status} == 201 }),
    'the replica is back');

# resources and api keys

my $pause = sub { $replicas[1]->pause() };
$r = $t->request('POST', '/api/v2/resources', who(), { k => { type => 'api_key',
    properties => { name => 'old', scopes => ['read:resources'] } } },
    port => 1);
$replicas[1]->pause();
$r = $t->request('DELETE', '/api/v2/resources?title=old', who(), undef,
    port => 1);
is($r->{status}, 500, 'a deletion whose level was not reached');
like($r->{body}, qr/the resources may have been saved, request/,
    '... says so');
$replicas[1]->resume();
ok(wait_for(sub { post($t, records(), port => 1)->{status} == 201 }),
    'the replica is back');
$replicas[1]->pause();
$r = $t->request('POST', '/api/v2/resources', who(), { k => { type => 'api_key',
    properties => { name => 'new', scopes => ['read:resources'] } } },
    port => 1);
is($r->{status}, 503, 'a key whose pointer is not durable is not created');
$replicas[1]->resume();
$r = $t->request('GET', '/api/v2/resources?title=new', who(), undef,
    port => 1);
unlike($r->{body}, qr/"new"/, '... there is none');


# the disk, by the settings of a server that has no WAITAOF

is(post($t, records(), port => 2)->{status}, 201, 'fsync: a record is stored');

foreach my $case (
    ['appendfsync', 'everysec', 'always',
     'appendfsync is "everysec", it must be "always"'],
    ['no-appendfsync-on-rewrite', 'yes', 'no',
     'no-appendfsync-on-rewrite is "yes", it must be "no"'],
    ['appendonly', 'no', 'yes', 'appendonly is "no", it must be "yes"'])
{
    my ($name, $bad, $good, $reason) = @$case;

    $disk->cmd('CONFIG', 'SET', $name, $bad);
    is_unknown(post($t, records(), port => 2),
        "$name was changed while nginx runs");
    ok($t->wait_log(qr/durability not reached: \Q$reason\E/),
        '... the log says so');
    is_refused_before(post($t, records(observable => $bad), port => 2),
        '... then writes are refused');
    is(stored($disk, $bad), 0, '... and not executed');
    is($t->request('GET', '/api/v1/health', {}, undef, port => 2)->{status},
        503, '... it is not ready');

    $disk->cmd('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    ok(wait_for(sub { get($t, read_path(), port => 2)->{status} == 404 }),
        '... a new link reads');
    is_refused_before(post($t, records(observable => $bad), port => 2),
        '... and is not written to');
    is(stored($disk, $bad), 0, '... surely');

    $disk->cmd('CONFIG', 'SET', $name, $good);
    ok(wait_for(sub { post($t, records(), port => 2)->{status} == 201 }),
        "$name was changed back");
}

$disk->cmd('ACL', 'SETUSER', 'default', '-config');
is_unknown(post($t, records(), port => 2), 'CONFIG is not permitted');
is_refused_before(post($t, records(), port => 2), '... then: refused');
$disk->cmd('ACL', 'SETUSER', 'default', '+config');
ok(wait_for(sub { post($t, records(), port => 2)->{status} == 201 }),
    'CONFIG is permitted again');


# CONFIG was not permitted: the log says that this is the reason

ok($t->wait_log(qr/durability not reached: its settings can not be seen, CONFIG GET answers: NOPERM/),
    'D2: ... the log says that the settings can not be seen');


# a server with WAITAOF must have the settings, too

sub settings { # the reply to CONFIG GET
    my ($only, $fsync, $rewrite) = @_;
    my @words = ('appendonly', $only, 'appendfsync', $fsync,
        'no-appendfsync-on-rewrite', $rewrite);
    return "*6\\r\\n" . join '', map { '$' . length() . "\\r\\n$_\\r\\n" } @words;
}

sub asked { # the commands that came since a mark, the last ones
    my ($n) = @_;
    my @commands = grep { s/^> // } split /\n/, $waitaof->log();
    return join '; ', @commands[-$n .. -1];
}

my $good = settings('yes', 'always', 'no');
my $synced = '*2\r\n:1\r\n:0\r\n';

$waitaof->listen();
$waitaof->step('HANDSHAKE');
$waitaof->step('EXPECT 3');
is(asked(3), 'CONFIG "GET" "*append*"; WAITAOF "1" "0" "700"; '
    . 'INFO "persistence"', 'a new link is asked for all');
$waitaof->step("SEND $good$synced-NOPERM no INFO\\r\\n");
$waitaof->step("EXPECT 2\nSEND $good$synced");

$request = start($t, 'POST', path(), records(), port => 4);
$waitaof->step("EXPECT 8\nSEND $stored$good$synced");
is(asked(2), 'CONFIG "GET" "*append*"; WAITAOF "1" "0" "700"',
    'the barrier asks for the settings and for the sync');
is_stored($request->answer(), 'WAITAOF: reached');

foreach my $case (
    ['WAITAOF: not in time', $good, '*2\r\n:0\r\n:0\r\n',
     'the append-only file was not synced in time'],
    ['D2, D3: with everysec WAITAOF is not believed',
     settings('yes', 'everysec', 'no'), $synced,
     'appendfsync is "everysec", it must be "always"'],
    ['R.6: nor while a rewrite may keep it from syncing',
     settings('yes', 'always', 'yes'), $synced,
     'no-appendfsync-on-rewrite is "yes", it must be "no"'],
    ['an error of it', $good, '-ERR WAITAOF cannot be used\r\n',
     'ERR WAITAOF cannot be used'],
    ['no such setting', '*0\r\n', $synced,
     'its settings can not be seen, CONFIG GET does not show appendonly'],
    ['a reply that is none', '*2\r\n$10\r\nappendonly\r\n*1\r\n:1\r\n', $synced,
     'its settings can not be seen, CONFIG GET does not show appendonly'])
{
    my ($name, $config, $reply, $reason) = @$case;

    $request = start($t, 'POST', path(), records(), port => 4);
    $waitaof->step("EXPECT 8\nSEND $stored$config$reply");
    is_unknown($request->answer(), $name);
    ok($t->wait_log(qr/durability not reached: \Q$reason\E/),
        '... so says the log');
    is_refused_before(post($t, records(), port => 4), '... then: refused');

    # what is looked at again: the settings, and if they are right, the rest
    if ($config ne $good) {
        $waitaof->step('EXPECT 1');
        is(asked(1), 'CONFIG "GET" "*append*"',
            '... with wrong settings it is not waited for a sync');
        $waitaof->step("SEND $good");
    }

    $waitaof->step('EXPECT 2');
    is(asked(2), 'CONFIG "GET" "*append*"; WAITAOF "1" "0" "175"',
        '... then for a shorter time');
    $waitaof->step("SEND $good$synced\nEXPECT 2\nSEND $good$synced");

    $request = start($t, 'POST', path(), records(), port => 4);
    $waitaof->step("EXPECT 8\nSEND $stored$good$synced");
    is_stored($request->answer(), "... $name, no more");
}

# a barrier ends with its link: the next server is asked what it knows itself

$request = start($t, 'POST', path(), records(), port => 4);
$waitaof->step("EXPECT 8\nSEND $stored\nSLEEP 50\nCLOSE");
is_unknown($request->answer(), 'the link is lost before the barrier is answered');

my $info = "aof_enabled:1\r\naof_rewrite_in_progress:0\r\n"
    . "aof_rewrite_scheduled:0\r\n";
$info = '$' . length($info) . '\r\n' . $info =~ s/\r\n/\\r\\n/gr . '\r\n';

$waitaof->step("HANDSHAKE\nEXPECT 3\nSEND $good-ERR unknown command 'WAITAOF'"
    . "\\r\\n$info");
$waitaof->step("EXPECT 1\nSEND $good");
is(asked(1), 'CONFIG "GET" "*append*"',
    'after a failover to a server without WAITAOF it is not asked for it');
$request = start($t, 'POST', path(), records(), port => 4);

# a look at its file of each second may come first
$waitaof->step('EXPECT 2');
if (asked(1) =~ /^INFO/) {
    $waitaof->step("SEND $good$info\nEXPECT 2");
}
$waitaof->step("EXPECT 5");
if (asked(1) =~ /^INFO/) {
    $waitaof->step("SEND $stored$good$info");
} else {
    $waitaof->step("SEND $stored$good");
}
is_stored($request->answer(), '... and a record is stored');
$waitaof->stop();

# the same of a barrier that was made for the link before, and not yet written

$waitaof->listen();
$waitaof->step("HANDSHAKE\nEXPECT 3\nSEND $good$synced-ERR no\\r\\n");
$waitaof->step("EXPECT 2\nSEND $good$synced");
my $lost = $waitaof->play('READ 1');
my @large = map { start($t, 'POST', path(),
    records(observable => "large$_", details => 'x' x 900_000), port => 4) } 1 .. 3;
ok($waitaof->wait($lost) && SecOps::Connection::taken(@large)
    && $waitaof->step('CLOSE'), 'a link is lost with much unwritten');
$waitaof->step("HANDSHAKE\nEXPECT 3\nSEND $good-ERR unknown command 'WAITAOF'"
    . "\\r\\n$info");
$waitaof->play('AUTO');

sub since_link { # the commands of durability on the last link
    my ($log) = $waitaof->log() =~ /.*^accept \d+\n(.*)/ms;
    return join ' ', ($log // '') =~ /^> (CONFIG|WAITAOF|INFO)/mg;
}

ok(wait_for(sub { since_link() =~ /^CONFIG WAITAOF INFO ./ }),
    '... what was not written goes to the next one');
like(since_link(), qr/^CONFIG WAITAOF INFO CONFIG/,
    '... with a barrier that this server knows');
$_->answer() foreach @large;
unlike(since_link(), qr/WAITAOF.*WAITAOF/, '... and no other');
$waitaof->stop();

$t->done();
