#!/bin/bash
# SPDX-License-Identifier: MIT
# D1 at length: whoever owns a wire, or the relay before it, flips every bit of a large cell, one
# at a time, on every wire of three hops and in both directions: 11 264 cells each. What becomes of
# each bit is known beforehand from docs/protocol.md, and the counters must say so exactly.
here=$(dirname "$0")
. "$here/../lib.sh"
. "$here/chain.sh"
LARGE=1408
JUNK=$((12 * 8))	# link index and tag: nobody's cell
TAG=$((28 * 8))		# circuit, counter and the last 16 bytes
BODY=$((LARGE - 40))	# the bytes that only layers vouch for

# A wire on which cells are held back loses what hosts ask each other for addresses, too.
neighbours() {
	local w
	for w in "client r1" "r1 client" "r1 r2" "r2 r1" "r2 r3" "r3 r2"; do
		# shellcheck disable=SC2086
		set -- $w
		on "$1" ip neigh replace "$(addr4 "$2" "$1")" lladdr "$(on "$2" ip -br link show dev "to-$1" | awk '{ print $3 }')" \
			dev "to-$2" nud permanent || return 1
	done
}

# counts HOST: junk, tag, auth, replay, delivered
counts() {
	stat_of "$1" drops.link_unknown.cells drops.handshake.cells drops.no_daemon.cells drops.tag.cells \
		drops.auth.cells drops.replay.cells delivered.cells | awk '{ print $1 + $2 + $3, $4, $5, $6, $7 }'
}

# arrived HOST N: has it received so many cells, and is every node done with what it has?
arrived() { [ "$(stat_of "$1" in.cells)" -ge "$2" ] && chain_conserved >/dev/null; }

# send A B N OPTION...: N of the cells held back, from A to B
send() {
	local n in
	in=$(stat_of "$2" in.cells)
	n=$(on "$1" cellsend --batch 16 --count "$3" "${@:4}" "$LIB_TMP/fresh.pcap" "$(chain_addr 4 "$2" "$1")" "$CHAIN_PORT") &&
		expect "cells sent" "$n" "$3" && busywait 20000 arrived "$2" $((in + n))
}

# grown HOST BEFORE JUNK TAG AUTH REPLAY DELIVERED: by how much the counters of HOST have grown
grown() {
	local host=$1
	# shellcheck disable=SC2086
	set -- $2 $(counts "$host") "${@:3}"
	expect "junk, tag, auth, replay, delivered at $host" "$(($6 - $1)) $(($7 - $2)) $(($8 - $3)) $(($9 - $4)) $((${10} - $5))" "${*:11}"
}

# every_bit A B END FILLER: END is where undamaged cells are delivered; FILLER, the last bytes
# of a cell from A, has no meaning, and only the tag covers 16 of them.
every_bit() {
	local a=$1 b=$2 end=$3 open=$(($4 > 16 ? $4 - 16 : 0)) at_b at_end bit
	fresh "$LIB_TMP/fresh.pcap" $((LARGE + 200)) 1200 "$a" "$b" && chain_conserved || return 1
	at_b=$(counts "$b") at_end=$(counts "$end")
	for bit in 0 1 2 3 4 5 6 7; do
		send "$a" "$b" $LARGE --spread --bit $bit || return 1
	done
	echo "damaged:"
	if [ "$a" = r3 ] || [ "$a $b" = "r2 r1" ]; then
		# A relay cannot check what comes from behind it. A body passes once, then it is a replay.
		grown "$b" "$at_b" $JUNK $TAG 0 $((7 * BODY)) 0 && grown "$end" "$at_end" 0 0 $((BODY - open)) 0 "$open" || return 1
		at_end=$(counts "$end")
		send "$a" "$b" $LARGE && echo "undamaged:" && grown "$end" "$at_end" 0 0 0 0 $((LARGE - BODY))
	elif [ "$b" = "$end" ]; then
		grown "$b" "$at_b" $JUNK $TAG $((8 * (BODY - open))) $((7 * open)) "$open" || return 1
		at_b=$(counts "$b")
		send "$a" "$b" $LARGE && echo "undamaged:" && grown "$b" "$at_b" 0 0 0 "$open" $((LARGE - open))
	else
		grown "$b" "$at_b" $JUNK $TAG $((8 * (BODY - open))) $((7 * open)) 0 && grown "$end" "$at_end" 0 0 0 0 "$open" || return 1
		at_b=$(counts "$b") at_end=$(counts "$end")
		send "$a" "$b" $LARGE && echo "undamaged:" && grown "$b" "$at_b" 0 0 0 "$open" 0 && grown "$end" "$at_end" 0 0 0 0 $((LARGE - open))
	fi
}

alive() { on client ping -q -c 3 -i 0.1 -w 20 "$SERVER4" && on client ping -q -c 3 -i 0.1 -w 20 "$SERVER6"; }

ktap_start
need relayctl jq tcpdump cellsend ping
ktap_test "three relays come up" chain 3 4 || ktap_finish
ktap_test "hosts know their neighbours for good" neighbours
alive >/dev/null
ktap_test "D1: every bit, client to r1: none goes on" every_bit client r1 r3 0
ktap_test "D1: every bit, r1 to r2: none goes on but 7 bytes of filler" every_bit r1 r2 r3 23
ktap_test "D1: every bit, r2 to r3: none is delivered but for 30 bytes of filler" every_bit r2 r3 r3 46
ktap_test "D1: every bit, r3 to r2: the client finds each" every_bit r3 r2 client 46
ktap_test "D1: every bit, r2 to r1: the client finds each" every_bit r2 r1 client 23
ktap_test "D1: every bit, r1 to client: none is delivered" every_bit r1 client client 0
ktap_test "D1: no damaged cell ended the circuit" alive
ktap_test "every host's counters are conserved" chain_conserved
ktap_finish
