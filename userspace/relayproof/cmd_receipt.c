// SPDX-License-Identifier: MIT
/* certificate and receipt: what client and relay do during a session. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "proof/receipt.h"
#include "relayproof/io.h"

/* The client's side of a receipt. */
struct signer {
	uint8_t secret[CR_SECRET_BYTES];
	struct cr_opening opening;
	uint8_t wire[CR_RECEIPT_WIRE];
};

static void put_certificate(json_t *out, const struct cr_certificate *cert)
{
	io_put_scope(out, &cert->scope);
	io_put_hex(out, "session", cert->session, CR_SESSION_BYTES);
	io_put_u64(out, "tariff", cert->tariff);
	io_put_u64(out, "deposit", cert->deposit);
}

int cmd_certificate_check(const struct options *opt, const json_t *in)
{
	uint8_t market[CR_PUBLIC_BYTES];
	struct cr_certificate cert;
	enum cr_reason reason;
	uint64_t value = 0;
	int status;
	json_t *out;

	(void)opt;
	if (!io_certificate(in, &cert) || !io_hex(in, "market", market, sizeof(market)))
		return STATUS_MALFORMED;
	/* the denomination is checked where the caller knows it */
	if (json_object_get(in, "value") && !io_u64(in, "value", &value))
		return STATUS_MALFORMED;
	reason = cr_certificate_check(&cert, market);
	if (reason == CR_ACCEPTED && value)
		reason = cr_certificate_priced(&cert, &value, 1);
	out = io_verdict(reason, &status);
	put_certificate(out, &cert);
	return io_write(out, status);
}

static int sign(const json_t *in, struct signer *s)
{
	uint8_t bytes[CR_RECEIPT_BYTES], public_key[CR_PUBLIC_BYTES];
	struct cr_certificate cert;
	struct cr_receipt receipt;
	enum cr_reason reason;
	uint64_t amount;
	json_t *out;

	if (!io_certificate(in, &cert) ||
	    !io_secret_key(in, "secret", public_key, s->secret) ||
	    !io_u64(in, "amount", &amount))
		return STATUS_MALFORMED;
	if (amount > cert.deposit)
		return refuse(CR_OVER_DEPOSIT, "cannot sign");
	if (memcmp(public_key, cert.session, sizeof(public_key)) != 0)
		return refuse(CR_OTHER_SESSION, "cannot sign");
	cr_receipt_sign(&receipt, &s->opening, &cert.scope, (uint32_t)amount, s->secret);
	reason = cr_receipt_accept(&receipt, &s->opening, &cert, 0);
	if (reason != CR_ACCEPTED)
		return refuse(CR_FAULT, "cannot sign");
	cr_receipt_pack(s->wire, &receipt, &s->opening);
	cr_receipt_encode(bytes, &receipt);
	out = json_object();
	io_put_hex(out, "receipt", bytes, sizeof(bytes));
	io_put_u64(out, "amount", s->opening.v);
	io_put_hex(out, "blinding", s->opening.r.b, CR_SCALAR_BYTES);
	io_put_hex(out, "wire", s->wire, sizeof(s->wire));
	return io_write(out, STATUS_OK);
}

int cmd_receipt_sign(const struct options *opt, const json_t *in)
{
	struct signer *s = secret_new(sizeof(*s));
	int status = s ? sign(in, s) : STATUS_FAILED;

	(void)opt;
	sodium_free(s);
	return status;
}

/* The full form: members receipt, amount, blinding. */
static bool read_full(const json_t *in, struct cr_receipt *receipt,
		      struct cr_opening *opening)
{
	uint8_t bytes[CR_RECEIPT_BYTES];
	enum cr_reason reason;
	uint64_t amount;

	if (!io_hex(in, "receipt", bytes, sizeof(bytes)) ||
	    !io_u64(in, "amount", &amount) ||
	    !io_scalar(in, "blinding", &opening->r))
		return false;
	if (amount > UINT32_MAX) {
		complain(STATUS_MALFORMED, "member \"amount\" does not fit 32 bits");
		return false;
	}
	opening->v = (uint32_t)amount;
	reason = cr_receipt_decode(receipt, bytes, sizeof(bytes));
	if (reason != CR_ACCEPTED)
		complain(STATUS_MALFORMED, "member \"receipt\" %s", cr_reason_text(reason));
	return reason == CR_ACCEPTED;
}

static int check(const json_t *in, struct signer *s)
{
	uint8_t market[CR_PUBLIC_BYTES];
	struct cr_certificate cert;
	struct cr_receipt receipt;
	enum cr_reason reason;
	uint64_t last = 0;
	int status;
	json_t *out;

	if (!io_certificate(in, &cert) || !io_hex(in, "market", market, sizeof(market)) ||
	    (json_object_get(in, "last") && !io_u64(in, "last", &last)))
		return STATUS_MALFORMED;
	if (last > UINT32_MAX)
		return complain(STATUS_MALFORMED, "member \"last\" does not fit 32 bits");
	reason = cr_certificate_check(&cert, market);
	if (json_object_get(in, "wire")) {
		if (!io_hex(in, "wire", s->wire, sizeof(s->wire)))
			return STATUS_MALFORMED;
		if (reason == CR_ACCEPTED)
			reason = cr_receipt_unpack(&receipt, &s->opening, s->wire,
						   sizeof(s->wire), &cert);
	} else if (!read_full(in, &receipt, &s->opening)) {
		return STATUS_MALFORMED;
	}
	if (reason == CR_ACCEPTED)
		reason = cr_receipt_accept(&receipt, &s->opening, &cert, (uint32_t)last);
	out = io_verdict(reason, &status);
	return io_write(out, status);
}

int cmd_receipt_check(const struct options *opt, const json_t *in)
{
	struct signer *s = secret_new(sizeof(*s));
	int status = s ? check(in, s) : STATUS_FAILED;

	(void)opt;
	sodium_free(s);
	return status;
}

int cmd_receipt_show(const struct options *opt, const json_t *in)
{
	uint8_t bytes[CR_RECEIPT_BYTES];
	struct cr_receipt receipt;
	enum cr_reason reason;
	json_t *out;

	(void)opt;
	if (!io_hex(in, "receipt", bytes, sizeof(bytes)))
		return STATUS_MALFORMED;
	reason = cr_receipt_decode(&receipt, bytes, sizeof(bytes));
	if (reason != CR_ACCEPTED)
		return complain(STATUS_MALFORMED, "member \"receipt\" %s",
				cr_reason_text(reason));
	out = json_object();
	io_put_scope(out, &receipt.scope);
	io_put_hex(out, "session", receipt.session, CR_SESSION_BYTES);
	io_put_hex(out, "commitment", receipt.commitment, CR_POINT_BYTES);
	io_put_hex(out, "signature", receipt.signature, CR_SIGNATURE_BYTES);
	return io_write(out, STATUS_OK);
}
