"""The screen of bpftui, and its command line: everything here goes through `bpftui.core`."""
