# What a set does to what there is: how references are resolved and kept, how a
# job is merged, how secrets and masks go together, and that what GET shows can
# be sent back and changes nothing: for every type of resource, every
# integration type and every role.

use strict;
use warnings;
use utf8;

use FindBin;
use lib "$FindBin::Bin/lib";

use JSON::PP;
use SecOps;
use SecOps::Catalog;
use SecOps::Records;
use SecOps::Resources;

my $t = SecOps->new(workers => 2);
my $redis = $t->redis();

$t->run(conf(location => 'client_max_body_size 4m;')
    =~ s/secops_auth header;/secops_auth header api_key;/r);

my $api = SecOps::Resources->new($t, $redis);
my ($true, $false) = (JSON::PP::true, JSON::PP::false);
my $mask = '********';

sub stored { # the document as it is in Redis
    my ($type, $title) = @_;
    utf8::encode($title) if utf8::is_utf8($title);
    my $id = $redis->cmd('HGET', "secops:{global:res}:$type:title", $title)
        // return;
    return decode_json($redis->cmd('HGET', "secops:{global:res}:$type", $id));
}

sub steps { # of a job: "role resource"
    my ($title) = @_;
    return [map { "$_->{integration_type} $_->{resource}" }
        @{$api->job_called($title)->{pipeline_integrations}}];
}

sub id { my ($r, $title) = @_;
    my ($entry) = grep { $_->{title} eq $title }
        map { @{$r->{json}{$_}} } qw(created updated);
    return $entry->{internal_id} }

sub base {
    return (
        in  => integration('In', parameters => { hosts => 'a' }),
        out => integration('Out', parameters => { hosts => 'b' }),
        more => integration('More', parameters => { hosts => 'c' }),
    );
}

sub input { return step($_[0] // 'in', 'input', index => 'i') }

sub change { # of the job J
    my (%more) = @_;
    return { j => { type => 'job', properties => { title => 'J', %more } } };
}


# --- references -------------------------------------------------------------

# the name in the request, else the title, of who stands anywhere in it

my $r = $api->save({
    j => job('J', pipeline_integrations => [ input('x'), step('Out',
        'output') ]),
    x => integration('In'), out => integration('Out'),
});
is_saved($r, 'whatever the order in the request');
my ($in, $out) = (id($r, 'In'), id($r, 'Out'));
is_deeply(steps('J'), [ "input {{integrations(internal_id=$in)}}",
    'processor Decision intelligence processor',
    "output {{integrations(internal_id=$out)}}" ],
    '... by name or by title of the request');

# a name wins over a title, one of the request over a stored one

$r = $api->save({ In => integration('Another'), j => job('J2',
    pipeline_integrations => [ input('In') ]) });
is_saved($r, 'a name in the request that is a stored title too');
is(steps('J2')->[0], "input {{integrations(internal_id=${\ id($r,
    'Another')})}}", '... is the name');

$r = $api->save({ one => integration('First'), First =>
    integration('Second'), j => job('J3', pipeline_integrations =>
    [ input('First') ]) });
is_saved($r, 'a name that is a title in the request too');
is(steps('J3')->[0], "input {{integrations(internal_id=${\ id($r,
    'Second')})}}", '... is the name');

foreach my $form ("{{integrations(title='In')}}", '{{integrations(title="In")}}',
    "{{ integrations( title = 'In' ) }}", "{{integrations(internal_id=$in)}}",
    "{{integrations(internal_id='$in')}}", 'In')
{
    is_saved($api->save({ j => job('Form', pipeline_integrations =>
        [ input($form) ]) }), "a reference: $form");
    is(steps('Form')->[0], "input {{integrations(internal_id=$in)}}",
        '... is kept as the id');
    $api->remove('title=Form&resource_type=job');
}

# a title changes, the reference stays

is_saved($api->save({ x => integration('In renamed', id => $in,
    rename => JSON::PP::true) }),
    'an integration is renamed by its id');
is($api->one('integration', 'In'), undef, '... its old title is free');
is($api->one('integration', 'In renamed')->{id}, $in, '... it is the same');
is(steps('J')->[0], "input {{integrations(internal_id=$in)}}",
    '... and still the input of its job');
is_saved($api->save({ x => integration('In', id => $in,
    rename => JSON::PP::true),
    y => integration('New') }), '... and back');

# two titles change places in one step

is_saved($api->save({ a => integration('A'), b => integration('B') }), 'two');
my ($a, $b) = map { $api->one('integration', $_)->{id} } qw(A B);
is_saved($api->save({ a => integration('B', id => $a,
    rename => JSON::PP::true), b => integration('A', id => $b,
    rename => JSON::PP::true) }), '... change their titles');
is_deeply([map { $api->one('integration', $_)->{id} } qw(A B)], [$b, $a],
    '... and both are found');

# references anywhere in parameters

is_saved($api->save({ base(), key => api_key('Key'), w => integration('Hook',
    integration_type => 'Webhook', parameters => {
        url => 'https://hooks.example.com/x', auth_type => 'bearer',
        token => 't', headers => { 'X-Key' => 'plain' } }) }), 'parameters');
my $key = $api->one('api_key', 'Key')->{id};
is_saved($api->save({ e => integration('Exposer', integration_type =>
    'External REST API', parameters =>
    { api_key => "{{api_keys(internal_id='$key')}}" }) }),
    'a key by its id');
is($api->one('integration', 'Exposer')->{parameters}{api_key},
    "{{api_keys(internal_id='$key')}}", '... is shown so');
is_saved($api->save({ e => integration('Exposer', integration_type =>
    'External REST API', parameters =>
    { api_key => '{{api_keys(title="Key")}}' }) }), '... by its title');
is($api->one('integration', 'Exposer')->{parameters}{api_key},
    "{{api_keys(internal_id='$key')}}", '... it is the same');


# --- titles -----------------------------------------------------------------

my @titles = ('Ünïcode', 'ελληνικά', '日本語のタイトル', 'العربية', '🚨 alerts 🚨',
    "it's", 'say "hello"', "both ' and \"", 'back\\slash', 'a\\\'b', '{{braces}}',
    '{{integrations(title=\'x\')}}', "two\nlines", "tab\there", ' spaces ', 'a+b c%20d',
    'a&b=c', '<tag>', "thin\x{2009}space",
    "two\x{2028}lines", 'x' x 200, '$1 %s', "{\"json\":1}", '/a~b/c',
    '-', '0', 'null');

foreach my $title (@titles) {
    my $shown = $title =~ s/([^ -~])/sprintf '\x{%x}', ord $1/ger;
    my $quoted = $title =~ s/([\\'])/\\$1/gr;

    my $r = $api->save({ i => integration($title), j => job($title,
        pipeline_integrations => [ input("{{integrations(title='$quoted')}}") ]),
        $title =~ /[\n\t]/ ? () : (k => api_key($title)) });
    is_saved($r, "a title: $shown") or next;
    my $i = $api->one('integration', $title)->{id};
    is(steps($title)->[0], "input {{integrations(internal_id=$i)}}",
        '... and an expression with it');
    is(stored('job', $title)->{title}, $title, '... as it is');
    $quoted = $title =~ s/([\\"])/\\$1/gr;
    is_saved($api->save({ j => job($title, pipeline_integrations =>
        [ input("{{integrations(title=\"$quoted\")}}") ]) }),
        '... in the other quotes too');

    my $before = $api->dump();
    is_saved($api->save($api->list({ title => $title,
        resource_type => 'job' })->{json}[0]), '... and sent back');
    is_deeply($api->dump(), $before, '... it changes nothing');
    is($api->remove({ title => $title, resource_type => $_ })->{status}, 200,
        "... the $_ can be deleted") foreach qw(job integration),
        $title =~ /[\n\t]/ ? () : 'api_key';
}

$redis->cmd('FLUSHALL');


# --- jobs -------------------------------------------------------------------

$r = $api->save({ base(), j => job('J', description => 'd',
    feedback_columns => ['f'], advanced_settings => { custom_labels =>
        [map { { name => $_, hex_color => '#00000' . ord($_) % 10 } }
            qw(a b c)],
        auto_retrain => { enabled => $true, cron => '0 3 * * *',
            blockers => { outliers => $true } },
        monitoring_settings => { throttling => 5, monitors =>
            [ { name => 'm', active => $true, interval_check => 60 } ] } },
    pipeline_integrations => [ { %{input()}, storage_tag => 'tag',
        storage_tag_display_name => 'Tag' }, step('out', 'output') ]) });
is_saved($r, 'a job with everything');
($in, $out) = map { "{{integrations(internal_id=$_)}}" } id($r, 'In'),
    id($r, 'Out');
my $more = "{{integrations(internal_id=${\ id($r, 'More')})}}";
my $processor = 'processor Decision intelligence processor';
my $job = $api->job_called('J');
is($job->{status}, 'DISABLED', '... which does not run yet');

# the pipeline

is_deeply(steps('J'), [ "input $in", $processor, "output $out" ],
    'its pipeline, with its processor');

is_saved($api->save(change(pipeline_integrations =>
    [ step('More', 'output') ])), 'an entry is added');
is_deeply([sort @{steps('J')}], [sort "input $in", $processor, "output $out",
    "output $more"], '... entries that the request does not name are kept');

is_saved($api->save(change(pipeline_integrations =>
    [ { %{input('In')}, enabled => $false } ])), 'an entry is changed');
my ($first) = grep { $_->{integration_type} eq 'input' }
    @{$api->job_called('J')->{pipeline_integrations}};
ok(!$first->{enabled}, '... it is');
is($first->{storage_tag}, 'tag', '... and keeps what is not named');
is(scalar @{steps('J')}, 4, '... it is there once');

is_saved($api->save(change(pipeline_integrations => [ input('In'),
    step('More', 'output') ], remove_missing_pipeline_integrations => $true)),
    'entries that are not named are to be removed');
is_deeply([sort @{steps('J')}], [sort "input $in", $processor,
    "output $more"], '... they are, but the processor');

is_nok($api->save(change(pipeline_integrations => [ step('More', 'output') ],
    remove_missing_pipeline_integrations => $true)), 422, 'Invalid resources',
    'the last input can not be removed');

foreach my $pipeline (undef, []) {
    my $before = steps('J');
    is_saved($api->save(change(pipeline_integrations => $pipeline,
        remove_missing_pipeline_integrations => $true)), 'no pipeline');
    is_deeply(steps('J'), $before, '... leaves it as it is');
}

# settings and labels

my $settings = $api->job_called('J')->{advanced_settings};
is_saved($api->save(change(advanced_settings => { custom_labels => undef,
    auto_retrain => undef, monitoring_settings => undef })), 'all null');
is_deeply($api->job_called('J')->{advanced_settings}, $settings,
    '... changes no setting');
is_saved($api->save(change(advanced_settings => { auto_retrain =>
    { enabled => $false } })), 'one setting');
my $after = $api->job_called('J')->{advanced_settings};
ok(!$after->{auto_retrain}{enabled}, '... is changed');
is($after->{auto_retrain}{cron}, '0 3 * * *', '... that beside it is not');
is_deeply($after->{$_}, $settings->{$_}, "... $_ is not")
    foreach qw(custom_labels monitoring_settings);

sub labels { return [map { "$_->{id} $_->{name}" }
    @{$api->job_called('J')->{advanced_settings}{custom_labels}}] }

is_deeply(labels(), ['label_0 a', 'label_1 b', 'label_2 c'], 'labels');
is_saved($api->save(change(advanced_settings => { custom_labels =>
    [map { { name => $_ } } qw(c x a b)] })), 'with one more, in another order');
is_deeply([sort @{labels()}], ['label_0 a', 'label_1 b', 'label_2 c',
    'label_3 x'], '... each keeps its id');

# labels come and go: an id is never another label's

is_saved($api->save(change(advanced_settings => { custom_labels =>
    [map { { name => $_ } } qw(a x y)] })), 'two go and one comes');
my %ids = map { reverse split / / } @{labels()};
is_deeply([@ids{qw(a x)}], ['label_0', 'label_3'], '... those that stay keep it');

# what a person reads is what they have sent

is_deeply($api->job_called('J')->{decision_points}, ['event.outcome'],
    'decision points stay');
is_saved($api->save(change(decision_points => ['a.b', 'c'])), 'new ones');
is_deeply($api->job_called('J')->{decision_points}, ['a.b', 'c'],
    '... replace the old ones');
is_nok($api->save(change(decision_points => [])), 422, 'Invalid resources',
    '... but none is refused');


# --- secrets ----------------------------------------------------------------

is_saved($api->save({ s => integration('S', parameters => { hosts => 'h',
    user => 'u', password => 'the first secret' }) }), 'with a secret');
my $listed = $api->one('integration', 'S');
is($listed->{parameters}{password}, $mask, '... it is masked');
is(stored('integration', 'S')->{parameters}{password}, 'the first secret',
    '... and stored');

is_saved($api->save({ s => integration('S', parameters =>
    { %{$listed->{parameters}}, user => 'v' }) }), 'the mask is sent back');
is_deeply([@{stored('integration', 'S')->{parameters}}{qw(user password)}],
    ['v', 'the first secret'], '... the secret stays');
is_saved($api->save({ s => integration('S', parameters =>
    { %{$listed->{parameters}}, password => 'the second secret' }) }),
    'another secret is sent');
is(stored('integration', 'S')->{parameters}{password}, 'the second secret',
    '... it is stored');
is_saved($api->save({ s => integration('S', parameters =>
    { hosts => 'h3' }) }), 'parameters without it');
ok(!exists stored('integration', 'S')->{parameters}{password},
    '... are all that there is');
is_nok($api->save({ s => integration('S', parameters => { hosts => 'h',
    user => 'u', password => $mask }) }), 422, 'Invalid resources',
    'a mask stands for nothing then');

my $hook = { url => 'https://hooks.example.com/x', auth_type => 'none',
    headers => { 'X-One' => 'secret one', 'X-Two' => 'secret two' } };
is_saved($api->save({ w => integration('Hook', integration_type => 'Webhook',
    parameters => $hook) }), 'secrets further down');
$listed = $api->one('integration', 'Hook');
is_deeply($listed->{parameters}{headers}, { 'X-One' => $mask,
    'X-Two' => $mask }, '... are masked');
is_saved($api->save({ w => integration('Hook', integration_type => 'Webhook',
    parameters => { %{$listed->{parameters}}, headers =>
        { 'X-One' => $mask, 'X-Two' => 'new' } }) }), '... one is changed');
is_deeply(stored('integration', 'Hook')->{parameters}{headers},
    { 'X-One' => 'secret one', 'X-Two' => 'new' }, '... the other stays');

my $all = join ' ', map { $api->list($_)->{body} } '', 'title=S', 'title=Hook',
    'resource_type=integration';
unlike($all, qr/secret one|secret two|second secret/, 'no list has a secret');
unlike($t->error_log(), qr/secret one|secret two|first secret|second secret/,
    '... nor the log');
$r = $api->save({ s => integration('S', parameters => { hosts => 'h',
    user => 'u', password => ['very secret'], port => 'x' }) });
unlike($r->{body}, qr/very secret/, '... nor a refusal');


# --- what GET shows can be sent back ----------------------------------------

$redis->cmd('FLUSHALL');
is_saved($api->save({ k => api_key('Key', scopes => ['read:resources'],
    expire_at => '2037-01-01 00:00:00') }), 'a key');

my %in = (type => 'Elasticsearch', title => 'Input');
my $exposer = { api_key => "{{api_keys(name='Key')}}" };
is_saved($api->save({ i => integration('Input') }), 'an input');

my $round = 0;
foreach my $type (types()) {
    next if exists $type->{'x-creatable'} && !$type->{'x-creatable'};
    my $name = $type->{title};

    my $r = $api->save({ x => integration($name, integration_type => $name,
        parameters => $name eq 'External REST API' ? $exposer
            : minimal($type->{connection})) });
    is_saved($r, "$name: with what it must have") or next;

    my $before = $api->dump();
    my $listed = $api->one('integration', $name);
    is_saved($api->save({ any => { type => 'integration',
        properties => $listed } }), '... what GET shows is sent back');
    is_deeply($api->dump(), $before, '... it changes nothing');
    $round++;

    foreach my $role (sort keys %{$type->{roles}}) {
        my $title = "$name as $role";
        my $r = $api->save({ j => job($title, pipeline_integrations => [
            $role eq 'input' ? () : step('Input', 'input', index => 'i'),
            step($name, $role, %{minimal($type->{roles}{$role})}) ]) });
        is_saved($r, "$title: a job") or next;
        my $before = $api->dump();
        is_saved($api->save($api->list({ title => $title })->{json}[0]),
            '... what GET shows is sent back');
        is_deeply($api->dump(), $before, '... it changes nothing');
        is_saved($api->save({ resources => { any => $api->list({ title =>
            $title })->{json}[0]{$title} } }, query => 'overwrite=True'),
            '... in the other form');
        is_deeply($api->dump(), $before, '... neither');
        $round++;
    }
}
cmp_ok($round, '>=', 50, 'all types, all roles');

foreach my $category (categories()) {
    my $title = "a $category->{title}";
    is_saved($api->save({ j => job($title, category => $category->{title},
        decision_points => $category->{title} eq 'Automation' ? undef : ['a'],
        pipeline_integrations => [ step('Input', 'input', index => 'i') ]) }),
        $title);
    my $before = $api->dump();
    is_saved($api->save($api->list({ title => $title })->{json}[0]),
        '... sent back');
    is_deeply($api->dump(), $before, '... it changes nothing');
}

my $before = $api->dump();
is_saved($api->save({ map { my $r = $_; exists $r->{type}
    ? ("$r->{type} $r->{title}" => { type => $r->{type}, properties => $r })
    : %$r } @{$api->list('')->{json}} }),
    'all that a list shows, sent back in one set');
is_deeply($api->dump(), $before, '... changes nothing');
is_saved($api->save({ k => { type => 'api_key', properties =>
    $api->one('api_key', 'Key') } }), 'a key, sent back');
is_deeply($api->dump(), $before, '... neither');

my $saved;
foreach my $seconds (2, 4, 8, 16) { # it has ended before, on a slow machine
    $saved = $api->save({ s => api_key('Short',
        expire_at => from_now($seconds)) });
    last if $saved->{status} != 422;
}
is_saved($saved, 'a key that ends soon');
my $short = $api->one('api_key', 'Short');
my $others = 0;         # a new one each time: what is there may have ended
ok(wait_for(sub { $api->save({ s => api_key('Other' . $others++, expire_at =>
    $short->{expire_at}) })->{status} == 422 }), '... has ended');
$before = $api->dump();
is_saved($api->save({ s => { type => 'api_key', properties => $short } }),
    'one that has ended, sent back');
is_deeply($api->dump(), $before, '... changes nothing');

my ($caller) = @{$api->save({ c => api_key('Caller', scopes =>
    ['write:resources']) })->{json}{created}};
is_saved($api->save({ k => { type => 'api_key', properties =>
    $api->one('api_key', 'Key') } }, key => $caller->{value}),
    'also by a caller with less rights than the key has');
is_nok($api->save({ k => api_key('Key', scopes => ['delete:resources']) },
    key => $caller->{value}), 403, 'Insufficient access',
    '... who can not give it others');


# C.B3: numbers come back as they were sent, from all that writes documents

sub threshold { # of the processor, as it stands in Redis
    my $stored = $redis->cmd('HGET', 'secops:{global:res}:job', $_[0]);
    return ($stored =~ /"confidence_threshold":([^,}]+)/)[0];
}

foreach my $number ('35.1', '35.123456789012345', '0.1') {
    my $body = sprintf '{"i":%s,"n":{"type":"job","properties":{"title":'
        . '"Numbers","category":"Decision intelligence","decision_points":'
        . '["a"],"pipeline_integrations":[{"resource":"i","integration_type":'
        . '"input","parameters":{"index":"i"}},{"integration_type":'
        . '"processor","parameters":{"confidence_threshold":%s}}]}}}',
        encode_json(integration('Numbers in')), $number;
    is_saved($api->save($body), "C.B3: $number is saved");
    my $id = $api->job_called('Numbers')->{id};
    my $stored = threshold($id);
    cmp_ok($stored, '==', $number, "C.B3: ... as $number");
    cmp_ok(length $stored, '<=', length $number, '... with no more digits');

    my $dump = $api->dump();
    is_saved($api->save($body), 'C.B3: ... the same again');
    is_deeply($api->dump(), $dump, 'C.B3: ... is unchanged');

    my $listed = $api->list('title=Numbers')->{body};
    like($listed, qr/"confidence_threshold":\Q$stored\E[,}]/,
        'C.B3: ... it is shown so');

    is($api->call('POST', "jobs/$id/$_")->{status}, 200, "C.B3: ... $_")
        foreach qw(start stop);
    is(threshold($id), $stored, 'C.B3: ... and is what it was');
}


$t->done();
