/* The protocol of the pool's queue (src/pool/), for Spin: run by tests/check/locks_models.t.
 *
 * Modelled: WORKERS workers (claim, do_tasks, the loop of pool_worker_live with its futex) and the
 * parent (LISTS calls of pool_map, with TASKS tasks and then with one less, pool_close and
 * pool_join; watch, listen_to, replace_worker, give_back_tasks, all_done). A worker may die before
 * each of its steps, and in its sleep; DEATHS times in all. Left out: what begin() does, errors,
 * signals to the parent, giving up after POOL_DEATHS_MAX deaths, which DEATHS stays below, and that
 * pool_create waits until all workers are ready: here a list may come before.
 *
 * Assumptions
 * - Atomics are seen as by one memory. Where C says acquire and release, that is what they are for
 *   (what is written before the release is seen after the acquire); that the orders are strong
 *   enough is argued beside each in C, and not checked here.
 * - A futex compares and goes to sleep in one step. A sleep may end by itself at any time, for
 *   nothing or by a signal's handler; and it may not: each decides when it begins whether only a
 *   wake is to end it, so that a deadlock cannot hide. poll() does not time out (LOOK_UP_MS is for
 *   signals). A pipe keeps what was told, and its end shows only after that.
 * - search_from is a hint: here a search begins anywhere.
 * - Fairness, which only in_the_end needs: a process that can go on goes on (weak, pan -f), and, with
 *   ONLY_WAKES, sleeps end by a wake alone: who woke up for nothing for ever could keep the model's
 *   parent listening to it, which hears one worker at a time and any. In C it hears all of them.
 *
 * Properties of the first kind (safety)
 *   assertions       a task is in one worker's hands at a time (mutual exclusion); when pool_map
 *                    returns every task of the list has been done exactly once (its last step,
 *                    that to TASK_DONE), has the result of this list and not of the one before,
 *                    has been begun at most once more than workers died with it; no worker is
 *                    between its last task and the end of rest(), nor died there, unless
 *                    pool_lost_work then says so
 *   invalid end      no deadlock
 *   no_lost_wake_up  no worker sleeps for a generation that is over while nobody is about to
 *                    wake it
 * and of the second (liveness)
 *   in_the_end       the parent is through with both lists, and every worker has left
 *
 * MISTAKE_... changes one thing that Spin then has to find. */
#ifndef WORKERS
#define WORKERS 2
#endif
#ifndef TASKS
#define TASKS 2
#endif
#ifndef DEATHS
#define DEATHS 1
#endif
#ifndef LISTS
#define LISTS 2
#endif
#define id         _pid /* of a worker: they come first */
#define TASK_TODO  0
#define TASK_DONE  1
#define TASK_TAKEN 2
#define NONE       255

/* struct pool_shared, pool_task and pool_worker_note */
byte generation, published;
bool closing;
byte state[TASKS], result[TASKS], deaths[TASKS];
byte idle_since[WORKERS];
bool finished_any[WORKERS]; /* finished != finished_before: in this list */
bool lost_work;             /* struct pool's, as pool_lost_work tells it */

/* The system's: sleep on the futex, pipes, processes. */
bool asleep[WORKERS], told[WORKERS], gone[WORKERS], forked[WORKERS];
byte deaths_left = DEATHS;

/* What the properties speak of. */
byte list;                            /* which pool_map */
byte times_done[TASKS], begun[TASKS]; /* in this list */
byte in_hands[TASKS];                 /* of so many living workers */
byte looked_at[WORKERS];              /* `generation` of pool_worker_live */
bool unrested[WORKERS];               /* tasks done, rest() not yet */
bool died_unrested;                   /* one so died in this list, and lost_work is not yet true */
bool waking;                          /* the parent is about to wake the sleepers */
bool through;                         /* the parent is */

#define missed(w) (asleep[w] && looked_at[w] != generation)

ltl no_lost_wake_up { [] !(!waking && (missed(0) || missed(1) || missed(WORKERS - 1))) }
ltl in_the_end { <> through }

/* ---- steps ---- */

/* Workers are alike, and nothing that is said of them tells one from another. So of those that die,
 * the first to do so is as good as any for worker 0, the next for 1. */
#define dies (deaths_left > 0 && id < DEATHS)

/* Stands before each step of a worker, in one with it. */
#define may_die                                                                                 \
    if                                                                                          \
    :: dies -> deaths_left--; goto dead                                                         \
    :: true                                                                                     \
    fi

inline take()
{
    task = t;
    state[t] = TASK_TAKEN + id;
    in_hands[t]++;
    assert(in_hands[t] == 1) /* mutual exclusion */
}

/* What was done is in the hands of whoever waits for the list. */
inline done()
{
    state[task] = TASK_DONE;
    times_done[task]++;
    unrested[id] = true
}

/* Looks and falls asleep in one step, with the decision how the sleep may end. Who dies in one that
 * may end by itself may as well die after it. */
inline futex_wait()
{
    atomic {
        may_die;
        if
        :: generation == looked_at[id] -> asleep[id] = true; goto sleeps
#ifndef ONLY_WAKES
        :: generation == looked_at[id] -> asleep[id] = true
#endif
        :: else
        fi
    }
    atomic { asleep[id] = false; goto born } /* for nothing, if by nothing else */
sleeps:
    if
    :: atomic { !asleep[id] -> goto born }
    :: atomic { asleep[id] && dies -> deaths_left--; goto dead }
    fi
}

/* ---- src/pool/worker.c ---- */

/* task: the one taken, or NONE. The plain look before the exchange needs no step: where it sees
 * anything but TASK_TODO, the exchange would have failed. */
inline claim()
{
    atomic {
        may_die;
        seen = published;
        if
        :: seen > 0 -> select(t : 0 .. seen - 1) /* search_from */
        :: else
        fi
    }
    do
    :: atomic { k < seen && task == NONE ->
                may_die;
                if
                :: state[t] != TASK_TODO -> t = (t + 1) % seen; k++
#ifndef MISTAKE_CLAIM_IN_TWO_STEPS
                :: else -> take()
                fi }
#else
                :: else -> looks_free = true
                fi }
       if
       :: looks_free -> atomic { looks_free = false; take() }
       :: else
       fi
#endif
    :: atomic { k == seen || task != NONE -> t = 0; k = 0; seen = 0; break }
    od
}

inline do_tasks()
{
    do
    :: claim();
       if
       :: task == NONE -> break
       :: else
       fi;
#ifdef MISTAKE_DONE_BEFORE_RESULT
       atomic { may_die; done() }
       atomic { may_die; begun[task]++; result[task] = list; in_hands[task]--; task = NONE }
#else
#ifndef MISTAKE_FINISHED_AFTER_DONE
       /* Who dies between the two has done no task, either. */
       atomic { may_die; begun[task]++; result[task] = list; finished_any[id] = true }
       atomic { may_die; done(); in_hands[task]--; task = NONE }
#else
       atomic { may_die; begun[task]++; result[task] = list }
       atomic { may_die; done(); in_hands[task]--; task = NONE }
       atomic { may_die; finished_any[id] = true }
#endif
#endif
    od;
    if
    :: unrested[id] -> atomic { may_die; unrested[id] = false } /* job->rest() */
    :: else
    fi
}

active [WORKERS] proctype pool_worker_live()
{
    byte seen, t, k, task = NONE;
#ifdef MISTAKE_CLAIM_IN_TWO_STEPS
    bool looks_free;
#endif

born:
    do
    ::
#ifdef MISTAKE_GENERATION_READ_LATE
       do_tasks();
       atomic { may_die; looked_at[id] = generation }
#else
       atomic { may_die; looked_at[id] = generation }
       do_tasks();
#endif
       atomic { may_die; idle_since[id] = looked_at[id] }
       atomic { /* nobody can tell whether there is a step between */
           may_die;
           if
           :: closing -> goto dead
           :: else -> told[id] = true /* write(tell, ...) */
           fi
       }
       futex_wait()
    od;
dead: /* or left */
    atomic {
        if
        :: task != NONE -> in_hands[task]--
        :: else
        fi;
        asleep[id] = false;
        died_unrested = died_unrested || (unrested[id] && !lost_work);
        unrested[id] = false;
        looked_at[id] = 0;
        seen = 0; t = 0; k = 0; task = NONE;
        gone[id] = true
    }
end_gone:
    atomic { forked[id] -> forked[id] = false; goto born }
}

/* ---- the system ---- */

inline wake_all()
{
    asleep[0] = false;
    asleep[1] = false;
    asleep[WORKERS - 1] = false
}

/* ---- the caller ---- */

/* What the caller does: the arguments. A task done is one of this list from here on. */
inline write_arguments()
{
    atomic {
        list++;
        died_unrested = false;
        for (t : 0 .. TASKS - 1) { times_done[t] = 0; begun[t] = 0 }
        t = 0
    }
}

/* ---- src/pool/pool.c ---- */

inline pool_wake_workers()
{
#ifdef MISTAKE_SIGNAL_BEFORE_STORE
    atomic { wake_all() }
    generation++
#else
    atomic { generation++; waking = true }
    atomic { wake_all(); waking = false }
#endif
}

/* Over all of the list, not from done_before on: what is before that is done, and stays so. */
inline give_back_tasks(dead_one)
{
    do
#ifdef MISTAKE_GIVES_BACK_OTHERS
    :: atomic { t < published && state[t] >= TASK_TAKEN ->
#else
    :: atomic { t < published && state[t] == TASK_TAKEN + dead_one ->
#endif
                held = true;
#ifndef MISTAKE_DEATHS_NOT_COUNTED
                deaths[t]++;
#endif
                state[t] = TASK_TODO; t++ }
    :: atomic { t < published && state[t] != TASK_TAKEN + dead_one -> t++ }
    :: atomic { t == published -> t = 0; break }
    od
}

inline replace_worker(dead_one)
{
#ifndef MISTAKE_NO_GIVING_BACK
    give_back_tasks(dead_one);
#endif
#ifndef MISTAKE_LOSES_NO_WORK
    atomic {
        lost_work = lost_work || finished_any[dead_one];
        died_unrested = died_unrested && !lost_work /* has been told */
    }
#endif
    forked[dead_one] = true; /* fork_worker */
    if
#ifdef MISTAKE_NO_WAKE_AFTER_GIVING_BACK
    :: held -> held = false
#else
    :: held -> held = false; pool_wake_workers()
#endif
    :: else
    fi
}

inline listen_to(worker)
{
    if
    :: atomic { told[worker] -> told[worker] = false }
    :: atomic { !told[worker] && gone[worker] -> gone[worker] = false } /* reap */
       replace_worker(worker)
    fi
}

/* The same in pool_join: who is gone has left. */
#define listen_to_leaving(worker)                                                               \
    atomic { told[worker] -> told[worker] = false }                                             \
    :: atomic { !told[worker] && gone[worker] -> gone[worker] = false; living-- }

#define heard(worker) (told[worker] || gone[worker])

/* poll(), and what comes of it: of one worker, any that was heard. More of them at once come to
 * the same, since looking in between changes nothing. Only the first DEATHS can be gone. */
#define listen_to_living(worker) atomic { told[worker] -> told[worker] = false }
#if DEATHS > 1
#define listen_to_second heard(1) -> listen_to(1)
#else
#define listen_to_second listen_to_living(1)
#endif

/* In one step: all that is looked at stays true, once it is, until the parent changes it. */
inline all_done()
{
    atomic {
        finished = true;
        for (t : 0 .. WORKERS - 1) { finished = finished && idle_since[t] == generation }
        for (t : 0 .. TASKS - 1) { finished = finished && (t >= published || state[t] == TASK_DONE) }
        t = 0
    }
}

inline pool_map(count)
{
    write_arguments();
    /* finished_before */
    atomic { lost_work = false; for (t : 0 .. WORKERS - 1) { finished_any[t] = false } t = 0 }
    do
    :: atomic { t < count -> deaths[t] = 0; state[t] = TASK_TODO; t++ }
    :: atomic { t == count -> t = 0; break }
    od;
    published = count;
#ifdef MISTAKE_NO_WAKE_UP_FOR_THE_SECOND
    if
    :: list == 1 -> pool_wake_workers()
    :: else -> generation++
    fi;
#else
    pool_wake_workers();
#endif
    do
    :: all_done();
       if
       :: finished -> finished = false; break
       :: else ->
          if
          :: heard(0) -> listen_to(0)
          :: listen_to_second
#if WORKERS == 3
          :: listen_to_living(2)
#endif
          fi
       fi
    od;
    atomic {
        for (t : 0 .. count - 1) {
            assert(state[t] == TASK_DONE && times_done[t] == 1); /* done exactly once */
            assert(result[t] == list);
            assert(begun[t] >= 1 && begun[t] <= 1 + deaths[t])
        }
        for (t : 0 .. WORKERS - 1) { assert(!unrested[t]) }
        assert(!died_unrested);
        t = 0
    }
}

active proctype parent()
{
    byte t, living = WORKERS;
    bool held, finished;

    pool_map(TASKS);
#if LISTS > 1
    pool_map(TASKS - 1);
#endif
    closing = true; /* pool_close */
    pool_wake_workers();
    do /* pool_join */
    :: listen_to_leaving(0)
    :: listen_to_leaving(1)
#if WORKERS == 3
    :: listen_to_leaving(2)
#endif
    :: living == 0 -> break
    od;
    through = true
}
