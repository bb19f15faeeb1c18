// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* A variable of every kind of type that C has: what the typed editors and the BTF codec must get right. */
#include "bpf_min.h"

enum colour { RED = 1, GREEN, BLUE = 7 };
enum sign { MINUS = -1, ZERO, PLUS };
enum large { SMALL = 1, HUGE = 0x123456789abcdef0ULL };
enum large_signed { LOWEST = -0x7000000000000000LL, HIGHEST = 0x7000000000000000LL };

struct flags {
	__u32 one : 1;
	__u32 three : 3;
	__s32 minus : 4;
	__u32 : 8;
	__u64 wide : 33;
	enum colour colour : 3;
};

union word {
	__u32 whole;
	__u16 halves[2];
	__u8 bytes[4];
	struct {
		__u8 low;
		__u8 rest[3];
	};
};

struct point {
	__s32 x, y;
};

struct nested {
	char tag;
	struct point points[2];
	union {
		__u64 number;
		void *pointer;
	};
	struct {
		__u16 inner;
		enum sign sign;
	} named;
	__u8 tail[3];
};

struct packed {
	__u8 a;
	__u32 b;
	__u16 c;
} __attribute__((packed));

struct node {
	struct node *next;
	int (*call)(struct node *self, const char *text);
	__u32 data;
};

typedef __u32 number_t;
typedef number_t alias_t;

bool truth = true;
char letter = 'x';
__s8 s8 = -128;
__u8 u8 = 255;
__s16 s16 = -32768;
__u16 u16 = 65535;
__s32 s32 = -2147483647 - 1;
__u32 u32 = 4294967295U;
__s64 s64 = -9223372036854775807LL - 1;
__u64 u64 = 18446744073709551615ULL;
__int128 s128 = -5;
unsigned __int128 u128 = ((unsigned __int128)1 << 100) + 7;
float f32 = 1.5F;
double f64 = -0.1;
alias_t alias = 12;

enum colour colour = BLUE;
enum sign sign = MINUS;
enum large large = HUGE;
enum large_signed large_signed = LOWEST;

char text[16] = "hello";
char full[4] = { 'f', 'u', 'l', 'l' };
__u8 bytes[6] = { 0xde, 0xad, 0xbe, 0xef, 0, 1 };
__u16 matrix[2][3] = { { 1, 2, 3 }, { 4, 5, 6 } };
struct point points[3] = { { 1, -1 }, { 2, -2 }, { 3, -3 } };

struct flags flags = { .one = 1, .three = 5, .minus = -3, .wide = 0x1ffffffffULL, .colour = BLUE };
union word word = { .whole = 0x11223344 };
struct nested nested = { 'n', { { 1, 2 }, { 3, 4 } }, { 99 }, { 5, PLUS }, { 7, 8, 9 } };
struct packed packed = { 1, 0x01020304, 0x0506 };
struct node node = { NULL, NULL, 77 };

const volatile struct point origin = { 10, 20 };
struct nested empty;

SEC("socket")
int values(struct __sk_buff *skb)
{
	return u16 + origin.x;
}

char _license[] SEC("license") = "Dual MIT/GPL";
