"""The widgets of the explorer: one a file, themed by component classes."""
