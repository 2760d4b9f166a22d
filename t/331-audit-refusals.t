# Refusals in the audit: who was not known (401), who may not (403), sets of
# resources that are not valid (422).  Each is an entry of its own, beside the
# writes and never instead of one, as often as secops_audit_refusals allows;
# what was left out is counted.  And the names of the members that a change has
# touched.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw(hmac_sha256);
use JSON::PP;
use List::Util qw(sum0);
use MIME::Base64 qw(encode_base64 encode_base64url);
use SecOps;
use SecOps::Records;
use SecOps::Resources;

my $path = '/api/secops/v1/audit';
my $admin = 'sn_sec_cmn.admin';
my $reader = 'sn_sec_cmn.api_read';
my $secret = 'a secret of thirty-two bytes....';

my $t = SecOps->new();
my $redis = $t->redis();
my $gone = $t->redis();

$t->write('jwks.json', '{"keys":[{"kty":"oct","alg":"HS256","kid":"k","k":"'
    . encode_base64url($secret) . '"}]}');
$t->write('htpasswd', "alice:{PLAIN}secret\n");


my $basic = 'auth_basic SOC; auth_basic_user_file %%DIR%%/htpasswd;';

my $server = join '',
    api_location('jwt',
        'secops_auth jwt; secops_jwt_key_file %%DIR%%/jwks.json;'),
    api_location('key', 'secops_auth api_key;'),
    api_location('any', "satisfy any; $basic"),
    api_location('user', "satisfy any; $basic secops_auth variables;"
        . ' secops_user $remote_user; secops_roles ' . "$reader;"),
    api_location('trim', 'secops_audit_maxlen 5;'),
    api_location('keep', 'secops_audit_maxlen 0;'),
    api_location('gone', 'secops_redis %%REDIS1%%;');

sub with { # a rate; %%HTTP%% has none then
    my ($rate) = @_;
    return conf(http => "secops_audit_refusals $rate;", server => $server);
}

$t->run(with('1000r/s'));


sub audit { # query, caller's options
    my ($query, %opt) = @_;
    return $t->request('GET', ($opt{prefix} // '') . "$path?$query",
        who(roles => $admin, %opt));
}

sub entries {
    my $r = audit(@_);
    diag($r->{body}) unless $r->{status} == 200;
    return @{$r->{json}{result} // []};
}

sub refusals { # of a domain, once there are so many; the newest first
    my ($n, %opt) = @_;
    my @found;

    wait_for(sub {
        @found = entries('outcome=refused&limit=1000', %opt);
        return @found >= $n;
    });

    return @found;
}

sub is_entry { # the newest of a domain has these members
    my ($n, $domain, $expected, $name) = @_;
    my @found = refusals($n, defined $domain ? (domain => $domain) : ());

    is(scalar @found, $n, $name);
    is_deeply({ map { $_ => $found[0]{$_} } keys %$expected }, $expected,
        '... it says who, what and why');
    return $found[0];
}


# --- nobody -----------------------------------------------------------------

is($t->request('POST', path(), {}, records())->{status}, 401, 'nobody calls');
my $entry = is_entry(1, undef, { outcome => 'refused', status => 401,
    reason => 'there is no credential', user => '', method => '',
    domain => 'global', address => '127.0.0.1', operation => 'records.create',
    type => 'sn_ti_lookup_result', id => '' },
    'who is not known is in the domain global');
like($entry->{request}, qr/\A[0-9a-f]{32}\z/, '... by which request');
is(join(' ', sort keys %$entry), 'address domain id method operation outcome '
    . 'reason request status time type user', '... and nothing else');

my $token = join '.', map { encode_base64url($_) } '{"alg":"HS256","kid":"k"}',
    '{"sub":"tom","domain":"tokens","exp":1,"marker":"marker-of-a-token"}';
$token .= '.' . encode_base64url(hmac_sha256($token, $secret));

is($t->request('GET', '/jwt/api/now/table/sn_ti_lookup_result',
    { Authorization => "Bearer $token" })->{status}, 401, 'an old token');
is_entry(2, undef, { status => 401, user => '', domain => 'global',
    reason => 'the credential is not valid', operation => 'tables.list' },
    'what an invalid token says of itself counts for nothing');
is_deeply([refusals(0, domain => 'tokens')], [], '... not in its domain');

my $key = encode_base64url('k' x 64);
is($t->request('GET', '/key/api/v2/resources', { 'x-arcanna-api-key' => $key })
    ->{status}, 401, 'an api key that does not exist');
is_entry(3, undef, { status => 401, reason => 'the credential is not valid',
    operation => 'resources.list' }, '... is one as well');


# --- who may not ------------------------------------------------------------

my $id = 'a' . '0' x 31;

is(post($t, records(), roles => $reader, user => 'eve', domain => 'acme')
    ->{status}, 403, 'a reader writes');
is_entry(1, 'acme', { status => 403, user => 'eve', method => 'header',
    domain => 'acme', reason => 'the caller lacks a role or scope',
    type => 'sn_ti_lookup_result', id => '', operation => 'records.create' },
    'who may not is in the own domain');

is($t->request('DELETE', "/api/now/table/sn_ti_lookup_result/$id",
    who(domain => 'acme'))->{status}, 403, 'a writer deletes a record');
is_entry(2, 'acme', { status => 403, operation => 'records.delete',
    type => 'sn_ti_lookup_result', id => $id }, '... the entry says which');

is($t->request('POST', '/api/v2/jobs/1001/start', who(domain => 'acme',
    roles => $reader))->{status}, 403, 'a reader starts a job');
is_entry(3, 'acme', { operation => 'jobs.start', type => 'job', id => '1001' },
    '... the entry says which');

is($t->request('GET', '/api/now/table/%ff%fe', who(domain => 'acme',
    roles => 'none'))->{status}, 403, 'a table whose name is no text');
is_entry(4, 'acme', { operation => 'tables.list', type => '' },
    '... is not named');
is($t->request('GET', '/api/now/table/' . 'x' x 300, who(domain => 'acme',
    roles => 'none'))->{status}, 403, 'one whose name is too long');
is_entry(5, 'acme', { operation => 'tables.list', type => '' },
    '... neither');

my $r = $t->request('POST', '/api/now/v1/batch',
    who(domain => 'batch', roles => $reader), { batch_request_id => 1,
    rest_requests => [
        { id => 'a', method => 'GET',
          url => '/api/now/table/sn_ti_lookup_result' },
        { id => 'b', method => 'DELETE',
          url => "/api/now/table/sn_ti_lookup_result/$id" },
    ] });
is($r->{status}, 200, 'a batch, of which one request may not');
is_entry(1, 'batch', { status => 403, operation => 'records.delete',
    id => $id }, '... has an entry for that one');


# --- resources --------------------------------------------------------------

my $api = SecOps::Resources->new($t, $redis, domain => 'sets');

is($api->save({ k => { type => 'api_key', properties => { name => '' } } })
    ->{status}, 422, 'a set that is not valid');
is_entry(1, 'sets', { status => 422, operation => 'resources.save',
    reason => 'what is asked for is not valid', user => 'script' },
    '... is an entry');

$r = $api->save({ k => api_key('small', scopes => ['write:resources']) });
my ($made) = @{$r->{json}{created}};
is($t->request('POST', '/key/api/v2/resources',
    { 'x-arcanna-api-key' => $made->{value} }, { k => api_key('large',
        scopes => ['delete:resources']) })->{status}, 403,
    'an api key gives more than it has');
is_entry(2, 'sets', { status => 403, method => 'api_key',
    user => "api_key:$made->{internal_id}", operation => 'resources.save' },
    '... is an entry');

foreach my $case (
    [400, 'no JSON', sub { $api->save('{') }],
    [404, 'one that is not there', sub { $api->remove('title=none') }],
) {
    my ($status, $name, $do) = @$case;
    is($do->()->{status}, $status, "$name: $status");
}
$t->request('GET', '/api/nowhere', who(domain => 'sets'));
$api->save({ k => { type => 'api_key', properties => { name => '' } } });
is(scalar refusals(3, domain => 'sets'), 3, '... are no refusals');


# --- satisfy any: who has the last word --------------------------------------

my $before = @{[refusals(0)]};
my $alice = { Authorization => 'Basic ' . encode_base64('alice:secret', '') };

is($t->request('POST', '/any' . path(), {}, records())->{status}, 401,
    'neither a password nor an identity');
is(scalar refusals($before + 1), $before + 1, '... is one entry');
is($t->request('POST', '/any' . path(), $alice, records())->{status}, 401,
    'a password, where an identity is needed');
is(scalar refusals($before + 2), $before + 2, '... is one');
is($t->request('POST', '/any' . path(), who(domain => 'any'), records())
    ->{status}, 201, 'an identity without a password');
is($t->request('GET', '/user/api/now/table/sn_ti_lookup_result', $alice)
    ->{status}, 200, 'a password that makes the identity');
is($t->request('POST', '/user' . path(), $alice, records())->{status}, 403,
    '... which may not write');
is_entry($before + 3, undef, { status => 403, user => 'alice',
    method => 'variables' }, '... and no other refusal');


# --- what is in Redis -------------------------------------------------------

is($redis->cmd('TYPE', 'secops:{acme:res}:refusals'), 'stream',
    'refusals have a stream of their own');
my %raw = @{$redis->cmd('XREVRANGE', 'secops:{global:res}:refusals', '+', '-',
    'COUNT', 1)->[0][1]};
is($raw{outcome}, 'refused', '... whose fields are the entry\'s');
my $all = join "\n", map { @{$_->[1]} } map { @{$redis->cmd('XRANGE', $_, '-',
    '+')} } keys_like($redis, '*:refusals');
unlike($all, qr/\Q$token\E|marker-of-a-token|\Q$key\E|\Q$secret\E|secret/,
    '... no token, no key, no password');

is(scalar entries('outcome=done', domain => 'acme'), 0, 'outcome=done: none');
is(post($t, records(), domain => 'acme')->{status}, 201, 'a write');
my @done = entries('outcome=done', domain => 'acme');
is(scalar @done, 1, '... is one');
is($done[0]{outcome}, undef, '... and has no outcome');
is(scalar entries('', domain => 'acme'), 6, 'without outcome, all are there');
is(scalar entries('user=eve', domain => 'acme'), 1, '... and can be filtered');
is(audit("outcome=$_", domain => 'acme')->{status}, 400, "outcome=$_")
    foreach '', 'x', 'REFUSED';

my ($cursor, @pages) = ('');
do {
    $r = audit("limit=1$cursor", domain => 'acme');
    push @pages, @{$r->{json}{result}};
    $cursor = defined $r->{json}{next} ? "&cursor=$r->{json}{next}" : '';
} while ($cursor ne '' && @pages < 20);
is(scalar @pages, 6, 'page by page it is the same');

# however long the names are

is($t->request('DELETE', '/api/now/table/' . 'x' x 255 . '/' . 'y' x 255,
    who(domain => 'long', user => 'u' x 255))->{status}, 403,
    'a caller, a table and a record with long names') foreach 1 .. 50;
is(scalar refusals(50, domain => 'long'), 50, '... are entries');
my $long = 'secops:{long:res}:refusals';
cmp_ok($redis->cmd('MEMORY', 'USAGE', $long, 'SAMPLES', 0)
    / $redis->cmd('XLEN', $long), '<', 1536,
    '... each takes less than 1.5 KB of Redis');

# who is not refused pays nothing

$redis->cmd('CONFIG', 'RESETSTAT');
is(post($t, records(), domain => 'acme')->{status}, 201, 'a record is stored');
is($redis->calls('xadd'), 1, '... with its own entry and no other');

# the stream is bounded, also where all writes are kept

foreach my $case (['trim', 5, 200], ['keep', 0, 100_000]) {
    my ($prefix, $maxlen, $most) = @$case;

    $redis->cmd('CONFIG', 'SET', 'slowlog-log-slower-than', 0);
    $redis->cmd('SLOWLOG', 'RESET');
    is($t->request('POST', "/$prefix" . path(), who(roles => $reader,
        domain => $prefix), records())->{status}, 403, 'a refusal');
    is(scalar refusals(1, domain => $prefix), 1, '... has its entry');
    my ($xadd) = grep { $_->[0] eq 'XADD' } map { $_->[3] }
        @{$redis->cmd('SLOWLOG', 'GET', 100)};
    $redis->cmd('CONFIG', 'SET', 'slowlog-log-slower-than', -1);
    is_deeply([@$xadd[1 .. 4]], ["secops:{$prefix:res}:refusals", 'MAXLEN', '~',
        $maxlen || $most], "... in a stream of so many: $prefix");
}


# --- names of what a change has touched --------------------------------------

$api = SecOps::Resources->new($t, $redis, domain => 'members');

sub newest { # operation, id and members of the newest entry
    my ($done) = entries('outcome=done&limit=1', domain => 'members');
    return join ' ', map { $_ // '-' } @$done{qw(operation members)};
}

my $elastic = sub {
    return { es => { type => 'integration', properties => {
        title => 'Alerts', integration_type => 'Elasticsearch',
        parameters => { hosts => 'es.example.com', user => 'u',
            password => 'value-4711', @_ } } } };
};

$r = $api->save($elastic->());
is($r->{status}, 200, 'an integration is created');
is(newest(), 'resources.create -', '... of which no member is named');
$api->save($elastic->(port => 9243, user => 'other'));
is(newest(), 'resources.update /parameters/port,/parameters/user',
    'of one that is changed those that differ are') or diag(newest());
$api->save($elastic->(port => 9243, user => 'other', password => 'value-4712'));
is(newest(), 'resources.update /parameters/password',
    'a secret is named, too');
$api->save($elastic->(port => 9243, user => 'other', password => 'value-4712'));
is(scalar entries('outcome=done', domain => 'members'), 3,
    'what is the same leaves no entry');
$r = $api->save({ k => api_key('Key', scopes => ['read:resources']) });
$api->save({ k => { type => 'api_key', properties => { name => 'Other',
    rename => JSON::PP::true, id => $r->{json}{created}[0]{internal_id} } } });
like(newest(), qr{^resources.update /name$}, 'a key that gets another name');
$api->remove('title=Other');
is(newest(), 'resources.delete -', 'one that is deleted');

$all = join "\n", map { @{$_->[1]} } map { @{$redis->cmd('XRANGE', $_, '-',
    '+')} } keys_like($redis, '*:audit');
unlike($all, qr/value-471/, 'no value is in the audit');


# --- rates ------------------------------------------------------------------

is($t->quit(), 0, 'nginx ends');
$t->run(with('3r/s'));

sub refuse { # so often, in a domain
    my ($domain, $n) = @_;
    my @status = map { post($t, records(), roles => $reader,
        domain => $domain)->{status} } 1 .. $n;
    return scalar grep { $_ == 403 } @status;
}

sub told { # entries, and what they say was left out
    my ($domain) = @_;
    my @found = entries('outcome=refused&limit=1000', domain => $domain);
    return (scalar @found, sum0(map { $_->{left_out} // 0 } @found));
}

my $sent = refuse('noisy', 60);
is($sent, 60, 'sixty refusals, answered as ever');

is(refuse('quiet', 1), 1, 'one in another domain');
is(scalar refusals(1, domain => 'quiet'), 1, '... is not hidden by these');
is($t->request('POST', path(), {}, records())->{status}, 401, 'one of nobody');
my $nobody = @{[refusals(0)]};
is(scalar refusals($nobody), $nobody, '... neither');

ok(wait_for(sub {
    $sent += refuse('noisy', 1);
    my ($entries, $left_out) = told('noisy');
    return $entries + $left_out == $sent && $left_out > 0;
}), 'each of them has an entry or is counted in the next one');
my ($entries, $left_out) = told('noisy');
cmp_ok($entries, '<', $sent, "... $entries entries, $left_out left out");


# a caller who may name any domain makes no more streams than there are groups

is($t->quit(), 0, 'nginx ends');
$t->run(with('1r/m'));

sub minute { return int time() / 60 }
sub streams { return scalar grep { /\{many-/ } keys_like($redis) }

my $began = minute();
is(scalar(grep { refuse("many-$_", 1) } 1 .. 400), 400,
    'refusals in 400 domains');
ok(wait_for(sub { streams() >= 32 }), '... have entries');
cmp_ok(streams(), '<=', 64 * (1 + minute() - $began),
    '... in no more than 64 streams a minute: ' . streams());

is($t->quit(), 0, 'nginx ends');
$t->run(with('3r/s'));


# --- without Redis ----------------------------------------------------------

$gone->stop();
ok(wait_for(sub {
    $t->request('POST', '/gone' . path(), who(domain => 'gone'), records())
        ->{status} == 503 }), 'a Redis is away');
is($t->request('POST', '/gone' . path(), who(roles => $reader,
    domain => 'gone'), records())->{status}, 403, 'it is refused all the same');
$gone->start();
ok(wait_for(sub {
    $t->request('POST', '/gone' . path(), who(roles => $reader,
        domain => 'gone'), records());
    my @found = entries('outcome=refused', domain => 'gone', prefix => '/gone');
    return sum0(map { $_->{left_out} // 0 } @found) > 0;
}), '... and counted once it is back');

is($t->quit(), 0, 'nginx ends');


# --- off --------------------------------------------------------------------

$t->run(with('off'));
my ($had) = told('noisy');
refuse('noisy', 5);
is(post($t, records(), domain => 'noisy')->{status}, 201, 'a write');
is((told('noisy'))[0], $had, 'secops_audit_refusals off: no entry');

$t->done();
