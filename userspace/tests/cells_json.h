/* SPDX-License-Identifier: MIT */
/* Reads vectors/cells.json into the reference implementation's structures. */
#ifndef CR_CELLS_JSON_H
#define CR_CELLS_JSON_H

#include "ref_cells.h"
#include "vectors.h"

/** struct cell_vector - a cell and its circuit */
struct cell_vector {
	const char *name;
	bool forward;
	struct ref_circuit circ;
	struct ref_cell cell;	/* @wire as the file has it */
};

/** struct control_vector - a link control cell */
struct control_vector {
	const char *name;
	struct ref_wire wire;
	uint8_t k_ctl[32];
	uint64_t ctr;
	uint8_t type;
	uint8_t msg[REF_CELL];
	size_t msg_len;
	uint8_t cell[REF_CELL];
	size_t len;
};

/* Call @fn for each; the number of them is asserted not to be zero. */
void cells_for_each(void (*fn)(const struct cell_vector *v));
void controls_for_each(void (*fn)(const struct control_vector *v));

#endif /* CR_CELLS_JSON_H */
