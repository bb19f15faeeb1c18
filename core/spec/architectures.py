"""Which machine an object is built for, by the registers that its programs know.

BPF code runs everywhere, but `struct pt_regs`, the context of kprobes and uprobes, is each architecture's own, and the
macros of bpf_tracing.h (PT_REGS_PARM1) have been resolved by the compiler (`-D__TARGET_ARCH_arm64`). The names are
those that libbpf's bpf_tracing.h uses, and of the kernel's arch/*/include/uapi/asm/ptrace.h (Linux 6.18).
"""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING, Final, NamedTuple

from ..btf import Kind
from ..btf import types as t
from ..btf.compatible import essential_name
from ..btf.members import fields
from ..errors import ObjectError

if TYPE_CHECKING:
    from ..btf import Btf

__all__ = ["REGISTER_STRUCTS", "Registers", "foreign_registers", "is_register_access", "registers_of", "this_machine"]

REGISTER_STRUCTS: Final = ("user_pt_regs", "user_regs_struct", "pt_regs")
"""The structs of registers, the more telling first; flavours (`pt_regs___arm64`) count as well."""
_KNOWN_BY: Final = (
    ("arm64", "regs pstate", "orig_x0"),
    ("x86-64", "di", "rdi", "rip", "r15"),
    ("x86", "edi", "ebx", "eax"),
    ("s390", "gprs", "orig_gpr2"),
    ("arm", "uregs", "ARM_r0"),
    ("mips", "cp0_epc", "cp0_cause"),
    ("powerpc", "gpr", "nip", "orig_gpr3"),
    ("sparc", "u_regs", "tnpc"),
    ("loongarch", "csr_era", "csr_badv"),
    ("riscv", "epc ra", "pc ra gp tp", "a0 a1"),
    ("arc", "scratch callee", "lp_start", "blink"),
)
"""Members of which the first that are there, all of one text, tell the architecture."""
_MACHINES: Final = {
    "x86_64": "x86-64",
    "amd64": "x86-64",
    "i386": "x86",
    "i686": "x86",
    "aarch64": "arm64",
    "arm64": "arm64",
    "s390x": "s390",
    "riscv64": "riscv",
    "ppc64le": "powerpc",
    "ppc64": "powerpc",
    "loongarch64": "loongarch",
    "mips64": "mips",
    "mips": "mips",
    "sparc64": "sparc",
    "armv7l": "arm",
    "armv8l": "arm",
}
_SHOWN: Final = 4
"""Registers that are named."""


class Registers(NamedTuple):
    """The registers that an object knows."""

    architecture: str
    """The machine that has them, as libbpf calls it (`arm64`, `s390`), x86-64 apart from its 32 bits."""
    struct: str
    """The struct that they are members of, as the object has it."""
    names: tuple[str, ...]
    """Its members."""

    @property
    def described(self) -> str:
        """What they are called: `regs, sp, pc, pstate of struct user_pt_regs`."""
        more = ", …" if len(self.names) > _SHOWN else ""
        return f"{', '.join(self.names[:_SHOWN])}{more} of struct {self.struct}"


def registers_of(btf: Btf | None) -> Registers | None:
    """Return the registers that an object's types have; None where they have none that tell an architecture."""
    if btf is None or b"_regs" not in btf.strings:
        return None
    found: dict[str, list[int]] = {}
    for type_id in btf.ids(Kind.STRUCT):
        name = btf.type_name(type_id)
        if "_regs" in name and essential_name(name) in REGISTER_STRUCTS:
            found.setdefault(essential_name(name), []).append(type_id)
    for struct in REGISTER_STRUCTS:
        for type_id in found.get(struct, ()):
            names = _members(btf, type_id)
            architecture = next((arch for arch, *texts in _KNOWN_BY if _has_one(names, texts)), None)
            if architecture is not None:
                return Registers(architecture, btf.type_name(type_id), names)
    return None


def _members(btf: Btf, type_id: int) -> tuple[str, ...]:
    try:
        composite = btf.type(type_id)
        return tuple(field.name for field in fields(btf, composite)) if isinstance(composite, t.Composite) else ()
    except ObjectError:
        return ()


def _has_one(names: tuple[str, ...], texts: list[str]) -> bool:
    return any(all(word in names for word in text.split()) for text in texts)


def this_machine() -> str:
    """Return what this machine is called here; what `platform.machine` says where it has no other name."""
    return _MACHINES.get(platform.machine().lower(), platform.machine())


def foreign_registers(btf: Btf | None, machine: str | None = None) -> str:
    """Return a sentence where an object is built for another machine; empty where it is not, or does not tell.

    Args:
        btf: The object's types.
        machine: The one that it is to run on; None for this one.
    """
    found, machine = registers_of(btf), machine or this_machine()
    if found is None or found.architecture == machine:
        return ""
    return f"built for {found.architecture} (its registers are {found.described}): take the object for {machine}"


def is_register_access(access: str) -> bool:
    """Whether a CO-RE relocation's local access (`struct user_pt_regs.regs[0]`) is one to registers."""
    words = access.replace(".", " ").replace("[", " ").split()
    return any(essential_name(word) in REGISTER_STRUCTS for word in words[:2])
