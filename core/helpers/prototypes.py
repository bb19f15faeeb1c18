"""The helpers' prototypes, and what each does in a sentence.

Names and types of the parameters are those of `linux/bpf.h` (June 2026), the sentences are ours. Two helpers depend on
the program's type, `bpf_get_socket_cookie` and `bpf_sk_assign`: here they are what they are for packets.
"""

from __future__ import annotations

import functools
import re
from typing import Final, NamedTuple

from .names import HELPERS

__all__ = ["Helper", "Parameter", "find_helper"]


class Parameter(NamedTuple):
    """A parameter of a helper; the first is passed in r1, the last in r5 at most."""

    type: str
    """In C: `const void *`, `u64`."""
    name: str


class Helper(NamedTuple):
    """A helper function."""

    number: int
    name: str
    """With `bpf_`."""
    result: str
    """The C type of what it leaves in r0; `void` for nothing of use."""
    parameters: tuple[Parameter, ...]
    variadic: bool
    """Whether more arguments may follow, as far as there are registers."""
    prototype: str
    """All of that as C writes it, without a semicolon."""
    meaning: str
    """What it does, or what it returns: one sentence, parameters in backquotes."""


def find_helper(number: int) -> Helper | None:
    """Return the helper with the id *number*; None where there is none."""
    return _helpers().get(number)


@functools.cache
def _helpers() -> dict[int, Helper]:
    numbers = {name: number for number, name in enumerate(HELPERS)}
    found: dict[int, Helper] = {}
    lines = _TABLE.strip().splitlines()
    for prototype, meaning in zip(lines[::2], lines[1::2], strict=True):
        result, name, inside = _declared(prototype)
        parts = [] if inside == "void" else inside.split(", ")
        variadic = parts[-1:] == ["..."]
        parameters = tuple(_parameter(part) for part in parts[: -1 if variadic else None])
        number = numbers[name]
        found[number] = Helper(number, name, result, parameters, variadic, prototype, meaning.strip())
    return found


def _declared(prototype: str) -> tuple[str, str, str]:
    """Return the type, the name and the parameters of a C prototype."""
    match = re.fullmatch(r"(.*?)(\w+)\((.*)\)", prototype)
    assert match is not None, prototype
    return match[1].strip(), match[2], match[3]


def _parameter(text: str) -> Parameter:
    kind, star, name = text.rpartition("*")
    if not star:
        kind, _, name = text.rpartition(" ")
    return Parameter(f"{kind}{star}".strip(), name)


_TABLE: Final = """
void *bpf_map_lookup_elem(struct bpf_map *map, const void *key)
    A pointer to the value of `key`, or NULL where the map has none.
long bpf_map_update_elem(struct bpf_map *map, const void *key, const void *value, u64 flags)
    Store `value` under `key`; `flags` say whether it has to be new, has to exist, or either.
long bpf_map_delete_elem(struct bpf_map *map, const void *key)
    Remove the entry of `key`.
long bpf_probe_read(void *dst, u32 size, const void *unsafe_ptr)
    Copy `size` bytes from an address that may be bad; user and kernel addresses alike, on machines where that works.
u64 bpf_ktime_get_ns(void)
    Nanoseconds since boot, without time asleep.
long bpf_trace_printk(const char *fmt, u32 fmt_size, ...)
    Write a formatted line with up to three values to the trace pipe, for debugging.
u32 bpf_get_prandom_u32(void)
    A pseudo-random number.
u32 bpf_get_smp_processor_id(void)
    The number of this CPU.
long bpf_skb_store_bytes(struct sk_buff *skb, u32 offset, const void *from, u32 len, u64 flags)
    Write `len` bytes into a packet, with checksum and hash brought up to date as `flags` say.
long bpf_l3_csum_replace(struct sk_buff *skb, u32 offset, u64 from, u64 to, u64 size)
    Update an IP checksum for a field that changed from `from` to `to`.
long bpf_l4_csum_replace(struct sk_buff *skb, u32 offset, u64 from, u64 to, u64 flags)
    Update a TCP, UDP or ICMP checksum for a field that changed from `from` to `to`.
long bpf_tail_call(void *ctx, struct bpf_map *prog_array_map, u32 index)
    Go on with the program at `index`, and come back only where there is none.
long bpf_clone_redirect(struct sk_buff *skb, u32 ifindex, u64 flags)
    Send a copy of a packet through another interface.
u64 bpf_get_current_pid_tgid(void)
    The thread group's id in the upper 32 bits, the thread's in the lower.
u64 bpf_get_current_uid_gid(void)
    The group id in the upper 32 bits, the user id in the lower.
long bpf_get_current_comm(void *buf, u32 size_of_buf)
    Copy the name of the current task.
u32 bpf_get_cgroup_classid(struct sk_buff *skb)
    The net_cls class of the packet's task (cgroup v1).
long bpf_skb_vlan_push(struct sk_buff *skb, __be16 vlan_proto, u16 vlan_tci)
    Insert a VLAN header.
long bpf_skb_vlan_pop(struct sk_buff *skb)
    Remove the outermost VLAN header.
long bpf_skb_get_tunnel_key(struct sk_buff *skb, struct bpf_tunnel_key *key, u32 size, u64 flags)
    Read the metadata of the tunnel that a packet came through.
long bpf_skb_set_tunnel_key(struct sk_buff *skb, struct bpf_tunnel_key *key, u32 size, u64 flags)
    Set the metadata of the tunnel that a packet shall go through.
u64 bpf_perf_event_read(struct bpf_map *map, u64 flags)
    Read a hardware or software counter from a perf event array.
long bpf_redirect(u32 ifindex, u64 flags)
    Send the packet on to an interface, once the program has returned what this returned.
u32 bpf_get_route_realm(struct sk_buff *skb)
    The realm of the packet's route.
long bpf_perf_event_output(void *ctx, struct bpf_map *map, u64 flags, void *data, u64 size)
    Send a record to user space through a perf event array.
long bpf_skb_load_bytes(const void *skb, u32 offset, void *to, u32 len)
    Copy `len` bytes out of a packet.
long bpf_get_stackid(void *ctx, struct bpf_map *map, u64 flags)
    The id of the current stack trace, stored in a stack trace map.
s64 bpf_csum_diff(__be32 *from, u32 from_size, __be32 *to, u32 to_size, __wsum seed)
    The checksum that results when one buffer's bytes are replaced by another's.
long bpf_skb_get_tunnel_opt(struct sk_buff *skb, void *opt, u32 size)
    Read the options of the tunnel that a packet came through.
long bpf_skb_set_tunnel_opt(struct sk_buff *skb, void *opt, u32 size)
    Set the options of the tunnel that a packet shall go through.
long bpf_skb_change_proto(struct sk_buff *skb, __be16 proto, u64 flags)
    Turn an IPv4 packet into an IPv6 one or the other way round; the headers are left to be filled in.
long bpf_skb_change_type(struct sk_buff *skb, u32 type)
    Change whom a packet is for: this host, others, all, some.
long bpf_skb_under_cgroup(struct sk_buff *skb, struct bpf_map *map, u32 index)
    Whether the packet's socket is below the cgroup at `index` of an array.
u32 bpf_get_hash_recalc(struct sk_buff *skb)
    The packet's flow hash, computed where it is missing.
u64 bpf_get_current_task(void)
    The address of the current task's `task_struct`.
long bpf_probe_write_user(void *dst, const void *src, u32 len)
    Write to the memory of the current user process; for experiments only.
long bpf_current_task_under_cgroup(struct bpf_map *map, u32 index)
    Whether the current task is below the cgroup at `index` of an array.
long bpf_skb_change_tail(struct sk_buff *skb, u32 len, u64 flags)
    Cut or grow a packet to `len` bytes.
long bpf_skb_pull_data(struct sk_buff *skb, u32 len)
    Make the first `len` bytes of a packet directly accessible.
s64 bpf_csum_update(struct sk_buff *skb, __wsum csum)
    Add `csum` to the checksum that the device computed for a packet.
void bpf_set_hash_invalid(struct sk_buff *skb)
    Forget a packet's flow hash.
long bpf_get_numa_node_id(void)
    The number of this CPU's memory node.
long bpf_skb_change_head(struct sk_buff *skb, u32 len, u64 flags)
    Make room for `len` bytes in front of a packet.
long bpf_xdp_adjust_head(struct xdp_buff *xdp_md, int delta)
    Move the start of a packet by `delta` bytes.
long bpf_probe_read_str(void *dst, u32 size, const void *unsafe_ptr)
    Copy a string from an address that may be bad, up to `size` bytes with its NUL.
u64 bpf_get_socket_cookie(struct sk_buff *skb)
    A number that a socket keeps for its lifetime and no other one has.
u32 bpf_get_socket_uid(struct sk_buff *skb)
    The user id of the packet's socket.
long bpf_set_hash(struct sk_buff *skb, u32 hash)
    Set a packet's flow hash.
long bpf_setsockopt(void *bpf_socket, int level, int optname, void *optval, int optlen)
    Set an option of a socket.
long bpf_skb_adjust_room(struct sk_buff *skb, s32 len_diff, u32 mode, u64 flags)
    Grow or shrink a packet behind its link-layer or network header.
long bpf_redirect_map(struct bpf_map *map, u64 key, u64 flags)
    Send the packet on to what `key` of a device, CPU or XDP-socket map names.
long bpf_sk_redirect_map(struct sk_buff *skb, struct bpf_map *map, u32 key, u64 flags)
    Send the packet on to the socket at `key`.
long bpf_sock_map_update(struct bpf_sock_ops *skops, struct bpf_map *map, void *key, u64 flags)
    Put the connection's socket into a socket map.
long bpf_xdp_adjust_meta(struct xdp_buff *xdp_md, int delta)
    Move the start of the metadata in front of a packet by `delta` bytes.
long bpf_perf_event_read_value(struct bpf_map *map, u64 flags, struct bpf_perf_event_value *buf, u32 buf_size)
    Read a counter of a perf event array, with the time it was enabled and running.
long bpf_perf_prog_read_value(struct bpf_perf_event_data *ctx, struct bpf_perf_event_value *buf, u32 buf_size)
    Read the counter of the perf event that runs the program, with the time it was enabled and running.
long bpf_getsockopt(void *bpf_socket, int level, int optname, void *optval, int optlen)
    Read an option of a socket.
long bpf_override_return(struct pt_regs *regs, u64 rc)
    Make the probed function return `rc` without running it.
long bpf_sock_ops_cb_flags_set(struct bpf_sock_ops *bpf_sock, int argval)
    Choose which TCP events the program is called for on this socket.
long bpf_msg_redirect_map(struct sk_msg_buff *msg, struct bpf_map *map, u32 key, u64 flags)
    Send a message on to the socket at `key`.
long bpf_msg_apply_bytes(struct sk_msg_buff *msg, u32 bytes)
    Let the verdict count for the next `bytes` bytes.
long bpf_msg_cork_bytes(struct sk_msg_buff *msg, u32 bytes)
    Call the program again only after `bytes` bytes have come together.
long bpf_msg_pull_data(struct sk_msg_buff *msg, u32 start, u32 end, u64 flags)
    Make bytes `start` to `end` of a message directly accessible.
long bpf_bind(struct bpf_sock_addr *ctx, struct sockaddr *addr, int addr_len)
    Bind a socket to a source address before it connects.
long bpf_xdp_adjust_tail(struct xdp_buff *xdp_md, int delta)
    Move the end of a packet by `delta` bytes.
long bpf_skb_get_xfrm_state(struct sk_buff *skb, u32 index, struct bpf_xfrm_state *xfrm_state, u32 size, u64 flags)
    Read the state of IPsec at `index` of a packet's path.
long bpf_get_stack(void *ctx, void *buf, u32 size, u64 flags)
    Copy the current stack trace.
long bpf_skb_load_bytes_relative(const void *skb, u32 offset, void *to, u32 len, u32 start_header)
    Copy `len` bytes out of a packet, counted from its link-layer or network header.
long bpf_fib_lookup(void *ctx, struct bpf_fib_lookup *params, int plen, u32 flags)
    Look up a route, and the neighbour to send to.
long bpf_sock_hash_update(struct bpf_sock_ops *skops, struct bpf_map *map, void *key, u64 flags)
    Put the connection's socket into a socket hash under `key`.
long bpf_msg_redirect_hash(struct sk_msg_buff *msg, struct bpf_map *map, void *key, u64 flags)
    Send a message on to the socket under `key` of a hash.
long bpf_sk_redirect_hash(struct sk_buff *skb, struct bpf_map *map, void *key, u64 flags)
    Send the packet on to the socket under `key` of a hash.
long bpf_lwt_push_encap(struct sk_buff *skb, u32 type, void *hdr, u32 len)
    Put a header around a packet on its route.
long bpf_lwt_seg6_store_bytes(struct sk_buff *skb, u32 offset, const void *from, u32 len)
    Write into a packet's segment routing header.
long bpf_lwt_seg6_adjust_srh(struct sk_buff *skb, u32 offset, s32 delta)
    Grow or shrink a packet's segment routing header.
long bpf_lwt_seg6_action(struct sk_buff *skb, u32 action, void *param, u32 param_len)
    Do one of the segment routing actions on a packet.
long bpf_rc_repeat(void *ctx)
    Report that a remote control's key is still pressed.
long bpf_rc_keydown(void *ctx, u32 protocol, u64 scancode, u32 toggle)
    Report that a remote control's key was pressed.
u64 bpf_skb_cgroup_id(struct sk_buff *skb)
    The id of the cgroup of the packet's socket.
u64 bpf_get_current_cgroup_id(void)
    The id of the current task's cgroup.
void *bpf_get_local_storage(void *map, u64 flags)
    A pointer to the storage of the cgroup that the program is attached to.
long bpf_sk_select_reuseport(struct sk_reuseport_md *reuse, struct bpf_map *map, void *key, u64 flags)
    Choose the socket of a reuseport group that gets the packet.
u64 bpf_skb_ancestor_cgroup_id(struct sk_buff *skb, int ancestor_level)
    The id of that cgroup's ancestor at a level from the root.
struct bpf_sock *bpf_sk_lookup_tcp(void *ctx, struct bpf_sock_tuple *tuple, u32 tuple_size, u64 netns, u64 flags)
    Look up a TCP socket by addresses and ports; it has to be released.
struct bpf_sock *bpf_sk_lookup_udp(void *ctx, struct bpf_sock_tuple *tuple, u32 tuple_size, u64 netns, u64 flags)
    Look up a UDP socket by addresses and ports; it has to be released.
long bpf_sk_release(void *sock)
    Release a socket that was looked up.
long bpf_map_push_elem(struct bpf_map *map, const void *value, u64 flags)
    Add a value to a queue or stack.
long bpf_map_pop_elem(struct bpf_map *map, void *value)
    Take the next value out of a queue or stack.
long bpf_map_peek_elem(struct bpf_map *map, void *value)
    Read the next value of a queue or stack and leave it there.
long bpf_msg_push_data(struct sk_msg_buff *msg, u32 start, u32 len, u64 flags)
    Insert `len` bytes into a message at `start`.
long bpf_msg_pop_data(struct sk_msg_buff *msg, u32 start, u32 len, u64 flags)
    Remove `len` bytes from a message at `start`.
long bpf_rc_pointer_rel(void *ctx, s32 rel_x, s32 rel_y)
    Report that a remote control's pointer was moved.
long bpf_spin_lock(struct bpf_spin_lock *lock)
    Take a lock that lies in a map's value.
long bpf_spin_unlock(struct bpf_spin_lock *lock)
    Release that lock.
struct bpf_sock *bpf_sk_fullsock(struct bpf_sock *sk)
    The full socket of one that may be a request or in TIME_WAIT, or NULL.
struct bpf_tcp_sock *bpf_tcp_sock(struct bpf_sock *sk)
    The TCP part of a socket, or NULL.
long bpf_skb_ecn_set_ce(struct sk_buff *skb)
    Mark a packet that congestion was experienced, where it is capable of ECN.
struct bpf_sock *bpf_get_listener_sock(struct bpf_sock *sk)
    The listening socket that a connection came through, or NULL.
struct bpf_sock *bpf_skc_lookup_tcp(void *ctx, struct bpf_sock_tuple *tuple, u32 tuple_size, u64 netns, u64 flags)
    Look up a TCP socket, requests and those in TIME_WAIT too; it has to be released.
long bpf_tcp_check_syncookie(void *sk, void *iph, u32 iph_len, struct tcphdr *th, u32 th_len)
    Whether a packet's ACK carries a valid SYN cookie.
long bpf_sysctl_get_name(struct bpf_sysctl *ctx, char *buf, size_t buf_len, u64 flags)
    Copy the name of the sysctl that is accessed.
long bpf_sysctl_get_current_value(struct bpf_sysctl *ctx, char *buf, size_t buf_len)
    Copy its present value.
long bpf_sysctl_get_new_value(struct bpf_sysctl *ctx, char *buf, size_t buf_len)
    Copy the value that is being written.
long bpf_sysctl_set_new_value(struct bpf_sysctl *ctx, const char *buf, size_t buf_len)
    Replace the value that is being written.
long bpf_strtol(const char *buf, size_t buf_len, u64 flags, long *res)
    Read a signed number from text.
long bpf_strtoul(const char *buf, size_t buf_len, u64 flags, unsigned long *res)
    Read an unsigned number from text.
void *bpf_sk_storage_get(struct bpf_map *map, void *sk, void *value, u64 flags)
    A pointer to a socket's storage in a map, created where `flags` ask for it.
long bpf_sk_storage_delete(struct bpf_map *map, void *sk)
    Delete a socket's storage in a map.
long bpf_send_signal(u32 sig)
    Send a signal to the current process.
s64 bpf_tcp_gen_syncookie(void *sk, void *iph, u32 iph_len, struct tcphdr *th, u32 th_len)
    Make a SYN cookie for a packet.
long bpf_skb_output(void *ctx, struct bpf_map *map, u64 flags, void *data, u64 size)
    Send a record and part of a packet to user space through a perf event array.
long bpf_probe_read_user(void *dst, u32 size, const void *unsafe_ptr)
    Copy `size` bytes from an address of user space that may be bad.
long bpf_probe_read_kernel(void *dst, u32 size, const void *unsafe_ptr)
    Copy `size` bytes from an address of the kernel that may be bad.
long bpf_probe_read_user_str(void *dst, u32 size, const void *unsafe_ptr)
    Copy a string from an address of user space that may be bad.
long bpf_probe_read_kernel_str(void *dst, u32 size, const void *unsafe_ptr)
    Copy a string from an address of the kernel that may be bad.
long bpf_tcp_send_ack(void *tp, u32 rcv_nxt)
    Send an ACK of a TCP connection, from its congestion control.
long bpf_send_signal_thread(u32 sig)
    Send a signal to the current thread.
u64 bpf_jiffies64(void)
    The kernel's clock ticks, in 64 bits.
long bpf_read_branch_records(struct bpf_perf_event_data *ctx, void *buf, u32 size, u64 flags)
    Copy the branch records that the CPU took with a perf event.
long bpf_get_ns_current_pid_tgid(u64 dev, u64 ino, struct bpf_pidns_info *nsdata, u32 size)
    The thread's and thread group's ids, as the process id namespace at `dev` and `ino` has them.
long bpf_xdp_output(void *ctx, struct bpf_map *map, u64 flags, void *data, u64 size)
    Send a record and part of an XDP packet to user space through a perf event array.
u64 bpf_get_netns_cookie(void *ctx)
    A number that a network namespace keeps for its lifetime and no other one has.
u64 bpf_get_current_ancestor_cgroup_id(int ancestor_level)
    The id of the current cgroup's ancestor at a level from the root.
long bpf_sk_assign(struct sk_buff *skb, void *sk, u64 flags)
    Choose the socket that a packet goes to.
u64 bpf_ktime_get_boot_ns(void)
    Nanoseconds since boot, with time asleep.
long bpf_seq_printf(struct seq_file *m, const char *fmt, u32 fmt_size, const void *data, u32 data_len)
    Write formatted text to an iterator's output.
long bpf_seq_write(struct seq_file *m, const void *data, u32 len)
    Write bytes to an iterator's output.
u64 bpf_sk_cgroup_id(void *sk)
    The id of a socket's cgroup.
u64 bpf_sk_ancestor_cgroup_id(void *sk, int ancestor_level)
    The id of that cgroup's ancestor at a level from the root.
long bpf_ringbuf_output(void *ringbuf, void *data, u64 size, u64 flags)
    Copy a record into a ring buffer.
void *bpf_ringbuf_reserve(void *ringbuf, u64 size, u64 flags)
    A pointer to `size` bytes in a ring buffer, to be filled and submitted or discarded; NULL where it is full.
void bpf_ringbuf_submit(void *data, u64 flags)
    Hand a reserved record over to user space.
void bpf_ringbuf_discard(void *data, u64 flags)
    Drop a reserved record.
u64 bpf_ringbuf_query(void *ringbuf, u64 flags)
    A fact about a ring buffer: bytes to read, its size, the consumer's or producer's position.
long bpf_csum_level(struct sk_buff *skb, u64 level)
    Change how many levels of checksums are known to be good.
struct tcp6_sock *bpf_skc_to_tcp6_sock(void *sk)
    The socket as a `tcp6_sock`, or NULL.
struct tcp_sock *bpf_skc_to_tcp_sock(void *sk)
    The socket as a `tcp_sock`, or NULL.
struct tcp_timewait_sock *bpf_skc_to_tcp_timewait_sock(void *sk)
    The socket as a `tcp_timewait_sock`, or NULL.
struct tcp_request_sock *bpf_skc_to_tcp_request_sock(void *sk)
    The socket as a `tcp_request_sock`, or NULL.
struct udp6_sock *bpf_skc_to_udp6_sock(void *sk)
    The socket as a `udp6_sock`, or NULL.
long bpf_get_task_stack(struct task_struct *task, void *buf, u32 size, u64 flags)
    Copy the stack trace of a task.
long bpf_load_hdr_opt(struct bpf_sock_ops *skops, void *searchby_res, u32 len, u64 flags)
    Read an option of a TCP header.
long bpf_store_hdr_opt(struct bpf_sock_ops *skops, const void *from, u32 len, u64 flags)
    Write an option into a TCP header.
long bpf_reserve_hdr_opt(struct bpf_sock_ops *skops, u32 len, u64 flags)
    Reserve room for options in a TCP header.
void *bpf_inode_storage_get(struct bpf_map *map, void *inode, void *value, u64 flags)
    A pointer to an inode's storage in a map, created where `flags` ask for it.
int bpf_inode_storage_delete(struct bpf_map *map, void *inode)
    Delete an inode's storage in a map.
long bpf_d_path(const struct path *path, char *buf, u32 sz)
    Copy the path name that a `struct path` stands for.
long bpf_copy_from_user(void *dst, u32 size, const void *user_ptr)
    Copy `size` bytes of user space, waiting for them where they are swapped out.
long bpf_snprintf_btf(char *str, u32 str_size, struct btf_ptr *ptr, u32 btf_ptr_size, u64 flags)
    Write a value as text, by its type in the kernel's BTF.
long bpf_seq_printf_btf(struct seq_file *m, struct btf_ptr *ptr, u32 ptr_size, u64 flags)
    Write a value as text to an iterator's output, by its type in the kernel's BTF.
u64 bpf_skb_cgroup_classid(struct sk_buff *skb)
    The net_cls class of the packet's socket (cgroup v1).
long bpf_redirect_neigh(u32 ifindex, struct bpf_redir_neigh *params, int plen, u64 flags)
    Send the packet on to an interface, with the link-layer header filled in from the neighbour.
void *bpf_per_cpu_ptr(const void *percpu_ptr, u32 cpu)
    A pointer to a per-CPU variable of the kernel on `cpu`, or NULL where there is no such CPU.
void *bpf_this_cpu_ptr(const void *percpu_ptr)
    A pointer to a per-CPU variable of the kernel on this CPU.
long bpf_redirect_peer(u32 ifindex, u64 flags)
    Send the packet on to an interface's peer in another network namespace.
void *bpf_task_storage_get(struct bpf_map *map, struct task_struct *task, void *value, u64 flags)
    A pointer to a task's storage in a map, created where `flags` ask for it.
long bpf_task_storage_delete(struct bpf_map *map, struct task_struct *task)
    Delete a task's storage in a map.
struct task_struct *bpf_get_current_task_btf(void)
    The current task as a typed pointer.
long bpf_bprm_opts_set(struct linux_binprm *bprm, u64 flags)
    Set options of a program that is being executed.
u64 bpf_ktime_get_coarse_ns(void)
    Nanoseconds since boot, cheaper and less exact.
long bpf_ima_inode_hash(struct inode *inode, void *dst, u32 size)
    Copy the hash that IMA has of an inode.
struct socket *bpf_sock_from_file(struct file *file)
    The socket that a file stands for, or NULL.
long bpf_check_mtu(void *ctx, u32 ifindex, u32 *mtu_len, s32 len_diff, u64 flags)
    Whether a packet fits an interface's MTU.
long bpf_for_each_map_elem(struct bpf_map *map, void *callback_fn, void *callback_ctx, u64 flags)
    Call a function for each entry of a map.
long bpf_snprintf(char *str, u32 str_size, const char *fmt, u64 *data, u32 data_len)
    Write formatted text into a buffer.
long bpf_sys_bpf(u32 cmd, void *attr, u32 attr_size)
    Make a bpf(2) call, from a program of type syscall.
long bpf_btf_find_by_name_kind(char *name, int name_sz, u32 kind, int flags)
    Find a type in the kernel's BTF; its object's descriptor and the type's id.
long bpf_sys_close(u32 fd)
    Close a file descriptor, from a program of type syscall.
long bpf_timer_init(struct bpf_timer *timer, struct bpf_map *map, u64 flags)
    Set up a timer that lies in a map's value.
long bpf_timer_set_callback(struct bpf_timer *timer, void *callback_fn)
    Choose what a timer calls.
long bpf_timer_start(struct bpf_timer *timer, u64 nsecs, u64 flags)
    Start a timer that runs out after `nsecs` nanoseconds.
long bpf_timer_cancel(struct bpf_timer *timer)
    Stop a timer, and wait for its function where it is running.
u64 bpf_get_func_ip(void *ctx)
    The address of the function that is traced.
u64 bpf_get_attach_cookie(void *ctx)
    The number that was given when the program was attached.
long bpf_task_pt_regs(struct task_struct *task)
    The user registers of a task.
long bpf_get_branch_snapshot(void *entries, u32 size, u64 flags)
    Copy the latest branch records of this CPU.
long bpf_trace_vprintk(const char *fmt, u32 fmt_size, const void *data, u32 data_len)
    Write a formatted line with any number of values to the trace pipe.
struct unix_sock *bpf_skc_to_unix_sock(void *sk)
    The socket as a `unix_sock`, or NULL.
long bpf_kallsyms_lookup_name(const char *name, int name_sz, int flags, u64 *res)
    Look up the address of a symbol of the kernel.
long bpf_find_vma(struct task_struct *task, u64 addr, void *callback_fn, void *callback_ctx, u64 flags)
    Call a function with the part of a task's memory that holds an address.
long bpf_loop(u32 nr_loops, void *callback_fn, void *callback_ctx, u64 flags)
    Call a function `nr_loops` times, or until it returns 1.
long bpf_strncmp(const char *s1, u32 s1_sz, const char *s2)
    Compare two strings, at most `s1_sz` bytes of them.
long bpf_get_func_arg(void *ctx, u32 n, u64 *value)
    Read argument `n` of the function that is traced.
long bpf_get_func_ret(void *ctx, u64 *value)
    Read what the function that is traced returned.
long bpf_get_func_arg_cnt(void *ctx)
    How many arguments the function that is traced has.
int bpf_get_retval(void)
    What the system call will return, as programs before this one left it.
int bpf_set_retval(int retval)
    Set what the system call will return.
u64 bpf_xdp_get_buff_len(struct xdp_buff *xdp_md)
    The bytes of a packet, all its fragments together.
long bpf_xdp_load_bytes(struct xdp_buff *xdp_md, u32 offset, void *buf, u32 len)
    Copy `len` bytes out of a packet, fragments included.
long bpf_xdp_store_bytes(struct xdp_buff *xdp_md, u32 offset, void *buf, u32 len)
    Write `len` bytes into a packet, fragments included.
long bpf_copy_from_user_task(void *dst, u32 size, const void *user_ptr, struct task_struct *tsk, u64 flags)
    Copy `size` bytes of another task's user space, waiting for them where they are swapped out.
long bpf_skb_set_tstamp(struct sk_buff *skb, u64 tstamp, u32 tstamp_type)
    Set when a packet is to be sent, or was received.
long bpf_ima_file_hash(struct file *file, void *dst, u32 size)
    Let IMA compute the hash of a file, and copy it.
void *bpf_kptr_xchg(void *dst, void *ptr)
    Put a pointer to an object of the kernel into a map's value, and get the one that was there.
void *bpf_map_lookup_percpu_elem(struct bpf_map *map, const void *key, u32 cpu)
    A pointer to the value of `key` on `cpu`, or NULL.
struct mptcp_sock *bpf_skc_to_mptcp_sock(void *sk)
    The socket as a `mptcp_sock`, or NULL.
long bpf_dynptr_from_mem(void *data, u64 size, u64 flags, struct bpf_dynptr *ptr)
    Make a dynptr of memory in a map's value.
long bpf_ringbuf_reserve_dynptr(void *ringbuf, u32 size, u64 flags, struct bpf_dynptr *ptr)
    Reserve a record in a ring buffer as a dynptr, of a size known only when it runs.
void bpf_ringbuf_submit_dynptr(struct bpf_dynptr *ptr, u64 flags)
    Hand such a record over to user space.
void bpf_ringbuf_discard_dynptr(struct bpf_dynptr *ptr, u64 flags)
    Drop such a record.
long bpf_dynptr_read(void *dst, u64 len, const struct bpf_dynptr *src, u64 offset, u64 flags)
    Copy `len` bytes out of what a dynptr stands for.
long bpf_dynptr_write(const struct bpf_dynptr *dst, u64 offset, void *src, u64 len, u64 flags)
    Copy `len` bytes into what a dynptr stands for.
void *bpf_dynptr_data(const struct bpf_dynptr *ptr, u64 offset, u64 len)
    A pointer to `len` bytes of what a dynptr stands for, or NULL.
s64 bpf_tcp_raw_gen_syncookie_ipv4(struct iphdr *iph, struct tcphdr *th, u32 th_len)
    Make a SYN cookie for an IPv4 packet, without a listening socket.
s64 bpf_tcp_raw_gen_syncookie_ipv6(struct ipv6hdr *iph, struct tcphdr *th, u32 th_len)
    Make a SYN cookie for an IPv6 packet, without a listening socket.
long bpf_tcp_raw_check_syncookie_ipv4(struct iphdr *iph, struct tcphdr *th)
    Check an IPv4 packet's SYN cookie, without a listening socket.
long bpf_tcp_raw_check_syncookie_ipv6(struct ipv6hdr *iph, struct tcphdr *th)
    Check an IPv6 packet's SYN cookie, without a listening socket.
u64 bpf_ktime_get_tai_ns(void)
    Nanoseconds of International Atomic Time.
long bpf_user_ringbuf_drain(struct bpf_map *map, void *callback_fn, void *ctx, u64 flags)
    Call a function for each record that user space has put into a ring buffer.
void *bpf_cgrp_storage_get(struct bpf_map *map, struct cgroup *cgroup, void *value, u64 flags)
    A pointer to a cgroup's storage in a map, created where `flags` ask for it.
long bpf_cgrp_storage_delete(struct bpf_map *map, struct cgroup *cgroup)
    Delete a cgroup's storage in a map.
"""
