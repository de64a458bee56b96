#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Commands by -c, -f and standard input: order, exit statuses, where errors are told to be.
. "$top_srcdir/tests/tap.sh"
cd "$TMPDIR" || exit 1

whyrec() { "$WHYREC" "$@"; }

# data DIR - 20 users, 12 items, times; one id with a comma and a quote
data() {
	mkdir -p "$1"
	awk 'BEGIN {
		print "user,item,rating,timestamp"
		for (u = 0; u < 20; u++)
			for (k = 0; k < 6; k++)
				printf "u%d,i%d,%d,%d\n", u, (u * 5 + k * 7) % 12, 1 + (u + k) % 5, 1000000000 + u * 100 + k
		print "\"a, \"\"b\"\"\",i1,3,1000000001"
		print "\"a, \"\"b\"\"\",i2,3,1000000002"
		print "\"a, \"\"b\"\"\",i3,3,1000000003"
	}' >"$1/events.csv"
}
data d

out=$(whyrec -c 'load d' -c 'train ease' -c 'recommend u1 k=3' -c 'explain u1 i5')
is $? 0 "load, train, recommend, explain: exit status 0"
like "$out" '^d: 21 users, 12 items, 123 events' "load tells what came in"
like "$out" '^ease#[0-9]+: done' "train tells the run"
like "$out" '^ease#[0-9]+ recommends to u1:' "recommend names run and user"
like "$out" 'because of' "explain lists the parts"
is "$(printf '%s\n' "$out" | grep -cE '^ +[123]  ')" 3 "k=3 lists three"

is "$(whyrec d -c 'recommend '"'"'a, "b"'"'"' k=1' | sed -n '/recommends/p')" \
	'popularity#1 recommends to "a, \"b\"":' "an id with a comma and quotes, given and printed quoted"

out=$(whyrec -c help -c nosuch -c help 2>err)
is $? 1 "a command that fails: exit status 1"
is "$(printf '%s\n' "$out" | grep -c '^help COMMAND tells')" 1 "the rest is not run"
is "$(cat err)" "whyrec: no command is named nosuch: help lists them" "and one line says what is wrong"

printf '# a comment\n\nload d # data\n  recommend u1 k=1\nrecommned u1\n' >s.why
out=$(whyrec -f s.why 2>err)
is $? 1 "a script that fails: exit status 1"
is "$(cat err)" "whyrec: s.why:5: no command is named recommned: did you mean recommend?" "its line is told"
like "$out" '^popularity#1 recommends to u1' "what came before was done"
out=$(printf 'load d\nusers u1' | whyrec -f - 2>&1)
is $? 0 "standard input as a script, the last line without an end"
like "$out" '^u19' "its commands are run"
whyrec -f nosuch.why 2>err
is $? 1 "a script that is not there"
like "$(cat err)" 'nosuch.why' "is named"
printf 'help\0\n' >nul.why
whyrec -f nul.why >/dev/null 2>err
is $? 1 "a script with a NUL byte is refused"
whyrec -c 'set k 2' -f s.why -c help >out 2>/dev/null
is "$(grep -c '^k is 2' out)" 1 "-c and -f run in the order given"
mkdir -p "$XDG_CONFIG_HOME/whyrec"
printf '# mine\n  k 4\nnosuch 1\nseed x\n' >"$XDG_CONFIG_HOME/whyrec/settings"
is "$(whyrec d -c 'recommend u1' 2>err | grep -cE '^ +[0-9]+  i')" 4 "settings are read at the start"
is "$(grep -c 'settings:[34]: ' err)" 2 "and a line that is wrong is told with its number"
rm "$XDG_CONFIG_HOME/whyrec/settings"
whyrec -c quit -c nosuch
is $? 0 "quit ends a script"
whyrec d -c 'load d2' -c users 2>err >out
is $? 1 "a load that fails: exit status 1"
like "$(cat err)" '^whyrec: .*d2' "and names the path"

whyrec --nosuch 2>err
is $? 2 "a wrong call: exit status 2"
whyrec </dev/null >out 2>err
is $? 2 "no terminal and no command: exit status 2"
like "$(cat err)" 'terminal' "and says so"
is "$(whyrec --version)" "whyrec $(sed -n 's/^#define PACKAGE_VERSION "\(.*\)"/\1/p' "$top_builddir/config.h")" "--version"
whyrec --help | grep -q -- --readonly
is $? 0 "--help"

# In a split by time, all users of valid may be new: there is nothing to watch, and training goes on.
awk 'BEGIN { print "user,item,timestamp"
	for (u = 0; u < 30; u++) for (k = 0; k < 4; k++) print "t" u ",i" (u + 3 * k) % 8 "," 1000000 + u * 1000 + k }' >new.csv
out=$(whyrec new.csv -c 'split temporal' -c 'train ials dim=4 epochs=2' -c 'recommend t1 k=1' 2>&1)
is $? 0 "valid users without a history do not stop a training"
like "$out" '^ials#[0-9]+: done after 2 epochs' "and it runs all its epochs"

for wrong in 'recommend' 'recommend u1 u2' 'recommend nobody' 'recommend u1 k=0' 'recommend u1 kk=3' \
	'recommend u1 history=i1' 'recommend as=u1' 'recommend history=i1,,i2' 'recommend history=i1:x' \
	'recommend history=nosuch' 'recommend u1 run=nosuch#1' 'similar' 'similar nosuch' 'similar i1 by=text' \
	'explain u1' 'explain u1 nosuch' 'train' 'train nosuch' 'train ease lambda=x' 'train ease lambda=-1' \
	'train ease epochs=3' 'train ease metric=ndgc@10' 'train ease resume=nosuch#1' 'split nosuch' \
	'split ratio test=2' 'evaluate nosuch#1' 'evaluate k=0' 'evaluate on=train' 'evaluate negatives=/nosuch' \
	'compare metric=coverage@10' 'use nosuch#1' 'use' 'delete nosuch#1' 'delete popularity#1' 'pause 99' \
	'cancel x' 'export nosuch f.csv' 'export split' 'export vectors v.txt' 'export recommendations /nosuch/r.csv' \
	'export vectors v.npy' 'params' 'params nosuch' 'set k 0' 'set nosuch 1' 'set k' 'help nosuch' 'load' \
	'load nosuch' 'load d format=nosuch' 'load d max-bad=x' 'load d user=nosuch' 'user nobody' 'item nosuch' \
	"recommend 'u1" 'recommend "u\q"' 'k=3'; do
	out=$(whyrec d -c "$wrong" 2>&1 >/dev/null)
	if [ $? -eq 1 ] && [ "$(printf '%s\n' "$out" | wc -l)" -eq 1 ] && [ "${out#whyrec: }" != "$out" ]; then
		pass "refused in one line: $wrong"
	else
		fail "refused in one line: $wrong" "$out"
	fi
done
whyrec -c 'recommend u1' 2>err
is $? 1 "a question before any data"
like "$(cat err)" 'load PATH' "says what comes first"

whyrec d -c 'export recommendations r.csv k=2' >/dev/null
is "$(sed -n 1p r.csv)" "user,rank,item,score" "export recommendations has its header"
is "$(wc -l <r.csv)" 43 "and k rows for each of 21 users"
like "$(cat r.csv)" '^"a, ""b""",1,' "ids quoted as RFC 4180 says"
whyrec d -c 'export recommendations r.csv' 2>err
is $? 1 "export refuses to overwrite"
like "$(cat err)" 'force=yes' "and says how"
whyrec d -c 'export recommendations r.csv k=1 force=yes' >/dev/null
is "$(wc -l <r.csv)" 22 "force=yes replaces"
whyrec d -c 'split ratio' -c 'export split sp' -c 'train ials dim=4 epochs=2' -c 'export vectors v.npy' \
	-c 'export vectors v.csv' -c 'export curves c.csv' -c evaluate -c 'export metrics m.csv' -c 'export rejected j.csv' >/dev/null
is $? 0 "every kind of export"
is "$(cat sp/train.csv sp/valid.csv sp/test.csv | grep -vc '^user,item,value,time$')" 123 "a split's files hold every event"
is "$(od -An -c -N6 v.npy | tr -d ' ')" '223NUMPY' ".npy starts as NumPy says"
is "$(wc -l <v.csv)" 13 "v.csv has a row an item"
is "$(sed -n 1p c.csv | cut -d, -f1,2)" 'run,epoch' "curves have their header"
like "$(cat m.csv)" '^ials#[0-9]+,ndcg@10,0' "metrics are exported"

whyrec d -c 'train ials dim=4 epochs=2' -c 'export map map.csv' -c 'export map near.csv layout=neighbours' >/dev/null
is $? 0 "a map of item vectors, by components and by neighbours"
is "$(sed -n 1p map.csv)" "item,x,y" "has its header"
is "$(cut -d, -f1 map.csv | sort | tr '\n' ' ')" "$(cut -d, -f1 near.csv | sort | tr '\n' ' ')" "and the same items"
is "$(wc -l <map.csv)" 13 "a row an item"
for n in 1 3; do
	whyrec --threads $n d -c 'train ials dim=4 epochs=2' -c "export map by$n.csv layout=neighbours" >/dev/null
done
is "$(cmp by1.csv by3.csv 2>&1)" "" "the same with one thread as with three"
like "$(awk -F, 'NR > 1 { x += $2; y += $3 } END { print (x * x + y * y < 1e-8) }' map.csv)" 1 "around nothing"
whyrec d -c 'train ease' -c 'export map no.csv' 2>err >/dev/null
is $? 1 "a run without item vectors"
like "$(cat err)" 'has no item vectors' "says so"

# A file system that is full, by the limit on a file's size (blocks of 512 or 1024 bytes).
(ulimit -f 1; whyrec d -c 'export recommendations full.csv') >/dev/null 2>err
is $? 1 "a full disk while exporting: exit status 1"
like "$(cat err)" 'full.csv: cannot be written: File too large' "and the reason"
is "$(ls full.csv* .full.csv* 2>/dev/null)" "" "and nothing half-written is left"
whyrec --home fh d -c 'train ease' >/dev/null
before=$(cat fh/runs/ease#1/*)
(ulimit -f 8; whyrec --home fh d -c 'train ials dim=64 epochs=1') >/dev/null 2>err
is $? 1 "a full disk while keeping a run: exit status 1"
like "$(cat err)" 'cannot be written: File too large' "and the reason"
is "$(cat fh/runs/ease#1/*)" "$before" "earlier runs stay as they were"
printf '{"format": 1, "na' >fh/runs/ease#1/run.json
out=$(whyrec --home fh -c runs 2>&1)
is $? 0 "a damaged run does not stop the others from being listed"
like "$out" '^whyrec: warning: the run ease#1 is damaged and left alone' "and is told in one line"
like "$out" '^ials#1' "beside the others"

if [ -e /dev/full ]; then
	whyrec d -c users >/dev/full 2>err
	is $? 1 "a full device: exit status 1"
	like "$(cat err)" 'standard output' "is told"
else
	skip "a full device" "there is no /dev/full"
fi

done_testing
