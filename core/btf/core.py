"""CO-RE (compile once, run everywhere): what a program's relocations become on another kernel.

The rules are the kernel's own (kernel/bpf/btf.c, tools/lib/bpf/relo_core.c of Linux 6.18), with libbpf's depth of
comparison. Candidates are looked for afresh for each relocation, as in the kernel: the answer for one never depends on
which were resolved before.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from ..errors import ObjectError, nearest, quoted
from . import types as t
from .access import Access, CoreKind, parse_access, sized
from .compatible import essential_name, kinds_compatible
from .field import field_value
from .kernel import VMLINUX, loaded_modules, module_name
from .match import WHERE, Mismatch, match_access
from .types import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .btf import Btf

__all__ = ["CoreResolution", "CoreResolver", "Outcome"]

_RUNNING_KERNEL: Final = str(VMLINUX)
_NEAR: Final = 3
"""Letters that a name has to share with one that is not there to be thought of as what was meant."""


class Outcome(enum.StrEnum):
    """How the resolution of a relocation ended."""

    RESOLVED = "resolved"
    MISSING = "missing"
    """There is none, and its instruction needs one: it becomes one that the verifier refuses where it is reached."""
    AMBIGUOUS = "ambiguous"
    """Several candidates match and do not agree: the program is refused."""
    INVALID = "invalid"
    """The relocation makes no sense, or the types cannot be compared: the program is refused."""
    UNKNOWN = "unknown"
    """There is no BTF to resolve it against."""


@dataclass(frozen=True, slots=True)
class CoreResolution:
    """What one relocation becomes."""

    kind: CoreKind | int
    """A plain int for a kind that is not known."""
    outcome: Outcome
    local: str
    """The access as C: `struct task_struct.pid`."""
    target: str | None = None
    """What it matches, as C in the target: the flavour and the nesting may differ."""
    candidates: tuple[int, ...] = ()
    """Ids of the target types of that name."""
    matches: tuple[int, ...] = ()
    """Those of them that match."""
    exists: bool | None = None
    """Whether there is one; None where that cannot be known."""
    value: int | None = None
    """What the instruction gets: bytes, bits to shift, 0 or 1, a type id, an enumerator's value."""
    original: int = 0
    """The same for the local type: what the compiler put into the instruction."""
    certain: bool = False
    """Whether the instruction must hold `original`."""
    narrow: bool = False
    """For an enumerator's value: whether both enums have 32 bits, so that the kernel extends the sign."""
    size: int = 0
    """For the offset of a field: its size in bytes; of a bitfield, those that have to be loaded."""
    load_size: int = 0
    """For the offset of a field: bytes of a load or store of it, or of one of its elements; 0 for a bitfield."""
    original_load_size: int = 0
    loads_differ: bool = False
    """Whether a load of the other size would be wrong: neither two pointers nor two unsigned integers."""
    module: str = ""
    """The kernel module whose types it was found in; empty for the kernel's own."""
    reason: str | None = None
    """Why it is not resolved, or does not exist; with the nearest name where there is one."""
    nearest: str | None = None

    @property
    def label(self) -> str:
        """The kind, as libbpf's and the kernel's logs call it."""
        return self.kind.label if isinstance(self.kind, CoreKind) else f"unknown kind {self.kind}"

    @property
    def result(self) -> str:
        """What it resolves to, in words: `offset 2716, 4 bytes`, `exists`, `<< 59`; else why not."""
        if self.outcome is not Outcome.RESOLVED:
            return self.reason or self.outcome.value
        return self._resolved + (f", module {self.module}" if self.module else "")

    @property
    def _resolved(self) -> str:
        match self.kind:
            case CoreKind.FIELD_BYTE_OFFSET:
                return f"offset {self.value}, {'' if self.load_size else 'bitfield in '}{_bytes(self.size)}"
            case CoreKind.FIELD_BYTE_SIZE | CoreKind.TYPE_SIZE:
                return _bytes(self.value or 0) if self.exists else f"0 bytes: {self.reason}"
            case CoreKind.FIELD_SIGNED:
                return "signed" if self.value else "unsigned"
            case CoreKind.FIELD_LSHIFT_U64 | CoreKind.FIELD_RSHIFT_U64:
                return f"{'<<' if self.kind is CoreKind.FIELD_LSHIFT_U64 else '>>'} {self.value}"
            case CoreKind.TYPE_ID_LOCAL | CoreKind.TYPE_ID_TARGET:
                return f"type {self.value}" if self.value else f"type 0: {self.reason}"
            case CoreKind.TYPE_MATCHES:
                return "matches" if self.value else self.reason or "does not match"
            case CoreKind.ENUMVAL_VALUE:
                return f"= {self.value}"
            case _:
                return "exists" if self.value else self.reason or "does not exist"


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a relocation's kind asks for, of the local access or of one that matches it."""

    access: Access
    value: int
    certain: bool = True
    size: int = 0
    load_size: int = 0
    load_type: int = 0
    narrow: bool = False


class CoreResolver:
    """Resolves the relocations of one object against one target.

    Args:
        local: The object's types.
        target: The types of the kernel that it is to run on; None where they are not known.
        modules: Gives the types of that kernel's modules, when they are asked for; None for those that are loaded now,
            where the target is the running kernel, and else none.
    """

    def __init__(self, local: Btf, target: Btf | None, modules: Callable[[], Iterable[Btf]] | None = None) -> None:
        self.local = local
        self.target = target
        if modules is None and target is not None and target.file == _RUNNING_KERNEL:
            modules = loaded_modules
        self._modules = modules
        self._candidates: dict[int, list[tuple[Btf, int]]] = {}
        self._names_of: dict[Kind, set[str]] = {}
        self._resolved: dict[tuple[int, str, int], CoreResolution] = {}

    @property
    def where(self) -> str:
        """What messages call the target."""
        file = None if self.target is None else self.target.file
        return "this kernel's BTF" if file == _RUNNING_KERNEL else f"the BTF of {file}" if file else "the target's BTF"

    def resolve(self, type_id: int, access: str, kind: int) -> CoreResolution:
        """Return what becomes of a relocation; nothing is raised, its outcome says what went wrong.

        Args:
            type_id: The local type that the access starts from.
            access: The access string, e.g. `0:1:2`.
            kind: `enum bpf_core_relo_kind`.
        """
        key = (type_id, access, kind)
        if key not in self._resolved:
            self._resolved[key] = self._resolve(*key)
        return self._resolved[key]

    def _resolve(self, type_id: int, access: str, number: int) -> CoreResolution:
        failed = CoreResolution(number, Outcome.INVALID, f"type {type_id}, access {quoted(access)}")
        try:
            kind = CoreKind(number)
        except ValueError:
            return replace(failed, reason=f"CO-RE relocations of kind {number} are not known")
        try:
            local = parse_access(self.local, type_id, access, kind)
            failed = replace(failed, kind=kind, local=local.text)
            return self._against_candidates(local, kind)
        except ObjectError as error:
            return replace(failed, kind=kind, reason=error.reason)

    def _against_candidates(self, local: Access, kind: CoreKind) -> CoreResolution:
        if kind is CoreKind.TYPE_ID_LOCAL:
            # Linking renumbers types without touching the instruction, so that what it holds means nothing.
            return CoreResolution(kind, Outcome.RESOLVED, local.text, local.text, value=local.type_id, exists=True)
        ours = self._answer(local, kind)
        start = CoreResolution(kind, Outcome.UNKNOWN, local.text, original=ours.value, certain=ours.certain)
        start = replace(start, original_load_size=ours.load_size)
        if self.target is None:
            return replace(start, reason="there is no kernel BTF to resolve it against")
        if not self.local.type_name(local.type_id):
            raise ObjectError(f"{local.text} has no name to look for", file=self.local.file)
        start = replace(start, candidates=self.candidates(local.type_id))
        answers: list[_Answer] = []
        mismatches: list[Mismatch] = []
        for btf, candidate in self._candidates[local.type_id]:
            found = match_access(local, kind, btf, candidate)
            if isinstance(found, Mismatch):
                mismatches.append(found)
            else:
                answers.append(self._answer(found, kind))
        if not answers:
            return self._missing(start, local, kind, mismatches)
        return self._agreed(start, kind, ours, answers)

    def candidates(self, type_id: int) -> tuple[int, ...]:
        """Return the target's types of the same name, flavours aside, and of the same kind; in ascending order.

        Modules are looked at only where the kernel itself has none, as libbpf and the kernel do it.
        """
        if type_id not in self._candidates:
            found = [] if self.target is None else self._find_candidates(type_id, self.target)
            for module in self._modules() if not found and self._modules is not None else ():
                found += self._find_candidates(type_id, module)
            self._candidates[type_id] = found
        return tuple(candidate for _, candidate in self._candidates[type_id])

    def _find_candidates(self, type_id: int, target: Btf) -> list[tuple[Btf, int]]:
        """Return the candidates among a BTF's own types, those of its base left out."""
        kind = self.local.kind(type_id)
        wanted = essential_name(self.local.type_name(type_id))
        names = {wanted, *_flavors(target, wanted)}
        found = sorted({i for name in names for i in target.find_all(name) if i >= target.first_id})
        return [(target, i) for i in found if kinds_compatible(target.kind(i), kind)]

    def _answer(self, access: Access, kind: CoreKind) -> _Answer:
        """Return what *kind* asks for, of an access that exists."""
        btf = access.btf
        if kind.on_field:
            # Loads are made by the program: its byte order counts.
            field = field_value(access, kind, self.local.byte_order)
            return _Answer(access, field.value, field.certain, field.size, field.load_size, field.load_type)
        match kind:
            case CoreKind.TYPE_SIZE:
                return _Answer(access, sized(btf, access.type_id))
            case CoreKind.TYPE_ID_TARGET:
                return _Answer(access, access.type_id, certain=False)
            case CoreKind.ENUMVAL_VALUE:
                step = access.steps[0]
                found = btf.type(step.type_id)
                assert isinstance(found, t.Enum)
                return _Answer(access, found.enumerators[step.index].value, narrow=btf.kind(found.id) == Kind.ENUM)
            case _:
                return _Answer(access, 1)

    def _agreed(self, start: CoreResolution, kind: CoreKind, ours: _Answer, answers: list[_Answer]) -> CoreResolution:
        """Return the resolution that all candidates lead to: several are fine as long as they agree."""
        first = answers[0]
        start = replace(
            start,
            target=first.access.text,
            matches=tuple(a.access.type_id for a in answers),
            module=module_name(first.access.btf),
            exists=True,
        )
        for other in answers[1:]:
            if other.access.bit_offset != first.access.bit_offset or other.value != first.value:
                reason = (
                    f"{start.local} is ambiguous: {self.where} has {first.access.text} (type {first.access.type_id}, "
                    f"{_shown(first, kind)}) and {other.access.text} (type {other.access.type_id}, "
                    f"{_shown(other, kind)})"
                )
                return replace(start, outcome=Outcome.AMBIGUOUS, reason=reason)
        return replace(
            start,
            outcome=Outcome.RESOLVED,
            value=first.value,
            size=first.size,
            narrow=ours.narrow and first.narrow,
            load_size=first.load_size,
            loads_differ=first.load_size != ours.load_size and not self._resizable(ours, first),
        )

    def _resizable(self, ours: _Answer, theirs: _Answer) -> bool:
        """Whether a load may take the target's size: zero-extension keeps pointers and unsigned integers right."""
        match self.local.type(ours.load_type), theirs.access.btf.type(theirs.load_type):
            case t.Pointer(), t.Pointer():
                return True
            case t.Int() as one, t.Int() as other:
                return not (one.signed or other.signed)
            case _:
                return False

    def _missing(
        self, start: CoreResolution, local: Access, kind: CoreKind, mismatches: list[Mismatch]
    ) -> CoreResolution:
        """Return the resolution of what no candidate has, with the reason of the one that came closest."""
        closest = max(mismatches, key=lambda item: item.depth, default=None) or self._no_candidate(local)
        reason = closest.reason.replace(WHERE, self.where)
        if closest.nearest is not None:
            reason += f" (nearest: {closest.nearest})"
        start = replace(start, exists=False, reason=reason, nearest=closest.nearest)
        # Type relocations have an answer all the same, 0; offsets and values have none.
        if kind.asks_existence or not (kind.on_field or kind.on_enumerator):
            return replace(start, outcome=Outcome.RESOLVED, value=0)
        return replace(start, outcome=Outcome.MISSING)

    def _no_candidate(self, local: Access) -> Mismatch:
        assert self.target is not None
        kind = self.local.kind(local.type_id)
        wanted = essential_name(self.local.type_name(local.type_id))
        beginning = wanted[:_NEAR]
        known = self._names_of.get(kind)
        if known is None:
            known = self._names_of[kind] = {self.target.type_name(i) for i in self.target.ids(kind)}
        close = nearest(wanted, {name for name in known if name.startswith(beginning)})
        return Mismatch(f"{Access(self.local, local.type_id).text} does not exist in {WHERE}", close)


def _bytes(count: int) -> str:
    return f"{count} byte{'s' if count != 1 else ''}"


def _shown(answer: _Answer, kind: CoreKind) -> str:
    return f"offset {answer.access.bit_offset // 8}" if kind.on_field else f"{kind.label} {answer.value}"


def _flavors(target: Btf, essential: str) -> set[str]:
    """Return the names in a BTF's strings that are flavours of *essential*."""
    beginning = f"{essential}___".encode()
    found: set[str] = set() if target.base is None else _flavors(target.base, essential)
    at = target.strings.find(beginning)
    while at >= 0:
        name = target.name(target.first_string + at)
        if essential_name(name) == essential:
            found.add(name)
        at = target.strings.find(beginning, at + 1)
    return found
