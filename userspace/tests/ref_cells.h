/* SPDX-License-Identifier: MIT */
/*
 * A second implementation of docs/protocol.md, sections 2 to 6 and 9, written
 * from the text on libsodium alone. It makes the vectors in
 * vectors/cells.json and is the witness against the core.
 */
#ifndef CR_REF_CELLS_H
#define CR_REF_CELLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REF_HOPS	8
#define REF_CELL	1408
#define REF_FILLER	(REF_HOPS * 23)

/** struct ref_wire - one direction of one link, and the circuit's id on it
 * @idx: the receiver's index key
 * @tag: k_tag
 * @mask: k_mask
 * @link: the receiver's link index
 * @circ: the receiver's circuit id
 */
struct ref_wire {
	uint8_t idx[16], tag[16], mask[16];
	uint32_t link, circ;
};

/** struct ref_circuit - wire i lies before relay i + 1
 * @hops: number of relays
 * @key_fwd: layer keys, forward
 * @key_bwd: layer keys, backward
 * @fwd: wires towards the exit
 * @bwd: the same towards the client
 */
struct ref_circuit {
	unsigned int hops;
	uint8_t key_fwd[REF_HOPS][32], key_bwd[REF_HOPS][32];
	struct ref_wire fwd[REF_HOPS], bwd[REF_HOPS];
};

/** struct ref_cell - what goes in, and what is then seen on every wire
 * @len: cell length
 * @type: trailer type of the innermost layer
 * @hop: relay that opens or seals the innermost layer, 1 to hops
 * @ctr: counter of each relay's layer
 * @payload: ref_payload() bytes
 * @filler: what each relay overwrites its tail with
 * @wire: result; forward wires 0 to hop - 1, backward hop - 1 to 0
 */
struct ref_cell {
	size_t len;
	uint8_t type;
	unsigned int hop;
	uint64_t ctr[REF_HOPS];
	uint8_t payload[REF_CELL];
	uint8_t filler[REF_HOPS][REF_FILLER];
	uint8_t wire[REF_HOPS][REF_CELL];
};

/** ref_payload() - bytes of payload in a cell of @len for relay @hop */
static inline size_t ref_payload(size_t len, unsigned int hop)
{
	return len - 24 - 23 * (size_t)hop;
}

/* @cell->wire from all else: from the client, and from relay @cell->hop. */
void ref_forward(const struct ref_circuit *c, struct ref_cell *cell);
void ref_backward(const struct ref_circuit *c, struct ref_cell *cell);

/** ref_control() - a circ 0 cell: type, length, message, zeros, sealed under @k_ctl */
void ref_control(const struct ref_wire *w, const uint8_t k_ctl[32], uint64_t ctr, uint8_t type,
		 const uint8_t *msg, size_t msg_len, uint8_t *cell, size_t len);

#endif /* CR_REF_CELLS_H */
