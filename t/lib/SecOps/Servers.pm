package SecOps::Servers;

# Many servers in one nginx, which differ in a few directives: each has a name,
# and listens on a port of its own.
#
#     at(usual => "secops_redis $url;");
#     at(hasty => "secops_redis $url; secops_redis_timeout 300ms;");
#
#     $t->run(servers($t));
#
#     is_stored(store('hasty'), 'a record');

use strict;
use warnings;

use SecOps::Records;

use parent 'Exporter';

our @EXPORT = qw(at servers port_of store);

my ($test, %port, $servers);


sub at { # a server with these directives in its location
    my ($name, $directives) = @_;
    my $n = $port{$name} = 1 + keys %port;

    $servers .= <<"EOT";
    server {
        listen 127.0.0.1:%%PORT$n%%;

        location /api/ {
            secops_api;
            secops_auth header;
            $directives
        }
    }
EOT
}


sub servers { # the configuration of this test, with more directives for all
    ($test, my $http) = @_;
    $http //= '';

    return <<"EOT";
%%MAIN%%
events { worker_connections 2048; }
http {
    %%HTTP%%
    $http

$servers
}
EOT
}


sub port_of { return $port{$_[0]} } # as post() and get() take it


sub store { # a record, more of whose fields may be told
    my ($name, %fields) = @_;
    return post($test, records(%fields), port => port_of($name));
}


1;
