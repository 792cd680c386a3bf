# SPDX-License-Identifier: MIT
# relayproof, and the tests of vouchers, certificates, receipts and claims.

# Helpers of these tests, linked into each of them.
CLAIM_TESTS  := sign voprf voucher receipt claim claim_attacks
CLAIM_HELPERS := $(addprefix userspace/tests/,vectors.c payments.c forge.c)

$(CLAIM_TESTS:%=$(O)/tests/test_%): $(O)/tests/test_%: userspace/tests/test_%.c $(CLAIM_HELPERS) $(PROOF_LIB)
	@mkdir -p $(@D)
	$(call say,CCLD,$@)
	$(Q)$(CC) $(CR_CFLAGS) $(PROOF_CFLAGS) $(CFLAGS) -o $@ $(filter %.c,$^) $(PROOF_LIB) $(PROOF_LIBS) -lcmocka -ljansson

UNIT_TESTS += $(CLAIM_TESTS:%=$(O)/tests/test_%)

.PHONY: check-long-proofs
## check-long-proofs: what takes minutes: a claim of 10 000 sessions
check-long-proofs: $(O)/tests/test_claim
	$(Q)CMOCKA_MESSAGE_OUTPUT=TAP $< long
