# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by network tests (bash): KTAP output, hosts and wires, waiting,
# captures. Run them in a VM (selftests/vm/run) or, with care, as root.
#
#	. "$(dirname "$0")/lib.sh"
#	ktap_start
#	setup_ns alice bob
#	wire alice bob
#	ktap_test "alice reaches bob" on alice ping -c 1 -w 5 "$(addr4 bob alice)"
#	ktap_finish
#
# A host is a network namespace. A wire is one too: two veth pairs, one to each
# host, joined by a bridge. Captures and disturbances live in the wire, where no
# XDP program of a host can bypass them:
#
#	alice                  wire alice-bob                  bob
#	to-bob ------- at-alice -- bridge -- at-bob ------- to-alice
#
# All names are prefixed with the shell's process id outside, so that tests do not
# collide; functions take the short names. Leaving the shell by any way removes
# all that was made here.

LIB_ID=cr$$
LIB_NS=()
LIB_PIDS=()
LIB_WIRES=0
LIB_LOGS=0
LIB_TMP=$(mktemp -d "${TMPDIR:-/tmp}/cellrelay-test.XXXXXX") || exit 1
declare -A LIB_WIRE_NUMBER LIB_WIRE_END LIB_WIRE_NS LIB_CAPTURE
LIB_COUNT=0 LIB_PASSED=0 LIB_FAILED=0 LIB_SKIPPED=0

# ---- KTAP ------------------------------------------------------------------

ktap_start() { echo "KTAP version 1"; }

# ktap_pass NAME
ktap_pass() {
	LIB_PASSED=$((LIB_PASSED + 1))
	echo "ok $((++LIB_COUNT)) ${1//#/}"
}

# ktap_fail NAME [DETAIL...]: each further argument is shown as a diagnostic.
ktap_fail() {
	local name=${1//#/} line
	LIB_FAILED=$((LIB_FAILED + 1))
	shift
	for line; do
		while IFS= read -r line; do echo "# $line"; done <<<"$line"
	done
	echo "not ok $((++LIB_COUNT)) $name"
}

# ktap_skip NAME WHAT-IS-MISSING
ktap_skip() {
	LIB_SKIPPED=$((LIB_SKIPPED + 1))
	echo "ok $((++LIB_COUNT)) ${1//#/} # SKIP $2"
}

# ktap_test NAME COMMAND...: passes when COMMAND exits 0, is skipped when it
# exits 4 (its last line says what is missing), else fails and shows the output.
ktap_test() {
	local name=$1 status start=${EPOCHREALTIME/[.,]/}
	shift
	"$@" >"$LIB_TMP/out" 2>&1
	status=$?
	start=$(((${EPOCHREALTIME/[.,]/} - start) / 100000))
	echo "# $((start / 10)).$((start % 10)) s"
	case $status in
	0) ktap_pass "$name" ;;
	4) ktap_skip "$name" "$(tail -n 1 "$LIB_TMP/out")" ;;
	*) ktap_fail "$name" "exit status $status of: $*" "$(tail -n 30 "$LIB_TMP/out")" ;;
	esac
	return "$status"
}

# Prints the plan and leaves; the status is 0 when nothing failed.
ktap_finish() {
	echo "1..$LIB_COUNT"
	echo "# Totals: pass:$LIB_PASSED fail:$LIB_FAILED xfail:0 xpass:0 skip:$LIB_SKIPPED error:0"
	[ "$LIB_FAILED" -eq 0 ] || exit 1
	[ "$LIB_PASSED" -gt 0 ] || [ "$LIB_SKIPPED" -eq 0 ] || exit 4
	exit 0
}

# need PROGRAM...: skip everything when a program is missing.
need() {
	local p
	for p; do
		command -v "$p" >/dev/null && continue
		ktap_skip "${0##*/}" "program $p is missing"
		ktap_finish
	done
}

# ---- hosts -----------------------------------------------------------------

# Real name of a namespace, for tools that want one.
ns_name() { echo "$LIB_ID-$1"; }

# Of emulated time most goes into starting programs: what makes hosts and wires starts few.

# setup_ns HOST...: hosts with loopback up, no forwarding, no address autoconfiguration.
setup_ns() {
	local h n
	for h; do
		n=$LIB_ID-$h
		ip netns add "$n" || return 1
		LIB_NS+=("$n")
		# shellcheck disable=SC2016
		on "$h" sh -ec 'cd /proc/sys/net/ipv6/conf
			for c in all default; do
				for s in accept_dad accept_ra router_solicitations; do echo 0 >$c/$s; done
			done
			exec ip link set lo up' || return 1
	done
}

# on HOST COMMAND...: not by "ip netns exec", which would hide /sys/fs/bpf.
on() {
	local h=$1
	shift
	nsenter --net="/run/netns/$LIB_ID-$h" -- "$@"
}

# bg COMMAND...: in the background until the test ends; its process id is in $!.
# Standard output and error go to bg_log of that id.
bg() {
	local log=$LIB_TMP/bg.log.$((++LIB_LOGS))
	# The child may be slow to open it.
	: >"$log"
	(
		# The id must be the program's, so that a signal reaches it.
		trap - EXIT INT TERM HUP
		if [ "$1" = on ]; then
			host=/run/netns/$LIB_ID-$2
			shift 2
			exec nsenter --net="$host" -- "$@"
		elif [ "$(type -t "$1")" = file ]; then
			exec "$@"
		fi
		"$@"
	) </dev/null >"$log" 2>&1 &
	LIB_PIDS+=("$!")
	ln -s "$log" "$LIB_TMP/bg.$!"
}
bg_log() { echo "$LIB_TMP/bg.$1"; }

# stop PID [SIGNAL]: end a background process and wait for it.
stop() {
	kill -"${2:-TERM}" "$1" 2>/dev/null
	wait "$1" 2>/dev/null
}

# forwarding HOST...: routers of plain IP.
forwarding() {
	local h
	for h; do
		on "$h" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 || return 1
	done
}

# ---- wires -----------------------------------------------------------------

# wire A B [MTU]: joins two hosts. A gets the device to-B with 10.200.N.1/24 and
# fd00:200:N::1/64, B the device to-A with .2 and ::2; N counts the wires from 1.
wire() {
	local a=$1 b=$2 mtu=${3:-1500} n w na nb
	lib_wire_new "$a" "$b"
	n=$LIB_WIRES
	w=$LIB_ID-w$n
	na=$LIB_ID-$a
	nb=$LIB_ID-$b
	LIB_WIRE_NS[$n]=w$n
	ip netns add "$w" || return 1
	LIB_NS+=("$w")
	# GRO: without NAPI at a veth, frames that XDP redirects into its peer are lost.
	# shellcheck disable=SC2016
	on "w$n" sh -ec 'cd /proc/sys/net/ipv6/conf
		for c in all default; do echo 1 >$c/disable_ipv6; done
		ip -batch -
		ethtool -K "$1" gro on
		ethtool -K "$2" gro on' - "at-$a" "at-$b" <<-BATCH || return 1
		link add bridge mtu $mtu type bridge stp_state 0 forward_delay 0 mcast_snooping 0
		link add at-$a mtu $mtu type veth peer name to-$b mtu $mtu netns $na
		link add at-$b mtu $mtu type veth peer name to-$a mtu $mtu netns $nb
		link set at-$a master bridge up
		link set at-$b master bridge up
		link set bridge mtu $mtu up
	BATCH
	lib_end "$na" "to-$b" "$n" 1 && lib_end "$nb" "to-$a" "$n" 2 &&
		busywait 5000 lib_carrier "$na" "to-$b" && busywait 5000 lib_carrier "$nb" "to-$a"
}

# lib_wire_new A B: a number, LIB_WIRES, and its ends
lib_wire_new() {
	LIB_WIRES=$((LIB_WIRES + 1))
	LIB_WIRE_NUMBER[$1 $2]=$LIB_WIRES
	LIB_WIRE_NUMBER[$2 $1]=$LIB_WIRES
	LIB_WIRE_END[$1 $2]=1
	LIB_WIRE_END[$2 $1]=2
}

# lib_end NAMESPACE DEVICE WIRE END: addresses of an end, and up
lib_end() {
	ip -n "$1" -batch - <<-BATCH
		addr add 10.200.$3.$4/24 dev $2
		addr add fd00:200:$3::$4/64 dev $2 nodad
		link set $2 up
	BATCH
}

lib_carrier() { [[ $(ip -n "$1" -br link show dev "$2") == *LOWER_UP* ]]; }

# wire_ns A B: the wire's namespace, a short name for `on`.
wire_ns() { echo "${LIB_WIRE_NS[${LIB_WIRE_NUMBER[$1 $2]}]}"; }

# addr4 A B, addr6 A B: address of A on its wire to B.
addr4() { echo "10.200.${LIB_WIRE_NUMBER[$1 $2]}.${LIB_WIRE_END[$1 $2]}"; }
addr6() { echo "fd00:200:${LIB_WIRE_NUMBER[$1 $2]}::${LIB_WIRE_END[$1 $2]}"; }

# netem A B ARGUMENT...: disturbs what goes from A to B ("loss 5%", "delay 10ms
# reorder 20%", "duplicate 3%"); again with other arguments replaces it. netem A B off ends it.
netem() {
	local a=$1 b=$2 w
	w=$(wire_ns "$a" "$b")
	shift 2
	if [ "$1" = off ]; then
		on "$w" tc qdisc del dev "at-$b" root 2>/dev/null
		return 0
	fi
	on "$w" tc qdisc replace dev "at-$b" root netem limit 100000 "$@"
}

# no_offload A B: everything between A and B crosses the wire as single packets no
# larger than the MTU: segmentation offloads off on all four ends. TCP is still
# joined by GRO where it enters the wire: capture it where it leaves.
no_offload() {
	local w d
	w=$(wire_ns "$1" "$2")
	for d in "$1 to-$2" "$2 to-$1" "$w at-$1" "$w at-$2"; do
		# shellcheck disable=SC2086
		set -- $d
		on "$1" ethtool -K "$2" tso off gso off tx-udp-segmentation off >/dev/null || return 1
	done
}

# record HOST DEVICE FILE [FILTER]: starts recording what passes a device, and returns when the
# recording runs. record_stop HOST DEVICE ends it; it fails when the kernel dropped packets from it.
record() {
	local h=$1 dev=$2 file=$3
	shift 3
	# Packets get slots of the snapshot's size in the buffer: a large one would hold few.
	bg on "$h" tcpdump -i "$dev" -s 2048 -U -n -Z root -B 32768 --immediate-mode -w "$file" "$@"
	LIB_CAPTURE[$h $dev]=$!
	busywait 15000 grep -q 'listening on' "$(bg_log $!)"
}

record_stop() {
	local pid=${LIB_CAPTURE[$1 $2]:-} log
	[ -n "$pid" ] || return 1
	log=$(bg_log "$pid")
	# tcpdump handles what it was given before it ends.
	stop "$pid"
	unset "LIB_CAPTURE[$1 $2]"
	grep -q '^0 packets dropped by kernel' "$log" || { cat "$log" >&2; return 1; }
}

# capture A B FILE [FILTER]: records what passes between A and B, in both directions, at A's end of
# the wire: at one port of the bridge both directions are seen once each. capture_stop A B ends it.
capture() { record "$(wire_ns "$1" "$2")" "at-$1" "${@:3}"; }
capture_stop() { record_stop "$(wire_ns "$1" "$2")" "at-$1"; }

# heads FILE BYTES: the distinct first BYTES of the frames of a recording, in hexadecimal
heads() {
	tcpdump -n -xx -r "$1" 2>/dev/null | awk -v n="$2" '
		function end() { if (s != "") print substr(s, 1, 2 * n); s = "" }
		/^\t0x/ { for (i = 2; i <= NF; i++) s = s $i; next }
		{ end() } END { end() }' | sort -u
}

# ---- waiting ---------------------------------------------------------------

# busywait MILLISECONDS COMMAND...: until COMMAND succeeds; fails when it has not by then. As long as a quiet
# machine needs at most: one that emulates and is busy gets four times as much.
busywait() {
	local end=$((${EPOCHREALTIME/[.,]/} + $1 * 4000))
	shift
	until "$@"; do
		[ "${EPOCHREALTIME/[.,]/}" -lt "$end" ] || return 1
		sleep 0.05
	done
}

# listening HOST tcp|udp PORT: is a socket bound there?
listening() {
	local flag=-t
	[ "$2" = tcp ] || flag=-u
	[ -n "$(on "$1" ss -Hna $flag "sport = :$3" 2>/dev/null)" ]
}

# ---- the next topology, and the end -------------------------------------------

# lib_remove: ends what runs in our hosts and wires, which would keep them alive, and removes them.
lib_remove() {
	local n inode name
	local -A ours=()
	[ "${#LIB_NS[@]}" -gt 0 ] || return 0
	while read -r inode name; do
		case $name in
		/run/netns/*) ours[$inode]=1 ;;
		*)
			name=${name#/proc/}
			[ -z "${ours[$inode]:-}" ] || kill -KILL "${name%%/*}" 2>/dev/null
			;;
		esac
	done < <(stat -L -c '%i %n' "${LIB_NS[@]/#//run/netns/}" /proc/[0-9]*/ns/net 2>/dev/null)
	printf 'netns del %s\n' "${LIB_NS[@]}" | ip -force -batch - 2>/dev/null
	LIB_NS=()
}

# lib_again: removes all hosts, wires and background processes.
lib_again() {
	lib_remove
	# Not a word about those that were killed.
	{ wait; } 2>/dev/null
	LIB_PIDS=()
	LIB_WIRES=0
	rm -rf "$LIB_TMP/keys"
}

lib_cleanup() {
	local status=$? p
	trap - EXIT
	trap '' INT TERM HUP
	for p in ${LIB_PIDS[@]+"${LIB_PIDS[@]}"}; do
		kill "$p" 2>/dev/null
	done
	lib_remove
	wait
	rm -rf "$LIB_TMP"
	exit "$status"
}
trap lib_cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
