/*
 * Attaches programs as others do, with libbpf and by system calls of its own: what the inventory has to find.
 *
 * attacher ATTACHED.o COUNT.o CGROUP BPFFS UPROBE OFFSET, in network and mount namespaces of its own with a veth pair v0
 * and v1; UPROBE is the type of those events, OFFSET where target() is in the file. It prints a line for each thing (the
 * hook, the ids of program and link), then "ready", and holds all of it until its standard input ends.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int quiet(enum libbpf_print_level level, const char *text, va_list arguments)
{
	return level == LIBBPF_WARN ? vfprintf(stderr, text, arguments) : 0;
}

static void check(int result, const char *what)
{
	if (result < 0) {
		fprintf(stderr, "%s: %s\n", what, strerror(errno));
		exit(1);
	}
}

static int program_id(int fd)
{
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);

	check(bpf_obj_get_info_by_fd(fd, &info, &size), "info");
	return info.id;
}

static int link_id(int fd)
{
	struct bpf_link_info info = {};
	__u32 size = sizeof(info);

	check(bpf_obj_get_info_by_fd(fd, &info, &size), "link info");
	return info.id;
}

static struct bpf_object *opened;

static int fd_of(const char *name)
{
	return bpf_program__fd(bpf_object__find_program_by_name(opened, name));
}

static void told(const char *what, int program, int link)
{
	printf("%s %d %d\n", what, program_id(program), link < 0 ? 0 : link_id(link));
}

static void told_link(const char *what, const char *program, struct bpf_link *link)
{
	check(link ? 0 : -1, what);
	told(what, fd_of(program), bpf_link__fd(link));
}

/* BPF_LINK_CREATE with what libbpf does not know yet. */
static void link_to(const char *what, int program, unsigned int target, unsigned int hook, unsigned int flags,
		    const void *more, int size)
{
	union {
		unsigned int words[16];
		char bytes[64];
	} attr = { .words = { program, target, hook, flags } };

	memcpy(attr.bytes + 16, more, size);
	int fd = syscall(SYS_bpf, 28, &attr, sizeof(attr));

	check(fd, what);
	told(what, program, fd);
}

static const struct {
	const char *name;
	enum bpf_prog_type type;
	int hook;
} USED[] = {
	{ "on_tc", BPF_PROG_TYPE_SCHED_CLS, 0 },
	{ "on_tcx", BPF_PROG_TYPE_SCHED_CLS, 0 },
	{ "on_filter", BPF_PROG_TYPE_SOCKET_FILTER, 0 },
	{ "on_cgroup", BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_EGRESS },
	{ "on_connect4", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_CONNECT },
	{ "on_lookup", BPF_PROG_TYPE_SK_LOOKUP, BPF_SK_LOOKUP },
	{ "on_netfilter", 32 /* netfilter */, 45 },
	{ "on_tracepoint", BPF_PROG_TYPE_TRACEPOINT, 0 },
	{ "on_raw", BPF_PROG_TYPE_RAW_TRACEPOINT, 0 },
	{ "on_event", BPF_PROG_TYPE_PERF_EVENT, 0 },
	{ "on_uprobe", BPF_PROG_TYPE_KPROBE, 0 },
	{ "on_uretprobe", BPF_PROG_TYPE_KPROBE, 0 },
	{ "on_verdict", BPF_PROG_TYPE_SK_SKB, BPF_SK_SKB_VERDICT },
	{ "on_message", BPF_PROG_TYPE_SK_MSG, BPF_SK_MSG_VERDICT },
};

int target(void)
{
	return 7;
}

int main(int count, char **arguments)
{
	struct bpf_program *program;
	char path[4096];

	if (count < 7)
		return 2;
	libbpf_set_print(quiet);
	opened = bpf_object__open_file(arguments[1], NULL);
	check(opened ? 0 : -1, "open");
	bpf_object__for_each_program(program, opened)
	{
		bpf_program__set_autoload(program, false);
		for (unsigned int i = 0; i < sizeof(USED) / sizeof(*USED); i++)
			if (!strcmp(bpf_program__name(program), USED[i].name)) {
				bpf_program__set_autoload(program, true);
				bpf_program__set_type(program, USED[i].type);
				bpf_program__set_expected_attach_type(program, USED[i].hook);
			}
	}
	check(bpf_object__load(opened), "load");

	struct bpf_object *counting = bpf_object__open_file(arguments[2], NULL);

	check(counting ? bpf_object__load(counting) : -1, "load of the other one");
	int xdp = bpf_program__fd(bpf_object__next_program(counting, NULL));
	int v0 = if_nametoindex("v0"), v1 = if_nametoindex("v1"), group = open(arguments[3], O_RDONLY);
	int sockets = bpf_object__find_map_fd_by_name(opened, "sockets");
	const unsigned int none[12] = {}, filter[4] = { 2 /* NFPROTO_IPV4 */, 1 /* input */, (unsigned int)-7, 0 },
			   sooner[4] = { 2, 1, (unsigned int)-9, 0 };

	link_to("xdp", xdp, v1, 37, 2 /* generic */, none, 0);
	link_to("tcx_ingress", fd_of("on_tc"), v0, 46, 0, none, 0);
	link_to("tcx_ingress", fd_of("on_tcx"), v0, 46, 0, none, 0);
	link_to("tcx_egress", fd_of("on_tcx"), v0, 47, 0, none, 0);
	link_to("netfilter", fd_of("on_netfilter"), 0, 45, 0, filter, sizeof(filter));
	link_to("netfilter", fd_of("on_netfilter"), 0, 45, 0, sooner, sizeof(sooner));
	link_to("sk_skb_verdict", fd_of("on_verdict"), sockets, 38, 0, none, 0);

	program = bpf_object__find_program_by_name(opened, "on_cgroup");
	told_link("cgroup_inet_egress", "on_cgroup", bpf_program__attach_cgroup(program, group));
	program = bpf_object__find_program_by_name(opened, "on_lookup");
	told_link("sk_lookup", "on_lookup", bpf_program__attach_netns(program, open("/proc/self/ns/net", O_RDONLY)));
	program = bpf_object__find_program_by_name(opened, "on_raw");
	told_link("raw_tracepoint", "on_raw", bpf_program__attach_raw_tracepoint(program, "sched_process_fork"));
	program = bpf_object__find_program_by_name(opened, "on_tracepoint");
	told_link("tracepoint", "on_tracepoint",
		  bpf_program__attach_tracepoint(program, "syscalls", "sys_enter_getpgid"));
	program = bpf_object__find_program_by_name(opened, "on_uprobe");
	told_link("uprobe", "on_uprobe", bpf_program__attach_uprobe(program, false, -1, arguments[0], atol(arguments[6])));

	struct perf_event_attr clock = { .type = PERF_TYPE_SOFTWARE, .size = sizeof(clock), .config = PERF_COUNT_SW_CPU_CLOCK,
					 .sample_period = 1000000000 };
	int event = syscall(SYS_perf_event_open, &clock, 0, -1, -1, 0);

	check(event, "perf event");
	program = bpf_object__find_program_by_name(opened, "on_event");
	told_link("perf_event", "on_event", bpf_program__attach_perf_event(program, event));

	/* Without links. */
	check(bpf_prog_attach(fd_of("on_connect4"), group, BPF_CGROUP_INET4_CONNECT, BPF_F_ALLOW_MULTI), "cgroup");
	told("cgroup_inet4_connect", fd_of("on_connect4"), -1);
	check(bpf_prog_attach(fd_of("on_message"), sockets, BPF_SK_MSG_VERDICT, 0), "sockmap");
	told("sk_msg_verdict", fd_of("on_message"), -1);

	int listener = socket(AF_UNIX, SOCK_DGRAM, 0), filtering = fd_of("on_filter");

	check(setsockopt(listener, SOL_SOCKET, SO_ATTACH_BPF, &filtering, sizeof(filtering)), "socket");
	told("socket", filtering, -1);

	struct perf_event_attr probe = { .type = atoi(arguments[5]), .size = sizeof(probe), .config = 1 };

	probe.uprobe_path = (unsigned long)arguments[0];
	probe.probe_offset = atol(arguments[6]);
	event = syscall(SYS_perf_event_open, &probe, -1, 0, -1, 0);
	check(event, "uretprobe");
	check(ioctl(event, PERF_EVENT_IOC_SET_BPF, fd_of("on_uretprobe")), "set bpf");
	told("uretprobe", fd_of("on_uretprobe"), -1);

	snprintf(path, sizeof(path), "%s/classifier", arguments[4]);
	check(bpf_obj_pin(fd_of("on_tc"), path), "pin");
	snprintf(path, sizeof(path), "%s/sockets", arguments[4]);
	check(bpf_obj_pin(sockets, path), "pin of a map");
	puts("ready");
	fflush(stdout);
	while (getchar() != EOF)
		;
	bpf_prog_detach2(fd_of("on_connect4"), group, BPF_CGROUP_INET4_CONNECT);
	return 0;
}
