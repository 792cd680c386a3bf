#!/bin/bash
# SPDX-License-Identifier: MIT
# Everything that can go while cells are under way goes, again and again: circuits,
# links, keys, sockets, devices, namespaces, the module. The verdict on memory and
# locks is the kernel's: run it under the debug kernel, where any report fails the run.
# Here hosts are namespaces of their own, three relays in a row; what build/netlink-tests/life
# does to one namespace it does far more often.
#
#	ROUNDS=N	how often each kind goes, default 200; a tenth of devices, a hundredth of
#			namespaces and modules
here=$(dirname "$0")
. "$here/../lib.sh"
. "$here/chain.sh"

ROUNDS=${ROUNDS:-200}
FEW=$(((ROUNDS + 9) / 10))	# for what takes long
FEWEST=$(((ROUNDS + 99) / 100))	# for what takes very long
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

# many N COMMAND...
many() {
	local n=$1
	shift
	while [ $((n--)) -gt 0 ]; do
		"$@" || return 1
	done
}

# words NODE REGEX: lines of a node's batch.
words() {
	grep -E "^$2" "$KEYS/node$1.batch" | sed -E "s#peer-idx-file #&$KEYS/#"
}

# batch NODE: runs what stdin says there.
batch() { on "${CHAIN_NODES[$1]}" relayctl -b -; }

# rounds N NODE DELETIONS REGEX...: N times the deletions, a comma after each, then the
# lines of the node's batch that match each REGEX. A key file is used once: each round has its own copy.
rounds() {
	local many=$1 n=$2 del=$3 re
	shift 3
	rm -rf "$LIB_TMP/copies" && mkdir -m 700 "$LIB_TMP/copies" || return 1
	# shellcheck disable=SC2016
	seq "$many" | (cd "$LIB_TMP/copies" && umask 077 &&
		xargs -n 500 sh -c 'f=$1; shift; tee "$@" <"$f" >/dev/null' - "$KEYS/node$n.keys.used") || return 1
	for re; do
		words "$n" "$re"
	done | awk -v many="$many" -v del="$del" -v copies="$LIB_TMP/copies/" '
		{ line[NR] = $0 }
		END {
			gsub(/, */, "\n", del)
			for (i = 1; i <= many; i++) {
				print del
				for (j = 1; j <= NR; j++) {
					l = line[j]
					gsub(/ keys node[0-9]+\.keys/, " keys " copies i, l)
					gsub(/ file node[0-9]+\.keys/, " file " copies i, l)
					print l
				}
			}
		}' | batch "$n"
}

go_circuits() { rounds "$ROUNDS" "$1" "circuit del 1" "circuit add"; }

# NODE LINK
go_links() { rounds "$ROUNDS" "$1" "link del $2" "link add id $2 " "(key add link $2 |circuit add)"; }

# NODE LINK: keys of a generation go and come, and the generation that sends changes.
go_keys() { rounds "$ROUNDS" "$1" "key set link $2 gen 0 send,key del link $2 gen 0" "key add link $2 "; }

key_gone() { ! on "$1" relayctl link show "$2" | grep -q 'key 0'; }

go_expired() {
	echo "key set link 2 gen 0 expires 10ms" | batch 1 && busywait 20000 key_gone r1 2
}

# NODE LINK...: its socket, which those links have
go_sockets() {
	local n=$1 l
	shift
	{
		echo "sock del 1"
		words "$n" "sock add"
		for l; do
			echo "link set $l sock 1"
		done
	} >"$LIB_TMP/round"
	many "$ROUNDS" cat "$LIB_TMP/round" | batch "$n"
}

go_devices() { many "$FEW" go_device "$1"; }
go_device() {
	rounds 1 "$1" "dev del cell0,dev add cell0,circuit del 1" "(circuit|hop)" &&
		on "${CHAIN_NODES[$1]}" ip link set cell0 up
}

go_down() {
	printf 'link set cell0 %s\n' down up >"$LIB_TMP/round"
	many "$ROUNDS" cat "$LIB_TMP/round" | on client ip -batch -
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

# What was deleted while cells were under way comes back and works.
works() {
	quiet
	fresh && on client ping -c 3 -i 0.2 -w 30 "$SERVER4" && chain_conserved && traffic
}

leaks() {
	local k=/sys/kernel/debug/kmemleak
	mountpoint -q /sys/kernel/debug || mount -t debugfs none /sys/kernel/debug
	[ -e $k ] || { echo "kmemleak: only the debug kernel has it"; return 4; }
	# What is referenced from a register or a stack now is not a moment later. The module is
	# gone: its functions have no names in what is found, so whatever is found counts.
	echo scan >$k && sleep 6 && echo scan >$k || { echo "kmemleak is off"; return 1; }
	! grep -A 40 'unreferenced object' $k
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
ktap_test "namespaces, $FEWEST times" many "$FEWEST" go_namespaces
ktap_test "the module, $FEWEST times" many "$FEWEST" go_module
ktap_test "all is well again" works
quiet
ktap_test "the module goes for good" relayctl unload
ktap_test "nothing is left in memory" leaks
ktap_finish
