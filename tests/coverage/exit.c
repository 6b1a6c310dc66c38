/* For 'make coverage' alone: what a process has counted is written when it leaves by exit(); forked
 * workers and crash handlers leave by _exit(), which the linker leads here (--wrap=_exit). The writing
 * takes memory, and does not look whether it got any: the library that makes the system fail
 * (tests/programs/faults.c) has to end before. */
#include <dlfcn.h>
#include <stdlib.h>

_Noreturn void __wrap__exit(int status);
_Noreturn void __real__exit(int status);
void __gcov_dump(void);

static void end_faults(void)
{
    void *function = dlsym(RTLD_DEFAULT, "faults_end");

    if (function != NULL) {
        (*(void (**)(void)) & function)(); /* ISO C has no cast from data to functions */
    }
}

/* Registered as late as that, it comes before the destructor that writes. */
__attribute__((constructor)) static void set_up(void)
{
    atexit(end_faults);
}

_Noreturn void __wrap__exit(int status)
{
    end_faults();
    __gcov_dump();
    __real__exit(status);
}
