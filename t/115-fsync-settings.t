# secops_durability fsync beside each setting of Redis that can keep a disk from
# being asked.  Redis' own calls of fdatasync() and fsync() are counted: whatever
# is answered 201 was synced before.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use SecOps;
use SecOps::Records;

my $t = SecOps->new();
my $dir = $t->dir();
my $level = 'x-secops-durability';


# --- a Redis that tells of its syncs: a line with its process' id for each

my $source = $t->write('syncs.c', <<'EOT');
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int
told(const char *name, int fd)
{
    int           n, log, rc;
    char          line[32];
    int         (*sync)(int) = (int (*)(int)) dlsym(RTLD_NEXT, name);

    rc = sync(fd);
    log = open(getenv("SYNCS_LOG"), O_WRONLY|O_CREAT|O_APPEND, 0600);
    n = snprintf(line, sizeof(line), "%d\n", (int) getpid());
    if (write(log, line, n) != n) { abort(); }
    close(log);
    return rc;
}

int fdatasync(int fd) { return told("fdatasync", fd); }
int fsync(int fd) { return told("fsync", fd); }
EOT

is(system("cc -shared -fPIC -o '$dir/syncs.so' '$source' -ldl"), 0,
    'what counts syncs compiles');

my $redis = do {
    local $ENV{LD_PRELOAD} = "$dir/syncs.so";
    local $ENV{SYNCS_LOG} = "$dir/syncs.log";
    $t->redis(aof => 'always', args => ['--rdb-key-save-delay', 0,
        '--auto-aof-rewrite-percentage', 0]);
};

sub syncs { # of the server itself, not of what it forks
    my $pid = $redis->pid();
    return scalar grep { $_ == $pid } split /\n/, $t->read('syncs.log');
}

sub set { # settings, or die
    my (%settings) = @_;
    foreach my $name (sort keys %settings) {
        my $said = $redis->cmd('CONFIG', 'SET', $name, $settings{$name});
        die "$name: $said\n" if $said ne 'OK';
    }
}

sub child { # 1: it saves or rewrites
    my $info = $redis->cmd('INFO', 'persistence');
    return $info =~ /^(?:rdb_bgsave|aof_rewrite)_in_progress:1/m ? 1 : 0;
}

sub slow_child { # one that takes about so many seconds
    my ($seconds) = @_;
    set('rdb-key-save-delay', int($seconds * 1e6
        / ($redis->cmd('DBSIZE') || 1)));
}


# --- requests

$t->run(conf(location => 'secops_durability fsync;'));

my $posted = 0;
my %answered;                   # observables of what was answered 201

sub write_one {
    my $observable = 'o' . ++$posted;
    my $before = syncs();
    my $r = post($t, records(observable => $observable)) // {};

    $answered{$observable} = $r->{headers}{location}
        if ($r->{status} // 0) == 201;

    return { status => $r->{status} // 0, synced => syncs() > $before,
             level => $r->{headers}{$level} // '' };
}


sub kept { # the promise: n writes, of which none is answered without a sync
    my ($n, $name) = @_;
    my @writes = map { write_one() } 1 .. $n;

    is(scalar(grep { $_->{status} == 201 && !$_->{synced} } @writes), 0,
        "$name: nothing is answered 201 without a sync");
    return @writes;
}

sub holds {
    my ($name) = @_;
    my @writes = kept(10, $name);
    is(scalar(grep { $_->{status} == 201 && $_->{level} eq 'fsync' } @writes),
        10, '... all are stored, and are told so');
}

sub refused {
    my ($name, $reason) = @_;
    my @writes = kept(10, $name);
    is(scalar(grep { $_->{status} == 201 } @writes), 0,
        '... none is stored');
    cmp_ok(scalar(grep { $_->{status} == 500 } @writes), '<=', 1,
        '... one at most may have been');
    ok($t->wait_log(qr/durability not reached: \Q$reason\E/),
        '... the log says why');
    my $health = $t->request('GET', '/api/v2/health', who());
    is($health->{status}, 503, '... this machine is not ready');
    like($health->{json}{servers}[0]{reason}, qr/\A\Q$reason\E/,
        '... and says why');
}

sub heals {
    my ($name) = @_;
    ok(wait_for(sub { write_one()->{status} == 201 }, 20), "$name: stored again");
}


heals('at first');
holds('with all settings right');

# something to save for whoever forks

$redis->cmd('SET', "filler$_", 'x') foreach 1 .. 20;


# --- one setting after the other

slow_child(4);
$redis->cmd('BGSAVE');
ok(child(), 'a snapshot is being saved');
holds('R.6: meanwhile');
ok(child(), '... it still is');

set('no-appendfsync-on-rewrite', 'yes');
refused('R.6: no-appendfsync-on-rewrite yes while a child saves',
    'no-appendfsync-on-rewrite is "yes", it must be "no"');
set('no-appendfsync-on-rewrite', 'no', 'rdb-key-save-delay', 0);
heals('R.6: no-appendfsync-on-rewrite no');

foreach my $lazy ('everysec', 'no') {
    set('appendfsync', $lazy);
    refused("D2, D3: appendfsync $lazy",
        qq(appendfsync is "$lazy", it must be "always"));
    set('appendfsync', 'always');
    heals("D2, D3: appendfsync $lazy, no more");
}

wait_for(sub { !child() }, 20);
set('save', '1 1', 'stop-writes-on-bgsave-error', 'no');
slow_child(1);
$redis->cmd('BGSAVE');
holds('R.6: save with stop-writes-on-bgsave-error no');
set('save', '', 'stop-writes-on-bgsave-error', 'yes', 'rdb-key-save-delay', 0);
wait_for(sub { !child() }, 20);


# --- a server that does not permit to look

foreach my $word ('config', 'info') {

    # INFO is asked where there is no WAITAOF
    next if $word eq 'info'
        && $redis->cmd('WAITAOF', 0, 0, 1) !~ /unknown command/;

    $redis->cmd('ACL', 'SETUSER', 'default', "-$word");
    $redis->cmd('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    ok(wait_for(sub { get($t, '/api/now/table/sn_ti_lookup_result/' . '0' x 32,
        roles => 'sn_sec_cmn.api_read')->{status} == 404 }),
        "\U$word\E is not permitted, a new link reads");
    refused("D2: ... and is not written to", $word eq 'config'
        ? 'its settings can not be seen, CONFIG GET answers: NOPERM'
        : 'its append-only file can not be seen, INFO answers: NOPERM');
    $redis->cmd('ACL', 'SETUSER', 'default', "+$word");
    heals("D2: \U$word\E is permitted again");
}


# --- the file is turned off and on again: what is written counts only when the
#     first rewrite is done

set('appendonly', 'no');
ok($t->wait_log(qr/durability not reached: appendonly is "no", it must be/),
    'R.6: appendonly no is noticed within a second, also without a write')
    if $redis->cmd('WAITAOF', 0, 0, 1) =~ /unknown command/;
refused('R.6: appendonly no', 'appendonly is "no", it must be "yes"');

slow_child(4);
set('appendonly', 'yes');
ok(child(), 'the file is made anew');

sub early { # so many are stored while the file is not whole
    my @writes = map { write_one() } 1 .. 10;
    return child() ? scalar grep { $_->{status} == 201 } @writes : 0;
}

is(early(), 0, 'R.6: appendonly no and yes again: '
    . 'nothing is promised before the file is whole');
ok($t->reload(), '... nor by a worker that does not know what was before');
is(early(), 0, '... which asks');

if ($redis->cmd('WAITAOF', 0, 0, 1) =~ /unknown command/) {
    ok($t->wait_log(qr/not reached: the append-only file is being rewritten/),
        '... the log says why');
}

heals('R.6: when the file is whole');
ok(!child(), '... which it is');


# a rewrite as it happens every day takes nothing away

slow_child(4);
$redis->cmd('BGREWRITEAOF');
ok(child(), 'a rewrite of a whole file');
holds('R.6: meanwhile');
ok(child(), '... it still is');


# the proof

$redis->kill9();
$redis->start('--rdb-key-save-delay', 0);
ok(wait_for(sub { $t->request('GET', '/api/v1/health', who())->{status} == 200 },
    20), 'Redis was killed and is back');

my @lost = grep {
    my $r = get($t, $answered{$_}, roles => 'sn_sec_cmn.api_read');
    $r->{status} != 200;
} sort keys %answered;

cmp_ok(scalar keys %answered, '>', 40, 'records were answered 201');
is("@lost", '', 'R.6: all of them are there');

$t->done();
