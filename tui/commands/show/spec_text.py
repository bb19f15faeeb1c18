"""A CollectionSpec as a tree that a reviewer would paste into a ticket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text
from rich.tree import Tree

from ....core.btf import format_value
from ....core.spec import MapFlag, Pinning, ProgramFlag
from ....core.spec.architectures import foreign_registers
from ...text.colors import assembled
from ...text.format import byte_size, flag_names
from .spec_json import c_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ....core.btf import ByteOrder
    from ....core.spec import CollectionSpec, MapSpec, ProgramSpec, VariableSpec

__all__ = ["spec_tree"]

_LONGEST_VALUE: Final = 100
_INTEGERS: Final = (1, 2, 4, 8)
_MOST_ENTRIES: Final = 16
"""Initial entries of a map that are listed."""


def spec_tree(spec: CollectionSpec) -> Tree:
    """Return the spec as a tree: programs, maps, variables, externs, and what is not usable with the reason."""
    facts = [f"{spec.byte_order}-endian", f"license {spec.license!r}" if spec.license else "no license"]
    if spec.kernel_version:
        facts.append(f"for kernel {_version(spec.kernel_version)}")
    facts.append(_types_fact(spec))
    if spec.producer:
        facts.append(spec.producer)
    if spec.registers is not None:
        facts.append(f"for {spec.registers.architecture}")
    root = Tree(assembled((spec.file, "bold"), "  ", (", ".join(facts), "dim")))
    if foreign := foreign_registers(spec.types):
        root.add(assembled((foreign, "red")))
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


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _version(packed: int) -> str:
    """Return KERNEL_VERSION(a, b, c) as `a.b.c`; another number as what it is."""
    if packed >> 24 in (0, 0xFF) and packed != 0xFFFFFFFE:
        return f"{packed >> 16}.{packed >> 8 & 0xFF}.{packed & 0xFF}"
    return f"version {packed:#x}"


def _types_fact(spec: CollectionSpec) -> str:
    if spec.btf is not None:
        return _count(len(spec.btf) - 1, "type")
    return f"no BTF, {_count(len(spec.types) - 1, 'type')} from DWARF" if spec.types is not None else "no BTF"


def _program(spec: ProgramSpec) -> Text:
    attach_type = spec.attach_type.label if spec.attach_type is not None else ""
    # For some types the two are the same word: it is said once.
    hook = f" ({attach_type})" if attach_type and attach_type != spec.type.label else ""
    target = f" → {spec.attach_to}" if spec.attach_to else ""
    facts = [f'SEC("{spec.section}")', _count(spec.insns, "insn")]
    subprograms = [function.name for function in spec.functions[1:]]
    if subprograms:
        facts.append(f"calls {', '.join(subprograms)}")
    if spec.maps:
        facts.append(f"uses {', '.join(spec.maps)}")
    if spec.linked.tables:
        facts.append(_count(len(spec.linked.tables), "jump table"))
    if spec.linked.core_relocations:
        facts.append(_count(len(spec.linked.core_relocations), "CO-RE relocation"))
    if spec.flags:
        facts.append(flag_names(spec.flags, ProgramFlag))
    if not spec.autoload:
        facts.append("optional: not loaded by default")
    text = assembled((spec.name, "green"), f"  {spec.type.label}{hook}{target}  ", (", ".join(facts), "dim"))
    if spec.problem:
        text.append_text(assembled((f"  {spec.problem}", "red")))
    return text


def _map(spec: MapSpec, name: str | None = None) -> Text:
    if spec.is_data:
        facts = [_count(spec.value_size, "byte"), "read-only" if spec.read_only else "read-write"]
        return assembled((spec.name, "cyan"), "  data section  ", (", ".join(facts), "dim"))
    typed = spec.key is not None or spec.value is not None or spec.inner is not None
    facts = [f"{spec.key_size}+{spec.value_size} bytes" if typed and (spec.key_size or spec.value_size) else ""]
    facts += [
        f"max {spec.max_entries}",
        flag_names(spec.flags, MapFlag) if spec.flags else "",
        f"map_extra {spec.map_extra:#x}" if spec.map_extra else "",
        f"NUMA node {spec.numa_node}" if spec.flags & MapFlag.NUMA_NODE else "",
        "pinned by name" if spec.pinning == Pinning.BY_NAME else "",
        f"{spec.entries} initial entr{'y' if spec.entries == 1 else 'ies'}" if spec.entries else "",
        f"tagged {', '.join(spec.tags)}" if spec.tags else "",
        "" if spec.autocreate else "optional: not created by default",
        spec.remark,
    ]
    told = ", ".join(filter(None, facts))
    text = assembled((name or spec.name, "cyan"), f"  {spec.type.label}  {_shape(spec)}", (told, "dim"))
    if spec.problem:
        text.append_text(assembled((f"  {spec.problem}", "red")))
    return text


def _shape(spec: MapSpec) -> str:
    """Return what a map maps to what: `__u32 → struct volume`."""
    key = (c_text(spec.key) or _count(spec.key_size, "byte")) if spec.key_size else ""
    value = (c_text(spec.value) or _count(spec.value_size, "byte")) if spec.value_size else ""
    if spec.inner is not None:
        value = spec.inner.type.label
    return f"{key} → {value}  ".lstrip() if value else f"{key}  ".lstrip()


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
    facts = f"{spec.section}+{spec.offset:#x}, {_count(spec.size, 'byte')}"
    if spec.type is None:
        facts += ", type unknown"
    text = assembled((declared, "yellow"), f" = {_value(spec, spec.head, order)}  ", (facts, "dim"))
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
    externs = spec.externs
    for kind, found in (("kconfig", externs.kconfig), ("ksym", externs.ksyms), ("kfunc", externs.kfuncs)):
        for extern in found:
            weak = ", may be missing" if extern.weak else ""
            yield assembled(extern.type or extern.name, (f"  {kind}{weak}", "dim"))
