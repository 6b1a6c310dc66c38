package Stress;

# Builds the stress programs of tests/programs/ (stress.h), of the locks and the pool as they are, or
# with a mistake made on purpose.

use strict;
use warnings;

use Exporter qw(import);
use FindBin;
use lib "$FindBin::Bin/../cli";
use Gilscope;

our @EXPORT = qw(stress_program stress_command);

# What each program is made of: its steps are what the linker wraps, and the atomics of `paused`.
my %parts = (
    locks => {
        paused => 'gil',
        others => [words('error trace/trace machine/clock')],
        wrapped => [words('pthread_mutex_lock pthread_mutex_unlock pthread_cond_signal pthread_cond_timedwait
            sem_trywait sem_wait sem_post omp_test_lock omp_set_lock omp_unset_lock')],
    },
    pool => {
        paused => 'pool',
        others => [words('error interrupt pauses')],
        wrapped => [words('poll read write syscall')],
    },
);

my $folder = temp_folder();
my $files = 0;
my %objects;

sub must {
    my $made = run(@_);
    die "cannot build: $made->{err}" if $made->{exit} != 0;
    return;
}

# An object, compiled once: [compiler and its flags], source, what only this one needs.
sub object {
    my ($cc, $source, @flags) = @_;
    return $objects{"@$cc @flags $source"} //= do {
        my $to = "$folder/" . $files++ . '.o';
        must(@$cc, words("-std=c17 -D_GNU_SOURCE -I$ROOT/include -fopenmp -pthread"), @flags, '-c', '-o', $to, $source);
        $to;
    };
}

# A source with that one change: {file, from, to}.
sub changed {
    my ($mistake) = @_;
    my $text = slurp("$ROOT/src/$mistake->{file}");
    my $at = index $text, $mistake->{from};
    die "$mistake->{file} has no '$mistake->{from}' any more" if $at < 0;
    substr $text, $at, length $mistake->{from}, $mistake->{to};
    return spew("$folder/" . $files++ . '.c', $text);
}

# The program for this lock, or 'pool', by [compiler and its flags]; with a mistake, if one is given.
sub stress_program {
    my ($cc, $lock, $mistake) = @_;
    my $name = $lock eq 'pool' ? 'pool' : 'locks';
    my $part = $parts{$name};
    my @pausing = ('-include', "$ROOT/tests/programs/stress_atomics.h", '-iquote', "$ROOT/src/$part->{paused}");
    my @sources = map { "$part->{paused}/$_" } grep { /\.c$/ } names_in("$ROOT/src/$part->{paused}");
    my $changed = $mistake && changed($mistake);
    my $program = "$folder/" . $files++;

    must(@$cc, words('-fopenmp -pthread'), (map { "-Wl,--wrap=$_" } @{$part->{wrapped}}), '-o', $program,
        object($cc, "$ROOT/tests/programs/stress_$name.c"),
        (map { object($cc, $mistake && $_ eq $mistake->{file} ? $changed : "$ROOT/src/$_", @pausing) } @sources),
        (map { object($cc, "$ROOT/src/$_.c") } @{$part->{others}}), '-lm');
    return $program;
}

# Its command line: for so many seconds, from this seed on, with up to so many threads; a round that
# takes longer than the watchdog's seconds hangs.
sub stress_command {
    my ($program, $lock, $seconds, $seed, $threads, $watchdog) = @_;
    return ($program, $lock eq 'pool' ? () : $lock, $seconds, $seed, $threads, $watchdog);
}

1;
