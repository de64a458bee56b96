/* SPDX-License-Identifier: GPL-3.0-or-later */
/* watched.c - lists of epochs: churn by hand, what is thinned out, the file; and the lists of a training. */
#include "train/watched.h"

#include <unistd.h>

#include "base/file.h"
#include "eval/rank_lists.h"
#include "model_fixture.h"
#include "num/linalg.h"
#include "train/fit.h"

static struct err err;

/* Lists of 4 items for users 3, 5 and 9; 0 ends a list. */
static struct epoch_lists *lists_of(uint32_t epoch, const uint32_t item[3][4])
{
	static const uint32_t user[] = { 3, 5, 9 };
	struct epoch_lists *l = mem_must(epoch_lists_new(epoch, 3, 4, &err));

	for (uint32_t u = 0; u < 3; u++) {
		l->user[u] = user[u];
		while (l->count[u] < 4 && item[u][l->count[u]]) {
			l->item[u * 4 + l->count[u]] = item[u][l->count[u]];
			l->score[u * 4 + l->count[u]] = 1.0f / (float)item[u][l->count[u]];
			l->count[u]++;
		}
	}
	return l;
}

static bool near(double a, double b)
{
	return fabs(a - b) < 1e-12;
}

static void test_churn(void)
{
	struct epoch_lists *a = lists_of(1, (const uint32_t[3][4]){ { 1, 2, 3, 4 }, { 5, 6, 7 }, { 0 } });
	struct epoch_lists *b = lists_of(2, (const uint32_t[3][4]){ { 2, 1, 8, 3 }, { 5, 6, 9 }, { 0 } });

	/* User 3: of 2 1 8 3 only 8 was not among 1 2 3 4; user 5: 9 of 5 6 9 is new; user 9 has no list. */
	ok(near(epoch_lists_churn(a, b, 4), (1.0 / 4 + 1.0 / 3) / 2), "churn@4 by hand");
	/* Of the first two: 2 1 against 1 2, 5 6 against 5 6. */
	ok(epoch_lists_churn(a, b, 2) == 0, "churn@2: another order is no change");
	/* Of the first three: 3 fell out of sight, 8 came in; 7 went, 9 came. */
	ok(near(epoch_lists_churn(a, b, 3), 1.0 / 3), "churn@3 by hand");
	ok(near(epoch_lists_churn(a, b, 1), 0.5), "churn@1: one of two users has another first item");
	ok(isnan(epoch_lists_churn(NULL, b, 4)), "none before the first epoch");
	ok(epoch_lists_find(a, 5) == 1 && epoch_lists_find(a, 4) == 3, "users are found, or not");
	ok(epoch_lists_rank(b, 0, 8) == 3 && epoch_lists_rank(b, 0, 4) == 0 && epoch_lists_rank(b, 2, 1) == 0,
	   "ranks count from 1, 0 is not there");
	epoch_lists_unref(a);
	epoch_lists_unref(b);
}

static bool same_lists(const struct epoch_lists *a, const struct epoch_lists *b)
{
	size_t U = a->n_users, cells = U * a->k;

	return a->epoch == b->epoch && a->n_users == b->n_users && a->k == b->k &&
	       !memcmp(a->user, b->user, U * sizeof(*a->user)) && !memcmp(a->count, b->count, U * sizeof(*a->count)) &&
	       !memcmp(a->item, b->item, cells * sizeof(*a->item)) &&
	       !memcmp(a->score, b->score, cells * sizeof(*a->score));
}

static bool same_watched(const struct watched *a, const struct watched *b)
{
	bool same = a->n == b->n && a->stride == b->stride;

	for (size_t i = 0; same && i < a->n; i++)
		same = same_lists(a->at[i], b->at[i]);
	return same;
}

/* Whatever epoch it stands at: within the cap, the first and the newest there, the others a stride apart. */
static void test_cap(void)
{
	struct watched w = { 0 }, back;
	char path[] = "watched-XXXXXX";
	size_t most = 0;
	bool fine = true;

	close(mkstemp(path));
	for (uint32_t e = 1; e <= 700; e++) {
		struct epoch_lists *l = mem_must(epoch_lists_new(e, WATCHED_USERS_MOST, WATCHED_K, &err));

		for (uint32_t u = 0; u < l->n_users; u++) {
			l->user[u] = u;
			l->count[u] = 1;
			l->item[u * l->k] = e;
		}
		fine = fine && watched_add(&w, l, &err) && w.n * epoch_lists_bytes(l) <= WATCHED_BYTES &&
		       w.at[0]->epoch == 1 && w.at[w.n - 1]->epoch == e;
		for (size_t i = 0; fine && i + 1 < w.n; i++)
			fine = w.at[i]->epoch == 1 + i * w.stride;
		most = w.n > most ? w.n : most;
		epoch_lists_unref(l);
	}
	ok(fine && w.stride == 8 && most > 80, "never above the cap; 1 in %u of 700 epochs stays", w.stride);
	ok(watched_find(&w, 1) == 0 && w.at[watched_find(&w, 20)]->epoch == 17 && watched_find(&w, 700) == w.n - 1 &&
	   watched_find(&w, 0) == w.n, "the last one at or before an epoch is found");
	ok(watched_save(&w, 77, path, &err) && watched_open(&back, 77, 1000, 1000, path, &err) && same_watched(&w, &back),
	   "kept in a file and read back: %s", err.msg);
	watched_done(&back);
	ok(!watched_open(&back, 78, 1000, 1000, path, &err) && strstr(err.msg, "other data"), "not for other data");
	ok(!watched_open(&back, 77, 1000, 700, path, &err) && !back.n && strstr(err.msg, "epoch 700"),
	   "an item that there is not is refused: %s", err.msg);
	ok(!watched_open(&back, 77, 99, 1000, path, &err), "so is a user");
	ok(truncate(path, 5000) == 0 && !watched_open(&back, 77, 1000, 1000, path, &err), "and a file cut short");
	watched_done(&w);
	unlink(path);
}

static struct fixture f;

struct told { struct watched w; size_t wrong; };

/* Each list is the one that the epoch's snapshot gives to the user, all scores ranked by hand. */
static void on_epoch(void *ctx, const struct curves *curves, const struct snapshot *take,
		     const struct epoch_lists *l)
{
	struct told *t = ctx;
	struct history_buf buf = { 0 };
	struct scratch scratch = { 0 };
	float *score = mem_must(mem_alloc(f.data->n_items, sizeof(*score), &err));

	for (uint32_t u = 0; u < l->n_users; u++) {
		struct query q;

		fixture_must(history_query(take, f.split, l->user[u], false, &buf, &q, &err) &&
			     model_score_all(take->model, &q, &scratch, score, f.data->n_items, &err), &err);
		for (uint32_t i = 0; i < f.data->n_items; i++)
			if (!f.split->item_train[i])
				score[i] = -INFINITY;
		for (uint32_t j = 0; j < q.n; j++)
			score[q.items[j]] = -INFINITY;
		for (uint32_t r = 0; r < l->count[u]; r++) {
			uint32_t best = 0;

			for (uint32_t i = 1; i < f.data->n_items; i++)
				best = score[i] > score[best] ? i : best;
			t->wrong += l->item[u * l->k + r] != best || fabsf(l->score[u * l->k + r] - score[best]) > 1e-4f;
			score[best] = -INFINITY;
		}
	}
	fixture_must(watched_add(&t->w, l, &err), &err);
	t->wrong += curves->n > 1 && !near(curves->point[curves->n - 1].churn,
					   epoch_lists_churn(t->w.at[t->w.n - 2], l, 10));
	snapshot_unref(take);
	history_buf_done(&buf);
	scratch_done(&scratch);
	mem_free(score);
}

static void test_training(void)
{
	struct pool *pool = pool_new(2, &err);
	const struct task two = { .pool = pool };
	struct fit_request r;
	struct fit_result out;
	struct told one = { 0 }, both = { 0 };
	uint32_t user[12], again[12], n;

	fixture_make(&f, 120, 60, 30, false);
	n = watched_sample(f.split, 42, 12, user);
	ok(n == 12 && watched_sample(f.split, 42, 12, again) == 12 && !memcmp(user, again, sizeof(user)) &&
	   watched_sample(f.split, 43, 12, again) == 12 && memcmp(user, again, sizeof(user)),
	   "a sample of users, the same for the same seed");
	for (uint32_t i = 1; i < n; i++)
		n = user[i] > user[i - 1] ? n : 0;
	ok(n == 12, "ascending");
	fit_request_init(&r, model_find("bpr", &err));
	fixture_set(&r.params, "dim", "8");
	r.data = f.data;
	r.split = f.split;
	r.epochs = 6;
	r.patience = 0;
	r.watched = user;
	r.n_watched = n;
	r.on_epoch = on_epoch;
	r.ctx = &one;
	fixture_must(fit_run(&r, &task_null, &out, &err), &err);
	ok(one.w.n == 6 && !one.wrong, "six epochs' lists are those of their snapshots, their churn that of the lists");
	fit_result_done(&out);
	r.ctx = &both;
	fixture_must(fit_run(&r, &two, &out, &err), &err);
	ok(same_watched(&one.w, &both.w), "the same at two threads");
	fit_result_done(&out);
	watched_done(&one.w);
	watched_done(&both.w);
	fixture_done(&f);
	pool_free(pool);
}

int main(void)
{
	size_t held = mem_bytes_now();

	linalg_init();
	test_churn();
	test_cap();
	test_training();
	ok(mem_bytes_now() == held, "nothing leaks");
	return done_testing();
}
