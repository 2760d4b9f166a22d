package Bench::Turns;

# What the scripts have in common whose cases take turns of a second: the folder
# of their files, their servers, and a case that stores records one by one.

use strict;
use warnings;
use utf8;

use File::Temp;

use Bench::Figures;
use Bench::Records;
use Bench::Redis;
use Bench::Rounds;
use Bench::Servers;


# name: of the script; bench: its folder; build: what it measures, unless its
# cases have builds of their own; runs and seconds: unless the environment says

sub new {
    my ($class, %self) = @_;
    my $dir = File::Temp->newdir("secops-$self{name}-XXXXXX", TMPDIR => 1);

    binmode STDOUT, ':encoding(UTF-8)';
    STDOUT->autoflush(1);
    $SIG{$_} = sub { print STDERR "ended by SIG$_[0]\n"; exit 130 }
        foreach qw(INT TERM HUP);
    $SIG{PIPE} = 'IGNORE';
    $ENV{PATH} .= ':/usr/sbin:/sbin';
    $ENV{LC_ALL} = 'C';

    chmod 0755, "$dir";

    return bless {
        %self,
        dir     => $dir,
        runs    => $ENV{RUNS} || $self{runs},
        seconds => ($ENV{DURATION} || $self{seconds}) / 2,
        quiet   => 100,
        servers => [],
    }, $class;
}


sub dir { return "$_[0]{dir}" }


sub file {
    my ($self, $name, @lines) = @_;
    my $path = "$self->{dir}/$name";

    Bench::Servers::write_file($path, join '', map { "$_\n" } @lines);

    return $path;
}


# they are stopped by stop(), which whoever made them calls at the end

sub servers {
    my ($self, $build) = @_;
    my $servers = Bench::Servers->new(dir => $self->dir(),
        build => $build // $self->{build}, bench => $self->{bench},
        workers => 2);

    push @{$self->{servers}}, $servers;

    return $servers;
}


sub stop {
    my ($self) = @_;
    $_->stop() foreach splice @{$self->{servers}};
}


# a turn of wrk; more: what it asks, and of whom

sub turn {
    my ($self, %more) = @_;

    return {
        records => 1,
        script  => "$self->{bench}/load.lua",
        threads => 2,
        warmup  => 1,
        seconds => 1,
        %more,
    };
}


# stores records, into a Redis that was emptied before; port: of the server

sub store {
    my ($self, %more) = @_;
    my $port = delete $more{port};
    my $redis = $more{redis};

    $self->{bodies} //= $self->file('bodies', Bench::Records::bodies());

    return $self->turn(
        url     => "http://127.0.0.1:$port/api/sn_sec_cmn"
            . '/integration_capabilities/threat_lookup',
        kind    => 'post',
        lines   => $self->{bodies},
        conns   => $ENV{CONNS} || 64,
        status  => 201,
        keys    => 1,
        before  => sub { Bench::Redis::empty($redis);
                         Bench::Redis::touch($redis, 400_000) },
        %more,
    );
}


sub rounds { # items: as of Bench::Rounds::run(); returns the rows
    my ($self, @items) = @_;
    return Bench::Rounds::run($self, sub { print "@_\n" }, @items);
}


# a line for each figure: title, of which the first %s is the figure's name

sub print_ratios {
    my ($title, $rows, $name, $to) = @_;

    foreach my $figure (qw(server redis both)) {
        my @spread = Bench::Figures::ratios($rows, $name, $to, $figure);
        printf "$title: %s us, %s us\n", $figure,
            Bench::Figures::with_spread('%.3f', @spread),
            map { Bench::Figures::cpu($rows, $_, $figure) } $name, $to;
    }
}


1;
