# A rotation of the keys of secrets takes as long as Redis has keys, whosoever
# they are.  Who asks is told that it runs for as long as it does; when its
# client leaves it ends, and the next one does the rest.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use JSON::PP;
use SecOps;
use SecOps::Records;
use SecOps::Resources;
use Test::More;

my $path = '/api/secops/v1/secrets/rotate';
my $noted = 'secops:{secrets}:rotation';
my @keys = map { sprintf '%064x', $_ } 1 .. 2;
my $headers = who(roles => 'sn_sec_cmn.admin');

my $t = SecOps->new();
my $redis = $t->redis();

# server 1 has the old key, server 2 the new one before it

$t->write('1.key', "$keys[0]\n");
$t->write('2.key', "$keys[1]\n$keys[0]\n");
chmod 0600, $t->dir() . "/$_.key" foreach 1, 2;

$t->run("%%MAIN%%\nevents { }\nhttp {\n%%HTTP%%\nsecops_redis %%REDIS%%;\n"
    . join("\n", map { "server { listen 127.0.0.1:%%PORT$_%%;"
        . ' location /api/ { secops_api; secops_auth header;'
        . " secops_secrets_key_file %%DIR%%/$_.key; } }" } 1, 2) . "\n}\n");

# keys of others: so many that it takes more than a second to go through them,
# as the module waits a millisecond after each 250

sub others {
    my ($command) = @_;
    $redis->cmd('EVAL', <<"EOT", 0, $_) foreach 1 .. 30;
for i = 1, 10000 do
    local key = 'other:' .. ARGV[1] .. ':' .. i
    redis.call($command)
end
EOT
}

others("'SET', key, ''");

sub rotate {
    return $t->request('POST', $path, $headers, undef, port => 2,
        timeout => 600);
}

sub progress { # of the rotation that runs, or of the last one
    my $note = $redis->cmd('GET', $noted);
    return $note ? decode_json($note) : {};
}


# --- it is told to run for as long as it does ---------------------------------

my $before = $redis->calls('set');
is(rotate()->{status}, 200, 'a rotation among keys of others alone');
cmp_ok($redis->calls('set') - $before, '>', 2,
    '... is noted again while it finds no domain');


# --- the client leaves --------------------------------------------------------

my $api = SecOps::Resources->new($t, $redis, port => 1);

foreach my $domain ('global', 'acme') {
    is_saved($api->save({ map { $_ => integration("W$_",
        integration_type => 'Webhook', parameters => {
            url => "https://a.example.com/$_", hmac_secret => 'hush' }) }
        1 .. 3 }, domain => $domain), "secrets in $domain");
}

$redis->cmd('DEL', $noted);

my $from = $t->log_end();
my $call = $t->connect(2);
$call->send("POST $path HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n"
    . join('', map { "$_: $headers->{$_}\r\n" } sort keys %$headers) . "\r\n");
ok(wait_for(sub { progress()->{running} }), 'a rotation whose client leaves');
$call->close();
ok($t->wait_logged($from, 'client prematurely closed connection'),
    '... ends with it');
ok(progress()->{running}, '... its note stays');
cmp_ok($redis->cmd('TTL', $noted), '<=', 30, '... for half a minute at most');

others("'DEL', key");

my $r = rotate();
is_deeply([@{$r->{json}}{qw(status checked failed left)}], ['OK', 12, 0, {}],
    'the next one does the rest');

$t->done();
