#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Makes from cellrelay.yaml: the uapi header, the module's policy tables, the
# reference page and the table that drives the netlink tests.
#
# usage: gen.sh [--check]	--check compares with what is in the tree and changes nothing

set -eu
export LC_ALL=C

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
check=0
case "${1-}" in
--check) check=1 ;;
'') ;;
*) echo "usage: $0 [--check]" >&2; exit 2 ;;
esac

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
status=0

awk -f "$here/yaml.awk" "$here/cellrelay.yaml" > "$tmp/flat"

# put FILE GENERATOR [AWK OPTIONS]: generate one file, relative to the top
put()
{
	file=$1
	gen=$2
	shift 2
	awk "$@" -f "$here/model.awk" -f "$here/$gen" "$tmp/flat" > "$tmp/out"
	if [ "$check" = 0 ]; then
		cmp -s "$tmp/out" "$top/$file" || cp "$tmp/out" "$top/$file"
	elif ! diff -u "$top/$file" "$tmp/out" > "$tmp/diff" 2>&1; then
		echo "$file is not what gen.sh makes of cellrelay.yaml; run kmod/netlink/gen.sh:" >&2
		head -n 20 "$tmp/diff" >&2
		status=1
	fi
}

put kmod/uapi/linux/cellrelay.h uapi.awk
put kmod/netlink/policy.gen.h policy.awk -v part=h
put kmod/netlink/policy.gen.c policy.awk -v part=c
put docs/netlink.md doc.awk
put selftests/netlink/table.gen.h table.awk
exit $status
