package Bench::Token;

# A token of a caller who may write, and the public key that verifies it, which
# is the file key.pem in the folder that is given.

use strict;
use warnings;

use MIME::Base64 qw(encode_base64url);

use Bench::Servers;


sub make {
    my ($dir) = @_;
    my $text = encode_base64url('{"alg":"RS256","typ":"JWT"}') . '.'
        . encode_base64url(sprintf '{"sub":"bench","iss":"bench",'
            . '"aud":"secops","roles":["itil","sn_sec_cmn.api_write"],'
            . '"iat":%d,"exp":%d}', time(), time() + 86400);

    Bench::Servers::write_file("$dir/token", $text);
    system("cd $dir && { openssl genrsa -out key 2048 &&"
        . ' openssl rsa -in key -pubout -out key.pem &&'
        . ' openssl dgst -sha256 -sign key -out signature token;'
        . ' } >openssl.log 2>&1') == 0 or die "openssl failed\n";

    return "$text."
        . encode_base64url(Bench::Servers::slurp("$dir/signature"));
}


1;
