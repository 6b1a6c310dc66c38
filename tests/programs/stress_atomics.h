/* The operations of stdatomic.h with a step of the stress programs before and after each: what is
 * compiled with `-include` of this file pauses there (stress.h). Their orders stay what they are. */
#ifndef STRESS_ATOMICS_H
#define STRESS_ATOMICS_H

#include <stdatomic.h>

void stress_step(void);

#define STRESS_AROUND(operation)                                                               \
    ({                                                                                         \
        stress_step();                                                                         \
        __auto_type stress_result = (operation);                                               \
        stress_step();                                                                         \
        stress_result;                                                                         \
    })
#define STRESS_AROUND_VOID(operation) (stress_step(), (operation), stress_step())

/* What the compiler's own macros are made of. */
#ifdef __clang__
#    define STRESS_PLAIN(name)    __c11_atomic_##name
#    define STRESS_STRONG(...)    __c11_atomic_compare_exchange_strong(__VA_ARGS__)
#    define STRESS_WEAK(...)      __c11_atomic_compare_exchange_weak(__VA_ARGS__)
#    define STRESS_NUMBERED(name) __c11_atomic_##name
#else
#    define STRESS_PLAIN(name)    __atomic_##name##_n
#    define STRESS_NUMBERED(name) __atomic_##name
#    define STRESS_STRONG(object, expected, desired, ...)                                      \
        __atomic_compare_exchange_n(object, expected, desired, 0, __VA_ARGS__)
#    define STRESS_WEAK(object, expected, desired, ...)                                        \
        __atomic_compare_exchange_n(object, expected, desired, 1, __VA_ARGS__)
#endif

#undef atomic_load_explicit
#undef atomic_store_explicit
#undef atomic_exchange_explicit
#undef atomic_compare_exchange_strong_explicit
#undef atomic_compare_exchange_weak_explicit
#undef atomic_fetch_add_explicit
#undef atomic_fetch_sub_explicit
#undef atomic_fetch_or_explicit
#undef atomic_fetch_and_explicit
#define atomic_load_explicit(...)                    STRESS_AROUND(STRESS_PLAIN(load)(__VA_ARGS__))
#define atomic_store_explicit(...)                   STRESS_AROUND_VOID(STRESS_PLAIN(store)(__VA_ARGS__))
#define atomic_exchange_explicit(...)                STRESS_AROUND(STRESS_PLAIN(exchange)(__VA_ARGS__))
#define atomic_compare_exchange_strong_explicit(...) STRESS_AROUND(STRESS_STRONG(__VA_ARGS__))
#define atomic_compare_exchange_weak_explicit(...)   STRESS_AROUND(STRESS_WEAK(__VA_ARGS__))
#define atomic_fetch_add_explicit(...)               STRESS_AROUND(STRESS_NUMBERED(fetch_add)(__VA_ARGS__))
#define atomic_fetch_sub_explicit(...)               STRESS_AROUND(STRESS_NUMBERED(fetch_sub)(__VA_ARGS__))
#define atomic_fetch_or_explicit(...)                STRESS_AROUND(STRESS_NUMBERED(fetch_or)(__VA_ARGS__))
#define atomic_fetch_and_explicit(...)               STRESS_AROUND(STRESS_NUMBERED(fetch_and)(__VA_ARGS__))

/* Those that name no order. */
#define STRESS_SEQ memory_order_seq_cst
#undef atomic_load
#undef atomic_store
#undef atomic_exchange
#undef atomic_compare_exchange_strong
#undef atomic_compare_exchange_weak
#undef atomic_fetch_add
#undef atomic_fetch_sub
#undef atomic_fetch_or
#undef atomic_fetch_and
#define atomic_load(object)            atomic_load_explicit(object, STRESS_SEQ)
#define atomic_store(object, value)    atomic_store_explicit(object, value, STRESS_SEQ)
#define atomic_exchange(object, value) atomic_exchange_explicit(object, value, STRESS_SEQ)
#define atomic_compare_exchange_strong(object, expected, desired)                              \
    atomic_compare_exchange_strong_explicit(object, expected, desired, STRESS_SEQ, STRESS_SEQ)
#define atomic_compare_exchange_weak(object, expected, desired)                                \
    atomic_compare_exchange_weak_explicit(object, expected, desired, STRESS_SEQ, STRESS_SEQ)
#define atomic_fetch_add(object, value) atomic_fetch_add_explicit(object, value, STRESS_SEQ)
#define atomic_fetch_sub(object, value) atomic_fetch_sub_explicit(object, value, STRESS_SEQ)
#define atomic_fetch_or(object, value)  atomic_fetch_or_explicit(object, value, STRESS_SEQ)
#define atomic_fetch_and(object, value) atomic_fetch_and_explicit(object, value, STRESS_SEQ)

#endif
