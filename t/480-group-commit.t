# Single records and events that reach the store in one turn of a worker's event
# loop leave as one transaction, and each request has its own outcome all the
# same: stored, refused, not sent, unknown, or nobody to tell.  The audit has each
# of the records.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw(sha256_hex);
use JSON::PP;
use SecOps;
use SecOps::Cluster;
use SecOps::Events;
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

our $meanwhile = sub { };

sub begin { # a port, and of each: body, at or endpoint, domain, user, before
    my ($port, @requests) = @_;
    my ($worker) = $t->workers();
    my @connections = map { $t->connect($port{$port}) } @requests;

    $_->request('GET', '/none') foreach @connections;

    still($worker);
    $meanwhile->();

    foreach my $i (0 .. $#requests) {
        my %request = (body => records(), %{$requests[$i]});

        $connections[$i]->send($connections[$i]->format('POST',
            ($request{before} // '')
                . ($request{at} // path($request{endpoint})),
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


# --- events -----------------------------------------------------------------

my %job;

sub job { # of a port, made once
    my ($name) = @_;

    return $job{$name} //= $t->request('POST', '/api/v2/resources', who(), {
        in => { type => 'integration', properties => { title => 'In',
            integration_type => 'Elasticsearch',
            parameters => { hosts => 'es' } } },
        j => { type => 'job', properties => { title => 'J',
            category => 'Automation', pipeline_integrations => [{
                resource => 'in', integration_type => 'input',
                parameters => { index => 'i' } }] } } },
        port => $port{$name})->{json}{created}[1]{internal_id}
        // die "no job at $name";
}


sub event { # a request: port, id, if it has one, and more of begin()
    my ($name, $id, %more) = @_;
    return { at => '/api/v1/events' . (defined $id ? "/$id" : ''),
        body => { job_id => job($name), raw_body => { a => 1 } }, %more };
}


sub ids { # n ids of events of a shard, none of which was told before
    my ($shard, $n) = @_;
    my @ids;

    for (my $i = 0; @ids < $n; $i++) {
        my $id = "e$shard-$i-" . ++$job{count};
        push @ids, $id if SecOps::Events->shard($id) eq $shard;
    }

    return @ids;
}


sub about { # a record of a shard
    my ($shard, %more) = @_;
    my $i = 0;
    $i++ while SecOps::Events->shard("s$i") ne $shard;
    return { body => records(observable => "s$i"), %more };
}


# A worker knows a job for a second.  If that is over when it goes on, it asks for
# the job first, and the events come in a later turn than the records: then there
# are other requests once more, which $make makes.  Returns what is more of these
# commands, the requests, and the answers

my @of_both = (@commands, 'zadd');

sub at_once { # port, a Redis, $make, what is to be done meanwhile
    my ($name, $server, $make, $then) = @_;

    foreach (1 .. 50) {
        my @requests = $make->();
        my ($event) = grep { $_->{at} } @requests;
        my $before;

        local $meanwhile = sub { $before = calls($server, @of_both, 'get');
            $then->(@requests) if $then };

        is_known($name, $event) or last;

        my @answers = together($name, @requests);
        my $more = more($server, $before);

        return ($more =~ s/ get 0//r, \@requests, @answers)
            if $more =~ / get 0\b/;
    }

    die 'the job is never known';
}

sub is_known { # the job of an event, from now on
    my ($name, $event) = @_;
    return wait_for(sub { $t->request('POST', ($event->{before} // '')
        . '/api/v1/events/known', who(), $event->{body},
        port => $port{$name})->{status} == 201 });
}


sub is_event { # the answer is that it is stored
    my ($r, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my $ok = ok(($r->{status} // 0) == 201
        && ($r->{json}{status} // '') eq 'pending_inference', $name);

    diag($r->{head} // 'no answer', $r->{body} // '') unless $ok;
    return $ok;
}


# what is in Redis of the events of a port

my %of = map { my ($name, $server) = @$_;
    ($name => SecOps::Events->new($t, $server, port => $port{$name})) }
    [plain => $redis], [disk => $disk], [limited => $limited];

sub id_of { return $_[0]{at} =~ m{([^/]+)$} ? $1 : '' }

sub announcements { # of an event
    my ($name, $id) = @_;
    return scalar grep { $_->{event} eq $id } $of{$name}->announced(job($name));
}


# records and events, in both orders

foreach my $order ([0, 1, 0, 1, 1], [1, 1, 0, 1, 0]) {
    my ($more, $requests, @answers) = at_once('plain', $redis, sub {
        my @ids = ids('a', 3);
        map { $_ ? event('plain', shift @ids) : about('b', user => 'bob') }
            @$order });

    is($more, 'exec 1 lpush 2 set 5 xadd 4 zadd 1',
        "@$order: two records and three events in one transaction");

    foreach my $i (0 .. $#answers) {
        my ($r, $request) = ($answers[$i], $requests->[$i]);

        if (!$order->[$i]) {
            is_stored($r, '... a record');
            is(get($t, $r->{headers}{location})->{status}, 200,
                '... that is read');
            is(join(' ', map { "$_->{id} $_->{user}" }
                audit("&id=$r->{json}{sys_id}")), "$r->{json}{sys_id} bob",
                '... and is in the audit');
            next;
        }

        my $id = id_of($request);

        is_event($r, '... an event');
        is($r->{json}{event_id}, $id, '... of its own id');
        is($of{plain}->stored(job('plain'), $id)->{event_id}, $id,
            '... that is there');
        is(scalar(grep { $_ eq $id } $of{plain}->indexed(job('plain'))), 1,
            '... among those of its job');
        is(announcements('plain', $id), 1, '... and announced');
    }
}

{
    my ($more, $requests, @answers) = at_once('plain', $redis,
        sub { map { event('plain') } 1 .. 12 });

    is_event($_, 'one without an id') foreach @answers;
    like($more, qr/^exec 1 lpush 0 set 12 xadd 12 zadd \d+$/,
        '... twelve in one transaction, and none in the audit');
    is(scalar keys %{{ map { $_->{json}{event_id} => 1 } @answers }}, 12,
        '... each has its own');

    my %indexed = map { $_ => 1 } $of{plain}->indexed(job('plain'));
    is(scalar(grep { $indexed{$_->{json}{event_id}} } @answers), 12,
        '... all are among those of the job');
}


# one id twice

{
    my ($more, $requests, @answers) = at_once('plain', $redis, sub {
        my ($id) = ids('c', 1);
        map { my $e = event('plain', $id); $e->{body}{raw_body} = { n => $_ };
            $e } 1 .. 3 });
    my $id = id_of($requests->[0]);

    is($more, 'exec 1 lpush 0 set 3 xadd 3 zadd 1', 'one id three times');
    is_event($_, '... each is stored') foreach @answers;
    is($of{plain}->stored(job('plain'), $id)->{raw_body}{n}, 3,
        '... the last one wins');
    is(scalar(grep { $_ eq $id } $of{plain}->indexed(job('plain'))), 1,
        '... it is once among those of the job');
    is(announcements('plain', $id), 3, '... and announced each time');
}


# many, a large one, and several of one request

{
    my ($more, $requests, @answers) = at_once('plain', $redis, sub {
        map { event('plain', $_) } ids('d', 35), ids('e', 35) });

    is(scalar(grep { $_->{status} == 201 } @answers), 70, 'seventy events');
    like($more, qr/^exec 2 lpush 0 set 70 xadd 70 zadd [34]$/,
        '... are two transactions, each with what it has of a shard at once');

    ($more, $requests, @answers) = at_once('plain', $redis, sub {
        my @e = map { event('plain', $_) } ids('d', 4);
        $e[0]{body}{raw_body} = { a => 'x' x 66000 };
        $e[1] = { at => '/api/v1/events', body => [$e[1]{body}] };
        @e });

    is(scalar(grep { $_->{status} == 201 } @answers), 4,
        'a large event and a batch');
    like($more, qr/^exec 3 lpush 0 set 4 xadd 4 zadd 3$/,
        '... share with nobody');
}


# alone: what it has always been

{
    my ($id) = ids('0', 1);
    my $e = event('plain', $id);
    my ($more) = at_once('plain', $redis, sub { $e });
    is($more, 'exec 1 lpush 0 set 1 xadd 1 zadd 1', 'an event alone');
}


# a retention: of the location that has one

foreach my $typed (0, 1) {
    my ($wrong) = map { "secops:{global:$_}:evidx:" . job('plain') } '6';
    $redis->cmd('DEL', $wrong);
    $redis->cmd('SET', $wrong, 'no set') if $typed;

    my ($more, $requests, @answers) = at_once('plain', $redis, sub {
        my @ids = (ids('6', 2), ids('7', 2));
        (map({ event('plain', $_, before => '/kept') } @ids[0 .. 2]),
            event('plain', $ids[3]),
            about('6', before => '/kept', domain => 'kept'),
            about('7', domain => 'kept')) });

    like($more, qr/^exec 1 lpush 4 set 2 xadd 5 zadd 3$/,
        'a retention: one transaction');
    is(join(' ', map { $_->{status} } @answers),
        $typed ? '500 500 201 201 201 201' : '201 201 201 201 201 201',
        $typed ? '... without those whose places are none' : '... of all');

    my @ttl = map { $redis->cmd('TTL',
        $of{plain}->key_of('ev', job('plain'), id_of($_))) }
        @$requests[0 .. 3];
    cmp_ok($ttl[$_], '>', 3000, '... an event ends') foreach 0 .. 2;
    is($ttl[3], -1, '... one of a location without does not');

    cmp_ok($redis->cmd('TTL', $wrong), '>', 3000, '... their places end')
        unless $typed;
    my ($key) = keys_like($redis, 'secops:{kept:6}:rec:*:'
        . ($answers[4]{json}{sys_id} // ''));
    cmp_ok($redis->cmd('TTL', $key), '>', 3000, '... and so does a record');

    $redis->cmd('DEL', $wrong);
}


# what has another type belongs to events only, or to records only

foreach my $name (qw(plain disk)) {
    my $server = $name eq 'disk' ? $disk : $redis;
    my $level = $name eq 'disk' ? 'fsync' : 'memory';
    my $make = sub { (event($name, ids('1', 1)), about('1'),
        event($name, ids('2', 1)), about('2'), event($name, ids('1', 1))) };

    foreach my $case (['evidx', 'events', '500 201 201 201 500'],
        ['evq', 'events', '500 201 201 201 500'],
        ['sub', 'records', '201 500 201 201 201'])
    {
        my ($kind, $whose, $statuses) = @$case;
        my $key = "secops:{global:1}:"
            . ($kind eq 'sub' ? 'sub:sn_ti_lookup_result:' . substr(
                sha256_hex(about('1')->{body}{observable}), 0, 32)
                : "$kind:" . job($name));

        $server->cmd('DEL', $key);
        $server->cmd('SET', $key, 'another type');

        my ($more, $requests, @answers) = at_once($name, $server, $make);

        like($more, qr/^exec 1 /, "$name, $kind: one transaction");
        is(join(' ', map { $_->{status} } @answers), $statuses,
            "... of which $whose are refused, those that it concerns");

        foreach my $i (0 .. $#answers) {
            my $r = $answers[$i];

            if ($r->{status} == 201) {
                is($r->{headers}{'x-secops-durability'}, $level,
                    '... the level is told of what is stored');

            } elsif ($requests->[$i]{at}) {
                is_refused_v1($r, 500, 'Unable to store event',
                    '... in the form of events');

            } else {
                is_refused($r, 500, 'Unable to persist record',
                    '... in the form of records');
            }
        }

        $server->cmd('DEL', $key);
    }
}


# a level that is not reached.  The worker looks once a second whether it can be:
# where it has seen before the write that it can not, nothing was sent, and once
# more

{
    my ($more, $requests, @answers);

    foreach (1 .. 20) {
        ($more, $requests, @answers) = at_once('disk', $disk,
            sub { $disk->cmd('CONFIG', 'SET', 'appendfsync', 'always');
                (event('disk', ids('3', 1)), about('3'),
                    event('disk', ids('4', 1))) },
            sub { $disk->cmd('CONFIG', 'SET', 'appendfsync', 'everysec') });
        last if grep { $_->{status} != 503 } @answers;
    }

    is_refused_v1($answers[$_], 500, 'Unable to store event',
        'an event whose level is not reached') foreach 0, 2;
    is_refused($answers[1], 500, 'Unable to persist record', '... a record');
    like($_->{body}, qr/may have been stored/, '... each is told')
        foreach @answers;

    $disk->cmd('CONFIG', 'SET', 'appendfsync', 'always');
    ok(wait_for(sub { post($t, records(), port => $port{disk})->{status} == 201
        }), '... until it is again');
}


# nothing is executed: keys of events, or of records, that may not be touched

foreach my $case (['events', '201 500 201 500', '~secops:{good:*'],
    ['records', '500 201 500 201', '~secops:{global:*'])
{
    my ($whose, $statuses, @keys) = @$case;
    my $known = job('limited');
    my $end = $t->log_end();

    my ($more, $requests, @answers) = at_once('limited', $limited,
        sub { $limited->cmd('ACL', 'SETUSER', 'default', 'allkeys');
            map { (about('5', domain => 'good'),
                event('limited', ids('5', 1))) } 1, 2 },
        sub { $limited->cmd('ACL', 'SETUSER', 'default', 'resetkeys',
            '~secops:{global:res*', @keys) });
    $limited->cmd('ACL', 'SETUSER', 'default', 'allkeys');

    is(join(' ', map { $_->{status} } @answers), $statuses,
        "the keys of $whose may not be touched: they are refused, no other");
    cmp_ok($t->logged($end, 'NOPERM'), '>=', 2, '... the log says why');

    foreach my $i (0 .. $#answers) {
        my $there = $answers[$i]{status} == 201 ? 1 : 0;

        if ($requests->[$i]{at}) {
            is(announcements('limited', id_of($requests->[$i])), $there,
                '... an event is announced once, or not at all');

        } elsif ($there) {
            is(scalar(audit("&id=$answers[$i]{json}{sys_id}",
                domain => 'good', port => $port{limited})), 1,
                '... a record is once in the audit');
        }
    }
}


# clients that leave, and more than may wait

{
    my @requests = (event('plain', ids('8', 1)), about('8'),
        event('plain', ids('8', 1)), about('9'));

    ok(is_known('plain', $requests[0]), 'a job that is known');

    local $meanwhile = sub { $redis->pause() };
    my @connections = begin('plain', @requests);

    foreach my $i (0, 3) {
        $connections[$i]->close();
        ok($t->has_left(), 'a client leaves');
    }

    $redis->resume();
    is_stored($connections[1]->answer('POST'), '... the other record');
    is_event($connections[2]->answer('POST'), '... and the other event');
    $_->close() foreach @connections[1, 2];
}

{
    my $e = event('limited', ids('8', 1));
    ok(is_known('full', $e), 'a client with room for one command');
    $limited->pause();

    my $first = start($t, 'POST', path(), records(), port => $port{full});
    ok($first->taken(), '... which has one');

    foreach my $r (together('full', $e, {}, event('limited', ids('9', 1)))) {
        is($r->{status}, 503, '... refuses records and events');
        is($r->{headers}{'retry-after'}, 1, '... that may come again');
    }

    $limited->resume();
    is_stored($first->answer('POST'), '... and has answered the one');
}


# a link that is lost, and Redis comes back

{
    my @requests = (event('limited', ids('8', 1)), about('8'),
        event('limited', ids('8', 1)));
    my @answers;

    foreach (1 .. 50) {
        ok(is_known('limited', $requests[0]), 'a job that is known');

        local $meanwhile = sub { $limited->pause() };
        my @connections = begin('limited', @requests);
        ok(SecOps::Connection::taken(@connections), '... it is Redis who waits');

        # in a later turn than theirs
        $t->request('GET', '/none');

        $limited->kill9();
        $limited->start();
        @answers = map { $_->answer('POST') } @connections;

        # the events did not have to ask for the job
        last unless grep { $_->{status} != 500 } @answers;
    }

    is_refused_v1($answers[$_], 500, 'Unable to store event',
        'the link is lost: an event') foreach 0, 2;
    is_refused($answers[1], 500, 'Unable to persist record', '... a record');
    like($_->{body}, qr/may have been stored/,
        '... nobody knows, each is told') foreach @answers;
    ok(is_known('limited', $requests[0]), '... events are stored again');
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

    # records and events of one slot share
    foreach my $case (['aaa', 1], ['aba', 2], ['abc', 3]) {
        my ($shards, $transactions) = @$case;
        my @shards = split //, $shards;
        my $n = 0;

        # the job is asked for at another node: a few times it is known
        ok(wait_for(sub {
            my @requests = (event('cluster', ids($shards[0], 1)),
                about($shards[1]), event('cluster', ids($shards[2], 1)));

            is_known('cluster', $requests[0]);
            $before = $execs->();
            @answers = together('cluster', @requests);
            $n = $execs->() - $before;
            return join(' ', map { $_->{status} } @answers) eq '201 201 201'
                && $n == $transactions;
        }), "cluster: an event, a record, an event in shards $shards: "
            . "$transactions") or diag($n);
    }
}


$t->done();
