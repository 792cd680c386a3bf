#!/bin/bash
# SPDX-License-Identifier: MIT
# Everything that can go while cells are under way goes, again and again: circuits,
# links, keys, sockets, devices, namespaces, the module. The verdict on memory and
# locks is the kernel's: run it under the debug kernel, where any report fails the run.
#
#	ROUNDS=N	how often each kind goes, default 20
here=$(dirname "$0")
. "$here/../lib.sh"
. "$here/chain.sh"

ROUNDS=${ROUNDS:-20}
FEW=$(((ROUNDS + 9) / 10))	# for what takes long
KEYS=

# fresh: new keys and all objects, everywhere; old ones go first.
fresh() {
	local h
	for h in "${CHAIN_NODES[@]}"; do
		on "$h" relayctl -j circuit | jq -r '.. | objects | select(has("circuits")) | .circuits[].id' |
			sed 's/^/circuit del /' >"$LIB_TMP/clear"
		on "$h" relayctl -j link | jq -r '.. | objects | select(has("links")) | .links[].id' |
			sed 's/^/link del /' >>"$LIB_TMP/clear"
		on "$h" relayctl -j sock | jq -r '.. | objects | select(has("sockets")) | .sockets[].id' |
			sed 's/^/sock del /' >>"$LIB_TMP/clear"
		! on "$h" ip link show dev cell0 >/dev/null 2>&1 || echo "dev del cell0" >>"$LIB_TMP/clear"
		on "$h" relayctl -b "$LIB_TMP/clear" || return 1
	done
	KEYS=$(mktemp -d "$LIB_TMP/keys.XXXXXX")
	rmdir "$KEYS"
	chain_keys "$KEYS" && chain_load "$KEYS" && chain_devices
}

hosts() {
	chain_hosts 3 && fresh
}

# Small and large packets, both ways, and trains.
traffic() {
	bg on client ping -q -f -i 0.02 -s 40 "$SERVER4"
	bg on client ping -q -f -i 0.02 -s 1200 "$SERVER4"
	bg on server ping -q -f -i 0.02 -s 600 $INNER4
	bg on server iperf3 -s
	bg trains
}
trains() {
	while :; do
		on client timeout 20 iperf3 -u -b 2M -l 1200 -c "$SERVER4" -t 15
		sleep 0.2
	done
}
quiet() {
	local p
	for p in "${LIB_PIDS[@]}"; do
		kill "$p" 2>/dev/null
	done
	wait "${LIB_PIDS[@]}" 2>/dev/null
	LIB_PIDS=()
}

# words NODE REGEX [COPY]: lines of a node's batch, keys from a copy of its key file.
words() {
	local n=$1 copy=${3:-}
	if [ -n "$copy" ]; then
		cp "$KEYS/node$n.keys.used" "$LIB_TMP/copies/$copy"
	fi
	grep -E "^$2" "$KEYS/node$n.batch" |
		sed -E "s#(keys|file) node[0-9]+\.keys#\1 $LIB_TMP/copies/$copy#; s#peer-idx-file #&$KEYS/#"
}

# batch NODE: runs what stdin says there.
batch() { on "${CHAIN_NODES[$1]}" relayctl -b -; }

copies() { rm -rf "$LIB_TMP/copies" && mkdir -m 700 "$LIB_TMP/copies"; }

go_circuits() {
	local n=$1 i
	copies
	for i in $(seq "$ROUNDS"); do
		echo "circuit del 1"
		words "$n" "circuit add" "$i"
	done | batch "$n"
}

go_links() {
	local n=$1 l=$2 i
	copies
	for i in $(seq "$ROUNDS"); do
		echo "link del $l"
		words "$n" "link add id $l "
		words "$n" "(key add link $l |circuit add)" "$i"
	done | batch "$n"
}

# Keys of a generation go and come, and the generation that sends changes.
go_keys() {
	local n=$1 l=$2 i
	copies
	for i in $(seq "$ROUNDS"); do
		echo "key del link $l gen 0"
		words "$n" "key add link $l " "$i"
		echo "key set link $l gen 0 send"
	done | batch "$n"
}

key_gone() { ! on "$1" relayctl link show "$2" | grep -q 'key 0'; }

go_expired() {
	echo "key set link 2 gen 0 expires 10ms" | batch 1 && busywait 20000 key_gone r1 2
}

go_sockets() {
	local n=$1 i l
	shift
	for i in $(seq "$ROUNDS"); do
		echo "sock del 1"
		words "$n" "sock add"
		for l; do
			echo "link set $l sock 1"
		done
	done | batch "$n"
}

go_devices() {
	local n=$1 i h=${CHAIN_NODES[$1]}
	copies
	for i in $(seq "$FEW"); do
		{
			echo "dev del cell0"
			echo "dev add cell0"
			echo "circuit del 1"
			words "$n" "(circuit|hop)" "$i"
		} | batch "$n" || return 1
		on "$h" ip link set cell0 up
	done
}

go_down() {
	local i
	for i in $(seq "$ROUNDS"); do
		on client ip link set cell0 down && on client ip link set cell0 up || return 1
	done
}

go_namespaces() {
	local n
	for n in "${LIB_NS[@]}"; do
		ip netns del "$n" || return 1
	done
	LIB_NS=()
	quiet
	hosts && traffic
}

go_module() {
	relayctl unload && ! grep -q '^cellrelay ' /proc/modules && quiet &&
		modprobe cellrelay && fresh && traffic
}

again() {
	local i
	for i in $(seq "$FEW"); do
		"$@" || return 1
	done
}

# What was deleted while cells were under way comes back and works.
works() {
	quiet
	fresh && on client ping -c 3 -i 0.2 -w 30 "$SERVER4" && chain_conserved && traffic
}

leaks() {
	local k=/sys/kernel/debug/kmemleak
	mountpoint -q /sys/kernel/debug || mount -t debugfs none /sys/kernel/debug
	[ -e $k ] || { echo "kmemleak: only the debug kernel has it"; return 4; }
	# What is referenced from a register or a stack now is not a moment later.
	echo scan >$k && sleep 6 && echo scan >$k
	! grep -B 40 -A 40 cellrelay $k
}

ktap_start
need relayctl jq iperf3
ktap_test "a chain of three" hosts || ktap_finish
traffic
ktap_test "circuits of a middle relay, $ROUNDS times" go_circuits 2
ktap_test "circuits of the first relay, $ROUNDS times" go_circuits 1
ktap_test "all is well again" works
ktap_test "links towards the client, $ROUNDS times" go_links 1 1
ktap_test "links towards the exit, $ROUNDS times" go_links 2 3
ktap_test "all is well again" works
ktap_test "keys, $ROUNDS times" go_keys 1 2
ktap_test "keys of the client's link, $ROUNDS times" go_keys 0 1
ktap_test "a key whose time is over" go_expired
ktap_test "all is well again" works
ktap_test "sockets of a middle relay, $ROUNDS times" go_sockets 2 2 3
ktap_test "sockets of the client, $ROUNDS times" go_sockets 0 1
ktap_test "all is well again" works
ktap_test "devices of the exit, $FEW times" go_devices 3
ktap_test "devices of the client, $FEW times" go_devices 0
ktap_test "the client's device goes down and up, $ROUNDS times" go_down
ktap_test "all is well again" works
ktap_test "namespaces, $FEW times" again go_namespaces
ktap_test "the module, $FEW times" again go_module
ktap_test "all is well again" works
quiet
ktap_test "the module goes for good" relayctl unload
ktap_test "nothing is left in memory" leaks
ktap_finish
