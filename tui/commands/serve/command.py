"""`bpftui serve [OBJECT…]`: the explorer in a browser, for whoever has been given its address."""

from __future__ import annotations

import asyncio
import os
import socket
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from ....core.errors import ExitCode, FeatureError, UsageError, reason_of
from ....core.files import unreadable
from ....core.references import parse_loaded
from ....core.spec.container import file_of
from ....core.threads import start_pool
from ...terminal.guardian import until_told
from ...terminal.output import complain, write_line
from .. import explore
from ..common import machine_options
from ..scraping import Address, parse_address

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from ..parser import Parser

__all__ = ["make_parser", "run"]

_PLACE: Final = "127.0.0.1:0"
_FORM: Final = "[ADDRESS:]PORT"
_LISTEN, _READ_ONLY, _CHANGES = "--listen", "--read-only", "--allow-changes"
_THREADS: Final = 4
"""For reading the files of the page."""


def make_parser() -> Parser:
    """Return what reads its arguments: those of the explorer, and its own."""
    parser = explore.make_parser(
        "serve",
        "Show the explorer in a browser. It prints the address, whose token lets in whoever has it: each gets an "
        "explorer of their own, with the rights of this process. Only this machine reaches it; "
        "ssh -L 8000:127.0.0.1:8000 HOST brings it to another one.",
        (
            ("serve prog.o", "at an address that it prints"),
            ("serve --listen 8000", "home, at this port of this machine"),
        ),
    )
    parser.add_argument(
        _LISTEN,
        metavar=_FORM,
        default=_PLACE,
        help="where: an address of this machine alone, and a port (default: 127.0.0.1, and any port that is free)",
    )
    parser.add_argument(
        _CHANGES,
        action="store_true",
        help="let those who look change what others have loaded, as they are asked; else it is --read-only",
    )
    return parser


def run(arguments: Sequence[str]) -> int:
    """Run the command: until it is told to end, which ends the explorers with it."""
    options = make_parser().parse(arguments)
    _check(options)
    place = parse_address(options.listen, option=_LISTEN, form=_FORM)
    if place.is_open:
        raise UsageError(
            f"{_LISTEN} {options.listen}: other machines reach this address, and who gets in has the rights of this "
            "process, over a connection that is not encrypted",
            hint=f"listen at 127.0.0.1, and ssh -L {place.port or 8000}:127.0.0.1:{place.port or 8000} HOST",
        )
    if find_spec("textual_serve") is None:
        hint = "pip install textual-serve: it is the extra serve"
        raise FeatureError("serve takes textual-serve, which is not installed", hint=hint)
    with _listening(place) as listener:
        return _serve(listener, place, explorer_words(arguments), " ".join(options.objects))


def explorer_words(arguments: Sequence[str]) -> list[str]:
    """Return what the explorer is started with: without what is for the server, and read-only unless it says no."""
    words, rest = [*arguments], list[str]()
    changes = False
    while words:
        word = words.pop(0)
        if word == "--":
            rest += [word, *words]
            break
        if word == _LISTEN:
            words.pop(0)
        elif word == _CHANGES:
            changes = True
        elif not word.startswith(f"{_LISTEN}=") and word != _READ_ONLY:
            rest.append(word)
    return rest if changes else [_READ_ONLY, *rest]


def _check(options: argparse.Namespace) -> None:
    """Raise what is wrong with options, or that a file is not there, before anybody looks."""
    machine_options(options)
    if "-" in options.objects:
        raise UsageError("serve starts an explorer for each who looks, and standard input can be read once")
    if options.read_only and options.allow_changes:
        raise UsageError(f"{_READ_ONLY} and {_CHANGES} say the opposite of each other")
    if options.drop is False:
        raise UsageError("an explorer gives its rights up in a browser, too", hint="leave --no-drop out")
    for file in (file_of(each) for each in options.objects if parse_loaded(each) is None):
        try:
            os.stat(file)
        except OSError as error:
            raise unreadable(file, error) from None


def _listening(place: Address) -> socket.socket:
    """Return a socket that listens.

    Raises:
        UsageError: The port is taken, or there is no such address here.
    """
    try:
        family = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((place.host, place.port), family=family)
    except (OSError, OverflowError) as error:
        raise UsageError(
            f"nobody can listen at {place.host}:{place.port}: {reason_of(error)}",
            hint=f"without {_LISTEN} it is any port",
        ) from None


def _serve(listener: socket.socket, place: Address, words: Sequence[str], title: str) -> int:
    from .server import Server

    loop = asyncio.SelectorEventLoop()
    workers = start_pool(_THREADS)
    loop.set_default_executor(workers)
    server = Server(words, title)
    with (
        asyncio.Runner(loop_factory=lambda: loop) as runner,
        until_told(partial(loop.call_soon_threadsafe, server.end)) as told,
    ):
        runner.run(server.begin(listener))
        write_line(server.url(place._replace(port=listener.getsockname()[1])), flush=True)
        complain("whoever has this address explores with your rights; ctrl+c ends it")
        runner.run(server.run())
    return ExitCode.INTERRUPTED if told else ExitCode.OK
