/* Binding the calling thread to a PU, and checking that it went there. */
#include "topology.h"

#include <errno.h>
#include <string.h>

/* Binds the calling thread to the set and asks the system twice: what it understood, and
 * where the thread is. On Linux the thread has moved when the call returns. */
static bool bind_to(hwloc_topology_t topology, hwloc_const_bitmap_t set)
{
    hwloc_bitmap_t seen = hwloc_bitmap_alloc();
    if (seen == NULL) {
        errno = ENOMEM;
        return false;
    }
    bool done = hwloc_set_cpubind(topology, set, HWLOC_CPUBIND_THREAD) == 0 &&
                hwloc_get_cpubind(topology, seen, HWLOC_CPUBIND_THREAD) == 0;
    if (done) {
        /* Fewer: the system leaves out, without a word, what went offline or out of the cpuset. */
        errno = hwloc_bitmap_isincluded(seen, set) ? ENODEV : EXDEV;
        done = hwloc_bitmap_isequal(seen, set);
    }
    if (done) {
        errno = EXDEV; /* hwloc's word for a binding that the system does not enforce */
        done = hwloc_get_last_cpu_location(topology, seen, HWLOC_CPUBIND_THREAD) == 0 &&
               hwloc_bitmap_isincluded(seen, set);
    }
    int reason = errno;
    hwloc_bitmap_free(seen);
    errno = reason;
    return done;
}

static const char *reason_of(int error_number)
{
    if (error_number == ENODEV || error_number == EINVAL) {
        return "gone since the start: taken offline, or out of the cpuset; run again on what "
               "is left";
    }
    return error_number == EXDEV ? "the system let it run elsewhere" : strerror(error_number);
}

bool machine_bind(const struct machine *machine, const struct slot *slot, struct error *error)
{
    if (!machine->facts.is_this_machine) {
        return fail(error, "cannot bind a thread to a machine that is not this one");
    }
    if (slot == NULL) {
        return bind_to(machine->topology, hwloc_topology_get_topology_cpuset(machine->topology))
                   ? true
                   : fail(error,
                          "cannot let a thread run on all of the %u usable PUs again (%s)",
                          machine->facts.pus, reason_of(errno));
    }
    hwloc_obj_t pu = hwloc_get_pu_obj_by_os_index(machine->topology, slot->pu_os);
    if (pu == NULL) {
        return fail(error, "PU %u is none that this process may use; run with --pin=none",
                    slot->pu_os);
    }
    if (!bind_to(machine->topology, pu->cpuset)) {
        return fail(error, "PU %u: cannot bind a thread to it (%s); run with --pin=none",
                    slot->pu_os, reason_of(errno));
    }
    return true;
}

bool machine_still_bound(const struct machine *machine, const struct slot *slot,
                         struct error *error)
{
    hwloc_obj_t pu =
        slot == NULL ? NULL : hwloc_get_pu_obj_by_os_index(machine->topology, slot->pu_os);
    hwloc_const_bitmap_t wanted =
        pu == NULL ? hwloc_topology_get_topology_cpuset(machine->topology) : pu->cpuset;
    hwloc_bitmap_t seen = hwloc_bitmap_alloc();
    bool known =
        seen != NULL && hwloc_get_cpubind(machine->topology, seen, HWLOC_CPUBIND_THREAD) == 0;
    bool moved = known && !hwloc_bitmap_isequal(seen, wanted);

    hwloc_bitmap_free(seen); /* null is fine */
    return !moved ||
           fail(error,
                "a thread was bound anew while it was measured (by taskset -p, by a kernel of "
                "your own, or for a PU went offline): run again, and let it be");
}
