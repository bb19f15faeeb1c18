"""Damaged logs: whatever is cut out of one or garbled in it, nothing but an explanation or none comes out."""

from __future__ import annotations

import random
from pathlib import Path

from bpftui.core.verifier import (
    VerifierLog,
    explain,
    explanation_lines,
    find_logs,
    history,
    path_lines,
    state_lines,
)

LOGS = sorted((Path(__file__).parent / "logs").glob("*.log"))


def damaged(text: str, chance: random.Random) -> str:
    lines = text.split("\n")
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(lines))
        match chance.randrange(4):
            case 0:
                del lines[at]
            case 1:
                lines.insert(at, chance.choice(lines))
            case 2:
                cut = chance.randint(0, len(lines[at]))
                lines[at] = lines[at][:cut] + chance.choice("()=,;:Rr0f -\0é") + lines[at][cut + chance.randint(0, 3) :]
            case _:
                lines[at] = lines[at][: chance.randint(0, len(lines[at]))]
        lines = lines or [""]
    return "\n".join(lines)


def test_a_thousand_damaged_logs() -> None:
    chance = random.Random(20261122)
    explained = 0
    for _ in range(1000):
        log = VerifierLog(damaged(chance.choice(LOGS).read_text(), chance))
        explanation = explain(log)
        if explanation is not None:
            explained += 1
            assert explanation_lines(explanation)
        for line in list(log.steps)[-3:]:
            state = log.before(line)
            log.after(line)
            state_lines(state)
            path_lines(log, line)
            for place in state.places:
                history(log, line, place)
        for line in range(len(log.lines)):
            log.slot(line)
        for excerpt in find_logs("loader: " + log.text):
            explain(excerpt.text)
    assert explained > 700
