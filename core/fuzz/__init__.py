"""Inputs for what runs do not come to by themselves: a search for packets, contexts, variables and map entries.

`inputs` says what a program can be given and gives it, `mutation` changes that, `search` keeps what reached something
new, and `written` puts what was found into a file.
"""

from __future__ import annotations

__all__: list[str] = []
