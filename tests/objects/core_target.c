// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* The types of another "kernel", for core_shapes.c: no programs, only their BTF counts. */
#include "bpf_min.h"

struct point {
	int y, x;
};

struct other {
	int x;
};

struct moved {
	__u64 before;
	struct {
		long padding;
		union {
			long other;
			int in_union;
		};
		int in_anonymous;
	};
	int array[8];
	int second;
	struct point points[2];
	int too_far[4];
	struct point was_struct;
	char text[];
} moved;

struct sizes {
	long before;
	__u64 grows;
	__u16 shrinks;
	long grows_signed;
	__u32 *pointer;
	int stays;
} sizes;

struct bits {
	__u64 before : 33;
	__u64 high : 20;
	__u32 : 0;
	__u32 middle : 7;
	int low : 4;
	__u16 plain;
} bits;

struct flavored {
	long before;
	int value;
} flavored;

struct flavored___there {
	char before[8];
	int value;
} flavored_there;

struct twins {
	int different, same;
} twins;

struct twins___2 {
	int padding, same, different;
} twins_2;

typedef long number_t;
typedef struct other point_t;
typedef int (*callback_t)(struct point *point, long count);
typedef int (*other_callback_t)(struct point *point, int more);

number_t number;
point_t point;
callback_t callback;
other_callback_t other_callback;

struct matching {
	char name[8];
	int more;
	struct point at;
	struct absent *pointer;
} matching;

struct not_matching {
	int value;
} not_matching;

/* Of another kind than the union of that name. */
struct either {
	int a;
	long b;
} either;

enum color { PURPLE = 7, GREEN = 20, RED = 10 } color;
enum wide { WIDE_LOW = 1, WIDE_HIGH = 0x987654321LL } wide;
enum minus { MINUS_ONE = -10, PLUS_ONE = -20 } minus;
enum top { TOP = 0x90000000U } top;
