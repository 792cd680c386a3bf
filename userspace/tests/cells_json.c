// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "cells_json.h"

static uint64_t dec(const json_t *object, const char *key)
{
	return strtoull(vectors_str(object, key), NULL, 10);
}

static int integer(const json_t *object, const char *key)
{
	return (int)json_integer_value(vectors_get(object, key));
}

static void wire(struct ref_wire *w, const json_t *o)
{
	vectors_hex(w->idx, 16, vectors_str(o, "k_idx"));
	vectors_hex(w->tag, 16, vectors_str(o, "k_tag"));
	vectors_hex(w->mask, 16, vectors_str(o, "k_mask"));
	w->link = (uint32_t)dec(o, "link");
	w->circ = (uint32_t)dec(o, "circ");
}

static void circuit(struct ref_circuit *c, const json_t *root, const char *name)
{
	const json_t *o, *hops, *wires;
	size_t i, k;

	json_array_foreach(vectors_get(root, "circuits"), i, o) {
		if (strcmp(vectors_str(o, "name"), name))
			continue;
		hops = vectors_get(o, "hops");
		wires = vectors_get(o, "wires");
		c->hops = (unsigned int)json_array_size(hops);
		assert_in_range(c->hops, 1, REF_HOPS);
		assert_int_equal(json_array_size(wires), c->hops);
		for (k = 0; k < c->hops; k++) {
			const json_t *h = json_array_get(hops, k), *w = json_array_get(wires, k);

			vectors_hex(c->key_fwd[k], 32, vectors_str(h, "key_forward"));
			vectors_hex(c->key_bwd[k], 32, vectors_str(h, "key_backward"));
			wire(&c->fwd[k], vectors_get(w, "forward"));
			wire(&c->bwd[k], vectors_get(w, "backward"));
		}
		return;
	}
	fail_msg("no circuit %s in cells.json", name);
}

void cells_for_each(void (*fn)(const struct cell_vector *v))
{
	json_t *root = vectors_load("cells.json");
	const json_t *list = vectors_get(root, "cells"), *o;
	static struct cell_vector v;
	size_t i, k;

	assert_true(json_array_size(list) > 0);
	json_array_foreach(list, i, o) {
		struct ref_cell *x = &v.cell;

		memset(&v, 0, sizeof(v));
		v.name = vectors_str(o, "name");
		v.forward = !strcmp(vectors_str(o, "direction"), "forward");
		circuit(&v.circ, root, vectors_str(o, "circuit"));
		x->len = (size_t)integer(o, "size");
		x->type = (uint8_t)integer(o, "type");
		x->hop = (unsigned int)integer(o, "hop");
		assert_in_range(x->hop, 1, v.circ.hops);
		assert_true(x->len <= REF_CELL);
		vectors_hex(x->payload, ref_payload(x->len, x->hop), vectors_str(o, "payload"));
		for (k = 0; k < x->hop; k++) {
			const char *ctr = json_string_value(json_array_get(vectors_get(o, "counters"), k));
			const char *fill = json_string_value(json_array_get(vectors_get(o, "filler"), k));
			const char *hex = json_string_value(json_array_get(vectors_get(o, "wires"), k));

			assert_true(ctr && fill && hex);
			x->ctr[k] = strtoull(ctr, NULL, 10);
			vectors_hex(x->filler[k], strlen(fill) / 2, fill);
			vectors_hex(x->wire[k], x->len, hex);
		}
		fn(&v);
	}
	json_decref(root);
}

void controls_for_each(void (*fn)(const struct control_vector *v))
{
	json_t *root = vectors_load("cells.json");
	const json_t *list = vectors_get(root, "control"), *o;
	static struct control_vector v;
	size_t i;

	assert_true(json_array_size(list) > 0);
	json_array_foreach(list, i, o) {
		const char *msg = vectors_str(o, "message"), *cell = vectors_str(o, "cell");

		memset(&v, 0, sizeof(v));
		v.name = vectors_str(o, "name");
		wire(&v.wire, vectors_get(o, "wire"));
		vectors_hex(v.k_ctl, 32, vectors_str(o, "k_ctl"));
		v.ctr = dec(o, "counter");
		v.type = (uint8_t)integer(o, "type");
		v.msg_len = strlen(msg) / 2;
		v.len = strlen(cell) / 2;
		assert_true(v.msg_len <= REF_CELL && v.len <= REF_CELL);
		vectors_hex(v.msg, v.msg_len, msg);
		vectors_hex(v.cell, v.len, cell);
		fn(&v);
	}
	json_decref(root);
}
