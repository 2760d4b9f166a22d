# A stored secret goes only where it was given for: a mask that is sent back
# keeps it while host, port, scheme and verification stay as they are (fault
# B4).  Each built-in type says so for each of its secrets; of a type of one's
# own that does not, any change asks for the secret again.  What is a secret by
# itself, such as a webhook's address, is shown to nobody, and no password is
# taken in a host's name, where every reader would see it.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use JSON::PP;
use SecOps;
use SecOps::Catalog;
use SecOps::Records;
use SecOps::Resources;

my $t = SecOps->new();
my $redis = $t->redis();
my $dir = $t->dir() . '/schema';
my ($true, $false) = (JSON::PP::true, JSON::PP::false);
my $mask = '********';

mkdir $dir;
mkdir "$dir/integrations";

sub own { # a type with two parameters and a secret, which says more or nothing
    my ($name, $id, %more) = @_;
    my %text = (type => 'string', minLength => 1);
    $t->write("schema/integrations/\L$name.json", JSON::PP->new->encode({
        'x-id' => $id, title => $name, description => 'Own.',
        connection => { type => 'object', properties => {
            server => {%text}, note => {%text},
            token => { %text, writeOnly => $true, %more },
            inner => { type => 'object', properties => {
                key => { %text, writeOnly => $true, %more } } } } },
        roles => { enrichment => { type => 'object', properties => {} } },
    }));
}

own('Silent', 2000);
own('Said', 2001, 'x-secret-for' => ['server']);

$t->run(conf(http => 'secops_schema_dir %%DIR%%/schema;')
    =~ s/secops_auth header;/secops_auth header api_key;/r);

my $api = SecOps::Resources->new($t, $redis);

sub stored { # parameters, as they are in Redis
    my ($title) = @_;
    my $id = $redis->cmd('HGET', 'secops:{global:res}:integration:title',
        $title);
    return decode_json($redis->cmd('HGET', 'secops:{global:res}:integration',
        $id))->{parameters};
}

sub save {
    my ($type, %parameters) = @_;
    return $api->save({ i => integration("The $type", integration_type =>
        $type, parameters => \%parameters) });
}

sub again { # what is wrong when these are sent
    my ($type, $what, $pointer, $changed, %parameters) = @_;
    my $before = $api->dump();
    my $r = save($type, %parameters);
    is_deeply([ $r->{status}, @{faults(@{$r->{json}{request}{errors} // []})} ], [ 422,
        "/i/properties/parameters/$pointer: must be sent again: \"$changed\""
            . ' says where the secret goes, and has changed' ],
        "B4: $type: $what") or diag($r->{body});
    is_deeply($api->dump(), $before, '... and nothing has changed');
}


# --- who may write, and not read secrets ------------------------------------

my %elastic = (hosts => 'es.example.com', user => 'u', password => 's3cret');
is_saved(save('Elasticsearch', %elastic), 'an integration with a secret');

my $writer = $api->save({ k => api_key('Writer',
    scopes => ['write:resources']) })->{json}{created}[0]{value};
my $r = $api->save({ i => integration('The Elasticsearch', parameters =>
    { %elastic, hosts => 'attacker.example.net', password => $mask }) },
    key => $writer);
is($r->{status}, 422, 'B4: who can not read a secret can not have it sent'
    . ' to a host of theirs');
is(stored('The Elasticsearch')->{hosts}, 'es.example.com',
    '... the host stays');

my %masked = (%elastic, password => $mask);
again('Elasticsearch', 'a host', 'password', 'hosts', %masked, hosts => 'x');
again('Elasticsearch', 'a port', 'password', 'port', %masked, port => 1);
again('Elasticsearch', 'no TLS', 'password', 'schema', %masked,
    schema => 'http');
again('Elasticsearch', 'no verification', 'password', 'verify_certs', %masked,
    verify_certs => $false);
again('Elasticsearch', 'trust in others', 'password', 'ca_certs', %masked,
    ca_certs => 'PEM');

is_saved(save('Elasticsearch', %masked, user => 'v', timeout => 9),
    'what does not say where it goes changes beside a mask');
is_deeply([@{stored('The Elasticsearch')}{qw(user password)}],
    ['v', 's3cret'], '... which keeps the secret');
is_saved(save('Elasticsearch', %elastic, hosts => 'new.example.com'),
    'with the secret itself the host changes');
is(stored('The Elasticsearch')->{hosts}, 'new.example.com', '... it does');


# --- every secret of every type ---------------------------------------------

sub secrets { # [path, schema], wherever they stand
    my ($schema, @path) = @_;
    return [ join('/', @path), $schema ] if $schema->{writeOnly};
    return map { secrets($schema->{properties}{$_}, @path, $_) }
        sort keys %{$schema->{properties} // {}}
        if $schema->{properties};
    return ref $schema->{additionalProperties} eq 'HASH'
        ? secrets($schema->{additionalProperties}, @path, 'Any') : ();
}

foreach my $type (types()) {
    my $properties = $type->{connection}{properties};

    foreach my $secret (secrets($type->{connection})) {
        my ($path, $schema) = @$secret;
        my $for = $schema->{'x-secret-for'};
        ok(ref $for eq 'ARRAY', "B4: $type->{title}: says what $path is bound"
            . ' to');

        my %for = map { $_ => 1 } @{$for // []};
        my @where = grep { /^(?:hosts?|port|schema|scheme|bootstrap_servers
            |.*url|cloud|tenant_id|verify_certs|ssl|ssl_verify|ca_certs
            |ssl_ca|ca_certificate|protocol|security_protocol
            |ssl_check_hostname)$/x && $_ ne $path } sort keys %$properties;
        @where = grep { $_ ne 'hec_url' } @where
            if $type->{title} eq 'Splunk' && $path ne 'hec_token';
        @where = qw(hec_url verify_certs) if $path eq 'hec_token';
        @where = () if $type->{title} eq 'Slack';

        is_deeply([ grep { !$for{$_} } @where ], [],
            '... to all that says where it goes');
    }

    foreach my $role (sort keys %{$type->{roles}}) {
        is_deeply([ secrets($type->{roles}{$role}) ], [],
            "$type->{title}: as $role it has no secret, which would be bound"
                . ' to an integration that changes by itself');
    }
}


# --- types of one's own -----------------------------------------------------

my %own = (server => 's', note => 'n', token => 't', inner => { key => 'k' });
my %kept = (%own, token => $mask, inner => { key => $mask });

foreach my $type (qw(Silent Said)) {
    is_saved(save($type, %own), "$type: secrets");
    is_saved(save($type, %kept), '... their masks change nothing');
    is(stored("The $type")->{inner}{key}, 'k', '... and keep them');
}

$r = save('Silent', %kept, note => 'other');
is_deeply(faults(@{$r->{json}{request}{errors} // []}), [ map { "/i/properties/parameters/$_: must be sent"
    . ' again: "note" says where the secret goes, and has changed' }
    'inner/key', 'token' ],
    'B4: a type that does not say: any change asks for its secrets');
$r = save('Silent', server => 's', token => $mask);
is_deeply([ $r->{status}, scalar @{faults(@{$r->{json}{request}{errors} // []})} ], [422, 1],
    'B4: ... what is left out is a change, too');

is_saved(save('Said', %kept, note => 'other'), 'a type that says: no more'
    . ' than that');
again('Said', 'its server', 'inner/key', 'server', %kept, server => 'x',
    token => 'new');


# --- passwords where every reader sees them ----------------------------------

sub is_no_host { # of a type that lacks nothing else
    my ($type, $name, $value, $message, %more) = @_;
    my $r = save($type, %more, $name => $value);
    is_deeply([ $r->{status}, grep { m{/\Q$name\E:} }
        @{faults(@{$r->{json}{request}{errors} // []})} ],
        [ 422, "/i/properties/parameters/$name: $message" ],
        "Semantics 7: $type: $name: $value") or diag($r->{body});
    unlike($r->{body}, qr/s3cret/, '... which is not repeated');
}

my $hosts = 'must be host names or addresses, separated by commas, without'
    . ' scheme, user, password or path';
my $host = 'must be a host name or an address, without scheme, user, password'
    . ' or path';

foreach my $type (qw(Elasticsearch OpenSearch)) {
    is_no_host($type, 'hosts', $_, $hosts) foreach 'https://elastic:s3cret@es',
        'elastic:s3cret@es', 'https://es', 'es/s3cret', 'es1, u:s3cret@es2',
        'es?key=s3cret';
}

is_no_host('QRadar', 'host', 'u:s3cret@q', $host, sec_token => 'x');
is_no_host('Splunk', 'host', 'https://u:s3cret@s', $host);
is_no_host('Syslog', 'host', 's/s3cret', $host);
is_no_host('Kafka', 'bootstrap_servers', 'u:s3cret@k:9092', 'must be brokers'
    . ' as "host:port", separated by commas, without scheme, user, password or'
    . ' path');
is_no_host('MISP', 'url', $_, 'must be http:// or https:// with a host and,'
    . ' if need be, a port and a path; a user, password or query would be shown'
    . ' to every reader', key => 'x')
    foreach 'https://u:s3cret@m/', 'https://m/?key=s3cret', 'https://m/#s3cret';

is_saved(save('Elasticsearch', hosts => 'es1, 192.0.2.1,[2001:db8::1]'),
    'names and addresses are taken');
is_saved(save('MISP', url => 'https://m.example.com:8443/base', key => 'k'),
    'a base with a path is taken');

# where an app registration's token is sent, which who may write jobs says

is_saved($api->save({
    i => integration('Sentinel', integration_type => 'Microsoft Sentinel',
        parameters => minimal((grep { $_->{title} eq 'Microsoft Sentinel' }
            types())[0]{connection})),
    e => integration('In'),
    j => job('J', pipeline_integrations => [
        step('e', 'input', index => 'i') ]) }), 'a job');

sub endpoint {
    return $api->save({ j => { type => 'job', properties => { title => 'J',
        pipeline_integrations => [ step('Sentinel', 'output',
            data_collection_endpoint => $_[0], stream_name => 'Custom-L_CL',
            data_collection_rule_id => 'dcr-' . '0' x 32) ] } } });
}

foreach ('https://attacker.example.net', 'http://x.ingest.monitor.azure.com',
    'https://x.ingest.monitor.azure.com.example.net',
    'https://x.ingest.monitor.azure.com@example.net/')
{
    is(endpoint($_)->{status}, 422, "B4: no token of Sentinel's goes to $_");
}

is_saved(endpoint('https://x-1.westeurope-1.ingest.monitor.azure.com'),
    '... but to where it collects data');


# --- addresses that are secrets ---------------------------------------------

my $url = 'https://hooks.example.com/services/T0/B0/x?token=abc';
is_saved(save('Webhook', url => $url, auth_type => 'bearer', token => 'b'),
    'a webhook');
my $listed = $api->one('integration', 'The Webhook',
    roles => 'sn_sec_cmn.api_read');
is_deeply([@{$listed->{parameters}}{qw(url token)}], [$mask, $mask],
    'Semantics 7: a reader is not told its address');
is_saved(save('Webhook', %{$listed->{parameters}}), '... which its mask keeps');
is_deeply([@{stored('The Webhook')}{qw(url token)}], [$url, 'b'],
    '... beside the secret that is bound to it');
is_saved(save('Webhook', %{$listed->{parameters}}, url => $url),
    '... as the same address does');
again('Webhook', 'another address', 'token', 'url', %{$listed->{parameters}},
    url => 'https://attacker.example.net/');

# what a definition does not know any more may have been a secret of another one

my $id = $redis->cmd('HGET', 'secops:{global:res}:integration:title',
    'The Webhook');
my $document = decode_json($redis->cmd('HGET',
    'secops:{global:res}:integration', $id));
$document->{parameters}{signing_secret} = 's3cret';
$redis->cmd('HSET', 'secops:{global:res}:integration', $id,
    JSON::PP->new->encode($document));
is($api->one('integration', 'The Webhook')->{parameters}{signing_secret}, $mask,
    'a stored parameter that its type does not know is masked');

$t->done();
