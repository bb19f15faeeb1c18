"""`--return`: what helpers and kernel functions of the built-in runtime return."""

from __future__ import annotations

import pytest

from tests.tui.commands.command_line import bpftui

RUN = ("run", "tests/objects/conntrack.o", "look_up")


def test_a_function_that_is_not_there_says_how_it_could_be() -> None:
    said = bpftui(*RUN, "--runtime", "vm").refused(1)
    assert said.endswith("function bpf_xdp_ct_lookup (--return bpf_xdp_ct_lookup=VALUE makes it return a value)")
    assert bpftui(*RUN, "--runtime", "vm", "--return", "bpf_xdp_ct_lookup=0").code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--runtime", "kernel", "--return", "f=1"], "--return is for the built-in runtime"),
        (["--runtime", "vm", "--return", "f"], "--return 'f' is not of the form NAME=VALUE"),
        (["--runtime", "vm", "--return", "f=-ENOSUCH"], "ENOSUCH is neither a number nor the name of an errno"),
        (["--runtime", "vm", "--return", "f=0x1ffffffffffffffff"], "does not fit 64 bits"),
    ],
)
def test_what_makes_no_sense_is_said(arguments: list[str], said: str) -> None:
    assert said in bpftui(*RUN, *arguments).refused(2)
