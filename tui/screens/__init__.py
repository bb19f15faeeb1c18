"""The screens: the explorer, and the dialogs that it opens."""
