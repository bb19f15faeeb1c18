"""Linked lists and red-black trees of objects (Linux 6.2 and 6.3; peeking and walking since 6.16).

Lists and trees are known by the addresses of their heads, objects by those of their nodes. A tree is kept as the order
of its nodes: what programs see as root, left and right is a balanced tree over them, not always of the kernel's shape.
"""

from __future__ import annotations

import errno
from collections import deque
from typing import TYPE_CHECKING, Final

from ..engine.errors import RunError
from .declaration import ADDRESS, CALLBACK, U64, function
from .objects import Objects

if TYPE_CHECKING:
    from ..engine.calls import Calls
    from ..world.host import Host

__all__: list[str] = []

_MOST: Final = 1 << 16
"""Nodes: as many as there can be objects."""


class _Graphs:
    def __init__(self, host: Host) -> None:
        self._objects = host.part(Objects)
        self._owners: dict[int, int] = {}
        """By node, the head of what it is in."""
        self._lists: dict[int, deque[int]] = {}
        self._trees: dict[int, list[int]] = {}
        host.releases.append(self._release)

    def _release(self, place: int, _size: int) -> None:
        """Drop the objects that are in a list or a tree."""
        for node in (*self._lists.pop(place, ()), *self._trees.pop(place, ())):
            self._objects.drop(self.release(node))

    def list(self, head: int) -> deque[int]:
        """Return the nodes of the list with this head, first to last."""
        return self._lists.setdefault(head, deque())

    def tree(self, root: int) -> list[int]:
        """Return the nodes of the tree with this root, in their order."""
        return self._trees.setdefault(root, [])

    def own(self, node: int, head: int) -> bool:
        """Note where a node is; what is somewhere already loses the reference that came with it."""
        self._objects.check(node)
        if node in self._owners:
            self._objects.drop(node)
            return False
        if len(self._owners) >= _MOST:
            raise RunError(f"more than {_MOST} nodes in lists and trees")
        self._owners[node] = head
        return True

    def is_in(self, node: int, head: int) -> bool:
        return self._owners.get(node) == head

    def release(self, node: int) -> int:
        self._owners.pop(node, None)
        return node


@function(ADDRESS, ADDRESS, ADDRESS, U64)
def bpf_list_push_front_impl(host: Host, head: int, node: int, _meta: int, _offset: int) -> int:
    graphs = host.part(_Graphs)
    if not graphs.own(node, head):
        return -errno.EINVAL
    graphs.list(head).appendleft(node)
    return 0


@function(ADDRESS, ADDRESS, ADDRESS, U64)
def bpf_list_push_back_impl(host: Host, head: int, node: int, _meta: int, _offset: int) -> int:
    graphs = host.part(_Graphs)
    if not graphs.own(node, head):
        return -errno.EINVAL
    graphs.list(head).append(node)
    return 0


@function(ADDRESS)
def bpf_list_pop_front(host: Host, head: int) -> int:
    graphs = host.part(_Graphs)
    nodes = graphs.list(head)
    return graphs.release(nodes.popleft()) if nodes else 0


@function(ADDRESS)
def bpf_list_pop_back(host: Host, head: int) -> int:
    graphs = host.part(_Graphs)
    nodes = graphs.list(head)
    return graphs.release(nodes.pop()) if nodes else 0


@function(ADDRESS)
def bpf_list_front(host: Host, head: int) -> int:
    nodes = host.part(_Graphs).list(head)
    return nodes[0] if nodes else 0


@function(ADDRESS)
def bpf_list_back(host: Host, head: int) -> int:
    nodes = host.part(_Graphs).list(head)
    return nodes[-1] if nodes else 0


@function(ADDRESS, ADDRESS, CALLBACK, ADDRESS, U64)
def bpf_rbtree_add_impl(host: Host, root: int, node: int, less: int, _meta: int, _offset: int = 0) -> Calls[int]:
    graphs = host.part(_Graphs)
    nodes = list(graphs.tree(root))
    low, high = 0, len(nodes)
    while low < high:
        middle = (low + high) // 2
        if (yield less, node, nodes[middle]) & 0xFFFF_FFFF:
            high = middle
        else:
            low = middle + 1
    if not graphs.own(node, root):
        return -errno.EINVAL
    graphs.tree(root).insert(low, node)
    return 0


@function(ADDRESS, ADDRESS)
def bpf_rbtree_remove(host: Host, root: int, node: int) -> int:
    graphs = host.part(_Graphs)
    if not graphs.is_in(node, root):
        return 0
    graphs.tree(root).remove(node)
    return graphs.release(node)


@function(ADDRESS)
def bpf_rbtree_first(host: Host, root: int) -> int:
    nodes = host.part(_Graphs).tree(root)
    return nodes[0] if nodes else 0


@function(ADDRESS)
def bpf_rbtree_root(host: Host, root: int) -> int:
    nodes = host.part(_Graphs).tree(root)
    return nodes[len(nodes) // 2] if nodes else 0


@function(ADDRESS, ADDRESS)
def bpf_rbtree_left(host: Host, root: int, node: int) -> int:
    return _child(host, root, node, left=True)


@function(ADDRESS, ADDRESS)
def bpf_rbtree_right(host: Host, root: int, node: int) -> int:
    return _child(host, root, node, left=False)


def _child(host: Host, root: int, node: int, *, left: bool) -> int:
    graphs = host.part(_Graphs)
    if not graphs.is_in(node, root):
        return 0
    nodes = graphs.tree(root)
    at = nodes.index(node)
    low, high = 0, len(nodes)
    while (middle := (low + high) // 2) != at:
        low, high = (middle + 1, high) if middle < at else (low, middle)
    low, high = (low, at) if left else (at + 1, high)
    return nodes[(low + high) // 2] if low < high else 0
