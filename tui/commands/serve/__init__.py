"""`bpftui serve`: the explorer in a browser."""
