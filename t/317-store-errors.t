# What a client is told when a call of the store does not succeed: for each kind
# of call (a record is read or written, resources are found or saved, an api key
# is prepared), once Redis refuses it, once Redis cannot do it at present, and
# once nobody knows whether Redis did it.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use SecOps;
use SecOps::Records;
use SecOps::Relay;
use SecOps::Resources;

my $t = SecOps->new();
my $redis = $t->redis();

my $relay = SecOps::Relay->new($t);

$t->run(conf(server => <<"EOT"));
        location /relayed/ {
            rewrite ^/relayed(/.*)\$ \$1 break;
            secops_api;
            secops_redis @{[ $relay->url() ]};
            secops_redis_timeout 400ms;
            secops_auth header;
        }
EOT

my $headers = who(roles => 'sn_sec_cmn.api_write,sn_sec_cmn.admin');

sub call {
    my ($method, $path, $body) = @_;
    return $t->request($method, "/relayed$path", $headers, $body);
}

sub works { return call('GET', '/api/v2/health')->{status} == 200 }

wait_for(\&works);

my $number = 0;
my $marker = 'only-in-the-document';

sub save { # a new integration, which Redis sees the marker of when it is saved
    my $title = 'integration' . $number++;
    my $integration = integration($title);
    @{$integration->{properties}{parameters}}{qw(user password)}
        = ($marker, "x");
    return call('POST', '/api/v2/resources', { $title => $integration });
}

sub save_key {
    my $name = 'key' . $number++;
    return call('POST', '/api/v2/resources', { $name => api_key($name) });
}

my $record = call('POST', path(), records())->{headers}{location};

# the scripts have names from here on
is($_->()->{status}, 200, 'something is saved') foreach \&save, \&save_key,
    sub { call('PATCH', $record, { note => 'first' }) };
is(call('DELETE', post($t, records())->{headers}{location})->{status}, 204,
    '... something deleted');

my @kinds = (
    ['a record is read', sub { call('GET', $record) }, 'rec:',
        [500, 'Unable to read record'], [503, 'Unable to read record'],
        [503, 'Unable to read record']],
    ['the audit is read', sub { call('GET', '/api/secops/v1/audit') },
        'XREVRANGE', [500, 'Unable to read record'],
        [503, 'Unable to read record'], [503, 'Unable to read record']],
    ['a record is written', sub { call('POST', path(), records()) }, 'MULTI',
        [500, 'Unable to persist record'], [503, 'Unable to persist record'],
        [500, 'Unable to persist record', qr/may have been stored/]],
    ['a record is to be changed', sub { call('PATCH', $record,
            { note => $number++ }) }, '\bGET\b',
        [500, 'Unable to read record'], [503, 'Unable to read record'],
        [503, 'Unable to read record']],
    ['a record is changed', sub { call('PATCH', $record,
            { note => $number++ }) }, 'records\.update',
        [500, 'Unable to persist record'], [503, 'Unable to persist record'],
        [500, 'Unable to persist record', qr/may have been changed/]],
    ['a record is deleted', sub { call('DELETE',
            post($t, records())->{headers}{location}) }, 'records\.delete',
        [500, 'Unable to delete record'], [503, 'Unable to delete record'],
        [500, 'Unable to delete record', qr/may have been deleted/]],
    ['resources are found', sub { call('GET', '/api/v2/resources') }, 'EVAL',
        [500, 'Unknown error'], [503, 'Service Unavailable'],
        [503, 'Service Unavailable']],
    ['an api key is prepared', \&save_key, 'HSET',
        [500, 'Unable to save resources'], [503, 'Unable to save resources'],
        [503, 'Unable to save resources']],
    ['resources are saved', \&save, $marker,
        [500, 'Unable to save resources'], [503, 'Unable to save resources'],
        [500, 'Unable to save resources', qr/may have been saved/]],
);

my @ends = (['refused', 'answer OOM'], ['not done at present', 'answer BUSY'],
    ['not answered', 'drop']);

foreach my $kind (@kinds) {
    my ($name, $request, $pattern, @expected) = @$kind;

    foreach my $i (0 .. $#ends) {
        my ($end, $rule) = @{$ends[$i]};
        my ($status, $message, $detail) = @{$expected[$i]};

        wait_for(\&works);
        $relay->rule("$rule $pattern");
        my $r = $request->();
        $relay->rule('pass');

        my $body = ref $r->{json} eq 'HASH' ? $r->{json} : {};
        my $text = $body->{error}{message} // $body->{request}{reason} // '';
        my $more = $body->{error}{detail} // $body->{detail} // '';

        is("$r->{status} $text", "$status $message", "$name, $end");
        is($r->{headers}{'retry-after'}, $status == 503 ? 1 : undef,
            '... another try may help, or not');
        is($more =~ ($detail // qr/^request \w+\z/) ? 1 : 0, 1,
            '... and what may be there is said') or diag($more);
    }
}

wait_for(\&works);
is(save()->{status}, 200, 'then all is well again');

$t->done();
