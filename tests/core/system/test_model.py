"""Where programs run, in the words of a cell: what tells most comes first, for the end may be cut."""

from __future__ import annotations

import pytest

from bpftui.core.system.model import Attachment


@pytest.mark.parametrize(
    ("attachment", "program_type", "text"),
    [
        (Attachment(1, "xdp", "eth1", detail="native"), "xdp", "eth1"),
        (Attachment(1, "xdp", "v0 in net:[4026532178]"), "xdp", "v0, net:[4026532178]"),
        (Attachment(1, "tcx_ingress", "v0 in blue", 2), "sched_cls", "v0 tcx in 2, blue"),
        (Attachment(1, "clsact_egress", "eth1", 1), "sched_cls", "eth1 clsact out 1"),
        (Attachment(1, "cgroup_inet_egress", "/system.slice", 1), "cgroup_skb", "/system.slice"),
        (Attachment(1, "netfilter", "ipv4 input priority -9 in blue", 1), "netfilter", "ipv4 input priority -9, blue"),
        (Attachment(1, "uprobe", "/usr/lib/libc.so.6+0x9f", detail="malloc"), "kprobe", "uprobe malloc libc.so.6+0x9f"),
        (Attachment(1, "uretprobe", "/opt/app+0x2d"), "kprobe", "uretprobe app+0x2d"),
        (Attachment(1, "fentry", "execve"), "tracing", "fentry execve"),
        (Attachment(1, "tracepoint", "sys_enter_getpgid"), "tracepoint", "sys_enter_getpgid"),
    ],
)
def test_where_a_program_runs(attachment: Attachment, program_type: str, text: str) -> None:
    assert attachment.place(program_type) == text
    assert attachment.place(program_type, whole=False) == text.partition(", ")[0]
