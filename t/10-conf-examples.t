# Every file in conf-examples/ is what its comments say: nginx -t accepts it,
# and an nginx that runs it takes a record from the right caller and none from
# the wrong one.  Only what depends on a machine is replaced: module, user,
# paths, addresses.  What nginx itself refuses is answered as JSON by each.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use File::Basename;
use JSON::PP;
use MIME::Base64;
use SecOps;

my $path = '/api/sn_sec_cmn/integration_capabilities/threat_lookup';
my $record = '{"observable":"198.51.100.7","finding":"Malicious",'
    . '"source_engine":"VirusTotal"}';
my $dir = root() . '/conf-examples';

my %checks = (
    'minimal.conf'       => \&minimal,
    'load-balancer.conf' => \&load_balancer,
    'basic-auth.conf'    => \&basic_auth,
);

my @examples = map { basename($_) } glob "$dir/*.conf";

is_deeply([ sort keys %checks ],
    [ grep { $_ ne 'secops-errors.conf' } @examples ], 'each example is tried here');


sub text {
    my ($name) = @_;
    open my $file, '<', "$dir/$name" or die "can not read $name: $!";
    local $/;
    return scalar <$file>;
}


# one replacement that must happen, or the example has changed its ways

sub put {
    my ($conf, $name, $pattern, $text) = @_;
    $$conf =~ s/$pattern/$text/g or fail("$name has $pattern");
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
    put(\$conf, $name, qr/^ *listen \S+;\n/m, "listen 127.0.0.1:%%PORT%%;\n");
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


# what no handler of ours has seen

sub nginx_errors {
    my ($t, $name) = @_;

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


# The balancer is 127.0.0.3, which nobody believes unless told to; the test
# itself is somebody else.

sub load_balancer {
    my ($t, $name) = @_;
    my %who = ('X-SecOps-User' => 'vt-script',
        'X-SecOps-Roles' => 'sn_sec_cmn.api_write',
        'X-SecOps-Domain' => 'acme', 'X-Forwarded-For' => '203.0.113.9');
    my $conf = adapt($t, $name);

    put(\$conf, $name, qr/192\.0\.2\.10/, '127.0.0.3');
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
}


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
