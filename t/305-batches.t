# Batches: many records in one request, answered one by one, in order, stored
# in one round trip and in few transactions.  A script that sends 500 results
# must learn which of them it has to mend; one that can not mend a part asks for
# all or nothing.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use SecOps;
use SecOps::Records;

my $t = SecOps->new();
my $redis = $t->redis();

$t->run(conf(location => 'client_max_body_size 4m;', server => <<'EOT'));
        location /small/ {
            rewrite ^/small(/.*)$ $1 break;
            client_max_body_size 4m;
            secops_api;
            secops_redis %%REDIS%%;
            secops_redis_max_pending bytes=64k;
            secops_auth header;
        }

        location /three/ {
            rewrite ^/three(/.*)$ $1 break;
            secops_api;
            secops_redis %%REDIS%%;
            secops_auth header;
            secops_max_batch 3;
        }
EOT


sub batch {
    my ($records, %opt) = @_;
    return post($t, { data => $records, %{delete $opt{members} // {}} }, %opt);
}


sub calls { return $redis->calls(@_) } # of a command


sub stored { # what Redis has: records, index members, audit entries
    my @records = keys_like($redis, '*:rec:*');
    my %n = (rec => scalar @records);
    $n{idx} += $redis->cmd('LLEN', $_) foreach keys_like($redis, '*:idx:*');
    $n{sub} += $redis->cmd('LLEN', $_) foreach keys_like($redis, '*:sub:*');
    $n{audit} += audited($redis, $_) foreach keys_like($redis, '*:audit');
    return [map { $_ // 0 } @n{qw(rec idx sub audit)}];
}


sub counts {
    my ($r) = @_;
    return [@{$r->{json}}{qw(total stored failed)}];
}


my @good = map { records(observable => "o$_") } 1 .. 5;
my $wrong = records(finding => 'Wrong');
my $incomplete = { observable => 'x' };


# all were stored

my $r = batch(\@good);
is($r->{status}, 201, 'a batch of good records is 201');
is($r->{json}{success}, JSON::PP::true, '... success');
is_deeply(counts($r), [5, 5, 0], '... with its counts');
is(scalar @{$r->{json}{records}}, 5, '... and an entry for each');
is_deeply([sort keys %$_], [qw(success sys_id)], '... with id and success')
    foreach @{$r->{json}{records}};
is($r->{headers}{location}, undef, '... no Location: they are many');

foreach my $i (0 .. 4) {
    my $id = $r->{json}{records}[$i]{sys_id};
    is(get($t, "/api/now/table/sn_ti_lookup_result/$id")
        ->{json}{result}{observable}, "o" . ($i + 1),
        'each id is that of the record in its place');
}

my %audit;
foreach my $key (keys_like($redis, '*:audit')) {
    foreach my $entry (@{$redis->cmd('XRANGE', $key, '-', '+')}) {
        my %fields = @{$entry->[1]};
        push @{$audit{$fields{request}}}, $fields{id};
    }
}
is(keys %audit, 1, 'a batch is one request in the audit');
is_deeply([sort map { @$_ } values %audit],
    [sort map { $_->{sys_id} } @{$r->{json}{records}}],
    '... with an entry for each record');


# some were

$redis->cmd('FLUSHALL');
$r = batch([$good[0], $wrong, $good[1], $incomplete, {}, 'text', 5, [],
    undef, $good[2]]);
is($r->{status}, 207, 'a batch of which some are stored is 207');
like($r->{head}, qr{^HTTP/1.1 207 Multi-Status\r}, '... by its name');
is($r->{json}{success}, JSON::PP::false, '... no success');
is_deeply(counts($r), [10, 3, 7], '... with its counts');
is_deeply([map { $_->{success} ? 1 : 0 } @{$r->{json}{records}}],
    [1, 0, 1, 0, 0, 0, 0, 0, 0, 1], '... in the order of the request');
is_deeply([map { $_->{error}{message} } @{$r->{json}{records}}[1, 3 .. 8]],
    ['Invalid post body', 'Mandatory fields missing: finding,source_engine',
     'No fields supplied', ('Invalid post body') x 4],
    '... with the message that each would have got alone');
is_deeply([map { m{^(/data/\d+)}; $1 } map { $_->{error}{detail} }
    @{$r->{json}{records}}[1, 3 .. 8]],
    [map { "/data/$_" } 1, 3 .. 8], '... and pointers into the request');
is_deeply([sort keys %{$r->{json}{records}[1]}], [qw(error success)],
    '... and no id where there is no record');
is(scalar(my @keys = keys_like($redis, '*:rec:*')), 3,
    'exactly the good ones are stored');
is_deeply([reverse @{$redis->cmd('LRANGE', $_, 0, -1)}],
    [audited($redis, s/:idx:.*/:audit/r)],
    'each is in its index and in the audit')
    foreach keys_like($redis, '*:idx:*');


# none was

$redis->cmd('FLUSHALL');
$r = batch([$wrong, $incomplete]);
is($r->{status}, 400, 'a batch of which none is stored is 400');
is_deeply(counts($r), [2, 0, 2], '... with its counts');
is($redis->cmd('DBSIZE'), 0, '... and nothing is stored');

is_refused(batch([]), 400, 'No fields supplied', 'a batch of nothing');
is_refused(batch([], query => 'include_wrap=x'), 400, 'Invalid post body',
    'a parameter that is wrong comes first');


# parameters

is(batch(\@good, query => 'simple_response=true')->{body}, '{"success":true}',
    'simple_response says only that all were stored');
is(batch([@good, $wrong], query => 'simple_response=true')->{body},
    '{"success":false}', '... or that some were not');
is(batch([@good, $wrong], query => 'simple_response=true')->{status}, 207,
    '... with the same status');
is(batch(\@good, query => 'simple_response=true&include_wrap=true')->{body},
    '{"result":{"success":true}}', 'include_wrap wraps that');
is_deeply([keys %{batch(\@good, query => 'include_wrap=1')->{json}}],
    ['result'], '... and the list');
is_deeply(counts({ json => batch(\@good, members =>
    { config => { include_wrap => JSON::PP::true } })->{json}{result} }),
    [5, 5, 0], '... also when config asks for it');
$r = batch([$incomplete, $wrong], query => 'ignore_mandatory_fields=true');
is_deeply(counts($r), [2, 1, 1],
    'ignore_mandatory_fields counts for every record');


# limits

$r = $t->request('POST', '/three' . path(), who(),
    { data => [@good[0 .. 2]] });
is($r->{status}, 201, 'as many as secops_max_batch');
$redis->cmd('FLUSHALL');
$r = $t->request('POST', '/three' . path(), who(),
    { data => [@good[0 .. 3]] });
is_refused($r, 400, 'Invalid post body', 'one more is refused');
like($r->{json}{error}{detail}, qr{^/data: .*more than 3},
    '... and told the limit');
is($redis->cmd('DBSIZE'), 0, '... and none of them is stored');

is(batch([map { $good[0] } 1 .. 1000])->{status}, 201,
    'a thousand by default');
is(batch([map { $good[0] } 1 .. 1001])->{status}, 400, '... and not one more');


# one round trip

$redis->cmd('FLUSHALL');
$redis->cmd('CONFIG', 'RESETSTAT');
$r = batch([map { records(observable => "o$_", more => 'x' x $_) } 1 .. 500]);
is_deeply(counts($r), [500, 500, 0], 'a batch of 500');
cmp_ok(calls('multi'), '<=', 16, '... is a transaction for each shard');
is(calls('exec'), calls('multi'), '... each of them complete');
is(calls('set'), 500, '... with the records in them');
is(calls('lpush'), 500 + calls('multi'), '... and their index in one command');
cmp_ok(calls('xadd'), '<=', 500 / 16 + 16,
    '... and the audit in one for 16 of them');
is(scalar(@keys = keys_like($redis, '*:rec:*')), 500,
    '... and all are there');

my %ids = map { $_->{sys_id} => 1 } @{$r->{json}{records}};
is(keys %ids, 500, '... under ids of their own');

my ($reads) = $redis->cmd('INFO', 'stats') =~ /total_reads_processed:(\d+)/;
cmp_ok($reads, '<', 100,
    '... in a few packets, not in one exchange for each record');
is_deeply(stored(), [(500) x 4], '... each with all that belongs to it');

$r = batch([map { records(observable => "o$_",
    more => chr(97 + $_ % 26) x (1 + 997 * ($_ % 7))) } 0 .. 99]);
my $i = 0;
ok(!(grep {
    my $more = get($t, "/api/now/table/sn_ti_lookup_result/$_->{sys_id}")
        ->{json}{result}{more};
    my $n = $i++;
    $more ne chr(97 + $n % 26) x (1 + 997 * ($n % 7));
} @{$r->{json}{records}}), 'records of changing size do not mix');


$redis->cmd('FLUSHALL');
$redis->cmd('CONFIG', 'RESETSTAT');
$r = batch([map { records(observable => 'about' . $_ % 3) } 1 .. 60]);
is_deeply(counts($r), [60, 60, 0], 'sixty records about three subjects');
is(calls('lpush'), 3 + calls('multi'),
    '... are a command for each subject, and one for each index');
is_deeply(stored(), [(60) x 4], '... with all that belongs to each');

my %place = map { $r->{json}{records}[$_]{sys_id} => $_ } 0 .. 59;
foreach my $list (keys_like($redis, '*:sub:*')) {
    my @at = map { $place{$_} } @{$redis->cmd('LRANGE', $list, 0, -1)};
    is_deeply(\@at, [map { $at[-1] + 3 * $_ } reverse 0 .. 19],
        '... a subject\'s own, the newest first');
}


# Large ones: a transaction is not made larger than is good for Redis, nor than
# what may wait for it

$redis->cmd('FLUSHALL');
$redis->cmd('CONFIG', 'RESETSTAT');
$r = batch([map { records(more => 'x' x 30_000) } 1 .. 100]);
is_deeply(counts($r), [100, 100, 0], 'three megabytes about one subject');
cmp_ok(calls('multi'), '>', 8, '... are more than one transaction');
cmp_ok(calls('multi'), '<', 25, '... but not one for each record');
is_deeply(stored(), [(100) x 4], '... and all are there');

$redis->cmd('FLUSHALL');
$r = $t->request('POST', '/small' . path(), who(),
    { data => [map { records(more => 'x' x 1000) } 1 .. 20] });
is_deeply(counts($r), [20, 20, 0], 'a batch fits where few bytes may wait');
$r = $t->request('POST', '/small' . path(), who(),
    { data => [map { records(more => 'x' x 1000) } 1 .. 100] });
is($r->{status}, 207, 'of one that does not fit');
cmp_ok(counts($r)->[1], '>', 10, '... a part is stored');
is_deeply([map { $_->{error}{message} } grep { !$_->{success} }
    @{$r->{json}{records}}], [('Unable to persist record') x counts($r)->[2]],
    '... the rest is told so');
my $stored = stored();
is_deeply($stored, [(20 + counts($r)->[1]) x 4],
    '... and Redis has what was said to be stored');
$r = $t->request('POST', '/small' . path('threat_lookup', 'atomic=true'), who(),
    { data => [map { records(more => 'x' x 9000) } 1 .. 20] });
is_refused($r, 413, 'Request body too large',
    'an atomic one is refused for good');
like($r->{json}{error}{detail}, qr/secops_redis_max_pending/, '... and why');
is_deeply(stored(), $stored, '... and no part of it is stored');


# All or nothing

$redis->cmd('FLUSHALL');
$redis->cmd('CONFIG', 'RESETSTAT');
my @many = map { records(observable => "o$_", more => 'x' x 2000) } 1 .. 200;
$r = batch(\@many, query => 'atomic=true');
is($r->{status}, 201, 'an atomic batch of good records is 201');
is_deeply(counts($r), [200, 200, 0], '... with its counts');
is(calls('multi'), 1, '... in one transaction, however large');
is(calls('exec'), 1, '... that is complete');
is_deeply(stored(), [(200) x 4], '... with all that belongs to each');
is(get($t, "/api/now/table/sn_ti_lookup_result/$r->{json}{records}[7]{sys_id}")
    ->{json}{result}{observable}, 'o8', '... under the ids that were answered');
is(scalar(@keys = keys_like($redis, '*:idx:*')), 16, '... over all shards');

$redis->cmd('FLUSHALL');
$r = batch([@good[0 .. 2], $wrong, $good[3], 7, $incomplete],
    query => 'atomic=TRUE');
is($r->{status}, 400, 'an atomic batch with a bad record is 400');
is_deeply(counts($r), [7, 0, 7], '... of which none is stored');
is_deeply([map { $_->{error}{message} } @{$r->{json}{records}}],
    [('Batch not stored') x 3, 'Invalid post body', 'Batch not stored',
     'Invalid post body', 'Mandatory fields missing: finding,source_engine'],
    '... with the faults of the bad ones, and a word to the good ones');
like($r->{json}{records}[0]{error}{detail}, qr/^this record is valid/,
    '... before the bad one');
like($r->{json}{records}[4]{error}{detail}, qr/^this record is valid/,
    '... and behind it');
is($redis->cmd('DBSIZE'), 0, '... and Redis has nothing');
is_deeply([grep { exists $_->{sys_id} } @{$r->{json}{records}}], [],
    '... and no id is given away');

is(batch([@good, $wrong], members => { atomic => JSON::PP::true })->{status},
    400, 'atomic may stand beside data');
is(batch([@good, $wrong], members => { config => { atomic => 1 } })->{status},
    400, '... or in config');
is(batch([@good, $wrong], members => { atomic => JSON::PP::true },
    query => 'atomic=0')->{status}, 207, '... and the query wins');
is_refused(batch(\@good, query => 'atomic=all'), 400, 'Invalid post body',
    '... and must be true or false');
$r = post($t, records(atomic => JSON::PP::true));
is_stored($r, 'a single record may ask for it');
ok(!exists $r->{json}{atomic}, '... which is not stored');
is(post($t, { data => records(atomic => 'so') })->{json}{atomic}, 'so',
    '... but a field of that name in data is');

$redis->cmd(qw(CONFIG SET maxmemory 1));
$r = batch(\@good, query => 'atomic=1');
is($r->{status}, 500, 'an atomic batch that Redis refuses is 500');
is_deeply(counts($r), [5, 0, 5], '... with its counts');
is(batch([@good, $wrong], query => 'atomic=1')->{status}, 400,
    '... but a bad one does not get as far as Redis');
$redis->cmd(qw(CONFIG SET maxmemory 0));


# Redis is killed under atomic batches: afterwards it has all of a batch or none
# of it, and all of those that were answered 201

$redis->cmd('FLUSHALL');
$redis->cmd(qw(CONFIG SET appendfsync always));
my @clients = map { $t->connect() } 1 .. 8;
foreach my $i (0 .. $#clients) {
    $clients[$i]->send($clients[$i]->format('POST',
        path('threat_lookup', 'atomic=true'), who(),
        { data => [map { records(observable => "k$i-$_", batch => "k$i",
            more => 'x' x 2000) } 1 .. 1000] }));
}
ok($clients[0]->fill(time() + 10), 'atomic batches are on their way');
$redis->kill9();
my @answers = map { $_->answer('POST') } @clients;
$redis->start();
ok(wait_for(sub { ($redis->cmd('PING') // '') eq 'PONG' }), 'Redis is back');

my %batch;
foreach my $key (keys_like($redis, '*:rec:*')) {
    $batch{JSON::PP->new->decode($redis->cmd('GET', $key))->{batch}}++;
}
is_deeply([grep { $_ != 1000 } values %batch], [],
    'of each atomic batch there is all or nothing');
is_deeply([grep { $answers[$_]{status} == 201 && !$batch{"k$_"} } 0 .. 7], [],
    '... and all of those that were answered 201');
is_deeply(stored(), [(1000 * keys %batch) x 4],
    '... with all that belongs to it');
cmp_ok(scalar(grep { $_->{status} != 201 } @answers), '>', 0,
    '... and Redis was gone before the last one');
is_deeply([grep { !/^(?:201|500|503)$/ } map { $_->{status} } @answers], [],
    '... of which each has got its answer');
ok(wait_for(sub { batch(\@good)->{status} == 201 }), 'batches go on');


# Redis refuses, or is away

$redis->cmd('FLUSHALL');
$redis->cmd(qw(CONFIG SET maxmemory 1));
$r = batch(\@good);
is($r->{status}, 500, 'when Redis refuses them all, it is 500');
is_deeply(counts($r), [5, 0, 5], '... with its counts');
is($r->{json}{records}[4]{error}{message}, 'Unable to persist record',
    '... and the message that each would have got alone');
is(batch([$wrong, $incomplete])->{status}, 400,
    'when all are wrong anyway, it is 400');
is(batch([@good, $wrong])->{status}, 500,
    'when some are wrong and Redis refuses the rest, it is 500');
$redis->cmd(qw(CONFIG SET maxmemory 0));
is($redis->cmd('DBSIZE'), 0, 'nothing of all that is stored');

$redis->stop();
$r = batch(\@good);
is($r->{status}, 503, 'when Redis is away, it is 503');
is($r->{headers}{'retry-after'}, 1, '... and says when to try again');
is_deeply(counts($r), [5, 0, 5], '... with its counts');
is($r->{json}{records}[0]{error}{message}, 'Unable to persist record',
    '... and the message');
is(batch([@good, $wrong])->{status}, 503,
    'also when some are wrong: the rest is worth another try');
ok($t->wait_log('5 of 5 records not stored'),
    'the log says how many were not stored');

$redis->start();
ok(wait_for(sub { batch(\@good)->{status} == 201 }),
    'batches go on once Redis is back');

$t->done();
