/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The items' words: which are kept, how they are weighed, what is refused; and vectors trained on them. */
#include "model/item_text.h"

#include "base/pool.h"
#include "model/word_vectors.h"
#include "model_fixture.h"
#include "num/linalg.h"

enum { U = 40, I = 32 };

static const struct item_text_rule all = { .min_items = 2, .titles = true, .tags = true, .texts = true };

static void push(struct strtab *t, const char *s)
{
	struct err err;

	fixture_must(strtab_push(t, s, strlen(s), &err) != STRTAB_NONE, &err);
}

static bool has(const struct item_text *t, uint32_t item, const char *word, size_t times)
{
	uint32_t w = strtab_find(&t->words, word, strlen(word));
	size_t found = 0;

	for (size_t k = t->ptr[item]; k < t->ptr[item + 1]; k++)
		found += t->word[k] == w;
	return w == STRTAB_NONE ? !times : found == times && (csr_has(&t->bag, item, w) || !times);
}

/* Items 0 and 1 say something; the rest are "filler". */
static struct dataset *talking_data(void)
{
	static const size_t tag_ptr[] = { 0, 1, 1 };
	struct dataset *d = fixture_data(U, I, 10, 7);
	struct err err;

	push(&d->titles, "Space Opera (1999)");
	push(&d->titles, "The SPACE race");
	for (uint32_t i = 2; i < I; i++)
		push(&d->titles, "filler");
	push(&d->texts, "space, space and opera");
	for (uint32_t i = 1; i < I; i++)
		push(&d->texts, i == 1 ? "an opera unheard" : "");
	fixture_must(strtab_intern(&d->tag_names, "Filler-Tag", 10, &err) == 0, &err);
	d->item_tags = (struct csr){ .rows = I, .cols = 1 };
	d->item_tags.ptr = mem_must(mem_zeroed(I + 1, sizeof(size_t), &err));
	d->item_tags.idx = mem_must(mem_zeroed(1, sizeof(uint32_t), &err));
	for (uint32_t i = 0; i <= I; i++)
		d->item_tags.ptr[i] = i < 2 ? tag_ptr[i] : 1;
	return d;
}

static void test_words(void)
{
	struct dataset *d = talking_data();
	struct err err;
	const struct item_text *t = item_text_new(d, &all, "test", &task_null, &err);
	struct item_text_rule titles = { .min_items = 1, .titles = true };
	struct item_text_size guess;
	uint32_t space, words[4];
	float weight[4];

	fixture_must(t != NULL, &err);
	ok(t->words.n == 3 && !strcmp(strtab_get(&t->words, 0), "filler"), "words of two items, the most frequent first");
	ok(has(t, 0, "space", 3) && has(t, 0, "opera", 2) && has(t, 0, "filler", 1) && has(t, 1, "space", 1) &&
	   has(t, 1, "opera", 1) && has(t, 0, "1999", 0) && has(t, 1, "unheard", 0), "of title, tag and text");
	space = strtab_find(&t->words, "space", 5);
	ok(t->count[space] == 4 && t->items[space] == 2 && fabsf(t->idf[space] - logf(33.0f / 3)) < 1e-6f,
	   "counted, and weighed by rareness");
	ok(fabsf(csr_at(&t->bag, 0, space) - t->idf[space] * (1 + logf(3))) < 1e-5f, "more so where they come again");
	guess = item_text_guess(d, &all);
	ok(guess.words == 3 && guess.standing >= t->ptr[I] && guess.bytes >= item_text_bytes(t), "the size is told before (%zu words, %zu standing, %zu bytes; %zu)", guess.words, guess.standing, (size_t)guess.bytes, item_text_bytes(t));
	ok(item_text_bag_of(t, "Opera? opera! Space: unheard", 28, words, weight, 4) == 2 && words[0] < words[1] &&
	   fabsf(weight[words[0] == space ? 0 : 1] - t->idf[space]) < 1e-6f, "a new text is weighed alike");
	ok(item_text_bag_of(t, "Opera? opera! Space filler", 26, words, weight, 2) == 2, "in the room there is");
	item_text_unref(item_text_ref(t));
	item_text_unref(t);
	t = item_text_new(d, &titles, "test", &task_null, &err);
	fixture_must(t != NULL, &err);
	ok(has(t, 0, "1999", 1) && has(t, 0, "opera", 1) && has(t, 1, "race", 1), "titles alone, every word");
	item_text_unref(t);
	dataset_unref(d);
}

static bool never(void *ctx)
{
	(void)ctx;
	return false;
}

static void test_refusals(void)
{
	struct dataset *d = fixture_data(U, I, 10, 7);
	const struct task stop = { .keep_going = never };
	struct item_text_rule rule = all;
	size_t held = mem_bytes_now();
	unsigned n;
	bool fine = true;
	struct err err = { 0 };

	ok(!item_text_new(d, &all, "word2vec", &task_null, &err) && err.code == ERR_UNSUPPORTED &&
	   strstr(err.msg, "word2vec") && strstr(err.msg, "titles"), "data without text: %s", err.msg);
	dataset_unref(d);
	d = talking_data();
	held = mem_bytes_now();
	rule.min_items = I;
	ok(!item_text_new(d, &rule, "word2vec", &task_null, &err) && err.code == ERR_UNSUPPORTED &&
	   strstr(err.msg, "no word"), "words that nothing shares: %s", err.msg);
	ok(!item_text_new(d, &all, "test", &stop, &err) && err.code == ERR_CANCELLED, "it can be stopped");
	for (n = 1; n < 200; n++) {
		const struct item_text *t;

		mem_fail_at(n);
		t = item_text_new(d, &all, "test", &task_null, &err);
		mem_fail_at(0);
		item_text_unref(t);
		fine = fine && (t || err.code == ERR_NOMEM) && mem_bytes_now() == held;
		if (t)
			break;
	}
	ok(fine && n > 10 && n < 200, "memory failing at any of %u places is told", n);
	dataset_unref(d);
}

/* What an item says, read again by the words alone, is what its bag holds. */
static void test_read_again(void)
{
	struct dataset *d = talking_data();
	struct err err;
	const struct item_text *t = item_text_new(d, &all, "test", &task_null, &err), *words;
	struct item_bag bag = { 0 };
	bool same = true, fine = true, done = false;
	size_t told = 0, held;

	fixture_must(t != NULL, &err);
	words = item_text_words_of(t, &err);
	fixture_must(words != NULL, &err);
	for (uint32_t i = 0; i < d->n_items; i++) {
		size_t n = csr_row_n(&t->bag, i);

		fixture_must(item_text_read_bag(words, d, &all, i, &bag, &err), &err);
		same = same && bag.n == n && !memcmp(bag.words, csr_row(&t->bag, i), n * sizeof(*bag.words)) &&
		       !memcmp(bag.weight, csr_row_val(&t->bag, i), n * sizeof(*bag.weight));
		told += n;
	}
	ok(same && told > 0, "an item read again has its bag, bit for bit");
	ok(item_text_bytes(words) < item_text_bytes(t), "and the words alone are less");
	item_bag_done(&bag);
	item_text_unref(words);
	held = mem_bytes_now();
	for (unsigned n = 1; n < 50 && !done; n++) {
		mem_fail_at(n);
		words = item_text_words_of(t, &err);
		done = words && item_text_read_bag(words, d, &all, 0, &bag, &err);
		mem_fail_at(0);
		fine = fine && (done || err.code == ERR_NOMEM);
		item_bag_done(&bag);
		item_text_unref(words);
		fine = fine && mem_bytes_now() == held;
	}
	ok(done && fine, "memory failing there is told");
	item_text_unref(t);
	dataset_unref(d);
}

/* Two themes whose words stand together: their vectors come together, and so do the items'. */
static void test_vectors(void)
{
	static const char *const theme[2][4] = { { "rocket", "planet", "alien", "orbit" },
						 { "wedding", "kiss", "bride", "romance" } };
	enum { D = 8 };
	struct dataset *d = fixture_data(U, I, 10, 7);
	struct sgns_rule rule = word_vectors_rule();
	struct err err;
	struct task two = { .pool = pool_new(2, &err) };
	const struct item_text *t;
	float *one, *other, item[3][D];
	char title[64];

	for (uint32_t i = 0; i < I; i++) {
		snprintf(title, sizeof(title), "%s %s %s", theme[i % 2][i / 2 % 4], theme[i % 2][(i / 2 + 1) % 4],
			 theme[i % 2][(i / 2 + 2) % 4]);
		push(&d->titles, title);
	}
	t = item_text_new(d, &all, "test", &task_null, &err);
	fixture_must(t != NULL, &err);
	one = mem_must(mem_zeroed((size_t)t->words.n * D, sizeof(*one), &err));
	other = mem_must(mem_zeroed((size_t)t->words.n * D, sizeof(*other), &err));
	rule.subsample = 0;
	rule.epochs = 200;
	fixture_must(word_vectors_train(t, &rule, D, 42, one, "test", &task_null, &err), &err);
	fixture_must(word_vectors_train(t, &rule, D, 42, other, "test", &two, &err), &err);
	ok(!memcmp(one, other, (size_t)t->words.n * D * sizeof(*one)), "word vectors: the same bits on two threads");
	for (uint32_t i = 0; i < 3; i++)
		item_text_mean(csr_row(&t->bag, i), csr_row_val(&t->bag, i), csr_row_n(&t->bag, i), one, D, item[i]);
	ok(linalg_dot(item[0], item[2], D) > linalg_dot(item[0], item[1], D) + 0.1f, "items of a theme lie together: %.3f, %.3f",
	   (double)linalg_dot(item[0], item[2], D), (double)linalg_dot(item[0], item[1], D));
	mem_free(one);
	mem_free(other);
	item_text_unref(t);
	dataset_unref(d);
	pool_free(two.pool);
}

int main(void)
{
	linalg_init();
	test_words();
	test_refusals();
	test_vectors();
	test_read_again();
	ok(mem_bytes_now() == 0, "nothing leaks");
	return done_testing();
}
