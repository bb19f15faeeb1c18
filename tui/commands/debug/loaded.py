"""What is loaded, for `bpftui debug`: its code and its maps as they are now, and the packets that reach it."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from threading import Event
from typing import TYPE_CHECKING, Any

from ....core.errors import UsageError
from ..common import complain, configured, read_loaded

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence

    from ....core.debug import Recording
    from ....core.debug.recording import Entries
    from ....core.spec import CollectionSpec
    from ....core.system.captured import Capturing
    from ....core.system.loaded import LoadedSpec

__all__ = ["capturing", "loaded_maps", "name_loaded", "restored_program", "take_packets"]


def name_loaded(where: str) -> LoadedSpec:
    """Return what is loaded that *where* names; errors as those of `read_loaded`."""
    from ....core.system.loaded import LoadedSpec

    found = read_loaded(where)
    assert isinstance(found, LoadedSpec)
    return found


def restored_program(options: Any) -> tuple[LoadedSpec, str]:
    """Return the program that OBJECT names, as its object had it, and its name in that.

    Raises:
        UsageError: OBJECT names no program, or several, or there are options that only an object file has.
        FeatureError: What the kernel has made of it cannot be undone.
    """
    from ....core.system.restored import restored

    where: str = options.object
    if options.maps is not None:
        raise UsageError(f"the maps of {where} are its own: --maps goes with an object file")
    if options.btf is not None:
        raise UsageError(f"{where} is adapted to this kernel already: --btf goes with an object file")
    loaded = name_loaded(where)
    name = _one_program(loaded, where, options.program)
    return restored(loaded, name), name


def _one_program(spec: CollectionSpec, where: str, name: str | None) -> str:
    """Return the program of what is loaded that is meant."""
    if name is not None:
        return spec.program(name).name
    if len(spec.programs) == 1:
        return next(iter(spec.programs))
    if not spec.programs:
        raise UsageError(f"{where} is no program that could be run", hint="bpftui list prog shows those that there are")
    raise UsageError(f"{where} has several programs: {', '.join(spec.programs)}", hint="name one behind it")


def loaded_maps(
    spec: CollectionSpec, programs: Sequence[str], loaded: LoadedSpec, options: Any, say: Callable[[str], None]
) -> tuple[Mapping[str, Entries], int | None]:
    """Return what the maps hold now that programs use, and how many CPUs the values of per-CPU maps have.

    Args:
        spec: The object, or *loaded* itself, in which `--set` sets variables then.
        programs: The programs in it.
        loaded: What is loaded.
        options: Those of the command.
        say: Is told what is left out.
    """
    from ....core.system.contents import loaded_contents

    used = spec.subset(maps=set(), programs=set(programs), variables=set()).maps
    found = loaded_contents(spec, used, loaded, say)
    contents: dict[str, Entries] = {**found.entries}
    if spec is loaded:
        configured(spec, options, say)
        for each in spec.variables.values():
            if each.changed and each.map.name in contents:
                contents[each.map.name] = [(bytes(each.map.key_size), bytes(each.map.data or b""))]
    elif not contents and not found.constants:
        raise UsageError(f"{options.maps} has no map that {programs[0]} uses")
    return contents, found.cpus


@contextmanager
def capturing(loaded: LoadedSpec, name: str, count: int | None) -> Generator[Capturing | None]:
    """Take packets that reach a program from here on, where *count* says how many; yields None without.

    Raises:
        UsageError: It is attached nowhere where packets could be taken.
        NoPermissionError: That takes CAP_NET_RAW.
    """
    if count is None:
        yield None
        return
    from ....core.system.taking import take_packets as taking

    number = loaded.program_ids.get(name if name in loaded.program_ids else _one_program(loaded, loaded.file, None))
    assert number is not None
    with taking(number) as found:
        yield found


def take_packets(recording: Recording, source: Capturing, count: int, until: str | None) -> None:
    """Let a recording's runs be of the next packets.

    Args:
        recording: Has no runs yet; its maps hold what they held by now.
        source: Where packets are taken.
        count: How many at most.
        until: None, or where a run has to come to: with that one's packet it ends.

    Raises:
        UnknownNameError, UsageError: There is no such place.
        KeyboardInterrupt: Ctrl-C was pressed before there was any.
    """
    from ....core.debug.calls import calls_of, check_place, extend_until

    if until is not None:
        check_place(recording, until)
    source.drop()
    meeting = source.meeting
    ends = "" if until is None else f", until one comes to {until}"
    packets = "the next packet" if count == 1 else f"the next {count:,} packets"
    sooner = "" if count == 1 else "; ctrl+c begins with those that there are"
    complain(f"taking {packets} on {meeting.interface}, {meeting.where}{ends}{sooner}")
    with _until_ctrl_c() as stop:
        calls = calls_of(source.packets(count, stop), meeting.tapped)
        if until is None:
            recording.calls += calls
        else:
            extend_until(recording, calls, until)
    if not recording.calls:
        raise KeyboardInterrupt


@contextmanager
def _until_ctrl_c() -> Generator[Event]:
    """Set what is yielded at the first Ctrl-C; the next one ends the process, as one does behind this."""
    stop = Event()
    before = signal.getsignal(signal.SIGINT)
    if before is signal.SIG_IGN:
        yield stop
        return

    def handle(_number: int, _frame: object) -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        stop.set()

    signal.signal(signal.SIGINT, handle)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)
