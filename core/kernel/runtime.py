"""KernelRuntime: the running kernel as what runs a collection."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Literal, TypedDict, Unpack

from ..errors import FeatureError, NoPermissionError
from ..spec.targets import SANDBOX, Place, parse_target, place_of
from .collection import KernelCollection, Loader
from .loading.prog_load import LOG_STATS
from .sys.available import require
from .sys.statistics import always_counted, stats_enabled

if TYPE_CHECKING:
    import os
    from collections.abc import Generator, Mapping
    from threading import Event

    from ..btf import Btf
    from ..runtime import AttachTarget, CheckReport, ExternAnswer, Forecast, Progress, TargetChoice
    from ..runtime import Sandbox as RuntimeSandbox
    from ..spec import CollectionSpec, ProgramSpec
    from ..traffic import Traffic
    from ..verifier import Explanation, VerifierLog
    from .inspect.inspector import KernelInspector
    from .map import Map
    from .net.sandbox import Sandbox
    from .program import Program

__all__ = ["KernelRuntime", "LoadOptions", "RuntimeOptions", "load"]


class RuntimeOptions(TypedDict, total=False):
    """What whatever loads into the kernel may be told, all of it by keyword."""

    target: Btf | None
    """The types to adapt programs to (CO-RE), instead of those that the kernel publishes."""
    replacements: Mapping[str, Map] | None
    """Maps to use instead of those that an object declares, by name. They stay their owners'."""
    extends: Mapping[str, Program] | None
    """Loaded programs whose functions a program replaces or traces (freplace, fentry, fexit), by its name."""
    pin_path: str | os.PathLike[str] | None
    """The directory of a bpffs where maps that are pinned by name are found or put.

    Without it they are private to their collection.
    """


class LoadOptions(RuntimeOptions, total=False):
    """What a load may be told, all of it by keyword."""

    programs: set[str] | None
    """Those to load, of which all must load; without, those with `autoload`."""
    strict: bool
    """Whether one that does not load sinks the others."""
    progress: Progress | None
    """Told of each program before it is loaded: its number, how many there are, its name."""
    stop: Event | None
    """Set by another thread to give up: between two programs; an `Interrupt` also while the verifier is at one."""


class KernelRuntime:
    """Loads into the running kernel; implements `bpftui.core.runtime.Runtime`.

    Args:
        options: What all of its loads have in common: see `RuntimeOptions`.
    """

    def __init__(self, **options: Unpack[RuntimeOptions]) -> None:
        self._options = options

    def __repr__(self) -> str:
        given = ", ".join(name for name, value in self._options.items() if value is not None)
        return f"<KernelRuntime with {given}>" if given else "<KernelRuntime>"

    @property
    def name(self) -> Literal["kernel"]:
        """What it is called on the command line."""
        return "kernel"

    def load(
        self,
        spec: CollectionSpec,
        *,
        programs: set[str] | None = None,
        strict: bool = False,
        progress: Progress | None = None,
        stop: Event | None = None,
    ) -> KernelCollection:
        """Create all maps and load the programs: those named, of which all must load, else those with `autoload`.

        With those named come the programs that their program arrays hold. Of these, and of those with `autoload`, one
        that does not load does not sink the others: it is missing in the collection's `programs`,
        and its `problems` say why. When it is to be *strict*, or when none loads, that is raised. What was created is
        closed again then.

        Args:
            spec: What to load.
            programs: Those to load; None for those with `autoload`.
            strict: Whether one that does not load sinks the others.
            progress: Told of each program before it is loaded: its number, how many there are, its name.
            stop: Set by another thread to give up: between two programs; with an `Interrupt` also while the
                verifier is at one.

        Raises:
            GivenUpError: *stop* was set before all programs were loaded.
            LoadError: The kernel, or the object itself, said no; VerifierError if it was the verifier.
            FeatureError: The kernel lacks something.
            NoPermissionError: This process may not.
            UnknownNameError: There is no such program.
        """
        with Loader(spec, **self._options) as loader:
            return loader.load(self, programs, strict=strict, progress=progress, stop=stop)

    @contextmanager
    def statistics(self) -> Generator[str]:
        """Make programs count their runs and their time while it is open; give the reason where they do not.

        It needs CAP_SYS_ADMIN, more than loading does. Without that right they count where all programs always do
        (the sysctl kernel.bpf_stats_enabled).
        """
        reason = ""
        with ExitStack() as stack:
            try:
                stack.enter_context(stats_enabled())
            except (NoPermissionError, FeatureError) as error:
                reason = "" if always_counted() else error.message
            yield reason

    @property
    def remark(self) -> str:
        """Nothing: it is what everybody expects."""
        return ""

    def sandbox(self, traffic: Traffic | None = None) -> Sandbox:
        """Return a new sandbox; errors as it raises them."""
        from .net.sandbox import Sandbox

        return Sandbox(traffic)

    def target(self, program: ProgramSpec, text: str, sandbox: RuntimeSandbox | None = None) -> AttachTarget:
        """Return what *text* is as a target of *program*; see `bpftui.core.runtime.Runtime.target`."""
        from .attach import resolve

        return resolve(program, text, sandbox)

    def wants_sandbox(self, program: ProgramSpec, text: str) -> bool:
        """Whether it names the sandbox, for a program that is attached to a network."""
        named = parse_target(program, text).name == SANDBOX
        return named and place_of(program) in (Place.INTERFACE, Place.NAMESPACE)

    def targets(self, spec: CollectionSpec, program: ProgramSpec) -> list[TargetChoice]:
        """Return what *program* can be attached to on this machine; errors of rtnetlink as it raises them."""
        from .attach.choices import choices

        return choices(spec, program)

    def forecast(
        self, spec: CollectionSpec, *, progress: Progress | None = None, stop: Event | None = None
    ) -> Forecast:
        """Return what is known to keep maps and programs from being loaded, from trials of what they need."""
        from .forecast import forecast

        options = self._options
        return forecast(
            spec,
            target=options.get("target"),
            extends=options.get("extends"),
            replacements=options.get("replacements"),
            progress=progress,
            stop=stop,
        )

    def inspect(self) -> KernelInspector:
        """Return what tells what the kernel makes of programs, and where its verifier's work goes."""
        from .inspect.inspector import KernelInspector

        return KernelInspector()

    def externs(self, spec: CollectionSpec) -> Mapping[str, ExternAnswer]:
        """Return what an object's externs are in the running kernel, or in the types that programs are adapted to."""
        from .host.externs import look_up_externs

        return look_up_externs(spec, self._options.get("target"))

    @property
    def has_hooks(self) -> bool:
        """That there are."""
        return True

    @property
    def verifies(self) -> bool:
        """That it does."""
        return True

    def explain(self, log: VerifierLog, program: ProgramSpec | None = None) -> Explanation | None:
        """Return why the verifier refused a program, and whether it was for want of a right of this process."""
        from ..verifier import explain
        from .probe.leniency import with_rights

        found = explain(log)
        return None if found is None else with_rights(found, program)

    def check(self, spec: CollectionSpec, *, log_level: int = LOG_STATS) -> CheckReport:
        """Try every map once and every program by itself, close everything again, and report.

        Raises:
            NoPermissionError, FeatureError: bpf(2) as a whole cannot be used.
            LoadError: The object was compiled for the other byte order.
        """
        require()
        # Pins are for those who load: a check leaves nothing, and finds nothing, in a bpffs.
        options = self._options.copy()
        options["pin_path"] = None
        with Loader(spec, **options) as loader:
            return loader.check_all(log_level)


def load(
    spec: CollectionSpec,
    *,
    programs: set[str] | None = None,
    strict: bool = False,
    progress: Progress | None = None,
    stop: Event | None = None,
    **options: Unpack[RuntimeOptions],
) -> KernelCollection:
    """Load *spec* into the running kernel: a `KernelRuntime` with these options does; errors as for its `load`."""
    return KernelRuntime(**options).load(spec, programs=programs, strict=strict, progress=progress, stop=stop)
