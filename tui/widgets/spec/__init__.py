"""What an object holds, on the screen: its tree, types, relocations, variables."""
