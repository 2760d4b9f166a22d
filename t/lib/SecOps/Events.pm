package SecOps::Events;

# What the tests of events share: jobs with an input key, events to send, and
# what is in Redis of them.
#
#     my $events = SecOps::Events->new($t, $redis);
#     my $job = $events->job('Triage');           # its id; the key is made once
#     my $r = $events->send({ job_id => $job, raw_body => { a => 1 } });

use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use JSON::PP;
use SecOps ();
use SecOps::Records ();
use SecOps::Resources qw(api_key integration step);
use Test::More;

my $json = JSON::PP->new->canonical->utf8;


# Options: port, and what SecOps::Records::who() takes, for those who make jobs

sub new {
    my ($class, $t, $redis, %opt) = @_;
    return bless { t => $t, redis => $redis, opt => \%opt, keys => {},
        api => SecOps::Resources->new($t, $redis, %opt) }, $class;
}

sub api { return $_[0]{api} }


# the value of an api key by its name, which is made if it is not there.  Without
# scopes it has what a key has by default, unless they are told

sub key {
    my ($self, $name, @scopes) = @_;

    return $self->{keys}{$name} //= do {
        my $r = $self->{api}->save({ $name => api_key($name,
            @scopes ? (scopes => [@scopes]) : ()) });
        my ($made) = grep { $_->{type} eq 'api_key' }
            @{$r->{json}{created} // []};
        $made->{value} // die "no key $name: $r->{body}";
    };
}


# a job whose input has a key, and its id.  Options: key, the name of that;
# enabled, whether the input is; all else is the job's own

sub job {
    my ($self, $title, %opt) = @_;
    my $key = delete $opt{key} // 'Input';
    my $enabled = delete $opt{enabled} // 1;

    $self->key($key);

    my $input = { %{step('in', 'input')},
        enabled => $enabled ? JSON::PP::true : JSON::PP::false };

    my $r = $self->{api}->save({
        in => integration("In of $key",
            integration_type => 'External REST API',
            parameters => { api_key => "{{api_keys(name='$key')}}" }),
        job => SecOps::Resources::job($title, pipeline_integrations => [$input],
            %opt) });

    my ($job) = grep { $_->{type} eq 'job' }
        map { @{$r->{json}{$_} // []} } qw(created updated);
    return $job->{internal_id} // die "no job $title: $r->{body}";
}


# --- requests ---------------------------------------------------------------

# method, path below /api/v1, body, and options: key, the name of one; or what
# who() takes; headers, port

sub call {
    my ($self, $method, $path, $body, %opt) = @_;
    %opt = (%{$self->{opt}}, %opt);
    $opt{key} = 'Input' unless $opt{key} || exists $opt{roles};
    $body = $json->encode($body) if ref $body;

    return $self->{t}->request($method, "/api/v1/$path", {
        $opt{key} ? ('X-Arcanna-Api-Key' => $self->key($opt{key}))
            : %{SecOps::Records::who(%opt)},
        %{$opt{headers} // {}} }, $body, port => $opt{port}, timeout => 60)
        // { status => 0, body => '' };
}

sub send { # an event, or a text; id, of the path
    my ($self, $event, $id, %opt) = @_;
    return $self->call('POST', 'events' . (defined $id ? "/$id" : ''), $event,
        %opt);
}

sub lines { # events, each of which may be a text
    my ($self, $events, %opt) = @_;
    my $body = join '', map { (ref $_ ? $json->encode($_) : $_) . "\n" }
        @$events;
    return $self->call('POST', 'events', $body, %opt,
        headers => { 'Content-Type' => 'application/x-ndjson',
            %{$opt{headers} // {}} });
}

sub read { # the decision on an event
    my ($self, $job, $id, %opt) = @_;
    return $self->call('GET', "events/$job/$id", undef, %opt);
}

sub export {
    my ($self, $job, $id, %opt) = @_;
    return $self->call('GET', "events/$job/$id/export", undef, %opt);
}


# the list of a job's events: a query; as a caller with the read role, unless key
# or roles say otherwise

sub list {
    my ($self, $query, %opt) = @_;
    %opt = (roles => 'sn_sec_cmn.api_read', %{$self->{opt}}, %opt);

    return $self->{t}->request('GET', "/api/secops/v1/events?$query",
        $opt{key} ? { 'X-Arcanna-Api-Key' => $self->key($opt{key}) }
            : SecOps::Records::who(%opt), undef,
        port => $opt{port}, timeout => 60) // { status => 0, body => '' };
}


# all pages of a query: their events, and how many pages there were; between is
# called with the number of pages so far

sub pages {
    my ($self, $query, $between, %opt) = @_;
    my ($cursor, $pages, @events) = ('', 0);

    for ( ;; ) {
        my $r = $self->list($query . ($cursor ne '' && "&cursor=$cursor"),
            %opt);

        if ($r->{status} != 200) {
            diag("$query: $r->{status} $r->{body}");
            return ([], 0);
        }

        push @events, @{$r->{json}{result}};
        $pages++;
        $cursor = $r->{json}{next} // return (\@events, $pages);
        $between->($pages) if $between;
    }
}


# --- what is in Redis, of the domain "global" unless it is told --------------

sub shard { return substr sha256_hex($_[1]), 0, 1 }

sub key_of { # of a kind, a job and an id
    my ($self, $kind, $job, $id) = @_;
    return "secops:{global:" . $self->shard($id) . "}:$kind:$job"
        . ($kind =~ /^ev(?:idx|q|stat)$/ ? '' : ":$id");
}

sub stored { # the event, decoded; undef: it is not there
    my ($self, $job, $id) = @_;
    my $text = $self->{redis}->cmd('GET', $self->key_of('ev', $job, $id));
    return defined $text ? $json->decode($text) : undef;
}

sub indexed { # ids of a job's events in all shards, sorted
    my ($self, $job) = @_;
    return sort map { @{$self->{redis}->cmd('ZRANGE', $_, 0, -1)} }
        map { sprintf 'secops:{global:%x}:evidx:%s', $_, $job } 0 .. 15;
}

sub newest_first { # their ids, in the order of the list
    my ($self, $job) = @_;
    my %time = map { @{$self->{redis}->cmd('ZRANGE', $_, 0, -1, 'WITHSCORES')} }
        map { sprintf 'secops:{global:%x}:evidx:%s', $_, $job } 0 .. 15;
    return sort { $time{$b} <=> $time{$a} || $b cmp $a } keys %time;
}

sub announced { # entries of a job's queue in all shards, as hashes
    my ($self, $job) = @_;
    return map { { @{$_->[1]} } }
        map { @{$self->{redis}->cmd('XRANGE', $_, '-', '+')} }
        map { sprintf 'secops:{global:%x}:evq:%s', $_, $job } 0 .. 15;
}

sub keys_of { # of events in Redis, whatever they are
    my ($self) = @_;
    return sort grep { /\}:ev/ } @{$self->{redis}->cmd('KEYS', '*')};
}


1;
