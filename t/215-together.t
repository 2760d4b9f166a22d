# Lists of records, and what is known about a subject, of several domains read
# together: what a caller who may see them all would see if they were one, in
# the same order and on the same pages, and nothing of any other domain.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use List::Util qw(min);
use SecOps;
use SecOps::Records;
use SecOps::Relay;
use Test::More;

srand($ENV{SECOPS_SEED} // 1);

my $t = SecOps->new();
my $redis = $t->redis();
my @domains = ('mssp', map { "t$_" } 1 .. 5);
my $list = '/api/now/table/sn_ti_lookup_result';
my $subjects = '/api/secops/v1/subjects';
my $tenants = join ' ', map { "t$_" } 1 .. 20;

my $relay = SecOps::Relay->new($t);
my $parents = "secops_domain_parents \"$tenants\";";

$t->run(conf(location => $parents, server => api_location('relayed',
    "secops_redis @{[ $relay->url() ]}; $parents")));

sub ask { return $t->keepalive(@_) // die "no answer to $_[0] $_[1]\n" }

sub as { return who(user => 'eve', domain => $_[0]) }


# records, some about the same subjects, in turn in all domains, and in one that
# nobody asks for

my @records;

foreach my $n (1 .. 90) {
    my $domain = (@domains, 'hidden')[rand @domains + 1];
    my $r = ask('POST', path(), as($domain), records(
        observable => 'o' . int(rand 6), source_engine => 'e' . int(rand 3),
        finding => (qw(Malicious Suspicious Clean Unknown))[rand 4],
        confidence => int(rand 100)));

    die "not stored: $r->{body}\n" if $r->{status} != 201;
    push @records, $r->{json};
}

sub newest { # of these domains
    my %of = map { $_ => 1 } @_;
    return sort { $b->{sys_id} cmp $a->{sys_id} }
        grep { $of{$_->{sys_domain}} } @records;
}

sub ids { return [map { $_->{sys_id} } @_] }

sub found { # ids of a list's answer
    my ($r) = @_;
    return $r->{status} == 200 ? ids(@{$r->{json}{result}}) : $r->{body};
}

sub listed {
    my ($args, @of) = @_;
    my $domains = join ',', @of;
    return ask('GET', "$list?sysparm_domain=$domains"
        . (length $args ? "&$args" : ''), as('mssp'));
}


# without a condition

foreach my $of (['t1', 't2'], [@domains], ['t3', 'mssp'], ['t1', 't19'],
    ['t18', 't19'], ['t1', 't1', 't2']) {

    my @all = newest(@$of);
    my $name = "of @$of";
    my $r = listed('', @$of);

    is_deeply(found($r), ids(@all), "all records $name, the newest first");
    is($r->{headers}{'x-total-count'}, scalar @all, '... and how many');
    is_deeply([map { $_->{sys_domain} } @{$r->{json}{result}}],
        [map { $_->{sys_domain} } @all], '... each with its domain');

    is_deeply(found(listed('sysparm_query=ORDERBYsys_created_on', @$of)),
        ids(reverse @all), '... the oldest first');

    foreach my $page ([0, 5], [3, 7], [7, 3], [scalar @all, 4], [500, 4],
        [0, 0], [0, scalar @all]) {
        my ($offset, $limit) = @$page;
        is_deeply(found(listed("sysparm_offset=$offset&sysparm_limit=$limit",
            @$of)), ids(grep { defined }
            @all[$offset .. min($offset + $limit, scalar @all) - 1]),
            "... $limit from $offset on");
    }
}

sub walk { # by the links of this kind, from this page on
    my ($rel, $path) = @_;
    my @found;

    while ($path) {
        my $r = ask('GET', $path, as('mssp'));
        last if !ok($r->{status} == 200, 'a page') || @found > 200;
        push @found, [@{found($r)}];
        ($path) = ($r->{headers}{link} // '')
            =~ /<http:[^>]*?(\/api[^>]*)>;rel="\Q$rel\E"/;
    }

    return @found;
}

foreach my $query ('', 'sysparm_query=ORDERBYsys_id',
    'sysparm_query=confidence%3E=0', 'sysparm_query=ORDERBYconfidence') {

    my $path = "$list?sysparm_domain=" . join(',', @domains)
        . "&sysparm_limit=7&$query";
    my @pages = walk('next', $path);
    my $all = found(listed($query, @domains));

    is_deeply([map { @$_ } @pages], $all, "pages by their links: \"$query\"");

    next if $query =~ /confidence$/;
    my $last = $pages[-2][-1];
    my @back = walk('prev', "$path&sysparm_cursor=$last&sysparm_offset=7");
    is_deeply([map { @$_ } reverse @back], $all, '... and back');
}

is(listed('sysparm_offset=9000&sysparm_limit=1000', 't1', 't2')->{status}, 200,
    'an offset that is just small enough');
is_refused(listed('sysparm_offset=9001&sysparm_limit=1000', 't1', 't2'), 400,
    'Invalid query', '... too large');
is(listed('sysparm_query=confidence=1&sysparm_offset=90001', 't1',
    't2')->{status}, 200, '... with a condition');


# with one

my @of = ('mssp', 't2', 't4');

foreach my $case (
    ['finding=Malicious', sub { $_[0]{finding} eq 'Malicious' }],
    ['observable=o1', sub { $_[0]{observable} eq 'o1' }],
    ['observableINo1,o3,o5', sub { $_[0]{observable} =~ /[135]/ }],
    ['observable=o2^findingINClean,Unknown', sub {
        $_[0]{observable} eq 'o2' && $_[0]{finding} =~ /^[CU]/ }],
    ['sys_created_by=eve', sub { 1 }],
    ['observable=none', sub { 0 }],
) {
    my ($query, $meets) = @$case;
    my @wanted = grep { $meets->($_) } newest(@of);
    my $r = listed("sysparm_query=$query", @of);

    is_deeply(found($r), ids(@wanted), "records that meet $query");
    is($r->{headers}{'x-total-count'}, scalar @wanted, '... and how many');
    is_deeply(found(listed("sysparm_query=$query&sysparm_no_count=true"
        . '&sysparm_limit=3', @of)), ids(grep { defined }
        @wanted[0 .. min(3, scalar @wanted) - 1]), '... the first, uncounted');
}

my @some = map { $_->{sys_id} } @records[10 .. 40];
my %some = map { $_ => 1 } @some;
is_deeply(found(listed('sysparm_query=sys_idIN' . join(',', @some), @of)),
    ids(grep { $some{$_->{sys_id}} } newest(@of)), 'records by their ids');
is_deeply(found(listed("sysparm_query=sys_id=$_->{sys_id}", @of)), [],
    '... but not one of another domain') foreach (newest('hidden'))[0] // {};
is_deeply(found(listed('sysparm_query=ORDERBYconfidence', @of)),
    ids(sort { $a->{confidence} <=> $b->{confidence}
        || $a->{sys_id} cmp $b->{sys_id} } newest(@of)),
    'records in another order');


# a subject

sub known {
    my ($subject, @of) = @_;
    return ask('GET', "$subjects/$subject?sysparm_domain=" . join(',', @of),
        as('mssp'));
}

foreach my $subject (map { "o$_" } 0 .. 5) {
    my $r = known($subject, @domains);
    my @about = grep { $_->{observable} eq $subject } newest(@domains);
    my $result = $r->{json}{result};

    is($result->{records}, scalar @about, "$subject: how many records");
    is_deeply([map { $_->{domain} } @{$result->{tables}}],
        [grep { my $d = $_; grep { $_->{sys_domain} eq $d } @about } @domains],
        '... in which domains');

    foreach my $table (@{$result->{tables}}) {
        my $one = ask('GET', "$subjects/$subject", as($table->{domain}))
            ->{json}{result}{tables}[0];
        delete $table->{domain};
        is_deeply($table, $one, '... each as it is alone');
    }

    my %worst = map { $_->{sys_id} => 1 } @{$result->{worst}{said_by}};
    my ($finding) = grep { my $f = $_; grep { $_->{finding} eq $f } map {
        @{$_->{results}} } @{$result->{tables}} } qw(Malicious Suspicious
        Clean Unknown);
    is($result->{worst}{finding}, $finding, '... the worst of them all');
    is_deeply([sort keys %worst], [sort map { $_->{sys_id} }
        grep { $_->{finding} eq $finding } map { @{$_->{results}} }
        @{$result->{tables}}], '... and who said it');
    is(scalar grep({ !$_->{domain} } @{$result->{worst}{said_by}}), 0,
        '... in which domain');
}

is_refused(known('o1', 't18', 't19'), 404, 'No Record found',
    'a subject that no domain knows');
unlike(known('o1', 't1')->{body}, qr/"domain":/,
    'of one domain, the answer is as ever');
is(ask('GET', "$subjects?value=o1&sysparm_domain=t1,t2&max_age=1h",
    as('mssp'))->{status}, 200, 'by the query, and young enough');


# how many

my $most = join ',', map { "t$_" } 1 .. 16;
is(listed('', split /,/, $most)->{status}, 200, '16 domains at most');
is(known('o1', split /,/, $most)->{status}, 200, '... for a subject, too');
is_refused(listed('', split(/,/, $most), 't17'), 400, 'Invalid query',
    '... and no more');
is(listed('', (split /,/, $most), 't1')->{status}, 200,
    '... but the same twice is one');
is_refused(listed('', 't1', 'hidden'), 403, 'Insufficient access',
    'one that the caller may not see is enough');
is_refused(known('o1', 't1', 'hidden'), 403, 'Insufficient access',
    '... for a subject, too');
is(ask('GET', $list, { %{as('mssp')}, 'X-SecOps-Act-For' => 't1 t2' })
    ->{status}, 200, 'a header may name several');


# many records of each, in steps

$redis->cmd('FLUSHALL');

foreach my $domain ('t1' .. 't4') {
    ask('POST', path(), as($domain), { data => [map { records(
        observable => "o$_", more => 'x' x 500) } 1 .. 900] });
}

my @pages = walk('next', "$list?sysparm_domain=t1,t2,t3,t4&sysparm_limit=700"
    . '&sysparm_fields=sys_id');
is(scalar(map { @$_ } @pages), 3600, 'pages of many records');
is(scalar keys %{{ map { $_ => 1 } map { @$_ } @pages }}, 3600,
    '... each of them once');
my @ids = map { @$_ } @pages;
is_deeply(\@ids, [reverse sort { $a cmp $b } @ids], '... in their order');
is(scalar @{found(listed('sysparm_query=source_engine=VirusTotal'
    . '&sysparm_fields=sys_id', 't1' .. 't4'))}, 3600,
    'a query that reads them all');

# a client that leaves when the first step was asked for, or somewhere on the way

foreach my $path ("$list?sysparm_limit=4000",
    "$list?sysparm_query=source_engine=VirusTotal", "$subjects?value=o1")
{
    my $relayed = "/relayed$path&sysparm_domain=t1,t2,t3,t4";

    $relay->rule('hold');
    my $asked = $redis->calls('evalsha');
    my $connection = $t->connect();
    $connection->send($connection->format('GET', $relayed, as('mssp')));
    ok(wait_for(sub { $redis->calls('evalsha') > $asked }),
        "$path: Redis was asked");
    $connection->close();
    ok($t->has_left(), '... when the client leaves');
    $relay->rule('pass');
    is(ask('GET', $relayed, as('mssp'))->{status}, 200,
        '... the next one is answered');
}

foreach my $n (1 .. 20) {
    my $socket = $t->connect()->{socket};
    print {$socket} "GET $list?sysparm_domain=t1,t2,t3,t4&sysparm_limit=4000"
        . " HTTP/1.1\r\nHost: a\r\nX-SecOps-User: eve\r\n"
        . "X-SecOps-Domain: mssp\r\nX-SecOps-Roles: sn_sec_cmn.api_read\r\n\r\n";
    select undef, undef, undef, $n / 2000;
    close $socket;
}
is(listed('sysparm_limit=1', 't1', 't2')->{status}, 200,
    'clients that leave take nothing with them');

$redis->stop();
is_refused(listed('', 't1', 't2'), 503, 'Unable to read record',
    'without Redis');
is_refused(known('o1', 't1', 't2'), 503, 'Unable to read record',
    '... for a subject, too');

$t->done();
