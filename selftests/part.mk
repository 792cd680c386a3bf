# SPDX-License-Identifier: MIT
# Test suites in VMs: selftests/suites lists them, selftests/check runs them.
.PHONY: check check-long check-debug kernels
## kernels: fetch the kernels that VMs boot (nothing is installed)
kernels:
	$(Q)[ "$(NATIVE)" = 1 ] || selftests/vm/fetch

# The kernels must be there before make looks which modules to build.
## check: all suites on one kernel, traffic on the others; about half an hour on 2 cores
check: kernels
	$(Q)CELLRELAY_REQUIRE_BTF=1 $(MAKE) --no-print-directory -j$$(nproc) everything
	$(Q)selftests/check --tier check

## check-long: every suite on every kernel and the debug kernel, and the long ones; hours
check-long: kernels
	$(Q)selftests/vm/fetch debug
	$(Q)CELLRELAY_REQUIRE_BTF=1 $(MAKE) --no-print-directory -j$$(nproc) everything
	$(Q)selftests/check --tier long

## check-debug: lifetimes, failing allocations and most of check under KASAN, lockdep and kmemleak
check-debug:
	$(Q)selftests/vm/fetch debug
	$(Q)CELLRELAY_REQUIRE_BTF=1 $(MAKE) --no-print-directory -j$$(nproc) everything
	$(Q)selftests/check --tier debug
