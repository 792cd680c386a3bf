# SPDX-License-Identifier: MIT
# BPF programs: ebpf/NAME.bpf.c -> build/bpf/NAME.bpf.o and, for the loader
# to embed, build/bpf/NAME.skel.h.

BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool /usr/bin/bpftool) bpftool)
# uapi headers want <asm/types.h>, which Debian keeps in a directory per architecture
BPF_CFLAGS := -O2 -g -target bpf -mcpu=v3 -Wall -Wextra -Werror -std=gnu11 \
              -Ikmod/uapi -I/usr/include/$(shell $(CC) -dumpmachine)

$(O)/bpf/%.bpf.o: ebpf/%.bpf.c ebpf/count.h kmod/uapi/linux/cellrelay_acct.h kmod/uapi/linux/cellrelay_xdp.h
	@mkdir -p $(@D)
	$(call say,CLANG,$@)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c -o $@ $<

$(O)/bpf/refused.bpf.o: ebpf/refused.h

$(O)/bpf/%.skel.h: $(O)/bpf/%.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name $* > $@

BPF_OBJECTS += $(O)/bpf/acct.bpf.o $(O)/bpf/xdp.bpf.o $(O)/bpf/refused.bpf.o
