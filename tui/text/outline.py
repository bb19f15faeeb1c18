"""What a program does, on its page: calls, maps and variables, return codes, packet and context, each a link."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from ...core.analysis.outline import CallKind
from ..jumps import CodePlace
from ..nodes import Node, NodeKind, map_node
from ..targets import HelperTarget, Setting
from .format import counted, grouped
from .page import Part

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence, Sized

    from ...core.analysis.inputs import PacketUse
    from ...core.analysis.outline import Called, Outline, TailCaller, Touched
    from ...core.analysis.xrefs import Use
    from ...core.spec import CollectionSpec
    from ..targets import Target
    from .page import Page

__all__ = ["function_part", "outline_on", "users_on"]

_MANY: Final = 10
"""Places that are listed of one thing; the rest is counted, and `u` lists them all."""
_MOST: Final = 100
"""Things of a kind that are listed, the rest is counted: a program of 500,000 instructions calls thousands of
functions, and a page of them all takes half a second to be made."""
_GAP: Final = Part("   ")
_AT: Final = Part(" at ", "muted", joined=True)


def function_part(program: str, name: str, *, entry: bool = False) -> Part:
    """Return the name of a function of a program, which leads to it."""
    node = Node(NodeKind.PROGRAM, program) if entry else Node(NodeKind.FUNCTION, name, program)
    return Part(f"{name}()", "", node)


def outline_on(page: Page, outline: Outline, callers: Sequence[TailCaller], *, theirs: bool = False) -> None:
    """Say on a page what a program does, or one of its functions.

    Args:
        page: The page.
        outline: What it does.
        callers: Who can lead to the program by a tail call.
        theirs: Whether others have loaded it: then there is no object that could tell what a program array holds.
    """
    page.add()
    _calls(page, outline)
    _callers(page, outline, callers)
    for label, touched in (("reads", outline.reads), ("writes", outline.writes)):
        _touched(page, outline, label, touched)
    _tail_calls(page, outline, theirs=theirs)
    _returns(page, outline)
    _inputs(page, outline)
    if outline.function is None:
        relocations = outline.relocations
        node = Node(NodeKind.CORE, program=outline.program.name)
        said = Part(counted(relocations, "relocation"), "", node) if relocations else Part("none needed", "muted")
        against = [Part("   resolved against ", "muted"), Part("✎", "", Setting.BTF)] if relocations else []
        page.labelled("CO-RE", [said, *against])


def _calls(page: Page, outline: Outline) -> None:
    program = outline.program.name
    helpers: list[Part] = []
    label = "calls"
    functions = 0
    for called in outline.calls:
        if called.kind in (CallKind.FUNCTION, CallKind.CALLBACK):
            functions += 1
            if functions > _MOST:
                continue
        if called.kind is CallKind.HELPER:
            target: Target | None = HelperTarget(called.number)
        elif called.kind is CallKind.KFUNC:
            target = Node(NodeKind.EXTERN, called.name)
        else:
            how = "called from" if called.kind is CallKind.FUNCTION else "a callback, given at"
            line = None if called.start is None else outline.program.linked.line_at(called.start)
            place = f" {line.file.rpartition('/')[2]}:{line.line}" if line is not None else ""
            said = Part(f"{place}  {grouped(called.insns)} instructions, {how} ", "muted")
            page.labelled(label, [function_part(program, called.name), said, *_places(program, called.slots)])
            label = ""
            continue
        count = f" ×{len(called.slots)}" if len(called.slots) > 1 else ""
        helpers += [Part(called.name, "", target), Part(count, "muted", joined=True), _GAP]
    if functions > _MOST:
        page.labelled("", [Part(f"+{grouped(functions - _MOST)} functions, which the tree has below it", "muted")])
    if helpers:
        page.labelled(label, helpers[:-1])
    elif label:
        page.labelled(label, [Part("nothing", "muted")])


def _callers(page: Page, outline: Outline, callers: Sequence[TailCaller]) -> None:
    program = outline.program.name
    parts: list[Part] = []
    for called in outline.callers[:_MOST]:
        how = "  as a callback, at " if called.kind is CallKind.CALLBACK else "  at "
        parts += [*_of(outline, called), Part(how, "muted"), *_places(program, called.slots), _GAP]
    parts += _more(outline.callers)
    for caller in callers[:_MOST]:
        parts.append(Part(f"{caller.map}[{caller.entry}]", "", Node(NodeKind.MAP, caller.map)))
        if caller.calls:
            parts.append(Part(" by ", "muted"))
        for name, slot in caller.calls:
            parts += [Part(name, "", Node(NodeKind.PROGRAM, name)), _AT]
            parts += [*_places(name, (slot,)), Part(" ")]
        parts.append(_GAP)
    parts += _more(callers)
    if parts:
        page.labelled("called by", parts[:-1])
    elif outline.function is None:
        page.labelled(
            "called by", [Part("nobody here: it is an entry, and in no program array of the object", "muted")]
        )
    else:
        page.labelled("called by", [Part("nobody", "muted")])


def _of(outline: Outline, called: Called) -> list[Part]:
    return [function_part(outline.program.name, called.name, entry=called.start == 0)]


def _touched(page: Page, outline: Outline, label: str, touched: Sequence[Touched]) -> None:
    spec, program = outline.spec, outline.program.name
    uncertain = set(outline.uncertain)
    parts: list[Part] = []
    for each in touched[:_MOST]:
        is_variable = each.section and each.name != each.section
        target = Node(NodeKind.VARIABLE, each.name) if is_variable else map_node(spec.maps[each.name])
        partial = "≥ " if (each.section or each.name) in uncertain else ""
        parts += [
            Part(each.name, "", target),
            Part(f" at {partial}", "muted", joined=True),
            *_places(program, each.slots),
            _GAP,
        ]
    parts += _more(touched)
    known = {each.section or each.name for each in (*outline.reads, *outline.writes)}
    if label == "writes":
        for name in uncertain - known:
            parts += [Part(name, "", map_node(spec.maps[name])), Part(" ? its address is not followed", "muted"), _GAP]
    page.labelled(label, parts[:-1] or [Part("nothing", "muted")])


def _tail_calls(page: Page, outline: Outline, *, theirs: bool) -> None:
    program = outline.program.name
    label = "tail calls"
    for call in outline.tail_calls[:_MOST]:
        entry = "?" if call.entry is None else str(call.entry)
        where = Node(NodeKind.MAP, call.map) if call.map else None
        parts = [Part(f"{call.map or '?'}[{entry}]", "", where), _AT]
        parts += [*_places(program, (call.slot,)), Part(" → ", "muted")]
        for number, (key, name) in enumerate(call.programs):
            parts += [Part(", " if number else "", "muted")]
            parts += [Part(f"[{key}] " if call.entry is None else "", "muted"), Part(name, "", _program(outline, name))]
        if not call.programs:
            unknown = "what the map holds (4)" if theirs else "? the object leaves it empty: whoever loads it fills it"
            parts.append(Part(unknown, "muted"))
        page.labelled(label, parts)
        label = ""
    if more := _more(outline.tail_calls):
        page.labelled("", more[:-1])


def _program(outline: Outline, name: str) -> Node | None:
    return Node(NodeKind.PROGRAM, name) if name in outline.spec.programs else None


def _returns(page: Page, outline: Outline) -> None:
    program = outline.program.name
    parts: list[Part] = []
    for code in outline.returns[:_MOST]:
        if code.value is None:
            what = f"what {code.name} returns" if code.name else "what is worked out"
            parts.append(Part(f"? {what} at ", "muted"))
        else:
            parts += [Part(f"{code.name} ({code.value})" if code.name else str(code.value)), _AT]
        parts += [*_places(program, code.slots), Part(", ", "muted")]
    if more := _more(outline.returns):
        parts += [more[0], Part(", ", "muted")]
    if outline.tail_calls:
        parts += [Part("? what its tail calls return", "muted"), Part(", ", "muted")]
    if parts:
        parts.pop()
    if outline.never_returned:
        parts += [Part("; ", "muted"), Part(f"never {', '.join(outline.never_returned)}")]
    page.labelled("returns", parts or [Part("? no way leads to its end", "muted")])


def _inputs(page: Page, outline: Outline) -> None:
    program, inputs = outline.program.name, outline.inputs
    reads = [*_packet(program, inputs.read, partial=inputs.is_partial)]
    writes = [*_packet(program, inputs.written, partial=inputs.is_partial)]
    for field in inputs.context:
        for slots, parts in ((field.reads, reads), (field.writes, writes)):
            if slots:
                parts += [Part(field.name), _AT, *_places(program, slots), _GAP]
    if reads:
        page.labelled("reads from", reads[:-1])
    if writes:
        page.labelled("writes to", writes[:-1])


def _packet(program: str, use: PacketUse | None, *, partial: bool) -> Iterable[Part]:
    if use is None:
        return
    at_least = "≥ " if partial else ""
    span = f"packet {at_least}{use.first} … {use.stop - 1}" if use.stop else f"packet {at_least}"
    yield Part(span.rstrip())
    if use.is_open:
        yield Part(", and further on where it works out" if use.stop else " ? where it works out", "muted")
    yield _AT
    yield from _places(program, use.slots)
    yield _GAP


def _places(program: str, slots: Sequence[int]) -> Iterable[Part]:
    """Yield the numbers of instructions, each of which leads there."""
    for number, slot in enumerate(slots[:_MANY]):
        if number:
            yield Part(" ")
        yield Part(str(slot), "", CodePlace(program, slot), joined=not number)
    if len(slots) > _MANY:
        yield Part(f" +{len(slots) - _MANY}", "muted")


def _more(things: Sized) -> list[Part]:
    """Return how many things are not listed, and a gap; nothing where all are."""
    return [Part(f"+{grouped(len(things) - _MOST)}", "muted"), _GAP] if len(things) > _MOST else []


def users_on(page: Page, spec: CollectionSpec, uses: Sequence[Use]) -> None:
    """Say on a page who reads, writes and refers to a map or a variable."""
    page.add()
    for how, label in (("reads", "read by"), ("writes", "written by"), ("takes the address", "named by")):
        slots_of: dict[str, set[int]] = {}
        for use in uses:
            if how in use.how:
                slots_of.setdefault(use.program, set()).add(use.slot)
        parts: list[Part] = []
        for name, slots in islice(slots_of.items(), _MOST):
            parts += [Part(name, "", Node(NodeKind.PROGRAM, name)), _AT]
            parts += [*_places(name, sorted(slots)), _GAP]
        parts += _more(slots_of)
        if parts:
            page.labelled(label, parts[:-1])
    if not uses:
        page.labelled("used by", [Part("no instruction that is known", "muted")])
