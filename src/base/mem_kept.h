/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mem_kept.h - large blocks that were given back, kept for whoever next asks for about as much.
 *
 * A training makes and drops copies of its tables at every epoch.  Given back to the kernel, each comes back
 * as pages to be cleared and faulted in again, which costs more than the arithmetic done on them.
 * At most KEPT_BYTES stay here, the newest.  For mem.c alone; blocks are malloc()'s.  Thread: ANY.
 */
#ifndef BASE_MEM_KEPT_H
#define BASE_MEM_KEPT_H

#include <stdbool.h>
#include <stddef.h>

#define KEPT_BYTES ((size_t)256 << 20)

void *mem_kept_take(size_t size); /* a block of size bytes, at most a quarter larger, contents anything; or NULL */
bool mem_kept_put(void *block);   /* true: it is kept; false: still the caller's to free() */
size_t mem_kept_free_all(void);   /* bytes given back to malloc */

#endif
