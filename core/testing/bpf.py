"""Bpf: loads objects for tests into the built-in machine, into the kernel, or into both at once.

    def test_drops_fragments(bpf):
        obj = bpf.load("firewall.o", set={"cfg.strict": True})
        run = obj.program("filter").run(packet)
        assert run.retval == "XDP_DROP"

The machine needs no rights, and a test owns its world: time, random numbers, what helpers return. Where both are asked
for, each run happens in both, and what they do differently fails the test.
"""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from ..closing import Closing
from ..errors import BpftuiError, FeatureError, NoPermissionError
from ..foreign import is_source
from .arguments import by_name, check_functions, check_places, names, number, options, path
from .errors import NotHereError
from .loaded import BpfObject, Clock, as_text
from .side import Side

if TYPE_CHECKING:
    from collections.abc import Collection as Several
    from collections.abc import Iterable, Iterator, Mapping

    from ..btf import Btf
    from ..runtime import Runtime
    from ..spec import CollectionSpec
    from ..vm.world.settings import Given

__all__ = ["Bpf", "RuntimeChoice", "read_object"]

RuntimeChoice: TypeAlias = Literal["vm", "kernel", "both"]
"""Where tests run: `--bpf-runtime`."""

_START: Final = 1_000_000_000
"""What a test's clock begins with, in nanoseconds: at 0, programs take what they never wrote for the present."""


_MOST_CPUS: Final = 8192
"""What kernels are built for at most (CONFIG_NR_CPUS)."""


class Bpf(Closing):
    """Loads objects for tests; closed with its context, and all that it loaded with it.

    Args:
        runtime: Where.
        limit: Instructions after which a run of the machine is stopped, where a test does not say it (`load`).
    """

    def __init__(self, runtime: RuntimeChoice = "vm", *, limit: int | None = None) -> None:
        self.runtime: RuntimeChoice = runtime
        self._limit = limit
        self.objects: list[BpfObject] = []
        """What was loaded, in that order."""

    def load(
        self,
        file: str | os.PathLike[str] | CollectionSpec,
        *,
        set: Mapping[str, Any] | None = None,  # noqa: A002  # as the command line has it
        programs: Iterable[str] | None = None,
        btf: str | os.PathLike[str] | None = None,
        may_differ: Several[str] = (),
        cpus: int | None = None,
        time: int | None = None,
        seed: int | None = None,
        helpers: Mapping[str, Given] | None = None,
        kconfig: Mapping[str, str] | None = None,
        limit: int | None = None,
    ) -> BpfObject:
        """Read an object, set variables, and load it.

        Args:
            file: The object, or one that was read already: a copy of it is loaded.
            set: Values by the name of a variable or by the path of a part of it: `{"cfg.limits[2].rate": 5}`.
            programs: Those to load; without, all that load by themselves.
            btf: A file with the types to adapt the programs to (CO-RE).
            may_differ: With both runtimes, in what they may differ: maps and variables or parts of them
                (`sources.last_seen`), `packet`, `ctx` (`ctx.mark`), `printk` and `returned`.
            cpus: How many the machine has; 2, or as many as the kernel where that runs too.
            time: What the test's clock begins with, in nanoseconds; one second.
            seed: Of the machine's random numbers.
            helpers: By the name of a helper or kernel function, what it returns, or a function that is called in its
                place with as many of r1 to r5 as it takes (`bpftui.core.vm.world.settings.Settings.returns`).
            kconfig: Options of the kernel's configuration.
            limit: Instructions after which a run is stopped.

        Raises:
            NotHereError: The runtime that was asked for is not there, or has no such thing.
            UsageError: An argument is of the wrong kind.
            UnknownNameError: There is no such variable, program, map or function.
            BpftuiError: The object cannot be read or loaded, or a variable not be set.
        """
        __tracebackhide__ = True  # pytest leaves it out: what is wrong is the object
        owned = {
            "time": number("time", time),
            "seed": number("seed", seed),
            "helpers": helpers and by_name("helpers", helpers),
            "kconfig": kconfig and options(kconfig),
            "limit": number("limit", limit, least=1),
            "cpus": number("cpus", cpus, least=1, most=_MOST_CPUS),
        }
        if self.runtime != "vm" and (given := [name for name, value in owned.items() if value is not None]):
            raise NotHereError(f"{', '.join(given)}: only the built-in machine has a world that a test owns")
        try:
            wanted = None if programs is None else {*names("programs", programs)}
            places = names("may_differ", may_differ)
            self.objects.append(self._load(file, by_name("set", set), wanted, btf, places, owned))
        except BpftuiError as error:
            raise error.with_traceback(None) from error.__cause__
        return self.objects[-1]

    def _load(
        self,
        file: str | os.PathLike[str] | CollectionSpec,
        values: Mapping[str, Any],
        programs: set[str] | None,
        btf: str | os.PathLike[str] | None,
        may_differ: Several[str],
        owned: Mapping[str, Any],
    ) -> BpfObject:
        from ..spec import CollectionSpec

        spec = file.copy() if isinstance(file, CollectionSpec) else read_object(path(file))
        for name, value in values.items():
            _set(spec, name, value)
        check_functions(owned["helpers"] or {}, spec)
        check_places(may_differ, spec)
        target = None
        if btf is not None:
            from ..btf.target import read_btf

            target = read_btf(path(btf))
        clock = Clock(_START if owned["time"] is None else owned["time"])
        with ExitStack() as stack:
            sides: list[Side] = []
            for runtime in self._runtimes(owned, clock, target, spec):
                try:
                    collection = runtime.load(spec.copy(), programs=programs)
                except (FeatureError, NoPermissionError) as error:
                    raise NotHereError(f"{runtime.name}: {error.message}", hint=error.hint) from error
                sides.append(stack.enter_context(Side(collection)))
            stack.pop_all()
        return BpfObject(spec, sides, clock, [*_words(values, btf, owned)], may_differ, target)

    def _runtimes(
        self, owned: Mapping[str, Any], clock: Clock, target: Btf | None, spec: CollectionSpec
    ) -> list[Runtime]:
        runtimes: list[Runtime] = []
        cpus = owned["cpus"] or 2
        if self.runtime != "vm":
            from .. import kernel
            from ..kernel.sys.cpus import possible_cpus

            if (why := kernel.available()) is not None:
                raise NotHereError(f"kernel: {why}")
            if spec.byte_order != sys.byteorder:
                raise NotHereError(f"kernel: {spec.title} is {spec.byte_order}-endian, and this machine is not")
            runtimes.append(kernel.KernelRuntime(target=target))
            cpus = possible_cpus()
        if self.runtime != "kernel":
            from ..vm.runtime import MachineRuntime
            from ..vm.world.settings import Settings

            settings = Settings(
                cpus=cpus,
                seed=1 if owned["seed"] is None else owned["seed"],
                clock=clock,
                returns=owned["helpers"],
                kconfig=owned["kconfig"],
                limit=owned["limit"] or self._limit,
            )
            runtimes.insert(0, MachineRuntime(settings, target=target))
        return runtimes

    def close(self) -> None:
        """Close all that was loaded; a second call does nothing."""
        with ExitStack() as stack:
            for each in self.objects:
                stack.callback(each.close)


def read_object(file: str) -> CollectionSpec:
    """Read an object, or what a C file is compiled to; errors are those of both."""
    from ..spec import CollectionSpec

    if not is_source(file):
        return CollectionSpec.from_file(file)
    from ..compiler import compiled_file

    return CollectionSpec.from_bytes(compiled_file(file).data, file=file)


def _set(spec: CollectionSpec, name: str, value: Any) -> None:
    """Set a variable or, by its path, a part of one."""
    if name in spec.variables:
        spec.set(name, value)
    else:
        spec.set_text(name, as_text(value))


def _words(values: Mapping[str, Any], btf: str | os.PathLike[str] | None, owned: Mapping[str, Any]) -> Iterator[str]:
    """Yield the options of a command that loads an object like that, as far as it has them."""
    for name, value in values.items():
        yield from ("--set", f"{name}={as_text(value)}")
    helpers: Mapping[str, Given] = owned["helpers"] or {}
    for name, given in helpers.items():
        if isinstance(given, int | str):
            yield from ("--return", f"{name}={given}")
    if btf is not None:
        yield from ("--btf", os.fspath(btf))
