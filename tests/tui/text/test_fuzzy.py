"""What is typed finds names: which ones, in which order, and how many of a large number."""

from __future__ import annotations

import pytest

from bpftui.tui.text.fuzzy import Names, Search, rank


@pytest.mark.parametrize(
    ("name", "query", "expected"),
    [
        ("count", "count", (0, 0)),
        ("count_traffic", "count", (1, 0)),
        ("count_traffic", "traf", (2, 0)),
        ("traffic->count += 1;", "count", (2, 0)),
        ("recount_count", "count", (2, 0)),  # the second one begins a word
        ("account", "count", (3, 0)),
        ("count_total_packets", "ctp", (4, 1)),
        ("skb_copy", "skbcopy", (4, 2)),
        ("skb_copy", "skbcpy", (4, 3)),
        ("count_traffic", "trafcnt", (4, 4)),  # traf, c, and from the beginning again: nt
        ("traffic->count += 1;", "trafcnt", (4, 3)),
        ("count_traffic", "traffic count", (4, 3)),
        ("count_traffic", "tarffic", None),
        ("xdp", "count", None),
        ("a_b_c_d_e_f_g_h", "hgfedcba", None),
        ("x" * 60 + "count_traffic", "trafcnt", None),  # as long as a line of C, and in another order
    ],
)
def test_how_well_a_name_matches(name: str, query: str, expected: tuple[int, int] | None) -> None:
    assert rank(name, query) == expected


def names(kind: str, *found: str) -> Names[str]:
    made = Names[str](kind, show=lambda name, thing: (name, thing), go=str)
    for _ in made.add((name, name.upper()) for name in found):
        pass
    return made


def titles(search: Search, *kinds: Names[str]) -> list[str]:
    for _ in search.steps():
        pass
    return [kinds[hit.kind].shown(hit.place)[0] for hit in search.best()]


def test_the_best_come_first_then_by_kind_then_the_shorter() -> None:
    programs = names("program", "traffic_of_all", "Count_traffic", "my_traffic")
    maps = names("map", "traffic", "x_traffic")
    search = Search([programs, maps], "Traffic")
    assert titles(search, programs, maps) == ["traffic", "traffic_of_all", "my_traffic", "Count_traffic", "x_traffic"]
    assert not search.is_partial
    assert maps.shown(maps.places().__next__()) == ("traffic", "TRAFFIC")


def test_blocks_are_searched_one_by_one_and_enough_is_enough() -> None:
    many = names("type", *(f"struct_number_{number}" for number in range(10_000)), "number_of_all_of_them")
    search = Search([many], "number", limit=3)
    assert titles(search, many) == ["struct_number_0", "struct_number_1", "struct_number_2"]
    assert search.is_partial  # a thousand are enough: the longer ones were not looked at
    rare = Search([many], "number_9999")
    assert titles(rare, many) == ["struct_number_9999"]
    assert (len(rare), rare.is_partial) == (1, False)
    fuzzy = Search([many], "nmbr_all_thm")
    assert titles(fuzzy, many) == ["number_of_all_of_them"]


def test_what_has_none_of_the_letters_is_not_there() -> None:
    some = names("type", "größe", "", "two\nlines")
    assert titles(Search([some], "GRÖ"), some) == ["größe"]
    assert titles(Search([some], "two lines"), some) == ["two\nlines"]
    assert titles(Search([some], "Ω"), some) == []
    assert titles(Search([], "x")) == []


async def test_names_seen_from_elsewhere_grow_with_the_others_and_lead_there_first() -> None:
    went: list[str] = []

    async def first() -> None:
        went.append("there")

    names = Names[str]("map", "#", show=lambda name, thing: (name, thing), go=went.append)
    seen = names.seen_from_elsewhere("a.o", first)
    names.put([("sources", "hash"), ("events", "")])
    assert (len(seen), seen.kind, seen.signs) == (2, "map", "#")
    assert [seen.shown(place) for place in seen.places()] == [("sources", "a.o: hash"), ("events", "a.o")]
    await seen.go((0, 0))
    assert went == ["there", "hash"]
