#!/usr/bin/perl

# What the Resources API costs: CPU of nginx and of Redis for each request, from
# /proc, and bytes in Redis for each resource.  Then what domains cost that are
# full, or hold far more than they may: also how many scripts Redis ran, and how
# long it was at the longest of them, by its SLOWLOG.
#
#     perl bench/resources.pl          after make build
#
# Environment: as for the tests, see t/lib/SecOps.pm.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../t/lib";

use POSIX ();
use SecOps;
use SecOps::Records;
use SecOps::Resources;

my $hertz = POSIX::sysconf(POSIX::_SC_CLK_TCK());
my $t = SecOps->new(log_level => 'error');
my $redis = $t->redis();

$t->run(conf(location => 'client_max_body_size 8m; secops_redis_timeout 10s;'
    . ' secops_max_resources count=100000 bytes=1024m;'));

my $api = SecOps::Resources->new($t, $redis);
my ($worker) = $t->workers();


sub cpu { # of a process, milliseconds
    my ($pid) = @_;
    my @stat = split ' ', $t->read("/proc/$pid/stat") =~ s/.*\) //sr;
    return 1000 * ($stat[11] + $stat[12]) / $hertz;
}

sub memory { # of Redis, bytes
    my ($bytes) = $redis->cmd('INFO', 'memory') =~ /^used_memory:(\d+)/m;
    return $bytes;
}

sub rss { return $t->rss($worker) }


# runs the code so many times and prints what each time took

sub measure {
    my ($name, $times, $code) = @_;
    my @before = (time(), cpu($worker), cpu($redis->pid()));

    $code->($_) foreach 1 .. $times;

    my @after = (time(), cpu($worker), cpu($redis->pid()));
    printf "%-44s nginx %8.2f ms, redis %8.2f ms, wall %8.2f ms\n", $name,
        ($after[1] - $before[1]) / $times, ($after[2] - $before[2]) / $times,
        1000 * ($after[0] - $before[0]) / $times;
}

sub ok_or_die {
    my ($r) = @_;
    die "$r->{status} $r->{body}\n" if $r->{status} != 200;
    return $r;
}

sub full_job {
    my ($title, $in, $out, $note) = @_;
    return job($title, description => $note // 'a job like many others',
        decision_points => [qw(event.outcome event.category source.ip)],
        pipeline_integrations => [
            step($in, 'input', index => 'alerts-*'), step($out, 'output') ]);
}


# 5,000 resources: 2,500 integrations, 2,500 jobs

my $empty = memory();
my $count = 0;

foreach my $part (0 .. 4) {
    my %set;
    foreach my $n ($part * 500 + 1 .. $part * 500 + 500) {
        $set{"i$n"} = integration("Integration $n", parameters => {
            hosts => "es-$n.example.com", port => 9200, schema => 'https',
            user => 'soc', password => "secret number $n" });
        $set{"j$n"} = full_job("Job $n", "i$n", "i$n");
    }
    my $body = JSON::PP->new->canonical->encode(\%set);
    measure('POST of 1000 new ones, ' . int(length($body) / 1024) . ' KB', 1,
        sub { ok_or_die($api->save($body)) });
    $count += keys %set;
}

my $bytes = memory() - $empty;
printf "%-44s %d\n", 'bytes in Redis for each, audit included',
    $bytes / $count;
$redis->cmd('DEL', 'secops:{global:res}:audit');
printf "%-44s %d\n", '... without the audit',
    (memory() - $empty) / $count;


# reading

my $before = rss();
my $size = 0;
measure("GET of $count", 10, sub {
    $size = length ok_or_die($api->list(''))->{body} });
printf "%-44s %d KB, worker %d KB before, %d KB after\n", '... its answer',
    $size / 1024, $before, rss();
measure('GET of one by title', 200, sub {
    ok_or_die($api->list("title=Job+$_")) });


# sets of 20: 10 integrations, 10 jobs

sub twenty {
    my ($name, $note) = @_;
    return { map { ("i$_" => integration("$name i$_", parameters => {
            hosts => 'es.example.com', user => 'soc', password => $note }),
        "j$_" => full_job("$name j$_", "i$_", "i$_", $note)) } 1 .. 10 };
}

my @new = map { JSON::PP->new->encode(twenty("new $_", 'first')) } 1 .. 100;
my @same = map { JSON::PP->new->encode(twenty("new $_", 'second')) } 1 .. 100;

measure('POST of 20 new ones', 100, sub {
    ok_or_die($api->save($new[$_ - 1])) });
measure('POST of 20 that are changed', 100, sub {
    ok_or_die($api->save($same[$_ - 1])) });
measure('POST of 20 that stay the same', 100, sub {
    ok_or_die($api->save($same[$_ - 1])) });
measure('POST of one job that is changed', 200, sub {
    ok_or_die($api->save({ j => { type => 'job', properties => {
        title => 'Job 1', description => "change $_" } } })) });
measure("DELETE of one job among $count", 100, sub {
    ok_or_die($api->remove("title=Job+$_")) });
measure("DELETE that is refused, 1 of $count refers", 100, sub {
    $api->remove('title=Integration+' . ($_ + 200)) });

# domains that are full, and beyond

sub hook { # an integration of 80 KB
    my ($title) = @_;
    return { type => 'integration', properties => { title => $title,
        integration_type => 'Webhook', parameters => {
            url => 'https://example.com/x', auth_type => 'none',
            headers => { map { ("h$_" => 'v' x 4050) } 1 .. 20 } } } };
}

sub exact { # CPU of a process in milliseconds, to the microsecond
    my ($pid) = @_;
    return (split ' ', $t->read("/proc/$pid/schedstat"))[0] / 1e6;
}

sub peak { # of the worker's memory, in MB, since the last call
    return $t->peak_rss($worker) / 1024;
}

sub once {
    my ($name, $code) = @_;
    $redis->cmd('CONFIG', 'RESETSTAT');
    $redis->cmd('CONFIG', 'SET', 'slowlog-log-slower-than', 200);
    $redis->cmd('SLOWLOG', 'RESET');
    peak();

    my @before = (exact($worker), exact($redis->pid()));
    $code->();
    my @after = (exact($worker), exact($redis->pid()));

    my ($calls, $usec) = $redis->cmd('INFO', 'commandstats')
        =~ /^cmdstat_evalsha:calls=(\d+),usec=(\d+)/m;
    my ($longest) = sort { $b <=> $a } map { $_->[2] }
        grep { $_->[3][0] =~ /^EVAL/ } @{$redis->cmd('SLOWLOG', 'GET', 1000)};

    printf "%-44s nginx %8.1f ms, peak %4d MB; redis %7.1f ms, %4d scripts, "
        . "on average %5.2f ms, longest %5.2f ms\n", $name,
        $after[0] - $before[0], peak(), $after[1] - $before[1], $calls // 0,
        $calls ? $usec / $calls / 1000 : 0, ($longest // 0) / 1000;
}

sub crowd { # what is done with it
    my ($name, $one, $two) = @_;
    once("$name: GET", sub { ok_or_die($api->resources('GET', '')) });
    once("$name: DELETE", sub { ok_or_die($api->remove("title=$one")) });
    $redis->cmd('DEL', 'secops:{global:res}:size');
    once("$name: DELETE, counted first", sub {
        ok_or_die($api->remove("title=$two")) });
}

$redis->cmd('CONFIG', 'SET', 'slowlog-max-len', 1000);

foreach my $mb (5, 16, 60) {
    $redis->cmd('FLUSHALL');
    my $n = 0;
    ok_or_die($api->save({ map { $n++; ("h$n" => hook("H$n")) } 1 .. 11 }))
        foreach 1 .. $mb * 1e6 / 11 / 81_300;
    crowd("$mb MB", 'H7', 'H8');
}

$redis->cmd('FLUSHALL');
foreach my $n (0 .. 19) {
    my $set = { map { ("i$_" => integration("I$_")) }
        $n * 1000 + 1 .. $n * 1000 + 1000 };
    $n < 19 ? ok_or_die($api->save($set))
        : once('POST of 1000 integrations', sub { ok_or_die($api->save($set)) });
}
crowd('20000 small ones', 'I7', 'I8');

ok(1, 'measured');
$t->done();
