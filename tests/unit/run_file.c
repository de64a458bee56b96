/* SPDX-License-Identifier: GPL-3.0-or-later */
/* run_file.c - a run in one file: every model of the registry comes back to the same bits, in every precision, and
 * what was tampered with is refused or at least harmless.
 */
#include "train/run_file.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "model/weights.h"
#include "model_fixture.h"
#include "num/linalg.h"

enum { U = 24, I = 20, PER_USER = 10 };

static struct fixture f;
static char path[] = "run_file-XXXXXX";

static struct run_record record_of(const struct snapshot *s, const struct params *p)
{
	struct run_record r;
	struct err err;
	struct curve_point point = { .epoch = 1, .n_loss = 1, .loss = { 0.5 }, .valid = 0.1, .churn = NAN };

	run_record_init(&r);
	snprintf(r.name, sizeof(r.name), "%s", s->run);
	snprintf(r.model, sizeof(r.model), "%s", s->ops->name);
	snprintf(r.data_name, sizeof(r.data_name), "fixture");
	snprintf(r.split_text, sizeof(r.split_text), "leave-last");
	snprintf(r.stopped, sizeof(r.stopped), "running");
	snprintf(r.metric, sizeof(r.metric), "ndcg@10");
	r.params = params_to_json(p);
	r.metrics = json_pack("{s:f,s:n}", "ndcg@10", 0.25, "recall@10");
	r.tuning = json_pack("{s:s}", "method", "random");
	r.data_fingerprint = f.data->fingerprint;
	r.split_fingerprint = f.split->fingerprint;
	r.seed = 42;
	r.epochs = 3;
	snprintf(r.curves.loss_name[0], sizeof(r.curves.loss_name[0]), "loss");
	r.curves.n_loss = 1;
	curves_add(&r.curves, &point, &err);
	return r;
}

/* Small enough that every file of them is quick to read. */
static struct params small(const struct model_ops *ops)
{
	static const char *const sizes[][2] = { { "dim", "8" }, { "neighbours", "5" }, { "layers", "16,8" }, { "max-len", "5" } };
	struct params p;

	params_init(&p, ops->params);
	for (size_t k = 0; k < sizeof(sizes) / sizeof(*sizes); k++)
		if (param_find(ops->params, sizes[k][0]) >= 0)
			fixture_set(&p, sizes[k][0], sizes[k][1]);
	fixture_name_runs(&p);
	return p;
}

/* A new file each time, not by file_write_whole() or weights_commit(), so that nothing waits for the disk. */
static void write_bytes(const void *head, size_t n_head, const void *data, size_t n)
{
	FILE *file = mem_must((unlink(path), fopen(path, "wb")));

	fwrite(head, 1, n_head, file);
	fwrite(data, 1, n, file);
	fclose(file);
}

static void write_run(const struct snapshot *s, const struct run_record *r)
{
	struct err err;
	struct weights_writer *w = weights_writer_new(&err);
	uint8_t *bytes = NULL;
	size_t cap = 0, n;

	fixture_must(w && run_file_fill(w, s, r, f.data, &err) && weights_pack(w, &bytes, &cap, &n, &err), &err);
	write_bytes(bytes, n, "", 0);
	mem_free(bytes);
	weights_writer_free(w);
}

static struct snapshot *read_run(struct run_record *r, struct err *err)
{
	return run_file_load(path, r, f.split, fixture_run, &f, &task_null, err);
}

/* By vector and from history, every user, one item by content, one text: what a read model has to stand. */
static float *scores_of(const struct snapshot *s)
{
	float *out = calloc((size_t)2 * U * I, sizeof(*out));
	struct scratch scratch = { 0 };
	struct content content = { 0 };
	struct err err;

	for (uint32_t u = 0; u < 2 * U; u++) {
		struct query q = fixture_query(&f, u % U);

		q.user = u < U ? u : NO_USER;
		model_score_all(s->model, &q, &scratch, out + (size_t)u * I, I, &err);
		if (s->ops->content && u % U == 3)
			s->ops->content(s->model, &q, u % I, &scratch, &content, &err);
	}
	content_done(&content);
	scratch_done(&scratch);
	return out;
}

static bool same_run(const struct run_record *a, const struct run_record *b, const struct snapshot *s)
{
	return !strcmp(a->name, b->name) && !strcmp(a->model, b->model) && json_equal(a->params, b->params) && b->readable &&
	       a->seed == b->seed && a->epochs == b->epochs && b->best_epoch == s->epoch && b->precision == s->precision &&
	       b->bytes == s->ops->held(s->model) && b->curves.n == 1 && b->curves.point[0].valid == 0.1 && !b->tuning &&
	       !strcmp(b->stopped, "cancelled") &&
	       (s->precision == PRECISION_F32 ? json_equal(a->metrics, b->metrics) : !b->metrics);
}

static void test_back(const struct snapshot *s, const struct run_record *r)
{
	struct run_record back;
	struct err err;
	struct snapshot *got;
	float *want = scores_of(s), *have;

	write_run(s, r);
	got = read_run(&back, &err);
	have = got ? scores_of(got) : NULL;
	ok(have && !memcmp(want, have, sizeof(float) * 2 * U * I), "%s in %s: the same bits%s", r->model,
	   precision_name[s->precision], got ? "" : err.msg);
	ok(got && same_run(r, &back, s), "%s in %s: and what is told of it", r->model, precision_name[s->precision]);
	free(want);
	free(have);
	snapshot_unref(got);
	run_record_done(&back);
}

/* --- Tampered with --------------------------------------------------------------------------------- */

struct file {
	json_t *head;
	uint8_t *data; /* of the tensors */
	size_t n;
};

static struct file take_apart(void)
{
	struct file x = { 0 };
	struct err err;
	char *bytes;
	uint64_t length;
	size_t n;

	fixture_must(file_read_whole(path, 1 << 24, &bytes, &n, &err), &err);
	memcpy(&length, bytes, sizeof(length));
	x.head = json_loadb(bytes + sizeof(length), length, 0, NULL);
	x.n = n - sizeof(length) - length;
	x.data = mem_must(malloc(x.n + 1));
	memcpy(x.data, bytes + sizeof(length) + length, x.n);
	mem_free(bytes);
	return x;
}

static void put_together(const struct file *x)
{
	char *text = json_dumps(x->head, JSON_COMPACT), *head;
	uint64_t length = (strlen(text) + 7) / 8 * 8;

	head = mem_must(malloc(sizeof(length) + length + 1));
	memcpy(head, &length, sizeof(length));
	snprintf(head + sizeof(length), length + 1, "%-*s", (int)length, text);
	write_bytes(head, sizeof(length) + length, x->data, x->n);
	free(text);
	free(head);
}

static void file_done(struct file *x)
{
	json_decref(x->head);
	free(x->data);
}

/* Refused, with a reason and the file's name; or taken up, and then its scores are all numbers. */
static bool refused(const char *what)
{
	struct run_record r;
	struct err err = { .code = ERR_OK };
	struct snapshot *s = read_run(&r, &err);
	float *score = s ? scores_of(s) : NULL;
	bool told = s || (err.code != ERR_OK && err.msg[0] && !strcmp(err.file, path));

	if (!told)
		ok(false, "%s: told without reason or file: %s", what, err.msg);
	for (uint32_t k = 0; s && k < I; k++) /* the first user is always asked */
		if (!isfinite(score[k])) {
			ok(false, "%s: taken up, with scores that are no numbers", what);
			break;
		}
	free(score);
	run_record_done(&r);
	snapshot_unref(s);
	return !s;
}

static json_t *ends_of(json_t *tensor, size_t *from, size_t *to)
{
	json_t *ends = json_object_get(tensor, "data_offsets");

	*from = (size_t)json_integer_value(json_array_get(ends, 0));
	*to = (size_t)json_integer_value(json_array_get(ends, 1));
	return ends;
}

/* What is there for other readers, or was not there in earlier files. */
static bool may_be_gone(const char *name)
{
	return !strcmp(name, "words") || !strcmp(name, "run_digest");
}

/* One tensor: gone, of another shape, another type, another place. */
static size_t tamper_shape(struct file *x, const char *name)
{
	json_t *whole = json_deep_copy(json_object_get(x->head, name));
	size_t let = 0, from, to;

	for (int k = 0; k < 6; k++) {
		json_t *t = json_deep_copy(whole), *shape = json_object_get(t, "shape"), *ends = ends_of(t, &from, &to);
		json_int_t rows = json_integer_value(json_array_get(shape, 0));

		if (k == 1)
			json_array_set_new(shape, 0, json_integer(rows + 1));
		else if (k == 2)
			json_array_set_new(shape, 0, json_integer(INT64_C(1) << 40));
		else if (k == 3)
			json_object_set_new(t, "dtype", json_string(strcmp(json_string_value(json_object_get(t, "dtype")), "U8") ?
								     "U8" : "I8"));
		else if (k == 4)
			json_array_set_new(ends, 1, json_integer((json_int_t)(x->n + 8)));
		else if (k == 5)
			json_array_set_new(ends, 0, json_integer(-8));
		if (k == 0)
			json_object_del(x->head, name);
		else
			json_object_set(x->head, name, t);
		json_decref(t);
		put_together(x);
		let += !refused(name) && !((k == 0 || k == 3) && may_be_gone(name));
		json_object_set(x->head, name, whole);
	}
	json_decref(whole);
	return let;
}

/* Its numbers: all bits set (NaN, the largest index, -1), the largest finite ones, the lowest of int8. */
static size_t tamper_numbers(struct file *x, const char *name)
{
	static const uint8_t fill[] = { 0xff, 0x7e, 0x80, 0x00 };
	json_t *tensor = json_object_get(x->head, name);
	bool floats = !strcmp(json_string_value(json_object_get(tensor, "dtype")), "F32");
	size_t let = 0, from, to;
	uint8_t *was;

	ends_of(tensor, &from, &to);
	was = mem_must(malloc(to - from + 1));
	memcpy(was, x->data + from, to - from);
	for (size_t k = 0; k < sizeof(fill); k++) {
		memset(x->data + from, fill[k], to - from);
		put_together(x);
		let += !refused(name) && k == 0 && floats && to > from;
	}
	memcpy(x->data + from, was, to - from);
	free(was);
	return let;
}

/* Some bytes of it, header or tensors: refused, or harmless.  FUZZ_RUNS in the environment asks for another number. */
static void test_bytes(const struct snapshot *s, const struct run_record *r)
{
	const char *asked = getenv("FUZZ_RUNS");
	struct rng rng = rng_stream(1, "tampered", r->seed, s->precision);
	unsigned long runs = asked ? strtoul(asked, NULL, 10) : 12;
	struct err err;
	char *bytes;
	size_t n;

	write_run(s, r);
	fixture_must(file_read_whole(path, 1 << 24, &bytes, &n, &err), &err);
	for (unsigned long k = 0; k < runs; k++) {
		char *turned = mem_must(malloc(n));

		memcpy(turned, bytes, n);
		for (uint32_t m = 1 + rng_below(&rng, 3); m; m--)
			turned[rng_below(&rng, (uint32_t)n)] ^= (char)(1 + rng_below(&rng, 255));
		write_bytes(turned, n, "", 0);
		refused("some bytes");
		free(turned);
	}
	mem_free(bytes);
}

static void test_tampered(const struct snapshot *s, const struct run_record *r)
{
	const char *name;
	json_t *value, *tensors;
	size_t let = 0, nan = 0;
	struct file x;

	write_run(s, r);
	x = take_apart();
	tensors = json_copy(x.head);
	json_object_foreach(tensors, name, value) {
		if (!strcmp(name, "__metadata__"))
			continue;
		let += tamper_shape(&x, name);
		nan += tamper_numbers(&x, name);
	}
	ok(let == 0, "%s in %s: a tensor gone, or of another shape, type or place, is refused: %zu were not", r->model,
	   precision_name[s->precision], let);
	ok(nan == 0, "%s in %s: so is one of NaN", r->model, precision_name[s->precision]);
	json_decref(tensors);
	file_done(&x);
	test_bytes(s, r);
}

static void test_cuts(const struct snapshot *s, const struct run_record *r)
{
	struct err err;
	char *bytes;
	size_t n, let = 0;

	write_run(s, r);
	fixture_must(file_read_whole(path, 1 << 24, &bytes, &n, &err), &err);
	for (size_t cut = 0; cut < n; cut += 1 + cut / 16) {
		write_bytes(bytes, cut, "", 0);
		let += !refused("a cut file");
	}
	ok(let == 0, "a file cut anywhere is refused");
	mem_free(bytes);
}

/* text NULL: the note is gone. */
static bool note_refused(struct file *x, const char *key, const char *text, const char *reason)
{
	json_t *notes = json_object_get(x->head, "__metadata__"), *was = json_deep_copy(notes);
	struct run_record r;
	struct err err = { .code = ERR_OK };
	struct snapshot *s;
	bool good;

	if (text)
		json_object_set_new(notes, key, json_string(text));
	else
		json_object_del(notes, key);
	put_together(x);
	s = read_run(&r, &err);
	good = !s && strstr(err.msg, reason) && !strcmp(err.file, path);
	if (!good)
		printf("# %s: %s\n", key, s ? "was taken" : err.msg);
	snapshot_unref(s);
	run_record_done(&r);
	json_object_set_new(x->head, "__metadata__", was);
	return good;
}

/* The note of the record with one field set. */
static bool record_refused(struct file *x, const char *key, json_t *take, const char *reason)
{
	json_t *notes = json_object_get(x->head, "__metadata__");
	json_t *record = json_loads(json_string_value(json_object_get(notes, "record")), 0, NULL);
	char *text;
	bool good;

	json_object_set_new(record, key, take);
	text = json_dumps(record, JSON_COMPACT);
	good = note_refused(x, "record", text, reason);
	if (!good)
		printf("# its %s\n", key);
	json_decref(record);
	free(text);
	return good;
}

static void test_notes(const struct snapshot *s, const struct run_record *r)
{
	struct run_record told;
	struct err err;
	char *large = mem_must(malloc((1 << 20) + 1));
	struct file x;

	write_run(s, r);
	x = take_apart();
	ok(run_file_record(path, &told, &err) && !strcmp(told.name, r->name) && told.curves.n == 1, "the record alone can be read");
	run_record_done(&told);
	ok(record_refused(&x, "model", json_string("ease"), "holds the weights of"), "another model is told");
	ok(record_refused(&x, "model", json_string("nothing"), "no model"), "and one that nobody knows");
	ok(record_refused(&x, "params", json_pack("{s:i}", "dim", 100000000), "dim"), "parameters out of range are told");
	ok(record_refused(&x, "params", json_pack("{s:i}", "dim", 9), "fit"), "and those of other shapes");
	ok(record_refused(&x, "precision", json_string("int8"), "in f32"), "a precision that is not its own");
	ok(record_refused(&x, "metrics", json_pack("{s:s}", "ndcg@10", "x"), "metrics"), "metrics that are no numbers");
	ok(record_refused(&x, "readable", json_false(), "weights"), "a run without weights");
	ok(record_refused(&x, "format", json_integer(99), "later"), "one of a later whyrec");
	ok(record_refused(&x, "data_fingerprint", json_string("0000000000000001"), "events"), "other events are told as such");
	ok(note_refused(&x, "record", NULL, "export"), "no record: what can be imported is said");
	ok(note_refused(&x, "record", "{", "record"), "a record that is no JSON");
	ok(note_refused(&x, "curves", "1,2,3", "curves"), "curves that are none");
	memset(large, 'x', 1 << 20);
	large[1 << 20] = '\0';
	ok(note_refused(&x, "curves", large, "header"), "a header without end");
	free(large);
	file_done(&x);
}

/* Texts that changed under the same events matter to a model that reads them. */
static void test_content(void)
{
	const struct model_ops *ops;
	struct params p;
	struct err err;
	struct snapshot *s, *got;
	struct run_record r, back;

	ops = model_find("towers", &err);
	p = small(ops);
	s = snapshot_new(fixture_fit(&f, ops, &p, 1, &task_null, &err), "towers#1", 1, f.split, false, false, &err);
	r = record_of(s, &p);
	write_run(s, &r);
	f.data->content++;
	got = read_run(&back, &err);
	ok(!got && strstr(err.msg, "said of the items"), "other texts are told: %s", err.msg);
	f.data->content--;
	run_record_done(&back);
	run_record_done(&r);
	snapshot_unref(s);
}

static void test_model(const struct model_ops *ops)
{
	struct params p = small(ops);
	struct err err;
	struct model *m = fixture_fit(&f, ops, &p, ops->caps & MODEL_ITERATIVE ? 2 : 1, &task_null, &err);
	struct snapshot *s = m ? snapshot_new(m, "x#7", 2, f.split, false, false, &err) : NULL;
	struct run_record r;

	fixture_must(s != NULL, &err);
	r = record_of(s, &p);
	for (enum precision to = PRECISION_F32; to <= PRECISION_INT8; to++) {
		struct snapshot *packed = model_packs(ops, to, &err) ? snapshot_pack(s, to, &err) : NULL;

		if (!packed)
			continue;
		test_back(packed, &r);
		test_tampered(packed, &r);
		snapshot_unref(packed);
	}
	if (!strcmp(ops->name, "ials")) {
		test_cuts(s, &r);
		test_notes(s, &r);
	}
	run_record_done(&r);
	snapshot_unref(s);
}

int main(void)
{
	int fd = mkstemp(path);

	close(fd);
	linalg_init();
	fixture_make(&f, U, I, PER_USER, false);
	for (size_t k = 0; model_registry[k]; k++)
		test_model(model_registry[k]);
	test_content();
	fixture_done(&f);
	unlink(path);
	return done_testing();
}
