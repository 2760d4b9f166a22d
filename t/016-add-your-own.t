# docs/extending.md tells how to add a directive, an endpoint, a table and so
# on.  Its steps are taken here, as they stand there, in a copy of the sources;
# the copy is built once, and each new thing is tried.  The tests that compare
# the code with the pages and the layers must pass on the copy, too.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use File::Temp;
use SecOps;
use SecOps::Records;

plan(skip_all => 'pages are tried with the plain build')
    if ($ENV{SECOPS_MODULE} // 'plain') eq '';

my $root = root();
my $folder = File::Temp->newdir('secops-copy-XXXXXX', TMPDIR => 1,
    CLEANUP => !$ENV{SECOPS_KEEP});
my $copy = "$folder";
my $page = text("$root/docs/extending.md");


sub text {
    my ($path) = @_;
    open my $file, '<:raw', $path or die "can not read $path: $!";
    local $/;
    return scalar <$file>;
}


sub write_text {
    my ($path, $text) = @_;
    open my $file, '>:raw', $path or die "can not write $path: $!";
    print $file $text;
    close $file or die "can not write $path: $!";
}


sub run { # a program in the copy, without what this test was told
    my (@command) = @_;
    delete local @ENV{grep { /^SECOPS_/ } keys %ENV};

    # ccache finds what the sources themselves were built to, if there is one
    local $ENV{CCACHE_BASEDIR} = $copy;
    local $ENV{CCACHE_NOHASHDIR} = 1;
    local $ENV{SECOPS_WRITE_DOCS} = 1;
    my $output = qx(cd $copy && @command 2>&1);

    return $? == 0 ? undef : $output;
}


# --- architecture.md: each function is where the page says ------------------

my $architecture = text("$root/docs/architecture.md");
my $functions = 0;

while ($architecture =~ /\[`(\w+)\(\)`\]\(\.\.\/([^)]+)\)/g) {
    my ($name, $path) = ($1, $2);
    like(-f "$root/$path" ? text("$root/$path") : '', qr/^\Q$name\E\(/m,
        "architecture.md: $name() is in $path");
    $functions++;
}

cmp_ok($functions, '>=', 12, 'architecture.md: functions were read');


# --- extending.md: the steps ------------------------------------------------

# one line of a file, by all of it or by how it begins; blanks count as one

sub insert {
    my ($path, $where, $beginning, $line, $block) = @_;
    my @lines = split /^/m, text("$copy/$path");
    my $wanted = join ' ', split ' ', $line;
    my @found = grep {
        my $got = join ' ', split ' ', $lines[$_];
        $beginning ? index($got, $wanted) == 0 : $got eq $wanted;
    } 0 .. $#lines;

    is(scalar @found, 1, "$path has one line \"$wanted\"") or return;

    splice @lines, $found[0] + ($where eq 'after' ? 1 : 0),
        $where =~ /^instead/ ? 1 : 0, $block;
    write_text("$copy/$path", join '', @lines);
}


is(system("cd $root && tar cf - --exclude=./build --exclude=./run"
    . " --exclude=./.git . | tar xf - -C $copy"), 0, 'the sources were copied');

my $steps = 0;

while ($page =~ /(?:New\ file\s+`([^`]+)`
                   |In\s+\[[^\]]*\]\(([^)]+)\),\s+(after|before|instead\ of)\s+
                    (the\s+line\s+that\s+begins\s+with\s+)?(`+)\ ?(.+?)\ ?\5)
                 :\n\n```\w+\n(.*?)^```$/msgx)
{
    my ($new, $link, $where, $beginning, $line, $block)
        = ($1, $2, $3, $4, $6, $7);

    $steps++;

    if (defined $new) {
        ok(!-e "$copy/$new", "$new is new");
        write_text("$copy/$new", $block);
        next;
    }

    insert($link =~ /^\.\.\/(.*)/ ? $1 : "docs/$link", $where, $beginning,
        $line, $block);
}

is($steps, () = $page =~ /^```\w/mg, 'each block of the page is a step');

my $failed = run('scripts/build.sh', 'module');
is($failed, undef, 'the copy was built');
BAIL_OUT('the copy was not built') if defined $failed;

foreach my $test (qw(001-tree 011-docs 101-redis-errors 205-matrix)) {
    is(run('prove', "t/$test.t"), undef, "the copy: t/$test.t passes");
}


# --- extending.md: what came of it ------------------------------------------

$ENV{SECOPS_MODULE} = "$copy/build/ngx_http_secops_module.so";

my $t = SecOps->new();
my $redis = $t->redis();

my $socket = $t->dir() . '/local.sock';

sub place { # a location beside /api/, with directives of its own
    my ($name, $directives) = @_;
    return "location /$name/ { rewrite ^/$name(/.*)\$ \$1 break; secops_api;"
        . " secops_redis %%REDIS%%; $directives }\n";
}

$t->run(conf(http => 'secops_site outer;', listen => ";\nlisten unix:$socket",
    server => place('same', 'secops_auth header;')
        . place('other', 'secops_auth header; secops_redis_lane 2;')
        . place('local', 'secops_auth socket;')));

ok(wait_for(sub {
    my @links = grep { !/cmd=client/ } split /\n/, $redis->cmd('CLIENT', 'LIST');
    return @links == 2;
}), 'a directive of Redis: locations that differ in it share no connection');

my $curl = "curl -s --unix-socket $socket -H Content-Type:application/json -d"
    . " '{\"observable\":\"x\",\"finding\":\"Clean\",\"source_engine\":\"y\"}'"
    . ' http://x/local' . path();
like(scalar qx($curl), qr/"sys_created_by":"local"/,
    'a method of authentication: the caller by the socket is known');
is($t->request('POST', '/local' . path(), who(), records())->{status}, 401,
    '... but not by that method');

is(get($t, '/api/secops/v1/site')->{body}, '{"site":"outer"}',
    'a directive is inherited, an endpoint answers');

my $made = post($t, { host => 'web-01', cve => 'CVE-2026-0001' },
    endpoint => 'vulnerability');
is($made->{status}, 201, 'a table: a record is stored');
is(get($t, $made->{headers}{location})->{json}{result}{cve}, 'CVE-2026-0001',
    '... and read');
like(get($t, $made->{headers}{location}
    =~ s{/now/table/}{/secops/v1/size/}r)->{body}, qr/^\{"bytes":\d\d\d\}$/,
    'an endpoint that asks Redis: it answers what Redis has');
is(post($t, { host => 'web-01' }, endpoint => 'vulnerability')->{status}, 400,
    '... and must have its mandatory fields');

my $type = { scan => { type => 'integration', properties => { title => 'Scan',
    integration_type => 'URL scanner', parameters => { api_key => 'k' } } } };
is($t->request('POST', '/api/v2/resources', who(), $type)->{status}, 200,
    'an integration type: an integration is created');
delete $type->{scan}{properties}{parameters}{api_key};
$type->{scan}{properties}{title} = 'Another';
is($t->request('POST', '/api/v2/resources', who(), $type)->{status}, 422,
    '... and its parameters are checked');

$t->done();
