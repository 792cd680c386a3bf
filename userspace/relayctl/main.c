// SPDX-License-Identifier: MIT
/* relayctl: what stands before the object, and which verb runs. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "batch.h"
#include "json.h"
#include "keyfile.h"
#include "object.h"

struct options opt;

const struct object *const objects[] = {
	&obj_show, &obj_ns, &obj_sock, &obj_link, &obj_key, &obj_circuit, &obj_hop, &obj_dev,
	&obj_session, &obj_stats, &obj_map, &obj_monitor, &obj_doctor, &obj_load, &obj_unload, &obj_xdp,
	&obj_directory, &obj_path, &obj_offers, &obj_up, &obj_down, &obj_status, &obj_drain, &obj_reload, &obj_metrics, &obj_stop,
	&obj_genkey,
	&obj_pubkey, &obj_complete, &obj_help, NULL,
};

static enum rc help(const struct verb *verb, const struct argval *v)
{
	const struct object *o;

	(void)verb;
	if (!v[0].set) {
		args_usage_all(opt.out);
		return RC_OK;
	}
	o = args_object(v[0].word);
	if (!o)
		return RC_USAGE;
	args_usage_object(opt.out, o);
	return RC_OK;
}

static const struct arg help_args[] = {
	{ .name = "object", .kind = ARG_WORD, .flags = ARG_POS, .meta = "OBJECT", .help = "about what" },
	{ .name = NULL },
};

static const struct verb help_verbs[] = {
	{ .run = help, .args = help_args, .help = "usage, or that of one object", .checks = true },
	{ .name = NULL },
};

const struct object obj_help = { "help", NULL, help_verbs, 0, "this text, or that of one object" };

enum rc run_words(int argc, char *const *argv)
{
	const struct object *o = argc ? args_object(argv[0]) : &obj_show;
	struct argval v[ARGS_MAX];
	const struct verb *verb;
	int used = argc ? 1 : 0;
	bool document;
	enum rc rc;

	if (!o)
		return RC_USAGE;
	if (o == &obj_complete && argc > 1 && strcmp(argv[1], "--") == 0) {
		complete_words(argc - 2, argv + 2);
		return RC_OK;
	}
	if (argc > 1 && o->verbs[0].name && strcmp(argv[1], "help") == 0) {
		args_usage_object(opt.out, o);
		return RC_OK;
	}
	if (!o->verbs[0].name) {
		verb = &o->verbs[0];
	} else if (used < argc) {
		verb = args_verb(o, argv[used++]);
		if (!verb)
			return RC_USAGE;
	} else if (o->fallback >= 0) {
		verb = &o->verbs[o->fallback];
	} else {
		err("\"%s\" needs a verb:", o->name);
		args_usage_object(opt.err, o);
		return RC_USAGE;
	}
	if (used < argc && strcmp(argv[used], "help") == 0) {
		args_usage_verb(opt.out, o, verb);
		return RC_OK;
	}
	rc = args_parse(o, verb, argc - used, argv + used, v);
	if (rc || (opt.check && !verb->checks))
		return rc;
	document = opt.json && o != &obj_monitor && o != &obj_complete && o != &obj_help;
	if (document)
		json_doc_begin();
	rc = verb->run(verb, v);
	if (document)
		json_doc_end();
	return rc;
}

static enum rc enter_netns(const char *name)
{
	char path[4096];
	int fd;

	if (strchr(name, '/'))
		snprintf(path, sizeof(path), "%s", name);
	else
		snprintf(path, sizeof(path), "/run/netns/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail(RC_USAGE, "no network namespace \"%s\": %s: %s", name, path, strerror(errno));
	if (setns(fd, CLONE_NEWNET) < 0) {
		int error = errno;

		close(fd);
		return fail(RC_REFUSED, "cannot enter network namespace \"%s\": %s%s", name, strerror(error),
			    error == EPERM ? "; it takes CAP_SYS_ADMIN, try as root" : "");
	}
	close(fd);
	return RC_OK;
}

/* What main() does next. */
struct start {
	const char *batch, *netns;
	bool version, help;
};

/* Options up to the object. Return: index of the object, or -1. */
static int options(int argc, char **argv, struct start *st)
{
	int i;

	for (i = 1; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
		const char *w = argv[i];
		const char **value = NULL;

		if (strcmp(w, "-j") == 0 || strcmp(w, "--json") == 0) {
			opt.json = true;
		} else if (strcmp(w, "-p") == 0 || strcmp(w, "--pretty") == 0) {
			opt.pretty = true;
		} else if (strcmp(w, "-jp") == 0 || strcmp(w, "-pj") == 0) {
			opt.json = opt.pretty = true;
		} else if (strcmp(w, "-t") == 0 || strcmp(w, "--timestamp") == 0) {
			opt.stamp = STAMP_EPOCH;
		} else if (strcmp(w, "-ts") == 0 || strcmp(w, "--tshort") == 0) {
			opt.stamp = STAMP_ISO;
		} else if (strcmp(w, "--check") == 0) {
			opt.check = true;
		} else if (strcmp(w, "--force") == 0) {
			opt.force = true;
		} else if (strcmp(w, "-V") == 0 || strcmp(w, "--version") == 0) {
			st->version = true;
		} else if (strcmp(w, "-h") == 0 || strcmp(w, "--help") == 0) {
			st->help = true;
		} else if (strcmp(w, "-b") == 0 || strcmp(w, "--batch") == 0) {
			value = &st->batch;
		} else if (strcmp(w, "-n") == 0 || strcmp(w, "--netns") == 0) {
			value = &st->netns;
		} else {
			err("there is no option \"%s\"; see: relayctl --help", w);
			return -1;
		}
		if (value) {
			if (++i >= argc) {
				err("\"%s\" wants a value; see: relayctl --help", w);
				return -1;
			}
			*value = argv[i];
		}
	}
	return i;
}

enum rc relayctl_main(int argc, char **argv, FILE *out, FILE *msg)
{
	const char *no_color = getenv("NO_COLOR");
	struct start st = { .batch = NULL };
	enum rc rc;
	int first;

	kn_attr_name = args_attr_name;
	opt = (struct options){ .dirfd = AT_FDCWD, .out = out, .err = msg };
	err_at(NULL, 0);
	if (sodium_init() < 0)
		return fail(RC_REFUSED, "libsodium does not start");
	first = options(argc, argv, &st);
	if (first < 0)
		return RC_USAGE;
	opt.color = !opt.json && !(no_color && *no_color) && fileno(out) >= 0 && isatty(fileno(out));
	if (st.help || st.version) {
		if (st.help)
			args_usage_all(out);
		else
			fprintf(out, "relayctl %s\n", CELLRELAY_VERSION);
		return RC_OK;
	}
	if (st.batch && first < argc)
		return fail(RC_USAGE, "a batch and the command \"%s\" do not go together", argv[first]);
	rc = st.netns && !opt.check ? enter_netns(st.netns) : RC_OK;
	if (!rc)
		rc = st.batch ? batch_run(st.batch) : run_words(argc - first, argv + first);
	kn_close();
	keyfile_close_all();
	/* a full disk must not look like success */
	if (fflush(out) != 0 && !rc)
		rc = fail(RC_REFUSED, "cannot write the output: %s", strerror(errno));
	return rc;
}
