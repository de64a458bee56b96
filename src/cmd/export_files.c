/* SPDX-License-Identifier: GPL-3.0-or-later */
/* export_files.c - see export_files.h. */
#include "cmd/export_files.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "eval/rank_lists.h"
#include "explain/item_map.h"

/* --- CSV -------------------------------------------------------------------------------------------------- */

bool csv_begin(struct csv_out *o, const char *path, const char *header, struct err *err)
{
	*o = (struct csv_out){ .first = true };
	if (!file_writer_begin(&o->w, path, 0666, err))
		return false;
	fprintf(o->w.f, "%s\n", header);
	return true;
}

static void next_field(struct csv_out *o)
{
	if (!o->first)
		putc(',', o->w.f);
	o->first = false;
}

/* Quoted where a reader could be misled: separators, quotes, line ends, and blanks at either end. */
void csv_text(struct csv_out *o, const char *text)
{
	size_t n = strlen(text);

	next_field(o);
	if (n && text[0] != ' ' && text[n - 1] != ' ' && !strpbrk(text, ",\"\r\n\t;|")) {
		fputs(text, o->w.f);
		return;
	}
	if (n == 0)
		return;
	putc('"', o->w.f);
	for (; *text; text++) {
		if (*text == '"')
			putc('"', o->w.f);
		putc(*text, o->w.f);
	}
	putc('"', o->w.f);
}

void csv_number(struct csv_out *o, double v)
{
	next_field(o);
	if (isfinite(v))
		fprintf(o->w.f, "%.9g", v);
}

void csv_integer(struct csv_out *o, int64_t v)
{
	next_field(o);
	fprintf(o->w.f, "%" PRId64, v);
}

void csv_empty(struct csv_out *o)
{
	next_field(o);
}

void csv_end_row(struct csv_out *o)
{
	putc('\n', o->w.f);
	o->first = true;
	o->rows++;
}

bool csv_commit(struct csv_out *o, struct err *err)
{
	return file_writer_commit(&o->w, err);
}

void csv_abandon(struct csv_out *o)
{
	file_writer_abandon(&o->w);
}

/* --- recommendations -------------------------------------------------------------------------------------- */

#define USERS_A_TURN 4096 /* lists held at a time */

struct asked {
	const struct snapshot *snapshot;
	const struct split *split;
	bool on_valid;
	uint32_t *user;
	size_t n;
	struct history_buf *buf; /* [slots] */
};

static bool next_query(void *ctx, size_t i, unsigned slot, struct query *out, struct err *err)
{
	struct asked *a = ctx;

	return history_query(a->snapshot, a->split, a->user[i], a->on_valid, &a->buf[slot], out, err);
}

static bool list_users(struct asked *a, struct err *err)
{
	const struct csr *wanted = a->on_valid ? &a->split->valid : &a->split->test;

	a->user = mem_alloc((size_t)wanted->rows + 1, sizeof(*a->user), err);
	if (!a->user)
		return false;
	for (uint32_t u = 0; u < wanted->rows; u++) {
		if (csr_row_n(wanted, u))
			a->user[a->n++] = u;
	}
	if (a->n)
		return true;
	return err_set(err, ERR_USAGE, "split %s has no %s events: nobody to recommend to", a->split->text,
		       a->on_valid ? "valid" : "test");
}

static void write_lists(struct csv_out *o, const struct asked *a, const struct ranked_lists *l)
{
	const struct dataset *d = a->split->data;

	for (size_t i = 0; i < l->n; i++) {
		for (uint32_t k = 0; k < l->count[i]; k++) {
			csv_text(o, dataset_true_user_id(d, a->user[i]));
			csv_integer(o, k + 1);
			csv_text(o, dataset_true_item_id(d, l->item[i * l->k + k]));
			csv_number(o, (double)l->score[i * l->k + k]);
			csv_end_row(o);
		}
	}
}

static bool write_all_lists(struct csv_out *o, struct asked *a, const struct rank_options *options,
			    const struct task *t, struct err *err)
{
	uint32_t *all = a->user;
	size_t n = a->n;
	bool good = true;

	for (size_t from = 0; good && from < n; from += USERS_A_TURN) {
		struct ranked_lists lists = { 0 };
		struct task silent = *t;

		silent.progress = NULL;
		a->user = all + from;
		a->n = n - from < USERS_A_TURN ? n - from : USERS_A_TURN;
		good = rank_lists(a->snapshot->model, a->split->data->n_items, next_query, a, a->n, options, &silent,
				  &lists, err);
		if (good)
			write_lists(o, a, &lists);
		ranked_lists_done(&lists);
		task_progress(t, from + a->n, n);
	}
	a->user = all;
	a->n = n;
	return good;
}

bool export_recommendations(const char *path, const struct snapshot *s, const struct split *split, bool on_valid,
			    uint32_t k, const struct task *t, uint64_t *rows, struct err *err)
{
	struct asked a = { .snapshot = s, .split = split, .on_valid = on_valid };
	struct rank_options o = { .k = k < split->data->n_items ? k : split->data->n_items };
	unsigned slots = task_slots(t);
	uint64_t *barred = NULL;
	uint32_t n_candidates;
	struct csv_out out;
	bool good = list_users(&a, err) && rank_barred(split, rank_all_items(split, s->model), &barred, &n_candidates, err);

	o.barred = barred;
	a.buf = mem_must(calloc(slots, sizeof(*a.buf)));
	good = good && csv_begin(&out, path, "user,rank,item,score", err);
	if (good) {
		good = write_all_lists(&out, &a, &o, t, err) && csv_commit(&out, err);
		*rows = out.rows;
		csv_abandon(&out);
	}
	for (unsigned i = 0; i < slots; i++)
		history_buf_done(&a.buf[i]);
	free(a.buf);
	mem_free(a.user);
	mem_free(barred);
	return good;
}

/* --- the split -------------------------------------------------------------------------------------------- */

#define ASK_EVERY 65536

static bool write_part(const char *folder, const char *name, const struct split *s, enum part part,
		       const struct task *t, uint64_t *rows, struct err *err)
{
	const struct dataset *d = s->data;
	char *path = file_join(folder, name);
	struct csv_out o;
	bool good = csv_begin(&o, path, "user,item,value,time", err);

	free(path);
	if (!good)
		return false;
	for (uint32_t u = 0; good && u < d->n_users; u++) {
		for (size_t e = d->user_ptr[u]; e < d->user_ptr[u + 1]; e++) {
			if (e % ASK_EVERY == 0 && !task_keep_going(t))
				good = task_cancelled(err);
			if (s->part[e] != part)
				continue;
			csv_text(&o, dataset_true_user_id(d, u));
			csv_text(&o, dataset_true_item_id(d, d->item[e]));
			if (d->value)
				csv_number(&o, (double)d->value[e]);
			else
				csv_empty(&o);
			if (d->time && d->time[e] != NO_TIME)
				csv_integer(&o, d->time[e]);
			else
				csv_empty(&o);
			csv_end_row(&o);
		}
	}
	good = good && csv_commit(&o, err);
	*rows += o.rows;
	csv_abandon(&o);
	return good;
}

static bool has_part(const struct split *s, enum part part)
{
	return memchr(s->part, part, s->data->n_events) != NULL;
}

bool export_split(const char *folder, const struct split *s, const struct task *t, uint64_t *rows, struct err *err)
{
	return file_make_folders(folder, 0777, err) &&
	       write_part(folder, "train.csv", s, PART_TRAIN, t, rows, err) &&
	       write_part(folder, "valid.csv", s, PART_VALID, t, rows, err) &&
	       write_part(folder, "test.csv", s, PART_TEST, t, rows, err) &&
	       (!has_part(s, PART_HISTORY) || write_part(folder, "history.csv", s, PART_HISTORY, t, rows, err));
}

bool export_rejected(const char *path, const struct dataset *d, uint64_t *rows, struct err *err)
{
	const struct load_report *rep = &d->report;
	struct csv_out o;
	bool good;

	if (!csv_begin(&o, path, "file,line,reason", err))
		return false;
	for (size_t i = 0; i < rep->n_rejects; i++) {
		csv_text(&o, rep->files[rep->rejects[i].file].name);
		csv_integer(&o, (int64_t)rep->rejects[i].line);
		csv_text(&o, rep->rejects[i].reason);
		csv_end_row(&o);
	}
	good = csv_commit(&o, err);
	*rows = o.rows;
	csv_abandon(&o);
	return good;
}

bool export_map(const char *path, const struct snapshot *s, const struct split *split, bool neighbours,
		const struct task *t, uint64_t *rows, struct err *err)
{
	struct item_map m;
	struct csv_out o;
	bool good;

	if (!item_map_make(s, split, neighbours ? MAP_NEIGHBOURS : MAP_PCA, &m, t, err))
		return false;
	good = csv_begin(&o, path, "item,x,y", err);
	for (size_t i = 0; good && i < m.n; i++) {
		csv_text(&o, dataset_true_item_id(split->data, m.item[i]));
		csv_number(&o, (double)m.xy[2 * i]);
		csv_number(&o, (double)m.xy[2 * i + 1]);
		csv_end_row(&o);
	}
	item_map_done(&m);
	if (!good)
		return false;
	good = csv_commit(&o, err);
	*rows = o.rows;
	csv_abandon(&o);
	return good;
}

bool export_curves(const char *path, const char *run, const struct curves *c, uint64_t *rows, struct err *err)
{
	struct str header = STR_INIT;
	struct csv_out o;
	bool good;

	str_puts(&header, "run,epoch");
	for (unsigned l = 0; l < c->n_loss; l++)
		str_printf(&header, ",%s", c->loss_name[l][0] ? c->loss_name[l] : "loss");
	str_printf(&header, ",%s,seconds,rate,churn@10", c->metric[0] ? c->metric : "valid");
	good = csv_begin(&o, path, header.s, err);
	str_done(&header);
	if (!good)
		return false;
	for (size_t i = 0; i < c->n; i++) {
		csv_text(&o, run);
		csv_integer(&o, c->point[i].epoch);
		for (unsigned l = 0; l < c->n_loss; l++)
			csv_number(&o, c->point[i].loss[l]);
		csv_number(&o, c->point[i].valid);
		csv_number(&o, c->point[i].seconds);
		csv_number(&o, c->point[i].rate);
		csv_number(&o, c->point[i].churn);
		csv_end_row(&o);
	}
	good = csv_commit(&o, err);
	*rows = o.rows;
	csv_abandon(&o);
	return good;
}

/* --- vectors ---------------------------------------------------------------------------------------------- */

/* NumPy's format 1.0: magic, version, length of the header, a Python dict padded to a multiple of 64. */
static void npy_header(FILE *f, uint32_t rows, size_t cols)
{
	char dict[128];
	size_t n, padded;
	const uint16_t one = 1;
	bool little = *(const unsigned char *)&one == 1;

	n = (size_t)snprintf(dict, sizeof(dict), "{'descr': '%cf4', 'fortran_order': False, 'shape': (%u, %zu), }",
			     little ? '<' : '>', rows, cols);
	padded = (10 + n + 1 + 63) / 64 * 64 - 10;
	fwrite("\x93NUMPY\x01\x00", 1, 8, f);
	putc((int)(padded & 0xff), f);
	putc((int)(padded >> 8), f);
	fputs(dict, f);
	for (; n + 1 < padded; n++)
		putc(' ', f);
	putc('\n', f);
}

static bool vectors_npy(const char *path, const float *v, uint32_t n, size_t D, size_t stride, struct err *err)
{
	struct file_writer w;
	bool good;

	if (!file_writer_begin(&w, path, 0666, err))
		return false;
	npy_header(w.f, n, D);
	for (uint32_t i = 0; i < n; i++)
		fwrite(v + (size_t)i * stride, sizeof(*v), D, w.f);
	good = file_writer_commit(&w, err);
	file_writer_abandon(&w);
	return good;
}

static bool vectors_csv(const char *path, const struct dataset *d, const float *v, size_t D, size_t stride,
			struct err *err)
{
	struct str header = STR_INIT;
	struct csv_out o;
	bool good;

	str_puts(&header, "item");
	for (size_t k = 0; k < D; k++)
		str_printf(&header, ",v%zu", k + 1);
	good = csv_begin(&o, path, header.s, err);
	str_done(&header);
	if (!good)
		return false;
	for (uint32_t i = 0; i < d->n_items; i++) {
		csv_text(&o, dataset_true_item_id(d, i));
		for (size_t k = 0; k < D; k++)
			csv_number(&o, (double)v[(size_t)i * stride + k]);
		csv_end_row(&o);
	}
	good = csv_commit(&o, err);
	csv_abandon(&o);
	return good;
}

static bool ends_in(const char *path, const char *end)
{
	size_t n = strlen(path), m = strlen(end);

	return n > m && !strcmp(path + n - m, end);
}

bool export_vectors(const char *path, const struct snapshot *s, const struct dataset *d, uint64_t *rows,
		    struct err *err)
{
	size_t D, stride;
	const float *v = s->ops->item_vectors ? s->ops->item_vectors(s->model, &D, &stride) : NULL;

	if (!v && s->precision != PRECISION_F32)
		return err_set(err, ERR_UNSUPPORTED, "%s is kept in %s: export model writes its tables so", s->run,
			       precision_name[s->precision]);
	if (!v)
		return err_set(err, ERR_UNSUPPORTED, "%s has no item vectors: a model such as ials or bpr has", s->run);
	*rows = d->n_items;
	return ends_in(path, ".npy") ? vectors_npy(path, v, d->n_items, D, stride, err)
				     : vectors_csv(path, d, v, D, stride, err);
}
