"""struct_ops: an object's table of functions, as the running kernel lays the same struct out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ...btf import Kind
from ...btf import types as t
from ...btf.compatible import essential_name
from ...errors import FeatureError, LoadError
from .hook import Hook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ...btf import Btf
    from ...spec import MapSpec

__all__ = ["StructOps", "adapt"]

_VALUE: Final = "bpf_struct_ops_"
"""What the kernel puts before a struct's name for the value of its maps: its own fields, then the struct."""


@dataclass(slots=True)
class StructOps:
    """A struct_ops map in the kernel's layout."""

    value_id: int
    """BTF id of the map's value, `struct bpf_struct_ops_NAME`."""
    value: bytearray
    """Its bytes; function pointers are 0 and get the programs' descriptors when it is registered."""
    hooks: dict[str, Hook] = field(default_factory=dict[str, Hook])
    """What each of its programs is tied to."""
    pointers: dict[int, str] = field(default_factory=dict[int, str])
    """The program whose descriptor belongs at each offset of the value."""
    module_fd: int = 0
    """The descriptor of the BTF of the module that the struct is of; 0 for the kernel's own."""


def adapt(
    spec: MapSpec, kernel: Btf, modules: Iterable[Btf] = (), module_fd: Callable[[Btf], int] = lambda _: 0
) -> StructOps:
    """Lay a struct_ops map out as the running kernel has the struct, member by member and by name.

    Args:
        spec: The map, as the object has it.
        kernel: The kernel's own types.
        modules: Those of its modules, which are looked at where the kernel has no such struct_ops (Linux 6.9).
        module_fd: Returns the descriptor of a module's types.

    What the kernel does not have is left out as long as it is zero or a function: an object may be newer than the
    kernel (libbpf has the same rule). A flavour (`tcp_congestion_ops___new`) stands for the struct itself.

    Raises:
        FeatureError: The kernel has no such struct_ops.
        LoadError: A member is set that the kernel does not have, or has with another type.
    """
    if spec.value is None or spec.data is None:
        raise LoadError(f"cannot create map {spec.name}: the object has no type for it")
    local, btf = spec.value, spec.value.btf
    struct = btf.strip(local.id)
    name = essential_name(struct.name)
    home = next((btf for btf in (kernel, *modules) if btf.find(_VALUE + name, Kind.STRUCT) is not None), None)
    if home is None:
        raise FeatureError(
            f"cannot create map {spec.name} (struct_ops): this kernel takes no struct_ops of struct {name}",
            hint=f"neither it nor a loaded module has a struct {_VALUE}{name}: its subsystem is missing",
        )
    fd, kernel = 0 if home is kernel else module_fd(home), home
    value_id = kernel.find(_VALUE + name, Kind.STRUCT) or 0
    value = kernel.type(value_id)
    held = value.members if isinstance(value, t.Composite) else ()
    data = next((member for member in held if kernel.type_name(member.type_id) == name), None)
    theirs = None if data is None else kernel.type(data.type_id)
    if data is None or not (isinstance(value, t.Composite) and isinstance(theirs, t.Composite)):
        raise LoadError(f"cannot create map {spec.name}: struct {_VALUE}{name} of this kernel does not hold {name}")
    if not isinstance(struct, t.Composite):
        raise LoadError(f"cannot create map {spec.name}: what the object sets is no struct")
    struct_id, start = data.type_id, data.bit_offset // 8
    found = StructOps(value_id, bytearray(value.size), module_fd=fd)
    members = {member.name: (number, member) for number, member in enumerate(theirs.members)}
    for ours in struct.members:
        here = ours.bit_offset // 8
        contents = bytes(spec.data[here : here + btf.size(ours.type_id)])
        program = spec.functions.get(ours.name)
        if ours.name not in members:
            if any(contents) and program is None:
                raise LoadError(
                    f"cannot create map {spec.name}: it sets {name}.{ours.name}, which this kernel does not have"
                )
            continue
        number, member = members[ours.name]
        there = start + member.bit_offset // 8
        if not _fits(btf, ours, kernel, member):
            raise LoadError(f"cannot create map {spec.name}: {name}.{ours.name} has another type in this kernel")
        if program is not None:
            found.hooks[program] = Hook(struct_id, number, fd)
            found.pointers[there] = program
        else:
            found.value[there : there + len(contents)] = contents
    return found


def _fits(btf: Btf, ours: t.Member, kernel: Btf, theirs: t.Member) -> bool:
    """Whether a member's bytes mean the same in both: kind and size agree, and neither is a bitfield."""
    same_kind = type(btf.strip(ours.type_id)) is type(kernel.strip(theirs.type_id))
    same_size = btf.size(ours.type_id) == kernel.size(theirs.type_id)
    return same_kind and same_size and not ours.bit_size and not theirs.bit_size
