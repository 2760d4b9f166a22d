package SecOps::Jobs;

# What the tests of jobs in /api/v1 share: requests, a job that takes events by
# an api key, and what is in Redis of its events.
#
#     my $jobs = SecOps::Jobs->new($t, $redis);
#     my %made = $jobs->input('Triage');          # { id, key, key_id }
#     my $r = $jobs->get("jobs/$made{id}", key => $made{key});
#     $jobs->events($made{id}, a => 3, f => 1);   # of shards

use strict;
use warnings;

use JSON::PP;
use SecOps::Resources;

use parent 'Exporter';

our @EXPORT = qw(exposer);

my $json = JSON::PP->new->canonical->utf8;


sub new {
    my ($class, $t, $redis, %opt) = @_;
    return bless { t => $t, redis => $redis,
        api => SecOps::Resources->new($t, $redis, %opt) }, $class;
}


sub api { return $_[0]{api} }


sub call { # method, path and query, body, options of SecOps::Resources
    my ($self, $method, $path, $body, %opt) = @_;
    my $headers = $self->{api}->headers(%opt);

    if (ref $body) {
        $body = $json->encode($body);
        $headers->{'Content-Type'} = 'application/json';
    }

    return $self->{t}->request($method, "/api/v1/$path", $headers, $body,
        port => $opt{port} // $self->{api}{opt}{port},
        timeout => $opt{timeout} // 60) // { status => 0, body => '' };
}


sub get { my ($self, $path, %opt) = @_;
    return $self->call('GET', $path, undef, %opt) }
sub post { my ($self, $path, $body, %opt) = @_;
    return $self->call('POST', $path, $body, %opt) }


sub exposer { # an integration by which a key's events come
    my ($title, $key) = @_;
    return { type => 'integration', properties => { title => $title,
        integration_type => 'External REST API', parameters => { api_key =>
        "{{api_keys(name='$key')}}" } } };
}


# A key without scopes, an integration and a job, all of this title.  More are
# properties of the job.

sub input {
    my ($self, $title, %more) = @_;
    my $opt = delete $more{options} // {};

    my $r = $self->{api}->save({
        k => api_key($title, scopes => []), i => exposer($title, $title),
        j => job($title, pipeline_integrations => [ step('i', 'input') ],
            %more),
    }, %$opt);
    die "not saved: $r->{body}" if $r->{status} != 200;

    my %made = map { $_->{type} => $_ } @{$r->{json}{created}};
    return (id => $made{job}{internal_id}, key => $made{api_key}{value},
        key_id => $made{api_key}{internal_id},
        integration => $made{integration}{internal_id});
}


sub key { # of a domain's
    my ($self, $kind, $job, $shard, $domain) = @_;
    return 'secops:{' . ($domain // 'global') . ":$shard}:$kind:$job";
}


# So many events in each of these shards, a millisecond apart; returns the time
# of the last one.

my $now = 1796010000000;

sub events {
    my ($self, $job, %shards) = @_;

    foreach my $shard (sort keys %shards) {
        $self->{redis}->cmd('ZADD', $self->key('evidx', $job, $shard),
            map { $now++ => "event $now" } 1 .. $shards{$shard});
    }

    return $now - 1;
}


sub feedback { # on so many events of a shard, the last of them at this time
    my ($self, $job, $shard, $n, $time) = @_;
    $self->{redis}->cmd('HSET', $self->key('evstat', $job, $shard),
        feedback => $n, last_feedback => $time);
    return;
}


sub document { # of a job, as it is stored
    my ($self, $id, $domain) = @_;
    my $text = $self->{redis}->cmd('HGET', 'secops:{' . ($domain // 'global')
        . ':res}:job', $id);
    return defined $text ? $json->decode($text) : undef;
}


1;
