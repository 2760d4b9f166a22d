# Who may do what, for every operation there is: the route table is read from
# its source, and each row is called by everybody.  What the row does not allow
# must be refused, what it allows must not; methods and paths that are in no
# row do not exist.  A route that is added is tested here without further ado.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw(sha256_hex);
use JSON::PP;
use MIME::Base64 qw(encode_base64url);
use SecOps;
use SecOps::Records;
use SecOps::Tree qw(source);

my $t = SecOps->new();
my $redis = $t->redis();


# --- the tables of the source -----------------------------------------------

sub table { # of a file: the rows of an array, as lists of C expressions
    my ($file, $name) = @_;
    my ($body) = $t->read(source($file))
        =~ /\b\Q$name\E\[\w*\] = \{(.*?)^\};/ms
        or die "$file has no $name\n";
    my @rows;

    while ($body =~ /\{ (ngx_string\(.*?) \}/gs) {
        my @cells = split /,\s*/, $1;
        s/^ngx_string\("(.*)"\)$/$1/ foreach @cells;
        push @rows, \@cells;
    }

    return @rows;
}


my %permissions = (SECOPS_PERMISSION_READ => 1, SECOPS_PERMISSION_WRITE => 2,
    SECOPS_PERMISSION_ADMIN => 4, SECOPS_PERMISSION_NONE => 0);
my @methods = qw(GET HEAD POST PUT PATCH DELETE);

my %scopes = (SECOPS_SCOPE_NONE => 0);
my %bits = $t->read(source('secops_scope.h'))
    =~ /^#define (SECOPS_SCOPE_\w+) +0x([0-9a-f]{4})$/mg;
$scopes{$_} = hex $bits{$_} foreach keys %bits;
my @names = $t->read(source('secops_scope.c'))
    =~ /secops_slice\("([a-z_]+:[a-z_]+)"\)/g;
my %scope = map { $names[$_] => 1 << $_ } 0 .. $#names;

sub sum { # of a C expression: NAME|NAME
    my ($expression, $values) = @_;
    my $sum = 0;
    foreach my $name (split /\s*\|\s*/, $expression) {
        $sum |= $values->{$name} // die "\"$name\" is not known\n";
    }
    return $sum;
}

my %methods = ((map { ("NGX_HTTP_$methods[$_]" => 1 << $_) } 0 .. $#methods),
    NGX_HTTP_SECOPS_GET => 3);

# several groups under one name
my %sets = $t->read(source('ngx_http_secops_route.c'))
    =~ /^#define (\w+) *\\\n *\((NGX_HTTP_SECOPS_\w+(?:\|\w+)+)\)/mg;

my @routes = map { {
    pattern    => $_->[0],
    methods    => sum($_->[1], \%methods),
    groups     => [ split /\|/, $sets{$_->[2]} // $_->[2] ],
    access     => $_->[3] =~ s/^NGX_HTTP_SECOPS_//r,
    permission => sum($_->[4], \%permissions),
    scope      => sum($_->[5], \%scopes),
    body       => $_->[6],
    operation  => $_->[7],
    name       => "$_->[7] $_->[0]",
} } table('ngx_http_secops_route.c', 'ngx_http_secops_routes');

my %groups = map { $_->[0] => $_->[1] }
    grep { $_->[0] ne 'errors' }
    table('ngx_http_secops_conf.c', 'ngx_http_secops_groups');

my $rows = () = $t->read(source('ngx_http_secops_route.c'))
    =~ m{ngx_string\("/}g;
is(scalar @routes, $rows, 'every row of the route table was read');
cmp_ok($rows, '>=', 7, '... and there are some');
is(scalar @names, 10, 'so are the names of scopes');
is(scalar(grep { !/^(?:PUBLIC|KNOWN|GRANTED|TABLE|ENDPOINT|SOME|JOB)$/ }
    map { $_->{access} } @routes), 0, 'access is of one of seven kinds');

# the scopes that are offered are those of the routes, both ways

my $offered = join ' ', sort @names;

is(join(' ', sort grep {
        my $bit = $scope{$_};
        grep { $_->{scope} & $bit } @routes
    } @names), $offered, 'each scope is that of a route');
is(scalar(grep { $_->{scope} >> @names } @routes), 0,
    '... and no route has one without a name');

my $schema = JSON::PP->new->decode($t->read(
    SecOps::root() . '/ngx_secops_module/schema/resources/api_key.json'));
is(join(' ', sort @{$schema->{properties}{scopes}{items}{else}{enum}}),
    $offered, '... and an api key may be given each of them');

foreach my $route (@routes) {
    is($route->{permission} || $route->{scope} ? 1 : 0,
        $route->{access} =~ /^(?:PUBLIC|KNOWN)$/ ? 0 : 1,
        "$route->{name}: names who may if, and only if, not everybody may");
    ok($route->{access} ne 'PUBLIC' || $route->{operation} =~ /^health\./,
        '... health alone is public') if $route->{access} eq 'PUBLIC';
}


# --- the server -------------------------------------------------------------

my $only = join '', map { <<"EOT" } sort keys %groups;
        location /only/$_/ {
            rewrite ^/only/$_(/.*)\$ \$1 break;
            secops_api $_;
            secops_redis %%REDIS%%;
            secops_auth header;
        }
EOT

$t->run(conf(server => $only, location => 'secops_api_key_cache 0;')
    =~ s/secops_auth header;/secops_auth api_key header;/gr);


sub everyone { return join ',', 'sn_sec_cmn.api_read', 'sn_sec_cmn.api_write',
    'sn_sec_cmn.admin' }


# an api key as the store has it

sub key {
    my ($id, @granted) = @_;
    my $value = encode_base64url(join '', map { chr int rand 256 } 1 .. 64);
    my $digest = sha256_hex($value);

    $redis->cmd('HSET', 'secops:{key:' . substr($digest, 0, 2) . "}:$digest",
        'domain', 'one', 'id', $id);
    $redis->cmd('HSET', 'secops:{one:res}:api_key', $id,
        JSON::PP->new->canonical->encode({ name => $id, scopes => \@granted,
        digest => $digest, created_by => 'test',
        created_on => '2026-01-01 00:00:00' }));

    return { 'X-Arcanna-Api-Key' => $value };
}


my %roles = (
    'without roles'      => ['', 0],
    'with another role'  => ['sn_sec_cmn.api', 0],
    'with the read role' => ['sn_sec_cmn.api_read', 1],
    'with the write role' => ['sn_sec_cmn.api_write', 3],
    'with the admin role' => ['sn_sec_cmn.admin', 4],
    'with all roles'     => [everyone(), 7],
);

my @callers = ({ name => 'nobody', nobody => 1, headers => {} });

push @callers, { name => "somebody $_", permissions => $roles{$_}[1],
    headers => who(domain => 'one', roles => $roles{$_}[0]) }
    foreach sort keys %roles;
push @callers, { name => "a key with $_", scopes => $scope{$_},
    headers => key("key_$scope{$_}", $_) } foreach @names;
foreach my $without (@names) {
    push @callers, { name => "a key with all but $without",
        scopes => (1 << @names) - 1 & ~$scope{$without},
        headers => key("but_$scope{$without}",
            grep { $_ ne $without } @names) };
}

# scopes narrowed to the table that is asked for below, and to another one

foreach my $name (grep { /:records$/ } @names) {
    my $kind = $name =~ s/:.*//r;
    push @callers, { name => "a key with $name of this table",
        narrow => $scope{$name}, some => $scope{$name},
        headers => key("this_$kind", "$name:sn_ti_lookup_result") };
    push @callers, { name => "a key with $name of another table", scopes => 0,
        some => $scope{$name},
        headers => key("other_$kind", "$name:sn_ti_observable_enrichment_result",
            "$name:sn_ti_lookup_resul", "$name:threat_lookup") };
}

my %both = %{key('both', 'read:resources')};
push @callers, { name => 'a key with a scope, and headers with all roles',
    scopes => $scope{'read:resources'},
    headers => { %both, %{who(domain => 'one', roles => everyone())} } };


# a path for each pattern, of something that is there

my $record = post($t, records(), domain => 'one')->{json};

sub concrete {
    my ($route) = @_;
    my @values = $route->{access} eq 'TABLE' ? ('sn_ti_lookup_result',
            $record->{sys_id})
        : $route->{access} eq 'ENDPOINT' ? 'threat_lookup'
        : $route->{access} eq 'SOME' ? '198.51.100.7'
        : ('1001', '1001');

    return $route->{pattern} =~ s{\*+}{shift @values}ger;
}


sub matching { # the routes that a path has
    my ($path) = @_;
    $path =~ s{/$}{} if length $path > 1;

    return grep {
        my $pattern = quotemeta $_->{pattern};
        $pattern =~ s{\\\*\\\*}{.+};
        $pattern =~ s{\\\*}{[^/]+}g;
        $path =~ /\A$pattern\z/;
    } @routes;
}


sub call {
    my ($method, $path, $headers, $body) = @_;
    my $connection = $t->connect();
    return $connection->request($method, $path, [Connection => 'close',
        %$headers], $body);
}


# --- every operation, every method, every caller ----------------------------

sub may {
    my ($route, $caller) = @_;

    return 1 if $route->{access} eq 'PUBLIC';
    return 0 if $caller->{nobody};
    return 1 if $route->{access} eq 'KNOWN';

    # whether the key is one of the job's is the operation's to say
    return 1 if $route->{access} eq 'JOB' && defined $caller->{scopes}
        || $route->{access} eq 'JOB' && defined $caller->{narrow};

    return (($caller->{permissions} // 0) & $route->{permission})
        || (($caller->{scopes} // 0) & $route->{scope})
        || ($route->{access} =~ /^(?:TABLE|ENDPOINT)$/
            && ($caller->{narrow} // 0) & $route->{scope})
        || ($route->{access} eq 'SOME'
            && ($caller->{some} // 0) & $route->{scope}) ? 1 : 0;
}


foreach my $route (@routes) {
    foreach my $i (grep { $route->{methods} & 1 << $_ } 0 .. $#methods) {
        foreach my $caller (@callers) {
            my $r = call($methods[$i], concrete($route),
                $caller->{headers}, $route->{body} ? '{}' : undef);
            my $status = $r->{status} // 0;
            my $expected = may($route, $caller) ? 'allowed'
                : $caller->{nobody} ? 401 : 403;

            is($status == 401 || $status == 403 ? $status
                : $status =~ /^(?:2\d\d|400|404|409|422|501)$/ ? 'allowed'
                : "a failure, $status", $expected,
                "$methods[$i] $route->{name}: $caller->{name}")
                or diag($r->{body});
            ok($methods[$i] eq 'HEAD' || ref $r->{json}, '... answered in JSON')
                if $expected ne 'allowed';
        }
    }
}


foreach my $caller (@callers) {
    my $told = call('GET', '/api/v2/token/scopes', $caller->{headers})->{json};
    next if ref $told ne 'ARRAY';

    my @useful = grep {
        my $scope = $_;
        grep { $_->{scope} == $scope{$scope} && may($_, $caller)
            && ($_->{access} ne 'JOB'
                || ($caller->{permissions} // 0) & $_->{permission}
                || ($caller->{scopes} // 0) & $_->{scope}) } @routes;
    } @names;

    is(join(' ', sort @$told), join(' ', sort @useful),
        "$caller->{name} is told the scopes of the routes that it may use")
        if !defined $caller->{narrow} && !defined $caller->{some};
}


# of another domain: all may be asked, nothing is found

$record = post($t, records(), domain => 'one')->{json};

my $path = "/api/now/table/sn_ti_lookup_result/$record->{sys_id}";
is(get($t, $path, domain => 'one')->{status}, 200, 'a record of a domain');
is(get($t, $path, domain => 'two', roles => everyone())->{status}, 404,
    '... is not there for another');


# --- every other method -----------------------------------------------------

my %seen;
my ($admin) = grep { $_->{name} eq 'somebody with all roles' } @callers;

foreach my $path (grep { !$seen{$_}++ } map { concrete($_) }
                  @routes)
{
    my $has = 0;
    $has |= $_->{methods} foreach matching($path);
    my $allow = join ', ', map { $methods[$_] } grep { $has & 1 << $_ }
        0 .. $#methods;

    foreach my $method (@methods, qw(OPTIONS PROPFIND MKCOL COPY LOCK FOO
                                     GETS))
    {
        my ($i) = grep { $methods[$_] eq $method } 0 .. $#methods;
        next if defined $i && $has & 1 << $i;

        foreach my $caller ($callers[0], $admin) {
            my $r = call($method, $path, $caller->{headers}, '{}');
            is("$r->{status} " . ($r->{headers}{allow} // ''), "405 $allow",
                "$method $path: $caller->{name}");
        }
    }
}


# --- every other path -------------------------------------------------------

my @paths = map {
    my $path = concrete($_);
    ("$path/x", substr($path, 0, -1) =~ s{/$}{}r, uc $path, "/api$path",
     $path =~ s{/[^/]+$}{}r, "$path.json", "$path;x", "$path%20",
     $path =~ s{^/api/}{/api/v3/}r, $path =~ s{/}{/x/}r);
} @routes;

push @paths, '/api/', '/api/v1/', '/api/v2/', '/api/now/', '/api/secops/',
    '/api/secops/v1/', '/api/secops/v2/audit', '/api/%2a', '/api/now/table/*',
    '/api/now/table/a/b/c', '/api/now/v3/table/a/b', '/api/x', '/api/' . 'x/' x 200;

my $count = 0;
%seen = ();

foreach my $path (grep { !$seen{$_}++ } @paths) {
    next if matching($path) || $path !~ m{^/api/};

    foreach my $method ('GET', 'POST', 'DELETE') {
        foreach my $caller ($callers[0], $admin) {
            my $r = call($method, $path, $caller->{headers});
            $count++;
            is_refused_at($path, $r, 404,
                'Requested URI does not represent any resource',
                "$method $path does not exist: $caller->{name}");
        }
    }
}

cmp_ok($count, '>', 100, 'enough other paths were tried');


# --- every group alone ------------------------------------------------------

sub serves {
    my ($group, $route) = @_;
    return scalar grep { $_ eq $groups{$group} } @{$route->{groups}};
}

foreach my $group (sort keys %groups) {
    foreach my $route (@routes) {
        my ($i) = grep { $route->{methods} & 1 << $_ } 0 .. $#methods;
        my $path = concrete($route);
        my $r = call($methods[$i], "/only/$group$path", $callers[0]{headers});

        if (grep { serves($group, $_) } matching($path)) {
            isnt($r->{status}, 404, "secops_api $group: $route->{name}")
                if serves($group, $route);
        } else {
            is($r->{status}, 404, "secops_api $group: no $route->{name}");
        }
    }
}

$t->done();
