/* The protocol of the lock `gil` (src/gil/switching.c), for Spin: run by tests/check/locks_models.t.
 *
 * Modelled: acquire, release, wait_until_free, wait_for_switch, with their two mutexes and two
 * conditions, for THREADS threads that ask again and again, and may leave for ever when they do
 * not hold the lock. Each step between two of them is one in which any other thread may come.
 * Left out: counts, traces, clocks and the failure of system calls.
 *
 * Assumptions
 * - What a mutex guards is seen as by one memory: the mutexes order it. drop_request is relaxed in
 *   C, and here read and written as if it were not. That is no less: it is stored under `mutex`
 *   alone, whoever reads it has had `mutex` before, and does nothing else between that and the
 *   read; so a value that is read late is one that was read earlier, and every time is tried.
 * - switch_number never comes round (64 bits), so all that matters is whether it has changed
 *   since a waiting thread read it: switched_since[thread].
 * - A signal wakes one of those that wait, any one. A wait may end by itself, by its time-out or
 *   for nothing, at any time; and it may not: each wait for `released` decides when it begins
 *   whether it is to be ended by a signal alone, so that a deadlock cannot hide behind a time-out.
 *   The wait for `switched` is ended by nothing but its signal: its time-out in C is for a signal
 *   that the system loses (glibc bug 25847). SIGNALS_GET_LOST lets any signal be lost, and all
 *   time-outs fire in the end.
 * - Fairness, which only the properties of the second kind need: a thread that can go on goes on
 *   (weak fairness, pan -f); and, as said beside each, one of
 *   FAIR_MUTEX  who waits for a mutex gets it in the order of coming (POSIX does not promise it),
 *   CALM        that, and: a signal wakes who has waited longest; a time-out fires only when
 *               nothing else can move (an interval is long beside all steps), the longest wait's first.
 *   In these runs time-outs fire in the end, no wait ends for nothing, and the holder, COMPUTING,
 *   gives the lock up only on request; with WAITING_TOO also by itself, as for input and output.
 *
 * Properties of the first kind (safety)
 *   assertions       mutual exclusion; who dropped the lock on request is not who has it next
 *                    (a forced switch switches); a mutex is unlocked by its owner
 *   invalid end      no deadlock
 *   no_lost_wake_up  nobody sleeps for a lock that is free, or for a switch that has been, while
 *                    nobody is on the way who would see to it
 * and of the second (liveness)
 *   in_the_end       a thread that wants the lock gets it
 *   moves            a thread does not keep the lock for ever while another wants it
 * These speak of thread 0 (and 1): all threads do the same, and none begins ahead of another.
 *
 * MISTAKE_... changes one thing that Spin then has to find. */
#ifndef THREADS
#define THREADS 2
#endif
#define me _pid
#define NOBODY 255
#define FREE   255
#ifdef CALM
#define FAIR_MUTEX
#endif

mtype = { nothing, released, switched };

byte mutex = FREE, switch_mutex = FREE; /* who has it */
mtype asleep_on[THREADS] = nothing;     /* the condition that the thread waits for */
#ifdef FAIR_MUTEX
chan mutex_queue = [THREADS] of { byte };
chan switch_mutex_queue = [THREADS] of { byte };
#endif
#ifdef CALM
chan released_queue = [THREADS] of { byte }; /* in the order of their deadlines, too */
#endif

bool locked, drop_request;
bool switched_since[THREADS]; /* switch_number is not what the thread has read */
byte last_holder = NOBODY;

/* What the properties speak of. */
byte holders;                     /* threads that have the lock */
byte holder = NOBODY;             /* one of them */
byte dropped_on_request = NOBODY; /* by whom, until the next one has it */
byte on_the_way;                  /* threads awake in acquire, or before release's signal */
bool signalling;                  /* somebody is about to signal `switched` */
bool wants[THREADS];

#define sleeps_on(c) (asleep_on[0] == c || asleep_on[1] == c || asleep_on[THREADS - 1] == c)
#define sleeps_after_switch(t) (asleep_on[t] == switched && last_holder != t)
#define lost_wake_up \
    ((!locked && sleeps_on(released) && on_the_way == 0) || \
     (!signalling && (sleeps_after_switch(0) || sleeps_after_switch(1) || \
                      sleeps_after_switch(THREADS - 1))))

ltl no_lost_wake_up { [] !lost_wake_up }
ltl in_the_end { [] (wants[0] -> <> (holder == 0)) }
ltl moves { [] ((wants[0] && holder == 1) -> <> (holder != 1)) }

/* ---- POSIX ---- */

#ifdef FAIR_MUTEX
#define pthread_mutex_lock(m)                                                                   \
    m##_queue ! me;                                                                             \
    atomic { m == FREE && m##_queue ? [eval(me)] -> m##_queue ? eval(me); m = me }
#else
#define pthread_mutex_lock(m) atomic { m == FREE -> m = me }
#endif

inline pthread_mutex_unlock(m)
{
    atomic { assert(m == me); m = FREE }
}

inline wake(sleeper, c)
{
    asleep_on[sleeper] = nothing;
    on_the_way = on_the_way + (c == released)
}

/* Wakes one thread that waits, if any does. */
inline pthread_cond_signal(c)
{
    if
#ifdef CALM
    :: c == released && nempty(released_queue) -> released_queue ? woken; wake(woken, c)
    :: c == released && empty(released_queue)
    :: c == switched && asleep_on[0] == c -> wake(0, c)
    :: c == switched && asleep_on[1] == c -> wake(1, c)
#if THREADS > 2
    :: c == switched && asleep_on[2] == c -> wake(2, c)
#endif
    :: c == switched && !sleeps_on(c)
#else
    :: asleep_on[0] == c -> wake(0, c)
    :: asleep_on[1] == c -> wake(1, c)
#if THREADS > 2
    :: asleep_on[2] == c -> wake(2, c)
#endif
    :: !sleeps_on(c)
#endif
#ifdef SIGNALS_GET_LOST
    :: sleeps_on(c)
#endif
    fi
}

inline signalled()
{
    atomic { asleep_on[me] == nothing -> timed_out = false }
}

inline by_itself(late)
{
    atomic { asleep_on[me] == released -> wake(me, released); timed_out = late }
}

/* pthread_cond_timedwait(&released, &mutex, ...): lets go of the mutex and sleeps in one step. */
inline wait_for_released()
{
    atomic {
        assert(mutex == me);
        mutex = FREE;
        asleep_on[me] = released;
        on_the_way--;
#ifdef CALM
        released_queue ! me
#endif
    }
    if
#if defined(CALM)
    :: signalled()
    :: atomic { timeout && released_queue ? [eval(me)] ->
                released_queue ? eval(me); wake(me, released); timed_out = true }
#elif defined(COMPUTING) || defined(SIGNALS_GET_LOST)
    :: signalled()
    :: by_itself(true)
#else
    :: true -> signalled() /* and never by itself */
    :: true ->
       if
       :: signalled()
       :: by_itself(true)
       :: by_itself(false)
       fi
#endif
    fi;
    pthread_mutex_lock(mutex)
}

/* ---- src/gil/switching.c ---- */

inline wait_until_free()
{
    do
    :: !locked -> break
    :: else ->
       switched_since[me] = false;
       wait_for_released();
#ifdef MISTAKE_WAIT_WITHOUT_LOOP
       break;
#endif
       if
       :: timed_out && locked && !switched_since[me] ->
#ifndef MISTAKE_NO_REQUEST
          drop_request = true
#else
          skip
#endif
       :: else
       fi
    od
}

inline acquire()
{
    atomic { wants[me] = true; on_the_way++ }
    pthread_mutex_lock(mutex);
    wait_until_free();

#ifndef MISTAKE_SWITCH_MUTEX_NOT_TAKEN
    pthread_mutex_lock(switch_mutex);
#endif
    locked = true;
    atomic {
        holders++;
        holder = me;
        wants[me] = false;
        on_the_way--;
        assert(holders == 1);             /* mutual exclusion */
        assert(dropped_on_request != me); /* a forced switch switches */
        dropped_on_request = NOBODY;
        if
        :: last_holder != me ->
           last_holder = me;
           for (other : 0 .. THREADS - 1) { switched_since[other] = true }
           other = 0;
           signalling = true
        :: else
        fi
    }
#ifndef MISTAKE_NO_SIGNAL_OF_SWITCH
    atomic { pthread_cond_signal(switched); signalling = false }
#else
    signalling = false;
#endif
    pthread_mutex_unlock(switch_mutex);
#ifndef MISTAKE_NO_RESET
    drop_request = false;
#endif
    pthread_mutex_unlock(mutex)
}

inline wait_for_switch()
{
    pthread_mutex_lock(switch_mutex);
    do
    :: last_holder != me -> break
    :: else ->
       atomic { assert(switch_mutex == me); switch_mutex = FREE; asleep_on[me] = switched }
#ifdef SIGNALS_GET_LOST
       asleep_on[me] = nothing; /* on time */
#else
       asleep_on[me] == nothing;
#endif
       pthread_mutex_lock(switch_mutex)
    od;
    pthread_mutex_unlock(switch_mutex)
}

inline release()
{
#ifdef MISTAKE_SIGNAL_BEFORE_STORE
    atomic { on_the_way++; pthread_cond_signal(released) }
#endif
    pthread_mutex_lock(mutex);
    atomic {
        if
        :: drop_request -> dropped_on_request = me
        :: else
        fi;
        holders--;
        holder = NOBODY;
        on_the_way++;
        locked = false
    }
#ifdef MISTAKE_SIGNAL_BEFORE_STORE
    on_the_way = on_the_way - 2;
#else
    atomic { pthread_cond_signal(released); on_the_way-- }
#endif
    pthread_mutex_unlock(mutex);
#ifdef MISTAKE_NO_FORCED_SWITCH
    skip
#else
    if
    :: drop_request -> wait_for_switch()
    :: else
    fi
#endif
}

active [THREADS] proctype thread()
{
    byte other, woken;
    bool timed_out;

    do
    :: acquire();
       /* Chunks of work, until should_yield(). */
#if !defined(COMPUTING)
       skip;
#elif defined(WAITING_TOO)
       if
       :: drop_request
       :: true
       fi;
#else
       drop_request;
#endif
       release()
    :: break /* leaves */
    od
}
