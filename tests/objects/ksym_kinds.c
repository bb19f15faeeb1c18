// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* .ksyms of every kind: variables with a type and without, functions, each strong and weak; one function is not there. */
#include "bpf_min.h"

#define __ksym __attribute__((section(".ksyms")))

struct rq;

extern const struct rq runqueues __ksym;
extern const int bpf_prog_active __ksym __weak;
extern const void init_task __ksym;
extern const void no_such_symbol __ksym __weak;

extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym __weak;
extern __u64 no_such_kfunc(const struct rq *rq, int cpu) __ksym __weak;

__u64 addresses[4];

SEC("tc")
int variables(struct __sk_buff *skb)
{
	addresses[0] = (__u64)&runqueues;
	addresses[1] = (__u64)&bpf_prog_active;
	addresses[2] = (__u64)&init_task;
	addresses[3] = (__u64)&no_such_symbol;
	return 0;
}

SEC("tc")
int functions(struct __sk_buff *skb)
{
	bpf_rcu_read_lock();
	bpf_rcu_read_unlock();
	return no_such_kfunc ? (int)no_such_kfunc(&runqueues, 0) : 0;
}

char _license[] SEC("license") = "GPL";
