/* SPDX-License-Identifier: GPL-3.0-or-later */
/* model.h - what every model is: one vtable, one way to be asked.
 *
 * Words: a model under training belongs to its WORKER.  A model that was frozen never changes again and
 * scores from ANY thread; snapshot.h counts its references.  U users, I items, D factors, B queries.
 * Users and items are the dataset's numbers.  The maths of each model: whyrec-models(7).
 */
#ifndef MODEL_MODEL_H
#define MODEL_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/param.h"
#include "base/task.h"
#include "data/dataset.h"
#include "data/split.h"
#include "model/weights.h"
#include "num/csr.h"
#include "num/effort.h"
#include "num/rank.h"

enum model_caps {
	MODEL_ITERATIVE = 1 << 0,     /* epochs, loss, early stopping */
	MODEL_FROM_HISTORY = 1 << 1,  /* the score depends on the history alone */
	MODEL_USER_VECTORS = 1 << 2,  /* has trained user vectors; histories never seen are folded in */
	MODEL_ITEM_VECTORS = 1 << 3,
	MODEL_EXACT = 1 << 4,         /* contributions() sums to the score */
	MODEL_SEQUENTIAL = 1 << 5,    /* order of the history matters */
	MODEL_NEEDS_TEXT = 1 << 6,    /* create() refuses data without titles, texts or tags, saying so */
	MODEL_RANKS_COLD = 1 << 7,    /* tells items without a train event apart; the others cannot */
	MODEL_OF_RUNS = 1 << 8,       /* is made of other runs, which its parameter of PARAM_RUNS names */
	MODEL_VECTOR_AND_HISTORY = 1 << 9, /* with MODEL_USER_VECTORS: the history at hand is read beside the vector */
};

struct snapshot;
/* The run of that name: a reference that the caller must unref.  NULL with *err: why it cannot be had.
 * WORKER. */
typedef const struct snapshot *run_resolver(void *ctx, const char *run, struct err *err);

/* A run in a mixture: its scores count as (score - mean) / deviation. */
struct mixture_part {
	const struct snapshot *run;
	double mean, deviation;
};
/* weights[n] >= 0 with sum 1, those that are best on valid.  WORKER. */
typedef bool weight_chooser(void *ctx, const struct mixture_part *part, size_t n, const struct task *task,
			    double *weights, struct err *err);

/* What a model is made from.  x is what is fitted: U x I, distinct pairs; val NULL (every x_ui is 1)
 * unless values=yes or the data is weighted.  All borrowed for the life of the training. */
struct build_env {
	const struct dataset *data;
	const struct split *split;
	const struct csr *x, *xt; /* xt: the transpose, I x U */
	bool refit;               /* x holds train + valid, not train alone */
	uint64_t seed;
	const struct task *task;
	/* What a model made of other runs asks for; NULL: not at hand.  Choosing weights takes measuring, which
	 * lies above this layer. */
	run_resolver *resolve_run;
	weight_chooser *choose_weights;
	void *resolve_ctx, *choose_ctx;
};

/* Sizes for bytes() and effort(), before anything is built. */
struct model_shape {
	uint32_t n_users, n_items;
	size_t n_events;     /* of x */
	uint32_t longest;    /* events of the busiest user */
	enum precision kept; /* of what is frozen: F32 unless train … precision= says otherwise */
	const struct dataset *data; /* for models that read its text, tags or modalities */
	unsigned threads;    /* 0: as a machine of 8 has */
	bool patterns;       /* x has no values: every event counts 1 */
	const struct csr *x; /* U x I, its pattern alone counts; bytes() may do without (NULL), then tells the most */
	const uint32_t *item_events; /* [I] of x; bytes() may do without (NULL) */
	/* For bytes() alone: */
	unsigned snapshots;  /* frozen models there are at once: the best, the one told last, the one being made; 0: these 3 */
	bool stateless;      /* no copy of the training's state stays in memory: epochs are so long that it goes to the disk */
	/* For effort() alone: */
	double n_valid;      /* events of valid whose loss is told each epoch; 0: it is not */
};
static inline unsigned shape_threads(const struct model_shape *s) { return s->threads ? s->threads : 8; }
static inline unsigned shape_snapshots(const struct model_shape *s) { return s->snapshots ? s->snapshots : 3; }
/* The state of a training as it is kept, and the best model beside it where that may be another. */
static inline uint64_t shape_state(const struct model_shape *s, uint64_t state, uint64_t best)
{
	return s->stateless ? 0 : state + (shape_snapshots(s) > 2 ? best : 0);
}

/* What a training takes, in operations (num/effort.h): once, each epoch with its snapshot and the loss on valid, and
 * each user whose list is made to tell a metric. */
struct model_effort { struct effort once, epoch, asked; };

/* One question: a history, oldest first, and whose it is.  n == 0 is allowed (score what you can). */
struct query {
	const uint32_t *items; /* [n] distinct */
	const float *x;        /* [n] weights, or NULL: all 1 */
	uint32_t n;
	uint32_t user;         /* the dataset's user whose trained vector may be used; or NO_USER */
	bool fold_in;          /* use the history even where a trained vector exists */
	/* Items that the score must know nothing of, and that lists leave out like those of the history. */
	const uint32_t *hidden; /* [n_hidden] */
	uint32_t n_hidden;
};

/* Growing scratch memory of one thread; a model keeps what it made in query_begin() there.  Zero it
 * before first use, scratch_done() at the end. */
struct scratch {
	void *p;
	size_t size;
	void *aux;          /* second block, for what must survive a resize of the first */
	size_t aux_size;
	struct scratch *of; /* [n_of] of the models that a model is made of */
	size_t n_of;
};
void *scratch_need(struct scratch *s, size_t size, struct err *err);     /* at least size bytes, old content lost */
void *scratch_need_aux(struct scratch *s, size_t size, struct err *err);
struct scratch *scratch_need_of(struct scratch *s, size_t n, struct err *err); /* n zeroed ones at first, kept then */
void scratch_done(struct scratch *s);

/* The scores of a batch as dot products with packed item vectors; see num/rank.h. */
struct dot_form {
	const struct rank_panels *panels; /* borrowed from the model */
	const float *queries;             /* [B][stride], in scratch, until the next query_begin() */
	size_t stride;
};

#define LOSS_PARTS 4
struct fit_ctx {
	const struct task *task;
	uint32_t epoch;              /* 1-based */
	uint64_t seed;
	/* out: */
	unsigned n_loss;
	double loss[LOSS_PARTS];     /* loss[0] is what is minimised, a mean an example */
	const char *loss_name[LOSS_PARTS];
	uint64_t examples;           /* for throughput; see model_ops.example_unit */
	double gradient_norm, lr;    /* NaN where there is none */
};

struct model;
struct model_base { const struct model_ops *ops; }; /* the first member of every struct model */

enum weights_what { WEIGHTS_SCORING, WEIGHTS_STATE /* scoring + all that training needs to go on */ };

struct neighbour { uint32_t who; float weight; }; /* a user (user-knn) */
struct run_share { const char *run; float weight, score, value; }; /* of a score: value = weight x standardised score */

/* A score by what is known of the item: base + parts + rest = score; or, not exact, each part is what the
 * score loses without it (base and rest are then NaN). */
struct content_part {
	const char *kind; /* "word", "tag", "modality", "id"; fixed text */
	const char *name; /* borrowed from the model and its data */
	float value;
};
struct content { /* zero it before use */
	size_t n, cap;
	struct content_part *part;
	float base, rest;
	bool exact;
};
bool content_add(struct content *c, const char *kind, const char *name, float value, struct err *err);
void content_done(struct content *c);

struct model_ops {
	const char *name, *title, *cite; /* "ease", "EASE: …", "Steck 2019, arXiv:1905.03375" */
	unsigned caps;
	const char *example_unit;        /* "pairs", "rows"; NULL when not iterative */
	const struct param_spec *params;

	/* INIT of a training, WORKER: allocates; nothing is fitted yet (except where fitting is one pass:
	 * then fit_epoch does it all in epoch 1). */
	struct model *(*create)(const struct build_env *env, const struct params *p, struct err *err);
	/* WORKER.  One epoch.  Cancelled: returns false with ERR_CANCELLED and the partial epoch is dropped
	 * by the caller.  NaN/Inf: ERR_NUMERIC naming epoch, batch and tensor. */
	bool (*fit_epoch)(struct model *m, const struct build_env *env, struct fit_ctx *ctx, struct err *err);
	/* WORKER, after an epoch, with what fit_epoch told of it: the loss on the valid events, without dropout,
	 * comparable with ctx->loss[0] (so that their difference tells what was learned by heart).  The same
	 * negatives in every epoch.  NaN: no valid event can be asked for.  NULL: the model has no such loss. */
	bool (*valid_loss)(struct model *m, const struct build_env *env, const struct fit_ctx *ctx, double *out,
			   struct err *err);
	/* What scoring needs, immutable: a copy, or with may_move the model itself (m is then consumed). */
	struct model *(*freeze)(struct model *m, bool may_move, struct err *err);

	/* ANY.  A frozen model like m, which stays, with its large tables in `to` (bf16 or int8, num/packed.h): it
	 * scores from those, and save() writes them so, load() reads them so.  NULL: whole_why tells why not. */
	struct model *(*pack)(const struct model *m, enum precision to, struct err *err);
	const char *whole_why; /* "…" in "MODEL scores from f32 alone: …" */

	/* ANY, const.  query_begin prepares B queries in scratch; then score_block may be asked for any range
	 * of items, any number of times: out[b * stride + (i - lo)]. */
	bool (*query_begin)(const struct model *m, const struct query *q, size_t B, struct scratch *s,
			    struct err *err);
	void (*score_block)(const struct model *m, const struct query *q, size_t B, uint32_t lo, uint32_t hi,
			    struct scratch *s, float *out, size_t stride);
	/* NULL unless score = query vector . item vector (+ bias): after query_begin. */
	bool (*dot_form)(const struct model *m, size_t B, struct scratch *s, struct dot_form *out);

	/* ANY.  parts[n] and *base with base + sum(parts) = score; NULL: explain by leave-one-out. */
	bool (*contributions)(const struct model *m, const struct query *q, uint32_t item, struct scratch *s,
			      float *parts, float *base, struct err *err);
	/* ANY.  weight[n] >= 0 of the history's events, with sum 1: how much the newest one's row looks at each,
	 * a mean over the heads and blocks.  It shows how the model reads, and is no explanation by itself
	 * (Jain & Wallace 2019, arXiv:1902.10186).  NULL: the model has no attention. */
	bool (*attention)(const struct model *m, const struct query *q, struct scratch *s, float *weight,
			  struct err *err);
	/* ANY.  How many events of a history are read, the newest ones; NULL: all of them. */
	uint32_t (*newest)(const struct model *m);
	/* ANY.  The same by content, into *out (zeroed); NULL: the model has no breakdown by content. */
	bool (*content)(const struct model *m, const struct query *q, uint32_t item, struct scratch *s,
			struct content *out, struct err *err);
	/* ANY.  Who stands behind the score, strongest first, at most max; returns how many, SIZE_MAX on
	 * failure.  NULL except user-knn. */
	size_t (*neighbours)(const struct model *m, const struct query *q, uint32_t item, struct scratch *s,
			     struct neighbour *out, size_t max, struct err *err);
	/* ANY.  What each run that the model is made of gives to the score, which is the sum of the values, in
	 * the order of the runs; borrowed names; how many there are, SIZE_MAX on failure.  NULL: of no runs. */
	size_t (*by_run)(const struct model *m, const struct query *q, uint32_t item, struct scratch *s,
			 struct run_share *out, size_t max, struct err *err);
	/* What the model made of such runs can do; NULL: caps. */
	unsigned (*caps_of)(const struct model *m);
	/* A line on what was found in fitting, such as weights; NULL: nothing to say. */
	void (*tell)(const struct model *m, struct str *out);
	/* ANY.  out[I] = likeness of every item to `item` in the model's own terms (cosine of vectors, the
	 * similarity matrix's row); NULL: the model has none and says so. */
	bool (*similar)(const struct model *m, uint32_t item, float *out, struct err *err);
	/* ANY.  out[I] = likeness of every item to a text that no item need have; ERR_NOTFOUND when no word of it
	 * is known.  NULL: the model reads no text. */
	bool (*similar_text)(const struct model *m, const char *text, size_t n, float *out, struct err *err);
	/* ANY.  The item vectors [I][*D], borrowed; NULL op: none.  NULL of a model in fewer bits. */
	const float *(*item_vectors)(const struct model *m, size_t *D, size_t *stride);

	bool (*save)(const struct model *m, enum weights_what what, struct weights_writer *w, struct err *err);
	/* WEIGHTS_SCORING: a frozen model; env needs data, split and task alone.  WEIGHTS_STATE: one that
	 * fit_epoch continues to the same bits. */
	struct model *(*load)(const struct build_env *env, const struct params *p, const struct weights *w,
			      enum weights_what what, struct err *err);
	/* Peak memory of training and scoring, all copies, shown before training. */
	uint64_t (*bytes)(const struct model_shape *shape, const struct params *p);
	uint64_t (*held)(const struct model *m); /* memory of a frozen model */
	/* ANY, under 5 ms: counted before training, into *out (zeroed); parameters that create() refuses leave it so.
	 * NULL: nothing is foretold. */
	void (*effort)(const struct model_shape *shape, const struct params *p, struct model_effort *out);
	void (*destroy)(struct model *m);
};

static inline const struct model_ops *model_ops_of(const struct model *m)
{
	return ((const struct model_base *)(const void *)m)->ops;
}

static inline unsigned model_caps(const struct model *m)
{
	const struct model_ops *ops = model_ops_of(m);

	return ops->caps_of ? ops->caps_of(m) : ops->caps;
}

/* ERR_UNSUPPORTED with the reason unless it has such a form. */
bool model_packs(const struct model_ops *ops, enum precision to, struct err *err);

/* Edited histories and explanations: the model is asked with fold_in where the user's trained vector alone makes the
 * score, since that knows nothing of the history at hand. */
static inline bool model_folds_in(const struct model *m)
{
	return (model_caps(m) & MODEL_USER_VECTORS) && !(model_caps(m) & MODEL_VECTOR_AND_HISTORY);
}

/* registry.c: every model, in the order shown; NULL-terminated. */
extern const struct model_ops *const model_registry[];
const struct model_ops *model_find(const char *name, struct err *err); /* "did you mean" on failure */
/* Which models can what one cannot, for its refusal: "word2vec can", "towers and word2vec can". */
enum model_skill { MODEL_HAS_CONTENT, MODEL_READS_TEXT };
struct str;
void models_that_can(struct str *out, enum model_skill skill);

/* One query, all items: out[I].  The plain road, for explanations and tests. */
bool model_score_all(const struct model *m, const struct query *q, struct scratch *s, float *out,
		     uint32_t n_items, struct err *err);
bool model_score_one(const struct model *m, const struct query *q, uint32_t item, struct scratch *s,
		     float *out, struct err *err);

#endif
