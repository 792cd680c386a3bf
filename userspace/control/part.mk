# SPDX-License-Identifier: MIT
# Messages between daemons: build/lib/libcrcontrol.a, pure functions on bytes.

CONTROL_SRC    := $(sort $(wildcard userspace/control/*.c))
CONTROL_LIB    := $(O)/lib/libcrcontrol.a
CONTROL_CFLAGS := -Iuserspace -Ikmod/core
CONTROL_TESTS  := control_message control_dgram control_limits

$(O)/control/%.o: userspace/control/%.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(CR_CFLAGS) $(CONTROL_CFLAGS) $(CFLAGS) -c -o $@ $<

$(CONTROL_LIB): $(CONTROL_SRC:userspace/control/%.c=$(O)/control/%.o)
	@mkdir -p $(@D)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

# Each test as it is and with sanitizers.
$(CONTROL_TESTS:%=$(O)/tests/test_%): $(O)/tests/test_%: userspace/tests/test_%.c $(CONTROL_LIB) $(O)/lib/libcrnoise.a $(CR_CORE_LIB)
	@mkdir -p $(@D)
	$(call say,CCLD,$@)
	$(Q)$(CC) $(CR_CFLAGS) $(CONTROL_CFLAGS) $(CFLAGS) -o $@ $(filter %.c %.a,$^) -lcmocka -ljansson -lsodium

$(CONTROL_TESTS:%=$(O)/tests/san/test_%): $(O)/tests/san/test_%: userspace/tests/test_%.c $(CONTROL_SRC) userspace/noise/noise.c kmod/core/handshake.c
	@mkdir -p $(@D)
	$(call say,CCLD-SAN,$@)
	$(Q)$(CC) $(SAN_CFLAGS) $(CONTROL_CFLAGS) -o $@ $(filter %.c,$^) -lcmocka -ljansson -lsodium

$(O)/tests/test_control_dgram $(O)/tests/san/test_control_dgram: userspace/tests/vectors.c

$(O)/tests/gen_control: userspace/tests/gen_control.c $(CONTROL_LIB) $(O)/lib/libcrnoise.a $(CR_CORE_LIB)
	@mkdir -p $(@D)
	$(call say,CCLD,$@)
	$(Q)$(CC) $(CR_CFLAGS) $(CONTROL_CFLAGS) $(CFLAGS) -o $@ $(filter %.c %.a,$^) -lsodium

.PHONY: check-vectors-control
## check-vectors-control: control.json is what its generator writes, docs/protocol.md quotes it
check-vectors-control: $(O)/tests/gen_control
	$(Q)$< | cmp - userspace/tests/vectors/control.json && echo 'ok - vectors/control.json'
	$(Q)sed -n '/^## 19/,$$p' docs/protocol.md | grep -o '`[0-9a-f]\{16,\}`' | tr -d '`' | \
		{ n=0; while read -r hex; do n=$$((n + 1)); grep -qF "$$hex" userspace/tests/vectors/control.json || \
		{ echo "docs/protocol.md: $$hex is not in control.json"; exit 1; }; done; [ $$n -ge 12 ] && echo 'ok - docs/protocol.md'; }
CHECKS += check-vectors-control

UNIT_TESTS += $(CONTROL_TESTS:%=$(O)/tests/test_%) $(CONTROL_TESTS:%=$(O)/tests/san/test_%)

# Fuzzing: userspace/fuzz/fuzz_NAME.c, seeds in userspace/fuzz/corpus/NAME.
CONTROL_FUZZ      := control noise
CONTROL_FUZZ_RUNS ?= 20000
CONTROL_FUZZ_SAN  := -fsanitize=address,undefined -fno-sanitize-recover=all

$(CONTROL_FUZZ:%=$(O)/fuzz/fuzz_%): $(O)/fuzz/fuzz_%: userspace/fuzz/fuzz_%.c userspace/fuzz/fuzz.h $(CONTROL_SRC) userspace/noise/noise.c kmod/core/handshake.c
	@mkdir -p $(@D)
	$(call say,CLANG,$@)
	$(Q)$(CLANG) -std=gnu11 $(WARN) -D_GNU_SOURCE -O1 -g $(CONTROL_CFLAGS) $(CONTROL_FUZZ_SAN) -fsanitize=fuzzer -o $@ $(filter %.c,$^) -lsodium

.PHONY: check-fuzz-control fuzz-control fuzz
## check-fuzz-control: the control plane's fuzz targets, seeds and a few seconds
check-fuzz-control: $(CONTROL_FUZZ:%=check-fuzz-control-%)
check-fuzz-control-%: $(O)/fuzz/fuzz_%
	$(Q)userspace/fuzz/run.sh $< -max_len=4096 -runs=$(CONTROL_FUZZ_RUNS)

fuzz: fuzz-control
fuzz-control: $(CONTROL_FUZZ:%=fuzz-control-%)
fuzz-control-%: $(O)/fuzz/fuzz_%
	$(Q)userspace/fuzz/run.sh $< -max_len=4096 -max_total_time=$(FUZZ_SECONDS)

CHECKS += check-fuzz-control

$(O)/bench/bench_control: userspace/bench/bench_control.c $(CONTROL_LIB) $(O)/lib/libcrnoise.a $(CR_CORE_LIB)
	@mkdir -p $(@D)
	$(call say,CCLD,$@)
	$(Q)$(CC) $(CR_CFLAGS) $(CONTROL_CFLAGS) $(CFLAGS) -o $@ $(filter %.c %.a,$^) -lsodium

.PHONY: bench-control
## bench-control: circuit handshakes per second against their X25519 operations
bench-control: $(O)/bench/bench_control
	$(Q)$<
