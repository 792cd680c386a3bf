// SPDX-License-Identifier: MIT
/*
 * vectors/cells.json against the reference implementation: libsodium and the
 * text of docs/protocol.md, not a line of the core.
 */
#include <sodium.h>
#include <string.h>

#include "cells_json.h"

static void one_cell(const struct cell_vector *v)
{
	static struct ref_cell x;
	unsigned int i;

	x = v->cell;
	memset(x.wire, 0, sizeof(x.wire));
	if (v->forward)
		ref_forward(&v->circ, &x);
	else
		ref_backward(&v->circ, &x);
	for (i = 0; i < x.hop; i++)
		if (memcmp(x.wire[i], v->cell.wire[i], x.len))
			fail_msg("%s: wire %u differs", v->name, i);
}

static void one_control(const struct control_vector *v)
{
	uint8_t cell[REF_CELL];

	ref_control(&v->wire, v->k_ctl, v->ctr, v->type, v->msg, v->msg_len, cell, v->len);
	if (memcmp(cell, v->cell, v->len))
		fail_msg("%s differs", v->name);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cells),
		cmocka_unit_test(test_controls),
	};

	return sodium_init() < 0 ? 1 :
	       cmocka_run_group_tests_name("reference cells", tests, NULL, NULL);
}
