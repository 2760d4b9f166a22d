# The audit: each write leaves one entry, with who, how, from where and what,
# in the same atomic group as the write itself; what was refused or failed
# leaves none.  Administrators read it back, newest first, nothing twice and
# nothing lost between two pages.  No secret and no body gets into it, nor into
# the log.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw(hmac_sha256 sha256_hex);
use Encode qw(encode_utf8);
use JSON::PP;
use MIME::Base64 qw(encode_base64url);
use SecOps;
use SecOps::Fake;
use SecOps::Records;

my $path = '/api/secops/v1/audit';
my $admin = 'sn_sec_cmn.admin';
my $writer = 'sn_sec_cmn.api_write';
my $secret = 'a secret of thirty-two bytes....';

my $password = 'a-password-of-Redis';

my $t = SecOps->new(log_level => 'debug');
my $redis = $t->redis();
my $locked = $t->redis(args => ['--requirepass', $password]);
my $fake = SecOps::Fake->new($t, listen => 'unix:' . $t->dir() . '/fake.sock');

$t->write('jwks.json', '{"keys":[{"kty":"oct","alg":"HS256","kid":"k","k":"'
    . encode_base64url($secret) . '"}]}');
$t->write('password', "$password\n");
$t->write('no-password', "not-$password\n");


# --- a Redis whose replies to XREVRANGE have another shape ------------------

my $empty = '*0\r\n';
my $entry = '*1\r\n*2\r\n$3\r\n1-1\r\n';

my @shapes = (
    ['nil', '$-1\r\n'],
    ['a nil array', '*-1\r\n'],
    ['a number', ':1\r\n'],
    ['a status', '+OK\r\n'],
    ['a string', '$3\r\nabc\r\n'],
    ['an array of strings', '*1\r\n$1\r\nx\r\n'],
    ['an entry of one element', '*1\r\n*1\r\n$3\r\n1-1\r\n'],
    ['an entry of three', '*1\r\n*3\r\n$3\r\n1-1\r\n*0\r\n*0\r\n'],
    ['an entry whose id is a number', '*1\r\n*2\r\n:1\r\n*0\r\n'],
    ['an entry whose id is none', '*1\r\n*2\r\n$3\r\n1x1\r\n*0\r\n'],
    ['an entry without fields', $entry . '$-1\r\n'],
    ['a name without a value', $entry . '*1\r\n$4\r\nuser\r\n'],
    ['a value that is a number', $entry . '*2\r\n$4\r\nuser\r\n:5\r\n'],
    ['a value that is an array', $entry . '*2\r\n$4\r\nuser\r\n*1\r\n:5\r\n'],
    ['a good entry, then a bad one', '*2\r\n*2\r\n$3\r\n1-1\r\n*0\r\n:5\r\n'],
);


# --- the server -------------------------------------------------------------

my $ready = $fake->play('HANDSHAKE');
$t->run(conf(
    http => <<'EOT',
    log_format id '$request_id "$request_uri" $secops_operation';
EOT
    server => join('', 'access_log %%DIR%%/access.log id;',
        api_location('realip', <<'EOT'),
            set_real_ip_from 127.0.0.1;
            real_ip_header X-Forwarded-For;
EOT
        api_location('variables', <<'EOT'),
            secops_auth variables;
            secops_user edge-7;
            secops_roles sn_sec_cmn.api_write;
EOT
        api_location('jwt', <<'EOT'),
            secops_auth jwt api_key;
            secops_jwt_key_file %%DIR%%/jwks.json;
EOT
        api_location('role', 'secops_admin_role soc:auditor;'),
        api_location('trim', 'secops_audit_maxlen 5;'),
        api_location('keep', 'secops_audit_maxlen 0;'),
        api_location('locked', <<'EOT'),
            secops_redis %%REDIS1%%;
            secops_auth api_key jwt header;
            secops_jwt_key_file %%DIR%%/jwks.json;
            secops_redis_password_file %%DIR%%/password;
EOT
        api_location('closed', <<'EOT'),
            secops_redis %%REDIS1%%;
            secops_redis_password_file %%DIR%%/no-password;
EOT
        api_location('fake', "secops_redis @{[ $fake->url() ]};"
            . ' secops_redis_timeout 10s; secops_redis_connect_timeout 10s;'),
    )));


sub audit { # query, caller's options; prefix of a location
    my ($query, %opt) = @_;
    return $t->request($opt{method} // 'GET', ($opt{prefix} // '') . $path
        . (defined $query && $query ne '' ? "?$query" : ''),
        who(roles => $admin, %opt), $opt{body});
}


sub entries { # of the first page
    my $r = audit(@_);
    diag($r->{body}) unless $r->{status} == 200;
    return @{$r->{json}{result} // []};
}


sub walk { # all pages: the entries, and how many pages there were
    my ($query, %opt) = @_;
    my ($pages, $next, @all) = (0, undef);

    do {
        my $r = audit(join('&', grep { length } $query,
            defined $next ? "cursor=$next" : ''), %opt);
        $r->{status} == 200 or die "$r->{status}: $r->{body}";

        push @all, @{$r->{json}{result}};
        push @{$opt{sizes}}, scalar @{$r->{json}{result}} if $opt{sizes};
        $next = $r->{json}{next};
        $opt{between}->() if $opt{between};
        die 'this does not end' if ++$pages > 500;
    } while (defined $next);

    return @all;
}


sub stream { # number, 16 is that of the resources
    my ($domain, $n) = @_;
    return "secops:{$domain:" . ($n == 16 ? 'res' : sprintf '%x', $n)
        . '}:audit';
}


sub utc { # milliseconds
    my ($sec, $min, $hour, $mday, $mon, $year) = gmtime int($_[0] / 1000);
    return sprintf '%04d-%02d-%02dT%02d:%02d:%02d.%03dZ', $year + 1900,
        $mon + 1, $mday, $hour, $min, $sec, $_[0] % 1000;
}


sub logged { # of the access log: the id of the request with this path
    my ($uri) = @_;
    my $line = wait_for(sub {
        my ($line) = $t->read('access.log') =~ /^(\w+) "\Q$uri\E" /m;
        return $line;
    });
    return $line;
}


# --- an entry, field by field -----------------------------------------------

is_deeply(audit('')->{json}, { result => [], next => undef },
    'nothing was written: an empty list');

my $from = int(time() * 1000);
my $r = post($t, records(), domain => 'acme', user => 'alice',
    query => 'unique=1');
my $to = int(time() * 1000) + 1;
my @found = entries('', domain => 'acme', user => 'auditor');

is(scalar @found, 1, 'a write leaves one entry');
my $found = $found[0];
is(join(' ', sort keys %$found),
    'address domain id method operation request time type user',
    '... with these members');
like($found->{time}, qr/\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\z/,
    '... time is RFC 3339, in UTC');
ok($found->{time} ge utc($from) && $found->{time} le utc($to),
    '... and that of the write');
is($found->{user}, 'alice', '... user');
is($found->{domain}, 'acme', '... domain');
is($found->{method}, 'header', '... method of authentication');
is($found->{address}, '127.0.0.1', '... address');
is($found->{operation}, 'records.create', '... operation');
is($found->{type}, 'sn_ti_lookup_result', '... type is the table');
is($found->{id}, $r->{json}{sys_id}, '... id is the record\'s');
like($found->{request}, qr/\A[0-9a-f]{32}\z/, '... request');
is($found->{request}, logged(path('threat_lookup', 'unique=1')),
    '... is that of the access log');

my @raw = @{$redis->cmd('XRANGE', stream('acme',
    hex shard_of($r->{json}{sys_id})), '-', '+')};
is(scalar @raw, 1, 'the entry lies in the stream of the record\'s shard');
is_deeply({ @{$raw[0][1]} }, { map { $_ => $found->{$_} }
    qw(user method address request operation type id) },
    '... with the same fields, and no other');

$t->request('POST', '/realip' . path(), { %{who(domain => 'realip')},
    'X-Forwarded-For' => '203.0.113.5' }, records());
is((entries('', domain => 'realip'))[0]{address}, '203.0.113.5',
    'behind realip, address is the client\'s');

$t->request('POST', '/variables' . path(), {}, records());
is(join(' ', @{(entries('user=edge-7'))[0]}{qw(method user domain)}),
    'variables edge-7 global', 'method is variables where these were used');

my $expires = int(time()) + 600;
my $token = join '.', map { encode_base64url($_) } '{"alg":"HS256","kid":"k"}',
    qq({"sub":"tom","domain":"tokens","roles":["$writer"],"exp":$expires});
$token .= '.' . encode_base64url(hmac_sha256($token, $secret));

is($t->request('POST', '/jwt' . path(), { Authorization => "Bearer $token" },
    records())->{status}, 201, 'a write with a token');
is(join(' ', @{(entries('', domain => 'tokens'))[0]}{qw(method user domain)}),
    'jwt tom tokens', '... and method is jwt');

my $made = $t->request('POST', '/api/v2/resources', who(domain => 'named'), { k =>
    { type => 'api_key', properties => { name => 'feed 7',
    scopes => [qw(write:records write:resources)] } } });
my ($key) = @{$made->{json}{created}};
my %by_key = ('x-arcanna-api-key' => $key->{value});

is($t->request('POST', '/jwt' . path(), { %by_key }, records())->{status}, 201,
    'a write with an api key');
is(join(' ', @{(entries('', domain => 'named'))[0]}{qw(method user user_name
    domain)}), "api_key api_key:$key->{internal_id} feed 7 named",
    '... leaves an entry with its id as the user, and its name');
is($t->request('POST', '/jwt/api/v2/resources', { %by_key }, { k => { type =>
    'api_key', properties => { id => $key->{internal_id}, rename => \1,
    name => 'feed 8' } } })->{status}, 200, '... it gives itself another name');
is($t->request('POST', '/jwt' . path(), { %by_key }, records())->{status}, 201,
    '... and writes once more');
is_deeply([map { "$_->{operation} $_->{user_name}" } entries("user=api_key:"
    . $key->{internal_id}, domain => 'named')], ['records.create feed 8',
    'resources.update feed 7', 'records.create feed 7'],
    '... each entry has the name that it had then, all the same user');
is((entries('operation=resources.create', domain => 'named'))[0]{user_name},
    undef, '... those of other methods have none');

my $name = "J\xc3\xb6rg \"q\" \\ </script>";
post($t, records(), user => $name, domain => 'escape');
$r = audit('', domain => 'escape');
is(encode_utf8($r->{json}{result}[0]{user}), $name,
    'a user\'s name is escaped as JSON wants it');
like($r->{body}, qr/"user":"J\xc3\xb6rg \\"q\\" \\\\ /, '... and only so');

$name = 'a "domain"\\';
post($t, records(), domain => $name);
is((entries('', domain => $name))[0]{domain}, $name,
    'a domain\'s name is, too');


# --- what leaves no entry ---------------------------------------------------

sub silent { # a POST that must not leave anything
    my ($status, $what, $post) = @_;
    my @before = keys_like($redis);
    my $r = $post->();

    is($r->{status}, $status, "$what is refused");
    is_deeply([keys_like($redis)], \@before, '... and leaves nothing');
}

my %silent = (domain => 'silent');

silent(401, 'a POST of nobody', sub {
    $t->request('POST', path(), {}, records()) });
silent(403, 'a POST of a reader', sub {
    post($t, records(), %silent, roles => 'sn_sec_cmn.api_read') });
silent(403, 'a POST of an administrator', sub {
    post($t, records(), %silent, roles => $admin) });
silent(401, 'a POST with a wrong token', sub {
    $t->request('POST', '/jwt' . path(), { Authorization =>
        'Bearer ' . $token =~ s/..$/xx/r }, records()) });
silent(400, 'a POST without fields', sub { post($t, '{"data":{}}', %silent) });
silent(400, 'a POST that is no JSON', sub { post($t, '{', %silent) });
silent(400, 'a POST without a body', sub { post($t, '', %silent) });
silent(400, 'a wrong record', sub {
    post($t, { observable => 'x' }, %silent) });
silent(400, 'a wrong query', sub {
    post($t, records(), %silent, query => 'simple_response=maybe') });
silent(400, 'a batch without a good record', sub {
    post($t, { data => [{ observable => 'x' }, {}] }, %silent) });
silent(404, 'an unknown endpoint', sub {
    post($t, records(), %silent, endpoint => 'other') });
silent(415, 'another media type', sub {
    post($t, records(), %silent, headers => { 'Content-Type' => 'text/x' }) });
silent(405, 'another method', sub {
    $t->request('PUT', path(), who(%silent), records()) });

$redis->cmd('CONFIG', 'SET', 'maxmemory', 1);
silent($_->[0], "what Redis refuses, $_->[1],", sub {
    post($t, $_->[2], %silent) })
    foreach [500, 'alone', records()],
            [500, 'in a batch', { data => [records(), records()] }];
$redis->cmd('CONFIG', 'SET', 'maxmemory', 0);

silent(200, 'reading the audit is no write: it', sub {
    audit('', %silent) });
silent(404, 'reading a record', sub {
    get($t, '/api/now/table/sn_ti_lookup_result/' . 'a' x 32, %silent) });


# --- one line for each refusal ----------------------------------------------

sub refusals { return scalar(() = $t->error_log() =~ / refused: /g) }

my $before = refusals();
$t->request('POST', path(), {}, records());
my $line = $t->wait_log('records.create refused: the caller is not known');
ok($line, 'a refusal of nobody is in the log');
is(refusals(), $before + 1, '... in one line');

$before = refusals();
post($t, records(), user => 'eve', domain => 'evil', roles => 'x');
ok($t->wait_log('records.create refused: user "eve" of domain "evil" lacks'),
    'a refusal of somebody names user, domain and operation');
is(refusals(), $before + 1, '... in one line');
like($t->error_log(), qr/refused: user "eve".*, client: 127\.0\.0\.1, /,
    '... to which nginx adds the client');

$before = refusals();
audit('', user => 'eve', roles => $writer);
is(refusals(), $before + 1, 'a refusal to show the audit is one line');


# --- batches ----------------------------------------------------------------

$r = post($t, { data => [records(observable => 'a'), { observable => 'b' },
    records(observable => 'c'), records(finding => 7), records()] },
    domain => 'batch');
is($r->{status}, 207, 'a batch of five of which three are good');
my @ids = map { $_->{sys_id} // () } @{$r->{json}{records}};
@found = entries('', domain => 'batch');
is_deeply([sort map { $_->{id} } @found], [sort @ids],
    '... leaves an entry for each that was stored');
is(scalar(keys %{{ map { $_->{request} => 1 } @found }}), 1,
    '... all with the request\'s id');

# in one stream, where 16 of them share an entry

$r = post($t, { data => [(records(observable => 'same')) x 40] },
    domain => 'shared', query => 'unique=2');
my @same = map { $_->{sys_id} } @{$r->{json}{records}};
my ($shared) = keys_like($redis, 'secops:{shared:*}:audit');
is_deeply([map { my %entry = @{$_->[1]}; scalar split /,/, $entry{id} }
    @{$redis->cmd('XRANGE', $shared, '-', '+')}], [16, 16, 8],
    'forty records in one stream: three entries');
is_deeply([audited($redis, $shared)], \@same, '... with all their ids');

foreach my $limit (1, 3, 7, 16, 39, 40, 100) {
    is_deeply([map { $_->{id} } walk("limit=$limit", domain => 'shared')],
        [reverse @same], "... which are shown one by one in pages of $limit");
}

@found = entries("id=$same[17]", domain => 'shared');
is(join(' ', map { $_->{id} } @found), $same[17], '... any is found by its id');
is(join(' ', @{$found[0] // {}}{qw(user operation type request)}),
    "script records.create sn_ti_lookup_result "
    . logged(path('threat_lookup', 'unique=2')),
    '... with what holds for all of them');

is_deeply([map { $_->{id} } walk('limit=7', domain => 'shared',
    between => sub { post($t, { data => [(records(observable => 'same')) x 5] },
        domain => 'shared') })], [reverse @same],
    '... and none twice while others come');


# --- resources --------------------------------------------------------------

sub save { # api keys: name => properties
    my ($domain, $keys, %opt) = @_;
    return $t->request('POST', ($opt{prefix} // '') . '/api/v2/resources'
        . ($opt{query} // ''), $opt{headers} // who(domain => $domain),
        { map { $_ => { type => 'api_key', properties => { name => $_,
            %{$keys->{$_}} } } } keys %$keys });
}

$r = save('keys', { one => {}, two => { scopes => ['write:resources'] } });
my %made = map { $_->{title} => $_ } @{$r->{json}{created} // []};
is(scalar keys %made, 2, 'two api keys are created') or diag($r->{body});
@found = entries('', domain => 'keys');
is_deeply([sort map { "$_->{type} $_->{id} $_->{user} $_->{method}" } @found],
    [sort map { "api_key $_->{internal_id} script header" } values %made],
    '... with an entry for each');
is(scalar(keys %{{ map { $_->{request} => 1 } @found }}), 1,
    '... both with the request\'s id');
is_deeply([map { $_->{id} } entries("id=$made{one}{internal_id}",
    domain => 'keys')], [$made{one}{internal_id}], '... found by id');

my @stream = @{$redis->cmd('XRANGE', stream('keys', 16), '-', '+')};
is(scalar @stream, 2, 'they lie in the stream of the resources');

is(save('keys', { one => { scopes => ['read:resources'] } },
    query => '?overwrite=false')->{status}, 409, 'what exists is refused');
is(save('keys', { three => {}, one => { scopes => ['x'] } })->{status}, 422,
    'a set of which one is wrong is refused');
is(scalar(entries('', domain => 'keys')), 2, '... and leaves no entry');

my $by = { 'X-Arcanna-Api-Key' => $made{two}{value} };
is(scalar @{save('keys', { four => { scopes => ['write:resources'] } },
    prefix => '/jwt', headers => $by)->{json}{created} // []}, 1,
    'a key creates another one');
is(join(' ', @{(entries('', domain => 'keys'))[0]}{qw(method user domain)}),
    "api_key api_key:$made{two}{internal_id} keys",
    '... method is api_key, the user its id');

$t->request('DELETE', '/api/v2/resources?resource_type=api_key&title=one',
    who(domain => 'keys'));
$found = (entries('', domain => 'keys'))[0];
is($found->{id}, $made{one}{internal_id}, 'deleting one leaves an entry, too');
isnt($found->{operation}, $found[0]{operation},
    '... of another operation');
is($t->request('DELETE', '/api/v2/resources?resource_type=api_key&title=one',
    who(domain => 'keys'))->{status}, 404, 'deleting it again');
is(scalar(entries('', domain => 'keys')), 4, '... leaves none');


# --- who may, and for what domain -------------------------------------------

is(audit('', roles => $_)->{status}, 403, "\"$_\" may not read the audit")
    foreach '', $writer, 'sn_sec_cmn.api_read', "${admin}s", "x$admin",
    'admin', uc $admin;
is(audit('', roles => "x, $admin")->{status}, 200, 'an administrator may');
is_refused($t->request('GET', $path, {}), 401, 'User is not authenticated',
    'nobody may not');
is(audit('', prefix => '/role', roles => $admin)->{status}, 403,
    'secops_admin_role names another role');
is(audit('', prefix => '/role', roles => 'soc:auditor')->{status}, 200,
    '... which may');
is_deeply([entries('', domain => 'nobody')], [],
    'an administrator of another domain sees nothing');
is_deeply([entries("id=$ids[0]", domain => 'nobody')], [],
    '... not even by id');
is((entries("id=$ids[0]", domain => 'batch'))[0]{id}, $ids[0],
    '... which one of the same domain does');
is($t->request('GET', "$path/", who(roles => $admin))->{status}, 200,
    'a slash at the end makes no difference');
is(audit('', body => '{}')->{status}, 200, 'neither does a body');
$r = audit('', method => 'HEAD');
ok($r->{status} == 200 && $r->{headers}{'content-length'} > 10,
    'HEAD is answered');


# --- queries ----------------------------------------------------------------

foreach my $query (qw(limit=0 limit=1001 limit= limit=x limit=-1 limit=1.5
    limit=5&limit=5 cursor= cursor=x cursor=0-0-0 cursor=1-1-18 cursor=1-1
    cursor=99999999999999999999-1-1 user= user=%ff user=%00 operation= id=
    usr=alice type=x domain=acme x), 'limit=%F0%28', 'cursor=' . '1' x 500)
{
    is_refused(audit($query), 400, 'Invalid query', "$query is a fault");
}
like(audit('limit=0')->{json}{error}{detail}, qr/limit: .* 1 to 1000/,
    '... and the answer says which');

post($t, records(), domain => 'query', user => $_) foreach
    'alice', 'bob', 'a b', 'alice2', 'ali';
is_deeply([map { $_->{user} } entries('user=alice', domain => 'query')],
    ['alice'], 'user= is compared whole');
is_deeply([map { $_->{user} } entries('user=a+b', domain => 'query')],
    ['a b'], '... and decoded as forms are');
is_deeply([map { $_->{user} } entries('user=a%20b', domain => 'query')],
    ['a b'], '... either way');
is(scalar(entries('user=Alice', domain => 'query')), 0,
    '... letter case counts');
is(scalar(entries('operation=records.create', domain => 'query')), 5,
    'operation= lets these pass');
is(scalar(entries('operation=records', domain => 'query')), 0,
    '... and none by half its name');
is_deeply([map { $_->{user} } entries('operation=records.create&user=bob',
    domain => 'query')], ['bob'], 'filters add up');
is_deeply([map { $_->{user} } entries('limit=2', domain => 'query')],
    ['ali', 'alice2'], 'the newest come first');


# --- pages ------------------------------------------------------------------

# the same ids in many streams, several in one millisecond

my (@all, %last);

foreach my $n (0 .. 299) {
    my $stream = ($n * 7 + int($n / 17)) % 17;
    my $msec = 1000 + int($n / 40);
    my $seq = ($last{"$stream $msec"}++ // 0) + 1;

    is($redis->cmd('XADD', stream('pages', $stream), "$msec-$seq", 'id',
        "e$n", 'user', $n % 3 ? 'many' : 'few'), "$msec-$seq", "entry $n")
        or last if $n == 0 || $n == 299;
    $redis->cmd('XADD', stream('pages', $stream), "$msec-$seq", 'id', "e$n",
        'user', $n % 3 ? 'many' : 'few') unless $n == 0 || $n == 299;

    push @all, [$msec, $seq, $stream, "e$n"];
}

my @sorted = map { $_->[3] } sort { $b->[0] <=> $a->[0] || $b->[1] <=> $a->[1]
    || $a->[2] <=> $b->[2] } @all;

foreach my $limit (1000, 300, 299, 150, 17, 7) {
    my @sizes;
    is_deeply([map { $_->{id} } walk("limit=$limit", domain => 'pages',
        sizes => \@sizes)], \@sorted, "all entries in pages of $limit");
    is(scalar @sizes, int((300 + $limit - 1) / $limit),
        '... in no more pages than needed');
}
is_deeply([map { $_->{id} } walk('', domain => 'pages')], \@sorted,
    '... and of 100, without a limit');
is_deeply([map { $_->{id} } walk('limit=13&user=few', domain => 'pages')],
    [grep { substr($_, 1) % 3 == 0 } @sorted], '... and those of one user');

is_deeply([map { $_->{id} } walk('limit=11', domain => 'pages',
    between => sub { post($t, records(observable => 'x' . rand),
        domain => 'pages') for 1 .. 3 })], \@sorted,
    'what is written between two pages changes none of them');
is(scalar(walk('limit=50', domain => 'pages')), 300 + 3 * 28,
    '... and is there the next time');

$redis->cmd('XTRIM', stream('pages', $_), 'MINID', 1005) foreach 0 .. 16;
is_deeply([map { $_->{id} } walk('limit=9&user=few', domain => 'pages')],
    [grep { substr($_, 1) % 3 == 0 && substr($_, 1) >= 200 } @sorted],
    'of trimmed streams the rest is shown');


# work is bounded: one stream with more than a request may read

$redis->cmd('EVAL', <<'EOT', 1, stream('long', 5));
    for i = 1, 1500 do
        redis.call('XADD', KEYS[1], 1000 + math.floor(i / 100) .. '-' .. i,
            'id', i == 1 and 'rare' or 'usual')
    end
EOT
$redis->cmd('XADD', stream('long', 16), '999-1', 'id', 'oldest');

my @sizes;
is(scalar(walk('limit=1000', domain => 'long', sizes => \@sizes)), 1501,
    'a long stream is shown whole');
is_deeply(\@sizes, [555, 555, 391], '... in pages of what may be read');
@sizes = ();
is_deeply([map { $_->{time} } walk('id=rare', domain => 'long',
    sizes => \@sizes)], [utc(1000)], 'what is rare is found');
is_deeply(\@sizes, [0, 0, 1], '... behind pages that are empty but not the '
    . 'last');
is_deeply([map { $_->{id} } walk('id=oldest&limit=1', domain => 'long')],
    ['oldest'], 'so is what lies in another stream');

my $id = '5' . '0' x 31;
$redis->cmd('XADD', stream('long', 5), '998-1', 'id', $id)
    =~ /^ERR/ or fail('an id that is too old was taken');
$redis->cmd('XADD', stream('long', 5), '5000-1', 'id', $id);
$redis->cmd('XADD', stream('long', 6), '5000-1', 'id', $id);
$redis->cmd('XADD', stream('long', 16), '5000-1', 'id', $id);
@sizes = ();
is_deeply([map { $_->{id} } walk("id=$id", domain => 'long',
    sizes => \@sizes)], [$id, $id, $id],
    'a record\'s id is looked for in all streams: its entry may be another one\'s');
is($sizes[0], 3, '... in one page');


# --- what others have written -----------------------------------------------

$redis->cmd('XADD', stream('odd', 0), '1000-1', 'user', "\xff\xc0\xaf\x00\"\\",
    'extra', "\xff", 'id', "tab\there");
$redis->cmd('XADD', stream('odd', 0), '1000-2', 'x', 'y');
$redis->cmd('XADD', stream('odd', 1), '18446744073709551615-1', 'user', 'z');

$r = audit('', domain => 'odd');
ok($r->{json}, 'the reply is JSON whatever a stream holds');
is_deeply([map { $_->{user} } @{$r->{json}{result}}], ['z', '', '??????'],
    '... bytes that are no text are not shown');
is($r->{json}{result}[2]{id}, 'tab?here', '... nor control characters');
is($r->{json}{result}[0]{time}, '9999-12-31T23:59:59.999Z',
    '... a time without end is shown as the last');
unlike($r->{body}, qr/extra/, '... and fields of others not at all');
is_deeply([map { $_->{user} } walk('limit=1', domain => 'odd')],
    ['z', '', '??????'], '... page by page as well');

# an id that is not made as ours are is one, with whatever is in it

my @several = ('a,b', join(',', ('0' x 32) x 17), join('x', ('0' x 32) x 2),
    ('0' x 32) . ',', join(',', ('0' x 32) x 2, '00'));
$redis->cmd('XADD', stream('several', 0), '*', 'id', $_) foreach @several;
is_deeply([map { $_->{id} } entries('', domain => 'several')],
    [reverse @several], 'ids of another form are shown as they are');


# --- trimming ---------------------------------------------------------------

foreach my $case (['trim', 5, 25], ['keep', 28, 33]) {
    my ($prefix, $least, $most) = @$case;

    $t->request('POST', "/$prefix" . path(), who(domain => $prefix),
        { data => [(records(observable => 'same')) x 150] }) for 1 .. 3;

    my ($stream) = grep { $redis->cmd('XLEN', $_) >= 5 } keys_like($redis,
        "secops:{$prefix:*}:audit");
    my $length = $redis->cmd('XLEN', $stream);
    my $records = audited($redis, $stream);

    ok($length >= $least && $length <= $most,
        "secops_audit_maxlen, $prefix: $length entries are left");
    is(scalar(walk('limit=1000', domain => $prefix)), $records,
        '... and are shown');
    is($records, 450, '... none was trimmed') if $prefix eq 'keep';
}


# --- no secret, no token, no body, at any level of the log ------------------

# $secrets{what} is nowhere to be found; nginx itself prints the headers of a
# request, but only when it debugs

my %secrets = (
    'the password of Redis' => $password,
    'a token'               => $token,
    'a token\'s signature' => (split /\./, $token)[2],
    'a wrong token'         => ($token =~ s/\.[^.]*$//r) . '.' . 'Q' x 43,
    'a malformed token'     => 'malformed.token.of.sorts',
    'an api key'            => encode_base64url(join '', map { chr 7 * $_ % 256 }
        1 .. 64),
    'a malformed api key'   => 'malformed-api-key',
    'a secret in a body'    => 'body-marker-4711',
    'a key that was made'   => $made{two}{value},
);
my $digest = sha256_hex($secrets{'an api key'});

$locked->cmd('AUTH', $password);
$locked->cmd('HSET', 'secops:{key:' . substr($digest, 0, 2) . "}:$digest",
    'domain', 'keys', 'id', 'id-of-the-key');
$locked->cmd('HSET', 'secops:{keys:res}:api_key', 'id-of-the-key',
    qq({"name":"k","scopes":["read:resources"],"digest":"$digest",)
    . '"created_by":"me","created_on":"2026-01-01 00:00:00"}');

my $body = records(note => $secrets{'a secret in a body'});
my $cut = substr encode_json($body), 0, -1;

foreach my $headers (
    [who(), 201],
    [{ Authorization => "Bearer $token" }, 201],
    [{ Authorization => "Bearer $secrets{'a wrong token'}" }, 401],
    [{ Authorization => "Bearer $secrets{'a malformed token'}" }, 401],
    [{ 'X-Arcanna-Api-Key' => $secrets{'an api key'} }, 403],
    [{ 'X-Arcanna-Api-Key' => $secrets{'a malformed api key'} }, 401],
) {
    my ($headers, $status) = @$headers;
    my $how = join ', ', sort keys %$headers;

    is($t->request('POST', '/locked' . path(), $headers, $body)->{status},
        $status, "$how: $status");
    isnt($t->request('POST', '/locked' . path(), $headers, $cut)->{status},
        201, '... and with half a body');
    isnt($t->request('POST', '/closed' . path(), $headers, $body)->{status},
        201, '... and without a Redis');
}

my $token_user = who(user => 'tom', domain => 'tokens', roles => $admin);
is($t->request('GET', "/locked$path", $token_user)->{json}{result}[0]{user},
    'tom', 'what was written there is in the audit');

my @lines = split /^(?=\d{4}\/\d\d\/\d\d )/m, $t->error_log();
my @ours = grep { /^\S+ \S+ \[\w+\] \S+ (?:\*\d+ )?secops/ } @lines;
my @info = grep { !/^\S+ \S+ \[debug\] / } @lines;

SKIP: {
    skip 'nginx was built without debugging', 2
        if $t->version() !~ /--with-debug/;
    cmp_ok(scalar(grep { index($_, $token) >= 0 } @lines), '>', 0,
        'what is looked for is in nginx\'s own debugging');
    cmp_ok(scalar(grep { /\[debug\]/ } @ours), '>', 100,
        'this module\'s own debugging is in the log');
}
cmp_ok(scalar(grep { !/\[debug\]/ } @ours), '>', 20, '... and the rest');

my $audit = '';
foreach my $server ($redis, $locked) {
    foreach my $stream (keys_like($server, '*:audit')) {
        next if $server->cmd('TYPE', $stream) ne 'stream';
        $audit .= join ' ', map { @{$_->[1]} }
            @{$server->cmd('XRANGE', $stream, '-', '+')};
    }
}
like($audit, qr/records\.create/, 'all audit streams were read');

foreach my $what (sort keys %secrets) {
    my $secret = $secrets{$what};

    is(scalar(grep { index($_, $secret) >= 0 } @ours), 0,
        "$what is in no line of this module");
    is(scalar(grep { index($_, $secret) >= 0 } @info), 0,
        '... and in no other that is not for debugging');
    is(index($audit, $secret), -1, '... and in no audit entry');
}
is(scalar(grep { index($_, $digest) >= 0 } @info), 0,
    'neither is an api key\'s digest');


# --- failures ---------------------------------------------------------------

$redis->cmd('SET', stream('wrong', 7), 'x');
$r = audit('', domain => 'wrong');
is_refused($r, 500, 'Unable to read record', 'a key of a wrong type');
like($r->{json}{error}{detail}, qr/\Arequest [0-9a-f]{32}\z/,
    '... the detail is the request\'s id');
unlike($r->{body}, qr/WRONGTYPE|secops:/, '... and no key');
ok($t->wait_log('audit.get failed: WRONGTYPE'), '... the log says why');

ok($fake->wait($ready), 'a scripted Redis is there');
foreach my $shape (@shapes) {
    $fake->play("EXPECT 18\nREPEAT 8 $empty\nSEND $shape->[1]\nREPEAT 9 $empty");
    is_refused(audit('', prefix => '/fake'), 500, 'Unable to read record',
        "a reply of another shape: $shape->[0]");
}

$fake->play("EXPECT 18\nREPEAT 17 $empty\nSEND $entry*0\\r\\n");
is_deeply([map { $_->{time} } entries('', prefix => '/fake')], [utc(1)],
    'an entry without any field is one');

$fake->play('AUTO 6');
is($t->request('POST', '/fake' . path(), who(), records())->{status}, 201,
    'a write');
is(join(' ', ($fake->log() =~ /^> "?(MULTI|SET|LPUSH|XADD|EXEC)\b/mg)),
    'MULTI SET LPUSH XADD LPUSH EXEC', '... is one group with its audit entry');

$fake->play("EXPECT 18\nREPEAT 9 $empty\nCLOSE\n"
    . "HANDSHAKE\nEXPECT 9\nREPEAT 9 $empty");
is_deeply(audit('', prefix => '/fake')->{json}, { result => [], next => undef },
    'what a lost link did not answer is asked again');

my $linked = $fake->play("EXPECT 18\nREPEAT 16 $empty\n"
    . "SEND -LOADING a moment\\r\\n-WRONGTYPE no\\r\\n\nWAITCLOSE\nHANDSHAKE");
is(audit('', prefix => '/fake')->{status}, 500,
    'with two errors, the one that stays decides');

ok($fake->wait($linked), '... and the link is another one');
$fake->play("EXPECT 18\nREPEAT 16 $empty\nREPEAT 2 -LOADING a moment\\r\\n");
$r = audit('', prefix => '/fake');
is($r->{status} . ($r->{headers}{'retry-after'} // ''), 5031,
    'with one that passes it is 503');

$redis->pause();
my $waiting = $t->connect();
$waiting->send($waiting->format('GET', $path, who(roles => $admin)));
$waiting->taken();
$waiting->close(reset => 1);
$waiting = $t->connect();
$waiting->send($waiting->format('GET', $path, who(roles => $admin)));
$waiting->taken();
$redis->resume();
is($waiting->answer('GET')->{status}, 200,
    'a client that leaves does not keep others from their answer');

$redis->stop();
wait_for(sub { audit('')->{status} == 503 });
$r = audit('');
is_refused($r, 503, 'Unable to read record', 'without Redis');
is($r->{headers}{'retry-after'}, 1, '... Retry-After');
$redis->start();
ok(wait_for(sub { audit('')->{status} == 200 }), 'and with it again');

$t->done();
