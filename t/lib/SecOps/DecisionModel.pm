package SecOps::DecisionModel;

# What a job decides, worked out from the plain list of all that happened: who
# was labelled what, and when the job was trained.  It counts again for every
# answer and shares nothing with the module, which keeps sums.
#
#     my $model = SecOps::DecisionModel->new(labels => [ 'A', 'B', 'C' ],
#         min => 10, threshold => 80, buckets => 1);
#     $model->event($id, $values);
#     $model->feedback($id, $label);      # index of the label
#     $model->train();
#     my $answer = $model->answer($id);
#
# $values is a text: events with the same text are of one bucket.  Options:
# labels, min (feedback), threshold (per cent), buckets (1: the category has
# them), processor (0: the job has no processor of its own), auto (1: feedback
# counts at once), running.

use strict;
use warnings;


sub new {
    my ($class, %opt) = @_;
    return bless { processor => 1, auto => 0, running => 0, ever => 0, %opt,
        time => 0, trained_at => 0, event => {}, vote => {}, trained => {},
        at => {}, was_at => {}, said => {} }, $class;
}


sub tick { return ++$_[0]{time} }


# An event comes, or takes the place of the one that had its id.

sub event {
    my ($self, $id, $values) = @_;
    $self->{event}{$id} = { values => $values, time => $self->tick() };
    delete $self->{said}{$id};
}


# The vote of an event goes to the bucket in which the event is now.

sub feedback {
    my ($self, $id, $label) = @_;
    my $values = $self->{event}{$id}{values};
    my $vote = $self->{vote}{$id};

    delete $self->{at}{$vote->{values}}{$id} if $vote;
    $self->{vote}{$id} = { label => $label, values => $values,
        time => $self->tick() };
    $self->{at}{$values}{$id} = 1;
}


sub said { # by a processor
    my ($self, $id, $label, $confidence) = @_;
    $self->{said}{$id} = { label => $label, confidence => $confidence };
}


sub train {
    my ($self) = @_;
    $self->{trained} = { %{$self->{vote}} };
    $self->{was_at} = {};
    $self->{was_at}{$self->{trained}{$_}{values}}{$_} = 1
        foreach keys %{$self->{trained}};
    $self->{trained_at} = $self->tick();
}


sub start { $_[0]{running} = 1 }

sub stop {
    my ($self) = @_;
    $self->{running} = 0;
    $self->{stopped} = $self->tick();
}


# Votes of the events of a bucket: label => how many.

sub votes {
    my ($self, $ids, $votes) = @_;
    my %count;
    $count{$votes->{$_}{label}}++ foreach keys %{$ids // {}};
    return \%count;
}


sub answer { # -> all that the answer says of the decision
    my ($self, $id) = @_;
    my $event = $self->{event}{$id};
    my $vote = $self->{vote}{$id};

    undef $vote if $vote && $vote->{values} ne $event->{values};

    return $self->told($vote->{label}, 100, known => 1,
        knowledge => $self->knowledge_of($id, $vote)) if $vote;

    my ($now, $then) = ({}, {});

    if ($self->{buckets}) {
        $now = $self->votes($self->{at}{$event->{values}}, $self->{vote});
        $then = $self->votes($self->{was_at}{$event->{values}},
            $self->{trained});
    }

    my %more = (known => %$now || (%$then && !$self->{auto}) ? 1 : 0,
        knowledge => $self->knowledge($now, $then));
    my $said = $self->{said}{$id};

    return $self->told($said->{label}, $said->{confidence} * 100, %more)
        if $said;

    return { %{$self->told(undef, 0, %more)}, status => 'pending_inference' }
        unless $self->{running}
            || ($self->{stopped} && $event->{time} < $self->{stopped});

    return $self->told($self->consensus($self->{auto} ? $now : $then), %more);
}


sub knowledge_of { # an event that has its own vote
    my ($self, $id, $vote) = @_;
    my $trained = $self->{trained}{$id};

    return 'In model' if $self->{auto} || $vote->{time} < $self->{trained_at};
    return 'Pending' unless $trained;
    return $trained->{label} == $vote->{label}
        && $trained->{values} eq $vote->{values} ? 'In model' : 'Retrain';
}


sub knowledge { # a bucket's
    my ($self, $now, $then) = @_;

    return %$now ? 'In model' : '' if $self->{auto};
    return 'Retrain' if grep { $then->{$_} > ($now->{$_} // 0) } keys %$then;
    return 'In model' if %$then;
    return %$now ? 'Pending' : '';
}


sub consensus { # -> label and share of the votes in per cent, or undef and 0
    my ($self, $votes) = @_;
    my ($first, $second) = sort { $votes->{$b} <=> $votes->{$a} || $a <=> $b }
        keys %$votes;
    my $feedback = keys %{$self->{auto} ? $self->{vote} : $self->{trained}};
    my $sum = 0;

    return (undef, 0) unless defined $first && $self->{processor}
        && $feedback >= $self->{min};
    return (undef, 0)
        if defined $second && $votes->{$second} == $votes->{$first};

    $sum += $_ foreach values %$votes;
    return (undef, 0)
        if $votes->{$first} * 100 < $self->{threshold} * $sum;

    return ($first, $votes->{$first} / $sum * 100);
}


sub told {
    my ($self, $label, $score, %more) = @_;
    my $rounded = int($score * 100 + 0.5 + 1e-9) / 100;

    return {
        status => 'OK',
        result => defined $label ? "label_$label" : '',
        result_label => defined $label ? $self->{labels}[$label] : '',
        confidence_score => $rounded,
        confidence_level => $rounded / 100,
        bucket_state => $more{known} ? 'known' : 'new',
        knowledge_base_state => $more{knowledge},
    };
}


1;
