/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sequences.h - what is trained on, as histories in the order of time, for the models that read order.
 *
 * Row u of ptr/item holds the events of user u that env->x has, oldest first, an item that came again
 * where it came last (as a query has it), cut to the newest `most`.  Immutable once made.  Thread: WORKER
 * to make, ANY to read.
 */
#ifndef MODEL_SEQUENCES_H
#define MODEL_SEQUENCES_H

#include "model/model.h"

struct sequences {
	uint32_t U;
	size_t *ptr;    /* [U + 1] */
	uint32_t *item; /* [ptr[U]] */
};

bool sequences_make(struct sequences *s, const struct build_env *env, uint32_t most, struct err *err);
void sequences_done(struct sequences *s); /* fine on a zeroed struct */
static inline uint32_t sequences_n(const struct sequences *s, uint32_t u)
{
	return (uint32_t)(s->ptr[u + 1] - s->ptr[u]);
}
uint32_t sequences_longest(const struct sequences *s); /* at least 1 */
uint64_t sequences_bytes(uint32_t U, size_t events);

#endif
