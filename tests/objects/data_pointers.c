// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/*
 * Pointers in data: what a linker would fill in and no loader of BPF objects does. Two programs that make nothing of it
 * load, one that follows such a pointer does not.
 */
#include "bpf_min.h"

struct option {
	const char *name;
	__u32 value;
};

int target = 7;
int pair[2] = { 1, 2 };
static const char *const modes[] = { "off", "on" };
volatile const __u32 mode = 1;

const char *label = "hello";
int *direct = &target;
int *inside = &pair[1];
struct option options[2] = { { "one", 1 }, { "two", 2 } };
__u64 as_number = (__u64)&target;

static int twice(int x)
{
	return 2 * x;
}

int (*callback)(int) = twice;
const char escaped[] = "no pointer";
const char *named = escaped;
const char *tail = escaped + 3;
const char *odd = "two\nlines \"quoted\"";

SEC("socket")
int compares(void *ctx)
{
	return label != 0 && direct != 0 && modes[mode & 1] != 0;
}

SEC("socket")
int follows(void *ctx)
{
	return label[1];
}

char _license[] SEC("license") = "GPL";
