# Directives: where each may stand, how it is inherited and overridden, its
# default, and the sentence with which nginx -t refuses every bad value and
# every set that contradicts itself.  A mistake must be found before it serves
# requests, least of all one about who may do what.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use SecOps;
use SecOps::Records;
use SecOps::Tls;
use SecOps::Tree qw(source);

my $t = SecOps->new();
$t->{all_warnings} = 1;
my $redis = $t->redis();
my $other = $t->redis();

my $tls = SecOps::Tls->new($t);
$tls->certificate('client', password => 'secret');
$tls->revoke();

$t->write('password', "secret\n");
$t->write('empty', "\n");
$t->write('long', 'x' x 5000);
$t->write('secrets.key', "# the first one encrypts\n" . 'ab' x 32 . "\n");
chmod 0600, $t->dir() . '/secrets.key';
$t->write('keys.json', '{"kty":"oct","k":"' . 'k' x 43 . '"}');


# nginx -t on these directives; the location has the API unless told otherwise

sub config {
    my (%in) = @_;
    $in{$_} //= '' foreach qw(http server location);
    $in{api} //= 'secops_api;';
    $in{redis} //= 'secops_redis %%REDIS%%;';
    $in{auth} //= 'secops_auth header;';

    return <<"EOT";
%%MAIN%%
events { }
http {
    %%HTTP%%
    $in{http}
    server {
        listen 127.0.0.1:%%PORT%%;
        $in{server}
        location /api/ {
            $in{api}
            $in{redis}
            $in{auth}
            $in{location}
        }
    }
}
EOT
}


sub valid {
    my ($conf, $name) = @_;
    my ($ok, $output) = $t->t($conf);
    ok($ok, $name) or diag($output);
    return $output;
}


sub invalid {
    my ($conf, $sentence, $name) = @_;
    my ($ok, $output) = $t->t($conf);

    # to the terminal, and to the log, which may be the terminal as well
    my %emerg = map { $_ => 1 } $output
        =~ /^(?:nginx:|\d[\d\/]+ [\d:]+) \[emerg\] (?:\d+#\d+: )?(.*)$/mg;
    my @emerg = sort keys %emerg;

    ok(!$ok, "refused: $name");
    is(scalar @emerg, 1, '... with one sentence') or diag($output);
    like($emerg[0] // '', $sentence, '... that says why');

    # nginx finds unknown variables at the end only, and where OpenSSL refused a
    # file it names the file
    like($emerg[0] // '', qr/ in \S+test\.conf:\d+$/, '... and where')
        unless $name =~ /no_such_variable/ || ($emerg[0] // '') =~ /\(SSL: /;
}


# where they may stand

my %values = (
    secops_redis                 => '%%REDIS%%',
    secops_redis_user            => 'default',
    secops_redis_password_file   => '%%DIR%%/password',
    secops_redis_database        => 3,
    secops_redis_connect_timeout => '500ms',
    secops_redis_timeout         => '5s',
    secops_redis_ping            => '0',
    secops_redis_max_pending     => 'commands=5 bytes=1m',
    secops_durability            => 'replicas=2 timeout=100ms',
    secops_redis_prefix          => 'x.y_z-1:a',
    secops_auth                  => 'header variables',
    secops_user                  => '$remote_user',
    secops_roles                 => '"a $arg_b"',
    secops_domain                => 'acme',
    secops_domain_parents        => '"acme, $host"',
    secops_header_user           => 'X-User',
    secops_header_roles          => 'X-Roles',
    secops_header_domain         => 'X-Domain',
    secops_trusted_proxy         => '10.0.0.0/8 ::1 192.0.2.1 unix: 2001:db8::/32',
    secops_jwt_key_file          => '%%DIR%%/keys.json',
    secops_secrets_key_file      => '%%DIR%%/secrets.key',
    secops_jwt_key_request       => '/keys interval=1m min_interval=1s',
    secops_jwt_issuer            => 'https://idp.example.com',
    secops_jwt_audience          => 'secops',
    secops_jwt_leeway            => '5s',
    secops_jwt_max_lifetime      => '1h',
    secops_jwt_require_expiration => 'off',
    secops_jwt_require           => 'token_use access id',
    secops_jwt_require_domain    => 'on',
    secops_jwt_claim_user        => 'name',
    secops_jwt_claim_roles       => 'realm_access.roles roles',
    secops_jwt_claim_domain      => 'tenant',
    secops_jwt_claim_parents     => 'tenants partners.list',
    secops_jwt_cache             => 'off',
    secops_header_token          => 'X-Token',
    secops_header_api_key        => 'X-Key',
    secops_api_key_cache         => '1s',
    secops_write_role            => 'writer',
    secops_read_role             => 'reader',
    secops_admin_role            => 'admin',
    secops_public_url            => 'https://$host',
    secops_max_depth             => 100,
    secops_max_batch             => 100000,
    secops_max_resources         => 'count=7 bytes=1m',
    secops_query_scan            => 'records=10000000 time=1h',
    secops_audit_maxlen          => 0,
    secops_event_queue           => 0,
    secops_retention             => '90d',
);

# those for TLS, which need a URL that has it

my %tls_values = (
    trusted_certificate => '%%DIR%%/ca.crt',
    verify              => 'on',
    verify_depth        => 3,
    name                => 'redis.example',
    certificate         => '%%DIR%%/client.crt',
    certificate_key     => '%%DIR%%/client.key',
    password_file       => '%%DIR%%/password',
    crl                 => '%%DIR%%/ca.crl',
    protocols           => 'TLSv1.2 TLSv1.3',
    ciphers             => 'HIGH',
);

my @tls_names = map { "secops_redis_ssl_$_" } sort keys %tls_values;

# those that add up

my %many = map { $_ => 1 } qw(secops_trusted_proxy secops_jwt_key_file
    secops_jwt_issuer secops_jwt_audience secops_jwt_require);

# and those of a cluster and of sentinels, which have parts of their own below,
# and of providers, which stand alone: t/210-providers.t

my @all = $t->read(source('ngx_http_secops_module.c'))
    =~ /^    \{ ngx_string\("(secops_\w+)"\),$/mg;

is_deeply([ grep { !/^secops_(?:api|schema_dir|jwt_provider|audit_refusals
                          |redis_(?:cluster|sentinel).*)$/x
        && !exists $values{$_} && !exists $tls_values{s/secops_redis_ssl_//r}
    } @all ], [], 'every directive is tried');
cmp_ok(@all, '>=', 50, '... all were read');

my @names = sort keys %values;
my $all = join ' ', map { "$_ $values{$_};" } @names;
my $rest = join ' ', map { "$_ $values{$_};" }
    grep { !/^secops_(?:redis|auth)$/ } @names;
my $all_tls = 'secops_auth header; secops_redis rediss://127.0.0.1; '
    . join ' ', map { "$_ " . $tls_values{s/secops_redis_ssl_//r} . ';' }
    @tls_names;
my %none = (redis => '', auth => '');

valid(config(%none, http => $all), 'all are valid in http');
valid(config(%none, server => $all), 'all are valid in server');
valid(config(location => $rest, auth => 'secops_auth header variables;'),
    'all are valid in location');
valid(config(%none, http => $all_tls), 'those for TLS in http');
valid(config(%none, server => $all_tls), 'those for TLS in server');
valid(config(%none, location => $all_tls), 'those for TLS in location');
valid(config(%none, http => $all, server => $all, location => $all),
    'all are valid at all three at once');

foreach my $name (@names) {
    my $line = "$name $values{$name};";
    my %in = (http => 'secops_user x;', location => "$line $line");

    delete $in{http} if $name eq 'secops_user';
    $in{redis} = '' if $name eq 'secops_redis';
    $in{auth} = '' if $name eq 'secops_auth';

    if ($many{$name}) {
        valid(config(%in), "$name twice");
    } else {
        invalid(config(%in), qr/is duplicate/, "$name twice");
    }
}

invalid(config() =~ s/^events/secops_redis x;\nevents/mr, qr/not allowed here/,
    'secops_redis outside of http');
invalid(config(http => 'secops_api;'), qr/not allowed here/,
    'secops_api in http');
invalid(config(server => 'secops_api;'), qr/not allowed here/,
    'secops_api in server');
invalid(config(location => 'if ($arg_x) { secops_write_role x; }'),
    qr/not allowed here/, 'a role in an if');
invalid(config(server => 'secops_schema_dir x;'), qr/not allowed here/,
    'secops_schema_dir in server');
invalid(config(server => 'secops_audit_refusals off;'),
    qr/not allowed here/, 'secops_audit_refusals in server');
invalid(config(http => "secops_audit_refusals $_;"),
    qr/invalid rate "\Q$_\E", must be "off", or 1 to 1000 with "r\/s" or "r\/m"/,
    "secops_audit_refusals $_")
    foreach qw(0r/s 1001r/s -1r/s xr/s r/s 5 5r/h 5R/S 1.5r/s on);
invalid(config(http => 'secops_audit_refusals 1r/s;'
    . ' secops_audit_refusals off;'), qr/is duplicate/,
    'secops_audit_refusals twice');
valid(config(http => "secops_audit_refusals $_;"), "secops_audit_refusals $_")
    foreach qw(off 1r/s 1000r/m);


# what secops_api needs

foreach my $api (['secops_api;', 'all'], ['secops_api records;', 'records'],
    ['secops_api tables;', 'tables'],
    ['secops_api health records;', 'health and records'])
{
    invalid(config(api => $api->[0], auth => ''),
        qr/"secops_api" needs "secops_auth": say how callers are identified, /,
        "$api->[1] without secops_auth");
    invalid(config(api => $api->[0], redis => ''),
        qr/"secops_api" needs "secops_redis"/,
        "$api->[1] without secops_redis");
}
invalid(config(auth => 'secops_auth off;'),
    qr/"secops_api" needs "secops_auth"/, 'secops_auth off is none');
invalid(config(http => 'secops_auth header;', auth => 'secops_auth off;'),
    qr/"secops_api" needs "secops_auth"/,
    'secops_auth off takes back what is inherited');
invalid(config(auth => 'secops_auth variables;'),
    qr/"secops_auth variables" needs "secops_user"/,
    'variables without secops_user');
invalid(config(auth => 'secops_auth header variables;'),
    qr/"secops_auth variables" needs "secops_user"/,
    'variables as the second method without secops_user');

valid(config(api => 'secops_api health;', auth => ''),
    'readiness alone needs no secops_auth');
invalid(config(api => 'secops_api health;', auth => '', redis => ''),
    qr/"secops_api" needs "secops_redis"/, '... but Redis');
valid(config(api => 'secops_api errors;', %none), 'errors need nothing');
valid(config(api => '', %none), 'a location without the API needs nothing');
valid(config(auth => 'secops_auth variables;', http => 'secops_user x;'),
    'variables with a user that is inherited');
valid(config(http => 'secops_auth header;', auth => ''),
    'secops_auth is inherited');
valid(config(server => 'secops_redis %%REDIS%%;', redis => ''),
    'secops_redis is inherited');


# secops_auth where another module serves the location: nobody asks (Field 20)

my $proxy = 'proxy_pass http://127.0.0.1:1;';
my $unserved = qr/\[warn\].*"secops_auth" does not protect location "(.*?)"/;

foreach my $case (
    ['inherited', "location /dash/ { $proxy }", 1],
    ['of its own', "location /dash/ { secops_auth jwt; $proxy }", 1],
    ['a pattern', "location ~ ^/dash/ { $proxy }", 1, '^/dash/'],
    ['one within another', "location / { location /dash/ { $proxy } }", 1],
    ['a status page', 'location /dash/ { stub_status; }', 1],
    ['off', "location /dash/ { secops_auth off; $proxy }", 0],
    ['internal', "location /dash/ { internal; $proxy }", 0],
    ['a named one', "location \@dash { $proxy }", 0],
    ['files', 'location /dash/ { root html; }', 0],
    ['a fixed answer', 'location /dash/ { return 204; }', 0],
    ['if', "location /dash/ { root html; if (\$arg_x) { $proxy } }", 0],
    ['error pages', 'location /dash/ { secops_api errors; }', 0],
) {
    my ($name, $location, $warned, $told) = @$case;
    my $output = valid(config(server => $location,
        http => 'secops_auth header;', auth => ''), "not served: $name");
    is($output =~ $unserved ? $1 : 'no warning',
        $warned ? $told // '/dash/' : 'no warning', '... is told');
}

unlike(valid(config(server => "location /dash/ { $proxy }"),
    'secops_auth where the API is'), $unserved, '... says nothing of others');


# bad values

foreach my $case (
    ['api', 'secops_api event;', qr/unknown group "event", must be /],
    ['api', 'secops_api Records;', qr/unknown group "Records"/],
    ['api', 'secops_api record;', qr/unknown group "record"/],
    ['api', 'secops_api records records;', qr/duplicate group "records"/],
    ['api', 'secops_api errors health;', qr/group "errors" stands alone/],
    ['api', 'secops_api health errors;', qr/group "errors" stands alone/],
    ['api', 'secops_api; secops_api;', qr/is duplicate/],
    ['auth', 'secops_auth;', qr/invalid number of arguments/],
    ['auth', 'secops_auth basic;',
        qr/unknown method "basic", must be "header", "variables", "jwt" or/],
    ['auth', 'secops_auth Header;', qr/unknown method "Header"/],
    ['auth', 'secops_auth header header;', qr/duplicate method "header"/],
    ['auth', 'secops_auth header off;', qr/unknown method "off"/],
    ['redis', 'secops_redis;', qr/invalid number of arguments/],
    ['redis', 'secops_redis 127.0.0.1:6379;',
        qr{must begin with "redis://", "rediss://" or "unix:" in "secops_r}],
    ['redis', 'secops_redis http://127.0.0.1;', qr/must begin with/],
    ['redis', 'secops_redis redis://;', qr/no host/],
    ['redis', 'secops_redis redis://:6379;', qr/no host/],
    ['redis', 'secops_redis redis://127.0.0.1:70000;', qr/invalid port/],
    ['redis', 'secops_redis redis://127.0.0.1:x;', qr/invalid port/],
    ['redis', 'secops_redis redis://127.0.0.1/x;',
        qr/the database must be a number/],
    ['redis', 'secops_redis redis://127.0.0.1/-1;',
        qr/the database must be a number/],
    ['redis', 'secops_redis redis://127.0.0.1/65536;',
        qr/the database must be a number/],
    ['redis', 'secops_redis redis://u:p@127.0.0.1;',
        qr/a password does not belong in the URL, /],
    ['redis', 'secops_redis redis://@127.0.0.1;', qr/no user before "\@"/],
    ['redis', 'secops_redis redis://u@127.0.0.1;',
        qr/Redis user "u" needs "secops_redis_password_file"/],
    ['redis', 'secops_redis redis://name.invalid;', qr/host not found/],
    ['redis', 'secops_redis unix:x;', qr/must be followed by an absolute path/],
    ['redis', 'secops_redis unix:;', qr/must be followed by an absolute path/],
    ['redis', 'secops_redis unix:/' . 'x' x 120 . ';', qr/too long/],
    ['', 'secops_redis_user u;',
        qr/Redis user "u" needs "secops_redis_password_file"/],
    ['redis', 'secops_redis redis://u@127.0.0.1; secops_redis_user v;'
        . ' secops_redis_password_file %%DIR%%/password;',
        qr/user both in "secops_redis" and "secops_redis_user"/],
    ['redis', 'secops_redis redis://127.0.0.1/1; secops_redis_database 2;',
        qr/database both in "secops_redis" and "secops_redis_database"/],
    ['', 'secops_redis_database x;', qr/invalid number/],
    ['', 'secops_redis_database -1;', qr/invalid number/],
    ['', 'secops_redis_password_file %%DIR%%/none;',
        qr/open\(\) ".*none" failed \(2: /],
    ['', 'secops_redis_password_file %%DIR%%/empty;',
        qr/no password in the first line of ".*empty"/],
    ['', 'secops_redis_password_file %%DIR%%/long;',
        qr/no password in the first line of ".*long"/],
    ['', 'secops_redis_password_file %%DIR%%;', qr/failed/],
    ['', 'secops_redis_connect_timeout soon;', qr/invalid value/],
    ['', 'secops_redis_timeout 1x;', qr/invalid value/],
    ['', 'secops_redis_ping often;', qr/invalid value/],
    ['redis', 'secops_redis rediss://127.0.0.1;',
        qr/TLS to Redis needs "secops_redis_ssl_trusted_certificate", the cer/],
    (map { ['', $_, qr/"secops_redis_ssl_\*" directives need "rediss:\/\/"/] }
        'secops_redis_ssl_verify off;', 'secops_redis_ssl_name x;',
        'secops_redis_ssl_trusted_certificate %%DIR%%/ca.crt;',
        'secops_redis_ssl_protocols TLSv1.3;'),
    (map { my ($line, $sentence) = @$_;
        ['redis', "secops_redis rediss://127.0.0.1; $line", $sentence] }
        ['secops_redis_ssl_verify maybe;', qr/it must be "on" or "off"/],
        ['secops_redis_ssl_verify_depth -1;', qr/invalid number/],
        ['secops_redis_ssl_verify_depth 101;',
            qr/must be between|equal to or less/],
        ['secops_redis_ssl_protocols TLSv1.1;', qr/invalid value "TLSv1\.1"/],
        ['secops_redis_ssl_trusted_certificate %%DIR%%/none;',
            qr/SSL_CTX_load_verify_locations\(".*none"\) failed/],
        ['secops_redis_ssl_trusted_certificate %%DIR%%/empty;',
            qr/SSL_CTX_load_verify_locations\(".*empty"\) failed/],
        ['secops_redis_ssl_trusted_certificate %%DIR%%/ca.crt;'
            . ' secops_redis_ssl_crl %%DIR%%/none;', qr/none"\) failed/],
        ['secops_redis_ssl_verify off;'
            . ' secops_redis_ssl_certificate %%DIR%%/client.crt;',
            qr/_certificate" and "secops_redis_ssl_certificate_key" need each/],
        ['secops_redis_ssl_verify off;'
            . ' secops_redis_ssl_certificate_key %%DIR%%/client.key;',
            qr/_certificate" and "secops_redis_ssl_certificate_key" need each/],
        ['secops_redis_ssl_verify off;'
            . ' secops_redis_ssl_certificate %%DIR%%/none;'
            . ' secops_redis_ssl_certificate_key %%DIR%%/client.key;',
            qr/cannot load certificate ".*none"/],
        ['secops_redis_ssl_verify off;'
            . ' secops_redis_ssl_certificate %%DIR%%/client.crt;'
            . ' secops_redis_ssl_certificate_key %%DIR%%/ca.key;',
            qr/SSL_CTX_use_PrivateKey\(".*ca\.key"\) failed/],
        ['secops_redis_ssl_verify off;'
            . ' secops_redis_ssl_password_file %%DIR%%/password;',
            qr/"secops_redis_ssl_password_file" needs "secops_redis_ssl_cert/],
        ['secops_redis_ssl_verify off; secops_redis_ssl_ciphers x;',
            qr/SSL_CTX_set_cipher_list\("x"\) failed/]),
    ['', 'secops_redis_max_pending 5;', qr/invalid parameter "5"/],
    ['', 'secops_redis_max_pending commands=;',
        qr/invalid parameter "commands="/],
    ['', 'secops_redis_max_pending commands=0;',
        qr/invalid parameter "commands=0"/],
    ['', 'secops_redis_max_pending bytes=1t;',
        qr/invalid parameter "bytes=1t"/],
    ['', 'secops_redis_max_pending bytes=0;', qr/invalid parameter "bytes=0"/],
    ['', 'secops_redis_max_pending;', qr/invalid number of arguments/],
    (map { ['', "secops_durability $_;",
        qr/must be "memory", "fsync" or "replicas=NUMBER"/] }
        'off', 'replicas', 'memory=1', 'Fsync', 'timeout=1s'),
    (map { ['', "secops_durability replicas=$_;",
        qr/needs a number of replicas from 1 to 100/] } '', 0, -1, 'x', 101),
    ['', 'secops_durability memory timeout=1s;',
        qr/memory has nothing to wait for/],
    (map { ['', "secops_durability fsync $_;", qr/invalid parameter "$_"/] }
        'timeout=0', 'timeout=', 'timeout=x', 'time=1s', 'memory'),
    ['', 'secops_durability fsync; secops_durability memory;',
        qr/"secops_durability" directive is duplicate/],
    ['', 'secops_durability replicas=1 timeout=2s;',
        qr/of "secops_durability" \(2000 ms\) must be less than /],
    ['', 'secops_durability fsync; secops_redis_timeout 500ms;',
        qr/\(500 ms\) must be less than "secops_redis_timeout" \(500 ms\)/],
    ['', 'secops_redis_prefix "";', qr/invalid "secops_redis_prefix" ""/],
    ['', 'secops_redis_prefix "a{b}";',
        qr/invalid "secops_redis_prefix" "a\{b\}", must be 1 to 64 of /],
    ['', 'secops_redis_prefix "a b";', qr/invalid "secops_redis_prefix"/],
    ['', 'secops_redis_prefix ' . 'x' x 65 . ';',
        qr/invalid "secops_redis_prefix"/],
    ['', 'secops_trusted_proxy;', qr/invalid number of arguments/],
    ['', 'secops_trusted_proxy proxy.example;',
        qr/invalid address "proxy.example" in "secops_trusted_proxy"/],
    ['', 'secops_trusted_proxy 10.0.0.0/33;', qr/invalid address/],
    ['', 'secops_trusted_proxy unix:/x;', qr/invalid address/],
    ['', 'secops_trusted_proxy all;', qr/invalid address/],
    ['', 'secops_user $no_such_variable;', qr/unknown "no_such_variable"/],
    ['', 'secops_roles $no_such_variable;', qr/unknown "no_such_variable"/],
    ['', 'secops_domain_parents $no_such_variable;',
     qr/unknown "no_such_variable"/],
    ['', 'secops_domain_parents a b;', qr/invalid number of arguments/],
    ['', 'secops_domain_parents a; secops_domain_parents b;',
     qr/is duplicate/],
    ['', 'secops_domain "${x";', qr/the closing bracket in "x" variable is m/],
    ['', 'secops_header_user "";', qr/needs the name of a header/],
    ['', 'secops_max_depth 0;', qr/must be between|equal to or greater/],
    ['', 'secops_max_depth 1001;', qr/must be between|equal to or less/],
    ['', 'secops_max_depth x;', qr/invalid number/],
    ['', 'secops_max_batch 0;', qr/must be between|equal to or greater/],
    ['', 'secops_max_batch 100001;', qr/must be between|equal to or less/],
    ['', 'secops_audit_maxlen -1;', qr/invalid number/],
    ['', 'secops_event_queue -1;', qr/invalid number/],
    ['', 'secops_event_queue 2147483632;', qr/must be between 0 and 2147483631/],
    (map { my $value = s/"//gr; ['', "secops_retention $_;",
     qr/invalid "secops_retention" "$value", must be "off" or a time from 1s/] }
        qw(0 0d -1d 90x 101y forever 1.5h 500ms "" on OFF), '"1h 1d"'),
    ['', 'secops_max_resources count=0;', qr/needs a count from 1 to 100000/],
    ['', 'secops_max_resources count=100001;', qr/needs a count from 1 to/],
    ['', 'secops_max_resources bytes=1023;', qr/needs bytes from 1k to 1024m/],
    ['', 'secops_max_resources bytes=1025m;', qr/needs bytes from 1k to/],
    ['', 'secops_max_resources bytes=x;', qr/needs bytes from 1k to 1024m/],
    ['', 'secops_max_resources size=1k;', qr/invalid parameter "size=1k"/],
    ['', 'secops_max_resources count=1 count=2;',
     qr/invalid parameter "count=2"/],
    ['', 'secops_max_resources count=1; secops_max_resources bytes=1k;',
     qr/is duplicate/],
    ['', 'secops_query_scan;', qr/invalid number of arguments/],
    ['', 'secops_query_scan records=0;', qr/needs records from 1 to 10000000/],
    ['', 'secops_query_scan records=10000001;', qr/needs records from 1 to 1/],
    ['', 'secops_query_scan records=1k;', qr/needs records from 1 to 1000000/],
    ['', 'secops_query_scan time=0;', qr/needs a time from 1ms to 1h/],
    ['', 'secops_query_scan time=61m;', qr/needs a time from 1ms to 1h/],
    ['', 'secops_query_scan time=x;', qr/needs a time from 1ms to 1h/],
    ['', 'secops_query_scan bytes=1;', qr/invalid parameter "bytes=1"/],
    ['', 'secops_query_scan time=1s time=2s;',
     qr/invalid parameter "time=2s"/],
    ['', 'secops_query_scan time=1s; secops_query_scan records=1;',
     qr/is duplicate/],
) {
    my ($place, $line, $sentence) = @$case;
    my %in = $place ? ($place => $line) : (location => $line);
    invalid(config(%in), $sentence, $line =~ s/x{60,}/x.../r);
}


# --- keys of secrets ---------------------------------------------------------

sub key_file { # the directive, for a file with this text
    my ($text, $mode) = @_;
    $t->write('some.key', $text);
    chmod $mode // 0600, $t->dir() . '/some.key';
    return 'secops_secrets_key_file %%DIR%%/some.key;';
}

my $no_key = 'this is no key: 32 bytes as base64, or 64 hexadecimal digits';
my @twenty = map { sprintf "%064x\n", $_ } 1 .. 20;

foreach my $case (
    ['', qr/some\.key": it has no key in /, 'an empty file'],
    ["# \n", qr/some\.key": it has no key in /, 'a comment'],
    ["\nnothing\n", qr/some\.key": line 2: $no_key/, 'some text'],
    ["@twenty", qr/line 17: there are more than 16 keys/, '20 keys'],
    [$twenty[0] x 2, qr/line 2: this key is there twice/, 'one key twice'],
    ['#' x 20000, qr/some\.key" is too large/, 'a large file'],
) {
    my ($text, $sentence, $name) = @$case;
    invalid(config(location => key_file($text)), $sentence, "keys: $name");
}

invalid(config(location => 'secops_secrets_key_file %%DIR%%/none;'),
    qr{open\(\) "\S+/none" failed \(2: No such file}, 'keys: no file');

my $readable = qr/\[warn\].*some\.key" can be read or written by everybody/;
like(valid(config(location => key_file($twenty[0], 0644)),
    'keys that everybody can read'), $readable, '... are warned about');
unlike(valid(config(location => key_file("@twenty[0..15]", 0640)),
    '16 keys that a group can read'), qr/\[warn\]/, '... are not');

my $plain = qr/\[warn\].* secrets of integrations are stored in Redis as they/;

is(scalar(() = valid(config(server => 'location /a/ { secops_api resources;
    secops_redis %%REDIS%%; secops_auth header; }'),
    'resources without keys, at two places') =~ /$plain/g), 1,
    '... are warned about, once');
unlike(valid(config(api => 'secops_api records tables jobs catalog audit;'),
    'no place for integrations'), qr/\[warn\]/, '... needs no keys');
unlike(valid(config(http => key_file($twenty[0])), 'keys for all'),
    qr/\[warn\]/, '... are inherited');


like(valid(config(location => 'secops_trusted_proxy 10.0.0.1/8;'),
    'an address with bits that mean nothing'),
    qr/low address bits of 10.0.0.1\/8 are meaningless/,
    '... is warned about');

# limits by a caller who is not known when they are looked at

my $empty = qr/"limit_\w+" by the zone "z" does not limit all callers: /;

foreach my $case (
    ['limit_req_zone $secops_user zone=z:64k rate=1r/s;', 'limit_req zone=z;',
        'secops_auth api_key;', '$secops_user'],
    ['limit_req_zone "$host ${secops_domain}" zone=z:64k rate=1r/s;',
        'limit_req burst=3 zone=z nodelay;', 'secops_auth header api_key;',
        '$secops_domain'],
    ['limit_conn_zone $SECOPS_auth_method zone=z:64k;', 'limit_conn z 3;',
        'secops_auth api_key;', '$secops_auth_method'],
    ['limit_req_zone $secops_user zone=z:64k rate=1r/s; limit_req zone=z;',
        '', 'secops_auth jwt; secops_jwt_key_request /keys;', '$secops_user'],
) {
    my ($http, $location, $auth, $variable) = @$case;
    my $said = valid(config(http => $http, location => $location,
        auth => $auth), "a limit by $variable");

    like($said, qr/$empty"\Q$variable\E" is empty for those of /,
        '... which is not known yet, is warned about');

    # as the terminal may be the log, too
    my %said = map { $_ => 1 } $said =~ /(does not limit.*)/g;
    is(scalar keys %said, 1, '... in one sentence');
}

foreach my $case (
    ['limit_req_zone $secops_user zone=z:64k rate=1r/s;', 'limit_req zone=z;',
        'secops_auth header variables; secops_user x;'],
    ['limit_req_zone $secops_user zone=z:64k rate=1r/s;', 'limit_req zone=z;',
        'secops_auth jwt; secops_jwt_key_file %%DIR%%/keys.json;'],
    ['limit_req_zone $secops_user zone=z:64k rate=1r/s;', '',
        'secops_auth api_key;'],
    ['limit_req_zone $host zone=z:64k rate=1r/s;'
        . ' limit_req_zone $secops_user zone=y:64k rate=1r/s;'
        . ' log_format x $secops_user; limit_req zone=y;',
        'limit_req zone=z;', 'secops_auth api_key;'],
    ['limit_req_zone $secops_users zone=z:64k rate=1r/s;'
        . ' map $host $secops_users { default x; }', 'limit_req zone=z;',
        'secops_auth api_key;'],
    ['limit_conn_zone $secops_user zone=z:64k;'
        . ' limit_req_zone $host zone=y:64k rate=1r/s;', 'limit_req zone=y;',
        'secops_auth api_key;'],
) {
    my ($http, $location, $auth) = @$case;
    unlike(valid(config(http => $http, location => $location, auth => $auth),
        "a limit: $http $auth"), qr/does not limit/, '... is not warned about');
}

invalid(config(http => 'limit_req_zone $secops_user zone=z:64k;',
    auth => 'secops_auth api_key;'), qr/invalid number of arguments/,
    'what limit_req_zone itself does not take');

valid(config(redis => "secops_redis $_;"
    . ' secops_redis_password_file %%DIR%%/password;'), "valid: $_")
    foreach 'redis://127.0.0.1', 'redis://127.0.0.1:6380', 'redis://[::1]:6379',
        'redis://u@127.0.0.1:6379/5', 'redis://127.0.0.1/', 'REDIS://127.0.0.1',
        'unix:/tmp/none.sock',
        # a machine without /etc/hosts does not know it
        (gethostbyname('localhost') ? 'redis://localhost' : ());


# Redis Cluster

my $node = 'secops_redis redis://127.0.0.1:7000;';
my $cluster = 'secops_redis_cluster on;'
    . ' secops_redis_cluster_seed 127.0.0.2 [::1]:7000;'
    . ' secops_redis_cluster_seed 127.0.0.3:7001;'
    . ' secops_redis_cluster_map 10.0.0.1:6379 127.0.0.1:7001;'
    . ' secops_redis_cluster_map a.internal 127.0.0.1;'
    . ' secops_redis_cluster_map [fd00::1]:6379 [::1]:7001;';

valid(config(redis => '', auth => 'secops_auth header;',
    $_ => "$node $cluster"), "the cluster's directives are valid in $_")
    foreach qw(http server location);
valid(config(server => "$node $cluster", redis => ''),
    'a cluster is inherited with its URL');
valid(config(server => $cluster, redis => $node), '... or without');
valid(config(server => "$node $cluster", redis => 'secops_redis unix:/x;'),
    '... and not where there is another one');
valid(config(redis => "$node secops_redis_cluster off;"), 'off is off');

foreach my $case (
    ['secops_redis_cluster yes;', qr/it must be "on" or "off"/],
    ['secops_redis_cluster on; secops_redis_cluster on;', qr/is duplicate/],
    ['secops_redis_cluster on; secops_redis_database 2;',
        qr/a Redis Cluster has no database 2, it has 0 only/],
    ['secops_redis_cluster_seed 127.0.0.1;',
        qr/"secops_redis_cluster_seed" needs "secops_redis_cluster on"/],
    ['secops_redis_cluster_map a b;',
        qr/"secops_redis_cluster_map" needs "secops_redis_cluster on"/],
    ['secops_redis_cluster off; secops_redis_cluster_seed 127.0.0.1;',
        qr/"secops_redis_cluster_seed" needs "secops_redis_cluster on"/],
    ['secops_redis_cluster on; secops_redis_cluster_seed;',
        qr/invalid number of arguments/],
    ['secops_redis_cluster on; secops_redis_cluster_seed 127.0.0.1:x;',
        qr/invalid port in "127.0.0.1:x" of "secops_redis_cluster_seed"/],
    ['secops_redis_cluster on; secops_redis_cluster_seed :7000;',
        qr/no host in ":7000" of "secops_redis_cluster_seed"/],
    ['secops_redis_cluster on; secops_redis_cluster_seed "";',
        qr/no host in "" of "secops_redis_cluster_seed"/],
    ['secops_redis_cluster on; secops_redis_cluster_seed unix:/x;',
        qr/a node of a cluster is "host" or "host:port" in "unix:\/x" of/],
    ['secops_redis_cluster on; secops_redis_cluster_seed redis://127.0.0.1;',
        qr/a node of a cluster is "host" or "host:port" in "redis:.* of/],
    ['secops_redis_cluster on; secops_redis_cluster_seed name.invalid;',
        qr/host not found in "name.invalid" of "secops_redis_cluster_seed"/],
    ['secops_redis_cluster on; secops_redis_cluster_map a:1;',
        qr/invalid number of arguments/],
    ['secops_redis_cluster on; secops_redis_cluster_map a:x b;',
        qr/invalid address "a:x" in "secops_redis_cluster_map"/],
    ['secops_redis_cluster on; secops_redis_cluster_map a b:0;',
        qr/invalid address "b:0" in "secops_redis_cluster_map"/],
    ['secops_redis_cluster on; secops_redis_cluster_map a unix:/x;',
        qr/invalid address "unix:\/x" in "secops_redis_cluster_map"/],
    ['secops_redis_cluster on; secops_redis_cluster_map "" b;',
        qr/invalid address "" in "secops_redis_cluster_map"/],
    ['secops_redis_cluster on; secops_redis_cluster_map a b/c;',
        qr/invalid address "b\/c" in "secops_redis_cluster_map"/],
    ['secops_redis_cluster on; secops_redis_cluster_map a b:7000;',
        qr/can not give all ports of a host the same one/],
    ['secops_redis_cluster on; secops_redis_cluster_map a:1 b;'
        . ' secops_redis_cluster_map A:1 c;',
        qr/is duplicate for this announced address/],
) {
    my ($line, $sentence) = @$case;
    invalid(config(redis => $node, location => $line), $sentence, $line);
}

invalid(config(location => 'secops_redis_cluster on;'),
    qr/"secops_redis_cluster" needs a host in "secops_redis": the nodes /,
    'a cluster by a socket');
invalid(config(redis => 'secops_redis redis://127.0.0.1/2;',
    location => 'secops_redis_cluster on;'),
    qr/a Redis Cluster has no database 2/, 'a cluster with a database');


# Redis Sentinel

my $sentinel = 'secops_redis redis://m;'
    . ' secops_redis_sentinel m 127.0.0.1 127.0.0.2:26380 [::1]:26379;';
my $guarded = 'secops_redis_sentinel_user u;'
    . ' secops_redis_sentinel_password_file %%DIR%%/password;'
    . ' secops_redis_sentinel_ssl off;';

valid(config(%none, auth => 'secops_auth header;', $_ => "$sentinel $guarded"),
    "the sentinels' directives are valid in $_")
    foreach qw(http server location);
valid(config(redis => $sentinel, http => $_), "valid: $_")
    foreach 'secops_redis redis://127.0.0.1; secops_redis_user u;'
        . ' secops_redis_password_file %%DIR%%/password;';
valid(config(redis => "secops_redis $_; secops_redis_sentinel m 127.0.0.1;"
    . ' secops_redis_password_file %%DIR%%/password;'), "valid: $_ of sentinels")
    foreach 'redis://', 'redis:///3', 'redis://m', 'redis://m/', 'redis://m/3',
        'redis://u@', 'redis://u@m/3', 'REDIS://m';
valid(config(server => "$sentinel $guarded", redis => ''),
    'sentinels are inherited with the URL');
valid(config(server => "$sentinel $guarded", redis => 'secops_redis %%REDIS%%;'),
    '... and not with another one');
valid(config(server => "$sentinel $guarded",
    redis => 'secops_redis_sentinel m2 127.0.0.1; secops_redis redis://m2;'),
    '... where there may be others');

foreach my $case (
    ['secops_redis redis://m; secops_redis_sentinel m;',
        qr/invalid number of arguments/],
    ['secops_redis redis://m; secops_redis_sentinel "m m" 127.0.0.1;',
        qr/invalid "m m" in "secops_redis_sentinel": the master's name has /],
    ['secops_redis redis://m; secops_redis_sentinel 127.0.0.1:26379 127.0.0.2;',
        qr/invalid "127.0.0.1:26379" in .*: the master's name has letters/],
    ['secops_redis redis://m; secops_redis_sentinel ' . 'x' x 129
        . ' 127.0.0.1;', qr/the master's name has .* at most 128/],
    ['secops_redis redis://m; secops_redis_sentinel m 127.0.0.1:0;',
        qr/invalid "127.0.0.1:0" in "secops_redis_sentinel": invalid port/],
    ['secops_redis redis://m; secops_redis_sentinel m :26379;', qr/no host/],
    ['secops_redis redis://m; secops_redis_sentinel m "";', qr/no host/],
    ['secops_redis redis://m; secops_redis_sentinel m unix:/x;',
        qr/a sentinel is "host" or "host:port"/],
    ['secops_redis redis://m; secops_redis_sentinel m redis://127.0.0.1;',
        qr/a sentinel is "host" or "host:port"/],
    ['secops_redis redis://m; secops_redis_sentinel m name.invalid;',
        qr/invalid "name.invalid" in .*: host not found/],
    ['secops_redis redis://m; secops_redis_sentinel m 127.0.0.1 127.0.0.1;',
        qr/invalid "127.0.0.1" in .*: it is there twice/],
    ['secops_redis redis://m; secops_redis_sentinel m '
        . join(' ', map { "127.0.0.$_" } 1 .. 17) . ';',
        qr/there may be 16 sentinels/],
    ['secops_redis redis://m; secops_redis_sentinel m 127.0.0.1;'
        . ' secops_redis_sentinel m 127.0.0.2;', qr/is duplicate/],
    ['secops_redis redis://m2; secops_redis_sentinel m 127.0.0.1;',
        qr/the host must be the name of the master, without a port in/],
    ['secops_redis redis://m:6379; secops_redis_sentinel m 127.0.0.1;',
        qr/the host must be the name of the master, without a port in/],
    ['secops_redis unix:/x; secops_redis_sentinel m 127.0.0.1;',
        qr{with "secops_redis_sentinel" it must begin with "redis://" or}],
    ['secops_redis redis://m; secops_redis_sentinel m 127.0.0.1;'
        . ' secops_redis_cluster on;', qr/exclude each other/],
    ['secops_redis redis://m; secops_redis_sentinel m 127.0.0.1;'
        . ' secops_redis_sentinel_user u;',
        qr/sentinels' user "u" needs "secops_redis_sentinel_password_file"/],
    ['secops_redis redis://m; secops_redis_sentinel m 127.0.0.1;'
        . ' secops_redis_sentinel_password_file %%DIR%%/none;',
        qr/open\(\) ".*none" failed \(2: /],
    ['secops_redis redis://m; secops_redis_sentinel m 127.0.0.1;'
        . ' secops_redis_sentinel_ssl yes;', qr/must be "on" or "off"/],
    ['secops_redis redis://m; secops_redis_sentinel m 127.0.0.1;'
        . ' secops_redis_sentinel_ssl on;', qr/TLS to Redis needs/],
    ['secops_redis %%REDIS%%; secops_redis_sentinel_user u;',
        qr/need "secops_redis_sentinel"/],
    ['secops_redis %%REDIS%%; secops_redis_sentinel_ssl off;',
        qr/need "secops_redis_sentinel"/],
) {
    my ($line, $sentence) = @$case;
    invalid(config(redis => $line), $sentence, $line =~ s/x{60,}/x.../r);
}


like(valid(config(redis => 'secops_redis rediss://127.0.0.1;',
    location => 'secops_redis_ssl_verify off;'), 'nobody is verified'),
    qr/with "secops_redis_ssl_verify off" whoever answers for/,
    '... is warned about');
like(valid(config(redis => 'secops_redis rediss://127.0.0.1;',
    location => 'secops_redis_ssl_verify off;'
        . ' secops_redis_ssl_trusted_certificate %%DIR%%/ca.crt;'),
    'certificates that are not used'), qr/are not used/,
    '... are warned about');
valid(config(http => 'secops_redis_ssl_verify off;'),
    'TLS directives of an outer level need no TLS further in');
valid(config(http => $all_tls, auth => ''),
    'nor does a Redis without TLS where another one is inherited');

# beside redis:// in http they may be meant for another one further in, and must
# be meant for one

my $beside = 'secops_redis %%REDIS%%; secops_redis_ssl_verify off;';
my $need = qr/"secops_redis_ssl_\*" directives need "rediss:\/\/"/;

invalid(config(redis => '', http => $beside), $need,
    'TLS directives beside redis:// in http, and no other Redis');
invalid(config(redis => '', http => $beside, server => 'location /more/ {'
    . ' secops_api; secops_auth header; secops_redis %%REDIS%%; }'), $need,
    '... nor one with TLS');
valid(config(redis => '', http => $beside, server => 'location /more/ {'
    . ' secops_api; secops_auth header; secops_redis rediss://127.0.0.1; }'),
    'TLS directives beside redis:// in http, and another Redis with TLS');
valid(config(http => $beside), '... and nobody who inherits that URL');
valid(config(redis => '', api => '', auth => '', http => $beside),
    '... and nobody who asks Redis');
invalid(config(redis => '', server => $beside), $need,
    'TLS directives beside redis:// in server are meant for that');

invalid(config(redis => 'secops_redis rediss://127.0.0.1;',
    http => 'secops_redis rediss://other; secops_redis_ssl_verify off;'
        =~ s/other/127.0.0.2/r,
    location => 'secops_redis_ssl_verify on;'),
    qr/TLS to Redis needs/, 'verify off is overridden');


# who shares a client: two locations that differ in one directive have two, or
# one of them would be served with what the other one says.  Nobody answers at
# these addresses, and each client tells the log of that once.

$t->write('password2', "other\n");
$t->write("$_->[0]2.$_->[1]", $t->read("$_->[0].$_->[1]"))
    foreach [qw(ca crt)], [qw(ca crl)], [qw(client crt)], [qw(client key)];
$t->write('password3', $t->read('password'));

my $password = 'secops_redis_password_file %%DIR%%/password;';
my $address = '127.0.0.1:%%PORT9%%';

# by directive: what one of them has, the other one, and both

my @differ = (
    ['redis_user', '', 'u', $password],
    ['redis_password_file', '', '%%DIR%%/password'],
    ['redis_password_file', '%%DIR%%/password2', '%%DIR%%/password'],
    ['redis_password_file', '%%DIR%%/password3', '%%DIR%%/password'],
    ['redis_database', '', 3],
    ['redis_connect_timeout', '', '500ms'],
    ['redis_timeout', '', '5s'],
    ['redis_ping', '5s', '6s'],
    ['redis_max_pending', '', 'commands=5'],
    ['redis_max_pending', '', 'bytes=1m'],
    ['durability', '', 'fsync'],
    ['durability', 'fsync', 'replicas=1'],
    ['durability', 'replicas=1', 'replicas=2'],
    ['durability', 'replicas=1', 'replicas=1 timeout=100ms'],
    ['redis_cluster', 'off', 'on'],
    ['redis_cluster_seed', '', $address, 'secops_redis_cluster on;'],
    ['redis_cluster_map', '', 'a.example b.example',
        'secops_redis_cluster on;'],
    ['redis_cluster_map', 'a.example c.example', 'a.example b.example',
        'secops_redis_cluster on;'],
    ['redis_sentinel', $address, "$address 127.0.0.2:1"],
    ['redis_sentinel_user', '', 'u', 'secops_redis_sentinel_password_file'
        . ' %%DIR%%/password;'],
    ['redis_sentinel_password_file', '', '%%DIR%%/password'],
    ['redis_sentinel_ssl', 'off', 'on'],
    ['redis_ssl_verify', 'on', 'off'],
    ['redis_ssl_verify_depth', '', 3],
    ['redis_ssl_trusted_certificate', '', '%%DIR%%/ca2.crt'],
    ['redis_ssl_crl', '', '%%DIR%%/ca.crl'],
    ['redis_ssl_name', '', 'redis.example'],
    ['redis_ssl_certificate', '%%DIR%%/client.crt', '%%DIR%%/client2.crt',
        'secops_redis_ssl_certificate_key %%DIR%%/client.key;'
            . ' secops_redis_ssl_password_file %%DIR%%/password;'],
    ['redis_ssl_certificate_key', '%%DIR%%/client.key', '%%DIR%%/client2.key',
        'secops_redis_ssl_certificate %%DIR%%/client.crt;'
            . ' secops_redis_ssl_password_file %%DIR%%/password;'],
    ['redis_ssl_password_file', '%%DIR%%/password', '%%DIR%%/password3',
        'secops_redis_ssl_certificate %%DIR%%/client.crt;'
            . ' secops_redis_ssl_certificate_key %%DIR%%/client.key;'],
    ['redis_ssl_ciphers', '', 'HIGH'],
    ['redis_ssl_protocols', '', 'TLSv1.3'],
);

# nginx's own that make a difference, too; then what makes none

my @clients = (
    (map { ["secops_$_->[0]", @$_[1 .. $#$_]] } @differ),
    ['resolver', '', '127.0.0.1'],
    ['resolver_timeout', '', '5s'],
);
my @shared = (
    ['secops_redis_timeout', '', '2s'],
    ['secops_redis_prefix', '', 'x'],
    ['secops_redis_ssl_ciphers', '', 'DEFAULT'],
);

is_deeply([ grep { my $name = $_;
        /^secops_(?:redis_|durability)/ && $name ne 'secops_redis_prefix'
            && !grep { $_->[0] eq $name } @clients } @all ], [],
    'clients are told apart by every directive that is theirs');

my ($servers, @urls) = ('');

foreach my $client (@clients, @shared) {
    my ($name, $one, $other, $both) = @$client;
    my $n = @urls + 1;

    push @urls, $name =~ /sentinel/ ? "redis://master-$n"
        : ($name =~ /_ssl_/ ? 'rediss' : 'redis') . "://127.0.1.$n:"
            . $t->port(9);

    $both //= '';
    $both .= " secops_redis_sentinel master-$n $address;"
        if $name =~ /sentinel_/;

    foreach my $value ($one, $other) {
        my $line = $value eq '' ? '' : $name =~ /sentinel$/
            ? "$name master-$n $value;" : "$name $value;";
        my $place = ($value eq $one ? 'one' : 'other') . "-$n";
        $servers .= "location /$place/ { secops_api;"
            . " secops_redis $urls[-1]; $both $line }\n";
    }
}

$t->run(<<"EOT");
%%MAIN%%
events { }
http {
    %%HTTP%%
    secops_auth header;
    secops_redis_ssl_trusted_certificate %%DIR%%/ca.crt;
    server {
        listen 127.0.0.1:%%PORT%%;
        $servers
    }
}
EOT

sub clients { # how many have told the log that nobody is there
    my ($url) = @_;
    my $told = () = $t->error_log()
        =~ /\[error\] .*secops redis "\Q$url\E": not available: /g;
    return $told;
}

foreach my $i (0 .. $#urls) {
    my $client = ($clients[$i] // $shared[$i - @clients]);
    my ($name, $one, $other) = @$client;
    my $wanted = ($i < @clients) ? 2 : 1;

    SecOps::wait_for(sub { clients($urls[$i]) >= $wanted }, 5);
    is(clients($urls[$i]), $wanted, "$wanted of two locations with $name "
        . join ' and ', map { $_ eq '' ? 'not given' : $_ } $one, $other);
}

$t->quit();


# inheritance: the nearest value counts, one by one

sub place { # of a location with these directives, under a prefix
    my ($prefix, $directives) = @_;
    return "location /$prefix/ { rewrite ^/$prefix(/.*)\$ \$1 break;"
        . " secops_api; $directives }\n";
}


my $names = 'secops_header_user H-User; secops_header_roles H-Roles;'
    . ' secops_header_domain H-Domain;';

$t->run(<<"EOT");
%%MAIN%%
events { }
http {
    %%HTTP%%
    secops_redis %%REDIS%%;
    secops_redis_prefix outer;
    secops_auth header;
    secops_write_role outer:write;
    secops_admin_role outer:admin;
    secops_max_depth 5;
    secops_max_batch 2;
    secops_audit_maxlen 0;
    secops_retention 1h;
    $names

    server {
        listen 127.0.0.1:%%PORT%%;
        secops_write_role server:write;

        location /api/ { secops_api; }
        @{[ place('role', 'secops_write_role here:write;') ]}
        @{[ place('prefix', 'secops_redis_prefix inner;') ]}
        @{[ place('redis', 'secops_redis %%REDIS1%%;') ]}
        @{[ place('base', 'secops_redis_database 4;') ]}
        @{[ place('depth', 'secops_max_depth 6;') ]}
        @{[ place('batch', 'secops_max_batch 3;') ]}
        @{[ place('header', 'secops_header_user Other-User;') ]}
        @{[ place('vars', 'secops_auth variables; secops_user v;'
            . ' secops_roles server:write;') ]}
        @{[ place('far', 'secops_trusted_proxy 192.0.2.1;') ]}
        @{[ place('trimmed', 'secops_audit_maxlen 7;') ]}
        @{[ place('brief', 'secops_retention 5m;') ]}
        @{[ place('kept', 'secops_retention off;') ]}

        location /outer/ {
            rewrite ^/outer(/.*)\$ \$1 break;
            secops_api records;
            secops_read_role x;

            location /outer/inner/ {
                rewrite ^/outer/inner(/.*)\$ \$1 break;
                secops_api tables;
            }
            location /outer/plain/ {
                root %%DIR%%;
            }
        }
    }

    server {
        listen 127.0.0.1:%%PORT1%%;
        secops_redis_prefix second;
        location /api/ { secops_api records; }
        location /api/v1/ { secops_api health; }
        location /api/now/ { secops_api tables; secops_read_role any; }
    }

    server {
        listen 127.0.0.1:%%PORT2%%;
        location /api/ {
            secops_api;
            secops_redis_prefix defaults;
            secops_write_role sn_sec_cmn.api_write;
        }
    }

    server {
        listen 127.0.0.1:%%PORT3%%;
        secops_redis_database 7;
        location /api/ { secops_api; }
        @{[ place('away', 'secops_redis %%REDIS1%%;') ]}
    }

    server {
        listen 127.0.0.1:%%PORT4%%;
        secops_trusted_proxy 192.0.2.1;
        location /api/ { secops_api; }
        @{[ place('near', 'secops_trusted_proxy 127.0.0.1;') ]}
    }
}
EOT


sub as { # a caller with this role
    my ($role, %more) = @_;
    return { 'H-User' => 'u', 'H-Roles' => $role, %more };
}


sub created { # a POST below the prefix
    my ($prefix, $headers, $body, %opt) = @_;
    return $t->request('POST', ($prefix ? "/$prefix" : '') . path(), $headers,
        $body // records(), %opt)->{status};
}


my $batch = { data => [map { records() } 1 .. 3] };

is(created('', as('server:write')), 201, 'server overrides http');
is(created('', as('outer:write')), 403, '... so that http\'s value is void');
is(created('role', as('here:write')), 201, 'location overrides server');
is(created('role', as('server:write')), 403,
    '... so that server\'s value is void');
is(created('', as('outer:write'), undef, port => 1), 201,
    'another server has http\'s value');
is(created('', as('sn_sec_cmn.api_write')), 403,
    'the default is void once another role was given');

is(scalar(my @keys = keys_like($redis, 'outer:*:rec:*')), 2,
    'the prefix of http is used');
is(created('prefix', as('server:write')), 201, 'a prefix of its own');
is(scalar(@keys = keys_like($redis, 'inner:*:rec:*')), 1, '... is used');
is(created('redis', as('server:write')), 201, 'a Redis of its own');
is(scalar(@keys = keys_like($other, 'outer:*:rec:*')), 1,
    '... is used, with the prefix that is inherited');
is(created('base', as('server:write')), 201, 'a database of its own');
like($redis->cmd('INFO', 'keyspace'), qr/^db4:/m,
    '... is used, in the Redis that is inherited');
is(created('away', as('outer:write'), undef, port => 3), 201,
    'a Redis of its own where a database is inherited');
unlike($other->cmd('INFO', 'keyspace'), qr/^db7:/m,
    '... does not use that: it belongs to the other Redis');
is(created('', as('outer:write'), undef, port => 3), 201,
    'a database that is inherited');
like($redis->cmd('INFO', 'keyspace'), qr/^db7:/m, '... is used');

is(created('', as('server:write'), $batch), 400,
    'a number is inherited: a batch of 3 is too many');
is(created('batch', as('server:write'), $batch), 201, '... and overridden');
is(created('', as('server:write'), records(a => [[[[[]]]]])), 400,
    'a depth is inherited');
is(created('depth', as('server:write'), records(a => [[[[[]]]]])), 201,
    '... and overridden');
is(created('header', as('server:write')), 401,
    'the name of one header is overridden');
is(created('header', { 'Other-User' => 'x', 'H-Roles' => 'server:write' }),
    201, '... the others are inherited');
is(created('vars', {}), 201, 'the methods are overridden');
is(created('far', as('server:write')), 401,
    'trusted proxies of its own replace the default');

is(created('', as('outer:write'), undef, port => 4), 401, '... are inherited');
is(created('near', as('outer:write'), undef, port => 4), 201,
    '... and overridden');
is($t->request('GET', '/api/secops/v1/audit', as('outer:admin'))->{status}, 200,
    'the admin role is inherited');

sub kept_for { # minutes; -1: for ever
    my ($prefix) = @_;
    my $r = $t->request('POST', "$prefix" . path(), as('server:write'),
        records());
    my ($key) = keys_like($redis, "outer:*:rec:*:$r->{json}{sys_id}");
    my $seconds = $redis->cmd('TTL', $key);
    return $seconds < 0 ? $seconds : int($seconds / 60 + 0.5);
}

is(kept_for(''), 60, 'how long records are kept is inherited');
is(kept_for('/brief'), 5, '... and overridden');
is(kept_for('/kept'), -1, '... or taken back');

$redis->cmd(qw(CONFIG SET slowlog-log-slower-than 0));
created($_, as('server:write')) foreach '', 'trimmed';
is_deeply([ map { my $words = join ' ', @{$_->[3]};
        $words =~ /^XADD \S+ (?:MAXLEN ~ (\d+) )?/ ? $1 // 0 : () }
    @{$redis->cmd('SLOWLOG', 'GET', 30)} ], [7, 0],
    'the length of the audit is inherited and overridden');

is(created('outer', as('server:write')), 201, 'a location in a location');
is($t->request('GET', '/outer/inner/api/now/table/x/y', as('x'))->{status},
    400, '... inherits what the outer one has');
is($t->request('POST', '/outer/inner' . path(), as('server:write'),
    records())->{status}, 404, '... but serves its own groups');
is($t->request('GET', '/outer/plain/api/v1/health')->{status}, 404,
    '... or nothing: secops_api itself is not inherited');

is($t->request('GET', '/api/v1/health', {}, undef, port => 1)->{status}, 200,
    'groups may be served by different locations');
is($t->request('GET', '/api/v1/table', {}, undef, port => 1)->{status}, 404,
    '... each its own only');
is($t->request('GET', '/api/now/table/incident/x', as('any'), undef,
    port => 1)->{status}, 400, '... with its own roles');
is($t->request('GET', '/api/now/table/incident/x',
    as('sn_sec_cmn.api_read'), undef, port => 1)->{status}, 403,
    '... and no others');
is(created('', as('sn_sec_cmn.api_write'), undef, port => 2), 201,
    'the default role can be given again');

$t->done();
