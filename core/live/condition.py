"""Conditions: what people type to see some rows only, by their fields: `len > 100 && proto in (TCP, UDP)`."""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ..btf import types as t
from ..errors import BpftuiError, UsageError
from ..runtime import Entry
from .field import Form

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .field import Field

__all__ = ["Condition", "condition"]

_ASKS: Final = re.compile(r"[\w\]]\s*(?:[<>=!]=|[<>])|[\w\]]\s+in\s*\(")
"""What makes a text a condition; any other is looked for as it is."""
_TOKEN: Final = re.compile(
    r"\s*(?:(?P<sign>&&|\|\||[<>=!]=|[<>!(),])|\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)'|(?P<word>[^\s()&|,<>=!\"']+))"
)
_COMPARISONS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_DEEPEST: Final = 32
"""Brackets within brackets."""
_REMEMBERED: Final = 10_000
"""Answers that are kept of a field: of most there are few that differ."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What narrows rows by what stands in their fields."""

    text: str
    """As it was typed."""
    matches: Callable[[Entry], bool] = field(compare=False)
    """Whether an entry is one of them."""


def condition(text: str, fields: Sequence[Field]) -> Condition | None:
    """Return the condition that a text is; None for one that has no comparison, and is to be looked for as it is.

    Comparisons (`==` `!=` `<` `<=` `>` `>=`, `in (…, …)`) are joined by `&&`, `||`, `!` and brackets, which bind as in
    C. A field is called as its column, or by the end of that: `kind.family`, `family`. Numbers are C's; names of
    enumerators, addresses and texts are written as they are shown, in quotation marks where they have blanks.

    Raises:
        UsageError: It is one, but means nothing yet; the message is a clause that says why.
    """
    if _ASKS.search(text) is None:
        return None
    return Condition(text, _Reader(text, fields).read())


class _Token(NamedTuple):
    text: str
    is_sign: bool


class _Reader:
    """Reads one condition, from left to right."""

    def __init__(self, text: str, fields: Sequence[Field]) -> None:
        self._fields = fields
        self._tokens: list[_Token] = []
        self._next = 0
        self._depth = 0
        at, end = 0, len(text.rstrip())
        while at < end:
            found = _TOKEN.match(text, at)
            if found is None:
                raise UsageError(f"{text[at:].strip()[:20]!r} means nothing here")
            kind = found.lastgroup
            assert kind is not None
            self._tokens.append(_Token(found[kind], kind == "sign"))
            at = found.end()

    def read(self) -> Callable[[Entry], bool]:
        """Read all of it."""
        found = self._either()
        if self._next < len(self._tokens):
            raise UsageError(f"{self._tokens[self._next].text!r} is one too many")
        return found

    def _takes(self, sign: str) -> bool:
        """Go past a sign, if it comes next; return whether it did."""
        is_next = self._next < len(self._tokens) and self._tokens[self._next] == _Token(sign, True)
        self._next += is_next
        return is_next

    def _word(self, what: str) -> str:
        """Go past what is no sign, and return it."""
        if self._next >= len(self._tokens) or self._tokens[self._next].is_sign:
            raise UsageError(f"{what} is missing")
        self._next += 1
        return self._tokens[self._next - 1].text

    def _either(self) -> Callable[[Entry], bool]:
        parts = [self._both()]
        while self._takes("||"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else lambda entry: any(part(entry) for part in parts)

    def _both(self) -> Callable[[Entry], bool]:
        parts = [self._one()]
        while self._takes("&&"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else lambda entry: all(part(entry) for part in parts)

    def _one(self) -> Callable[[Entry], bool]:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise UsageError("there are too many brackets")
        if self._takes("!"):
            found = _negated(self._one())
        elif self._takes("("):
            found = self._either()
            if not self._takes(")"):
                raise UsageError("a ) is missing")
        else:
            found = self._comparison()
        self._depth -= 1
        return found

    def _comparison(self) -> Callable[[Entry], bool]:
        name = self._word("the name of a field")
        of = _named(name, self._fields)
        if self._next < len(self._tokens) and self._tokens[self._next] == _Token("in", False):
            self._next += 1
            if not self._takes("("):
                raise UsageError("a ( is missing behind in")
            several = [self._word("what it is in")]
            while self._takes(","):
                several.append(self._word("what it is in"))
            if not self._takes(")"):
                raise UsageError("a ) is missing")
            parts = [_compared(of, "==", each) for each in several]
            return lambda entry: any(part(entry) for part in parts)
        sign = next((sign for sign in _COMPARISONS if self._takes(sign)), None)
        if sign is None:
            raise UsageError(f"a comparison is missing behind {name}")
        wanted = self._word(f"what is {sign}")
        while wanted.isascii() and wanted.isdigit() and self._takes(","):  # as a table has it: 1,234,567
            wanted += self._word("three digits")
        return _compared(of, sign, wanted)


def _negated(part: Callable[[Entry], bool]) -> Callable[[Entry], bool]:
    return lambda entry: not part(entry)


def _named(name: str, fields: Sequence[Field]) -> Field:
    """Return the field of a name."""
    name = name.removeprefix(".")  # of what the column before is a member of, too, as its title has it
    exact = [each for each in fields if each.label == name]
    found = exact or [each for each in fields if each.label.endswith(f".{name}")]
    if not found:
        raise UsageError(f"there is no field {name}: there are {', '.join(each.label for each in fields)}")
    if len(found) > 1 and not exact:
        raise UsageError(f"{name} may be {' or '.join(each.label for each in found)}")
    return found[0]


def _compared(of: Field, sign: str, wanted: str) -> Callable[[Entry], bool]:
    """Return what compares a field: as a number where it is one or has one, else by what is shown of it."""
    compare = _COMPARISONS[sign]
    if of.is_number:
        if of.is_by_cpu:
            raise UsageError(f"{of.label} is one for each CPU: they are not compared")
        number = _number(wanted)
        if number is None:
            raise UsageError(f"{of.label} is a number, and {wanted!r} is none")
        return lambda entry: compare(of.number(entry), number)
    if of.type is not None and isinstance(of.type.stripped, t.Enum) and not of.is_by_cpu:
        code = of.rank(_entry_with(of, wanted))
        return lambda entry: compare(of.rank(entry), code)
    if sign not in ("==", "!="):
        raise UsageError(f"{of.label} is no number: == and != and in can be asked")
    is_equal = _shown_as(of, wanted)
    return is_equal if sign == "==" else _negated(is_equal)


def _number(text: str) -> float | None:
    """Return a number as C or a table has it: `0x1f`, `1,000`, `2.5`."""
    for read in (lambda: int(text, 0), lambda: int(text), lambda: float(text)):
        try:
            return read()
        except ValueError:
            continue
    return None


def _entry_with(of: Field, text: str) -> Entry:
    """Return an entry that has nothing but what was typed in a field."""
    try:
        whole = of.put(text, bytes(of.offset + of.size))
    except BpftuiError as error:
        raise UsageError(f"{of.label}: {error.message}") from None
    return Entry(whole, ()) if of.of == "key" else Entry(b"", (whole,))


def _shown_as(of: Field, wanted: str) -> Callable[[Entry], bool]:
    """Return what tells whether a field is shown as a text; small letters are any, as in a search."""
    folds = wanted == wanted.lower()
    essence, known = of.essence(), dict[bytes, bool]()

    def matches(entry: Entry) -> bool:
        what = essence(entry)
        if (answer := known.get(what)) is None:
            if len(known) >= _REMEMBERED:
                known.clear()
            shown = (of.text(entry, form).strip('"') for form in (Form.TYPED, Form.DECIMAL))
            answer = known[what] = any((each.lower() if folds else each) == wanted for each in shown)
        return answer

    return matches
