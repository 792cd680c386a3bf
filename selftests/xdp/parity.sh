#!/bin/bash
# SPDX-License-Identifier: MIT
# parity.sh [FAMILIES...]: the same cells through a relay's XDP program and through another's
# socket, both with the same keys: the same comes out, and every counter is the same.
# shellcheck disable=SC2034  # lib.sh and rig.sh read them
here=$(dirname "$0")
. "$here/../lib.sh"
. "$here/rig.sh"
PARITY=${PARITY:-$here/../../build/xdp-tests/parity}
CELLS=${CELLS:-1500}
SEED=${SEED:-$RANDOM}

# twin NAME FAMILY FAMILY FROM: a relay like FROM's, between hosts of its own
twin() {
	local n=$1 f1=$2 f2=$3 from=$4
	RIG=$n
	RIG_DIR=$LIB_TMP/rig-$n
	setup_ns "${n}b" "${n}r" "${n}a" && wire "${n}b" "${n}r" && wire "${n}r" "${n}a" || return 1
	cp -r "$LIB_TMP/keys-$from" "$RIG_DIR" || return 1
	rig_repeer "${from}b" "${n}b" "$f1" && rig_repeer "${from}a" "${n}a" "$f2" || return 1
	rig_idx && rig_know "${n}b" "$f1" && rig_know "${n}a" "$f2" || return 1
	on "${n}r" relayctl -b "$RIG_DIR/node$RIG_NODE.batch"
}

# rig_repeer OLD NEW FAMILY: the batch's peer moves to another host
rig_repeer() {
	local old new
	old=$(rig_addr "$1" "${1%?}r" "$3")
	new=$(rig_addr "$2" "${2%?}r" "$3")
	sed -i "s/peer \[\{0,1\}$old\]\{0,1\}:/peer $([ "$3" = 6 ] && echo "[$new]" || echo "$new"):/" "$RIG_DIR/node$RIG_NODE.batch"
}

side() { # NAME FAMILY FAMILY
	local n=$1
	RIG=$n
	echo "$LIB_TMP/rig-$n|$(rig_place "${n}b" "$2")|$(rig_place "${n}a" "$3")|$(ns_name "${n}b")|$(ns_name "${n}r")|$(ns_name "${n}a")"
}

counts() { # HOST: what must not differ; ids and addresses are not of interest
	on "$1" relayctl -j stats | jq -S .stats
	on "$1" relayctl -j circuit show | jq -S '[.circuits[] | {id, fwd, bwd, dropped_cells}]'
	on "$1" relayctl -j link show | jq -S '[.links[] | {id, rx_cells, rx_bytes, tx_cells, tx_bytes}]'
}

same_counts() { diff <(counts "$1") <(counts "$2") && counts "$1" | jq -e 'if type == "object" then .drops | has("auth") and has("replay") and has("circ_unknown") and has("tag") else true end' >/dev/null; }

one() {
	local f1=${1:0:1} f2=${1:1:1} x=x$1 s=s$1
	rig_keys "$x" "$f1" "$f2" count 40 && cp -r "$RIG_DIR" "$LIB_TMP/keys-$x" && rig_up "$f1" "$f2" || return 1
	twin "$s" "$f1" "$f2" "$x" || return 1
	echo "# seed $SEED"
	"$PARITY" "$CELLS" "$SEED" $RIG_NODE "$(side "$x" "$f1" "$f2")" "$(side "$s" "$f1" "$f2")" >"$LIB_TMP/parity" 2>&1
	local status=$?
	grep '^#' "$LIB_TMP/parity"
	[ "$status" = 0 ] || { cat "$LIB_TMP/parity" >&2; return 1; }
	ktap_pass "IPv$f1 to IPv$f2: $CELLS random cells by XDP and by socket: the same comes out"
	ktap_test "IPv$f1 to IPv$f2: all counters of both relays are the same" same_counts "${x}r" "${s}r"
}

ktap_start
need relayctl jq ip
modprobe cellrelay || { ktap_fail "module loads"; ktap_finish; }
for f in "${@:-44}"; do
	one "$f" || ktap_fail "IPv${f:0:1} to IPv${f:1:1}: XDP and socket"
done
ktap_finish
