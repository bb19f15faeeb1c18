"""CO-RE accesses: the indices that clang recorded (`0:1:2`), as members, C text and offsets.

An access string begins with an index into an array of the root type, as C's `p[0]` does; then follow indices of
members, anonymous ones included, and of array elements (`struct bpf_core_relo` in uapi/linux/bpf.h, Linux 5.17). Of an
enumerator it is the index alone, of a whole type always `0`.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..errors import ObjectError, quoted
from . import types as t
from .declare import declaration
from .types import Kind

if TYPE_CHECKING:
    from .btf import Btf

__all__ = ["Access", "CoreKind", "Step", "is_flexible", "parse_access", "sized"]

_FORM: Final = re.compile(r"[0-9]{1,10}(:[0-9]{1,10})*")
_MAX_STEPS: Final = 64
"""BPF_CORE_SPEC_MAX_LEN of the kernel."""
_MAX_ARRAYS: Final = 64
_LONGS: Final = ("long int", "long unsigned int", "long", "unsigned long")


class CoreKind(enum.IntEnum):
    """`enum bpf_core_relo_kind`: what about a field, a type or an enumerator an instruction wants to know."""

    FIELD_BYTE_OFFSET = 0
    FIELD_BYTE_SIZE = 1
    FIELD_EXISTS = 2
    FIELD_SIGNED = 3
    FIELD_LSHIFT_U64 = 4
    FIELD_RSHIFT_U64 = 5
    TYPE_ID_LOCAL = 6
    TYPE_ID_TARGET = 7
    TYPE_EXISTS = 8
    TYPE_SIZE = 9
    ENUMVAL_EXISTS = 10
    ENUMVAL_VALUE = 11
    TYPE_MATCHES = 12

    @property
    def label(self) -> str:
        """The short name that libbpf's and the kernel's logs use: `byte_off`, `field_exists`."""
        return _LABELS[self]

    @property
    def on_field(self) -> bool:
        """Whether it asks about a field."""
        return self <= CoreKind.FIELD_RSHIFT_U64

    @property
    def on_enumerator(self) -> bool:
        """Whether it asks about an enumerator."""
        return self in (CoreKind.ENUMVAL_EXISTS, CoreKind.ENUMVAL_VALUE)

    @property
    def asks_existence(self) -> bool:
        """Whether "there is none" is an answer: its value is 0 or 1."""
        return self in _EXISTENCE


_LABELS: Final = {
    CoreKind.FIELD_BYTE_OFFSET: "byte_off",
    CoreKind.FIELD_BYTE_SIZE: "byte_sz",
    CoreKind.FIELD_EXISTS: "field_exists",
    CoreKind.FIELD_SIGNED: "signed",
    CoreKind.FIELD_LSHIFT_U64: "lshift_u64",
    CoreKind.FIELD_RSHIFT_U64: "rshift_u64",
    CoreKind.TYPE_ID_LOCAL: "local_type_id",
    CoreKind.TYPE_ID_TARGET: "target_type_id",
    CoreKind.TYPE_EXISTS: "type_exists",
    CoreKind.TYPE_SIZE: "type_size",
    CoreKind.ENUMVAL_EXISTS: "enumval_exists",
    CoreKind.ENUMVAL_VALUE: "enumval_value",
    CoreKind.TYPE_MATCHES: "type_matches",
}
_EXISTENCE: Final = frozenset(
    {CoreKind.FIELD_EXISTS, CoreKind.TYPE_EXISTS, CoreKind.TYPE_MATCHES, CoreKind.ENUMVAL_EXISTS}
)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an access that means something: a named member, an element, or an enumerator."""

    type_id: int
    """The struct or union that has the member, the type of the element, or the enum; typedefs stripped."""
    index: int
    name: str = ""
    """Of the member or the enumerator; empty for an element."""


@dataclass(frozen=True, slots=True)
class Access:
    """An access to a field, to an enumerator (one step), or to a whole type (no step).

    Anonymous structs and unions on the way are no steps: another BTF may nest a member differently.
    """

    btf: Btf
    type_id: int
    """The root type, as it was named: a typedef is not stripped."""
    steps: tuple[Step, ...] = ()
    bit_offset: int = 0
    """From the start of the root type."""

    @property
    def names(self) -> tuple[str, ...]:
        """The path: `("mm", "[3]", "pgd")`; element 0 of the root is left out, as in C."""
        return tuple(
            step.name or f"[{step.index}]"
            for number, step in enumerate(self.steps)
            if step.name or step.index or number
        )

    @property
    def text(self) -> str:
        """The access as C: `struct foo.a[3].b`; an enumerator as `enum foo::NAME`."""
        return declaration(self.btf, self.type_id) + self.path

    def asked(self, kind: CoreKind) -> str:
        """Return what a relocation of that kind asks for: `struct foo.b`, where it is; `field_exists(struct foo.b)`."""
        return self.text if kind is CoreKind.FIELD_BYTE_OFFSET else f"{kind.label}({self.text})"

    @property
    def short_text(self) -> str:
        """The same without `struct`, `union` or `enum`: `foo.a[3].b`."""
        name = self.btf.type_name(self.type_id)
        return (name or declaration(self.btf, self.type_id)) + self.path

    @property
    def path(self) -> str:
        """What `text` has behind the type: `.a[3].b`, `::NAME`."""
        if self.steps and isinstance(self.btf.strip(self.type_id), t.Enum):
            return f"::{self.steps[0].name}"
        return "".join(name if name.startswith("[") else f".{name}" for name in self.names)


def parse_access(btf: Btf, type_id: int, text: str, kind: CoreKind) -> Access:
    """Return what an access string stands for.

    Raises:
        ObjectError: It does not fit the type.
    """
    if not _FORM.fullmatch(text):
        raise ObjectError(f"{quoted(text)} is no access string", file=btf.file)
    indices = [int(index) for index in text.split(":")]
    if not (kind.on_field or kind.on_enumerator):
        if indices != [0]:
            raise ObjectError(f"the access to a whole type is 0, not {text}", file=btf.file)
        return Access(btf, type_id)
    if len(indices) > _MAX_STEPS:
        raise ObjectError(f"an access of {len(indices)} steps is longer than {_MAX_STEPS}", file=btf.file)
    root = btf.strip(type_id)
    if kind.on_enumerator:
        if not isinstance(root, t.Enum) or len(indices) > 1 or indices[0] >= len(root.enumerators):
            raise _outside(btf, type_id, text)
        return Access(btf, type_id, (Step(root.id, indices[0], root.enumerators[indices[0]].name),))
    steps = [Step(root.id, indices[0])]
    bits = indices[0] * sized(btf, root.id) * 8
    here = root.id
    for index in indices[1:]:
        found = btf.strip(here)
        if isinstance(found, t.Composite) and index < len(found.members):
            member = found.members[index]
            bits += member.bit_offset
            if member.name:
                steps.append(Step(found.id, index, member.name))
            here = member.type_id
        elif isinstance(found, t.Array) and (index < found.count or is_flexible(btf, steps[-1], found)):
            here = btf.strip(found.element).id
            steps.append(Step(here, index))
            bits += index * sized(btf, here) * 8
        else:
            raise _outside(btf, type_id, text)
    return Access(btf, type_id, tuple(steps), bits)


def _outside(btf: Btf, type_id: int, text: str) -> ObjectError:
    return ObjectError(f"access {text} does not fit {declaration(btf, type_id)}", file=btf.file)


def is_flexible(btf: Btf, last: Step, array: t.Array) -> bool:
    """Whether an array that *last* led to has no end: a `[]` or `[0]` that is the last member of its struct."""
    owner = btf.type(last.type_id)
    return (
        bool(last.name) and array.count == 0 and isinstance(owner, t.Composite) and last.index == len(owner.members) - 1
    )


def sized(btf: Btf, type_id: int) -> int:
    """Return the size of a type in bytes, with the pointers of the machine that the BTF describes.

    Raises:
        ObjectError: It has none: a function, or a type that is declared but not defined.
    """
    count, here = 1, type_id
    for _ in range(_MAX_ARRAYS):
        found = btf.strip(here)
        match found:
            case t.Array():
                count *= found.count
                here = found.element
            case t.Var(type_id=target):
                here = target
            case t.Pointer():
                return count * _pointer_size(btf)
            case t.Int() | t.Composite() | t.Enum() | t.Float() | t.DataSec():
                return count * found.size
            case _:
                break
    raise ObjectError(f"{declaration(btf, type_id)} has no size", file=btf.file)


def _pointer_size(btf: Btf) -> int:
    """Return 4 for the BTF of a 32-bit kernel, which has no mark but the size of its `long`; else 8."""
    for name in _LONGS:
        found = btf.find(name, Kind.INT)
        if found is not None:
            size = btf.size(found)
            return size if size in (4, 8) else 8
    return 8
