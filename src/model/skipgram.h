/* SPDX-License-Identifier: GPL-3.0-or-later */
/* skipgram.h - what word2vec and item2vec share: vectors under training by num/sgns_core.h, the parameters of
 * that, epochs, files.  V words or items, D factors.  Thread: WORKER.
 */
#ifndef MODEL_SKIPGRAM_H
#define MODEL_SKIPGRAM_H

#include "model/model.h"
#include "num/sgns_core.h"

struct skipgram {
	uint32_t V, D;
	struct sgns_rule rule;
	float *in, *out;        /* [V][D]; out: training alone */
	struct sgns_core *core; /* training alone */
};

/* The parameters that both have, with their defaults. */
#define SKIPGRAM_DIM(DEF, SOURCE) \
	{ .name = "dim", .type = PARAM_INT, .lo = 1, .hi = SGNS_MAX_D, .def = DEF, .unit = "factors", \
	  .meaning = "length of the vectors", .source = SOURCE, .log_scale = true, \
	  .tune = "32..128" }
#define SKIPGRAM_WINDOW(DEF, MEANING, SOURCE) \
	{ .name = "window", .type = PARAM_INT, .lo = 1, .hi = SGNS_MAX_WINDOW, .def = DEF, .unit = "", \
	  .meaning = MEANING, .source = SOURCE, .log_scale = true, \
	  .tune = "2..20" }
#define SKIPGRAM_NEGATIVES(DEF, MEANING, SOURCE) \
	{ .name = "negatives", .type = PARAM_INT, .lo = 1, .hi = SGNS_MAX_NEGATIVES, .def = DEF, .unit = "", \
	  .meaning = MEANING, .source = SOURCE, \
	  .tune = "3..15" }
#define SKIPGRAM_POWER(DEF, SOURCE) \
	{ .name = "power", .type = PARAM_REAL, .lo = -2, .hi = 2, .def = DEF, .unit = "", \
	  .meaning = "negatives are drawn by count to this power", .source = SOURCE }
#define SKIPGRAM_SUBSAMPLE(DEF, SOURCE) \
	{ .name = "subsample", .type = PARAM_REAL, .lo = 0, .hi = 1, .def = DEF, .unit = "share", \
	  .meaning = "what is more frequent than this is partly skipped; 0: nothing is", .source = SOURCE, \
	  .log_scale = true }
#define SKIPGRAM_EPOCHS(DEF, MEANING, SOURCE) \
	{ .name = "epochs", .type = PARAM_INT, .lo = 1, .hi = 100000, .def = DEF, .unit = "epochs", \
	  .meaning = MEANING, .source = SOURCE }
#define SKIPGRAM_LR(DEF, SOURCE) \
	{ .name = "lr", .type = PARAM_REAL, .lo = 1e-6, .hi = 10, .def = DEF, .unit = "", \
	  .meaning = "length of a step, falling straight to 0 over the epochs", .source = SOURCE, .log_scale = true, \
	  .tune = "0.005..0.1" }
#define SKIPGRAM_ORDER \
	{ .name = "order", .type = PARAM_CHOICE, .def = "fixed", .choices = "fixed|free", .unit = "", \
	  .meaning = "of the steps: the same result at any number of threads, or without locks, by chance", \
	  .source = "free: Recht et al. 2011" }
#define SKIPGRAM_PATIENCE(DEF, SOURCE) \
	{ .name = "patience", .type = PARAM_INT, .lo = 0, .hi = 100000, .def = DEF, .unit = "rounds", \
	  .meaning = "validations without a better metric before it stops; 0: never", .source = SOURCE }

struct sgns_rule skipgram_rule(const struct params *p);
/* The vectors, 0; s->V, s->D, s->rule are set before. */
bool skipgram_make(struct skipgram *s, bool training, struct err *err);
void skipgram_done(struct skipgram *s);            /* fine on a zeroed struct */
void skipgram_training_done(struct skipgram *s);   /* out and core alone */
/* The corpus' arrays must outlive s.  seeded: the vectors are drawn, not kept. */
bool skipgram_begin(struct skipgram *s, const struct sgns_corpus *c, uint64_t seed, bool seeded, struct err *err);
bool skipgram_epoch(struct skipgram *s, const char *who, struct fit_ctx *ctx, struct err *err);
/* Tensors `name` and, of a state, "output_vectors". */
bool skipgram_save(const struct skipgram *s, const char *name, enum weights_what what, struct weights_writer *w,
		   struct err *err);
bool skipgram_take(struct skipgram *s, const char *name, enum weights_what what, const struct weights *w,
		   struct err *err);
/* += an epoch over so many words that gives so many pairs, V words. */
void skipgram_effort(struct effort *e, const struct sgns_rule *rule, uint32_t D, double V, double words, double pairs);
static inline uint64_t skipgram_table_bytes(uint64_t V, uint64_t D) { return V * D * sizeof(float); }

#endif
