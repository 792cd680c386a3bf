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
PROOF_TESTS        += range_vectors range range_batch range_cheat
PROOF_TEST_SUPPORT := vectors seeded range_fixture
PROOF_TEST_LIBS    := $(PROOF_LIBS) -lcmocka -ljansson

$(O)/proof-tests/%.o: userspace/tests/%.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(CR_CFLAGS) $(PROOF_CFLAGS) -Iuserspace/tests $(CFLAGS) -c -o $@ $<

$(PROOF_TESTS:%=$(O)/tests/test_%): $(O)/tests/test_%: $(O)/proof-tests/test_%.o $(PROOF_TEST_SUPPORT:%=$(O)/proof-tests/%.o) $(PROOF_LIB)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(PROOF_TEST_LIBS)

UNIT_TESTS += $(PROOF_TESTS:%=$(O)/tests/test_%)

PROOF_SAN_OBJ := $(PROOF_SRC:userspace/proof/%.c=$(O)/proof-san/%.o)

$(O)/proof-san/%.o: userspace/proof/%.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(SAN_CFLAGS) $(PROOF_CFLAGS) -c -o $@ $<

$(O)/proof-san/libcrproof.a: $(PROOF_SAN_OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(O)/proof-san-tests/%.o: userspace/tests/%.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(SAN_CFLAGS) $(PROOF_CFLAGS) -Iuserspace/tests -c -o $@ $<

$(PROOF_TESTS:%=$(O)/tests-san/test_%): $(O)/tests-san/test_%: $(O)/proof-san-tests/test_%.o $(PROOF_TEST_SUPPORT:%=$(O)/proof-san-tests/%.o) $(O)/proof-san/libcrproof.a
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(SAN_CFLAGS) -o $@ $^ $(PROOF_TEST_LIBS)

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
