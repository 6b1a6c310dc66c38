/* For 'make coverage' alone: what a process has counted is written when it leaves by exit(); forked
 * workers and crash handlers leave by _exit(), which the linker leads here (--wrap=_exit). */
_Noreturn void __wrap__exit(int status);
_Noreturn void __real__exit(int status);
void __gcov_dump(void);

_Noreturn void __wrap__exit(int status)
{
    __gcov_dump();
    __real__exit(status);
}
