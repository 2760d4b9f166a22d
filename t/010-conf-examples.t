# Every file in conf-examples/ is what its comments say: nginx -t accepts it,
# and an nginx that runs it takes a record from the right caller and none from
# the wrong one.  Only what depends on a machine is replaced: module, user,
# paths, addresses, times that a test would have to wait for.  What nginx itself
# refuses is answered as JSON by each.
#
# docs/identity.md has a section for each way to identify callers: the pieces of
# configuration in it are those of the example that it names, and its commands
# are run here and must print what it shows.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use File::Basename;
use JSON::PP;
use MIME::Base64;
use SecOps;
use SecOps::Cluster;
use SecOps::Console;
use SecOps::Sentinel;
use SecOps::Tls;
use SecOps::Tokens;

my $path = '/api/sn_sec_cmn/integration_capabilities/threat_lookup';
my $record = '{"observable":"198.51.100.7","finding":"Malicious",'
    . '"source_engine":"VirusTotal"}';
my $dir = root() . '/conf-examples';

my %checks = (
    'minimal.conf'            => \&minimal,
    'load-balancer.conf'      => \&load_balancer,
    'basic-auth.conf'         => \&basic_auth,
    'jwt-keycloak.conf'       => \&jwt_keycloak,
    'jwt-entra.conf'          => \&jwt_entra,
    'jwt-auth0.conf'          => \&jwt_auth0,
    'jwt-cognito.conf'        => \&jwt_cognito,
    'jwt-cloudflare.conf'     => \&jwt_cloudflare,
    'jwt-two-providers.conf'  => \&jwt_two_providers,
    'protect-others.conf'     => \&protect_others,
    'auth-request.conf'       => \&auth_request,
    'client-certificate.conf' => \&client_certificate,
    'api-keys.conf'           => \&api_keys,
    'events.conf'             => \&events,
    'own-definitions.conf'    => \&own_definitions,
    'redis-cluster.conf'      => \&redis_cluster,
    'redis-sentinel.conf'     => \&redis_sentinel,
    'durability.conf'         => \&durability,
    'redis-tls.conf'          => \&redis_tls,
    'tenants.conf'            => \&tenants,
);

my @examples = map { basename($_) } glob "$dir/*.conf";

is_deeply([ sort keys %checks ],
    [ grep { $_ ne 'secops-errors.conf' } @examples ], 'each example is tried here');


sub text {
    my ($name) = @_;
    open my $file, '<', $name =~ m{^/} ? $name : "$dir/$name"
        or die "can not read $name: $!";
    local $/;
    return scalar <$file>;
}


# one replacement that must happen, or the example has changed its ways

sub put {
    my ($conf, $name, $pattern, $text) = @_;
    $$conf =~ s/$pattern/ref $text ? $text->() : $text/ge
        or fail("$name has $pattern");
}


sub adapt {
    my ($t, $name) = @_;
    my $conf = text($name);

    put(\$conf, $name, qr/^load_module modules\/ngx_http_secops_module\.so;\n/m,
        '');
    put(\$conf, $name, qr/^user \S+;\nworker_processes auto;\npid \S+;\n/m,
        "%%MAIN%%\n");
    put(\$conf, $name, qr/^error_log \S+;\n/m, '');
    put(\$conf, $name, qr/^http \{\n/m, "http {\n    %%HTTP%%\n");
    put(\$conf, $name, qr/^ *listen \d\S*( ssl)?;\n/m,
        sub { "listen 127.0.0.1:%%PORT%%" . ($1 // '') . ";\n" });
    put(\$conf, $name, qr/^ *secops_redis \S+;\n/m,
        "secops_redis %%REDIS%%;\n");
    put(\$conf, $name, qr/^ *access_log \/var\/log\/nginx\//m,
        'access_log %%DIR%%/');
    put(\$conf, $name, qr/^ *include secops-errors\.conf;\n/m,
        text('secops-errors.conf'));

    $conf =~ s{/etc/nginx/}{%%DIR%%/}g;

    return $conf;
}


sub serve {
    my ($t, $name, $conf) = @_;

    # that secrets are stored in plain text most examples are not about; those
    # that are have the directive

    $t->{all_warnings} = $conf =~ /secops_secrets_key_file/;

    my ($valid, $output) = $t->t($conf);

    ok($valid, 'nginx -t accepts it') or diag($output);
    unlike($output, qr/\[(warn|emerg)\]/, 'without a warning');

    $t->run($conf);
}


sub refused {
    my ($r, $status, $message, $what) = @_;
    is($r->{status}, $status, "$what: $status");
    is($r->{json}{error}{message}, $message, "$what: in the form of the API");
}


# what is not text is a client's own: one record, by curl

sub curl {
    my ($t, $url, @arguments) = @_;
    my $body = $t->dir() . '/curl.body';
    my @command = ('curl', '-s', '-o', $body, '-D', '-', '--connect-to',
        '::127.0.0.1:' . $t->port(), '-H', 'Content-Type: application/json',
        @arguments, $url);

    unlink $body;
    open my $curl, '-|', @command or die "can not run curl: $!";
    my $head = do { local $/; <$curl> } // '';
    close $curl;
    $head =~ s/\A(?:HTTP\S+ 1\d\d.*?\r\n\r\n)+//s;

    return SecOps::Connection::response($head, $t->read($body));
}


sub redis_cluster {
    my ($t, $name) = @_;
    my $cluster = SecOps::Cluster->new($t, replicas => 0);
    my $conf = adapt($t, $name);
    my @ports = map { $_->port() } $cluster->nodes();

    put(\$conf, $name, qr/%%REDIS%%/, "redis://127.0.0.1:$ports[0]");
    put(\$conf, $name, qr/10\.0\.0\.2:6379 10\.0\.0\.3:6379/,
        "127.0.0.1:$ports[1] 127.0.0.1:$ports[2]");
    serve($t, $name, $conf);

    my $caller = { 'X-SecOps-User' => 'script',
        'X-SecOps-Roles' => 'sn_sec_cmn.api_write' };

    is($t->request('POST', $path, $caller, $record =~ s/7/$_/r)->{status}, 201,
        'a record is stored') foreach 1 .. 9;
    is(scalar grep({ $_->cmd('DBSIZE') } $cluster->nodes()), 3,
        '... on all nodes');
    refused($t->request('POST', $path, {}, $record), 401,
        'User is not authenticated', 'nobody');
}


# The example's section of the page: its configuration, and its commands after
# the script $before.

my $identity = root() . '/docs/identity.md';

sub page {
    my ($t, $name, $before) = @_;
    my $text = text($identity);
    my ($section) = grep { m{\(\.\./conf-examples/\Q$name\E\)} }
        split /^(?=##+ )/m, $text;

    if (!defined $section) {
        fail("docs/identity.md leads to $name");
        return;
    }

    my $conf = text($name) =~ s/^ +//mgr;
    like($conf, qr/\Q$_\E/, "the page has a part of the example")
        foreach map { s/^ +//mgr } $section =~ /^```nginx\n(.*?)^```$/msg;

    my $console = SecOps::Console->new($t, $t->{redis}[0],
        'cd ' . $t->dir() . "\n" . ($before // ''));
    my $new = $console->check("$name in docs/identity.md", $section);

    cmp_ok($console->commands(), '>=', 2, 'the page shows how to call it');
    $t->write($identity, $text =~ s/\Q$section\E/$new/r) if $new ne $section;
}


# what no handler of ours has seen

sub nginx_errors {
    my ($t, $name) = @_;

    return if $name eq 'client-certificate.conf';       # see there

    refused($t->request('POST', $path, {}, 'x' x 2_100_000), 413,
        'Request body too large', "a large body");
    refused($t->request('GET', '/elsewhere'), 404,
        'Requested URI does not represent any resource', "no location");

    foreach my $case ([ 'GARBAGE', 400 ], [ 'GET /' . 'a' x 40_000, 414 ]) {
        my ($line, $status) = @$case;
        my ($head, $body) = split /\r\n\r\n/,
            $t->raw("$line HTTP/1.1\r\nHost: a\r\n\r\n"), 2;

        like($head, qr{^HTTP/1\.1 $status },
            "a request line that can not be read: $status");
        like($body, qr/^\{"error":\{"message":"[^"]+","detail":null\},/,
            '... in the form of the API');
    }
}


sub minimal {
    my ($t, $name) = @_;
    my %who = ('X-SecOps-User' => 'vt-script');

    serve($t, $name, adapt($t, $name));

    my $r = $t->request('POST', $path,
        { %who, 'X-SecOps-Roles' => 'sn_sec_cmn.api_write' }, $record);
    is($r->{status}, 201, "the writer is accepted");

    my $id = $r->{json}{sys_id};
    is($r->{headers}{location}, "/api/now/table/sn_ti_lookup_result/$id",
        "told where the record is");

    $r = $t->request('GET', $r->{headers}{location},
        { %who, 'X-SecOps-Roles' => 'sn_sec_cmn.api_read' });
    is($r->{json}{result}{sys_id}, $id, "the reader finds it there");

    refused($t->request('POST', $path,
        { %who, 'X-SecOps-Roles' => 'sn_sec_cmn.api_read' }, $record), 403,
        'Insufficient access', "the reader can not write");
    refused($t->request('POST', $path, {}, $record), 401,
        'User is not authenticated', "nobody can not write");
}


sub tenants {
    my ($t, $name) = @_;
    my %eve = ('X-SecOps-User' => 'eve', 'X-SecOps-Domain' => 'mssp',
        'X-SecOps-Roles' => 'sn_sec_cmn.api_write');

    my $conf = adapt($t, $name);

    # beside the harness's "access_log off" it would not be written
    my ($log) = $conf =~ /^( *access_log \S+ secops;\n)/m;
    put(\$conf, $name, qr/^\Q$log\E/m, '');
    put(\$conf, $name, qr/^(?= *location \/api\/ \{\n)/m, $log);
    serve($t, $name, $conf);
    page($t, $name);

    is($t->request('POST', $path, { %eve, 'X-SecOps-Act-For' => 'globex' },
        $record)->{json}{sys_domain}, 'globex', 'a record of a tenant');
    ok(wait_for(sub { $t->read('secops.log')
        =~ /"user":"eve","domain":"mssp","act_for":"globex"/ }),
        '... the access log has both domains');
    refused($t->request('POST', $path, { %eve, 'X-SecOps-Domain' => 'acme',
        'X-SecOps-Act-For' => 'globex' }, $record), 403,
        'Insufficient access', 'a tenant, for another one');
    refused($t->request('POST', $path, {}, $record), 401,
        'User is not authenticated', 'nobody');
}


# The balancer is 127.0.0.3, which nobody believes unless told to; the test
# itself is somebody else.

sub load_balancer {
    my ($t, $name) = @_;
    my %who = ('X-SecOps-User' => 'vt-script',
        'X-SecOps-Roles' => 'sn_sec_cmn.api_write',
        'X-SecOps-Domain' => 'acme', 'X-Forwarded-For' => '203.0.113.9');
    my $conf = adapt($t, $name);

    put(\$conf, $name, qr/192\.0\.2\.10/, '127.0.0.3');
    $t->write('secops/secrets.key', 'ab' x 32);
    chmod 0600, $t->dir() . '/secops/secrets.key';
    serve($t, $name, $conf);

    my @curl = ('curl', '-s', '--interface', '127.0.0.3', '-d', $record,
        '-H', 'Content-Type: application/json',
        map({ ('-H', "$_: $who{$_}") } sort keys %who),
        'http://127.0.0.1:' . $t->port() . $path);

    open my $answer, '-|', @curl or die "can not run curl: $!";
    my $stored_record = decode_json(do { local $/; <$answer> } || '{}');
    close $answer;
    is($stored_record->{sys_domain}, 'acme',
        "the balancer's caller is accepted, in their domain");

    my $redis = $t->{redis}[0];
    my ($key) = grep { /:audit$/ } @{$redis->cmd('KEYS', '*')};
    my %entry = @{$redis->cmd('XRANGE', $key, '-', '+')->[0][1]};
    is($entry{address}, '203.0.113.9', 'the audit has the real client');

    refused($t->request('POST', $path, \%who, $record), 401,
        'User is not authenticated', 'the same headers from elsewhere');

    my $log = wait_for(sub { my $l = $t->read('secops.log');
        $l =~ /"status":401/ && $l });
    my ($stored, $denied) = map { decode_json($_) } split /\n/, $log;

    is_deeply([ @$stored{qw(status client balancer operation user domain auth
                            error)} ],
        [ 201, '203.0.113.9', '127.0.0.3', 'records.create', 'vt-script',
          'acme', 'header', '' ], "the log tells who did what");
    is($stored->{request_id}, $entry{request}, "as the audit does");
    like($stored->{redis}, qr/^\d+\.\d{3}$/, "and how long Redis took");
    is_deeply([ @$denied{qw(status user error redis)} ],
        [ 401, '', 'User is not authenticated', '' ],
        "and who was refused");

    is($t->request('GET', '/api/v1/health')->{status}, 200,
        "ready while Redis is there");
    $redis->stop();
    is($t->request('GET', '/api/v1/health')->{status}, 503,
        "not ready without it");
    $redis->start();
}


sub basic_auth {
    my ($t, $name) = @_;

    $t->write('secops.htpasswd', join '', map { "$_:{PLAIN}$_-secret\n" }
        qw(vt-script dashboard stranger));
    serve($t, $name, adapt($t, $name));

    my $login = sub {
        my ($user, $password) = @_;
        $password //= "$user-secret";
        return { Authorization =>
            'Basic ' . encode_base64("$user:$password", '') };
    };

    my $r = $t->request('POST', $path, $login->('vt-script'), $record);
    is($r->{status}, 201, "the writer is accepted");
    is($r->{json}{sys_created_by}, 'vt-script', "by name");
    is($r->{json}{sys_domain}, 'acme', "in the domain of the map");

    is($t->request('GET', $r->{headers}{location}, $login->('dashboard'))
        ->{status}, 200, "the reader finds it");

    refused($t->request('POST', $path, $login->('dashboard'), $record), 403,
        'Insufficient access', "the reader can not write");
    refused($t->request('GET', $r->{headers}{location}, $login->('stranger')),
        403, 'Insufficient access', "a user without a role can not read");

    $r = $t->request('POST', $path, $login->('vt-script', 'wrong'), $record);
    refused($r, 401, 'User is not authenticated', "a wrong password");
    is($r->{headers}{'www-authenticate'}, 'Basic realm="Service-now"',
        "with the challenge");

    refused($t->request('POST', $path, { 'X-SecOps-User' => 'vt-script',
        'X-SecOps-Roles' => 'sn_sec_cmn.api_write' }, $record), 401,
        'User is not authenticated', "headers are not believed");
    is($t->request('GET', '/api/v1/health')->{status}, 200,
        "readiness without a password");

    page($t, $name);
}


# The provider is a server of the same nginx: it answers with what is in
# certs.json, and writes down what it was asked.

sub jwt_keycloak {
    my ($t, $name) = @_;
    my $conf = adapt($t, $name);
    my $issuer = SecOps::Tokens->new();
    my @keys = map { $issuer->key($_, kty => 'RSA', size => 2048, kid => $_,
        use => 'sig', alg => 'RS256') } qw(first second);
    my $token = sub {
        my ($key, %claims) = @_;
        return $issuer->token($key, {
            iss => 'https://idp.example.com/realms/soc', aud => 'secops',
            iat => time(), preferred_username => 'vt-script', roles => undef,
            realm_access => { roles => [ 'offline_access',
                'sn_sec_cmn.api_write' ] }, soc_domain => 'acme', %claims });
    };
    my $writer = $token->('first');

    certificate($t, 'idp', '127.0.0.1');

    put(\$conf, $name, qr{https://idp\.example\.com(?=/realms/soc/protocol)},
        'https://127.0.0.1:%%PORT1%%');
    put(\$conf, $name, qr{/etc/ssl/certs/ca-certificates\.crt},
        '%%DIR%%/idp.crt');
    put(\$conf, $name, qr{/var/cache/nginx/}, '%%DIR%%/');

    # a worker that ends does not free the session it has saved
    put(\$conf, $name, qr/(?=proxy_ssl_verify on;)/,
        'proxy_ssl_session_reuse off; ');
    put(\$conf, $name, qr/min_interval=10s/, 'min_interval=1s');
    put(\$conf, $name, qr/proxy_cache_valid 200 10s/,
        'proxy_cache_valid 200 1s');
    put(\$conf, $name, qr/^http \{\n/m, <<'EOT');
http {
    log_format idp '$request_method $http_authorization$http_cookie.';
    log_format idp_status '$uri $status';

    server {
        listen 127.0.0.1:%%PORT1%% ssl;
        ssl_certificate %%DIR%%/idp.crt;
        ssl_certificate_key %%DIR%%/idp.key;
        access_log %%DIR%%/idp.log idp;
        access_log %%DIR%%/idp.status idp_status;

        location = /realms/soc/protocol/openid-connect/certs {
            alias %%DIR%%/certs.json;
        }
    }
EOT
    my $bearer = sub { return { Authorization => "Bearer $_[0]",
        Cookie => 'a=b' } };
    my $send = sub { $t->request('POST', $path, $bearer->($_[0]), $record) };
    my $certs = jwks($keys[0]);

    # good keys, from somebody who can not prove to be the provider
    $t->write('certs.json', $certs);
    certificate($t, 'other', '127.0.0.1');
    serve($t, $name, $conf =~ s/(trusted_certificate \S+)idp/$1other/r);
    refused($send->($writer), 503, 'Service Unavailable',
        'a provider whose certificate nobody has signed');

    unlink $t->dir() . '/certs.json';
    $t->reload($conf);

    my $r = $send->($writer);
    refused($r, 503, 'Service Unavailable', 'while the provider has no keys');
    is($r->{headers}{'retry-after'}, 1, 'it can be tried again');

    $t->write('certs.json', $certs);
    $r = wait_for(sub { my $r = $send->($writer);
        $r->{status} != 503 && $r });
    is($r->{status}, 201, 'once there are keys the writer is accepted');
    is("$r->{json}{sys_created_by} $r->{json}{sys_domain}", 'vt-script acme',
        'by the name and in the domain of the token');

    my $reader = $token->('first', preferred_username => 'dashboard',
        realm_access => { roles => [ 'sn_sec_cmn.api_read' ] });
    is($t->request('GET', $r->{headers}{location}, $bearer->($reader))
        ->{status}, 200, 'the reader finds it');
    refused($send->($reader), 403, 'Insufficient access',
        'the reader can not write');
    refused($send->($token->('first', realm_access =>
        { roles => [ 'offline_access' ] })), 403, 'Insufficient access',
        'a user without a role can not');

    foreach my $case (
        [ $token->('first', exp => time() - 60), 'an expired token' ],
        [ $token->('first', aud => 'account'),
          'a token for another application' ],
        [ $token->('first', iss => 'https://idp.example.com/realms/hr'),
          'a token of another realm' ],
        [ substr($writer, 0, -8) . 'AAAAAAAA', 'a token with a wrong signature' ])
    {
        my ($bad, $what) = @$case;
        $r = $send->($bad);
        refused($r, 401, 'User is not authenticated', $what);
        is($r->{headers}{'www-authenticate'}, 'Bearer error="invalid_token"',
            '... it says why');
    }

    $r = $t->request('POST', $path, {}, $record);
    refused($r, 401, 'User is not authenticated', 'no token');
    is($r->{headers}{'www-authenticate'}, 'Bearer realm="Service-now"',
        '... it says how');
    refused($t->request('POST', $path, { 'X-SecOps-User' => 'vt-script',
        'X-SecOps-Roles' => 'sn_sec_cmn.api_write' }, $record), 401,
        'User is not authenticated', 'headers are not believed');

    page($t, $name, "token=$writer\n");

    my $rotated = $token->('second');
    refused($send->($rotated), 401, 'User is not authenticated',
        'a token with a key that is not there');
    $t->write('certs.json', jwks(@keys));
    ok(wait_for(sub { $send->($rotated)->{status} == 201 }),
        'a new key is found');
    is($send->($writer)->{status}, 201, 'the old one is good still');

    # new workers, until what the cache holds is too old, and the provider is
    # asked, who has nothing
    unlink $t->dir() . '/certs.json';
    ok(wait_for(sub {
        $t->reload();
        $r = $send->($writer);
        return $r->{status} != 201 || $t->read('idp.status') =~ / 404\n\z/;
    }), 'new workers ask the provider, who is away');
    is($r->{status}, 201, '... and find the keys in the cache');

    is($t->request('GET', '/api/v1/health')->{status}, 200,
        'readiness without a token');
    is_deeply([ grep { $_ ne 'GET --.' } split /\n/, $t->read('idp.log') ], [],
        'nothing of the callers got to the provider');
    unlike($t->error_log(), qr/\Q${\ substr $writer, 0, 40}\E/,
        'and no token into the log');
}


# Of the other providers only what is their own: where the keys are, what a
# token of theirs looks like, and which tokens of theirs do not count.  The
# token is made as their pages show it, with what this API does not read.

sub provider {
    my ($t, $name, %of) = @_;
    my $conf = adapt($t, $name);
    my $issuer = SecOps::Tokens->new();
    my $key = $issuer->key('first', kty => 'RSA', size => 2048,
        kid => 'first', use => 'sig');
    my $header = $of{header} // 'Authorization';

    # the provider is a server of the same nginx

    certificate($t, 'idp', '127.0.0.1');
    $t->write('certs.json', JSON::PP->new->encode({ %{$of{certs} // {}},
        keys => [ { %$key, x5c => ['AAAA'] } ] }));

    put(\$conf, $name, qr{https://\Q$of{host}\E(?=\Q$of{path}\E;)},
        'https://127.0.0.1:%%PORT1%%');
    put(\$conf, $name, qr{/etc/ssl/certs/ca-certificates\.crt},
        '%%DIR%%/idp.crt');
    put(\$conf, $name, qr{/var/cache/nginx/}, '%%DIR%%/');
    put(\$conf, $name, qr/(?=proxy_ssl_verify on;)/,
        'proxy_ssl_session_reuse off; ');
    put(\$conf, $name, qr/^http \{\n/m, <<"EOT");
http {
    server {
        listen 127.0.0.1:%%PORT1%% ssl;
        ssl_certificate %%DIR%%/idp.crt;
        ssl_certificate_key %%DIR%%/idp.key;

        location = $of{path} {
            alias %%DIR%%/certs.json;
        }
    }
EOT
    serve($t, $name, $conf);

    my $send = sub {
        my ($token) = @_;
        return $t->request('POST', $path, { $header => $header eq
            'Authorization' ? "Bearer $token" : $token }, $record);
    };
    my $token = sub {
        my (%claims) = @_;
        return $issuer->token('first', { iat => time(), sub => undef,
            roles => undef, %{$of{claims}}, %claims },
            { typ => $of{typ} // 'JWT' });
    };

    my $r = $send->($token->());
    is($r->{status}, 201, 'the writer is accepted');
    is("$r->{json}{sys_created_by} $r->{json}{sys_domain}", $of{who},
        'by the name and in the domain of the token');

    refused($send->($token->(%{$_->[1]})), 403, 'Insufficient access',
        $_->[0]) foreach @{$of{without_role}};
    refused($send->($token->(%{$_->[1]})), 401, 'User is not authenticated',
        $_->[0]) foreach @{$of{refused}}, ['no issuer', { iss => undef }],
            ['an expired token', { exp => time() - 60 }];

    $issuer->key('stranger', kty => 'RSA', size => 2048, kid => 'first');
    refused($send->($issuer->token('stranger', $of{claims})), 401,
        'User is not authenticated', 'a token of a stranger');
    refused($t->request('POST', $path, {}, $record), 401,
        'User is not authenticated', 'no token');

    return ($issuer, $send, $token);
}


sub jwt_entra {
    my ($t, $name) = @_;
    my $tenant = '11111111-2222-3333-4444-555555555555';
    my $base = 'https://login.microsoftonline.com';

    provider($t, $name, host => 'login.microsoftonline.com',
        path => "/$tenant/discovery/v2.0/keys",
        claims => { iss => "$base/$tenant/v2.0", ver => '2.0', tid => $tenant,
            aud => '66666666-7777-8888-9999-000000000000',
            oid => '0f0f0f0f-0000-0000-0000-000000000001', sub => 'pairwise',
            azp => 'c0c0c0c0-0000-0000-0000-000000000002', azpacr => '1',
            roles => ['sn_sec_cmn.api_write'], uti => 'x', rh => '0.AAAA',
            nbf => time() - 10 },
        who => "0f0f0f0f-0000-0000-0000-000000000001 $tenant",
        without_role => [
            ['no app role', { roles => undef }],
            ['a delegated scope is no role',
                { roles => undef, scp => 'sn_sec_cmn.api_write' }],
        ],
        refused => [
            ['another tenant', { iss => "$base/x/v2.0", tid => 'x' }],
            ['version 1.0', { iss => "https://sts.windows.net/$tenant/",
                ver => '1.0' }],
            ['another application', { aud => 'https://graph.microsoft.com' }],
            ['no tenant', { tid => undef }],
        ]);
}


sub jwt_auth0 {
    my ($t, $name) = @_;
    my $mine = 'https://soc.example.com';

    my ($issuer, $send, $token) = provider($t, $name,
        host => 'example.eu.auth0.com', path => '/.well-known/jwks.json',
        claims => { iss => 'https://example.eu.auth0.com/',
            sub => 'auth0|507f191e810c19729de860ea', azp => 'my_client_id',
            aud => ["$mine/api", 'https://example.eu.auth0.com/userinfo'],
            scope => 'openid profile', "$mine/domain" => 'acme',
            "$mine/roles" => ['sn_sec_cmn.api_write'] },
        who => 'auth0|507f191e810c19729de860ea acme',
        without_role => [
            ['no role', { "$mine/roles" => [] }],
            ['a role under another name', { "$mine/roles" => undef,
                'https://other.example/roles' => ['sn_sec_cmn.api_write'] }],
        ],
        refused => [
            ['an issuer without the slash',
                { iss => 'https://example.eu.auth0.com' }],
            ['another API', { aud => ['https://other.example/api'] }],
            ['no domain', { "$mine/domain" => undef }],
        ]);

    is($send->($token->("$mine/roles" => undef,
        permissions => ['sn_sec_cmn.api_write']))->{status}, 201,
        'a permission of the API is a role');
}


sub jwt_cognito {
    my ($t, $name) = @_;
    my $pool = 'cognito-idp.eu-central-1.amazonaws.com/eu-central-1_EXAMPLE';

    provider($t, $name, host => 'cognito-idp.eu-central-1.amazonaws.com',
        path => '/eu-central-1_EXAMPLE/.well-known/jwks.json',
        claims => { iss => "https://$pool", token_use => 'access',
            client_id => '1example23456789', username => 'vt-script',
            'cognito:groups' => ['sn_sec_cmn.api_write'], version => 2,
            scope => 'openid', soc_domain => 'acme', jti => 'x',
            sub => 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee' },
        who => 'vt-script acme',
        without_role => [
            ['no group', { 'cognito:groups' => undef }],
            ['another group', { 'cognito:groups' => ['admins'] }],
        ],
        refused => [
            ['an ID token', { token_use => 'id', client_id => undef,
                aud => '1example23456789', 'cognito:username' => 'vt-script' }],
            ['another client', { client_id => 'x' }],
            ['no client', { client_id => undef }],
            ['another pool', { iss => "https://${pool}2" }],
        ]);
}


sub jwt_cloudflare {
    my ($t, $name) = @_;
    my ($aud) = text($name) =~ /audience (\w{64});/;

    my ($issuer, $send, $token) = provider($t, $name,
        header => 'Cf-Access-Jwt-Assertion',
        host => 'example.cloudflareaccess.com',
        path => '/cdn-cgi/access/certs',
        certs => { public_cert => { kid => 'first', cert => 'PEM' },
            public_certs => [ { kid => 'first', cert => 'PEM' } ] },
        claims => { iss => 'https://example.cloudflareaccess.com',
            aud => [$aud], type => 'app', identity_nonce => '6ei69kawdKzMIAPF',
            email => 'ann@example.com', country => 'US', sub => 'x',
            nbf => time() - 10, custom => { soc_domain => 'acme',
                soc_roles => ['sn_sec_cmn.api_write'] } },
        who => 'ann@example.com acme',
        without_role => [
            ['no role', { custom => { soc_domain => 'acme' } }],
        ],
        refused => [
            ['another application', { aud => ['a' x 64] }],
            ['the token of the login', { type => 'org' }],
            ['nothing of the own provider', { custom => undef }],
            ['a service token', { email => undef, sub => '',
                common_name => 'x.access' }],
        ]);

    refused($t->request('POST', $path, { Authorization => 'Bearer '
        . $token->() }, $record), 401, 'User is not authenticated',
        'a token in Authorization');
}


sub jwt_two_providers {
    my ($t, $name) = @_;
    my $mesh = SecOps::Tokens->new();
    my $key = $mesh->key('mesh', kty => 'EC', crv => 'P-256', kid => 'first');
    my $people = 'https://idp.example.com/realms/soc';

    $t->write('mesh.jwks', jwks($key));

    my ($issuer, $send, $token) = provider($t, $name, host => 'idp.example.com',
        path => '/realms/soc/protocol/openid-connect/certs',
        claims => { iss => $people, aud => ['secops', 'account'],
            preferred_username => 'ann', soc_domain => 'other',
            realm_access => { roles => ['offline_access'] },
            resource_access => { secops => {
                roles => ['sn_sec_cmn.api_write'] } } },
        who => 'ann other',
        without_role => [
            ['no role', { resource_access => undef }],
            ['a scope is no role', { resource_access => undef,
                scope => 'sn_sec_cmn.api_write' }],
        ],
        refused => [
            ['in the name of the mesh', { iss => 'https://mesh.example.com' }],
            ['no domain', { soc_domain => undef }],
        ]);

    my $service = sub {
        my (%claims) = @_;
        return $mesh->token('mesh', { iss => 'https://mesh.example.com',
            aud => 'secops', sub => 'vt-script', roles => undef,
            scope => 'openid sn_sec_cmn.api_write', soc_domain => 'acme',
            iat => time(), exp => time() + 300, %claims }, { typ => 'at+jwt' });
    };

    my $r = $send->($service->());
    is("$r->{status} $r->{json}{sys_created_by} $r->{json}{sys_domain}",
        '201 vt-script acme', 'a service of the mesh is accepted');
    refused($send->($service->(%{$_->[1]})), 401, 'User is not authenticated',
        $_->[0]) foreach
        ['the mesh in the name of the people', { iss => $people,
            preferred_username => 'ann' }],
        ['the mesh in another domain', { soc_domain => 'other' }],
        ['a token for an hour', { exp => time() + 3600 }],
        ['one for another service', { aud => 'other' }];
}


# The dashboard is a server of the same nginx, which answers with the user that
# it was told.

sub protect_others {
    my ($t, $name) = @_;
    my $conf = adapt($t, $name);
    my $issuer = SecOps::Tokens->new();

    $t->write('idp.jwks', jwks($issuer->key('first', kty => 'EC',
        crv => 'P-256', kid => 'first')));

    put(\$conf, $name, qr/127\.0\.0\.1:3000/, '127.0.0.1:%%PORT1%%');
    put(\$conf, $name, qr/^http \{\n/m, <<'EOT');
http {
    server {
        listen 127.0.0.1:%%PORT1%%;
        return 200 "Hello, $http_x_user$http_authorization\n";
    }
EOT
    serve($t, $name, $conf);

    my $as = sub {
        my ($role, %claims) = @_;
        return { 'X-User' => 'mallory', Authorization => 'Bearer '
            . $issuer->token('first', { aud => 'secops', roles => undef,
                iss => 'https://idp.example.com/realms/soc',
                preferred_username => 'ann',
                realm_access => { roles => [$role] }, %claims }) };
    };

    foreach my $method (qw(GET POST)) {
        is($t->request($method, '/dash/', $as->('sn_sec_cmn.api_read'),
            $method eq 'POST' ? '{}' : undef)->{body},
            "Hello, ann\n", "$method: who may read is let in");
    }

    refused($t->request('GET', '/dash/', $as->('other')), 403,
        'Insufficient access', 'who may not');
    refused($t->request('GET', '/dash/', $as->('sn_sec_cmn.api_read',
        exp => time() - 60)), 401, 'User is not authenticated',
        'an expired token');
    refused($t->request('GET', '/dash/', { 'X-User' => 'mallory' }), 401,
        'User is not authenticated', 'nobody');
    refused($t->request('GET', '/who', $as->('sn_sec_cmn.api_read')), 404,
        'Requested URI does not represent any resource',
        'the question itself is not for clients');

    is($t->request('POST', $path, $as->('sn_sec_cmn.api_write'), $record)
        ->{status}, 201, 'and the API is there for the same callers');

    my ($token) = $as->('sn_sec_cmn.api_read')->{Authorization} =~ / (.*)/;
    page($t, $name, "token=$token\n");
}



sub auth_request {
    my ($t, $name) = @_;
    my $conf = adapt($t, $name);

    put(\$conf, $name, qr/127\.0\.0\.1:9001/, '127.0.0.1:%%PORT1%%');
    put(\$conf, $name, qr/^http \{\n/m, <<'EOT');
http {
    map $http_authorization $known_user {
        "Bearer 7f2c9a"   vt-script;
        "Bearer 41d0bb"   dashboard;
        "Bearer e83a05"   stranger;
    }
    map $known_user $known_roles {
        vt-script   "other sn_sec_cmn.api_write";
        dashboard   sn_sec_cmn.api_read;
    }
    log_format introspection '$request_method$http_x_user $content_length.';

    server {
        listen 127.0.0.1:%%PORT1%%;
        access_log %%DIR%%/introspection.log introspection;

        location = /introspect {
            if ($known_user = '') {
                return 401;
            }
            add_header X-User $known_user;
            add_header X-Roles $known_roles;
            add_header X-Domain acme;
            return 200;
        }
    }
EOT
    serve($t, $name, $conf);

    my $bearer = sub { return { Authorization => "Bearer $_[0]",
        'X-User' => 'root', 'X-Roles' => 'sn_sec_cmn.api_write' } };

    my $r = $t->request('POST', $path, $bearer->('7f2c9a'), $record);
    is($r->{status}, 201, 'the writer is accepted');
    is("$r->{json}{sys_created_by} $r->{json}{sys_domain}", 'vt-script acme',
        'by the name and in the domain that the service gave');

    is($t->request('GET', $r->{headers}{location}, $bearer->('41d0bb'))
        ->{status}, 200, 'the reader finds it');
    refused($t->request('POST', $path, $bearer->('41d0bb'), $record), 403,
        'Insufficient access', 'the reader can not write');
    refused($t->request('GET', $r->{headers}{location}, $bearer->('e83a05')),
        403, 'Insufficient access', 'a user without a role can not read');

    foreach my $token ('7f2c9', '7f2c9aa', '') {
        refused($t->request('POST', $path, $bearer->($token), $record), 401,
            'User is not authenticated', "the token \"$token\"");
    }

    refused($t->request('POST', $path, { 'X-User' => 'vt-script',
        'X-Roles' => 'sn_sec_cmn.api_write' }, $record), 401,
        'User is not authenticated', 'headers of the client are not believed');

    is($t->request('GET', '/api/v1/health')->{status}, 200,
        'readiness without a token');
    is_deeply([ grep { $_ ne 'GET- -.' }
        split /\n/, $t->read('introspection.log') ], [],
        'the service gets neither record nor headers of the client');

    page($t, $name);
}


# NAME.key and NAME.crt, signed by itself

sub certificate {
    my ($t, $file, $host) = @_;
    my $dir = $t->dir();

    openssl($t, qw(req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256
        -nodes -days 2), '-subj', "/CN=$host", '-addext',
        "subjectAltName=DNS:$host", '-keyout', "$dir/$file.key", '-out',
        "$dir/$file.crt");
}


sub openssl {
    my ($t, @arguments) = @_;
    my $log = $t->dir() . '/openssl.log';

    system("openssl @{[ map { \"'$_'\" } @arguments ]} >>$log 2>&1") == 0
        or fail("openssl @arguments: " . $t->read($log));
}


sub client_certificate {
    my ($t, $name) = @_;
    my $dir = $t->dir();
    my $url = "https://soc.example.com$path";

    certificate($t, 'soc', 'soc.example.com');
    certificate($t, 'clients-ca', 'Clients of Acme');
    certificate($t, 'vt-script-forged', 'vt-script');
    openssl($t, qw(req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes
        -days 2 -subj /O=Acme/OU=SOC/CN=vt-script -keyout), "$dir/forged.key",
        '-out', "$dir/forged.crt");

    foreach my $client (qw(vt-script dashboard stranger retired)) {
        my $subject = $client eq 'retired' ? 'vt-script' : $client;

        openssl($t, qw(req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes
            -subj), "/O=Acme/OU=SOC/CN=$subject", '-keyout', "$dir/$client.key",
            '-out', "$dir/$client.csr");
        openssl($t, qw(x509 -req -days 2 -CAcreateserial -in),
            "$dir/$client.csr", '-CA', "$dir/clients-ca.crt", '-CAkey',
            "$dir/clients-ca.key", '-out', "$dir/$client.crt");
    }

    $t->write('ca.cnf', "[ca]\ndefault_ca=own\n[own]\n"
        . "database=$dir/ca.index\ndefault_md=sha256\n"
        . "default_crl_days=2\ncertificate=$dir/clients-ca.crt\n"
        . "private_key=$dir/clients-ca.key\n");
    $t->write('ca.index', '');
    openssl($t, 'ca', '-config', "$dir/ca.cnf", '-revoke', "$dir/retired.crt");
    openssl($t, 'ca', '-config', "$dir/ca.cnf", '-gencrl', '-out',
        "$dir/clients-ca.crl");

    serve($t, $name, adapt($t, $name));

    my $as = sub { return ('--cacert', "$dir/soc.crt", $_[0]
        ? ('--cert', "$dir/$_[0].crt", '--key', "$dir/$_[0].key") : ()) };

    my $r = curl($t, $url, $as->('vt-script'), '-d', $record);
    is($r->{status}, 201, 'the writer is accepted');
    is("$r->{json}{sys_created_by} $r->{json}{sys_domain}", 'vt-script acme',
        'by the name of the map');

    my $where = "https://soc.example.com$r->{headers}{location}";
    is(curl($t, $where, $as->('dashboard'))->{status}, 200,
        'the reader finds it');
    refused(curl($t, $url, $as->('dashboard'), '-d', $record), 403,
        'Insufficient access', 'the reader can not write');
    refused(curl($t, $url, $as->('stranger'), '-d', $record), 401,
        'User is not authenticated', 'a certificate that is not listed');

    $r = curl($t, $url, $as->(), '-d', $record);
    refused($r, 401, 'User is not authenticated', 'no certificate');
    refused(curl($t, $url, $as->('forged'), '-d', $record), 400,
        'Bad Request', 'the right subject of another CA');
    refused(curl($t, $url, $as->('retired'), '-d', $record), 400,
        'Bad Request', 'a certificate that was revoked');

    is(curl($t, 'https://soc.example.com/api/v1/health', $as->())->{status},
        200, 'readiness without a certificate');

    page($t, $name);

    refused(curl($t, 'https://soc.example.com/elsewhere', $as->()), 404,
        'Requested URI does not represent any resource', 'no location');

    $r = $t->request('GET', '/api/v1/health');
    is($r->{status}, 400, 'without TLS');
    is($r->{json}{error_message}, 'Bad Request',
        '... in the form that clients of /api/v1/ read');
}


sub own_definitions {
    my ($t, $name) = @_;
    my $metadata = '/api/v2/resources/integration/metadata';
    my %reader = ('X-SecOps-User' => 'script',
        'X-SecOps-Roles' => 'sn_sec_cmn.api_read');
    my %writer = (%reader, 'X-SecOps-Roles' => 'sn_sec_cmn.api_write');

    foreach my $file (map { substr $_, length("$dir/") }
        glob "$dir/secops/*/*.json")
    {
        $t->write($file, text($file));
    }

    serve($t, $name, adapt($t, $name));

    my $r = $t->request('GET', "$metadata?type=GreyNoise", \%reader);
    is($r->{status}, 200, 'the type beside it is discovered');
    is($r->{json}{id}, 1001, 'by its id');
    is($t->request('POST', '/api/v2/resources', \%writer, { g => {
        type => 'integration', properties => { title => 'G',
            integration_type => 'GreyNoise',
            parameters => { api_key => 'x' } } } })->{status}, 200,
        'an integration of it is created');
    is($t->request('POST', $metadata, \%writer, '{}')->{status}, 405,
        'the location of the catalog is for reading');
    refused($t->request('GET', $metadata, {}), 401,
        'User is not authenticated', 'nobody');
    refused($t->request('POST', $path, \%reader, $record), 403,
        'Insufficient access', 'who may only read');
    is($t->request('POST', $path, \%writer, $record)->{status}, 201,
        'records are taken beside');

    my $reputation = $path =~ s/threat_lookup/reputation/r;
    my @r = map { $t->request('POST', $reputation, \%writer, $record
        =~ s/"Malicious"/"$_"/r) } qw(Malicious Clean);
    is("$r[0]{status} $r[1]{status}", '201 200',
        'what an engine says again changes what it said before');
    is($r[1]{json}{sys_id}, $r[0]{json}{sys_id}, '... the same record');
    is($t->request('GET', $r[0]{headers}{location}, \%reader)
        ->{json}{result}{finding}, 'Clean', '... which says so now');
}


sub api_keys {
    my ($t, $name) = @_;
    my $resources = '/api/v2/resources';

    $t->write('secops.htpasswd', join '', map { "$_:{PLAIN}$_-secret\n" }
        qw(alice bob));
    serve($t, $name, adapt($t, $name));

    my $login = sub {
        my ($user, $password) = @_;
        $password //= "$user-secret";
        return (Authorization =>
            'Basic ' . encode_base64("$user:$password", ''));
    };
    my $new = sub {
        my ($key, @scopes) = @_;
        return { $key => { type => 'api_key', properties => { name => $key,
            @scopes ? (scopes => \@scopes) : () } } };
    };

    my $r = $t->request('POST', $resources, { $login->('alice') },
        $new->('reader', 'read:resources'));
    is($r->{status}, 200, 'who has the write role creates a key');
    my $value = $r->{json}{created}[0]{value} // '';
    like($value, qr/^[\w-]{86}$/, 'and is told its value');
    like($r->{json}{created}[0]{url}, qr{^https://soc\.example\.com/},
        'with the URL that clients know');

    my %key = ('x-arcanna-api-key' => $value);

    $r = $t->request('GET', $resources, \%key);
    is($r->{status}, 200, 'the key may do what it was created for');
    unlike($r->{body}, qr/\Q$value\E/, 'and is never shown again');

    is($t->request('POST', $resources, \%key, $new->('more'))->{status}, 403,
        'and nothing else');
    refused($t->request('POST', $path, \%key, $record), 403,
        'Insufficient access', 'records take a scope of their own');

    $r = $t->request('POST', $resources, { $login->('alice') },
        $new->('script', 'write:records:sn_ti_lookup_result'));
    my %script = ('x-arcanna-api-key' => $r->{json}{created}[0]{value});
    is($t->request('POST', $path, \%script, $record)->{status}, 201,
        'a script stores records with a key for them');
    refused($t->request('POST', $path =~ s/threat_lookup/ci_enrichment/r,
        \%script, $record), 403, 'Insufficient access',
        '... and of no other table');
    refused($t->request('GET', $resources, {}), 401,
        'User is not authenticated', 'neither key nor password');
    refused($t->request('GET', $resources, { $login->('alice', 'wrong') }),
        401, 'User is not authenticated', 'a wrong password');

    $r = $t->request('GET', $resources, { %key,
        'x-arcanna-api-key' => 'A' x 86 });
    is($r->{status}, 401, 'an unknown key');
    $r = $t->request('GET', $resources, { $login->('alice', 'wrong'),
        'x-arcanna-api-key' => 'x' });
    is($r->{status}, 401, 'a key that is none does not make up for a password');

    is($t->request('DELETE', "$resources?title=reader", { $login->('bob') })
        ->{status}, 403, 'a reader can not delete it');
    is($t->request('DELETE', "$resources?title=reader", { $login->('alice') })
        ->{status}, 200, 'a writer can');
    ok(wait_for(sub { $t->request('GET', $resources, \%key)->{status} == 401 },
        3), 'then it is refused within the time that is set');

    is($t->request('GET', '/api/secops/v1/audit', { $login->('alice') })
        ->{json}{result}[0]{user}, 'alice', 'the audit tells who did it');
    is($t->request('GET', '/api/v2/health')->{status}, 200,
        'readiness without either');

    page($t, $name);
}


sub events {
    my ($t, $name) = @_;

    $t->write('secops.htpasswd', join '', map { "$_:{PLAIN}$_-secret\n" }
        qw(alice bob));
    serve($t, $name, adapt($t, $name));

    my $login = sub {
        my ($user) = @_;
        return { Authorization => 'Basic '
            . encode_base64("$user:$user-secret", '') };
    };

    my $r = $t->request('POST', '/api/v2/resources', $login->('alice'), {
        key => { type => 'api_key', properties => { name => 'Scanner' } },
        in => { type => 'integration', properties => { title => 'Scanner',
            integration_type => 'External REST API',
            parameters => { api_key => "{{api_keys(name='Scanner')}}" } } },
        job => { type => 'job', properties => { title => 'Triage',
            category => 'Decision intelligence',
            decision_points => ['event.outcome'],
            pipeline_integrations => [{ resource => 'in',
                integration_type => 'input' }] } } });
    is($r->{status}, 200, 'who has the write role sets up a job') or return;

    my %made = map { $_->{type} => $_ } @{$r->{json}{created}};
    my $job = $made{job}{internal_id};
    my %key = ('x-arcanna-api-key' => $made{api_key}{value});
    my $event = { job_id => $job, raw_body => { event => { outcome => 1 } } };

    is($t->request('POST', '/api/v1/events/7', \%key, $event)->{status}, 201,
        'the sender has a key that the job takes events with');
    is($t->request('GET', "/api/v1/events/$job/7", \%key)->{status}, 200,
        '... and asks what became of them');
    is($t->request('GET', "/api/v1/events/$job/7", $login->('bob'))
        ->{json}{status}, 'pending_inference', 'an analyst sees it, too');
    is($t->request('POST', '/api/v1/events', $login->('bob'), $event)
        ->{status}, 403, '... but sends none');
    is($t->request('GET', '/api/v2/resources', \%key)->{status}, 403,
        'the sender has no other business here');
    is($t->request('GET', "/api/v1/events/$job/7")->{status}, 401,
        'nor has anybody else');

    my ($stored) = grep { /:ev:/ } @{$t->{redis}[0]->cmd('KEYS', '*')};
    cmp_ok($t->{redis}[0]->cmd('TTL', $stored // ''), '>', 89 * 86400,
        'events end after 90 days');
}


# with users that may do no more than docs/storage.md and docs/sentinel.md say

sub redis_sentinel {
    my ($t, $name) = @_;
    my $rights = sub {
        my ($page, $command) = @_;
        my ($line) = text(root() . "/docs/$page") =~ /$command edge (on .*)$/m;
        return ($line // '') =~ s/'//gr =~ s/a-long-password/$_[2]/r;
    };

    my $set = SecOps::Sentinel->new($t, replicas => 1, args => [ '--user',
        'edge', split / /, $rights->('storage.md', 'SETUSER', 'edge-secret')
            . ' +role' ],
        conf => 'user edge '
            . $rights->('sentinel.md', 'SETUSER', 'sentinel-secret') . "\n");
    my $conf = adapt($t, $name);

    $t->write('redis.password', "edge-secret\n");
    $t->write('sentinel.password', "sentinel-secret\n");

    put(\$conf, $name, qr/secops_redis %%REDIS%%;/,
        'secops_redis redis://mymaster;');
    put(\$conf, $name, qr/192\.0\.2\.11 192\.0\.2\.12 192\.0\.2\.13/,
        join ' ', $set->addresses());
    serve($t, $name, $conf);

    my %who = ('X-SecOps-User' => 'vt-script',
        'X-SecOps-Roles' => 'sn_sec_cmn.api_write');
    my $stored = sub {
        return wait_for(sub { $t->request('POST', $path, \%who, $record)
            ->{status} == 201 });
    };

    ok($stored->(), 'a record is stored');
    my $old = $set->master();
    like($old->cmd('CLIENT', 'LIST'), qr/user=edge/,
        '... by the user of the example');
    $set->watch();
    $old->kill9();
    ok($set->wait_master($old) && $stored->(),
        '... and, when the master is dead, by the next one');
    refused($t->request('POST', $path, {}, $record), 401,
        'User is not authenticated', 'nobody can not write');
}


# another Redis than the others have: one that is set up as the example says

sub durability {
    my ($t, $name) = @_;
    my $master = $t->redis(tcp => 1);
    my $replica = $t->redis(tcp => 1, args => [ '--replicaof', '127.0.0.1',
        $master->port() ]);

    $master->has_replicas(1, 20) or fail('the replica is there');

    my $conf = adapt($t, $name);
    my $url = $master->url();
    put(\$conf, $name, qr/%%REDIS%%/, sub { $url });
    serve($t, $name, $conf);

    my %who = ('X-SecOps-User' => 'vt-script',
        'X-SecOps-Roles' => 'sn_sec_cmn.api_write');

    # a link that has just begun may have asked when the replica was late
    my $r = wait_for(sub {
        my $r = $t->request('POST', $path, \%who, $record);
        return $r->{status} != 503 && $r;
    });
    is($r->{status}, 201, 'a record is stored');
    is($r->{headers}{'x-secops-durability'}, 'replicas=1',
        '... on a replica too');
    my $where = $r->{headers}{location};
    is($t->request('GET', $where, \%who)->{status}, 200, '... and found');

    $replica->pause();
    refused($t->request('POST', $path, \%who, $record), 500,
        'Unable to persist record', 'a replica that hangs');
    refused($t->request('POST', $path, \%who, $record), 503,
        'Unable to persist record', 'and the next record');
    is($t->request('GET', $where, \%who)->{status}, 200, 'reading goes on');
    $replica->resume();

    ok(wait_for(sub { $t->request('POST', $path, \%who, $record)
        ->{status} == 201 }), 'the replica is back');
    refused($t->request('POST', $path, {}, $record), 401,
        'User is not authenticated', 'nobody');
}


sub redis_tls {
    my ($t, $name) = @_;
    my $tls = SecOps::Tls->new($t, name => 'redis-ca');
    my $redis = $tls->redis($tls->certificate('redis',
        names => 'DNS:redis.soc.example.com'), qw(--tls-auth-clients yes
        --user edge on >edge-secret ~secops:* +@all));
    my $conf = adapt($t, $name);
    my $dns = $t->port(301);

    $tls->certificate('redis-client');
    $t->write('redis.password', "edge-secret\n");
    $t->write('names', "redis.soc.example.com 127.0.0.1\n");
    $t->spawn($t->dir() . '/dns.out', $^X, root() . '/t/lib/fake-dns.pl', $dns,
        $t->dir() . '/names');

    put(\$conf, $name, qr/secops_redis %%REDIS%%;/, 'secops_redis '
        . "rediss://edge\@redis.soc.example.com:$redis->{tls_port};");
    put(\$conf, $name, qr/resolver 127\.0\.0\.53;/,
        "resolver 127.0.0.1:$dns ipv6=off;");
    serve($t, $name, $conf);

    my %who = ('X-SecOps-User' => 'vt-script',
        'X-SecOps-Roles' => 'sn_sec_cmn.api_write');

    ok(wait_for(sub { $t->request('GET', '/api/v1/health')->{status} == 200 }),
        'ready');
    is($t->request('POST', $path, \%who, $record)->{status}, 201,
        'the writer is accepted');
    like($redis->cmd('CLIENT', 'LIST'), qr/:$redis->{tls_port} .*user=edge/,
        'over TLS, as the user of the example');
    refused($t->request('POST', $path, {}, $record), 401,
        'User is not authenticated', 'nobody can not write');
}


# What docs/identity.md says about satisfy any: the module knows the caller all
# the same, and a caller it knows comes in, whatever auth_basic has said.  That
# is why the page warns of $remote_user.

subtest 'satisfy any' => sub {
    my $t = SecOps->new();
    $t->redis();
    $t->write('htpasswd', "alice:{PLAIN}secret\n");
    $t->run("%%MAIN%%\n" . <<'EOT');
events { }
http {
    %%HTTP%%
    server {
        listen 127.0.0.1:%%PORT%%;
        satisfy any;
        auth_basic SOC;
        auth_basic_user_file %%DIR%%/htpasswd;
        secops_redis %%REDIS%%;
        secops_roles sn_sec_cmn.api_read;

        location /api/ {
            secops_api;
            secops_auth header variables;
            secops_user $remote_user;
        }
        location /header/ {
            rewrite ^/header(.*) $1 break;
            secops_api;
            secops_auth header;
        }
    }
}
EOT
    my $get = sub {
        my ($prefix, $password, %headers) = @_;
        return $t->request('GET', "$prefix/api/v2/resources", { %headers,
            $password ? (Authorization => 'Basic '
                . encode_base64("alice:$password", '')) : () })->{status};
    };

    is($get->('/header', 'secret'), 401,
        'whom auth_basic lets in must be known here');
    is($get->('/header', '', 'X-SecOps-User' => 'a',
        'X-SecOps-Roles' => 'sn_sec_cmn.api_read'), 200,
        'who is known here needs no password');
    is($get->('', 'wrong'), 200, 'so $remote_user must not be believed');
    is($get->('', ''), 401, 'nobody stays nobody');
    $t->done();
};


# The error pages are the same list wherever they are shipped, and lead to a
# path: nginx redirects no request to a named location whose URI it could not
# read.

my ($pages) = text('secops-errors.conf') =~ /^error_page ([\d\s]+) \//m;
my ($list, $target) = text('run.conf.in') =~ /^\s*error_page ([\d\s]+) (\S)/m;
my %page = map { $_ => 1 } split ' ', $pages;

ok($list, 'run.conf.in has error pages');
is_deeply([ grep { !$page{$_} } split ' ', $list // '' ], [],
    'and none that secops-errors.conf lacks');
is($target, '/', 'which lead to a path');


foreach my $name (sort keys %checks) {
    subtest $name => sub {
        my $t = SecOps->new();

        $t->redis();
        $checks{$name}->($t, $name);
        nginx_errors($t, $name);
        $t->done();
    };
}

done_testing();
