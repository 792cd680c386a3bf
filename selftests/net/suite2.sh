#!/bin/bash
# SPDX-License-Identifier: MIT
# Cipher suite 2. Where the kernel offers it: chains all of suite 2 and with a suite per hop, a
# damaged cell, circuits deleted under traffic. Where it does not: every way in is refused in words,
# and the doctor says why.
#
# One chain alone: suite2.sh one SUITE...; with XDP=native or generic relays but the exit forward by XDP.
# What it costs: suite2.sh cost, in a machine whose clock counts instructions (selftests/vm/run --icount): the
# round trip of a packet that fills a large cell, over three hops: two cells, each sealed three
# times and opened three times. Fails when suite 2 is the slower one.
here=$(dirname "$0")
. "$here/../lib.sh"
. "$here/chain.sh"

MB=${MB:-2}

suites() { on client relayctl -j ns | jq -r '.namespace.suites | join(" ")'; }

fetch() {
	on client curl -sS --max-time 120 -o "$LIB_TMP/got" "http://$1:8000/file" &&
		cmp "$LIB_TMP/web/file" "$LIB_TMP/got"
}

# What every host shows of its layers must be what was asked for.
shown() {
	local i got
	got=$(on client relayctl -j circuit | jq -r '.circuits[0].suites | join(" ")')
	[ "$got" = "$*" ] || { echo "the client shows '$got'"; return 1; }
	for i in $(seq $#); do
		got=$(on "r$i" relayctl -j show | jq -r '.circuits[0].suite')
		[ "$got" = "${!i}" ] || { echo "r$i shows '$got'"; return 1; }
	done
}

one() {
	local s args=()
	for s; do
		args+=(suite "$s")
	done
	chain $# 4 "${args[@]}" || { echo "chain"; return 1; }
	[ -z "${XDP:-}" ] || chain_xdp mode "$XDP" || { echo "XDP"; return 1; }
	shown "$@" || return 1
	on client ping -c 3 -i 0.2 -w 20 "$SERVER4" >"$LIB_TMP/ping" || { cat "$LIB_TMP/ping"; return 1; }
	on client ping -c 2 -i 0.2 -w 20 -s 1400 "$SERVER6" >"$LIB_TMP/ping" || { cat "$LIB_TMP/ping"; return 1; }
	mkdir "$LIB_TMP/web" && head -c "${MB}M" /dev/urandom >"$LIB_TMP/web/file"
	bg on server busybox httpd -f -p "[::]:8000" -h "$LIB_TMP/web"
	busywait 20000 listening server tcp 8000 || { echo "server"; return 1; }
	fetch "$SERVER4" && fetch "[$SERVER6]" || { chain_drops; return 1; }
	chain_conserved || return 1
	[ -z "${XDP:-}" ] || chain_by_xdp || return 1
	# Keys of suite 2 go with their circuits, in process context, while cells still come.
	bg on client ping -f -w 20 "$SERVER4"
	on r1 relayctl circuit del 1 && on client relayctl circuit del 1 && relayctl unload &&
		! grep -q '^cellrelay ' /proc/modules
}

# The keys of one hop are not those of its neighbour's suite: nothing authentic arrives.
wrong_suite() {
	chain_hosts 2 && chain_keys "$LIB_TMP/keys" suite chacha suite aesgcm || return 1
	sed -i 's/suite aesgcm/suite chacha/' "$LIB_TMP/keys/node2.batch"
	chain_load "$LIB_TMP/keys" && chain_devices || return 1
	! on client ping -c 2 -i 0.2 -W 2 "$SERVER4" >/dev/null &&
		busywait 5000 eval '[ "$(stat_of r2 drops.auth.cells)" -ge 2 ]' && chain_conserved
}

refused() {
	local status
	"$@" 2>"$LIB_TMP/err"
	status=$?
	[ $status = 4 ] && grep -q 'synchronous SIMD driver of gcm(aes)' "$LIB_TMP/err" ||
		{ echo "status $status"; cat "$LIB_TMP/err"; return 1; }
}

delivered() { [ "$(stat_of r3 delivered.cells)" = "$1" ]; }

# The module opens what another implementation, libsodium, has sealed, at every position and size.
foreign() {
	local i circ size=256 n=0
	chain_hosts 3 && chain_keys "$LIB_TMP/keys" suite aesgcm || return 1
	for i in 1 2 3; do
		on "r$i" relayctl -b "$LIB_TMP/keys/node$i.batch" || return 1
	done
	circ=$(sed -n 's/.* next-tx \([0-9]*\).*/\1/p' "$LIB_TMP/keys/node0.batch")
	for size in 256 1408; do
		n=$((n + 1))
		on client cellforge --suite 2 --size $size --keys "$LIB_TMP/keys/node0.keys" --idx "$LIB_TMP/keys/node1.idx" \
			--circ "$circ" --ctr "$((1000 + n)),$((281474976000000 + n)),$n" --type 3 "$(addr4 r1 client)" "$CHAIN_PORT" &&
			busywait 5000 delivered $n || { chain_drops; return 1; }
	done
}

not_offered() {
	chain_hosts 1 && chain_keys "$LIB_TMP/keys" suite aesgcm || return 1
	refused on r1 relayctl -b "$LIB_TMP/keys/node1.batch" && refused on client relayctl -b "$LIB_TMP/keys/node0.batch"
}

doctor_says() {
	on client relayctl -j doctor >"$LIB_TMP/doctor"
	jq -e --arg v "$1" '.doctor[] | select(.check == "suite2" and .verdict == $v)' "$LIB_TMP/doctor"
}

# Instructions of a round trip, the mean of 300.
round_trip() {
	chain 3 4 suite "$1" >&2 && on client ping -f -c 50 -s 1200 "$SERVER4" >/dev/null || return 1
	on client ping -f -c 300 -s 1200 "$SERVER4" | awk -F/ '/^rtt/ { printf "%d\n", $5 * 1e6 }'
}

cheaper() {
	local one two
	one=$("$0" trip chacha) && two=$("$0" trip aesgcm) || return 1
	echo "$one instructions per round trip with suite 1, $two with suite 2: $(((one - two) / 12)) less per layer of a large cell" >&2
	[ "$one" -gt 0 ] && [ "$two" -gt 0 ] && [ "$two" -lt "$one" ]
}

if [ "${1:-}" = trip ]; then
	round_trip "$2"
	exit
fi
if [ "${1:-}" = one ]; then
	shift
	one "$@"
	exit
fi
if [ "${1:-}" = foreign ]; then
	foreign
	exit
fi
if [ "${1:-}" = wrong ]; then
	wrong_suite
	exit
fi
if [ "${1:-}" = off ]; then
	not_offered
	exit
fi
ktap_start
need relayctl jq curl busybox ping cellforge
modprobe cellrelay && setup_ns client || { ktap_fail "the module"; ktap_finish; }
case "${1:-} $(suites) " in
"cost "*" aesgcm "*)
	ktap_test "suite 2 costs less than suite 1" cheaper && sed 's/^/# /' "$LIB_TMP/out"
	;;
*" aesgcm "*)
	ktap_test "doctor: suite 2 is offered" doctor_says ok
	ktap_test "three hops of suite 2" "$0" one aesgcm aesgcm aesgcm
	modprobe cellrelay
	ktap_test "the same, middle relays by XDP" env XDP=native "$0" one aesgcm aesgcm aesgcm
	modprobe cellrelay
	ktap_test "a suite for each hop" "$0" one chacha aesgcm chacha aesgcm
	modprobe cellrelay
	ktap_test "one hop of suite 2" "$0" one aesgcm
	modprobe cellrelay
	ktap_test "cells that libsodium sealed are opened" "$0" foreign
	ktap_test "another suite than the client's: not authentic" "$0" wrong
	;;
*)
	ktap_test "suite 2 is refused in words" "$0" off
	ktap_test "doctor says why it is off" doctor_says skip
	;;
esac
ktap_finish
