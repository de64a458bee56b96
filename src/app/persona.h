/* SPDX-License-Identifier: GPL-3.0-or-later */
/* persona.h - a person made by hand: a history with a name, kept with the data that it was made on.
 *
 *   HOME/personas/NAME.json   {"name","data","data_fingerprint","as","made","history":[{"item","value"}…]}
 *
 * The history is oldest first, in the data's own ids; "as" is the user whose own vector it keeps, or null.  A
 * file is replaced whole; one that cannot be read is told of and left alone.  A persona never changes but for
 * what persona_settle() finds of it in the data that stand.  Thread: reading and writing ANY, the rest UI.
 */
#ifndef APP_PERSONA_H
#define APP_PERSONA_H

#include "data/dataset.h"
#include "model/snapshot.h"

struct persona {
	char name[64], data_name[96];
	uint64_t data_fingerprint;
	int64_t made;            /* clock_wall() */
	char *as;                /* a user's id; NULL: nobody's vector */
	uint32_t n;
	char **item;             /* [n] ids */
	float *x;                /* [n] */

	uint32_t number;         /* in its session; another persona, also one of the same name, has another */
	bool made_here;          /* in this session, not found in --home */
	bool in_memory;          /* not kept under --home (--readonly) */
	bool of_data;            /* it was made on the data that stand, and history is filled */
	struct given_history history;
};

struct persona *persona_new(const char *name, const struct dataset *d, const struct given_history *history,
			    struct err *err);
void persona_free(struct persona *p); /* NULL is fine */
void persona_settle(struct persona *p, const struct dataset *d); /* of_data and history; d NULL: none stand */
/* Its name as may be shown: the name, or while ids are masked another in its stead.  Borrowed as data/mask.h says. */
const char *persona_shown(const struct persona *p);
/* The user it was made after, as may be shown (masks); NULL: none. */
const char *persona_after(const struct persona *p, const struct dataset *d);

bool persona_save(const struct persona *p, const char *home, struct err *err);
bool persona_delete(const char *name, const char *home, struct err *err);
/* By name.  damaged: a line for each file that cannot be read. */
bool persona_list(const char *home, struct persona ***out, size_t *n, struct str *damaged, struct err *err);

#endif
