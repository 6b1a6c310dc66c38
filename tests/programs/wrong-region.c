/* A mistake inside an OpenMP region: clang sees it as it would see it outside.
 * aborts: thread 0 needs 'gil' in main(): nobody holds it */
#include "gilscope/gil.h"

static struct gil *gil;
static long value GUARDED_BY(the_gil);

int main(void)
{
    const struct gil_config config = {.switch_interval_s = 5e-3};
    struct error error;

    if (!gil_create(&gil, &gil_switching, &config, &error)) {
        return error.exit_code;
    }
#pragma omp parallel num_threads(1)
    {
        gil_assert_held(gil, 0); // refused: 'gil_assert_held' requires holding lock 'the_gil'
        value++; // refused: writing variable 'value' requires holding lock 'the_gil'
    }
    gil_destroy(gil);
    return EXIT_DONE;
}
