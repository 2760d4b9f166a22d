# What waits for Redis is bounded, by number and by bytes: above that a request
# is told at once to come again, so that a slow Redis costs the callers time but
# not nginx its memory.  What a client left behind counts until it is answered.

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
my $other = SecOps::Fake->new($t);
my $redis = $t->redis();        # %%REDIS2%%

$t->run(conf(http => <<'EOT', location => <<'EOT2'));
    server {
        listen 127.0.0.1:%%PORT1%%;

        location /api/ {
            client_max_body_size 4m;
            secops_api;
            secops_redis %%REDIS1%%;
            secops_redis_timeout 10s;
            secops_redis_connect_timeout 10s;
            secops_redis_max_pending bytes=20k;
            secops_auth header;
        }
    }

    server {
        listen 127.0.0.1:%%PORT2%%;

        location /api/ {
            secops_api;
            secops_redis %%REDIS2%%;
            secops_redis_max_pending bytes=1500;
            secops_auth header;
        }
    }
EOT
            secops_redis_timeout 10s;
            secops_redis_connect_timeout 10s;
            secops_redis_max_pending commands=3;
EOT2

my $nil = '$-1\r\n';


sub is_full {
    my ($r, $passed, $name) = @_;

    cmp_ok($passed->(), '<', 2, "$name: answered at once");
    is_refused($r, 503, 'Unable to persist record', '... not stored');
    is($r->{headers}{'retry-after'}, 1, '... come again in a second');
}


# by number

ok($fake->link(), 'the link is of use');
my $mark = $fake->play('EXPECT 3');
my @get = map { start($t, 'GET', read_path('0' x 31 . $_)) } 1 .. 3;
ok($fake->wait($mark), 'three commands are under way');

my $passed = stopwatch();
is_full(post($t, records()), $passed, 'a fourth');
ok($t->wait_log('records.create failed: '), '... and the log says so');

$passed = stopwatch();
my $r = get($t, read_path());
is_refused($r, 503, 'Unable to read record', 'a read is refused as well');
is($r->{headers}{'retry-after'}, 1, '... come again in a second');
cmp_ok($passed->(), '<', 2, '... at once');

ok($other->link(port => 1), 'another Redis has a queue of its own');

$fake->step("SEND $nil\n");
ok(wait_for(sub { grep { $_->fill(time() + 0.01) } @get }), 'one is answered');
$mark = $fake->play("EXPECT 6\nSEND $nil$nil$stored");
is_stored(post($t, records()), '... and makes room for one');
is($_->answer('GET')->{status}, 404, 'the others are answered') foreach @get;


# clients that left

$mark = $fake->play('EXPECT 3');
@get = map { start($t, 'GET', read_path('0' x 31 . $_)) } 1 .. 3;
ok($fake->wait($mark), 'three commands are under way');
$_->close() foreach @get;
ok(wait_for(sub { 3 <= (() = $t->error_log()
    =~ /client prematurely closed/g) }), '... and their clients leave');

$passed = stopwatch();
is_full(post($t, records()), $passed, 'a command whose client left counts');

$fake->step("SEND $nil$nil$nil");
$fake->play('AUTO');
ok(wait_for(sub { post($t, records())->{status} == 201 }),
    '... until it is answered');


# a batch

$fake->stop();
$fake->listen();
ok($fake->link(), 'a batch: the next link is of use');
$mark = $fake->play("AUTO 18");
$r = post($t, { data => [apart(5)] });
is($r->{status}, 207, 'of a batch that is too long');
is_deeply([map { $_->{success} ? 1 : 0 } @{$r->{json}{records}}],
    [1, 1, 1, 0, 0], '... the first ones are stored');
ok($fake->wait($mark), '... and the others not sent');


# by bytes

my $sets = $other->seen(qr/> SET/);
$passed = stopwatch();
is_full(post($t, records(more => 'x' x 20_000), port => 1), $passed,
    'a record larger than all that may wait');

$mark = $other->play('EXPECT 6');
my $first = start($t, 'POST', path(), records(more => 'x' x 12_000), port => 1);
ok($other->wait($mark), 'one of more than the half is under way');
$passed = stopwatch();
is_full(post($t, records(more => 'x' x 12_000), port => 1), $passed,
    'a second one');
$mark = $other->play('EXPECT 6');
my $small = start($t, 'POST', path(), records(), port => 1);
ok($other->wait($mark), 'a small one still fits');

$other->play("SEND $stored$stored\nAUTO");
is_stored($first->answer('POST'), 'the first is answered');
is_stored($small->answer('POST'), 'and the small one');
is_stored(post($t, records(more => 'x' x 12_000), port => 1),
    'then there is room again');
is($other->seen(qr/> SET/), $sets + 3, 'what was refused was not sent');


# what a command needs that comes after another one: a script's name fits, the
# script itself does not

$passed = stopwatch();
$r = $t->request('GET', '/api/v2/resources?resource_type=api_key', who(),
    undef, port => 2);
is($r->{status}, 503, 'a script that is larger than all that may wait');
cmp_ok($passed->(), '<', 2, '... answered at once');
ok($t->wait_log('resources.list failed: too many commands are pending'),
    '... and the log says why');

$t->done();
