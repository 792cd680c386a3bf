// SPDX-License-Identifier: MIT
/* Writes vectors/control.json: one link and one circuit handshake with fixed keys. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/bytes.h"
#include "control/derive.h"
#include "control/dgram.h"
#include "noise/noise.h"

static int first_field;

static void must(int ok)
{
	if (ok)
		return;
	fputs("gen_control: a step failed\n", stderr);
	exit(1);
}

static void hex(const char *name, const uint8_t *p, size_t len)
{
	printf("%s\t\t\"%s\": \"", first_field ? "" : ",\n", name);
	first_field = 0;
	for (size_t i = 0; i < len; i++)
		printf("%02x", p[i]);
	putchar('"');
}

static void num(const char *name, uint32_t v)
{
	printf("%s\t\t\"%s\": %u", first_field ? "" : ",\n", name, v);
	first_field = 0;
}

/* Bytes that are what @name says, hashed. */
static void fixed(uint8_t *out, size_t len, const char *name)
{
	crypto_generichash(out, len, (const uint8_t *)name, strlen(name), NULL, 0);
}

static const uint8_t *ledger(void)
{
	static uint8_t l[32];

	fixed(l, 32, "ledger");
	return l;
}

static void link_handshake(void)
{
	uint8_t is[32], rs[32], rs_pub[32], ie[32], re[32], id[32], prologue[CR_PROLOGUE_LEN], random[32];
	uint8_t payload[CR_LINK_HELLO_LEN], m1[CR_LINK_MSG1_LEN], m2[CR_LINK_MSG2_LEN], buf[256];
	uint8_t dgram[CR_CELL_LARGE], a[32], b[32], cookie[16];
	struct cr_link_hello hello = { .suite = 1, .large = CR_CELL_LARGE, .index = 0x11223344 };
	size_t n1 = sizeof(m1), n2 = sizeof(m2), n = sizeof(buf);
	struct cr_dgram_keys first, reply;
	struct cr_way_keys way;
	struct noise *i, *r;

	fixed(is, 32, "initiator static");
	fixed(rs, 32, "responder static");
	fixed(ie, 32, "initiator ephemeral");
	fixed(re, 32, "responder ephemeral");
	fixed(id, 32, "responder identity");
	fixed(hello.idx_key, 16, "initiator k_idx");
	fixed(hello.snapshot.hash, 32, "snapshot");
	hello.snapshot.number = 7;
	crypto_scalarmult_base(rs_pub, rs);
	cr_prologue(prologue, CR_FOR_LINK, ledger(), id);
	hex("prologue", prologue, sizeof(prologue));
	hex("initiator_static", is, 32);
	hex("initiator_ephemeral", ie, 32);
	hex("responder_static", rs, 32);
	hex("responder_ephemeral", re, 32);
	num("initiator_index", hello.index);
	hex("initiator_k_idx", hello.idx_key, 16);

	must(!noise_new(&i, NOISE_IK, true, prologue, sizeof(prologue), is, rs_pub));
	noise_set_ephemeral(i, ie);
	cr_link_hello_put(payload, &hello);
	hex("first_payload", payload, sizeof(payload));
	must(!noise_write(i, payload, sizeof(payload), m1, &n1));
	hex("first_message", m1, n1);
	cr_derive_first(&first, rs_pub);
	cr_derive_reply(&reply, hello.idx_key, noise_chaining_key(i));
	hex("first_mac_key", first.mac, 16);
	hex("first_stream_key", first.stream, 32);
	fixed(random, 32, "random 1");
	must(cr_dgram_seal_with(dgram, sizeof(dgram), &first, CR_DGRAM_FIRST, m1, n1, NULL, random));
	hex("first_datagram", dgram, sizeof(dgram));
	fixed(cookie, 16, "cookie");
	hex("cookie", cookie, 16);
	cr_dgram_try_again(buf, dgram, first.stream, cookie, random);
	hex("cookie_datagram", buf, CR_CELL_SMALL);
	must(cr_dgram_seal_with(dgram, sizeof(dgram), &first, CR_DGRAM_FIRST, m1, n1, cookie, random));
	hex("first_datagram_with_cookie_head", dgram, CR_DGRAM_HDR);

	must(!noise_new(&r, NOISE_IK, false, prologue, sizeof(prologue), rs, NULL));
	noise_set_ephemeral(r, re);
	must(!noise_read(r, m1, n1, buf, &n));
	hello.index = 0x55667788;
	fixed(hello.idx_key, 16, "responder k_idx");
	num("responder_index", hello.index);
	hex("responder_k_idx", hello.idx_key, 16);
	cr_link_hello_put(payload, &hello);
	hex("second_payload", payload, sizeof(payload));
	must(!noise_write(r, payload, sizeof(payload), m2, &n2));
	hex("second_message", m2, n2);
	hex("reply_mac_key", reply.mac, 16);
	hex("reply_stream_key", reply.stream, 32);
	fixed(random, 32, "random 2");
	must(cr_dgram_seal_with(dgram, sizeof(dgram), &reply, CR_DGRAM_SECOND, m2, n2, NULL, random));
	hex("second_datagram", dgram, sizeof(dgram));
	must(!noise_split(r, b, a));
	cr_derive_way(&way, a, 1);
	hex("k_tag_to_responder", way.tag, 16);
	hex("k_mask_to_responder", way.mask, 16);
	hex("k_ctl_to_responder", way.ctl, 32);
	cr_derive_way(&way, b, 1);
	hex("k_tag_to_initiator", way.tag, 16);
	hex("k_mask_to_initiator", way.mask, 16);
	hex("k_ctl_to_initiator", way.ctl, 32);
	noise_free(i);
	noise_free(r);
}

static void circuit_handshake(void)
{
	uint8_t rs[32], rs_pub[32], ie[32], re[32], id[32], prologue[CR_PROLOGUE_LEN], payload[CR_CIRC_HELLO_LEN];
	uint8_t create[CR_CREATE_LEN], created[CR_CREATED_LEN], extend[CR_EXTEND_LEN], buf[256], a[32], b[32], layer[32];
	struct cr_circ_hello hello = { .suite = 1, .pos = 2, .large = CR_CELL_LARGE };
	size_t n1 = CR_CIRC_MSG1_LEN, n2 = CR_CIRC_MSG2_LEN, n = sizeof(buf);
	struct noise *i, *r;

	fixed(rs, 32, "relay static");
	fixed(ie, 32, "client ephemeral");
	fixed(re, 32, "relay ephemeral");
	fixed(id, 32, "relay identity");
	fixed(hello.snapshot.hash, 32, "snapshot");
	hello.snapshot.number = 7;
	crypto_scalarmult_base(rs_pub, rs);
	cr_prologue(prologue, CR_FOR_CIRCUIT, ledger(), id);
	hex("prologue", prologue, sizeof(prologue));
	hex("relay_static", rs, 32);
	hex("client_ephemeral", ie, 32);
	hex("relay_ephemeral", re, 32);
	must(!noise_new(&i, NOISE_NK, true, prologue, sizeof(prologue), NULL, rs_pub));
	noise_set_ephemeral(i, ie);
	cr_circ_hello_put(payload, &hello);
	hex("first_payload", payload, sizeof(payload));
	put32(create, 0x01020304);
	must(!noise_write(i, payload, sizeof(payload), create + CR_CREATE_NOISE, &n1));
	hex("create", create, sizeof(create));
	memcpy(extend, id, sizeof(id));
	memcpy(extend + CR_EXTEND_NOISE, create + CR_CREATE_NOISE, n1);
	hex("extend", extend, sizeof(extend));
	must(!noise_new(&r, NOISE_NK, false, prologue, sizeof(prologue), rs, NULL));
	noise_set_ephemeral(r, re);
	must(!noise_read(r, create + CR_CREATE_NOISE, n1, buf, &n));
	hello.pos = CR_STATUS_OK;
	cr_circ_hello_put(payload, &hello);
	hex("second_payload", payload, sizeof(payload));
	put32(created, 0x01020304);
	put32(created + 4, 0x0a0b0c0d);
	must(!noise_write(r, payload, sizeof(payload), created + CR_CREATED_NOISE, &n2));
	hex("created", created, sizeof(created));
	must(!noise_split(r, b, a));
	cr_derive_layer(layer, a, 1);
	hex("layer_forward", layer, 32);
	cr_derive_layer(layer, b, 1);
	hex("layer_backward", layer, 32);
	noise_free(i);
	noise_free(r);
}

int main(void)
{
	must(sodium_init() >= 0);
	puts("{\n\t\"link\": {");
	first_field = 1;
	link_handshake();
	puts("\n\t},\n\t\"circuit\": {");
	first_field = 1;
	circuit_handshake();
	puts("\n\t}\n}");
	return 0;
}
