# One row for one fact: in a table with x-coalesce a record that agrees with a
# stored one in what the table names changes that one, and is not added.  On one
# Redis and on a Cluster, one record at a time and many, of several at the same
# time, and after what was there has gone.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use JSON::PP;
use MIME::Base64 qw(encode_base64);
use SecOps;
use SecOps::Cluster;
use SecOps::Records;

my $t = SecOps->new(workers => 2);
my $redis = $t->redis();
my $cluster = SecOps::Cluster->new($t, replicas => 0);
my $json = JSON::PP->new->canonical->utf8;

sub schema {
    my ($name, %more) = @_;
    $t->write("schema/tables/$name.json", $json->encode({ type => 'object',
        'x-label' => 'L', properties => {
            about => { type => [qw(string number)] },
            who => { type => 'string' }, state => { enum => [qw(New Old)],
                default => 'New' },
            score => { type => 'number', maximum => 10 },
            why => {}, note => {} },
        %more }));
}

schema('u_fact', 'x-endpoint' => 'fact', 'x-subject' => 'about',
    'x-engine' => 'who', 'x-coalesce' => [qw(about who)],
    required => [qw(about)], dependencies => { score => ['why'] });
schema('u_loose', 'x-endpoint' => 'loose', 'x-coalesce' => ['who']);
schema('u_brief', 'x-endpoint' => 'brief', 'x-subject' => 'about',
    'x-coalesce' => [qw(about who)], 'x-retention' => '1h');
schema('u_plain', 'x-endpoint' => 'plain', 'x-subject' => 'about');

$t->run(conf(http => <<'EOT'));
    secops_schema_dir %%DIR%%/schema;

    server {
        listen 127.0.0.1:%%PORT1%%;

        location /api/ {
            secops_api;
            secops_redis %%REDIS1%%;
            secops_redis_cluster on;
            secops_redis_timeout 20s;
            secops_auth header;
        }
    }
EOT

my ($port, @nodes);


sub add { # to a table; what post() takes
    my ($record, %opt) = @_;
    return post($t, ref $record ? $json->encode($record) : $record,
        endpoint => 'fact', %opt, port => $port);
}


sub stored { # a record by its answer or its id
    my ($r, %opt) = @_;
    my $table = $opt{table} // 'u_fact';
    my $id = ref $r ? $r->{json}{sys_id} : $r;
    return get($t, "/api/now/table/$table/$id", %opt, port => $port)
        ->{json}{result};
}


sub names { # of keys of all nodes
    my ($pattern) = @_;
    return map { keys_like($_, $pattern) } @nodes;
}


sub entries { # of the audit: operation, id, members; the oldest first
    my ($type, %opt) = @_;
    my $r = get($t, '/api/secops/v1/audit?limit=1000', %opt, port => $port,
        roles => 'sn_sec_cmn.admin');
    return map { [ @$_{qw(operation id members)} ] }
        grep { $_->{type} eq $type } reverse @{$r->{json}{result}};
}


foreach my $case (['one Redis', 0, $redis],
    ['a Cluster', 1, @{$cluster->{nodes}}])
{
    (my $name, $port, @nodes) = @$case;

    subtest $name => sub {
        single();
        same();
        changes();
        gone();
        batches();
        lines();
        table_api();
        domains();
        loose();
        brief();
        plain();
        together();
        large();
        refusals();
    };
}


sub single {
    my %opt = (domain => 'single');
    my $first = add({ about => 'x', who => 'A', note => 1, extra => [1] },
        %opt);

    is_stored($first, 'a fact that is new: a record');
    is($first->{json}{state}, 'New', '... with the defaults');

    my $other = add({ about => 'x', who => 'B' }, %opt);
    is_stored($other, 'another engine says the same: another record');

    add({ about => 'x', who => 'A', state => 'Old' }, %opt);
    my $r = add({ note => 2, who => 'A', about => 'x' }, %opt, user => 'second');

    is($r->{status}, 200, 'a fact that is known');
    is($r->{headers}{location}, $first->{headers}{location},
        '... is the record that is there');
    is($r->{headers}{'x-secops-durability'}, 'memory', '... as durable');
    is_deeply([@{$r->{json}}{qw(sys_id sys_mod_count note state extra
        sys_created_on sys_created_by sys_updated_by)}],
        [$first->{json}{sys_id}, '2', 2, 'Old', [1],
        $first->{json}{sys_created_on}, 'script', 'second'],
        '... members that were named are replaced, others stay');
    is(stored($r, %opt)->{note}, '2', '... and stored');
    is_deeply([sort(names('*{single:*:rec:*'))],
        [sort map { my $id = $_->{json}{sys_id};
            "secops:{single:" . shard_of($id) . "}:rec:u_fact:$id" }
            $first, $other], '... there are these two');
    is(scalar(my @one = names('*{single:*:one:u_fact:*')), 2,
        '... and the keys of the two facts');
    is_deeply([entries('u_fact', %opt)], [
        ['records.create', $first->{json}{sys_id}, undef],
        ['records.create', $other->{json}{sys_id}, undef],
        ['records.update', $first->{json}{sys_id}, 'state'],
        ['records.update', $first->{json}{sys_id}, 'note'],
    ], 'the audit tells what was added and what was changed');

    $r = add({ note => 2, who => 'A', about => 'x' }, %opt);
    is("$r->{status} $r->{json}{sys_mod_count}", '200 3',
        'nothing is new: it was said again all the same');

    $r = add({ about => 'x', who => 'A' }, %opt,
        query => 'simple_response=true');
    is("$r->{status} $r->{body}", '200 {"success":true}', 'simple_response');
    $r = add({ about => 'x', who => 'A' }, %opt, query => 'include_wrap=true');
    is("$r->{status} $r->{json}{result}{sys_mod_count}", '200 5',
        'include_wrap');
}


# which records are the same fact

sub same {
    my %opt = (domain => 'same');

    foreach my $case (
        ['escapes', '{"about":"ab","who":"c"}', '{"about":"\u0061b","who":"c"}', 1],
        ['other members', '{"about":"1","who":"c","a":1}',
            '{"b":2,"about":"1","who":"c"}', 1],
        ['a number and its digits', '{"about":15.5,"who":"c"}',
            '{"about":"15.5","who":"c"}', 1],
        ['another number', '{"about":2.0,"who":"c"}', '{"about":2,"who":"c"}', 0],
        ['letter case', '{"about":"A","who":"c"}', '{"about":"a","who":"c"}', 0],
        ['where one ends', '{"about":"x1","who":"c"}', '{"about":"x","who":"1c"}', 0],
        ['none', '{"about":"y"}', '{"about":"y"}', 0],
        ['null', '{"about":"z","who":null}', '{"about":"z","who":null}', 0],
        ['empty', '{"about":"w","who":""}', '{"about":"w","who":""}', 0],
    ) {
        my ($name, $one, $two, $same) = @$case;
        my $first = add($one, %opt);
        my $second = add($two, %opt);

        is($first->{status}, 201, "$name: one is added");
        is($second->{status}, $same ? 200 : 201, $same ? '... the other changes it'
            : '... the other is added, too');
        is($first->{json}{sys_id} eq $second->{json}{sys_id} ? 1 : 0, $same,
            $same ? '... it is the same record' : '... it is another record');
    }
}


# what becomes of the record is valid as a whole

sub changes {
    my %opt = (domain => 'changes');
    my $first = add({ about => 'x', who => 'A', why => 'w', score => 1 }, %opt);
    my $r = add({ about => 'x', who => 'A', why => '' }, %opt);

    is_refused($r, 400, 'Invalid post body',
        'a record that is valid but makes the stored one invalid');
    like($r->{json}{error}{detail}, qr{^/}, '... with a pointer');
    is(stored($first, %opt)->{sys_mod_count}, '0', '... changes nothing');

    is_refused(add({ about => 'x', who => 'A', score => 11 }, %opt), 400,
        'Invalid post body', 'one that is not valid itself');
    is_refused(add({ about => 'x', who => 'A', sys_id => 1 }, %opt), 400,
        'Invalid post body', '... or has what is the server\'s');
    is_refused(add({ who => 'A' }, %opt), 400,
        'Mandatory fields missing: about', '... or lacks what is mandatory');
    is(stored($first, %opt)->{sys_mod_count}, '0', '... changes nothing, too');

    is_refused($t->request('PATCH', $first->{headers}{location}, who(%opt),
        { who => 'B' }, port => $port), 400, 'Invalid post body',
        'which fact it is can not be changed');
    is($t->request('PATCH', $first->{headers}{location}, who(%opt),
        { who => 'A', note => 5 }, port => $port)->{status}, 200,
        '... all else can');
    is(add({ about => 'x', who => 'A' }, %opt)->{json}{note}, 5,
        '... and the record is still found by it');
}


# records that are no more; and what does not fit

sub gone {
    my %opt = (domain => 'gone');
    my %admin = (%opt, roles => 'sn_sec_cmn.admin');
    my $first = add({ about => 'x', who => 'A', note => 1 }, %opt);
    my $key = (names('*{gone:*:one:*'))[0];
    my ($node) = grep { scalar(my @found = keys_like($_, $key)) } @nodes;

    is($node->cmd('GET', $key), $first->{json}{sys_id},
        'the key of a fact has the id of its record');
    is($node->cmd('TTL', $key), -1, '... as long as there is a record');

    is($t->request('DELETE', $first->{headers}{location}, who(%admin), undef,
        port => $port)->{status}, 204, 'the record is deleted');
    is_deeply([names('*{gone:*:one:*')], [], '... and this key with it');

    my $second = add({ about => 'x', who => 'A' }, %opt);
    is($second->{status}, 201, '... said again it is a new record');
    isnt($second->{json}{sys_id}, $first->{json}{sys_id}, '... of its own id');
    is($second->{json}{note}, undef, '... without what the old one had');

    my $space = "secops:{gone:" . shard_of($second->{json}{sys_id}) . '}';
    $node->cmd('PEXPIRE', "$space:rec:u_fact:$second->{json}{sys_id}", 1);
    select undef, undef, undef, 0.01;

    my $third = add({ about => 'x', who => 'A' }, %opt);
    is($third->{status}, 201, 'the record has expired: a new one');
    is($node->cmd('GET', $key), $third->{json}{sys_id},
        '... which the fact leads to');

    # somebody has changed it by hand
    $node->cmd('SET', "$space:rec:u_fact:$third->{json}{sys_id}",
        '{"about":"x","who":"B","sys_mod_count":"7"}');
    my $fourth = add({ about => 'x', who => 'A' }, %opt);
    is($fourth->{status}, 201, 'a record that says something else: a new one');
    is($node->cmd('GET', $key), $fourth->{json}{sys_id}, '... is found by it');

    $node->cmd('SET', "$space:rec:u_fact:$fourth->{json}{sys_id}", 'x');
    is_refused(add({ about => 'x', who => 'A' }, %opt), 500,
        'Unable to persist record', 'a record that can not be read');
    $node->cmd('SET', $key, 'nonsense');
    is(add({ about => 'x', who => 'A' }, %opt)->{status}, 201,
        'a fact that leads nowhere: a new record');
    $node->cmd('DEL', $key);
    $node->cmd('LPUSH', $key, 'x');
    is_refused(add({ about => 'x', who => 'A' }, %opt), 500,
        'Unable to persist record', 'a key of another type');
    $node->cmd('DEL', $key);
    $t->allow(qr/records\.create/);
}


sub batches {
    my %opt = (domain => 'batch');
    my $known = add({ about => 'x', who => 'A' }, %opt);
    my $r = add({ data => [
        { about => 'x', who => 'A', note => 1 },
        { about => 'x', who => 'B', note => 2 },
        { about => 'y', who => 'A', note => 3 },
        { about => 'x', who => 'A', note => 4, why => 5 },
        { about => 'y', who => 'A', note => 6 },
        { about => 'z', note => 7 },
        { about => 'z', note => 8 },
    ] }, %opt);
    my @records = @{$r->{json}{records}};
    my @ids = map { $_->{sys_id} } @records;

    is($r->{status}, 201, 'a batch, of which some are new');
    is_deeply([@{$r->{json}}{qw(success total stored failed)}],
        [JSON::PP::true, 7, 7, 0], '... all are stored');
    is(join(' ', map { $_->{updated} ? 1 : 0 } @records), '1 0 0 1 1 0 0',
        '... and it says which were known');
    is("$ids[0] $ids[3] $ids[4]",
        "$known->{json}{sys_id} $known->{json}{sys_id} $ids[2]",
        '... under their ids');
    isnt($ids[5], $ids[6], '... those that are no fact are records each');
    is_deeply([@{stored($ids[0], %opt)}{qw(note why sys_mod_count)}],
        ['4', '5', '2'], 'those of the same fact follow one another');
    is_deeply([@{stored($ids[2], %opt)}{qw(note sys_mod_count)}], ['6', '1'],
        '... also if the first of them is new');

    $r = add({ data => [ map { { about => $_, who => 'A' } } qw(x y) ] }, %opt);
    is($r->{status}, 200, 'a batch of which all are known');

    $r = add({ data => [
        { about => 'x', who => 'A', why => 'w', score => 1 },
        { about => 'x', who => 'A', why => '' },
        { about => 'y', who => 'A', score => 11 },
        { about => 'x', who => 'A', note => 'last' },
    ] }, %opt);
    is("$r->{status} $r->{json}{stored}", '207 2', 'some are not valid');
    like($r->{json}{records}[1]{error}{detail}, qr{^/data/1/},
        '... one only as a whole');
    like($r->{json}{records}[2]{error}{detail}, qr{^/data/2/score},
        '... one by itself');
    is(stored($ids[0], %opt)->{note}, 'last', '... the others are stored');

    my @many = map { { about => 'same', who => 'A', note => $_ } } 1 .. 50;
    $r = add({ data => \@many }, %opt);
    is($r->{status}, 201, 'fifty times the same');
    is(keys %{{ map { $_->{sys_id} => 1 } @{$r->{json}{records}} }}, 1,
        '... one record');
    is_deeply([@{stored($r->{json}{records}[0]{sys_id}, %opt)}
        {qw(note sys_mod_count)}], ['50', '49'], '... changed by each in turn');

    @many = map { { about => "s$_", who => $_ % 2 ? 'A' : 'B' } } 1 .. 300;
    $r = add({ data => \@many }, %opt);
    is("$r->{status} $r->{json}{stored}", '201 300', 'more than are asked for'
        . ' at once');
    $r = add({ data => [@many, @many] }, %opt);
    is("$r->{status} $r->{json}{stored}", '200 600', '... and again, twice');

    $r = add({ data => [{ about => 'x', who => 'A' }] }, %opt,
        query => 'atomic=true');
    is_refused($r, 400, 'Invalid post body', 'all or nothing: not here');
    like($r->{json}{error}{detail}, qr/x-coalesce/, '... which is said');

    $r = add({ data => [] }, %opt);
    is_refused($r, 400, 'No fields supplied', 'an empty batch');
}


sub lines {
    my %opt = (domain => 'lines');
    my $r = add(join("\n", '{"about":"x","who":"A","note":1}', '{"about":',
        '{"about":"x","who":"A","note":2}', '{"about":"y","who":"A"}'), %opt,
        headers => { 'Content-Type' => 'application/x-ndjson' });

    is("$r->{status} $r->{json}{stored}", '207 3', 'lines');
    is(join(' ', map { $_->{updated} ? 1 : 0 } @{$r->{json}{records}}),
        '0 0 1 0', '... of which one changes another');
    is(stored($r->{json}{records}[0]{sys_id}, %opt)->{note}, '2',
        '... in their order');
}


sub table_api {
    my %opt = (domain => 'tables');
    my $post = sub {
        return $t->request('POST', '/api/now/table/u_fact', who(%opt),
            $json->encode($_[0]), port => $port);
    };
    my $first = $post->({ about => 'x', who => 'A' });
    is($first->{status}, 201, 'Table API: added');

    my $r = $post->({ about => 'x', who => 'A', note => 5 });
    is($r->{status}, 200, '... and changed');
    is($r->{headers}{location}, $first->{headers}{location},
        '... the same record');
    is($r->{headers}{etag}, '"1"', '... of another version');
    is_deeply([@{$r->{json}{result}}{qw(note sys_mod_count)}], ['5', '1'],
        '... in the form of this API');
    is(add({ about => 'x', who => 'A' }, %opt)->{json}{sys_mod_count}, '2',
        'the Record API finds it');
}


sub domains {
    my $one = add({ about => 'd', who => 'A' }, domain => 'one');
    my $two = add({ about => 'd', who => 'A' }, domain => 'two');

    is("$one->{status} $two->{status}", '201 201',
        'two domains: two records of the same fact');
    is(add({ about => 'd', who => 'A' }, domain => 'two')->{json}{sys_id},
        $two->{json}{sys_id}, '... each changes its own');
    is(stored($one, domain => 'one')->{sys_mod_count}, '0',
        '... and not the other');
}


# a table whose records are about nothing

sub loose {
    my %opt = (domain => 'loose', endpoint => 'loose');
    my @first = map { add({ who => "w$_", note => 1 }, %opt) } 1 .. 20;
    my @second = map { add({ who => "w$_", note => 2 }, %opt) } 1 .. 20;

    is(join(' ', map { $_->{status} } @first, @second),
        join(' ', (201) x 20, (200) x 20), 'a table without a subject');
    is_deeply([map { $_->{json}{sys_id} } @second],
        [map { $_->{json}{sys_id} } @first], '... its facts are found, too');
    cmp_ok(keys %{{ map { shard_of($_->{json}{sys_id}) => 1 } @first }}, '>', 3,
        '... in all shards');
    my @other = map { add({ note => 1 }, %opt) } 1 .. 2;
    is(join(' ', map { $_->{status} } @other), '201 201',
        '... what is no fact is a record');
}


# with a retention: it counts from when the fact was said first

sub brief {
    my %opt = (domain => 'brief', endpoint => 'brief');
    my $r = add({ about => 'x', who => 'A' }, %opt);
    my $space = 'secops:{brief:' . shard_of($r->{json}{sys_id}) . '}';
    my $record = "$space:rec:u_brief:$r->{json}{sys_id}";
    my ($node) = grep { scalar(my @found = keys_like($_, $record)) } @nodes;
    my ($fact) = names("$space:one:*");
    my @lists = map { names("$space:$_:*") } qw(idx sub);

    foreach my $key ($record, $fact) {
        my $ttl = $node->cmd('TTL', $key);
        ok($ttl > 3590 && $ttl <= 3600, "$key expires after the retention")
            or diag($ttl);
    }

    foreach my $key (@lists) {
        my $ttl = $node->cmd('TTL', $key);
        ok($ttl > 3600 && $ttl <= 3 * 3600, "$key expires after its records")
            or diag($ttl);
    }

    $node->cmd('EXPIRE', $_, 100) foreach $record, $fact;
    is(add({ about => 'x', who => 'A' }, %opt)->{status}, 200,
        'it is said again');

    foreach my $key ($record, $fact) {
        cmp_ok($node->cmd('TTL', $key), '<=', 100, "$key ends when it would");
    }
}


# several requests in one

sub together {
    my %opt = (domain => 'together');
    my $r = $t->request('POST', '/api/now/v1/batch', who(%opt), $json->encode({
        batch_request_id => '1', rest_requests => [ map { { id => "$_",
            method => 'POST', url => '/api/now/table/u_fact',
            headers => [{ name => 'Content-Type',
                value => 'application/json' }],
            body => encode_base64($json->encode({ about => 'x', who => 'A',
                note => $_ }), '') } } 1 .. 3 ] }), port => $port);
    my @served = @{$r->{json}{serviced_requests} // []};

    is(join(' ', sort map { $_->{status_code} } @served), '200 200 201',
        'the Table API\'s batch: one is added, two change it')
        or diag($r->{body});
    my @found = names('*{together:*:rec:*');
    is(scalar @found, 1, '... it is one record');
}


# stored records that are large are changed one after the other

sub large {
    my %opt = (domain => 'large');
    my @first = map { add({ about => "l$_", who => 'A', why => 'x' x 200_000,
        list => [1 .. 20_000] }, %opt) } 1 .. 4;

    is(join(' ', map { $_->{status} } @first), '201 201 201 201',
        'records of 300 KB');

    my $r = add({ about => 'l1', who => 'A', note => 'single' }, %opt);
    is("$r->{status} $r->{json}{sys_mod_count} $r->{json}{note}",
        '200 1 single', '... one is changed');
    is(length $r->{json}{why}, 200_000, '... and is answered whole');
    $r = add({ about => 'l1', who => 'A', why => 'y' x 300_000 }, %opt);
    is("$r->{status} $r->{json}{sys_mod_count}", '200 2',
        '... by a large one, too');
    is_refused(add({ about => 'l1', who => 'A', why => '', score => 1 }, %opt),
        400, 'Invalid post body', '... unless it would not be valid');

    $r = add({ data => [ { about => 'small', who => 'A' },
        (map { { about => "l$_", who => 'A', note => "b$_" } } 1 .. 4),
        { about => 'l2', who => 'A', note => 'again' },
        { about => 'l3', who => 'A', score => 1, why => '' },
        { about => 'new', who => 'A' } ] }, %opt);
    is("$r->{status} $r->{json}{stored}", '207 7', 'a batch of them');
    is(join(' ', map { $_->{updated} ? 1 : 0 } @{$r->{json}{records}}),
        '0 1 1 1 1 1 0 0', '... among others');
    like($r->{json}{records}[6]{error}{detail}, qr{^/data/6}, '... one is wrong');
    is_deeply([map { my $record = stored($_, %opt);
        [@$record{qw(note sys_mod_count)}] } @first],
        [['b1', 3], ['again', 2], ['b3', 1], ['b4', 1]], '... all is in order');

    # many that are not large, but would take too long together

    my @many = map { { about => "m$_", who => 'A', why => 'z' x 30_000 } } 1 .. 30;
    is(add({ data => \@many }, %opt)->{status}, 201, 'thirty of 30 KB');
    $r = add({ data => [ map { { about => "m$_", who => 'A', note => $_ } }
        1 .. 30 ] }, %opt);
    is("$r->{status} $r->{json}{stored}", '200 30', '... are changed at once');
    is(join(' ', map { my $record = stored($_->{sys_id}, %opt);
        "$record->{note}/" . length $record->{why} } @{$r->{json}{records}}),
        join(' ', map { "$_/30000" } 1 .. 30), '... each of them');
}


# a table without x-coalesce costs nothing more, and is as it was

sub plain {
    my %opt = (domain => 'plain', endpoint => 'plain');
    my @before = map { $_->calls('evalsha') + $_->calls('eval') } @nodes;
    my @r = map { add({ about => 'x', who => 'A' }, %opt) } 1 .. 3;
    push @r, add({ data => [ map { { about => 'x', who => 'A' } } 1 .. 3 ] },
        %opt);

    is(join(' ', map { $_->{status} } @r), '201 201 201 201',
        'a table without x-coalesce: each is added');
    is_deeply([map { $_->calls('evalsha') + $_->calls('eval') } @nodes],
        \@before, '... without a script');
    is_deeply([names('*{plain:*:one:*')], [], '... and no fact is kept');
    is($r[3]->{json}{records}[0]{updated}, undef, '... nor is it mentioned');
}


sub refusals {
    is_refused(add({ about => 'x', who => 'A' }, roles => 'sn_sec_cmn.api_read'),
        403, 'Insufficient access', 'who may not write changes nothing');
}


# clients that do not wait

{
    my @connections = map { $t->connect() } 1 .. 20;

    ($port, @nodes) = (0, $redis);
    add({ about => 'large', who => 'A', why => 'x' x 300_000 },
        domain => 'leave');

    foreach my $connection (@connections) {
        $connection->send($connection->format('POST', path('fact'),
            who(domain => 'leave'), $json->encode({ data => [ map { {
            about => 'x', who => 'A', n => $_ }, { about => 'large',
            who => 'A', n => $_ } } 1 .. 20 ] })));
        select undef, undef, undef, 0.001;
        $connection->close();
    }

    my $r = add({ about => 'x', who => 'A' }, domain => 'leave');
    like($r->{status}, qr/^20[01]$/, 'after clients that have left: served');
    ok(wait_for(sub { scalar(my @found = names('*{leave:*:rec:*')) == 2 }, 5),
        '... there are two records');
}


# subjects are as young as what was said last

{
    my %opt = (domain => 'age');

    ($port, @nodes) = (0, $redis);

    my $r = add({ about => 'old', who => 'A', note => 1 }, %opt);
    my $shard = shard_of($r->{json}{sys_id});
    my $key = "secops:{age:$shard}:rec:u_fact:$r->{json}{sys_id}";

    $redis->cmd('SET', $key, $redis->cmd('GET', $key)
        =~ s/"sys_(created|updated)_on":"20../"sys_$1_on":"2001/gr);
    is(get($t, '/api/secops/v1/subjects/old?max_age=1h', %opt)->{status}, 404,
        'what was said long ago is old');
    add({ about => 'old', who => 'A', note => 2 }, %opt);
    is(get($t, '/api/secops/v1/subjects/old?max_age=1h', %opt)->{json}{result}
        {tables}[0]{results}[0]{record}{note}, 2, '... until it is said again');
}


# While its slot moves, key by key: the record of a fact is at another node than
# the rest, or the rest is.  A script runs where all its keys are, and that is
# nowhere until the move has ended, for the key of a new record is in neither
# node.  So the POST waits, and finds the record that was there.

{
    ($port, @nodes) = (1, @{$cluster->{nodes}});

    my %large = (small => 'x', large => 'x' x 70_000);

    foreach my $size (sort keys %large) {
        moving("$size, $_->[0]", $large{$size}, $_->[1])
            foreach ['its record has moved', qr/:rec:/],
                ['its fact has moved', qr/:one:/],
                ['both have moved', qr/:(?:rec|one):/],
                ['all but its record has moved', qr/:(?!rec:)\w+(?::|$)/],
                ['all but its fact has moved', qr/:(?!one:)\w+(?::|$)/],
                ['all has moved', qr/./];
    }
}


sub redirected { # how often the nodes have said so
    return eval join '+', 0, map { $_->cmd('INFO', 'errorstats')
        =~ /errorstat_(?:ASK|TRYAGAIN):count=(\d+)/g } @nodes;
}


sub moving {
    my ($name, $note, $which) = @_;
    my $domain = $name =~ s/\W+/-/gr;
    my %opt = (domain => $domain);
    my $first = add({ about => 'x', who => 'A', note => $note }, %opt);
    my $slot = $cluster->slot('{' . "$domain:" . shard_of(
        $first->{json}{sys_id}) . '}');
    my $from = $cluster->owner($slot);
    my ($to) = grep { $_ != $from } @nodes;
    my @move = grep { $_ =~ /\}$which/ } @{$from->cmd('CLUSTER',
        'GETKEYSINSLOT', $slot, 100)};

    ok(scalar @move, "$name: " . join(' ', @move));

    $cluster->begin_move($slot, $from, $to);
    is($from->cmd('MIGRATE', '127.0.0.1', $to->{peer_port}, '', 0, 5000, 'KEYS',
        @move), 'OK', '... while the others have not');

    my $before = redirected();
    my $connection = $t->connect($port);
    $connection->send($connection->format('POST', path('fact'), who(%opt),
        $json->encode({ about => 'x', who => 'A', score => 1, why => 'w' })));
    ok(wait_for(sub { redirected() > $before }), '... a POST comes');

    $cluster->move_keys($slot, $from, $to);
    $cluster->end_move($slot, $from, $to);

    my $r = $connection->answer('POST');
    is($r->{status}, 200, '... it changes the record')
        or diag($r->{body});
    is($r->{json}{sys_id}, $first->{json}{sys_id}, '... that was there');

    my $stored = stored($r, %opt);
    is_deeply([@$stored{qw(sys_mod_count score)}], [1, 1], '... once')
        or diag($json->encode($stored));
    is(length $stored->{note}, length $note, '... and keeps the rest');
    is(scalar(my @records = names("*{$domain:*:rec:*")), 1,
        '... there is no other');
}


# many at the same time

foreach my $case (['one Redis', 0], ['a Cluster', 1]) {
    (my $name, $port) = @$case;

    my $n = 40;
    my @connections = map { $t->connect($port) } 1 .. $n;

    foreach my $i (1 .. $n) {
        my $connection = $connections[$i - 1];
        $connection->send($connection->format('POST', path('fact'),
            who(domain => 'race'),
            $json->encode({ about => 'x', who => 'A', "m$i" => 1 })));
    }

    my @answers = map { $_->answer('POST') } @connections;
    my %statuses;
    $statuses{$_->{status}}++ foreach @answers;

    is_deeply(\%statuses, { 201 => 1, 200 => $n - 1 },
        "$name: $n at the same time: one record, changed by the others");
    is(keys %{{ map { $_->{json}{sys_id} => 1 } @answers }}, 1,
        '... all were told its id');

    my $stored = stored($answers[0], domain => 'race');
    is($stored->{sys_mod_count}, $n - 1, '... none was lost');
    is(scalar(grep { /^m\d+$/ } keys %$stored), $n,
        '... nor what it has said');
}

$t->done();
