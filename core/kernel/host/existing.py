"""Maps and programs that are in the kernel already: specs of them, as far as the kernel tells what they are."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from ...btf import Btf, CType
from ...btf import types as t
from ...btf.kernel import VMLINUX, module, vmlinux
from ...errors import BpftuiError, LoadError
from ...maps import Shape
from ...spec import MapSpec, MapType, ProgramSpec, ProgramType, VariableSpec
from ..sys.cpus import possible_cpus
from ..sys.explain import explain
from ..sys.layouts import BpfBtfInfo, BpfProgInfo
from ..sys.object import fill, object_info, open_id
from ..sys.syscall import BpfError, buffer

if TYPE_CHECKING:
    from ..map import MapInfo
    from ..sys.syscall import Descriptor

__all__ = ["map_spec", "program_spec", "read_btf", "shape_of_info", "variable_specs"]

_NAME_ROOM: Final = 64
"""Bytes for the name of a module (MODULE_NAME_LEN)."""
_NOT_GIVEN: Final = "it was opened in the kernel, which does not tell the instructions as they were loaded"


def read_btf(number: int) -> Btf:
    """Return the types that the kernel knows by that id, which maps and programs name in their `info` (Linux 4.18).

    The kernel's own and those of its modules, which continue them, are read where it publishes them.

    Raises:
        UnknownNameError: There are none.
        NoPermissionError: This process may not: it takes CAP_SYS_ADMIN.
    """
    descriptor = open_id("BTF", number)
    try:
        name = buffer(_NAME_ROOM)
        info = object_info(descriptor, BpfBtfInfo(name=name, name_len=_NAME_ROOM))
        if info.kernel_btf:
            called = name.value.decode("utf-8", "replace")
            return vmlinux() if called == VMLINUX.name else module(called)
        raw = buffer(info.btf_size)
        try:
            with descriptor as fd:
                fill(fd, BpfBtfInfo(btf=raw, btf_size=info.btf_size))
        except BpfError as error:
            raise explain(error, f"read {descriptor.name}") from error
        return Btf(raw.raw[: info.btf_size], sys.byteorder, file=descriptor.name)
    finally:
        descriptor.close()


def shape_of_info(info: MapInfo, what: str) -> Shape:
    """Return what has to be known of a map to move its elements.

    Args:
        info: What the kernel says of it.
        what: What it is, for the error.

    Raises:
        LoadError: Its type is newer than bpftui.
    """
    if info.type not in MapType._value2member_map_:
        raise LoadError(f"cannot use {what} as a map: its type, {info.type}, is not known")
    kind = MapType(info.type)
    address = info.map_extra if kind == MapType.ARENA else 0
    cpus = possible_cpus() if kind.per_cpu else 1
    return Shape(kind, info.key_size, info.value_size, info.max_entries, info.flags, address, cpus)


def map_spec(info: MapInfo, shape: Shape) -> MapSpec:
    """Return a spec that describes a map, with the types of its keys and values where the kernel has them."""
    spec = MapSpec(
        info.name,
        "",
        shape.type,
        info.key_size,
        info.value_size,
        info.max_entries,
        flags=info.flags,
        map_extra=info.map_extra,
        exists=True,
    )
    try:
        if info.kernel_value_id:
            spec.value = _usable(vmlinux(), info.kernel_value_id, info.value_size)
        elif info.btf_id:
            btf = read_btf(info.btf_id)
            spec.key = _usable(btf, info.key_id, info.key_size)
            spec.value = _usable(btf, info.value_id, info.value_size)
    except BpftuiError:
        pass  # without types, or without the right to see them, keys and values are bytes
    return spec


def _usable(btf: Btf, type_id: int, size: int) -> CType | None:
    """Return a type, unless it is none that values can be decoded by."""
    found = CType(btf, type_id)
    if type_id == 0 or isinstance(btf.strip(type_id), t.DataSec) or found.size != size:
        return None
    found.check()
    return found


def variable_specs(info: MapInfo, spec: MapSpec) -> list[VariableSpec]:
    """Return the variables of a data section that was loaded by whomever, static ones too; none of other maps."""
    if not info.btf_id:
        return []
    btf = read_btf(info.btf_id)
    section = btf.type(info.value_id)
    found: list[VariableSpec] = []
    for item in section.variables if isinstance(section, t.DataSec) else ():
        variable = btf.type(item.type_id)
        if isinstance(variable, t.Var) and item.offset + item.size <= info.value_size:
            ctype = _usable(btf, variable.type_id, item.size)
            found.append(VariableSpec(variable.name, spec, item.offset, item.size, b"", ctype))
    return found


def program_spec(descriptor: Descriptor) -> ProgramSpec:
    """Return a spec that describes a program, without its instructions.

    Raises:
        LoadError: Its type is newer than bpftui.
    """
    info = object_info(descriptor, BpfProgInfo())
    if info.type not in ProgramType._value2member_map_:
        raise LoadError(f"cannot use {descriptor.name}: its type, {info.type}, is not known")
    return ProgramSpec(info.name, "", ProgramType(info.type), byte_order=sys.byteorder, unusable=_NOT_GIVEN)
