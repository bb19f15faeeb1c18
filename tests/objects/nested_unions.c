// Unions of seven members, ten levels deep, all at offset 0: 7^10 (282 million) places in the type for one access, in
// `p`. `attached` stands beside it, for what is to end while `p` is looked at.

#define SEC(n) __attribute__((section(n), used))

struct e0 {
    int x, y;
};

#define LEVEL(n, m) \
    struct e##n { \
        union { \
            struct e##m a, b, c, d, e, f, g; \
        }; \
    }

LEVEL(1, 0);
LEVEL(2, 1);
LEVEL(3, 2);
LEVEL(4, 3);
LEVEL(5, 4);
LEVEL(6, 5);
LEVEL(7, 6);
LEVEL(8, 7);
LEVEL(9, 8);
LEVEL(10, 9);

SEC("xdp") int attached(void *ctx)
{
    return 2;
}

SEC("syscall") int p(struct e10 *ctx)
{
    *(short *)((char *)ctx + 4) = 1;
    return 0;
}

char _license[] SEC("license") = "GPL";
