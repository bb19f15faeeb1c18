// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Programs that run at the entry of a function, and once more at its return unless they return 1 (Linux 6.10, 6.13). */
#include "bpf_min.h"

char _license[] SEC("license") = "GPL";

__u64 runs;

SEC("kprobe.session/do_unlinkat")
int twice_in_kernel(void *ctx)
{
	__sync_fetch_and_add(&runs, 1);
	return 0;
}

SEC("kprobe.session/do_unlinkat")
int once_in_kernel(void *ctx)
{
	__sync_fetch_and_add(&runs, 1);
	return 1;
}

SEC("uprobe.session/probed.so:watch")
int twice(void *ctx)
{
	__sync_fetch_and_add(&runs, 1);
	return 0;
}

SEC("uprobe.session/probed.so:watch")
int once(void *ctx)
{
	__sync_fetch_and_add(&runs, 1);
	return 1;
}
