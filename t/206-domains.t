# Domains are apart.  Whatever a domain is called, what lies in it can not be
# read, listed, overwritten, deleted or found out from another one: not by an
# id, a title or a subject, and not by a name that is made to look like a part
# of a key.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw(sha256_hex);
use SecOps;
use SecOps::Records;

my $t = SecOps->new();
my $redis = $t->redis();
my $all = 'sn_sec_cmn.api_write,sn_sec_cmn.admin';
my $resources = '/api/v2/resources';

$t->run(conf(location => 'secops_api_key_cache 0;')
    =~ s/secops_auth header;/secops_auth api_key header;/r);


# names that are like another one, in text, as a key, or as a pattern

my $odd = 'a b';
my $digest = substr sha256_hex($odd), 0, 32;

my @domains = (
    'global', 'Global', 'GLOBAL', 'global.', 'globa', 'globall', 'glo%62al',
    'global%00', 'global%20', 'global:', 'global:0', 'global:0}', '{global}',
    '{global:0}:rec', 'global}', '}global', '{}', '{', '}', ':', 'global:res',
    'global:res}:api_key', '../global', 'global/..', '0', 'f', 'res',
    'health', 'key', 'key:00', '~', "~$digest", $digest, $odd, 'a  b', 'a+b',
    'a%20b', 'a_b', 'a-b', 'a.b', 'a,b', '*', '?', '[g]lobal', 'g*', '$', '\\',
    '"', '\'', '<', "\xc3\xa9", "e\xcc\x81", "\xc3\x89", "\xf0\x9f\x94\x92",
    "\xe2\x80\x8bglobal", "global\xe2\x80\x8b", "\xef\xbb\xbfglobal", 'null',
    'undefined', 'x' x 63, 'x' x 64, 'x' x 65, 'x' x 66, 'x' x 1024,
    '~' . substr(sha256_hex('x' x 65), 0, 32),
);


sub ask {
    my ($method, $path, $domain, $body, $headers) = @_;
    $headers //= who(domain => $domain, roles => $all);
    return $t->keepalive($method, $path, $headers, $body)
        // die "no answer to $method $path\n";
}


sub shown { # a domain's name in an assertion
    my $name = length $_[0] > 30 ? length($_[0]) . ' bytes' : $_[0];
    return '"' . $name =~ s/([^ -~]|#)/sprintf '\\x%02x', ord $1/ger . '"';
}


# --- records and the audit --------------------------------------------------

my (%id, %keys, %owner);

foreach my $domain (@domains) {
    my %before = map { $_ => 1 } keys_like($redis);
    my $r = ask('POST', path(), $domain, records());

    is_stored($r, 'a record of ' . shown($domain)) or next;
    $id{$domain} = $r->{json}{sys_id};

    my @new = grep { !$before{$_} } keys_like($redis);
    $keys{$domain} = \@new;
    push @{$owner{$_}}, $domain foreach @new;

    is(scalar @new, 4, '... has keys of its own');
}

is(scalar(grep { @$_ > 1 } values %owner), 0, 'no two domains share a key');

my $tag = qr/[A-Za-z0-9._-]{1,64}|~[0-9a-f]{32}/;
is_deeply([grep { !/\Asecops:\{(?:$tag):[0-9a-f]\}:(?:rec|idx|sub|audit)\b[a-z0-9_:]*\z/ }
    keys_like($redis)], [], 'and none gets anything else into one');

foreach my $domain (@domains) {
    my $path = "/api/now/table/sn_ti_lookup_result/$id{$domain}";
    my @who = grep { ask('GET', $path, $_)->{status} != 404 } @domains;

    is_deeply(\@who, [$domain], 'the record of ' . shown($domain)
        . ' is there for it alone');

    my $r = ask('GET', '/api/secops/v1/audit', $domain);
    is_deeply([map { $_->{id} } @{$r->{json}{result}}], [$id{$domain}],
        '... so is its audit entry');
    is_deeply([map { scalar @{$_->{json}{result}} } map {
        ask('GET', "/api/secops/v1/audit?id=$id{$domain}", $_) }
        grep { $_ ne $domain } @domains[0 .. 5]], [(0) x ($domain =~
        /\A(?:[Gg]lobal|GLOBAL|global\.|globa|globall)\z/ ? 5 : 6)],
        '... which its id does not show to others');
}

is(ask('GET', "/api/now/table/sn_ti_lookup_result/$id{global}", '')->{status},
    200, 'an empty name is the default domain');

foreach my $path (
    "/api/now/table/sn_ti_lookup_result/$id{global}:",
    "/api/now/table/sn_ti_lookup_result/$id{global}%00",
    "/api/now/table/sn_ti_lookup_result/%7Bglobal:0%7D:rec",
    "/api/now/table/sn_ti_lookup_result:$id{global}/$id{global}",
    "/api/now/table/..%2Fglobal/$id{global}",
    "/api/now/table/sn_ti_lookup_result/" . uc $id{global},
) {
    my $r = ask('GET', $path, 'x');
    ok($r->{status} == 404 || $r->{status} == 400 , "$path is not there");
    unlike($r->{body}, qr/198\.51\.100\.7/, '... and shows nothing');
}

my $r = ask('POST', path(), 'x', records(sys_domain => 'global'));
is($r->{status}, 400, 'a body can not choose its domain');
$r = ask('POST', path() . '?domain=global&sys_domain=global', 'x', records());
is($r->{json}{sys_domain}, 'x', 'neither can a query');
is_refused(ask('GET', '/api/secops/v1/audit?domain=global', 'x'), 400,
    'Invalid query', '... of the audit neither');

$redis->cmd('FLUSHALL');


# --- resources: the same title in every domain ------------------------------

sub keys_of { # as listed
    my ($domain, $query) = @_;
    my $r = ask('GET', $resources . (defined $query ? "?$query" : ''),
        $domain);
    return @{ref $r->{json} eq 'ARRAY' ? $r->{json}
        : [{ id => "no list but $r->{status}" }]};
}

my (%key, %value);

foreach my $domain (@domains) {
    my $r = ask('POST', $resources, $domain, { k => { type => 'api_key',
        properties => { name => 'shared', scopes => ['read:resources'] } } });

    is(scalar @{$r->{json}{created} // []}, 1, 'a key of ' . shown($domain)
        . ' is created: nobody else\'s is in its way')
        or diag($r->{body});
    $key{$domain} = $r->{json}{created}[0]{internal_id};
    $value{$domain} = $r->{json}{created}[0]{value};
}

is(scalar(keys %{{ reverse %key }}), scalar @domains, 'all have another id');
is(scalar(keys %{{ reverse %value }}), scalar @domains, '... and value');

foreach my $domain (@domains) {
    is_deeply([map { $_->{id} } keys_of($domain)], [$key{$domain}],
        shown($domain) . ' lists its own key alone');
    is_deeply([map { $_->{id} } keys_of($domain, 'title=shared')],
        [$key{$domain}], '... by its title as well');

    my @who = grep { keys_of($_, "id=$key{$domain}") } @domains;
    is_deeply(\@who, [$domain], '... which is there by id for it alone');

    my $r = ask('GET', $resources, undef, undef,
        { 'X-Arcanna-Api-Key' => $value{$domain} });
    is_deeply([map { $_->{id} } @{$r->{json}}], [$key{$domain}],
        '... and who calls with it is in that domain');
    $r = ask('GET', $resources, undef, undef, { %{who(domain => 'global',
        roles => $all)}, 'X-Arcanna-Api-Key' => $value{$domain} });
    is_deeply([map { $_->{id} } @{$r->{json}}], [$key{$domain}],
        '... whatever headers say');
}


# what one domain does to its key leaves those of all others as they are

sub snapshot {
    my ($but) = @_;
    return { map { $_ => [map { $redis->cmd('TYPE', $_) eq 'hash'
            ? @{$redis->cmd('HGETALL', $_)} : $redis->cmd('GET', $_) // '' }
            grep { /:api_key(?::title)?\z|:rev\z/ } @{$_[1]{$_}}] }
        grep { $_ ne $but } keys %{$_[1]} };
}

my %of = map {
    my $domain = $_;
    my $d = $domain =~ /\A[A-Za-z0-9._-]{1,64}\z/ ? $domain
        : '~' . substr sha256_hex($domain), 0, 32;
    ($domain => ["secops:{$d:res}:api_key", "secops:{$d:res}:api_key:title",
        "secops:{$d:res}:rev"]);
} @domains;

foreach my $domain (@domains[0 .. 3, 10 .. 14, 26 .. 36, 48 .. $#domains]) {
    my $before = snapshot($domain, \%of);
    my ($other) = grep { $_ ne $domain } @domains[0, 1];

    my $r = ask('DELETE', "$resources?id=$key{$other}", $domain);
    is($r->{status}, 404, shown($domain) . ' can not delete another\'s key');
    $r = ask('POST', $resources, $domain, { k => { type => 'api_key',
        properties => { name => 'shared', scopes => ['write:resources'] } } });
    is(scalar @{$r->{json}{updated} // []}, 1, '... overwrites its own')
        or diag($r->{body});
    $r = ask('DELETE', "$resources?title=shared&resource_type=api_key",
        $domain);
    is_deeply([map { $_->{internal_id} } @{$r->{json}}], [$key{$domain}],
        '... deletes its own by title') or diag($r->{body});
    is_deeply(snapshot($domain, \%of), $before,
        '... and leaves everybody else\'s as it was');
    is(ask('GET', $resources, undef, undef,
        { 'X-Arcanna-Api-Key' => $value{$domain} })->{status}, 401,
        '... its own value is of no more use');
    is(ask('GET', $resources, undef, undef,
        { 'X-Arcanna-Api-Key' => $value{$domains[-1]} })->{status},
        $domain eq $domains[-1] ? 401 : 200, '... others are');

    my @entries = @{ask('GET', '/api/secops/v1/audit', $domain)->{json}{result}};
    is_deeply([map { "$_->{type} $_->{id}" } @entries],
        [("api_key $key{$domain}") x 3], '... the audit has its three steps')
        or diag(explain \@entries);
}


# --- references: what is in another domain is as if it were not there --------

$redis->cmd('FLUSHALL');

sub set { # an integration and a job that names its input so
    my ($title, $input) = @_;
    return {
        $title ? (i => { type => 'integration', properties => {
            title => $title, integration_type => 'Elasticsearch',
            parameters => { hosts => 'h' } } }) : (),
        $input ? (j => { type => 'job', properties => { title => 'J',
            category => 'Decision intelligence', decision_points => ['a'],
            pipeline_integrations => [ { resource => $input,
                integration_type => 'input',
                parameters => { index => 'i' } } ] } }) : (),
    };
}

sub exposer { # an integration with a key
    my ($key) = @_;
    return { e => { type => 'integration', properties => { title => 'E',
        integration_type => 'External REST API',
        parameters => { api_key => "{{api_keys($key)}}" } } } };
}

my @two = ('one', 'two');

$r = ask('POST', $resources, 'one', { %{set('Here')}, k => { type => 'api_key',
    properties => { name => 'Here' } } });
is($r->{status}, 200, 'an integration and a key in one domain')
    or diag($r->{body});
my %made = map { $_->{type} => $_->{internal_id} } @{$r->{json}{created}};

foreach my $case (
    ['Here', 'Nowhere'],
    ["{{integrations(title='Here')}}", "{{integrations(title='Nowhere')}}"],
    ["{{integrations(internal_id=$made{integration})}}",
     '{{integrations(internal_id=9876)}}'],
) {
    my ($there, $nowhere) = map { ask('POST', $resources, 'two',
        set(undef, $_)) } @$case;
    is($there->{status}, 404, "in another one, $case->[0] is not there");
    is($there->{body} =~ s/Here|$made{integration}/X/gr,
        $nowhere->{body} =~ s/Nowhere|9876/X/gr,
        '... and answered like what is nowhere');
}

foreach my $case (
    ["name='Here'", "name='Nowhere'"],
    ["internal_id='$made{api_key}'", "internal_id='aaaaaaaaaaaaaaaaaaaa'"],
) {
    my ($there, $nowhere) = map { ask('POST', $resources, 'two',
        exposer($_)) } @$case;
    is($there->{status}, 404, "a key neither: $case->[0]");
    is($there->{body} =~ s/Here|$made{api_key}/X/gr,
        $nowhere->{body} =~ s/Nowhere|a{20}/X/gr,
        '... and answered like what is nowhere');
}

is_deeply([grep { /two/ } keys_like($redis)], [],
    'nothing was written for the other domain');

# the same titles and the same ids in both: each has its own

is(ask('POST', $resources, 'two', set('Here', 'Here'))->{status}, 200,
    'the same title in the other domain');
is(ask('POST', $resources, 'one', set(undef, 'Here'))->{status}, 200,
    '... a job in each');
is_deeply([map { $_->{id} } map { @{ask('GET',
    "$resources?title=Here&resource_type=integration", $_)->{json}} } @two],
    [1000, 1000], '... ids are those of the domain');

$r = ask('DELETE', "$resources?title=J&resource_type=job", 'two');
is($r->{status}, 200, 'one job is deleted');
is(ask('DELETE', "$resources?id=1000", 'two')->{status}, 200,
    '... and its integration, which the other domain\'s job does not hold');
is(ask('DELETE', "$resources?id=1000", 'one')->{status}, 409,
    '... where it is held');
is(ask('POST', "/api/v2/jobs/1001/start", 'one')->{status}, 200,
    'a job is started');
is(ask('POST', "/api/v2/jobs/1001/start", 'two')->{status}, 404,
    '... in its own domain only');

$t->done();
