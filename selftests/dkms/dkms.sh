#!/bin/bash
# SPDX-License-Identifier: MIT
# usage: selftests/dkms/dkms.sh bookworm|trixie [quick|brief]
#
# An administrator's way with DKMS, on a fresh root of that Debian release (selftests/dkms/root): the
# sources installed, `dkms add`, `build`, `install`, `remove`, after which the root holds the files that it held before;
# installed again (Debian 12: without pahole, so without types); that root booted: three hops of traffic, the doctor's
# remedies for missing headers and types; the next kernel installed, for which DKMS builds at once; that
# kernel booted; removal. "quick" ends before anything is booted; "brief" leaves out the first removal and boots
# the second kernel only.
#
# Runs on the host: as root, or in a user namespace (package uidmap). The root is unpacked in the cache
# of selftests/vm and removed at the end.
set -u
self=$(readlink -f "$0")
here=${self%/*}
top=$(cd "$here/../.." && pwd -P)
PATH=$PATH:/usr/sbin:/sbin

if [ "${1:-}" != --inside ]; then
	case ${1:-} in
	bookworm | trixie) ;;
	*) sed -n '3,13s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
	esac
	tar=$("$here/root" "$1") || exit 125
	user=()
	[ "$(id -u)" = 0 ] || user=(--user --map-auto --map-root-user)
	exec unshare ${user[@]+"${user[@]}"} --mount --propagation private -- "$self" --inside "$tar" "$@"
fi
tar=$2 release=$3 mode=${4:-}
# shellcheck source=selftests/lib.sh
. "$here/../lib.sh"
# Beside the tar file: make looks into build/. What runs left that were killed the hard way goes first.
for d in "${tar%/*}"/run.*; do
	pid=${d##*/run.}
	[ ! -d "$d" ] || kill -0 "${pid%%.*}" 2>/dev/null || rm -rf --one-file-system "$d"
done
root=$(mktemp -d "${tar%/*}/run.$$.XXXXXX") || exit 125
chmod 755 "$root"
gone() {
	local status=$?
	umount -l "$root/proc" "$root/dev" 2>/dev/null
	rm -rf --one-file-system "$root"
	(exit $status)
	lib_cleanup
}
trap gone EXIT

inside() { chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root DEBIAN_FRONTEND=noninteractive "$@"; }
version=$(sed -n 's/^VERSION := //p' "$top/Makefile")
MODULE=cellrelay/$version

unpacked() {
	tar -C "$root" -xf "$tar" --exclude=./dev/'*' || return 1
	mount -t proc proc "$root/proc" && mount --bind /dev "$root/dev" || return 1
	# Nothing that is installed later starts in here.
	printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d" && chmod 755 "$root/usr/sbin/policy-rc.d"
}

# The kernels of the root, oldest first.
kernels() { find "$root/lib/modules/" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort -V; }
first() { kernels | head -n 1; }
last() { kernels | tail -n 1; }

# Every file of the root and what is in it; what every run of these tools changes is left out.
files() {
	(cd "$root" && find . -xdev \( -path ./proc -o -path ./dev -o -path ./tmp -o -path ./var/cache -o -path ./var/log \
		-o -path ./var/lib/apt -o -path ./var/lib/dpkg \) -prune -o -type f -print0 | xargs -0 sha256sum &&
		find . -xdev \( -path ./proc -o -path ./dev \) -prune -o \( -type l -o -type d \) -printf '%y %p %l\n') |
		grep -vE '^[0-9a-f]+  \./(lib|usr/lib)/modules/[^/]*/modules\.' | LC_ALL=C sort
}

sources() {
	make -s -C "$top" install-dkms DESTDIR="$root" && inside dkms add "$MODULE" || return 1
	# Exactly what is wanted: no tests, nothing that git does not know.
	(cd "$root/usr/src/cellrelay-$version" && find . -type f | sed 's/^\.\///') >"$LIB_TMP/tree"
	! grep -vE '^(Kbuild|dkms\.conf|LICENSE|kmod/(COPYING|modbtf\.sh|.*\.[ch]))$' "$LIB_TMP/tree"
}

# module KERNEL: the file that DKMS installed for it.
module() { find "$root/lib/modules/$1/updates/dkms" -name 'cellrelay.ko*' 2>/dev/null; }

built() { inside dkms build "$MODULE" -k "$1" && inside dkms install "$MODULE" -k "$1" && inside dkms status | grep "$1.*installed"; }

# has_btf KERNEL: types, resolved; stripped of the rest; signed by the key that the doctor names.
has_btf() {
	local ko=$LIB_TMP/m.ko file
	file=$(module "$1")
	case $file in
	*.xz) xz -dc "$file" >"$ko" ;;
	*.zst) zstd -qdc "$file" >"$ko" ;;
	*.ko) cp "$file" "$ko" ;;
	*) echo "no module for $1"; return 1 ;;
	esac
	readelf -SW "$ko" | grep -q ' \.BTF ' || { tail -n 5 "$root/var/lib/dkms/$MODULE/$1/x86_64/log/make.log"; return 1; }
	! readelf -SW "$ko" | grep -q ' \.debug_info ' || { echo "not stripped"; return 1; }
	modinfo -F signer "$ko" | grep -q 'DKMS' || { echo "not signed"; modinfo "$ko"; return 1; }
	[ -s "$root/var/lib/dkms/mok.pub" ] || { echo "no certificate"; return 1; }
}

# booted KERNEL COMMAND...: in a machine with this root.
booted() {
	local k=$1
	shift
	${VM_RUN:-"$top/selftests/vm/run"} --root "$root" --kernel "$k" --timeout 900 -- bash -c "$*"
}

# Is relayctl, built here, at home there? It may be from a newer release.
runs() { inside sh -c 'cat >/tmp/relayctl && chmod 755 /tmp/relayctl && ! ldd /tmp/relayctl | grep -q "not found" && /tmp/relayctl --version' <"$top/build/bin/relayctl"; }

healthy='modprobe cellrelay && relayctl load && relayctl doctor && relayctl -j doctor >/tmp/d &&
	for c in module btf headers accounting; do
		jq -e --arg c $c ".doctor[] | select(.check == \$c and .verdict == \"ok\")" /tmp/d >/dev/null ||
			{ echo "doctor: $c"; exit 1; }
	done && relayctl unload'
traffic='FILE_MB=1 selftests/net/smoke.sh'

# With types or without, the module carries three hops. The doctor says what it lacks, also when the headers
# are gone, and there its remedy is run at once: apt has the package in its cache.
poor() {
	booted "$1" "$traffic"' && modprobe cellrelay && {
		relayctl -j doctor
		dpkg --purge --force-depends linux-headers-$(uname -r) >/dev/null 2>&1
		relayctl -j doctor >/tmp/d
		remedy=$(jq -r ".doctor[] | select(.check == \"headers\" and .verdict == \"warn\") | .remedy" /tmp/d)
		echo "remedy: $remedy" >&2
		[ -n "$remedy" ] && $remedy >&2 || exit 1
		relayctl -j doctor >/tmp/d
		jq -e ".doctor[] | select(.check == \"headers\" and .verdict == \"ok\")" /tmp/d >&2
	}' >"$LIB_TMP/poor"
}

# The remedy for missing types, as printed in that machine, run in this root; what it does after building,
# unloading and loading, the next boot does.
rich() {
	local remedy
	remedy=$(grep '^{' "$LIB_TMP/poor" | jq -r '.doctor[] | select(.check == "btf" and .verdict == "warn") | .remedy')
	echo "remedy: $remedy"
	[[ $remedy == *" && relayctl unload && modprobe cellrelay" ]] || { cat "$LIB_TMP/poor"; return 1; }
	inside bash -c "${remedy% && relayctl unload*}" && has_btf "$1"
}

again() { sources && inside dkms autoinstall -k "$1" && has_btf "$1"; }

# Where the headers bring the kernel's types, their packages depend on pahole; 6.1's do not.
typeless() {
	inside dpkg --purge --force-depends pahole && sources && inside dkms autoinstall -k "$1" && ! has_btf "$1" &&
		[ -n "$(module "$1")" ]
}

next_kernel() {
	local suite=() new
	case $release in
	bookworm) new="linux-image-6.12-amd64 linux-headers-6.12-amd64" ;;
	*) new="linux-image-amd64 linux-headers-amd64" suite=(-t trixie-backports) ;;
	esac
	# shellcheck disable=SC2086
	inside apt-get -y ${suite[@]+"${suite[@]}"} install $new || return 1
	[ "$(kernels | wc -l)" = 2 ] || { echo "kernels: $(kernels | xargs)"; return 1; }
	[ -n "$(module "$(last)")" ] || { inside dkms status; echo "nothing was built for $(last)"; return 1; }
}

# All files as before, but for the key pair that DKMS makes once for a machine and keeps.
removed() {
	inside dkms remove "$MODULE" --all && rm -r "$root/usr/src/cellrelay-$version" || return 1
	files | grep -v '  \./var/lib/dkms/mok\.' >"$LIB_TMP/after"
	diff "$LIB_TMP/before" "$LIB_TMP/after"
}

# After all: no file bears our name, no index of modules speaks of us.
removed_all() {
	inside dkms remove "$MODULE" --all && rm -r "$root/usr/src/cellrelay-$version" || return 1
	! find "$root" -xdev -path "$root/tmp" -prune -o -name '*cellrelay*' -print | grep . &&
		! grep -l cellrelay "$root"/lib/modules/*/modules.* && [ "$(inside dkms status)" = "" ]
}

ktap_start
need mmdebstrap readelf jq
ktap_test "a fresh root of $release" unpacked || ktap_finish
K=$(first)
if [ "$release" = bookworm ]; then
	# Its headers bring no resolve_btfids; this is what the doctor names.
	ktap_test "$K: kbuild of 6.12" inside sh -c \
		"apt-get -y install \$(apt-cache search --names-only '^linux-kbuild-6\.12' | sort -V | tail -n 1 | cut -d' ' -f1)"
fi
files >"$LIB_TMP/before"
ktap_test "sources, dkms add" sources || ktap_finish
ktap_test "$K: dkms build, install" built "$K" || ktap_finish
ktap_test "$K: types, stripped, signed" has_btf "$K"
home=1
runs >/dev/null 2>&1 || { home=0; ktap_skip "booting" "relayctl, built here, does not run on $release"; }
if [ "$mode" != brief ]; then
	ktap_test "dkms remove: every file is as before" removed
	[ "$mode" != quick ] || ktap_finish
	if [ "$release" = bookworm ]; then
		ktap_test "$K: dkms autoinstall without pahole: a module without types" typeless "$K" || ktap_finish
	else
		ktap_test "$K: dkms autoinstall" again "$K" || ktap_finish
	fi
	[ $home = 0 ] || ktap_test "$K: booted: three hops; no headers: the doctor's remedy" poor "$K"
	if [ "$release" = bookworm ] && [ $home = 1 ]; then
		ktap_test "$K: no types: the doctor's remedy" rich "$K"
	fi
	[ $home = 0 ] || ktap_test "$K: booted: the doctor is content" booted "$K" "$healthy"
fi
ktap_test "the next kernel is installed, and the module built for it" next_kernel || ktap_finish
N=$(last)
ktap_test "$N: types, stripped, signed" has_btf "$N"
[ $home = 0 ] || ktap_test "$N: booted: the doctor is content, three hops" booted "$N" "$healthy && $traffic"
ktap_test "dkms remove leaves nothing of ours" removed_all
ktap_finish
