#!/usr/bin/env perl
# The models of the locks in tests/models/, searched by Spin from end to end: what is said of them
# holds; what is said to fail fails; and a mistake made on purpose, one for each property, is found.
# With CHECK=full all of it, a few minutes and 2 GiB; else what is quick.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin, "$FindBin::Bin/../cli";
use Gilscope;
use Needs;
use Test::More;

needs(have('spin'), 'spin');
my ($cc) = have('gcc') ? 'gcc' : split ' ', $ENV{CC} // 'cc';
my $memory_mib = 3000;
$Gilscope::LIMIT_S = 600;

# What Spin says where a property fails.
my %fails = (
    'mutual exclusion' => qr/assertion violated \((?:holders==1|in_hands\[t\]==1)\)/,
    'unlocked by its owner' => qr/assertion violated \((?:switch_)?mutex==_pid\)/,
    'a forced switch switches' => qr/assertion violated \(dropped_on_request!=/,
    'exactly once' => qr/assertion violated \(\(state\[t\]==1\)&&\(times_done\[t\]==1\)\)/,
    'begun once for each death' => qr/assertion violated \(\(begun\[t\]>=1\)&&\(begun\[t\]<=\(1\+deaths\[t\]\)\)\)/,
    'the result is there' => qr/assertion violated \(result\[t\]==list\)/,
    'at rest' => qr/assertion violated\s+!\(unrested\[t\]\)/,
    'lost work is told' => qr/assertion violated\s+!\(died_unrested\)/,
    deadlock => qr/invalid end state/,
    no_lost_wake_up => qr/assertion violated\s+!\( ?!\(/,
    map { $_ => qr/acceptance cycle/ } qw(in_the_end moves somebody),
);

# [model, its -D, property, how it ends, quick]. The property: 'safety' is all assertions and
# deadlock; else an ltl of the model. It ends well ('holds'), or with a failure named above.
my $weak = '-DCOMPUTING';                   # the fairness assumed: see the head of each model
my $fair = '-DCOMPUTING -DFAIR_MUTEX';
my $calm = '-DCOMPUTING -DCALM';
my @holds = (
    (map { my $quick = $_ == 2; (
        ['gil', "-DTHREADS=$_", 'safety', 'holds', $quick],
        ['gil', "-DTHREADS=$_", 'no_lost_wake_up', 'holds'],
        ['gil', "-DTHREADS=$_ -DSIGNALS_GET_LOST", 'safety', 'holds'],
        ['gil', "-DTHREADS=$_ $fair", 'moves', 'holds'],
        ['gil', "-DTHREADS=$_ $fair -DSIGNALS_GET_LOST", 'moves', 'holds'],
        ['gil', "-DTHREADS=$_ $calm", 'in_the_end', 'holds'],
        ['ticks', "-DTHREADS=$_", 'safety', 'holds', $quick],
        ['ticks', "-DTHREADS=$_", 'no_lost_wake_up', 'holds'],
        ['ticks', "-DTHREADS=$_ -DLIVENESS", 'somebody', 'holds'],
    ) } 2, 3),
    ['gil', "-DTHREADS=2 $fair", 'in_the_end', 'holds'],
    ['gil', "-DTHREADS=2 $fair -DSIGNALS_GET_LOST", 'in_the_end', 'holds'],
    ['pool', '-DWORKERS=2 -DTASKS=1 -DLISTS=1', 'safety', 'holds', 1],
    ['pool', '-DWORKERS=2 -DLISTS=1', 'safety', 'holds'],
    ['pool', '-DWORKERS=2 -DLISTS=1', 'no_lost_wake_up', 'holds'],
    ['pool', '-DWORKERS=2 -DLISTS=1 -DONLY_WAKES', 'in_the_end', 'holds'],
    ['pool', '-DWORKERS=2', 'safety', 'holds'],
    ['pool', '-DWORKERS=2', 'no_lost_wake_up', 'holds'],
    ['pool', '-DWORKERS=2 -DONLY_WAKES', 'in_the_end', 'holds'],
    ['pool', '-DWORKERS=2 -DLISTS=1 -DDEATHS=2 -DONLY_WAKES', 'safety', 'holds'],
    ['pool', '-DWORKERS=3 -DDEATHS=0 -DONLY_WAKES', 'safety', 'holds'],
    ['pool', '-DWORKERS=3 -DTASKS=1 -DLISTS=1 -DONLY_WAKES', 'safety', 'holds'],
);

# What the protocols do not promise, and Spin shows. If one of these held, a head would be wrong.
my @not_promised = (
    ['gil', "-DTHREADS=2 $weak", 'moves', 'moves'],            # mutexes that may be unfair
    ['gil', "-DTHREADS=3 $fair", 'in_the_end', 'in_the_end'],  # signals that may be
    ['gil', "-DTHREADS=2 $calm -DWAITING_TOO", 'in_the_end', 'in_the_end'],
    ['ticks', '-DTHREADS=2 -DLIVENESS', 'in_the_end', 'in_the_end'],
);

my @mistakes = (
    ['gil', 'WAIT_WITHOUT_LOOP', '', 'safety', 'mutual exclusion', 1],
    ['gil', 'NO_RESET', '', 'safety', 'deadlock', 1],
    ['gil', 'NO_FORCED_SWITCH', '', 'safety', 'a forced switch switches', 1],
    ['gil', 'SIGNAL_BEFORE_STORE', '', 'no_lost_wake_up', 'no_lost_wake_up', 1],
    ['gil', 'NO_SIGNAL_OF_SWITCH', '', 'no_lost_wake_up', 'no_lost_wake_up'],
    ['gil', 'SWITCH_MUTEX_NOT_TAKEN', '', 'safety', 'unlocked by its owner', 1],
    ['gil', 'NO_REQUEST', $fair, 'moves', 'moves'],
    ['gil', 'NO_REQUEST', $calm, 'in_the_end', 'in_the_end'],
    ['ticks', 'WAIT_WITHOUT_LOOP', '', 'safety', 'mutual exclusion'],
    ['ticks', 'LOOK_THEN_TAKE', '', 'safety', 'mutual exclusion'],
    ['ticks', 'NO_POST', '', 'safety', 'deadlock'],
    ['ticks', 'SIGNAL_BEFORE_STORE', '', 'no_lost_wake_up', 'no_lost_wake_up'],
    ['ticks', 'SLEEP_WITHOUT_LOOK', '-DLIVENESS', 'somebody', 'somebody'],
    ['pool', 'GIVES_BACK_OTHERS', '-DLISTS=1', 'safety', 'mutual exclusion', 1],
    ['pool', 'LOSES_NO_WORK', '-DLISTS=1', 'safety', 'lost work is told', 1],
    ['pool', 'FINISHED_AFTER_DONE', '-DLISTS=1', 'safety', 'lost work is told'],
    ['pool', 'NO_WAKE_AFTER_GIVING_BACK', '-DLISTS=1', 'safety', 'at rest'],
    ['pool', 'DEATHS_NOT_COUNTED', '-DLISTS=1', 'safety', 'begun once for each death'],
    ['pool', 'CLAIM_IN_TWO_STEPS', '', 'safety', 'exactly once'],
    ['pool', 'DONE_BEFORE_RESULT', '', 'safety', 'the result is there'],
    ['pool', 'NO_GIVING_BACK', '', 'safety', 'deadlock'],
    ['pool', 'NO_GIVING_BACK', '-DLISTS=1 -DONLY_WAKES', 'in_the_end', 'in_the_end'],
    ['pool', 'NO_WAKE_UP_FOR_THE_SECOND', '-DONLY_WAKES', 'in_the_end', 'in_the_end'],
    ['pool', 'GENERATION_READ_LATE', '', 'safety', 'at rest'],
    ['pool', 'SIGNAL_BEFORE_STORE', '', 'no_lost_wake_up', 'no_lost_wake_up'],
);

# A model is of the C that stands there: under the heading of a file each inline has the name of one of
# its functions.
for my $model (qw(gil ticks pool)) {
    my (undef, %inlines) = split m{^/\* ---- (.+) ---- \*/\n}m, slurp("$ROOT/tests/models/$model.pml");
    for my $file (grep { m{^src/} } sort keys %inlines) {
        my $c = slurp("$ROOT/$file");
        my @names = $inlines{$file} =~ /^(?:inline|active \[WORKERS\] proctype) (\w+)\(/mg;
        is_deeply([grep { $c !~ /^\w[^;{]*\b$_\([^;{]*\)[^;{]*\n\{/m } @names], [], "$model.pml has the names of $file");
        cmp_ok(scalar(@names), '>=', 2, 'some of them');
    }
}

my $folder = temp_folder();
my %verifiers;

# The verifier that Spin makes of a model with these -D, compiled once: for safety without the
# claims, beside which pan looks for no deadlock.
sub verifier {
    my ($model, $defines, $safety) = @_;
    return $verifiers{"$model $defines $safety"} //= do {
        my $here = "$folder/" . keys %verifiers;
        mkdir $here or die "cannot make $here: $!";
        my $made = run({cd => $here}, 'spin', words($defines), '-a', "$ROOT/tests/models/$model.pml");
        die "spin: $made->{out}$made->{err}" if $made->{exit} != 0 || !-e "$here/pan.c";
        # The few that have millions of states are worth an optimising compiler.
        my @options = $model eq 'pool' && $defines !~ /MISTAKE/ ? words('-O1 -DCOLLAPSE') : '-O0';
        push @options, words('-DSAFETY -DNOCLAIM') if $safety;
        $made = run({cd => $here}, $cc, @options, words("-w -DMEMLIM=$memory_mib -DVECTORSZ=1024 -o pan pan.c"));
        die "$cc: $made->{err}" if $made->{exit} != 0;
        $here;
    };
}

# The search: all of Spin's output.
sub search {
    my ($model, $defines, $property) = @_;
    my $here = verifier($model, $defines, $property eq 'safety' ? 1 : 0);
    my @what = $property eq 'safety' ? () : ('-N', $property);
    push @what, '-a', '-f' if $property =~ /^(?:in_the_end|moves|somebody)$/;
    return run({cd => $here}, './pan', '-m2000000', @what)->{out};
}

# The steps of the processes that no run ever took: none, or what is proved is of a model that does
# nothing.
sub never_taken {
    my ($out) = @_;
    $out =~ s/^unreached in (?:claim|init).*//ms;
    return join "\n", grep { /^\t\S+:\d+, state/ && !/"-end-"/ } split /\n/, $out;
}

sub holds {
    my ($out, $property, $name) = @_;

    subtest $name => sub {
        like($out, qr/errors: 0$/m, 'no error') or diag($out);
        like($out, qr/^Full statespace search/m, 'all states searched, none by a hash alone');
        unlike($out, qr/search depth too small|not completed|out of memory|VECTORSZ|warning/i, 'to the end');
        like($out, qr/^\s*invalid end states\s+\+/m, 'looked for deadlocks') if $property eq 'safety';
        is(never_taken($out), '', 'every step of the model was taken')
            if $property eq 'safety' && $name !~ /DEATHS=0/;
        my ($states) = $out =~ /^\s*(\d+) states, stored/m;
        my ($seconds) = $out =~ /elapsed time ([\d.]+)/;
        cmp_ok($states, '>', 100, "$states states") and note("$states states, $seconds s");
    };
    return;
}

sub check {
    my ($model, $defines, $property, $ends) = @_;
    my $out = search($model, $defines, $property);
    my $name = "$model $defines: $property";

    return holds($out, $property, $name) if $ends eq 'holds';
    like($out, qr/^pan:\d*:? ?$fails{$ends}/m, "$name: fails, by $ends") or diag($out);
    return;
}

for my $run (@holds, $FULL ? @not_promised : ()) {
    check(@$run[0 .. 3]) if $FULL || $run->[4];
}
for my $mistake (@mistakes) {
    my ($model, $what, $defines, $property, $ends, $quick) = @$mistake;
    check($model, "-DMISTAKE_$what $defines", $property, $ends) if $FULL || $quick;
}
done_testing();
