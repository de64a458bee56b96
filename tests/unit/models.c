/* SPDX-License-Identifier: GPL-3.0-or-later */
/* models.c - what every model owes its callers, asked of each row of the registry. */
#include <unistd.h>

#include "base/pool.h"
#include "base/str.h"
#include "model/weights.h"
#include "num/linalg.h"
#include "model_fixture.h"

enum { U = 90, I = 48, PER_USER = 30, EPOCHS = 2, BATCH = 7 };

static struct fixture f;

static struct params defaults(const struct model_ops *ops)
{
	struct params p;

	params_init(&p, ops->params);
	if (param_find(ops->params, "dim") >= 0)
		fixture_set(&p, "dim", "12");
	if (param_find(ops->params, "neighbours") >= 0)
		fixture_set(&p, "neighbours", "20");
	return p;
}

static void queries(struct query q[BATCH])
{
	for (uint32_t b = 0; b < BATCH; b++)
		q[b] = fixture_query(&f, b * 13);
	q[3].n = 0; /* nobody's history */
	q[5].user = 65; /* a known user, with a trained vector where there are such */
}

/* Scores of the whole batch at once: the reference for all other ways of asking. */
static float *whole(const struct model *m, struct query q[BATCH])
{
	static float out[BATCH * I];
	struct scratch s = { 0 };
	struct err err;

	queries(q);
	fixture_must(model_ops_of(m)->query_begin(m, q, BATCH, &s, &err), &err);
	model_ops_of(m)->score_block(m, q, BATCH, 0, I, &s, out, I);
	scratch_done(&s);
	return out;
}

static bool same_in_tiles(const struct model *m, const float *want)
{
	const struct model_ops *ops = model_ops_of(m);
	struct query q[BATCH];
	struct scratch s = { 0 };
	struct err err;
	float got[BATCH * I], tile[BATCH * 8];
	bool same = true;

	queries(q);
	for (uint32_t width = 1; width <= 8; width += 3) {
		fixture_must(ops->query_begin(m, q, BATCH, &s, &err), &err);
		for (uint32_t lo = 0; lo < I; lo += width) {
			uint32_t hi = lo + width < I ? lo + width : I;

			ops->score_block(m, q, BATCH, lo, hi, &s, tile, 8);
			for (uint32_t b = 0; b < BATCH; b++)
				memcpy(got + b * I + lo, tile + b * 8, (hi - lo) * sizeof(float));
		}
		/* Backwards over what was asked before. */
		ops->score_block(m, q, BATCH, 3, 5, &s, tile, 8);
		for (uint32_t b = 0; b < BATCH; b++)
			same = same && !memcmp(tile + b * 8, want + b * I + 3, 2 * sizeof(float));
		same = same && !memcmp(got, want, sizeof(got));
	}
	scratch_done(&s);
	return same;
}

static bool same_alone(const struct model *m, const float *want)
{
	struct query q[BATCH];
	struct scratch s = { 0 };
	struct err err;
	float got[I], one;
	bool same = true;

	queries(q);
	for (uint32_t b = 0; b < BATCH; b++) {
		fixture_must(model_score_all(m, &q[b], &s, got, I, &err), &err);
		same = same && !memcmp(got, want + b * I, sizeof(got));
		fixture_must(model_score_one(m, &q[b], 17, &s, &one, &err), &err);
		same = same && one == got[17];
	}
	scratch_done(&s);
	return same;
}

static bool is_finite_and_varied(const float *scores)
{
	bool finite = true, varied = false;

	for (size_t k = 0; k < (size_t)BATCH * I; k++) {
		finite = finite && isfinite(scores[k]);
		varied = varied || scores[k] != scores[0];
	}
	return finite && varied;
}

/* As a share of what the parts come to, or of `least` where that is more. */
static double parts_error(const struct model *m, double least)
{
	const struct model_ops *ops = model_ops_of(m);
	struct query q[BATCH];
	struct scratch s = { 0 };
	struct err err;
	double worst = 0;

	queries(q);
	for (uint32_t b = 0; b < BATCH; b++) {
		for (uint32_t i = 0; i < I; i++) {
			float part[PER_USER + 2], base, score;
			double sum, size;

			fixture_must(model_score_one(m, &q[b], i, &s, &score, &err), &err);
			fixture_must(ops->contributions(m, &q[b], i, &s, part, &base, &err), &err);
			sum = (double)base;
			size = fabs(sum);
			for (uint32_t k = 0; k < q[b].n; k++) {
				sum += (double)part[k];
				size += fabs((double)part[k]);
			}
			size = fmax(size, least);
			if (size > 0)
				worst = fmax(worst, fabs(sum - (double)score) / size);
		}
	}
	scratch_done(&s);
	return worst;
}

static bool same_after_loading(const struct model *m, const struct params *p, const float *want)
{
	const struct model_ops *ops = model_ops_of(m);
	struct weights_writer *w;
	struct weights *file;
	struct model *back;
	struct query q[BATCH];
	struct err err;
	char path[64];
	bool same;
	/* What a caller has that only reopens a run. */
	const struct build_env env = { .data = f.data, .split = f.split, .task = &task_null,
				       .resolve_run = fixture_run, .resolve_ctx = &f };

	snprintf(path, sizeof(path), "models-%s-%d.safetensors", ops->name, (int)getpid());
	w = weights_writer_new(&err);
	fixture_must(w && ops->save(m, WEIGHTS_SCORING, w, &err) && weights_commit(w, path, &err), &err);
	weights_writer_free(w);
	file = weights_open(path, &err);
	fixture_must(file != NULL, &err);
	back = ops->load(&env, p, file, WEIGHTS_SCORING, &err);
	fixture_must(back != NULL, &err);
	weights_close(file);
	unlink(path);
	same = !memcmp(whole(back, q), want, sizeof(float) * BATCH * I);
	ops->destroy(back);
	return same;
}

/* How far scores lie apart. */
static double spread_of(const float *score)
{
	double lo = INFINITY, hi = -INFINITY;

	for (size_t k = 0; k < (size_t)BATCH * I; k++) {
		lo = fmin(lo, (double)score[k]);
		hi = fmax(hi, (double)score[k]);
	}
	return hi - lo;
}

/* How far packing moves the scores, as a share of how far they lie apart. */
static double moved(const float *was, const float *is)
{
	double worst = 0;

	for (size_t k = 0; k < (size_t)BATCH * I; k++)
		worst = fmax(worst, fabs((double)was[k] - (double)is[k]));
	return worst / spread_of(was);
}

static bool pack_survives_no_memory(const struct model *m, enum precision to)
{
	const struct model_ops *ops = model_ops_of(m);
	struct model *packed = NULL;
	size_t before = mem_bytes_now();
	struct err err;
	unsigned n;
	bool fine = true;

	for (n = 1; n < 1000 && !packed; n++) {
		err = (struct err){ 0 };
		mem_fail_at(n);
		packed = ops->pack(m, to, &err);
		mem_fail_at(0);
		if (!packed)
			fine = fine && err.code == ERR_NOMEM && mem_bytes_now() == before;
	}
	if (packed)
		ops->destroy(packed);
	return fine && packed && n > 2 && mem_bytes_now() == before;
}

/* By content a packed model sums to its score like a whole one, or says that it cannot. */
static bool content_sums(const struct model *m)
{
	const struct model_ops *ops = model_ops_of(m);
	struct content c = { 0 };
	struct scratch s = { 0 };
	struct query q[BATCH];
	struct err err;
	float score;
	double sum;
	bool good;

	queries(q);
	if (!ops->content(m, &q[0], 5, &s, &c, &err)) {
		good = err.code == ERR_UNSUPPORTED;
	} else {
		fixture_must(model_score_one(m, &q[0], 5, &s, &score, &err), &err);
		sum = (double)c.base + (double)c.rest;
		for (size_t k = 0; k < c.n; k++)
			sum += (double)c.part[k].value;
		good = !c.exact || fabs(sum - (double)score) < 1e-5 * (1 + fabs((double)score));
	}
	content_done(&c);
	scratch_done(&s);
	return good;
}

/* What a frozen model owes, a packed one owes too; int8 rounds its query to 15 bits, which parts are not. */
static void test_packed(const struct model *m, const struct params *p, const float *was, enum precision to)
{
	const struct model_ops *ops = model_ops_of(m);
	const char *in = precision_name[to];
	struct query q[BATCH];
	struct err err;
	struct model *packed = ops->pack(m, to, &err);
	float want[BATCH * I];
	double off;

	fixture_must(packed != NULL, &err);
	memcpy(want, whole(packed, q), sizeof(want));
	off = moved(was, want);
	ok(off > 0 && off < (to == PRECISION_INT8 ? 0.03 : 0.01), "%s in %s: scores move by %.4f of their range",
	   ops->name, in, off);
	ok(!memcmp(whole(m, q), was, sizeof(want)), "%s: packing leaves it as it was", ops->name);
	ok(same_in_tiles(packed, want) && same_alone(packed, want), "%s in %s: the same bits in any tile and batch",
	   ops->name, in);
	ok(same_after_loading(packed, p, want), "%s in %s: saved and loaded, it scores the same", ops->name, in);
	if (ops->contributions && to == PRECISION_INT8)
		ok(parts_error(packed, spread_of(want)) < 1e-4, "%s in %s: parts sum to the score", ops->name, in);
	else if (ops->contributions)
		ok(parts_error(packed, 0) < 1e-5, "%s in %s: parts sum to the score", ops->name, in);
	if (ops->content)
		ok(content_sums(packed), "%s in %s: content sums to the score, or is not there", ops->name, in);
	ok(ops->held(packed) < ops->held(m), "%s in %s: %llu bytes of %llu", ops->name, in,
	   (unsigned long long)ops->held(packed), (unsigned long long)ops->held(m));
	ok(pack_survives_no_memory(m, to), "%s in %s: out of memory anywhere is told, and nothing leaks", ops->name, in);
	if (to == PRECISION_BF16) {
		struct model *twice = ops->pack(packed, PRECISION_INT8, &err);

		fixture_must(twice != NULL, &err);
		ok(moved(was, whole(twice, q)) < 0.04, "%s: from bf16 to int8", ops->name);
		ops->destroy(twice);
	}
	ops->destroy(packed);
}

/* Fails each allocation of create, fit and freeze in turn: every failure is told and nothing leaks. */
static bool survives_no_memory(const struct model_ops *ops, struct params *p, uint32_t epochs)
{
	struct err err;
	struct model *m = NULL;
	size_t before = mem_bytes_now();
	unsigned n;
	bool fine = true;

	for (n = 1; n < 1000 && !m; n++) {
		err = (struct err){ 0 };
		mem_fail_at(n);
		m = fixture_fit(&f, ops, p, epochs, &task_null, &err);
		mem_fail_at(0);
		if (!m)
			fine = fine && err.code == ERR_NOMEM && mem_bytes_now() == before;
	}
	if (m)
		ops->destroy(m);
	return fine && m && n > 2 && mem_bytes_now() == before;
}

static void test_model(const struct model_ops *ops, struct pool *two)
{
	struct params p = defaults(ops);
	uint32_t epochs = ops->caps & MODEL_ITERATIVE ? EPOCHS : 1;
	struct task on_two = { .pool = two };
	struct query q[BATCH];
	struct err err;
	struct model *m = fixture_fit(&f, ops, &p, epochs, &task_null, &err), *m2;
	const struct model_shape shape = { .n_users = U, .n_items = I, .n_events = csr_n(&f.x), .longest = PER_USER,
					    .data = f.data };
	float want[BATCH * I];

	fixture_must(m != NULL, &err);
	memcpy(want, whole(m, q), sizeof(want));
	ok(is_finite_and_varied(want), "%s: scores are finite and differ", ops->name);
	ok(same_in_tiles(m, want), "%s: a score has the same bits in any tile", ops->name);
	ok(same_alone(m, want), "%s: a score has the same bits alone and in a batch", ops->name);
	ok(same_after_loading(m, &p, want), "%s: saved and loaded, it scores the same", ops->name);
	ok(!ops->contributions == !(ops->caps & MODEL_EXACT), "%s: is exact where it says so", ops->name);
	if (ops->contributions) {
		double worst = parts_error(m, 0);

		ok(worst < 1e-5, "%s: parts sum to the score (%.1e)", ops->name, worst);
	}
	ok(ops->bytes(&shape, &p) >= ops->held(m), "%s: what it takes is not less than what it holds", ops->name);
	m2 = fixture_fit(&f, ops, &p, epochs, &on_two, &err);
	fixture_must(m2 != NULL, &err);
	ok(!memcmp(whole(m2, q), want, sizeof(want)), "%s: the same bits on two threads", ops->name);
	ok(!ops->pack != !ops->whole_why, "%s: it can do with fewer bits, or tells why not", ops->name);
	for (enum precision to = PRECISION_BF16; ops->pack && to <= PRECISION_INT8; to++)
		test_packed(m, &p, want, to);
	ops->destroy(m);
	ops->destroy(m2);
	ok(survives_no_memory(ops, &p, epochs), "%s: out of memory anywhere is told, and nothing leaks", ops->name);
}

int main(void)
{
	struct err err;
	struct pool *two;

	linalg_init(); /* OpenBLAS on one thread, as everywhere */
	two = pool_new(2, &err);
	fixture_must(two != NULL, &err);
	for (int values = 0; values < 2; values++) {
		printf("# %s\n", values ? "with values" : "all ones");
		fixture_make(&f, U, I, PER_USER, values);
		for (size_t k = 0; model_registry[k]; k++)
			test_model(model_registry[k], two);
		fixture_done(&f);
	}
	ok(!model_find("eas", &err) && strstr(err.msg, "ease"), "an unknown name names the nearest");
	pool_free(two);
	ok(mem_bytes_now() == 0, "nothing is held at the end");
	return done_testing();
}
