"""CO-RE: our resolution of an object is the kernel's own; what neither resolves is named."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bpftui.core.btf.kernel import vmlinux
from bpftui.core.errors import VerifierError
from bpftui.core.kernel.collection import Loader
from bpftui.core.kernel.loading import prog_load, single
from bpftui.core.kernel.runtime import KernelRuntime
from bpftui.core.kernel.sys.layouts import BpfProgInfo
from bpftui.core.kernel.sys.object import object_info
from bpftui.core.kernel.sys.syscall import buffer
from bpftui.core.spec import CollectionSpec, CoreRelocation, LinkedCode, ProgramSpec, ProgramType
from bpftui.core.spec.relocate_core import apply_core

if TYPE_CHECKING:
    from bpftui.core.kernel import KernelCollection, Program

pytestmark = [pytest.mark.kernel, pytest.mark.vmlinux]

OBJECTS = Path(__file__).parents[1] / "objects"

# Offsets in `struct bpf_prog_info` (uapi/linux/bpf.h): 4 xlated_prog_len, 24 its pointer, after id and tag.
XLATED_LENGTH, XLATED = 20, 32
LD_IMM64, MAP_SOURCES = 0x18, (1, 2)


def _xlated(program: Program) -> list[tuple[int, int, int, int]]:
    """Return the instructions as the verifier left them; what differs between two loads, maps, without its number."""
    size = object_info(program.descriptor, BpfProgInfo()).xlated_prog_len
    code = buffer(size)
    object_info(program.descriptor, BpfProgInfo(xlated_prog_len=size, xlated_prog_insns=code))
    rows: list[tuple[int, int, int, int]] = list(struct.iter_unpack("=BBhi", code.raw))
    for slot, (opcode, registers, offset, _) in enumerate(rows):
        if opcode == LD_IMM64 and registers >> 4 in MAP_SOURCES:
            rows[slot] = (opcode, registers, offset, 0)
    assert len(rows) == size // 8
    return rows


def _facts(loaded: KernelCollection) -> Any:
    loaded.programs["core"].run()
    return loaded.variables["facts"].get()


def test_our_resolution_is_the_kernels_own() -> None:
    spec = CollectionSpec.from_file(OBJECTS / "core.o")
    with Loader(spec) as by_kernel, Loader(spec, vmlinux()) as by_us:
        first, second = (loader.load(KernelRuntime(), None) for loader in (by_kernel, by_us))
        with first, second:
            theirs, ours = _xlated(first.programs["core"]), _xlated(second.programs["core"])
            assert len(ours) == spec.programs["core"].insns
            assert ours == theirs
            facts = _facts(second)
            assert facts == _facts(first)
            assert facts["value"] == 3
            assert (facts["type_size"], facts["type_matches"], facts["missing"]) == (16, 1, 0)
            assert facts["size"] == 16
            assert facts["tgid"] > 0


@pytest.mark.parametrize("refusal", ["no types", "E2BIG"])
def test_kernels_without_core_get_adapted_code(monkeypatch: pytest.MonkeyPatch, refusal: str) -> None:
    asked: list[bool] = []
    load = prog_load.load_program

    def old_kernel(*arguments: Any, core: bool = True, **options: Any) -> prog_load.Loaded:
        asked.append(core)
        if core:
            raise prog_load.CoreRefusedError("as Linux 5.16 does")
        return load(*arguments, core=core, **options)

    monkeypatch.setattr(single, "load_program", old_kernel)
    if refusal == "no types":
        monkeypatch.setattr(Loader, "begin", lambda self: None)
    with CollectionSpec.from_file(OBJECTS / "core.o").load() as loaded:
        assert _facts(loaded)["value"] == 3
    assert asked == ([False] if refusal == "no types" else [True, False])


def test_another_target_is_followed() -> None:
    spec = CollectionSpec.from_file(OBJECTS / "core_shapes.o")
    other = CollectionSpec.from_file(OBJECTS / "core_target.o").btf
    assert other is not None
    with Loader(spec, other) as loader, loader.load(KernelRuntime(), {"fields"}) as loaded:
        loaded.programs["fields"].run()
        # The last that it asks for is the size of an element.
        assert loaded.variables["sink"].get() == 4
        assert (0xB7, 64) in {(row[0], row[3]) for row in _xlated(loaded.programs["fields"])}


def test_a_field_that_is_missing_is_named() -> None:
    spec = CollectionSpec.from_file(OBJECTS / "core.o")
    assert spec.btf is not None
    older = spec.btf.find("task_struct___older")
    assert older is not None
    # r0 = offset of the field; exit
    code = struct.pack("=BBhi", 0xB7, 0, 0, 8) + struct.pack("=BBhi", 0x95, 0, 0, 0)
    text = spec.btf.strings.find(b"\x000:1\0") + 1
    linked = LinkedCode(code, core_relocations=(CoreRelocation(0, older, "0:1", 0, text),))
    program = ProgramSpec(
        "reads", "raw_tp/x", ProgramType.RAW_TRACEPOINT, license="GPL", btf=spec.btf, link=lambda: linked
    )
    spec.programs = {"reads": program}
    assert apply_core(program, spec.btf, vmlinux())[0] != code
    for target in (None, vmlinux()):
        with Loader(spec, target) as loader, pytest.raises(VerifierError) as caught:
            loader.load(KernelRuntime(), None)
        expected = "cannot load program reads: task_struct___older.member_that_never_was does not exist in this kernel"
        assert caught.value.message.startswith(expected)
        assert "call unknown#195896080" in caught.value.log
        assert caught.value.message.endswith("(instruction 0)")


def test_the_program_the_instruction_and_the_c_line_are_named_whoever_resolves() -> None:
    part = CollectionSpec.from_file(OBJECTS / "needs.o").subset(maps=set(), programs={"bare_field"}, variables=set())
    for target in (None, vmlinux()):
        with pytest.raises(VerifierError) as caught:
            KernelRuntime(target=target).load(part)
        assert caught.value.message == (
            "cannot load program bare_field: task_struct___needs.tgit does not exist in this kernel's BTF (nearest: "
            "tgid); the verifier says: invalid func unknown#195896080 (instruction 1, needs.c:28: struct "
            "task_struct___needs *task = (void *)bpf_get_current_task();)"
        )


def test_what_the_kernel_gives_up_on_is_resolved_by_us() -> None:
    """An unsigned enumerator of 2^31 or more: the kernel extends its sign, and finds that clang did not."""
    spec = CollectionSpec.from_file(OBJECTS / "core_shapes.o")
    with Loader(spec, spec.btf) as loader:
        loader.begin()
        program = spec.programs["enumerators"]
        for map_ in spec.maps.values():
            loader.create_map(map_)
        assert loader.load_program(program).name == "enumerators"
