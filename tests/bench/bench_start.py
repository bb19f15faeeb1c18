"""How long a user waits: the cold start of `show --json`, and the explorer's first frame.

Run with `make bench`. Nothing here fails for being slow: the ratios are printed, and quoted where they are claimed.
"""

from __future__ import annotations

from pathlib import Path

from bpftui import bpf
from tests.bench.timing import PYTHON, compare, until_drawn, wall

OBJECT = str(bpf.path("traffic"))


def test_show_against_a_bare_interpreter() -> None:
    """Goal: at most 8 × `python -c pass`."""
    show = [PYTHON, "-m", "bpftui.tui", "show", OBJECT, "--json"]
    compare("show --json against python -c pass", lambda: wall(show), lambda: wall([PYTHON, "-c", "pass"]))


def test_first_frame_against_a_bare_app() -> None:
    """Goal: at most 1.3 × a Textual app with a tree, tabs and a footer, and nothing behind them.

    Ours is drawn when the tree, the tabs, the first program's page and the keys are; the bare app's when its keys are.
    """
    bare = [PYTHON, str(Path(__file__).with_name("bare_app.py"))]
    explorer = [PYTHON, "-m", "bpftui.tui", OBJECT]
    compare(
        "the explorer's first frame against a bare app's",
        lambda: until_drawn(explorer, b"count_traffic", b"Overview", b"source lines", b"Quit"),
        lambda: until_drawn(bare, b"Quit"),
    )
