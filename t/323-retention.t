# Records end when their time is over, and so do their places in the lists: on
# one Redis and on a Cluster, while others are written, after the settings have
# changed, and without a word more to Redis where nothing ends.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use List::Util qw(max min sum0);
use SecOps;
use SecOps::Cluster;
use SecOps::Records;
use Time::HiRes qw(sleep time);

my $t = SecOps->new();
my $redis = $t->redis(aof => 'no');
my $cluster = SecOps::Cluster->new($t);
my $dir = $t->dir();
my $table = 'sn_ti_lookup_result';
my $number = 0;

mkdir "$dir/schema";
mkdir "$dir/schema/tables";

# how long the records of some tables are kept, as they say themselves
my %tables = (u_short => '2s', u_long => '1h', u_kept => 'off',
    u_other => undef);

foreach (keys %tables) {
    my $retention = defined $tables{$_}
        ? qq("x-retention": "$tables{$_}",) : '';
    (my $endpoint = $_) =~ s/u_//;

    $t->write("schema/tables/$_.json", <<"EOT");
{ $retention "x-endpoint": "$endpoint", "x-label": "Table",
  "x-subject": "about", "properties": { "about": { "type": "string" } } }
EOT
}


# a location whose keys have its name, and what is set in it

sub location {
    my ($name, $settings, $url) = @_;
    $url //= '%%REDIS%%';

    return <<"EOT";
        location /$name/ {
            rewrite ^/$name(/.*)\$ \$1 break;
            secops_api;
            secops_redis $url;
            secops_redis_prefix $name;
            secops_audit_maxlen 100;
            secops_auth header;
            $settings
        }
EOT
}


sub configured { # what is set in the location of what changes
    my ($changing) = @_;

    return conf(http => "secops_schema_dir $dir/schema;", server => join '',
        location('never', ''),
        location('two', 'secops_retention 2s;'),
        location('hour', 'secops_retention 1h;'),
        location('off', 'secops_retention off;'),
        location('flat', 'secops_retention 2s;'),
        location('changing', $changing),
        map({ location($_, "secops_retention 2s; secops_redis_user $_;"
            . " secops_redis_password_file $dir/password;") }
            qw(limited proper)),
        location('many', 'secops_retention 2s; secops_redis_cluster on;',
            $cluster->node(0)->url()));
}


# users with the rights that the pages name, and without those for scripts

my $page = $t->read(root() . '/docs/storage.md');
my ($rights) = $page =~ /-\@all ((?:\+[a-z|]+ )+\+[a-z|]+)$/m;
my ($more) = $page =~ /retention\S*\s+it needs `(\+.*?)`/;

$t->write('password', "limited\n");
$redis->cmd('ACL', 'SETUSER', $_, 'on', '>limited', '~*', '-@all',
    split ' ', "$rights $more") foreach qw(limited proper);
$redis->cmd('ACL', 'SETUSER', 'limited', '-eval', '-evalsha');
$t->run(configured('secops_retention 1h;'));


sub store { # one record; options: as post() takes them, and about
    my ($place, %opt) = @_;
    my $about = delete $opt{about} // 'subject' . $number++;
    my $body = $opt{endpoint} ? { about => $about }
        : records(observable => $about);
    my $r = $t->request('POST', "/$place" . path($opt{endpoint}), who(), $body);

    die "not stored: " . ($r->{body} // 'no answer') if $r->{status} != 201;
    return $r->{json}{sys_id};
}


sub key { # place, kind, id; table
    my ($place, $kind, $id, $of) = @_;
    my $shard = length $id == 32 ? shard_of($id) : $id;
    $of //= $table;
    return "$place:{global:$shard}:$kind:$of" . ($kind eq 'rec' ? ":$id" : '');
}


sub is_there { return $redis->cmd('EXISTS', key($_[0], 'rec', $_[1], $_[2])) }
sub listed { return @{$redis->cmd('LRANGE', key($_[0], 'idx', $_[1]), 0, -1)} }
sub subject_list { # of a place where there is one list only
    my ($place, $redis_) = @_;
    my @found = keys_like($redis, "$place:*:sub:*");
    return @found == 1 ? $found[0] : "@found";
}


# one record and its lists

my ($start, $id, $record, $index, $subject, %ttl);

sub ttls { # of keys, at one moment
    my (@keys) = @_;
    my $ttls = $redis->cmd('EVAL', <<'EOT', scalar @keys, @keys);
local ttls = {}
for i, key in ipairs(KEYS) do ttls[i] = redis.call('PTTL', key) end
return ttls
EOT
    return map { $keys[$_] => $ttls->[$_] } 0 .. $#keys;
}

# on a machine that is busy its time may be over before anybody looks

ok(wait_for(sub {
    $redis->cmd('FLUSHALL');
    $start = time();
    $id = store('two');
    ($record, $index, $subject) = (key('two', 'rec', $id),
        key('two', 'idx', $id), subject_list('two'));
    %ttl = ttls($record, $index, $subject);
    return $ttl{$record} != -2;
}), 'a record is stored');

cmp_ok($ttl{$record}, '>', 0, 'a record has an expiry');
cmp_ok($ttl{$record}, '<=', 2000, '... of two seconds');
cmp_ok($ttl{$_}, '>=', $ttl{$record} + 300, '... its list a longer one'),
    cmp_ok($ttl{$_}, '<=', 4000, '... not much longer')
    foreach $index, $subject;

wait_for(sub { !is_there('two', $id) });
cmp_ok(time() - $start, '>=', 1.9, '... after which it is gone');
is($t->request('GET', "/two/api/now/table/$table/$id", who())->{status}, 404,
    '... for its readers, too');
ok(wait_for(sub { !keys_like($redis, 'two:*:idx:*') }),
    'a list that nobody writes to any more is gone');
ok(wait_for(sub { !keys_like($redis, 'two:*:sub:*') }), '... any list');

is(store('hour') && $redis->cmd('TTL', subject_list('hour')) > 3600
    && $redis->cmd('TTL', subject_list('hour')) <= 3600 + 2 * 450 + 1, 1,
    'the list of an hour outlives its records by no more than two eighths');


# what others are added to

my @ids = map { store('two', about => 'one') } 1 .. 3;

wait_for(sub { !grep { is_there('two', $_) } @ids });
ok(wait_for(sub {
    push @ids, store('two', about => 'one');
    my @list = listed('two', $ids[0]);
    my %list = map { $_ => 1 } @list;
    return !grep { $list{$_} } @ids[0 .. 2];
}), 'a list that is written to is shed');
is((listed('two', $ids[0]))[0], $ids[-1], '... but not of what is there');
ok(wait_for(sub {
    push @ids, store('two', about => 'one');
    my $list = $redis->cmd('LRANGE', subject_list('two'), 0, -1);
    return !grep { my $old = $_; grep { $_ eq $old } @ids[0 .. 2] } @$list;
}), '... that of a subject, too');


# what is there is not taken away, nor what comes after it

my $kept = store('hour', about => 'one');
my @after = map { store('hour', about => 'one') } 1 .. 3;

$redis->cmd('UNLINK', key('hour', 'rec', $after[0]));
retire('hour', $kept, 3600);
is(join(' ', listed('hour', $kept)), join(' ', reverse $kept, @after),
    'nothing is shed in front of a record that is there');
$redis->cmd('UNLINK', key('hour', 'rec', $kept));
retire('hour', $kept, 3600);
is(join(' ', listed('hour', $kept)), join(' ', reverse @after[1, 2]),
    'records that were deleted are shed before their time');


sub retire { # the script that the module has sent, as it is known there
    my ($place, $of, $seconds, $n) = @_;
    my $script = $t->read(root() . '/ngx_secops_module/store/lua/retire.lua');
    my $done = $redis->cmd('EVAL', $script, 2, key($place, 'idx', $of),
        key($place, 'rec', $of) =~ s/[^:]*\z//r, $seconds, $n // 500);
    return $done;
}


# ids of both forms; what is no id

sub form { # an id of shard 5, so many seconds old, in the form of before
    my ($age, $old) = @_;
    my $time = sprintf '%012x', (time() - $age) * 1000;
    return ($old ? "5$time" : "${time}5") . sprintf '%019x', $number++;
}

@ids = (map({ form($_, 1) } 1, 50), map({ form($_, 0) } 60, 200),
    map({ form($_, 1) } 210, 300), map({ form($_, 0) } 310, 400));
$redis->cmd('RPUSH', key('mixed', 'idx', 5), @ids, 'nonsense');
$redis->cmd('SET', "mixed:{global:5}:rec:$table:$_", 'x') foreach @ids;
is(retire('mixed', 5, 250), 4, 'ids of both forms have an age');
is(join(' ', @{$redis->cmd('LRANGE', key('mixed', 'idx', 5), 0, -1)}),
    join(' ', @ids[0 .. 4]), '... the older ones are taken away');
is(sum0(map { $redis->cmd('EXISTS', "mixed:{global:5}:rec:$table:$_") } @ids),
    5, '... and their records');
is(retire('mixed', 5, 55, 2), 2, 'at most as many as are asked for');
is(retire('mixed', 5, 3_153_600_000), 0, 'nothing is older than 100 years');
is(retire('mixed', 5, 55), 1, '... the rest follows');
is(retire('mixed', 5, 55), 0, '... and then there is no more');
is(retire('mixed', 6, 55), 0, 'a list that is not there');


# a table of its own

my %id = map { $_ => store('hour', endpoint => s/u_//r) } keys %tables;

is($redis->cmd('TTL', key('hour', 'rec', $id{u_kept}, 'u_kept')), -1,
    '"x-retention": "off" wins');
is($redis->cmd('TTL', key('hour', 'idx', $id{u_kept}, 'u_kept')), -1,
    '... of lists, too');
cmp_ok($redis->cmd('TTL', key('hour', 'rec', $id{u_short}, 'u_short')), '<=',
    2, 'a shorter one wins');
cmp_ok($redis->cmd('TTL', key('hour', 'rec', $id{u_other}, 'u_other')), '>',
    3000, 'without, what is configured holds');

%id = map { $_ => store('never', endpoint => s/u_//r) } keys %tables;
cmp_ok($redis->cmd('TTL', key('never', 'rec', $id{u_long}, 'u_long')), '>',
    3000, 'it needs nothing that is configured');
is($redis->cmd('TTL', key('never', 'rec', $id{u_other}, 'u_other')), -1,
    '... and holds for its own table');


# nothing is said where nothing ends

sub commands { # so many of each while this was done
    my ($code) = @_;
    $redis->cmd('CONFIG', 'RESETSTAT');
    $code->();
    my %calls = $redis->cmd('INFO', 'commandstats')
        =~ /^cmdstat_(\w+):calls=(\d+)/mg;
    delete @calls{grep { /^(?:config|info)/ } keys %calls};
    return join ' ', map { "$_ $calls{$_}" } sort keys %calls;
}

my $plain = 'exec 20 lpush 40 multi 20 set 20 xadd 20';
is(commands(sub { store('never', about => "s$_") foreach 1 .. 20 }), $plain,
    'without a retention Redis is told nothing of it');
like(commands(sub { store('off', about => "s$_") foreach 1 .. 20 }),
    qr/^exec 20 lpush 40 multi 20 persist [23]\d set 20 xadd 20$/,
    '"off" takes an expiry away');
is(commands(sub { store('off', about => "s$_") foreach 1 .. 20 }), $plain,
    '... once: a list that is written to again is known');


# settings change

sub change { # the location of what changes; restart => 1
    my ($settings, %opt) = @_;

    if (!$opt{restart}) {
        $t->reload(configured($settings));
        return;
    }

    $t->quit();
    $t->run(configured($settings));
}

sub retired { # others are written until these are gone
    my ($about, @old) = @_;
    my $last;

    return wait_for(sub {
        $last = store('changing', about => $about);
        my %list = map { $_ => 1 } listed('changing', $last),
            @{$redis->cmd('LRANGE', subject_list('changing'), 0, -1)};
        return !grep { $list{$_} || is_there('changing', $_) } @old;
    }) && $last;
}

my $old = store('changing', about => 'x');
cmp_ok($redis->cmd('TTL', key('changing', 'rec', $old)), '>', 3500,
    'an hour it is');
change('secops_retention 2s;');
ok(my $last = retired('x', $old), 'shorter: what is older ends as well');
cmp_ok($redis->cmd('PTTL', $_), '<=', 4000, '... and lists have less time')
    foreach subject_list('changing'), key('changing', 'idx', $last);

change('secops_retention 1h;');
$last = store('changing', about => 'x');
cmp_ok($redis->cmd('TTL', $_), '>', 3500, 'longer: all have more time')
    foreach key('changing', 'rec', $last), key('changing', 'idx', $last),
        subject_list('changing');

$redis->cmd('FLUSHALL');

foreach ('', 'secops_retention off;') {
    my $how = $_ || 'nothing is set any more';

    change('secops_retention 1h;');
    $old = store('changing', about => 'x');

    # the configuration before this one is not known after a start
    change($_, restart => $_ ne '');
    my $kept = store('changing', about => 'x');

    is($redis->cmd('TTL', $_), -1, "$how: what is new has no expiry")
        foreach key('changing', 'rec', $kept), key('changing', 'idx', $kept),
            subject_list('changing');

    cmp_ok($redis->cmd('TTL', key('changing', 'rec', $old)), '>', 3000,
        '... what was there keeps it');
    $redis->cmd('PEXPIRE', key('changing', 'rec', $old), 1);
    ok(wait_for(sub { !is_there('changing', $old) }), '... and ends');
    is(join(' ', listed('changing', $kept)), "$kept $old",
        '... its list stays');

    change('secops_retention 2s;');
    ok(retired('x', $kept), "on again: what had no expiry ends, too");
    $redis->cmd('FLUSHALL');
}


# the write does not depend on what follows it

my $from = $t->log_end();
is(store('limited', about => 'x') ne '', 1, 'a record is stored');
ok($t->wait_logged($from, 'secops: old records were not removed: NOPERM'),
    '... although its list can not be shed');
ok(wait_for(sub {
    store('limited', about => 'x');
    return $redis->cmd('INFO', 'commandstats')
        =~ /cmdstat_evalsha:.*rejected_calls=(\d+)/ && $1 > 3;
}), '... nor later');
is($t->logged($from, 'old records were not removed'), 1,
    '... which is not said each time');

$from = $t->log_end();
store('proper', about => 'x');
ok(wait_for(sub {
    store('proper', about => 'x');
    return $redis->cmd('INFO', 'commandstats') =~ /^cmdstat_ltrim:/m;
}), 'a user with the rights that the pages name');
is($t->logged($from, 'NOPERM'), 0, '... needs no more');


# Writes for 20 times the retention, on one Redis and on a Cluster, a fifth of
# them about subjects that nobody writes about again.  A machine that is busy
# writes less, so what is measured is the memory for each record that is there.

sub batch {
    my ($place, $n) = @_;
    my @records = map { records(result => 'x' x 500, observable => rand() < 0.2
        ? 'once' . $number++ : 'often' . int rand 100) } 1 .. $n;
    my $r = $t->request('POST', "/$place" . path(), who(), { data => \@records });

    die "not stored: " . ($r->{body} // 'no answer') if $r->{status} != 201;
}

sub sum_of { # numbers of one Redis or of several
    my ($nodes, $code) = @_;
    return sum0(map { $code->($_) } @$nodes);
}

sub entries { # of all lists
    my ($node) = @_;
    return sum0(map { $node->cmd('LLEN', $_) }
        map { keys_like($node, $_) } '*:idx:*', '*:sub:*');
}

sub memory { # but for what goes to replicas, to clients and to disk
    my ($node) = @_;
    my %bytes = $node->cmd('INFO', 'memory') =~ /^(\w+):(\d+)/mg;
    return $bytes{used_memory} - sum0(@bytes{qw(mem_aof_buffer
        mem_clients_normal mem_clients_slaves mem_replication_backlog)});
}

sub state_of { # records that are there, memory, and entries for each of them
    my ($run) = @_;
    my $records = sum_of($run->{nodes},
        sub { scalar(my @keys = keys_like($_[0], '*:rec:*')) });
    my $bytes = sum_of($run->{nodes}, \&memory) - $run->{base};

    return unless $records;
    return { records => $records, bytes => $bytes, each => $bytes / $records,
        entries => sum_of($run->{nodes}, \&entries) / $records };
}

$redis->cmd('FLUSHALL');
$t->reload(configured(''));

my @runs = ({ place => 'flat', name => 'one Redis', nodes => [$redis] },
    { place => 'many', name => 'a Cluster',
      nodes => [map { $cluster->node($_) } 0 .. 2] });

$_->{base} = sum_of($_->{nodes}, \&memory) foreach @runs;

# What is there depends on how much was written in the last two seconds, and
# what is left of others on the two before.  So it is looked at only when the
# machine has let this test write as much as it wanted to in both, and count.

my $end = time() + 120;
my ($due, $measured) = (time(), time());
my @written;

while (time() < $end && @{$runs[0]{states} // []} < 10) {
    sleep max(0, $due - time());
    batch($_->{place}, 75) foreach @runs;

    my $now = time();
    @written = ($now, grep { $_ > $now - 4 } @written);
    $due = max($due + 0.2, $now);

    my $last = grep { $_ > $now - 2 } @written;
    next if $now - $measured < 4 || $last < 7 || @written - $last < 7;

    $measured = time();
    my @states = map { state_of($_) } @runs;
    next if @states < @runs || time() - $measured > 1;
    push @{$runs[$_]{states}}, $states[$_] foreach 0 .. $#runs;
}

SKIP: {
    skip 'the machine is too busy to write at a steady rate', 2 * @runs
        if @{$runs[0]{states} // []} < 10;

    foreach my $run (@runs) {
        my @states = @{$run->{states}};
        my @steady = @states[2 .. 4];
        my $name = $run->{name};

        diag("$name: " . join ', ', map {
            sprintf '%d records of %d bytes with %.2f entries',
                @$_{qw(records each entries)} } @states);

        # when the machine has been slow, there are fewer records: to grow is to
        # grow in all, and for each record

        cmp_ok(max(map {
            my $state = $_;
            min(map { my $of = $_;
                $state->{$of} / max(map { $_->{$of} } @steady) } qw(bytes each));
        } @states[5 .. $#states]), '<=', 1.1, "$name: memory stays as it is");
        cmp_ok(max(map { $_->{entries} } @states), '<=', 3,
            '... and few entries are of records that are gone');
    }
}

foreach my $run (@runs) {
    my $name = $run->{name};

    ok(wait_for(sub { !sum_of($run->{nodes}, sub {
        scalar(my @keys = map { keys_like($_[0], $_) } '*:rec:*', '*:idx:*',
            '*:sub:*') }) }), "$name: in the end nothing is left");
}


$t->done();
