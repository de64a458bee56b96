/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/dataset.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "data/build.h"
#include "data/dataset_make.h"
#include "data/mask.h"

#define HASH_EVENTS (1u << 18) /* events a chunk of the fingerprint */

static _Atomic uint64_t last_id;

struct dataset *dataset_begin(const char *name)
{
	struct dataset *d = mem_must(calloc(1, sizeof(*d)));

	d->id = atomic_fetch_add(&last_id, 1) + 1;
	d->name = mem_strdup(name);
	strtab_init(&d->user_ids);
	strtab_init(&d->item_ids);
	strtab_init(&d->titles);
	strtab_init(&d->texts);
	strtab_init(&d->tag_names);
	strtab_init(&d->user_notes);
	atomic_init(&d->refs, 1);
	return d;
}

struct hashing {
	const struct dataset *d;
	uint64_t *part;
};

static void hash_chunk(void *ctx, size_t chunk, unsigned slot)
{
	struct hashing *w = ctx;
	const struct dataset *d = w->d;
	size_t lo = chunk * HASH_EVENTS, n = d->n_events - lo < HASH_EVENTS ? d->n_events - lo : HASH_EVENTS;
	uint64_t h = hash_bytes(d->item + lo, n * sizeof(*d->item), chunk);

	(void)slot;
	if (d->value)
		h = hash_bytes(d->value + lo, n * sizeof(*d->value), h);
	if (d->time)
		h = hash_bytes(d->time + lo, n * sizeof(*d->time), h);
	if (d->given)
		h = hash_bytes(d->given + lo, n, h);
	w->part[chunk] = h;
}

static uint64_t hash_ids(const struct strtab *t, uint64_t h)
{
	for (uint32_t i = 0; i < t->n; i++)
		h = hash_bytes(strtab_get(t, i), strtab_len(t, i), h);
	return h;
}

static bool fingerprint(struct dataset *d, const struct task *task, struct err *err)
{
	size_t n_chunks = (d->n_events + HASH_EVENTS - 1) / HASH_EVENTS;
	struct hashing w = { d, mem_alloc(n_chunks + 1, sizeof(*w.part), err) };
	uint64_t h = hash_mix(d->n_users, d->n_items);
	bool fine = w.part && (task_chunks(task, n_chunks, hash_chunk, &w) || task_cancelled(err));

	if (fine) {
		h = hash_mix(h, (d->value != NULL) | (d->time != NULL) << 1 | (d->given != NULL) << 2 |
					d->has_order << 3 | d->weighted << 4);
		h = hash_bytes(d->user_ptr, ((size_t)d->n_users + 1) * sizeof(*d->user_ptr), h);
		for (size_t c = 0; c < n_chunks; c++)
			h = hash_mix(h, w.part[c]);
		d->fingerprint = hash_ids(&d->item_ids, hash_ids(&d->user_ids, h));
	}
	mem_free(w.part);
	return fine;
}

static uint64_t hash_csr(const struct csr *m, uint64_t h)
{
	h = hash_bytes(m->ptr, ((size_t)m->rows + 1) * sizeof(*m->ptr), h);
	h = hash_bytes(m->idx, csr_n(m) * sizeof(*m->idx), h);
	return m->val ? hash_bytes(m->val, csr_n(m) * sizeof(*m->val), h) : h;
}

/* The kinds are told apart by where they come in the chain: each adds its size, also when that is 0. */
static uint64_t content_hash(const struct dataset *d)
{
	uint64_t h = hash_mix(d->titles.n, d->texts.n);

	if (!d->titles.n && !d->texts.n && !d->item_tags.ptr && !d->n_modalities && !d->friends.ptr)
		return 0;
	h = hash_ids(&d->tag_names, hash_ids(&d->texts, hash_ids(&d->titles, h)));
	h = hash_mix(h, d->item_tags.ptr ? csr_n(&d->item_tags) : 0);
	if (d->item_tags.ptr)
		h = hash_csr(&d->item_tags, h);
	h = hash_mix(h, d->n_modalities);
	for (size_t k = 0; k < d->n_modalities; k++) {
		const struct modality *m = &d->modalities[k];

		h = hash_bytes(m->name, strlen(m->name), hash_mix(h, m->dim));
		h = hash_bytes(m->has, d->n_items, h);
		h = hash_bytes(m->v, (size_t)d->n_items * m->dim * sizeof(*m->v), h);
	}
	return d->friends.ptr ? hash_csr(&d->friends, h) : h;
}

bool dataset_finish(struct dataset *d, const struct task *task, struct err *err)
{
	if (!strtab_shrink(&d->user_ids, err) || !strtab_shrink(&d->item_ids, err) || !fingerprint(d, task, err))
		return false;
	d->content = content_hash(d);
	if (!profile_make(&d->profile, d, task, err))
		return false;
	d->report.timestamp_ties = d->profile.tied_share;
	return true;
}

struct dataset *dataset_new_from(const char *name, struct event_columns *take, struct strtab *take_users,
				 struct strtab *take_items, bool has_order, const struct task *task,
				 struct err *err)
{
	const struct clean_rules rules = { .dedupe = DEDUPE_NONE };
	const struct event_has has = { take->value != NULL, take->time != NULL, take->given != NULL };
	const struct event_block all = { .n = take->n, .user = take->user, .item = take->item, .value = take->value,
					 .time = take->time, .given = take->given };
	struct clean_counts counts = { 0 };
	struct dataset *d = dataset_begin(name);
	struct cards cards;
	uint32_t *map = NULL;
	bool fine;

	cards_init(&cards, false);
	d->has_order = has_order || has.time;
	fine = cards_deal(&cards, &all, 1, take_users->n, task, err);
	mem_free(take->user);
	mem_free(take->item);
	mem_free(take->value);
	mem_free(take->time);
	mem_free(take->given);
	memset(take, 0, sizeof(*take));
	if (fine)
		fine = build_events(d, &cards, has, take_users, take_items, &rules, &counts, &map, task, err);
	cards_done(&cards);
	strtab_done(take_users);
	strtab_done(take_items);
	if (!fine || !dataset_finish(d, task, err)) {
		dataset_unref(d);
		return NULL;
	}
	return d;
}

struct dataset *dataset_ref(const struct dataset *d)
{
	struct dataset *held = (struct dataset *)(uintptr_t)d; /* only the count is written */

	atomic_fetch_add_explicit(&held->refs, 1, memory_order_relaxed);
	return held;
}

struct dataset *dataset_with_events(const struct dataset *of, struct user_rows *take, const struct task *task,
				    struct err *err)
{
	struct dataset *d = mem_must(calloc(1, sizeof(*d)));

	memcpy(d, of, offsetof(struct dataset, of)); /* not the count behind it: others may be at it now */
	d->of = dataset_ref(of);
	atomic_init(&d->refs, 1);
	d->id = atomic_fetch_add(&last_id, 1) + 1;
	d->user_ptr = take->user_ptr;
	d->n_events = take->user_ptr[of->n_users];
	d->item = take->item;
	d->value = take->value;
	d->time = take->time;
	d->given = NULL;
	*take = (struct user_rows){ 0 };
	if (fingerprint(d, task, err) && profile_make(&d->profile, d, task, err))
		return d;
	dataset_unref(d);
	return NULL;
}

static void report_done(struct load_report *r)
{
	for (size_t i = 0; i < r->n_files; i++) {
		free(r->files[i].name);
		free(r->files[i].note);
	}
	for (size_t i = 0; i < r->n_rejects; i++)
		free(r->rejects[i].reason);
	mem_free(r->files);
	mem_free(r->rejects);
	mem_free(r->set_aside);
}

void dataset_unref(const struct dataset *d)
{
	struct dataset *held = (struct dataset *)(uintptr_t)d;

	if (!held || atomic_fetch_sub_explicit(&held->refs, 1, memory_order_acq_rel) != 1)
		return;
	mem_free(held->user_ptr);
	mem_free(held->item);
	mem_free(held->value);
	mem_free(held->time);
	if (held->of) { /* the rest is borrowed */
		dataset_unref(held->of);
		free(held);
		return;
	}
	mem_free(held->given);
	strtab_done(&held->user_ids);
	strtab_done(&held->item_ids);
	absent_done(&held->absent);
	strtab_done(&held->titles);
	strtab_done(&held->texts);
	strtab_done(&held->tag_names);
	csr_done(&held->item_tags);
	strtab_done(&held->user_notes);
	for (size_t k = 0; k < held->n_modalities; k++)
		modality_done(&held->modalities[k]);
	mem_free(held->modalities);
	csr_done(&held->friends);
	report_done(&held->report);
	free(held->name);
	free(held);
}

void modality_done(struct modality *m)
{
	free(m->name);
	mem_free(m->v);
	mem_free(m->has);
	memset(m, 0, sizeof(*m));
}

const char *dataset_user_id(const struct dataset *d, uint32_t u)
{
	return mask_is_on() ? mask_name("u", u, d->n_users) : dataset_true_user_id(d, u);
}

const char *dataset_item_id(const struct dataset *d, uint32_t i)
{
	return mask_is_on() ? mask_name("i", i, d->n_items) : dataset_true_item_id(d, i);
}

bool dataset_ids_are_masked(void)
{
	return mask_is_on();
}

const char *dataset_title(const struct dataset *d, uint32_t i)
{
	const char *title = d->titles.n ? strtab_get(&d->titles, i) : "";

	return *title ? title : dataset_item_id(d, i);
}

uint32_t dataset_find_user(const struct dataset *d, const char *id)
{
	return strtab_find(&d->user_ids, id, strlen(id));
}

uint32_t dataset_find_item(const struct dataset *d, const char *id)
{
	return strtab_find(&d->item_ids, id, strlen(id));
}

size_t dataset_bytes(const struct dataset *d)
{
	const struct strtab *const tables[] = { &d->user_ids, &d->item_ids,  &d->titles,
						&d->texts,    &d->tag_names, &d->user_notes };
	size_t n = sizeof(*d) + ((size_t)d->n_users + 1) * sizeof(*d->user_ptr) +
		   d->n_events * (sizeof(*d->item) + (d->value ? sizeof(*d->value) : 0) +
				  (d->time ? sizeof(*d->time) : 0) + (d->given ? 1 : 0));

	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++)
		n += strtab_bytes(tables[i]);
	for (size_t k = 0; k < d->n_modalities; k++)
		n += (size_t)d->n_items * (d->modalities[k].dim * sizeof(*d->modalities[k].v) + 1);
	n += absent_bytes(&d->absent);
	return n + (d->item_tags.ptr ? csr_bytes(&d->item_tags) : 0) + (d->friends.ptr ? csr_bytes(&d->friends) : 0);
}
