#!/usr/bin/env perl
# The tests of all that uses the locks, and the locks with random pauses at every step
# (locks_stress.t), under ThreadSanitizer: clang's, since Archer, which tells it what OpenMP's own
# synchronisation orders, is part of clang's OpenMP runtime. No report is allowed.
# With CHECK=full alone: what is built for it takes a minute or two.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../cli", $FindBin::Bin;
use Gilscope;
use Needs;
use Stress;
use Test::More;

plan skip_all => 'builds all again with clang: only with CHECK=full (make check-locks)'
    if !$FULL;
needs(have('clang'), 'clang');
my ($archer) = grep { -e } run(words('clang -print-file-name=libarcher.so'))->{out} =~ /(\S+)/,
    reverse sort glob '/usr/lib/llvm-*/lib/libarcher.so';
needs(defined $archer, "libarcher.so, of clang's OpenMP runtime,");

# ignore_noninstrumented_modules: libomp and hwloc are not compiled for ThreadSanitizer, which then
# sees some of their steps and not those that order them. With it, what those libraries do inside
# is not looked at. It hides no race of ours: every line of ours is compiled for ThreadSanitizer,
# and what orders our lines is seen: pthreads' and semaphores' calls from our own code as ever,
# OpenMP's locks and regions by way of Archer. There is no list of suppressions, here or in the
# source; that races are found in this very set-up is shown below.
# report_thread_leaks: a forked worker inherits the record of a thread that its parent had at that
# moment, and would be told to have left it behind. That is no race.
my %env = (
    OMP_TOOL_LIBRARIES => $archer,
    TSAN_OPTIONS => 'ignore_noninstrumented_modules=1:report_thread_leaks=0',
    ARCHER_OPTIONS => 'verbose=1',
);
my $report = qr/ThreadSanitizer/;
my $folder = temp_folder();
$Gilscope::LIMIT_S = 900;

# Threads that count in plain memory, with what is between.
sub counting {
    my ($name, $flags, $lines) = @_;
    spew("$folder/$name.c", $lines);
    my $made = run(words("clang -std=c17 -D_GNU_SOURCE -Iinclude -O1 -g -fopenmp -pthread -fsanitize=thread $flags -o"),
        "$folder/$name", "$folder/$name.c", glob('src/gil/*.c'), map { "src/$_.c" } qw(error trace/trace machine/clock));
    die "cannot build $name: $made->{err}" if $made->{exit} != 0;
    return run({env => \%env}, "$folder/$name");
}

my $of_locks = <<'END';
#include "gilscope/gil.h"
#include <pthread.h>
#include <stdio.h>
static struct gil *gil;
static long counter;
static void *count(void *id)
{
    for (int i = 0; i < 1000; i++) {
        if (LOCKED) gil_acquire(gil, (unsigned)(size_t)id);
        counter++;
        if (LOCKED) gil_release(gil, (unsigned)(size_t)id);
    }
    return NULL;
}
int main(void)
{
    struct gil_config config = {.switch_interval_s = 1e-3};
    struct error error;
    if (!gil_create(&gil, gil_kinds[KIND], &config, &error)) return 9;
    if (PTHREADS) {
        pthread_t other;
        if (pthread_create(&other, NULL, count, (void *)1) != 0) return 9;
        count(NULL);
        pthread_join(other, NULL);
    } else {
        #pragma omp parallel for num_threads(2) schedule(static, 1)
        for (int t = 0; t < 2; t++) count((void *)(size_t)t);
    }
    gil_destroy(gil);
    return 0;
}
END

subtest 'a race is reported, and a lock is understood' => sub {
    for my $kind (0 .. 2) {
        for my $pthreads (0, 1) {
            my $what = "lock $kind, " . ($pthreads ? 'pthreads' : 'OpenMP');
            my $flags = "-DKIND=$kind -DPTHREADS=$pthreads";
            my $raced = counting('raced', "$flags -DLOCKED=0", $of_locks);
            like($raced->{err}, qr/ThreadSanitizer: data race/, "$what: left out, a race is reported");
            isnt($raced->{exit}, 0, 'and the program fails');
            my $locked = counting('locked', "$flags -DLOCKED=1", $of_locks);
            unlike($locked->{err}, $report, "$what: with it, none") or diag($locked->{err});
            is($locked->{exit}, 0, 'and the program does not fail');
        }
    }
};

my @tests = qw(test_gil test_pool test_run test_trace test_convoy);
my $build = '.build/clang-thread/tests';
my $made = run(words('make -s CC=clang SANITIZE=thread'), map { "$build/$_" } @tests);
is($made->{exit}, 0, 'the tests, built by clang for ThreadSanitizer') or diag($made->{err});
for my $test (@tests) {
    my $result = run({env => \%env}, "$build/$test");
    my $said = $result->{out} . $result->{err};
    is($result->{exit}, 0, "$test passes") or diag($said);
    unlike($said, $report, "$test: no report");
    like($said, qr/Archer detected OpenMP application with TSan/, 'Archer was there') if $test ne 'test_pool';
}

# The pauses have threads meet where they else hardly do, and ThreadSanitizer sees what they touch
# there even if nothing comes of it. The pool's workers are processes, between which it sees nothing:
# of it this is only that its parent is sound.
my $seed = $ENV{STRESS_SEED} // time;
my @cc = words('clang -O1 -g -fsanitize=thread');
note("STRESS_SEED=$seed");
for my $lock (qw(gil ticks critical pool)) {
    my $result = run({env => \%env}, stress_command(stress_program(\@cc, $lock), $lock, 10, $seed, 3, 120));
    my $said = $result->{out} . $result->{err};
    is($result->{exit}, 0, "$lock, with pauses, passes") or diag($said);
    unlike($said, $report, "$lock, with pauses: no report");
    note($result->{out});
}

# Mistakes that may break nothing for hours: what, lock, file, what stands there, what then does.
my @mistakes = (
    ['released outside the mutex, signalled inside', 'gil', 'gil/switching.c', 'lock->locked = false;
    pthread_cond_signal(&lock->released);', 'unlock_mutex(lock);
    lock->locked = false;
    lock_mutex(lock);
    pthread_cond_signal(&lock->released);'],
    ['released after the mutex is unlocked', 'gil', 'gil/switching.c', 'lock->locked = false;
    pthread_cond_signal(&lock->released);
    unlock_mutex(lock);', 'unlock_mutex(lock);
    lock->locked = false;
    pthread_cond_signal(&lock->released);'],
    ['counted after the mutex is unlocked', 'gil', 'gil/switching.c', '    if (forced) {
        count_forced(lock);
    }
    unlock_switch_mutex(lock);', '    unlock_switch_mutex(lock);
    if (forced) {
        count_forced(lock);
    }'],
    ['the holder written after the post', 'ticks', 'gil/ticks.c', 'sem_post(&lock->free);', 'sem_post(&lock->free);
    lock->last_holder = thread;'],
    ['counted before the lock is set', 'critical', 'gil/critical.c', '    if (contended) {', '    gil->counts.contended += contended;
    if (contended) {'],
);
for my $of (@mistakes) {
    my ($what, $lock, $file, $from, $to) = @$of;
    my $program = stress_program(\@cc, $lock, {file => $file, from => $from, to => $to});
    my $halting = $env{TSAN_OPTIONS} . ':halt_on_error=1';
    my $result = run({env => {%env, TSAN_OPTIONS => $halting}}, stress_command($program, $lock, 60, $seed, 3, 120));
    like($result->{err}, qr/ThreadSanitizer: data race/, "$lock, $what: reported");
    isnt($result->{exit}, 0, 'and the program fails');
}
done_testing();
