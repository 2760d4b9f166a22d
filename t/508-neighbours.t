# Other modules in the same nginx, Debian's own.  nchan carries a hiredis whose
# structs differ from those of libhiredis, and nginx loads all modules into one
# name space: whoever binds to the other's functions takes the worker down.  So
# the module's hiredis is its own, in either order of loading, and both modules
# are really used here: a record is posted and read, a message is published and
# received, each through a Redis.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use SecOps;
use SecOps::Records;

my $t = SecOps->new();
my $redis = $t->redis(tcp => 1);
my $file = $t->{module} ne '' ? $t->{module} : $t->{nginx};


# names of another's hiredis: its functions, and those that it brings along

sub shared_names {
    my ($path, $kind) = @_;
    return grep { /^(?:__)?redis[A-Z]|^redisv|^sds|^hi_|^freeReplyObject/ }
        map { /(\S+)$/ ? $1 : () } `nm -D $kind '$path' 2>&1`;
}

is(join(' ', shared_names($file, '--defined-only')), '',
    'D1: no function of hiredis can be bound from outside');
is(join(' ', shared_names($file, '--undefined-only')), '',
    'D1: none is looked for outside');
like(`nm -D '$file' 2>&1`, qr/\bngx_http_secops_module\b/,
    '... which nm would have shown');


# The file "config" by itself, as nginx's configure runs it, with a compiler that
# can not find the files that match.

sub configured {
    my ($missing) = @_;
    my $dir = $t->dir() . '/configure';
    my ($src) = grep { -f "$_/auto/feature" }
        ($ENV{NGX_SRC} // ()), '/usr/share/nginx/src';
    my $cc = $t->write("$dir/cc", <<"EOT");
#!/bin/sh
if echo "\$@" | grep -q -- '$missing' || grep -qs '$missing' autotest.c; then
    echo 'not found' >&2; exit 1
fi
exec cc "\$@"
EOT

    chmod 0755, $cc;
    symlink "$src/auto", "$dir/auto";

    my $root = root();
    return `cd '$dir' && CC='$cc' NGX_AUTOTEST='$dir/autotest' \\
        NGX_AUTOCONF_ERR='$dir/err' NGX_OBJS='$dir/objs' ngx_n= ngx_c= \\
        ngx_module_link=DYNAMIC ngx_addon_dir='$root' sh '$root/config' 2>&1`;
}

my $out = configured('libhiredis[.]a');
like($out, qr/needs the static archive of hiredis, libhiredis\.a/,
    'D1: configure says what is missing without the archive');
like($out, qr/libhiredis-dev.*--with-ld-opt=-L/, '... and where to get it');
like(configured('hiredis/read[.]h'), qr/needs hiredis 0\.14 or later: install/,
    '... without the headers it asks for these');


# of Debian's modules: "load_module" lines, those that others need first

sub installed {
    my ($modules) = $t->version() =~ /--modules-path=(\S+)/;
    my @names = map { $t->read($_) =~ m{load_module\s+modules/(\S+);}g }
        glob '/usr/share/nginx/modules-available/*.conf';
    my %first = ('ndk_http_module.so' => 1, 'ngx_stream_module.so' => 1);

    return map { "$modules/$_" } sort {
        ($first{$b} // 0) <=> ($first{$a} // 0) || $a cmp $b
    } grep { -f "$modules/$_" } @names;
}


sub messages { # nchan's locations
    my $url = $redis->url();

    return (http => "upstream messages { nchan_redis_server $url; }",
        server => <<'EOT');
        location /publish {
            nchan_publisher;
            nchan_channel_id one;
            nchan_redis_pass messages;
        }

        location /subscribe {
            nchan_subscriber longpoll;
            nchan_subscriber_first_message oldest;
            nchan_channel_id one;
            nchan_redis_pass messages;
        }
EOT
}


sub both_work {
    my ($name, $text) = @_;
    my @workers = $t->workers();

    # nchan answers 503 until it knows its Redis
    my $r = wait_for(sub {
        my $r = $t->request('POST', '/publish', {}, $text);
        return $r && $r->{status} =~ /^20[12]$/ && $r;
    }, 20);
    ok($r, "$name: nchan publishes to its Redis");

    $r = $t->request('GET', '/subscribe', {}, undef, timeout => 20);
    is($r && $r->{body}, $text, '... and has it from there');

    my $posted = 0;
    foreach my $i (1 .. 20) {
        my $r = post($t, records(observable => "$text$i"));
        next unless $r && $r->{status} == 201;

        my $read = get($t, $r->{headers}{location},
            roles => 'sn_sec_cmn.api_read');
        $posted++ if $read && $read->{status} == 200
            && $read->{body} =~ /"observable":"\Q$text$i\E"/;
    }
    is($posted, 20, "$name: records are posted and read back");

    $r = post($t, { data => [ map { records(observable => "b$_") } 1 .. 50 ] });
    is($r && $r->{status}, 201, '... and a batch');

    $r = $t->request('POST', '/publish', {}, "$text again");
    like($r && $r->{status}, qr/^20[12]$/, '... and nchan still publishes');

    is(join(' ', $t->workers()), "@workers", '... all by the same worker');
}


sub loaded { # nginx with these modules, in this order
    my ($name, @modules) = @_;
    local $t->{module} = '';
    local $t->{main} = join '', map { "load_module $_;\n" } @modules;

    # the last case's messages are among the oldest ones
    $redis->cmd('FLUSHALL');

    my $running = eval { $t->run(conf(messages())) };
    ok($running, "$name: nginx runs") or diag($@);
    return $running;
}


SKIP: {
    skip 'the module is linked into this nginx, which loads no others', 1
        if $t->{module} eq '';

    my @others = installed();
    my ($nchan) = grep { /nchan/ } @others;

    ok($nchan, 'nchan is installed') or last SKIP;
    cmp_ok(scalar shared_names($nchan, '--defined-only'), '>', 50,
        '... and has a hiredis that anybody can bind to');
    cmp_ok(scalar @others, '>', 15, 'all of nginx-extras is installed');

    foreach my $case (
        ['D1: nchan first', $nchan, $t->{module}],
        ['D1: nchan last', $t->{module}, $nchan],
        ['D1: all of nginx-extras first', @others, $t->{module}],
        ['D1: all of nginx-extras last', $t->{module}, @others])
    {
        my ($name, @modules) = @$case;

        loaded($name, @modules) or next;
        both_work($name, "text of $name");
        is($t->quit(), 0, '... and ends when it is told to');
    }
}

$t->done();
