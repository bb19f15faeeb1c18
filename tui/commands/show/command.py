"""`bpftui show`: the CollectionSpec as text or JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....core.btf import CType, Kind
from ....core.errors import ExitCode, UnknownNameError, UsageError
from ....core.foreign import is_recording
from ....core.spec.container import SeveralObjectsError
from ...terminal.output import write_line, write_table, write_text
from ..common import add_object, add_settings, open_loaded, print_json, target_types, uncollected, wants_color
from ..parser import Parser
from .spec_json import SCHEMA, spec_json

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from rich.tree import Tree

    from ....core.btf import Btf
    from ....core.spec import CollectionSpec

__all__ = ["make_parser", "run"]

LIST_SCHEMA = "bpftui/objects/1"


def make_parser() -> Parser:
    """Return what reads its arguments."""
    parser = Parser(
        "show",
        "Show what a BPF object holds: programs, maps, variables, types. Nothing is loaded.",
        examples=(
            ("show prog.o --json", "what is in it, for programs"),
            ("show prog.o --layout TYPE", "a struct with its offsets and holes"),
            ("show id:42", "what is loaded already"),
        ),
    )
    add_object(parser, loaded=True)
    parser.add_argument("--json", action="store_true", help=f"as JSON, schema {SCHEMA}")
    parser.add_argument("--core", action="store_true", help="what CO-RE relocations resolve to; with --json: as well")
    parser.add_argument(
        "--externs", action="store_true", help="what its externs are on this machine; with --json: as well"
    )
    parser.add_argument(
        "--btf",
        metavar="FILE",
        help="with --core and --externs: against the types in FILE instead of the running kernel's",
    )
    parser.add_argument("--header", action="store_true", help="its types as a C header that compiles")
    parser.add_argument("--layout", metavar="TYPE", help="offsets, holes and padding of a struct, union or typedef")
    parser.add_argument(
        "--against",
        metavar="kernel|FILE",
        help="its structs beside this kernel's, or those of a BTF file or object: what moved, is missing, has another "
        "type or size, and which CO-RE relocations name it; with --layout: this type, with --json: as well",
    )
    parser.add_argument("--graph", action="store_true", help="which programs call, read and write what")
    parser.add_argument(
        "--format",
        choices=("text", "dot", "mermaid"),
        help="with --graph: as text (default), for Graphviz, for Mermaid",
    )
    parser.add_argument(
        "--blocks", action="store_true", help="with --graph: the control flow of its programs, block by block"
    )
    parser.add_argument(
        "--program",
        metavar="NAME",
        action="append",
        dest="programs",
        help="with --blocks: only this one (default: all of them)",
    )
    add_settings(parser)
    return parser


@uncollected(for_good=True)
def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    parser = make_parser()
    options = parser.parse(arguments)
    compared = options.against is not None
    alone = [options.header, options.layout is not None and not compared, options.graph, compared and not options.json]
    resolved = options.core or options.externs
    if sum(alone) + (any(alone) and (options.json or resolved)) > 1:
        parser.error("--header, --layout, --against and --graph are given alone: each is a text of its own")
    if options.format is not None and not options.graph:
        parser.error("--format is that of --graph")
    if options.blocks and not options.graph:
        parser.error("--blocks is that of --graph")
    if options.programs and not options.blocks:
        parser.error("--program is that of --graph --blocks")
    if options.btf is not None and not resolved:
        parser.error("--btf says what --core and --externs resolve against: give one of them")
    try:
        spec = open_loaded(options)
    except SeveralObjectsError as several:
        if options.settings or options.program_types:
            raise
        if options.json:
            print_json(_objects_json(several))
        else:
            write_table(_objects_tree(several), color=wants_color(options.color))
        return ExitCode.OK
    if options.graph:
        from .graph import graph_text, print_blocks

        if options.blocks:
            print_blocks(spec, options.programs, options.format or "text")
        else:
            write_text(graph_text(spec, options.format or "text"))
        return ExitCode.OK
    if compared and not options.json:
        from .against import print_against

        wanted = None if options.layout is None else _shape(spec, options.layout)
        print_against(spec, wanted, options.against, color=wants_color(options.color))
        return ExitCode.OK
    if any(alone):
        write_text(_types_text(spec, options.layout))
        return ExitCode.OK
    if resolved and not options.json:
        _print_resolved(spec, options)
        return ExitCode.OK
    from .loaded import loaded_json, print_loaded, snapshot_of

    snapshot = snapshot_of(options.object)
    if options.json:
        more = {} if snapshot is None else loaded_json(snapshot)
        if is_recording(options.object):
            from ..recording import recording_json

            more["recording"] = recording_json(options.object)
        print_json({**spec_json(spec), **_more_json(spec, options), **more})
        return ExitCode.OK
    from .spec_text import spec_tree

    write_table(spec_tree(spec), color=wants_color(options.color))
    if snapshot is not None:
        print_loaded(snapshot, color=wants_color(options.color))
    if is_recording(options.object):
        from ..recording import recording_lines

        write_text("".join(f"{line}\n" for line in recording_lines(options.object)))
    return ExitCode.OK


def _print_resolved(spec: CollectionSpec, options: argparse.Namespace) -> None:
    """Print what CO-RE relocations and externs are on a kernel, as tables."""
    from .core_table import core_target, print_core_table
    from .externs_table import externs_table

    target = target_types(options)
    if options.core:
        print_core_table(spec, core_target(spec, target), color=wants_color(options.color))
    if options.core and options.externs:
        write_line()
    if options.externs:
        write_table(externs_table(spec, target), color=wants_color(options.color))


def _more_json(spec: CollectionSpec, options: argparse.Namespace) -> dict[str, Any]:
    """Return what was asked for beside what the object holds: how it is on a kernel."""
    more: dict[str, Any] = {}
    if options.core:
        from .core_table import core_json, core_target

        more["core"] = core_json(spec, core_target(spec, target_types(options)))
    if options.externs:
        from .externs_table import externs_json

        more["externs_resolved"] = externs_json(spec, target_types(options))
    if options.against is not None:
        from .against import against_json

        wanted = None if options.layout is None else _shape(spec, options.layout)
        more["against"] = against_json(spec, wanted, options.against)
    return more


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
    from rich.tree import Tree

    from ...text.colors import assembled

    root = Tree(assembled((several.file, "bold"), (f"  {len(several.objects)} BPF objects", "dim")))
    for number, item in enumerate(several.objects, 1):
        place = f"  {item.size:,} bytes at {item.offset:#x}"
        root.add(assembled((f"{several.file}#{number}", "link"), f"  {item.name}".rstrip(), (place, "dim")))
    return root


def _types_text(spec: CollectionSpec, wanted: str | None) -> str:
    """Return the layout of the type that is wanted; without one, a header of all types."""
    from ....core.btf.header import c_header
    from ....core.btf.layout import layout
    from ....core.btf.layout_text import layout_text

    if wanted is not None:
        return layout_text(layout(_shape(spec, wanted)))
    return c_header(_types(spec))


def _types(spec: CollectionSpec) -> Btf:
    if spec.types is None:
        raise UsageError(f"{spec.file} has neither BTF nor DWARF, and so no types to show", hint="compile it with -g")
    return spec.types


def _shape(spec: CollectionSpec, wanted: str) -> CType:
    """Return the struct, union or typedef of a name."""
    btf = _types(spec)
    shapes = [i for kind in (Kind.STRUCT, Kind.UNION, Kind.TYPEDEF) for i in btf.ids(kind)]
    known = {btf.type_name(i): i for i in reversed(shapes)}
    name = wanted.removeprefix("struct ").removeprefix("union ")
    if not name or name not in known:
        raise UnknownNameError("type", wanted, filter(None, known), where=spec.file)
    return CType(btf, known[name])
