"""A short walk of the monkey (`tests.fuzz.monkey`) on a screen that nobody sees."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
from textual.events import Paste

from tests.fuzz.monkey import KEYS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NAMES = {
    ":": "colon",
    "/": "slash",
    "?": "question_mark",
    "[": "left_square_bracket",
    "]": "right_square_bracket",
    "+": "plus",
    "-": "minus",
    "=": "equals_sign",
}


@pytest.mark.parametrize(
    ("seed", "path"), [(1, "bpf/traffic.o"), (2, "tests/objects/values.o"), (3, "tests/objects/nested_maps.o")]
)
async def test_random_keys_end_nothing(
    explore: Callable[..., Any],
    seed: int,
    path: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)  # some of the keys write files
    chance = random.Random(seed)
    keys = [key for key in KEYS if key not in ("ctrl+c", "f5", "f1")]
    async with explore(path, size=(80, 24), messages=True) as walk:
        walk.app.operations.monitor.interval = 1.0
        for _ in range(8):
            await walk.hurry(*(NAMES.get(key, key) for key in chance.choices(keys, k=6)))
            if chance.random() < 0.3:
                walk.app.post_message(Paste(chance.choice(("1\n2", "[/x]\x1b[31m", "\n"))))
            if chance.random() < 0.3:
                await walk.pilot.resize_terminal(*chance.choice(((10, 3), (80, 24), (120, 40))))
            assert walk.app._exception is None
        await walk.hurry("escape", "escape", "escape", "escape", "1")
        assert walk.app._exception is None
        assert walk.app.is_running
