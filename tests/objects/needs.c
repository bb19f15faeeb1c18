// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* What a kernel can lack, each asked for without a question (bare_…) and after one (asked_…), which loads everywhere. */
#include "bpf_min.h"

#define __core __attribute__((preserve_access_index))
#define __kconfig __attribute__((section(".kconfig")))
#define __ksym __attribute__((section(".ksyms")))
#define FIELD_EXISTS 2
#define OLDEST 0x40000

struct task_struct___needs {
	int pid, tgit;
} __core;

extern int LINUX_KERNEL_VERSION __kconfig;
extern int kfunc_that_is_not_there(int x) __ksym __weak;


/* Of XDP programs only. */
static long (*const bpf_xdp_adjust_head)(void *ctx, int delta) = (void *)44;

const volatile bool wanted = false;
int sink;

SEC("raw_tp/sys_enter")
int bare_field(void *ctx)
{
	struct task_struct___needs *task = (void *)bpf_get_current_task();

	return bpf_probe_read_kernel(&sink, sizeof(sink), &task->tgit);
}

SEC("raw_tp/sys_enter")
int asked_field(void *ctx)
{
	struct task_struct___needs *task = (void *)bpf_get_current_task();

	if (!__builtin_preserve_field_info(task->tgit, FIELD_EXISTS))
		return 0;
	return bpf_probe_read_kernel(&sink, sizeof(sink), &task->tgit);
}

SEC("socket")
int bare_helper(struct __sk_buff *skb)
{
	if (skb->len > 100)
		return bpf_xdp_adjust_head(skb, 4);
	return 0;
}

SEC("socket")
int asked_helper(struct __sk_buff *skb)
{
	if (LINUX_KERNEL_VERSION < OLDEST)
		return bpf_xdp_adjust_head(skb, 4);
	return 0;
}

SEC("socket")
int constant_helper(struct __sk_buff *skb)
{
	return wanted ? bpf_xdp_adjust_head(skb, 4) : 0;
}

static __noinline int adjusted(void *ctx, bool really)
{
	return really ? bpf_xdp_adjust_head(ctx, 4) : sink;
}

SEC("socket")
int argument_helper(struct __sk_buff *skb)
{
	return adjusted(skb, wanted);
}

SEC("tc")
int bare_kfunc(struct __sk_buff *skb)
{
	return kfunc_that_is_not_there(1);
}

SEC("tc")
int asked_kfunc(struct __sk_buff *skb)
{
	return kfunc_that_is_not_there ? kfunc_that_is_not_there(1) : 0;
}

SEC("tp_btf/sched_swich")
int misspelt_hook(void *ctx)
{
	return 0;
}

char _license[] SEC("license") = "Dual MIT/GPL";
