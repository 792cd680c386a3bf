# SPDX-License-Identifier: MIT
# relayproof, and the tests of vouchers, certificates, receipts and claims.

RELAYPROOF_SRC := $(sort $(wildcard userspace/relayproof/*.c))
RELAYPROOF_OBJ := $(RELAYPROOF_SRC:userspace/relayproof/%.c=$(O)/relayproof/%.o)

$(O)/relayproof/%.o: userspace/relayproof/%.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(CR_CFLAGS) $(PROOF_CFLAGS) $(CFLAGS) -c -o $@ $<

$(O)/bin/relayproof: $(RELAYPROOF_OBJ) $(PROOF_LIB)
	@mkdir -p $(@D)
	$(call say,CCLD,$@)
	$(Q)$(CC) $(CFLAGS) -o $@ $(RELAYPROOF_OBJ) $(PROOF_LIB) $(PROOF_LIBS) -ljansson

PROGRAMS += $(O)/bin/relayproof

.PHONY: check-relayproof
## check-relayproof: relayproof from outside, through files and pipes alone
check-relayproof: $(O)/bin/relayproof
	$(Q)userspace/tests/relayproof.sh $< userspace/tests/vectors

CHECKS += check-relayproof

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
