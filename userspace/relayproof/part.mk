# SPDX-License-Identifier: MIT
# Tests of vouchers, certificates, receipts and claims.

CLAIM_TESTS := sign voprf voucher receipt

$(CLAIM_TESTS:%=$(O)/tests/test_%): $(O)/tests/test_%: userspace/tests/test_%.c userspace/tests/vectors.c userspace/tests/payments.c $(PROOF_LIB)
	@mkdir -p $(@D)
	$(call say,CCLD,$@)
	$(Q)$(CC) $(CR_CFLAGS) $(PROOF_CFLAGS) $(CFLAGS) -o $@ $(filter %.c,$^) $(PROOF_LIB) $(PROOF_LIBS) -lcmocka -ljansson

UNIT_TESTS += $(CLAIM_TESTS:%=$(O)/tests/test_%)
