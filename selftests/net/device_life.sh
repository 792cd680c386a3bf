#!/bin/bash
# SPDX-License-Identifier: MIT
# Devices of client and exit go, come back, go down, and their namespaces end, all
# under traffic in both directions. What it finds, the kernel's log shows
# (KASAN, lockdep: selftests/vm/run --kernel debug). ROUNDS (20) of each, a tenth of the
# namespaces: a chain takes some 60 programs to set up. build/netlink-tests/life ends thousands.
here=$(cd "$(dirname "$0")" && pwd -P)
# shellcheck source=selftests/lib.sh
. "$here/../lib.sh"
# shellcheck source=selftests/net/chain.sh
. "$here/chain.sh"
PATH=$here/../../build/bin:$PATH
ROUNDS=${ROUNDS:-20}
FEW=$(((ROUNDS + 9) / 10))

ktap_start
need relayctl udptrain jq ping

# Large, split and small packets from the client, small ones from the server, until the test ends.
client_floods() {
	while :; do
		on client udptrain send "$SERVER4" 9 1200 20 5
		on client udptrain send "$SERVER6" 9 40 30 5
		on client ping -q -f -c 20 -s 1000 -w 1 "$SERVER4"
	done
}
server_floods() {
	while :; do
		on server udptrain send $INNER4 9 1200 20 5
		on server ping -q -f -c 20 -w 1 $INNER6
	done
}

answers() { on client ping -c 1 -W 5 "$SERVER4" && on client ping -c 1 -W 5 "$SERVER6"; }

# Addresses and routes of one end, after its device was made anew.
client_up() {
	printf '%s\n' "addr add $INNER4/32 dev cell0" "addr add $INNER6/128 dev cell0 nodad" "link set cell0 up" \
		"route add $SERVER4 dev cell0" "route add $SERVER6 dev cell0 src $INNER6" | on client ip -batch -
}
exit_up() {
	printf '%s\n' "link set cell0 up" "route add 10.99.0.0/16 dev cell0" "route add fd00:99::/64 dev cell0" |
		on "$EXIT" ip -batch -
}

device_comes_and_goes() {
	local h=$1 up=$2
	for _ in $(seq "$ROUNDS"); do
		printf '%s\n' 'dev del cell0' 'dev add cell0' 'circuit set 1 dev cell0' | on "$h" relayctl -b - &&
			$up || return 1
	done
	busywait 20000 answers
}

down_and_up() {
	local h=$1
	for _ in $(seq "$ROUNDS"); do
		printf 'link set cell0 %s\n' down up
	done | on "$h" ip -batch - || return 1
	if [ "$h" = client ]; then
		on client ip route replace "$SERVER4" dev cell0
		on client ip -6 addr replace $INNER6/128 dev cell0 nodad
		on client ip -6 route replace "$SERVER6" dev cell0 src $INNER6
	else
		on "$EXIT" ip route replace 10.99.0.0/16 dev cell0
		on "$EXIT" ip -6 route replace fd00:99::/64 dev cell0
	fi
	busywait 20000 answers
}

# Over the rate, the queue holds packets and its timer runs.
slow_device_goes() {
	local h=$1 up=$2
	for _ in $(seq "$ROUNDS"); do
		on "$h" relayctl circuit set 1 rate 20000 && busywait 5000 answers
		printf '%s\n' 'dev del cell0' 'circuit set 1 rate unlimited' 'dev add cell0' 'circuit set 1 dev cell0' |
			on "$h" relayctl -b - && $up || return 1
	done
	busywait 20000 answers
}

circuit_goes() {
	# The batch's own lines, without the keys that were used: the circuit is gone for good.
	on client relayctl circuit del 1 && on "$EXIT" relayctl circuit del 1 &&
		busywait 5000 at_rest client && busywait 5000 at_rest "$EXIT"
}

namespaces_end() {
	for _ in $(seq "$FEW"); do
		lib_again
		chain 1 || return 1
		on client timeout 1 udptrain send "$SERVER4" 9 1200 20 200 &
		on server timeout 1 udptrain send $INNER4 9 1200 20 200 &
		busywait 2000 answers || return 1
	done
	wait
	lib_again
}

ktap_test "one hop" chain 1 || ktap_finish
bg client_floods
floods=$!
bg server_floods
floods="$floods $!"
busywait 20000 answers >/dev/null
ktap_test "the client's device goes and comes back, $ROUNDS times under traffic" \
	device_comes_and_goes client client_up
ktap_test "the exit's device goes and comes back, $ROUNDS times under traffic" \
	device_comes_and_goes "$EXIT" exit_up
ktap_test "the client's device goes down and up" down_and_up client
ktap_test "the exit's device goes down and up" down_and_up "$EXIT"
ktap_test "the client's device goes while packets wait for tokens" slow_device_goes client client_up
ktap_test "the exit's device goes while packets wait for tokens" slow_device_goes "$EXIT" exit_up
ktap_test "the circuit goes; every cell is accounted for" circuit_goes
# shellcheck disable=SC2086
kill $floods
wait
ktap_test "namespaces end under traffic, $FEW times" namespaces_end
ktap_test "the module unloads" modprobe -r cellrelay
ktap_finish
