// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/*
 * Probes that are built for arm64, as bpf2go's *_arm64_bpfel.o are: one reads a register that lies beyond those of other
 * machines, one a register in whose place others have another, one by a CO-RE relocation.
 */
#include "bpf_min.h"

struct user_pt_regs {
	__u64 regs[31];
	__u64 sp, pc, pstate;
};

struct user_pt_regs___core {
	__u64 regs[31];
	__u64 sp, pc, pstate;
} __attribute__((preserve_access_index));

__u64 seen;

SEC("uprobe")
int reads_x28(struct user_pt_regs *ctx)
{
	seen = ctx->regs[28];
	return 0;
}

SEC("uprobe")
int reads_x0(struct user_pt_regs *ctx)
{
	seen = ctx->regs[0];
	return 0;
}

SEC("uprobe")
int relocated(struct user_pt_regs___core *ctx)
{
	seen = ctx->regs[0];
	return 0;
}

char _license[] SEC("license") = "GPL";
