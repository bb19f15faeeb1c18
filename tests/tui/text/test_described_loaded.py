"""What the overview says of what is loaded, foreseen, refused, recorded or of others: each page whole."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from bpftui.core.errors import LoadError
from bpftui.core.runtime import ExternAnswer, Forecast, ProgramInfo
from bpftui.core.runtime.facts import Obstacle
from bpftui.core.runtime.theirs import Related
from bpftui.core.spec import CollectionSpec
from bpftui.tui.controllers.outlines import Known
from bpftui.tui.nodes import Node, NodeKind
from bpftui.tui.targets import Setting, Thing
from bpftui.tui.text.describe import describe

if TYPE_CHECKING:
    from bpftui.core.live import Sample
    from bpftui.core.runtime import Collection
    from bpftui.core.runtime.theirs import Theirs

ROOT = Path(__file__).parents[3]
TRAFFIC = ROOT / "bpf/traffic.o"
PROGRAM = Node(NodeKind.PROGRAM, "count_traffic")


class Others:
    """Those who have it loaded."""

    streams = "unread"

    def places(self, program: str) -> tuple[Related, ...]:
        return (Related(f"xdp eth1 by {program}", "link", 5),)

    def holders(self, program: str) -> tuple[Related, ...]:
        return (Related(f"agent 812 has {program} open", "proc", 812),)

    def users(self, map_name: str) -> tuple[Related, ...]:
        return (Related(f"program 42 uses {map_name}", "prog", 42), Related("agent 812 has it open", "proc", 812))


def loaded(spec: CollectionSpec) -> Collection:
    """Return what a runtime has of an object: all that the page asks for."""
    found = SimpleNamespace(
        programs=dict.fromkeys(spec.programs, object()),
        maps={name: SimpleNamespace(id=70 + number) for number, name in enumerate(spec.maps)},
        variables={name: SimpleNamespace(read_only=each.constant) for name, each in spec.variables.items()},
    )
    return cast("Collection", found)


def sample(**parts: Any) -> Sample:
    return cast("Sample", SimpleNamespace(**({"programs": {}, "variables": {}} | parts)))


def info(**more: Any) -> ProgramInfo:
    """Return what is known of a program that ran 3 times for 1.5 µs each."""
    return replace(ProgramInfo(42, "0123456789abcdef", 3, 4500, 1234, 1536, 1024), **more)


def page(node: Node, *parts: Any, path: Path = TRAFFIC, **more: Any) -> list[str]:
    """Return the lines of a page of an object that is loaded, if not said otherwise."""
    spec = CollectionSpec.from_file(path)
    where = more.pop("loaded", loaded(spec))
    said = describe(spec, node, where, *parts, **more)
    return [line.plain.rstrip().replace(str(ROOT), "…") for line in said.lines]


def part(lines: list[str], title: str) -> list[str]:
    """Return what stands below a heading, up to the next one."""
    found = lines[lines.index(title) + 1 :]
    return found[: found.index("")] if "" in found else found


def test_a_program_that_ran() -> None:
    lines = page(PROGRAM, sample=sample(programs={"count_traffic": info()}))
    assert part(lines, "Loaded") == [
        "id            42",
        "tag           0123456789abcdef",
        "verified      1,234 instructions  walked by the verifier",
        "translated    1.5 KiB",
        "native code   1 KiB",
        "runs          3  1.5 µs each",
    ]
    assert lines[0] == "type          xdp"  # it cannot be set any more
    assert lines[-1] == "looking at its code …"


def test_a_program_of_which_the_kernel_tells_less() -> None:
    facts = info(verified_insns=None, jited_size=0, run_cnt=0)
    lines = page(PROGRAM, sample=sample(programs={"count_traffic": facts}))
    assert part(lines, "Loaded") == [
        "id            42",
        "tag           0123456789abcdef",
        "translated    1.5 KiB",
        "native code   none: interpreted",
    ]


def test_a_program_before_its_first_sample() -> None:
    for known in (None, sample()):
        assert part(page(PROGRAM, sample=known), "Loaded") == ["its numbers come with the next sample"]


def test_a_program_of_others() -> None:
    others = Others()
    lines = page(PROGRAM, theirs=cast("Theirs", others), sample=sample(programs={"count_traffic": info(run_cnt=0)}))
    assert part(lines, "Loaded")[5:] == [
        "attached      ▲ xdp eth1 by count_traffic",
        "who has it    agent 812 has count_traffic open",
        "streams ✎     not read: that takes their lines from its owner",
    ]
    others.streams = "read"
    lines = page(PROGRAM, theirs=cast("Theirs", others), sample=sample(programs={"count_traffic": info(run_cnt=0)}))
    assert part(lines, "Loaded")[-1] == "streams       read: their lines are in the tab Printed"
    others.streams = ""
    lines = page(PROGRAM, theirs=cast("Theirs", others), sample=sample(programs={"count_traffic": info(run_cnt=0)}))
    assert part(lines, "Loaded")[-1].startswith("who has it ")


def test_who_has_it_leads_there() -> None:
    spec = CollectionSpec.from_file(TRAFFIC)
    said = describe(spec, PROGRAM, loaded(spec), theirs=cast("Theirs", Others()))
    leads = {line.plain.partition(" ")[0]: line.parts[-1].target for line in said.lines if line.parts}
    assert (leads["attached"], leads["who"]) == (Thing("link", 5), Thing("proc", 812))


def test_a_look_that_was_given_up() -> None:
    lines = page(PROGRAM, known=Known(given_up=True))
    assert lines[-2:] == [
        "",
        "what its code does is not known: the look at it was given up; chosen again, it begins anew",
    ]
    assert page(PROGRAM, known=Known())[-1] != "looking at its code …"


def test_what_is_foreseen_of_a_program() -> None:
    obstacles = (
        Obstacle("helper bpf_new is not there", "Linux 6.99 has it", (3,)),
        Obstacle("instruction is not known", "Linux 6.99 has it", (1, 2, 3, 4, 5)),
        Obstacle("map sources cannot be created"),
    )
    lines = page(PROGRAM, loaded=None, forecast=Forecast({}, {"count_traffic": obstacles}))
    assert lines[:6] == [
        "✗ cannot be loaded here:",
        "    instruction 3: helper bpf_new is not there",
        "    instructions 1, 2, 3, 4, …: instruction is not known",
        "    map sources cannot be created",
        "  → Linux 6.99 has it",
        "",
    ]
    lines = page(PROGRAM, loaded=None, forecast=Forecast({}, {}))
    assert lines[:3] == [
        "✓ nothing known keeps it from being loaded here; the verifier has the last word",
        "",
        "type ✎        xdp",
    ]


def test_more_obstacles_than_are_listed() -> None:
    obstacles = tuple(Obstacle(f"reason {number}") for number in range(60))
    lines = page(PROGRAM, loaded=None, forecast=Forecast({}, {"count_traffic": obstacles}))
    said = [line for line in lines if line.startswith("    ")]
    assert said[0] == "    reason 0"
    assert said[-1] == f"    and {60 - (len(said) - 1)} more"


def test_what_was_refused() -> None:
    problem = LoadError("cannot load program count_traffic: it is too long", hint="make it shorter")
    lines = page(PROGRAM, loaded=None, problems={"count_traffic": problem})
    assert lines[:4] == ["✗ was not loaded:", "    it is too long", "  → make it shorter", ""]
    lines = page(PROGRAM, loaded=None, problems={"count_traffic": LoadError("no memory: none is left")})
    assert lines[:3] == ["✗ was not loaded:", "    no memory: none is left", ""]


def test_a_map_that_is_loaded() -> None:
    lines = page(Node(NodeKind.MAP, "sources"), theirs=cast("Theirs", Others()))
    at = lines.index("loaded as     id 71")
    assert lines[at + 1 : at + 4] == [
        "who has it    program 42 uses sources",
        "              agent 812 has it open",
        "used by       count_traffic",
    ]
    obstacle = Forecast({"sources": (Obstacle("maps of type lru_hash are not known"),)}, {})
    lines = page(Node(NodeKind.MAP, "sources"), loaded=None, forecast=obstacle)
    assert lines[:3] == ["✗ cannot be loaded here:", "    maps of type lru_hash are not known", ""]


def test_a_section_that_is_loaded() -> None:
    lines = page(Node(NodeKind.SECTION, ".bss"), theirs=cast("Theirs", Others()))
    assert lines[0] == "size          24 B"
    assert "who has it    program 42 uses .bss" in lines
    assert any(line.startswith("loaded as     id 7") for line in lines)


def test_a_variable_that_is_loaded() -> None:
    """What it holds now, what the file has where that is another value, and whether it can be set."""
    node = Node(NodeKind.VARIABLE, "sample_every")
    spec = CollectionSpec.from_file(TRAFFIC)
    size = len(spec.variables["sample_every"].head)
    was = page(node, loaded=None)[0].removeprefix("value").strip()
    lines = page(node, sample=sample(variables={"sample_every": (7).to_bytes(size, "little")}))
    assert lines[:3] == [
        "value         7 •  now",
        f"in the file   {was}",
        f"bytes         07{' 00' * (size - 1)}",
    ]
    constant = spec.variables["sample_every"].constant
    told = "no: frozen since the load" if constant else "yes, takes effect at once"
    assert f"can be set    {told}" in lines
    assert page(node)[0] == f"value         {was}"  # before the first sample


def test_a_variable_that_was_set() -> None:
    spec = CollectionSpec.from_file(TRAFFIC)
    spec.set("sample_every", 9)
    lines = [line.plain.rstrip() for line in describe(spec, Node(NodeKind.VARIABLE, "sample_every")).lines]
    assert lines[0] == "value         9 *"
    assert lines[1].startswith("in the file   ")


def test_what_comes_next_depends_on_where_it_is() -> None:
    node = Node(NodeKind.COLLECTION)
    assert part(page(node), "What next") == [
        "  A  attach a program; the sandbox is harmless and has traffic",
        "  R  run a program on a packet",
        "  4  see what the maps hold, live",
        "  ?  all keys",
    ]
    assert part(page(node, theirs=cast("Theirs", Others())), "What next") == [
        "  2  read the code; v has the native code beside it",
        "  4  see what the maps hold, live; e changes an entry, after a question",
        "  ?  all keys",
    ]
    assert part(page(node, past=True), "What next") == [
        "  , .  the sample before, the next one; p plays them",
        "  4  see what the maps held; w draws a number over time",
        "  d  step through a run of a program, on what the maps held",
        "  ?  all keys",
    ]


def test_which_programs_of_an_object_can_be_loaded() -> None:
    node, path = Node(NodeKind.COLLECTION), ROOT / "tests/objects/names.o"
    lines = page(node, loaded=None, path=path, forecast=Forecast({}, {"second": (Obstacle("x"),)}))
    assert part(lines, "Programs") == [
        "  ✗ second  xdp · xdp",
        "  ✓ first  xdp · xdp",
        "✗ cannot be loaded here: 1 of 2; each says why",
    ]
    lines = page(node, loaded=None, path=path, problems={"first": LoadError("no")})
    assert part(lines, "Programs") == [
        "  ✓ second  xdp · xdp",
        "  ✗ first  xdp · xdp",
        "✗ was not loaded: 1 of 2; each says why",
    ]
    assert part(page(node, path=path), "Programs") == ["  second  xdp · xdp", "  first  xdp · xdp"]


def test_what_externs_are_on_this_machine() -> None:
    answers = {
        "LINUX_KERNEL_VERSION": ExternAnswer("LINUX_KERNEL_VERSION", True, "6.18.5"),
        "init_task": ExternAnswer("init_task", True, "0xffffffff81000000", "ksym", True),
        "symbol_that_is_not_there": ExternAnswer("symbol_that_is_not_there", False, "not there", "ksym", True),
        "bpf_rcu_read_lock": ExternAnswer("bpf_rcu_read_lock", False, "no such function", "kfunc", False),
    }
    lines = page(Node(NodeKind.EXTERNS), answers, path=ROOT / "tests/objects/externs.o", loaded=None)
    assert part(lines, "Configuration") == [
        "  bool CONFIG_THAT_IS_NOT_THERE  optional",
        "  int LINUX_KERNEL_VERSION",
        "    ✓ 6.18.5",
    ]
    assert part(lines, "Symbols") == [
        "  const void init_task  optional",
        "    ✓ 0xffffffff81000000",
        "  const void symbol_that_is_not_there  optional",
        "    – not there",
    ]
    assert "looking them up …" not in lines


def test_what_cannot_be_used_says_why() -> None:
    lines = page(Node(NodeKind.HIDDEN_ALL), path=ROOT / "tests/objects/names.o", loaded=None)
    spec = CollectionSpec.from_file(ROOT / "tests/objects/names.o")
    (hidden,) = spec.hidden
    assert lines == [f"{hidden.kind:<14}{hidden.name}  {hidden.reason}"]
    assert page(Node(NodeKind.HIDDEN, hidden.name), path=ROOT / "tests/objects/names.o", loaded=None) == lines
    assert page(Node(NodeKind.HIDDEN, "another"), path=ROOT / "tests/objects/names.o", loaded=None) == []


def test_jump_tables_of_a_program() -> None:
    path = ROOT / "tests/objects/jump_tables.o"
    spec = CollectionSpec.from_file(path)
    name = next(each.name for each in spec.programs.values() if each.linked.tables)
    lines = page(Node(NodeKind.PROGRAM, name), path=path, loaded=None)
    found = part(lines, "Jump tables")
    assert len(found) == len(spec.programs[name].linked.tables)
    assert all(line.endswith(" entries: a map of type insn_array when it is loaded") for line in found)


def test_the_type_can_be_set_before_the_load() -> None:
    spec = CollectionSpec.from_file(TRAFFIC)
    said = describe(spec, PROGRAM)
    assert [part.target for line in said.lines for part in line.parts if part.text == "✎"] == [Setting.PROGRAM_TYPE]
