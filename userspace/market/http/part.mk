# SPDX-License-Identifier: MIT
# The market's HTTP: every *.c of this folder goes into build/lib/libcrhttp.a.
# Programs that link it add $(HTTP_LIB) and $(HTTP_LIBS). Only server.c knows libmicrohttpd.

HTTP_LIB    := $(O)/lib/libcrhttp.a
HTTP_LIBS   := -lmicrohttpd -ljansson -lsodium
HTTP_SRC    := $(sort $(wildcard userspace/market/http/*.c))
HTTP_PURE   := $(filter-out %/server.c,$(HTTP_SRC))
HTTP_CFLAGS := -Iuserspace

$(O)/market/http/%.o: userspace/market/http/%.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(CR_CFLAGS) $(HTTP_CFLAGS) $(CFLAGS) -c -o $@ $<

$(HTTP_LIB): $(HTTP_SRC:userspace/%.c=$(O)/%.o)
	@mkdir -p $(@D)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

# cmocka tests, plain and under the sanitizers
HTTP_TESTS := http_target http_request http_server

$(HTTP_TESTS:%=$(O)/tests/test_%): $(O)/tests/test_%: userspace/tests/test_%.c userspace/tests/http_client.c $(HTTP_LIB)
	@mkdir -p $(@D)
	$(call say,CCLD,$@)
	$(Q)$(CC) $(CR_CFLAGS) $(HTTP_CFLAGS) -Iuserspace/tests $(CFLAGS) -o $@ $(filter %.c %.a,$^) $(HTTP_LIBS) -lcmocka

$(HTTP_TESTS:%=$(O)/tests-san/test_%): $(O)/tests-san/test_%: userspace/tests/test_%.c userspace/tests/http_client.c $(HTTP_SRC)
	@mkdir -p $(@D)
	$(call say,CCLD-SAN,$@)
	$(Q)$(CC) $(SAN_CFLAGS) $(HTTP_CFLAGS) -Iuserspace/tests -o $@ $(filter %.c,$^) $(HTTP_LIBS) -lcmocka

UNIT_TESTS += $(HTTP_TESTS:%=$(O)/tests/test_%) $(HTTP_TESTS:%=$(O)/tests-san/test_%)

# Requests as they come, to a service made up for it; flags as for the proof library.
$(O)/fuzz/fuzz_http: userspace/fuzz/fuzz_http.c userspace/fuzz/fuzz.h $(HTTP_PURE)
	@mkdir -p $(@D)
	$(call say,CLANG,$@)
	$(Q)$(CLANG) -std=gnu11 $(WARN) -D_GNU_SOURCE -O1 -g $(HTTP_CFLAGS) -fsanitize=address,undefined -fno-sanitize-recover=all -fsanitize=fuzzer -o $@ $(filter %.c,$^) -ljansson -lsodium

.PHONY: check-fuzz-http fuzz-http
## check-fuzz-http: requests to the market's HTTP, from target to answer, a few seconds
check-fuzz-http: $(O)/fuzz/fuzz_http
	$(Q)userspace/fuzz/run.sh $< -max_len=4096 -runs=20000
fuzz-http: $(O)/fuzz/fuzz_http
	$(Q)userspace/fuzz/run.sh $< -max_len=4096 -max_total_time=$(FUZZ_SECONDS)

CHECKS += check-fuzz-http
fuzz: fuzz-http
