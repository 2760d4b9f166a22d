# What the pages promise and no test of the parts shows: each limit at its last
# good value and one beyond, directives whose effect is nowhere else to be seen,
# and lines of the error log that nothing else brings about.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw(hmac_sha256);
use MIME::Base64 qw(encode_base64url);
use SecOps;
use SecOps::Cluster;
use SecOps::Records;
use SecOps::Tls;

my $t = SecOps->new();
my $redis = $t->redis();
my $tls = SecOps::Tls->new($t);

my $place = '/api/now/table/sn_ti_lookup_result/x';
my ($table) = $t->read(root() . '/docs/directives.md')
    =~ /^The table lists the message for each status;(.*?)^## /ms;
my %message = $table =~ /^\| (\d+) \| `(.*)` \|$/mg;
my @others = (402, 406, 409, 422, 500, 501, 505, 507);

# Redis, two certificates that are neither its own nor trusted, and the CA

my $first = $tls->certificate('first', ca => 1);
my $second = $tls->certificate('second', ca => 1, by => $first);
my $server = $tls->certificate('server', by => $second,
    names => 'IP:127.0.0.1');

$t->write('chain.crt', join '', map { $t->read($_->{crt}) }
    $server, $second, $first);

my $chained = $tls->redis({ crt => $t->dir() . '/chain.crt',
    key => $server->{key} });

# three more, and all that can be said of them, none of it the default

my $node = (SecOps::Cluster->new($t, masters => 1, replicas => 0)->nodes())[0];
my $guarded = $t->redis(args => [qw(--user edge on >secret ~* +@all)]);
my $direct = $tls->redis($tls->certificate('direct'));
my $client = $tls->certificate('client', password => 'secret');

$tls->revoke();
$t->write('password', "secret\n");

my $url = $guarded->url();
my $settings = <<"EOT";
secops_redis $url;
secops_redis_user edge;
secops_redis_password_file %%DIR%%/password;
secops_redis_database 2;
secops_redis_connect_timeout 3s;
secops_redis_timeout 4s;
secops_redis_ping 5s;
secops_redis_max_pending commands=50 bytes=2m;
secops_durability fsync timeout=700ms;
EOT

my $tls_settings = <<"EOT";
secops_redis $direct->{tls_url};
secops_redis_ssl_verify off;
secops_redis_ssl_verify_depth 2;
secops_redis_ssl_name redis.test;
secops_redis_ssl_trusted_certificate %%DIR%%/ca.crt;
secops_redis_ssl_crl %%DIR%%/ca.crl;
secops_redis_ssl_certificate $client->{crt};
secops_redis_ssl_certificate_key $client->{key};
secops_redis_ssl_password_file %%DIR%%/password;
secops_redis_ssl_ciphers HIGH;
secops_redis_ssl_protocols TLSv1.2;
EOT

my $cluster_settings = <<"EOT";
secops_redis ${\ $node->url() };
secops_redis_cluster on;
secops_redis_cluster_seed 127.0.0.1:1;
secops_redis_cluster_map 192.0.2.1:7000 192.0.2.2:7001;
EOT

# a server that has as many connections waiting as it takes, and accepts none

my $full = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
    LocalPort => $t->port(1), Listen => 1, ReuseAddr => 1)
    or die "can not listen: $!";
my (@waiting, $one);
push @waiting, $one while $one = IO::Socket::INET->new(Timeout => 0.3,
    PeerAddr => '127.0.0.1', PeerPort => $t->port(1));

my $secret = 'k' x 32;
my $jwk = '{"kty":"oct","k":"' . encode_base64url($secret) . '"}';
$t->write('key.json', $jwk);


sub at { # a location below a prefix
    my ($prefix, $directives) = @_;
    return "location /$prefix/ { rewrite ^/$prefix(/.*)\$ \$1 break;"
        . " secops_api; $directives }\n";
}


my $depth = "secops_redis $chained->{tls_url};"
    . " secops_redis_ssl_trusted_certificate $tls->{ca}{crt};"
    . ' secops_redis_ssl_verify_depth';

$t->run(<<"EOT");
%%MAIN%%
events { }
http {
    %%HTTP%%
    secops_redis %%REDIS%%;
    secops_auth header;
    large_client_header_buffers 4 32k;

    server {
        listen 127.0.0.1:%%PORT%%;

        @{[ at('plain', '') ]}
        @{[ at('again', '') ]}
        @{[ at('other', 'secops_redis_timeout 3s;') ]}
        @{[ at('unwritten', 'secops_write_role "";') ]}
        @{[ at('unread', 'secops_read_role "";') ]}
        @{[ at('unruled', 'secops_admin_role "";') ]}
        @{[ at('shallow', "$depth 1;") ]}
        @{[ at('deep', "$depth 2;") ]}
        @{[ at('full', 'secops_redis redis://127.0.0.1:%%PORT1%%;'
            . ' secops_redis_connect_timeout 300ms;') ]}
        @{[ at('token', 'secops_auth jwt;'
            . ' secops_jwt_key_file %%DIR%%/key.json;') ]}

        error_page @{[ join ' ', grep { $_ != 408 } keys %message, @others ]}
                   /errors;

        # a 408 of its own nginx never answers
        error_page 418 =408 /errors;
        location = /status/408 { return 418; }

        location = /errors {
            internal;
            secops_api errors;
        }

        @{[ map { "location = /status/$_ { return $_; }\n" }
            grep { $_ != 408 } keys %message, @others ]}
    }

    server {
        listen 127.0.0.1:%%PORT2%%;
        $settings
        location /api/ { secops_api; }
        @{[ at('restated', $settings) ]}
    }

    server {
        listen 127.0.0.1:%%PORT3%%;
        $tls_settings
        location /api/ { secops_api; }
        @{[ at('restated', $tls_settings) ]}
    }

    server {
        listen 127.0.0.1:%%PORT4%%;
        $cluster_settings
        location /api/ { secops_api; }
        @{[ at('restated', $cluster_settings) ]}
    }
}
EOT


# "The messages, by status; any other status has `Unknown error`."

cmp_ok(scalar keys %message, '>=', 18, 'the table was read');

foreach my $status (sort(keys %message), @others) {
    my $r = $t->request('GET', "/status/$status");

    is_refused($r, $status, $message{$status} // 'Unknown error',
        "the error page of $status");
    like($r->{json}{error}{detail} // '',
        $status < 500 ? qr/^$/ : qr/^request [0-9a-f]{32}$/,
        $status < 500 ? '... with no detail' : '... with the request id');
}


# "Each worker holds one connection per different Redis; locations with equal
# settings share it."

sub clients {
    my ($server) = @_;
    return scalar grep { !/ cmd=client/ } split /\n/,
        $server->cmd('CLIENT', 'LIST');
}

is($t->request('GET', "/$_/api/v1/health")->{status}, 200, "$_: ready")
    foreach qw(plain again other);
is(clients($redis), 2, 'locations with equal settings share a connection');

# and so it is seen that each setting is inherited

foreach my $case ([2, $guarded, $url, 'the same without TLS'],
                  [3, $direct, $direct->{tls_url}, 'with TLS'],
                  [4, $node, $node->url(), 'of a cluster'])
{
    my ($port, $server, $url, $name) = @$case;

    $t->request('GET', "$_/api/v1/health", {}, undef, port => $port)
        foreach '', '/restated';
    is(clients($server), 1, "what is inherited and what is restated, $name");
    unlike($t->error_log(), qr/"\Q$url\E": not available/, '... is good');
}


# "An empty name: nobody has it.", "An empty name: only writers may."

my @roles = ('', ',', ' ', 'sn_sec_cmn.api_write', 'sn_sec_cmn.api_read',
    'sn_sec_cmn.admin');

is_deeply([ map { $t->request('POST', '/unwritten' . path(),
        who(roles => $_), records())->{status} } @roles ],
    [ (403) x @roles ], 'secops_write_role "": nobody may write');
is_deeply([ map { get($t, "/unread$place", roles => $_)->{status} } @roles ],
    [ 403, 403, 403, 404, 403, 403 ], 'secops_read_role "": only writers may');
is_deeply([ map { get($t, '/unruled/api/secops/v1/audit', roles => $_)
        ->{status} } @roles ],
    [ (403) x @roles ], 'secops_admin_role "": nobody may read the audit');


# "How many certificates may stand between Redis' own and the one that is
# trusted"

is($t->request('GET', '/deep/api/v1/health')->{status}, 200,
    'secops_redis_ssl_verify_depth 2: two certificates in between');
is($t->request('GET', '/shallow/api/v1/health')->{status}, 503,
    '... 1: they are one too many');
ok($t->wait_log('certificate verify error: \(20:'), '... as the log says');


# lines of the error log

is($t->request('GET', '/full/api/v1/health')->{status}, 503,
    'a server that does not answer to the connect');
ok($t->wait_log('not available: connect timed out'), '... as the log says');

$redis->cmd('SET', 'secops:{global:res}:next_id', 'x');
is($t->request('POST', '/plain/api/v2/resources', who(), { a => {
    type => 'integration', properties => { title => 'a', parameters => {
        hosts => 'a' }, integration_type => 'Elasticsearch' } } })->{status},
    500, 'the id of the next integration is no number');
ok($t->wait_log('the stored next id "x" is no number'), '... as the log says');
is($redis->cmd('EXISTS', 'secops:{global:res}:integration'), 0,
    '... and nothing is created');


# limits of a body

sub sent {
    my ($body) = @_;
    return $t->request('POST', '/plain' . path(), who(), $body);
}

my $members = join ',', '"observable":"x","finding":"Clean"',
    '"source_engine":"y"', map { qq("a$_":1) } 1 .. 4093;

is(sent("{$members}")->{status}, 201, 'an object of 4096 members');
like(sent("{$members,\"b\":1}")->{body}, qr/too many members/, '... of 4097');

my $r = sent('{' . join(',', map { qq("sys_$_":1) } 1 .. 97) . '}');
is(() = $r->{json}{error}{detail} =~ /: is /g, 100,
    'a hundred faults are told');
unlike($r->{json}{error}{detail}, qr/and more$/, '... and that is all');

$r = sent('{' . join(',', map { qq("sys_$_":1) } 1 .. 98) . '}');
is(() = $r->{json}{error}{detail} =~ /: is /g, 100, '... of 101 as well');
like($r->{json}{error}{detail}, qr/; and more$/, '... and that there are more');


# "A body sent with GET is read and thrown away."

my $connection = $t->connect();
my $body = '{"a":' . '1' x 20_000 . '}';

is($connection->request('GET', "/plain$place", who(), $_)->{status}, 404,
    defined $_ ? 'a GET with a body is answered'
               : '... and so is the next one on its connection')
    foreach $body, undef;


# a token: at most 16384 bytes, 512 members of an object, 32 levels

sub token {
    my ($header, $claims) = @_;
    my $signed = join '.', map { encode_base64url($_) } $header, $claims;
    return $signed . '.' . encode_base64url(hmac_sha256($signed, $secret));
}


sub token_of { # so many bytes: white space fills it up
    my ($length, $header, $claims) = @_;

    foreach my $pad (map { ' ' x $_ } 0 .. 2) {
        my $room = ($length - length token($header . $pad, '')) * 3 / 4;
        my $token = token($header . $pad, sprintf '%-*s', $room, $claims);
        return $token if length $token == $length;
    }

    return '';
}


sub shown {
    my ($token) = @_;
    return $t->request('GET', "/token$place",
        { Authorization => "Bearer $token" })->{status};
}

my $hs256 = '{"alg":"HS256"}';
my $claims = '{"exp":' . (int(time()) + 3600)
    . ',"sub":"a","roles":["sn_sec_cmn.api_read"]';

is(shown(token_of(16384, $hs256, "$claims}")), 404, 'a token of 16384 bytes');
is(shown(token_of(16385, $hs256, "$claims}")), 401, '... of 16385');
ok($t->wait_log('token refused: it is 16385 bytes long'), '... is too long');

# no other limit: a claim that is not read may be anything that fits

$members = join ',', $claims, map { qq("$_":1) } 1 .. 1200;
is(shown(token_of(16384, $hs256, "$members}")), 404, 'a token of 1200 claims');
is(shown(token_of(16384, $hs256, "$claims,\"a\":" . '[' x 5900 . ']' x 5900
    . '}')), 404, 'a token of 5900 levels');


# Limits of files, and where a relative path starts: at the folder of the
# configuration, not at nginx's prefix.

sub tested { # nginx -t on a configuration in a folder of its own
    my ($directives) = @_;
    my $dir = $t->dir();
    my $conf = $t->write('inner/nginx.conf', $t->expand(<<"EOT"));
%%MAIN%%
events { }
http {
    %%HTTP%%
    secops_redis redis://127.0.0.1;
    $directives
    server {
        listen 127.0.0.1:%%PORT%%;
        location /api/ { secops_api; }
    }
}
EOT
    unlink "$dir/inner.out";

    my $pid = $t->spawn("$dir/inner.out", $t->{nginx}, '-t', '-p', "$dir/",
        '-c', $conf);
    my $end = SecOps::reap($pid, 30);

    kill 'KILL', $pid unless $end;
    return $t->read('inner.out');
}


my @keys = map { { kty => 'oct', k => encode_base64url($_ . $secret) } }
    1 .. 129;

$t->write('inner/password', "secret\n");
$t->write("inner/$_.password", 'x' x $_ . "\n") foreach 4095, 4096;
$t->write("inner/$_.json",
    JSON::PP->new->encode({ keys => [ @keys[0 .. $_ - 1] ] })) foreach 128, 129;
$t->write("inner/$_.json", sprintf '%-*s', $_, $jwk)
    foreach 1024 * 1024, 1024 * 1024 + 1;
$t->write('inner/own/tables/mine.json', '{"foo":1}');

my $header = 'secops_auth header; secops_redis_password_file';
my $keys = 'secops_auth jwt; secops_jwt_key_file';
my $well = qr/test is successful/;

foreach my $case (
    ["$header password;", $well, 'a path beside nginx.conf'],
    ["$header inner/password;", qr/open\(\) ".*" failed/, '... and elsewhere'],
    ["$header 4095.password;", $well, 'a password of 4095 bytes'],
    ["$header 4096.password;", qr/no password in the first line/, '... 4096'],
    ["$keys 128.json;", $well, '128 keys'],
    ["$keys 129.json;", qr/there are more than 128 keys/, '... 129'],
    ["$keys 1048576.json;", $well, 'a file with keys of 1 MB'],
    ["$keys 1048577.json;", qr/is too large/, '... and a byte'],
    ['secops_schema_dir own;',
        qr{/inner/own/tables/mine\.json: table "mine": "/foo"},
        'a folder of tables beside nginx.conf'],
) {
    my ($directives, $sentence, $name) = @$case;
    like(tested($directives), $sentence, $name);
}

$t->done();
