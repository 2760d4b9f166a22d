# Batches as lines: a record in each, read on its own, so that a line that a
# program broke off or mixed up costs that record and no other.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use JSON::PP;
use SecOps;
use SecOps::Records;

my $t = SecOps->new();
my $redis = $t->redis();

$t->run(conf(location => <<'EOT', server => <<'EOT2'));
            client_max_body_size 32m;
            client_body_buffer_size 32m;
EOT
        location /three/ {
            rewrite ^/three(/.*)$ $1 break;
            secops_api;
            secops_redis %%REDIS%%;
            secops_auth header;
            secops_max_batch 3;
            secops_max_depth 2;
        }
EOT2


sub line { return JSON::PP->new->canonical->utf8->encode($_[0]) }

sub good { my ($n) = @_; return line(records(observable => "o$n")) }

sub post_lines {
    my ($text, %opt) = @_;
    return $t->request('POST', ($opt{prefix} // '')
        . path($opt{endpoint}, $opt{query}), [
            %{who()}, 'Content-Type' => $opt{type} // 'application/x-ndjson',
        ], $text);
}

sub entries { return @{$_[0]{json}{records}} }

sub stored { return join '', map { $_->{success} ? 1 : 0 } entries($_[0]) }

sub observables { # of the entries that were stored, as they can be read
    return map {
        get($t, "/api/now/table/sn_ti_lookup_result/$_->{sys_id}")
            ->{json}{result}{observable}
    } grep { $_->{success} } entries($_[0]);
}

sub told { # of the first entry that was not stored
    my ($entry) = grep { !$_->{success} } entries($_[0]);
    return "$entry->{error}{message}|" . ($entry->{error}{detail} // '');
}


# lines

my $r = post_lines(join '', map { good($_) . "\n" } 1 .. 5);
is($r->{status}, 201, 'good lines are 201');
is_deeply([map { $r->{json}{$_} } qw(success total stored failed)],
    [JSON::PP::true, 5, 5, 0], '... with their counts');
is_deeply([observables($r)], [map { "o$_" } 1 .. 5],
    '... each under the id in its place');

is(stored(post_lines(good(1))), '1', 'one line without its end is a batch');
is(stored(post_lines(good(1) . "\n" . good(2))), '11',
    'the last line needs no end');
is(stored(post_lines(good(1) . "\r\n" . good(2) . "\r\n")), '11',
    'lines may end with CRLF');
is(stored(post_lines("\n\r\n \t\n" . good(1) . "\n\n\n" . good(2) . "\n \n")),
    '11', 'empty lines are passed over');
is(stored(post_lines("  " . good(1) . "\t\n")), '1',
    'space around a record is none of its business');
is(stored(post_lines(good(1), type => 'Application/X-NDJSON; charset=utf-8')),
    '1', 'the type may be written in any case, with parameters');


# nothing in it

is_refused(post_lines(''), 400, 'No fields supplied', 'no line');
$r = post_lines("\n\r\n  \n");
is_refused($r, 400, 'No fields supplied', 'nothing but empty lines');
is($r->{json}{error}{detail}, 'the body: has no record', '... and why');


# a line that is wrong

foreach my $case (
    ['{"observable":', 'cut off', qr/not acceptable JSON: .* at byte 14$/],
    ['not JSON', 'no JSON', qr/not acceptable JSON: value expected at byte 0$/],
    ["{\"observable\":\"a\0b\"}", 'a NUL',
     qr/control character in a string at byte/],
    ["{\"observable\":\"\xff\"}", 'no UTF-8', qr/invalid UTF-8 at byte 15$/],
    ['{"a":1,"a":2}', 'a name twice', qr/duplicate key/],
    ['{} {}', 'two documents', qr/unexpected bytes after the value/],
    ['"text"', 'a string', qr/^line 3: must be an object$/],
    ['[1]', 'an array', qr/^line 3: must be an object$/],
    ['{"sys_id":"1"}', 'a field of the server',
     qr{^line 3/sys_id: is set by the server}],
    [line(records(finding => 'Wrong')), 'a wrong choice',
     qr{^line 3/finding: must be one of}],
) {
    my ($line, $name, $detail) = @$case;

    $redis->cmd('FLUSHALL');
    $r = post_lines(join "\n", good(1), '', $line, good(2), '');
    is($r->{status}, 207, "$name: 207");
    is(stored($r), '101', '... and no other line is the worse for it');
    is_deeply([observables($r)], [qw(o1 o2)], '... nor moves');
    like(told($r), qr/^Invalid post body\|/, '... invalid');
    like($r->{json}{records}[1]{error}{detail}, $detail, '... and why');
    like($r->{json}{records}[1]{error}{detail}, qr/^line 3/, '... and where');
    is(scalar(my @keys = keys_like($redis, '*:rec:*')), 2,
        '... and it is not stored');
}

like(told(post_lines(good(1) . "\n{}\n")), qr/^No fields supplied\|line 2: /,
    'an empty object has no fields');
like(told(post_lines("{\"observable\":\"x\"}\n")),
    qr/^Mandatory fields missing: finding,source_engine\|line 1/,
    'mandatory fields are asked for in each line');
is(post_lines("nope\n{}\n")->{status}, 400, 'none of them right: 400');


# a line is a record and nothing else

$r = post_lines(line(records(data => { x => 1 }, config => 'c',
    simple_response => JSON::PP::true, atomic => 'so')));
is(stored($r), '1', 'a line may have fields named as parameters are');
my $got = get($t, '/api/now/table/sn_ti_lookup_result/'
    . $r->{json}{records}[0]{sys_id})->{json}{result};
is_deeply([@$got{qw(data config simple_response atomic)}],
    ['{"x":1}', 'c', 'true', 'so'], '... which are stored');

is(post_lines(good(1), query => 'simple_response=true')->{body},
    '{"success":true}', 'the query has the parameters');
is(stored({ json => post_lines('{"observable":"x"}',
    query => 'include_wrap=1&ignore_mandatory_fields=1')->{json}{result} }),
    '1', '... all of them');
is_refused(post_lines(good(1), query => 'atomic=x'), 400, 'Invalid post body',
    '... which must be right');


# all or nothing

$redis->cmd('FLUSHALL');
$redis->cmd('CONFIG', 'RESETSTAT');
$r = post_lines(join("\n", map { good($_) } 1 .. 100),
    query => 'atomic=true');
is($r->{status}, 201, 'an atomic batch of good lines is 201');
like($redis->cmd('INFO', 'commandstats'), qr/^cmdstat_exec:calls=1,/m,
    '... in one transaction');
is_deeply([(observables($r))[0, 99]], [qw(o1 o100)], '... in its order');

foreach my $bad ('nope', '{}', '{"sys_id":"1"}') {
    foreach my $lines ([$bad, good(1), good(2)], [good(1), $bad, good(2)],
                       [good(1), good(2), $bad])
    {
        $redis->cmd('FLUSHALL');
        $r = post_lines(join("\n", @$lines), query => 'atomic=true');
        is($r->{status}, 400, "with a line $bad it is 400");
        is(stored($r), '000', '... none is stored');
        is($redis->cmd('DBSIZE'), 0, '... in Redis neither');
        is_deeply([sort map { $_->{error}{message} } entries($r)],
            [sort +('Batch not stored') x 2,
             $bad eq '{}' ? 'No fields supplied' : 'Invalid post body'],
            '... and each is told');
    }
}


# limits

is(stored(post_lines(join("\n", map { good($_) } 1 .. 3),
    prefix => '/three')), '111', 'as many as secops_max_batch');
is(stored(post_lines("\n\n" . join("\n\n\n", map { good($_) } 1 .. 3) . "\n\n",
    prefix => '/three')), '111', '... not counting empty lines');
$redis->cmd('FLUSHALL');
$r = post_lines(join("\n", map { good($_) } 1 .. 4), prefix => '/three');
is_refused($r, 400, 'Invalid post body', 'one more is refused');
is($r->{json}{error}{detail}, 'the body: has more than 3 records',
    '... and told the limit');
is($redis->cmd('DBSIZE'), 0, '... and none of them is stored');
is(stored(post_lines(join("\n", good(1),
    line(records(details => { a => { b => 1 } })), good(2)),
    prefix => '/three')), '101', 'a line that is nested too deep');

$r = post_lines(join("\n", map { good($_) } 1 .. 1000));
is($r->{status}, 201, 'a thousand lines');
is_deeply([(observables($r))[0, 499, 999]], [qw(o1 o500 o1000)],
    '... in their order');
is(post_lines(join("\n", map { good(1) } 1 .. 1001))->{status}, 400,
    '... and not one more');


# large lines, each with more tokens than a worker keeps room for

my @large = map { line(records(observable => "l$_",
    details => { map { ("k$_" => [1 .. 20]) } 1 .. 200 })) } 1 .. 20;
$r = post_lines(join "\n", @large, 'nope', substr($large[0], 0, 5_000),
    good(1));
is(stored($r), '1' x 20 . '001', 'large lines, and what is broken among them');
is_deeply([(observables($r))[0, 19, 20]], [qw(l1 l20 o1)],
    '... in their order');
$r = post_lines(join "\n", good(1), line(records(more => 'x' x 4_000_000)),
    good(2));
is(stored($r), '111', 'a line of four megabytes');


# other bodies

is($t->request('POST', path(), [%{who()},
    'Content-Type' => 'application/x-ndjson2'], good(1))->{status}, 415,
    'a type that only begins like it is none');
$r = $t->request('POST', path(), [%{who()}, 'Content-Type' => 'text/plain'],
    good(1));
like($r->{json}{error}{detail}, qr{application/x-ndjson}, 'a 415 names it');
$r = $t->request('POST', path(), [%{who()},
    'Content-Type' => 'application/json'], good(1) . "\n" . good(2));
is_refused($r, 400, 'Invalid post body', 'lines are no JSON document');


# Memory: the multiple of the body that docs/record-api.md promises, and no
# more, whatever is in it; and all of it is given back.

sub peak { # in bytes, of the worker, since the last call
    my $kb = $t->peak_rss($t->workers());
    return defined $kb ? 1024 * $kb : undef;
}

sub text { # the page
    open my $file, '<', root() . '/docs/record-api.md' or die "no page: $!";
    local $/;
    return scalar <$file>;
}

my ($usual, $most, $each) = text()
    =~ /^Until a batch is answered.*?(\d+) times.*?(\d+) times.*?(\d+) KB\./ms;
ok($each, 'the page says how much memory a batch takes');

SKIP: {
    skip 'a sanitizer has memory of its own', 1 if $t->sanitized();
    skip 'this system does not tell', 1 unless defined peak();

    my $x = 'x' x 8000;
    my $sys = join ',', map { "\"sys_$_\":1" } 100 .. 900;

    foreach my $case (
        ['usual records', $usual,
         join "\n", map { line(records(more => $x)) } 1 .. 1000],
        ['usual records in an array', $usual,
         { data => [map { records(more => $x) } 1 .. 1000] }],
        ['usual records, atomic', $usual,
         join("\n", map { line(records(more => $x)) } 1 .. 1000), 1],
        ['small values in lines', $usual,
         join "\n", map { line(records(details => [(1) x 4000])) } 1 .. 1000],
        ['small values', $most,
         { data => [map { records(details => [(1) x 4000]) } 1 .. 1000] }],
        ['nothing but brackets', $most,
         { data => [map { [([]) x 3000] } 1 .. 1000] }],
        ['nothing but faults', $most,
         '{"data":[' . join(',', ("{$sys}") x 1000) . ']}'],
    ) {
        my ($name, $times, $body, $atomic) = @$case;
        my $type = ref $body || $body =~ /^\{"data/ ? 'application/json'
            : 'application/x-ndjson';

        $body = line($body) if ref $body;
        $redis->cmd('FLUSHALL');
        post_lines($body, type => $type);
        peak();
        my $before = $t->rss($t->workers()) * 1024;
        $r = post_lines($body, type => $type,
            query => $atomic ? 'atomic=true' : '');
        my $grown = peak() - $before;

        cmp_ok($grown, '<', $times * length($body) + $each * 1024 * 1000,
            "$name: at most $times times the body");
        diag(sprintf '%s: body %.1f MB, grown %.1f MB', $name,
            length($body) / 1e6, $grown / 1e6) if $ENV{SECOPS_KEEP};
    }

    my $before = $t->rss($t->workers());
    my $lines = join "\n", map { line(records(more => $x)) } 1 .. 999;
    foreach (1 .. 5) {
        post_lines($lines);
        post_lines("$lines\nnope", query => 'atomic=true');
        post_lines("nope\n$lines", query => 'atomic=true');
    }
    cmp_ok($t->rss($t->workers()) - $before, '<', 4096,
        'and it is not kept, be a batch stored or refused');
}

$t->done();
