// SPDX-License-Identifier: MIT
/* Session certificates: encoding, signature, price of a deposit. */
#include "proof/certificate.h"

#include "proof/codec.h"

enum cr_reason cr_scope_check(const struct cr_scope *have,
			      const struct cr_scope *want)
{
	if (memcmp(have->ledger, want->ledger, CR_LEDGER_BYTES) != 0)
		return CR_OTHER_LEDGER;
	if (have->epoch != want->epoch)
		return CR_OTHER_EPOCH;
	if (memcmp(have->relay, want->relay, CR_RELAY_BYTES) != 0)
		return CR_OTHER_RELAY;
	return CR_ACCEPTED;
}

enum cr_reason cr_deposit(uint32_t *kib, uint64_t value, uint64_t tariff)
{
	unsigned __int128 amount;

	if (!value || value > CR_MONEY_MAX || !tariff || tariff > CR_MONEY_MAX)
		return CR_BAD_TARIFF;
	amount = ((unsigned __int128)value << 20) / tariff;
	if (!amount || amount > UINT32_MAX)
		return CR_BAD_DEPOSIT;
	*kib = (uint32_t)amount;
	return CR_ACCEPTED;
}

/* The signed part; returns where the signature goes. */
static uint8_t *put_signed(uint8_t *p, const struct cr_certificate *cert)
{
	p = cr_put_kind(p, CR_KIND_CERTIFICATE);
	p = cr_put(p, cert->scope.ledger, CR_LEDGER_BYTES);
	p = cr_put_le64(p, cert->scope.epoch);
	p = cr_put(p, cert->session, CR_SESSION_BYTES);
	p = cr_put(p, cert->scope.relay, CR_RELAY_BYTES);
	p = cr_put_le64(p, cert->tariff);
	return cr_put_le32(p, cert->deposit);
}

void cr_certificate_sign(struct cr_certificate *cert,
			 const uint8_t secret[CR_SECRET_BYTES])
{
	uint8_t message[CR_CERTIFICATE_SIGNED];

	put_signed(message, cert);
	cr_sign(cert->signature, message, sizeof(message), secret);
}

enum cr_reason cr_certificate_check(const struct cr_certificate *cert,
				    const uint8_t market[CR_PUBLIC_BYTES])
{
	uint8_t message[CR_CERTIFICATE_SIGNED];

	if (!cert->tariff || cert->tariff > CR_MONEY_MAX)
		return CR_BAD_TARIFF;
	if (!cert->deposit)
		return CR_BAD_DEPOSIT;
	if (!cr_key_usable(cert->session))
		return CR_BAD_KEY;
	put_signed(message, cert);
	return cr_verify(cert->signature, message, sizeof(message), market);
}

enum cr_reason cr_certificate_priced(const struct cr_certificate *cert,
				     const uint64_t *values, size_t n)
{
	uint32_t kib;

	for (size_t i = 0; i < n; i++) {
		if (cr_deposit(&kib, values[i], cert->tariff) == CR_ACCEPTED &&
		    kib == cert->deposit)
			return CR_ACCEPTED;
	}
	return CR_BAD_DEPOSIT;
}

void cr_certificate_encode(uint8_t out[CR_CERTIFICATE_BYTES],
			   const struct cr_certificate *cert)
{
	cr_put(put_signed(out, cert), cert->signature, CR_SIGNATURE_BYTES);
}

enum cr_reason cr_certificate_decode(struct cr_certificate *cert,
				     const uint8_t *in, size_t len)
{
	if (len != CR_CERTIFICATE_BYTES)
		return CR_BAD_LENGTH;
	if (!cr_kind_is(in, CR_KIND_CERTIFICATE))
		return CR_BAD_FORMAT;
	in = cr_get(in + CR_KIND_BYTES, cert->scope.ledger, CR_LEDGER_BYTES);
	in = cr_get_le64(in, &cert->scope.epoch);
	in = cr_get(in, cert->session, CR_SESSION_BYTES);
	in = cr_get(in, cert->scope.relay, CR_RELAY_BYTES);
	in = cr_get_le64(in, &cert->tariff);
	in = cr_get_le32(in, &cert->deposit);
	cr_get(in, cert->signature, CR_SIGNATURE_BYTES);
	return CR_ACCEPTED;
}

void cr_certificate_pack(uint8_t out[CR_CERTIFICATE_COMPACT],
			 const struct cr_certificate *cert)
{
	uint8_t *p = cr_put(out, cert->session, CR_SESSION_BYTES);

	p = cr_put_le32(p, cert->deposit);
	cr_put(p, cert->signature, CR_SIGNATURE_BYTES);
}

void cr_certificate_unpack(struct cr_certificate *cert,
			   const uint8_t in[CR_CERTIFICATE_COMPACT],
			   const struct cr_scope *scope, uint64_t tariff)
{
	cert->scope = *scope;
	cert->tariff = tariff;
	in = cr_get(in, cert->session, CR_SESSION_BYTES);
	in = cr_get_le32(in, &cert->deposit);
	cr_get(in, cert->signature, CR_SIGNATURE_BYTES);
}
