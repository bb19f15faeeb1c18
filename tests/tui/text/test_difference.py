"""A comparison as lines: a whole one to the letter, and what two versions of an object that is there do not have."""

from __future__ import annotations

from dataclasses import replace

from bpftui.core.diff import Change, Item, ObjectDiff, diff
from bpftui.core.diff.changes import Fact
from bpftui.core.diff.costs import Cost, CostDiff
from bpftui.core.spec import CollectionSpec
from bpftui.tui.text.difference import diff_lines
from tests.core.diff.listings import spec_of

VERSIONS = """\
--- tests/objects/versions.o
+++ tests/objects/versions.new.o
~ license: 'GPL' → 'Dual MIT/GPL'
~ program count  xdp  in count, weigh
    instructions: 38 → 42
- program gone  xdp
+ program fresh  xdp
~ map counts
    value_size: 16 bytes → 24 bytes
    max_entries: 1,024 → 2,048
    breaks: max_entries is 2,048 instead of 1,024
    breaks: value grew from 16 to 24 bytes
    breaks: member bytes moved from 8 to 16
- map recent_ones
    breaks: it is gone
+ map recent
~ map .data
    size: 4 bytes → 8 bytes
+ variable inserted
~ variable cfg
    value of cfg.limit: 5 → 9
    breaks: LAX is 1 instead of 0
    breaks: STRICT is 2 instead of 1
~ struct stats
    size: 16 bytes → 24 bytes
    errors: 8: __u64 (new)
    bytes: 8: __u64 → 16: __u64
    breaks: member bytes moved from 8 to 16
~ struct task_struct
    size: 4 bytes → 8 bytes
    tgid: 0: int (new)
    pid: 0: int → 4: int
~ enum mode
    OFF: 0 (new)
    LAX: 0 → 1
    STRICT: 1 → 2
    breaks: LAX is 1 instead of 0
    breaks: STRICT is 2 instead of 1
~ section xdp
    size: 288 → 320
~ section .data
    size: 4 → 8
~ section license
    size: 4 → 13

~ function count  xdp  +4
@@ 17-17 → 17-21 @@ ; total += length; @ versions.c:85
   17   17    *(u64 *)(r1 +0) = r2
           +  ; if (length > 1500) @ versions.c:87
        18 +  if w6 < 0x5dd goto L1
           +  ; stats->errors += 1; @ versions.c:88
        19 +  r1 = *(u64 *)(r0 +8)
        20 +  r1 += 1
        21 +  *(u64 *)(r0 +8) = r1
           + L1:
              ; return weigh(stats, length); @ versions.c:90

~ function weigh  .text  -2 +2
@@ 3-6 → 3-6 @@ ; stats->bytes += length; @ versions.c:72
    3    3    w2 = w2
    4      -  r3 = *(u64 *)(r1 +8)
         4 +  r3 = *(u64 *)(r1 +16)
    5    5    r3 += r2
    6      -  *(u64 *)(r1 +8) = r3
         6 +  *(u64 *)(r1 +16) = r3
              ; return stats->bytes > cfg.limit ? XDP_DROP : XDP_PASS; @ versions.c:73

- function gone  xdp  -11
@@ 0-11 → - @@ gone
           -  ; int gone(struct xdp_md *ctx) @ versions.c:103
    0      -  w1 = 1
           -  ; __u32 key = 1; @ versions.c:105
    1      -  *(u32 *)(r10 -4) = r1
    2      -  r2 = r10
    3      -  r2 += -4
           -  ; return bpf_map_lookup_elem(&recent_ones, &key) ? XDP_DROP : XDP_PASS; @ versions.c:107
    4      -  r1 = map[recent_ones]
    6      -  call bpf_map_lookup_elem#1
    7      -  r1 = r0
    8      -  w0 = 2
    9      -  if r1 == 0x0 goto L1
   10      -  w0 = 1
           - L1:
   11      -  exit

+ function fresh  xdp  +11
@@ - → 0-11 @@ fresh
           +  ; int fresh(struct xdp_md *ctx) @ versions.c:95
         0 +  w1 = 1
           +  ; __u32 key = 1; @ versions.c:97
         1 +  *(u32 *)(r10 -4) = r1
         2 +  r2 = r10
         3 +  r2 += -4
           +  ; return bpf_map_lookup_elem(&recent, &key) ? XDP_DROP : XDP_PASS; @ versions.c:99
         4 +  r1 = map[recent]
         6 +  call bpf_map_lookup_elem#1
         7 +  r1 = r0
         8 +  w0 = 2
         9 +  if r1 == 0x0 goto L1
        10 +  w0 = 1
           + L1:
        11 +  exit

programs: 1 changed, 1 added, 1 removed; functions: 2 changed, 1 added, 1 removed; \
maps: 2 changed, 1 added, 1 removed; variables: 1 changed, 1 added; types: 3 changed; 5 layouts break
counts: a map has gone
"""


def told(found: ObjectDiff, *, context: int = 0, color: bool = False, ascii_only: bool = True) -> str:
    return "\n".join(str(line) for line in diff_lines(found, color=color, context=context, ascii_only=ascii_only))


def empty(**parts: object) -> ObjectDiff:
    """Return a comparison of two objects that hold nothing but what is given."""
    return ObjectDiff(CollectionSpec("old.o"), CollectionSpec("new.o"), **parts)  # pyright: ignore[reportArgumentType]


def code(old: str, new: str) -> ObjectDiff:
    return diff(spec_of(old), spec_of(new))


HEAD = "--- old.o\n+++ new.o\n"


def test_two_versions() -> None:
    old, new = (CollectionSpec.from_file(f"tests/objects/versions{each}.o") for each in ("", ".new"))
    lines = diff_lines(diff(old, new), color=False, context=1, failed=["a map has gone"], ascii_only=False)
    assert "\n".join(map(str, lines)) + "\n" == VERSIONS


def test_nothing_is_said_of_what_is_the_same() -> None:
    assert told(empty()) == ""
    assert told(empty(costs=(CostDiff("p", Cost(ok=True), Cost(ok=True)),))) == ""
    assert told(empty(remarks=("another compiler",))) == (
        f"{HEAD}    another compiler\n\nprograms and data are the same"
    )
    assert told(empty(not_compared=("p is damaged",))) == f"{HEAD}    p is damaged\n\nnot all could be compared"


def test_what_programs_cost() -> None:
    costs = (
        CostDiff("same", Cost(ok=True), Cost(ok=True)),
        CostDiff("grows", Cost(True, 100, 10, 400), Cost(True, 1250, 9, 400)),
        CostDiff("from_nothing", Cost(True, 0, None, 0), Cost(True, 0, 5, 8)),
        CostDiff("breaks", Cost(True, 100, 10, 400), Cost(ok=False, error="R1 is invalid\nand more")),
        CostDiff("gone", Cost(ok=False, error="too large"), None),
        CostDiff("fresh", None, Cost(ok=True)),
    )
    assert (
        told(empty(costs=costs))
        == f"""{HEAD}\
~ cost grows
    verified instructions: 100 -> 1,250 (+1150.0 %)
    states: 10 -> 9 (-10.0 %)
~ cost from_nothing
    bytes of native code: 0 -> 8 (+inf %)
~ cost breaks
    loads -> does not load: R1 is invalid
~ cost gone
    does not load: too large (gone)
~ cost fresh
    loads (new)

programs and data are the same"""
    )
    colored = told(empty(costs=costs[1:2]), color=True)
    assert "\x1b[31m1,250 (+1150.0 %)\x1b[0m" in colored
    assert "\x1b[32m9 (-10.0 %)\x1b[0m" in colored


def test_what_is_much_is_counted() -> None:
    facts = tuple(Fact(f"f{number}", "1", "2") for number in range(67))
    breaks = tuple(f"b{number}" for number in range(66))
    lines = told(empty(types=(Item("struct s", Change.CHANGED, facts, breaks),))).split("\n")
    assert lines[2:4] == ["~ struct s", "    f0: 1 -> 2"]
    assert lines[66:68] == ["    f63: 1 -> 2", "    breaks: b0"]
    assert lines[130:] == [
        "    breaks: b63",
        "    … 5 more (--json has all)",
        "",
        "types: 1 changed; 1 layout breaks",
    ]
    (program,) = code("r0 = 1; exit", "r0 = 2; exit").programs
    assert "~ program f  socket_filter  in f\n" in told(empty(programs=(program,)))
    for count, names in ((3, "f, f, f"), (5, "f, f, f and 2 more")):
        several = replace(program, functions=program.functions * count)
        assert f"~ program f  socket_filter  in {names}\n" in told(empty(programs=(several,)))


def test_only_registers_differ() -> None:
    found = code("r6 = r1; r7 = 2; r0 = r6; exit", "r8 = r1; r7 = 2; r0 = r8; exit")
    assert (
        told(found)
        == """\
--- f.o
+++ f.o
~ program f  socket_filter  in f

~ function f  socket  ~2
    does the same, with values in other registers: r6 -> r8
@@ 0-0 -> 0-0 @@ f
    0    0 ~  r8 = r1  ; r6 = r1
@@ 2-2 -> 2-2 @@ f
    2    2 ~  r0 = r8  ; r0 = r6

programs: 1 changed; functions: 1 changed"""
    )


def test_old_sides_stand_before_new_ones_and_what_differs_is_underlined() -> None:
    found = code("r0 = 1; r2 = 7; exit", "r0 = 2; r2 = 9; r3 = 4; exit")
    assert (
        told(found, context=1)
        == """\
--- f.o
+++ f.o
~ program f  socket_filter  in f
    instructions: 3 -> 4

~ function f  socket  -2 +3
@@ 0-2 -> 0-3 @@ f
    0      -  r0 = 1
    1      -  r2 = 7
         0 +  r0 = 2
         1 +  r2 = 9
         2 +  r3 = 4
    2    3    exit

programs: 1 changed; functions: 1 changed"""
    )
    colored = told(found, color=True)
    assert "\x1b[31mr0 = \x1b[0m\x1b[1;4;31m1\x1b[0m" in colored
    assert "\x1b[32mr2 = \x1b[0m\x1b[1;4;32m9\x1b[0m" in colored
    assert "\x1b[32mr3 = 4\x1b[0m" in colored, "nothing is beside it"
