# Clients leave at any moment: before the body, in the middle of it, while
# their command is under way, in HTTP/2 by a reset.  The command then outlives
# its request: its reply is read and dropped, so that those who stayed get
# their own answers over the same link.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use SecOps;
use SecOps::Fake;
use SecOps::H2;
use SecOps::Load;
use SecOps::Records;

my $t = SecOps->new();
my $fake = SecOps::Fake->new($t);
my $redis = $t->redis();
my $limits = <<'EOT';
            client_max_body_size 4m;
            secops_redis_timeout 10s;
            secops_redis_connect_timeout 10s;
EOT

$t->run(conf(location => $limits, http => <<"EOT"));
    server {
        listen 127.0.0.1:%%PORT1%% http2;

        location /api/ {
            secops_api;
            secops_redis %%REDIS%%;
            secops_auth header;
            $limits
        }
    }

    server {
        listen 127.0.0.1:%%PORT2%%;
        listen 127.0.0.1:%%PORT3%% http2;

        location /api/ {
            secops_api;
            secops_redis %%REDIS1%%;
            secops_auth header;
            $limits
        }
    }
EOT

my ($worker) = $t->workers();


sub value { return '$7\r\n{"a":' . $_[0] . '}\r\n' }
sub is_value { is($_[0] && $_[0]{body}, qq({"result":{"a":"$_[1]"}}), $_[2]) }


# before a command

ok($fake->link(), 'the link is of use');
my $seen = $fake->seen(qr/> /);

foreach my $reset (0, 1) {
    my $end = $reset ? 'reset' : 'closed';
    my $connection = $t->connect();
    my $bytes = $connection->format('POST', path(), who(),
        records(more => 'x' x 3_000_000));

    $connection->close(reset => $reset);

    foreach my $part (20, index($bytes, "\r\n\r\n") + 4, 5000, 2_000_000) {
        $connection = $t->connect();
        $connection->send(substr $bytes, 0, $part);
        $connection->close(reset => $reset);
        is($t->request('GET', '/none')->{status}, 404,
            "$end after $part bytes: the next client is served");
    }
}

is($fake->seen(qr/> /), $seen, 'what did not come whole is not sent to Redis');


# while the command is under way

foreach my $reset (0, 1) {
    my $mark = $fake->play('EXPECT 6');
    my $connection = start($t, 'POST', path(), records(observable => 'gone'));
    ok($fake->wait($mark), 'a record is on its way to Redis');
    $connection->close(reset => $reset);
    ok($t->has_left(), '... when its client leaves');

    $mark = $fake->play('EXPECT 1');
    my $next = start($t, 'GET', read_path());
    ok($fake->wait($mark), 'the next command goes over the same link');
    $fake->play("SEND $stored" . value(1));
    is_value($next->answer('GET'), 1, '... and gets its own reply');
}

my $mark = $fake->play('EXPECT 5');
my @get = map { start($t, 'GET', read_path('0' x 31 . $_)) } 1 .. 5;
ok($fake->wait($mark), 'five reads are under way');
my @order = map { /> GET ".*0([1-5])"/ ? $1 : () } split /\n/, $fake->log();
my %place = map { $order[-5 + $_] => $_ + 1 } 0 .. 4;
foreach my $n (2, 4) {
    $get[$n - 1]->close();
    ok($t->has_left(), '... one client leaves');
}
$fake->play('SENDSLOW ' . join '', map { value($_) } 1 .. 5);
is_value($get[$_ - 1]->answer('GET'), $place{$_},
    'one that stayed gets its own reply') foreach 1, 3, 5;

$mark = $fake->play('EXPECT 18');
my $batch = start($t, 'POST', path(), { data => [apart(3)] });
ok($fake->wait($mark), 'a batch is on its way to Redis');
$fake->step("SEND $stored+OK\\r\\n+QUEUED\\r\\n");
$batch->close();
ok($t->has_left(), '... when its client leaves, after the first replies');
$mark = $fake->play('EXPECT 1');
my $next = start($t, 'GET', read_path());
ok($fake->wait($mark), '... the next command goes over the same link');
(my $rest = $stored) =~ s/^.*?QUEUED\\r\\n//;
$fake->play("SEND $rest$stored" . value(2));
is_value($next->answer('GET'), 2, '... and gets its own reply');

is($fake->seen(qr/^accept/), 1, 'there was one link all the time');


# before the command was sent: it never is

$fake->step("CLOSE\nACCEPT");
my $waiting = start($t, 'POST', path(), records(observable => 'never'));
is($t->request('GET', '/none')->{status}, 404, 'a record waits for a link');
$waiting->close();
ok($t->has_left(), '... when its client leaves');
$fake->step("HANDSHAKE\nAUTO 0");
$mark = $fake->play('AUTO 6');
is_stored(post($t, records()), 'the link begins, and the next is stored');
ok($fake->wait($mark), '... at first');
is($fake->seen(qr/> SET .*never/), 0, 'what nobody waits for is not sent');


# HTTP/2: streams are reset one by one, and the connection goes on

sub get_h2 {
    my ($h2, $n) = @_;
    return $h2->request('GET', read_path('0' x 31 . $n), who());
}

my $h2 = SecOps::H2->new($t, 1);
$mark = $fake->play('EXPECT 4');
my @streams = map { get_h2($h2, $_) } 1 .. 4;
ok($fake->wait($mark), 'four streams are under way');
$h2->reset($streams[0]);
$h2->reset($streams[2]);
ok($h2->ping(), '... two of them are reset');
$fake->play('SENDSLOW ' . join '', map { value($_) } 1 .. 4);
is_value($h2->answer($streams[1]), 2, '... the second gets its own reply');
is_value($h2->answer($streams[3]), 4, '... and the fourth');

my $stream = $h2->request('POST', path(), who(), '{"observable":', part => 1);
ok($h2->ping(), 'a stream in the middle of its body');
$h2->reset($stream);
$mark = $fake->play("EXPECT 1\nSEND " . value(5));
is_value($h2->answer(get_h2($h2, 5)), 5,
    '... is reset, and another one served');

foreach my $how ('reset', 'close', 'goaway') {
    $h2 = SecOps::H2->new($t, 1);
    $mark = $fake->play('EXPECT 3');
    get_h2($h2, $_) foreach 1 .. 3;
    ok($fake->wait($mark), 'three streams are under way');

    $h2->goaway() if $how eq 'goaway';
    $h2->close(reset => $how eq 'reset');
    $mark = $fake->play("SEND " . join('', map { value($_) } 1 .. 3)
        . "\nEXPECT 1\nSEND " . value(9));
    is_value(get($t, read_path()), 9,
        "$how of the connection: the next one gets its own reply");
}

is($fake->seen(qr/^accept/), 2, 'all of it went over one link');


# under load, with a real Redis

my $seconds = $ENV{SECOPS_SOAK} ? 60 : 3;
is(post($t, records(), port => 2)->{status}, 201, 'Redis is there');

sub link_id {
    my @links = grep { !/cmd=client/ } split /\n/, $redis->cmd(qw(CLIENT LIST));
    return join ' ', map { /\bid=(\d+)/ } @links;
}

my $link = link_id();
my %load = (seconds => $seconds, port => 2, reads => 1);
my $cut = SecOps::Load->new($t, clients => 2, cut => 0.5, %load);
my $stay = SecOps::Load->new($t, clients => 1, pipeline => 4, %load);

my ($resets, $others, $wrong) = (0, 0, 0);
$h2 = SecOps::H2->new($t, 3);
my $end = time() + $seconds;
while (time() < $end) {
    my %sent = map { my $name = "h2-$_-" . $others; ($h2->request('POST',
        path(), who(), qq({"observable":"$name","finding":"Clean",)
        . '"source_engine":"h2"}') => $name) } 1 .. 6;

    my @sent = sort { $a <=> $b } keys %sent;
    foreach my $stream (@sent[0, 2, 4]) {
        $h2->reset($stream);
        $resets++;
    }
    foreach my $stream (@sent[1, 3, 5]) {
        my $r = $h2->answer($stream);
        $others++;
        $wrong++ unless $r && $r->{status} == 201
            && $r->{body} =~ /"observable":"\Q$sent{$stream}\E"/;
    }

    # nginx ends a connection after a thousand requests
    $h2 = SecOps::H2->new($t, 3) if $h2->{next} > 1800;
}

my $cut_seen = $cut->end();
my $seen_all = $stay->end();

diag("$cut_seen->{cut} connections cut, $resets streams reset; beside them "
    . "$seen_all->{requests} requests and $others streams");

cmp_ok($cut_seen->{cut}, '>', 50, 'many clients left');
is($seen_all->{lost} + $cut_seen->{lost}, 0, 'those who stayed are answered');
is(join(' ', sort grep { /^\d/ && $seen_all->{$_} } keys %$seen_all), '200 201',
    '... with success');
is($seen_all->{mixed} + $cut_seen->{mixed}, 0, '... and what is their own');
cmp_ok($resets, '>', 50, 'many streams were reset');
is($wrong, 0, '... and all the others got their own answer');
is(link_id(), $link, 'the link to Redis is the same all the time');
is(($t->workers())[0], $worker, '... and so is the worker');

$t->done();
