#!/usr/bin/env perl
# The locks and the pool's queue with random pauses at every step of their protocols, by
# tests/programs/stress_locks.c and stress_pool.c: STRESS_S seconds each (CHECK=full: 60, else 1).
# And the same with mistakes made on purpose, which they have to find.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../cli", $FindBin::Bin;
use Gilscope;
use Stress;
use Test::More;

my $full = ($ENV{CHECK} // '') eq 'full';
my $seconds = $ENV{STRESS_S} // ($full ? 60 : 1);
my $seed = $ENV{STRESS_SEED} // time;
$Gilscope::LIMIT_S = $seconds + 600;

my @cc = (split(' ', $ENV{CC} // 'cc'), words('-O1 -g'));

# Quickly: the next ones are built while these run.
my @running;

sub finish_first {
    my ($job, $check) = @{shift @running};
    $check->(finish($job));
    return;
}

sub launch {
    my ($check, @command) = @_;
    push @running, [start(@command), $check];
    finish_first() while @running > ($full ? 0 : 2);
    return;
}

note("STRESS_SEED=$seed");
for my $lock (qw(gil ticks critical pool)) {
    my $program = stress_program(\@cc, $lock);
    for my $threads ($full ? (2, 3, 8) : 3) {
        launch(sub {
            my ($result) = @_;
            is($result->{exit}, 0, "$lock, up to $threads threads, seed $seed") or diag($result->{err});
            note($result->{out});
        }, stress_command($program, $lock, $seconds / ($full ? 3 : 1), $seed, $threads, 120));
    }
}

# Each: what it is; the lock, the file, what stands there, what then stands there; what is to be
# found; quickly or not.
my @mistakes = (
    ['a wait without its loop', 'gil', 'gil/switching.c', 'while (lock->locked) {', 'if (lock->locked) {',
        qr/two threads have the lock/, 1],
    ['no wait for the switch', 'gil', 'gil/switching.c', 'while (lock->last_holder == thread) {', 'while (false) {',
        qr/a forced switch did not switch/, 1],
    ['no signal when released', 'gil', 'gil/switching.c', 'pthread_cond_signal(&lock->released);', '', qr/hangs/],
    ['no signal of the switch', 'gil', 'gil/switching.c', 'pthread_cond_signal(&lock->switched);', '', qr/hangs/, 1],
    ['no request is made', 'gil', 'gil/switching.c',
        'atomic_store_explicit(&lock->drop_request, true, memory_order_relaxed);', '', qr/never in \d+ rounds: asked/, 1],
    ['a request is not reset', 'gil', 'gil/switching.c',
        'atomic_store_explicit(&lock->drop_request, false, memory_order_relaxed);', '', qr/hangs/],
    ['released outside the mutex', 'gil', 'gil/switching.c', 'lock->locked = false;
    pthread_cond_signal(&lock->released);
    unlock_mutex(lock);', 'unlock_mutex(lock);
    lock->locked = false;
    pthread_cond_signal(&lock->released);', qr/hangs/],
    ['requests that are not counted', 'gil', 'gil/switching.c', 'gil->counts.requested += requests;', '(void)requests;',
        qr/counts do not agree|never in \d+ rounds: requested/],
    ['a wait that a signal ends', 'ticks', 'gil/ticks.c', 'while (sem_wait(&lock->free) != 0 && errno == EINTR)',
        'if (sem_wait(&lock->free) != 0)', qr/two threads have the lock/, 1],
    ['a post is left out', 'ticks', 'gil/ticks.c', 'sem_post(&lock->free);',
        'if (lock->base.counts.acquired != 50) sem_post(&lock->free);', qr/hangs/],
    ['no lock', 'critical', 'gil/critical.c', 'omp_set_lock(&lock->lock);', ';', qr/two threads have the lock/],
    ['nothing is given back', 'pool', 'pool/pool.c',
        'atomic_store_explicit(&task->state, TASK_TODO, memory_order_release);
    }
    return true;', '}
    return true;', qr/hangs/],
    ['nobody is woken after giving back', 'pool', 'pool/pool.c', 'if (held) {
        /* Not', 'if (false) {
        /* Not', qr/a worker has not rested/],
    ['others\' tasks are given back', 'pool', 'pool/pool.c', '!= TASK_TAKEN + id) {', '< TASK_TAKEN) {',
        qr/a task was not done once|more deaths than kills/, 1],
    ['done before the result', 'pool', 'pool/worker.c', 'task->result = job->task(job->context, id, task->argument);',
        'atomic_store(&task->state, TASK_DONE); task->result = job->task(job->context, id, task->argument);',
        qr/a result is not that of its task|a task was not done once|a worker has not rested/, 1],
    ['a claim in two steps', 'pool', 'pool/worker.c',
        'atomic_compare_exchange_strong_explicit(&task->state, &todo, TASK_TAKEN + id,
                                                    memory_order_acquire,
                                                    memory_order_relaxed)',
        '(atomic_store_explicit(&task->state, TASK_TAKEN + id, memory_order_relaxed), todo == TASK_TODO)',
        qr/a task was not done once|a death was not counted/, 1],
    ['the generation is read late', 'pool', 'pool/worker.c',
        'unsigned generation = atomic_load_explicit(&shared->generation, memory_order_acquire);

        do_tasks(shared, note, job, id);',
        'do_tasks(shared, note, job, id);
        unsigned generation = atomic_load_explicit(&shared->generation, memory_order_acquire);',
        qr/hangs|a worker has not rested/],
    ['not waited for the workers\' rest', 'pool', 'pool/pool.c', 'pool->done_before == published && w < pool->workers',
        'false && w < pool->workers', qr/a worker has not rested/, 1],
    ['no rest', 'pool', 'pool/worker.c', 'if (any && job->rest != NULL) {', 'if (false) {',
        qr/a worker has not rested/],
    ['woken before there is anything new', 'pool', 'pool/pool.c',
        'atomic_fetch_add_explicit(&shared->generation, 1, memory_order_release);
    syscall(SYS_futex, &shared->generation, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);',
        'syscall(SYS_futex, &shared->generation, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
    atomic_fetch_add_explicit(&shared->generation, 1, memory_order_release);', qr/hangs/],
    ['the parent is not told of who is idle', 'pool', 'pool/worker.c', 'if (write(tell, "", 1) < 0 && errno == EPIPE) {',
        'if (atomic_load(&shared->published) == 0 && write(tell, "", 1) < 0 && errno == EPIPE) {', qr/hangs/],
);

# Those too that are only made in full: who changes the C is told at once.
for my $of (@mistakes) {
    my ($what, undef, $file, $from) = @$of;
    cmp_ok(index(slurp("$ROOT/src/$file"), $from), '>=', 0, "$what: $file has that place");
}
for my $of (grep { $full || $_->[-1] eq '1' } @mistakes) {
    my ($what, $lock, $file, $from, $to, $found) = @$of;
    my $program = stress_program(\@cc, $lock, {file => $file, from => $from, to => $to});
    launch(sub {
        my ($result) = @_;
        is($result->{exit}, 1, "$lock, $what: fails");
        like($result->{err}, $found, 'as it should');
        note($result->{err});
    }, stress_command($program, $lock, 60, $seed, 3, $found !~ /hangs/ ? 60 : $full ? 15 : 2));
}
finish_first() while @running;
done_testing();
