"""`bpftui show --externs`: what options, kernel symbols and kernel functions are here, as a table or JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....core.choice import choose_runtime
from ...text.colors import assembled, rich_style

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.table import Table

    from ....core.btf import Btf
    from ....core.runtime import ExternAnswer
    from ....core.spec import CollectionSpec

__all__ = ["externs_json", "externs_table"]


def externs_json(spec: CollectionSpec, target: Btf | None) -> list[dict[str, Any]]:
    """Return one object for each extern: kconfig, ksyms, kfuncs, in the order of the file.

    Args:
        spec: The object.
        target: The types of another kernel; None for the running one.
    """
    return [
        {"name": a.name, "kind": a.kind, "weak": a.weak, "type": a.declared, "found": a.found, "answer": a.text}
        for a in _answers(spec, target).values()
    ]


def externs_table(spec: CollectionSpec, target: Btf | None) -> Table:
    """Return the same for people: a line for each extern."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    table.add_column("kind", no_wrap=True)
    table.add_column("extern", style=rich_style("link"), no_wrap=True)
    table.add_column("on this kernel" if target is None else "on that kernel")
    for answer in _answers(spec, target).values():
        missing = "warning" if answer.weak else "danger"
        result = assembled((answer.text, "" if answer.found else missing))
        if not answer.found and answer.weak and (target is None or answer.kind == "kfunc"):
            result.append("; it may be missing, and is 0 then", "dim")
        table.add_row(answer.kind, assembled(answer.declared or answer.name), result)
    return table


def _answers(spec: CollectionSpec, target: Btf | None) -> Mapping[str, ExternAnswer]:
    # Of the kernel, whether this process may load into it or not: nothing is loaded for it.
    return choose_runtime("kernel", target=target).externs(spec)
