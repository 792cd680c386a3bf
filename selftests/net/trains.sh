#!/bin/bash
# SPDX-License-Identifier: MIT
# Trains (UDP_SEGMENT). A train of cells that a local program sends into the socket path, over a
# wire or over the relay's own loopback, arrives there as a list of segments: every cell must be
# forwarded, once. A train that the client sends is cut up by a device or by the stack: every
# segment must look like a single cell, IPv4 identification 0 included.
#
#	trains.sh [brief]	brief: fewer lengths
here=$(dirname "$0")
. "$here/../lib.sh"
. "$here/chain.sh"
OWN=(2 17 46)		# of the client and of the exit
[ "${1:-}" != brief ] || LARGE="2 46" SMALL="5 64" OWN=(46)
read -ra LARGE <<<"${LARGE:-2 3 7 16 31 45 46}"	# 46 large cells are what a datagram of 64 KiB holds
read -ra SMALL <<<"${SMALL:-2 5 33 63 64}"	# and 64 are what the oldest kernel takes
PORT=6000

sum() {
	local s=0 n
	for n; do s=$((s + n)); done
	echo $s
}

# cells FILE SIZE-OF-PING N: fresh cells, at least N
cells() {
	fresh "$1" $(($3 * 3 / 2)) "$2" && [ "$(tcpdump -n -r "$1" 2>/dev/null | wc -l)" -ge "$3" ]
}

# delivered: cells that r3 took out of the circuit: forwarded and authentic at every hop
delivered() { stat_of r3 delivered.cells; }

# trains_from HOST TARGET FILE N...: a train of each length
trains_from() {
	local host=$1 to=$2 file=$3 n got before junk
	shift 3
	chain_conserved || return 1
	before=$(delivered) junk=$(stat_of r1 drops.link_unknown.cells)
	for n; do
		got=$(on "$host" cellsend --train "$n" --skip "${NEXT[$file]:-0}" --count "$n" "$file" "$to" "$CHAIN_PORT") || return 1
		NEXT[$file]=$((${NEXT[$file]:-0} + n))
		before=$((before + n))
		expect "cells sent as a train" "$got" "$n" && reaches "$before" delivered || { echo "train of $n"; return 1; }
	done
	expect "junk" "$(stat_of r1 drops.link_unknown.cells)" "$junk"
}
declare -A NEXT

# in_order DIRECTION: the client's (up) or the exit's own trains arrive complete
own_trains() {
	local from=client to=server addr=$SERVER4 pid n
	[ "$1" = up ] || from=server to=client addr=$INNER4
	for n in "${OWN[@]}"; do
		PORT=$((PORT + 1))
		bg on "$to" udptrain count "$PORT" $((2 * n)) 60
		pid=$!
		busywait 10000 grep -q ready "$(bg_log "$pid")" && on "$from" udptrain send "$addr" "$PORT" 1285 "$n" 2 - 20 || return 1
		busywait 30000 eval "! kill -0 $pid 2>/dev/null" || stop "$pid"
		grep -q "^$((2 * n)) datagrams.* 0 damaged" "$(bg_log "$pid")" || { cat "$(bg_log "$pid")"; return 1; }
	done
}

# segments END WHO: the client's trains, seen at the end of the wire where WHO has cut them up
segments() {
	local a=$1 b=$2
	capture "$a" "$b" "$LIB_TMP/segments.pcap" "udp and src host $(addr4 client r1)" && own_trains up && capture_stop "$a" "$b" &&
		cellstat check --outer --min 0 "$LIB_TMP/segments.pcap" &&
		expect "segments" "$(tcpdump -n -r "$LIB_TMP/segments.pcap" 2>/dev/null | wc -l)" $((2 * $(sum "${OWN[@]}")))
}

offload() { # HOST DEVICE on|off
	on "$1" ethtool -K "$2" tx-udp-segmentation "$3" >/dev/null
}
# The client hands whole trains to its device; the far port of the wire cuts them up.
cut_by_wire() { offload "$(wire_ns client r1)" at-r1 off && offload client to-r1 on; }
# The client's stack does.
cut_by_client() { offload client to-r1 off; }
# Checksums are complete where they are seen.
finished() {
	local w
	w=$(wire_ns client r1)
	on "$w" ethtool -K at-r1 tx-checksumming off >/dev/null && on client ethtool -K to-r1 tx-checksumming off >/dev/null
}
unfinished() {
	on client ethtool -K to-r1 tx-checksumming on >/dev/null
}

ktap_start
need relayctl cellsend cellstat udptrain jq tcpdump ethtool ping
ktap_test "three relays come up" chain 3 4 || ktap_finish
on client ping -q -c 2 -w 20 "$SERVER4" >/dev/null
R1=$(addr4 r1 client)
ktap_test "fresh large cells" cells "$LIB_TMP/large.pcap" 1200 $((2 * $(sum "${LARGE[@]}")))
ktap_test "fresh small cells" cells "$LIB_TMP/small.pcap" 64 $((2 * $(sum "${SMALL[@]}")))
ktap_test "trains of ${LARGE[*]} large cells over the wire: every cell is forwarded" trains_from client "$R1" "$LIB_TMP/large.pcap" "${LARGE[@]}"
ktap_test "trains of ${SMALL[*]} small cells over the wire" trains_from client "$R1" "$LIB_TMP/small.pcap" "${SMALL[@]}"
ktap_test "trains of large cells over the relay's own loopback" trains_from r1 "$R1" "$LIB_TMP/large.pcap" "${LARGE[@]}"
ktap_test "trains of small cells over the relay's own loopback" trains_from r1 "$R1" "$LIB_TMP/small.pcap" "${SMALL[@]}"
ktap_test "the client's own trains arrive complete, offloads on" own_trains up
ktap_test "the exit's own trains arrive complete, offloads on" own_trains down
cut_by_wire && finished && unfinished || ktap_fail "offloads"
ktap_test "the client's trains, cut up behind its device: each segment is a cell with id 0" segments r1 client
cut_by_client && on client ethtool -K to-r1 tx-checksumming off >/dev/null || ktap_fail "offloads"
ktap_test "the client's trains, cut up by its stack: each segment is a cell with id 0" segments client r1
offload r3 to-r2 off || ktap_fail "offloads"
ktap_test "the exit's own trains arrive complete, offloads off" own_trains down
ktap_test "every host's counters are conserved" chain_conserved
ktap_finish
