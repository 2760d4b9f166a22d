# What discovery answers means the same to others: ajv, which shares no code
# with the module, accepts every schema of every type in every role, and says
# of generated sets of parameters, valid and invalid, what the module's own
# validator says.
#
#     SECOPS_SETS   sets for each integration type and role (500)
#     SECOPS_SEED   of the generator (1)

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use JSON::PP;
use SecOps;
use SecOps::Catalog;
use SecOps::Pure;
use SecOps::Records;

my $root = root();
my $seed = $ENV{SECOPS_SEED} // 1;
my $count = $ENV{SECOPS_SETS} // 500;

# where Debian has it, for a node that is not Debian's
$ENV{NODE_PATH} = join ':', grep { $_ } $ENV{NODE_PATH}, '/usr/share/nodejs';

plan(skip_all => 'ajv is not installed')
    unless system("node -e 'require(\"ajv\")' >/dev/null 2>&1") == 0;

my $t = SecOps->new();
my $redis = $t->redis();
$t->run(conf());

my $path = '/api/v2/resources/integration/parameters/schema';
my $json = JSON::PP->new->canonical->utf8;
my (@documents, @schemas);


sub ask { # -> the text; JSON::PP would not keep it as it is
    my ($query) = @_;
    my $r = $t->request('GET', "$path?$query", who());
    is($r->{status}, 200, "discovery answers \"$query\"");
    return $r->{body};
}

sub entry { # a line for ajv.js
    my ($name, $schema) = @_;
    return '{"name":' . $json->allow_nonref->encode($name)
        . ",\"schema\":$schema}\n";
}


push @documents, [ 'connections of all types', ask('') ];
push @documents, map { [ "role $_ of all types", ask("role=$_") ] }
    role_names();

foreach my $type (types()) {
    my $title = $type->{title} =~ s/ /+/gr;

    foreach my $role ('', grep { $type->{roles}{$_} } role_names()) {
        my $name = $type->{title} . ($role ? " as $role" : '');
        my $text = ask("integration_type=$title" . ($role && "&role=$role"));
        my $of = decode_json($text)->{properties};

        is(join(', ', keys %$of), $type->{title}, '... with that type');
        push @documents, [ $name, $text ];
        push @schemas, { name => $name, type => $type->{title},
            text => $json->encode($of->{$type->{title}}) };
    }
}


# --- every schema is one ----------------------------------------------------

$t->write('documents', join '', map { entry(@$_) } @documents);
$t->write('schemas', join '', map { entry($_->{name}, $_->{text}) } @schemas);

my $dir = $t->dir();
my $tool = "node '$root/t/tools/ajv.js'";

foreach my $what (['documents', 'a whole answer', scalar @documents],
                  ['schemas', 'a type\'s part of it', scalar @schemas])
{
    my ($file, $of, $n) = @$what;
    my @lines = split /\n/, `$tool check '$dir/$file' 2>&1`;

    is(scalar(grep { /^ok / } @lines), $n, "ajv accepts $of, all $n")
        or diag(map { "$_\n" } grep { !/^ok / } @lines);
}


# the rest knows no nginx: once is enough

if ($t->sanitized()) {
    $t->done();
    exit;
}


# --- both say the same ------------------------------------------------------

note("seed $seed");

my $pure = SecOps::Pure->new('unit', 'cc', '-O2');
my ($program, $output) = $pure->link("$root/t/tools/schema_verdicts.c");
ok($program, 'schema_verdicts compiles') or BAIL_OUT($output);

is(system("$tool generate '$dir/schemas' $seed $count >'$dir/sets'"), 0,
    'sets are generated');

my @sets = split /\n/, $t->read('sets');
my @verdicts = split /\n/, `'$program' '$dir/sets'`;
is(scalar @verdicts, scalar @sets, 'there is a verdict on each');

my (%seen, @different);
my $schema = -1;

foreach my $i (0 .. $#sets) {
    my $theirs = substr $sets[$i], 0, 1;

    if ($theirs eq 'S') {
        $schema++;
        is($verdicts[$i], 'S', "$schemas[$schema]{name}: compiles");
        next;
    }

    $seen{$schemas[$schema]{type}}{$theirs}++;
    push @{$different[$schema]}, "ajv $theirs, here $verdicts[$i]: "
        . substr $sets[$i], 1, 400 if $theirs ne $verdicts[$i];
}

foreach my $i (0 .. $#schemas) {
    is(scalar @{$different[$i] // []}, 0, "$schemas[$i]{name}: both agree on"
        . " $count sets") or diag(map { "$_\n" } grep { defined }
        @{$different[$i]}[0 .. 4]);
}

foreach my $type (types()) {
    my ($valid, $invalid) = map { $_ // 0 } @{$seen{$type->{title}}}{1, 0};
    my $all = $valid + $invalid;

    cmp_ok($all, '>=', $count, "$type->{title}: $valid valid and $invalid"
        . ' invalid sets');
    cmp_ok($valid, '>=', 0.2 * $all, '... enough of the ones');
    cmp_ok($invalid, '>=', 0.2 * $all, '... and of the others');
}

$t->done();
