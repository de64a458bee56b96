/* SPDX-License-Identifier: GPL-3.0-or-later */
/* curves.c - loss and metric by epoch, in memory and as curves.csv.
 *
 * The file: a header, then one row an epoch.  Columns: epoch, one for each part of the loss, the metric,
 * seconds, rate, gradient_norm, lr, churn@10.  What was not measured is an empty field.  Files of before
 * churn was told end with lr.
 */
#include "train/curves.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/num_parse.h"

#define CHURN_NAME "churn@10"

enum { BEFORE = 1, AFTER = 6, COLUMNS_MAX = BEFORE + CURVE_LOSSES + AFTER, FILE_MAX = 256 << 20 };

void curves_init(struct curves *c)
{
	*c = (struct curves){ 0 };
}

void curves_done(struct curves *c)
{
	mem_free(c->point);
	curves_init(c);
}

bool curves_add(struct curves *c, const struct curve_point *p, struct err *err)
{
	if (c->n == c->cap) {
		size_t cap = c->cap ? 2 * c->cap : 64;
		struct curve_point *more = mem_resize(c->point, c->cap, cap, sizeof(*more), err);

		if (!more)
			return false;
		c->point = more;
		c->cap = cap;
	}
	c->point[c->n++] = *p;
	return true;
}

void curves_name(struct curves *out, const struct curves *c)
{
	out->n_loss = c->n_loss;
	memcpy(out->loss_name, c->loss_name, sizeof(out->loss_name));
	memcpy(out->metric, c->metric, sizeof(out->metric));
}

bool curves_copy(struct curves *out, const struct curves *c, struct err *err)
{
	struct curve_point *point = NULL;

	if (c->n) {
		point = mem_alloc(c->n, sizeof(*point), err);
		if (!point)
			return false;
		memcpy(point, c->point, c->n * sizeof(*point));
	}
	*out = *c;
	out->point = point;
	out->cap = c->n;
	return true;
}

int curves_valid_part(const struct curves *c)
{
	int last = (int)c->n_loss - 1;

	return last > 0 && !strcmp(c->loss_name[last], CURVE_VALID_LOSS) ? last : -1;
}

double curves_gap(const struct curves *c)
{
	int part = curves_valid_part(c);

	for (size_t i = part < 0 ? 0 : c->n; i-- > 0; )
		if (!isnan(c->point[i].loss[part]))
			return c->point[i].loss[part] - c->point[i].loss[0];
	return NAN;
}

static void print_number(FILE *f, double v)
{
	fputc(',', f);
	if (isfinite(v))
		fprintf(f, "%.17g", v);
}

static void print_point(FILE *f, const struct curves *c, const struct curve_point *p)
{
	fprintf(f, "%u", (unsigned)p->epoch);
	for (unsigned k = 0; k < c->n_loss; k++)
		print_number(f, k < p->n_loss ? p->loss[k] : NAN);
	print_number(f, p->valid);
	print_number(f, p->seconds);
	print_number(f, p->rate);
	print_number(f, p->gradient_norm);
	print_number(f, p->lr);
	print_number(f, p->churn);
	fputc('\n', f);
}

void curves_print(const struct curves *c, FILE *f)
{
	fputs("epoch", f);
	for (unsigned k = 0; k < c->n_loss; k++)
		fprintf(f, ",%s", c->loss_name[k]);
	fprintf(f, ",%s,seconds,rate,gradient_norm,lr," CHURN_NAME "\n", c->metric[0] ? c->metric : "valid");
	for (size_t i = 0; i < c->n; i++)
		print_point(f, c, &c->point[i]);
}

bool curves_save(const struct curves *c, const char *path, struct err *err)
{
	struct file_writer w;

	if (!file_writer_begin(&w, path, 0644, err))
		return false;
	curves_print(c, w.f);
	return file_writer_commit(&w, err);
}

/* Cuts a line at its commas, in place; returns the number of fields. */
static size_t cut(char *line, char *field[COLUMNS_MAX])
{
	size_t n = 0;

	while (line && n < COLUMNS_MAX) {
		field[n++] = line;
		line = strchr(line, ',');
		if (line)
			*line++ = '\0';
	}
	return line ? COLUMNS_MAX + 1 : n;
}

static bool read_number(const char *text, double *out)
{
	*out = NAN;
	return !*text || num_parse_double(text, strlen(text), out);
}

/* *after: the columns behind the losses. */
static bool read_names(struct curves *c, char *line, size_t *after)
{
	char *field[COLUMNS_MAX];
	size_t n = cut(line, field);

	*after = n && n <= COLUMNS_MAX && !strcmp(field[n - 1], "lr") ? AFTER - 1 : AFTER;
	if (n < BEFORE + *after || n > COLUMNS_MAX || strcmp(field[0], "epoch") ||
	    strcmp(field[n - 1], *after == AFTER ? CHURN_NAME : "lr") || n - BEFORE - *after > CURVE_LOSSES)
		return false;
	c->n_loss = (unsigned)(n - BEFORE - *after);
	for (unsigned k = 0; k < c->n_loss; k++)
		snprintf(c->loss_name[k], sizeof(c->loss_name[k]), "%s", field[BEFORE + k]);
	snprintf(c->metric, sizeof(c->metric), "%s", field[n - *after]);
	return true;
}

static bool read_point(const struct curves *c, char *line, size_t after, struct curve_point *p)
{
	char *field[COLUMNS_MAX];
	uint64_t epoch;

	*p = (struct curve_point){ .n_loss = c->n_loss, .churn = NAN };
	if (cut(line, field) != BEFORE + c->n_loss + after || !num_parse_u64(field[0], strlen(field[0]), &epoch) ||
	    !epoch || epoch > UINT32_MAX)
		return false;
	p->epoch = (uint32_t)epoch;
	for (unsigned k = 0; k < c->n_loss; k++)
		if (!read_number(field[BEFORE + k], &p->loss[k]))
			return false;
	return read_number(field[BEFORE + c->n_loss], &p->valid) &&
	       read_number(field[BEFORE + c->n_loss + 1], &p->seconds) &&
	       read_number(field[BEFORE + c->n_loss + 2], &p->rate) &&
	       read_number(field[BEFORE + c->n_loss + 3], &p->gradient_norm) &&
	       read_number(field[BEFORE + c->n_loss + 4], &p->lr) &&
	       (after < AFTER || read_number(field[BEFORE + c->n_loss + 5], &p->churn));
}

static bool read_all(struct curves *c, char *text, const char *path, struct err *err)
{
	uint64_t number = 0;
	size_t after = AFTER;

	for (char *line = text, *end; *line; line = end) {
		struct curve_point p;

		end = line + strcspn(line, "\n");
		if (*end)
			*end++ = '\0';
		number++;
		if (number == 1 ? !read_names(c, line, &after) : !read_point(c, line, after, &p))
			return err_at(err, ERR_SYNTAX, path, number, "not a line of curves as whyrec writes them");
		if (number > 1 && !curves_add(c, &p, err))
			return false;
	}
	return number > 0 || err_at(err, ERR_SYNTAX, path, 0, "empty: curves begin with a line of names");
}

bool curves_read(struct curves *c, char *text, const char *path, struct err *err)
{
	curves_init(c);
	if (read_all(c, text, path, err))
		return true;
	curves_done(c);
	return false;
}

bool curves_open(struct curves *c, const char *path, struct err *err)
{
	char *text;
	size_t n;
	bool read;

	curves_init(c);
	if (!file_read_whole(path, FILE_MAX, &text, &n, err))
		return false;
	read = curves_read(c, text, path, err);
	mem_free(text);
	return read;
}
