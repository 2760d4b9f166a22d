# $secops_redis_time: how long Redis took for a request.  Calls that run side by
# side count as long as the slowest, calls that follow each other count each, and
# a request for which Redis was not asked has none.

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
my $dir = $t->dir();
my $delay = 0.15;

my $relay = SecOps::Relay->new($t);
$relay->rule("delay $delay");

my $header = 'add_header X-Redis-Time $secops_redis_time always;';

$t->run(conf(location => $header, server => <<"EOT"));
        location /late/ {
            rewrite ^/late(/.*)\$ \$1 break;
            secops_api;
            secops_redis @{[ $relay->url() ]};
            secops_auth header;
            $header
        }
        location /away/ {
            rewrite ^/away(/.*)\$ \$1 break;
            secops_api;
            secops_redis unix:$dir/nobody.sock;
            secops_auth header;
            $header
        }
EOT

my $all = 'sn_sec_cmn.api_write,sn_sec_cmn.admin';

sub call { # of a location
    my ($location, $method, $path, $body) = @_;
    return $t->request($method, "/$location$path", who(roles => $all), $body);
}

sub took { return $_[0]{headers}{'x-redis-time'} }

sub between {
    my ($r, $least, $most, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my $time = took($r) // 'nothing';
    ok($time =~ /^\d+\.\d{3}\z/ && $time >= $least && $time < $most, $name)
        or diag("status $r->{status}, time $time");
}

is(call('late', 'GET', '/api/v2/health')->{status}, 200, 'the relay works');


# one call

my $r = call('late', 'POST', path(), records());
is($r->{status}, 201, 'a record is stored');
between($r, $delay, 5 * $delay, '... one call counts');

$r = call('late', 'GET', $r->{headers}{location});
is($r->{status}, 200, '... and read');
between($r, $delay, 5 * $delay, '... which counts too');


# side by side: sixteen groups of a batch, sixteen streams of the audit

$r = call('late', 'POST', path(), { data => [ apart(16) ] });
is($r->{status}, 201, 'a batch is stored');
between($r, $delay, 8 * $delay, '... its groups count as long as the slowest');

$r = call('late', 'GET', '/api/secops/v1/audit');
is($r->{status}, 200, 'the audit is read');
between($r, $delay, 8 * $delay, '... its streams count as long as the slowest');


# one after the other: the scripts have names by now

my %set = (first => integration('first'), second => integration('second'));

foreach my $title (sort keys %set) {
    $r = call('late', 'POST', '/api/v2/resources', { $title => $set{$title} });
    is($r->{status}, 200, "the $title integration is saved");
}

between($r, 2 * $delay, 8 * $delay, '... what is read and what is saved count');

$r = call('late', 'GET', '/api/v2/resources');
is($r->{status}, 200, 'the integrations are listed');
between($r, $delay, 5 * $delay, '... one reading counts');


# Redis was not asked

foreach (['away', 'Redis is away', 503], ['late', 'the query is refused', 400]) {
    my ($location, $why, $status) = @$_;

    $r = call($location, 'GET', '/api/secops/v1/audit?'
        . ($status == 400 ? 'limit=x' : ''));
    is($r->{status}, $status, $why);
    is(took($r), undef, '... there is no time');
}

$t->done();
