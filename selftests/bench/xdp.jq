# SPDX-License-Identifier: MIT
# Ratios of the rows that xdp.sh writes (jq -s -f xdp.jq ROWS): the dearest of all families and
# directions of a size, over cipher + bare redirect.
def cell(n; r): [.[] | select(.name == n and .direction == r.direction and .size == r.size and (.family // r.family) == r.family)
	| .instr_per_cell] | if length > 0 then add / length else null end;
. as $all | [.[] | select(.name == "xdp_hop") | . as $r | {size, ratio: (.instr_per_cell / (($all | cell("cipher"; $r)) + ($all | cell("xdp_redirect"; $r))))}]
	| group_by(.size) | map({key: "xdp_hop_vs_floor_\(.[0].size)", value: (map(.ratio) | max)}) | from_entries
