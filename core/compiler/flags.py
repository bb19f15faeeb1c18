"""With which flags a C file is compiled: those of the command line, else of a compile_commands.json, else its own.

What a file says is not what the user says. Of compile_commands.json and of a file's first line only flags are taken
that tell where headers are, what is defined, and how code is made: none of them writes a file or loads code.
"""

from __future__ import annotations

import functools
import json
import os
import re
import shlex
import stat
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from ..errors import BpftuiError, UsageError, reason_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

__all__ = ["Flags", "flags_of", "parse_flags"]

_WITH_VALUE: Final = (
    "-I",
    "-D",
    "-U",
    "-include",
    "-isystem",
    "-iquote",
    "-idirafter",
    "-mllvm",
    "-Xclang",
    "-MF",
    "-MT",
    "-MQ",
)
"""Flags whose value may be the next word."""
_OURS: Final = ("-o", "-c", "-S", "-E", "-target", "--target", "-emit-llvm")
"""What says which file is made, and of which kind."""
_TAKEN: Final = re.compile(
    r"-(?:[IDU].*|isystem|iquote|idirafter|include|mcpu=\w+|O[0-3sz]?|W[\w+=-]*|std=[\w:]+|fms-extensions)", re.DOTALL
)
"""What is taken from files, by name: where headers are, what is defined, how code is made, what is warned of."""
_PATHS: Final = ("-isystem", "-iquote", "-idirafter", "-include")
"""Those that name a file or a folder as the next word; -I may have it in the same one."""
_COMMANDS: Final = "compile_commands.json"
_LARGEST: Final = 64 << 20
"""Bytes of a compile_commands.json: Linux's own has 20 MB."""
_LONGEST_LINE: Final = 4096
"""Bytes of a first line with flags."""
_FIRST_LINE: Final = re.compile(rb"\s*(?://|/\*)\s*bpftui:(?P<flags>[^\n]*?)\s*(?:\*/[^\n]*)?\Z")


class Flags(NamedTuple):
    """Flags of a compiler."""

    compiler: str | None
    """What compiles; None for whichever clang there is."""
    words: tuple[str, ...]
    origin: str
    """Where they are from; empty for nowhere."""
    left_out: tuple[str, ...]
    """Words there that are not taken from files."""

    @property
    def remark(self) -> str:
        """What of them is not taken, as a sentence; empty where all are."""
        if not self.left_out:
            return ""
        return f"{self.origin}: not taken: {' '.join(self.left_out)}; --cflags says the flags instead"


def parse_flags(text: str) -> tuple[str | None, tuple[str, ...]]:
    """Return the compiler that a text with flags begins with, None for none, and the flags.

    Raises:
        UsageError: It cannot be read as a shell reads it, or has a flag that says what is made, or a word that is none.
    """
    words = _words(text)
    compiler = words.pop(0) if words and not words[0].startswith("-") else None
    before = ""
    for word in words:
        if word in _OURS or word.startswith(("-o", "--target=")):
            raise UsageError(f"{word} is not for the flags {text!r}: what is made is a BPF object")
        if not word.startswith("-") and before not in _WITH_VALUE:
            raise UsageError(f"{word!r} in the flags {text!r} is no flag")
        before = word
    return compiler, tuple(words)


def _words(text: str) -> list[str]:
    try:
        words = shlex.split(text)
        _check(words)
    except ValueError as error:
        raise UsageError(f"the flags {text!r} cannot be read: {str(error).lower()}") from None
    return words


def _check(words: Iterable[str]) -> None:
    """Raise ValueError for words that no program can be given."""
    for word in words:
        if "\0" in word:
            raise ValueError("there is a byte of 0 in them")
        os.fsencode(word)


def flags_of(source: str, given: str | None = None) -> Flags:
    """Return the flags that a C file is compiled with.

    Args:
        source: The file.
        given: What the user said, which may begin with a compiler; None where nothing was said.

    Raises:
        UsageError: The flags cannot be read.
        BpftuiError: A compile_commands.json cannot be.
    """
    if given is not None:
        return Flags(*parse_flags(given), "--cflags", ())
    folder = os.path.dirname(os.path.abspath(source))
    for above in _above(folder):
        for place in (os.path.join(above, _COMMANDS), os.path.join(above, "build", _COMMANDS)):
            if _counts(place, source) and (found := _command(place, os.path.realpath(source))) is not None:
                words, directory = found
                return _taken(words, directory, place)
    if (text := _own(source)) is not None:
        return _taken(_words(text), folder, f"the first line of {source}")
    return Flags(None, (), "", ())


def _above(folder: str) -> Iterator[str]:
    while True:
        yield folder
        parent = os.path.dirname(folder)
        if parent == folder:
            return
        folder = parent


def _counts(place: str, source: str) -> bool:
    """Whether a file there is one whose word counts: the user's, root's, or whose the C file is."""
    try:
        found = os.stat(place)
        owners = {0, os.geteuid(), int(os.environ.get("SUDO_UID", "0")), os.stat(source).st_uid}
    except (OSError, ValueError):
        return False
    return stat.S_ISREG(found.st_mode) and found.st_uid in owners


def _own(source: str) -> str | None:
    """Return what the first line of a file says of flags; None for nothing, or no file."""
    try:
        if not os.path.isfile(source):
            return None
        with open(source, "rb") as file:
            line = file.readline(_LONGEST_LINE + 1).rstrip(b"\r\n")
    except OSError:
        return None
    found = _FIRST_LINE.match(line)
    if found is not None and len(line) > _LONGEST_LINE:
        raise UsageError(f"the first line of {source} has flags, and more than {_LONGEST_LINE:,} bytes")
    return None if found is None else found["flags"].decode(errors="replace").strip()


class _Entry(NamedTuple):
    """What a compile_commands.json says of a file."""

    directory: str
    words: str | tuple[str, ...]
    """The compiler and its flags; a text is to be read as a shell does."""


def _command(place: str, source: str) -> tuple[list[str], str] | None:
    """Return the words that a compile_commands.json has for a file, and the folder that they were meant in."""
    try:
        found = os.stat(place)
        entry = _entries(place, (found.st_mtime_ns, found.st_size, found.st_ino)).get(source)
        if entry is None:
            return None
        words = shlex.split(entry.words) if isinstance(entry.words, str) else [*entry.words]
        _check((*words, entry.directory))
    except (OSError, ValueError, RecursionError) as error:
        raise BpftuiError(
            f"{place}: it cannot be read: {reason_of(error)}", hint="--cflags says the flags instead"
        ) from None
    return words[1:], entry.directory


@functools.lru_cache(maxsize=2)
def _entries(place: str, stamp: tuple[int, int, int]) -> Mapping[str, _Entry]:
    """Return what a compile_commands.json says of C files, by their paths; for the same *stamp* it is read once.

    https://clang.llvm.org/docs/JSONCompilationDatabase.html: a list of objects with `directory`, `file`, and either
    `arguments`, a list, or `command`, one text as a shell reads it. Of two for one file the first one counts.

    Args:
        place: The file.
        stamp: When it was written, its size and its inode.
    """
    if stamp[1] > _LARGEST:
        raise BpftuiError(f"{place}: it is larger than {_LARGEST >> 20} MiB", hint="--cflags says the flags instead")
    with open(place, "rb") as opened:
        entries: Any = json.load(opened)
    if not isinstance(entries, list):
        raise ValueError("it is no list")
    found: dict[str, _Entry] = {}
    for entry in cast("list[Any]", entries):
        directory, file = os.path.join(os.path.dirname(place), _text(entry, "directory")), _text(entry, "file")
        if file.endswith(".c"):
            arguments = entry.get("arguments")
            if arguments is not None and not isinstance(arguments, list):
                raise ValueError("the arguments of an entry are no list")
            words = _text(entry, "command") if arguments is None else tuple(map(str, cast("list[Any]", arguments)))
            found.setdefault(os.path.realpath(os.path.join(directory, file)), _Entry(directory, words))
    return found


def _text(entry: Any, name: str) -> str:
    found: Any = cast("dict[str, Any]", entry).get(name) if isinstance(entry, dict) else None
    if not isinstance(found, str):
        raise ValueError(f"an entry has no {name!r}")
    return found


def _taken(words: Sequence[str], folder: str, origin: str) -> Flags:
    """Return the flags among words of a file that are taken, with paths as they were meant there."""
    taken: list[str] = []
    left: list[str] = []
    rest = iter(words)
    for word in rest:
        value = next(rest, "") if word in _WITH_VALUE or word == "-o" else None
        path = word if word in _PATHS else "-I" if word.startswith("-I") else None
        if _TAKEN.fullmatch(word) is None:
            if word.startswith("-") and word not in (*_OURS, "-g", "-MD", "-MMD"):
                left.append(word)
        elif path is not None:
            place = value if value is not None else word.removeprefix(path)
            taken += [path, os.path.join(folder, place)]
        else:
            taken += [word] if value is None else [word, value]
    return Flags(None, tuple(taken), origin, tuple(left))
