# The scripts that read lists of records, on a real Redis beside a model in Perl:
# ids, the documents of ids, and scans, while records are stored, deleted and
# shed: of what was there at the start nothing is missing, and nothing comes
# twice.  t/328-lists-pages.t runs the store's calls, which use them.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use SecOps;

my $root = root();
my $seed = $ENV{SECOPS_SEED} // 1;
my $msec = 1_760_000_000_000;

srand $seed;
diag("SECOPS_SEED=$seed") if $ENV{SECOPS_SEED};


sub text {
    my ($path) = @_;
    open my $file, '<:raw', $path or die "can not read $path: $!";
    local $/;
    return scalar <$file>;
}


my @pending; # commands that go out in one write

sub later {
    my (@args) = @_;
    push @pending, join '', '*' . @args . "\r\n",
        map { '$' . length($_) . "\r\n$_\r\n" } @args;
}


sub flush {
    my ($redis) = @_;
    my $n = @pending;
    my $socket = IO::Socket::UNIX->new(Peer => $redis->{socket}) or die;
    my ($sent, $got) = (0, 0);
    my $text = join '', splice @pending;

    while ($sent < length $text) {
        my $part = substr $text, $sent, 65536;
        syswrite $socket, $part or die "redis: $!";
        $sent += length $part;
        $socket->blocking(0);
        while (sysread $socket, my $reply, 65536) {
            $got += $reply =~ tr/\n//;
        }
        $socket->blocking(1);
    }

    while ($got < $n) {
        sysread $socket, my $reply, 65536 or die "redis: $!";
        $got += $reply =~ tr/\n//;
    }
}


my $made = 0;

sub id { # of a time and a shard; one in ten has the form of earlier versions
    my ($time, $shard) = @_;
    my $random = sprintf '%011x%08x', int(rand 2 ** 40), $made++;

    return sprintf('%x', $shard) . sprintf('%012x', $time) . $random
        if $made % 10 == 0;
    return sprintf('%012x', $time) . sprintf('%x', $shard) . $random;
}


sub when { # the time of an id
    my ($id) = @_;
    no warnings 'portable';
    return hex substr $id, $id =~ /^0[^0]/ ? 0 : 1, 12;
}


sub newest { # of two ids: as records are listed
    return when($_[1]) <=> when($_[0]) || $_[1] cmp $_[0];
}


# --- a list in Redis, and its model -----------------------------------------

my $t = SecOps->new();
my $redis = $t->redis();
my ($list, $records) = ('{m}:list', '{m}:rec:');
my %script = map { $_ => text("$root/ngx_secops_module/store/lua/$_.lua") }
    qw(ids scan documents);
my (@model, %there, $clock);


sub run_ids {
    my ($shed, $at, $oldest, $skip, $n, $step) = @_;
    return $redis->cmd('EVAL', $script{ids}, 2, $list, $records, $shed, $at,
        $oldest, $skip, $n, $step);
}


my $differ = 2000; # what clocks differ by
my $pace = 50;     # and records, in milliseconds

sub store { # n records
    my ($n) = @_;

    for (1 .. $n) {
        my $id = id(($clock += $pace) + int rand $differ, 3);
        unshift @model, $id;
        $there{$id} = 1;
        later('LPUSH', $list, $id);
        later('SET', "$records$id", 'x' x (1 + rand 50));
    }

    flush($redis);
}


sub take_away { # from the list as well, or as it expires
    my ($id, $whole) = @_;
    delete $there{$id};
    later('DEL', "$records$id");

    if ($whole) {
        later('LREM', $list, 1, $id);
        @model = grep { $_ ne $id } @model;
    }
}


sub begin_model {
    my ($n) = @_;
    $redis->cmd('FLUSHALL');
    @model = ();
    %there = ();
    $clock = $msec;
    store($n) if $n;
}


sub shed { # what a reading takes away before it begins
    my ($most) = @_;
    pop @model while @model && !$there{$model[-1]} && $most-- > 0;
}


begin_model(0);
is_deeply(run_ids(200, '', 0, 0, 10, 1), [0, -1, 0, []],
    'ids of a list that is not there: none');
is_deeply(run_ids(200, id($msec, 3), 1, 5, 10, 1), [0, 0, 0, []],
    '... also from an id on');

begin_model(300);
my $wrong = 0;

for my $turn (1 .. 400) {
    take_away($model[rand @model], $turn % 2) if $turn % 3 == 0 && @model > 9;
    take_away($model[-1 - int rand 3], 0) if $turn % 7 == 0;
    flush($redis);
    store(1 + rand 3) if $turn % 4 == 0;

    my ($oldest, $n) = (int rand 2, int rand 40);
    my $skip = rand() < 0.5 ? int rand 350 : -int rand 350;
    my $step = (1, 1, 1, 3, 20, 0)[rand 6];
    $n ||= 1 if $step == 0;
    $skip = 0 if $step == 0;

    my $got = run_ids(2, '', $oldest, $skip, $n, $step);
    shed(2);

    my @order = $oldest ? reverse @model : @model;
    my $begin = $skip < 0 ? @order + $skip : $skip;
    $begin = 0 if $begin < 0;
    $begin = @order if $begin > @order;
    my $each = $step || int((@order + $n - 1) / $n) || 1;
    my @ids = grep { defined } map { $order[$begin + $_ * $each] } 0 .. $n - 1;
    @ids = reverse @ids if $oldest;

    $wrong++ unless $got->[0] == @model && $got->[1] == -1
        && $got->[2] == $begin && "@{$got->[3]}" eq "@ids";
}

is($wrong, 0, 'ids: 400 readings are those of the model, sheds included');

# from an id on, in a list that is sorted

$redis->cmd('FLUSHALL');
@model = sort { newest($a, $b) } map { id($msec + int rand 500, 3) } 1 .. 800;
$redis->cmd('RPUSH', $list, @model);
$wrong = 0;

for my $turn (1 .. 300) {
    my $oldest = int rand 2;
    my $at = $turn % 3 ? $model[rand @model] : id($msec + rand(520) - 10, 3);
    my $back = int rand 40;
    my $got = run_ids(0, $at, $oldest, $back, 20, 1);
    my @order = $oldest ? reverse @model : @model;
    my $rank = grep { my $c = newest($_, $at); $oldest ? $c > 0 : $c < 0 }
        @order;
    my $begin = $rank < $back ? 0 : $rank - $back;
    my @ids = grep { defined } @order[$begin .. $begin + 19];

    @ids = reverse @ids if $oldest;
    $wrong++ unless $got->[1] == $rank && $got->[2] == $begin
        && "@{$got->[3]}" eq "@ids";
}

is($wrong, 0, 'ids: the place of an id is found by halving');

# what is dead at the tail

begin_model(1000);
take_away($_, 0) foreach @model[600 .. 999];
flush($redis);
is(run_ids(200, '', 0, 0, 1, 1)->[0], 800, 'ids: 200 dead entries are shed');
is(run_ids(200, '', 0, 0, 1, 1)->[0], 600, '... and the others the next time');
is(run_ids(200, '', 0, 0, 1, 1)->[0], 600, '... until one is alive');

take_away($model[599], 0);
flush($redis);
$redis->cmd('CONFIG', 'SET', 'min-replicas-to-write', 1);
is_deeply([@{run_ids(200, '', 1, 0, 2, 1)}[0, 3]], [600, [@model[598, 599]]],
    'a Redis that refuses writes reads all the same');
$redis->cmd('CONFIG', 'SET', 'min-replicas-to-write', 0);

take_away($_, 0) foreach @model;
flush($redis);
is(run_ids(1000, '', 0, 0, 1, 1)->[0], 0, 'ids: nothing is left');
is($redis->cmd('EXISTS', $list), 0, '... and the list is gone');

# documents

begin_model(20);
$redis->cmd('SET', $records . $model[3], 'x' x 100);
$redis->cmd('SET', $records . $model[1], '');
$redis->cmd('DEL', $records . $model[2]);

sub documents {
    my ($bytes, @ids) = @_;
    return [map { defined $_ ? length $_ : undef } @{$redis->cmd('EVAL',
        $script{documents}, 1, $records, $bytes, @ids)}];
}

is_deeply(documents(1e6, @model[2, 3, 1]), [undef, 100, 0],
    'documents: one that is gone, one, an empty one');
is_deeply(documents(100, @model[3, 4]), [100],
    '... until they are so many bytes');
is_deeply(documents(1, @model[2, 3, 4]), [undef, 100],
    '... but one, however large, and what is gone is nothing');
is_deeply(documents(101, @model[3, 1, 2]), [100, 0, undef],
    '... all that there are');


# A scan, as the store makes it, while others store, delete, and shed.  change is
# called between two steps.

sub scan {
    my ($change, %opt) = @_;
    my ($left, $unread, @read, @got, $steps) = ('', []);

    do {
        my $reply = $redis->cmd('EVAL', $script{scan}, 2, $list, $records,
            $left, $opt{n} // 20, $opt{bytes} // 1e6, $opt{from} // '',
            $opt{to} // '', scalar @read, @read, @$unread);
        die "scan: $reply\n" unless ref $reply;

        ($left, $unread) = @{$reply}[0, 3];
        push @read, @{$reply->[2]};
        splice @read, 0, @read - 8 if @read > 8;
        push @got, @{$reply->[4]};
        push @{$opt{sizes}}, scalar @{$reply->[4]} if $opt{sizes};
        $change->(@got) if $change && $left > 0;
        die "no end\n" if ++$steps > 2000;
    } while ($left > 0);

    return @got;
}


sub exact { # what was there at first, and still is, came once
    my ($first, $got, $name) = @_;
    my (%first, %times);

    $first{$_} = 1 foreach @$first;
    $times{$_}++ foreach @$got;

    is_deeply([grep { $there{$_} && !$times{$_} } @$first], [],
        "$name: nothing is missing");
    is_deeply([grep { $times{$_} > 1 } keys %times], [],
        "$name: nothing comes twice");
    is_deeply([grep { !$first{$_} } @$got], [],
        "$name: nothing comes that was stored since");
}


begin_model(0);
is_deeply([scan()], [], 'scan: a list that is not there');

begin_model(1000);
is_deeply([scan()], \@model, 'scan: all of a list, in its order');
is_deeply([scan(undef, n => 1)], \@model, '... one by one');
is_deeply([scan(undef, n => 500)], \@model, '... in two steps');

begin_model(1000);
my @first = @model;
exact(\@first, [scan(sub { store(7) })], 'scan, records are stored');

# in the end with all that tells the place: then the order of ids does

$differ = 0;
begin_model(1000);
@first = @model;
exact(\@first, [scan(sub {
    take_away($_, 0) foreach grep { defined } @model[-60 .. -1];
    flush($redis);
    run_ids(200, '', 0, 0, 1, 1);
    shed(200);
    store(5);
})], 'scan, the tail is shed');
$differ = 2000;

# the very entries that tell the place are deleted, all but a part of them

foreach my $marks (1, 4, 7) {
    begin_model(600);
    @first = @model;
    exact(\@first, [scan(sub {
        my @got = @_;
        take_away($_, 1) foreach grep { $there{$_} } @got[-$marks .. -1];
        take_away($model[-1], 1);
        take_away($model[-1], 1);
        flush($redis);
    })], "scan, the last $marks read are deleted, and two at the tail");
}

foreach my $read (0, 12) {
    begin_model(600);
    @first = @model;
    exact(\@first, [scan(sub {
        my @got = @_;
        my ($place) = grep { $model[$_] eq $got[-1] } 0 .. $#model;
        my @unread = grep { defined } @model[$place + 1 .. $place + 12 - $read];
        take_away($_, 1) foreach @unread,
            grep { $there{$_} } $read ? @got[-$read .. -1] : ();
        take_away($model[-1], 1) for 1 .. 3;
        flush($redis);
        store(3);
    })], 'scan, all marks ' . ($read ? 'before' : 'after')
        . ' the place are deleted, and three at the tail');
}

$differ = 0;
begin_model(600);
@first = @model;
exact(\@first, [scan(sub {
    my @got = @_;
    my ($place) = grep { $model[$_] eq $got[-1] } 0 .. $#model;
    my @gone = (@model[$place - 12 .. $place + 12], $model[-1]);
    take_away($_, 1) foreach grep { defined } @gone;
    flush($redis);
}, n => 50)], 'scan, all marks are deleted, and one at the tail');
$differ = 2000;

for my $turn (1 .. 20) {
    begin_model(400);
    @first = @model;
    my $n = 1 + int rand 60;
    exact(\@first, [scan(sub {
        take_away($model[rand @model], rand() < 0.7) for 1 .. rand 8;
        take_away($model[-1], 0) for 1 .. rand 2;
        flush($redis);
        run_ids(200, '', 0, 0, 1, 1);
        shed(200);
        store(int rand 10);
    }, n => $n)], "scan, all of it at once, in steps of $n");
}

begin_model(300);
take_away($_, 0) foreach @model[0 .. 99, 150, 200 .. 299];
flush($redis);
is_deeply([scan()], [grep { $there{$_} } @model],
    'scan: entries that are dead do not come');

# bytes

begin_model(30);
$redis->cmd('SET', $records . $_, 'x' x 1000) foreach @model;
$redis->cmd('SET', $records . $model[10], 'x' x 5000);
my @sizes;
is_deeply([scan(undef, bytes => 4000, sizes => \@sizes)], \@model,
    'scan: steps of so many bytes have all');
is_deeply([@sizes[0 .. 5]], [4, 4, 2, 1, 4, 4],
    '... and a document that is larger comes alone');

# a range of times, in a list that is out of order

begin_model(3000);
my @times = sort { $a <=> $b } map { when($_) } @model;

foreach my $range ([$times[1000], $times[2000]], [undef, $times[50]],
    [$times[2900], undef], [$times[5], $times[5]], [1, 2],
    [$msec * 2, undef], [undef, $msec - 1])
{
    my ($from, $to) = @$range;
    my @wanted = grep {
        when($_) >= ($from // 0) && when($_) <= ($to // 9e15)
    } @model;

    is_deeply([scan(undef, from => $from, to => $to, n => 100)], \@wanted,
        'scan: the ' . @wanted . ' records of a range of times');
}

begin_model(3000);
@first = grep { when($_) >= $msec + 50_000 && when($_) <= $msec + 100_000 }
    @model;
exact(\@first, [scan(sub {
    take_away($model[rand @model], 1) for 1 .. 3;
    flush($redis);
    store(5);
}, from => $msec + 50_000, to => $msec + 100_000)],
    'scan of a range, while others store and delete');

# where records come fast, many that are too new stand before the first

$pace = 2;
begin_model(12_000);
@times = sort { $a <=> $b } map { when($_) } @model;
my @wanted = grep { when($_) <= $times[200] } @model;
@sizes = ();
is_deeply([scan(undef, to => $times[200], sizes => \@sizes)], \@wanted,
    'scan: the ' . @wanted . ' oldest of a minute');
cmp_ok(scalar @sizes, '<', 40, '... in few steps');

exact(\@wanted, [scan(sub {
    take_away($model[$_], 1) foreach map { int rand 3000 } 1 .. 20;
    flush($redis);
    store(20);
}, to => $times[200])], '... while others store and delete');

$t->done();
