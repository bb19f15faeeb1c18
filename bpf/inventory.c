// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/*
 * Who holds what, and what else no system call tells, or none in time: iterators that bpftui walks for its inventory of
 * the machine (core/system/owners.py).
 *
 * `held` writes a row for each open file that is a BPF object, a perf event, or a socket that bears a program. Files are
 * told apart by the function that releases them. Where that is, it learns from the reader, who has one of each kind
 * open at first: symbols would have to be looked up in /proc/kallsyms, which takes the kernel 150 ms and CAP_SYSLOG.
 * `tasks` writes a row for each task: the namespaces that it is in.
 * `counts` writes a row for each program: what it has done, and how many maps it uses. It takes four system calls to be
 * told so of one program, of which two make and close a descriptor.
 * `maps` writes a row for each map: whether it is frozen, and of hashes and tries of prefixes how many entries they have,
 * where the kernel knows it. Of most maps nothing else changes.
 * `netfilters` writes a row for each link to a hook of netfilter: the network namespace that it is in.
 *
 * Numbers of processes are those of the reader's pid namespace, as in its /proc.
 */
#include "bpf_min.h"

static long (*const bpf_seq_write)(void *seq, const void *data, __u32 size) = (void *)127;
static void *(*const bpf_get_current_task_btf)(void) = (void *)158;
static void *(*const bpf_map_lookup_percpu_elem)(void *map, const void *key, __u32 cpu) = (void *)195;

#define KERNEL __attribute__((preserve_access_index))

struct ns_common {
	unsigned int inum;
} KERNEL;

struct net {
	struct ns_common ns;
} KERNEL;

struct mnt_namespace {
	struct ns_common ns;
} KERNEL;

struct pid_namespace {
	struct ns_common ns;
} KERNEL;

struct nsproxy {
	struct mnt_namespace *mnt_ns;
	struct net *net_ns;
} KERNEL;

struct upid {
	int nr;
	struct pid_namespace *ns;
} KERNEL;

struct pid {
	unsigned int level;
	struct upid numbers[1];
} KERNEL;

struct task_struct {
	int pid;
	int tgid;
	struct task_struct *group_leader;
	struct pid *thread_pid;
	struct nsproxy *nsproxy;
	char comm[16];
} KERNEL;

struct inode;
struct file;

struct file_operations {
	int (*release)(struct inode *, struct file *);
} KERNEL;

struct file {
	const struct file_operations *f_op;
	void *private_data;
} KERNEL;

struct bpf_prog_aux {
	__u32 id;
	__u32 used_map_cnt;
} KERNEL;

typedef struct {
	__u64 value;
} u64_stats_t;

struct bpf_prog_stats {
	u64_stats_t cnt;
	u64_stats_t nsecs;
	u64_stats_t misses;
} KERNEL;

struct bpf_prog {
	struct bpf_prog_stats *stats; /* __percpu */
	struct bpf_prog_aux *aux;
} KERNEL;

struct bpf_array {
	void *pptrs[1]; /* __percpu */
} KERNEL;

struct bpf_map {
	enum bpf_map_type map_type;
	__u32 id;
	_Bool frozen;
	__s64 *elem_count; /* __percpu; of hashes (Linux 6.6) */
} KERNEL;

struct lpm_trie {
	__u64 n_entries;
} KERNEL;

enum bpf_link_type {
	BPF_LINK_TYPE_NETFILTER = 10,
};

struct bpf_link {
	__u32 id;
	enum bpf_link_type type;
} KERNEL;

struct bpf_nf_link {
	struct net *net;
	__u32 dead;
} KERNEL;

struct btf {
	__u32 id;
} KERNEL;

struct sk_filter {
	struct bpf_prog *prog;
} KERNEL;

struct sock_reuseport {
	struct bpf_prog *prog;
} KERNEL;

struct sock {
	struct sk_filter *sk_filter;
	struct sock_reuseport *sk_reuseport_cb;
} KERNEL;

struct socket {
	struct sock *sk;
} KERNEL;

struct bpf_iter_meta {
	struct seq_file *seq;
	__u64 session_id;
	__u64 seq_num;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	__u64 fd;
	struct file *file;
};

struct bpf_iter__bpf_prog {
	struct bpf_iter_meta *meta;
	struct bpf_prog *prog;
};

struct bpf_iter__bpf_map {
	struct bpf_iter_meta *meta;
	struct bpf_map *map;
};

struct bpf_iter__bpf_link {
	struct bpf_iter_meta *meta;
	struct bpf_link *link;
};

enum kind {
	KIND_PROG = 1,
	KIND_MAP,
	KIND_LINK,
	KIND_BTF,
	KIND_PERF,
	KIND_SOCKET,
	KINDS,
};

/* The process to learn from, and which of its files is of which kind; nothing is learnt from process 0. */
__u32 sample_pid = 0;
__s32 samples[KINDS] = {};
/* What was learnt: the function that releases a file of each kind; 0 where there was none to learn it from. */
__u64 releases[KINDS] = {};

struct held {
	__u32 pid;
	__u32 fd;
	__u32 kind;
	__u32 id; /* of the object; of the socket's program; 0 for perf events */
	char comm[16];
};

struct task {
	__u32 pid;
	__u32 tid;
	__u32 net; /* inodes of the namespaces */
	__u32 mnt;
	__u32 pid_ns;
	__u32 inner; /* the process's number in its own pid namespace */
	char comm[16];
};

/* A field of a structure that no type tells the verifier of: read so, a pointer that leads nowhere gives 0. */
#define READ(from, field)                                                                                    \
	({                                                                                                   \
		__typeof__((from)->field) value = {};                                                        \
		bpf_probe_read_kernel(&value, sizeof(value), __builtin_preserve_access_index(&(from)->field)); \
		value;                                                                                       \
	})

/* The id of a program; 0 where there is none, and of a classic one. */
static __always_inline __u32 program_id(struct bpf_prog *program)
{
	struct bpf_prog_aux *aux = READ(program, aux);

	return READ(aux, id);
}

/* The id of what filters a socket's packets, or chooses among the sockets of a port. */
static __always_inline __u32 socket_program(struct socket *socket)
{
	struct sock *sock = READ(socket, sk);
	struct sk_filter *filter = READ(sock, sk_filter);
	struct sock_reuseport *group = READ(sock, sk_reuseport_cb);
	struct bpf_prog *program = READ(filter, prog);
	__u32 id = program_id(program);

	if (id)
		return id;
	program = READ(group, prog);
	return program_id(program);
}

/* The number that a task has at a level of pid namespaces; 0 where it is not in it. */
static __always_inline struct upid number_at(struct task_struct *task, unsigned int level)
{
	struct upid found = {};
	struct pid *pid = task->thread_pid;
	__u32 offset = __builtin_preserve_field_info(pid->numbers, 0 /* BPF_FIELD_BYTE_OFFSET */);

	if (!pid || level > pid->level)
		return found;
	bpf_probe_read_kernel(&found, sizeof(found), (void *)pid + offset + level * sizeof(found));
	return found;
}

static __always_inline unsigned int reader_level(void)
{
	struct task_struct *reader = bpf_get_current_task_btf();

	return reader->thread_pid->level;
}

SEC("iter/task_file")
int held(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct held row = {};

	if (!task || !file)
		return 0;

	__u64 release = (__u64)file->f_op->release;
	void *data = file->private_data;

	if (!release)
		return 0;
	row.pid = number_at(task->group_leader, reader_level()).nr;
	if (sample_pid && row.pid == sample_pid) {
		for (int kind = KIND_PROG; kind < KINDS; kind++)
			if (samples[kind] == (__s32)ctx->fd)
				releases[kind] = release;
		return 0;
	}
	if (release == releases[KIND_PROG]) {
		row.kind = KIND_PROG;
		row.id = program_id(data);
	} else if (release == releases[KIND_MAP]) {
		row.kind = KIND_MAP;
		row.id = READ((struct bpf_map *)data, id);
	} else if (release == releases[KIND_LINK]) {
		row.kind = KIND_LINK;
		row.id = READ((struct bpf_link *)data, id);
	} else if (release == releases[KIND_BTF]) {
		row.kind = KIND_BTF;
		row.id = READ((struct btf *)data, id);
	} else if (release == releases[KIND_PERF]) {
		row.kind = KIND_PERF;
	} else if (release == releases[KIND_SOCKET]) {
		row.kind = KIND_SOCKET;
		row.id = socket_program(data);
		if (!row.id)
			return 0;
	} else {
		return 0;
	}
	row.fd = ctx->fd;
	bpf_probe_read_kernel(row.comm, sizeof(row.comm), task->group_leader->comm);
	bpf_seq_write(ctx->meta->seq, &row, sizeof(row));
	return 0;
}

SEC("iter/task")
int tasks(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct task row = {};

	if (!task)
		return 0;

	struct nsproxy *namespaces = task->nsproxy;
	struct task_struct *leader = task->group_leader;
	unsigned int level = reader_level();
	struct upid inner = number_at(leader, leader->thread_pid->level);

	row.pid = number_at(leader, level).nr;
	row.tid = number_at(task, level).nr;
	if (namespaces) {
		row.net = namespaces->net_ns->ns.inum;
		row.mnt = namespaces->mnt_ns->ns.inum;
	}
	row.pid_ns = READ(inner.ns, ns.inum);
	row.inner = inner.nr;
	bpf_probe_read_kernel(row.comm, sizeof(row.comm), leader->comm);
	bpf_seq_write(ctx->meta->seq, &row, sizeof(row));
	return 0;
}

#define MOST_CPUS 1024

/* One more than the highest number of a CPU, and which of those below it there are: set before it is loaded. What the
 * kernel has as the memory of others leads anywhere. */
const volatile __u32 cpus = 1;
const volatile __u8 possible[MOST_CPUS] = {1};
/* How far the memory of each CPU is from what the kernel's pointers to it (__percpu) say (0 where there is but one CPU),
 * and of which that is known. */
__u64 offsets[MOST_CPUS] = {};
__u8 known[MOST_CPUS] = {};
/* A pointer becomes a number here, which the verifier lets one calculate with. */
volatile __u64 number;

/* Of this, the kernel's pointer is known as well as where it leads on each CPU. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} sample SEC(".maps");

struct counts {
	__u32 id;
	__u32 maps;
	__u64 runs;
	__u64 nanoseconds;
	__u64 misses;
};

static __always_inline void learn_offsets(void)
{
	__u32 key = 0;

	number = (__u64)&sample;

	__u64 base = (__u64)READ((struct bpf_array *)number, pptrs[0]);

	for (__u32 cpu = 0; cpu < cpus && cpu < MOST_CPUS; cpu++) {
		if (!possible[cpu])
			continue;
		number = (__u64)bpf_map_lookup_percpu_elem(&sample, &key, cpu);
		known[cpu] = number != 0;
		offsets[cpu] = number - base;
	}
}

SEC("iter/bpf_prog")
int counts(struct bpf_iter__bpf_prog *ctx)
{
	struct bpf_prog *program = ctx->prog;
	struct counts row = {};

	if (!program)
		return 0;
	if (!ctx->meta->seq_num)
		learn_offsets();

	struct bpf_prog_aux *aux = READ(program, aux);

	row.id = READ(aux, id);
	row.maps = READ(aux, used_map_cnt);

	__u64 stats = (__u64)READ(program, stats);

	for (__u32 cpu = 0; cpu < cpus && cpu < MOST_CPUS; cpu++) {
		struct bpf_prog_stats *own = (void *)(stats + offsets[cpu]);

		if (!stats || !known[cpu])
			continue;
		row.runs += READ(own, cnt).value;
		row.nanoseconds += READ(own, nsecs).value;
		row.misses += READ(own, misses).value;
	}
	bpf_seq_write(ctx->meta->seq, &row, sizeof(row));
	return 0;
}

/* Linux 6.6: before, the kernel does not keep count of hashes. */
extern __s64 bpf_map_sum_elem_count(const struct bpf_map *map) __weak __attribute__((section(".ksyms")));

struct map {
	__u32 id;
	__u16 frozen;
	__u16 counted; /* whether the kernel knows how many entries it has */
	__u64 entries;
};

SEC("iter/bpf_map")
int maps(struct bpf_iter__bpf_map *ctx)
{
	struct bpf_map *map = ctx->map;
	struct map row = {};

	if (!map)
		return 0;
	row.id = map->id;
	row.frozen = map->frozen;
	if (map->map_type == BPF_MAP_TYPE_LPM_TRIE) {
		row.counted = 1;
		row.entries = READ((struct lpm_trie *)map, n_entries);
	} else if (__builtin_preserve_field_info(map->elem_count, 2 /* BPF_FIELD_EXISTS */) && bpf_map_sum_elem_count &&
		   map->elem_count) {
		row.counted = 1;
		row.entries = bpf_map_sum_elem_count(map);
	}
	bpf_seq_write(ctx->meta->seq, &row, sizeof(row));
	return 0;
}

SEC("iter/bpf_link")
int netfilters(struct bpf_iter__bpf_link *ctx)
{
	struct bpf_link *link = ctx->link;
	struct {
		__u32 id;
		__u32 net; /* 0 where it was detached */
	} row = {};

	if (!link || link->type != BPF_LINK_TYPE_NETFILTER)
		return 0;

	struct bpf_nf_link *whole = (void *)link; /* which begins with it */
	struct net *net = READ(whole, net);

	row.id = link->id;
	if (!READ(whole, dead))
		row.net = READ(net, ns.inum);
	bpf_seq_write(ctx->meta->seq, &row, sizeof(row));
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
