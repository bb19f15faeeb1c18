"""The user's configuration: `$XDG_CONFIG_HOME/bpftui/config.toml`.

theme = "bpftui-light"    # what "Change the theme" writes here; bpftui-dark without

[keys]                    # binding id = key, as the help screen lists them
quit = "ctrl+x"
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from ...core.documents import parse_toml
from ...core.errors import UnknownNameError, UsageError, quoted
from ...core.files import unreadable, unwritable
from .places import config_directory, read, write

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Config", "config_file", "keep_theme", "load_config"]

_THEME: Final = re.compile(r"""^([ \t]*theme[ \t]*=[ \t]*)("[^"\n]*"|'[^'\n]*')""", re.MULTILINE)
"""The line that sets the theme."""
_TABLE: Final = re.compile(r"^[ \t]*\[", re.MULTILINE)
"""Where the first table begins, and what it holds: no theme."""


@dataclass(frozen=True, slots=True)
class Config:
    """What the user prefers; everything has a default."""

    theme: str | None = None
    """The name of a theme, ours or Textual's."""
    keys: Mapping[str, str] = field(default_factory=dict[str, str])
    """Keys by the id of the binding; several are separated by commas."""


def config_file() -> Path:
    """Return where the configuration is, whether it exists or not."""
    return config_directory() / "config.toml"


def load_config(path: Path | None = None) -> Config:
    """Read the configuration; without a file everything has its default.

    Raises:
        UsageError: It is no TOML, or a value has the wrong type; the message names the file.
        UnknownNameError: It sets something that there is not.
        NoPermissionError: It may not be read.
    """
    path = path or config_file()
    try:
        found = parse_toml(read(path))
    except (FileNotFoundError, NotADirectoryError):
        return Config()
    except OSError as error:
        raise unreadable(path, error) from None
    except ValueError as error:
        raise UsageError(f"{path}: {error}") from None
    for name in found:
        if name not in ("theme", "keys"):
            raise UnknownNameError("setting", name, ("theme", "keys"), where=str(path))
    theme, keys = found.get("theme"), found.get("keys", {})
    if theme is not None and not isinstance(theme, str):
        raise UsageError(f"{path}: theme is a name in quotes, not {quoted(theme)}")
    if not isinstance(keys, dict) or not all(isinstance(key, str) for key in cast("dict[str, object]", keys).values()):
        raise UsageError(f"{path}: keys is a table of binding = key, both as text")
    return Config(theme, cast("dict[str, str]", keys))


def keep_theme(name: str, path: Path | None = None, *, begin: Callable[[], str] | None = None) -> None:
    """Write a theme into the configuration; what else stands there, comments too, stays as it is.

    Args:
        name: The theme.
        path: The file; without it the user's.
        begin: Returns what a new file has besides: lines that say what else can be set.

    Raises:
        UsageError: The file cannot be read or written, or its theme is set in a way that is not understood.
    """
    path = path or config_file()
    place = Path(os.path.realpath(path))  # where it is a link, into a repository of such files, it stays one
    try:
        try:
            text = read(place)
        except FileNotFoundError:
            text = begin() if begin is not None else ""
        before = parse_toml(text)
        table = _TABLE.search(text)
        top = table.start() if table else len(text)
        head, found = _THEME.subn(lambda setting: f'{setting[1]}"{name}"', text[:top], count=1)
        kept = (head if found else f'theme = "{name}"\n{head}') + text[top:]
        try:
            is_kept = parse_toml(kept) == {**before, "theme": name}
        except ValueError:
            is_kept = False
        if not is_kept:
            raise UsageError(f"{path}: where it sets the theme is not understood")
        write(place, kept)
    except OSError as error:
        raise unwritable(path, error) from None
    except ValueError as error:
        raise UsageError(f"{path}: {error}") from None
