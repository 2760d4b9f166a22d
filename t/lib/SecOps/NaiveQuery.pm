package SecOps::NaiveQuery;

# What an encoded query means, a second time and as plainly as possible: its
# decisions are those of docs/tables.md, and it shares nothing with the module's
# reader and evaluator.  Slow, and meant to be read.
#
#     my $query = SecOps::NaiveQuery->new($text, columns => [names],
#         table => 'sn_ti_lookup_result');
#
#     $query->unread               # how many parts are ignored
#     $query->meets($record)       # 1 or ''
#     $query->found(@records)      # those that meet it, in the query's order
#
# A record is { column => { text => bytes, number => it is a JSON number,
# there => it is a string } }; a column that is null, or absent, is not in it.
# All texts are bytes.

use strict;
use warnings;

my @operators = (
    'DOES NOT CONTAIN', 'STARTSWITH', 'ISNOTEMPTY', 'INSTANCEOF', 'EMPTYSTRING',
    'ENDSWITH', 'CONTAINS', 'ANYTHING', 'NOT LIKE', 'NSAMEAS', 'ISEMPTY',
    'BETWEEN', 'SAMEAS', 'NOT IN', 'LIKE', 'IN', '!=', '!*', '<=', '>=', '=',
    '<', '>', '*', '%',
);

my $operator = join '|', map { quotemeta }
    sort { length $b <=> length $a } @operators;

my %valueless = map { $_ => 1 } qw(ISEMPTY ISNOTEMPTY EMPTYSTRING ANYTHING);


# each says whether a record meets it: column, value, record, query

my %meets = (
    '='          => sub { $_[1] eq '' ? empty($_[0]) : same($_[0], $_[1]) },
    IN           => sub { my $c = $_[0];
                          grep { same($c, $_) } values_of($_[1]) },
    '<'          => sub { ordered($_[0], $_[1], sub { $_[0] < 0 }) },
    '<='         => sub { ordered($_[0], $_[1], sub { $_[0] <= 0 }) },
    '>'          => sub { ordered($_[0], $_[1], sub { $_[0] > 0 }) },
    '>='         => sub { ordered($_[0], $_[1], sub { $_[0] >= 0 }) },
    BETWEEN      => sub { my ($from, $to) = split /@/, $_[1], 2;
                          ordered($_[0], $from, sub { $_[0] >= 0 })
                              && ordered($_[0], $to, sub { $_[0] <= 0 }) },
    LIKE         => sub { index(small($_[0]{text}), small($_[1])) >= 0 },
    STARTSWITH   => sub { substr(small($_[0]{text}), 0, length $_[1])
                              eq small($_[1]) },
    ENDSWITH     => sub { $_[1] eq ''
                          || length $_[0]{text} >= length $_[1]
                              && substr(small($_[0]{text}), -length $_[1])
                                 eq small($_[1]) },
    ISEMPTY      => sub { empty($_[0]) },
    EMPTYSTRING  => sub { $_[0]{there} && $_[0]{text} eq '' },
    ANYTHING     => sub { 1 },
    SAMEAS       => sub { alike($_[0], column($_[2], $_[1])) },
    INSTANCEOF   => sub { $_[1] eq $_[3]{table} },
);

my %other_name = (CONTAINS => 'LIKE', '*' => 'LIKE', '%' => 'ENDSWITH');

my %negation_of = (
    '!=' => '=', 'NOT IN' => 'IN', 'DOES NOT CONTAIN' => 'LIKE',
    'NOT LIKE' => 'LIKE', '!*' => 'LIKE', ISNOTEMPTY => 'ISEMPTY',
    NSAMEAS => 'SAMEAS',
);


sub new {
    my ($class, $text, %opt) = @_;
    my $self = bless {
        columns => { map { $_ => 1 } @{$opt{columns}} },
        table => $opt{table},
        unread => 0,
        orders => [],
    }, $class;

    $self->read($text);

    return $self;
}


# alternatives of groups of conditions; what is ignored stays in its place as an
# empty one, until all is read

sub read {
    my ($self, $text) = @_;
    my @alternatives = ([]);
    my $related;

    foreach my $part (split /\^/, $text) {

        if ($related) {
            $related = $part !~ /^ENDRLQUERY/;
            next;
        }

        while ($part =~ s/^NQ//) { push @alternatives, [] }

        next if $part eq '' || $part eq 'EQ';

        if ($part =~ /^ORDERBY(DESC)?(.*)/s) {
            $self->order($2, $1);
            next;
        }

        my $groups = $alternatives[-1];
        push @$groups, [] unless $part =~ s/^OR// && @$groups;
        $related = $part =~ /^RLQUERY/;

        my $condition = $part =~ /^(?:RLQUERY|JOIN)/
            ? undef : $self->condition($part);

        if ($condition) { push @{$groups->[-1]}, $condition }
        else { $self->{unread}++ }
    }

    $self->{alternatives} = [grep { @$_ }
        map { [grep { @$_ } @$_] } @alternatives];
}


sub order {
    my ($self, $column, $descending) = @_;

    if (!$self->{columns}{$column}) {
        $self->{unread}++;

    } elsif (!grep { $_->{column} eq $column } @{$self->{orders}}) {
        push @{$self->{orders}},
            { column => $column, descending => $descending };
    }
}


# the column is what stands before an operator: at least all of the usual
# characters, and the fewest others

sub condition {
    my ($self, $part) = @_;
    my ($usual) = $part =~ /^([a-z0-9_.]*)/;

    foreach my $column (sort { length $a <=> length $b }
                        keys %{$self->{columns}})
    {
        next if length $column < length $usual
            || $part !~ /^\Q$column\E($operator)(.*)/s;

        my ($word, $value) = ($1, $2);

        return if $valueless{$word} && $value ne ''
            || $word eq 'BETWEEN' && $value !~ /@/
            || $word =~ /SAMEAS$/ && !$self->{columns}{$value};

        $word = $other_name{$word} // $word;

        return { column => $column, value => $value,
                 negated => exists $negation_of{$word},
                 meets => $meets{$negation_of{$word} // $word} };
    }

    return;
}


sub unread { return $_[0]{unread} }


sub meets {
    my ($self, $record) = @_;

    return 1 unless @{$self->{alternatives}};

    ALTERNATIVE: foreach my $groups (@{$self->{alternatives}}) {

        foreach my $group (@$groups) {
            next ALTERNATIVE
                unless grep { $self->holds($_, $record) } @$group;
        }

        return 1;
    }

    return '';
}


sub holds {
    my ($self, $condition, $record) = @_;
    my $met = $condition->{meets}->(column($record, $condition->{column}),
        $condition->{value}, $record, $self);

    return $condition->{negated} ? !$met : $met;
}


sub found {
    my ($self, @records) = @_;
    my @found = grep { $self->meets($_) } @records;
    my @orders = @{$self->{orders}};
    my ($first) = @orders;

    # ids are of one form here: their bytes are their order
    return sort { $b->{sys_id}{text} cmp $a->{sys_id}{text} } @found
        if !@orders || $first->{descending}
            && $first->{column} =~ /^sys_(?:id|created_on)$/;

    return sort { $a->{sys_id}{text} cmp $b->{sys_id}{text} } @found
        if $first->{column} =~ /^sys_(?:id|created_on)$/;

    my %rank = map { my $r = $_; $r => [map {
        rank(column($r, $_->{column})->{text}) } @orders] } @found;

    return sort {
        for my $i (0 .. $#orders) {
            my $order = by_rank($rank{$a}[$i], $rank{$b}[$i]);
            return $orders[$i]{descending} ? -$order : $order if $order;
        }
        $a->{sys_id}{text} cmp $b->{sys_id}{text};
    } @found;
}


# empty texts, then numbers, then others; of each 256 bytes

sub rank {
    my ($text) = @_;
    $text = substr $text, 0, 256;
    return { class => $text eq '' ? 0 : is_number($text) ? 1 : 2,
             text => $text };
}


sub by_rank {
    my ($a, $b) = @_;
    return $a->{class} <=> $b->{class}
        || ($a->{class} == 1 ? by_number($a->{text}, $b->{text})
                             : $a->{text} cmp $b->{text});
}


sub column { return $_[0]{$_[1]} // { text => '' } }
sub empty { return $_[0]{text} eq '' }
sub small { return $_[0] =~ tr/A-Z/a-z/r }
sub values_of { return $_[0] eq '' ? ('') : split /,/, $_[0], -1 }


sub same { # column, value
    my ($column, $value) = @_;

    return $column->{text} eq $value
        || $column->{number} && is_number($column->{text})
            && is_number($value) && by_number($column->{text}, $value) == 0;
}


sub alike { # two columns
    my ($one, $two) = @_;

    return $one->{text} eq $two->{text}
        || ($one->{number} || $two->{number}) && is_number($one->{text})
            && is_number($two->{text})
            && by_number($one->{text}, $two->{text}) == 0;
}


sub ordered {
    my ($column, $value, $is) = @_;
    my $text = $column->{text};

    return '' if $text eq '';
    return $is->(is_number($text) && is_number($value)
        ? by_number($text, $value) : $text cmp $value);
}


sub is_number {
    return length $_[0] <= 64
        && $_[0] =~ /\A-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?\z/;
}


# Exactly: as a sign, a power of ten, and digits whose first one is not zero.

my %decimal;

sub decimal {
    my ($text) = @_;

    return $decimal{$text} if $decimal{$text};

    my ($sign, $whole, $rest, $e)
        = $text =~ /^(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([-+]?[0-9]+))?$/;
    my $digits = $whole . ($rest // '');
    my $power = length($whole) + ($e // 0);

    $power-- while $digits =~ s/^0(?=.)//;
    $digits =~ s/0+$//;

    return $decimal{$text} = { sign => $digits eq '' ? 0 : $sign ? -1 : 1,
                               power => $power, digits => $digits };
}


sub by_number {
    my ($one, $two) = map { decimal($_) } @_;

    return $one->{sign} <=> $two->{sign}
        || $one->{sign} * ($one->{sign} && ($one->{power} <=> $two->{power}
            || $one->{digits} cmp $two->{digits}));
}


1;
