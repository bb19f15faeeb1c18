// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Contexts that are as long as what is read of them: a record with an array without a length, as the kernel's
 * struct syscall_trace_enter has it, arguments without names, and a struct of a program of type syscall. */
#include "bpf_min.h"

struct record {
	__u64 common;
	int number;
	unsigned long args[];
};

struct request {
	int given, answer;
	__u64 more[3];
};

__u64 seen;

SEC("tracepoint/syscalls/sys_enter_statfs")
int enters(struct record *ctx)
{
	seen = ctx->args[0] + ctx->args[5];
	return ctx->number;
}

SEC("raw_tp/sched_process_fork")
int raw(__u64 *ctx)
{
	seen = ctx[11];
	return 7;
}

SEC("syscall")
int asks(struct request *request)
{
	request->answer = request->given + 1;
	seen = request->more[2];
	return 3;
}

struct bpf_sk_lookup {
	__u64 sk;
	__u32 family;
	__u32 protocol;
};

SEC("sk_lookup")
int looks_up(struct bpf_sk_lookup *ctx)
{
	seen = ctx->family;
	return 1;
}

char _license[] SEC("license") = "GPL";
