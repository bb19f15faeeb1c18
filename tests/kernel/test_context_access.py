"""What of their contexts programs may access: the table against the verifier, access by access."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from bpftui.core.asm import Instruction
from bpftui.core.context.access import bad_context_access
from bpftui.core.context.fields import context_size
from bpftui.core.errors import BpftuiError, LoadError
from bpftui.core.kernel import KernelRuntime
from bpftui.core.spec import AttachType, CollectionSpec, LinkedCode, ProgramSpec, ProgramType

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.kernel

T, A = ProgramType, AttachType
STEP = int(os.environ.get("BPFTUI_EVERY", "5"))
"""Every so many accesses are tried: all of them take minutes."""
HOOKS: list[tuple[ProgramType, AttachType | None]] = [
    (T.XDP, A.XDP),
    (T.SOCKET_FILTER, None),
    (T.SCHED_CLS, None),
    (T.SCHED_ACT, None),
    (T.CGROUP_SKB, A.CGROUP_INET_INGRESS),
    (T.LWT_IN, None),
    (T.LWT_XMIT, None),
    (T.LWT_SEG6LOCAL, None),
    (T.SK_SKB, A.SK_SKB_STREAM_VERDICT),
    (T.FLOW_DISSECTOR, A.FLOW_DISSECTOR),
    (T.CGROUP_SOCK, A.CGROUP_INET_SOCK_CREATE),
    (T.CGROUP_SOCK, A.CGROUP_INET4_POST_BIND),
    (T.CGROUP_SOCK, A.CGROUP_INET6_POST_BIND),
    (T.CGROUP_SOCK_ADDR, A.CGROUP_INET4_CONNECT),
    (T.CGROUP_SOCK_ADDR, A.CGROUP_INET6_BIND),
    (T.CGROUP_SOCK_ADDR, A.CGROUP_UDP4_SENDMSG),
    (T.CGROUP_SOCK_ADDR, A.CGROUP_UDP6_SENDMSG),
    (T.CGROUP_SOCKOPT, A.CGROUP_GETSOCKOPT),
    (T.CGROUP_SOCKOPT, A.CGROUP_SETSOCKOPT),
    (T.CGROUP_SYSCTL, A.CGROUP_SYSCTL),
    (T.CGROUP_DEVICE, A.CGROUP_DEVICE),
    (T.SOCK_OPS, A.CGROUP_SOCK_OPS),
    (T.SK_MSG, A.SK_MSG_VERDICT),
    (T.SK_REUSEPORT, A.SK_REUSEPORT_SELECT),
    (T.SK_LOOKUP, A.SK_LOOKUP),
]
SIZES = {1: 0x10, 2: 0x08, 4: 0x00, 8: 0x18}
RETURNS = {T.CGROUP_SOCK_ADDR: 1, T.CGROUP_SOCK: 1}


def program(type_: ProgramType, hook: AttachType | None, offset: int, size: int, *, write: bool) -> ProgramSpec:
    """Return a program that makes one access to its context."""
    if write:
        access = Instruction(0x63 | SIZES[size], dst=1, src=0, offset=offset)
    else:
        access = Instruction(0x61 | SIZES[size], dst=0, src=1, offset=offset)
    start, end = Instruction(0xB7, dst=0, imm=1), Instruction(0x95)
    code = b"".join(insn.encode("little") for insn in (start, access, start, end))
    return ProgramSpec("access", "", type_, attach_type=hook, license="GPL", link=lambda: LinkedCode(code))


def accesses(type_: ProgramType) -> Iterator[tuple[int, int, bool]]:
    number = 0
    for offset in range(-4, context_size(type_) + 8):
        for size in SIZES:
            for write in (False, True):
                number += 1
                if number % STEP == 0:
                    yield offset, size, write


@pytest.mark.parametrize(("type_", "hook"), HOOKS, ids=lambda item: item.label if item else "")
def test_accesses_are_what_the_verifier_says(type_: ProgramType, hook: AttachType | None) -> None:
    runtime, verdicts, wrong = KernelRuntime(), Counter[bool](), list[str]()
    for offset, size, write in accesses(type_):
        spec = program(type_, hook, offset, size, write=write)
        reason = bad_context_access(spec, offset, size, write=write)
        try:
            runtime.load(CollectionSpec("access", programs={"access": spec})).close()
        except LoadError:
            allowed = False
        except BpftuiError as error:
            pytest.skip(str(error))
        else:
            allowed = True
        verdicts[allowed] += 1
        if allowed != (reason is None):
            wrong.append(
                f"{'write' if write else 'read'} {size} at {offset}: {'allowed' if allowed else 'refused'}, {reason}"
            )
    assert not wrong, "; ".join(wrong)
    assert set(verdicts) == {True, False}
