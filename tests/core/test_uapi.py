"""Numbers of bpf(2): those of the header."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from bpftui.core.uapi import AttachType, LinkType, MapFlag, MapType, ProgramType, flag_names

if TYPE_CHECKING:
    from enum import IntEnum

HEADER: Final = Path("/usr/include/linux/bpf.h")
PREFIXES: Final = (
    ("BPF_MAP_TYPE_", MapType),
    ("BPF_PROG_TYPE_", ProgramType),
    ("BPF_LINK_TYPE_", LinkType),
    ("BPF_", AttachType),
)


def numbers(prefix: str, kind: type[IntEnum]) -> dict[str, int]:
    return {f"{prefix}{name}": item.value for name, item in kind.__members__.items()}


@pytest.mark.skipif(shutil.which("gcc") is None or not HEADER.exists(), reason="there is no gcc, or no linux/bpf.h")
def test_they_are_those_of_the_header(tmp_path: Path) -> None:
    """A wrong number would not compile; what an older header lacks is left out."""
    known = set(re.findall(r"^\s+(BPF_\w+)\b", HEADER.read_text(), re.MULTILINE))
    found = {name: number for prefix, kind in PREFIXES for name, number in numbers(prefix, kind).items()}
    asked = {name: number for name, number in found.items() if name in known}
    assert len(asked) > 100
    source = tmp_path / "uapi.c"
    lines = ["#include <linux/bpf.h>"]
    lines += [f'_Static_assert({name} == {number}, "{name}");' for name, number in sorted(asked.items())]
    source.write_text("\n".join([*lines, ""]))
    done = subprocess.run(["gcc", "-fsyntax-only", str(source)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("kind", [MapType, ProgramType, AttachType, LinkType])
def test_each_number_has_one_name(kind: type[IntEnum]) -> None:
    assert sorted(item.value for item in kind) == list(range(len(kind.__members__))), "the kernel leaves no number out"


def test_bits_without_a_name_are_shown_as_a_number() -> None:
    assert flag_names(0x2000001, MapFlag) == "no_prealloc | 0x2000000"
    assert flag_names(0x2000000, MapFlag, ", ") == "0x2000000"
    assert flag_names(0, MapFlag) == ""
