# The rules of the source tree that no compiler checks: config names exactly
# the files that exist, includes and calls go down only, a file's prefix says
# what it may see, one file sends responses, and the C is laid out as nginx's is.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use File::Find;
use SecOps;
use SecOps::Tree qw(bare slurp %BELOW);

my $root = root();
my $top = 'ngx_secops_module';

# configuration and request context, shared by all that see a request
my $shared = 'http/ngx_http_secops.h';

my $sender = 'http/ngx_http_secops_reply.c';


sub files { # of a folder below the root, without version control and builds
    my ($folder, $pattern) = @_;
    my @found;

    return () unless -e "$root/$folder";

    find({ no_chdir => 1, wanted => sub {
        my $path = $File::Find::name;
        if (-d $path) {
            $File::Find::prune = 1 if $path =~ m{^\Q$root\E/(\.git|build|run)$};
            return;
        }
        push @found, substr $path, length("$root/") if $path =~ $pattern;
    } }, "$root/$folder");

    return sort @found;
}


sub none { # an assertion that lists what breaks it
    my ($name, @found) = @_;
    ok(!@found, $name) or diag(map { "$_\n" } @found);
}


my @sources = files($top, qr/\.[ch]$/);
my %text = map { $_ => slurp("$root/$_") } @sources;
my %short = map { $_ => substr $_, length("$top/") } @sources;
my %exists = map { $short{$_} => 1 } @sources;


# config

my $config = slurp("$root/config");

foreach my $list (['SECOPS_DEPS', 'h', 'header'], ['SECOPS_SRCS', 'c', 'source'])
{
    my ($variable, $extension, $what) = @$list;
    my ($value) = $config =~ /^$variable="(.*?)"/ms;
    my @named = ($value // '') =~ m{\$secops_dir/(\S+)}g;
    my %named = map { $_ => 1 } @named;
    my %seen;

    none("config names every $what", map { "missing: \$secops_dir/$_" }
        grep { /\.$extension$/ && !$named{$_} } sort keys %exists);
    none("config names no $what that is not there",
        grep { !$exists{$_} } @named);
    none("config names no $what twice", grep { $seen{$_}++ } @named);
}


# names

my %basenames;
push @{$basenames{s{.*/}{}r}}, $_ foreach @sources;

none('two files never share a name: objects lie together',
    map { "@{$basenames{$_}}" } grep { @{$basenames{$_}} > 1 }
    sort keys %basenames);

none('every file begins with a prefix that tells its layer',
    grep { !m{(?:^|/)(?:ngx_http_secops|ngx_secops|secops)[a-z0-9_]*\.[ch]$} }
    @sources);


# includes

my (@upward, @unknown, @nginx, @http);

foreach my $path (@sources) {
    my $name = $short{$path};
    my $folder = $name =~ m{^([^/]+)/} ? $1 : 'face';
    my ($base) = $name =~ m{([^/]+)$};

    while ($text{$path} =~ /^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]/mg) {
        my ($quote, $include) = ($1, $2);

        if ($quote eq '"') {
            my $target = $include =~ m{^([^/]+)/} ? $1 : 'face';

            push @unknown, "$name: $include" unless $exists{$include};

            push @upward, "$name: $include"
                unless $target eq $folder
                || grep({ $_ eq $target } @{$BELOW{$folder} // []})
                || ($include eq $shared && $base =~ /^ngx_http_secops/
                    && $folder ne 'util');
        }

        push @nginx, "$name: $include"
            if $base =~ /^secops/ && $include =~ m{(?:^|/)ngx_};

        push @http, "$name: $include"
            if $base =~ /^ngx_secops/ && $include =~ m{(?:^|/)ngx_http};
    }
}

none('an include is named from the one include root', @unknown);
none('includes go down only', @upward);
none('secops_* files see no nginx', @nginx);
none('ngx_secops_* files see no request', @http);

# ngx_config.h asks libc for what nginx needs, which has no effect once a system
# header was read
none('a file that sees nginx includes an ngx_ header before any other',
    map { $short{$_} } grep {
        $text{$_} =~ /^[ \t]*#[ \t]*include[ \t]*[<"]([^>"]+)/m
            && $1 !~ m{(?:^|/)ngx_}
    } grep { m{/ngx_[^/]*$} } @sources);

# these too would show a request's side to a file that must not know it
none('ngx_secops_* and secops_* files name nothing of ngx_http_*',
    map { $short{$_} } grep { bare($text{$_}) =~ /\bngx_http_\w/ }
    grep { !m{/ngx_http_[^/]*$} } @sources);

none("only $sender sends a response",
    map { $short{$_} } grep {
        bare($text{$_}) =~ /\bngx_http_(?:send_\w+|output_filter)\s*\(/
    } grep { $short{$_} ne $sender } @sources);

# a request that waits is run, ended and led on in one place; who begins one, or
# ends the subrequest that fetches keys, is named too
my $waker = 'http/ngx_http_secops_request.c';
my $phases = qr/ngx_http_secops_phases\.c$/;
my $fetcher = 'identity/jwt/ngx_http_secops_jwt_keys.c';

none("only $waker wakes a request",
    map { $short{$_} } grep {
        bare($text{$_}) =~ /\bngx_http_(?:run_posted_requests
            |set_log_request|finalize_request)\s*\(/x
    } grep { $short{$_} ne $waker && $short{$_} ne $fetcher
        && $_ !~ $phases } @sources);

# what an operation has under way is kept, counted and cancelled for it
my @operations = grep { $short{$_} =~ m{^api/} } @sources;

none('an operation waits by http/ngx_http_secops_calls.h alone',
    map { $short{$_} } grep {
        bare($text{$_}) =~ /\bngx_(?:http_secops_wake|add_timer|post_event
            |secops_store_cancel)\s*\(|\bcall\.handler\b
            |\bcalls\.(?:first|before|pause)\b
            |\bcalls\.pending\s*(?:[-+]|=[^=])|\bredis_time\s*[-+]?=[^=]/x
    } @operations);

none('an operation has its error from the table of http/ngx_http_secops_fail.c',
    map { $short{$_} } grep {
        bare($text{$_}) =~ /\bNGX_SECOPS_STORE_(?:REFUSED|UNAVAILABLE)\b/
    } @operations);

none('an operation has its context from its call, not from the request',
    map { $short{$_} } grep {
        bare($text{$_}) =~ /\bngx_http_get_module_ctx\s*\(/
    } grep { $short{$_} =~ m{^(?:api|identity)/} } @sources);

none('only store/secops_keys.c spells a key',
    map { $short{$_} } grep {
        $text{$_} =~ /"[^"\n]*:(?:rec|idx|sub|one|audit)(?![a-z])[^"\n]*"/
    } grep { $short{$_} !~ m{^store/secops_keys\.} } @sources);

# scripts: Redis has Lua 5.1, which sees no other globals here

my @scripts = map { "'$root/$_'" } files("$top/store/lua", qr/\.lua$/);
my $luacheck = 'luacheck --no-color --no-config --std lua51 --ignore 213'
    . ' --read-globals redis cjson KEYS ARGV';
my $checked = `$luacheck -- @scripts 2>&1`;

ok(@scripts && $? == 0, 'luacheck has nothing against a script')
    or diag($checked);


# calls

my $tree = SecOps::Tree->new("$root/$top");

none('no file names a function of a layer above its own',
    $tree->upward(\%BELOW));

# functions that only their own file uses are static; a unit test may use one
my $uses = $tree->uses;
my %used = map { $_ => 1 } map { map { @$_ } values %$_ } values %$uses;
my $headers = join '', (map { bare($text{$_}) } grep { /\.h$/ } @sources);
my $units = join '', map { slurp("$root/$_") } files('t', qr/\.[ch]$/);

none('a function that no other file uses is static', grep {
    !$used{$_} && $units !~ /\b\Q$_\E\b/
        && (() = $headers =~ /\b\Q$_\E\b/g) < 2
} sort keys %{$tree->{owner}});

# t/circles.txt has the files that use each other in a circle: which of them are
# no longer in one must leave the list, and no other may come

my %listed = map { $_ => 1 } split /\n/, slurp("$root/t/circles.txt");
my %circling = map { $_ => 1 } map { @$_ } $tree->circles;

none('no file is in a circle of calls but those of t/circles.txt',
    grep { !$listed{$_} } sort keys %circling);
none('all files of t/circles.txt are in one: it may only become shorter',
    grep { !$circling{$_} } sort keys %listed);

# what pure functions return (docs/decisions.md): 1 or 0 is the answer to a
# question, which the name asks; a value or a state may be told beside -1

my $question = qr/_(?:is|are|has|can|may|asks|meets|changes)(?:_|$)
    |_(?:same|equal|full|known|valid|expired|anchored|next)(?:_|$)/x;

sub answers { # what a function returns, each without white space
    return map { s/\s+//gr } $_[0]{body} =~ /\breturn\b([^;]*);/g;
}

my @pure = grep {
    $_->{file} =~ m{(?:^|/)secops_[^/]*$} && $_->{type} eq 'int'
} @{$tree->functions};

none('a pure function that answers 1 or 0 has a name that asks',
    map { "$_->{file}: $_->{name}" } grep {
        my @answers = answers($_);
        $_->{name} !~ $question
            && !grep({ /^-1$|_ERROR$|\?/ } @answers)
            && grep({ /^1$|^!|[=!<>]=|&&|\|\|/ } @answers);
    } @pure);
none('a pure function whose name asks does not fail',
    map { "$_->{file}: $_->{name}" } grep {
        $_->{name} =~ $question && $_->{name} !~ /_next$/
            && grep { /^-1$|:-1$|_ERROR$/ } answers($_);
    } @pure);

my %folders = $tree->folders;
none('no folder has more than 25 files',
    map { "$_: $folders{$_}" } grep { $folders{$_} > 25 } sort keys %folders);


# tests

my %numbers;
push @{$numbers{m{^t/(\d+)-[^/]+$} ? $1 : 'none'}}, $_
    foreach files('t', qr{^\Q$root/t\E/[^/]+\.t$});
none('no two tests have the same number',
    map { "@{$numbers{$_}}" } grep { @{$numbers{$_}} > 1 } sort keys %numbers);


# layout

my @c = (@sources, files('t', qr/\.[ch]$/));
$text{$_} //= slurp("$root/$_") foreach @c;

sub lines {
    my ($pattern, $code, @paths) = @_;
    my @found;

    foreach my $path (@paths) {
        my $number = 0;
        foreach my $line (split /\n/, $code->($text{$path})) {
            $number++;
            push @found, "$path:$number: $line" if $line =~ $pattern;
        }
    }

    return @found;
}

my $as_is = sub { $_[0] };

none('no line of C is longer than 80 columns', lines(qr/.{81}/, $as_is, @c));
none('no // comment', lines(qr{//}, \&bare, @c));
none('no macro with control flow',
    map { /^(.{0,100})/s; $1 } grep {
        /\b(?:return|goto|break|continue)\b/
    } map { bare($text{$_}) =~ /^[ \t]*#[ \t]*define(?:[^\n]*\\\n)*[^\n]*/mg }
    @sources);
none('a header is guarded by its own name', grep {
    my $guard = '_' . uc(m{([^/]+)\.h$} ? $1 : '') . '_H_INCLUDED_';
    $text{$_} !~ /^#ifndef \Q$guard\E\n#define \Q$guard\E\n/m
} grep { /\.h$/ } @sources);

my @plain = map { files($_, qr/\.(?:[ch]|p[lmy]|t|sh|json|md|in|conf|supp|lua|m?js)$/) }
    qw(ngx_secops_module t scripts conf-examples docs bench);
push @plain, grep { -f "$root/$_" } qw(config README.md LICENSE);
$text{$_} //= slurp("$root/$_") foreach @plain;

none('no tab', lines(qr/\t/, $as_is, grep { !/\.md$/ } @plain));
none('no space at the end of a line', lines(qr/[ \t]$/, $as_is, @plain));
none('every file ends with a newline, and one only',
    grep { $text{$_} ne '' && $text{$_} !~ /[^\n]\n\z/ } @plain);


# what the module exports

my $module = ($ENV{SECOPS_BUILD_DIR} // "$root/build")
    . '/ngx_http_secops_module.so';

SKIP: {
    skip 'the module is not built', 3 unless -f $module;

    none('every symbol that the module exports has its prefix',
        grep { !/^(?:ngx_http_secops|ngx_secops|secops)_/
            && !/^ngx_module(?:s|_names|_order)$/ && !/^_/ }
        map { (split)[2] } split /\n/, `nm -D --defined-only '$module'`);

    # another module may have functions of the same names

    my %own = map { (split)[2] => 1 } grep { / T / } split /\n/,
        `nm -D --defined-only '$module'`;
    my @bound = grep { /R_\w+_/ } split /\n/, `readelf -rW '$module'`;

    ok(%own && @bound, 'the module has functions, and names of others');
    none('no function of the module itself is looked up by its name',
        grep { $own{$_} } map { (split)[4] // '' } @bound);
}

done_testing();
