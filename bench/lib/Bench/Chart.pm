package Bench::Chart;

# docs/performance.svg: processor time for one record, server and Redis.

use strict;
use warnings;
use utf8;

use Encode qw(encode);

use Bench::Figures;

# places in the picture
my ($width, $left, $right, $top, $step, $bar) = (880, 226, 284, 98, 44, 24);


sub bars {
    my ($result) = @_;
    my ($rows, $conns) = @$result{qw(rows middle)};
    my @bars = map { [ Bench::Figures::label($_), "$_ $conns" ] }
        @{$result->{targets}};

    push @bars, [ 'this module, in batches', 'batch 1000' ];

    # the sum of what is shown, not the median of sums
    return sort { $a->{both} <=> $b->{both} } map {
        my ($label, $case) = @$_;
        my ($server, $redis) = map {
            sprintf '%.1f', Bench::Figures::median($rows, $case, $_)
        } qw(server redis);
        { label => $label, case => $case, server => $server + 0,
            redis => $redis + 0, both => $server + $redis }
    } grep { Bench::Figures::measured($rows, $_->[1]) } @bars;
}


sub bar {
    my ($bar, $index, $scale, $module) = @_;
    my $y = $top + $index * $step;
    my $middle = $y + 17;
    my $server = $bar->{server} * $scale;
    my $redis = $bar->{redis} * $scale;
    my $own = $bar->{label} =~ /^this/ ? ' own' : '';
    my $times = $bar->{case} =~ /^(?:nginx|module|batch) / || !$module ? ''
        : sprintf ' (%.1f ×)', $bar->{both} / $module;

    return sprintf(qq{<text class="name$own" x="%d" y="%d">%s</text>\n},
            $left - 12, $middle, $bar->{label})
        . rect("server$own", $left, $y, $server)
        . rect("redis$own", $left + $server, $y, $redis)
        . sprintf(qq{<text class="value$own" x="%.1f" y="%d">%s µs%s</text>\n},
            $left + $server + $redis + 8, $middle, sum($bar), $times);
}


sub sum { # 12.7 + 10.3 = 23.0
    my ($bar) = @_;
    my @parts = map { sprintf '%.1f', $bar->{$_} } qw(server redis);
    return $bar->{redis} ? "$parts[0] + $parts[1] = "
        . sprintf('%.1f', $bar->{both}) : $parts[0];
}


sub rect {
    my ($class, $x, $y, $long) = @_;
    return $long < 0.05 ? '' : sprintf qq{<rect class="%s" x="%.1f" y="%d" }
        . qq{width="%.1f" height="%d"/>\n}, $class, $x, $y, $long, $bar;
}


sub svg {
    my ($result) = @_;
    my @bars = bars($result);
    my $height = $top + @bars * $step + 30;
    my $longest = @bars ? $bars[-1]{both} : 1;
    my ($module) = map { $_->{both} } grep { $_->{case} =~ /^module / } @bars;
    my $scale = ($width - $left - $right) / $longest;
    my $index = 0;
    my $drawn = join '', map { bar($_, $index++, $scale, $module) } @bars;
    my $foot = $height - 14;
    my @swatch = map { $left + $_ } 14, 32, 92, 106, 124;
    my $conns = Bench::Figures::connections($result->{middle});

    return encode('UTF-8', <<"END");
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 $width $height" width="$width" height="$height" role="img" aria-labelledby="title">
<title id="title">Processor time for one stored record, in microseconds: server and Redis</title>
<style>
text { font: 15px system-ui, "Segoe UI", Helvetica, Arial, sans-serif; fill: #1f2328; }
.title { font-size: 18px; font-weight: 600; }
.soft { font-size: 13px; fill: #59636e; }
.name { text-anchor: end; }
.own { font-weight: 600; }
.ground { fill: #ffffff; }
.server { fill: #9aa7b5; }
.redis { fill: #d5dce3; }
.server.own { fill: #0b66c3; }
.redis.own { fill: #8fc1f2; }
\@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc; }
.soft { fill: #9198a1; }
.ground { fill: #0d1117; }
.server { fill: #6e7a87; }
.redis { fill: #3b444e; }
.server.own { fill: #4aa3ff; }
.redis.own { fill: #1f5a94; }
}
</style>
<rect class="ground" width="$width" height="$height" rx="6"/>
<text class="title" x="20" y="32">Processor time for one stored record of 1 KB</text>
<text class="soft" x="20" y="55">$conns; shorter is better</text>
<rect class="server own" x="$left" y="67" width="12" height="12"/><rect class="server" x="$swatch[0]" y="67" width="12" height="12"/>
<text class="soft" x="$swatch[1]" y="78">server</text>
<rect class="redis own" x="$swatch[2]" y="67" width="12" height="12"/><rect class="redis" x="$swatch[3]" y="67" width="12" height="12"/>
<text class="soft" x="$swatch[4]" y="78">Redis</text>
$drawn<text class="soft" x="20" y="$foot">× this module: server and Redis together. nginx alone throws the record away. In batches of 1000, for each record.</text>
</svg>
END
}


1;
