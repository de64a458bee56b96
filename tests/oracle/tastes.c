/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tastes.c - explanations on data whose tastes are known: the parts of a recommended item's score point
 * to the history items of that item's taste, more than the history's own mix would by chance.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/pool.h"
#include "data/load.h"
#include "explain/explain.h"
#include "num/linalg.h"
#include "tap.h"
#include "train/fit.h"

enum { NAME_SIZE = 32, MOST_EPOCHS = 20, EACH = 25 /* every so many-th user is told why */ };

/* Small networks with long steps learn these tastes in a few epochs: what a
 * fold-in or a re-scoring finds is proven on them as well. */
static const struct quick { const char *model, *name, *value; } quick[] = {
	{ "bpr", "dim", "16" }, { "bpr", "lr", "0.2" }, { "bpr", "epochs", "5" },
	{ "neumf", "dim", "16" }, { "neumf", "layers", "32,16" }, { "neumf", "epochs", "5" },
	{ "sasrec", "dim", "16" }, { "sasrec", "blocks", "1" }, { "sasrec", "lr", "0.01" }, { "sasrec", "epochs", "10" },
	{ "cfgan", "layers", "32" }, { "cfgan", "d-layers", "16" }, { "cfgan", "lr", "0.003" },
	{ "cfgan", "d-lr", "0.001" },
	{ "towers", "dim", "16" }, { "towers", "epochs", "5" },
};

static struct task task; /* two threads: leaving out events of many histories takes time */
static char (*taste)[NAME_SIZE]; /* [I] the main one, as truth.csv says */

static void must(bool fine, const struct err *err)
{
	if (fine)
		return;
	printf("Bail out! %s %s\n", err->file, err->msg);
	exit(1);
}

/* Rows "item,f1,Crime:0.66|Space:0.34": the first is the main one. */
static void read_truth(const struct dataset *d, const char *path)
{
	FILE *f = fopen(path, "r");
	char line[512], id[64], name[NAME_SIZE];
	struct err err;

	taste = mem_must(mem_zeroed(d->n_items, NAME_SIZE, &err));
	while (f && fgets(line, sizeof(line), f)) {
		uint32_t i;

		if (sscanf(line, "item,%63[^,],%31[^:]", id, name) != 2)
			continue;
		i = dataset_find_item(d, id);
		if (i != NO_ITEM)
			memcpy(taste[i], name, NAME_SIZE);
	}
	if (f)
		fclose(f);
}

/* Of the positive mass of the parts, and of the history's items, the share that has the item's taste. */
static bool shares(const struct explanation *e, const struct query *q, double *mass, double *chance)
{
	double on = 0, all = 0, same = 0;

	for (size_t k = 0; k < e->n_parts; k++) {
		double v = (double)e->parts[k].value;

		all += fmax(v, 0);
		on += strcmp(taste[e->parts[k].item], taste[e->item]) ? 0 : fmax(v, 0);
	}
	for (uint32_t k = 0; k < q->n; k++)
		same += !strcmp(taste[q->items[k]], taste[e->item]);
	*mass = all > 0 ? on / all : 0;
	*chance = q->n ? same / q->n : 0;
	return all > 0;
}

static void test(const struct model_ops *ops, const struct dataset *d, const struct split *split)
{
	struct fit_request r;
	struct fit_result fit;
	struct err err;
	struct history_buf buf = { 0 };
	struct scratch scratch = { 0 };
	uint64_t *barred;
	uint32_t candidates, told = 0;
	double mass = 0, chance = 0;

	fit_request_init(&r, ops);
	r.data = d;
	r.split = split;
	for (size_t k = 0; k < sizeof(quick) / sizeof(*quick); k++)
		if (!strcmp(quick[k].model, ops->name))
			must(params_set(&r.params, quick[k].name, quick[k].value, &err), &err);
	fit_request_follow(&r);
	r.epochs = r.epochs > MOST_EPOCHS ? MOST_EPOCHS : r.epochs;
	must(fit_run(&r, &task, &fit, &err), &err);
	must(rank_barred(split, false, &barred, &candidates, &err), &err);
	for (uint32_t u = 0; u < d->n_users; u += EACH) {
		const struct rank_options o = { .k = 1, .barred = barred };
		struct explanation *e;
		struct query q;
		float *all = mem_must(mem_alloc(d->n_items, sizeof(*all), &err));
		uint32_t best = NO_ITEM;
		double m, c;

		must(history_query(fit.best, split, u, false, &buf, &q, &err), &err);
		must(model_score_all(fit.best->model, &q, &scratch, all, d->n_items, &err), &err);
		for (uint32_t i = 0; i < d->n_items; i++)
			if (!csr_has(&split->train_valid, u, i) && (best == NO_ITEM || all[i] > all[best]))
				best = i;
		mem_free(all);
		e = explain_item(fit.best, split, &q, best, SIZE_MAX, &o, &task, &err);
		must(e != NULL, &err);
		if (shares(e, &q, &m, &c)) {
			mass += m;
			chance += c;
			told++;
		}
		explanation_free(e);
	}
	ok(told > 10 && mass > 1.2 * chance, "%s: %.2f of the positive mass lies on the item's taste, %.2f by chance",
	   ops->name, mass / told, chance / told);
	mem_free(barred);
	history_buf_done(&buf);
	scratch_done(&scratch);
	fit_result_done(&fit);
}

int main(void)
{
	const char *top = getenv("top_srcdir");
	char folder[4096], truth[4200];
	const char *paths[] = { folder };
	struct load_options o;
	struct params p;
	struct dataset *d;
	struct split *split;
	struct err err;

	linalg_init();
	task = task_null;
	task.pool = pool_new(2, &err);
	must(task.pool != NULL, &err);
	snprintf(folder, sizeof(folder), "%s/data/films", top ? top : ".");
	snprintf(truth, sizeof(truth), "%s/truth.csv", folder);
	load_options_init(&o);
	d = dataset_load(paths, 1, &o, &task_null, &err);
	must(d != NULL, &err);
	params_init(&p, split_params("leave-last"));
	split = split_make(d, "leave-last", &p, 42, &task_null, &err);
	must(split != NULL, &err);
	read_truth(d, truth);
	for (size_t k = 0; model_registry[k]; k++)
		/* Those made of other runs say what these say. */
		if (strcmp(model_registry[k]->name, "popularity") && !(model_registry[k]->caps & MODEL_OF_RUNS))
			test(model_registry[k], d, split);
	pool_free(task.pool);
	mem_free(taste);
	split_unref(split);
	dataset_unref(d);
	return done_testing();
}
