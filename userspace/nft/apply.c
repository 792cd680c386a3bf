// SPDX-License-Identifier: MIT
#include <stdio.h>

#include <nftables/libnftables.h>

#include "nft/apply.h"

bool cr_nft_apply(const char *text, char *error, size_t room)
{
	struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);
	bool ok;

	if (room)
		error[0] = '\0';
	if (!nft) {
		snprintf(error, room, "libnftables does not start");
		return false;
	}
	if (nft_ctx_buffer_output(nft) || nft_ctx_buffer_error(nft)) {
		nft_ctx_free(nft);
		snprintf(error, room, "out of memory");
		return false;
	}
	ok = nft_run_cmd_from_buffer(nft, text) == 0;
	if (!ok)
		snprintf(error, room, "%s", nft_ctx_get_error_buffer(nft));
	nft_ctx_free(nft);
	return ok;
}
