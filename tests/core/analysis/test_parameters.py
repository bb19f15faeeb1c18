"""What programs are given, as the C line with the macro says it."""

from __future__ import annotations

import pytest

from bpftui.core.analysis.parameters import Parameter, Parameters
from bpftui.core.spec import CollectionSpec, Function, LineInfo, LinkedCode, ProgramSpec, ProgramType


def parameters(kind: ProgramType, source: str) -> Parameters:
    lines = [LineInfo(0, "a.c", 1, 1, source), LineInfo(1, "a.c", 2, 1, "return 0;")]
    linked = LinkedCode(bytes(16), (Function("here", 0, 2, "s", 0),), line_infos=lines)
    return Parameters(ProgramSpec("here", "s", kind, link=lambda: linked), CollectionSpec("a.o"))


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
