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
    my $module = text("$code/ngx_http_secops_module.c");
    my $conf = text("$code/ngx_http_secops_conf.c");
    my %found;

    while ($module =~ /\{\s ngx_string\("(secops_\w+)"\),\s*
                       ([A-Z0-9_|\s]+),\s*\w+,\s*\w+,\s*
                       (?:offsetof\(\w+,\s*([\w.]+)\)|0),/gx)
    {
        my ($name, $flags, $field) = ($1, $2, $3 // '');
        my @contexts = map { $flags =~ /NGX_HTTP_$_->[0]_CONF/ ? $_->[1] : () }
            [ MAIN => 'http' ], [ SRV => 'server' ], [ LOC => 'location' ];

        $found{$name} = { contexts => join(', ', @contexts),
            default => default("$module$conf", $name, $field =~ s/.*\.//r) };
    }

    return \%found;
}


# what a merge function puts where nothing was set, as a page prints it

sub default {
    my ($code, $name, $field) = @_;

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

    my ($kind, $value) = value($code, $field);

    return '—' if !defined $value || $value eq '""';
    return $value / 1000 . 's' if $kind eq 'msec_';
    return 0 if $value eq 'NGX_CONF_UNSET';
    return $value =~ s/"//gr;
}


sub value {
    my ($code, $field) = @_;
    my ($kind, $value) = $code =~ /ngx_conf_merge_(\w*?)value\(
        conf->(?:\w+\.)?$field,\s*prev->(?:\w+\.)?$field,\s*([^;]+?)\);/x;

    $value = eval $value if defined $value && $value =~ /^[\d *]+$/;
    return wantarray ? ($kind, $value) : $value;
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
    [ text("$code/ngx_http_secops_variables.c")
        =~ /\{ ngx_string\("(secops_\w+)"\)/g ], 'variables');


# --- errors -----------------------------------------------------------------

my $errors = text("$code/util/secops_error.c");
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

my $rows = section($record, '### Errors');

while ($rows =~ /^\| (\d+) \| `(.*?)` \|/mg) {
    my ($status, $message) = ($1, $2);
    $message =~ s/x,y,z$// if $message =~ /: x/;    # completed by the sender
    $message =~ s/x$// if $message =~ /table x/;
    push @told, "$status $message";
}

same(\@told, [ sort keys %messages ], 'error messages');

same([ map { s/ \| `(.*)`/ $1/r } section($page, '## secops_api errors')
    =~ /^\| (\d+ \| `.*?`) \|/mg ], [ sort keys %statuses ],
    'messages of statuses');

my $operations = text('docs/operations.md');
my %action = (
    REFUSE      => [ 'refused', 500 ],
    UNAVAILABLE => [ 'unavailable', 503 ],
    RECONNECT   => [ 'unavailable, reconnect', 503 ],
);
my @expected;
my $table = text("$code/redis/secops_redis_error.c");

while ($table =~ /secops_slice\("(\w*)"\), SECOPS_REDIS_(\w+),\s*"(.*?)" \}/g) {
    push @expected, sprintf '| %s | %s | %s | %s |',
        $1 eq '' ? 'any other' : "`$1`", @{$action{$2}}, $1 eq '' ? '–' : $3;
}

is_deeply([ section($operations, '## Errors of Redis')
    =~ /^(\| (?:`\w+`|any other) \|.*\|)$/mg ], \@expected,
    'the table of Redis\' errors is that of the code, in its order');


# --- what is logged ---------------------------------------------------------

my $lines = section($operations, '## The error log');
my @sources = map { glob "$code/$_" } qw(*.c */*.c);
my @states = map { text($_) =~ /_report\(redis,[^"]*"([a-z ]+)"\)/g } @sources;
my (@logged, @reasons);

foreach my $source (map { text($_) } @sources) {

    while ($source =~ /ngx_log_error\([^"]*?((?:"(?:[^"\\]|\\.)*"\s*)+)/g) {
        my $format = join '', $1 =~ /"((?:[^"\\]|\\.)*)"/g;

        $format =~ s/\\"/"/g;
        $format =~ s/%(?:u?[iLzT]|[VMsd])/…/g;
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
    $type .= ", at most $p->{maxLength} characters" if $p->{maxLength};
    $type .= ", from $p->{minimum} to $p->{maximum}" if defined $p->{minimum};

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

my $own = section($record, '### A table of your own');
my ($keywords) = text("$code/model/secops_schema_keyword.c")
    =~ /secops_schema_keywords\[\] = \{(.*?)^\};/ms;
my ($formats) = text("$code/model/secops_schema_format.c")
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

my ($example) = $own =~ /^```json\n(.*?)^```$/ms;
my ($file) = $own =~ m{`/etc/nginx/(secops/tables/\w+\.json)`};
$t->write($file, $example);

# http level or server level: what can not be in a server is tried outside

while ($page =~ /^```nginx\n(.*?)^```$/msg) {
    my $block = $1;
    my $outside = $block =~ /^(?:map|log_format|secops_schema_dir) /m;
    my $conf = "%%MAIN%%\nevents { }\nhttp {\n%%HTTP%%\n"
        . "secops_redis %%REDIS%%; secops_auth header;\n"
        . ($outside ? $block : '') . "server { listen 127.0.0.1:%%PORT%%;\n"
        . ($outside ? '' : $block) . "} }\n";

    $conf =~ s{/etc/nginx/}{%%DIR%%/}g;

    my ($valid, $output) = $t->t($conf);
    ok($valid, 'nginx -t accepts: ' . $block =~ s/\s+/ /gr) or diag($output);
}


# what the page says about bad values is what nginx -t says about these

my $api = 'secops_api; secops_redis redis://127.0.0.1; secops_auth header;';
my @bad = (
    'secops_api foo;', 'secops_api records records;',
    'secops_api errors health;', 'secops_api; secops_api;',
    'secops_api; secops_redis redis://127.0.0.1;',
    'secops_api; secops_auth header;',
    'secops_api; secops_redis redis://127.0.0.1; secops_auth variables;',
    'secops_auth jwt;', 'secops_auth header header;',
    (map { "secops_api; secops_auth header; secops_redis $_;" }
        '127.0.0.1', 'rediss://127.0.0.1', 'redis://u:p@127.0.0.1',
        'redis://no-such-host.invalid', 'redis://u@127.0.0.1'
            . '; secops_redis_user x', 'redis://127.0.0.1/2'
            . '; secops_redis_database 3'),
    (map { "$api $_;" } 'secops_redis_user edge', 'secops_redis_database x',
        'secops_redis_password_file /etc/nginx/nope',
        'secops_redis_password_file /etc/nginx/empty',
        'secops_redis_connect_timeout x', 'secops_redis_timeout x',
        'secops_redis_timeout 0',
        'secops_redis_max_pending commands=0', 'secops_redis_prefix ""',
        'secops_user $nope', 'secops_trusted_proxy foo', 'secops_max_depth 0',
        'secops_max_batch 0', 'secops_audit_maxlen x',
        map({ "secops_header_$_ \"\"" } qw(user roles domain)),
        map({ "secops_${_}_role x; secops_${_}_role y" } qw(write read))),
);

$t->write('empty', '');
$t->write('unknown/tables/x.json', '{"foo":1}');
$t->write('twice/tables/x.json',
    '{"x-endpoint":"threat_lookup","x-label":"x"}');

my %refused;

foreach my $case ((map { [ '', $_ ] } @bad),
    map({ [ "secops_schema_dir /etc/nginx/$_;", $api ] } qw(nope unknown twice)))
{
    my ($http, $location) = @$case;
    my $conf = "%%MAIN%%\nevents { }\nhttp {\n%%HTTP%%\n"
        . "$http server { listen 127.0.0.1:%%PORT%%;\n"
        . "location /api/ { $location } } }\n";
    my ($valid, $output) = $t->t($conf =~ s{/etc/nginx/}{%%DIR%%/}gr);

    $refused{$1} = 1 while $output =~ /\[emerg\] \d+#\d+: (.*?)(?: in \/\S+)?$/mg;
}

%refused = map { my $line = $_; $line =~ s/\Q${\ $t->dir()}\E/\/etc\/nginx/g;
    $line =~ s/(nginx)\/unknown\//$1\/secops\//; $line => 1 } keys %refused;

while ($page =~ /^Refused:\n\n```text\n(.*?)^```$/msg) {
    ok($refused{$_}, "nginx -t says: $_") foreach split /\n/, $1;
}


# --- commands ---------------------------------------------------------------

# what differs from run to run; ids that stand in a command are those that an
# earlier one printed

my %id;

sub normal {
    my ($output) = @_;
    $output =~ s/\b[0-9a-f]{32}\b/ID/g;
    $output =~ s/\b\d{13}(-\d+)?\b/TIME/g;
    $output =~ s/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/TIME/g;
    $output =~ s/^(Date: |Server: ).*/$1/mg;
    return $output;
}


sub remember {
    my ($shown, $got) = @_;
    my @shown = $shown =~ /\b([0-9a-f]{32})\b/g;
    my @got = $got =~ /\b([0-9a-f]{32})\b/g;
    @id{@shown} = @got if @shown == @got;
}


my $last = '';

sub execute {
    my ($command, $before) = @_;
    my $port = $t->port();
    my $quoted = $command;

    $quoted =~ s/\b([0-9a-f]{32})\b/$id{$1} \/\/ $1/ge;
    $quoted =~ s/\bSYSID\b/$last/g;

    # as on a terminal, unless another program reads it
    my $raw = $command =~ /\|/ ? '' : ' --no-raw';
    $quoted =~ s/redis-cli -s run\/redis\.sock/redis-cli$raw -s $redis->{socket}/g;

    my $script = "$before\n$quoted\n" =~ s/127\.0\.0\.1:8480/127.0.0.1:$port/gr;
    $script =~ s/\bcurl /curl -s /g;

    open my $shell, '-|', 'bash', '-c', "$script" or die "can not run bash: $!";
    my $output = do { local $/; <$shell> } // '';
    close $shell;

    my ($sys_id) = $output =~ /"sys_id":"(\w{32})"/;
    $last = $sys_id // $last;

    return ($output, $quoted);
}


my $conf = text('conf-examples/run.conf.in');
$conf =~ s/^(?:load_module|\@USER\@|worker_processes|daemon|pid) .*\n//mg;
$conf =~ s/^(?:\@USER\@|error_log .*)\n//mg;
$conf =~ s/^ *(?:access_log|\w+_temp_path) .*\n//mg;
$conf =~ s/\@PORT\@/%%PORT%%/g;
$conf =~ s/\@REDIS\@/%%REDIS%%/g;
$conf =~ s/^http \{\n/http {\n%%HTTP%%\nsecops_schema_dir %%DIR%%\/secops;\n/m;
$t->run("%%MAIN%%\n$conf");

my $commands = 0;

foreach my $name (@pages) {
    my $content = text($name);
    my $before = '';
    my $new = '';

    foreach my $part (split /(^```console\n.*?^```$)/ms, $content) {
        if ($part !~ /^```console\n(.*)^```$/ms) {
            $new .= $part;
            next;
        }

        my @steps = split /^(?=\$ )/m, $1;
        $new .= "```console\n";

        foreach my $step (@steps) {
            my ($command, $shown) = $step =~ /^\$ (.*?)\n(.*)\z/s;
            my ($output, $run) = execute($command, $before);

            $before .= "$command\n" if $command =~ /^\w+=/;
            $output .= "\n" if length $output && $output !~ /\n\z/;
            $output =~ s/\r//g;
            $commands++;

            if ($ENV{SECOPS_WRITE_DOCS}) {
                $run =~ s/redis-cli( --no-raw)? -s \S+/redis-cli -s run\/redis.sock/;
                $new .= "\$ $run\n$output";
                next;
            }

            remember($shown, $output);
            is(normal($output), normal($shown), "$name: $command");
        }

        $new .= '```';
    }

    $t->write("$root/$name", $new) if $ENV{SECOPS_WRITE_DOCS};
}

cmp_ok($commands, '>=', 20, 'commands were run');

$t->done();
