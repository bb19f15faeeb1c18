"""`bpftui show`: the CollectionSpec as text or JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...core.btf import CType, Kind, types
from ...core.errors import ExitCode, UnknownNameError, UsageError
from ...core.spec.container import SeveralObjectsError
from .common import Parser, add_object, add_settings, console, json_value, open_spec, print_json, print_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.text import Text
    from rich.tree import Tree

    from ...core.spec import CollectionSpec, Extern, MapSpec, ProgramSpec, VariableSpec

__all__ = ["run", "spec_json"]

SCHEMA = "bpftui/spec/1"
LIST_SCHEMA = "bpftui/objects/1"


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    parser = Parser("show", "Show what a BPF object holds: programs, maps, variables, types. Nothing is loaded.")
    add_object(parser)
    parser.add_argument("--json", action="store_true", help=f"as JSON, schema {SCHEMA}")
    parser.add_argument("--core", action="store_true", help="what CO-RE relocations resolve to; with --json: as well")
    parser.add_argument(
        "--btf", metavar="FILE", help="with --core: against the types in FILE instead of the running kernel's"
    )
    parser.add_argument("--header", action="store_true", help="its types as a C header that compiles")
    parser.add_argument("--layout", metavar="TYPE", help="offsets, holes and padding of a struct, union or typedef")
    add_settings(parser)
    options = parser.parse_args(arguments)
    alone = [options.header, options.layout is not None]
    if sum(alone) + (any(alone) and (options.json or options.core)) > 1:
        parser.error("--header and --layout are given alone: each is a text of its own")
    if options.btf is not None and not options.core:
        parser.error("--btf says what --core resolves against: give both")
    try:
        spec = open_spec(options)
    except SeveralObjectsError as several:
        if options.settings or options.program_types:
            raise
        if options.json:
            print_json(_objects_json(several))
        else:
            console(options.color).print(_objects_tree(several))
        return ExitCode.OK
    if any(alone):
        print(_types_text(spec, options.layout), end="")
        return ExitCode.OK
    if options.core:
        from .core_table import core_json, core_table, core_target

        resolver = core_target(spec, options.btf)
        if options.json:
            print_json({**spec_json(spec), "core": core_json(spec, resolver)})
        else:
            print_table(console(options.color), core_table(spec, resolver))
    elif options.json:
        print_json(spec_json(spec))
    else:
        console(options.color).print(_tree(spec))
    return ExitCode.OK


def _objects_json(several: SeveralObjectsError) -> dict[str, Any]:
    """Return what a file holds: offsets and sizes in bytes, numbers as in `FILE#2`."""
    return {
        "schema": LIST_SCHEMA,
        "file": several.file,
        "objects": [
            {"number": number, "name": item.name, "offset": item.offset, "size": item.size}
            for number, item in enumerate(several.objects, 1)
        ],
    }


def _objects_tree(several: SeveralObjectsError) -> Tree:
    from rich.text import Text
    from rich.tree import Tree

    root = Tree(Text.assemble((several.file, "bold"), (f"  {len(several.objects)} BPF objects", "dim")))
    for number, item in enumerate(several.objects, 1):
        place = f"  {item.size:,} bytes at {item.offset:#x}"
        root.add(Text.assemble((f"{several.file}#{number}", "green"), f"  {item.name}".rstrip(), (place, "dim")))
    return root


def _types_text(spec: CollectionSpec, wanted: str | None) -> str:
    """Return the layout of the type that is wanted; without one, a header of all types."""
    from ...core.btf.header import c_header
    from ...core.btf.layout import layout

    btf = spec.types
    if btf is None:
        raise UsageError(f"{spec.file} has neither BTF nor DWARF, and so no types to show", hint="compile it with -g")
    if wanted is None:
        return c_header(btf)
    shapes = [i for kind in (Kind.STRUCT, Kind.UNION, Kind.TYPEDEF) for i in btf.ids(kind)]
    known = {btf.type_name(i): i for i in reversed(shapes)}
    name = wanted.removeprefix("struct ").removeprefix("union ")
    if not name or name not in known:
        raise UnknownNameError("type", wanted, filter(None, known), where=spec.file)
    return layout(CType(btf, known[name])).text


def spec_json(spec: CollectionSpec) -> dict[str, Any]:
    """Return the spec as what schema bpftui/spec/1 says: sizes in bytes, lists in file order."""
    return {
        "schema": SCHEMA,
        "file": spec.file,
        "byte_order": spec.byte_order,
        "license": spec.license,
        "kernel_version": spec.kernel_version,
        "maps": [_map_json(item) for item in spec.maps.values()],
        "programs": [_program_json(item) for item in spec.programs.values()],
        "variables": [_variable_json(item) for item in spec.variables.values()],
        "hidden": [{"name": h.name, "kind": h.kind, "reason": h.reason} for h in spec.hidden],
        "externs": {
            "kconfig": _externs_json(spec.externs.kconfig),
            "ksyms": _externs_json(spec.externs.ksyms),
            "kfuncs": _externs_json(spec.externs.kfuncs),
        },
        "types": {"count": len(spec.btf) - 1 if spec.btf is not None else 0},
    }


def _c_text(ctype: CType | None) -> str | None:
    """Return a type as C; a data section is no C type."""
    if ctype is None or isinstance(ctype.btf.type(ctype.id), types.DataSec):
        return None
    return ctype.c_text


def _map_json(spec: MapSpec) -> dict[str, Any]:
    return {
        "name": spec.name,
        "section": spec.section,
        "type": spec.type.label,
        "key_size": spec.key_size,
        "value_size": spec.value_size,
        "max_entries": spec.max_entries,
        "flags": int(spec.flags),
        "map_extra": spec.map_extra,
        "numa_node": spec.numa_node,
        "pinning": spec.pinning.label,
        "key_type": _c_text(spec.key),
        "value_type": _c_text(spec.value),
        "inner": _map_json(spec.inner) if spec.inner is not None else None,
        "contents": spec.entries,
    }


def _program_json(spec: ProgramSpec) -> dict[str, Any]:
    lines, relocations = spec.linked.counts
    return {
        "name": spec.name,
        "section": spec.section,
        "type": spec.type.label,
        "attach_type": spec.attach_type.label if spec.attach_type is not None else None,
        "attach_to": spec.attach_to,
        "flags": int(spec.flags),
        "autoload": spec.autoload,
        "insns": spec.insns,
        "functions": [function.name for function in spec.functions],
        "maps": spec.maps,
        "line_infos": lines,
        "core_relocations": relocations,
        "problem": spec.problem,
    }


def _variable_json(spec: VariableSpec) -> dict[str, Any]:
    return {
        "name": spec.name,
        "section": spec.section,
        "map": spec.map.name,
        "offset": spec.offset,
        "size": spec.size,
        "constant": spec.constant,
        "type": _c_text(spec.type),
        "value": json_value(spec.get()),
        "bytes": spec.raw.hex(),
    }


def _externs_json(externs: Sequence[Extern]) -> list[dict[str, Any]]:
    return [{"name": e.name, "weak": e.weak, "type": e.type} for e in externs]


def _tree(spec: CollectionSpec) -> Tree:
    """Return the spec as a tree that a reviewer would paste into a ticket."""
    from rich.text import Text
    from rich.tree import Tree

    facts = [f"{spec.byte_order}-endian", f"license {spec.license!r}" if spec.license else "no license"]
    if spec.kernel_version:
        facts.append(f"version {spec.kernel_version:#x}")
    facts.append(_types_fact(spec))
    if spec.producer:
        facts.append(spec.producer)
    root = Tree(Text.assemble((spec.file, "bold"), "  ", (", ".join(facts), "dim")))

    def branch(title: str, rows: Sequence[Text]) -> None:
        if rows:
            node = root.add(Text.assemble((title, "bold"), (f" ({len(rows)})", "dim")))
            for row in rows:
                node.add(row)

    branch("programs", [_program_text(program) for program in spec.programs.values()])
    branch("maps", [_map_text(item) for item in spec.maps.values()])
    branch("variables", [_variable_text(variable) for variable in spec.variables.values()])
    branch(
        "externs",
        [
            Text.assemble(extern.type or extern.name, (f"  {kind}{', may be missing' if extern.weak else ''}", "dim"))
            for kind, externs in (
                ("kconfig", spec.externs.kconfig),
                ("ksym", spec.externs.ksyms),
                ("kfunc", spec.externs.kfuncs),
            )
            for extern in externs
        ],
    )
    branch(
        "not usable", [Text.assemble(h.name, (f"  {h.kind}: ", "dim"), (h.reason, "dim italic")) for h in spec.hidden]
    )
    return root


def _types_fact(spec: CollectionSpec) -> str:
    if spec.btf is not None:
        return f"{len(spec.btf) - 1} types"
    return f"no BTF, {len(spec.types) - 1} types from DWARF" if spec.types is not None else "no BTF"


def _program_text(spec: ProgramSpec):
    from rich.text import Text

    attach = f" → {spec.attach_to}" if spec.attach_to else ""
    facts = [f'SEC("{spec.section}")', f"{spec.insns} insns"]
    subprograms = [function.name for function in spec.functions[1:]]
    if subprograms:
        facts.append(f"calls {', '.join(subprograms)}")
    if spec.maps:
        facts.append(f"uses {', '.join(spec.maps)}")
    if not spec.autoload:
        facts.append("not loaded by default")
    text = Text.assemble((spec.name, "green"), f"  {spec.type.label}{attach}  ", (", ".join(facts), "dim"))
    if spec.problem:
        text.append(f"  {spec.problem}", "red")
    return text


def _map_text(spec: MapSpec):
    from rich.text import Text

    if spec.is_data:
        facts = [f"{spec.value_size} bytes", "read-only" if spec.read_only else "read-write"]
        return Text.assemble((spec.name, "cyan"), "  data section  ", (", ".join(facts), "dim"))
    key = _c_text(spec.key) or f"{spec.key_size} bytes"
    value = spec.inner.type.label if spec.inner is not None else _c_text(spec.value) or f"{spec.value_size} bytes"
    shape = f"{key} → {value}  " if spec.key_size or spec.value_size else ""
    facts = [f"{spec.key_size}+{spec.value_size} bytes" if shape else "", f"max {spec.max_entries}"]
    facts += [
        f"flags {int(spec.flags):#x}" if spec.flags else "",
        f"map_extra {spec.map_extra:#x}" if spec.map_extra else "",
    ]
    facts += ["pinned by name" if spec.pinning else "", f"{len(spec.contents)} entries" if spec.contents else ""]
    facts += [f".{member} = {program}" for member, program in spec.functions.items()]
    facts.append(spec.remark)
    told = ", ".join(filter(None, facts))
    text = Text.assemble((spec.name, "cyan"), f"  {spec.type.label}  {shape}", (told, "dim"))
    if spec.problem:
        text.append(f"  {spec.problem}", "red")
    return text


def _variable_text(spec: VariableSpec):
    from rich.text import Text

    declared = spec.type.declaration(spec.name) if spec.type is not None else f"{spec.name} ({spec.size} bytes)"
    shown = spec.type.format(spec.get()) if spec.type is not None else spec.raw.hex(" ")
    if len(shown) > 100:
        shown = shown[:99] + "…"
    facts = f"{spec.section}+{spec.offset:#x}, {spec.size} bytes" + (", changed" if spec.changed else "")
    return Text.assemble((declared, "yellow"), f" = {shown}  ", (facts, "dim"))
