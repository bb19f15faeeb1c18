"""Arguments of a request, which somebody else wrote: read by type, and refused by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from ..errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Arguments"]


class Arguments:
    """What a request was given.

    Args:
        command: The request, for errors.
        given: Its arguments, or a part of them.
    """

    def __init__(self, command: str, given: object) -> None:
        if given is not None and not isinstance(given, dict):
            raise UsageError(f"{command}: its arguments are no object")
        self._command = command
        self.given: Mapping[str, Any] = cast("dict[str, Any]", given) if given is not None else {}

    def _get(self, name: str, kind: type, wanted: str, default: Any) -> Any:
        value = self.given.get(name)
        if value is None:
            if default is not None:
                return default
            raise UsageError(f"{self._command}: the argument {name} is missing")
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise UsageError(f"{self._command}: {name} is no {wanted}")
        return value

    def text(self, name: str, default: str | None = None) -> str:
        """Return a text; UsageError where it is none, or missing and has no default."""
        return self._get(name, str, "text", default)

    def number(self, name: str, default: int | None = None) -> int:
        """Return a number; UsageError as for `text`."""
        found: int = self._get(name, int, "number", default)
        if abs(found) >> 64:
            raise UsageError(f"{self._command}: {name} has more than 64 bits")
        return found

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return whether something is so; UsageError as for `text`."""
        return self._get(name, bool, "boolean", default)

    def parts(self, name: str, *, missing: bool = False) -> list[Arguments]:
        """Return a list of objects; UsageError as for `text`, and where it is missing and may not be."""
        found: list[Any] = self._get(name, list, "list", [] if missing else None)
        return [Arguments(f"{self._command}: one of {name}", each) for each in found]

    def part(self, name: str) -> Arguments:
        """Return an object; UsageError as for `text`."""
        return Arguments(f"{self._command}: {name}", self._get(name, dict, "object", None))
