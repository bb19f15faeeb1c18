"""Two objects beside each other: what has become of all that they hold."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final, TypeVar

from ..constants import version_text
from ..elf import Elf, SectionFlag
from ..errors import BpftuiError
from ..limits import Budget
from ..uapi import ProgramFlag, flag_names
from .changes import Change, Fact, Item, change_of, facts_between, matched
from .data import maps_between, variables_between
from .forms import functions_of
from .functions import FunctionDiff
from .layouts import Layouts

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence

    from ..spec import CollectionSpec, ProgramSpec
    from .costs import CostDiff
    from .forms import FunctionCode

__all__ = ["ObjectDiff", "ProgramDiff", "adapted_types", "diff"]

_EACH: Final = 1
"""Steps for each byte of the objects, of what looking for what belongs together may cost: some 0.3 µs each."""


_OF_FILES: Final = frozenset(
    (
        "section",
        "attach type",
        "hooks",
        "flags",
        "autoload",
        "problem",
        "tags",
        "remark",
        "pinning",
        "holds",
        "functions",
    )
)
"""Facts that nothing tells of what is loaded, or that its loader has decided."""


@dataclass(frozen=True, slots=True)
class ProgramDiff:
    """A program in both objects, or in one of them."""

    name: str
    change: Change
    old: ProgramSpec | None
    new: ProgramSpec | None
    facts: tuple[Fact, ...]
    """In what they differ beside their code: section, type, what they hook, what they use."""
    functions: tuple[FunctionDiff, ...]
    """Its functions, its entry first; those that it no longer has are at the end."""

    @property
    def changed(self) -> tuple[FunctionDiff, ...]:
        """Its functions that are not the same."""
        return tuple(function for function in self.functions if function.change is not Change.SAME)

    @property
    def placed(self) -> tuple[tuple[int, FunctionDiff], ...]:
        """Its functions that the newer object has, and the first slot of each there, ascending.

        A function that several programs have is compared once, and linked into each of them at another place.
        """
        if self.new is None or not self.functions:
            return ()
        pairs = zip(self.new.functions, self.functions, strict=False)
        return tuple(sorted(((at.start, each) for at, each in pairs if each.new is not None), key=lambda pair: pair[0]))


@dataclass(frozen=True)
class ObjectDiff:
    """What has become of an object."""

    old: CollectionSpec
    new: CollectionSpec
    facts: tuple[Fact, ...] = ()
    """What is said of the whole object and differs: license, byte order, the kernel's version."""
    remarks: tuple[str, ...] = ()
    """What is no difference and worth knowing: another compiler."""
    not_compared: tuple[str, ...] = ()
    """What could not be compared and why, as sentences: it is damaged, or takes more steps than anything sound."""
    programs: tuple[ProgramDiff, ...] = ()
    functions: tuple[FunctionDiff, ...] = ()
    """Of all programs, each once."""
    maps: tuple[Item, ...] = ()
    variables: tuple[Item, ...] = ()
    types: tuple[Item, ...] = ()
    """Structs, unions and enums."""
    relocations: tuple[Item, ...] = ()
    """What CO-RE relocations ask for; a fact is how often."""
    externs: tuple[Item, ...] = ()
    """What they expect from the kernel: `kfunc bpf_…`, `kconfig CONFIG_HZ`."""
    sections: tuple[Item, ...] = ()
    """Sections that are loaded, by their sizes."""
    costs: tuple[CostDiff, ...] = field(default=())
    """What the verifier says of the programs, where it was asked."""

    @cached_property
    def same(self) -> bool:
        """Whether everything was compared, and nothing differs."""
        items = (self.maps, self.variables, self.types, self.relocations, self.externs, self.sections)
        return not (self.facts or self.not_compared) and all(
            each.change is Change.SAME for each in (*self.programs, *(item for group in items for item in group))
        )

    @property
    def breaks(self) -> tuple[tuple[str, str], ...]:
        """What no longer fits what others have: the name of a map, variable or type, and a sentence."""
        groups = (("map", self.maps), ("variable", self.variables), ("", self.types))
        return tuple(
            (f"{kind} {item.name}".lstrip(), text) for kind, group in groups for item in group for text in item.breaks
        )


_Told = TypeVar("_Told", Item, ProgramDiff)


def adapted_types(spec: CollectionSpec) -> set[str]:
    """Return the names of the types that CO-RE relocations of an object go through."""
    return _Side(spec).adapted


def diff(
    old: CollectionSpec,
    new: CollectionSpec,
    *,
    loaded: bool = False,
    adapted: Collection[str] = (),
    first: Callable[[Sequence[FunctionDiff]], object] | None = None,
) -> ObjectDiff:
    """Compare two objects; specs are inert, and nothing is loaded.

    What is damaged in one of them is told in `not_compared`; all else is compared.

    Args:
        old: The one.
        new: The other.
        loaded: Whether one of them was made of what is loaded: what only a file has is not compared then, nor values
            that programs change.
        adapted: Types that CO-RE relocations go through, beside those of the objects: of one to which they are applied.
        first: Is called with all functions before anything is asked of them: for whoever has them `drawn`.
    """
    size = sum(len(spec.raw) if spec.raw is not None else 0 for spec in (old, new))
    budget = Budget(size, "looking for what of the code belongs together", each=_EACH)
    remarks = [f"compiled by {new.producer}, the old one by {old.producer}"] if _compilers_differ(old, new) else []
    functions = _Functions(old, new, budget)
    if first is not None:
        first(functions.all)
    programs = tuple(_programs(old, new, functions))
    if budget.reached:
        remarks.append(f"more of the code may be the same: {budget.error().message}")
    layouts = Layouts(Budget(size, "the comparison of types", each=_EACH))
    not_compared = list(functions.not_compared())
    parts: dict[str, tuple[Item, ...]] = {}
    for what, items in (
        ("maps", lambda: maps_between(old, new, layouts)),
        ("variables", lambda: variables_between(old, new, layouts)),
        ("types", lambda: layouts.items(old, new, functions.adapted.union(adapted))),
        ("relocations", lambda: _counted(functions.asked)),
        ("externs", lambda: _externs(old, new)),
        ("sections", lambda: _sections(old, new)),
    ):
        listed: list[Item] = []
        try:
            listed.extend(items())
        except BpftuiError as error:
            not_compared.append(f"{what} are not compared: {error.message}")
        parts[what] = tuple(listed)
    not_compared += [f"more may break: {why}" for why in layouts.gaps]
    found = ObjectDiff(
        old,
        new,
        facts_between(_facts(old), _facts(new)),
        tuple(remarks),
        tuple(not_compared),
        programs,
        functions.all,
        parts["maps"],
        parts["variables"],
        parts["types"],
        parts["relocations"],
        parts["externs"],
        parts["sections"],
    )
    return _without_files(found) if loaded else found


def _without_files(found: ObjectDiff) -> ObjectDiff:
    """Return a comparison without what only a file has, or what the programs that run have changed."""
    constant = {spec.name for side in (found.old, found.new) for spec in side.maps.values() if spec.read_only}
    set_before = {spec.name for side in (found.old, found.new) for spec in side.variables.values() if spec.constant}
    changing = {item.name for item in found.maps} - constant | {item.name for item in found.variables} - set_before
    # The kernel's types name a file's static variables as well, which the file keeps to itself.
    static = {each.name for side in (found.old, found.new) for each in side.hidden if each.kind == "variable"}

    def kept(item: _Told) -> _Told:
        facts = tuple(
            fact
            for fact in item.facts
            if fact.what not in _OF_FILES
            and not (item.name in changing and fact.what.partition(" ")[0] in ("value", "contents"))
        )
        breaks = (
            item.breaks if isinstance(item, Item) else any(each.change is not Change.SAME for each in item.functions)
        )
        is_same = item.change is Change.CHANGED and not facts and not breaks
        return replace(item, facts=facts, change=Change.SAME if is_same else item.change)

    return replace(
        found,
        facts=tuple(fact for fact in found.facts if fact.what == "byte order"),
        programs=tuple(map(kept, found.programs)),
        maps=tuple(map(kept, found.maps)),
        variables=tuple(map(kept, (item for item in found.variables if item.name not in static))),
        relocations=(),
        externs=(),
        sections=(),
    )


def _compilers_differ(old: CollectionSpec, new: CollectionSpec) -> bool:
    return bool(old.producer and new.producer and old.producer != new.producer)


def _facts(spec: CollectionSpec) -> dict[str, str]:
    machine = spec.registers
    return {
        "license": repr(spec.license) if spec.license else "none",
        "kernel version": version_text(spec.kernel_version) if spec.kernel_version else "",
        "byte order": spec.byte_order,
        "machine": machine.architecture if machine is not None else "",
    }


class _Functions:
    """The functions of two objects, by their names."""

    def __init__(self, old: CollectionSpec, new: CollectionSpec, budget: Budget) -> None:
        self._sides = (_Side(old), _Side(new))
        self._in_both = [name for name in new.programs if name in old.programs]
        ours, theirs = (side.named() for side in self._sides)
        alike = old.byte_order == new.byte_order
        found = [(one, other, FunctionDiff(one, other, budget, alike=alike)) for _, one, other in matched(ours, theirs)]
        self.all: tuple[FunctionDiff, ...] = tuple(each for _, _, each in found)
        self._of = {id(code): each for one, other, each in found for code in (one, other) if code is not None}

    def of(self, old: ProgramSpec | None, new: ProgramSpec | None) -> tuple[FunctionDiff, ...]:
        """Return the functions of a program that both have, or one of them."""
        codes = [
            code
            for side, program in zip(reversed(self._sides), (new, old), strict=True)
            for code in (side.programs.get(program.name, ()) if program is not None else ())
        ]
        return tuple(dict.fromkeys(self._of[id(code)] for code in codes))

    def problem(self, which: int, program: ProgramSpec) -> str:
        """Return why a program of one of the objects cannot be looked into; empty where it can."""
        return self._sides[which].problems.get(program.name, "") or program.problem or ""

    def not_compared(self) -> Iterator[str]:
        """Yield which programs and functions of both objects cannot be looked into in one of them, as sentences."""
        old, new = (side.problems for side in self._sides)
        for name in self._in_both:
            problem = new.get(name) or old.get(name)
            if problem:
                yield f"program {name} is not compared: {problem}"
        for each in self.all:
            if each.problem is not None and each.old is not None and each.new is not None:
                yield f"function {each.name} is not compared: {each.problem}"

    @property
    def adapted(self) -> set[str]:
        """The types that CO-RE relocations of either go through."""
        return self._sides[0].adapted | self._sides[1].adapted

    @property
    def asked(self) -> tuple[Counter[str], Counter[str]]:
        """How often CO-RE relocations of each ask for what."""
        old, new = (
            Counter(f"{item.kind} {item.text}" for code in side.codes for item in code.relocations.values())
            for side in self._sides
        )
        return old, new


class _Side:
    """The functions of one object."""

    def __init__(self, spec: CollectionSpec) -> None:
        known: dict[Hashable, FunctionCode] = {}
        self.programs: dict[str, Sequence[FunctionCode]] = {}
        self.problems: dict[str, str] = {}
        for name, program in spec.programs.items():
            try:
                self.programs[name] = functions_of(spec, program, known)
            except BpftuiError as error:
                self.problems[name] = error.message
        self.codes = list(known.values())

    @property
    def adapted(self) -> set[str]:
        """The types that CO-RE relocations go through."""
        return {name for code in self.codes for item in code.relocations.values() for name in item.types}

    def named(self) -> dict[tuple[str, str, int], FunctionCode]:
        """Return them by their names, where two have one by their sections, and where that is one too, by their order.

        A function that moved to another section is the same one, as long as there is no other of its name.
        """
        often = Counter(code.name for code in self.codes)
        numbers: Counter[tuple[str, str]] = Counter()
        found: dict[tuple[str, str, int], FunctionCode] = {}
        for code in self.codes:
            name = (code.name, code.section if often[code.name] > 1 else "")
            found[*name, numbers[name]] = code
            numbers[name] += 1
        return found


def _programs(old: CollectionSpec, new: CollectionSpec, functions: _Functions) -> Iterator[ProgramDiff]:
    for name, ours, theirs in matched(old.programs, new.programs):
        parts = functions.of(ours, theirs)
        facts: tuple[Fact, ...] = ()
        if ours is not None and theirs is not None:
            facts = facts_between(
                _program_facts(ours, functions.problem(0, ours)), _program_facts(theirs, functions.problem(1, theirs))
            )
        differs = bool(facts) or any(part.change is not Change.SAME for part in parts)
        yield ProgramDiff(name, change_of(ours, theirs, differs=differs), ours, theirs, facts, parts)


def _program_facts(spec: ProgramSpec, problem: str) -> dict[str, str]:
    found = {
        "section": spec.section,
        "type": spec.type.label,
        "attach type": spec.attach_type.label if spec.attach_type is not None else "",
        "hooks": spec.attach_to,
        "flags": flag_names(spec.flags, ProgramFlag) if spec.flags else "",
        "autoload": "yes" if spec.autoload else "no",
        "problem": problem,
    }
    try:
        found |= {"instructions": f"{spec.insns:,}", "calls": ", ".join(each.name for each in spec.functions[1:])}
        found["maps"] = ", ".join(sorted(spec.maps))
    except BpftuiError:
        pass  # that is its problem
    return found


def _counted(asked: tuple[Mapping[str, int], Mapping[str, int]]) -> Iterator[Item]:
    for text, before, after in matched(*asked):
        facts = (Fact("uses", str(before), str(after)),) if before and after and before != after else ()
        yield Item(text, change_of(before, after, differs=bool(facts)), facts)


def _externs(old: CollectionSpec, new: CollectionSpec) -> Iterator[Item]:
    def named(spec: CollectionSpec) -> dict[str, dict[str, str]]:
        groups = (("kconfig", spec.externs.kconfig), ("ksym", spec.externs.ksyms), ("kfunc", spec.externs.kfuncs))
        return {
            f"{kind} {extern.name}": {"type": extern.type, "may be missing": "yes" if extern.weak else "no"}
            for kind, externs in groups
            for extern in externs
        }

    for name, ours, theirs in matched(named(old), named(new)):
        facts = facts_between(ours, theirs) if ours is not None and theirs is not None else ()
        yield Item(name, change_of(ours, theirs, differs=bool(facts)), facts)


def _sections(old: CollectionSpec, new: CollectionSpec) -> Iterator[Item]:
    for name, ours, theirs in matched(*(dict(_loaded_sections(spec)) for spec in (old, new))):
        facts = () if ours is None or theirs is None or ours == theirs else (Fact("size", f"{ours:,}", f"{theirs:,}"),)
        yield Item(name, change_of(ours, theirs, differs=bool(facts)), facts)


def _loaded_sections(spec: CollectionSpec) -> Iterable[tuple[str, int]]:
    """Yield the sections that are loaded, with their sizes; of what is loaded already there is no file."""
    if spec.raw is None:
        return
    for section in Elf(spec.raw, file=spec.file).sections:
        if section.flags & SectionFlag.ALLOC and section.size:
            yield section.name, section.size
