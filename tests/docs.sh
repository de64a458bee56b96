#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# docs.sh DOCS_TABLES PAGE - prints a manual page with its generated parts made anew.
set -eu
tables=$1
page=$2
part=

while IFS= read -r line; do
	case $line in
	'.\" BEGIN GENERATED '*)
		part=${line##* }
		printf '%s\n' "$line"
		"$tables" "$part"
		;;
	'.\" END GENERATED '*)
		part=
		printf '%s\n' "$line"
		;;
	*)	[ -n "$part" ] || printf '%s\n' "$line" ;;
	esac
done <"$page"
