// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* CO-RE: one relocation of each of the 13 kinds, against a few kernel types declared only as far as needed. */
#include "bpf_min.h"

#define __core __attribute__((preserve_access_index))

enum { FIELD_BYTE_OFFSET, FIELD_BYTE_SIZE, FIELD_EXISTS, FIELD_SIGNED, FIELD_LSHIFT_U64, FIELD_RSHIFT_U64 };
enum { TYPE_EXISTS, TYPE_SIZE, TYPE_MATCHES };
enum { TYPE_ID_LOCAL, TYPE_ID_TARGET };
enum { ENUM_VALUE_EXISTS, ENUM_VALUE };

struct mm_struct;

struct task_struct {
	int pid;
	int tgid;
	char comm[16];
	struct task_struct *group_leader;
	unsigned int in_execve : 1;
} __core;

/* Another shape of the same type: what follows the three underscores does not count. */
struct task_struct___older {
	long state;
	int member_that_never_was;
} __core;

struct type_that_never_was {
	int x;
} __core;

struct list_head {
	struct list_head *next, *prev;
} __core;

enum pid_type { PIDTYPE_PID = 100, PIDTYPE_SID = 200 };
enum pid_type___older { PIDTYPE_THAT_NEVER_WAS = 300 };

struct facts {
	__u32 tgid, leader_pid;
	char comm[16];
	__u64 offset, size, exists, is_signed, lshift, rshift, missing;
	__u64 type_exists, type_missing, type_size, type_matches, local_id, target_id;
	__u64 value, value_exists, value_missing;
} facts;

SEC("raw_tp/sys_enter")
int core(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct task_struct___older *older = (void *)task;
	struct task_struct *leader;

	bpf_probe_read_kernel(&facts.tgid, sizeof(facts.tgid), &task->tgid);
	bpf_probe_read_kernel(&facts.comm, sizeof(facts.comm), &task->comm);
	bpf_probe_read_kernel(&leader, sizeof(leader), &task->group_leader);
	bpf_probe_read_kernel(&facts.leader_pid, sizeof(facts.leader_pid), &leader->pid);

	facts.offset = __builtin_preserve_field_info(task->comm, FIELD_BYTE_OFFSET);
	facts.size = __builtin_preserve_field_info(task->comm, FIELD_BYTE_SIZE);
	facts.exists = __builtin_preserve_field_info(task->pid, FIELD_EXISTS);
	facts.is_signed = __builtin_preserve_field_info(task->pid, FIELD_SIGNED);
	facts.lshift = __builtin_preserve_field_info(task->in_execve, FIELD_LSHIFT_U64);
	facts.rshift = __builtin_preserve_field_info(task->in_execve, FIELD_RSHIFT_U64);
	facts.missing = __builtin_preserve_field_info(older->member_that_never_was, FIELD_EXISTS);

	facts.type_exists = __builtin_preserve_type_info(*(struct task_struct *)0, TYPE_EXISTS);
	facts.type_missing = __builtin_preserve_type_info(*(struct type_that_never_was *)0, TYPE_EXISTS);
	facts.type_size = __builtin_preserve_type_info(*(struct list_head *)0, TYPE_SIZE);
	facts.type_matches = __builtin_preserve_type_info(*(struct list_head *)0, TYPE_MATCHES);
	facts.local_id = __builtin_btf_type_id(*(struct task_struct *)0, TYPE_ID_LOCAL);
	facts.target_id = __builtin_btf_type_id(*(struct task_struct *)0, TYPE_ID_TARGET);

	facts.value = __builtin_preserve_enum_value(*(enum pid_type *)PIDTYPE_SID, ENUM_VALUE);
	facts.value_exists = __builtin_preserve_enum_value(*(enum pid_type *)PIDTYPE_PID, ENUM_VALUE_EXISTS);
	facts.value_missing = __builtin_preserve_enum_value(*(enum pid_type___older *)PIDTYPE_THAT_NEVER_WAS,
							    ENUM_VALUE_EXISTS);
	return 0;
}

char _license[] SEC("license") = "Dual MIT/GPL";
