"""The jump list, as vim's."""

from __future__ import annotations

from bpftui.tui.jumps import CodePlace, JumpList

ONE, TWO, THREE, FOUR = (CodePlace("program", slot) for slot in (1, 2, 3, 4))


def test_back_and_forward() -> None:
    jumps = JumpList()
    assert jumps.back(ONE) is None
    jumps.push(ONE)
    jumps.push(TWO)
    assert jumps.back(THREE) == TWO
    assert jumps.back(TWO) == ONE
    assert not jumps.can_go_back
    assert [jumps.forward(), jumps.forward(), jumps.forward()] == [TWO, THREE, None]
    assert jumps.back(THREE) == TWO


def test_a_new_jump_forgets_what_lay_ahead() -> None:
    jumps = JumpList()
    jumps.push(ONE)
    jumps.push(TWO)
    jumps.back(THREE)
    jumps.back(TWO)
    jumps.push(FOUR)
    assert not jumps.can_go_forward
    assert jumps.back(None) == FOUR


def test_it_keeps_a_hundred_places() -> None:
    jumps = JumpList()
    for slot in range(150):
        jumps.push(CodePlace("program", slot))
    assert [jumps.back(None) for _ in range(101)][-2:] == [CodePlace("program", 50), None]
