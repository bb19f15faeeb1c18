"""`bpftui top`: what the programs of this machine cost, as it changes."""

from __future__ import annotations

import math
import os
import sys
import threading
import time
from fnmatch import fnmatchcase
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from ....core.errors import ExitCode, UsageError
from ...terminal.output import write_line
from ...text.format import counted, rate
from ...text.inventory import attached_to, bytes_of, held
from ..columns import Column, table_lines
from ..common import add_read_only, hire_guardian, print_json, wants_color, warn
from ..exporting import SENDING, Ticks, add_exporting, destination, exporting
from ..parser import Parser
from ..privileges import changes_refused

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Sequence

    from ....core.metrics import Family
    from ....core.system import ProgramEntry
    from ....core.system.errands import Reader
    from ....core.system.load import Look, Observer, ProgramLoad
    from ..exporting import Destination

__all__ = ["SCHEMA", "make_parser", "run"]

SCHEMA: Final = "bpftui/top/1"
_Row = tuple["ProgramEntry", "ProgramLoad | None"]
_SORTS: Final[dict[str, Callable[[_Row], Any]]] = {
    "cpu": lambda row: -row[1].cpu_percent if row[1] else 0.0,
    "runs": lambda row: -row[1].runs_per_s if row[1] else 0.0,
    "ns": lambda row: -(row[1].ns_per_run or 0.0) if row[1] else 0.0,
    "missed": lambda row: -row[1].missed_per_s if row[1] else 0.0,
    "memory": lambda row: -(row[0].memlock or 0),
    "name": lambda row: row[0].name,
    "type": lambda row: row[0].type,
    "id": lambda row: row[0].id,
}
_TITLES: Final = {
    "cpu": "CPU %",
    "runs": "runs/s",
    "ns": "ns/run",
    "missed": "missed/s",
    "memory": "memory",
    "name": "name",
    "type": "type",
    "id": "ID",
}
"""What the same is called in the explorer's table."""
_COLUMNS: Final = (
    Column("id", is_number=True),
    Column("name", "link"),
    Column("type"),
    Column("runs/s", is_number=True),
    Column("ns/run", is_number=True),
    Column("CPU %", is_number=True),
    Column("missed/s", is_number=True),
    Column("memory", is_number=True),
    Column("on"),
    Column("held by"),
)


def make_parser() -> Parser:
    """Return what reads its arguments."""
    parser = Parser(
        "top",
        "Show what the programs of this machine cost, whoever loaded them: runs a second, time of a run, share of a "
        "CPU. In a terminal this is the explorer, at the place of what the machine runs; elsewhere, with --batch or "
        "--duration, one table after the other. Runs are counted while it runs, for which each takes some 80 ns more; "
        "about 40 ns of each run are the measuring, and programs that are reached by a tail call are not counted. It "
        "takes CAP_SYS_ADMIN.",
        examples=(
            ("top", "in the explorer, as it changes"),
            ("top --json --duration 10", "a line a second, ten of them"),
            ("top --sort runs --only 'count_*'", "some, the busiest first"),
        ),
    )
    parser.explores = _opens_place
    parser.add_argument("-b", "--batch", action="store_true", help="one table after the other, in a terminal too")
    parser.add_argument("--json", action="store_true", help=f"one JSON object a second, schema {SCHEMA}")
    parser.add_argument("--sort", choices=tuple(_SORTS), default="cpu", help="what they are ordered by (default: cpu)")
    parser.add_argument("--only", metavar="GLOB", help="only programs with such a name: count_*")
    parser.add_argument("--interval", metavar="SECONDS", type=float, help="between looks (default: 1)")
    parser.add_argument("--duration", metavar="SECONDS", type=float, help="how long (default: until interrupted)")
    add_exporting(parser, 'bpf_program_runs_total{id="42",program="count_packets",type="xdp"}')
    add_read_only(parser)
    return parser


def run(arguments: Sequence[str]) -> int:
    """Run the command: in a terminal the place of what the machine runs, elsewhere one table after the other."""
    options = make_parser().parse(arguments)
    hire_guardian()
    if options.runtime == "vm":
        raise UsageError("the built-in machine has nothing to show: whatever runs there is of one command")
    if options.interval is None:
        options.interval = SENDING if options.otlp is not None else 1.0
    if not 0.1 <= options.interval <= 86_400:
        raise UsageError(f"--interval {options.interval:g} is not between 0.1 and 86,400 seconds")
    if options.duration is not None and not 0 < options.duration < 1e9:
        raise UsageError(f"--duration {options.duration:g} is not between 0 and 1,000,000,000 seconds")
    where = destination(options, "json", "batch")
    if _opens_place(options):
        return _explore(options)
    from ....core.system.errands import open_inventory
    from ....core.system.load import Observer
    from ..sampling import each_sample

    with open_inventory() as inventory, Observer(inventory) as observer:
        if where is not None:
            return _export(inventory, observer, where, options)
        looks = _Looks(observer, options.interval)
        table = _Table(options)
        for look in each_sample(looks, options.duration, until=lambda: False):
            if look.time > 0:
                table.show(look)
            elif observer.uncounted:
                warn(f"runs are not counted: {observer.uncounted}")
        for sentence in looks.missing:
            warn(sentence)
    return ExitCode.OK


def _opens_place(options: argparse.Namespace) -> bool:
    """Whether it is the explorer: where there is a terminal, and nothing else is asked for."""
    if options.json or options.batch or options.duration is not None or options.runtime == "vm":
        return False
    if options.prometheus is not None or options.otlp is not None:
        return False
    return sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def _explore(options: argparse.Namespace) -> int:
    """Begin at the place of what the machine runs."""
    from ...screens.system import Beginning
    from ..explore import explore, reader

    return explore(
        runtime=options.runtime,
        attach=(),
        gave_up=options.gave_up,
        read=reader(),
        no_changes=changes_refused(options),
        begin_at=Beginning(order=_TITLES[options.sort], only=options.only or "", interval=options.interval),
    )


def _export(reader: Reader, observer: Observer, where: Destination, options: argparse.Namespace) -> ExitCode:
    """Tell what programs and maps cost as metrics, to the end."""
    from ....core.metrics import DEFAULT_SERIES, machine_families
    from ..sampling import each_sample

    def families() -> list[Family]:
        look, counted = observer.look(), not observer.uncounted
        return machine_families(look, reader.entries(), counted=counted, series=DEFAULT_SERIES, only=options.only)

    observer.look()  # what cannot be looked at is said at once, and not to whoever asks first
    if observer.uncounted:
        warn(f"runs are not counted: {observer.uncounted}")
    with exporting(where, families, options.interval):
        for _ in each_sample(Ticks(), options.duration, until=lambda: False):
            pass
    return ExitCode.OK


class _Looks:
    """Looks as they fall due: the first at once, for what counters were before."""

    def __init__(self, observer: Observer, interval: float) -> None:
        self._observer, self._interval = observer, interval
        self._over = threading.Event()
        self.missing: tuple[str, ...] = ()

    def samples(self, duration: float | None, *, until: Callable[[], bool]) -> Iterator[Look]:
        """Iterate over them; the last one comes when the time is over."""
        due = end = 0.0
        for number in count():
            look = self._observer.look()
            self.missing = look.snapshot.missing
            yield look
            if (
                not number
            ):  # one look alone tells nothing: the time begins when the first one, which takes a while, is over
                due = time.monotonic()
                end = math.inf if duration is None else due + duration
            due = min(due + self._interval, end)
            is_over = number > 0 and time.monotonic() >= end
            if is_over or until() or self._over.wait(max(due - time.monotonic(), 0)):
                return

    def stop(self) -> None:
        """End the iteration."""
        self._over.set()


class _Table:
    """Shows looks, in the form that was asked for."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._color = wants_color(options.color)

    def show(self, look: Look) -> None:
        """Show one."""
        if self._options.json:
            print_json(self._json(look), indent=None)
            return
        write_line(self._total(self._rows(look)))
        for line in table_lines(_COLUMNS, self._cells(self._rows(look)), color=self._color):
            write_line(line)
        write_line(flush=True)

    def _rows(self, look: Look) -> list[_Row]:
        rows = [(each, look.loads.get(each.id)) for each in look.snapshot.programs.values()]
        if self._options.only is not None:
            rows = [row for row in rows if fnmatchcase(row[0].name, self._options.only)]
        return sorted(rows, key=lambda row: (_SORTS[self._options.sort](row), row[0].id))

    @staticmethod
    def _total(rows: Sequence[_Row]) -> str:
        loads = [load for _, load in rows if load is not None]
        runs, share = sum(each.runs_per_s for each in loads), sum(each.cpu_percent for each in loads)
        moment = time.strftime("%H:%M:%S")
        return f"{moment}  {counted(len(rows), 'program')}, {rate(runs)} runs/s, {share:.2f} % of a CPU"

    @staticmethod
    def _cells(rows: Sequence[_Row]) -> Iterator[tuple[str, ...]]:
        for each, load in rows:
            numbers = ("–", "–", "–", "–")
            if load is not None:
                mean = "–" if load.ns_per_run is None else f"{load.ns_per_run:,.0f}"
                numbers = (rate(load.runs_per_s), mean, f"{load.cpu_percent:.2f}", rate(load.missed_per_s))
            memory = bytes_of(each.memlock)
            how = held(each.owners, each.pinned, () if each.attachments else each.held_by)
            yield (str(each.id), each.name, each.type, *numbers, memory, attached_to(each.attachments), how)

    def _json(self, look: Look) -> dict[str, Any]:
        return {
            "schema": SCHEMA,
            "time": round(look.time, 3),
            "programs": [
                {
                    "id": each.id,
                    "name": each.name,
                    "type": each.type,
                    "runs_per_s": None if load is None else round(load.runs_per_s, 3),
                    "ns_per_run": None if load is None or load.ns_per_run is None else round(load.ns_per_run, 3),
                    "cpu_percent": None if load is None else round(load.cpu_percent, 6),
                    "missed": None if load is None else round(load.missed_per_s, 3),
                }
                for each, load in self._rows(look)
            ],
        }
