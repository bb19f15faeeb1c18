"""The configuration file: what it sets, and what is said of what it cannot set."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bpftui.core.errors import UnknownNameError, UsageError
from bpftui.core.live import Session
from bpftui.core.spec import CollectionSpec
from bpftui.tui.app import BpftuiApp
from bpftui.tui.state.config import Config, config_file, load_config

TRAFFIC = Path(__file__).parents[3] / "bpf/traffic.o"


def test_where_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", os.fspath(tmp_path))
    assert config_file() == tmp_path / "bpftui/config.toml"
    assert load_config() == Config()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("theme = 3", "theme is a name in quotes, not 3"),
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
        pytest.raises(UnknownNameError, match="there is no theme 'textual-dork'"),
    ):
        BpftuiApp(session, config=Config("textual-dork"))
