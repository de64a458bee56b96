/* SPDX-License-Identifier: GPL-3.0-or-later */
/* parts.c - see parts.h. */
#include "app/parts.h"

#include <stdlib.h>
#include <string.h>

#include "app/session_change.h"
#include "base/mem.h"
#include "model/model.h"

struct made_from {
	struct run_record record;
	const struct snapshot *snapshot; /* NULL: on disk */
};

enum { PARTS_MOST = PARAM_TEXT_SIZE / 2 };

static bool params_of(struct params *p, const struct run_record *rec, struct err *err)
{
	const struct model_ops *ops = model_find(rec->model, err);

	if (!ops)
		return false;
	params_init(p, ops->params);
	return params_from_json(p, rec->params, err);
}

static bool check(const struct run *r, uint64_t split, struct err *err)
{
	const char *name = r->rec.name;
	const struct model_ops *ops = model_find(r->rec.model, err);

	if (!ops)
		return false;
	if (ops->caps & MODEL_OF_RUNS)
		return err_set(err, ERR_UNSUPPORTED, "%s is a blend itself: name the runs that it is made of", name);
	if (!r->of_data)
		return err_set(err, ERR_USAGE, "%s was trained on %s, not on the data that are loaded", name, r->rec.data_name);
	if (r->rec.split_fingerprint != split)
		return err_set(err, ERR_USAGE, "%s was trained with split %s, which is another one than the blend's", name,
			       r->rec.split_text);
	if (r->job)
		return err_set(err, ERR_USAGE, "%s is still in training", name);
	if (!r->snapshot && (r->in_memory || !r->rec.readable))
		return err_set(err, ERR_USAGE, "%s has no weights to answer with", name);
	return true;
}

static bool take_one(struct parts *p, struct session *s, const char *name, uint64_t split, struct err *err)
{
	const struct run *r;
	struct err first;
	struct made_from *to = &p->part[p->n];

	/* Another process may have made it since the runs were listed. */
	if (!session_find_run(s, name, &first) && !session_refresh_runs(s, err))
		return false;
	r = session_find_run(s, name, err);
	if (!r || !check(r, split, err) || !run_record_copy(&to->record, &r->rec, err))
		return false;
	to->snapshot = session_whole(r) ? snapshot_ref(session_whole(r)) : NULL;
	p->n++;
	return true;
}

bool parts_take(struct parts *p, struct session *s, const struct params *params, uint64_t split, struct err *err)
{
	char (*name)[PARAM_RUN_SIZE] = mem_must(calloc(PARTS_MOST, sizeof(*name)));
	bool good = true;

	*p = (struct parts){ .readonly = session_readonly(s) };
	for (const struct param_spec *spec = params->specs; good && spec->name; spec++) {
		size_t n = spec->type == PARAM_RUNS ? params_runs(params, spec->name, name, PARTS_MOST) : 0;

		if (!n)
			continue;
		p->part = mem_must(realloc(p->part, (p->n + n) * sizeof(*p->part)));
		for (size_t i = 0; i < n; i++)
			run_record_init(&p->part[p->n + i].record);
		for (size_t i = 0; good && i < n; i++)
			good = take_one(p, s, name[i], split, err);
	}
	free(name);
	if (good && p->n) {
		p->data = dataset_ref(session_data(s));
		p->split = split_ref((struct split *)session_split(s));
		p->home = session_home(s) ? mem_strdup(session_home(s)) : NULL;
	}
	return good;
}

bool parts_take_of(struct parts *p, struct session *s, const struct run_record *rec, struct err *err)
{
	struct params params;

	*p = (struct parts){ 0 };
	return (params_of(&params, rec, err) && parts_take(p, s, &params, rec->split_fingerprint, err)) ||
	       err_wrap(err, "%s cannot answer", rec->name);
}

const struct run_record *parts_record(const struct parts *p, size_t i)
{
	return &p->part[i].record;
}

const struct snapshot *parts_resolve(void *parts, const char *run, struct err *err)
{
	struct parts *p = parts;
	const struct snapshot *snapshot;
	struct run_store *store;

	for (size_t i = 0; i < p->n; i++) {
		if (strcmp(p->part[i].record.name, run) != 0)
			continue;
		if (p->part[i].snapshot)
			return snapshot_ref(p->part[i].snapshot);
		store = run_store_open(p->home, p->readonly, err);
		if (!store)
			return NULL;
		snapshot = run_store_load(store, &p->part[i].record, p->data, p->split, NULL, NULL, err);
		run_store_free(store);
		return snapshot;
	}
	err_set(err, ERR_NOTFOUND, "there is no run %s", run);
	return NULL;
}

void parts_done(struct parts *p)
{
	for (size_t i = 0; i < p->n; i++) {
		snapshot_unref(p->part[i].snapshot);
		run_record_done(&p->part[i].record);
	}
	free(p->part);
	free(p->home);
	split_unref(p->split);
	dataset_unref(p->data);
	*p = (struct parts){ 0 };
}

const char *parts_user_of(const struct session *s, const char *run)
{
	for (size_t i = 0; i < session_n_runs(s); i++) {
		const struct run *r = session_run(s, i);
		struct params p;
		struct err ignored;

		if (params_of(&p, &r->rec, &ignored) && params_name_run(&p, run))
			return r->rec.name;
	}
	return NULL;
}
