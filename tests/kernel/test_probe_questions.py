"""Single questions: what this kernel can do, and what is no answer."""

from __future__ import annotations

import os

import pytest

from bpftui.core.errors import NoPermissionError, UnknownNameError, UsageError
from bpftui.core.kernel import probe
from bpftui.core.kernel.sys import probes
from bpftui.core.spec import AttachType, MapType, ProgramType

pytestmark = pytest.mark.kernel


def test_what_every_kernel_has() -> None:
    before = len(os.listdir("/proc/self/fd"))
    assert probe.map_type(MapType.HASH)
    assert probe.map_type(MapType.ARRAY_OF_MAPS)
    assert probe.program_type(ProgramType.XDP)
    assert probe.instruction("v2: jumps if less")
    assert probe.link_type("cgroup")
    assert len(os.listdir("/proc/self/fd")) == before


def test_helpers_by_type_and_hook() -> None:
    assert probe.helper(ProgramType.XDP, "bpf_redirect_map")
    assert not probe.helper(ProgramType.XDP, "bpf_skb_load_bytes")
    connect, sendmsg = AttachType.CGROUP_INET4_CONNECT, AttachType.CGROUP_UDP4_SENDMSG
    assert probe.helper(ProgramType.CGROUP_SOCK_ADDR, "bpf_bind", attach_type=connect)
    assert not probe.helper(ProgramType.CGROUP_SOCK_ADDR, "bpf_bind", attach_type=sendmsg)


def test_what_is_not_there_is_false(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "try_map", lambda _: 22)  # EINVAL
    assert not probe.map_type(MapType.ARENA)


def test_a_refusal_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "try_program", lambda _: 1)  # EPERM
    with pytest.raises(NoPermissionError, match=r"cannot load programs of type lsm: .*\(EPERM\)") as raised:
        probe.program_type(ProgramType.LSM)
    assert raised.value.hint


def test_what_cannot_be_told_says_why() -> None:
    with pytest.raises(UsageError, match="what the program that it replaces may call"):
        probe.helper(ProgramType.EXT, "bpf_redirect_map")
    with pytest.raises(UsageError, match="the kernel writes each trial to its log"):
        probe.helper(ProgramType.XDP, "bpf_trace_printk")


def test_unknown_names_name_the_nearest() -> None:
    with pytest.raises(UnknownNameError) as raised:
        probe.helper(ProgramType.XDP, "bpf_redirect_mop")
    assert raised.value.hint == "did you mean 'bpf_redirect_map'?"
    with pytest.raises(UnknownNameError):
        probe.instruction("v9")
    with pytest.raises(UnknownNameError):
        probe.link_type("xpd")
