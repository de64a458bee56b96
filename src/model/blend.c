/* SPDX-License-Identifier: GPL-3.0-or-later */
/* blend.c - a weighted sum of the scores of other runs.
 *
 *	s(u,i) = sum over the runs m of  w_m (s_m(u,i) - mean_m) / deviation_m
 *
 * mean_m and deviation_m are those of run m's scores over SAMPLE_USERS users drawn by the seed (all, where
 * there are fewer), each with its train history, and all items with a train event outside that history.  The
 * weights are given, or those that are best on valid (env->choose_weights).
 *
 * DESIGN: a blend holds references to the snapshots of its runs, and keeps their names, weights, means and
 * deviations alone on disk; reopened, it asks env->resolve_run for the runs again.  That a run in use is not
 * deleted or trained anew is seen to by those who delete and train; a digest of each run's tensors tells one that
 * has the name and is another, as where a blend was brought from elsewhere.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/num_parse.h"
#include "base/rng.h"
#include "base/str.h"
#include "model/registry.h"
#include "model/snapshot.h"
#include "num/linalg.h"

enum { RUNS_MOST = 16, SAMPLE_USERS = 1000, USERS_A_CHUNK = 8, TILE = 512 };

struct blend {
	struct model_base base;
	size_t n;
	const struct snapshot *run[RUNS_MOST];
	double weight[RUNS_MOST], mean[RUNS_MOST], deviation[RUNS_MOST];
	uint64_t digest[RUNS_MOST]; /* of the runs' tensors */
	bool given; /* the weights are */
};

static const struct param_spec params[] = {
	{ .name = "runs", .type = PARAM_RUNS, .unit = "", .meaning = "what is mixed: ease#1,ials#2", .source = "no default" },
	{ .name = "weights", .type = PARAM_TEXT, .unit = "",
	  .meaning = "of the runs' standardised scores: 0.7,0.3; not given: the best on valid by metric=",
	  .source = "searched on valid" },
	{ .name = NULL },
};

static void destroy(struct model *model)
{
	struct blend *m = (struct blend *)model;

	for (size_t r = 0; m && r < m->n; r++)
		snapshot_unref(m->run[r]);
	mem_free(m);
}

/* --- Made of its runs --------------------------------------------------------------------------------- */

static bool parse_weights(struct blend *m, const char *text, size_t n, struct err *err)
{
	size_t found = 0;
	bool any = false;

	for (const char *at = text; *at; found++) {
		size_t len = strcspn(at, ",");

		if (found < n && (!num_parse_double(at, len, &m->weight[found]) || !isfinite(m->weight[found])))
			return err_set(err, ERR_SYNTAX, "weights=: \"%.*s\" is no number", (int)len, at);
		any = any || (found < n && m->weight[found] != 0);
		at += len + (at[len] == ',');
	}
	if (found != n)
		return err_set(err, ERR_RANGE, "weights= has %zu numbers for %zu runs", found, n);
	return any || err_set(err, ERR_RANGE, "weights=: all of them are 0");
}

static struct blend *new_model(const struct build_env *env, const struct params *p, struct err *err)
{
	char name[RUNS_MOST][PARAM_RUN_SIZE];
	size_t n = params_runs(p, "runs", name, RUNS_MOST);
	struct blend *m;

	if (n < 1 || n > RUNS_MOST) {
		err_set(err, n ? ERR_RANGE : ERR_USAGE, "runs= names the 1 to %d runs to mix: runs=ease#1,ials#1", RUNS_MOST);
		return NULL;
	}
	if (!env->resolve_run) {
		err_set(err, ERR_UNSUPPORTED, "a blend needs its runs, and none can be had here");
		return NULL;
	}
	m = mem_zeroed(1, sizeof(*m), err);
	if (!m)
		return NULL;
	m->base.ops = &blend_ops;
	for (; m->n < n; m->n++) {
		m->run[m->n] = env->resolve_run(env->resolve_ctx, name[m->n], err);
		if (!m->run[m->n])
			break;
	}
	m->given = params_is_set(p, "weights");
	if (m->n == n && (!m->given || parse_weights(m, params_text(p, "weights"), n, err)))
		return m;
	destroy((struct model *)m);
	return NULL;
}

static bool may_be_part(const struct blend *m, const struct snapshot *run, const struct build_env *env, struct err *err)
{
	if (run->ops->caps & MODEL_OF_RUNS)
		return err_set(err, ERR_UNSUPPORTED, "%s is a blend itself: name the runs that it is made of", run->run);
	if (run->data_fingerprint != env->data->fingerprint || run->split_fingerprint != env->split->fingerprint)
		return err_set(err, ERR_UNSUPPORTED, "%s was trained on other data or with another split", run->run);
	if (run->values && !env->x->val)
		return err_set(err, ERR_UNSUPPORTED, "%s was fitted with values: a blend of it needs values=yes", run->run);
	if (run->refit && !m->given)
		return err_set(err, ERR_UNSUPPORTED, "%s has learned the valid events, so that no weights can be chosen on "
			       "them: give weights=, or runs without refit=yes", run->run);
	return true;
}

static struct model *create(const struct build_env *env, const struct params *p, struct err *err)
{
	struct blend *m;
	bool good = true;

	if (env->refit) {
		err_set(err, ERR_UNSUPPORTED, "a blend fits no events: train its runs with refit=yes, and give weights=");
		return NULL;
	}
	m = new_model(env, p, err);
	for (size_t r = 0; m && good && r < m->n; r++)
		good = may_be_part(m, m->run[r], env, err);
	if (m && good && !m->given && m->n > 1 && (!env->choose_weights || !env->split->n_valid))
		good = err_set(err, ERR_UNSUPPORTED, "there are no valid events to choose weights on: give weights=");
	if (good)
		return (struct model *)m;
	destroy((struct model *)m);
	return NULL;
}

/* --- Mean and deviation ------------------------------------------------------------------------------- */

struct moments { double n, sum, squares; };

struct measure {
	const struct snapshot *run;
	const struct build_env *env;
	const uint32_t *user;
	size_t n_users;
	struct moments *chunk;
	struct measure_slot {
		struct scratch scratch;
		struct history_buf history;
		float *scores; /* [I] */
		bool *seen;    /* [I], all false between users */
		struct err err;
	} *slot;
	_Atomic bool failed;
};

static bool add_user(struct measure *g, struct measure_slot *s, uint32_t u, struct moments *sum)
{
	uint32_t I = g->env->x->cols;
	struct query q;

	if (!history_query(g->run, g->env->split, u, true, &s->history, &q, &s->err) ||
	    !model_score_all(g->run->model, &q, &s->scratch, s->scores, I, &s->err))
		return false;
	for (uint32_t k = 0; k < q.n; k++)
		s->seen[q.items[k]] = true;
	for (uint32_t i = 0; i < I; i++) {
		double score = (double)s->scores[i];

		if (s->seen[i] || !csr_row_n(g->env->xt, i))
			continue;
		sum->n++;
		sum->sum += score;
		sum->squares += score * score;
	}
	for (uint32_t k = 0; k < q.n; k++)
		s->seen[q.items[k]] = false;
	return true;
}

static void measure_chunk(void *ctx, size_t chunk, unsigned slot)
{
	struct measure *g = ctx;
	size_t end = (chunk + 1) * USERS_A_CHUNK < g->n_users ? (chunk + 1) * USERS_A_CHUNK : g->n_users;

	for (size_t i = chunk * USERS_A_CHUNK; i < end && !g->failed; i++)
		if (!add_user(g, &g->slot[slot], g->user[i], &g->chunk[chunk]))
			g->failed = true;
}

static bool take_moments(const struct measure *g, double *mean, double *deviation, struct err *err)
{
	struct moments all = { 0 };

	for (size_t c = 0; c * USERS_A_CHUNK < g->n_users; c++) {
		all.n += g->chunk[c].n;
		all.sum += g->chunk[c].sum;
		all.squares += g->chunk[c].squares;
	}
	*mean = all.sum / all.n;
	*deviation = sqrt(all.squares / all.n - *mean * *mean);
	if (!(isfinite(*mean) && *deviation > 0 && isfinite(*deviation)))
		return err_set(err, ERR_NUMERIC, "the scores of %s do not differ, or are no numbers: it adds nothing to a blend",
			       g->run->run);
	return true;
}

static bool make_slots(struct measure *g, unsigned slots, struct err *err)
{
	size_t I = g->env->x->cols;

	g->chunk = mem_zeroed(g->n_users / USERS_A_CHUNK + 1, sizeof(*g->chunk), err);
	g->slot = g->chunk ? mem_zeroed(slots, sizeof(*g->slot), err) : NULL;
	for (unsigned i = 0; g->slot && i < slots; i++) {
		g->slot[i].scores = mem_alloc(I, sizeof(float), err);
		g->slot[i].seen = g->slot[i].scores ? mem_zeroed(I, sizeof(bool), err) : NULL;
		if (!g->slot[i].seen)
			return false;
	}
	return g->slot != NULL;
}

static void free_slots(struct measure *g, unsigned slots)
{
	for (unsigned i = 0; g->slot && i < slots; i++) {
		scratch_done(&g->slot[i].scratch);
		history_buf_done(&g->slot[i].history);
		mem_free(g->slot[i].scores);
		mem_free(g->slot[i].seen);
	}
	mem_free(g->slot);
	mem_free(g->chunk);
}

static bool measure_run(const struct snapshot *run, const struct build_env *env, const uint32_t *user, size_t n_users,
			const struct task *task, double *mean, double *deviation, struct err *err)
{
	struct measure g = { .run = run, .env = env, .user = user, .n_users = n_users };
	unsigned slots = task_slots(task);
	bool done = make_slots(&g, slots, err);

	if (done && !task_chunks(task, (n_users + USERS_A_CHUNK - 1) / USERS_A_CHUNK, measure_chunk, &g))
		done = task_cancelled(err);
	if (done && g.failed) {
		done = false;
		for (unsigned i = 0; i < slots; i++)
			if (g.slot[i].err.code != ERR_OK)
				*err = g.slot[i].err;
	}
	done = done && take_moments(&g, mean, deviation, err);
	free_slots(&g, slots);
	return done;
}

/* The sample: users with a history, SAMPLE_USERS of them. */
static size_t draw_users(const struct build_env *env, uint32_t *user)
{
	struct rng rng = rng_stream(env->seed, "blend.users", 0, 0);
	size_t n = 0;

	for (uint32_t u = 0; u < env->x->rows; u++)
		if (csr_row_n(env->x, u))
			user[n++] = u;
	rng_shuffle_u32(&rng, user, n);
	return n < SAMPLE_USERS ? n : SAMPLE_USERS;
}

static bool choose(struct blend *m, const struct build_env *env, const struct task *task, struct err *err)
{
	struct mixture_part part[RUNS_MOST];

	if (m->given)
		return true;
	m->weight[0] = 1;
	for (size_t r = 0; r < m->n; r++)
		part[r] = (struct mixture_part){ m->run[r], m->mean[r], m->deviation[r] };
	return m->n == 1 || env->choose_weights(env->choose_ctx, part, m->n, task, m->weight, err);
}

static bool digest_of(const struct snapshot *run, uint64_t *digest, struct err *err)
{
	struct weights_writer *w = weights_writer_new(err);
	bool good = w && run->ops->save(run->model, WEIGHTS_SCORING, w, err);

	if (good)
		*digest = weights_digest(w);
	weights_writer_free(w);
	return good;
}

static bool digest_runs(struct blend *m, struct err *err)
{
	for (size_t r = 0; r < m->n; r++)
		if (!digest_of(m->run[r], &m->digest[r], err))
			return false;
	return true;
}

static bool fit_epoch(struct model *model, const struct build_env *env, struct fit_ctx *ctx, struct err *err)
{
	struct blend *m = (struct blend *)model;
	uint32_t *user = mem_alloc(env->x->rows, sizeof(*user), err);
	size_t n_users = user ? draw_users(env, user) : 0;
	bool done = user != NULL;

	for (size_t r = 0; done && r < m->n; r++)
		done = measure_run(m->run[r], env, user, n_users, ctx->task, &m->mean[r], &m->deviation[r], err);
	mem_free(user);
	return done && digest_runs(m, err) && choose(m, env, ctx->task, err);
}

static struct model *freeze(struct model *model, bool may_move, struct err *err)
{
	struct blend *m = (struct blend *)model, *copy;

	if (may_move)
		return model;
	copy = mem_alloc(1, sizeof(*copy), err);
	if (!copy)
		return NULL;
	*copy = *m;
	for (size_t r = 0; r < m->n; r++)
		snapshot_ref(m->run[r]);
	return (struct model *)copy;
}

/* --- Scoring ------------------------------------------------------------------------------------------ */

static float scale_of(const struct blend *m, size_t r)
{
	return (float)(m->weight[r] / m->deviation[r]);
}

static float shift_of(const struct blend *m)
{
	double shift = 0;

	for (size_t r = 0; r < m->n; r++)
		shift -= m->weight[r] * m->mean[r] / m->deviation[r];
	return (float)shift;
}

/* In scratch: the queries without weights, for runs fitted on ones, and a tile of one run's scores. */
struct begun {
	struct query *ones; /* [B] */
	float *tile;        /* [B][TILE] */
};

static const struct query *asked(const struct blend *m, size_t r, const struct query *q, const struct begun *b)
{
	return m->run[r]->values ? q : b->ones;
}

static bool query_begin(const struct model *model, const struct query *q, size_t B, struct scratch *s, struct err *err)
{
	const struct blend *m = (const struct blend *)model;
	struct begun *b = scratch_need(s, sizeof(*b) + B * (sizeof(*b->ones) + TILE * sizeof(float)), err);

	if (!b || !scratch_need_of(s, m->n, err))
		return false;
	b->ones = (struct query *)(void *)(b + 1);
	b->tile = (float *)(void *)(b->ones + B);
	for (size_t i = 0; i < B; i++) {
		b->ones[i] = q[i];
		b->ones[i].x = NULL;
	}
	for (size_t r = 0; r < m->n; r++)
		if (!m->run[r]->ops->query_begin(m->run[r]->model, asked(m, r, q, b), B, &s->of[r], err))
			return false;
	return true;
}

static void add_run(const struct blend *m, size_t r, const struct query *q, size_t B, uint32_t lo, uint32_t hi,
		    struct scratch *s, float *out, size_t stride)
{
	struct begun *b = s->p;

	m->run[r]->ops->score_block(m->run[r]->model, asked(m, r, q, b), B, lo, hi, &s->of[r], b->tile, TILE);
	for (size_t i = 0; i < B; i++)
		linalg_axpy(scale_of(m, r), b->tile + i * TILE, out + i * stride, hi - lo);
}

static void score_block(const struct model *model, const struct query *q, size_t B, uint32_t lo, uint32_t hi,
			struct scratch *s, float *out, size_t stride)
{
	const struct blend *m = (const struct blend *)model;
	float shift = shift_of(m);

	for (uint32_t at = lo; at < hi; at += TILE) {
		uint32_t end = hi - at < TILE ? hi : at + TILE;

		for (size_t i = 0; i < B; i++)
			for (uint32_t k = at; k < end; k++)
				out[i * stride + (k - lo)] = shift;
		for (size_t r = 0; r < m->n; r++)
			add_run(m, r, q, B, at, end, s, out + (at - lo), stride);
	}
}

/* --- What it says of a score -------------------------------------------------------------------------- */

/* Those that all its runs have; cold items and order matter where they do to any. */
static unsigned caps_of(const struct model *model)
{
	const struct blend *m = (const struct blend *)model;
	unsigned all = MODEL_FROM_HISTORY | MODEL_EXACT, any = 0;

	for (size_t r = 0; r < m->n; r++) {
		all &= m->run[r]->ops->caps;
		any |= m->run[r]->ops->caps & (MODEL_USER_VECTORS | MODEL_SEQUENTIAL | MODEL_RANKS_COLD);
	}
	return all | any | MODEL_OF_RUNS;
}

static struct query without_weights(const struct blend *m, size_t r, const struct query *q)
{
	struct query one = *q;

	if (!m->run[r]->values)
		one.x = NULL;
	return one;
}

/* Of runs that are all exact (caps_of): a linear mixture of their parts. */
static bool contributions(const struct model *model, const struct query *q, uint32_t item, struct scratch *s,
			  float *parts, float *base, struct err *err)
{
	const struct blend *m = (const struct blend *)model;
	float *of = mem_alloc(q->n ? q->n : 1, sizeof(*of), err), of_base;
	bool done = of && scratch_need_of(s, m->n, err);

	memset(parts, 0, q->n * sizeof(*parts));
	*base = shift_of(m);
	for (size_t r = 0; done && r < m->n; r++) {
		struct query one = without_weights(m, r, q);

		done = m->run[r]->ops->contributions(m->run[r]->model, &one, item, &s->of[r], of, &of_base, err);
		if (!done)
			break;
		linalg_axpy(scale_of(m, r), of, parts, q->n);
		*base += scale_of(m, r) * of_base;
	}
	mem_free(of);
	return done;
}

static size_t by_run(const struct model *model, const struct query *q, uint32_t item, struct scratch *s,
		     struct run_share *out, size_t max, struct err *err)
{
	const struct blend *m = (const struct blend *)model;

	if (!scratch_need_of(s, m->n, err))
		return SIZE_MAX;
	for (size_t r = 0; r < m->n && r < max; r++) {
		struct query one = without_weights(m, r, q);
		float score;

		if (!model_score_one(m->run[r]->model, &one, item, &s->of[r], &score, err))
			return SIZE_MAX;
		out[r] = (struct run_share){ m->run[r]->run, (float)m->weight[r], score,
					     (float)(m->weight[r] * ((double)score - m->mean[r]) / m->deviation[r]) };
	}
	return m->n;
}

static void tell(const struct model *model, struct str *out)
{
	const struct blend *m = (const struct blend *)model;

	for (size_t r = 0; r < m->n; r++)
		str_printf(out, "%s%s %.3g", r ? ", " : "", m->run[r]->run, m->weight[r]);
}

/* --- Kept --------------------------------------------------------------------------------------------- */

static bool save(const struct model *model, enum weights_what what, struct weights_writer *w, struct err *err)
{
	const struct blend *m = (const struct blend *)model;

	(void)what;
	return weights_add(w, "weight", TENSOR_F64, m->weight, m->n, 0, err) &&
	       weights_add(w, "mean", TENSOR_F64, m->mean, m->n, 0, err) &&
	       weights_add(w, "deviation", TENSOR_F64, m->deviation, m->n, 0, err) &&
	       weights_add(w, "run_digest", TENSOR_U64, m->digest, m->n, 0, err);
}

static bool take(const struct weights *w, const char *name, size_t n, double *out, struct err *err)
{
	const double *v = weights_get(w, name, TENSOR_F64, n, 0, NULL, NULL, err);

	for (size_t r = 0; v && r < n; r++) {
		out[r] = v[r];
		if (!isfinite(v[r]))
			return err_set(err, ERR_SYNTAX, "the weights file has a %s that is no number", name);
	}
	return v != NULL;
}

/* A blend that was kept by an earlier whyrec has no digests. */
static bool same_runs(struct blend *m, const struct weights *w, struct err *err)
{
	bool told = weights_has(w, "run_digest");
	const uint64_t *was = told ? weights_get(w, "run_digest", TENSOR_U64, m->n, 0, NULL, NULL, err) : NULL;

	if (!digest_runs(m, err) || (told && !was))
		return false;
	for (size_t r = 0; told && r < m->n; r++)
		if (was[r] != m->digest[r])
			return err_set(err, ERR_UNSUPPORTED, "the run %s is not the one that the blend was made of, only its name is",
				       m->run[r]->run);
	return true;
}

static struct model *load(const struct build_env *env, const struct params *p, const struct weights *w,
			  enum weights_what what, struct err *err)
{
	struct blend *m = new_model(env, p, err);

	(void)what;
	if (m && take(w, "weight", m->n, m->weight, err) && take(w, "mean", m->n, m->mean, err) &&
	    take(w, "deviation", m->n, m->deviation, err) && same_runs(m, w, err))
		return (struct model *)m;
	destroy((struct model *)m);
	return NULL;
}

/* Its runs' memory is told by them. */
static uint64_t held(const struct model *model)
{
	(void)model;
	return sizeof(struct blend);
}

static uint64_t bytes(const struct model_shape *shape, const struct params *p)
{
	char name[1][PARAM_RUN_SIZE];
	uint64_t n = params_runs(p, "runs", name, 0), threads = 64, I = shape->n_items;

	return sizeof(struct blend) + shape->n_users * sizeof(uint32_t) + threads * I * (n + 2) * sizeof(float);
}

const struct model_ops blend_ops = {
	.name = "blend",
	.title = "Blend: a weighted sum of the scores of other runs",
	.cite = "linear mixture of standardised scores",
	.caps = MODEL_FROM_HISTORY | MODEL_EXACT | MODEL_OF_RUNS, /* at best: caps_of() */
	.params = params,
	.create = create,
	.fit_epoch = fit_epoch,
	.freeze = freeze,
	.whole_why = "it keeps no tables of its own; the runs it mixes can be kept in bf16",
	.query_begin = query_begin,
	.score_block = score_block,
	.contributions = contributions,
	.by_run = by_run,
	.caps_of = caps_of,
	.tell = tell,
	.save = save,
	.load = load,
	.bytes = bytes,
	.held = held,
	.destroy = destroy,
};
