"""What expressions mean where a session stands: their trees, gone through with what names mean there."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..btf import types as t
from ..errors import BpftuiError
from . import arithmetic
from .syntax import (
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
from .values import INT, S64, U64, Kind, Value, kind_named, kind_of, pointer_to, value_of

if TYPE_CHECKING:
    from collections.abc import Generator

    from ..btf import Btf, ByteOrder, CType
    from ..spec import ProgramSpec
    from ..vm.map import Map
    from .scope import Scope

__all__ = ["Evaluator"]


class Evaluator:
    """Tells what expressions mean.

    Args:
        scope: What names mean, and what lies in memory.
        program: The program whose types may be named.
    """

    def __init__(self, scope: Scope, program: ProgramSpec) -> None:
        self.scope = scope
        """What names mean."""
        self._order: ByteOrder = program.byte_order
        self._btf: Btf | None = program.btf
        self._text = ""
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

    def check(self, text: str) -> None:
        """Raise ExpressionError where a text is no expression, whatever it would mean."""
        parse(text, self._is_type)

    def map_and_key(self, text: str) -> tuple[Map, bytes | None]:
        """Return the map that `traffic` names, with the key of `traffic[…]`; None for a key where there is none.

        Raises:
            ExpressionError: There is no such map, or that is no key of it.
        """
        tree, self._text = parse(text, self._is_type), text
        named = tree.base if isinstance(tree, Index) else tree
        found = self.scope.map(named.name) if isinstance(named, Name) else None
        if found is None:
            known = ", ".join(sorted(self.scope.maps))
            raise self._error(named, "no map is called that", hint=f"there is: {known}")
        return found, self._key(found, tree.subscript) if isinstance(tree, Index) else None

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

    @contextmanager
    def _blaming(self, node: Node) -> Generator[None]:
        """Say of what goes wrong within that it is this part of the expression."""
        try:
            yield
        except ExpressionError:
            raise
        except BpftuiError as error:
            raise self._error(node, error.message, hint=error.hint) from None

    # Types

    def _is_type(self, name: str) -> bool:
        return kind_named(name, self._btf) is not None

    def _named_type(self, node: TypeName) -> Kind:
        kind = kind_named(node.name, self._btf)
        if kind is None:
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
                with self._blaming(node):
                    return self.scope.find(node.name)
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

    def _member(self, node: Member) -> Value:
        if isinstance(node.base, Name) and node.base.name == "ctx" and node.arrow:
            with self._blaming(node):
                return self.scope.field(node.name)
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
        return value_of(kind_of(inner), base.raw[offset : offset + inner.size], address, self._order)

    def _index(self, node: Index) -> Value:
        if isinstance(node.base, Name) and (found := self.scope.map(node.base.name)) is not None:
            key = self._key(found, node.subscript)
            with self._blaming(node):
                return self.scope.entry(found, key)
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
        return value_of(inner, base.raw[offset : offset + inner.size], address, self._order)

    def _key(self, found: Map, node: Node) -> bytes:
        """Return the bytes of a key: an integer, or the members of a struct in braces."""
        ctype, size = found.spec.key, found.store.shape.key_size
        if not size:
            raise self._error(node, f"map {found.name} ({found.store.shape.type.label}) has no keys")
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
        return self._scalar(node).number

    def _scalar(self, node: Node) -> Value:
        """Return what is an integer or a pointer."""
        value = self._value(node)
        if value.kind.is_aggregate:
            raise self._error(node, f"{value.kind.text} is no number")
        return value

    def _load(self, node: Node, kind: Kind, address: int) -> Value:
        """Return what lies at an address."""
        with self._blaming(node):
            return self.scope.load(kind, address)

    # Signs

    def _cast(self, node: Cast) -> Value:
        kind = self._named_type(node.type)
        if kind.is_aggregate:
            raise self._error(
                node, f"nothing is made a {kind.text} by a cast", hint=f"*({kind.text} *)(…) looks at one"
            )
        return arithmetic.cast(kind, self._scalar(node.operand))

    def _unary(self, node: Unary) -> Value:
        if node.sign == "&":
            value = self._value(node.operand)
            if value.address is None:
                raise self._error(node, "it lies nowhere, and has no address")
            return Value(pointer_to(value.kind), value.address)
        if node.sign == "*":
            value = self._value(node.operand)
            if value.kind.target is None:
                raise self._error(node, "it is no pointer", hint="*(u32 *)(…) says what it leads to")
            return self._load(node, value.kind.target, value.number)
        return arithmetic.unary(node.sign, self._scalar(node.operand), self._order)

    def _binary(self, node: Binary) -> Value:
        sign = node.sign
        if sign in ("&&", "||"):
            left = self._value(node.left).is_true
            return Value(INT, int(left if left == (sign == "||") else self._value(node.right).is_true))
        left = self._scalar(node.left)
        ctype = left.kind.ctype
        if isinstance(node.right, Name) and ctype is not None and isinstance(ctype.stripped, t.Enum):
            right = Value(S64, self._enumerator(node.right, ctype))
        else:
            right = self._scalar(node.right)
        with self._blaming(node.right):
            return arithmetic.binary(sign, left, right)
