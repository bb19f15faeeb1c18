"""What the commands share: options, opening an object, colours, JSON."""

from __future__ import annotations

import gc
import math
import os
import re
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, cast

from ...core.errors import BpftuiError, UsageError
from ...core.foreign import is_recording, is_source
from ...core.references import parse_loaded
from ...core.spec import CollectionSpec
from ...core.visible import visible
from ..terminal.output import complain, write_json
from ..terminal.process import process
from ..text.charset import is_writable
from .parser import LOADING, OBJECT, Parser

if TYPE_CHECKING:
    import argparse
    import json
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

    from ...core.btf import Btf, Text, Value
    from ...core.btf.core import CoreResolver
    from ...core.compiler import Compiled
    from ...core.live import Session
    from ...core.runtime import Runtime
    from ...core.spec import ProgramSpec
    from ...core.spread import Apply

__all__ = [
    "add_compiling",
    "add_loading",
    "add_machine",
    "add_object",
    "add_read_only",
    "add_reload",
    "add_settings",
    "add_source",
    "add_target",
    "applied",
    "check_cflags",
    "configured",
    "csv_cell",
    "hire_guardian",
    "json_value",
    "loading",
    "machine_options",
    "open_loaded",
    "open_spec",
    "print_json",
    "read_file",
    "read_object",
    "read_spec",
    "record",
    "recorded",
    "resolver_of",
    "runtime_of",
    "target_types",
    "uncollected",
    "wants_color",
    "warn",
]


def hire_guardian() -> None:
    """Have somebody see to it that this process ends when it is told to; before there are threads."""
    if process.own:
        from ..terminal.guardian import hire

        hire()


_LOADED: Final = "; or what is loaded: id:42 (a program), map:7, link:3, name:GLOB, a path under a bpffs"


def add_object(parser: Parser, *, several: bool = False, loaded: bool = False) -> None:
    """Add the object file as `object`; or *several*, or none, as a list called `objects`.

    *loaded*: also what is loaded already.
    """
    parser.add_argument(
        "objects" if several else "object",
        metavar="OBJECT",
        nargs="*" if several else None,
        help="a BPF ELF object file, or what holds one (a program, a library, an archive, .gz, .xz, .zst, - for "
        "standard input); FILE#2 is the second object in a file; a C file, prog.c, is compiled"
        + (_LOADED if loaded else ""),
    )
    add_compiling(parser)


_WARNINGS: Final = 20
"""Of a compiler, that are said."""


def add_compiling(parser: Parser) -> None:
    """Add `--cflags`: how a C file is compiled."""
    parser.group(OBJECT).add_argument(
        "--cflags",
        metavar="FLAGS",
        help="flags of a C file, before which a compiler may stand: 'clang-19 -mcpu=v4 -I include' (default: those of "
        "a compile_commands.json near it, else of its first line: // bpftui: -I include)",
    )


def add_read_only(parser: Parser) -> None:
    """Let nobody change what others have loaded."""
    parser.add_argument(
        "--read-only",
        action="store_true",
        help="refuse whatever would change what others have loaded: entries of maps, links, pins",
    )


def add_reload(parser: Parser) -> None:
    """Add `--reload`."""
    parser.add_argument(
        "--reload",
        action="store_true",
        help="when the file changes, put its new version in the place of what is loaded and attached: it is verified "
        "first, maps of the same shape are handed over with what they hold, links are swapped without a packet lost; "
        "one that is refused changes nothing",
    )


def add_source(parser: Parser) -> None:
    """Add `--source`: where source files are."""
    parser.group(OBJECT).add_argument(
        "--source",
        metavar="DIR",
        action="append",
        default=[],
        help="where the source files are that DWARF names, besides the object's own directory; no other is read",
    )


def add_settings(parser: Parser) -> None:
    """Add `--set`, `--preset` and `--type`: what is changed in a spec before it is used."""
    parser.group(OBJECT).add_argument(
        "--set",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        dest="settings",
        help="set a global variable, or a member: cfg.limits[2].rate=5, mode=STRICT, mask=0xff00, raw=hex:0102",
    )
    parser.group(OBJECT).add_argument(
        "--preset",
        metavar="NAME",
        help="set the variables that were saved under this name in the explorer (P there); --set comes after it",
    )
    parser.group(OBJECT).add_argument(
        "--type",
        metavar="PROGRAM=TYPE",
        action="append",
        default=[],
        dest="program_types",
        help="what a program is, whatever its section says: a program type (xdp, sched_cls) or a SEC() name "
        "(cgroup/connect4, fentry/do_unlinkat)",
    )


def add_loading(parser: Parser, *, several: bool = True) -> None:
    """Add `--pin-path`, `--return`, `--memory`, `--btf` and, where *several* programs are loaded, `--strict`."""
    if several:
        parser.group(LOADING).add_argument(
            "--strict",
            action="store_true",
            help="load all programs or nothing (default: one that does not load is left out, with a warning)",
        )
    parser.group(LOADING).add_argument(
        "--pin-path",
        metavar="DIRECTORY",
        help="a directory of a bpffs, where maps that are pinned by name are found or put (default: they are private)",
    )
    add_machine(parser)
    add_target(parser)


def loading(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return what `add_loading` brought as options of a runtime."""
    options = machine_options(arguments)
    if arguments.pin_path is not None:
        options["pin_path"] = arguments.pin_path
    if (target := target_types(arguments)) is not None:
        options["target"] = target
    return options


def add_machine(parser: Parser) -> None:
    """Add `--return` and `--memory`: what programs on the built-in machine find."""
    parser.group(LOADING).add_argument(
        "--return",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        dest="returns",
        help="the built-in machine only: what a helper or kernel function returns, in place of what it would do, or of "
        "stopping the run where there is none: bpf_get_smp_processor_id=3, bpf_sk_lookup_tcp=0, bpf_fib_lookup=-ENODEV"
        ', and of a pointer what it leads to: bpf_task_from_pid={"pid": 5}',
    )
    parser.group(LOADING).add_argument(
        "--memory",
        metavar="ADDRESS=FILE",
        action="append",
        default=[],
        help="the built-in machine only: what bpf_probe_read* and the kernel's pointers read from this address on, a "
        "file or bytes: 0xffff888000001000=hex:0102 (default: -EFAULT, and 0)",
    )


def machine_options(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return what `add_machine` brought as options of the built-in machine; nothing where it was not given.

    Raises:
        UsageError: It was, and the runtime is the kernel; or it is not of its form.
    """
    if not arguments.returns and not arguments.memory:
        return {}
    from ...core.choice import runtime_options

    return runtime_options(arguments.runtime, returns=arguments.returns, memory=arguments.memory)


def warn(message: str) -> None:
    """Print one line to standard error: something is not as it was asked for, but it goes on."""
    complain(f"warning: {message}")


def runtime_of(arguments: argparse.Namespace, **options: Any) -> Runtime:
    """Return the runtime that was asked for, made with *options*; say so where `auto` is not the kernel."""
    from ...core.choice import choose_runtime

    runtime = choose_runtime(arguments.runtime, **options)
    if arguments.runtime == "auto" and runtime.remark:
        warn(runtime.remark)
    return runtime


def add_target(parser: Parser) -> None:
    """Add `--btf`: the kernel's types to adapt programs to."""
    parser.group(LOADING).add_argument(
        "--btf",
        metavar="FILE",
        help="adapt the programs (CO-RE) to the types in FILE instead of those that the running kernel publishes",
    )


def target_types(arguments: argparse.Namespace) -> Btf | None:
    """Return the types that `--btf` names; None where it was not given.

    Raises:
        ObjectError, NoPermissionError: The file holds no BTF, or cannot be read.
    """
    if arguments.btf is None:
        return None
    from ...core.btf.target import read_btf

    return read_btf(arguments.btf)


def resolver_of(spec: CollectionSpec, arguments: argparse.Namespace) -> CoreResolver | None:
    """Return what resolves an object's CO-RE relocations against the types that `--btf` names; None without.

    Raises:
        ObjectError, NoPermissionError: As `target_types`.
    """
    target = target_types(arguments)
    if target is None or spec.btf is None:
        return None
    from ...core.btf.core import CoreResolver

    return CoreResolver(spec.btf, target)


def open_loaded(
    arguments: argparse.Namespace, say: Callable[[str], None] = warn, *, file: str | None = None
) -> CollectionSpec:
    """Do the same as `open_spec`, and take what is loaded as well: `id:42`, `map:7`, `link:3`, `name:GLOB`, a pin.

    Raises:
        UnknownNameError, NoPermissionError: It is not there, or this process may not look at it.
        UsageError: Something was to be set, which nothing here does to what is loaded.
    """
    text: str = arguments.object if file is None else file
    name = parse_loaded(text)
    if name is None:
        return open_spec(arguments, say, file=file)
    if arguments.settings or arguments.program_types or arguments.preset is not None:
        raise UsageError(
            f"{text} is loaded already: its variables and types are as they are",
            hint="--set, --type and --preset are for files",
        )
    return read_loaded(text)


def read_loaded(text: str) -> CollectionSpec:
    """Return what of the name `id:42`, `map:7`, … is loaded, as a spec; errors as `open_loaded` raises them."""
    from ...core.system.loaded import find_loaded, loaded_spec

    name = parse_loaded(text)
    assert name is not None, text
    return loaded_spec(find_loaded(name), text)


def open_spec(
    arguments: argparse.Namespace, say: Callable[[str], None] = warn, *, file: str | None = None
) -> CollectionSpec:
    """Read the object that was named, and set the types and the variables that were; *say* as for `configured`.

    Of a recording it is the object that was recorded, as it was loaded.

    Args:
        arguments: What was asked for.
        say: Is told what of a preset does not fit.
        file: One of the objects, where several can be named.
    """
    name: str = arguments.object if file is None else file
    check_cflags(arguments)
    return configured(
        read_file(name, getattr(arguments, "source", ()), getattr(arguments, "cflags", None), say), arguments, say
    )


def read_spec(name: str, source: Sequence[str] = (), cflags: str | None = None) -> CollectionSpec:
    """Read what was named, as it is: a file, a recording, or what is loaded (errors as `open_loaded` raises them).

    Args:
        name: As the command line has it.
        source: Where the source files are that its DWARF names.
        cflags: How a C file is compiled; None for what is found beside it.
    """
    return read_file(name, source, cflags) if parse_loaded(name) is None else read_loaded(name)


def read_file(
    name: str, source: Sequence[str] = (), cflags: str | None = None, say: Callable[[str], None] = warn
) -> CollectionSpec:
    """Read an object, or of a recording the one that was recorded; of a C file it is what it is compiled to.

    *say* is told what the compiler warns of, and what of its flags is not taken.
    """
    if is_recording(name):
        from ...core.tape import Tape

        with Tape(name) as tape:
            return tape.spec()
    made = _compiled(name, cflags, say) if is_source(name) else None
    data = read_object(name) if made is None else made.data
    spec = CollectionSpec.from_bytes(data, file=name, source_directories=source)
    spec.headers = () if made is None else made.headers
    return spec


def read_object(name: str, cflags: str | None = None, say: Callable[[str], None] = warn) -> bytes:
    """Return the bytes of an object file, or of what a C file is compiled to; as for `read_file`."""
    from ...core.spec.container import read_source

    return _compiled(name, cflags, say).data if is_source(name) else read_source(name)


def _compiled(name: str, cflags: str | None, say: Callable[[str], None]) -> Compiled:
    """Return what a C file is compiled to; say what of its flags is not taken, and what the compiler warns of."""
    from ...core.compiler import compiled_file

    made = compiled_file(name, cflags)
    if made.flags.remark:
        say(made.flags.remark)
    for warning in made.warnings[:_WARNINGS]:
        say(f"{warning.place}: {warning.text}")
    if len(made.warnings) > _WARNINGS:
        say(f"{name}: {len(made.warnings) - _WARNINGS:,} more warnings")
    return made


def check_cflags(arguments: argparse.Namespace) -> None:
    """Raise UsageError where flags are given, and no C file that they are for; at home one may be opened yet."""
    names: list[str] = getattr(arguments, "objects", None) or [getattr(arguments, "object", "")]
    if getattr(arguments, "cflags", None) is not None and names != [""] and not any(map(is_source, names)):
        raise UsageError(f"--cflags are for a C file, and {' '.join(names)} is none")


def configured(
    spec: CollectionSpec, arguments: argparse.Namespace, say: Callable[[str], None] = warn, *, settings: bool = True
) -> CollectionSpec:
    """Set the types and the variables of *spec* that the command line asks for, and return it.

    Args:
        spec: What was read.
        arguments: What was asked for.
        say: Is told what of a preset does not fit any more; the rest of it is set.
        settings: Whether `--set` counts.
    """
    for given in arguments.program_types:
        name, equals, text = given.partition("=")
        if not equals or not name:
            raise UsageError(
                f"--type {given!r} is not of the form PROGRAM=TYPE",
                hint="--type my_prog=xdp, --type my_prog=cgroup/connect4",
            )
        spec.set_type(name.strip(), text.strip())
    if arguments.preset is not None:
        from ..state.presets import Presets, restore

        for problem in restore(spec, Presets(spec).named(arguments.preset)).problems:
            say(f"preset {arguments.preset}: {problem}")
    for setting in arguments.settings if settings else ():
        path, equals, text = setting.partition("=")
        if not equals or not path:
            raise UsageError(f"--set {setting!r} is not of the form NAME=VALUE", hint="--set sample_every=10")
        spec.set_text(path.strip(), text)
    return spec


def record(text: str, spec: CollectionSpec) -> None:
    """Write to the user's log what became of *spec*; where there can be none, nothing is said."""
    from ..state.journal import Journal

    Journal().write(text, file=spec.file)


@contextmanager
def recorded(session: Session, attachments: Sequence[tuple[str, str]]) -> Generator[None]:
    """Write to the user's log that *session* is loaded and attached, and at the end that it is not any more."""
    from ..text.format import counted

    collection = session.collection
    assert collection is not None
    attached = "".join(f", attached {program} → {target}" for program, target in attachments)
    loaded = f"loaded {counted(len(collection.programs), 'program')} and {counted(len(collection.maps), 'map')}"
    record(loaded + attached, session.spec)
    try:
        yield
    finally:
        session.close()
        record("closed" + attached.replace("attached", "detached"), session.spec)


def json_value(value: Value, *, texts: bool = False) -> object:
    """Return a value as JSON has it: bytes as hexadecimal digits, and as text the numbers that it lacks (`nan`).

    With *texts*, a char array is an object with its `text` and its `bytes`.
    """
    if not texts:
        return _json_value(value, None)
    from ...core.btf import Text

    return _json_value(value, Text)


def _json_value(value: Value, text: type[Text] | None) -> object:
    """Return the same; *text* is the type of texts that become objects."""
    if isinstance(value, int):
        return value
    if isinstance(value, dict):
        return {name: _json_value(item, text) for name, item in value.items()}
    if isinstance(value, list):
        return [_json_value(item, text) for item in value]
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, float) and not math.isfinite(value):
        return repr(value)
    return value if text is None or not isinstance(value, text) else {"text": str(value), "bytes": value.raw.hex()}


_ITEMS: Final = 256
"""Items of a list that become text at a time."""


def csv_cell(text: str) -> str:
    """Return a text of foreign origin as a cell: visible, and text for a spreadsheet too, which takes `=1+1` for a
    formula; what is a number stays one."""
    shown = visible(text)
    return f"'{shown}" if shown[:1] in ("=", "+", "-", "@") and not _NUMBER.fullmatch(shown) else shown


_NUMBER: Final = re.compile(r"[+-]?\d+(\.\d+)?(e[+-]?\d+)?", re.ASCII)


def print_json(value: object, *, indent: int | None = 2) -> None:
    """Print one JSON document, or one line of them with *indent* None."""
    import json

    # Written as it is made: the text of a variable of megabytes is many times its size.
    encoder = json.JSONEncoder(indent=indent, ensure_ascii=not is_writable("é本"))
    write_json(encoder.iterencode(value) if indent is not None else _pieces(encoder, value), flush=indent is None)


def _pieces(encoder: json.JSONEncoder, value: object) -> Iterator[str]:
    """Iterate over a document on one line: what `iterencode` yields, in a tenth of its time.

    Written in C is only what makes a whole text, so that it is handed the document in parts.
    """
    if isinstance(value, dict):
        yield "{"
        for index, (name, item) in enumerate(cast("dict[str, object]", value).items()):
            yield f"{', ' if index else ''}{encoder.encode(name)}: "
            yield from _pieces(encoder, item)
        yield "}"
    elif isinstance(value, list):
        items = cast("list[object]", value)
        yield "["
        for at in range(0, len(items), _ITEMS):
            yield (", " if at else "") + encoder.encode(items[at : at + _ITEMS])[1:-1]
        yield "]"
    else:
        yield encoder.encode(value)


def wants_color(choice: str) -> bool:
    """Return whether standard output gets colours."""
    if choice == "auto":
        return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return choice == "always"


def applied(programs: Iterable[ProgramSpec]) -> Apply:
    """Return what looks into all of them, or into their functions: several processes where they are worth it."""
    from ...core.spread import is_worth_it, spread

    insns = 0
    with suppress(BpftuiError):  # one that is damaged says so itself
        insns = sum(program.insns for program in programs)
    return spread if is_worth_it(insns) else map


@contextmanager
def uncollected(*, for_good: bool = False) -> Generator[None]:
    """Keep the garbage collector off to the end, or until the explorer is ready, which turns it on again.

    Importing, reading and listing make many objects and hardly any garbage: looking for it takes a tenth of the time
    until the explorer's first frame, and a third of that until an object of 500,000 instructions is listed. Where the
    command ends with it, and its process with the command, *for_good* saves the one look at all that was made.
    """
    thresholds = gc.get_threshold()
    gc.disable()
    try:
        yield
    finally:
        if not (for_good and process.own):
            gc.set_threshold(*thresholds)  # the explorer's are others
            gc.enable()
