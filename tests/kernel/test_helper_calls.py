"""Which helpers a program type may call, as the running kernel says."""

from __future__ import annotations

import json
import os

import pytest

from bpftui.core.kernel.probe.helpers import probe_helpers
from bpftui.core.spec import AttachType, ProgramType
from tests.tui.commands.command_line import bpftui

pytestmark = pytest.mark.kernel


def test_what_a_type_may_call_and_what_not():
    before = os.listdir("/proc/self/fd")
    xdp, filter_, kprobe = map(probe_helpers, (ProgramType.XDP, ProgramType.SOCKET_FILTER, ProgramType.KPROBE))
    assert len(os.listdir("/proc/self/fd")) == len(before)
    assert {"bpf_map_lookup_elem", "bpf_xdp_adjust_head", "bpf_redirect_map", "bpf_fib_lookup"} <= set(xdp.usable)
    assert {"bpf_probe_read", "bpf_skb_store_bytes"} <= set(xdp.missing)
    assert {"bpf_skb_load_bytes", "bpf_get_socket_cookie"} <= set(filter_.usable)
    assert {"bpf_xdp_adjust_head", "bpf_skb_store_bytes"} <= set(filter_.missing)
    assert {"bpf_probe_read_kernel", "bpf_get_stackid"} <= set(kprobe.usable)
    assert xdp.untold == ["bpf_trace_printk", "bpf_probe_write_user", "bpf_trace_vprintk"]
    assert (len(xdp.usable) + len(xdp.missing), xdp.problem) == (208, "")


def test_the_hook_counts():
    connect = probe_helpers(ProgramType.CGROUP_SOCK_ADDR, AttachType.CGROUP_INET4_CONNECT)
    sendmsg = probe_helpers(ProgramType.CGROUP_SOCK_ADDR, AttachType.CGROUP_UDP4_SENDMSG)
    assert "bpf_bind" in connect.usable
    assert "bpf_bind" in sendmsg.missing


def test_a_type_that_cannot_be_tried_says_why():
    report = probe_helpers(ProgramType.EXT)
    assert (report.usable, report.missing, len(report.untold)) == ([], [], 211)
    assert report.problem == "it may call what the program that it replaces may call"


def test_the_command_takes_a_type_a_section_and_nothing():
    told = json.loads(bpftui("doctor", "--helpers", "cgroup/sendmsg4", "--json").out)
    assert told["schema"] == "bpftui/helpers/1"
    (program,) = told["programs"]
    assert (program["program_type"], program["attach_type"]) == ("cgroup_sock_addr", "cgroup_udp4_sendmsg")
    everything = bpftui("doctor", "--helpers").out
    assert "\nxdp: 1" in everything
    assert "ext: it may call what" in everything
    wrong = bpftui("doctor", "--helpers", "xpd")
    assert (wrong.code, wrong.out) == (2, "")
    assert "did you mean 'xdp'?" in wrong.err
