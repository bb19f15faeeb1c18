"""What registers and stack slots can hold, as far as it is followed, and what arithmetic and the meeting of ways do."""

from __future__ import annotations

import enum
import functools
from typing import Final, NamedTuple

from ..asm.opcodes import Class, Source

__all__ = [
    "ANY_STACK",
    "Place",
    "State",
    "Value",
    "constant",
    "join",
    "masked",
    "moved",
    "shifted",
    "swapped",
]

_MACROS: Final = 0xFFFF
_U64: Final = (1 << 64) - 1


class Place(enum.IntEnum):
    """What a value is, or what it points to."""

    CONSTANT = 0
    CONTEXT = 1
    """What the program was given."""
    STACK = 2
    """The function's own stack frame."""
    MAP = 3
    """A map itself."""
    DATA = 4
    """The value of a data section."""
    ELEMENT = 5
    """A value of a map, or NULL."""
    FUNCTION = 6
    TYPED = 7
    """Something of a known type: a structure of the kernel's, or what a pointer of C points to."""
    NUMBER = 8
    """No address but a number that was read, whose values may have names."""


class Value(NamedTuple):
    """What a register or a stack slot holds."""

    place: Place
    name: str = ""
    """Of the map, the data section or the function; the values of maps inside the map NAME are those of `NAME[…]`.
    TYPED: the pointer as C writes it, NUMBER: what was read; empty where ways do not agree on it."""
    offset: int = 0
    """Bytes from the start of what it points to, for the stack from its end; of a constant its unsigned value."""
    exact: bool = True
    """Whether the offset is known."""
    variable: str = ""
    """DATA: the variable that the address was taken of. NUMBER: what it means (`iphdr.protocol`). TYPED: the path to
    the field that it is known to point to, CONSTANT: to the one that it is the offset of."""
    type_id: int = 0
    """TYPED: the type of what is pointed to, NUMBER: its own, CONSTANT: the type that it is a field's offset in."""


State = dict[int, Value]
"""Registers by their numbers, and 8-byte stack slots by their negative offsets; what is not known is absent."""

ANY_STACK: Final = Value(Place.STACK, exact=False)


@functools.lru_cache(4096)
def constant(number: int) -> Value:
    """Return a number as a value, of 64 bits."""
    return Value(Place.CONSTANT, offset=number & _U64)


def shifted(address: Value, distance: int) -> Value:
    """Return what lies so many bytes further: what `_replace` does, in a third of the time."""
    place, name, offset, exact, variable, type_id = address
    return Value(place, name, offset + distance, exact, variable, type_id)


def moved(left: Value | None, right: Value | None, sign: int) -> Value | None:
    """Return the sum of two values, or with sign -1 their difference."""
    if left is not None and right is not None and left[0] in _POINTERS and right[0] is Place.CONSTANT and not right[5]:
        distance = (right[2] ^ 1 << 63) - (1 << 63)  # what most additions are
        return shifted(left, sign * distance) if left[3] else left
    if left is not None and left.place is Place.NUMBER:
        left = None
    if right is not None and right.place is Place.NUMBER:
        right = None
    if right is not None and right.place is Place.CONSTANT and right.type_id and sign < 0:
        is_field = left is None or (left.place is Place.TYPED and left.exact and not left.offset)
        return Value(Place.TYPED, type_id=right.type_id) if is_field else None  # container_of()
    if left is None or (left.place is Place.CONSTANT and right is not None and right.place is not Place.CONSTANT):
        if sign < 0:
            return None
        left, right = right, left
    if left is None or left.place in (Place.MAP, Place.FUNCTION):
        return None
    if left.place is Place.CONSTANT:
        if right is None or right.place is not Place.CONSTANT:
            return left._replace(place=Place.TYPED) if right is None and sign > 0 and left.type_id else None
        total = left.offset + sign * right.offset
        return left._replace(offset=total & _U64) if left.type_id else constant(total)
    if right is not None and right.place is Place.CONSTANT:
        distance = (right.offset ^ 1 << 63) - (1 << 63)
        if left.place is Place.TYPED:
            left = left._replace(variable="")
            if right.type_id and not left.offset:
                return left._replace(offset=distance, type_id=right.type_id, variable=right.variable)
        return shifted(left, sign * distance) if left.exact else left
    # A pointer plus something unknown is still in the same object: the verifier would not have it otherwise. A pointer
    # less something unknown may be the distance of two.
    return left._replace(exact=False) if right is None and sign > 0 else None


def swapped(number: Value, opcode: int, width: int, *, big: bool) -> Value | None:
    """Return a number after its bytes were put into the order of the network or of the host: `^` marks it."""
    is_swap = opcode & 7 == Class.ALU64 or bool(opcode & Source.X) != big
    if width != 16 or number.variable.startswith("^"):
        return None
    return number._replace(name=f"bpf_ntohs({number.name})", variable=f"^{number.variable}") if is_swap else number


def masked(number: Value, mask: int) -> Value | None:
    """Return a number of which only some bits are kept: those of macros' values are all within 16."""
    return number if mask == _MACROS and number.variable else None


def join(old: State, new: State) -> State:
    """Return what holds where two ways meet."""
    found: State = {key: ANY_STACK for key, b in new.items() if key not in old and b.place is Place.STACK}
    for key, a in old.items():
        b = new.get(key)
        if a == b:
            found[key] = a
        elif a.place is Place.STACK or (b is not None and b.place is Place.STACK):
            found[key] = ANY_STACK
        elif b is None:
            continue
        elif a[:2] == b[:2] and a.variable == b.variable and a.place in _OBJECTS:
            found[key] = a._replace(offset=min(a.offset, b.offset), exact=False)
        elif a.place is Place.TYPED and a._replace(name="") == b._replace(name=""):
            found[key] = a._replace(name="")
    return found


_OBJECTS: Final = (Place.DATA, Place.ELEMENT)
_POINTERS: Final = (Place.CONTEXT, Place.STACK, Place.DATA, Place.ELEMENT)
"""What something may be added to that does not make another thing of them."""
