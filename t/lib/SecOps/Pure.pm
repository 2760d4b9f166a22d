package SecOps::Pure;

# Compiles the pure part of the module (the secops_*.c files, which know no
# nginx) and links test programs with it.  One object per kind of build ends
# up in build/KIND; what is newer than its sources is not compiled again.
#
#     my $pure = SecOps::Pure->new('unit', 'cc', '-O2');
#     my ($program, $output) = $pure->link("$root/t/unit/json_test.c");

use strict;
use warnings;

use Cwd qw(abs_path);
use Fcntl qw(:flock);
use File::Basename qw(basename dirname);
use File::Path qw(make_path);

use SecOps::Tree;

my $root = abs_path(dirname(__FILE__) . '/../../..');
my $build = $ENV{SECOPS_BUILD_DIR} // "$root/build";

my @warnings = qw(-Wall -Wextra -Wno-unused-parameter -Werror);
my @libraries = qw(-ljansson -lhiredis -lpcre2-8 -lcrypto -lz -lm);


sub sources { return SecOps::Tree::sources(qr/^secops_\w+\.c$/) }


sub new {
    my ($class, $kind, $cc, @flags) = @_;
    my $dir = "$build/$kind";

    make_path($dir);

    # one test at a time builds here; the lock ends with the object
    open my $lock, '>', "$dir/lock" or die "can not write $dir/lock: $!";
    flock $lock, LOCK_EX or die "can not lock $dir: $!";

    return bless { dir => $dir, cc => $cc, flags => [@flags], lock => $lock },
        $class;
}


sub command { # -> (1 when it worked, what it printed)
    my (@command) = @_;
    my $quoted = join ' ', map { s/'/'\\''/gr =~ s/(.*)/'$1'/sr } @command;
    my $output = `$quoted 2>&1`;
    return ($? == 0 ? 1 : 0, "$quoted\n$output");
}


sub modified { return (stat $_[0])[9] // 0 }


sub newest_header {
    my ($newest) = sort { $b <=> $a } map { modified($_) }
        SecOps::Tree::sources(qr/\.h$/), glob "$root/t/unit/*.h";
    return $newest;
}


sub compile { # source, object
    my ($self, $source, $object, @flags) = @_;
    my $flags = "@{$self->{flags}} @flags";
    my $stamp = "$object.flags";

    my $old = '';
    if (open my $file, '<', $stamp) { $old = <$file> // '' }

    return (1, '') if modified($object) > modified($source)
        && modified($object) > newest_header() && $old eq $flags;

    my ($ok, $output) = command($self->{cc}, '-g', @warnings,
        @{$self->{flags}}, @flags, "-I$root/ngx_secops_module",
        "-I$root/t/unit", '-c', $source, '-o', $object);

    if ($ok) {
        open my $file, '>', $stamp or die "can not write $stamp: $!";
        print $file $flags;
    }

    return ($ok, $output);
}


# -> (1, '') or (0, what the compiler said)

sub objects {
    my ($self) = @_;
    my ($ok, $output, @data);

    foreach (['definitions', 'schema'], ['scripts', 'store/lua']) {
        my ($what, $folder) = @$_;

        push @data, "$self->{dir}/secops_${what}_data.c";

        ($ok, $output) = command('sh', "$root/scripts/embed.sh", $what,
            "$root/ngx_secops_module/$folder", $data[-1]);
        return (0, $output) unless $ok;
    }

    foreach my $source (sources(), @data) {
        my $object = "$self->{dir}/" . basename($source, '.c') . '.o';

        ($ok, $output) = $self->compile($source, $object);
        return (0, $output) unless $ok;

        push @{$self->{objects}}, $object;
    }

    return (1, '');
}


# what is called ngx_* sees nginx's headers, as the module was configured for them

sub nginx_headers {
    my $tree = "$build/module";
    return map { ('-isystem', "$tree/$_") }
        'objs', map { "src/$_" } qw(core event event/modules os/unix);
}


# -> (path of the program, '') or (undef, what the compiler said)

sub link {
    my ($self, $source, @flags) = @_;
    my $program = "$self->{dir}/" . basename($source, '.c');

    if (!$self->{objects}) {
        my ($ok, $output) = $self->objects();
        return (undef, $output) unless $ok;
    }

    my ($ok, $output) = $self->compile($source, "$program.o", @flags,
        basename($source) =~ /^ngx_/ ? nginx_headers() : ());
    return (undef, $output) unless $ok;

    ($ok, $output) = command($self->{cc}, @{$self->{flags}}, @flags,
        "$program.o", @{$self->{objects}}, '-o', $program, @libraries);

    return $ok ? ($program, '') : (undef, $output);
}


1;
