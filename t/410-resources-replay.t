# A commit that Redis has made, whose answer is lost with the link: it is sent
# again over the next one, and finds that it was there.  Between nginx and a
# real Redis stands a proxy that takes the answer away.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use IO::Select;
use IO::Socket::INET;
use IO::Socket::UNIX;
use POSIX ();
use SecOps;
use SecOps::Records;
use SecOps::Resources;

my $t = SecOps->new();
my $redis = $t->redis();
my $port = $t->port(50);
my $dir = $t->dir();


# Passes everything on.  While there is a file "take", an answer ":1" is not
# passed on: it makes a file "taken", waits for a file "go", and hangs up.

sub forward {
    my ($from, $to, $other) = @_;
    my $n = sysread $from, my $bytes, 65536;
    return 0 unless $n;

    if ($other && $bytes eq ":1\r\n" && unlink "$dir/take") {
        $t->write('taken', '');
        sleep 0.01 until -e "$dir/go";
        return 0;
    }

    while (length $bytes) {
        my $written = syswrite($to, $bytes) or return 0;
        substr $bytes, 0, $written, '';
    }

    return 1;
}

my $listen = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $port,
    Listen => 5, ReuseAddr => 1) or die "port $port: $!";
my $proxy = fork() // die "fork: $!";

if ($proxy == 0) {
    $SIG{TERM} = 'DEFAULT';
    while (my $client = $listen->accept()) {
        my $server = IO::Socket::UNIX->new(Peer => "$dir/redis0/redis.sock")
            or next;
        my $select = IO::Select->new($client, $server);
        LINK: while (my @ready = $select->can_read()) {
            foreach my $from (@ready) {
                my $answer = $from == $server;
                forward($from, $answer ? $client : $server, $answer)
                    or last LINK;
            }
        }
        close $client;
        close $server;
    }
    POSIX::_exit(0);
}

close $listen;

my $conf = conf(location => 'secops_redis_timeout 20s;', server => <<"EOT");
        location /direct/ {
            rewrite ^/direct(/.*)\$ \$1 break;
            secops_api;
            secops_redis unix:$dir/redis0/redis.sock;
            secops_auth header;
        }
EOT

$t->run($conf =~ s{%%REDIS%%}{redis://127.0.0.1:$port}r);

my $api = SecOps::Resources->new($t, $redis);

sub lost { # a set whose commit's answer is lost, and what happens meanwhile
    my ($set, $meanwhile) = @_;
    unlink "$dir/taken", "$dir/go";
    $t->write('take', '');

    my $connection = $t->connect();
    $connection->{timeout} = 30;
    $connection->send($connection->format('POST',
        '/api/v2/resources?overwrite=false', who(), $set));
    ok(wait_for(sub { -e "$dir/taken" }), 'the answer to a commit is taken away');
    $meanwhile->() if $meanwhile;
    $t->write('go', '');

    return $connection->answer('POST');
}

sub others { # so many changes by others
    my ($n) = @_;
    my $connection = $t->connect();
    foreach my $i (1 .. $n) {
        my $r = $connection->request('POST', '/direct/api/v2/resources', who(),
            { i => integration("other $i", parameters =>
                { hosts => 'h' . rand }) });
        is($r->{status}, 200, "another commit, $i") if $i == $n;
    }
}

sub entries { # of the audit, for a title's id
    my ($type, $id) = @_;
    return scalar grep { my %f = @{$_->[1]};
        $f{type} eq $type && $f{id} eq $id }
        @{$redis->cmd('XRANGE', 'secops:{global:res}:audit', '-', '+')};
}

is_saved($api->save({ first => integration('first') }), 'without losses');

foreach my $n (0, 1, 50, 99) {
    my $set = { k => api_key("K$n"), i => integration("I$n"),
        j => job("J$n", pipeline_integrations =>
            [ step('i', 'input', index => 'x') ]) };
    my $r = lost($set, sub { others($n) if $n });

    is_saved($r, "... and $n others come: it was there");
    is(scalar @{$r->{json}{created} // []}, 3, '... created, as is answered')
        or next;
    my ($key) = grep { $_->{type} eq 'api_key' } @{$r->{json}{created}};
    like($key->{value}, qr/\A[\w-]{86}\z/, '... with the value of the key');
    is(entries($_->{type}, $_->{internal_id}), 1, "... once: $_->{title}")
        foreach @{$r->{json}{created}};
}

my $r = lost({ i => integration('I100') }, sub { others(110) });
is_nok($r, 500, 'Unable to save resources', 'more than a hundred others');
is($api->one('integration', 'I100')->{title}, 'I100',
    '... nobody could tell: here it was there');

kill 'TERM', $proxy;
waitpid $proxy, 0;

$t->done();
