"""Cells of the tables of the machine's system: what each says, how it is coloured, and where it leads."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from bpftui.tui.targets import Thing
from bpftui.tui.widgets.system.nouns.cells import (
    NOTHING,
    missing_note,
    number_cell,
    owner_cell,
    owner_text,
    runs_cell,
    runs_of,
    size_cell,
    thing_cell,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bpftui.core.system.history import Seen
    from bpftui.core.system.model import Owner

SYSTEMD, AGENT = (cast("Owner", SimpleNamespace(comm=comm, pid=pid)) for comm, pid in (("systemd", 1), ("agent", 812)))


@pytest.mark.parametrize(
    ("owners", "pinned", "text"),
    [
        ([SYSTEMD], (), "systemd 1"),
        ([AGENT, SYSTEMD], (), "agent 812 +1"),
        ([AGENT], ("/sys/fs/bpf/x",), "agent 812"),
        ([], (), "nobody"),
        ([], ("/sys/fs/bpf/x",), "pinned, nobody"),
        (None, (), "?"),
        (None, ("/sys/fs/bpf/x",), "pinned, ?"),
    ],
)
def test_who_has_something_open(owners: Sequence[Owner] | None, pinned: Sequence[str], text: str) -> None:
    assert owner_text(owners, pinned) == text
    assert owner_text(owners, pinned, "the kernel") == text.replace("nobody", "the kernel")
    cell = owner_cell(owners, pinned)
    assert cell.text == text
    assert cell.thing == (Thing("proc", owners[0].pid) if owners else None)
    assert cell.role == ("link" if owners else "muted")
    short = owners[0].comm if owners else "pinned" if pinned and owners is not None else ""
    assert cell.short == short


def test_numbers_and_sizes() -> None:
    assert [(cell.text, cell.role) for cell in map(number_cell, (None, 0, 1, 1_234_567))] == [
        ("?", "muted"),
        ("0", "muted"),
        ("1", ""),
        ("1,234,567", ""),
    ]
    assert [size_cell(size).text.strip() for size in (None, 0, 2048)] == ["?", "0 B", "2.00 KiB"]
    assert (thing_cell("map", 7).text, thing_cell("map", 7, "counts").text) == ("7", "counts")
    assert thing_cell("map", 7).thing == Thing("map", 7)


def seen(**loads: float) -> Seen:
    found = {int(name.removeprefix("p")): SimpleNamespace(runs_per_s=runs) for name, runs in loads.items()}
    return cast("Seen", SimpleNamespace(look=SimpleNamespace(loads=found)))


def test_what_programs_run_together() -> None:
    look = seen(p1=2.0, p2=3.5, p3=0.0)
    assert [runs_of(look, programs) for programs in ((1, 2), (1, 9), (9,), (), (3,))] == [5.5, 2.0, None, None, 0.0]
    assert runs_cell(look, ()) == NOTHING
    still, moving = runs_cell(look, (3,)), runs_cell(look, (1,))
    assert (still.role, still.moved, moving.role, moving.moved) == ("muted", False, "", True)


@pytest.mark.parametrize(
    ("missing", "note"),
    [
        ((), ""),
        (("who has it takes CAP_SYS_PTRACE", "maps take CAP_SYS_ADMIN, CAP_SYS_PTRACE"),
         "? = unknown: takes CAP_SYS_PTRACE, CAP_SYS_ADMIN"),
        (("the kernel does not tell", "nor does this"), "? = unknown: the kernel does not tell"),
    ],
)  # fmt: skip
def test_why_something_is_unknown(missing: tuple[str, ...], note: str) -> None:
    assert missing_note(cast("Seen", SimpleNamespace(snapshot=SimpleNamespace(missing=missing)))) == note
