"""The types of the records that streams bring: declared where the object says so, else guessed from its code."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from ..btf import CType, Kind
from ..helpers.names import HELPERS
from ..uapi import MapType
from .lattice import Place
from .record_tags import Store, Tag, stores_before, stores_behind, tag_of
from .xrefs import ProgramUses

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ..spec.collection import CollectionSpec
    from ..spec.map import MapSpec
    from ..spec.program import ProgramSpec
    from .lattice import Value

__all__ = ["PADDING", "RecordType", "record_candidates", "record_type"]


PADDING: Final = 8
"""Less than this the kernel may have added to what a program wrote to a perf event array."""


class RecordType(NamedTuple):
    """What the records of a stream are."""

    type: CType | None
    """None where nothing tells: they are bytes."""
    guess: str = ""
    """Why it is thought to be so, as a clause; empty where the object declares it."""
    kinds: tuple[CType, ...] = ()
    """The structures that programs write, where they are several: without a tag of different lengths, the shortest
    first."""
    tag: Tag | None = None
    """What tells them apart; None where their lengths do."""

    def of(self, raw: bytes) -> CType | None:
        """Return the type of one record: of several that of its tag, else the longest that it is long enough for.

        A perf event array pads records, by less than 8 bytes (`__perf_event_output`, net/core/filter.c); what is longer
        by more is none of them.
        """
        if not self.kinds:
            return self.type
        if self.tag is not None:
            number = self.tag.of(raw)
            kind = None if number is None else self.kinds[number]
            return kind if kind is not None and (kind.size <= len(raw) or kind.is_flexible) else None
        found = next((each for each in reversed(self.kinds) if each.size <= len(raw)), None)
        return found if found is not None and len(raw) - found.size < PADDING else None

    @property
    def text(self) -> str:
        """`struct event`, with the reason where that is a guess; `bytes` where nothing tells."""
        if self.kinds:
            by = "their length" if self.tag is None else self.tag.name
            return f"{', '.join(each.c_text for each in self.kinds)}, by {by}"
        name = "bytes" if self.type is None else self.type.c_text
        return f"{name}, a guess: {self.guess}" if self.guess else name


def record_type(spec: CollectionSpec, found: MapSpec) -> RecordType:
    """Return the type of a stream's records: its value type, what a tag `record:struct event` names, or a guess.

    The integer that a perf event array has as its value is a descriptor's, and no record.

    The guess is by what programs reserve and write. They must agree on one structure of that size, or on several that
    a member tells apart, or of which each has a size of its own: the one that the line of C names, else the one that a
    variable in that line is or points to (DWARF), else the only one of that size.
    """
    if found.value is not None and (found.type is MapType.RINGBUF or found.value.is_composite):
        return RecordType(found.value)
    for tag in found.tags:
        if tag.startswith("record:") and spec.types is not None:
            name = tag.removeprefix("record:").removeprefix("struct ").strip()
            type_id = spec.types.find(name, Kind.STRUCT)
            return RecordType(CType(spec.types, type_id) if type_id is not None else None)
    return _guessed(spec, found.name)


def record_candidates(spec: CollectionSpec) -> list[CType]:
    """Return the structures of an object, which records may be, by name: those of its BTF, and those of its DWARF."""
    debug = spec.read_debug()
    found: dict[str, CType] = {}
    for types in (spec.types, None if debug is None else debug.types):
        if types is None:
            continue
        for type_id in types.ids(Kind.STRUCT):
            name = types.type(type_id).name
            if name and name not in found:
                found[name] = CType(types, type_id)
    return [found[name] for name in sorted(found)]


class _Write(NamedTuple):
    """A place in a program that writes a record."""

    size: int
    source: str
    """The line of C; empty where that is not known."""
    stores: Sequence[Store]
    """What is written into the record, as far as that is seen."""


def _guessed(spec: CollectionSpec, name: str) -> RecordType:
    writes = list(_writes(spec, name))
    if not writes:
        return RecordType(None)
    debug = spec.read_debug()
    variables = {} if debug is None else debug.structures
    known = record_candidates(spec)
    agreed: dict[str, tuple[CType, str]] | None = None
    kinds: dict[str, tuple[CType, list[Sequence[Store]]]] = {}
    are_told = True
    for write in writes:
        here = _named(write, known, variables)
        are_told = are_told and len(here) == 1
        for each, (ctype, _) in here.items():
            kinds.setdefault(each, (ctype, []))[1].append(write.stores)
        agreed = here if agreed is None else {each: why for each, why in agreed.items() if each in here}
    if not agreed and are_told:
        if (tag := tag_of([*kinds.values()])) is not None:
            return RecordType(None, "", tuple(ctype for ctype, _ in kinds.values()), tag)
        by_size = sorted((ctype for ctype, _ in kinds.values()), key=lambda ctype: ctype.size)
        if len({ctype.size for ctype in by_size}) == len(by_size) and not any(each.is_flexible for each in by_size):
            return RecordType(None, "", tuple(by_size))
    if agreed is None or len(agreed) != 1:
        return RecordType(None)
    ((ctype, why),) = agreed.values()
    return RecordType(ctype, why)


def _named(write: _Write, known: list[CType], variables: Mapping[str, frozenset[str]]) -> dict[str, tuple[CType, str]]:
    """Return the structures that a written record can be, by name, each with the reason."""
    fitting = {
        each.stripped.name: each
        for each in known
        if each.size == write.size or (each.is_flexible and 0 < each.size < write.size)
    }
    said = dict.fromkeys(_STRUCT.findall(write.source), "the line that writes it names it")
    if said.keys().isdisjoint(fitting):
        said = {
            each: f"{variable} is one where it is written"
            for variable in _NAME.findall(write.source)
            for each in variables.get(variable, ())
        }
    if said.keys().isdisjoint(fitting):
        same = [each for each, ctype in fitting.items() if ctype.size == write.size]
        said = {same[0]: f"the only structure of {write.size} bytes, which are written"} if len(same) == 1 else {}
    found = {each: (fitting[each], why) for each, why in said.items() if each in fitting}
    exact = {each: reason for each, reason in found.items() if reason[0].size == write.size}
    return exact or found


def _writes(spec: CollectionSpec, name: str) -> Iterator[_Write]:
    """Iterate over the places at which programs write records of a known size to a stream."""
    for program in spec.programs.values():
        if name not in program.maps:
            continue
        uses = ProgramUses(program, spec)
        for start in program.flow.functions:
            facts = uses.facts.at(start) if start < program.flow.slots else None
            for slot, arguments in facts.calls.items() if facts is not None else ():
                at = _WRITERS.get(uses.helper_at(slot) or 0)
                if at is None:
                    continue
                stream, size = arguments[at.stream], arguments[at.size]
                if stream is None or stream.place is not Place.MAP or stream.name != name:
                    continue
                if size is not None and size.place is Place.CONSTANT:
                    line = program.linked.line_at(slot)
                    data = None if at.data is None else arguments[at.data]
                    stores = _stores(program, slot, data, size.offset) if data or at.data is None else []
                    yield _Write(size.offset, "" if line is None else line.source, stores)


def _stores(program: ProgramSpec, call: int, data: Value | None, size: int) -> list[Store]:
    """Return what is written into a record of *size* bytes, which lies at *data*, or is what the call returns."""
    graph = program.flow.graph_at(call)
    if data is None:
        return stores_behind(program, graph, call)
    if data.place is Place.STACK and data.exact:
        return stores_before(program, graph, call, data.offset, size)
    return []


class _Writer(NamedTuple):
    """Which arguments of a helper are the stream and the size."""

    stream: int
    size: int
    data: int | None
    """Which is what is written; None where it returns the room for that."""


_WRITERS: Final = {
    HELPERS.index(f"bpf_{name}"): writer
    for name, writer in {
        "ringbuf_output": _Writer(0, 2, 1),
        "ringbuf_reserve": _Writer(0, 1, None),
        "ringbuf_reserve_dynptr": _Writer(0, 1, None),
        "perf_event_output": _Writer(1, 4, 3),
        "skb_output": _Writer(1, 4, 3),
        "xdp_output": _Writer(1, 4, 3),
    }.items()
}
_STRUCT: Final = re.compile(r"\bstruct\s+(\w+)")
_NAME: Final = re.compile(r"\b[A-Za-z_]\w*")
