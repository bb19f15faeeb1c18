// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Programs that are tied to a function of another program: subprograms.o has it. */
#include "bpf_min.h"

__u64 calls;
int first_argument;

SEC("freplace/global_sum")
int replaced(int a, int b)
{
	calls++;
	return 0;
}

SEC("fentry/global_sum")
int traced(__u64 *ctx)
{
	first_argument = (int)ctx[0];
	return 0;
}

SEC("?freplace/no_such_function")
int unmatched(int a)
{
	return 0;
}

char _license[] SEC("license") = "Dual MIT/GPL";
