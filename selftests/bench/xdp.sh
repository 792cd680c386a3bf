#!/bin/bash
# SPDX-License-Identifier: MIT
# What a middle hop costs in instructions by XDP, IPv4 and IPv6, both directions and sizes, with
# real UDP checksums, against cipher + bare redirect. Runs in a VM whose clock counts
# instructions (selftests/vm/run --icount); needs crfloor.ko beside cellrelay.ko.
# Appends one line of JSON per figure to the file given, or to standard output; ratios (xdp.jq) go to
# standard error.
# shellcheck disable=SC2034  # lib.sh and rig.sh read them
here=$(dirname "$0")
. "$here/../lib.sh"
. "$here/../xdp/rig.sh"
BUILD=$here/../../build
OUT=${1:-/dev/stdout}
# layers that the second hop opens and seals: cell less header, and 23 bytes of filler
LAYERS=(1361 209)

cipher() {
	local i
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

# wires without a bridge: what is redirected ends in the driver of the other end
bench_wire() {
	local a=$1 b=$2 n
	ip link add "to-$b" netns "$(ns_name "$a")" type veth peer name "to-$a" netns "$(ns_name "$b")" || return 1
	LIB_WIRES=$((LIB_WIRES + 1))
	LIB_WIRE_NUMBER[$a $b]=$LIB_WIRES
	LIB_WIRE_NUMBER[$b $a]=$LIB_WIRES
	n=$LIB_WIRES
	on "$a" ip addr add "10.200.$n.1/24" dev "to-$b" && on "$a" ip addr add "fd00:200:$n::1/64" dev "to-$b" nodad &&
		on "$b" ip addr add "10.200.$n.2/24" dev "to-$a" && on "$b" ip addr add "fd00:200:$n::2/64" dev "to-$a" nodad &&
		on "$a" ip link set "to-$b" up && on "$b" ip link set "to-$a" up
}

hop() {
	local f=$1 n=b$1 b a
	b=${n}b a=${n}a
	wire() { bench_wire "$1" "$2"; }
	rig "$n" "$f" "$f" || return 1
	on "${n}r" "$BUILD/xdp-tests/xdpbench" "$RIG_DIR" $RIG_NODE node2.idx "$(rig_place "$b" "$f")" "$(rig_place "$a" "$f")" \
		"$(ns_name "$b")" "$(ns_name "$a")"
}

modprobe cellrelay || exit 1
{ cipher && hop 4 && hop 6; } >"$LIB_TMP/rows" || exit 1
cat "$LIB_TMP/rows" >>"$OUT"
jq -s -f "$here/xdp.jq" "$LIB_TMP/rows" >&2
