"""`bpftui.core` as a library: every public name is documented."""

from __future__ import annotations

import enum
import importlib
import inspect
import pkgutil
from typing import TYPE_CHECKING

import pytest

import bpftui.core

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

MODULES = sorted(found.name for found in pkgutil.walk_packages(bpftui.core.__path__, "bpftui.core."))


def members(owner: type) -> Iterator[tuple[str, object]]:
    """Yield the public methods and properties that a class defines itself."""
    fields = getattr(owner, "__dataclass_fields__", {})  # a default may be a function
    for name, found in vars(owner).items():
        if not name.startswith("_") and name not in fields:
            found = getattr(found, "__func__", found)
            if inspect.isfunction(found) or isinstance(found, property) or hasattr(found, "attrname"):
                yield name, found


def undocumented(module: ModuleType) -> Iterator[str]:
    """Yield the public names of a module that have no docstring of their own."""
    if not module.__doc__:
        yield module.__name__
    for name in module.__all__:
        found = getattr(module, name)
        if getattr(found, "__module__", None) != module.__name__:
            continue  # from elsewhere, or a constant: those have a comment below them
        if inspect.isfunction(found) and not found.__doc__:
            yield f"{module.__name__}.{name}"
        if inspect.isclass(found):
            # dataclass and NamedTuple make up a docstring: the signature
            made_up = not found.__doc__ or found.__doc__.startswith(f"{name}(")
            if made_up or (issubclass(found, enum.Enum) and found.__doc__ == enum.Enum.__doc__):
                yield f"{module.__name__}.{name}"
            yield from (f"{module.__name__}.{name}.{member}" for member, it in members(found) if not it.__doc__)


@pytest.mark.parametrize("name", MODULES)
def test_everything_public_is_documented(name: str) -> None:
    module = importlib.import_module(name)
    assert list(undocumented(module)) == []
