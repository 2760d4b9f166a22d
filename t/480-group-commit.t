# Single records that reach the store in one turn of a worker's event loop leave
# as one transaction, and each request has its own outcome all the same: stored,
# refused, not sent, unknown, or nobody to tell.  The audit has each of them.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use JSON::PP;
use SecOps;
use SecOps::Cluster;
use SecOps::Fake;
use SecOps::Records;

my $t = SecOps->new();
my $redis = $t->redis();
my $fake = SecOps::Fake->new($t);
my $disk = $t->redis(aof => 'always');
my $limited = $t->redis();
my $cluster = SecOps::Cluster->new($t, replicas => 0);

my %port = (plain => 0, fake => 1, disk => 2, limited => 3, cluster => 4,
    full => 5);

sub server {
    my ($name, $redis, $more) = @_;

    return <<"EOT";
    server {
        listen 127.0.0.1:%%PORT$port{$name}%%;

        location /api/ {
            secops_api;
            secops_redis $redis;
            secops_redis_timeout 60s;
            secops_auth header;
            @{[ $more // '' ]}
        }
    }
EOT
}

# a table whose records have no subject
$t->write('schema/tables/u_note.json', JSON::PP->new->encode({ type => 'object',
    'x-endpoint' => 'note', 'x-label' => 'Note',
    properties => { text => { type => 'string' } } }));

my $node = '127.0.0.1:' . $cluster->node(0)->port();

$t->run(conf(
    location => 'secops_redis_timeout 60s;',
    server => api_location('kept',
        'secops_retention 1h; secops_redis_timeout 60s;'),
    http => 'secops_schema_dir %%DIR%%/schema;'
        . server('fake', '%%REDIS1%%', 'secops_redis_connect_timeout 10s;')
        . server('disk', '%%REDIS2%%', 'secops_durability fsync;')
        . server('limited', '%%REDIS3%%')
        . server('cluster', "redis://$node", 'secops_redis_cluster on;')
        . server('full', '%%REDIS3%%',
            'secops_redis_max_pending commands=1;')));


sub still {
    my ($worker) = @_;
    kill 'STOP', $worker;
    wait_for(sub { $t->read("/proc/$worker/stat") =~ /\) T / })
        or fail('the worker does not stand still');
}


# Requests that the worker sees in one turn: each on a connection of its own,
# which the worker knows already, sent while it stands still; $meanwhile is done
# then, too

my $meanwhile = sub { };

sub begin { # a port, and of each: body, endpoint, domain, user, before
    my ($port, @requests) = @_;
    my ($worker) = $t->workers();
    my @connections = map { $t->connect($port{$port}) } @requests;

    $_->request('GET', '/none') foreach @connections;

    still($worker);
    $meanwhile->();

    foreach my $i (0 .. $#requests) {
        my %request = (body => records(), %{$requests[$i]});

        $connections[$i]->send($connections[$i]->format('POST',
            ($request{before} // '') . path($request{endpoint}),
            who(%request), $request{body}));
    }

    my %ours = map { sprintf('0100007F:%04X 0100007F:%04X',
        $_->socket()->sockport(), $_->socket()->peerport()) => 1 } @connections;

    wait_for(sub { !grep { $_->{sent} }
        SecOps::Connection::established(\%ours) }) or fail('nothing was sent');

    kill 'CONT', $worker;

    return @connections;
}


sub together {
    my @connections = begin(@_);
    my @answers = map { $_->answer('POST') } @connections;

    $_->close() foreach @connections;
    return @answers;
}


sub calls { # of these commands so far
    my ($server, @names) = @_;
    return { map { $_ => $server->calls($_) } @names };
}


sub more { # of these since then, as "name number ..."
    my ($server, $before) = @_;
    return join ' ', map { "$_ " . ($server->calls($_) - $before->{$_}) }
        sort keys %$before;
}


sub audit { # all entries of a domain, by their id
    my ($query, %opt) = @_;
    my $r = get($t, "/api/secops/v1/audit?limit=1000$query",
        roles => 'sn_sec_cmn.admin', %opt);
    return @{$r->{json}{result} // []};
}


my @commands = qw(exec set lpush xadd);

is(post($t, records(), port => $port{$_})->{status}, 201, "$_: a record")
    foreach qw(plain disk limited);
ok(wait_for(sub { post($t, records(), port => $port{cluster})->{status} == 201 }),
    'cluster: a record');


# one domain, one table, one subject

{
    my $before = calls($redis, @commands);
    my @answers = together('plain',
        map { { domain => 'one', user => "user$_" } } 1 .. 8);

    is_stored($_, 'one of eight') foreach @answers;
    is(more($redis, $before), 'exec 1 lpush 2 set 8 xadd 1',
        '... in one transaction, with an entry and a push for all');

    my @ids = map { $_->{json}{sys_id} } @answers;
    my %by = map { $_ => 1 } map { "$_->{json}{sys_created_by}" } @answers;
    is(scalar keys %by, 8, '... each by its own caller');

    my $shard = shard_of($ids[0]);
    is_deeply([sort @{$redis->cmd('LRANGE',
        "secops:{one:$shard}:idx:sn_ti_lookup_result", 0, -1)}], [sort @ids],
        '... the list of the table has each');
    is_deeply([sort map { @{$redis->cmd('LRANGE', $_, 0, -1)} }
        keys_like($redis, 'secops:{one:*}:sub:*')], [sort @ids],
        '... and so has that of the subject');
    is(get($t, $_->{headers}{location}, domain => 'one')->{status}, 200,
        '... it is read') foreach @answers[0, 7];

    my @entries = audit('', domain => 'one');
    is(scalar @entries, 8, 'the audit has an entry for each');
    is_deeply({ map { $_->{id} => "$_->{user} $_->{operation} $_->{address} "
            . "$_->{type} $_->{method}" } @entries },
        { map { $_->{json}{sys_id} => "$_->{json}{sys_created_by} "
            . "records.create 127.0.0.1 sn_ti_lookup_result header" }
            @answers }, '... with who it was');
    is(scalar keys %{{ map { $_->{request} => 1 } @entries }}, 8,
        '... each with its own request');
    is(scalar keys %{{ map { $_->{time} => 1 } @entries }}, 1,
        '... at one time');

    # the last that was stored comes first, as in the list
    is_deeply([map { $_->{id} } @entries], $redis->cmd('LRANGE',
        "secops:{one:$shard}:idx:sn_ti_lookup_result", 0, -1),
        '... newest first');

    foreach my $answer (@answers) {
        my $id = $answer->{json}{sys_id};
        my @own = audit("&id=$id", domain => 'one');
        is(join(' ', map { "$_->{id} $_->{user}" } @own),
            "$id $answer->{json}{sys_created_by}", 'one is found by its id');
    }

    is_deeply([map { $_->{user} } audit('&user=user3', domain => 'one')],
        ['user3'], 'and by its user');

    my (@pages, $next);

    do {
        my $r = get($t, '/api/secops/v1/audit?limit=3'
            . (defined $next ? "&cursor=$next" : ''), domain => 'one',
            roles => 'sn_sec_cmn.admin');
        push @pages, [map { $_->{id} } @{$r->{json}{result}}];
        $next = $r->{json}{next};
    } while (defined $next && @pages < 9);

    is(join(' ', map { scalar @$_ } @pages), '3 3 2', 'pages end within it');
    is_deeply([map { @$_ } @pages], [map { $_->{id} } @entries],
        '... with each entry once, in order');

    my $r = $t->request('GET', '/api/secops/v1/audit', { %{who(domain => 'one',
        roles => 'sn_sec_cmn.admin')}, Accept => 'application/x-ndjson' });
    is_deeply([map { JSON::PP->new->utf8->decode($_)->{id} }
        split /\n/, $r->{body}], [map { $_->{id} } @entries],
        'the export has the same');
}


# domains, tables, callers and retentions in one

{
    my $before = calls($redis, @commands);
    my @answers = together('plain',
        { domain => 'two', user => 'alice' },
        { domain => 'three', user => 'bob' },
        { domain => 'two', user => 'alice', endpoint => 'ci_enrichment',
          body => $tables[0]{record} },
        { domain => 'two', user => "b,c;\"d" },
        { domain => 'two', user => 'eve', before => '/kept',
          body => records(observable => 'kept') },
        { domain => 'three', user => 'bob',
          body => records(observable => 'other') });

    is_stored($_, 'one of several domains') foreach @answers;
    is(more($redis, $before), 'exec 1 lpush 10 set 5 xadd 2',
        '... in one transaction, with an entry for each domain');

    is_deeply({ map { $_->{id} => "$_->{user} $_->{type}" }
            audit('', domain => 'two') },
        { map { $_->{json}{sys_id} => "$_->{json}{sys_created_by} "
            . $_->{json}{sys_class_name} } @answers[0, 2, 3, 4] },
        'the audit of a domain has its own');
    is(scalar(audit('', domain => 'three')), 2, '... and that of another one');

    my $id = $answers[4]{json}{sys_id};
    my ($key) = keys_like($redis, "secops:{two:*}:rec:*:$id");
    cmp_ok($redis->cmd('TTL', $key), '>', 3000, 'a record of a retention ends');
    cmp_ok($redis->cmd('TTL', "secops:{two:" . shard_of($id)
        . '}:idx:sn_ti_lookup_result'), '>', 3000, '... and so does its list');

    $id = $answers[0]{json}{sys_id};
    ($key) = keys_like($redis, "secops:{two:*}:rec:*:$id");
    is($redis->cmd('TTL', $key), -1, '... the others do not');
}


# records without a subject

{
    my @answers = together('plain', map { { domain => 'notes',
        endpoint => 'note', body => { text => "n$_" } } } 1 .. 6);

    is_stored($_, 'one without a subject') foreach @answers;
    is(scalar keys %{{ map { shard_of($_->{json}{sys_id}) => 1 } @answers }}, 1,
        '... all of them lie in one shard');
}


# many, and large ones

{
    my $before = calls($redis, @commands);
    my @answers = together('plain', map { { domain => 'many',
        body => records(observable => "o$_") } } 1 .. 70);

    is(scalar(grep { $_->{status} == 201 } @answers), 70, 'seventy at once');
    is($redis->calls('exec') - $before->{exec}, 2, '... are two transactions');
    is($redis->calls('xadd') - $before->{xadd}, 5, '... of 16 to an entry');
    is(scalar(audit('', domain => 'many')), 70, '... which the audit has all of');

    $before = calls($redis, @commands);
    @answers = together('plain', map { { domain => 'large', body => records(
        observable => "o$_", note => 'x' x 20000) } } 1 .. 14);
    is(scalar(grep { $_->{status} == 201 } @answers), 14,
        'fourteen of 20 KB');
    is($redis->calls('exec') - $before->{exec}, 2,
        '... are two: one of 256 KB at most');

    $before = calls($redis, @commands);
    @answers = together('plain', { body => records(note => 'x' x 66000) },
        {}, {});
    is(join(' ', map { $_->{status} } @answers), '201 201 201', 'a large one');
    is($redis->calls('exec') - $before->{exec}, 2, '... goes alone');

    $before = calls($redis, @commands);
    @answers = together('plain', { body => { data => [records(), records()] } },
        {}, {});
    is(join(' ', map { $_->{status} } @answers), '201 201 201', 'a batch');
    is($redis->calls('exec') - $before->{exec}, 2, '... does so too');
}


# alone: what it has always been

{
    $fake->step('HANDSHAKE') or fail('no handshake');
    my $mark = $fake->play("EXPECT 6\nSEND $stored");
    my $r = post($t, records(), port => $port{fake});
    is_stored($r, 'a record alone');
    $fake->wait($mark);

    my @sent = map { (split ' ')[1] } grep { /^> / } split /\n/, $fake->log();
    is_deeply([grep { !/PING/ } @sent], [qw(MULTI SET LPUSH XADD LPUSH EXEC)],
        '... is the transaction that it would be without others');
    unlike($fake->log(), qr/"also"/, '... and so is its entry');
}


# a list of another type

foreach my $name (qw(plain disk)) {
    my $server = $name eq 'disk' ? $disk : $redis;
    my $first = together($name, { domain => "wrong$name", body =>
        records(observable => 'bad') });
    my ($key) = keys_like($server, "secops:{wrong$name:*}:sub:*");

    $server->cmd('DEL', $key);
    $server->cmd('SET', $key, 'no list');

    my $end = $t->log_end();
    my @answers = together($name, map { { domain => "wrong$name",
        body => records(observable => $_) } } qw(good bad well bad fine));

    is_stored($_, "$name: one beside a list of another type")
        foreach @answers[0, 2, 4];
    is_refused($_, 500, 'Unable to persist record', '... whose own are refused')
        foreach @answers[1, 3];
    is($answers[0]{headers}{'x-secops-durability'},
        $name eq 'disk' ? 'fsync' : 'memory',
        '... the level is told of what is stored');
    is($t->logged($end, 'WRONGTYPE'), 2, '... the log says why');
    is(scalar(audit('', domain => "wrong$name", port => $port{$name})), 6,
        '... the entry is about all: Redis undoes nothing');
}


# a level that is not reached

{
    $meanwhile = sub { $disk->cmd('CONFIG', 'SET', 'appendfsync', 'everysec') };
    my @answers = together('disk', ({}) x 3);
    $meanwhile = sub { };

    is_refused($_, 500, 'Unable to persist record', 'a level that is not reached')
        foreach @answers;
    like($_->{json}{error}{detail}, qr/may have been stored/,
        '... each is told') foreach @answers;

    $disk->cmd('CONFIG', 'SET', 'appendfsync', 'always');
    ok(wait_for(sub { post($t, records(), port => $port{disk})->{status} == 201
        }), '... until it is again');
}


# a transaction that is not executed: a user who may not touch one domain's keys

{
    $limited->cmd('ACL', 'SETUSER', 'default', 'resetkeys', '~secops:{good:*',
        '~secops:{global:*', '~secops:{health*');

    my $before = calls($limited, @commands);
    my @answers = together('limited', map { { domain => $_,
        body => records(observable => "o$_") } } qw(good bad good good));

    is_stored($answers[$_], 'one beside another that is not allowed')
        foreach 0, 2, 3;
    is_refused($answers[1], 500, 'Unable to persist record',
        '... which alone is refused');
    is($t->logged(0, 'NOPERM'), 1, '... the log says why');
    $limited->cmd('ACL', 'SETUSER', 'default', 'allkeys');
    is(scalar(() = keys_like($limited, 'secops:{good:*}:rec:*')), 3,
        '... each is there once');
    is(scalar(() = keys_like($limited, 'secops:{bad:*')), 0,
        '... or not at all');
    is(scalar(audit('', domain => 'good', port => $port{limited})), 3,
        '... and so are their entries');

    # no room: all are refused, each for itself
    $limited->cmd('CONFIG', 'SET', 'maxmemory', 1);
    @answers = together('limited', ({}) x 3);
    is_refused($_, 500, 'Unable to persist record', 'without memory')
        foreach @answers;
    $limited->cmd('CONFIG', 'SET', 'maxmemory', 0);
}


# what Redis can not do now, and a link that is lost

{
    my $n = 8; # the commands of three records about one subject
    my $busy = '-BUSY busy\r\n';
    my $mark = $fake->play("EXPECT $n\nSEND " . $busy x $n);
    my @answers = together('fake', ({}) x 3);
    is_refused($_, 503, 'Unable to persist record', 'a busy Redis')
        foreach @answers;
    ok($fake->wait($mark), '... is asked once');

    # which of SET, SET, SET, LPUSH, XADD, LPUSH is refused, and whose that is
    foreach my $case ([0, '500 201 201'], [1, '201 500 201'],
        [2, '201 201 500'], [3, '500 500 500'], [4, '500 500 500'],
        [5, '500 500 500'])
    {
        my @replies = ('+OK\r\n') x 6;
        $replies[$case->[0]] = '-WRONGTYPE this one\r\n';

        $fake->play("EXPECT $n\nSEND +OK\\r\\n" . '+QUEUED\r\n' x 6
            . join '', '*6\r\n', @replies);
        is(join(' ', map { $_->{status} } together('fake', ({}) x 3)),
            $case->[1], "command $case->[0] is refused");
    }

    $mark = $fake->play("EXPECT $n\nCLOSE\nHANDSHAKE");
    @answers = together('fake', ({}) x 3);
    is_refused($_, 500, 'Unable to persist record', 'a link that is lost')
        foreach @answers;
    like($_->{json}{error}{detail}, qr/may have been stored/,
        '... nobody knows, each is told') foreach @answers;
    ok($fake->wait($mark), '... the next link');
}


# clients that leave

{
    my $n = 8; # the commands of three records about one subject
    my $mark = $fake->play("EXPECT $n", 'all came');
    my @connections = begin('fake', ({}) x 3);
    ok($fake->wait($mark), 'three wait for Redis');

    $connections[1]->close();
    ok($t->has_left(), '... one of them leaves');

    $fake->play('SEND +OK\r\n' . '+QUEUED\r\n' x ($n - 2) . '*' . ($n - 2)
        . '\r\n' . '+OK\r\n' x ($n - 2));
    is_stored($connections[$_]->answer('POST'), '... the others are answered')
        foreach 0, 2;

    $mark = $fake->play("EXPECT $n");
    @connections = begin('fake', ({}) x 3);
    ok($fake->wait($mark), 'three wait again');
    ok($_->close() && $t->has_left(), '... and leave') foreach @connections;
    $mark = $fake->play('SEND +OK\r\n' . '+QUEUED\r\n' x ($n - 2) . '*'
        . ($n - 2) . '\r\n' . '+OK\r\n' x ($n - 2) . "\nAUTO 6");
    is_stored(post($t, records(), port => $port{fake}),
        '... the next one has its own answer');
    ok($fake->wait($mark), '... on the same link');

    # refused for one who has left
    $mark = $fake->play("EXPECT $n");
    @connections = begin('fake', ({}) x 3);
    ok($fake->wait($mark), 'three once more');
    $connections[0]->close();
    ok($t->has_left(), '... the first leaves');
    $fake->play('SEND +OK\r\n' . '+QUEUED\r\n' x ($n - 2) . '*' . ($n - 2)
        . '\r\n-WRONGTYPE its own\r\n' . '+OK\r\n' x ($n - 3));
    is_stored($connections[$_]->answer('POST'),
        '... what is refused was its own') foreach 1, 2;
}


# more than may wait

{
    is(post($t, records(), port => $port{full})->{status}, 201,
        'a client with room for one command');
    $limited->pause();

    my $first = start($t, 'POST', path(), records(), port => $port{full});
    ok($first->taken(), '... which has one');

    my @answers = together('full', ({}) x 3);
    is_refused($_, 503, 'Unable to persist record', '... refuses each of three')
        foreach @answers;
    is($_->{headers}{'retry-after'}, 1, '... that may come again')
        foreach @answers;

    $limited->resume();
    is_stored($first->answer('POST'), '... and has answered the one');
}


# a worker that is to end

{
    my ($worker) = $t->workers();
    my @connections = map { $t->connect($port{plain}) } 1 .. 4;
    $_->request('GET', '/none') foreach @connections;

    still($worker);
    $_->send($_->format('POST', path(), who(domain => 'last'), records()))
        foreach @connections;
    kill 'HUP', $t->master();
    kill 'CONT', $worker;

    is_stored($_->answer('POST'), 'one of a worker that ends')
        foreach @connections;
    ok(wait_for(sub { !grep { $_ == $worker } $t->workers() }), '... and it ends');
}


# a Redis Cluster: a transaction for each shard of a domain

{
    my @nodes = $cluster->nodes();
    my $execs = sub { my $n = 0; $n += $_->calls('exec') foreach @nodes; $n };

    my $before = $execs->();
    my @answers = together('cluster', map { { domain => 'c',
        body => records(observable => "o$_") } } 1 .. 12);
    is_stored($_, 'cluster: one of twelve') foreach @answers;

    my %shards = map { shard_of($_->{json}{sys_id}) => 1 } @answers;
    is($execs->() - $before, scalar keys %shards,
        '... a transaction for each shard');
    is(scalar(audit('', domain => 'c', port => $port{cluster})), 12,
        '... the audit has all');
}


$t->done();
