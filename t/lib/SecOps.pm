package SecOps;

# The test harness: starts an nginx and the Redis servers that a test asks for,
# in a folder and on ports of its own, speaks HTTP to them, and stops by pid
# what it started.  At the end it asserts that nginx and its workers ended only
# when they were told to, and left no [alert], no [emerg] and no sanitizer
# report.  Core Perl only; HTTP/2 goes through curl.
#
#     use FindBin;
#     use lib "$FindBin::Bin/lib";
#     use SecOps;
#
#     my $t = SecOps->new();
#     my $redis = $t->redis();
#
#     $t->run(<<'EOT');
#     %%MAIN%%
#     events { }
#     http {
#         %%HTTP%%
#         server {
#             listen 127.0.0.1:%%PORT%%;
#             location /api/ {
#                 secops_api;
#                 secops_redis %%REDIS%%;
#                 secops_auth header;
#             }
#         }
#     }
#     EOT
#
#     my $r = $t->request('POST', '/api/...', { 'X-SecOps-User' => 'me' }, '{}');
#     is($r->{status}, 400, 'an empty object is refused');
#     like($r->{json}{error}{message}, qr/Invalid/, '... with a reason');
#
#     $t->done();
#
# In a configuration:
#     %%MAIN%%      load_module, pid, error_log, daemon, user, worker_processes
#     %%HTTP%%      access_log off, temporary paths, no PING on idle links
#     %%PORT%%      the first port; %%PORT1%%, %%PORT2%%, ... are others
#     %%REDIS%%     URL of the first Redis; %%REDIS1%%, ... of the next ones
#     %%DIR%%       the test's folder
#     %%CLOCK%%     in http: what later() needs
#
# Environment:
#     SECOPS_NGINX    binary; default: nginx
#     SECOPS_MODULE   the module's .so; empty: linked into the binary;
#                     default: build/ngx_http_secops_module.so
#     SECOPS_KEEP     1: keep the folder and print its name

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Path qw(make_path);
use File::Temp;
use IO::Socket::INET;
use IO::Socket::UNIX;
use JSON::PP;
use POSIX qw(WNOHANG);
use SecOps::Connection;
use SecOps::Redis;
use Test::More;
use Time::HiRes qw(sleep time);

use parent 'Exporter';

our @EXPORT = (@Test::More::EXPORT, qw(wait_for sleep time root merge_tap));

$ENV{PATH} .= ':/usr/sbin:/sbin';
$SIG{PIPE} = 'IGNORE';

my $root = abs_path(dirname(__FILE__) . '/../..');
my $build = $ENV{SECOPS_BUILD_DIR} // "$root/build";
my %running;                    # pid -> the process that started it
my ($died, @said);              # why it ends before its plan; nginx's last lines
my $owner = $$;


sub root { return $root }


# Calls the code until it returns something true: a minute unless told, and two
# for a server to start, which is as generous as a busy machine needs and costs
# nothing where all is well.

use constant START => 120;

sub wait_for {
    my ($code, $timeout) = @_;
    my $end = time() + ($timeout // 60);

    while (1) {
        my $result = $code->();
        return $result if $result;
        return if time() > $end;
        sleep 0.02;
    }
}


# Adds the assertions of another program's TAP to this test's own: what prove
# counts is what was asserted.  Skipped ones stay skipped.

sub merge_tap {
    my ($label, $tap, $status) = @_;
    my ($plan, $count, $failed) = (undef, 0, 0);

    foreach my $line (split /\n/, $tap) {

        if ($line =~ /^1\.\.(\d+)(\s*#\s*skip\b.*)?/i) {
            $plan = $1;
            pass("$label: skipped$2") if $2;

        } elsif ($line =~ /^(not )?ok\b\s*\d*\s*-?\s*(.*)/) {
            my ($bad, $name) = ($1, $2);
            my $skip = $name =~ s/\s*#\s*skip\s*(.*)//i ? $1 : undef;

            $count++;
            $failed++ if $bad;

            if (defined $skip) {
                SKIP: { skip "$label: $skip", 1 }
            } else {
                ok(!$bad, "$label: $name");
            }

        } elsif ($line =~ /^Bail out!/) {
            $failed++;
            diag("$label: $line");

        } elsif ($line =~ /^#/ && $failed) {
            diag("$label: $line");
        }
    }

    my $complete = ok(defined $plan && $plan == $count && !$status,
        "$label: ran to its end");
    diag("$label: plan " . ($plan // 'missing') . ", $count assertions,"
        . " status $status") unless $complete;

    return $complete && !$failed;
}


sub new {
    my ($class, %opt) = @_;

    my $dir = File::Temp->newdir('secops-XXXXXX', TMPDIR => 1,
        CLEANUP => !$ENV{SECOPS_KEEP});
    chmod 0755, $dir;
    diag("the test's folder is $dir") if $ENV{SECOPS_KEEP};

    my $module = $ENV{SECOPS_MODULE} // "$build/ngx_http_secops_module.so";
    $module = abs_path($module) // $module if $module ne '';

    BAIL_OUT("$module is not there: run make build")
        if $module ne '' && !-f $module;

    return bless {
        dir       => "$dir",
        dir_object => $dir,
        nginx     => $ENV{SECOPS_NGINX} // 'nginx',
        module    => $module,
        workers   => $opt{workers} // 1,
        log_level => $opt{log_level} // 'info',
        main      => $opt{main} // '',
        ports     => [],
        held      => [],
        redis     => [],
        allowed   => [],
        owner     => $$,
    }, $class;
}


sub dir { return $_[0]{dir} }


# The n-th port of this test.  It was free a moment ago, and is out of the
# range from which the kernel chooses.  A lock shared by all tests of the
# machine keeps two of them from the same number.

sub port {
    my ($self, $n) = @_;
    $n //= 0;

    while (!defined $self->{ports}[$n]) {
        my $port = 20000 + int(rand(10000));
        my $lock = IO::Socket::UNIX->new(Local => "\0secops-test-port-$port",
            Listen => 1) or next;
        my $probe = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
            LocalPort => $port, Proto => 'tcp', Listen => 1, ReuseAddr => 1)
            or next;

        close $probe;
        push @{$self->{held}}, $lock;
        $self->{ports}[$n] = $port;
    }

    return $self->{ports}[$n];
}


# A file with this content, in the place of one that may be there already.  Who
# reads it meanwhile has all of the old one or all of the new one.  It is another
# file: who has the old one open does not see it, and its mode must be set anew.

sub write {
    my ($self, $name, $content) = @_;
    my $path = $name =~ m{^/} ? $name : "$self->{dir}/$name";
    my $new = "$path.new-$$";

    make_path(dirname($path));
    open my $file, '>:raw', $new or die "can not write $new: $!";
    print $file $content;
    close $file or die "can not write $new: $!";
    rename $new, $path or die "can not write $path: $!";

    return $path;
}


sub read {
    my ($self, $name) = @_;
    my $path = $name =~ m{^/} ? $name : "$self->{dir}/$name";

    open my $file, '<:raw', $path or return '';
    local $/;
    return scalar(<$file>) // '';
}


# starts a redis-server: see SecOps::Redis->new()

sub redis {
    my ($self, %opt) = @_;
    my $redis = SecOps::Redis->new($self, scalar @{$self->{redis}}, %opt);

    push @{$self->{redis}}, $redis;
    return $redis;
}


# --- nginx ------------------------------------------------------------------

sub expand {
    my ($self, $conf) = @_;
    my $dir = $self->{dir};

    my $main = $self->{module} eq '' ? '' : "load_module $self->{module};\n";
    $main .= 'user ' . getpwuid($>) . ' ' . getgrgid((split ' ', $))[0])
        . ";\n" if $> == 0;
    $main .= "pid $dir/nginx.pid;\n"
        . "error_log $dir/error.log $self->{log_level};\n"
        . "daemon off;\n"
        . "worker_processes $self->{workers};\n"
        . $self->{main};

    my $http = "access_log off;\n";

    # a scripted Redis would take the PING of an idle link for a command
    $http .= "secops_redis_ping 0;\n" unless $conf =~ /secops_redis_ping/;

    # and so it would the audit entry of a refusal, which few tests are about
    $http .= "secops_audit_refusals off;\n"
        unless $conf =~ /secops_audit_refusals/;

    foreach my $name (qw(client_body proxy fastcgi uwsgi scgi)) {
        $http .= "${name}_temp_path $dir/${name}_temp;\n"
            if $name =~ /client_body|proxy/ || $self->built_with($name);
    }

    $conf =~ s/%%CLOCK%%/$self->clock()/ge;
    $conf =~ s/%%MAIN%%/$main/g;
    $conf =~ s/%%HTTP%%/$http/g;
    $conf =~ s/%%DIR%%/$dir/g;
    $conf =~ s/%%PORT(\d*)%%/$self->port($1 || 0)/ge;
    $conf =~ s/%%REDIS(\d*)%%/$self->{redis}[$1 || 0]->url()/ge;

    die "unknown placeholder $1" if $conf =~ /(%%\w+%%)/;

    return $conf;
}


sub version { # "nginx -V", once
    my ($self) = @_;
    return $self->{version} //= `$self->{nginx} -V 2>&1`;
}


sub built_with { # an HTTP module that nginx has unless it was configured away
    my ($self, $name) = @_;
    return $self->version() !~ /--without-http_${name}_module/;
}


sub sanitized {
    my ($self) = @_;
    return $self->version() =~ /-fsanitize=/;
}


# A master and its workers free what they have when they end, nginx -t does not;
# and to look up a stack takes longer than all the rest of nginx -t.

sub environment {
    my ($self, @command) = @_;
    my $log = "log_path=$self->{dir}/sanitizer";
    my $serves = (grep { $_ eq '-t' } @command) ? 0 : 1;

    return (
        ASAN_OPTIONS  => "$log:detect_leaks=$serves"
            . ($ENV{LD_PRELOAD} ? ':verify_asan_link_order=0' : ''),
        LSAN_OPTIONS  => "suppressions=$root/t/lib/lsan.supp:"
            . "print_suppressions=0",
        UBSAN_OPTIONS => "$log:print_stacktrace=$serves",
    );
}


# Where there is setpriv, a server does not outlive a test that was killed.

my ($setpriv) = grep { -x } qw(/usr/bin/setpriv /bin/setpriv);


sub spawn { # output file, program, arguments; -> pid
    my ($self, $output, @command) = @_;

    unshift @command, $setpriv, '--pdeathsig', 'TERM' if $setpriv;
    my $pid = fork() // die "fork: $!";

    if ($pid == 0) {
        $SIG{PIPE} = 'DEFAULT';
        %ENV = (%ENV, $self->environment(@command));
        open STDIN, '<', '/dev/null';
        open STDOUT, '>>', $output or POSIX::_exit(126);
        open STDERR, '>&', \*STDOUT;
        POSIX::setpgid(0, 0);
        { no warnings; exec { $command[0] } @command; }
        print STDERR "can not execute $command[0]: $!\n";
        POSIX::_exit(127);
    }

    $running{$pid} = $$;
    return $pid;
}


sub reap { # pid; -> its wait status once it has ended
    my ($pid, $timeout) = @_;

    return wait_for(sub {
        my $got = waitpid($pid, WNOHANG);
        return if $got == 0;
        delete $running{$pid};
        return { status => $got == $pid ? $? : -1 };
    }, $timeout);
}


# nginx -t on a configuration: (1 when it is valid, what was printed).  That
# secrets are stored in plain text is left out unless $t->{all_warnings}: it is
# true of most tests, and nothing to them.

sub t {
    my ($self, $conf) = @_;

    $self->write('test.conf', $self->expand($conf));
    unlink "$self->{dir}/test.out";

    my $pid = $self->spawn("$self->{dir}/test.out", $self->{nginx}, '-t',
        '-p', "$self->{dir}/", '-c', "$self->{dir}/test.conf");
    my $end = reap($pid, START);

    kill 'KILL', $pid unless $end;
    my $said = $self->read('test.out');

    $said =~ s/^.*\[warn\].* secrets of integrations are stored .*\n//mg
        unless $self->{all_warnings};

    return ($end && $end->{status} == 0 ? 1 : 0, $said);
}


sub conf {
    my ($self, $conf) = @_;
    return $self->write('nginx.conf', $self->expand($conf));
}


# starts nginx on a configuration and waits until it serves

sub run {
    my ($self, $conf) = @_;

    $self->conf($conf) if defined $conf;
    unlink "$self->{dir}/nginx.pid";

    my $pid = $self->spawn("$self->{dir}/nginx.out", $self->{nginx},
        '-p', "$self->{dir}/", '-c', "$self->{dir}/nginx.conf");
    $self->{master} = $pid;
    $self->{told} = 0;

    my $up = wait_for(sub {
        my $got = waitpid($pid, WNOHANG);
        if ($got == $pid) { delete $running{$pid}; return 'ended' }
        return -s "$self->{dir}/nginx.pid" && $self->complete();
    }, START);

    if (!$up || $up eq 'ended') {
        delete $self->{master} if $up;
        diag($self->read('nginx.out'), $self->error_log());
        die "nginx did not start\n";
    }

    return $self;
}


sub master { return $_[0]{master} }


# pids of the workers, those of an older configuration that still end included

sub workers {
    my ($self) = @_;
    my @pids;

    foreach my $stat (glob '/proc/[0-9]*/stat') {
        open my $file, '<', $stat or next;
        my $line = <$file> // next;
        my ($pid, $state, $parent) = $line =~ /^(\d+) .*\) (\S) (\d+)/ or next;
        push @pids, $pid if $parent == ($self->{master} // -1)
            && $state ne 'Z';
    }

    @pids = sort { $a <=> $b } @pids;
    return @pids;
}


sub complete { # 1 when there are as many as configured
    my ($self, @pids) = @_;
    @pids = $self->workers() unless @pids;
    return @pids >= ($self->{workers} eq 'auto' ? 1 : $self->{workers});
}


sub rss { # of a process, in kilobytes
    my ($self, $pid) = @_;
    my ($kb) = $self->read("/proc/$pid/status") =~ /^VmRSS:\s+(\d+)/m;
    return $kb;
}


# The most that a process has had since the last call, in kilobytes.  Some systems
# do not begin anew when they are asked: undef.

sub peak_rss {
    my ($self, $pid) = @_;
    my ($kb) = $self->read("/proc/$pid/status") =~ /^VmHWM:\s+(\d+)/m;

    open my $refs, '>', "/proc/$pid/clear_refs" or return undef;
    print $refs '5';
    return close($refs) ? $kb : undef;
}


sub cpu { # that processes have had so far, in seconds
    my ($self, @pids) = @_;
    my $ns = 0;
    $ns += (split ' ', $self->read("/proc/$_/schedstat"))[0] // 0 foreach @pids;
    return $ns / 1e9;
}


# HUP with a new configuration (or the same); returns once the workers are new
# ones and, unless told otherwise, the old ones have ended

sub reload {
    my ($self, $conf, %opt) = @_;
    my %old = map { $_ => 1 } $self->workers();

    $self->conf($conf) if defined $conf;
    kill 'HUP', $self->{master};

    return wait_for(sub {
        my @pids = $self->workers();
        my @new = grep { !$old{$_} } @pids;
        return @new && $self->complete(@new)
            && ($opt{keep_old} || @new == @pids);
    }, $opt{timeout} // START);
}


# What shall not happen is not there yet when somebody looks too early.  later()
# comes back when the worker's own clock has moved on by so many milliseconds: of
# its timers those that were due by then have all been obeyed, however late it
# is.  It is a request to a server that never answers, which nginx gives up.

sub clock { # the configuration of that
    my ($self) = @_;

    die 'later() is for one worker' if $self->{workers} ne 1;
    $self->{never} //= IO::Socket::UNIX->new(Local => "$self->{dir}/never.sock",
        Listen => 100) or die "can not listen: $!";
    chmod 0777, "$self->{dir}/never.sock";

    return <<"EOT";
server {
        listen unix:$self->{dir}/clock.sock;
        error_log /dev/null;
        location / {
            proxy_pass http://unix:$self->{dir}/never.sock:/;
            proxy_read_timeout 100ms;
        }
    }
EOT
}


sub later {
    my ($self, $milliseconds) = @_;

    for (my $passed = 0; $passed < $milliseconds; $passed += 100) {
        my $r = $self->request('GET', '/', {}, undef,
            port => "unix:$self->{dir}/clock.sock");
        die "no clock\n" if !$r || $r->{status} != 504;
        $self->{never}->accept();
    }

    return 1;
}


# QUIT (graceful) or TERM; returns the master's wait status, undef: still there

sub quit { my ($self, $timeout) = @_; return $self->end('QUIT', $timeout) }
sub stop { my ($self, $timeout) = @_; return $self->end('TERM', $timeout) }


sub end {
    my ($self, $signal, $timeout) = @_;

    my $pid = $self->{master} // return;

    if (!$self->{told}) {
        my $got = waitpid($pid, WNOHANG);
        if ($got != 0) {
            fail("nginx ended by itself, wait status $?");
            delete $running{$pid};
            delete $self->{master};
            return $?;
        }
    }

    $self->{told} = 1;
    $signal eq 'TERM' ? $self->terminate($timeout // 60) : kill $signal, $pid;

    my $end = reap($pid, $timeout // 60) // return;
    delete $self->{master};
    return $end->{status};
}


# A second and a half after TERM nginx kills the workers that are still there,
# which the search for leaks, or a busy machine, may take longer.  So the master
# stands still from the time when they end until they have.

sub terminate {
    my ($self, $timeout) = @_;
    my @workers = $self->workers();

    my $all = sub { # are gone, or at least this was logged
        my ($pattern) = @_;
        my %left = map { $_ => 1 } $self->workers();
        my $log = $self->error_log();
        return !grep { $left{$_} && !($pattern && $log =~ / $_#\d+: $pattern/) }
            @workers;
    };

    kill 'TERM', $self->{master};
    wait_for(sub { $all->(qr/exiting$/m) }, 1);
    kill 'STOP', $self->{master};
    wait_for($all, $timeout);
    kill 'CONT', $self->{master};
}


sub error_log { return $_[0]->read('error.log') }


# waits for a line; returns what it matched

sub wait_log {
    my ($self, $pattern, $timeout) = @_;

    return wait_for(sub {
        my $log = $self->error_log();
        $log =~ /$pattern/m or return;

        # not /^(.*$pattern.*)$/, which takes seconds on a log for debugging
        my $from = 1 + rindex $log, "\n", $-[0];
        my $to = index $log, "\n", $+[0];
        return substr $log, $from, ($to < 0 ? length $log : $to) - $from;
    }, $timeout);
}


# how often it is there, since an offset that log_end() has told

sub log_end { return length $_[0]->error_log() }

sub logged {
    my ($self, $from, $pattern) = @_;
    return scalar(() = substr($self->error_log(), $from) =~ /$pattern/g);
}

sub wait_logged { # until it is there so often
    my ($self, $from, $pattern, $times) = @_;
    return wait_for(sub { $self->logged($from, $pattern) >= ($times // 1) });
}


# waits until nginx has noticed that one client more has left

sub has_left {
    my ($self) = @_;
    return $self->wait_logged(0, 'client prematurely closed connection',
        ++$self->{left});
}


# lines of error.log that would fail the test are expected when they match

sub allow {
    my ($self, @patterns) = @_;
    push @{$self->{allowed}}, @patterns;
}


# Reports of the sanitizers in a text.  In error.log, which is a worker's stderr,
# they stand among nginx's own lines, which begin with a time and may quote what
# a client has sent: those are no reports.  A complaint about nginx's own source
# counts only when one of our files is near in its stack: nginx 1.22 itself adds
# zero to NULL and copies nothing from it, in another module too that a request
# of ours comes to.  It also reads and writes four bytes at once that lie
# anywhere, whoever calls it.

sub reports {
    my ($text) = @_;
    my $begin = qr/^.*(?:: runtime error: |Sanitizer:DEADLY|ERROR: \w+Sanit)/m;

    $text =~ s{^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[.*\n?}{}mg;

    return grep {
        /: runtime error: |Sanitizer/
            && !m{^src/\S+ runtime error: \w+ (?:of|to) misaligned}
            && (m{^ +\#[0-3] .*ngx_secops_module}m
                || !m{^src/\S+ runtime error: .*null pointer})
    } split /(?=$begin)/, $text;
}


# what must not be in a log

sub faults {
    my ($self) = @_;
    my @faults;

    foreach my $line (split /\n/, $self->error_log()) {
        push @faults, $line if $line =~ /\[(alert|emerg)\]/
            || $line =~ /exited on signal|exited with fatal code/
            || $line =~ /worker process \d+ exited with code [^0]/;
    }

    push @faults, grep { /\[emerg\]/ } split /\n/, $self->read('nginx.out');
    push @faults, map { reports($self->read($_)) } "$self->{dir}/nginx.out",
        glob("$self->{dir}/error*.log"), glob "$self->{dir}/sanitizer*";

    return grep {
        my $fault = $_;
        !grep { $fault =~ $_ } @{$self->{allowed}};
    } @faults;
}


# ends the test: stops all, looks at what was left, prints the plan

sub done {
    my ($self) = @_;

    if (defined $self->{master}) {
        my $status = $self->quit();

        if (!defined $status) {
            fail('nginx ended within a minute of QUIT');
            $self->stop(5) // kill 'KILL', $self->{master};
        } else {
            is($status, 0, 'nginx ended when it was told to');
        }
    }

    $_->stop() foreach @{$self->{redis}};

    my @faults = $self->faults();
    ok(!@faults, 'no alert, no crash and no sanitizer report');
    diag(join "\n", @faults[0 .. ($#faults > 20 ? 20 : $#faults)]) if @faults;

    $self->{finished} = 1;
    done_testing();
}


sub DESTROY {
    my ($self) = @_;
    return unless $self->{owner} == $$;
    local ($?, $@, $!);
    $self->remember() unless $self->{finished};
    $self->{told} = 1;              # whatever became of it is no news now
    $self->stop(5) if defined $self->{master} && !$self->{finished};
}


# A test that ends before its plan says why: what it died of, or the signal, and
# what nginx had to say, whose folder is gone by then.

sub remember {
    my ($self) = @_;
    my @lines = split /^/, $self->read('nginx.out') . $self->error_log();
    splice @lines, 0, -20 if @lines > 20;
    @said = map { "nginx: $_" } @lines if @lines;
}

$SIG{__DIE__} = sub { $died = $_[0] if defined $^S && !$^S };

END {
    if ($? && $$ == $owner && !Test::More->builder->has_plan()) {
        local $?;
        diag('the test ended before its plan: ', $died // "by exit\n", @said);
    }
}

END {
    local $?;
    foreach my $pid (grep { $running{$_} == $$ } keys %running) {
        kill 'TERM', $pid;
        reap($pid, 3) or do {
            kill 'KILL', -$pid;
            kill 'KILL', $pid;
            waitpid $pid, 0;
        };
    }
}

foreach my $signal (qw(INT TERM HUP)) {
    $SIG{$signal} = sub { $died = "SIG$signal\n"; exit 1 };
}


# --- HTTP -------------------------------------------------------------------

# a connection: (port number n or a "unix:/path") -> SecOps::Connection

sub connect {
    my ($self, $where) = @_;
    $where //= 0;
    return SecOps::Connection->new($where =~ /^unix:/ ? $where
        : $self->port($where));
}


# One request on a connection of its own.  $headers: a hash, or an array when
# one name is to be sent twice; the body may be a reference, which is sent as
# JSON.  -> { status, headers, body, json, head }; undef: no answer.

sub request {
    my ($self, $method, $path, $headers, $body, %opt) = @_;
    my $connection = $self->connect($opt{port});

    $connection->{timeout} = $opt{timeout} if $opt{timeout};
    return $connection->request($method, $path,
        [ Connection => 'close', SecOps::Connection::pairs($headers) ], $body);
}


# The same on a connection that is kept, for many requests.  nginx closes it after
# so many of them, and when its worker ends: what had no answer then is sent once
# more, on a new one.

sub keepalive {
    my ($self, $method, $path, $headers, $body) = @_;

    for (1 .. 2) {
        $self->{kept} //= $self->connect();
        my $r = $self->{kept}->request($method, $path, $headers, $body);
        delete $self->{kept}
            if !$r || ($r->{headers}{connection} // '') eq 'close';
        return $r if $r;
    }

    return;
}


# bytes as they are, on a connection of their own; all that came until its end

sub raw {
    my ($self, $bytes, %opt) = @_;
    my $connection = $self->connect($opt{port});

    $connection->send($bytes);
    return $connection->slurp($opt{timeout});
}


# the same as request(), over HTTP/2

sub h2 {
    my ($self, $method, $path, $headers, $body, %opt) = @_;
    my @pairs = SecOps::Connection::pairs($headers);
    my $out = "$self->{dir}/h2.body";

    unlink $out;
    $body = JSON::PP->new->canonical->encode($body) if ref $body;

    my @command = ('curl', '-s', '--http2-prior-knowledge', '-o', $out,
        '-D', '-', '-X', $method, '--max-time', $opt{timeout} // 60);
    while (my ($name, $value) = splice @pairs, 0, 2) {
        push @command, '-H', "$name: $value";
    }
    push @command, '--data-binary', '@' . $self->write('h2.request', $body)
        if defined $body;
    push @command, 'http://127.0.0.1:' . $self->port($opt{port}) . $path;

    # 92: nginx answered without reading the body and reset the stream, and
    # curl, still sending, looked at the reset first; nothing was processed
    my $head;
    for (1 .. 5) {
        open my $curl, '-|', @command or die "can not run curl: $!";
        $head = do { local $/; <$curl> } // '';
        close $curl;
        last if $? >> 8 != 92;
    }

    $head =~ s/\A(?:HTTP\S+ 1\d\d.*?\r\n\r\n)+//s;
    return unless $head =~ m{^HTTP/2 (\d+)};
    return SecOps::Connection::response($head, $self->read($out));
}


1;
