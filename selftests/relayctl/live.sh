#!/bin/bash
# SPDX-License-Identifier: MIT
# relayctl with a real module: the kernel's words, JSON as described, large
# dumps, a monitor that cannot keep up.
# shellcheck disable=SC2317  # functions run through ktap_test
# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=selftests/relayctl/path.sh
. "$(dirname "$0")/path.sh"

need jq setpriv
GOLDEN=$(cd "$(dirname "$0")/../../userspace/tests/golden/relayctl" && pwd)
ktap_start
modprobe cellrelay || { ktap_fail "module loads"; ktap_finish; }
"$R" load

# refused STATUS TEXT COMMAND...
refused() {
	local want=$1 text=$2 status
	shift 2
	"$@" >"$LIB_TMP/refused" 2>&1
	status=$?
	cat "$LIB_TMP/refused"
	[ "$status" = "$want" ] && grep -qF -- "$text" "$LIB_TMP/refused"
}

ktap_test "a path" make_path
ktap_test "ping through it" on client ping -c 1 -w 5 "$(addr4 server exit)"

# The kernel's own words stand behind ours, with the argument that it means.
ktap_test "refusal: no such circuit" refused 2 'cannot show circuit 77: no circuit has this id (argument "id")' \
	ctl relay circuit show 77
ktap_test "refusal: same id again" refused 2 'cannot add a socket on 0.0.0.0 port 9: a socket with this id exists' \
	ctl relay sock add 1 addr 0.0.0.0 port 9
ktap_test "refusal: missing argument" refused 2 '(missing: "large")' ctl relay circuit add 9 role client
ktap_test "refusal: out of range" refused 2 '(argument "circ-max")' ctl relay ns set circ-max 4294967295
ktap_test "refusal: unprivileged" refused 2 "CAP_NET_ADMIN" \
	setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all --bounding-set=-all "$R" link show
ktap_test "no such namespace" refused 1 "no network namespace" "$R" -n nowhere show
ktap_test "an Ethernet device is not deleted" refused 2 "not a cellrelay device" ctl relay dev del to-exit
ktap_test "keys twice" refused 1 "a key file is used once" ctl relay key add 1 gen 1 file "$LIB_TMP/path/node1.keys"

# Same keys at every level as in the golden files, which relayctl-json(5) describes.
# Numbers of array entries, and reasons of drops, vary.
shape() { jq -S '[paths | map(if type == "number" then 0 else . end) |
	if (index("drops") // 99) < length - 1 then empty else . end] | unique'; }
same_shape() {
	local file=$1 missing
	shift
	missing=$("$@" | shape | jq --slurpfile g <(shape <"$GOLDEN/$file") -c '. - $g[0]')
	[ "$missing" = "[]" ] || { echo "not in $file: $missing"; return 1; }
}
ktap_test "JSON: show" same_shape show.json ctl client -j show
ktap_test "JSON: show, relay" same_shape show.json ctl relay -j show
ktap_test "JSON: stats" same_shape stats.json ctl relay -j stats
ktap_test "JSON: map" same_shape map.json "$R" -j map
ktap_test "JSON: dev" same_shape dev.json ctl exit -j dev

# ---- events

events() {
	local pid seq
	bg "$R" -n "$(ns_name relay)" -j monitor count 5
	pid=$!
	busywait 5000 joined || { echo "did not join"; return 1; }
	ctl relay link add 50 peer 192.0.2.1:1 || return 1
	ctl relay link set 50 roam on || return 1
	ctl relay link del 50 || return 1
	ctl relay ns set link-max 1000 || return 1
	ctl relay circuit set 1 limit 1GiB || return 1
	wait "$pid" || { cat "$(bg_log "$pid")"; return 1; }
	cat "$(bg_log "$pid")"
	seq=$(jq -s 'map(.seq) | [.[1:], .[:-1]] | transpose | map(.[0] - .[1]) | unique == [1]' "$(bg_log "$pid")")
	[ "$seq" = true ] || return 1
	[ "$(jq -r .event "$(bg_log "$pid")" | xargs)" = "link-new link-changed link-del ns-changed circuit-changed" ]
}
# joined: does somebody in the relay listen to a generic netlink group?
joined() {
	# shellcheck disable=SC2016  # awk's variables
	on relay awk '$2 == 16 && $4 != "00000000" { ok = 1 } END { exit !ok }' /proc/net/netlink
}
ktap_test "monitor: events in order, numbered" events

# A reader that sleeps while its buffer overflows: told, and the state again.
overrun() {
	local pid i
	bg "$R" -n "$(ns_name relay)" -j monitor buffer 4096
	pid=$!
	busywait 5000 joined || { echo "did not join"; return 1; }
	kill -STOP "$pid"
	for ((i = 0; i < 500; i++)); do
		echo "link set 1 roam on"
		echo "link set 1 roam off"
	done >"$LIB_TMP/flap"
	ctl relay -b "$LIB_TMP/flap" || return 1
	kill -CONT "$pid"
	busywait 5000 grep -q '"lost"' "$(bg_log "$pid")" || { tail -3 "$(bg_log "$pid")"; return 1; }
	busywait 5000 grep -q '"state"' "$(bg_log "$pid")" || return 1
	# and it goes on
	ctl relay link add 51 peer 192.0.2.1:1 && ctl relay link del 51 || return 1
	busywait 5000 grep -q '"link-del"' "$(bg_log "$pid")" || return 1
	stop "$pid" INT
	jq -e -s 'map(select(.state)) | .[0].state.links | length == 2' "$(bg_log "$pid")"
}
ktap_test "monitor: a slow reader is told, and gets the state" overrun

# ---- many circuits

CIRCUITS=${CIRCUITS:-3000}
many() {
	local t0 t1
	setup_ns big || return 1
	"$R" circuit keygen "$LIB_TMP/many" wire 127.0.0.1:4000,127.0.0.1:4001 count "$CIRCUITS" || return 1
	(umask 077 && ctl big ns idx-key >"$LIB_TMP/many/node0.idx") || return 1
	ctl big ns set circ-max "$CIRCUITS" || return 1
	# the relay's side, with its peer's index key: our own
	t0=${EPOCHREALTIME/[.,]/}
	ctl big -b "$LIB_TMP/many/node1.batch" || return 1
	t1=${EPOCHREALTIME/[.,]/}
	echo "# $CIRCUITS circuits made in $(((t1 - t0) / 1000)) ms"
}
ktap_test "$CIRCUITS circuits from a batch" many && grep '^#' "$LIB_TMP/out"

dumped() {
	local n
	n=$(ctl big -j circuit show | jq '.circuits | length, (map(.id) | unique | length)?' 2>/dev/null | head -1)
	[ "$n" = "$CIRCUITS" ] || { echo "listed $n"; return 1; }
	# it streams: with 100 000 circuits this is less than the document
	(ulimit -v 40000; ctl big -j circuit show) | tail -c 20 | grep -q ']}'
}
ktap_test "listed completely, streaming" dumped

# Circuits go while they are listed: each entry is whole, and the reader is told.
interrupted() {
	local out=$LIB_TMP/interrupted i
	for ((i = 1; i <= CIRCUITS / 10; i++)); do
		echo "circuit del $i"
	done >"$LIB_TMP/del"
	# a reader slower than the pipe holds the dump up
	(ctl big -j circuit show | (sleep 3; cat) >"$out") 2>"$LIB_TMP/note" &
	local pid=$!
	sleep 1
	ctl big -b "$LIB_TMP/del" || return 1
	wait "$pid"
	cat "$LIB_TMP/note"
	jq -e '.interrupted == true' "$out" && grep -q "came or went" "$LIB_TMP/note" &&
		jq -e '.circuits | length >= '$((CIRCUITS - CIRCUITS / 10)) "$out"
}
ktap_test "an interrupted dump says so" interrupted

ktap_test "unload with all of them" "$R" unload wait 60s
ktap_finish
