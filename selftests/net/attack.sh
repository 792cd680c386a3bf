#!/bin/bash
# SPDX-License-Identifier: MIT
# Attacks on the data plane, each by its name in the threat list, with the counter that must
# move: D1 tagging, D3 replay, D4 circuit ids, D9 amplification, D13 invalid cells. The attacker
# owns the wire (cellsend) or a client's keys (cellforge).
here=$(dirname "$0")
. "$here/../lib.sh"
. "$here/chain.sh"

dropped() { # HOST REASON...: sum
	local h=$1 sum=0 r
	shift
	for r; do sum=$((sum + $(stat_of "$h" "drops.$r.cells"))); done
	echo $sum
}
# What junk on the link or tag ends as: no link has that index, or it is no handshake either.
junk_drops() { dropped "$1" link_unknown handshake no_daemon; }

# forward HOST: cells that its first circuit forwarded towards the exit
forward() { on "$1" relayctl -j circuit show | jq '.circuits[0].fwd.cells'; }

to_r1() { on client cellsend --batch 16 "$@" "$(addr4 r1 client)" "$CHAIN_PORT"; }

# class POS COUNTER: 20 fresh cells with one bit flipped at POS end in that counter of r1, and
# nothing goes on to r2
class() {
	local pos=$1 what=$2 before after_r2 n
	before=$(eval "$what")
	after_r2=$(forward r2)
	n=$(to_r1 --skip "$((CLASS * 20))" --count 20 --flip "$pos" "$LIB_TMP/fresh.pcap") || return 1
	CLASS=$((CLASS + 1))
	expect "cells sent" "$n" 20 && reaches $((before + 20)) "$what" &&
		expect "cells that r2 received" "$(forward r2)" "$after_r2"
}

d1_unflipped() {
	local before n
	before=$(forward r2)
	n=$(to_r1 "$LIB_TMP/fresh.pcap") && [ "$n" -ge 200 ] && reaches $((before + n)) forward r2
}

d1_every_byte() {
	local before in2 n pings
	# pings that wait for the device to take them share cells
	for pings in 3 10 30; do
		fresh "$LIB_TMP/spread.pcap" "$((SPREAD * pings))" "$SPREAD_PING" || return 1
		n=$(tcpdump -n -r "$LIB_TMP/spread.pcap" 2>/dev/null | wc -l)
		[ "$n" -lt "$SPREAD" ] || break
	done
	before=$(($(junk_drops r1) + $(dropped r1 tag auth)))
	in2=$(forward r2)
	n=$(to_r1 --spread "$LIB_TMP/spread.pcap") || return 1
	[ "$n" -ge "$SPREAD" ] || { echo "only $n cells"; return 1; }
	reaches $((before + n)) 'echo $(($(junk_drops r1) + $(dropped r1 tag auth)))' &&
		expect "cells that r2 received" "$(forward r2)" "$in2"
}

alive() { on client ping -q -c 3 -i 0.1 -w 10 "$SERVER4" >/dev/null; }

d3_again() {
	local replay in2 n
	replay=$(dropped r1 replay)
	in2=$(forward r2)
	n=$(to_r1 --repeat 3 "$LIB_TMP/fresh.pcap") && reaches $((replay + n)) dropped r1 replay &&
		expect "cells that r2 received" "$(forward r2)" "$in2"
}

d3_late() {
	local replay in2 n
	on client ping -q -c 2200 -i 0.002 -W 1 -s 64 "$SERVER4" >/dev/null
	replay=$(dropped r1 replay)
	in2=$(forward r2)
	n=$(to_r1 "$LIB_TMP/late.pcap") && [ "$n" -ge 20 ] && reaches $((replay + n)) dropped r1 replay &&
		expect "cells that r2 received" "$(forward r2)" "$in2"
}

d3_other_direction() {
	local before n
	before=$(junk_drops client)
	n=$(on r1 cellsend "$LIB_TMP/fresh.pcap" "$(addr4 client r1)" "$CHAIN_PORT") && reaches $((before + n)) junk_drops client
}

# SIZE: random bytes of a cell's size: counted, never answered
d9() {
	local before n out
	before=$(junk_drops r1)
	out=$(stat_of r1 out.cells)
	capture client r1 "$LIB_TMP/d9.pcap" "src host $(addr4 r1 client)" || return 1
	n=$(to_r1 --junk "$1" --count 300) && reaches $((before + n)) junk_drops r1 || return 1
	capture_stop client r1
	expect "cells that r1 sent" "$(stat_of r1 out.cells)" "$out" &&
		expect "packets that r1 answered with" "$(tcpdump -n -r "$LIB_TMP/d9.pcap" 'not arp' 2>/dev/null | wc -l)" 0
}

d9_sizes() {
	local before n
	before=$(dropped r1 size)
	for s in 1 20 24 255 257 1231 1407 1409; do
		to_r1 --junk "$s" --count 5 >/dev/null || return 1
	done
	n=$(to_r1 --junk 255 --count 1) && [ "$n" = 1 ] && reaches $((before + 41)) dropped r1 size
}

# ---- with a client's keys, on a circuit that no client uses ------------------

# forge CTRS TYPE [OPTION...]
forge() {
	local ctrs=$1 type=$2
	shift 2
	on client cellforge --keys "$KEYS/node0.keys" --idx "$KEYS/node1.idx" --circ "$CIRC" --ctr "$ctrs" --type "$type" "$@" \
		"$(addr4 r1 client)" "$CHAIN_PORT"
}

forge_chain() {
	chain_hosts 3 4 && chain_keys "$LIB_TMP/keys" || return 1
	KEYS=$LIB_TMP/keys
	for i in 1 2 3; do
		on "r$i" relayctl -b "$KEYS/node$i.batch" || return 1
	done
	CIRC=$(sed -n 's/.* next-tx \([0-9]*\).*/\1/p' "$KEYS/node0.batch")
	[ -n "$CIRC" ]
}

d3_resealed() {
	local r3 r2
	forge 1000,2000,3000 3 && reaches 1 stat_of r3 delivered.cells || return 1
	r2=$(dropped r2 replay) r3=$(dropped r3 replay)
	# the guard again, under a new counter of its own
	forge 1001,2000,3000 3 && reaches $((r2 + 1)) dropped r2 replay || return 1
	# guard and middle again
	forge 1002,2001,3000 3 && reaches $((r3 + 1)) dropped r3 replay || return 1
	expect "delivered at r3" "$(stat_of r3 delivered.cells)" 1 &&
		expect "bytes of circuit 1 counted at r3" "$(on r3 relayctl -j circuit show 1 | jq '.circuits[0].fwd.bytes')" 256
}

d3_window_edges() {
	local rep
	rep=$(dropped r1 replay)
	forge 10000,10000,10000 3 && reaches 2 stat_of r3 delivered.cells || return 1
	# 2048 behind the highest is inside, 2049 outside
	forge 7952,10001,10001 3 && reaches 3 stat_of r3 delivered.cells || return 1
	forge 7951,10002,10002 3 && reaches $((rep + 1)) dropped r1 replay || return 1
	# 2^48 and more is no counter
	forge 281474976710656,10003,10003 3 && reaches $((rep + 2)) dropped r1 replay &&
		expect "delivered at r3" "$(stat_of r3 delivered.cells)" 3
}

d4_other_circ() {
	local before
	before=$(dropped r1 circ_unknown)
	CIRC=$((CIRC ^ 1)) forge 11000,11000,11000 3 && reaches $((before + 1)) dropped r1 circ_unknown
}

# The ids that r1 chose for the next link, used on the client's link.
d4_other_link() {
	local before id
	before=$(dropped r1 circ_unknown)
	id=$(sed -n 's/.* next-rx \([0-9]*\).*/\1/p' "$KEYS/node1.batch")
	CIRC=$id forge 11001,11001,11001 3 && reaches $((before + 1)) dropped r1 circ_unknown
}

d4_taken() {
	local id
	id=$(sed -n 's/.* prev-rx \([0-9]*\).*/\1/p' "$KEYS/node1.batch")
	printf 'fwd = %064d\nbwd = %064d\n' 1 2 >"$LIB_TMP/some.keys" && chmod 600 "$LIB_TMP/some.keys"
	on r1 relayctl circuit add role relay keys "$LIB_TMP/some.keys" pos 1 suite chacha large 1408 \
		prev-link 1 prev-rx "$id" prev-tx 77 2>"$LIB_TMP/err"
	expect "exit status" $? 2 && grep -q "in use" "$LIB_TMP/err" &&
		expect "circuits of r1" "$(on r1 relayctl -j circuit show | jq '.circuits | length')" 1
}

# TEXT COUNTERS TYPE HOPS: an authentic cell of the wrong kind ends the circuit at that host, once
d13() {
	local host=$1 before
	before=$(dropped "$host" proto)
	forge "$2" "$3" && reaches $((before + 1)) dropped "$host" proto &&
		busywait 5000 eval "[ \"\$(on $host relayctl -j circuit show | jq '.circuits | length')\" = 0 ]"
}

ktap_start
need relayctl jq tcpdump cellsend cellforge ping
if [ "${1:-}" = forge ]; then
	ktap_test "a circuit whose client is the attacker" forge_chain || ktap_finish
	case ${2:-} in
	ids)
		ktap_test "D3: a cell re-sealed by guard or middle is delivered and counted once" d3_resealed
		ktap_test "D3: the window's edges, and counters of 2^48" d3_window_edges
		ktap_test "D4: an id that the relay did not choose is dropped" d4_other_circ
		ktap_test "D4: the id of another link's circuit is dropped" d4_other_link
		ktap_test "D4: an id in use is refused, and nothing is overwritten" d4_taken
		ktap_test "D13: an unknown type ends the circuit" d13 r1 12000 200
		;;
	data) ktap_test "D13: DATA at a relay that is no exit ends the circuit" d13 r2 12000,12000 1 ;;
	relay) ktap_test "D13: RELAY at the last relay ends the circuit" d13 r3 12000,12000,12000 0 ;;
	esac
	ktap_test "every relay's counters are conserved" eval 'for h in r1 r2 r3; do busywait 5000 at_rest $h || exit 1; done'
	ktap_finish
fi

ktap_test "three relays come up" chain 3 4 || ktap_finish
CLASS=0
# at least one fresh cell for each byte of a small cell (tagging.sh: every bit of a large one)
SPREAD=256 SPREAD_PING=64
alive
ktap_test "fresh cells for the attacker" fresh "$LIB_TMP/fresh.pcap" 200 1200
ktap_test "D1: a flipped bit in the link index is junk" class 1 "junk_drops r1"
ktap_test "D1: a flipped bit in the tag is junk" class 6 "junk_drops r1"
ktap_test "D1: a flipped bit in the circuit id is a wrong tag" class 13 "dropped r1 tag"
ktap_test "D1: a flipped bit in the counter is a wrong tag" class 20 "dropped r1 tag"
ktap_test "D1: a flipped bit in the body fails authentication" class 24 "dropped r1 auth"
ktap_test "D1: likewise in its middle" class 700 "dropped r1 auth"
ktap_test "D1: a flipped bit in the last 16 bytes is a wrong tag" class -8 "dropped r1 tag"
ktap_test "D1: none of them used up a counter: the cells themselves still pass" d1_unflipped
ktap_test "D1: every byte of a cell, one at a time" d1_every_byte
ktap_test "D1: no damaged cell ended the circuit" alive
cp "$LIB_TMP/fresh.pcap" "$LIB_TMP/late.pcap"
ktap_test "D3: every cell again, three times: dropped as replays" d3_again
ktap_test "D3: too late, out of the window" d3_late
ktap_test "D3: in the other direction: junk" d3_other_direction
ktap_test "D9: 300 small cells of junk get no answer" d9 256
ktap_test "D9: 300 large cells of junk get no answer" d9 1408
ktap_test "D9: other sizes are dropped as such" d9_sizes
ktap_test "the circuit still works" alive
ktap_test "D13: DATA where no exit is" "$0" forge data
ktap_test "D13: RELAY where no next hop is" "$0" forge relay
ktap_test "D3, D4, and D13 of an unknown type, with a client's keys" "$0" forge ids
ktap_test "every host's counters are conserved" chain_conserved
ktap_finish
