/* SPDX-License-Identifier: GPL-3.0-or-later */
/* person.h - who a question is about: a user of the data, a persona, or a history that is given.
 *
 * persona=NAME stands where USER would, first (command.c puts it there).  A persona is asked with its history,
 * folded in where models fold in.  Taken on the UI thread, asked by the WORKER.  cmd/ only.
 */
#ifndef CMD_PERSON_H
#define CMD_PERSON_H

#include "cmd/command.h"
#include "explain/whatif.h"
#include "model/snapshot.h"

struct person {
	uint32_t user;               /* of the data; with `given` whose vector is kept; NO_USER: nobody's */
	char persona[64];            /* its name; "": none */
	bool given;                  /* asked with `history`, not with a user's own */
	struct given_history history;
	struct history_buf buf;
};
#define PERSONA_PARAM { .name = "persona", .type = PARAM_TEXT, .meaning = "a persona, in the place of USER" }

void person_init(struct person *p);
void person_done(struct person *p);
/* The first word of the call: USER, or persona=NAME. */
bool person_take(struct person *p, const struct call *c, struct err *err);
/* history=ITEM[:VALUE],… oldest first; a repeated item counts where it stands last, as in a user's own history. */
bool person_take_history(struct person *p, const struct call *c, const struct word *w, struct err *err);
/* +ITEM[=VALUE], -ITEM, ITEM=VALUE; a mark counts where it is not quoted. */
bool edit_word_take(const struct call *c, struct word *w, struct edit *e, struct err *err);

/* WORKER.  The query borrows p's arrays. */
bool person_query(struct person *p, const struct snapshot *s, const struct split *split, struct query *out,
		  struct err *err);
bool person_has_hit(const struct person *p, const struct split *split, uint32_t item); /* among the test items */
/* "user": id or null; of a persona "persona" too. */
void person_put(const struct person *p, const struct dataset *d, struct result *r);
void person_say(const struct person *p, const struct dataset *d, struct str *out); /* the id quoted, "persona NAME", "a history" */

#endif
