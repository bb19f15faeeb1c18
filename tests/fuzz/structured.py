"""Objects that are whole but for some fields:  python -m tests.fuzz.structured [--examples N]

Byte mutants (`tests.fuzz.mutants`) mostly break an object's frame. Here hypothesis picks fields by what they mean: a
relocation's offset, a symbol's section, a type's id in BTF, a record size in .BTF.ext, a string's offset; and makes
what it finds small. Beside what mutants must hold, whatever a program refers to outside of its object is a problem of
that program: no wrong success.
"""

from __future__ import annotations

import argparse
import resource
import struct
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bpftui.core.elf import Elf, SectionType, SymbolType
from bpftui.core.errors import BpftuiError
from bpftui.core.listing.listing import Listing
from bpftui.core.spec import CollectionSpec
from bpftui.tui.commands.show.spec_json import spec_json
from tests.bench.big_object import big_object
from tests.fuzz.mutants import EXTREMES, MEMORY, PATIENCE, ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bpftui.core.elf import Symbol

SEEDS = (
    "bpf/traffic.o",
    "bpf/constants.eb.o",
    "tests/objects/subprograms.o",
    "tests/objects/nested_maps.o",
    "tests/objects/externs.o",
    "tests/objects/legacy_maps.o",
    "tests/objects/symbols.eb.o",
    "tests/objects/values.o",
    "tests/objects/congestion.o",
    "tests/objects/core_shapes.o",
)
CALL, LD_IMM64 = 0x85, 0x18


class Field(NamedTuple):
    """A number in the file."""

    offset: int
    width: int
    """In bytes."""


@cache
def seed(name: str) -> bytes:
    """Return one of the objects that are changed."""
    return big_object(sections=3, functions=12) if name == "big" else (ROOT / name).read_bytes()


def _records(start: int, size: int, width: int, *fields: tuple[int, int]) -> list[list[Field]]:
    """Return the fields, as offset and width, of each record of a table: one list for each kind of field."""
    places = range(start, start + size // width * width, width)
    return [[Field(at + offset, bytes_) for at in places] for offset, bytes_ in fields]


@cache
def fields(name: str) -> list[list[Field]]:
    """Return the fields of an object by what they mean, so that rare kinds are as likely as common ones."""
    elf = Elf(seed(name))
    order = elf.byte_order
    (table,) = struct.unpack_from("<Q" if order == "little" else ">Q", elf.data, 40)
    count = len(elf.sections)
    header = ((0, 4), (4, 4), (8, 8), (24, 8), (32, 8), (40, 4), (44, 4), (48, 8), (56, 8))
    found = _records(table, 64 * count, 64, *header)
    for section in elf.sections:
        start, size = section.offset, section.size
        if section.type == SectionType.SYMTAB:
            found += _records(start, size, 24, (0, 4), (4, 1), (5, 1), (6, 2), (8, 8), (16, 8))
        elif section.type == SectionType.REL and not section.name.startswith((".rel.debug", ".rel.BTF")):
            found += _records(start, size, 16, (0, 8), (8, 4), (12, 4))
        elif section.executable:
            found += _records(start, size, 8, (0, 1), (1, 1), (2, 2), (4, 4))
        elif section.name == ".BTF":
            (types,) = _words(elf, start + 12, 1)
            found += [[Field(start + at, 4)] for at in (4, 8, 12, 16, 20)]
            # Words of types: names, kinds with their counts, ids, offsets; kinds (the byte that holds them) once more.
            found += _records(start + 24, types, 4, (0, 4), (0, 2), (3 if order == "little" else 0, 1))
        elif section.name == ".BTF.ext":
            found += [[Field(start + at, 4)] for at in range(4, 32, 4)]
            found += _records(start + 32, size - 32, 4, (0, 4))
            (functions, _, lines, _) = _words(elf, start + 8, 4)
            found += [[Field(start + 32 + part + at, 4)] for part in (functions, lines) for at in (0, 4, 8, 12, 16)]
        elif section.name == "maps" and size:
            found += _records(start, size, 4, (0, 4))
    return [kind for kind in found if kind]


def _words(elf: Elf, offset: int, count: int) -> tuple[int, ...]:
    return struct.unpack_from(f"{'<' if elf.byte_order == 'little' else '>'}{count}I", elf.data, offset)


class Made(NamedTuple):
    """An object with wrong fields; as text it is short enough to be read."""

    seed: str
    changes: tuple[tuple[Field, int], ...]

    def bytes(self) -> bytes:
        """Return the object."""
        data = bytearray(seed(self.seed))
        order = "little" if data[5] == 1 else "big"
        for field, value in self.changes:
            data[field.offset : field.offset + field.width] = value.to_bytes(field.width, order)  # type: ignore[arg-type]
        return bytes(data)


@st.composite
def objects(draw: st.DrawFn) -> Made:
    """Return a strategy of objects with one to four wrong fields."""
    name = draw(st.sampled_from((*SEEDS, "big")))
    data = seed(name)
    order = "little" if data[5] == 1 else "big"

    def number(field: Field) -> int:
        return int.from_bytes(data[field.offset : field.offset + field.width], order)  # type: ignore[arg-type]

    changes: list[tuple[Field, int]] = []
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(fields(name)))
        field, other = draw(st.sampled_from(kind)), draw(st.sampled_from(kind))
        near = st.integers(-16, 16).map(number(field).__add__)
        new = draw(st.one_of(st.sampled_from(EXTREMES), near, st.just(number(other)), st.integers(0, 300)))
        changes.append((field, new % (1 << 8 * field.width)))
    return Made(name, tuple(changes))


def check(data: bytes) -> bool:
    """Look at everything in an object; return whether it opened. What must not happen raises."""
    start = time.process_time()
    try:
        spec = CollectionSpec.from_bytes(data, file="made")
        spec_json(spec)
        for program in spec.programs.values():
            rows = Listing(program)
            rows.rows(0, min(len(rows), 500))
        check_references(spec, Elf(data, file="made"))
    except BpftuiError:
        return False
    finally:
        took = time.process_time() - start
        assert took < PATIENCE, f"{took:.1f} s"
    return True


def check_references(spec: CollectionSpec, elf: Elf) -> None:
    """Assert that whoever has an instruction whose relocation leads out of the object is said to have a problem."""
    try:
        symbols = elf.symbols
    except BpftuiError:
        return
    for section in elf.sections:
        if not section.executable:
            continue
        try:
            code, rows = elf.contents(section), elf.relocation_rows(section)
        except BpftuiError:
            continue
        wrong = [at for at, _, symbol, addend in rows if _leads_out(elf, code, symbols, at, symbol, addend)]
        for program in spec.programs.values():
            for function in program.functions:
                if function.section != section.name or elf.by_name[section.name] is not section:
                    continue
                first, last = function.section_offset, function.section_offset + 8 * function.size
                bad = [at for at in wrong if first <= at < last or at >= section.size]
                assert not bad or program.problem is not None, f"{program.name}: the relocations at {bad} lead out"


def _leads_out(elf: Elf, code: bytes, symbols: Sequence[Symbol], at: int, symbol: int, addend: int) -> bool:
    """Return whether a relocation patches nothing of its section, or refers to nothing of the object."""
    if at + 8 > len(code) or symbol >= len(symbols):
        return True
    target = symbols[symbol]
    if target.section == 0 or target.section >= len(elf.sections):
        return target.section != 0
    home = elf.sections[target.section]
    imm = int.from_bytes(code[at + 4 : at + 8], elf.byte_order, signed=True) + addend
    if code[at] == CALL and target.type == SymbolType.FUNC and imm == target.value - 1:
        return False  # as gcc 12 names a function
    if code[at] == CALL:
        return not 0 <= target.value + 8 * (imm + 1) < home.size
    # One past the end is an address that C lets one take.
    return code[at] == LD_IMM64 and not 0 <= target.value + imm <= home.size


def run(examples: int) -> tuple[int, int]:
    """Check that many objects; return how many opened and how many were refused."""
    counts = [0, 0]

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=cast("list[HealthCheck]", list(HealthCheck)),
    )
    @given(objects())
    def looked_at(made: Made) -> None:
        counts[check(made.bytes())] += 1

    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, used + MEMORY))
    looked_at()
    return counts[1], counts[0]


def main() -> None:
    """Run from the command line; print one line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--examples", type=int, default=20_000)
    opened, refused = run(parser.parse_args().examples)
    print(f"{opened + refused} objects with wrong fields: {opened} opened, {refused} refused")


if __name__ == "__main__":
    main()
