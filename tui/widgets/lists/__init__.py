"""Lists of any length, with a cursor and a search."""
