# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced after lib.sh by benchmarks: wires without a bridge, one veth pair each. Nothing is captured
# or disturbed there, and a bridge's work would count for every packet of whoever is measured.

wire() {
	local na nb
	na=$(ns_name "$1")
	nb=$(ns_name "$2")
	ip link add "to-$2" netns "$na" type veth peer name "to-$1" netns "$nb" || return 1
	lib_wire_new "$1" "$2"
	lib_end "$na" "to-$2" "$LIB_WIRES" 1 && lib_end "$nb" "to-$1" "$LIB_WIRES" 2
}
