# Lists of records: the Table API as its clients use it.  What is found by which
# query, in which order, what a page tells of the others, the form of values;
# that a query which is too broad is refused and never answered in part; and that
# nobody sees what is not theirs.  Once on one Redis, and once on a Cluster.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use SecOps;
use SecOps::Cluster;
use SecOps::Records;
use SecOps::Tables;

my $table = 'sn_ti_lookup_result';
my $hosts = 'u_host';

my $t = SecOps->new();

$t->write("schema/tables/$hosts.json", JSON::PP->new->encode({
    type         => 'object',
    'x-endpoint' => 'host',
    'x-label'    => 'Host',
    'x-subject'  => 'name',
    required     => ['name'],
    properties   => {
        name  => { type => 'string' },
        owner => { type => 'string', 'x-reference' => 'sys_user' },
        cores => { type => ['number', 'string', 'null'] },
        up    => { type => 'boolean' },
        tags  => { type => ['array', 'object'] },
        note  => { type => ['string', 'null'] },
    },
}));


sub own_conf {
    my ($more) = @_;
    return conf(http => "secops_schema_dir %%DIR%%/schema;"
            . " secops_query_scan time=1m; secops_redis_timeout 30s; $more",
        location => 'client_max_body_size 16m; secops_max_batch 10000;',
        server => <<'EOT');
        location /few/ {
            rewrite ^/few(/.*)$ $1 break;
            secops_api;
            secops_redis %%REDIS%%;
            secops_auth header;
            secops_query_scan records=100;
        }

        location /short/ {
            rewrite ^/short(/.*)$ $1 break;
            secops_api;
            secops_redis %%REDIS%%;
            secops_auth header;
            secops_query_scan time=1ms;
        }

        location /url/ {
            rewrite ^/url(/.*)$ $1 break;
            secops_api;
            secops_redis %%REDIS%%;
            secops_auth header;
            secops_public_url https://secops.example/;
        }
EOT
}


# stores records one by one, each in a millisecond of its own; -> their ids

sub store {
    my ($endpoint, $domain, @records) = @_;
    my @stored;

    foreach my $record (@records) {
        my $r = post($t, $record, endpoint => $endpoint, domain => $domain);
        die "not stored: $r->{body}\n" if $r->{status} != 201;
        push @stored, $r->{json}{sys_id};
        sleep 0.003;
    }

    return @stored;
}


# the same as batches, when there are many; -> their ids, sorted

sub store_many {
    my ($domain, @records) = @_;
    my @stored;

    while (my @some = splice @records, 0, 500) {
        my $r = post($t, { data => \@some }, domain => $domain);
        die 'not stored: ' . substr($r->{body}, 0, 300) . "\n"
            if $r->{status} != 201;
        push @stored, map { $_->{sys_id} } @{$r->{json}{records}};
    }

    return sort @stored;
}


sub acme { return list($t, @_[0, 1], domain => 'acme', @_[2 .. $#_]) }


# ids of what a query finds, the oldest first

sub found {
    my ($query, %opt) = @_;
    return [ids(acme($hosts, { query => "$query^ORDERBYsys_id" }, %opt))];
}


my @hosts = (
    { name => 'alpha', owner => 'U1', cores => 4, up => JSON::PP::true,
      tags => ['a', { b => 1.50 }], note => "It's ^fine" },
    { name => 'beta', owner => 'U2', cores => '16', up => JSON::PP::false,
      tags => {}, note => '' },
    { name => 'Gamma', cores => 2.5, note => undef },
    { name => "de\xcc\x81lta \"x\"", owner => '', cores => undef,
      note => 'sixteen' },
    { name => 'beta', cores => 'many', up => JSON::PP::true, note => '16' },
);


# what each query finds: numbers of hosts

my @queries = (
    # query                              finds
    ['',                                 1, 2, 3, 4, 5],
    ['name=alpha',                       1],
    ['name=Alpha'],
    ['name=beta',                        2, 5],
    ['name!=beta',                       1, 3, 4],
    ['nameINalpha,Gamma,nothing',        1, 3],
    ['nameNOT INalpha,Gamma',            2, 4, 5],
    ['nameSTARTSWITHAL',                 1],
    ['nameSTARTSWITHg',                  3],
    ['nameENDSWITHTA',                   2, 5],
    ['name%ta',                          2, 5],
    ['nameLIKEAMM',                      3],
    ['nameCONTAINSl',                    1, 4],
    ['name*ET',                          2, 5],
    ['nameNOT LIKEa'],
    ['nameDOES NOT CONTAINet',           1, 3, 4],
    ['name!*LT',                         1, 2, 3, 5],
    ['cores=4.0',                        1],
    ['cores=16',                         2],
    ['cores>2.5',                        1, 2, 5],
    ['cores>=2.5',                       1, 2, 3, 5],
    ['cores<4',                          3],
    ['cores<=4',                         1, 3],
    ['coresBETWEEN2@4',                  1, 3],
    ['coresIN4,16,99',                   1, 2],
    ['ownerISEMPTY',                     3, 4, 5],
    ['ownerISNOTEMPTY',                  1, 2],
    ['owner=',                           3, 4, 5],
    ['owner!=',                          1, 2],
    ['ownerEMPTYSTRING',                 4],
    ['ownerANYTHING',                    1, 2, 3, 4, 5],
    ['up=true',                          1, 5],
    ['up!=true',                         2, 3, 4],
    ['coresSAMEASnote'],
    ['nameNSAMEASnote',                  1, 2, 3, 4, 5],
    ['sys_class_nameINSTANCEOFu_host',   1, 2, 3, 4, 5],
    ['sys_class_nameINSTANCEOFu_other'],
    ['sys_class_name=u_host^name=beta',  2, 5],

    # together
    ['name=beta^up=true',                5],
    ['name=alpha^ORname=Gamma',          1, 3],
    ['up=true^name=alpha^ORname=beta',   1, 5],
    ['name=alpha^NQcores=16',            1, 2],
    ['name=beta^up=true^NQowner=U1',     1, 5],
    ['^^name=alpha^',                    1],
    ['name=alpha^EQ',                    1],

    # what is not known is ignored, and never makes a query narrower
    ['nothing=x',                        1, 2, 3, 4, 5],
    ['nothing=x^name=alpha',             1],
    ['name=alpha^ORnothing=x',           1],
    ['name~alpha',                       1, 2, 3, 4, 5],
    ['owner.name=x',                     1, 2, 3, 4, 5],
    ['JOINu_host.name=u_other.x!y',      1, 2, 3, 4, 5],
    ['RLQUERYu_other.host,>0^name=x^ENDRLQUERY^name=beta', 2, 5],
    # without an end it takes the order with it
    ['RLQUERYu_other.host,>0^name=x',    5, 4, 3, 2, 1],
    ["name=\0",                          ],
    ['nameLIKE%',                        ],

    # PySNC sends these
    ['name=alpha^ORname=beta^nameISNOTEMPTY', 1, 2, 5],
    ['sys_created_on>=2020-01-01 10:00:00', 1, 2, 3, 4, 5],
    ['sys_created_on<2020-01-01 10:00:00'],
    ['sys_created_onBETWEEN2020-01-01 10:00:00@2120-01-01 10:00:00',
        1, 2, 3, 4, 5],
);


sub try_all {
    my ($where, $more) = @_;
    my (@id, %number);

    $t->run(own_conf($more // ''));

    @id = store('host', 'acme', @hosts);
    $number{$id[$_]} = $_ + 1 foreach 0 .. $#id;

    my @others = store('host', 'other', { name => 'alpha', owner => 'U9' });

    try_queries($where, \@id, \%number);
    try_plans($where, \@id);
    try_orders($where, \%number);
    try_pages($where, \@id);
    try_tenants($where, \@others);
    try_many($where);
}


sub try_queries {
    my ($where, $id, $number) = @_;

    foreach my $case (@queries) {
        my ($query, @expected) = @$case;
        my $r = acme($hosts, { query => "$query^ORDERBYsys_id" });

        is_answered($r, [map { $number->{$_} } ids($r)], \@expected,
            "$where: query \"$query\"");
        is($r->{headers}{'x-total-count'}, scalar @expected,
            '... and its total');
    }

    is_listed(acme($hosts, { query => 'ORDERBYsys_id' }), $id,
        "$where: a query of an order alone");
    is_listed(acme($hosts, undef), [reverse @$id],
        "$where: without a query, the newest first");
    is_listed(acme($hosts, {}, version => $_), [reverse @$id],
        "$where: ... by $_, too") foreach 'v1', 'v2';
}


sub try_plans {
    my ($where, $id) = @_;
    my @id = @$id;

    is_deeply(found("sys_id=$id[1]"), [$id[1]], "$where: by an id");
    is_deeply(found("sys_idIN$id[3],$id[0],bunk,$id[0]," . '0' x 32),
        [@id[0, 3]], "$where: by ids, each once");
    is_deeply(found("sys_idIN$id[1],$id[2]^name=beta"), [$id[1]],
        "$where: ... and another condition");
    is_deeply(found('sys_id=bunk'), [], "$where: by what is no id");
    is_deeply(found('sys_idIN'), [], "$where: by no id at all");
    is_deeply(found("sys_id>$id[1]"), [@id[2 .. 4]],
        "$where: ids behind another one");
    is_deeply(found("sys_id<=$id[1]"), [@id[0, 1]],
        "$where: ids up to another one");
    is_deeply(found("sys_id!=$id[1]"), [@id[0, 2 .. 4]],
        "$where: all ids but one");
    is_deeply(found("name=beta^sys_id>$id[1]"), [$id[4]],
        "$where: a subject, behind an id");
    is_deeply(found("de\xcc\x81lta" =~ s/.*/name=de\xcc\x81lta "x"/r), [$id[3]],
        "$where: a subject of other letters");
    is_deeply(found('nameIN' . join(',', 'alpha', 'beta', map { "n$_" }
        1 .. 200)), [@id[0, 1, 4]], "$where: many subjects");
}


sub try_orders {
    my ($where, $number) = @_;

    foreach my $case (
        ['ORDERBYsys_id', 1, 2, 3, 4, 5],
        ['ORDERBYDESCsys_id', 5, 4, 3, 2, 1],
        ['ORDERBYsys_created_on', 1, 2, 3, 4, 5],
        ['ORDERBYDESCsys_created_on', 5, 4, 3, 2, 1],
        ['ORDERBYname', 3, 1, 2, 5, 4],
        ['ORDERBYDESCname', 4, 2, 5, 1, 3],
        ['ORDERBYname^ORDERBYDESCsys_id', 3, 1, 5, 2, 4],
        ['ORDERBYcores', 4, 3, 1, 2, 5],
        ['ORDERBYDESCcores', 5, 2, 1, 3, 4],
        ['ORDERBYDESCup^ORDERBYcores', 1, 5, 2, 4, 3],
        ['ORDERBYnothing', 5, 4, 3, 2, 1],
        ['ORDERBYnothing^ORDERBYsys_id', 1, 2, 3, 4, 5],
        ['ORDERBYsys_id^ORDERBYDESCname', 1, 2, 3, 4, 5],
        ['ORDERBYDESCcores^name=beta', 5, 2],
        ['name=beta^ORDERBYDESCcores^up=true', 5],
    ) {
        my ($query, @expected) = @$case;
        my $r = acme($hosts, { query => $query });

        is_answered($r, [map { $number->{$_} } ids($r)], \@expected,
            "$where: $query");
    }
}


# pages by offset and by Link; by ids alone, by a filter, and sorted

sub try_pages {
    my ($where, $id) = @_;

    foreach my $case (['ORDERBYsys_id', @$id],
        ['ORDERBYDESCsys_id', reverse @$id],
        ['nameISNOTEMPTY', reverse @$id],
        ['nameISNOTEMPTY^ORDERBYsys_id', @$id],
        ["nameINalpha,beta,Gamma,de\xcc\x81lta \"x\"^ORDERBYsys_id", @$id],
        ['sys_idIN' . join(',', @$id), reverse @$id],
        ['ORDERBYname', @$id[2, 0, 1, 4, 3]])
    {
        my ($query, @all) = @$case;

        foreach my $limit (1, 2, 3, 5, 6) {
            for (my $offset = 0; $offset < 7; $offset++) {
                my $r = acme($hosts, { query => $query, limit => $limit,
                    offset => $offset });
                my $last = $offset + $limit - 1;
                $last = $#all if $last > $#all;

                is_listed($r, [@all[$offset .. $last]],
                    "$where: $query, $limit from $offset on");
                is($r->{headers}{'x-total-count'}, 5, '... out of 5');
                around($r, $offset, $limit, @all);
            }

            follow($where, $query, $limit, 'next', @all);
            follow($where, $query, $limit, 'prev', @all);
        }
    }
}


# what a page at an offset says of those before and behind it

sub around {
    my ($r, $offset, $limit, @all) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my %links = links($r);
    my $begin = $offset > $limit ? $offset - $limit : 0;
    my $end = $begin + $limit - 1 < $#all ? $begin + $limit - 1 : $#all;

    is(exists $links{next} ? 1 : 0, $offset + $limit < @all ? 1 : 0,
        '... with a next page, or none');
    is(exists $links{prev} ? 1 : 0, $offset > 0 ? 1 : 0,
        '... and one before, or none');
    is_listed(get($t, $links{prev} =~ s{^http://[^/]+}{}r, domain => 'acme'),
        [@all[$begin .. $end]], '... which has the records before')
        if $links{prev} && $begin <= $#all;
}


# from page to page, forward, or backward from the last one

sub follow {
    my ($where, $query, $limit, $rel, @all) = @_;
    my (@got, @offsets);

    my $url = list_url($hosts, { query => $query, limit => $limit });
    my $r = get($t, $url, domain => 'acme');

    if ($rel eq 'prev') {

        # the last one by the links forward, so that it has a cursor
        while (my $next = {links($r)}->{next}) {
            $r = get($t, $next =~ s{^http://[^/]+}{}r, domain => 'acme');
        }
    }

    for (1 .. 20) {
        my %links = links($r);

        @got = $rel eq 'next' ? (@got, ids($r)) : (ids($r), @got);
        $url = $links{$rel} // last;
        $r = get($t, $url =~ s{^http://[^/]+}{}r, domain => 'acme');
    }

    is_deeply(\@got, \@all, "$where: $query, pages of $limit by \"$rel\"");
}


sub try_tenants {
    my ($where, $others) = @_;

    is_listed(list($t, $hosts, {}, domain => 'other'), $others,
        "$where: another domain has its own records");
    is_listed(list($t, $hosts, { query => "sys_id=$others->[0]" },
        domain => 'acme'), [], "$where: ... which nobody else finds by id");
    is_listed(list($t, $hosts, { query => 'owner=U9' }, domain => 'acme'),
        [], "$where: ... nor by a column");
    is_listed(list($t, $hosts, { query => 'name=alpha^owner=U9' },
        domain => 'acme'), [], "$where: ... nor by the subject");
    is_listed(list($t, $hosts, {}), [], "$where: nor the default domain");
}


# more than one step

sub try_many {
    my ($where) = @_;
    my $n = $t->sanitized() ? 2500 : 6000;

    my @id = store_many('acme', map { records(observable => 'o' . $_ % 40,
        threat_score => $_, result => 'x' x ($_ % 300)) } 1 .. $n);

    my $r = acme($table, { limit => 1, query => "threat_score<=$n" });
    is_listed($r, [$id[-1]], "$where: a walk of $n records");
    is($r->{headers}{'x-total-count'}, $n, '... counts all of them');

    my %mine = map { $_->{sys_id} => $_->{threat_score} }
        @{acme($table, { fields => 'threat_score,sys_id' })->{json}{result}};
    is(scalar keys %mine, $n, "$where: 10000 records fit on a page");

    foreach my $case (["threat_score>" . ($n - 150), sub { $_[0] > $n - 150 }],
        ['observable=o7', sub { $_[0] % 40 == 7 }],
        ['observableINo7,o8^threat_score<1000',
            sub { $_[0] % 40 >= 7 && $_[0] % 40 <= 8 && $_[0] < 1000 }])
    {
        my ($query, $code) = @$case;
        my @expected = grep { $code->($mine{$_}) } @id;

        $r = acme($table, { query => "$query^ORDERBYsys_id" });
        is_listed($r, \@expected, "$where: $query finds all that there is");

        $r = acme($table, { query => $query, limit => 7, offset => 20 });
        is_listed($r, [(reverse @expected)[20 .. 26]], '... and a page of it');
        is($r->{headers}{'x-total-count'}, scalar @expected,
            '... with its total');
    }

    foreach my $offset (0, 100, 499, $n - 30, $n - 1, $n, $n + 1, 1e9) {
        my $last = $offset + 9 < $#id ? $offset + 9 : $#id;
        is_listed(acme($table, { query => 'ORDERBYsys_id', limit => 10,
            offset => $offset }), [@id[$offset .. $last]],
            "$where: ten ids from $offset on");
    }

    my @sorted = sort { $mine{$b} <=> $mine{$a} } @id;
    is_listed(acme($table, { query => 'ORDERBYDESCthreat_score', limit => 50,
        offset => 1000 }), [@sorted[1000 .. 1049]],
        "$where: sorted by a number");

    # pages of a filter, by Link, while others are stored
    my @got;
    my $url = list_url($table, { query => 'threat_score>=1', limit => 999,
        fields => 'sys_id' });

    while ($url) {
        $r = get($t, $url, domain => 'acme');
        push @got, ids($r);
        store_many('acme', map { records(threat_score => 1) } 1 .. 3);
        $url = {links($r)}->{next};
        $url =~ s{^http://[^/]+}{} if $url;
    }

    is_deeply(\@got, [reverse @id],
        "$where: pages that follow each other stay what they are");
}


$t->redis();
try_all('one Redis');
try_rest();
$t->stop();

$t->{redis} = [];
SecOps::Cluster->new($t, replicas => 0);
try_all('a Cluster', 'secops_redis_cluster on;');

$t->done();


# what does not depend on how Redis is arranged

sub try_rest {
    try_values();
    try_fields();
    try_headers();
    try_access();
    try_refusals();
    try_budget();
    try_lines();
    try_turns();
    try_leaving();
}


sub try_values {
    my $r = acme($hosts, { query => 'owner=U1' });
    my $one = $r->{json}{result}[0];

    is_deeply([sort keys %$one], [sort qw(sys_id sys_class_name sys_created_on
        sys_created_by sys_updated_on sys_updated_by sys_domain sys_mod_count
        name owner cores up tags note)], 'a record has all columns of its table');
    is_deeply([@$one{qw(name cores up tags note sys_mod_count sys_domain)}],
        ['alpha', '4', 'true', $one->{tags}, "It's ^fine", '0', 'acme'],
        'values are strings');
    is_deeply(JSON::PP->new->decode($one->{tags}), ['a', { b => 1.5 }],
        '... also what is no scalar: it is JSON');
    like($r->{body}, qr/"cores":"4"/, '... a number in quotes');
    like($one->{sys_created_on}, qr/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/,
        '... a time in UTC');
    like($one->{sys_id}, qr/^[0-9a-f]{32}$/, '... an id');
    is_deeply($one->{owner}, { link => 'http://localhost/api/now/table/sys_user/U1',
        value => 'U1' },
        'a reference is a link and a value');

    $r = acme($hosts, { query => 'nameINGamma,beta^ORDERBYsys_id' });
    is_deeply([map { $_->{note} } @{$r->{json}{result}}], ['', '', '16'],
        'null and "" are empty');

    $r = acme($hosts, { query => 'owner=U1', display_value => 'true',
        exclude_reference_link => 'true' });
    is_deeply([@{$r->{json}{result}[0]}{qw(owner cores)}], ['U1', '4'],
        'display values without links are strings');

    $r = acme($hosts, { query => 'owner=U1', display_value => 'ALL',
        exclude_reference_link => 'True' });
    is_deeply([@{$r->{json}{result}[0]}{qw(owner cores)}],
        [map { { display_value => $_, value => $_ } } 'U1', 4],
        'both values, without links');

    $r = acme($hosts, { query => 'owner=U1', display_value => 'all',
        exclude_reference_link => 'false' });
    is_deeply($r->{json}{result}[0]{owner}, { display_value => 'U1',
        value => 'U1', link => 'http://localhost/api/now/table/sys_user/U1' }, '... and with links');

    my ($id) = ids(acme($hosts, { query => 'owner=U1' }));

    foreach my $parameters ('', 'sysparm_display_value=all',
        'sysparm_exclude_reference_link=true', 'sysparm_fields=cores,name,x')
    {
        my $single = get($t, "/api/now/table/$hosts/$id?$parameters",
            domain => 'acme');
        my $listed = get($t, "/api/now/table/$hosts?$parameters"
            . '&sysparm_query=owner%3DU1', domain => 'acme');

        is($single->{body}, $listed->{body} =~ s/\[(.*)\]/$1/sr,
            "a single record looks as in a list: $parameters");
    }

    like(get($t, "/url/api/now/table/$hosts?sysparm_query=owner%3DU1",
        domain => 'acme')->{body},
        qr{"link":"https://secops\.example/api/now/table/sys_user/U1"},
        'links begin with the public URL');
}


sub try_fields {
    foreach my $case (['name,sys_id', 'name', 'sys_id'],
        ['sys_id,up,name', 'sys_id', 'up', 'name'],
        [' name , cores ', 'name', 'cores'],
        ['name,nothing,owner.name,cores', 'name', 'cores'],
        ['name,name', 'name'], [',,name,', 'name'], ['nothing'])
    {
        my ($fields, @expected) = @$case;
        my $r = acme($hosts, { query => 'name=alpha', fields => $fields });
        my ($keys) = $r->{body} =~ /\{"result":\[\{(.*)\}\]\}/;

        is_deeply([($keys // '') =~ /(?:^|,)"(\w+)":/g], \@expected,
            "fields \"$fields\" come in this order");
    }

    my $all = acme($hosts, { query => 'name=alpha' });
    is(acme($hosts, { query => 'name=alpha', fields => '' })->{body},
        $all->{body}, 'no fields are all fields');
}


sub try_headers {
    my %page = (query => 'ORDERBYsys_id', limit => 2, offset => 2);
    my $r = acme($hosts, \%page);
    my %links = links($r);
    my $base = "http://localhost/api/now/table/$hosts";

    is_deeply([map { /;rel="(\w+)"/ } split /,(?=<)/, $r->{headers}{link}],
        [qw(first prev next last)], 'links, in this order');
    is($links{first}, "$base?sysparm_limit=2&sysparm_query=ORDERBYsys_id"
        . '&sysparm_offset=0', 'the first page');
    like($links{next}, qr/^\Q$base\E\?.*&sysparm_offset=4&sysparm_cursor=/,
        'the next one');
    is($links{prev}, $links{first}, 'the one before it');
    is($links{last}, $links{first} =~ s/0$/4/r, 'the last one');
    is($r->{headers}{'cache-control'}, 'no-store', 'no cache may keep it');

    %links = links(acme($hosts, { %page, offset => 0 }));
    is_deeply([sort keys %links], [qw(first last next)],
        'the first page has none before it');
    %links = links(acme($hosts, { %page, offset => 4 }));
    is_deeply([sort keys %links], [qw(first last prev)],
        'the last page has no next one');
    is_deeply({links(acme($hosts, { query => 'name=nothing' }))}, {},
        'no records, no links');
    is(acme($hosts, { query => 'name=nothing' })->{headers}{'x-total-count'},
        0, '... but a total');

    %links = links(get($t, "/url/api/now/v2/table/$hosts?sysparm_limit=2"
        . '&x=%22%3E&y="<>{\\&sysparm_cursor=&sysparm_offset=1',
        domain => 'acme'));
    is($links{last}, "https://secops.example/api/now/v2/table/$hosts"
        . '?sysparm_limit=2&x=%22%3E&y=%22%3C%3E%7B%5C&sysparm_offset=4',
        'links have the public URL, the path and what else was asked');

    $r = acme($hosts, { %page, suppress_pagination_header => 'true' });
    is($r->{headers}{link}, undef, 'links are left out when asked');
    is($r->{headers}{'x-total-count'}, 5, '... the total is not');
    $r = acme($hosts, { %page, no_count => 'true' });
    is($r->{headers}{'x-total-count'}, undef, 'without a count there is none');
    %links = links($r);
    is_deeply([sort keys %links], [qw(first next prev)],
        '... nor a last page');
    $r = acme($hosts, { limit => 0 });
    is_listed($r, [], 'a page of none');
    is($r->{headers}{'x-total-count'}, 5, '... has its total');
    is($r->{headers}{link}, undef, '... and no links');

    $r = acme($hosts, \%page);
    my $head = acme($hosts, \%page, method => 'HEAD');
    is($head->{status}, 200, 'HEAD is answered');
    is($head->{headers}{$_}, $r->{headers}{$_}, "... with the same $_")
        foreach 'x-total-count', 'link', 'content-length';
    is($head->{body}, '', '... and no body');

    is($t->request('GET', list_url($hosts, \%page), who(domain => 'acme'),
        '{}')->{body}, $r->{body}, 'a GET may have a body');
    is(get($t, list_url($hosts, \%page) =~ s/\?/\/?/r, domain => 'acme')
        ->{body}, $r->{body}, 'a slash at the end makes no difference');
}


sub try_access {
    my $url = list_url($hosts, {});

    is(get($t, $url, domain => 'acme', roles => 'sn_sec_cmn.api_read')
        ->{status}, 200, 'the read role may list');
    is_refused(get($t, $url, domain => 'acme', roles => ''), 403,
        'Insufficient access', 'without a role it is 403');
    is_refused($t->request('GET', $url, {}), 401,
        'User is not authenticated', 'without a user it is 401');
    is_refused(get($t, list_url('incident', {})), 400,
        'Invalid table incident', 'there is no table incident');
    is_refused(get($t, list_url('incident', { limit => 'x' })), 400,
        'Invalid table incident', '... whatever is asked of it');
    is_refused(get($t, '/api/now/table/%ff'), 400, 'Invalid table ',
        'a name that is no text is not repeated');
}


sub try_refusals {
    foreach my $case (
        [{ limit => 10001 }, 'sysparm_limit must be a number from 0 to 10000'],
        [{ limit => 'x' }, 'sysparm_limit must be a number from 0 to 10000'],
        [{ limit => -1 }, 'sysparm_limit must be a number from 0 to 10000'],
        [{ offset => 'x' }, 'sysparm_offset must be a number'],
        [{ offset => '1' x 19 }, 'sysparm_offset must be a number'],
        [{ display_value => 'x' }, 'sysparm_display_value must be true, false'],
        [{ no_count => 'x' }, 'sysparm_no_count must be true or false'],
        [{ cursor => 'x' }, 'sysparm_cursor must be the sys_id of a record'],
        [{ cursor => 'a' x 32, query => 'ORDERBYname' },
            'sysparm_cursor goes with the order of sys_id'],
        [{ fields => join ',', map { "f$_" } 1 .. 257 },
            'sysparm_fields has more than 256 columns'],
        [{ query => join '^', map { "name=$_" } 1 .. 257 },
            'sysparm_query has more than 256 conditions'],
        [{ query => join '^', map { "ORDERBY$_" } qw(name owner cores up tags
            note sys_id sys_created_by sys_domain) },
            'sysparm_query has more than 8 columns to sort by'],
    ) {
        my ($parameters, $detail) = @$case;
        my $r = acme($hosts, $parameters);

        is_refused($r, 400, 'Invalid query', "refused: $detail");
        like($r->{json}{error}{detail}, qr/^\Q$detail\E/, '... with the figure');
    }

    my $r = get($t, "/api/now/table/$hosts?sysparm_query=nameIN"
        . join(',', 1 .. 5001), domain => 'acme');
    is_refused($r, 400, 'Invalid query', 'refused: 5001 values');
    is($r->{json}{error}{detail}, 'sysparm_query has more than 5000 values of'
        . ' IN and NOT IN', '... with the figure');
    is(get($t, "/api/now/table/$hosts?sysparm_query=nameIN"
        . join(',', 1 .. 4999, 'alpha'), domain => 'acme')
        ->{headers}{'x-total-count'}, 1, '5000 values are taken');

    is_refused(get($t, "/api/now/table/$hosts?sysparm_limit=1&sysparm_limit=2"),
        400, 'Invalid query', 'a parameter that is given twice is refused');
    is(get($t, "/api/now/table/$hosts?sysparm_view=x&sysparm_x=%&%zz=1&=&a",
        domain => 'acme')->{status}, 200, 'other parameters are passed over');
    is(acme($hosts, { query => join '^', map { "nothing$_=1" } 1 .. 1500 })
        ->{headers}{'x-total-count'}, 5,
        '1500 conditions on columns that are not there are none');
    is_listed(acme($hosts, { fields => 'sys_id', query =>
        join '^', map { "name=alpha^ORname=$_" } 1 .. 128 }),
        [ids(acme($hosts, { query => 'name=alpha' }))],
        '256 conditions are taken');
}


# a query reads so many records, so long, and is refused beyond

sub try_budget {
    my $first = acme($table, { query => 'ORDERBYsys_id', limit => 100 });
    my @first = ids($first);

    my $few = sub {
        my ($query, %more) = @_;
        return get($t, '/few' . list_url($table, { query => $query, %more }),
            domain => 'acme');
    };

    my $r = $few->('threat_score>0');
    is_refused($r, 400, 'Query too broad', 'a query that reads too much');
    like($r->{json}{error}{detail}, qr/^\d+\ records\ were\ read\ in\ \d+\ ms,
        \ back\ to\ \d{4}-\d\d-\d\d\ \d\d:\d\d:\d\d;\ a\ query\ may\ read\ 100\ records,\ for\ 60000\ ms;
        \ it\ becomes\ narrower\ by\ a\ condition\ on\ sys_id,\ sys_created_on
        \ or\ observable$/x, '... is told how far it came, and what to do');
    is($r->{headers}{'x-total-count'}, undef, '... and no total');
    is_refused($few->('threat_score>0', limit => 1), 400, 'Query too broad',
        '... also for the first of them');
    is_refused($few->('ORDERBYDESCfinding', limit => 1), 400,
        'Query too broad', '... or to sort them');
    is($few->('', limit => 10)->{status}, 200,
        'a list without a condition reads no more than its page');
    is($few->('ORDERBYsys_id', limit => 10, offset => 1000)->{status}, 200,
        '... wherever that is');

    my ($rare) = store('threat_lookup', 'acme', records(observable => 'rare'));
    is_listed($few->('observable=rare^resultISEMPTY'), [$rare],
        'a query that names a part may be answered');
    is_listed($few->("sys_id>=$rare^resultISEMPTY"), [$rare],
        '... by a subject, or by a time');
    is(scalar ids($few->('sys_idIN' . join ',', @first)), 100,
        '... or that names records');

    # old records, a second between two

    my @old = old('old', map { [$_, $_ % 16] } 1 .. 3000);
    my %old = (domain => 'old', roles => 'sn_sec_cmn.api_read');
    my $newest = sub { return get($t, '/few' . list_url($table, { @_ }), %old) };

    is_refused($newest->(query => 'resultLIKEr'), 400, 'Query too broad',
        'a query of old records');
    $r = $newest->(query => 'resultLIKEr', limit => 7, no_count => 'true');
    is_listed($r, [(reverse @old)[0 .. 6]],
        '... is answered if nobody counts, and the page is near');
    like({links($r)}->{next}, qr/&sysparm_cursor=\Q${\ $old[-7]}\E$/,
        '... with a link');
    is_listed($newest->(query => 'resultLIKEr', limit => 7, offset => 7,
        no_count => 'true', cursor => $old[-7]), [(reverse @old)[7 .. 13]],
        '... to the next page');
    # one list has all of the newest ones, and is longer than a step
    my @skew = old('skew', (map { [$_, $_ % 16] } 1 .. 800),
        map { [1000 + $_, 3] } 1 .. 200);
    is_listed(list($t, $table, { query => 'resultLIKEr', limit => 100,
        no_count => 'true' }, domain => 'skew'), [(reverse @skew)[0 .. 99]],
        '... also if one list has them all');

    is_refused($newest->(query => 'resultLIKEx', limit => 7,
        no_count => 'true'), 400, 'Query too broad', '... but not if it is not');
    is_refused($newest->(query => 'resultLIKEr^ORDERBYsys_id', limit => 7,
        no_count => 'true'), 400, 'Query too broad', '... nor the oldest first');

    $r = get($t, '/short' . list_url($table, { query => 'resultLIKExx' }),
        domain => 'acme');
    is_refused($r, 400, 'Query too broad', 'a query that takes too long');
    like($r->{json}{error}{detail}, qr/for 1 ms;/, '... is told for how long');

    store_many('sorted', map { records(result => "$_") } 1 .. 10000);
    $r = list($t, $table, { query => 'ORDERBYDESCresult', limit => 2 },
        domain => 'sorted');
    is_answered($r, [values_of($r, 'result')], [10000, 9999],
        '10000 records can be sorted');

    store_many('sorted', records());
    $r = list($t, $table, { query => 'ORDERBYresult', limit => 2 },
        domain => 'sorted');
    is_refused($r, 400, 'Query too broad', '... and no more');
    like($r->{json}{error}{detail}, qr/^more than 10000 records meet the query/,
        '... with the figure');
    is(list($t, $table, { query => 'result>9990^ORDERBYresult' },
        domain => 'sorted')->{headers}{'x-total-count'}, 10,
        '... of those that meet the query');

    store('threat_lookup', 'large', map { records(result => 'r',
        details => { x => "$_" x 1000000 }) } 1 .. 9);
    $r = list($t, $table, { display_value => 'all' }, domain => 'large');
    is_refused($r, 400, 'Page too large', 'a page of more than 16 MB');
    like($r->{json}{error}{detail}, qr/16777216 bytes.*sysparm_limit.*_fields/,
        '... is told what to do');
    is(scalar ids(list($t, $table, {}, domain => 'large')), 9,
        'a page of 9 MB is none');
    is(scalar ids(list($t, $table, { display_value => 'all',
        fields => 'result,sys_id' }, domain => 'large')), 9,
        '... nor is one of few columns');
}


# puts records into Redis: [seconds, shard] for each, in their order; -> ids

sub old {
    my ($domain, @records) = @_;
    my $redis = $t->{redis}[0];
    my @id;

    foreach my $record (@records) {
        my ($seconds, $shard) = ($record->[0], sprintf '%x', $record->[1]);
        my $id = sprintf '%012x%s%s', 1.7e12 + 1000 * $seconds, $shard,
            substr 'abcdef' x 4, 0, 19;

        $redis->cmd('SET', "secops:{$domain:$shard}:rec:$table:$id",
            qq({"sys_id":"$id","result":"r1"}));
        $redis->cmd('LPUSH', "secops:{$domain:$shard}:idx:$table", $id);
        push @id, $id;
    }

    return @id;
}


# request lines that are as long as clients make them

sub try_lines {
    my $query = 'name=alpha^ORname=' . join '^ORname=',
        map { 'n' . $_ x 40 } 1000 .. 1180;
    my $r = acme($hosts, { query => $query });

    cmp_ok(length list_url($hosts, { query => $query }), '>', 30000,
        'a request line of 30 kB');
    is_answered($r, [values_of($r, 'name')], ['alpha'], '... is answered');
    is($r->{headers}{link}, undef, '... without links that are too long');
}


# lists of more than one step, which have more in memory, take turns in a domain

sub try_turns {
    my $ask = sub {
        my $connection = $t->connect();
        $connection->send($connection->format('GET', list_url($table, $_[0]),
            who(domain => 'large')));
        return $connection;
    };

    # answers that nobody takes
    my @slow = map { $ask->({}) } 1 .. 4;
    ok(IO::Select->new($_->socket())->can_read(30), 'a large list is answered')
        foreach @slow;

    my $next = $ask->({});
    ok(!IO::Select->new($next->socket())->can_read(1),
        'a fifth one of the domain waits');
    is_listed(list($t, $table, { fields => 'sys_id', limit => 1 },
        domain => 'large'), [ids(list($t, $table, { limit => 1 },
        domain => 'large'))], '... a small one does not');
    is(acme($table, { query => 'resultLIKExx', limit => 1 })->{status}, 200,
        '... nor does one of another domain');

    $slow[0]->close();

    # a busy machine may have taken the 20 seconds that it waits at most
    my $r = $next->answer('GET');
    $r = $ask->({})->answer('GET') if $r->{status} == 503;
    is($r->{status}, 200, '... until one of the four ends');
    $_->close() foreach @slow[1 .. 3], $next;
}


# a client that leaves ends its walk

sub try_leaving {
    my $redis = $t->{redis}[0];
    my $reads = sub { $redis->calls('mget') };
    my $connection = $t->connect();

    $redis->cmd('CONFIG', 'RESETSTAT');
    acme($table, { query => 'resultLIKExx', limit => 1 });
    my $all = $reads->();
    cmp_ok($all, '>', 60, 'a walk takes many steps');

    $redis->cmd('CONFIG', 'RESETSTAT');
    $redis->pause();
    $connection->send($connection->format('GET', list_url($table,
        { query => 'resultLIKExx' }), who(domain => 'acme')));
    $connection->taken();
    $connection->close();
    $t->has_left();
    $redis->resume();

    # beside another walk it would be over by the end of that
    acme($table, { query => 'resultLIKExx', limit => 1 });
    cmp_ok($reads->(), '<', $all * 1.5, '... and ends when its client leaves');

    # while records are looked at, which takes long; on a machine that is busy it
    # may be over before this notices that it has begun: then once more

    my $read;

    ok(wait_for(sub {
        my $from = $t->log_end();
        my $left = sub { $t->logged($from,
            'client prematurely closed connection') };

        $redis->cmd('CONFIG', 'RESETSTAT');
        $connection = $t->connect();
        $connection->send($connection->format('GET', list_url($table, { query =>
            join '^', map { "resultNOT LIKExxxxxxxxxxxx$_" } 1 .. 256 }),
            who(domain => 'acme')));
        wait_for(sub { $reads->() >= 10 });
        $connection->close();
        wait_for(sub { $left->() || $reads->() >= $all });
        $t->{left} += $left->();

        $read = $reads->();
        return $left->() && $read < $all;
    }), '... also while its records are looked at');

    acme($table, { query => 'resultLIKExx', limit => 1 });
    cmp_ok($reads->() - $read, '<', $all + 20,
        '... before it has read them all');
}
