# SPDX-License-Identifier: MIT
# Noise handshakes: build/lib/libcrnoise.a.

NOISE_LIB := $(O)/lib/libcrnoise.a

$(O)/noise/noise.o: userspace/noise/noise.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(CR_CFLAGS) -Iuserspace $(CFLAGS) -c -o $@ $<

$(NOISE_LIB): $(O)/noise/noise.o
	@mkdir -p $(@D)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

NOISE_TEST_SRC := userspace/tests/test_noise.c userspace/tests/vectors.c

$(O)/tests/test_noise: $(NOISE_TEST_SRC) $(NOISE_LIB)
	@mkdir -p $(@D)
	$(call say,CCLD,$@)
	$(Q)$(CC) $(CR_CFLAGS) -Iuserspace $(CFLAGS) -o $@ $(NOISE_TEST_SRC) $(NOISE_LIB) -lcmocka -ljansson -lsodium

$(O)/tests/test_noise_san: $(NOISE_TEST_SRC) userspace/noise/noise.c
	@mkdir -p $(@D)
	$(call say,CCLD,$@)
	$(Q)$(CC) $(SAN_CFLAGS) -Iuserspace -o $@ $^ -lcmocka -ljansson -lsodium

UNIT_TESTS += $(O)/tests/test_noise $(O)/tests/test_noise_san
