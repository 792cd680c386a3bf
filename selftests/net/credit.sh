#!/bin/bash
# SPDX-License-Identifier: MIT
# The limit of a circuit: never exceeded and reached to within two cells while both directions
# race on two processors; told of once; raised, it goes on; held when the daemon is dead.
here=$(cd "$(dirname "$0")" && pwd -P)
# shellcheck source=selftests/lib.sh
. "$here/../lib.sh"
# shellcheck source=selftests/net/chain.sh
. "$here/chain.sh"
PATH=$here/../../build/bin:$here/../../build/netlink-tests:$PATH

CIRCUITS=16
BOUNDARIES=${BOUNDARIES:-1000}	# limits to reach
STEP=6000		# bytes from one to the next, at least
RATE=2400		# datagrams per second and direction: more than goes through
ALLOWANCE=600000	# what the daemon leaves to each when it dies
LARGE=1408
PORT=6000

ktap_start
need relayctl udppace jq taskset creditor

inner() { echo "10.99.0.$((1 + $1))"; }

circuits() {
	local i
	chain 2 4 count $CIRCUITS || return 1
	for i in $(seq 2 $CIRCUITS); do
		echo "addr add $(inner "$i")/32 dev cell0"
	done | on client ip -b -
}

receivers() {
	local h
	for h in client server; do
		bg on $h udppace count $PORT
		busywait 10000 grep -q ready "$(bg_log $!)" || return 1
	done
}

# race N: both directions of the first N circuits, each from a processor of its own
race() {
	local i cpus
	for i in $(seq "$1"); do
		echo "$(inner "$i") 1200 $((RATE / $1))"
	done >"$LIB_TMP/flows"
	cpus=$(nproc)
	bg on client sh -c "exec taskset -c 0 udppace send $SERVER4 $PORT 100000 <$LIB_TMP/flows"
	FWD=$!
	bg on server sh -c "exec taskset -c $((cpus - 1)) udppace sendto $PORT 100000 <$LIB_TMP/flows"
	BWD=$!
	busywait 20000 both_move "$1"
}
both_move() {
	[ "$(on r1 relayctl -j circuit show | jq '[.circuits[] | select(.fwd.cells > 0 and .bwd.cells > 0)] | length')" -ge "$1" ]
}
race_ends() {
	stop "$FWD"
	stop "$BWD"
}

# limits_hold N STEP: of N circuits, with so many bytes from one to the next, and up to two cells more
limits_hold() { on r1 creditor "$1" "$BOUNDARIES" "$2"; }
figures() { tail -n 1 "$LIB_TMP/out" | sed 's/^/# /'; }

# The daemon gives a last allowance and is killed.
daemon_dies() {
	on r1 creditor $CIRCUITS $((2 * CIRCUITS)) $STEP die $ALLOWANCE >"$LIB_TMP/limits"
	[ $? = 137 ] && [ "$(wc -l <"$LIB_TMP/limits")" = $CIRCUITS ] || { cat "$LIB_TMP/limits"; return 1; }
	ALIVE=$(sums | awk 'NR == FNR { limit[$1] = $2; next } limit[$1] - $2 > 10 * 1408' "$LIB_TMP/limits" - | wc -l)
}

# sums: "id bytes" of r1's circuits
sums() { on r1 relayctl -j circuit show | jq -r '.circuits[] | "\(.id) \(.fwd.bytes + .bwd.bytes)"'; }

# over: circuits of which more passed than their limit; short: circuits that have not come near it
over() { sums | awk 'NR == FNR { limit[$1] = $2; next } $2 > limit[$1]' "$LIB_TMP/limits" -; }
short() { sums | awk -v cell=$LARGE 'NR == FNR { limit[$1] = $2; next } limit[$1] - $2 > 2 * cell' "$LIB_TMP/limits" -; }
all_stopped() { [ -z "$(short)" ]; }

stopped() {
	local refused
	[ "$ALIVE" -gt 0 ] || { echo "nobody had credit left when the daemon died"; return 1; }
	busywait 60000 all_stopped || { echo "not at their limits:"; short; return 1; }
	# Whoever would go on has had the chance.
	refused=$(stat_of r1 drops.credit.cells)
	busywait 20000 refuses $((refused + 20 * CIRCUITS)) || { echo "nothing was refused"; return 1; }
	over=$(over)
	[ -z "$over" ] || { echo "beyond their limits: $over"; return 1; }
}
refuses() { [ "$(stat_of r1 drops.credit.cells)" -ge "$1" ]; }

# What r1 charged is what r1 sent, to the byte.
charged_is_sent() {
	local charged sent
	race_ends
	busywait 20000 chain_conserved || return 1
	charged=$(sums | awk '{ n += $2 } END { print n }')
	sent=$(stat_of r1 out.bytes)
	[ "$charged" = "$sent" ] || { echo "charged $charged bytes, sent $sent"; return 1; }
}

# Cells go on being refused, and nothing more is told.
quiet() {
	local before refused
	before=$(on r1 relayctl -j ns show | jq .namespace.event_seq)
	refused=$(stat_of r1 drops.credit.cells)
	busywait 20000 refuses $((refused + 5 * CIRCUITS)) || { echo "nothing was refused"; return 1; }
	[ "$(on r1 relayctl -j ns show | jq .namespace.event_seq)" = "$before" ]
}

ktap_test "two hops, $CIRCUITS circuits" circuits || ktap_finish
ktap_test "receivers" receivers
# All the time at the limit: each raise lets one to three cells pass.
ktap_test "two circuits, traffic in both directions" race 2 || ktap_finish
ktap_test "$BOUNDARIES limits: none exceeded, each reached and told of once, events without a gap" limits_hold 2 $LARGE
figures
race_ends
ktap_test "$CIRCUITS circuits, traffic in both directions" race $CIRCUITS || ktap_finish
ktap_test "$BOUNDARIES limits: none exceeded, each reached and told of once, events without a gap" limits_hold $CIRCUITS $STEP
figures
ktap_test "a daemon gives credit and dies" daemon_dies
ktap_test "without it circuits go on to their limits and stop there" stopped
ktap_test "a limit that was told of is not told of again" quiet
ktap_test "what the relay charged is what it sent, every cell is accounted for" charged_is_sent
ktap_finish
