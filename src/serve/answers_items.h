/* SPDX-License-Identifier: GPL-3.0-or-later */
/* answers_items.h - the answers about items, for answers.c.  serve/ only.  WORKER; what is allocated is the answer's. */
#ifndef SERVE_ANSWERS_ITEMS_H
#define SERVE_ANSWERS_ITEMS_H

#include "serve/scorer.h"

bool answer_nearest(struct nearest_answer *out, const struct request *r, const struct task *task, struct err *err);
bool answer_near(struct near_answer *out, const struct request *r, const struct task *task, struct err *err);
bool answer_map(struct map_answer *out, const struct request *r, const struct task *task, struct err *err);

#endif
