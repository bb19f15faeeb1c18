// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* CO-RE against a made-up target, core_target.c: what moves, grows, changes kind, is missing or is there twice. */
#include "bpf_min.h"

#define __core __attribute__((preserve_access_index))

enum { FIELD_BYTE_OFFSET, FIELD_BYTE_SIZE, FIELD_EXISTS, FIELD_SIGNED, FIELD_LSHIFT_U64, FIELD_RSHIFT_U64 };
enum { TYPE_EXISTS, TYPE_SIZE, TYPE_MATCHES };
enum { TYPE_ID_LOCAL, TYPE_ID_TARGET };
enum { ENUM_VALUE_EXISTS, ENUM_VALUE };

#define FIELD(access, what) __builtin_preserve_field_info(access, FIELD_##what)
#define TYPE(type, what) __builtin_preserve_type_info(*(type *)0, TYPE_##what)
#define VALUE(type, name, what) __builtin_preserve_enum_value(*(type *)name, ENUM_VALUE##what)
#define KEEP(value) sink = (value)

volatile __u64 sink;

struct point {
	int x, y;
} __core;

struct moved {
	int second;
	int array[4];
	struct point points[3];
	struct {
		int in_anonymous;
		union {
			int in_union;
			long other;
		};
	};
	int too_far[8];
	int was_struct;
	char text[];
} __core;

/* Loads and stores: their size follows the target's where that is safe. */
struct sizes {
	__u32 grows;
	__u64 shrinks;
	int grows_signed;
	void *pointer;
	__u32 stays;
} __core;

struct bits {
	__u32 low : 3;
	int middle : 5;
	__u64 high : 20;
	__u8 plain;
} __core;

/* The name of a flavour: only what stands before the three underscores counts. */
struct flavored___here {
	int value;
} __core;

struct twins {
	int same, different;
} __core;

struct absent {
	int x;
} __core;

typedef int number_t;
typedef struct point point_t;
typedef int (*callback_t)(struct point *point, long count);
typedef int (*other_callback_t)(struct point *point);

struct matching {
	struct point at;
	struct absent *pointer;
	char name[8];
} __core;

struct not_matching {
	unsigned int value;
} __core;

union either {
	int a;
	long b;
} __core;

enum color { RED = 1, GREEN = 2, GONE = 3 };
enum wide { WIDE_LOW = 1, WIDE_HIGH = 0x123456789LL };
enum minus { MINUS_ONE = -1, PLUS_ONE = 1 };
enum top { TOP = 0x80000000U };

SEC("socket/fields")
int fields(struct moved *moved)
{
	KEEP(FIELD(moved->second, BYTE_OFFSET));
	KEEP(FIELD(moved->array[2], BYTE_OFFSET));
	KEEP(FIELD(moved->array, BYTE_SIZE));
	KEEP(FIELD(moved->points[1].y, BYTE_OFFSET));
	KEEP(FIELD(moved->in_anonymous, BYTE_OFFSET));
	KEEP(FIELD(moved->in_union, BYTE_OFFSET));
	KEEP(FIELD(moved->too_far[5], EXISTS));
	KEEP(FIELD(moved->was_struct, EXISTS));
	KEEP(FIELD(moved->text[100], BYTE_OFFSET));
	KEEP(FIELD(moved[2].second, BYTE_OFFSET));
	KEEP(FIELD(moved->array[1], EXISTS));
	KEEP(FIELD(moved->array[1], BYTE_SIZE));
	return 0;
}

SEC("socket/loads")
int loads(struct sizes *sizes)
{
	KEEP(sizes->grows);
	KEEP(sizes->shrinks);
	KEEP(sizes->grows_signed);
	KEEP((__u64)sizes->pointer);
	sizes->stays = 7;
	return 0;
}

SEC("socket/bitfields")
int bitfields(struct bits *bits)
{
	KEEP(FIELD(bits->low, BYTE_OFFSET));
	KEEP(FIELD(bits->low, BYTE_SIZE));
	KEEP(FIELD(bits->low, SIGNED));
	KEEP(FIELD(bits->low, LSHIFT_U64));
	KEEP(FIELD(bits->low, RSHIFT_U64));
	KEEP(FIELD(bits->middle, SIGNED));
	KEEP(FIELD(bits->middle, LSHIFT_U64));
	KEEP(FIELD(bits->middle, RSHIFT_U64));
	KEEP(FIELD(bits->high, BYTE_OFFSET));
	KEEP(FIELD(bits->high, BYTE_SIZE));
	KEEP(FIELD(bits->high, LSHIFT_U64));
	KEEP(FIELD(bits->plain, LSHIFT_U64));
	KEEP(FIELD(bits->plain, RSHIFT_U64));
	return 0;
}

SEC("socket/names")
int names(void *ctx)
{
	struct flavored___here *flavored = ctx;
	struct twins *twins = ctx;
	struct absent *absent = ctx;

	KEEP(FIELD(flavored->value, BYTE_OFFSET));
	KEEP(FIELD(twins->same, BYTE_OFFSET));
	KEEP(FIELD(absent->x, BYTE_OFFSET));
	KEEP(FIELD(absent->x, EXISTS));
	return 0;
}

SEC("socket/ambiguous")
int ambiguous(struct twins *twins)
{
	return FIELD(twins->different, BYTE_OFFSET);
}

SEC("socket/types")
int types(void *ctx)
{
	KEEP(TYPE(struct point, EXISTS));
	KEEP(TYPE(struct absent, EXISTS));
	KEEP(TYPE(struct absent, SIZE));
	KEEP(TYPE(struct moved, SIZE));
	KEEP(TYPE(point_t, EXISTS));
	KEEP(TYPE(number_t, SIZE));
	KEEP(TYPE(union either, EXISTS));
	KEEP(TYPE(struct matching, MATCHES));
	KEEP(TYPE(struct not_matching, EXISTS));
	KEEP(TYPE(struct not_matching, MATCHES));
	KEEP(TYPE(callback_t, EXISTS));
	KEEP(TYPE(callback_t, MATCHES));
	KEEP(TYPE(other_callback_t, EXISTS));
	KEEP(TYPE(enum color, MATCHES));
	KEEP(TYPE(enum wide, MATCHES));
	KEEP(__builtin_btf_type_id(*(struct point *)0, TYPE_ID_LOCAL));
	KEEP(__builtin_btf_type_id(*(struct point *)0, TYPE_ID_TARGET));
	KEEP(__builtin_btf_type_id(*(struct absent *)0, TYPE_ID_TARGET));
	return 0;
}

SEC("socket/enumerators")
int enumerators(void *ctx)
{
	KEEP(VALUE(enum color, GREEN, ));
	KEEP(VALUE(enum color, GREEN, _EXISTS));
	KEEP(VALUE(enum color, GONE, ));
	KEEP(VALUE(enum color, GONE, _EXISTS));
	KEEP(VALUE(enum wide, WIDE_HIGH, ));
	KEEP(VALUE(enum minus, MINUS_ONE, ));
	KEEP(VALUE(enum minus, PLUS_ONE, ));
	KEEP(VALUE(enum top, TOP, ));
	return 0;
}

char _license[] SEC("license") = "Dual MIT/GPL";
