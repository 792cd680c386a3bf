#!/bin/bash
# SPDX-License-Identifier: MIT
# One machine of selftests/vm/three: a chain over three kernels.
#
#	three.sh client|middle|exit FOLDER
#
#	client -- r1 ==== r2 ==== r3 -- server
#	 machine 1      machine 2   machine 3
#
# FOLDER is shared by the machines; files in it say how far each one is. eth0 (and on the middle eth1) are the cables between them.
here=$(dirname "$0")
. "$here/../lib.sh"
. "$here/chain.sh"
ROLE=${1:?role} DIR=${2:?folder}
KEYS=$DIR/keys
CABLE=10.201 CABLE6=fd00:201	# .1.1 -- .1.2 and .2.1 -- .2.2
SERVER4=10.200.9.2 SERVER6=fd00:200:9::2	# not on a wire of another number, which the client's machine has, too
WAIT=600000	# ms: the slowest of three emulated machines

# cable HOST DEVICE NAME N END
cable() {
	ip link set "$2" netns "$(ns_name "$1")" && on "$1" ip link set "$2" name "$3" up &&
		on "$1" ip addr add "$CABLE.$4.$5/24" dev "$3" && on "$1" ip addr add "$CABLE6:$4::$5/64" dev "$3" nodad
}

say() { echo >"$DIR/$1"; }
heard() {
	local f
	for f; do busywait "$WAIT" test -e "$DIR/$f" || { echo "no $f"; return 1; }; done
}

hosts() {
	modprobe cellrelay && modprobe virtio_net && busywait 20000 test -e /sys/class/net/eth0 || return 1
	case $ROLE in
	client)
		setup_ns client r1 && wire client r1 && cable r1 eth0 to-r2 1 1
		;;
	middle)
		setup_ns r2 && cable r2 eth0 to-r1 1 2 && cable r2 eth1 to-r3 2 1
		;;
	exit)
		LIB_WIRES=8
		setup_ns r3 server && wire r3 server && cable r3 eth0 to-r2 2 2 && forwarding r3 &&
			on server ip route add 10.99.0.0/16 via 10.200.9.1 && on server ip -6 route add fd00:99::/64 via fd00:200:9::1
		;;
	esac
}

NODES=()	# "host number": number of its files
case $ROLE in
client) NODES=("client 0" "r1 1") ;;
middle) NODES=("r2 2") ;;
exit) NODES=("r3 3") ;;
*) exit 2 ;;
esac

keys() {
	local n
	if [ "$ROLE" = client ]; then
		head -c 1M /dev/urandom >"$DIR/file" &&
			relayctl circuit keygen "$KEYS" wire 10.200.1.1:4000,10.200.1.2:4000 wire "$CABLE.1.1:4000,$CABLE.1.2:4000" \
				wire "$CABLE.2.1:4000,$CABLE.2.2:4000" dev cell0 inner4 $INNER4 inner6 $INNER6 && say keys.made || return 1
	fi
	heard keys.made || return 1
	for n in "${NODES[@]}"; do
		# shellcheck disable=SC2086
		set -- $n
		(umask 077 && on "$1" relayctl ns idx-key >"$KEYS/node$2.new") && mv "$KEYS/node$2.new" "$KEYS/node$2.idx" || return 1
	done
	heard keys/node0.idx keys/node1.idx keys/node2.idx keys/node3.idx || return 1
	# Used keys are renamed as such, which a folder of another machine's cannot do safely.
	cp -a "$KEYS" "$LIB_TMP/keys" || return 1
	for n in "${NODES[@]}"; do
		# shellcheck disable=SC2086
		set -- $n
		on "$1" relayctl -b "$LIB_TMP/keys/node$2.batch" || return 1
	done
}

devices() {
	case $ROLE in
	client)
		on client ip addr add $INNER4/32 dev cell0 && on client ip addr add $INNER6/128 dev cell0 nodad && on client ip link set cell0 up &&
			on client ip route add "$SERVER4" dev cell0 && on client ip -6 route add "$SERVER6" dev cell0 src $INNER6
		;;
	exit)
		on r3 ip link set cell0 up && on r3 ip route add 10.99.0.0/16 dev cell0 && on r3 ip -6 route add fd00:99::/64 dev cell0
		;;
	esac || return 1
	say "$ROLE.up" && heard client.up middle.up exit.up
}

# web HOST: serves the shared file
web() {
	cp "$DIR/file" "$LIB_TMP/file" && bg on "$1" busybox httpd -f -p "[::]:8000" -h "$LIB_TMP" && busywait 20000 listening "$1" tcp 8000 && say "$1.serves"
}

# fetch HOST ADDRESS: the other's file, compared
fetch() {
	rm -f "$LIB_TMP/got"
	on "$1" curl -sS --max-time 300 -o "$LIB_TMP/got" "http://$2:8000/file" && cmp "$DIR/file" "$LIB_TMP/got"
}

at_rest_here() {
	local n
	for n in "${NODES[@]}"; do
		busywait 10000 at_rest "${n% *}" || { on "${n% *}" relayctl stats; return 1; }
		[ "$(stat_of "${n% *}" in.cells)" -gt 1000 ] || { echo "${n% *} has seen no traffic"; return 1; }
	done
}

ktap_start
need relayctl jq curl busybox ping
here="$ROLE, kernel $(uname -r)"
ktap_test "$here: hosts and cables" hosts || ktap_finish
ktap_test "$here: keys" keys || ktap_finish
ktap_test "$here: the circuit is up" devices || ktap_finish
case $ROLE in
client)
	ktap_test "$here: serves a file" web client
	heard server.serves
	ktap_test "$here: IPv4 ping over three kernels" on client ping -q -c 5 -i 0.2 -w 60 "$SERVER4"
	ktap_test "$here: IPv6 ping over three kernels" on client ping -q -c 5 -i 0.2 -w 60 "$SERVER6"
	ktap_test "$here: a large packet" on client ping -q -c 3 -i 0.2 -w 60 -s 1270 -M "do" "$SERVER4"
	ktap_test "$here: TCP to the client over IPv4, content compared" fetch client "$SERVER4"
	ktap_test "$here: TCP to the client over IPv6, content compared" fetch client "[$SERVER6]"
	;;
exit)
	ktap_test "$here: serves a file" web server
	heard client.serves
	ktap_test "$here: TCP to the server over IPv4, content compared" fetch server "$INNER4"
	ktap_test "$here: TCP to the server over IPv6, content compared" fetch server "[$INNER6]"
	;;
esac
say "$ROLE.done"
heard client.done exit.done
ktap_test "$here: in = out + delivered + drops" at_rest_here
say "$ROLE.left"
heard client.left middle.left exit.left
ktap_finish
