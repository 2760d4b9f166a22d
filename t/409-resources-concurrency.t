# Sixteen clients on two nginx write sets that overlap, and sets of their own,
# as fast as they are answered; others read at the same time.  Afterwards every
# answered OK is there, ids are unique, no half set exists, titles and ids agree
# both ways.  Then the same while Redis is killed and started again: what was
# answered with an OK is there, what was surely not saved is not, and what
# nobody knew is there as a whole or not at all.
#
# SECOPS_CONCURRENCY_SECONDS: how long each part takes; 5 unless told.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use JSON::PP;
use POSIX ();
use SecOps;
use SecOps::Records;
use SecOps::Resources;

my $seconds = $ENV{SECOPS_CONCURRENCY_SECONDS} || 5;
my $clients = 16;
my $sets = 8;                   # that all clients write
my $most_own = 10;              # sets of its own that a client writes
my $namespace = 'secops:{global:res}';

my $one = SecOps->new();
my $two = SecOps->new(workers => 2);
my $redis = $one->redis(aof => 'always');
my $conf = conf(location => 'secops_audit_maxlen 0;')
    =~ s/%%REDIS%%/${\ $redis->url()}/r;

$one->run($conf);
$two->run($conf);

my @machines = ($one, $two);


# --- clients ----------------------------------------------------------------

# A set that all write: a job and its two integrations, of which each is in the
# set beside it too.  All three get the same mark.

sub shared_set {
    my ($n, $mark) = @_;
    my $next = ($n + 1) % $sets;

    return {
        a => integration("I$n", parameters => { hosts => $mark }),
        b => integration("I$next", parameters => { hosts => $mark }),
        j => job("J$n", description => $mark, pipeline_integrations => [
            step('a', 'input', index => 'i'), step('b', 'output') ]),
    };
}


# a set that nobody else writes: three new resources of one name

sub own_set {
    my ($name) = @_;

    return {
        k => api_key($name),
        i => integration($name, integration_type => 'External REST API',
            parameters => { api_key => "{{api_keys(name='$name')}}" }),
        j => job($name, description => $name, pipeline_integrations => [
            step('i', 'input') ]),
    };
}


# What a client does until the time is up.  Each answer is written down as
# [what it was, its name, status, reason, ids]

sub client {
    my ($number, $part, $end, $out) = @_;
    my ($count, $own) = (0, 0);
    my $stop = stop_file($part);
    my $api = SecOps::Resources->new($machines[$number % 2]);

    srand $number;

    until (-e $stop) {
        my $name = "$part-$number-" . $count++;
        my $what = rand();
        my ($kind, $r);

        if ($what < 0.5) {
            $kind = 'shared';
            $r = ask($api, 'save', shared_set(int rand $sets, $name));

        } elsif ($what < 0.8 && $own < $most_own) {
            $kind = 'own';
            $own++;
            $r = ask($api, 'save', own_set($name),
                query => 'overwrite=False');

        } elsif ($what < 0.85) {
            $name = "$part-race-" . int((time() - $end + 1000) * 4);
            $kind = 'race';
            $r = ask($api, 'save', { i => integration($name) },
                query => 'overwrite=False');

        } else {
            $kind = 'delete';
            my $victim = "$part-$number-" . int rand $count;
            $r = ask($api, 'remove', "resource_type=job&title=$victim");
            $name = $victim;
        }

        my $json = ref $r->{json} eq 'HASH' ? $r->{json} : {};
        print $out encode_json([ $kind, $name, $r->{status},
            $json->{request}{reason} // '',
            [ map { "$_->{type} $_->{internal_id}" }
                @{$json->{created} // []} ] ]), "\n";

        sleep 0.02 if $r->{status} == 0 || $r->{status} == 503;
        sleep 0.2 if time() > $end;
    }
}


sub ask { # an answer of status 0: the server had no time for one
    my ($api, $method, @rest) = @_;
    return eval { $api->$method(@rest) } // { status => 0, body => '' };
}


# Lists everything again and again: each list is of one revision, so there is
# no half set in any of them

sub reader {
    my ($part, $end, $out) = @_;
    my $n = 0;
    my $stop = stop_file($part);

    until (-e $stop) {
        my $api = SecOps::Resources->new($machines[$n++ % 2]);
        my $r = ask($api, 'list', '');
        sleep 0.1;
        next if $r->{status} != 200;
        my @halves = halves(documents($r->{json}));
        print $out encode_json([ 'list', "@halves" ]), "\n";
    }
}


sub documents { # of a list: "type title" => what tells of its mark
    my ($list) = @_;

    return { map {
        my $r = $_;
        exists $r->{type}
            ? ("$r->{type} $r->{title}" => $r->{parameters}{hosts} // '')
            : map { ("job $_" => $r->{$_}{properties}{description} // '') }
                keys %$r;
    } @$list };
}


# Who wrote an integration last wrote the job of the same set, or of the one
# before, in the same step.

sub halves {
    my ($there) = @_;
    my @halves;

    foreach my $n (0 .. $sets - 1) {
        my $mark = $there->{"integration I$n"} // next;
        push @halves, "I$n $mark" unless grep { defined && $_ eq $mark }
            $there->{"job J$n"}, $there->{'job J' . ($n - 1) % $sets};
    }

    my %own;
    foreach my $key (keys %$there) {
        my ($type, $title) = split / /, $key, 2;
        $own{$title}{$type} = 1 if $title =~ /^\w+-\d+-\d+$/;
    }

    # a job may have been deleted since; its key and integration stay
    foreach my $title (keys %own) {
        push @halves, "$title: " . join ' ', keys %{$own{$title}}
            if !$own{$title}{api_key} || !$own{$title}{integration};
    }

    return @halves;
}


# The clients go on until this is there: for the time, and until all is done that
# happens meanwhile, and enough was answered to say anything.  A list wants a
# moment in which nobody writes, so clients whose time is over write seldom.

sub stop_file { return $one->dir() . "/$_[0].stop" }

sub answered { # so many requests of them
    my ($part) = @_;
    return scalar map { split /\n/, $one->read("$part.$_") } 0 .. $clients - 1;
}


sub listed { # so many lists
    my ($part) = @_;
    return scalar split /\n/, $one->read("$part.$clients");
}


sub load { # runs all of it for a while; what the clients wrote down
    my ($part, $meanwhile) = @_;
    my $end = time() + $seconds;
    my @pids;

    foreach my $number (0 .. $clients) {
        my $file = $one->dir() . "/$part.$number";
        my $pid = fork() // die "fork: $!";

        if ($pid == 0) {
            open my $out, '>', $file or POSIX::_exit(1);
            $out->autoflush(1);
            my $done = eval {
                $number == $clients ? reader($part, $end, $out)
                    : client($number, $part, $end, $out);
                close $out;
                1;
            };
            print STDERR "client $number: $@" unless $done;
            POSIX::_exit($done ? 0 : 1);
        }

        push @pids, $pid;
    }

    $meanwhile->() if $meanwhile;
    wait_for(sub { time() > $end && answered($part) > 300
        && listed($part) }, 60);
    $one->write("$part.stop", '');

    my $failed = grep { waitpid($_, 0); $? != 0 } @pids;
    is($failed, 0, "$part: all clients came to their end");

    return map { map { decode_json($_) } split /\n/,
        $one->read("$part.$_") } 0 .. $clients;
}


# --- what must hold afterwards ----------------------------------------------

my %ids;                        # all that any answer told

sub hash { return { @{$redis->cmd('HGETALL', "$namespace:$_[0]")} } }


sub check {
    my ($part, @seen) = @_;
    my $api = SecOps::Resources->new($one);
    my (%status, %gone, %maybe_gone, %raced);

    my @lists = grep { $_->[0] eq 'list' } @seen;
    my $lists = @lists;
    my @halves = grep { $_ ne '' } map { $_->[1] } @lists;
    my @answers = grep { @$_ > 2 } @seen;

    $status{"$_->[0] $_->[2]"}++ foreach @answers;
    diag("$part: ", join ', ', (map { "$_: $status{$_}" } sort keys %status),
        "lists: $lists");

    cmp_ok($status{'shared 200'} // 0, '>', 20, "$part: sets were overwritten");
    cmp_ok($status{'own 200'} // 0, '>', 20, "$part: sets were created");
    cmp_ok($lists, '>=', 1, "$part: lists were read");
    is_deeply(\@halves, [], "$part: no list has half a set");

    # each worker has to find that Redis is back
    my $r;
    wait_for(sub { $r = $api->list(''); $r->{status} == 200 });
    is($r->{status}, 200, "$part: all are listed");
    my $there = documents($r->{json});
    is_deeply([halves($there)], [], "$part: there is no half set");

    # answers

    foreach my $answer (@answers) {
        my ($kind, $name, $status, $reason) = @$answer;
        next if $kind ne 'delete';
        $gone{$name} = 1 if $status == 200;
        $maybe_gone{$name} = 1 if $status == 500 || $status == 0;
    }

    my (@lost, @false, @again);

    foreach my $answer (@answers) {
        my ($kind, $name, $status, $reason, $ids) = @$answer;

        if ($status == 200) {
            push @again, grep { $ids{$_}++ } @$ids;
        }

        if ($kind eq 'race') {
            $raced{$name}{$status}++;
        }

        next if $kind ne 'own';

        my %has = map { $_ => exists $there->{"$_ $name"} }
            qw(api_key integration job);

        if ($status == 200) {
            $has{job} ||= $gone{$name} || $maybe_gone{$name};
            push @lost, $name if grep { !$_ } values %has;

        } elsif ($status == 503 || $status =~ /^4/) {
            push @false, "$name $status" if grep { $_ } values %has;
        }
    }

    is_deeply(\@lost, [],
        "$part: what was answered with OK is there");
    is_deeply(\@false, [], "$part: what was surely not saved is not there");
    is_deeply([grep { exists $there->{"job $_"} } keys %gone], [],
        "$part: what was deleted is gone");
    is_deeply(\@again, [], "$part: no id was told twice");
    is_deeply([grep { ($raced{$_}{200} // 0) > 1 } keys %raced], [],
        "$part: of those who create the same, one does");
    is_deeply([grep { $raced{$_}{200} && !exists $there->{"integration $_"} }
        keys %raced], [], "... which is there");
    is_deeply([grep { !/^(?:0|200|404|409|500|503)$/ } keys %{{ map
        { $_->[2] => 1 } @answers }}], [], "$part: answers are as described");

    check_redis($part);
    return \%status;
}


sub check_redis { # documents, titles, ids, and what leads to keys
    my ($part) = @_;
    my (@wrong, %integer);

    foreach my $type (qw(api_key integration job)) {
        my $documents = hash($type);
        my $titles = hash("$type:title");

        foreach my $id (keys %$documents) {
            my $document = decode_json($documents->{$id});
            my $title = $document->{title} // $document->{name};
            push @wrong, "$type $id: $title"
                if ($titles->{$title} // '') ne $id;
            $integer{$id}++ if $type ne 'api_key';
        }

        push @wrong, map { "$type title $_" }
            grep { !$documents->{$titles->{$_}} } keys %$titles;
    }

    is_deeply(\@wrong, [], "$part: titles and ids agree both ways");
    is_deeply([grep { $integer{$_} > 1 } keys %integer], [],
        "$part: no id is there twice");

    my $next = $redis->cmd('GET', "$namespace:next_id");
    is_deeply([grep { $_ >= $next } keys %integer], [],
        "$part: the next id was never given");

    # a job refers to what is there

    my ($integrations, $jobs) = (hash('integration'), hash('job'));
    my @dangling = grep { my $id = $_;
        grep { !$integrations->{$_} }
            $jobs->{$id} =~ /integrations\(internal_id=(\d+)\)/g } keys %$jobs;
    is_deeply(\@dangling, [], "$part: no job refers to what is not there");

    my $keys = hash('api_key');
    my %digest = map { decode_json($keys->{$_})->{digest} => $_ } keys %$keys;
    my @leads = grep { my $d = $_;
        ($redis->cmd('HGET', 'secops:{key:' . substr($d, 0, 2) . "}:$d", 'id')
            // '') ne $digest{$d} } keys %digest;
    is_deeply(\@leads, [], "$part: each key is found by its value");
}


# --- two machines -----------------------------------------------------------

my $status = check('calm', load('calm'));

is_deeply([grep { /^(?:shared|own|race) (?:0|500)/ } keys %$status], [],
    'nobody was left without knowing');

my %created;
foreach my $entry (@{$redis->cmd('XRANGE', "$namespace:audit", '-', '+')}) {
    my %field = @{$entry->[1]};
    $created{"$field{type} $field{id}"}++
        if $field{operation} eq 'resources.create';
}
is_deeply([grep { ($created{$_} // 0) != 1 } keys %ids], [],
    'the audit has each creation once');


# --- a Redis that dies ------------------------------------------------------

sub lost { # so many links
    return scalar(() = $_[0]->error_log() =~ /connection lost:/g);
}


$status = check('killed', load('killed', sub {
    my $n = 0;

    # under way again, and killed, and noticed by both
    foreach (1 .. 4) {
        my $answered = answered('killed');
        wait_for(sub { answered('killed') > $answered + 100 });

        # who has no link yet can not lose one
        wait_for(sub { !grep { ask(SecOps::Resources->new($_), 'list', 'id=1')
            ->{status} != 200 } @machines });

        my @lost = map { lost($_) } @machines;
        $redis->kill9();
        $n++ if wait_for(sub { !grep { lost($machines[$_]) <= $lost[$_] } 0, 1 });
        $redis->start();
    }

    is($n, 4, 'killed: Redis was killed and started again four times');
}));

%created = ();
foreach my $entry (@{$redis->cmd('XRANGE', "$namespace:audit", '-', '+')}) {
    my %field = @{$entry->[1]};
    $created{"$field{type} $field{id}"}++
        if $field{operation} eq 'resources.create';
}
is_deeply([grep { ($created{$_} // 0) != 1 } keys %ids], [],
    'the audit still has each creation once');

is($two->quit(), 0, 'the other machine ended when it was told to');
is_deeply([ $two->faults() ], [], '... without an alert');

$one->done();
