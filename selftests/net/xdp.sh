#!/bin/bash
# SPDX-License-Identifier: MIT
# xdp.sh [4|6]: three hops, the middle relay by XDP in native mode on both of its veths: traffic
# passes whole, by the program and not by the stack; books, limit and rates hold; attaching,
# sharing the hook, detaching and unloading, under traffic.
# shellcheck disable=SC2317  # functions run through ktap_test
here=$(dirname "$0")
. "$here/../lib.sh"
. "$here/chain.sh"
FAMILY=${1:-4}
FILE_MB=${FILE_MB:-4}
OTHER=$here/../../build/bpf/xdpbench.bpf.o

# of HOST JQ-EXPRESSION WORD...: one value of relayctl's JSON
of() {
	local h=$1 e=$2
	shift 2
	on "$h" relayctl -j "$@" | jq -r "$e"
}

refused() { # TEXT COMMAND...
	local text=$1
	shift
	"$@" >"$LIB_TMP/refused" 2>&1 && { echo "not refused"; return 1; }
	grep -qF -- "$text" "$LIB_TMP/refused" || { cat "$LIB_TMP/refused"; return 1; }
}

attach() {
	on r2 relayctl xdp attach to-r1 && on r2 relayctl xdp attach to-r3 &&
		[ "$(of r2 '[.xdp[].mode] | join(" ")' xdp show)" = "native native" ]
}

cells_in() { stat_of "$1" in.cells; }

# by_xdp COMMAND...: what the command sends goes through r2's program, all but a few cells
by_xdp() {
	local p n
	p=$(xdp_left r2)
	n=$(cells_in r2)
	"$@" || return 1
	p=$(($(xdp_left r2) - p))
	n=$(($(cells_in r2) - n))
	echo "$n cells, $p left to the stack"
	[ "$n" -gt 10 ] && [ "$p" -le $((n / 50)) ]
}

fetch() {
	on client curl -sS --max-time 120 -o "$LIB_TMP/got" "http://$1:8000/file" && cmp "$LIB_TMP/web/file" "$LIB_TMP/got"
}
put() { # upwards
	bg on server sh -c "nc -l -p 9000 -w 30 >'$LIB_TMP/put'"
	busywait 10000 listening server tcp 9000
	on client sh -c "nc -w 30 -q 1 $SERVER4 9000 <'$LIB_TMP/web/file'" || return 1
	busywait 10000 cmp -s "$LIB_TMP/web/file" "$LIB_TMP/put"
}
serving() { on server curl -sf -o /dev/null --max-time 2 -r 0-0 "http://[$SERVER6]:8000/file"; }

verify_all() {
	local h
	chain_conserved || return 1
	for h in client r1 r2 r3; do on "$h" relayctl map verify || return 1; done
}

# Both directions together never exceed the limit, and come within a cell of it.
limited() {
	local now limit sum
	now=$(of r2 '.circuits[0] | .fwd.bytes + .bwd.bytes' circuit show)
	limit=$((now + 300000))
	on r2 relayctl circuit set 1 limit $limit || return 1
	on client timeout 15 ping -q -f -c 400 -s 1200 "$SERVER4" >/dev/null
	sum=$(of r2 '.circuits[0] | .fwd.bytes + .bwd.bytes' circuit show)
	on r2 relayctl circuit set 1 limit unlimited || return 1
	echo "limit $limit, counted $sum"
	[ "$sum" -le "$limit" ] && [ "$sum" -gt $((limit - 1408)) ] && [ "$(stat_of r2 drops.credit.cells)" -gt 0 ]
}

# rate COMMAND...: bytes that r2 let pass forward while far more was sent, against 200 kB/s and 50 ms burst
rated() {
	local a b t0 t1 max
	a=$(of r2 '.circuits[0].fwd.bytes' circuit show)
	t0=${EPOCHREALTIME/[.,]/}
	on client iperf3 -c "$SERVER4" -u -b 6M -l 1200 -t 4 >/dev/null
	b=$(of r2 '.circuits[0].fwd.bytes' circuit show)
	t1=${EPOCHREALTIME/[.,]/}
	max=$((200000 * (t1 - t0) / 1000000 + 10000))
	echo "$((b - a)) bytes passed, at most $max may have"
	[ $((b - a)) -le $max ] && [ $((b - a)) -gt $((max / 3)) ] && [ "$(stat_of r2 drops.rate.cells)" -gt 0 ]
}
circuit_rate() { on r2 relayctl circuit set 1 rate 200000 && rated; local s=$?; on r2 relayctl circuit set 1 rate unlimited; return $s; }
total_rate() { on r2 relayctl ns set rate 200000 && rated; local s=$?; on r2 relayctl ns set rate unlimited; return $s; }

traffic() {
	bg on client iperf3 -c "$SERVER4" -t 600 --bidir
	TRAFFIC=$!
	flowing
}
flowing() { local n; n=$(cells_in r2); busywait 15000 eval "[ \"\$(cells_in r2)\" -gt $((n + 100)) ]"; }

on_and_off() {
	for _ in 1 2 3 4 5; do
		on r2 relayctl xdp detach to-r1 && on r2 relayctl xdp detach to-r3 && flowing &&
			[ "$(of r2 '.xdp | length' xdp show)" = 0 ] && attach && flowing || return 1
	done
}

# Somebody else's program on the hook stays.
shared() {
	on r2 relayctl xdp detach to-r1 || return 1
	mkdir -p "/sys/fs/bpf/other" && bpftool prog loadall "$OTHER" /sys/fs/bpf/other &&
		on r2 bpftool net attach xdpdrv pinned /sys/fs/bpf/other/xb_drop dev to-r1 || return 1
	refused "another XDP program is there" on r2 relayctl xdp attach to-r1 || return 1
	on r2 bpftool net show dev to-r1 | grep -q to-r1 || return 1
	on r2 bpftool net detach xdpdrv dev to-r1
	rm -r /sys/fs/bpf/other
	on r2 relayctl xdp attach to-r1 || return 1
	# and ours is not replaced by anybody either
	refused "" on r2 ip link set to-r1 xdp off && [ "$(of r2 '.xdp | length' xdp show)" = 2 ]
}

generic() {
	on r2 relayctl xdp detach to-r1 && on r2 relayctl xdp attach to-r1 mode generic &&
		[ "$(of r2 '.xdp[] | select(.dev == "to-r1") | .mode' xdp show)" = generic ] || return 1
	refused "in generic mode; to change that" on r2 relayctl xdp attach to-r1 mode native || return 1
	by_xdp on client ping -q -c 30 -i 0.02 -w 20 "$SERVER4" &&
		on r2 relayctl xdp detach to-r1 && on r2 relayctl xdp attach to-r1
}

# Work of the kernel's threads that run programs for other CPUs, in ticks
cpumap_ticks() { cat /proc/[0-9]*/stat 2>/dev/null | awk '$2 ~ /^\(cpumap/ { t += $14 + $15 } END { print t + 0 }'; }

spread() {
	refused "there are only" on r2 relayctl xdp attach to-r1 spread 4000 || return 1
	on r2 relayctl xdp detach to-r1 && on r2 relayctl xdp detach to-r3 &&
		on r2 relayctl xdp attach to-r1 spread "$(nproc)" && on r2 relayctl xdp attach to-r3 spread "$(nproc)" || return 1
	[ "$(of r2 '[.xdp[] | "\(.mode) \(.spread)"] | unique | join(",")' xdp show)" = "native true" ] || return 1
	by_xdp fetch "$SERVER4" || return 1
	echo "ticks of the other CPUs' threads: $(cpumap_ticks)"
	[ "$(cpumap_ticks)" -gt 0 ] && verify_all || return 1
	on r2 relayctl xdp detach to-r1 && on r2 relayctl xdp detach to-r3 && attach
}

# A veth takes no frame longer than its other end's MTU: large cells that the program sent are
# refused there, and shown. They were counted as out.
refused_by_driver() {
	local w
	w=$(wire_ns r2 r3)
	on "$w" ip link set at-r2 mtu 1000 || return 1
	on client ping -c 20 -i 0.02 -s 1200 -w 3 "$SERVER4" >/dev/null && { echo "large cells arrive"; return 1; }
	on "$w" ip link set at-r2 mtu 1500
	on r2 relayctl xdp show | grep refused
	[ "$(of r2 '[.xdp_refused[] | select(.dev == "to-r3") | .xmit] | add // 0' xdp show)" -ge 10 ] || return 1
	on client ping -c 3 -w 10 "$SERVER4" >/dev/null && verify_all
}

gone() { [ ! -e /sys/module/cellrelay ] && [ ! -e /sys/fs/bpf/cellrelay ] && ! on r2 ip link show to-r1 | grep -q xdp; }

ktap_start
need relayctl jq curl busybox iperf3 bpftool nc ping
# a relay's own traffic is what is measured here
ktap_test "three relays come up, IPv$FAMILY outside" chain 3 "$FAMILY" || ktap_finish
ktap_test "XDP in native mode on both sides of the middle relay" attach || ktap_finish
ktap_test "the accounting came with it" test -e /sys/fs/bpf/cellrelay/v1/cr_circuits
ktap_test "ping, IPv4" on client ping -c 3 -w 10 "$SERVER4"
ktap_test "ping, IPv6, by the program" by_xdp on client ping -q -c 30 -i 0.02 -w 20 "$SERVER6"
mkdir "$LIB_TMP/web" && head -c "${FILE_MB}M" /dev/urandom >"$LIB_TMP/web/file"
bg on server busybox httpd -f -p "[::]:8000" -h "$LIB_TMP/web"
busywait 20000 serving
ktap_test "$FILE_MB MiB down arrive whole, by the program" by_xdp fetch "$SERVER4"
ktap_test "$FILE_MB MiB up arrive whole, by the program" by_xdp put
ktap_test "maps and module agree on every host" verify_all
ktap_test "the limit holds to the byte" limited
bg on server iperf3 -s
busywait 10000 listening server tcp 5201
ktap_test "a circuit's rate holds" circuit_rate
ktap_test "the total rate holds" total_rate
ktap_test "maps and module still agree" verify_all
ktap_test "somebody else's program is left alone, and ours is not replaced" shared
ktap_test "generic mode, and saying so" generic
ktap_test "spread over CPUs" spread
ktap_test "what the driver refuses is counted by device" refused_by_driver
ktap_test "traffic in both directions" traffic
ktap_test "on and off, five times, under it" on_and_off
stop "$TRAFFIC"
ktap_test "nothing was lost in the books" verify_all
ktap_test "rmmod is refused while a program is attached" refused "in use" rmmod cellrelay
ktap_test "traffic again" traffic
ktap_test "unload under it" relayctl unload
ktap_test "nothing is left" gone
ktap_finish
