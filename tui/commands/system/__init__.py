"""What the machine runs, whoever loaded it: `bpftui list`, `bpftui top`."""
