package SecOps::EventClients;

# How existing clients of the input API send what they send, byte by byte: the
# method, the path with or without a slash at its end, the headers, the body or
# none.  What differs between them is all here; a test says what it wants done
# and by whom.
#
#     my $clients = SecOps::EventClients->new($t, $key);
#     my $r = $clients->call('SECOPS', 'send', $job, { a => 1 }, id => 'x');
#
# The clients: MCPIN and MCP, servers for language models; FORTI1 and FORTI12,
# two versions of a connector; XSOAR and SECOPS, integrations of two platforms;
# SENT, a workflow; ADOC, an example on the vendor's page.

use strict;
use warnings;

use JSON::PP;

my $ascii = JSON::PP->new->ascii->allow_nonref;
my $compact = JSON::PP->new->canonical->utf8;

my $v1 = '/api/v1';
my @json = ('Content-Type' => 'application/json');
my @accept = (Accept => 'application/json');
my @python = ('User-Agent' => 'python-requests/2.32.3',
    'Accept-Encoding' => 'gzip, deflate', Connection => 'keep-alive');


# the headers of each client, without the key and what goes with a body

my %headers = (
    MCPIN   => [ @python, Accept => '*/*', @json ],
    MCP     => [ @python, Accept => '*/*', @json ],
    FORTI1  => [ @python, @accept ],
    FORTI12 => [ @python, Accept => '*/*', @json ],
    XSOAR   => [ @python, @accept ],
    SECOPS  => [ @python, @accept ],
    SENT    => [ 'User-Agent' => 'azure-logic-apps/1.0,(workflow 0f1e2d3c)',
                 'Accept-Language' => 'en', 'x-ms-workflow-name' => 'Triage',
                 @json ],
    ADOC    => [ 'User-Agent' => 'curl/7.88.1', Accept => '*/*', @json ],
);


# A body as Python writes one: the members in the order in which they are given,
# a space after each colon and comma, nothing but ASCII.

sub python {
    my (@members) = @_;
    my @text;

    while (my ($name, $value) = splice @members, 0, 2) {
        push @text, $ascii->encode($name) . ': ' . value($value);
    }

    return '{' . join(', ', @text) . '}';
}


sub value {
    my ($value) = @_;

    return ref $value eq 'HASH' ? python(map { $_ => $value->{$_} }
            sort keys %$value)
        : ref $value eq 'ARRAY' ? '[' . join(', ', map { value($_) } @$value)
            . ']'
        : $ascii->encode($value);
}


sub escaped { # as a path is: what may not stand there, and no more
    my ($text) = @_;
    utf8::encode($text) if utf8::is_utf8($text);
    return $text =~ s{([^A-Za-z0-9!\$&'()*+,/:;=\@._~%-])}
        {sprintf '%%%02X', ord $1}ger;
}


sub suffix { # of the path of events
    my ($id) = @_;
    return defined $id ? escaped($id) : '';
}


# What each client does: operation => client => code, which returns the method,
# the path, and the body unless there is none.  Options stand behind the
# arguments that all need.

my %does = (

    # job, raw body; id, title, severity
    send => {
        MCPIN => sub {
            my ($job, $raw, %opt) = @_;
            return ('POST', defined $opt{id} ? "/events/" . escaped($opt{id})
                : '/events', python(job_id => $job, raw_body => $raw));
        },

        # it means the opposite: an id of the client's goes without one
        FORTI1 => sub {
            my ($job, $raw, %opt) = @_;
            return ('POST', '/events/' . (defined $opt{id} ? '' : 'None'),
                python(job_id => $job, title => $opt{title},
                    raw_body => $raw));
        },

        FORTI12 => sub {
            my ($job, $raw, %opt) = @_;
            return ('POST', '/events/' . suffix($opt{id}),
                python(job_id => $job, raw_body => $raw));
        },

        XSOAR => sub {
            my ($job, $raw, %opt) = @_;
            return ('POST', '/events/' . suffix($opt{id}),
                python(job_id => $job, title => $opt{title}, raw_body => $raw,
                    $opt{severity} ? (severity => $opt{severity}) : ()));
        },

        SECOPS => sub {
            my ($job, $raw, %opt) = @_;
            return ('POST', '/events/' . suffix($opt{id}),
                python(job_id => $job, raw_body => $raw));
        },

        SENT => sub {
            my ($job, $raw, %opt) = @_;
            return ('POST', "/events/$opt{id}", $compact->encode({
                job_id => $job, raw_body => $raw, title => $opt{title} }));
        },

        MCP => sub {
            my ($job, $raw, %opt) = @_;
            return ('POST', '/events/', python(job_id => $job,
                raw_body => $raw, defined $opt{storage_tag}
                ? (storage_tag => $opt{storage_tag}) : ()));
        },

        ADOC => sub {
            my ($job, $raw, %opt) = @_;
            return ('POST', '/events/', $compact->encode({ job_id => $job,
                title => $opt{title} // 'An alert', raw_body => $raw,
                severity => 2, data_source => 'edr' }));
        },
    },

    # job, id
    read => {
        map({ my $body = $_->[1]; ($_->[0] => sub {
            my ($job, $id) = @_;
            return ('GET', "/events/$job/" . escaped($id), $body);
        }) } [ 'MCPIN' ], [ FORTI1 => '{}' ], [ FORTI12 => '{}' ], [ 'XSOAR' ],
            [ 'SECOPS' ], [ 'SENT' ]),
    },

    # job, id, label; user, notes
    feedback => {
        map({ my ($client, $more) = @$_; ($client => sub {
            my ($job, $id, $label, %opt) = @_;
            my $user = $client eq 'MCPIN' ? 'MCP-MCP-analyst'
                : exists $opt{user} ? $opt{user} : 'analyst';
            return ('PUT', "/events/$job/" . escaped($id) . '/feedback',
                python(cortex_user => $user, feedback => $label,
                    $more ? $more->(%opt) : ()));
        }) } [ 'MCPIN' ], [ FORTI1 => sub { (closing_notes => '') } ],
            [ 'FORTI12' ], [ 'XSOAR' ], [ 'SECOPS' ]),

        # an incident without a comment, updated by nobody
        SENT => sub {
            my ($job, $id, $label, %opt) = @_;
            return ('PUT', "/events/$job/$id/feedback", $compact->encode({
                closing_notes => $opt{notes}, cortex_user => $opt{user},
                feedback => $label }));
        },

        ADOC => sub {
            my ($job, $id, $label, %opt) = @_;
            return ('PUT', "/events/$job/$id/feedback", $compact->encode({
                username => $opt{user} // 'analyst', label => $label }));
        },
    },

    # job, id
    export => {
        map({ my $body = $_->[1]; ($_->[0] => sub {
            my ($job, $id) = @_;
            return ('GET', "/events/$job/" . escaped($id) . '/export', $body);
        }) } [ FORTI12 => '{}' ], [ 'XSOAR' ], [ 'SECOPS' ], [ 'MCP' ]),
    },

    jobs => {
        MCPIN   => sub { return ('GET', '/jobs') },
        FORTI1  => sub { return ('GET', '/jobs', '{}') },
        FORTI12 => sub { return ('GET', '/jobs/', '{}') },
        XSOAR   => sub { return ('GET', '/jobs/') },
        SECOPS  => sub { return ('GET', '/jobs') },
        SENT    => sub { return ('GET', '/jobs/') },
    },

    # job
    job => {
        MCPIN  => sub { return ('GET', "/jobs/$_[0]") },
        SECOPS => sub { return ('GET', "/jobs/$_[0]") },
    },

    # name
    by_name => {
        map { ($_ => sub { return ('POST', '/jobs/get_by_name',
            python(job_name => $_[0])) }) } qw(MCPIN FORTI12 SECOPS)
    },

    # job
    labels => {
        MCPIN   => sub { return ('GET', "/jobs/$_[0]/labels") },
        FORTI12 => sub { return ('GET', "/jobs/$_[0]/labels", '{}') },
        XSOAR   => sub { return ('GET', "/jobs/$_[0]/labels") },
        SECOPS  => sub { return ('GET', "/jobs/$_[0]/labels") },
    },

    # name
    labels_by_name => {
        SECOPS => sub { return ('POST', '/jobs/get_by_name/labels',
            python(job_name => $_[0])) },
    },

    # job, user; who has none sends the word None
    (map {
        my $what = $_;
        ($what => {
            FORTI12 => sub { return ('POST', "/jobs/$_[0]/$what?username="
                . escaped($_[1] // 'None'), '{}') },
        })
    } qw(start stop)),

    train => {
        FORTI12 => sub { return ('POST', "/jobs/$_[0]/train?username="
            . escaped($_[1] // 'None'), '{}') },
        XSOAR   => sub { return ('POST', "/jobs/$_[0]/train?username="
            . escaped($_[1] // 'None')) },
        SECOPS  => sub { return ('POST', "/jobs/$_[0]/train?username="
            . escaped($_[1] // 'None'), python(username => $_[1])) },
    },

    health => {
        MCPIN   => sub { return ('GET', '/health/') },
        FORTI1  => sub { return ('GET', '/health') },
        FORTI12 => sub { return ('GET', '/health/') },
        XSOAR   => sub { return ('GET', '/health/') },
        SECOPS  => sub { return ('GET', '/health') },
    },
);


# the value of the key that all of them have; MCP has one of the management

sub new {
    my ($class, $t, $key, $management) = @_;
    return bless { t => $t, key => $key, management => $management }, $class;
}


sub who { # does this: their names, sorted
    my ($class, $operation) = @_;
    return sort keys %{$does{$operation}};
}


# What a client sends: method, path, headers, body.  Of python's, a request with
# a body says of what type it is where the client does not, and POST and PUT
# without one say that it has no bytes.

sub request {
    my ($self, $client, $operation, @arguments) = @_;
    my $code = $does{$operation}{$client}
        or die "$client does not $operation\n";
    my ($method, $path, $body) = $code->(@arguments);
    my $key = $client eq 'MCP' ? $self->{management} : $self->{key};
    my @headers = (@{$headers{$client}}, 'x-arcanna-api-key' => $key);

    # it spells this wrong where it moves an event
    @headers = map { $_ eq 'Content-Type' ? 'Content_Type' : $_ } @headers
        if $client eq 'MCP';
    push @headers, 'Content-Length' => 0
        if !defined $body && $method ne 'GET';

    return ($method, "$v1$path", \@headers, $body);
}


# One request and its answer, on a connection of its own or on this one.

sub call {
    my ($self, $client, $operation, @arguments) = @_;
    return $self->on($self->{t}->connect(), $client, $operation, @arguments);
}


sub on {
    my ($self, $connection, @request) = @_;
    return $connection->request($self->request(@request))
        // { status => 0, body => '', headers => {} };
}


1;
