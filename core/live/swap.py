"""Swap: another version of what is loaded and attached, put in its place while packets come.

The new version is loaded and verified first, beside the one that runs, which stays as it is should it be refused. It
has the maps of the one before whose shape is the same (`bpftui.core.live.handover`), so that nothing that is counted in
them gets lost, and each program is put in the place of the one before it within its link, in one step of the kernel's
(BPF_LINK_UPDATE): no packet goes by unseen. What the kernel cannot do in one step is not done without having been
asked for.
"""

from __future__ import annotations

import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from ..btf import format_value
from ..closing import Closing
from ..errors import AttachError, BpftuiError, UsageError
from ..runtime import Replaceable
from ..spec import MapType
from .handover import Handover, handover

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from threading import Event

    from ..runtime import Collection, Link, Progress, Variable
    from .session import Session

__all__ = ["Obstacle", "Swap", "Swapped"]

_SETTLED: Final = 0.01
"""Seconds after which no run of a program that was replaced is left: a run takes microseconds."""
_MOST_NAMED: Final = 6
_LONGEST: Final = 60
"""Characters of a value that is told."""


class Obstacle(NamedTuple):
    """A link whose program cannot be taken for another one in one step."""

    link: Link
    why: str
    """A clause: `the kernel updates no links of its type (perf_event)`."""
    needed: str
    """What it takes, and what comes with it, as a clause."""

    @property
    def place(self) -> str:
        """`on_enter → syscalls/sys_enter_getpgid`."""
        return _link_text(self.link)

    @property
    def text(self) -> str:
        """All of it in one line."""
        return f"{self.place}: {self.why}; {self.needed}"


@dataclass(frozen=True, slots=True)
class Swapped:
    """What was done."""

    links: tuple[Link, ...]
    """Those that have the new program now, in one step."""
    reopened: Mapping[str, float] = field(default_factory=dict[str, float])
    """What was attached anew, as `program → target`: for how many seconds nothing was attached there; 0 where the new
    one was attached before the old one was detached, and both saw what came between."""
    ended: Mapping[str, str] = field(default_factory=dict[str, str])
    """What was detached, as `program → target`, each with why, as a clause; not what was attached to nothing before."""
    handover: Handover = field(default_factory=lambda: Handover((), {}, (), {}))
    missed: Mapping[str, int] = field(default_factory=dict[str, int])
    """By variable whose value was copied, what the version before still added to it meanwhile, which is in neither."""
    stayed: Mapping[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    """By variable that is as it was, though the new version begins with another value: its value, and that one."""
    renewed: Mapping[str, str] = field(default_factory=dict[str, str])
    """By variable that still had the value with which the version before began: that of the new one, which it has."""
    outlived: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """By program array that was handed over, the programs of the version before that it still holds."""
    unread: tuple[str, ...] = ()
    """The perf event arrays: what is written into one before its new reader is there is in no buffer."""
    attached: Mapping[Link, Link] = field(default_factory=dict["Link", "Link"])
    """By each link that the version before had, and that goes on, the one that it is now: mostly itself."""
    seconds: float = 0.0
    """From the first copy of a value to the last link."""

    @property
    def whole(self) -> bool:
        """Whether nothing that was counted is missing: all maps and variables were handed over, and all links swapped.

        What is new or gone in the new version is no loss, nor is what was attached to nothing any more.
        """
        given = self.handover
        lost = given.fresh or given.lost or self.missed or self.reopened or self.ended or self.outlived or self.unread
        return not lost

    def lines(self) -> list[str]:
        """Return what was done and what was not, a sentence each."""
        found = [f"{_link_text(link)}: swapped in one step, nothing went by unseen" for link in self.links]
        for text, seconds in self.reopened.items():
            gap = f"nothing was attached there for {seconds * 1e3:.1f} ms" if seconds else "for a moment both ran"
            found.append(f"{text}: attached anew, {gap}")
        found += [f"{text}: detached, {why}" for text, why in self.ended.items()]
        given = self.handover
        if given.maps:
            found.append(f"handed over with what they hold: {', '.join(given.maps)}")
        fresh = {name: why for name, why in given.fresh.items() if not name.startswith(".")}
        found += [f"{name} begins empty: {why}" for name, why in fresh.items()]
        found += [f"{name} is another section: {why}" for name, why in given.fresh.items() if name not in fresh]
        found += [
            f"{name} goes on with programs of the version before: {', '.join(programs)}"
            for name, programs in self.outlived.items()
        ]
        found += [f"{name}: records that come before its new reader is there are lost" for name in self.unread]
        if given.values:
            found.append(f"values were copied: {', '.join(given.values)}")
        found += [f"{name} begins as its file has it: {why}" for name, why in given.lost.items()]
        found += [f"{name} is {value} now, as the new version has it" for name, value in self.renewed.items()]
        found += [f"{name} stays {now}: the new version has {value}" for name, (now, value) in self.stayed.items()]
        found += [
            f"{name}: {amount:,} that the version before counted in those {self.seconds * 1e3:.2f} ms are lost"
            for name, amount in self.missed.items()
        ]
        return found

    @property
    def summary(self) -> str:
        """One line of it: what was swapped and handed over, and what is not whole."""
        given = self.handover
        parts = [f"{_some([_link_text(link) for link in self.links])} swapped"] if self.links else []
        parts += [f"{_some([*self.reopened])} attached anew"] if self.reopened else []
        parts += [f"{_some([*self.ended])} detached"] if self.ended else []
        parts += [f"{_some(given.maps)} handed over"] if given.maps else []
        begun = [*(name for name in given.fresh if not name.startswith(".")), *given.lost]
        parts += [f"{_some(begun)} begin anew"] if begun else []
        changed = [f"{name} is {value} now" for name, value in self.renewed.items()]
        changed += [f"{name} stays {now}" for name, (now, _) in self.stayed.items()]
        parts += [_some(changed)] if changed else []
        parts += [f"{sum(self.missed.values()):,} counted meanwhile are lost"] if self.missed else []
        return ", ".join(parts) or "loaded"


class Swap(Closing):
    """Puts what one session is of in the place of what another one has loaded.

    With `prepare` the new version is loaded and verified, with `commit` it takes over; before that `close`, and the end
    of the context, undo everything. After it the session *after* is what the one *before* was, attachments and their
    sandboxes included, and *before* has nothing attached any more: its owner stops who reads it, and closes it.

    Args:
        before: What runs.
        after: A session of the new version, of which nothing is loaded.
    """

    def __init__(self, before: Session, after: Session) -> None:
        self.before = before
        self.after = after
        self._plan: Handover | None = None
        self._done = False

    def prepare(self, *, progress: Progress | None = None, stop: Event | None = None) -> Collection:
        """Load and verify the new version; the one that runs goes on as it is, whatever comes of it.

        A program that the one before has loaded must load. *progress* and *stop* are as for `Session.load`.

        Raises:
            GivenUpError: *stop* was set.
            LoadError, VerifierError, NoPermissionError, FeatureError: The runtime said no: `problems` has all of them.
            UsageError: What is loaded cannot be replaced.
        """
        loaded = self._loaded()
        if self.before.theirs is not None:
            raise UsageError(f"{self.before.title} is somebody else's: it is looked at, and not replaced")
        self._plan = plan = handover(loaded.spec, self.after.spec, loaded.keeps)
        new = self.after.load_beside(self.before, plan.maps, progress=progress, stop=stop)
        refused = [error for name, error in new.problems.items() if name in loaded.programs]
        if refused:
            problems = dict(new.problems)
            self.after.unload()
            refused[0].problems = problems
            raise refused[0]
        return new

    @property
    def handover(self) -> Handover:
        """What the new version has of the one before; UsageError before it is loaded."""
        if self._plan is None:
            raise UsageError(f"{self.after.spec.file} is not loaded")
        return self._plan

    @property
    def obstacles(self) -> tuple[Obstacle, ...]:
        """The links that cannot be swapped in one step."""
        new = self.after.collection
        if new is None:
            return ()
        found = (_obstacle(link, self.before, new) for link in self.before.links)
        return tuple(each for each in found if each is not None)

    def commit(self, *, reopen: bool = False) -> Swapped:
        """Let the new version take over.

        Args:
            reopen: Whether what cannot be swapped in one step is attached anew all the same, or detached where there
                is no such program any more.

        Raises:
            UsageError: There are obstacles, and they are not to be reopened; nothing was changed.
            AttachError, FeatureError: A link did not take its new program; all have their old ones.
        """
        with self.before.changing:
            loaded, new = self._loaded(), self.after.collection
            if not isinstance(new, Replaceable):
                raise UsageError(f"{self.after.spec.file} is not loaded")
            obstacles = {each.link: each for each in self.obstacles}
            if obstacles and not reopen:
                why = "; ".join(f"{each.place}: {each.why}" for each in obstacles.values())
                raise UsageError(
                    f"cannot swap {self.before.title} in one step: {why}",
                    hint="detach it first, or have it attached anew",
                )
            kept: dict[Link, Link] = {}
            reopened: dict[str, float] = {}
            with loaded.handing_over(new), ExitStack() as undo:
                began = time.perf_counter()
                copied = _copy(loaded, new, self.handover.values)
                for link in self.before.links:
                    if link in obstacles or link.gone:
                        continue
                    new.take_over(link)
                    undo.callback(loaded.take_over, link)
                    kept[link] = link
                seconds = time.perf_counter() - began
                for link in obstacles:
                    if link.program in new.programs:
                        kept[link], reopened[_link_text(link)] = self._reopen(link, new, undo)
                undo.pop_all()
                stayed, renewed = _begin(loaded, new, self.handover.changed)
            self._done = True
            self.after.inherit(self.before, kept)
            missed = _missed(loaded, copied)
            outlived = _outlived(loaded, new, self.handover.maps)
            ended = {each.place: each.why for link, each in obstacles.items() if link not in kept}
            for old, fresh in kept.items():
                if fresh is not old:
                    old.detach()
            self.before.detach()
        swapped = tuple(link for old, link in kept.items() if link is old)
        return Swapped(
            swapped,
            reopened,
            ended,
            self.handover,
            missed,
            stayed,
            renewed,
            outlived,
            tuple(name for name in self.handover.maps if new.maps[name].type is MapType.PERF_EVENT_ARRAY),
            kept,
            seconds,
        )

    def close(self) -> None:
        """Undo what was prepared, unless it has taken over; a second call does nothing."""
        if not self._done:
            self.after.unload()

    def _loaded(self) -> Replaceable:
        loaded = self.before.collection
        if loaded is None:
            raise UsageError(f"{self.before.spec.file} is not loaded", hint="load it first")
        if not isinstance(loaded, Replaceable):
            raise UsageError(f"{self.before.title} cannot be replaced by another version")
        return loaded

    def _reopen(self, link: Link, new: Collection, undo: ExitStack) -> tuple[Link, float]:
        """Attach a program anew where its link is; return the new one, and how long nothing was attached there.

        Where there is room for one alone the old one goes first. *undo* takes it all back: should the new one be
        refused, or another link's later.
        """
        program, gap = new.programs[link.program], 0.0
        try:
            attached = program.attach(link.target)
        except AttachError:
            began = time.perf_counter()
            link.detach()
            undo.callback(self._attach_again, link)
            attached = program.attach(link.target)
            gap = time.perf_counter() - began
        undo.callback(attached.detach)
        return attached, gap

    def _attach_again(self, link: Link) -> None:
        """Attach the program of the version before anew, whose link was detached; errors as for `Program.attach`."""
        try:
            again = self._loaded().programs[link.program].attach(link.target)
        except BpftuiError:
            self.before.detach(link)  # with its sandbox: nobody takes it for attached
            raise
        self.before.inherit(self.before, {link: again})


def _obstacle(link: Link, before: Session, new: Collection) -> Obstacle | None:
    """Return what keeps a link from being swapped in one step; None for nothing."""
    name = link.program
    if link.gone:
        return None
    if name not in new.programs:
        why = "it was not loaded" if name in new.spec.programs else "there is no such program any more"
        return Obstacle(link, why, "it is to be detached")
    loaded = before.collection
    old = loaded.programs[name].spec if loaded is not None else None
    spec = new.programs[name].spec
    if old is not None and (old.type, old.attach_type) != (spec.type, spec.attach_type):
        kind = f"{spec.type.label} {spec.attach_type.label}" if spec.attach_type is not None else spec.type.label
        return Obstacle(link, f"it is of another type now, {kind}", "it is to be attached anew")
    if link.fixed:
        return Obstacle(link, link.fixed, "attached anew, for a moment both versions run there, or none")
    return None


def _copy(loaded: Collection, new: Collection, names: Sequence[str]) -> dict[str, bytes]:
    """Set variables of the new version to what they are in the one before; return what that was."""
    copied: dict[str, bytes] = {}
    for name in names:
        if name in loaded.variables and name in new.variables:
            copied[name] = loaded.variables[name].raw()
            new.variables[name].set(copied[name])
    return copied


def _begin(
    loaded: Collection, new: Collection, names: Sequence[str]
) -> tuple[dict[str, tuple[str, str]], dict[str, str]]:
    """Set variables that still are what the version before began with to what the new one begins with.

    Returns:
        Of the others what they are and what the new version begins with, and of these the latter: see `Swapped`.
    """
    stayed: dict[str, tuple[str, str]] = {}
    renewed: dict[str, str] = {}
    for name in names:
        variable, spec = new.variables[name], new.spec.variables[name]
        now, value = variable.raw(), spec.raw
        if now == value:
            continue
        text = format_value(spec.told(value), limit=_LONGEST)
        with suppress(BpftuiError):
            if now == loaded.spec.variables[name].raw:
                variable.set(value)
                renewed[name] = text
        if name not in renewed:
            stayed[name] = format_value(spec.told(now), limit=_LONGEST), text
    return stayed, renewed


def _missed(loaded: Collection, copied: Mapping[str, bytes]) -> dict[str, int]:
    """Return what was added to variables of the version before since they were copied."""
    if not copied:
        return {}
    time.sleep(_SETTLED)
    found = {name: _added(loaded.variables[name], raw) for name, raw in copied.items()}
    return {name: amount for name, amount in found.items() if amount}


def _outlived(loaded: Collection, new: Collection, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the programs of the version before that program arrays hold, by the arrays' names."""
    programs = {program.id: name for name, program in loaded.programs.items()}
    found: dict[str, tuple[str, ...]] = {}
    for name in names:
        if new.maps[name].type is MapType.PROG_ARRAY:
            held = {value for _, value in new.maps[name].items() if isinstance(value, int)}
            if old := tuple(sorted(programs[number] for number in held & programs.keys())):
                found[name] = old
    return found


def _added(variable: Variable, before: bytes) -> int:
    """Return by how much the integers in a variable grew, together; those that did not are none that count."""
    now = variable.raw()
    ctype = variable.spec.type
    if now == before or ctype is None:
        return 0
    order = ctype.btf.byte_order
    parts = (slice(at, at + part.size) for _, part, at in ctype.leaves() if part.is_integer)
    grown = (int.from_bytes(now[part], order) - int.from_bytes(before[part], order) for part in parts)
    return sum(each for each in grown if each > 0)


def _link_text(link: Link) -> str:
    place = link.target.name if link.target.namespace is None else "sandbox"
    return f"{link.program} → {place or 'what its section says'}"


def _some(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
