/* SPDX-License-Identifier: GPL-3.0-or-later */
/* export_files.h - the files that `export` writes: CSV (RFC 4180 quoting, \n line ends) and NumPy's .npy.
 *
 * Every file is written beside its place and renamed when whole.  WORKER.
 */
#ifndef CMD_EXPORT_FILES_H
#define CMD_EXPORT_FILES_H

#include <stdint.h>

#include "base/file.h"
#include "data/split.h"
#include "eval/packed_cost.h"
#include "model/snapshot.h"
#include "train/run_record.h"

/* One CSV file under way. */
struct csv_out {
	struct file_writer w;
	bool first; /* of the row */
	uint64_t rows;
};
bool csv_begin(struct csv_out *o, const char *path, const char *header, struct err *err);
void csv_text(struct csv_out *o, const char *text);
void csv_number(struct csv_out *o, double v); /* %.9g; not a number: empty */
void csv_integer(struct csv_out *o, int64_t v);
void csv_empty(struct csv_out *o);
void csv_end_row(struct csv_out *o);
bool csv_commit(struct csv_out *o, struct err *err);
void csv_abandon(struct csv_out *o);

/* Best k items of every user with test (valid) items: user,item ids, best first. */
bool export_recommendations(const char *path, const struct snapshot *s, const struct split *split, bool on_valid,
			    uint32_t k, const struct task *t, uint64_t *rows, struct err *err);
/* train.csv valid.csv test.csv and, where there is such, history.csv in a folder. */
bool export_split(const char *folder, const struct split *split, const struct task *t, uint64_t *rows,
		  struct err *err);
bool export_rejected(const char *path, const struct dataset *d, uint64_t *rows, struct err *err);
/* Item vectors, one row an item in the dataset's order; .npy, or .csv with the ids. */
bool export_vectors(const char *path, const struct snapshot *s, const struct dataset *d, uint64_t *rows,
		    struct err *err);
/* item,x,y by explain/item_map.h. */
bool export_map(const char *path, const struct snapshot *s, const struct split *split, bool neighbours,
		const struct task *t, uint64_t *rows, struct err *err);
bool export_curves(const char *path, const char *run, const struct curves *c, uint64_t *rows, struct err *err);

/* What a run scores with, its large tables in m->to: whyrec-formats(5).  Measures what that costs. */
struct model_export {
	enum precision to;                  /* set before */
	bool written, packed;               /* packed: in fewer bits than it is kept, and measured */
	uint64_t file_bytes, whole_bytes;   /* of tensors; as it is kept */
	struct packed_cost cost;
};
bool export_model(const char *path, const struct snapshot *s, const struct run_record *rec, const struct split *split,
		  const struct task *t, struct model_export *m, struct err *err);

#endif
