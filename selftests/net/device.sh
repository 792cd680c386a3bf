#!/bin/bash
# SPDX-License-Identifier: MIT
# The network device of client and exit: MTU, packing of packets into cells,
# split packets, trains, MSS, what the other end may send.
here=$(cd "$(dirname "$0")" && pwd -P)
# shellcheck source=selftests/lib.sh
. "$here/../lib.sh"
# shellcheck source=selftests/net/chain.sh
. "$here/chain.sh"
PATH=$here/../../build/bin:$PATH

ktap_start
need relayctl udptrain jq tcpdump iperf3 ethtool

# cells HOST: "cells bytes" that the host has originated.
cells() { on "$1" relayctl -j stats | jq -r '.. | objects | select(has("originated")) | "\(.originated.cells) \(.originated.bytes)"'; }

# makes HOST CELLS BYTES COMMAND...: does COMMAND make the host originate exactly that?
makes() {
	local h=$1 want="$2 $3" before after got
	shift 3
	before=$(cells "$h")
	"$@" || { echo "failed: $*"; return 1; }
	busywait 5000 at_rest "$h"
	after=$(cells "$h")
	got="$((${after% *} - ${before% *})) $((${after#* } - ${before#* }))"
	[ "$got" = "$want" ] || { echo "cells and bytes: $got, not $want"; return 1; }
}

# Trains of datagrams arrive: all, in order, undamaged. receive PORT SIZE SEGMENTS TRAINS [ADDRESS]
receive() {
	local port=$1 size=$2 segs=$3 trains=$4 to=${5:-$SERVER4} pid
	bg on server udptrain count "$port" $((segs * trains)) 20
	pid=$!
	busywait 10000 grep -q ready "$(bg_log "$pid")" || return 1
	# on one CPU: a sender that moves to another overtakes what it queued on the first, as on any
	# device with a queue per CPU
	on client taskset -c 0 udptrain send "$to" "$port" "$size" "$segs" "$trains" || return 1
	wait "$pid" || { cat "$(bg_log "$pid")"; return 1; }
}

PORT=6000
next_port() { PORT=$((PORT + 1)); }

# mtu HOST
mtu() { on "$1" ip -o link show dev cell0 | sed 's/.* mtu \([0-9]*\) .*/\1/'; }

mtu_is() {
	local h
	for h in client "$EXIT"; do
		[ "$(mtu "$h")" = "$1" ] || { echo "MTU of $h is $(mtu "$h"), not $1"; return 1; }
	done
}

ping_both() {
	on client ping -c 1 -W 10 "$SERVER4" && on client ping -c 1 -W 10 "$SERVER6"
}

# An iperf3 server for one test.
serve() {
	local pid
	bg on server iperf3 -s -1 --forceflush
	pid=$!
	busywait 20000 grep -q 'Server listening' "$(bg_log "$pid")"
}

# The smallest MSS of the SYNs that pass between exit and server.
mss_seen() {
	local limit=$1 file=$LIB_TMP/syn.pcap mss
	capture "$EXIT" server "$file" "tcp[tcpflags] & tcp-syn != 0" || return 1
	serve && on client iperf3 -c "$SERVER4" -n 100K >/dev/null || return 1
	capture_stop "$EXIT" server || return 1
	mss=$(tcpdump -nr "$file" 2>/dev/null | sed -n 's/.*mss \([0-9]*\).*/\1/p' | sort -un | head -n 1)
	[ "$mss" = $((limit - 40)) ] || { echo "the client's SYN said $mss, not $((limit - 40))"; return 1; }
	# What comes back fits, too: no cell of the exit's was split.
	[ "$(stat_of client drops.half.cells)" = 0 ]
}

tcp_works() {
	local to
	for to in "$SERVER4" "$SERVER6"; do
		serve && on client iperf3 -c "$to" -n 1M "$@" >/dev/null || return 1
	done
}

# not COMMAND...: does it fail?
not() { ! "$@"; }

# ---- three hops --------------------------------------------------------------
ktap_test "three hops: circuit and devices" chain 3 4 || ktap_finish
ktap_test "three hops: ping, IPv4 and IPv6" ping_both
ktap_test "three hops: the MTU is one large cell's" mtu_is 1313
ktap_test "a small packet takes one small cell" makes client 1 256 on client ping -c 1 -W 10 "$SERVER4"
ktap_test "a packet of the MTU takes one large cell" \
	makes client 1 1408 on client ping -c 1 -W 10 -M "do" -s $((1313 - 28)) "$SERVER4"
# 32 + 28 bytes: two frames of 62 bytes fit 163 bytes of a small cell, 18 frames 1315 bytes of a large one.
next_port
ktap_test "two packets share a small cell" makes client 1 256 receive $PORT 32 2 1
next_port
ktap_test "twenty packets share a large cell" makes client 1 1408 receive $PORT 32 20 1
next_port
ktap_test "no room left over: 22 packets take a large and a small cell" makes client 2 1664 receive $PORT 32 22 1

train_sizes() {
	local n
	for n; do
		PORT=$((PORT + 1))
		makes client "$n" $((n * 1408)) receive $PORT $((1313 - 28)) "$n" 1 || { echo "train of $n"; return 1; }
	done
}
ktap_test "trains of 2 to 50 cells arrive complete, offloads on" train_sizes 2 3 7 16 31 45 46 47 50
# Frames of 80 bytes: 16 fit a cell.
next_port
ktap_test "64 packets fill four large cells" makes client 4 $((4 * 1408)) receive $PORT 50 64 1

offload_off() { on client ethtool -K to-r1 tx-udp-segmentation off >/dev/null; }
offload_off
PORT=$((PORT + 20))
ktap_test "trains of 2 to 50 cells arrive complete, tx-udp-segmentation off" train_sizes 2 16 46 50
on client ethtool -K to-r1 tx-udp-segmentation on >/dev/null
PORT=$((PORT + 20))
ktap_test "trains of IPv6 packets" receive $PORT 1200 40 5 "$SERVER6"

ktap_test "TCP's MSS is clamped to one cell" mss_seen 1313
ktap_test "TCP to the server" tcp_works
ktap_test "TCP from the server" tcp_works -R
ktap_test "every cell is accounted for" chain_conserved

lied() {
	# A client that is given one address and uses another.
	local before after
	before=$(stat_of "$EXIT" drops.inner_addr.cells)
	on client ping -c 3 -i 0.2 -W 1 "$SERVER4" && { echo "answered"; return 1; }
	after=$(stat_of "$EXIT" drops.inner_addr.cells)
	[ $((after - before)) = 3 ] || { echo "counted: $((after - before)), not 3"; return 1; }
}
unknown() {
	local before after
	before=$(stat_of "$EXIT" drops.no_circuit.cells)
	on server ping -c 2 -i 0.2 -W 1 10.99.0.77 && return 1
	after=$(stat_of "$EXIT" drops.no_circuit.cells)
	[ $((after - before)) = 2 ] || { echo "counted: $((after - before)), not 2"; return 1; }
}
ktap_test "exit: no circuit for an unknown inner address" unknown

moved() {
	! on client ip link set cell0 netns "$(ns_name server)" 2>"$LIB_TMP/err" || return 1
}
ktap_test "the device stays in its namespace" moved

gone() {
	on client ip link del cell0 && on client relayctl -j circuit show | jq -e '.circuits | length == 1' &&
		ip netns exec "$(ns_name client)" true
}
ktap_test "deleting the device leaves the circuit" gone
lib_again

# ---- a client that lies ------------------------------------------------------
lying_chain() {
	chain_hosts 1 && chain_keys "$LIB_TMP/keys" || return 1
	sed -i "s/$INNER4/10.99.0.66/" "$LIB_TMP/keys/node0.batch" || return 1
	chain_load "$LIB_TMP/keys" && chain_devices && on client ip addr add 10.99.0.66/32 dev cell0 &&
		on client ip route replace "$SERVER4" dev cell0 src 10.99.0.66
}
ktap_test "one hop: a client that was given another address" lying_chain
ktap_test "exit: a packet with another source is dropped and counted" lied
ktap_test "client: a packet that no circuit may carry is dropped" \
	not on client ping -c 1 -W 1 -I "$INNER4" "$SERVER4"
ktap_test "every cell and packet is accounted for" chain_conserved
lib_again

# ---- eight hops --------------------------------------------------------------
ktap_test "eight hops, IPv6 outside: circuit and devices" chain 8 6 || ktap_finish
ktap_test "eight hops: ping, IPv4 and IPv6" ping_both
ktap_test "eight hops: the MTU is IPv6's minimum" mtu_is 1280
# A large cell holds 1198 bytes, a small one 46.
ktap_test "a packet that fits no cell is split over two" \
	makes client 2 2816 on client ping -c 1 -W 10 -M "do" -s $((1280 - 28)) "$SERVER4"
next_port
ktap_test "split packets in a train" receive $PORT $((1280 - 28)) 40 5
ktap_test "MSS is clamped to one cell below the MTU" mss_seen 1198
ktap_test "TCP to the server" tcp_works
ktap_test "TCP from the server" tcp_works -R

halves() {
	netem r4 r5 loss 10% || return 1
	on client udptrain send "$SERVER4" 9 $((1280 - 28)) 40 10
	busywait 5000 chain_conserved
	netem r4 r5 off
	[ "$(stat_of "$EXIT" drops.half.cells)" -gt 0 ] || { chain_drops; return 1; }
}
ktap_test "half a packet whose other half was lost is counted" halves
ktap_test "every cell and packet is accounted for" chain_conserved
ktap_finish
