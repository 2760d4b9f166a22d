#!/usr/bin/env perl

# Runs the module, its peers and the floor one after another, round by round,
# and prints what each costs.  bench/run.sh calls it and lists the options.

use strict;
use warnings;
use utf8;

use FindBin;
use lib "$FindBin::Bin/lib";

use Cwd qw(abs_path);
use File::Path qw(make_path);
use File::Temp;
use JSON::PP;

use Bench::Chart;
use Bench::Figures;
use Bench::Page;
use Bench::Records;
use Bench::Redis;
use Bench::Rounds;
use Bench::Servers;
use Bench::Token;

binmode STDOUT, ':encoding(UTF-8)';
binmode STDERR, ':encoding(UTF-8)';
STDERR->autoflush(1);
$SIG{$_} = sub { print STDERR "ended by SIG$_[0]\n"; exit 130 }
    foreach qw(INT TERM HUP);
$SIG{PIPE} = 'IGNORE';
$ENV{PATH} .= ':/usr/sbin:/sbin';
$ENV{LC_ALL} = 'C';

my $root = abs_path("$FindBin::Bin/..");
my $build = abs_path($ENV{SECOPS_BUILD_DIR} // "$root/build");
my $kept = "$build/bench";

my @parts = qw(single identity batch read latency growth huge redis);
my @all_peers = qw(lua fastify fastapi);

my $path = '/api/sn_sec_cmn/integration_capabilities/threat_lookup';
my $table = '/api/now/table/sn_ti_lookup_result';


sub option { # a number, above zero
    my ($name, $default) = @_;
    my $value = $ENV{$name} // '';
    $value = $default if $value eq '';
    die "$name=$value is not a number\n" if $value !~ /^[1-9]\d*$/;
    return $value;
}


sub words { # some of those allowed
    my ($name, $default, @allowed) = @_;
    my @found = split ' ', $ENV{$name} // $default;

    foreach my $word (@found) {
        die "$name: no \"$word\", there are: @allowed\n"
            unless grep { $_ eq $word } @allowed;
    }

    return @found;
}


my %opt = (
    runs    => option('RUNS', 3),
    seconds => option('DURATION', 3),
    warmup  => option('WARMUP', 1),
    threads => option('THREADS', 2),
    workers => option('WORKERS', 2),
    records => option('BENCH_RECORDS', 500000),
    quiet   => option('QUIET', 100),
);
my @conns = split ' ', $ENV{CONNS} || '1 64 256';
my %what = map { $_ => 1 } words('WHAT', "@parts", @parts);
my @peers = words('PEERS', "@all_peers", @all_peers);
my $whole = keys %what == @parts && @peers == @all_peers;

# a handful of records about each
$opt{subjects} = int($opt{records} / 4) || 1;

die "CONNS=@conns are not numbers\n" if grep { !/^[1-9]\d*$/ } @conns;

# the level at which everything but single records is measured
my ($middle) = grep { $_ == 64 } @conns;
$middle //= $conns[-1];

my $dir = File::Temp->newdir('secops-bench-XXXXXX', TMPDIR => 1);
chmod 0755, "$dir";
make_path($kept);

my $servers = Bench::Servers->new(dir => "$dir", build => $build,
    bench => $FindBin::Bin, cache => $kept, workers => $opt{workers});

my %result = (rows => [], conns => \@conns, middle => $middle, opt => \%opt,
    skipped => {}, highest => {});


END { $servers->stop() if $servers }


sub say_so { print STDERR @_, "\n" }


# --- what wrk is given ------------------------------------------------------

sub file {
    my ($name, @lines) = @_;
    Bench::Servers::write_file("$dir/$name", join '', map { "$_\n" } @lines);
    return "$dir/$name";
}


my $bodies = file('bodies', Bench::Records::bodies());
my $caller = file('caller', 'Content-Type: application/json',
    'X-SecOps-User: bench', 'X-SecOps-Roles: itil,sn_sec_cmn.api_write');


# two servers that ask for a token: the signature remembered, and checked each
# time

sub jwt_servers {
    my ($redis, %port) = @_;

    return join '', map { <<"END" } sort keys %port;
    server {
        listen 127.0.0.1:$port{$_} reuseport backlog=4096;

        location /api/ {
            secops_api;
            secops_redis "$redis->{url}";
            secops_auth jwt;
            secops_jwt_key_file "$dir/key.pem";
            secops_jwt_issuer bench;
            secops_jwt_audience secops;
            secops_jwt_cache $_;
        }
    }
END
}


# --- servers ----------------------------------------------------------------

# what a run may store; batches come twice as fast
my $touched = 100_000 * ($opt{seconds} + $opt{warmup});

my $redis = $servers->redis('redis');
my $full = $servers->redis('full');
my (%target, %jwt);


sub start_module {
    my $blocks = '';

    if ($what{identity}) {
        my $token = Bench::Token::make("$dir");
        %jwt = map { $_ => Bench::Servers::port() } qw(1000 off);
        $blocks = jwt_servers($redis, %jwt);

        if ($servers->module_takes($blocks)) {
            $jwt{headers} = file('bearer', 'Content-Type: application/json',
                "Authorization: Bearer $token");
        } else {
            $result{skipped}{JWT} = 'the module has no "secops_auth jwt"';
            %jwt = ();
            $blocks = '';
        }
    }

    $target{module} = $servers->module($redis, $full, $blocks, 'module');
    $target{module}{url} = "http://127.0.0.1:$target{module}{port}$path";
}


# one record as the module stores it: what nginx alone answers is as long;
# its key, in which @ID@ and @SHARD@, the id's 13th digit, stand for others'

my $key_of;

sub stored_record {
    my ($id) = Bench::Records::fill($target{module}{port}, $path, 1000, 1000);
    my ($key) = grep { /\Q$id\E/ } split /\n/,
        Bench::Redis::ask($redis, '--scan', '--pattern', '*:rec:*');
    my $record = Bench::Redis::ask($redis, 'get', $key);
    my $shard = substr $id, 12, 1;

    chomp $record;
    $key_of = $key =~ s/\Q$id\E/\@ID@/r =~ s/:$shard\}/:\@SHARD@}/r;
    return $record;
}


sub key_of {
    my ($id) = @_;
    my $shard = substr $id, 12, 1;
    return $key_of =~ s/\@ID@/$id/r =~ s/\@SHARD@/$shard/r;
}


sub start {
    start_module();

    my $record = stored_record();
    $result{size} = length $record;
    $target{nginx} = $servers->floor($record);
    $target{nginx}{url} = "http://127.0.0.1:$target{nginx}{port}/post";

    foreach my $peer ($what{single} || $what{latency} ? @peers : ()) {
        my $server = eval { $servers->$peer($redis) };

        if (!$server) {
            chomp($result{skipped}{$peer} = $@);
            say_so("$peer is left out: $result{skipped}{$peer}");
            next;
        }

        $server->{url} = "http://127.0.0.1:$server->{port}/post";
        $target{$peer} = $server;
    }

    $result{targets} = [ grep { $target{$_} } qw(nginx module), @all_peers ];
}


# --- cases ------------------------------------------------------------------

# before: called once; each: before each turn of a pair; alone: returns what is
# sent to Redis itself, instead of wrk's requests to the server

sub new_case {
    my ($name, $server, %more) = @_;
    return {
        name    => $name,
        server  => $server,
        redis   => $redis,
        url     => $server->{url},
        kind    => 'post',
        lines   => $bodies,
        headers => $caller,
        records => 1,
        conns   => $middle,
        status  => 201,
        keys    => 1,
        before  => sub { fresh($redis, $touched) },
        script  => "$FindBin::Bin/load.lua",
        threads => $opt{threads},
        warmup  => $opt{warmup},
        seconds => $opt{seconds},
        %more,
    };
}


# empty, with memory that it had before

sub fresh {
    my ($server, $records) = @_;
    Bench::Redis::empty($server);
    Bench::Redis::touch($server, $records);
}


sub refill { # fresh, with 10 thousand records about as many subjects
    my ($module, $server) = @_;
    fresh($server, $touched);
    return Bench::Records::fill($module->{port}, $path, 10000, 10000);
}


sub nothing_stored { return (redis => undef, keys => 0, before => sub { }) }


sub of_target { # what a target alone has: nginx stores nothing
    my ($name, $target, %more) = @_;
    return new_case($name, $target{$target},
        $target eq 'nginx' ? nothing_stored() : (), %more);
}


sub single_cases {
    return map { my $conns = $_; map {
        of_target("$_ $conns", $_, conns => $conns)
    } @{$result{targets}} } @conns;
}


sub identity_cases {
    return () unless %jwt;
    return map {
        new_case($_->[0], $target{module}, headers => $jwt{headers},
            url => "http://127.0.0.1:$jwt{$_->[1]}$path")
    } [ 'jwt cached', 1000 ], [ 'jwt checked', 'off' ];
}


# eight connections: all their batches fit into the queue of one worker

sub batch_cases {
    return map {
        new_case("batch $_", $target{module}, kind => 'batch',
            records => $_, conns => 8,
            before => sub { fresh($redis, 2 * $touched) })
    } 100, 1000;
}


sub ids {
    my ($name, @ids) = @_;
    return file($name, map { "$table/$_" } @ids);
}


sub read_cases {
    my $module = new_case('read module', $target{module}, kind => 'get',
        keys => 0, status => 200, lines => "$dir/ids",
        before => sub { ids('ids', refill($target{module}, $redis)) });

    my $nginx = new_case('read nginx', $target{nginx}, nothing_stored(),
        kind => 'get', status => 200, lines => file('fixed', '/get'));

    return ($module, $nginx);
}


# Connections each of which asks seldom: the more there are, the less they wait
# for each other's answers, and the more wrk costs.

sub latency_cases {
    my @cases;

    foreach my $name (@{$result{targets}}) {
        my ($highest) = sort { $b <=> $a }
            map { Bench::Figures::median($result{rows}, "$name $_", 'rate') }
            @conns;

        $result{highest}{$name} = $highest;

        push @cases, map { of_target("half $name $_", $name, conns => $_,
            rate => $highest / 2, delay => 1000 * $_ / ($highest / 2))
        } grep { $_ >= $middle } @conns;
    }

    return @cases;
}


# Two Redis, the one with 10 thousand records at the begin of each run, the
# other with all; in both a subject has a handful of records.  New ones are
# about the bodies' 64 subjects, the same load for both, or about any subject;
# those that are read are the newest 10 thousand, again the same load, or any.
# Last, what Redis alone needs to read any.  The two of a pair take turns.

sub growth_cases {
    my ($kind, $module, $small, $large) = @_;
    my $other = { %$module, url => "http://127.0.0.1:$module->{full}$path" };
    my %few = (server => $module, url => $module->{url}, redis => $small);
    my %all = (server => $other, url => $other->{url}, redis => $large,
        before => sub { Bench::Redis::settle($large) });

    my $write = sub {
        my ($name, $in_few, $in_all) = @_;
        return [ growth_case("$kind $name small", %few, subjects => $in_few,
                each => sub { refill($module, $small) }),
            growth_case("$kind $name full", %all, subjects => $in_all,
                each => sub { Bench::Redis::touch($large, $touched) }) ];
    };

    my $read = sub {
        my ($name, $lines, %more) = @_;
        return [ growth_case("$kind $name small", %few, %more,
                kind => 'get', status => 200, lines => "$dir/few",
                before => sub { ids('few', refill($module, $small)) }),
            growth_case("$kind $name full", %all, %more,
                kind => 'get', status => 200, lines => "$dir/$lines") ];
    };

    return ($write->('write'), $write->('spread', 10000, $opt{subjects}),
        $read->('recent', 'recent'), $read->('any', 'many'),
        $read->('alone', 'many', alone => \&reads_alone));
}


sub growth_case {
    my ($name, %more) = @_;
    return new_case($name, $more{server}, keys => 0, seconds => 1,
        before => sub { }, %more);
}


sub reads_alone {
    my ($case) = @_;
    my @ids = Bench::Servers::slurp($case->{lines}) =~ m{(\w+)$}mg;
    return Bench::Redis::reads(map { key_of($_) } @ids);
}


# The same twice: with Redis as it is by itself, in pages of 4 kB, and with
# another in huge pages.  There is no room for both.

sub growth {
    my ($kind) = @_;
    my @pair = ($redis, $full);
    my $module = $target{module};

    if ($kind eq 'huge') {
        $servers->stop($full);
        @pair = map { $servers->redis("huge-$_", 1) } qw(small full);
        $module = $servers->module(@pair, '', 'huge');
        $module->{url} = "http://127.0.0.1:$module->{port}$path";
    }

    my $stored = fill_full($module->{full}, $pair[1]);

    if ($kind eq 'huge' && Bench::Servers::in_huge_pages($pair[1]) < 0.5) {
        $result{skipped}{'huge pages'} = 'the kernel gives Redis none';
        return;
    }

    $result{stored}{$kind} = $stored;
    rounds(growth_cases($kind, $module, @pair));
}


sub fill_full {
    my ($port, $server) = @_;
    my $subjects = $opt{subjects};
    my $records = int(($opt{records} + 999) / 1000) * 1000;
    my $needed = 1.8 * $records + 3.6 * $touched * ($opt{runs} + 2);
    my ($free) = Bench::Servers::slurp('/proc/meminfo')
        =~ /^MemAvailable: *(\d+)/m;

    die sprintf "%d records and %d rounds take about %.1f GB, which are not"
        . " free: set BENCH_RECORDS\n", $records, $opt{runs}, $needed / 1e6
        if $needed > $free;

    say_so('filling with ', Bench::Figures::number($records), ' records');
    my $before = Bench::Redis::memory($server);
    ids('many', Bench::Records::fill($port, $path, $records - 10000,
        $subjects));
    ids('recent', Bench::Records::fill($port, $path, 10000, $subjects));

    return {
        records => $records,
        memory  => (Bench::Redis::memory($server) - $before) / $records,
    };
}


# --- all of it --------------------------------------------------------------

sub rounds {
    push @{$result{rows}}, Bench::Rounds::run(\%opt, \&say_so, @_);
}


sub measure {
    my @first;

    start();

    # the highest rate comes from these
    push @first, single_cases() if $what{single} || $what{latency};
    push @first, identity_cases() if $what{identity};
    push @first, of_target("module $middle", 'module')
        if $what{batch} && !$what{single} && !$what{latency};
    push @first, batch_cases() if $what{batch};
    push @first, read_cases() if $what{read};
    push @first, new_case('redis', {},
        before => sub { fresh($redis, 2 * $touched) },
        alone => sub { return \&Bench::Redis::transactions })
        if $what{redis};

    rounds(@first);
    rounds(latency_cases()) if $what{latency};
    growth($_) foreach grep { $what{$_} } qw(growth huge);
    $servers->stop();
}


# --- main -------------------------------------------------------------------

my $again = ($ARGV[0] // '') eq 'page';

if ($again) {
    %result = %{JSON::PP->new->utf8->decode(
        Bench::Servers::slurp("$kept/result.json"))};

} else {
    my $start = time();
    $result{about} = Bench::Page::about($root, $build);
    eval { measure(); 1 } or die $@, $servers->complaints();
    $result{took} = time() - $start;
    Bench::Servers::write_file("$kept/result.json",
        JSON::PP->new->utf8->canonical->encode(\%result));
}

print Bench::Page::text(\%result);

if ($again || $whole && ($ENV{WRITE} // 1)) {
    Bench::Page::write("$root/docs/performance.md", \%result);
    Bench::Servers::write_file("$root/docs/performance.svg",
        Bench::Chart::svg(\%result));
    say_so('docs/performance.md and docs/performance.svg were written');
}
