"""Native code of three machines; what is not known is shown as bytes."""

from __future__ import annotations

import pytest

from bpftui.core.asm.native import native_text


@pytest.mark.parametrize(
    ("machine", "code", "expected"),
    [
        ("x86_64", "b80a000000c9c3", [(0x1000, "mov eax, 0xa"), (0x1005, "leave"), (0x1006, "ret")]),
        ("aarch64", "400180d2c0035fd6", [(0x1000, "mov x0, #0xa"), (0x1004, "ret")]),
        ("riscv64", "1305a0008280", [(0x1000, "addi a0, zero, 0xa"), (0x1004, "c.jr ra")]),
        ("x86_64", "c90f", [(0x1000, "leave"), (0x1001, ".byte 0f")]),
        ("s390x", "07fe", [(0x1000, ".byte 07 fe")]),
        ("x86_64", "", []),
    ],
)
def test_native_text(machine: str, code: str, expected: list[tuple[int, str]]) -> None:
    assert list(native_text(bytes.fromhex(code), 0x1000, machine)) == expected
