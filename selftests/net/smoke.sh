#!/bin/bash
# SPDX-License-Identifier: MIT
# The smoke test of a kernel: three hops, IPv4 and IPv6 inside, ping and a file over HTTP, and
# every counter conserved.
here=$(dirname "$0")
. "$here/../lib.sh"
. "$here/chain.sh"

FILE_MB=${FILE_MB:-8}

fetch() {
	on client curl -sS --max-time 120 -o "$LIB_TMP/got" "http://$1:8000/file" &&
		cmp "$LIB_TMP/web/file" "$LIB_TMP/got"
}

serving() { on server curl -sf -o /dev/null --max-time 2 -r 0-0 "http://$1:8000/file"; }

ktap_start
need relayctl jq curl busybox
ktap_test "three relays come up" chain 3 || ktap_finish
ktap_test "IPv4 ping through three hops" on client ping -c 3 -i 0.2 -w 10 "$SERVER4"
ktap_test "IPv6 ping through three hops" on client ping -c 3 -i 0.2 -w 10 "$SERVER6"
mkdir "$LIB_TMP/web" && head -c "${FILE_MB}M" /dev/urandom >"$LIB_TMP/web/file"
bg on server busybox httpd -f -p "[::]:8000" -h "$LIB_TMP/web"
busywait 20000 serving "[$SERVER6]"
ktap_test "a file of $FILE_MB MiB over IPv4 arrives whole" fetch "$SERVER4"
ktap_test "a file of $FILE_MB MiB over IPv6 arrives whole" fetch "[$SERVER6]"
ktap_test "every host's counters are conserved" chain_conserved
ktap_finish
