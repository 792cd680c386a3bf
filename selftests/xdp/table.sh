#!/bin/bash
# SPDX-License-Identifier: MIT
# table.sh [FAMILIES...]: the XDP program frame by frame, for wires of each pair of families
# (44 66 46 64): 46 is IPv4 before the relay and IPv6 behind it.
here=$(dirname "$0")
. "$here/../lib.sh"
. "$here/rig.sh"
TABLE=${TABLE:-$here/../../build/xdp-tests/table}

one() {
	local f1=${1:0:1} f2=${1:1:1} next r=t${1}r a=t${1}a ip6=
	rig "t$1" "$f1" "$f2" count 4 || return 1
	on "$r" relayctl circuit set 2 limit $((3 * 1408)) &&
		on "$r" relayctl dev add cell0 && on "$r" relayctl circuit set 4 dev cell0 inner4 10.99.0.4 &&
		on "$r" ip link add link "to-t$1b" name v7 type vlan id 7 && on "$r" ip link set v7 up || return 1
	next=$(rig_addr "$a" "$r" "$f2")
	[ "$f2" = 4 ] || ip6=-6
	export UNKNOW_NEXT="ip neigh del $next dev to-$a"
	KNOW_NEXT="ip neigh replace $next lladdr $(rig_mac "$a" "$r") dev to-$a nud permanent"
	export KNOW_NEXT
	export VLAN_ROUTE="ip $ip6 route add $next dev v7" PLAIN_ROUTE="ip $ip6 route del $next dev v7"
	export NARROW="ip link set to-$a mtu 1280" WIDE="ip link set to-$a mtu 1500"
	on "$r" "$TABLE" "$RIG_DIR" $RIG_NODE node2.idx "$(rig_place "t$1b" "$f1")" "$(rig_place "$a" "$f2")" \
		>"$LIB_TMP/table" 2>&1
	local status=$?
	# its lines become ours
	while IFS= read -r line; do
		case $line in
		"ok "* | "not ok "*)
			line=${line#*ok } name="IPv$f1 to IPv$f2: ${line#* }"
			if grep -qxF "not ok $line" "$LIB_TMP/table"; then
				ktap_fail "$name"
			else
				ktap_pass "$name"
			fi
			;;
		"#"* | Bail*) echo "# ${line#"# "}" ;;
		esac
	done <"$LIB_TMP/table"
	[ "$status" = 0 ] || grep -v '^ok' "$LIB_TMP/table" | head -n 60 | sed 's/^/# /'
	return "$status"
}

ktap_start
need relayctl jq ip
modprobe cellrelay || { ktap_fail "module loads"; ktap_finish; }
for f in "${@:-44}"; do
	one "$f" || ktap_fail "the table of IPv${f:0:1} to IPv${f:1:1} ended"
done
ktap_finish
