"""What is said before a load: it has to be what the load then says, and nothing may be left behind."""

from __future__ import annotations

import json
import os
import random
import re
import sys
from pathlib import Path
from threading import Event

import pytest

from bpftui.core.analysis.reachability import reached
from bpftui.core.asm.assembler import assemble
from bpftui.core.btf.kernel import loaded_modules, vmlinux
from bpftui.core.errors import GivenUpError
from bpftui.core.helpers.names import HELPERS
from bpftui.core.kernel import KernelRuntime
from bpftui.core.kernel.sys import probes
from bpftui.core.spec import CollectionSpec, ProgramSpec, ProgramType
from bpftui.core.spec.program import Function, LinkedCode
from tests.tui.commands.command_line import bpftui

pytestmark = [pytest.mark.kernel, pytest.mark.vmlinux]

OBJECTS = Path(__file__).parents[1] / "objects"

ASKED = {"asked_field", "asked_helper", "constant_helper", "argument_helper", "asked_kfunc"}
LACKING = {
    "bare_field": ("task_struct___needs.tgit does not exist in this kernel's BTF (nearest: tgid)", (1,)),
    "bare_helper": ("bpf_xdp_adjust_head() is not available to programs of this type on this kernel", (4,)),
    "bare_kfunc": (
        "the kernel function kfunc_that_is_not_there is not in this kernel's BTF, nor in that of a module",
        (1,),
    ),
    "misspelt_hook": (
        "btf_trace_sched_swich is not in the kernel's BTF, nor in that of a module (nearest: sched_switch)",
        (),
    ),
}
UNFORESEEN = {
    "recursion.o": {"recursion", "only_itself"},
    "tail_calls.o": {"broken"},
    "data_pointers.o": {"follows"},
}
"""Programs that are wrong on every kernel, which only the verifier tells; so are all of the objects `bad_….o`."""


@pytest.fixture(scope="module", autouse=True)
def kernel_types() -> None:
    """Map the types of the kernel, which stay mapped: a mapping holds a descriptor of its own."""
    vmlinux()
    list(loaded_modules())


def test_what_is_lacking_is_named_and_what_is_asked_for_first_counts_not():
    found = KernelRuntime().forecast(CollectionSpec.from_file(OBJECTS / "needs.o"))
    assert found.maps == {}
    assert {name: (each[0].reason, each[0].slots) for name, each in found.programs.items()} == LACKING
    assert all(each[0].hint for each in found.programs.values())


def test_what_constants_make_dead_is_no_obstacle_and_a_global_function_is_verified_by_itself():
    found = KernelRuntime().forecast(CollectionSpec.from_file(OBJECTS / "dead_by_constants.o"))
    reason = "bpf_sys_close() is not available to programs of this type on this kernel"
    assert found.maps == {}
    assert {name: [(each.reason, each.slots) for each in told] for name, told in found.programs.items()} == {
        "global": [(reason, (6,))],
        "reached": [(reason, (11,))],
    }


def test_members_of_the_context_that_a_program_may_not_touch_are_foreseen_as_check_says_it():
    found = KernelRuntime().forecast(CollectionSpec.from_file(OBJECTS / "other_machine.o"))
    reason = (
        "built for arm64 (its registers are regs, sp, pc, pstate of struct user_pt_regs): take the object for x86-64"
    )
    assert {name: [(each.reason, each.slots) for each in told] for name, told in found.programs.items()} == {
        "reads_x28": [(reason, (0,))],
        "relocated": [(reason, (0,))],
    }
    found = KernelRuntime().forecast(CollectionSpec.from_file(OBJECTS / "contexts.o"))
    assert {name: [(each.reason, each.slots) for each in told] for name, told in found.programs.items()} == {
        "bad_time": [("the program may not read tstamp (offset 152, 8 bytes) of its context", (0,))]
    }


def test_an_access_to_the_context_that_the_verifier_does_not_come_to_is_no_obstacle():
    code = assemble(
        """
        r6 = r1
        r2 = 0
        if r2 == 0 goto live
        r0 = *(u64 *)(r6 +1000)
        live:
        r1 = r6
        call pc+2
        r0 = 0
        exit
        r0 = *(u32 *)(r1 +1004)
        exit
        """
    )
    linked = LinkedCode(code, (Function("f", 0, 8, "xdp", 0), Function("g", 8, 10, "xdp", 64)), {})
    program = ProgramSpec("f", "xdp", ProgramType.XDP, license="GPL", link=lambda: linked)
    found = KernelRuntime().forecast(CollectionSpec("made.o", sys.byteorder, programs={"f": program}))
    assert {name: [(each.reason, each.slots) for each in told] for name, told in found.programs.items()} == {
        "f": [("the program may not read 4 bytes at offset 1004 of its context", (8,))]
    }


def test_no_access_to_the_context_is_said_to_be_refused_that_the_verifier_takes():
    said = refused = 0
    for seed in range(60):
        rng = random.Random(seed)
        access = rng.choice(("r1 = *({} *)(r6 {:+d})", "*({} *)(r6 {:+d}) = r1", "*({} *)(r6 {:+d}) = 1"))
        line = access.format(rng.choice(("u8", "u16", "u32", "u64")), rng.randrange(-8, 200))
        jump = f"if r1 > {rng.choice((0, 5))} goto end"
        code = assemble("\n".join(("r6 = r1", f"r1 = {rng.choice((0, 3))}", jump, line, "end:", "r0 = 0", "exit")))
        linked = LinkedCode(code, (Function("f", 0, len(code) // 8, "tc", 0),), {})
        program = ProgramSpec("f", "tc", ProgramType.SCHED_CLS, license="GPL", link=lambda linked=linked: linked)
        spec = CollectionSpec("made.o", sys.byteorder, programs={"f": program})
        says = bool(KernelRuntime().forecast(spec).programs)
        fd, _, log = probes.load_program(ProgramType.SCHED_CLS, code, log_size=1 << 16)
        if fd >= 0:
            os.close(fd)
        assert not (says and fd >= 0), line
        said += says
        refused += "invalid bpf_context access" in log
    assert said == refused > 20


@pytest.mark.parametrize("number", [6, 36, 45])
def test_the_license_is_told_before_a_load(number: int):
    """bpf_trace_printk (6) and bpf_probe_write_user (36) are not tried, bpf_probe_read_str (45) is."""
    code = assemble(f"call {HELPERS[number]}\nr0 = 0\nexit")
    linked = LinkedCode(code, (Function("f", 0, 3, "tp/x", 0),), {})
    program = ProgramSpec("f", "tp/x", ProgramType.TRACEPOINT, license="Proprietary", link=lambda: linked)
    spec = CollectionSpec("made.o", sys.byteorder, programs={"f": program})
    reason = KernelRuntime().forecast(spec).programs["f"][0].reason
    known = f'{HELPERS[number]}() is for programs under a GPL-compatible license, and the object says "Proprietary"'
    assert reason == known or (number == 36 and "locked down" in reason)


def test_functions_of_elsewhere_are_told_apart_from_those_of_other_kernels() -> None:
    found = dict(KernelRuntime().forecast(CollectionSpec.from_file(OBJECTS / "not_here.o")).programs)
    absent = "is not in this kernel's BTF, nor in that of a module"
    (mismatch,) = found.pop("other_type")
    assert re.fullmatch(
        r"the kernel function bpf_rcu_read_lock is of another type there: BTF id \d+: void bpf_rcu_read_lock\(void\)",
        mismatch.reason,
    )
    assert mismatch.hint == "declare it as the kernel has it: bpftool btf dump file /sys/kernel/btf/vmlinux format c"
    assert {name: (each[0].reason, each[0].hint) for name, each in found.items()} == {
        "library": (
            f"the kernel function ntohl {absent}",
            "bpf_ntohl() of bpf/bpf_endian.h does what C's library has that for",
        ),
        "other_object": (
            f"the kernel function elsewhere {absent}",
            "it is not declared __ksym: define it, include what defines it, or link the object that does",
        ),
        "other_kernel": (
            f"the kernel function not_in_any_kernel {absent}",
            "declare it __weak, and test it with bpf_ksym_exists() before it is used",
        ),
        "device": (
            "the program asks what the driver of a device knows of a packet, and is loaded for no device",
            "load it for one: the device's ifindex and the flag BPF_F_XDP_DEV_BOUND_ONLY (bpf_program__set_ifindex(), "
            "bpf_program__set_flags(); bpftool prog load … xdpmeta_dev eth0)",
        ),
    }


def test_what_c_leaves_undefined_is_foreseen_where_it_is_reached():
    found = KernelRuntime().forecast(CollectionSpec.from_file(OBJECTS / "undefined.o"))
    reason = "the program can come to a place where what C says is undefined, or to __builtin_trap()"
    assert {name: [(each.reason, each.slots) for each in told] for name, told in found.programs.items()} == {
        "trap": [(reason, (2,))],
        "called": [(reason, (4,))],
    }


@pytest.mark.parametrize(
    ("name", "value", "more"),
    [
        ("timeout_ms", 6, "multiplied"),
        ("least", -5, "negated"),
        ("port", 81, "swapped"),
    ],
)
def test_another_constant_makes_it_one(name: str, value: int, more: str):
    spec = CollectionSpec.from_file(OBJECTS / "dead_by_constants.o")
    spec.set(name, value)
    assert KernelRuntime().forecast(spec).programs.keys() == {"global", "reached", more}


def random_code(rng: random.Random) -> str:
    """Return a program that calls a helper that XDP does not have, somewhere between jumps of all kinds."""
    steps = rng.randint(6, 22)
    lines = ["r6 = r1", *(f"r{register} = {rng.choice((0, 1, 2, 5, -1, 255))}" for register in (0, 2, 3, 4, 5))]
    called = rng.randrange(steps)
    for step in range(steps):
        to, other = rng.choices((0, 2, 3, 4, 5), k=2)
        number, part = rng.choice((0, 1, 2, 3, 5, -1, 15, 255, 0x800)), rng.choice("rrw")
        label = f"l{rng.randrange(step + 1, steps)}" if step + 1 < steps else "end"
        comparison = rng.choice(("==", "!=", ">", ">=", "<", "<=", "s>", "s<", "s>=", "s<=", "&"))
        jump = f"if {part}{to} {comparison} {{}} goto {label}"
        operation = rng.choice(("+=", "-=", "*=", "|=", "&=", "^="))
        lines.append(f"l{step}:")
        lines.append(
            "r1 = 3\ncall bpf_sys_close\nr2 = 0\nr3 = 0\nr4 = 0\nr5 = 0"
            if step == called
            else rng.choice(
                (
                    f"r{to} = *(u32 *)(r6 +{rng.choice((12, 16))})",
                    f"{part}{to} {operation} {number}",
                    f"{part}{to} {operation} {part}{other}",
                    f"{part}{to} {rng.choice(('<<=', '>>=', 's>>='))} {rng.choice((1, 3, 8, 16, 31))}",
                    f"{part}{to} = -{part}{to}",
                    f"{part}{to} = {part}{other}",
                    f"r{to} = {rng.choice(('be16', 'be32', 'le16', 'be64'))} r{to}",
                    f"*(u64 *)(r10 -8) = r{to}\nr{other} = *(u32 *)(r10 -8)",
                    f"*(u32 *)(r10 -16) = {number}\nr{to} = *(u32 *)(r10 -16)",
                    jump.format(number),
                    jump.format(number),
                    jump.format(f"{part}{other}"),
                )
            )
        )
    return "\n".join([*lines, "end:", "r0 = 0", "exit"])


def test_what_is_said_to_be_reached_is_what_the_verifier_reaches():
    refused = told = 0
    for seed in range(250):
        code = assemble(random_code(random.Random(seed)))
        slot = code[::8].index(0x85)
        linked = LinkedCode(code, (Function("f", 0, len(code) // 8, "xdp", 0),), {})
        program = ProgramSpec("f", "xdp", ProgramType.XDP, link=lambda linked=linked: linked)
        says = slot in reached(program, code, {}, (), {slot})
        fd, _, log = probes.load_program(ProgramType.XDP, code, log_size=1 << 16)
        if fd >= 0:
            os.close(fd)
        assert not (says and fd >= 0), seed
        refused += "bpf_sys_close" in log
        told += says
    assert refused > 150
    assert told > refused * 0.97


def test_a_constant_brings_dead_code_to_life():
    spec = CollectionSpec.from_file(OBJECTS / "needs.o")
    spec.set("wanted", value=True)
    assert KernelRuntime().forecast(spec).programs.keys() == {*LACKING, "constant_helper", "argument_helper"}


@pytest.mark.parametrize(
    "path",
    [p for p in sorted(OBJECTS.glob("*.o")) if ".eb." not in p.name and "2eb" not in p.name],
    ids=lambda p: p.name,
)
def test_nothing_that_loads_is_said_not_to(path: Path):
    spec = CollectionSpec.from_file(path)
    runtime = KernelRuntime()
    before = len(os.listdir("/proc/self/fd"))
    found = runtime.forecast(spec)
    assert len(os.listdir("/proc/self/fd")) == before
    if path.name == "bad_complexity.o":  # the verifier takes seconds to give up
        assert found.programs == {}
        return
    report = runtime.check(spec)
    assert found.maps.keys() == {each.name for each in report.maps if not each.ok}
    refused = {each.name for each in report.programs if not each.ok}
    assert found.programs.keys() <= refused
    if not path.name.startswith("bad_"):
        assert refused - found.programs.keys() == UNFORESEEN.get(path.name, set())


def test_another_machines_object_is_refused_whole():
    found = KernelRuntime().forecast(CollectionSpec.from_file(OBJECTS / "core.eb.o"))
    assert found.programs.keys() == {"core"}
    assert "it is big-endian, and this machine is little-endian" in found.programs["core"][0].reason
    assert found.maps.keys() == {".bss"}


def test_a_map_that_cannot_be_created_is_named_by_the_program_that_uses_it():
    spec = CollectionSpec.from_file(OBJECTS / "data_sections.o")
    name, program = next((name, each) for each in spec.programs.values() for name in each.maps)
    spec.maps[name].max_entries = 0
    found = KernelRuntime().forecast(spec)
    assert found.maps[name][0].reason == "max_entries is 0 (EINVAL)"
    assert found.programs[program.name][0].reason == f"map {name}: max_entries is 0 (EINVAL)"


def test_the_command():
    told = bpftui("doctor", "tests/objects/needs.o", "--json")
    document = json.loads(told.out)
    assert (told.code, document["schema"], document["ok"]) == (1, "bpftui/forecast/1", False)
    bad = {each["name"]: each["obstacles"] for each in document["programs"] if not each["ok"]}
    assert {name: (each[0]["reason"], tuple(each[0]["instructions"])) for name, each in bad.items()} == LACKING
    text = bpftui("doctor", "tests/objects/needs.o", "--set", "wanted=true")
    assert text.code == 1
    assert "instruction 4: bpf_xdp_adjust_head() is not available" in text.out
    assert "6 of 12 cannot be loaded here" in text.out
    fine = bpftui("doctor", "bpf/traffic.o", "bpf/my_map.o")
    assert (fine.code, fine.err) == (0, "")
    assert fine.out.count("nothing known keeps it from being loaded here") == 2
    assert [line == "" for line in fine.out.split("\n")].count(True) == 2  # between the two, and behind the last line
    assert bpftui("doctor", "--set", "x=1").code == 2
    assert bpftui("doctor", "bpf/my_map.o", "--helpers", "xdp").code == 2


def test_what_of_the_sections_is_not_usable_is_remarked_on() -> None:
    remark = (
        ".rel.data: 10 pointers in .data (label, direct, inside, options, …) that no loader can set: programs find "
        "there what stands in the file, which is no address"
    )
    told = bpftui("doctor", "tests/objects/data_pointers.o", "--json")
    assert (told.code, json.loads(told.out)["remarks"]) == (0, [remark])
    assert f"· {remark}\n" in bpftui("doctor", "tests/objects/data_pointers.o").out


def test_it_is_told_how_far_it_is_and_given_up_before_the_next_program():
    spec = CollectionSpec.from_file(OBJECTS / "attached.o")
    stop, told = Event(), []

    def progress(number: int, total: int, program: str) -> None:
        told.append((number, total, program))
        if number == 2:
            stop.set()

    names = list(spec.programs)
    with pytest.raises(GivenUpError, match=f"looked at for 2 of {len(names)} programs and then given up"):
        KernelRuntime().forecast(spec, progress=progress, stop=stop)
    assert told == [(1, len(names), names[0]), (2, len(names), names[1])]
