"""What outlives a session: the user's configuration, presets, recent objects, the journal, and where they are kept."""
