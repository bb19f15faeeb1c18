"""Variables: what is to be seen where a session stands, as scopes of things that can be unfolded and changed."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias, TypeVar

from ..btf import types as t
from ..errors import BpftuiError, UsageError
from .locals import OPTIMIZED_OUT
from .pointers import layers_of
from .values import Value, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ..btf import CType
    from ..context.fields import ContextField
    from ..packet.fields import Field
    from ..packet.layers import Layer
    from ..vm.map import Map
    from .session import Session

__all__ = ["Scope", "Unfold", "Variable", "scopes", "unfolded"]

_T = TypeVar("_T")

_MANY: Final = 200
"""Variables that are no few."""
_MOST_TEXT: Final = 400
"""Characters of a value that stand in one line."""
_POSTFIX: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.$")

Unfold: TypeAlias = "Callable[[int, int], Sequence[Variable]]"
"""Returns what something consists of: from which number on, and how many at most."""


class Variable(NamedTuple):
    """Something that has a value."""

    name: str
    text: str
    """Its value."""
    type: str = ""
    """As C writes it; empty where it has none."""
    expression: str = ""
    """What it is called in expressions, which also changes it; empty where nothing does."""
    unfold: Unfold | None = None
    """Returns its parts; None for what has none."""
    numbered: int = 0
    """How many numbered parts it has (of an array, of a map); 0 where they have names."""
    address: int | None = None
    """Where it lies; None for what lies nowhere."""
    encode: Callable[[str], tuple[int, bytes]] | None = None
    """Returns the bytes of another value, given as a text, and where they belong; None where `expression` tells."""


class Scope(NamedTuple):
    """A group of variables."""

    name: str
    unfold: Unfold
    variables: int
    """How many there are."""
    expensive: bool = False
    """Whether there may be a great many."""


def scopes(session: Session) -> list[Scope]:
    """Return what is to be seen where a session stands, of the function that `session.level` says."""
    world = session.world
    maps = [each for each in world.collection.maps.values() if not each.spec.is_data]
    variables = [
        name for name, each in world.collection.spec.variables.items() if each.map.name in world.collection.maps
    ]
    registers = _registers(session)
    found = [Scope("Registers", _each(registers, lambda each: each), len(registers))]
    frame = session.frame
    known = [] if frame is None else [each.name for each in session.locals.at(frame)]
    if known:
        found.append(Scope("Locals", _each(known, lambda each: _local(session, each)), len(known)))
    if turns := session.turns:
        position = session.position
        passed = _each(turns, lambda each: Variable(each.program, each.said(position)))
        found.append(Scope("Programs", passed, len(turns)))
    packet = session.packet
    if packet is not None:
        layers = layers_of(session, packet)
        found.append(Scope("Packet", _each(layers, lambda each: _layer(session, each)), len(layers)))
    layout = session.scope.layout
    if layout is not None and layout.fields and not session.at_end:
        fields = layout.fields
        found.append(Scope("Context", _each(fields, lambda each: _field(session, each)), len(fields)))
    if maps:
        found.append(Scope("Maps", _each(maps, lambda each: _map(session, each)), len(maps)))
    if variables:
        named = _each(variables, lambda each: _named(session, each, each))
        found.append(Scope("Globals", named, len(variables), expensive=len(variables) > _MANY))
    return found


def _each(things: Sequence[_T], make: Callable[[_T], Variable]) -> Unfold:
    def unfold(start: int, most: int) -> list[Variable]:
        return [make(each) for each in things[start : start + most]]

    return unfold


def unfolded(session: Session, name: str, expression: str, value: Value) -> Variable:
    """Return a value as a variable, with its parts.

    Args:
        session: Where it is from.
        name: What it is called.
        expression: What evaluates to it.
        value: What it is.
    """
    ctype, text = value.kind.ctype, value.text
    if len(text) > _MOST_TEXT:
        text = f"{text[:_MOST_TEXT]}…"
    unfold, count = None, 0
    if ctype is not None and isinstance(ctype.stripped, t.Array):
        count = ctype.count
        unfold = _elements(session, expression, count)
    elif ctype is not None and isinstance(ctype.stripped, t.Composite):
        names = [each for each, _, _ in ctype.members()]
        unfold = _members(session, f"{_operand(expression)}.", names)
    elif (target := value.kind.target) is not None and target.size:
        if target.ctype is not None and isinstance(target.ctype.stripped, t.Composite):
            unfold = _members(session, f"{_operand(expression)}->", [each for each, _, _ in target.ctype.members()])
        else:
            unfold = _one(session, f"*{_operand(expression)}")
    return Variable(name, text, value.kind.text, expression, unfold, count, value.address)


def _operand(expression: str) -> str:
    """Return an expression as what `.` and `[` may follow."""
    is_simple = not set(_without_brackets(expression)) - _POSTFIX
    return expression if is_simple else f"({expression})"


def _without_brackets(expression: str) -> str:
    """Return an expression without what stands in square brackets, and its arrows as points."""
    kept: list[str] = []
    depth = 0
    for each in expression.replace("->", "."):
        depth += each == "["
        if not depth:
            kept.append(each)
        depth -= each == "]"
    return "".join(kept)


def _named(session: Session, name: str, expression: str) -> Variable:
    """Return what an expression is; its error where it cannot be told."""
    try:
        return unfolded(session, name, expression, session.evaluate(expression))
    except BpftuiError as error:
        return Variable(name, f"<{error.message}>")


def _local(session: Session, name: str) -> Variable:
    """Return a C variable of the function that expressions are about."""
    frame = session.frame
    variable = None if frame is None else session.locals.find(frame, name)
    value = None if frame is None or variable is None else session.locals.value(frame, variable)
    if value is None:
        return Variable(name, OPTIMIZED_OUT)
    return unfolded(session, name, name, value)


def _elements(session: Session, expression: str, count: int) -> Unfold:
    return _each(range(count), lambda number: _named(session, f"[{number}]", f"{_operand(expression)}[{number}]"))


def _members(session: Session, before: str, names: Sequence[str]) -> Unfold:
    return _each(names, lambda name: _named(session, name, f"{before}{name}"))


def _one(session: Session, expression: str) -> Unfold:
    return lambda start, _: [] if start else [_named(session, expression, expression)]


def _registers(session: Session) -> list[Variable]:
    frame = session.frame
    values = session.registers[:1] if frame is None else frame.registers
    return [
        Variable(f"r{number}", f"{value:#x}", "u64", f"$r{number}" if session.level == 0 else "")
        for number, value in enumerate(values)
    ]


def _field(session: Session, field: ContextField) -> Variable:
    """Return a field of the context."""
    layout = session.scope.layout
    assert layout is not None
    if not field.length or field.name in layout.types:
        return _named(session, field.name, f"ctx->{field.name}")
    width, length = field.width, field.length

    def element(number: int) -> Variable:
        return _named(session, f"[{number}]", f"*(u{8 * width} *)(ctx + {field.offset + number * width})")

    unfold = _each(range(length), element)
    return Variable(field.name, f"{length} × u{8 * width}", unfold=unfold, numbered=length)


# The packet


def _layer(session: Session, layer: Layer) -> Variable:
    return Variable(layer.protocol.name, f"{len(layer.raw)} bytes at {layer.start}", unfold=_fields(session, layer))


def _fields(session: Session, layer: Layer) -> Unfold:
    packet = session.world.host.packet
    assert packet is not None
    base = packet.region.base

    def unfold(start: int, most: int) -> list[Variable]:
        # As the layer is by now: others of its fields may have been changed.
        here = (layer.protocol, layer.start)
        now = (each for each in layers_of(session, session.packet or b"") if (each.protocol, each.start) == here)
        return [variable(each, field) for each in now for field in each.fields[start : start + most]]

    def variable(layer: Layer, field: Field) -> Variable:
        address = base + layer.where(field).start
        encode = _encoder(layer, field, base + layer.start)
        return Variable(field.name, layer.text(field), address=address, encode=encode)

    return unfold


def _encoder(layer: Layer, field: Field, address: int) -> Callable[[str], tuple[int, bytes]]:
    def encode(text: str) -> tuple[int, bytes]:
        value = field.parse(text)
        if isinstance(value, int):
            return address, field.write(layer.raw, value)
        there = layer.value(field)
        if not isinstance(there, bytes) or len(value) != len(there):
            raise UsageError(
                f"{field.name} has as many bytes as it has: no packet grows or shrinks while it is looked at"
            )
        return address + field.bit // 8, value

    return encode


# Maps


def _map(session: Session, found: Map) -> Variable:
    store = found.store
    kind = store.shape.type.label
    if not store.shape.key_size or store.shape.type.holds_objects:
        return Variable(found.name, kind, address=found.address)
    shown, partial = _count(found)
    counted = f"{kind}, {shown}{'+' if partial else ''} {'entry' if shown == 1 else 'entries'}"
    return Variable(found.name, counted, unfold=_entries(session, found), numbered=shown, address=found.address)


_MOST_COUNTED: Final = 100_000


def _count(found: Map) -> tuple[int, bool]:
    """Return how many entries a map has, and whether it may have more."""
    if found.store.shape.type.is_array:
        return found.store.shape.max_entries, False
    number = sum(1 for _ in islice(_keys(found), _MOST_COUNTED))
    return number, number == _MOST_COUNTED


def _keys(found: Map) -> Iterator[bytes]:
    try:
        for entry in found.store.entries():
            yield entry.key
    except BpftuiError:
        return


def _entries(session: Session, found: Map) -> Unfold:
    def unfold(start: int, most: int) -> list[Variable]:
        return [_entry(session, found, key) for key in islice(_keys(found), start, start + most)]

    return unfold


def _entry(session: Session, found: Map, key: bytes) -> Variable:
    ctype, order = found.spec.key, session.symbols.byte_order
    shown = ctype.format(key) if ctype is not None else str(int.from_bytes(key, order))
    text = _braces(ctype, key) if ctype is not None else str(int.from_bytes(key, order))
    name = f"[{shown}]"
    if text is None or (ctype is None and len(key) > _WORD):
        raw = found.store.lookup(key) or b""
        value = found.spec.value
        return Variable(name, value.format(raw) if value is not None else raw.hex(" "))
    return _named(session, name, f"{found.name}[{text}]")


_WORD: Final = 8


def _braces(ctype: CType, raw: bytes) -> str | None:
    """Return a key as expressions have it; None for one that they cannot say."""
    if isinstance(ctype.stripped, t.Array):
        parts = [(ctype.element, at * ctype.element.size) for at in range(ctype.count)]
    elif isinstance(ctype.stripped, t.Composite):
        if ctype.stripped.is_union:
            return None
        parts = [(inner, offset) for _, inner, offset in ctype.members()]
    else:
        if ctype.bit_size or not 0 < ctype.size <= _WORD:
            return None
        kind = kind_of(ctype)
        return str(int.from_bytes(raw[: ctype.size], ctype.btf.byte_order, signed=kind.signed))
    texts = [_braces(inner, raw[offset : offset + inner.size]) for inner, offset in parts]
    said = [text for text in texts if text is not None]
    return f"{{{', '.join(said)}}}" if len(said) == len(texts) else None
