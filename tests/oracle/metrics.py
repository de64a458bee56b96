# SPDX-License-Identifier: GPL-3.0-or-later
"""Recomputes every metric that `evaluate` prints from the files that `export split` and
`export recommendations` write, knowing nothing else of the program: definitions as in
whyrec-models(7), written down once more.  Speaks TAP.  Plain Python, so that it runs anywhere.
"""
import csv
import json
import math
import os
import shutil
import subprocess
import tempfile
from collections import Counter, defaultdict

WHYREC = os.environ["WHYREC"]
DATA = os.environ.get("WHYREC_DATA", "")
SAMPLE = os.path.join(os.environ["top_srcdir"], "data", "films")
KS = (1, 5, 10, 20)
TOLERANCE = 1e-6

count = failed = 0
CAPS = {}  # what each model can, as `models` tells


def ok(passed, name, why=""):
    global count, failed
    count += 1
    failed += not passed
    print(f"{'ok' if passed else 'not ok'} {count} - {name}", flush=True)
    if not passed and why:
        print("# " + why.replace("\n", "\n# "), flush=True)


def skip(name, why):
    global count
    count += 1
    print(f"ok {count} - {name} # SKIP {why}", flush=True)


def whyrec(home, *commands):
    """One JSON object a command, by the command's name; a list of evaluations in order."""
    words = [WHYREC, "--home", home, "--json"]
    for c in commands:
        words += ["-c", c]
    run = subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    answers = [json.loads(line) for line in run.stdout.splitlines()]
    if run.returncode != 0:
        raise RuntimeError(f"exit {run.returncode}: {run.stderr.strip()} {answers[-1:]}")
    return answers


def read(path):
    with open(path, newline="", encoding="utf-8") as f:
        return list(csv.DictReader(f))


class Split:
    def __init__(self, folder):
        self.train = read(os.path.join(folder, "train.csv"))
        self.valid = read(os.path.join(folder, "valid.csv"))
        self.test = read(os.path.join(folder, "test.csv"))
        rest = os.path.join(folder, "history.csv")
        self.rest = read(rest) if os.path.exists(rest) else []
        self.events = Counter(row["item"] for row in self.train)
        self.columns = defaultdict(set)
        for row in self.train:
            self.columns[row["item"]].add(row["user"])

    def ask(self, on_valid):
        """(history, targets) of the users that count."""
        history, targets = defaultdict(set), defaultdict(set)
        for row in self.train + self.rest + ([] if on_valid else self.valid):
            history[row["user"]].add(row["item"])
        for row in self.valid if on_valid else self.test:
            targets[row["user"]].add(row["item"])
        wanted = {}
        for user, items in targets.items():
            left = items - history[user]
            if history[user] and left:
                wanted[user] = left
        return history, wanted


def discount(rank, dialect):
    if dialect == "lenskit":
        return 1 / max(1, math.log2(rank))
    return 1 / math.log2(rank + 1)


def metrics_of_list(items, wanted, k, dialect):
    hits = [r for r, item in enumerate(items[:k], 1) if item in wanted]
    best = min(k, len(wanted))
    return {
        "recall": len(hits) / (len(wanted) if dialect == "recbole" else best),
        "precision": len(hits) / k,
        "hit": float(bool(hits)),
        "ndcg": sum(discount(r, dialect) for r in hits) / sum(discount(r, dialect) for r in range(1, best + 1)),
        "map": sum(n / r for n, r in enumerate(hits, 1)) / best,
        "mrr": 1 / hits[0] if hits else 0.0,
    }


def mean(values):
    return sum(values) / len(values) if values else None


def gini(counts):
    n, total = len(counts), sum(counts)
    return sum((2 * i - n - 1) * c for i, c in enumerate(sorted(counts), 1)) / total / n


def recompute(split, lists, wanted, dialect):
    out = {}
    all_events = len(split.train)
    cosines = {}

    def distance(a, b):
        pair = (a, b) if a < b else (b, a)
        if pair not in cosines:
            x, y = split.columns[a], split.columns[b]
            cosines[pair] = 1 - len(x & y) / math.sqrt(len(x) * len(y))
        return cosines[pair]

    for k in KS:
        per_user = defaultdict(list)
        shown = Counter()
        for user, targets in wanted.items():
            items = lists.get(user, [])[:k]
            shown.update(items)
            for name, value in metrics_of_list(items, targets, k, dialect).items():
                per_user[name].append(value)
            if items:
                per_user["novelty"].append(mean([-math.log2(split.events[i] / all_events) for i in items]))
            if len(items) > 1:
                pairs = [distance(a, b) for n, a in enumerate(items) for b in items[:n]]
                per_user["diversity"].append(mean(pairs))
        for name in ("recall", "precision", "hit", "ndcg", "map", "mrr", "novelty", "diversity"):
            out[f"{name}@{k}"] = mean(per_user[name])
        out[f"coverage@{k}"] = len(shown) / len(split.events)
        out[f"gini@{k}"] = gini([shown[i] for i in split.events])
    return out


def read_lists(path):
    """user -> items, best first; complains about what no list may be."""
    lists, last, wrong = defaultdict(list), {}, []
    for row in read(path):
        user, score = row["user"], float(row["score"])
        lists[user].append(row["item"])
        if int(row["rank"]) != len(lists[user]):
            wrong.append(f"{user}: rank {row['rank']} in place {len(lists[user])}")
        if user in last and score > last[user]:
            wrong.append(f"{user}: score {score} after {last[user]}")
        last[user] = score
    for user, items in lists.items():
        if len(set(items)) != len(items):
            wrong.append(f"{user}: an item twice")
    return lists, wrong


def compare(want, got):
    wrong = [f"{m}: recomputed {want[m]}, printed {got.get(m)}" for m in want
             if (want[m] is None) != (got.get(m) is None) or
             (want[m] is not None and abs(want[m] - got[m]) > TOLERANCE)]
    wrong += [f"{m}: printed, not recomputed" for m in got if m not in want]
    return "\n".join(wrong)


def check_run(name, split, recs, evaluated, on_valid):
    history, wanted = split.ask(on_valid)
    lists, wrong = read_lists(recs)
    for user, items in lists.items():
        wrong += [f"{user}: {i} is history" for i in items if i in history[user]]
        wrong += [f"{user}: {i} was never trained on" for i in items if i not in split.events]
    if not set(wanted) <= set(lists):
        wrong.append("users without a list: " + ", ".join(sorted(set(wanted) - set(lists))[:5]))
    ok(not wrong and bool(lists), f"{name}: lists are lists", "\n".join(wrong[:5]))
    for dialect, result in evaluated.items():
        why = compare(recompute(split, lists, wanted, dialect), result["metrics"])
        ok(not why and result["users"] == len(wanted),
           f"{name}, {dialect}: {len(result['metrics'])} metrics over {len(wanted)} users to {TOLERANCE:g}",
           why or f"users {result['users']}, recomputed {len(wanted)}")


def quote(path):
    return "'" + path + "'"


def check(name, path, kind, models, on="test", dialects=("recbole",)):
    scratch = tempfile.mkdtemp()
    k = ",".join(map(str, KS))
    commands = [f"load {quote(path)}", f"split {kind}", f"export split {quote(scratch + '/split')}"]
    for m in models:
        more = " epochs=2" if "iterative" in CAPS[m] else " runs=ease-run,item-knn-run" if "of-runs" in CAPS[m] else ""
        commands.append(f"train {m}{more} name={m}-run")
        commands += [f"evaluate {m}-run on={on} k={k} dialect={d}" for d in dialects]
        commands += [f"use {m}-run",
                     f"export recommendations {quote(scratch + '/' + m + '.csv')} k={max(KS)} on={on}"]
    try:
        answers = whyrec(os.path.join(scratch, "home"), *commands)
        evaluations = iter([a for a in answers if a.get("command") == "evaluate"])
        split = Split(os.path.join(scratch, "split"))
        told = next(a for a in answers if a.get("command") == "split")
        sizes = [len(split.train), len(split.valid), len(split.test)]
        ok(sizes == [told["train"], told["valid"], told["test"]], f"{name}, {kind}: the split's sizes",
           f"files {sizes}, told {told}")
        for m in models:
            evaluated = {d: next(evaluations)["results"][0] for d in dialects}
            check_run(f"{name}, {kind}, {m}, on={on}", split, os.path.join(scratch, m + ".csv"), evaluated,
                      on == "valid")
    except Exception as problem:  # one broken run must not hide the others
        ok(False, f"{name}, {kind}, on={on}: runs", repr(problem))
    shutil.rmtree(scratch)


def main():
    home = tempfile.mkdtemp()
    CAPS.update((row["name"], row["caps"]) for row in whyrec(home, "models")[0]["rows"])
    models = list(CAPS)
    shutil.rmtree(home)
    check("films", SAMPLE, "leave-last", models, dialects=("recbole", "lenskit", "vae"))
    check("films", SAMPLE, "ratio", ["popularity", "ease"], dialects=("recbole", "lenskit", "vae"))
    check("films", SAMPLE, "users", ["popularity", "item-knn", "bpr"])
    check("films", SAMPLE, "temporal", ["item-knn"], on="valid")
    for name in ("ml-100k", "ml-latest-small.zip"):
        path = os.path.join(DATA, name)
        if DATA and os.path.exists(path):
            check(name, path, "leave-last", models)
            check(name, path, "random", ["popularity", "ease"])
        else:
            skip(name, f"not in {DATA or 'WHYREC_DATA'}")
    print(f"1..{count}")
    raise SystemExit(failed > 0)


main()
