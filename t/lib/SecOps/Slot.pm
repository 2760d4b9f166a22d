package SecOps::Slot;

# The slot of a key in a Redis Cluster, by the book: CRC-16 of its hash tag.

use strict;
use warnings;

use parent 'Exporter';

our @EXPORT_OK = qw(slot);


sub slot { # of a key
    my ($key) = @_;
    $key = $1 if $key =~ /\A[^{]*\{([^}]+)\}/;

    my $crc = 0;

    foreach my $byte (unpack 'C*', $key) {
        $crc ^= $byte << 8;
        $crc = $crc & 0x8000 ? ($crc << 1 ^ 0x1021) & 0xffff
            : $crc << 1 & 0xffff for 1 .. 8;
    }

    return $crc % 16384;
}


1;
