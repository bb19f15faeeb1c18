"""The machine's runs of all objects that load, beside what this kernel's verifier knew on their way."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from bpftui.core.debug import Call, Recording, Session
from bpftui.core.debug.verified import VerifierLogs
from bpftui.core.errors import BpftuiError
from bpftui.core.kernel.inspect.inspector import KernelInspector
from bpftui.core.kernel.runtime import KernelRuntime
from bpftui.core.packet import template
from bpftui.core.spec import CollectionSpec

pytestmark = pytest.mark.kernel

ROOT: Final = Path(__file__).parents[2]
OBJECTS: Final = sorted(
    path
    for path in [*ROOT.glob("tests/objects/*.o"), *ROOT.glob("bpf/*.o")]
    if not path.stem.endswith("eb") and path.stem != "bad_complexity"  # the verifier takes seconds to give up
)
ASKS_THE_KERNEL: Final = ("externs", "kernel_functions")
"""What these find there depends on the kernel's own types, which the machine asks as well."""
MOST: Final = 150
"""Steps of a run that are looked at."""
EXPLAINED: Final = {
    # LINUX_KERNEL_VERSION: the machine's is 6.18.0, the kernel's its own.
    ("needs.o", "asked_helper", "r2"),
    ("externs.o", "kconfig", "r0"),
}


def opened(path: Path, name: str, inspector: KernelInspector) -> Session | None:
    """Return a session on a usual packet that has the verifier's log; None for what does not load, or not run."""
    for call in (Call(bytes(template("IPv4 UDP", ethernet=True))), Call()):
        try:
            recording = Recording.of(CollectionSpec.from_file(path), name, [call])
            logs = VerifierLogs.asked(recording, lambda: inspector)
            log = logs.of(name)
            if log is None or log.cause:
                return None
            session = Session(recording)
        except BpftuiError:
            continue
        session.know(logs)
        return session
    return None


@pytest.mark.parametrize(
    "path",
    [pytest.param(path, marks=pytest.mark.vmlinux if path.stem in ASKS_THE_KERNEL else ()) for path in OBJECTS],
    ids=lambda path: path.stem,
)
def test_a_run_has_what_the_verifier_knew(path: Path) -> None:
    inspector = KernelInspector()
    try:
        spec = CollectionSpec.from_file(path)
    except BpftuiError:
        return
    # The log of what is refused for its length alone would have 600 MB.
    loads = [each.name for each in KernelRuntime().check(spec).programs if each.error is None]
    wrong: list[str] = []
    for name in loads:
        session = opened(path, name, inspector)
        if session is None:
            continue
        with session:
            for position in range(min(session.length, MOST)):
                session.goto(position)
                assert session.verified is not None
                wrong += [
                    f"{name} step {position} {place}: {known.shown}"
                    for place, known in session.verified.here().items()
                    if known.sign == "✗" and (path.name, name, place) not in EXPLAINED
                ]
    assert not wrong


def test_a_loop_that_the_verifier_walks_through_is_followed_to_its_end() -> None:
    """What says that something is compared at all: of the shipped counter all of the way was walked."""
    session = opened(ROOT / "bpf/traffic.o", "count_traffic", KernelInspector())
    assert session is not None
    with session:
        assert session.verified is not None
        signs: set[str] = set()
        for position in range(session.length):
            session.goto(position)
            known = session.verified.here()
            assert known["r10"].shown == "fp0 ✓"
            signs |= {each.sign for each in known.values()}
        assert signs == {"✓", ""}
