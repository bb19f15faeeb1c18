"""`bpftui disasm`: the command, and the listings that it prints."""
