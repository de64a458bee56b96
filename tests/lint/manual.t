#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# manual.t - the manual's tables are the program's own, and its pages format without a complaint.

. "$top_srcdir/tests/tap.sh"
tables=$top_builddir/tests/docs_tables

for page in "$top_srcdir"/man/*.[1-9]; do
	name=${page##*/}
	sh "$top_srcdir/tests/docs.sh" "$tables" "$page" >"$TMPDIR/$name"
	is "$(diff "$page" "$TMPDIR/$name" | head -n 20)" "" "$name is up to date (make update-docs)"
	if command -v groff >/dev/null 2>&1; then
		is "$(groff -ww -z -k -man -Tutf8 "$page" 2>&1)" "" "$name formats without a warning"
	else
		skip "$name formats without a warning" "groff is not installed"
	fi
done

# A check that cannot fail is none: a page with a line too many is told.
sed 's/^\.\\" END GENERATED settings/.TP\n&/' "$top_srcdir/man/whyrec.1" >"$TMPDIR/bad.1"
sh "$top_srcdir/tests/docs.sh" "$tables" "$TMPDIR/bad.1" >"$TMPDIR/good.1"
ok "a stale table is told" sh -c "! cmp -s '$TMPDIR/bad.1' '$TMPDIR/good.1'"
done_testing
