/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What metrics are by chance, against the mean over all the orders of a few candidates. */
#include <math.h>
#include <stdio.h>

#include "eval/metrics.h"
#include "tap.h"

/* The mean over all places that the test items can have among the candidates. */
static double mean_of_places(int metric, const struct chance *c, uint32_t k, enum dialect d)
{
	double sum = 0;
	unsigned n = 0;

	for (unsigned places = 0; places < 1u << c->candidates; places++) {
		bool hit[8];
		uint32_t hits = 0;

		for (uint32_t r = 0; r < c->candidates; r++) {
			hit[r] = places >> r & 1;
			hits += hit[r];
		}
		if (hits != c->findable)
			continue;
		sum += metric_of_list(metric, &(struct judged_list){ hit, c->candidates, c->n_test }, k, d);
		n++;
	}
	return sum / n;
}

int main(void)
{
	for (int m = METRIC_RECALL; m <= METRIC_MRR; m++) {
		double worst = 0;

		for (uint32_t candidates = 1; candidates <= 6; candidates++)
			for (uint32_t findable = 0; findable <= candidates; findable++)
				for (uint32_t missing = !findable; missing <= 2; missing++)
					for (uint32_t k = 1; k <= 8; k++)
						for (int d = DIALECT_RECBOLE; d <= DIALECT_VAE; d++) {
							struct chance c = { candidates, findable, findable + missing };
							double far = metric_by_chance(m, &c, k, (enum dialect)d) -
								     mean_of_places(m, &c, k, (enum dialect)d);

							worst = fmax(worst, fabs(far));
						}
		ok(worst < 1e-12, "%s by chance is the mean over all orders (%.0e)", metric_table[m].name, worst);
	}
	ok(metric_by_chance(METRIC_MRR, &(struct chance){ .n_test = 3 }, 5, DIALECT_RECBOLE) == 0, "0 without a candidate");
	return done_testing();
}
