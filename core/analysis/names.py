"""Names of a program's values: constants, strings, addresses, and calls with all that they are given, as C has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..btf import types as t
from ..btf.declare import declaration
from ..btf.types import Kind
from ..constants import constant_name
from ..helpers.effects import effect_of, flag_names
from ..spec.program import ReferenceKind
from .lattice import Place
from .memory_names import MemoryNames, part_of

if TYPE_CHECKING:
    from ..btf import Btf
    from ..spec.collection import CollectionSpec
    from ..spec.program import ProgramSpec
    from .lattice import Value
    from .parameters import Parameter

__all__ = ["Names"]

_TRACE_PRINTK: Final = 6
_LONGEST_TEXT: Final = 60
_SMALL: Final = 4096
"""Constants up to here are written in decimal."""


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
        self.memory = MemoryNames(program, spec, target)
        """Those of what its addresses point to."""
        self.parameters = self.memory.parameters

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
                return self.memory.context_name + (f"+{value.offset}" if value.offset else "")
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
            case _ if (value.exact or value.place is not Place.STACK) and (
                name := self.memory.place(value, 0)
            ) is not None:
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
        found = self.memory.variable_at(address.name, address.offset)
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

    def _pointer(self, value: Value, register: int) -> str:
        """Return a pointer of a known type, as an argument or as what arithmetic gives."""
        btf = self.spec.types
        if value.offset == 0 and not value.variable:
            if value.name or btf is None:
                return value.name or f"r{register}"
            name = f"{declaration(btf, value.type_id)} *"
            return f"({name})r{register}" if register else name
        part = None if btf is None else part_of(btf, value.type_id, value.offset, 1)
        path = part.path.removesuffix("+0") if part is not None else ""
        if value.variable and path != f"{value.variable}[0]":
            path = value.variable  # all of a struct, or of a union another member
        if btf is None or not path or "…" in path or "+" in path:
            return f"r{register}"
        text = f"{value.name}->{path.removeprefix('.')}" if value.name else f"{declaration(btf, value.type_id)}{path}"
        return _address_of(text)

    def _is_text(self, type_id: int) -> bool:
        btf = self.spec.types
        if btf is None or not type_id:
            return False
        array = btf.strip(type_id)
        element = btf.strip(array.element) if isinstance(array, t.Array) else None
        return isinstance(element, t.Int) and element.size == 1 and not element.is_bool


def _address_of(name: str) -> str:
    """Return the address of something; that of an array's first element is the array itself."""
    return name.removesuffix("[0]") if name.endswith("[0]") else f"&{name}"


def _arguments(names: list[str], values: tuple[Value | None, ...]) -> str | None:
    """Return arguments as C; None where nothing is known of any."""
    return None if all(value is None for value in values[: len(names)]) else f"({', '.join(names)})"
