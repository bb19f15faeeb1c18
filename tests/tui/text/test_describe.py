"""What the overview says of each kind of node, whole."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from bpftui.core.analysis.outline import Called, CallKind, Outline, Touched, tail_callers
from bpftui.core.analysis.xrefs import Uses
from bpftui.core.runtime.theirs import Related
from bpftui.core.spec import CollectionSpec
from bpftui.tui.controllers.outlines import Known
from bpftui.tui.jumps import CodePlace
from bpftui.tui.nodes import Node, NodeKind
from bpftui.tui.text.describe import describe
from bpftui.tui.text.outline import outline_on
from bpftui.tui.text.page import Page

if TYPE_CHECKING:
    from bpftui.core.runtime.theirs import Theirs

OBJECTS = Path(__file__).parents[2] / "objects"
PAGES = [
    (
        "nested_maps.o",
        Node(NodeKind.MAP, "outer_array"),
        """
outer_array  map

type          array_of_maps
key           __u32  4 B
value         4 bytes  4 B
max entries   4
section       .maps
used by       through_outer

Inner maps
  array  4 → 8 bytes, 4 entries

Initial entries
  0 → inner_a
  2 → inner_b
""",
    ),
    (
        "nested_maps.o",
        Node(NodeKind.MAP, "inner_a"),
        """
inner_a  map

type          array
key           __u32  4 B
value         __u64  8 B
max entries   4
section       .maps
""",
    ),
    (
        "congestion.o",
        Node(NodeKind.MAP, "bpftui_half"),
        """
bpftui_half  map

type          struct_ops
key           4 bytes  4 B
value         struct tcp_congestion_ops___newer  56 B
max entries   1
flags         link
section       .struct_ops.link

Functions
  .ssthresh = half
  .cong_avoid = avoid
  .undo_cwnd = undo
  .dream = dreaming

Types
struct tcp_congestion_ops___newer {
    __u32 (*ssthresh)(struct sock *);
    void (*cong_avoid)(struct sock *, __u32, __u32);
    __u32 (*undo_cwnd)(struct sock *);
    __u32 (*dream)(struct sock *);
    __u64 wish;
    char name[16];
};
""",
    ),
    (
        "values.o",
        Node(NodeKind.VARIABLE, "points"),
        """
points  variable

value         [{x=1, y=-1}, {x=2, y=-2}, {x=3, y=-3}]
bytes         01 00 00 00 ff ff ff ff 02 00 00 00 fe ff ff ff 03 00 00 00 fd ff ff ff
place         .data+0x98  24 B
type          struct point[3]
can be set    yes, before and after the load

Types
struct point {
    __s32 x;
    __s32 y;
};

enter or 3 goes to the variables; e edits there
""",
    ),
    (
        "dead_by_constants.o",
        Node(NodeKind.VARIABLE, "least"),
        """
least  constant

value         5
bytes         05 00 00 00
place         .rodata+0x8  4 B
type          int
can be set    yes, until the load

enter or 3 goes to the variables; e edits there
""",
    ),
    (
        "dead_by_constants.o",
        Node(NodeKind.PROGRAM, "getter"),
        """
getter  program, 2 functions

type ✎        xdp
attach type   xdp
section       xdp
license       Dual MIT/GPL
instructions  11  88 B
source lines  6  from .BTF.ext

looking at its code …
""",
    ),
    (
        "subprograms.o",
        Node(NodeKind.FUNCTION, "weak_answer", "first"),
        """
weak_answer()  function of first

program       first
section       .text+0x90
instructions  9  from 11 in the linked code
linkage       global: verified by itself

looking at its code …
""",
    ),
    (
        "names.o",
        Node(NodeKind.SECTION, ".bss"),
        """
.bss  data section, loaded as an array map of one entry

size          72 B
access        read and write
used by       first

Variables
  __u32 table[16]  +0x0
""",
    ),
    (
        "externs.o",
        Node(NodeKind.EXTERNS),
        """
Expected from the kernel  externs, and what they are on this machine


Configuration
  bool CONFIG_THAT_IS_NOT_THERE  optional
  int LINUX_KERNEL_VERSION

Symbols
  const void init_task  optional
  const void symbol_that_is_not_there  optional

Functions
  void bpf_rcu_read_lock(void)  optional
  void bpf_rcu_read_unlock(void)  optional
  int kfunc_that_is_not_there(int)  optional

looking them up …
""",
    ),
    (
        "names.o",
        Node(NodeKind.COLLECTION),
        """
names.o  BPF object

file          …/names.o
byte order    little-endian
license       Dual MIT/GPL
types         60
compiler      clang version 19.1.7
programs      2
maps          4  and 3 data sections
variables     2
not usable    1  in the file, with reasons in the tree

Programs
  second  xdp · xdp
  first  xdp · xdp

Maps
  only  array · __u32 → struct stats · 1 entries
  nested  array_of_maps · __u32 → array · 2 entries
  jumps  prog_array · __u32 → 4 bytes · 2 entries
  stats  hash · __u32 → struct stats · 64 entries

What next
  2  read the code
  3  set variables, constants too, before the load
  L  load everything into the kernel
  ?  all keys
""",
    ),
]


@pytest.mark.parametrize(("name", "node", "page"), PAGES, ids=[f"{node.kind} {node.name}" for _, node, _ in PAGES])
def test_pages(name: str, node: Node, page: str) -> None:
    said = describe(CollectionSpec.from_file(OBJECTS / name), node).plain.replace(str(OBJECTS), "…")
    assert [line.rstrip() for line in said.splitlines()] == page.strip("\n").splitlines()


def with_outline(path: Path, node: Node) -> list[str]:
    """Return the lines of a page, of which all is known."""
    spec = CollectionSpec.from_file(path)
    uses = Uses(spec)
    known = Known(uses=uses.of(node.name))
    if node.kind is NodeKind.PROGRAM:
        known = Known(Outline(uses, node.name), tail_callers(uses, node.name))
    return [line.plain.rstrip() for line in describe(spec, node, known=known).lines]


def test_what_a_program_does() -> None:
    lines = with_outline(OBJECTS.parents[1] / "bpf/traffic.o", Node(NodeKind.PROGRAM, "count_traffic"))
    assert lines[7:] == [
        "calls         fill() traffic.c:161  20 instructions, called from 157",
        "              bpf_ktime_get_ns   bpf_map_lookup_elem ×3   bpf_map_update_elem ×2   bpf_ringbuf_reserve   "
        "bpf_ringbuf_submit",
        "called by     nobody here: it is an entry, and in no program array of the object",
        "reads         counting at 9   total_packets at 66   total_bytes at 70   traffic at 75 92 94 98   "
        "track_sources at 104   sources at 112 128 130   sample_every at 134 136   lost_events at 150",
        "writes        total_packets at 66   total_bytes at 70   traffic at 88 96 100   sources at 125 128 130 131   "
        "events at 144   lost_events at 150",
        "returns       XDP_PASS (2) at 161; never XDP_ABORTED, XDP_DROP, XDP_TX, XDP_REDIRECT",
        "reads from    packet 12 … 54 at 21 22 33 35 36 46 52 54 56 58 +1   ctx->data at 14   ctx->data_end at 13",
        "CO-RE         none needed",
    ]


def test_a_page_of_thousands_of_functions_lists_some_and_counts_the_rest() -> None:
    outline = Outline(Uses(CollectionSpec.from_file(OBJECTS.parents[1] / "bpf/traffic.o")), "count_traffic")
    calls = [Called(CallKind.FUNCTION, f"function_{number}", (number,), 157, 20) for number in range(5000)]
    reads = [Touched("traffic", "", (number,)) for number in range(4000)]
    outline.calls, outline.reads = (*calls, Called(CallKind.HELPER, "bpf_ktime_get_ns", (5,), number=5)), tuple(reads)
    page = Page("count_traffic", "program")
    outline_on(page, outline, ())
    lines = [line.plain.rstrip() for line in page.lines]
    assert lines[100:104] == [
        "              function_99() traffic.c:175  20 instructions, called from 99",
        "              +4,900 functions, which the tree has below it",
        "              bpf_ktime_get_ns",
        "called by     nobody here: it is an entry, and in no program array of the object",
    ]
    assert lines[104].startswith("reads         traffic at 0   traffic at 1   ")
    assert lines[104].endswith("   traffic at 99   +3,900")


def test_tail_calls_and_who_makes_them() -> None:
    lines = with_outline(OBJECTS / "tail_calls.o", Node(NodeKind.PROGRAM, "entry"))
    assert lines[11:15] == [
        "tail calls    filled_later[0] at 4 → ? the object leaves it empty: whoever loads it fills it",
        "              first_table[1] at 9 → broken",
        "              first_table[0] at 14 → middle",
        "returns       XDP_ABORTED (0) at 15, ? what its tail calls return",
    ]
    lines = with_outline(OBJECTS / "tail_calls.o", Node(NodeKind.PROGRAM, "last"))
    assert lines[8] == "called by     second_table[0] by middle at 3"


def test_tail_calls_lead_to_programs_that_there_are() -> None:
    spec = CollectionSpec.from_file(OBJECTS / "tail_calls.o")
    known = Known(Outline(Uses(spec), "entry"), ())
    page = describe(spec, Node(NodeKind.PROGRAM, "entry"), known=known)
    targets = {
        part.text: part.target for line in page.lines for part in line.parts if part.text in ("broken", "middle")
    }
    assert targets == {name: Node(NodeKind.PROGRAM, name) for name in ("broken", "middle")}
    del spec.programs["broken"]
    page = describe(spec, Node(NodeKind.PROGRAM, "entry"), known=known)
    targets = {
        part.text: part.target for line in page.lines for part in line.parts if part.text in ("broken", "middle")
    }
    assert targets == {"broken": None, "middle": Node(NodeKind.PROGRAM, "middle")}


def test_what_a_program_array_of_others_holds_is_in_the_map() -> None:
    spec = CollectionSpec.from_file(OBJECTS / "tail_calls.o")
    known = Known(Outline(Uses(spec), "entry"), ())
    page = describe(spec, Node(NodeKind.PROGRAM, "entry"), known=known, theirs=cast("Theirs", Holders()))
    assert "tail calls    filled_later[0] at 4 → what the map holds (4)" in page.plain.splitlines()


def test_what_is_not_known_says_so() -> None:
    lines = with_outline(OBJECTS / "callbacks.o", Node(NodeKind.PROGRAM, "each"))
    assert "reads         numbers at ≥ 9" in lines
    assert "returns       ? what bpf_for_each_map_elem returns at 9" in lines


def test_who_uses_a_map() -> None:
    lines = with_outline(OBJECTS.parents[1] / "bpf/traffic.o", Node(NodeKind.MAP, "traffic"))
    assert lines[6:9] == [
        "read by       count_traffic at 75 92 94 98",
        "written by    count_traffic at 88 96 100",
        "named by      count_traffic at 73 84 89",
    ]


def test_each_name_leads_somewhere() -> None:
    spec = CollectionSpec.from_file(OBJECTS.parents[1] / "bpf/traffic.o")
    uses = Uses(spec)
    page = describe(spec, Node(NodeKind.PROGRAM, "count_traffic"), known=Known(Outline(uses, "count_traffic"), ()))
    calls = next(line for line in page.lines if line.plain.startswith("calls"))
    assert [part.target for part in calls.parts if part.target] == [
        Node(NodeKind.FUNCTION, "fill", "count_traffic"),
        CodePlace("count_traffic", 157),
    ]
    reads = next(line for line in page.lines if line.plain.startswith("reads "))
    assert [part.target for part in reads.parts if part.target][:4] == [
        Node(NodeKind.VARIABLE, "counting"),
        CodePlace("count_traffic", 9),
        Node(NodeKind.VARIABLE, "total_packets"),
        CodePlace("count_traffic", 66),
    ]


class Holders:
    """Maps of which two have each."""

    def users(self, map_name: str) -> tuple[Related, ...]:
        return (
            Related(f"program 42 count_{map_name} uses it, on eth1", "prog", 42),
            Related("agent 812 has it open", "proc", 812),
        )


def described_alone(node: Node) -> list[str]:
    """Return the lines of a page where others have loaded the maps, and no program of theirs is open."""
    spec = CollectionSpec.from_file(OBJECTS / "nested_maps.o")
    spec.programs.clear()
    spec.license = ""
    return describe(spec, node, theirs=cast("Theirs", Holders())).plain.splitlines()


def test_a_map_of_others_says_who_has_it() -> None:
    lines = described_alone(Node(NodeKind.MAP, "routes"))
    at = lines.index("who has it    program 42 count_routes uses it, on eth1")
    assert lines[at + 1] == "              agent 812 has it open"
    assert not any(line.startswith("used by") for line in lines)


def test_maps_without_programs_offer_nothing_of_programs() -> None:
    lines = described_alone(Node(NodeKind.PROGRAMS))
    assert lines[0] == "nested_maps.o  loaded by others"
    assert not any(line.startswith(("license", "Programs", "  2 ")) for line in lines)
    assert "  4  see what the maps hold, live; e changes an entry, after a question" in lines
