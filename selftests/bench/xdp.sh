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
BUILD=$here/../../build
OUT=${1:-/dev/stdout}
# layers that the second hop opens and seals: cell less header, and 23 bytes of filler
LAYERS=(1361 209)

cipher() {
	local i
	modprobe -q libchacha20poly1305 # the module itself does without
	insmod "$BUILD/modules/$(uname -r)/crfloor.ko" len="${LAYERS[0]},${LAYERS[1]}" || return 1
	for d in open seal; do
		i=0
		for n in $(tr , ' ' </sys/module/crfloor/parameters/$d | cut -d' ' -f1,2); do
			jq -nc --arg d "$([ $d = open ] && echo forward || echo back)" --arg s "$([ $i = 0 ] && echo large || echo small)" \
				--argjson n "$n" --argjson len "${LAYERS[i]}" \
				'{name: "cipher", direction: $d, size: $s, suite: 1, instr_per_cell: ($n / 1000), instr_per_byte: ($n / 1000 / $len)}'
			i=$((i + 1))
		done
	done
	rmmod crfloor
}

hop() {
	local f=$1 n=b$1 b a
	b=${n}b a=${n}a
	rig "$n" "$f" "$f" || return 1
	on "${n}r" "$BUILD/xdp-tests/xdpbench" "$RIG_DIR" $RIG_NODE node2.idx "$(rig_place "$b" "$f")" "$(rig_place "$a" "$f")" \
		"$(ns_name "$b")" "$(ns_name "$a")"
}

# The same by the socket; neighbours drop what they receive. Every cell must have left.
socket_hop() {
	local f=$1 n=s$1 b a h sent
	b=${n}b a=${n}a
	rig "$n" "$f" "$f" || return 1
	for h in "$b" "$a"; do
		on "$h" tc qdisc add dev "to-${n}r" clsact && on "$h" tc filter add dev "to-${n}r" ingress matchall action drop || return 1
	done
	on "${n}r" "$BUILD/xdp-tests/xdpbench" "$RIG_DIR" $RIG_NODE node2.idx "$(rig_place "$b" "$f")" "$(rig_place "$a" "$f")" || return 1
	sent=$(on "${n}r" relayctl -j stats | jq -r '.. | objects | select(has("originated")) | .in.cells == .out.cells and .out.cells > 16000')
	[ "$sent" = true ] || { on "${n}r" relayctl stats >&2; return 1; }
}

modprobe cellrelay && relayctl load || exit 1
if [ -n "${PROFILE:-}" ]; then # a folder: names of addresses, for profile/; IPv4 only
	echo 1 >/proc/sys/net/core/bpf_jit_kallsyms
	XDPBENCH_SYMBOLS=$PROFILE/kallsyms hop 4 >"$OUT"
	exit
fi
{ cipher && hop 4 && hop 6 && socket_hop 4 && socket_hop 6; } >"$LIB_TMP/rows" || exit 1
cat "$LIB_TMP/rows" >>"$OUT"
