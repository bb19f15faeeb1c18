"""Makes docs/cast.cast and docs/cast.svg: three minutes with bpftui, from a real run in a terminal.

`make cast` calls it, as root. What is typed, and how long each picture stands, is written below (`STORY`); what is
shown is what a terminal (tmux) showed. Time is the story's and not the clock's, so that a slow machine tells it at the
same pace. The first file is asciinema's (version 2), the other one the same as a picture that moves, and needs nothing
to be looked at.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from bpftui.tui.roles import DARK
from tests.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["Frame", "Run", "cast", "runs", "svg"]

ROOT: Final = Path(__file__).parents[1]
COLUMNS, ROWS = 100, 30
TITLE: Final = "bpftui"
_TYPING: Final = 0.05
"""Seconds from letter to letter."""
_LOOK: Final = 2
"""Seconds from one look to the next at what moves."""
_PROMPT: Final = r"\$\s*\Z"
_CELL: Final = (7.22, 16)
"""Width and height of a cell of the picture, at 12 pixels a letter."""


@dataclass(frozen=True)
class Step:
    """Something that is pressed, and how long what came of it is looked at."""

    keys: Sequence[str] = ()
    """As tmux names them; the last one leads to what is waited for."""
    until: str = ""
    """What the screen shows then, as a regular expression."""
    stay: float = 2.0
    """Seconds."""
    typed: str = ""
    """What is typed before, letter by letter."""
    moves: bool = False
    """Whether what is looked at moves: then it is looked at again and again."""


def down(times: int) -> list[str]:
    """Return so many presses of a key."""
    return ["Down"] * times


STORY: Final = (
    Step(typed="bpftui traffic.o", until=r"\$ bpftui traffic\.o", stay=1),
    Step(["Enter"], "reads from", 9),
    Step(["2"], "w1 = 0", 5),
    *(Step([key], stay=0.4) for key in down(8)),
    Step(["v"], "", 3),
    Step(["v"], "", 7),
    Step(["v", "v"], "", 8),
    Step(["2", "?"], "Help: ", 7),
    Step(["Escape"], "", 1),
    Step(["3"], "sample_every", 3),
    Step(["e"], "Edit sample_every", 2),
    Step(typed="250", until="250", stay=2),
    Step(["Enter"], r"sample_every.*250", 3),
    Step(["L"], "LOADED", 4),
    Step(["A"], "Cancel", 7),
    Step(["Enter"], "ATTACHED", 2),
    Step(["4"], "UDP", 18, moves=True),
    Step(["w"], "", 16, moves=True),
    Step(["D"], "", 3),
    Step(["1", "R"], "Result", 8),
    Step(["Escape"], "1 Overview", 1),  # with the next key at once it would be alt and that key
    Step(["2", "d"], "step 0 of", 7),
    *(Step([key], stay=1) for key in ["."] * 6),
    Step(["c"], "", 3),
    Step(typed=":why total_bytes", until="why total_bytes", stay=1),
    Step(["Enter"], "", 8),
    Step(["Escape"], "", 2),
    Step(["q"], "Quit all the same", 4),
    Step(["y"], _PROMPT, 2),
    Step(typed="bpftui bad_offbyone.o", until=r"offbyone\.o", stay=1),
    Step(["Enter"], " SPEC", 2),
    Step(["L"], "invalid access", 18),
    Step(["q"], _PROMPT, 3),
)
"""Nothing in it shows what else the machine runs: that is whoever's, and another thing each time it is filmed."""


class Frame(NamedTuple):
    """What stands on the screen from a moment on."""

    time: float
    """Seconds since the beginning."""
    lines: list[str]
    """Each with the escape sequences of its colours."""


class Run(NamedTuple):
    """Text that looks the same, in a line."""

    column: int
    text: str
    style: tuple[str, str, bool, bool, bool]
    """Its colour, what lies behind it (each `#rrggbb` or empty), and whether it is bold, underlined or struck out."""


def film(terminal: Terminal) -> Iterator[Frame]:
    """Play the story and yield what is to be seen."""
    now = 0.0
    for step in STORY:
        for letter in step.typed:
            terminal.press("Space" if letter == " " else letter)
            now += _TYPING
            yield Frame(now, terminal.painted())
        terminal.press(*step.keys)
        if step.until:
            terminal.until(f"(?m){step.until}", 60)
        time.sleep(0.7)
        terminal.until_gone("asking the verifier")
        yield Frame(now, terminal.painted())
        for _ in range(int(step.stay / _LOOK) if step.moves else 0):
            time.sleep(_LOOK)
            now += _LOOK
            yield Frame(now, terminal.painted())
        now += 0 if step.moves else step.stay
        print(f"{now:6.1f} s  {step.typed}{' '.join(step.keys)}", file=sys.stderr)
    yield Frame(now, terminal.painted())


def cast(frames: Sequence[Frame]) -> Iterator[str]:
    """Yield the lines of an asciinema file: of each frame what differs from the one before."""
    yield json.dumps(
        {"version": 2, "width": COLUMNS, "height": ROWS, "title": TITLE, "env": {"TERM": "xterm-256color"}}
    )
    shown = [""] * ROWS
    for frame in frames:
        changed = [(row, line) for row, line in enumerate(frame.lines) if line != shown[row]]
        if changed:
            text = "".join(f"\x1b[{row + 1};1H\x1b[0m{line}\x1b[0m\x1b[K" for row, line in changed)
            yield json.dumps([round(frame.time, 2), "o", text], ensure_ascii=False)
        shown = list(frame.lines)
    yield json.dumps([round(frames[-1].time, 2), "o", ""])


_BASIC: Final = ("#3b4252", "#ff808b", "#7fd8a0", "#ffa657", "#7cc0ff", "#c9a7ff", "#7fd4d8", "#dbe2ea")
"""The eight colours of a terminal, and the bright ones."""


def runs(line: str) -> Iterator[Run]:
    """Yield the text of a line, by how it looks: `capture-pane -e` writes text, and SGR of ECMA-48 (8.3.117)."""
    style, column = _PLAIN, 0
    for index, part in enumerate(line.split("\x1b[")):
        codes, text = part.split("m", 1) if index else ("", part)
        if index:
            style = _styled(style, [int(code or 0) for code in codes.split(";")])
        if text:
            yield Run(column, text, _painted(style))
        column += len(text)


class _Style(NamedTuple):
    ink: str = ""
    ground: str = ""
    bold: bool = False
    dim: bool = False
    underlined: bool = False
    struck: bool = False
    reverse: bool = False


_PLAIN: Final = _Style()


def _styled(style: _Style, codes: list[int]) -> _Style:
    """Return how text looks after these codes."""
    at = 0
    while at < len(codes):
        code, at = codes[at], at + 1
        match code:
            case 0:
                style = _PLAIN
            case 1 | 2 | 4 | 7 | 9:
                name = {1: "bold", 2: "dim", 4: "underlined", 7: "reverse", 9: "struck"}[code]
                style = style._replace(**{name: True})
            case 22:
                style = style._replace(bold=False, dim=False)
            case 24 | 27 | 29:
                style = style._replace(**{{24: "underlined", 27: "reverse", 29: "struck"}[code]: False})
            case 38 | 48 if codes[at : at + 1] == [2]:
                color = "#{:02x}{:02x}{:02x}".format(*codes[at + 1 : at + 4])
                style, at = style._replace(**{"ink" if code == 38 else "ground": color}), at + 4
            case 39:
                style = style._replace(ink="")
            case 49:
                style = style._replace(ground="")
            case _ if code // 10 in (3, 9, 4, 10) and code % 10 < 8:
                style = style._replace(**{"ink" if code // 10 in (3, 9) else "ground": _BASIC[code % 10]})
            case _:
                pass
    return style


def _painted(style: _Style) -> tuple[str, str, bool, bool, bool]:
    ink, ground = style.ink, style.ground
    if style.reverse:
        ink, ground = ground or DARK.roles["ground"].rgb, ink or DARK.roles["text"].rgb
    if style.dim and not ink:
        ink = DARK.roles["dim"].rgb
    return ink, ground, style.bold, style.underlined, style.struck


def svg(frames: Sequence[Frame]) -> Iterator[str]:
    """Yield a picture that moves: each row's lines one after the other, each drawn once however often it is shown."""
    end = frames[-1].time + 3
    width, height = COLUMNS * _CELL[0], ROWS * _CELL[1]
    colors, names, uses = _Classes(), dict[str, str](), list[str]()
    for row in range(ROWS):
        for line, start, stop in _stays(frames, row, end):
            if line.strip():
                name = names.setdefault(line, f"l{len(names)}")
                times = f"{start / end:.4f};{stop / end:.4f}"
                uses.append(f'<use href="#{name}" y="{row * _CELL[1]}"><animate keyTimes="0;{times}" {_SHOWN}/></use>')
    drawn = [f'<g id="{name}">{"".join(_drawn(line, colors))}</g>' for line, name in names.items()]
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-8 -8 {width + 16:.0f} {height + 16:.0f}" font-size="12" '
        "font-family=\"'Fira Code','DejaVu Sans Mono',Menlo,Consolas,monospace\">"
    )
    text, ground = DARK.roles["text"].rgb, DARK.roles["ground"].rgb
    yield f"<title>{TITLE}</title><style>text{{fill:{text};white-space:pre;font-variant-ligatures:none}}"
    yield ".b{font-weight:700}.u{text-decoration:underline}.s{text-decoration:line-through}use{visibility:hidden}"
    yield from colors.rules()
    yield f'</style><rect x="-8" y="-8" width="100%" height="100%" rx="6" fill="{ground}"/><defs>'
    yield from drawn
    yield "</defs>"
    yield from (use.replace("DURATION", f"{end:.1f}s") for use in uses)
    yield "</svg>"


_SHOWN: Final = (
    'attributeName="visibility" values="hidden;visible;hidden" dur="DURATION" calcMode="discrete" '
    'repeatCount="indefinite"'
)


class _Classes:
    """Colours by short names."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def __getitem__(self, color: str) -> str:
        return self._names.setdefault(color, f"c{len(self._names)}")

    def rules(self) -> Iterator[str]:
        """Yield them for a style sheet."""
        for color, name in self._names.items():
            yield f".{name}{{fill:{color}}}"


def _stays(frames: Sequence[Frame], row: int, end: float) -> Iterator[tuple[str, float, float]]:
    """Yield the lines of a row: each with when it appears, and when another one takes its place."""
    line, start = frames[0].lines[row], 0.0
    for frame in frames[1:]:
        if frame.lines[row] != line:
            if frame.time > start:
                yield line, start, frame.time
            line, start = frame.lines[row], frame.time
    yield line, start, end


_OTHER_FONT: Final = re.compile("[\u2800-\u28ff]")
"""What charts are drawn with: most fonts lack it, and those that have it have other widths."""


def _drawn(line: str, colors: _Classes) -> Iterator[str]:
    """Yield a line as rectangles, what lies side by side in one, and text, each piece at its column."""
    found = list(runs(line))
    x, width, ground = 0, 0, ""
    for run in [*found, Run(0, "", ("", "", False, False, False))]:
        if run.style[1] == ground and run.text:
            width += len(run.text)
            continue
        if ground:
            place = f'x="{x * _CELL[0]:.4g}" width="{width * _CELL[0]:.4g}"'
            yield f'<rect {place} height="{_CELL[1]}" class="{colors[ground]}"/>'
        x, width, ground = run.column, len(run.text), run.style[1]
    yield '<text y="12">'
    for run in found:
        ink, _, bold, underlined, struck = run.style
        for piece in re.finditer(r"\S+(?: \S+)*", run.text):
            names = [name for name, is_so in (("b", bold), ("u", underlined), ("s", struck)) if is_so]
            names += [colors[ink]] if ink else []
            kind = f' class="{" ".join(names)}"' if names else ""
            x = (run.column + piece.start()) * _CELL[0]
            if _OTHER_FONT.search(piece[0]):
                kind += f' textLength="{len(piece[0]) * _CELL[0]:.4g}" lengthAdjust="spacingAndGlyphs"'
            yield f'<tspan x="{x:.4g}"{kind}>{escape(piece[0], quote=False)}</tspan>'
    yield "</text>"


def main() -> None:
    """Run from the command line."""
    if os.geteuid() != 0 or not shutil.which("tmux"):
        sys.exit("cast: it is filmed as root, in tmux: what there is stays")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for source in (
            "bpf/traffic.o",
            "bpf/traffic.c",
            "tests/objects/bad_offbyone.o",
            "tests/objects/bad_offbyone.c",
        ):
            shutil.copy(ROOT / source, folder)
        shell = "unset HISTFILE; PS1='$ '; cd " + place
        environment = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "COLORTERM": "truecolor",
            "TERM": "tmux-256color",
            "HOME": place,
            "XDG_STATE_HOME": f"{place}/.state",
        }
        setting = [f"{name}={value}" for name, value in environment.items()]
        (folder / ".shell").write_text(shell)
        command = ["env", *setting, "bash", "--noprofile", "--rcfile", str(folder / ".shell"), "-i"]
        terminal = Terminal((COLUMNS, ROWS), command, folder)
        try:
            terminal.until(_PROMPT)
            frames = list(film(terminal))
        finally:
            terminal.close()
    for path, lines in ((ROOT / "docs/cast.cast", cast(frames)), (ROOT / "docs/cast.svg", svg(frames))):
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        print(f"{path.relative_to(ROOT)}: {path.stat().st_size:,} bytes, {frames[-1].time:.0f} s")


if __name__ == "__main__":
    main()
