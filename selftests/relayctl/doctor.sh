#!/bin/bash
# SPDX-License-Identifier: MIT
# relayctl doctor on a host's network and firmware: each finding provoked, and cured by the very
# command that it prints, run on that host. Headers, BTF and kernels' packages: selftests/dkms.
#
# A virtual machine without UEFI has no Secure Boot: the firmware's variables and mokutil are stand-ins
# here, the doctor's own paths and command are not.
# shellcheck disable=SC2317  # functions run through ktap_test
# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=selftests/relayctl/path.sh
. "$(dirname "$0")/path.sh"

ktap_start
need jq ethtool ip

# finding CHECK [HOST]: what doctor says of it ("fail", "ok", ...).
doctor() { on a "$R" "$@" doctor; }
finding() { doctor -j | jq -r "[.doctor[] | select(.check == \"$1\") | .verdict][0] // \"nothing\""; }
found() { [ "$(finding "$1")" = "$2" ] || { doctor; echo "$1 is $(finding "$1"), not $2"; return 1; }; }

# cured CHECK: its remedy, typed on that host, makes it go.
cured() {
	local remedy
	remedy=$(doctor -j | jq -r "[.doctor[] | select(.check == \"$1\") | .remedy][0]")
	echo "remedy: $remedy"
	[ "$remedy" != null ] || return 1
	on a env PATH="$LIB_TMP/bin:$(dirname "$R"):$PATH" bash -c "$remedy" && found "$1" ok
}

modprobe cellrelay || { ktap_fail "the module"; ktap_finish; }
setup_ns a b && wire a b || { ktap_fail "two hosts"; ktap_finish; }
on a "$R" sock add id 1 addr 0.0.0.0 port 4000 &&
	on a "$R" link add id 1 sock 1 peer "$(addr4 b a):4000" || { ktap_fail "a link"; ktap_finish; }

ktap_test "MTU: nothing at 1500" found mtu ok
ip -n "$(ns_name a)" link set dev to-b mtu 1430
ktap_test "MTU: 6 bytes too small" found mtu warn
ktap_test "MTU: its remedy" cured mtu
on a ip route add "$(addr4 b a)/32" dev to-b mtu 1400
ktap_test "MTU: a route that is narrower than its device" found mtu warn
ktap_test "MTU: no remedy is promised there" test "$(doctor -j | jq -r '.doctor[] | select(.check == "mtu") | .remedy')" = null
on a ip route del "$(addr4 b a)/32" dev to-b
ktap_test "MTU: cells may be 1408 again" found mtu ok

on a ethtool -K to-b gro off
ktap_test "GRO: off on a veth" found gro warn
ktap_test "GRO: its remedy" cured gro

on a ethtool -L to-b rx 2 tx 2 && on a ethtool -L to-b rx 1 tx 1
ktap_test "queues: one of several" found queues warn
ktap_test "queues: its remedy" cured queues

# A bond can be told to take LRO without a card that has it.
modprobe bonding max_bonds=0 && on a ip link add bond7 type bond && on a ethtool -K bond7 lro on
if on a ethtool -k bond7 | grep -q '^large-receive-offload: on'; then
	ktap_test "LRO: on somewhere" found offload warn
	ktap_test "LRO: its remedy" cured offload
else
	ktap_skip "LRO" "no device here takes it"
fi

on a ip route del 10.200.1.0/24 2>/dev/null
ktap_test "route: none to the peer" found route fail
on a ip route add 10.200.1.0/24 dev to-b src "$(addr4 a b)"
ktap_test "route: back" found route nothing

# Secure Boot, from a firmware made of two files: a key that is not in the list is told to be imported.
EFI=/sys/firmware/efi/efivars
MOK=$EFI/MokListRT-605dab50-e046-4300-abb6-3dd810dd8b23
firmware() {
	mount -t tmpfs tmpfs /sys/firmware && mkdir -p $EFI /var/lib/dkms "$LIB_TMP/bin" &&
		printf '\6\0\0\0\1' >$EFI/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c && printf '\6\0\0\0' >$MOK
}
# What mokutil and the firmware's MOK manager do together, the reboot between them left out.
cat >"$LIB_TMP/mokutil" <<-MOKUTIL
	#!/bin/sh
	[ "\$1" = --import ] && cat "\$2" >>$MOK
MOKUTIL
ktap_test "Secure Boot: off" found secureboot ok
"$R" unload
ktap_test "Secure Boot: firmware" firmware
install -m 755 "$LIB_TMP/mokutil" "$LIB_TMP/bin/mokutil"
rm -f /var/lib/dkms/mok.pub
ktap_test "Secure Boot: on, and no key" found secureboot fail
head -c 800 /dev/urandom >/var/lib/dkms/mok.pub
ktap_test "Secure Boot: on, key not enrolled" found secureboot fail
ktap_test "Secure Boot: the mokutil line" grep -q 'mokutil --import /var/lib/dkms/mok.pub' <(doctor)
ktap_test "Secure Boot: its remedy" cured secureboot
umount /sys/firmware
ktap_finish
