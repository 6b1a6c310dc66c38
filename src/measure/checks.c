/* What a kernel returns and how long it takes when it runs alone: see checks.h. */
#include "checks.h"

#include "gilscope/clock.h"
#include "gilscope/interrupt.h"
#include "gilscope/kernel_state.h"
#include "gilscope/text.h"

#include <math.h>

static bool run_alone(const struct kernel *kernel, uint64_t units, uint64_t *checksum,
                      struct error *error)
{
    const struct kernel_place place = {0, 1, units};
    void *state;

    if (!kernel_set_up(kernel, &place, &state, error)) {
        return false;
    }
    *checksum = kernel->run(state, units);
    kernel_tear_down(kernel, state);
    return true;
}

bool checks_expect(struct checks *checks, uint64_t units, uint64_t *checksum,
                   struct error *error)
{
    if (checks->kernel->checksum != NULL) {
        *checksum = checks->kernel->checksum(units);
        return true;
    }
    for (unsigned i = 0; i < checks->kept; i++) {
        if (checks->at[i].units == units) {
            *checksum = checks->at[i].checksum;
            return true;
        }
    }
    if (!run_alone(checks->kernel, units, checksum, error)) {
        return false;
    }
    checks->at[checks->next] = (struct check){units, *checksum};
    checks->next = (checks->next + 1) % CHECKS_KEPT;
    checks->kept += checks->kept < CHECKS_KEPT;
    return true;
}

bool checks_verify(struct checks *checks, const struct worker *worker, struct error *error)
{
    const struct kernel *kernel = checks->kernel;

    if (worker->wrong > 0) {
        return fail(error,
                    "the kernel %s returned different checksums for calls of one size in "
                    "thread %u (%llu calls): it must depend on the number of %ss alone",
                    kernel->name, worker->id, (unsigned long long)worker->wrong, kernel->unit);
    }
    for (unsigned i = 0; i < worker->check_count; i++) {
        const struct check *check = &worker->checks[i];
        char call[COUNTED_MAX];
        uint64_t expected;

        if (!checks_expect(checks, check->units, &expected, error)) {
            return false;
        }
        if (check->checksum != expected) {
            return fail(error,
                        "the kernel %s returned %#llx for %s in thread %u, and %#llx in "
                        "a serial run: it is no result",
                        kernel->name, (unsigned long long)check->checksum,
                        text_counted(call, sizeof call, check->units, kernel->unit), worker->id,
                        (unsigned long long)expected);
        }
    }
    return true;
}

/* Seconds a call, over so many that the clock, some 20 ns, does not show. */
static double few_calls_s(const struct kernel *kernel, void *state, uint64_t units)
{
    unsigned calls = 0, more = 1;
    double start_s = clock_now(), took_s;

    do {
        for (unsigned i = 0; i < more && !interrupted(); i++) {
            kernel->run(state, units);
        }
        calls += more;
        more = calls;
        took_s = clock_now() - start_s;
    } while (took_s < 50e-6 && !interrupted());
    return took_s / calls;
}

bool kernel_call_s(const struct kernel *kernel, uint64_t units, double *call_s,
                   struct error *error)
{
    enum { TRIES = 7 };
    const double enough_s = 0.2; /* long calls are told well enough by fewer tries */
    double start_s = clock_now();
    const struct kernel_place place = {0, 1, units};
    void *state;

    if (!kernel_set_up(kernel, &place, &state, error)) {
        return false;
    }
    *call_s = INFINITY;
    for (int i = 0; i < TRIES && (i == 0 || clock_now() - start_s < enough_s); i++) {
        *call_s = fmin(*call_s, few_calls_s(kernel, state, units));
    }
    kernel_tear_down(kernel, state);
    return !interrupted() || fail_signal(error, interrupted());
}

bool kernel_unit_s(const struct kernel *kernel, double *unit_s, struct error *error)
{
    uint64_t units = 1;
    double call_s;

    /* Doubled until it is long enough; the quickest of a few tries, so that a neighbour's noise
     * does not make it large. */
    for (;;) {
        if (!kernel_call_s(kernel, units, &call_s, error)) {
            return false;
        }
        if (call_s >= 1e-3 || units > UINT64_MAX / 4) {
            break;
        }
        units *= call_s < 1e-4 ? 8 : 2;
    }
    *unit_s = call_s / (double)units;
    return true;
}
