#!/bin/bash
# SPDX-License-Identifier: MIT
# ICMP messages that claim a narrower path, forged by somebody who knows no more than addresses
# and ports: large cells go on as they are, in trains too, unfragmented (docs/protocol.md, 11).
#
#	icmp.sh [4|6]	family outside
here=$(dirname "$0")
. "$here/../lib.sh"
. "$here/chain.sh"
FAMILY=${1:-4}
FILE_KIB=${FILE_KIB:-512}
PORT=6000

# believed A B: the path MTU to B that A has learned; nothing: none
believed() { on "$1" ip "-$FAMILY" route get "$(chain_addr "$FAMILY" "$2" "$1")" | sed -n 's/.* mtu \([0-9]*\).*/\1/p'; }

# forged [--echo] A B: B tells A about the path from A to it. (On the wire anybody can.)
forged() {
	local kind=()
	if [ "$1" = --echo ]; then
		kind=(--echo)
		shift
	fi
	on "$2" icmpforge "${kind[@]}" 1280 "$(chain_addr "$FAMILY" "$1" "$2")" "$CHAIN_PORT" "$(chain_addr "$FAMILY" "$2" "$1")" "$CHAIN_PORT"
}

# Every sender of the chain, in both directions.
PATHS=("client r1" "r1 r2" "r2 r3" "r3 r2" "r2 r1" "r1 client")

forge_all() {
	local p
	for p in "${PATHS[@]}"; do
		# shellcheck disable=SC2086
		forged "$@" $p || return 1
	done
}

# An echo reply needs no socket: the stack believes it, and would have every packet fit.
stack_believes() {
	local p
	forge_all --echo || return 1
	for p in "${PATHS[@]}"; do
		# shellcheck disable=SC2086
		busywait 5000 eval "[ \"\$(believed $p)\" = 1280 ]" || { echo "$p: '$(believed $p)'"; return 1; }
	done
}

large_pass() { on client ping -q -c 10 -i 0.05 -w 30 -s 1200 -M "do" "$SERVER4" && on client ping -q -c 10 -i 0.05 -w 30 -s 1200 "$SERVER6"; }

trains() {
	local from=client to=server addr=$SERVER4 pid
	[ "$1" = up ] || from=server to=client addr=$INNER4
	PORT=$((PORT + 1))
	bg on "$to" udptrain count "$PORT" 80 60
	pid=$!
	busywait 10000 grep -q ready "$(bg_log "$pid")" && on "$from" udptrain send "$addr" "$PORT" 1285 40 2 || return 1
	busywait 30000 eval "! kill -0 $pid 2>/dev/null" || stop "$pid"
	grep -q '^80 datagrams.* 0 damaged' "$(bg_log "$pid")" || { cat "$(bg_log "$pid")"; chain_drops; return 1; }
}

unfragmented() {
	local w
	for w in "client r1" "r1 r2" "r2 r3"; do
		# shellcheck disable=SC2086
		no_offload $w && capture $w "$LIB_TMP/${w// /-}.pcap" || return 1
	done
	chain_fetches || return 1
	for w in "client r1" "r1 r2" "r2 r3"; do
		# shellcheck disable=SC2086
		capture_stop $w || return 1
		[ "$(tcpdump -n -r "$LIB_TMP/${w// /-}.pcap" '(ip[6:2] & 0x3fff != 0) or (ip6[6] = 44)' 2>/dev/null | wc -l)" = 0 ] ||
			{ echo "fragments on $w"; return 1; }
		tcpdump -n -r "$LIB_TMP/${w// /-}.pcap" -w "$LIB_TMP/udp.pcap" udp 2>/dev/null
		cellstat check --min 0 "$LIB_TMP/udp.pcap" || { echo "$w"; return 1; }
	done
}

none_too_big() {
	local h
	for h in "${CHAIN_NODES[@]}"; do
		[ "$(stat_of "$h" drops.too_big.cells) $(stat_of "$h" drops.xmit.cells)" = "0 0" ] || { chain_drops; return 1; }
	done
}

# A device that really is narrow still counts, whatever the stack believes.
narrow_device() {
	local before
	on r1 ip link set to-r2 mtu 1300 || return 1
	chain_conserved && before=$(stat_of r1 drops.too_big.cells)
	on client ping -q -c 5 -i 0.05 -W 1 -s 1200 "$SERVER4" && return 1
	on r1 ip link set to-r2 mtu 1500
	chain_conserved && [ "$(stat_of r1 drops.too_big.cells)" = $((before + 5)) ] || { on r1 relayctl stats; return 1; }
}

ktap_start
need relayctl icmpforge udptrain jq tcpdump cellstat curl busybox ping ethtool
ktap_test "three relays come up, IPv$FAMILY outside" chain 3 "$FAMILY" || ktap_finish
ktap_test "the same file at both ends" chain_web "$FILE_KIB"
large_pass >/dev/null
ktap_test "messages that quote a cell are sent to every host" forge_all
ktap_test "large cells pass" large_pass
ktap_test "messages that quote an echo reply make each host's stack believe 1280" stack_believes
ktap_test "large cells pass nevertheless" large_pass
ktap_test "trains from the client arrive complete" trains up
ktap_test "trains from the exit arrive complete" trains down
ktap_test "TCP both ways; cells of 256 and 1408 bytes on every wire, no fragments" unfragmented
ktap_test "no cell was dropped as too big, none refused by the stack" none_too_big
ktap_test "a device that is narrow is believed" narrow_device
ktap_test "afterwards all is well" large_pass
ktap_test "every host's counters are conserved" chain_conserved
ktap_finish
