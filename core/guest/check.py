"""Trying an object on kernels that are not the running one, and remembering what they said."""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from ..btf.cache import directory
from ..documents import parse_json
from ..files import write_whole
from .errors import GuestError
from .files import guest_files
from .job import Answer, answer_of
from .machine import boot
from .tried import INIT, JOBS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from typing import Any

    from .job import Job
    from .kernels import Kernel

__all__ = ["Question", "Tried", "try_objects"]

_MOST_KEPT: Final = 200
"""Answers in the cache."""


class Question(NamedTuple):
    """An object that is to be tried."""

    data: bytes
    job: Job


class Tried(NamedTuple):
    """What came of one on a kernel."""

    answer: Answer
    cached: bool
    """Whether it was known, and nothing was booted for it."""


def try_objects(kernel: Kernel, questions: Sequence[Question], booting: Callable[[], object] = bool) -> list[Tried]:
    """Return what a kernel makes of objects; it is booted once for all of which it was not asked the same before.

    Args:
        kernel: The kernel.
        questions: The objects.
        booting: Is called before it is booted.

    Raises:
        GuestError: It cannot be booted.
    """
    archive = guest_files(kernel, INIT)
    every = hashlib.sha256(archive.bytes())
    with kernel.image.open("rb") as image:
        every.update(hashlib.file_digest(image, "sha256").digest())
    places = [directory() / "checks" / f"{_key(every.digest(), question)}.json" for question in questions]
    known = {place: answer for place in places if (answer := _read(place)) is not None}
    new = {place: question for place, question in zip(places, questions, strict=True) if place not in known}
    cached = set(known)
    if new:
        for number, question in enumerate(new.values()):
            archive.add(f"{JOBS}/{number}.o", question.data)
            archive.add(f"{JOBS}/{number}.json", question.job.text().encode())
        booting()
        found = boot(kernel, archive.bytes())
        said = {each["number"]: each for each in found if each["finding"] == "answer"}
        if len(said) != len(new):
            crashes = [f"{each['step']}: {each['trace'].strip().splitlines()[-1]}" for each in found if "trace" in each]
            raise GuestError(f"kernel {kernel.name}: {'; '.join(crashes) or 'some answers are missing'}")
        for number, place in enumerate(new):
            _keep(place, said[number])
            known[place] = answer_of(said[number])
    return [Tried(known[place], place in cached) for place in places]


def _key(every: bytes, question: Question) -> str:
    """Return what tells one question from all others: the kernel and the engine, the object, how it is tried."""
    found = hashlib.sha256(every)
    for part in (question.data, question.job.text().encode()):
        found.update(hashlib.sha256(part).digest())
    return found.hexdigest()


def _read(place: Path) -> Answer | None:
    try:
        return answer_of(_document(place.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _document(text: str) -> dict[str, Any]:
    found: Any = parse_json(text)
    return found


def _keep(place: Path, answer: dict[str, Any]) -> None:
    """Keep an answer, as long as there are not many newer ones; it is only a cache."""
    with suppress(OSError):
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(place, [json.dumps(answer)])
        kept = sorted(place.parent.glob("*.json"), key=os.path.getmtime, reverse=True)
        for old in kept[_MOST_KEPT:]:
            old.unlink()
