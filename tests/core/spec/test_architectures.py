"""The machine that an object is built for, by its registers: their names as the kernel's ptrace.h of each has them."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpftui.core.btf import Btf
from bpftui.core.spec import CollectionSpec
from bpftui.core.spec.architectures import foreign_registers, is_register_access, registers_of
from tests.core.btf.blob import Blob

OBJECTS = Path(__file__).parents[2] / "objects"
FOREIGN = "built for arm64 (its registers are regs, sp, pc, pstate of struct user_pt_regs): take the object for x86-64"


def types(struct: str, members: str) -> Btf:
    blob = Blob()
    integer = blob.integer("unsigned long", 8, signed=False)
    names = members.split()
    blob.struct(struct, 8 * len(names), [(name, integer, 64 * index) for index, name in enumerate(names)])
    return Btf(blob.bytes(), "little")


@pytest.mark.parametrize(
    ("architecture", "struct", "members"),
    [
        ("x86-64", "pt_regs", "r15 r14 r13 r12 bp bx r11 r10 r9 r8 ax cx dx si di orig_ax ip cs flags sp ss"),
        ("x86-64", "pt_regs", "r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags"),
        ("x86-64", "pt_regs", "di"),
        ("x86", "pt_regs", "ebx ecx edx esi edi ebp eax xds xes xfs xgs orig_eax eip xcs eflags esp xss"),
        ("arm64", "user_pt_regs", "regs sp pc pstate"),
        ("arm64", "pt_regs___arm64", "orig_x0"),
        ("s390", "user_pt_regs", "args psw gprs"),
        ("s390", "pt_regs___s390", "orig_gpr2"),
        ("arm", "pt_regs", "uregs"),
        ("mips", "pt_regs", "regs lo hi cp0_epc cp0_badvaddr cp0_status cp0_cause"),
        ("powerpc", "pt_regs", "gpr nip msr orig_gpr3 ctr link xer ccr softe trap dar dsisr result"),
        ("sparc", "pt_regs", "u_regs tstate tpc tnpc y magic"),
        ("riscv", "user_regs_struct", "pc ra sp gp tp t0 t1 t2 s0 s1 a0 a1 a2 a3 a4 a5"),
        ("riscv", "pt_regs", "epc ra sp gp tp t0 t1 t2 s0 s1 a0 a1 a2"),
        ("loongarch", "user_pt_regs", "regs orig_a0 csr_era csr_badv reserved"),
        ("arc", "user_regs_struct", "pad scratch pad2 callee efa stop_pc"),
    ],
)
def test_each_architecture_is_known_by_its_registers(architecture: str, struct: str, members: str) -> None:
    found = registers_of(types(struct, members))
    assert found is not None
    assert (found.architecture, found.struct, found.names) == (architecture, struct, tuple(members.split()))
    assert foreign_registers(types(struct, members), architecture) == ""
    assert foreign_registers(types(struct, members), "another").startswith(f"built for {architecture} (its registers")


def test_what_tells_nothing() -> None:
    assert registers_of(None) is None
    assert registers_of(types("pt_regs", "first second")) is None
    assert registers_of(types("my_regs", "gprs")) is None
    assert registers_of(types("task_struct", "rdi rsi")) is None


def test_an_object_for_another_machine() -> None:
    spec = CollectionSpec.from_file(OBJECTS / "other_machine.o")
    assert foreign_registers(spec.types, "x86-64") == FOREIGN
    assert foreign_registers(spec.types, "arm64") == ""


@pytest.mark.parametrize(
    ("access", "answer"),
    [
        ("struct user_pt_regs.regs[0]", True),
        ("user_pt_regs___core.regs[0]", True),
        ("struct pt_regs.di", True),
        ("struct task_struct.pid", False),
        ("struct task_struct.user_pt_regs", False),
    ],
)
def test_accesses_to_registers(access: str, answer: bool) -> None:
    assert is_register_access(access) is answer
