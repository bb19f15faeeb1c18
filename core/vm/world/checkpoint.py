"""Checkpoint: all that runs can change of a machine, as it was between two of them.

What is kept is found by looking, and not by a list that each new family of helpers would have to be entered in: from
the host on, every container and every object of the machine's own classes that can be reached. They are restored in
place, because translated code holds on to many of them.
"""

from __future__ import annotations

import mmap
from collections import deque
from itertools import chain
from random import Random
from sys import getsizeof
from typing import TYPE_CHECKING, Any, Final, cast

from ...spec.sparse import written
from ..engine.image import MemoryImage
from ..engine.machine import Machine
from ..engine.memory import AddressSpace, Region
from ..engine.processor import Meter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from .host import Host

__all__ = ["Checkpoint"]

_PACKAGE: Final = __name__.partition(".world")[0] + "."
"""Classes of other packages (specs, types, shapes) hold what no run changes."""
_KEPT_ALIVE: Final = (Machine, MemoryImage, Meter, Region)
"""What no run changes, or what each begins anew; the bytes of regions are kept apart."""


class Checkpoint:
    """The state of a host between two runs.

    Args:
        host: Whose. Nothing runs.
        others: What beside it changes: where its programs keep their packets.
    """

    def __init__(self, host: Host, others: Iterable[object] = ()) -> None:
        self._restorers: list[tuple[Callable[[Any, Any], None], object, object]] = []
        self._random = host.random, host.random.getstate()
        self._find([host, *others])
        self._regions: list[tuple[Region, Any, bytes | list[tuple[int, bytes]], int]] = [
            (region, data := region.data, bytes(data) if type(data) is bytearray else _saved(data), region.charged)
            for region in host.memory.all_regions()
        ]

    @property
    def size(self) -> int:
        """About how many bytes it holds: what regions hold, and the containers that lead to them."""
        saved = (each[2] for each in self._regions)
        held = sum(len(each) if isinstance(each, bytes) else sum(len(part) for _, part in each) for each in saved)
        return held + sum(getsizeof(state) for _, _, state in self._restorers)

    def _find(self, found: list[Any]) -> None:
        """Keep each of these things, and what can be reached from it."""
        seen: dict[int, object] = {}
        """What has been looked at, by its number; the things themselves keep the numbers from being used twice."""
        keep = self._restorers.append
        while found:
            thing = found.pop()
            kind = cast("type[object]", type(thing))
            look = _LOOKS.get(kind) or _look_for(kind)
            if look is None or id(thing) in seen:
                continue
            seen[id(thing)] = thing
            restore, state, inside = look(thing)
            if restore is not None:
                keep((restore, thing, state))
            found += _worth_a_look(inside)

    def restore(self) -> None:
        """Make everything as it was; as often as one likes."""
        for restore, thing, state in self._restorers:
            restore(thing, state)
        for region, data, saved, charged in self._regions:
            region.data, region.charged = data, charged
            if isinstance(saved, list):
                _fill(data, saved)
            elif data != saved:  # also what cannot be written to
                data[:] = saved
        generator, state = self._random
        generator.setstate(state)


def _saved(data: bytearray | memoryview) -> bytes | list[tuple[int, bytes]]:
    """Return the bytes of a region; of a mapping, most of which nobody ever wrote to, its parts that are no zeros."""
    whole = data.obj if isinstance(data, memoryview) else None
    return list(written(whole)) if isinstance(whole, mmap.mmap) and len(whole) == len(data) else bytes(data)


def _fill(data: bytearray | memoryview, parts: list[tuple[int, bytes]]) -> None:
    """Write the parts that are no zeros, and zeros everywhere else where there is something."""
    whole = data.obj if isinstance(data, memoryview) else data
    kept = dict(parts)
    assert isinstance(whole, mmap.mmap)
    for offset, part in list(written(whole)):
        if offset not in kept:
            whole[offset : offset + len(part)] = bytes(len(part))
    for offset, part in parts:
        whole[offset : offset + len(part)] = part


# By type: what restores a thing, the state to restore, and what is inside of it.


def _dict(thing: dict[Any, Any]) -> tuple[Callable[[Any, Any], None], object, list[Any]]:
    return _put_dict, dict(thing), list(thing.values())


def _put_dict(thing: dict[Any, Any], state: dict[Any, Any]) -> None:
    thing.clear()
    thing.update(state)


def _list(thing: list[Any]) -> tuple[Callable[[Any, Any], None], object, list[Any]]:
    copy = list(thing)
    return _put_list, copy, copy


def _put_list(thing: list[Any], state: list[Any]) -> None:
    thing[:] = state


def _bytes(thing: bytearray) -> tuple[Callable[[Any, Any], None], object, tuple[()]]:
    return _put_list, bytes(thing), ()


def _gathered(thing: set[Any] | deque[Any]) -> tuple[Callable[[Any, Any], None], object, list[Any]]:
    copy = list(thing)
    return _put_gathered, copy, copy


def _put_gathered(thing: set[Any] | deque[Any], state: list[Any]) -> None:
    thing.clear()
    if isinstance(thing, set):
        thing.update(state)
    else:
        thing.extend(state)


def _tuple(thing: tuple[Any, ...]) -> tuple[None, None, tuple[Any, ...]]:
    return None, None, thing


def _space(thing: AddressSpace) -> tuple[Callable[[Any, Any], None], object, tuple[()]]:
    """Look at memory, whose tables hold thousands of buffers: those of its regions."""
    attributes = vars(thing)
    return (
        _put_space,
        {name: value.copy() if type(value) in (dict, list) else value for name, value in attributes.items()},
        (),
    )


def _put_space(thing: AddressSpace, state: dict[str, Any]) -> None:
    for name, value in vars(thing).items():
        if type(value) is dict:
            _put_dict(cast("dict[Any, Any]", value), state[name])
        elif type(value) is list:
            value[:] = state[name]
        else:
            setattr(thing, name, state[name])


def _object(thing: Any) -> tuple[Callable[[Any, Any], None], object, list[Any]]:
    attributes: dict[str, Any] = thing.__dict__
    return _put_object, dict(attributes), list(attributes.values())


def _put_object(thing: Any, state: dict[str, Any]) -> None:
    attributes: dict[str, Any] = thing.__dict__
    attributes.clear()
    attributes.update(state)


def _slotted(thing: Any) -> tuple[Callable[[Any, Any], None], object, list[Any]]:
    kinds: tuple[type, ...] = type(thing).__mro__
    names: list[str] = list(chain.from_iterable(getattr(kind, "__slots__", ()) for kind in kinds))
    state = {name: getattr(thing, name) for name in names if hasattr(thing, name)}
    return _put_slotted, state, list(state.values())


def _put_slotted(thing: Any, state: dict[str, Any]) -> None:
    for name, value in state.items():
        setattr(thing, name, value)


_LOOKS: Final[dict[type, Callable[[Any], Any] | None]] = {
    dict: _dict,
    list: _list,
    set: _gathered,
    deque: _gathered,
    bytearray: _bytes,
    tuple: _tuple,
    AddressSpace: _space,
}
_INERT: Final[frozenset[type]] = frozenset((int, str, bytes, bool, float, type(None), Random, *_KEPT_ALIVE))


def _worth_a_look(things: Sequence[Any]) -> Sequence[Any]:
    """Return the things that may change, or have something inside that may.

    Thousands of values are told to be none of these by their types alone.
    """
    kinds = set(map(type, things)) - _INERT
    if kinds == {tuple}:
        tuples: list[tuple[Any, ...]] = [each for each in things if type(each) is tuple]
        return _worth_a_look(list(chain.from_iterable(tuples)))
    return [each for each in things if type(each) in kinds] if kinds else ()


def _look_for(kind: type) -> Callable[[Any], Any] | None:
    """Return how to look at things of a type; None where none of them changes."""
    if kind in _LOOKS:
        return _LOOKS[kind]
    found: Callable[[Any], Any] | None = None
    if kind not in _INERT and not issubclass(kind, _KEPT_ALIVE):
        if issubclass(kind, dict):
            found = _dict
        elif kind.__module__.startswith(_PACKAGE) and not issubclass(kind, tuple):
            found = _slotted if "__slots__" in kind.__dict__ else _object
    _LOOKS[kind] = found
    return found
