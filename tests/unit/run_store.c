/* SPDX-License-Identifier: GPL-3.0-or-later */
/* run_store.c - runs kept: records there and back, names, numbers, locks, damage, two stores on one home. */
#include "train/run_store.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "model_fixture.h"

static char home[] = "/tmp/whyrec-store-XXXXXX";

static struct run_record make_record(const char *name)
{
	struct run_record r;
	struct err err;
	struct curve_point p = { .epoch = 1, .n_loss = 1, .loss = { 0.1 }, .valid = 1.0 / 3, .seconds = 0.5, .rate = 7,
				 .gradient_norm = NAN, .lr = 0.01 };

	run_record_init(&r);
	snprintf(r.name, sizeof(r.name), "%s", name);
	snprintf(r.model, sizeof(r.model), "ease");
	snprintf(r.data_name, sizeof(r.data_name), "d \"quoted\" \xe7\x88\xb1");
	snprintf(r.split_text, sizeof(r.split_text), "ratio order=time");
	snprintf(r.stopped, sizeof(r.stopped), "early");
	snprintf(r.metric, sizeof(r.metric), "ndcg@10");
	r.params = json_pack("{s:f}", "lambda", 5.0);
	r.data_fingerprint = 0xfedcba9876543210u;
	r.split_fingerprint = 1;
	r.seed = 42;
	r.values = r.readable = true;
	r.epochs_asked = 9;
	r.epochs = 7;
	r.best_epoch = 5;
	r.best_metric = 0.25;
	r.seconds = 1.5;
	r.bytes = 123456789012;
	r.made = 1700000000;
	snprintf(r.curves.metric, sizeof(r.curves.metric), "ndcg@10");
	snprintf(r.curves.loss_name[0], sizeof(r.curves.loss_name[0]), "loss");
	r.curves.n_loss = 1;
	curves_add(&r.curves, &p, &err);
	return r;
}

static void test_record(void)
{
	struct run_record r = make_record("ease#1"), back, copy;
	json_t *j = run_record_to_json(&r);
	const char *key;
	json_t *value;
	void *next;
	struct err err;
	int refused = 0, fields = 0;

	ok(run_record_from_json(&back, j, &err) && !strcmp(back.name, "ease#1") && !strcmp(back.data_name, r.data_name) &&
	   back.data_fingerprint == r.data_fingerprint && back.bytes == r.bytes && back.best_metric == 0.25 &&
	   back.values && !back.refit && json_equal(back.params, r.params) && !back.metrics,
	   "a record comes back from its JSON");
	run_record_done(&back);
	ok(run_record_copy(&copy, &r, &err) && copy.params != r.params && copy.curves.point != r.curves.point &&
	   copy.curves.point[0].valid == r.curves.point[0].valid, "a copy shares nothing");
	run_record_done(&copy);
	json_object_foreach_safe(j, next, key, value) {
		json_t *bad = json_deep_copy(j);

		if (!strcmp(key, "metrics")) {
			json_decref(bad);
			continue;
		}
		fields++;
		json_object_set_new(bad, key, json_array());
		refused += !run_record_from_json(&back, bad, &err) && err.code == ERR_SYNTAX && strstr(err.msg, key);
		run_record_done(&back);
		json_object_del(bad, key);
		if (!strcmp(key, "precision")) /* of a run that was kept before there was a choice */
			refused += run_record_from_json(&back, bad, &err) && back.precision == PRECISION_F32;
		else
			refused += !run_record_from_json(&back, bad, &err) && err.code == ERR_SYNTAX &&
				   strstr(err.msg, key);
		run_record_done(&back);
		json_decref(bad);
	}
	ok(fields == 25 && refused == 2 * fields, "each field, missing or of another kind, is told by name");
	json_object_set_new(j, "format", json_integer(99));
	ok(!run_record_from_json(&back, j, &err) && err.code == ERR_UNSUPPORTED, "a later format is refused");
	run_record_done(&back);
	json_decref(j);
	run_record_done(&r);
}

static bool take(struct run_store *s, const char *model, const char *wanted, bool replace, char name[64])
{
	struct err err;

	return run_store_take_name(s, model, wanted, replace, name, &err);
}

static void save(struct run_store *s, const char *name, const char *stopped)
{
	struct run_record r = make_record(name);
	struct err err;

	snprintf(r.stopped, sizeof(r.stopped), "%s", stopped);
	if (!run_store_save(s, &r, &err))
		printf("# %s\n", err.msg);
	run_record_done(&r);
}

static void test_names(struct run_store *s, struct run_store *other)
{
	static const char *const bad[] = { "", ".", "..", ".x", "a/b", "/a", "a\nb", "\xff",
		"0123456789012345678901234567890123456789012345678901234567890123" };
	char name[64];
	struct err err;
	int refused = 0;

	ok(take(s, "ease", NULL, false, name) && !strcmp(name, "ease#1"), "the first number");
	ok(take(other, "ease", NULL, false, name) && !strcmp(name, "ease#2"), "another store goes on counting");
	ok(take(s, "popularity", NULL, false, name) && !strcmp(name, "popularity#2"), "popularity counts from 2");
	save(other, "ease#2", "done");
	run_store_release(other, "ease#2");
	ok(run_store_delete(s, "ease#2", &err), "a run is deleted");
	ok(take(s, "ease", NULL, false, name) && !strcmp(name, "ease#3"), "its number is not given out again");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		refused += !take(s, "ease", bad[i], false, name);
	ok(refused == sizeof(bad) / sizeof(*bad), "names that are no folder's are refused");
	ok(take(s, "ease", "mine", false, name) && !strcmp(name, "mine"), "a wanted name");
	ok(!run_store_take_name(other, "ease", "mine", false, name, &err) && err.code == ERR_EXISTS,
	   "is refused when it is there");
	ok(!run_store_take_name(other, "ease", "mine", true, name, &err) && strstr(err.msg, "in training"),
	   "and is not replaced while it is in training");
	ok(!run_store_delete(other, "mine", &err), "nor deleted");
	save(s, "mine", "done");
	run_store_release(s, "mine");
	ok(take(other, "ease", "mine", true, name), "then it is replaced");
	run_store_release(other, "mine");
	run_store_release(s, "popularity#2");
	run_store_release(s, "ease#1");
	run_store_release(s, "ease#3");
}

static const struct run_record *find(const struct run_record *r, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(r[i].name, name))
			return &r[i];
	return NULL;
}

static void write_text(const char *run, const char *file, const char *text)
{
	char path[256];
	struct err err;

	snprintf(path, sizeof(path), "%s/runs/%s", home, run);
	mkdir(path, 0777);
	snprintf(path, sizeof(path), "%s/runs/%s/%s", home, run, file);
	file_write_whole(path, text, strlen(text), 0666, &err);
}

static void test_list(struct run_store *s, struct run_store *other)
{
	struct run_record *r;
	char **damaged, name[64];
	size_t n, n_damaged;
	struct err err;
	bool words = true;

	save(s, "ease#1", "done");
	take(s, "ease", "busy", false, name);
	save(s, "busy", "running");
	take(s, "ease", "killed", false, name);
	save(s, "killed", "running");
	run_store_release(s, "killed"); /* as the kernel does when a process dies */
	write_text("cut", "run.json", "{\"format\": 1,");
	write_text("empty", "run.json", "");
	write_text("moved", "run.json", "{}");
	ok(run_store_list(other, &r, &n, &damaged, &n_damaged, &err), "list");
	ok(find(r, n, "ease#1") && find(r, n, "ease#1")->curves.n == 1 && find(r, n, "ease#1")->curves.point[0].valid == 1.0 / 3,
	   "a run with its curves");
	ok(find(r, n, "busy") && !strcmp(find(r, n, "busy")->stopped, "running"), "one in training elsewhere");
	ok(find(r, n, "killed") && !strcmp(find(r, n, "killed")->stopped, "cancelled"), "one that was killed");
	for (size_t i = 0; i < n_damaged; i++) {
		words &= strstr(damaged[i], "damaged") != NULL;
		free(damaged[i]);
	}
	/* cut, empty, moved; ease#3, mine and popularity#2, which never said what they are. */
	ok(n_damaged == 6 && words, "damaged ones are told, one line each");
	for (size_t i = 0; i < n; i++)
		run_record_done(&r[i]);
	mem_free(r);
	free(damaged);
	run_store_release(s, "busy");
}

static void test_weights(struct run_store *s)
{
	struct fixture f;
	struct err err;
	struct params params;
	struct run_record r = make_record("ease#1");
	const struct model_ops *ops = model_find("ease", &err);
	struct snapshot *snap;
	const struct snapshot *back;
	struct model *m;
	char path[256];

	fixture_make(&f, 40, 32, 12, false);
	params_init(&params, ops->params);
	m = fixture_fit(&f, ops, &params, 1, &task_null, &err);
	snap = m ? snapshot_new(m, "ease#1", 1, f.split, false, false, &err) : NULL;
	if (!ok(snap != NULL, "a model to keep"))
		return;
	json_decref(r.params);
	r.params = params_to_json(&params);
	r.data_fingerprint = f.data->fingerprint;
	r.split_fingerprint = f.split->fingerprint;
	r.values = false;
	r.best_epoch = 1;
	ok(run_store_save_weights(s, "ease#1", snap, &err) && run_store_save(s, &r, &err), "weights are saved");
	back = run_store_load(s, &r, f.data, f.split, NULL, NULL, &err);
	ok(back && !strcmp(back->run, "ease#1") && back->ops->held(back->model) == snap->ops->held(snap->model),
	   "and loaded");
	snapshot_unref(back);
	r.data_fingerprint++;
	ok(!run_store_load(s, &r, f.data, f.split, NULL, NULL, &err) && strstr(err.msg, "trained on"), "not for other data");
	r.data_fingerprint--;
	snprintf(path, sizeof(path), "%s/runs/ease#1/weights.safetensors", home);
	ok(truncate(path, 100) == 0 && !run_store_load(s, &r, f.data, f.split, NULL, NULL, &err), "nor cut off");
	printf("# %s\n", err.msg);
	unlink(path);
	ok(!run_store_load(s, &r, f.data, f.split, NULL, NULL, &err) && strstr(err.file, "weights.safetensors"), "nor gone");
	snapshot_unref(snap);
	run_record_done(&r);
	fixture_done(&f);
}

/* Taken in all at once: under a name of its own, or not at all. */
static void test_add(struct run_store *s)
{
	struct fixture f;
	struct err err = { .code = ERR_OK };
	struct run_record r = make_record("elsewhere"), *list;
	struct snapshot *snap;
	char path[256], **damaged;
	size_t n, n_damaged, before = 0, listed = 0;
	bool done = false, clean = true;

	fixture_make(&f, 40, 32, 12, false);
	snap = fixture_snapshot(&f, model_find("ease", &err), 1);
	snprintf(path, sizeof(path), "%s/runs/taken", home);
	for (unsigned k = 1; k < 200 && !done; k++) {
		mem_fail_at(k);
		done = run_store_add(s, &r, snap, "taken", false, &err);
		mem_fail_at(0);
		before += !done;
		clean = clean && (done || (err.code == ERR_NOMEM && !file_exists(path)));
	}
	ok(done && clean && before > 0, "out of memory at %zu places: no run of it is left", before);
	ok(!strcmp(r.name, "taken") && !strcmp(snap->run, "taken"), "record and snapshot have its name");
	ok(!run_store_add(s, &r, snap, "taken", false, &err) && err.code == ERR_EXISTS && file_exists(path),
	   "a name that is taken is refused, and stays");
	ok(run_store_add(s, &r, snap, "taken", true, &err) && run_store_lock(s, "taken", &err), "unless it is replaced; nobody holds it");
	run_store_release(s, "taken");
	ok(run_store_add(s, &r, snap, NULL, false, &err) && !strncmp(r.name, "ease#", 5), "without a name it gets the next number");
	fixture_must(run_store_list(s, &list, &n, &damaged, &n_damaged, &err), &err);
	for (size_t i = 0; i < n; i++) {
		listed += !strcmp(list[i].name, "taken") || !strcmp(list[i].name, r.name);
		run_record_done(&list[i]);
	}
	ok(listed == 2, "and they are listed");
	for (size_t i = 0; i < n_damaged; i++)
		free(damaged[i]);
	mem_free(list);
	free(damaged);
	snapshot_unref(snap);
	run_record_done(&r);
	fixture_done(&f);
}

static void test_readonly(void)
{
	struct err err;
	struct run_store *s = run_store_open(home, true, &err), *none;
	struct run_record r = make_record("ease#1"), *list;
	char name[64], **damaged;
	size_t n, n_damaged;

	ok(s && !run_store_take_name(s, "ease", NULL, false, name, &err) && !run_store_save(s, &r, &err) &&
	   !run_store_delete(s, "ease#1", &err) && strstr(err.msg, "readonly"), "a read-only store changes nothing");
	run_store_free(s);
	none = run_store_open("/nonexistent/home", true, &err);
	ok(none && run_store_list(none, &list, &n, &damaged, &n_damaged, &err) && n == 0 && n_damaged == 0,
	   "and may be of a home that is not there");
	mem_free(list);
	free(damaged);
	run_store_free(none);
	none = run_store_open("/proc/no", false, &err);
	ok(!none && strstr(err.file, "/proc/no"), "a home that cannot be made is told");
	run_record_done(&r);
}

int main(void)
{
	struct err err;
	struct run_store *s, *other;

	test_record();
	if (!mkdtemp(home))
		return 1;
	s = run_store_open(home, false, &err);
	other = run_store_open(home, false, &err);
	test_names(s, other);
	test_list(s, other);
	test_weights(s);
	test_add(s);
	test_readonly();
	run_store_free(s);
	run_store_free(other);
	ok(file_remove_tree(home, &err), "nothing is left open or locked");
	return done_testing();
}
