# A Redis Cluster of three masters and three replicas, real processes: all APIs
# work on it as on one Redis, while slots move, masters fail, and nodes come and
# leave.  What can not be there is said: transactions over several shards.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA ();
use List::Util qw(sum);
use SecOps;
use SecOps::Cluster;
use SecOps::Load;
use SecOps::Records;
use SecOps::Stopwatch;

my $t = SecOps->new();
my $cluster = SecOps::Cluster->new($t);
my $resources = '/api/v2/resources';
my $admin = 'sn_sec_cmn.admin';
my $name = 0;

my $api = <<'EOT';
            secops_api;
            secops_redis_cluster on;
            secops_auth header api_key;
EOT

$t->run(conf(location => 'secops_redis_cluster on;', http => <<"EOT") =~
    server {
        listen 127.0.0.1:%%PORT1%%;

        location /api/ {
            $api
            secops_redis redis://127.0.0.1:%%PORT9%%;
            secops_redis_cluster_seed 127.0.0.1:%%PORT8%% %%SEED%%;
        }
    }

    # whatever a busy machine makes of it, a command's time is not over
    server {
        listen 127.0.0.1:%%PORT2%%;

        location /api/ {
            $api
            secops_redis %%REDIS%%;
            secops_redis_timeout 30s;
        }
    }
EOT
    s/%%SEED%%/'127.0.0.1:' . $cluster->node(1)->port()/er
    =~ s/secops_auth header;/secops_auth header api_key;/r);


sub api { # method, query, body, what who() takes
    my ($method, $query, $body, %opt) = @_;
    return $t->request($method, $resources . ($query ? "?$query" : ''),
        who(%opt), $body, %opt);
}


sub slot_of { # of what belongs to a record
    my ($sys_id) = @_;
    return $cluster->slot('{global:' . shard_of($sys_id) . '}');
}


sub about { # a subject whose record lies in this slot
    my ($slot) = @_;

    while (1) {
        my $subject = 'subject-' . $name++;
        my $shard = substr Digest::SHA::sha256_hex($subject), 0, 1;
        return $subject if $cluster->slot("{global:$shard}") == $slot;
    }
}


sub errors { # answers of a kind that all nodes gave so far
    my ($kind) = @_;
    my $sum = 0;

    foreach my $node ($cluster->alive()) {
        my ($n) = $node->cmd('INFO', 'errorstats')
            =~ /^errorstat_$kind:count=(\d+)/m;
        $sum += $n // 0;
    }

    return $sum;
}


sub calls { # of a command, by all nodes so far
    my ($command) = @_;
    return sum map { $_->calls($command) } $cluster->alive();
}


sub links { # of nginx to a node: those of a test and of other nodes are not
    my ($node) = @_;
    return scalar grep { / laddr=127/ && !/ cmd=(?:restore|client|NULL)/ }
        split /\n/, $node->cmd('CLIENT', 'LIST', 'TYPE', 'normal');
}


# --- all APIs ---------------------------------------------------------------

my @ids;

foreach my $table (@tables) {
    my $r = post($t, $table->{record}, endpoint => $table->{endpoint});
    is_stored($r, "$table->{endpoint}: a record is stored");
    is(get($t, "/api/now/table/$table->{table}/$r->{json}{sys_id}")->{status},
        200, '... and read by its id');
}

my $batch = { data => [ map { records(observable => "198.51.100.$_") }
    1 .. 100 ] };
my $r = post($t, $batch);

is($r->{status}, 201, 'a batch over all shards is stored');
@ids = map { $_->{sys_id} } grep { $_->{success} } @{$r->{json}{records}};
is(scalar @ids, 100, '... each of its records');

my %owners = map { $cluster->owner(slot_of($_))->port() => 1 } @ids;
is(scalar keys %owners, 3, '... on all three masters');

is(scalar grep({ get($t, "/api/now/table/$tables[2]{table}/$_")->{status}
    != 200 } @ids), 0, '... and all are read by their ids');

my %changed = map { ($_ => $t->request('PATCH',
    "/api/now/table/$tables[2]{table}/$_", who(), { note => 'x' })) }
    @ids[0 .. 39];
is(scalar grep({ $_->{status} != 200 || $_->{json}{result}{note} ne 'x' }
    values %changed), 0, '40 of them are changed');
is(scalar grep({ $t->request('DELETE', "/api/now/table/$tables[2]{table}/$_",
    who(roles => $admin))->{status} != 204 } @ids[20 .. 39]), 0,
    '... 20 deleted');
is(scalar grep({ get($t, "/api/now/table/$tables[2]{table}/$_")->{status}
    != 200 } @ids), 20, '... which are gone');

my $lines = join '', map { qq({"observable":"203.0.113.$_","finding":"Clean",)
    . qq("source_engine":"test"}\n) } 1 .. 50;
is($t->request('POST', path(), { %{who()},
    'Content-Type' => 'application/x-ndjson' }, $lines)->{status}, 201,
    'a batch of lines is stored');

is_refused(post($t, { %$batch }, query => 'atomic=true'), 400,
    'Invalid post body',
    'an atomic batch over several shards is refused');
like(post($t, { %$batch }, query => 'atomic=true')->{json}{error}{detail},
    qr/Redis Cluster.*one shard/, '... with the reason');

$r = post($t, { data => [ map { records(finding => $_) }
    qw(Clean Malicious Suspicious) ] }, query => 'atomic=true');
is($r->{status}, 201, 'an atomic batch about one subject is stored');

my @keys = map { +{ type => 'api_key', properties => { name => "key $_" } } } 1 .. 8;
$r = api('POST', '', { map { ("k$_" => $keys[$_ - 1]) } 1 .. 8 });

is($r->{status}, 200, 'eight api keys are created at once')
    or diag($r->{body});
my @made = @{$r->{json}{created}};
is(scalar @made, 8, '... all of them');

my %slots = map { substr(Digest::SHA::sha256_hex($_->{value}), 0, 2) => 1 }
    @made;
cmp_ok(scalar keys %slots, '>', 1, '... whose digests lie in several slots');

my ($key) = map { $_->{value} } grep { $_->{title} eq 'key 1' } @made;
isnt($t->request('GET', '/api/v1/health', { 'x-arcanna-api-key' => $key })
    ->{json}{status}, undef, 'an api key is looked up');
is(scalar @{api('GET', 'resource_type=api_key')->{json}}, 8, 'the keys are listed');

foreach my $node ($cluster->alive()) { $node->cmd('SCRIPT', 'FLUSH') }

is(api('POST', '', { k => { type => 'api_key', properties =>
    { name => 'another' } } })->{status}, 200,
    'a node that does not know the scripts is told them');
is(api('DELETE', 'title=another')->{status}, 200,
    'a key is deleted');

my $reads = calls('xrevrange');
my $moved = errors('MOVED');
my @entries;
my $after = '';

while (1) {
    $r = $t->request('GET', "/api/secops/v1/audit?limit=50$after",
        who(roles => $admin));
    is($r->{status}, 200, 'a page of the audit of all shards is read')
        if !@entries;
    push @entries, @{$r->{json}{result} // []};
    last unless defined $r->{json}{next};
    $after = "&cursor=$r->{json}{next}";
}

my %seen;
$seen{"$_->{id} $_->{operation} $_->{time}"}++ foreach @entries;
is(scalar grep({ ($_->{type} // '') eq $tables[2]{table} } @entries),
    1 + 100 + 40 + 20 + 50 + 3, 'every write has its entry in the audit');
is(scalar grep({ $entries[$_]{time} gt $entries[$_ - 1]{time} }
    1 .. $#entries), 0, '... the newest first');

my $pages = int(@entries / 50) + 1;
cmp_ok(calls('xrevrange') - $reads, '<=', 18 * $pages,
    '... each stream was asked once for a page');
is(errors('MOVED') - $moved, 0, '... by the node that has it');

is_stored(post($t, records(), port => 1),
    'where the first two seeds are dead, the third one is asked');


# --- slots on their way -----------------------------------------------------

my $slot = slot_of($ids[0]);
my $from = $cluster->owner($slot);
my ($to) = grep { $_ != $from && $cluster->is_master($_) } $cluster->nodes();
my $read = "/api/now/table/$tables[2]{table}/$ids[0]";

$cluster->begin_move($slot, $from, $to);

is(get($t, $read)->{status}, 200,
    'a key that has not moved yet is read from the old node');

$cluster->move_keys($slot, $from, $to);
my $asked = errors('ASK');

is(get($t, $read)->{status}, 200, 'one that has is read from the new one');
cmp_ok(errors('ASK') - $asked, '>', 0, '... where the old one sent it');

my $passed = stopwatch();
$r = post($t, records(observable => about($slot)));
is_refused($r, 503, 'Unable to persist record',
    'a record for a slot that is on its way is not stored');
cmp_ok(errors('TRYAGAIN'), '>', 1, '... although it was tried more than once');
cmp_ok($passed->(), '<', 2.5, '... in the time that a command has');

my $subject = about($slot);
my $refused = errors('TRYAGAIN');
my $connection = $t->connect(2);
$connection->{timeout} = 60;
$connection->send($connection->format('POST', path(), who(),
    records(observable => $subject)));
ok(wait_for(sub { errors('TRYAGAIN') > $refused }), 'another one waits');
$cluster->end_move($slot, $from, $to);

is_stored($connection->answer('POST'),
    '... which is stored when the slot has arrived');
is(get($t, $read)->{status}, 200, 'and what was there is read');

$moved = errors('MOVED');
ok(wait_for(sub {
    my $n = errors('MOVED');
    is_stored(post($t, records(observable => about($slot))),
        'the slot is in its new place');
    return errors('MOVED') == $n;
}), '... where commands go at once');

# a write of a single key needs no other one in its place

$t->request('GET', '/api/v1/health');
my ($probe) = keys_like($from, 'secops:*health*');
my $probed = $cluster->slot($probe);

$cluster->begin_move($probed, $from, $to);
$from->cmd('DEL', $probe);
$asked = errors('ASK');

is($t->request('GET', '/api/v1/health')->{status}, 200,
    'a single key for a slot that is on its way is written');
cmp_ok(errors('ASK') - $asked, '>', 0, '... where the old node sent it');
is_deeply($to->cmd('CLUSTER', 'GETKEYSINSLOT', $probed, 10), [$probe],
    '... and lies there');
$cluster->end_move($probed, $from, $to);

my $load = SecOps::Load->new($t, clients => 2, ids => 1, port => 2);
wait_for(sub { $load->sent() > 100 });

foreach (1 .. 3) {
    $cluster->move($slot, $to, $from);
    $cluster->move($slot, $from, $to);
}

wait_for(sub { $load->sent() > 1000 });
my $got = $load->finish()->end();

is($got->{201} + ($got->{503} // 0), $got->{requests},
    'while a slot moves to and fro records are stored, or surely not');
is($got->{lost} + $got->{mixed} + $got->{failed}, 0, '... nothing is lost');
is(missing($got->{ids}), 0, '... and what was answered 201 is there');
cmp_ok(errors('MOVED') + errors('ASK') + errors('TRYAGAIN'), '>', $moved,
    '... and nodes did send commands elsewhere');


sub missing { # how many of these records can not be read
    my ($ids) = @_;
    my $missing = 0;

    foreach my $id (@$ids) {
        my $r = $t->keepalive('GET', "/api/now/table/$tables[2]{table}/$id",
            who());

        $missing++ unless $r && $r->{status} == 200;
    }

    return $missing;
}


# --- masters that fail ------------------------------------------------------

$cluster->node_timeout(1000);
my $master = $cluster->owner(slot_of($ids[0]));
my ($other) = grep {
    my $owner = $cluster->owner(slot_of($_)); $owner != $master } @ids;

$load = SecOps::Load->new($t, clients => 2, ids => 1, pause => 0.005,
    port => 2);
wait_for(sub { $load->sent() > 50 });

# one that is not in step within five seconds gives it up

my $replica = $cluster->replica($master);
ok(wait_for(sub {
    $replica->cmd('CLUSTER', 'FAILOVER');
    return wait_for(sub { !$cluster->is_master($master) }, 6);
}), 'a replica takes over from its master in order');
ok($cluster->wait_ok(), '... and the cluster is whole');

my $n = $load->sent();
wait_for(sub { $load->sent() > $n + 100 });
$got = $load->finish()->end();

is($got->{201} + ($got->{503} // 0), $got->{requests},
    '... meanwhile records are stored, or surely not')
    or diag(join ' ', map { "$_=" . ($got->{$_} // '') } grep { !ref $got->{$_} }
    keys %$got);
is(missing($got->{ids}), 0, '... and what was answered 201 is there');


$master = $cluster->owner(slot_of($ids[0]));
$master->kill9();

my $served = 0;
$refused = 0;

my $back = wait_for(sub {
    $served++ if get($t, "/api/now/table/$tables[2]{table}/$other")->{status}
        == 200;
    my $r = post($t, records(observable => about(slot_of($ids[0]))));
    $refused++ if $r->{status} == 503 || $r->{status} == 500;
    return $r->{status} == 201;
});

ok($back, 'a master is killed: its slots are back when its replica is master');
cmp_ok($refused, '>', 0, '... until then its records are refused');
cmp_ok($served, '>=', $refused, '... while those of the others are served');
ok($cluster->wait_ok(), '... the cluster is whole again');
is(get($t, "/api/now/table/$tables[2]{table}/$ids[0]")->{status}, 200,
    '... and what it had is read from there');

$master->start();
ok($cluster->wait_replica($master), 'the old master comes back as a replica');
is(scalar grep({ post($t, records(observable => "again $_"))->{status} != 201 }
    1 .. 50), 0, '... and nothing goes to it');

$master = $cluster->owner($slot);
$master->pause();

ok(wait_for(sub { post($t, records(observable => about($slot)))->{status}
    == 201 }), 'a master that hangs is left for its replica');
$master->resume();
ok($cluster->wait_replica($master),
    '... and finds out that it is none any more');
is_stored(post($t, records(observable => about($slot))),
    '... which harms nobody');


# --- nodes that come and leave ----------------------------------------------

my $new = $cluster->add();
$cluster->meet($#{[$cluster->nodes()]});
ok($cluster->wait_known(7) && $cluster->wait_ok(), 'a node joins');
$cluster->node_timeout();

$from = $cluster->owner($slot);
$cluster->move($slot, $from, $new);

is_stored(post($t, records(observable => about($slot))),
    '... gets a slot, and its records');
is(get($t, $read)->{status}, 200, '... those that there were too');
is(links($new), 1, '... by a link of its own');

$cluster->move($slot, $new, $from);
is_stored(post($t, records(observable => about($slot))),
    '... and gives it back');

$cluster->remove($new);
is(scalar grep({ post($t, records(observable => "after $_"))->{status} != 201 }
    1 .. 20), 0, '... nobody misses it when it has left');

# each time that a slot moves the map is read again

my ($back_and, $forth) = ($from, grep { $_ != $from
    && $cluster->is_master($_) } $cluster->nodes());

ok(wait_for(sub {
    $cluster->move($slot, $back_and, $forth);
    ($back_and, $forth) = ($forth, $back_and);
    post($t, records(observable => about($slot)));
    return wait_for(sub { links($new) == 0 }, 0.5);
}), '... and its link is closed');


# --- all of them gone -------------------------------------------------------

$_->kill9() foreach $cluster->alive();

ok(wait_for(sub { post($t, records())->{status} == 503 }),
    'the whole cluster is down: nothing is stored');
$passed = stopwatch();
is_refused(post($t, records()), 503, 'Unable to persist record', '... at once');
cmp_ok($passed->(), '<', 0.5, '... nobody waits');

$t->reload();
is(post($t, records())->{status}, 503, 'nor without a map');
$passed = stopwatch();
is(scalar grep({ post($t, records())->{status} != 503 } 1 .. 50), 0,
    '... fifty times');
cmp_ok($passed->(), '<', 1, '... nobody waits for one');

$_->start() foreach $cluster->nodes();
ok(wait_for(sub { post($t, records())->{status} == 201 }),
    'and it comes back');

$t->done();
