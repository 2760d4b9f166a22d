# secops_auth api_key: what counts as a key, how long a worker believes what it
# has looked up, what happens without Redis, and that a key which is revoked
# at one machine is refused at the other within the stated time.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw(sha256_hex);
use JSON::PP;
use SecOps;
use SecOps::Records;
use SecOps::Relay;
use SecOps::Stopwatch;

my $t = SecOps->new();
my $other = SecOps->new();
my $redis = $t->redis();
my $url = $redis->url();
my $path = '/api/v2/resources';
my $scopes = '/api/v2/token/scopes';
my $relay = SecOps::Relay->new($t);

# one location that remembers keys for the default time, one for a second, one
# not at all, one with another header, one with other keys; one that remembers
# them for longer than a test takes, one that waits for Redis for as long, and
# one that does both, over a link of its own on which replies can be held back

my $conf = <<"EOT";
%%MAIN%%
events { }
http {
    %%HTTP%%
    log_format key '\$uri \$status \$secops_user \$secops_domain '
                   '\$secops_auth_method';
    secops_redis $url;
    secops_redis_timeout 1s;
    secops_auth api_key header;

    server {
        listen 127.0.0.1:%%PORT%%;
        location / { secops_api; }
    }

    server {
        listen 127.0.0.1:%%PORT1%%;
        secops_api_key_cache 1s;
        location / { secops_api; }
    }

    server {
        listen 127.0.0.1:%%PORT2%%;
        secops_api_key_cache 0;
        location / { secops_api; }
    }

    server {
        listen 127.0.0.1:%%PORT3%%;
        secops_header_api_key X-Our-Key;
        location / { secops_api; }
    }

    server {
        listen 127.0.0.1:%%PORT4%%;
        secops_redis_prefix elsewhere;
        location / { secops_api; }
    }

    server {
        listen 127.0.0.1:%%PORT5%%;
        secops_auth api_key;
        location / { secops_api health resources; }
    }

    server {
        listen 127.0.0.1:%%PORT6%%;
        secops_auth header;
        location / { secops_api; }
    }

    server {
        listen 127.0.0.1:%%PORT7%%;
        secops_api_key_cache 1h;
        location / { secops_api; }
    }

    server {
        listen 127.0.0.1:%%PORT8%%;
        secops_api_key_cache 0;
        secops_redis_timeout 60s;
        secops_redis_connect_timeout 60s;
        location / { secops_api; }
    }

    server {
        listen 127.0.0.1:%%PORT9%%;
        secops_api_key_cache 1h;
        secops_redis @{[ $relay->url() ]};
        secops_redis_timeout 60s;
        location / { secops_api; }
    }
}
EOT

$conf =~ s{(listen .*)}{$1 access_log %%DIR%%/access.log key;}g;

$t->run($conf);
$other->run($conf);

my ($cached, $second, $never, $renamed, $elsewhere, $only, $without, $long,
    $patient, $relayed) = 0 .. 9;


sub make { # a key: its value and its id
    my ($name, %more) = @_;
    my $domain = delete $more{domain};
    my $r = $t->request('POST', $path, who(domain => $domain),
        { k => { type => 'api_key', properties => { name => $name, %more } } });
    my $created = $r->{json}{created}[0] // {};
    diag($r->{body}) unless $created->{value};
    return @$created{qw(value internal_id)};
}

sub remove {
    my ($title) = @_;
    return $t->request('DELETE', "$path?title=$title", who())->{status};
}

sub ask { # the status with this key
    my ($key, $port, $machine) = @_;
    my $r = ($machine // $t)->request('GET', $scopes,
        { 'x-arcanna-api-key' => $key }, undef, port => $port // $cached);
    return $r->{status} // 'no answer';
}

sub lookups { return $redis->calls('hmget') }

sub used { return $redis->cmd('HGET', 'secops:{global:res}:api_key:used', $_[0]) }

sub unknown { # a well formed value that nobody has
    return join '', (map { ('A' .. 'Z', 'a' .. 'z', 0 .. 9, '-', '_')
        [rand 64] } 1 .. 85), qw(A Q g w)[rand 4];
}


my ($key, $id) = make('first', scopes => ['read:resources']);

is(ask($key), 200, 'a key is accepted');
is_deeply($t->request('GET', $scopes, { 'X-Arcanna-API-Key' => $key })->{json},
    ['read:resources'], '... however its header is written, with its scopes');
is($t->request('GET', $scopes)->{status}, 401, 'without one, nobody is known');
is($t->request('GET', $path, { 'x-arcanna-api-key' => $key })->{status}, 200,
    'it may do what its scopes say');
is($t->request('POST', $path, { 'x-arcanna-api-key' => $key }, '{}')->{status},
    403, '... and nothing else');
is($t->request('POST', path(), { 'x-arcanna-api-key' => $key }, records())
    ->{status}, 403, '... records take other scopes');
is($t->request('GET', $scopes, { %{who(roles => '')},
    'x-arcanna-api-key' => $key })->{body}, '["read:resources"]',
    'the first method that knows the caller decides');
is($t->request('GET', $scopes, { %{who()}, 'x-arcanna-api-key' => unknown() })
    ->{status}, 200, '... and one that does not, leaves it to the next');
is($t->request('GET', $scopes, { 'x-arcanna-api-key' => unknown() },
    undef, port => $only)->{status}, 401, '... if there is one');


# what can not be a key

my $before = lookups();
my %malformed = (
    'nothing'              => '',
    'one character less'   => substr($key, 1),
    'one character more'   => "${key}A",
    'a space in it'        => substr($key, 0, 40) . ' ' . substr($key, 41),
    'a plus in it'         => '+' . substr($key, 1),
    'a slash in it'        => '/' . substr($key, 1),
    'padding at its end'   => substr($key, 0, 85) . '=',
    'a byte above ASCII'   => "\xe9" . substr($key, 1),
    'unused bits set'      => substr($key, 0, 85) . 'B',
    'its digest'           => sha256_hex($key),
    'a wildcard'           => '*',
    'very long'            => 'A' x 3000,
);
foreach my $name (sort keys %malformed) {
    is(ask($malformed{$name}), 401, "refused: $name");
}
is($t->request('GET', $scopes, [ 'x-arcanna-api-key' => $key,
    'x-arcanna-api-key' => $key ])->{status}, 401, 'refused: the key twice');
is(lookups(), $before, 'Redis was asked about none of these');
is(ask(lc $key eq $key ? uc $key : lc $key), 401, 'letter case counts');

is(ask($key, $renamed), 401, 'another header may be configured');
is($t->request('GET', $scopes, { 'X-Our-Key' => $key }, undef,
    port => $renamed)->{status}, 200, '... and then it is that one');
is(ask($key, $elsewhere), 401, 'a key is none where the prefix is another');
is(ask($key, $without), 401, '... and where the method is not configured');

sub logged { # the log follows the answer
    my ($line) = @_;
    return wait_for(sub { $t->read('access.log') =~ $line });
}

ok(logged(qr{^/api/v2/token/scopes 200 api_key:\Q$id\E global api_key$}m),
    'Semantics 3: who holds a key is known by its id');
my ($acme, $acme_id) = make('theirs', domain => 'acme');
is(ask($acme), 200, 'a key of another domain');
ok(logged(qr{ api_key:\Q$acme_id\E acme api_key$}m),
    '... is of that domain');


# how long it is remembered

ask($key);
$before = lookups();
ask($key) foreach 1 .. 10;
is(lookups(), $before, 'a key that was looked up is not looked up again');
ask($key, $never) foreach 1 .. 10;
is(lookups(), $before + 10, '... unless nothing is to be remembered');

my $nobody = unknown();
ask($nobody);
$before = lookups();
is(ask($nobody), 401, 'what is no key');
is(lookups(), $before, '... is remembered as well');
my ($used) = make('used');
ask($_, $long) foreach $used, $nobody, map { unknown() } 1 .. 1200;
$before = lookups();
is(ask($used, $long), 200, 'after 1200 values that somebody has tried');
is(lookups(), $before, '... a key in use is still remembered');
is(ask($nobody, $long), 401, '... one that is none');
is(lookups(), $before + 1, '... was forgotten for them');

ask($key, $second);
$before = lookups();
ok(wait_for(sub { ask($key, $second); lookups() > $before }),
    'after its time it is looked up again, in use or not');
is(lookups(), $before + 1, '... once');


# what Redis says, and does not say

my $digest = sha256_hex($key);
my $pointer = 'secops:{key:' . substr($digest, 0, 2) . "}:$digest";
is_deeply({ @{$redis->cmd('HGETALL', $pointer)} },
    { domain => 'global', id => $id }, 'a digest leads to a domain and an id');

my ($stray) = make('stray');
my $stray_digest = sha256_hex($stray);
my $stray_pointer = 'secops:{key:' . substr($stray_digest, 0, 2)
    . "}:$stray_digest";
$redis->cmd('HSET', $stray_pointer, 'id', $id);
is(ask($stray, $never), 401, 'a digest that leads to another key is none');
$redis->cmd('HSET', $stray_pointer, 'id', 'x' x 65);
is(ask($stray, $never), 500, '... one that is not ours is an error');
$redis->cmd('HDEL', $stray_pointer, 'id');
is(ask($stray, $never), 401, '... one that leads nowhere is none');
$redis->cmd('DEL', $stray_pointer);
$redis->cmd('SET', $stray_pointer, 'x');
is(ask($stray, $never), 500, '... one that can not be read is an error');
$redis->cmd('DEL', $stray_pointer);
is(ask($stray, $never), 401, '... one that is not there is none');

my $document = $redis->cmd('HGET', 'secops:{global:res}:api_key', $id);
$redis->cmd('HSET', 'secops:{global:res}:api_key', $id, '{"name":7}');
is(ask($key, $never), 500, 'a key whose document can not be read');
$redis->cmd('HSET', 'secops:{global:res}:api_key', $id,
    $document =~ s/"read:resources"/"read:everything","read:resources"/r);
is_deeply($t->request('GET', $scopes, { 'x-arcanna-api-key' => $key }, undef,
    port => $never)->{json}, ['read:resources'],
    'a scope of another version gives nothing');
$redis->cmd('HSET', 'secops:{global:res}:api_key', $id, $document);

$redis->cmd('SCRIPT', 'FLUSH');
my ($fresh, $fresh_id) = make('fresh');
is(used($fresh_id), undef, 'a key that was not used yet');
ask($fresh, $never);
ok(wait_for(sub { used($fresh_id) }), '... has a time of last use then');
like(used($fresh_id), qr/\A\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\z/, '... in UTC');
is($t->request('GET', "$path?title=fresh", who())->{json}[0]{last_used},
    used($fresh_id), '... which is listed');
$redis->cmd('HSET', 'secops:{global:res}:api_key:used', $fresh_id, 'untouched');
ask($fresh, $never) foreach 1 .. 5;
ask($key, $never);      # asks Redis after all that the others wrote there
is(used($fresh_id), 'untouched', '... and written once a minute only');
my ($revision) = $redis->cmd('GET', 'secops:{global:res}:rev')
    =~ /^(\d+)-/;
is(remove('fresh'), 200, 'when it is deleted');
is(used($fresh_id), undef, '... the time goes as well');
like($redis->cmd('GET', 'secops:{global:res}:rev'), qr/^${\ ($revision + 1)}-/,
    'using a key changes no revision');


# expiry

my $utc = sub { my @t = gmtime($_[0]);
    sprintf '%04d-%02d-%02d %02d:%02d:%02d', $t[5] + 1900, $t[4] + 1,
        @t[3, 2, 1, 0] };
my ($later) = make('later', expire_at => $utc->(time() + 3600));
my ($short, $end, @good);

# one that was asked for in time, however long that takes here
foreach my $seconds (2, 4, 8, 16) {
    $end = int(time()) + $seconds;
    ($short) = make("short$seconds", expire_at => $utc->($end));
    @good = map { ask($short, $_) } $cached, $long, $never;
    last if time() < $end;
}
is_deeply(\@good, [200, 200, 200], 'a key that expires in a moment');
ok(wait_for(sub { time() > $end + 0.1 }), '... the moment comes');
is(ask($short, $long), 401, '... it is refused where it was remembered');
is(ask($short), 401, 'once it has expired it is refused, remembered or not');
is(ask($short, $never), 401, '... or looked up');
is(ask($later), 200, 'one that expires later is not');


# revoked here, refused there

my ($revoked) = make('revoked');
is(ask($revoked, $_, $other), 200, 'a key is known at the other machine')
    foreach $cached, $second, $never;
is(ask($revoked), 200, '... and here');
is(remove('revoked'), 200, 'it is deleted here');
is(ask($revoked), 401, '... is refused here at once');
is(ask($revoked, $never, $other), 401, '... there at once, where it is asked');
my $passed = stopwatch();
ok(wait_for(sub { ask($revoked, $second, $other) == 401 }), '... elsewhere soon');
cmp_ok($passed->(), '<', 1.3, '... within a second, where that is configured');
ok(wait_for(sub { ask($revoked, $cached, $other) == 401 }), '... and elsewhere');
cmp_ok($passed->(), '<', 5.3, '... within five by default');

my ($narrowed) = make('narrowed', scopes => [qw(read:resources
    write:resources)]);
my $list = sub {
    my ($port, $machine) = @_;
    return $machine->request('GET', $path, { 'x-arcanna-api-key' => $narrowed },
        undef, port => $port)->{status};
};
is($list->($second, $other), 200, 'a key may read there');
is($t->request('POST', $path, who(), { k => { type => 'api_key', properties =>
    { name => 'narrowed', scopes => ['write:resources'] } } })->{status}, 200,
    'its scopes are changed here');
is($list->($never, $other), 403, '... and it may not there, where it is asked');
$passed = stopwatch();
ok(wait_for(sub { $list->($second, $other) == 403 }), '... nor elsewhere');
cmp_ok($passed->(), '<', 1.3, '... within a second');

($revoked) = make('readded');
remove('readded');
my ($again) = make('readded');
is(ask($revoked, $never), 401, 'a name that is given again does not bring the'
    . ' old value back');
is(ask($again, $never), 200, '... only the new one');


# all locations of the worker forget a key at once, not only the one that served
# the request, however long they would remember it

my ($removed) = make('gone');
is(ask($removed, $_), 200, 'a key is remembered for an hour') foreach $long, $only;
is(remove('gone'), 200, '... it is deleted elsewhere in the worker');
is(ask($removed, $_), 401, '... and refused at once') foreach $long, $only;

my ($leaked) = make('leaked');
is(ask($leaked, $long), 200, 'another one');
is($t->request('POST', $path, who(), { k => { type => 'api_key', properties =>
    { name => 'leaked', expire_at => $utc->(time()) } } })->{status}, 200,
    'Semantics 2: ... is revoked: it expires now');
is(ask($leaked, $_), 401, '... and is refused at once') foreach $long, $cached;

# what was asked before is not remembered after it

my ($raced) = make('raced');
is(ask($key, $relayed), 200, 'a location with a link of its own');
$relay->rule('stall HGET');
my $asked = $t->connect($relayed);
$asked->send($asked->format('GET', $scopes, { 'x-arcanna-api-key' => $raced }));
ok(wait_for(sub { $relay->stalled() }),
    '... where Redis has said what a key is, and is not heard yet');
is(remove('raced'), 200, '... the key is deleted elsewhere in the worker');
$relay->rule('pass');
is($asked->answer('GET')->{status}, 200,
    '... who has asked before is answered as it was then');
is(ask($raced, $relayed), 401, '... and nobody after that');


# health

my $health = sub {
    my ($headers, $port) = @_;
    my $r = $t->request('GET', '/api/v1/health', $headers, undef,
        port => $port // $cached);
    return "$r->{status} $r->{body}";
};
my $good = '200 {"status":true,"connected":true}';
my $bad = '200 {"status":false,"connected":false}';
is($health->({}), $good, 'health without a key');
is($health->({ 'x-arcanna-api-key' => $key }), $good, '... with a good one');
is($health->({ 'x-arcanna-api-key' => $key }, $never), $good,
    '... that is looked up');
is($health->({ 'x-arcanna-api-key' => unknown() }), $bad,
    '... with one that is not known');
is($health->({ 'x-arcanna-api-key' => 'x' }, $only), $bad,
    '... or is malformed');
is($health->({ 'x-arcanna-api-key' => $short }), $bad, '... or has expired');
is($health->({ 'x-arcanna-api-key' => unknown() }, $without), $good,
    '... and where keys are not looked at, it says nothing about them');
is($t->request('GET', '/api/v2/health', { 'x-arcanna-api-key' => unknown() })
    ->{status}, 200, 'health of the other API does not look at keys');


# while a request waits

# A first one has made the link, which waits until Redis goes on.

ask($key, $patient);
$redis->pause();
my $waiting = $t->connect($patient);
$waiting->send($waiting->format('GET', $scopes,
    { 'x-arcanna-api-key' => $key }));
my $gone = $t->connect($patient);
$gone->send($gone->format('POST', $path, { 'x-arcanna-api-key' => $key }, '{}'));
my $reset = $t->connect($patient);
$reset->send($reset->format('GET', '/api/v1/health',
    { 'x-arcanna-api-key' => $key }));
ok($waiting->taken() && $gone->taken() && $reset->taken(),
    'keys are looked up that Redis does not answer');
$gone->close();
$reset->close(reset => 1);
ok(wait_for(sub { (() = $t->read('access.log') =~ / 499 /g) == 2 }),
    '... clients that leave meanwhile are let go');
$redis->resume();
is($waiting->answer('GET')->{status}, 200, '... one that waits is answered');

my ($manager) = make('manager', scopes => ['write:resources']);
my $slow = $t->connect($never);
$slow->send($slow->format('POST', $path, { 'x-arcanna-api-key' => $manager },
    { k => { type => 'api_key', properties => { name => 'slow' } } }),
    piece => 40, pause => 0.005);
is($slow->answer('POST')->{status}, 200,
    'a body that comes after its key was looked up is read');

my @many = map { $t->connect($never) } 1 .. 50;
$_->send($_->format('GET', $scopes, { 'x-arcanna-api-key' => $key }))
    foreach @many;
is_deeply([grep { $_->answer('GET')->{status} != 200 } @many], [],
    'fifty requests with one key at once');

my $keepalive = $t->connect($never);
is_deeply([map { $keepalive->request('GET', $scopes,
    { 'x-arcanna-api-key' => $_ })->{status} } $key, unknown(), $key, 'x',
    $key], [200, 401, 200, 401, 200],
    'requests on one connection each have their own key');


# without Redis

is(ask($key, $long), 200, 'a key is remembered for an hour');
$redis->pause();
is(ask($key, $long), 200, '... while Redis hangs, it is good');
is(ask(unknown(), $only), 503, '... of another, nobody knows: come back');
is(ask($key, $never), 503, '... nor of one that is not remembered');
is(substr($health->({ 'x-arcanna-api-key' => unknown() }), 0, 3), 503,
    '... and health says what is the matter');
$redis->resume();
ok(wait_for(sub { ask($key, $never) == 200 }), 'it answers again');

$redis->stop();
is(ask($key, $long), 200, 'when Redis is gone, a key that is remembered is good');
my $r = $t->request('GET', $scopes, { 'x-arcanna-api-key' => unknown() },
    undef, port => $only);
is($r->{status}, 503, '... of another, nobody knows');
is($r->{headers}{'retry-after'}, 1, '... and it is worth another try');
$redis->start();
ok(wait_for(sub { ask($key, $never) == 200 }),
    'once it is back, the key is known as before');
is(ask($revoked, $never), 401, '... and one that was revoked is not');

unlike($t->error_log() . $other->error_log(), qr/\Q$_\E/,
    'no value is in a log') foreach $key, $revoked, $short;


# the end of a worker

ok(wait_for(sub { ask($key, $patient) == 200 }), 'a link is there');
$redis->pause();
my $last = $t->connect($patient);
$last->send($last->format('GET', $scopes, { 'x-arcanna-api-key' => $key }));
ok($last->taken(), 'a key is looked up');
kill 'QUIT', $t->master();
ok($t->wait_log(qr/gracefully shutting down/), '... while the worker ends');
$redis->resume();
is(($last->answer('GET') // {})->{status}, 200,
    '... who waits for a lookup is answered');
$t->{told} = 1;

$other->stop();
$t->done();
