// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Section names: of many program types, with targets, one that is not loaded by itself, one that nobody knows. */
#include "bpf_min.h"

#define PROGRAM(name, section) \
	SEC(section) int name(void *ctx) { return 0; }

PROGRAM(on_request, "?xdp")
PROGRAM(unheard_of, "xpd")
PROGRAM(house_section, "acme/filter")
PROGRAM(xdp_frags, "xdp.frags")
PROGRAM(xdp_cpumap, "xdp/cpumap")
PROGRAM(socket_filter, "socket")
PROGRAM(tc_ingress, "tcx/ingress")
PROGRAM(tc_classifier, "tc")
PROGRAM(tc_action, "action")
PROGRAM(cgroup_egress, "cgroup_skb/egress")
PROGRAM(cgroup_connect4, "cgroup/connect4")
PROGRAM(cgroup_sysctl, "cgroup/sysctl")
PROGRAM(cgroup_device, "cgroup/dev")
PROGRAM(socket_ops, "sockops")
PROGRAM(kprobe_open, "kprobe/do_sys_openat2")
PROGRAM(kretprobe_open, "kretprobe/do_sys_openat2")
PROGRAM(kprobe_multi, "kprobe.multi/tcp_*")
PROGRAM(uprobe_malloc, "uprobe//usr/lib/libc.so.6:malloc")
PROGRAM(tracepoint, "tracepoint/sched/sched_switch")
PROGRAM(raw_tracepoint, "raw_tp/sys_enter")
PROGRAM(perf_sample, "perf_event")
PROGRAM(fentry_open, "fentry/do_sys_openat2")
PROGRAM(fexit_sleepable, "fexit.s/do_sys_openat2")
PROGRAM(lsm_open, "lsm/file_open")
PROGRAM(iter_task, "iter/task")
PROGRAM(lookup, "sk_lookup")
PROGRAM(verdict, "sk_msg")
PROGRAM(flow, "flow_dissector")
PROGRAM(netfilter_hook, "netfilter")
PROGRAM(from_syscall, "syscall")

char _license[] SEC("license") = "Dual MIT/GPL";
