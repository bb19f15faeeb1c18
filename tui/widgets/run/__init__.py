"""What a test run is made of: its packet, the context, and what came of it."""
