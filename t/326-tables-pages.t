# Pages of a list stay stable while records arrive: whoever reads page after
# page sees each record that was there at the start once, and none twice.  By
# offset in the order of sys_id, as client libraries do it, and by Link from
# the newest one on.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use POSIX ();
use SecOps;
use SecOps::Load;
use SecOps::Records;

my $t = SecOps->new();
my $redis = $t->redis(aof => 'no');
my $table = '/api/now/table/sn_ti_lookup_result';
my $stored = $t->sanitized() ? 10_000 : 50_000;
my $rate = 1000;

$t->run(conf(location => 'client_max_body_size 4m;'
    . ' client_body_buffer_size 2m; secops_query_scan time=1m;'));

my $connection = $t->connect();


sub batch {
    my ($connection, $n) = @_;
    my @findings = qw(Malicious Suspicious Clean Unknown);
    my $r = $connection->request('POST', path(), who(), { data => [ map {
        records(observable => 'o' . int rand 5000,
            finding => $findings[rand 4])
    } 1 .. $n ] });

    die "a batch was not stored\n" unless $r && $r->{status} == 201;
    return map { $_->{sys_id} } @{$r->{json}{records}};
}


# so many records a second, until it is stopped

sub writer {
    my $pid = fork() // die "fork: $!";
    return $pid if $pid;

    $SIG{TERM} = sub { POSIX::_exit(0) };
    my $connection;

    for (my ($due, $n) = (time(), 0); ; $due += 20 / $rate, $n++) {
        my $left = $due - time();
        sleep $left if $left > 0;
        $connection = $t->connect() if $n % 500 == 0;
        eval { batch($connection, 20); 1 } or POSIX::_exit(1);
    }
}


sub end_writer {
    my ($pid) = @_;
    kill 'TERM', $pid;
    waitpid $pid, 0;
    return $?;
}


sub page { # nginx ends a connection after a thousand requests
    my ($uri) = @_;
    my $r = $connection->request('GET', $uri, who());

    $connection = $t->connect() if ($r->{headers}{connection} // '') eq 'close';
    die "no page: $uri\n", $r ? ($r->{head}, $r->{body}) : "no answer"
        unless $r && $r->{status} == 200;
    return $r;
}


# as client libraries do it: until as many were read as the last page says

sub by_offset {
    my ($query, $limit) = @_;
    my ($total, @ids) = (1);

    while (@ids < $total) {
        my $r = page("$table?sysparm_query=$query"
            . "&sysparm_fields=sys_id&sysparm_limit=$limit&sysparm_offset="
            . scalar(@ids) . '&sysparm_suppress_pagination_header=true');
        my @page = map { $_->{sys_id} } @{$r->{json}{result}};

        $total = $r->{headers}{'x-total-count'};
        push @ids, @page;
        last if !@page || @ids > 3 * $stored;
    }

    return @ids;
}


sub by_link {
    my ($query, $limit) = @_;
    my ($next, @ids) = ("$table?sysparm_query=$query&sysparm_fields=sys_id"
        . "&sysparm_limit=$limit");

    while (defined $next) {
        my $r = page($next);
        push @ids, map { $_->{sys_id} } @{$r->{json}{result}};
        ($next) = ($r->{headers}{link} // '')
            =~ m{<https?://[^/]+(/[^>]*)>;\s*rel="next"};
        last if @ids > 3 * $stored;
    }

    return @ids;
}


sub seen_once {
    my ($name, $before, $writer, @ids) = @_;
    my (%n, %before);

    $before{$_} = 1 foreach @$before;
    $n{$_}++ foreach @ids;

    is(scalar(grep { !$n{$_} } @$before), 0, "$name: none is missing");
    is(scalar(grep { ($n{$_} // 0) > 1 } @$before), 0,
        '... and none comes twice of those that were there at the start');
    cmp_ok($redis->cmd('DBSIZE'), '>', scalar @$before,
        '... though others arrived meanwhile');
    is(end_writer($writer), 0, '... each of which was stored');
    return %n;
}


my @before = map { batch($connection, 1000) } 1 .. $stored / 1000;

my $writer = writer();
my @ids = by_offset('ORDERBYsys_id', 100);
seen_once('pages of 100 by offset in the order of sys_id', \@before, $writer,
    @ids);
is_deeply([ grep { $ids[$_] lt $ids[$_ - 1] } 1 .. $#before ], [],
    '... and they are in this order');

$writer = writer();
@ids = by_link('', 100);
my %n = seen_once('pages of 100 by Link, the newest first', \@before, $writer,
    @ids);
is(scalar(grep { $_ > 1 } values %n), 0,
    '... and none at all comes twice, new ones among them');

$writer = writer();
@ids = by_link('finding!=Clean', 2500);
%n = seen_once('pages of 2500 by Link of those that fit a query', [ grep {
    my $r = $redis->cmd('GET', 'secops:{global:' . substr($_, 12, 1)
        . "}:rec:sn_ti_lookup_result:$_");
    $r !~ /"finding":"Clean"/
} @before ], $writer, @ids);
is(scalar(grep { $_ > 1 } values %n), 0, '... and none at all comes twice');

$t->done();
