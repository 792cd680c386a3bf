# SPDX-License-Identifier: MIT
# The service as a program: userspace/market/part.mk builds it.
.PHONY: check-market-serve
## check-market-serve: relaymarket serve from outside: register, sign, fetch, wrong requests, TLS, the log
check-market-serve: $(O)/bin/relaymarket $(O)/bin/relayctl
	$(Q)userspace/tests/market_serve.sh $^
CHECKS += check-market-serve
