// SPDX-License-Identifier: MIT
/* Spending a voucher for a session certificate: wallet's and market's side. */
#include <sodium.h>

#include "proof/codec.h"
#include "proof/error.h"
#include "proof/secret.h"
#include "proof/voucher.h"

#define MAC_OFFSET (CR_SPEND_BYTES - CR_VOUCHER_MAC_BYTES)
#define REQUEST_OFFSET (MAC_OFFSET - CR_REQUEST_BYTES)

static uint8_t *put_request(uint8_t *p, const struct cr_request *request)
{
	p = cr_put_kind(p, CR_KIND_REQUEST);
	p = cr_put(p, request->scope.ledger, CR_LEDGER_BYTES);
	p = cr_put_le64(p, request->scope.epoch);
	p = cr_put(p, request->session, CR_SESSION_BYTES);
	p = cr_put(p, request->scope.relay, CR_RELAY_BYTES);
	return cr_put_le64(p, request->tariff);
}

void cr_spend_encode(uint8_t out[CR_SPEND_BYTES], const struct cr_spend *spend)
{
	uint8_t *p = cr_put_kind(out, CR_KIND_SPEND);

	p = cr_put(p, spend->key, CR_VOUCHER_ID_BYTES);
	p = cr_put(p, spend->input, CR_VOUCHER_INPUT_BYTES);
	p = put_request(p, &spend->request);
	cr_put(p, spend->mac, CR_VOUCHER_MAC_BYTES);
}

enum cr_reason cr_spend_decode(struct cr_spend *spend, const uint8_t *in,
			       size_t len)
{
	struct cr_request *request = &spend->request;

	if (len != CR_SPEND_BYTES)
		return CR_BAD_LENGTH;
	if (!cr_kind_is(in, CR_KIND_SPEND) ||
	    !cr_kind_is(in + REQUEST_OFFSET, CR_KIND_REQUEST))
		return CR_BAD_FORMAT;
	in = cr_get(in + CR_KIND_BYTES, spend->key, CR_VOUCHER_ID_BYTES);
	in = cr_get(in, spend->input, CR_VOUCHER_INPUT_BYTES);
	in = cr_get(in + CR_KIND_BYTES, request->scope.ledger, CR_LEDGER_BYTES);
	in = cr_get_le64(in, &request->scope.epoch);
	in = cr_get(in, request->session, CR_SESSION_BYTES);
	in = cr_get(in, request->scope.relay, CR_RELAY_BYTES);
	in = cr_get_le64(in, &request->tariff);
	cr_get(in, spend->mac, CR_VOUCHER_MAC_BYTES);
	return CR_ACCEPTED;
}

/* HMAC-SHA-512(output, input | request) */
static void spend_mac(uint8_t mac[CR_VOUCHER_MAC_BYTES],
		      const uint8_t output[CR_VOPRF_OUTPUT_BYTES],
		      const struct cr_spend *spend)
{
	uint8_t request[CR_REQUEST_BYTES];
	crypto_auth_hmacsha512_state h;

	put_request(request, &spend->request);
	crypto_auth_hmacsha512_init(&h, output, CR_VOPRF_OUTPUT_BYTES);
	crypto_auth_hmacsha512_update(&h, spend->input, CR_VOUCHER_INPUT_BYTES);
	crypto_auth_hmacsha512_update(&h, request, sizeof(request));
	crypto_auth_hmacsha512_final(&h, mac);
	sodium_memzero(&h, sizeof(h));
}

/* What both sides ask of a request under a key. */
static enum cr_reason request_check(const struct cr_request *request,
				    const struct cr_voucher_key *key)
{
	uint32_t kib;

	if (memcmp(request->scope.ledger, key->ledger, CR_LEDGER_BYTES) != 0)
		return CR_OTHER_LEDGER;
	if (request->scope.epoch < key->issue_from ||
	    request->scope.epoch > key->spend_until)
		return CR_KEY_EXPIRED;
	if (!cr_key_usable(request->session))
		return CR_BAD_KEY;
	return cr_deposit(&kib, key->value, request->tariff);
}

enum cr_reason cr_voucher_spend(uint8_t out[CR_SPEND_BYTES],
				const struct cr_voucher *voucher,
				const struct cr_request *request,
				const struct cr_voucher_key *keys,
				size_t n_keys)
{
	long key = cr_voucher_key_find(keys, n_keys, voucher->key);
	struct cr_spend spend;
	enum cr_reason reason;

	if (key < 0)
		return CR_UNKNOWN_KEY;
	reason = request_check(request, &keys[key]);
	if (reason != CR_ACCEPTED)
		return reason;
	memcpy(spend.key, voucher->key, CR_VOUCHER_ID_BYTES);
	memcpy(spend.input, voucher->input, CR_VOUCHER_INPUT_BYTES);
	spend.request = *request;
	spend_mac(spend.mac, voucher->output, &spend);
	cr_declassify(&spend, sizeof(spend));
	cr_spend_encode(out, &spend);
	return CR_ACCEPTED;
}

enum cr_reason cr_spend_check(size_t *key, const struct cr_spend *spend,
			      const struct cr_voucher_key *keys,
			      const struct cr_voprf_key *secrets,
			      size_t n_keys,
			      const uint8_t ledger[CR_LEDGER_BYTES])
{
	long found = cr_voucher_key_find(keys, n_keys, spend->key);
	uint8_t output[CR_VOPRF_OUTPUT_BYTES], mac[CR_VOUCHER_MAC_BYTES];
	enum cr_reason reason;
	int differs;

	if (found < 0)
		return CR_UNKNOWN_KEY;
	if (memcmp(spend->request.scope.ledger, ledger, CR_LEDGER_BYTES) != 0)
		return CR_OTHER_LEDGER;
	reason = request_check(&spend->request, &keys[found]);
	if (reason != CR_ACCEPTED)
		return reason;
	if (cr_voprf_output(output, &secrets[found], spend->input,
			    CR_VOUCHER_INPUT_BYTES) != CR_OK)
		return CR_BAD_MAC;
	spend_mac(mac, output, spend);
	differs = sodium_memcmp(mac, spend->mac, sizeof(mac));
	cr_declassify(&differs, sizeof(differs));
	reason = differs ? CR_BAD_MAC : CR_ACCEPTED;
	sodium_memzero(output, sizeof(output));
	sodium_memzero(mac, sizeof(mac));
	if (reason == CR_ACCEPTED)
		*key = (size_t)found;
	return reason;
}

enum cr_reason cr_request_certify(struct cr_certificate *cert,
				  const struct cr_request *request,
				  uint64_t value,
				  const uint8_t secret[CR_SECRET_BYTES])
{
	enum cr_reason reason = cr_deposit(&cert->deposit, value, request->tariff);

	if (reason != CR_ACCEPTED)
		return reason;
	cert->scope = request->scope;
	memcpy(cert->session, request->session, CR_SESSION_BYTES);
	cert->tariff = request->tariff;
	cr_certificate_sign(cert, secret);
	return CR_ACCEPTED;
}

enum cr_reason cr_request_answered(const struct cr_certificate *cert,
				   const struct cr_request *request,
				   uint64_t value,
				   const uint8_t market[CR_PUBLIC_BYTES])
{
	enum cr_reason reason = cr_scope_check(&cert->scope, &request->scope);
	uint32_t kib;

	if (reason != CR_ACCEPTED)
		return reason;
	if (cert->tariff != request->tariff)
		return CR_OTHER_TARIFF;
	if (memcmp(cert->session, request->session, CR_SESSION_BYTES) != 0)
		return CR_OTHER_SESSION;
	reason = cr_deposit(&kib, value, request->tariff);
	if (reason != CR_ACCEPTED)
		return reason;
	if (kib != cert->deposit)
		return CR_BAD_DEPOSIT;
	return cr_certificate_check(cert, market);
}
