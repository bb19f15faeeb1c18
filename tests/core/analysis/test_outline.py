"""What a program does, in short, as literals."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpftui.core.analysis.inputs import ContextUse, Inputs, PacketUse
from bpftui.core.analysis.outline import (
    Called,
    CallKind,
    Outline,
    ReturnCode,
    TailCall,
    TailCaller,
    Touched,
    tail_callers,
)
from bpftui.core.analysis.xrefs import Uses
from bpftui.core.asm.assembler import assemble
from bpftui.core.errors import UnknownNameError
from bpftui.core.spec import CollectionSpec, ProgramSpec, ProgramType
from bpftui.core.spec.program import Function, LinkedCode

ROOT = Path(__file__).parents[3]
NOTHING = Inputs((), None, None, is_partial=False)


def uses(path: str) -> Uses:
    return Uses(CollectionSpec.from_file(ROOT / path))


def inputs(text: str, type_: ProgramType = ProgramType.XDP) -> Inputs:
    """Return what a program of one function looks at."""
    code = assemble(text)
    functions = (Function("p", 0, len(code) // 8, "xdp", 0),)
    program = ProgramSpec("p", "xdp", type_, link=lambda: LinkedCode(code, functions))
    return Outline(Uses(CollectionSpec("test.o", programs={"p": program})), "p").inputs


def test_a_look_tells_each_function_that_is_meant() -> None:
    told: list[tuple[int, int, str]] = []
    found = uses("bpf/traffic.o")
    Outline(found, "count_traffic").look(lambda *each: told.append(each))
    assert told == [(1, 2, "count_traffic"), (2, 2, "fill")]
    told.clear()
    Outline(found, "count_traffic", 163).look(lambda *each: told.append(each))
    assert told == [(1, 1, "fill")]


def test_the_outline_of_a_program() -> None:
    found = Outline(uses("bpf/traffic.o"), "count_traffic")
    assert found.calls == (
        Called(CallKind.FUNCTION, "fill", (157,), 163, 20),
        Called(CallKind.HELPER, "bpf_ktime_get_ns", (11,), number=5),
        Called(CallKind.HELPER, "bpf_map_lookup_elem", (75, 92, 112), number=1),
        Called(CallKind.HELPER, "bpf_map_update_elem", (88, 125), number=2),
        Called(CallKind.HELPER, "bpf_ringbuf_reserve", (144,), number=131),
        Called(CallKind.HELPER, "bpf_ringbuf_submit", (160,), number=132),
    )
    assert found.callers == ()
    assert found.reads == (
        Touched("counting", ".data", (9,)),
        Touched("total_packets", ".bss", (66,)),
        Touched("total_bytes", ".bss", (70,)),
        Touched("traffic", "", (75, 92, 94, 98)),
        Touched("track_sources", ".rodata", (104,)),
        Touched("sources", "", (112, 128, 130)),
        Touched("sample_every", ".rodata", (134, 136)),
        Touched("lost_events", ".bss", (150,)),
    )
    assert found.writes == (
        Touched("total_packets", ".bss", (66,)),
        Touched("total_bytes", ".bss", (70,)),
        Touched("traffic", "", (88, 96, 100)),
        Touched("sources", "", (125, 128, 130, 131)),
        Touched("events", "", (144,)),
        Touched("lost_events", ".bss", (150,)),
    )
    assert found.uncertain == ()
    assert found.returns == (ReturnCode(2, "XDP_PASS", (161,)),)
    assert found.never_returned == ("XDP_ABORTED", "XDP_DROP", "XDP_TX", "XDP_REDIRECT")
    assert found.inputs == Inputs(
        (ContextUse("ctx->data", 0, (14,), ()), ContextUse("ctx->data_end", 4, (13,), ())),
        PacketUse(12, 55, (21, 22, 33, 35, 36, 46, 52, 54, 56, 58, 60), is_open=False),
        None,
        is_partial=False,
    )
    assert found.relocations == 0


def test_the_outline_of_a_function() -> None:
    found = Outline(uses("bpf/traffic.o"), "count_traffic", 163)
    assert found.function is not None
    assert found.function.name == "fill"
    assert found.calls == ()
    assert found.callers == (Called(CallKind.FUNCTION, "count_traffic", (157,), 0, 163),)
    assert (found.reads, found.writes) == ((), ())
    assert found.returns == (ReturnCode(None, "", (163,)),)  # void: r0 is what it is not
    assert found.never_returned == ()
    assert found.inputs == NOTHING


def test_tail_calls_lead_to_the_programs_of_their_array() -> None:
    index = uses("tests/objects/tail_calls.o")
    entry = Outline(index, "entry")
    assert entry.tail_calls == (
        TailCall(4, "filled_later", 0, ()),
        TailCall(9, "first_table", 1, ((1, "broken"),)),
        TailCall(14, "first_table", 0, ((0, "middle"),)),
    )
    assert entry.returns == (ReturnCode(0, "XDP_ABORTED", (15,)),)
    assert entry.never_returned == (), "what it calls may return anything"
    assert tail_callers(index, "last") == (TailCaller("second_table", 0, (("middle", 3),)),)
    assert tail_callers(index, "middle") == (TailCaller("first_table", 0, (("entry", 14),)),)
    assert tail_callers(index, "entry") == ()


def test_what_a_damaged_program_returns_is_not_known() -> None:
    broken = Outline(uses("tests/objects/tail_calls.o"), "broken")
    assert (broken.returns, broken.never_returned) == ((), ())


def test_results_of_helpers_and_subprograms() -> None:
    assert Outline(uses("tests/objects/callbacks.o"), "loop").returns == (ReturnCode(None, "bpf_loop", (10,)),)
    second = Outline(uses("tests/objects/subprograms.o"), "second")
    assert second.returns == (ReturnCode(1, "XDP_DROP", (3,)), ReturnCode(0, "XDP_ABORTED", (5,)))
    assert second.never_returned == ("XDP_PASS", "XDP_TX", "XDP_REDIRECT")


def test_callbacks_and_what_is_not_followed() -> None:
    found = Outline(uses("tests/objects/callbacks.o"), "each")
    assert found.calls == (
        Called(CallKind.CALLBACK, "add_value", (6,), 12, 8),
        Called(CallKind.HELPER, "bpf_for_each_map_elem", (9,), number=164),
    )
    assert found.uncertain == ("numbers",)


def test_kernel_functions_are_called() -> None:
    index = uses("tests/objects/externs.o")
    found = [
        (called.kind, called.name)
        for name in index.spec.programs
        for called in Outline(index, name).calls
        if called.kind is CallKind.KFUNC
    ]
    assert (CallKind.KFUNC, "bpf_rcu_read_lock") in found


@pytest.mark.parametrize(
    ("text", "type_", "read", "written", "is_partial"),
    [
        # one byte, and one at an offset that is worked out
        (
            "r1 = *(u32 *)(r1 +0)\nr0 = *(u8 *)(r1 +23)\nexit",
            ProgramType.XDP,
            PacketUse(23, 24, (1,), is_open=False),
            None,
            False,
        ),
        (
            "r2 = *(u32 *)(r1 +12)\nr1 = *(u32 *)(r1 +0)\nr1 += r2\nr0 = *(u8 *)(r1 +3)\nexit",
            ProgramType.XDP,
            PacketUse(0, 0, (3,), is_open=True),
            None,
            False,
        ),
        # a socket buffer's packet is where its own context says
        (
            "r1 = *(u32 *)(r1 +76)\n*(u16 *)(r1 +12) = 8\nr0 = 0\nexit",
            ProgramType.SCHED_CLS,
            None,
            PacketUse(12, 14, (1,), is_open=False),
            False,
        ),
        (
            "r6 = r1\nr0 = *(u16 *)skb[12]\nexit",
            ProgramType.SOCKET_FILTER,
            PacketUse(12, 14, (1,), is_open=False),
            None,
            False,
        ),
        (
            "r2 = 20\nr3 = r10\nr3 += -8\nr4 = 6\ncall bpf_skb_load_bytes\nexit",
            ProgramType.SCHED_CLS,
            PacketUse(20, 26, (4,), is_open=False),
            None,
            False,
        ),
        # a pointer that was loaded from memory may lead anywhere
        ("r1 = *(u64 *)(r10 -8)\nr0 = *(u8 *)(r1 +0)\nexit", ProgramType.XDP, None, None, True),
        # two ways, two offsets
        (
            "r1 = *(u32 *)(r1 +0)\nr2 = r1\nif r1 == 0 goto out\nr2 += 4\nout:\nr0 = *(u8 *)(r2 +14)\nexit",
            ProgramType.XDP,
            PacketUse(0, 0, (4,), is_open=True),
            None,
            False,
        ),
    ],
)
def test_bytes_of_the_packet(
    text: str, type_: ProgramType, read: PacketUse | None, written: PacketUse | None, is_partial: bool
) -> None:
    found = inputs(text, type_)
    assert (found.read, found.written, found.is_partial) == (read, written, is_partial)


def test_fields_of_the_context() -> None:
    found = inputs("r2 = *(u32 *)(r1 +0)\n*(u32 *)(r1 +8) = 7\nr0 = *(u32 *)(r1 +48)\nexit", ProgramType.SCHED_CLS)
    assert found.context == (
        ContextUse("ctx->len", 0, (0,), ()),
        ContextUse("ctx->mark", 8, (), (1,)),
        ContextUse("ctx->cb[0]", 48, (2,), ()),
    )


def test_there_is_no_such_program() -> None:
    with pytest.raises(UnknownNameError):
        Outline(uses("bpf/traffic.o"), "count")
