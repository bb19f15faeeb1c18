"""The widgets of the debugger, by what they show of a run."""
