"""Names of what addresses point to, and of constants: members of variables and map values, context fields, strings."""

from __future__ import annotations

import bisect
from typing import TYPE_CHECKING, Final, NamedTuple

from ..btf import types as t
from ..btf.compatible import essential_name
from ..btf.declare import declaration
from ..btf.kernel import vmlinux
from ..btf.path import Part, member_path, part_at
from ..btf.types import Kind
from ..constants import constant_name
from ..context.fields import KERNEL_CONTEXTS, context_field, context_struct, uapi_field
from ..errors import BpftuiError
from ..helpers.effects import effect_of, flag_names
from ..spec.program import ReferenceKind
from .lattice import Place
from .parameters import Parameter, Parameters

if TYPE_CHECKING:
    from ..btf import Btf
    from ..spec.collection import CollectionSpec
    from ..spec.map import MapSpec
    from ..spec.program import ProgramSpec
    from .lattice import Value

__all__ = ["Named", "Names"]

_TRACE_PRINTK: Final = 6
_LONGEST_TEXT: Final = 60
_SMALL: Final = 4096
"""Constants up to here are written in decimal."""


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


class Names:
    """The names that one program's values have.

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

    def constant(self, number: int, type_id: int, meaning: str) -> str | None:
        """Return what a number is called in something of a type, or in a field; None where it has no name."""
        btf = self.spec.types
        found = btf.strip(type_id) if btf is not None and type_id else None
        if not isinstance(found, t.Enum):
            return constant_name(meaning, number, self.program.byte_order) if meaning else None
        mask = (1 << 8 * found.size) - 1
        return next((item.name for item in found.enumerators if item.value & mask == number & mask), None)

    def returned(self, start: int) -> dict[int, str]:
        """Return the names of what a subprogram returns, by 32-bit signed value; none where that is no enum."""
        function = self.parameters.functions.get(start)
        proto = None if function is None else self.parameters.prototype(function.type_id)
        btf = self.spec.types
        found = btf.strip(proto.result) if btf is not None and proto is not None else None
        return {item.value: item.name for item in found.enumerators} if isinstance(found, t.Enum) else {}

    def value(self, value: Value | None, register: int = 0) -> str:
        """Return a value as an argument of a call; of an unknown one the register that holds it."""
        if value is None:
            return f"r{register}"
        match value.place:
            case Place.CONSTANT:
                signed = (value.offset ^ 1 << 63) - (1 << 63)
                return str(signed) if -_SMALL <= signed <= _SMALL else f"{value.offset:#x}"
            case Place.CONTEXT:
                return self._context_name + (f"+{value.offset}" if value.offset else "")
            case Place.MAP:
                return f"&{value.name}"
            case Place.FUNCTION:
                return value.name
            case Place.NUMBER:
                return value.name or f"r{register}"
            case Place.TYPED if value.exact:
                return self._pointer(value, register)
            case Place.DATA if value.exact and (text := self.text(value)) is not None:
                return text
            case _ if (value.exact or value.place is not Place.STACK) and (name := self.place(value, 0)) is not None:
                return name if value.place is Place.STACK or name.startswith("in ") else _address_of(name)
            case _:
                return f"r{register}"

    def call(self, helper: int, arguments: tuple[Value | None, ...]) -> str | None:
        """Return a call of a helper as C: `map_update_elem(&counts, fp-8, fp-16, BPF_ANY)`.

        None where nothing is known of its arguments that the listing does not show already.
        """
        effect = effect_of(helper)
        if effect is None:
            return None
        count = len(effect.arguments)
        if helper == _TRACE_PRINTK:
            format_text = self._string(arguments[0]) if arguments[0] is not None else None
            count = count if format_text is None else min(5, count + format_text.replace("%%", "").count("%"))
        names: list[str] = []
        for number, value in enumerate(arguments[:count]):
            known = flag_names(helper, number)
            flag = known.get(value.offset) if value is not None and value.place is Place.CONSTANT else None
            names.append(flag or self.value(value, number + 1))
        return _arguments(names, arguments)

    def function_call(self, slot: int, arguments: tuple[Value | None, ...]) -> str | None:
        """Return the arguments of a call of a kernel function or of a subprogram; None as for `call`."""
        reference, btf = self.program.linked.references.get(slot), self.spec.types
        parameters: tuple[Parameter, ...] | None = None
        if reference is not None and btf is not None and reference.kind is ReferenceKind.KFUNC:
            proto = self.parameters.prototype(btf.find(reference.name, Kind.FUNC) or 0)
            parameters = None if proto is None else self.parameters.declared(proto)
        elif reference is not None and reference.kind is ReferenceKind.CALL:
            parameters = self.parameters.of(reference.offset)
        if not parameters:
            return None
        names: list[str] = []
        for number, (parameter, value) in enumerate(zip(parameters, arguments, strict=False), 1):
            is_constant = value is not None and value.place is Place.CONSTANT
            name = self.constant(value.offset, parameter.type_id, "") if value is not None and is_constant else None
            names.append(name or self.value(value, number))
        return _arguments(names, arguments)

    def text(self, address: Value) -> str | None:
        """Return the string that an address points to, quoted as C does; None where it is no string constant."""
        text = self._string(address)
        if text is None:
            return None
        shown = text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 1] + "…"
        quoted = shown.replace("\\", "\\\\").replace('"', '\\"')
        return '"' + quoted.replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r") + '"'

    def _string(self, address: Value) -> str | None:
        """Return the string that an address points to; None where it is no string constant."""
        section = self.spec.maps.get(address.name) if address.place is Place.DATA and address.exact else None
        if section is None or section.data is None or not address.name.startswith(".rodata"):
            return None
        found = self._variable_at(address.name, address.offset)
        if found is None:
            if not address.name.startswith(".rodata.str"):
                return None
        elif not self._is_text(found[2]):
            return None
        end = section.data.find(b"\0", address.offset)
        raw = bytes(section.data[address.offset : end]) if end >= 0 else b""
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            return None
        if not text or not all(c.isprintable() or c in "\n\t\r" for c in text):
            return None
        return text

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
        return Named(f"{self._context_name}->{field}", meaning=f"{context_struct(self.program)}.{field}")

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
        return Named(f"{self._context_name}->{part.path.removeprefix('.')}", meaning=f"{struct}.{part.member}")

    @property
    def _context_name(self) -> str:
        return self.parameters.context[0] if self.parameters.context is not None else "ctx"

    def _pointed(self, address: Value, size: int) -> Named | None:
        """Return a member of what a pointer of a known type points to: `task->pid`, else `struct task_struct.pid`."""
        btf = self.spec.types
        part = None if btf is None else self._part_of(btf, address.type_id, address.offset, size)
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

    def _pointer(self, value: Value, register: int) -> str:
        """Return a pointer of a known type, as an argument or as what arithmetic gives."""
        btf = self.spec.types
        if value.offset == 0 and not value.variable:
            if value.name or btf is None:
                return value.name or f"r{register}"
            name = f"{declaration(btf, value.type_id)} *"
            return f"({name})r{register}" if register else name
        part = None if btf is None else self._part_of(btf, value.type_id, value.offset, 1)
        path = part.path.removesuffix("+0") if part is not None else ""
        if value.variable and path != f"{value.variable}[0]":
            path = value.variable  # all of a struct, or of a union another member
        if btf is None or not path or "…" in path or "+" in path:
            return f"r{register}"
        text = f"{value.name}->{path.removeprefix('.')}" if value.name else f"{declaration(btf, value.type_id)}{path}"
        return _address_of(text)

    @staticmethod
    def _part_of(btf: Btf, type_id: int, offset: int, size: int) -> Part | None:
        """Return a part of a type; of a struct that is only declared, by the uapi."""
        declared = btf.type(type_id)
        if not isinstance(declared, t.Forward):
            return part_at(btf, type_id, offset, size)
        field = uapi_field(declared.name, offset, size)
        return None if field is None else Part(f".{field}", owner=type_id, member=field)

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
        found = self._variable_at(address.name, address.offset)
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

    def _variable_at(self, section: str, offset: int) -> tuple[str, int, int] | None:
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

    def _is_text(self, type_id: int) -> bool:
        btf = self.spec.types
        if btf is None or not type_id:
            return False
        array = btf.strip(type_id)
        element = btf.strip(array.element) if isinstance(array, t.Array) else None
        return isinstance(element, t.Int) and element.size == 1 and not element.is_bool


def _address_path(btf: Btf, name: str, type_id: int, offset: int) -> str:
    """Return what begins at an offset of a variable: the outermost thing that does."""
    if not offset:
        return name
    path = member_path(btf, type_id, offset, 1)
    if path is None or "+" in path.removesuffix("+0"):
        return f"{name}+{offset}"
    return name + path.removesuffix("+0")


def _address_of(name: str) -> str:
    """Return the address of something; that of an array's first element is the array itself."""
    return name.removesuffix("[0]") if name.endswith("[0]") else f"&{name}"


def _arguments(names: list[str], values: tuple[Value | None, ...]) -> str | None:
    """Return arguments as C; None where nothing is known of any."""
    return None if all(value is None for value in values[: len(names)]) else f"({', '.join(names)})"


def _parameter(parameter: Parameter) -> Named:
    return Named(parameter.name, parameter.type_id, parameter.target)


def _is_low(program: ProgramSpec, inside: int, size: int) -> bool:
    """Whether some bytes of an element of 8 are its lowest: all of it, or what a smaller type keeps of it."""
    return inside == 0 if program.byte_order == "little" else inside + size == 8
