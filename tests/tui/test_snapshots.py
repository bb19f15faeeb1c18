"""Every place of the explorer as it stands on the screen, at three sizes; in both themes and without colours.

A snapshot is text: the screen, and the role of each colour on it (`link`, `dim on cursor`, `danger-text on danger-fill
bold`). As widgets name roles and nothing else, one serves for both themes, which are both drawn and compared; it can be
read in a diff, is small, and says nothing of how this version of Textual writes SVG. Without colours, the same text has
to stand there. `make snapshots` writes them anew, with a picture of each in `build/snapshots/`, to be looked at.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
import time
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from textual.widgets import Input

from bpftui.core.analysis.records import record_type
from bpftui.core.debug import recording
from bpftui.core.live import Session
from bpftui.core.live.drawn import EventLine, Mark, StreamState
from bpftui.core.live.monitor import Observation, event_line
from bpftui.core.runtime import Entry, MapSnapshot
from bpftui.core.spec import CollectionSpec
from bpftui.core.tape import PlayedSession
from bpftui.core.vm.runtime import MachineRuntime
from bpftui.core.vm.world.settings import Settings
from bpftui.tui.app import BpftuiApp
from bpftui.tui.controllers import looking
from bpftui.tui.messages import Sampled
from bpftui.tui.nodes import Node, NodeKind
from bpftui.tui.roles import DARK, LIGHT, Palette
from bpftui.tui.screens import home as home_screen
from bpftui.tui.screens.system import Beginning
from bpftui.tui.state.objects import KnownObject
from bpftui.tui.state.recordings import KnownRecording
from bpftui.tui.text.page import Page
from bpftui.tui.themes import theme
from bpftui.tui.widgets.home import objects_place, recordings_place
from bpftui.tui.widgets.lists import message_view
from bpftui.tui.widgets.live import graph_pane
from bpftui.tui.widgets.message_line import MessageLine
from bpftui.tui.widgets.run import outcome_pane
from tests.core.tape.test_tape import record
from tests.home import own_home
from tests.rest import patient_pilots
from tests.tui.conftest import screen_text
from tests.tui.fakes import FakeMap, FakeRuntime
from tests.tui.looker import MadeLooker

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterator, Sequence

    from rich.style import Style
    from textual.pilot import Pilot
    from textual.strip import Strip

    from bpftui.core.btf import CType, Value
    from bpftui.core.runtime import Runtime
    from bpftui.tui.base_app import BaseApp

ROOT = Path(__file__).parents[2]
SNAPSHOTS = Path(__file__).parent / "snapshots"
PICTURES = ROOT / "build" / "snapshots"
"""Where `make snapshots` puts pictures."""
SIZES = ((200, 60), (120, 40), (80, 24))
USUAL = SIZES[1]
"""The size at which all looks are compared, and which has the roles of what is drawn."""

ROLES = re.compile(r" *\d+: \d+-\d+ ")
"""A line of a snapshot that tells the roles in one of the screen."""
REFUSED = """\
0: R1=ctx() R10=fp0
; int off_by_one(struct xdp_md *ctx)
0: (61) r2 = *(u32 *)(r1 +4)          ; R1=ctx() R2_w=pkt_end()
1: (61) r1 = *(u32 *)(r1 +0)          ; R1_w=pkt(r=0)
2: (71) r0 = *(u8 *)(r1 +13)
invalid access to packet, off=13 size=1, R1(id=0,off=13,r=13)
R1 offset is outside of the packet
processed 3 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
"""

ON_FOCUS = frozenset({"ground", "danger-text"})
"""What is written with on the colour of the focus: in the dark theme the ground's, in the light one white."""

Size = tuple[int, int]
Run = tuple[str, frozenset[str], frozenset[str], str]
"""What has one style: text, the roles that its colour may be, those of what is behind it, and bold, italic, …."""
Shots = dict[str, dict[str, dict[Size, list[list[Run]]]]]
"""What stands on the screen, line by line, by look, name and size."""


# What is fixed


def entries(found: FakeMap, limit: int | None = None) -> MapSnapshot:
    """Return what a map holds at its next sample: volumes that grow, by family and protocol; else little."""
    found.samples += 1
    tick = found.samples
    if found.spec.name != "traffic":
        return MapSnapshot(())
    kinds = ((2, 6, 90), (2, 17, 40), (10, 6, 12), (10, 17, 9), (2, 1, 1))
    return MapSnapshot(
        tuple(
            Entry(
                family.to_bytes(4, "little") + protocol.to_bytes(4, "little"),
                ((1000 * rate + tick * rate * (3 + tick % 3)).to_bytes(8, "little")
                 + (64_000 * rate + tick * rate * 512).to_bytes(8, "little"),),
            )
            for family, protocol, rate in kinds
        )
    )  # fmt: skip


_pictures_wanted = __name__ == "__main__"


class FixedTime:
    """A clock that stands still."""

    def strftime(self, form: str, *_: object) -> str:
        return time.strftime(form, time.gmtime(1_767_225_600))

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)


# What is drawn


class Look(NamedTuple):
    """How it is drawn."""

    name: str
    palette: Palette
    suffix: str


COLOURED = (Look("dark", DARK, ""), Look("light", LIGHT, "-light"))
"""Looks of one app, whose theme is changed under way, as users do."""
NO_COLOR = (Look("no-color", DARK, "-no-color"),)


@dataclass
class Camera:
    """Takes the pictures of a running app."""

    app: BaseApp[Any]
    pilot: Pilot[Any]
    looks: Sequence[Look]
    shots: Shots

    async def press(self, *keys: str) -> None:
        """Press keys, and wait until everything stands still."""
        for key in keys:
            await self.pilot.press(key)
        await self.settle()

    async def settle(self) -> None:
        """Wait until everything stands still."""
        before = None
        for _ in range(200):
            await self.pilot.pause()
            while not self.app.type_ahead.idle:
                await self.pilot.pause(0.01)
            for field in self.app.screen.query(Input):
                field.cursor_blink = False
            now = self.text
            if now == before and self.laid_out:
                return
            before = now
        raise AssertionError(f"the screen does not come to rest:\n{before}")

    @property
    def laid_out(self) -> bool:
        """Whether the screens have the terminal's size, those below a dialog too, which get it later."""
        columns, _ = size = self.app.size
        stack = self.app.screen_stack
        return all(
            screen.size == size and all(each.outer_size.width <= columns for each in screen.children if each.display)
            for screen in stack
        )

    @property
    def text(self) -> str:
        """What stands on the screen."""
        return screen_text(self.app)

    async def until(self, what: Callable[[], bool]) -> None:
        """Wait for *what*, and until everything stands still."""
        for _ in range(500):
            if what():
                await self.settle()
                return
            await self.pilot.pause(0.02)
        raise AssertionError(f"what was waited for never came:\n{self.text}")

    async def shoot(self, name: str) -> None:
        """Take the pictures of what is there, at each size, and end at the smallest, in the first look."""
        for size in SIZES:
            for look in self.looks:
                if size == USUAL or not look.suffix or _pictures_wanted:
                    await self.resize(size)
                    await self.wear(look)
                    self.shots.setdefault(look.name, {}).setdefault(name, {})[size] = list(self.lines(look))
                    self.picture(f"{name}-{size[0]}x{size[1]}{look.suffix}")
        await self.resize(SIZES[-1])
        await self.wear(self.looks[0])

    async def wear(self, look: Look) -> None:
        """Draw with the theme of a look."""
        if self.app.theme != look.palette.name:
            ground = self.app.screen_stack[0].styles
            before = ground.background
            self.app.theme = look.palette.name
            await self.until(lambda: ground.background != before)

    async def resize(self, size: Size) -> None:
        """Give the terminal a size, where it has another one."""
        if self.app.size != size:
            await self.pilot.resize_terminal(*size)
            await self.settle()

    def picture(self, name: str) -> None:
        if _pictures_wanted:
            drawn = self.app.export_screenshot(title="bpftui")
            drawn = drawn.replace("font-variant-east-asian:", "font-variant-ligatures: none; font-variant-east-asian:")
            (PICTURES / f"{name}.svg").write_text(drawn, encoding="utf-8")

    def lines(self, look: Look) -> Iterator[list[Run]]:
        """Yield the screen, line by line, in roles."""
        known: dict[str, set[str]] = {}
        for role, shade in look.palette.distinct.items():
            known.setdefault(shade.rgb, set()).add(role)
        for strip in self.app.screen._compositor.render_strips():
            yield list(runs(strip, known))


def agree(one: Run, other: Run) -> bool:
    """Whether two runs have the same text in the same roles; what is below a veil is blended, and has none."""
    colors = ((one[1], other[1]), (one[2], other[2]))
    same = all(not x or not y or x & y or x | y == ON_FOCUS for x, y in colors)
    return same and (one[0], one[3]) == (other[0], other[3])


def runs(strip: Strip, known: dict[str, set[str]]) -> Iterator[Run]:
    """Yield what of a line has one style."""

    def roles(style: Style | None, which: str) -> frozenset[str]:
        color = getattr(style, which) if style else None
        return frozenset(known.get(color.triplet.hex, ())) if color is not None and color.triplet else frozenset()

    for text, style, _ in strip:
        shapes = ("bold", "italic", "underline", "reverse", "strike")
        yield (
            text,
            roles(style, "color"),
            roles(style, "bgcolor"),
            " ".join(shape for shape in shapes if style and getattr(style, shape)),
        )


def written(shot: dict[Size, list[list[Run]]], *, roles: bool) -> str:
    """Return a snapshot: the screens, and below the one in the middle what on it is not plain text on the ground."""
    parts: list[str] = []
    for (columns, rows), lines in shot.items():
        parts += [f"== {columns}x{rows}", *("".join(run[0] for run in line).rstrip() for line in lines)]
        if roles and (columns, rows) == USUAL:
            parts += [f"{number:>3}: {said}" for number, line in enumerate(lines) if (said := styled(line))]
    return "".join(f"{part}\n" for part in parts)


def styled(line: list[Run]) -> str:
    """Return what of a line is not plain text on the ground."""
    said: list[tuple[int, int, str]] = []
    at = 0
    for text, color, behind, shapes in line:
        style = f"{named(color)}{'' if 'ground' in behind else f' on {named(behind)}'} {shapes}".rstrip()
        if not text.strip() and not shapes:
            style = "text" if "ground" in behind else f"… on {named(behind)}"
        if style != "text":
            if said and said[-1][1:] == (at, style):
                said[-1] = said[-1][0], at + len(text), style
            else:
                said.append((at, at + len(text), style))
        at += len(text)
    return ", ".join(f"{start}-{stop} {style}" for start, stop, style in said)


def named(roles: frozenset[str]) -> str:
    """Return the name of a colour; what is below a veil, or blended otherwise, has none."""
    return min(roles, key=lambda role: (role.startswith(("series", "heat")), role)) if roles else "?"


# Where one can be


@asynccontextmanager
async def running(app: BaseApp[Any], looks: Sequence[Look], shots: Shots) -> AsyncGenerator[Camera]:
    """Run an app for a camera."""
    app.animation_level = "none"
    for look in looks:
        app.register_theme(theme(look.palette, distinct=True))
    app.theme = looks[0].palette.name
    async with app.run_test(size=SIZES[-1]) as pilot:
        yield Camera(app, pilot, looks, shots)


@asynccontextmanager
async def explorer(
    path: str, looks: Sequence[Look], shots: Shots, runtime: Runtime | None = None
) -> AsyncGenerator[Camera]:
    """Run the explorer for a camera."""
    spec = CollectionSpec.from_file(ROOT / path)
    spec.file = path
    app = BpftuiApp(Session(spec, runtime or FakeRuntime()), runtime="vm")
    app.operations.monitor.interval = 1000.0
    try:
        async with running(app, looks, shots) as camera:
            await app.explorer.furnished.wait()
            await camera.settle()
            yield camera
    finally:
        app.operations.close()


async def spec_places(looks: Sequence[Look], shots: Shots) -> None:
    """The tabs of an object that is not loaded."""
    async with explorer("bpf/traffic.o", looks, shots) as camera:
        await camera.shoot("overview")
        await camera.press("2", "3")
        await camera.shoot("variables")
        await camera.press("4")
        await camera.shoot("maps")


async def spec_rest(looks: Sequence[Look], shots: Shots) -> None:
    """What there is to see of it where nothing is measured, and its types."""
    async with explorer("bpf/traffic.o", looks, shots) as camera:
        assert isinstance(camera.app, BpftuiApp)
        await camera.press("5")
        await camera.shoot("graph")
        await camera.press("6")
        await camera.shoot("log")
        camera.app.explorer.navigation.go_to(Node(NodeKind.TYPES))
        await camera.press("1")
        await camera.shoot("types")


async def code(looks: Sequence[Look], shots: Shots) -> None:
    """The code of an object that is not loaded: listing, flow, and what is searched for."""
    async with explorer("bpf/traffic.o", looks, shots) as camera:
        await camera.press("2", *["down"] * 11)
        await camera.shoot("code")
        while "26 blocks" not in camera.text:
            await camera.press("v")
        await camera.shoot("code-flow")
        await camera.press("v", "slash", *"lookup")
        await camera.until(lambda: " of 6 in this program" in camera.text)
        await camera.shoot("search")


async def dialogs(looks: Sequence[Look], shots: Shots) -> None:
    """What lies over the explorer."""
    async with explorer("bpf/traffic.o", looks, shots) as camera:
        await camera.press("question_mark")
        await camera.shoot("dialog-help")
        await camera.press("escape", "colon")
        await camera.shoot("dialog-finder")
        await camera.press("escape", "3", "e")
        await camera.shoot("dialog-number")
        await camera.press("escape", "down", "e")
        await camera.shoot("dialog-bool")


async def questions(looks: Sequence[Look], shots: Shots) -> None:
    """What is asked over the explorer before something is done."""
    async with explorer("bpf/traffic.o", looks, shots) as camera:
        await camera.press("3", "down", "P")
        await camera.shoot("dialog-presets")
        await camera.press("escape", "1", "e")
        await camera.shoot("dialog-program-type")
        await camera.press("escape", "3", "L")
        assert isinstance(camera.app, BpftuiApp)
        operations = camera.app.operations
        await camera.until(lambda: bool(operations.collection) and not operations.busy)
        await camera.press("A")
        await camera.until(lambda: "a network of its own" in camera.text)
        await camera.shoot("dialog-attach")


@asynccontextmanager
async def attached(looks: Sequence[Look], shots: Shots) -> AsyncGenerator[Camera]:
    """Run the explorer for a camera, with an object that has been attached for a minute."""
    async with explorer("bpf/traffic.o", looks, shots) as camera:
        app = camera.app
        assert isinstance(app, BpftuiApp)
        operations, monitor = app.operations, app.operations.monitor
        await camera.press("L")
        await camera.until(lambda: bool(operations.collection) and not operations.busy)
        await camera.press("A")
        await camera.settle()
        await camera.press("enter")
        await camera.until(lambda: bool(app.session.links) and monitor.last is not None)
        sampler = app.session.sampler(interval=1000.0)
        first = sampler.take()
        for tick in range(120):
            # Later than anything that the explorer itself samples meanwhile.
            times = {"map_times": {}, "variables_time": None, "programs_time": None}
            sample = replace(sampler.take(), time=tick / 2 + 1000, interval=0.5, **times)
            app.explorer.post_message(Sampled(Observation(sample)))
        assert first.time == 0
        marks = (Mark(1015.0, "sample_every 1000 → 250"), Mark(1040.0, "detached count_traffic → sandbox"))
        monitor.graph._marks.extend(marks)  # pyright: ignore[reportPrivateUsage]
        yield camera


async def live_places(looks: Sequence[Look], shots: Shots) -> None:
    """The maps of an object that is attached."""
    async with attached(looks, shots) as camera:
        await camera.press("4")
        await camera.shoot("live-maps")
        await camera.press("v")
        await camera.shoot("live-maps-tree")
        await camera.press("v")
        await camera.shoot("live-maps-histogram")
        await camera.press("v", "e")
        await camera.shoot("live-maps-edit")


async def live_graph(looks: Sequence[Look], shots: Shots) -> None:
    """Two counters of it over time."""
    async with attached(looks, shots) as camera:
        await camera.press("4", "w", "4", "down", "w")
        await camera.shoot("live-graph")
        await camera.press("left", "left", "left", "left", "down")
        await camera.shoot("live-graph-cursor")


async def live_whole(looks: Sequence[Look], shots: Shots) -> None:
    """An object that is attached as a whole, and what leaving it would end."""
    async with attached(looks, shots) as camera:
        await camera.press("4", "w", "4", "down", "w", "1")
        await camera.shoot("live-overview")
        assert isinstance(camera.app, BpftuiApp)
        explorer_screen = camera.app.explorer
        events = records(explorer_screen.spec)
        maps = explorer_screen.panes.maps
        explorer_screen.navigation.go_to(Node(NodeKind.MAP, "events"), "maps")
        for seen, count in ((1000.0, 4_000), (1000.5, 6_012)):
            maps.show_streams({"events": StreamState(count, lost=12, type_text=events[0], type=events[1])}, seen)
        maps.add_events("events", events[2])
        await camera.shoot("live-events")
        await camera.press("q")
        await camera.shoot("dialog-quit")


async def refusal(looks: Sequence[Look], shots: Shots) -> None:
    """What the verifier refused."""
    async with explorer("tests/objects/bad_offbyone.o", looks, shots, FakeRuntime(log=REFUSED)) as camera:
        await camera.press("L")
        await camera.until(lambda: "✗" in camera.text)
        await camera.press("6")
        await camera.shoot("refused")


async def home(looks: Sequence[Look], shots: Shots) -> None:
    """Home, with an object that is open, and one that could not be opened."""
    known = [
        KnownObject("Recent", "/src/lb/lb.o", "~/src/lb"),
        KnownObject("Here: ~/src/net", "/src/net/filter.o", ""),
        KnownObject("Shipped", "/bpf/count_packets.o", "the smallest counter: packets that an interface receives"),
    ]
    page = Page("traffic.o", "18.4 KiB · changed 2 min ago")
    page.answer("attached to sandbox (12 min ago)", good=True)
    page.field("programs", "count_traffic", "xdp")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(objects_place, "known_objects", lambda: known)
        patch.setattr(objects_place, "object_page", lambda *_: page)
        patch.setattr(home_screen, "machine_facts", lambda: ("kernel BTF", "JIT on", "Linux 6.18", "root"))
        async with explorer("bpf/traffic.o", looks, shots) as camera:
            assert isinstance(camera.app, BpftuiApp)
            camera.app.session.spec.file = "/src/net/traffic.o"
            await camera.press("0")
            await camera.until(lambda: "12 min ago" in camera.text)
            camera.app.open_object("/nosuch/x.o")
            await camera.until(lambda: "✗" in camera.text)
            await camera.shoot("home")


async def home_recordings(looks: Sequence[Look], shots: Shots) -> None:
    """The recordings at home, by day, with what the chosen one is."""
    known = [
        KnownRecording("/var/rec/traffic.rec", 620_544, 1_767_225_600.0),
        KnownRecording("/var/rec/lb-overnight.rec", 48_234_496, 1_767_139_200.0),
    ]
    page = Page("traffic.rec", "606 KiB · 12 s · 49 samples")
    page.field("object", "traffic.o", "")
    page.field("attached", "count_traffic", "sandbox")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recordings_place, "known_recordings", lambda: known)
        patch.setattr(recordings_place, "recording_page", lambda *_: page)
        patch.setattr(recordings_place.time, "localtime", time.gmtime)
        patch.setattr(home_screen, "machine_facts", lambda: ("kernel BTF", "JIT on", "Linux 6.18", "root"))
        async with explorer("bpf/traffic.o", looks, shots) as camera:
            await camera.press("0")
            await camera.press("3")
            await camera.until(lambda: "49 samples" in camera.text)
            await camera.shoot("home-recordings")


async def system(looks: Sequence[Look], shots: Shots) -> None:
    """What the machine runs: programs under load, what one is related to, and the other tables."""
    looker = MadeLooker()
    app = BpftuiApp(runtime="vm", observe=lambda: looker, begin_at=Beginning(order="runs/s", interval=1000.0))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(looking, "_FIRST", 0.01)
        async with running(app, looks, shots) as camera:
            await camera.until(lambda: "runs/s ·" in camera.text)
            await camera.shoot("system-programs")
            await camera.press("u")
            await camera.shoot("system-users")
            await camera.press("escape", "2")
            await camera.shoot("system-maps")
            await camera.press("3")
            await camera.shoot("system-links")
            await camera.press("4")
            await camera.shoot("system-net")
            await camera.press("6")
            await camera.shoot("system-processes")
            await camera.press("7")
            await camera.shoot("system-pins")
            await camera.press("8")
            await camera.shoot("system-btf")


def records(spec: CollectionSpec) -> tuple[str, CType, list[EventLine]]:
    """Return what the events of `traffic.o` are, and some that came."""
    found = record_type(spec, spec.maps["events"])
    assert found.type is not None
    lines: list[EventLine] = []
    for number in range(60):
        kind: Value = {"family": "IPV6" if number % 3 == 0 else "IPV4", "protocol": "UDP" if number % 2 else "TCP"}
        value: Value = {
            "time": 5_000_000_000 + 125_000_000 * number,
            "number": 88_750 + 250 * number,
            "kind": kind,
            "length": 60 + number * number % 1454,
        }
        lines.append(event_line(number * 0.125, found.type.encode(value), found))
    return found.text, found.type, lines


class FixedMoment:
    """Clocks that stand still, of what a recording is told."""

    def monotonic_ns(self) -> int:
        return 1_000_000_000

    def time_ns(self) -> int:
        return 1_767_225_600_000_000_000


async def debugger(looks: Sequence[Look], shots: Shots) -> None:
    """A run that stands at a breakpoint, with the question why a value is what it is."""
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as home:
        patch.setenv("XDG_STATE_HOME", home)  # stops are kept: here there are none yet
        patch.setattr(recording, "time", FixedMoment())
        async with explorer("bpf/traffic.o", looks, shots) as camera:
            await camera.press("2", "d")
            await camera.until(lambda: "step 0 of 141" in camera.text)
            await camera.press("colon", *"break 113", "enter")
            await camera.until(lambda: "●" in camera.text)
            await camera.press("c")
            await camera.until(lambda: "step 84 of 141" in camera.text)
            await camera.press("colon", *"why total_bytes", "enter")
            await camera.until(lambda: "Why  total_bytes" in camera.text)
            camera.app.screen.query_one(MessageLine).forget()
            await camera.press("2")
            await camera.shoot("debugger")
            await camera.press("4")
            await camera.shoot("debugger-maps")


async def run_editor(looks: Sequence[Look], shots: Shots) -> None:
    """The editor of a test run, and what came of two."""
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as home:
        patch.setenv("XDG_CONFIG_HOME", home)
        patch.setattr(outcome_pane, "duration", lambda _seconds: "1.9 µs")
        runtime = MachineRuntime(Settings(clock=lambda: 5_000_000_000))
        async with explorer("bpf/traffic.o", looks, shots, runtime) as camera:
            await camera.press("R")
            await camera.until(lambda: "nothing is sent anywhere" in camera.text)
            await camera.press("R")
            await camera.until(lambda: "XDP_PASS (2)" in camera.text)
            await camera.press("R")
            await camera.until(lambda: "run 2 of 2" in camera.text)
            await camera.shoot("test-run")


async def recording_place(looks: Sequence[Look], shots: Shots) -> None:
    """A recording, some time before its end."""
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as home:
        patch.setenv("XDG_STATE_HOME", home)
        path = Path(home) / "traffic.rec"
        record(path)
        with PlayedSession(str(path)) as session:
            app = BpftuiApp(session)
            async with running(app, looks, shots) as camera:
                await app.explorer.furnished.wait()
                await camera.until(lambda: "11 of 11" in camera.text)
                await camera.press("4", *["comma"] * 6)
                await camera.until(lambda: "5 of 11" in camera.text)
                camera.app.screen.query_one(MessageLine).forget()
                await camera.shoot("recording")
            app.operations.close()


PLACES: dict[str, Callable[[Sequence[Look], Shots], Awaitable[None]]] = {
    "spec": spec_places,
    "code": code,
    "spec-rest": spec_rest,
    "dialogs": dialogs,
    "questions": questions,
    "live": live_places,
    "live-graph": live_graph,
    "live-whole": live_whole,
    "refusal": refusal,
    "home": home,
    "home-recordings": home_recordings,
    "system": system,
    "debugger": debugger,
    "test-run": run_editor,
    "recording": recording_place,
}


@contextmanager
def fixed() -> Generator[None]:
    """Hold still what is not the same at each run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FakeMap, "snapshot", entries)
        patch.setattr(message_view, "time", FixedTime())
        patch.setattr(graph_pane, "time", FixedTime())
        patch.setenv("TERM", "xterm-256color")
        patch.setenv("COLORTERM", "truecolor")
        patch.delenv("NO_COLOR", raising=False)
        yield


async def taken(place: str, looks: Sequence[Look]) -> Shots:
    """Return what stands on the screen at a place."""
    shots: Shots = {}
    with fixed(), pytest.MonkeyPatch.context() as patch:
        if looks is NO_COLOR:
            patch.setenv("NO_COLOR", "1")
        await PLACES[place](looks, shots)
    return shots


def expected(name: str) -> str:
    return (SNAPSHOTS / f"{name}.txt").read_text("utf-8")


@pytest.mark.parametrize("place", PLACES)
async def test_what_stands_on_the_screen(place: str) -> None:
    shots = await taken(place, COLOURED)
    dark, light = (shots[look.name] for look in COLOURED)
    for name, shot in dark.items():
        assert written(shot, roles=True) == expected(name), f"{name} has changed: `make snapshots`, and look at it"
    assert light.keys() == dark.keys()
    for name, shot in light.items():
        for size, lines in shot.items():
            for number, (one, other) in enumerate(zip(dark[name][size], lines, strict=True)):
                different = [pair for pair in zip(one, other, strict=False) if not agree(*pair)]
                assert not different, f"{name} {size}, line {number}, is another one in the light theme"


@pytest.mark.parametrize("place", PLACES)
async def test_without_colours_the_same_is_said(place: str) -> None:
    for name, shot in (await taken(place, NO_COLOR))["no-color"].items():
        said = [line for line in written(shot, roles=False).splitlines() if not line.startswith("== ")]
        screens = [line for line in expected(name).splitlines() if not ROLES.match(line)]
        start = screens.index(f"== {USUAL[0]}x{USUAL[1]}") + 1
        assert said[: USUAL[1]] == screens[start : start + USUAL[1]], name


def test_no_snapshot_is_left_over() -> None:
    names = {path.stem for path in SNAPSHOTS.iterdir()}
    source = Path(__file__).read_text("utf-8")
    assert names == set(re.findall(r'\.shoot\("([a-z-]+)"\)', source))


def main() -> None:
    """Write the snapshots anew, all or those of some places, with pictures of them."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    SNAPSHOTS.mkdir(exist_ok=True)
    with own_home(), patient_pilots():
        for place in sys.argv[1:] or PLACES:
            for looks in (COLOURED, NO_COLOR):
                for name, shot in asyncio.run(taken(place, looks)).get("dark", {}).items():
                    (SNAPSHOTS / f"{name}.txt").write_text(written(shot, roles=True), encoding="utf-8")
                    print(f"{name}.txt")


if __name__ == "__main__":
    main()
