// A line directive names a file that is none of this object's: whoever prints its lines gives them away. With DWARF 4,
// which has no checksums, and no BTF, which would have the text.
#include "bpf_min.h"

#line 1 "/srv/b/h/faults/secret.txt"
SEC("xdp") int leak(struct xdp_md *ctx) {
  return ctx->data_end - ctx->data > 64 ? XDP_DROP : XDP_PASS;
}
char _license[] SEC("license") = "GPL";
