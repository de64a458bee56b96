/* SPDX-License-Identifier: GPL-3.0-or-later */
/* curves.c - curves come back from their file to the bit; a broken line is named. */
#include "train/curves.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "tap.h"

static bool same_number(double a, double b)
{
	return a == b || (isnan(a) && isnan(b));
}

static bool same_point(const struct curve_point *a, const struct curve_point *b)
{
	bool same = a->epoch == b->epoch && a->n_loss == b->n_loss && same_number(a->valid, b->valid) &&
		    same_number(a->seconds, b->seconds) && same_number(a->rate, b->rate) &&
		    same_number(a->gradient_norm, b->gradient_norm) && same_number(a->lr, b->lr) &&
		    same_number(a->churn, b->churn);

	for (unsigned k = 0; k < a->n_loss; k++)
		same = same && same_number(a->loss[k], b->loss[k]);
	return same;
}

static void make(struct curves *c)
{
	struct err err;

	curves_init(c);
	c->n_loss = 2;
	strcpy(c->loss_name[0], "loss");
	strcpy(c->loss_name[1], "penalty");
	strcpy(c->metric, "ndcg@10");
	for (uint32_t e = 1; e <= 100; e++) {
		struct curve_point p = { .epoch = e, .n_loss = 2, .loss = { 1.0 / e, e == 3 ? NAN : 0.1 },
					 .valid = e % 2 ? NAN : 0.3 / e, .seconds = e / 7.0, .rate = 1e6 / 3,
					 .gradient_norm = NAN, .lr = 0.05, .churn = e == 1 ? NAN : 1.0 / e };

		curves_add(c, &p, &err);
	}
}

static void test_refused(const char *path, const char *text, uint64_t line, const char *what)
{
	struct curves c;
	struct err err = { 0 };

	file_write_whole(path, text, strlen(text), 0644, &err);
	ok(!curves_open(&c, path, &err) && err.line == line && c.n == 0, "%s is refused: %s", what, err.msg);
}

/* A file of before churn was told. */
static void test_before(const char *path)
{
	static const char text[] = "epoch,loss,ndcg@10,seconds,rate,gradient_norm,lr\n1,0.5,0.25,1,2,,0.125\n";
	struct curves c;
	struct err err = { 0 };

	file_write_whole(path, text, strlen(text), 0644, &err);
	ok(curves_open(&c, path, &err) && c.n == 1 && c.n_loss == 1 && c.point[0].valid == 0.25 &&
	   c.point[0].lr == 0.125 && isnan(c.point[0].churn), "curves without churn are read: %s", err.msg);
	curves_done(&c);
}

int main(void)
{
	char path[] = "curves-XXXXXX";
	struct curves c, back, copy;
	struct err err;
	bool same;

	close(mkstemp(path));
	make(&c);
	ok(curves_save(&c, path, &err) && curves_open(&back, path, &err), "saved and opened");
	same = back.n == c.n && back.n_loss == 2 && !strcmp(back.loss_name[1], "penalty") &&
	       !strcmp(back.metric, "ndcg@10");
	for (size_t i = 0; same && i < c.n; i++)
		same = same_point(&c.point[i], &back.point[i]);
	ok(same, "every number comes back to the bit, what was not measured stays so");
	ok(curves_copy(&copy, &c, &err) && copy.point != c.point && copy.n == c.n &&
	   same_point(&copy.point[99], &c.point[99]), "a copy is one");
	curves_done(&copy);
	curves_done(&back);
	curves_done(&c);

	test_before(path);
	test_refused(path, "", 0, "an empty file");
	test_refused(path, "user,item\n1,2\n", 1, "another csv");
	test_refused(path, "epoch,loss,ndcg@10,seconds,rate,gradient_norm,lr\n1,0.5,,1,2,,\n2,x,,1,2,,\n", 3,
		     "a word for a number");
	test_refused(path, "epoch,loss,ndcg@10,seconds,rate,gradient_norm,lr\n1,0.5,,1,2,\n", 2, "a short line");
	test_refused(path, "epoch,a,b,c,d,e,f,ndcg@10,seconds,rate,gradient_norm,lr\n", 1, "more losses than there are");
	unlink(path);
	return done_testing();
}
