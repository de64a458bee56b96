/* SPDX-License-Identifier: GPL-3.0-or-later */
/* run_file.h - a run in one file, to be given away and taken up again: `export model`, `import model`.
 *
 * A weights file (model/weights.h) of what scoring needs, with notes of what it is and what it belongs to:
 * whyrec-formats(5) lists them.  What is read may come from anyone: sizes, offsets, indices and parameters are
 * checked, numbers must be finite, the data those it was trained on, and the scores finite too.  WORKER, but for
 * run_file_record().
 */
#ifndef TRAIN_RUN_FILE_H
#define TRAIN_RUN_FILE_H

#include "model/snapshot.h"
#include "train/run_record.h"

/* The tensors and notes of s, which rec tells of; s may be in fewer bits than the run is kept in. */
bool run_file_fill(struct weights_writer *w, const struct snapshot *s, const struct run_record *rec,
		   const struct dataset *d, struct err *err);
/* ANY, quick: what the file says of its run; run_record_done() it, whatever came of it. */
bool run_file_record(const char *path, struct run_record *rec, struct err *err);
/* The same, and the run itself, for the data of the split; a reference that the
 * caller must unref, and that nobody else has. */
struct snapshot *run_file_load(const char *path, struct run_record *rec, const struct split *split, run_resolver *resolve,
			       void *ctx, const struct task *task, struct err *err);

#endif
