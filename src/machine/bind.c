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
        errno = EXDEV; /* hwloc's word for a binding that the system does not enforce */
        done = hwloc_bitmap_isequal(seen, set) &&
               hwloc_get_last_cpu_location(topology, seen, HWLOC_CPUBIND_THREAD) == 0 &&
               hwloc_bitmap_isincluded(seen, set);
    }
    int reason = errno;
    hwloc_bitmap_free(seen);
    errno = reason;
    return done;
}

static const char *reason_of(int error_number)
{
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
                   : fail(error, "cannot let a thread run on all usable PUs again (%s)",
                          reason_of(errno));
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
