"""`bpftui run`: the command, and what it tells of a run."""
