/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mem.h - memory: sized by data (may fail, says so) or small and fixed (must not fail).
 *
 * mem_alloc/mem_zeroed/mem_resize check n * size for overflow and set ERR_NOMEM with the figure on
 * failure.  Arrays of 64 bytes and more are 64-byte aligned.  Free all of them with mem_free().
 * mem_must() takes a small allocation's result and, on NULL, runs the hook (it gives the terminal
 * back) and aborts.  Thread: ANY; the hooks are set once, INIT.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

void *mem_alloc(size_t n, size_t size, struct err *err);
void *mem_zeroed(size_t n, size_t size, struct err *err);
/* Keeps min(old_n, n) elements.  On failure returns NULL and leaves p as it was. */
void *mem_resize(void *p, size_t old_n, size_t n, size_t size, struct err *err);
/* Makes room for `need` elements at *p, doubling from 64; *cap is the room there is.  On failure both stay. */
bool mem_grow(void **p, size_t *cap, size_t need, size_t size, struct err *err);
void mem_free(void *p); /* NULL is fine */

void *mem_must(void *p);
char *mem_strdup(const char *s); /* small; must not fail; free with free() */
void mem_set_abort_hook(void (*hook)(void));

/* Bytes held now and at most since the start (or the last reset) through mem_alloc and its kin. */
size_t mem_bytes_now(void);
size_t mem_bytes_peak(void);
void mem_reset_peak(void);
/* What the machine could still give (MemAvailable, the cgroup's limit and RLIMIT_AS taken into account). */
uint64_t mem_bytes_available(void);

/* Tests: the n-th call from now (1 = next) fails once; 0 switches off.  Returns calls so far. */
uint64_t mem_fail_at(uint64_t n);

#endif
