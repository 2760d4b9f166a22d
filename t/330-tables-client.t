# A client library of the Table API, as the public one works: it pages by
# offset in the order of sys_id until it has X-Total-Count records, compares
# strings, sends back what it has changed of what it was given, puts a query
# that is too long for a URL into a batch, and changes and deletes many records
# by batches.  What it needs of each answer is asserted as it would use it.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use MIME::Base64;
use SecOps;
use SecOps::Records;

my $t = SecOps->new();
my $redis = $t->redis();
my $table = '/api/now/table/sn_ti_lookup_result';
my %client = (user => 'library',
    roles => 'sn_sec_cmn.api_write,sn_sec_cmn.admin');
my $batches = 0;

$t->run(conf(location => 'client_max_body_size 2m;'));


# what it sends with every request

sub headers {
    return { %{who(%client)}, 'User-Agent' => 'python-requests/2.32.5',
        'Accept-Encoding' => 'gzip, deflate', 'Accept' => 'application/json',
        'Connection' => 'keep-alive', @_ };
}


sub form { # quote_plus
    my ($text) = @_;
    $text =~ s/([^A-Za-z0-9_.~ -])/sprintf '%%%02X', ord $1/ge;
    return $text =~ tr/ /+/r;
}


sub url {
    my ($path, @parameters) = @_;
    my @pairs;

    while (my ($name, $value) = splice @parameters, 0, 2) {
        push @pairs, "$name=" . form($value);
    }

    return @pairs ? "$path?" . join '&', @pairs : $path;
}


my @display = (sysparm_display_value => 'all',
    sysparm_exclude_reference_link => 'true');
my @quiet = (sysparm_suppress_pagination_header => 'true');


sub list_url {
    my ($query, $limit, $offset, @more) = @_;
    return url($table, sysparm_query => length $query ? "$query^ORDERBYsys_id"
        : 'ORDERBYsys_id', @more, @display, sysparm_limit => $limit,
        sysparm_offset => $offset, @quiet);
}


# a request, or, where its URL is too long, one of a batch: status, headers by
# their names in lower case, JSON

sub ask {
    my ($method, $url, $body) = @_;

    return (batch([ $method, $url, $body ]))[0] if length $url > 10_000;

    my $r = $t->request($method, $url, headers(defined $body
        ? ('Content-Type' => 'application/json') : ()), $body);
    return { status => $r->{status}, json => $r->{json},
        total => $r->{headers}{'x-total-count'}, body => $r->{body} };
}


sub batch {
    my (@requests) = @_;
    my $number = ++$batches;
    my $i = 0;
    my @rest = map {
        my ($method, $url, $body) = @$_;
        { id => sprintf('%d', 140_000_000_000 + $i++), method => $method,
            url => $url, headers => [ defined $body
                ? { name => 'Content-Type', value => 'application/json' } : () ],
            defined $body ? (body => encode_base64(
                JSON::PP->new->utf8->encode($body), '')) : () }
    } @requests;
    my $r = $t->request('POST', '/api/now/v1/batch',
        headers('Content-Type' => 'application/json'),
        { batch_request_id => $number, rest_requests => \@rest });

    is($r->{status}, 200, 'a batch is answered');
    is($r->{json}{batch_request_id}, "$number", '... under its number, a string');
    is_deeply($r->{json}{unserviced_requests}, [], '... all of it');

    my %of = map { $_->{id} => $_ } @{$r->{json}{serviced_requests}};

    return map {
        my $one = $of{$_->{id}};
        my %header = map { lc $_->{name} => $_->{value} } @{$one->{headers}};
        my $text = decode_base64($one->{body} // '');
        { status => $one->{status_code}, total => $header{'x-total-count'},
            json => length $text ? JSON::PP->new->utf8->decode($text) : undef }
    } @rest;
}


# all records of a query, page by page

sub query {
    my ($query, $limit, @more) = @_;
    my ($total, @records) = (1);

    while (@records < $total) {
        my $r = ask('GET', list_url($query, $limit, scalar @records, @more));
        die "no page: $r->{status}\n" unless $r->{status} == 200;
        $total = $r->{total} // die "no X-Total-Count\n";
        last unless @{$r->{json}{result}};
        push @records, @{$r->{json}{result}};
    }

    return @records;
}


sub value { my ($record, $name) = @_; return $record->{$name}{value} }
sub ids { return map { value($_, 'sys_id') } @_ }


# it inserts, and wants 201

my @sent = map { {
    observable => '198.51.100.' . $_ % 50, source_engine => 'E' . $_ % 5,
    finding => (qw(Malicious Clean Suspicious Unknown))[$_ % 4],
    threat_score => $_,
} } 0 .. 249;
my @ids;

foreach my $record (@sent) {
    my $r = ask('POST', url($table, @display, @quiet), $record);
    is($r->{status}, 201, 'a record is inserted') unless @ids;
    push @ids, value($r->{json}{result}, 'sys_id');
}

# ids of one millisecond are in the order of their shards

my @all = sort @ids;
is_deeply([ids(query('', 100))], \@all,
    'all are read by pages of 100, in the order of sys_id');
is_deeply([ids(query('', 7))], \@all, '... and by pages of 7');


# queries

sub numbers { # of records that were sent
    my ($code) = @_;
    return [ sort map { $ids[$_] } grep { $code->(local $_ = $sent[$_]) } 0 .. $#sent ];
}


my %found = (
    'finding=Malicious' => sub { $_->{finding} eq 'Malicious' },
    'threat_score>200' => sub { $_->{threat_score} > 200 },
    'finding=Clean^ORfinding=Unknown^source_engine=E1' => sub {
        $_->{finding} =~ /Clean|Unknown/ && $_->{source_engine} eq 'E1' },
    'observableIN198.51.100.1,198.51.100.2' => sub {
        $_->{observable} =~ /\.[12]$/ },
    'findingNOT INMalicious,Clean' => sub {
        $_->{finding} !~ /Malicious|Clean/ },
    'referenceISEMPTY' => sub { 1 },
    'referenceISNOTEMPTY' => sub { 0 },
    'observableSTARTSWITH198.51.100.4' => sub {
        $_->{observable} =~ /^198\.51\.100\.4/ },
    'source_engineDOES NOT CONTAIN1' => sub { $_->{source_engine} !~ /1/ },
    'JOINsn_ti_lookup_result.x=sys_user.y!active=true' => sub { 1 },
    'RLQUERYx.f,>0,m2m^finding=Clean^ENDRLQUERY' => sub { 1 },
    'no_column=1^source_engine=E2' => sub { $_->{source_engine} eq 'E2' },
);

is_deeply([ids(query($_, 100))], numbers($found{$_}), $_) foreach sort keys %found;

my $long = join ',', map { '198.51.100.' . $_ % 50 } 0 .. 1999;
my $before = $batches;
is_deeply([ids(query("observableIN$long", 100))], \@all,
    'a query that is too long for a URL goes by batches');
cmp_ok($batches - $before, '>=', 3, '... one for each page');
is(scalar(query(join('^', map { "no_column$_=x" } 1 .. 2300), 100)), 250,
    '2,300 conditions on columns that there are not count for nothing');


# one record

my ($first) = query('', 1, sysparm_fields => 'sys_id,source_engine,finding');
is_deeply([sort keys %$first], [sort qw(sys_id source_engine finding)],
    'only what was asked for');

my $r = ask('GET', url("$table/$ids[3]", sysparm_query => 'ORDERBYsys_id',
    @display, sysparm_limit => 100, @quiet));
is(value($r->{json}{result}, 'finding'), 'Unknown', 'one is read by its id');
is_deeply([grep { ref $_ ne 'HASH' || grep { ref } values %$_ }
    values %{$r->{json}{result}}], [], '... and all its values are strings');
is($r->{json}{result}{reference}{value}, '', '... those that it has not, empty');

$r = ask('GET', url("$table/bunk", @display));
is($r->{status}, 404, 'an id that is none is not found');
is(ref $r->{json}{error}, 'HASH', '... which is said in JSON');

$r = ask('GET', url('/api/now/table/no_such_table', @display, sysparm_limit => 1));
is($r->{status}, 400, 'a table that is not there is no record that is not');


# it sends what it has changed

$r = ask('PATCH', url("$table/$ids[5]", @display, @quiet),
    { finding => 'Malicious', reference => 'https://example.com/5' });
is($r->{status}, 200, 'a record is updated');
is(value($r->{json}{result}, 'sys_mod_count'), '1', '... which is counted');
is(value($r->{json}{result}, 'reference'), 'https://example.com/5',
    '... and the answer is the record');

is(ask('PATCH', url("$table/$ids[6]", @display, @quiet),
    { observable => '10.0.0.1' })->{status}, 400, 'but not what it is about');

is(ask('DELETE', "$table/$ids[7]")->{status}, 204, 'a record is deleted');
is(ask('GET', "$table/$ids[7]")->{status}, 404, '... and gone');
is(scalar(query('', 100)), 249, '... from the list as well');


# many at once: by their ids, in one batch; of none, too

my @some = ids(query('source_engine=E1', 100));
is_deeply([map { $_->{status} } batch(map { [ 'PATCH', url("$table/$_", @display,
    @quiet), { result => 'seen' } ] } @some)], [(200) x @some],
    'many are updated by a batch');
is_deeply([ids(query('result=seen', 100))], \@some, '... all of them');

@some = ids(query('source_engine=E3', 100));
is_deeply([map { $_->{status} } batch(map { [ 'DELETE', "$table/$_" ] } @some)],
    [(204) x @some], 'many are deleted by a batch');
is(scalar(query('source_engine=E3', 100)), 0, '... none is left');
is_deeply([batch()], [], 'a batch of nothing');


# who may not

$client{roles} = 'sn_sec_cmn.api_read';
is(ask('POST', url($table, @display), $sent[0])->{status}, 403,
    'a reader inserts nothing');
is(ask('DELETE', "$table/$ids[0]")->{status}, 403, '... and deletes nothing');
is(ask('GET', list_url('', 1, 0))->{status}, 200, '... but reads');

$t->done();
