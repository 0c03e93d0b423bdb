/* Copyright 2026 The libdbr authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stddef.h>
#include <stdint.h>

/* Preloaded into a client process, to count what it asks the heap for. It relies on the names that
 * glibc has for its own functions, so that it needs no look-up, which would itself allocate. */

extern void *__libc_malloc (size_t size);
extern void *__libc_calloc (size_t n,
                            size_t size);
extern void *__libc_realloc (void   *memory,
                             size_t  size);

void *malloc (size_t size);
void *calloc (size_t n,
              size_t size);
void *realloc (void   *memory,
               size_t  size);
uint64_t bench_count_allocations (void);

static uint64_t n_allocations;

static void
count (void)
{
  __atomic_fetch_add (&n_allocations, 1, __ATOMIC_RELAXED);
}

uint64_t
bench_count_allocations (void)
{
  return __atomic_load_n (&n_allocations, __ATOMIC_RELAXED);
}

void *
malloc (size_t size)
{
  count ();

  return __libc_malloc (size);
}

void *
calloc (size_t n,
        size_t size)
{
  count ();

  return __libc_calloc (n, size);
}

void *
realloc (void   *memory,
         size_t  size)
{
  count ();

  return __libc_realloc (memory, size);
}
