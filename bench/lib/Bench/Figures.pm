package Bench::Figures;

# From rows to what is read: low, median, high; tables; the page.

use strict;
use warnings;
use utf8;


sub spread { # low, median, high
    my @sorted = sort { $a <=> $b } @_;
    my $middle = @sorted / 2;
    return unless @sorted;
    return ($sorted[0], @sorted % 2 ? $sorted[$middle]
        : ($sorted[$middle - 1] + $sorted[$middle]) / 2, $sorted[-1]);
}


# the values of one figure of one case, in the order of the rounds

sub values_of {
    my ($rows, $case, $figure) = @_;
    return map { $_->{$figure} // 0 } grep { $_->{case} eq $case } @$rows;
}


sub measured {
    my ($rows, $case) = @_;
    return scalar grep { $_->{case} eq $case } @$rows;
}


sub median {
    my ($rows, $case, $figure) = @_;
    return (spread(values_of($rows, $case, $figure)))[1];
}


# a figure of one case divided by that of another, round by round: what both
# suffered from in a round cancels out

sub ratios {
    my ($rows, $case, $other, $figure) = @_;
    my @above = values_of($rows, $case, $figure);
    my @below = values_of($rows, $other, $figure);
    return spread(map { $above[$_] / ($below[$_] || 1) } 0 .. $#above);
}


sub number { # 12345 -> 12 345
    my ($value) = @_;
    my $text = sprintf '%.0f', $value;
    1 while $text =~ s/^(\d+)(\d{3})/$1 $2/;
    return $text;
}


sub with_spread { # 17.1 (16.8–17.4)
    my ($format, @spread) = @_;
    return '–' unless @spread && $spread[2];
    my ($low, $median, $high) = map { sprintf $format, $_ } @spread;
    return $low eq $high ? $median : "$median ($low–$high)";
}


sub cpu {
    my ($rows, $case, $figure) = @_;
    return with_spread('%.1f', spread(values_of($rows, $case, $figure)));
}


# The first column is text, the others are numbers; padded, so that it can be
# read before anything renders it.

sub table {
    my ($head, @lines) = @_;
    my @width;

    foreach my $line ($head, @lines) {
        foreach my $i (0 .. $#$line) {
            my $length = length $line->[$i];
            $width[$i] = $length if $length > ($width[$i] // 3);
            $width[$i] //= 3;
        }
    }

    my $row = sub {
        my ($line) = @_;
        return '| ' . join(' | ', map {
            my $pad = ' ' x ($width[$_] - length $line->[$_]);
            $_ ? $pad . $line->[$_] : $line->[$_] . $pad;
        } 0 .. $#$line) . " |\n";
    };

    my $rule = '|' . join('|', map {
        '-' x ($width[$_] + 1) . ($_ ? ':' : '-')
    } 0 .. $#width) . "|\n";

    return $row->($head) . $rule . join '', map { $row->($_) } @lines;
}


# --- the tables -------------------------------------------------------------

my %label = (
    nginx   => 'nginx alone',
    module  => 'this module',
    lua     => 'nginx + lua',
    fastify => 'fastify',
    fastapi => 'FastAPI',
    redis   => 'Redis alone',
);


sub label { return $label{$_[0]} // $_[0] }


my @head = ('requests/s low', 'median', 'high', 'p50 ms', 'p99 ms',
    'server µs', 'Redis µs', 'together µs');


sub line {
    my ($rows, $case, $label) = @_;
    return [ $label, (map { number($_) } spread(values_of($rows, $case,
        'rate'))), (map { with_spread('%.2f', (median($rows, $case, $_)) x 3) }
        qw(p50 p99)), map { cpu($rows, $case, $_) } qw(server redis both) ];
}


sub lines {
    my ($rows, @pairs) = @_;
    my @lines;

    while (my ($case, $label) = splice @pairs, 0, 2) {
        push @lines, line($rows, $case, $label) if measured($rows, $case);
    }

    return @lines;
}


sub connections { return $_[0] == 1 ? 'one connection' : "$_[0] connections" }


sub single {
    my ($result) = @_;
    my $rows = $result->{rows};
    my $text = '';

    foreach my $conns (@{$result->{conns}}) {
        my @lines = lines($rows, map { ("$_ $conns", label($_)) }
            @{$result->{targets}});
        next unless @lines;
        $text .= "### Single records, " . connections($conns) . "\n\n"
            . table([ 'server', @head ], @lines) . "\n";
    }

    return $text;
}


# what the module costs and brings, with a peer as 1

sub compared {
    my ($result) = @_;
    my $rows = $result->{rows};
    my @lines;

    foreach my $conns (@{$result->{conns}}) {
        foreach my $peer (grep { !/^(?:module|nginx)$/ }
            @{$result->{targets}})
        {
            my @pair = ("module $conns", "$peer $conns");
            next if grep { !measured($rows, $_) } @pair;
            push @lines, [ label($peer), $conns, map {
                with_spread('%.2f', ratios($rows, @pair, $_))
            } qw(server both rate) ];
        }
    }

    return '' unless @lines;
    return "### The module, with a peer as 1\n\n" . table([ 'peer',
        'connections', 'server CPU', 'server and Redis CPU', 'requests/s' ],
        @lines) . "\n";
}


sub module {
    my ($result) = @_;
    my $rows = $result->{rows};
    my $conns = $result->{middle};
    my @lines = lines($rows,
        "module $conns" => 'a record, caller in headers',
        'jwt cached'    => 'a record, JWT, cached',
        'jwt checked'   => 'a record, JWT, checked each time (RS256)',
        'batch 100'     => 'a record in a batch of 100',
        'batch 1000'    => 'a record in a batch of 1000',
        'read module'   => 'a read by id',
        'read nginx'    => 'nginx alone: a fixed body of that size',
        'redis'         => 'Redis alone: the transaction, pipelined');

    return '' if @lines < 2;            # the single record stands above
    my $text = "### What else the module does\n\n" . table([ 'per record',
        'records/s low', @head[1 .. $#head] ], @lines) . "\n";

    my @notes;

    push @notes, sprintf 'A record in a batch of 1000 costs %s of a single'
        . ' one, server and Redis together.', with_spread('%.2f',
        ratios($rows, 'batch 1000', "module $conns", 'both'))
        if measured($rows, 'batch 1000') && measured($rows, "module $conns");

    push @notes, sprintf 'A read by id costs the server %s times what the'
        . ' fixed body costs it.', with_spread('%.2f',
        ratios($rows, 'read module', 'read nginx', 'server'))
        if measured($rows, 'read module');

    return $text . join('', map { "$_\n" } @notes) . (@notes ? "\n" : '');
}


sub latency {
    my ($result) = @_;
    my $rows = $result->{rows};
    my @lines;

    foreach my $conns (@{$result->{conns}}) {
        foreach my $target (@{$result->{targets}}) {
            my $case = "half $target $conns";
            next unless measured($rows, $case);
            push @lines, [ label($target), $conns,
                number($result->{highest}{$target}),
                number(median($rows, $case, 'rate')),
                map({ with_spread('%.2f', spread(values_of($rows, $case,
                $_))) } qw(p50 p99)), cpu($rows, $case, 'load') ];
        }
    }

    return '' unless @lines;
    return "### Latency at half of the highest rate\n\n" . table([ 'server',
        'connections', 'highest rate', 'rate held', 'p50 ms', 'p99 ms',
        'wrk µs' ], @lines) . "\n";
}


my %growth = (growth => 'Growth', huge => 'Growth, Redis in huge pages');

sub growth {
    my ($result, $kind) = @_;
    my $rows = $result->{rows};
    my $stored = $result->{stored}{$kind} or return '';
    my @lines;

    foreach my $pair ([ 'write', 'a write, 64 subjects' ],
        [ 'spread', 'a write, any subject' ],
        [ 'recent', 'a read by id, the newest 10 000' ],
        [ 'any', 'a read by id, any' ],
        [ 'alone', 'Redis alone: a GET of any' ])
    {
        my ($name, $label) = @$pair;

        foreach my $size (qw(small full)) {
            my $case = "$kind $name $size";
            push @lines, [ $label, number($size eq 'small' ? 10000
                : $stored->{records}), map({ cpu($rows, $case, $_) }
                qw(server redis both)), $size eq 'small' ? '1'
                : with_spread('%.2f', ratios($rows, $case,
                "$kind $name small", 'both')) ];
        }
    }

    return "### $growth{$kind}\n\n" . table([ '', 'records stored',
        'server µs', 'Redis µs', 'together µs', 'compared' ], @lines)
        . sprintf("\nRedis' memory: %.0f bytes for each of the %s records,"
        . " %.2f times the\nrecord's own %.0f bytes; %.1f GB in all.\n\n",
        $stored->{memory}, number($stored->{records}),
        $stored->{memory} / $result->{size}, $result->{size},
        $stored->{memory} * $stored->{records} / 1e9);
}


sub report {
    my ($result) = @_;
    return join '', map { $_->($result) }
        \&single, \&compared, \&module, \&latency,
        sub { growth($_[0], 'growth') }, sub { growth($_[0], 'huge') };
}


1;
