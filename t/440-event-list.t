# The list of a job's events: the order, pages, what is told of each, filters,
# who may read it, and what may not be asked.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use JSON::PP;
use SecOps;
use SecOps::Events;
use SecOps::Records;
use SecOps::Resources;

my $t = SecOps->new(workers => 2);
my $redis = $t->redis();
my $json = JSON::PP->new->canonical->utf8;

$t->run(conf(location => 'client_max_body_size 4m;')
    =~ s/secops_auth header;/secops_auth header api_key;/r);

my $events = SecOps::Events->new($t, $redis);
my $api = $events->api();


sub list { return $events->list(@_) }
sub pages { return $events->pages(@_) }
sub ids { return join ' ', map { $_->{event_id} } @{$_[0]} }

sub newest_first { # ids of a job's events, as Redis knows their times
    return [ map { { event_id => $_ } } $events->newest_first($_[0]) ];
}


my $job = $events->job('Triage', decision_points => ['user']);
my $other = $events->job('Other', key => 'Other key',
    decision_points => ['user']);

my $r = list("job=$job");
is($r->{status}, 200, 'a list of no events') or diag($r->{body});
is($r->{body}, '{"result":[],"next":null}', '... has none');


# --- one event --------------------------------------------------------------

my %sent = (title => "L\x{f6}gin \"x\"", severity => 3.50,
    data_source => { a => [undef] });

$events->send({ job_id => $job, raw_body => { user => 'a', title => 'no' },
    %sent, storage_tag => 'x' }, 'a%22b');

$r = list("job=$job");
my ($row) = @{$r->{json}{result}};
my $read = $events->read($job, 'a%22b')->{json};
is_deeply($row, { %$read, %sent },
    'an event is told as it is read, with what was sent of title, severity and '
    . 'data_source') or diag($r->{body});
is($row->{event_id}, 'a"b', '... whatever its id is');
is($row->{status}, 'pending_inference', '... it waits');
is($r->{json}{next}, undef, '... and there are no others');
like($r->{headers}{'content-type'}, qr{^application/json}, '... as JSON');

$r = $t->request('HEAD', "/api/secops/v1/events?job=$job",
    who(roles => 'sn_sec_cmn.api_read'));
is($r->{status}, 200, 'its head may be read');

$events->send({ job_id => $other, raw_body => { user => 1 } }, 'of-another',
    key => 'Other key');
is(list("job=$other")->{json}{result}[0]{event_id}, 'of-another',
    'the events of another job are a list of their own');
is_deeply([ grep { exists list("job=$other")->{json}{result}[0]{$_} }
    qw(title severity data_source) ], [], '... what was not sent is not told');


# --- the order, and pages ---------------------------------------------------

my @batch = map { { job_id => $job, event_id => "e$_",
    raw_body => { user => "user " . $_ % 5 }, severity => $_ } } 1 .. 150;

$r = $events->send([ splice @batch, 0, 100 ]);
is($r->{status}, 201, 'many events of the same millisecond are there');
$events->send([ @batch ]);

my $all = newest_first($job);

foreach my $limit (1, 7, 50, 151, 200) {
    my ($rows, $pages) = pages("job=$job&limit=$limit");
    is(ids($rows), ids($all), "by pages of $limit: all, the newest first");
    is($pages, int((@$all + $limit - 1) / $limit), '... in as many pages');
}

is(scalar @{list("job=$job")->{json}{result}}, 50, 'a page has 50 events');
is_deeply([ map { $_->{severity} } @{(pages("job=$job"))[0]} ],
    [ map { $_->{event_id} =~ /^e(\d+)$/ ? $1 : 3.5 } @$all ],
    '... each with its own members');

my ($rows) = pages("job=$job&limit=20", sub {
    $events->send([ map { { job_id => $job, event_id => "late$_[0]-$_",
        raw_body => { user => 'late' } } } 1 .. 30 ]);
});
is(ids($rows), ids($all), 'what comes while pages are read changes none of '
    . 'them');

my $middle = $all->[75]{event_id};
$all = newest_first($job);
($rows) = pages("job=$job&limit=40", sub {
    $events->send({ job_id => $job, raw_body => { user => 'new' } }, $middle)
        if $_[0] == 1;
});
is(ids($rows), ids([ grep { $_->{event_id} ne $middle } @$all ]),
    'an event that is sent again meanwhile is in none of those that follow');
is(list("job=$job&limit=1")->{json}{result}[0]{event_id}, $middle,
    '... it is the newest');

my $after = list("job=$job&limit=3")->{json};
my $gone = $after->{result}[2]{event_id};
$redis->cmd('DEL', $events->key_of('ev', $job, $gone));
$redis->cmd('ZREM', $events->key_of('evidx', $job, $gone), $gone);
is(ids(list("job=$job&limit=2&cursor=$after->{next}")->{json}{result}),
    ids([ (@{newest_first($job)})[2, 3] ]),
    'a place stays where it is when its event is gone');

my ($first, $second) = @{newest_first($job)}[0, 1];
$redis->cmd('DEL', $events->key_of('ev', $job, $first->{event_id}));
is(list("job=$job&limit=1")->{json}{result}[0]{event_id},
    $second->{event_id}, 'what has expired is passed over');


# --- filters ----------------------------------------------------------------

sub of { # which events of a page are told
    my ($query) = @_;
    return ids((pages("job=$job&limit=200&$query"))[0]);
}

sub those { # of all that are there, by what each is when it is read
    my ($wanted) = @_;
    return ids([ grep { $wanted->($_) } @{(pages("job=$job&limit=200"))[0]} ]);
}

sub feedback {
    my ($id, $label) = @_;
    $r = $events->call('PUT', "events/$job/$id/feedback",
        { feedback => $label });
    is($r->{status}, 200, "$id is told to be $label") or diag($r->{body});
}

is(of('status=OK'), '', 'no event was processed');
feedback('e7', 'Drop');
is(of('status=OK'), 'e7', '... but for one that an analyst has looked at');
is($api->call('POST', "jobs/$job/start")->{status}, 200, 'the job is started');
is(of('status=pending_inference'), '', '... none is pending any more');
is(of('status=OK'), ids((pages("job=$job"))[0]), '... all are OK');

is(of('label=Drop'), 'e7', 'by a label');
feedback('e8', 'Escalate');
is(of('label=drop'), 'e7', '... in any case');
is(of('label=label_0'), 'e8', '... or its id');
is(of('label=escalate_alert'), 'e8', '... or another word for it');
is(of('label=Investigate'), '', '... that none has');

is(of('bucket_state=known'),
    those(sub { $_[0]{bucket_state} eq 'known' }), 'by the state of its bucket');
like(of('bucket_state=known'), qr/\be2\b/, '... of others in it too');
is(of('bucket_state=new'),
    those(sub { $_[0]{bucket_state} eq 'new' }), '... or of none');
unlike(of('bucket_state=new'), qr/\be2\b/, '... which are others');

feedback("e$_", 'Drop') foreach 12, 17, 22, 27, 32;
is($events->call('POST', "jobs/$job/train")->{status}, 200, 'it is trained');
is(of('label=Drop'), those(sub { $_[0]{result_label} eq 'Drop' }),
    'a label is that of the decision at this moment');
is(ids((pages("job=$job&label=Drop&limit=2"))[0]), of('label=Drop'),
    '... page by page as well');

foreach my $row (@{list("job=$job&limit=200")->{json}{result}}) {
    my $id = $row->{event_id} =~ s/"/%22/r;
    my %read = %{$events->read($job, $id)->{json}};
    my %told = map { $_ => $row->{$_} } keys %read;
    is_deeply(\%told, \%read, "... as it is read: $row->{event_id}")
        if $id =~ /[27]$/ || $id eq $middle;
}

my $since = $events->read($job, 'e150')->{json}{ingest_timestamp};
is(of("since=$since"),
    those(sub { $_[0]{ingest_timestamp} ge $since }),
    'not older than a time');
my $msec = $redis->cmd('ZSCORE', $events->key_of('evidx', $job, 'e150'), 'e150');
is(of("since=$msec"), of("since=$since"), '... in milliseconds');
is(of('since=2099-01-01T00:00:00Z'), '', '... that none is as young as');
is(of("since=$since&label=Drop&status=OK&bucket_state=known"),
    those(sub { $_[0]{ingest_timestamp} ge $since
        && $_[0]{result_label} eq 'Drop' && $_[0]{bucket_state} eq 'known' }),
    'filters go together');


# --- events that are large --------------------------------------------------

my $large = $events->job('Large', decision_points => ['user']);
my $text = 'x' x 400_000;

foreach my $i (1 .. 6) {
    $r = $events->send({ job_id => $large, title => "$i$text",
        raw_body => { user => 'a' } }, "large$i");
    is($r->{status}, 201, "a large event $i is there") or diag($r->{body});
}

($rows, my $pages) = pages("job=$large");
is(ids($rows), ids(newest_first($large)),
    'of events that are large a page has fewer, and all are told');
cmp_ok($pages, '>', 1, '... in several pages');
is(join(' ', map { length $_->{title} } @$rows), join(' ', (400_001) x 6),
    '... whole');


# --- who, and what may not be asked -----------------------------------------

$events->key('Reader', 'read:event_export');
$events->key('Writer', 'write:events', 'read:resources', 'write:resources',
    'execute:job_operations', 'write:event_feedback');

is(list("job=$job", key => 'Reader')->{status}, 200,
    'the scope read:event_export lists');
is(list("job=$job", roles => 'sn_sec_cmn.api_write')->{status}, 200,
    '... and the write role');
is_refused_v1(list("job=$job", key => 'Writer'), 403, 'Insufficient access',
    '... no other scope does');
is_refused_v1(list("job=$job", key => 'Input'), 403, 'Insufficient access',
    '... nor an input key');
is_refused_v1($t->request('GET', "/api/secops/v1/events?job=$job", {}), 401,
    'User is not authenticated', '... nor a caller who is not known');
is_refused_v1(list("job=$job", domain => 'acme'), 404, 'Job not found',
    'a job of another domain is not there');
is_refused_v1(list('job=999999'), 404, 'Job not found', 'nor one that nobody has');

foreach my $query ('', 'limit=5', 'job=x', "job=$job&limit=201",
    "job=$job&limit=0", "job=$job&cursor=x", "job=$job&status=ok",
    "job=$job&bucket_state=", "job=$job&since=now", "job=$job&page=2",
    "job=$job&job=$job", "job=$job&label=")
{
    is_refused_v1(list($query), 400, 'Invalid query', "not to be asked: $query");
}

$r = list("job=$job&label=Nobody");
is_refused_v1($r, 400, 'Invalid query', 'a label that the job has not');
like($r->{json}{detail}, qr/"Escalate", "Drop"/, '... tells which it has');

$r = $t->request('POST', "/api/secops/v1/events?job=$job", who(), '{}');
is($r->{status}, 405, 'nothing is sent there');
is($r->{headers}{allow}, 'GET, HEAD', '... it is read only');

$t->done();
