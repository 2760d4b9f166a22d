# A key's whole life on two machines, each with two workers, which share a Redis,
# while others go on with what they do: made, used, rotated with a grace and
# without one, revoked while an integration refers to it, brought back, deleted.
# What is ended is refused at once by all locations of the worker that ended it,
# and by every other worker within secops_api_key_cache; what is good, nowhere
# at any time.  And no request of anybody else fails.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use POSIX ();
use SecOps;
use SecOps::Records;
use SecOps::Resources;
use Time::HiRes qw(sleep time);

my $cache = 1;          # secops_api_key_cache, in seconds

my @machines = map { SecOps->new(workers => 2) } 0, 1;
my $redis = $machines[0]->redis();
my $url = $redis->url();
my $scopes = '/api/v2/token/scopes';
my $resources = '/api/v2/resources';

# /long remembers keys for longer than this takes, over a link of its own

my $conf = conf(server => <<"EOT");
        secops_redis $url;
        secops_auth api_key header;
        secops_api_key_cache ${cache}s;
        location /long/ {
            rewrite ^/long(/.*)\$ \$1 break;
            secops_api;
            secops_redis_timeout 7s;
            secops_api_key_cache 1h;
        }
EOT

$conf =~ s/secops_auth header;/secops_auth api_key header;/;
$conf =~ s/%%REDIS%%/$url/g;
$_->run($conf) foreach @machines;


sub by_key { return { 'x-arcanna-api-key' => $_[0] } }

sub save { # at a machine
    my ($machine, $set) = @_;
    return $machine->request('POST', $resources, who(), $set);
}

sub value { # the one of an answer
    my ($r) = @_;
    my $json = ref $r->{json} eq 'HASH' ? $r->{json} : {};
    my ($value) = grep { defined } map { $_->{value} }
        @{$json->{created} // []}, @{$json->{updated} // []};
    diag("$r->{status} $r->{body}") unless defined $value;
    return $value // 'none';
}

sub ask { # on a connection of its own, so of any worker
    my ($machine, $value) = @_;
    my $r = $machine->request('GET', $scopes, by_key($value));
    return $r ? $r->{status} : 'no answer';
}

sub asked { # ten times at each machine: the statuses that there were
    my ($value) = @_;
    my %seen = map { $_ => 1 } map { my $m = $_;
        map { ask($m, $value) } 1 .. 10 } @machines;
    return join ' ', sort keys %seen;
}


# What was ended at this time is refused by all that begins once it may not be
# remembered any more, however long that takes.

sub is_ended {
    my ($time, $value, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my $begun = 0;
    my $statuses = '';
    wait_for(sub {
        ($begun, $statuses) = (time(), asked($value));
        return $begun > $time + $cache + 0.02;
    });
    is($statuses, '401', $name);
}


# --- others -----------------------------------------------------------------

# Each has a key, or is known by headers, and a connection to either machine.

my @work = (
    ['writer by key', sub { ['POST', path(), records()] }, 201],
    ['reader by key', sub { ['GET', '/api/now/table/sn_ti_lookup_result'
        . '?sysparm_limit=3'] }, 200],
    ['lister by key', sub { ['GET', "$resources?resource_type=api_key"] }, 200],
    ['writer', sub { ['POST', path(), records()] }, 201],
    ['configurer', sub { my ($n) = @_; ['POST', $resources,
        { i => integration('of others ' . $n % 3, parameters =>
        { hosts => "h$n.example.com" }) }] }, 200],
);

my $dir = $machines[0]->dir();
my %own = map { my ($name) = @$_;
    ($name => $name =~ /by key/ ? value(save($machines[0], { k =>
        api_key($name, scopes => [qw(read:records write:records
        read:resources)]) })) : undef) } @work;

sub bystander { # until there is a file "end": what it got, and how often
    my ($name, $request, $status) = @_;
    my @connections = map { $_->connect() } @machines;
    my ($n, @bad) = (0);

    until (-e "$dir/end") {
        my ($method, $path, $body) = @{$request->($n)};
        my $connection = $connections[$n++ % 2];
        my $r = $connection->request($method, $path, $own{$name}
            ? by_key($own{$name}) : who(), $body) // {};
        push @bad, ($r->{status} // 'lost') . ' ' . ($r->{body} // '')
            unless ($r->{status} // 0) == $status;
        $machines[0]->write("$dir/n-$name", "$n\n");
        sleep 0.01;
    }

    $machines[0]->write("$dir/bad-$name", join '', map { "$_\n" } @bad);
}

my @pids;
foreach my $work (@work) {
    my $pid = fork() // die "fork: $!";
    if ($pid == 0) {
        my $done = eval { bystander(@$work); 1 };
        print STDERR "$work->[0]: $@" unless $done;
        POSIX::_exit($done ? 0 : 1);
    }
    push @pids, $pid;
}

sub done { # requests of each so far
    return map { my $name = $_->[0];
        -e "$dir/n-$name" ? ($machines[0]->read("n-$name") =~ /(\d+)/)[0] // 0
            : 0 } @work;
}

sub go_on { # each of them has done some more
    my @before = done();
    return wait_for(sub { my @now = done();
        !grep { $now[$_] < $before[$_] + 3 } 0 .. $#now });
}

ok(go_on(), 'others are at work');


# --- the life ---------------------------------------------------------------

my ($one, $two) = @machines;
my $exposer = integration('Exposer', integration_type => 'External REST API',
    parameters => { api_key => "{{api_keys(name='life')}}" });
my @values;

push @values, value(save($one, { k => api_key('life',
    scopes => [qw(write:records)]), i => $exposer }));
is(asked($values[0]), '200', 'a key is made, and good at both machines');
my $r = $two->request('POST', path(), by_key($values[0]), records());
is($r->{status}, 201, '... it stores a record');
is(asked($values[0]), '200', '... and is used');
ok(go_on(), '... the others go on');

push @values, value(save($two, { k => api_key('life', rotate => \1,
    grace => 3600) }));
is(asked($values[1]), '200', 'it is rotated with a grace: the new value is good');
is(asked($values[0]), '200', '... the old one, too, at both machines');
ok(go_on(), '... the others go on');
is(asked($values[0]) . asked($values[1]), '200200', '... and so do both values');

push @values, value(save($one, { k => api_key('life', rotate => \1,
    grace => 3600) }));
my $time = time();
is(asked($values[2]) . asked($values[1]), '200200',
    'rotated again within the grace: this value and the one before are good');
is_ended($time, $values[0], '... the one before that is not');

push @values, value(save($two, { k => api_key('life', rotate => \1) }));
$time = time();
is(asked($values[3]), '200', 'rotated without a grace: the new value is good');
is_ended($time, $values[$_], "... value $_ is not") foreach 0 .. 2;

push @values, value(save($one, { k => api_key('life', rotate => \1,
    grace => 2) }));
is(asked($values[4]), '200', 'rotated with a short grace');
ok(wait_for(sub { asked($values[3]) eq '401' }),
    '... the old value ends by itself, at both machines');
is(asked($values[4]), '200', '... the new one does not');
ok(go_on(), '... the others go on');

# revoked over a connection that has used the key, in all locations

my $connection = $two->connect();
my @prefixes = ('', '/long');
is(join(' ', map { $connection->request('GET', "$_$scopes",
    by_key($values[4]))->{status} } @prefixes), '200 200',
    'a worker remembers the key in two locations');
$r = $connection->request('POST', $resources, who(), { k => api_key('life',
    expire_at => '2020-01-01 00:00:00') });
$time = time();
is($r->{status}, 200, '... it is revoked while an integration refers to it')
    or diag($r->{body});
is(join(' ', map { $connection->request('GET', "$_$scopes",
    by_key($values[4]))->{status} } @prefixes), '401 401',
    '... and refused at once by all locations of that worker');
is_ended($time, $values[4], '... by all others in time');
is($one->request('POST', path(), by_key($values[4]), records())->{status}, 401,
    '... it stores nothing');
is(save($one, { i => $exposer })->{status}, 200,
    '... the integration can be sent again');
is(save($one, { i => integration('New', integration_type => 'External REST API',
    parameters => { api_key => "{{api_keys(name='life')}}" }) })->{status}, 422,
    '... and no other one may refer to it');
is(save($one, { k => api_key('life', expire_at => undef) })->{status}, 422,
    '... it does not come back with its old value');
ok(go_on(), '... the others go on');

push @values, value(save($one, { k => api_key('life', rotate => \1,
    expire_at => '2099-01-01 00:00:00') }));
is(asked($values[5]), '200', 'it comes back with another value');
is(asked($values[$_]), '401', "... value $_ does not") foreach 0 .. 4;
my ($listed) = @{$two->request('GET',
    "$resources?resource_type=api_key&title=life", who())->{json}};
like($listed->{last_used}, qr/\A\d{4}-/, '... its last use is known');
is(scalar(() = keys_like($redis, 'secops:{key:*')), 4,
    '... no digest is left but of the four keys\' values');

is($two->request('DELETE', "$resources?resource_type=api_key&title=life", who())
    ->{status}, 409, 'it is not deleted while an integration refers to it');
is($two->request('DELETE', "$resources?title=Exposer", who())->{status}, 200,
    '... which is deleted');
is($one->request('DELETE', "$resources?resource_type=api_key&title=life", who())
    ->{status}, 200, '... and then the key');
$time = time();
is_ended($time, $values[5], '... which is refused everywhere');
ok(go_on(), '... the others go on');


# --- what became of the others ----------------------------------------------

$machines[0]->write("$dir/end", '');
my @failed = grep { waitpid($_, 0) < 0 || $? } @pids;
is(scalar @failed, 0, 'the others come to an end');

my @requests = done();  # a number that is just written may be read as none

foreach my $i (0 .. $#work) {
    my $name = $work[$i][0];
    is($machines[0]->read("bad-$name"), '',
        "no request of the $name has failed, of $requests[$i]");
    cmp_ok($requests[$i], '>=', 15, '... and there were some');
}

my %seen = map { my %f = @{$_->[1]}; $f{type} eq 'api_key' && $f{id}
    eq $listed->{id} ? ($_->[0] => $f{operation}) : () }
    @{$redis->cmd('XRANGE', 'secops:{global:res}:audit', '-', '+')};
is(scalar(grep { $_ eq 'resources.rotate' } values %seen), 5,
    'the audit has each rotation');
is(join(' ', sort grep { !/rotate/ } values %seen),
    'resources.create resources.delete resources.revoke',
    '... and the beginning and the end');

unlike($_->error_log(), qr/@{[join '|', map { quotemeta } @values]}/,
    'no value is in a log') foreach @machines;

$machines[1]->stop();
$machines[0]->done();
