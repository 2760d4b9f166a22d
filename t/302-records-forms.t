# What records may look like: numbers of any size, times as engines write them,
# findings in any letter case, parameters in either form of a body, and the
# defaults of a table; and who is at fault in a batch.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use SecOps;
use SecOps::Records;

my $t = SecOps->new();
my $redis = $t->redis();

$t->write('schema/tables/u_case.json', <<'EOT');
{
    "x-endpoint": "case", "x-label": "Case", "x-subject": "id",
    "type": "object",
    "required": ["id", "state"],
    "properties": {
        "id": { "type": "string" },
        "state": { "enum": ["New", "In work", "Closed"], "default": "New" },
        "tags": { "type": "array", "default": ["a b", { "c": 1 }],
                  "items": { "enum": ["VIP", "a b", { "c": 1 }] } },
        "count": { "type": "integer" },
        "closed_by": { "type": "string" }
    },
    "if": { "properties": { "state": { "const": "Closed" } },
            "required": ["state"] },
    "then": { "required": ["closed_by"] }
}
EOT

$t->run(conf(http => 'secops_schema_dir %%DIR%%/schema;',
    location => 'client_max_body_size 4m;'));

my $fields = '"observable":"198.51.100.7","finding":"Clean","source_engine":"y"';


sub detail { return $_[0]{json}{error}{detail} // '' }

sub into { # endpoint, body
    my ($endpoint, $body) = @_;
    return post($t, $body, endpoint => $endpoint);
}


# Field 3: what no schema looks at is stored as it came

foreach my $number ('339339468465046514652123456789012345678901',
    '-9223372036854775809', '18446744073709551616', '1e400', '-1E+99999999999',
    '1e-99999999999', '0.' . '1' x 400, '1' x 5000)
{
    my $r = post($t, qq({$fields,"details":{"ssl":{"serial":$number}},)
        . qq("more":[$number]}));

    is($r->{status}, 201, 'Field 3: a number of any size is stored: '
        . substr $number, 0, 24);
    like($r->{body}, qr/"serial":\Q$number\E\}.*\[\Q$number\E\]/,
        '... byte for byte');
}

my $r = post($t, qq({$fields,"threat_score":1e400}));
is_refused($r, 400, 'Invalid post body',
    'Field 3: where a type is asked for, a number has to fit');
like(detail($r), qr{^/threat_score: must be a number that fits in 64 bits},
    '... which is told');
is_refused(post($t, qq({$fields,"confidence":99999999999999999999})), 400,
    'Invalid post body', '... also where it has bounds');

my $lines = join "\n", qq({$fields,"serial":99999999999999999999}),
    qq({$fields,"confidence":99999999999999999999});
$r = $t->request('POST', path(), { %{who()},
    'Content-Type' => 'application/x-ndjson' }, $lines);
is_deeply([map { $_->{success} ? 1 : 0 } @{$r->{json}{records}}], [1, 0],
    '... in lines too');


# Field 3: in a batch, what is wrong with one record is its own fault

foreach my $case (
    ['a duplicate key', '"a":1,"a":2', qr/duplicate key/],
    ['a duplicate key below', '"a":{"b":{"c":1,"c":2}}', qr/duplicate key/],
    ['an escaped NUL', '"a":"\u0000"', qr/escaped NUL/],
    ['... in a name', '"\u0000":1', qr/escaped NUL/],
    ['a lone surrogate', '"a":"\ud800"', qr/lone surrogate/],
    ['... in a name', '"\udc00":1', qr/lone surrogate/],
    ['a byte that is no UTF-8', "\"a\":\"\xe4\"", qr/invalid UTF-8/],
    ['too deep', '"a":' . '[' x 64 . ']' x 64,
        qr/nested too deep, more than 64 levels/],
    ['far too deep', '"a":' . '[' x 4000 . ']' x 4000,
        qr/nested too deep, more than 64 levels/],
    ['too many members', join(',', map { qq("m$_":1) } 1 .. 4200),
        qr/too many members/],
) {
    my ($name, $more, $reason) = @$case;
    my $wrong = qq({$fields,$more});
    utf8::downgrade($wrong);

    foreach my $place (0, 2) {
        my @records = (qq({$fields})) x 3;
        $records[$place] = $wrong;

        my $body = '{"data":[' . join(',', @records) . ']}';
        $r = post($t, $body);

        is($r->{status}, 207, "Field 3: $name: the other records are stored");
        is_deeply([map { $_->{success} ? 1 : 0 } @{$r->{json}{records}}],
            [map { $_ == $place ? 0 : 1 } 0 .. 2], '... and only they');
        my $told = $r->{json}{records}[$place]{error}{detail} // '';
        like($told, qr{^/data/$place: not acceptable JSON: $reason.* at byte },
            '... the one at fault is told why');
        my ($at) = $told =~ /at byte (\d+)$/;
        my $begin = index $body, $wrong;
        ok($at >= $begin && $at < $begin + length $wrong,
            '... and where in the body');
    }

    is_refused(post($t, $wrong), 400, 'Invalid post body',
        "$name: a record alone is refused");
    is_refused(post($t, qq({"data":$wrong})), 400, 'Invalid post body',
        '... in an envelope too');
    is_refused(post($t, qq({"data":[{$fields}],"config":{$more}})), 400,
        'Invalid post body', '... and beside the records it is for all');
}

# but not what is so deep that nothing useful can follow

$r = post($t, qq({"data":[{$fields},{$fields,"a":) . '[' x 20000 . ']' x 20000
    . '}]}');
is_refused($r, 400, 'Invalid post body', 'R.18: deeper than any record by far');
like($r->{json}{error}{detail}, qr/^the body is not acceptable JSON: nested too /,
    '... is an error of the whole body');

$r = post($t, qq({"data":[{$fields},{$fields,"a":1,"a":2}],"atomic":true}));
is($r->{status}, 400, 'Field 3: of an atomic batch nothing is stored');
is_refused(post($t, qq({"data":[{$fields},{$fields,}]})), 400,
    'Invalid post body', 'what is no JSON is the fault of the whole body');
is_refused(post($t, qq({"data":[{$fields}],"data":[]})), 400,
    'Invalid post body', '... and so are two batches in one');


# Field 8: times as engines write them

foreach my $time ('2026-03-12 10:59:19', '2026-03-12T10:59:19',
    '2026-03-12T10:59:19.768166', '2026-03-12 10:59:19.768166',
    '2026-03-12T10:59:19Z', '2026-03-12T10:59:19.7+02:00',
    '2026-03-12 10:59:19-0230')
{
    $r = post($t, qq({$fields,"lookup_time":"$time","last_seen":"$time"}));
    is($r->{status}, 201, "Field 8: a time: $time");
    is($r->{json}{lookup_time}, $time, '... is stored as it came');
}

is(post($t, qq({$fields,"first_seen":"2026-02-28","last_seen":"2026-03-01"}))
    ->{status}, 201, 'Field 8: a sighting may be a date alone');
is(into('observable_enrichment', '{"observable":"x","source":"y",'
    . '"last_seen":"2026-02-28"}')->{status}, 201, '... of either table');

$r = post($t, qq({$fields,"lookup_time":"2026-02-28"}));
is_refused($r, 400, 'Invalid post body', '... but when it was asked is a time');
like(detail($r), qr{^/lookup_time: must be a date and time such as },
    '... which is told');
$r = post($t, qq({$fields,"last_seen":"2026-02-30"}));
like(detail($r), qr{^/last_seen: must be a date such as .*, or a date and time},
    '... a day that is none is refused');


# Field 23: findings in any letter case

foreach my $finding ('malicious', 'MALICIOUS', 'mAlIcIoUs', 'Malicious') {
    $r = post($t, { observable => 'x', finding => $finding,
        source_engine => 'y', result => $finding });

    is($r->{status}, 201, "Field 23: a finding: $finding");
    is($r->{json}{finding}, 'Malicious', '... as the table spells it');
    is($r->{json}{result}, $finding, '... another field stays as it is');

    my ($key) = keys_like($redis, "*:rec:*:$r->{json}{sys_id}");
    like($redis->cmd('GET', $key), qr/"finding":"Malicious"/,
        '... in Redis too');
}

$r = post($t, qq({"data":[{$fields,"finding2":"x"},{"observable":"x",)
    . '"finding":"SUSPICIOUS","source_engine":"y"}]}');
is($r->{status}, 201, 'Field 23: in a batch');

$r = $t->request('POST', path(), { %{who()},
    'Content-Type' => 'application/x-ndjson' },
    '{"observable":"x","finding":"unknown","source_engine":"y"}');
is($r->{status}, 201, '... and in lines');
like($redis->cmd('GET', (keys_like($redis, '*:rec:*:'
    . $r->{json}{records}[0]{sys_id}))[0]), qr/"finding":"Unknown"/,
    '... as the table spells it');

$r = post($t, '{"observable":"x","finding":"harmless"}');
like(detail($r), qr{^/finding: must be one of .*; /source_engine: is required$},
    'another word is refused, with all that is missing');

is(into('case', '{"id":"1","state":"IN WORK","tags":["vip"]}')->{body}
    =~ s/.*"state"/"state"/r, '"state":"In work","tags":["VIP"]}',
    'Field 23: in any table, and below a field');
is_refused(into('case', '{"id":"1","state":"closed"}'), 400,
    'Mandatory fields missing: closed_by',
    'Field 23: what depends on a choice sees it as it is stored');
is(into('case', '{"id":"1","state":"closed","closed_by":"me"}')->{json}{state},
    'Closed', '... and is met by what it asks for');


# Semantics 14: the parameters in either form, and envelopes that are none

$r = post($t, '{"observable":"x","config":{"ignore_mandatory_fields":true}}');
is($r->{status}, 201, 'Semantics 14: config of parameters counts in both forms');
is($r->{json}{config}, undef, '... and is not stored');

$r = post($t, '{"config":{"ignore_mandatory_fields":true}}');
is_refused($r, 400, 'No fields supplied', '... alone it is no record');
$r = post($t, '{"config":{"ignore_fields":true}}');
is_refused($r, 400, 'Invalid post body', '... and must be of parameters');

$r = post($t, qq({"data":{$fields},"confg":{}}),
    query => 'ignore_mandatory_fields=true');
is_refused($r, 400, 'Invalid post body',
    'Semantics 14: data beside a misspelled config is no record');
is(detail($r), '/confg: must not stand beside "data": only "config" and '
    . 'parameters may', '... which is told');

$r = post($t, qq({$fields,"data":{"x":1}}));
is($r->{status}, 201, 'data beside fields that the table knows is a field');
$r = post($t, '{"observable":"x","data":{"x":1}}');
like(detail($r), qr{; /data: is taken for a field, as there are other fields},
    '... which is said where something is missing');


# Semantics 21: the defaults of a table

$r = into('case', '{"id":"1","more":{}}');
is($r->{status}, 201, 'Semantics 21: a field with a default may be missing');
like($r->{body}, qr/,"id":"1","more":\{\},"state":"New","tags":\["a b",\{"c":1\}\]\}$/,
    '... and is stored with it');
$r = into('case', '{"id":"1","tags":null,"state":"Closed","closed_by":"x"}');
is_deeply([@{$r->{json}}{qw(tags state)}], [undef, 'Closed'],
    '... what came stays');
is_refused(into('case', '{"id":"1","state":""}'), 400,
    'Mandatory fields missing: state', '... and what is empty is missing');


# R.17: names that act on a terminal, or on the text around them

foreach my $case (["\x{9b}31m", 'a C1 control'], ["\x{202e}drow", 'an override'],
    ["\x{2066}x", 'an isolate'])
{
    my $name = "u$case->[0]";
    utf8::encode($name);

    is($t->request('POST', path(), { %{who()}, 'X-SecOps-User' => $name },
        records())->{status}, 401, "R.17: a user with $case->[1] is nobody");
}

$t->done();
