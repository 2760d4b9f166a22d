# The pages say what the code does.  Each list that stands in both is compared;
# each command of a "console" block is run, in the order of its page, and must
# print what the page shows; each "nginx" block of docs/directives.md must pass
# nginx -t.  SECOPS_WRITE_DOCS=1 puts what the commands print into the pages.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use File::Basename;
use JSON::PP;
use SecOps;
use SecOps::Catalog;
use SecOps::Console;
use SecOps::Tls;
use SecOps::Tree qw(source sources);

my $root = root();
my $code = "$root/ngx_secops_module";
my @pages = ('README.md',
    map { 'docs/' . basename($_) } glob "$root/docs/*.md");


sub text {
    my ($name) = @_;
    open my $file, '<', $name =~ m{^/} ? $name : "$root/$name"
        or die "can not read $name: $!";
    local $/;
    return scalar <$file>;
}


# what is in one list and not in the other

sub same {
    my ($got, $expected, $name) = @_;
    my %got = map { $_ => 1 } @$got;
    my %expected = map { $_ => 1 } @$expected;

    is_deeply([ grep { !$got{$_} } @$expected ], [], "$name: none is missing");
    is_deeply([ grep { !$expected{$_} } @$got ], [], "$name: none is too many");
    is(scalar @$got, scalar keys %got, "$name: none is there twice");
}


sub section { # of a page: from its heading to the next of the same rank
    my ($text, $heading) = @_;
    my ($hashes) = $heading =~ /^(#+)/;
    my $rank = length $hashes;
    my ($section) = $text =~ /^\Q$heading\E\n(.*?)(?=^#{1,$rank} |\z)/ms;
    return $section // '';
}


# --- directives -------------------------------------------------------------

sub directives {
    my $module = text(source('ngx_http_secops_module.c'));
    my $conf = join '', map { text($_) }
        sources(qr/^ngx_(?:http_secops|secops_redis)_(?:auth|conf)\w*\.c$/);
    my %found;

    while ($module =~ /\{\s ngx_string\("(secops_\w+)"\),\s*
                       ([A-Z0-9_|\s]+),\s*(\w+),\s*\w+,\s*
                       (?:offsetof\(\w+,\s*([\w.]+)\)|0),/gx)
    {
        my ($name, $flags, $slot, $field) = ($1, $2, $3, $4 // '');
        my @contexts = map { $flags =~ /NGX_HTTP_$_->[0]_CONF/ ? $_->[1] : () }
            [ MAIN => 'http' ], [ SRV => 'server' ], [ LOC => 'location' ];

        $found{$name} = { contexts => join(', ', @contexts),
            default => default("$module$conf", $name, $field =~ s/.*\.//r,
                $slot) };
    }

    return \%found;
}


# what a merge function, or the transport's table of fields, puts where nothing
# was set, as a page prints it

sub default {
    my ($code, $name, $field, $slot) = @_;

    if ($name =~ /^secops_header_/) {
        my ($value) = $code =~ /&prev->$field,\s*&conf->$field,\s*"(.*?)"/;
        return $value;
    }

    if ($name eq 'secops_trusted_proxy') {
        my ($list) = $code =~ /default_trusted\[\] = \{(.*?)\};/s;
        return join ' ', $list =~ /ngx_string\("(.*?)"\)/g;
    }

    if ($name eq 'secops_redis_max_pending') {
        return 'commands=' . value($code, 'max_commands') . ' bytes='
            . value($code, 'max_bytes') / 1024 / 1024 . 'm';
    }

    if ($name eq 'secops_max_resources') {
        return 'count=' . value($code, 'max_resources') . ' bytes='
            . value($code, 'max_resources_bytes') / 1024 / 1024 . 'm';
    }

    if ($name eq 'secops_query_scan') {
        return 'records=' . value($code, 'scan_records') . ' time='
            . value($code, 'scan_time') / 1000 . 's';
    }

    return text('ngx_secops_module/face/ngx_http_secops_conf.h')
        =~ /^#define NGX_HTTP_SECOPS_REFUSALS +(\d+)$/m ? "$1r/s" : '?'
        if $name eq 'secops_audit_refusals';

    return value($code, 'cache_size') if $name eq 'secops_jwt_cache';

    if ($name eq 'secops_jwt_claim_roles') {
        my ($path) = $code =~ /\*path = secops_slice_of\("(\w+)"\);/;
        return $path;
    }

    return value($code, 'retention') eq 'SECOPS_TABLE_NOT_SAID' ? 'off' : '?'
        if $name eq 'secops_retention';

    return lc value($code, 'durability') =~ s/^NGX_SECOPS_REDIS_//r
        if $name eq 'secops_durability';

    if ($name eq 'secops_redis_ssl_protocols') {
        return join ' ', map { s/_/./r }
            value($code, 'protocols') =~ /NGX_SSL_(TLSv\w+)/g;
    }

    my $value = value($code, $field);

    return '—' if !defined $value || $value eq '""' || $value eq 'NULL';
    return $value / 1000 . 's' if $slot eq 'ngx_conf_set_msec_slot';
    return $value . 's' if $slot eq 'ngx_conf_set_sec_slot';
    return $slot eq 'ngx_conf_set_flag_slot' ? '—' : 0
        if $value eq 'NGX_CONF_UNSET_UINT';
    return $value ? 'on' : 'off' if $slot eq 'ngx_conf_set_flag_slot';
    return $value =~ s/"//gr;
}


sub value {
    my ($code, $field) = @_;
    my ($value) = $code =~ /ngx_conf_merge_\w*?value\(
        conf->(?:\w+\.)?$field,\s*prev->(?:\w+\.)?$field,\s*([^;]+?)\);/x;

    if (!defined $value && $field ne '') {
        my ($type, $number, $text) = $code =~ /^\x20+ngx_secops_redis_field\(
            (?:\w+\.)?$field,\s(\w+),\s\w+,\s*([^,]+),\s*(\S+?)\),$/mx;
        $value = ($type eq 'NUM' || $type eq 'BITS') ? $number : $text
            if defined $type;
    }

    $value = eval $value if defined $value && $value =~ /^[\d *]+$/;
    return $value;
}


my $page = text('docs/directives.md');
my $code_directives = directives();
my (%blocks, @blocks);

while ($page =~ /^## (secops_\w+)\n\n((?:    .*\n)+)/mg) {
    my ($name, $block) = ($1, $2);
    my %line = $block =~ /^    (\w+):\s+(.*)$/mg;
    push @blocks, $name;
    $blocks{$name} = \%line;
}

cmp_ok(scalar keys %$code_directives, '>=', 20, 'commands[] was read');
same(\@blocks, [ sort keys %$code_directives ], 'directives.md');

foreach my $name (sort keys %$code_directives) {
    my $block = $blocks{$name} // {};
    my $expected = $code_directives->{$name};

    like($block->{Syntax}, qr/^$name [^;]*;|^$name;/, "$name: has its syntax");
    is($block->{Context}, $expected->{contexts}, "$name: context");
    is($block->{Default}, $expected->{default}, "$name: default");
    like($block->{Since}, qr/^\d+\.\d+\.\d+$/, "$name: since when");
}

my (@named, %row);

foreach my $line (split /\n/, text('README.md')) {
    next unless $line =~ m{^\|\s\[`(secops_\w+)`\]\(docs/directives\.md[#](\w+)\)
                           \s\|\s(.*?)\s\|}x && $1 eq $2;
    push @named, $1;
    $row{$1} = $3;
}

same(\@named, [ sort keys %$code_directives ],
    'README.md');
is_deeply(\%row, { map { $_ => $code_directives->{$_}{default} }
    keys %$code_directives }, 'README.md has the same defaults');

my ($shipped) = text('conf-examples/secops-errors.conf') =~ /^(error_page.*)/ms;
like($page, qr/^```nginx\n\Q$shipped\E```$/m,
    'the shipped error pages are printed as they are');

same([ $page =~ /^### \$(secops_\w+)$/mg ],
    [ text(source('ngx_http_secops_variables.c'))
        =~ /\{ ngx_string\("(secops_\w+)"\)/g ], 'variables');


# --- errors -----------------------------------------------------------------

my $errors = text(source('secops_error.c'));
my (%messages, %statuses);

while ($errors =~ /\[SECOPS_ERROR_(\w+)\]\s=\s*
                   \{\s(\d+),\ssecops_slice\("(.*?)"\)\s\}/gx)
{
    $messages{"$2 $3"} = 1 if $1 ne 'NONE';
}

while ($errors =~ /^    \{ (\d+), secops_slice\("(.*?)"\) \},/mg) {
    $statuses{"$1 $2"} = 1;
}

my $record = text('docs/record-api.md');
my @told;

my $rows = join '', map { section(text($_), '### Errors') }
    glob "$root/docs/*.md";

while ($rows =~ /^\| (\d+) \| `(.*?)` \|/mg) {
    my ($status, $message) = ($1, $2);
    $message =~ s/x,y,z$// if $message =~ /: x/;    # completed by the sender
    $message =~ s/x$// if $message =~ /table x/;
    push @told, "$status $message";
}

my %seen;
@told = grep { !$seen{$_}++ } @told;        # a page may repeat another's

same(\@told, [ sort keys %messages ], 'error messages');

same([ map { s/ \| `(.*)`/ $1/r } section($page, '## secops_api errors')
    =~ /^\| (\d+ \| `.*?`) \|/mg ], [ sort keys %statuses ],
    'messages of statuses');

my $operations = text('docs/operations.md');
my %action = (
    REFUSE      => [ 'refused', 500 ],
    UNAVAILABLE => [ 'unavailable', 503 ],
    PAUSE       => [ 'unavailable; in a cluster tried again', 503 ],
    FOLLOW      => [ 'refused; in a cluster followed', 500 ],
    RECONNECT   => [ 'unavailable, reconnect', 503 ],
);
my @expected;
my $table = text(source('secops_redis_error.c'));

while ($table =~ /secops_slice\("(\w*)"\), SECOPS_REDIS_(\w+),\s*"(.*?)" \}/g) {
    push @expected, sprintf '| %s | %s | %s | %s |',
        $1 eq '' ? 'any other' : "`$1`", @{$action{$2}}, $1 eq '' ? '–' : $3;
}

is_deeply([ section($operations, '## Errors of Redis')
    =~ /^(\| (?:`\w+`|any other) \|.*\|)$/mg ], \@expected,
    'the table of Redis\' errors is that of the code, in its order');


# --- who may what -----------------------------------------------------------

my $identity = text('docs/identity.md');
my $routes = text(source('ngx_http_secops_route.c'));
my $api_h = text(source('ngx_http_secops_api.h'));
my @scopes = text(source('secops_scope.c'))
    =~ /secops_slice\("([\w:]+)"\)/g;
my %scope = text(source('secops_scope.h'))
    =~ /^#define SECOPS_SCOPE_(\w+) +0x(\d+)$/mg;
my (%operation, %group, $n_routes);

$scope{$_} = $scopes[log(hex $scope{$_}) / log 2]
    foreach grep { $_ ne 'NONE' } keys %scope;

# several groups under one name
my %sets = $routes =~ /^#define NGX_HTTP_SECOPS_(\w+) *\\\n *\((NGX_HTTP_SECOPS_\w+(?:\|\w+)+)\)/mg;

while ($routes =~ /\{\s*ngx_string\("(\/api\/[^"]+)"\),\s*
                   NGX_HTTP_(?:SECOPS_)?(\w+),\s*NGX_HTTP_SECOPS_(\w+),\s*
                   NGX_HTTP_SECOPS_(\w+),\s*SECOPS_PERMISSION_(\w+),\s*
                   SECOPS_SCOPE_(\w+),\s*\w+,\s*ngx_string\("([\w.]+)"\)/gx)
{
    my ($path, $method, $group, $access, $permission, $scope, $name)
        = ($1, $2, $3, $4, $5, $6, $7);
    my $role = $access eq 'PUBLIC' ? 'anybody'
        : $access eq 'KNOWN' ? 'any caller' : lc $permission;
    my $key = $scope eq 'NONE' ? '–' : "`$scope{$scope}`";

    $operation{"| `$name` | `$method $path` | $role | $key |"} = 1;
    $group{lc $_}{"$method " . $path =~ s/\*$//r =~ s/\*.*//r} = 1
        foreach $sets{$group} ? $sets{$group} =~ /SECOPS_(\w+)/g : $group;
    $n_routes++;
}

is($n_routes, () = $routes =~ /"\/api\//g, 'routes were read');
same([ section($identity, '### Operations') =~ /^(\| `\w+\.\w+` .*\|)$/mg ],
    [ sort keys %operation ], 'operations');

# each group, and nothing of another one, in the table of secops_api

my %told = section($page, '## secops_api')
    =~ /^\| `(\w+)` \| (`[A-Z].*?) \|/mg;
same([ keys %told ], [ sort keys %group ], 'groups');

foreach my $group (sort keys %group) {
    my @missing = grep { my ($method, $path) = split / /;
        ($told{$group} // '') !~ /`(?:$method )?\Q$path\E/
        && $path !~ m{^/api/now/v\d/} } keys %{$group{$group}};
    is_deeply(\@missing, [], "the group $group: its paths");
}

same([ section($identity, '### Scopes') =~ /^\| `(\w+:\w+)` \|/mg ],
    \@scopes, 'scopes');

my %kinds = ('`oct`' => 'OCT', '`RSA`' => 'RSA', 'P-256' => 'P256',
    'P-384' => 'P384', 'P-521' => 'P521', 'Ed25519' => 'ED25519',
    'Ed448' => 'ED448');
my $keys = section($identity, '### Algorithms and keys');
my $jwa = text(source('secops_jwa.c'));
my %algorithms;

while ($jwa =~ /secops_slice\("(\w+)"\),\s*SECOPS_JWA_(\w+),/g)
{
    $algorithms{"$2 $1"} = 1;
}

same([ map { my ($kind, $names) = @$_;
        map { "$kinds{$kind} $_" } $names =~ /`(\w+)`/g }
    map { [ /^\| .*?(`oct`|`RSA`|P-\d+|Ed\d+).*? \| (`.*`) \|$/ ] }
    grep { /^\| `(?:oct|RSA|EC|OKP)`/ } split /\n/, $keys ],
    [ sort keys %algorithms ], 'algorithms');

# why a token is refused, why a key is not usable: static texts, all of them

sub reasons {
    return map { my $file = text($_); $file =~ s/\\"/'/g;
        $file =~ /(?:return|reason =|[?:]|\[\] =)\s+"(it[^"]*|a [^"]*|an [^"]*|there [^"]*|no key [^"]*|something [^"]*)"/g
        } @_;
}

my %found = map { s/'/"/gr => 1 } reasons(
    map { source("$_.c") } qw(secops_jws secops_jwt));
my $why = section($identity, '### Why a token is refused');

delete $found{'no key has its kid'};        # said in other words
cmp_ok(scalar keys %found, '>=', 20, 'reasons of refusal were read');
like($why, qr/`\Q$_\E`/, "identity.md tells why a token is refused: $_")
    foreach sort keys %found;

%found = map { s/'/"/gr => 1 } reasons(sources(qr/^secops_jwk\w*\.c$/));
$found{q(a secret must be as long as the algorithm's digest)}
    = delete $found{q(a secret must be as long as the algorithm"s digest)} // 0;
cmp_ok(scalar keys %found, '>=', 20, 'reasons about keys were read');
like($keys, qr/`\Q$_\E`/, "identity.md tells why a key is not usable: $_")
    foreach sort keys %found;


# --- what shows that it is protected ----------------------------------------

# each row of security.md names a file, and checks that are in it

my @claims = grep { /^\| / && !/^\| claim / } split /\n/,
    section(text('docs/security.md'), '## What shows it');

cmp_ok(@claims, '>=', 30, 'claims of protection were read');

foreach my $row (@claims) {
    my ($claim, $files, $checks) = $row =~ /^\| (.*) \| (.*) \| (.*?) ?\|$/
        or fail("a row of three cells: $row"), next;
    my @files = $files =~ m{\]\(\.\./(t/[\w/.-]+)\)}g;
    my $tests = join '', map { -f "$root/$_" ? text($_) : '' } @files;

    is_deeply([ grep { !-f "$root/$_" } @files ], [], "$claim: tests are there");
    ok(@files > 0, "... of this claim, one at least");
    is_deeply([ grep { index($tests, $_) < 0 } $checks =~ /`([^`]+)`/g ], [],
        '... and so are their checks');
}


# --- what is logged ---------------------------------------------------------

my $lines = section($operations, '## The error log');
my @sources = sources(qr/\.c$/);
my @states = map { text($_) =~ /_report\(node,[^"]*"([a-z ]+)"\)/g } @sources;
my (@logged, @reasons);

foreach my $source (map { text($_) } @sources) {

    while ($source =~ /ngx_log_error\([^"]*?((?:"(?:[^"\\]|\\.)*"\s*)+)/g) {
        my $format = join '', $1 =~ /"((?:[^"\\]|\\.)*)"/g;

        $format =~ s/\\"/"/g;
        $format =~ s/%\*?(?:u?[iLzT]|[VMsd])/…/g;   # as %uz and %V
        push @logged, $format if $format =~ /^secops/;
    }

    push @reasons, $source =~ /_fault\(\w+, "(.*?)"\)/g,
        $source =~ /reason(?: = ngx_string\(|, )"(.*?)"/g,
        $source =~ /_end_all\(&ended, \(u_char \*\) "(.*?)"\)/g;
}

cmp_ok(@states, '>=', 2, 'states of a link were read');
cmp_ok(@logged, '>=', 12, 'log lines were read');
cmp_ok(@reasons, '>=', 30, 'reasons were read');

# the one line for all states of a link

@logged = map { my $line = $_; $line =~ /^(secops redis "…"): …: …$/
    ? map { "$1: $_: …" } @states : $line } @logged;

my %lines = map { $_ => 1 } @logged;
my %reasons = map { $_ => 1 } @reasons;

same([ $lines =~ /^\| `(secops.*?)` \|/mg ], [ sort keys %lines ],
    'lines of the error log');
like($lines, qr/[|,] `\Q$_\E`/, "operations.md tells of the reason: $_")
    foreach sort keys %reasons;


# --- tables and schemas -----------------------------------------------------

sub column {
    my ($name, $p, $required) = @_;
    my $type = ref $p->{type} ? join ' or ', @{$p->{type}} : $p->{type};

    $type = 'one of ' . join ', ', map { "`$_`" } @{$p->{enum}} if $p->{enum};
    $type = 'date and time' if ($p->{format} // '') eq 'glide-date-time';
    $type = 'date, or date and time'
        if ($p->{format} // '') eq 'glide-date-or-time';
    $type .= ", at most $p->{maxLength} characters" if $p->{maxLength};
    $type .= ", from $p->{minimum} to $p->{maximum}"
        if defined $p->{minimum} && defined $p->{maximum};

    return sprintf '| `%s` | %s | %s | %s |', $name, $type,
        $required ? 'yes' : '', $p->{description};
}


my @tables = map { basename($_, '.json') } glob "$code/schema/tables/*.json";

same([ section($record, '## Tables') =~ /^### (sn_\w+)$/mg ], \@tables,
    'tables');

foreach my $name (@tables) {
    my $schema = JSON::PP->new->decode(text("$code/schema/tables/$name.json"));
    my $section = section($record, "### $name");
    my %required = map { $_ => 1 } @{$schema->{required} // []},
        @{$schema->{else}{required} // []};

    my $about = "Endpoint `$schema->{'x-endpoint'}`, "
        . "subject `$schema->{'x-subject'}`. $schema->{description}\n";

    like($section, qr/^\Q$about\E/m, "$name: endpoint, subject and meaning");
    same([ $section =~ /^(\| `\w+` \|.*\|)$/mg ],
        [ map { column($_, $schema->{properties}{$_}, $required{$_}) }
            sort keys %{$schema->{properties}} ], "$name: columns");
}

foreach my $file (glob "$code/schema/resources/*.json") {
    my $type = basename($file, '.json');
    my $schema = JSON::PP->new->decode(text($file));
    my %required = map { $_ => 1 } @{$schema->{required} // []};
    my $section = section(text('docs/resources-api.md'),
        ($type =~ /^[aeiou]/ ? '## What an ' : '## What a ')
        . $type =~ s/_/ /r . ' is');

    # what the server fills in is passed over when it is sent
    same([ $section =~ /^(\| `\w+` \|.*\|)$/mg ],
        [ map { column($_, $schema->{properties}{$_}, $required{$_}) }
            grep { my $p = $schema->{properties}{$_};
                !$p->{readOnly} && !exists $p->{const} }
            sort keys %{$schema->{properties}} ], "$type: properties");
}


# --- the catalog ------------------------------------------------------------

my $catalog = text('docs/catalog.md');

is_deeply([ section($catalog, '## Shipped types') =~ /^(\| \d+ \|.*\|)$/mg ],
    [ map { my $type = $_; sprintf '| %d | %s | %s | `%s` |',
        @$type{qw(x-id title)}, join(', ', map { "`$_`" }
            grep { $type->{roles}{$_} } role_names()), $type->{file} }
        sort { $a->{'x-id'} <=> $b->{'x-id'} } types() ],
    'catalog.md: the shipped types');

is_deeply([ section($catalog, '## Shipped categories')
    =~ /^(\| \d+ \|.*\|)$/mg ], [ map { sprintf '| %d | %s | %s | %s | %s |',
        @$_{qw(x-id title)},
        (grep { $_ eq 'decision_points' } @{$_->{job}{required}})
            ? 'required' : 'none',
        join(', ', map { $_->{name} } @{$_->{labels}}),
        join(', ', @{$_->{processors}}) || '–' } categories() ],
    'catalog.md: the shipped categories');

same([ section($catalog, '### Integration types')
    =~ /^The roles, (.*?)\.$/ms ? $1 =~ /`(\w+)`/g : () ], [ role_names() ],
    'catalog.md: roles');
same([ map { /`([\w-]+)`/g } section($catalog, '## A type of your own')
    =~ /^\| (`[\w-]+`) \|/mg ], [ grep { !/^\$/ } keys %{JSON::PP->new->decode(
        text("$code/schema/meta/integration.json"))->{properties}} ],
    'catalog.md: members of a definition');

my ($type) = section($catalog, '## A type of your own')
    =~ /^```json\n(.*?)^```$/ms;
is($type, text('conf-examples/secops/integrations/greynoise.json'),
    'catalog.md: the example is the one in conf-examples');

my $own = section($record, '### A table of your own');
my ($keywords) = text(source('secops_schema_keyword.c'))
    =~ /secops_schema_keywords\[\] = \{(.*?)^\};/ms;
my ($formats) = text(source('secops_schema_format.c'))
    =~ /secops_schema_formats\[\] = \{(.*?)^\};/ms;

same([ map { /`([^`]+)`/g } $own =~ /^\| [\w ]+ \| (`.*) \|$/mg ],
    [ ($keywords // '') =~ /\{ "(\$?\w+)"/g, '$ref', 'x-' ], 'keywords');
same([ ($own =~ /^Formats: (.*?)\(/ms)[0] =~ /`([\w-]+)`/g ],
    [ ($formats // '') =~ /\{ "([\w-]+)"/g ], 'formats');


# --- links ------------------------------------------------------------------

sub anchor {
    my ($heading) = @_;
    $heading = lc $heading =~ s/\[(.*?)\]\(.*?\)/$1/gr;
    $heading =~ s/[^\w\- \x80-\xff]//g;
    return $heading =~ s/ /-/gr;
}


foreach my $name (@pages) {
    my $content = text($name) =~ s/^```.*?^```$//msgr;

    while ($content =~ /\]\(([^)\s]+)\)/g) {
        my $link = $1;
        next if $link =~ /^https?:/;

        my ($path, $anchor) = $link =~ /^([^#]*)#?(.*)$/;
        my $target = $path eq '' ? $name : dirname($name) . "/$path";

        if (!-f "$root/$target") {
            fail("$name: $link is there");
            next;
        }

        next if $anchor eq '';
        my %anchors = map { anchor($_) => 1 } text($target) =~ /^#+ (.*)$/mg;
        ok($anchors{$anchor}, "$name: $link leads somewhere");
    }
}

pass('links were followed');


# --- configurations ---------------------------------------------------------

my $t = SecOps->new();
my $redis = $t->redis();

foreach my $secret (qw(redis.password secops.htpasswd)) {
    $t->write($secret, "x\n");
}

# redis-ca.crt, redis-client.crt and .key, ca.crl

my $tls = SecOps::Tls->new($t, name => 'redis-ca');
$tls->certificate('redis-client');
$tls->revoke();

# a public key, a private one, a secret that will do and one that will not

my $private = `openssl genpkey -algorithm ED25519`;
$t->write('private.pem', $private);
$t->write('idp.pem', scalar `openssl pkey -pubout -in ${\ $t->dir()}/private.pem`);
$t->write('scripts.jwks', '{"kty":"oct","k":"' . 'k' x 43 . '"}');
$t->write('short.jwks', '{"keys":[{"kty":"oct","k":"c2hvcnQ"}]}');

my ($example) = $own =~ /^```json\n(.*?)^```$/ms;
my ($file) = $own =~ m{`/etc/nginx/(secops/tables/\w+\.json)`};
$t->write($file, $example);
$t->write('secops/integrations/greynoise.json', $type);

$t->write('secrets.key', 'ab' x 32);
chmod 0600, $t->dir() . '/secrets.key';

# http level or server level: what can not be in a server is tried outside

while ($page =~ /^```nginx\n(.*?)^```$/msg) {
    my $block = $1;
    my $outside = $block =~ /^(?:map|log_format|limit_req_zone
        |secops_(?:schema_dir|audit_refusals))\ /mx;
    my ($zone) = $block =~ /^ *limit_req zone=/m
        ? $page =~ /^(limit_req_zone .*)$/m : ();
    my $conf = "%%MAIN%%\nevents { }\nhttp {\n%%HTTP%%\n"
        . "secops_redis %%REDIS%%; secops_auth header;\n"
        . ($zone // '') . ($outside ? $block : '') . "server { listen 127.0.0.1:%%PORT%%;\n"
        . ($outside ? '' : $block) . "} }\n";

    $conf =~ s{/etc/nginx/}{%%DIR%%/}g;

    my ($valid, $output) = $t->t($conf);
    ok($valid, 'nginx -t accepts: ' . $block =~ s/\s+/ /gr) or diag($output);
}


# what the page says about bad values is what nginx -t says about these

my $api = 'secops_api; secops_redis redis://127.0.0.1; secops_auth header;';
my $provider = 'issuer x; key_request /k;';
my @bad = (
    'secops_api foo;', 'secops_api records records;',
    'secops_api errors health;', 'secops_api; secops_api;',
    'secops_api; secops_redis redis://127.0.0.1;',
    'secops_api; secops_auth header;',
    'secops_api; secops_redis redis://127.0.0.1; secops_auth variables;',
    'secops_api; secops_redis redis://127.0.0.1; secops_auth jwt;',
    'secops_auth foo;', 'secops_auth header header;',
    (map { "secops_api; secops_auth header; secops_redis $_;" }
        '127.0.0.1', 'redis://u:p@127.0.0.1',
        'redis://no-such-host.invalid', 'redis://u@127.0.0.1'
            . '; secops_redis_user x', 'redis://127.0.0.1/2'
            . '; secops_redis_database 3'),
    (map { "$api $_;" } 'secops_redis_user edge', 'secops_redis_database x',
        'secops_redis_password_file /etc/nginx/nope',
        'secops_redis_password_file /etc/nginx/empty',
        'secops_redis_connect_timeout x', 'secops_redis_timeout x',
        'secops_redis_timeout 0', 'secops_redis_ping x',
        'secops_redis_ssl_verify off'),
    (map { "secops_api; secops_auth header; $_;" }
        'secops_redis redis://m; secops_redis_sentinel "my master" 192.0.2.11',
        'secops_redis redis://m; secops_redis_sentinel m redis://192.0.2.11',
        'secops_redis redis://m2; secops_redis_sentinel m 192.0.2.11',
        'secops_redis unix:/m; secops_redis_sentinel m 192.0.2.11',
        'secops_redis redis://m; secops_redis_sentinel m 192.0.2.11;'
            . ' secops_redis_cluster on',
        'secops_redis redis://m; secops_redis_sentinel m 192.0.2.11;'
            . ' secops_redis_sentinel_user edge',
        'secops_redis redis://127.0.0.1; secops_redis_sentinel_ssl off'),
    (map { "secops_api; secops_auth header; secops_redis rediss://127.0.0.1; "
        . "secops_redis_ssl_$_;" } 'name x', 'verify maybe', 'verify_depth x',
        'protocols TLSv1.1', map { "verify off; secops_redis_ssl_$_" }
        'certificate x', 'password_file x'),
    (map { "secops_api; secops_auth header; secops_redis $_;" }
        'unix:/x; secops_redis_cluster on',
        'redis://127.0.0.1/2; secops_redis_cluster on',
        map({ "redis://127.0.0.1; secops_redis_cluster_$_" }
            'seed 10.0.0.2', 'map a b'),
        map({ "redis://127.0.0.1; secops_redis_cluster on;"
            . " secops_redis_cluster_$_" } 'seed 10.0.0.2:x', 'seed :7000',
            'map 172.17.0.2:x b', 'map a b:1',
            'map a b; secops_redis_cluster_map a c')),
    (map { "$api $_;" }
        'secops_redis_max_pending commands=0', 'secops_redis_prefix ""',
        map({ "secops_durability $_" } 'disk', 'replicas=0', 'memory timeout=1s',
            'fsync timeout=0', 'fsync; secops_redis_timeout 400ms'),
        'secops_user $nope', 'secops_trusted_proxy foo', 'secops_max_depth 0',
        'secops_max_batch 0', 'secops_max_resources count=0',
        'secops_query_scan records=0', 'secops_audit_maxlen x',
        'secops_event_queue x',
        'secops_retention 90x',
        map({ "secops_secrets_key_file /etc/nginx/$_" }
            qw(words.key many.key twice.key empty)),
        'secops_public_url $nope', 'secops_api_key_cache x',
        map({ "secops_header_$_ \"\"" } qw(user roles domain token api_key)),
        map({ "secops_${_}_role x; secops_${_}_role y" }
            qw(write read admin))),
    'secops_api; secops_auth jwt; secops_redis redis://127.0.0.1;'
        . ' secops_jwt_key_file /etc/nginx/idp.pem; secops_jwt_key_request /k;'
        . ' secops_jwt_issuer a b;',
    (map { "$api secops_jwt_$_;" }
        map({ "key_file /etc/nginx/$_" } qw(nope empty private.pem short.jwks),
            'x issuer='),
        'key_request keys', 'key_request /a; secops_jwt_key_request /a',
        'require x', 'require x ""', 'require x y; secops_jwt_require off',
        'claim_roles x x', 'claim_parents x; secops_jwt_claim_parents y',
        'key_request /keys interval=0', 'leeway x',
        map({ ("$_ \"\"", "$_ x; secops_jwt_$_ off") } qw(issuer audience)),
        'max_lifetime x', 'require_expiration maybe', 'require_domain maybe',
        'cache 0',
        map({ "claim_$_ x; secops_jwt_claim_$_ y" } qw(user roles domain))),
    map({ "$api secops_jwt_provider $_" } '"" { }', 'a { foo; }',
        'a { leeway; }', 'a { }', 'a { issuer x; }',
        "a { $provider } secops_jwt_provider a { $provider }",
        "a { $provider } secops_jwt_provider b { $provider }",
        "a { $provider } secops_jwt_leeway 1s;"),
);

$t->write('empty', '');
$t->write('words.key', 'ab' x 32 . "\na pass phrase\n");
$t->write('many.key', join "\n", map { sprintf '%064x', $_ } 1 .. 20);
$t->write('twice.key', 'ab' x 32 . "\n\n" . 'ab' x 32);
$t->write('unknown/tables/x.json', '{"foo":1}');
$t->write('twice/tables/x.json',
    '{"x-endpoint":"threat_lookup","x-label":"x"}');

# types of integrations, each with one thing wrong

my %mine = (
    unwritten => { token => { type => 'string', writeonly => 1 } },
    unmasked  => { token => { anyOf => [ { type => 'string',
        writeOnly => JSON::PP::true } ] } },
    undefault => {},
    untitled  => {},
);

foreach my $case (sort keys %mine) {
    $t->write("$case/integrations/mine.json", JSON::PP->new->encode({
        'x-id' => 2000, title => $case eq 'untitled' ? 'Kafka' : 'Mine',
        description => 'd',
        connection => { type => 'object', properties => $mine{$case} },
        roles => { input => { type => 'object', properties => { size =>
            { type => 'integer', $case eq 'undefault' ? (default => 'x') : ()
            } } } } }));
}

my %refused;

foreach my $case ((map { [ '', $_ ] } @bad),
    [ 'secops_audit_refusals 0r/s;', $api ],
    map({ [ "secops_schema_dir /etc/nginx/$_;", $api ] } qw(nope unknown twice),
        sort keys %mine))
{
    my ($http, $location) = @$case;
    my $conf = "%%MAIN%%\nevents { }\nhttp {\n%%HTTP%%\n"
        . "$http server { listen 127.0.0.1:%%PORT%%;\n"
        . "location /api/ { $location } } }\n";
    my ($valid, $output) = $t->t($conf =~ s{/etc/nginx/}{%%DIR%%/}gr);

    $refused{$1} = 1 while $output =~ /\[emerg\] \d+#\d+: (.*?)(?: in \/\S+)?$/mg;
}

%refused = map { my $line = $_; $line =~ s/\Q${\ $t->dir()}\E/\/etc\/nginx/g;
    $line =~ s/(nginx)\/un\w+\//$1\/secops\//; $line => 1 } keys %refused;

foreach my $of ($page, $catalog) {
    while ($of =~ /^Refused:\n\n```text\n(.*?)^```$/msg) {
        ok($refused{$_}, "nginx -t says: $_") foreach split /\n/, $1;
    }
}


# --- commands ---------------------------------------------------------------

my $conf = text('conf-examples/run.conf.in');
$conf =~ s/^(?:load_module|\@USER\@|worker_processes|daemon|pid) .*\n//mg;
$conf =~ s/^(?:\@USER\@|error_log .*)\n//mg;
$conf =~ s/^ *(?:access_log|\w+_temp_path) .*\n//mg;
$conf =~ s/\@PORT\@/%%PORT%%/g;
$conf =~ s/\@REDIS\@/%%REDIS%%/g;
$conf =~ s/^http \{\n/http {\n%%HTTP%%\nsecops_schema_dir %%DIR%%\/secops;\nsecops_audit_refusals 10r\/s;\n/m;
$t->run("%%MAIN%%\n$conf");

my $commands = 0;

# those of identity.md are run by t/010-conf-examples.t, each with its example

foreach my $name (grep { $_ ne 'docs/identity.md' } @pages) {
    my $console = SecOps::Console->new($t, $redis);
    my $content = text($name);
    my $new = $console->check($name, $content);

    $t->write("$root/$name", $new) if $new ne $content;
    $commands += $console->commands();
}

cmp_ok($commands, '>=', 20, 'commands were run');


# --- the ACL user -----------------------------------------------------------

# one request of each kind, as the user that the page sets up: the rights are
# enough, and none is there for nothing but those to connect

my ($acl) = text('docs/storage.md') =~ /(ACL SETUSER edge .*)/;
my @rights = $acl =~ /\+(\w+)/g;
my $user = SecOps->new();
my $store = $user->redis();

$acl =~ s/'//g;
$store->cmd(split ' ', $acl);
$user->write('password', "a-long-password\n");
$user->write('secrets.key', 'ab' x 32);
$user->run("%%MAIN%%\n" . <<'EOT');
events { }
http {
    %%HTTP%%
    server {
        listen 127.0.0.1:%%PORT%%;
        location /api/ {
            secops_api;
            secops_redis %%REDIS%%;
            secops_redis_user edge;
            secops_redis_password_file %%DIR%%/password;
            secops_auth header api_key;
            secops_api_key_cache 0;
            secops_secrets_key_file %%DIR%%/secrets.key;
        }
    }
}
EOT

sub statuses {
    my %who = ('X-SecOps-User' => 'a',
        'X-SecOps-Roles' => 'sn_sec_cmn.api_write sn_sec_cmn.admin');
    my $set = { a => { type => 'api_key', properties => { name => 'a',
        scopes => [ 'read:resources' ] } },
        b => { type => 'integration', properties => { title => 'b',
        integration_type => 'External REST API', parameters => {
            api_key => "{{api_keys(name='a')}}" } } } };
    my $made = $user->request('POST', '/api/v2/resources', \%who, $set);
    my $key = $made->{json}{created}[0]{value};
    my $record = $user->request('POST', '/api/sn_sec_cmn/'
        . 'integration_capabilities/threat_lookup', \%who,
        '{"observable":"x","finding":"Clean","source_engine":"y"}');

    # a list of which nothing is left
    my $table = '/api/now/table/sn_ti_lookup_result';
    my $dead = 'secops:{global:f}:idx:sn_ti_lookup_result';
    $store->cmd('RPUSH', $dead, 'f' x 32);

    # the last use is stored behind the answer's back
    my $title = '/api/v2/resources?title=a';
    my $listed = $key && $user->request('GET', $title,
        { 'x-arcanna-api-key' => $key });
    my $used = $key && wait_for(sub {
        $user->request('GET', $title, \%who)->{body} =~ /"last_used"/ }, 0.3);

    return join ' ', $made->{status}, $record->{status},
        $listed ? $listed->{status} : '-', $used ? 'used' : '-',
        map({ $user->request($_->[0], $_->[1] // '/', \%who,
                $_->[0] eq 'PATCH' ? '{"note":1}' : undef)->{status} }
            ['GET', $record->{headers}{location}],
            ['PATCH', $record->{headers}{location}],
            ['GET', '/api/secops/v1/subjects/x'],
            ['GET', $table], ['GET', "$table?sysparm_query=finding=Clean"],
            ['DELETE', $record->{headers}{location}]),
        $store->cmd('EXISTS', $dead) ? 'dead' : 'shed',
        map({ $user->request('GET', $_, \%who)->{status} } '/api/v1/health',
            '/api/secops/v1/audit', '/api/secops/v1/secrets/rotate',
            '/api/v2/resources'),
        $user->request('DELETE', '/api/v2/resources?title=b',
            \%who)->{status},
        @{$store->cmd('KEYS', '*:refs')} . '',
        $user->request('DELETE', $title, \%who)->{status},
        scalar @{$store->cmd('KEYS', 'secops:{key:*')};
}


my $all_well = '200 201 200 used 200 200 200 200 200 204 shed 200 200 200 200'
    . ' 200 0 200 0';
is(statuses(), $all_well, 'the rights in storage.md are enough');

foreach my $right (grep { !/^(?:ping|select)$/ } @rights) {

    # a key that the last round could not delete
    $store->cmd('FLUSHALL');
    $store->cmd('SCRIPT', 'FLUSH');
    $store->cmd('ACL', 'SETUSER', 'edge', "-$right");
    isnt(statuses(), $all_well, "$right is needed");
    $store->cmd('ACL', 'SETUSER', 'edge', "+$right");
}

is($user->quit(), 0, 'the nginx of this user ended when it was told to');
is_deeply([ $user->faults() ], [], '... without an alert');


# --- what is in Redis -------------------------------------------------------

# the page names each key that the module spells, and each command that the user
# above may send, and no other

my $storage = text('docs/storage.md');
my @spelled = text('ngx_secops_module/store/secops_keys.h')
    =~ /^ \* +(P:\{[^ ;]+)/mg;

cmp_ok(@spelled, '>=', 19, 'keys that the module spells');

foreach my $spelled (@spelled) {
    my $key = $spelled =~ s/<number>/N/r =~ s/<(\w+)>/\U$1/gr;
    like($storage, qr/`\Q$key\E`/, "storage.md has $key");
}

my ($sent) = $storage =~ /speaks the same protocol\. Used:(.*?)\n\n/s;
my %may = map { tr/|/ /r => 1 } $storage =~ /(?<=[ `]\+)([a-z|]+)/g;

is_deeply([ sort map { lc } $sent =~ /`([A-Z ]+)`/g ],
    [ sort 'auth', keys %may ], '... and the commands that the user may send');

$t->done();
