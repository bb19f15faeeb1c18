"""What programs are given, as the C line with the macro says it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bpftui.core.analysis.facts import context_extent
from bpftui.core.analysis.parameters import Parameter, Parameters, _kernel_function, _tracepoint
from bpftui.core.btf import Btf, Kind
from bpftui.core.spec import CollectionSpec, Function, LineInfo, LinkedCode, ProgramSpec, ProgramType
from tests.core.btf.blob import Blob

if TYPE_CHECKING:
    from bpftui.core.btf.types import FunctionProto


def parameters(kind: ProgramType, source: str) -> Parameters:
    lines = [LineInfo(0, "a.c", 1, 1, source), LineInfo(1, "a.c", 2, 1, "return 0;")]
    linked = LinkedCode(bytes(16), (Function("here", 0, 2, "s", 0),), line_infos=lines)
    return Parameters(ProgramSpec("here", "s", kind, link=lambda: linked), CollectionSpec("a.o"))


def test_what_a_program_takes_that_a_struct_of_functions_has() -> None:
    """Of struct_ops, by the member that it is put into: a pointer, and numbers."""
    spec = CollectionSpec.from_file("tests/objects/congestion.o")
    assert spec.btf is not None
    sock = spec.btf.find("sock", Kind.FWD)
    u32 = spec.btf.find("__u32", Kind.TYPEDEF) or 0
    assert {name: Parameters(program, spec).elements for name, program in spec.programs.items()} == {
        "half": (Parameter("", target=sock or 0),),
        "avoid": (Parameter("", target=sock or 0), Parameter("", u32), Parameter("", u32)),
        "undo": (Parameter("", target=sock or 0),),
        "dreaming": (Parameter("", target=sock or 0),),
    }
    spec.maps["bpftui_half"].functions.clear()
    assert Parameters(spec.programs["avoid"], spec).elements == ()


def test_how_far_into_its_context_a_program_reads() -> None:
    spec = CollectionSpec.from_file("tests/objects/contexts.o")
    assert {name: context_extent(program) for name, program in spec.programs.items()} == {
        "on_connect": 72,  # sk of struct bpf_sock_addr ends there
        "on_option": 36,
        "on_device": 12,
        "on_message": 16,
        "on_syscall": 16,
        "on_rename": 16,
        "bad_time": 160,
    }
    assert context_extent(CollectionSpec.from_file("bpf/traffic.o").programs["count_traffic"]) == 8


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("int BPF_PROG(here, int dfd, struct filename *name)", ["dfd", "name"]),
        ("void BPF_STRUCT_OPS(here, struct task_struct *p, u64 enq_flags)", ["p", "enq_flags"]),
        ("int BPF_PROG(here)", []),
        # of what goes on in the next line, what is whole
        ("int BPF_PROG(here, struct sock *sk, unsigned long long size,", ["sk", "size"]),
        ("int BPF_PROG(here, const char *const *argv, int n", []),
        # a struct can take two elements, so that what comes behind it is not certain
        ("int BPF_PROG2(here, int a, struct pair b, int c)", ["a"]),
        ("int BPF_PROG(other, int a)", []),
        ("int here(unsigned long long *ctx)", []),
    ],
)
def test_elements_of_the_array(source: str, names: list[str]) -> None:
    found = parameters(ProgramType.TRACING, source)
    assert [item.name for item in found.elements] == names


def test_only_programs_that_are_given_an_array_have_elements() -> None:
    assert parameters(ProgramType.XDP, "int BPF_PROG(here, int a)").elements == ()


def test_registers_of_a_probe() -> None:
    found = parameters(ProgramType.KPROBE, "int BPF_KPROBE(here, int dfd, struct filename *name)")
    assert found.register("di") == found.register("regs[0]") == Parameter("dfd")
    assert found.register("rsi") == found.register("gprs[3]") == Parameter("name")
    assert found.register("dx") is None
    assert found.register("ax") is None


def test_the_result_of_a_probed_function() -> None:
    found = parameters(ProgramType.KPROBE, "int BPF_KRETPROBE(here, long ret)")
    assert found.register("ax") == found.register("a0") == Parameter("ret")
    assert found.register("di") is None


def test_what_functions_and_tracepoints_of_a_kernel_take() -> None:
    blob = Blob()
    number = blob.integer("int", 4)
    probe = blob.prototype(0, [("__data", blob.pointer(0)), ("preempt", number), ("prev", number)])
    blob.typedef("btf_trace_sched_switch", blob.pointer(probe))
    blob.typedef("btf_trace_none", number)
    blob.add("vfs_read", Kind.FUNC, blob.prototype(number, [("file", number), ("count", number)]), vlen=1)
    kernel = Btf(blob.bytes())

    def names(found: FunctionProto | None) -> list[str] | None:
        return None if found is None else [each.name for each in found.parameters]

    assert names(_tracepoint(kernel, "sched_switch")) == ["preempt", "prev"]  # what registered it is not told
    assert [_tracepoint(kernel, name) for name in ("none", "absent")] == [None, None]
    assert names(_kernel_function(kernel, "vfs_read")) == ["file", "count"]
    assert [_kernel_function(kernel, name) for name in ("int", "absent")] == [None, None]


def test_what_a_function_of_the_program_is_given() -> None:
    """`static void fill(struct event *event, const struct packet *packet, __u64 number, __u64 now)`: what the pointers
    lead to, and what the numbers are."""
    spec = CollectionSpec.from_file("bpf/traffic.o")
    program, btf = spec.programs["count_traffic"], spec.btf
    assert btf is not None
    found = Parameters(program, spec).of(163)
    assert found is not None
    assert [(each.name, bool(each.type_id), bool(each.target)) for each in found] == [
        ("event", False, True),
        ("packet", False, True),
        ("number", True, False),
        ("now", True, False),
    ]
    assert [btf.strip(each.target).name for each in found if each.target] == ["event", "packet"]
    assert [btf.type_name(each.type_id) for each in found if each.type_id] == ["__u64", "__u64"]
