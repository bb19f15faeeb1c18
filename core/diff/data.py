"""Maps and variables beside each other: what they are, what they hold from the start, and what breaks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..btf import format_value
from ..btf import types as t
from ..errors import BpftuiError
from ..spec.sparse import touched
from ..uapi import MapFlag, Pinning, flag_names
from .changes import Change, Fact, Item, change_of, facts_between, matched

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..btf import CType
    from ..spec import CollectionSpec, MapSpec, VariableSpec
    from .layouts import Layouts

__all__ = ["maps_between", "variables_between"]

_LONGEST: Final = 200
"""Characters of a value."""
_MOST_PARTS: Final = 16
"""Members that are told apart where a variable holds other values."""
_FROZEN: Final = ("type", "key_size", "value_size", "max_entries", "flags", "map_extra")
"""What a map has to agree in with one that is pinned (libbpf's `bpf_map_compatible`), beside what its type holds."""


def maps_between(old: CollectionSpec, new: CollectionSpec, layouts: Layouts) -> Iterator[Item]:
    """Yield the maps of two objects, data sections among them."""
    held = {name for spec in (old, new) for name in _touched_sections(old, new, spec)}
    for name, ours, theirs in matched(old.maps, new.maps):
        if ours is None or theirs is None:
            is_gone = theirs is None and ours is not None and not ours.is_data
            yield Item(name, change_of(ours, theirs), breaks=("it is gone",) if is_gone else ())
            continue
        facts = facts_between(_map_facts(ours), _map_facts(theirs))
        if ours.is_data and theirs.is_data:
            alike = old.byte_order == new.byte_order and name not in held
            other = _first_difference(ours, theirs) if alike and ours.value_size == theirs.value_size else None
            if other is not None:
                facts = (*facts, Fact("contents", f"differ from {other:#x} on", ""))
            yield Item(name, Change.CHANGED if facts else Change.SAME, facts)
            continue
        breaks = (*_frozen(ours, theirs), *layouts.breaks(ours.key, theirs.key, "key"))
        breaks += (*layouts.breaks(ours.value, theirs.value, "value"), *_inner(ours, theirs, layouts))
        # A type of the same name may have other members, which is said of the type: here of what holds its values.
        yield Item(name, Change.CHANGED if facts or breaks else Change.SAME, facts, tuple(dict.fromkeys(breaks)))


def _map_facts(spec: MapSpec) -> dict[str, str]:
    """Return what is said of a map."""
    found = {
        "type": spec.type.label,
        "key": _type_text(spec.key, spec.key_size),
        "value": "" if spec.is_data else _type_text(spec.value, spec.value_size),
        "size" if spec.is_data else "value_size": f"{spec.value_size:,} bytes",
        "max_entries": f"{spec.max_entries:,}",
        "flags": flag_names(spec.flags, MapFlag) if spec.flags else "",
        "map_extra": f"{spec.map_extra:#x}" if spec.map_extra else "",
        "numa_node": str(spec.numa_node) if spec.flags & MapFlag.NUMA_NODE else "",
        "pinning": "" if spec.pinning is Pinning.NONE else spec.pinning.label,
        "section": spec.section,
        "tags": ", ".join(spec.tags),
        "remark": spec.remark,
        "holds": format_value([f"{item.key}={item.target}" for item in spec.contents], limit=_LONGEST),
        "functions": ", ".join(f".{member}={name}" for member, name in spec.functions.items()),
        "problem": spec.problem or "",
    }
    if spec.inner is not None:
        found |= {f"inner {what}": text for what, text in _map_facts(spec.inner).items() if what != "section"}
    return found


def _type_text(ctype: CType | None, size: int) -> str:
    if ctype is None or isinstance(ctype.btf.type(ctype.id), t.DataSec):
        return f"{size} bytes" if size else ""
    return ctype.c_text


def _frozen(old: MapSpec, new: MapSpec, what: str = "") -> Iterator[str]:
    """Yield what keeps a map that is pinned from being taken for the new one, but for what its types tell."""
    ours, theirs = _map_facts(old), _map_facts(new)
    for name in _FROZEN:
        if name in ("key_size", "value_size"):
            size, other = getattr(old, name), getattr(new, name)
            part = name.removesuffix("_size")
            known = getattr(old, part) is not None and getattr(new, part) is not None
            if size != other and not known:
                yield f"{what}{part} {'grew' if other > size else 'shrank'} from {size:,} to {other:,} bytes"
        elif ours[name] != theirs[name]:
            yield f"{what}{name} is {theirs[name] or 'none'} instead of {ours[name] or 'none'}"


def _inner(old: MapSpec, new: MapSpec, layouts: Layouts) -> Iterator[str]:
    """Yield what breaks of the maps that a map holds."""
    if old.inner is None or new.inner is None:
        return
    yield from _frozen(old.inner, new.inner, "inner ")
    yield from layouts.breaks(old.inner.key, new.inner.key, "inner key")
    yield from layouts.breaks(old.inner.value, new.inner.value, "inner value")


def _touched_sections(old: CollectionSpec, new: CollectionSpec, spec: CollectionSpec) -> Iterator[str]:
    """Yield the sections in which a variable of one of the objects is in another place, or holds something else."""
    for variable in spec.variables.values():
        ours, theirs = old.variables.get(variable.name), new.variables.get(variable.name)
        if ours is None or theirs is None or ours.offset != theirs.offset or not _holds_same(ours, theirs):
            yield variable.map.name


def _first_difference(old: MapSpec, new: MapSpec) -> int | None:
    """Return the first byte in which two data sections of one size differ; None where they do not."""
    assert old.data is not None
    assert new.data is not None
    for window in _windows(old, 0, new, 0, old.value_size):
        ours, theirs = bytes(old.data[window]), bytes(new.data[window])
        if ours != theirs:
            return window.start + next(
                at for at, pair in enumerate(zip(ours, theirs, strict=True)) if pair[0] != pair[1]
            )
    return None


def _windows(old: MapSpec, old_at: int, new: MapSpec, new_at: int, size: int) -> list[slice]:
    """Return the parts of *size* bytes, from their start, that may hold anything but zeros in one of the sections."""
    found: set[tuple[int, int]] = set()
    for spec, at in ((old, old_at), (new, new_at)):
        assert spec.data is not None
        found |= {(part.start - at, part.stop - at) for part in touched(spec.data, at, at + size)}
    return [slice(*each) for each in sorted(found)]


def _holds_same(old: VariableSpec, new: VariableSpec) -> bool:
    """Whether two variables of objects of one byte order hold the same bytes."""
    ours, theirs = old.map.data, new.map.data
    if ours is None or theirs is None or old.size != new.size:
        return False
    return all(
        ours[old.offset + part.start : old.offset + part.stop]
        == theirs[new.offset + part.start : new.offset + part.stop]
        for part in _windows(old.map, old.offset, new.map, new.offset, old.size)
    )


def variables_between(old: CollectionSpec, new: CollectionSpec, layouts: Layouts) -> Iterator[Item]:
    """Yield the variables of two objects; a value that differs is a fact that begins with `value`."""
    same_order = old.byte_order == new.byte_order
    for name, ours, theirs in matched(old.variables, new.variables):
        if ours is None or theirs is None:
            gone = ("it is gone",) if theirs is None else ()
            yield Item(name, change_of(ours, theirs), breaks=gone)
            continue
        facts = facts_between(_variable_facts(ours), _variable_facts(theirs))
        breaks = list(layouts.breaks(ours.type, theirs.type, "it"))
        if ours.type is None and theirs.type is None and ours.size != theirs.size:
            breaks.append(
                f"it {'grew' if theirs.size > ours.size else 'shrank'} from {ours.size} to {theirs.size} bytes"
            )
        if ours.constant != theirs.constant:
            breaks.append(
                "it is constant: user space cannot set it any more" if theirs.constant else "it is not constant"
            )
        if not (same_order and _holds_same(ours, theirs)):
            facts = (*facts, *_values(ours, theirs, same_order=same_order))
        yield Item(name, Change.CHANGED if facts or breaks else Change.SAME, facts, tuple(breaks))


def _variable_facts(spec: VariableSpec) -> Mapping[str, str]:
    """Return what is said of a variable; where it lies in its section is no matter of its own."""
    return {"type": _type_text(spec.type, spec.size), "size": f"{spec.size:,} bytes", "section": spec.section}


def _values(old: VariableSpec, new: VariableSpec, *, same_order: bool) -> Iterator[Fact]:
    """Yield which values differ: of members, where both variables have the same."""
    if old.type is not None and new.type is not None and not old.is_large and not new.is_large:
        try:
            ours, theirs = (
                {path: (ctype, offset) for path, ctype, offset in spec.type.leaves()} if spec.type is not None else {}
                for spec in (old, new)
            )
        except BpftuiError:
            ours, theirs = {}, {}
        if ours.keys() == theirs.keys() and len(ours) > 1:
            parts = [
                Fact(f"value of {old.name}{path}", before, after)
                for path in ours
                if (before := _part(old, *ours[path])) != (after := _part(new, *theirs[path]))
            ]
            if 0 < len(parts) <= _MOST_PARTS:
                yield from parts
                return
    before, after = _value(old), _value(new)
    if before != after:
        yield Fact("value", before, after)
    elif same_order:  # padding, or what is behind what is shown
        yield Fact("value", before, f"{after} (other bytes)")


def _part(spec: VariableSpec, ctype: CType, offset: int) -> str:
    raw = spec.raw[offset : offset + ctype.size]
    return format_value(spec.told(raw, ctype, offset), limit=_LONGEST)


def _value(spec: VariableSpec) -> str:
    if spec.is_large:
        return f"{spec.size:,} bytes"
    return format_value(spec.told(), limit=_LONGEST)
