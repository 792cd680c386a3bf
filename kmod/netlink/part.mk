# SPDX-License-Identifier: MIT
.PHONY: check-netlink-gen
## check-netlink-gen: what is generated from kmod/netlink/cellrelay.yaml is what the tree holds
check-netlink-gen:
	$(Q)kmod/netlink/gen.sh --check
CHECKS += check-netlink-gen
