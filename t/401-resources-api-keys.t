# API keys as resources: created in sets, all or none, listed and deleted by
# title or id, in both forms of the document; refusals that name every fault;
# who may give which scope; domains kept apart; and what is in Redis then.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use JSON::PP;
use SecOps;
use SecOps::Records;
use SecOps::Resources;

my $t = SecOps->new(workers => 2);
my $redis = $t->redis();
my $api = SecOps::Resources->new($t, $redis);
my $path = '/api/v2/resources';
my $value = qr/\A[A-Za-z0-9_-]{86}\z/;
my $id = qr/\A[A-Za-z0-9_-]{20}\z/;
my $time = qr/\A\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\z/;

$t->run(conf() =~ s/secops_auth header;/secops_auth header api_key;/r);


sub save { return $api->save(@_) }
sub list { return $api->list(@_) }
sub remove { return $api->remove(@_) }
sub key { return api_key(@_) }

sub titles {
    my $r = list(@_);
    return [map { $_->{title} } @{$r->{json}}] if ref $r->{json} eq 'ARRAY';
    return "$r->{status} $r->{body}";
}

sub audit { # [operation, type, id], oldest first
    return map { my %f = @{$_->[1]}; [@f{qw(operation type id)}] }
        @{$redis->cmd('XRANGE', 'secops:{global:res}:audit', '-', '+')};
}


# one key

is(list('')->{body}, '[]', 'where there is nothing, the list is empty');
is(list('title=x')->{body}, '[]', '... and of a title that is not there');
is(list('resource_type=job')->{body}, '[]',
    '... and of a type that is not served');

my $r = save({ 'Api Key' => key('From REST') });
my ($created) = @{$r->{json}{created} // []};

is($r->{status}, 200, 'a key is created') or diag($r->{body});
is_deeply([sort keys %{$r->{json}}], [qw(created request updated)],
    '... the answer has three members');
is_deeply($r->{json}{request}, { status => 'OK' }, '... the request is OK');
is_deeply($r->{json}{updated}, [], '... nothing is updated');
is_deeply([sort keys %$created],
    [qw(internal_id resource_name title type url value)],
    '... what was created has the members that clients read');
is_deeply([@$created{qw(type resource_name title)}],
    ['api_key', 'Api Key', 'From REST'], '... with type, identifier and title');
like($created->{internal_id}, $id, '... an id of 20 characters');
like($created->{value}, $value, '... and a value of 86');
is($created->{url}, 'http://localhost/api-keys', '... and where it is shown');

is(scalar(grep { $_ eq 'GET' } @{$redis->cmd('KEYS', "*$created->{value}*")}),
    0, 'its value is in no name of Redis');
my $dump = join "\n", map {
    my $type = $redis->cmd('TYPE', $_);
    $type eq 'hash' ? @{$redis->cmd('HGETALL', $_)}
        : $type eq 'string' ? $redis->cmd('GET', $_)
        : $type eq 'stream' ? encode_json($redis->cmd('XRANGE', $_, '-', '+'))
        : $_
} keys_like($redis);
unlike($dump, qr/\Q$created->{value}\E/, '... and in no content');
unlike($t->error_log(), qr/\Q$created->{value}\E/, '... and not in the log');

$r = save({ again => key('From REST') });
is($r->{status}, 200, 'an existing name is not refused');
is_deeply($r->{json}{created}, [], '... creates nothing');
is_deeply($r->{json}{updated}, [ { type => 'api_key', resource_name => 'again',
    title => 'From REST', internal_id => $created->{internal_id},
    url => 'http://localhost/api-keys' } ],
    '... is listed as updated, and its value never told again');
is(scalar(audit()), 1, '... and nothing was written, so there is no entry');

my ($listed) = @{list('title=From+REST')->{json}};
is_deeply([sort keys %$listed], [qw(created_by created_on id name scopes title
    type updated_by updated_on)], 'it is listed by its title, without a value');
is_deeply([@$listed{qw(id title name type created_by)}],
    [$created->{internal_id}, 'From REST', 'From REST', 'api_key', 'script'],
    '... with what it is and who created it');
like($listed->{created_on}, $time, '... and when');
is_deeply($listed->{scopes}, [],
    'Semantics 6: ... without a scope, as it was created without one');
is_deeply(list("id=$created->{internal_id}")->{json}, [$listed],
    '... by its id');
is_deeply(list('')->{json}, [$listed], '... and among all');
is_deeply(list('resource_type=api_key')->{json}, [$listed], '... of its type');
is_deeply(list('resource_type=integration&title=From+REST')->{json}, [],
    '... but not among others');
is_deeply(list('title=from+rest')->{json}, [], '... letter case counts');
is(list('', headers => { 'Content-Type' => 'application/json' })->{status}, 200,
    'a GET with a Content-Type');
is($t->request('GET', "$path/", who(), '{}')->{status}, 200,
    '... with a body and a slash');
is($t->request('HEAD', $path, who())->{body}, '', 'HEAD sends no body');


# both forms, and overwriting

$r = save({ resources => { k => { %{key('B', title => 'B')},
    depends_on => [] } }, }, query => 'overwrite=False');
is($r->{status}, 200, 'the second form, as clients send it') or diag $r->{body};
is($r->{json}{created}[0]{resource_name}, 'k', '... creates');

my @faults = is_nok(save({ resources => { k => key('B'), c => key('C') } },
    query => 'overwrite=False'), 409, 'Resource already exists',
    'an existing name is refused when it is not to be overwritten');
is_deeply(faults(@faults), ['/resources/k: exists already, and is not to be'
    . ' overwritten'], '... saying which');
is($faults[0]{resource}, 'k', '... by its identifier');
is_deeply(titles('title=C'), [], '... and nothing is changed');

foreach my $case (
    ['{"resources":{"k":%s},"overwrite":false}', '', 409],
    ['{"resources":{"k":%s},"overwrite":"False"}', '', 409],
    ['{"resources":{"k":%s},"overwrite":0}', '', 409],
    ['{"resources":{"k":%s},"overwrite":null}', '', 200],
    ['{"resources":{"k":%s},"overwrite":false}', 'overwrite=True', 200],
    ['{"resources":{"k":%s},"overwrite":true}', 'overwrite=FALSE', 409],
    ['{"resources":{"k":%s}}', '', 200],
    ['{"resources":{"k":%s}}', 'overwrite=', 200],
    ['{"resources":{"k":%s}}', 'overwrite=0', 409],
    ['{"k":%s}', 'overwrite=1', 200],
    ['{"k":%s}', 'overwrite=false', 409],
) {
    my ($body, $query, $status) = @$case;
    is(save(sprintf($body, encode_json(key('B'))), query => $query)->{status},
        $status, "overwriting: $body $query");
}

$r = save({ resources => key('Named so') });
is($r->{json}{created}[0]{resource_name}, 'resources',
    'a resource may be called "resources" in the flat form') or diag $r->{body};

$r = save('{"n":{"type":"api_key","depends_on":null,"properties":{"name":"N",'
    . '"title":"","scopes":null,"expire_at":null}}}');
is($r->{status}, 200, 'null and "" count as not there') or diag $r->{body};


# sets

$r = save({ map { +"id$_" => { %{key("set $_")}, depends_on => $_ > 1
    ? ['id1'] : [] } } 1 .. 50 });
is(scalar(@{$r->{json}{created} // []}), 50, 'a set of 50') or diag $r->{body};
is(keys %{{ map { $_->{value} => 1 } @{$r->{json}{created}} }}, 50,
    '... each with a value of its own');
is(keys %{{ map { $_->{internal_id} => 1 } @{$r->{json}{created}} }}, 50,
    '... and an id');
my @before = audit();

@faults = is_nok(save(encode_json {
    good => key('good'),
    '' => key('empty identifier', nonsense => 1),
    'a/b~c' => key("control\ncharacter"),
    long => key('x' x 201),
    wide => key("\x{e9}" x 101),
    scopes => key('s', scopes => ['read:resources', 'read:everything']),
    twice => key('t', scopes => ['read:resources', 'read:resources']),
    event => key('u', scopes => ['write:event_agentic_notes']),
    other => key('v', title => 'w'),
    unnamed => { type => 'api_key', properties => {} },
    number => key(7),
    extra => { %{key('e')}, colour => 'red' },
    integration => { type => 'integration', properties => { name => 'i' } },
    unknown => { type => 'sandwich', properties => {} },
    badtime => key('q', expire_at => '2027-02-30 00:00:00'),
    offset => key('r', expire_at => '2027-02-03T00:00:00+25:00'),
}), 422, 'Invalid resources', 'a set with faults is refused as a whole');
my %by = map { $_->{resource} => $_ } @faults;
is_deeply([sort keys %by], [sort '', qw(a/b~c long wide scopes twice event other
    unnamed number extra integration unknown badtime offset)],
    '... telling every fault that the set has by itself');
is($by{'a/b~c'}{pointer}, '/a~1b~0c/properties/name',
    '... identifiers are escaped in pointers');
unlike($by{badtime}{message}, qr/[\[\]^\$]/,
    'Field 8: a time that is none is told without a regular expression');
is($by{scopes}{pointer}, '/scopes/properties/scopes/1',
    '... a scope that is not known is told by its place');
is($by{integration}{pointer}, '/integration/properties/name',
    '... of other types too');
is_deeply(titles('title=good'), [], '... and what was good is not there');
is_deeply([audit()], \@before, '... nor in the audit');

# Semantics 6: a key of before, with scopes that no operation takes any more

save({ old => key('of before', scopes => ['read:resources']) });
my ($former) = @{list("title=of+before")->{json}};
my $stored = $redis->cmd('HGET', 'secops:{global:res}:api_key', $former->{id});
$redis->cmd('HSET', 'secops:{global:res}:api_key', $former->{id},
    $stored =~ s/"read:resources"/"read:resources","read:event_query"/r);
is_deeply(list('title=of+before')->{json}, [$former],
    'Semantics 6: a stored scope that is no longer known is not shown');
is(save({ old => { type => 'api_key', properties => $former } })->{status}, 200,
    '... and what is shown can be sent again');
is(save({ old => key('of before', scopes => []) })->{status}, 200,
    '... a key may be left without any scope');
is_deeply(list('title=of+before')->{json}[0]{scopes}, [], '... and is then');
is(remove('title=of+before')->{status}, 200, '... and can be deleted');

is_nok(save({ past => key('p', expire_at => '2020-01-01 00:00:00') }), 422,
    'Invalid resources', 'a key can not have expired before it was created');
@faults = is_nok(save({ one => key('same'), two => key('same') }), 422,
    'Invalid resources', 'the same name twice');
@faults = is_nok(save({ one => { %{key('c1')}, depends_on => ['two'] },
    two => { %{key('c2')}, depends_on => ['one'] } }), 422,
    'Invalid resources', 'a circle');
@faults = is_nok(save({ one => { %{key('c1')}, depends_on => ['one'] } }), 422,
    'Invalid resources', '... of one');
@faults = is_nok(save({ one => { %{key('d')}, depends_on => ['nobody'] } }),
    404, 'Unknown reference', 'what depends on nothing that is there');
is_deeply(faults(@faults), ['/one/depends_on: names no resource of'
    . ' this request'], '... says so');
is_nok(save({ one => { %{key('d')}, depends_on => 'x' } }), 422,
    'Invalid resources', 'depends_on that is no array');

foreach my $case (
    ['', 'nothing'], ['{', 'no JSON'], ['[]', 'an array'], ['7', 'a number'],
    ['{}', 'an empty object'], ['{"resources":{}}', 'an empty set'],
    ['{"a":1}', 'a resource that is no object'],
    ['{"a":{"properties":{"name":"x"}}}', 'a resource without a type'],
    ['{"a":{"type":7,"properties":{"name":"x"}}}', 'a type that is no string'],
    ['{"a":{"type":"api_key"}}', 'a resource without properties'],
    ['{"a":{"type":"api_key","properties":[]}}', 'properties in an array'],
    ['{"resources":{"a":{"type":"api_key","properties":{"name":"x"}}},"b":1}',
     'something beside the resources'],
    ['{"resources":{"a":{"type":"api_key","properties":{"name":"x"}}},'
     . '"overwrite":"perhaps"}', 'overwriting perhaps'],
    ['{"a":{"type":"api_key","properties":{"name":"x","name":"y"}}}',
     'the same member twice'],
) {
    is_nok(save($case->[0]), 400, 'Invalid request', "refused: $case->[1]");
}

is_nok(save({ a => key('x') }, query => 'overwrite=maybe'), 400,
    'Invalid request', 'refused: overwrite=maybe');
is(save('a=b', headers => { 'Content-Type' =>
    'application/x-www-form-urlencoded' })->{status}, 415,
    'another Content-Type');
is_deeply(titles('title=x'), [], 'none of these left anything');

my $r1001 = save({ map { ("r$_" => key("r$_")) } 1 .. 1001 });
is_nok($r1001, 400, 'Invalid request', 'more than secops_max_batch');


# changes

$r = save({ k => key('B', scopes => ['read:resources', 'write:resources'],
    expire_at => '2099-12-31T23:59:59Z') });
is(scalar(@{$r->{json}{updated}}), 1, 'scopes and expiry can be changed')
    or diag $r->{body};
($listed) = @{list('title=B')->{json}};
is_deeply([@$listed{qw(scopes expire_at)}], [['read:resources',
    'write:resources'], '2099-12-31 23:59:59'], '... and are then');
save({ k => key('B') }, user => 'somebody');
is_deeply(list('title=B')->{json}, [$listed],
    '... what a request does not name stays, down to the time of change');
save({ k => key('B', scopes => ['delete:resources']) }, user => 'somebody');
is(list('title=B')->{json}[0]{updated_by}, 'somebody',
    '... who changed it is noted');
is(list('title=B')->{json}[0]{created_by}, 'script',
    '... beside who created it');


# deleting

is_nok(remove(''), 400, 'Invalid request', 'DELETE wants to know what');
is_nok(remove('resource_type=api_key'), 400, 'Invalid request',
    '... a type is not enough');
is_nok(remove('title=&id='), 400, 'Invalid request', '... nor are empty ones');
is_nok(remove('title=a&id=b'), 400, 'Invalid request', '... nor are two');
is_nok(list('title=a&id=b'), 400, 'Invalid request', '... as with GET');
is_nok(list('title=a&title=b'), 400, 'Invalid request', 'a title twice');
is_nok(list('resource_type=sandwich'), 400, 'Invalid request',
    'a type that does not exist');
is_nok(remove('title=nobody'), 404, 'No resource found',
    'what is not there can not be deleted');
is_nok(remove('id=nobody'), 404, 'No resource found', '... by id');
is_nok(remove('resource_type=job&title=B'), 404, 'No resource found',
    '... nor under another type');

my $before = @{list('')->{json}};
$r = remove('resource_type=api_key&title=B',
    headers => { 'Content-Type' => 'application/json', 'Content-Length' => 0 });
is($r->{status}, 200, 'deleted by title');
is_deeply([map { join ' ', sort keys %$_ } @{$r->{json}}],
    ['internal_id title type'], '... the answer lists it');
is_deeply([@{$r->{json}[0]}{qw(title type)}], ['B', 'api_key'], '... as it was');
is(scalar(@{list('')->{json}}), $before - 1, '... and it alone is gone');
is_nok(remove('title=B'), 404, 'No resource found', '... not twice');

$r = remove("id=$created->{internal_id}");
is($r->{json}[0]{title}, 'From REST', 'deleted by id');
is_deeply(list('title=From+REST')->{json}, [], '... its title is gone too');
$r = save({ k => key('From REST') });
is(scalar(@{$r->{json}{created}}), 1, '... and can be given again');
isnt($r->{json}{created}[0]{internal_id}, $created->{internal_id},
    '... to another key');

my $odd = qq(q"\\\x{20ac} {{x}} %41+/?&=#);
{
    use utf8;
    $r = save(encode_json({ k => key($odd) }));
    is($r->{json}{created}[0]{title}, $odd, 'a name of odd characters')
        or diag $r->{body};
    my $bytes = $odd;
    utf8::encode($bytes);
    my $quoted = join '', map { sprintf '%%%02X', ord } split //, $bytes;
    is(list("title=$quoted")->{json}[0]{name}, $odd, '... is found');
    is(remove("title=$quoted")->{json}[0]{title}, $odd, '... and deleted');
}
is(list('title=%FF%FE')->{body}, '[]', 'a title that is no text is not there');
is(list('title=%00')->{body}, '[]', '... nor is a NUL');


# what is in Redis

my %documents = @{$redis->cmd('HGETALL', 'secops:{global:res}:api_key')};
my %titles = @{$redis->cmd('HGETALL', 'secops:{global:res}:api_key:title')};
my %digests = map { $_->{digest} => 1 }
    map { decode_json($_) } values %documents;
is_deeply([sort map { decode_json($documents{$_})->{name} } keys %documents],
    [sort keys %titles], 'every key has its title in the index');
is_deeply([sort values %titles], [sort keys %documents], '... and the reverse');
is_deeply([keys_like($redis, 'secops:{key:*')],
    [sort map { 'secops:{key:' . substr($_, 0, 2) . "}:$_" } keys %digests],
    'there is a digest for every key, and for no other');
like($redis->cmd('GET', 'secops:{global:res}:rev'),
    qr/\A[1-9]\d*-[0-9a-f]{32}\z/, 'the revision counts');
my @entries = audit();
is(scalar(grep { $_->[0] eq 'resources.create' } @entries)
    - scalar(grep { $_->[0] eq 'resources.delete' } @entries),
    scalar(keys %documents), 'the audit accounts for every key');
is_deeply([grep { $_->[1] ne 'api_key' || $_->[2] !~ $id } @entries], [],
    '... by type and id');


# who may

foreach my $case (
    ['POST',   {}, 401], ['GET', {}, 401], ['DELETE', {}, 401],
    ['POST',   who(roles => ''), 403], ['GET', who(roles => ''), 403],
    ['DELETE', who(roles => ''), 403],
    ['POST',   who(roles => 'sn_sec_cmn.api_read'), 403],
    ['GET',    who(roles => 'sn_sec_cmn.api_read'), 200],
    ['DELETE', who(roles => 'sn_sec_cmn.api_read'), 403],
) {
    my ($method, $headers, $status) = @$case;
    is($t->request($method, "$path?title=none", $headers,
        $method eq 'POST' ? { k => key('k') } : undef)->{status}, $status,
        "$method by " . ($headers->{'X-SecOps-User'} ? "a caller with"
        . " \"$headers->{'X-SecOps-Roles'}\"" : 'nobody') . ": $status");
}
is($t->request('PUT', $path, who(), '{}')->{headers}{allow},
    'GET, HEAD, POST, DELETE', 'other methods are told which there are');

my %key;
foreach my $scopes ([qw(read:resources)], [qw(write:resources)],
    [qw(delete:resources)], [qw(read:resources write:resources
    execute:job_operations)], undef)
{
    my $name = join ',', @{$scopes // ['input']};
    my $made = save({ k => key("by $name", $scopes
        ? (scopes => $scopes) : ()) });
    $key{$name} = $made->{json}{created}[0]{value};
}

foreach my $case (
    ['read:resources', 403, 200, 403], ['write:resources', 200, 403, 403],
    ['delete:resources', 403, 403, 404], ['input', 403, 403, 403],
) {
    my ($name, $post, $get, $delete) = @$case;
    my $value = $key{$name};

    is(save({ k => key("from $name") }, key => $value)->{status}, $post,
        "a key with $name: POST $post");
    is(list('title=none', key => $value)->{status}, $get, "... GET $get");
    is(remove('title=none', key => $value)->{status}, $delete,
        "... DELETE $delete");
}

my $manager = $key{'read:resources,write:resources,execute:job_operations'};
$r = save({ k => key('passed on', scopes => [qw(read:resources
    execute:job_operations)]) }, key => $manager);
is($r->{status}, 200, 'a key passes on scopes that it has') or diag $r->{body};
is(list('title=passed+on')->{json}[0]{created_by}, 'api_key:' . list('title='
    . 'by+read:resources,write:resources,execute:job_operations')
    ->{json}[0]{id}, '... and is named as the creator, by its id');
@faults = is_nok(save({ k => key('more', scopes => [qw(read:resources
    delete:resources)]), j => key('less', scopes => ['read:resources']) },
    key => $manager), 403, 'Insufficient access',
    'it can not give a scope that it does not have');
is_deeply(faults(@faults), ['/k/properties/scopes: must not go beyond the'
    . ' caller\'s own scopes'], '... says which');
is_deeply(titles('title=less'), [], '... and nothing of the set is there');
is_nok(save({ k => key('by delete:resources', scopes => [qw(delete:resources
    read:resources)]) }, key => $manager), 403, 'Insufficient access',
    '... neither to a key that exists');
is_nok(save({ k => key('by read:resources,write:resources,'
    . 'execute:job_operations', scopes => [qw(delete:resources)]) },
    key => $manager), 403, 'Insufficient access', '... nor to itself');
is(save({ k => key('for an input') }, key => $manager)->{status}, 200,
    '... but keys without a scope, it may create');


# a key is no stronger than the one that made or changed it (Semantics 4)

sub made { # the value of a new key
    my ($name, %more) = @_;
    my $r = save({ k => key($name, %more) });
    return $r->{json}{created}[0]{value} // diag($r->{body});
}

sub is_no { # a change that this key may not make
    my ($by, $fault, $name, %resources) = @_;
    my $before = list('')->{json};
    my @faults = is_nok(save(\%resources, key => $by), 403,
        'Insufficient access', "Semantics 4: $name");
    is_deeply(faults(@faults), [$fault], '... says why');
    delete $_->{last_used} foreach my @all = (@$before, @{list('')->{json}});
    is_deeply([@all[@$before .. $#all]], $before, '... and nothing is changed');
}

my ($soon, $sooner, $later) = (from_now(3600), from_now(1800), from_now(7200));
my $brief = made('brief', scopes => ['write:resources'], expire_at => $soon);
made('strong', scopes => [qw(write:resources delete:resources)],
    expire_at => $sooner);
made('eternal', scopes => ['write:resources']);
made('short', scopes => ['write:resources'], expire_at => $sooner);

my $too_long = '/k/properties/expire_at: must be given, and not be later than'
    . ' that of the key that the caller has';
my $stronger = '/k: has scopes that the caller lacks';

is_no($brief, $too_long, 'a key does not prolong itself',
    k => key('brief', expire_at => $later));
is_no($brief, $too_long, '... nor another one',
    k => key('short', expire_at => $later));
is_no($brief, $too_long, '... nor by an offset',
    k => key('brief', expire_at => "$soon-12:00"));
is_no($brief, $too_long, '... nor makes one that lives longer',
    k => key('new', expire_at => $later));
is_no($brief, '/k: outlives the key that the caller has',
    '... nor touches one that does', k => key('eternal', scopes => []));
is_no($brief, $stronger, 'a key does not shorten the life of a stronger one',
    k => key('strong', expire_at => from_now(2)));
is_no($brief, $stronger, '... nor narrows it',
    k => key('strong', scopes => ['write:resources']));
is_no($brief, $stronger, '... nor renames it', k => { type => 'api_key',
    properties => { name => 'weak', rename => \1,
    id => list('title=strong')->{json}[0]{id} } });

is(save({ k => key('heir') }, key => $brief)->{status}, 200,
    'Semantics 4: a key that it makes without an expiry');
is(list('title=heir')->{json}[0]{expire_at}, $soon, '... expires with it');
is(save({ a => key('heir', expire_at => $sooner), b => key('brief',
    expire_at => $sooner), c => key('short', scopes => []) }, key => $brief)
    ->{status}, 200, 'it may shorten lives, its own too, and narrow equals');
is(save({ map { $_ => key($_) } qw(strong eternal brief) }, key => $brief)
    ->{status}, 200, '... and name what it does not change');
is(save({ k => key('strong', expire_at => $later), e => key('eternal',
    expire_at => $later) })->{status}, 200, 'a caller with roles may do it all');

my $broom = made('broom', scopes => [qw(delete:resources)]);
$r = remove('title=strong', key => $broom);
@faults = is_nok($r, 403, 'Insufficient access',
    'Semantics 4: a key does not delete a stronger one');
is_deeply(faults(@faults), ['title: has scopes that the caller lacks'],
    '... says why');
is_deeply(titles('title=strong'), ['strong'], '... which is still there');
is(remove('title=heir', key => $broom)->{status}, 200, '... but a weaker one');


# a key that is renamed does not pose as another one (Semantics 3)

my $intern = made('intern', scopes => [qw(write:resources)]);
made('soc-lead', scopes => [qw(write:resources)]);
my %id = map { $_ => list("title=$_")->{json}[0]{id} } qw(intern soc-lead);

is(save({ a => { type => 'api_key', properties => { id => $id{intern},
    rename => \1, name => 'soc-lead' } }, b => { type => 'api_key', properties =>
    { id => $id{'soc-lead'}, rename => \1, name => 'intern' } } }, key => $intern)->{status},
    200, 'two keys change names');
save({ k => key('traced') }, key => $intern);
is(list('title=traced')->{json}[0]{created_by}, "api_key:$id{intern}",
    'Semantics 3: the creator is the key, whatever it is called');
my %entry = @{(map { $_->[1] } @{$redis->cmd('XREVRANGE',
    'secops:{global:res}:audit', '+', '-', 'COUNT', 1)})[0]};
is($entry{user}, "api_key:$id{intern}", '... and in the audit');


# revoking works, also of a key that is in use (Semantics 2)

my $leaked = made('leaked', scopes => ['write:resources']);
is(save({ i => integration('Exposer', integration_type => 'External REST API',
    parameters => { api_key => '{{api_keys(name=\'leaked\')}}' }) })->{status},
    200, 'a key that an integration refers to');
is(remove('title=leaked')->{status}, 409, '... can not be deleted');
foreach my $when (from_now(0), '2020-01-01 00:00:00') {
    is(save({ k => key('leaked', expire_at => $when) })->{status}, 200,
        "Semantics 2: ... but be revoked: it expires at $when");
    is($t->request('GET', '/api/v2/token/scopes',
        { 'x-arcanna-api-key' => $leaked })->{status}, 401, '... at once');
}
is(list('title=leaked')->{json}[0]{expire_at}, '2020-01-01 00:00:00',
    '... is told when it expired');

my $own = made('own', scopes => ['write:resources']);
is(save({ k => key('own', expire_at => from_now(0)) }, key => $own)
    ->{status}, 200,
    'a key may revoke itself');
is(save({ k => key('own') }, key => $own)->{status}, 401, '... and is then');
remove("title=$_") foreach 'Exposer', 'leaked';


# and what it is told

is_deeply($t->request('GET', '/api/v2/token/scopes',
    { 'x-arcanna-api-key' => $manager })->{json},
    [qw(read:resources write:resources execute:job_operations)],
    'a key learns its scopes');
is_deeply($t->request('GET', '/api/v2/token/scopes/', who())->{json},
    [qw(read:resources write:resources delete:resources
        execute:job_operations read:records write:records write:events
        read:event_export write:event_feedback write:decisions)],
    'Semantics 6: ... who may write, all there are: those with an operation');
is_deeply($t->request('GET', '/api/v2/token/scopes',
    who(roles => 'sn_sec_cmn.api_read'))->{json},
    [qw(read:resources read:records read:event_export)],
    '... who may read, those that read');
is($t->request('GET', '/api/v2/token/scopes', who(roles => ''))->{body}, '[]',
    '... who may nothing, none');
is($t->request('GET', '/api/v2/token/scopes')->{status}, 401,
    '... and nobody is refused');


# domains

my $theirs = save({ k => key('shared name') }, domain => 'acme');
my $ours = save({ k => key('shared name') });
my ($there, $here) = map { $_->{json}{created}[0] } $theirs, $ours;
is(scalar(@{$theirs->{json}{created}}) + @{$ours->{json}{created}}, 2,
    'a name is free in every domain');
is_deeply([map { $_->{id} } @{list('title=shared+name',
    domain => 'acme')->{json}}], [$there->{internal_id}],
    '... each finds its own by title');
is_deeply(titles('', domain => 'acme'), ['shared name'], '... and lists its own');
is(list("id=$here->{internal_id}", domain => 'acme')->{body}, '[]',
    '... an id of another is not there');
is(remove("id=$here->{internal_id}", domain => 'acme')->{status}, 404,
    '... and can not be deleted');
is_deeply(list("id=$there->{internal_id}", key => $key{'read:resources'})
    ->{json}, [], 'a key is of the domain in which it was created');

is_nok(remove('', domain => 'acme'), 400, 'Invalid request',
    'where there is just one, DELETE wants to know which all the same');
is_nok(remove('resource_type=api_key', domain => 'acme'), 400,
    'Invalid request', '... also with a type');
is_deeply(titles('', domain => 'acme'), ['shared name'], '... it is still there');

foreach my $domain ('acme:res}:api_key', '{acme', 'acme}', 'acme:res', 'ACME',
    '*', 'global:res', '~' . 'a' x 32, 'key', 'x' x 1000)
{
    is(list('', domain => $domain)->{body}, '[]',
        'no name leads into another domain: ' . substr($domain, 0, 20));
}
is(save({ k => key('odd one') }, domain => '{acme:res}')->{status}, 200,
    'a domain of any name has resources');
is_deeply(titles('', domain => '{acme:res}'), ['odd one'], '... of its own');
is_deeply(titles('', domain => 'acme'), ['shared name'], '... and no others');


# many at once

my @pids;
foreach my $n (1 .. 8) {
    my $pid = fork() // die "fork: $!";
    if ($pid == 0) {
        my @bad = grep { ($_->{status} // 0) != 200 } map {
            save({ k => key("from $n, $_") })
        } 1 .. 10;
        open my $out, '>', $t->dir() . "/many$n";
        print $out map { "$_->{body}\n" } @bad;
        close $out;
        POSIX::_exit(0);
    }
    push @pids, $pid;
}
waitpid $_, 0 foreach @pids;
is(join('', map { $t->read("many$_") } 1 .. 8), '',
    'eight clients that write at the same time all succeed');
is(scalar(grep { /^from \d, / } @{titles('')}), 80, '... and all is there');

@pids = ();
foreach my $n (1 .. 8) {
    my $pid = fork() // die "fork: $!";
    if ($pid == 0) {
        my $got = save({ k => key('contended') });
        open my $out, '>', $t->dir() . "/one$n";
        print $out scalar(@{$got->{json}{created}}), "\n";
        close $out;
        POSIX::_exit(0);
    }
    push @pids, $pid;
}
waitpid $_, 0 foreach @pids;
is(scalar(grep { $t->read("one$_") eq "1\n" } 1 .. 8), 1,
    'of eight that create the same name, one creates it');
%documents = @{$redis->cmd('HGETALL', 'secops:{global:res}:api_key')};
is(scalar(grep { decode_json($_)->{name} eq 'contended' } values %documents),
    1, '... and there is one');
%digests = map { $_->{digest} => 1 } map { decode_json($_) }
    map { my %h = @{$redis->cmd('HGETALL', $_)}; values %h }
    map { "secops:{$_:res}:api_key" } 'global', 'acme';
is_deeply([grep { !$digests{(split /:/)[-1]} }
    grep { my %h = @{$redis->cmd('HGETALL', $_)};
           $h{domain} ne '{acme:res}' } keys_like($redis, 'secops:{key:*')], [],
    '... and no digest that leads nowhere');


# scripts that Redis does not know

my $known = $redis->calls('eval');
list('') foreach 1 .. 5;
is($redis->calls('eval'), $known, 'scripts are not sent in full each time');
$redis->cmd('SCRIPT', 'FLUSH');
is(list('title=contended')->{status}, 200,
    'a script that Redis has forgotten is sent again');
is(save({ k => key('after the flush') })->{status}, 200, '... each of them');


# trouble

$redis->cmd('SET', 'secops:{wrong:res}:audit', 'x');
$r = save({ k => key('not stored') }, domain => 'wrong');
is_nok($r, 500, 'Unable to save resources',
    'a write that Redis refuses is an error of the server');
like($r->{json}{detail}, qr/^request [0-9a-f]{32}$/, '... named by its request');
is($redis->cmd('HLEN', 'secops:{wrong:res}:api_key'), 0,
    '... and nothing is stored');
is_deeply([grep { my %h = @{$redis->cmd('HGETALL', $_)};
    $h{domain} eq 'wrong' } keys_like($redis, 'secops:{key:*')], [],
    '... not even a digest');

$redis->cmd('HSET', 'secops:{broken:res}:api_key', 'abc', 'no JSON');
$redis->cmd('HSET', 'secops:{broken:res}:api_key:title', 'T', 'abc');
is(list('', domain => 'broken')->{body}, '[]',
    'a resource that can not be read is not listed');
ok($t->wait_log(qr/stored api_key "abc" can not be read/), '... but told');
is(remove('title=T', domain => 'broken')->{status}, 200,
    '... and can be deleted');
is($redis->cmd('EXISTS', 'secops:{broken:res}:api_key',
    'secops:{broken:res}:api_key:title'), 0, '... with its title');

$redis->stop();
$r = list('');
is_nok($r, 503, 'Service Unavailable', 'without Redis there is no list');
is($r->{headers}{'retry-after'}, 1, '... and a client is told to come back');
is_nok(save({ k => key('k') }), 503, 'Service Unavailable',
    '... nothing is created');
is_nok(remove('title=contended'), 503, 'Service Unavailable',
    '... nothing deleted');
$redis->start();
ok(wait_for(sub { list('title=contended')->{status} == 200 }),
    'once it is back, all goes on');
is_deeply(titles('title=k'), [], '... and what was refused is not there');

unlike($t->error_log(), qr/\Q$_\E/, 'no value was ever logged')
    foreach grep { defined } $manager, $here->{value};

$t->done();
