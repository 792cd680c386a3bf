# SPDX-License-Identifier: MIT
#
# Reads what yaml.awk printed and offers the specification to the generators
# (uapi.awk, policy.awk, doc.awk, table.awk), which run in END:
#
#	n_def, def_*[d], n_entry[d], entry_*[d, e]
#	n_set, set_*[s], n_attr[s], attr_*[s, a]	numbers count from 1, as in the ABI
#	subset_of[s]				its attributes are those of another set
#	n_op, op_*[o], has_do[o], has_dump[o]
#	in_do[o, a], in_dump[o, a], required[o, a]	a is an attribute's number
#	in_reply[o, a], in_event[o, a]

BEGIN { FS = "\t" }

{ v[$1] = $2 }

function fail(what)
{
	printf "cellrelay.yaml: %s\n", what > "/dev/stderr"
	failed = 1
	exit 1
}

function c_upper(s) { s = toupper(s); gsub(/-/, "_", s); return s }
function c_lower(s) { gsub(/-/, "_", s); return s }
function get(path, other) { return (path in v) ? v[path] : other }

# A doc string without the sentences that the generators read.
function prose(s)
{
	sub(/ ?Required: [^.]*\./, "", s)
	sub(/ ?(Read|Write) only\./, "", s)
	sub(/^ /, "", s)
	return s
}

function attr_c(s, a) { return c_upper(set_prefix[s] attr_name[s, a]) }
function op_c(o) { return c_upper(op_prefix op_name[o]) }

function number_of(limit)
{
	if (limit == "s32-max")
		return 2147483647
	if (limit !~ /^[0-9]+$/)
		fail("limit " limit)
	return limit + 0
}

# Numbers of the attributes that the list at @path names go to set[o, number].
function mark(path, o, set,    i, a)
{
	for (i = 0; (path "/" i) in v; i++) {
		a = attr_by_name[op_set[o], v[path "/" i]]
		if (!a)
			fail(op_name[o] ": unknown attribute " v[path "/" i])
		set[o, a] = 1
	}
}

function any(path,    p)
{
	for (p in v)
		if (p == path || index(p, path "/") == 1)
			return 1
	return 0
}

function load_definitions(    d, e, p)
{
	for (d = 1; (p = "definitions/" (d - 1)) "/name" in v; d++) {
		def_name[d] = v[p "/name"]
		def_type[d] = v[p "/type"]
		def_doc[d] = get(p "/doc", "")
		def_prefix[d] = get(p "/name-prefix", "cellrelay-" def_name[d] "-")
		def_start[d] = get(p "/value-start", 0)
		def_by_name[def_name[d]] = d
		for (e = 1; (p "/entries/" (e - 1) "/name") in v; e++) {
			entry_name[d, e] = v[p "/entries/" (e - 1) "/name"]
			entry_doc[d, e] = get(p "/entries/" (e - 1) "/doc", "")
			entry_value[d, e] = def_type[d] == "flags" ? 2 ^ (e - 1) : def_start[d] + e - 1
		}
		n_entry[d] = e - 1
	}
	n_def = d - 1
}

function load_sets(    s, a, p, q, d, e)
{
	for (s = 1; (p = "attribute-sets/" (s - 1)) "/name" in v; s++) {
		set_name[s] = v[p "/name"]
		set_prefix[s] = get(p "/name-prefix", "")
		subset_of[s] = get(p "/subset-of", "")
		set_doc[s] = get(p "/doc", "")
		set_by_name[set_name[s]] = s
		for (a = 1; (q = p "/attributes/" (a - 1)) "/name" in v; a++) {
			attr_name[s, a] = v[q "/name"]
			attr_type[s, a] = v[q "/type"]
			attr_doc[s, a] = get(q "/doc", "")
			attr_by_name[s, attr_name[s, a]] = a
			attr_nest[s, a] = get(q "/nested-attributes", "")
			attr_multi[s, a] = get(q "/multi-attr", "")
			attr_min[s, a] = get(q "/checks/min", "")
			attr_max[s, a] = get(q "/checks/max", "")
			attr_min_len[s, a] = get(q "/checks/min-len", "")
			attr_max_len[s, a] = get(q "/checks/max-len", "")
			attr_exact_len[s, a] = get(q "/checks/exact-len", "")
			attr_enum[s, a] = get(q "/enum", "")
			attr_mask[s, a] = ""
			if ((q "/checks/flags-mask") in v) {
				d = def_by_name[v[q "/checks/flags-mask"]]
				for (e = 1; e <= n_entry[d]; e++)
					attr_mask[s, a] += entry_value[d, e]
			}
			read_only[s, a] = attr_doc[s, a] ~ /Read only\./ || attr_type[s, a] == "pad"
			write_only[s, a] = attr_doc[s, a] ~ /Write only\./
		}
		n_attr[s] = a - 1
	}
	n_set = s - 1
}

function load_ops(    o, p, s, a, n, i, part, list)
{
	op_prefix = v["operations/name-prefix"]
	for (o = 1; (p = "operations/list/" (o - 1)) "/name" in v; o++) {
		op_name[o] = v[p "/name"]
		op_doc[o] = v[p "/doc"]
		op_set[o] = s = set_by_name[v[p "/attribute-set"]]
		op_mcgrp[o] = get(p "/mcgrp", "")
		if (!s)
			fail(op_name[o] ": unknown attribute set")
		has_do[o] = any(p "/do")
		has_dump[o] = any(p "/dump")
		if ((has_do[o] || has_dump[o]) && get(p "/flags/0", "") != "uns-admin-perm")
			fail(op_name[o] ": every command needs uns-admin-perm")
		mark(p "/do/request/attributes", o, in_do)
		mark(p "/dump/request/attributes", o, in_dump)
		mark(p "/do/reply/attributes", o, in_reply)
		mark(p "/dump/reply/attributes", o, in_reply)
		mark(p "/event/attributes", o, in_event)
		if (match(op_doc[o], /Required: [^.]*\./)) {
			list = substr(op_doc[o], RSTART + 10, RLENGTH - 11)
			n = split(list, part, /, */)
			for (i = 1; i <= n; i++) {
				a = attr_by_name[s, part[i]]
				if (!a || !((o, a) in in_do))
					fail(op_name[o] ": requires " part[i] ", which it does not take")
				required[o, a] = 1
			}
		}
		for (a = 1; a <= n_attr[s]; a++) {
			if ((((o, a) in in_do) || ((o, a) in in_dump)) && read_only[s, a])
				fail(op_name[o] ": takes the read-only " attr_name[s, a])
			if ((((o, a) in in_reply) || ((o, a) in in_event)) && write_only[s, a])
				fail(op_name[o] ": answers with the write-only " attr_name[s, a])
			if (((o, a) in in_do) || ((o, a) in in_dump))
				op_maxattr[o] = a
		}
	}
	n_op = o - 1
}

function load()
{
	load_definitions()
	load_sets()
	load_ops()
}
