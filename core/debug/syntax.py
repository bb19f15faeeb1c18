"""Expressions of C, as trees: what people type to ask for a value. What names mean is for `scope` to say."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from ..asm.arithmetic import signed
from ..errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "SWAPS",
    "Binary",
    "Braces",
    "Cast",
    "Choice",
    "ExpressionError",
    "Index",
    "Member",
    "Name",
    "Node",
    "Number",
    "SizeOf",
    "TypeName",
    "Unary",
    "parse",
]

_LONGEST: Final = 4096
_DEEPEST: Final = 64
_TOKEN: Final = re.compile(
    r"\s*(?:(?P<number>0[xX][0-9a-fA-F]+|0[bB][01]+|\d+)(?P<suffix>[uUlL]*)|(?P<name>[A-Za-z_$][\w$]*(?:::\w+)*)"
    r"|(?P<char>'(?:\\(?:x[0-9a-fA-F]{1,2}|[0-7]{1,3}|.)|[^\\'])')"
    r"|(?P<sign><<|>>|<=|>=|==|!=|&&|\|\||->|[-+*/%&|^~!<>()\[\]{},.?:]))"
)
_LEVELS: Final = {
    "||": 1,
    "&&": 2,
    "|": 3,
    "^": 4,
    "&": 5,
    "==": 6,
    "!=": 6,
    "<": 7,
    "<=": 7,
    ">": 7,
    ">=": 7,
    "<<": 8,
    ">>": 8,
    "+": 9,
    "-": 9,
    "*": 10,
    "/": 10,
    "%": 10,
}
"""How tightly signs between two operands bind."""
_KEYWORDS: Final = frozenset(("struct", "union", "enum", "const", "volatile", "unsigned", "signed"))
SWAPS: Final = {"htons": 16, "ntohs": 16, "htonl": 32, "ntohl": 32, "be16_to_cpu": 16, "be32_to_cpu": 32}
"""What turns numbers between the machine's byte order and the network's: how many bits."""
_ESCAPES: Final = dict(zip("abefnrtv\\'\"?", b"\a\b\x1b\f\n\r\t\v\\'\"?", strict=True))
"""What stands behind a backslash in a character, C's and GNU's `\\e`; beside octal and hexadecimal numbers."""


class ExpressionError(UsageError):
    """An expression means nothing, or nothing here; the message says where in it.

    Args:
        text: The expression.
        at: Where it goes wrong: a character, from 0 on.
        reason: Why, as a clause.
        hint: What to write in its place, where that is known.
    """

    def __init__(self, text: str, at: int, reason: str, *, hint: str | None = None) -> None:
        near = text[at : at + 20].strip()
        place = f"at {near!r} (character {at + 1})" if near else "at its end"
        super().__init__(f"{text!r} {place}: {reason}", hint=hint)
        self.at = at
        self.reason = reason


class Number(NamedTuple):
    """An integer, or a character."""

    at: int
    value: int


class Name(NamedTuple):
    """A variable, a register, a map, an enumerator."""

    at: int
    name: str


class TypeName(NamedTuple):
    """A type: `u16 *`, `struct iphdr`."""

    at: int
    name: str
    """Without `struct` and the like, and without stars."""
    pointers: int
    """How many stars."""


class Unary(NamedTuple):
    """A sign before an operand: `- + ! ~ * &`, or the name of a function that swaps its bytes: `bpf_htons`."""

    at: int
    sign: str
    operand: Node


class Binary(NamedTuple):
    """A sign between two operands."""

    at: int
    sign: str
    left: Node
    right: Node


class Choice(NamedTuple):
    """`condition ? yes : no`."""

    at: int
    condition: Node
    yes: Node
    no: Node


class Member(NamedTuple):
    """`base.name` or `base->name`."""

    at: int
    base: Node
    name: str
    arrow: bool


class Index(NamedTuple):
    """`base[index]`."""

    at: int
    base: Node
    subscript: Node


class Cast(NamedTuple):
    """`(type)operand`."""

    at: int
    type: TypeName
    operand: Node


class Braces(NamedTuple):
    """`{a, b}`: the key of a map whose keys are structs."""

    at: int
    items: tuple[Node, ...]


class SizeOf(NamedTuple):
    """`sizeof(type)` or `sizeof operand`."""

    at: int
    operand: Node | TypeName


Node: TypeAlias = Number | Name | Unary | Binary | Choice | Member | Index | Cast | Braces | SizeOf


class _Token(NamedTuple):
    at: int
    kind: str
    text: str


class _Parser:
    def __init__(self, text: str, is_type: Callable[[str], bool]) -> None:
        self.text = text
        self._is_type = is_type
        self._tokens = self._split()
        self._next = 0
        self._depth = 0

    def _split(self) -> list[_Token]:
        if len(self.text) > _LONGEST:
            raise ExpressionError(self.text[:40], 0, f"an expression has at most {_LONGEST:,} characters")
        tokens: list[_Token] = []
        at, end = 0, len(self.text.rstrip())
        while at < end:
            match = _TOKEN.match(self.text, at)
            if match is None or not match.lastgroup:
                start = at + len(self.text[at:]) - len(self.text[at:].lstrip())
                raise ExpressionError(self.text, start, "nothing of C begins like that")
            kind = "number" if match.lastgroup == "suffix" else match.lastgroup
            tokens.append(_Token(match.start(kind), kind, match[kind]))
            at = match.end()
        return [*tokens, _Token(end, "end", "")]

    @property
    def token(self) -> _Token:
        return self._tokens[self._next]

    def take(self) -> _Token:
        token = self.token
        self._next += 1
        return token

    def is_sign(self, *signs: str) -> bool:
        return self.token.kind == "sign" and self.token.text in signs

    def expect(self, sign: str) -> None:
        if not self.is_sign(sign):
            raise ExpressionError(self.text, self.token.at, f"there should be {sign}")
        self.take()

    def whole(self) -> Node:
        node = self.expression()
        if self.token.kind != "end":
            raise ExpressionError(self.text, self.token.at, "the expression ends before that")
        # Who evaluates it goes as deep as the tree is: `a + b + c` and `a.b.c` are one within the other, too.
        todo = [(node, 1)]
        while todo:
            each, depth = todo.pop()
            if depth > _DEEPEST:
                raise ExpressionError(self.text, each.at, f"it is nested more than {_DEEPEST} deep")
            todo += [(part, depth + 1) for part in _parts(each)]
        return node

    def expression(self) -> Node:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ExpressionError(self.text, self.token.at, f"it is nested more than {_DEEPEST} deep")
        node = self._binary(1)
        if self.is_sign("?"):
            at = self.take().at
            yes = self.expression()
            self.expect(":")
            node = Choice(at, node, yes, self.expression())
        self._depth -= 1
        return node

    def _binary(self, level: int) -> Node:
        node = self._unary()
        while self.token.kind == "sign" and _LEVELS.get(self.token.text, 0) >= level:
            sign = self.take()
            node = Binary(sign.at, sign.text, node, self._binary(_LEVELS[sign.text] + 1))
        return node

    def _unary(self) -> Node:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ExpressionError(self.text, self.token.at, f"it is nested more than {_DEEPEST} deep")
        try:
            token = self.token
            if self.is_sign("-", "+", "!", "~", "*", "&"):
                self.take()
                return Unary(token.at, token.text, self._unary())
            if self.is_sign("(") and self._begins_type(self._next + 1):
                self.take()
                named = self._type()
                self.expect(")")
                return Cast(token.at, named, self._unary())
            if token.kind == "name" and token.text == "sizeof":
                return self._size()
            return self._postfix()
        finally:
            self._depth -= 1

    def _size(self) -> Node:
        at = self.take().at
        if self.is_sign("(") and self._begins_type(self._next + 1):
            self.take()
            named = self._type()
            self.expect(")")
            return SizeOf(at, named)
        return SizeOf(at, self._unary())

    def _begins_type(self, index: int) -> bool:
        token = self._tokens[index]
        return token.kind == "name" and (token.text in _KEYWORDS or self._is_type(token.text))

    def _type(self) -> TypeName:
        at = self.token.at
        words: list[str] = []
        while self.token.kind == "name":
            word = self.take().text
            if word not in ("struct", "union", "enum", "const", "volatile"):
                words.append(word)
        if not words:
            raise ExpressionError(self.text, self.token.at, "there should be the name of a type")
        pointers = 0
        while self.is_sign("*"):
            self.take()
            pointers += 1
        return TypeName(at, " ".join(words), pointers)

    def _postfix(self) -> Node:
        node = self._primary()
        while True:
            token = self.token
            if self.is_sign("["):
                self.take()
                node = Index(token.at, node, self.expression())
                self.expect("]")
            elif self.is_sign(".", "->"):
                self.take()
                name = self.take()
                if name.kind != "name":
                    raise ExpressionError(self.text, name.at, "there should be the name of a member")
                node = Member(name.at, node, name.text, token.text == "->")
            else:
                return node

    def _primary(self) -> Node:
        token = self.take()
        if token.kind == "number":
            text = token.text
            is_octal = text.startswith("0") and text.isdigit() and len(text) > 1
            if is_octal and set(text) & {"8", "9"}:
                raise ExpressionError(self.text, token.at, "a number that begins with 0 is octal in C")
            number = int(text, 8 if is_octal else 0)
            if number >> 64:
                raise ExpressionError(self.text, token.at, "integers have at most 64 bits")
            return Number(token.at, number)
        if token.kind == "char":
            return Number(token.at, self._character(token))
        if token.kind == "name" and token.text.removeprefix("bpf_") in SWAPS and self.is_sign("("):
            self.take()
            node = Unary(token.at, token.text.removeprefix("bpf_"), self.expression())
            self.expect(")")
            return node
        if token.kind == "name":
            return Name(token.at, token.text)
        if token == (token.at, "sign", "("):
            node = self.expression()
            self.expect(")")
            return node
        if token == (token.at, "sign", "{"):
            items = [self.expression()]
            while self.is_sign(","):
                self.take()
                items.append(self.expression())
            self.expect("}")
            return Braces(token.at, tuple(items))
        raise ExpressionError(self.text, token.at, "there should be a value")

    def _character(self, token: _Token) -> int:
        """Return what a character stands for; one that an escape says as a number is a `char`, which is signed."""
        inner = token.text[1:-1]
        if not inner.startswith("\\"):
            return ord(inner)
        escape = inner[1:]
        if escape in _ESCAPES:
            return _ESCAPES[escape]
        digits, base = (escape[1:], 16) if escape[0] == "x" else (escape, 8)
        try:
            number = int(digits, base)
        except ValueError:
            raise ExpressionError(self.text, token.at, f"C has no character {inner}") from None
        if number > 0xFF:
            raise ExpressionError(self.text, token.at, f"the character {inner} has more than 8 bits")
        return signed(number, 8)


def _parts(node: Node) -> list[Node]:
    """Return the operands of a node."""
    return [*node.items] if isinstance(node, Braces) else [each for each in node if isinstance(each, Node)]


def parse(text: str, is_type: Callable[[str], bool] = lambda _: False) -> Node:
    """Return the tree of an expression.

    Args:
        text: The expression: C's operators, but for assignments and calls.
        is_type: Whether a name is that of a type, so that `(name)` before an operand is a cast.

    Raises:
        ExpressionError: It is none; the message says where.
    """
    return _Parser(text, is_type).whole()
