# A key gets another value, the one before stays good for a while, and a key
# that leaked is revoked, whoever refers to it, and comes back only with another
# value: what is told, what is refused, what is in Redis then, and that a key
# may do none of it to one that has more than itself.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw(sha256_hex);
use JSON::PP;
use SecOps;
use SecOps::Records;
use SecOps::Resources;

my $t = SecOps->new();
my $redis = $t->redis();
my $url = $redis->url();
my $scopes = '/api/v2/token/scopes';
my $value = qr/\A[A-Za-z0-9_-]{86}\z/;

$t->run(<<"EOT");
%%MAIN%%
events { }
http {
    %%HTTP%%
    secops_redis $url;
    secops_auth api_key header;

    server {
        listen 127.0.0.1:%%PORT%%;
        location / { secops_api; }
    }

    server { # another location, which remembers keys for longer than this takes
        listen 127.0.0.1:%%PORT1%%;
        secops_api_key_cache 1h;
        secops_redis_timeout 7s;
        location / { secops_api; }
    }

    server {
        listen 127.0.0.1:%%PORT2%%;
        secops_api_key_cache 0;
        location / { secops_api; }
    }
}
EOT

my ($usual, $long, $never) = 0 .. 2;
my $api = SecOps::Resources->new($t, $redis);

sub save { return $api->save(@_) }
sub list { my ($name, %opt) = @_; return $api->one('api_key', $name, %opt) }
sub remove { return $api->remove(@_) }
sub key { return api_key(@_) }

sub made { # the value of a new key
    my ($name, %more) = @_;
    my $r = save({ k => key($name, %more) });
    return $r->{json}{created}[0]{value} // diag($r->{body});
}

sub rotated { # the new value; or what was answered instead
    my ($name, %more) = @_;
    my %opt = map { ($_ => delete $more{$_}) } grep { exists $more{$_} }
        qw(by port);
    my $r = save({ k => key($name, rotate => \1, %more) },
        key => $opt{by}, port => $opt{port});
    my ($updated) = @{$r->{json}{updated} // []};
    return $updated->{value} // "$r->{status} $r->{body}";
}

sub ask { # what a value is good for: 200 or 401
    my ($key, $port) = @_;
    return ($t->request('GET', $scopes, { 'x-arcanna-api-key' => $key }, undef,
        port => $port // $usual) // {})->{status} // 'no answer';
}

sub everywhere { my ($key) = @_;
    return join ' ', map { ask($key, $_) } $usual, $long, $never }

sub document { # as it is stored
    my $id = list($_[0])->{id};
    return decode_json($redis->cmd('HGET', 'secops:{global:res}:api_key', $id));
}

sub pointers { # digests that lead to a key
    my $id = list($_[0])->{id};
    return [sort map { (split /:/)[-1] } grep {
        ($redis->cmd('HGET', $_, 'id') // '') eq $id }
        keys_like($redis, 'secops:{key:*')];
}

sub log_line { my ($line) = @_;
    return wait_for(sub { $t->error_log() =~ $line }) }

sub refused { # a set, with what is told
    my ($set, $status, $faults, $name, %opt) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $before = $api->dump();
    my @faults = is_nok(save($set, %opt), $status, $status == 403
        ? 'Insufficient access' : 'Invalid resources', $name);
    is_deeply(faults(@faults), ref $faults ? $faults : [$faults],
        '... says why');
    is_deeply($api->dump(), $before, '... and changes nothing');
}


# --- rotated without a grace ------------------------------------------------

my $first = made('feed', scopes => ['read:resources']);
my $id = list('feed')->{id};
is(everywhere($first), '200 200 200', 'a key');

my $r = save({ k => key('feed', rotate => \1) });
my ($updated) = @{$r->{json}{updated}};
is($r->{status}, 200, 'it is rotated') or diag($r->{body});
is_deeply($r->{json}{created}, [], '... nothing is created');
is_deeply([sort keys %$updated],
    [qw(internal_id resource_name title type url value)],
    '... the answer has what that of a new key has');
like($updated->{value}, $value, '... with a value');
my $second = $updated->{value};
isnt($second, $first, '... another one');
is($updated->{internal_id}, $id, '... of the same key');

is(everywhere($first), '401 401 401',
    'the old value is refused at once, by all locations of the worker');
is(everywhere($second), '200 200 200', '... the new one is good');
is_deeply(pointers('feed'), [sha256_hex($second)],
    '... no digest of the old one is left in Redis');
is(document('feed')->{digest}, sha256_hex($second), '... but the new one\'s');
is_deeply($t->request('GET', $scopes, { 'x-arcanna-api-key' => $second })
    ->{json}, ['read:resources'], '... its scopes are what they were');
is(list('feed')->{old_value_until}, undef, '... the list tells of no old value');
unlike(encode_json($api->dump()), qr/\Q$_\E/, '... Redis has no value')
    foreach $first, $second;
unlike($t->error_log(), qr/\Q$_\E/, '... nor has the log')
    foreach $first, $second;
is(save({ k => key('feed') })->{json}{updated}[0]{value}, undef,
    '... and it is told once');

foreach my $no ('false', 'null') {
    is(save(qq({"k":{"type":"api_key","properties":{"name":"feed","rotate":$no}}}))
        ->{json}{updated}[0]{value}, undef, "\"rotate\": $no rotates nothing");
}
is(ask($second, $never), 200, '... the value is good');


# --- with a grace -----------------------------------------------------------

my $begun = from_now(0);
my $third = rotated('feed', grace => 3600);
like($third, $value, 'rotated with a grace of an hour');
is(everywhere($second), '200 200 200', '... the old value is good');
is(everywhere($third), '200 200 200', '... the new one, too');
is(everywhere($first), '401 401 401', '... the one before is not');
my $until = list('feed')->{old_value_until};
ok($until ge $begun && $until le from_now(3600) && $until gt from_now(3000),
    '... the list says until when') or diag($until);
is_deeply(pointers('feed'), [sort map { sha256_hex($_) } $second, $third],
    '... both digests lead to the key');
unlike(encode_json(list('feed')), qr/digest|[0-9a-f]{64}/,
    '... the list has none of them');
is(save({ k => { type => 'api_key', properties => list('feed') } })->{status},
    200, '... and can be sent back');
is(list('feed')->{old_value_until}, $until, '... which changes nothing');

my $fourth = rotated('feed', grace => 3600);
is(everywhere($second), '401 401 401',
    'rotated again within the grace: the older value has ended');
is(everywhere($third), '200 200 200', '... the one before is good');
is(everywhere($fourth), '200 200 200', '... the new one, too');
is_deeply(pointers('feed'), [sort map { sha256_hex($_) } $third, $fourth],
    '... two digests lead to the key');

my $fifth = rotated('feed', grace => 0);
is(everywhere($third) . everywhere($fourth), '401 401 401401 401 401',
    'rotated without a grace: no old value is left');
is_deeply(pointers('feed'), [sha256_hex($fifth)], '... nor a digest');

# the moment at which it ends

my ($last, @good);
foreach my $seconds (2, 4, 8, 16) { # one that was asked for in time
    $last = $fifth;
    $fifth = rotated('feed', grace => $seconds);
    my $end = list('feed')->{old_value_until};
    @good = map { ask($last, $_) } $usual, $long, $never;
    last if $end && from_now(0) lt $end;
}
is("@good", '200 200 200', 'an old value that ends in a moment');
ok(wait_for(sub { ask($last, $never) == 401 }), '... ends');
is(everywhere($last), '401 401 401', '... wherever it is remembered');
ok(log_line(qr/api key "$id" refused: it has another value now/),
    '... and the log says why');
is(list('feed')->{old_value_until}, undef, '... the list does not name it then');
is(scalar @{pointers('feed')}, 2, '... its digest is left');
is(save({ k => key('feed', scopes => []) })->{status}, 200,
    '... until the next change of the key');
is_deeply(pointers('feed'), [sha256_hex($fifth)], '... which takes it away');

# a key that expires earlier than its old value

my $brief = made('brief', expire_at => from_now(3600));
my $later = rotated('brief', grace => 7200);
is(everywhere($brief) . everywhere($later), '200 200 200200 200 200',
    'a grace that is longer than the key lives');
is(save({ k => key('brief', expire_at => from_now(0)) })->{status}, 200,
    '... the key ends');
is(everywhere($brief) . everywhere($later), '401 401 401401 401 401',
    '... and both values with it');


# --- deleted, renamed, created ----------------------------------------------

my $old = made('gone');
my $new = rotated('gone', grace => 3600);
is(ask($old, $long) . ask($new, $long), '200200', 'a key with two values');
is(remove('title=gone')->{status}, 200, '... is deleted');
is(everywhere($old) . everywhere($new), '401 401 401401 401 401',
    '... both are refused');
my $digests = join '|', sha256_hex($old), sha256_hex($new);
is_deeply([grep { /$digests/ } keys_like($redis, 'secops:{key:*')], [],
    '... no digest is left');

$old = made('before');
$new = rotated('after', id => list('before')->{id}, rename => \1, grace => 60);
like($new, $value, 'rotated and renamed at once');
is(ask($old) . ask($new), '200200', '... both values are good');
is(list('after')->{name}, 'after', '... under the new name');

$r = save({ a => key('one of a set'), b => key('after', rotate => \1),
    c => key('feed') });
is(scalar(grep { defined $_->{value} } @{$r->{json}{created}},
    @{$r->{json}{updated}}), 2, 'a set that creates, rotates and leaves keys')
    or diag($r->{body});
is(ask($_->{value}), 200, '... each value is good')
    foreach grep { $_->{value} } @{$r->{json}{created}}, @{$r->{json}{updated}};


# --- refused ----------------------------------------------------------------

refused({ k => key('nobody', rotate => \1) }, 422,
    '/k/properties/rotate: there is no such key yet: without it, the key is'
    . ' created', 'a key that does not exist is not rotated');
refused({ k => key('feed', grace => 60) }, 422,
    '/k/properties/grace: goes with "rotate": true only',
    'a grace without a rotation');
refused({ k => key('feed', grace => 0, rotate => \0) }, 422,
    '/k/properties/grace: goes with "rotate": true only', '... even of nothing');
refused({ k => key('feed', grace => 60), j => key('new one', rotate => \1) },
    422, ['/j/properties/rotate: there is no such key yet: without it, the key'
    . ' is created', '/k/properties/grace: goes with "rotate": true only'],
    'all faults are told');
is_nok(save({ k => key('feed', rotate => \1, grace => $_->[0]) }), 422,
    'Invalid resources', "a grace of $_->[1]") foreach [-1, 'less than nothing'],
    [2592001, 'more than 30 days'], [1.5, 'half a second'], ['60', 'text'];
is_nok(save({ k => key('feed', rotate => 'true') }), 422, 'Invalid resources',
    'rotate that is text');
is(ask($fifth, $never), 200, '... none of these was done');
is(save({ k => key('feed', rotate => \1, grace => 2592000) })->{status}, 200,
    'a grace of 30 days');
refused({ k => key('feed', rotate => \1, expire_at => from_now(-1)) }, 422,
    '/k/properties/expire_at: must lie in the future',
    'a new value for a key that is over');
refused({ k => key('feed', revoked => \1) }, 422,
    '/k/properties/revoked: revokes nothing: an "expire_at" that is over does',
    '"revoked": true revokes nothing');


# --- revoked ----------------------------------------------------------------

my $leaked = made('leaked', scopes => ['read:resources']);
my $kept = rotated('leaked', grace => 3600);
my %exposer = (integration_type => 'External REST API',
    parameters => { api_key => "{{api_keys(name='leaked')}}" });
is_saved(save({ i => integration('Exposer', %exposer) }),
    'a key that an integration refers to');
is(everywhere($leaked) . everywhere($kept), '200 200 200200 200 200',
    '... with two values');

my $when = from_now(0);
is(save({ k => key('leaked', expire_at => $when) })->{status}, 200,
    '... is revoked');
is(everywhere($leaked) . everywhere($kept), '401 401 401401 401 401',
    '... both are refused at once, by all locations of the worker');
my $listed = list('leaked');
is_deeply([@$listed{qw(revoked expire_at old_value_until)}],
    [JSON::PP::true, $when, undef], '... the list says so, and since when');
ok(log_line(qr/api key "$listed->{id}" refused: it was revoked/),
    '... and the log');
is_deeply(pointers('leaked'), [sha256_hex($kept)],
    '... the old value\'s digest is gone');
is(list('feed')->{revoked}, undef, '... of other keys it says nothing');

is_saved(save({ i => integration('Exposer', %exposer) }),
    'the integration that refers to it can be sent again');
is_saved(save({ k => { type => 'api_key', properties => $listed } }),
    '... so can the key as it is listed');
is_saved(save({ k => key('leaked', scopes => []) }), '... and be narrowed');
is(list('leaked')->{revoked}, JSON::PP::true, '... which leaves it revoked');

my $to = '/i/properties/parameters/api_key: refers to an api key that is'
    . ' revoked: rotate it first';
refused({ i => integration('Another', %exposer) }, 422, $to,
    'a new integration may not refer to it');
is_saved(save({ i => integration('Other', integration_type => 'External REST API',
    parameters => { api_key => "{{api_keys(name='feed')}}" }) }),
    '... to another key');
refused({ i => integration('Other', %exposer) }, 422, $to,
    '... and not come to refer to it later');
refused({ k => key('doomed'), i => integration('Other',
    integration_type => 'External REST API', parameters =>
    { api_key => "{{api_keys(name='after')}}" }), l => key('after',
    expire_at => from_now(0)) }, 422, $to,
    '... nor with the request that revokes');

my $back = '/k/properties/expire_at: the key is revoked: it comes back only'
    . ' with "rotate": true';
refused({ k => key('leaked', expire_at => from_now(3600)) }, 422, $back,
    'a later expiry does not bring it back');
refused('{"k":{"type":"api_key","properties":{"name":"leaked","expire_at":null}}}',
    422, $back, '... nor does none');
refused({ k => key('leaked', revoked => \0) }, 422,
    '/k/properties/revoked: brings no key back: "rotate": true with a new'
    . ' "expire_at" does', '... nor "revoked": false');
refused({ k => key('leaked', rotate => \1) }, 422,
    '/k/properties/expire_at: must be given to rotate a key that is revoked;'
    . ' null: it does not expire', '... nor another value without an expiry');
refused({ k => key('leaked', rotate => \1, expire_at => from_now(-60)) }, 422,
    '/k/properties/expire_at: must lie in the future', '... or one that is over');
refused({ k => key('leaked', rotate => \1, grace => 60,
    expire_at => from_now(3600)) }, 422,
    '/k/properties/grace: must be 0: the key is'
    . ' revoked, and its old value stays so', '... or with its old value');
is(everywhere($leaked) . everywhere($kept), '401 401 401401 401 401',
    '... and it is refused all the time');

my $fresh = rotated('leaked', grace => 0, expire_at => from_now(3600));
is(everywhere($fresh), '200 200 200',
    'another value and a new expiry bring it back');
is(everywhere($leaked) . everywhere($kept), '401 401 401401 401 401',
    '... only that value');
is(list('leaked')->{revoked}, undef, '... and it is not revoked any more');
is_saved(save({ i => integration('Another', %exposer) }),
    '... integrations may refer to it again');

is(save({ k => key('leaked', expire_at => '2020-01-01 00:00:00') })->{status},
    200, 'revoked as of long ago');
is(everywhere($fresh), '401 401 401', '... it is refused');
$fresh = rotated('leaked', expire_at => undef);
is(everywhere($fresh), '200 200 200', '... and back, for ever');
is(list('leaked')->{expire_at}, undef, '... without an expiry');
is_saved(save({ k => key('leaked', expire_at => '2020-01-01 00:00:00'),
    }), 'revoked once more');
is_saved(save({ i => integration('Third', %exposer), k => key('leaked',
    rotate => \1, expire_at => undef) }),
    '... rotated in the request that refers to it');

# a machine whose clock is behind

my $revoked = rotated('leaked', expire_at => undef);
is(ask($revoked, $never), 200, 'a good value');
$redis->cmd('HSET', 'secops:{global:res}:api_key', $listed->{id},
    $redis->cmd('HGET', 'secops:{global:res}:api_key', $listed->{id})
    =~ s/\{/{"revoked":true,"expire_at":"2099-01-01 00:00:00",/r);
is(ask($revoked, $never), 401,
    'what is revoked is refused, whatever a machine takes for the time');

# one that has expired by itself

my ($name, $end);
foreach my $seconds (1, 2, 4, 8, 16) { # one that was asked for in time
    ($name, $end) = ("short $seconds", from_now($seconds));
    last if save({ k => key($name, expire_at => $end) })->{status} == 200;
}
ok(wait_for(sub { from_now(0) gt $end }), 'a key has expired by itself');
is(list($name)->{revoked}, JSON::PP::true, '... it is listed as revoked');
refused({ k => key($name, expire_at => undef) }, 422, $back,
    '... and comes back');
like(rotated($name, expire_at => undef), $value, '... with another value only');


# --- null ends an expiry ----------------------------------------------------

my $ending = made('ending', expire_at => from_now(3600));
is_saved(save({ k => key('ending', expire_at => from_now(1800)) }),
    'an expiry is shortened');
is_saved(save({ k => key('ending', expire_at => undef) }), '... and ended');
is(list('ending')->{expire_at}, undef, '... there is none then');
is(ask($ending, $never), 200, '... the key is good');
is_saved(save('{"k":{"type":"api_key","properties":{"name":"ending",'
    . '"expire_at":""}}}'), '"" says nothing of it');


# --- what a key may do to others --------------------------------------------

my ($soon, $sooner, $much_later) = map { from_now($_) } 3600, 1800, 7200;
my @write = (scopes => ['write:resources']);
my $by = made('by', @write, expire_at => $soon);
made('equal', @write, expire_at => $soon);
made('weaker', scopes => [], expire_at => $sooner);
made('stronger', scopes => [qw(write:resources read:resources)],
    expire_at => $sooner);
made('longer', @write, expire_at => $much_later);
made('eternal', @write);

my $lacks = '/k: has scopes that the caller lacks';
my $outlives = '/k: outlives the key that the caller has';
foreach my $case (['stronger', $lacks], ['longer', $outlives],
    ['eternal', $outlives])
{
    my ($other, $why) = @$case;

    foreach my $change (
        ['rotate', rotate => \1], ['rotate with a grace', rotate => \1,
            grace => 60], ['rotate and shorten', rotate => \1,
            expire_at => $sooner], ['revoke', expire_at => from_now(0)],
        ['shorten', expire_at => from_now(1700)], ['narrow', scopes => []],
        ['rename', id => list($other)->{id}, rename => \1, name => 'stolen'],
    ) {
        my ($what, %properties) = @$change;
        refused({ k => key($other, %properties) }, 403, $why,
            "a key may not $what one that is $other", key => $by);
    }
}

refused({ k => key('by', expire_at => undef) }, 403, '/k/properties/expire_at:'
    . ' must be given, and not be later than that of the key that the caller'
    . ' has', 'a key does not end its own expiry', key => $by);
is_saved(save({ k => key('new', expire_at => undef) }, key => $by),
    'one that a key makes to last for ever');
is(list('new')->{expire_at}, $soon, '... lasts as long as itself');
like(rotated($_, by => $by), $value, "a key rotates one that is $_")
    foreach qw(equal weaker);
is_saved(save({ k => key('equal', expire_at => from_now(0)) }, key => $by),
    '... and revokes it');
like(rotated('equal', by => $by, expire_at => $soon), $value,
    '... and brings it back');

my $broom = made('broom', scopes => ['delete:resources'], expire_at => $soon);
made($_->[0], scopes => ['delete:resources'], @{$_->[1]})
    foreach ['dust for ever', []], ['dust', [expire_at => $sooner]];
my @faults = is_nok(remove('title=dust+for+ever', key => $broom), 403,
    'Insufficient access', 'a key does not delete one that outlives it');
is_deeply(faults(@faults), ['title: outlives the key that the caller has'],
    '... says why');
is(remove('title=dust', key => $broom)->{status}, 200,
    '... but one that does not');

# a key with its old value

my $self = rotated('by', by => $by, grace => 600);
like($self, $value, 'a key rotates itself');
is(ask($by, $never) . ask($self, $never), '200200', '... both values are good');
refused({ k => key('by', rotate => \1) }, 403, $outlives,
    'with its old value it does not get another new one', key => $by);
is_saved(save({ k => key('last') }, key => $by), '... what it makes');
is(list('last')->{expire_at}, list('by')->{old_value_until},
    '... ends when the old value does');

# a caller with roles is not so bound

like(rotated($_), $value, "a caller with roles rotates one that is $_")
    foreach qw(stronger longer eternal);


# --- the audit --------------------------------------------------------------

my $audited = made('audited');
my $key_id = list('audited')->{id};
rotated('audited', grace => 60);
save({ k => key('audited', scopes => ['read:records']) });
save({ k => key('audited', expire_at => from_now(0)) });
save({ k => key('audited', expire_at => '2020-01-01 00:00:00') });
rotated('audited', expire_at => undef);
remove('title=audited');
is_deeply([map { $_->{operation} } grep { $_->{id} eq $key_id }
    map { +{ @{$_->[1]} } } @{$redis->cmd('XRANGE', 'secops:{global:res}:audit',
    '-', '+')}], [map { "resources.$_" } qw(create rotate update revoke update
    rotate delete)], 'the audit has an entry for each step of a key\'s life');


# --- what was asked before others changed it --------------------------------

# Half of the requests rotate one key, the others another one: whoever comes
# second decides anew.

made("contended $_") foreach 0, 1;
my @pids;
foreach my $n (1 .. 8) {
    my $pid = fork() // die "fork: $!";
    if ($pid == 0) {
        open my $out, '>', $t->dir() . "/values$n";
        print $out rotated('contended ' . $n % 2, port => $n % 3), "\n"
            foreach 1 .. 5;
        close $out;
        POSIX::_exit(0);
    }
    push @pids, $pid;
}
waitpid $_, 0 foreach @pids;
my @values = map { split /\n/, $t->read("values$_") } 1 .. 8;
is(scalar(grep { /$value/ } @values), 40, 'forty rotations at the same time');
is(scalar(grep { ask($_, $never) == 200 } @values), 2,
    '... one value of each key is good');
is_deeply([map { scalar @{pointers("contended $_")} } 0, 1], [1, 1],
    '... and one digest leads to it');

$t->done();
