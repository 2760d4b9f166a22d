package Bench::Page;

# The parts of docs/performance.md that are measured, each between its two
# markers: that of make bench, with machine, versions and tables, and others.

use strict;
use warnings;
use utf8;

use Encode qw(decode encode);

use Bench::Figures;
use Bench::Servers;

my $begin = "<!-- what make bench measured: begin -->\n";
my $end = "<!-- what make bench measured: end -->\n";


sub first { # what the pattern finds in a command's output
    my ($command, $pattern) = @_;
    my ($found) = (`$command 2>&1` // '') =~ $pattern;
    return $found;
}


sub about {
    my ($root) = @_;
    my $cpu = Bench::Servers::slurp('/proc/cpuinfo');
    my ($model) = $cpu =~ /^model name\s*: (.*)$/m;
    my $cores = () = $cpu =~ /^processor\s*:/mg;
    my ($memory) = Bench::Servers::slurp('/proc/meminfo')
        =~ /^MemTotal: *(\d+)/m;

    my @version = (
        [ 'Linux', first('uname -r', qr/(\S+)/) ],
        [ 'nginx', first('nginx -v', qr{/([\d.]+)}) ],
        [ 'Redis', first('redis-server --version', qr/v=([\d.]+)/) ],
        [ 'wrk', first('wrk --version', qr/wrk (?:debian\/)?([\d.]+)/) ],
        [ 'lua module', first('dpkg-query -W libnginx-mod-http-lua',
            qr/\t(?:\d+:)?([\d.]+)/) ],
        [ 'node', first('node --version', qr/v([\d.]+)/) ],
        [ 'fastify', first("cat $root/bench/peers/fastify/package.json",
            qr/"fastify": "(.*?)"/) ],
        [ 'Python', first('/usr/bin/python3 --version', qr/([\d.]+)/) ],
        [ 'FastAPI', first('dpkg-query -W python3-fastapi', qr/\t([\d.]+)/) ],
    );

    return {
        model    => $model // 'unknown processor',
        cores    => $cores,
        memory   => sprintf('%.0f', $memory / 1e6),
        versions => [ grep { defined $_->[1] } @version ],
        date     => do { my @t = gmtime; sprintf '%d-%02d-%02d',
            $t[5] + 1900, $t[4] + 1, $t[3] },
    };
}


sub text {
    my ($result) = @_;
    my ($about, $opt) = @$result{qw(about opt)};
    my @others = grep { defined } map { $_->{other} } @{$result->{rows}};
    my $errors = 0;

    $errors += $_->{errors} // 0 foreach @{$result->{rows}};

    my $text = sprintf "%s: %s, %d %s, %d GB. %s.\n\n%d rounds of %d s after"
        . " %d s of warm-up, %d processes of each server; a record has %d"
        . " bytes as\nstored. Other programs took %s %% of the machine;"
        . " %s failed requests.\n", $about->{date}, $about->{model},
        $about->{cores}, $about->{cores} == 1 ? 'core' : 'cores',
        $about->{memory}, join(', ', map { "$_->[0] $_->[1]" }
        @{$about->{versions}}), @$opt{qw(runs seconds warmup workers)},
        $result->{size}, Bench::Figures::with_spread('%.0f',
        Bench::Figures::spread(@others)), $errors || 'no';

    $text .= "Not measured: " . join('; ', map {
        Bench::Figures::label($_) . ": $result->{skipped}{$_}"
    } sort keys %{$result->{skipped}}) . ".\n" if %{$result->{skipped}};

    return "$text\n" . Bench::Figures::report($result);
}


# the page with the new figures between its markers

sub filled {
    my ($page, $result) = @_;
    my $text = text($result);
    $page =~ s/(\Q$begin\E).*(?=\Q$end\E)/$1\n$text/s
        or die "the page has no markers\n";
    return $page;
}


sub write {
    my ($path, $result) = @_;
    my $page = decode('UTF-8', Bench::Servers::slurp($path));
    Bench::Servers::write_file($path, encode('UTF-8', filled($page,
        $result)));
}


# a text between the markers of that name

sub put {
    my ($path, $name, $text) = @_;
    my $page = decode('UTF-8', Bench::Servers::slurp($path));

    $page =~ s/(<!-- \Q$name\E -->\n).*?(<!-- \/\Q$name\E -->)/$1\n$text\n$2/s
        or die "$path has no place for the table\n";
    Bench::Servers::write_file($path, encode('UTF-8', $page));
}


1;
