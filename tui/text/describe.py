"""What the overview says about each node: pure functions from a spec, and a loaded collection, to text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...core.btf import format_value
from ...core.errors import BpftuiError
from ...core.spec.architectures import foreign_registers
from ..jumps import CodePlace
from ..nodes import Node, NodeKind, map_node
from ..targets import Setting, thing_of
from .facts import (
    collection_facts,
    extern_groups,
    map_facts,
    map_shape,
    program_facts,
    section_facts,
    variable_facts,
)
from .format import byte_size, duration, grouped
from .outline import outline_on, users_on
from .page import Page, Part

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ...core.btf import CType
    from ...core.live import Sample
    from ...core.runtime import Collection, ExternAnswer, Forecast, ProgramInfo
    from ...core.runtime.theirs import Related, Theirs
    from ...core.spec import CollectionSpec, MapSpec, ProgramSpec, VariableSpec
    from ..controllers.outlines import Known
    from .facts import Fact

__all__ = ["describe"]

_MAX_ITEMS = 40
_LONGEST_VALUE = 4096


def describe(
    spec: CollectionSpec,
    node: Node,
    loaded: Collection | None = None,
    answers: Mapping[str, ExternAnswer] | None = None,
    forecast: Forecast | None = None,
    problems: Mapping[str, BpftuiError] | None = None,
    known: Known | None = None,
    theirs: Theirs | None = None,
    sample: Sample | None = None,
    *,
    past: bool = False,
) -> Page:
    """Return what there is to say about *node*: nothing is asked of a runtime for it, which could have one wait.

    Args:
        spec: What it belongs to.
        node: What is described.
        loaded: Where it is loaded: the runtime knows more.
        answers: What the externs are on this machine, as soon as that is known.
        forecast: What is known to keep parts of it from being loaded here, as soon as that is known.
        problems: Why programs were not loaded when that was tried, by their names.
        known: What its code tells of it, as soon as that is known.
        theirs: Set where others have loaded it.
        sample: What was read last of where it is loaded.
        past: Whether it is a recording.
    """
    problems = problems or {}
    match node.kind:
        case NodeKind.PROGRAM:
            found = spec.programs[node.name]
            return _program(found, loaded, forecast, problems.get(node.name), known, theirs, sample)
        case NodeKind.FUNCTION:
            return _function(spec.programs[node.program], node.name, known, theirs)
        case NodeKind.MAP:
            return _map(spec, spec.maps[node.name], loaded, forecast, known, theirs)
        case NodeKind.SECTION:
            return _section(spec, spec.maps[node.name], loaded, theirs)
        case NodeKind.VARIABLE:
            return _variable(spec, spec.variables[node.name], loaded, known, sample)
        case NodeKind.HIDDEN | NodeKind.HIDDEN_ALL:
            return _hidden(spec, node.name)
        case NodeKind.EXTERN | NodeKind.EXTERNS:
            return _externs(spec, answers)
        case _:
            return _collection(spec, loaded, forecast, problems, theirs, past=past)


def _collection(
    spec: CollectionSpec,
    loaded: Collection | None,
    forecast: Forecast | None,
    problems: Mapping[str, BpftuiError],
    theirs: Theirs | None,
    *,
    past: bool,
) -> Page:
    page = Page(spec.title, "BPF object" if theirs is None else "loaded by others")
    declared = [found for found in spec.maps.values() if not found.is_data]
    if foreign := foreign_registers(spec.types):
        page.problem(foreign)
    # A license that is missing is nothing to be said of maps alone: programs have it, or lack it.
    _fields(page, (fact for fact in collection_facts(spec) if fact.key != "license" or fact.value or spec.programs))
    page.field("programs", len(spec.programs))
    page.field("maps", len(declared), f"and {len(spec.maps) - len(declared)} data sections")
    page.field("variables", len(spec.variables))
    if spec.hidden:
        page.field("not usable", len(spec.hidden), "in the file, with reasons in the tree")
    if spec.programs:
        page.heading("Programs")
    foreseen = forecast.programs if loaded is None and forecast is not None else None
    refused = {*problems, *(foreseen or ())}
    for program in list(spec.programs.values())[:_MAX_ITEMS]:
        mark = "✗ " if program.name in refused else "" if foreseen is None and not problems else "✓ "
        page.item(
            mark + program.name,
            " · ".join(filter(None, (program.type.label, program.section))),
            Node(NodeKind.PROGRAM, program.name),
        )
    if refused:
        what = "was not loaded" if problems else "cannot be loaded here"
        page.note(f"✗ {what}: {len(refused)} of {len(spec.programs)}; each says why")
    if declared:
        page.heading("Maps")
    for found in declared[:_MAX_ITEMS]:
        said = (found.type.label, map_shape(found), f"{found.max_entries:,} entries")
        page.item(found.name, " · ".join(filter(None, said)), Node(NodeKind.MAP, found.name))
    page.heading("What next")
    if theirs is not None:
        if spec.programs:
            page.item("2", "read the code; v has the native code beside it")
        if declared:
            page.item("4", "see what the maps hold, live; e changes an entry, after a question")
    elif past:
        page.item(", .", "the sample before, the next one; p plays them")
        page.item("4", "see what the maps held; w draws a number over time")
        page.item("d", "step through a run of a program, on what the maps held")
    elif loaded is None:
        page.item("2", "read the code")
        page.item("3", "set variables, constants too, before the load")
        page.item("L", "load everything into the kernel")
    else:
        page.item("A", "attach a program; the sandbox is harmless and has traffic")
        page.item("R", "run a program on a packet")
        page.item("4", "see what the maps hold, live")
    page.item("?", "all keys")
    return page


def _program(
    spec: ProgramSpec,
    loaded: Collection | None,
    forecast: Forecast | None,
    refused: BpftuiError | None,
    known: Known | None,
    theirs: Theirs | None,
    sample: Sample | None,
) -> Page:
    page = Page(spec.name, "program")
    if refused is not None:
        page.refusal(refused)
    elif loaded is None:
        _prospect(page, spec, forecast)
    try:
        for fact in program_facts(spec):
            if fact.text:
                setting = Setting.PROGRAM_TYPE if fact.key == "type" and loaded is None else None
                page.field(fact.label, fact.text, fact.note, setting=setting)
        linked = spec.linked
    except BpftuiError:
        return page
    if len(linked.functions) > 1:
        page.kind = f"program, {len(linked.functions)} functions"
    program = loaded.programs.get(spec.name) if loaded is not None else None
    if program is not None:
        _loaded_program(page, None if sample is None else sample.programs.get(spec.name))
        if theirs is not None:
            for place in theirs.places(spec.name):
                page.field("attached", f"▲ {place.text}", target=thing_of(place))
            _held(page, theirs.holders(spec.name))
            if theirs.streams == "unread":
                page.labelled("streams", [Part("not read: that takes their lines from its owner")], Setting.STREAMS)
            elif theirs.streams:
                page.field("streams", "read: their lines are in the tab Printed")
    _outlined(page, known, theirs)
    if linked.tables:
        page.heading("Jump tables")
        for name, slots in linked.tables.items():
            page.item(name, f"{len(slots):,} entries: a map of type insn_array when it is loaded")
    return page


def _prospect(page: Page, spec: ProgramSpec, forecast: Forecast | None) -> None:
    """Say whether a program can be loaded here, and what speaks against it."""
    if forecast is None:
        try:
            problem = spec.problem
        except BpftuiError as error:
            problem = error.message
        if problem:
            page.problem(problem)
        return
    obstacles = forecast.programs.get(spec.name, ())
    if not obstacles:
        page.answer("nothing known keeps it from being loaded here; the verifier has the last word", good=True)
        page.note("")
    page.obstacles(obstacles)


def _loaded_program(page: Page, info: ProgramInfo | None) -> None:
    page.heading("Loaded")
    if info is None:
        page.note("its numbers come with the next sample")
        return
    page.field("id", info.id)
    page.field("tag", info.tag)
    if info.verified_insns is not None:
        page.field("verified", f"{grouped(info.verified_insns)} instructions", "walked by the verifier")
    page.field("translated", byte_size(info.xlated_size))
    page.field("native code", byte_size(info.jited_size) if info.jited_size else "none: interpreted")
    if info.run_cnt:
        mean = duration(info.run_time_ns / info.run_cnt / 1e9)
        page.field("runs", grouped(info.run_cnt), f"{mean} each")


def _function(spec: ProgramSpec, name: str, known: Known | None, theirs: Theirs | None) -> Page:
    page = Page(f"{name}()", f"function of {spec.name}")
    function = next((found for found in spec.functions if found.name == name), None)
    page.field("program", spec.name, target=Node(NodeKind.PROGRAM, spec.name))
    if function is not None:
        page.field("section", f"{function.section}+{function.section_offset:#x}")
        page.field(
            "instructions",
            f"{function.size:,}",
            f"from {function.start} in the linked code",
            CodePlace(spec.name, function.start),
        )
        page.field(
            "linkage", "global: verified by itself" if function.is_global else "static: verified where it is called"
        )
    _outlined(page, known, theirs)
    return page


def _outlined(page: Page, known: Known | None, theirs: Theirs | None) -> None:
    """Say what code does, or why that is not said."""
    if known is None:
        page.note("")
        page.note("looking at its code …")
    elif known.given_up:
        page.note("")
        page.note("what its code does is not known: the look at it was given up; chosen again, it begins anew")
    elif known.outline is not None:
        outline_on(page, known.outline, known.callers, theirs=theirs is not None)


def _map(
    spec: CollectionSpec,
    found: MapSpec,
    loaded: Collection | None,
    forecast: Forecast | None,
    known: Known | None,
    theirs: Theirs | None,
) -> Page:
    page = Page(found.name, "map")
    if loaded is None and forecast is not None:
        page.obstacles(forecast.maps.get(found.name, ()))
    elif found.problem:
        page.problem(found.problem)
    _fields(page, map_facts(found))
    if loaded is not None and found.name in loaded.maps:
        page.field("loaded as", f"id {loaded.maps[found.name].id}")
    if theirs is not None:
        _held(page, theirs.users(found.name))
    if theirs is None or spec.programs:
        _used(page, spec, found.name, known)
    if found.inner is not None:
        page.heading("Inner maps")
        page.item(
            found.inner.type.label,
            f"{found.inner.key_size} → {found.inner.value_size} bytes, {found.inner.max_entries:,} entries",
        )
    if found.functions:
        page.heading("Functions")
        for member, program in found.functions.items():
            page.item(f".{member} = {program}", target=_program_node(spec, program))
    if found.contents:
        page.heading("Initial entries")
        for entry in found.contents[:_MAX_ITEMS]:
            page.item(f"{entry.key} → {entry.target}", target=_entry_node(spec, entry.target))
    _definitions(page, found.key, found.value)
    return page


def _section(spec: CollectionSpec, found: MapSpec, loaded: Collection | None, theirs: Theirs | None) -> Page:
    page = Page(
        found.name,
        "data section, " + ("part of the arena" if found.in_arena else "loaded as an array map of one entry"),
    )
    _fields(page, section_facts(found))
    if loaded is not None and found.name in loaded.maps:
        page.field("loaded as", f"id {loaded.maps[found.name].id}")
    if theirs is not None:
        _held(page, theirs.users(found.name))
    _used(page, spec, found.name, None)
    page.heading("Variables")
    for variable in spec.variables.values():
        if variable.map.name == found.name:
            page.item(_declaration(variable), f"+{variable.offset:#x}", Node(NodeKind.VARIABLE, variable.name))
    return page


def _value(variable: VariableSpec, raw: bytes) -> str:
    if variable.type is None:
        return format_value(raw, limit=_LONGEST_VALUE)
    return format_value(variable.told(raw), limit=_LONGEST_VALUE)


def _variable(
    spec: CollectionSpec,
    variable: VariableSpec,
    loaded: Collection | None,
    known: Known | None,
    sample: Sample | None,
) -> Page:
    page = Page(variable.name, "constant" if variable.constant else "variable")
    live = loaded.variables.get(variable.name) if loaded is not None else None
    read = sample.variables.get(variable.name) if live is not None and sample is not None else None
    raw = variable.head if read is None else read
    signs = " *" * variable.changed + " •" * (read is not None and raw != variable.head[: len(raw)])
    page.field("value", _value(variable, raw) + signs, "" if read is None else "now")
    if raw != variable.original[: len(raw)]:
        page.field(
            "in the file" if spec.origin == "file" else "when opened", _value(variable, variable.original[: len(raw)])
        )
    page.field("bytes", raw[:32].hex(" ") + (" …" if len(raw) > 32 else ""))
    for fact in variable_facts(variable):
        if fact.text:
            section = map_node(spec.maps[variable.map.name]) if fact.key == "offset" else None
            page.field(fact.label, fact.text, fact.note, section)
    if live is not None:
        page.field("can be set", "no: frozen since the load" if live.read_only else "yes, takes effect at once")
    else:
        page.field("can be set", "yes, until the load" if variable.constant else "yes, before and after the load")
    if known is not None and known.uses is not None:
        users_on(page, spec, known.uses)
    _definitions(page, variable.type)
    page.note("")
    page.note("enter or 3 goes to the variables; e edits there")
    return page


def _hidden(spec: CollectionSpec, name: str) -> Page:
    page = Page(name or "Not usable", "in the file, but cannot be used from outside")
    for hidden in spec.hidden:
        if not name or hidden.name == name:
            page.field(hidden.kind, hidden.name, hidden.reason)
    return page


def _externs(spec: CollectionSpec, answers: Mapping[str, ExternAnswer] | None) -> Page:
    page = Page("Expected from the kernel", "externs, and what they are on this machine")
    for group in extern_groups(spec):
        if group.externs:
            page.heading(group.title)
        for extern in group.externs:
            page.item(extern.type or extern.name, "optional" if extern.weak else "")
            answer = answers.get(extern.name) if answers is not None else None
            if answer is not None:
                page.answer(answer.text, good=answer.found, optional=extern.weak, indent=4)
    if answers is None:
        page.note("")
        page.note("looking them up …")
    return page


def _fields(page: Page, facts: Iterable[Fact]) -> None:
    for fact in facts:
        if fact.text:
            page.field(fact.label, fact.text, fact.note)


def _definitions(page: Page, *found: CType | None) -> None:
    """Show the structs and enums that a map or a variable is made of, each once."""
    listed: dict[str, None] = {}
    for ctype in found:
        if ctype is not None:
            _collect(ctype, listed, 0)
    if listed:
        page.heading("Types")
    for text in listed:
        page.code(text)


def _collect(ctype: CType, into: dict[str, None], depth: int) -> None:
    named = _named(ctype)
    if named is None or depth > 4:
        return
    into.setdefault(named.definition)
    for _, inner, _ in named.members():
        _collect(inner, into, depth + 1)


def _named(ctype: CType) -> CType | None:
    """Return the struct, union or enum behind a type, through arrays; None when there is none with a name."""
    from ...core.btf import CType, types

    stripped = ctype.stripped
    for _ in range(8):
        if not isinstance(stripped, types.Array):
            break
        ctype = CType(ctype.btf, stripped.element)
        stripped = ctype.stripped
    if isinstance(stripped, types.Composite | types.Enum) and stripped.name:
        return CType(ctype.btf, stripped.id)
    return None


def _declaration(variable: VariableSpec) -> str:
    return variable.type.declaration(variable.name) if variable.type is not None else variable.name


def _program_node(spec: CollectionSpec, name: str) -> Node | None:
    return Node(NodeKind.PROGRAM, name) if name in spec.programs else None


def _entry_node(spec: CollectionSpec, name: str) -> Node | None:
    """Return where what an entry of a map holds lives: a program, or another map."""
    return map_node(spec.maps[name]) if name in spec.maps else _program_node(spec, name)


def _held(page: Page, holders: Iterable[Related]) -> None:
    """Say who on this machine has what others have loaded: programs, processes, pins."""
    for number, each in enumerate(holders):
        page.field("" if number else "who has it", each.text, target=thing_of(each))


def _used(page: Page, spec: CollectionSpec, name: str, known: Known | None) -> None:
    """Say who uses a map: which programs at once, and where as soon as that is known."""
    if known is not None and known.uses is not None:
        users_on(page, spec, known.uses)
        return
    parts: list[Part] = []
    for user in _users(spec, name):
        parts += [Part(", ", "muted"), Part(user, "", Node(NodeKind.PROGRAM, user))]
    if parts:
        page.labelled("used by", parts[1:])


def _users(spec: CollectionSpec, name: str) -> list[str]:
    """Return the programs that use a map; damaged ones cannot be asked."""
    users: list[str] = []
    for program in spec.programs.values():
        try:
            if name in program.maps:
                users.append(program.name)
        except BpftuiError:
            continue
    return users
