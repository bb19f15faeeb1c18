"""Makes screenshots/: a real run of the explorer, as SVG and, where a browser is there, as PNG. Needs root.

`make screenshots` calls it; without root, or without bpf(2), it says so and leaves what is there.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch

from bpftui.core import kernel as kernel_runtime
from bpftui.core.debug import Call, Recording
from bpftui.core.diff import diff
from bpftui.core.kernel import KernelRuntime
from bpftui.core.kernel.sys.namespace import NetworkNamespace
from bpftui.core.live import Session, State, counters
from bpftui.core.live.quantity import OfEntry
from bpftui.core.spec import AttachType, CollectionSpec
from bpftui.core.system import Inventory
from bpftui.core.system.load import Observer
from bpftui.core.system.opened import open_loaded
from bpftui.core.tape import PlayedSession
from bpftui.tui.app import BpftuiApp
from bpftui.tui.changes import Changes
from bpftui.tui.commands.explore import reader
from bpftui.tui.nodes import Node, NodeKind
from bpftui.tui.operations import AttachRequest
from bpftui.tui.screens.explorer import ExplorerScreen
from bpftui.tui.screens.system import SystemScreen
from bpftui.tui.state.recent import remember, remember_outcome
from bpftui.tui.text.difference import diff_lines
from bpftui.tui.text.export import document
from bpftui.tui.widgets.code.listing_view import ListingView
from bpftui.tui.widgets.live.map_table import MapTableView
from bpftui.tui.widgets.message_line import MessageLine
from bpftui.tui.widgets.spec.core_view import CoreView
from bpftui.tui.widgets.spec.types_view import TypesView
from bpftui.tui.widgets.status_line import StatusLine
from tests.home import own_home
from tests.tui.conftest import screen_text
from tests.versions import object_of

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from textual.pilot import Pilot

ROOT = Path(__file__).parents[1]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")

DARK, LIGHT = "bpftui-dark", "bpftui-light"
MISTAKE = "mistake-1-begin", "mistake-2-why", "mistake-3-found"
_MAIN = (
    "home",
    "system",
    "interface",
    "loaded-code",
    "overview",
    "code",
    "attach",
    "live",
    "graph",
    "heat-map",
    "stacks",
    "stack",
    "recording",
    "verifier",
    "test-run",
    "debugger",
)
LOOKS = {
    "": (),
    "-light": (*_MAIN, "listing-side-by-side", *MISTAKE),
    "-80x24": _MAIN,
    "-200x60": (),
    "-200x60-light": (),
    "-no-color": ("listing", "dead-code", "flow", "marks"),
}
"""What is kept of each look; all where nothing is named."""


ONLY: set[str] = set()
"""The films that are made, by the names of their functions; all where none is named."""


@dataclass
class Studio:
    """A running explorer and where its pictures go."""

    app: BpftuiApp
    pilot: Pilot[object]
    folder: Path
    suffix: str

    @property
    def explorer(self) -> ExplorerScreen:
        """The explorer's screen, also below a dialog."""
        screen = self.app.screen_stack[0]
        assert isinstance(screen, ExplorerScreen)
        return screen

    async def press(self, *keys: str, rest: float = 0.3) -> None:
        """Press keys and let the screen settle."""
        for key in keys:
            await self.pilot.press(key)
        await self.pilot.pause(rest)

    async def until(self, what: Callable[[], bool], seconds: float = 60.0) -> None:
        """Wait for *what*."""
        for _ in range(int(seconds / 0.05)):
            if what():
                return
            await self.pilot.pause(0.05)
        raise SystemExit(f"screenshots: {self.suffix}: what was waited for never came:\n{screen_text(self.app)}")

    def shoot(self, name: str) -> None:
        """Save a picture, if it is kept of this look."""
        if LOOKS[self.suffix] and name not in LOOKS[self.suffix]:
            return
        path = self.folder / f"{name}{self.suffix}.svg"
        picture = self.app.export_screenshot(title="bpftui")
        # Terminals draw `!=` and `0x` as they are written; a browser would make ligatures of them.
        picture = picture.replace("font-variant-east-asian:", "font-variant-ligatures: none; font-variant-east-asian:")
        path.write_text(picture, encoding="utf-8")
        print(path.relative_to(self.folder.parent))


async def walk(studio: Studio, seconds: float) -> None:
    """Take the pictures of the whole line."""
    operations = studio.app.operations
    await studio.pilot.pause(0.5)
    studio.shoot("overview")
    studio.explorer.navigation.go_to(Node(NodeKind.MAP, "traffic"), "overview")
    await studio.pilot.pause(0.3)
    studio.shoot("map-spec")
    studio.explorer.navigation.go_to(Node(NodeKind.PROGRAM, "count_traffic"), "code")
    await studio.press(*["down"] * 11)
    studio.shoot("code")
    await studio.press("3", "e", *"250")
    studio.shoot("edit")
    await studio.press("enter")
    studio.shoot("variables")
    await studio.press("L")
    await studio.until(lambda: operations.state is State.LOADED and not operations.busy)
    await studio.press("A")
    await studio.until(lambda: "reading interfaces" not in screen_text(studio.app))
    studio.shoot("attach")
    await studio.press("enter")
    await studio.until(lambda: operations.state is State.ATTACHED and studio.explorer.navigation.tab == "maps")
    sandbox = studio.app.session.sandbox
    assert sandbox is not None
    steps = (1000, 2500, 4000, 1500, 3000, 6000, 2000)
    for rate in steps:
        sandbox.rate = rate
        await studio.pilot.pause(seconds / len(steps))
    studio.shoot("live")
    studio.explorer.navigation.go_to(Node(NodeKind.VARIABLE, "total_bytes"), "variables")
    await studio.press("e", "0", "enter")  # a mark, which is in sight however long the machine takes for all before
    studio.explorer.navigation.go_to(Node(NodeKind.MAP, "traffic"), "maps")
    await studio.press("w", "4", "down", "w", "4", "down", "w", rest=1.0)
    await studio.until(lambda: studio.explorer.navigation.tab == "graph")
    await studio.press("left_square_bracket", *["left"] * 12, rest=1.0)
    studio.shoot("graph")
    studio.explorer.navigation.go_to(Node(NodeKind.MAP, "events"))
    await studio.pilot.pause(1.0)
    studio.shoot("events")
    await studio.press("question_mark")
    studio.shoot("help")
    await studio.press("escape")


async def shades(studio: Studio, seconds: float) -> None:
    """Take the picture of a histogram over time, as a heat map."""
    operations = studio.app.operations
    await studio.press("L")
    await studio.until(lambda: operations.state is State.LOADED and not operations.busy)
    operations.attach(AttachRequest("lengths", "sandbox,rate=2000"))
    await studio.until(lambda: operations.state is State.ATTACHED)
    (counter,) = counters(studio.app.session.spec.maps["bytes_hist"])
    studio.explorer.sampling.draw(OfEntry(counter, (9).to_bytes(4, sys.byteorder)))
    studio.explorer.navigation.action_show_tab("graph")
    await studio.press("left_square_bracket")
    for _ in range(8):  # which ways to look at it there are is known with the first samples
        await studio.press("v", rest=1.0)
        if "p50" in screen_text(studio.app):
            break
    for rate in (2000, 60, 6000, 300, 3000):
        assert studio.app.session.sandbox is not None
        studio.app.session.sandbox.rate = rate
        await studio.pilot.pause(seconds / 5)
    await studio.press(*["left"] * 4, rest=0.5)
    studio.shoot("heat-map")


async def stacks(studio: Studio, seconds: float) -> None:
    """Take the pictures of stack traces: in their map, and one as a whole."""
    await studio.press("L")
    await studio.until(lambda: studio.app.operations.state is State.LOADED)
    collection = studio.app.session.collection
    assert collection is not None
    collection.programs["once"].run()
    studio.explorer.navigation.go_to(Node(NodeKind.MAP, "stacks"))
    await studio.until(lambda: "_once < " in screen_text(studio.app))
    table = studio.explorer.query_one(MapTableView)
    table.focus()
    table.cursor = next(at for at in range(table.row_count()) if "_once" in table.row_text(at))
    await studio.press(rest=0.5)
    studio.shoot("stacks")
    await studio.press("enter")
    await studio.until(lambda: "_once+0x" in screen_text(studio.app))
    studio.shoot("stack")


async def back_in_time(studio: Studio, seconds: float) -> None:
    """Take the picture of a recording, some time before its end."""
    await studio.until(lambda: studio.app.operations.monitor.last is not None)
    studio.explorer.navigation.go_to(Node(NodeKind.MAP, "traffic"), "maps")
    await studio.press("w", "4", "down", "w", "4", "down", "w", rest=1.0)
    await studio.press("5", "left_square_bracket", *["comma"] * 12, rest=1.0)
    studio.shoot("recording")


async def wide(studio: Studio, seconds: float) -> None:
    """Take the picture of a large terminal: tree, code, and beside it the map that it is about, with a chart."""
    operations = studio.app.operations
    await studio.press("A")
    await studio.until(lambda: "─ Attach ─" in screen_text(studio.app))
    await studio.until(lambda: "reading interfaces" not in screen_text(studio.app))
    await studio.press("enter")
    await studio.until(lambda: operations.state is State.ATTACHED and "of 256" in screen_text(studio.app))
    await studio.press("w", "4", "down", "w")
    sandbox = studio.app.session.sandbox
    assert sandbox is not None
    studio.explorer.navigation.go_to(Node(NodeKind.PROGRAM, "count_traffic"), "code")
    view = studio.explorer.query_one(ListingView)
    await studio.until(lambda: view.row_count() > 0)
    view.jumps.show(75)
    for rate in (1000, 2500, 4000, 1500, 3000, 6000, 2000):
        sandbox.rate = rate
        await studio.pilot.pause(seconds / 7)
    studio.shoot("explorer")


async def listing(studio: Studio, seconds: float) -> None:
    """Take pictures of the code: with arrows, beside its C, who uses a map."""
    studio.explorer.navigation.go_to(Node(NodeKind.PROGRAM, "count_traffic"), "code")
    view = studio.explorer.query_one(ListingView)
    await studio.until(lambda: view.row_count() > 0)
    view.jumps.show(41)
    await studio.pilot.pause(0.3)
    studio.shoot("listing")
    await studio.press("v", "v", "z")  # the assembly alone, then beside its C
    studio.shoot("listing-side-by-side")
    await studio.press("z")
    studio.explorer.navigation.go_to(Node(NodeKind.MAP, "traffic"), "overview")
    await studio.press("u")
    studio.shoot("users")
    await studio.press("escape")
    studio.explorer.navigation.go_to(Node(NodeKind.TYPES))
    await studio.pilot.pause(0.3)
    studio.explorer.query_one(TypesView).search("^struct event$")
    await studio.press("enter")
    studio.shoot("type")
    await studio.press("escape", "ctrl+p", *"traf")
    studio.shoot("finder")
    await studio.press("escape")


async def kernel(studio: Studio, seconds: float) -> None:
    """Take pictures of what the kernel made of a program."""
    studio.explorer.navigation.go_to(Node(NodeKind.PROGRAM, "count_traffic"), "code")
    pane = studio.explorer.panes.code
    await studio.until(lambda: pane.view.row_count() > 0)
    pane.view.jumps.show(41)
    while pane.mode != "heat":
        await studio.press("m")
    await studio.press("v", "v", "v")
    await studio.until(lambda: pane.columns.has_focus)
    await studio.pilot.pause(0.5)
    studio.shoot("columns")
    while not pane.flow.has_focus:  # a narrow pane has the columns one after the other
        await studio.press("v")
    await studio.press("z")
    await studio.press(*["down"] * 3)
    studio.shoot("flow")
    await studio.press("z", "1", "R")
    await studio.until(lambda: "Result" in screen_text(studio.app))
    await studio.press("plus", "R", "R", *["down"] * 10, rest=1.0)
    studio.shoot("test-run")


async def dead(studio: Studio, seconds: float) -> None:
    """Take a picture of what constants remove."""
    studio.explorer.navigation.go_to(Node(NodeKind.PROGRAM, "dead_code"), "code")
    pane = studio.explorer.panes.code
    await studio.until(lambda: pane.view.row_count() > 0)
    while pane.mode != "dead":
        await studio.press("m")
    pane.view.jumps.show(46)
    await studio.pilot.pause(0.5)
    studio.shoot("dead-code")


async def relocations(studio: Studio, seconds: float) -> None:
    """Take a picture of CO-RE relocations."""
    studio.explorer.navigation.go_to(Node(NodeKind.CORE))
    view = studio.explorer.query_one(CoreView)
    await studio.until(lambda: view.row_count() > 0)
    studio.shoot("core")


async def versions(studio: Studio, seconds: float) -> None:
    """Take pictures of what changed in an object: marked in its code, and beside the version before."""
    old, new = (CollectionSpec.from_file(f"tests/objects/{name}.o") for name in ("versions", "versions.new"))
    changes = Changes(diff(old, new))
    changes.code("count")
    studio.explorer.change_marks.show(changes)
    studio.explorer.navigation.go_to(Node(NodeKind.PROGRAM, "count"), "code")
    await studio.press("greater_than_sign")
    studio.shoot("marks")
    await studio.press("equals_sign")
    await studio.press("enter")
    await studio.until(lambda: "< > hunks" in screen_text(studio.app))
    await studio.pilot.pause(0.3)
    studio.shoot("comparison")
    await studio.press("escape")


async def refusal(studio: Studio, seconds: float) -> None:
    """Take the picture of a verifier that says no."""
    await studio.press("L")
    await studio.until(lambda: studio.explorer.navigation.tab == "log")
    await studio.pilot.pause(0.5)
    studio.shoot("verifier")


async def refused_reload(folder: Path, size: tuple[int, int], theme: str, suffix: str) -> None:
    """Take the picture of a version that is refused while the one before it goes on counting."""
    with tempfile.TemporaryDirectory() as place, contextlib.ExitStack() as sessions:
        file = Path(place, "prog.o")
        file.write_bytes(object_of(1))

        def begin(spec: CollectionSpec) -> Session:
            return sessions.enter_context(Session(spec, KernelRuntime()))

        app = BpftuiApp(
            begin(CollectionSpec.from_file(file)),
            attach=[("count", "sandbox,rate=20000")],
            read=lambda name, _: CollectionSpec.from_file(name),
            begin=begin,
            reload=True,
        )
        app.animation_level = "none"
        async with app.run_test(size=size) as pilot:
            app.theme = theme
            await app.explorer.furnished.wait()
            studio = Studio(app, pilot, folder, suffix)  # pyright: ignore[reportArgumentType]
            await studio.until(lambda: "k runs/s" in screen_text(app))
            file.write_bytes(object_of(2, "BAD"))
            await studio.until(lambda: "still running" in screen_text(app) and app.explorer.message_line.work is None)
            await pilot.pause(1.5)  # so that it is seen to count
            studio.shoot("refused-reload")
        app.operations.close()


async def debugger(studio: Studio, seconds: float) -> None:
    """Take pictures of a run that is debugged: stopped, with the question why, and at its end."""
    studio.explorer.navigation.go_to(Node(NodeKind.PROGRAM, "count_traffic"), "code")
    await studio.press("d")
    await studio.until(lambda: "step 0 of" in screen_text(studio.app))
    await studio.press("colon", *"break 113", "enter")
    await studio.until(lambda: "●" in screen_text(studio.app))
    await studio.press("c")
    await studio.until(lambda: "●▶" in screen_text(studio.app))
    await studio.press("colon", *"why total_bytes", "enter")
    await studio.until(lambda: "Why  total_bytes" in screen_text(studio.app))
    studio.app.screen.query_one(MessageLine).forget()
    await studio.press("2", "3")
    studio.shoot("debugger")
    await studio.press("colon", *"delete 1", "enter")  # stops are kept: the next pictures begin without
    await studio.until(lambda: "●" not in screen_text(studio.app))
    await studio.press("escape")


async def mistake(studio: Studio, seconds: float) -> None:
    """Take the pictures of docs/debugging.md, in their order: a mistake is found."""
    packet = (ROOT / "docs/examples/block.bin").read_bytes()
    studio.explorer.debug(Recording.of(studio.explorer.spec, "block", [Call(packet, origin="block.bin")]))
    await studio.until(lambda: "step 0 of" in screen_text(studio.app))
    studio.shoot("mistake-1-begin")
    await studio.press("c")
    await studio.until(lambda: "ended XDP_DROP" in screen_text(studio.app))
    await studio.press("W")
    await studio.until(lambda: "Why  r0 = XDP_DROP" in screen_text(studio.app))
    studio.shoot("mistake-2-why")
    await studio.press(*["down"] * 6, "enter")
    await studio.until(lambda: "step 14 of" in screen_text(studio.app))
    await studio.press("3")
    studio.shoot("mistake-3-found")
    await studio.press("escape")


async def machine(studio: Studio, seconds: float, interface: str) -> None:
    """Take pictures of home, and of what the machine runs, at an *interface* among all that there may be."""
    await studio.pilot.pause(1.0)
    studio.shoot("home")
    await studio.press("2")
    await studio.until(lambda: any("runs/s" in fact for fact in studio.app.screen_stack[0].query_one(StatusLine).facts))
    await studio.pilot.pause(seconds)
    studio.shoot("system")
    await studio.press("4", rest=1.0)
    screen = studio.app.screen_stack[0]
    assert isinstance(screen, SystemScreen)
    screen.go_to_named("net", interface)
    await studio.until(lambda: re.search(r"returns +\S*XDP_", screen_text(studio.app)) is not None, 60.0)
    studio.shoot("interface")
    await studio.press("escape", "1", "enter")
    await studio.until(lambda: isinstance(studio.app.screen_stack[0], ExplorerScreen))
    await studio.app.explorer.furnished.wait()
    await studio.press("2")
    view = studio.app.explorer.query_one(ListingView)
    await studio.until(lambda: view.row_count() > 0)
    view.jumps.show(41)
    await studio.pilot.pause(1.0)
    studio.shoot("loaded-code")


@contextlib.contextmanager
def busy_machine() -> Generator[str]:
    """Have three programs on an interface that receives packets, one behind the other; its name and its namespace."""
    traffic = CollectionSpec.from_file("bpf/traffic.o")
    filters = CollectionSpec.from_file("tests/objects/attached.o")
    filters.programs = {name: filters.programs[name] for name in ("on_tcx", "on_tc")}  # the first says: go on
    for program in filters.programs.values():
        program.attach_type = AttachType.TCX_INGRESS
    with contextlib.ExitStack() as stack:
        sandbox = stack.enter_context(kernel_runtime.Sandbox())
        for spec in (traffic, filters):
            loaded = stack.enter_context(kernel_runtime.load(spec))
            for name in spec.programs:
                stack.enter_context(loaded.programs[name].attach(sandbox.target()))
        sandbox.start()
        sandbox.rate = 20_000
        assert isinstance(sandbox.namespace, NetworkNamespace)
        yield f"{sandbox.target().name} in net:[{sandbox.namespace.inode}]"


@contextlib.contextmanager
def a_desk() -> Generator[None]:
    """Be in a directory with some objects that were worked with: what else is on this machine is in no picture."""
    desk = Path(tempfile.gettempdir()) / "net"
    desk.mkdir()
    before = Path.cwd()
    try:
        with tempfile.TemporaryDirectory() as state, patch.dict(os.environ, XDG_STATE_HOME=state):
            for name, text, good in (
                ("tests/objects/attached.o", "loaded", True),
                ("docs/examples/latency.o", "attached to tcp_v4_rcv", True),
                ("tests/objects/dead_code.o", "", True),
                ("tests/objects/bad_offbyone.o", "the check covers 13 bytes of the packet, this needs 14", False),
                ("bpf/count_packets.o", "attached to eth1", True),
                ("bpf/traffic.o", "attached to sandbox", True),
            ):
                copy = shutil.copy(ROOT / name, desk)
                remember(str(copy))
                if text:
                    remember_outcome(str(copy), text, good=good)
            os.chdir(desk)
            yield
    finally:
        os.chdir(before)
        shutil.rmtree(desk)


async def at_home(folder: Path, size: tuple[int, int], theme: str, suffix: str) -> None:
    """Run `machine` from home, on a machine that has something to do."""
    with busy_machine() as interface, a_desk(), Inventory() as inventory, contextlib.ExitStack() as sessions:
        app = BpftuiApp(
            observe=lambda: Observer(inventory),
            read=reader(),
            begin=lambda spec: sessions.enter_context(open_loaded(spec)),
        )
        app.animation_level = "none"
        async with app.run_test(size=size) as pilot:
            app.theme = theme
            await machine(Studio(app, pilot, folder, suffix), 28.0 if suffix == "" else 8.0, interface)  # pyright: ignore
        for each in app.objects:
            each.operations.close()


def kept(folder: Path) -> Path:
    """Return a recording of twelve seconds."""
    path = folder / "traffic.rec"
    command = [sys.executable, "-m", "bpftui.tui", "watch", "bpf/traffic.o", "--interval", "0.25", "--duration", "12"]
    command += ["--attach", "count_traffic=sandbox,rate=900", "--record", str(path)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return path


async def film(
    scenes: Callable[[Studio, float], object],
    source: str | Path,
    folder: Path,
    size: tuple[int, int],
    theme: str,
    suffix: str,
) -> None:
    """Run *scenes* on an object, on the one in a file, or on a recording."""
    if ONLY and scenes.__name__ not in ONLY:
        return
    if isinstance(source, Path):
        found: Session = PlayedSession(str(source))
    else:
        found = Session(CollectionSpec.from_file(source), KernelRuntime())
    with found as session:
        app = BpftuiApp(session)
        app.animation_level = "none"
        async with app.run_test(size=size) as pilot:
            app.theme = theme
            await app.explorer.furnished.wait()
            await scenes(Studio(app, pilot, folder, suffix), 28.0 if suffix == "" else 12.0)  # pyright: ignore
        app.operations.close()


def compare(folder: Path) -> None:
    """Picture what `bpftui diff` prints of two versions of one object."""
    old, new = (CollectionSpec.from_file(f"tests/objects/{name}.o") for name in ("versions", "versions.new"))
    lines = diff_lines(diff(old, new), color=True, context=2)
    (folder / "diff.svg").write_text("\n".join(document(lines, "svg", "bpftui diff")), encoding="utf-8")


def develop(folder: Path, looks: Sequence[str], since: float) -> None:
    """Turn every SVG of *looks* that was made *since* then into a PNG beside it.

    A browser with the font is exact, others misplace text.
    """
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        print("screenshots: no chromium: the SVG files are there, the PNG files are not", file=sys.stderr)
        return
    made = [each for each in sorted(folder.glob("*.svg")) if each.stat().st_mtime >= since]
    for svg in (each for each in made if _look_of(each.stem) in looks):
        box = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg.read_text(encoding="utf-8"))
        assert box is not None
        width, height = (int(float(edge)) + 1 for edge in box.groups())
        picture = svg.with_suffix(".png")
        options = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            f"--window-size={width},{height}",
        ]
        subprocess.run(
            [browser, *options, f"--screenshot={picture}", svg.as_uri()], check=True, capture_output=True, timeout=300
        )


async def main(folder: Path, looks: Sequence[str]) -> None:
    """Take the pictures of *looks*, in place of those of them that there are."""
    folder.mkdir(exist_ok=True)
    since = time.time()
    for old in (*folder.glob("*.svg"), *folder.glob("*.png")):
        if _look_of(old.stem) in looks and not ONLY:
            old.unlink()  # nothing that is not made any more stays
    for look in looks:
        size = (80, 24) if "80x24" in look else (200, 60) if "200x60" in look else (120, 40)
        await take(folder, size, LIGHT if "light" in look else DARK, look)
    develop(folder, looks, since)


def _look_of(name: str) -> str:
    """Return the look of a picture: what its name ends with."""
    return max((look for look in LOOKS if name.endswith(look)), key=len)


async def take(folder: Path, size: tuple[int, int], theme: str, look: str) -> None:
    """Take all pictures of a look, by the films that any is kept of."""
    program = "bpf/traffic.o"
    if "200x60" in look:
        await film(debugger, program, folder, size, theme, look)
        await film(mistake, "docs/examples/block.o", folder, size, theme, look)
        await film(wide, program, folder, size, theme, look)
        return
    if look == "-no-color":
        os.environ["NO_COLOR"] = "1"
    else:
        await film(walk, program, folder, size, theme, look)
        await film(shades, "tests/objects/histograms.o", folder, size, theme, look)
        await film(stacks, "tests/objects/stacks.o", folder, size, theme, look)
        with tempfile.TemporaryDirectory() as place:
            if not ONLY or "back_in_time" in ONLY:
                await film(back_in_time, kept(Path(place)), folder, size, theme, look)
        await film(refusal, "tests/objects/bad_offbyone.o", folder, size, theme, look)
        if not LOOKS[look] and (not ONLY or "refused_reload" in ONLY):
            await refused_reload(folder, size, theme, look)
        await film(debugger, program, folder, size, theme, look)
        if not ONLY or "machine" in ONLY:
            await at_home(folder, size, theme, look)
    await film(kernel, program, folder, size, theme, look)
    if not LOOKS[look] or MISTAKE[0] in LOOKS[look]:
        await film(mistake, "docs/examples/block.o", folder, size, theme, look)
    if not LOOKS[look] or "listing" in " ".join(LOOKS[look]):
        await film(listing, program, folder, size, theme, look)
    if not LOOKS[look] or "marks" in LOOKS[look]:
        await film(versions, "tests/objects/versions.new.o", folder, size, theme, look)
    if not LOOKS[look] or "dead-code" in LOOKS[look]:
        await film(dead, "tests/objects/dead_code.o", folder, size, theme, look)
    if not LOOKS[look]:
        await film(relocations, "tests/objects/core.o", folder, size, theme, look)
        if not ONLY or "compare" in ONLY:
            compare(folder)
    os.environ.pop("NO_COLOR", None)


if __name__ == "__main__":
    os.environ["COLORTERM"] = "truecolor"  # whatever terminal they are made in
    os.chdir(ROOT)  # so that the pictures show the object's path as a user would write it
    with own_home():  # what was opened on this machine is in no picture
        arguments = argparse.ArgumentParser(description=__doc__)
        arguments.add_argument("--folder", type=Path, default=ROOT / "screenshots")
        arguments.add_argument("--looks", default=",".join(LOOKS), help=f"of {','.join(LOOKS)}: --looks=-light,-80x24")
        arguments.add_argument("--films", default="", help="only these, by their functions: --films=walk,shades")
        given = arguments.parse_args()
        ONLY.update(filter(None, given.films.split(",")))
        asyncio.run(main(given.folder.absolute(), given.looks.split(",")))
