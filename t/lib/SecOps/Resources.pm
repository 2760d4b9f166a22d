package SecOps::Resources;

# What the tests of the Resources API share: callers, resources to send, the
# worked example, what is in Redis, and the form of a refusal.
#
#     my $api = SecOps::Resources->new($t, $redis);
#     my $r = $api->save({ k => api_key('Scanner') });
#     my $job = $api->job_called('My job');       # its properties, in full

use strict;
use warnings;

use JSON::PP;
use POSIX ();
use Test::More;

use parent 'Exporter';

our @EXPORT = qw(api_key integration job step example from_now created updated
    is_saved is_nok faults kinds);

my $json = JSON::PP->new->canonical->utf8;


# Options, for all requests: port; key, the value of an api key to call with, or
# what SecOps::Records::who() takes

sub new {
    my ($class, $t, $redis, %opt) = @_;
    return bless { t => $t, redis => $redis, opt => \%opt }, $class;
}


sub headers {
    my ($self, %opt) = @_;
    %opt = (%{$self->{opt}}, %opt);
    return { $opt{key} ? ('x-arcanna-api-key' => $opt{key})
        : %{SecOps::Records::who(%opt)}, %{$opt{headers} // {}} };
}


sub call { # method, path and query, body, options
    my ($self, $method, $path, $body, %opt) = @_;
    return $self->{t}->request($method, "/api/v2/$path",
        $self->headers(%opt), $body, port => $opt{port} // $self->{opt}{port},
        timeout => $opt{timeout} // 60) // { status => 0, body => '' };
}


sub query { # of a hash, form-encoded; or text as it is
    my ($query) = @_;
    return $query // '' unless ref $query;
    return join '&', map {
        my ($name, $value) = ($_, $query->{$_});
        utf8::encode($value) if utf8::is_utf8($value);
        $value =~ s/([^A-Za-z0-9_.~-])/sprintf '%%%02X', ord $1/ge;
        "$name=$value";
    } sort keys %$query;
}


sub resources {
    my ($self, $method, $query, $body, %opt) = @_;
    $query = query($query);
    return $self->call($method, 'resources' . ($query ne '' ? "?$query" : ''),
        $body, %opt);
}


sub save {
    my ($self, $body, %opt) = @_;
    return $self->resources('POST', $opt{query},
        ref $body ? $json->encode($body) : $body, %opt);
}

sub list { my ($self, $q, %opt) = @_;
    return $self->resources('GET', $q, undef, %opt) }
sub remove { my ($self, $q, %opt) = @_;
    return $self->resources('DELETE', $q, undef, %opt) }

sub one { # as listed by type and title; undef: there is none
    my ($self, $type, $title, %opt) = @_;
    my $r = $self->list({ resource_type => $type, title => $title }, %opt);
    return ref $r->{json} eq 'ARRAY' ? $r->{json}[0] : undef;
}

sub job_called {
    my ($self, $title, %opt) = @_;
    my $listed = $self->one('job', $title, %opt) // return;
    return $listed->{$title}{properties};
}

sub titles { # of all, "type title", as listed
    my ($self, %opt) = @_;
    return map { my $r = $_;
        exists $r->{title} ? "$r->{type} $r->{title}"
            : map { "job $_" } keys %$r }
        @{$self->list('', %opt)->{json} // []};
}


# everything in Redis, but what each use of a key changes

sub dump {
    my ($self) = @_;
    my $redis = $self->{redis};

    return { map {
        my $key = $_;
        my $type = $redis->cmd('TYPE', $key);
        ($key => $type eq 'hash' ? { @{$redis->cmd('HGETALL', $key)} }
            : $type eq 'string' ? $redis->cmd('GET', $key)
            : $type eq 'stream' ? $redis->cmd('XRANGE', $key, '-', '+')
            : $type);
    } grep { !/:used$/ } sort @{$redis->cmd('KEYS', '*')} };
}


# --- resources to send ------------------------------------------------------

sub api_key {
    my ($name, %more) = @_;
    return { type => 'api_key', properties => { name => $name, %more } };
}


sub from_now { # date and time so many seconds from now, for expire_at
    my ($seconds) = @_;
    return POSIX::strftime('%Y-%m-%d %H:%M:%S', gmtime(time() + $seconds));
}


sub integration { # an Elasticsearch unless parameters and type say otherwise
    my ($title, %more) = @_;
    return { type => 'integration', properties => { title => $title,
        integration_type => 'Elasticsearch',
        parameters => { hosts => 'es.example.com' }, %more } };
}


sub step { # of a pipeline
    my ($resource, $role, %parameters) = @_;
    return { resource => $resource, integration_type => $role,
        enabled => JSON::PP::true, parameters => { %parameters } };
}


sub job {
    my ($title, %more) = @_;
    return { type => 'job', properties => { title => $title,
        category => 'Decision intelligence',
        decision_points => ['event.outcome'], %more } };
}


# the first example of the API's description, as it stands there

sub example { return <<'EOT' }
{
"Api Key": {
"properties": {
"name": "Api Key from REST API"
},
"type": "api_key"
},
"Elasticsearch from REST API": {
"properties": {
"title": "Elasticsearch from REST API",
"integration_type": "Elasticsearch",
"parameters": {
"hosts": "192.168.175.175",
"password": "elastic",
"port": 9200,
"schema": "https",
"user": "elastic"
}
},
"type": "integration"
},
"Exposer integration from REST API": {
"properties": {
"title": "Exposer integration from REST API",
"integration_type": "External REST API",
"parameters": {
"api_key": "{{api_keys(name='Api Key from REST API')}}",
"data_type": "JSON alerts"
}
},
"type": "integration"
},
"Exposer input job from REST API": {
"properties": {
"title": "Exposer input job from REST API",
"description": "This is a sample job",
"category": "Decision intelligence",
"decision_points": [
"event.outcome",
"event.category"
],
"advanced_settings": {
"custom_labels": [
{
"name": "Important",
"hex_color": "#a83232"
},
{
"name": "Discard",
"hex_color": "#030bff"
},
{
"name": "Potential risk",
"hex_color": "#ffcd03"
}
]
},
"pipeline_integrations": [
{
"resource": "Exposer integration from REST API",
"integration_type": "input",
"enabled": true,
"parameters": {
"exposed_rest_api_job_tag": "rest_api_exposer",
"max_batch_size": 100
}
},
{
"resource": "Elasticsearch from REST API",
"integration_type": "output",
"enabled": true,
"parameters": {}
}
]
},
"type": "job"
}
}
EOT


# --- answers ----------------------------------------------------------------

sub kinds { # "type title", sorted, of created or updated ones
    return [sort map { "$_->{type} $_->{title}" } @{$_[0] // []}];
}

sub created { my ($r) = @_; return kinds($r->{json}{created}) }
sub updated { my ($r) = @_; return kinds($r->{json}{updated}) }


sub is_saved {
    my ($r, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my $ok = is(ref $r->{json} eq 'HASH' && ref $r->{json}{request} eq 'HASH'
        ? "$r->{status} $r->{json}{request}{status}" : $r->{status},
        '200 OK', $name);
    diag($r->{body}) unless $ok;
    return $ok;
}


# a refusal in the form of this API; returns its errors

sub is_nok {
    my ($r, $status, $reason, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my $json = ref $r->{json} eq 'HASH' ? $r->{json} : {};
    my $request = $json->{request} // {};

    my $ok = is_deeply({
        status  => $r->{status},
        type    => $r->{headers}{'content-type'},
        members => join(' ', sort(keys %$json), sort keys %$request),
        nok     => $request->{status},
        reason  => $request->{reason},
        created => $json->{created},
        updated => $json->{updated},
        lists   => join(' ', map { ref $request->{$_} }
                        qw(reason_details errors)),
        detail  => ref \($json->{detail}),
    }, {
        status  => $status,
        type    => 'application/json',
        members => 'created detail request updated'
            . ' errors reason reason_details status',
        nok     => 'NOK',
        reason  => $reason,
        created => [],
        updated => [],
        lists   => 'ARRAY ARRAY',
        detail  => 'SCALAR',
    }, $name);

    diag($r->{head} // 'no answer', $r->{body} // '') unless $ok;
    return @{$request->{errors} // []};
}

sub faults { # "pointer: message", sorted
    return [sort map { "$_->{pointer}: $_->{message}" } @_];
}


1;
