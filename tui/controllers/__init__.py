"""What the explorer can do, one noun a controller: its keys, what they do, and why they do nothing now."""
