"""Graphs as pictures: every line, followed from box to box over the characters drawn, leads where it should."""

from __future__ import annotations

import random
from typing import Any

import pytest

from bpftui.core.asm.flow.picture import Drawing, Ink, Layout, PictureBox
from bpftui.core.asm.flow.picture.drawing import _LINES, _is_heavy
from bpftui.core.errors import LimitError
from tests.waiting import Effort

Graph = list[tuple[int, ...]]
_SIDES = {
    char: {direction for direction, digit in zip("urdl", (1, 3, 9, 27), strict=True) if index // digit % 3}
    for index, char in enumerate(_LINES)
}
_STEPS = {"u": (-1, 0), "r": (0, 1), "d": (1, 0), "l": (0, -1)}
_OPPOSITE = {"u": "d", "d": "u", "l": "r", "r": "l"}


def drawing(graph: Graph, *, labelled: bool = False, **options: Any) -> Drawing:
    boxes = [PictureBox(str(node), "n" * (node % 4), ("x" * (node * 5 % 17),)) for node in range(len(graph))]
    labels = {
        (node, to): "yes 1,234" if at else "no"
        for node, following in enumerate(graph)
        for at, to in enumerate(following)
        if labelled and len(following) == 2
    }
    shapes = [
        box.shape([len(labels.get((node, to), "")) for to in graph[node]], widest=40) for node, box in enumerate(boxes)
    ]
    layout = Layout(shapes, graph, {line: len(text) for line, text in labels.items()})
    return Drawing(layout, boxes, labels, **options)


def lines(picture: Drawing) -> list[str]:
    return [picture.text(row) for row in range(len(picture))]


def code_like(count: int, seed: int) -> Graph:
    """Return a graph as code has them: most go on, many leave, some loop, a few are jumped to from nowhere."""
    chance = random.Random(seed)
    found: Graph = []
    for node in range(count - 1):
        following = [node + 1]
        dice = chance.random()
        if dice < 0.12:
            following.append(count - 1)
        elif dice < 0.25:
            following.append(max(0, node - chance.randint(0, 6)))
        elif dice < 0.8:
            following.append(min(count - 1, node + chance.randint(1, 8)))
        elif dice < 0.85:
            following += [min(count - 1, node + step) for step in range(2, 7)]
        if chance.random() < 0.15:
            following = following[1:] or following
        found.append(tuple(dict.fromkeys(following)))
    return [*found, ()]


def follow(picture: Drawing, rows: list[str], node: int, column: int) -> set[int]:
    """Return the boxes whose arrowheads a line leads to that leaves a box at a column."""
    layout = picture.layout
    box = layout.boxes[node]
    assert "d" in _SIDES[rows[box.top + box.height - 1][column]]
    heads: set[int] = set()
    waiting = [(box.top + box.height, column, "d")]
    seen: set[tuple[int, int]] = set()
    while waiting:
        row, at, direction = waiting.pop()
        char = rows[row][at] if at < len(rows[row]) else " "
        if char == "▼":
            assert direction == "d"
            entered = [other for other in range(len(layout.boxes)) if layout.into(other) == at]
            heads.update(other for other in entered if layout.boxes[other].top == row)
            continue
        sides = _SIDES.get(char, set())
        if _OPPOSITE[direction] not in sides:
            inside = picture.node_at(row, at)
            if inside is not None and direction == "u":
                continue  # where another line to the same box comes out
            assert direction in "lr", (row, at, char, direction)
            assert sides == {"u", "d"}, (row, at, char, direction)  # a line that passes over it
            step = _STEPS[direction]
            waiting.append((row + step[0], at + step[1], direction))
            continue
        if picture.node_at(row, at) is not None and direction == "u":
            continue
        if (row, at) not in seen:
            seen.add((row, at))
            for side in sides - {_OPPOSITE[direction]}:
                step = _STEPS[side]
                waiting.append((row + step[0], at + step[1], side))
    return heads


@pytest.mark.parametrize("seed", [*range(0, 33, 3), 35])
def test_every_line_leads_where_it_should(seed: int) -> None:
    graph = code_like(2 + seed, seed)
    picture = drawing(graph)
    rows = lines(picture)
    for node, following in enumerate(graph):
        ports = picture.layout.ports[node]
        assert sorted(to for _, to in ports) == sorted(following)
        for column, to in ports:
            assert follow(picture, rows, node, column) == {to}, f"{node} to {to}\n" + "\n".join(rows)


@pytest.mark.parametrize("seed", [*range(0, 33, 3), 35])
def test_nothing_lies_over_anything_else(seed: int) -> None:
    picture = drawing(code_like(2 + seed, seed), labelled=True)
    for row in range(len(picture)):
        end = 0
        for piece in picture.row(row):
            assert piece.column >= end, (row, piece)
            end = piece.column + len(piece.text)
        assert end <= picture.layout.width


def test_a_branch() -> None:
    picture = drawing([(1, 2), (3,), (3,), ()], labelled=True)
    assert lines(picture) == [
        "      ┌ 0 ─────────────────────┐",
        "      │                        │",
        "      └─────┬────────┬─────────┘",
        "         no │        │ yes 1,234",
        "     ┌──────┘        │",
        "┌ 1 ─▼─ n ┐   ┌ 2 ───▼─ nn ┐",
        "│ xxxxx   │   │ xxxxxxxxxx │",
        "└────┬────┘   └──────┬─────┘",
        "     └───────────────┤",
        "            ┌ 3 ─────▼─── nnn ┐",
        "            │ xxxxxxxxxxxxxxx │",
        "            └─────────────────┘",
    ]


def test_a_loop_goes_back_beside_its_blocks() -> None:
    assert lines(drawing([(1,), (2, 3), (1,), ()])) == [
        "                  ┌ 0 ─────┐",
        "                  │        │",
        "                  └────┬───┘",
        "                       ├─────────────────┐",
        "                  ┌ 1 ─▼─ n ┐            │",
        "                  │ xxxxx   │            │",
        "                  └─┬─────┬─┘            │",
        "       ┌────────────┘     │              │",
        "┌ 2 ───▼─ nn ┐   ┌ 3 ─────▼─── nnn ┐     │",
        "│ xxxxxxxxxx │   │ xxxxxxxxxxxxxxx │     │",
        "└──────┬─────┘   └─────────────────┘     │",
        "       └─────────────────────────────────┘",
    ]


def test_a_block_that_jumps_to_itself_and_the_entry_that_is_jumped_to() -> None:
    assert lines(drawing([(0, 1), ()])) == [
        "        ┌──────┐",
        "   ┌ 0 ─▼───┐  │",
        "   │        │  │",
        "   └─┬────┬─┘  │",
        "     │    └────┘",
        "┌ 1 ─▼─ n ┐",
        "│ xxxxx   │",
        "└─────────┘",
    ]


def test_heavy_lines() -> None:
    light = drawing([(1, 2), (3,), (0, 3), ()])
    heavy = Drawing(light.layout, light.boxes, heavy={(0, 2), (2, 0)}, heavy_nodes={0, 2})
    assert lines(heavy) == [
        "                   ┏━━━━━━━━━━┓",
        "              ┏ 0 ━▼━━━┓      ┃",
        "              ┃        ┃      ┃",
        "              ┗━┯━━━━┳━┛      ┃",
        "     ┌──────────┘    ┃        ┃",
        "┌ 1 ─▼─ n ┐   ┏ 2 ━━━▼━ nn ┓  ┃",
        "│ xxxxx   │   ┃ xxxxxxxxxx ┃  ┃",
        "└────┬────┘   ┗━━┯━━━━━━┳━━┛  ┃",
        "     └───────────┤      ┗━━━━━┛",
        "        ┌ 3 ─────▼─── nnn ┐",
        "        │ xxxxxxxxxxxxxxx │",
        "        └─────────────────┘",
    ]


def test_heavy_lines_have_a_colour_of_their_own() -> None:
    light = drawing([(1, 2), (3,), (0, 3), ()])
    heavy = Drawing(light.layout, light.boxes, heavy={(0, 2), (2, 0)}, heavy_nodes={0, 2})
    for picture, signs in ((light, ""), (heavy, "┏━┓┃┗┛┳╋┣┫┻")):
        for row in range(len(picture)):
            for piece in picture.row(row):
                if piece.ink in (Ink.LINE, Ink.HEAVY_LINE):
                    is_heavy = any(sign in signs for sign in piece.text)
                    assert (piece.ink is Ink.HEAVY_LINE) == is_heavy, piece
    found = {piece.ink for row in range(len(heavy)) for piece in heavy.row(row)}
    assert {Ink.LINE, Ink.HEAVY_LINE, Ink.BORDER, Ink.HEAVY_BORDER} <= found


@pytest.mark.parametrize(
    ("sides", "is_heavy"),
    [(0, False), (1, False), (1 + 3 + 9 + 27, False), (2, True), (6, True), (18, True), (55, True)],
)
def test_a_character_is_heavy_where_one_of_its_sides_is(sides: int, is_heavy: bool) -> None:
    assert _is_heavy(sides) is is_heavy


def test_ascii() -> None:
    assert lines(drawing([(1, 2), (3,), (1, 3), ()], ascii_only=True)) == [
        "   + 0 -----+",
        "   |        |",
        "   +-+----+-+",
        "     |    +----+",
        "     |  + 2 ---v- nn +",
        "     |  | xxxxxxxxxx |",
        "     |  +--+------+--+",
        "     +-----+      |",
        "+ 1 -v- n +       |",
        "| xxxxx   |       |",
        "+----+----+       |",
        "     +------------+",
        "         + 3 -----v--- nnn +",
        "         | xxxxxxxxxxxxxxx |",
        "         +-----------------+",
    ]


def test_code_that_no_way_leads_to_stands_beside_the_entry() -> None:
    picture = drawing([(2,), (2,), ()])
    assert [picture.layout.layer[node] for node in range(3)] == [0, 0, 1]


def test_four_hundred_blocks_are_drawn_in_time() -> None:
    effort = Effort()
    picture = drawing(code_like(400, 1))
    assert len(picture.layout.boxes) == 400
    assert effort.within(10)


def test_what_is_too_entangled_is_refused_at_once() -> None:
    effort = Effort()
    with pytest.raises(LimitError, match="pass too many others to be drawn"):
        drawing([*[(node + 1, 20_000 - node % 50) for node in range(20_000)], ()])
    assert effort.within(5)


def test_a_graph_of_nothing_and_of_one() -> None:
    assert lines(drawing([()])) == ["┌ 0 ─────┐", "│        │", "└────────┘"]
    assert [piece.ink for piece in drawing([()]).row(0)][:2] == [Ink.BORDER, Ink.TITLE]
    assert len(drawing([])) == 0


def test_lines_that_are_in_each_others_way_in_a_circle() -> None:
    """Seed 35 has two: a line goes around by a column of its own."""
    picture = drawing(code_like(37, 35))
    assert any(net.rest is not None for band in picture.layout.bands for net in band.nets)
