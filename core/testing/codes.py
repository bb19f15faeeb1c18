"""The return codes of programs by name, as the kernel's headers have them.

    from bpftui.core.testing.codes import XDP_DROP

Enumerators of an object's own types go by their names, as text: `assert run.retval == "VERDICT_LATER"`.
"""

from __future__ import annotations

from ..context.fields import all_return_codes

__all__ = [*all_return_codes()]  # noqa: PLE0604  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> int:
    try:
        return all_return_codes()[name]
    except KeyError:
        raise AttributeError(f"no program returns {name!r}", name=name, obj=None) from None


def __dir__() -> list[str]:
    return list(all_return_codes())
