# SPDX-License-Identifier: MIT
# Proof library: every *.c of this folder goes into build/lib/libcrproof.a.
# Programs that link it add $(PROOF_LIB) and $(PROOF_LIBS) and -Iuserspace.

PROOF_LIB    := $(O)/lib/libcrproof.a
PROOF_LIBS   := -ldecaf -lsodium
PROOF_CFLAGS := -Iuserspace -I/usr/include/decaf
PROOF_SRC    := $(sort $(wildcard userspace/proof/*.c))
PROOF_OBJ    := $(PROOF_SRC:userspace/proof/%.c=$(O)/proof/%.o)

# -O3: the proof arithmetic is all loops over small arrays
$(O)/proof/%.o: userspace/proof/%.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(CR_CFLAGS) $(PROOF_CFLAGS) $(CFLAGS) -O3 -c -o $@ $<

$(PROOF_LIB): $(PROOF_OBJ)
	@mkdir -p $(@D)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

# cmocka test: userspace/tests/test_NAME.c -> build/tests/test_NAME, linked
# with the library and with the reader of test vectors.
PROOF_TESTS := group transcript range_vectors

$(PROOF_TESTS:%=$(O)/tests/test_%): $(O)/tests/test_%: userspace/tests/test_%.c userspace/tests/vectors.c $(PROOF_LIB)
	@mkdir -p $(@D)
	$(call say,CCLD,$@)
	$(Q)$(CC) $(CR_CFLAGS) $(PROOF_CFLAGS) $(CFLAGS) -o $@ $(filter %.c,$^) $(PROOF_LIB) $(PROOF_LIBS) -lcmocka -ljansson

UNIT_TESTS += $(PROOF_TESTS:%=$(O)/tests/test_%)

# Benchmark: every *.c of bench/ goes into build/bench/bench-proofs.
PROOF_BENCH_SRC := $(sort $(wildcard userspace/proof/bench/*.c))
PROOF_BENCH     := $(O)/bench/bench-proofs

$(PROOF_BENCH): $(PROOF_BENCH_SRC) userspace/proof/bench/bench.h $(PROOF_LIB)
	@mkdir -p $(@D)
	$(call say,CCLD,$@)
	$(Q)$(CC) $(CR_CFLAGS) $(PROOF_CFLAGS) $(CFLAGS) -o $@ $(PROOF_BENCH_SRC) $(PROOF_LIB) $(PROOF_LIBS)

.PHONY: bench-proofs
## bench-proofs: time the proof library beside libsodium, one thread
bench-proofs: $(PROOF_BENCH)
	$(Q)$<
