"""Single questions: what this kernel can do, and what is no answer."""

from __future__ import annotations

import os
import platform
import re

import pytest

from bpftui.core.errors import NoPermissionError, UnknownNameError, UsageError
from bpftui.core.kernel import probe
from bpftui.core.kernel.loading.hook import Hook
from bpftui.core.kernel.probe import helpers, leniency, trials
from bpftui.core.kernel.sys import probes
from bpftui.core.spec import AttachType, MapType, ProgramFlag, ProgramType

pytestmark = pytest.mark.kernel
_RELEASE = tuple(map(int, re.findall(r"\d+", platform.release())[:2]))


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


@pytest.mark.skipif(_RELEASE < (6, 1), reason="Linux 6.1 has user ring buffers")
def test_a_user_ring_buffer() -> None:
    assert probe.map_type(MapType.USER_RINGBUF)


@pytest.mark.vmlinux
def test_what_a_trial_of_a_tied_type_is_tied_to() -> None:
    attach, target, reason = helpers._tied(ProgramType.LSM, None)
    assert (attach, target > 0, reason) == (AttachType.LSM_MAC, True, "")
    assert helpers._tied(ProgramType.XDP, None)[1:] == (0, "")


def test_a_helper_that_lockdown_keeps_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leniency, "lockdown", lambda: "confidentiality")
    log = (
        "0: (85) call bpf_probe_read_kernel#113\n"
        "program of this type cannot use helper bpf_probe_read_kernel#113\n"
        "processed 1 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0\n"
    )
    found = trials.complaint(trials.Tied(ProgramType.KPROBE, Hook(0, 0), ProgramFlag(0), "GPL"), log)
    assert found is not None
    assert found[0] == (
        "the kernel is locked down (confidentiality), so that programs may not read the kernel's memory: "
        "bpf_probe_read_kernel() is not to be had"
    )
