#!/usr/bin/perl

# What the Resources API costs: CPU of nginx and of Redis for each request, from
# /proc, and bytes in Redis for each resource.
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

$t->run(conf(location => 'client_max_body_size 8m;'));

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

ok(1, 'measured');
$t->done();
