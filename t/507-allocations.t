# Memory that is not there: for each route, the first allocation fails, then the
# second, and so on until the request needs no more.  Whatever fails, the client
# has an answer or its connection ends, what was answered as stored is stored,
# nobody's memory is touched or lost, no connection is left, and the next request
# is served.  See t/failing: it needs the sanitizer build.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use IO::Compress::Gzip qw(gzip);
use MIME::Base64;
use SecOps;
use SecOps::Cluster;
use SecOps::Records;
use SecOps::Tokens;

my $missing = SecOps::Tokens::missing();
plan(skip_all => $missing) if $missing;

my $t = SecOps->new();

plan(skip_all => 'allocations fail in the sanitizer build only')
    unless $t->sanitized();

my $cluster = SecOps::Cluster->new($t, masters => 3, replicas => 0);
my $redis = $t->redis();
my $issuer = SecOps::Tokens->new();
my $key = $issuer->key('one', kty => 'EC', crv => 'P-256', kid => 'one');
my $token = $issuer->token('one');
my $jwks = jwks($key);

# nginx itself says so, at this level
$t->allow(qr/\[emerg\].*(?:malloc|memalign)\(.*\(12: /);

my $settings = <<'EOT';
            secops_redis %%REDIS3%%;
            secops_redis_timeout 20s;
EOT

sub location { # like the others, with more
    my ($name, $more) = @_;

    return <<"EOT";
        location /$name/ {
            rewrite ^/$name(/.*)\$ \$1 break;
            secops_api;
            $more
        }
EOT
}

# one more table, in which what is said again changes what is there

my $fact = JSON::PP->new->decode($t->read(
    root() . '/conf-examples/secops/tables/u_reputation.json'));

$t->write('secrets.key', 'ab' x 32);
$t->write('schema/tables/u_reputation.json', JSON::PP->new->encode($fact));

$t->run(conf(http => 'secops_schema_dir %%DIR%%/schema;',
    location => 'secops_redis_timeout 20s;',
    server => location('one', "$settings secops_auth header;"
        . ' secops_secrets_key_file %%DIR%%/secrets.key;')
    . location('three', <<'EOT')
            secops_redis %%REDIS0%%;
            secops_redis_cluster on;
            secops_auth api_key header;
            secops_api_key_cache 0;
EOT
    . location('key', "$settings secops_auth api_key; secops_api_key_cache 0;")
    . location('token', <<"EOT")
            $settings
            secops_auth jwt;
            secops_jwt_cache off;
            secops_jwt_key_request /keys interval=1ms min_interval=1ms;
EOT
    . location('any', "$settings secops_auth header; satisfy any; deny all;")
    . location('after',
        "$settings secops_auth header; post_action /api/v2/health;")
    . <<"EOT"));
        location = /keys {
            internal;
            proxy_pass http://127.0.0.1:%%PORT%%/jwks;
        }
        location = /jwks {
            return 200 '$jwks';
        }
        location = /failing {
            failing_status;
        }
        location = /status {
            stub_status;
        }
EOT

my ($worker) = $t->workers();


sub seen { # how many allocations there were, and whether one has failed
    my $r = wait_for(sub { $t->request('GET', '/failing') }, 20);
    return $r->{body} =~ /^(\d+) ([01])$/;
}

sub open_files {
    opendir my $folder, "/proc/$worker/fd" or return 0;
    return scalar grep { !/^\./ } readdir $folder;
}

sub active {
    my $r = $t->request('GET', '/status');
    return ($r->{body} =~ /Active connections: (\d+)/)[0] - 1;
}


# paths of what an answer says was stored: a record, or events

sub stored {
    my ($r) = @_;
    my @answers = ref $r->{json} eq 'ARRAY' ? @{$r->{json}} : $r->{json};

    return map {
        $_->{sys_id} ? $r->{headers}{location}
            : $_->{event_id} ? "/api/v1/events/$_->{job_id}/$_->{event_id}"
            : ();
    } @answers;
}


# All of one route; path and body may be functions.  Where there are many, each of the first ones fails, and then
# every so maniest, so that it takes as long as 300.

sub all_fail {
    my ($name, $method, $path, $headers, $body, $good) = @_;
    my ($nth, $step, %status, @mute, @unserved, @lost, $closed, @cut) = (0, 1);

    my ($path_of, $body_of) = map { my $is = $_;
        ref $is eq 'CODE' ? $is : sub { $is } } $path, $body;

    my $total = do {
        $t->request($method, $path_of->(),
            { %$headers, 'X-Fail-Allocation' => 1e9 }, $body_of->());
        (seen())[0];
    };

    while ($nth < 100_000) {
        $nth += $nth < 150 ? 1 : 1 + int $total / 150;

        my $c = $t->connect();
        my $r = $c->request($method, $path_of->(), { %$headers,
            'X-Fail-Allocation' => $nth, Connection => 'close' },
            $body_of->());
        my $status = $r ? $r->{status} : 'closed';

        push @mute, $nth if !$r && !$c->closed(5);
        $c->close();
        $status{$status}++;

        # nothing is answered any more once the answer's own head has failed
        $closed = $nth if $status eq 'closed';
        push @cut, $closed if $closed && $status ne 'closed' && $status >= 500;

        if ($status eq 201) {
            push @lost, map { $nth } grep {
                my $read = get($t, "/one$_");
                !$read || $read->{status} != 200;
            } stored($r);
        }

        push @unserved, $nth unless wait_for(sub {
            my $r = $t->request('GET', '/one/api/v2/health');
            $r && $r->{status} == 200;
        }, 20);

        last unless (seen())[1];
    }

    my $list = join ' ', map { "$_: $status{$_}" } sort keys %status;
    cmp_ok($nth, '>', 10, "C.B5: $name: $total allocations, $list");
    like($list, qr/$good/, '... and without a failure the answer is a good one');
    is("@mute", '', '... each time there was an answer, or the end');
    is("@cut", '', '... which was the end only where the answer is written');
    is("@lost", '', '... what was answered as stored is there') if $good == 201;
    is("@unserved", '', '... and the next request was served');
    is(join(' ', $t->workers()), $worker, '... by the same worker');
    ok(wait_for(sub { active() == 0 }, 20), '... and no connection is left');
}


my $roles = 'sn_sec_cmn.api_write,sn_sec_cmn.admin';
my %who = %{who(roles => $roles)};
my $integration = { hook => { type => 'integration', properties => {
    title => 'Hook', integration_type => 'Webhook',
    parameters => { url => 'https://hook.example/x' } } } };
my $api_key = { k => { type => 'api_key', properties => { name => 'K',
    scopes => ['read:resources', 'write:resources'] } } };

my $r = $t->request('POST', '/one/api/v2/resources', \%who, $api_key);
is($r->{status}, 200, 'an api key');
my ($value) = $r->{body} =~ /"([\w-]{86})"/;
ok($value, '... with its value') or diag($r->{body});

my $id = post($t, records(), headers => {})->{json}{sys_id};
$r = $t->request('POST', '/one' . path(), \%who, records());
$id = $r->{json}{sys_id};
$t->request('GET', "/three/api/v2/health", \%who);
$t->request('GET', "/token/api/v2/token/scopes",
    { Authorization => "Bearer $token" });

my $files = open_files();

all_fail('a record', 'POST', '/one' . path(), \%who, records(), 201);
all_fail('a batch', 'POST', '/one' . path(), \%who,
    { data => [apart(3)] }, 201);
my ($plain, $packed) = (JSON::PP->new->encode(records()));
gzip(\$plain, \$packed) or die 'gzip';
all_fail('a packed record', 'POST', '/one' . path(),
    { %who, 'Content-Encoding' => 'gzip' }, $packed, 201);
all_fail('lines', 'POST', '/one' . path(),
    { %who, 'Content-Type' => 'application/x-ndjson' }, "$plain\n$plain\n", 201);
all_fail('a record by its id', 'GET',
    "/one/api/now/table/sn_ti_lookup_result/$id", \%who, undef, 200);
all_fail("records: $_->[0]", 'GET',
    "/one/api/now/table/sn_ti_lookup_result?$_->[1]", \%who, undef, 200)
    foreach ['a page', 'sysparm_limit=3&sysparm_offset=4'],
        ['behind one', "sysparm_limit=3&sysparm_cursor=$id"],
        ['a query', 'sysparm_query=findingLIKEmal^threat_scoreIN,1,2'
            . '^ORDERBYsys_id'],
        ['sorted', 'sysparm_query=ORDERBYfinding^ORDERBYDESCobservable'
            . '&sysparm_fields=finding,sys_id&sysparm_display_value=all'],
        ['ids', "sysparm_query=sys_idIN$id^ORsys_id=$id"],
        ['subjects', 'sysparm_query=observableIN198.51.100.7,x'];

# hiredis has a large buffer then, which is given back

my $large = $t->request('POST', '/one' . path(), \%who,
    records(more => 'x' x 60_000))->{headers}{location};
my $before = $t->log_end();

all_fail('a large record', 'GET', "/one$large", \%who, undef, 200);
ok($t->wait_logged($before, 'secops redis "[^"]+": connection lost: '
    . '(?:Out of memory|no memory for reply)\n'),
    '... the log says why a link has ended');
all_fail('a record after a large one', 'GET', sub {
        $t->request('GET', "/one$large", \%who);
        "/one/api/now/table/sn_ti_lookup_result/$id" }, \%who, undef, 200);

all_fail('what is known about a subject', 'GET',
    '/one/api/secops/v1/subjects/198.51.100.7?max_age=1d', \%who, undef, 200);
all_fail('a fact that is known', 'POST', '/one' . path('reputation'), \%who,
    records(), 200);
all_fail('a fact that is new', 'POST', '/one' . path('reputation'), \%who,
    sub { records(observable => 'new ' . rand) }, 201);
all_fail('facts', 'POST', '/one' . path('reputation'), \%who,
    { data => [ records(), records(), records(observable => 'y') ] }, 200);

my $table = '/one/api/now/table/sn_ti_lookup_result';
my $number = 0;

all_fail('a record by the Table API', 'POST', "$table?sysparm_fields=note",
    \%who, records(), 201);
all_fail('a change', 'PATCH', "$table/$id", \%who,
    sub { { note => $number++, more => [1, 2] } }, 200);
all_fail('a change of nothing', 'PUT', "$table/$id", \%who, '{}', 200);
all_fail('a change that is refused', 'PATCH', "$table/$id", \%who,
    { sys_id => 1, observable => 'y', finding => 'z' }, 400);
all_fail('a change of another version', 'PATCH', "$table/$id",
    { %who, 'If-Match' => '"x"' }, {}, 412);
all_fail('a deletion', 'DELETE', sub { '/one' . $t->request('POST',
        '/one' . path(), \%who, records())->{headers}{location} },
    \%who, undef, 204);

all_fail('requests in a batch', 'POST', '/one/api/now/v1/batch', \%who,
    { batch_request_id => 1, rest_requests => [
        { id => 'a', method => 'GET', headers => [], url =>
            "/api/now/table/sn_ti_lookup_result/$id" },
        { id => 'b', method => 'POST', body => encode_base64($plain, ''),
            url => '/api/now/table/sn_ti_lookup_result', headers =>
            [{ name => 'Content-Type', value => 'application/json' }] },
        { id => 'c', method => 'GET', url => '/none' },
        { id => 'd', method => 'PATCH', body => '***', url => '/none' },
    ] }, 200);
all_fail('health', 'GET', '/one/api/v2/health', \%who, undef, 200);
all_fail('health of three servers, asked with a key', 'GET',
    '/three/api/v1/health', { 'x-arcanna-api-key' => $value, %who }, undef, 200);
all_fail('resources', 'GET', '/one/api/v2/resources', \%who, undef, 200);
all_fail('saving resources', 'POST', '/one/api/v2/resources', \%who,
    $integration, 200);
all_fail('saving a secret', 'POST', '/one/api/v2/resources', \%who,
    sub { { s => { type => 'integration', properties => { title => 'S',
        integration_type => 'MISP', parameters => { url => 'https://m.example/',
        key => 'k' . $number++ } } } } }, 200);
all_fail('keeping a secret', 'POST', '/one/api/v2/resources', \%who,
    sub { { s => { type => 'integration', properties => { title => 'S',
        integration_type => 'MISP', parameters => { url => 'https://m.example/',
        key => '********', timeout => 1 + $number++ % 600 } } } } }, 200);
all_fail('a rotation', 'POST', '/one/api/secops/v1/secrets/rotate', \%who,
    undef, 200);
all_fail('what is left of it', 'GET', '/one/api/secops/v1/secrets/rotate',
    \%who, undef, 200);
all_fail('a new api key', 'POST', '/one/api/v2/resources', \%who,
    { k => { type => 'api_key', properties => { name => 'L' } } }, 200);
all_fail('another value of an api key', 'POST', '/one/api/v2/resources', \%who,
    { k => { type => 'api_key', properties => { name => 'L', rotate => \1,
    grace => 60 } } }, 200);
all_fail('deleting', 'DELETE', '/one/api/v2/resources?title=none', \%who, undef,
    404);

# one that refers to the key, and so has to be read before the key can be deleted

$r = $t->request('POST', '/one/api/v2/resources', \%who, { e => {
    type => 'integration', properties => { title => 'Exposer',
        integration_type => 'External REST API', parameters => {
            api_key => "{{api_keys(name='K')}}", data_type => 'JSON alerts' } }
    } });
is($r->{status}, 200, 'an integration that has the key') or diag($r->{body});

all_fail('deleting what is in use', 'DELETE', '/one/api/v2/resources?title=K',
    \%who, undef, 409);

# jobs, of a caller that reaches all of them, and of one that has an input key

$r = $t->request('POST', '/one/api/v2/resources', \%who, {
    k => { type => 'api_key', properties => { name => 'Input',
        scopes => [] } },
    i => { type => 'integration', properties => { title => 'Input',
        integration_type => 'External REST API', parameters => {
            api_key => "{{api_keys(name='Input')}}" } } },
    map({ ("j$_" => { type => 'job', properties => { title => "Job $_",
        category => 'Decision intelligence', decision_points => ['a'],
        pipeline_integrations => [{ resource => 'i',
            integration_type => 'input' }],
        $_ == 3 ? (advanced_settings => { auto_retrain => {
            enabled => JSON::PP::true } }) : () } }) } 1 .. 3) });
is($r->{status}, 200, 'jobs with an input key') or diag($r->{body});
my ($input) = map { $_->{value} // () } @{$r->{json}{created}};
my ($job) = map { $_->{type} eq 'job' ? $_->{internal_id} : () }
    @{$r->{json}{created}};
my ($itself) = map { $_->{title} eq 'Job 3' ? $_->{internal_id} : () }
    @{$r->{json}{created}};

foreach my $case (['all jobs', '/one', \%who],
    ["jobs of an input key", '/key', { 'x-arcanna-api-key' => $input }])
{
    my ($name, $place, $headers) = @$case;
    my $path = "$place/api/v1/jobs";
    my $json = { %$headers, 'Content-Type' => 'application/json' };

    all_fail($name, 'GET', $path, $headers, undef, 200);
    all_fail("$name: one by its id", 'GET', "$path/$job", $headers, undef, 200);
    all_fail("$name: labels", 'POST', "$path/get_by_name/labels", $json,
        { job_name => 'Job 2' }, 200);
    all_fail("$name: one is not there", 'GET', "$path/999", $headers, undef,
        404);
    all_fail("$name: a training", 'POST', "$path/$job/train", $headers, undef,
        200);

    # the events of it

    $path = "$place/api/v1/events";
    my $event = { job_id => $job, raw_body => { a => 'x' } };
    my $lines = { %$headers, 'Content-Type' => 'application/x-ndjson' };

    all_fail("$name: an event", 'POST', "$path/one", $json, $event, 201);
    all_fail("$name: it is no event", 'POST', $path, $json, {}, 422);

    # ids of their own: others lie in other shards each time, and allocate more
    # or less

    all_fail("$name: several events", 'POST', $path, $json,
        [{ %$event, event_id => 'first' },
        { %$event, event_id => 'two', large => 'x' x 5000 }, {}], 207);
    all_fail("$name: events in lines", 'POST', $path, $lines,
        join('', map { qq({"job_id":$job,"event_id":"$_","raw_body":{"a":1}}\n) }
            1 .. 3), 201);
    all_fail("$name: a decision", 'GET', "$path/$job/one", $headers, undef,
        200);
    all_fail("$name: an export", 'GET', "$path/$job/one/export", $headers,
        undef, 200);
    all_fail("$name: an event that is not there", 'GET', "$path/$job/none",
        $headers, undef, 404);

    # feedback on it, also when its vote is in another bucket; and decisions on
    # others of its bucket, which need the votes, and how much feedback there is

    my $feedback = { cortex_user => 'eve', feedback => 'Drop',
        closing_notes => "a\nb" };

    all_fail("$name: feedback", 'PUT', "$path/$job/one/feedback", $json,
        $feedback, 200);
    all_fail("$name: feedback on what was replaced", 'PUT', sub {
            $t->request('POST', "$path/one", $json, { %$event,
                raw_body => { a => ++$number } });
            return "$path/$job/one/feedback";
        }, $json, $feedback, 200);
    all_fail("$name: no feedback", 'PUT', "$path/$job/one/feedback", $json,
        { feedback => 'Nothing' }, 422);
    all_fail("$name: a decision by its bucket", 'GET', "$path/$job/two",
        $headers, undef, 200);

    $t->request('POST', "$place/api/v1/jobs/$itself/start", $headers);
    $t->request('POST', "$path/$_", $json, { %$event, job_id => $itself })
        foreach 'one', 'two';
    $t->request('PUT', "$path/$itself/one/feedback", $json, $feedback);
    all_fail("$name: a decision that wants all feedback", 'GET',
        "$path/$itself/two", $headers, undef, 200);
}

# what a processor decides: another decision each time, and one that it can not

is($t->request('POST', "/one/api/v2/jobs/$job/start", \%who)->{status}, 200,
    'a job is started');

my $decision = "/one/api/secops/v1/events/$job/one/decision";
my $decided = 0;

all_fail('what a processor decides', 'PUT', $decision, \%who, sub {
    return { label => 'Drop', confidence => ++$decided / 1e6 } }, 200);
all_fail('... by a label that is none', 'PUT', $decision, \%who,
    { label => 'x', confidence => 1 }, 422);

all_fail('the audit', 'GET', '/one/api/secops/v1/audit', \%who, undef, 200);
all_fail('a key of a caller', 'GET', '/key/api/v2/resources',
    { 'x-arcanna-api-key' => $value }, undef, 200);
all_fail('a fetch of keys', 'GET', '/token/api/v2/token/scopes',
    { Authorization => "Bearer $token" }, undef, 200);
all_fail('satisfy any', 'GET', '/any/api/v2/token/scopes', \%who, undef, 200);
all_fail('post_action', 'POST', '/after' . path(), \%who, records(), 201);
all_fail('a refusal', 'POST', '/one' . path(), {}, records(), 401);
all_fail('faults', 'POST', '/one' . path(), \%who, records(finding => 'x'), 400);

is($t->logged(0, 'can not be read'), 0,
    'nobody is told that what there was no memory for can not be read');
ok(wait_for(sub { open_files() <= $files }, 20), 'no file is left open')
    or diag(open_files(), " files, before $files");

$t->done();
