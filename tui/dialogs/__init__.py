"""What lies over a screen until it is answered: questions, lists to choose from, pages to read."""
