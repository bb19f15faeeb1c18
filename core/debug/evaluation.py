"""What expressions mean where a session stands: values with their types, from registers, memory, maps and contexts.

Names are looked for in this order: C variables of the function, as far as DWARF tells where they are; global
variables, registers (`r0` to `r10`, `w0` to `w10` for their lower halves; `$r0` is always the register), maps, `ctx`,
the packet (`pkt`, a pointer to its bytes, and `pkt_len`), enumerators of the object's types, names of the program
type's return values. Integers are calculated with 64 bits, signed where both operands are.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ..asm.arithmetic import signed as as_signed
from ..btf import CType
from ..btf import types as t
from ..constants import named_number
from ..context.fields import return_codes
from ..context.values import layout_of
from ..errors import BpftuiError, ValueRangeError, nearest
from ..maps import ElementError
from ..vm.maps import ArrayStore
from ..vm.maps.hashes import HashStore, LruStore
from .locals import OPTIMIZED_OUT
from .syntax import (
    SWAPS,
    Binary,
    Braces,
    Cast,
    Choice,
    ExpressionError,
    Index,
    Member,
    Name,
    Node,
    Number,
    SizeOf,
    TypeName,
    Unary,
    parse,
)
from .values import INT, S64, SCALARS, U64, VOID, Kind, Value, kind_of, pointer_to

if TYPE_CHECKING:
    from ..btf import Btf, ByteOrder
    from ..context.values import ContextLayout
    from ..vm.map import Map
    from .standing import Standing

__all__ = ["Evaluator"]

_MASK64: Final = (1 << 64) - 1
_REGISTER: Final = re.compile(r"[rw](?:[0-9]|10)")
_MOST_SHOWN: Final = 1 << 16
"""Bytes of a value that is looked at."""


class Evaluator:
    """Tells what expressions mean where a session stands.

    Args:
        session: Which one.
    """

    def __init__(self, session: Standing) -> None:
        self._session = session
        world = session.world
        self._program = world.program.spec
        self._spec = world.collection.spec
        self._order: ByteOrder = world.program.spec.byte_order
        self._btf: Btf | None = self._program.btf
        self.layout: ContextLayout | None = layout_of(self._program, world.recording.target)
        """How the context is laid out; None where nothing tells."""
        self._text = ""
        self._enumerators: dict[str, int] | None = None
        self._trees: dict[str, Node] = {}

    def evaluate(self, text: str) -> Value:
        """Return what an expression is.

        Raises:
            ExpressionError: It is none, or means nothing here; the message says where in it.
        """
        if text not in self._trees:
            self._trees[text] = parse(text, self._is_type)
        self._text = text
        return self._value(self._trees[text])

    def number(self, text: str) -> int:
        """Return the number that an expression is; errors as for `evaluate`, also for what is no number."""
        value = self.evaluate(text)
        if value.kind.is_aggregate:
            raise ExpressionError(text, 0, f"{value.kind.text} is no number")
        return value.number

    def register(self, text: str) -> int | None:
        """Return the number of the register that an expression names, as `r3`, `w3` or `$r3`; None where it is none.

        Without the sign a C variable of the same name is meant, where there is one.
        """
        name = text.strip()
        bare = name.removeprefix("$")
        if _REGISTER.fullmatch(bare) is None or (bare == name and self._is_variable(name)):
            return None
        return int(bare[1:])

    def _is_variable(self, name: str) -> bool:
        """Whether a name is a variable's, of the function or of the object."""
        frame, variable = self._session.frame, self._spec.variables.get(name)
        if frame is not None and self._session.locals.find(frame, name) is not None:
            return True
        return variable is not None and variable.map.name in self._session.world.collection.maps

    def check(self, text: str) -> None:
        """Raise ExpressionError where a text is no expression, whatever it would mean."""
        parse(text, self._is_type)

    def encoded(self, expression: str, text: str) -> tuple[bytes, int]:
        """Return the bytes that a new value of something in memory has, and where they belong.

        Raises:
            ExpressionError: One of them means nothing here, or the first lies nowhere in memory.
            TypeMismatchError, ValueRangeError: The value does not fit.
        """
        value = self.evaluate(expression)
        kind, address = value.kind, value.address
        if address is None:
            raise ExpressionError(expression, 0, "it lies nowhere in memory, and cannot be changed there")
        if kind.ctype is not None and (kind.is_aggregate or kind.ctype.bit_size):
            current = self._session.memory.own(address, kind.size) or b""
            return kind.ctype.encode(kind.ctype.parse(text, expression), expression, current), address
        number = self.evaluate(text).number
        if not -1 << 8 * kind.size - 1 <= number < 1 << 8 * kind.size:
            raise ValueRangeError(f"{expression}: {number} does not fit {kind.size} bytes")
        return (number & (1 << 8 * kind.size) - 1).to_bytes(kind.size, self._order), address

    def map_and_key(self, text: str) -> tuple[Map, bytes | None]:
        """Return the map that `traffic` names, with the key of `traffic[…]`; None for a key where there is none.

        Raises:
            ExpressionError: There is no such map, or that is no key of it.
        """
        tree, self._text = parse(text, self._is_type), text
        named = tree.base if isinstance(tree, Index) else tree
        found = self._map(named.name) if isinstance(named, Name) else None
        if found is None:
            known = ", ".join(sorted(self._session.world.collection.maps))
            raise self._error(named, "no map is called that", hint=f"there is: {known}")
        return found, self.key_of(found, tree.subscript) if isinstance(tree, Index) else None

    def filled(self, text: str) -> str:
        """Return a text with the values of the expressions that stand in it in braces."""

        def value(match: re.Match[str]) -> str:
            try:
                return self.evaluate(match[1]).text
            except ExpressionError as error:
                return f"<{error.message}>"

        return re.sub(r"\{([^{}]+)\}", value, text)

    def _error(self, node: Node | TypeName, reason: str, *, hint: str | None = None) -> ExpressionError:
        return ExpressionError(self._text, node.at, reason, hint=hint)

    # Types

    def _is_type(self, name: str) -> bool:
        return name in SCALARS or (self._btf is not None and self._declared(name) is not None)

    def _declared(self, name: str) -> CType | None:
        """Return the type that BTF knows by a name."""
        btf = self._btf
        if btf is None:
            return None
        for type_id in btf.find_all(name):
            if isinstance(btf.type(type_id), t.Composite | t.Enum | t.Typedef | t.Int):
                return CType(btf, type_id)
        return None

    def _named_type(self, node: TypeName) -> Kind:
        if node.name == "void":
            kind = VOID
        elif node.name in SCALARS:
            size, is_signed = SCALARS[node.name]
            kind = Kind(size, is_signed, text=node.name)
        elif (found := self._declared(node.name)) is not None:
            kind = kind_of(found)
        else:
            raise self._error(node, f"no type is called {node.name}")
        for _ in range(node.pointers):
            kind = pointer_to(kind)
        return kind

    # Values

    def _value(self, node: Node) -> Value:
        match node:
            case Number():
                return Value(S64 if node.value < 1 << 63 else U64, node.value)
            case Name():
                return self._name(node)
            case Member():
                return self._member(node)
            case Index():
                return self._index(node)
            case Cast():
                return self._cast(node)
            case Unary():
                return self._unary(node)
            case Binary():
                return self._binary(node)
            case Choice():
                return self._value(node.yes if self._value(node.condition).is_true else node.no)
            case SizeOf():
                operand = node.operand
                kind = self._named_type(operand) if isinstance(operand, TypeName) else self._value(operand).kind
                return Value(U64, kind.size)
            case Braces():
                raise self._error(node, "braces are for the key of a map: traffic[{IPV4, TCP}]")

    def _name(self, node: Name) -> Value:
        name, session = node.name.removeprefix("$"), self._session
        if (number := self.register(node.name)) is not None:
            value = self._registers[number]
            return Value(U64, value) if name[0] == "r" else Value(Kind(4, text="u32"), value & 0xFFFF_FFFF)
        if not node.name.startswith("$") and (found := self._local(node)) is not None:
            return found
        variable = self._spec.variables.get(name)
        if variable is not None and variable.map.name in session.world.collection.maps:
            store = session.world.collection.maps[variable.map.name].store
            if isinstance(store, ArrayStore) and variable.type is not None:
                return self._load(node, kind_of(variable.type), store.regions[0].base + variable.offset)
        if name in session.world.collection.maps:
            raise self._error(node, f"{name} is a map: its entries are {name}[key]")
        if name == "fp":
            return Value(U64, self._registers[10])
        if name == "ctx":
            return Value(Kind(8, False, None, VOID, "context *"), session.context_address)
        if name in ("pkt", "pkt_len"):
            return self._packet(node, name)
        number = self._constant(name)
        if number is None:
            known = [*self._spec.variables, *session.world.collection.maps, "ctx", "pkt", "pkt_len", "r0", "fp"]
            close = nearest(name, known)
            hint = f"did you mean {close}?" if close else "there are variables, maps, registers (r0 to r10), ctx, pkt"
            raise self._error(node, f"nothing is called {name} here", hint=hint)
        return Value(S64, number, name=name)

    @property
    def _registers(self) -> tuple[int, ...]:
        """Those of the function that expressions are about."""
        frame = self._session.frame
        return self._session.registers if frame is None else frame.registers

    def _local(self, node: Name) -> Value | None:
        """Return a C variable of the function; None where none is called that."""
        frame, found = self._session.frame, self._session.locals
        variable = None if frame is None else found.find(frame, node.name)
        if frame is None or variable is None:
            return None
        value = found.value(frame, variable)
        if value is None and node.name in ("ctx", "pkt", "pkt_len"):
            return None  # what is meant by these is known without the compiler
        if value is None:
            raise self._error(node, f"{node.name} is {OPTIMIZED_OUT} here")
        return value

    def _packet(self, node: Name, name: str) -> Value:
        packet = self._session.world.host.packet
        if packet is None:
            raise self._error(node, "the program was given no packet")
        if name == "pkt_len":
            return Value(U64, packet.length)
        return Value(pointer_to(Kind(1, text="u8")), packet.region.base)

    def _constant(self, name: str) -> int | None:
        """Return the number of an enumerator or of a macro of the kernel's headers; None where it is neither."""
        for number, text in return_codes(self._program).items():
            if text == name:
                return number
        if self._enumerators is None:
            self._enumerators = {}
            btf = self._btf
            for type_id in range(btf.first_id, len(btf)) if btf is not None else ():
                declared = btf.type(type_id) if btf is not None else None
                if isinstance(declared, t.Enum):
                    self._enumerators |= {each.name: each.value for each in declared.enumerators}
        found = self._enumerators.get(name)
        return named_number(name) if found is None else found

    def _read(self, node: Node, address: int, size: int) -> bytes:
        found = self._session.memory.own(address & _MASK64, size)
        if found is None:
            where = "nothing is there" if self._session.memory.find(address) is None else "not all of it is there"
            raise self._error(node, f"{size} bytes at {address & _MASK64:#x} cannot be read: {where}")
        return found

    def _load(self, node: Node, kind: Kind, address: int) -> Value:
        """Return what lies at an address."""
        if not kind.size:
            raise self._error(node, "nothing tells the size of what it leads to", hint="*(u32 *)(…) says one")
        if kind.size > _MOST_SHOWN:
            raise self._error(node, f"its {kind.size:,} bytes are too many to look at", hint="name a part of it")
        return self._made(kind, self._read(node, address, kind.size), address)

    def _made(self, kind: Kind, raw: bytes, address: int | None = None) -> Value:
        """Return the value that bytes are."""
        if kind.is_aggregate:
            return Value(kind, 0, raw, address)
        ctype = kind.ctype
        if ctype is not None and ctype.bit_size:
            decoded = ctype.decode(raw)
            number = int(decoded) if isinstance(decoded, int) else int.from_bytes(raw, self._order)
            return Value(kind, number, raw, address, "" if isinstance(decoded, int) else str(decoded))
        number = int.from_bytes(raw, self._order, signed=kind.signed)
        name = ""
        if ctype is not None and isinstance(ctype.stripped, t.Enum):
            name = next((each.name for each in ctype.enumerators if each.value == number), "")
        return Value(kind, number, raw, address, name)

    def _member(self, node: Member) -> Value:
        if isinstance(node.base, Name) and node.base.name == "ctx" and node.arrow:
            return self._context_field(node)
        base = self._value(node.base)
        if node.arrow:
            if base.kind.target is None:
                raise self._error(
                    node, "what is before -> is no pointer", hint="(struct name *) before it makes it one"
                )
            base = self._load(node, base.kind.target, base.number)
        elif base.kind.target is not None:
            raise self._error(node, f"what is before .{node.name} is a pointer", hint=f"->{node.name} follows it")
        ctype = base.kind.ctype
        if ctype is None or not isinstance(ctype.stripped, t.Composite):
            raise self._error(node, f"{base.kind.text or 'a number'} has no members")
        try:
            inner, offset = ctype.member(f".{node.name}")
        except BpftuiError as error:
            raise self._error(node, f"{ctype.c_text} has no member {node.name}", hint=error.hint) from None
        address = None if base.address is None else base.address + offset
        return self._made(kind_of(inner), base.raw[offset : offset + inner.size], address)

    def _context_field(self, node: Member) -> Value:
        layout = self.layout
        if layout is None:
            raise self._error(node, "nothing tells what the context of this program has")
        for field in layout.fields:
            if field.name == node.name:
                ctype = layout.types.get(field.name)
                kind = kind_of(ctype) if ctype is not None else Kind(field.width, text=f"u{8 * field.width}")
                if ctype is None and field.length:
                    raise self._error(
                        node, f"{node.name} is an array", hint=f"*(u32 *)(ctx + {field.offset}) is its first"
                    )
                return self._load(node, kind, self._session.context_address + field.offset)
        known = ", ".join(field.name for field in layout.fields[:8])
        raise self._error(node, f"{layout.struct} has no field {node.name}", hint=f"there is: {known}, …")

    def _index(self, node: Index) -> Value:
        if isinstance(node.base, Name) and (found := self._map(node.base.name)) is not None:
            return self._entry(node, found)
        base = self._value(node.base)
        index = self._integer(node.subscript)
        if base.kind.target is not None:
            inner = base.kind.target
            return self._load(node, inner, base.number + index * inner.size)
        ctype = base.kind.ctype
        if ctype is None or not isinstance(ctype.stripped, t.Array):
            raise self._error(node, "it is neither an array, nor a pointer, nor a map")
        if not 0 <= index < ctype.count:
            raise self._error(node.subscript, f"there is no element {index}: there are {ctype.count}")
        inner = kind_of(ctype.element)
        offset = index * inner.size
        address = None if base.address is None else base.address + offset
        return self._made(inner, base.raw[offset : offset + inner.size], address)

    def _map(self, name: str) -> Map | None:
        return self._session.world.collection.maps.get(name) if name not in self._spec.variables else None

    def _entry(self, node: Index, found: Map) -> Value:
        """Return the value of a map's entry; of a per-CPU map that of the CPU that runs."""
        key = self.key_of(found, node.subscript)
        store, host = found.store, self._session.world.host
        try:
            if isinstance(store, LruStore):
                # A lookup is a use there, which decides what makes room next; to look at an entry must not be one.
                address = HashStore.address_of(store, key, host.cpu)
            else:
                address = store.address_of(key, host.cpu)
        except ElementError:
            reason = f"{found.name} is a {store.shape.type.label}, which has no entries that are found by a key"
            raise self._error(node, reason) from None
        if not address:
            raise self._error(node, f"map {found.name} has no entry with this key")
        ctype = found.spec.value
        kind = kind_of(ctype) if ctype is not None else Kind(min(store.shape.value_size, 8), text="bytes")
        return self._load(node, kind, address)

    def key_of(self, found: Map, node: Node) -> bytes:
        """Return the bytes of a key: an integer, or the members of a struct in braces."""
        ctype, size = found.spec.key, found.store.shape.key_size
        if not size:
            raise self._error(node, f"{found.name} is a {found.store.shape.type.label}, which has no keys")
        if isinstance(node, Braces):
            if ctype is None:
                raise self._error(node, f"nothing tells what a key of map {found.name} is")
            return self._filled(node, ctype)
        return (self._integer(node) & (1 << 8 * size) - 1).to_bytes(size, self._order)

    def _filled(self, node: Node, ctype: CType) -> bytes:
        """Return the bytes of a type, of which braces tell the members in order."""
        if not isinstance(node, Braces):
            number = self._enumerator(node, ctype)
            return (number & (1 << 8 * ctype.size) - 1).to_bytes(ctype.size, ctype.btf.byte_order)
        raw = bytearray(ctype.size)
        if isinstance(ctype.stripped, t.Array):
            parts = [(ctype.element, at * ctype.element.size) for at in range(ctype.count)]
        else:
            parts = [(inner, offset) for _, inner, offset in ctype.members()]
        if len(node.items) > len(parts):
            raise self._error(node.items[len(parts)], f"{ctype.c_text} has {len(parts)} members")
        for item, (inner, offset) in zip(node.items, parts, strict=False):
            raw[offset : offset + inner.size] = self._filled(item, inner)
        return bytes(raw)

    def _enumerator(self, node: Node, ctype: CType) -> int:
        """Return a number, for which an enumerator of this type may stand."""
        if isinstance(node, Name) and isinstance(ctype.stripped, t.Enum):
            for each in ctype.enumerators:
                if each.name == node.name:
                    return each.value
        return self._integer(node)

    def _integer(self, node: Node) -> int:
        value = self._value(node)
        if value.kind.is_aggregate:
            raise self._error(node, f"{value.kind.text} is no number")
        return value.number

    def _cast(self, node: Cast) -> Value:
        kind, value = self._named_type(node.type), self._value(node.operand)
        if kind.is_aggregate:
            raise self._error(
                node, f"nothing is made a {kind.text} by a cast", hint=f"*({kind.text} *)(…) looks at one"
            )
        if value.kind.is_aggregate:
            raise self._error(node.operand, f"{value.kind.text} is no number")
        bits = 8 * (kind.size or 8)
        number = value.number & (1 << bits) - 1
        return Value(kind, as_signed(number, bits) if kind.signed else number)

    def _unary(self, node: Unary) -> Value:
        if node.sign == "&":
            value = self._value(node.operand)
            if value.address is None:
                raise self._error(node, "it lies nowhere, and has no address")
            return Value(pointer_to(value.kind), value.address)
        value = self._value(node.operand)
        if node.sign == "*":
            if value.kind.target is None:
                raise self._error(node, "it is no pointer", hint="*(u32 *)(…) says what it leads to")
            return self._load(node, value.kind.target, value.number)
        if value.kind.is_aggregate:
            raise self._error(node.operand, f"{value.kind.text} is no number")
        number = value.number
        match node.sign:
            case "-":
                return Value(S64, as_signed(-number, 64))
            case "htons" | "ntohs" | "htonl" | "ntohl" | "be16_to_cpu" | "be32_to_cpu":
                bits = SWAPS[node.sign]
                number &= (1 << bits) - 1
                swapped = int.from_bytes(number.to_bytes(bits // 8, self._order), "big")
                return Value(Kind(bits // 8, text=f"u{bits}"), swapped)
            case "~":
                return Value(value.kind if value.kind.size == 8 else S64, self._cut(~number, value.kind.signed))
            case "!":
                return Value(INT, int(not number))
            case _:
                return Value(S64 if value.kind.signed else U64, number)

    @staticmethod
    def _cut(number: int, is_signed: bool) -> int:
        return as_signed(number, 64) if is_signed else number & _MASK64

    def _binary(self, node: Binary) -> Value:
        sign = node.sign
        if sign in ("&&", "||"):
            left = self._value(node.left).is_true
            return Value(INT, int(left if left == (sign == "||") else self._value(node.right).is_true))
        left, right = self._value(node.left), self._value(node.right)
        if (
            isinstance(node.right, Name)
            and left.kind.ctype is not None
            and isinstance(left.kind.ctype.stripped, t.Enum)
        ):
            right = Value(S64, self._enumerator(node.right, left.kind.ctype))
        for operand, value in ((node.left, left), (node.right, right)):
            if value.kind.is_aggregate:
                raise self._error(operand, f"{value.kind.text} is no number")
        if sign in ("+", "-") and (found := self._pointer_arithmetic(sign, left, right)) is not None:
            return found
        # An integer of less than 64 bits becomes a signed one, as in C below 32; comparisons see the values.
        is_signed = all(each.kind.signed or 0 < each.kind.size < 8 for each in (left, right))
        a, b = self._cut(left.number, is_signed), self._cut(right.number, is_signed)
        if sign in ("==", "!=", "<", "<=", ">", ">="):
            held = {"==": a == b, "!=": a != b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[sign]
            return Value(INT, int(held))
        return Value(S64 if is_signed else U64, self._cut(self._calculated(node, a, b), is_signed))

    def _pointer_arithmetic(self, sign: str, left: Value, right: Value) -> Value | None:
        target = left.kind.target
        if target is None:
            return None
        size = target.size or 1
        if right.kind.target is not None:
            return Value(S64, (left.number - right.number) // size) if sign == "-" else None
        step = right.number * size
        return Value(left.kind, (left.number + (step if sign == "+" else -step)) & _MASK64)

    def _calculated(self, node: Binary, a: int, b: int) -> int:
        match node.sign:
            case "+":
                return a + b
            case "-":
                return a - b
            case "*":
                return a * b
            case "&":
                return a & b
            case "|":
                return a | b
            case "^":
                return a ^ b
            case "<<" | ">>":
                if not 0 <= b < 64:
                    raise self._error(node.right, f"64 bits are not shifted by {b}")
                return a << b if node.sign == "<<" else a >> b
            case _:
                if not b:
                    raise self._error(node.right, "a division by zero")
                quotient = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
                return quotient if node.sign == "/" else a - quotient * b
