"""How a value of a type is written, for whoever wrote one otherwise: JSON with the type's own names."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from . import types as t
from .members import fields, is_flexible, is_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .btf import Btf

__all__ = ["form", "how_written"]

_SHOWN: Final = 8
"""Members, variants and elements that are written out."""


def form(btf: Btf, type_id: int) -> str:
    """Return how values of a type are written: `{"x": …, "y": …}`, `A or {"B": {"__0": …}}`, `[…, …]`, `"…"`.

    What is in the members stays `…`: their own names are told where they are wrong.
    """
    found = btf.strip(type_id)
    match found:
        case t.Array() if is_text(btf, found):
            return '"…"'
        case t.Array(count=count):
            return f"[{_listed(['…'] * min(count, _SHOWN + 1), ', ') or '…, …'}]"
        case t.Composite(id=number) if number in btf.variants:
            names = btf.variants[number].variants
            inner = {field.name: field.type_id for field in fields(btf, found)}
            return _listed([_variant(btf, name, inner.get(name)) for name in names[: _SHOWN + 1]], " or ")
        case t.Composite(is_union=True):
            return _listed((f'{{"{field.name}": …}}' for field in fields(btf, found)), " or ")
        case t.Composite():
            return "{" + _listed((f'"{field.name}": …' for field in fields(btf, found)), ", ") + "}"
        case _:
            return "…"


def how_written(btf: Btf, type_id: int) -> str:
    """Return how values of a type are written, as a hint; empty where the error says it all."""
    found = btf.strip(type_id)
    size = 0 if is_flexible(btf, type_id) else btf.size(type_id)
    match found:
        case t.Composite(id=number) if number in btf.variants:
            rest = "; a name alone leaves what the variant holds as it is"
        case t.Composite(members=members):
            rest = "; what is left out stays as it is" if members else ""
        case t.Array(count=count) if is_text(btf, found):
            return f"as text of up to {count} bytes, or as hex:… of {size}"
        case t.Array(count=count):
            rest = f", {count} in all" if count > _SHOWN else ""
        case _:
            return ""
    return f"as {form(btf, type_id)}{rest}" + (f"; or as hex:… of {size} bytes" if size else "")


def _variant(btf: Btf, name: str, type_id: int | None) -> str:
    """Return how one variant of an enum with data is written."""
    inner = "{}" if type_id is None else form(btf, type_id)
    return name if inner == "{}" else f'{{"{name}": {inner}}}'


def _listed(parts: Iterable[str], between: str) -> str:
    """Return the first of some parts, with `…` for those that there are besides."""
    some = list(islice(parts, _SHOWN + 1))
    return between.join(some if len(some) <= _SHOWN else [*some[:_SHOWN], "…"])
