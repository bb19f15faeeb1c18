"""What outlives a session: the log, the presets, and whose they are."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from textual.widgets import Input, OptionList

from bpftui.core.errors import BpftuiError, UnknownNameError, UsageError
from bpftui.core.spec import CollectionSpec
from bpftui.tui import __main__ as command_line
from bpftui.tui.commands import Command
from bpftui.tui.dialogs.presets import PresetsDialog
from bpftui.tui.state import journal as journal_module
from bpftui.tui.state import places
from bpftui.tui.state.config import load_config
from bpftui.tui.state.journal import Journal
from bpftui.tui.state.presets import Presets, current_values, restore
from bpftui.tui.state.recent import recent
from bpftui.tui.widgets.lists.message_view import MessageView
from tests.tui.commands.command_line import ROOT, bpftui, user_environment
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bpftui.core.btf import Value

CONSTANTS = ROOT / "bpf/constants.o"
as_root = pytest.mark.xfail(os.geteuid() != 0, reason="only root can give files away", run=False)


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Yield a state directory that anybody could reach."""
    with tempfile.TemporaryDirectory(prefix="bpftui-state-") as name:
        monkeypatch.setenv("XDG_STATE_HOME", f"{name}/state")
        yield Path(name) / "state/bpftui"


def entries(path: Path) -> list[str]:
    """Return what the log says, without time and process."""
    return [re.sub(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \[\d+\] ", "", line) for line in path.read_text().splitlines()]


def everything(path: Path) -> list[Path]:
    return [path, *path.rglob("*")]


# Places


@as_root
def test_under_sudo_everything_belongs_to_who_called_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_UID", "12345")
    monkeypatch.setenv("SUDO_GID", "54321")
    Journal().write("hello")
    spec = CollectionSpec.from_file(CONSTANTS)
    Presets(spec).save("one", {"min_length": 3})
    found = everything(home.parent)
    assert len(found) == 5
    assert {(path.stat().st_uid, path.stat().st_gid) for path in found} == {(12345, 54321)}
    assert {path.stat().st_mode & 0o777 for path in found} == {0o700, 0o600}


@as_root
def test_under_sudo_the_home_is_that_of_who_called_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(variable)
    monkeypatch.setenv("SUDO_UID", "1")
    monkeypatch.setenv("SUDO_GID", "1")
    home = Path(
        subprocess.run(["getent", "passwd", "1"], check=True, capture_output=True, text=True).stdout.split(":")[5]
    )
    assert places.state_directory() == home / ".local/state/bpftui"
    assert places.config_directory() == home / ".config/bpftui"
    monkeypatch.setenv("SUDO_UID", "nobody")
    assert places.state_directory() == Path.home() / ".local/state/bpftui"


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    places.write(tmp_path / "a/b/file", "old")
    with pytest.raises(UnicodeEncodeError):
        places.write(tmp_path / "a/b/file", "new \ud800")
    assert (tmp_path / "a/b/file").read_text() == "old"
    assert [path.name for path in (tmp_path / "a/b").iterdir()] == ["file"]


# The log


def in_its_place(path: Path, what: str) -> None:
    """Let something else lie where a file of the user's is looked for."""
    path.parent.mkdir(parents=True, exist_ok=True)
    match what:
        case "a pipe":
            os.mkfifo(path)
        case "a folder":
            path.mkdir()
        case "gigabytes":
            path.touch()
            os.truncate(path, 8 << 30)
        case "bytes":
            path.write_bytes(b"\xff\xfe\0")
        case "a link to /dev/zero":
            path.symlink_to("/dev/zero")
        case _:
            path.write_text("[" * 200_000)


STRANGE = {
    "a pipe": "it is no regular file",
    "a folder": "is a directory",
    "gigabytes": "it has more than 4 MiB: nobody kept that much",
    "bytes": "'utf-8' codec can't decode byte 0xff",
    "a link to /dev/zero": "it is no regular file",
    "depths": ": ",
}


@pytest.mark.parametrize("what", STRANGE)
def test_whatever_lies_in_the_place_of_a_file_is_not_waited_for(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = spec_with()
    monkeypatch.setattr(Presets, "_files", lambda _: [tmp_path / "presets.json"])
    in_its_place(tmp_path / "presets.json", what)
    with pytest.raises(UsageError, match=re.escape(STRANGE[what])):
        Presets(spec, tmp_path).all()
    in_its_place(tmp_path / "config.toml", what)
    with pytest.raises(BpftuiError, match=re.escape(STRANGE[what])):
        load_config(tmp_path / "config.toml")
    in_its_place(tmp_path / "recent.json", what)
    assert recent(tmp_path / "recent.json") == []
    if what == "a pipe":
        in_its_place(tmp_path / "log", what)
        assert str(tmp_path / "log") in Journal(tmp_path / "log").write("text")


async def test_a_pipe_in_the_place_of_presets_is_a_message(explore: Callable[..., Any], home: Path) -> None:
    async with explore("bpf/constants.o", messages=True) as walk:
        in_its_place(Presets(walk.app.session.spec)._own, "a pipe")
        await walk.press("P")
        await walk.until(lambda: "it is no regular file" in walk.screen)


async def test_damaged_presets_are_put_beside_and_begun_anew(explore: Callable[..., Any], home: Path) -> None:
    async with explore("bpf/constants.o", messages=True) as walk:
        own = Presets(walk.app.session.spec)._own
        own.parent.mkdir(parents=True)
        for number, name in enumerate((f"{own.name}.damaged", f"{own.name}.damaged-2")):
            own.write_text(f'{{"presets": {number}')
            await walk.press("P")
            await walk.until(lambda: isinstance(walk.app.screen, PresetsDialog))
            await walk.press("escape")
            said = " ".join(walk.screen.split())
            assert f"it is {name} now, and presets begin anew" in said
            assert own.with_name(name).read_text() == f'{{"presets": {number}'
            assert not own.exists()
        Presets(walk.app.session.spec).save("a", {"min_length": 1})
        assert sorted(path.name for path in own.parent.iterdir()) == [
            own.name,
            f"{own.name}.damaged",
            f"{own.name}.damaged-2",
        ]


def test_the_log_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "_LIMIT", 1000)
    monkeypatch.setattr(journal_module, "_LONGEST", 300)
    journal = Journal(tmp_path / "log")
    for number in range(50):
        assert journal.write(f"entry {number}\nmore of it") == ""
    journal.write("x" * 1000)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log", "log.1"]
    assert all(path.stat().st_size <= 1000 for path in tmp_path.iterdir())
    assert entries(tmp_path / "log")[-2:] == ["x" * 300, "    … and 700 characters more"]
    assert "entry 49" in (tmp_path / "log").read_text() + (tmp_path / "log.1").read_text()


def test_what_cannot_be_written_is_said_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    journal = Journal(tmp_path / "file/log")
    assert journal.write("one") == f"no log is kept: {tmp_path}/file/log: not a directory"
    assert journal.write("two") == ""


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("untouched")
    (tmp_path / "log").symlink_to(tmp_path / "victim")
    assert "too many levels of symbolic links" in Journal(tmp_path / "log").write("one")
    assert (tmp_path / "victim").read_text() == "untouched"


def test_a_bug_is_one_line_and_a_traceback_in_the_log(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(self: Command, arguments: object) -> int:
        raise KeyError("what a pity")

    monkeypatch.setattr(Command, "run", broken)
    assert command_line.main(["show", "x.o"]) == 1
    said = f"bpftui: error: unexpected KeyError: 'what a pity'; the traceback is in {home}/log\n"
    assert capsys.readouterr() == ("", said)
    log = entries(home / "log")
    assert log[0] == "bpftui show x.o: unexpected error"
    assert "    Traceback (most recent call last):" in log
    assert log[-1] == "    KeyError: 'what a pity'"

    monkeypatch.setenv("XDG_STATE_HOME", "/dev/null")
    assert command_line.main(["show", "x.o"]) == 1
    said = capsys.readouterr().err
    assert "in broken; no log is kept: /dev/null/bpftui/log: not a directory" in said
    assert len(said.splitlines()) == 1


def test_a_bug_in_the_explorer_too(home: Path) -> None:
    script = """
import sys
from bpftui.tui.__main__ import main
from bpftui.tui.controllers.navigation import Navigation
def broken(self): raise RuntimeError("in the screen")
Navigation.action_copy = broken
sys.exit(main(["bpf/traffic.o"]))
"""
    master, terminal = pty.openpty()
    environment = user_environment(XDG_STATE_HOME=str(home.parent), TERM="xterm-256color")
    streams = dict.fromkeys(("stdin", "stdout", "stderr"), terminal)
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, env=environment, **streams) as process:
        os.close(terminal)
        seen, typed = b"", False
        while select.select([master], [], [], 20)[0]:
            try:
                seen += os.read(master, 65536)
            except OSError:  # the other end is closed
                break
            if b"Quit" in seen and not typed:
                typed = True
                os.write(master, b"y")
        os.close(master)  # a terminal that has gone ends what still runs
        process.wait(PATIENCE)
    assert process.returncode == 1
    said = seen.decode().rpartition("bpftui: error: ")[2]
    assert said == f"unexpected RuntimeError: in the screen; the traceback is in {home}/log\r\n"
    assert b"Traceback" not in seen
    assert entries(home / "log")[-1] == "    RuntimeError: in the screen"


# Presets


def spec_with(**values: Any) -> CollectionSpec:
    spec = CollectionSpec.from_file(CONSTANTS)
    for name, value in values.items():
        spec.set(name, value)
    return spec


def test_every_kind_of_value_comes_back(tmp_path: Path) -> None:
    values = {
        "enabled": False,
        "mode": "MODE_DROP",
        "min_length": 0xFFFFFFFF,
        "name": "Grüße",
        "cfg": {"interval": 2**64 - 1, "limits": [{"rate": n, "burst": 2 * n} for n in range(4)], "strict": True},
        "weights": [4, 3, 2, 1],
    }
    spec = spec_with(**values)
    Presets(spec, tmp_path).save("all", current_values(spec))
    again = CollectionSpec.from_file(CONSTANTS)
    found = Presets(again, tmp_path).named("all")
    assert restore(again, found) == (tuple(values), ())
    assert {name: again.variables[name].get() for name in values} == values


def test_a_preset_is_the_whole_configuration_before_the_load(tmp_path: Path) -> None:
    spec = spec_with(min_length=7)
    Presets(spec, tmp_path).save("seven", current_values(spec))
    other = spec_with(enabled=False)
    restore(other, Presets(other, tmp_path).named("seven"))
    assert other.variables["enabled"].get() is True
    assert other.variables["min_length"].get() == 7


def test_what_does_not_fit_any_more_is_reported_and_the_rest_is_set(tmp_path: Path) -> None:
    spec = spec_with()
    values: dict[str, Value] = {
        "gone": 1,
        "min_length": 2**32,
        "mode": "MODE_X",
        "name": b"\x01" * 3,
        "weights": [9, 9, 9, 9],
    }
    Presets(spec, tmp_path).save("old", values)
    restored = restore(spec, Presets(spec, tmp_path).named("old"))
    assert restored.variables == ("weights",)
    assert len(restored.problems) == 4
    assert restored.problems[0] == "gone: this object has no such variable"
    assert "4294967295" in restored.problems[1]
    assert "MODE_X" in restored.problems[2]
    assert restored.problems[3] == "variable name takes 16 bytes, not 3"
    assert spec.variables["weights"].get() == [9, 9, 9, 9]
    assert spec.variables["min_length"].get() == 0


def test_versions_of_an_object_share_and_others_do_not_see(tmp_path: Path) -> None:
    spec = spec_with()
    Presets(spec, tmp_path).save("mine", {"min_length": 1})
    part = spec_with()
    del part.variables["weights"]  # another version
    newer = Presets(part, tmp_path)
    assert [preset.name for preset in newer.all()] == ["mine"]
    newer.save("mine", {"min_length": 2})
    assert newer.named("mine").values == {"min_length": 2}
    assert Presets(spec, tmp_path).named("mine").values == {"min_length": 1}
    assert len(list(tmp_path.iterdir())) == 2
    newer.delete("mine")
    assert newer.all() == []
    Presets(spec, tmp_path).save("theirs", {"unheard_of": 1})
    assert Presets(spec, tmp_path).all() == []


def test_names_of_files_may_be_as_long_as_they_can_be(tmp_path: Path) -> None:
    spec = spec_with()
    for name in ("\U0001f600" * 63, "\udcff" * 255, "a" * 255):
        spec.file = f"/objects/{name}"
        presets = Presets(spec, tmp_path / "presets")
        presets.save("a", {"min_length": 1})
        assert [preset.name for preset in presets.all()] == ["a"]


def test_what_cannot_be_kept_or_found(tmp_path: Path) -> None:
    spec = spec_with(min_length=1)
    presets = Presets(spec, tmp_path)
    for name in ("", "  ", "a\nb", "x" * 65):
        with pytest.raises(UsageError, match="is no name for a preset"):
            presets.save(name, {"min_length": 1})
    with pytest.raises(UsageError, match="there is nothing to keep"):
        presets.save("empty", {})
    presets.save("strict", {"min_length": 1})
    with pytest.raises(UnknownNameError) as caught:
        presets.named("strikt")
    assert caught.value.hint == "did you mean 'strict'?"
    (path,) = tmp_path.iterdir()
    path.write_text('{"presets": {"a": 1}}')
    with pytest.raises(UsageError, match=f"{path}: these are no presets"):
        presets.all()
    with pytest.raises(UsageError, match="the preset cannot be kept: not a directory"):
        Presets(spec, Path("/dev/null/x")).save("a", {"min_length": 1})


def test_the_command_line_takes_a_preset_and_settings_after_it(home: Path) -> None:
    spec = spec_with()
    Presets(spec).save("p", {"min_length": 5, "mode": "MODE_DROP", "gone": 1})
    environment = user_environment(XDG_STATE_HOME=str(home.parent))
    done = bpftui("show", "--json", CONSTANTS, "--preset", "p", "--set", "min_length=6", env=environment)
    assert done.code == 0
    assert done.err == "bpftui: warning: preset p: gone: this object has no such variable\n"
    assert re.search(r'"name": "min_length".*?"value": 6', done.out, re.DOTALL)
    assert '"value": "MODE_DROP"' in done.out
    said = bpftui("show", CONSTANTS, "--preset", "q", env=environment).refused(2)
    assert said == f"there is no preset 'q' in {CONSTANTS} (there is: p)"


def test_the_byte_order_does_not_matter(tmp_path: Path) -> None:
    Presets(spec_with(), tmp_path).save("p", {"min_length": 1, "mode": "MODE_DROP"})
    (tmp_path / "constants.o").write_bytes((ROOT / "bpf/constants.eb.o").read_bytes())
    big = CollectionSpec.from_file(tmp_path / "constants.o")
    assert restore(big, Presets(big, tmp_path).named("p")) == (("min_length", "mode"), ())
    assert big.variables["min_length"].raw == b"\0\0\0\x01"


async def test_save_restore_and_delete_from_the_keyboard(explore: Callable[..., Any], home: Path) -> None:
    async with explore("bpf/constants.o") as walk:
        spec = walk.explorer.spec
        await walk.press("P")
        assert isinstance(walk.app.screen, PresetsDialog)
        assert not walk.app.screen.query(Input)
        await walk.press("escape")
        spec.set("min_length", 42)
        await walk.press("P")
        await walk.type("answer")
        await walk.press("enter")
        spec.set("min_length", 1)
        spec.set("enabled", False)
        await walk.press("P")
        assert walk.app.screen.focused is walk.app.screen.query_one(OptionList)
        await walk.press("enter")
        assert (spec.variables["min_length"].get(), spec.variables["enabled"].get()) == (42, True)
        await walk.press("L")
        await walk.until(lambda: walk.status.stage == "LOADED")
        Presets(spec).save("late", {"min_length": 9})
        walk.explorer.values.restore("late")
        await walk.pilot.pause()
        assert spec.variables["min_length"].get() == 42
        assert entries(home / "log")[-2:] == [
            f"{ROOT}/bpf/constants.o: preset late: 0 variables set",
            "    variable min_length is a constant",
        ]
        await walk.press("P", "delete")
        assert [preset.name for preset in Presets(spec).all()] == ["answer"]
        assert isinstance(walk.app.screen, PresetsDialog)
    log = entries(home / "log")
    for text in ("opened", "saved preset answer", "preset answer: 1 variable set", "deleted preset late"):
        assert f"{ROOT}/bpf/constants.o: {text}" in log


async def test_a_home_that_cannot_be_written_to_is_one_line(
    explore: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/dev/null")
    async with explore() as walk:
        walk.explorer.spec.set("sample_every", 3)
        await walk.press("P", "a", "enter")
        view = walk.explorer.query_one(MessageView)
        said = [view.row_text(index) for index in range(view.row_count())]
        assert sum("no log is kept: /dev/null/bpftui/log: not a directory" in line for line in said) == 1
        assert sum("the preset cannot be kept: not a directory" in line for line in said) == 1
