"""Names of what addresses point to, and of constants: members of variables and map values, context fields, strings."""

from __future__ import annotations

import bisect
from functools import cached_property
from typing import TYPE_CHECKING, Final

from ..btf import types as t
from ..btf.path import member_path
from ..btf.types import Kind
from .contexts import context_field
from .effects import effect_of, flag_names
from .track import Place

if TYPE_CHECKING:
    from ..btf import Btf
    from .collection import CollectionSpec
    from .map import MapSpec
    from .program import ProgramSpec
    from .track import Value

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
    """

    def __init__(self, program: ProgramSpec, spec: CollectionSpec) -> None:
        self.program = program
        self.spec = spec
        self._sections: dict[str, tuple[list[int], list[tuple[str, int]]]] = {}

    def place(self, address: Value, size: int) -> str | None:
        """Return what *size* bytes at an address are, as C writes them: `ctx->data_end`, `cfg.limits[2].rate`.

        None where that has no name, or is not certain.
        """
        match address.place:
            case Place.CONTEXT:
                return self._field(address.offset, size) if address.exact else None
            case Place.STACK:
                return f"fp{address.offset:+}" if address.exact else None
            case Place.DATA:
                return self._datum(address, size)
            case Place.ELEMENT:
                return self._element(address, size)
            case _:
                return None

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
            case Place.DATA if value.exact and (text := self.text(value)) is not None:
                return text
            case _ if (value.exact or value.place is not Place.STACK) and (name := self.place(value, 0)) is not None:
                return name if value.place is Place.STACK or name.startswith("in ") else f"&{name}"
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
            format_text = self.text(arguments[0]) if arguments[0] is not None else None
            count = count if format_text is None else min(5, count + format_text.replace("%%", "").count("%"))
        names: list[str] = []
        for number, value in enumerate(arguments[:count]):
            known = flag_names(helper, number)
            flag = known.get(value.offset) if value is not None and value.place is Place.CONSTANT else None
            names.append(flag or self.value(value, number + 1))
        if all(value is None for value in arguments[:count]):
            return None
        return f"({', '.join(names)})"

    def text(self, address: Value) -> str | None:
        """Return the string that an address points to, quoted as C does; None where it is no string constant."""
        section = self.spec.maps.get(address.name) if address.place is Place.DATA and address.exact else None
        if section is None or section.data is None or not address.name.startswith(".rodata"):
            return None
        found = self._variable_at(address.name, address.offset)
        if found is None:
            if not address.name.startswith(".rodata.str"):
                return None
        elif not self._is_text(found[2]):
            return None
        end = section.data.find(0, address.offset)
        raw = bytes(section.data[address.offset : end]) if end >= 0 else b""
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            return None
        if not text or not all(c.isprintable() or c in "\n\t\r" for c in text):
            return None
        shown = text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 1] + "…"
        quoted = shown.replace("\\", "\\\\").replace('"', '\\"')
        return '"' + quoted.replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r") + '"'

    # The context

    def _field(self, offset: int, size: int) -> str | None:
        """Return a field of the context, by the type that the source says it has, else by the uapi."""
        parameter = self._parameter
        btf = self.spec.types
        if parameter is not None and btf is not None:
            name, target = parameter
            if isinstance(btf.strip(target), t.Composite):
                path = member_path(btf, target, offset, size)
                if path:
                    return name + "->" + path.removeprefix(".")
            elif isinstance(number := btf.strip(target), t.Int) and number.size == 8 and size == 8 and offset % 8 == 0:
                return f"{name}[{offset // 8}]"
        field = context_field(self.program, offset, size)
        return None if field is None else f"{self._context_name}->{field}"

    @property
    def _context_name(self) -> str:
        return self._parameter[0] if self._parameter is not None else "ctx"

    @cached_property
    def _parameter(self) -> tuple[str, int] | None:
        """The entry's first parameter: its name, and the type that it points to."""
        btf = self.spec.types
        entry = self.program.functions[0] if self.program.functions else None
        if btf is None or entry is None or not 0 < entry.type_id < len(btf):
            return None
        function = btf.type(entry.type_id)
        proto = btf.type(function.proto) if isinstance(function, t.Function) and function.proto < len(btf) else None
        if not isinstance(proto, t.FunctionProto) or not proto.parameters:
            return None
        first = proto.parameters[0]
        pointer = btf.strip(first.type_id)
        return (first.name, pointer.target) if isinstance(pointer, t.Pointer) and first.name else None

    # Variables and values of maps

    def _datum(self, address: Value, size: int) -> str | None:
        """Return a variable or a part of it."""
        if not address.exact:
            return self._within(address)
        found = self._variable_at(address.name, address.offset)
        if found is None:
            return None
        name, start, type_id = found
        btf = self.spec.types
        inside = address.offset - start
        if btf is None or not type_id:
            return name if not inside else f"{name}+{inside}"
        if not size:
            return _address_path(btf, name, type_id, inside)
        path = member_path(btf, type_id, inside, size)
        return None if path is None else name + path

    def _within(self, address: Value) -> str | None:
        """Return what is known of an address somewhere in a variable: `table[…]`, `in cfg`."""
        if address.variable == address.name:
            return None
        _, known = self._known_variables(address.name)
        type_id = next((type_id for name, type_id in known if name == address.variable), 0)
        btf = self.spec.types
        is_array = btf is not None and type_id and isinstance(btf.strip(type_id), t.Array)
        return f"{address.variable}[…]" if is_array else f"in {address.variable}"

    def _element(self, address: Value, size: int) -> str | None:
        """Return a value of a map or a part of it: `counts[…].packets`."""
        name = f"{address.name}[…]"
        spec = self._map(address.name)
        if not address.exact:
            return f"in {name}"
        if spec is None:
            return name
        if spec.value is None:
            return f"{name}+{address.offset}" if address.offset else name
        if not size:
            return _address_path(spec.value.btf, name, spec.value.id, address.offset)
        path = member_path(spec.value.btf, spec.value.id, address.offset, size)
        return None if path is None else name + path

    def _map(self, name: str) -> MapSpec | None:
        if name.endswith("[…]"):
            outer = self.spec.maps.get(name.removesuffix("[…]"))
            return None if outer is None else outer.inner
        return self.spec.maps.get(name)

    def _variable_at(self, section: str, offset: int) -> tuple[str, int, int] | None:
        """Return the variable that covers an offset of a data section: its name, start, and type (0: not known)."""
        starts, known = self._known_variables(section)
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

    def _known_variables(self, section: str) -> tuple[list[int], list[tuple[str, int]]]:
        if section not in self._sections:
            self._sections[section] = self._variables(section)
        return self._sections[section]

    def _variables(self, section: str) -> tuple[list[int], list[tuple[str, int]]]:
        """Return where the variables of a section begin, ascending, and their names and types."""
        btf, layout = self.spec.types, self.spec.layouts.get(section)
        types: dict[str, int] = {}
        datasec_id = btf.find(section, Kind.DATASEC) if btf is not None else None
        if btf is not None and datasec_id is not None:
            datasec = btf.type(datasec_id)
            for item in datasec.variables if isinstance(datasec, t.DataSec) else ():
                var = btf.type(item.type_id)
                if isinstance(var, t.Var):
                    types[var.name] = var.type_id
        offsets = dict(layout.offsets) if layout is not None else {}
        found = sorted((offset, name) for name, offset in offsets.items())
        return [offset for offset, _ in found], [(name, types.get(name, 0)) for _, name in found]

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
