/* SPDX-License-Identifier: GPL-3.0-or-later */
/* export_model.c - a run's weights as a file for others to read, in as many bits as they want. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/export_files.h"

/* As zip and Python's zlib.crc32() take it, so that a reader can check its own list of ids. */
static uint32_t crc32_add(uint32_t crc, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < n; i++) {
		crc ^= p[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0xedb88320) : 0);
	}
	return crc;
}

typedef const char *id_of(const struct dataset *d, uint32_t i);

/* Each id and a newline, in the order of the rows. */
static bool note_ids(struct weights_writer *w, const char *key, const struct dataset *d, uint32_t n, id_of *id,
		     struct err *err)
{
	uint32_t crc = UINT32_MAX;
	char text[16];

	for (uint32_t i = 0; i < n; i++) {
		crc = crc32_add(crc, id(d, i), strlen(id(d, i)));
		crc = crc32_add(crc, "\n", 1);
	}
	snprintf(text, sizeof(text), "%08" PRIx32, crc ^ UINT32_MAX);
	return weights_note(w, key, text, err);
}

static bool note_params(struct weights_writer *w, const struct run_record *rec, struct err *err)
{
	char *text = json_dumps(rec->params, JSON_COMPACT);
	bool good = text ? weights_note(w, "params", text, err)
			 : err_set(err, ERR_NOMEM, "no memory for the parameters of %s", rec->name);

	free(text);
	return good;
}

static bool fill(struct weights_writer *w, const struct snapshot *s, const struct run_record *rec,
		 const struct dataset *d, struct err *err)
{
	return snapshot_write(s, w, err) && weights_note(w, "precision", precision_name[s->precision], err) &&
	       note_params(w, rec, err) && note_ids(w, "user_ids_crc32", d, d->n_users, dataset_true_user_id, err) &&
	       note_ids(w, "item_ids_crc32", d, d->n_items, dataset_true_item_id, err);
}

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
	bool good = w && fill(w, s, rec, d, err) && weights_commit(w, path, err);

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
