/* Loading a topology: this machine's, restricted to what the calling thread may use, or one
 * from a hwloc XML file or a synthetic description. */
#include "topology.h"

#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <omp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* Processor time for a file that hwloc cannot finish. */
enum { MAX_XML_SECONDS = 10 };

static bool refuse(const struct source *source, const char *reason, struct error *error)
{
    return fail_usage(error,
                      "%s=%.200s: neither a hwloc XML file nor a synthetic description like "
                      "\"pack:2 core:8 pu:2\" (%s)",
                      source->option, source->what, reason);
}

/* Null, or why the source is refused. hwloc's default filters leave I/O devices out, and so
 * it loads fast. */
static const char *load(struct machine *machine, const struct source *source)
{
    if (hwloc_topology_init(&machine->topology) != 0) {
        machine->topology = NULL;
        return strerror(ENOMEM);
    }
    hwloc_topology_t topology = machine->topology;
    /* to count the PUs of the whole machine; restrict_to_usable removes them afterwards */
    hwloc_topology_set_flags(topology, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED);
    if (source->xml != NULL) {
        int length = (int)source->xml_length + 1; /* hwloc counts the null byte */
        if (hwloc_topology_set_xmlbuffer(topology, source->xml, length) != 0) {
            return "hwloc cannot read the XML";
        }
    } else if (source->what != NULL &&
               hwloc_topology_set_synthetic(topology, source->what) != 0) {
        return "hwloc rejects it: levels go from the largest to pu";
    }
    if (hwloc_topology_load(topology) != 0) {
        return source->xml != NULL ? "hwloc cannot read the XML" : strerror(errno);
    }
    return NULL;
}

/* OMP_PROC_BIND has bound the calling thread to the first of OpenMP's places before main began:
 * what the process may use is all of them. */
static void add_openmp_places(hwloc_bitmap_t set)
{
    if (omp_get_proc_bind() == omp_proc_bind_false) {
        return;
    }
    for (int place = 0; place < omp_get_num_places(); place++) {
        int count = omp_get_place_num_procs(place);
        int *pus = calloc((size_t)count + 1, sizeof *pus);
        if (pus == NULL) {
            return; /* then fewer PUs are used than might be */
        }
        omp_get_place_proc_ids(place, pus);
        for (int i = 0; i < count; i++) {
            hwloc_bitmap_set(set, (unsigned)pus[i]);
        }
        free(pus);
    }
}

/* Removes what cpusets and cgroups disallow and, on this machine, what the calling thread is
 * not bound to. The return value is hwloc's: 0, or -1 and errno. */
static int restrict_to_usable(struct machine *machine)
{
    hwloc_topology_t topology = machine->topology;
    hwloc_bitmap_t usable = hwloc_bitmap_dup(hwloc_topology_get_allowed_cpuset(topology));
    hwloc_bitmap_t bound = hwloc_bitmap_alloc();
    int result = -1;
    if (usable == NULL || bound == NULL) {
        errno = ENOMEM;
        goto cleanup;
    }
    /* a system that cannot tell the binding has none */
    if (machine->facts.is_this_machine &&
        hwloc_get_cpubind(topology, bound, HWLOC_CPUBIND_THREAD) == 0) {
        add_openmp_places(bound);
        hwloc_bitmap_and(usable, usable, bound);
    }
    /* CPU-less NUMA nodes (HBM, CXL) stay while nothing has to go */
    result =
        hwloc_bitmap_isincluded(hwloc_topology_get_topology_cpuset(topology), usable)
            ? 0
            : hwloc_topology_restrict(topology, usable, HWLOC_RESTRICT_FLAG_REMOVE_CPULESS);
cleanup:
    hwloc_bitmap_free(bound);
    hwloc_bitmap_free(usable);
    return result;
}

static unsigned count_objects(hwloc_topology_t topology, hwloc_obj_type_t type)
{
    int count = hwloc_get_nbobjs_by_type(topology, type);
    return count > 0 ? (unsigned)count : 0;
}

/* 1 where hwloc has found no kinds, or cannot tell which of them is faster. */
static unsigned count_cpukinds(hwloc_topology_t topology)
{
#if HWLOC_API_VERSION >= 0x00020400
    int kinds = hwloc_cpukinds_get_nr(topology, 0);
    int efficiency = -1;
    if (kinds > 1 &&
        hwloc_cpukinds_get_info(topology, 0, NULL, &efficiency, NULL, NULL, 0) == 0 &&
        efficiency >= 0) {
        return (unsigned)kinds;
    }
#else
    (void)topology;
#endif
    return 1;
}

static void find_cpu_model(hwloc_topology_t topology, char *model, size_t size)
{
    hwloc_obj_t package = hwloc_get_obj_by_type(topology, HWLOC_OBJ_PACKAGE, 0);
    hwloc_obj_t object = package != NULL ? package : hwloc_get_root_obj(topology);
    const char *name = hwloc_obj_get_info_by_name(object, "CPUModel");
    snprintf(model, size, "%s", name != NULL && *name != '\0' ? name : "unknown");
    for (size_t end = strlen(model); end > 0 && model[end - 1] == ' '; end--) {
        model[end - 1] = '\0';
    }
}

/* A package or a core that the machine does not tell is there all the same. */
static void find_facts(struct machine *machine)
{
    hwloc_topology_t topology = machine->topology;
    struct machine_facts *facts = &machine->facts;
    facts->pus = count_objects(topology, HWLOC_OBJ_PU);
    facts->cores = count_objects(topology, HWLOC_OBJ_CORE);
    facts->packages = count_objects(topology, HWLOC_OBJ_PACKAGE);
    facts->cores = facts->cores > 0 ? facts->cores : facts->pus;
    facts->packages = facts->packages > 0 ? facts->packages : 1;
    for (hwloc_obj_t node = NULL;
         (node = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_NUMANODE, node)) != NULL;) {
        facts->numa_nodes += !hwloc_bitmap_iszero(node->cpuset);
    }
    facts->cpukinds = count_cpukinds(topology);
    find_cpu_model(topology, facts->cpu_model, sizeof facts->cpu_model);
}

/* XML can say anything: that two PUs are one, or that a PU is none. */
static bool pus_are_sane(hwloc_topology_t topology, unsigned pus)
{
    hwloc_obj_t pu = NULL;
    while ((pu = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_PU, pu)) != NULL) {
        if (hwloc_bitmap_weight(pu->cpuset) != 1 ||
            !hwloc_bitmap_isset(pu->cpuset, pu->os_index)) {
            return false;
        }
    }
    return hwloc_bitmap_weight(hwloc_topology_get_topology_cpuset(topology)) == (int)pus;
}

/* Null, or why the topology that was loaded is refused. */
static const char *why_not_usable(struct machine *machine)
{
    machine->facts.pus_in_all = count_objects(machine->topology, HWLOC_OBJ_PU);
    if (machine->facts.pus_in_all > MAX_PUS) {
        return "more than " MAX_PUS_TEXT " PUs";
    }
    if (!pus_are_sane(machine->topology, machine->facts.pus_in_all)) {
        return "its PUs contradict each other";
    }
    return restrict_to_usable(machine) == 0 ? NULL : "none of its PUs is usable";
}

static bool build(struct machine *machine, const struct source *source, struct error *error)
{
    const char *reason = load(machine, source);
    if (reason == NULL) {
        /* hwloc says yes to any source under HWLOC_THISSYSTEM=1; --topology binds nothing */
        machine->facts.is_this_machine =
            hwloc_topology_is_thissystem(machine->topology) &&
            (source->option == NULL || strcmp(source->option, "--topology") != 0);
        reason = why_not_usable(machine);
    }
    if (reason != NULL) {
        return source->option != NULL
                   ? refuse(source, reason, error)
                   : fail(error, "hwloc cannot load this machine's topology (%s)", reason);
    }
    find_facts(machine);
    return slots_find(machine, error);
}

static bool export_xml(const struct machine *machine, char **xml, int *length)
{
    return hwloc_topology_export_xmlbuffer(machine->topology, xml, length, 0) == 0;
}

/* In the child: a crash ends it, whatever handlers it inherited, quietly and in time. */
static void prepare_to_crash(void)
{
    const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++) {
        signal(crashes[i], SIG_DFL);
    }
    struct rlimit seconds = {MAX_XML_SECONDS, MAX_XML_SECONDS};
    struct rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CPU, &seconds);
    setrlimit(RLIMIT_CORE, &no_core);
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (null >= 0) {
        dup2(null, STDERR_FILENO);
    }
}

/* hwloc can crash on a damaged XML file, and runs on for long on some. So a child tries all
 * that this process will do with it. Returns null, or why the file is refused. */
static const char *try_in_child(const struct source *source)
{
    pid_t child = fork();
    if (child < 0) {
        return strerror(errno);
    }
    if (child == 0) {
        prepare_to_crash();
        struct machine machine = {0};
        struct error error;
        char *xml;
        int length;
        _exit(build(&machine, source, &error) && export_xml(&machine, &xml, &length) ? 0 : 1);
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    /* where build says why it refuses the file, this process will hear it again */
    return WIFSIGNALED(status) ? "hwloc cannot read the XML" : NULL;
}

/* Checks what hwloc would not. */
static bool prepare(struct source *source, struct error *error)
{
    const char *reason = source_check(source);
    if (reason == NULL && source->xml != NULL) {
        reason = try_in_child(source);
    }
    return reason == NULL || refuse(source, reason, error);
}

bool machine_open(struct machine **out, const char *what, struct error *error)
{
    /* hwloc reports on stderr in many lines; HWLOC_HIDE_ERRORS=0 brings them back */
    setenv("HWLOC_HIDE_ERRORS", "2", 0);
    struct source source = source_find(what);
    struct machine *machine = calloc(1, sizeof *machine);
    bool done = machine != NULL || fail(error, "not enough memory for the topology");
    done = done && prepare(&source, error) && build(machine, &source, error);
    free(source.xml);
    if (!done) {
        machine_close(machine);
        return false;
    }
    *out = machine;
    return true;
}

bool machine_open_here(struct machine **out, const char *command, struct error *error)
{
    return machine_open(out, NULL, error) &&
           ((*out)->facts.is_this_machine ||
            fail_usage(
                error,
                "HWLOC_XMLFILE, HWLOC_SYNTHETIC or HWLOC_THISSYSTEM=0 says that this is "
                "another machine: %s can only run on this one ('gilscope topo' plans for "
                "others)",
                command));
}

void machine_close(struct machine *machine)
{
    if (machine == NULL) {
        return;
    }
    if (machine->topology != NULL) {
        hwloc_topology_destroy(machine->topology);
    }
    free(machine->slots);
    free(machine->spread_turn);
    free(machine);
}

const struct machine_facts *machine_facts(const struct machine *machine)
{
    return &machine->facts;
}

bool machine_xml(const struct machine *machine, char **xml, size_t *length, struct error *error)
{
    char *exported;
    int unused;
    if (!export_xml(machine, &exported, &unused)) {
        return fail(error, "hwloc cannot export the topology as XML (%s)", strerror(errno));
    }
    *xml = strdup(exported); /* hwloc's own is not for free() */
    hwloc_free_xmlbuffer(machine->topology, exported);
    if (*xml == NULL) {
        return fail(error, "not enough memory for the topology as XML");
    }
    *length = strlen(*xml);
    return true;
}

/* hwloc has no call for its full version, but writes it into every topology. */
const char *machine_hwloc_version(void)
{
    static char version[32];
    unsigned api = hwloc_get_api_version();
    snprintf(version, sizeof version, "%u.%u", api >> 16, api >> 8 & 0xff);
    hwloc_topology_t topology;
    if (hwloc_topology_init(&topology) != 0) {
        return version;
    }
    if (hwloc_topology_set_synthetic(topology, "pu:1") == 0 &&
        hwloc_topology_load(topology) == 0) {
        const char *full =
            hwloc_obj_get_info_by_name(hwloc_get_root_obj(topology), "hwlocVersion");
        if (full != NULL) {
            snprintf(version, sizeof version, "%s", full);
        }
    }
    hwloc_topology_destroy(topology);
    return version;
}
