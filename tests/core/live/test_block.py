"""Records in one piece: what is in a block, several as one sequence, and those that wait."""

from __future__ import annotations

from bpftui.core.live.block import Backlog, Block, Blocks

WORDS = (b"one", b"", b"three")


def three() -> Block:
    """Three records of three bytes, each behind another byte."""
    return Block(b"-aaa-bbb-ccc", range(1, 12, 4), range(4, 13, 4))


def test_a_block_is_its_records() -> None:
    assert list(three()) == [b"aaa", b"bbb", b"ccc"]
    assert (len(three()), three()[0], three()[-1]) == (3, b"aaa", b"ccc")
    assert list(three()[1:]) == [b"bbb", b"ccc"]
    assert not Block.of(())
    assert list(Block.of(WORDS)) == list(WORDS)
    assert list(Block.of(WORDS)[-2:]) == [b"", b"three"]


def test_several_blocks_are_one_sequence() -> None:
    found = Blocks([three(), Block.of(WORDS), Block.of(()), three()])
    every = [b"aaa", b"bbb", b"ccc", *WORDS, b"aaa", b"bbb", b"ccc"]
    assert (len(found), list(found), list(found[::-1])) == (9, every, every[::-1])
    assert [found[at] for at in range(-9, 9)] == every * 2
    for start in range(-10, 11):
        for stop in range(-10, 11):
            assert list(found[start:stop]) == every[start:stop]
    assert not Blocks()


def test_what_waits_is_taken_in_its_order_a_part_at_a_time() -> None:
    backlog = Backlog(1 << 20)
    assert [backlog.put(block) for block in (three(), Block.of(WORDS))] == [0, 0]
    assert list(backlog.take(2)) == [b"aaa", b"bbb"]
    assert len(backlog) == 4
    assert list(backlog.take(2)) == [b"ccc", b"one"]
    assert list(backlog.take(9)) == [b"", b"three"]
    assert (len(backlog), list(backlog.take())) == (0, [])
    backlog.put(three())
    assert list(backlog.take(0)) == []
    assert list(backlog.take()) == [b"aaa", b"bbb", b"ccc"]


def test_the_oldest_go_where_there_is_no_room() -> None:
    backlog = Backlog(30)  # bytes: two blocks of 12 and no third one
    assert [backlog.put(three()) for _ in range(4)] == [0, 0, 3, 3]
    assert len(backlog.take(4)) == 4
    assert backlog.put(three()) == 0  # what is left of a block holds all its bytes
    assert backlog.put(three()) == 2
    assert len(backlog) == 6
    assert backlog.put(Block.of([bytes(31)])) == 7  # nor has that one room
    assert len(backlog) == 0
