"""What is told of a log with which the kernel refuses BTF."""

from __future__ import annotations

import pytest

from bpftui.core.kernel.loading.btf import last_said


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        (
            "magic: 0xeb9f\n[1] INT int size=4\n[4] FUNC func type_id=1 Invalid arg#1\n",
            "[4] FUNC func type_id=1 Invalid arg#1",
        ),
        (
            "[1] INT int size=4\n[3] STRUCT perf size=16 vlen=2\n\ta type_id=1 bits_offset=0\n"
            "\twaitq type_id=2 bits_offset=96 Member exceeds struct_size\n",
            "[3] STRUCT perf size=16 vlen=2: waitq type_id=2 bits_offset=96 Member exceeds struct_size",
        ),
        ("", ""),
    ],
    ids=["a type", "a member", "nothing"],
)
def test_a_member_is_told_with_its_struct(log: str, expected: str) -> None:
    assert last_said(log) == expected
