"""`bpftui dap`: the debugger for editors, which speak the Debug Adapter Protocol to it."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast

from ...core.errors import BpftuiError, ExitCode, UsageError, reason_of
from ..terminal.output import complain
from .debug.recorded import add_calls, recording_of
from .parser import Parser

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from io import RawIOBase
    from typing import BinaryIO

    from ...core.dap import Launch

__all__ = ["launched", "make_parser", "run"]

_LISTS: Final = {"set": "--set", "types": "--type", "return": "--return", "memory": "--memory"}
"""Launch arguments that are several options: lists of `NAME=VALUE`, or objects with names and values."""
_FLAGS: Final = ("stopOnEntry", "noDebug")


def make_parser() -> Parser:
    """Return what reads its arguments."""
    parser = Parser(
        "dap",
        "Debug programs on the built-in machine for an editor, which speaks the Debug Adapter Protocol on standard "
        "input and output: forwards and backwards. What is debugged the editor says when it launches; "
        "docs/debugging.md has configurations for VS Code, Neovim and Emacs.",
        examples=(
            ("dap", "what an editor starts"),
            ("dap --listen 4711", "for one that connects"),
        ),
    )
    parser.add_argument(
        "--listen",
        metavar="PORT",
        type=_port,
        help="speak to whoever connects to this port of 127.0.0.1, one after the other, in place of standard input "
        "and output; 0 for any that is free",
    )
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 0xFFFF:
        raise UsageError(f"{text[:20]!r} is no port", hint="0 to 65535")
    return int(text)


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    options = make_parser().parse(arguments)
    if options.runtime == "kernel":
        raise UsageError(
            "dap runs programs on the built-in machine: no kernel stops within one", hint="leave --runtime out"
        )
    if options.listen is not None:
        return _listen(options.listen)
    # Descriptors of their own: whatever else is printed must not get among the messages.
    with os.fdopen(os.dup(0), "rb", buffering=0) as reader, os.fdopen(os.dup(1), "wb") as writer:
        return _serve(reader, writer)


def _serve(reader: RawIOBase, writer: BinaryIO, hang_up: Callable[[], object] | None = None) -> int:
    from ...core.dap import Adapter, Connection

    home = os.getcwd()
    try:
        adapter = Adapter(Connection(reader, writer, hang_up), partial(launched, home=home))
        return ExitCode.OK if adapter.run() else ExitCode.REFUSED
    finally:
        with suppress(OSError):
            os.chdir(home)  # the next client's relative paths are not from where this one's program was


def _listen(port: int) -> int:
    import socket

    try:
        server = socket.create_server(("127.0.0.1", port))
    except OSError as error:
        raise UsageError(f"nobody can listen at port {port} of 127.0.0.1: {reason_of(error)}") from None
    with server:
        complain(f"listening at 127.0.0.1:{server.getsockname()[1]}")
        while True:
            connection, _ = server.accept()
            hang_up = partial(connection.shutdown, socket.SHUT_RDWR)
            try:
                # What is still to be written when the client has gone away fails once more where the writer is closed.
                with (
                    suppress(OSError),
                    connection,
                    connection.makefile("rb", buffering=0) as reader,
                    connection.makefile("wb") as writer,
                ):
                    _serve(reader, writer, hang_up)
            except BpftuiError as error:
                complain(error.message)


def launched(given: Mapping[str, Any], home: str = "") -> Launch:
    """Return what a client wants to be debugged.

    Args:
        given: The arguments of its `launch`: `object` and `program`, or `recording`; `data`, `ctx`, `pcap`, `behind`,
            `set`, `preset`, `types`, `return`, `memory`, `btf` as the options of `bpftui debug`; `cwd`, `stopOnEntry`,
            `noDebug`, `sourceMap`. What else there is is an editor's own.
        home: From where a relative `cwd` is; empty for the current directory.

    Raises:
        UsageError: Something is missing, or of no use.
        BpftuiError: The object cannot be read, …
    """
    from ...core.dap import Launch

    cwd = _text(given, "cwd")
    if cwd is not None:
        try:
            os.chdir(os.path.join(home, cwd))
        except (OSError, ValueError) as error:
            why = reason_of(error) if isinstance(error, OSError) else "that is no path"
            raise UsageError(f"launch: cwd is {cwd!r}: {why}") from None
    parser = Parser("launch", "")
    add_calls(parser)
    options = parser.parse(_words(given))
    remarks: list[str] = []
    recording = recording_of(options, remarks.append)
    flags = {name: given.get(name, False) for name in _FLAGS}
    for name, value in flags.items():
        if not isinstance(value, bool):
            raise UsageError(f"launch: {name} is neither true nor false")
    source_map = _object(given, "sourceMap") or {}
    folders = [os.path.dirname(os.path.abspath(options.object)), os.getcwd()]
    return Launch(
        recording,
        stop_on_entry=flags["stopOnEntry"],
        no_debug=flags["noDebug"],
        folders=folders,
        source_map={name: str(value) for name, value in source_map.items()},
        remarks=remarks,
    )


def _words(given: Mapping[str, Any]) -> list[str]:
    """Return launch arguments as those of `bpftui debug`."""
    object_, recording = _text(given, "object"), _text(given, "recording")
    if (object_ is None) == (recording is None):
        raise UsageError("launch takes an object and a program of it, or a recording")
    path = recording if object_ is None else object_
    if path == "-":
        raise UsageError("launch: standard input has the editor's messages, and no object")
    words: list[str] = []
    for name in ("data", "pcap", "btf", "preset"):
        if (text := _text(given, name)) is not None:
            words.append(f"--{name}={text}")
    if (steps := given.get("steps")) is not None:
        words.append(f"--steps={steps}")
    context = given.get("ctx")
    if context is not None:
        words.append(f"--ctx={context if isinstance(context, str) else json.dumps(context)}")
    for name in _names(given, "behind"):
        words.append(f"--behind={name}")
    for name, option in _LISTS.items():
        words += [f"{option}={each}" for each in _settings(given, name)]
    words += ["--", f"{path}"]
    program = _text(given, "program")
    return words if program is None else [*words, program]


def _text(given: Mapping[str, Any], name: str) -> str | None:
    value = given.get(name)
    if value is None or isinstance(value, str):
        return value
    raise UsageError(f"launch: {name} is no text")


def _names(given: Mapping[str, Any], name: str) -> list[str]:
    value = given.get(name, [])
    if isinstance(value, list) and all(isinstance(each, str) for each in cast("list[object]", value)):
        return cast("list[str]", value)
    raise UsageError(f"launch: {name} is no list of texts")


def _object(given: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    value = given.get(name)
    if value is None or isinstance(value, dict):
        return cast("Mapping[str, Any] | None", value)
    raise UsageError(f"launch: {name} is no object")


def _settings(given: Mapping[str, Any], name: str) -> list[str]:
    """Return what is a list of `NAME=VALUE`, or an object, as such a list."""
    value = given.get(name)
    if isinstance(value, list) and all(isinstance(each, str) for each in cast("list[object]", value)):
        return cast("list[str]", value)
    pairs = _object(given, name) or {}
    return [f"{key}={each if isinstance(each, str) else json.dumps(each)}" for key, each in pairs.items()]
