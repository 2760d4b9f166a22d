# What a table of one's own can be made to cost: patterns, equal items and
# faults are bounded for the whole request, whatever its texts are, and what
# could not be checked to its end is refused, never stored.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use SecOps;
use SecOps::Records;

my $t = SecOps->new();
my $redis = $t->redis();

$t->write('schema/tables/u_cost.json', <<'EOT');
{
    "x-endpoint": "cost", "x-label": "Cost", "type": "object",
    "properties": {
        "blank": { "type": "string", "pattern": "\\s+$" },
        "word": { "type": "string", "pattern": "[A-Za-z]+[0-9]" },
        "short": { "type": "string", "pattern": "[A-Za-z]+[0-9]",
                   "maxLength": 20 },
        "anchored": { "type": "string", "pattern": "^[^<>]*$" },
        "many": { "type": "array", "items": { "pattern": "^(a+)+$" } },
        "unique": { "type": "array", "uniqueItems": true },
        "nested": { "additionalProperties": {
            "additionalProperties": { "type": "null" } } }
    }
}
EOT

$t->write('schema/integrations/feed.json', <<'EOT');
{
    "x-id": 9001, "title": "Feed", "description": "A feed.",
    "connection": { "type": "object", "properties": {
        "tag": { "type": "string", "pattern": "[a-z]+$" } } },
    "roles": { "enrichment": { "type": "object", "properties": {} } }
}
EOT

my $conf = conf(http => 'secops_schema_dir %%DIR%%/schema;',
    location => 'client_max_body_size 4m;');

$t->run($conf);

my ($worker) = $t->workers();


sub cost { # POSTs; -> answer, CPU in milliseconds
    my ($body) = @_;
    my $before = $t->cpu($worker);
    my $r = post($t, $body, endpoint => 'cost');
    return ($r, int 1000 * ($t->cpu($worker) - $before));
}


sub detail { return $_[0]{json}{error}{detail} // '' }


# generous for a sanitizer build, and far below what it was
my $limit = $t->sanitized() ? 2000 : 200;


# nginx -t

my ($valid, $printed) = $t->t($conf);

ok($valid, 'nginx -t takes the tables');
like($printed, qr{\[warn\].*"u_cost", table: "/properties/$_" has a "pattern"},
    "R.5: ... and warns of a pattern that is not anchored: $_")
    foreach 'blank', 'word';
like($printed, qr{\[warn\].*"Feed", parameters: "/properties/tag" has a "patt},
    '... of an integration type, too');
is(scalar(() = $printed =~ /\[warn\]/g), 3, '... and of no other');


# R.5

foreach my $case (
    ['blank', { blank => ' ' x 4000 . 'x' }, qr{^/blank: is too complex}],
    ['blank, long', { blank => ' ' x 40000 . 'x' },
        qr{^/blank: is too long to be checked}],
    ['word, long', { word => 'a' x 40000 },
        qr{^/word: is too long to be checked}],
    ['beside maxLength', { short => 'a' x 40000 },
        qr{^/short: must be at most 20 characters long$}],
    ['many texts', { many => [('a' x 30 . '!') x 1000] },
        qr{^/many/\d+: (?:is too complex|must match)}],
) {
    my ($name, $body, $reason) = @$case;
    my ($r, $ms) = cost($body);

    is_refused($r, 400, 'Invalid post body', "R.5: $name: refused");
    like(detail($r), $reason, '... which is told');
    ok($ms <= $limit, "... after $ms ms");
}

my @batch = map { { many => [('a' x 30 . '!') x 1000] } } 1 .. 30;
my ($r, $ms) = cost({ data => \@batch });
is($r->{status}, 400, 'R.5: 30 records of a batch share the steps');
ok($ms <= 2 * $limit, "... $ms ms for 1 MB");
my ($last) = reverse @{$r->{json}{records}};
ok(!$last->{success}, '... the last one is not taken for valid');

($r, $ms) = cost({ anchored => 'a' x 900000, word => 'abc1' });
is($r->{status}, 201, 'R.5: a long text is taken where the pattern allows it');
ok($ms <= $limit, "... in $ms ms");
is(post($t, { data => [ map { { many => ['aaaa'],
    word => 'abcdef1' } } 1 .. 1000 ] }, endpoint => 'cost')->{status}, 201,
    '... and 1000 usual records are not too complex');


# R.12

($r, $ms) = cost('{"unique":[' . join(',', map { "1e-$_" } 400 .. 60400)
    . ']}');
is($r->{status}, 201, 'R.12: 60,000 numbers that round to the same');
ok($ms <= $limit, "... in $ms ms");

my @names = map { "\"m$_\":0" } 1 .. 4000;
my $objects = join ',', map { '[' . join(',', ($_) x 8) . ']' }
    '{' . join(',', @names) . '}', '{' . join(',', reverse @names) . '}';
($r, $ms) = cost("{\"unique\":[$objects]}");
is_refused($r, 400, 'Invalid post body',
    'R.12: objects in another order are equal');
ok($ms <= $limit, "... after $ms ms");


# R.2

my $long = 'I' x 900000;
($r, $ms) = cost({ nested => { $long => { map { ("h$_" => 1) } 1 .. 200 } } });
is_refused($r, 400, 'Invalid post body', 'R.2: 200 faults below a long name');
ok(length $r->{body} < 70000, '... answer of ' . length($r->{body}) . ' bytes');
like(detail($r), qr{^/nested/I{200,255}\W}, '... with the name cut');
like(detail($r), qr{; and more$}, '... and says that there is more');
ok($ms <= $limit, "... in $ms ms");

my $name = 'J' x 250;
($r, $ms) = cost({ data => [ map { { nested => { $name =>
    { map { ("h$_" => 1) } 1 .. 100 } } } } 1 .. 500 ] });
is($r->{status}, 400, 'R.2: 500 records with 100 faults each');
ok(length $r->{body} < 70000 + 500 * 100,
    '... answer of ' . length($r->{body}) . ' bytes');
is(scalar(grep { $_->{success} } @{$r->{json}{records}}), 0,
    '... none of which is valid');

is(scalar(my @records = keys_like($redis, '*:rec:*')), 1002,
    'nothing is stored but what was answered with 201');

$t->done();
