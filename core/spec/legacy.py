"""Legacy map definitions: structs of numbers in sections `maps`, `maps/NAME` and `HOOK/maps`, from before BTF.

All layouts begin with type, key_size, value_size, max_entries, and go on with flags. What follows, and
so which one it is, only its size tells:

- 16 and 20 bytes: perf's and libbpf's (`struct bpf_map_def`, tools/lib/bpf until 0.8)
- 24 and 28 bytes: samples/bpf (`bpf_load.h`, Linux 4.12 on: inner_map_idx; 4.14 on: numa_node), or iproute2's of
  2016 (id, pinning)
- 32 bytes: ebpf-for-windows', which has no flags but inner_map_idx, pinning, id, inner_id
- 36 bytes: iproute2's (`struct bpf_elf_map`: id, pinning, inner_id, inner_idx), which Cilium used as well
- 280 bytes: gobpf's (pinning, then 256 bytes of namespace)
"""

from __future__ import annotations

import copy
import re
import struct
from typing import TYPE_CHECKING, Final, NamedTuple

from ..btf import CType, Kind
from ..elf import SymbolType
from ..errors import ObjectError
from ..uapi import MapFlag, MapType, ProgramType
from .map import MapEntry, MapSpec
from .parts import Hidden

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..elf import Section
    from ..uapi import AttachType
    from .object import ObjectFile
    from .program import ProgramSpec

__all__ = [
    "KEY_VALUE_PAIR",
    "entry_type",
    "read_legacy_maps",
    "resolve_tail_calls",
    "retype_tail_calls",
    "tail_call_of",
]

KEY_VALUE_PAIR: Final = "____btf_map_"
"""What BPF_ANNOTATE_KV_PAIR puts before a map's name: the struct with the types of its key and value, and a variable
of that in a section of its own, `.maps.NAME`."""
_MIN_SIZE: Final = 16
_SIZES: Final = (16, 20, 24, 28, 36, 280)
_IPROUTE2_OLD: Final = 28
_IPROUTE2: Final = 36
_PINNED: Final = {0: "", 1: "pinned for this object", 2: "pinned for all objects"}
"""iproute2's PIN_NONE, PIN_OBJECT_NS, PIN_GLOBAL_NS."""
_GOBPF: Final = 280
_WINDOWS: Final = 32
_TAIL_CALL: Final = re.compile(r"(0[xX][0-9a-fA-F]{1,8}|[0-9]{1,10})/(0[xX][0-9a-fA-F]{1,8}|[0-9]{1,10})$")
_NO_INDEX: Final = 0xFFFF_FFFF


class _Place(NamedTuple):
    """Where a definition lies in its section, in bytes."""

    name: str
    start: int
    stop: int


class _Definition(NamedTuple):
    """A definition's words beside what a MapSpec keeps of them."""

    spec: MapSpec
    size: int
    words: tuple[int, ...]

    def word(self, index: int) -> int:
        """Return a word, 0 where the definition is too short for it."""
        return self.words[index] if index < len(self.words) else 0

    @property
    def is_iproute2(self) -> bool:
        """Whether id and pinning follow the flags; of 28 bytes both meanings exist, and only one makes sense."""
        if self.size == _IPROUTE2_OLD:
            named = not self.spec.type.holds_maps and not self.spec.flags & MapFlag.NUMA_NODE
            return named and self.words[6] in _PINNED
        return self.size == _IPROUTE2

    @property
    def id(self) -> int:
        """The id by which iproute2 knows the map; 0 for none."""
        return self.words[5] if self.is_iproute2 else 0


def read_legacy_maps(obj: ObjectFile) -> Iterator[MapSpec | Hidden]:
    """Yield the maps of all legacy sections, their inner maps resolved; fills `obj.maps_at` and `obj.map_ids`."""
    found: list[_Definition] = []
    for section in obj.legacy_map_sections:
        try:
            contents = obj.elf.contents(section)
        except ObjectError as error:
            yield Hidden(section.name, "section", error.message)
            continue
        first = len(found)
        places = _places(obj, section, contents)
        if not places and contents:
            reason = "its maps cannot be told apart: there are no symbols, and their size has more than one meaning"
            yield Hidden(section.name, "section", reason)
        for place in places:
            raw = contents[place.start : place.stop]
            obj.maps_at[section.number, place.start] = place.name
            if len(raw) < _MIN_SIZE:
                yield Hidden(place.name, "map", f"its definition of {len(raw)} bytes is too short")
                continue
            found.append(_definition(obj, section, place.name, raw))
        _inner_by_index(found[first:])
    _inner_by_id(found)
    obj.map_ids.update({item.id: item.spec.name for item in found if item.id})
    for item in found:
        yield item.spec


def _places(obj: ObjectFile, section: Section, contents: bytes) -> list[_Place]:
    """Tell a section's definitions apart: by symbols, else by what its name or its size allows."""
    symbols = sorted(
        (s for s in obj.symbols if s.section == section.number and s.type in (SymbolType.NOTYPE, SymbolType.OBJECT)),
        key=lambda symbol: symbol.value,
    )
    if symbols:
        stops = [*(symbol.value for symbol in symbols[1:]), section.size]
        return [
            _Place(symbol.name or _numbered(section, symbol.value), symbol.value, symbol.value + (symbol.size or gap))
            for symbol, stop in zip(symbols, stops, strict=True)
            for gap in (max(stop - symbol.value, 0),)
        ]
    if "/" in section.name and section.size in _SIZES:
        return [_Place(_numbered(section, 0), 0, section.size)]
    strides = [size for size in _SIZES if section.size % size == 0 and _plausible(obj, contents, size)]
    if len(strides) != 1:
        return []
    return [_Place(_numbered(section, at), at, at + strides[0]) for at in range(0, section.size, strides[0])]


def _numbered(section: Section, offset: int) -> str:
    """Name a map whose name is lost."""
    base = re.sub(r"\W+", "_", section.name.rpartition("/")[2]).strip("_") or "map"
    return base if "/" in section.name and not offset else f"{base}_{offset:#x}"


def _plausible(obj: ObjectFile, contents: bytes, stride: int) -> bool:
    """Return whether a section reads as definitions of this size: known types, sizes that maps have."""
    order = "<" if obj.elf.byte_order == "little" else ">"
    for at in range(0, len(contents), stride):
        kind, key, value, entries = struct.unpack_from(order + "4I", contents, at)
        if not 0 < kind <= max(MapType) or key > 512 or value > 1 << 20 or not 0 < entries <= 1 << 24:
            return False
    return True


def _definition(obj: ObjectFile, section: Section, name: str, raw: bytes) -> _Definition:
    order = "<" if obj.elf.byte_order == "little" else ">"
    count = min(len(raw), 64) // 4
    words = struct.unpack_from(f"{order}{count}I", raw)
    kind, key_size, value_size, max_entries = words[:4]
    known = kind in MapType._value2member_map_
    spec = MapSpec(
        name,
        section.name,
        MapType(kind) if known else MapType.UNSPEC,
        key_size,
        value_size,
        max_entries,
        flags=words[4] if count > 4 else 0,
        unusable=None if known else f"map type {kind} is not known",
    )
    _annotate(obj, spec)
    item = _Definition(spec, len(raw), words)
    if obj.for_windows and len(raw) == _WINDOWS:
        spec.flags = 0
        told = zip(("inner_map_idx", "pinning", "id", "inner_id"), words[4:8], strict=True)
        spec.remark = ", ".join(f"{name} {number}" for name, number in told if number)
        return item
    if spec.flags & MapFlag.NUMA_NODE and len(raw) == _IPROUTE2_OLD:
        spec.numa_node = words[6]
    spec.remark = _remark(item, raw)
    return item


def _remark(item: _Definition, raw: bytes) -> str:
    """Return what a definition says to its own loader, beyond what the kernel is told."""
    if item.is_iproute2:
        parts = [f"id {item.id}"] if item.id else []
        parts += [_PINNED.get(item.words[6], f"pinning {item.words[6]}")] if item.words[6] else []
        return "iproute2: " + ", ".join(parts) if parts else ""
    if item.size == _GOBPF:
        namespace = raw[24:_GOBPF].partition(b"\0")[0].decode("utf-8", "replace")
        if item.words[5]:
            return f"gobpf: pinned, kind {item.words[5]}" + (f", in {namespace}" if namespace else "")
        return ""
    extra = item.words[5:]
    if any(extra) and not item.spec.type.holds_maps:
        return "more numbers: " + ", ".join(str(word) for word in extra)
    return ""


def _annotate(obj: ObjectFile, spec: MapSpec) -> None:
    """Give a map the types that BPF_ANNOTATE_KV_PAIR left in a struct of this name."""
    btf = obj.types
    pair_id = btf.find(KEY_VALUE_PAIR + spec.name, Kind.STRUCT) if btf is not None else None
    if btf is None or pair_id is None:
        return
    pair = CType(btf, pair_id)
    try:
        pair.check()
    except ObjectError as error:
        obj.damage.append(Hidden(pair.c_text, "section", error.message))
    else:
        types = {name: ctype for name, ctype, _ in pair.members()}
        spec.key, spec.value = types.get("key"), types.get("value")


def _template(outer: MapSpec, inner: MapSpec) -> MapSpec:
    """Return the template that *outer* gets from another map of the object."""
    twin = copy.copy(inner)
    twin.name, twin.remark, twin.contents, twin.inner = f"{outer.name}.inner", "", [], None
    return twin


def _inner_by_index(found: list[_Definition]) -> None:
    """Resolve samples/bpf's inner_map_idx: the number of the map within its section.

    Others' definitions of 24 bytes have something else there (pinning, in the OpenTelemetry profiler's). Where it is
    0 for all, nothing says that the first map is meant.
    """
    outers = [item for item in found if item.spec.type.holds_maps and item.size in (24, 28)]
    if all(item.size == 24 and not item.word(5) for item in outers):
        return
    for item in outers:
        if item.word(5) < len(found):
            item.spec.inner = _template(item.spec, found[item.word(5)].spec)


def _inner_by_id(found: list[_Definition]) -> None:
    """Resolve iproute2's inner_id: the id of the template, which is put into slot inner_idx unless that is -1."""
    for outer in found:
        inner_id = outer.word(7)
        if not outer.spec.type.holds_maps or outer.size != _IPROUTE2 or not inner_id:
            continue
        for item in found:
            if item.id == inner_id and item is not outer:
                outer.spec.inner = outer.spec.inner or _template(outer.spec, item.spec)
                if item.words[8] != _NO_INDEX:
                    outer.spec.contents.append(MapEntry(item.words[8], item.spec.name))


def tail_call_of(section: str) -> tuple[int, int] | None:
    """Return the map id and the key that iproute2 reads in a section named `ID/KEY`; None for any other."""
    match = _TAIL_CALL.match(section)
    return (_number(match[1]), _number(match[2])) if match else None


def _number(text: str) -> int:
    """Read a number as scanf's %i does: hexadecimal, octal or decimal."""
    return int(text, 16) if text[:2] in ("0x", "0X") else int(text, 8 if re.fullmatch("0[0-7]+", text) else 10)


def resolve_tail_calls(obj: ObjectFile, maps: dict[str, MapSpec], programs: dict[str, ProgramSpec]) -> None:
    """Put the programs of sections `ID/KEY` into their program arrays, and give them the object's type."""
    tails = {name: place for name, program in programs.items() if (place := tail_call_of(program.section))}
    if not tails:
        return
    for name, (map_id, key) in tails.items():
        array = maps.get(obj.map_ids.get(map_id, ""))
        if array is not None and array.type is MapType.PROG_ARRAY:
            array.contents.append(MapEntry(key, name))
    entry = entry_type(programs)
    for name in tails:
        _take_type(programs[name], entry)


def entry_type(programs: Mapping[str, ProgramSpec]) -> tuple[ProgramType, AttachType | None] | None:
    """Return the type of the programs that are not in sections `ID/KEY`, where they have one in common.

    iproute2 loads all programs of an object as one type, the one of its entry section.
    """
    types = {(p.type, p.attach_type) for p in programs.values() if tail_call_of(p.section) is None}
    types.discard((ProgramType.UNSPEC, None))
    return types.pop() if len(types) == 1 else None


def retype_tail_calls(
    programs: Mapping[str, ProgramSpec], before: tuple[ProgramType, AttachType | None] | None
) -> None:
    """Give the programs of sections `ID/KEY` the entry's type after that has changed.

    Args:
        programs: Those of the object.
        before: What `entry_type` was; a program that has another type was given it by itself, and keeps it.
    """
    entry = entry_type(programs)
    for program in programs.values():
        if tail_call_of(program.section) and (program.type, program.attach_type) == (
            before or (ProgramType.UNSPEC, None)
        ):
            _take_type(program, entry)


def _take_type(program: ProgramSpec, entry: tuple[ProgramType, AttachType | None] | None) -> None:
    if entry is not None:
        program.type, program.attach_type = entry
        program.unusable = None
    else:
        program.type, program.attach_type = ProgramType.UNSPEC, None
        program.unusable = (
            f"section {program.section} says which slot of a program array it is for, and no type: "
            "iproute2 takes that of the object's entry"
        )
