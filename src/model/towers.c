/* SPDX-License-Identifier: GPL-3.0-or-later */
/* towers.c - two towers that meet: people by their vector and their history, items by theirs and their content.
 *
 * The network stands in model/towers_net.h, its training in model/towers_fit.h.  The items' vectors are made once
 * when the model is frozen; a query's vector is the people's tower over its history, with e_u where it names a user
 * that was trained on (and is not to be folded in), without it else: user-dropout trains it to do without.
 */
#include <string.h>

#include "base/mem.h"
#include "model/net_tensors.h"
#include "model/packed_tensors.h"
#include "model/registry.h"
#include "model/towers_content.h"
#include "model/towers_fit.h"
#include "model/towers_friends.h"
#include "model/towers_packed.h"
#include "model/towers_params.h"
#include "model/towers_past.h"
#include "model/vectors.h"

enum { ROWS = TOWERS_ROWS };

struct towers {
	struct model_base base;
	struct towers_net net;
	float drop_item;            /* of its training */
	uint8_t *trained;           /* [U]: 1 where the user had events to train on */
	struct csr friends;         /* training alone, social > 0 */
	struct towers_fit *fit;     /* training alone */
	/* Frozen alone: */
	float *met;                 /* [U][D] the friends' mean, social > 0 */
	uint8_t *has_friends;       /* [U] */
	float *r;                   /* [I][D] */
	struct packed packed_met, packed_r; /* in fewer bits: in place of met and r, which are NULL */
	struct rank_panels *panels;
};

static void destroy(struct model *model)
{
	struct towers *m = (struct towers *)model;

	if (!m)
		return;
	towers_fit_free(m->fit);
	csr_done(&m->friends);
	rank_panels_free(m->panels);
	towers_net_done(&m->net);
	mem_free(m->trained);
	mem_free(m->met);
	mem_free(m->has_friends);
	mem_free(m->r);
	packed_done(&m->packed_met);
	packed_done(&m->packed_r);
	mem_free(m);
}

static bool read_words(void *ctx, float *vectors, uint32_t V, uint32_t D, struct err *err)
{
	const float *from = weights_get(ctx, "words", TENSOR_F32, V, D, NULL, NULL, err);

	if (from)
		memcpy(vectors, from, (size_t)V * D * sizeof(*vectors));
	return from != NULL;
}

/* w: where the words' vectors are kept; NULL: they are trained. */
static bool add_text(struct towers *m, const struct build_env *env, const struct weights *w, struct err *err)
{
	const struct towers_text **text = &m->net.features.text;

	if (w)
		return towers_text_read(env->data, m->net.D, read_words, (void *)(uintptr_t)w, env->task, text, err);
	return towers_text_train(env->data, m->net.D, m->drop_item >= 1, env->seed, env->task, text, err);
}

static struct towers *new_model(const struct build_env *env, const struct params *p, const struct weights *w,
				struct err *err)
{
	struct towers *m = mem_zeroed(1, sizeof(*m), err);

	if (!m)
		return NULL;
	m->base.ops = &towers_ops;
	m->drop_item = towers_drop_item(env->split, p);
	if (towers_net_of(&m->net, env->data, p, err) && towers_set_time(&m->net, env->split, p, err) &&
	    (!towers_says_yes(p, "text") || add_text(m, env, w, err)) && towers_net_make(&m->net, err) &&
	    (m->trained = mem_zeroed(m->net.U, sizeof(*m->trained), err)))
		return m;
	destroy((struct model *)m);
	return NULL;
}

/* What training has beside the weights. */
static bool add_training(struct towers *m, const struct build_env *env, const struct params *p, struct err *err)
{
	struct towers_rule rule = towers_rule_of(p, env->split);
	bool social = m->net.social > 0;

	if (social && !towers_friends_make(&m->friends, env, m->net.recency, err))
		return false;
	m->fit = towers_fit_new(&m->net, &rule, social ? &m->friends : NULL, env, err);
	for (uint32_t u = 0; u < m->net.U; u++)
		m->trained[u] = csr_row_n(env->x, u) > 0;
	return m->fit != NULL;
}

static struct model *create(const struct build_env *env, const struct params *p, struct err *err)
{
	struct towers *m;

	m = new_model(env, p, NULL, err);
	if (!m)
		return NULL;
	if (!add_training(m, env, p, err)) {
		destroy((struct model *)m);
		return NULL;
	}
	towers_net_fill(&m->net, env->x, env->xt, env->seed);
	if (m->drop_item >= 1) /* none is ever learnt */
		memset(m->net.items, 0, (size_t)m->net.I * m->net.D * sizeof(*m->net.items));
	return (struct model *)m;
}

static bool fit_epoch(struct model *model, const struct build_env *env, struct fit_ctx *ctx, struct err *err)
{
	struct towers *m = (struct towers *)model;

	(void)env;
	return towers_fit_epoch(m->fit, &m->net, ctx, err);
}

static bool valid_loss(struct model *model, const struct build_env *env, const struct fit_ctx *ctx, double *out,
		       struct err *err)
{
	struct towers *m = (struct towers *)model;

	return towers_fit_valid_loss(m->fit, &m->net, env, ctx, out, err);
}

/* --- Freezing ---------------------------------------------------------------------------- */

static bool make_friends(struct towers *m, const struct csr *friends, struct err *err)
{
	const struct towers_net *n = &m->net;

	m->met = mem_zeroed((size_t)n->U * n->D, sizeof(*m->met), err);
	m->has_friends = m->met ? mem_zeroed(n->U, sizeof(*m->has_friends), err) : NULL;
	for (uint32_t u = 0; friends && m->has_friends && u < n->U; u++) {
		m->has_friends[u] = csr_row_n(friends, u) > 0;
		towers_sum_past(n, csr_row(friends, u), csr_row_val(friends, u), csr_row_n(friends, u),
				m->met + (size_t)u * n->D);
	}
	return m->has_friends != NULL;
}

/* Items' vectors, packed. */
static bool make_scoring(struct towers *m, struct err *err)
{
	const struct towers_net *n = &m->net;

	m->r = mem_alloc((size_t)n->I * n->D, sizeof(*m->r), err);
	if (!m->r || !towers_all_items(n, m->r, err))
		return false;
	m->panels = rank_panels_new(m->r, n->D, n->I, n->D, NULL, err);
	return m->panels != NULL;
}

static struct model *copy_frozen(const struct towers *m, struct err *err)
{
	struct towers *copy = mem_zeroed(1, sizeof(*copy), err);
	struct towers_net *n;

	if (!copy)
		return NULL;
	n = &copy->net;
	copy->base = m->base;
	copy->drop_item = m->drop_item;
	*n = m->net;
	n->users = n->items = n->past = n->tags = n->t.w = NULL;
	if (towers_features_copy(&n->features, &m->net.features, err) && towers_net_make(n, err) &&
	    (copy->trained = mem_alloc(n->U, sizeof(*copy->trained), err))) {
		towers_net_copy_weights(n, &m->net);
		memcpy(copy->trained, m->trained, n->U * sizeof(*copy->trained));
		if ((!(n->social > 0) || make_friends(copy, &m->friends, err)) && make_scoring(copy, err))
			return (struct model *)copy;
	}
	destroy((struct model *)copy);
	return NULL;
}

static struct model *freeze(struct model *model, bool may_move, struct err *err)
{
	struct towers *m = (struct towers *)model;

	if (!may_move)
		return copy_frozen(m, err);
	if ((m->net.social > 0 && !make_friends(m, &m->friends, err)) || !make_scoring(m, err)) {
		destroy(model);
		return NULL;
	}
	towers_fit_free(m->fit);
	m->fit = NULL;
	csr_done(&m->friends);
	return model;
}

/* --- In fewer bits --------------------------------------------------------------------- */

static struct packed table(const float *whole, uint32_t rows, uint32_t D, const struct packed *packed)
{
	return whole ? packed_view(whole, rows, D) : *packed;
}

static bool copy_users(uint8_t **to, const uint8_t *from, uint32_t U, struct err *err)
{
	*to = mem_alloc(U, sizeof(**to), err);
	if (*to)
		memcpy(*to, from, U * sizeof(**to));
	return *to != NULL;
}

static bool pack_tables(struct towers *out, const struct towers *m, enum precision to, struct err *err)
{
	struct packed r = table(m->r, m->net.I, m->net.D, &m->packed_r);
	struct packed met = table(m->met, m->net.U, m->net.D, &m->packed_met);

	return copy_users(&out->trained, m->trained, m->net.U, err) &&
	       (!m->has_friends || (copy_users(&out->has_friends, m->has_friends, m->net.U, err) &&
				    packed_make(&out->packed_met, &met, to, err))) &&
	       packed_make(&out->packed_r, &r, to, err) &&
	       (out->panels = rank_panels_new_packed(&out->packed_r, NULL, err));
}

static struct model *pack(const struct model *model, enum precision to, struct err *err)
{
	const struct towers *m = (const struct towers *)model;
	struct towers *out = mem_zeroed(1, sizeof(*out), err);

	if (!out)
		return NULL;
	out->base = m->base;
	if (towers_packed_make(&out->net, &m->net, to, err) && pack_tables(out, m, to, err))
		return (struct model *)out;
	destroy((struct model *)out);
	return NULL;
}

/* --- Scoring --------------------------------------------------------------------------- */

static uint32_t longest_of(const struct query *q, size_t B)
{
	uint32_t longest = 1;

	for (size_t b = 0; b < B; b++)
		longest = q[b].n > longest ? q[b].n : longest;
	return longest;
}

/* f: [D + q->n] work. */
static void begin_row(const struct towers *m, const struct query *q, const struct tower *t, size_t row, float *f)
{
	const struct towers_net *n = &m->net;
	struct packed users = table(n->users, n->U, n->D, &n->packed_users);
	struct packed friends = table(m->met, n->U, n->D, &m->packed_met);
	size_t D = n->D;
	bool known = q->user < n->U, met = known && m->has_friends && m->has_friends[q->user];

	if (known && !q->fold_in && m->trained[q->user])
		packed_row(&users, q->user, t->in + row * D);
	else
		memset(t->in + row * D, 0, D * sizeof(float));
	if (!n->history)
		return;
	if (met)
		packed_row(&friends, q->user, f);
	towers_past_weights(n->recency, q->x, q->n, f + D);
	towers_past_mean(n, q->items, f + D, q->n, met ? f : NULL, t->mean + row * D);
}

/* Scratch: the queries' vectors [B][D].  Aux: what the tower needs. */
static bool query_begin(const struct model *model, const struct query *q, size_t B, struct scratch *s,
			struct err *err)
{
	const struct towers *m = (const struct towers *)model;
	const struct towers_net *n = &m->net;
	float *u = scratch_need(s, B * n->D * sizeof(*u), err), *at;
	struct tower t;

	at = u ? scratch_need_aux(s, (tower_floats(n, ROWS) + n->D + longest_of(q, B)) * sizeof(*at), err) : NULL;
	if (!at)
		return false;
	t = tower_lay(n, &at, ROWS);
	for (size_t b = 0; b < B; b += ROWS) {
		size_t here = B - b < ROWS ? B - b : ROWS;

		for (size_t k = 0; k < here; k++)
			begin_row(m, &q[b + k], &t, k, at);
		t.out = u + b * n->D;
		towers_people(n, &t, here);
	}
	return true;
}

static void score_block(const struct model *model, const struct query *q, size_t B, uint32_t lo, uint32_t hi,
			struct scratch *s, float *out, size_t stride)
{
	const struct towers *m = (const struct towers *)model;

	(void)q;
	rank_scores(m->panels, s->p, m->net.D, B, lo, hi, out, stride);
}

static bool dot_form(const struct model *model, size_t B, struct scratch *s, struct dot_form *out)
{
	const struct towers *m = (const struct towers *)model;

	(void)B;
	*out = (struct dot_form){ .panels = m->panels, .queries = s->p, .stride = m->net.D };
	return true;
}

static bool similar(const struct model *model, uint32_t item, float *out, struct err *err)
{
	const struct towers *m = (const struct towers *)model;

	if (!m->r)
		return packed_cosines(&m->packed_r, item, out, err);
	vectors_cosines(m->r, m->net.I, m->net.D, item, out);
	return true;
}

/* What items are made of is not kept in fewer bits. */
static bool has_content(const struct towers *m, struct err *err)
{
	return !towers_is_packed(&m->net) ||
	       err_set(err, ERR_UNSUPPORTED, "towers in %s keep items as vectors, without their words and tags: use the run "
		       "with precision=f32 to ask for those", precision_name[m->packed_r.precision]);
}

static bool similar_text(const struct model *model, const char *text, size_t length, float *out, struct err *err)
{
	const struct towers *m = (const struct towers *)model;

	return has_content(m, err) && towers_near_text(&m->net, m->r, text, length, out, err);
}

static bool content(const struct model *model, const struct query *q, uint32_t item, struct scratch *s,
		    struct content *out, struct err *err)
{
	const struct towers_net *n = &((const struct towers *)model)->net;
	float *work = has_content((const struct towers *)model, err) && query_begin(model, q, 1, s, err) ?
		      scratch_need_aux(s, towers_content_floats(n) * sizeof(*work), err) : NULL;

	return work && towers_content_parts(n, s->p, item, work, out, err);
}

static const float *item_vectors(const struct model *model, size_t *D, size_t *stride)
{
	const struct towers *m = (const struct towers *)model;

	*D = *stride = m->net.D;
	return m->r;
}

/* What the split decided. */
static void tell(const struct model *model, struct str *out)
{
	const struct towers *m = (const struct towers *)model;

	str_printf(out, "past=%s recency=%g item-dropout=%g", m->net.before ? "before" : "others", (double)m->net.recency,
		   (double)m->drop_item);
}

/* --- Files --------------------------------------------------------------------------- */

static bool save_state(const struct towers *m, struct weights_writer *w, struct err *err)
{
	for (int t = 0; t < N_TOWERS_TABLES; t++) {
		const struct optim *o = towers_fit_optim(m->fit, (enum towers_table)t);

		if (o->n && !optim_tensors_add(w, towers_table_names[t], o, err))
			return false;
	}
	return true;
}

static bool save_packed(const struct towers *m, struct weights_writer *w, struct err *err)
{
	return towers_packed_add(w, &m->net, err) && packed_add(w, "item_vectors", &m->packed_r, err) &&
	       weights_add(w, "recency", TENSOR_F32, &m->net.recency, 1, 0, err) &&
	       weights_add(w, "user_trained", TENSOR_U8, m->trained, m->net.U, 0, err) &&
	       (!m->has_friends || (packed_add(w, "friends", &m->packed_met, err) &&
				    weights_add(w, "user_has_friends", TENSOR_U8, m->has_friends, m->net.U, 0, err)));
}

static bool save(const struct model *model, enum weights_what what, struct weights_writer *w, struct err *err)
{
	const struct towers *m = (const struct towers *)model;
	const struct towers_net *n = &m->net;

	if (towers_is_packed(n))
		return save_packed(m, w, err);
	if (!weights_add(w, "users", TENSOR_F32, n->users, n->U, n->D, err) ||
	    !weights_add(w, "items", TENSOR_F32, n->items, n->I, n->D, err) ||
	    (n->past && !weights_add(w, "past", TENSOR_F32, n->past, n->I, n->D, err)) ||
	    (n->tags && !weights_add(w, "tags", TENSOR_F32, n->tags, towers_n_tags(&n->features), n->D, err)) ||
	    (n->features.text && !weights_add(w, "words", TENSOR_F32, n->features.text->vectors,
					      n->features.text->words->words.n, n->D, err)) ||
	    !weights_add(w, "user_trained", TENSOR_U8, m->trained, n->U, 0, err) ||
	    !weights_add(w, "recency", TENSOR_F32, &n->recency, 1, 0, err) || !dense_tensors_add(w, &n->t, err))
		return false;
	if (what == WEIGHTS_STATE)
		return save_state(m, w, err);
	return !m->met || (weights_add(w, "friends", TENSOR_F32, m->met, n->U, n->D, err) &&
			   weights_add(w, "user_has_friends", TENSOR_U8, m->has_friends, n->U, 0, err));
}

static bool take_weights(struct towers *m, const struct weights *w, struct err *err)
{
	struct towers_net *n = &m->net;

	return dense_tensors_take(w, &n->t, err) && weights_take(w, "users", TENSOR_F32, n->users, n->U, n->D, err) &&
	       weights_take(w, "items", TENSOR_F32, n->items, n->I, n->D, err) &&
	       (!n->past || weights_take(w, "past", TENSOR_F32, n->past, n->I, n->D, err)) &&
	       (!n->tags || weights_take(w, "tags", TENSOR_F32, n->tags, towers_n_tags(&n->features), n->D, err)) &&
	       weights_take(w, "user_trained", TENSOR_U8, m->trained, n->U, 0, err) &&
	       weights_take(w, "recency", TENSOR_F32, &n->recency, 1, 0, err); /* its split may not be the current one */
}

static bool take_scoring(struct towers *m, const struct weights *w, struct err *err)
{
	const struct towers_net *n = &m->net;

	if (n->social > 0 && (!make_friends(m, NULL, err) ||
			      !weights_take(w, "friends", TENSOR_F32, m->met, n->U, n->D, err) ||
			      !weights_take(w, "user_has_friends", TENSOR_U8, m->has_friends, n->U, 0, err)))
		return false;
	return make_scoring(m, err);
}

static bool take_state(struct towers *m, const struct build_env *env, const struct params *p, const struct weights *w,
		       struct err *err)
{
	if (!add_training(m, env, p, err))
		return false;
	for (int t = 0; t < N_TOWERS_TABLES; t++) {
		struct optim *o = towers_fit_optim(m->fit, (enum towers_table)t);

		if (o->n && !optim_tensors_take(w, towers_table_names[t], o, err))
			return false;
	}
	return true;
}

static bool take_packed(struct towers *m, const struct weights *w, struct err *err)
{
	struct towers_net *n = &m->net;

	if (n->social > 0 && (!(m->has_friends = mem_zeroed(n->U, sizeof(*m->has_friends), err)) ||
			      !packed_get(w, "friends", n->U, n->D, &m->packed_met, err) ||
			      !weights_take(w, "user_has_friends", TENSOR_U8, m->has_friends, n->U, 0, err)))
		return false;
	m->trained = mem_zeroed(n->U, sizeof(*m->trained), err);
	return m->trained && towers_packed_get(w, n, err) && weights_take(w, "recency", TENSOR_F32, &n->recency, 1, 0, err) &&
	       weights_take(w, "user_trained", TENSOR_U8, m->trained, n->U, 0, err) &&
	       packed_get(w, "item_vectors", n->I, n->D, &m->packed_r, err) &&
	       (m->panels = rank_panels_new_packed(&m->packed_r, NULL, err));
}

static struct model *load_packed(const struct build_env *env, const struct params *p, const struct weights *w,
				 struct err *err)
{
	struct towers *m = mem_zeroed(1, sizeof(*m), err);

	if (!m)
		return NULL;
	m->base.ops = &towers_ops;
	if (towers_net_of(&m->net, env->data, p, err) && take_packed(m, w, err))
		return (struct model *)m;
	destroy((struct model *)m);
	return NULL;
}

static struct model *load(const struct build_env *env, const struct params *p, const struct weights *w,
			  enum weights_what what, struct err *err)
{
	struct towers *m;

	if (what == WEIGHTS_SCORING && packed_is(w, "item_vectors"))
		return load_packed(env, p, w, err);
	m = new_model(env, p, w, err);
	if (!m)
		return NULL;
	if (take_weights(m, w, err) &&
	    (what == WEIGHTS_SCORING ? take_scoring(m, w, err) : take_state(m, env, p, w, err)))
		return (struct model *)m;
	destroy((struct model *)m);
	return NULL;
}

/* --- Sizes --------------------------------------------------------------------------- */

/* Of a frozen model, but for the text, which all share. */
static uint64_t scoring_bytes(const struct towers_net *n)
{
	uint64_t floats = (uint64_t)n->I * n->D + n->features.n_modalities +
			  (n->features.tags ? csr_n(n->features.tags) : 0) +
			  (n->social > 0 ? (uint64_t)n->U * n->D : 0);

	return towers_net_bytes(n) + floats * sizeof(float) + 2 * (uint64_t)n->U + rank_panels_bytes(n->I, n->D);
}

static uint64_t held(const struct model *model)
{
	const struct towers *m = (const struct towers *)model;
	const struct towers_net *n = &m->net;

	if (towers_is_packed(n))
		return towers_packed_bytes(n) + packed_bytes(&m->packed_r) + packed_bytes(&m->packed_met) +
		       2 * (uint64_t)n->U + rank_panels_bytes_for(m->packed_r.precision, n->I, n->D);
	return scoring_bytes(n) + towers_text_bytes(n->features.text);
}

/* The words' vectors are learnt first; then the towers beside what stays of that. */
static uint64_t bytes(const struct model_shape *shape, const struct params *p)
{
	struct towers_rule rule = towers_rule_of(p, NULL);
	struct towers_text_size text = { 0 };
	struct towers_net n;
	struct err err;
	uint64_t net, sum;

	if (!towers_net_of(&n, shape->data, p, &err))
		return 0;
	net = towers_net_bytes(&n);
	if (towers_says_yes(p, "text")) /* and W4 with its gradients */
		text = towers_text_guess(shape->data, n.D);
	sum = net + shape_state(shape, 3 * net + text.vectors, net + text.vectors) + shape_snapshots(shape) * scoring_bytes(&n) +
	      towers_fit_bytes(&n, &rule, shape, shape_threads(shape)) + text.kept;
	if (text.kept)
		sum += (TOWERS_CHUNKS + 6) * (uint64_t)n.D * n.D * sizeof(float);
	if (n.social > 0)
		sum += towers_friends_most(shape->data) * (sizeof(uint32_t) + sizeof(float));
	towers_features_done(&n.features);
	return sum > net + text.making ? sum : net + text.making;
}

const struct model_ops towers_ops = {
	.name = "towers",
	.title = "Two towers: people by their history, items by their content",
	.cite = "Mao et al. 2021, arXiv:2109.12613; Volkovs et al. 2017",
	.caps = MODEL_ITERATIVE | MODEL_USER_VECTORS | MODEL_VECTOR_AND_HISTORY | MODEL_ITEM_VECTORS | MODEL_RANKS_COLD,
	.example_unit = "events",
	.params = towers_params,
	.create = create,
	.fit_epoch = fit_epoch,
	.valid_loss = valid_loss,
	.freeze = freeze,
	.pack = pack,
	.query_begin = query_begin,
	.score_block = score_block,
	.dot_form = dot_form,
	.content = content,
	.similar = similar,
	.similar_text = similar_text,
	.item_vectors = item_vectors,
	.tell = tell,
	.save = save,
	.load = load,
	.bytes = bytes,
	.held = held,
	.effort = towers_effort,
	.destroy = destroy,
};
