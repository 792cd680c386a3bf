#!/bin/bash
# SPDX-License-Identifier: MIT
# Wires that lose, reorder and duplicate: what arrives is what the wires let through, once and
# whole; nothing else is lost with a lost cell (D2); each duplicate is a replay, counted once.
#
# netem sits between relays, where every cell is a packet of its own.
#
#	loss.sh [brief]		brief: all disturbances at once, and few cells
here=$(dirname "$0")
. "$here/../lib.sh"
. "$here/chain.sh"

BRIEF=0 FAMILIES=(4 6)
[ "${1:-}" != brief ] || BRIEF=1 FAMILIES=(4) FILE_KIB=${FILE_KIB:-32} TRAINS=${TRAINS:-10}
FILE_KIB=${FILE_KIB:-256}
TRAINS=${TRAINS:-30}	# of 20 datagrams each, one datagram per large cell
SEGMENTS=20
PAUSE=20	# ms between trains: the wires' queues hold 256 packets
SIZE=1285
WIRES=("r1 r2" "r2 r3")
PORT=6000

# Trains would also reach a relay as one packet, and leave it as a burst that no queue holds.
single_cells() {
	local w
	for w in "client r1" "${WIRES[@]}"; do
		# shellcheck disable=SC2086
		no_offload $w || return 1
	done
}

# disturb ARGUMENT...: of netem, on both wires, both ways
disturb() {
	local w
	for w in "${WIRES[@]}"; do
		# shellcheck disable=SC2086
		set -- $w "$@"
		netem "$1" "$2" "${@:3}" && netem "$2" "$1" "${@:3}" || return 1
		shift 2
	done
}

# waiting: does netem hold anything back?
waiting() {
	local w
	for w in "${WIRES[@]}"; do
		# shellcheck disable=SC2086
		set -- $w
		on "$(wire_ns "$1" "$2")" tc -s -j qdisc show | jq -e 'all(.[]; (.qlen // 0) == 0)' >/dev/null || return 0
	done
	return 1
}
still() { ! waiting; }

# One way of the chain: the hosts that cells pass one after the other.
way() { [ "$1" = up ] && echo client r1 r2 r3 || echo r3 r2 r1 client; }

declare -A IN OUT REPLAY
# remember up|down: counters before, and recordings of what reaches each host: netem does not say
# what became of the copies it made, and loses some of them again
remember() {
	local h prev=''
	for h in $(way "$1"); do
		read -r "IN[$h]" "OUT[$h]" "REPLAY[$h]" < <(stat_of "$h" in.cells out.cells drops.replay.cells)
		[ -z "$prev" ] || record "$h" "to-$prev" "$LIB_TMP/$h.pcap" "udp and dst port $CHAIN_PORT and dst host $(chain_addr 4 "$h" "$prev")" || return 1
		prev=$h
	done
}

# compare up|down: since then, at each host: sets LOST, the cells of which nothing came, and TWICE,
# the copies too many. Fails when the host received anything else than its device, when a copy was not
# counted as a replay, or anything but a copy was, or when it is not at rest.
compare() {
	local h prev='' in out=0 replay under_way came distinct sent
	LOST=0 TWICE=0
	for h in $(way "$1"); do
		sent=$out
		read -r in out replay under_way < <(stat_of "$h" in.cells out.cells drops.replay.cells under_way)
		in=$((in - IN[$h])) out=$((out - OUT[$h])) replay=$((replay - REPLAY[$h]))
		expect "under way at $h" "$under_way" 0 || return 1
		if [ -n "$prev" ]; then
			record_stop "$h" "to-$prev" || return 1
			came=$(tcpdump -n -r "$LIB_TMP/$h.pcap" 2>/dev/null | wc -l) distinct=$(heads "$LIB_TMP/$h.pcap" 2000 | wc -l)
			echo "$prev to $h: $sent sent, $((sent - distinct)) lost, $((came - distinct)) copies, $replay dropped as replays"
			expect "cells in at $h" "$in" "$came" && expect "replays at $h" "$replay" $((came - distinct)) || return 1
			LOST=$((LOST + sent - distinct)) TWICE=$((TWICE + came - distinct))
		fi
		prev=$h
	done
}

# datagrams up|down: sends them and fails unless exactly those arrive, undamaged, that the wires let
# through; sets LOST, TWICE and DISORDER
datagrams() {
	local from=client to=server addr=$SERVER4 pid got n=$((TRAINS * SEGMENTS))
	[ "$1" = up ] || from=server to=client addr=$INNER4
	PORT=$((PORT + 1))
	busywait 20000 still && remember "$1" || return 1
	bg on "$to" udptrain count "$PORT" "$n" 300
	pid=$!
	busywait 10000 grep -q ready "$(bg_log "$pid")" || return 1
	on "$from" udptrain send "$addr" "$PORT" "$SIZE" "$SEGMENTS" "$TRAINS" - "$PAUSE" || return 1
	busywait 20000 still && chain_conserved && compare "$1" || return 1
	stop "$pid"
	got=$(tail -n 1 "$(bg_log "$pid")")
	echo "$1: $n sent, $got"
	DISORDER=$(sed -n 's/.* \([0-9]*\) out of order.*/\1/p' "$(bg_log "$pid")")
	case $got in
	"$((n - LOST)) datagrams, "*" 0 damaged, "*) ;;
	*) return 1 ;;
	esac
}

# What other cells there may be comes the other way, or late.
nothing_passes() {
	local before
	netem r1 r2 loss 100% && chain_conserved || return 1
	before=$(forwarded r2)
	on client ping -q -c 5 -i 0.1 -W 1 "$SERVER4" && return 1
	expect "cells forwarded by r2" "$(forwarded r2)" "$before" && netem r1 r2 off
}
forwarded() { on "$1" relayctl -j circuit show | jq '.circuits[0].fwd.cells'; }

# Where a sender moves to another processor a few cells overtake others, so order is not asked for.
undisturbed() { datagrams "$1" && [ "$LOST $TWICE" = "0 0" ]; }
losing() { datagrams "$1" && [ "$LOST" -gt $((TRAINS * SEGMENTS / 50)) ] && [ "$TWICE" = 0 ]; }
reordering() { datagrams "$1" && [ "$DISORDER" -gt $((TRAINS * SEGMENTS / 50)) ] && [ "$LOST $TWICE" = "0 0" ]; }
doubling() { datagrams "$1" && [ "$TWICE" -gt $((TRAINS * SEGMENTS / 50)) ] && [ "$LOST" = 0 ]; }
all_of_it() { datagrams "$1" && [ "$LOST" -gt 0 ] && [ "$TWICE" -gt 0 ] && [ "$DISORDER" -gt 0 ]; }

# What no client made: cells of the circuit whose counter somebody on the wire has changed. They are dropped by their
# tag, move no window, and the unchanged cells, which come after them, pass. What TCP still repeats after the fetches
# goes the same way, so nothing else is expected of the cells that went on than to be more by these.
wrong_counters() {
	local tag before n
	fresh "$LIB_TMP/fresh.pcap" 50 1200 || return 1
	tag=$(stat_of r1 drops.tag.cells)
	for byte in 16 18 23; do
		n=$(on client cellsend --flip "$byte" "$LIB_TMP/fresh.pcap" "$(addr4 r1 client)" "$CHAIN_PORT") && [ "$n" -ge 50 ] || return 1
		tag=$((tag + n))
	done
	reaches "$tag" stat_of r1 drops.tag.cells || return 1
	before=$(forwarded r1)
	on client cellsend "$LIB_TMP/fresh.pcap" "$(addr4 r1 client)" "$CHAIN_PORT" >/dev/null &&
		busywait 5000 eval '[ "$(forwarded r1)" -ge '$((before + n))' ]'
}

no_circuit_ended() {
	local h
	for h in "${CHAIN_NODES[@]}"; do
		[ "$(on "$h" relayctl -j circuit show | jq '.circuits | length')" = 1 ] || { echo "$h has none"; return 1; }
		[ "$(stat_of "$h" drops.auth.cells) $(stat_of "$h" drops.proto.cells)" = "0 0" ] || { chain_drops; return 1; }
	done
}

# Each disturbance alone.
apart() {
	local w
	for w in up down; do
		ktap_test "undisturbed, $w: all datagrams arrive" undisturbed $w
	done

	disturb loss 5%
	for w in up down; do
		ktap_test "5 % loss, $w: exactly the lost cells' datagrams are missing" losing $w
	done
	ktap_test "5 % loss: TCP both ways, content compared" chain_fetches 4
	disturb delay 10ms reorder 20% 25%
	for w in up down; do
		ktap_test "reordering, $w: all arrive, none is a replay" reordering $w
	done
	ktap_test "reordering: TCP both ways, content compared" chain_fetches 6
	disturb duplicate 10%
	for w in up down; do
		ktap_test "duplication, $w: each duplicate is counted as a replay, none arrives" doubling $w
	done
	ktap_test "duplication: TCP both ways, content compared" chain_fetches 4
}

ktap_start
need relayctl udptrain cellsend jq tcpdump tc ethtool curl busybox ping
ktap_test "three relays come up" chain 3 4 || ktap_finish
ktap_test "every cell between relays is a packet" single_cells
ktap_test "the same file at both ends" chain_web "$FILE_KIB"
ktap_test "a wire that loses all lets nothing pass" nothing_passes
[ $BRIEF = 1 ] || apart
disturb delay 10ms reorder 20% 25% loss 5% duplicate 5%
for w in up down; do
	ktap_test "D2: loss, reordering and duplicates together, $w: a lost cell takes no other with it" all_of_it $w
done
ktap_test "D2: goodput continues, both ways, content compared" chain_fetches "${FAMILIES[@]}"
ktap_test "D2: cells with another counter desynchronise nothing" wrong_counters
[ $BRIEF = 1 ] || ktap_test "D2: nor after them" all_of_it up
disturb off
ktap_test "D2: no circuit ended, no cell failed authentication" no_circuit_ended
ktap_test "D2: in = out + delivered + drops at every hop" chain_conserved
ktap_finish
