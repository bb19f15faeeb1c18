"""Local variables: where the values of a function's parameters and variables are, at each of its instructions.

Location lists and expressions of DWARF 5 (sections 2.5, 2.6 and 7.7), and those of versions 2 to 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ..errors import ObjectError
from .info import At, Entry, Form, Tag
from .names import MAX_PARTS, completed, entry_name
from .sections import ADDRESS_BITS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..btf import CType
    from .info import DebugInfo, Unit

__all__ = ["LocalVariable", "Span", "read_locals", "typed_entry", "variables_of"]

_VARIABLES: Final = frozenset((Tag.VARIABLE, Tag.FORMAL_PARAMETER))
_SCOPES: Final = frozenset((Tag.SUBPROGRAM, Tag.INLINED_SUBROUTINE, Tag.LEXICAL_BLOCK))
_MOST_PLACES: Final = 200_000
"""Of all variables together."""
_MOST_ENTRIES: Final = 4096
"""Of one list of ranges or of locations."""


class Span(NamedTuple):
    """Bytes of a code section, from the start up to the stop."""

    section: int
    start: int
    stop: int


class LocalVariable(NamedTuple):
    """A parameter or a variable of a function, or of one that was inlined there."""

    name: str
    type: CType | None
    is_parameter: bool
    depth: int
    """How many scopes are around it: the innermost of a name is meant."""
    scope: tuple[Span, ...]
    """Where it is known."""
    places: tuple[tuple[Span, bytes], ...]
    """Where its value is, by the code that runs: an expression of DWARF for each span."""
    constant: int | bytes | None
    """What it is everywhere; None where places say it."""
    unit: int
    """Where the unit begins, which expressions refer to types of."""


def typed_entry(info: DebugInfo, entry: Entry) -> Entry:
    """Return the entry that has the type of a variable: itself, or what it is a copy of."""
    for _ in range(MAX_PARTS):
        if At.TYPE in entry.attributes:
            return entry
        other = completed(info, entry)
        if other is None:
            break
        entry = other
    return entry


def variables_of(info: DebugInfo) -> Iterator[tuple[Entry, list[Entry]]]:
    """Iterate over all variables of functions that have code, in the order of the file.

    Each comes with the scopes that it is in, the outermost first.
    """
    for unit in info.units:
        waiting: list[tuple[Entry, list[Entry]]] = [
            (each, [])
            for each in reversed(unit.children)
            if each.tag == Tag.SUBPROGRAM and At.LOW_PC in each.attributes
        ]
        while waiting:
            entry, scopes = waiting.pop()
            if entry.tag in _VARIABLES:
                yield entry, scopes
                continue
            inner = [*scopes, entry]
            waiting += [(each, inner) for each in reversed(entry.children) if each.tag in _SCOPES | _VARIABLES]


def read_locals(info: DebugInfo, types: Mapping[int, CType], problems: list[ObjectError]) -> list[LocalVariable]:
    """Return all variables of functions, in the order of the file.

    Args:
        info: The entries.
        types: By the offset of the entry that `typed_entry` finds, the type.
        problems: Gets what is damaged.
    """
    found: list[LocalVariable] = []
    spans: dict[int, tuple[Span, ...]] = {}
    left = _MOST_PLACES
    for entry, scopes in variables_of(info):
        if left <= 0:
            problems.append(info.cursor(".debug_info", entry.offset).error("it has too many places of variables"))
            break
        name = entry_name(info, entry)
        if not name or entry.number(At.DECLARATION) or entry.number(At.EXTERNAL):
            continue
        try:
            scope = _scope(info, scopes, spans)
            unit = entry.unit
            form, value = entry.attributes.get(At.LOCATION, (0, None))
            places: tuple[tuple[Span, bytes], ...] = ()
            if isinstance(value, bytes):
                places = tuple((each, value) for each in scope)
            elif isinstance(value, int) and scope:
                places = tuple(_locations(info, unit, form, value, _base(info, unit, scopes[0])))
            left -= 1 + len(places)
            _, constant = entry.attributes.get(At.CONST_VALUE, (0, None))
            constant = None if isinstance(constant, str) else constant
            ctype = types.get(typed_entry(info, entry).offset)
            is_parameter = entry.tag == Tag.FORMAL_PARAMETER
            found.append(LocalVariable(name, ctype, is_parameter, len(scopes), scope, places, constant, unit.offset))
        except ObjectError as error:
            problems.append(error)
    return found


def _scope(info: DebugInfo, scopes: list[Entry], spans: dict[int, tuple[Span, ...]]) -> tuple[Span, ...]:
    """Return the code of the innermost scope that says where its code is."""
    for scope in reversed(scopes):
        if scope.offset not in spans:
            spans[scope.offset] = tuple(_ranges(info, scope))
        if spans[scope.offset]:
            return spans[scope.offset]
    return ()


def _base(info: DebugInfo, unit: Unit, function: Entry) -> tuple[int, int]:
    """Return what offsets in lists count from, as section and offset: the first address of the unit."""
    for each in (*(top for top in info.units if top.unit is unit), function):
        place = info.address(each, At.LOW_PC)
        if place is not None and (each is function or At.RANGES not in each.attributes):
            return place
    return 0, 0


def _ranges(info: DebugInfo, scope: Entry) -> Iterator[Span]:
    """Iterate over the code of a scope."""
    start = info.address(scope, At.LOW_PC)
    if start is not None and At.RANGES not in scope.attributes:
        end = info.address(scope, At.HIGH_PC)
        stop = end[1] if end is not None else start[1] + (scope.number(At.HIGH_PC) or 0)
        yield Span(*start, stop)
        return
    form, value = scope.attributes.get(At.RANGES, (0, None))
    if not isinstance(value, int):
        return
    unit = scope.unit
    base = _base(info, unit, scope)
    if unit.version >= 5:
        for span, _ in _list(info, unit, ".debug_rnglists", form == Form.RNGLISTX, At.RNGLISTS_BASE, value, base):
            yield span
    else:
        yield from (span for span, _ in _old_list(info, unit, ".debug_ranges", value, base, located=False))


def _locations(
    info: DebugInfo, unit: Unit, form: int, value: int, base: tuple[int, int]
) -> Iterator[tuple[Span, bytes]]:
    if unit.version >= 5:
        return _list(info, unit, ".debug_loclists", form == Form.LOCLISTX, At.LOCLISTS_BASE, value, base)
    return _old_list(info, unit, ".debug_loc", value, base, located=True)


def _list(
    info: DebugInfo, unit: Unit, section: str, is_index: bool, base_of: int, value: int, base: tuple[int, int]
) -> Iterator[tuple[Span, bytes]]:
    """Iterate over a list of DWARF 5: of locations, or of ranges, which have no expressions."""
    first = unit.bases.get(base_of, 0)
    if is_index:
        value = first + info.cursor(section, first + value * unit.offset_size).unsigned(unit.offset_size)
    cursor = info.cursor(section, value)
    has_places = section == ".debug_loclists"
    size = unit.address_size
    for _ in range(_MOST_ENTRIES):
        kind = cursor.unsigned(1)
        # Locations have one kind more, for where no other says anything: those behind it are one further.
        number = kind if not has_places or kind < 5 else kind - 1
        if has_places and kind == 5:
            cursor.skip(cursor.uleb())
            continue
        match number:
            case 0:
                return
            case 1:
                base = info.indexed(unit, cursor.uleb())
                continue
            case 2:
                start, stop = info.indexed(unit, cursor.uleb()), info.indexed(unit, cursor.uleb())
            case 3:
                start = info.indexed(unit, cursor.uleb())
                stop = (start[0], start[1] + cursor.uleb())
            case 4:
                start, stop = (base[0], base[1] + cursor.uleb()), (base[0], base[1] + cursor.uleb())
            case 5:
                base = _split(cursor.unsigned(size))
                continue
            case 6:
                start, stop = _split(cursor.unsigned(size)), _split(cursor.unsigned(size))
            case 7:
                start = _split(cursor.unsigned(size))
                stop = (start[0], start[1] + cursor.uleb())
            case _:
                raise cursor.error(f"an entry of a list is of the unknown kind {kind}")
        yield Span(start[0], start[1], stop[1]), cursor.take(cursor.uleb()) if has_places else b""


def _old_list(
    info: DebugInfo, unit: Unit, section: str, value: int, base: tuple[int, int], *, located: bool
) -> Iterator[tuple[Span, bytes]]:
    """Iterate over a list of DWARF 2 to 4."""
    cursor = info.cursor(section, value)
    size = unit.address_size
    last = (1 << 8 * size) - 1
    for _ in range(_MOST_ENTRIES):
        start, stop = cursor.unsigned(size), cursor.unsigned(size)
        if not start and not stop:
            return
        if start == last:
            base = _split(stop)
            continue
        # Relocated addresses tell their section; what is left counts from the base.
        own, offset = _split(start)
        section_number, shift = (own, 0) if own else base
        expression = cursor.take(cursor.unsigned(2)) if located else b""
        yield Span(section_number, offset + shift, _split(stop)[1] + shift), expression


def _split(value: int) -> tuple[int, int]:
    return value >> ADDRESS_BITS, value & (1 << ADDRESS_BITS) - 1
