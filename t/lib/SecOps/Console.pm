package SecOps::Console;

# Runs the commands of a page's "console" blocks, in the order in which they
# stand there, and compares what they print with what the page shows.  What
# differs from run to run is put out of the comparison; ids that stand in a
# command are those that an earlier one printed.  SECOPS_WRITE_DOCS=1: the page
# gets what the commands print.
#
#     my $console = SecOps::Console->new($t, $redis, "token=$token\n");
#     my $page = $console->check('docs/identity.md', $text);

use strict;
use warnings;

use Test::More;


# $before: a script that is run before each command

sub new {
    my ($class, $t, $redis, $before) = @_;
    return bless { t => $t, redis => $redis, before => $before // '',
        id => {}, last => '', commands => 0 }, $class;
}


sub commands { return $_[0]{commands} }


# an id of a record, or of an api key

my $id = qr/\b[0-9a-f]{32}\b|(?<="id":")[\w-]{20}(?=")
    |(?<="internal_id":")[\w-]{20}(?=")/x;


sub normal {
    my ($output) = @_;
    $output =~ s/$id/ID/g;
    $output =~ s/(?<="value":")[\w-]{86}/VALUE/g;
    $output =~ s/\b\d{13}(-\d+)*\b/TIME/g;
    $output =~ s/\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?/TIME/g;
    $output =~ s/^(Date: |Server: ).*/$1/mg;
    return $output;
}


sub remember {
    my ($self, $shown, $got) = @_;
    my @shown = $shown =~ /($id)/g;
    my @got = $got =~ /($id)/g;
    @{$self->{id}}{@shown} = @got if @shown == @got;
}


sub execute {
    my ($self, $command) = @_;
    my $port = $self->{t}->port();
    my $redis = $self->{redis};
    my $quoted = $command;

    $quoted =~ s/(?<![\w-])([0-9a-f]{32}|[\w-]{20})(?![\w-])
        /$self->{id}{$1} \/\/ $1/gex;
    $quoted =~ s/\bSYSID\b/$self->{last}/g;

    # as on a terminal, unless another program reads it
    my $raw = $command =~ /\|/ ? '' : ' --no-raw';
    $quoted =~ s/redis-cli -s run\/redis\.sock/redis-cli$raw -s $redis->{socket}/g;

    # whatever a page calls the server, it is the one that runs here
    my $script = "$self->{before}\n$quoted\n";
    $script =~ s/\bcurl /curl -s --connect-to ::127.0.0.1:$port /g;

    open my $shell, '-|', 'bash', '-c', "$script" or die "can not run bash: $!";
    my $output = do { local $/; <$shell> } // '';
    close $shell;

    my ($sys_id) = $output =~ /"sys_id":"(\w{32})"/;
    $self->{last} = $sys_id // $self->{last};

    return ($output, $quoted);
}


# the page's text, with what the commands printed

sub check {
    my ($self, $name, $content) = @_;
    my $new = '';

    foreach my $part (split /(^```console\n.*?^```$)/ms, $content) {
        if ($part !~ /^```console\n(.*)^```$/ms) {
            $new .= $part;
            next;
        }

        $new .= "```console\n" . join('', map { $self->step($name, $_) }
            split /^(?=\$ )/m, $1) . '```';
    }

    return $new;
}


sub step {
    my ($self, $name, $step) = @_;
    my ($command, $shown) = $step =~ /^\$ (.*?)\n(.*)\z/s;
    my ($output, $run) = $command =~ /^\w+=/ ? ('', $command)
        : $self->execute($command);

    # what a command sets, the next ones know; it is not run again
    if ($command =~ /^(\w+)=\$\((.*)\)$/) {
        my ($value) = $self->execute("printf %s \"\$($2)\"");
        $self->{before} .= "$1='$value'\n";
        $output = '';

    } elsif ($command =~ /^\w+=/) {
        $self->{before} .= "$command\n";
    }

    $self->{commands}++;

    $output .= "\n" if length $output && $output !~ /\n\z/;
    $output =~ s/\r//g;

    $self->remember($shown, $output);

    if ($ENV{SECOPS_WRITE_DOCS}) {
        $run =~ s/redis-cli( --no-raw)? -s \S+/redis-cli -s run\/redis.sock/;
        return "\$ $run\n$output";
    }

    is(normal($output), normal($shown), "$name: $command");

    return $step;
}


1;
