# SPDX-License-Identifier: MIT
# Noise handshakes and the keys that come of them: build/lib/libcrnoise.a.

NOISE_LIB := $(O)/lib/libcrnoise.a

NOISE_OBJ := $(O)/noise/noise.o $(O)/noise/derive.o
$(NOISE_OBJ): $(O)/noise/%.o: userspace/noise/%.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(CR_CFLAGS) -Iuserspace $(CFLAGS) -c -o $@ $<

$(NOISE_LIB): $(NOISE_OBJ)
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

# The witness is OpenSSL.
$(O)/tests/test_derive: userspace/tests/test_derive.c $(NOISE_LIB)
	@mkdir -p $(@D)
	$(call say,CCLD,$@)
	$(Q)$(CC) $(CR_CFLAGS) -Iuserspace $(CFLAGS) -o $@ $^ -lcmocka -lsodium -lcrypto

UNIT_TESTS += $(O)/tests/test_noise $(O)/tests/test_noise_san $(O)/tests/test_derive
