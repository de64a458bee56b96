/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mask.h - names shown in the stead of ids, while somebody may look who must not see them.
 *
 * A masked id is "u~N" or "i~N", short as columns are: N is a permutation of 1..n that a random key chooses when masks are first put
 * on, by a Feistel network (Luby & Rackoff 1988) that is walked until it falls within n (Black & Rogaway
 * 2002).  So two ids never share a mask, the same id keeps its mask in a session, another session has others,
 * and neither order nor number tells anything.  It hides from who looks, it is no cryptography.
 * One for the process: on and off on the UI thread, asked from ANY.
 */
#ifndef DATA_MASK_H
#define DATA_MASK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

bool mask_put_on(struct err *err); /* false: the system gives no random key */
void mask_take_off(void);
bool mask_is_on(void);
/* "KIND~N" for index 0..n-1.  Borrowed until this thread asks 16 times more. */
const char *mask_name(const char *kind, uint32_t index, uint32_t n);

#endif
