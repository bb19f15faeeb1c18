"""What a function can return, as literals; and that runs on the machine return nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpftui.core.analysis.facts import ProgramFacts
from bpftui.core.analysis.returns import Returns, returns_of
from bpftui.core.asm.assembler import assemble
from bpftui.core.asm.flow.calls import find_calls
from bpftui.core.spec import CollectionSpec, ProgramSpec, ProgramType
from bpftui.core.spec.program import Function, LinkedCode
from bpftui.core.vm.runtime import MachineRuntime

ROOT = Path(__file__).parents[3]


def returned(text: str, type_: ProgramType = ProgramType.XDP) -> Returns:
    code = assemble(text)
    starts = sorted({0, *(call.target for call in find_calls(code, "little"))})
    stops = [*starts[1:], len(code) // 8]
    functions = tuple(
        Function(f"f{start}", start, stop - start, "xdp", start * 8) for start, stop in zip(starts, stops, strict=True)
    )
    program = ProgramSpec("p", "xdp", type_, link=lambda: LinkedCode(code, functions))
    return returns_of(ProgramFacts(program, {}, losses=False))


@pytest.mark.parametrize(
    ("text", "codes", "unknown"),
    [
        ("r0 = 2\nexit", {2: (0,)}, ()),
        ("w0 = -1\nexit", {-1: (0,)}, ()),
        ("r0 = 0x100000001 ll\nexit", {1: (0,)}, ()),
        # through another register, by two ways
        ("r6 = 1\nif r1 == 0 goto out\nr6 = 2\nout:\nr0 = r6\nexit", {1: (0,), 2: (2,)}, ()),
        # what a jump tells: r0 is what a helper returned, but 0 where that was compared
        ("call bpf_get_prandom_u32\nif r0 == 0 goto out\nr0 = 2\nout:\nexit", {0: (1,), 2: (2,)}, ()),
        ("call bpf_get_prandom_u32\nif r0 != 5 goto out\nexit\nout:\nr0 = 2\nexit", {5: (1,), 2: (3,)}, ()),
        ("call bpf_get_prandom_u32\nif r0 != 5 goto out\nr0 = 2\nout:\nexit", {2: (2,)}, (0,)),
        # a comparison of another register, or with a register, tells nothing
        ("r0 = r1\nif r2 == 3 goto out\nout:\nexit", {}, (0,)),
        ("call bpf_get_prandom_u32\nr1 = 3\nif r0 == r1 goto out\nr0 = 2\nout:\nexit", {2: (3,)}, (0,)),
        # arithmetic, loads, what the program is given
        ("r0 = 1\nr0 += 1\nexit", {}, (1,)),
        ("r0 = *(u32 *)(r1 +0)\nexit", {}, (0,)),
        # a spill, and one that a call may have written over
        ("r2 = 7\n*(u64 *)(r10 -8) = r2\nr0 = *(u64 *)(r10 -8)\nexit", {7: (0,)}, ()),
        ("*(u32 *)(r10 -8) = 9\n*(u32 *)(r10 -4) = 8\nr0 = *(u32 *)(r10 -8)\nexit", {9: (0,)}, ()),
        ("*(u64 *)(r10 -8) = 9\n*(u8 *)(r10 -8) = 8\nr0 = *(u64 *)(r10 -8)\nexit", {}, (1,)),
        (
            "*(u64 *)(r10 -8) = 9\nr1 = r10\nr1 += -8\nr2 = 8\ncall bpf_get_current_comm\nr0 = *(u64 *)(r10 -8)\nexit",
            {},
            (4,),
        ),
        (
            "*(u64 *)(r10 -16) = 9\nr1 = r10\nr1 += -8\nr2 = 8\ncall bpf_get_current_comm\n"
            "r0 = *(u64 *)(r10 -16)\nexit",
            {9: (0,)},
            (),
        ),
        # a subprogram's are the program's, where it returns them
        ("call f\nexit\nf:\nr0 = 1\nif r1 == 0 goto out\nr0 = 3\nout:\nexit", {1: (2,), 3: (4,)}, ()),
        ("call f\nr0 = 2\nexit\nf:\nr0 = r1\nexit", {2: (1,)}, ()),
        ("call f\nexit\nf:\nr0 = r1\nexit", {}, (2,)),
        # a loop, and code that no way leads to
        ("r0 = 4\nagain:\nif r1 == 0 goto again\nexit", {4: (0,)}, ()),
        ("r0 = 4\ngoto out\nr0 = 5\nout:\nexit", {4: (0,)}, ()),
        # where the packet ends, a legacy load returns 0 from the program
        ("r6 = r1\nr0 = *(u8 *)skb[12]\nr0 = 2\nexit", {0: (1,), 2: (2,)}, ()),
    ],
)
def test_constants_and_what_is_none(text: str, codes: dict[int, tuple[int, ...]], unknown: tuple[int, ...]) -> None:
    found = returned(text)
    assert found == Returns(codes, unknown)
    assert list(found.codes) == list(codes)


def test_a_recursion_ends() -> None:
    assert returned("call f\nexit\nf:\ncall f\nexit") == Returns({}, (2,))


def test_what_the_machine_returns_is_found() -> None:
    """Whatever a program of the tests returned in a run is among what was found, or something unknown is."""
    looked_at = 0
    for name in ("subprograms", "dead_code", "values", "flows", "names", "isa"):
        spec = CollectionSpec.from_file(ROOT / f"tests/objects/{name}.o")
        with MachineRuntime().load(spec) as loaded:
            for program in loaded.programs.values():
                if program.type is not ProgramType.XDP:
                    continue
                found = returns_of(ProgramFacts(spec.programs[program.name], spec.maps, losses=False))
                value = (program.run(bytes(64)).retval ^ 1 << 31) - (1 << 31)
                assert found.unknown or value in found.codes, (name, program.name, value, found)
                looked_at += 1
    assert looked_at > 5
