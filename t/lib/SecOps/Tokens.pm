package SecOps::Tokens;

# Keys and tokens of an issuer that shares no code with this project: see
# t/tools/issuer.py.
#
#     my $issuer = SecOps::Tokens->new();
#     my $key = $issuer->key('a', kty => 'RSA', size => 2048, kid => 'a');
#     my $jwks = jwks($key, ...);
#     my $token = $issuer->token('a', { sub => 'alice' });
#
# token() adds what a good token has: alg and kid of the key, an exp in an hour,
# a role.  A claim, or member of the header, that is undef is left out.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use IPC::Open2;
use JSON::PP;
use MIME::Base64 qw(encode_base64url);

use parent 'Exporter';

our @EXPORT = qw(jwks unsigned);

my $tools = abs_path(dirname(__FILE__) . '/../../tools');
my $json = JSON::PP->new->canonical->utf8;
my $python = '/usr/bin/python3';

my %algs = (oct => 'HS256', RSA => 'RS256', 'P-256' => 'ES256',
    'P-384' => 'ES384', 'P-521' => 'ES512', Ed25519 => 'EdDSA',
    Ed448 => 'EdDSA');


# undef: it can be used; otherwise why not

sub missing {
    return -x $python && system("$python -c 'import jwcrypto' 2>/dev/null") == 0
        ? undef : "$python has no jwcrypto: install python3-jwcrypto";
}


sub new {
    my ($class) = @_;
    my ($out, $in);

    my $pid = open2($out, $in, $python, "$tools/issuer.py");
    return bless { pid => $pid, in => $in, out => $out, keys => {},
        owner => $$ }, $class;
}


sub DESTROY {
    my ($self) = @_;
    return unless $self->{owner} == $$;
    local ($?, $!);
    close $self->{in};
    waitpid $self->{pid}, 0;
}


sub ask {
    my ($self, %question) = @_;

    print {$self->{in}} $json->encode(\%question), "\n";
    $self->{in}->flush();

    my $line = readline($self->{out}) // die "the issuer gave no answer\n";
    return $json->decode($line);
}


sub key { # name, parameters of the key -> its public part, a hash
    my ($self, $name, %parameters) = @_;
    my $made = $self->ask(key => $name, %parameters);

    $self->{keys}{$name} = { %parameters, %$made };
    return $made->{jwk};
}


sub pem { return $_[0]{keys}{$_[1]}{pem} }


sub merged {
    my ($defaults, $given) = @_;
    my %all = (%$defaults, %{$given // {}});
    return { map { $_ => $all{$_} } grep { defined $all{$_} } keys %all };
}


sub header { # of a good token of the key
    my ($self, $name, $given) = @_;
    my $key = $self->{keys}{$name} // die "no key $name";

    return merged({ alg => $algs{$key->{crv} // $key->{kty}},
        kid => $key->{kid} }, $given);
}


sub claims {
    my ($given) = @_;
    return merged({ sub => 'alice', exp => time() + 3600,
        roles => ['sn_sec_cmn.api_write'] }, $given);
}


sub token { # claims, or a text that is no claims
    my ($self, $name, $claims, $header) = @_;

    return $self->ask(sign => $name, header => $self->header($name, $header),
        defined $claims && !ref $claims ? (payload => $claims)
            : (claims => claims($claims)))->{token};
}


sub encrypted {
    my ($self, $name, $header) = @_;
    return $self->ask(encrypt => $name, header => $header,
        claims => claims())->{token};
}


sub unsigned { # a token of this header, with any signature
    my ($header, $claims, $signature) = @_;
    return join '.', (map { encode_base64url($json->encode($_)) } $header,
        claims($claims)), $signature // '';
}


sub jwks { return $json->encode({ keys => [@_] }) }


1;
