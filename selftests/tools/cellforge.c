// SPDX-License-Identifier: MIT
/*
 * cellforge: makes one cell as a client, or as a hop that re-seals what it was given, would,
 * with counters, type and position of the caller's choice, and sends it.
 *
 *	cellforge --keys FILE --idx FILE --circ ID --ctr N,N,... --type T [--hops N] [--size BYTES]
 *		  [--suite 1|2] [--text HEX] ADDRESS PORT
 *
 *	--keys	a client's key file of `relayctl circuit keygen` (also FILE.used)
 *	--idx	index key of the first relay (`relayctl ns idx-key`)
 *	--circ	circuit id that the first relay chose
 *	--ctr	counter of each layer, the first relay's first
 *	--type	type byte of the innermost layer (0 relay, 1 data, 2 control, 3 padding)
 *	--hops	layers: the innermost is for this position (as many as counters)
 *	--suite	cipher suite of all layers (1)
 *	--text	payload of the innermost layer, the rest is zero
 *
 * The same inner counters under a new outer one are what a relay that replays would send.
 * Exit: 0 sent, 2 usage or errors.
 */
#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "aead.h"
#include "header.h"
#include "layer.h"

struct forge {
	struct cr_hdr_keys tx;
	struct cr_siphash_key idx;
	u32 tx_index;
	u8 hop[CR_HOPS_MAX][CR_KEY_LEN];
	unsigned int have_hops;
};

static bool hex(uint8_t *out, size_t len, const char *text)
{
	size_t got;
	const char *end;

	return !sodium_hex2bin(out, len, text, strlen(text), NULL, &got, &end) && got == len;
}

/* The first link and the hops of the first circuit of a client's key file. */
static bool load_keys(struct forge *f, const char *path)
{
	char line[256], section[64] = "", name[32], value[160];
	FILE *in = fopen(path, "r");
	bool ok = true, tag = false, mask = false;
	uint8_t k[16];

	if (!in) {
		perror(path);
		return false;
	}
	while (ok && fgets(line, sizeof(line), in)) {
		unsigned int circ, pos;

		if (sscanf(line, "[%63[^]]]", section) == 1 ||
		    sscanf(line, "%31[a-z-] = %159s", name, value) != 2)
			continue;
		if (!strcmp(section, "link 1 gen 0") && !strcmp(name, "tx-index")) {
			f->tx_index = (u32)strtoul(value, NULL, 10);
		} else if (!strcmp(section, "link 1 gen 0") && !strcmp(name, "tx-tag")) {
			ok = tag = hex(k, sizeof(k), value);
			cr_siphash_key_load(&f->tx.tag, k);
		} else if (!strcmp(section, "link 1 gen 0") && !strcmp(name, "tx-mask")) {
			ok = mask = hex(k, sizeof(k), value);
			cr_siphash_key_load(&f->tx.mask, k);
		} else if (sscanf(section, "hop %u %u", &circ, &pos) == 2 && circ == 1 && pos >= 1 &&
			   pos <= CR_HOPS_MAX && !strcmp(name, "fwd")) {
			ok = hex(f->hop[pos - 1], CR_KEY_LEN, value);
			if (pos > f->have_hops)
				f->have_hops = pos;
		}
	}
	fclose(in);
	if (!ok || !tag || !mask || !f->have_hops)
		fprintf(stderr, "cellforge: %s is not a client's key file\n", path);
	return ok && tag && mask && f->have_hops;
}

static bool load_idx(struct forge *f, const char *path)
{
	char line[64] = "";
	FILE *in = fopen(path, "r");
	uint8_t k[16];
	bool ok = in && fgets(line, sizeof(line), in);

	if (in)
		fclose(in);
	line[strcspn(line, "\n")] = 0;
	if (!ok || !hex(k, sizeof(k), line)) {
		fprintf(stderr, "cellforge: %s holds no index key\n", path);
		return false;
	}
	cr_siphash_key_load(&f->idx, k);
	return true;
}

static int send_cell(const char *host, const char *port, const u8 *cell, size_t len)
{
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
	struct addrinfo *ai;
	int fd, r = 2;

	if (getaddrinfo(host, port, &hints, &ai))
		return 2;
	fd = socket(ai->ai_family, SOCK_DGRAM, 0);
	if (fd >= 0 && sendto(fd, cell, len, 0, ai->ai_addr, ai->ai_addrlen) == (ssize_t)len)
		r = 0;
	else
		perror("cellforge: send");
	if (fd >= 0)
		close(fd);
	freeaddrinfo(ai);
	return r;
}

static int usage(void)
{
	fprintf(stderr, "Usage: cellforge --keys FILE --idx FILE --circ ID --ctr N,N,... --type T [--hops N] [--size BYTES] [--suite 1|2] [--text HEX] ADDRESS PORT\n");
	return 2;
}

int main(int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "keys", required_argument, NULL, 'k' }, { "idx", required_argument, NULL, 'i' },
		{ "circ", required_argument, NULL, 'c' }, { "ctr", required_argument, NULL, 'n' },
		{ "type", required_argument, NULL, 't' }, { "hops", required_argument, NULL, 'h' },
		{ "size", required_argument, NULL, 's' }, { "text", required_argument, NULL, 'x' },
		{ "suite", required_argument, NULL, 'u' },
		{ NULL, 0, NULL, 0 }
	};
	struct forge f = { .have_hops = 0 };
	u64 ctr[CR_HOPS_MAX] = { 0 };
	unsigned int n_ctr = 0, hops = 0, type = CR_CELL_PAD, suite = 1;
	u8 cell[CR_CELL_LARGE] = { 0 }, *body = cell + CR_HDR_LEN;
	struct cr_hdr hdr = { .link = 0 };
	size_t size = CR_CELL_SMALL, len = 0;
	bool ok = true;
	int ch;

	if (sodium_init() < 0)
		return 2;
	while (ok && (ch = getopt_long(argc, argv, "", longopts, NULL)) != -1) {
		switch (ch) {
		case 'k':
			ok = load_keys(&f, optarg);
			break;
		case 'i':
			ok = load_idx(&f, optarg);
			break;
		case 'c':
			hdr.circ = (u32)strtoul(optarg, NULL, 10);
			break;
		case 'n':
			for (char *p = optarg; *p && n_ctr < CR_HOPS_MAX; p += *p == ',')
				ctr[n_ctr++] = strtoull(p, &p, 10);
			break;
		case 't':
			type = (unsigned int)strtoul(optarg, NULL, 10);
			break;
		case 'h':
			hops = (unsigned int)strtoul(optarg, NULL, 10);
			break;
		case 's':
			size = strtoul(optarg, NULL, 10);
			break;
		case 'u':
			suite = (unsigned int)strtoul(optarg, NULL, 10);
			break;
		case 'x':
			ok = !sodium_hex2bin(body, 64, optarg, strlen(optarg), NULL, &len, NULL);
			break;
		default:
			return usage();
		}
	}
	hops = hops ? hops : n_ctr;
	if (!ok || argc - optind != 2 || !hops || n_ctr < hops || hops > f.have_hops || !cr_cell_len_ok(size))
		return usage();
	for (unsigned int pos = hops; pos >= 1; pos--) {
		struct cr_trailer tr = { .type = CR_CELL_RELAY };
		struct cr_cipher key = { .aes = NULL };
		struct cr_aes_key aes;

		if (pos == hops)
			tr.type = (u8)type;
		else
			tr.ctr = ctr[pos];
		if (suite == 2 && !cr_aes_prepare(&aes, f.hop[pos - 1])) {
			fprintf(stderr, "cellforge: libsodium has no AES on this processor\n");
			return 2;
		}
		if (suite == 2)
			key.aes = &aes;
		else
			cr_cipher_chacha(&key, f.hop[pos - 1]);
		cr_layer_seal(body, size - CR_HDR_LEN, pos, &key, ctr[pos - 1], &tr);
	}
	hdr.link = f.tx_index;
	hdr.ctr = ctr[0];
	cr_hdr_seal(cell, size, &hdr, &f.tx, &f.idx);
	return send_cell(argv[optind], argv[optind + 1], cell, size);
}
