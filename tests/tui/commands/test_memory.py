"""`--memory`: what programs on the built-in machine find where they probe."""

from __future__ import annotations

import errno
import json
from typing import TYPE_CHECKING

import pytest

from tests.tui.commands.command_line import bpftui

if TYPE_CHECKING:
    from pathlib import Path

TASK = 0xFFFF_8880_0000_1000
RUN = ("run", "tests/objects/needs.o", "bare_field", "--return", f"bpf_get_current_task={TASK:#x}", "--json")


def test_bytes_and_files_are_read(tmp_path: Path) -> None:
    (tmp_path / "task.bin").write_bytes(bytes(64))
    for memory, expected in (
        ([], -errno.EFAULT),
        (["--memory", f"{TASK:#x}={tmp_path}/task.bin"], 0),
        (["--memory", f"{TASK}=hex:{'00' * 64}"], 0),
    ):
        ran = bpftui(*RUN, "--runtime", "vm", *memory)
        assert (ran.code, json.loads(ran.out)["retval"]) == (0, expected & 0xFFFF_FFFF)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--runtime", "kernel", "--memory", "16=hex:00"], "--memory is for the built-in machine"),
        (["--runtime", "vm", "--memory", "16"], "--memory '16' is not of the form ADDRESS=FILE or ADDRESS=hex:BYTES"),
        (["--runtime", "vm", "--memory", "16=hex:0"], "these are no bytes"),
        (["--runtime", "vm", "--memory", f"{1 << 63}=hex:00"], "lies where no address is"),
    ],
)
def test_what_makes_no_sense_is_said(arguments: list[str], said: str) -> None:
    assert said in bpftui("run", "tests/objects/needs.o", "bare_field", *arguments).refused(2)
