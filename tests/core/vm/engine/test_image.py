"""Memory that a user gives: what programs read by probing, and by typed pointers of the kernel's."""

from __future__ import annotations

import errno
import struct
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bpftui.core.asm import HELPERS
from bpftui.core.errors import BpftuiError, ObjectError, UsageError
from bpftui.core.spec import CollectionSpec
from bpftui.core.vm import Machine, Processor, RunError
from bpftui.core.vm.engine.image import MemoryImage, MemoryPart, parse_memory
from bpftui.core.vm.helpers import HelperTable
from bpftui.core.vm.runtime import MachineRuntime
from bpftui.core.vm.world.host import Host
from bpftui.core.vm.world.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    Memory = dict[int, MemoryPart]

KERNEL, USER = 0xFFFF_8880_0000_1000, 0x7F00_0000_0000
TYPED = Path(__file__).parents[3] / "objects" / "typed.o"


def test_parts_that_meet_are_read_as_one(tmp_path: Path) -> None:
    (tmp_path / "dump").write_bytes(b"cd\0ef")
    image = MemoryImage({KERNEL + 2: tmp_path / "dump", KERNEL: b"ab", KERNEL + 8: bytearray(b"xy")})
    assert image.read(KERNEL + 1, 4) == b"bcd\0"
    assert image.read(KERNEL, 7) == b"abcd\0ef"
    assert [image.read(KERNEL + at, size) for at, size in ((-1, 1), (0, 8), (7, 1), (9, 2))] == [None] * 4
    assert image.text(KERNEL, 100) == b"abcd"
    assert image.text(KERNEL, 3) == b"abc"
    assert image.text(KERNEL + 5, 2) == b"ef"
    assert image.text(KERNEL + 5, 3) is None


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({KERNEL: b"abcd", KERNEL + 3: b"x"}, r"at 0xffff888000001003 overlaps what lies before it"),
        ({KERNEL: b""}, r"at 0xffff888000001000 is empty"),
        ({1 << 63: b"x"}, r"\(1 bytes\) lies where no address is"),
        ({(1 << 64) - 1: b"xy"}, r"lies where no address is"),
        ({KERNEL: Path("/nonexistent/dump")}, r"/nonexistent/dump: there is no such file"),
    ],
)
def test_parts_that_cannot_be(parts: Mapping[int, MemoryPart], said: str) -> None:
    with pytest.raises((UsageError, ObjectError), match=said):
        MemoryImage(parts)


def test_the_command_line_writes_it(tmp_path: Path) -> None:
    (tmp_path / "dump").write_bytes(b"a=b")
    found = parse_memory([f"{KERNEL:#x}=hex:01 02", f"{USER}={tmp_path}/dump"])
    image = MemoryImage(found)
    assert (image.read(KERNEL, 2), image.read(USER, 3)) == (b"\1\2", b"a=b")
    for text in ("5", "x=hex:00", "-1=hex:00", "5=", "5=hex:0", "0x1ffffffffffffffff=hex:00", "5=/nonexistent"):
        with pytest.raises(BpftuiError):
            parse_memory([text])
    with pytest.raises(UsageError, match="there is memory at 16 already"):
        parse_memory(["0x10=hex:00", "16=hex:01"])


@pytest.mark.parametrize(
    ("helper", "address", "size", "result", "left"),
    [
        ("probe_read_kernel", KERNEL, 4, 0, b"hell"),
        ("probe_read_kernel", KERNEL + 4, 4, -errno.EFAULT, bytes(4)),
        ("probe_read_kernel", USER, 4, -errno.ERANGE, bytes(4)),
        ("probe_read_kernel", 0, 4, -errno.ERANGE, bytes(4)),
        ("probe_read_user", USER, 4, 0, b"user"),
        ("probe_read_user", KERNEL, 4, -errno.EFAULT, bytes(4)),
        ("probe_read", KERNEL, 4, 0, b"hell"),
        ("probe_read", USER, 4, 0, b"user"),
        ("copy_from_user", USER, 4, 0, b"user"),
        ("copy_from_user", USER + 8, 4, -errno.EFAULT, bytes(4)),
        ("copy_from_user_task", USER, 4, 0, b"user"),
        ("probe_read_kernel_str", KERNEL, 8, 6, b"hello\0"),
        ("probe_read_kernel_str", KERNEL, 3, 3, b"he\0"),
        ("probe_read_kernel_str", USER, 8, -errno.ERANGE, bytes(8)),
        ("probe_read_user_str", USER, 4, 4, b"use\0"),
        ("probe_read_user_str", USER, 8, -errno.EFAULT, bytes(8)),
        ("probe_read_str", KERNEL + 4, 8, 2, b"o\0"),
    ],
)
def test_helpers_read_their_kind_of_address(helper: str, address: int, size: int, result: int, left: bytes) -> None:
    host = Host(Processor(), Settings(memory={KERNEL: b"hello\0", USER: b"users"}), "little")
    buffer = host.memory.map("buffer", b"\xff" * 8)
    call = HelperTable(host)[HELPERS.index(f"bpf_{helper}")]
    assert call(buffer.base, size, address, 0, 0) == result
    assert bytes(buffer.data[: len(left)]) == left
    assert bytes(buffer.data[size:]) == b"\xff" * (8 - size)
    template = host.memory.map("template", b"%s %s\0")
    arguments = host.memory.map("arguments", struct.pack("<2Q", KERNEL, USER))
    HelperTable(host)[HELPERS.index("bpf_trace_vprintk")](template.base, 6, arguments.base, 16, 0)
    assert [line.text for line in host.trace] == ["hello "]


def _received(memory: Memory) -> tuple[list[object], list[int]]:
    """Run a program that follows `skb->dev->ifindex`; return what it found, and where the stepper found the same."""
    sock, skb = KERNEL, KERNEL + 0x100
    with MachineRuntime(Settings(memory=memory)).load(CollectionSpec.from_file(TYPED)) as loaded:
        program = loaded.programs["on_receive"]
        program.run(context=struct.pack("<2Q", sock, skb))
        found = [loaded.variables[name].get() for name in ("device", "states")]
        context = loaded.host.memory.map("arguments", struct.pack("<2Q", sock, skb))
        stepper = program.machine.stepper(context.base)
        loads: list[int] = []
        while not stepper.finished:
            slot = stepper.slot
            stepper.step()
            if slot in program.machine.probes:
                loads.append(stepper.registers[program.machine.code.at(slot).dst])
        return found, loads


def test_typed_pointers_of_the_kernel_read_it_and_0_where_nothing_is() -> None:
    sock: Memory = {KERNEL: struct.pack("<HB", 2, 3)}
    skb: Memory = {KERNEL + 0x100: struct.pack("<QIH", KERNEL + 0x200, 60, 8)}
    device: Memory = {KERNEL + 0x200: struct.pack("<i", 7)}
    assert _received(sock | skb | device) == ([7, 8], [2, 8, KERNEL + 0x200, 7, 3])
    assert _received(sock | skb) == ([0, 8], [2, 8, KERNEL + 0x200, 0, 3])
    assert _received(sock) == ([0, 8], [2, 0, 3])
    assert _received({}) == ([0, 0], [0])


def test_other_loads_are_checked() -> None:
    """The image is not what a plain pointer leads to: the kernel's verifier knows of no such pointer."""
    host = Host(Processor(), Settings(memory={KERNEL: bytes(8)}), "little")
    code = struct.pack("<BBhI", 0x79, 0x10, 0, 0) + b"\x95" + bytes(7)
    with pytest.raises(RunError, match=f"read of 8 bytes at {KERNEL:#x}"):
        Machine(code, processor=host.processor).execute(KERNEL)
    signed = Machine(struct.pack("<BBhI", 0x91, 0x10, 0, 0) + b"\x95" + bytes(7), processor=host.processor, probes={0})
    host.memory.image = MemoryImage({KERNEL: b"\xfe"})
    assert signed.execute(KERNEL) == signed.step_through(0, (KERNEL,)) == (1 << 64) - 2
    assert signed.execute(KERNEL + 1) == signed.execute(0) == 0
