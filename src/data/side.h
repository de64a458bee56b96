/* SPDX-License-Identifier: GPL-3.0-or-later */
/* side.h - what other files say about items and users: titles, texts, tags, notes.
 *
 * Runs once the events are numbered.  Which column holds the item's id is found by looking: the one whose
 * values are ids of the events, directly or through a file of ids (original id, number).  WORKER.
 */
#ifndef DATA_SIDE_H
#define DATA_SIDE_H

#include "base/err.h"
#include "base/task.h"
#include "data/dataset.h"
#include "data/events.h"
#include "data/sniff.h"

struct side_file {
	const struct member *m;
	const struct sniffed *s;
	struct loaded_file *told; /* rows, bad, note are filled in; role changes to "not used" where nothing fits */
	uint32_t file;            /* its number in the report */
};

/* item_map: from the numbers of `e` to those of d (NULL: the same), for what the events said. */
bool side_attach(struct dataset *d, struct events *e, const uint32_t *item_map, const struct side_file *files,
		 size_t n_files, const struct task *task, struct err *err);

#endif
