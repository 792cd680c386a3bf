#!/bin/bash
# SPDX-License-Identifier: MIT
# relayctl load and unload at every moment, and doctor: each finding provoked,
# and cured by the very command that doctor names.
# shellcheck disable=SC2317  # functions run through ktap_test
# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=selftests/relayctl/path.sh
. "$(dirname "$0")/path.sh"

need jq iperf3
V1=/sys/fs/bpf/cellrelay/v1
ktap_start

# finding CHECK: what doctor says of it ("fail", "ok", ...).
finding() { "$R" -j doctor | jq -r ".doctor[] | select(.check == \"$1\") | .verdict"; }

# provoked CHECK VERDICT EXIT_STATUS: doctor finds it.
provoked() {
	local status
	"$R" doctor
	status=$?
	[ "$(finding "$1")" = "$2" ] || { echo "$1 is $(finding "$1"), not $2"; return 1; }
	[ "$status" = "$3" ] || { echo "exit status $status, not $3"; return 1; }
}

# cured CHECK: doctor's own remedy works, and doctor says so.
cured() {
	local remedy
	remedy=$("$R" -j doctor | jq -r "[.doctor[] | select(.check == \"$1\") | .remedy][0]")
	echo "remedy: $remedy"
	PATH=$(dirname "$R"):$PATH bash -c "$remedy" || return 1
	[ "$(finding "$1")" = ok ] || { "$R" doctor; return 1; }
}

# refused STATUS TEXT COMMAND...: exit status and message.
refused() {
	local want=$1 text=$2 status
	shift 2
	"$@" >"$LIB_TMP/refused" 2>&1
	status=$?
	cat "$LIB_TMP/refused"
	[ "$status" = "$want" ] && grep -qF -- "$text" "$LIB_TMP/refused"
}

ktap_test "doctor: no module" provoked module fail 3
ktap_test "without it everything says so" refused 3 "modprobe cellrelay" "$R" link show
ktap_test "without it the accounting cannot be attached" refused 3 "modprobe cellrelay" "$R" load
ktap_test "and nothing is left pinned" test ! -e /sys/fs/bpf/cellrelay/v1
ktap_test "doctor does not load it by asking" test ! -e /sys/module/cellrelay
ktap_test "unload without it is no error" "$R" unload
ktap_test "doctor's remedy loads it" cured module

umount /sys/fs/bpf
ktap_test "doctor: no BPF file system" provoked bpffs fail 2
ktap_test "load says what to do" refused 2 "mount -t bpf bpf /sys/fs/bpf" "$R" load
ktap_test "doctor's remedy mounts it" cured bpffs

ktap_test "doctor: accounting not attached" provoked accounting fail 2
ktap_test "map: not attached" refused 3 "relayctl load" "$R" map
ktap_test "doctor's remedy attaches it" cured accounting
ktap_test "load twice is no error" "$R" load
ktap_test "other slots are refused" refused 2 "65536 slots" "$R" load slots 17
ktap_test "rmmod is refused meanwhile" refused 1 "in use" rmmod cellrelay

rm $V1/link_cell
ktap_test "doctor: left over pins" provoked accounting fail 2
ktap_test "load touches nothing then" refused 2 "relayctl unload" "$R" load
ktap_test "nothing was touched" test -e $V1/link_circ
ktap_test "doctor's remedy starts afresh" cured accounting

"$R" unload && mkdir -p /sys/fs/bpf/cellrelay/new && modprobe cellrelay
ktap_test "doctor: a load that was killed" provoked accounting fail 2
ktap_test "doctor's remedy cleans up after it" cured accounting

"$R" unload && modprobe cellrelay && mkdir -p /sys/fs/bpf/cellrelay/v0/sub
ktap_test "doctor: pins of another version" provoked accounting fail 2
ktap_test "load names them" refused 2 "v0 belongs to another version" "$R" load
ktap_test "doctor's remedy removes them" cured accounting

"$R" unload && modprobe cellrelay && mkdir -p $V1
bpftool map create $V1/cr_circuits type array key 4 value 8 entries 4 name cr_circuits
ktap_test "doctor: an older map under our name" provoked accounting fail 2
ktap_test "load does not take it for its own" refused 2 "not what this relayctl" "$R" load
ktap_test "map does not read it" refused 2 "not what this relayctl" "$R" map circuits
ktap_test "doctor's remedy replaces it" cured accounting

# Loaders at the same time: all succeed, one set of pins.
race() {
	local i pids=()
	"$R" unload && modprobe cellrelay || return 1
	for i in 1 2 3 4 5; do
		"$R" load &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i" || return 1
	done
	[ "$(ls "$V1")" = "$(printf '%s\n' cr_circuits cr_totals link_cell link_circ)" ] &&
		[ ! -e /sys/fs/bpf/cellrelay/new ]
}
ktap_test "five loaders at once" race

# Under full traffic in both directions.
traffic() {
	"$R" load || return 1
	bg on server iperf3 -s
	busywait 5000 listening server tcp 5201 || return 1
	bg on client iperf3 -c "$(addr4 server exit)" -t 600 --bidir
	busywait 10000 moved
}
moved() { [ "$(field relay '.circuits[0].bwd.cells' circuit show 1)" -gt 500 ]; }

all_gone() {
	[ ! -e /sys/module/cellrelay ] && [ ! -e /sys/fs/bpf/cellrelay ] &&
		! on client ip link show dev cell0 2>/dev/null
}

ktap_test "a path" make_path
ktap_test "traffic in both directions" traffic
ktap_test "in a namespace of its own, unload is refused for what is not its" \
	refused 2 "cannot end what the module does" ctl client unload
ktap_test "unload under traffic" "$R" unload
ktap_test "nothing is left" all_gone

# Somebody else holds the module: unload says so, and what to look at.
foreign() {
	modprobe cellrelay && "$R" load || return 1
	# a second reference to the attached program, outside our folder
	bpftool link pin id "$(bpftool -j link show pinned "$V1/link_cell" | jq .id)" /sys/fs/bpf/elsewhere || return 1
	refused 2 "still in use" "$R" unload wait 300ms || return 1
	[ -e /sys/module/cellrelay ] || return 1
	rm /sys/fs/bpf/elsewhere && "$R" unload && all_gone
}
ktap_test "a program held by somebody else" foreign

again() {
	local i
	for i in 1 2 3 4 5; do
		echo "round $i"
		modprobe cellrelay && "$R" load && "$R" sock add addr 127.0.0.1 >/dev/null &&
			"$R" dev add cell0 && "$R" unload && all_gone || return 1
	done
}
ktap_test "five times over" again
ktap_finish
