/* The protocol of the lock `ticks` (src/gil/ticks.c), for Spin: run by tests/check/locks_models.t.
 *
 * Modelled: acquire and release, for THREADS threads that ask again and again, and may leave for
 * ever when they do not hold the lock; and the semaphore `free` as glibc makes it: a value with
 * the number of those that wait, changed in one atomic step, and a futex to sleep on, whose
 * EINTR ends sem_wait. Left out: counts and traces.
 *
 * Assumptions
 * - Atomic steps are seen as by one memory; a futex compares and goes to sleep in one step.
 * - A post wakes one of those that sleep, any one, if any does. A sleep may end by itself at any
 *   time, by a signal's handler or for nothing; and it may not: each decides when it
 *   begins whether only a post is to end it, so that a deadlock cannot hide.
 * - Fairness, which only the properties of the second kind need: a thread that can go on goes on
 *   (weak fairness, pan -f), and in these runs sleeps end by a post alone.
 *
 * Properties of the first kind (safety)
 *   assertions       mutual exclusion
 *   invalid end      no deadlock
 *   no_lost_wake_up  nobody sleeps for a lock that is free while nobody is on the way who would
 *                    take it or wake the sleeper
 * and of the second (liveness)
 *   somebody         where a thread wants the lock, some thread gets it in the end
 *                    (it speaks of thread 0; all do the same)
 *   in_the_end       the thread itself does: NOT so, and that is the protocol's own. Whoever
 *                    posts may take the semaphore back before who was woken has got up, every
 *                    time. The runner checks that Spin finds this for as long as it is said.
 *
 * MISTAKE_... changes one thing that Spin then has to find. */
#ifndef THREADS
#define THREADS 2
#endif
#define me     _pid
#define NOBODY 255

byte value = 1, waiting;  /* of the semaphore: 1 is free; threads in sem_wait */
bool asleep[THREADS];     /* on its futex */

/* What the properties speak of. */
byte holders;         /* threads that have the lock */
byte holder = NOBODY; /* one of them */
byte on_the_way;      /* threads awake in acquire, or in a post that has not woken anybody yet */
bool wants[THREADS];

#define anybody_asleep (asleep[0] || asleep[1] || asleep[THREADS - 1])

ltl no_lost_wake_up { [] !(value > 0 && anybody_asleep && on_the_way == 0) }
ltl somebody { [] (wants[0] -> <> (holder != NOBODY)) }
ltl in_the_end { [] (wants[0] -> <> (holder == 0)) }

/* ---- glibc ---- */

inline futex_wake()
{
    if
    :: asleep[0] -> asleep[0] = false; on_the_way++
    :: asleep[1] -> asleep[1] = false; on_the_way++
#if THREADS > 2
    :: asleep[2] -> asleep[2] = false; on_the_way++
#endif
    :: !anybody_asleep
    fi
}

/* Sleeps while the value is 0: looked at, and fallen asleep, in one step. */
inline futex_wait()
{
    atomic {
        if
#ifdef MISTAKE_SLEEP_WITHOUT_LOOK
        :: true -> asleep[me] = true; on_the_way--
#else
        :: value == 0 -> asleep[me] = true; on_the_way--
        :: else
#endif
        fi
    }
    if
    :: !asleep[me]
#ifndef LIVENESS
    :: atomic { asleep[me] -> asleep[me] = false; on_the_way++ }        /* for nothing */
    :: atomic { asleep[me] -> asleep[me] = false; on_the_way++; eintr = true }
    :: true -> !asleep[me]                                              /* by a post alone */
#endif
    fi
}

inline sem_trywait()
{
    atomic {
        if
        :: value > 0 -> value--; taken = true
        :: else -> taken = false
        fi
    }
}

/* Into eintr: whether it failed, of EINTR; then it has not got the semaphore, and waits no more. */
inline sem_wait()
{
    waiting++;
    do
#ifdef MISTAKE_LOOK_THEN_TAKE
    :: value > 0 -> value--; waiting--; break
#else
    :: atomic { value > 0 -> value--; waiting--; break }
#endif
    :: value == 0 ->
       futex_wait();
       if
       :: eintr -> waiting--; break
       :: else
       fi
    od
}

inline sem_post()
{
#ifdef MISTAKE_SIGNAL_BEFORE_STORE
    atomic { waiters = waiting; on_the_way++ }
    if
    :: waiters > 0 -> atomic { futex_wake() }
    :: else
    fi;
    atomic { value++; on_the_way-- }
#else
    atomic { value++; waiters = waiting; on_the_way++ }
    if
    :: waiters > 0 -> atomic { futex_wake(); on_the_way-- }
    :: else -> on_the_way--
    fi
#endif
}

/* ---- src/gil/ticks.c ---- */

inline acquire()
{
    atomic { wants[me] = true; on_the_way++ }
    sem_trywait();
    if
    :: !taken ->
       sem_wait();
#ifndef MISTAKE_WAIT_WITHOUT_LOOP
       do
       :: eintr -> eintr = false; sem_wait()
       :: else -> break
       od
#endif
    :: else
    fi;
    atomic {
        holders++;
        holder = me;
        wants[me] = false;
        on_the_way--;
        assert(holders == 1) /* mutual exclusion */
    }
}

inline release()
{
    atomic { holders--; holder = NOBODY }
#ifndef MISTAKE_NO_POST
    sem_post()
#endif
}

active [THREADS] proctype thread()
{
    byte waiters;
    bool taken, eintr;

    do
    :: acquire();
       skip; /* a chunk of work */
       release()
    :: break /* leaves */
    od
}
