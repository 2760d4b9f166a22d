package SecOps::Tls;

# Certificates that are made while a test runs, a Redis that speaks TLS with
# them, and a peer that stands before a Redis and tells what it saw.
#
#     my $tls = SecOps::Tls->new($t);               # a CA of its own
#     my $redis = $tls->redis($tls->certificate('server',
#         names => 'DNS:redis.test,IP:127.0.0.1'));
#
#     secops_redis $redis->{tls_url};               # rediss://127.0.0.1:port
#     secops_redis_ssl_trusted_certificate $tls->{ca}{crt};
#
# A certificate is { crt => file, key => file }.

use strict;
use warnings;

use IO::Handle;
use Scalar::Util ();
use SecOps ();
use Test::More;

my $count = 0;
my %live;                       # number -> peer


sub new {
    my ($class, $t, %opt) = @_;
    my $self = bless { test => $t, dir => $t->dir(), serial => 1 }, $class;

    Scalar::Util::weaken($self->{test});
    $self->{ca} = $self->self_signed($opt{name} // 'ca', ca => 1);

    return $self;
}


sub openssl {
    my ($self, @arguments) = @_;
    my $log = "$self->{dir}/openssl.log";
    my $pid = fork() // die "fork: $!";

    if ($pid == 0) {
        open STDOUT, '>>', $log;
        open STDERR, '>&', \*STDOUT;
        { no warnings; exec 'openssl', @arguments; }
        POSIX::_exit(127);
    }

    waitpid $pid, 0;
    die "openssl @arguments: " . $self->{test}->read($log) if $?;
}


my @key = qw(-newkey ec -pkeyopt ec_paramgen_curve:P-256);


# one that signed itself: a CA with ca => 1, or a server's

sub self_signed {
    my ($self, $name, %opt) = @_;
    my %made = (crt => "$self->{dir}/$name.crt", key => "$self->{dir}/$name.key");

    $self->openssl('req', '-x509', @key, qw(-nodes -days 2), '-subj',
        "/CN=$name", '-keyout', $made{key}, '-out', $made{crt},
        $opt{ca} ? () : ('-addext', "subjectAltName=$opt{names}"));
    chmod 0644, $made{key};     # a worker's user is not the test's

    return \%made;
}


# One that the CA signed.  Options: names, its subjectAltName; cn; password, of
# the key; expired => 1; ca => 1, it may sign others; by, one that signs it in
# the CA's place.

sub certificate {
    my ($self, $name, %opt) = @_;
    my $dir = $self->{dir};
    my %made = (crt => "$dir/$name.crt", key => "$dir/$name.key");
    my $cn = $opt{cn} // $name;

    $self->openssl('req', @key, '-subj', "/CN=$cn", '-keyout', $made{key},
        '-out', "$dir/$name.csr", defined $opt{password}
            ? ('-passout', "pass:$opt{password}") : '-nodes');
    chmod 0644, $made{key};

    $self->{test}->write("$name.ext",
        "[v3]\nbasicConstraints=critical,CA:"
        . ($opt{ca} ? 'TRUE' : 'FALSE') . "\n"
        . ($opt{names} ? "subjectAltName=$opt{names}\n" : ''));
    $self->ca_files();
    $self->openssl('ca', '-batch', '-config', "$dir/ca.cnf", '-notext', '-in',
        "$dir/$name.csr", '-out', $made{crt}, '-extensions', 'v3', '-extfile',
        "$dir/$name.ext",
        $opt{by} ? ('-cert', $opt{by}{crt}, '-keyfile', $opt{by}{key}) : (),
        $opt{expired}
            ? qw(-startdate 20200101000000Z -enddate 20200201000000Z)
            : qw(-days 2));

    return \%made;
}


# a list of what was revoked

sub revoke {
    my ($self, @certificates) = @_;
    my $dir = $self->{dir};

    $self->ca_files();
    $self->openssl('ca', '-config', "$dir/ca.cnf", '-revoke', $_->{crt})
        foreach @certificates;
    $self->openssl('ca', '-config', "$dir/ca.cnf", '-gencrl', '-out',
        "$dir/ca.crl");

    return "$dir/ca.crl";
}


sub ca_files {
    my ($self) = @_;
    my $dir = $self->{dir};
    my ($crt, $key) = @{$self->{ca}}{qw(crt key)};

    return if -f "$dir/ca.cnf";

    $self->{test}->write('ca.index', '');
    $self->{test}->write('ca.index.attr', "unique_subject = no\n");
    $self->{test}->write('ca.serial', "1000\n");
    $self->{test}->write('ca.cnf', <<"EOT");
[ca]
default_ca = own
[own]
database = $dir/ca.index
serial = $dir/ca.serial
new_certs_dir = $dir
certificate = $crt
private_key = $key
default_md = sha256
default_crl_days = 2
policy = any
[any]
commonName = supplied
EOT
}


# arguments of redis-server: TLS on this port with this certificate; clients
# need none, unless told so

sub arguments {
    my ($self, $port, $certificate, @more) = @_;

    return ('--tls-port', $port, '--tls-cert-file', $certificate->{crt},
        '--tls-key-file', $certificate->{key}, '--tls-ca-cert-file',
        $self->{ca}{crt}, '--tls-auth-clients', 'no', @more);
}


# a Redis with that: { tls_port, tls_url } besides what it has anyway

sub redis {
    my ($self, $certificate, @more) = @_;
    my $t = $self->{test};
    my $port = $t->port(150 + @{$t->{redis}});

    my $redis = $t->redis(args => [
        $self->arguments($port, $certificate, @more) ]);

    $redis->{tls_port} = $port;
    $redis->{tls_url} = "rediss://127.0.0.1:$port";

    return $redis;
}


# A peer (tls-peer.py) that takes TLS off before a Redis's unix socket.
# Options: those of the program, by name.

sub peer {
    my ($self, $certificate, $redis, %opt) = @_;
    my $t = $self->{test};
    my $number = $count++;

    my $peer = $live{$number} = bless {
        test => $t,
        log  => $t->dir() . "/peer$number.log",
        port => $t->port(170 + $number),
        owner => $$,
    }, 'SecOps::Tls::Peer';

    Scalar::Util::weaken($peer->{test});
    push @{$t->{redis}}, $peer;

    $peer->start('--cert', $certificate->{crt}, '--key', $certificate->{key},
        '--to', $redis->{socket}, map { ("--$_", $opt{$_}) } sort keys %opt);

    return $peer;
}


END {
    local $?;
    foreach my $peer (values %live) {
        $peer->stop() if $peer->{owner} == $$;
    }
}


package SecOps::Tls::Peer;

use strict;
use warnings;


sub start {
    my ($self, @arguments) = @_;
    my $pid = open(my $script, '|-') // die "fork: $!";

    if ($pid == 0) {
        { no warnings; exec '/usr/bin/python3',
            SecOps::root() . '/t/lib/tls-peer.py',
            '--port', $self->{port}, '--log', $self->{log}, @arguments; }
        POSIX::_exit(127);
    }

    $script->autoflush(1);
    @$self{qw(pid script)} = ($pid, $script);

    $self->wait(qr/^listening/m) or die "the TLS peer did not start\n";
}


sub url { return "rediss://127.0.0.1:$_[0]{port}" }
sub log { return $_[0]{test}->read($_[0]{log}) }


sub say { # one order
    my ($self, $order) = @_;
    print {$self->{script}} "$order\n";
}


sub wait { # until the log matches: what was caught
    my ($self, $pattern, $timeout) = @_;
    return SecOps::wait_for(sub { $self->log() =~ $pattern ? $1 // 1 : 0 },
        $timeout);
}


sub stop {
    my ($self) = @_;
    my $pid = delete $self->{pid} // return;

    CORE::kill 'KILL', $pid;
    local ($?, $!);
    close delete $self->{script};
}


1;
