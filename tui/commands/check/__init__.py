"""`bpftui check`: the command, and its tables."""
