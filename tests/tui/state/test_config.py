"""The configuration file: what it sets, and what is said of what it cannot set."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bpftui.core.errors import UnknownNameError, UsageError
from bpftui.core.live import Session
from bpftui.core.spec import CollectionSpec
from bpftui.tui.app import BpftuiApp
from bpftui.tui.state.config import Config, config_file, keep_theme, load_config

if TYPE_CHECKING:
    from collections.abc import Callable

TRAFFIC = Path(__file__).parents[3] / "bpf/traffic.o"


def test_where_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", os.fspath(tmp_path))
    assert config_file() == tmp_path / "bpftui/config.toml"
    assert load_config() == Config()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("theme = 3", "theme is a name in quotes, not 3"),
        ("theme = true", "theme is a name in quotes, not true"),
        ("keys = 1", "keys is a table of binding = key"),
        ("[keys]\nquit = 3", "keys is a table of binding = key"),
        ("theme =", "Invalid value"),
    ],
)
def test_what_is_wrong_names_the_file(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=f"{path}: .*{said}"):
        load_config(path)


def test_an_unknown_setting_names_the_nearest(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('them = "x"')
    with pytest.raises(UnknownNameError) as caught:
        load_config(path)
    assert caught.value.hint == "did you mean 'theme'?"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", 'theme = "bpftui-light"\n'),
        ('[keys]\nquit = "x"\n', 'theme = "bpftui-light"\n[keys]\nquit = "x"\n'),
        (
            "# mine\ntheme = 'nord'  # blue\n[keys]\ntheme = \"f2\"\n",
            '# mine\ntheme = "bpftui-light"  # blue\n[keys]\ntheme = "f2"\n',
        ),
        ('theme="bpftui-light"', 'theme="bpftui-light"'),
    ],
)
def test_a_theme_is_kept_and_the_rest_stays(tmp_path: Path, before: str, after: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(before)
    keep_theme("bpftui-light", path)
    assert path.read_text() == after
    assert load_config(path).theme == "bpftui-light"


def test_a_theme_is_kept_where_there_was_no_file_and_behind_a_link(tmp_path: Path) -> None:
    (tmp_path / "config.toml").symlink_to(tmp_path / "repository" / "bpftui.toml")
    keep_theme("nord", tmp_path / "config.toml")
    assert (tmp_path / "config.toml").is_symlink()
    assert (tmp_path / "repository" / "bpftui.toml").read_text() == 'theme = "nord"\n'


def test_a_file_that_is_not_understood_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('theme = """nord"""\n')
    with pytest.raises(UsageError, match="where it sets the theme is not understood"):
        keep_theme("bpftui-light", path)
    assert path.read_text() == 'theme = """nord"""\n'


async def test_the_theme_that_was_chosen_is_that_of_the_next_session(explore: Callable[..., Any]) -> None:
    async with explore(size=(80, 24)) as walk:
        walk.app.search_themes()
        await walk.type("bpftui-light")
        await walk.press("enter")
        await walk.until(lambda: walk.app.theme == "bpftui-light" and load_config().theme == "bpftui-light")
    with Session(CollectionSpec.from_file(TRAFFIC)) as session:
        assert BpftuiApp(session, config=load_config()).theme == "bpftui-light"


async def test_theme_and_keys(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('theme = "textual-light"\n[keys]\n"tab.code" = "f2"\n')
    with Session(CollectionSpec.from_file(TRAFFIC)) as session:
        app = BpftuiApp(session, config=load_config(path))
        async with app.run_test() as pilot:
            await pilot.press("f2")
            await pilot.pause()
            assert app.explorer.navigation.tab == "code"
            assert app.theme == "textual-light"


def test_an_unknown_theme_is_an_error() -> None:
    with (
        Session(CollectionSpec.from_file(TRAFFIC)) as session,
        pytest.raises(UnknownNameError, match=r"there is no theme 'textual-dork' in .*/bpftui/config\.toml$"),
    ):
        BpftuiApp(session, config=Config("textual-dork"))
