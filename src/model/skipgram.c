/* SPDX-License-Identifier: GPL-3.0-or-later */
/* skipgram.c - see skipgram.h. */
#include "model/skipgram.h"

#include "base/mem.h"

struct sgns_rule skipgram_rule(const struct params *p)
{
	return (struct sgns_rule){
		.lr = (float)params_real(p, "lr"), .window = (uint32_t)params_int(p, "window"),
		.negatives = (uint32_t)params_int(p, "negatives"), .epochs = (uint32_t)params_int(p, "epochs"),
		.subsample = params_real(p, "subsample"), .power = params_real(p, "power"),
		.free_order = params_choice(p, "order") == 1,
	};
}

bool skipgram_make(struct skipgram *s, bool training, struct err *err)
{
	size_t n = (size_t)s->V * s->D;

	s->in = mem_zeroed(n, sizeof(*s->in), err);
	s->out = s->in && training ? mem_zeroed(n, sizeof(*s->out), err) : NULL;
	return s->in && (s->out || !training);
}

void skipgram_training_done(struct skipgram *s)
{
	mem_free(s->out);
	sgns_core_free(s->core);
	s->out = NULL;
	s->core = NULL;
}

void skipgram_done(struct skipgram *s)
{
	skipgram_training_done(s);
	mem_free(s->in);
	s->in = NULL;
}

static struct sgns_tables tables_of(const struct skipgram *s)
{
	return (struct sgns_tables){ .in = s->in, .out = s->out, .D = s->D };
}

bool skipgram_begin(struct skipgram *s, const struct sgns_corpus *c, uint64_t seed, bool seeded, struct err *err)
{
	struct sgns_tables tables = tables_of(s);

	s->core = sgns_core_new(c, &s->rule, s->D, seed, err);
	if (s->core && seeded)
		sgns_tables_init(&tables, s->V, seed);
	return s->core != NULL;
}

bool skipgram_epoch(struct skipgram *s, const char *who, struct fit_ctx *ctx, struct err *err)
{
	struct sgns_tables tables = tables_of(s);
	struct sgns_told told;

	if (!sgns_epoch(s->core, &tables, ctx->epoch - 1, who, &told, ctx->task, err))
		return false;
	ctx->n_loss = 1;
	ctx->loss_name[0] = "loss";
	ctx->loss[0] = told.loss;
	ctx->examples = told.words;
	ctx->lr = told.lr;
	return true;
}

bool skipgram_save(const struct skipgram *s, const char *name, enum weights_what what, struct weights_writer *w,
		   struct err *err)
{
	return weights_add(w, name, TENSOR_F32, s->in, s->V, s->D, err) &&
	       (what == WEIGHTS_SCORING || weights_add(w, "output_vectors", TENSOR_F32, s->out, s->V, s->D, err));
}

bool skipgram_take(struct skipgram *s, const char *name, enum weights_what what, const struct weights *w,
		   struct err *err)
{
	return weights_take(w, name, TENSOR_F32, s->in, s->V, s->D, err) &&
	       (what == WEIGHTS_SCORING || weights_take(w, "output_vectors", TENSOR_F32, s->out, s->V, s->D, err));
}

/* A pair: dot product and step of the pair's own and the drawn ones' vectors, then the input's. */
void skipgram_effort(struct effort *e, const struct sgns_rule *rule, uint32_t D, double V, double words, double pairs)
{
	double outs = 1 + rule->negatives;

	e->shared[EFFORT_NEAR] += pairs * (outs * 5 + 1) * D;
	e->shared[EFFORT_DRAW] += words * 2 + 2 * pairs * (outs + 3) + V * 4; /* kept or not, dealt, negatives drawn */
}
