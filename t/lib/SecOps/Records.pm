package SecOps::Records;

# What the tests of the Record and the Table API share: a configuration, the
# three tables with a record for each, callers, and the form of an error.

use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use JSON::PP;
use SecOps ();
use Test::More;

use parent 'Exporter';

our @EXPORT = qw(conf api_location who post path get records apart in_table
    @tables is_refused is_refused_at is_refused_v1 is_stored keys_like audited
    shard_of msec_of);

my $base = '/api/sn_sec_cmn/integration_capabilities';
my $errors = do {
    local (@ARGV, $/) = SecOps::root() . '/conf-examples/secops-errors.conf';
    <>;
};


# endpoint, table, its subject, a record that has just the mandatory fields

our @tables = (
    { endpoint => 'ci_enrichment', table => 'sn_sec_cmn_ci_enrichment_result',
      subject => 'cmdb_ci', number => undef, mandatory => [qw(cmdb_ci source)],
      record => { cmdb_ci => 'srv-1', source => 'scanner' } },

    { endpoint => 'observable_enrichment',
      table => 'sn_ti_observable_enrichment_result',
      subject => 'observable', mandatory => [qw(observable source)],
      record => { observable => '198.51.100.7', source => 'whois' } },

    { endpoint => 'threat_lookup', table => 'sn_ti_lookup_result',
      subject => 'observable',
      mandatory => [qw(observable finding source_engine)],
      record => { observable => '198.51.100.7', finding => 'Malicious',
                  source_engine => 'VirusTotal' } },
);


# a record of the threat lookup table, with more fields or other ones

sub records {
    my (%more) = @_;
    return { %{$tables[2]{record}}, %more };
}


# n of these, no two of which share a transaction: they are about subjects of
# different shards, in the order in which these are written

sub apart {
    my ($n) = @_;
    my %subject;

    for (my $i = 0; keys %subject < $n; $i++) {
        $subject{substr sha256_hex("s$i"), 0, 1} //= "s$i";
    }

    return map { records(observable => $subject{$_}) } sort keys %subject;
}


# One server with the API and the error pages that are shipped.  Options: main,
# http, server, location: what else stands there.

sub conf {
    my (%more) = @_;
    $more{$_} //= '' foreach qw(http server location listen);

    return <<"EOT";
%%MAIN%%
events { }
http {
    %%HTTP%%
    client_header_buffer_size 4k;
    large_client_header_buffers 4 32k;
    $more{http}

    server {
        listen 127.0.0.1:%%PORT%%$more{listen};
        $more{server}

        location /api/ {
            secops_api;
            secops_redis %%REDIS%%;
            secops_auth header;
            $more{location}
        }

        $errors
    }
}
EOT
}


# One location more, with the API under a prefix and these directives.  Its Redis
# is the first one and callers are known by headers, unless they say otherwise.

sub api_location {
    my ($prefix, $directives) = @_;

    $directives .= ' secops_redis %%REDIS%%;'
        unless $directives =~ /\bsecops_redis /;
    $directives .= ' secops_auth header;' unless $directives =~ /\bsecops_auth /;

    return <<"EOT";
        location /$prefix/ {
            rewrite ^/$prefix(/.*)\$ \$1 break;
            secops_api;
            $directives
        }
EOT
}


# the headers of a caller; by default one who may write

sub who {
    my (%caller) = @_;

    return {
        'X-SecOps-User'  => $caller{user} // 'script',
        'X-SecOps-Roles' => $caller{roles} // 'sn_sec_cmn.api_write',
        defined $caller{domain} ? ('X-SecOps-Domain' => $caller{domain}) : (),
    };
}


sub path { # of a table by its endpoint; the default is threat_lookup
    my ($endpoint, $query) = @_;
    return "$base/" . ($endpoint // 'threat_lookup')
        . (defined $query ? "?$query" : '');
}


# POSTs to the threat lookup table.  Options: query, endpoint, headers, and
# what who() takes

sub post {
    my ($t, $body, %opt) = @_;
    return $t->request('POST', path($opt{endpoint}, $opt{query}),
        { %{who(%opt)}, %{$opt{headers} // {}} }, $body, %opt);
}


sub get {
    my ($t, $path, %opt) = @_;
    return $t->request('GET', $path, who(%opt), undef, %opt);
}


# the answer is this refusal, in the APIs' form, whatever the detail

sub is_refused {
    my ($r, $status, $message, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my $json = ref $r->{json} eq 'HASH' ? $r->{json} : {};
    my $error = ref $json->{error} eq 'HASH' ? $json->{error} : {};

    my $ok = is_deeply({
        status  => $r->{status},
        type    => $r->{headers}{'content-type'},
        members => join(' ', sort(keys %$json), sort keys %$error),
        failure => $json->{status},
        message => $error->{message},
    }, {
        status  => $status,
        type    => 'application/json',
        members => 'error status detail message',
        failure => 'failure',
        message => $message,
    }, $name);

    diag($r->{head} // 'no answer', $r->{body} // '') unless $ok;
    return $ok;
}


# the same in the form of errors that /api/v1 has, and what is about events

sub is_refused_v1 {
    my ($r, $status, $message, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my $json = ref $r->{json} eq 'HASH' ? $r->{json} : {};

    my $ok = is_deeply({
        status  => $r->{status},
        type    => $r->{headers}{'content-type'},
        members => join(' ', sort keys %$json),
        error   => $json->{status},
        message => $json->{error_message},
        detail  => defined $json->{detail} && !ref $json->{detail} ? 1 : 0,
    }, {
        status  => $status,
        type    => 'application/json',
        members => 'detail error_message status',
        error   => 'ERROR',
        message => $message,
        detail  => 1,
    }, $name);

    diag($r->{head} // 'no answer', $r->{body} // '') unless $ok;
    return $ok;
}


# the form that a path has

sub is_refused_at {
    my ($path, @answer) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return $path =~ m{^/api/(?:v1/|secops/v1/events)} ? is_refused_v1(@answer)
        : is_refused(@answer);
}


# the answer is 201 with a record of its own id

sub is_stored {
    my ($r, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my $ok = ok(($r->{status} // 0) == 201 && ref $r->{json} eq 'HASH'
        && ($r->{json}{sys_id} // '') =~ /\A[0-9a-f]{32}\z/, $name);

    diag($r->{head} // 'no answer', $r->{body} // '') unless $ok;
    return $ok;
}


# a record of a shipped table as the Table API answers it: all columns, strings

sub in_table {
    my ($table, $record) = @_;
    my $schema = do {
        local (@ARGV, $/) = SecOps::root()
            . "/ngx_secops_module/schema/tables/$table.json";
        JSON::PP->new->utf8->decode(<>);
    };

    return { map({ $_ => '' } keys %{$schema->{properties}}, map { "sys_$_" }
            qw(id class_name created_on created_by updated_on updated_by domain
            mod_count)),
        map { $_ => "$record->{$_}" } keys %$record };
}


sub audited { # ids in an audit stream, the oldest first
    my ($redis, $stream) = @_;
    return map { entry_ids(@{$_->[1]}) }
        @{$redis->cmd('XRANGE', $stream, '-', '+')};
}


# of an entry's names and values: its id has those of a batch, also has those of
# other requests' records

sub entry_ids {
    my (%entry) = @_;
    return (split(/,/, $entry{id}),
        ($entry{also} // '') =~ /\bid:32:([0-9a-f]{32})[,;]/g);
}


# the parts of a record's id: 12 digits of its time, then one of its shard

sub shard_of {
    my ($sys_id) = @_;
    return substr $sys_id, 12, 1;
}


sub msec_of {
    my ($sys_id) = @_;
    no warnings 'portable'; # a number of more than 32 bits
    return hex substr $sys_id, 0, 12;
}


sub keys_like { # names in Redis, sorted
    my ($redis, $pattern) = @_;
    return sort @{$redis->cmd('KEYS', $pattern // '*')};
}


1;
