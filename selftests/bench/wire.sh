# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced after lib.sh by benchmarks: wires without a bridge, one veth pair each. Nothing is captured
# or disturbed there, and a bridge's work would count for every packet of whoever is measured.

wire() {
	local a=$1 b=$2 n
	ip link add "to-$b" netns "$(ns_name "$a")" type veth peer name "to-$a" netns "$(ns_name "$b")" || return 1
	LIB_WIRES=$((LIB_WIRES + 1))
	n=$LIB_WIRES
	# shellcheck disable=SC2034,SC2004  # an associative array of lib.sh
	LIB_WIRE_NUMBER[$a $b]=$n LIB_WIRE_NUMBER[$b $a]=$n
	on "$a" ip addr add "10.200.$n.1/24" dev "to-$b" && on "$a" ip addr add "fd00:200:$n::1/64" dev "to-$b" nodad &&
		on "$b" ip addr add "10.200.$n.2/24" dev "to-$a" && on "$b" ip addr add "fd00:200:$n::2/64" dev "to-$a" nodad &&
		on "$a" ip link set "to-$b" up && on "$b" ip link set "to-$a" up
}
