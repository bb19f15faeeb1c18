"""All keys: those that have an id, for which `[keys]` of the configuration can name another one, and where one means
what it does not mean elsewhere.
"""

from __future__ import annotations

import inspect
import pkgutil
import sys
from importlib import import_module
from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple

from textual.binding import Binding

from ..core.errors import nearest
from .text.keys import key_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from textual.binding import BindingType

    Groups = Mapping[str, Sequence[BindingType]]
    """Keys by where they have a meaning."""

__all__ = ["KeyId", "comment", "key_ids", "markdown", "meaning_elsewhere", "unknown"]

_PLACES: Final = ("screens", "controllers", "dialogs", "widgets", "pickers")
"""The packages whose classes have keys."""
_APPS: Final = ("base_app", "app")
_HERE: Final = __name__.rpartition(".")[0]


class KeyId(NamedTuple):
    """A binding that can be given other keys."""

    id: str
    keys: str
    """By default, separated by commas, as Textual calls them: `question_mark`."""
    about: str
    """What it does."""


def key_ids() -> list[KeyId]:
    """Return them by id. It imports whatever has keys, which takes some tenths of a second."""
    found: dict[str, KeyId] = {}
    for each in _bindings(_modules()):
        found.setdefault(each.id, each)
    return [found[id_] for id_ in sorted(found)]


def _bindings(modules: Iterable[str]) -> Iterator[KeyId]:
    for kind in _classes(modules):
        for name in ("BINDINGS", "KEYS"):
            for each in vars(kind).get(name, ()):
                if isinstance(each, Binding) and each.id:
                    about = each.tooltip or each.description or each.action.replace("_", " ")
                    yield KeyId(each.id, each.key, about)


def _modules() -> Iterator[str]:
    """Yield the names of what has keys, in an order that does not depend on what was imported before."""
    yield from (f"{_HERE}.{name}" for name in _APPS)
    for place in _PLACES:
        package = import_module(f"{_HERE}.{place}")
        yield from (name for _, name, _ in pkgutil.walk_packages(package.__path__, f"{package.__name__}."))


def _classes(modules: Iterable[str]) -> Iterator[type]:
    for name in modules:
        for kind in vars(import_module(name)).values():
            if inspect.isclass(kind) and kind.__module__ == name:
                yield kind


def unknown(ids: Iterable[str], file: str) -> str:
    """Return a sentence about the ids that there are not, each with the nearest one; empty where there are all.

    Args:
        ids: Those in the configuration.
        file: Its name.
    """
    ids = list(ids)
    # Most are of what is on the screen already: nothing is imported for those.
    loaded = {each.id for each in _bindings([name for name in sys.modules if name.startswith(f"{_HERE}.")])}
    if loaded.issuperset(ids):
        return ""
    known = [each.id for each in key_ids()]
    wrong = [
        f"no {id_!r}" + (f" (did you mean {near!r}?)" if (near := nearest(id_, known)) else "")
        for id_ in ids
        if id_ not in known
    ]
    return f"{file}: among the ids of keys there is {', '.join(wrong)}; docs/keys.md has them all" if wrong else ""


def comment() -> str:
    """Return all ids as lines of a configuration that are commented out."""
    lines = ["# [keys]  # other keys, several with commas between them"]
    for each in key_ids():
        name = each.id if each.id.isalnum() else f'"{each.id}"'
        lines.append(f'# {name} = "{each.keys}"  # {each.about}')
    return "\n".join(lines) + "\n"


def markdown() -> str:
    """Return the table in `docs/keys.md`."""
    lines = [
        "# The ids of all keys",
        "",
        "`[keys]` in `~/.config/bpftui/config.toml` gives a binding other keys by its id, several with commas between",
        'them: `"tab.code" = "f2"`. An id with a dot stands in quotes. Keys are called as Textual calls them.',
        "",
        "| id | key | what it does |",
        "|---|---|---|",
    ]
    lines += [f"| `{each.id}` | `{each.keys}` | {each.about.replace('|', chr(92) + '|')} |" for each in key_ids()]
    return "\n".join(lines) + "\n"


def meaning_elsewhere(key: str, here: Groups, keymap: Mapping[str, str]) -> str:
    """Return in which panes a key has a meaning, else in which other places; empty where it has none at all.

    Args:
        key: As Textual calls it.
        here: The keys of the place where it was pressed, by its panes.
        keymap: The keys that the user prefers, by the id of a binding.
    """
    titles = [*_titles(key, here, keymap)] or [*_titles(key, _places(), keymap)]
    return f"{key_names(key)} has no meaning here, but in: {', '.join(titles)}" if titles else ""


def _titles(key: str, groups: Groups, keymap: Mapping[str, str]) -> Iterator[str]:
    for title, bindings in groups.items():
        if title and any(
            isinstance(each, Binding) and each.tooltip and key in keymap.get(each.id or "", each.key).split(",")
            for each in bindings
        ):
            yield title


def _places() -> Groups:
    """Return the keys of all places, those that are not open too."""
    from .controllers.help import pane_keys
    from .dialogs.help import keys_of
    from .screens.debugger import DebuggerScreen
    from .screens.explorer import ExplorerScreen
    from .screens.home import HomeScreen
    from .screens.system import SystemScreen
    from .widgets.system.table import SystemTable

    return {
        "Home": keys_of(HomeScreen),
        "System": [*keys_of(SystemScreen), *keys_of(SystemTable)],
        "an open object": [*keys_of(ExplorerScreen), *chain.from_iterable(pane_keys().values())],
        "the debugger (d)": keys_of(DebuggerScreen),
    }
