"""Random programs that call helpers and kernel functions:  python -m tests.fuzz.functions [--programs N] [--seed N]

Each has maps of many types, a packet, and calls of everything that the machine has, with arguments that are often what
the function wants and often not: maps, the stack, the context, values, functions of its own, results of earlier calls.
Allowed is nothing but bpftui's own errors, and what a program leaves behind is bounded.
"""

from __future__ import annotations

import argparse
import functools
import random
import struct
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bpftui.core.asm import HELPERS
from bpftui.core.errors import BpftuiError
from bpftui.core.spec import CollectionSpec, MapSpec, MapType, ProgramType
from bpftui.core.vm import Machine, Processor
from bpftui.core.vm.helpers import HelperTable, kernel_function
from bpftui.core.vm.helpers.declaration import declared
from bpftui.core.vm.maps import create_store
from bpftui.core.vm.parts import Parts
from bpftui.core.vm.world.host import Host
from bpftui.core.vm.world.packet import SkbPacket, XdpPacket
from bpftui.core.vm.world.settings import Settings

if TYPE_CHECKING:
    from bpftui.core.btf import Btf

__all__ = ["run"]

STEPS: Final = 20_000
PATIENCE: Final = 5.0
"""Seconds of processor time for one program."""
MOST_REGIONS: Final = 70_000
"""What a program may leave behind: objects, elements, values of storage."""
OBJECT: Final = Path(__file__).parents[1] / "objects" / "kernel_functions.o"
NUMBERS: Final = [number for number, name in enumerate(HELPERS) if name in declared()]
KFUNCS: Final = [name for name in declared() if name not in HELPERS]
MAPS: Final = [
    MapSpec("array", ".maps", MapType.ARRAY, 4, 48, 4),
    MapSpec("hash", ".maps", MapType.HASH, 4, 48, 4),
    MapSpec("each", ".maps", MapType.PERCPU_ARRAY, 4, 8, 4),
    MapSpec("used", ".maps", MapType.LRU_HASH, 4, 8, 4),
    MapSpec("trie", ".maps", MapType.LPM_TRIE, 8, 8, 4, flags=1),
    MapSpec("queue", ".maps", MapType.QUEUE, 0, 8, 4),
    MapSpec("bloom", ".maps", MapType.BLOOM_FILTER, 0, 8, 4),
    MapSpec("ring", ".maps", MapType.RINGBUF, 0, 0, 4096),
    MapSpec("user", ".maps", MapType.USER_RINGBUF, 0, 0, 4096),
    MapSpec("perf", ".maps", MapType.PERF_EVENT_ARRAY, 4, 4, 2),
    MapSpec("arena", ".maps", MapType.ARENA, 0, 0, 4, flags=1 << 10),
    MapSpec("tasks", ".maps", MapType.TASK_STORAGE, 4, 8, 0, flags=1),
    MapSpec("devices", ".maps", MapType.DEVMAP, 4, 4, 4),
]
NUMBERS_TO_PASS: Final = (0, 1, 2, 4, 7, 8, 16, 24, 48, 64, 256, 4096, 65536, 0x7FFFFFFF, 0xFFFFFFFF)
LATE: Final = 3
"""Slots at the end of a program: a function for callbacks."""


@functools.cache
def _types() -> Btf | None:
    """Return types for objects."""
    return CollectionSpec.from_file(OBJECT).btf


def _insn(opcode: int, dst: int = 0, src: int = 0, offset: int = 0, imm: int = 0) -> bytes:
    return struct.pack("<BBhI", opcode, src << 4 | dst, offset, imm & 0xFFFF_FFFF)


class _Writer:
    """One program as it is written."""

    def __init__(self, rng: random.Random, handles: list[int]) -> None:
        self.rng = rng
        self.handles = handles
        self.code = bytearray(_insn(0xBF, 6, 1))
        self.callbacks: list[int] = []
        """Slots that load the address of the last function."""
        self.kfuncs: dict[int, str] = {}
        for register in (7, 8, 9):
            self.code += _insn(0xB7, register)

    @property
    def slot(self) -> int:
        return len(self.code) // 8

    def argument(self, register: int) -> None:
        """Load an argument."""
        kind = self.rng.random()
        if kind < 0.3:
            self.code += _insn(0xBF, register, 10) + _insn(0x07, register, imm=-8 * self.rng.randrange(0, 20))
        elif kind < (0.75 if register < 3 else 0.4):
            handle = self.rng.choice(self.handles)
            self.code += _insn(0x18, register, imm=handle) + _insn(0, imm=handle >> 32)
        elif kind < 0.8:
            self.code += _insn(0xB7, register, imm=self.rng.choice(NUMBERS_TO_PASS))
        elif kind < 0.93:
            self.code += _insn(0xBF, register, self.rng.choice((6, 7, 8, 9)))
        else:
            self.callbacks.append(self.slot)
            self.code += _insn(0x18, register, 4) + _insn(0)

    def call(self) -> None:
        """Call something, and keep its result now and then."""
        for register in range(1, 6):
            self.argument(register)
        if self.rng.random() < 0.5:
            self.code += _insn(0x85, imm=self.rng.choice(NUMBERS))
        else:
            self.kfuncs[self.slot] = self.rng.choice(KFUNCS)
            self.code += _insn(0x85, src=2)
        if self.rng.random() < 0.7:
            self.code += _insn(0xBF, self.rng.choice((7, 8, 9)), 0)

    def finish(self) -> bytes:
        """End the program, with the function for callbacks behind it."""
        if self.rng.random() < 0.2:
            self.code += _insn(0x05, offset=-self.rng.randrange(1, min(self.slot, 40)))
        self.code += _insn(0x95)
        last = self.slot
        for slot in self.callbacks:
            struct.pack_into("<i", self.code, slot * 8 + 4, last - slot - 1)
        keep = self.rng.random() < 0.5
        self.code += _insn(0xB7, 0, imm=0 if keep else 1) + _insn(0x95)
        return bytes(self.code)


def run(number: int) -> str:
    """Run program *number*; return what became of it: `ran`, `stopped` or `refused`."""
    rng = random.Random(number)
    now = [10**9]
    btf = _types()
    host = Host(Processor(), Settings(clock=lambda: now[0], seed=number), "little", btf, btf)
    parts = Parts(host, lambda: False)
    for spec in MAPS:
        store = create_store(spec, host)
        host.maps[host.memory.map(f"map {spec.name}", 8, readable=False, writable=False).base] = store
        parts.unsettled.append(store)
    packet = (
        XdpPacket(host.memory, "little")
        if rng.random() < 0.5
        else SkbPacket(host.memory, "little", ProgramType.SCHED_CLS)
    )
    host.packet = packet
    writer = _Writer(rng, list(host.maps))
    for _ in range(rng.choice((1, 3, 8, 20))):
        writer.call()
    code = writer.finish()
    kfuncs = {slot: found for slot, name in writer.kfuncs.items() if (found := kernel_function(host, name))}
    try:
        machine = Machine(code, HelperTable(host), processor=host.processor, kfuncs=kfuncs, limit=STEPS)
    except BpftuiError:
        return "refused"
    machine.is_stepped = number % 4 == 0
    start = time.process_time()
    outcome = "ran"
    for _ in range(2):
        try:
            result = machine.execute(packet.start(bytes(range(64)), None))
            assert 0 <= result < 1 << 64
        except BpftuiError:
            outcome = "stopped"
        finally:
            parts.settle()
        now[0] += 10**9
        try:
            parts.catch_up()
        except BpftuiError:
            outcome = "stopped"
    assert time.process_time() - start < PATIENCE, number
    assert host.processor.idle
    assert len(host.memory.regions) < MOST_REGIONS, number
    return outcome


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    counts: dict[str, int] = {}
    for number in range(options.seed, options.seed + options.programs):
        try:
            kind = run(number)
        except BaseException:
            print(f"program {number}", file=sys.stderr)
            raise
        counts[kind] = counts.get(kind, 0) + 1
    told = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))
    print(f"{options.programs} programs: {told}")


if __name__ == "__main__":
    main()
