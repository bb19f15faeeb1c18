"""`=`: an object beside another one, the version before, or what is loaded."""

from __future__ import annotations

import locale
import re
import shutil
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from textual.widgets import Input

from bpftui.core.errors import LimitError, NoPermissionError
from bpftui.core.kernel import KernelRuntime
from tests.tui.conftest import ROOT, let_messages_stay
from tests.tui.fakes import FakeRuntime
from tests.tui.test_live_reload import another, explored

if TYPE_CHECKING:
    from tests.tui.conftest import Walk

OLD, NEW = (ROOT / "tests/objects" / name for name in ("versions.o", "versions.new.o"))


@pytest.fixture(autouse=True)
def messages_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    let_messages_stay(monkeypatch)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The newer object in a folder of its own, with the older one beside it as `o`."""
    shutil.copy(OLD, tmp_path / "o")
    return Path(shutil.copy(NEW, tmp_path / "prog.o"))


async def compared(walk: Walk, name: str) -> list[str]:
    """Compare with what is named, and return the lines that are then on the screen."""
    await walk.press("equals_sign")
    field = walk.app.screen.query_one("#answer", Input)
    field.focus()
    field.value = name
    await walk.press("enter")
    await walk.until(lambda: "< > hunks" in walk.screen or "✗" in walk.screen, 20)
    return walk.screen.splitlines()


async def test_what_breaks_comes_first_and_leads_to_where_it_lives(file: Path) -> None:
    async with explored(file) as looks:
        walk = looks.walk
        lines = await compared(walk, str(file.parent / "o"))
        assert " o → prog.o: 9 breaks, 4 functions changed, 4 maps, 2 variables " in lines[0]
        assert " ".join(lines[1].split()) == "│ − o │ + prog.o │"  # the heads of both columns
        assert lines[1].index("│", 1) == next(
            each.index(" │ ") + 1 for each in lines if " − " in each and " │ " in each
        )
        assert lines[2][1:].startswith("▌✗ map counts: max_entries is 2,048 instead of 1,024 ")
        assert lines[3][1:].startswith(" ✗ map counts: value grew from 16 to 24 bytes ")
        await walk.press("enter")
        assert walk.screen.splitlines()[0].startswith(" home › prog.o › counts  SPEC ")
        await walk.press("backspace")
        assert ": 9 breaks" in walk.screen  # the way back leads to the comparison
        await walk.press("escape")
        assert walk.screen.splitlines()[0].startswith(" home › prog.o › count  SPEC ")


async def test_signs_are_ascii_where_the_terminal_is(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locale, "getpreferredencoding", lambda *_, **__: "ANSI_X3.4-1968")
    async with explored(file) as looks:
        walk = looks.walk
        lines = await compared(walk, str(file.parent / "o"))
        assert lines[2].lstrip("│▌| ").startswith("x map counts: max_entries is 2,048 instead of 1,024 ")
        assert "~ map counts" in walk.screen
        await walk.press("v", "G", "less_than_sign")
        assert not set("±−≈✗") & set(walk.screen)


async def test_code_stands_in_two_columns_or_one(file: Path) -> None:
    async with explored(file) as looks:
        walk = looks.walk
        await compared(walk, str(file.parent / "o"))
        await walk.press("G")
        for _ in range(3):
            await walk.press("less_than_sign")
        text = walk.screen
        row = next(line for line in text.splitlines() if "*(u64 *)(r1 +16) = r3" in line)
        assert " ".join(row.split()) == "│ − 30 *(u64 *)(r1 +8) = r3 │ + 34 *(u64 *)(r1 +16) = r3 │"
        cut = next(" ".join(line.split()) for line in text.splitlines() if "return stats->bytes > cfg.limit" in line)
        half = "return stats->bytes > cfg.limit ? XDP_DROP : ›"
        assert cut == f"│ {half} │ {half} │"
        await walk.press("v")
        assert walk.screen.splitlines()[1].startswith("│ − o   + prog.o ")
        rows = [line.strip("│▌▁▂▃▄▅▆▇█ ") for line in walk.screen.splitlines() if " = r3" in line and "r1 +" in line]
        assert "−    30   *(u64 *)(r1 +8) = r3" in rows
        assert "+    34   *(u64 *)(r1 +16) = r3" in rows
        await walk.press("space")
        assert "▸ weigh()" in walk.screen or "▸ count()" in walk.screen
        await walk.press("space")
        assert "▸" not in walk.screen


async def test_an_instruction_leads_into_the_code_and_back(file: Path) -> None:
    async with explored(file) as looks:
        walk = looks.walk
        await compared(walk, str(file.parent / "o"))
        await walk.press("slash", *"5dd", "enter")
        await walk.press("enter")
        assert "count()  insn 18  versions.c:87" in walk.screen.splitlines()[2]
        await walk.press("backspace")
        row = next(line for line in walk.screen.splitlines()[1:] if "▌" in line[:4])
        assert "if w6 < 0x5dd goto L" in row


async def test_the_version_before_is_offered_first(tmp_path: Path) -> None:
    file = Path(shutil.copy(ROOT / "bpf/traffic.o", tmp_path / "prog.o"))
    async with explored(file) as looks:
        walk = looks.walk
        await walk.press("equals_sign")
        assert "the version before" not in walk.screen
        await walk.press("escape")
        another(file)
        await looks.look()
        await walk.press("equals_sign")
        assert "the version before  until " in walk.screen
        await walk.press("enter")
        await walk.until(lambda: "< > hunks" in walk.screen, 20)
        assert " the version before → prog.o: 1 function changed " in walk.screen
        assert "± function" not in walk.screen
        assert "± ▾ fill()" in walk.screen


async def test_what_is_typed_goes_into_the_field_beside_the_version_before(tmp_path: Path) -> None:
    file = Path(shutil.copy(ROOT / "bpf/traffic.o", tmp_path / "prog.o"))
    async with explored(file) as looks:
        walk = looks.walk
        another(file)
        await looks.look()
        await walk.press("equals_sign", "slash", *"none", "full_stop", "o", "enter")
        await walk.until(lambda: "✗" in walk.screen, 20)
        assert "✗ /none.o: there is no such file" in walk.screen
        assert "Compare prog.o with" in walk.screen
        walk.app.screen.query_one("#answer", Input).value = ""
        await walk.press("enter")
        assert "type a name, or choose one of the list" in walk.screen  # not the version before
        assert "✗" not in walk.screen


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("/nonexistent.o", "✗ /nonexistent.o: there is no such file"),
        ("/proc/self/status", "✗ /proc/self/status: "),
    ],
)
async def test_what_cannot_be_compared_is_said(name: str, why: str, file: Path) -> None:
    async with explored(file) as looks:
        walk = looks.walk
        await compared(walk, name)
        assert why in walk.screen
        assert "Compare prog.o with" in walk.screen  # it is asked on
        assert walk.app.screen.query_one("#answer", Input).value == name


async def test_an_object_is_the_same_as_itself(file: Path) -> None:
    async with explored(file) as looks:
        walk = looks.walk
        walk.app.session.spec.set_text("cfg.limit", "77")  # what the user set is no difference
        await compared(walk, str(file))
        assert " → prog.o: the same" in walk.screen.splitlines()[0]


async def test_it_is_written_to_a_file(file: Path) -> None:
    async with explored(file) as looks:
        walk = looks.walk
        await compared(walk, str(file.parent / "o"))
        await walk.press("ctrl+s")
        assert "prog.o.diff.html" in walk.screen
        path = file.parent / "d.txt"
        walk.app.screen.query_one("#answer", Input).value = str(path)
        await walk.press("enter")
        await walk.until(lambda: "d.txt" in walk.screen or "✗ " in walk.screen.splitlines()[-2], 20)
        assert "wrote /" in walk.screen
        assert path.read_text(encoding="utf-8").splitlines()[:2] == [f"--- {file.parent / 'o'}", f"+++ {file}"]
        assert " → " in path.read_text(encoding="utf-8")
        assert "\x1b" not in path.read_text(encoding="utf-8")  # colours are for what can show them


@pytest.mark.kernel
async def test_what_programs_cost_is_asked_for_and_kept(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeRuntime, "verifies", True)
    monkeypatch.setattr(FakeRuntime, "check", lambda _, spec: KernelRuntime().check(spec))
    async with explored(file) as looks:
        walk = looks.walk
        await compared(walk, str(file.parent / "o"))
        assert " c Cost " in walk.screen
        await walk.press("c")
        await walk.until(lambda: "cost of count" in walk.screen, 20)
        rows = [line.strip("│▌▁▂▃▄▅▆▇█ ") for line in walk.screen.splitlines()]
        at = rows.index("± cost of count")
        assert re.fullmatch(r"verified instructions: \d+ → \d+ \(\+\d+\.\d %\)", rows[at + 1])
        assert "− cost of gone" in rows
        assert "asking the verifier" not in walk.screen
        await walk.press("c")
        assert "the verifier was asked" in walk.screen
        await walk.press("enter")
        assert walk.screen.splitlines()[0].startswith(" home › prog.o › count  SPEC ")
        await walk.press("backspace")
        assert "± cost of count" in walk.screen


async def test_what_cannot_be_asked_is_said(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeRuntime, "verifies", False)
    async with explored(file) as looks:
        walk = looks.walk
        await compared(walk, str(file.parent / "o"))
        assert " c Cost " not in walk.screen
        await walk.press("c")
        assert "the kernel's verifier says, and it cannot be asked here" in walk.screen
        assert "asking the verifier" not in walk.screen


async def test_what_goes_wrong_while_it_is_asked_is_said(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = threading.Event()

    def check(_runtime: FakeRuntime, _spec: object) -> object:
        assert asked.wait(20)
        raise NoPermissionError("this process may not load programs")

    monkeypatch.setattr(FakeRuntime, "verifies", True)
    monkeypatch.setattr(FakeRuntime, "check", check, raising=False)
    async with explored(file) as looks:
        walk = looks.walk
        await compared(walk, str(file.parent / "o"))
        await walk.press("c")
        await walk.until(lambda: "asking the verifier what both cost" in walk.screen, 20)
        await walk.press("c", "down")  # nothing waits for it
        assert "the verifier is being asked" in walk.screen
        asked.set()
        await walk.until(lambda: "may not load programs" in walk.screen, 20)
        assert "asking the verifier what" not in walk.screen
        await walk.until(lambda: " c Cost " in walk.screen, 20)  # it can be asked again


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            LimitError("both are too large", hint="--program takes one of them"),
            ["✗ both are too large", "what helps: --program takes one of them esc dismiss"],
        ),
        (ZeroDivisionError("by zero"), ["▕", "✗ ZeroDivisionError: by zero esc dismiss"]),
    ],
)
async def test_what_goes_wrong_while_it_is_compared_is_said(
    error: Exception, said: list[str], file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("bpftui.core.system.compared.compared", fail)
    async with explored(file) as looks:
        walk = looks.walk
        await compared(walk, str(file.parent / "o"))
        assert [" ".join(line.split()) for line in walk.screen.splitlines()[-3:-1]] == said
