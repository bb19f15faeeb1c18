"""The screens, each a place where one can be: the explorer of an object."""
