"""`bpftui watch`: load, attach, and print what the maps hold as it changes."""

from __future__ import annotations

import os
import sys
import time
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Final

from ...core.btf import format_value
from ...core.errors import ExitCode, UsageError
from ...core.foreign import is_recording
from ...core.references import parse_loaded
from ..keeping import where_attached
from ..terminal.hush import hush
from ..terminal.output import InPlace, complain, write_lines
from ..text.charset import is_writable
from ..watched_file import WatchedFile
from .common import (
    add_loading,
    add_object,
    add_reload,
    add_settings,
    hire_guardian,
    loading,
    open_spec,
    print_json,
    recorded,
    runtime_of,
    wants_color,
    warn,
)
from .event_lines import event_lines, print_lines
from .exporting import SENDING, Ticks, add_exporting, destination, exporting
from .live_table import LiveTable, unlisted
from .parser import Parser
from .recording import played, recording
from .run.changes import told
from .sample_json import SCHEMA, sample_json
from .sampling import each_sample
from .watched_object import WatchedObject

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Generator, Iterator, Sequence

    from ...core.live import EventReader, EventSource, MapRow, MapTable, Sample, Sampler, Session
    from ...core.metrics import Family
    from ...core.references import LoadedName
    from ...core.runtime import Collection, Link, PrintReader
    from ...core.spec import CollectionSpec
    from .exporting import Destination
    from .recording import Recording
    from .sampling import Sampling

__all__ = ["add_timing", "check_timing", "make_parser", "rates_text", "run"]

_LIMIT: Final = 10_000
_EVENTS: Final = 0.5
"""Of the interval, what events may take: the rest is for maps and variables, and for writing it all."""
_SHOWN: Final = 50
"""Entries of a map that are written as text."""


def make_parser() -> Parser:
    """Return what reads its arguments."""
    parser = Parser(
        "watch",
        "Load an object, attach its programs, and print its maps and variables as they change.",
        examples=(
            ("watch prog.o --attach PROGRAM=sandbox", "in a sandbox, with traffic"),
            ("watch prog.o --attach PROGRAM=eth0 --json", "as JSON, a line a sample"),
            ("watch map:7", "a map that is loaded already"),
        ),
    )
    add_object(parser, loaded=True)
    add_settings(parser)
    parser.add_argument(
        "--attach",
        metavar="PROGRAM[=TARGET]",
        action="append",
        default=[],
        help="attach to an interface (eth0, or eth0,generic); to `sandbox`, an own namespace with traffic in it: "
        "sandbox,rate=5000,tcp=3,udp=1 (also icmp, arp, ipv4, ipv6, size=60-1514, seed); or to one with the packets of "
        "a capture in it: FILE.pcap,speed=10,loop (speed=max: as fast as it goes; rate=N: not as recorded; @FILE where "
        "the name does not end so); or to a control group's directory, a network namespace, a map of sockets. PROGRAM "
        "alone: to what its section says. A capture that is not looped ends the watch",
    )
    parser.add_argument("--map", metavar="NAME", action="append", dest="maps", help="only this map (default: all)")
    add_timing(parser)
    parser.add_argument(
        "--record",
        metavar="FILE",
        help="keep all of it in a new file, which `bpftui watch FILE` and `bpftui show FILE` open as it was",
    )
    add_exporting(parser, 'bpf_map_traffic_packets_total{protocol="TCP"}, named by its types')
    add_loading(parser)
    add_reload(parser)
    parser.add_argument(
        "--limit",
        metavar="N",
        type=int,
        default=_LIMIT,
        help=f"entries of a map that are read, and numbers of one that are told as metrics (default: {_LIMIT:,}); the "
        "others are counted",
    )
    parser.add_argument(
        "--bytes", action="store_true", help='with --json: char arrays as {"text", "bytes"}, with what follows the NUL'
    )
    parser.add_argument(
        "--per-cpu",
        action="store_true",
        help="values of per-CPU maps as lists of all CPUs', instead of sums of what counts",
    )
    return parser


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    options = make_parser().parse(arguments)
    hire_guardian()
    check_timing(options)
    if options.limit < 1:
        raise UsageError(f"--limit {options.limit} is less than 1")
    loaded = parse_loaded(options.object)
    if loaded is not None:
        return _run_loaded(loaded, options)
    if is_recording(options.object):
        return _play(options)
    from ...core.live import Session

    if options.reload and (options.record or options.prometheus or options.otlp):
        raise UsageError(
            "--reload puts other versions in the place of the one that is watched",
            hint="--record, --prometheus and --otlp are about one version: leave them out, or --reload",
        )

    def read(say: Callable[[str], None]) -> CollectionSpec:
        spec = open_spec(options, say)
        _check_names(spec, options)
        return spec

    file = WatchedFile(options.object, read) if os.path.isfile(options.object) else None
    session = Session(read(warn), runtime_of(options, **loading(options)))
    if file is not None:
        file.include(session.spec.headers)
    return _run(session, options, file)


def _run_loaded(name: LoadedName, options: argparse.Namespace) -> int:
    """Watch what is loaded already: its maps and variables are read, and nothing is attached or changed."""
    if any((options.attach, options.settings, options.program_types, options.preset, options.pin_path, options.reload)):
        raise UsageError(
            f"{options.object} is loaded already: it is read, and not changed",
            hint="--attach, --set, --type, --preset, --pin-path and --reload are for files",
        )
    if options.runtime == "vm":
        raise UsageError(f"{options.object} is loaded in the kernel, and not in the built-in machine")
    from ...core.maps.shape import why_unreadable
    from ...core.system.loaded import find_loaded, loaded_spec
    from ...core.system.opened import open_loaded

    spec = loaded_spec(find_loaded(name), options.object)
    if not spec.programs and all(why_unreadable(each.type) is not None for each in spec.maps.values()):
        raise UsageError(
            f"{options.object} has no map that could be read without changing anything",
            hint="a stream's records would be taken from its owner",
        )
    _check_names(spec, options)
    return _run(open_loaded(spec), options)


def _play(options: argparse.Namespace) -> int:
    """Print what was recorded, from its beginning, as fast as it is read."""
    given = (
        options.attach,
        options.settings,
        options.program_types,
        options.preset,
        options.record,
        options.prometheus,
        options.otlp,
        options.reload,
    )
    if any(given):
        raise UsageError(
            f"{options.object} is a recording: it is played, and not changed",
            hint="--attach, --set, --type, --preset, --record, --prometheus, --otlp and --reload are for objects",
        )
    with played(options.object, options.maps) as found, found.collection.printed() as printed:
        playback = found.playback(options.maps)
        return _watch(found.session, found.collection, playback, found.events, printed, options)


def _check_names(spec: CollectionSpec, options: argparse.Namespace) -> None:
    """Raise UnknownNameError or UsageError for maps, programs and targets that there are not."""
    from ...core.live import check_target
    from ...core.spec.targets import parse_attachment

    for name in options.maps or ():
        spec.map(name)
    for program, target in map(parse_attachment, options.attach):
        check_target(spec.program(program), target)


def _run(session: Session, options: argparse.Namespace, file: WatchedFile | None = None) -> int:
    """Load what a session is of, unless it has it loaded, attach, and watch; also what its *file* becomes."""
    from ...core.spec.targets import parse_attachment

    attachments = [parse_attachment(text) for text in options.attach]
    where = destination(options, "json", "record")
    with WatchedObject(session, file, swaps=options.reload) as watched, ExitStack() as outer:
        if session.collection is None:
            session.load(strict=options.strict)
        while True:
            code = _watch_version(watched, outer, attachments, where, options)
            if not watched.go_on():
                return code


def _watch_version(
    watched: WatchedObject,
    outer: ExitStack,
    attachments: Sequence[tuple[str, str]],
    where: Destination | None,
    options: argparse.Namespace,
) -> ExitCode:
    """Watch one version to its end, or until another one has taken over.

    The first one is attached. *outer* has what all of them have in common.
    """
    session, start = watched.session, watched.start
    collection = session.collection
    assert collection is not None
    with ExitStack() as stack:
        for problem in (*collection.remarks, *(error.message for error in collection.problems.values())):
            warn(problem)
        # Read before anything is attached: what nobody reads goes nowhere.
        events = stack.enter_context(session.events(options.maps, keeps=where is None))
        printed = stack.enter_context(collection.printed())
        for problem in (*(error.message for error in events.problems.values()), printed.problem):
            if problem:
                warn(problem)
        for name, record in events.types.items():
            if record.guess:
                warn(f"{name}: records are taken for {record.text}")
        tape, source = stack.enter_context(
            recording(options.record, collection, events, interval=options.interval, theirs=session.theirs)
        )
        if tape is not None:
            if session.theirs is None:
                tape.mark(0.0, "loaded", session.spec.title)
            for program, place in where_attached(session):
                tape.mark(0.0, "attached", program, place)
        # So are runs: those of before are in the maps, and in no count.
        if start is None:
            watched.uncounted = outer.enter_context(session.runtime.statistics())
            for program, target in attachments:
                link = session.attach(program, target)
                if link.target.remark:
                    warn(f"{program}={target}: {link.target.remark}")
                if tape is not None:
                    tape.mark(0.0, "attached", program, target or link.target.name)
            outer.enter_context(recorded(session, attachments))
        listed = options.maps and [name for name in options.maps if not collection.maps[name].type.is_stream]
        sampler = session.sampler(
            maps=listed,
            interval=options.interval,
            limit=options.limit,
            statistics=nullcontext(watched.uncounted),
            start=start,
        )
        watched.begin(sampler.hurry)
        if where is not None:
            return _export(watched, collection, sampler, events, printed, where, options)
        return _watch(session, collection, sampler, source, printed, options, tape, watched)


def _export(
    watched: WatchedObject,
    collection: Collection,
    sampler: Sampler,
    events: EventReader,
    printed: PrintReader,
    where: Destination,
    options: argparse.Namespace,
) -> ExitCode:
    """Tell metrics to whoever asks, to the end; it fails where what something was attached to is gone before."""
    from ...core.metrics import CollectionMetrics

    uncounted = watched.uncounted
    metrics = CollectionMetrics(collection, series=options.limit)
    attached = _Attached(watched.session)

    def families() -> list[Family]:
        return metrics.families(replace(sampler.take(), uncounted=uncounted), events.totals())

    if uncounted:
        warn(f"runs are not counted: {uncounted}")
    with exporting(where, families, options.interval):
        for _ in each_sample(Ticks(), options.duration, until=attached.over):
            events.totals()  # counts, where there is no thread that does
            print_lines(printed.read())
            for text in (*map(_lost_text, attached.lost()), *watched.texts()):
                warn(text)
    return ExitCode.REFUSED if attached.gone else ExitCode.OK


class _Attached:
    """What is attached, and what of it is attached to nothing any more."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.gone: tuple[Link, ...] = ()

    def over(self) -> bool:
        """Whether nothing more will come: the traffic has ended, or all that was attached is gone."""
        return self._session.finished or (bool(self.gone) and len(self.gone) == len(self._session.links))

    def lost(self) -> list[Link]:
        """Return what was lost since the last call."""
        gone = self._session.gone
        found = [link for link in gone if link not in self.gone]
        self.gone = gone
        return found


def _lost_text(link: Link) -> str:
    return f"{link.program} is attached to nothing any more: {link.target.name} is gone"


def add_timing(parser: Parser) -> None:
    """Add `--interval`, `--duration` and `--json`."""
    parser.add_argument(
        "--interval",
        metavar="SECONDS",
        type=float,
        help="between samples (default: 1); writing "
        "events takes half of it at most: the others wait (`behind`) or are given up (`lost`)",
    )
    parser.add_argument("--duration", metavar="SECONDS", type=float, help="how long (default: until interrupted)")
    parser.add_argument("--json", action="store_true", help=f"one JSON object a sample, schema {SCHEMA}")


def check_timing(options: argparse.Namespace) -> None:
    """Raise UsageError for times that make no sense."""
    if options.interval is None:
        options.interval = SENDING if vars(options).get("otlp") is not None else 1.0
    if not 0.01 <= options.interval <= 86_400:
        raise UsageError(f"--interval {options.interval:g} is not between 0.01 and 86,400 seconds")
    if options.duration is not None and not 0 < options.duration < 1e9:
        raise UsageError(f"--duration {options.duration:g} is not between 0 and 1,000,000,000 seconds")


def _watch(
    session: Session,
    collection: Collection,
    sampler: Sampling[Sample],
    events: EventSource,
    printed: PrintReader,
    options: argparse.Namespace,
    tape: Recording | None = None,
    watched: WatchedObject | None = None,
) -> ExitCode:
    """Watch to the end, or until another version has taken over.

    It fails where what something was attached to is gone before.
    """
    before: Sample | None = None
    attached = _Attached(session)
    problem = printed.problem
    # With one program attached, who printed is no question.
    named = len({link.program for link in session.links}) > 1

    def over() -> bool:
        return attached.over() or (watched is not None and watched.is_over)

    duration = options.duration
    if duration is not None and watched is not None and watched.start is not None:
        duration = max(0.0, duration - (time.monotonic() - watched.start))
    with _in_place(session, collection, options) as table:
        for sample in each_sample(sampler, duration, until=over):
            texts = [] if watched is None else [*watched.texts()]
            lines, until = printed.read(), time.monotonic() + _EVENTS * options.interval
            lost = attached.lost()
            if table is not None and (lost or texts or lines.lines or lines.lost):
                table.clear()
            if printed.problem not in ("", problem):
                warn(printed.problem)
            problem = printed.problem
            for text in texts:
                complain(text)
            for link in lost:
                warn(_lost_text(link))
                if tape is not None:
                    tape.mark(sample.time, "gone", link.program, link.target.name)
            if before is None and sample.uncounted:
                warn(f"runs are not counted: {sample.uncounted}")
            if options.json:
                document = sample_json(
                    collection, sample, events, per_cpu=options.per_cpu, texts=options.bytes, until=until
                )
                print_json(document | told(lines), indent=None)
            elif table is not None:
                print_lines(lines, named=named)
                table.show(sample, event_lines(events, until))
            else:
                print_lines(lines, named=named)
                write_lines(_lines(collection, sample, before, per_cpu=options.per_cpu))
                write_lines(event_lines(events, until))
                sys.stdout.flush()
            if tape is not None:
                tape.add(sample, lines)
            before = sample
    return ExitCode.REFUSED if attached.gone else ExitCode.OK


@contextmanager
def _in_place(session: Session, collection: Collection, options: argparse.Namespace) -> Generator[_Table | None]:
    """Have a table that stays in its place, where standard output is a terminal that can do that; else None."""
    if options.json or not sys.stdout.isatty() or os.environ.get("TERM", "dumb") == "dumb":
        yield None
        return
    attached = ", ".join(
        f"{link.program} {'→' if is_writable('→') else '->'} {link.target.name}" for link in session.links
    )
    title = f"{os.path.basename(session.spec.file)}  {attached or 'not attached'}"
    table = _Table(
        LiveTable(collection, title, options.interval, per_cpu=options.per_cpu, color=wants_color(options.color))
    )
    hush()  # what is typed does not belong into the table
    with table.place.following(table.draw):
        try:
            yield table
        finally:
            table.place.leave()


class _Table:
    """A table that stays in its place, with what else there is to be said above it."""

    def __init__(self, table: LiveTable) -> None:
        self._table = table
        self.place = InPlace()
        self._drawing = False

    def clear(self) -> None:
        """Make room for lines that stay."""
        self.place.clear()

    def show(self, sample: Sample, lines: Iterator[str]) -> None:
        """Write lines that stay, and below them what there is now."""
        first = next(lines, None)
        if first is not None:
            self.clear()
            write_lines(chain((first,), lines))
        self._table.update(sample)
        self.draw()

    def draw(self) -> None:
        """Draw what there is, as large as the terminal is now."""
        if self._drawing:
            return  # a signal, in the midst of it: the next sample comes soon
        self._drawing = True
        try:
            self.place.show(self._table.lines(*self.place.size()))
        finally:
            self._drawing = False


def _lines(collection: Collection, sample: Sample, before: Sample | None, *, per_cpu: bool) -> Iterator[str]:
    """Iterate over a sample's lines: the time, then each entry with its rate where something changed."""
    from ...core.analysis.counting import Counting
    from ...core.live import map_table

    yield f"{sample.time:9.3f} s"
    for name in sample.maps:
        source = collection.maps[name]
        snapshot = sample.maps[name]
        if snapshot.note:
            yield f"  {name}: {unlisted(source, snapshot)}"
            continue
        table = map_table(
            source, sample, before, per_cpu=per_cpu, counting=collection.spec.derived(Counting), limit=_SHOWN
        )
        if before is None and source.type.per_cpu and not per_cpu:
            yield f"  {name}: {_summed(table)}"
        for row in table.rows:
            yield f"  {name}[{row.key_text}] = {row.value_text}{rates_text(table, row)}"
        if beyond := snapshot.count - len(table.rows):
            yield f"  {name}: and {beyond:,} {'more' if snapshot.is_counted else 'more at least'}"
    for name, raw in sample.variables.items():
        if before is None or before.variables.get(name) != raw:
            ctype = collection.variables[name].spec.type
            yield f"  {name} = {ctype.format(raw) if ctype is not None else format_value(raw)}"
    for name, info in sample.programs.items():
        if info.run_cnt:
            mean = info.run_time_ns / info.run_cnt
            yield f"  {name}: {info.run_cnt:,} runs, {mean:.0f} ns each"


def rates_text(table: MapTable, row: MapRow) -> str:
    """Return the rates of what changed, each with its member's name, two spaces before each."""
    changed = [
        (counter.path and counter.label, rate) for counter, rate in zip(table.counters, row.rates, strict=True) if rate
    ]
    return "".join(f"  {path} {rate:+,.1f}/s" if path else f"  {rate:+,.1f}/s" for path, rate in changed)


def _summed(table: MapTable) -> str:
    """Return what was done with the values of a per-CPU map."""
    if not table.counters:
        return "nothing in it is known to count: all values by CPU"
    if [counter.path for counter in table.counters] == [""]:
        return "sums over the CPUs"
    labels = ", ".join(counter.label for counter in table.counters)
    has_rest = any(row.rest_text for row in table.rows)
    return f"sums over the CPUs: {labels}{'; all else by CPU' if has_rest else ''}"
