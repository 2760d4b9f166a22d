# What a domain's resources may come to, and that nothing that Redis is asked to
# do grows with them: limits that the commit checks, lists in parts, DELETE by
# what is kept about references; and data that somebody has stored without it.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use JSON::PP;
use List::Util qw(sum);
use SecOps;
use SecOps::Records;
use SecOps::Resources;

my $t = SecOps->new();
my $redis = $t->redis(aof => 'no');

$t->run(conf(location => 'secops_max_resources count=40 bytes=64k;',
    server => <<'EOT'));
        location /large/ {
            rewrite ^/large(/.*)$ $1 break;
            secops_api;
            secops_redis %%REDIS%%;
            secops_auth header;
            secops_max_resources count=100000 bytes=1024m;
        }
EOT

my $api = SecOps::Resources->new($t, $redis);


sub large { # a request to where the limits are high
    my ($method, $query, $body, %opt) = @_;
    return $t->request($method, "/large/api/v2/resources$query", who(%opt),
        ref $body ? encode_json($body) : $body, timeout => 60) // {};
}

sub hook { # an integration of about so many KB
    my ($title, $kb, %more) = @_;
    return { type => 'integration', properties => { title => $title,
        integration_type => 'Webhook', parameters => {
            url => 'https://example.com/x', auth_type => 'none', headers =>
                { map { ("h$_" => 'v' x (51 * $kb)) } 1 .. 20 }, %more } } };
}

sub small { return map { ("s$_" => integration("S$_")) } @_ }

sub key_of { my ($name, $domain) = @_;
    return 'secops:{' . ($domain // 'global') . ":res}:$name" }

sub kept { # what is kept beside the resources is what they are
    my ($name, $domain) = @_;
    my (%refs, $bytes, $n);

    foreach my $type (0 .. 2) {
        my %found = @{$redis->cmd('HGETALL',
            key_of(qw(api_key integration job)[$type], $domain))};
        foreach my $id (keys %found) {
            $n++;
            $bytes += length $found{$id};
            $refs{($1 eq 'api_keys' ? 0 : $1 eq 'integrations' ? 1 : 2)
                . ":$2:$type:$id"} = 1 while $found{$id}
                =~ /"\{\{(\w+)\(internal_id='?([\w-]+)'?\)\}\}"/g;
        }
    }

    my %size = @{$redis->cmd('HGETALL', key_of('size', $domain))};
    is($size{bytes}, $bytes // 0, "$name: the bytes that are kept");
    is($size{state}, $redis->cmd('GET', key_of('rev', $domain)) . ' '
        . ($n // 0), '... of this revision');
    is_deeply($redis->cmd('ZRANGE', key_of('refs', $domain), 0, -1),
        [ sort keys %refs ], '... and the references');
}

sub during { # what Redis was asked to do meanwhile: calls by command
    my ($do) = @_;
    $redis->cmd('CONFIG', 'RESETSTAT');
    $do->();
    return { $redis->cmd('INFO', 'commandstats')
        =~ /^cmdstat_(\w+):calls=(\d+)/mg };
}

sub is_limited {
    my ($r, $what, $name) = @_;
    is_nok($r, 409, 'Limit of resources reached', $name);
    like($r->{json}{request}{reason_details}[0] // '', $what,
        '... it says which, and how much there is');
}


# --- limits -----------------------------------------------------------------

is_saved($api->save({ small(1 .. 40) }), 'as many as there may be');
kept('created');
my $before = $api->dump();
is_limited($api->save({ small(41) }),
    qr/more than 40 resources.*it has 40 now/, 'R.3: one more');
is_limited($api->save({ k => api_key('K'), small(1, 41) }),
    qr/more than 40 resources/, '... beside others');
is_deeply($api->dump(), $before, '... changes nothing');
is($api->remove({ title => 'S7' })->{status}, 200, 'one is deleted');
kept('deleted');
is_saved($api->save({ small(41) }), '... and there is room for one');
is_saved($api->save({ s1 => integration('S1',
    parameters => { hosts => 'other.example.com' }) }), 'one is changed');
kept('changed');

$redis->cmd('FLUSHALL');
is_saved($api->save({ map { ("h$_" => hook("H$_", 20)) } 1 .. 3 }),
    'nearly as many bytes as there may be');
kept('large ones');
$before = $api->dump();
is_limited($api->save({ h => hook('H4', 20) }),
    qr/more than 65536 bytes.*they have \d{5} now/, 'R.3: too many bytes');
is_limited($api->save({ h => hook('H1', 30) }), qr/more than 65536 bytes/,
    '... one that grows');
is_deeply($api->dump(), $before, '... changes nothing');
is_saved($api->save({ h => hook('H1', 19) }), 'one that becomes smaller');
is_saved($api->save({ h1 => hook('H1', 1), h4 => hook('H4', 18) }),
    'one smaller, and another one in its place');
kept('in its place');

my $r = large('POST', '', { in => integration('In'), j => job('Huge',
    decision_points => [ map { "p$_." . 'v' x 490 } 1 .. 600 ],
    pipeline_integrations => [ step('in', 'input', index => 'i') ]) });
is_nok($r, 422, 'Invalid resources', 'R.4: a resource of 300 KB');
like($r->{body}, qr/262144|256 KB/, '... it says how large it may be');

# what must always be possible, in a domain that has far more than it may

$redis->cmd('FLUSHALL');
is(large('POST', '', { small(1 .. 60), k => api_key('K'),
    j => job('J', pipeline_integrations => [ step('S1', 'input',
    index => 'i') ]), map { ("h$_" => hook("H$_", 20)) } 1 .. 6 })->{status},
    200, 'a domain of far more than the limit');
kept('far more');
is(scalar @{$api->list('')->{json}}, 68, '... is listed');
my $id = $api->job_called('J')->{id};
foreach my $verb (qw(start stop start)) {
    is($t->request('POST', "/api/v2/jobs/$id/$verb", who())->{status}, 200,
        "... its job: $verb");
}
is_saved($api->save({ k => { type => 'api_key', properties => { name => 'K',
    expire_at => '2099-01-01 00:00:00' } } }), '... its key is changed');
is_limited($api->save({ small(61) }), qr/more than/, '... nothing is added');
is($api->remove({ title => "H$_" })->{status}, 200, '... H' . "$_ is deleted")
    foreach 1 .. 6;
is($api->remove({ title => $_ })->{status}, 200, "... $_ is deleted")
    foreach qw(K J S1 S2);
kept('cleaned up');


# --- references -------------------------------------------------------------

$redis->cmd('FLUSHALL');
is_saved($api->save({ k => api_key('K'), l => api_key('L'),
    e => { type => 'integration', properties => { title => 'E',
        integration_type => 'External REST API', parameters => {
            api_key => "{{api_keys(name='K')}}" } } }, small(1, 2, 3),
    j => job('J', pipeline_integrations => [ step('s1', 'input', index => 'i'),
        step('e', 'input') ]) }), 'some that refer to others');
kept('referring');

sub in_use {
    my ($query, @by) = @_;
    my $r = $api->remove($query);
    is_nok($r, 409, 'Resource is in use', "$query->{title} is in use");
    is_deeply([ map { $_->{message} } @{$r->{json}{request}{errors}} ],
        [ map { "is in use by the $_" } @by ], '... by those that refer to it');
}

in_use({ title => 'K' }, 'integration "E"');
in_use({ title => 'E' }, 'job "J"');
in_use({ title => 'S1' }, 'job "J"');
is_saved($api->save({ e => { type => 'integration', properties => {
    title => 'E', integration_type => 'External REST API', parameters => {
        api_key => "{{api_keys(name='L')}}" } } } }), 'another reference');
kept('another');
in_use({ title => 'L' }, 'integration "E"');
is($api->remove({ title => 'K' })->{status}, 200, '... the old one is free');
is_saved($api->save({ j => job('J', pipeline_integrations => [
    step('S2', 'input', index => 'i') ],
    remove_missing_pipeline_integrations => JSON::PP::true) }),
    'another pipeline');
kept('another pipeline');
is($api->remove({ title => $_ })->{status}, 200, "$_ is free") foreach
    qw(S1 E L);
in_use({ title => 'S2' }, 'job "J"');
is($api->remove({ title => 'J' })->{status}, 200, 'the job is deleted');
is($api->remove({ title => 'S2' })->{status}, 200, '... and S2 is free');
kept('all free');

# more of them than an answer names

is(large('POST', '', { s => integration('Much used'), map { ("j$_" =>
    job("J$_", pipeline_integrations => [ step('s', 'input', index => 'i') ]))
    } 1 .. 450 })->{status}, 200, 'an integration that 450 jobs use');
$r = large('DELETE', '?title=Much+used', undef);
is($r->{status}, 409, '... can not be deleted');
cmp_ok(scalar @{$r->{json}{request}{errors}}, '>=', 50, '... many are named');


# --- no script whose work grows with the domain -----------------------------

$redis->cmd('FLUSHALL');
is(large('POST', '', { map { my $n = $_; map { ("s$_" => integration("S$_")) }
    $n * 500 + 1 .. $n * 500 + 500 } $_ })->{status}, 200, 'another 500')
    foreach 0 .. 5;
is(large('POST', '', { map { ("h$_" => hook("H$_", 79)) } 1 .. 10 })->{status},
    200, '... and ten large ones');
$redis->cmd('HSET', key_of('job'), 7, 'unreadable');

my $list;
my $calls = during(sub { $list = large('GET', '', undef) });
is($list->{status}, 200, 'they are listed');
is_deeply([ map { $_->{title} } @{$list->{json}} ],
    [ sort map({ "S$_" } 1 .. 3000), map { "H$_" } 1 .. 10 ],
    '... each once, in order');
cmp_ok($calls->{evalsha}, '>=', 6, 'R.3: in parts');
my $parts = $calls->{evalsha};
cmp_ok($calls->{hscan} / $calls->{evalsha}, '<=', 201, '... each of few steps');
ok(!$calls->{hgetall}, '... nothing reads all at once');
$redis->cmd('HDEL', key_of('job'), 7);

$calls = during(sub { $r = large('DELETE', '?title=S2999', undef) });
is($r->{status}, 200, 'one of them is deleted');
is_deeply([ grep { /^(?:hscan|hgetall|hkeys|hvals)$/ } keys %$calls ], [],
    'R.3: none of the others is looked at');

# A list that others disturb is of one revision, or is given up.  They write less
# and less often, until there was time for one, however slow this machine is.

my $writer = fork() // die "fork: $!";
if ($writer == 0) {
    my ($n, $pause) = (0, 0.05);
    $SIG{TERM} = sub { POSIX::_exit(0) };
    my $c = $t->connect();
    while (1) {
        my $v = $n++ % 2 ? 'one' : 'two';
        $c->request('POST', '/large/api/v2/resources', who(), encode_json({
            map { ("s$_" => integration("S$_", parameters =>
                { hosts => "$v.example.com" })) } 1, 2, 3 }));
        sleep $pause;
        $pause *= 1.05;
    }
}

my ($whole, %seen) = (0);
ok(wait_for(sub {
    $r = large('GET', '', undef);
    $seen{$r->{status}}++;
    return 0 if $r->{status} != 200;
    my %hosts = map { $_->{title} => $_->{parameters}{hosts} } @{$r->{json}};
    $whole++ if keys %hosts == 3009 && $hosts{S1} eq $hosts{S2}
        && $hosts{S2} eq $hosts{S3};
    return sum(values %seen) >= 8;
}, 180), 'lists while others write') or diag(explain(\%seen));
kill 'TERM', $writer;
waitpid $writer, 0;
is($whole, $seen{200} // 0, '... are of one revision');
is_deeply([ grep { !/^(?:200|503)$/ } keys %seen ], [], '... or given up');

# the client leaves while Redis is asked for the first part: there is no second

my $n = during(sub {
    my $from = $t->log_end();
    my $c = $t->connect();
    $redis->pause();
    $c->send($c->format('GET', '/large/api/v2/resources', who()));
    $c->taken();
    $c->close(reset => 1);
    ok($t->wait_logged($from, 'client prematurely closed connection'),
        'a client leaves while its list is read');
    $redis->resume();
    is(large('GET', '?title=S5', undef)->{status}, 200, '... another one asks');
});
is($n->{evalsha}, 2, 'R.3: a client that leaves ends its list');

# no more than some long lists at a time

my @slow = map { my $c = $t->connect(); $c->{timeout} = 60;
    $c->send($c->format('GET', '/large/api/v2/resources', who())); $c } 1 .. 6;
is(scalar(grep { $_->answer('GET')->{status} == 200 } @slow), 6,
    'six long lists at once are all answered');


# --- what was stored without it ---------------------------------------------

sub forget { $redis->cmd('DEL', map { key_of($_) } qw(size refs)) }

forget();
$before = $redis->cmd('HGETALL', key_of('integration'));
is(scalar @{large('GET', '?title=S5', undef)->{json}}, 1,
    'what an earlier version has stored is read');
is_deeply($redis->cmd('KEYS', key_of('size')), [], '... which writes nothing');
$calls = during(sub { $r = large('DELETE', '?title=S6', undef) });
is($r->{status}, 200, 'one of it is deleted');
cmp_ok($calls->{evalsha}, '>=', 9, '... after all were counted, in parts');
kept('counted');

$redis->cmd('FLUSHALL');
is(large('POST', '', { small(1 .. 30), j => job('J', pipeline_integrations =>
    [ step('s3', 'input', index => 'i') ]) })->{status}, 200, 'some more');

# ids are given in the order of a Perl hash, to the job as well
my ($used) = map { $_->{id} } grep { $_->{title} eq 'S7' }
    @{$api->list({ resource_type => 'integration' })->{json}};

foreach my $case (
    ['nothing was kept', sub { forget() }],
    ['it is of another revision', sub {
        $redis->cmd('SET', key_of('rev'), '99-somebodyelse') }],
    ['somebody has added one', sub { $redis->cmd('HSET', key_of('job'), 5000,
        '{"title":"Q","pipeline_integrations":[{"resource":'
        . "\"{{integrations(internal_id=$used)}}\"}]}") }],
    ['what is kept is nonsense', sub {
        $redis->cmd('HSET', key_of('size'), 'bytes', 'x') }],
    ['it was begun and left', sub { forget(); $redis->cmd('HSET',
        key_of('size'), 'build', '1-x 30');
        $redis->cmd('ZADD', key_of('refs'), 0, '1:1009:2:1') }],
) {
    my ($name, $do) = @$case;
    $do->();
    is($api->remove({ title => 'S3' })->{status}, 409,
        "$name: what is in use is so");
    kept($name);
}

is($api->remove({ id => $used })->{status}, 409, 'also by what came by hand');
is_limited($api->save({ small(31 .. 60) }), qr/more than 40/,
    '... and the limit counts all');

# a document that can not be read may refer to anybody that it names

my ($one, $two) = grep { $_ != $used } map { $_->{id} }
    grep { $_->{title} !~ /^S(?:3|20)$/ }
    @{$api->list({ resource_type => 'integration' })->{json}};

$redis->cmd('HSET', key_of('job'), 6000, "no JSON, but $one");
is($api->remove({ id => $one })->{status}, 500, 'an unreadable document');
ok($t->wait_log('the stored job "6000" can not be read'), '... is told');
is($api->remove({ id => $two })->{status}, 200, '... whom it names not is free');
is($api->remove({ id => 6000, resource_type => 'job' })->{status}, 200,
    '... it can be deleted');
is($api->remove({ id => $one })->{status}, 200, '... and then all is free');

# several find it missing at once

is($api->remove({ id => 5000 })->{status}, 200, 'one that came by hand');

my @six = grep { $_ ne 'S20' && $_ ne 'S3' } map { $_->{title} }
    @{$api->list({ resource_type => 'integration' })->{json}};

forget();
my @at_once = map { my $c = $t->connect(); $c->{timeout} = 30;
    $c->send($c->format('DELETE', "/api/v2/resources?title=$_", who())); $c }
    @six[0 .. 5];
my @done = map { $_->answer('DELETE') } @at_once;
is(join(' ', map { $_->{status} } @done), join(' ', (200) x 6),
    'six that count at once') or diag(map { "$_->{body}\n" } @done);
kept('six at once');

# other types under our keys

foreach my $name (qw(size refs)) {
    $redis->cmd('DEL', key_of($name));
    $redis->cmd('SET', key_of($name), 'mine');
    my $old = $api->dump();
    is($api->save({ small(77) })->{status}, 500, "another type: $name");
    is($api->remove({ title => $six[7] })->{status}, 500, '... also to delete');
    is_deeply($api->dump(), $old, '... changes nothing');
    forget();
}


# --- ids --------------------------------------------------------------------

is_saved($api->save({ s20 => integration('S20', parameters =>
    { hosts => 'new.example.com' }) }), 'something is changed');

foreach my $next ('9223372036854775807', '9223372036854775806',
    '9007199254740991', '99999999999999999999')
{
    $redis->cmd('SET', key_of('next_id'), $next);
    my $old = $api->dump();
    is($api->save({ small(78) })->{status}, 500, "R.17: a next id of $next");
    is_deeply($api->dump(), $old, '... changes nothing');
}

ok($t->wait_log('the stored next id "9223372036854775807" is too large'),
    '... and is told');
$redis->cmd('SET', key_of('next_id'), 5000);
is_saved($api->save({ small(78) }), '... until it is a number again');

$t->done();
