"""From a MapSpec to a map: what is asked of the kernel, and what is tried when it says no."""

from __future__ import annotations

import errno
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ...btf import Kind
from ...errors import FeatureError, LoadError
from ...maps import Shape
from ...maps import shape_of as shape_of_spec
from ...maps.rules import broken_rule
from ...since import link_type
from ...spec import MapFlag, MapType
from ..probe.since import since
from ..sys import probes, rights, token
from ..sys.cpus import possible_cpus
from ..sys.explain import explain
from ..sys.layouts import MapCreate
from ..sys.object import kernel_name
from ..sys.syscall import ENOTSUPP, BpfError, Command, Descriptor, borrowed, errno_name
from .btf import load_btf, plain_btf
from .limits import Excess, beyond_limit, knows_field, more_than_memory, no_memory

if TYPE_CHECKING:
    from ...btf import Btf
    from ...errors import BpftuiError
    from ...spec import MapSpec
    from .struct_ops import StructOps

__all__ = ["create_map", "create_struct_ops", "map_obstacle", "shape_of"]

_UNTYPED: Final = frozenset(
    {
        MapType.PERF_EVENT_ARRAY,
        MapType.CGROUP_ARRAY,
        MapType.STACK_TRACE,
        MapType.ARRAY_OF_MAPS,
        MapType.HASH_OF_MAPS,
        MapType.DEVMAP,
        MapType.DEVMAP_HASH,
        MapType.CPUMAP,
        MapType.XSKMAP,
        MapType.SOCKMAP,
        MapType.SOCKHASH,
        MapType.QUEUE,
        MapType.STACK,
        MapType.ARENA,
    }
)
"""Types that no kernel takes with BTF (Linux 6.18). Asking costs: a sockmap is only freed after an RCU grace period."""
_PLAIN: Final = (1, 3)
"""Key and value in `plain_btf`."""


def create_map(spec: MapSpec, btf: Btf | None = None, btf_fd: Descriptor | None = None) -> tuple[Descriptor, Shape]:
    """Create a map, without contents, and return its descriptor and what was really created.

    Args:
        spec: What to create.
        btf: The object's types.
        btf_fd: The same in the kernel; None where it did not take them.

    Raises:
        LoadError, FeatureError, NoPermissionError: The kernel said no.
    """
    if spec.problem is not None:
        raise LoadError(f"cannot create map {spec.name}: {spec.problem}")
    shape = shape_of(spec)
    template = None
    if spec.inner is not None:
        template, _ = create_map(replace(spec.inner, name=spec.inner.name or spec.name), btf, btf_fd)
    try:
        fd = _create(spec, shape, btf, btf_fd, template)
    finally:
        if template is not None:
            template.close()
    return Descriptor(fd, f"map {spec.name}"), shape


def create_struct_ops(spec: MapSpec, ops: StructOps, btf_fd: Descriptor | None) -> tuple[Descriptor, Shape]:
    """Create a struct_ops map in the kernel's layout. It holds nothing until it is registered, with its programs.

    Raises:
        LoadError, FeatureError, NoPermissionError: The kernel said no.
    """
    flags = spec.flags | (MapFlag.VTYPE_BTF_OBJ_FD if ops.module_fd else 0)
    shape = Shape(spec.type, spec.key_size, len(ops.value), spec.max_entries, flags)
    attr = _attribute(spec, shape)
    attr.btf_vmlinux_value_type_id, attr.value_type_btf_obj_fd = ops.value_id, ops.module_fd
    with borrowed(btf_fd) as types_fd:
        # The types of the programs: without them the kernel does not take the map.
        attr.btf_fd = types_fd
        try:
            fd = attr.create(token.current())
        except BpfError as error:
            raise _explained(error, spec, shape) from error
    return Descriptor(fd, f"map {spec.name}"), shape


def shape_of(spec: MapSpec) -> Shape:
    """Return what to ask for: a data section can be mapped into memory, where the kernel has that."""
    shape = shape_of_spec(spec, possible_cpus)
    if spec.is_data and spec.type == MapType.ARRAY and probes.mapable():
        return replace(shape, flags=shape.flags | MapFlag.MMAPABLE)
    return shape


def map_obstacle(spec: MapSpec) -> BpftuiError | None:
    """Return what is known to keep a map from being created, without creating it; None where nothing is."""
    if spec.problem is not None:
        return LoadError(f"cannot create map {spec.name}: {spec.problem}")
    shape = shape_of(spec)
    number = probes.try_map(shape.type)
    if not number and broken_rule(shape, spec.map_extra) is not None:
        number = ENOTSUPP if shape.type.is_lru and shape.flags & MapFlag.NO_PREALLOC else errno.EINVAL
    if number:
        return _explained(BpfError(Command.MAP_CREATE, number), spec, shape)
    excess = beyond_limit(shape) or more_than_memory(shape)
    if excess is not None:
        return LoadError(f"cannot create map {spec.name} ({shape.type.label}): {excess.reason}", hint=excess.hint)
    return None if spec.inner is None else map_obstacle(replace(spec.inner, name=spec.inner.name or spec.name))


def _create(
    spec: MapSpec, shape: Shape, btf: Btf | None, btf_fd: Descriptor | None, template: Descriptor | None
) -> int:
    types = (0, 0) if btf is None or btf_fd is None else _type_ids(spec, btf)
    if types == (0, 0) and spec.type.is_local_storage:
        # The kernel insists on types here, and does not care which.
        plain = load_btf(plain_btf(shape.value_size))
        try:
            return _call(spec, shape, _PLAIN, plain, None)
        except BpfError as error:
            raise _explained(error, spec, shape) from error
        finally:
            plain.close()
    try:
        return _call(spec, shape, types, btf_fd, template)
    except BpfError as error:
        # Many types take no BTF (ENOTSUPP or EINVAL): it only helps those who look at the map.
        if types == (0, 0) or error.errno not in (errno.EINVAL, ENOTSUPP):
            raise _explained(error, spec, shape) from error
    try:
        return _call(spec, shape, (0, 0), None, template)
    except BpfError as error:
        raise _explained(error, spec, shape) from error


def _call(
    spec: MapSpec, shape: Shape, types: tuple[int, int], btf_fd: Descriptor | None, template: Descriptor | None
) -> int:
    attr = _attribute(spec, shape)
    attr.numa_node, attr.map_extra = spec.numa_node, spec.map_extra
    with borrowed(template) as inner, borrowed(btf_fd) as types_fd:
        if template is not None:
            attr.inner_map_fd = inner
        if types != (0, 0):
            attr.btf_fd, attr.btf_key_type_id, attr.btf_value_type_id = types_fd, *types
        return attr.create(token.current())


def _attribute(spec: MapSpec, shape: Shape) -> MapCreate:
    return MapCreate(
        map_type=shape.type,
        key_size=shape.key_size,
        value_size=shape.value_size,
        max_entries=shape.max_entries,
        map_flags=shape.flags,
        map_name=kernel_name(spec.name),
    )


def _type_ids(spec: MapSpec, btf: Btf) -> tuple[int, int]:
    """Return the BTF ids of key and value. Only a data section may have no key: its value is the section itself."""
    if spec.is_data:
        return (0, btf.find(spec.section, Kind.DATASEC) or 0)
    if spec.key is None or spec.value is None or spec.key.btf is not btf or spec.type in _UNTYPED:
        return (0, 0)
    return (spec.key.id, spec.value.id)


def _explained(error: BpfError, spec: MapSpec, shape: Shape) -> BpftuiError:
    doing = f"create map {spec.name} ({shape.type.label})"
    name = errno_name(error.errno)
    if error.errno == errno.EINVAL and probes.try_map(shape.type) == errno.EINVAL:
        return FeatureError(f"cannot {doing}: this kernel has no maps of that type (EINVAL)", hint=since(shape.type))
    broken = broken_rule(shape, spec.map_extra) if error.errno in (errno.EINVAL, ENOTSUPP) else None
    if broken is not None:
        return LoadError(f"cannot {doing}: {broken} ({name})")
    excess = _excess(error, shape)
    if excess is not None:
        return LoadError(f"cannot {doing}: {excess.reason} ({name})", hint=excess.hint)
    unknown = _unknown_field(spec, shape) if error.errno == errno.E2BIG else ""
    if unknown:
        return FeatureError(f"cannot {doing}: this kernel does not know {unknown} (E2BIG)")
    if shape.type == MapType.STRUCT_OPS and shape.flags & MapFlag.LINK and error.errno == errno.EINVAL:
        lacking = "this kernel may not have links of struct_ops, which its section .struct_ops.link asks for (EINVAL)"
        return FeatureError(
            f"cannot {doing}: {lacking}",
            hint=f'Linux {link_type("struct_ops")} has them; before, use SEC(".struct_ops")',
        )
    return explain(error, doing, needs=rights.needed(shape.type))


def _excess(error: BpfError, shape: Shape) -> Excess | None:
    """Return what of a map is too large for the kernel to answer so."""
    if error.errno not in (errno.E2BIG, errno.EINVAL, errno.ENOMEM, errno.ERANGE):
        return None
    return beyond_limit(shape, refused=True) or (no_memory(shape) if error.errno == errno.ENOMEM else None)


def _unknown_field(spec: MapSpec, shape: Shape) -> str:
    """Return what a map asks for that the kernel has no field for; empty where it has all of them."""
    if spec.map_extra and not knows_field(MapCreate, "map_extra"):
        return "map_extra, which Linux 5.16 has"
    if shape.flags & MapFlag.VTYPE_BTF_OBJ_FD and not knows_field(MapCreate, "value_type_btf_obj_fd"):
        return "struct_ops of modules, which Linux 6.9 has"
    if token.active() and not knows_field(MapCreate, "map_token_fd"):
        return "BPF tokens, which Linux 6.9 has"
    return ""
