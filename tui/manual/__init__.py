"""The manual: eleven pages of Markdown, in the order of their numbers.

`{load=L}` is the key of the binding with that id, as the user has it; behind `=` stands the one that it has by default.
"""
