# One domain does with its resources what it may, and others go on: a domain
# that is filled up to its limit is listed again and again, by several clients
# at once, while another tenant's records are stored.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use POSIX ();
use SecOps;
use SecOps::Load;
use SecOps::Records;
use SecOps::Resources;
use SecOps::Stopwatch;

my $t = SecOps->new();
my $redis = $t->redis(aof => 'no');

$t->run(conf(server => 'keepalive_requests 100000;'));

my $api = SecOps::Resources->new($t, $redis, domain => 'greedy');
my $slow = $t->sanitized();


# --- a domain as large as it may be -----------------------------------------

my ($n, $r) = (0);

do {
    $r = $api->save({ map { $n++; ("h$n" => { type => 'integration',
        properties => { title => "H$n", integration_type => 'Webhook',
        parameters => { url => 'https://example.com/x', auth_type => 'none',
            headers => { map { ("h$_" => 'v' x 4050) } 1 .. 20 } } } }) }
        1 .. 11 });
} while ($r->{status} == 200 && $n < 1000);

is_nok($r, 409, 'Limit of resources reached', 'a domain is full');
my %size = @{$redis->cmd('HGETALL', 'secops:{greedy:res}:size')};
cmp_ok($size{bytes}, '>', 15_500_000, '... with nearly 16 MB');


# --- listed again and again -------------------------------------------------

sub lists { # by so many clients, until they are told to end; -> pids
    my ($clients) = @_;
    return map {
        my $pid = fork() // die "fork: $!";
        if ($pid == 0) {
            $SIG{TERM} = sub { POSIX::_exit(0) };
            my $c = $t->connect();
            $c->{timeout} = 60;
            while (1) {
                $c->send($c->format('GET', '/api/v2/resources',
                    who(domain => 'greedy')));
                my $answer = $c->answer('GET') // { status => 0 };
                open my $file, '>>', $t->dir() . "/lists.$$" or die $!;
                print $file "$answer->{status}\n";
            }
        }
        $pid;
    } 1 .. $clients;
}

sub stored { # records meanwhile, by second, and what else was answered
    my ($seconds) = @_;
    my $load = SecOps::Load->new($t, clients => 2, seconds => $seconds);
    my $seen = $load->end();
    my @other = grep { !/^201$/ && $seen->{$_} } grep { /^\d/ } keys %$seen;
    is(join(' ', @other), '', 'records are stored, nothing else is answered');
    is($seen->{lost}, 0, '... none is lost');
    return ($seen->{201} // 0) / ($seen->{seconds} || 1);
}

my $calm = stored(2);
my ($worker) = $t->workers();
my $rss = $t->rss($worker);

$redis->cmd('CONFIG', 'SET', 'slowlog-log-slower-than', 1000);
$redis->cmd('SLOWLOG', 'RESET');

my @lists = lists(4);
my $disturbed = stored($slow ? 5 : 4);

my $grown = $t->rss($worker) - $rss;
kill 'TERM', $_ foreach @lists;
waitpid $_, 0 foreach @lists;

my %answers;
foreach my $file (glob $t->dir() . '/lists.*') {
    $answers{$_}++ foreach split /\n/, $t->read($file);
}

diag(sprintf '%.0f records a second, %.0f beside the lists; lists: %s; '
    . 'the worker grew by %d KB', $calm, $disturbed,
    join(', ', map { "$answers{$_} x $_" } sort keys %answers) || 'none yet',
    $grown);

# how many depends on who else is on the machine: it is told above

cmp_ok($disturbed, '>', 2, 'C.B2: others are stored beside the lists');
is_deeply([ grep { !/^(?:200|503)$/ } keys %answers ], [],
    '... which are answered, or told to come later');

# a bound of memory: two lists at a time, each the documents and their text

cmp_ok($grown, '<', 100_000, '... and the worker does not grow without limit')
    unless $slow;

my @longest = sort { $b <=> $a } map { $_->[2] }
    grep { $_->[3][0] =~ /^EVAL/ } @{$redis->cmd('SLOWLOG', 'GET', 1000)};
diag('the longest scripts, in ms: ' . join ' ',
    map { $_ / 1000 } grep { defined } @longest[0 .. 2]);

$r = $api->list('', timeout => 60);
is($r->{status}, 200, 'then the list is there');
is(scalar @{$r->{json} // []}, $n - 11, '... with all of them');
is($api->remove({ title => 'H1' })->{status}, 200, '... one can be deleted');

$t->done();
