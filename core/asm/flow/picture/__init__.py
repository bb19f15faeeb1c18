"""A graph as a picture of boxes and lines in character cells: where everything stands, and the rows of it.

The method is that of K. Sugiyama and others (Methods for Visual Understanding of Hierarchical System Structures, IEEE
Transactions on Systems, Man and Cybernetics 11, 1981), as compilers' graphs are drawn by Graphviz (E. Gansner and
others, A Technique for Drawing Directed Graphs, IEEE Transactions on Software Engineering 19, 1993): `ranks` puts
nodes in layers, `order` puts those of a layer in an order with few crossings, `columns` gives them their places, and
`routes` leads right-angled lines between them. Lines to the same node share their way, as in `margin`.
"""

from __future__ import annotations

from .drawing import Drawing, Ink, PictureBox, Piece
from .layout import Box, Layout

__all__ = ["Box", "Drawing", "Ink", "Layout", "PictureBox", "Piece"]
