"""Random programs on random packets and contexts, in the kernel and on the built-in machine.

Each program reads fields of its context in the widths that it may, the packet and the socket where its type sees them,
writes to what it may write to, and leaves a digest of all that in a map.

What is left out, because it differs, and is left so:
- a part of a field of 4 bytes that the kernel has in 1 or 2, beyond these: there the kernel reads the same bytes again,
  the machine reads zeros (`SMALLER`);
- values of more than 16 bits in queue_mapping, tc_index and tc_classid: the kernel keeps the lower 16 bits, or for
  queue_mapping what was there before, the machine all of it.

    python -m tests.fuzz.contexts [PROGRAMS] [SEED]
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

from bpftui.core.asm import Instruction
from bpftui.core.context.access import bad_context_access, field_access
from bpftui.core.context.fields import context_fields
from bpftui.core.errors import FeatureError, LoadError, UsageError
from bpftui.core.kernel import KernelRuntime
from bpftui.core.spec import (
    AttachType,
    CollectionSpec,
    LinkedCode,
    MapSpec,
    MapType,
    ProgramFlag,
    ProgramSpec,
    ProgramType,
    Reference,
    ReferenceKind,
)
from bpftui.core.traffic import make_frames
from bpftui.core.vm.runtime import MachineRuntime

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bpftui.core.runtime import RunResult

__all__ = ["KINDS", "RUNS", "Kind", "compare"]

RUNS: Final = 20
"""Of each program."""
T, A = ProgramType, AttachType
SIZES: Final = {1: 0x10, 2: 0x08, 4: 0x00, 8: 0x18}
POINTERS: Final = ("data", "data_end", "data_meta", "flow_keys", "sk", "skb", "state")
MAP: Final = MapSpec("digest", ".maps", MapType.ARRAY, key_size=4, value_size=8, max_entries=1)
_TWO_BYTES: Final = (
    *("queue_mapping", "protocol", "vlan_tci", "vlan_proto", "tc_index", "tc_classid", "gso_segs", "gso_size"),
    *("family", "local_port"),
)
_NARROW: Final = (12, 44, 72)
"""queue_mapping, tc_index, tc_classid: the kernel keeps 16 bits of what is written there."""
SMALLER: Final = {"pkt_type": 1} | dict.fromkeys(_TWO_BYTES, 2)
"""Fields that the kernel has in fewer bytes. It reads those again where a program reads a part of what is above them,
which is 0 here."""
SOCKET: Final = (4, 24, 28, 32, 36, 40, 44, 52, 56, 60, 64, 68, 72)
"""Offsets of `struct bpf_sock` that may be read of any socket."""


class Kind(NamedTuple):
    """What programs of a type can do."""

    type: ProgramType
    hook: AttachType | None = None
    returns: int = 1
    """The largest return value."""
    packet: bool = True
    direct: bool = True
    """Whether the context leads to the packet."""
    writes: bool = False
    """Whether the packet may be written to."""
    socket: bool = False


KINDS: Final = (
    Kind(T.XDP, A.XDP, 4, writes=True),
    Kind(T.SCHED_CLS, None, 8, writes=True, socket=True),
    Kind(T.SCHED_ACT, None, 8, writes=True, socket=True),
    Kind(T.SOCKET_FILTER, None, 0xFFFF, direct=False),
    Kind(T.CGROUP_SKB, A.CGROUP_INET_INGRESS, 1, socket=True),
    Kind(T.CGROUP_SKB, A.CGROUP_INET_EGRESS, 1, socket=True),
    Kind(T.LWT_IN, None, 2),
    Kind(T.LWT_OUT, None, 2),
    Kind(T.LWT_XMIT, None, 2, writes=True),
    Kind(T.FLOW_DISSECTOR, A.FLOW_DISSECTOR, 2),
    Kind(T.SK_LOOKUP, A.SK_LOOKUP, 1, packet=False, direct=False),
    Kind(T.RAW_TRACEPOINT, None, 0xFFFF, packet=False, direct=False),
    Kind(T.SYSCALL, None, 0xFFFF, packet=False, direct=False),
)


def _accesses(kind: Kind, spec: ProgramSpec, *, write: bool) -> list[tuple[int, int]]:
    """Return all accesses (offset, size) to the context that are allowed and tell the same in every run."""
    if kind.type is T.RAW_TRACEPOINT:
        return [] if write else [(8 * number, 8) for number in range(12)]
    if kind.type is T.SYSCALL:
        return [(offset, size) for size in SIZES for offset in range(0, 64, size)]
    found: list[tuple[int, int]] = []
    for field in context_fields(kind.type):
        if field.name in POINTERS:
            continue
        access = field_access(spec, field.name)
        for size in access.writes if write else access.reads:
            for offset in range(field.offset, field.offset + field.size, size):
                if not write and offset + size - field.offset > SMALLER.get(field.name, 99) and size < field.width:
                    continue
                if bad_context_access(spec, offset, size, write=write) is None:
                    found.append((offset, size))
    return found


def _insn(opcode: int, dst: int = 0, src: int = 0, offset: int = 0, imm: int = 0) -> bytes:
    return Instruction(opcode, dst=dst, src=src, offset=offset, imm=imm).encode("little")


_MIX: Final = _insn(0x27, 7, imm=31) + _insn(0x0F, 7, 2)
"""r7 = r7 * 31 + r2"""


def _within(largest: int) -> bytes:
    """Return code that makes r0 a return value: the verifier follows masks, but no remainders."""
    if largest & largest + 1:
        return _insn(0x97, 0, imm=largest + 1)
    return _insn(0x57, 0, imm=largest)


def _packet(kind: Kind, rng: random.Random) -> bytes:
    """Return code that reads some of the packet, where it is long enough, and writes to it."""
    depth = rng.choice((14, 20, 34, 60))
    offset = {T.XDP: (0, 4)}.get(kind.type, (76, 80))
    inner = b""
    for _ in range(rng.randrange(1, 5)):
        size = rng.choice((1, 2, 4, 8))
        at = rng.randrange(depth - size + 1)
        inner += _insn(0x61 | SIZES[size], 2, 8, at) + _MIX
        if kind.writes and rng.random() < 0.5:
            inner += _insn(0x62 | SIZES[size], 8, 0, at, rng.getrandbits(31))
    head = _insn(0x61, 8, 6, offset[0]) + _insn(0x61, 3, 6, offset[1])
    head += _insn(0xBF, 4, 8) + _insn(0x07, 4, imm=depth)
    return head + _insn(0x2D, 4, 3, len(inner) // 8) + inner


def _socket(rng: random.Random) -> bytes:
    inner = b"".join(_insn(0x61, 2, 8, at) + _MIX for at in rng.sample(SOCKET, 4))
    return _insn(0x79, 8, 6, 168) + _insn(0x15, 8, 0, len(inner) // 8) + inner


def _keys(rng: random.Random) -> bytes:
    """Return code that writes and reads flow keys."""
    found = _insn(0x79, 8, 6, 144)
    for _ in range(rng.randrange(1, 6)):
        at = rng.randrange(14) * 4
        if rng.random() < 0.6:
            found += _insn(0x62, 8, 0, at, rng.getrandbits(20))
        found += _insn(0x61, 2, 8, at) + _MIX
    return found


def program(kind: Kind, rng: random.Random) -> ProgramSpec:
    """Return a random program."""
    flags = ProgramFlag.SLEEPABLE if kind.type is T.SYSCALL else ProgramFlag(0)
    spec = ProgramSpec("random", "", kind.type, attach_type=kind.hook, license="GPL", flags=flags)
    reads, writes = (_accesses(kind, spec, write=write) for write in (False, True))
    parts: list[bytes] = []
    for _ in range(rng.randrange(2, 12)):
        chance = rng.random()
        if chance < 0.25 and writes:
            offset, size = rng.choice(writes)
            bits = 15 if offset in _NARROW else 31
            parts.append(_insn(0xB7, 2, imm=rng.getrandbits(bits)) + _insn(0x63 | SIZES[size], 6, 2, offset))
        elif chance < 0.45 and kind.direct:
            parts.append(_packet(kind, rng))
        elif chance < 0.55 and kind.socket:
            parts.append(_socket(rng))
        elif chance < 0.6 and kind.type is T.FLOW_DISSECTOR:
            parts.append(_keys(rng))
        elif reads:
            offset, size = rng.choice(reads)
            parts.append(_insn(0x61 | SIZES[size], 2, 6, offset) + _MIX)
    start = _insn(0xBF, 6, 1) + _insn(0xB7, 7)
    body = start + b"".join(parts)
    slot = len(body) // 8 + 3
    body += _insn(0x62, 10, 0, -4) + _insn(0xBF, 2, 10) + _insn(0x07, 2, imm=-4)
    body += _insn(0x18, 1) + bytes(8) + _insn(0x85, imm=1)
    body += _insn(0x15, 0, 0, 1) + _insn(0x7B, 0, 7)
    body += _insn(0xBF, 0, 7) + _within(kind.returns) + _insn(0x95)
    references = {slot: Reference(ReferenceKind.MAP, "digest", "digest")}
    spec.link = lambda: LinkedCode(body, (), references)
    return spec


def _packets(rng: random.Random) -> bytes:
    chance = rng.random()
    if chance < 0.7:
        frame = rng.choice(_FRAMES)
        return frame[: rng.randint(54, len(frame))]
    return rng.randbytes(12) + b"\x12\x34" + rng.randbytes(rng.randint(1, 300))


_FRAMES: Final = make_frames(500)


def _context(kind: Kind, rng: random.Random, packet: int) -> bytes | dict[str, object] | None:
    """Return a context that a test run takes."""
    match kind.type:
        case T.RAW_TRACEPOINT:
            return rng.randbytes(96)
        case T.SYSCALL:
            return rng.randbytes(64)
        case T.SK_LOOKUP:
            family = rng.choice((2, 10))
            addresses = {
                f"{side}_ip{'4' if family == 2 else '6'}": rng.randbytes(4 if family == 2 else 16)
                for side in ("remote", "local")
            }
            ports = {"remote_port": rng.getrandbits(16), "local_port": rng.getrandbits(16)}
            return {"family": family, "protocol": rng.choice((6, 17)), **addresses, **ports}
        case T.XDP:
            meta = rng.choice((0, 0, 4, 8, 16, 32))
            return {"data": meta} if meta and packet >= meta + 14 else None
        case T.FLOW_DISSECTOR:
            return None
        case _ if rng.random() < 0.3:
            return None
        case _:
            given: dict[str, object] = {"mark": rng.getrandbits(32), "priority": rng.getrandbits(32)}
            given["cb"] = [rng.getrandbits(32) for _ in range(5)]
            given |= {"tstamp": rng.getrandbits(60), "gso_segs": rng.randrange(64), "gso_size": rng.randrange(1400)}
            if rng.random() < 0.5:
                given["wire_len"] = packet + rng.randrange(100)
            return {name: given[name] for name in given if rng.random() < 0.6}


def _outcome(result: RunResult, digest: object) -> tuple[object, ...]:
    return result.retval, result.data.hex(), result.context.hex(), digest


def compare(kind: Kind, seed: int, runs: int = RUNS) -> Iterator[tuple[str, bool]]:
    """Run one random program *runs* times on both sides; yield what each run was like and whether it was the same.

    A program that the verifier refuses yields nothing.
    """
    rng = random.Random(f"{kind.type.label} {kind.hook} {seed}")
    spec = program(kind, rng)
    whole = CollectionSpec("random", programs={"random": spec}, maps={"digest": MAP})
    try:
        real = KernelRuntime().load(whole)
    except LoadError:
        return
    with real, MachineRuntime().load(whole) as ours:
        for number in range(runs):
            data = _packets(rng) if kind.packet else None
            context = _context(kind, rng, len(data or b"") - 14 * (kind.type not in (T.XDP, T.SCHED_CLS, T.SCHED_ACT)))
            outcomes: list[tuple[object, ...]] = []
            for side in (real, ours):
                side.maps["digest"].update(bytes(4), bytes(8))
                try:
                    result = side.programs["random"].run(data, context=context)
                    outcomes.append(_outcome(result, side.maps["digest"].lookup(bytes(4))))
                except FeatureError:
                    return  # an older kernel
                except UsageError:
                    outcomes.append(("refused",))
            same = outcomes[0] == outcomes[1]
            shown = f"{kind.type.label} {seed}, run {number}: {context!r} {(data or b'').hex()}"
            yield "" if same else f"{shown}:\n  {outcomes[0]} on the kernel,\n  {outcomes[1]} here", same


def main() -> int:
    """Compare many programs of each kind; print a table."""
    programs = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    failed = 0
    for kind in KINDS:
        counts: Counter[bool] = Counter()
        loaded, shown = 0, 0
        for seed in range(first, first + programs):
            found = list(compare(kind, seed))
            loaded += bool(found)
            for text, same in found:
                counts[same] += 1
                if not same and shown < 2:
                    shown += 1
                    print(text)
        failed += counts[False]
        hook = f" {kind.hook.label}" if kind.hook else ""
        print(
            f"{kind.type.label}{hook}: {loaded} programs, {counts.total():,} runs, {counts[False]} differences",
            flush=True,
        )
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
