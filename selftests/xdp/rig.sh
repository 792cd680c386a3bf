# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034
# Sourced behind lib.sh: a middle relay between two hosts that only have addresses. Its keys and
# circuits are those that `relayctl circuit keygen` makes for the second of three hops.
#
#	before -- relay -- behind

RIG_NODE=2

# rig NAME FAMILY FAMILY [KEYGEN_ARGUMENT...]: hosts NAMEb, NAMEr, NAMEa, and families of the wires
# before and behind the relay.
rig() {
	rig_keys "$@" && rig_up "$2" "$3"
}

# rig_keys, as rig: hosts, and key files in $RIG_DIR that nobody has used yet
rig_keys() {
	local n=$1 f1=$2 f2=$3 w1 w2
	shift 3
	RIG=$n
	setup_ns "${n}b" "${n}r" "${n}a" && wire "${n}b" "${n}r" && wire "${n}r" "${n}a" || return 1
	w1=$(rig_ends "${n}b" "${n}r" "$f1")
	w2=$(rig_ends "${n}r" "${n}a" "$f2")
	RIG_DIR=$LIB_TMP/rig-$n
	relayctl circuit keygen "$RIG_DIR" wire 192.0.2.1:4000,192.0.2.2:4000 wire "$w1" wire "$w2" "$@"
}

# rig_up FAMILY FAMILY: the relay gets its keys, and neighbours for good: nothing answers while a
# test steps through
rig_up() {
	rig_idx && rig_know "${RIG}b" "$1" && rig_know "${RIG}a" "$2" &&
		on "${RIG}r" relayctl -b "$RIG_DIR/node$RIG_NODE.batch"
}

# rig_idx: index keys of the relay and of its neighbours, all of this machine's module.
rig_idx() {
	(umask 077 && on "${RIG}b" relayctl ns idx-key >"$RIG_DIR/node1.idx" &&
		on "${RIG}r" relayctl ns idx-key >"$RIG_DIR/node2.idx" &&
		on "${RIG}a" relayctl ns idx-key >"$RIG_DIR/node3.idx")
}

# rig_addr A B FAMILY
rig_addr() { if [ "$3" = 6 ]; then addr6 "$1" "$2"; else addr4 "$1" "$2"; fi; }

rig_ends() {
	if [ "$3" = 6 ]; then
		echo "[$(addr6 "$1" "$2")]:4000,[$(addr6 "$2" "$1")]:4000"
	else
		echo "$(addr4 "$1" "$2"):4000,$(addr4 "$2" "$1"):4000"
	fi
}

# rig_mac A B: link-layer address of A on its wire to B
rig_mac() { on "$1" ip -j link show "to-$2" | jq -r '.[0].address'; }

# rig_know HOST FAMILY: the relay's neighbour entry of a host, permanent
rig_know() {
	on "${RIG}r" ip neigh replace "$(rig_addr "$1" "${RIG}r" "$2")" \
		lladdr "$(rig_mac "$1" "${RIG}r")" dev "to-$1" nud permanent
}

# rig_place HOST FAMILY: what the programs want to know of the relay's side towards a host
rig_place() {
	echo "to-$1,$(rig_addr "${RIG}r" "$1" "$2"),$(rig_addr "$1" "${RIG}r" "$2"),$(rig_mac "$1" "${RIG}r")"
}
