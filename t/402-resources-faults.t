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
my $fake = SecOps::Fake->new($t);
my $path = '/api/v2/resources';

$t->run(conf(location => 'secops_redis_timeout 1s;
    secops_redis_connect_timeout 10s;', http => '%%CLOCK%%') =~
    s/secops_auth header;/secops_auth header api_key;/r);

my $key = { k => { type => 'api_key', properties => { name => 'n' } } };
my $head = '$0\r\n\r\n$1\r\n0\r\n:0\r\n:0\r\n$0\r\n\r\n'; # after the revision
my $none = "SEND *6\\r\\n\$3\\r\\n7-a\\r\\n$head"; # found nothing, at revision 7
my $first = 1;


# a link, and the log from here on

sub fresh {
    $fake->play("CLOSE") unless $first;
    $first = 0;
    ok($fake->step('HANDSHAKE'), 'a new link');
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
$fake->play("EXPECT 1\n$none\nEXPECT 1\nSEND :2\\r\\n\nEXPECT 1\nSEND :-1\\r\\n\n"
    . "EXPECT 1\n$none\nEXPECT 1\nSEND :1\\r\\n");
$r = answer(start($t, 'POST', $path, $key));
is($r->{status}, 200, 'so is one that comes far too late: it was sent once');

$place = fresh();
$fake->play("EXPECT 1\n$none\nEXPECT 1\nSEND :2\\r\\n\nEXPECT 1\nSEND :0\\r\\n\n"
    . ("EXPECT 1\n$none\nEXPECT 1\nSEND :0\\r\\n\n" x 19)
    . "EXPECT 1\nSEND :1\\r\\n");
$r = answer(start($t, 'POST', $path, $key));
is($r->{status}, 503, 'one that is always too late gives up');
is(reason($r), 'Unable to save resources', '... and says so');
is($r->{headers}{'retry-after'}, 1, '... it is worth another try');
is_deeply([(since($place))[-2, -1]], ['EVALSHA', 'DEL key'],
    '... and the digest is removed');

my $document = encode_json({ name => 'n', digest => 'a' x 64, scopes => [] });
my $found = 'SEND *10\r\n$3\r\n8-b\r\n' . $head . ':0\r\n$3\r\nabc\r\n$' . length($document)
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
    ['*1\r\n$1\r\n7\r\n', 'no next id'],
    ['*2\r\n$1\r\n7\r\n$0\r\n\r\n', 'as before this version'],
    ['*6\r\n$1\r\n7\r\n$-1\r\n$1\r\n0\r\n:0\r\n:0\r\n$0\r\n\r\n',
     'a nil for the next id'],
    ['*6\r\n$1\r\n7\r\n$0\r\n\r\n:0\r\n:0\r\n:0\r\n$0\r\n\r\n',
     'a number for the bytes'],
    ['*6\r\n$1\r\n7\r\n$0\r\n\r\n$1\r\n0\r\n:-1\r\n:0\r\n$0\r\n\r\n',
     'a negative number of resources'],
    ['*6\r\n$1\r\n7\r\n$0\r\n\r\n$1\r\n0\r\n:0\r\n:0\r\n$300\r\n' . 'x' x 300
     . '\r\n', 'a place to go on that is too long'],
    ["*7\\r\\n\$1\\r\\n7\\r\\n$head:0\\r\\n", 'half a resource'],
    ["*10\\r\\n\$1\\r\\n7\\r\\n$head" . '$1\r\n0\r\n$3\r\nabc\r\n$2\r\n{}\r\n$0\r\n\r\n',
     'a string for a number'],
    ["*10\\r\\n\$1\\r\\n7\\r\\n$head" . ':0\r\n$-1\r\n$2\r\n{}\r\n$0\r\n\r\n',
     'a nil for an id'],
    ["*10\\r\\n\$1\\r\\n7\\r\\n$head" . ':0\r\n*1\r\n:1\r\n$2\r\n{}\r\n$0\r\n\r\n',
     'an array for an id'],
    ['-WRONGTYPE Operation against a key\r\n', 'another type of key'],
) {
    fresh();
    $fake->play("EXPECT 1\nSEND $case->[0]");
    is($t->request('GET', $path, who())->{status}, 500,
        "a reply to find that is no such: $case->[1]");
}


# The number of a lookup becomes an index of the worker's memory.

foreach my $number (1, 3, 1000, 100_000_000, -1, '9223372036854775807',
    '-9223372036854775808')
{
    fresh();
    $fake->play("EXPECT 1\nSEND *10\\r\\n\$1\\r\\n7\\r\\n$head"
        . ":$number\\r\\n\$4\\r\\n1000\\r\\n\$13\\r\\n{\"title\":\"x\"}\\r\\n"
        . "\$0\\r\\n\\r\\n");
    is(answer(start($t, 'POST', $path, $key))->{status}, 500,
        "C.B1: a reply to the first lookup of one, for that of number $number");

    next if $number == 1;               # a list has three lookups

    fresh();
    $fake->play("EXPECT 1\nSEND *10\\r\\n\$1\\r\\n7\\r\\n$head"
        . ":$number\\r\\n\$4\\r\\n1000\\r\\n\$13\\r\\n{\"title\":\"x\"}\\r\\n"
        . "\$0\\r\\n\\r\\n");
    is($t->request('GET', $path, who())->{status}, 500, '... to those of a list');
}


# the link breaks

# Between two readings of one request others may come: it starts again, and
# decides on what is there then.

sub found_at { # revision; [lookup, id, document], ...
    my ($revision, @found) = @_;
    my $text = sub { '$' . length($_[0]) . "\\r\\n$_[0]\\r\\n" };
    return 'SEND *' . (6 + 4 * @found) . '\r\n' . $text->($revision)
        . $text->('1005') . $text->('1') . (':' . @found . '\r\n') x 2
        . $text->('') . join '', map { ":$_->[0]\\r\\n"
            . $text->($_->[1])
            . $text->(ref $_->[2] ? encode_json($_->[2]) : $_->[2])
            . $text->('') } @found;
}

sub revisions { # that commits were based on, after that place
    my ($place) = @_;
    return [substr($fake->log(), $place)
        =~ /^> EVALSHA "\w+" "15"(?: "[^"]*"){15} "(\d+-\w+)"/mg];
}

my $integration = { title => 'I', integration_type => 'Elasticsearch',
    parameters => { hosts => 'h' } };
my $job = { title => 'J', description => 'd', category =>
    'Decision intelligence', decision_points => ['a'], status => 'DISABLED',
    advanced_settings => { custom_labels => [map { { id => "label_$_",
        name => "l$_" } } 0 .. 2] }, pipeline_integrations => [
        { resource => '{{integrations(internal_id=1000)}}',
          integration_type => 'input', enabled => JSON::PP::true,
          parameters => { index => 'i' } } ] };

# what it refers to refers to others: that is asked in a second reading

my $hook = { w => { type => 'integration', properties => { title => 'W',
    integration_type => 'Webhook', parameters => {
        url => 'https://example.com/x', auth_type => 'none',
        headers => { 'X-Job' => "{{jobs(title='J')}}" } } } } };
my @first = ([1, '1001', $job]);

$place = fresh();
$fake->play("EXPECT 1\n" . found_at('7-a', @first)
    . "\nEXPECT 1\n" . found_at('7-a', [0, '1000', $integration])
    . "\nEXPECT 1\nSEND :1\\r\\n\nAUTO");
$r = answer(start($t, 'POST', $path, $hook));
is($r->{status}, 200, 'an integration is created after two readings') or diag($r->{body});
is_deeply(revisions($place), ['7-a'], '... of one revision');
is_deeply([since($place)], [('EVALSHA') x 3], '... and a commit');
$fake->stop();
$fake->listen();
$first = 1;

$place = fresh();
$fake->play("EXPECT 1\n" . found_at('7-a', @first)
    . "\nEXPECT 1\n" . found_at('8-b', [0, '1000', $integration])
    . "\nEXPECT 1\n" . found_at('8-b', @first)
    . "\nEXPECT 1\n" . found_at('8-b', [0, '1000', $integration])
    . "\nEXPECT 1\nSEND :1\\r\\n");
$r = answer(start($t, 'POST', $path, $hook));
is($r->{status}, 200, 'others come between two readings') or diag($r->{body});
is_deeply([since($place)], [('EVALSHA') x 5], '... it starts again');
is_deeply(revisions($place), ['8-b'], '... and decides on what is there then');


# nothing is deleted that somebody has begun to need

my @target = ([1, '1000', $integration]);

$place = fresh();
$fake->play("EXPECT 1\n" . found_at('7-a', @target)
    . "\nEXPECT 1\n" . found_at('7-a', [0, '1000', $integration])
    . "\nEXPECT 1\nSEND :0\\r\\n"
    . "\nEXPECT 1\n" . found_at('8-b', @target)
    . "\nEXPECT 1\n" . found_at('8-b', [0, '1000', $integration],
        [2, '1001', $job]));
$r = $t->request('DELETE', "$path?title=I", who());
is($r->{status}, 409, 'a job that comes between the check and the commit')
    or diag($r->{body});
like($r->{body}, qr/job \\"J\\"/, '... is noticed, and named');
is_deeply([since($place)], [('EVALSHA') x 5], '... it is read again');

$place = fresh();
$fake->play("EXPECT 1\n" . found_at('7-a', @target)
    . "\nEXPECT 1\n" . found_at('8-b'));
is($t->request('DELETE', "$path?title=I", who())->{status}, 404,
    'one that another has deleted meanwhile is not there');

$place = fresh();
$fake->play("EXPECT 1\n" . found_at('7-a', @target)
    . "\nEXPECT 1\n" . found_at('8-b', [2, '1001', $job]));
is($t->request('DELETE', "$path?title=I", who())->{status}, 404,
    '... though a job still refers to it');
is_deeply([since($place)], [('EVALSHA') x 2], '... and nothing is changed');

$place = fresh();
$fake->play("EXPECT 1\n" . found_at('7-a', @target)
    . "\nEXPECT 1\n" . found_at('7-a', [0, '1000', $integration],
        [2, '1001', 'no job, 1000']));
is($t->request('DELETE', "$path?title=I", who())->{status}, 500,
    'a job that can not be read may refer to it');
ok($t->wait_log('the stored job "1001" can not be read'), '... it is named');
is_deeply([since($place)], [('EVALSHA') x 2], '... and nothing is deleted');


# The commit is sent again over the next link: it knows whether it was there.

my $lost = "EXPECT 1\n$none\nEXPECT 1\nSEND :2\\r\\n\nEXPECT 1\nCLOSE\n"
    . 'HANDSHAKE';

foreach my $case (
    ["EXPECT 1\nSEND :1\\r\\n", 200, 'it was, or is now', ['EVALSHA']],
    ["EXPECT 1\nSEND -NOSCRIPT No.\\r\\n\nEXPECT 1\nSEND :1\\r\\n", 200,
     'a Redis that has restarted wants the script again',
     ['EVALSHA', 'EVAL']],
    ["EXPECT 1\nSEND :0\\r\\n\nEXPECT 1\n$none\nEXPECT 1\nSEND :1\\r\\n", 200,
     'it was not, others were faster', [('EVALSHA') x 3]],
    ["EXPECT 1\nSEND :-1\\r\\n", 500, 'nobody can tell any more', ['EVALSHA']],
    ["EXPECT 1\nSEND -LOADING Redis is loading.\\r\\n", 500,
     'a Redis that can not be asked yet', ['EVALSHA']],
    ["EXPECT 1\nSEND -NOSCRIPT No.\\r\\n\nEXPECT 1\nSEND -OOM no.\\r\\n", 500,
     'it is refused, and may have been there', ['EVALSHA', 'EVAL']],
) {
    my ($play, $status, $name, $then) = @$case;

    $place = fresh();
    $fake->play("$lost\n$play\nAUTO");
    $r = answer(start($t, 'POST', $path, $key));
    is($r->{status}, $status, "a link that breaks at the commit: $name")
        or diag($r->{body});
    is_deeply([grep { /EVAL|DEL/ } since($place)],
        [('EVALSHA') x 2, @$then], '... it is sent again');

    if ($status == 200) {
        like($r->{json}{created}[0]{value}, qr/\A[\w-]{86}\z/,
            '... and answered with the value');
    } else {
        is(reason($r), 'Unable to save resources', '... and not promised');
        unlike($r->{body}, qr/"value"/, '... and no value told');
    }

    $fake->stop();
    $fake->listen();
    $first = 1;
}

$place = fresh();
$fake->play("EXPECT 1\n$none\nEXPECT 1\nSEND :2\\r\\n\nEXPECT 1\nCLOSE\nSTOP");
$first = 1;
$r = answer(start($t, 'POST', $path, $key));
is($r->{status}, 500, 'a commit whose outcome nobody knows in time');
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


# Who leaves at one of the steps: its commands end there, what Redis says to
# the last of them is nobody's, and over the same link the next client gets its
# own answer.


my @key = ([0, 'abc', { name => 'n', digest => 'a' x 64, scopes => [] }]);
my ($put, $ok, $late) = map { "SEND :$_\\r\\n" } 2, 1, 0;

foreach my $case (
    ['a key that is created', 'POST', $path, $key, $none, $put, $ok],
    ['... in vain', 'POST', $path, $hook, found_at('7-a', @first),
     found_at('7-a', [0, '1000', $integration]), $ok],
    ['a key that is deleted', 'DELETE',
     "$path?resource_type=api_key&title=n", undef, (found_at('7-a', @key)) x 2,
     $ok, $ok],
    ['a job that is started', 'POST', '/api/v2/jobs/1001/start', '',
     found_at('7-a', [0, '1001', $job]), $ok],
    ['a list', 'GET', $path, undef, $none],
) {
    my ($name, $method, $uri, $body, @replies) = @$case;

    fresh();

    foreach my $n (0 .. $#replies) {
        $place = length $fake->log();

        my $mark = $fake->play(join "\n", (map { ('EXPECT 1', $_) }
            @replies[0 .. $n - 1]), 'EXPECT 1');
        my $request = start($t, $method, $uri, $body);
        ok($fake->wait($mark), "$name: command " . ($n + 1) . ' is sent');
        $request->close(reset => $n % 2);
        ok($t->has_left(), '... when its client leaves');

        $mark = $fake->play("$replies[$n]\nEXPECT 1\n$none");
        is($t->request('GET', $path, who())->{body}, '[]',
            '... the next client gets its own answer');
        is(scalar since($place), $n + 2, '... and nothing else was sent');
    }
}

# ... while it waits for another try

$place = fresh();
my $mark = $fake->play("EXPECT 1\n$none\nEXPECT 1\n$put\nEXPECT 1\n$late\n"
    . ("EXPECT 1\n$none\nEXPECT 1\n$late\n" x 9));
my $request = start($t, 'POST', $path, $key);
ok(wait_for(sub { since($place) >= 3 }), 'a commit that comes too late');
$request->close(reset => 1);
ok($t->has_left(), '... its client leaves before it is tried again');
$place = length $fake->log();
$t->later(300);         # all the tries would be made meanwhile
cmp_ok(scalar since($place), '<=', 1, '... it has no other try');
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


# The end of a worker, while a request waits for another try: the link is idle
# then, and closed; each try has one of its own.

fresh();
$mark = $fake->play("EXPECT 1\n$none\nEXPECT 1\n$put\nEXPECT 1");
$request = start($t, 'POST', $path, $key);
ok($fake->wait($mark), 'a commit is on its way');
kill 'QUIT', $t->master();
ok($t->wait_log('gracefully shutting down'), '... the worker is told to quit');
my $try = "HANDSHAKE\nEXPECT 1\n$none\nEXPECT 1";
$fake->play("$late\nWAITCLOSE\n" . "$try\n$late\nWAITCLOSE\n" x 3
    . "$try\n$ok\nWAITCLOSE");
is(answer($request)->{status}, 200, '... and tries again until it is done');
$request->close();                      # or nginx may linger for it
ok(wait_for(sub { !$t->workers() }), '... and ends then');
$t->{told} = 1;

$t->done();
