/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sasrec_valid.c - see sasrec_valid.h. */
#include "model/sasrec_valid.h"

#include <math.h>

#include "base/mem.h"
#include "model/sasrec_read.h"
#include "num/linalg.h"

enum { USERS = 128 /* of a chunk */, BCE_NEGATIVES = 4, TRIES = 16 };

struct valid_slot { /* memory of one thread */
	struct scratch scratch;
	float *vectors;     /* [USERS][D] */
	float *strip;       /* ce */
	struct query q[USERS];
	uint32_t user[USERS];
	double log_sum[USERS];
	struct err err;
};

struct valid_run {
	const struct sasrec_net *n;
	const struct sasrec_rule *rule;
	const struct sequences *seq;
	const struct softmax_all *all;
	const struct build_env *env;
	struct valid_slot *slot;
	struct { double loss; size_t n; } *part; /* of each chunk */
	_Atomic bool failed;
};

static double score(const struct sasrec_net *n, const float *h, uint32_t item)
{
	return (double)linalg_dot(h, n->E + (size_t)item * n->D, n->D);
}

static double softplus(double x)
{
	return fmax(x, 0) + log1p(exp(-fabs(x)));
}

/* softplus(-s) of the event, and the mean of softplus(s) over some items outside what the user has. */
static double bce_of(const struct valid_run *v, const float *h, uint32_t user, uint32_t item, struct rng *r)
{
	double sum = 0;

	for (int k = 0; k < BCE_NEGATIVES; k++) {
		uint32_t other = rng_below(r, v->n->I);

		for (int t = 1; t < TRIES && (csr_has(v->env->x, user, other) ||
					      csr_has(&v->env->split->valid, user, other)); t++)
			other = rng_below(r, v->n->I);
		sum += softplus(score(v->n, h, other));
	}
	return softplus(-score(v->n, h, item)) + sum / BCE_NEGATIVES;
}

/* log of e^s of the event + those of N items drawn alike, each for (I - 1)/N items; less s. */
static double sampled_of(const struct valid_run *v, const float *h, uint32_t item, struct rng *r)
{
	uint32_t N = v->rule->negatives, I = v->n->I;
	double s = score(v->n, h, item), most = s, sum = 1, heavier = log((double)(I > 1 ? I - 1 : 1) / N);

	for (uint32_t k = 0; k < N; k++) {
		uint32_t other = rng_below(r, I);
		double o;

		if (other == item)
			continue;
		o = score(v->n, h, other) + heavier;
		sum = o > most ? sum * exp(most - o) + 1 : sum + exp(o - most);
		most = fmax(o, most);
	}
	return most + log(sum) - s;
}

static size_t list_users(const struct valid_run *v, size_t chunk, struct valid_slot *s)
{
	uint32_t from = (uint32_t)chunk * USERS, to = from + USERS < v->seq->U ? from + USERS : v->seq->U;
	size_t B = 0;

	for (uint32_t u = from; u < to; u++) {
		if (!csr_row_n(&v->env->split->valid, u) || !sequences_n(v->seq, u))
			continue;
		s->user[B] = u;
		s->q[B++] = (struct query){ .items = v->seq->item + v->seq->ptr[u], .n = sequences_n(v->seq, u),
					    .user = u };
	}
	return B;
}

static double loss_of_user(const struct valid_run *v, const struct valid_slot *s, size_t b)
{
	const struct csr *valid = &v->env->split->valid;
	uint32_t u = s->user[b];
	const float *h = s->vectors + b * v->n->D;
	struct rng r = rng_stream(v->env->seed, "sasrec.valid", 0, u);
	double sum = 0;

	for (size_t k = valid->ptr[u]; k < valid->ptr[u + 1]; k++) {
		uint32_t item = valid->idx[k];

		sum += v->rule->loss == SASREC_CE ? s->log_sum[b] - score(v->n, h, item)
		       : v->rule->loss == SASREC_BCE ? bce_of(v, h, u, item, &r) : sampled_of(v, h, item, &r);
	}
	return sum;
}

static void run_chunk(void *ctx, size_t chunk, unsigned slot)
{
	struct valid_run *v = ctx;
	struct valid_slot *s = &v->slot[slot];
	size_t B = list_users(v, chunk, s);

	v->part[chunk].loss = 0;
	v->part[chunk].n = 0;
	if (!sasrec_read(v->n, s->q, B, s->vectors, &s->scratch, &s->err)) {
		v->failed = true;
		return;
	}
	if (v->rule->loss == SASREC_CE)
		softmax_all_log_sums(v->all, s->log_sum, s->vectors, B, s->strip);
	for (size_t b = 0; b < B; b++) {
		v->part[chunk].loss += loss_of_user(v, s, b);
		v->part[chunk].n += csr_row_n(&v->env->split->valid, s->user[b]);
	}
}

static bool make_slots(struct valid_run *v, unsigned n_slots, struct err *err)
{
	size_t strip = v->rule->loss == SASREC_CE ? softmax_all_strip(v->n->I) : 1;

	v->slot = mem_zeroed(n_slots, sizeof(*v->slot), err);
	for (unsigned k = 0; v->slot && k < n_slots; k++)
		if (!(v->slot[k].vectors = mem_alloc((size_t)USERS * v->n->D, sizeof(float), err)) ||
		    !(v->slot[k].strip = mem_alloc(strip, sizeof(float), err)))
			return false;
	return v->slot != NULL;
}

static void free_slots(struct valid_run *v, unsigned n_slots)
{
	for (unsigned k = 0; v->slot && k < n_slots; k++) {
		scratch_done(&v->slot[k].scratch);
		mem_free(v->slot[k].vectors);
		mem_free(v->slot[k].strip);
	}
	mem_free(v->slot);
}

uint64_t sasrec_valid_bytes(const struct sasrec_net *n, const struct sasrec_rule *r, unsigned slots)
{
	uint64_t floats = (uint64_t)USERS * n->D + (r->loss == SASREC_CE ? softmax_all_strip(n->I) : 1);

	return slots * (floats * sizeof(float) + sizeof(struct valid_slot));
}

static bool run_all(struct valid_run *v, struct softmax_all *all, size_t chunks, const struct task *t,
		    struct err *err)
{
	if (all && !softmax_all_pack(all, v->n->E, t))
		return task_cancelled(err);
	if (!task_chunks(t, chunks, run_chunk, v))
		return task_cancelled(err);
	for (unsigned k = 0; v->failed && k < task_slots(t); k++)
		if (v->slot[k].err.code != ERR_OK)
			*err = v->slot[k].err;
	return !v->failed;
}

bool sasrec_valid_loss(const struct sasrec_net *n, const struct sasrec_rule *r, const struct sequences *histories,
		       struct softmax_all *all, const struct build_env *env, const struct task *t, double *out,
		       struct err *err)
{
	size_t chunks = ((size_t)histories->U + USERS - 1) / USERS, events = 0;
	struct valid_run v = { .n = n, .rule = r, .seq = histories, .all = all, .env = env };
	bool done;

	v.part = mem_zeroed(chunks ? chunks : 1, sizeof(*v.part), err);
	done = v.part && make_slots(&v, task_slots(t), err) && run_all(&v, all, chunks, t, err);
	*out = 0;
	for (size_t c = 0; done && c < chunks; c++) {
		*out += v.part[c].loss;
		events += v.part[c].n;
	}
	*out = events ? *out / (double)events : NAN;
	free_slots(&v, task_slots(t));
	mem_free(v.part);
	return done;
}
