// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Programs that are tied to the kernel's functions, tracepoints and iterators; the variables count what has run. */
#include "bpf_min.h"

struct file {
	unsigned int f_flags;
} __attribute__((preserve_access_index));

__u64 entries, exits, modified, opened, probed, returned, switches, system_calls;
int result;
__u32 flags;

SEC("fentry/do_unlinkat")
int on_entry(__u64 *ctx)
{
	__sync_fetch_and_add(&entries, 1);
	return 0;
}

/* Its two arguments, and what it returned. */
SEC("fexit/do_unlinkat")
int on_exit(__u64 *ctx)
{
	__sync_fetch_and_add(&exits, 1);
	result = (int)ctx[2];
	return 0;
}

SEC("fmod_ret/security_file_open")
int on_modify(__u64 *ctx)
{
	__sync_fetch_and_add(&modified, 1);
	return 0;
}

SEC("lsm/file_open")
int on_open(__u64 *ctx)
{
	struct file *file = (struct file *)ctx[0];

	__sync_fetch_and_add(&opened, 1);
	flags = file->f_flags;
	return 0;
}

SEC("lsm.s/bprm_committed_creds")
int on_exec(__u64 *ctx)
{
	return 0;
}

SEC("lsm_cgroup/socket_post_create")
int on_socket(__u64 *ctx)
{
	return 1;
}

SEC("tp_btf/sched_switch")
int on_switch(__u64 *ctx)
{
	__sync_fetch_and_add(&switches, 1);
	return 0;
}

SEC("raw_tp/sys_enter")
int on_system_call(__u64 *ctx)
{
	__sync_fetch_and_add(&system_calls, 1);
	return 0;
}

SEC("iter/task")
int each_task(void *ctx)
{
	return 0;
}

SEC("iter.s/task")
int each_task_sleepable(void *ctx)
{
	return 0;
}

SEC("kprobe/do_unlinkat")
int on_probe(void *ctx)
{
	__sync_fetch_and_add(&probed, 1);
	return 0;
}

SEC("kretprobe/do_unlinkat")
int on_return(void *ctx)
{
	__sync_fetch_and_add(&returned, 1);
	return 0;
}

SEC("kprobe.multi/do_unlink*")
int on_probes(void *ctx)
{
	return 0;
}

SEC("uprobe//proc/self/exe:main")
int on_main(void *ctx)
{
	return 0;
}

SEC("uprobe.multi//proc/self/exe:main*")
int on_mains(void *ctx)
{
	return 0;
}

char _license[] SEC("license") = "Dual MIT/GPL";
