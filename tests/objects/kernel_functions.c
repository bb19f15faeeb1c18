// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Kernel functions, and helpers that keep something: dynptrs, iterators, objects in lists and trees, timers, throws.
 * Each program returns what all of its steps gave, so that one wrong step shows. Linux 6.9 has them all. */
#include "bpf_min.h"

#define __ksym __attribute__((section(".ksyms")))
#define __kptr __attribute__((btf_type_tag("kptr")))
#define __contains(type, node) __decl_tag("contains:" #type ":" #node)
#define container_of(pointer, type, member) ((type *)((void *)(pointer) - __builtin_offsetof(type, member)))
#define private(name) SEC(".data." #name) __hidden __attribute__((aligned(8)))
#define bpf_obj_new(type) ((type *)bpf_obj_new_impl(__builtin_btf_type_id(*(type *)0, 0), NULL))
#define bpf_obj_drop(object) bpf_obj_drop_impl(object, NULL)

struct bpf_dynptr { __u64 opaque[2]; } __attribute__((aligned(8)));
struct bpf_iter_num { __u64 opaque[1]; } __attribute__((aligned(8)));
struct bpf_spin_lock { __u32 value; };
struct bpf_list_head { __u64 opaque[2]; } __attribute__((aligned(8)));
struct bpf_list_node { __u64 opaque[3]; } __attribute__((aligned(8)));
struct bpf_rb_root { __u64 opaque[2]; } __attribute__((aligned(8)));
struct bpf_rb_node { __u64 opaque[4]; } __attribute__((aligned(8)));
struct bpf_timer { __u64 opaque[2]; } __attribute__((aligned(8)));

static void (*const bpf_spin_lock)(struct bpf_spin_lock *lock) = (void *)93;
static void (*const bpf_spin_unlock)(struct bpf_spin_lock *lock) = (void *)94;
static long (*const bpf_timer_init)(struct bpf_timer *timer, void *map, __u64 flags) = (void *)169;
static long (*const bpf_timer_set_callback)(struct bpf_timer *timer, void *callback) = (void *)170;
static long (*const bpf_timer_start)(struct bpf_timer *timer, __u64 nsecs, __u64 flags) = (void *)171;
static long (*const bpf_timer_cancel)(struct bpf_timer *timer) = (void *)172;
static void *(*const bpf_kptr_xchg)(void *map_value, void *ptr) = (void *)194;
static long (*const bpf_dynptr_from_mem)(void *data, __u32 size, __u64 flags, struct bpf_dynptr *ptr) = (void *)197;
static long (*const bpf_ringbuf_reserve_dynptr)(void *ringbuf, __u32 size, __u64 flags, struct bpf_dynptr *ptr) = (void *)198;
static void (*const bpf_ringbuf_submit_dynptr)(struct bpf_dynptr *ptr, __u64 flags) = (void *)199;
static void (*const bpf_ringbuf_discard_dynptr)(struct bpf_dynptr *ptr, __u64 flags) = (void *)200;
static long (*const bpf_dynptr_read)(void *dst, __u32 len, const struct bpf_dynptr *src, __u32 offset, __u64 flags) = (void *)201;
static long (*const bpf_dynptr_write)(const struct bpf_dynptr *dst, __u32 offset, void *src, __u32 len, __u64 flags) = (void *)202;
static void *(*const bpf_dynptr_data)(const struct bpf_dynptr *ptr, __u32 offset, __u32 len) = (void *)203;

extern int bpf_dynptr_from_skb(struct __sk_buff *skb, __u64 flags, struct bpf_dynptr *ptr) __ksym;
extern int bpf_dynptr_from_xdp(struct xdp_md *xdp, __u64 flags, struct bpf_dynptr *ptr) __ksym;
extern void *bpf_dynptr_slice(const struct bpf_dynptr *ptr, __u32 offset, void *buffer, __u32 buffer__szk) __ksym;
extern void *bpf_dynptr_slice_rdwr(const struct bpf_dynptr *ptr, __u32 offset, void *buffer, __u32 buffer__szk) __ksym;
extern int bpf_dynptr_adjust(const struct bpf_dynptr *ptr, __u32 start, __u32 end) __ksym;
extern bool bpf_dynptr_is_null(const struct bpf_dynptr *ptr) __ksym __weak;
extern bool bpf_dynptr_is_rdonly(const struct bpf_dynptr *ptr) __ksym;
extern __u32 bpf_dynptr_size(const struct bpf_dynptr *ptr) __ksym;
extern int bpf_dynptr_clone(const struct bpf_dynptr *ptr, struct bpf_dynptr *clone) __ksym;
extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) __ksym;
extern int *bpf_iter_num_next(struct bpf_iter_num *it) __ksym;
extern void bpf_iter_num_destroy(struct bpf_iter_num *it) __ksym;
extern void *bpf_obj_new_impl(__u64 local_type_id, void *meta) __ksym;
extern void bpf_obj_drop_impl(void *kptr, void *meta) __ksym;
extern int bpf_list_push_front_impl(struct bpf_list_head *head, struct bpf_list_node *node, void *meta, __u64 off) __ksym;
extern int bpf_list_push_back_impl(struct bpf_list_head *head, struct bpf_list_node *node, void *meta, __u64 off) __ksym;
extern struct bpf_list_node *bpf_list_pop_front(struct bpf_list_head *head) __ksym;
extern struct bpf_list_node *bpf_list_pop_back(struct bpf_list_head *head) __ksym;
extern int bpf_rbtree_add_impl(struct bpf_rb_root *root, struct bpf_rb_node *node,
			       bool (less)(struct bpf_rb_node *a, const struct bpf_rb_node *b), void *meta, __u64 off) __ksym;
extern struct bpf_rb_node *bpf_rbtree_remove(struct bpf_rb_root *root, struct bpf_rb_node *node) __ksym;
extern struct bpf_rb_node *bpf_rbtree_first(struct bpf_rb_root *root) __ksym;
extern void bpf_throw(__u64 cookie) __ksym;
extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;
extern void bpf_no_such_function(void) __ksym __weak;

struct item {
	__u64 key;
	struct bpf_list_node link;
};

struct leaf {
	struct bpf_rb_node node;
	__u64 key;
};

struct kept {
	__u64 count;
	struct item __kptr *item;
};

struct timed {
	__u64 fired;
	__u32 last_key;
	struct bpf_timer timer;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u8[64]);
	__uint(max_entries, 1);
} memory SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct kept);
	__uint(max_entries, 1);
} keeping SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u32);
	__type(value, struct timed);
	__uint(max_entries, 4);
} timers SEC(".maps");

private(list) struct bpf_spin_lock list_lock;
private(list) struct bpf_list_head list_head __contains(item, link);
private(tree) struct bpf_spin_lock tree_lock;
private(tree) struct bpf_rb_root tree_root __contains(leaf, node);

#define STEP(total, value) ((total) = (total) * 31 + (__u32)(value))

static __always_inline __u32 look(const struct bpf_dynptr *packet, struct bpf_dynptr *clone)
{
	__u32 total = 1;
	__u8 buffer[8] = {}, *bytes;

	STEP(total, bpf_dynptr_size(packet));
	STEP(total, bpf_dynptr_is_null(packet) + 2 * bpf_dynptr_is_rdonly(packet));
	STEP(total, bpf_dynptr_read(buffer, sizeof(buffer), packet, 6, 0));
	STEP(total, buffer[0] + buffer[7]);
	STEP(total, bpf_dynptr_read(buffer, sizeof(buffer), packet, 100000, 0));
	bytes = bpf_dynptr_slice(packet, 12, buffer, 2);
	if (bytes)
		STEP(total, bytes[0] << 8 | bytes[1]);
	STEP(total, bpf_dynptr_clone(packet, clone));
	STEP(total, bpf_dynptr_adjust(clone, 4, 20));
	STEP(total, bpf_dynptr_adjust(clone, 2, 17));
	STEP(total, bpf_dynptr_adjust(clone, 5, 4));
	STEP(total, bpf_dynptr_size(clone));
	buffer[0] = 0x5a;
	STEP(total, bpf_dynptr_write(clone, 1, buffer, 1, 0));
	bytes = bpf_dynptr_slice_rdwr(clone, 8, buffer, 4);
	if (bytes) {
		STEP(total, bytes[3]);
		bytes[2] = 0xa5;
	}
	return total;
}

SEC("tc")
int dynptr_of_skb(struct __sk_buff *skb)
{
	struct bpf_dynptr packet, clone;
	__u32 total = bpf_dynptr_from_skb(skb, 1, &packet);

	STEP(total, bpf_dynptr_is_null(&packet));
	STEP(total, bpf_dynptr_from_skb(skb, 0, &packet));
	STEP(total, look(&packet, &clone));
	return total;
}

SEC("cgroup_skb/egress")
int dynptr_of_packet_to_read(struct __sk_buff *skb)
{
	struct bpf_dynptr packet;
	__u8 byte = 1;

	if (bpf_dynptr_from_skb(skb, 0, &packet))
		return 0;
	return bpf_dynptr_is_rdonly(&packet) && bpf_dynptr_write(&packet, 0, &byte, 1, 0) == -22;
}

SEC("xdp")
int dynptr_of_xdp(struct xdp_md *xdp)
{
	struct bpf_dynptr packet, clone;

	if (bpf_dynptr_from_xdp(xdp, 0, &packet))
		return 1;
	return look(&packet, &clone);
}

SEC("tc")
int dynptr_of_memory(struct __sk_buff *skb)
{
	struct bpf_dynptr dynptr;
	__u8 *value, *bytes, buffer[4] = {1, 2, 3, 4};
	__u32 total = 0, key = 0;

	value = bpf_map_lookup_elem(&memory, &key);
	if (!value)
		return 0;
	STEP(total, bpf_dynptr_from_mem(value, 48, 0, &dynptr));
	STEP(total, bpf_dynptr_write(&dynptr, 44, buffer, 4, 0));
	STEP(total, bpf_dynptr_write(&dynptr, 45, buffer, 4, 0));
	STEP(total, bpf_dynptr_write(&dynptr, 0, buffer, 4, 1));
	bytes = bpf_dynptr_data(&dynptr, 40, 8);
	if (bytes) {
		STEP(total, bytes[7]);
		bytes[0] = 9;
	}
	STEP(total, bpf_dynptr_data(&dynptr, 41, 8) != NULL);
	STEP(total, bpf_dynptr_size(&dynptr));
	return total;
}

SEC("tc")
int dynptr_of_record(struct __sk_buff *skb)
{
	struct bpf_dynptr record;
	__u64 number = 0x1122334455667788;
	__u32 total = 0;

	STEP(total, bpf_ringbuf_reserve_dynptr(&ring, skb->len, 0, &record));
	STEP(total, bpf_dynptr_write(&record, 3, &number, sizeof(number), 0));
	bpf_ringbuf_submit_dynptr(&record, 0);
	STEP(total, bpf_ringbuf_reserve_dynptr(&ring, 5000, 0, &record));
	STEP(total, bpf_dynptr_write(&record, 0, &number, sizeof(number), 0));
	bpf_ringbuf_discard_dynptr(&record, 0);
	return total;
}

SEC("tc")
int numbers(struct __sk_buff *skb)
{
	struct bpf_iter_num it;
	__u32 total = 0;
	int *number;

	STEP(total, bpf_iter_num_new(&it, -3, skb->len & 15));
	while ((number = bpf_iter_num_next(&it)))
		STEP(total, *number);
	bpf_iter_num_destroy(&it);
	STEP(total, bpf_iter_num_new(&it, 5, 4));
	STEP(total, bpf_iter_num_next(&it) != NULL);
	bpf_iter_num_destroy(&it);
	STEP(total, bpf_iter_num_new(&it, 0, 10000000));
	bpf_iter_num_destroy(&it);
	return total;
}

SEC("tc")
int list(struct __sk_buff *skb)
{
	struct bpf_list_node *node;
	__u32 total = 0;

	for (int i = 0; i < 6; i++) {
		struct item *item = bpf_obj_new(struct item);

		if (!item)
			return 0;
		item->key = i;
		bpf_spin_lock(&list_lock);
		if (i & 1)
			bpf_list_push_front_impl(&list_head, &item->link, NULL, 0);
		else
			bpf_list_push_back_impl(&list_head, &item->link, NULL, 0);
		bpf_spin_unlock(&list_lock);
	}
	for (int i = 0; i < 5; i++) {
		struct item *item;

		bpf_spin_lock(&list_lock);
		node = i & 1 ? bpf_list_pop_back(&list_head) : bpf_list_pop_front(&list_head);
		bpf_spin_unlock(&list_lock);
		if (!node)
			return 0;
		item = container_of(node, struct item, link);
		STEP(total, item->key);
		bpf_obj_drop(item);
	}
	return total;
}

static bool less(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	return container_of(a, struct leaf, node)->key < container_of(b, struct leaf, node)->key;
}

SEC("tc")
int tree(struct __sk_buff *skb)
{
	struct bpf_rb_node *node;
	__u32 total = 0;

	for (int i = 0; i < 8; i++) {
		struct leaf *leaf = bpf_obj_new(struct leaf);

		if (!leaf)
			return 0;
		leaf->key = (i * 5 + skb->len) & 7;
		bpf_spin_lock(&tree_lock);
		bpf_rbtree_add_impl(&tree_root, &leaf->node, less, NULL, 0);
		bpf_spin_unlock(&tree_lock);
	}
	for (int i = 0; i < 8; i++) {
		struct leaf *leaf;

		bpf_spin_lock(&tree_lock);
		node = bpf_rbtree_first(&tree_root);
		if (!node) {
			bpf_spin_unlock(&tree_lock);
			return 0;
		}
		node = bpf_rbtree_remove(&tree_root, node);
		bpf_spin_unlock(&tree_lock);
		if (!node)
			return 0;
		leaf = container_of(node, struct leaf, node);
		STEP(total, leaf->key);
		bpf_obj_drop(leaf);
	}
	return total;
}

SEC("tc")
int keep(struct __sk_buff *skb)
{
	struct kept *kept;
	struct item *item;
	__u32 key = 0, total = 7;

	kept = bpf_map_lookup_elem(&keeping, &key);
	item = bpf_obj_new(struct item);
	if (!item)
		return 0;
	if (!kept) {
		bpf_obj_drop(item);
		return 0;
	}
	item->key = ++kept->count;
	bpf_rcu_read_lock();
	item = bpf_kptr_xchg(&kept->item, item);
	bpf_rcu_read_unlock();
	if (item) {
		STEP(total, item->key);
		bpf_obj_drop(item);
	}
	return total;
}

static int fire(void *map, __u32 *key, struct timed *timed)
{
	timed->fired++;
	timed->last_key = *key;
	return 0;
}

SEC("tc")
int timer(struct __sk_buff *skb)
{
	struct timed *timed, empty = {};
	__u32 total = 0, key = skb->len;

	bpf_map_update_elem(&timers, &key, &empty, BPF_NOEXIST);
	timed = bpf_map_lookup_elem(&timers, &key);
	if (!timed)
		return 0;
	STEP(total, bpf_timer_start(&timed->timer, 0, 0));
	STEP(total, bpf_timer_init(&timed->timer, &timers, 5));
	STEP(total, bpf_timer_init(&timed->timer, &timers, 1));
	STEP(total, bpf_timer_init(&timed->timer, &timers, 1));
	STEP(total, bpf_timer_start(&timed->timer, 0, 0));
	STEP(total, bpf_timer_set_callback(&timed->timer, fire));
	STEP(total, bpf_timer_start(&timed->timer, 1000000000000, 0));
	STEP(total, bpf_timer_cancel(&timed->timer));
	STEP(total, bpf_timer_set_callback(&timed->timer, fire));
	STEP(total, bpf_timer_start(&timed->timer, 0, 0));
	return total;
}

static __noinline int deeper(__u32 length)
{
	if (length > 60)
		bpf_throw(length);
	return 5;
}

SEC("tc")
int throw(struct __sk_buff *skb)
{
	return deeper(skb->len) + 1;
}

SEC("tc")
int exists(struct __sk_buff *skb)
{
	return 2 * (bpf_no_such_function != NULL) + (bpf_dynptr_is_null != NULL);
}

char _license[] SEC("license") = "GPL";
