#!/bin/bash
# SPDX-License-Identifier: MIT
# Traffic through chains of every length: hops.sh [HOPS[/FAMILY]...] (1 2 3 4 5 8), each with IPv4
# and with IPv6 outside, unless it is said with which, and both inside: ping, TCP and UDP both ways,
# many streams, a file over HTTP, and every host's counters conserved at the end. MANY=1: more
# streams, in the family that is outside too.
#
# One chain alone: hops.sh one HOPS FAMILY
here=$(dirname "$0")
. "$here/../lib.sh"
. "$here/chain.sh"

MB=${MB:-2}	# per TCP stream test

iperf() { on client iperf3 -c "$@" >"$LIB_TMP/iperf" 2>&1 || { tail -n 5 "$LIB_TMP/iperf"; return 1; }; }

# traffic ADDRESS MANY: all of one server address; prints what failed.
traffic() {
	local a=$1 url=$1
	[ "${a/:/}" = "$a" ] || url="[$a]"
	on client ping -c 3 -i 0.2 -w 20 "$a" >"$LIB_TMP/ping" || { echo "ping"; cat "$LIB_TMP/ping"; return 1; }
	on client ping -c 2 -i 0.2 -w 20 -s 1400 "$a" >"$LIB_TMP/ping" || { echo "ping of 1400 bytes (two cells)"; return 1; }
	iperf "$a" -n "${MB}M" || { echo "TCP up"; return 1; }
	iperf "$a" -R -n "${MB}M" || { echo "TCP down"; return 1; }
	iperf "$a" -P 16 -n "$((MB * 64))K" || { echo "16 TCP streams"; return 1; }
	[ "$2" = 0 ] || many "$a" || return 1
	iperf "$a" -u -b 2M -n 512K -l 900 || { echo "UDP up"; return 1; }
	iperf "$a" -u -R -b 2M -n 512K -l 900 || { echo "UDP down"; return 1; }
	on client curl -sS --max-time 120 -o "$LIB_TMP/got" "http://$url:8000/file" &&
		cmp "$LIB_TMP/web/file" "$LIB_TMP/got" || { echo "HTTP"; return 1; }
}

# More streams than processors, TCP and UDP, both ways.
many() {
	iperf "$1" -R -P 16 -n "$((MB * 64))K" || { echo "16 TCP streams down"; return 1; }
	iperf "$1" -P 48 -n "$((MB * 32))K" || { echo "48 TCP streams up"; return 1; }
	iperf "$1" -u -P 16 -b 256K -n 64K -l 900 || { echo "16 UDP streams up"; return 1; }
	iperf "$1" -u -R -P 16 -b 256K -n 64K -l 900 || { echo "16 UDP streams down"; return 1; }
}

one() {
	local many4=0 many6=0 f
	[ "${MANY:-0}" = 0 ] || { [ "$2" = 4 ] && many4=1 || many6=1; }
	chain "$1" "$2" || { echo "chain $1 $2"; return 1; }
	mkdir "$LIB_TMP/web" && head -c "${MB}M" /dev/urandom >"$LIB_TMP/web/file"
	bg on server busybox httpd -f -p "[::]:8000" -h "$LIB_TMP/web"
	bg on server iperf3 -s
	busywait 20000 listening server tcp 8000 && busywait 20000 listening server tcp 5201 ||
		{ echo "servers"; return 1; }
	for f in "4 $SERVER4 $many4" "6 $SERVER6 $many6"; do
		# shellcheck disable=SC2086
		set -- $f
		# why, last: of long outputs the end is shown
		traffic "$2" "$3" >"$LIB_TMP/why" || { chain_drops; echo "IPv$1 inside:"; cat "$LIB_TMP/why"; return 1; }
	done
	chain_conserved
}

if [ "${1:-}" = one ]; then
	one "$2" "$3"
	exit
fi
ktap_start
need relayctl jq curl busybox iperf3 ping
[ $# -gt 0 ] || set -- 1 2 3 4 5 8
for arg; do
	hops=${arg%/*}
	for family in 4 6; do
		[ "$arg" = "$hops" ] || [ "$family" = "${arg#*/}" ] || continue
		ktap_test "$hops hops, IPv$family outside, IPv4 and IPv6 inside" "$0" one "$hops" "$family"
	done
done
ktap_finish
