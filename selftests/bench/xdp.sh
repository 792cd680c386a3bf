#!/bin/bash
# SPDX-License-Identifier: MIT
# What a middle hop costs in instructions by XDP and by the module's socket, IPv4 and IPv6, both
# directions and sizes, with real UDP checksums, against cipher + bare redirect. Runs in a VM whose clock counts
# instructions (selftests/vm/run --icount); needs crfloor.ko beside cellrelay.ko.
# Appends one line of JSON per figure to the file given, or to standard output.
# shellcheck disable=SC2034  # lib.sh and rig.sh read them
here=$(dirname "$0")
. "$here/../lib.sh"
. "$here/../xdp/rig.sh"
. "$here/wire.sh"
. "$here/suites.sh"
BUILD=$(readlink -f "$here/../../build")
BENCH=$BUILD/xdp-tests/xdpbench
OUT=${1:-/dev/stdout}
# layers that the second hop opens and seals: cell less header, and 23 bytes of filler
LAYERS=(1361 209)

# cipher SUITE
cipher() {
	local i d n
	modprobe -q libchacha20poly1305 # the module itself does without
	insmod "$BUILD/modules/$(uname -r)/crfloor.ko" len="${LAYERS[0]},${LAYERS[1]}" suite="$1" || return 1
	for d in open seal; do
		i=0
		for n in $(tr , ' ' </sys/module/crfloor/parameters/$d | cut -d' ' -f1,2); do
			jq -nc --arg d "$([ $d = open ] && echo forward || echo back)" --arg s "$([ $i = 0 ] && echo large || echo small)" \
				--argjson n "$n" --argjson len "${LAYERS[i]}" --argjson suite "$1" \
				'{name: "cipher", direction: $d, size: $s, suite: $suite, instr_per_cell: ($n / 1000), instr_per_byte: ($n / 1000 / $len)}'
			i=$((i + 1))
		done
	done
	rmmod crfloor
}

# relay NAME FAMILY SUITE: a rig; what xdpbench wants to know of it goes to $RELAY
relay() {
	rig "$1" "$2" "$2" suite "${SUITE_NAMES[$3]}" || return 1
	RELAY=("$RIG_DIR" "$RIG_NODE" node2.idx "$(rig_place "${1}b" "$2")" "$(rig_place "${1}a" "$2")")
}

# hop FAMILY SUITE
hop() {
	local n=x$1$2
	relay "$n" "$1" "$2" && on "${n}r" "$BENCH" xdp "${RELAY[@]}" "$(ns_name "${n}b")" "$(ns_name "${n}a")"
}

# The same by the socket; neighbours drop what they receive. Every cell must have left.
socket_hop() {
	local n=s$1$2 h
	relay "$n" "$1" "$2" || return 1
	for h in "${n}b" "${n}a"; do
		on "$h" tc qdisc add dev "to-${n}r" clsact && on "$h" tc filter add dev "to-${n}r" ingress matchall action drop || return 1
	done
	on "${n}r" "$BENCH" socket "${RELAY[@]}" || return 1
	on "${n}r" relayctl -j stats | jq -e '.. | objects | select(has("originated")) | .in.cells == .out.cells and .out.cells > 16000' >/dev/null ||
		{ on "${n}r" relayctl stats >&2; return 1; }
}

modprobe cellrelay && relayctl load || exit 1
if [ -n "${PROFILE:-}" ]; then # a folder: names of addresses, for profile/; IPv4 only
	echo 1 >/proc/sys/net/core/bpf_jit_kallsyms
	XDPBENCH_SYMBOLS=$PROFILE/kallsyms hop 4 1 >"$OUT"
	exit
fi
for s in $(suites); do
	cipher "$s" && hop 4 "$s" && hop 6 "$s" && socket_hop 4 "$s" && socket_hop 6 "$s" || exit 1
done >"$LIB_TMP/rows" || exit 1
cat "$LIB_TMP/rows" >>"$OUT"
