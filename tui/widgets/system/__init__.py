"""What the machine runs, on the screen: a tab for each noun, all from one look."""
