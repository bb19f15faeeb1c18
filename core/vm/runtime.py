"""MachineRuntime: the built-in machine as what runs a collection."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Final, Literal

from ..errors import FeatureError, UsageError
from ..runtime import Forecast, Obstacle, TargetChoice
from ..spec.targets import SANDBOX, Place, parse_target, place_of
from ..traffic import Mix, Traffic
from .collection import Loader, MachineCollection
from .lint.findings import lacking
from .sandbox import Sandbox
from .world.packet import ON_PACKETS
from .world.settings import Settings

if TYPE_CHECKING:
    import os
    from collections.abc import Generator, Mapping
    from threading import Event

    from ..btf import Btf
    from ..runtime import AttachTarget, CheckReport, ExternAnswer, Progress
    from ..runtime import Sandbox as RuntimeSandbox
    from ..runtime.inspected import Inspector
    from ..spec import CollectionSpec, ProgramSpec
    from ..verifier import Explanation, VerifierLog

__all__ = ["MachineRuntime"]


class MachineRuntime:
    """Loads into memory of this process; implements `bpftui.core.runtime.Runtime`. Either byte order runs.

    Args:
        settings: What programs are told of the world.
        target: The types to adapt programs to (CO-RE), instead of the object's own.
        pin_path: Only None: there is no bpffs.

    Raises:
        FeatureError: *pin_path* is given.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        target: Btf | None = None,
        pin_path: str | os.PathLike[str] | None = None,
    ) -> None:
        if pin_path is not None:
            raise FeatureError(
                "the built-in machine has no bpffs: maps cannot be pinned", hint="leave --pin-path out, or use root"
            )
        self.settings = settings or Settings()
        self._target = target
        self._numbers = count(1)
        self._timing = 0
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return "<MachineRuntime>"

    @property
    def name(self) -> Literal["vm"]:
        """What it is called on the command line."""
        return "vm"

    @property
    def remark(self) -> str:
        """One sentence on what it is, and how to get the other one."""
        return "this is the built-in machine, no kernel; as root on Linux, --runtime kernel uses the real one"

    def load(
        self,
        spec: CollectionSpec,
        *,
        programs: set[str] | None = None,
        strict: bool = False,
        progress: Progress | None = None,
        stop: Event | None = None,
    ) -> MachineCollection:
        """Create all maps and load the programs: those named, of which all must load, else those with `autoload`.

        With those named come the programs that their program arrays hold. Of these, and of those with `autoload`, one
        that does not load does not sink the others: it is missing in the collection's `programs`,
        and its `problems` say why. When it is to be *strict*, or when none loads, that is raised. There is no
        verifier: what loads may still be refused by a kernel.

        Args:
            spec: What to load.
            programs: Those to load; None for those with `autoload`.
            strict: Whether one that does not load sinks the others.
            progress: Told of each program before it is loaded: its number, how many there are, its name.
            stop: Set by another thread to give up, between two programs.

        Raises:
            GivenUpError: *stop* was set before all programs were loaded.
            LoadError, FeatureError: The object cannot be loaded.
            UnknownNameError: There is no such program.
        """
        return self._loader(spec).load(self, programs, strict=strict, progress=progress, stop=stop)

    def _loader(self, spec: CollectionSpec, *, trial: bool = False) -> Loader:
        return Loader(spec, self.settings, self._target, self._numbers, lambda: self._timing > 0, trial=trial)

    @contextmanager
    def statistics(self) -> Generator[str]:
        """Make programs count their runs and their time while it is open."""
        with self._lock:
            self._timing += 1
        try:
            yield ""
        finally:
            with self._lock:
                self._timing -= 1

    def sandbox(self, traffic: Traffic | None = None) -> Sandbox:
        """Return a new sandbox, in which *traffic* flows once it is started; without, generated packets."""
        return Sandbox(traffic or Traffic(mix=Mix(seed=self.settings.seed)), cpus=self.settings.cpus)

    def target(self, program: ProgramSpec, text: str, sandbox: RuntimeSandbox | None = None) -> AttachTarget:
        """Return the sandbox's target; there are no interfaces, and no hooks of a kernel.

        Raises:
            UsageError: The text makes no sense for this program.
            FeatureError: It names something else than the sandbox.
        """
        name, options = parse_target(program, text)
        if sandbox is not None and name in ("", SANDBOX):
            return replace(sandbox.target(), options=options, remark=_without_effect(options))
        what = f"has no interface {name}" if place_of(program) is Place.INTERFACE else f"has no {name or 'such hook'}"
        raise FeatureError(f"the built-in machine {what}", hint="attach to sandbox, or use --runtime kernel as root")

    def wants_sandbox(self, program: ProgramSpec, text: str) -> bool:
        """Whether it names the sandbox, or nothing: a hook of a kernel that is not there."""
        return parse_target(program, text).name in ("", SANDBOX)

    def targets(self, spec: CollectionSpec, program: ProgramSpec) -> list[TargetChoice]:
        """Return the sandbox: its packets, or a context for each of them."""
        if program.type not in ON_PACKETS:
            detail = (
                "A made-up call for each packet out of memory. sandbox,rate=5000,tcp=3,udp=1 or FILE.pcap say which."
            )
            return [] if place_of(program) is Place.NOWHERE else [TargetChoice(SANDBOX, "events of its own", detail)]
        detail = "Packets out of memory, for nobody else to see. sandbox,rate=5000,tcp=3,udp=1 or FILE.pcap say which."
        return [TargetChoice(SANDBOX, "packets of its own", detail)]

    def forecast(
        self, spec: CollectionSpec, *, progress: Progress | None = None, stop: Event | None = None
    ) -> Forecast:
        """Return what keeps maps and programs from being loaded, found out by loading them: it takes no time here."""
        report = self._loader(spec, trial=True).check_all(log_level=0)
        maps, programs = (
            {each.name: (Obstacle(each.error),) for each in outcomes if each.error is not None}
            for outcomes in (report.maps, report.programs)
        )
        remarks = tuple(
            f"{name}: {line}" for name, program in spec.programs.items() for line in lacking(program, self.settings)
        )
        return Forecast(maps, programs, remarks=remarks)

    def inspect(self) -> Inspector:
        """Say that there is nothing to be told: the machine runs programs as they are, and verifies none.

        Raises:
            UsageError: Always.
        """
        raise UsageError("what the kernel made of a program takes a kernel: leave --runtime vm out")

    def externs(self, spec: CollectionSpec) -> Mapping[str, ExternAnswer]:
        """Return what an object's externs are in the machine, by name."""
        from .externs import look_up_externs

        return look_up_externs(spec, self.settings)

    @property
    def has_hooks(self) -> bool:
        """That there are none: packets come to programs without a driver, in one direction."""
        return False

    @property
    def verifies(self) -> bool:
        """That it has no verifier."""
        return False

    def explain(self, log: VerifierLog, program: ProgramSpec | None = None) -> Explanation | None:
        """Return what the log of a verifier says, wherever it is from: the machine has none."""
        from ..verifier import explain

        return explain(log)

    def check(self, spec: CollectionSpec, *, log_level: int = 4) -> CheckReport:
        """Try every map and every program by itself, and look for mistakes in the code; no verifier does that.

        The log of a program says so, and what was found. A program that only has findings is reported as ok: they
        are no more than hints.
        """
        return self._loader(spec).check_all(log_level)


_AS_IT_IS: Final = frozenset({"ingress", "last"})
"""What may be said of a target in the machine, for it is so: packets come in, programs run as they were attached."""


def _without_effect(options: tuple[str, ...]) -> str:
    """Return what of a target has no effect in the machine, as a sentence; empty where all that was said is so."""
    idle = [option for option in options if option not in _AS_IT_IS]
    if not idle:
        return ""
    return f"{', '.join(idle)} has no effect: in the built-in machine packets come in, in order, and without a driver"
