"""Things as text, for every screen and command: numbers, pages, exported listings, colours of a terminal."""
