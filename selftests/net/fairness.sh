#!/bin/bash
# SPDX-License-Identifier: MIT
# Rates of a relay: many circuits under a total cap, caps of single circuits, caps changed
# under traffic, thin caps. Run it where the clock counts instructions (selftests/vm/run
# --icount), or a busy machine decides the result.
#
#	fairness.sh		CAP bytes/s in all (1500000), HOPS of the chain (1), SECONDS_EACH
#				of each measurement (10), XDP=native or generic: relays but the exit
#				forward by XDP (2 hops or more), "brief" leaves out the longer parts
here=$(cd "$(dirname "$0")" && pwd -P)
# shellcheck source=selftests/lib.sh
. "$here/../lib.sh"
# shellcheck source=selftests/net/chain.sh
. "$here/chain.sh"
PATH=$here/../../build/bin:$PATH

CAP=${CAP:-1500000}
XDP=${XDP:-}
HOPS=${HOPS:-$([ "$XDP" ] && echo 2 || echo 1)}
SECONDS_EACH=${SECONDS_EACH:-10}
GREEDY=64
POLITE=2	# at half of their share, the last circuits
CIRCUITS=$((GREEDY + POLITE))
LARGE=1408 SMALL=256
PORT=6000

ktap_start
need relayctl udppace jq

# inner N: address of circuit N
inner() { echo "10.99.0.$((1 + $1))"; }

many_circuits() {
	local i
	chain "$HOPS" 4 count $CIRCUITS || return 1
	for i in $(seq 2 $CIRCUITS); do
		echo "addr add $(inner "$i")/32 dev cell0"
	done | on client ip -b - && { [ -z "$XDP" ] || chain_xdp mode "$XDP"; }
}

# share CAP: fair share of a greedy circuit, bytes/s
share() { echo $(($1 * 2 / (2 * GREEDY + POLITE))); }

mtu() { on client ip -o link show dev cell0 | sed 's/.* mtu \([0-9]*\) .*/\1/'; }

# flows CAP: what each circuit sends: the greedy ones 1.2 to 3 times their share, every eighth
# of them in small cells, the polite ones half of it, the last of these in small cells.
flows() {
	awk -v f="$(share "$1")" -v greedy=$GREEDY -v n=$CIRCUITS -v large=$LARGE -v small=$SMALL \
		-v mtu="$(mtu)" -v room="$((232 - 23 * HOPS))" 'BEGIN {
		for (i = 1; i <= n; i++) {
			tiny = i <= greedy ? i % 8 == 0 : i == n
			k = i <= greedy ? 1.2 + 1.8 * ((i * 37) % 64) / 63 : 0.5
			# a frame is the packet and two bytes, a packet has 28 of headers
			printf "10.99.0.%d %d %.3f\n", 1 + i, (tiny ? room - 2 : mtu) - 28, f * k / (tiny ? small : large)
		}
	}'
}

# sample: "time id fwd-bytes dropped-cells" of every circuit of r1, all at one time
sample() {
	local before after json
	before=${EPOCHREALTIME/[.,]/}
	json=$(on r1 relayctl -j circuit show) || return 1
	after=${EPOCHREALTIME/[.,]/}
	jq -r --arg t $(((before + after) / 2)) '.circuits[] | "\($t) \(.id) \(.fwd.bytes) \(.dropped_cells)"' <<<"$json"
}

# window SECONDS: "id bytes/s dropped-cells/s" of every circuit meanwhile, in $LIB_TMP/window
window() {
	sample >"$LIB_TMP/a" && sleep "$1" && sample >"$LIB_TMP/b" || return 1
	awk 'NR == FNR { t = $1; bytes[$2] = $3; drops[$2] = $4; next }
		{ d = ($1 - t) / 1e6; print $2, ($3 - bytes[$2]) / d, ($4 - drops[$2]) / d }' \
		"$LIB_TMP/a" "$LIB_TMP/b" >"$LIB_TMP/window"
	[ "$(wc -l <"$LIB_TMP/window")" = $CIRCUITS ]
}

# judge NAME CAP JAIN PERCENT [FIRST LAST]: Jain's index of circuits FIRST to LAST (the greedy
# ones) in the window, and the total of all.
judge() {
	awk -v name="$1" -v cap="$2" -v jain="$3" -v percent="$4" -v first="${5:-1}" -v last="${6:-$GREEDY}" '
	{ total += $2 }
	$1 >= first && $1 <= last { n++; s += $2; q += $2 * $2; if (!min || $2 < min) min = $2; if ($2 > max) max = $2 }
	END {
		j = q ? s * s / (n * q) : 0
		off = 100 * (total - cap) / cap
		printf "%s: total %.0f B/s, %+.2f %% of the cap; Jain %.5f of %d circuits (%.0f to %.0f B/s)\n", name, total, off, j, n, min, max
		exit !(j >= jain && off <= percent && off >= -percent)
	}' "$LIB_TMP/window" | tee -a "$LIB_TMP/figures"
	return "${PIPESTATUS[0]}"
}

# traffic CAP: starts senders and receiver, for as long as the test wants
traffic() {
	bg on server udppace count $PORT
	COUNTER=$!
	busywait 10000 grep -q ready "$(bg_log "$COUNTER")" || return 1
	flows "$1" >"$LIB_TMP/flows"
	bg on client sh -c "exec udppace send $SERVER4 $PORT 100000 <$LIB_TMP/flows"
	SENDER=$!
	busywait 10000 moving
}
moving() { [ "$(stat_of r1 delivered.cells)" != 0 ] || [ "$(stat_of r1 out.cells)" != 0 ]; }

# Ends it; "address sent received" in $LIB_TMP/ends
traffic_end() {
	stop "$SENDER"
	busywait 5000 chain_conserved || return 1
	sleep 1
	stop "$COUNTER"
	awk 'NR == FNR { got[$1] = $2; next } { print $1, $2, got[$1] + 0 }' \
		<(grep -v ready "$(bg_log "$COUNTER")" | sed 's/^::ffff://') "$(bg_log "$SENDER")" >"$LIB_TMP/ends"
	[ "$(wc -l <"$LIB_TMP/ends")" = $CIRCUITS ]
}

cap() { on r1 relayctl ns set rate "$1"; }

total_cap() {
	cap "$CAP" && traffic "$CAP" || return 1
	sleep 5
	window "$SECONDS_EACH" && judge "64 greedy UDP circuits" "$CAP" 0.98 3
}

polite() {
	awk -v polite=$POLITE '{ line[NR] = $0 }
	END {
		for (i = NR - polite + 1; i <= NR; i++) {
			split(line[i], f, " ")
			sent += f[2]; lost += f[2] - f[3]
			if (!f[2] || (f[2] - f[3]) * 1000 >= f[2]) bad = 1
			printf "half of its share: %s sent %d cells, lost %d\n", f[1], f[2], f[2] - f[3]
		}
		exit bad
	}' "$LIB_TMP/ends" | tee -a "$LIB_TMP/figures"
	return "${PIPESTATUS[0]}"
}

# All that r1 admitted arrived: what was lost, the policer took.
nothing_else() {
	local h d
	for h in "${CHAIN_NODES[@]}"; do
		d=$(on "$h" relayctl -j stats | jq -c '.. | objects | select(has("drops")) | .drops | del(.rate)')
		[ "$d" = "{}" ] || { echo "$h: $d"; return 1; }
	done
}

# changed NAME CAP: under traffic; within three seconds it holds
changed() {
	cap "$2" || return 1
	sleep 3
	window "$SECONDS_EACH" && judge "$1" "$2" 0.98 3
}

# Circuits 1 to 8 get caps of their own, an eighth to all of what the others would have.
own_caps() {
	local i rest
	for i in 1 2 3 4 5 6 7 8; do
		echo "circuit set $i rate $(($(share "$CAP") * i / 8))"
	done >"$LIB_TMP/own"
	on r1 relayctl -b "$LIB_TMP/own" || return 1
	sleep 4
	window "$SECONDS_EACH" || return 1
	judge "eight circuits with caps of their own, the other 56" "$CAP" 0.98 3 9 $GREEDY || return 1
	# Two percent, and a cell that came just before or after the end.
	awk -v f="$(share "$CAP")" -v cell="$((LARGE / SECONDS_EACH))" '$1 <= 8 { want = f * $1 / 8; off = $2 - want
			printf "own cap %.0f B/s: %.0f B/s, %+.2f %%\n", want, $2, 100 * off / want
			if (off > want / 50 + cell || off < -want / 50 - cell) bad = 1 }
		END { exit bad }' "$LIB_TMP/window" | tee -a "$LIB_TMP/figures"
	[ "${PIPESTATUS[0]}" = 0 ] || return 1
	for i in 1 2 3 4 5 6 7 8; do
		echo "circuit set $i rate unlimited"
	done >"$LIB_TMP/own"
	on r1 relayctl -b "$LIB_TMP/own"
}

# thin CELLS PERCENT: so many large cells a second and circuit. A bucket holds two large cells at
# least and is full where it was not used: over ten seconds that is seen, later it is not.
thin() {
	local to=$(($1 * LARGE * (GREEDY + POLITE / 2))) status=0
	cap "$to" || return 1
	window 10 && judge "thin cap, $1 cells/s and circuit, seconds 0 to 10 after the change" \
		"$to" 0 $((3 + 100 * 2 / 10 / $1)) || status=1
	window 20 && judge "thin cap, $1 cells/s and circuit, seconds 10 to 30" "$to" 0.98 "$2" || status=1
	return $status
}

ktap_test "$HOPS hop(s)${XDP:+ by XDP, $XDP mode}: $CIRCUITS circuits" many_circuits || ktap_finish
ktap_test "64 greedy UDP circuits under a total cap: Jain >= 0.98, total within 3 %" total_cap
ktap_test "senders end, every cell is accounted for" traffic_end
ktap_test "a circuit at half its share loses less than 0.1 %" polite
ktap_test "nothing was lost but for the caps" nothing_else
[ -z "$XDP" ] || ktap_test "the relays' programs did it" chain_by_xdp
if [ "$1" != brief ]; then
	ktap_test "senders again" traffic "$CAP"
	ktap_test "the cap is halved under traffic" changed "cap halved" $((CAP / 2))
	ktap_test "and doubled again" changed "cap doubled" "$CAP"
	ktap_test "caps of single circuits hold, the others share the rest" own_caps
	ktap_test "thin cap: 4 cells/s and circuit" thin 4 3
	ktap_test "thin cap: 1 cell/s and circuit" thin 1 5
	ktap_test "senders end, every cell is accounted for" traffic_end
fi
sed 's/^/# /' "$LIB_TMP/figures"
ktap_finish
