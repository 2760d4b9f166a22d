# Jobs and their events, by the requests of one client with one input key: what
# a job tells of its events, which of them wait while it rests, and what becomes
# of feedback once it is trained.

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

$t->run(conf() =~ s/secops_auth header;/secops_auth header api_key;/r);

my $events = SecOps::Events->new($t, $redis);
my $api = $events->api();
my $job = $events->job('Triage', decision_points => ['user', 'host']);

is_saved($api->save({ j => job('Triage', decision_points => ['user', 'host'],
    pipeline_integrations => [ step('In of Input', 'input'),
        step('Decision intelligence processor', 'processor',
            min_feedback => 3, confidence_threshold => 60) ]) }),
    'three events with feedback make decisions, once they are trained');


sub told { # of the job
    my (@members) = @_;
    my $r = $events->call('GET', "jobs/$job");
    is($r->{status}, 200, 'the job is read') or diag($r->{body});
    return @{$r->{json}}{@members};
}

sub sent { # an event: when it came
    my ($id, $user) = @_;
    my $r = $events->send({ job_id => $job, raw_body => { user => $user,
        host => 'a' } }, $id);
    is($r->{status}, 201, "event $id is sent") or diag($r->{body});
    return $r->{json}{ingest_timestamp};
}

sub done {
    my ($what) = @_;
    my $r = $events->call('POST', "jobs/$job/$what?username=None");
    is_deeply([$r->{status}, $r->{json}], [200, { status => 'OK',
        error_message => '' }], "the job is made to $what")
        or diag($r->{body});
}

sub feedback {
    my ($id, $label) = @_;
    my $r = $events->call('PUT', "events/$job/$id/feedback",
        { cortex_user => 'alice', feedback => $label });
    is($r->{status}, 200, "feedback on $id: $label") or diag($r->{body});
}

sub decided { # on an event
    my ($id, @members) = @_;
    return [@{$events->read($job, $id)->{json}}{@members}];
}


# what is counted

my $time;
$time = sent("e$_", 'u') foreach 1 .. 5;
is_deeply([told(qw(processed_documents_count last_processed_timestamp))],
    [5, $time], 'five events, and when the last one came');

$time = sent('e1', 'u');
is_deeply([told(qw(processed_documents_count last_processed_timestamp))],
    [5, $time], 'one that is sent again counts once, as the last one');

my $r = $events->call('GET', 'jobs/');
is_deeply([map { [@$_{qw(job_id processed_documents_count
    last_processed_timestamp)}] } @{$r->{json}}], [[$job, 5, $time]],
    'the list tells the same');


# a job that rests: what came before it was stopped was processed

is_deeply(decided('e2', 'status'), ['pending_inference'],
    'a job that never ran has processed nothing');
done('start');
is_deeply(decided('e2', 'status'), ['OK'], '... and when it runs, all');

done('stop');
wait_for(sub { sent('late', 'u') gt $time });
wait_for(sub { sent('late', 'u');
    decided('late', 'status')->[0] eq 'pending_inference' });
is_deeply(decided('late', 'status'), ['pending_inference'],
    'what comes while it rests has to wait');
is_deeply(decided('e2', 'status'), ['OK'], '... what came before has not');
done('start');
is_deeply(decided('late', 'status'), ['OK'], '... until it runs again');


# feedback and training

feedback('e1', 'Drop');
feedback('e2', 'Drop');
feedback('e3', 'Escalate');
feedback('e3', 'Drop');
is_deeply([told('feedback_documents_count')], [3],
    'three events have feedback, however often one has got it');
like((told('last_feedback_timestamp'))[0],
    qr/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/, '... the last at this time');
is_deeply(decided('e4', 'result', 'knowledge_base_state'), ['', 'Pending'],
    'it does not count for others of their bucket');

done('train');
is_deeply(decided('e4', qw(result result_label knowledge_base_state)),
    ['label_1', 'Drop', 'In model'], '... until the job is trained');
is_deeply(decided('e2', 'knowledge_base_state'), ['In model'],
    '... which goes for those that have it, too');

my $document = JSON::PP->new->utf8->decode($redis->cmd('HGET',
    'secops:{global:res}:job', $job));
is_deeply([@$document{qw(generation trained_feedback)}], [1, 3],
    'the job knows how much it was trained with');
is((told('last_train_finished_timestamp'))[0],
    $document->{last_train_finished_timestamp}, '... and tells when');

feedback('e5', 'Escalate');
feedback('e1', 'Escalate');
is_deeply([told('feedback_documents_count')], [4], 'there is more feedback');
is_deeply(decided('e4', 'result_label'), ['Drop'],
    '... which does not count yet');
done('train');
done('train');
is_deeply(decided('e4', 'result'), [''],
    'after two trainings two are against two');

$t->done();
