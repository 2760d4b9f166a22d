package SecOps::Tables;

# What the tests of the Table API's lists share: requests with sysparm_*
# parameters, and what is in the answers.
#
#     my $r = list($t, 'sn_ti_lookup_result',
#         { query => 'finding=Malicious^ORDERBYsys_id', limit => 10 });
#
#     is_listed($r, [qw(id1 id2)], 'two records');
#     my %links = links($r);          # rel => URL

use strict;
use warnings;

use SecOps ();
use SecOps::Records qw(who);
use Test::More;

use parent 'Exporter';

our @EXPORT = qw(list list_url form ids is_listed is_answered links values_of);


sub form { # text as a form has it: a space is "+"
    my ($text) = @_;
    utf8::encode($text) if utf8::is_utf8($text);
    $text =~ s/([^A-Za-z0-9_.~ -])/sprintf '%%%02X', ord $1/ge;
    return $text =~ tr/ /+/r;
}


sub list_url { # of a table, with parameters whose names lack "sysparm_"
    my ($table, $parameters, $version) = @_;
    my $args = join '&', map { "sysparm_$_=" . form($parameters->{$_}) }
        sort keys %{$parameters // {}};

    return '/api/now/' . ($version ? "$version/" : '') . "table/$table"
        . ($args ne '' ? "?$args" : '');
}


# GETs a list.  Options: method, version, headers, and what who() takes

sub list {
    my ($t, $table, $parameters, %opt) = @_;

    return $t->request($opt{method} // 'GET',
        list_url($table, $parameters, $opt{version}),
        { %{who(%opt)}, %{$opt{headers} // {}} }, undef, %opt);
}


sub ids { # of the records in an answer, in their order
    my ($r) = @_;
    return () unless ref $r->{json} eq 'HASH'
        && ref $r->{json}{result} eq 'ARRAY';
    return map { ref $_->{sys_id} ? $_->{sys_id}{value} : $_->{sys_id} }
        @{$r->{json}{result}};
}


sub values_of { # a column of them
    my ($r, $column) = @_;
    return map { $_->{$column} } @{$r->{json}{result}};
}


# it is a list of these records, in this order

sub is_listed {
    my ($r, $expected, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    return is_answered($r, [ids($r)], $expected, $name);
}


sub is_answered { # it is a list, and what was taken from it is as expected
    my ($r, $got, $expected, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my $ok = is_deeply([ $r->{status}, $r->{headers}{'content-type'}, @$got ],
        [ 200, 'application/json', @$expected ], $name);

    diag($r->{head} // 'no answer', substr $r->{body} // '', 0, 1000)
        unless $ok;
    return $ok;
}


sub links { # rel => URL, of the header Link
    my ($r) = @_;
    my %links;

    foreach my $link (split /,(?=<)/, $r->{headers}{link} // '') {
        my ($url, $rel) = $link =~ /^<([^<>]*)>;rel="(\w+)"$/
            or die "no link: $link\n";
        die "$rel comes twice\n" if $links{$rel};
        $links{$rel} = $url;
    }

    return %links;
}


1;
