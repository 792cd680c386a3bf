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
INSTALL_BIN += $(O)/bin/relayproof

.PHONY: check-relayproof
## check-relayproof: relayproof from outside, through files and pipes alone
check-relayproof: $(O)/bin/relayproof
	$(Q)userspace/tests/relayproof.sh $< userspace/tests/vectors

CHECKS += check-relayproof

.PHONY: check-long-claims
## check-long-claims: what takes minutes: a claim of 10 000 sessions
check-long-claims: $(O)/tests/test_claim
	$(Q)CMOCKA_MESSAGE_OUTPUT=TAP $< long

# The commands under libFuzzer, on JSON as it comes; flags as for the library.
RELAYPROOF_FUZZ_SRC := userspace/fuzz/fuzz_relayproof.c $(filter-out %/main.c,$(RELAYPROOF_SRC))

$(O)/fuzz/fuzz_relayproof: $(RELAYPROOF_FUZZ_SRC) userspace/relayproof/io.h userspace/fuzz/fuzz.h $(O)/proof-fuzz/libcrproof.a
	@mkdir -p $(@D)
	$(call say,CLANG,$@)
	$(Q)$(CLANG) -std=gnu11 $(WARN) -D_GNU_SOURCE -O1 -g $(PROOF_CFLAGS) $(PROOF_FUZZ_SAN) -fsanitize=fuzzer -o $@ $(RELAYPROOF_FUZZ_SRC) $(O)/proof-fuzz/libcrproof.a $(PROOF_LIBS) -ljansson

# its messages are the commands' own and many: closed
.PHONY: check-fuzz-relayproof fuzz-relayproof
check-fuzz-relayproof: $(O)/fuzz/fuzz_relayproof
	$(Q)userspace/fuzz/run.sh $< -close_fd_mask=3 -runs=300
fuzz-relayproof: $(O)/fuzz/fuzz_relayproof
	$(Q)userspace/fuzz/run.sh $< -close_fd_mask=3 -max_total_time=$(FUZZ_SECONDS)

CHECKS += check-fuzz-relayproof
fuzz: fuzz-relayproof
