"""Lists over the whole terminal, to choose from before there is an explorer."""
