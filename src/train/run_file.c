/* SPDX-License-Identifier: GPL-3.0-or-later */
/* run_file.c - see run_file.h. */
#include "train/run_file.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "model/weights.h"
#include "train/run_weights.h"

enum {
	CURVES_MOST = 512 << 10, /* bytes of curves that go with a run: some thousand epochs */
	METRICS_MOST = 256,
	ASKED_USERS = 8,         /* whose scores are looked at */
};

/* --- Written ------------------------------------------------------------------------------------- */

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

/* Of each id and a newline, in the order of the rows. */
static void ids_text(const struct dataset *d, uint32_t n, id_of *id, char out[16])
{
	uint32_t crc = UINT32_MAX;

	for (uint32_t i = 0; i < n; i++) {
		crc = crc32_add(crc, id(d, i), strlen(id(d, i)));
		crc = crc32_add(crc, "\n", 1);
	}
	snprintf(out, 16, "%08" PRIx32, crc ^ UINT32_MAX);
}

static void users_text(const struct dataset *d, char out[16])
{
	ids_text(d, d->n_users, dataset_true_user_id, out);
}

static void items_text(const struct dataset *d, char out[16])
{
	ids_text(d, d->n_items, dataset_true_item_id, out);
}

static void hex_text(uint64_t v, char out[24])
{
	snprintf(out, 24, "%016" PRIx64, v);
}

/* Takes the value. */
static bool note_json(struct weights_writer *w, const char *key, json_t *take, struct err *err)
{
	char *text = json_line(take);
	bool good = weights_note(w, key, text, err);

	free(text);
	json_decref(take);
	return good;
}

static void end_training(struct run_record *r)
{
	if (!strcmp(r->stopped, "running"))
		snprintf(r->stopped, sizeof(r->stopped), "cancelled");
	r->failure[0] = '\0';
}

/* What is told of the run as it stands in the file.  Metrics were measured of the run as it is kept. */
static bool note_record(struct weights_writer *w, const struct snapshot *s, const struct run_record *rec, struct err *err)
{
	struct run_record told = *rec;

	told.tuning = NULL; /* its other trials did not come along */
	if (s->precision != rec->precision)
		told.metrics = NULL;
	told.precision = s->precision;
	told.bytes = s->ops->held(s->model);
	told.best_epoch = s->epoch;
	told.readable = true;
	end_training(&told);
	return note_json(w, "record", run_record_to_json(&told), err);
}

static bool note_curves(struct weights_writer *w, const struct curves *c, struct err *err)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = c->n ? open_memstream(&text, &n) : NULL;
	bool good = true;

	if (!c->n)
		return true;
	mem_must(f);
	curves_print(c, f);
	fclose(f);
	mem_must(text);
	if (n <= CURVES_MOST)
		good = weights_note(w, "curves", text, err);
	free(text);
	return good;
}

bool run_file_fill(struct weights_writer *w, const struct snapshot *s, const struct run_record *rec,
		   const struct dataset *d, struct err *err)
{
	char users[16], items[16], content[24];

	users_text(d, users);
	items_text(d, items);
	hex_text(d->content, content);
	return snapshot_write(s, w, err) && weights_note(w, "precision", precision_name[s->precision], err) &&
	       note_json(w, "params", json_deep_copy(rec->params), err) && note_record(w, s, rec, err) &&
	       note_curves(w, &rec->curves, err) && weights_note(w, "content", content, err) &&
	       weights_note(w, "user_ids_crc32", users, err) && weights_note(w, "item_ids_crc32", items, err);
}

/* --- Read ---------------------------------------------------------------------------------------- */

static bool note_is(const struct weights *w, const char *key, const char *want)
{
	const char *found = weights_note_get(w, key);

	return found && !strcmp(found, want);
}

static bool read_curves(const struct weights *w, const char *path, struct run_record *rec, struct err *err)
{
	const char *note = weights_note_get(w, "curves");
	char *text = note ? mem_strdup(note) : NULL;
	bool good = !text || curves_read(&rec->curves, text, path, err);

	free(text);
	return good || err_wrap(err, "its note curves");
}

static bool metrics_are_numbers(const json_t *metrics)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)metrics, name, value) {
		if (!json_is_number(value) && !json_is_null(value))
			return false;
	}
	return json_object_size(metrics) <= METRICS_MOST;
}

static bool read_record(const struct weights *w, const char *path, struct run_record *rec, struct err *err)
{
	const char *note = weights_note_get(w, "record");
	json_t *j = note ? json_loads(note, JSON_REJECT_DUPLICATES, NULL) : NULL;
	bool good;

	if (!note)
		return err_at(err, ERR_UNSUPPORTED, path, 0,
			      "tells of no run: only files that export model wrote can be imported, and those of an "
			      "earlier whyrec have to be exported again");
	good = run_record_from_json(rec, j, err) || err_wrap(err, "its note record");
	json_decref(j);
	if (good && rec->metrics && !metrics_are_numbers(rec->metrics))
		good = err_set(err, ERR_SYNTAX, "its note record: \"metrics\" holds what is no number");
	if (good && !rec->readable)
		good = err_set(err, ERR_SYNTAX, "its note record: the run had no weights");
	if (!good || !read_curves(w, path, rec, err)) {
		snprintf(err->file, sizeof(err->file), "%s", path);
		return false;
	}
	json_decref(rec->tuning);
	rec->tuning = NULL;
	end_training(rec);
	return true;
}

static bool of_these_data(const struct weights *w, const char *path, const struct run_record *rec,
			  const struct dataset *d, struct err *err)
{
	const struct model_ops *ops = model_find(rec->model, err);
	char users[16], items[16], content[24];
	const char *differs;

	if (!ops)
		return false;
	users_text(d, users);
	items_text(d, items);
	hex_text(d->content, content);
	if (rec->data_fingerprint == d->fingerprint && (!ops->content || note_is(w, "content", content)))
		return true;
	differs = !note_is(w, "user_ids_crc32", users)         ? "the users or their order differ"
		  : !note_is(w, "item_ids_crc32", items)       ? "the items or their order differ"
		  : rec->data_fingerprint != d->fingerprint    ? "the events, their values or times differ"
							       : "what is said of the items differs";
	return err_at(err, ERR_USAGE, path, 0,
		      "%s was trained on %s, and the data that are loaded, %s, are others: %s; load what it was trained on, as "
		      "it was loaded there",
		      rec->name, rec->data_name, d->name, differs);
}

static bool is_in_precision(const struct weights *w, const char *path, enum precision told, struct err *err)
{
	enum precision found = weights_has_type(w, TENSOR_I8)     ? PRECISION_INT8
			       : weights_has_type(w, TENSOR_BF16) ? PRECISION_BF16 : PRECISION_F32;

	return found == told || err_at(err, ERR_SYNTAX, path, 0, "says that it is in %s, and its tables are in %s",
				       precision_name[told], precision_name[found]);
}

/* Finite weights may still make infinite scores.  Some users tell. */
static bool scores_are_numbers(const struct snapshot *s, const char *path, const struct split *split, const struct task *task,
			       struct err *err)
{
	uint32_t U = split->data->n_users, I = split->data->n_items, step = U / ASKED_USERS + 1;
	struct history_buf buf = { 0 };
	struct scratch scratch = { 0 };
	float *score = mem_alloc((size_t)I + 1, sizeof(*score), err);
	bool good = score != NULL;

	for (uint32_t u = 0; good && u < U; u += step) {
		struct query q;

		good = task_keep_going(task) ? history_query(s, split, u, false, &buf, &q, err) : task_cancelled(err);
		good = good && model_score_all(s->model, &q, &scratch, score, I, err);
		for (uint32_t i = 0; good && i < I; i++)
			if (!isfinite(score[i]))
				good = err_at(err, ERR_SYNTAX, path, 0, "is damaged: it gives scores that are no numbers");
	}
	history_buf_done(&buf);
	scratch_done(&scratch);
	mem_free(score);
	return good;
}

bool run_file_record(const char *path, struct run_record *rec, struct err *err)
{
	struct weights *w = weights_read(path, true, err);
	bool good;

	run_record_init(rec);
	good = w && read_record(w, path, rec, err);
	weights_close(w);
	return good;
}

struct snapshot *run_file_load(const char *path, struct run_record *rec, const struct split *split, run_resolver *resolve,
			       void *ctx, const struct task *task, struct err *err)
{
	struct weights *w = weights_read(path, false, err);
	struct snapshot *s = NULL;

	run_record_init(rec);
	if (w && read_record(w, path, rec, err) && of_these_data(w, path, rec, split->data, err) &&
	    is_in_precision(w, path, rec->precision, err) && weights_finite(w, err))
		s = run_weights_load(w, path, rec, split, resolve, ctx, err);
	weights_close(w);
	if (s && scores_are_numbers(s, path, split, task, err)) {
		rec->bytes = s->ops->held(s->model);
		return s;
	}
	snapshot_unref(s);
	if (!err->file[0] && err->code != ERR_CANCELLED)
		snprintf(err->file, sizeof(err->file), "%s", path);
	return NULL;
}
