#!/bin/bash
# SPDX-License-Identifier: MIT
# The client's kill switch against real packets, judged by captures on its physical wire: what the
# list allows passes, everything else stays, from this host and from a guest behind it, also while
# the rules are replaced. The tunnel's device is a wire to a host that stands for all relays.
here=$(dirname "$0")
. "$here/../lib.sh"
PATH=$(cd "$here/../../build/bin" && pwd):$PATH

MARK=0xce11 PORT=51000 GUARD=9001

rules() { on client cr-rules load killswitch cell0 $MARK $PORT "$@"; }
guarded() { rules guard "$(addr4 net client):$GUARD" guard "[$(addr6 net client)]:$GUARD" "$@"; }
send() { on client udpsend "$@" 2>/dev/null; }
guest_send() { on guest udpsend "$@" 2>/dev/null; }
mac() { on "$1" ip -j link show dev "$2" | jq -r '.[0].address'; }
counter() { on client nft -j list counter inet cellrelay_client "$1" | jq '.nftables[] | .counter? // empty | .packets'; }

setup() {
	setup_ns client net guest far || return 1
	wire client net && wire guest client && forwarding client || return 1
	N4=$(addr4 net client) N6=$(addr6 net client)
	# like the real device: no neighbours, and nothing of its own accord
	ip link add cell0 netns "$(ns_name client)" type veth peer name tunnel netns "$(ns_name far)" || return 1
	on client sysctl -qw net.ipv6.conf.cell0.disable_ipv6=1 && on client ip link set cell0 arp off up || return 1
	on far ip link set tunnel up && on client ip addr add 10.66.0.1/24 dev cell0 || return 1
	on far ip addr add 10.66.0.2/24 dev tunnel && on far ip route add default via 10.66.0.1 dev tunnel || return 1
	on far ip neigh replace 10.66.0.1 lladdr "$(mac client cell0)" dev tunnel nud permanent || return 1
	on client ip route add default via "$N4" && on client ip -6 route add default via "$N6" || return 1
	on guest ip route add default via "$(addr4 client guest)" && on guest ip -6 route add default via "$(addr6 client guest)" || return 1
	on net ip route add "$(addr4 guest client)/32" via "$(addr4 client net)"
	for a in 8.8.8.8/32 192.168.77.7/32; do on net ip addr add $a dev lo || return 1; done
	on net ip addr add 2a00:8::8/128 dev lo nodad
}

# What the client sends is what its own address (or :: and 0.0.0.0) stands in front of; at its end of the
# wire it is seen with its hardware address.
begin() { capture client net "$LIB_TMP/wire.pcap"; }
# seen FILTER: number of packets from the client that match, since begin
end() { capture_stop client net; }
seen() { tcpdump -n -r "$LIB_TMP/wire.pcap" "ether src $MAC and ($1)" 2>/dev/null | wc -l; }
# The list, as a filter: what may be on the wire. From this host only: a guest's "DHCP" is none.
listed() {
	echo "arp or ether proto 0x888e or (udp and src port 68 and dst port 67 and (src host 0.0.0.0 or src host $(addr4 client net)))
		or (udp and src port 546 and dst port 547 and src net fe80::/10 and (dst host ff02::1:2 or dst net fe80::/10))
		or (icmp6 and ip6[7] == 255 and (ip6[40] == 133 or ip6[40] == 134 or ip6[40] == 135 or ip6[40] == 136))
		or (ip6 proto 0 and ip6[7] == 1 and ip6[48] >= 130)"
}
to_guards() { echo "(udp and src port $PORT and dst port $GUARD and (host $N4 or host $N6))"; }

# nothing_else: fails with what was on the wire beside the list and the guards
nothing_else() {
	local other
	other=$(tcpdump -n -r "$LIB_TMP/wire.pcap" "ether src $MAC and not ($(listed)) and not $(to_guards)" 2>/dev/null)
	[ -z "$other" ] || { echo "leaked:"; echo "$other" | head -20; return 1; }
}

# All that a desktop would send, and what tries to look like the list.
leaks() {
	on client ping -q -c 2 -i 0.05 -W 1 8.8.8.8
	on client ping -q -c 2 -i 0.05 -W 1 2a00:8::8
	on client ping -q -c 1 -W 1 -m $((MARK)) "$N4"	# marked, but no UDP
	on client ping -q -c 1 -W 1 "ff02::1%to-net"
	on client nc -z -w 1 8.8.8.8 443
	on client nc -z -w 1 2a00:8::8 443
	send 8.8.8.8 53; send 2a00:8::8 53; send "$N4" 53; send "$N6" 53	# DNS, the local resolver too
	send -d to-net 224.0.0.251 5353; send -d to-net ff02::fb 5353		# mDNS
	send -d to-net 224.0.0.252 5355; send -d to-net ff02::1:3 5355		# LLMNR
	send -d to-net 239.255.255.250 1900; send -d to-net 10.200.1.255 138	# SSDP, NetBIOS
	send -p $PORT "$N4" $GUARD; send -p $PORT "$N6" $GUARD			# our port without our mark
	send -m $MARK "$N4" $GUARD; send -m $MARK "$N6" $GUARD			# our mark from another port
	send -m $MARK -p $PORT "$N4" 53; send -m $MARK -p $PORT 8.8.8.8 $GUARD	# no guard's port, no guard
	send -p 546 2a00:8::8 547; send -p 547 "$N6" 546			# DHCPv6 to the Internet, as a server
	send -p 67 "$N4" 68; send 8.8.8.8 67
	on client udpsend -P 58 2a00:8::8 1; on client udpsend -P 2 224.0.0.22 1; on client udpsend -P 47 8.8.8.8 1
	on guest ping -q -c 2 -i 0.05 -W 1 8.8.8.8
	on guest ping -q -c 2 -i 0.05 -W 1 2a00:8::8
	guest_send 8.8.8.8 53; guest_send 2a00:8::8 53
	guest_send -p 68 8.8.8.8 67; guest_send -p 546 2a00:8::8 547		# "DHCP" of a container
	guest_send -p $PORT "$N4" $GUARD; guest_send -m $MARK -p $PORT "$N4" $GUARD
	true
} >/dev/null 2>&1

control() {
	begin || return 1
	leaks
	end || return 1
	local n
	n=$(seen "not ($(listed)) and not $(to_guards)")
	echo "$n packets without the switch"
	[ "$n" -ge 25 ]
}
nothing_passes() { # RULES...
	"$@" && begin || return 1
	leaks
	end && nothing_else && [ "$(counter stopped)" -gt 20 ] && [ "$(counter stopped_forward)" -ge 4 ]
}
listed_passes() {
	guarded && begin || return 1
	send -m $MARK -p $PORT "$N4" $GUARD || return 1
	send -m $MARK -p $PORT "$N6" $GUARD || return 1
	send -p 68 -d to-net 255.255.255.255 67 || return 1
	send -p 68 "$N4" 67 || return 1
	send -p 546 -d to-net ff02::1:2 547 || return 1
	on client ip neigh flush all
	on client ip -6 neigh flush all
	send -m $MARK -p $PORT "$N4" $GUARD
	send -m $MARK -p $PORT "$N6" $GUARD
	# a router solicitation and a listener report, as the kernel sends them
	on client sysctl -qw net.ipv6.conf.to-net.router_solicitations=1 net.ipv6.conf.to-net.accept_ra=2
	on client ip link set to-net down
	on client ip link set to-net up
	on client ip addr replace "10.200.1.1/24" dev to-net
	busywait 8000 eval 'on client nft -j list counter inet cellrelay_client neighbours | jq -e ".nftables[1].counter.packets >= 3" >/dev/null'
	sleep 1
	end && nothing_else || return 1
	local what
	for what in arp 'udp and src port 68' 'udp and src port 546' 'icmp6 and ip6[40] == 133' 'icmp6 and ip6[40] == 135' \
		'ip6 proto 0' "$(to_guards) and ip" "$(to_guards) and ip6"; do
		[ "$(seen "$what")" -gt 0 ] || { echo "not on the wire: $what"; return 1; }
	done
	# what went down took its routes along
	on client ip -6 addr replace "$(printf 'fd00:200:1::1/64')" dev to-net nodad
	on client ip route replace default via "$N4" && on client ip -6 route replace default via "$N6"
}
tunnel_passes() {
	local before after
	guarded || return 1
	on client ip route add 9.9.9.9/32 dev cell0 || return 1
	before=$(on client cat /proc/net/dev | awk '/cell0/ { print $11 }')
	send 9.9.9.9 443 || return 1
	guest_send 9.9.9.9 443 || return 1
	after=$(on client cat /proc/net/dev | awk '/cell0/ { print $11 }')
	[ $((after - before)) -eq 2 ] && send 127.0.0.1 9
}
# an exit that sends packets for somebody else: they are not passed on to the wire
from_tunnel() {
	guarded && begin || return 1
	on far udpsend 8.8.8.8 53
	on far ping -q -c 1 -W 1 8.8.8.8 >/dev/null
	end && nothing_else && [ "$(counter stopped_forward)" -ge 2 ]
}
allowed() {
	guarded allow 192.168.77.0/24 && begin || return 1
	on client ping -q -c 1 -W 3 192.168.77.7 || return 1
	on guest ping -q -c 1 -W 3 192.168.77.7
	! on client ping -q -c 1 -W 1 8.8.8.8 >/dev/null || return 1
	end && [ "$(seen 'dst host 192.168.77.7')" -ge 2 ] && [ "$(seen 'dst host 8.8.8.8')" -eq 0 ]
}
replaced() {
	guarded && begin || return 1
	bg on client bash -c 'for i in $(seq 60); do udpsend 8.8.8.8 53; udpsend 2a00:8::8 53; done 2>/dev/null'
	local pid=$! i
	for i in $(seq 10); do guarded guard "$N4:$((9100 + i))" || return 1; done
	wait $pid
	end && nothing_else
}
new_guard() {
	rules && begin || return 1
	send -m $MARK -p $PORT "$N4" $GUARD && { echo 'it passed before it was a guard'; return 1; }
	on client cr-rules load killswitch-guard add "$N4:$GUARD" && send -m $MARK -p $PORT "$N4" $GUARD || return 1
	on client cr-rules load killswitch-guard delete "$N4:$GUARD" && ! send -m $MARK -p $PORT "$N4" $GUARD || return 1
	end && nothing_else && [ "$(seen "$(to_guards)")" -eq 1 ]
}
removed() {
	on client cr-rules load killswitch-remove && on client cr-rules load killswitch-remove &&
		[ -z "$(on client nft list tables)" ] && on client ping -q -c 1 -W 3 8.8.8.8
}

ktap_start
need nft jq nc ping tcpdump cr-rules udpsend
setup || { ktap_fail "set-up"; ktap_finish; }
MAC=$(mac client to-net)
ktap_test "control: without the switch it all leaves" control
ktap_test "D20: nothing leaves before there is a guard" nothing_passes rules
ktap_test "D20: nothing but the list leaves with guards" nothing_passes guarded
ktap_test "what the list allows does leave" listed_passes
ktap_test "the tunnel and loopback pass, a guest's packets too" tunnel_passes
ktap_test "D20: what comes out of the tunnel is not sent on" from_tunnel
ktap_test "a network that the user named" allowed
ktap_test "a guard comes and goes" new_guard
ktap_test "D20: nothing leaves while the rules are replaced" replaced
ktap_test "removed without a trace, twice" removed
ktap_finish
