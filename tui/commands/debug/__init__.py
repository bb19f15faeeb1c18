"""`bpftui debug`: the command, and what it tells of a stop."""
