#!/bin/bash
# SPDX-License-Identifier: MIT
# The client's kill switch with a control group whose programs go past the tunnel: they reach the network as if there were no tunnel
# and hear its answers, also where the reverse path is looked at; all others stay as they were. Rules and routes are those
# of relayd (docs/relayd.md); the tunnel's device is a wire to a host that stands for all relays.
# shellcheck disable=SC2317  # functions run through ktap_test
here=$(dirname "$0")
# shellcheck source=selftests/lib.sh
. "$here/../lib.sh"
PATH=$(cd "$here/../../build/bin" && pwd):$PATH

MARK=0xce11 TABLE=52737 GROUP=cellrelay-split-$$

rules() { on client cr-rules load killswitch cell0 $MARK 0 guard "$(addr4 net client):9001" "$@"; }
# inside GROUP COMMAND...: as a program of that control group
# shellcheck disable=SC2016
inside() { local group=$1; shift; on client sh -c 'echo $$ >"/sys/fs/cgroup/$1/cgroup.procs" && shift && exec "$@"' - "$group" "$@"; }
counter() { on client nft -j list counter inet cellrelay_client "$1" | jq '.nftables[] | .counter? // empty | .packets'; }
mac() { on "$1" ip -j link show dev "$2" | jq -r '.[0].address'; }

groups() {
	if [ "$(stat -fc %T /sys/fs/cgroup)" != cgroup2fs ]; then
		# machines of the tests have none of either version
		[ -z "$(ls -A /sys/fs/cgroup)" ] && mount -t cgroup2 none /sys/fs/cgroup || { echo "cgroup v2 at /sys/fs/cgroup is missing"; return 4; }
		MOUNTED=1
	fi
	mkdir -p "/sys/fs/cgroup/$GROUP/inner" "/sys/fs/cgroup/$GROUP.other"
}
remove_groups() {
	rmdir "/sys/fs/cgroup/$GROUP/inner" "/sys/fs/cgroup/$GROUP" "/sys/fs/cgroup/$GROUP.other" || return 1
	[ -z "${MOUNTED:-}" ] || umount /sys/fs/cgroup
}

hosts() {
	setup_ns client net far && wire client net || return 1
	N4=$(addr4 net client) N6=$(addr6 net client)
	ip link add cell0 netns "$(ns_name client)" type veth peer name tunnel netns "$(ns_name far)" || return 1
	on client ip link set cell0 arp off up && on far ip link set tunnel up || return 1
	on client ip addr add 10.66.0.1/32 dev cell0 && on client ip -6 addr add fd00:66::1/128 dev cell0 nodad || return 1
	on client ip route add default via "$N4" && on client ip -6 route add default via "$N6" || return 1
	on net ip addr add 8.8.8.8/32 dev lo && on net ip -6 addr add 2a00:8::8/128 dev lo nodad || return 1
	# as relayd has it, reverse paths looked at strictly
	local f
	for f in -4 -6; do
		on client ip $f route add unreachable default table $TABLE metric 4278198272 &&
			on client ip $f rule add pref 30101 not fwmark $MARK lookup $TABLE &&
			on client ip $f rule add pref 30100 lookup main suppress_prefixlength 0 || return 1
	done
	on client ip route add default dev cell0 src 10.66.0.1 table $TABLE metric 100 &&
		on client ip -6 route add default dev cell0 src fd00:66::1 table $TABLE metric 100 || return 1
	on client sysctl -qw net.ipv4.conf.all.src_valid_mark=1 net.ipv4.conf.all.rp_filter=1 net.ipv4.conf.to-net.rp_filter=1
	mkdir "$LIB_TMP/web" && head -c 100000 /dev/urandom >"$LIB_TMP/web/file" || return 1
	bg on net busybox httpd -f -p "[::]:8000" -h "$LIB_TMP/web"
	busywait 20000 on net curl -sf -o /dev/null --max-time 2 "http://8.8.8.8:8000/file"
}

got() { cmp "$LIB_TMP/web/file" "$LIB_TMP/got"; }
# sent: packets into the tunnel so far
sent() { on client awk '$1 == "cell0:" { print $11 }' /proc/net/dev; }
# past FILTER: number of packets from the client on its wire
past() { tcpdump -n -r "$LIB_TMP/wire.pcap" "ether src $(mac client to-net) and ($1)" 2>/dev/null | wc -l; }

nobody_without() {
	rules && capture client net "$LIB_TMP/wire.pcap" || return 1
	! inside "$GROUP" ping -q -c 1 -W 1 8.8.8.8 && ! inside "$GROUP" ping -q -c 1 -W 1 2a00:8::8 || return 1
	capture_stop client net && [ "$(past 'host 8.8.8.8 or host 2a00:8::8')" = 0 ]
}
group_passes() {
	rules cgroup "$GROUP" && capture client net "$LIB_TMP/wire.pcap" || return 1
	inside "$GROUP" ping -c 2 -i 0.2 -W 5 8.8.8.8 && inside "$GROUP" ping -c 2 -i 0.2 -W 5 2a00:8::8 || return 1
	inside "$GROUP" curl -sS --max-time 20 -o "$LIB_TMP/got" http://8.8.8.8:8000/file && got || return 1
	inside "$GROUP" curl -sS --max-time 20 -o "$LIB_TMP/got" "http://[2a00:8::8]:8000/file" && got || return 1
	inside "$GROUP/inner" ping -c 1 -W 5 8.8.8.8 || return 1
	capture_stop client net
	# never under an address of the tunnel
	echo "$(past 'host 8.8.8.8') packets, $(past 'src host 10.66.0.1 or src host fd00:66::1') under the tunnel's address, $(counter outside) counted"
	[ "$(past 'host 8.8.8.8')" -gt 10 ] && [ "$(past 'src host 10.66.0.1 or src host fd00:66::1')" = 0 ] && [ "$(counter outside)" -gt 20 ]
}
others_stay() {
	local before after
	capture client net "$LIB_TMP/wire.pcap" || return 1
	before=$(sent)
	! inside "$GROUP.other" ping -q -c 1 -W 1 8.8.8.8 && ! on client ping -q -c 1 -W 1 8.8.8.8 && ! on client ping -q -c 1 -W 1 2a00:8::8 || return 1
	! inside "$GROUP.other" ping -q -c 1 -W 1 -I to-net 8.8.8.8 || return 1
	after=$(sent)
	capture_stop client net
	[ "$(past 'host 8.8.8.8 or host 2a00:8::8')" = 0 ] && [ $((after - before)) -ge 3 ]
}
# both at once, while the rules are replaced
replaced() {
	local pid i
	capture client net "$LIB_TMP/wire.pcap" || return 1
	bg on client bash -c 'for i in $(seq 60); do udpsend 8.8.8.8 53; udpsend 2a00:8::8 53; done 2>/dev/null'
	pid=$!
	for i in $(seq 10); do rules cgroup "$GROUP" guard "$N4:$((9100 + i))" || return 1; done
	wait "$pid"
	inside "$GROUP" ping -q -c 1 -W 5 8.8.8.8 || return 1
	capture_stop client net && [ "$(past 'udp and dst port 53')" = 0 ]
}
no_such_group() {
	! rules cgroup "$GROUP.none" >"$LIB_TMP/said" 2>&1 || return 1
	cat "$LIB_TMP/said"
	# what was there stays
	on client nft list table inet cellrelay_client | grep -q outside_mark && ! on client ping -q -c 1 -W 1 8.8.8.8
}

ktap_start
need nft jq ping curl busybox tcpdump cr-rules udpsend
ktap_test "control groups" groups || ktap_finish
ktap_test "hosts, routes as relayd has them" hosts || { remove_groups; ktap_finish; }
ktap_test "without a group named nobody passes" nobody_without
ktap_test "programs of the group reach the network and hear its answers" group_passes
ktap_test "all others stay in the tunnel" others_stay
ktap_test "nothing else leaves while the rules are replaced" replaced
ktap_test "a group that is not there is an error, and changes nothing" no_such_group
ktap_test "the groups are gone" remove_groups
ktap_finish
