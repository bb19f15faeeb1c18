"""Scope: what names mean where a session stands, and what lies at addresses there.

Names are looked for in this order: C variables of the function, as far as DWARF tells where they are; global
variables, registers (`r0` to `r10`, `w0` to `w10` for their lower halves; `$r0` is always the register), maps, `ctx`,
the packet (`pkt`, a pointer to its bytes, and `pkt_len`), enumerators of the object's types, names of the program
type's return values.
"""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING, Final

from ..btf import types as t
from ..constants import named_number
from ..context.fields import return_codes
from ..context.values import layout_of
from ..errors import UsageError, nearest
from ..maps import ElementError
from ..vm.maps import ArrayStore
from ..vm.maps.hashes import HashStore, LruStore
from .locals import OPTIMIZED_OUT
from .values import S64, U64, VOID, Kind, Value, kind_of, pointer_to, value_of

if TYPE_CHECKING:
    from ..context.values import ContextLayout
    from ..vm.map import Map
    from .standing import Standing

__all__ = ["Scope"]

_MASK64: Final = (1 << 64) - 1
_MASK32: Final = (1 << 32) - 1
_REGISTER: Final = re.compile(r"[rw](?:[0-9]|10)")
_MOST_SHOWN: Final = 1 << 16
"""Bytes of a value that is looked at."""


class Scope:
    """Finds what names mean, and reads what lies at addresses, where a session stands in the program whose turn it is.

    Args:
        session: Which one.
    """

    def __init__(self, session: Standing) -> None:
        self._session = session
        world = session.world
        self._program = world.program.spec
        self._variables = world.collection.spec.variables
        self.maps = world.collection.maps
        """The maps, by name."""
        self.layout: ContextLayout | None = layout_of(self._program, world.recording.target)
        """How the context is laid out; None where nothing tells."""
        self._enumerators: dict[str, int] | None = None

    # Names

    def register(self, text: str) -> int | None:
        """Return the number of the register that a text names, as `r3`, `w3` or `$r3`; None where it is none.

        Without the sign a C variable of the same name is meant, where there is one.
        """
        name = text.strip()
        bare = name.removeprefix("$")
        if _REGISTER.fullmatch(bare) is None or (bare == name and self._is_variable(name)):
            return None
        return int(bare[1:])

    def _is_variable(self, name: str) -> bool:
        """Whether a name is a variable's, of the function or of the object."""
        frame, variable = self._session.frame, self._variables.get(name)
        if frame is not None and self._session.locals.find(frame, name) is not None:
            return True
        return variable is not None and variable.map.name in self.maps

    def find(self, text: str) -> Value:
        """Return what a name means.

        Raises:
            UsageError: Nothing is called that here, or nothing tells its value.
        """
        name, session = text.removeprefix("$"), self._session
        if (number := self.register(text)) is not None:
            value = self._registers[number]
            return Value(U64, value) if name[0] == "r" else Value(Kind(4, text="u32"), value & _MASK32)
        if name == text and (found := self._local(name)) is not None:
            return found
        variable = self._variables.get(name)
        if variable is not None and variable.map.name in self.maps:
            store = self.maps[variable.map.name].store
            if isinstance(store, ArrayStore) and variable.type is not None:
                return self.load(kind_of(variable.type), store.regions[0].base + variable.offset)
        if name in self.maps:
            raise UsageError(f"{name} is a map: its entries are {name}[key]")
        if name == "fp":
            return Value(U64, self._registers[10])
        if name == "ctx":
            return Value(Kind(8, False, None, VOID, "context *"), session.context_address)
        if name in ("pkt", "pkt_len"):
            return self._packet(name)
        if not name:
            raise UsageError("$ is followed by the name of a register: $r3")
        number = self._constant(name)
        if number is None:
            if (section := session.world.unused.get(name)) is not None:
                raise UsageError(f"{name} lies in {section}, which no program of this run uses")
            close = nearest(name, [*self._variables, *self.maps, "ctx", "pkt", "pkt_len", "r0", "fp"])
            hint = f"did you mean {close}?" if close else "there are variables, maps, registers (r0 to r10), ctx, pkt"
            raise UsageError(f"nothing is called {name} here", hint=hint)
        return Value(S64, number, name=name)

    @property
    def _registers(self) -> tuple[int, ...]:
        """Those of the function that expressions are about."""
        frame = self._session.frame
        return self._session.registers if frame is None else frame.registers

    def _local(self, name: str) -> Value | None:
        """Return a C variable of the function; None where none is called that."""
        frame, found = self._session.frame, self._session.locals
        variable = None if frame is None else found.find(frame, name)
        if frame is None or variable is None:
            return None
        value = found.value(frame, variable)
        if value is None and name in ("ctx", "pkt", "pkt_len"):
            return None  # what is meant by these is known without the compiler
        if value is None:
            raise UsageError(f"{name} is {OPTIMIZED_OUT} here")
        return value

    def _packet(self, name: str) -> Value:
        packet = self._session.world.host.packet
        if packet is None:
            raise UsageError("the program was given no packet")
        if name == "pkt_len":
            return Value(U64, packet.length)
        return Value(pointer_to(Kind(1, text="u8")), packet.region.base)

    def _constant(self, name: str) -> int | None:
        """Return the number of an enumerator or of a macro of the kernel's headers; None where it is neither."""
        programs = (self._program, *(each.spec for each in self._session.world.path))
        for number, text in chain.from_iterable(return_codes(program).items() for program in programs):
            if text == name:
                return number
        if self._enumerators is None:
            self._enumerators = {}
            btf = self._program.btf
            for type_id in range(btf.first_id, len(btf)) if btf is not None else ():
                declared = btf.type(type_id) if btf is not None else None
                if isinstance(declared, t.Enum):
                    self._enumerators |= {each.name: each.value for each in declared.enumerators}
        found = self._enumerators.get(name)
        return named_number(name) if found is None else found

    def field(self, name: str) -> Value:
        """Return a field of the context.

        Raises:
            UsageError: It has none of this name, or nothing tells which it has.
        """
        layout = self.layout
        if layout is None:
            raise UsageError("nothing tells what the context of this program has")
        for field in layout.fields:
            if field.name == name:
                ctype = layout.types.get(name)
                kind = kind_of(ctype) if ctype is not None else Kind(field.width, text=f"u{8 * field.width}")
                if ctype is None and field.length:
                    raise UsageError(f"{name} is an array", hint=f"*(u32 *)(ctx + {field.offset}) is its first")
                return self.load(kind, self._session.context_address + field.offset)
        known = ", ".join(field.name for field in layout.fields[:8])
        raise UsageError(f"{layout.struct} has no field {name}", hint=f"there is: {known}, …")

    def map(self, name: str) -> Map | None:
        """Return the map of a name; None where there is none, or a variable is meant by it."""
        return self.maps.get(name) if name not in self._variables else None

    # What lies there

    def load(self, kind: Kind, address: int) -> Value:
        """Return what lies at an address.

        Raises:
            UsageError: Nothing tells how much of it is meant, it is too large, or not all of it is there.
        """
        size = kind.size
        if not size:
            raise UsageError("nothing tells the size of what it leads to", hint="*(u32 *)(…) says one")
        if size > _MOST_SHOWN:
            raise UsageError(f"its {size:,} bytes are too many to look at", hint="name a part of it")
        memory = self._session.memory
        raw = memory.own(address & _MASK64, size)
        if raw is None:
            where = "nothing is there" if memory.find(address) is None else "not all of it is there"
            what = f"{size} byte{'' if size == 1 else 's'}"
            raise UsageError(f"{what} at {address & _MASK64:#x} cannot be read: {where}")
        return value_of(kind, raw, address, self._program.byte_order)

    def entry(self, found: Map, key: bytes) -> Value:
        """Return the value of a map's entry; of a per-CPU map that of the CPU that runs.

        Raises:
            UsageError: There is no such entry, or the map has none that are found by a key.
        """
        store, cpu = found.store, self._session.world.host.cpu
        try:
            # A lookup is a use of an LRU map, which decides what makes room next; to look at an entry must not be one.
            is_lru = isinstance(store, LruStore)
            address = HashStore.address_of(store, key, cpu) if is_lru else store.address_of(key, cpu)
        except ElementError:
            kind = store.shape.type.label
            raise UsageError(f"map {found.name} ({kind}) has no entries that are found by a key") from None
        if not address:
            raise UsageError(f"map {found.name} has no entry with this key")
        ctype = found.spec.value
        kind = kind_of(ctype) if ctype is not None else Kind(min(store.shape.value_size, 8), text="bytes")
        return self.load(kind, address)
