#!/bin/bash
# SPDX-License-Identifier: MIT
# What a middle hop by XDP costs with 1 000 000 circuits (or CIRCUITS) visited at random, and what
# memory of the kernel they take: slabs, tables, the pinned map. Runs in a VM whose clock
# counts instructions, with 4 GB of memory.
# Appends one line of JSON per figure to the file given, or to standard output.
# shellcheck disable=SC2034  # lib.sh and rig.sh read them
here=$(dirname "$0")
. "$here/../lib.sh"
. "$here/../xdp/rig.sh"
. "$here/wire.sh"
BENCH=$(readlink -f "$here/../../build/xdp-tests/xdpbench")
OUT=${1:-/dev/stdout}
CIRCUITS=${CIRCUITS:-1000000}

# kernel_memory: bytes in slabs, in large mappings and per processor
kernel_memory() { awk '/^(Slab|VmallocUsed|Percpu):/ { n += $2 } END { printf "%d\n", n * 1024 }' /proc/meminfo; }

# the pinned map is to have room for all
[ ! -d /sys/module/cellrelay ] || relayctl unload >&2 || exit 1
modprobe cellrelay && rig many 4 4 || exit 1
empty=$(kernel_memory)
relayctl load slots "$CIRCUITS" || exit 1
map=$(($(kernel_memory) - empty))
on manyr "$BENCH" xdp "$RIG_DIR" $RIG_NODE node2.idx "$(rig_place manyb 4)" "$(rig_place manya 4)" \
	"$(ns_name manyb)" "$(ns_name manya)" "$CIRCUITS" >"$LIB_TMP/rows" || exit 1
jq -c --argjson map "$map" --argjson n "$CIRCUITS" 'if .name == "memory" then .bytes_per_circuit += $map / $n else . end' \
	<"$LIB_TMP/rows" >>"$OUT"
echo "# of which $((map / CIRCUITS)) in the pinned map; $(grep '^cr_circuit' /proc/slabinfo)" >&2
