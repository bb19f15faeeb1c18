"""A CollectionSpec as a tree that a reviewer would paste into a ticket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text
from rich.tree import Tree

from ....core.btf import format_value
from ....core.spec.architectures import foreign_registers
from ...text.colors import assembled
from ...text.facts import (
    collection_facts,
    extern_groups,
    map_facts,
    map_shape,
    program_facts,
    section_facts,
    variable_facts,
)
from ...text.format import byte_size

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ....core.btf import ByteOrder
    from ....core.spec import CollectionSpec, MapSpec, ProgramSpec, VariableSpec
    from ...text.facts import Fact

__all__ = ["spec_tree"]

_LONGEST_VALUE: Final = 100
_INTEGERS: Final = (1, 2, 4, 8)
_MOST_ENTRIES: Final = 16
"""Initial entries of a map that are listed."""


def spec_tree(spec: CollectionSpec) -> Tree:
    """Return the spec as a tree: programs, maps, variables, externs, and what is not usable with the reason."""
    facts = _phrases(collection_facts(spec), last=("architecture",))
    root = Tree(assembled((spec.file, "bold"), "  ", (facts, "dim")))
    if foreign := foreign_registers(spec.types):
        root.add(assembled((foreign, "danger")))
    _branch(root, "programs", [_program(program) for program in spec.programs.values()])
    maps = _branch(root, "maps", [_map(item) for item in spec.maps.values()])
    for node, item in zip(maps.children if maps is not None else (), spec.maps.values(), strict=True):
        _map_details(node, item)
    _branch(root, "variables", [_variable(variable, spec.byte_order) for variable in spec.variables.values()])
    _branch(root, "externs", list(_externs(spec)))
    hidden = [*spec.hidden, *spec.optimised_away]
    _branch(
        root,
        "not usable",
        [assembled(h.name, (f"  {h.kind}: ", "dim"), (h.reason, "dim italic")) for h in hidden],
    )
    return root


def _branch(root: Tree, title: str, rows: Sequence[Text]) -> Tree | None:
    if not rows:
        return None
    node = root.add(assembled((title, "bold"), (f" ({len(rows)})", "dim")))
    for row in rows:
        node.add(row)
    return node


def _phrases(facts: Iterable[Fact], *, last: Sequence[str] = ()) -> str:
    """Return facts as one line, some of them at the end of it."""
    said = [fact for fact in facts if fact.phrase]
    return ", ".join(fact.phrase for fact in sorted(said, key=lambda fact: fact.key in last))


def _program(spec: ProgramSpec) -> Text:
    attach_type = spec.attach_type.label if spec.attach_type is not None else ""
    # For some types the two are the same word: it is said once.
    hook = f" ({attach_type})" if attach_type and attach_type != spec.type.label else ""
    target = f" → {spec.attach_to}" if spec.attach_to else ""
    facts = _phrases(program_facts(spec), last=("flags", "autoload"))
    text = assembled((spec.name, "link"), f"  {spec.type.label}{hook}{target}  ", (facts, "dim"))
    if spec.problem:
        text.append_text(assembled((f"  {spec.problem}", "danger")))
    return text


def _map(spec: MapSpec, name: str | None = None) -> Text:
    if spec.is_data:
        return assembled((spec.name, "link"), "  data section  ", (_phrases(section_facts(spec)), "dim"))
    shape = map_shape(spec)
    kind = f"  {spec.type.label}  {shape}  " if shape else f"  {spec.type.label}  "
    text = assembled((name or spec.name, "link"), kind, (_phrases(map_facts(spec)), "dim"))
    if spec.problem:
        text.append_text(assembled((f"  {spec.problem}", "danger")))
    return text


def _map_details(node: Tree, spec: MapSpec) -> None:
    """Add what a map holds: the template of inner maps, initial entries, a struct_ops map's functions."""
    if spec.inner is not None:
        node.add(_map(spec.inner, "inner map"))
    for entry in spec.contents[:_MOST_ENTRIES]:
        node.add(assembled((f"[{entry.key}] = ", "dim"), entry.target))
    if len(spec.contents) > _MOST_ENTRIES:
        node.add(Text(f"and {len(spec.contents) - _MOST_ENTRIES} more", "dim"))
    for member, function in spec.functions.items():
        node.add(assembled((f".{member} = ", "dim"), function))


def _variable(spec: VariableSpec, order: ByteOrder) -> Text:
    declared = spec.type.declaration(spec.name) if spec.type is not None else spec.name
    facts = _phrases(variable_facts(spec))
    text = assembled((declared, "link"), f" = {_value(spec, spec.head, order)}  ", (facts, "dim"))
    if spec.changed:
        text.append_text(assembled((", changed from ", "dim"), _value(spec, spec.original, order)))
    return text


def _value(spec: VariableSpec, raw: bytes, order: ByteOrder) -> str:
    if spec.is_large and not any(raw):
        return f"{byte_size(spec.size)}, the first of them zeros"
    if spec.type is None and len(raw) in _INTEGERS:
        number = int.from_bytes(raw, order)
        return f"{raw.hex(' ')} (as an integer {number:#x}, {number})"
    if spec.type is None:
        return format_value(raw, limit=_LONGEST_VALUE)
    return format_value(spec.told(raw), limit=_LONGEST_VALUE)


def _externs(spec: CollectionSpec) -> Iterable[Text]:
    for group in extern_groups(spec):
        for extern in group.externs:
            weak = ", may be missing" if extern.weak else ""
            yield assembled(extern.type or extern.name, (f"  {group.kind}{weak}", "dim"))
