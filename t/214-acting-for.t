# A provider of managed security works in the domains of its tenants: those that
# the configuration names for it, and no others.  All of an operation takes
# place there, and the audit tells who came from where.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use SecOps;
use SecOps::Records;
use Test::More;

my $t = SecOps->new();
my $redis = $t->redis();
my $all = 'sn_sec_cmn.api_write,sn_sec_cmn.admin';

my $http = <<'EOT';
    map $secops_domain $tenants {
        default '';
        ~^mssp$ 'acme, initech  globex';
        far "ac me";
        many 't1 t2 t3 t4 t5 t6 t7 t8 t9 t10 t11 t12 t13 t14 t15 t16 t17';
    }
    map $tenants $nested {
        default $tenants;
    }
    map $secops_domain $early {
        default '';
        mssp acme;
    }
    log_format who '$request_uri $status [$secops_user] [$secops_domain]'
        ' [$secops_act_for]';
    limit_req_zone $early zone=early:64k rate=9r/s;
EOT

my $server = join '',
    api_location('off', ''),
    api_location('listed', 'secops_domain_parents "acme globex";'),
    api_location('nested', 'secops_domain_parents $nested;'),
    api_location('any', 'secops_domain_parents $tenants; satisfy any; deny all;'),
    api_location('early', 'secops_domain_parents $early; limit_req zone=early;'
        . ' secops_user $arg_user; secops_domain $soc_domain;'
        . ' secops_roles sn_sec_cmn.api_write;'
        . ' auth_request /domain; auth_request_set $soc_domain $sent_http_x;'
        . ' secops_auth variables;'),
    <<'EOT';
        access_log %%DIR%%/access.log who;
        set $soc_domain $arg_claimed;
        location = /domain {
            internal;
            add_header X other;
            return 204;
        }
EOT

$t->run(conf(http => $http, server => $server, location =>
    'secops_domain_parents $tenants; secops_api_key_cache 0;')
    =~ s/.*\Ksecops_auth header;/secops_auth api_key header;/sr);


sub ask { return $t->keepalive(@_) // die "no answer to $_[0] $_[1]\n" }

sub as { # a caller of this domain, who acts for that one
    my ($own, $other) = @_;
    return { %{who(user => 'eve', domain => $own, roles => $all)},
        defined $other ? ('X-SecOps-Act-For' => $other) : () };
}

sub store { return ask('POST', path(undef, $_[1]), $_[0], $_[2] // records()) }

sub entries { # of the audit of this domain, about this record
    my ($domain, $id) = @_;
    return @{ask('GET', '/api/secops/v1/audit' . ($id ? "?id=$id" : ''),
        as($domain))->{json}{result}};
}


# one domain

my $r = store(as('mssp', 'acme'));
is_stored($r, 'a record is stored for a tenant');
is($r->{json}{sys_domain}, 'acme', '... in its domain');
is($r->{json}{sys_created_by}, 'eve', '... by whom it was');

my $id = $r->{json}{sys_id};
my $place = "/api/now/table/sn_ti_lookup_result/$id";

is(ask('GET', $place, as('acme'))->{status}, 200, '... who finds it there');
is(ask('GET', $place, as('mssp'))->{status}, 404,
    '... and its provider not, unless');
is(ask('GET', $place, as('mssp', 'acme'))->{status}, 200,
    '... they act for the tenant');
is(ask('GET', "$place?sysparm_domain=acme", as('mssp'))->{status}, 200,
    '... be it by a parameter');
is(ask('GET', "$place?sysparm%5fdomain=ac%6De", as('mssp'))->{status}, 200,
    '... however that is written');
is(ask('GET', "$place?sysparm_domain=acme", as('mssp', 'acme'))->{status}, 200,
    '... or both');

my @entries = entries('acme');
is($entries[0]{domain}, 'acme', 'the audit of the tenant has it');
is($entries[0]{caller_domain}, 'mssp', '... and where the caller is from');
is($entries[0]{user}, 'eve', '... and who that is');
is_deeply([entries('mssp')], [], 'the audit of the provider has nothing');

store(as('acme'));
ok(!exists((entries('acme'))[0]{caller_domain}),
    'who acts at home is from nowhere else');

foreach my $header ('acme', ' acme ', 'acme, acme') {
    is(store(as('mssp', $header))->{json}{sys_domain}, 'acme',
        "a list of one: \"$header\"");
}
is(store(as('mssp', 'mssp'))->{json}{sys_domain}, 'mssp',
    'everybody may act for their own domain');
is(store(as('other', 'other'), 'sysparm_domain=other')->{json}{sys_domain},
    'other', '... who may act for no other, too');
is(store(as('ac me', 'ac me'))->{json}{sys_domain}, 'ac me',
    '... even if no list could name it');
ok(!exists((entries('other'))[0]{caller_domain}), '... and is from nowhere');
is(store(as('mssp', ''), 'sysparm_domain=')->{json}{sys_domain}, 'mssp',
    'what is empty names nothing');


# refused

foreach my $case (
    ['mssp', 'hooli', 'a domain that is not listed'],
    ['mssp', 'Acme', '... in another letter case'],
    ['mssp', 'acm', '... a part of a name'],
    ['mssp', 'globa', '... another one'],
    ['mssp', 'global', 'nor the default domain'],
    ['acme', 'mssp', 'the provider, for a tenant'],
    ['acme', 'globex', 'another tenant'],
    ['Mssp', 'acme', 'a tenant, for a domain that is only like the provider'],
    [undef, 'acme', 'a tenant, for who has no domain'],
    ['mssp', "acme\xff", 'no text'],
    ['mssp', 'acme:', 'one with more behind it'],
    ['mssp', 'a' x 2000, 'a long one'],
) {
    my ($own, $other, $name) = @$case;
    is_refused(store(as($own, $other)), 403, 'Insufficient access',
        "refused: $name");
}
is_refused(store({ 'X-SecOps-Act-For' => 'acme' }), 401,
    'User is not authenticated', 'nobody acts for nobody');
is_refused(store({ %{as('mssp', 'acme')},
    'X-SecOps-Roles' => 'sn_sec_cmn.api_read' }), 403, 'Insufficient access',
    'a role is needed at home as abroad');
is_refused(store(as('mssp', 'acme'), 'sysparm_domain=globex'), 400,
    'Invalid query', 'refused: two that differ');
is_refused(store(as('mssp', 'acme'), 'sysparm_domain=acme,'), 400,
    'Invalid query', '... in any way');
is_refused(store(as('mssp'), 'sysparm_domain=acme&sysparm_domain=acme'), 400,
    'Invalid query', 'refused: a parameter that is there twice');
is_refused(store(as('mssp', 'acme,globex')), 400, 'Invalid query',
    'refused: a record for two domains');
is_refused(store(as('mssp'), 'sysparm_domain=,'), 400, 'Invalid query',
    'refused: a list of nothing');

my ($head, $body) = split /\r\n\r\n/, $t->raw("GET $place HTTP/1.1\r\n"
    . "Host: a\r\nConnection: close\r\nX-SecOps-User: u\r\n"
    . "X-SecOps-Roles: sn_sec_cmn.api_read\r\nX-SecOps-Domain: mssp\r\n"
    . "X-SecOps-Act-For: acme\r\nX-SecOps-Act-For: acme\r\n\r\n"), 2;
like($head, qr/^HTTP\/1.1 400/, 'refused: two headers');

my @keys = keys_like($redis);
my %records = map { my $d = $_;
    ($d => scalar grep { /\Asecops:\{$d:.\}:rec:/ } @keys)
} qw(mssp acme globex initech hooli);
is_deeply(\%records, { mssp => 2, acme => 5, globex => 0, initech => 0,
    hooli => 0 }, 'what was refused is nowhere');

is_refused($t->request('POST', '/off' . path(), as('mssp', 'acme'), records()),
    403, 'Insufficient access', 'where nothing is configured, for no other');
is_stored($t->request('POST', '/off' . path(), as('mssp', 'mssp'), records()),
    '... but their own');
is($t->request('POST', '/listed' . path(), as('hooli', 'globex'), records())
    ->{json}{sys_domain}, 'globex', 'a list may be for everybody');
is($t->request('POST', '/nested' . path(), as('mssp', 'globex'), records())
    ->{json}{sys_domain}, 'globex', 'a map may be of a map');
is($t->request('POST', '/any' . path(), as('mssp', 'globex'), records())
    ->{json}{sys_domain}, 'globex', 'satisfy any: whoever was let in');
is_refused($t->request('POST', '/any' . path(), as('hooli', 'globex'),
    records()), 403, 'Insufficient access', '... may act for their tenants');

# the map says what the early look found: a domain that was only claimed

is_refused($t->request('POST', '/early' . path(undef,
    'user=eve&claimed=mssp'), { 'X-SecOps-Act-For' => 'acme' }, records()),
    403, 'Insufficient access', 'what a map was for who was not checked yet '
    . 'is not what it is');


# all operations

sub resource { # its id
    my ($headers, $name, $type, $properties) = @_;
    my $r = ask('POST', '/api/v2/resources', $headers, { r => { type => $type,
        properties => $properties } });
    return ($r->{json}{created}[0] // {}, $r);
}

my ($key) = resource(as('mssp', 'acme'), 'k', 'api_key', { name => 'k',
    scopes => ['read:records', 'write:records', 'read:resources'] });
ok($key->{value}, 'an api key is created for a tenant');
is_deeply([map { scalar @{ask('GET', '/api/v2/resources?title=k',
    $_)->{json}} } as('acme'), as('mssp', 'acme'), as('mssp')], [1, 1, 0],
    '... in its domain');

$r = ask('GET', '/api/v2/resources?title=k', as('acme'));
is($r->{json}[0]{created_by}, 'eve', '... by whom it was');

my $its = { 'x-arcanna-api-key' => $key->{value} };
is(store($its)->{json}{sys_domain}, 'acme', '... and is of the domain');
is_refused(store({ %$its, 'X-SecOps-Act-For' => 'mssp' }), 403,
    'Insufficient access', '... which may not act for its provider');

my ($own) = resource(as('mssp'), 'k', 'api_key', { name => 'k',
    scopes => ['read:records'] });
my $providers = { 'x-arcanna-api-key' => $own->{value},
    'X-SecOps-Act-For' => 'acme' };
is(ask('GET', $place, $providers)->{status}, 200,
    'a key of the provider may, within its scopes');
is_refused(store($providers), 403, 'Insufficient access', '... and no further');

@entries = entries('acme', $key->{internal_id});
is_deeply([map { "$_->{user} $_->{caller_domain}" } @entries], ['eve mssp'],
    'the audit names both, of resources too');

is(ask('PATCH', $place, as('mssp', 'acme'), { confidence => 5 })->{status},
    200, 'a record of a tenant is changed');
is_deeply([map { "$_->{operation} $_->{caller_domain}" } entries('acme', $id)],
    ['records.update mssp', 'records.create mssp'],
    '... and the audit names both');

is(ask('DELETE', $place, as('mssp', 'acme'))->{status}, 204, '... deleted');
is((entries('acme', $id))[0]{caller_domain}, 'mssp',
    '... and the audit names both');

is(ask('DELETE', '/api/v2/resources?title=k', as('mssp', 'globex'))->{status},
    404, 'a resource of another tenant is not there');
is(ask('DELETE', '/api/v2/resources?title=k', as('mssp', 'acme'))->{status},
    200, '... of this one it is deleted');

$r = ask('GET', '/api/secops/v1/audit?limit=1', as('mssp', 'acme'));
is($r->{json}{result}[0]{domain}, 'acme', 'the audit of a tenant is read');
is(ask('GET', '/api/secops/v1/audit?limit=1&sysparm_domain=acme', as('mssp'))
    ->{status}, 200, '... by a parameter, too');

my @batch = (records(), records(observable => 'x'));
$r = ask('POST', path(), as('mssp', 'initech'), { data => \@batch });
is($r->{status}, 201, 'a batch of records');
is_deeply([map { $_->{caller_domain} } entries('initech')], ['mssp', 'mssp'],
    '... is told of each');

my $url = '/api/now/table/sn_ti_lookup_result';
sub inner {
    my ($headers, $args, @urls) = @_;
    my $n = 0;
    my $r = ask('POST', "/api/now/v1/batch$args", $headers, {
        batch_request_id => 'b', rest_requests => [map { { id => '' . ++$n,
        method => 'GET', url => $_, headers => [] } } @urls] });
    return [$r->{status} == 200
        ? map { $_->{status_code} } sort { $a->{id} <=> $b->{id} }
            @{$r->{json}{serviced_requests}}
        : $r->{status}];
}

my $there = store(as('globex'))->{json}{sys_id};

is_deeply(inner(as('mssp', 'globex'), '', "$url/$there"), [200],
    'a batch of requests acts for whom it is sent for');
is_deeply(inner(as('mssp'), '?sysparm_domain=globex', "$url/$there"), [200],
    '... be it by a parameter');
is_deeply(inner(as('mssp'), '', "$url/$there",
    "$url/$there?sysparm_domain=globex", "$url/$there?sysparm_domain=hooli",
    "$url/$there?sysparm_domain=mssp"), [404, 200, 403, 404],
    '... or each of them for one of its own');
is_deeply(inner(as('mssp', 'globex'), '', "$url/$there?sysparm_domain=mssp"),
    [400], '... but not for two');
is_deeply(inner(as('mssp'), '?sysparm_domain=globex,acme', "$url/$there"),
    [400], '... at once');


# logs

ok(wait_for(sub { $t->read('access.log') =~ m{^/any/}m }), 'it is logged');
my ($line) = $t->read('access.log') =~ m{^/listed/\S+ (.*)$}m;
is($line, '201 [eve] [hooli] [globex]', '... who acted, whence, and where');
($line) = $t->read('access.log') =~ m{^/off/\S+ (403 .*)$}m;
is($line, '403 [eve] [mssp] [-]', '... and nowhere');
like($t->error_log(), qr/user "eve" of domain "mssp" may not act for the/,
    '... and why not');

$t->done();
