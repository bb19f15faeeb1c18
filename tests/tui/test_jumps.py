"""The jump list, as vim's."""

from __future__ import annotations

from bpftui.tui.jumps import CodePlace, JumpList

ONE, TWO, THREE, FOUR, FIVE = (CodePlace("program", slot) for slot in (1, 2, 3, 4, 5))


def jumped(*places: CodePlace) -> JumpList[CodePlace]:
    jumps = JumpList[CodePlace]()
    for place in places:
        jumps.push(place)
    return jumps


def test_back_and_forward() -> None:
    assert JumpList[CodePlace]().back(ONE) is None
    jumps = jumped(ONE, TWO)
    assert jumps.back(THREE) == TWO
    assert jumps.back(TWO) == ONE
    assert not jumps.can_go_back
    assert [jumps.forward(ONE), jumps.forward(TWO), jumps.forward(THREE)] == [TWO, THREE, None]
    assert jumps.back(THREE) == TWO


def test_a_new_jump_forgets_what_lay_ahead() -> None:
    jumps = jumped(ONE, TWO)
    jumps.back(THREE)
    jumps.back(TWO)
    jumps.push(FOUR)
    assert not jumps.can_go_forward
    assert jumps.back(FIVE) == FOUR


def test_where_one_has_moved_to_is_where_one_was() -> None:
    jumps = jumped(ONE)
    assert jumps.back(TWO) == ONE
    assert jumps.forward(THREE) == TWO, "the cursor was moved to three before going forward"
    assert jumps.back(FOUR) == THREE
    assert jumps.forward(THREE) == FOUR


def test_a_jump_that_led_nowhere_is_no_step() -> None:
    jumps = jumped(ONE, TWO)
    assert jumps.back(TWO) == ONE
    assert jumps.forward(ONE) == TWO
    assert jumped(ONE).back(ONE) is None


def test_it_keeps_a_hundred_places() -> None:
    jumps = jumped(*(CodePlace("program", slot) for slot in range(150)))
    here, found = CodePlace("program", 150), list[CodePlace | None]()
    while here is not None:
        here = jumps.back(here)
        found.append(here)
    assert (len(found), found[-2:]) == (101, [CodePlace("program", 50), None])
