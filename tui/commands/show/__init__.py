"""`bpftui show`: the command, and the forms in which a spec is shown."""
