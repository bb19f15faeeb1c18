"""What changes on the screen: maps, events, charts."""
