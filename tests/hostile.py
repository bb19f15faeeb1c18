"""Objects whose names do what names must not: the same objects, with other bytes in them, at the same places."""

from __future__ import annotations

import contextlib
import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bpftui.core.btf import types as btf_types
from bpftui.core.choice import choose_runtime
from bpftui.core.errors import BpftuiError
from bpftui.core.live import EventReader, Sampler
from bpftui.core.live.trial import Ran
from bpftui.core.runtime import Printed, PrintedLine
from bpftui.core.spec import CollectionSpec
from bpftui.core.tape import Recorder

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["PAYLOADS", "hostile_bytes", "names_of", "record_hostile"]

ROOT: Final = Path(__file__).parent.parent
PAYLOADS: Final = (
    b"\x1b]0;o\x07",  # another title
    b"\xc2\x9b31m",  # CSI as one character
    b"\xe2\x80\xae\x0a",  # right to left, and a line end
    b"\x1b]52;c;QQ==\x07",  # another clipboard
    b"\xe2\x80\x8b\x7f\x0d",  # nothing to be seen, DEL, carriage return
    b"</pre><script>",
    b"\xef\xbf\xbe\x00"[:3],  # U+FFFE, which XML has not
    b"[/x][bold]",  # markup
    b"*/ int x; /*",
    b"\xf3\xa0\x81\x81",  # a tag
    b"\xe2\x80\xa8",  # a line separator
)


def names_of(spec: CollectionSpec) -> set[str]:
    """Return the names and C lines of an object that mean nothing to whoever reads it."""
    found = {*spec.programs, *spec.variables, *(each.name for each in spec.hidden)}
    found |= {name for name in spec.maps if not name.startswith(".")}
    found |= {function.name for program in spec.programs.values() for function in program.functions}
    for program in spec.programs.values():
        found |= {info.source for info in program.linked.line_infos} | {info.file for info in program.linked.line_infos}
    types = spec.types
    for type_id in range(1, len(types)) if types is not None else ():
        assert types is not None
        each = types.type(type_id)
        if isinstance(each, btf_types.Composite | btf_types.Enum):
            found |= {each.name, *(member.name for member in getattr(each, "members", ()))}
            found |= {value.name for value in getattr(each, "enumerators", ())}
    return {name for name in found if name and len(name) >= 4} - _KNOWN


_KNOWN: Final = {
    "type",
    "value",
    "values",
    "max_entries",
    "key_size",
    "value_size",
    "map_flags",
    "pinning",
    "map_extra",
    "data",
}


def hostile_bytes(path: str | Path) -> bytes:
    """Return an object with payloads in its names, each in some of them."""
    data = (ROOT / path).read_bytes()
    payloads = itertools.cycle(PAYLOADS)
    for name in sorted(names_of(CollectionSpec.from_file(ROOT / path))):
        raw, payload = name.encode(), next(payloads)
        for room in _rooms(raw, payload):
            data = data.replace(b"\0" + raw + b"\0", b"\0" + room + b"\0")
            break
    return data


def _rooms(raw: bytes, payload: bytes) -> Iterator[bytes]:
    """Yield the name with a payload in it, as long as it was; a shorter payload where that one does not fit."""
    for each in (payload, *sorted(PAYLOADS, key=len)):
        if len(each) < len(raw):
            yield raw[:1] + each + raw[1 + len(each) :]


def record_hostile(path: str | Path, target: str | Path) -> None:
    """Record an object over a second: a packet between two samples, and texts that mean harm beside its names.

    Raises:
        BpftuiError: It cannot be loaded on the built-in machine.
    """
    text = "".join(payload.decode("utf-8", "surrogateescape") for payload in PAYLOADS)
    spec = CollectionSpec.from_file(path)
    second = 0
    with choose_runtime("vm").load(spec) as collection, EventReader(collection) as events:
        sampler = Sampler(collection, clock=lambda: float(second))
        with Recorder.of(str(target), collection, interval=1.0) as tape:
            tape.mark(0.0, "attached", text, text)
            for second in range(2):  # noqa: B007 - the clock reads it
                printed = [PrintedLine(f"={text}", name) for name in collection.programs]
                tape.add(sampler.take(), events.take(), Printed(tuple(printed)))
                for program in collection.programs.values():
                    with contextlib.suppress(BpftuiError):  # of a type that is not given a packet
                        program.run(bytes(64))
            for name in collection.programs:
                tape.ran(0.5, Ran(name, bytes(64), bytes(64), 2, 100))
