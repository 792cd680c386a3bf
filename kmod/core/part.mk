# SPDX-License-Identifier: MIT
# The pure core as a userspace library: build/lib/libcrcore.a, and a variant
# with address and undefined-behaviour sanitizers for the tests.
CR_CORE_DIR := kmod/core
CR_CORE_SRC := $(wildcard $(CR_CORE_DIR)/*.c)
CR_CORE_LIB := $(O)/lib/libcrcore.a
CR_CORE_SAN := $(O)/lib/libcrcore-san.a
CR_CORE_CFLAGS := -I$(CR_CORE_DIR)

$(O)/core/%.o: $(CR_CORE_DIR)/%.c
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CR_CFLAGS) $(CFLAGS) -fPIC $(CR_CORE_CFLAGS) -c -o $@ $<

$(O)/core-san/%.o: $(CR_CORE_DIR)/%.c
	@mkdir -p $(@D)
	$(call say,CC-SAN,$<)
	$(Q)$(CC) $(SAN_CFLAGS) $(CR_CORE_CFLAGS) -c -o $@ $<

$(CR_CORE_LIB): $(patsubst $(CR_CORE_DIR)/%.c,$(O)/core/%.o,$(CR_CORE_SRC))
$(CR_CORE_SAN): $(patsubst $(CR_CORE_DIR)/%.c,$(O)/core-san/%.o,$(CR_CORE_SRC))
$(CR_CORE_LIB) $(CR_CORE_SAN):
	@mkdir -p $(@D)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

# userspace/tests/test_core_NAME.c -> build/tests/test_core_NAME and, with
# sanitizers, build/tests/san/test_core_NAME.
CR_CORE_TESTS := $(patsubst userspace/tests/%.c,%,$(wildcard userspace/tests/test_core_*.c))
CR_CORE_LIBS  := -lsodium -lcmocka -ljansson -lm -lpthread

$(CR_CORE_TESTS:%=$(O)/tests/%): $(O)/tests/%: userspace/tests/%.c $(CR_CORE_LIB)
	@mkdir -p $(@D)
	$(call say,CCLD,$@)
	$(Q)$(CC) $(CR_CFLAGS) $(CFLAGS) $(CR_CORE_CFLAGS) -o $@ $(filter userspace/%.c,$^) $(CR_CORE_LIB) $(CR_CORE_LIBS)

$(CR_CORE_TESTS:%=$(O)/tests/san/%): $(O)/tests/san/%: userspace/tests/%.c $(CR_CORE_SAN)
	@mkdir -p $(@D)
	$(call say,CCLD-SAN,$@)
	$(Q)$(CC) $(SAN_CFLAGS) $(CR_CORE_CFLAGS) -o $@ $(filter userspace/%.c,$^) $(CR_CORE_SAN) $(CR_CORE_LIBS)

UNIT_TESTS += $(CR_CORE_TESTS:%=$(O)/tests/%) $(CR_CORE_TESTS:%=$(O)/tests/san/%)
# the witness of suite 2 is OpenSSL
$(O)/tests/test_core_suite2 $(O)/tests/san/test_core_suite2: CR_CORE_LIBS += -lcrypto
# the module's part above the kernel's primitives, with others in their place
$(O)/tests/test_core_aead_parts $(O)/tests/san/test_core_aead_parts: CR_CORE_CFLAGS += -Iuserspace/tests/kernel
$(O)/tests/test_core_aead_parts $(O)/tests/san/test_core_aead_parts: kmod/aead.c
# sources beside the test's own
CR_CELLS_SRC := userspace/tests/cells_json.c userspace/tests/vectors.c
$(O)/tests/test_core_rate $(O)/tests/san/test_core_rate: userspace/tests/rate_sim.c
$(O)/tests/test_core_cells $(O)/tests/san/test_core_cells: $(CR_CELLS_SRC)

# The witness of vectors/cells.json, which knows the text and not the core; and
# what wrote that file.
$(O)/tests/test_ref_cells: userspace/tests/test_ref_cells.c userspace/tests/ref_cells.c $(CR_CELLS_SRC)
$(O)/tests/gen_cells: userspace/tests/gen_cells.c userspace/tests/ref_cells.c
$(O)/tests/test_ref_cells $(O)/tests/gen_cells:
	@mkdir -p $(@D)
	$(call say,CCLD,$@)
	$(Q)$(CC) $(filter-out -MMD -MP,$(CR_CFLAGS)) $(CFLAGS) -o $@ $(filter %.c,$^) -lsodium -lcmocka -ljansson

.PHONY: check-vectors-cells
## check-vectors-cells: cells.json is what its generator writes, docs/protocol.md quotes it
check-vectors-cells: $(O)/tests/gen_cells
	$(Q)$< | cmp - userspace/tests/vectors/cells.json && echo 'ok - vectors/cells.json'
	$(Q)awk '/^```/ { if (hex != "") print hex; hex = ""; next } /^[0-9a-f]+$$/ { hex = hex $$0 }' docs/protocol.md | \
		{ n=0; while read -r hex; do n=$$((n + 1)); grep -qF "$$hex" userspace/tests/vectors/cells.json || \
		{ echo "docs/protocol.md: hex block $$n is not in cells.json"; exit 1; }; done; [ $$n -eq 8 ] && echo 'ok - docs/protocol.md'; }

UNIT_TESTS += $(O)/tests/test_ref_cells
CHECKS     += check-vectors-cells

# Fuzzing: userspace/fuzz/fuzz_core_NAME.c with clang's libFuzzer, ASan and
# UBSan; seeds in userspace/fuzz/corpus/core_NAME.
CR_CORE_FUZZ      := $(patsubst userspace/fuzz/fuzz_%.c,%,$(wildcard userspace/fuzz/fuzz_core_*.c))
CR_CORE_FUZZ_SAN  := -fsanitize=address,undefined -fno-sanitize-recover=all
CR_CORE_FUZZ_RUNS ?= 20000
FUZZ_SECONDS      ?= 600

$(O)/core-fuzz/%.o: $(CR_CORE_DIR)/%.c
	@mkdir -p $(@D)
	$(call say,CLANG,$<)
	$(Q)$(CLANG) -std=gnu11 $(WARN) -D_GNU_SOURCE -O1 -g -MMD -MP $(CR_CORE_CFLAGS) $(CR_CORE_FUZZ_SAN) -fsanitize=fuzzer-no-link -c -o $@ $<

$(O)/core-fuzz/libcrcore.a: $(patsubst $(CR_CORE_DIR)/%.c,$(O)/core-fuzz/%.o,$(CR_CORE_SRC))
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

$(CR_CORE_FUZZ:%=$(O)/fuzz/fuzz_%): $(O)/fuzz/fuzz_%: userspace/fuzz/fuzz_%.c userspace/fuzz/fuzz.h userspace/fuzz/fuzz_core.h $(O)/core-fuzz/libcrcore.a
	@mkdir -p $(@D)
	$(call say,CLANG,$@)
	$(Q)$(CLANG) -std=gnu11 $(WARN) -D_GNU_SOURCE -O1 -g $(CR_CORE_CFLAGS) $(CR_CORE_FUZZ_SAN) -fsanitize=fuzzer -o $@ $(filter %.c %.a,$^) -lsodium

.PHONY: check-fuzz-core fuzz-core fuzz
## check-fuzz-core: each fuzz target of the pure core, seeds and a few seconds
check-fuzz-core: $(CR_CORE_FUZZ:%=check-fuzz-core-%)
check-fuzz-core-%: $(O)/fuzz/fuzz_%
	$(Q)userspace/fuzz/run.sh $< -max_len=4096 -runs=$(CR_CORE_FUZZ_RUNS)

fuzz: fuzz-core
fuzz-core: $(CR_CORE_FUZZ:%=fuzz-core-%)
fuzz-core-%: $(O)/fuzz/fuzz_%
	$(Q)userspace/fuzz/run.sh $< -max_len=4096 -max_total_time=$(FUZZ_SECONDS)

CHECKS += check-fuzz-core
