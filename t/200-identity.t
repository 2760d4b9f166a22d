# Who the caller is.  Identity headers count only when the peer itself, not an
# address that a header names, is a trusted proxy; roles are compared whole;
# what is not text is nobody's name.  Every assertion here guards a way to be
# taken for somebody else.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use IO::Socket::INET;
use MIME::Base64;
use SecOps;
use SecOps::Records;

my $t = SecOps->new();
my $redis = $t->redis();


# a location under a prefix, with these directives beside the API's own

sub location {
    my ($prefix, $directives, $auth) = @_;
    return api_location($prefix, 'secops_auth ' . ($auth // 'header') . '; '
        . 'add_header X-Who "$secops_auth_method/$secops_domain/$secops_user"'
        . " always; $directives");
}


$t->write('htpasswd', "alice:{PLAIN}secret\nbob:{PLAIN}word\n");

my $http = <<'EOT';
    map $remote_user $basic_roles {
        alice sn_sec_cmn.api_write;
        bob   sn_sec_cmn.api_read;
    }
    map $remote_user $basic_domain {
        alice acme;
    }

    server {
        listen 127.0.0.1:%%PORT2%%;
        location / {
            if ($http_x_ticket = '') { return 401; }
            add_header X-User $http_x_ticket;
            add_header X-Groups "sn_sec_cmn.api_write other";
            return 204;
        }
    }
EOT

my $server = join '',
    location('explicit', 'secops_trusted_proxy 127.0.0.2;'),
    location('none', 'secops_trusted_proxy 192.0.2.0/24;'),
    location('net', 'secops_trusted_proxy 192.0.2.0/24 127.0.0.0/8;'),
    location('tcp', 'secops_trusted_proxy 127.0.0.1;'),
    location('unix', 'secops_trusted_proxy unix:;'),
    location('realip', <<'EOT'),
            set_real_ip_from 127.0.0.0/8;
            set_real_ip_from unix:;
            real_ip_header X-Forwarded-For;
            real_ip_recursive on;
EOT
    location('realip1', <<'EOT'),
            secops_trusted_proxy 203.0.113.5;
            set_real_ip_from 127.0.0.0/8;
            real_ip_header X-Real-IP;
EOT
    location('custom', <<'EOT'),
            secops_header_user Remote-User;
            secops_header_roles Remote-Groups;
            secops_header_domain x-TENANT;
EOT
    location('roles', <<'EOT'),
            secops_write_role soc:writer;
            secops_read_role soc:reader;
EOT
    location('basic', <<'EOT', 'variables'),
            auth_basic SOC;
            auth_basic_user_file %%DIR%%/htpasswd;
            secops_user $remote_user;
            secops_roles $basic_roles;
            secops_domain $basic_domain;
EOT
    location('request', <<'EOT', 'variables'),
            auth_request /ticket;
            auth_request_set $ticket_user $upstream_http_x_user;
            auth_request_set $ticket_roles $upstream_http_x_groups;
            secops_user $ticket_user;
            secops_roles $ticket_roles;
EOT
    location('literal', <<'EOT', 'variables'),
            secops_user edge-7;
            secops_roles sn_sec_cmn.api_write;
            secops_domain "two words";
EOT
    location('bare', 'secops_user $http_x_any;', 'variables'),
    location('any', <<'EOT', 'variables'),
            secops_user "$http_x_any";
            secops_roles "$http_x_any_roles";
            secops_domain "$http_x_any_domain";
EOT
    location('order', <<'EOT', 'header variables'),
            secops_user fallback;
            secops_roles sn_sec_cmn.api_read;
EOT
    location('reverse', <<'EOT', 'variables header'),
            secops_user $http_x_any;
            secops_roles sn_sec_cmn.api_read;
            secops_domain first;
EOT
    <<'EOT';
        location = /ticket {
            internal;
            proxy_pass http://127.0.0.1:%%PORT2%%;
            proxy_pass_request_body off;
            proxy_set_header Content-Length "";
        }

        listen unix:%%DIR%%/nginx.sock;
EOT

$t->run(conf(http => $http, server => $server, location =>
    'add_header X-Who "$secops_auth_method/$secops_domain/$secops_user"'
    . ' always;'));


# a GET that a reader may make: 404 when all is well, or 401, 403

sub ask {
    my ($prefix, $headers, %opt) = @_;
    my $connection;

    if ($opt{from}) {
        my $socket = IO::Socket::INET->new(LocalAddr => $opt{from},
            PeerAddr => '127.0.0.1', PeerPort => $t->port(), Proto => 'tcp')
            or die "no connection from $opt{from}: $!";
        $connection = bless { socket => $socket, buffer => '',
            timeout => 10 }, 'SecOps::Connection';
    } else {
        $connection = $t->connect($opt{unix}
            ? 'unix:' . $t->dir() . '/nginx.sock' : 0);
    }

    return $connection->request('GET', ($prefix ? "/$prefix" : '')
        . '/api/now/table/sn_ti_lookup_result/x',
        [ Connection => 'close', ref $headers eq 'HASH' ? %$headers : @$headers ]);
}


sub is_who { # method/domain/user of somebody who may read
    my ($r, $who, $name) = @_;
    is($r->{status} . ' ' . ($r->{headers}{'x-who'} // ''), "404 $who", $name);
}


sub is_nobody {
    my ($r, $name) = @_;
    is_refused($r, 401, 'User is not authenticated', $name);
    is($r->{headers}{'x-who'}, '//', '... and nobody is named')
        if defined $r->{headers}{'x-who'};
}


my %me = (
    'X-SecOps-User'   => 'me',
    'X-SecOps-Roles'  => 'sn_sec_cmn.api_read',
    'X-SecOps-Domain' => 'acme',
);
my @me = %me;


# headers

is_who(ask('', \%me), 'header/acme/me', 'headers say user, roles and domain');
is_who(ask('', { map { lc $_ => $me{$_} } keys %me }), 'header/acme/me',
    'names of headers are the same in small letters');
is_who(ask('', { %me, 'X-SecOps-Domain' => '' }), 'header/global/me',
    'without a domain it is global');
is_nobody(ask('', {}), 'no header');
is_nobody(ask('', { %me, 'X-SecOps-User' => '' }), 'an empty user');
is_nobody(ask('', { map {; tr/-/_/r => $me{$_} } keys %me }),
    'names with underscores are other names');
is_nobody(ask('', { map {; "$_-" => $me{$_} } keys %me }), 'longer names');
is_nobody(ask('', { map {; (substr $_, 0, -1) => $me{$_} } keys %me }),
    'shorter names');
is_refused(ask('', { %me, 'X-SecOps-Roles' => '' }), 403,
    'Insufficient access', 'a user without a role');
is(ask('', { %me, 'X-SecOps-Roles' => '' })->{headers}{'x-who'},
    'header/acme/me', '... is named all the same');

foreach my $name (sort keys %me) {
    is_nobody(ask('', [@me, $name => $me{$name}]),
        "$name twice, even the same");
    is_nobody(ask('', [$name => '', @me]), "$name twice, once empty");
    is_nobody(ask('', [lc $name => 'other', @me]),
        "$name twice, once in small letters");
}
is_nobody(ask('', ['X-SecOps-Roles' => 'sn_sec_cmn.api_write', @me]),
    'a client\'s own roles before those of the proxy');
is_nobody(ask('', [@me, ("X-Pad" => 'x') x 60, 'X-SecOps-User' => 'root']),
    'a second user far behind');

is_who(ask('custom', { 'Remote-User' => 'me', 'Remote-Groups' =>
    $me{'X-SecOps-Roles'}, 'X-Tenant' => 'acme' }), 'header/acme/me',
    'headers may have other names');
is_nobody(ask('custom', \%me), '... and then the usual ones say nothing');
is_refused(ask('custom', { %me, 'Remote-User' => 'me' }), 403,
    'Insufficient access', '... neither the roles');


# what is a name

foreach my $case (
    ["\xff", 'a byte that is no UTF-8'],
    ["a\xc0\xafb", 'overlong UTF-8'],
    ["\xed\xa0\x80", 'a surrogate'],
    ["a\xe2\x82", 'UTF-8 cut short'],
    ["a\x01b", 'a control character'],
    ["a\tb", 'a tab'],
    ["a\x1b[31m", 'an escape sequence'],
    ["a\x7f", 'a DEL'],
    ['x' x 256, 'a name of 256 bytes'],
    ['x' x 3000, 'a name of 3000 bytes'],
) {
    is_nobody(ask('', { %me, 'X-SecOps-User' => $case->[0] }),
        "$case->[1] is no user");
    is_nobody(ask('any', { 'X-Any' => $case->[0],
        'X-Any-Roles' => $me{'X-SecOps-Roles'} }),
        "$case->[1] is no user from a variable");
    is_nobody(ask('', { %me, 'X-SecOps-Domain' => $case->[0] }),
        "$case->[1] is no domain") unless $case->[0] =~ /^x/;
    is_nobody(ask('any', { 'X-Any' => 'me', 'X-Any-Domain' => $case->[0],
        'X-Any-Roles' => $me{'X-SecOps-Roles'} }),
        "$case->[1] is no domain from a variable")
        unless $case->[0] =~ /^x/;
}

is_who(ask('', { %me, 'X-SecOps-User' => 'x' x 255 }),
    'header/acme/' . 'x' x 255, 'a name of 255 bytes');
is_who(ask('', { %me, 'X-SecOps-Domain' => 'x' x 1024 }),
    'header/' . 'x' x 1024 . '/me', 'a domain of 1024 bytes');
is_nobody(ask('', { %me, 'X-SecOps-Domain' => 'x' x 1025 }),
    'a domain of 1025 bytes');
is_who(ask('', { %me, 'X-SecOps-User' => "J\xc3\xb6rg" }),
    "header/acme/J\xc3\xb6rg", 'UTF-8 is a name');


# roles, whole

my ($read, $write) = qw(sn_sec_cmn.api_read sn_sec_cmn.api_write);

foreach my $list ($read, "$read,x", "x,$read", "x $read y", "x\t$read",
    " $read ", ",,$read,,", "x, $read", "x ,\t, $read", $write, "$write,$read")
{
    is(ask('', { %me, 'X-SecOps-Roles' => $list })->{status}, 404,
        "may read with the roles \"$list\"");
}

foreach my $list ('', ' ', ',', "x$read", "${read}x", "$read.x", "x.$read",
    uc $read, ucfirst $read, "$read;x", "$read|$write", "$read/$write",
    substr($read, 1), substr($read, 0, -1), "\"$read\"", "[$read]", '*', 'admin',
    'sn_sec_cmn', 'api_read', "sn_sec_cmn.api\\_read", "$read\xa0",
    "sn_sec_cmn. api_read")
{
    is(ask('', { %me, 'X-SecOps-Roles' => $list })->{status}, 403,
        "may not with \"" . $list =~ s/[^ -~]/?/gr . '"');
}

is($t->request('POST', path(), { %me, 'X-SecOps-Roles' => "x,$write" },
    records())->{status}, 201, 'the write role may write');
is($t->request('POST', path(), \%me, records())->{status}, 403,
    'the read role may not write');
is(ask('roles', { %me, 'X-SecOps-Roles' => $_->[0] })->{status}, $_->[1],
    "with roles of other names, $_->[0] is $_->[1]")
    foreach ['soc:reader', 404], ['soc:writer', 404], [$read, 403],
            [$write, 403], ['soc', 403];


# peers

is_nobody(ask('', \%me, from => '127.0.0.2'),
    'by default only 127.0.0.1 is trusted, not its network');
is_who(ask('', \%me, unix => 1), 'header/acme/me',
    'by default a unix socket is trusted');
is_who(ask('explicit', \%me, from => '127.0.0.2'), 'header/acme/me',
    'a peer that is named is trusted');
is_nobody(ask('explicit', \%me), '... and no other');
is_nobody(ask('explicit', \%me, unix => 1), '... neither a unix socket');
is_nobody(ask('none', \%me, from => $_), "$_ is not in 192.0.2.0/24")
    foreach '127.0.0.1', '127.0.0.2';
is_who(ask('net', \%me, from => '127.1.2.3'), 'header/acme/me',
    'a network may be named');
is_nobody(ask('tcp', \%me, unix => 1),
    'a unix socket is not trusted where only addresses are named');
is_who(ask('unix', \%me, unix => 1), 'header/acme/me',
    'unix: may be named alone');
is_nobody(ask('unix', \%me), '... then no address is trusted');
ok($t->wait_log('identity headers from untrusted peer "127.0.0.2", ignored'),
    'the log tells whose headers were ignored');


# realip must not make a trusted peer of an untrusted one, nor the reverse

my $behind = sub { return { %me, 'X-Forwarded-For' => $_[0],
    'X-Real-IP' => $_[0] } };

is_who(ask('realip', $behind->('203.0.113.5')), 'header/acme/me',
    'a trusted proxy stays one whatever address it forwards');
is_who(ask('realip', $behind->('127.0.0.2')), 'header/acme/me',
    '... also one that would not be trusted itself');
is_nobody(ask('realip', $behind->('127.0.0.1'), from => '127.0.0.2'),
    'a peer that is not trusted can not become one by X-Forwarded-For');
is_nobody(ask('realip', $behind->($_), from => '127.0.0.2'),
    "... nor with \"$_\"") foreach '::1', '127.0.0.1, 127.0.0.1', 'unix:',
        '203.0.113.5, 127.0.0.1', '[::1]:80', '127.0.0.1:80', 'localhost', '';
is_who(ask('realip', $behind->('203.0.113.5'), unix => 1), 'header/acme/me',
    'a unix socket stays trusted behind realip');
is_nobody(ask('realip1', $behind->('203.0.113.5'), from => $_),
    "an address that only a header names is not trusted, from $_")
    foreach '127.0.0.1', '127.0.0.2';
is_who(ask('realip', \%me), 'header/acme/me',
    'realip without its header changes nothing');

my $r = $t->request('POST', '/realip' . path(), { %{who()},
    'X-Forwarded-For' => '203.0.113.5' }, records());
my ($audit) = keys_like($redis, 'secops:{global:'
    . shard_of($r->{json}{sys_id}) . '}:audit');
my %audit = @{$redis->cmd('XREVRANGE', $audit, '+', '-', 'COUNT', 1)->[0][1]};
is($audit{address}, '203.0.113.5',
    'the audit names the client that realip found');


# variables

sub basic { return { Authorization => 'Basic ' . encode_base64($_[0], '') } }

is_who(ask('basic', basic('alice:secret')), 'variables/acme/alice',
    'auth_basic and a map make user, role and domain');
is_who(ask('basic', basic('bob:word')), 'variables/global/bob',
    'a domain that the map does not know is the default');
is_refused(ask('basic', basic('alice:wrong')), 401,
    'User is not authenticated', 'a wrong password');
is_refused(ask('basic', {}), 401, 'User is not authenticated', 'none at all');
is(ask('basic', {})->{headers}{'www-authenticate'}, 'Basic realm="SOC"',
    '... is challenged by auth_basic itself');
is_refused(ask('basic', \%me), 401, 'User is not authenticated',
    'identity headers say nothing to variables');
is($t->request('POST', '/basic' . path(), basic('alice:secret'), records())
    ->{json}{sys_created_by}, 'alice', 'a writer by auth_basic');
is_refused($t->request('POST', '/basic' . path(), basic('bob:word'),
    records()), 403, 'Insufficient access', 'a reader by auth_basic');

is_who(ask('request', { 'X-Ticket' => 'carol' }), 'variables/global/carol',
    'auth_request and auth_request_set make user and roles');
is_refused(ask('request', {}), 401, 'User is not authenticated',
    'what auth_request refuses is refused');
is($t->request('POST', '/request' . path(), { 'X-Ticket' => 'carol' },
    records())->{json}{sys_created_by}, 'carol',
    'a writer by auth_request, with a body');

is_who(ask('literal', {}), 'variables/two words/edge-7',
    'a location may be one user, by literal values');
is_nobody(ask('bare', {}), 'an empty variable is nobody');
is_refused(ask('bare', { 'X-Any' => 'me' }), 403, 'Insufficient access',
    'without secops_roles there are no roles');


# several methods

is_who(ask('order', \%me), 'header/acme/me', 'the first method that knows');
is_who(ask('order', {}), 'variables/global/fallback',
    '... or the next: the first left nothing behind');
is_who(ask('order', [@me, 'X-SecOps-User' => 'x']),
    'variables/global/fallback', 'doubtful headers leave nothing behind');
is_who(ask('order', \%me, from => '127.0.0.2'), 'variables/global/fallback',
    'headers of an untrusted peer neither');
is_refused(ask('order', { %me, 'X-SecOps-Roles' => '' }), 403,
    'Insufficient access', 'who is known but may not does not try the next');
is_who(ask('reverse', { %me, 'X-Any' => 'v' }), 'variables/first/v',
    'in the other order, variables come first');
is_who(ask('reverse', \%me), 'header/acme/me', '... and headers after them');
is_nobody(ask('reverse', {}), 'none knows');

$t->done();
