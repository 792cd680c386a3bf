# SPDX-License-Identifier: MIT
# kmod/netlink/policy.gen.h (-v part=h) and policy.gen.c (-v part=c); runs behind model.awk.

function range_name(s, a) { return "cr_nl_range_" c_lower(set_name[s]) "_" c_lower(attr_name[s, a]) }

# Limits of an integer go into the policy itself when they fit its 16 bits.
function small(x) { return x == "" || number_of(x) <= 32767 }

function policy(s, a,    t, n, x)
{
	t = attr_type[s, a]
	n = "NLA_" toupper(t)
	if (t == "flag")
		return "{ .type = NLA_FLAG, }"
	if (t == "binary") {
		if (attr_exact_len[s, a] != "")
			return "NLA_POLICY_EXACT_LEN(" attr_exact_len[s, a] ")"
		if (attr_min_len[s, a] != "")
			return "NLA_POLICY_RANGE(NLA_BINARY, " attr_min_len[s, a] ", " attr_max_len[s, a] ")"
		if (attr_max_len[s, a] != "")
			return "{ .type = NLA_BINARY, .len = " attr_max_len[s, a] ", }"
		fail(attr_name[s, a] ": bytes of any length")
	}
	if (t !~ /^u(8|16|32|64)$/)
		fail(attr_name[s, a] ": " t " in a request")
	if (attr_mask[s, a] != "")
		return sprintf("NLA_POLICY_MASK(%s, 0x%x)", n, attr_mask[s, a])
	if (attr_min[s, a] == "" && attr_max[s, a] == "")
		return "{ .type = " n ", }"
	if (!small(attr_min[s, a]) || !small(attr_max[s, a]))
		return "NLA_POLICY_FULL_RANGE(" n ", &" range_name(s, a) ")"
	if (attr_min[s, a] == "")
		return "NLA_POLICY_MAX(" n ", " number_of(attr_max[s, a]) ")"
	if (attr_max[s, a] == "")
		return "NLA_POLICY_MIN(" n ", " number_of(attr_min[s, a]) ")"
	return "NLA_POLICY_RANGE(" n ", " number_of(attr_min[s, a]) ", " number_of(attr_max[s, a]) ")"
}

# A zero-terminated list of attribute numbers; prints nothing and returns NULL when empty.
function list(name, o, kind,    s, a, n)
{
	s = op_set[o]
	n = 0
	for (a = 1; a <= n_attr[s]; a++) {
		if (kind == "do" ? (((o, a) in in_do) && !((o, a) in in_dump)) : \
		    kind == "dump" ? (((o, a) in in_dump) && !((o, a) in in_do)) : \
		    (((o, a) in in_do) && write_only[s, a])) {
			if (!n++)
				printf "\nstatic const u16 %s[] = {\n", name
			printf "\t%s,\n", attr_c(s, a)
		}
	}
	if (!n)
		return "NULL"
	print "\t0\n};"
	return name
}

function need(name, o,    s, a, n)
{
	s = op_set[o]
	n = 0
	for (a = 1; a <= n_attr[s]; a++) {
		if (!((o, a) in required))
			continue
		if (!n++)
			printf "\nstatic const struct cr_nl_need %s[] = {\n", name
		printf "\t{ %s, \"%s: missing attribute: %s\" },\n", attr_c(s, a), op_name[o], attr_name[s, a]
	}
	if (!n)
		return "NULL"
	print "\t{ 0, NULL }\n};"
	return name
}

function header(    o, n)
{
	print "#ifndef CR_NETLINK_POLICY_GEN_H"
	print "#define CR_NETLINK_POLICY_GEN_H"
	print ""
	print "#include <linux/cellrelay.h>"
	print "#include <net/genetlink.h>"
	print ""
	print "#include \"rule.h\""
	n = 0
	for (o = 1; o <= n_op; o++)
		n += has_do[o] || has_dump[o]
	printf "\n#define CR_NL_OPS\t%d\n\n", n
	print "extern const struct genl_ops cr_nl_ops[CR_NL_OPS];"
	print "extern const struct cr_nl_rule cr_nl_rules[__CELLRELAY_CMD_MAX];"
	print ""
	for (o = 1; o <= n_op; o++) {
		if (has_do[o])
			printf "int cr_nl_%s_doit(struct cr_net *cn, struct sk_buff *skb, struct genl_info *info);\n",
				c_lower(op_name[o])
		if (has_dump[o])
			printf "int cr_nl_%s_dumpit(struct sk_buff *skb, struct netlink_callback *cb);\n",
				c_lower(op_name[o])
	}
	print "\n#endif /* CR_NETLINK_POLICY_GEN_H */"
}

function source(    s, a, o, n, f)
{
	print "#include \"policy.gen.h\""
	for (s = 1; s <= n_set; s++) {
		if (subset_of[s] != "")
			continue
		for (a = 1; a <= n_attr[s]; a++) {
			if (read_only[s, a] || (small(attr_min[s, a]) && small(attr_max[s, a])))
				continue
			# 6.1 wants it without const
			printf "\nstatic struct netlink_range_validation %s __ro_after_init = {\n", range_name(s, a)
			printf "\t.min\t= %dU,\n", attr_min[s, a] == "" ? 0 : number_of(attr_min[s, a])
			printf "\t.max\t= %dU,\n};\n", number_of(attr_max[s, a])
		}
	}
	for (o = 1; o <= n_op; o++) {
		if (!op_maxattr[o])
			continue
		s = op_set[o]
		printf "\nstatic const struct nla_policy cr_nl_policy_%s[%s + 1] = {\n",
			c_lower(op_name[o]), attr_c(s, op_maxattr[o])
		for (a = 1; a <= n_attr[s]; a++)
			if (((o, a) in in_do) || ((o, a) in in_dump))
				printf "\t[%s] = %s,\n", attr_c(s, a), policy(s, a)
		print "};"
	}
	for (o = 1; o <= n_op; o++) {
		f = c_lower(op_name[o])
		need_of[o] = need("cr_nl_need_" f, o)
		only_do[o] = has_dump[o] ? list("cr_nl_only_do_" f, o, "do") : "NULL"
		only_dump[o] = has_dump[o] ? list("cr_nl_only_dump_" f, o, "dump") : "NULL"
		secret[o] = list("cr_nl_secret_" f, o, "secret")
	}
	printf "\nconst struct cr_nl_rule cr_nl_rules[__CELLRELAY_CMD_MAX] = {\n"
	for (o = 1; o <= n_op; o++) {
		if (!has_do[o] && !has_dump[o])
			continue
		printf "\t[%s] = {\n", op_c(o)
		if (has_do[o])
			printf "\t\t.doit\t\t= cr_nl_%s_doit,\n", c_lower(op_name[o])
		if (need_of[o] != "NULL")
			printf "\t\t.need\t\t= %s,\n", need_of[o]
		if (only_do[o] != "NULL")
			printf "\t\t.only_do\t= %s,\n", only_do[o]
		if (only_dump[o] != "NULL")
			printf "\t\t.only_dump\t= %s,\n", only_dump[o]
		if (secret[o] != "NULL")
			printf "\t\t.secret\t\t= %s,\n", secret[o]
		print "\t},"
	}
	print "};"
	printf "\nconst struct genl_ops cr_nl_ops[CR_NL_OPS] = {\n"
	for (o = 1; o <= n_op; o++) {
		if (!has_do[o] && !has_dump[o])
			continue
		print "\t{"
		printf "\t\t.cmd\t\t= %s,\n", op_c(o)
		if (has_do[o])
			print "\t\t.doit\t\t= cr_nl_doit,"
		if (has_dump[o]) {
			printf "\t\t.dumpit\t\t= cr_nl_%s_dumpit,\n", c_lower(op_name[o])
		}
		if (op_maxattr[o]) {
			printf "\t\t.policy\t\t= cr_nl_policy_%s,\n", c_lower(op_name[o])
			printf "\t\t.maxattr\t= %s,\n", attr_c(op_set[o], op_maxattr[o])
		}
		print "\t\t.flags\t\t= GENL_UNS_ADMIN_PERM,"
		print "\t},"
	}
	print "};"
}

END {
	if (failed)
		exit 1
	load()
	print part == "h" ? "/* SPDX-License-Identifier: GPL-2.0 */" : "// SPDX-License-Identifier: GPL-2.0"
	print "/* Generated by kmod/netlink/gen.sh from cellrelay.yaml. */"
	if (part == "h")
		header()
	else
		source()
}
