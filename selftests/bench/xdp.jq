# SPDX-License-Identifier: MIT
# Ratios of the rows that xdp.sh writes: the dearest of all families and directions of a size, over
# cipher + bare redirect.
def cell($rows; n; $r): [$rows[] | select(.name == n and .direction == $r.direction and .size == $r.size and .suite == $r.suite
	and (.family // $r.family) == $r.family) | .instr_per_cell] | if length > 0 then add / length else null end;
def floor_ratios: . as $all | [.[] | select(.name == "xdp_hop" and .circuits == 1) | . as $r
	| (cell($all; "cipher"; $r)) as $cipher
	| ([$all[] | select(.name == "xdp_redirect" and .direction == $r.direction and .size == $r.size and .family == $r.family)
		| .instr_per_cell] | add / length) as $redirect
	| select($cipher) | {size, suite, ratio: (.instr_per_cell / ($cipher + $redirect))}]
	| group_by([.size, .suite]) | map({key: "xdp_hop_vs_floor_\(.[0].size)\(if .[0].suite == 2 then "_suite2" else "" end)",
		value: (map(.ratio) | max)}) | from_entries;
