#!/usr/bin/env perl

# Usage: callers.pl
#
# What it costs to find out who calls: a record of a caller who is known by
# headers, by a token whose signature is remembered, and by an api key that is
# remembered; then a list of ten records.  The three take turns of a second,
# each with a server and a Redis of its own, so that the machine's slow moments
# are the same for all.  Prints the table of docs/performance.md.
#
#   WHAT        what they send: "record list"
#   RUNS 7      rounds
#   DURATION 6  turns of each in a round
#   CONNS 64    connections
#   WRITE 1     writes the table into docs/performance.md as well

use strict;
use warnings;
use utf8;

use FindBin;
use lib "$FindBin::Bin/lib";

use Cwd qw(abs_path);
use HTTP::Tiny;

use Bench::Figures;
use Bench::Page;
use Bench::Records;
use Bench::Redis;
use Bench::Servers;
use Bench::Token;
use Bench::Turns;

my $root = abs_path("$FindBin::Bin/..");
my $turns = Bench::Turns->new(
    name    => 'callers',
    bench   => $FindBin::Bin,
    build   => abs_path($ENV{SECOPS_BUILD_DIR} // "$root/build"),
    runs    => 7,
    seconds => 6,
);
my $path = '/api/sn_sec_cmn/integration_capabilities/threat_lookup';
my $list = '/api/now/table/sn_ti_lookup_result?sysparm_limit=10';
my $dir = $turns->dir();
my @json = 'Content-Type: application/json';
my @headers = ('X-SecOps-User: bench',
    'X-SecOps-Roles: itil,sn_sec_cmn.api_write');

END { $turns->stop() if $turns }


# A key is made anew whenever Redis has been emptied: by who has the role, at
# the server's first port.

sub new_key {
    my ($port) = @_;
    my $answer = HTTP::Tiny->new->post("http://127.0.0.1:$port/api/v2/resources",
        { headers => { map { split /: / } @json, @headers },
          content => '{"k":{"type":"api_key","properties":{"name":"bench",'
            . '"scopes":["read:records","write:records"]}}}' });
    my ($value) = $answer->{content} =~ /"value":"([^"]+)"/
        or die "no key: $answer->{content}\n";
    return "x-arcanna-api-key: $value";
}


my $bodies = $turns->file('bodies', Bench::Records::bodies());
my $token = Bench::Token::make($dir);

my %caller = (
    header => ['secops_auth header;', sub { @headers }],
    token  => [<<"END", sub { "Authorization: Bearer $token" }],
            secops_auth jwt;
            secops_jwt_key_file "$dir/key.pem";
            secops_jwt_issuer bench;
            secops_jwt_audience secops;
END
    key    => ['secops_auth api_key;', \&new_key],
);


sub new_case {
    my ($name) = @_;
    my $servers = $turns->servers();
    my ($auth, $who) = @{$caller{$name}};
    my $redis = $servers->redis("redis-$name");
    my $port = Bench::Servers::port();

    my $server = $servers->module($redis, $redis, <<"END", "server-$name");
    server {
        listen 127.0.0.1:$port reuseport backlog=4096;

        location /api/ {
            secops_api;
            secops_redis "$redis->{url}";
            $auth
        }
    }
END

    return $turns->turn(
        name    => $name,
        server  => $server,
        redis   => $redis,
        url     => "http://127.0.0.1:$port$path",
        headers => "$dir/headers-$name",
        conns   => $ENV{CONNS} || 64,
        ask     => sub { $turns->file("headers-$name", @json,
                             $who->($server->{port})) },
        fill    => sub { Bench::Records::fill($server->{port}, $path, 1000,
                             200) },
    );
}


sub record { # is what the caller of a case sends
    my ($case) = @_;

    return { %$case,
        name   => "record $case->{name}",
        kind   => 'post',
        lines  => $bodies,
        status => 201,
        keys   => 1,
        before => sub { Bench::Redis::empty($case->{redis});
                        Bench::Redis::touch($case->{redis}, 400_000);
                        $case->{ask}->() },
    };
}


sub list { # is what the caller of a case asks for
    my ($case) = @_;

    return { %$case,
        name   => "list $case->{name}",
        kind   => 'get',
        lines  => $turns->file('list', $list),
        status => 200,
        keys   => 0,
        before => sub { Bench::Redis::empty($case->{redis});
                        $case->{fill}->();
                        $case->{ask}->() },
    };
}


my %what = (record => \&record, list => \&list);
my @what = split ' ', $ENV{WHAT} || 'record list';
my @names = qw(header token key);
my @cases = map { new_case($_) } @names;
my @rows;

foreach my $what (@what) {
    push @rows, $turns->rounds([map { $what{$what}->($_) } @cases]);
}

my $text = table() . sprintf "\nOther programs took %s %% of the machine.\n",
    Bench::Figures::with_spread('%.0f',
        Bench::Figures::spread(map { $_->{other} } @rows));

print "\n", $text;
Bench::Page::put("$root/docs/performance.md", 'callers', $text) if $ENV{WRITE};


sub table {
    my %from = (header => 'headers', token => 'a remembered token',
        key => 'a remembered api key');
    my %sent = (record => 'a record', list => 'a list of ten records');
    my @lines;

    foreach my $what (@what) {
        foreach my $name (@names) {
            my $case = "$what $name";
            push @lines, [ "$sent{$what}, caller in $from{$name}",
                map({ Bench::Figures::cpu(\@rows, $case, $_) }
                    qw(server redis)),
                map({ ratio($case, "$what header", $_) } qw(server both)) ];
        }
    }

    return Bench::Figures::table([ 'one request', 'server µs', 'Redis µs',
        'server, headers as 1', 'together, headers as 1' ], @lines);
}


sub ratio {
    my ($case, $other, $figure) = @_;
    return $case eq $other ? '1' : Bench::Figures::with_spread('%.3f',
        Bench::Figures::ratios(\@rows, $case, $other, $figure));
}
