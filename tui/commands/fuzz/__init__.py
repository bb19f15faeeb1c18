"""`bpftui fuzz`: a search for inputs that reach what others do not."""
