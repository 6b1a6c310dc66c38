/* The machine and its slots: which PUs there are on many topologies, in which order the pin
 * policies give them to threads, what is refused, and binding. Run from the root of the
 * repository. */
#include "gilscope/machine.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DATA "tests/data/topology/"

static const struct pin_policy *policy_named(const char *name)
{
    for (size_t i = 0; i < pin_policy_count; i++) {
        if (strcmp(pin_policies[i].name, name) == 0) {
            return &pin_policies[i];
        }
    }
    fail_msg("no pin policy is named %s", name);
    return NULL;
}

static struct machine *open_machine(const char *what)
{
    struct error error = {0};
    struct machine *machine = NULL;
    if (!machine_open(&machine, what, &error)) {
        fail_msg("%s", error.text);
    }
    return machine;
}

/* The caller frees it. */
static struct slot *slots_of(const struct machine *machine, const char *policy)
{
    struct slot *slots = calloc(machine_facts(machine)->pus, sizeof *slots);
    assert_non_null(slots);
    machine_slots(machine, policy_named(policy), slots);
    return slots;
}

/* Checks that the policy gives the PUs, by the system's numbers, in this order. */
static void check_order(const struct machine *machine, const char *policy, const char *expected)
{
    char order[512] = "";
    size_t length = 0;
    struct slot *slots = slots_of(machine, policy);
    for (unsigned i = 0; i < machine_facts(machine)->pus; i++) {
        length += (size_t)snprintf(order + length, sizeof order - length, "%s%u",
                                   i > 0 ? " " : "", slots[i].pu_os);
        assert_true(length < sizeof order);
    }
    free(slots);
    assert_string_equal(order, expected);
}

static void check_orders(const char *what, const char *core, const char *compact,
                         const char *spread, const char *none)
{
    struct machine *machine = open_machine(what);
    assert_false(machine_facts(machine)->is_this_machine);
    check_order(machine, "core", core);
    check_order(machine, "compact", compact);
    check_order(machine, "spread", spread);
    check_order(machine, "none", none);
    machine_close(machine);
}

static void check_facts(const char *what, unsigned pus, unsigned cores, unsigned numa_nodes,
                        unsigned packages)
{
    struct machine *machine = open_machine(what);
    const struct machine_facts *facts = machine_facts(machine);
    assert_int_equal(facts->pus, pus);
    assert_int_equal(facts->cores, cores);
    assert_int_equal(facts->numa_nodes, numa_nodes);
    assert_int_equal(facts->packages, packages);
    machine_close(machine);
}

/* Every slot exactly once, under every policy. */
static void check_each_once(const struct machine *machine)
{
    unsigned pus = machine_facts(machine)->pus;
    for (size_t i = 0; i < pin_policy_count; i++) {
        bool *seen = calloc(pus, sizeof *seen);
        assert_non_null(seen);
        struct slot *slots = slots_of(machine, pin_policies[i].name);
        for (unsigned slot = 0; slot < pus; slot++) {
            assert_true(slots[slot].pu < pus);
            assert_false(seen[slots[slot].pu]);
            seen[slots[slot].pu] = true;
        }
        free(slots);
        free(seen);
    }
}

static void check_refused(const char *what, const char *why)
{
    struct error error = {0};
    struct machine *machine = NULL;
    if (machine_open(&machine, what, &error)) {
        machine_close(machine);
        fail_msg("--topology=%s is not refused", what);
    }
    assert_null(machine);
    assert_int_equal(error.exit_code, EXIT_USAGE);
    assert_non_null(strstr(error.text, what));
    assert_null(strchr(error.text, '\n'));
    if (strstr(error.text, why) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", error.text, why);
    }
}

/* Policies. */

static void test_policies_in_their_order(void **state)
{
    (void)state;
    const char *names[] = {"core", "compact", "spread", "none"};
    assert_int_equal(pin_policy_count, 4);
    for (size_t i = 0; i < pin_policy_count; i++) {
        assert_string_equal(pin_policies[i].name, names[i]);
        assert_true(strlen(pin_policies[i].summary) > 0);
        assert_int_equal(pin_policies[i].binds, strcmp(names[i], "none") != 0);
    }
}

/* Orders. */

static void test_one_pu(void **state)
{
    (void)state;
    check_orders("pu:1", "0", "0", "0", "0");
    check_facts("pu:1", 1, 1, 1, 1);
}

static void test_cores_without_smt(void **state)
{
    (void)state;
    check_orders("core:4 pu:1", "0 1 2 3", "0 1 2 3", "0 1 2 3", "0 1 2 3");
    check_facts("core:4 pu:1", 4, 4, 1, 1);
}

static void test_cores_with_smt(void **state)
{
    (void)state;
    check_orders("core:3 pu:2", "0 2 4 1 3 5", "0 1 2 3 4 5", "0 2 4 1 3 5", "0 1 2 3 4 5");
}

static void test_two_packages(void **state)
{
    (void)state;
    check_orders("pack:2 core:2 pu:2", "0 2 4 6 1 3 5 7", "0 1 2 3 4 5 6 7", "0 4 2 6 1 5 3 7",
                 "0 1 2 3 4 5 6 7");
    check_facts("pack:2 core:2 pu:2", 8, 4, 1, 2);
}

static void test_numa_nodes_inside_packages(void **state)
{
    (void)state;
    check_orders("pack:2 numa:2 core:2 pu:1", "0 1 2 3 4 5 6 7", "0 1 2 3 4 5 6 7",
                 "0 4 2 6 1 5 3 7", "0 1 2 3 4 5 6 7");
    check_facts("pack:2 numa:2 core:2 pu:1", 8, 8, 4, 2);
}

static void test_caches_inside_numa_nodes(void **state)
{
    (void)state;
    check_orders("pack:2 l3:2 core:2 pu:1", "0 1 2 3 4 5 6 7", "0 1 2 3 4 5 6 7",
                 "0 4 2 6 1 5 3 7", "0 1 2 3 4 5 6 7");
    check_orders("numa:2 l3:2 core:2 pu:1", "0 1 2 3 4 5 6 7", "0 1 2 3 4 5 6 7",
                 "0 4 2 6 1 5 3 7", "0 1 2 3 4 5 6 7");
}

static void test_l2_shared_by_cores_counts_as_the_last_cache(void **state)
{
    (void)state;
    check_orders("pack:1 l2:2 core:2 pu:1", "0 1 2 3", "0 1 2 3", "0 2 1 3", "0 1 2 3");
}

static void test_private_cache_is_not_a_shared_one(void **state)
{
    (void)state;
    struct machine *machine = open_machine("pack:1 l2:4 core:1 pu:2");
    struct slot *slots = slots_of(machine, "none");
    for (unsigned i = 0; i < 8; i++) {
        assert_int_equal(slots[i].l3, 0);
    }
    free(slots);
    machine_close(machine);
}

static void test_dual_socket_server(void **state)
{
    (void)state;
    check_facts(DATA "dual-socket.xml", 32, 16, 2, 2);
    check_orders(DATA "dual-socket.xml",
                 "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 "
                 "16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31",
                 "0 16 1 17 2 18 3 19 4 20 5 21 6 22 7 23 "
                 "8 24 9 25 10 26 11 27 12 28 13 29 14 30 15 31",
                 "0 8 1 9 2 10 3 11 4 12 5 13 6 14 7 15 "
                 "16 24 17 25 18 26 19 27 20 28 21 29 22 30 23 31",
                 "0 16 1 17 2 18 3 19 4 20 5 21 6 22 7 23 "
                 "8 24 9 25 10 26 11 27 12 28 13 29 14 30 15 31");
}

/* The same server in a cgroup that allows PUs 1-3,8,16-17,24. */
static void test_only_allowed_pus_are_slots(void **state)
{
    (void)state;
    const char *what = DATA "dual-socket-cgroup.xml";
    check_facts(what, 7, 5, 2, 2);
    check_orders(what, "1 2 3 16 8 17 24", "1 17 2 3 16 8 24", "1 8 2 3 16 17 24",
                 "1 17 2 3 16 8 24");
    struct machine *machine = open_machine(what);
    assert_int_equal(machine_facts(machine)->pus_in_all, 32);
    struct slot *slots = slots_of(machine, "core");
    assert_int_equal(slots[3].pu_os, 16); /* alone in its core, and so its first */
    assert_int_equal(slots[3].smt, 0);
    assert_int_equal(slots[6].pu_os, 24);
    assert_int_equal(slots[6].pu, 6);
    assert_int_equal(slots[6].core, 4);
    assert_int_equal(slots[6].smt, 1);
    assert_int_equal(slots[6].numa, 1);
    assert_int_equal(slots[6].package, 1);
    assert_int_equal(slots[6].l3, 1);
    free(slots);
    machine_close(machine);
}

/* Four cores of two PUs each (kind 1), then four of one (kind 0). */
static void test_fastest_kind_comes_first(void **state)
{
    (void)state;
    check_orders(DATA "hybrid.xml", "0 2 4 6 8 9 10 11 1 3 5 7", "0 1 2 3 4 5 6 7 8 9 10 11",
                 "0 2 4 6 8 9 10 11 1 3 5 7", "0 1 2 3 4 5 6 7 8 9 10 11");
    struct machine *machine = open_machine(DATA "hybrid.xml");
    assert_int_equal(machine_facts(machine)->cpukinds, 2);
    assert_string_equal(machine_facts(machine)->cpu_model, "Hybrid desktop CPU");
    struct slot *slots = slots_of(machine, "compact");
    assert_int_equal(slots[0].cpukind, 1);
    assert_int_equal(slots[11].cpukind, 0);
    free(slots);
    machine_close(machine);
}

/* The same, but that the slow cores have the lower numbers. */
static void test_fastest_kind_comes_first_whatever_its_numbers(void **state)
{
    (void)state;
    check_orders(DATA "hybrid-slow-first.xml", "4 6 8 10 0 1 2 3 5 7 9 11",
                 "4 5 6 7 8 9 10 11 0 1 2 3", "4 6 8 10 0 1 2 3 5 7 9 11",
                 "0 1 2 3 4 5 6 7 8 9 10 11");
}

static void test_memory_only_node_is_local_to_no_pu(void **state)
{
    (void)state;
    const char *what = DATA "memory-only-node.xml";
    check_orders(what, "0 1 2 3", "0 1 2 3", "0 2 1 3", "0 1 2 3");
    struct machine *machine = open_machine(what);
    struct slot *slots = slots_of(machine, "core");
    for (unsigned i = 1; i < 4; i++) {
        assert_int_equal(slots[i].numa, slots[0].numa);
    }
    free(slots);
    machine_close(machine);
}

static void test_machine_that_tells_no_cores(void **state)
{
    (void)state;
    check_orders("numa:2 pu:2", "0 1 2 3", "0 1 2 3", "0 2 1 3", "0 1 2 3");
    check_facts("numa:2 pu:2", 4, 4, 2, 1);
}

static void test_4096_pus(void **state)
{
    (void)state;
    struct machine *machine = open_machine("pack:4 numa:4 l3:4 core:8 pu:8");
    assert_int_equal(machine_facts(machine)->pus, 4096);
    check_each_once(machine);
    struct slot *slots = slots_of(machine, "core");
    assert_int_equal(slots[1].pu_os, 8);
    assert_int_equal(slots[512].pu_os, 1);
    machine_slots(machine, policy_named("spread"), slots);
    const unsigned first[] = {0, 1024, 2048, 3072, 256}; /* packages in turn, then nodes */
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(slots[i].pu_os, first[i]);
    }
    assert_int_equal(slots[16].pu_os, 64); /* the second L3 of each node */
    assert_int_equal(slots[64].pu_os, 8);  /* the second core of each L3 */
    assert_int_equal(slots[512].pu_os, 1); /* the second PU of each core */
    free(slots);
    machine_close(machine);
}

static void test_each_slot_once_on_this_machine(void **state)
{
    (void)state;
    struct machine *machine = open_machine(NULL);
    check_each_once(machine);
    machine_close(machine);
}

/* What is no topology. */

static void test_bad_descriptions_are_refused(void **state)
{
    (void)state;
    check_refused("", "levels go from the largest to pu");
    check_refused("pu:0", "count of at least 1");
    check_refused("pack:2 core", "count of at least 1");
    check_refused("pack:2 core:4", "levels go from the largest to pu");
    check_refused("nonsense:2 pu:2", "levels go from the largest to pu");
    check_refused("pu:-1", "count of at least 1");
    check_refused("pu:100000000", "more than 8,192 PUs");
    check_refused("pack:99999 core:99999 pu:99999999999999999999999", "more than 8,192 PUs");
    check_refused("pu:2(indexes=0,4000000000)", "index");
}

static void test_bad_files_are_refused(void **state)
{
    (void)state;
    check_refused(DATA "missing.xml", "No such file");
    check_refused("missing/topology", "No such file");
    check_refused("tests/data", "directory");
    check_refused("/dev/null", "empty");
    check_refused("/dev/zero", "too large");
    check_refused(DATA "garbage.xml", "cannot read the XML");
    check_refused(DATA "truncated.xml", "cannot read the XML");
    check_refused(DATA "damaged.xml", "cannot read the XML"); /* hwloc 2.9.0 crashes on it */
}

static void test_variables_of_hwloc_are_respected(void **state)
{
    (void)state;
    struct error error = {0};
    struct machine *machine = NULL;
    setenv("HWLOC_SYNTHETIC", "core:3 pu:2", 1);
    bool opened = machine_open(&machine, NULL, &error);
    setenv("HWLOC_SYNTHETIC", "pu:0", 1);
    struct machine *none = NULL;
    bool refused = !machine_open(&none, NULL, &error);
    unsetenv("HWLOC_SYNTHETIC");
    assert_true(opened);
    assert_int_equal(machine_facts(machine)->pus, 6);
    assert_false(machine_facts(machine)->is_this_machine);
    machine_close(machine);
    assert_true(refused);
    assert_int_equal(error.exit_code, EXIT_USAGE);
    assert_non_null(strstr(error.text, "HWLOC_SYNTHETIC=pu:0"));
}

/* Binding. */

static void test_binds_to_each_slot_and_is_undone(void **state)
{
    (void)state;
    struct error error = {0};
    struct machine *machine = open_machine(NULL);
    unsigned pus = machine_facts(machine)->pus;
    if (!machine_facts(machine)->is_this_machine || pus < 2) {
        machine_close(machine);
        print_message("# skipped: binding shows nothing with one usable PU\n");
        return; /* cmocka's skip() counts as a failure in TAP */
    }
    cpu_set_t before, bound, after;
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    struct slot *slots = slots_of(machine, "core");
    for (unsigned i = 0; i < pus; i++) {
        assert_true(machine_bind(machine, &slots[i], &error));
        assert_int_equal(sched_getaffinity(0, sizeof bound, &bound), 0);
        assert_int_equal(CPU_COUNT(&bound), 1);
        assert_true(CPU_ISSET(slots[i].pu_os, &bound));
        assert_int_equal(sched_getcpu(), slots[i].pu_os);
    }
    assert_true(machine_bind(machine, NULL, &error));
    assert_int_equal(sched_getaffinity(0, sizeof after, &after), 0);
    assert_true(CPU_EQUAL(&before, &after));
    free(slots);
    machine_close(machine);
}

/* As under taskset: only the PU that this thread is bound to is usable. */
static void test_binding_at_open_is_respected(void **state)
{
    (void)state;
    struct error error = {0};
    struct machine *all = open_machine(NULL);
    unsigned pus = machine_facts(all)->pus;
    if (!machine_facts(all)->is_this_machine || pus < 2) {
        machine_close(all);
        print_message("# skipped: there is no smaller set with one usable PU\n");
        return; /* cmocka's skip() counts as a failure in TAP */
    }
    struct slot *slots = slots_of(all, "none");
    struct slot last = slots[pus - 1];
    free(slots);
    assert_true(machine_bind(all, &last, &error));
    struct machine *one = open_machine(NULL);
    assert_int_equal(machine_facts(one)->pus, 1);
    assert_true(machine_facts(one)->pus_in_all >= pus);
    slots = slots_of(one, "core");
    assert_int_equal(slots[0].pu_os, last.pu_os);
    assert_int_equal(slots[0].core, 0);
    assert_int_equal(slots[0].smt, 0);
    free(slots);
    assert_true(machine_bind(one, NULL, &error)); /* stays where it was allowed */
    assert_int_equal(sched_getcpu(), last.pu_os);
    machine_close(one);
    assert_true(machine_bind(all, NULL, &error));
    machine_close(all);
}

static void test_binds_nothing_elsewhere(void **state)
{
    (void)state;
    struct error error = {0};
    struct machine *machine = open_machine("core:2 pu:1");
    struct slot *slots = slots_of(machine, "core");
    assert_false(machine_bind(machine, slots, &error));
    assert_int_equal(error.exit_code, EXIT_FAILED);
    assert_false(machine_bind(machine, NULL, &error));
    free(slots);
    machine_close(machine);
}

static void test_failed_binding_names_the_pu_and_the_way_out(void **state)
{
    (void)state;
    struct error error = {0};
    struct machine *machine = open_machine(NULL);
    if (machine_facts(machine)->is_this_machine) {
        struct slot nowhere = {.pu_os = 1000000};
        assert_false(machine_bind(machine, &nowhere, &error));
        assert_int_equal(error.exit_code, EXIT_FAILED);
        assert_non_null(strstr(error.text, "PU 1000000"));
        assert_non_null(strstr(error.text, "--pin=none"));
    }
    machine_close(machine);
}

/* XML, version and the drawing. */

static void test_xml_has_the_usable_pus(void **state)
{
    (void)state;
    struct error error = {0};
    char *xml = NULL;
    size_t length = 0;
    struct machine *machine = open_machine(DATA "dual-socket-cgroup.xml");
    assert_true(machine_xml(machine, &xml, &length, &error));
    assert_int_equal(strlen(xml), length);
    unsigned pus = 0;
    for (const char *at = xml; (at = strstr(at, "type=\"PU\"")) != NULL; at++) {
        pus++;
    }
    assert_int_equal(pus, 7);
    free(xml);
    machine_close(machine);
}

static void test_hwloc_version_is_a_version(void **state)
{
    (void)state;
    unsigned major = 0, minor = 0;
    assert_int_equal(sscanf(machine_hwloc_version(), "%u.%u", &major, &minor), 2);
    assert_true(major >= 2);
}

/* Draws into a string, which the caller frees. */
static char *draw(const char *what, unsigned width, bool utf8)
{
    struct error error = {0};
    char *text = NULL;
    size_t length = 0;
    struct machine *machine = open_machine(what);
    FILE *to = open_memstream(&text, &length);
    assert_non_null(to);
    assert_true(machine_draw(machine, to, width, utf8, &error));
    fclose(to);
    machine_close(machine);
    return text;
}

static void test_drawing_of_two_cores(void **state)
{
    (void)state;
    char *text = draw("pack:1 core:2 pu:2", 80, false);
    assert_string_equal(text, "+- package 0, NUMA node 0 -+\n"
                              "| + core 0 + + core 1 +    |\n"
                              "| | PU 0 1 | | PU 2 3 |    |\n"
                              "| +--------+ +--------+    |\n"
                              "+--------------------------+\n");
    free(text);
}

/* At most 40 lines, none wider than asked for, all equally wide. */
static void test_drawings_fit(void **state)
{
    (void)state;
    const char *machines[] = {"pu:1",
                              "pu:64",
                              "core:512 pu:2",
                              "pack:64 core:2 pu:1",
                              "pack:2 numa:2 core:8 pu:2",
                              "pack:4 numa:4 l3:4 core:8 pu:8",
                              DATA "hybrid.xml",
                              DATA "dual-socket-cgroup.xml"};
    const unsigned widths[] = {40, 80, 132};
    for (size_t i = 0; i < sizeof machines / sizeof *machines; i++) {
        for (size_t j = 0; j < sizeof widths / sizeof *widths; j++) {
            char *text = draw(machines[i], widths[j], false);
            size_t lines = 0, width = strcspn(text, "\n");
            assert_in_range(width, 1, widths[j]);
            for (const char *at = text; *at != '\0'; at += width + 1, lines++) {
                assert_int_equal(strcspn(at, "\n"), width);
            }
            assert_in_range(lines, 1, 40);
            free(text);
        }
    }
}

/* "same core 0-1, other package 0-4": the distances, with the first pair of each by the system's
 * numbers. */
static void check_distances(const char *what, const char *expected)
{
    char text[256] = "";
    size_t length = 0;
    struct machine_distance list[MACHINE_DISTANCES_MAX];
    struct machine *machine = open_machine(what);
    unsigned count = machine_distances(machine, list);
    for (unsigned i = 0; i < count; i++) {
        length += (size_t)snprintf(text + length, sizeof text - length, "%s%s %u-%u",
                                   i > 0 ? ", " : "", list[i].name, list[i].pair[0].pu_os,
                                   list[i].pair[1].pu_os);
        assert_true(length < sizeof text);
    }
    machine_close(machine);
    assert_string_equal(text, expected);
}

static void test_distances(void **state)
{
    (void)state;
    check_distances("pu:1", "");
    check_distances("core:2 pu:1", "same package 0-1");
    check_distances("core:1 pu:2", "same core 0-1");
    check_distances("pack:2 core:1 pu:1", "other package 0-1");
    check_distances("pack:2 l3:2 core:4 pu:2",
                    "same core 0-1, same L3 0-2, same package 6-8, other package 14-16");
    check_distances("pack:2 numa:2 core:2 pu:1",
                    "same package 0-1, other NUMA node 1-2, other package 3-4");
    check_distances("pack:1 l3:1 l2:2 core:2 pu:2", "same core 0-1, same L2 0-2, same L3 2-4");
    /* The second threads of its cores are 16 to 31. */
    check_distances(DATA "dual-socket.xml", "same core 0-16, same L3 0-1, other package 7-8");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_policies_in_their_order),
        cmocka_unit_test(test_one_pu),
        cmocka_unit_test(test_cores_without_smt),
        cmocka_unit_test(test_cores_with_smt),
        cmocka_unit_test(test_two_packages),
        cmocka_unit_test(test_numa_nodes_inside_packages),
        cmocka_unit_test(test_caches_inside_numa_nodes),
        cmocka_unit_test(test_l2_shared_by_cores_counts_as_the_last_cache),
        cmocka_unit_test(test_private_cache_is_not_a_shared_one),
        cmocka_unit_test(test_dual_socket_server),
        cmocka_unit_test(test_only_allowed_pus_are_slots),
        cmocka_unit_test(test_fastest_kind_comes_first),
        cmocka_unit_test(test_fastest_kind_comes_first_whatever_its_numbers),
        cmocka_unit_test(test_memory_only_node_is_local_to_no_pu),
        cmocka_unit_test(test_machine_that_tells_no_cores),
        cmocka_unit_test(test_4096_pus),
        cmocka_unit_test(test_each_slot_once_on_this_machine),
        cmocka_unit_test(test_bad_descriptions_are_refused),
        cmocka_unit_test(test_bad_files_are_refused),
        cmocka_unit_test(test_variables_of_hwloc_are_respected),
        cmocka_unit_test(test_binds_to_each_slot_and_is_undone),
        cmocka_unit_test(test_binding_at_open_is_respected),
        cmocka_unit_test(test_binds_nothing_elsewhere),
        cmocka_unit_test(test_failed_binding_names_the_pu_and_the_way_out),
        cmocka_unit_test(test_xml_has_the_usable_pus),
        cmocka_unit_test(test_hwloc_version_is_a_version),
        cmocka_unit_test(test_drawing_of_two_cores),
        cmocka_unit_test(test_drawings_fit),
        cmocka_unit_test(test_distances),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("slots", tests, NULL, NULL);
}
