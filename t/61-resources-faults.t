# The Resources API before a Redis that does what it is told: others that are
# always faster, a link that breaks between the steps of one request, replies
# that make no sense.  What a client was told is stored, is stored; what is not
# known, is not promised; and nothing is left over that could be a key.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use JSON::PP;
use SecOps;
use SecOps::Fake;
use SecOps::Records;

my $t = SecOps->new();
my $fake = SecOps::Fake->new($t, wait => 4);
my $path = '/api/v2/resources';

$t->run(conf(location => 'secops_redis_timeout 1s;') =~
    s/secops_auth header;/secops_auth header api_key;/r);

my $key = { k => { type => 'api_key', properties => { name => 'n' } } };
my $none = 'SEND *1\r\n$1\r\n7\r\n';           # found nothing, at revision 7
my $first = 1;


# a link, and the log from here on

sub fresh {
    $fake->play("CLOSE") unless $first;
    $first = 0;
    ok($fake->step('HANDSHAKE', 8), 'a new link');
    return length $fake->log();
}

sub since { # commands after that place: name and first words
    my ($place) = @_;
    return grep { !/^mark|^eof|^close|^accept/ }
        map { /^> (\S+)(?: "secops:\{(key|\w+:res))?/
              ? join(' ', $1, $2 // ()) : $_ }
        split /\n/, substr $fake->log(), $place;
}

sub answer { my ($request) = @_; return $request->answer('POST') // {} }

sub reason { return $_[0]{json}{request}{reason} // $_[0]{body} }


# created: find, pointer, commit

my $place = fresh();
my $done = $fake->play("EXPECT 1\n$none\nEXPECT 1\nSEND :2\\r\\n\n"
    . "EXPECT 1\nSEND :1\\r\\n");
my $r = answer(start($t, 'POST', $path, $key));
is($r->{status}, 200, 'a key is created by three commands');
is_deeply([since($place)], ['EVALSHA', 'HSET key', 'EVALSHA'],
    '... a digest leads to it before it is there');


# others are faster

$place = fresh();
$fake->play("EXPECT 1\n$none\nEXPECT 1\nSEND :2\\r\\n\nEXPECT 1\nSEND :0\\r\\n\n"
    . ("EXPECT 1\n$none\nEXPECT 1\nSEND :0\\r\\n\n" x 3)
    . "EXPECT 1\n$none\nEXPECT 1\nSEND :1\\r\\n");
$r = answer(start($t, 'POST', $path, $key));
is($r->{status}, 200, 'a commit that comes too late is tried again');
is_deeply([since($place)], ['EVALSHA', 'HSET key', ('EVALSHA') x 9],
    '... with the same digest');

$place = fresh();
$fake->play("EXPECT 1\n$none\nEXPECT 1\nSEND :2\\r\\n\nEXPECT 1\nSEND :0\\r\\n\n"
    . ("EXPECT 1\n$none\nEXPECT 1\nSEND :0\\r\\n\n" x 9)
    . "EXPECT 1\nSEND :1\\r\\n");
$r = answer(start($t, 'POST', $path, $key));
is($r->{status}, 503, 'one that is always too late gives up');
is(reason($r), 'Unable to save resources', '... and says so');
is($r->{headers}{'retry-after'}, 1, '... it is worth another try');
is_deeply([(since($place))[-2, -1]], ['EVALSHA', 'DEL key'],
    '... and the digest is removed');

my $document = encode_json({ name => 'n', digest => 'a' x 64, scopes => [] });
my $found = 'SEND *5\r\n$1\r\n8\r\n:0\r\n$3\r\nabc\r\n$' . length($document)
    . "\\r\\n$document\\r\\n\$0\\r\\n\\r\\n";
$place = fresh();
$fake->play("EXPECT 1\n$none\nEXPECT 1\nSEND :2\\r\\n\nEXPECT 1\nSEND :0\\r\\n\n"
    . "EXPECT 1\n$found\nEXPECT 1\nSEND :1\\r\\n");
$r = answer(start($t, 'POST', $path, $key));
is($r->{json}{updated}[0]{internal_id}, 'abc',
    'a name that somebody else has given meanwhile is updated');
is_deeply($r->{json}{created}, [], '... not created');
is_deeply([(since($place))[-2, -1]], ['EVALSHA', 'DEL key'],
    '... and the digest that was in vain is removed');


# scripts

$place = fresh();
$fake->play('EXPECT 1' . "\n" . 'SEND -NOSCRIPT No matching script.\r\n' . "\n"
    . "EXPECT 1\n$none");
$r = $t->request('GET', $path, who());
is($r->{body}, '[]', 'a script that Redis does not know is sent in full');
is_deeply([since($place)], ['EVALSHA', 'EVAL'], '... and once');

$place = fresh();
$fake->play('EXPECT 1' . "\n" . 'SEND -NOSCRIPT No matching script.\r\n' . "\n"
    . "EXPECT 1\n" . 'SEND -NOSCRIPT No matching script.\r\n');
is($t->request('GET', $path, who())->{status}, 500,
    '... not again and again');

foreach my $case (
    ['*0\r\n', 'nothing'], ['$1\r\n7\r\n', 'a string'], ['$-1\r\n', 'nil'],
    ['*2\r\n$1\r\n7\r\n:0\r\n', 'half a resource'],
    ['*5\r\n$1\r\n7\r\n$1\r\n0\r\n$3\r\nabc\r\n$2\r\n{}\r\n$0\r\n\r\n',
     'a string for a number'],
    ['*5\r\n$1\r\n7\r\n:0\r\n$-1\r\n$2\r\n{}\r\n$0\r\n\r\n', 'a nil for an id'],
    ['*5\r\n$1\r\n7\r\n:0\r\n*1\r\n:1\r\n$2\r\n{}\r\n$0\r\n\r\n',
     'an array for an id'],
    ['-WRONGTYPE Operation against a key\r\n', 'another type of key'],
) {
    fresh();
    $fake->play("EXPECT 1\nSEND $case->[0]");
    is($t->request('GET', $path, who())->{status}, 500,
        "a reply to find that is no such: $case->[1]");
}


# the link breaks

$place = fresh();
$fake->play("EXPECT 1\n$none\nEXPECT 1\nSEND :2\\r\\n\nEXPECT 1\nCLOSE\n"
    . "HANDSHAKE\nAUTO");
$first = 1;
$r = answer(start($t, 'POST', $path, $key));
is($r->{status}, 500, 'a commit whose outcome nobody knows');
is(reason($r), 'Unable to save resources', '... is not promised');
unlike($r->{body}, qr/"value"/, '... and no value told');
is(scalar(grep { /^DEL/ } since($place)), 0,
    '... but its digest stays: the key may be there');
$fake->stop();
$fake->listen();

$place = fresh();
$fake->play("EXPECT 1\n$none\nEXPECT 1\nSEND -OOM command not allowed.\\r\\n\n"
    . "EXPECT 1\nSEND :0\\r\\n");
$r = answer(start($t, 'POST', $path, $key));
is($r->{status}, 500, 'a digest that can not be written');
is_deeply([since($place)], ['EVALSHA', 'HSET key', 'DEL key'],
    '... ends the request before anything is changed');

$place = fresh();
$fake->play("EXPECT 1\n$none\nEXPECT 1\nSEND :2\\r\\n\n"
    . "EXPECT 1\nSEND -READONLY You can't write.\\r\\n");
$r = answer(start($t, 'POST', $path, $key));
is($r->{status}, 503, 'a commit that Redis surely did not do');
$fake->stop();
$fake->listen();
$first = 1;


# who leaves, at each of the steps

foreach my $steps ("EXPECT 1", "EXPECT 1\n$none\nEXPECT 1",
    "EXPECT 1\n$none\nEXPECT 1\nSEND :2\\r\\n\nEXPECT 1")
{
    fresh();
    my $mark = $fake->play($steps);
    my $request = start($t, 'POST', $path, $key);
    ok($fake->wait($mark), 'a client leaves');
    $request->close(reset => 1);
    sleep 0.05;
    $fake->step('SEND :1\r\n');
}

fresh();
my $mark = $fake->play("EXPECT 1\n$none\nEXPECT 1\nSEND :2\\r\\n\nEXPECT 1\n"
    . "SEND :0\\r\\n\n" . ("EXPECT 1\n$none\nEXPECT 1\nSEND :0\\r\\n\n" x 4));
my $request = start($t, 'POST', $path, $key);
sleep 0.02;
$request->close(reset => 1);
sleep 0.2;
is($t->request('GET', '/api/v2/token/scopes', who())->{status}, 200,
    '... while it waits for another try, too');
$fake->stop();
$fake->listen();
$first = 1;


# two steps of a key

$place = fresh();
my $value = 'A' x 86;
my $get = sub { return $t->request('GET', '/api/v2/token/scopes',
    { 'x-arcanna-api-key' => $_[0] })->{status} };

$fake->play('EXPECT 1' . "\n" . 'SEND *2\r\n$3\r\nabc\r\n$6\r\nglobal\r\n'
    . "\nEXPECT 1\n" . 'SEND $-1\r\n');
is($get->($value), 401, 'a digest that leads to a key that was deleted');
is_deeply([since($place)], ['HMGET key', 'HGET global:res'],
    '... is asked for in two steps');

foreach my $case (['*1\r\n$-1\r\n', 500, 'one value'],
    ['*2\r\n$-1\r\n$6\r\nglobal\r\n', 401, 'no id'],
    ['*2\r\n$3\r\nabc\r\n$-1\r\n', 401, 'no domain'],
    ['*2\r\n:1\r\n$6\r\nglobal\r\n', 500, 'a number for an id'],
    ['-LOADING Redis is loading\r\n', 503, 'a Redis that is not ready'],
) {
    $place = fresh();
    $fake->play("EXPECT 1\nSEND $case->[0]");
    $value = ('B' .. 'Z')[rand 24] x 40 . ('a' .. 'z')[rand 26] x 45 . 'A';
    is($get->($value), $case->[1], "a reply to the first step: $case->[2]");

    if ($case->[1] == 503) {
        $fake->stop();
        $fake->listen();
        $first = 1;
    }
}

fresh();
$fake->play('EXPECT 1' . "\n" . 'SEND *2\r\n$3\r\nabc\r\n$6\r\nglobal\r\n'
    . "\nEXPECT 1\nCLOSE\nHANDSHAKE\nEXPECT 1\nSEND \$-1\\r\\n");
is($get->('C' x 85 . 'A'), 401,
    'a link that breaks between the steps: the second is asked again');

$t->done();
