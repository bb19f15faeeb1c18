"""What a run is given on the command line, and what it finds empty."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...core.elf import read_object_file
from ...core.errors import UsageError
from ...core.spec import MapType

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ...core.runtime import Collection
    from .parser import Parser

__all__ = ["add_run_input", "left_out", "parse_data"]


def add_run_input(parser: Parser) -> None:
    """Add `--data` and `--ctx`: the packet and the context."""
    parser.add_argument(
        "--data", metavar="HEX|@FILE", help="the packet: hexadecimal digits, a dump with offsets, or a file"
    )
    parser.add_argument(
        "--ctx",
        metavar="FIELD=VALUE,…|JSON|HEX|@FILE",
        help="the context: mark=5,cb[2]=1 or user_ip4=192.0.2.1,user_port=htons(443), a JSON object, hex:0102…, a file",
    )


def left_out(collection: Collection) -> Iterable[str]:
    """Return what the maps of a collection do not hold in a run though its programs may ask for it, as sentences."""
    yield from collection.remarks
    for name, problem in collection.problems.items():
        places = [
            f"{spec.name}[{entry.key}]"
            for spec in collection.spec.maps.values()
            for entry in spec.contents
            if entry.target == name
        ]
        yield f"{', '.join(places)} stays empty: {problem.message}"
    for spec in collection.spec.maps.values():
        # Somebody puts programs or maps there before a program finds them.
        if spec.type.gives_ids and not spec.contents:
            what = "programs" if spec.type == MapType.PROG_ARRAY else "maps"
            yield f"the object puts no {what} into {spec.name} ({spec.type.label}), which is empty in a run"


def parse_data(text: str) -> bytes:
    """Return the packet that `--data` means: see `read_hex`.

    Raises:
        UsageError: It is none.
        ObjectError, NoPermissionError: The file cannot be read.
    """
    if text.startswith("@"):
        return read_object_file(text[1:])
    from ...core.packet.hex_text import read_hex

    try:
        return read_hex(text)
    except UsageError as error:
        raise UsageError(f"--data: {error.message}", hint=f"{error.hint}; or @FILE") from None
