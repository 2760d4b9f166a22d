package SecOps::Worst;

# The worst that one request can do, as a list, and what it costs: the longest
# piece of a worker's time without a look at others, its memory, and the longest
# command of Redis.
#
#     my $worst = SecOps::Worst->new($t, $redis);     # starts nginx
#     foreach my $case ($worst->cases()) {
#         my $cost = $worst->measure($case);
#     }
#
# A case: name; fault, the number under which it was found; before, which makes
# the domain what it must be and is not measured; request, which gives method,
# path, headers and body.  Both get the domain's name, which is new each time.

use strict;
use warnings;

use Compress::Zlib ();
use File::Path qw(make_path);
use IO::Select;
use JSON::PP;
use MIME::Base64 ();
use SecOps ();
use SecOps::Records ();
use SecOps::Resources ();
use SecOps::Tables ();
use SecOps::Tokens ();
use Time::HiRes qw(sleep time);

my $json = JSON::PP->new->canonical->utf8;
my $lookup = SecOps::Records::path('threat_lookup');
my $own = SecOps::Records::path('worst');

use constant BODY => 1024 * 1024;       # client_max_body_size unless set


# --- a server ---------------------------------------------------------------

# Options: turns => 0, not measured, as a sanitizer's nginx can not be; keyless
# => 1, without tokens, whose keys take their time; conf, more for the location

sub new {
    my ($class, $t, $redis, %opt) = @_;
    my $self = bless { t => $t, redis => $redis, n => 0 }, $class;

    $self->table();
    $self->keys() unless $opt{keyless} || SecOps::Tokens::missing();

    if ($opt{turns} // 1) {
        $self->{turns} = $t->write('turns', "\0" x 24);
        my $library = $t->dir() . '/turns.so';
        system('cc', '-O2', '-shared', '-fPIC', '-o', $library,
            SecOps::root() . '/t/tools/turns.c', '-ldl') == 0
            or die "t/tools/turns.c was not compiled\n";
        $self->{preload} = $library;
    }

    local $ENV{LD_PRELOAD} = $self->{preload} if $self->{preload};
    local $ENV{SECOPS_TURNS} = $self->{turns} if $self->{turns};

    $t->run(SecOps::Records::conf(
        http => 'secops_schema_dir %%DIR%%/schema;'
            . ' keepalive_requests 1000000;',
        location => $opt{conf} // '',
        server => $self->{jwks} ? <<'EOT' : ''));
        location /jwt/ {
            rewrite ^/jwt(/.*)$ $1 break;
            secops_api;
            secops_redis %%REDIS%%;
            secops_auth jwt;
            secops_jwt_key_file %%DIR%%/keys.jwks;
        }
EOT

    return $self;
}


sub table { # what a site may define: patterns, nested objects, unique items
    my ($self) = @_;
    my $text = { type => 'string' };

    $self->{t}->write('schema/tables/u_worst.json', $json->encode({
        type => 'object', 'x-endpoint' => 'worst', 'x-label' => 'Worst',
        'x-subject' => 'host', required => ['host'],
        properties => {
            host => $text,
            blanks => { %$text, pattern => '\s+$' },
            letters => { %$text, pattern => '[A-Za-z]+[0-9]' },
            short => { %$text, pattern => '[A-Za-z]+[0-9]', maxLength => 20 },
            list => { type => 'array',
                items => { %$text, pattern => '^(a+)+$' } },
            unique => { type => 'array', uniqueItems => JSON::PP::true },
            nested => { type => 'object', additionalProperties => {
                type => 'object',
                additionalProperties => { type => 'integer' } } },
            regex => { %$text, format => 'regex' },
            email => { %$text, format => 'email' },
            uri => { %$text, format => 'uri' },
        },
    }));
}


sub keys { # as many as a set may have, of the dearest kind, without a name
    my ($self) = @_;
    my $issuer = SecOps::Tokens->new();

    $self->{jwks} = SecOps::Tokens::jwks(map {
        $issuer->key("k$_", kty => 'EC', crv => 'P-521') } 1 .. 128);
    $self->{t}->write('keys.jwks', $self->{jwks});
}


# --- what one costs ---------------------------------------------------------

sub headers {
    my ($domain, %more) = @_;
    return { %{SecOps::Records::who(domain => $domain, roles =>
        'sn_sec_cmn.api_write,sn_sec_cmn.api_read,sn_sec_cmn.admin')}, %more };
}


sub call { # of the preparations
    my ($self, $domain, $method, $path, $body, %more) = @_;
    my $r = $self->{t}->request($method, $path, headers($domain, %more),
        ref $body ? $json->encode($body) : $body, timeout => 120);
    return $r // { status => 0, body => '', headers => {} };
}


sub save {
    my ($self, $domain, $set) = @_;
    return $self->call($domain, 'POST', '/api/v2/resources', $set);
}


sub domain { return 'worst' . $_[0]{n}++ }


# several requests in the same domain, of which the last is measured unless the
# case says that all are; -> { piece, cpu: ms; rss: MB; redis: ms; status, sent,
# answered: bytes }

sub measure {
    my ($self, $case, %opt) = @_;
    my %cost = (rss => 0);

    foreach (1 .. $opt{times} // 3) {
        my $domain = $self->domain();
        my $cost = $self->once($case, $domain);

        # what took longer only because others had the processor is not its own
        foreach my $key (qw(piece cpu redis)) {
            $cost{$key} = $cost->{$key} if !defined $cost{$key}
                || $cost->{$key} < $cost{$key};
        }

        $cost{rss} = $cost->{rss} if $cost->{rss} > $cost{rss};
        @cost{qw(status sent answered)} = @$cost{qw(status sent answered)};
        $self->{redis}->cmd('FLUSHALL');
    }

    return \%cost;
}


sub once {
    my ($self, $case, $domain) = @_;
    my ($t, $redis) = @$self{qw(t redis)};

    $self->save($domain, { s => integration('Source') });
    $case->{before}->($self, $domain) if $case->{before};
    my @request = $self->request($case, $domain);

    # a worker that has done nothing yet but learned the way
    $t->reload();
    my ($worker) = $t->workers();
    $self->call('idle', 'GET', '/api/v2/resources');
    $self->call('idle', 'POST', $lookup, $SecOps::Records::tables[2]{record});

    my $before = $t->rss($worker);
    my $cpu = scheduled($worker);
    $redis->cmd('CONFIG', 'SET', 'slowlog-log-slower-than', 100);
    $redis->cmd('SLOWLOG', 'RESET');
    $t->peak_rss($worker);
    $self->reset() if $self->{turns};

    my @r = $self->send($case, @request);

    my $spent = scheduled($worker);
    my $peak = $t->peak_rss($worker);

    # who takes longer than a client waits is measured up to here
    kill 'KILL', $worker if grep { !$_ } @r;

    # the last piece ends when the worker looks for others once more
    $self->call('idle', 'GET', '/api/v1/health');

    $cpu = (scheduled($worker) || $spent) - $cpu;

    return {
        piece    => !$self->{turns} ? 0 : (grep { !$_ } @r) ? $cpu / 1e6
            : $self->longest(),
        cpu      => $cpu / 1e6,
        rss      => ($peak - $before) / 1024,
        redis    => slowest($redis),
        status   => join('/', map { $_ ? $_->{status} : 'none' } @r),
        sent     => length($request[3] // ''),
        answered => $r[-1] ? length $r[-1]{body} : 0,
    };
}


# a body is made once, as that takes longer than all the rest

sub request {
    my ($self, $case, $domain) = @_;
    my $made = $case->{made};

    return ($made->[0], $made->[1], { %{$made->[2]}, $made->[2]{
        'X-SecOps-Domain'} ? ('X-SecOps-Domain' => $domain) : () }, $made->[3])
        if $made && !$case->{anew};

    $case->{made} = [ $case->{request}->($self, $domain) ];
    return @{$case->{made}};
}


# on so many connections at once, with Redis stopped meanwhile if it waits

sub send {
    my ($self, $case, $method, $path, $headers, $body) = @_;
    my $t = $self->{t};
    my @connections = map { $t->connect() } 1 .. $case->{at_once} // 1;

    $self->{redis}->pause() if $case->{waits};

    foreach my $connection (@connections) {
        $connection->{timeout} = 30;
        $connection->send($connection->format($method, $path,
            [ Connection => 'close', SecOps::Connection::pairs($headers) ],
            $body));
    }

    sleep 1 if $case->{waits};
    $self->{redis}->resume() if $case->{waits};

    return map { $_->answer($method) } @connections;
}


sub reset {
    my ($self) = @_;
    open my $file, '+<:raw', $self->{turns} or die "$self->{turns}: $!";
    syswrite $file, "\0" x 24;
}


sub longest { # in ms
    my ($self) = @_;
    return (unpack 'Q', $self->{t}->read($self->{turns})) / 1e6;
}


sub scheduled { # ns
    my ($pid) = @_;
    open my $file, '<', "/proc/$pid/schedstat" or return 0;
    return (split ' ', <$file>)[0];
}


sub slowest { # ms; of what Redis was asked, not of this
    my ($redis) = @_;
    my $longest = 0;

    foreach my $entry (@{$redis->cmd('SLOWLOG', 'GET', 10000)}) {
        my ($word) = lc $entry->[3][0];
        next if $word =~ /^(?:slowlog|config|flushall|bgrewriteaof)$/;
        $longest = $entry->[2] if $entry->[2] > $longest;
    }

    return $longest / 1000;
}


# --- the requests -----------------------------------------------------------

sub integration { # an Elasticsearch
    my ($title, %parameters) = @_;
    return { type => 'integration', properties => { title => $title,
        integration_type => 'Elasticsearch',
        parameters => { hosts => 'es.example.com', %parameters } } };
}


sub job { # its input is in each domain
    my ($title, @entries) = @_;
    return SecOps::Resources::job($title, pipeline_integrations => [
        SecOps::Resources::step('Source', 'input', index => 'i'), @entries ]);
}


sub entry { # of a pipeline; so many bytes
    my ($n, $bytes) = @_;
    return SecOps::Resources::step("I$n", 'input', index => 'i',
        query => 'q' x ($bytes // 1));
}


sub set { # of so many, made by the code
    my ($n, $code) = @_;
    return { map { ("r$_" => $code->($_)) } 1 .. $n };
}


sub save_all { # in sets that fit
    my ($self, $domain, $n, $code) = @_;
    my $done = 0;

    while ($done < $n) {
        my $more = $n - $done > 1000 ? 1000 : $n - $done;
        my $from = $done;
        my $r = $self->save($domain, set($more, sub { $code->($from + $_[0]) }));
        last if $r->{status} != 200;
        $done += $more;
    }

    return $done;
}


# a domain with as much in it as its limits allow: documents as large as may be

sub fill {
    my ($self, $domain) = @_;
    my $size = 0;

    foreach my $try (980_000, 500_000, 250_000, 120_000, 60_000) {
        my $r = $self->save($domain, { r => large('L0', $try) });
        if ($r->{status} == 200) { $size = $try; last }
    }

    my $n = 1;

    while ($size && $n < 64_000_000 / $size) {
        last if $self->save($domain, { r => large("L$n", $size) })->{status}
            != 200;
        $n++;
    }

    return $n;
}


sub large {
    my ($title, $bytes) = @_;
    my $job = job($title);

    $job->{properties}{advanced_settings}{monitoring_settings}{throttling}
        = 'x' x $bytes;
    return $job;
}


# a job with as many entries as are taken, each as large as may be sent

sub long_job {
    my ($self, $domain) = @_;
    my $rounds = 0;

    $self->save_all($domain, 1000, sub { integration("I$_[0]") });

    foreach my $bytes (4500, 1000, 200, 1) {
        while ($rounds < 5) {
            my $from = 199 * $rounds;
            last if $self->save($domain, { j => job('J', map {
                entry($from + $_, $bytes) } 1 .. 199) })->{status} != 200;
            $rounds++;
        }
        last if $rounds;
    }

    return $rounds;
}


sub post { # of resources, as a request
    my ($domain, $set, $query) = @_;
    return ('POST', '/api/v2/resources' . ($query // ''), headers($domain),
        ref $set ? $json->encode($set) : $set);
}

sub get { return ('GET', "/api/v2/resources$_[1]", headers($_[0]), undef) }

sub record { # of a path and a text
    my ($domain, $path, $text, %more) = @_;
    return ('POST', $path, headers($domain, %more), $text);
}

sub known { # a record of the threat lookup, with more
    my ($more) = @_;
    return '{"observable":"o","finding":"Clean","source_engine":"e",' . $more
        . '}';
}

sub many { # of a piece, as much as fits beside so many bytes
    my ($piece, $beside) = @_;
    my $n = int((BODY - 300 - ($beside // 0)) / length $piece);
    return $piece x $n;
}

sub listed { # the same as a list of JSON
    my ($piece) = @_;
    return '[' . substr(many("$piece,"), 0, -1) . ']';
}

sub webhook { # with this as one of its parameters
    my ($value) = @_;
    return '{"i":{"type":"integration","properties":{"title":"T",'
        . '"integration_type":"Webhook","parameters":{"url":"https://a.example",'
        . '"headers":' . $value . '}}}}';
}

sub setting { # of a job, of any form
    my ($value) = @_;
    return '{"j":{"type":"job","properties":{"title":"T","category":"Decision'
        . ' intelligence","decision_points":["a"],"pipeline_integrations":[{'
        . '"resource":"Source","integration_type":"input","parameters":'
        . '{"index":"i"}}],"advanced_settings":'
        . '{"monitoring_settings":{"throttling":' . $value . '}}}}}';
}

# jobs with 100 labels, and with 200 entries: as many as have 50,000 values, which
# a set may have, unless told otherwise

sub labelled {
    my ($n) = @_;
    my @names = map { "l$_" } 1 .. 100;
    my $set = { map { my $job = job("J$_");
        $job->{properties}{advanced_settings}{custom_labels}
            = [ map { { name => $_ } } @names ];
        ("j$_" => $job) } 1 .. $n // 230 };
    return fitting($set);
}

sub piped {
    my ($n) = @_;
    my @entries = map { { resource => "I$_", integration_type => 'output' } }
        1 .. 199;
    return fitting({ map { ("j$_" => job("J$_", @entries)) } 1 .. $n });
}

sub fitting { # what of a set is in a body
    my ($set) = @_;
    my $text = '';

    foreach my $name (sort CORE::keys %$set) {
        my $member = qq("$name":) . $json->encode($set->{$name});
        last if length($text) + length($member) + 2 > BODY;
        $text .= ($text eq '' ? '' : ',') . $member;
    }

    return "{$text}";
}

sub integrations { my ($self, $domain, $n) = @_;
    $self->save_all($domain, $n, sub { integration("I$_[0]") }) }

sub lines { # a batch of so many bytes
    my ($n, $bytes) = @_;
    return map { { observable => "o$_", finding => 'Clean',
        source_engine => 'e', more => 'x' x $bytes } } 1 .. $n;
}


sub triage { # a job with these decision points, and its id
    my ($self, $domain, @points) = @_;
    my $r = $self->save($domain, { j => { type => 'job', properties => {
        %{job('Triage')->{properties}}, decision_points => [@points] } } });
    return $self->{triage} = $r->{json}{created}[0]{internal_id};
}

sub event { # for it, as text
    my ($self, $raw) = @_;
    return qq({"job_id":$self->{triage},"raw_body":$raw});
}

sub events { # so many of these, one after the other
    my ($self, $domain, $n, $code) = @_;
    triage($self, $domain, 'a');

    for (my $i = 0; $i < $n; $i += 1000) {
        my @texts = map { $code->($_) } $i .. ($i + 999 < $n ? $i + 999 : $n - 1);

        # some in a body of a megabyte
        while (@texts) {
            my $body = '';
            while (@texts && length($body) + length $texts[0] < BODY - 10) {
                $body .= ($body eq '' ? '' : ',') . shift @texts;
            }
            my $r = $self->call($domain, 'POST', '/api/v1/events', "[$body]");
            die "not stored: $r->{body}\n" if $r->{status} != 201;
        }
    }
}

sub cases {
    my ($self) = @_;
    my $jwks = ref $self && $self->{jwks};
    my $longest = 'I' x 960_000;

    return (
        # what reviews have found
        { fault => 'R.2', name => '200 faults of a resource with a long name',
          request => sub { post($_[1], qq({"$longest":{"type":"integration",)
              . '"properties":{"title":"T","integration_type":"Webhook",'
              . '"parameters":{"url":1,"headers":{'
              . join(',', map { qq("h $_":1) } 0 .. 199) . '}}}}}') } },
        { fault => 'R.2', name => '1000 faults below a long member of a record',
          request => sub { record($_[1], $own, '{"host":"h","nested":{"'
              . 'N' x 900_000 . '":{'
              . join(',', map { qq("a$_":"x") } 0 .. 999) . '}}}') } },
        (map { my ($name, @request) = @$_;
            { fault => 'R.3', name => "full domain: $name",
              before => sub { $_[0]->fill($_[1]) }, request => $request[0] } }
            ['list', sub { get($_[1], '') }],
            ['list of jobs', sub { get($_[1], '?resource_type=job') }],
            ['jobs in /api/v1', sub { ('GET', '/api/v1/jobs', headers($_[1]),
                undef) }],
            ['one job in full', sub { get($_[1], '?title=L0') }],
            ['DELETE of one', sub { ('DELETE', '/api/v2/resources?title=L0',
                headers($_[1]), undef) }],
            ['one more', sub { post($_[1], { j => job('more') }) }],
            ['30 of its jobs named', sub { post($_[1], set(30, sub {
                job('L' . $_[0]) })) }],
            ['60 of its jobs named', sub { post($_[1], set(60, sub {
                job('L' . $_[0]) })) }]),
        (map { my ($name, @request) = @$_;
            { fault => 'R.3', name => "20 000 small ones: $name",
              before => sub { integrations(@_, 20_000) },
              request => $request[0] } }
            ['list', sub { get($_[1], '') }],
            ['one by its title', sub { get($_[1], '?title=I7') }],
            ['DELETE of one', sub { ('DELETE', '/api/v2/resources?title=I7',
                headers($_[1]), undef) }],
            ['one more', sub { post($_[1], { i => integration('more') }) }]),
        { fault => 'R.3', name => '4900 small jobs: in /api/v1',
          before => sub { my ($self, $domain) = @_;
              $self->save_all($domain, 4900, sub { job("J$_[0]") }) },
          request => sub { ('GET', '/api/v1/jobs', headers($_[1]), undef) } },
        (map { my ($name, @request) = @$_;
            { fault => 'R.4', name => "longest pipeline: $name",
              before => sub { $_[0]->long_job($_[1]) },
              request => $request[0], anew => $name eq 'start' } }
            ['200 entries more', sub { post($_[1], { j => job('J',
                map { entry(800 + $_, 4500) } 1 .. 199) }) }],
            ['a POST of 47 bytes', sub { post($_[1],
                '{"j":{"type":"job","properties":{"title":"J"}}}') }],
            ['start', sub { my ($self, $domain) = @_;
                my ($id) = $self->call($domain, 'GET',
                    '/api/v2/resources?title=J')->{body} =~ /"id":(\d+)/;
                ('POST', '/api/v2/jobs/' . ($id // 1) . '/start',
                    headers($domain), undef) }],
            ['one job in full', sub { get($_[1], '?title=J') }]),
        (map { my ($name, $member, $value) = @$_;
            { fault => 'R.5', name => "pattern $name", request => sub {
                record($_[1], $own, $json->encode({ host => 'h',
                    $member => $value })) } } }
            ['\s+$ on 40 KB', blanks => ' ' x 40_000 . 'x'],
            ['\s+$ on 1 MB', blanks => ' ' x 1_000_000 . 'x'],
            ['[A-Za-z]+[0-9] on 40 KB', letters => 'a' x 40_000],
            ['[A-Za-z]+[0-9] on 1 MB', letters => 'a' x 1_000_000],
            ['beside maxLength', short => 'a' x 1_000_000],
            ['^(a+)+$ on 1000 texts', list => [ ('a' x 30 . 'b') x 1000 ]],
            ['^(a+)+$ on 30 000 texts', list => [ ('a' x 30 . 'b') x 30_000 ]]),
        { fault => 'R.5', name => 'patterns in a batch of 30 records',
          request => sub { record($_[1], $own, $json->encode({ data => [
              map { { host => "h$_", list => [ ('a' x 30 . 'b') x 1000 ] } }
              1 .. 30 ] })) } },
        { fault => 'R.11', name => '1001 spellings of one reference',
          before => sub { $_[0]->save($_[1], { k => SecOps::Resources::api_key(
              'K'), i => sentinel() }) },
          request => sub { post($_[1], { j => job('J', { resource => 'S',
              integration_type => 'input', parameters => { severities => [
                  map { '{{ ' . ' ' x $_ . q(api_keys(name='K')}}) } 1 .. 900
              ], statuses => ['Nonsense', 5] } }) }) } },
        (map { my ($name, $code) = @$_;
            { fault => 'R.12', name => "unique numbers: $name", request => sub {
                record($_[1], $own, '{"host":"h","unique":['
                    . join(',', map { $code->($_) } 1 .. 16_000) . ']}') } } }
            ['1.00001 and the like', sub { sprintf '1.%s%05d', '0' x 20, $_[0] }],
            ['1e-400', sub { '1e-' . (400 + $_[0]) }],
            ['the same in other words', sub { 1 + $_[0] . '.0e' . $_[0] }]),
        (map { my ($name, $piece) = @$_;
            { fault => 'R.13', name => "a megabyte of $name in parameters",
              request => sub { post($_[1], webhook(listed($piece))) } },
            { fault => 'R.13', name => "a megabyte of $name in a setting",
              request => sub { post($_[1], setting(listed($piece))) } },
            { fault => 'R.13', name => "a megabyte of $name as a set",
              request => sub { post($_[1], listed($piece)) } } }
            ['{}', '{}'], ['[]', '[]']),
        { fault => 'R.13', name => '6 of these, Redis does not answer',
          at_once => 6, waits => 1,
          request => sub { post($_[1], setting(listed('{}'))) } },
        { fault => 'R.13', name => '6 megabytes of resources, Redis does not'
              . ' answer', at_once => 6, waits => 1,
          request => sub { post($_[1], labelled()) } },
        { fault => 'R.15', name => '622 jobs with 100 labels, too many',
          request => sub { post($_[1], labelled(622)) } },
        { fault => 'R.15', name => 'jobs with 100 labels, new',
          request => sub { post($_[1], labelled()) } },
        { fault => 'R.15', name => '... again',
          before => sub { $_[0]->save($_[1], labelled()) },
          request => sub { post($_[1], labelled()) } },
        { fault => 'R.15', name => '80 jobs with 200 entries, new',
          before => sub { integrations(@_, 200) },
          request => sub { post($_[1], piped(80)) } },
        { fault => 'R.15', name => '20 jobs with 200 entries, new',
          before => sub { integrations(@_, 200) },
          request => sub { post($_[1], piped(20)) } },
        { fault => 'R.15', name => '... again',
          before => sub { integrations(@_, 200);
              $_[0]->save($_[1], piped(20)) },
          request => sub { post($_[1], piped(20)) } },
        { fault => 'R.15', name => 'unknown references',
          request => sub { my @steps = map { { resource => "x$_",
                  integration_type => 'input' } } 1 .. 199;
              post($_[1], fitting({
                  (map { ("j$_" => job("J$_", @steps)) } 1 .. 100),
                  map { ("f$_" => integration("F$_", port => 'x')) } 1 .. 890
              })) } },
        $jwks ? { fault => 'R.17', name => 'a token, 128 keys of ES512',
          request => sub { ('GET', '/jwt/api/v2/token/scopes',
              { Authorization => 'Bearer ' . SecOps::Tokens::unsigned(
                  { alg => 'ES512' }, undef, 'A' x 176) }, undef) } } : (),
        $jwks ? { fault => 'R.18', name => 'a token of 12 KB',
          request => sub { ('GET', '/jwt/api/v2/token/scopes',
              { Authorization => 'Bearer ' . SecOps::Tokens::unsigned(
                  { alg => 'ES512' }, { map { ("claim$_" => $_) } 1 .. 500 },
                  'A' x 176) }, undef) } } : (),

        # what was measured without a defect
        (map { my ($name, $more) = @$_;
            { fault => 'R.18', name => $name, request => sub {
                record($_[1], $lookup, known(ref $more ? $more->() : $more))
            } } }
            ['a record of 1 MB', sub { '"more":"' . many('x') . '"' }],
            ['330 000 times {} in a record', sub { '"more":' . listed('{}') }],
            ['490 000 numbers in a record', sub { '"more":' . listed('1') }],
            ['a number of 1 MB', sub { '"more":' . many('1') }],
            ['30 objects of 4096 escaped names', sub { join ',', map {
                my $n = $_; "\"m$n\":{" . join(',', map {
                    sprintf '"\\u0061%04x":1', $_ } 0 .. 2000) . '}' }
                1 .. 30 }]),
        (map { my ($name, $n, $query, $text, %case) = @$_;
            { fault => 'L', name => "a job's events: $name",
              before => sub { my ($self) = @_;
                  $self->events($_[1], $n, sub { $self->event($text->(@_)) }) },
              request => sub { ('GET', '/api/secops/v1/events?job='
                  . $_[0]{triage} . $query, headers($_[1]), undef) },
              %case } }
            ['none of 5000 is wanted', 6000, '&label=Drop',
                sub { qq({"a":$_[0]}) }],
            ['four of these at once', 6000, '&label=Drop',
                sub { qq({"a":$_[0]}) }, at_once => 4],
            ['a page of 200 of 1 KB', 1000, '&limit=200',
                sub { qq({"a":$_[0],"b":") . 'x' x 900 . '"}' }],
            ['a page of 20 of 1 MB', 20, '&limit=200',
                sub { '{"b":' . listed('{}') . ',"a":1}' }]),
        (map { my ($name, $points, $type, $text) = @$_;
            { fault => 'E', name => "events: $name",
              before => sub { triage(@_, @$points) },
              request => sub { record($_[1], '/api/v1/events',
                  $text->($_[0]), $type
                      ? ('Content-Type' => 'application/x-ndjson') : ()) } } }
            ['one of 1 MB', ['a'], 0, sub { $_[0]->event('{"a":1,"b":"'
                . many('x') . '"}') }],
            ['330 000 times {} at a decision point', ['a'], 0,
                sub { $_[0]->event('{"a":' . listed('{}') . '}') }],
            ['300 long decision points, 4000 members',
                [map { $_ . '.x' x 240 } 1 .. 300], 0, sub {
                $_[0]->event('{' . join(',', map { qq("k$_":1) } 1 .. 4000)
                    . '}') }],
            ['1000 in an array', ['a', 'b'], 0, sub { my ($self) = @_;
                '[' . join(',', map { $self->event('{"a":' . $_ . ',"more":"'
                    . 'x' x 900 . '"}') } 1 .. 1000) . ']' }],
            ['1000 as lines', ['a', 'b'], 1, sub { my ($self) = @_;
                join "\n", map { $self->event('{"a":' . $_ . ',"more":"'
                    . 'x' x 900 . '"}') } 1 .. 1000 }],
            ['1000 of 450 numbers at a decision point', ['a'], 1, sub {
                my ($self) = @_;
                join "\n", ($self->event('{"a":[' . join(',', (1) x 450)
                    . ']}')) x 1000 }]),
        (map { my ($name, $type, $text) = @$_;
            { fault => 'R.18', name => $name, request => sub {
                record($_[1], $lookup, $text->(), $type
                    ? ('Content-Type' => 'application/x-ndjson') : ()) } } }
            ['a batch of 1000 of 1 KB', 0,
                sub { $json->encode({ data => [ lines(1000, 940) ] }) }],
            ['... atomic', 0, sub { $json->encode({ atomic => JSON::PP::true,
                data => [ lines(1000, 900) ] }) }],
            ['... as lines', 1, sub { join "\n", map { $json->encode($_) }
                lines(1000, 940) }],
            ['1 MB of line ends', 1, sub { many("\n") }],
            ['1 MB of bad lines', 1, sub { many("{\n") }],
            ['1 MB of [', 0, sub { many('[') }]),
        { fault => 'R.18', name => '1000 api keys',
          request => sub { post($_[1], set(1000, sub {
              SecOps::Resources::api_key("K$_[0]") })) } },
        { fault => 'R.18', name => '1000 integrations', request => sub {
            post($_[1], set(1000, sub { integration("I$_[0]") })) } },
        { fault => 'R.18', name => '20 jobs with 3980 references',
          before => sub { integrations(@_, 200) },
          request => sub { my @steps = map { { resource => "I$_",
                  integration_type => 'output' } } 1 .. 199;
              post($_[1], set(20, sub { job("J$_[0]", @steps) })) } },
        { fault => 'R.18', name => 'audit, 1000 of 20 000',
          before => sub { my ($self, $domain) = @_;
              $self->call($domain, 'POST', $lookup, { data => [ map {
                  { observable => "o$_", finding => 'Clean',
                    source_engine => 'e' } } 1 .. 1000 ] }) foreach 1 .. 20 },
          request => sub { ('GET', '/api/secops/v1/audit?limit=1000',
              headers($_[1]), undef) } },
        (map { my ($format, $text) = @$_;
            { fault => 'R.18', name => "format $format on "
                  . length($text) / 1000 . ' KB', request => sub {
                record($_[1], $own, $json->encode({ host => 'h',
                    $format => $text })) } } }
            [regex => '(a|b)*c{2,3}[d-f]' x 35_000],
            [email => ('a.' x 450_000) . '@example.com'],
            [uri => 'https://example.com/' . '%41a' x 220_000]),
        queries(),
        (map { my ($name, $batch, $before) = @$_;
            { fault => 'Batch', name => "requests in a batch: $name",
              before => $before, request => sub { ('POST', '/api/now/v1/batch',
                  headers($_[1]), $batch->()) } } }
            ['1000 to nowhere', sub { requests(1000, url => '/none') }],
            ['20 000 of them', sub { requests(20_000, url => '/none') }],
            ['1000 bad records', sub { requests(1000, method => 'POST',
                body => MIME::Base64::encode_base64('{"observable":['
                    . '0,' x 350 . '0]}', '')) }],
            ['a bad record of 700 KB', sub { requests(1, method => 'POST',
                body => MIME::Base64::encode_base64('[' . '{},' x 230_000
                    . '0]', '')) }],
            ['a megabyte of {}', sub { '{"rest_requests":' . listed('{}')
                . '}' }],
            ['a megabyte of headers', sub { '{"rest_requests":[{"id":"a",'
                . '"method":"GET","url":"/","headers":' . listed('{}')
                . '}]}' }],
            ['1000 records of 300 bytes', sub { requests(1000,
                method => 'POST', body => MIME::Base64::encode_base64(
                    known('"more":"' . 'x' x 300 . '"'), '')) }],
            ['records of 1 MB, read', sub { requests(20) },
                sub { my ($self, $domain) = @_;
                    $self->call($domain, 'POST', $lookup, known('"more":"'
                        . many('x', 200) . '"')) }]),
        { fault => 'Field 7', name => 'gzip: a megabyte of which a gigabyte'
              . ' comes', request => sub { record($_[1], $lookup,
              Compress::Zlib::memGzip("\0" x 100_000_000) x 9,
              'Content-Encoding' => 'gzip') } },
        { fault => 'Field 7', name => 'gzip: a megabyte of empty blocks',
          request => sub { record($_[1], $lookup, "\x1f\x8b\x08\0\0\0\0\0\0\xff"
              . many(empty_blocks()) . "\x03\0" . "\0" x 8,
              'Content-Encoding' => 'gzip') } },
    );
}


# lists of records: what is dear to find, to sort, to answer

sub queries {
    my $text = 'ab' x 100;
    my $fill = sub { my ($self, $domain, $n, $code) = @_;
        for (my $i = 0; $i < $n; $i += 500) {
            my $r = $self->call($domain, 'POST', $lookup, { data =>
                [ map { { observable => "o$_", finding => 'Clean',
                    source_engine => 'e', $code->($_) } }
                  $i .. $i + 499 ] });
            die "not stored: $r->{body}\n" if $r->{status} != 201;
        } };
    my $many = sub { $fill->(@_, 20_000, sub { (result => $text . $_[0]) }) };
    my $keys = sub { $fill->(@_, 10_000, sub { my ($n) = @_;
        (map { $_ => 'x' x 90 . $n % 97 } qw(lookup_type security_incident
            task enrichment_mapping_id observable_type)),
        map { $_ => 'y' x 250 . $n % 89 } qw(result reference raw_data) }) };
    my $large = sub { my ($self, $domain) = @_;
        $self->call($domain, 'POST', $lookup, { observable => "o$_",
            finding => 'Clean', source_engine => 'e',
            raw_data => 'a' x (BODY - 1000) }) foreach 1 .. 12 };
    my $list = sub { my ($domain, $query, $more) = @_;
        ('GET', '/api/now/table/sn_ti_lookup_result?sysparm_query='
            . SecOps::Tables::form($query) . ($more // ''), headers($domain),
            undef) };
    my $likes = join '^', map { 'resultNOT LIKE' . 'ab' x 20 . "c$_" }
        1 .. 256;
    my $sorts = join '^', map { "ORDERBY$_" } qw(lookup_type
        security_incident task enrichment_mapping_id observable_type result
        reference raw_data);

    return map { my ($name, $before, $query, $more, %case) = @$_;
        { fault => 'Lists', name => $name, before => $before, %case,
          request => sub { $list->($_[1], $query, $more) } } }
        ['20 000 records: LIKE 256 times', $many, $likes, '&sysparm_limit=1'],
        ['20 000 records: four of these at once', $many, $likes,
            '&sysparm_limit=1', at_once => 4],
        ['20 000 records: the last 10 000 of a query', $many,
            'findingISNOTEMPTY', '&sysparm_offset=10000'],
        ['20 000 records: the last 10 000', $many, '',
            '&sysparm_offset=10000'],
        ['20 000 records: 5000 subjects', $many, 'observableIN'
            . join ',', map { "o$_" } 1 .. 3500],
        ['20 000 records: both values of 10 000', $many, '',
            '&sysparm_display_value=all&sysparm_limit=8000'],
        ['20 000 records, half of them sorted by eight columns', $keys, $sorts,
            '&sysparm_fields=sys_id'],
        ['12 records of 1 MB, looked into', $large, 'raw_dataLIKEaab^'
            . join('^', map { "raw_dataLIKE$_" } 1 .. 100),
            '&sysparm_limit=1'],
        ['8 records of 1 MB, answered', $large, '',
            '&sysparm_display_value=all&sysparm_limit=7'];
}


sub requests { # so many in a batch, to the table of lookups
    my ($n, %more) = @_;
    my $text = substr $json->encode({ method => 'GET',
        url => '/api/now/table/sn_ti_lookup_result', %more }), 1;
    return '{"rest_requests":['
        . join(',', map { qq({"id":"$_",$text) } 1 .. $n) . ']}';
}


sub sentinel {
    my $id = '00000000-0000-0000-0000-000000000000';
    return { type => 'integration', properties => { title => 'S',
        integration_type => 'Microsoft Sentinel', parameters => {
            tenant_id => $id, client_id => $id, client_secret => 's',
            subscription_id => $id, resource_group => 'g',
            workspace_name => 'work', workspace_id => $id } } };
}


# Eight blocks of deflate with tables of their own that hold nothing but their
# end.  Bits, the lowest first: not the last block, dynamic tables, 257 literals,
# 1 distance, 18 lengths of code lengths: those of 18 and 0 have 2 bits, of 1 one;
# then 138 + 118 zeros, the end's length 1, and a distance of length 1.

sub empty_blocks {
    my $bits = '';
    my @order = (16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1);
    my %length = (18 => 2, 0 => 2, 1 => 1);

    my $number = sub { my ($value, $n) = @_;
        $bits .= join '', map { ($value >> $_) & 1 } 0 .. $n - 1 };

    $number->(0, 1);
    $number->(2, 2);
    $number->(0, 5);
    $number->(0, 5);
    $number->(@order - 4, 4);
    $number->($length{$_} // 0, 3) foreach @order;

    # codes: 1 is "0", 0 is "10", 18 is "11"; the end's own is one bit
    $bits .= '11';
    $number->(138 - 11, 7);
    $bits .= '11';
    $number->(118 - 11, 7);
    $bits .= '000';

    return pack 'b*', $bits x 8;
}


1;
