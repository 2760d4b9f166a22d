# Field 7: a packed body is read, or refused as such.  gzip is taken, wherever
# nginx has put the body, with client_max_body_size as the limit of what is
# unpacked too; what is cut, broken or followed by something is refused in the
# API's own form; any other coding is 415 and says what is taken.  A bomb takes
# no memory, holds no worker, and the connection stays in step.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Compress::Zlib qw(memGzip);
use SecOps;
use SecOps::Records;
use SecOps::Resources ();
use SecOps::Worst ();

my $t = SecOps->new();
my $redis = $t->redis();

my $api = <<'EOT';
            secops_api;
            secops_redis %%REDIS%%;
            secops_auth header;
EOT

$t->run(conf(listen => ' http2', http => 'keepalive_requests 10000;',
    server => <<"EOT") =~ s/listen (\S+) http2;/listen $1; listen 127.0.0.1:%%PORT1%% http2;/r);
        location /small/ {
            rewrite ^/small(/.*)\$ \$1 break;
            $api
            client_body_buffer_size 16;
        }

        location /file/ {
            rewrite ^/file(/.*)\$ \$1 break;
            $api
            client_body_in_file_only clean;
        }

        location /single/ {
            rewrite ^/single(/.*)\$ \$1 break;
            $api
            client_body_in_single_buffer on;
        }

        location /tiny/ {
            rewrite ^/tiny(/.*)\$ \$1 break;
            $api
            client_max_body_size 1k;
        }

        location /large/ {
            rewrite ^/large(/.*)\$ \$1 break;
            $api
            client_max_body_size 0;
        }
EOT

my $pad = join '', map { sprintf '%05d,', $_ } 1 .. 150_001;
my $count = 0;
my %gzip = ('Content-Encoding' => 'gzip');


sub body { # a record with so many bytes of padding, different each time
    my ($size) = @_;
    return '{"observable":"o' . $count++ . '","finding":"Clean",'
        . '"source_engine":"e","more":"' . substr($pad, 0, $size) . '"}';
}


sub whole { # the answer holds all of the body
    my ($r, $body, $name) = @_;
    my $members = substr $body, 1;
    ok($r && $r->{status} == 201
        && substr($r->{body}, -length $members) eq $members, $name)
        or diag($r ? $r->{head} . substr $r->{body}, 0, 200 : 'no answer');
}


# wherever nginx puts it, however it comes

foreach my $place ('', '/small', '/file', '/single') {
    my $path = $place . path();
    my $where = $place ? "in $place" : 'by default';

    foreach my $size (0, 100, 5000, 200_000, 900_000) {
        my $connection = $t->connect();

        my $body = body($size);
        whole($connection->request('POST', $path, { %{who()}, %gzip },
            memGzip($body)), $body, "$size bytes of padding, packed, $where");

        $body = body($size);
        whole($connection->request('POST', $path, { %{who()}, %gzip },
            memGzip($body), chunked => 1 + int $size / 70), $body,
            '... in chunks');

        $body = body($size);
        whole($connection->request('POST', $path, who(), $body), $body,
            '... and one as it is, on the same connection');
    }

    my $body = body(300);
    whole($t->connect()->request('POST', $path, { %{who()}, %gzip },
        memGzip($body), piece => 7, pause => 0.001), $body,
        "a packed body in pieces of 7 bytes $where");
}

ok(!grep({ -f } glob $t->dir() . '/client_body_temp/*'),
    'no body is left behind in a file');


# what is packed: a batch, lines, a set of resources

my @records = apart(5);
my $json = JSON::PP->new->canonical;

my $r = post($t, memGzip($json->encode({ data => \@records })),
    headers => { %gzip });
is($r->{status}, 201, 'Field 7: a packed batch is taken') or diag($r->{body});
is($r->{json}{stored}, 5, '... whole');

$r = post($t, memGzip(join "\n", map { $json->encode($_) } @records),
    headers => { %gzip, 'Content-Type' => 'application/x-ndjson' });
is($r->{status}, 201, 'Field 7: packed lines are taken') or diag($r->{body});
is($r->{json}{stored}, 5, '... whole');

my %writer = ('X-SecOps-User' => 'w',
    'X-SecOps-Roles' => 'sn_sec_cmn.api_write,sn_sec_cmn.api_read,'
        . 'secops.resources_write,secops.resources_read');
my $set = $json->encode({ i => SecOps::Resources::integration('packed') });

$r = $t->request('POST', '/api/v2/resources', { %writer, %gzip },
    memGzip($set));
SecOps::Resources::is_saved($r, 'Field 7: a packed set of resources is saved');

my $h2 = body(50_000);
whole($t->h2('POST', path(), { %{who()}, %gzip,
    'Content-Type' => 'application/json' }, memGzip($h2), port => 1), $h2,
    'a packed body over HTTP/2');


# spellings

foreach my $coding ('gzip', 'GZip', ' gzip ', 'x-gzip', 'gzip,identity',
    'identity, gzip', ', gzip,')
{
    my $body = body(10);
    whole(post($t, memGzip($body), headers => { 'Content-Encoding' => $coding }),
        $body, "the coding \"$coding\" is gzip");
}

foreach my $coding ('identity', 'Identity', '', 'identity,identity') {
    my $body = body(10);
    whole(post($t, $body, headers => { 'Content-Encoding' => $coding }),
        $body, "the coding \"$coding\" is none");
}

foreach my $coding ('br', 'zstd', 'deflate', 'compress', 'gzipp', 'gzi',
    'gzip, gzip', 'gzip, br', 'br, identity', 'gzip;q=1', '*')
{
    my $connection = $t->connect();
    $r = $connection->request('POST', path(), { %{who()},
        'Content-Encoding' => $coding }, body(3000));
    is_refused($r, 415, 'Unsupported media type',
        "Field 7: the coding \"$coding\" is 415");
    is($r->{headers}{'accept-encoding'}, 'gzip, identity',
        '... says what is taken');
    my $body = body(5);
    whole($connection->request('POST', path(), who(), $body), $body,
        '... and the connection is in step');
}

$r = $t->request('POST', '/api/v2/resources', { %writer,
    'Content-Encoding' => 'br' }, $set);
is($r->{status}, 415, 'resources in another coding are 415');
is($r->{headers}{'accept-encoding'}, 'gzip, identity', '... says what is taken');

is($t->connect()->request('POST', path(), [%{who()},
    'Content-Encoding' => 'gzip', 'Content-Encoding' => 'br'], body(5))->{status},
    415, 'two lines of the header are one list');

$r = $t->request('GET', '/api/v1/health', { %{who()},
    'Content-Encoding' => 'br' });
is($r->{status}, 200, 'without a body the header says nothing');

is_refused(post($t, '', headers => { %gzip }), 400, 'Invalid post body',
    'nothing at all is an empty body');


# what is no gzip

my $packed = memGzip(body(500));
my %broken = (
    'a plain body' => [body(9), 'incorrect header check'],
    'half a body' => [substr($packed, 0, 50), 'it is cut off'],
    'a body without its last byte' => [substr($packed, 0, -1), 'it is cut off'],
    'a changed byte' => [substr($packed, 0, -8) ^ "\0" x 40 . "\x55", ''],
    'a wrong checksum' => [substr($packed, 0, -8) . "\0\0\0\0"
        . substr($packed, -4), 'incorrect data check'],
    'something behind it' => ["$packed\n", 'something else follows'],
    'half a member behind it' => [$packed . substr($packed, 0, 9),
        'it is cut off'],
    'another way of zlib' => [Compress::Zlib::compress(body(9)),
        'incorrect header check'],
);
$broken{'a changed byte'}[0] .= substr $packed, -8;

foreach my $name (sort keys %broken) {
    my ($bytes, $reason) = @{$broken{$name}};
    foreach my $type ('application/json', 'application/x-ndjson') {
        my $connection = $t->connect();
        $r = $connection->request('POST', path(), { %{who()}, %gzip,
            'Content-Type' => $type }, $bytes);
        is_refused($r, 400, 'Invalid post body', "$name is refused ($type)");
        like($r->{json}{error}{detail} // '',
            qr/^the body is not acceptable gzip: \Q$reason\E/, '... says why');
        my $body = body(1);
        whole($connection->request('POST', path(), who(), $body), $body,
            '... and the connection is in step');
    }

    $r = $t->request('POST', '/api/v2/resources', { %writer, %gzip }, $bytes);
    like($r->{body}, qr/^\{"request":\{"status":"NOK".*acceptable gzip/,
        '... and in the form of the Resources API');
}

my $text = body(2000);
whole(post($t, memGzip(substr $text, 0, 700) . memGzip('')
    . memGzip(substr $text, 700), headers => { %gzip }), $text,
    'several members are one body');

is_refused(post($t, memGzip('{"observable":'), headers => { %gzip }), 400,
    'Invalid post body', 'what is packed is looked at as any body');
is_refused(post($t, memGzip(''), headers => { %gzip }), 400,
    'Invalid post body', '... also when it is empty');


# the limit

sub sized { # a body of exactly so many bytes
    my ($size) = @_;
    my $body = body(0);
    substr $body, -2, 0, 'x' x ($size - length $body);
    return $body;
}

my $exact = sized(1024);
whole($t->request('POST', '/tiny' . path(), { %{who()}, %gzip },
    memGzip($exact)), $exact, 'unpacked, a body may have client_max_body_size');

my $connection = $t->connect();
$r = $connection->request('POST', '/tiny' . path(), { %{who()}, %gzip },
    memGzip(sized(1025)));
is_refused($r, 413, 'Request body too large', 'Field 7: a byte more is 413');
is($r->{json}{error}{detail},
    'unpacked, the body is larger than client_max_body_size', '... says why');
my $b = body(1);
whole($connection->request('POST', path(), who(), $b), $b,
    '... and the connection is in step');

is_refused(post($t, memGzip("\n" x 900_000 . sized(124_000 + 576 + 24_001)),
    headers => { %gzip, 'Content-Type' => 'application/x-ndjson' }), 413,
    'Request body too large', 'lines are no exception');


# bombs: a thousand to one, within one packed megabyte

my ($worker) = $t->workers();
my $bomb = memGzip("\0" x 100_000_000);
my $rss = $t->rss($worker);

is_refused(post($t, $bomb, headers => { %gzip }), 413,
    'Request body too large', 'Field 7: a bomb is refused');
is_refused($t->request('POST', '/large' . path(), { %{who()}, %gzip }, $bomb,
    timeout => 60), 413, 'Request body too large',
    '... also where client_max_body_size is no limit: at 32 MB');

# what unpacks to nothing takes the most time for its bytes: a body of blocks
# with tables of their own, so that it is unpacked in many stretches

my $block = SecOps::Worst::empty_blocks();
my $head = "\x1f\x8b\x08\0\0\0\0\0\0\xff";
my $slow = $head . $block x int(1_000_000 / length $block) . "\x03\0"
    . "\0" x 8;

my $attack = $t->connect();
$attack->{timeout} = 60;
$attack->send($attack->format('POST', path(), { %{who()}, %gzip }, $slow));
is($t->request('GET', '/api/v1/health')->{status}, 200,
    'others are served while a body is unpacked');
is_refused($attack->answer('POST'), 400, 'Invalid post body',
    'a megabyte of empty blocks is unpacked to its end');

cmp_ok($t->rss($worker) - $rss, '<', $t->sanitized() ? 900_000 : 128_000,
    'bombs leave no memory behind');


# clients that leave: before the body is there, and while it is unpacked

foreach my $reset (0, 1) {
    foreach my $part (200, 5000, length($slow) + 100, 1 << 30) {
        my $client = $t->connect();
        my $bytes = $client->format('POST', '/file' . path(),
            { %{who()}, %gzip }, $slow);
        $client->send(substr $bytes, 0, $part);
        $client->close(reset => $reset);
    }
}

$b = body(4);
whole(post($t, memGzip($b), headers => { %gzip }), $b,
    'after clients that left, the next one is served');


# a worker that is told to go finishes what it unpacks

$attack = $t->connect();
$attack->{timeout} = 60;
$attack->send($attack->format('POST', path(), { %{who()}, %gzip }, $slow));
$t->reload(undef, keep_old => 1);
is_refused($attack->answer('POST'), 400, 'Invalid post body',
    'a reload waits for a body that is unpacked');

$t->done();
