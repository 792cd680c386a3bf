// SPDX-License-Identifier: MIT
/* The shapes that requests come in: change, get one, dump all. */
#include <string.h>

#include "json.h"
#include "object.h"

struct nl_msg *request(uint8_t cmd, const struct verb *verb, const struct argval *v, enum rc *rc)
{
	struct nl_msg *msg = kn_new(cmd, rc);

	if (msg)
		*rc = args_put(msg, verb->args, v);
	if (*rc && msg) {
		kn_drop(msg);
		msg = NULL;
	}
	return msg;
}

enum rc dump_msg(struct nl_msg *msg, const char *name, const struct kn_what *what, kn_fn print)
{
	enum rc rc;

	if (opt.json)
		json_open(name, '[');
	kn_interrupted();
	rc = kn_dump(msg, print, NULL, what);
	if (opt.json)
		json_close();
	if (!rc && kn_interrupted()) {
		if (opt.json)
			json_bool("interrupted", true);
		err("note: while these were listed some came or went; list them again for one consistent picture");
	}
	return rc;
}

enum rc dump_all(uint8_t cmd, const char *name, const char *doing, kn_fn print)
{
	struct kn_what what = { .args = NULL };
	enum rc rc;
	struct nl_msg *msg = kn_new(cmd, &rc);

	if (!msg)
		return rc;
	snprintf(what.doing, sizeof(what.doing), "%s", doing);
	return dump_msg(msg, name, &what, print);
}

enum rc get_one(struct nl_msg *msg, const char *name, const struct kn_what *what, kn_fn print)
{
	enum rc rc;

	if (opt.json)
		json_open(name, '[');
	rc = kn_do(msg, print, NULL, what);
	if (opt.json)
		json_close();
	return rc;
}

enum rc change(struct nl_msg *msg, const char *name, const struct kn_what *what, kn_fn print)
{
	return opt.json && print ? get_one(msg, name, what, print) : kn_do(msg, NULL, NULL, what);
}
