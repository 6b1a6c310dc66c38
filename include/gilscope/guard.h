/* The guard around a user's own function, which may crash, end the program, or never return: what
 * happened is said in a line, and what was measured is kept. Only while a plug-in is loaded. */
#ifndef GILSCOPE_GUARD_H
#define GILSCOPE_GUARD_H

#include "gilscope/error.h"

/* From now on a crash (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS), here or in a forked worker, is
 * told as one of the kernel `name`, once, and ends its process with 128 + signal, without a core
 * file; exit() is told too, by up to THREADS_MAX threads at once, and ends it with EXIT_FAILED, a
 * worker with 128. A second after a first Ctrl-C who still waits is told about the second one. Call
 * from the main thread, before others start; one guard at a time. */
bool guard_open(const char *name, struct error *error);

/* Adds to the line where to find what was measured: folder/file. From the main thread; nothing
 * where no guard is open. */
void guard_says(const char *folder, const char *file);

/* After the last call of the kernel: who still waits, waits for us, and is not told that it is the
 * kernel. From the main thread; nothing where no guard is open. */
void guard_rest(void);

/* For each thread, before it calls the kernel and after: gives the handler a stack of its own, since
 * the thread's may be what overflowed. Thread-safe; nothing where no guard is open. */
void guard_thread(void);
void guard_thread_end(void);

/* Everything as it was before. Fine where none is open. */
void guard_close(void);

/* Whether one of its lines was told, by this process or by one that it forked. Any thread. */
bool guard_has_told(void);

#endif
