// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* What the kernel must supply: configuration, symbols, functions; weak ones may be missing. */
#include "bpf_min.h"

#define __kconfig __attribute__((section(".kconfig")))
#define __ksym __attribute__((section(".ksyms")))

enum libbpf_tristate { TRI_NO = 0, TRI_YES = 1, TRI_MODULE = 2 };

extern int LINUX_KERNEL_VERSION __kconfig;
extern bool LINUX_HAS_SYSCALL_WRAPPER __kconfig __weak;
extern int CONFIG_HZ __kconfig __weak;
extern enum libbpf_tristate CONFIG_BPF_SYSCALL __kconfig __weak;
extern char CONFIG_DEFAULT_HOSTNAME[16] __kconfig __weak;
extern bool CONFIG_THAT_IS_NOT_THERE __kconfig __weak;

extern const void init_task __ksym __weak;
extern const void symbol_that_is_not_there __ksym __weak;

extern void bpf_rcu_read_lock(void) __ksym __weak;
extern void bpf_rcu_read_unlock(void) __ksym __weak;
extern int kfunc_that_is_not_there(int x) __ksym __weak;

__u64 address;

SEC("tc")
int kconfig(struct __sk_buff *skb)
{
	if (CONFIG_THAT_IS_NOT_THERE)
		return -1;
	return LINUX_KERNEL_VERSION + CONFIG_HZ * 0 + CONFIG_BPF_SYSCALL * 0 + LINUX_HAS_SYSCALL_WRAPPER * 0 +
	       CONFIG_DEFAULT_HOSTNAME[0] * 0;
}

SEC("tc")
int ksyms(struct __sk_buff *skb)
{
	address = (__u64)&init_task;
	return &symbol_that_is_not_there ? 1 : 0;
}

SEC("tc")
int kfuncs(struct __sk_buff *skb)
{
	if (bpf_rcu_read_lock && bpf_rcu_read_unlock) {
		bpf_rcu_read_lock();
		bpf_rcu_read_unlock();
	}
	return kfunc_that_is_not_there ? kfunc_that_is_not_there(1) : 5;
}

char _license[] SEC("license") = "Dual MIT/GPL";
