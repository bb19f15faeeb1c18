"""`--return`: what helpers and kernel functions of the built-in machine return."""

from __future__ import annotations

import pytest

from tests.tui.commands.command_line import bpftui

RUN = ("run", "tests/objects/conntrack.o", "look_up")


def test_a_function_that_is_not_there_says_how_it_could_be() -> None:
    said = bpftui(*RUN, "--runtime", "vm").refused(1)
    function = "function bpf_xdp_ct_lookup, which returns struct nf_conn *"
    assert said.endswith(f"{function} (--return bpf_xdp_ct_lookup=VALUE makes it return a value)")
    assert bpftui(*RUN, "--runtime", "vm", "--return", "bpf_xdp_ct_lookup=0").code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--runtime", "kernel", "--return", "f=1"], "--return is for the built-in machine"),
        (["--runtime", "vm", "--return", "f"], "--return 'f' is not of the form NAME=VALUE"),
        (["--runtime", "vm", "--return", "f=-ENOSUCH"], "ENOSUCH is neither a number nor the name of an errno"),
        (["--runtime", "vm", "--return", "f=0x1ffffffffffffffff"], "does not fit 64 bits"),
    ],
)
def test_what_makes_no_sense_is_said(arguments: list[str], said: str) -> None:
    assert said in bpftui(*RUN, *arguments).refused(2)


def test_what_a_pointer_leads_to_can_be_described_and_is_of_its_type() -> None:
    others = ("--runtime", "vm", "--return", "bpf_ct_release=0")
    assert bpftui(*RUN, *others, "--return", 'bpf_xdp_ct_lookup={"status": 1}').code == 0
    said = bpftui(*RUN, "--runtime", "vm", "--return", 'bpf_xdp_ct_lookup={"nothing": 1}').refused(1)
    assert "--return bpf_xdp_ct_lookup=" in said
