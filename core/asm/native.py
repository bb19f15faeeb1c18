"""Native code of the kernel's JIT, disassembled by capstone."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["native_text"]

_MACHINES: Final = {
    "x86_64": ("CS_ARCH_X86", ("CS_MODE_64",)),
    "aarch64": ("CS_ARCH_ARM64", ("CS_MODE_ARM",)),
    "riscv64": ("CS_ARCH_RISCV", ("CS_MODE_RISCV64", "CS_MODE_RISCVC")),
}


def native_text(code: bytes, address: int, machine: str | None = None) -> Iterator[tuple[int, str]]:
    """Iterate over native instructions, each with its address.

    Args:
        code: Bytes of a whole number of instructions.
        address: Where they lie.
        machine: As `uname -m` has it; this machine's by default. What capstone does not know, and all of a machine
            that is not listed here, is bytes in hexadecimal digits.
    """
    known = _MACHINES.get(machine or platform.machine())
    at = 0
    if known is not None:
        import capstone  # 75 to 115 ms

        constants: Any = capstone
        mode = sum(getattr(constants, name) for name in known[1])
        engine: Any = constants.Cs(getattr(constants, known[0]), mode)
        for place, size, mnemonic, operands in engine.disasm_lite(code, address):
            yield place, f"{mnemonic} {operands}".rstrip()
            at = place + size - address
    if at < len(code):
        yield address + at, f".byte {code[at:].hex(' ')}"
