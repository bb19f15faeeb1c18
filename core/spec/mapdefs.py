"""The maps of an object: those that `definitions` and `legacy` read, struct_ops, and data sections."""

from __future__ import annotations

import bisect
from typing import TYPE_CHECKING

from ..btf import CType, Kind
from ..btf.types import DataSec, DeclTag, Var
from ..elf import SectionType, SymbolType
from ..errors import ObjectError
from ..uapi import MapFlag, MapType
from .definitions import read_definition
from .legacy import KEY_VALUE_PAIR, read_legacy_maps
from .map import MapEntry, MapSpec
from .parts import Hidden
from .sparse import zeros
from .windows import translate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..btf import Btf
    from ..elf import Relocation, Section
    from .object import ObjectFile
    from .sparse import Contents

__all__ = ["read_contents", "read_maps"]


def read_maps(obj: ObjectFile) -> tuple[dict[str, MapSpec], list[Hidden]]:
    """Return the maps of an object, data sections last, and what could not be read with its reason.

    Fills `obj.maps_at`, by which relocations find their maps.
    """
    maps: dict[str, MapSpec] = {}
    hidden: list[Hidden] = []
    for reader in (_btf_maps, read_legacy_maps, _struct_ops, _data_maps):
        for found in reader(obj):
            if isinstance(found, MapSpec):
                if obj.for_windows and reader in (_btf_maps, read_legacy_maps):
                    translate(found)
                _leave_out_sizes(found)
                maps.setdefault(found.name, found)
            else:
                hidden.append(found)
    # What refers to a map that could not be read has a problem as well.
    obj.maps_at = {place: name for place, name in obj.maps_at.items() if name in maps}
    return maps, hidden


def _leave_out_sizes(spec: MapSpec) -> None:
    """Take away the value size of a map whose contents have a type (`__type(value, struct event)`), and no size.

    The kernel insists on that for a ring buffer.
    """
    bare = spec.type.is_stream or spec.type is MapType.ARENA
    if spec.value is not None and bare and spec.section.startswith(".maps"):
        spec.value_size = 0


def _btf_maps(obj: ObjectFile) -> Iterator[MapSpec | Hidden]:
    for section in obj.btf_map_sections:
        yield from _maps_of(obj, section)


def _maps_of(obj: ObjectFile, section: Section) -> Iterator[MapSpec | Hidden]:
    btf = obj.types
    datasec_id = btf.find(section.name, Kind.DATASEC) if btf is not None else None
    symbols = {symbol.name: symbol for symbol in obj.symbols_in.get(section.number, ())}
    if btf is None or datasec_id is None:
        for name in symbols:
            yield Hidden(
                name,
                "map",
                f"it is defined in {section.name} by its BTF type, and the object has neither BTF nor DWARF for it",
            )
        return
    datasec = btf.type(datasec_id)
    assert isinstance(datasec, DataSec)
    tags = _tags(btf)
    offsets = _offsets(btf, datasec, section.size)
    for item, offset in zip(datasec.variables, offsets, strict=True):
        try:
            var = btf.type(item.type_id)
        except ObjectError as error:
            yield Hidden(section.name, "section", error.message)
            continue
        if not isinstance(var, Var):
            yield Hidden(var.name, "map", f"its BTF says that it is in {section.name}, and not that it is a variable")
            continue
        if var.name == f"{KEY_VALUE_PAIR}{section.name.removeprefix('.maps.')}":
            continue  # the types of a legacy map
        # A symbol that was stripped is one that no relocation needs, or one that they name by its section.
        symbol = symbols.get(var.name)
        place = offset if symbol is None else symbol.value
        if symbol is not None and symbol.value + symbol.size > section.size:
            yield Hidden(var.name, "map", f"its symbol reaches beyond section {section.name}")
            continue
        if place is not None:
            obj.maps_at.setdefault((section.number, place), var.name)
        try:
            spec = read_definition(btf, var.name, var.type_id, for_windows=obj.for_windows)
            spec.section = section.name
            spec.tags = tuple(tags.get(item.type_id, ()))
        except ObjectError as error:
            yield Hidden(var.name, "map", error.reason)
            continue
        yield spec


def _offsets(btf: Btf, datasec: DataSec, size: int) -> list[int | None]:
    """Return where the variables of a section lie by its BTF alone: None where that does not tell.

    clang leaves the offsets to a linker and writes 0; the variables then follow each other in the order of the BTF.
    """
    if len(datasec.variables) == 1 or any(item.offset for item in datasec.variables):
        return [item.offset for item in datasec.variables]
    offsets: list[int | None] = []
    end = 0
    for item in datasec.variables:
        offsets.append(end)
        end += (item.size + 7) // 8 * 8
    return offsets if end == size else [None] * len(offsets)


def _tags(btf: Btf) -> dict[int, list[str]]:
    """Return the `btf_decl_tag`s of whole types, by the id of what they tag."""
    found: dict[int, list[str]] = {}
    for tag_id in btf.ids(Kind.DECL_TAG):
        tag = btf.type(tag_id)
        if isinstance(tag, DeclTag) and tag.component == -1:
            found.setdefault(tag.target, []).append(tag.name)
    return found


def read_contents(obj: ObjectFile, maps: dict[str, MapSpec]) -> None:
    """Fill in the initial entries of maps-in-maps and program arrays, from the relocations of `.maps`."""
    for section in obj.btf_map_sections:
        try:
            _contents_of(obj, section, maps)
        except ObjectError as error:
            obj.damage.append(Hidden(section.name, "section", error.message))


def _contents_of(obj: ObjectFile, section: Section, maps: dict[str, MapSpec]) -> None:
    relocations = obj.relocations(section)
    if not relocations:
        return
    raw, order = obj.elf.view(section), obj.elf.byte_order
    places = sorted((offset, name) for (index, offset), name in obj.maps_at.items() if index == section.number)
    values_at = {
        name: offset
        for name, ctype in obj.data_types.get(section.name, {}).items()
        for field, _, offset in ctype.members()
        if field == "values"
    }
    for relocation in relocations:
        holder = bisect.bisect_right(places, relocation.offset, key=lambda place: place[0]) - 1
        found = maps.get(places[holder][1]) if holder >= 0 else None
        if found is None:
            continue
        start, name = places[holder]
        stop = places[holder + 1][0] if holder + 1 < len(places) else section.size
        index, rest = divmod(relocation.offset - start - values_at.get(name, section.size), 8)
        if index < 0 or rest or relocation.offset + 8 > stop:
            found.unusable = f"a relocation at offset {relocation.offset:#x} of {section.name} is for no value of it"
            continue
        # Of REL the addend is what is stored: clang needs none, a linker may name a static function by its section.
        addend = relocation.addend + int.from_bytes(raw[relocation.offset : relocation.offset + 8], order)
        target = _target(obj, relocation.symbol, addend)
        if target is None:
            found.unusable = f"its value {index} is the address of nothing that is a map or a program"
        else:
            found.contents.append(MapEntry(index, target))


def _target(obj: ObjectFile, symbol_index: int, addend: int) -> str | None:
    """Return the name of the map or function that an initial value is the address of."""
    if symbol_index >= len(obj.symbols):
        return None
    symbol = obj.symbols[symbol_index]
    place = (symbol.section, symbol.value + addend)
    function = obj.functions.at(*place)
    if function is not None:
        return function.name if not symbol.name or symbol.type == SymbolType.SECTION else symbol.name
    return obj.maps_at.get(place)


def _struct_ops(obj: ObjectFile) -> Iterator[MapSpec | Hidden]:
    for section in obj.struct_ops_sections:
        types = obj.data_types.get(section.name, {})
        try:
            contents = obj.elf.contents(section)
        except ObjectError as error:
            yield Hidden(section.name, "section", error.message)
            continue
        relocations = list(obj.relocations(section))
        for symbol in obj.symbols_in.get(section.number, ()):
            obj.maps_at[section.number, symbol.value] = symbol.name
            ctype = types.get(symbol.name)
            size = ctype.size if ctype is not None else symbol.size
            placed = [(r, r.offset - symbol.value) for r in relocations if 0 <= r.offset - symbol.value < size]
            members = {} if ctype is None else {offset: name for name, _, offset in ctype.members()}
            yield MapSpec(
                symbol.name,
                section.name,
                MapType.STRUCT_OPS,
                4,
                size,
                1,
                flags=MapFlag.LINK if section.name.endswith(".link") else 0,
                value=ctype,
                data=bytearray(contents[symbol.value : symbol.value + size]),
                functions={
                    members[offset]: _function(obj, relocation, contents[relocation.offset :][:8])
                    for relocation, offset in placed
                    if offset in members
                },
            )


def _function(obj: ObjectFile, relocation: Relocation, patched: bytes) -> str:
    """Return the name of the function that a pointer is to be set to; '' where there is none."""
    if relocation.symbol >= len(obj.symbols):
        return ""
    symbol = obj.symbols[relocation.symbol]
    addend = relocation.addend or int.from_bytes(patched, obj.elf.byte_order)
    found = obj.functions.at(symbol.section, symbol.value + addend)
    return symbol.name or ("" if found is None else found.name)


def _contents(obj: ObjectFile, section: Section) -> Contents:
    """Return the initial value of a data section; what is only zeros takes no memory."""
    if section.type != SectionType.NOBITS:
        return bytearray(obj.elf.contents(section))
    obj.elf.check(section)
    try:
        return zeros(section.size)
    except ObjectError as error:
        raise obj.elf.error(error.reason, section.name) from None


def _data_maps(obj: ObjectFile) -> Iterator[MapSpec | Hidden]:
    for index, section in obj.data_sections.items():
        if section.name == ".kconfig":
            continue
        # What no symbol names, no user can set; `.rodata.str1.1` is kept where an instruction refers to it.
        symbols = obj.symbols_in.get(index)
        if not symbols and obj.symbols and index not in obj.referred_sections:
            continue
        if section.size >= 1 << 32:
            yield Hidden(section.name, "section", f"its {section.size:,} bytes do not fit into a map (32 bits)")
            continue
        try:
            contents = _contents(obj, section)
        except ObjectError as error:
            yield Hidden(section.name, "section", error.message)
            continue
        btf = obj.types
        type_id = btf.find(section.name, Kind.DATASEC) if btf is not None else None
        obj.maps_at[index, 0] = section.name
        yield MapSpec(
            section.name,
            section.name,
            MapType.ARRAY,
            4,
            section.size,
            1,
            flags=MapFlag.RDONLY_PROG if section.name.startswith(".rodata") else 0,
            value=CType(btf, type_id) if btf is not None and type_id is not None else None,
            data=contents,
        )
