# The audit as lines: all of it in one answer, newest first, with the filters of
# the list.  It is sent in parts while it is read: memory stays the same however
# much there is and however slowly its client reads; others are served meanwhile;
# what breaks off does not look whole.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use IO::Uncompress::Gunzip qw(gunzip);
use JSON::PP;
use Socket;
use SecOps;
use SecOps::Connection;
use SecOps::Records;
use SecOps::Tls;

my $path = '/api/secops/v1/audit';
my $admin = 'sn_sec_cmn.admin';
my $type = 'application/x-ndjson';

my $t = SecOps->new();
my $redis = $t->redis(aof => 'no');
my $tls = SecOps::Tls->new($t);
my $certificate = $tls->certificate('server', names => 'IP:127.0.0.1');

my $api = <<'EOT';
        location /api/ {
            secops_api;
            secops_redis %%REDIS%%;
            secops_auth header;
        }
EOT

$t->run(conf(
    http => <<"EOT",
    secops_audit_refusals 1000r/s;

    server {
        listen 127.0.0.1:%%PORT1%% ssl;
        ssl_certificate $certificate->{crt};
        ssl_certificate_key $certificate->{key};
        $api
    }

    server {
        listen 127.0.0.1:%%PORT2%% sndbuf=32k;
        send_timeout 1s;
        $api
    }

    server {
        listen 127.0.0.1:%%PORT3%%;
        limit_rate 200k;
        gzip on;
        gzip_types $type;
        $api
    }

    server {
        listen 127.0.0.1:%%PORT4%% http2;
        $api
    }
EOT
    listen => ' sndbuf=32k',
    location => 'secops_redis_timeout 10s;'));


sub stream { # number: 16 is that of the resources
    my ($domain, $n) = @_;
    return "secops:{$domain:" . ($n == 16 ? 'res' : sprintf '%x', $n)
        . '}:audit';
}

# so many entries in a domain, in all streams

sub fill {
    my ($domain, $n) = @_;

    $redis->cmd('EVAL', <<'EOT', 1, stream($domain, $_), int($n / 17), $_)
        for i = 1, ARGV[1] do
            redis.call('XADD', KEYS[1], 1000 + math.floor(i / 3) .. '-' .. i,
                'user', i % 10 == 0 and 'few' or 'many', 'method', 'header',
                'address', '203.0.113.9', 'request', string.rep('a', 32),
                'operation', 'records.create', 'type', 'sn_ti_lookup_result',
                'id', ARGV[2] .. '-' .. i)
        end
EOT
        foreach 0 .. 16;

    return 17 * int($n / 17);
}

sub headers {
    my ($domain, %more) = @_;
    return { %{who(roles => $admin, domain => $domain)}, Accept => $type,
        %more };
}

sub export {
    my ($query, $domain, %opt) = @_;
    return $t->request('GET', $path . ($query eq '' ? '' : "?$query"),
        headers($domain, %{$opt{headers} // {}}), undef, %opt,
        timeout => 120);
}

# a client that has little room for what it does not read

sub slow {
    my ($domain, $port) = @_;

    socket my $socket, PF_INET, SOCK_STREAM, 0 or die "socket: $!";
    setsockopt $socket, SOL_SOCKET, SO_RCVBUF, 4096 or die "setsockopt: $!";
    connect $socket, sockaddr_in($t->port($port // 0), INADDR_LOOPBACK)
        or die "connect: $!";
    $socket->autoflush(1);

    my $client = bless { socket => $socket, buffer => '', timeout => 60 },
        'SecOps::Connection';
    $client->send($client->format('GET', $path, headers($domain)));
    return $client;
}

sub soon { return time() + 60 } # at the latest

sub count { return scalar(() = $_[0] =~ /\n/g) }

sub lines { return map { decode_json($_) } split /\n/, $_[0]{body} }

sub raw { # the body as it came; to read all of it as JSON would take long
    my ($path, $headers, %opt) = @_;
    my $client = $t->connect($opt{port});

    $client->{timeout} = 120;
    $client->send($client->format('GET', $path, $headers));
    return $client->answer_raw();
}

sub listed { # the same by the list, page by page, as lines
    my ($query, $domain) = @_;
    my ($cursor, $all) = ('', '');

    do {
        my $body = raw("$path?limit=1000&$query$cursor",
            who(roles => $admin, domain => $domain));
        my ($page, $next) = $body =~ /\A\{"result":\[(.*)\],"next":(.*)\}\z/s
            or die "no page: $body";

        $page =~ s/\},\{"time"/}\n{"time"/g;
        $all .= "$page\n" if $page ne '';
        $cursor = $next eq 'null' ? '' : '&cursor=' . $next =~ s/"//gr;
    } while ($cursor ne '');

    return $all;
}


# --- what it is -------------------------------------------------------------

my $r = export('', 'none');
is($r->{status}, 200, 'nothing is there: 200');
is($r->{body}, '', '... without a line');
is($r->{headers}{'content-type'}, $type, '... Content-Type');
is($r->{headers}{'cache-control'}, 'no-store', '... Cache-Control');

post($t, records(), domain => 'acme', user => $_) foreach 'alice', 'bob';
$t->request('POST', path(), who(domain => 'acme', roles => 'none'), records());
wait_for(sub { 3 == count(listed('', 'acme')) });
$r = export('', 'acme');
is(count($r->{body}), 3, 'a line for each entry');
is($r->{body}, listed('', 'acme'),
    '... with what the list has, in the same order');
like($r->{headers}{'transfer-encoding'} // '', qr/chunked/, '... chunked');
is_deeply([map { $_->{user} } lines(export('user=bob', 'acme'))], ['bob'],
    'a filter of the list');
is_deeply([map { $_->{status} } lines(export('outcome=refused', 'acme'))],
    [403], '... and another one');
is(scalar lines(export('limit=2', 'acme')), 2, 'limit ends it after so many');
$r = $t->request('GET', "$path?limit=1", who(roles => $admin,
    domain => 'acme'));
is(export("cursor=$r->{json}{next}", 'acme')->{body},
    listed('', 'acme') =~ s/\A.*\n//r, 'it goes on after a page of the list');

is_refused(export('usr=x', 'acme'), 400, 'Invalid query', 'a misspelt filter');
is_refused($t->request('GET', $path, { Accept => $type }), 401,
    'User is not authenticated', 'nobody may not');
is($t->request('GET', $path, { %{who(domain => 'acme')}, Accept => $type })
    ->{status}, 403, '... nor a writer');

foreach my $case (
    ['text/html, application/x-ndjson;q=0.9', 1],
    ['Application/X-NDJSON', 1],
    ['application/json', 0],
    ['application/x-ndjson-seq', 0],
    ['xapplication/x-ndjson', 0],
    ['*/*', 0],
    ['', 0],
) {
    my ($accept, $is) = @$case;
    $r = export('', 'acme', headers => { Accept => $accept });
    is($r->{headers}{'content-type'}, $is ? $type : 'application/json',
        "Accept: $accept");
}

$r = $t->request('HEAD', $path, headers('acme'));
is($r->{status}, 200, 'HEAD');
is($r->{headers}{'content-type'}, $type, '... has the type');


# --- all of it --------------------------------------------------------------

my $n = fill('big', 20_000);

my $all = raw($path, headers('big'));
is(count($all), $n, "$n entries in one answer");
ok($all eq listed('', 'big'), '... as the list has them in pages');
is(count(raw("$path?user=few", headers('big'))),
    scalar(() = $all =~ /"user":"few"/g), '... and by a filter');
ok(raw("$path?limit=1000", headers('big')) eq join('', (split /^/m,
    $all)[0 .. 999]), '... up to a limit');

my @curl = ('curl', '-s', '--max-time', 60, map { ('-H', "$_->[0]: $_->[1]") }
    do { my %h = %{headers('big')}; map { [$_, $h{$_}] } sort keys %h });
open my $pipe, '-|', @curl, '--cacert', $tls->{ca}{crt},
    'https://127.0.0.1:' . $t->port(1) . $path or die "curl: $!";
my $secure = do { local $/; <$pipe> };
close $pipe;
ok($secure eq $all, 'over TLS it is the same');
my $h2 = $t->h2('GET', $path, headers('big'), undef, port => 4, timeout => 60);
ok($h2->{body} eq $all, '... and over HTTP/2');

fill('some', 5000);

# an entry about several records comes apart, also between two parts

foreach my $n (1 .. 200) {
    $redis->cmd('XADD', stream('parts', $n % 16), '*', 'id', join(',', map {
        sprintf '%x%031d', $n % 16, $n * 16 + $_ } 1 .. 16), 'user', 'u',
        'operation', 'records.create');
}
my $parts = raw($path, headers('parts'));
ok($parts eq listed('', 'parts'),
    'entries about several records come apart as in the list');
is(count($parts), 200 * 16, '... each once');

# what is written while it is sent changes nothing of it

my $slow = slow('some');
$slow->take(1000, soon());
post($t, records(observable => "x$_"), domain => 'some') foreach 1 .. 50;
my $rest = $slow->take_until("\r\n0\r\n\r\n", soon());
ok(defined $rest, 'what is written meanwhile does not break it off');
is(scalar(() = $rest =~ /"user":"script"/g), 0, '... nor come into it');


# --- a client that reads slowly, and others -----------------------------------

my ($worker) = $t->workers();
my $small = $t->rss($worker);

$slow = slow('some');
ok(defined $slow->take(1, soon()), 'a client begins to read, and stops');
is(post($t, records(), domain => 'other')->{status}, 201,
    'others are served meanwhile');
cmp_ok($t->rss($worker) - $small, '<', 4 * 1024,
    'what was not sent is not there: less than 4 MB more')
    unless $t->sanitized();
$rest = $slow->take_until("\r\n0\r\n\r\n", soon());
ok(defined $rest, 'once it reads on it gets all of it');
$slow->close();

# of 20 of them, each of whose parts is chosen from many times as many entries

foreach my $n (0 .. 15) {
    $redis->cmd('XADD', stream('wide', $n), '*', 'user', 'u' x 255, 'id',
        join ',', map { sprintf '%x%031d', $n, $_ } 1 .. 16)
        foreach 1 .. 100;
}
$small = $t->rss($worker);
my @slow = map { slow('wide') } 1 .. 20;
ok(!(grep { !defined $_->take(1, soon()) } @slow), '20 begin to read, and stop');
cmp_ok($t->rss($worker) - $small, '<', 20 * 2 * 1024,
    '... less than 2 MB more for each') unless $t->sanitized();
$_->close() foreach @slow;

my $from = $t->log_end();
$slow = slow('some');
$slow->take(1, soon());
$slow->close(reset => 1);
ok($t->wait_logged($from, 'client prematurely closed connection'
    . '|(?:send|writev)\(\) failed'), 'a client that leaves is noticed');

$from = $t->log_end();
$slow = slow('some', 2);
$slow->take(1, soon());
ok($t->wait_logged($from, 'client timed out'),
    'one that does not read for send_timeout is given up');
$slow->close();

my $plain = raw("$path?limit=1000", headers('big'), port => 3);
is(count($plain), 1000, 'limit_rate: it takes its time, and is whole');

my $packed = $t->request('GET', "$path?limit=1000", headers('big',
    'Accept-Encoding' => 'gzip'), undef, port => 3, timeout => 60);
is($packed->{headers}{'content-encoding'}, 'gzip', 'packed by nginx');
gunzip(\$packed->{body} => \my $unpacked);
is($unpacked, $plain, '... it is the same');


# --- nginx ends, or gets another configuration --------------------------------

$slow = slow('some');
$slow->take(1000, soon());
ok($t->reload(undef, keep_old => 1), 'a reload while it is sent');
is(post($t, records(), domain => 'other')->{status}, 201,
    '... a new worker serves others');
ok(defined $slow->take_until("\r\n0\r\n\r\n", soon()),
    '... the old one sends all of it');
$slow->close();

$slow = slow('some');
$slow->take(1000, soon());
$from = $t->log_end();
$t->{told} = 1;
kill 'QUIT', $t->master();
ok($t->wait_logged($from, 'gracefully shutting down'),
    'nginx is told to end while it is sent');
ok(defined $slow->take_until("\r\n0\r\n\r\n", soon()),
    '... all of it is sent');
$slow->close();
is($t->quit(), 0, '... then it ends');
$t->run();


# --- HTTP/1.0 -----------------------------------------------------------------

$slow = $t->connect();
$slow->send("GET $path HTTP/1.0\r\nHost: x\r\nAccept: $type\r\n"
    . join('', map { "$_: " . headers('acme')->{$_} . "\r\n" }
        grep { $_ ne 'Accept' } keys %{headers('acme')}) . "\r\n");
my $raw = $slow->slurp();
like($raw, qr/\r\n\r\n\{.*\}\n\z/s,
    'HTTP/1.0: the end is that of the connection');
unlike($raw, qr/chunked/, '... without chunks');


# --- Redis goes away --------------------------------------------------------

my $running = slow('some');
$running->take(1000, soon());
$redis->stop();
$from = $t->log_end();
$raw = $running->slurp();
unlike($raw, qr/\r\n0\r\n\r\n\z/, 'without Redis it breaks off, and looks so');
ok($t->wait_logged(0, 'audit.get broken off: '), '... the log says why');

ok(wait_for(sub { export('', 'big')->{status} == 503 }),
    'one that has not begun is 503');
is_refused(export('', 'big'), 503, 'Unable to read record', '... in JSON');

$t->done();
