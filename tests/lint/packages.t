#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# packages.t - configure and bootstrap call a library's package by the same names.

. "$top_srcdir/tests/tap.sh"

# Debian|Fedora|Arch|Homebrew, one library a line, as configure complains of it.
complained=$(sed -n 's/^WHYREC_NEED(\[[^]]*\], \[[^]]*\], \[\([^]]*\)\], \[\([^]]*\)\], \[\([^]]*\)\], \[\([^]]*\)\])$/\1|\2|\3|\4/p' \
	"$top_srcdir/configure.ac" |
	sed 's/|\([^|]*\) (user repository)|/|AUR:\1|/; s/(part of the system)/-/')
installed=$(sed -n 's/^build [^|]*|//p' "$top_srcdir/bootstrap")

is "$(echo "$complained" | wc -l)" "$(grep -c '^WHYREC_NEED(' "$top_srcdir/configure.ac")" \
	"every complaint of configure is read"

echo "$complained" >"$TMPDIR/complained"
while read -r line; do
	ok "bootstrap installs $line" grep -qxF -e "$line" <<END
$installed
END
done <"$TMPDIR/complained"

out=$(cd "$top_srcdir" && ./bootstrap 2>&1)
is "$?" 2 "bootstrap without a command is a wrong call"
like "$out" '^usage: ' "and is told how to call it"
(cd "$top_srcdir" && ./bootstrap check --most >/dev/null 2>&1)
is "$?" 2 "so is an unknown option"

done_testing
