"""Pointers in data: addresses that a linker would fill in, and no loader of BPF objects does.

`const char *label = "hello";` leaves a place in `.data` and a relocation that says what is to be put there. Where a map
lies in memory is only known when it has been created, and it differs for programs and for user space: libbpf passes the
relocations of data over (`elf: skipping relo section`), and so programs find 0, or what the compiler left there. An
instruction that takes the address is another matter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ..btf import format_value
from ..btf.types import Array, Int, Pointer
from ..btf.values import EnumName
from ..elf import SectionType
from .parts import Hidden

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..btf import CType, Value
    from ..elf import Relocation, Section
    from .map import MapSpec
    from .object import ObjectFile

__all__ = ["DataPointer", "PointerText", "find_pointers", "with_pointers"]

_WIDTHS: Final = {1: 8, 2: 8, 3: 4}
"""Bytes that R_BPF_64_64, R_BPF_64_ABS64 and R_BPF_64_ABS32 fill in."""
_LONGEST: Final = 64
"""Characters of a text that is pointed to."""
_MOST_NAMES: Final = 4
_MAX_DEPTH: Final = 16


class PointerText(EnumName):
    """What a pointer in data points to, in place of its value: a str that is shown without quotes."""

    __slots__ = ()


class DataPointer(NamedTuple):
    """A place in a data section that was to be an address."""

    size: int
    """Its bytes: 8, or 4."""
    target: str
    """What it points to, as C writes it: `&"hello"`, `&counter`, `&.rodata+5`."""
    holder: str
    """The variable that it lies in; empty where none has a name."""


def find_pointers(obj: ObjectFile, maps: Mapping[str, MapSpec]) -> Iterator[Hidden]:
    """Fill in the `pointers` of data sections, and yield what cannot be done about them, once for each section."""
    for section in obj.data_sections.values():
        found = maps.get(section.name)
        if found is None or found.data is None or section.type == SectionType.NOBITS:
            continue
        for relocation in obj.relocations(section):
            size = _WIDTHS.get(relocation.type, 8)
            if relocation.offset + size > section.size:
                yield Hidden(section.name, "section", f"a relocation at offset {relocation.offset:#x} lies beyond it")
                break
            holder, _ = obj.variable_at(section.number, relocation.offset) or ("", 0)
            found.pointers[relocation.offset] = DataPointer(size, _target(obj, section, relocation, size), holder)
        if found.pointers:
            yield Hidden(_table_name(obj, section), "section", _reason(section, found.pointers))


def _table_name(obj: ObjectFile, section: Section) -> str:
    return next((table.name for table in obj.elf.relocated.get(section.number, ())), section.name)


def _reason(section: Section, pointers: Mapping[int, DataPointer]) -> str:
    names = list(dict.fromkeys(pointer.holder for pointer in pointers.values() if pointer.holder))
    told = ", ".join(names[:_MOST_NAMES]) + (", …" if len(names) > _MOST_NAMES else "")
    count = "a pointer" if len(pointers) == 1 else f"{len(pointers)} pointers"
    return (
        f"{count} in {section.name}{f' ({told})' if told else ''} that no loader can set: programs find there what "
        "stands in the file, which is no address"
    )


def _target(obj: ObjectFile, section: Section, relocation: Relocation, size: int) -> str:
    """Return what a relocation of data refers to, as C writes its address."""
    if relocation.symbol >= len(obj.symbols):
        return "&nothing"
    symbol = obj.symbols[relocation.symbol]
    raw = obj.elf.view(section)[relocation.offset : relocation.offset + size]
    index, place = symbol.section, symbol.value + relocation.addend + int.from_bytes(raw, obj.elf.byte_order)
    if not 0 < index < len(obj.elf.sections):
        return f"&{symbol.name or 'nothing'}"
    function = obj.functions.at(index, place)
    if function is not None:
        return f"&{function.name}"
    if (index, place) in obj.maps_at and index not in obj.data_sections:
        return f"&{obj.maps_at[index, place]}"
    variable = obj.variable_at(index, place)
    if variable is not None:
        name, start = variable
        return f"&{name}" + (f"+{place - start}" if place > start else "")
    target = obj.elf.sections[index]
    return _text(obj, target, place) or f"&{target.name}" + (f"+{place}" if place else "")


def _text(obj: ObjectFile, section: Section, place: int) -> str:
    """Return the text that begins at a place which no variable covers; empty where none does."""
    if section.number not in obj.data_sections or section.type == SectionType.NOBITS:
        return ""
    contents = obj.elf.view(section)
    raw, end, _ = bytes(contents[place : place + 4 * _LONGEST]).partition(b"\0")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return ""
    if not end or not all(letter.isprintable() or letter in "\n\r\t" for letter in text):
        return ""
    return f"&{format_value(text if len(text) <= _LONGEST else text[: _LONGEST - 1] + '…')}"


def with_pointers(
    value: Value, ctype: CType, pointers: Mapping[int, DataPointer], original: bytes, raw: bytes, start: int
) -> Value:
    """Return a decoded value in which the pointers that stand as in the file say what they point to.

    Args:
        value: The value, decoded; it is changed.
        ctype: Its type.
        pointers: Those of the section that it lies in, by their offsets.
        original: What the file holds, as far as the value goes.
        raw: The value's bytes.
        start: The value's offset in the section, in bytes.
    """
    window = range(start, start + len(raw))
    inside = (
        [at for at in window if at in pointers] if len(raw) < len(pointers) else [p for p in pointers if p in window]
    )
    for offset in inside:
        pointer, at = pointers[offset], offset - start
        if raw[at : at + pointer.size] == original[at : at + pointer.size]:
            value = _replaced(value, ctype, at, pointer)
    return value


def _replaced(value: Value, ctype: CType, at: int, pointer: DataPointer, depth: int = 0) -> Value:
    """Return a value in which what lies *at* an offset is a pointer's text."""
    stripped = ctype.stripped
    match value:
        case int() if not at and isinstance(stripped, Pointer | Int) and ctype.size == pointer.size:
            return PointerText(pointer.target)
        case list() if depth < _MAX_DEPTH and isinstance(stripped, Array):
            element = type(ctype)(ctype.btf, stripped.element)
            index, inside = divmod(at, element.size or 1)
            if index < len(value):
                value[index] = _replaced(value[index], element, inside, pointer, depth + 1)
        case dict() if depth < _MAX_DEPTH:
            for name, member, offset in ctype.members():
                if name in value and 0 <= at - offset < member.size and not member.bit_size:
                    value[name] = _replaced(value[name], member, at - offset, pointer, depth + 1)
        case _:
            pass  # a text, or bytes: nothing of it is shown as a number
    return value
