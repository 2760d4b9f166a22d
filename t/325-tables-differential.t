# Queries of the Table API against a second implementation: records and queries
# are generated, some records are changed and some deleted, and for each query
# the ids on the page and the total must be those that a naive evaluator finds,
# which shares nothing with the module.  Once on one Redis, and once on a Cluster.
#
# SECOPS_QUERIES: how many queries on each (20000; 2000 with sanitizers).
# SECOPS_SEED: of what is generated.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Encode ();
use SecOps;
use SecOps::Cluster;
use SecOps::NaiveQuery;
use SecOps::Queries;
use SecOps::Records;
use Time::HiRes qw(sleep);

use constant { RECORDS => 48, SETS => 4, AT_ONCE => 50, SHOWN => 5 };

my $seed = $ENV{SECOPS_SEED} // 1;


sub encoded { return $_[0] =~ s/([^A-Za-z0-9_.-])/sprintf '%%%02X', ord $1/ger }


# A set of records in a domain of its own, stored within some seconds.  In half
# of the sets a subject may be a number.

sub set {
    my ($t, $i) = @_;
    my $numbers = $i % 2;
    my $table = $numbers ? 'u_number' : 'u_query';
    my %set = (table => $table, path => "/api/now/table/$table",
               domain => "d$i", headers => who(domain => "d$i"),
               admin => who(domain => "d$i", roles => 'sn_sec_cmn.admin'),
               connection => $t->connect(), columns => {});

    $set{generator} = SecOps::Queries->new($seed * SETS + $i, table => $table,
                                           numbers => $numbers);

    store(\%set, RECORDS);
    change(\%set, $_) foreach 0 .. 7;
    retire(\%set, 8 .. 15);
    list(\%set);

    return \%set;
}


sub store {
    my ($set, $n) = @_;
    my $failed;

    foreach my $i (1 .. $n) {
        my $record = $set->{generator}->record();
        my $r = $set->{connection}->request('POST', path($set->{table}),
            $set->{headers}, $record->{json});

        sleep 0.7 if $i % 20 == 0;

        if (($r->{status} // 0) == 201) {
            $set->{columns}{$r->{json}{sys_id}} = $record->{columns};
        } else {
            $failed //= "$record->{json}\n" . ($r->{body} // '');
        }
    }

    ok(!$failed, "the records of $set->{domain} are stored") or diag($failed);
}


# A subject cannot change.  The columns that another record has replace those of
# this one; what is null there leaves it.

sub change {
    my ($set, $i) = @_;
    my $id = (sort keys %{$set->{columns}})[$i * 5];
    my $record = $set->{generator}->record(without => 'subject');
    my $r = $set->{connection}->request('PATCH', "$set->{path}/$id",
        $set->{headers}, $record->{json});

    is($r->{status}, 200, "record $i of $set->{domain} is changed")
        or diag($record->{json}, $r->{body});

    my $columns = $set->{columns}{$id};

    delete @{$columns}{@{$record->{null}}};
    $columns->{$_} = $record->{columns}{$_} foreach keys %{$record->{columns}};
    $set->{changed}{$id} = 1;
}


sub retire {
    my ($set, @i) = @_;
    my @ids = (sort keys %{$set->{columns}})[map { $_ * 3 } @i];

    foreach my $id (@ids) {
        my $r = $set->{connection}->request('DELETE', "$set->{path}/$id",
            $set->{admin});
        is($r->{status}, 204, "a record of $set->{domain} is deleted");
        delete $set->{columns}{$id};
    }
}


# What the server has added to the records, but for what they do not have, which
# is answered as empty; and all that was generated must be answered as it is
# compared.  Of a number that was changed to another form of
# itself, it is not said which of the two is kept.

sub list {
    my ($set) = @_;
    my $r = $set->{connection}->request('GET', $set->{path}, $set->{headers});
    my @odd;

    foreach my $stored (@{($r->{json} // {})->{result} // []}) {
        my $id = $stored->{sys_id};
        my $columns = $set->{columns}{$id} // {};

        foreach my $name (keys %$stored) {
            my $text = Encode::encode_utf8($stored->{$name});
            my $known = $columns->{$name};

            if ($name =~ /^sys_/) {
                $columns->{$name} = { text => $text, there => 1 }
                    if $text ne '';
            } elsif ($known && $known->{number} && $set->{changed}{$id}) {
                $known->{text} = $text;
            } elsif (($known // { text => '' })->{text} ne $text) {
                push @odd, "$id: $name: \"$text\"";
            }
        }

        push @odd, map { "$id: $_ is missing" }
            grep { !exists $stored->{$_} } keys %$columns;
    }

    $set->{records} = [map { $set->{columns}{$_} } sort keys %{$set->{columns}}];

    is(scalar(grep { $_->{sys_id} } @{$set->{records}}), RECORDS - 8,
        "the records of $set->{domain} are listed");
    ok(!@odd, '... with the texts that they have') or diag(join "\n", @odd);
}


# what is asked, and what has to come

sub question {
    my ($set) = @_;
    my $generator = $set->{generator};
    my ($query, $path);

    do {
        $query = $generator->query(@{$set->{records}});
        $path = "$set->{path}?sysparm_fields=sys_id&sysparm_query="
            . encoded($query);
    } while length $path > 16000;

    my $limit = $generator->chance(50) ? 10000 : $generator->pick(RECORDS);
    my $offset = $generator->chance(70) ? 0 : $generator->pick(RECORDS);

    return { query => $query, limit => $limit, offset => $offset,
             path => "$path&sysparm_limit=$limit&sysparm_offset=$offset" };
}


sub expected {
    my ($set, $question) = @_;
    my $query = SecOps::NaiveQuery->new($question->{query},
        columns => [$set->{generator}->columns()], table => $set->{table});
    my @ids = map { $_->{sys_id}{text} } $query->found(@{$set->{records}});
    my $total = @ids;

    splice @ids, 0, $question->{offset};
    splice @ids, $question->{limit} if @ids > $question->{limit};

    return "200: $total: @ids";
}


sub answered {
    my ($r) = @_;
    my @ids = $r->{status} == 200
        ? $r->{body} =~ /"sys_id":"([0-9a-f]{32})"/g : $r->{body};
    return "$r->{status}: " . ($r->{headers}{'x-total-count'} // '') . ": @ids";
}


# The next queries are asked in one go, and while the module answers them, the
# naive evaluator does.

sub ask {
    my ($set, $n, $differences) = @_;
    my $connection = $set->{connection};
    my @questions = map { question($set) } 1 .. $n;

    $connection->send(join '', map {
        $connection->format('GET', $_->{path}, $set->{headers})
    } @questions);

    my @expected = map { expected($set, $_) } @questions;

    foreach my $question (@questions) {
        my $expected = shift @expected;
        my $r = $connection->answer('GET');
        my $answered = $r ? answered($r) : 'no answer';

        next if $answered eq $expected;

        push @$differences, "$set->{domain}: $question->{query}"
            . " (limit $question->{limit}, offset $question->{offset})\n"
            . "    module: " . substr($answered, 0, 300) . "\n"
            . "     naive: " . substr($expected, 0, 300);

        return unless $r;
    }
}


sub compare {
    my ($t, $name) = @_;
    my $queries = $ENV{SECOPS_QUERIES} // ($t->sanitized() ? 2000 : 20000);
    my ($asked, @differences) = (0);

    foreach my $i (0 .. SETS - 1) {
        my $set = set($t, $i);

        for (my $n = 0; $n < $queries / SETS; $n += AT_ONCE) {
            ask($set, AT_ONCE, \@differences);
            $asked += AT_ONCE;
            last if @differences > 100;
        }
    }

    ok(!@differences, "$asked queries on $name find what they should")
        or diag(join "\n", @differences[0 .. ($#differences < SHOWN
            ? $#differences : SHOWN)]);
}


sub start {
    my ($t, $location) = @_;

    foreach my $numbers (0, 1) {
        my $table = $numbers ? 'u_number' : 'u_query';
        $t->write("schema/tables/$table.json", SecOps::Queries->new(1,
            table => $table, numbers => $numbers)->schema());
    }

    $t->run(conf(http => 'secops_schema_dir %%DIR%%/schema;'
            . ' secops_query_scan time=1m;',
                 server => 'keepalive_requests 100000;',
                 location => $location));
}


my $t = SecOps->new();

$t->redis();
start($t, '');
compare($t, 'one Redis');
$t->stop();

$t->{redis} = [];
SecOps::Cluster->new($t, replicas => 0);
start($t, 'secops_redis_cluster on;');
compare($t, 'a Cluster');

$t->done();
