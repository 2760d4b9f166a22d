# Batches: many records in one request, answered one by one, in order, stored
# in one round trip.  A script that sends 500 results must learn which of them
# it has to mend.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use SecOps;
use SecOps::Records;

my $t = SecOps->new();
my $redis = $t->redis();

$t->run(conf(location => 'client_max_body_size 4m;', server => <<'EOT'));
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


sub calls { # of a command, as Redis counts them
    my ($command) = @_;
    my ($n) = $redis->cmd('INFO', 'commandstats')
        =~ /^cmdstat_$command:calls=(\d+)/m;
    return $n // 0;
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
is($redis->cmd('ZCARD', $_), $redis->cmd('XLEN',
    s/:idx:.*/:audit/r), 'each with its index and its audit entry')
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
is(calls('multi'), 500, '... is 500 groups');
is(calls('exec'), 500, '... each of them complete');
is(calls('set'), 500, '... with one record each');
is(scalar(@keys = keys_like($redis, '*:rec:*')), 500,
    '... and all are there');

my %ids = map { $_->{sys_id} => 1 } @{$r->{json}{records}};
is(keys %ids, 500, '... under ids of their own');

my ($reads) = $redis->cmd('INFO', 'stats') =~ /total_reads_processed:(\d+)/;
cmp_ok($reads, '<', 100,
    '... in a few packets, not in one exchange for each record');

$r = batch([map { records(observable => "o$_",
    more => chr(97 + $_ % 26) x (1 + 997 * ($_ % 7))) } 0 .. 99]);
my $i = 0;
ok(!(grep {
    my $more = get($t, "/api/now/table/sn_ti_lookup_result/$_->{sys_id}")
        ->{json}{result}{more};
    my $n = $i++;
    $more ne chr(97 + $n % 26) x (1 + 997 * ($n % 7));
} @{$r->{json}{records}}), 'records of changing size do not mix');


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
