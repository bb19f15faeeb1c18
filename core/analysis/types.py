"""What types tell of a program's values: which structure a pointer leads to, and what a number means.

Types come from the object alone: prototypes of its functions and of the kernel functions that it calls, the types of
variables, of values of maps and of the context, CO-RE relocations, and what helpers return. The layouts are the
object's own, since its code was compiled for them.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

from ..btf import types as t
from ..btf.access import CoreKind, parse_access
from ..btf.compatible import essential_name
from ..btf.declare import declaration
from ..btf.types import Kind
from ..constants import has_names
from ..errors import ObjectError
from ..helpers.names import HELPERS
from ..spec.program import ReferenceKind
from .lattice import Place, Value, shifted

if TYPE_CHECKING:
    from ..btf import Btf
    from .lattice import State
    from .memory_names import MemoryNames

__all__ = ["ValueTypes"]

_ARGUMENTS: Final = range(1, 6)
_LONGEST: Final = 48
"""Characters of a pointer as C writes it, beyond which its type has to do."""
_POINTERS: Final = (Place.CONTEXT, Place.DATA, Place.ELEMENT, Place.TYPED)
_RETURNED: Final = {
    # What bpf_helpers(7) says of each (Linux 6.18); the name that it has, where there is only one.
    "get_current_task": ("task_struct", "current"),
    "get_current_task_btf": ("task_struct", "current"),
    "task_pt_regs": ("pt_regs", ""),
    "sk_lookup_tcp": ("bpf_sock", ""),
    "sk_lookup_udp": ("bpf_sock", ""),
    "skc_lookup_tcp": ("bpf_sock", ""),
    "sk_fullsock": ("bpf_sock", ""),
    "get_listener_sock": ("bpf_sock", ""),
    "tcp_sock": ("bpf_tcp_sock", ""),
    "skc_to_tcp_sock": ("tcp_sock", ""),
    "skc_to_tcp6_sock": ("tcp6_sock", ""),
    "skc_to_tcp_timewait_sock": ("tcp_timewait_sock", ""),
    "skc_to_tcp_request_sock": ("tcp_request_sock", ""),
    "skc_to_udp6_sock": ("udp6_sock", ""),
    "skc_to_unix_sock": ("unix_sock", ""),
    "skc_to_mptcp_sock": ("mptcp_sock", ""),
    "sock_from_file": ("socket", ""),
}
_HELPERS: Final = {HELPERS.index(f"bpf_{name}"): found for name, found in _RETURNED.items()}


class ValueTypes:
    """What the types of one program's object tell; `track.Types` says what for.

    Args:
        names: The names of what the same program reads and writes.
    """

    def __init__(self, names: MemoryNames) -> None:
        self.names = names
        self.program = names.program
        self.btf = names.spec.types
        self._loaded: dict[tuple[Value, int], Value | None] = {}

    @property
    def target(self) -> Btf | None:
        """The types of the kernel that it is looked at for, where somebody asked for them."""
        return self.names.parameters.target

    def at(self, slot: int, address: Value | None, distance: int) -> Value | None:
        """Return the address that an instruction uses that is one of `fields`, *distance* included."""
        if address is not None:
            is_address = address.place not in (Place.CONSTANT, Place.NUMBER)
            address = shifted(address, distance) if is_address else None
        root, path = self._fields[slot]
        if address is None:
            return Value(Place.TYPED, offset=distance, variable=path, type_id=root)
        if address.place is not Place.TYPED:
            return address
        if address.offset != distance:
            return address._replace(variable="", name="" if address.type_id != root else address.name, type_id=root)
        return self.cast(address._replace(variable=path), root)

    def cast(self, pointer: Value, type_id: int) -> Value:
        """Return a pointer as one to another type, as a source says that uses it so."""
        btf = self.btf
        if btf is None or pointer.type_id == type_id:
            return pointer
        name, old, new = pointer.name, btf.type_name(pointer.type_id), btf.type_name(type_id)
        if name and essential_name(old) != essential_name(new):
            name = f"(({declaration(btf, type_id)} *){name})"
        return pointer._replace(name=name, type_id=type_id)

    @property
    def fields(self) -> dict[int, tuple[int, str]]:
        """The types that instructions use fields of, and the paths to these, by slot: what CO-RE relocations say."""
        return self._fields

    @cached_property
    def _fields(self) -> dict[int, tuple[int, str]]:
        """The root types of the CO-RE relocations that ask for a field's offset, and the paths from there, by slot."""
        btf, found = self.names.spec.btf, dict[int, tuple[int, str]]()
        for item in self.program.linked.core_relocations if btf is not None else ():
            if item.kind == CoreKind.FIELD_BYTE_OFFSET and btf is not None:
                try:
                    access = parse_access(btf, item.type_id, item.access, CoreKind.FIELD_BYTE_OFFSET)
                    found[item.slot] = btf.strip(item.type_id).id, access.path
                except ObjectError:
                    continue  # damaged: the table of relocations has the reason
        return found

    def loaded(self, address: Value, size: int) -> Value | None:
        """Return what a load of *size* bytes gives: a pointer to something, or a number whose values have names."""
        if self.btf is None or not address.exact or address.place not in _POINTERS:
            return None
        key = address, size
        if key not in self._loaded:
            self._loaded[key] = self._read(address, size)
        return self._loaded[key]

    def _read(self, address: Value, size: int) -> Value | None:
        found = self.names.find(address, size)
        if found is None:
            return None
        name = "" if address.place is Place.TYPED and not address.name else found.text
        if size == 8 and found.target:
            return self._pointer(name, found.target)
        if has_names(found.meaning) or self._is_enum(found.type_id):
            return Value(Place.NUMBER, name or found.text, variable=found.meaning, type_id=found.type_id)
        return None

    def _pointer(self, name: str, target: int) -> Value | None:
        assert self.btf is not None
        found = self.btf.strip(target)
        if isinstance(found, t.Forward):
            # Compilers declare what only members of structs point to; somebody else may have defined it.
            kind = Kind.UNION if found.is_union else Kind.STRUCT
            found = self.btf.type(self.btf.find(found.name, kind) or found.id)
        if not isinstance(found, t.Composite | t.Int | t.Enum | t.Pointer | t.Array | t.Forward):
            return None
        return Value(Place.TYPED, name if len(name) <= _LONGEST else "", type_id=found.id)

    def _is_enum(self, type_id: int) -> bool:
        return self.btf is not None and bool(type_id) and isinstance(self.btf.strip(type_id), t.Enum)

    def returned(self, slot: int, helper: int | None) -> Value | None:
        """Return what a call gives: of a helper, else of what the instruction refers to."""
        btf = self.btf
        if btf is None:
            return None
        if helper is not None:
            struct, name = _HELPERS.get(helper, ("", ""))
            found = btf.find(struct, Kind.STRUCT) or btf.find(struct, Kind.FWD) if struct else None
            return None if found is None else Value(Place.TYPED, name, type_id=found)
        reference = self.program.linked.references.get(slot)
        type_id = 0
        if reference is not None and reference.kind is ReferenceKind.KFUNC:
            type_id = btf.find(reference.name, Kind.FUNC) or 0
        elif reference is not None and reference.kind is ReferenceKind.CALL:
            type_id = self.names.parameters.functions[reference.offset].type_id
        proto = self.names.parameters.prototype(type_id)
        if proto is None:
            return None
        pointer = btf.strip(proto.result)
        if isinstance(pointer, t.Pointer):
            return self._pointer("", pointer.target)
        is_enum = self._is_enum(proto.result)
        return Value(Place.NUMBER, f"{btf.type_name(type_id)}()", type_id=proto.result) if is_enum else None

    def given(self, function: int, entry: State) -> State:
        """Return what a function is given: *entry*, what its callers agree on, and what its prototype says besides."""
        flow = self.program.flow
        if self.btf is None or function == flow.functions[0]:
            return entry
        parameters = self.names.parameters.of(function)
        found = dict(entry)
        for register, parameter in zip(_ARGUMENTS, parameters or (), strict=False):
            known = entry.get(register)
            if known is not None and known.place not in (Place.TYPED, Place.NUMBER):
                continue
            value: Value | None = None
            if parameter.target:
                value = self._pointer(parameter.name, parameter.target)
            elif self._is_enum(parameter.type_id):
                value = Value(Place.NUMBER, parameter.name, type_id=parameter.type_id)
            if value is not None:
                found[register] = value
        return found
