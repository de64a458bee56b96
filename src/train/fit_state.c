/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fit_state.c - the state of a training on disk, and back. */
#include "train/fit_state.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/num_parse.h"
#include "model/weights.h"

/* A curve point as a row of doubles, so that it comes back to the bit. */
enum { ROW_EPOCH, ROW_LOSSES, ROW_LOSS, ROW_VALID = ROW_LOSS + CURVE_LOSSES, ROW_SECONDS, ROW_RATE,
       ROW_GRADIENT, ROW_LR, ROW_CHURN, ROW_SIZE };

static void to_row(const struct curve_point *p, double row[ROW_SIZE])
{
	row[ROW_EPOCH] = p->epoch;
	row[ROW_LOSSES] = p->n_loss;
	memcpy(row + ROW_LOSS, p->loss, sizeof(p->loss));
	row[ROW_VALID] = p->valid;
	row[ROW_SECONDS] = p->seconds;
	row[ROW_RATE] = p->rate;
	row[ROW_GRADIENT] = p->gradient_norm;
	row[ROW_LR] = p->lr;
	row[ROW_CHURN] = p->churn;
}

/* A state of before churn was told has rows of one number less. */
static struct curve_point from_row(const double *row, size_t size)
{
	struct curve_point p = {
		.epoch = (uint32_t)row[ROW_EPOCH], .n_loss = (unsigned)row[ROW_LOSSES], .valid = row[ROW_VALID],
		.seconds = row[ROW_SECONDS], .rate = row[ROW_RATE], .gradient_norm = row[ROW_GRADIENT],
		.lr = row[ROW_LR], .churn = size > ROW_CHURN ? row[ROW_CHURN] : (double)NAN,
	};

	memcpy(p.loss, row + ROW_LOSS, sizeof(p.loss));
	return p;
}

/* What must be equal for a state to be gone on from, and what it says of itself. */
static const char *const identity[] = { "model", "data", "split", "seed", "matrix" };
enum { N_IDENTITY = sizeof(identity) / sizeof(*identity) };

static void identity_text(const struct fit_request *r, unsigned which, char text[64])
{
	switch (which) {
	case 0:
		snprintf(text, 64, "%s", r->ops->name);
		break;
	case 1:
		snprintf(text, 64, "%016" PRIx64, r->data->fingerprint);
		break;
	case 2:
		snprintf(text, 64, "%016" PRIx64, r->split->fingerprint);
		break;
	case 3:
		snprintf(text, 64, "%" PRIu64, r->seed);
		break;
	default:
		snprintf(text, 64, "%s%s", fit_values(r) ? "of values" : "of ones", r->refit ? ", refit" : "");
	}
}

static bool add_notes(struct weights_writer *w, const struct fit_request *r, const struct fit_point *p,
		      struct err *err)
{
	char text[64];

	for (unsigned i = 0; i < N_IDENTITY; i++) {
		identity_text(r, i, text);
		if (!weights_note(w, identity[i], text, err))
			return false;
	}
	for (unsigned k = 0; k < p->curves->n_loss; k++) {
		snprintf(text, sizeof(text), "loss%u", k);
		if (!weights_note(w, text, p->curves->loss_name[k], err))
			return false;
	}
	snprintf(text, sizeof(text), "%u", (unsigned)p->epoch);
	if (!weights_note(w, "epoch", text, err))
		return false;
	snprintf(text, sizeof(text), "%u", (unsigned)p->best_epoch);
	return weights_note(w, "best_epoch", text, err) && weights_note(w, "metric", p->curves->metric, err);
}

static bool fill_writer(struct weights_writer *w, const struct fit_request *r, const struct fit_point *p,
			const double *rows, struct err *err)
{
	if (!add_notes(w, r, p, err) || !r->ops->save(p->model, WEIGHTS_STATE, w, err) ||
	    !weights_add(w, "curves", TENSOR_F64, rows, p->curves->n, ROW_SIZE, err))
		return false;
	if (!p->best || p->best_epoch == p->epoch)
		return true;
	weights_writer_prefix(w, "best.");
	return r->ops->save(p->best->model, WEIGHTS_SCORING, w, err);
}

static bool put(struct weights_writer *w, const struct fit_request *r, struct state_bytes *keep, struct err *err)
{
	char *path;
	bool done;

	if (keep)
		return weights_pack(w, &keep->bytes, &keep->cap, &keep->n, err);
	path = file_join(r->save_dir, STATE_FILE);
	done = weights_commit(w, path, err);
	free(path);
	return done;
}

bool fit_state_save(const struct fit_request *r, const struct fit_point *p, struct state_bytes *keep,
		    struct err *err)
{
	double *rows = mem_alloc(p->curves->n, ROW_SIZE * sizeof(*rows), err);
	struct weights_writer *w = rows ? weights_writer_new(err) : NULL;
	bool done = false;

	if (w) {
		for (size_t i = 0; i < p->curves->n; i++)
			to_row(&p->curves->point[i], rows + i * ROW_SIZE);
		done = fill_writer(w, r, p, rows, err) && put(w, r, keep, err);
	}
	weights_writer_free(w);
	mem_free(rows);
	return done;
}

static bool check_identity(const struct fit_request *r, const struct weights *w, const char *path, struct err *err)
{
	char want[64];

	for (unsigned i = 0; i < N_IDENTITY; i++) {
		const char *found = weights_note_get(w, identity[i]);

		identity_text(r, i, want);
		if (!found || strcmp(found, want))
			return err_at(err, ERR_RANGE, path, 0,
				      "this training cannot go on from it: its %s is %s, not %s", identity[i],
				      found ? found : "not told", want);
	}
	return true;
}

static uint32_t note_number(const struct weights *w, const char *key)
{
	const char *text = weights_note_get(w, key);
	uint64_t n;

	return text && num_parse_u64(text, strlen(text), &n) && n <= UINT32_MAX ? (uint32_t)n : 0;
}

static bool read_curves(const struct weights *w, struct curves *c, struct err *err)
{
	size_t n, size;
	const double *rows = weights_get(w, "curves", TENSOR_F64, SIZE_MAX, SIZE_MAX, &n, &size, err);
	const char *metric = weights_note_get(w, "metric");

	if (!rows)
		return false;
	if (size != ROW_SIZE && size != ROW_CHURN)
		return err_set(err, ERR_SYNTAX, "its curves have %zu numbers an epoch, not %d", size, (int)ROW_SIZE);
	snprintf(c->metric, sizeof(c->metric), "%s", metric ? metric : "");
	for (c->n_loss = 0; c->n_loss < CURVE_LOSSES; c->n_loss++) {
		char key[16];
		const char *name;

		snprintf(key, sizeof(key), "loss%u", c->n_loss);
		name = weights_note_get(w, key);
		if (!name)
			break;
		snprintf(c->loss_name[c->n_loss], sizeof(c->loss_name[0]), "%s", name);
	}
	for (size_t i = 0; i < n; i++) {
		struct curve_point p = from_row(rows + i * size, size);

		if (!curves_add(c, &p, err))
			return false;
	}
	return true;
}

/* The best model: stored beside the state, or the state itself frozen; none when nothing was watched. */
static bool read_best(const struct fit_request *r, const struct build_env *env, struct weights *w,
		      struct fit_point *p, struct err *err)
{
	struct snapshot *made;
	struct model *best;

	p->best = NULL;
	if (!p->best_epoch)
		return true;
	if (p->best_epoch == p->epoch) {
		best = r->ops->freeze(p->model, false, err);
	} else {
		weights_prefix(w, "best.");
		best = r->ops->load(env, &r->params, w, WEIGHTS_SCORING, err);
	}
	if (!best)
		return false;
	made = snapshot_new(best, r->run, p->best_epoch, r->split, env->refit, env->x->val != NULL, err);
	if (made && p->best_epoch != p->epoch)
		made->precision = r->kept; /* as it was written */
	p->best = snapshot_keep(made, r->kept, err);
	return p->best != NULL;
}

bool fit_state_open(const struct fit_request *r, const struct build_env *env, struct fit_point *p,
		    struct err *err)
{
	char *path = file_join(r->resume_dir, STATE_FILE);
	struct weights *w = weights_open(path, err);
	bool read = false;

	p->model = NULL;
	p->best = NULL;
	if (!w && err->code == ERR_NOTFOUND)
		err_set(err, ERR_USAGE, "%s has no state to go on from: it was imported, or ended before its first epoch", r->run);
	if (w && check_identity(r, w, path, err)) {
		p->epoch = note_number(w, "epoch");
		p->best_epoch = note_number(w, "best_epoch");
		p->model = r->ops->load(env, &r->params, w, WEIGHTS_STATE, err);
		read = p->model && read_curves(w, p->curves, err) && read_best(r, env, w, p, err);
	}
	if (!read && p->model)
		r->ops->destroy(p->model);
	if (!read)
		p->model = NULL;
	weights_close(w);
	free(path);
	return read;
}
