# make tree: what the source tree looks like from above, in figures, and the
# files that use each other in a circle.  t/001-tree.t holds the rules.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";

use SecOps::Tree qw(layer %BELOW);

my $top = "$FindBin::Bin/../../ngx_secops_module";
my $tree = SecOps::Tree->new($top);

my @files = $tree->files;
my @circles = $tree->circles;
my @upward = $tree->upward(\%BELOW);
my @lengths = sort { $a <=> $b } map { $_->{lines} } @{$tree->functions};
my %folders = $tree->folders;
my ($fullest) = sort { $folders{$b} <=> $folders{$a} || $a cmp $b }
    keys %folders;

my $circling = 0;
$circling += @$_ foreach @circles;


sub quantile { return $lengths[int(@lengths * $_[0])] }

sub row { printf "%-44s %s\n", @_ }


row('files in circles of calls, largest circle',
    "$circling of " . @files . ', ' . (@circles ? scalar @{$circles[0]} : 0));
row('calls from a lower to a higher layer', scalar @upward);
row('files in the fullest folder', "$folders{$fullest} ($fullest)");
row('lines of code', $tree->code);
row('functions: number, median, p90, longest',
    join ', ', scalar @lengths, quantile(0.5), quantile(0.9), $lengths[-1]);

print "\nupward: $_" foreach @upward;
print "\n" if @upward;

foreach my $circle (@circles) {
    print "\n", scalar @$circle, " in a circle:\n";
    print "    $_\n" foreach @$circle;
}
