"""BTF-defined maps: the members of a struct in `.maps`, read as the attributes of a map.

What libbpf refuses (`parse_btf_map_def` of version 1.7 and what came after; ebpf-go does as well) is read as far as it
goes, so that it can be shown, and noted as what keeps the map from being created: an attribute that is not known, one
that contradicts another, one that is not there or not of its form, a number that has no room in `union bpf_attr`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..btf import CType
from ..btf.types import Array, Composite, FunctionProto, Pointer
from ..errors import ObjectError, nearest
from ..uapi import MapType, Pinning
from .map import MapSpec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..btf import Btf
    from ..btf.types import Member

__all__ = ["read_definition"]

_NUMBERS: Final = {
    "key_size": "key_size",
    "value_size": "value_size",
    "max_entries": "max_entries",
    "map_flags": "flags",
    "numa_node": "numa_node",
    "map_extra": "map_extra",
}
"""Attributes that are numbers, and the fields of MapSpec that they set."""
_ATTRIBUTES: Final = ("type", "key", "value", "values", "pinning", *_NUMBERS)
_FOR_WINDOWS: Final = ("id", "inner_id", "inner_map_idx")
"""What ebpf-for-windows' loader knows besides."""
_LARGEST: Final = (1 << 32) - 1
_MAX_WRAPPERS: Final = 8
"""Structs around a definition that are looked through."""


def read_definition(btf: Btf, name: str, type_id: int, *, for_windows: bool = False) -> MapSpec:
    """Return the map that a struct of a `.maps` section defines; what is wrong with it is in its `problem`.

    Args:
        btf: The object's types.
        name: The map's.
        type_id: The struct's, or that of structs around it, as Aya's Rust has them (`HashMap` of an `UnsafeCell`).
        for_windows: Whether attributes of ebpf-for-windows are known.

    Raises:
        ObjectError: It is no struct.
    """
    return _Definition(btf, name, _unwrapped(btf, type_id), for_windows=for_windows, inner=False).spec


def _unwrapped(btf: Btf, type_id: int) -> Sequence[Member]:
    """Return the members of a definition, without the structs around it: those of one member that is a struct."""
    members = _members(btf, type_id)
    for _ in range(_MAX_WRAPPERS):
        filled = [member for member in members if not _is_empty(btf, member.type_id)]
        if len(filled) != 1:
            break
        content = btf.strip(filled[0].type_id)
        if not isinstance(content, Composite) or content.is_union:
            break
        members = content.members
    return members


def _is_empty(btf: Btf, type_id: int) -> bool:
    """Return whether a type takes no place: Rust's `PhantomData`."""
    found = btf.strip(type_id)
    return isinstance(found, Composite) and not found.size


def _members(btf: Btf, type_id: int) -> Sequence[Member]:
    definition = btf.strip(type_id)
    if not isinstance(definition, Composite) or definition.is_union:
        raise ObjectError(f"its definition is no struct but {CType(btf, type_id).c_text}")
    return definition.members


class _Definition:
    """One definition as it is read.

    Args:
        btf: The object's types.
        name: The map's.
        members: The definition's.
        for_windows: Whether attributes of ebpf-for-windows are known.
        inner: Whether it is that of the maps inside another.
    """

    def __init__(self, btf: Btf, name: str, members: Sequence[Member], *, for_windows: bool, inner: bool) -> None:
        self.btf = btf
        self.for_windows = for_windows
        self.inner = inner
        self.spec = MapSpec(name, ".maps", MapType.UNSPEC, 0, 0, 0)
        self.given: dict[str, int] = {}
        """The numbers that attributes give, in bytes those of `key` and `value`."""
        self.problems: list[str] = []
        for member in members:
            try:
                self._attribute(member)
            except ObjectError as error:
                self.problems.append(error.reason)
        self._compare(members)
        self.spec.unusable = "; ".join(dict.fromkeys(self.problems)) or None

    def _attribute(self, member: Member) -> None:
        spec, name = self.spec, member.name
        if name == "type":
            number = self._number(member)
            self.given[name] = number
            if number in MapType._value2member_map_:
                spec.type = MapType(number)
            elif number:
                self.problems.append(f"map type {number} is not known")
        elif name == "pinning":
            if self.inner:
                raise ObjectError("maps inside another cannot be pinned")
            spec.pinning = Pinning(self._number(member))
            if spec.pinning.is_foreign:
                spec.remark = f"pinning {spec.pinning.label}, which only its own loader knows"
        elif name in _NUMBERS:
            self.given[name] = number = self._number(member, bits=64 if name == "map_extra" else 32)
            setattr(spec, _NUMBERS[name], number)
        elif name in ("key", "value"):
            self._type(member)
        elif name == "values":
            self._values(member)
        elif not (self.for_windows and name in _FOR_WINDOWS):
            close = nearest(name, _ATTRIBUTES)
            told = f"it has an attribute {name or 'without a name'}, which loaders do not know"
            raise ObjectError(f"{told} (nearest: {close})" if close else told)

    def _number(self, member: Member, bits: int = 32) -> int:
        """Return a number that `union bpf_attr` has *bits* for.

        `__uint(name, N)` encodes it as `int (*name)[N]`, `__ulong` as an enumerator's value.
        """
        number = self._encoded(member)
        if bits == 64 and number < 0:
            return number + (1 << 64)  # an enumerator without a sign of its own, as libbpf takes it
        if not 0 <= number < 1 << bits:
            raise ObjectError(f"its attribute {member.name} is {number}, which does not fit into {bits} bits")
        return number

    def _encoded(self, member: Member) -> int:
        btf, pointed = self.btf, self.btf.strip(member.type_id)
        if isinstance(pointed, Pointer):
            target = btf.strip(pointed.target)
            if isinstance(target, Array):
                return target.count
        for type_id in (member.type_id, *((pointed.target,) if isinstance(pointed, Pointer) else ())):
            enumerators = CType(btf, type_id).enumerators
            if enumerators:
                return enumerators[0].value
        raise ObjectError(f"its attribute {member.name} is no number")

    def _type(self, member: Member) -> None:
        pointed = self.btf.strip(member.type_id)
        if not isinstance(pointed, Pointer):
            raise ObjectError(f"its attribute {member.name} is no pointer")
        ctype = CType(self.btf, pointed.target)
        ctype.check()
        if ctype.size > _LARGEST:
            raise ObjectError(f"its {member.name} has {ctype.size:,} bytes, which does not fit into 32 bits")
        setattr(self.spec, member.name, ctype)
        setattr(self.spec, f"{member.name}_size", ctype.size)
        self.given[member.name] = ctype.size

    def _values(self, member: Member) -> None:
        """Read the template in `__array(values, struct …)`; a program array has a function's prototype there."""
        spec, btf = self.spec, self.btf
        if self.inner:
            raise ObjectError("maps inside another cannot hold maps or programs themselves")
        # What a slot holds is always a file descriptor: `values` does not say how large it is.
        spec.key_size = spec.key_size or 4
        spec.value_size = spec.value_size or 4
        self.given["values"] = 4
        array = btf.strip(member.type_id)
        pointer = btf.strip(array.element) if isinstance(array, Array) else None
        target = btf.strip(pointer.target) if isinstance(pointer, Pointer) else None
        if isinstance(array, Array) and array.count:
            self.problems.append("its attribute values is an array with a length, where __array(values, …) has none")
        if isinstance(target, Composite) and not target.is_union and spec.type is not MapType.PROG_ARRAY:
            template = _Definition(btf, f"{spec.name}.inner", target.members, for_windows=self.for_windows, inner=True)
            spec.inner = template.spec
        elif not (isinstance(target, FunctionProto) and not spec.type.holds_maps):
            wanted = "a function" if spec.type is MapType.PROG_ARRAY else "a map"
            raise ObjectError(f"its attribute values is no array of pointers to {wanted}")

    def _compare(self, members: Sequence[Member]) -> None:
        """Note what is missing, and what contradicts what."""
        spec, given = self.spec, self.given
        if not given.get("type"):
            self.problems.append("it has no attribute type")
        for what in ("key", "value"):
            size = given.get(f"{what}_size")
            if size and what in given and given[what] != size:
                c_text = CType(self.btf, ctype.id).c_text if (ctype := getattr(spec, what)) is not None else ""
                self.problems.append(f"its {what}_size is {size}, but its {what} is {c_text} of {given[what]} bytes")
        if "values" not in given or self.for_windows:
            return
        if spec.type and not spec.type.holds_maps and spec.type is not MapType.PROG_ARRAY:
            self.problems.append(f"values are for maps of maps and program arrays, not for {spec.type.with_article}")
        elif spec.value_size != given["values"]:
            self.problems.append(f"its values are file descriptors of 4 bytes, but its value has {spec.value_size}")
        elif members[-1].name != "values":
            self.problems.append("its attribute values is not the last one, which libbpf insists on")
