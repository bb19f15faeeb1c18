"""Names of what addresses point to: members of variables and map values, fields of contexts, slots of the stack."""

from __future__ import annotations

import bisect
from typing import TYPE_CHECKING, NamedTuple

from ..btf import types as t
from ..btf.compatible import essential_name
from ..btf.declare import declaration
from ..btf.kernel import vmlinux
from ..btf.path import Part, member_path, part_at
from ..btf.types import Kind
from ..context.fields import KERNEL_CONTEXTS, context_field, context_struct, uapi_field
from ..errors import BpftuiError
from .lattice import Place
from .parameters import Parameter, Parameters

if TYPE_CHECKING:
    from ..btf import Btf
    from ..spec.collection import CollectionSpec
    from ..spec.map import MapSpec
    from ..spec.program import ProgramSpec
    from .lattice import Value

__all__ = ["MemoryNames", "Named", "part_of"]


class Named(NamedTuple):
    """What some bytes of memory are."""

    text: str
    """As C writes it: `ctx->data_end`, `cfg.limits[2].rate`."""
    type_id: int = 0
    """Its type among those of the object; 0 where that is not known, or where it is less or more than one thing."""
    target: int = 0
    """Of a pointer: the type that it points to."""
    meaning: str = ""
    """The struct and its member, `iphdr.protocol`, where it is one."""


class MemoryNames:
    """The names of what one program reads and writes.

    Args:
        program: The program.
        spec: The object that it is in.
        target: The types of the kernel that it is to run on, where somebody asked for them.
    """

    def __init__(self, program: ProgramSpec, spec: CollectionSpec, target: Btf | None = None) -> None:
        self.program = program
        self.spec = spec
        self.parameters = Parameters(program, spec, target)

    def place(self, address: Value, size: int) -> str | None:
        """Return what *size* bytes at an address are, as C writes them: `ctx->data_end`, `cfg.limits[2].rate`.

        None where that has no name, or is not certain.
        """
        found = self.find(address, size)
        return None if found is None else found.text

    def find(self, address: Value, size: int) -> Named | None:
        """Return the same with its type."""
        match address.place:
            case Place.CONTEXT:
                return self._field(address.offset, size) if address.exact else None
            case Place.STACK:
                return Named(f"fp{address.offset:+}") if address.exact else None
            case Place.DATA:
                return self._datum(address, size)
            case Place.ELEMENT:
                return self._element(address, size)
            case Place.TYPED:
                return self._pointed(address, size) if address.exact else None
            case _:
                return None

    # The context, and what pointers of known types lead to

    def _field(self, offset: int, size: int) -> Named | None:
        """Return a field of the context, by the type that the source says it has, else by the uapi."""
        if self.program.translated and self.program.type in KERNEL_CONTEXTS:
            return self._kernel_field(offset, size)
        index, inside = divmod(offset, 8)
        elements = self.parameters.elements
        if 0 <= index < len(elements) and elements[index].name and _is_low(self.program, inside, size):
            return _parameter(elements[index])
        parameter = self.parameters.context
        btf = self.spec.types
        if parameter is not None and btf is not None:
            name, target = parameter
            if isinstance(btf.strip(target), t.Composite):
                part = part_at(btf, target, offset, size)
                if part is not None and part.path:
                    register = self.parameters.register(part.path.removeprefix("."))
                    if register is not None:
                        return _parameter(register)._replace(meaning=self._part(btf, "", part).meaning)
                    return self._part(btf, f"{name}->{part.path.removeprefix('.')}", part)
            elif isinstance(number := btf.strip(target), t.Int) and number.size == 8 and size == 8 and not inside:
                known = elements[index] if 0 <= index < len(elements) else Parameter("")
                return _parameter(known._replace(name=f"{name}[{index}]"))
        field = context_field(self.program, offset, size)
        if field is None:
            return None
        return Named(f"{self.context_name}->{field}", meaning=f"{context_struct(self.program)}.{field}")

    def _kernel_field(self, offset: int, size: int) -> Named | None:
        """Return a field of the kernel's own form of the context, which translated code accesses."""
        try:
            btf = vmlinux()
        except BpftuiError:
            return None  # a kernel that does not publish its types
        struct = KERNEL_CONTEXTS[self.program.type]
        found = btf.find(struct, Kind.STRUCT)
        part = None if found is None else part_at(btf, found, offset, size)
        if part is None or not part.path or "…" in part.path:
            return None
        return Named(f"{self.context_name}->{part.path.removeprefix('.')}", meaning=f"{struct}.{part.member}")

    @property
    def context_name(self) -> str:
        """What the program calls its context."""
        return self.parameters.context[0] if self.parameters.context is not None else "ctx"

    def _pointed(self, address: Value, size: int) -> Named | None:
        """Return a member of what a pointer of a known type points to: `task->pid`, else `struct task_struct.pid`."""
        btf = self.spec.types
        part = None if btf is None else part_of(btf, address.type_id, address.offset, size)
        if btf is None or part is None or "+" in part.path or "…" in part.path:
            return None
        path, field = part.path, address.variable
        if field != path and field.count(".") == path.count(".") and "[" not in path:
            # The relocation says which member of a union it is.
            path, part = field, part._replace(member=field.rpartition(".")[2])
        if not address.name:
            return self._part(btf, declaration(btf, address.type_id) + path, part) if path else None
        start = f"{address.name}->" if path.startswith(".") else address.name if path else f"*{address.name}"
        return self._part(btf, start + path.removeprefix("."), part)

    def _part(self, btf: Btf, text: str, part: Part) -> Named:
        """Return a part of something of a type, with what is known of it."""
        pointer = btf.strip(part.type_id) if part.type_id else None
        owner = btf.type_name(part.owner) if part.owner else ""
        return Named(
            text,
            part.type_id if part.type_id and btf is self.spec.types else 0,
            pointer.target if isinstance(pointer, t.Pointer) and btf is self.spec.types else 0,
            f"{essential_name(owner)}.{part.member}" if owner else "",
        )

    # Variables and values of maps

    def _datum(self, address: Value, size: int) -> Named | None:
        """Return a variable or a part of it."""
        if not address.exact:
            within = self._within(address)
            return None if within is None else Named(within)
        found = self.variable_at(address.name, address.offset)
        if found is None:
            return None
        name, start, type_id = found
        btf = self.spec.types
        inside = address.offset - start
        if btf is None or not type_id:
            return Named(name if not inside else f"{name}+{inside}")
        if not size:
            return Named(_address_path(btf, name, type_id, inside))
        part = part_at(btf, type_id, inside, size)
        return None if part is None else self._part(btf, name + part.path, part)

    def _within(self, address: Value) -> str | None:
        """Return what is known of an address somewhere in a variable: `table[…]`, `in cfg`."""
        if address.variable == address.name:
            return None
        _, known = self.spec.placed_variables(address.name)
        type_id = next((type_id for name, type_id in known if name == address.variable), 0)
        btf = self.spec.types
        is_array = btf is not None and type_id and isinstance(btf.strip(type_id), t.Array)
        return f"{address.variable}[…]" if is_array else f"in {address.variable}"

    def _element(self, address: Value, size: int) -> Named | None:
        """Return a value of a map or a part of it: `counts[…].packets`."""
        name = f"{address.name}[…]"
        spec = self._map(address.name)
        if not address.exact:
            return Named(f"in {name}")
        if spec is None:
            return Named(name)
        if spec.value is None:
            return Named(f"{name}+{address.offset}" if address.offset else name)
        if not size:
            return Named(_address_path(spec.value.btf, name, spec.value.id, address.offset))
        part = part_at(spec.value.btf, spec.value.id, address.offset, size)
        return None if part is None else self._part(spec.value.btf, name + part.path, part)

    def _map(self, name: str) -> MapSpec | None:
        if name.endswith("[…]"):
            outer = self.spec.maps.get(name.removesuffix("[…]"))
            return None if outer is None else outer.inner
        return self.spec.maps.get(name)

    def variable_at(self, section: str, offset: int) -> tuple[str, int, int] | None:
        """Return the variable that covers an offset of a data section: its name, start, and type (0: not known)."""
        starts, known = self.spec.placed_variables(section)
        at = bisect.bisect_right(starts, offset) - 1
        if at < 0:
            return None
        name, type_id = known[at]
        btf = self.spec.types
        variable = self.spec.variables.get(name)
        size = btf.size(type_id) if btf is not None and type_id else variable.size if variable is not None else 0
        # a flexible array at its end makes a variable larger than its type
        stop = max(size, variable.size if variable is not None else 0)
        return (name, starts[at], type_id) if offset < starts[at] + stop else None


def part_of(btf: Btf, type_id: int, offset: int, size: int) -> Part | None:
    """Return a part of a type; of a struct that is only declared, by the uapi."""
    declared = btf.type(type_id)
    if not isinstance(declared, t.Forward):
        return part_at(btf, type_id, offset, size)
    field = uapi_field(declared.name, offset, size)
    return None if field is None else Part(f".{field}", owner=type_id, member=field)


def _address_path(btf: Btf, name: str, type_id: int, offset: int) -> str:
    """Return what begins at an offset of a variable: the outermost thing that does."""
    if not offset:
        return name
    path = member_path(btf, type_id, offset, 1)
    if path is None or "+" in path.removesuffix("+0"):
        return f"{name}+{offset}"
    return name + path.removesuffix("+0")


def _parameter(parameter: Parameter) -> Named:
    return Named(parameter.name, parameter.type_id, parameter.target)


def _is_low(program: ProgramSpec, inside: int, size: int) -> bool:
    """Whether some bytes of an element of 8 are its lowest: all of it, or what a smaller type keeps of it."""
    return inside == 0 if program.byte_order == "little" else inside + size == 8
