package SecOps::Queries;

# Generates records and encoded queries about them, the same ones for the same
# seed.  The records are of a table of the test's own, whose columns have values
# of any kind; the queries ask with every operator for values that the records
# have, that they nearly have, and that they do not have.
#
#     my $g = SecOps::Queries->new($seed, table => 'u_query');
#
#     $g->schema                 # the table's definition, to be written to a file
#     my $record = $g->record;   # { json => body of a POST, columns => {...},
#                                #   null => [names] }
#     $record = $g->record(without => 'subject');
#     my $query = $g->query(@records);    # an encoded query, decoded
#
# Option: numbers (a subject may be a JSON number: then the lists of subjects do
# not tell all that is the same).  A record's columns are those of SecOps::NaiveQuery; what the server adds is
# the caller's to set, before queries are made.  All texts are bytes.

use strict;
use warnings;

use Encode ();


my @words = (
    'a', 'ab', 'abc', 'abab', 'ababab', 'aab', 'A', 'Ab', 'ABC', 'b', 'B', 'ba',
    'z', 'true', 'false', 'null', 'x y', ' x', 'x ', 'a,b', ',', 'a@b', '@',
    '1.2.3.4', '198.51.100.7', 'evil.example', 'Evil.Example', 'IN', 'ISEMPTY',
    'sys_id', 'a=b', '=', '!=', '*', '%', 'a^b', "tab\t", "line\nbreak", 'q"q',
    'back\\slash', '\\u0061', '/', "\x7f", 'u_query', '2026-01-01',
    '2026-01-01 00:00:00', "\x{e4}", "\x{c4}", "a\x{e4}b", "\x{20ac}",
    "\x{1f600}", "x\x{1f600}y", 'javascript:alert(1)', 'http://a.example/?b=c&d',
);

my @numbers = (
    '0', '-0', '0.0', '1', '1.0', '10e-1', '2', '9', '10', '10.5', '80', '80.0',
    '8e1', '8E+1', '800e-1', '-5', '-5.0', '-4', '0.001', '1e-3', '100', '1e2',
    '18446744073709551616', '18446744073709551617', '9007199254740993',
    '9007199254740992', '1' x 64, '1' x 65, ('1' x 64) . '2',
);

my @almost_numbers = ('007', '+1', '1.', '.5', '1e', '0x1', '1 ', '1.2.3');

my @documents = ('[]', '{}', '[1, 2]', '{ "a" : [ "b" ] }', '{"a":{"b":"\u0063"}}',
                 '["evil.example"]', '[null]', '"\u0061"', '"\u0031\u0030"');

# two that differ behind what counts for an order, and one full of escapes

my @long = (('long' x 63) . 'long1', ('long' x 63) . 'long12', ('long' x 64) . 'A',
            ('long' x 64) . 'B', ('ab' x 300) . 'abc', "\t\x{e4}" x 80,
            '9' x 300);

# of the table; u_extra is stored, too, but no column

my @columns = qw(subject word other number mixed long Risk-Score);
my @server = qw(sys_id sys_class_name sys_created_on sys_created_by
                sys_updated_on sys_updated_by sys_domain sys_mod_count);
my @unknown = qw(u_extra active state subject.name assigned_to.name WORD);

my @subjects = ('198.51.100.7', '198.51.100.8', 'evil.example', 'Evil.Example',
                "\x{e4}.example", '10', '10.0', 'a');


sub new {
    my ($class, $seed, %opt) = @_;
    return bless { state => $seed & 0xffffffff,
                   numbers => $opt{numbers},
                   table => $opt{table} // 'u_query' }, $class;
}


# a generator of one's own: the same numbers on every machine

sub pick {
    my ($self, $n) = @_;
    $self->{state} = ($self->{state} * 1103515245 + 12345) & 0xffffffff;
    $self->{state} ^= $self->{state} >> 15;
    return ($self->{state} >> 4) % $n;
}


sub one { my ($self, @of) = @_; return $of[$self->pick(scalar @of)] }
sub chance { return $_[0]->pick(100) < $_[1] }


sub columns { return (@columns, @server) }


sub schema {
    my ($self) = @_;
    my $type = $self->{numbers} ? '["string","number"]' : '"string"';

    return '{"type":"object","x-endpoint":"' . $self->{table}
        . '","x-label":"Query",'
        . '"x-subject":"subject","properties":{"subject":{"type":' . $type . '},'
        . join(',', map { "\"$_\":{}" } @columns[1 .. $#columns]) . '}}';
}


sub record {
    my ($self, %opt) = @_;
    my (%columns, @members, @null);

    my $set = sub {
        my ($name, $kind, $json, $text) = @_;
        push @members, $self->string($name) . ':' . $json;

        if ($kind eq 'null') {
            push @null, $name;
        } else {
            $columns{$name} = { text => $text, number => $kind eq 'number',
                                there => $kind eq 'string' };
        }
    };

    my $string = sub {
        my ($name, $text) = @_;
        $set->($name, 'string', $self->string($text), Encode::encode_utf8($text));
    };

    my $number = sub { $set->($_[0], 'number', $_[1], $_[1]) };

    my $any = sub {
        my ($name) = @_;
        my $kind = $self->pick(20);

        if    ($kind < 8)  { $string->($name, $self->one(@words)) }
        elsif ($kind < 11) { $string->($name, $self->one(@numbers,
                                                         @almost_numbers)) }
        elsif ($kind < 14) { $number->($name, $self->one(@numbers)) }
        elsif ($kind < 15) { $string->($name, '') }
        elsif ($kind < 16) { $set->($name, 'null', 'null') }
        elsif ($kind < 17) { my $word = $self->one(qw(true false));
                             $set->($name, 'word', $word, $word) }
        elsif ($kind < 18) { my $json = $self->one(@documents);
                             $set->($name, $json =~ /^"/ ? 'string' : 'document',
                                    $json, text_of($json)) }
    };

    if ($self->chance(90) && ($opt{without} // '') ne 'subject') {
        $self->{numbers} && $self->chance(30)
            ? $number->('subject', $self->one('10', '10.0', '1e1'))
            : $string->('subject', $self->one(@subjects));
    }

    $string->('word', $self->one(@words)) if $self->chance(80);
    $string->('other', $self->one(@words)) if $self->chance(70);
    $number->('number', $self->one(@numbers)) if $self->chance(80);
    $string->('long', $self->one(@long)) if $self->chance(30);
    $any->('mixed');
    $any->('Risk-Score') if $self->chance(60);
    $any->('u_extra');

    # a body must have a field that says something
    $string->('word', 'a')
        unless $columns{word} || grep { $_->{text} ne '' } values %columns;

    return { json => '{' . join(',', @members) . '}', columns => \%columns,
             null => \@null };
}


# the text of the documents that are strings

sub text_of {
    my ($json) = @_;
    return $json unless $json =~ /^"/;
    return $json =~ s/^"|"$//gr =~ s/\\u00([0-9a-f]{2})/chr hex $1/ger;
}


# a JSON string, with escapes here and there that need not be

sub string {
    my ($self, $text) = @_;
    my %short = ("\t" => '\t', "\n" => '\n', '"' => '\"', '\\' => '\\\\');
    my $eager = $self->chance(15);

    my $json = join '', map {
        my $code = ord;
        if ($code >= 0x20 && $_ ne '"' && $_ ne '\\'
            && !($eager && $self->chance(30)))
        {
            Encode::encode_utf8($_);

        } elsif ($short{$_} && $self->chance(80)) {
            $short{$_};

        } else {
            join '', map { sprintf '\u%04x', $_ } $code < 0x10000 ? $code
                : (0xd800 + (($code - 0x10000) >> 10),
                   0xdc00 + (($code - 0x10000) & 0x3ff));
        }
    } split //, $text;

    return "\"$json\"";
}


sub query {
    my ($self, @records) = @_;
    my @parts;
    my $n = $self->one(0, 1, 1, 1, 2, 2, 3, 4, 6);

    for my $i (1 .. $n) {
        my $join = $i == 1 ? '' : $self->one('', '', 'OR', 'OR', 'NQ');
        push @parts, $join . $self->part(@records);
    }

    push @parts, $self->order() if $self->chance(40);
    push @parts, $self->order() if $self->chance(15);

    # orders, and what means nothing, stand anywhere
    @parts = map { $self->chance(4) ? ($self->one('', 'EQ', 'NQ',
        $self->order()), $_) : $_ } @parts;

    return join '^', @parts;
}


sub part {
    my ($self, @records) = @_;
    my $kind = $self->pick(40);

    return 'RLQUERYother.subject,>0' . $self->one('', ',m2m') . '^'
        . $self->condition(@records) . '^' . $self->one('', 'OR')
        . $self->condition(@records) . '^ENDRLQUERY' if $kind == 0;
    return 'JOINu_query.subject=other.subject!' . $self->condition(@records)
        if $kind == 1;
    return $self->one(@unknown) . $self->one('=', 'ISEMPTY', '>', 'IN') . 'a'
        if $kind < 5;
    return $self->one('wordON2026', 'word', '=a', 'wordBETWEENa', 'GROUPBYword',
                      'wordSAMEASu_extra', 'wordISEMPTY ')
        if $kind == 5;

    return $self->condition(@records);
}


sub condition {
    my ($self, @records) = @_;
    my $column = $self->chance(45)
        ? $self->one('sys_id', 'subject', 'subject', 'sys_created_on')
        : $self->one(@columns, @columns, @server);
    my $value = sub { $self->value($column, @records) };
    my $list = sub { join ',', map { $value->() } 1 .. $self->one(1, 2, 3, 20) };

    my $kind = $self->pick(26);

    return $column . '=' . $value->() if $kind < 6;
    return $column . '!=' . $value->() if $kind < 8;
    return $column . $self->one('<', '<=', '>', '>=') . $value->() if $kind < 12;
    return $column . 'IN' . $list->() if $kind < 15;
    return $column . 'NOT IN' . $list->() if $kind < 16;
    return $column . 'BETWEEN' . $value->() . '@' . $value->() if $kind < 18;
    return $column . $self->one('LIKE', 'CONTAINS', '*', 'STARTSWITH', 'ENDSWITH',
        '%', 'NOT LIKE', 'DOES NOT CONTAIN', '!*') . $self->piece($value->())
        if $kind < 22;
    return $column . $self->one(qw(ISEMPTY ISNOTEMPTY EMPTYSTRING ANYTHING))
        if $kind < 24;
    return $column . $self->one('SAMEAS', 'NSAMEAS')
        . $self->one($self->columns) if $kind < 25;
    return $column . 'INSTANCEOF' . $self->one($self->{table}, 'u_other');
}


# one that a record has, now and then a little changed, or any

sub value {
    my ($self, $column, @records) = @_;
    my $text = $self->one(map { Encode::encode_utf8($_) } @words, @numbers,
                          @almost_numbers, '');

    if ($self->chance(75)) {
        my $record = $self->one(@records);
        $text = ($record->{$column} // { text => '' })->{text};
        $text = uc $text if $self->chance(3);
        $text .= $self->one('0', 'a', '.0', ' ') if $self->chance(6);
        $text = substr $text, 0, -1 if $text ne '' && $self->chance(6);
        $text = substr $text, 0, $self->one(4, 7, 10, 13, 16)
            if $column =~ /_on$/ && $self->chance(30);
    }

    # a "^" cannot be in a value
    return $text =~ tr/^//dr;
}


sub piece {
    my ($self, $text) = @_;
    my $from = $self->pick(1 + length $text);

    return $text if $self->chance(40);

    $text = $self->chance(50) ? substr $text, $from : substr $text, 0, $from;

    return $self->chance(30) ? uc $text : $text;
}


sub order {
    my ($self) = @_;
    return $self->one('ORDERBY', 'ORDERBYDESC')
        . $self->one('sys_id', 'sys_id', 'sys_created_on', @columns, @server,
                     'u_extra');
}


1;
