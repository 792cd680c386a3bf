# SPDX-License-Identifier: MIT
# relayproof: the proof library as a program.

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

.PHONY: check-long-claims
## check-long-claims: what takes minutes: a claim of 10 000 sessions
check-long-claims: $(O)/tests/test_claim
	$(Q)CMOCKA_MESSAGE_OUTPUT=TAP $< long
