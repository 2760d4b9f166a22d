# How a worker ends.  QUIT: what is under way is answered first, and nothing
# else holds it, neither an idle link nor the next attempt at a Redis that is
# away.  TERM and worker_shutdown_timeout: it ends at once, whatever it had.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use SecOps;
use SecOps::Fake;
use SecOps::Records;
use SecOps::Stopwatch;

my $t = SecOps->new();
my $fake = SecOps::Fake->new($t);
my $limits = <<'EOT';
            secops_redis_timeout 3s;
            secops_redis_connect_timeout 3s;
EOT

my $other = SecOps::Fake->new($t);
my $slow = SecOps::Fake->new($t);
my $dns = $t->port(301);
my $conf = conf(location => $limits, http => <<"EOT");
    server {
        listen 127.0.0.1:%%PORT1%%;

        location /api/ {
            secops_api;
            secops_redis %%REDIS1%%;
            secops_auth header;
            $limits
        }
    }

    server {
        listen 127.0.0.1:%%PORT2%%;

        location /api/ {
            secops_api;
            secops_redis redis://silent.test:1;
            resolver 127.0.0.1:$dns;
            resolver_timeout 10s;
            secops_auth header;
            $limits
        }
    }

    server {
        listen 127.0.0.1:%%PORT3%%;

        location /api/ {
            secops_api;
            secops_redis @{[ $slow->url() =~ s/redis/rediss/r ]};
            secops_redis_ssl_verify off;
            secops_auth header;
            $limits
        }
    }
EOT

# a name server that never answers: it has no file

$t->spawn($t->dir() . '/dns.out', $^X, root() . '/t/lib/fake-dns.pl', $dns,
    $t->dir() . '/names');


# a new nginx with a link that was of use, unless no_link

sub begin {
    my (%opt) = @_;

    foreach my $peer ($fake, $other, $slow) {
        $peer->stop();
        $peer->listen();
    }

    $t->run($conf);
    ok($fake->link(), "$opt{name}: the link is of use") unless $opt{no_link};
}


# the answer; nginx waits a while for a client to close after it

sub answered {
    my ($request, $method) = @_;
    my $r = $request->answer($method);
    $request->close();
    return $r;
}


# what was sent before has been taken: a later connection was served

sub is_taken { return $t->request('GET', '/none')->{status} == 404 }


sub signal {
    my ($signal) = @_;
    my $from = stopwatch();
    $t->{told} = 1;

    if ($signal eq 'TERM') {
        $t->terminate(20);
        ok($t->wait_log('exiting'), '... TERM');
        return $from;
    }

    kill $signal, $t->master();
    ok($t->wait_log('gracefully shutting down'), "... $signal");
    return stopwatch();
}


# within so many seconds, with status 0; a sanitizer has its own work to do then

sub is_gone {
    my ($from, $seconds, $name) = @_;
    $seconds *= 4 if $t->sanitized();
    my $end = SecOps::reap($t->master());

    is($end && $end->{status}, 0, $name);
    cmp_ok($from->(), '<', $seconds, "... within $seconds s");
    delete $t->{master};

    my @faults = $t->faults();
    ok(!@faults, '... without an alert') or diag(join "\n", @faults);
    $t->write('error.log', '');
}


# nothing under way

begin(name => 'idle');
my $from = signal('QUIT');
is_gone($from, 1, 'an idle worker ends');
ok($fake->step('WAITCLOSE'), '... and closes its link');

$fake->stop();
$t->run($conf);
ok($t->wait_log('not available: connect failed'), 'no Redis');
is_gone(signal('QUIT'), 1, '... does not keep a worker');

begin(name => 'greeting', no_link => 1);
ok($fake->step('ACCEPT'), 'a link that begins');
is_gone(signal('QUIT'), 1, '... does not keep a worker either');


# a command under way

begin(name => 'under way');
my $mark = $fake->play('EXPECT 6');
my $request = start($t, 'POST', path(), records());
ok($fake->wait($mark), 'a record is on its way to Redis');
signal('QUIT');
ok(1 == $t->workers(), '... the worker waits');
$from = stopwatch();
$fake->play("SEND $stored\nWAITCLOSE", 'closed');
is_stored(answered($request, 'POST'), '... the record is stored and answered');
is_gone($from, 1, '... the worker ends');
ok($fake->wait('closed'), '... and closes its link');

begin(name => 'one of two links');
ok($other->link(port => 1), '... and the one to another Redis');
$mark = $fake->play('EXPECT 6');
$request = start($t, 'POST', path(), records());
ok($fake->wait($mark), 'a record is on its way to Redis');
$other->play('WAITCLOSE', 'idle');
$from = signal('QUIT');
ok($other->wait('idle'), '... the link that is idle is closed');
cmp_ok($from->(), '<', 1, '... at once');
is(scalar(my @left = $t->workers()), 1, '... while the worker waits');
$fake->play("SEND $stored");
is_stored(answered($request, 'POST'), '... for the record');
is_gone(stopwatch(), 1, '... and ends');

begin(name => 'a client that left');
$mark = $fake->play('EXPECT 6');
$request = start($t, 'POST', path(), records());
ok($fake->wait($mark), 'a record is on its way to Redis');
$request->close();
ok($t->wait_log('client prematurely closed'), '... its client leaves');
signal('QUIT');
$from = stopwatch();
$fake->play("SEND $stored\nWAITCLOSE");
is_gone($from, 1, '... the worker ends with the reply');

begin(name => 'never answered');
$mark = $fake->play("EXPECT 6");
$request = start($t, 'POST', path(), records());
ok($fake->wait($mark), 'a record is on its way to Redis');
signal('QUIT');
$fake->play('WAITCLOSE', 'late');
is_refused(answered($request, 'POST'), 500, 'Unable to persist record',
    '... it is not answered in time, and the client learns that');
is_gone(stopwatch(), 1, '... the worker ends then');
ok($fake->wait('late'), '... and closes its link');

begin(name => 'waits for a link', no_link => 1);
ok($fake->step('ACCEPT'), 'a link begins');
$request = start($t, 'POST', path(), records());
ok(is_taken(), '... and a record waits for it');
signal('QUIT');
$fake->play("HANDSHAKE\nAUTO 6\nWAITCLOSE", 'done');
$from = stopwatch();
is_stored(answered($request, 'POST'), '... it is stored and answered');
is_gone($from, 1, '... the worker ends');

# while the name of Redis is asked for, or TLS begins: 503 when the time is up,
# and nothing is waited for when nobody is there who would get it

foreach my $case (['a name is looked up', 2], ['TLS begins', 3]) {
    my ($name, $port) = @$case;
    my $waits = sub {
        begin(name => $name, no_link => 1);
        ok($slow->step('ACCEPT'), "$name:") if $port == 3;
        $request = start($t, 'POST', path(), records(), port => $port);
        return ok(is_taken(), '... and a record waits');
    };

    $waits->();
    signal('QUIT');
    is_refused(answered($request, 'POST'), 503, 'Unable to persist record',
        '... not stored when its time is up');
    is_gone(stopwatch(), 1, '... the worker ends then');

    $waits->();
    $request->close();
    ok($t->wait_log('client prematurely closed'), '... its client leaves');
    is_gone(signal('QUIT'), 1, '... the worker ends');

    $waits->();
    is_gone(signal('TERM'), 1, '... the worker ends all the same');
}

begin(name => 'lost and read again');
$mark = $fake->play('EXPECT 1');
$request = start($t, 'GET', read_path());
ok($fake->wait($mark), 'a read is on its way to Redis');
signal('QUIT');
$from = stopwatch();
$fake->play("CLOSE\nHANDSHAKE\nEXPECT 1\nSEND \$7\\r\\n{\"a\":1}\\r\\n\n"
    . 'WAITCLOSE');
is(answered($request, 'GET')->{body}, '{"result":{"a":"1"}}',
    '... the link is lost, another one is made for it');
is_gone($from, 2, '... the worker ends');


# at once

begin(name => 'TERM');
$mark = $fake->play("EXPECT 6");
$request = start($t, 'POST', path(), records());
my $read = start($t, 'GET', read_path());
ok($fake->wait($mark), 'a record is on its way to Redis');
is_gone(signal('TERM'), 1, '... the worker ends all the same');
ok($request->closed(), '... and the client is told so by the end');

$t->{main} = "worker_shutdown_timeout 300ms;\n";
begin(name => 'worker_shutdown_timeout');
$mark = $fake->play("EXPECT 7");
$request = start($t, 'POST', path(), records());
$read = start($t, 'GET', read_path());
ok($fake->wait($mark), 'a record and a read are on their way to Redis');
my $told = time();
$from = signal('QUIT');
$fake->play('WAITCLOSE', 'cut');
is_gone($from, 2, '... the worker ends');
cmp_ok(time() - $told, '>', 0.25, '... not before the timeout');
$request->slurp();
ok($request->closed(), '... the client has no connection any more');
ok($fake->wait('cut'), '... nor has Redis');

begin(name => 'worker_shutdown_timeout, a link begins', no_link => 1);
ok($fake->step('ACCEPT'), 'a link begins');
$request = start($t, 'POST', path(), records());
ok(is_taken(), '... and a record waits for it');
$from = signal('QUIT');
is_gone($from, 2, '... the worker ends');

begin(name => 'worker_shutdown_timeout, TLS begins', no_link => 1);
ok($slow->step('ACCEPT'), 'a link begins');
$request = start($t, 'POST', path(), records(), port => 3);
ok(is_taken(), '... and a record waits for it');
is_gone(signal('QUIT'), 2, '... the worker ends');

$t->done();
