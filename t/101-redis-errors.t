# Every error code that Redis may answer: what the client is told, whether it
# may come again, and whether the link is of further use.  The rows stand here
# once more, by hand: a row that changes, or a new one, has to be meant.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use SecOps;
use SecOps::Fake;
use SecOps::Records;
use SecOps::Tree qw(source);

my ($refused, $unavailable, $reconnect) = (500, 503, '503, a new link');

my %action = (
    LOADING     => $reconnect,
    READONLY    => $reconnect,
    MASTERDOWN  => $reconnect,
    NOAUTH      => $reconnect,
    CLUSTERDOWN => $unavailable,
    TRYAGAIN    => $unavailable,
    BUSY        => $unavailable,
    NOREPLICAS  => $unavailable,
    OOM         => $refused,
    MISCONF     => $refused,
    MOVED       => $refused,
    ASK         => $refused,
    NOSCRIPT    => $refused,
    WRONGPASS   => $refused,
    NOPERM      => $refused,
    EXECABORT   => $refused,
    WRONGTYPE   => $refused,
    UNKILLABLE  => $refused,
    ERR         => $refused,
    SOMETHING   => $refused,            # not in the table
);

my $t = SecOps->new();
my $fake = SecOps::Fake->new($t);

$t->run(conf(location => <<'EOT'));
            secops_redis_connect_timeout 10s;
            secops_redis_timeout 10s;
EOT

my $queued = '+QUEUED\r\n';
my $abort = '-EXECABORT Transaction discarded\r\n';


sub is_told {
    my ($r, $status, $message, $name) = @_;

    is_refused($r, $status, $message, $name);
    is($r->{headers}{'retry-after'}, $status == 503 ? 1 : undef,
        '... and ' . ($status == 503 ? 'may' : 'is not to') . ' come again');
}


# the link serves the next request, or was closed; then there is a new one

sub is_kept {
    my ($action) = @_;

    if ($action eq $reconnect) {
        ok($fake->step("WAITCLOSE"), '... the link is closed');
        ok($fake->link(), '... and a new one serves');

    } else {
        my $connections = $fake->seen(qr/^accept/);
        my $mark = $fake->play('AUTO 6');
        is(post($t, records())->{status}, 201, '... the link serves on');
        ok($fake->wait($mark), '... without a word');
        is($fake->seen(qr/^accept/), $connections, '... and is the same');
    }
}


ok($fake->link(), 'the first link is of use');

foreach my $code (sort keys %action) {
    my $action = $action{$code};
    my ($status) = $action =~ /^(\d+)/;
    my $error = "-$code as Redis says\\r\\n";

    foreach my $place ('queued', 'EXEC') {
        my $replies = $place eq 'EXEC'
            ? '+OK\r\n' . $queued x 4 . $error
            : '+OK\r\n' . $queued x 2 . $error . $queued . $abort;

        $fake->play("EXPECT 6\nSEND $replies");
        my $r = post($t, records());

        is_told($r, $status, 'Unable to persist record',
            "$code, $place: the record is not stored");
        my ($id) = ($r->{json}{error}{detail} // '') =~ /request (\w+)/;
        ok($t->wait_log("failed: $code as Redis says, request $id"),
            '... the log has the words of Redis');
        unlike($r->{body}, qr/$code|Redis/, '... the answer has not');
        is_kept($action);
    }

    $fake->play("EXPECT 1\nSEND $error");
    is_told(get($t, read_path()), $status, 'Unable to read record',
        "$code to GET: the record is not read");
    is_kept($action);
}


# an error without a code, and the shortest one

foreach my $error ('-', '-E', '- ') {
    $fake->play("EXPECT 1\nSEND $error\\r\\n");
    is_told(get($t, read_path()), 500, 'Unable to read record',
        qq(the error "$error" is a refusal));
    is_kept($refused);
}


# One of the commands within EXEC fails: the others were executed, so that
# "surely not stored" can not be said, whatever the code.

foreach my $code ('WRONGTYPE', 'OOM', 'BUSY') {
    $fake->play("EXPECT 6\nSEND +OK\\r\\n" . $queued x 4
        . "*4\\r\\n+OK\\r\\n-$code within EXEC\\r\\n"
        . ':1\r\n$3\r\n1-1\r\n');
    is_told(post($t, records()), 500, 'Unable to persist record',
        "$code within the reply to EXEC is no success");
    is_kept($refused);
}

$fake->play("EXPECT 6\nSEND +OK\\r\\n" . $queued x 4
    . '*4\r\n+OK\r\n:1\r\n-READONLY within EXEC\r\n$3\r\n1-1\r\n');
is_told(post($t, records()), 500, 'Unable to persist record',
    'READONLY within the reply to EXEC is no success');
is_kept($reconnect);


# MULTI itself is refused: what follows is executed command by command

$fake->play("EXPECT 6\nSEND -BUSY now\\r\\n+OK\\r\\n:1\\r\\n:1\\r\\n"
    . '$3\r\n1-1\r\n-ERR EXEC without MULTI\r\n');
is_told(post($t, records()), 500, 'Unable to persist record',
    'MULTI is refused, the rest is executed: not "come again"');
is_kept($unavailable);

$fake->play("EXPECT 6\nSEND " . '-BUSY now\r\n' x 6);
is_told(post($t, records()), 503, 'Unable to persist record',
    'all of them are refused: come again');
is_kept($unavailable);


# Redis says that the link is of no use while it still owes replies: those
# come, what was not written yet goes over the next link

$fake->play('EXPECT 3', 'three came');
my @get = map { start($t, 'GET', read_path('0' x 31 . $_)) } 1 .. 3;
ok($fake->wait('three came'), 'three reads are under way');

my @order = map { /> GET ".*0([123])"/ ? $1 : () } split /\n/, $fake->log();
@order = @order[-3 .. -1];
$fake->step('SEND -READONLY You can not write\r\n');
ok(wait_for(sub { $get[$order[0] - 1]->fill(time() + 0.1) }),
    'the first is answered READONLY');

my $later = start($t, 'GET', read_path('0' x 31 . 4));
ok($later->taken(), 'one more is asked for while the link still owes replies');
$fake->play('SEND $7\r\n{"a":2}\r\n$7\r\n{"a":3}\r\n' . "\nWAITCLOSE\n"
    . "HANDSHAKE\nEXPECT 1\nSEND \$7\\r\\n{\"a\":4}\\r\\n", 'moved');

is($get[$order[0] - 1]->answer('GET')->{status}, 503,
    'READONLY is the answer to the first only');
is($get[$order[1] - 1]->answer('GET')->{body}, '{"result":{"a":"2"}}',
    '... the second has its reply');
is($get[$order[2] - 1]->answer('GET')->{body}, '{"result":{"a":"3"}}',
    '... and the third');
is($later->answer('GET')->{body}, '{"result":{"a":"4"}}',
    'what came after that is asked over the next link');
ok($fake->wait('moved'), '... the old one was closed before');


# the table in the source and the one in the docs name what was tried here

my $source = $t->read(source('secops_redis_error.c'));
is_deeply([sort $source =~ /\{ secops_slice\("(\w+)"\)/g],
    [sort grep { $_ ne 'SOMETHING' } keys %action],
    'each code of the source was tried');

my %docs = $t->read(root() . '/docs/operations.md')
    =~ /^\| `([A-Z]+)` \| ((?:refused|unavailable)[^|]*? \| \d+) \|/mg;

# a cluster, which this is not, does other things with some

$docs{$_} =~ s/; in a cluster \w+(?: again)?// foreach keys %docs;

my %words = ($refused => 'refused | 500', $unavailable => 'unavailable | 503',
             $reconnect => 'unavailable, reconnect | 503');
is_deeply(\%docs, { map { $_ => $words{$action{$_}} }
    grep { $_ ne 'SOMETHING' } keys %action },
    'the docs tell what was seen here');

$t->done();
