/* SPDX-License-Identifier: GPL-3.0-or-later */
/* watched.c - lists of epochs: held, thinned out, compared, kept in a file. */
#include "train/watched.h"

#include <inttypes.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "model/weights.h"

/* --- the lists of one epoch -------------------------------------------------------------------------------- */

static size_t block_bytes(uint32_t n_users, uint32_t k)
{
	return sizeof(struct epoch_lists) + (size_t)n_users * (2 * sizeof(uint32_t) + k * (sizeof(uint32_t) + sizeof(float)));
}

struct epoch_lists *epoch_lists_new(uint32_t epoch, uint32_t n_users, uint32_t k, struct err *err)
{
	struct epoch_lists *l = mem_zeroed(1, block_bytes(n_users, k), err);
	size_t cells = (size_t)n_users * k;

	if (!l)
		return NULL;
	atomic_init(&l->refs, 1);
	l->epoch = epoch;
	l->n_users = n_users;
	l->k = k;
	l->user = (uint32_t *)(void *)(l + 1);
	l->count = l->user + n_users;
	l->item = l->count + n_users;
	l->score = (float *)(void *)(l->item + cells);
	return l;
}

const struct epoch_lists *epoch_lists_ref(const struct epoch_lists *l)
{
	atomic_fetch_add_explicit(&((struct epoch_lists *)(uintptr_t)l)->refs, 1, memory_order_relaxed);
	return l;
}

void epoch_lists_unref(const struct epoch_lists *l)
{
	struct epoch_lists *mine = (struct epoch_lists *)(uintptr_t)l;

	if (mine && atomic_fetch_sub_explicit(&mine->refs, 1, memory_order_acq_rel) == 1)
		mem_free(mine);
}

size_t epoch_lists_bytes(const struct epoch_lists *l)
{
	return block_bytes(l->n_users, l->k);
}

uint32_t epoch_lists_find(const struct epoch_lists *l, uint32_t user)
{
	uint32_t u = 0;

	while (u < l->n_users && l->user[u] != user)
		u++;
	return u;
}

static uint32_t rank_within(const struct epoch_lists *l, uint32_t at, uint32_t item, uint32_t k)
{
	const uint32_t *list = l->item + (size_t)at * l->k;
	uint32_t n = l->count[at] < k ? l->count[at] : k;

	for (uint32_t r = 0; r < n; r++)
		if (list[r] == item)
			return r + 1;
	return 0;
}

uint32_t epoch_lists_rank(const struct epoch_lists *l, uint32_t at, uint32_t item)
{
	return rank_within(l, at, item, l->k);
}

double epoch_lists_churn_of(const struct epoch_lists *before, const struct epoch_lists *now, uint32_t at, uint32_t k)
{
	uint32_t n = now->count[at] < k ? now->count[at] : k, fresh = 0;

	for (uint32_t r = 0; r < n; r++)
		fresh += !rank_within(before, at, now->item[(size_t)at * now->k + r], k);
	return n ? (double)fresh / n : (double)NAN;
}

double epoch_lists_churn(const struct epoch_lists *before, const struct epoch_lists *now, uint32_t k)
{
	double sum = 0;
	uint32_t users = 0;

	if (!before || !now)
		return NAN;
	for (uint32_t u = 0; u < now->n_users; u++) {
		double churn = epoch_lists_churn_of(before, now, u, k);

		if (!isnan(churn)) {
			sum += churn;
			users++;
		}
	}
	return users ? sum / users : (double)NAN;
}

/* --- those of a training ----------------------------------------------------------------------------------- */

static bool is_kept(const struct watched *w, uint32_t epoch)
{
	return (epoch - 1) % w->stride == 0;
}

/* Leaves out what the stride passes over; the newest too, since a newer one comes. */
static void thin_out(struct watched *w)
{
	size_t kept = 0;

	for (size_t i = 0; i < w->n; i++) {
		if (i == 0 || is_kept(w, w->at[i]->epoch))
			w->at[kept++] = w->at[i];
		else
			epoch_lists_unref(w->at[i]);
	}
	w->n = kept;
}

bool watched_add(struct watched *w, const struct epoch_lists *l, struct err *err)
{
	void *at = w->at;

	if (w->n && epoch_lists_bytes(w->at[0]) != epoch_lists_bytes(l))
		return err_set(err, ERR_RANGE, "the lists of an epoch are of other users than those before");
	if (!w->stride)
		w->stride = 1;
	if (w->n > 1 && !is_kept(w, w->at[w->n - 1]->epoch)) /* it stayed as the newest */
		epoch_lists_unref(w->at[--w->n]);
	while (w->n > 1 && (w->n + 1) * epoch_lists_bytes(l) > WATCHED_BYTES) {
		w->stride *= 2;
		thin_out(w);
	}
	if (!mem_grow(&at, &w->cap, w->n + 1, sizeof(const struct epoch_lists *), err))
		return false;
	w->at = at;
	w->at[w->n++] = epoch_lists_ref(l);
	return true;
}

bool watched_copy(struct watched *out, const struct watched *w, struct err *err)
{
	*out = (struct watched){ .stride = w->stride };
	if (!w->n)
		return true;
	out->at = mem_alloc(w->n, sizeof(*out->at), err);
	if (!out->at)
		return false;
	for (; out->n < w->n; out->n++)
		out->at[out->n] = epoch_lists_ref(w->at[out->n]);
	out->cap = out->n;
	return true;
}

void watched_done(struct watched *w)
{
	for (size_t i = 0; i < w->n; i++)
		epoch_lists_unref(w->at[i]);
	mem_free((void *)w->at);
	*w = (struct watched){ 0 };
}

size_t watched_find(const struct watched *w, uint32_t epoch)
{
	size_t i = w->n;

	while (i > 0 && w->at[i - 1]->epoch > epoch)
		i--;
	return i ? i - 1 : w->n;
}

/* --- lists.safetensors ------------------------------------------------------------------------------------- */

/* What the file holds, one array after another. */
struct columns {
	uint32_t *epoch, *count, *item;
	float *score;
};

static void columns_done(struct columns *c)
{
	mem_free(c->epoch);
	mem_free(c->count);
	mem_free(c->item);
	mem_free(c->score);
}

static bool columns_make(struct columns *c, const struct watched *w, struct err *err)
{
	size_t U = w->at[0]->n_users, cells = U * w->at[0]->k;

	*c = (struct columns){ 0 };
	if (!(c->epoch = mem_alloc(w->n, sizeof(*c->epoch), err)) ||
	    !(c->count = mem_alloc(w->n * U, sizeof(*c->count), err)) ||
	    !(c->item = mem_alloc(w->n * cells, sizeof(*c->item), err)) ||
	    !(c->score = mem_alloc(w->n * cells, sizeof(*c->score), err)))
		return false;
	for (size_t e = 0; e < w->n; e++) {
		const struct epoch_lists *l = w->at[e];

		c->epoch[e] = l->epoch;
		memcpy(c->count + e * U, l->count, U * sizeof(*l->count));
		memcpy(c->item + e * cells, l->item, cells * sizeof(*l->item));
		memcpy(c->score + e * cells, l->score, cells * sizeof(*l->score));
	}
	return true;
}

bool watched_save(const struct watched *w, uint64_t data_fingerprint, const char *path, struct err *err)
{
	struct weights_writer *out;
	struct columns c = { 0 };
	char data[24], stride[16];
	size_t U, K;
	bool good;

	if (!w->n)
		return true;
	U = w->at[0]->n_users;
	K = w->at[0]->k;
	out = weights_writer_new(err);
	snprintf(data, sizeof(data), "%016" PRIx64, data_fingerprint);
	snprintf(stride, sizeof(stride), "%u", w->stride);
	good = out && columns_make(&c, w, err) && weights_note(out, "data", data, err) &&
	       weights_note(out, "stride", stride, err) &&
	       weights_add(out, "users", TENSOR_U32, w->at[0]->user, U, 0, err) &&
	       weights_add(out, "epochs", TENSOR_U32, c.epoch, w->n, 0, err) &&
	       weights_add(out, "counts", TENSOR_U32, c.count, w->n, U, err) &&
	       weights_add(out, "items", TENSOR_U32, c.item, w->n, U * K, err) &&
	       weights_add(out, "scores", TENSOR_F32, c.score, w->n, U * K, err) && weights_commit(out, path, err);
	if (out)
		weights_writer_free(out);
	columns_done(&c);
	return good;
}

/* Numbers that a screen would look up must be of these data, whatever the file says. */
static bool is_sound(const struct epoch_lists *l, uint32_t before, uint32_t n_users, uint32_t n_items)
{
	bool sound = l->epoch > before;

	for (uint32_t u = 0; sound && u < l->n_users; u++) {
		sound = l->user[u] < n_users && l->count[u] <= l->k;
		for (uint32_t r = 0; sound && r < l->count[u]; r++)
			sound = l->item[(size_t)u * l->k + r] < n_items;
	}
	return sound;
}

static bool read_epochs(struct watched *w, const struct weights *in, uint32_t n_users, uint32_t n_items,
			const char *path, struct err *err)
{
	size_t U, E, cells;
	const uint32_t *user = weights_get(in, "users", TENSOR_U32, SIZE_MAX, 0, &U, NULL, err);
	const uint32_t *epoch = user ? weights_get(in, "epochs", TENSOR_U32, SIZE_MAX, 0, &E, NULL, err) : NULL;
	const uint32_t *count = epoch ? weights_get(in, "counts", TENSOR_U32, E, U, NULL, NULL, err) : NULL;
	const uint32_t *item = count ? weights_get(in, "items", TENSOR_U32, E, SIZE_MAX, NULL, &cells, err) : NULL;
	const float *score = item ? weights_get(in, "scores", TENSOR_F32, E, cells, NULL, NULL, err) : NULL;
	uint32_t before = 0;

	if (!score)
		return false;
	if (!U || U > WATCHED_USERS_MOST || cells % U || cells / U > WATCHED_K)
		return err_at(err, ERR_SYNTAX, path, 0, "lists of %zu users, %zu items in all", U, cells);
	for (size_t e = 0; e < E; e++) {
		struct epoch_lists *l = epoch_lists_new(epoch[e], (uint32_t)U, (uint32_t)(cells / U), err);
		bool added;

		if (!l)
			return false;
		memcpy(l->user, user, U * sizeof(*user));
		memcpy(l->count, count + e * U, U * sizeof(*count));
		memcpy(l->item, item + e * cells, cells * sizeof(*item));
		memcpy(l->score, score + e * cells, cells * sizeof(*score));
		added = is_sound(l, before, n_users, n_items) ? watched_add(w, l, err)
			: err_at(err, ERR_SYNTAX, path, 0, "the lists of epoch %u are not of these data", l->epoch);
		before = l->epoch;
		epoch_lists_unref(l);
		if (!added)
			return false;
	}
	return true;
}

bool watched_open(struct watched *w, uint64_t data_fingerprint, uint32_t n_users, uint32_t n_items, const char *path,
		  struct err *err)
{
	struct weights *in = weights_open(path, err);
	const char *found = in ? weights_note_get(in, "data") : NULL, *stride;
	char data[24];
	bool good;

	*w = (struct watched){ 0 };
	if (!in)
		return false;
	snprintf(data, sizeof(data), "%016" PRIx64, data_fingerprint);
	stride = weights_note_get(in, "stride");
	for (const char *c = stride; c && *c >= '0' && *c <= '9' && w->stride < 1u << 24; c++)
		w->stride = w->stride * 10 + (uint32_t)(*c - '0');
	good = found && !strcmp(found, data) ? read_epochs(w, in, n_users, n_items, path, err)
					     : err_at(err, ERR_RANGE, path, 0, "holds lists of other data");
	weights_close(in);
	if (!good)
		watched_done(w);
	return good;
}
