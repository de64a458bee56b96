/* SPDX-License-Identifier: GPL-3.0-or-later */
/* towers_fit.c - see towers_fit.h. */
#include "model/towers_fit.h"

#include <math.h>
#include <string.h>

#include "model/towers_past.h"
#include "model/towers_valid.h"
#include "model/towers_work.h"
#include "num/dropout.h"
#include "num/linalg.h"

const char *const towers_table_names[N_TOWERS_TABLES] = {
	[TOWERS_DENSE] = "dense", [TOWERS_USERS] = "users", [TOWERS_ITEMS] = "items", [TOWERS_PAST] = "past",
	[TOWERS_TAGS] = "tags",
};

struct optim *towers_fit_optim(struct towers_fit *f, enum towers_table t)
{
	return &f->optim[t];
}

struct towers_batch *towers_fit_batch(struct towers_fit *f)
{
	return &f->batch;
}

/* --- The items, forward -------------------------------------------------------------- */

static void cut(size_t n, size_t chunk, size_t *from, size_t *to)
{
	*from = n * chunk / TOWERS_CHUNKS;
	*to = n * (chunk + 1) / TOWERS_CHUNKS;
}

static struct tower part_of(const struct tower *t, size_t from, size_t D)
{
	struct tower part = *t;

	part.in += from * D;
	part.act += from * D;
	part.out += from * D;
	part.norm += from;
	part.mean = t->mean ? t->mean + from * D : NULL;
	part.mask = t->mask ? t->mask + from * D : NULL;
	return part;
}

static void items_chunk(void *ctx, size_t chunk, unsigned slot)
{
	struct towers_fit *f = ctx;
	const struct towers_net *n = f->net;
	size_t D = n->D, N = f->batch.N, from, to;
	struct tower t;

	cut(f->batch.M, chunk, &from, &to);
	t = part_of(&f->items, from, D);
	for (size_t m = from; m < to; m++) {
		if (f->dropped[m])
			memset(f->items.in + m * D, 0, D * sizeof(float));
		else
			memcpy(f->items.in + m * D, n->items + f->batch.item[m] * D, D * sizeof(float));
	}
	towers_items(n, &t, f->batch.item + from, to - from, NULL, f->slot[slot].content);
	for (size_t m = from; m < to && m < N; m++)
		for (size_t d = 0; d < D; d++)
			f->across[d * N + m] = f->items.out[m * D + d];
}

/* --- The events, forward and backward ------------------------------------------------- */

static struct towers_past past_of(const struct towers_fit *f, const struct towers_piece *p, const float *weights)
{
	const struct towers_batch *b = &f->batch;
	struct towers_past past = { .item = towers_history(b, p->user), .f = weights, .n = sequences_n(&b->seq, p->user),
				    .asked = b->place + p->at, .R = p->n,
				    .before = f->net->before };

	if (f->friends) {
		past.friends = csr_row(f->friends, p->user);
		past.friends_f = csr_row_val(f->friends, p->user);
		past.n_friends = csr_row_n(f->friends, p->user);
	}
	return past;
}

static const float *weights_of(struct towers_fit *f, size_t piece, float *to)
{
	const struct towers_batch *b = &f->batch;
	uint32_t user = b->first[piece].user, n = sequences_n(&b->seq, user);
	const float *x = b->weight ? b->weight + b->seq.ptr[user] : NULL;
	struct rng r;

	if (f->net->before)
		towers_past_weights_before(f->net->recency, x, n, b->place + b->first[piece].at, b->first[piece].n, to);
	else
		towers_past_weights(f->net->recency, x, n, to);
	if (!(f->rule.drop > 0))
		return to;
	r = rng_stream(f->seed, "towers.drop", f->epoch, (uint64_t)f->k << 32 | piece);
	for (uint32_t k = 0; k < n; k++)
		if (rng_uniformf(&r) < f->rule.drop)
			to[k] = 0;
	return to;
}

/* Whether this piece's user goes without e_u. */
static bool is_stranger(const struct towers_fit *f, size_t piece)
{
	struct rng r;

	if (!(f->rule.drop_user > 0))
		return false;
	r = rng_stream(f->seed, "towers.strangers", f->epoch, (uint64_t)f->k << 32 | piece);
	return rng_uniformf(&r) < f->rule.drop_user;
}

static void read_piece(struct towers_fit *f, size_t piece, struct towers_slot *s)
{
	const struct towers_net *n = f->net;
	const struct towers_piece *p = &f->batch.first[piece];
	size_t row = f->batch.row_of[piece], D = n->D, R = f->batch.rows_most;
	bool stranger = is_stranger(f, piece);

	for (size_t r = row; r < row + p->n; r++) {
		if (stranger)
			memset(f->people.in + r * D, 0, D * sizeof(float));
		else
			memcpy(f->people.in + r * D, n->users + p->user * D, D * sizeof(float));
	}
	if (n->history) {
		struct towers_past past = past_of(f, p, weights_of(f, piece, s->f));

		towers_past_means(n, &past, f->people.mean + row * D, f->own + row, f->own + R + row, s->sums);
	}
}

/* The columns of negatives that the user has. */
static size_t list_taken(const struct towers_fit *f, uint32_t user, uint32_t *out)
{
	const struct towers_batch *b = &f->batch;
	const uint32_t *history = towers_history(b, user);
	size_t n = 0;

	for (uint32_t k = 0; k < sequences_n(&b->seq, user); k++)
		if (b->place_of[history[k]] < b->N)
			out[n++] = b->place_of[history[k]];
	return n;
}

/* Pieces from..to-1, the rows from `row`: scores, losses, and what goes back to the people's vectors. */
static double score_pieces(struct towers_fit *f, size_t chunk, size_t from, size_t to, struct towers_slot *s)
{
	const struct towers_batch *b = &f->batch;
	size_t D = f->net->D, N = b->N, ld = f->ld, row = b->row_of[from], R = b->row_of[to] - row;
	const float *u = f->people.out + row * D, *r = f->items.out;
	float *du = f->dpeople + row * D;
	double loss = 0;

	kern()->gemm(&(struct kern_gemm){ .c = s->scores, .ldc = ld, .a = u, .a_row = D, .a_col = 1, .b = f->across,
					  .ldb = N, .m = R, .n = N, .K = D });
	for (size_t k = 0; k < R; k++)
		s->scores[k * ld + N] = linalg_dot(u + k * D, r + b->at[row + k] * D, D);
	for (size_t p = from; p < to; p++) {
		size_t n_out = list_taken(f, b->first[p].user, s->out);

		loss += towers_loss_rows(&f->rule.loss, s->scores + (b->row_of[p] - row) * ld, ld, b->first[p].n, N,
					 f->logq, s->out, n_out, 1 / (float)b->R);
	}
	/* forward: scores = u r' */
	kern()->gemm(&(struct kern_gemm){ .c = du, .ldc = D, .a = s->scores, .a_row = ld, .a_col = 1, .b = r,
					  .ldb = D, .m = R, .n = D, .K = N });
	kern()->gemm(&(struct kern_gemm){ .c = f->dneg[chunk], .ldc = D, .a = s->scores, .a_row = 1, .a_col = ld,
					  .b = u, .ldb = D, .m = N, .n = D, .K = R, .add = true });
	for (size_t k = 0; k < R; k++) {
		float slope = s->scores[k * ld + N];

		linalg_axpy(slope, r + b->at[row + k] * D, du + k * D, D);
		f->of_event->entry[row + k] = (struct row_grad){ .from = u + k * D, .row = b->at[row + k], .coef = slope };
	}
	return loss;
}

static void backward_piece(struct towers_fit *f, size_t piece, struct towers_slot *s)
{
	const struct towers_net *n = f->net;
	const struct towers_piece *p = &f->batch.first[piece];
	size_t row = f->batch.row_of[piece], D = n->D, R = f->batch.rows_most;
	uint32_t user = is_stranger(f, piece) ? ROW_GRADS_NONE : p->user;

	for (size_t r = row; r < row + p->n; r++)
		f->table[TOWERS_USERS]->entry[r] =
			(struct row_grad){ .from = f->duser + r * D, .row = user, .coef = 1 };
	if (n->history) {
		struct towers_past past = past_of(f, p, weights_of(f, piece, s->f));

		/* each piece has a row at least: 4 vectors a row are enough */
		towers_past_backward(n, &past, f->dmean + row * D, f->own + row, f->own + R + row, f->vector + 4 * row * D,
				     f->table[TOWERS_PAST]->entry + f->past_at[piece]);
	}
}

static double run_block(struct towers_fit *f, size_t chunk, size_t from, size_t to, struct towers_slot *s)
{
	const struct towers_net *n = f->net;
	size_t D = n->D, row = f->batch.row_of[from], R = f->batch.row_of[to] - row;
	struct tower t = part_of(&f->people, row, D);
	double loss;

	for (size_t p = from; p < to; p++)
		read_piece(f, p, s);
	if (t.mask) {
		struct rng r = rng_stream(f->seed, "towers.dropout", f->epoch, (uint64_t)f->k << 32 | from);

		dropout_draw(t.mask, R * D, t.dropout, &r);
	}
	towers_people(n, &t, R);
	loss = score_pieces(f, chunk, from, to, s);
	towers_people_backward(n, &t, f->dpeople + row * D, f->duser + row * D, f->dmean + row * D, f->grad[chunk], R);
	for (size_t p = from; p < to; p++)
		backward_piece(f, p, s);
	return loss;
}

static void people_chunk(void *ctx, size_t chunk, unsigned slot)
{
	struct towers_fit *f = ctx;
	size_t from, to, end;

	memset(f->grad[chunk], 0, f->net->t.size * sizeof(float));
	memset(f->dneg[chunk], 0, towers_round_up(f->batch.N * (size_t)f->net->D) * sizeof(float));
	f->loss[chunk] = 0;
	cut(f->batch.n, chunk, &from, &end);
	for (; from < end; from = to) {
		for (to = from; to < end && f->batch.row_of[to] - f->batch.row_of[from] < TOWERS_BLOCK; )
			to++;
		f->loss[chunk] += run_block(f, chunk, from, to, &f->slot[slot]);
	}
}

/* --- The items, backward ----------------------------------------------------------------- */

static void items_back_chunk(void *ctx, size_t chunk, unsigned slot)
{
	struct towers_fit *f = ctx;
	const struct towers_net *n = f->net;
	size_t D = n->D, from, to;
	struct row_grad *tags = n->tags ? f->table[TOWERS_TAGS]->entry + f->tag_at[chunk] : NULL;
	struct tower t;

	cut(f->batch.M, chunk, &from, &to);
	t = part_of(&f->items, from, D);
	towers_items_backward(n, &t, f->batch.item + from, f->ditems + from * D, f->ditem_in + from * D,
			      f->ditem_pre + from * D, f->grad[chunk], tags, to - from, f->slot[slot].content);
}

/* What the events leave for the items: the negatives' in chunk order, then each event's own. */
static bool gather_items(struct towers_fit *f, const struct task *t, struct err *err)
{
	size_t D = f->net->D, N = f->batch.N;

	if (!tensors_reduce(f->ditems, f->dneg, TOWERS_CHUNKS, towers_round_up(N * D), t))
		return task_cancelled(err);
	memset(f->ditems + N * D, 0, (f->batch.M - N) * D * sizeof(float));
	f->of_event->n = f->batch.R;
	if (!row_grads_sum(f->of_event, t, err))
		return false;
	row_grads_add_to(f->of_event, f->ditems);
	return true;
}

/* e_i of the items that had it, together: kept[n], ditem_in [n][D]. */
static size_t keep_items(struct towers_fit *f)
{
	size_t D = f->net->D, n = 0;

	for (size_t m = 0; m < f->batch.M; m++) {
		if (f->dropped[m])
			continue;
		if (n != m)
			memcpy(f->ditem_in + n * D, f->ditem_in + m * D, D * sizeof(float));
		f->kept[n++] = f->batch.item[m];
	}
	return n;
}

/* --- One batch ------------------------------------------------------------------------------ */

static void drop_items(struct towers_fit *f)
{
	struct rng r = rng_stream(f->seed, "towers.unknown", f->epoch, f->k);

	for (size_t m = 0; m < f->batch.M; m++)
		f->dropped[m] = f->rule.drop_item > 0 && rng_uniformf(&r) < f->rule.drop_item;
}

/* Room for the entries of this batch, and where each piece's and each chunk's begin. */
static bool place_entries(struct towers_fit *f, struct err *err)
{
	const struct towers_batch *b = &f->batch;
	size_t past = 0, tags = 0;

	for (size_t p = 0; p < b->n; p++) {
		f->past_at[p] = past;
		past += sequences_n(&b->seq, b->first[p].user);
		past += f->friends ? csr_row_n(f->friends, b->first[p].user) : 0;
	}
	for (size_t c = 0; f->net->tags && c < TOWERS_CHUNKS; c++) {
		size_t from, to;

		cut(b->M, c, &from, &to);
		f->tag_at[c] = tags;
		tags += towers_tag_entries(&f->net->features, b->item + from, to - from);
	}
	return row_grads_begin(f->of_event, b->R, err) && row_grads_begin(f->table[TOWERS_USERS], b->R, err) &&
	       (!f->net->history || row_grads_begin(f->table[TOWERS_PAST], past, err)) &&
	       (!f->net->tags || row_grads_begin(f->table[TOWERS_TAGS], tags, err));
}

static bool diverged(const struct towers_fit *f, const char *what, const char *tensor, struct err *err)
{
	return err_set(err, ERR_NUMERIC, "towers, epoch %u, batch %zu: %s%s is not finite; a smaller lr helps",
		       (unsigned)f->epoch, f->k + 1, what, tensor);
}

static bool name_weights(const struct towers_fit *f, struct err *err)
{
	const struct towers_net *n = f->net;
	const char *tensor = tensors_spoilt(&n->t, n->t.w);

	if (!floats_finite(n->items, (size_t)n->I * n->D))
		tensor = towers_table_names[TOWERS_ITEMS];
	else if (!floats_finite(n->users, (size_t)n->U * n->D))
		tensor = towers_table_names[TOWERS_USERS];
	else if (n->past && !floats_finite(n->past, (size_t)n->I * n->D))
		tensor = towers_table_names[TOWERS_PAST];
	else if (n->tags && !floats_finite(n->tags, towers_n_tags(&n->features) * (size_t)n->D))
		tensor = towers_table_names[TOWERS_TAGS];
	return diverged(f, "", tensor ? tensor : "the scores", err);
}

static bool sum_tables(struct towers_fit *f, const struct task *t, struct err *err)
{
	for (int k = 0; k < N_TOWERS_TABLES; k++)
		if (f->table[k] && !row_grads_sum(f->table[k], t, err))
			return false;
	return true;
}

/* Forward and backward: the gradients stand in grad[0], ditem_in (of all places), and the tables' sums. */
static bool work_batch(struct towers_fit *f, const struct task *t, double *loss, struct err *err)
{
	towers_batch_fill(&f->batch, f->k, f->seed, f->epoch);
	drop_items(f);
	if (!place_entries(f, err))
		return false;
	if (!task_chunks(t, TOWERS_CHUNKS, items_chunk, f) || !task_chunks(t, TOWERS_CHUNKS, people_chunk, f))
		return task_cancelled(err);
	*loss = 0;
	for (size_t c = 0; c < TOWERS_CHUNKS; c++)
		*loss += f->loss[c];
	if (!isfinite(*loss))
		return name_weights(f, err);
	if (!gather_items(f, t, err))
		return false;
	if (!task_chunks(t, TOWERS_CHUNKS, items_back_chunk, f) ||
	    !tensors_reduce(f->grad[0], f->grad, TOWERS_CHUNKS, f->net->t.size, t))
		return task_cancelled(err);
	return sum_tables(f, t, err);
}

static float *table_of(const struct towers_net *n, enum towers_table t)
{
	switch (t) {
	case TOWERS_USERS: return n->users;
	case TOWERS_ITEMS: return n->items;
	case TOWERS_PAST: return n->past;
	case TOWERS_TAGS: return n->tags;
	default: return n->t.w;
	}
}

static double norm2_of(const struct towers_fit *f, size_t kept)
{
	double norm2 = optim_norm2(f->grad[0], f->net->t.size) + optim_norm2(f->ditem_in, kept * f->net->D);

	for (int t = 0; t < N_TOWERS_TABLES; t++)
		if (f->table[t])
			norm2 += optim_norm2(f->table[t]->sum, f->table[t]->n_touched * f->net->D);
	return norm2;
}

static bool name_gradient(const struct towers_fit *f, size_t kept, struct err *err)
{
	const char *tensor = tensors_spoilt(&f->net->t, f->grad[0]);

	if (!floats_finite(f->ditem_in, kept * f->net->D))
		tensor = towers_table_names[TOWERS_ITEMS];
	for (int t = 0; t < N_TOWERS_TABLES; t++)
		if (f->table[t] && !floats_finite(f->table[t]->sum, f->table[t]->n_touched * f->net->D))
			tensor = towers_table_names[t];
	return diverged(f, "the gradient of ", tensor ? tensor : "items", err);
}

static bool step(struct towers_fit *f, const struct task *t, struct fit_ctx *ctx, struct err *err)
{
	const struct towers_net *n = f->net;
	const struct optim_rule *rule = &f->rule.optim;
	size_t kept = keep_items(f);
	double norm2 = norm2_of(f, kept);
	float lr = (float)f->rule.lr;
	bool done;

	if (!isfinite(norm2))
		return name_gradient(f, kept, err);
	ctx->gradient_norm += sqrt(norm2);
	done = optim_step(&f->optim[TOWERS_DENSE], rule, n->t.w, f->grad[0], lr, 1, t) &&
	       optim_step_rows(&f->optim[TOWERS_ITEMS], rule, n->items, n->D, f->kept, f->ditem_in, kept, lr, 1, t);
	for (int k = 0; done && k < N_TOWERS_TABLES; k++)
		if (f->table[k])
			done = optim_step_rows(&f->optim[k], rule, table_of(n, (enum towers_table)k), n->D,
					       f->table[k]->touched, f->table[k]->sum, f->table[k]->n_touched, lr, 1, t);
	return done || task_cancelled(err);
}

bool towers_fit_epoch(struct towers_fit *f, struct towers_net *n, struct fit_ctx *ctx, struct err *err)
{
	double loss;

	f->net = n;
	f->seed = ctx->seed;
	f->epoch = ctx->epoch;
	if (!towers_fit_slots(f, task_slots(ctx->task), err))
		return false;
	towers_batch_shuffle(&f->batch, f->seed, f->epoch);
	ctx->loss[0] = ctx->gradient_norm = 0;
	ctx->examples = 0;
	for (f->k = 0; f->k < f->batch.n_batches; f->k++) {
		if (!work_batch(f, ctx->task, &loss, err) || !step(f, ctx->task, ctx, err))
			return false;
		ctx->loss[0] += loss;
		ctx->examples += f->batch.R;
		task_progress(ctx->task, f->k + 1, f->batch.n_batches);
	}
	f->k--; /* what the last step spoilt */
	if (!floats_finite(n->users, (size_t)n->U * n->D) || !floats_finite(n->items, (size_t)n->I * n->D) ||
	    tensors_spoilt(&n->t, n->t.w))
		return name_weights(f, err);
	ctx->loss[0] /= (double)ctx->examples;
	ctx->gradient_norm /= (double)f->batch.n_batches;
	ctx->lr = f->rule.lr;
	ctx->n_loss = 1;
	ctx->loss_name[0] = "loss";
	return true;
}

bool towers_fit_valid_loss(struct towers_fit *f, const struct towers_net *n, const struct build_env *env,
			   const struct fit_ctx *ctx, double *out, struct err *err)
{
	return towers_valid_loss(n, &f->rule, &f->batch, f->friends, env, ctx->seed, ctx->task, out, err);
}

bool towers_fit_gradient(struct towers_fit *f, struct towers_net *n, uint64_t seed, uint32_t epoch, size_t k,
			 double *loss, float *grad, float *table[N_TOWERS_TABLES], struct err *err)
{
	size_t D = n->D;

	f->net = n;
	f->seed = seed;
	f->epoch = epoch;
	f->k = k;
	if (!towers_fit_slots(f, 1, err) || !work_batch(f, &task_null, loss, err))
		return false;
	memcpy(grad, f->grad[0], n->t.size * sizeof(*grad));
	for (size_t m = 0; table[TOWERS_ITEMS] && m < f->batch.M; m++)
		if (!f->dropped[m])
			linalg_axpy(1, f->ditem_in + m * D, table[TOWERS_ITEMS] + f->batch.item[m] * D, D);
	for (int t = 0; t < N_TOWERS_TABLES; t++)
		if (f->table[t] && table[t])
			row_grads_add_to(f->table[t], table[t]);
	return true;
}
