#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: modbtf.sh MODULE.ko HEADERS-FOLDER KERNEL-RELEASE
#
# Sees to it that a freshly built module has type information (BTF), which the
# XDP path needs to call into it. Where the kernel's build made it, it is only
# checked. Where the headers lack what that takes (Debian's 6.1 has neither
# vmlinux nor resolve_btfids), it is made here: the kernel's own types come out
# of its image, pahole encodes the module's, and another kernel's resolve_btfids
# fills in the ids of the functions for BPF.
#
# Without it the module works, but forwards on the socket path only; that is
# reported and is no error unless CELLRELAY_REQUIRE_BTF=1. Needs the module with
# its debug information (before strip) and unsigned.
# RESOLVE_BTFIDS names the program if it is nowhere usual.
set -u
ko=$1 headers=$2 release=$3
name=${ko##*/}

without() {
	if [ "${CELLRELAY_REQUIRE_BTF:-0}" = 1 ]; then
		echo "modbtf: $name for $release: $*" >&2
		exit 1
	fi
	echo "modbtf: $name for $release: $*; it will forward on the socket path only" >&2
	exit 0
}

has_section() { readelf -SW "$ko" | grep -q "[] ]$1 "; }

# Are all ids in .BTF_ids filled in, and sets sorted? Set8: {count, flags},
# count times {id, flags}. Prints what is wrong.
check_ids() {
	ids=$(mktemp) || exit 1
	objcopy -O binary --only-section=.BTF_ids --set-section-flags .BTF_ids=alloc "$ko" "$ids" 2>/dev/null
	{
		readelf -sW "$ko" | awk '$8 ~ /^__BTF_ID__/ { print "S", $2, $3, $8 }'
		od -An -v -tu4 -w4 "$ids" | awk '{ print "W", $1 }'
	} | awk '
	function hex(s,   i, n) {
		for (i = 1; i <= length(s); i++)
			n = n * 16 + index("0123456789abcdef", substr(s, i, 1)) - 1
		return n
	}
	$1 == "S" { off[$4] = hex($2); next }
	{ word[n++] = $2 }
	END {
		for (s in off) {
			at = off[s] / 4
			if (s ~ /^__BTF_ID__set8__/) {
				sets++
				if (word[at] == 0) print "set " s " is empty"
				for (i = 0; i < word[at]; i++) {
					id = word[at + 2 + 2 * i]
					if (id == 0) print "set " s " holds an unresolved function"
					if (i && id <= last) print "set " s " is not sorted"
					last = id
				}
			} else if (s !~ /^__BTF_ID__set__/ && word[at] == 0)
				print "id " s " is not resolved"
		}
		if (n == 0) print "the section .BTF_ids is empty"
	}'
	rm -f "$ids"
}

verified() {
	has_section .BTF || return 1
	has_section .BTF_ids || return 0
	[ -z "$(check_ids)" ]
}

# The kernel's types: headers, the running kernel if it is this one, or its
# image, unpacked by whatever it is packed with.
find_base() {
	if [ -r "$headers/vmlinux" ]; then
		echo "$headers/vmlinux"
		return 0
	fi
	if [ "$(uname -r)" = "$release" ] && [ -r /sys/kernel/btf/vmlinux ]; then
		echo /sys/kernel/btf/vmlinux
		return 0
	fi
	for image in "$headers/../../../vmlinuz" "/boot/vmlinuz-$release" "/usr/lib/modules/$release/vmlinuz"; do
		[ -r "$image" ] || continue
		# The first is there only in the cache of VM kernels; it must be this kernel's.
		case $image in
		"$headers"/*) [ "$(cat "${image%/*}/release" 2>/dev/null)" = "$release" ] || continue ;;
		esac
		unpack_image "$image" "$tmp/vmlinux" && { echo "$tmp/vmlinux"; return 0; }
	done
	return 1
}

# The payload of a bzImage starts at a known magic number; several places can
# look like one, so what comes out must be an ELF file with types.
unpack_image() {
	while read -r magic command; do
		for at in $(LC_ALL=C grep -obUaP "$magic" "$1" | cut -d: -f1 | head -n 8); do
			# Bytes after the payload make the unpackers complain: judge the result.
			tail -c "+$((at + 1))" "$1" | $command >"$2" 2>/dev/null
			readelf -SW "$2" 2>/dev/null | grep -q '[] ]\.BTF ' && return 0
		done
	done <<-MAGIC
	\xfd7zXZ\x00 xz -dc
	\x28\xb5\x2f\xfd zstd -dcq
	\x02\x21\x4c\x18 lz4 -dcq
	\x1f\x8b\x08 gzip -dcq
	BZh bzip2 -dcq
	MAGIC
	return 1
}

find_resolver() {
	for r in "${RESOLVE_BTFIDS:-}" "$headers/tools/bpf/resolve_btfids/resolve_btfids" \
		/usr/lib/linux-kbuild-*/tools/bpf/resolve_btfids/resolve_btfids; do
		[ -n "$r" ] && [ -x "$r" ] && { echo "$r"; return 0; }
	done
	return 1
}

[ -r "$ko" ] || { echo "modbtf: cannot read $ko" >&2; exit 1; }
for tool in readelf objcopy od; do
	command -v $tool >/dev/null || without "$tool (package binutils or coreutils) is missing"
done
grep -q '^CONFIG_DEBUG_INFO_BTF_MODULES=y' "$headers/.config" 2>/dev/null ||
	grep -q '^CONFIG_DEBUG_INFO_BTF_MODULES=y' "$headers/include/config/auto.conf" 2>/dev/null ||
	without "this kernel has no types of modules (CONFIG_DEBUG_INFO_BTF_MODULES)"
verified && exit 0

command -v pahole >/dev/null || without "pahole is missing (package pahole)"
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
base=$(find_base) || without "the kernel's types are found neither in $headers nor in /boot/vmlinuz-$release"
work=$tmp/$name
cp "$ko" "$work" || exit 1
if ! has_section .BTF; then
	# It has llvm-objcopy add the section unless told otherwise, as the kernel's build does.
	LLVM_OBJCOPY=${LLVM_OBJCOPY:-objcopy} pahole -J --btf_gen_floats --lang_exclude=rust --btf_base "$base" "$work" 2>"$tmp/err" ||
		without "pahole failed: $(head -n 1 "$tmp/err")"
fi
if has_section .BTF_ids; then
	resolver=$(find_resolver) ||
		without "resolve_btfids is missing: install any linux-kbuild-6.12.* (apt-cache search linux-kbuild-6.12) or set RESOLVE_BTFIDS"
	"$resolver" -b "$base" "$work" 2>"$tmp/err" || without "$resolver failed: $(head -n 1 "$tmp/err")"
fi
kept=$ko
ko=$work
has_section .BTF || without "pahole left no .BTF"
if has_section .BTF_ids; then
	wrong=$(check_ids)
	[ -z "$wrong" ] || without "$wrong"
fi
cat "$work" >"$kept"
echo "modbtf: $name for $release: types made with ${base##*/}"
