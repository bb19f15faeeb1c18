"""`bpftui diff`: two objects beside each other."""
