"""Folds: rows in sight and rows of the list, both ways."""

from __future__ import annotations

from bpftui.tui.widgets.code.folds import Folds


def seen(folds: Folds) -> list[int]:
    return [folds.row(index) for index in range(len(folds))]


def test_folding_hides_what_is_below_a_heading() -> None:
    folds = Folds(10)
    assert seen(folds) == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    folds.toggle(2, 5)
    folds.toggle(7, 10)
    assert seen(folds) == [0, 1, 2, 5, 6, 7]
    assert [folds.index(row) for row in range(10)] == [0, 1, 2, 2, 2, 3, 4, 5, 5, 5]
    assert (folds.hidden_below(2), folds.hidden_below(5)) == (2, 0)
    folds.toggle(2, 5)
    assert seen(folds) == [0, 1, 2, 3, 4, 5, 6, 7]


def test_a_fold_within_a_fold_is_kept_for_later() -> None:
    folds = Folds(8)
    folds.toggle(3, 5)
    folds.toggle(1, 7)
    assert seen(folds) == [0, 1, 7]
    folds.toggle(1, 7)
    assert seen(folds) == [0, 1, 2, 3, 5, 6, 7]


def test_reveal_opens_what_hides_a_row_and_nothing_else() -> None:
    folds = Folds(12)
    folds.fold([(0, 4), (4, 8), (8, 12), (11, 12)])
    assert seen(folds) == [0, 4, 8]
    folds.reveal(6)
    assert seen(folds) == [0, 4, 5, 6, 7, 8]
    folds.reveal(4)
    assert seen(folds) == [0, 4, 5, 6, 7, 8]
    folds.fold([])
    assert not folds
    assert len(folds) == 12


def test_revealing_is_folding_without_what_hides_the_row() -> None:
    """All ways to fold seven spans, some of them nested, and each row."""
    spans = [(0, 6), (1, 3), (3, 6), (6, 9), (9, 15), (10, 12), (12, 15)]
    for chosen in range(1 << len(spans)):
        folded = dict(span for number, span in enumerate(spans) if chosen >> number & 1)
        for row in range(16):
            folds, expected = Folds(16), Folds(16)
            folds.fold(sorted(folded.items()))
            folds.reveal(row)
            expected.fold(sorted((heading, stop) for heading, stop in folded.items() if not heading < row < stop))
            assert seen(folds) == seen(expected)
            assert [folds.index(at) for at in range(16)] == [expected.index(at) for at in range(16)]
