"""The running kernel's own disassembler: the verifier's log says of each instruction what our listing says."""

from __future__ import annotations

import platform
import re

import pytest

from bpftui.core import kernel
from bpftui.core.asm import listing
from bpftui.core.asm.assembler import assemble
from bpftui.core.errors import VerifierError
from bpftui.core.spec import CollectionSpec, LinkedCode, ProgramSpec, ProgramType

pytestmark = pytest.mark.kernel

VERSION = tuple(map(int, re.findall(r"\d+", platform.release())[:2]))
ALU = ("+=", "-=", "*=", "/=", "|=", "&=", "<<=", ">>=", "%=", "^=", "=", "s>>=")
JUMPS = ("==", ">", ">=", "&", "!=", "s>", "s>=", "<", "<=", "s<", "s<=")

ARITHMETIC = "\n".join(
    [f"{r}2 {symbol} {operand}" for symbol in ALU for r, operand in (("r", "3"), ("w", "3"), ("r", "r3"), ("w", "w3"))]
    + ["r2 = -r2", "w2 = -w2", "r2 = -5", "w2 = -5", "r2 = 0x500000007", "r2 = 0xffffffffffffffff"]
    + [f"r2 = {order}{bits} r2" for order in ("be", "le") for bits in (16, 32, 64)]
)
BRANCHES = "\n".join(
    f"if {r}2 {symbol} {operand} goto pc+0"
    for symbol in JUMPS
    for r, operand in (("r", "0x7"), ("w", "0xffffffff"), ("r", "r3"), ("w", "w3"))
)
MEMORY = """
*(u8 *)(r10 -1) = 1
*(u16 *)(r10 -2) = 2
*(u32 *)(r10 -4) = 3
*(u64 *)(r10 -8) = -4
*(u8 *)(r10 -9) = r3
*(u16 *)(r10 -10) = r3
*(u32 *)(r10 -12) = r3
*(u64 *)(r10 -16) = r3
r2 = *(u8 *)(r10 -1)
r2 = *(u16 *)(r10 -2)
r2 = *(u32 *)(r10 -4)
r2 = *(u64 *)(r10 -8)
r0 = *(u8 *)skb[3]
r0 = *(u16 *)skb[4]
r0 = *(u32 *)skb[8]
r2 = 1
r0 = *(u8 *)skb[r2 + 7]
r3 = 1
"""
ATOMICS = """
*(u64 *)(r10 -8) = 0
lock *(u64 *)(r10 -8) += r3
lock *(u32 *)(r10 -8) += r3
lock *(u64 *)(r10 -8) |= r3
lock *(u64 *)(r10 -8) &= r3
lock *(u64 *)(r10 -8) ^= r3
r3 = atomic64_fetch_add((u64 *)(r10 -8), r3)
r3 = atomic64_fetch_or((u64 *)(r10 -8), r3)
r3 = atomic_fetch_and((u32 *)(r10 -8), r3)
r3 = atomic64_fetch_xor((u64 *)(r10 -8), r3)
r3 = atomic64_xchg((u64 *)(r10 -8), r3)
r3 = atomic_xchg((u32 *)(r10 -8), r3)
r0 = atomic64_cmpxchg((u64 *)(r10 -8), r0, r3)
call bpf_ktime_get_ns#5
goto pc+0
"""
VERSION_4 = """
r2 = (s8)r3
r2 = (s16)r3
r2 = (s32)r3
w2 = (s8)w3
w2 = (s16)w3
r2 s/= 3
r2 s%= r3
w2 s/= w3
w2 s%= 3
r2 = bswap16 r2
r2 = bswap32 r2
r2 = bswap64 r2
*(u64 *)(r10 -8) = 0
r2 = *(s8 *)(r10 -8)
r2 = *(s16 *)(r10 -8)
r2 = *(s32 *)(r10 -8)
gotol pc+0
"""
BARRIERS = """
*(u64 *)(r10 -8) = 0
r2 = load_acquire((u64 *)(r10 -8))
r2 = load_acquire((u32 *)(r10 -8))
r2 = load_acquire((u16 *)(r10 -8))
r2 = load_acquire((u8 *)(r10 -8))
store_release((u64 *)(r10 -8), r3)
store_release((u8 *)(r10 -8), r3)
"""


def _log_of(code: bytes) -> str:
    """What the verifier says of a program that ends with reading a register that was never written."""
    program = ProgramSpec("prog", "test", ProgramType.SOCKET_FILTER, license="GPL", link=lambda: LinkedCode(code))
    with pytest.raises(VerifierError) as caught:
        kernel.load(CollectionSpec("by hand", programs={"prog": program}))
    return caught.value.log


@pytest.mark.parametrize(
    ("instructions", "since"),
    [
        (ARITHMETIC, (5, 15)),
        (BRANCHES, (5, 15)),
        (MEMORY, (5, 15)),
        (ATOMICS, (5, 15)),
        (VERSION_4, (6, 6)),
        (BARRIERS, (6, 15)),
    ],
    ids=["arithmetic", "branches", "memory", "atomics", "version 4", "barriers"],
)
def test_the_verifier_prints_what_the_listing_prints(instructions: str, since: tuple[int, int]) -> None:
    lines = instructions.strip().splitlines()
    code = assemble("\n".join(["r6 = r1", "r0 = 0", "r2 = 7", "r3 = 3", *lines, "r0 = r9", "exit"]))
    log = _log_of(code)
    if since > VERSION:
        assert "!read_ok" not in log, "this kernel knows more than its version says"
        return
    assert "R9 !read_ok" in log
    said = {
        int(slot): said for slot, said in re.findall(r"^(\d+): \([0-9a-f]{2}\) (.*?) *(?:;.*)?$", log, re.MULTILINE)
    }
    listed = dict(listing(code, "little"))
    del listed[max(listed)]  # the exit is not reached
    assert said == listed
    # The arithmetic above is written as the listing writes it.
    assert [listed[slot] for slot in sorted(listed)][4:-1] == lines
