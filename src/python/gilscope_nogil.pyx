# The article's Cython: a loop in C, with the GIL given up around it, called from Python threads.
# The loop is that of gilscope's own variants, from the very same file: a compiler would remove the
# article's empty one altogether.
#
# Nothing between "with nogil:" and its end may touch a Python object: n and left are C numbers.
# cython: language_level=2, freethreading_compatible=True

cdef extern from "kernels/countdown.c":
    ctypedef unsigned long long uint64_t
    cdef struct kernel:
        uint64_t (*run)(void *state, uint64_t units) nogil
    const kernel kernel_countdown


def countdown(uint64_t n):
    cdef uint64_t left
    with nogil:
        left = n - kernel_countdown.run(NULL, n)
    return left
