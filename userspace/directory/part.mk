# SPDX-License-Identifier: MIT
# Directory library: every *.c of this folder goes into build/lib/libcrdir.a.
# Programs that link it add $(DIR_LIB) $(PROOF_LIB) $(DIR_LIBS), in this order.

DIR_LIB  := $(O)/lib/libcrdir.a
DIR_LIBS  = $(PROOF_LIBS)
DIR_SRC  := $(sort $(wildcard userspace/directory/*.c))
# without what takes libcurl
DIR_PURE := $(filter-out %/fetch.c,$(DIR_SRC))

$(O)/directory/%.o: userspace/directory/%.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(CR_CFLAGS) $(PROOF_CFLAGS) $(CFLAGS) -c -o $@ $<

$(DIR_LIB): $(DIR_SRC:userspace/directory/%.c=$(O)/directory/%.o)
	@mkdir -p $(@D)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

# cmocka tests: userspace/tests/test_NAME.c for each NAME in DIR_TESTS, as users
# compile it, and with ASan and UBSan, library included.
DIR_TESTS        := descriptor policy snapshot store delta uri directory_vectors
DIR_TEST_SUPPORT := directory_fixture vectors

$(O)/directory-tests/%.o: userspace/tests/%.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(CR_CFLAGS) $(PROOF_CFLAGS) -Iuserspace/tests $(CFLAGS) -c -o $@ $<

$(DIR_TESTS:%=$(O)/tests/test_%): $(O)/tests/test_%: $(O)/directory-tests/test_%.o $(DIR_TEST_SUPPORT:%=$(O)/directory-tests/%.o) $(DIR_LIB) $(O)/lib/libcrproof.a
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) -o $@ $(filter %.o %.a,$^) $(DIR_LIBS) -lcmocka -ljansson

$(O)/directory-san/%.o: userspace/directory/%.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(PROOF_SAN_CFLAGS) $(PROOF_CFLAGS) -c -o $@ $<

$(O)/directory-san/tests/%.o: userspace/tests/%.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(PROOF_SAN_CFLAGS) $(PROOF_CFLAGS) -Iuserspace/tests -c -o $@ $<

$(DIR_TESTS:%=$(O)/tests-san/test_%): $(O)/tests-san/test_%: $(O)/directory-san/tests/test_%.o $(DIR_TEST_SUPPORT:%=$(O)/directory-san/tests/%.o) $(DIR_PURE:userspace/directory/%.c=$(O)/directory-san/%.o) $(O)/proof-san/libcrproof.a
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(SAN_CFLAGS) -o $@ $(filter %.o %.a,$^) $(DIR_LIBS) -lcmocka -ljansson

UNIT_TESTS += $(DIR_TESTS:%=$(O)/tests/test_%) $(DIR_TESTS:%=$(O)/tests-san/test_%)

# Fuzzing, as in userspace/proof/part.mk.
DIR_FUZZ_RUNS ?= 20000

$(O)/fuzz/fuzz_directory: userspace/fuzz/fuzz_directory.c userspace/fuzz/fuzz.h $(DIR_PURE) $(O)/proof-fuzz/libcrproof.a
	@mkdir -p $(@D)
	$(call say,CLANG,$@)
	$(Q)$(CLANG) -std=gnu11 $(WARN) -D_GNU_SOURCE -O1 -g $(PROOF_CFLAGS) $(PROOF_FUZZ_SAN) -fsanitize=fuzzer -o $@ $(filter %.c %.a,$^) $(DIR_LIBS)

.PHONY: check-fuzz-directory fuzz-directory
## check-fuzz-directory: the parsers of descriptors, snapshots and their text forms, a few seconds
check-fuzz-directory: $(O)/fuzz/fuzz_directory
	$(Q)userspace/fuzz/run.sh $< -max_len=4096 -runs=$(DIR_FUZZ_RUNS)
fuzz-directory: $(O)/fuzz/fuzz_directory
	$(Q)userspace/fuzz/run.sh $< -max_len=4096 -max_total_time=$(FUZZ_SECONDS)

CHECKS += check-fuzz-directory
fuzz: fuzz-directory

$(O)/fuzz/fuzz_delta: userspace/fuzz/fuzz_delta.c userspace/fuzz/fuzz.h $(DIR_PURE) $(O)/proof-fuzz/libcrproof.a
	@mkdir -p $(@D)
	$(call say,CLANG,$@)
	$(Q)$(CLANG) -std=gnu11 $(WARN) -D_GNU_SOURCE -O1 -g $(PROOF_CFLAGS) $(PROOF_FUZZ_SAN) -fsanitize=fuzzer -o $@ $(filter %.c %.a,$^) $(DIR_LIBS)

.PHONY: check-fuzz-delta fuzz-delta
## check-fuzz-delta: deltas between snapshots, a few seconds
check-fuzz-delta: $(O)/fuzz/fuzz_delta
	$(Q)userspace/fuzz/run.sh $< -max_len=2048 -runs=20000
fuzz-delta: $(O)/fuzz/fuzz_delta
	$(Q)userspace/fuzz/run.sh $< -max_len=4096 -max_total_time=$(FUZZ_SECONDS)

CHECKS += check-fuzz-delta
fuzz: fuzz-delta
