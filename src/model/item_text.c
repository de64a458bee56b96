/* SPDX-License-Identifier: GPL-3.0-or-later */
/* item_text.c - see item_text.h. */
#include "model/item_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/text_words.h"
#include "base/u32.h"
#include "num/linalg.h"

bool dataset_has_text(const struct dataset *d)
{
	return d->titles.n || d->texts.n || d->item_tags.ptr;
}

/* --- Reading ------------------------------------------------------------------------- */

/* All words before any is dropped; in the order of first appearance. */
struct reading {
	struct strtab words;
	uint64_t *count;
	uint32_t *items, *last; /* items that have it; the newest of them, + 1 */
	size_t count_cap, items_cap, last_cap;
	size_t *ptr;
	uint32_t *word;
	size_t n, cap;
};

static void reading_done(struct reading *r)
{
	strtab_done(&r->words);
	mem_free(r->count);
	mem_free(r->items);
	mem_free(r->last);
	mem_free(r->ptr);
	mem_free(r->word);
}

static bool read_word(void *reading, uint32_t item, const struct text_word *w, struct err *err)
{
	struct reading *r = reading;
	uint32_t before = r->words.n, number = strtab_intern(&r->words, w->s, w->n, err);
	size_t need = (size_t)number + 1;

	if (number == STRTAB_NONE || !mem_grow((void **)&r->count, &r->count_cap, need, sizeof(*r->count), err) ||
	    !mem_grow((void **)&r->items, &r->items_cap, need, sizeof(*r->items), err) ||
	    !mem_grow((void **)&r->last, &r->last_cap, need, sizeof(*r->last), err) ||
	    !mem_grow((void **)&r->word, &r->cap, r->n + 1, sizeof(*r->word), err))
		return false;
	if (number >= before) {
		r->count[number] = 0;
		r->items[number] = r->last[number] = 0;
	}
	r->count[number]++;
	if (r->last[number] != item + 1)
		r->items[number]++;
	r->last[number] = item + 1;
	r->word[r->n++] = number;
	return true;
}

/* Each word of an item's text, in order. */
typedef bool on_word(void *ctx, uint32_t item, const struct text_word *w, struct err *err);

static bool each_word(const char *s, size_t n, uint32_t item, on_word *fn, void *ctx, struct err *err)
{
	struct text_words words = text_words_of(s, n);
	struct text_word w;

	while (text_words_next(&words, &w))
		if (!fn(ctx, item, &w, err))
			return false;
	return true;
}

static bool words_of_item(const struct dataset *d, const struct item_text_rule *rule, uint32_t i, on_word *fn, void *ctx,
			  struct err *err)
{
	const struct csr *tags = &d->item_tags;

	if (rule->titles && d->titles.n &&
	    !each_word(strtab_get(&d->titles, i), strtab_len(&d->titles, i), i, fn, ctx, err))
		return false;
	for (size_t k = 0; rule->tags && tags->ptr && k < csr_row_n(tags, i); k++) {
		uint32_t tag = csr_row(tags, i)[k];

		if (!each_word(strtab_get(&d->tag_names, tag), strtab_len(&d->tag_names, tag), i, fn, ctx, err))
			return false;
	}
	return !rule->texts || !d->texts.n ||
	       each_word(strtab_get(&d->texts, i), strtab_len(&d->texts, i), i, fn, ctx, err);
}

static bool read_item(struct reading *r, const struct dataset *d, const struct item_text_rule *rule, uint32_t i,
		      struct err *err)
{
	return words_of_item(d, rule, i, read_word, r, err);
}

enum { ITEMS_A_LOOK = 256 }; /* between two questions whether to go on */

static bool read_all(struct reading *r, const struct dataset *d, const struct item_text_rule *rule,
		     const struct task *task, struct err *err)
{
	strtab_init(&r->words);
	r->ptr = mem_zeroed((size_t)d->n_items + 1, sizeof(*r->ptr), err);
	for (uint32_t i = 0; r->ptr && i < d->n_items; i++) {
		if (i % ITEMS_A_LOOK == 0 && !task_keep_going(task))
			return task_cancelled(err);
		if (!read_item(r, d, rule, i, err))
			return false;
		r->ptr[i + 1] = r->n;
	}
	return r->ptr != NULL;
}

/* --- Keeping --------------------------------------------------------------------------- */

struct kept_word { uint64_t count; uint32_t number; };

static int falling_count(const void *a, const void *b)
{
	const struct kept_word *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return (x->number > y->number) - (x->number < y->number);
}

/* place[old] = the kept number or STRTAB_NONE. */
static bool keep_words(struct item_text *t, const struct reading *r, const struct item_text_rule *rule, uint32_t I,
		       uint32_t *place, struct err *err)
{
	struct kept_word *kept = mem_alloc((size_t)r->words.n + 1, sizeof(*kept), err);
	uint32_t n = 0;
	bool done;

	if (!kept)
		return false;
	for (uint32_t w = 0; w < r->words.n; w++) {
		place[w] = STRTAB_NONE;
		if (r->items[w] >= rule->min_items)
			kept[n++] = (struct kept_word){ r->count[w], w };
	}
	qsort(kept, n, sizeof(*kept), falling_count);
	done = (t->count = mem_alloc((size_t)n + 1, sizeof(*t->count), err)) &&
	       (t->items = mem_alloc((size_t)n + 1, sizeof(*t->items), err)) &&
	       (t->idf = mem_alloc((size_t)n + 1, sizeof(*t->idf), err));
	for (uint32_t k = 0; done && k < n; k++) {
		uint32_t w = kept[k].number;

		place[w] = strtab_intern(&t->words, strtab_get(&r->words, w), strtab_len(&r->words, w), err);
		done = place[w] == k;
		t->count[k] = r->count[w];
		t->items[k] = r->items[w];
		t->idf[k] = (float)log((1.0 + (double)I) / (1.0 + (double)r->items[w]));
	}
	mem_free(kept);
	return done;
}

static float weight_of(const struct item_text *t, uint32_t word, size_t times)
{
	return t->idf[word] * (1 + logf((float)times));
}

/* Sorted words, equal ones side by side, become distinct ones with weights; returns how many.  words may be sorted. */
static size_t fold_bag(const struct item_text *t, const uint32_t *sorted, size_t n, uint32_t *words, float *weight)
{
	size_t distinct = 0;

	for (size_t k = 0; k < n;) {
		uint32_t w = sorted[k];
		size_t times = 1;

		while (k + times < n && sorted[k + times] == w)
			times++;
		k += times;
		words[distinct] = w;
		weight[distinct++] = weight_of(t, w, times);
	}
	return distinct;
}

static bool keep_items(struct item_text *t, const struct reading *r, uint32_t I, const uint32_t *place,
		       struct err *err)
{
	uint32_t *sorted = mem_alloc(r->n + 1, sizeof(*sorted), err);
	size_t n = 0;
	bool done;

	done = sorted && (t->ptr = mem_zeroed((size_t)I + 1, sizeof(*t->ptr), err)) &&
	       (t->word = mem_alloc(r->n + 1, sizeof(*t->word), err)) &&
	       (t->bag.ptr = mem_zeroed((size_t)I + 1, sizeof(*t->bag.ptr), err)) &&
	       (t->bag.idx = mem_alloc(r->n + 1, sizeof(*t->bag.idx), err)) &&
	       (t->bag.val = mem_alloc(r->n + 1, sizeof(*t->bag.val), err));
	t->bag.rows = I;
	t->bag.cols = t->words.n;
	for (uint32_t i = 0; done && i < I; i++) {
		size_t from = n, bag = t->bag.ptr[i];

		for (size_t k = r->ptr[i]; k < r->ptr[i + 1]; k++)
			if (place[r->word[k]] != STRTAB_NONE)
				t->word[n++] = place[r->word[k]];
		t->ptr[i + 1] = n;
		memcpy(sorted, t->word + from, (n - from) * sizeof(*sorted));
		qsort(sorted, n - from, sizeof(*sorted), u32_compare);
		t->bag.ptr[i + 1] = bag + fold_bag(t, sorted, n - from, t->bag.idx + bag, t->bag.val + bag);
	}
	mem_free(sorted);
	return done;
}

struct bag_reading {
	const struct item_text *t;
	struct item_bag *out;
};

static bool add_to_bag(void *ctx, uint32_t item, const struct text_word *w, struct err *err)
{
	struct bag_reading *r = ctx;
	uint32_t number = strtab_find(&r->t->words, w->s, w->n);

	(void)item;
	if (number == STRTAB_NONE)
		return true;
	if (!mem_grow((void **)&r->out->words, &r->out->words_cap, r->out->n + 1, sizeof(*r->out->words), err))
		return false;
	r->out->words[r->out->n++] = number;
	return true;
}

bool item_text_read_bag(const struct item_text *t, const struct dataset *d, const struct item_text_rule *rule, uint32_t item,
			struct item_bag *out, struct err *err)
{
	struct bag_reading r = { t, out };

	out->n = 0;
	if (!words_of_item(d, rule, item, add_to_bag, &r, err) ||
	    !mem_grow((void **)&out->weight, &out->weight_cap, out->n + 1, sizeof(*out->weight), err))
		return false;
	if (out->n)
		qsort(out->words, out->n, sizeof(*out->words), u32_compare);
	out->n = fold_bag(t, out->words, out->n, out->words, out->weight);
	return true;
}

void item_bag_done(struct item_bag *b)
{
	mem_free(b->words);
	mem_free(b->weight);
	*b = (struct item_bag){ 0 };
}

static void destroy(struct item_text *t)
{
	strtab_done(&t->words);
	mem_free(t->count);
	mem_free(t->items);
	mem_free(t->idf);
	mem_free(t->ptr);
	mem_free(t->word);
	csr_done(&t->bag);
	mem_free(t);
}

static bool make(struct item_text *t, const struct dataset *d, const struct item_text_rule *rule, const char *who,
		 const struct task *task, struct err *err)
{
	struct reading r = { 0 };
	uint32_t *place = NULL;
	bool done;

	strtab_init(&t->words);
	t->refs = 1;
	done = read_all(&r, d, rule, task, err) &&
	       (place = mem_alloc((size_t)r.words.n + 1, sizeof(*place), err)) &&
	       keep_words(t, &r, rule, d->n_items, place, err) && keep_items(t, &r, d->n_items, place, err);
	if (done && !t->words.n)
		done = err_set(err, ERR_UNSUPPORTED,
			       "%s needs words that several items share, and no word of this data is in %u items", who,
			       (unsigned)rule->min_items);
	mem_free(place);
	reading_done(&r);
	return done;
}

const struct item_text *item_text_new(const struct dataset *d, const struct item_text_rule *rule, const char *who,
				      const struct task *task, struct err *err)
{
	struct item_text *t;

	if (!dataset_has_text(d)) {
		err_set(err, ERR_UNSUPPORTED,
			"%s reads what is said of the items, and this data has no titles, texts or tags: load a file of items too",
			who);
		return NULL;
	}
	t = mem_zeroed(1, sizeof(*t), err);
	if (t && make(t, d, rule, who, task, err))
		return t;
	if (t)
		destroy(t);
	return NULL;
}

const struct item_text *item_text_words_of(const struct item_text *t, struct err *err)
{
	struct item_text *words = mem_zeroed(1, sizeof(*words), err);

	if (!words)
		return NULL;
	words->refs = 1;
	words->idf = mem_alloc((size_t)t->words.n + 1, sizeof(*words->idf), err);
	if (words->idf && strtab_copy(&words->words, &t->words, err)) {
		memcpy(words->idf, t->idf, t->words.n * sizeof(*words->idf));
		return words;
	}
	destroy(words);
	return NULL;
}

const struct item_text *item_text_ref(const struct item_text *t)
{
	((struct item_text *)(uintptr_t)t)->refs++;
	return t;
}

void item_text_unref(const struct item_text *t)
{
	struct item_text *held = (struct item_text *)(uintptr_t)t;

	if (held && --held->refs == 0)
		destroy(held);
}

/* --- Sizes ------------------------------------------------------------------------------- */

static uint64_t bytes_for(size_t V, size_t I, size_t standing, size_t bag, size_t word_bytes)
{
	return sizeof(struct item_text) + word_bytes + V * (sizeof(uint64_t) + sizeof(uint32_t) + sizeof(float)) +
	       2 * (I + 1) * sizeof(size_t) + standing * sizeof(uint32_t) + bag * (sizeof(uint32_t) + sizeof(float));
}

size_t item_text_bytes(const struct item_text *t)
{
	size_t standing;

	if (!t->ptr) /* the words alone */
		return sizeof(*t) + strtab_bytes(&t->words) + t->words.n * sizeof(*t->idf);
	standing = t->ptr[t->bag.rows];
	return bytes_for(t->words.n, t->bag.rows, standing, standing, strtab_bytes(&t->words));
}

uint64_t item_text_hash(const struct item_text *t)
{
	uint64_t h = hash_bytes(t->words.bytes, t->words.used, t->bag.rows);

	h = hash_bytes(t->ptr, ((size_t)t->bag.rows + 1) * sizeof(*t->ptr), h);
	return hash_bytes(t->word, t->ptr[t->bag.rows] * sizeof(*t->word), h);
}

enum { SAMPLE_BYTES = 256 * 1024 };

/* An array that grew by doubling (mem_grow()). */
static uint64_t grown(double n)
{
	return n < 1 ? 0 : (uint64_t)exp2(ceil(log2(fmax(n, 64))));
}

/* Of a table of so many words of so many bytes, an end among them: strtab.c grows by halves, its slots by doubling. */
static uint64_t table_bytes(double words, double each)
{
	return (uint64_t)(fmax(1.25 * words * each, 256) + fmax(1.25 * words, 16) * sizeof(size_t)) +
	       grown(words * 4 / 3) * sizeof(struct strtab_slot);
}

struct sampled { double items, standing, words, kept; };

static struct sampled sample_of(const struct reading *r, uint32_t items, uint32_t min_items)
{
	struct sampled s = { items, (double)r->n, r->words.n, 0 };

	for (uint32_t w = 0; w < r->words.n; w++)
		s.kept += r->items[w] >= min_items;
	return s;
}

/* A vocabulary grows by a power of its text (Heaps 1978): the one by which it grew from half of the sample to all. */
static double drawn_on(double half, double all, const struct sampled *at_half, const struct sampled *at_all, double standing)
{
	double grew = at_all->standing / at_half->standing, power = half > 0 && grew > 1 ? log(all / half) / log(grew) : 1;

	return all * pow(standing / at_all->standing, fmin(fmax(power, 0), 1));
}

/* Items spread evenly: every second one of the sample, then the others. */
static bool read_sample(struct reading *r, const struct dataset *d, const struct item_text_rule *rule, uint32_t step,
			size_t *longest, struct sampled *half, struct sampled *all)
{
	struct err ignored;
	uint32_t items = 0;

	for (uint32_t turn = 0; turn < 2; turn++) {
		for (uint64_t i = (uint64_t)turn * step; i < d->n_items; i += 2 * (uint64_t)step, items++) {
			size_t before = r->n;

			if (!read_item(r, d, rule, (uint32_t)i, &ignored))
				return false;
			*longest = r->n - before > *longest ? r->n - before : *longest;
		}
		*(turn ? all : half) = sample_of(r, items, rule->min_items);
	}
	return half->standing > 0;
}

struct item_text_size item_text_guess(const struct dataset *d, const struct item_text_rule *rule)
{
	size_t all = d->titles.used + d->texts.used + 8 * csr_n(&d->item_tags); /* 8: a short tag */
	uint32_t step = (uint32_t)(all / SAMPLE_BYTES) + 1, I = d->n_items;
	struct item_text_size size = { 0 };
	struct sampled half = { 0 }, read = { 0 };
	struct reading r = { 0 };
	double words, each;

	if (!dataset_has_text(d))
		return size;
	strtab_init(&r.words);
	if (read_sample(&r, d, rule, step, &size.longest, &half, &read)) {
		size.standing = (size_t)(read.standing * I / read.items);
		size.words = (size_t)drawn_on(half.kept, read.kept, &half, &read, (double)size.standing);
		words = drawn_on(half.words, read.words, &half, &read, (double)size.standing);
		each = (double)r.words.used / read.words;
		size.bytes = bytes_for(size.words, I, size.standing, size.standing, table_bytes((double)size.words, each));
		size.making = table_bytes(words, each) + (uint64_t)words * (sizeof(struct kept_word) + sizeof(uint32_t)) +
			      grown(words) * (sizeof(uint64_t) + 2 * sizeof(uint32_t)) +
			      (grown((double)size.standing) + size.standing) * sizeof(uint32_t) + (I + 1) * sizeof(size_t);
	}
	reading_done(&r);
	return size;
}

/* --- Vectors of texts ------------------------------------------------------------------ */

void item_text_mean(const uint32_t *words, const float *weight, size_t n, const float *vectors, uint32_t D, float *out)
{
	float sum = 0;

	memset(out, 0, D * sizeof(*out));
	for (size_t k = 0; k < n; k++)
		sum += weight[k];
	for (size_t k = 0; sum > 0 && k < n; k++)
		linalg_axpy(weight[k] / sum, vectors + (size_t)words[k] * D, out, D);
}

size_t item_text_bag_of(const struct item_text *t, const char *s, size_t n, uint32_t *words, float *weight, size_t cap)
{
	struct text_words read = text_words_of(s, n);
	struct text_word w;
	size_t distinct = 0;

	/* weight counts at first.  Texts that are asked are short: a list is searched. */
	while (text_words_next(&read, &w)) {
		uint32_t number = strtab_find(&t->words, w.s, w.n);
		size_t k = 0;

		while (k < distinct && words[k] < number)
			k++;
		if (number == STRTAB_NONE || (k == distinct && distinct == cap))
			continue;
		if (k < distinct && words[k] == number) {
			weight[k]++;
			continue;
		}
		if (distinct == cap)
			continue;
		memmove(words + k + 1, words + k, (distinct - k) * sizeof(*words));
		memmove(weight + k + 1, weight + k, (distinct - k) * sizeof(*weight));
		words[k] = number;
		weight[k] = 1;
		distinct++;
	}
	for (size_t k = 0; k < distinct; k++)
		weight[k] = weight_of(t, words[k], (size_t)weight[k]);
	return distinct;
}
