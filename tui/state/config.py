"""The user's configuration: `$XDG_CONFIG_HOME/bpftui/config.toml`.

theme = "textual-light"

[keys]                    # binding id = key, as the help screen lists them
quit = "ctrl+x"
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from ...core.documents import parse_toml
from ...core.errors import NoPermissionError, UnknownNameError, UsageError
from .places import config_directory, read

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["Config", "config_file", "load_config"]


@dataclass(frozen=True, slots=True)
class Config:
    """What the user prefers; everything has a default."""

    theme: str | None = None
    """The name of a Textual theme."""
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
    except PermissionError:
        raise NoPermissionError(f"{path}: it cannot be read: permission denied") from None
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: {error}") from None
    for name in found:
        if name not in ("theme", "keys"):
            raise UnknownNameError("setting", name, ("theme", "keys"), where=str(path))
    theme, keys = found.get("theme"), found.get("keys", {})
    if theme is not None and not isinstance(theme, str):
        raise UsageError(f"{path}: theme is a name in quotes, not {theme!r}")
    if not isinstance(keys, dict) or not all(isinstance(key, str) for key in cast("dict[str, object]", keys).values()):
        raise UsageError(f"{path}: keys is a table of binding = key, both as text")
    return Config(theme, cast("dict[str, str]", keys))
