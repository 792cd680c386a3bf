# SPDX-License-Identifier: MIT
#
# The part of YAML that cellrelay.yaml uses, as one line per leaf:
#
#	PATH <tab> VALUE	where PATH is keys and list indexes joined by "/"
#
# Known: block mappings, block lists whose items start with a lone "-", plain and
# double-quoted scalars, ">-" folded scalars, [a, b] lists, {}, anchors on
# mappings and their aliases. Anything else is an error, not a guess.

function fail(what)
{
	printf "%s:%d: %s\n", FILENAME, FNR, what > "/dev/stderr"
	failed = 1
	exit 1
}

function emit(path, value)
{
	n_out++
	out_path[n_out] = path
	out_value[n_out] = value
}

function path_of(depth,    i, p)
{
	p = ""
	for (i = 1; i <= depth; i++)
		p = p (i > 1 ? "/" : "") key[i]
	return p
}

function scalar(v)
{
	if (v ~ /^"/) {
		if (v !~ /^".*"$/)
			fail("a quoted scalar must end on its line")
		v = substr(v, 2, length(v) - 2)
		if (v ~ /["\\]/)
			fail("no escapes in quoted scalars")
	} else if (v ~ /: / || v ~ / #/ || v ~ /^['|>&*!%@`]/) {
		fail("quote this scalar")
	}
	return v
}

function fold_end()
{
	if (folding) {
		emit(fold_path, fold_text)
		folding = 0
	}
}

{
	line = $0
	match(line, /^ */)
	indent = RLENGTH
	text = substr(line, indent + 1)
	sub(/[ \t]+$/, "", text)
	if (line ~ /\t/)
		fail("tab")
}

folding && (indent > fold_indent || text == "") {
	if (text != "")
		fold_text = fold_text (fold_text == "" ? "" : " ") text
	next
}

text == "" || text ~ /^#/ { next }

{
	fold_end()
	if (text == "-") {
		while (depth > 0 && (ind[depth] > indent || (ind[depth] == indent && !item[depth])))
			depth--
		if (depth > 0 && ind[depth] == indent) {
			key[depth]++
		} else {
			depth++
			ind[depth] = indent
			item[depth] = 1
			key[depth] = 0
		}
		next
	}
	if (text !~ /^[a-z][a-z0-9-]*:( |$)/)
		fail("expected \"key:\" or \"-\"")
	while (depth > 0 && ind[depth] >= indent)
		depth--
	depth++
	ind[depth] = indent
	item[depth] = 0
	colon = index(text, ":")
	key[depth] = substr(text, 1, colon - 1)
	value = substr(text, colon + 1)
	sub(/^ +/, "", value)
	p = path_of(depth)
	if (value == "") {
		next
	} else if (value == ">-") {
		folding = 1
		fold_path = p
		fold_text = ""
		fold_indent = indent
	} else if (value == "{}") {
		emit(p, "{}")
	} else if (value ~ /^&[a-z0-9-]+$/) {
		anchor[substr(value, 2)] = p
	} else if (value ~ /^\*[a-z0-9-]+$/) {
		a = substr(value, 2)
		if (!(a in anchor))
			fail("no anchor " a)
		last = n_out
		for (i = 1; i <= last; i++)
			if (index(out_path[i], anchor[a] "/") == 1)
				emit(p substr(out_path[i], length(anchor[a]) + 1), out_value[i])
	} else if (value ~ /^\[.*\]$/) {
		n = split(substr(value, 2, length(value) - 2), part, /, */)
		for (i = 1; i <= n; i++)
			emit(p "/" (i - 1), scalar(part[i]))
	} else {
		emit(p, scalar(value))
	}
}

END {
	if (failed)
		exit 1
	fold_end()
	for (i = 1; i <= n_out; i++)
		printf "%s\t%s\n", out_path[i], out_value[i]
}
