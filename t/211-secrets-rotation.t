# The key of secrets is replaced while everything runs: one call encrypts again
# what is not under the first key, in all domains, and no request of anybody
# fails meanwhile.  What can not be opened is left as it is and told; what was
# plain text is encrypted; several calls at once do no harm.  Of a domain nobody
# has to know: each is found, on each server of a Redis Cluster.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw(sha256_hex);
use JSON::PP;
use POSIX ();
use SecOps;
use SecOps::Cluster;
use SecOps::Records;
use SecOps::Relay;
use SecOps::Resources;

my $mask = '********';
my $path = '/api/secops/v1/secrets/rotate';
my @keys = map { sprintf '%064x', $_ } 1 .. 2;
my ($old, $new) = map { substr sha256_hex(pack 'H*', $_), 0, 8 } @keys;
my @domains = ('global', 'acme', 'a b', "\xc3\xa4", 'x' x 70, map { "d$_" } 1 .. 9);

# servers: 0 has no keys, 1 the old one, 2 the new one before it, 3 the new one

my %lists = (1 => [0], 2 => [1, 0], 3 => [1]);

sub start { # a test with these servers, of a Redis, and others
    my ($t, $redis, @others) = @_;

    foreach my $n (keys %lists) {
        $t->write("$n.key", join "\n", @keys[@{$lists{$n}}], '');
        chmod 0600, $t->dir() . "/$n.key";
    }

    $t->run("%%MAIN%%\nevents { }\nhttp {\n%%HTTP%%\n$redis"
        . join("\n", map { "server { listen 127.0.0.1:%%PORT$_%%;"
            . ' location /api/ { secops_api; secops_auth header;'
            . ($_ ? " secops_secrets_key_file %%DIR%%/$_.key;" : '')
            . ' } }' } 0 .. 3) . "\n@others}\n");
}

sub ask { # at a server, as an administrator
    my ($t, $method, $n, %opt) = @_;
    return $t->request($method, $path, who(roles => 'sn_sec_cmn.admin', %opt),
        undef, port => $n, timeout => 60);
}

sub webhook {
    my ($title, %more) = @_;
    return integration($title, integration_type => 'Webhook', parameters => {
        url => "https://a.example.com/$title", hmac_secret => "hush $title",
        headers => { 'X-A' => 'hush', 'X-B' => 'hush' }, %more });
}

sub masked { return webhook(@_, url => $mask, hmac_secret => $mask,
    headers => { 'X-A' => $mask, 'X-B' => $mask }) }

sub fill { # n in each domain, each with four secrets
    my ($api, $n, @where) = @_;

    foreach my $domain (@where) {
        is_saved($api->save({ map { $_ => webhook("W$_") } 1 .. $n },
            domain => $domain), "$n integrations of " . length $domain)
    }
}

sub envelopes { # key ids of all that is stored, with their numbers
    my ($redis) = @_;
    my %found;

    foreach my $key (grep { /:res\}:(?:integration|job)\z/ }
        @{$redis->cmd('KEYS', '*')})
    {
        $found{$_}++ foreach map { /\$secops\$1\$(\w+)/g }
            @{$redis->cmd('HVALS', $key)};
    }

    return \%found;
}


my $t = SecOps->new(workers => 2);
my $redis = $t->redis();

# server 4 is like 2, and others may be faster than it

my $relay = SecOps::Relay->new($t);

start($t, "secops_redis %%REDIS%%;\n", <<"EOT");
server {
    listen 127.0.0.1:%%PORT4%%;
    location /api/ {
        secops_api;
        secops_auth header;
        secops_redis @{[ $relay->url() ]};
        secops_secrets_key_file %%DIR%%/2.key;
    }
}
EOT

my @api = map { SecOps::Resources->new($t, $redis, port => $_) } 0 .. 3;


# --- who may, and where there is nothing to do -------------------------------

foreach my $method (qw(GET POST)) {
    is_refused($t->request($method, $path,
        who(roles => 'sn_sec_cmn.api_write'), undef, port => 2), 403,
        'Insufficient access', "$method: the write role is not enough");
}

my $r = ask($t, 'POST', 0);
is_refused($r, 409, 'No keys for secrets', 'without keys');
is($r->{json}{error}{detail}, 'this location has no secops_secrets_key_file',
    '... it says why');

is_deeply(ask($t, 'GET', 0)->{json}, { running => JSON::PP::false,
    checked => 0, changed => 0, failed => 0, started_by => undef,
    started_on => undef, updated_on => undef, key_id => undef, secrets => 0,
    left => {} }, 'nothing is stored, nothing was done, no key');

is_deeply(ask($t, 'POST', 2)->{json}, { status => 'OK', checked => 0,
    changed => 0, failed => 0, key_id => $new, left => {} },
    'there is nothing to rotate');


# --- all domains, plain text, jobs -------------------------------------------

fill($api[1], 3, @domains);
fill($api[0], 2, 'plain', 'plain too');

my $secrets = 12 * @domains + 16;
$r = ask($t, 'GET', 2)->{json};
is_deeply([ @{$r}{qw(secrets left key_id)} ],
    [ $secrets, { $old => 12 * @domains, plain => 16 }, $new ],
    'what is left, by key');

# a domain of which the sizes are not known, as of versions before they were

$redis->cmd('DEL', 'secops:{acme:res}:size');


# under load: somebody reads, and changes what is beside the secrets

my $stop = $t->dir() . '/stop';

sub load { # -> a pipe with what went wrong, and how many requests there were
    my ($n, $domain) = @_;

    pipe my $reader, my $writer or die "pipe: $!";
    my $pid = fork() // die "fork: $!";
    return [ $pid, $reader ] if $pid;

    my ($count, @wrong) = (0);

    while (!-e $stop) {
        $t->write("loaded.$$", '') if $count == 4;
        my $r = $api[$n]->save({ w => masked('W1',
            timeout => 1 + $count % 500) }, domain => $domain);
        push @wrong, "$r->{status} $r->{body}" if $r->{status} != 200;

        $r = $api[$n]->list('', domain => $domain);
        push @wrong, "GET $r->{status}" if $r->{status} != 200;
        $count += 2;
    }

    print $writer JSON::PP->new->encode([ $count, @wrong ]);
    close $writer;
    POSIX::_exit(0);
}

my @load = map { load(2, $_) } 'global', 'acme', 'a b', 'plain';

ok(wait_for(sub { my $pid = $_->[0]; -e $t->dir() . "/loaded.$pid" }),
    'somebody is at work') foreach @load;

$r = ask($t, 'POST', 2);

$t->write('stop', '');

foreach my $child (@load) {
    my ($pid, $reader) = @$child;
    my ($count, @wrong) = @{decode_json(do { local $/; <$reader> })};
    waitpid $pid, 0;
    cmp_ok($count, '>', 3, "there was load, $count requests");
    is_deeply(\@wrong, [], '... of which none failed');
}

is($r->{status}, 200, 'a rotation under load') or diag($r->{body});
is_deeply([ @{$r->{json}}{qw(status checked failed key_id left)} ],
    [ 'OK', $secrets, 0, $new, {} ], '... has come to its end');

# the load has encrypted what was plain where it was first

cmp_ok($r->{json}{changed}, '>=', 12 * @domains, '... all were changed');
cmp_ok($r->{json}{changed}, '<=', $secrets, '... once');
is_deeply(envelopes($redis), { $new => $secrets },
    '... and no envelope of the old key is left');

my $status = ask($t, 'GET', 3)->{json};
is_deeply([ @{$status}{qw(running changed failed secrets left key_id)} ],
    [ JSON::PP::false, $r->{json}{changed}, 0, $secrets, {}, $new ],
    'how it went is told, at another server too');
like($status->{$_}, qr/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/, "... $_")
    foreach qw(started_on updated_on);

my $revision = $redis->cmd('GET', 'secops:{d1:res}:rev');
is_deeply([ @{ask($t, 'POST', 2)->{json}}{qw(checked changed)} ],
    [ $secrets, 0 ], 'another one has nothing to do');
is($redis->cmd('GET', 'secops:{d1:res}:rev'), $revision,
    '... and writes nothing');

my ($entry) = @{$redis->cmd('XREVRANGE', 'secops:{d1:res}:audit', '+', '-',
    'COUNT', 1)};
like(join(' ', @{$entry->[1]}), qr/secrets\.rotate .*integration/,
    'the audit has an entry for each resource');

foreach my $domain (@domains, 'plain', 'plain too') {
    is_saved($api[3]->save({ w => masked('W2', timeout => 99) },
        domain => $domain), 'the new key alone is enough');
    $revision = $redis->cmd('GET', 'secops:{d1:res}:rev');
    is_saved($api[3]->save({ w => webhook('W3') }, domain => $domain),
        '... what is stored is what was sent');
    is($redis->cmd('GET', 'secops:{d1:res}:rev'), $revision,
        '... it is no change');
}


# --- several at once, and one that goes ---------------------------------------

my $all = envelopes($redis)->{$new};
fill($api[1], 20, 'many', 'more');

my @at_once = map { $t->connect(2) } 1 .. 3;
my $headers = who(roles => 'sn_sec_cmn.admin');

$_->send("POST $path HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n"
    . join('', map { "$_: $headers->{$_}\r\n" } keys %$headers) . "\r\n")
    foreach @at_once;
$at_once[2]->close();

my @answers = map { $_->answer('POST') } @at_once[0, 1];
is_deeply([ map { [ $_->{status}, @{$_->{json}}{qw(status left)} ] } @answers ],
    [ ([ 200, 'OK', {} ]) x 2 ],
    'two at once, beside one whose client left');
is_deeply(envelopes($redis), { $new => $all + 160 }, '... do it all');


# --- what can not be opened ---------------------------------------------------

fill($api[1], 2, 'lost');
fill($api[0], 1, 'found');

{ # an envelope of one integration in another
    my %all = @{$redis->cmd('HGETALL', 'secops:{lost:res}:integration')};
    my ($one, $two) = sort keys %all;
    my ($url) = $all{$one} =~ /"url":"(.*?)"/;
    $all{$two} =~ s/("url":")[^"]*/$1$url/;
    $redis->cmd('HSET', 'secops:{lost:res}:integration', $two, $all{$two});
}

$r = ask($t, 'POST', 3)->{json};
is_deeply([ @{$r}{qw(status changed failed left)} ],
    [ 'INCOMPLETE', 4, 8, { $old => 8 } ],
    'without the old key its secrets are left, and others are changed');
$r = ask($t, 'POST', 2)->{json};
is_deeply([ @{$r}{qw(status changed failed left)} ],
    [ 'INCOMPLETE', 7, 1, { $old => 1 } ],
    'with it only one is left, which stands in another place');

my $log = $t->read('error.log');
my $of_lost = qr{ of the integration "\d+" in the domain "lost" can not be}
    . qq{ opened: key "$old": };

like($log, qr{\[error\].* the secret "/parameters/\S+"${of_lost}its key is not},
    'the operator is told of lost keys');
like($log, qr{\[error\].* the secret "/parameters/url"${of_lost}it was altered},
    '... and of what was altered');

is_saved($api[2]->save({ a => webhook('W1'), b => webhook('W2') },
    domain => 'lost'), 'it is sent again');
is_deeply([ @{ask($t, 'POST', 2)->{json}}{qw(status left)} ], [ 'OK', {} ],
    '... and all is well');

fill($api[1], 30, 'manylost');
my $from = $t->log_end();
is(ask($t, 'POST', 3)->{json}{failed}, 120, 'many that can not be opened');
is($t->logged($from, 'in the domain "manylost" can not be opened: '), 100,
    '... of which the operator is told a hundred');
is(ask($t, 'POST', 2)->{json}{changed}, 120, '... and which are not lost');


# --- others who are always faster ----------------------------------------------

fill($api[1], 1, 'busy');

{ # the revision of the domain is another one before each commit
    my @command = ('EVAL', <<'EOT', 1, 'secops:{busy:res}:rev');
redis.call('INCR', 'n')
local n, token = string.match(redis.call('GET', KEYS[1]), '^(%d+)(.*)')
return redis.call('SET', KEYS[1], n + 1 .. token)
EOT
    $t->write('others', join '', '*' . @command . "\r\n",
        map { '$' . length($_) . "\r\n$_\r\n" } @command);
}

$relay->rule('first ' . $t->dir() . '/others secrets\.rotate');
is_refused(ask($t, 'POST', 4), 503, 'Unable to save resources',
    'a domain that others change before each commit');
cmp_ok($redis->cmd('GET', 'n'), '>=', 100, '... is tried often');
like($t->read('error.log'),
    qr/failed: others have changed the resources too often/, '... it is logged');
is_deeply(ask($t, 'GET', 2)->{json}{left}, { $old => 4 }, '... and left');

$relay->rule('pass');
$redis->cmd('DEL', 'n');
is_deeply([ @{ask($t, 'POST', 4)->{json}}{qw(status changed left)} ],
    [ 'OK', 4, {} ], '... until they leave it alone');

cmp_ok(abs($redis->cmd('TTL', 'secops:{secrets}:rotation') - 30 * 86400), '<',
    600, 'how a rotation went is told for 30 days');


# --- one that runs -------------------------------------------------------------

$redis->cmd('SET', 'secops:{secrets}:rotation', '{"running":true,"checked":7,'
    . '"changed":5,"failed":0}', 'EX', 30);
is_deeply([ @{ask($t, 'GET', 2)->{json}}{qw(running checked changed left)} ],
    [ JSON::PP::true, 7, 5, {} ], 'what is noted of one that runs is told');
$redis->cmd('SET', 'secops:{secrets}:rotation', 'nonsense');
is(ask($t, 'GET', 2)->{json}{running}, JSON::PP::false,
    '... what makes no sense is nothing');
$redis->cmd('DEL', 'secops:{secrets}:rotation');
$redis->cmd('LPUSH', 'secops:{secrets}:rotation', 'x');
is_refused(ask($t, 'GET', 2), 500, 'Unknown error',
    '... what can not be read is an error');
$redis->cmd('DEL', 'secops:{secrets}:rotation');


# --- what makes no sense, and Redis that goes ----------------------------------

$redis->cmd('HSET', 'secops:{lost:res}:integration', '9999', 'nonsense');
is(ask($t, 'POST', 2)->{json}{status}, 'OK', 'a document that is none is left');
is($redis->cmd('HGET', 'secops:{lost:res}:integration', '9999'), 'nonsense',
    '... as it is');
ok(wait_for(sub { $t->read('error.log')
    =~ /the stored integration "9999" can not be read/ }), '... and told');

$redis->cmd('SET', 'secops:{wrong:res}:rev', 'x');
$redis->cmd('SET', 'secops:{wrong:res}:integration', 'x');
is(ask($t, 'POST', 2)->{status}, 500, 'a key of another type is an error');
$redis->cmd('DEL', 'secops:{wrong:res}:rev', 'secops:{wrong:res}:integration');
is(ask($t, 'POST', 2)->{status}, 200, '... until it is gone');

$redis->stop();
is(ask($t, $_, 2)->{status}, 503, "without Redis, $_ is 503")
    foreach qw(GET POST);


# --- a Redis Cluster -----------------------------------------------------------

subtest 'a Redis Cluster' => sub {
    my $of = SecOps->new();
    my $cluster = SecOps::Cluster->new($of, masters => 3, replicas => 0);

    start($of, 'secops_redis redis://127.0.0.1:' . $cluster->node(0)->port()
        . "; secops_redis_cluster on;\n");

    my $spread = SecOps::Resources->new($of, $cluster->node(0), port => 1);
    fill($spread, 2, @domains);

    my @with = grep { @{$_->cmd('KEYS', '*:res}:rev')} } $cluster->nodes();
    is(scalar @with, 3, 'each server has domains');

    is_deeply(ask($of, 'GET', 2)->{json}{left}, { $old => 8 * @domains },
        'all of them are counted');
    $r = ask($of, 'POST', 2)->{json};
    is_deeply([ @{$r}{qw(status checked changed left)} ],
        [ 'OK', 8 * @domains, 8 * @domains, {} ], '... and rotated');

    $of->done();
};

$t->done();
