"""Text that has to fit."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from bpftui.tui.text.fit import end_of, fitted, wrapped


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("abc", 5, "abc  "),
        ("abcde", 5, "abcde"),
        ("abcdef", 5, "abcd…"),
        ("日本語", 5, "日本…"),
        ("日本語", 4, "日 …"),
        ("a\x07b", 7, "a\\x07b "),
        ("a\x07b", 5, "a\\x0…"),
    ],
)
def test_the_beginning_is_kept_and_the_width_filled(text: str, width: int, shown: str) -> None:
    assert fitted(text, width) == shown
    assert cell_len(shown) == width


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [("/a/b.o", 6, "/a/b.o"), ("/home/b.o", 6, "…e/b.o"), ("語語語.o", 6, "…語.o"), ("ab", 1, "…"), ("", 4, "")],
)
def test_the_end_is_kept(text: str, width: int, shown: str) -> None:
    assert end_of(text, width) == shown
    assert cell_len(shown) <= width


def test_a_sentence_is_wrapped_and_only_a_word_is_cut() -> None:
    assert wrapped("L loads the collection", 9) == ["L loads", "the", "collecti…"]
    assert wrapped("a\x1b b", 5) == ["a\\x1b", "b"]
    assert wrapped("", 5) == []
    assert wrapped("map 7 hash  61 % full", 14) == ["map 7 hash", "61 % full"]
    assert wrapped("a\xa0b", 9) == ["a\\xa0b"]


def test_a_sentence_is_broken_between_words_and_nothing_of_it_is_missing_where_that_is_asked_for() -> None:
    assert wrapped("tag dd0b06a198d86fbc of it", 12) == ["tag", "dd0b06a198d…", "of it"]
    assert wrapped("tag dd0b06a198d86fbc of it", 12, whole=True) == ["tag dd0b06a1", "98d86fbc of", "it"]
