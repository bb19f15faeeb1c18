"""The built-in machine against the kernel: random programs that the verifier takes give the same results on both."""

from __future__ import annotations

import random
import struct

import pytest

from bpftui.core import kernel
from bpftui.core.asm import HELPERS
from bpftui.core.errors import BpftuiError
from bpftui.core.spec import CollectionSpec, LinkedCode, ProgramSpec, ProgramType
from bpftui.core.vm import Machine
from bpftui.core.vm.runtime import MachineRuntime

pytestmark = pytest.mark.kernel

PROGRAMS = 60
PACKETS = 4
REGISTERS = (0, 1, 2, 3, 4, 5, 7, 8, 9)
"""All but r6, the context of legacy loads, and r10."""
SLOTS = range(-64, 0, 8)
"""Where on the stack values lie."""
ALU = (0x00, 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0x90, 0xA0, 0xB0, 0xC0)
JUMPS = (0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0xA0, 0xB0, 0xC0, 0xD0)
ATOMIC = (0x00, 0x01, 0x40, 0x41, 0x50, 0x51, 0xA0, 0xA1, 0xE1, 0xF1)
EXTREMES = (0, 1, 2, 31, 63, 0x7F, 0x80, 0xFFFF, 0x7FFFFFFF, -1, -2, -128, -0x80000000)
EXIT = b"\x95" + bytes(7)


def _insn(opcode: int, dst: int = 0, src: int = 0, offset: int = 0, imm: int = 0) -> bytes:
    return struct.pack("<BBhI", opcode, src << 4 | dst, offset, imm & 0xFFFF_FFFF)


def _imm(rng: random.Random) -> int:
    return rng.choice(EXTREMES) if rng.random() < 0.5 else rng.getrandbits(32)


def _arithmetic(rng: random.Random) -> bytes:
    wide = rng.random() < 0.5
    dst, src, op = rng.choice(REGISTERS), rng.choice(REGISTERS), rng.choice(ALU)
    cls = 0x07 if wide else 0x04
    if rng.random() < 0.08:
        return _insn(rng.choice((0x84, 0x87)), dst)
    if rng.random() < 0.08:
        return _insn(rng.choice((0xD4, 0xDC, 0xD7)), dst, imm=rng.choice((16, 32, 64)))
    offset = int(op in (0x30, 0x90) and rng.random() < 0.5)
    if rng.random() < 0.5:
        if op == 0xB0 and rng.random() < 0.6:
            offset = rng.choice((8, 16, 32) if wide else (8, 16))
        return _insn(op | 8 | cls, dst, src, offset)
    imm = _imm(rng)
    if op in (0x30, 0x90) and not imm:
        imm = 3  # the verifier refuses a division by the constant zero
    if op in (0x60, 0x70, 0xC0):
        imm &= 63 if wide else 31  # and shifts by constants that are too large
    return _insn(op | cls, dst, 0, offset, imm)


def _memory(rng: random.Random) -> bytes:
    slot, register = rng.choice(SLOTS), rng.choice(REGISTERS)
    size, width = rng.choice(((0x00, 4), (0x08, 2), (0x10, 1), (0x18, 8)))
    offset = slot + rng.randrange(8 // width) * width
    kind = rng.random()
    if kind < 0.35:
        return _insn(0x63 | size, 10, register, offset)
    if kind < 0.45:
        return _insn(0x62 | size, 10, 0, offset, _imm(rng))
    if kind < 0.75:
        return _insn((0x81 if width < 8 and rng.random() < 0.3 else 0x61) | size, register, 10, offset)
    size, offset = rng.choice(((0x00, slot + rng.choice((0, 4))), (0x18, slot)))
    return _insn(0xC3 | size, 10, register, offset, rng.choice(ATOMIC))


def program(rng: random.Random) -> bytes:
    """Return a program without loops that ends, and whose result depends on all that it did."""
    start = [_insn(0xBF, 6, 1)]
    for slot in SLOTS:
        start += [_insn(0x20 if rng.random() < 0.7 else 0x28, imm=rng.randrange(28)), _insn(0x7B, 10, 0, slot)]
    for register in REGISTERS:
        start.append(_insn(0x79, register, 10, rng.choice(SLOTS)))
    body: list[bytes] = []
    count = rng.choice((5, 15, 40))
    for at in range(count):
        kind = rng.random()
        if kind < 0.6:
            body.append(_arithmetic(rng))
        elif kind < 0.85:
            body.append(_memory(rng))
        else:
            ahead = rng.randrange(min(6, count - at))
            opcode = rng.choice(JUMPS) | rng.choice((0x05, 0x06))
            dst = rng.choice(REGISTERS)
            if rng.random() < 0.5:
                body.append(_insn(opcode | 8, dst, rng.choice(REGISTERS), ahead))
            else:
                body.append(_insn(opcode, dst, 0, ahead, _imm(rng)))
    end = [_insn(0x2F, 0, register) + _insn(0xAF, 0, register) for register in REGISTERS[1:]]
    for slot in SLOTS:
        end.append(_insn(0x79, 1, 10, slot) + _insn(0x27, 0, imm=31) + _insn(0x0F, 0, 1))
    # The kernel gives back 32 bits.
    fold = _insn(0xBF, 1, 0) + _insn(0x77, 1, imm=32) + _insn(0xAF, 0, 1)
    return b"".join([*start, *body, *end, fold, EXIT])


def on_the_kernel(code: bytes, packets: list[bytes]) -> list[int] | None:
    """Return what the kernel's test runs give; None where the verifier refuses the program."""
    spec = ProgramSpec("random", "socket", ProgramType.SOCKET_FILTER, license="GPL", link=lambda: LinkedCode(code))
    try:
        collection = kernel.load(CollectionSpec("random", programs={"random": spec}))
    except BpftuiError:
        return None
    with collection:
        return [collection.programs["random"].run(packet).retval for packet in packets]


def on_the_machine(code: bytes, packets: list[bytes]) -> list[int]:
    """Return what the machine gives: a socket filter's packet begins behind the Ethernet header."""
    packet = b""

    def load(offset: int, size: int) -> int | None:
        return int.from_bytes(packet[offset : offset + size], "big") if 0 <= offset <= len(packet) - size else None

    machine = Machine(code, load_packet=load)
    results: list[int] = []
    for whole in packets:
        packet = whole[14:]
        results.append(machine.execute() & 0xFFFF_FFFF)
    return results


def test_the_same_results() -> None:
    ran = 0
    for number in range(PROGRAMS):
        rng = random.Random(number)
        code = program(rng)
        packets = [bytes(12) + b"\x08\x00" + rng.randbytes(rng.choice((32, 46, 100))) for _ in range(PACKETS)]
        packets[0] = bytes(12) + b"\x08\x00" + bytes(46)
        expected = on_the_kernel(code, packets)
        if expected is not None:
            ran += 1
            assert on_the_machine(code, packets) == expected, f"program {number}"
    # The verifier of an older kernel does not know all instructions.
    assert ran > PROGRAMS // 4


def both(
    code: bytes, packets: list[bytes], kind: ProgramType = ProgramType.SOCKET_FILTER
) -> tuple[list[object], list[object]]:
    """Return what a program gives in the kernel, and on the built-in machine: what it returns, the packet out."""
    spec = ProgramSpec("both", "", kind, license="GPL", link=lambda: LinkedCode(code))
    results: list[list[object]] = []
    for load in (kernel.load, MachineRuntime().load):
        with load(CollectionSpec("both", programs={"both": spec})) as collection:
            runs = [collection.programs["both"].run(packet) for packet in packets]
            results.append(
                [run.retval if kind is ProgramType.SOCKET_FILTER else (run.retval, run.data) for run in runs]
            )
    return results[0], results[1]


@pytest.mark.parametrize("offset", [0, 12, 13, 14, 30, 70, 71, 74])
@pytest.mark.parametrize("base", [-0x200000, -0x100000], ids=["SKF_LL_OFF", "SKF_NET_OFF"])
def test_legacy_loads_from_a_header(base: int, offset: int) -> None:
    """Of the link layer too, which a socket filter sees in no other way than these two."""
    packets = [bytes(range(0x40, 0x4C)) + protocol + bytes(range(1, 61)) for protocol in (b"\x08\x00", b"\x86\xdd")]
    load = _insn(0xBF, 6, 1) + _insn(0x20, imm=base + offset) + EXIT
    expected, found = both(load, packets)
    assert found == expected
    assert any(expected) == (offset <= (70 if base == -0x200000 else 56))
    relative = _insn(0x7A, 10, 0, -8) + _insn(0xB7, 2, imm=offset) + _insn(0xBF, 3, 10) + _insn(0x07, 3, imm=-8)
    relative += _insn(0xB7, 4, imm=4) + _insn(0xB7, 5, imm=int(base == -0x100000)) + _insn(0x85, imm=68)
    expected, found = both(relative + _insn(0x79, 1, 10, -8) + _insn(0x0F, 0, 1) + EXIT, packets)
    assert found == expected


@pytest.mark.parametrize("helper", [112, 113, 114, 115], ids=lambda helper: HELPERS[helper])
def test_probing_where_nothing_is(helper: int) -> None:
    for address in (0, 0x1234, 0x7F00_0000_0000, 1 << 63, 0xFFFF_8000_0000_0000):
        low, high = address & 0xFFFF_FFFF, address >> 32
        code = _insn(0x7A, 10, 0, -8, 5) + _insn(0xBF, 1, 10) + _insn(0x07, 1, imm=-8) + _insn(0xB7, 2, imm=8)
        code += _insn(0x18, 3, imm=low) + _insn(0, imm=high) + _insn(0x85, imm=helper)
        expected, found = both(code + _insn(0x79, 1, 10, -8) + _insn(0x0F, 0, 1) + EXIT, [bytes(14)])
        assert found == expected, hex(address)


def test_tags_of_vlans() -> None:
    """Pushed and popped at random, on packets that have some: the same bytes, fields and errors."""
    push, pop = HELPERS.index("bpf_skb_vlan_push"), HELPERS.index("bpf_skb_vlan_pop")
    for number in range(12):
        rng = random.Random(number)
        code = _insn(0xBF, 6, 1) + _insn(0xB7, 7)
        for _ in range(rng.randrange(1, 7)):
            code += _insn(0xBF, 1, 6)
            helper = rng.choice((push, pop))
            if helper == push:
                code += _insn(0xB7, 2, imm=rng.choice((0x81, 0xA888, 0x8100, 0)))
                code += _insn(0xB7, 3, imm=rng.getrandbits(17))
            code += _insn(0x85, imm=helper) + _insn(0x27, 7, imm=31) + _insn(0x0F, 7, 0)
            for field in (0, 16, 20, 24, 28):
                code += _insn(0x61, 1, 6, field) + _insn(0x27, 7, imm=31) + _insn(0x0F, 7, 1)
        code += _insn(0xBF, 0, 7) + EXIT
        packets = [_tagged(rng) for _ in range(6)]
        expected, found = both(code, packets, ProgramType.SCHED_CLS)
        assert found == expected, f"program {number}"


def _tagged(rng: random.Random) -> bytes:
    tags = b"".join(rng.choice((b"\x81\0", b"\x88\xa8")) + rng.randbytes(2) for _ in range(rng.randrange(4)))
    protocol = rng.choice((b"\x88\xb5", b"\x08\x06", b"\0\x20", b"\x81\0"))
    return rng.randbytes(12) + tags + protocol + rng.choice((b"", b"\xff\xff")) + rng.randbytes(rng.randrange(50))
