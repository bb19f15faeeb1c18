"""The verifier on the screen: its log, its verdict, what it knew."""
