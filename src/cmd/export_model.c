/* SPDX-License-Identifier: GPL-3.0-or-later */
/* export_model.c - a run's weights as a file for others to read, in as many bits as they want. */
#include "cmd/export_files.h"
#include "train/run_file.h"

/* Tensor bytes alone, to compare with. */
static bool size_of(const struct snapshot *s, uint64_t *bytes, struct err *err)
{
	struct weights_writer *w = weights_writer_new(err);
	bool good = w && s->ops->save(s->model, WEIGHTS_SCORING, w, err);

	if (good)
		*bytes = weights_size(w);
	weights_writer_free(w);
	return good;
}

static bool write_file(const char *path, const struct snapshot *s, const struct run_record *rec, const struct dataset *d,
		  struct model_export *m, struct err *err)
{
	struct weights_writer *w = weights_writer_new(err);
	bool good = w && run_file_fill(w, s, rec, d, err) && weights_commit(w, path, err);

	if (good)
		m->file_bytes = weights_size(w);
	weights_writer_free(w);
	return good;
}

bool export_model(const char *path, const struct snapshot *s, const struct run_record *rec, const struct split *split,
		  const struct task *t, struct model_export *m, struct err *err)
{
	const struct snapshot *packed = snapshot_pack(s, m->to, err);
	bool good;

	if (!packed)
		return false;
	m->packed = packed != s;
	good = size_of(s, &m->whole_bytes, err) &&
	       (!m->packed || packed_cost_measure(s, packed, split, t, &m->cost, err)) &&
	       write_file(path, packed, rec, split->data, m, err);
	m->written = good;
	snapshot_unref(packed);
	return good;
}
