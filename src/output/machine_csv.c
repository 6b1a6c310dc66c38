/* Where and how a run was made: see machine_csv.h. */
#include "gilscope/machine_csv.h"

#include "gilscope/csv.h"
#include "gilscope/noise.h"
#include "gilscope/results.h"

#include <stdio.h>
#include <time.h>

bool machine_csv_begin(struct outfile *file, struct error *error)
{
    static const char header[] = "key,value\n";

    return outfile_write_at(file, 0, header, sizeof header - 1, error);
}

bool machine_csv_text(struct outfile *file, const char *key, const char *value,
                      struct error *error)
{
    struct csv_row row;

    csv_begin(&row);
    csv_text(&row, key);
    csv_text(&row, value);
    csv_end(&row);
    return results_append(file, &row, error);
}

bool machine_csv_number(struct outfile *file, const char *key, double value,
                        struct error *error)
{
    struct csv_row row;

    csv_begin(&row);
    csv_text(&row, key);
    csv_number(&row, value);
    csv_end(&row);
    return results_append(file, &row, error);
}

static bool hardware(struct outfile *file, const struct machine_facts *facts,
                     struct error *error)
{
    return machine_csv_text(file, "cpu", facts->cpu_model, error) &&
           machine_csv_number(file, "usable_pus", facts->pus, error) &&
           machine_csv_number(file, "pus", facts->pus_in_all, error) &&
           machine_csv_number(file, "cores", facts->cores, error) &&
           machine_csv_number(file, "packages", facts->packages, error) &&
           machine_csv_number(file, "numa_nodes", facts->numa_nodes, error) &&
           machine_csv_number(file, "cpukinds", facts->cpukinds, error);
}

static bool software(struct outfile *file, struct error *error)
{
    static const struct {
        const char *key;
        void (*tell)(char *, unsigned);
    } facts[] = {{"kernel", fact_kernel},
                 {"compiler", fact_compiler},
                 {"openmp", fact_openmp},
                 {"governor", fact_governor}};

    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        char text[512];
        facts[i].tell(text, sizeof text);
        if (!machine_csv_text(file, facts[i].key, text, error)) {
            return false;
        }
    }
    return machine_csv_text(file, "hwloc", machine_hwloc_version(), error);
}

bool machine_csv_machine(struct outfile *file, const struct machine *machine,
                         struct error *error)
{
    return hardware(file, machine_facts(machine), error) && software(file, error);
}

bool machine_csv_run(struct outfile *file, const struct settings *settings, struct error *error)
{
    char seed[32], date[32];
    time_t now = time(NULL);
    struct tm utc;

    snprintf(seed, sizeof seed, "%llu", (unsigned long long)settings->seed);
    gmtime_r(&now, &utc);
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", &utc);
    return machine_csv_text(file, "command_line", settings->command_line, error) &&
           machine_csv_text(file, "seed", seed, error) &&
           machine_csv_text(file, "date", date, error);
}

bool machine_csv_write(struct outfile *file, const struct machine *machine,
                       const struct settings *settings, struct error *error)
{
    return machine_csv_begin(file, error) && machine_csv_machine(file, machine, error) &&
           machine_csv_run(file, settings, error);
}
