"""What stands between this process and its terminal: gates for foreign text, early keys, the guardian."""
