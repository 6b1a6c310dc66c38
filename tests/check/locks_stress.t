#!/usr/bin/env perl
# The locks and the pool's queue with random pauses at every step of their protocols, by
# tests/programs/stress_locks.c: STRESS_S seconds each (CHECK=full: 60, else 1). And the same with
# locks that are broken on purpose, which it has to find.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../cli";
use Gilscope;
use Test::More;

my $full = ($ENV{CHECK} // '') eq 'full';
my $seconds = $ENV{STRESS_S} // ($full ? 60 : 1);
my $seed = $ENV{STRESS_SEED} // time;
$Gilscope::LIMIT_S = $seconds + 600;

my @cc = split ' ', $ENV{CC} // 'cc';
my @wrapped = words('pthread_mutex_lock pthread_mutex_unlock pthread_cond_signal pthread_cond_timedwait
    sem_trywait sem_wait sem_post omp_test_lock omp_set_lock omp_unset_lock poll read write syscall');
my $folder = temp_folder();

# The program, with the sources under `from` in place of the tree's.
sub build {
    my ($name, $from) = @_;
    my $made = run(@cc, words('-std=c17 -D_GNU_SOURCE -Iinclude -O2 -g -fopenmp -pthread'),
        (map { "-Wl,--wrap=$_" } @wrapped), '-o', "$folder/$name",
        "$ROOT/tests/programs/stress_locks.c", (map { glob "$from/src/$_" } qw(gil/*.c pool/*.c)),
        (map { "$ROOT/src/$_.c" } qw(error interrupt pauses trace/trace machine/clock)), '-lm');
    die "cannot build $name: $made->{err}" if $made->{exit} != 0;
    return "$folder/$name";
}

note("STRESS_SEED=$seed");
my $stress = build('stress', $ROOT);
for my $lock (qw(gil ticks critical pool)) {
    for my $threads ($full ? (2, 3, 8) : 3) {
        my $result = run($stress, $lock, $seconds / ($full ? 3 : 1), $seed, $threads, 120);
        is($result->{exit}, 0, "$lock, $threads threads, seed $seed") or diag($result->{err});
        note($result->{out});
    }
}

# Each: lock, file, what stands there, what then stands there, what is to be found, quickly or not.
my @broken = (
    ['gil', 'gil/switching.c', 'while (lock->locked) {', 'if (lock->locked) {', qr/two threads have the lock/, 1],
    ['gil', 'gil/switching.c', 'while (lock->last_holder == thread) {', 'while (false) {',
        qr/a forced switch did not switch/],
    ['gil', 'gil/switching.c', 'pthread_cond_signal(&lock->released);', '', qr/hangs/],
    ['ticks', 'gil/ticks.c', 'while (sem_wait(&lock->free) != 0 && errno == EINTR)',
        'if (sem_wait(&lock->free) != 0)', qr/two threads have the lock/, 1],
    ['ticks', 'gil/ticks.c', 'sem_post(&lock->free);', 'if (lock->base.counts.acquired != 50) sem_post(&lock->free);',
        qr/hangs/],
    ['critical', 'gil/critical.c', 'omp_set_lock(&lock->lock);', ';', qr/two threads have the lock/],
    ['pool', 'pool/pool.c', 'atomic_store_explicit(&task->state, TASK_TODO, memory_order_release);
    }
    return true;', '}
    return true;', qr/hangs/],
    ['pool', 'pool/worker.c', 'note->finished++;',
        'task->result--; note->finished++; atomic_store(&task->state, TASK_DONE); write(-1, "", 1); task->result++;',
        qr/a result is not that of its task|a task was not done once/, 1],
);

# The sources, with that one change.
sub broken_tree {
    my ($number, $file, $from, $to) = @_;
    my $tree = "$folder/tree$number";
    run('mkdir', '-p', "$tree/src");
    run('cp', '-r', "$ROOT/src/gil", "$ROOT/src/pool", "$tree/src");
    my $text = slurp("$tree/src/$file");
    my $at = index $text, $from;
    die "$file has no '$from' any more" if $at < 0;
    substr $text, $at, length $from, $to;
    spew("$tree/src/$file", $text);
    return $tree;
}

my $number = 0;
for my $mistake (@broken) {
    my ($lock, $file, $from, $to, $found, $quick) = @$mistake;
    my $what = ($to =~ s/\s+/ /gr) || 'nothing';
    next if !$full && !$quick;
    $number++;
    my $program = build("broken$number", broken_tree($number, $file, $from, $to));
    my $result = run($program, $lock, 60, $seed, 3, $found =~ /hangs/ ? 15 : 60);
    is($result->{exit}, 1, "$lock, with '$what' in $file, fails");
    like($result->{err}, $found, 'as it should');
    note($result->{err});
}
done_testing();
