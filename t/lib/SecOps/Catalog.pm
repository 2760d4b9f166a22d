package SecOps::Catalog;

# The definitions that are shipped, and for each schema in them a set of
# parameters that has no more than it must.
#
#     foreach my $type (types()) {
#         $type->{title}, $type->{'x-id'}, $type->{roles}{input}, ...
#         minimal($type->{connection});
#     }

use strict;
use warnings;

use Exporter qw(import);
use File::Basename qw(basename);
use JSON::PP;
use SecOps ();

our @EXPORT = qw(types categories role_names minimal);

my $schemas = SecOps::root() . '/ngx_secops_module/schema';


sub decode { # a file
    my ($path) = @_;
    open my $file, '<:raw', $path or die "can not read $path: $!";
    local $/;
    return decode_json(scalar <$file>);
}


# in the order of their titles; "file" is the name without ".json"

sub types {
    return sort { lc $a->{title} cmp lc $b->{title} }
        map { { %{decode($_)}, file => basename($_, '.json') } }
        glob "$schemas/integrations/*.json";
}


sub categories { return @{decode("$schemas/job-categories.json")->{categories}} }


sub role_names {
    return qw(input enrichment processor case_creation post_decision output);
}


# what the formats and patterns that are in use want

my @samples = ('https://example.com/x', 'https://hooks.slack.com/services/T/B/x',
    'https://dce-1.westeurope-1.ingest.monitor.azure.com',
    '00000000-0000-4000-8000-000000000001', 'a@example.com', 'host:9092',
    'dcr-' . '0' x 32, 'Custom-Log_CL', '19.0', 'P1D', '7d', ':robot:',
    'xoxb-1', 'U01', 'SOC', 'sample', 'sample-1', 'customfield_1');

sub value { # one that meets the schema
    my ($schema) = @_;

    return $schema->{default} if exists $schema->{default};
    return $schema->{const} if exists $schema->{const};
    return $schema->{enum}[0] if $schema->{enum};

    my $type = $schema->{type} // 'string';

    return minimal($schema) if $type eq 'object';
    return ($schema->{minimum} // 0) + 0 if $type =~ /^(?:integer|number)$/;
    return JSON::PP::false if $type eq 'boolean';
    return [map { value($schema->{items}) } 1 .. $schema->{minItems} // 0]
        if $type eq 'array';

    my $pattern = $schema->{pattern} // '';
    my $format = $schema->{format} // '';
    my ($sample) = grep { /(?:$pattern)/
        && ($format ne 'uri' || m{^https://})
        && ($format ne 'uuid' || /^0{8}-/)
        && ($format ne 'email' || /\@/) } 'sample', @samples;

    return $sample // die "no sample meets the pattern $pattern\n";
}


sub conditions { # 1 when the set meets a subschema of const, enum and required
    my ($schema, $set) = @_;

    return 0 if grep { !exists $set->{$_} } @{$schema->{required} // []};

    foreach my $name (keys %{$schema->{properties} // {}}) {
        my $wanted = $schema->{properties}{$name};
        next unless exists $set->{$name};
        return 0 unless grep { $_ eq $set->{$name} }
            $wanted->{enum} ? @{$wanted->{enum}} : $wanted->{const};
    }

    return 1;
}


sub minimal {
    my ($schema) = @_;
    my $properties = $schema->{properties};
    my @names = @{$schema->{required} // []};
    my %set;

    # what is added may make more of it required

    while (@names) {
        $set{$_} //= value($properties->{$_}) foreach @names;
        @names = ();

        foreach my $rule ($schema, @{$schema->{allOf} // []}) {
            next unless $rule->{if};
            my $branch = conditions($rule->{if}, \%set) ? 'then' : 'else';
            push @names, @{($rule->{$branch} // {})->{required} // []};
        }

        push @names, map { ref $schema->{dependencies}{$_}
                ? @{$schema->{dependencies}{$_}} : () }
            grep { exists $set{$_} } keys %{$schema->{dependencies} // {}};

        push @names, @{$schema->{anyOf}[-1]{required}}
            if $schema->{anyOf}
            && !grep { conditions($_, \%set) } @{$schema->{anyOf}};

        @names = grep { !exists $set{$_} } @names;
    }

    # nothing is required, but one of several

    if ($schema->{anyOf} && !%set) {
        $set{$_} = value($properties->{$_})
            foreach @{$schema->{anyOf}[-1]{required}};
    }

    return \%set;
}


1;
