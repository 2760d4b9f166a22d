# What is known about one subject, in one round trip: the newest result of each
# engine in each table, the worst of them, how young it is, and what it is not
# told: what is of another domain, gone, or beyond what is read at most.  On one
# Redis and on a Cluster; and the example that asks before it pays.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw(sha256_hex);
use JSON::PP;
use MIME::Base64 qw(encode_base64url);
use POSIX qw(strftime);
use SecOps;
use SecOps::Cluster;
use SecOps::Records;

my $t = SecOps->new();
my $redis = $t->redis();
my $cluster = SecOps::Cluster->new($t, replicas => 0);
my $path = '/api/secops/v1/subjects';
my $lookup = 'sn_ti_lookup_result';
my $json = JSON::PP->new->canonical->utf8;
my $serial = 0;

$t->write('schema/tables/u_report.json', $json->encode({ type => 'object',
    'x-endpoint' => 'report', 'x-label' => 'Report', 'x-subject' => 'about',
    properties => { about => {} } }));
$t->write('schema/tables/u_log.json', $json->encode({ type => 'object',
    'x-endpoint' => 'log', 'x-label' => 'Log' }));

$t->run(conf(location => 'secops_api_key_cache 0;', http => <<'EOT')
    secops_schema_dir %%DIR%%/schema;

    server {
        listen 127.0.0.1:%%PORT1%%;

        location /api/ {
            secops_api;
            secops_redis %%REDIS1%%;
            secops_redis_cluster on;
            secops_auth header;
            rewrite ^(/api/secops/v1/subjects/)alias(.*)$ $1a$2 break;
        }

        location /elsewhere/ {
            rewrite ^/elsewhere(/.*)$ $1 break;
            secops_api;
            secops_redis %%REDIS1%%;
            secops_redis_cluster on;
            secops_auth header;
        }
    }
EOT
    =~ s/secops_auth header;\n\s+secops_api_key_cache/secops_auth api_key header;
            secops_api_key_cache/r);

my ($port, $store); # of the server that is asked, and where a key is

my @stores = (
    ['one Redis', 0, sub { $redis }],
    ['a Cluster', 1, sub { $cluster->owner($cluster->slot($_[0])) }],
);


sub encode { # as a client does it
    my ($text) = @_;
    utf8::encode($text);
    return $text =~ s/([^A-Za-z0-9_.~-])/sprintf '%%%02X', ord $1/ger;
}


sub ask { # about a subject; query: a hash, what who() takes
    my ($subject, %opt) = @_;
    my $query = join '&', map { "$_=" . encode($opt{query}{$_}) }
        sort keys %{$opt{query} // {}};
    return get($t, "$path/" . encode($subject) . ($query ? "?$query" : ''),
        %opt, port => $port);
}


sub add { # a record of the threat lookup table, or of another
    my ($record, %opt) = @_;
    my $r = post($t, ref $record ? $json->encode($record) : $record, %opt,
        port => $port);
    die "$r->{head}$r->{body}" unless $r->{status} == 201;
    return $r->{json};
}


# Puts a record of some age into Redis, as the module does it; undef: none, only
# its place in the list.  -> its id

sub plant {
    my ($subject, $age, $record, %opt) = @_;
    my $digest = substr sha256_hex($subject), 0, 32;
    my $shard = substr $digest, 0, 1;
    my $table = $opt{table} // $lookup;
    my $space = 'secops:{' . ($opt{domain} // 'global') . ":$shard}";
    my $then = time - $age;
    my $id = sprintf '%012x%s%019d', $then * 1000, $shard, $serial++;
    my $at = $store->($space);

    $id = sprintf '%s%012x%019d', $shard, $then * 1000, $serial++ if $opt{old};
    $record = $json->encode({ sys_id => $id, sys_created_on =>
        strftime('%Y-%m-%d %H:%M:%S', gmtime $then), %$record })
        if ref $record;
    $at->cmd('SET', "$space:rec:$table:$id", $record) if defined $record;
    $at->cmd('RPUSH', "$space:sub:$table:$digest", $id);
    return $id;
}


sub said { # engine and finding of each result of an answer, by table
    my ($r) = @_;
    return { map {
        $_->{table} => [ map { [ $_->{engine}, $_->{finding} ] }
            @{$_->{results}} ]
    } @{$r->{json}{result}{tables}} };
}


foreach my $case (@stores) {
    (my $name, $port, $store) = @$case;

    subtest $name => sub {
        answers();
        ages();
        subjects();
        tables();
        bounds();
        gone();
        strange();
        domains();
        refusals();
    };
}


sub answers {
    my $subject = '198.51.100.7';

    is_refused(ask($subject), 404, 'No Record found', 'nothing is known');

    my $first = add(records(source_engine => 'A', finding => 'Suspicious'));
    my $second = add(records(source_engine => 'B', finding => 'clean'));
    my $third = add(records(source_engine => 'A', finding => 'Malicious'));
    my $other = add({ observable => $subject, source => 'whois' },
        endpoint => 'observable_enrichment');
    my $r = ask($subject);
    my $result = $r->{json}{result};

    is($r->{status}, 200, 'something is known');
    is_deeply([sort keys %{$r->{json}}], ['result'], '... under one name');
    is_deeply($result, {
        subject => $subject, records => 4, truncated => JSON::PP::false,
        first_seen => $first->{sys_created_on},
        last_seen => $other->{sys_created_on},
        worst => { finding => 'Malicious', said_by => [{ table => $lookup,
            engine => 'A', seen => $third->{sys_created_on},
            sys_id => $third->{sys_id} }] },
        tables => [
            { table => $lookup, records => 3, examined => 3,
              truncated => JSON::PP::false,
              first_seen => $first->{sys_created_on},
              last_seen => $third->{sys_created_on},
              findings => { Malicious => 1, Suspicious => 1, Clean => 1,
                  Unknown => 0 },
              results => [
                  { engine => 'A', finding => 'Malicious',
                    seen => $third->{sys_created_on},
                    sys_id => $third->{sys_id}, record => $third },
                  { engine => 'B', finding => 'Clean',
                    seen => $second->{sys_created_on},
                    sys_id => $second->{sys_id}, record => $second },
              ] },
            { table => 'sn_ti_observable_enrichment_result', records => 1,
              examined => 1, truncated => JSON::PP::false,
              first_seen => $other->{sys_created_on},
              last_seen => $other->{sys_created_on}, findings => {},
              results => [
                  { engine => 'whois', finding => undef,
                    seen => $other->{sys_created_on},
                    sys_id => $other->{sys_id}, record => $other },
              ] },
        ],
    }, '... the newest of each engine, as the records were answered')
        or diag($r->{body});

    my $head = $t->request('HEAD', "$path/$subject", who(), undef,
        port => $port);
    is($head->{status}, 200, 'HEAD: the same');
    is($head->{headers}{'content-length'}, length $r->{body},
        '... without the body');
    is(ask($subject, roles => 'sn_sec_cmn.api_read')->{body}, $r->{body},
        'the read role will do');
    is_refused(ask($subject, roles => ''), 403, 'Insufficient access',
        'no role will not');
    is_refused(ask($subject, roles => 'sn_sec_cmn.admin'), 403,
        'Insufficient access', '... nor the one of administrators');
    is_refused($t->request('GET', "$path/x", {}, undef, port => $port), 401,
        'User is not authenticated', 'nobody is told anything');
}


sub ages {
    my $subject = 'ages.example';
    my $hour = plant($subject, 3600 + 30, { source_engine => 'A',
        finding => 'Clean' });
    my $day = plant($subject, 86400 + 30, { source_engine => 'B',
        finding => 'Malicious' });
    plant($subject, 7 * 86400 + 30, { source_engine => 'C',
        finding => 'Malicious' }, old => 1);

    my %young = ('30s' => 0, '15m' => 0, '1h' => 0, '3600' => 0, '62m' => 1,
        '1h1m' => 1, '1d' => 1, '25h' => 2, '1w' => 2, '8d' => 3, '1y' => 3,
        '100y' => 3);

    foreach my $age (sort keys %young) {
        my $r = ask($subject, query => { max_age => $age });
        my $n = map { @{$_->{results}} } @{$r->{json}{result}{tables} // []};

        is("$r->{status} $n", $young{$age} ? "200 $young{$age}" : '404 0',
            "max_age=$age: $young{$age} results");
        ok($r->{json}{result}{truncated} ? 0 : 1, '... all that there are')
            if $n;
    }

    my $result = ask($subject, query => { max_age => '62m' })->{json}{result};
    is($result->{records}, 3, 'older records are counted');
    is($result->{worst}{finding}, 'Clean', '... but they say nothing');
    like(ask($subject, query => { max_age => '1h' })->{json}{error}{detail},
        qr/as young as max_age/, 'what is there is too old, which is said');

    plant($subject, 7 * 86400 + 60, undef);
    $result = ask($subject, query => { max_age => '62m' })->{json}{result};
    is(substr($result->{first_seen}, 0, 10), strftime('%Y-%m-%d',
        gmtime time - 7 * 86400 - 30), 'first seen: the oldest that is there');

    # ids of the form before this one, in a shard that makes them look like it

    my ($zero) = grep { sha256_hex("old $_") =~ /^0/ } 1 .. 1000;
    plant("old $zero", 10 * $_, { source_engine => $_ }, old => 1)
        foreach 1 .. 5;
    $result = ask("old $zero", query => { max_age => '1h' })->{json}{result};
    is(scalar @{$result->{tables}[0]{results} // []}, 5,
        'ids of the earlier form have their age, too');

    foreach my $age ('', '0', '0s', 'x', '1x', '-1h', '1.5h', '1m1h', '10ms',
        '1h ago', '99999999999999999999')
    {
        my $r = ask($subject, query => { max_age => $age });
        is_refused($r, 400, 'Invalid query', "max_age=$age: refused");
        is($r->{json}{error}{detail}, 'query parameter max_age: must be a time,'
            . ' such as 30s, 15m, 1h or 7d', '... with what it may be');
    }
}


# whatever a subject is made of

sub subjects {
    my @subjects = ('x', 'https://evil.example/a/../b//c/./?q=1&r=%41#top',
        'https://evil.example/', '/', '//', 'a b', 'a+b', 'a%2Fb', '%', '%zz',
        '%25', 'a?b=c', '?', '#', 'a\\b"c\'d', "tab\there", "line\nfeed",
        "b\x{fc}cher \x{4f60}\x{597d} \x{1f600}", '*', '**', 'a;b', '{x}', 'C:\\x',
        'value=1', 'z' x 4096, "\x{fc}" x 2048, '-', '0', 'x/', '.', './/', '...');

    foreach my $subject (@subjects) {
        my $name = length $subject > 60 ? length($subject) . ' characters'
            : $json->ascii->encode([$subject]);
        $json->ascii(0);
        my $id = add(records(observable => $subject))->{sys_id};

        foreach my $url ("$path/" . encode($subject),
            "$path?value=" . encode($subject),
            "/api//secops/v1/x/../subjects?value=" . encode($subject))
        {
            my $r = get($t, $url, port => $port);
            is($r->{json}{result}{tables}[0]{results}[0]{sys_id}, $id,
                "$name: found by " . substr $url, 0, 40)
                or diag($r->{body});
            is($r->{json}{result}{subject}, $subject, '... as it is');
        }
    }

    # what nginx takes for a path before the module sees it

    foreach my $subject ('..', 'a/../../b', '/..') {
        my $id = add(records(observable => $subject))->{sys_id};
        my $r = get($t, "$path?value=" . encode($subject), port => $port);
        is($r->{json}{result}{tables}[0]{results}[0]{sys_id}, $id,
            "\"$subject\" is found by its value");
    }

    my $id = add(records(observable => 'a b'))->{sys_id};

    foreach my $url ("$path?value=a+b", "$path/?value=a%20b", "$path/a%20b?",
        "$path/a%20b?table=$lookup", "/api/secops/v1/./subjects/a%20b",
        "/api/secops/v1/subj%65cts/a%20b")
    {
        is(get($t, $url, port => $port)->{json}{result}{tables}[0]{results}[0]
            {sys_id}, $id, "found at $url");
    }

    add(records(observable => 'a/b'));
    is(get($t, "$path/a/b", port => $port)->{json}{result}{subject}, 'a/b',
        'a slash need not be encoded');
    is_refused(get($t, "$path/A/b", port => $port), 404, 'No Record found',
        'letter case counts');

    is(get($t, "/elsewhere$path/a%2Fb", port => 1)->{json}{result}{subject},
        'a/b', 'after a rewrite: what the rewrite has left') if $port;
    is(get($t, "$path/alias%2Fb", port => 1)->{json}{result}{subject},
        'a/b', '... also of a path that begins as it did') if $port;
}


sub tables {
    my $subject = 'tables.example';

    add(records(observable => $subject));
    add({ observable => $subject, source => 'whois' },
        endpoint => 'observable_enrichment');
    add({ cmdb_ci => $subject, source => 'scanner' },
        endpoint => 'ci_enrichment');
    add({ about => $subject, n => 1 }, endpoint => 'report');
    add({ about => $subject, n => 2 }, endpoint => 'report');
    add({ about => $subject }, endpoint => 'log');

    is_deeply(said(ask($subject)), {
        $lookup => [['VirusTotal', 'Malicious']],
        sn_ti_observable_enrichment_result => [['whois', undef]],
        sn_sec_cmn_ci_enrichment_result => [['scanner', undef]],
        u_report => [[undef, undef]],
    }, 'all tables that have a subject; without engines the newest record');

    foreach my $table ($lookup, 'u_report') {
        my $r = ask($subject, query => { table => $table });
        is_deeply([keys %{said($r)}], [$table], "table=$table: only this one");
        is($r->{json}{result}{records}, $table eq 'u_report' ? 2 : 1,
            '... counted alone');
    }

    is(ask($subject, query => { table => 'u_report' })
        ->{json}{result}{tables}[0]{results}[0]{record}{n}, 2,
        '... the newest of it');
    is(ask($subject, query => { table => 'u_report' })->{json}{result}{worst},
        undef, '... which has no verdict');
    is_refused(ask('x', query => { table => 'u_report' }), 404,
        'No Record found', 'another table knows it');
    is_refused(ask($subject, query => { table => 'u_log' }), 400,
        'Invalid query', 'a table without a subject');

    # what is no string

    my $r = post($t, '{"about":15.50}', endpoint => 'report', port => $port);
    is(ask('15.50')->{json}{result}{tables}[0]{results}[0]{sys_id},
        $r->{json}{sys_id}, 'a number is found by its bytes');
    $r = post($t, '{"about": [1, "a"] }', endpoint => 'report', port => $port);
    is(ask('[1, "a"]')->{json}{result}{tables}[0]{results}[0]{sys_id},
        $r->{json}{sys_id}, '... as a list is');
}


# the newest are read, not all: which is said

sub bounds {
    my $subject = 'bounds.example';
    my $r;

    plant($subject, 5000 + $_, { source_engine => "engine $_",
        finding => 'Clean' }) foreach 1 .. 300;

    my $result = ask($subject)->{json}{result};
    my $first = strftime '%Y-%m-%d %H', gmtime time - 5300;

    is($result->{records}, 300, 'a long list is counted whole');
    is($result->{tables}[0]{examined}, 200, '... 200 are read');
    ok($result->{truncated} && $result->{tables}[0]{truncated},
        '... and that is said');
    is(@{$result->{tables}[0]{results}}, 200, '... these are told');
    is(substr($result->{first_seen}, 0, 13), $first, '... and its beginning');

    $result = ask($subject, query => { max_age => '5100s' })->{json}{result};
    ok(!$result->{truncated}, 'what is young enough was read: not truncated');
    cmp_ok($result->{tables}[0]{examined}, '<', 200,
        '... and no more than that');

    plant('large.example', 50 + $_, { source_engine => "engine $_",
        finding => 'Malicious', raw_data => 'x' x 400_000 }) foreach 1 .. 5;
    plant('large.example', 200, { source_engine => 'small',
        finding => 'Suspicious' });
    $result = ask('large.example')->{json}{result};

    is(join(' ', map { $_->{engine} } @{$result->{tables}[0]{results}}),
        'engine 1 engine 2 small', 'a megabyte is read, whatever fits');
    ok($result->{truncated}, '... and that is said');

    plant('share.example', 50, { source_engine => 'large',
        raw_data => 'x' x 900_000 });
    is(ask('share.example')->{json}{result}{tables}[0]{results}[0]{engine},
        'large', 'one table has it all when the others have nothing');
    plant('share.example', 40, { about => 'share.example' },
        table => 'u_report');
    $result = ask('share.example')->{json}{result};
    is(@{$result->{tables}[0]{results}} . @{$result->{tables}[1]{results}},
        '01', '... but half of it when there are two');
    ok($result->{truncated}, '... which is said');

    foreach my $age (1 .. 10) {
        plant('long.example', $age, { n => $age }, table => $_)
            foreach $lookup, 'u_report';
    }
    is(ask('long.example')->{json}{result}{records}, 20,
        'several tables are counted together');
}


sub gone {
    my $subject = 'gone.example';

    plant($subject, 10, undef);
    my $id = plant($subject, 20, { source_engine => 'A', finding => 'Clean' });
    plant($subject, 30, undef) foreach 1 .. 20;

    my $result = ask($subject)->{json}{result};
    is($result->{records}, 1, 'records that are gone do not count');
    is($result->{tables}[0]{results}[0]{sys_id}, $id, '... nor are they told');
    is($result->{first_seen}, $result->{last_seen}, '... nor were they seen');

    my $space = 'secops:{global:' . substr(sha256_hex($subject), 0, 1) . '}';
    $store->($space)->cmd('PEXPIRE', "$space:rec:$lookup:$id", 1);
    select undef, undef, undef, 0.01;

    is_refused(ask($subject), 404, 'No Record found',
        'all of them are gone: nothing is known');

    plant('old.example', 100 + $_, $_ <= 200 ? { source_engine => 'A' } : undef)
        foreach 1 .. 230;
    $result = ask('old.example')->{json}{result};
    is($result->{first_seen}, undef,
        'a list whose end is gone: when it was first seen is not known');
    is($result->{records}, 230, '... which is counted, as it was not read');
}


# what somebody has put into Redis by hand

sub strange {
    my $subject = 'strange.example';

    plant($subject, 10, $_) foreach '{', '5', '[]', '"', '{"a":1,"a":2}', '';
    is_refused(ask($subject), 404, 'No Record found',
        'documents that are none are passed over');

    plant($subject, 10, { source_engine => ['a'], finding => {} });
    is_deeply(said(ask($subject)), { $lookup => [['["a"]', undef]] },
        'values of other types do no harm');

    my $digest = substr sha256_hex('wrong.example'), 0, 32;
    my $space = 'secops:{global:' . substr($digest, 0, 1) . '}';
    my $key = "$space:sub:$lookup:$digest";

    $store->($space)->cmd('SET', $key, 'x');
    is_refused(ask('wrong.example'), 500, 'Unable to read record',
        'a list that is none: refused');
    $store->($space)->cmd('DEL', $key);
    $store->($space)->cmd('RPUSH', $key, 'x');
    is_refused(ask('wrong.example'), 500, 'Unable to read record',
        'an id that is none: refused');
    $store->($space)->cmd('DEL', $key);
}


sub domains {
    my $subject = 'domains.example';

    add(records(observable => $subject, finding => 'Malicious'),
        domain => 'one');
    add(records(observable => $subject, finding => 'Clean'), domain => 'two');

    is(ask($subject, domain => 'one')->{json}{result}{worst}{finding},
        'Malicious', 'a domain is told its own');
    is(ask($subject, domain => 'two')->{json}{result}{worst}{finding},
        'Clean', '... each of them');
    is(ask($subject, domain => 'two')->{json}{result}{records}, 1,
        '... and counted its own');
    is_refused(ask($subject, domain => 'three'), 404, 'No Record found',
        'another is told nothing');
    is_refused(ask($subject), 404, 'No Record found', '... nor the default one');
}


sub refusals {
    foreach my $case (
        ["$path", 'the subject is missing'], ["$path/", 'the subject is missing'],
        ["$path?value=", 'the subject is missing'],
        ["$path?max_age=1h", 'the subject is missing'],
        ["$path/x?value=x", 'the subject is given twice'],
        ["$path/x?value=", 'the subject is given twice'],
        ["$path?value=a&value=b", 'a query parameter is given twice'],
        ["$path/x?max_age=1h&max_age=1h", 'a query parameter is given twice'],
        ["$path/x?maxage=1h", 'unknown query parameter'],
        ["$path/x?sysparm_limit=1", 'unknown query parameter'],
        ["$path/%ff", 'the subject must be UTF-8'],
        ["$path?value=%C3", 'the subject must be UTF-8'],
    ) {
        my ($url, $detail) = @$case;
        my $r = get($t, $url, port => $port);
        is_refused($r, 400, 'Invalid query', "$url: refused");
        like($r->{json}{error}{detail}, qr/^\Q$detail\E/, '... and why');
    }

    foreach my $table ('x', '', 'sn_ti', "${lookup}x", uc $lookup, '%FF') {
        is_refused(get($t, "$path/x?table=$table", port => $port), 400,
            'Invalid table ' . ($table eq '%FF' ? '' : $table),
            "table=$table: there is none");
    }

    is(get($t, "$path?value=%00", port => $port)->{status}, 404,
        'no subject has a NUL');
    is($t->request($_, "$path/x", who(), undef, port => $port)->{status}, 405,
        "$_: not supported") foreach qw(POST PUT DELETE PATCH);
}


# an api key sees the tables that it has the scope for

sub key { # as the store has it, with these scopes -> a header
    my (@scopes) = @_;
    my $value = encode_base64url(join '', map { chr int rand 256 } 1 .. 64);
    my $digest = sha256_hex($value);
    my $id = 'key' . $serial++;

    $redis->cmd('HSET', 'secops:{key:' . substr($digest, 0, 2) . "}:$digest",
        'domain', 'keys', 'id', $id);
    $redis->cmd('HSET', 'secops:{keys:res}:api_key', $id, $json->encode({
        name => $id, scopes => \@scopes, digest => $digest,
        created_by => 'test', created_on => '2026-01-01 00:00:00' }));

    return { 'X-Arcanna-Api-Key' => $value };
}


sub by_key { # what a key is told; query
    my ($key, $query) = @_;
    return $t->request('GET', "$path/keys.example" . ($query // ''), $key);
}


{
    ($port, $store) = @{$stores[0]}[1, 2];

    my $enrichment = 'sn_ti_observable_enrichment_result';
    my $report = key('read:records:u_report', "read:records:$enrichment");

    add(records(observable => 'keys.example'), domain => 'keys');
    add({ observable => 'keys.example', source => 'whois' }, domain => 'keys',
        endpoint => 'observable_enrichment');

    is_deeply([sort keys %{said(by_key(key('read:records')))}],
        [$lookup, $enrichment], 'a key with read:records: all tables');
    is_deeply([keys %{said(by_key($report))}], [$enrichment],
        'narrowed to some: these only');
    is(by_key($report)->{json}{result}{records}, 1,
        '... of the others not even the number');
    is(by_key($report)->{json}{result}{worst}, undef, '... nor their verdict');
    is_deeply([keys %{said(by_key($report, "?table=$enrichment"))}],
        [$enrichment], '... one of these may be asked');
    is_refused(by_key($report, "?table=$_"), 403, 'Insufficient access',
        "... but not $_") foreach $lookup, 'nothing';
    is_refused(by_key(key('read:records:u_report')), 404, 'No Record found',
        'narrowed to a table that knows nothing: nothing is known');
    is_refused(by_key(key(@$_)), 403, 'Insufficient access',
        'a key with ' . (join(' and ', @$_) || 'no scope') . ': refused')
        foreach [], ["write:records:$lookup"], ['read:resources'],
        ['read:records:u_gone'], ['write:records', 'write:resources'];
    is_refused(by_key(key('read:records:u_log')), 404, 'No Record found',
        'narrowed to a table without a subject: nothing is known');
}


# the example: what is known is neither looked up nor stored again

sub example { # observables -> what it prints
    my (@observables) = @_;
    my $script = root() . '/conf-examples/ask-first.py';
    my $url = 'http://127.0.0.1:' . $t->port();
    my $file = $t->dir() . '/blocklist.txt';
    my $quoted = join ' ', map { "'$_'" } $url, $file, @observables;
    return scalar `'$script' $quoted 2>&1`;
}

$redis->cmd('FLUSHALL');
$t->write('blocklist.txt', "evil.example\nhttps://evil.example/a/../b?c=d+e\n");

my @observables = ('evil.example', '198.51.100.7',
    'https://evil.example/a/../b?c=d+e');
my @found = qw(Malicious Unknown Malicious);

is(example(@observables), join('', map {
    "$observables[$_]: $found[$_], looked up\n" } 0 .. 2),
    'ask-first.py looks up what is new');
is(scalar(my @stored = keys_like($redis, '*:rec:*')), 3, '... and stores it');
is(example(@observables, 'new.example'), join('', map({
    "$observables[$_]: $found[$_], known\n" } 0 .. 2),
    "new.example: Unknown, looked up\n"), '... and not what is known');
is(scalar(@stored = keys_like($redis, '*:rec:*')), 4, '... but the new one');

($port, $store) = @{$stores[0]}[1, 2];
$redis->cmd('FLUSHALL');
plant('evil.example', 8 * 86400, { source_engine => 'blocklist',
    finding => 'Clean' });
is(example('evil.example'), "evil.example: Malicious, looked up\n",
    '... what is older than a week is looked up again');
like(example('%0'), qr/^%0: Unknown, looked up$/, '... anything can be asked');

$t->done();
