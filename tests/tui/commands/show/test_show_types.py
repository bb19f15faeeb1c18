"""`show --header` and `show --layout`."""

from __future__ import annotations

import pytest

from tests.tui.commands.command_line import bpftui


def test_header_and_layout() -> None:
    done = bpftui("show", "bpf/traffic.o", "--header")
    assert done.code == 0
    assert done.out.startswith("#ifndef __VMLINUX_H__\n")
    done = bpftui("show", "tests/objects/values.o", "--layout", "struct packed")
    assert done.out.startswith("struct packed {\n")
    assert "/*     1     4 */" in done.out


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["tests/objects/values.o", "--layout", "nestet"], "did you mean 'nested'?"),
        (["tests/objects/legacy_maps.o", "--header"], "has neither BTF nor DWARF"),
        (["tests/objects/values.o", "--header", "--json"], "given alone"),
        (["tests/objects/values.o", "--layout", "alias_t"], "no struct and no union"),
    ],
)
def test_what_cannot_be_shown_is_said(arguments: list[str], reason: str) -> None:
    done = bpftui("show", *arguments)
    assert (done.code, done.out) == (2, "")
    assert reason in done.err
