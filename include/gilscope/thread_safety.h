/* What a lock protects, said so that clang refuses a program that touches it without the lock
 * (-Wthread-safety; DeLesley Hutchins, Aaron Ballman and Dean Sutherland, "C/C++ Thread Safety
 * Analysis", SCAM 2014; https://clang.llvm.org/docs/ThreadSafetyAnalysis.html, whose names these
 * are). Other compilers see nothing of it, and the code that is made is the same.
 *
 *     extern struct gil the_gil;                      a capability: what a thread holds or does not
 *     struct counter { long value GUARDED_BY(the_gil); };
 *     void add(struct counter *counter, long n) REQUIRES(the_gil);
 *
 * A capability is named where it guards, and the name must be known there. In C a member cannot name
 * another member of its structure: so ours are names of locks by what they are for, declared extern
 * and defined nowhere (the analysis needs a name, not memory). All locks of one purpose are one
 * capability: which of them is held is not told apart. */
#ifndef GILSCOPE_THREAD_SAFETY_H
#define GILSCOPE_THREAD_SAFETY_H

#if defined __clang__
#    define THREAD_SAFETY(attribute) __attribute__((attribute))
#else
#    define THREAD_SAFETY(attribute)
#endif

/* Of a type: its objects are capabilities. `kind` is what messages call them: "lock". */
#define CAPABILITY(kind) THREAD_SAFETY(capability(kind))

/* Of data, members and globals: read and written with that capability only; and of a pointer: what
 * it points to is. */
#define GUARDED_BY(of)    THREAD_SAFETY(guarded_by(of))
#define PT_GUARDED_BY(of) THREAD_SAFETY(pt_guarded_by(of))

/* Of functions: the caller must hold it, before and after; must not hold it. */
#define REQUIRES(...) THREAD_SAFETY(requires_capability(__VA_ARGS__))
#define EXCLUDES(...) THREAD_SAFETY(locks_excluded(__VA_ARGS__))

/* The caller does not hold it before, and does after; the other way round; does after where the
 * function returns `success`: TRY_ACQUIRE(true, the_gil). */
#define ACQUIRE(...)     THREAD_SAFETY(acquire_capability(__VA_ARGS__))
#define RELEASE(...)     THREAD_SAFETY(release_capability(__VA_ARGS__))
#define TRY_ACQUIRE(...) THREAD_SAFETY(try_acquire_capability(__VA_ARGS__))

/* From the call on the caller holds it, whatever clang knows. */
#define ASSERT_CAPABILITY(of) THREAD_SAFETY(assert_capability(of))

/* The body is not looked at: what is inside must be right for a reason that clang cannot see, which
 * stands beside it. */
#define NO_THREAD_SAFETY_ANALYSIS THREAD_SAFETY(no_thread_safety_analysis)

#endif
