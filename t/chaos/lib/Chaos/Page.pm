package Chaos::Page;

# The table of a chaos run, put between its marks in docs/durability.md.

use strict;
use warnings;

use POSIX ();
use SecOps ();


my %titles = (single => 'one Redis', sentinel => 'replica set',
    cluster => 'cluster', masters => 'masters of a cluster');


sub median {
    my @sorted = sort { $a <=> $b } @_;
    return @sorted ? $sorted[@sorted / 2] : 0;
}


sub version {
    my ($command, $pattern) = @_;
    my ($version) = `$command 2>&1` =~ $pattern;
    return $version // 'unknown';
}


# the names of the faults, each once, with how often

sub names {
    my %times;
    my @names = grep { !$times{$_}++ } @_;
    return join ', ', map { $times{$_} > 1 ? "$times{$_} x $_" : $_ } @names;
}


sub row {
    my ($row) = @_;
    my $status = $row->{status};

    return sprintf '| %s | %s | `%s` | %s | %d | %d | %d | %d | %d | %d | %d'
        . ' | %s%s | %.1f / %.1f |',
        $titles{$row->{kind}} . ($row->{load} ? ', events' : ''),
        $row->{tls} ? 'yes' : 'no', $row->{durability},
        names(@{$row->{faults}}), $row->{requests}, $status->{201} // 0,
        $status->{503} // 0, $status->{500} // 0,
        scalar @{$row->{duplicates}}, scalar @{$row->{refused}},
        scalar @{$row->{torn}}, scalar @{$row->{lost}}, join('',
            map { ", $_ $row->{lost_in}{$_}" } sort keys %{$row->{lost_in}}),
        median(@{$row->{seconds}}), (sort { $b <=> $a } @{$row->{seconds}})[0];
}


# when, by what command, with which versions; the sentence goes on

sub setting {
    my ($command) = @_;

    my $nginx = version('nginx -v', qr{nginx/(\S+)});
    my $redis = version('redis-server --version', qr/v=(\S+)/);
    my $date = POSIX::strftime('%Y-%m-%d', gmtime);
    my $cpus = () = glob '/sys/devices/system/cpu/cpu[0-9]*';

    return "Measured $date by `$command` with nginx $nginx and Redis"
        . " $redis,\nall on one machine of $cpus processors; ";
}


sub text {
    my ($rows) = @_;

    return setting('make chaos') . "two nginx of one worker,\n16"
        . " connections.\n\n"
        . '| topology | TLS | durability | faults | requests | 201 | 503 | 500'
        . ' | duplicates | refused but there | torn | **201 and lost**'
        . " | first 2xx after, s |\n"
        . '|---|---|---|---|' . '--:|' x 9 . "\n"
        . join('', map { row($_) . "\n" } @$rows);
}


# between the marks of this name

sub put {
    my ($class, $name, $text) = @_;
    my $file = SecOps::root() . '/docs/durability.md';

    open my $in, '<', $file or die "$file: $!\n";
    my $page = do { local $/; <$in> };
    close $in;

    $page =~ s/(<!-- $name -->\n).*?(<!-- \/$name -->)/$1$text$2/s
        or die "$file has no place for $name\n";

    open my $out, '>', $file or die "$file: $!\n";
    print $out $page;
    close $out or die "$file: $!\n";
}


sub write {
    my ($class, $rows) = @_;
    $class->put('chaos', text($rows));
}


1;
