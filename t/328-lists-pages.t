# The store's calls that read lists of records: pages, scans and documents.  An
# operation of t/lists/ is compiled into a copy of the module, and asked over
# HTTP beside a model in Perl, while records are stored, deleted and shed.  The
# scripts that they run are tried in t/327-lists.t.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use File::Temp;
use IO::Socket::UNIX;
use List::Util qw(min);
use POSIX ();
use SecOps;
use SecOps::Cluster;
use SecOps::Records;

my $root = root();
my $table = 'sn_ti_lookup_result';
my $msec = 1_760_000_000_000;
my $sanitized = ($ENV{SECOPS_MODULE} // 'plain') eq '';

srand($ENV{SECOPS_SEED} // 1);


sub text {
    my ($path) = @_;
    open my $file, '<:raw', $path or die "can not read $path: $!";
    local $/;
    return scalar <$file>;
}


# --- a copy of the module with the operation of t/lists/ --------------------

sub build {
    my ($copy) = @_;
    my %change = (
        'config' => [qr/^(?=.*api_scopes\.c)/m,
            "    \$secops_dir/api/ngx_http_secops_api_lists.c \\\n"],
        'ngx_secops_module/api/ngx_http_secops_api.h' => [
            qr/^(?=ngx_int_t ngx_http_secops_audit_get)/m,
            'ngx_int_t ngx_http_secops_lists_get(ngx_http_request_t *r, '
                . "ngx_http_secops_ctx_t *ctx);\n"],
        'ngx_secops_module/face/ngx_http_secops_route.c' => [
            qr/^(?= *\{ ngx_string\("\/api\/secops\/v1\/audit"\))/m,
            '{ ngx_string("/api/secops/v1/lists/*/*"), NGX_HTTP_GET,'
                . 'NGX_HTTP_SECOPS_TABLES, NGX_HTTP_SECOPS_GRANTED,'
                . 'SECOPS_PERMISSION_READ, SECOPS_SCOPE_NONE, 0,'
                . 'ngx_string("lists"), ngx_http_secops_lists_get, NULL },'],
    );

    system("cd $root && tar cf - --exclude=./build --exclude=./run"
        . " --exclude=./.git . | tar xf - -C $copy") == 0 or return 'no copy';
    system('cp', "$root/t/lists/ngx_http_secops_api_lists.c",
        "$copy/ngx_secops_module/api") == 0 or return 'no operation';

    foreach my $path (sort keys %change) {
        my $text = text("$copy/$path");
        $text =~ s/$change{$path}[0]/$change{$path}[1]/ == 1
            or return "no place in $path";
        open my $file, '>:raw', "$copy/$path" or return "no $path: $!";
        print $file $text;
        close $file or return "no $path: $!";
    }

    delete local @ENV{grep { /^SECOPS_/ } keys %ENV};
    local $ENV{CCACHE_BASEDIR} = $copy;
    local $ENV{CCACHE_NOHASHDIR} = 1;
    my $output = qx(cd $copy && scripts/build.sh module 2>&1);

    return $? == 0 ? undef : $output;
}


my $folder;

if (!$ENV{SECOPS_LISTS}) { # the module is such a copy already
    plan(skip_all => 'the operation is compiled for the plain build')
        if $sanitized;

    $folder = File::Temp->newdir('secops-copy-XXXXXX', TMPDIR => 1,
        CLEANUP => !$ENV{SECOPS_KEEP});

    my $failed = build("$folder");
    is($failed, undef, 'a copy with the operation was built');
    BAIL_OUT('the copy was not built') if defined $failed;

    $ENV{SECOPS_MODULE} = "$folder/build/ngx_http_secops_module.so";
}


# --- records in Redis, and the model of them ---------------------------------

my ($made, $clock) = (0, $msec);
my (%lists, %there); # ids of a shard as its list has them; ids of records


sub id { # of a time and a shard; one in ten has the form of earlier versions
    my ($time, $shard) = @_;
    my $random = sprintf '%011x%08x', int(rand 2 ** 40), $made++;

    return sprintf('%x', $shard) . sprintf('%012x', $time) . $random
        if $made % 10 == 0;
    return sprintf('%012x', $time) . sprintf('%x', $shard) . $random;
}


sub is_old { return $_[0] !~ /^0[^0]/ }


sub when { # the time of an id, as its digits
    my ($id) = @_;
    return substr $id, is_old($id) ? 1 : 0, 12;
}


sub shard { return substr $_[0], is_old($_[0]) ? 0 : 12, 1 }


sub sorted { # the newest first
    return map { substr $_, 12 } reverse sort map { when($_) . $_ } @_;
}


sub key {
    my ($shard, $rest) = @_;
    return "secops:{global:$shard}:$rest:$table";
}


sub words { # a command as it is sent
    return join '', '*' . @_ . "\r\n",
        map { '$' . length($_) . "\r\n$_\r\n" } @_;
}


sub send_all { # commands in one write, whose answers are not looked at
    my ($redis, @commands) = @_;
    my $text = join '', @commands;
    my $socket = IO::Socket::UNIX->new(Peer => $redis->{socket}) or die;
    my ($sent, $got) = (0, 0);

    $socket->blocking(0);

    while ($sent < length $text || $got < @commands) {
        my $n = $sent < length $text
            ? syswrite $socket, $text, 65536, $sent : 0;
        $sent += $n // 0;
        while (sysread $socket, my $reply, 65536) {
            $got += $reply =~ tr/\n//;
        }
        select undef, undef, undef, 0.001 unless $n;
    }
}


# n records; share: of a hundred so many are in shard 0; each 10 ms later than
# the one before, but for 300 ms, which are 30 places if all are in one list

my ($pace, $differ) = (10, 300);

sub make {
    my ($n, $share) = @_;
    my %new;

    for (1 .. $n) {
        my $shard = rand(100) < ($share // 0) ? 0 : int rand 16;
        my $id = id(($clock += $pace) + int rand $differ, $shard);
        unshift @{$lists{sprintf '%x', $shard}}, $id;
        push @{$new{sprintf '%x', $shard}}, $id;
        $there{$id} = 1;
    }

    return \%new;
}


sub commands { # that store these
    my ($new) = @_;
    my @commands;

    foreach my $shard (keys %$new) {
        my @ids = @{$new->{$shard}};
        push @commands, map { words('SET', key($shard, 'rec') . ":$_", 'x') }
            @ids;
        push @commands, words('LPUSH', key($shard, 'idx'), splice @ids, 0, 500)
            while @ids;
    }

    return @commands;
}


my $t = SecOps->new();
my $redis = $t->redis(aof => 'no');
my $cluster = SecOps::Cluster->new($t, replicas => 0);
my $server = sub { return $redis }; # of a shard


sub fill {
    my ($n, $share) = @_;
    my $new = make($n, $share);

    foreach my $shard (keys %$new) {
        send_all($server->($shard), commands({ $shard => $new->{$shard} }));
    }
}


sub clear {
    (%lists, %there) = ();
    $clock = $msec;
    $_->cmd('FLUSHALL') foreach @{$t->{redis}};
}


sub drop { # a record, and its entry if whole
    my ($id, $whole) = @_;
    my $shard = shard($id);

    delete $there{$id};
    $server->($shard)->cmd('DEL', key($shard, 'rec') . ":$id");

    if ($whole) {
        $server->($shard)->cmd('LREM', key($shard, 'idx'), 1, $id);
        $lists{$shard} = [grep { $_ ne $id } @{$lists{$shard}}];
    }
}


sub all { return sorted(map { @$_ } values %lists) }


# --- what is asked -----------------------------------------------------------

$t->run(conf(server => 'keepalive_requests 100000;', http => <<'EOT'));
    secops_query_scan time=1m;

    server {
        listen 127.0.0.1:%%PORT1%%;
        keepalive_requests 100000;

        location /api/ {
            secops_api;
            secops_redis %%REDIS1%%;
            secops_redis_cluster on;
            secops_auth header;
        }
    }
EOT

my $client = $t->connect();


sub ask {
    my ($what, %args) = @_;
    my $query = join '&', map { "$_=$args{$_}" } sort keys %args;
    my $path = "/api/secops/v1/lists/$what/$table?$query";

    return $client->request('GET', $path, who());
}


sub page {
    my (%args) = @_;
    my $r = ask('page', %args);
    die "page: $r->{status} $r->{body}\n" if $r->{status} != 200;
    return $r->{json};
}


sub same_page { # undef: it is that of the model, which is sorted
    my ($order, %args) = @_;
    my @order = $args{oldest} ? reverse @$order : @$order;
    my $from = $args{offset} // 0;

    if (defined $args{after}) {
        my $at = when($args{after}) . $args{after};
        $from = grep {
            my $key = when($_) . $_;
            $args{oldest} ? $key le $at : $key ge $at;
        } @order;
    }

    my @ids = @order[$from .. min($#order, $from + $args{n} - 1)];
    my $page = page(%args);

    return undef if $page->{total} == @order && "@{$page->{ids}}" eq "@ids";
    return join ' ', map { "$_=$args{$_}" } sort keys %args;
}


sub same_pages {
    my ($times, $name, $args) = @_;
    my @order = all();
    my @wrong = grep { defined } map { same_page(\@order, $args->(@order)) }
        1 .. $times;

    is_deeply(\@wrong, [], $name);
}


# --- pages of what stands still ----------------------------------------------

is_deeply(page(offset => 0, n => 10), { total => 0, ids => [] },
    'a page of nothing');
is_deeply(page(offset => 9999, n => 10, oldest => 1), { total => 0, ids => [] },
    '... also far inside of it');

fill(1);
same_pages(6, 'pages of one record', sub {
    return (offset => int rand 3, n => int rand 3, oldest => int rand 2);
});

fill(499);
same_pages(100, 'pages of 500 records', sub {
    return (offset => int rand 520, n => int rand 120, oldest => int rand 2);
});
same_pages(60, '... after an id', sub {
    return (after => rand() < 0.8 ? $_[rand @_]
        : id($msec + rand(5200) - 100, 3), n => int rand 60,
        oldest => int rand 2);
});

clear();
fill(3000, 100);
same_pages(20, 'pages of 3000 records in one shard', sub {
    return (offset => int rand 3000, n => 500, oldest => int rand 2);
});

clear();
fill(40_000);
same_pages(20, 'pages of 40,000 records near the end', sub {
    return (offset => int rand 8000, n => 100, oldest => int rand 2);
});
same_pages(60, '... and far inside', sub {
    return (offset => 8001 + int rand 32_100, n => 100, oldest => int rand 2);
});
same_pages(4, '... as large as they may be', sub {
    return (offset => int rand 30_000, n => 10_000, oldest => int rand 2);
});
same_pages(20, '... after an id', sub {
    return (after => $_[rand @_], n => 50, oldest => int rand 2);
});

# as many in a second as batches of many clients may bring, and those of one
# moment in any order

clear();
($pace, $differ) = (1 / 64, 40);
fill(40_000);
same_pages(40, 'pages of 40,000 records of one second', sub {
    return (offset => int rand 40_000, n => 200, oldest => int rand 2);
});
same_pages(40, '... after an id', sub {
    return (after => $_[rand @_], n => 50, oldest => int rand 2);
});
($pace, $differ) = (10, 300);

clear();
fill(30_000, 85);
same_pages(40, 'pages of 30,000 records, most of them in one shard', sub {
    return (offset => int rand 30_100, n => 500, oldest => int rand 2);
});

cmp_ok(scripts(offset => 7500, n => 2000), '<=', 16 * 4,
    '... in four rounds at most');

clear();
fill(30_000);

sub scripts { # of a page
    my (%args) = @_;
    my $before = $redis->calls('evalsha');
    page(n => 100, %args);
    return $redis->calls('evalsha') - $before;
}

is(scripts(), 16, 'a page is one script for each list');
is(scripts(oldest => 1), 16, '... from either end');
is(scripts(after => $lists{3}[1000]), 16, '... and after any id');
cmp_ok(scripts(offset => 20_000), '<=', 16 * 3, '... three, far inside');


# --- while records come and go -----------------------------------------------

sub once { # of what was there at the start, and still is
    my ($first, $got, $name) = @_;
    my %times;
    $times{$_}++ foreach @$got;

    is_deeply([grep { $there{$_} && !$times{$_} } @$first], [],
        "$name: nothing is missing");
    is_deeply([grep { $times{$_} > 1 } keys %times], [],
        "$name: nothing comes twice");
}


# a process that does so until it is told to end; code is called 100 times a
# second

sub beside {
    my ($code) = @_;
    my $pid = fork() // die "fork: $!";
    return $pid if $pid;

    delete $redis->{link};
    $SIG{TERM} = sub { POSIX::_exit(0) };
    eval { while (1) { $code->(); select undef, undef, undef, 0.01 } };
    print STDERR $@;
    POSIX::_exit(1);
}


sub end {
    my ($pid, $name) = @_;
    kill 'TERM', $pid;
    waitpid $pid, 0;
    is($?, 0, $name);
}


clear();
fill(20_000);

my @first = all();
$clock += 1000; # what is stored now is newer than all of these
my $writer = beside(sub { send_all($redis, commands(make(10))) });
my @got;

for (my $offset = 0; $offset < @first; $offset += 100) {
    push @got, @{page(offset => $offset, n => 100, oldest => 1)->{ids}};
}

end($writer, 'a process stored 1000 a second meanwhile');
once(\@first, \@got, 'pages at offsets, the oldest first');
ok("@got[0 .. $#first]" eq join(' ', reverse @first), '... in order');
cmp_ok(page(offset => 0, n => 0)->{total}, '>', 20_000 + 100,
    '... while records were stored');

# the tail dies, and what is read is deleted

clear();
fill(10_000);
@first = all();
$writer = beside(sub {
    send_all($redis, commands(make(5)));
    my @tail = splice @first, -5;
    send_all($redis, map { words('DEL', key(shard($_), 'rec') . ":$_") } @tail);
});

my ($after, $n) = (undef, 0);
@got = ();

do {
    my $ids = page(n => 200, defined $after ? (after => $after) : ())->{ids};
    $n = @$ids;
    push @got, @$ids;
    $after = $got[-1];
    drop($ids->[rand @$ids], 1) if $n;
} while ($n);

end($writer, 'a process stored records, and the oldest died');

my @alive;
foreach my $id (@first) {
    push @alive, $id
        if $redis->cmd('EXISTS', key(shard($id), 'rec') . ":$id");
}
cmp_ok(scalar @alive, '<', 10_000 - 50, '... many of them');
%there = map { $_ => 1 } @alive;
once(\@first, \@got, 'pages after ids, the newest first');

# a page in several rounds, of a list whose tail ends faster than it is read

sub in_a_row { # ids stand in this order without one between them
    my ($ids, @order) = @_;
    my %place = map { $order[$_] => $_ } 0 .. $#order;
    my $first = $place{$ids->[0] // ''};

    return defined $first && "@$ids" eq "@order[$first .. $first + $#$ids]";
}


clear();
($pace, $differ) = (10, 1);
fill(24_000, 100);
@first = reverse all();
$writer = beside(sub {
    my @tail = splice @first, 0, 100;
    send_all($redis, map { words('DEL', key(0, 'rec') . ":$_") } @tail);
});
$n = 0;

for (1 .. 12) {
    my $r = ask('page', n => 10_000, oldest => 1);
    $n++ if $r->{status} == 200 && @{$r->{json}{ids}} > 5000
        && !in_a_row($r->{json}{ids}, @first);
}

end($writer, 'a process ended 10,000 records a second');
is($n, 0, 'pages that are read meanwhile have no gaps');
cmp_ok($redis->cmd('LLEN', key(0, 'idx')), '<', 23_000, '... and shed the list');

# thousands come at once while a page is looked for: the place that was found
# for it is behind its begin then, or just before it

clear();
($pace, $differ) = (1 / 64, 40);
fill(30_000);
$clock += $differ;
my (@pages, $times);
$writer = beside(sub {
    send_all($redis, words('LPUSH', key(0, 'idx'),
        map { id($clock += $pace, 0) } 1 .. 2500)) if ++$times <= 60;
});

for (1 .. 30) {
    my $old = page(n => 0)->{total} - 30_000;
    my $offset = ($old < 9000 ? 9000 : $old) + int rand 20_000;
    push @pages, page(n => 300, offset => $offset)->{ids};
}

end($writer, 'a process stored 2,500 at once, again and again');
@first = sorted(map { @{$redis->cmd('LRANGE', key($_, 'idx'), 0, -1)} }
    0 .. 9, 'a' .. 'f');
is(scalar(grep { !in_a_row($_, @first) } @pages), 0,
    'pages far inside that are read meanwhile have no gaps');
($pace, $differ) = (10, 300);

clear();
fill(2000);
drop($_) foreach map { @{$lists{$_}}[-3 .. -1] } keys %lists;

my $total = page(n => 0)->{total};
my $entries = 0;
$entries += $redis->cmd('LLEN', key($_, 'idx')) foreach 0 .. 9, 'a' .. 'f';
is($total, $entries, 'the total is what is in the lists');
page(n => 0) for 1 .. 5;
is(scalar(grep {
    my $tail = $redis->cmd('LINDEX', key($_, 'idx'), -1);
    !$redis->cmd('EXISTS', key($_, 'rec') . ":$tail");
} 0 .. 9, 'a' .. 'f'), 0, '... at whose tails nothing is dead');


# --- scans -------------------------------------------------------------------

sub scan {
    my (%args) = @_;
    my $r = ask('scan', %args);
    die "scan: $r->{status} $r->{body}\n" if $r->{status} != 200;
    return $r->{json};
}


sub flat { return [map { @$_ } @{$_[0]{steps}}] }


clear();
is_deeply(scan(shard => 0), { steps => [[]], passed => 0 },
    'a scan of a list that is not there');

fill(2000, 30);
is_deeply(flat(scan(shard => hex $_)), $lists{$_}, "a scan of shard $_")
    foreach sort keys %lists;

my $r = scan(shard => 0, n => 100);
is_deeply(flat($r), $lists{0}, 'a scan in steps of 100 records');
is_deeply([map { scalar @$_ } @{$r->{steps}}],
    [(100) x int(@{$lists{0}} / 100), @{$lists{0}} % 100],
    '... has as many in each');
is($r->{passed}, scalar @{$lists{0}}, '... and tells how many it has passed');
is_deeply(flat(scan(shard => 0, bytes => 10)), $lists{0},
    'a scan in steps of 10 bytes');
is_deeply(flat(scan(shard => 0, n => 1)), $lists{0}, 'a scan one by one');

{
    no warnings 'portable';
    my @times = sort { $a <=> $b } map { hex when($_) } @{$lists{0}};
    my ($from, $to) = @times[200, 400];
    my @wanted = grep { hex when($_) >= $from && hex when($_) <= $to }
        @{$lists{0}};
    is_deeply(flat(scan(shard => 0, from => $from, to => $to)), \@wanted,
        'a scan of a range of times');
}

my $digest = 'b' . '0' x 31;
my @about = @{$lists{b}}[3 .. 60];
$redis->cmd('RPUSH', key('b', 'sub') . ":$digest", @about);
is_deeply(flat(scan(digest => $digest, n => 7)), \@about,
    'a scan of a subject\'s list');

drop($_) foreach @{$lists{5}}[0 .. 20, 40, 50, -1];
$r = scan(shard => 5, n => 10);
is_deeply(flat($r), [grep { $there{$_} } @{$lists{5}}],
    'a scan passes by what is dead');
is(@{$r->{steps}[0]}, 10, '... many of them in one step');
is($r->{passed}, scalar @{$lists{5}}, '... and are counted');

$redis->cmd('SET', key(0, 'rec') . ":$lists{0}[0]", 'x' x 100_000);
is_deeply(scan(shard => 0, bytes => 99_999, n => 500)->{steps}[0],
    [$lists{0}[0]], 'a large document comes alone');

clear();
fill(6000, 60);
@first = @{$lists{0}};
$writer = beside(sub {
    send_all($redis, commands(make(20)), map { words('LREM', key(0, 'idx'), 1, $_),
        words('DEL', key(0, 'rec') . ":$_") } splice(@first, rand @first, 1),
        splice(@first, -1));
});

my @scanned = map { flat(scan(shard => 0, n => 30, wait => 1)) } 1 .. 3;
end($writer, 'a process stored and deleted records meanwhile');
%there = map { $_ => 1 } grep {
    $redis->cmd('EXISTS', key(0, 'rec') . ":$_")
} @{$lists{0}};
once([@{$lists{0}}], [grep { $_ ne 'gone' } @{$scanned[0]}], 'a scan of it');
once([grep { $there{$_} } @{$lists{0}}], [grep { $_ ne 'gone' } @{$scanned[2]}],
    'another scan');


# --- documents ---------------------------------------------------------------

clear();
fill(100, 100);
my @some = @{$lists{0}}[5, 1, 7, 99];
$redis->cmd('SET', key(0, 'rec') . ":$some[0]", 'x' x 1000);
drop($some[1]);
is_deeply(ask('records', ids => join ',', @some)->{json},
    { documents => [1000, undef, 1, 1] }, 'documents of ids, as they were asked');
is_deeply(ask('records', ids => join(',', @some), bytes => 1000)->{json},
    { documents => [1000] }, '... until they are so many bytes');


# --- a Redis Cluster ---------------------------------------------------------

clear();
$client = $t->connect(1);
$server = sub { return $cluster->owner($cluster->slot("{global:$_[0]}")) };
fill(20_000);

same_pages(30, 'a Redis Cluster: pages', sub {
    return (offset => int rand 20_100, n => 100, oldest => int rand 2);
});
same_pages(10, '... after an id', sub {
    return (after => $_[rand @_], n => 100, oldest => int rand 2);
});
is_deeply(flat(scan(shard => hex $_)), $lists{$_}, "... a scan of shard $_")
    foreach qw(0 5 a f);
@some = @{$lists{c}}[3, 9];
is_deeply(ask('records', ids => join ',', @some)->{json},
    { documents => [1, 1] }, '... documents');

$client = $t->connect();
$server = sub { return $redis };


# --- what fails --------------------------------------------------------------

clear();
fill(3000);
$redis->cmd('SET', key(3, 'idx'), 'x');
is(ask('page', n => 10)->{status}, 500, 'a key of another type is an error');
is(ask('page', n => 10, offset => 9000)->{status}, 500, '... also far inside');
is(ask('scan', shard => 3)->{status}, 500, '... and to a scan');
$redis->cmd('DEL', key(3, 'idx'));
$redis->cmd('RPUSH', key(3, 'idx'), 'what is no id');
$redis->cmd('SET', key(3, 'rec') . ':what is no id', 'x');
is(ask('page', n => 10)->{status}, 500, 'so is an entry that is no id');
is(ask('scan', shard => 3)->{status}, 500, '... to a scan, too');
$redis->cmd('DEL', key(3, 'idx'));

$redis->cmd('SCRIPT', 'FLUSH');
is(page(n => 10)->{total}, 3000 - @{$lists{3}},
    'a Redis that has forgotten the scripts is told them');
$redis->cmd('SCRIPT', 'FLUSH');
is_deeply(flat(scan(shard => 0)), $lists{0}, '... also for a scan');

foreach my $what ('page', 'scan') { # the client leaves while Redis is silent
    foreach my $args ([n => 10], [n => 10, offset => 9000], [wait => 5, n => 9])
    {
        my %args = @$args;
        my $query = join '&', map { "$_=$args{$_}" } keys %args;
        my $leaves = $t->connect();

        $redis->pause();
        $leaves->send($leaves->format('GET',
            "/api/secops/v1/lists/$what/$table?$query", who()));
        select undef, undef, undef, 0.05;
        $leaves->close();
        select undef, undef, undef, 0.05;
        $redis->resume();
        is(ask($what, n => 10)->{status}, 200, "a client may leave a $what");
    }
}

$redis->stop();
is(ask('page', n => 10)->{status}, 503, 'without Redis there is no page');
is(ask('scan', shard => 0)->{status}, 503, '... and no scan');
is(ask('records', ids => $some[0])->{status}, 503, '... nor documents');

$t->done();
