"""Tables on a terminal that is too narrow for all of their columns."""

from __future__ import annotations

import pytest

from bpftui.tui.commands.columns import Column, table_lines

COLUMNS = (Column("id", is_number=True), Column("name"), Column("type"), Column("runs/s", is_number=True), Column("on"))
ROWS = (("1234", "count_packets", "xdp", "12", "eth0"), ("7", "a", "sched_cls", "1.25 M", "eth1 ingress"))


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (
            53,
            [
                "  id  name           type       runs/s  on",
                "1234  count_packets  xdp            12  eth0",
                "   7  a              sched_cls  1.25 M  eth1 ingress",
            ],
        ),
        (
            51,
            [
                "  id  name           type       runs/s  +1 column →",
                "1234  count_packets  xdp            12",
                "   7  a              sched_cls  1.25 M",
            ],
        ),
        (
            45,
            [
                "  id  name           type       +2 columns →",
                "1234  count_packets  xdp",
                "   7  a              sched_cls",
            ],
        ),
        (33, ["  id  name           +3 columns →", "1234  count_packets", "   7  a"]),
        (18, ["  id  +4 columns →", "1234", "   7"]),
        (17, ["  id", "1234", "   7"]),
    ],
)
def test_columns_that_do_not_fit_are_left_out_whole_and_counted(width: int, lines: list[str]) -> None:
    assert [str(line) for line in table_lines(COLUMNS, ROWS, color=False, width=width)] == lines
