package SecOps::Tree;

# Reads the module's C as text and says which file uses which other one's
# functions, how long functions are, and which files use each other in a circle.
#
# A file uses another one when it names one of its functions that are not
# static, be it to call it, to hand it on as a handler, or in a table: whoever
# has the address may call it.  nginx's layout makes this simple: a function's
# name stands at the beginning of a line, its type on the line before.
#
#     my $tree = SecOps::Tree->new("$root/ngx_secops_module");
#
#     $tree->files            # paths below the folder, sorted
#     $tree->uses             # { file => { other => [names] } }
#     $tree->circles          # [[files], ...], the largest first
#     $tree->upward(\%below)  # "api/x.c -> face/y.c: name, ..." for each
#     $tree->functions        # [{ file, name, type, lines, body }]
#     $tree->folders          # (folder => number of files, headers too)
#     $tree->code             # lines that are neither blank nor comment
#
#     my ($path) = source('secops_error.c');      # wherever it lies
#     my @paths = sources(qr/^secops_jwk.*\.c$/); # by their names

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(basename dirname);
use File::Find;

use parent 'Exporter';

our @EXPORT_OK = qw(bare layer slurp source sources %BELOW);


# Who may use whom: a layer, and the layers below it.  http has the types of the
# configuration, the transport's among them; JOSE reads its JSON with the model's
# reader.

our %BELOW = (
    face     => [qw(api http identity store model jose redis util)],
    api      => [qw(http identity store model util)],
    http     => [qw(identity store model redis util)],
    identity => [qw(store model jose util)],
    store    => [qw(redis model util)],
    model    => [qw(util)],
    jose     => [qw(model util)],
    redis    => [qw(util)],
    util     => [],
);


my $top = abs_path(dirname(__FILE__) . '/../../../ngx_secops_module');


sub slurp {
    my ($path) = @_;
    open my $file, '<:encoding(UTF-8)', $path or die "can not read $path: $!";
    local $/;
    return scalar(<$file>) // '';
}


# C without comments, strings and character constants; line numbers stay

sub bare {
    my ($text) = @_;

    $text =~ s{
        (/\*.*?\*/) | ("(?:\\.|[^"\\\n])*") | ('(?:\\.|[^'\\\n])*')
    }{
        my $piece = $1 // $2 // $3;
        my $lines = ($piece =~ tr/\n//);
        (defined $1 ? ' ' : defined $2 ? '""' : "'0'") . "\n" x $lines;
    }gsex;

    return $text;
}


# Names of files are unique in the module, so that a test need not know the
# folder.

sub sources {
    my ($pattern) = @_;
    my @found;

    find({ no_chdir => 1, wanted => sub {
        push @found, $File::Find::name
            if -f $File::Find::name && basename($File::Find::name) =~ $pattern;
    } }, $top);

    return sort @found;
}


sub source {
    my ($name) = @_;
    my @found = sources(qr/^\Q$name\E$/);
    die "there is no $name\n" unless @found;
    return $found[0];
}


# the folder that tells a file's layer; files beside the folders are the face

sub layer { return $_[0] =~ m{^([^/]+)/} ? $1 : 'face' }


sub new {
    my ($class, $folder) = @_;
    my (%text, %owner, @functions);

    find({ no_chdir => 1, wanted => sub {
        return unless $File::Find::name =~ m{^\Q$folder\E/(.*\.[ch])$};
        $text{$1} = bare(slurp($File::Find::name));
    } }, $folder);

    foreach my $path (grep { /\.c$/ } sort keys %text) {
        my $text = $text{$path};

        while ($text =~ /^([^\n]*)\n([a-z_]\w*)\([^;{}]*\)\n(\{.*?^\})/mgs) {
            my ($type, $name, $body) = ($1, $2, $3);

            push @functions, { file => $path, name => $name, type => $type,
                               lines => ($body =~ tr/\n//) + 1,
                               body => $body };
            $owner{$name} = $path unless $type =~ /\bstatic\b/;
        }
    }

    return bless { text => \%text, owner => \%owner,
                   functions => \@functions }, $class;
}


sub files { return sort grep { /\.c$/ } keys %{$_[0]{text}} }


sub folders {
    my ($self) = @_;
    my %folders;

    $folders{m{^(.*)/[^/]*$} ? $1 : '.'}++ foreach keys %{$self->{text}};

    return %folders;
}


sub functions { return $_[0]{functions} }


sub code {
    my ($self) = @_;
    my $lines = 0;

    $lines += grep { /\S/ } split /\n/ foreach values %{$self->{text}};

    return $lines;
}


sub uses {
    my ($self) = @_;
    my %uses;

    return $self->{uses} if $self->{uses};

    foreach my $file ($self->files) {
        my %seen;

        while ($self->{text}{$file} =~ /\b([a-z_]\w*)\b/g) {
            my $owner = $self->{owner}{$1};

            next if !defined $owner || $owner eq $file || $seen{$1}++;
            push @{$uses{$file}{$owner}}, $1;
        }
    }

    return $self->{uses} = \%uses;
}


# what names a function of a layer that is not below its own

sub upward {
    my ($self, $below) = @_;
    my $uses = $self->uses;
    my @found;

    foreach my $file (sort keys %$uses) {
        my %allowed = map { $_ => 1 } layer($file), @{$below->{layer($file)}};

        foreach my $other (grep { !$allowed{layer($_)} }
                           sort keys %{$uses->{$file}})
        {
            push @found, "$file -> $other: "
                . join ', ', sort @{$uses->{$file}{$other}};
        }
    }

    return @found;
}


# the strongly connected components with more than one file (Tarjan's)

sub circles {
    my ($self) = @_;
    my $uses = $self->uses;
    my (%index, %low, %on, @stack, @found, $visit);

    $visit = sub {
        my ($file) = @_;

        $index{$file} = $low{$file} = keys %index;
        push @stack, $file;
        $on{$file} = 1;

        foreach my $other (sort keys %{$uses->{$file} // {}}) {
            $visit->($other) unless defined $index{$other};

            my $reached = $on{$other} ? $low{$other} : $low{$file};
            $low{$file} = $reached if $reached < $low{$file};
        }

        return if $low{$file} != $index{$file};

        my @circle;

        do {
            push @circle, pop @stack;
            delete $on{$circle[-1]};
        } until $circle[-1] eq $file;

        push @found, [sort @circle] if @circle > 1;
    };

    $visit->($_) foreach grep { !defined $index{$_} } $self->files;
    undef $visit;

    return sort { @$b <=> @$a || $a->[0] cmp $b->[0] } @found;
}


1;
