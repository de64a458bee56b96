/* SPDX-License-Identifier: GPL-3.0-or-later */
/* run_weights.c - see run_weights.h. */
#include "train/run_weights.h"

#include <string.h>

#include "model/weights.h"

/* The matrix that the run was fitted on, for models whose frozen form reads it. */
struct matrix {
	struct csr x, xt; /* x borrows the split's arrays */
	struct build_env env;
};

static bool matrix_init(struct matrix *m, const struct run_record *r, const struct split *split, run_resolver *resolve,
			void *ctx, struct err *err)
{
	*m = (struct matrix){ .x = r->refit ? split->train_valid : split->train };
	if (!r->values)
		m->x.val = NULL;
	m->env = (struct build_env){ .data = split->data, .split = split, .x = &m->x, .xt = &m->xt, .refit = r->refit,
				     .seed = r->seed, .task = &task_null };
	m->env.resolve_run = resolve;
	m->env.resolve_ctx = ctx;
	return csr_transpose(&m->xt, &m->x, &task_null, err);
}

static struct model *load(const struct weights *w, const char *path, const struct model_ops *ops,
			  const struct run_record *r, const struct split *split, run_resolver *resolve, void *ctx,
			  struct err *err)
{
	const char *model = weights_note_get(w, "model");
	struct model *loaded = NULL;
	struct params params;
	struct matrix m;

	if (!model || strcmp(model, r->model) != 0) {
		err_at(err, ERR_SYNTAX, path, 0, "holds the weights of %s, not of %s", model ? model : "no model", r->model);
		return NULL;
	}
	params_init(&params, ops->params);
	if (!params_from_json(&params, r->params, err)) {
		err_wrap(err, "%s", r->name);
		return NULL;
	}
	if (matrix_init(&m, r, split, resolve, ctx, err)) {
		loaded = ops->load(&m.env, &params, w, WEIGHTS_SCORING, err);
		csr_done(&m.xt);
	}
	return loaded;
}

struct snapshot *run_weights_load(const struct weights *w, const char *path, const struct run_record *r,
				  const struct split *split, run_resolver *resolve, void *ctx, struct err *err)
{
	const struct model_ops *ops = model_find(r->model, err);
	struct model *loaded = ops ? load(w, path, ops, r, split, resolve, ctx, err) : NULL;
	struct snapshot *s = loaded ? snapshot_new(loaded, r->name, r->best_epoch, split, r->refit, r->values, err) : NULL;

	if (s) {
		s->split_fingerprint = r->split_fingerprint; /* of its training, whatever is current */
		s->precision = r->precision;
	}
	return s;
}
