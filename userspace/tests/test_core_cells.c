// SPDX-License-Identifier: MIT
/* vectors/cells.json through the core, from host to host, both directions. */
#include "test_core.h"
#include "cells_json.h"
#include "frame.h"
#include "header.h"
#include "suite1.h"

static void load_wire(const struct ref_wire *w, struct cr_hdr_keys *k, struct cr_siphash_key *idx)
{
	cr_siphash_key_load(&k->tag, w->tag);
	cr_siphash_key_load(&k->mask, w->mask);
	cr_siphash_key_load(idx, w->idx);
}

static void send(u8 *cell, size_t len, const struct ref_wire *w, u32 circ, u64 ctr)
{
	struct cr_hdr hdr = { w->link, circ, ctr };
	struct cr_siphash_key idx;
	struct cr_hdr_keys k;

	load_wire(w, &k, &idx);
	cr_hdr_seal(cell, len, &hdr, &k, &idx);
}

static u64 receive(const u8 *cell, size_t len, const struct ref_wire *w, u32 circ)
{
	struct cr_siphash_key idx;
	struct cr_hdr_keys k;
	struct cr_hdr hdr;

	load_wire(w, &k, &idx);
	assert_int_equal(cr_hdr_link(cell, &idx), w->link);
	assert_true(cr_hdr_open(&hdr, cell, len, w->link, &k));
	assert_int_equal(hdr.circ, circ);
	return hdr.ctr;
}

static void expect_wire(const struct cell_vector *v, const u8 *cell, unsigned int wire)
{
	if (memcmp(cell, v->cell.wire[wire], v->cell.len))
		fail_msg("%s: wire %u differs", v->name, wire);
}

/* The payload came through; DATA is a list of frames. */
static void expect_payload(const struct cell_vector *v, const u8 *body)
{
	size_t n = ref_payload(v->cell.len, v->cell.hop), off = 0;
	struct cr_frame f;
	int ret;

	assert_memory_equal(body, v->cell.payload, n);
	if (v->cell.type != CR_CELL_DATA)
		return;
	assert_int_equal(cr_frame_next(body, n, &off, &f), 1);
	while ((ret = cr_frame_next(body, n, &off, &f)) == 1)
		;
	assert_int_equal(ret, 0);
}

static void forward(const struct cell_vector *v)
{
	const struct ref_circuit *c = &v->circ;
	const struct ref_cell *x = &v->cell;
	u8 cell[REF_CELL], *body = cell + CR_HDR_LEN;
	size_t body_len = x->len - CR_HDR_LEN;
	struct cr_trailer tr = { 0, x->type };
	unsigned int pos;

	memcpy(body, x->payload, cr_payload_len(body_len, x->hop));
	for (pos = x->hop; pos >= 1; pos--) {
		suite1_seal(body, body_len, pos, c->key_fwd[pos - 1], x->ctr[pos - 1], &tr);
		tr.ctr = x->ctr[pos - 1];
		tr.type = CR_CELL_RELAY;
	}
	send(cell, x->len, &c->fwd[0], c->fwd[0].circ, x->ctr[0]);
	for (pos = 1; ; pos++) {
		size_t n = cr_payload_len(body_len, pos);
		u64 ctr;

		expect_wire(v, cell, pos - 1);
		ctr = receive(cell, x->len, &c->fwd[pos - 1], c->fwd[pos - 1].circ);
		assert_int_equal(ctr, x->ctr[pos - 1]);
		assert_true(suite1_open(body, body_len, pos, c->key_fwd[pos - 1], ctr, &tr));
		if (pos == x->hop)
			break;
		assert_int_equal(tr.type, CR_CELL_RELAY);
		memcpy(body + n, x->filler[pos - 1], body_len - n);
		send(cell, x->len, &c->fwd[pos], c->fwd[pos].circ, tr.ctr);
	}
	assert_int_equal(tr.type, x->type);
	assert_int_equal(tr.ctr, 0);
	expect_payload(v, body);
}

static void backward(const struct cell_vector *v)
{
	const struct ref_circuit *c = &v->circ;
	const struct ref_cell *x = &v->cell;
	u8 cell[REF_CELL], *body = cell + CR_HDR_LEN;
	size_t body_len = x->len - CR_HDR_LEN;
	struct cr_trailer tr = { 0, x->type };
	unsigned int pos;
	u64 ctr;

	memcpy(body, x->payload, cr_payload_len(body_len, x->hop));
	for (pos = x->hop; pos >= 1; pos--) {
		size_t n = cr_layer_len(body_len, pos);

		if (pos < x->hop) {
			tr.ctr = receive(cell, x->len, &c->bwd[pos], c->bwd[pos].circ);
			tr.type = CR_CELL_RELAY;
		}
		suite1_seal(body, body_len, pos, c->key_bwd[pos - 1], x->ctr[pos - 1], &tr);
		memcpy(body + n, x->filler[pos - 1], body_len - n);
		send(cell, x->len, &c->bwd[pos - 1], c->bwd[pos - 1].circ, x->ctr[pos - 1]);
		expect_wire(v, cell, pos - 1);
	}
	ctr = receive(cell, x->len, &c->bwd[0], c->bwd[0].circ);
	for (pos = 1; pos <= x->hop; pos++) {
		assert_int_equal(ctr, x->ctr[pos - 1]);
		assert_true(suite1_open(body, body_len, pos, c->key_bwd[pos - 1], ctr, &tr));
		assert_int_equal(tr.type, pos == x->hop ? x->type : CR_CELL_RELAY);
		ctr = tr.ctr;
	}
	expect_payload(v, body);
}

static void one_cell(const struct cell_vector *v)
{
	if (v->forward)
		forward(v);
	else
		backward(v);
}

static void one_control(const struct control_vector *v)
{
	u8 cell[REF_CELL], *body = cell + CR_HDR_LEN, type;
	size_t body_len = v->len - CR_HDR_LEN;
	u16 len;

	assert_true(cr_ctl_build(body, body_len - CR_CTL_OVERHEAD, v->type, v->msg, v->msg_len));
	cr_ctl_seal(body, body_len, v->k_ctl, v->ctr);
	send(cell, v->len, &v->wire, 0, v->ctr);
	if (memcmp(cell, v->cell, v->len))
		fail_msg("%s differs", v->name);
	assert_int_equal(receive(cell, v->len, &v->wire, 0), v->ctr);
	assert_true(cr_ctl_open(body, body_len, v->k_ctl, v->ctr));
	assert_true(cr_ctl_parse(body, body_len - CR_CTL_OVERHEAD, &type, &len));
	assert_int_equal(type, v->type);
	assert_int_equal(len, v->msg_len);
	assert_memory_equal(body + CR_CTL_HDR_LEN, v->msg, len);
}

/* The split packet of the vectors is whole again. */
static u8 joined[4096];
static size_t joined_len;
static u64 first_ctr;

static void join(const struct cell_vector *v)
{
	size_t off = 0;
	struct cr_frame f;

	if (v->cell.type != CR_CELL_DATA || v->cell.len != 1232)
		return;
	assert_int_equal(cr_frame_next(v->cell.payload, ref_payload(1232, v->cell.hop), &off, &f),
			 1);
	if (f.flags == CR_FRAME_FIRST) {
		first_ctr = v->cell.ctr[v->cell.hop - 1];
	} else {
		assert_int_equal(f.flags, CR_FRAME_LAST);
		assert_int_equal(v->cell.ctr[v->cell.hop - 1], first_ctr + 1);
	}
	memcpy(joined + joined_len, f.data, f.len);
	joined_len += f.len;
}

static void test_cells(void **state)
{
	(void)state;
	cells_for_each(one_cell);
}

static void test_controls(void **state)
{
	(void)state;
	controls_for_each(one_control);
}

static void test_split(void **state)
{
	(void)state;
	cells_for_each(join);
	assert_int_equal(joined_len, 1280);
	assert_int_equal(joined[2] << 8 | joined[3], 1280);
	assert_int_equal(joined[1279], (1279 - 28) & 0xff);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cells),
		cmocka_unit_test(test_controls),
		cmocka_unit_test(test_split),
	};

	return RUN_TESTS("core cells", tests);
}
