"""Makes screenshots/: a real run of the explorer, as SVG and, where a browser is there, as PNG. Needs root.

`make screenshots` calls it; without root, or without bpf(2), it says so and leaves what is there.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bpftui.core import kernel as kernel_runtime
from bpftui.core.debug import Call, Recording
from bpftui.core.kernel import KernelRuntime
from bpftui.core.live import Session, State
from bpftui.core.spec import AttachType, CollectionSpec
from bpftui.core.system import Inventory
from bpftui.core.system.load import Observer
from bpftui.core.system.opened import open_loaded
from bpftui.tui.app import BpftuiApp
from bpftui.tui.commands.explore import reader
from bpftui.tui.nodes import Node, NodeKind
from bpftui.tui.screens.explorer import ExplorerScreen
from bpftui.tui.widgets.code.listing_view import ListingView
from bpftui.tui.widgets.message_line import MessageLine
from bpftui.tui.widgets.spec.core_view import CoreView
from bpftui.tui.widgets.spec.types_view import TypesView
from bpftui.tui.widgets.status_line import StatusLine
from tests.bench.large_program import large_program
from tests.tui.conftest import screen_text

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from textual.pilot import Pilot

ROOT = Path(__file__).parents[1]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")

DARK, LIGHT = "bpftui-dark", "bpftui-light"
MISTAKE = "mistake-1-begin", "mistake-2-why", "mistake-3-found"
LOOKS = {
    "": (),
    "-light": ("home", "overview", "code", "live", "graph", "verifier", "test-run", "debugger", *MISTAKE),
    "-80x24": ("home", "overview", "code", "live", "graph", "verifier", "test-run", "debugger"),
    "-200x60": (),
    "-200x60-light": (),
    "-no-color": ("listing", "dead-code"),
}
"""What is kept of each look; all where nothing is named."""


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

    async def until(self, what: Callable[[], bool], seconds: float = 20.0) -> None:
        """Wait for *what*."""
        for _ in range(int(seconds / 0.05)):
            if what():
                return
            await self.pilot.pause(0.05)
        raise SystemExit(f"screenshots: {self.suffix}: what was waited for never came")

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
    await studio.press("tab", "enter")
    await studio.until(lambda: operations.state is State.ATTACHED and studio.explorer.navigation.tab == "maps")
    sandbox = studio.app.session.sandbox
    assert sandbox is not None
    steps = (1000, 2500, 4000, 1500, 3000, 6000, 2000)
    for rate in steps:
        sandbox.rate = rate
        await studio.pilot.pause(seconds / len(steps))
    studio.shoot("live")
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


async def large(studio: Studio, seconds: float) -> None:
    """Take a picture from the middle of a program of 10,000 instructions."""
    studio.explorer.navigation.go_to(Node(NodeKind.PROGRAM, "large"), "code")
    view = studio.explorer.query_one(ListingView)
    await studio.until(lambda: view.row_count() > 0)
    view.search("goto")
    view.jumps.show(5_150)
    await studio.pilot.pause(0.5)
    studio.shoot("listing-10000")


async def kernel(studio: Studio, seconds: float) -> None:
    """Take pictures of what the kernel made of a program."""
    studio.explorer.navigation.go_to(Node(NodeKind.PROGRAM, "count_traffic"), "code")
    pane = studio.explorer.panes.code
    await studio.until(lambda: pane.view.row_count() > 0)
    pane.view.jumps.show(41)
    await studio.press("v", "v", "v")
    await studio.until(lambda: pane.columns.has_focus)
    await studio.pilot.pause(0.5)
    studio.shoot("columns")
    await studio.press("v", "z")
    await studio.until(lambda: pane.flow.has_focus)
    await studio.press(*["down"] * 3)
    studio.shoot("flow")
    await studio.press("z", "1", "R")
    await studio.until(lambda: "Result" in screen_text(studio.app))
    await studio.press("R", "down", "down", rest=1.0)
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


async def refusal(studio: Studio, seconds: float) -> None:
    """Take the picture of a verifier that says no."""
    await studio.press("L")
    await studio.until(lambda: studio.explorer.navigation.tab == "log")
    await studio.pilot.pause(0.5)
    studio.shoot("verifier")


async def debugger(studio: Studio, seconds: float) -> None:
    """Take pictures of a run that is debugged: stopped, with the question why, and at its end."""
    studio.explorer.navigation.go_to(Node(NodeKind.PROGRAM, "count_traffic"), "code")
    await studio.press("d")
    await studio.until(lambda: "step 0 of" in screen_text(studio.app))
    await studio.press("colon", *"break 113", "enter")
    await studio.until(lambda: "●" in screen_text(studio.app))
    await studio.press("c")
    await studio.until(lambda: "1 stop, 57 steps to go" in screen_text(studio.app))
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
    await studio.until(lambda: "Why  r0 = 1" in screen_text(studio.app))
    studio.shoot("mistake-2-why")
    await studio.press(*["down"] * 6, "enter")
    await studio.until(lambda: "step 14 of" in screen_text(studio.app))
    await studio.press("3")
    studio.shoot("mistake-3-found")
    await studio.press("escape")


async def machine(studio: Studio, seconds: float) -> None:
    """Take pictures of home, and of what the machine runs."""
    await studio.pilot.pause(1.0)
    studio.shoot("home")
    await studio.press("2")
    await studio.until(lambda: any("runs/s" in fact for fact in studio.app.screen_stack[0].query_one(StatusLine).facts))
    await studio.pilot.pause(seconds)
    studio.shoot("system")
    await studio.press("4", rest=1.0)
    await studio.press("enter")
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
def busy_machine() -> Generator[None]:
    """Have three programs on an interface that receives packets, one behind the other."""
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
        yield


async def at_home(folder: Path, size: tuple[int, int], theme: str, suffix: str) -> None:
    """Run `machine` from home, on a machine that has something to do."""
    with busy_machine(), Inventory() as inventory, contextlib.ExitStack() as sessions:
        app = BpftuiApp(
            observe=lambda: Observer(inventory),
            read=reader(),
            begin=lambda spec: sessions.enter_context(open_loaded(spec)),
        )
        app.animation_level = "none"
        async with app.run_test(size=size) as pilot:
            app.theme = theme
            await machine(Studio(app, pilot, folder, suffix), 28.0 if suffix == "" else 8.0)  # pyright: ignore
        for each in app.objects:
            each.operations.close()


async def film(
    scenes: Callable[[Studio, float], object],
    source: str | CollectionSpec,
    folder: Path,
    size: tuple[int, int],
    theme: str,
    suffix: str,
) -> None:
    """Run *scenes* on an object, or on the one at a path."""
    spec = CollectionSpec.from_file(source) if isinstance(source, str) else source
    with Session(spec, KernelRuntime()) as session:
        app = BpftuiApp(session)
        app.animation_level = "none"
        async with app.run_test(size=size) as pilot:
            app.theme = theme
            await app.explorer.furnished.wait()
            await scenes(Studio(app, pilot, folder, suffix), 28.0 if suffix == "" else 12.0)  # pyright: ignore
        app.operations.close()


def develop(folder: Path) -> None:
    """Turn every SVG into a PNG beside it: a browser with the font is exact where other converters misplace text."""
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        print("screenshots: no chromium: the SVG files are there, the PNG files are not", file=sys.stderr)
        return
    for svg in sorted(folder.glob("*.svg")):
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
            [browser, *options, f"--screenshot={picture}", svg.as_uri()], check=True, capture_output=True, timeout=60
        )


async def main(folder: Path) -> None:
    """Take all pictures."""
    folder.mkdir(exist_ok=True)
    objects = "bpf/traffic.o", "tests/objects/bad_offbyone.o"
    for size, theme, suffix in (((120, 40), DARK, ""), ((120, 40), LIGHT, "-light"), ((80, 24), DARK, "-80x24")):
        await film(walk, objects[0], folder, size, theme, suffix)
        await film(refusal, objects[1], folder, size, theme, suffix)
        await code(folder, size, theme, suffix)
        await film(debugger, objects[0], folder, size, theme, suffix)
        await film(mistake, "docs/examples/block.o", folder, size, theme, suffix)
        await at_home(folder, size, theme, suffix)
    for theme, suffix in ((DARK, "-200x60"), (LIGHT, "-200x60-light")):
        await film(debugger, objects[0], folder, (200, 60), theme, suffix)
        await film(mistake, "docs/examples/block.o", folder, (200, 60), theme, suffix)
    os.environ["NO_COLOR"] = "1"
    await code(folder, (120, 40), DARK, "-no-color")
    del os.environ["NO_COLOR"]
    develop(folder)


async def code(folder: Path, size: tuple[int, int], theme: str, suffix: str) -> None:
    """Take the pictures of code: as it was written, and what the kernel made of it."""
    await film(listing, "bpf/traffic.o", folder, size, theme, suffix)
    await film(kernel, "bpf/traffic.o", folder, size, theme, suffix)
    await film(dead, "tests/objects/dead_code.o", folder, size, theme, suffix)
    if theme == DARK:
        await film(relocations, "tests/objects/core.o", folder, size, theme, suffix)
    spec, program = large_program(10_000)
    spec.file = "large.o"
    spec.programs = {"large": program}
    await film(large, spec, folder, size, theme, suffix)


if __name__ == "__main__":
    os.environ["COLORTERM"] = "truecolor"  # whatever terminal they are made in
    os.chdir(ROOT)  # so that the pictures show the object's path as a user would write it
    with tempfile.TemporaryDirectory() as home:  # what was opened on this machine is in no picture
        os.environ |= {"XDG_STATE_HOME": home, "XDG_CONFIG_HOME": home}
        asyncio.run(main(Path(sys.argv[1]).absolute() if len(sys.argv) > 1 else ROOT / "screenshots"))
