# The tests' own eyes: what a worker's sanitizers report, a worker that dies and
# an [alert] are found wherever they were written, and are told from what a
# client has sent; what nginx has read is known.  A test that can not fail guards
# nothing.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use POSIX ();
use SecOps;

my $t = SecOps->new();
my $stamp = '2026/01/02 03:04:05 [info] 7#7: *1';


sub found { # in an error.log of these lines
    my (@lines) = @_;
    $t->write('error.log', join '', map { "$_\n" } @lines);
    my @faults = $t->faults();
    unlink $t->dir() . '/error.log';
    return @faults;
}


# R.16: a report of UBSAN in error.log

my $ours = '../ngx_secops_module/http/ngx_http_secops_body.c:63:17: runtime'
    . ' error: null pointer passed as argument 2, which is declared to never be'
    . ' null';
my $theirs = 'src/core/ngx_string.c:9:5: runtime error: null pointer passed as'
    . ' argument 2, which is declared to never be null';

is(scalar(my @one = found("$stamp one", $ours, "$stamp two")), 1,
    'R.16: a report among the lines of error.log is a fault');
is($one[0], "$ours\n", '... as it was written');

is(scalar(found($ours, $ours)), 2, 'R.16: each report is one');

is(scalar(found($theirs, '    #0 0x1 in ngx_cpystrn src/core/ngx_string.c:9',
    "$stamp two")), 0, "nginx's own copies of nothing are none");

is(scalar(found($theirs, '    #0 0x1 in ngx_cpystrn src/core/ngx_string.c:9',
    "$stamp another worker's line",
    '    #1 0x2 in f ../ngx_secops_module/api/f.c:1')), 1,
    '... unless one of our files called it');

is(scalar(found($theirs, '    #1 0x2 in ngx_http_handler src/http/x.c:1',
    '    #11 0x2 in f ../ngx_secops_module/api/f.c:1')), 0,
    '... and not somewhere in another module');

is(scalar(found($theirs =~ s/null pointer.*/load of misaligned address/r,
    '    #1 0x2 in f ../ngx_secops_module/api/f.c:1')), 0,
    '... nor its four bytes at once, whoever called it');
is(scalar(found($theirs =~ s/null pointer.*/signed integer overflow/r)), 1,
    "... and nginx's other faults are");

is(scalar(found("$stamp client sent \"a.c:1:2: runtime error: x\"",
    "$stamp ERROR: AddressSanitizer")), 0, 'what a client has sent is none');

is(scalar(found('==7==ERROR: AddressSanitizer: heap-use-after-free')), 1,
    'R.16: a report of ASAN in error.log is a fault');

is(scalar(found('2026/01/02 03:04:05 [alert] 7#7: open socket #3 left')), 1,
    'an [alert] is a fault');


# a program that does it, with the environment that a server is given

SKIP: {
    my $source = $t->write('fault.c', "int main(int n, char **v)\n"
        . "{ int x = 0x7fffffff; (void) v; x += n; return x == 1; }\n");
    my $program = $t->dir() . '/fault';

    skip 'there is no compiler with sanitizers', 1
        if system("cc -fsanitize=undefined -o $program $source 2>&1");

    my $pid = $t->spawn($t->dir() . '/error.log', $program);
    SecOps::reap($pid, 30);

    ok((grep { /fault\.c:2:\d+: runtime error: signed integer/ } $t->faults()),
        'R.16: what UBSAN really writes is found');
    unlink glob($t->dir() . '/sanitizer*'), $t->dir() . '/error.log';
}


# what is told of a worker that stands still: it has read nothing, and is not
# killed while it is to end

my $conf = <<'EOT';
%%MAIN%%
events { }
http {
    %%HTTP%%
    server { listen 127.0.0.1:%%PORT%%; location / { return 204; } }
}
EOT
$t->run($conf);

sub still { # for so long, from now on
    my ($seconds) = @_;
    my ($worker) = $t->workers();
    kill 'STOP', $worker;
    my $pid = fork() // die "fork: $!";
    return sub { waitpid $pid, 0; return time() } if $pid;
    sleep $seconds;
    kill 'CONT', $worker;
    POSIX::_exit(0);
}

my $from = time();
my $goes_on = still(0.5);
my @clients = map { $t->connect() } 1 .. 3;
$_->send("GET / HTTP/1.1\r\nHost: x\r\n\r\n") foreach @clients;
ok($clients[0]->taken(@clients), 'three requests are read');
cmp_ok(time() - $from, '>', 0.45, '... not before the worker goes on');
is($_->answer()->{status}, 204, '... and answered') foreach @clients;
ok($clients[0]->taken(), 'who has nothing to read has read all');
$goes_on->();

$goes_on = still(2.5);          # nginx would kill it after half of that
is($t->stop(), 0, 'a worker has the time that it takes to end');
$goes_on->();
is(scalar($t->faults()), 0, '... and is not killed');


# a worker that dies

$t->run($conf);
is(scalar($t->faults()), 0, 'nginx started without a fault');

my ($worker) = $t->workers();
my $log = $t->log_end();
kill 'SEGV', $worker;

ok($t->wait_logged($log, qr/worker process \d+ exited/),
    'a worker was made to die');
ok(scalar($t->faults()), 'R.16: a worker that died is a fault');

ok(wait_for(sub { grep { $_ != $worker } $t->workers() }),
    '... another one takes its place');

$t->allow(qr/worker process \d+ exited|exited on signal|Sanitizer/);


# and nothing is tried again: a test that failed has failed

my $ci = $t->read(root() . '/.ci/run');

is(scalar(() = $ci =~ /^[^#\n]*\bmake test\b/mg), 1,
    'continuous integration runs the tests once');
unlike($ci, qr/state=failed|TESTS=/, '... and those that failed not again');

$t->done();
