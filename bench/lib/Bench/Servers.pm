package Bench::Servers;

# Starts the servers that are measured, each in a session of its own (Linux
# shares the processor out by session), in folders of their own, on free ports
# of 127.0.0.1 and on unix sockets; stops by pid what it started.

use strict;
use warnings;

use File::Path qw(make_path);
use IO::Socket::INET;
use IO::Socket::UNIX;
use POSIX qw(WNOHANG setsid);
use Time::HiRes qw(sleep time);


# dir: for configurations, logs, sockets; build: where the module is;
# bench: this folder; cache: what outlives a run; workers: processes of each

sub new {
    my ($class, %self) = @_;
    return bless { %self, running => [], owner => $$ }, $class;
}


sub slurp {
    my ($path) = @_;
    open my $file, '<', $path or die "can not read $path: $!\n";
    local $/;
    return scalar(<$file>) // '';
}


sub write_file {
    my ($path, $text) = @_;
    open my $file, '>', $path or die "can not write $path: $!\n";
    print $file $text;
    close $file or die "can not write $path: $!\n";
}


my %given;

sub port { # free a moment ago
    while (1) {
        my $probe = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
            Listen => 1) or die "no port is free: $!\n";
        my $port = $probe->sockport();
        return $port unless $given{$port}++;
    }
}


# Should this script die unasked, the kernel ends the servers.

sub launch {
    my ($self, $name, $command, %env) = @_;
    my $log = "$self->{dir}/$name.log";
    my $pid = fork() // die "can not fork: $!\n";

    if (!$pid) {
        setsid();
        open STDIN, '<', '/dev/null';
        open STDOUT, '>', $log;
        open STDERR, '>&', \*STDOUT;
        @ENV{keys %env} = values %env;
        exec 'setpriv', '--pdeathsig', 'TERM', @$command or POSIX::_exit(127);
    }

    push @{$self->{running}}, $pid;
    return $pid;
}


sub await {
    my ($self, $name, $pid, $connect) = @_;
    my $end = time() + 20;

    while (!$connect->()) {
        die "$name did not start: ", slurp("$self->{dir}/$name.log"), "\n"
            if time() > $end || waitpid($pid, WNOHANG) != 0;
        sleep 0.05;
    }
}


sub await_port {
    my ($self, $name, $pid, $port) = @_;
    $self->await($name, $pid, sub {
        IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) });
}


# Memory that Redis has once touched stays with it, however long it is free.
# What the first touch costs is the machine's affair: from a half to a dozen
# microseconds a page where a virtual one has to ask its host.

my $keep = 'dirty_decay_ms:-1,muzzy_decay_ms:-1';

# huge: whether it asks the kernel for pages of 2 MB

sub redis {
    my ($self, $name, $huge) = @_;
    my $socket = "$self->{dir}/$name.sock";
    my $malloc = $huge ? "$keep,thp:always" : $keep;
    my $pid = $self->launch($name, [
        'redis-server', '--port', 0, '--unixsocket', $socket,
        '--unixsocketperm', 777, '--save', '', '--appendonly', 'no',
        '--maxclients', 4096, '--dir', $self->{dir},
        $huge ? ('--disable-thp', 'no') : () ],
        MALLOC_CONF => $malloc, JE_MALLOC_CONF => $malloc);

    $self->await($name, $pid,
        sub { IO::Socket::UNIX->new(Peer => $socket) });

    return { pid => $pid, socket => $socket, url => "unix:$socket" };
}


# The share of a process' memory that lies in huge pages.

sub in_huge_pages {
    my ($server) = @_;
    my $memory = eval { slurp("/proc/$server->{pid}/smaps_rollup") } // '';
    my ($all) = $memory =~ /^Rss: *(\d+)/m;
    my ($huge) = $memory =~ /^AnonHugePages: *(\d+)/m;
    return $all ? ($huge // 0) / $all : 0;
}


# a template with its @NAMES@ filled in, as the nginx.conf of a folder

sub nginx_conf {
    my ($self, $name, $template, %value) = @_;
    my $dir = "$self->{dir}/$name";
    my $conf = slurp("$self->{bench}/$template") =~ s/^#.*\n//mgr;

    # a master that is root would make its workers somebody else
    $value{USER} = $> ? '' : sprintf 'user %s %s;', scalar getpwuid($>),
        scalar getgrgid((split ' ', $))[0]);
    $value{WORKERS} = $self->{workers};
    $conf =~ s/\@([A-Z_]+)\@/$value{$1} \/\/ die "no $1 for $template\n"/ge;

    make_path($dir);
    write_file("$dir/nginx.conf", $conf);
    return $dir;
}


sub nginx {
    my ($self, $name, $template, $env, %value) = @_;
    my $dir = $self->nginx_conf($name, $template, %value);
    my $pid = $self->launch($name,
        [ 'nginx', '-p', "$dir/", '-e', 'error.log', '-c', 'nginx.conf' ],
        %$env);

    $self->await_port($name, $pid, $value{PORT});
    return $pid;
}


# servers: further server blocks, of which one may be a port's

sub module {
    my ($self, $redis, $full, $servers, $name, $settings) = @_;
    my %value = (
        SETTINGS   => $settings // '',
        MODULE     => "$self->{build}/ngx_http_secops_module.so",
        REDIS      => $redis->{url},
        FULL_REDIS => $full->{url},
        PORT       => port(),
        FULL_PORT  => port(),
        JWT        => $servers,
    );

    return {
        pid  => $self->nginx($name, 'module.conf.in', {}, %value),
        port => $value{PORT},
        full => $value{FULL_PORT},
    };
}


# whether the module takes these server blocks: nginx -t

sub module_takes {
    my ($self, $servers) = @_;
    my $dir = $self->nginx_conf('try', 'module.conf.in',
        MODULE => "$self->{build}/ngx_http_secops_module.so",
        map({ $_ => 'redis://127.0.0.1' } qw(REDIS FULL_REDIS)), SETTINGS => '',
        PORT => port(), FULL_PORT => port(), JWT => $servers);

    return system("nginx -t -p $dir/ -e error.log -c nginx.conf"
        . " >$dir/out 2>&1") == 0;
}


sub floor {
    my ($self, $record) = @_;
    my $port = port();
    my $pid = $self->nginx('nginx', 'floor.conf.in', {}, PORT => $port,
        RECORD => $record);

    return { pid => $pid, port => $port };
}


# The peers: each dies with the reason why it can not be measured here.

sub lua {
    my ($self, $redis) = @_;
    my ($modules) = `nginx -V 2>&1` =~ /--modules-path=(\S+)/;
    my $port = port();

    die "nginx has no lua module\n"
        unless $modules && -f "$modules/ngx_http_lua_module.so";

    my $pid = $self->nginx('lua', 'peers/lua.conf.in',
        { BENCH_REDIS => $redis->{url} }, PORT => $port,
        MODULES => $modules, BENCH => $self->{bench});

    return { pid => $pid, port => $port };
}


sub fastify {
    my ($self, $redis) = @_;
    my ($major) = (`node --version 2>/dev/null` // '') =~ /^v(\d+)/;
    my $dir = "$self->{cache}/fastify";
    my $list = slurp("$self->{bench}/peers/fastify/package.json");

    die "node 20 or later and npm are not there\n"
        unless $major && $major >= 20 && `npm --version 2>/dev/null`;

    make_path($dir);
    write_file("$dir/server.mjs",
        slurp("$self->{bench}/peers/fastify/server.mjs"));

    if (!-f "$dir/package.json" || slurp("$dir/package.json") ne $list) {
        write_file("$dir/new.json", $list);
        system("cd '$dir' && cp new.json package.json && npm install"
            . " --omit=dev --no-audit --no-fund >npm.log 2>&1") == 0
            or do {
                unlink "$dir/package.json";
                die "npm install failed: see $dir/npm.log\n";
            };
    }

    return $self->script('fastify', $redis, [ 'node', "$dir/server.mjs" ]);
}


sub fastapi {
    my ($self, $redis) = @_;
    my @needs = qw(fastapi uvicorn redis hiredis uvloop httptools);
    my $import = join ', ', @needs;
    my ($python) = grep {
        system("$_ -c 'import $import' 2>/dev/null") == 0
    } qw(/usr/bin/python3 python3);

    die "python3 has not all of $import\n" unless $python;

    return $self->script('fastapi', $redis,
        [ $python, '-B', "$self->{bench}/peers/fastapi/app.py" ]);
}


sub script {
    my ($self, $name, $redis, $command) = @_;
    my $port = port();
    my $pid = $self->launch($name, $command, BENCH_PORT => $port,
        BENCH_WORKERS => $self->{workers}, BENCH_REDIS => $redis->{url},
        NODE_ENV => 'production');

    $self->await_port($name, $pid, $port);
    return { pid => $pid, port => $port };
}


# what the module had to say: the end of its error logs

sub complaints {
    my ($self) = @_;
    my @lines = map { split /^/, slurp($_) } grep { -f }
        map { "$self->{dir}/$_/error.log" } qw(module huge);
    return splice @lines, @lines > 5 ? -5 : 0;
}


# these, or all, the last that was started first; what did not go in time by
# force

sub stop {
    my ($self, @servers) = @_;
    local ($?, $@, $!);             # at the end of the script: how it ended
    return if $self->{owner} != $$;

    my %chosen = map { ($_->{pid} => 1) } @servers;
    my @pids = grep { !@servers || $chosen{$_} } reverse @{$self->{running}};
    my %gone = map { $_ => 1 } @pids;
    @{$self->{running}} = grep { !$gone{$_} } @{$self->{running}};

    foreach my $pid (@pids) {
        my $end = time() + 5;
        kill 'TERM', $pid;

        while (waitpid($pid, WNOHANG) == 0) {
            kill 'KILL', $pid if time() > $end;
            sleep 0.02;
        }

        kill 'KILL', -$pid;
    }
}


sub DESTROY {
    my ($self) = @_;
    $self->stop();
}


1;
