"""Conditions on records, as C has them: `length > 1000 && kind.family in (IPV4, IPV6)`."""

from __future__ import annotations

import operator
import re
from typing import TYPE_CHECKING, Final

from ..runtime import Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .field import Field

__all__ = ["condition"]

_TERM: Final = re.compile(
    r"\s*(?P<name>[A-Za-z_.][\w.\[\]]*)\s*"
    r"(?:(?P<how>==|!=|<=|>=|<|>)\s*(?P<value>[^<>=!&|()]+)|in\s*\((?P<values>[^()]*)\))\s*"
)
_ORDERS: Final = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def condition(text: str, fields: Sequence[Field]) -> Callable[[bytes], bool] | None:
    """Return what tells whether a record is one that is meant; None where a text is no condition on these fields.

    A field goes by its name, or by the end of it where no other one has that: `family` of `kind.family`. What has
    names, or is an address, is compared with what stands on the screen.

    Args:
        text: Comparisons (`==`, `!=`, `<`, `<=`, `>`, `>=`, `in (…)`), all of which are to hold, joined by `&&`.
        fields: Those of the records.
    """
    tests: list[Callable[[Entry], bool]] = []
    for part in text.split("&&"):
        term = _TERM.fullmatch(part)
        field = None if term is None else _field(term["name"], fields)
        test = None if term is None or field is None else _test(field, term)
        if test is None:
            return None
        tests.append(test)
    return lambda raw: all(test(Entry(b"", (raw,))) for test in tests)


def _field(name: str, fields: Sequence[Field]) -> Field | None:
    name = name.removeprefix(".")  # of what the column before is a member of, too, as its title has it
    exact = [each for each in fields if each.label == name]
    found = exact or [each for each in fields if each.label.endswith(f".{name}")]
    return found[0] if len(found) == 1 else None


def _test(field: Field, term: re.Match[str]) -> Callable[[Entry], bool] | None:
    if (order := _ORDERS.get(term["how"] or "")) is not None:
        limit = _number(term["value"])
        if limit is None or not field.is_number:
            return None
        return lambda entry: order(field.number(entry), limit)
    words = [term["value"]] if term["values"] is None else term["values"].split(",")
    texts = {text for each in words if (text := each.strip().strip("\"'"))}
    if not texts:
        return None
    numbers = {number for each in texts if (number := _number(each)) is not None} if field.is_number else set[float]()
    wanted = term["how"] != "!="

    def holds(entry: Entry) -> bool:
        found = field.text(entry).strip('"') in texts or (bool(numbers) and field.number(entry) in numbers)
        return found is wanted

    return holds


def _number(text: str) -> float | None:
    """Return a number as C or a table has it: `0x1f`, `1,000`, `2.5`."""
    digits = text.strip().replace(",", "")
    for read in (lambda: int(digits, 0), lambda: float(digits)):
        try:
            return read()
        except ValueError:
            continue
    return None
