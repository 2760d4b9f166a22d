package SecOps::Attack;

# Clients that mean no good: any method, path, header and body, over HTTP/1 and
# HTTP/2, whole or in part, some of which leave at any moment.  What they do
# follows from a seed and a number: another run with the same seed sends the
# same, though not at the same moments.
#
#     my $attack = SecOps::Attack->new($t, seed => 7, clients => 3,
#         tokens => [...]);
#     ...
#     my $seen = $attack->end();
#     $seen->{requests}, $seen->{answers}, $seen->{left}
#     $seen->{odd}        answers that are not as they must be, with their heads

use strict;
use warnings;

use Compress::Zlib ();
use JSON::PP;
use MIME::Base64 qw(encode_base64url);
use POSIX ();
use SecOps ();
use SecOps::H2;
use SecOps::Resources ();
use SecOps::Worst ();
use Time::HiRes qw(sleep time);

my $json = JSON::PP->new->canonical->utf8;
my $base = '/api/sn_sec_cmn/integration_capabilities';
my $table = '/api/now/table/sn_ti_lookup_result';


# Options: seed, clients; tokens and keys, good ones; records, ids of some of the
# domain acme; ports, of HTTP/1 and of HTTP/2

sub new {
    my ($class, $t, %opt) = @_;
    my $self = bless { t => $t, opt => { clients => 3, tokens => [],
        keys => [], records => [], %opt }, pids => [], owner => $$,
        dir => $t->dir() . '/attack' }, $class;

    mkdir $self->{dir};

    foreach my $n (1 .. $self->{opt}{clients}) {
        my $pid = fork() // die "fork: $!";

        if ($pid == 0) {
            $SIG{TERM} = 'DEFAULT';
            srand($opt{seed} * 100 + $n);
            my $done = eval { $self->client($n); 1 };
            print STDERR "attacker: $@" unless $done;
            POSIX::_exit($done ? 0 : 1);
        }

        push @{$self->{pids}}, $pid;
    }

    return $self;
}


sub end {
    my ($self) = @_;
    my %seen = map { $_ => 0 } qw(requests answers left odd failed);

    $self->{t}->write("$self->{dir}/finish", '');

    foreach my $pid (@{$self->{pids}}) {
        waitpid $pid, 0;
        $seen{failed}++ if $?;
    }

    $self->{pids} = [];

    foreach my $file (glob "$self->{dir}/seen*") {
        my $seen = $json->decode($self->{t}->read($file));
        $seen{$_} += $seen->{$_} foreach qw(requests answers left odd);
        $seen{status}{$_} += $seen->{status}{$_}
            foreach keys %{$seen->{status}};
        push @{$seen{heads}}, @{$seen->{heads}};
    }

    return \%seen;
}


sub DESTROY {
    my ($self) = @_;
    return unless $self->{owner} == $$;
    local ($?, $!);
    kill 'KILL', @{$self->{pids}};
    waitpid $_, 0 foreach @{$self->{pids}};
}


# --- one client -------------------------------------------------------------

sub client {
    my ($self, $n) = @_;
    my $my = $self->{my} = { requests => 0, answers => 0, left => 0, odd => 0,
        heads => [], status => {} };

    until (-e "$self->{dir}/finish") {
        my $what = rand();

        # whatever breaks here is the client's own connection
        eval {
            $what < 0.15 ? $self->over_h2()
                : $what < 0.2 ? $self->pipelined()
                : $what < 0.25 ? $self->hold()
                : $self->over_h1();
            1;
        } or sleep 0.01;
    }

    delete $self->{held};
    $self->{t}->write("$self->{dir}/seen$n", $json->encode($my));
}


sub over_h1 {
    my ($self) = @_;
    my $connection = $self->{t}->connect($self->{opt}{port});
    my $left = 1 + int rand 4;

    while ($left--) {
        my ($method, $bytes) = $self->bytes($connection);
        $self->{my}{requests}++;

        if (rand() < 0.3) {
            $connection->send(substr $bytes, 0, int rand(1 + length $bytes));
            return $self->leave($connection);
        }

        $connection->send($bytes, rand() < 0.1 ? (pause => 0.0005,
            piece => 1 + int rand(length($bytes) / 4 + 1)) : ());

        return $self->leave($connection) if rand() < 0.3;
        $self->taken($connection->answer($method, 1 + rand 3)) or return;
    }

    $connection->close(reset => rand() < 0.3);
}


sub leave {
    my ($self, $connection) = @_;
    sleep rand 0.02 if rand() < 0.7;
    $connection->close(reset => rand() < 0.5);
    $self->{my}{left}++;
}


sub pipelined {
    my ($self) = @_;
    my $connection = $self->{t}->connect($self->{opt}{port});
    my @sent = map { [ $self->bytes($connection) ] } 1 .. 1 + rand 6;

    $self->{my}{requests} += @sent;
    $connection->send(join '', map { $_->[1] } @sent);

    foreach my $sent (@sent) {
        return $self->leave($connection) if rand() < 0.2;
        $self->taken($connection->answer($sent->[0], 1 + rand 2)) or return;
    }
}


# a request whose client waits, and waits on, whatever is answered: longer than
# a fetch of keys may take.  Health that is asked with an api key and a token
# waits for Redis first, and then for keys

sub hold {
    my ($self) = @_;
    my $connection = $self->{t}->connect($self->{opt}{port});
    my ($method, $bytes) = rand() < 0.5 ? ('GET', $connection->format('GET',
        one('/keys', '/fetch') . '/api/v2/health', [ rand() < 0.3
            ? $self->credentials() : $self->twice() ]))
        : $self->bytes($connection);

    $self->{my}{requests}++;
    $connection->send($bytes);
    push @{$self->{held}}, $connection;
    shift @{$self->{held}} if @{$self->{held}} > 24;
}


sub over_h2 {
    my ($self) = @_;
    my $h2 = SecOps::H2->new($self->{t}, $self->{opt}{h2});
    my @streams;

    foreach (1 .. 1 + rand 8) {
        my %headers = $self->headers();
        my $body = rand() < 0.7 ? $self->body() : undef;

        # what H2 can write, names and values below 127 bytes
        foreach my $name (keys %headers) {
            delete $headers{$name} if $name =~ /^(?:host|connection|expect
                |transfer-encoding|content-length|content-type)$/xi
                || length $headers{$name} > 120
                || $headers{$name} =~ /[^\x20-\x7e]/;
        }

        $body = substr $body, 0, 16_000 if defined $body;
        push @streams, $h2->request(method(), substr($self->path(), 0, 120),
            \%headers, $body, part => rand() < 0.15);
        $self->{my}{requests}++;
        $h2->reset($streams[rand @streams]) if rand() < 0.3;
        $h2->frame(int rand 12, int rand 256, int rand 20, random(rand 30))
            if rand() < 0.05;
    }

    foreach my $stream (@streams) {
        last if rand() < 0.3;
        my $r = $h2->answer($stream, 0.5 + rand 1) or last;
        $self->{my}{answers}++;
        $self->{my}{status}{$r->{status} // 'none'}++;
    }

    $h2->goaway() if rand() < 0.2;
    $self->{my}{left}++;
    $h2->close(reset => rand() < 0.5);
}


# an answer is whole, of a known status, and JSON unless nginx itself refused
# what is no HTTP

my %known = map { $_ => 1 } qw(200 201 204 207 400 401 403 404 405 408 409 411
    412 413 414 415 417 422 431 494 500 501 502 503 504 505 507);

sub taken {
    my ($self, $r) = @_;
    my $my = $self->{my};

    return 0 unless $r;

    $my->{answers}++;
    $my->{status}{$r->{status}}++;

    if (!$known{$r->{status}} || ($r->{body} ne '' && !defined $r->{json}
        && ($r->{headers}{'content-type'} // '') =~ /json/))
    {
        $my->{odd}++;
        push @{$my->{heads}}, substr "$r->{head}$r->{body}", 0, 1000;
    }

    return ($r->{headers}{connection} // '') ne 'close';
}


# --- requests ---------------------------------------------------------------

sub one { return $_[rand @_] }

sub random { # bytes
    my ($n) = @_;
    return join '', map { chr int rand 256 } 1 .. $n;
}


sub method {
    return rand() < 0.55 ? 'POST' : one(qw(GET GET GET HEAD DELETE PUT PATCH
        OPTIONS POST TRACE PROPFIND), 'G' x int rand 20);
}


sub path {
    my ($self) = @_;
    my $place = one('', '', '', '', '/keys', '/keys', '/fetch', '/fetch',
        '/post', '/post', '/again', '/small', '/file', '/error');
    my $path = one((map { "$base/$_" } qw(threat_lookup observable_enrichment
        ci_enrichment threat_lookup threat_lookup none)),
        $self->listed(), "$table/" . one('x', '0' x 32, $self->id(),
            @{$self->{opt}{records}}),
        '/api/v1/health', '/api/v2/health', '/api/v2/health/',
        '/api/v2/resources', '/api/v2/resources', '/api/v2/resources',
        '/api/v2/resources/job/metadata', '/api/v2/resources/integration/'
        . one('metadata', 'parameters/schema'), '/api/v2/token/scopes',
        '/api/v2/jobs/' . one(1000 .. 1010, 'x') . '/' . one(qw(start stop
        train)), '/api/v1/jobs', '/api/v1/jobs/' . one(1000 .. 1010,
        'get_by_name', 'x') . one('', '', '/labels', '/start', '/stop',
        '/train', '/x'), '/api/v1/events' . one('', '', '/x', '/' . one(1000
        .. 1010, 'x') . '/' . one('x', '%2e', '%ff', 'x' x rand 300)
        . one('', '', '/export', '/feedback', '/x')), '/api/secops/v1/events/'
        . one(1000 .. 1010, 'x') . '/' . one('1', 'x' x rand 300) . '/decision',
        '/api/secops/v1/audit', '/api/secops/v1/secrets/rotate',
        '/api/', '/');
    my @query = map { one(qw(resource_type title id overwrite role category type
        limit before integration_type ignore_mandatory_fields simple_response x))
        . '=' . one('job', 'integration', 'api_key', 'J', '1000', 'true',
        'False', '', '%00', '%', '+', 'x' x rand 100, '999999999999999999') }
        1 .. rand 3;

    $path .= ($path =~ /\?/ ? '&' : '?') . join '&', @query if @query;
    substr $path, rand length $path, 1, one('/', '..', '%2f', '%00', '?', "\x7f")
        if rand() < 0.05;
    return $place . $path;
}


# a list, mostly of a query that can be read; it may end in the middle

sub listed {
    my ($self) = @_;
    my @condition = map { one('', '', '^', '^OR', '^NQ', 'OR') . one(
        one(qw(finding observable threat_score sys_id sys_created_on none))
            . one('=', '!=', '>', '<=', 'IN', 'NOT+IN', 'LIKE', 'STARTSWITH',
                'BETWEEN', 'SAMEAS', 'ISEMPTY', '~')
            . one('Clean', '7', '2020-01-01+10:00:00', 'a,b,7', '1@9',
                $self->id(), @{$self->{opt}{records}}, '%ff%00', 'x' x rand 900),
        'ORDERBY' . one(qw(sys_id DESCsys_id finding DESCthreat_score none)),
        'RLQUERYx^', 'ENDRLQUERY') } 1 .. rand 6;
    my @more = map { one(
        'sysparm_fields=' . one('finding,sys_id', 'none', ',' x rand 400),
        'sysparm_limit=' . one(0, 1, 7, 10000, 10001, 'x'),
        'sysparm_offset=' . one(0, 1, 50, 1e9, -1),
        'sysparm_display_value=' . one(qw(all true False x)),
        'sysparm_no_count=true',
        'sysparm_cursor=' . one($self->id(), @{$self->{opt}{records}}, 'x')) }
        1 .. rand 4;

    return "$table?" . join '&', 'sysparm_query=' . join('^', @condition),
        @more;
}


sub id { return join '', map { sprintf '%x', rand 16 } 1 .. 32 }


# who: mostly somebody who may; as pairs

sub credentials {
    my ($self) = @_;
    my $opt = $self->{opt};
    my @who = rand() < 0.75 ? ('X-SecOps-User' => one(qw(alice bob)),
        'X-SecOps-Roles' => one('sn_sec_cmn.api_write',
            'sn_sec_cmn.api_read', 'sn_sec_cmn.admin', 'x',
            'sn_sec_cmn.api_write,sn_sec_cmn.admin'),
        'X-SecOps-Domain' => one('acme', 'acme', 'global', '', 'x' x 300)) : ();

    push @who, Authorization => 'Bearer ' . one(@{$opt->{tokens}},
        @{$opt->{tokens}}, 'x', 'a.b.c', unknown()) if rand() < 0.6;
    push @who, 'x-arcanna-api-key' => one(@{$opt->{keys}}, key(),
        'x' x 86, '') if rand() < 0.4;
    return @who;
}


sub twice { # both are to be looked up
    my ($self) = @_;
    return ('x-arcanna-api-key' => key(), Authorization => 'Bearer '
        . (rand() < 0.8 ? unknown() : one(@{$self->{opt}{tokens}})));
}


sub key { # of the form of one, which nobody has
    return encode_base64url(random(64));
}


sub unknown { # a token of a key that is not known
    return join '.', map { encode_base64url($_) } $json->encode({
        alg => 'ES256', kid => 'k' . int rand 1e9 }), $json->encode({
        sub => 'x', exp => time() + 60 }), random(64);
}


sub headers {
    my ($self) = @_;
    my @headers = $self->credentials();

    push @headers, one(['Content-Type' => one('application/json',
            'application/x-ndjson', 'text/plain', 'application/json;x', '')],
        ['Content-Encoding' => one('gzip', 'gzip', 'br', 'identity', 'x-gzip',
            'gzip,gzip')], [Expect => '100-continue'],
        ['If-Match' => one('"0"', '"1"', '*', 'W/"0"', 'x')],
        [Accept => 'text/html'], [Connection => one('close', 'keep-alive')],
        ["X-$_[0]" => random(20) =~ s/[\r\n\0]/x/gr],
        ['X-SecOps-User' => one('', 'a' x 300, "\xc3\xa9", "\xff", 'x,y')],
        ['Transfer-Encoding' => one('chunked', 'gzip', 'identity')],
        ['Content-Length' => one(0, 5, 999_999, 'x', '-1')],
        ['Authorization' => one('Basic eA==', 'Bearer', '')],
        [Host => one('', 'a' x 200, 'x:y')],
        ['X-Big' => 'x' x rand 9000])->@* foreach 1 .. rand 2.5;

    return @headers;
}


# what is as it should be goes farther: it is waiting when Redis stops, or when
# its client leaves

sub proper {
    my ($self) = @_;
    my $place = one('', '', '/post', '/post', '/again', '/small', '/file',
        '/error');
    my @who = ('X-SecOps-User' => 'alice', 'X-SecOps-Domain' => 'acme',
        'X-SecOps-Roles' => 'sn_sec_cmn.api_write,sn_sec_cmn.admin');
    my $resources = "$place/api/v2/resources";
    my $record = "$place$table/" . one(@{$self->{opt}{records}}, $self->id());

    return @{one(['POST', "$place$base/threat_lookup",
            bodies()->[one(0, 2, 3)], @who],
        ['POST', "$place$base/threat_lookup", bodies()->[4], @who,
            'Content-Type' => 'application/x-ndjson'],
        ['GET', one($record, "$place$table"), undef, @who],
        ['POST', "$place$table", bodies()->[0], @who],
        [one(qw(PATCH PUT)), $record, $json->encode({ one(qw(note finding)) =>
            one('a', 'Clean', 'x' x rand 5000) }), @who],
        ['DELETE', $record, undef, @who],
        ['GET', "$place/api/v1/health", undef],
        ['GET', one('/keys', '/fetch') . '/api/v2/health', undef,
            $self->credentials()],
        ['POST', $resources, bodies()->[one(5, 7, 8, 9, 10)], @who],
        ['GET', $resources, undef, @who],
        ['DELETE', "$resources?title=" . one('I1', 'J', 'K', 'I7'), undef, @who],
        ['POST', "$place/api/v2/jobs/" . (1000 + int rand 60) . '/start', '',
            @who],
        ['POST', "$place/api/v1/jobs/" . (1000 + int rand 60) . '/train', '',
            @who],
        ['GET', "$place/api/v1/jobs" . one('', '/', '/1001', '/1001/labels'),
            one(undef, '{}'), @who],
        ['POST', "$place/api/v1/jobs/get_by_name" . one('', '/labels'),
            '{"job_name":"' . one('J', 'K', 'x' x rand 500) . '"}', @who],
        ['POST', "$place/api/v1/events" . one('', '', '/1', '/' . 'x' x rand
            300), one('{"job_id":1001,"raw_body":{"a":1}}',
            '[' . join(',', ('{"job_id":1001,"raw_body":{}}') x rand 50) . ']',
            '{"job_id":' . (990 + int rand 60) . ',"raw_body":{"event":'
            . '{"outcome":"a"}},"event_id":"' . int(rand 100) . '"}'), @who],
        ['GET', "$place/api/v1/events/" . (1000 + int rand 20) . '/1'
            . one('', '/export'), undef, @who],
        ['PUT', "$place/api/secops/v1/events/" . (1000 + int rand 20)
            . '/1/decision', '{"label":"' . one('Drop', 'label_0', 'x' x rand 500)
            . '","confidence":' . one(0, 1, rand, '"x"') . '}', @who],
        ['GET', "$place/api/secops/v1/audit?limit=10", undef, @who],
        ['GET', '/fetch/api/v2/token/scopes', undef,
            Authorization => 'Bearer ' . one(@{$self->{opt}{tokens}},
                unknown())])};
}


my @bodies;

sub bodies { # good ones first, then some that are not
    @bodies = ('{"observable":"o","finding":"Clean","source_engine":"e"}',
        '{"cmdb_ci":"c","source":"s","details":{"a":[1,2.5,{"b":null}]}}',
        '{"data":[{"observable":"o","finding":"Clean","source_engine":"e"},'
        . '{"observable":"p","finding":"x","source_engine":"e"}],"atomic":true}',
        '{"data":{"observable":"o"},"config":{"ignore_mandatory_fields":true}}',
        qq({"observable":"o","finding":"Clean","source_engine":"e"}\n{}\n\n[]\n),
        SecOps::Resources::example(), SecOps::Resources::example(),
        $json->encode({ k => SecOps::Resources::api_key('K', scopes =>
            ['read:resources', 'write:resources']) }),
        $json->encode({ k => SecOps::Resources::api_key('K', rotate => \1,
            grace => 5, expire_at => '2099-01-01 00:00:00') }),
        $json->encode({ k => SecOps::Resources::api_key('K', expire_at =>
            '2020-01-01 00:00:00') }),
        $json->encode({ i => SecOps::Worst::integration('I1'),
            j => SecOps::Worst::job('J', SecOps::Worst::entry(1)) }),
        $json->encode({ resources => { i => SecOps::Worst::sentinel() } }),
        $json->encode(SecOps::Worst::set(50, sub {
            SecOps::Worst::integration("I$_[0]") })), '{}', '[]', '', 'null',
        '[' x 5000, '{"a":' x 3000, '"' . '\u0000' x 50 . '"',
        '{"' . 'N' x 20_000 . '":{"type":"integration","properties":1}}')
        unless @bodies;

    return \@bodies;
}


sub body {
    my ($self) = @_;
    my $body = one(@{bodies()});

    $body = changed($body) foreach 1 .. (rand() < 0.6 ? rand 5 : 0);
    $body = Compress::Zlib::memGzip($body) if rand() < 0.1;
    $body = changed($body) if rand() < 0.1;
    return $body;
}


sub changed { # a little
    my ($body) = @_;
    my $at = int rand(1 + length $body);

    return $body . random(rand 5) if rand() < 0.1;
    return substr $body, 0, $at if rand() < 0.15;

    substr $body, $at, int rand 8, rand() < 0.3 ? random(rand 4)
        : one('{', '}', '[', ']', '"', ',', ':', 'null', 'true', '1e999', '-',
            '0.1', '"type":', "{{api_keys(name='K')}}", '{{', '}}', '\\',
            '\ud800', "\xff", "\0", "\n", '********', 'x' x rand 3000,
            substr($body, rand length $body, rand 200),
            '"id":' . one(1000, -1, '9223372036854775807', '"x"') . ',');
    return $body;
}


sub bytes { # -> method, a request
    my ($self, $connection) = @_;
    my ($method, $path, $body, @headers) = rand() < 0.4 ? $self->proper()
        : (method(), $self->path(), rand() < 0.75 ? $self->body() : undef,
            $self->headers());
    my $text = $connection->format($method, $path, \@headers, $body,
        defined $body && rand() < 0.25 ? (chunked => 1 + int rand 3000) : ());

    # now and then it is no HTTP any more
    if (rand() < 0.05) {
        substr $text, rand length $text, rand 3, random(rand 3);
    }

    return ($method, $text);
}


1;
