# SPDX-License-Identifier: MIT
# Proof library: every *.c of this folder goes into build/lib/libcrproof.a.
# Programs that link it add $(PROOF_LIB) and $(PROOF_LIBS) and $(PROOF_CFLAGS).

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

# cmocka tests: userspace/tests/test_NAME.c for each NAME in PROOF_TESTS, with
# the files of PROOF_TEST_SUPPORT; build/tests/test_NAME as users compile it,
# build/tests-san/test_NAME with ASan and UBSan, library included.
PROOF_TESTS        := group transcript
PROOF_TESTS        += range_vectors range range_batch range_cheat range_memory
PROOF_TESTS        += sign voprf voucher receipt claim claim_attacks claim_vectors
PROOF_TEST_SUPPORT := vectors seeded range_fixture payments forge
PROOF_TEST_LIBS    := $(PROOF_LIBS) -lcmocka -ljansson

$(O)/proof-tests/%.o: userspace/tests/%.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(CR_CFLAGS) $(PROOF_CFLAGS) -Iuserspace/tests $(CFLAGS) -c -o $@ $<

$(PROOF_TESTS:%=$(O)/tests/test_%): $(O)/tests/test_%: $(O)/proof-tests/test_%.o $(PROOF_TEST_SUPPORT:%=$(O)/proof-tests/%.o) $(PROOF_LIB)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(PROOF_LDFLAGS) -o $@ $(filter %.o %.a,$^) $(PROOF_TEST_LIBS)

$(O)/tests/test_range_memory $(O)/tests-san/test_range_memory: PROOF_LDFLAGS := \
	$(foreach f,malloc calloc aligned_alloc sodium_malloc,-Wl,--wrap=$(f))

UNIT_TESTS += $(PROOF_TESTS:%=$(O)/tests/test_%)

# gcc 12 with sanitizers takes strnlen() of a literal for an overread
PROOF_SAN_CFLAGS := $(SAN_CFLAGS) -Wno-stringop-overread
PROOF_SAN_OBJ    := $(PROOF_SRC:userspace/proof/%.c=$(O)/proof-san/%.o)

$(O)/proof-san/%.o: userspace/proof/%.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(PROOF_SAN_CFLAGS) $(PROOF_CFLAGS) -c -o $@ $<

$(O)/proof-san/libcrproof.a: $(PROOF_SAN_OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(O)/proof-san-tests/%.o: userspace/tests/%.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(PROOF_SAN_CFLAGS) $(PROOF_CFLAGS) -Iuserspace/tests -c -o $@ $<

$(PROOF_TESTS:%=$(O)/tests-san/test_%): $(O)/tests-san/test_%: $(O)/proof-san-tests/test_%.o $(PROOF_TEST_SUPPORT:%=$(O)/proof-san-tests/%.o) $(O)/proof-san/libcrproof.a
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(SAN_CFLAGS) $(PROOF_LDFLAGS) -o $@ $(filter %.o %.a,$^) $(PROOF_TEST_LIBS)

.PHONY: check-san-proof
## check-san-proof: unit tests of the proof library under ASan and UBSan
check-san-proof: $(PROOF_TESTS:%=$(O)/tests-san/test_%)
	$(Q)set -e; for t in $^; do echo "# $$t"; CMOCKA_MESSAGE_OUTPUT=TAP "$$t"; done

CHECKS += check-san-proof

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

# Constant time: library and userspace/tests/ct/*.c with secrets marked, under
# valgrind, optimised as shipped; libdecaf linked statically so that
# check-ct.supp can name the one function it excuses.
PROOF_CT_OBJ := $(PROOF_SRC:userspace/proof/%.c=$(O)/proof-ct/%.o) \
	$(patsubst userspace/tests/ct/%.c,$(O)/proof-ct/tests/%.o,$(sort $(wildcard userspace/tests/ct/*.c)))

$(O)/proof-ct/tests/%.o: userspace/tests/ct/%.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(CR_CFLAGS) $(PROOF_CFLAGS) $(CFLAGS) -c -o $@ $<

$(O)/proof-ct/%.o: userspace/proof/%.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(CR_CFLAGS) $(PROOF_CFLAGS) $(CFLAGS) -O3 -DCR_CTGRIND -c -o $@ $<

$(O)/tests/check-ct: $(PROOF_CT_OBJ)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) -o $@ $^ -l:libdecaf.a -lsodium

.PHONY: check-ct-proof
## check-ct-proof: secret-dependent branches and addresses, by valgrind
check-ct-proof: $(O)/tests/check-ct
	$(Q)userspace/tests/check-ct.sh $<

CHECKS += check-ct-proof

# Fuzzing: userspace/fuzz/fuzz_NAME.c for each NAME in PROOF_FUZZ, with clang's
# libFuzzer, ASan and UBSan; seeds in userspace/fuzz/corpus/NAME. A number of
# runs that takes a few seconds belongs to the checks; `make fuzz` goes on for
# FUZZ_SECONDS per target and keeps what it finds in build/fuzz/corpus.
PROOF_FUZZ      := group msm keccak range voprf payment claim
PROOF_FUZZ_SAN  := -fsanitize=address,undefined -fno-sanitize-recover=all
PROOF_FUZZ_RUNS_group  := 2000
PROOF_FUZZ_RUNS_msm    := 100
PROOF_FUZZ_RUNS_keccak := 5000
PROOF_FUZZ_RUNS_range  := 600
PROOF_FUZZ_RUNS_voprf   := 500
PROOF_FUZZ_RUNS_payment := 20000
PROOF_FUZZ_RUNS_claim   := 600
FUZZ_SECONDS    ?= 600

$(O)/proof-fuzz/%.o: userspace/proof/%.c
	@mkdir -p $(@D)
	$(call say,CLANG,$@)
	$(Q)$(CLANG) -std=gnu11 $(WARN) -D_GNU_SOURCE -O1 -g -MMD -MP $(PROOF_CFLAGS) $(PROOF_FUZZ_SAN) -fsanitize=fuzzer-no-link -c -o $@ $<

$(O)/proof-fuzz/libcrproof.a: $(PROOF_SRC:userspace/proof/%.c=$(O)/proof-fuzz/%.o)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(PROOF_FUZZ:%=$(O)/fuzz/fuzz_%): $(O)/fuzz/fuzz_%: userspace/fuzz/fuzz_%.c userspace/fuzz/fuzz.h $(O)/proof-fuzz/libcrproof.a
	@mkdir -p $(@D)
	$(call say,CLANG,$@)
	$(Q)$(CLANG) -std=gnu11 $(WARN) -D_GNU_SOURCE -O1 -g $(PROOF_CFLAGS) $(PROOF_FUZZ_SAN) -fsanitize=fuzzer -o $@ $(filter %.c %.a,$^) $(PROOF_LIBS)

.PHONY: check-fuzz-proof fuzz-proof fuzz
## check-fuzz-proof: each fuzz target of the proof library, seeds and a few seconds
check-fuzz-proof: $(PROOF_FUZZ:%=check-fuzz-proof-%)
check-fuzz-proof-%: $(O)/fuzz/fuzz_%
	$(Q)userspace/fuzz/run.sh $< -runs=$(PROOF_FUZZ_RUNS_$*)

## fuzz: all fuzz targets, FUZZ_SECONDS (600) each
fuzz: fuzz-proof
fuzz-proof: $(PROOF_FUZZ:%=fuzz-proof-%)
fuzz-proof-%: $(O)/fuzz/fuzz_%
	$(Q)userspace/fuzz/run.sh $< -max_total_time=$(FUZZ_SECONDS)

CHECKS += check-fuzz-proof

.PHONY: check-long-proof check-long
check-long: check-long-proof
## check-long-proof: the same tests with wider loops, with other seeds, and more fuzzing
check-long-proof: $(PROOF_TESTS:%=$(O)/tests/test_%) $(PROOF_TESTS:%=$(O)/tests-san/test_%)
	$(Q)set -e; for seed in 1 2 3; do for t in $^; do \
		echo "# $$t, seed $$seed"; TEST_LONG=1 TEST_SEED=$$seed CMOCKA_MESSAGE_OUTPUT=TAP "$$t"; done; done
	$(Q)$(MAKE) --no-print-directory fuzz-proof FUZZ_SECONDS=60
