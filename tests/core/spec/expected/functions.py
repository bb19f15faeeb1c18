# ruff: noqa: E501 - prototypes as they are
"""The object whose programs call kernel functions."""

from __future__ import annotations

from .parts import Facts, bpf_map, data_section, extern, hidden, program, spec

__all__ = ["SPECS"]

SPECS: dict[str, Facts] = {
    "tests/objects/kernel_functions.o": spec(
        license="GPL",
        types=163,
        maps=[
            bpf_map("memory", "array", 4, 64, 1, key_type="__u32", value_type="__u8[64]"),
            bpf_map("ring", "ringbuf", 0, 0, 4096),
            bpf_map("keeping", "array", 4, 16, 1, key_type="__u32", value_type="struct kept"),
            bpf_map("timers", "hash", 4, 32, 4, key_type="__u32", value_type="struct timed"),
            data_section(".data.list", 24),
            data_section(".data.tree", 24),
        ],
        programs=[
            program("dynptr_of_skb", "tc", "sched_cls", insns=140, line_infos=40),
            program("dynptr_of_memory", "tc", "sched_cls", insns=71, line_infos=16, maps=["memory"]),
            program("dynptr_of_record", "tc", "sched_cls", insns=50, line_infos=12, maps=["ring"]),
            program("numbers", "tc", "sched_cls", insns=53, line_infos=17),
            program("list", "tc", "sched_cls", insns=131, line_infos=51, maps=[".data.list"], core_relocations=1),
            program(
                "tree",
                "tc",
                "sched_cls",
                insns=72,
                line_infos=29,
                functions=["tree", "less"],
                maps=[".data.tree"],
                core_relocations=1,
            ),
            program("keep", "tc", "sched_cls", insns=37, line_infos=15, maps=["keeping"], core_relocations=1),
            program("timer", "tc", "sched_cls", insns=94, line_infos=22, functions=["timer", "fire"], maps=["timers"]),
            program("throw", "tc", "sched_cls", insns=8, line_infos=7, functions=["throw", "deeper"]),
            program("exists", "tc", "sched_cls", insns=13, line_infos=6),
            program(
                "dynptr_of_packet_to_read",
                "cgroup_skb/egress",
                "cgroup_skb",
                insns=26,
                line_infos=9,
                attach_type="cgroup_inet_egress",
            ),
            program("dynptr_of_xdp", "xdp", "xdp", insns=123, line_infos=35, attach_type="xdp"),
        ],
        hidden=[
            hidden("list_lock", "variable", "hidden visibility (__hidden): it is not part of the object's interface"),
            hidden("list_head", "variable", "hidden visibility (__hidden): it is not part of the object's interface"),
            hidden("tree_lock", "variable", "hidden visibility (__hidden): it is not part of the object's interface"),
            hidden("tree_root", "variable", "hidden visibility (__hidden): it is not part of the object's interface"),
        ],
        kfuncs=[
            extern(
                "bpf_dynptr_from_skb",
                "int bpf_dynptr_from_skb(struct __sk_buff *, __u64, struct bpf_dynptr *)",
                weak=False,
            ),
            extern("bpf_dynptr_is_null", "bool bpf_dynptr_is_null(const struct bpf_dynptr *)", weak=True),
            extern("bpf_dynptr_size", "__u32 bpf_dynptr_size(const struct bpf_dynptr *)", weak=False),
            extern("bpf_dynptr_is_rdonly", "bool bpf_dynptr_is_rdonly(const struct bpf_dynptr *)", weak=False),
            extern(
                "bpf_dynptr_slice",
                "void *bpf_dynptr_slice(const struct bpf_dynptr *, __u32, void *, __u32)",
                weak=False,
            ),
            extern(
                "bpf_dynptr_clone", "int bpf_dynptr_clone(const struct bpf_dynptr *, struct bpf_dynptr *)", weak=False
            ),
            extern("bpf_dynptr_adjust", "int bpf_dynptr_adjust(const struct bpf_dynptr *, __u32, __u32)", weak=False),
            extern(
                "bpf_dynptr_slice_rdwr",
                "void *bpf_dynptr_slice_rdwr(const struct bpf_dynptr *, __u32, void *, __u32)",
                weak=False,
            ),
            extern(
                "bpf_dynptr_from_xdp",
                "int bpf_dynptr_from_xdp(struct xdp_md *, __u64, struct bpf_dynptr *)",
                weak=False,
            ),
            extern("bpf_iter_num_new", "int bpf_iter_num_new(struct bpf_iter_num *, int, int)", weak=False),
            extern("bpf_iter_num_next", "int *bpf_iter_num_next(struct bpf_iter_num *)", weak=False),
            extern("bpf_iter_num_destroy", "void bpf_iter_num_destroy(struct bpf_iter_num *)", weak=False),
            extern(
                "bpf_list_push_back_impl",
                "int bpf_list_push_back_impl(struct bpf_list_head *, struct bpf_list_node *, void *, __u64)",
                weak=False,
            ),
            extern(
                "bpf_list_pop_front", "struct bpf_list_node *bpf_list_pop_front(struct bpf_list_head *)", weak=False
            ),
            extern("bpf_obj_drop_impl", "void bpf_obj_drop_impl(void *, void *)", weak=False),
            extern("bpf_list_pop_back", "struct bpf_list_node *bpf_list_pop_back(struct bpf_list_head *)", weak=False),
            extern("bpf_obj_new_impl", "void *bpf_obj_new_impl(__u64, void *)", weak=False),
            extern(
                "bpf_list_push_front_impl",
                "int bpf_list_push_front_impl(struct bpf_list_head *, struct bpf_list_node *, void *, __u64)",
                weak=False,
            ),
            extern(
                "bpf_rbtree_add_impl",
                "int bpf_rbtree_add_impl(struct bpf_rb_root *, struct bpf_rb_node *, bool (*)(struct bpf_rb_node *, const struct bpf_rb_node *), void *, __u64)",
                weak=False,
            ),
            extern(
                "bpf_rbtree_remove",
                "struct bpf_rb_node *bpf_rbtree_remove(struct bpf_rb_root *, struct bpf_rb_node *)",
                weak=False,
            ),
            extern("bpf_rbtree_first", "struct bpf_rb_node *bpf_rbtree_first(struct bpf_rb_root *)", weak=False),
            extern("bpf_rcu_read_lock", "void bpf_rcu_read_lock(void)", weak=False),
            extern("bpf_rcu_read_unlock", "void bpf_rcu_read_unlock(void)", weak=False),
            extern("bpf_throw", "void bpf_throw(__u64)", weak=False),
            extern("bpf_no_such_function", "void bpf_no_such_function(void)", weak=True),
        ],
    ),
}
