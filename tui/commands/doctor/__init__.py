"""`bpftui doctor`: the command, and what it says of an object."""
