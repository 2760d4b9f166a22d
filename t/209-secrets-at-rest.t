# Secrets are encrypted in Redis, each bound to the place where it stands: what
# Redis has, in its keys and in its file, has none of those that were ever sent.
# An envelope that was altered, copied elsewhere or whose key is gone is refused
# where somebody wants it kept, with a line for the operator, and harms nothing
# else.  What was stored in plain text before stays good, and is encrypted by
# the next change.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw(sha256_hex);
use JSON::PP;
use SecOps;
use SecOps::Catalog;
use SecOps::Records;
use SecOps::Resources;

my ($true, $false) = (JSON::PP::true, JSON::PP::false);
my $mask = '********';
my @keys = map { sprintf '%064x', $_ } 1 .. 3;

my $t = SecOps->new();
my $redis = $t->redis();

# a type with secrets where the shipped ones have none: in a role, in a list

mkdir $t->dir() . '/schema';
mkdir $t->dir() . '/schema/integrations';

my %secret = (type => 'string', minLength => 1, writeOnly => $true);

$t->write('schema/integrations/own.json', JSON::PP->new->encode({
    'x-id' => 2000, title => 'Own', description => 'Own.',
    connection => { type => 'object', properties => {
        tokens => { type => 'array', items => {%secret, 'x-secret-for' => []} },
        note => { type => 'string' } } },
    roles => { input => { type => 'object', properties => {
            note => { type => 'string' },
            inner => { type => 'object', additionalProperties =>
                {%secret, 'x-secret-for' => []} } } },
        output => { type => 'object', properties => {
            pass => {%secret, 'x-secret-for' => []} } } } }));


# one server for each list of keys, and one without any

my %lists = (1 => [0], 2 => [1], 3 => [1, 0]);

foreach my $n (keys %lists) {
    $t->write("$n.key", join "\n", @keys[@{$lists{$n}}], '');
    chmod 0600, $t->dir() . "/$n.key";
}

sub server {
    my ($n, $directive) = @_;
    return "server { listen 127.0.0.1:%%PORT$n%%; location /api/ { secops_api;"
        . " secops_redis %%REDIS%%; secops_auth header api_key;"
        . ' secops_api_key_cache 0; ' . $directive . ' } }';
}

$t->run("%%MAIN%%\nevents { }\nhttp {\n%%HTTP%%\n"
    . "secops_schema_dir %%DIR%%/schema;\n" . join "\n",
    server(0, ''),
    map({ server($_, "secops_secrets_key_file %%DIR%%/$_.key;") } 1 .. 3), '}');

my @api = map { SecOps::Resources->new($t, $redis, port => $_) }
    0 .. 3;
my $api = $api[1];

sub hash { return "secops:{$_[1]:res}:$_[0]" }

sub id {
    my ($title, $type, $domain) = @_;
    return $redis->cmd('HGET', hash($type // 'integration', $domain // 'global')
        . ':title', $title);
}

sub stored { # the text of a document
    my ($title, $type, $domain) = @_;
    return $redis->cmd('HGET', hash($type // 'integration',
        $domain // 'global'), id($title, $type, $domain));
}

sub set { # of a document as it is stored: parameters, or text
    my ($title, $document, $type, $domain) = @_;
    $redis->cmd('HSET', hash($type // 'integration', $domain // 'global'),
        id($title, $type, $domain),
        ref $document ? JSON::PP->new->canonical->encode($document)
            : $document);
}

sub parameters { return decode_json(stored(@_))->{parameters} }

my $seen = 0;

sub logged { # since the last time; a pattern that must come
    my ($pattern, $name) = @_;
    my $log;
    ok(wait_for(sub { ($log = substr $t->read('error.log'), $seen)
        =~ $pattern }), $name) or diag($log);
    unlike($log, qr/hush/, '... without a secret in it');
    $seen += length $log;
}

my %webhook = (url => 'https://hooks.example.com/hush-url',
    headers => { 'X-Key' => 'hush-header' }, hmac_secret => 'hush-hmac');

sub webhook {
    my ($title, %more) = @_;
    return integration($title, integration_type => 'Webhook',
        parameters => { %webhook, %more });
}

sub masked {
    return (url => $mask, headers => { 'X-Key' => $mask },
        hmac_secret => $mask, @_);
}


# --- what is stored, and what is shown ---------------------------------------

is_saved($api->save({ w => webhook('W') }), 'an integration with secrets');

my $envelope = qr/^\$secops\$1\$[0-9a-f]{8}\$[A-Za-z0-9_-]{38,}\z/;
my $p = parameters('W');
like($p->{$_}, $envelope, "$_ is encrypted") foreach qw(url hmac_secret);
like($p->{headers}{'X-Key'}, $envelope, 'the value of a header is encrypted');
is($p->{method}, 'POST', 'what is no secret is not');

my ($key_id) = $p->{url} =~ /^\$secops\$1\$(\w+)/;
is($key_id, substr(sha256_hex(pack 'H*', $keys[0]), 0, 8),
    'the key is named by its SHA-256');

my $shown = $api->one('integration', 'W')->{parameters};
is_deeply([ @{$shown}{qw(url hmac_secret)}, $shown->{headers} ],
    [ $mask, $mask, { 'X-Key' => $mask } ], 'they are shown as masks');
is_deeply($api[0]->one('integration', 'W')->{parameters}, $shown,
    '... where there is no key, too');

my $before = $api->dump();
is_saved($api->save({ w => webhook('W') }), 'the same once more');
is_saved($api->save({ w => webhook('W', masked()) }), '... and as masks');
is_deeply($api->dump(), $before, '... change nothing');

is_saved($api->save({ w => webhook('W', masked(timeout => 7)) }),
    'a change beside masks');
is_deeply([ @{parameters('W')}{qw(url hmac_secret)} ],
    [ @{$p}{qw(url hmac_secret)} ], '... keeps the secrets');

my $r = $api->save({ w => webhook('W', masked(),
    url => 'https://attacker.example.net/') });
is_deeply(faults(@{$r->{json}{request}{errors}}), [ map {
    "/w/properties/parameters/$_: must be sent again: \"url\" says where the"
    . ' secret goes, and has changed' } 'headers/X-Key', 'hmac_secret' ],
    'another address, itself a secret, takes none of them along');

foreach my $on (0, 1) {
    foreach my $name (qw(hmac_secret username)) {
        $r = $api[$on]->save({ w => webhook('W',
            $name => '$secops$1$00000000$AAAA') });
        is_deeply(faults(@{$r->{json}{request}{errors}}),
            [ "/w/properties/parameters/$name: must not begin with"
                . ' "$secops$", as what is encrypted here does' ],
            "what looks like an envelope is refused: $name, "
                . ($on ? 'with' : 'without') . ' keys');
    }
}


# --- secrets in lists and in jobs --------------------------------------------

sub own { return integration('Own', integration_type => 'Own',
    parameters => { tokens => [@_] }) }

sub steps { # entries of a job, each an array of integration, role, parameters
    return job('J', pipeline_integrations => [ map {
        step(shift @$_, shift @$_, @$_) } @_ ]);
}

is_saved($api->save({ own => own('hush-a', 'hush-b'), es => integration('Es'),
    j => steps(
        ['own', 'input', inner => { 'a/b' => 'hush-in' }],
        ['own', 'output', pass => 'hush-out']) }), 'secrets in a job');
like($_, $envelope, 'a secret of a list is encrypted')
    foreach @{parameters('Own')->{tokens}};

sub entry { # of the stored job, by role
    my ($role) = @_;
    return (grep { $_->{integration_type} eq $role }
        @{decode_json(stored('J', 'job'))->{pipeline_integrations}})[0];
}

like(entry('output')->{parameters}{pass}, $envelope,
    'a secret of a role is encrypted');
my $in = entry('input')->{parameters}{inner}{'a/b'};
like($in, $envelope, '... also below it');

is_saved($api->save({ own => own($mask, 'hush-c') }), 'a mask in a list');
isnt(parameters('Own')->{tokens}[1], undef, '... keeps what stands there');

is_saved($api->save({ j => steps(
    ['Es', 'input', index => 'i'],
    ['Own', 'input', inner => { 'a/b' => $mask }, note => 'n']) }),
    'an entry before it');
is(entry('output')->{parameters}{pass} =~ $envelope, 1, '... it is kept');
ok((grep { ($_->{parameters}{inner} // {})->{'a/b'} // '' eq $in }
    @{decode_json(stored('J', 'job'))->{pipeline_integrations}}),
    '... as the one that moved is');
is_saved($api->save({ j => steps(['Own', 'output', pass => $mask],
    ['Own', 'input', inner => { 'a/b' => $mask }, note => 'm']) }),
    'their masks are good at their new places');
is($api->call('POST', 'jobs/' . id('J', 'job') . '/start')->{status}, 200,
    'the job starts');
like(entry('output')->{parameters}{pass}, $envelope, '... encrypted as before');


# --- in another place --------------------------------------------------------

my $whole = stored('W');

sub refused { # a mask of a secret that can not be opened
    my ($name, $pointer, $reason, %opt) = @_;
    my $on = $opt{api} // $api;
    my $before = $on->dump();

    my $r = $on->save({ w => webhook('W', masked(timeout => 8)) });
    is_nok($r, 500, 'Unable to save resources', "$name: a mask: 500");
    is_deeply($on->dump(), $before, '... and nothing has changed');
    logged(qr{\[error\].*secops: the secret "$pointer" of the integration }
        . qr{"\d+" in the domain "\w+" can not be opened: key "\w*": $reason},
        '... the operator is told which, where and why');
    is($on->list('')->{status}, 200, '... the list is there');
}

my $broken = 'it was altered, or belongs to another place';

{ # another member
    my $document = decode_json($whole);
    @{$document->{parameters}}{qw(url hmac_secret)} =
        @{$document->{parameters}}{qw(hmac_secret url)};
    set('W', $document);
    refused('another member', '/parameters/\S+', $broken);
}

{ # another character
    my $document = decode_json($whole);
    $document->{parameters}{hmac_secret} =~ s/(.)(?=.{9}\z)/$1 eq 'A' ? 'B' : 'A'/e;
    set('W', $document);
    refused('altered', '/parameters/hmac_secret', $broken);
}

set('W', $whole);

{ # another id: the same document under another title
    is_saved($api->save({ w => webhook('W2') }), 'another integration');
    my $document = decode_json(stored('W2'));
    $document->{parameters} = decode_json($whole)->{parameters};
    set('W2', $document);
    my $r = $api->save({ w => webhook('W2', masked(timeout => 8)) });
    is($r->{status}, 500, 'of another id: a mask is 500');
    is_saved($api->save({ w => { type => 'integration', properties =>
        { title => 'W2' } } }), '... without parameters it can be saved');
    is_saved($api->save({ w => webhook('W2') }), '... and with the secrets');
    is_saved($api->save({ w => webhook('W2', masked(timeout => 8)) }),
        '... whose masks are good again');
}

{ # another domain
    my %acme = (domain => 'acme');
    is_saved($api->save({ w => webhook('W') }, %acme), 'in another domain');
    my $document = decode_json(stored('W', 'integration', 'acme'));
    $document->{parameters} = decode_json($whole)->{parameters};
    set('W', $document, 'integration', 'acme');
    is($api->save({ w => webhook('W', masked(timeout => 8)) }, %acme)->{status},
        500, 'of another domain: a mask is 500');
    is_saved($api->save({ w => webhook('W') }, %acme), '... until it is sent');
}


# --- keys that are not there -------------------------------------------------

foreach my $n (0, 2) {
    refused($n ? 'another key' : 'no key', '/parameters/\S+',
        'its key is not in the file of keys', api => $api[$n]);
}

is_saved($api[2]->save({ w => { type => 'integration', properties =>
    { title => 'W', id => id('W') } } }), 'its title can be saved');
is_saved($api[2]->save({ o => own('hush-d') }), 'another one, too');
is_saved($api[3]->save({ w => webhook('W', masked(timeout => 9)) }),
    'with both keys masks are good');

is_saved($api[2]->save({ w => webhook('W', timeout => 9) }),
    'the secrets themselves, under another key');
unlike(stored('W'), qr/\$secops\$1\$$key_id/, '... take the place of the old');
is_saved($api[3]->save({ w => webhook('W', masked(timeout => 10)) }),
    '... and can be kept');


# --- plain text from before --------------------------------------------------

is_saved($api[0]->save({ w => webhook('Plain') }), 'stored without keys');
is(parameters('Plain')->{hmac_secret}, 'hush-hmac', '... as it was sent');
is_saved($api->save({ w => webhook('Plain', masked()) }), 'masks keep it');
is(parameters('Plain')->{hmac_secret}, 'hush-hmac',
    '... and where nothing changes, nothing is written');
is_saved($api->save({ w => webhook('Plain', masked(timeout => 3)) }),
    'the next change');
like(parameters('Plain')->{$_}, $envelope, "... encrypts it: $_")
    foreach qw(url hmac_secret);


is_saved($api[0]->save({ p => job('P', pipeline_integrations => [
    step('Es', 'input', index => 'i'),
    step('Own', 'output', pass => 'hush-job')]) }), 'a job without keys');
like(stored('P', 'job'), qr/hush-job/, '... has its secret as it was sent');
is($api->call('POST', 'jobs/' . id('P', 'job') . '/start')->{status}, 200,
    'when it is started');
unlike(stored('P', 'job'), qr/hush-job/, '... it is encrypted');
is_saved($api->save({ p => job('P', pipeline_integrations => [
    step('Own', 'output', pass => '********')]) }), '... and can be kept');


# --- a member that is no secret any more -------------------------------------

{
    my $document = decode_json(stored('W'));
    $document->{parameters}{username} = $document->{parameters}{hmac_secret};
    set('W', $document);
    is($api->one('integration', 'W')->{parameters}{username}, $mask,
        'an envelope is masked wherever it stands');
    my $r = $api[3]->save({ w => webhook('W', masked(username => $mask)) });
    is_deeply(faults(@{$r->{json}{request}{errors}}),
        [ '/w/properties/parameters/username: stands for a secret, which this'
            . ' is not any more: it must be sent itself' ],
        '... and where it is no secret its mask keeps nothing');
    is_saved($api[3]->save({ w => webhook('W', masked(username => 'u')) }),
        '... something else is taken');
}


# --- all that was ever sent --------------------------------------------------

# every secret of every shipped type, each with a text of its own

my @sent = (qw(hush-job hush-url hush-header hush-hmac hush-a hush-b hush-c hush-d
    hush-in hush-out));

sub fill { # writes texts of their own where secrets are
    my ($value, $schema) = @_;

    foreach my $name (sort keys %{$schema->{properties} // {}}) {
        my $member = $schema->{properties}{$name};

        if ($member->{writeOnly}) {
            push @sent, my $text = sprintf 'hush%04d', scalar @sent;
            my $pattern = $member->{pattern} // '';
            $value->{$name} = $pattern =~ /xox/ ? "xoxb-$text"
                : $pattern =~ /slack/ ? "https://hooks.slack.com/$text"
                : $pattern =~ /https/ ? "https://example.com/$text" : $text;

        } elsif ($member->{'x-reference'}) {
            $value->{$name} = "{{api_keys(name='Key')}}";
        }
    }

    # what goes with a secret

    my $with = $schema->{dependencies} // {};

    foreach my $name (map { @{$with->{$_}} } grep { exists $value->{$_} }
        keys %$with)
    {
        $value->{$name} //= minimal({ required => [$name],
            properties => $schema->{properties} })->{$name};
    }
}

push @sent, map { $_->{value} } @{$api->save({ k => api_key('Key',
    scopes => ['read:resources']) })->{json}{created}};

foreach my $type (grep { $_->{'x-creatable'} // 1 } types()) {
    my $parameters = minimal($type->{connection});
    fill($parameters, $type->{connection});

    my $r = $api->save({ i => integration("All $type->{title}",
        integration_type => $type->{title}, parameters => $parameters) });
    is_saved($r, "$type->{title}: saved with all of its secrets");
}

$redis->cmd('SAVE');

my $dump = do {
    open my $file, '<:raw', $redis->cmd('CONFIG', 'GET', 'dir')->[1] . '/'
        . $redis->cmd('CONFIG', 'GET', 'dbfilename')->[1] or die "no dump: $!";
    local $/;
    <$file>;
};
my $all = JSON::PP->new->canonical->encode($api->dump());

cmp_ok(length $dump, '>', 1000, 'Redis has a file');
cmp_ok(@sent, '>', 25, 'many secrets were sent');
is_deeply([ grep { index($all, $_) >= 0 || index($dump, $_) >= 0 } @sent ], [],
    'none of them is in Redis, nor in its file');

$t->done();
