"""The helper that a function of the kernel is, whose name the translated code of a loaded program calls."""

from __future__ import annotations

import pytest

from bpftui.core.helpers.names import helper_name
from bpftui.core.system.loaded import helper_of


@pytest.mark.parametrize(
    ("function", "helper"),
    [
        ("bpf_map_push_elem", "bpf_map_push_elem"),
        ("htab_lru_map_delete_elem", "bpf_map_delete_elem"),
        ("dev_hash_map_redirect", "bpf_redirect_map"),
        ("bpf_for_each_hash_elem", "bpf_for_each_map_elem"),
        ("bpf_xdp_fib_lookup", "bpf_fib_lookup"),
        ("bpf_xdp_redirect", "bpf_redirect"),
        ("bpf_tc_sk_lookup_udp", "bpf_sk_lookup_udp"),
        ("bpf_get_stackid_raw_tp", "bpf_get_stackid"),
        ("bpf_skb_event_output", "bpf_perf_event_output"),
        ("bpf_skb_load_bytes", "bpf_skb_load_bytes"),
        # net/core/filter.c
        ("sk_skb_pull_data", "bpf_skb_pull_data"),
        ("sk_skb_change_head", "bpf_skb_change_head"),
        ("sk_skb_adjust_room", "bpf_skb_adjust_room"),
        ("sk_select_reuseport", "bpf_sk_select_reuseport"),
        ("sk_reuseport_load_bytes", "bpf_skb_load_bytes"),
        ("sk_reuseport_load_bytes_relative", "bpf_skb_load_bytes_relative"),
        ("bpf_flow_dissector_load_bytes", "bpf_skb_load_bytes"),
        ("bpf_sk_lookup_assign", "bpf_sk_assign"),
        ("bpf_lwt_in_push_encap", "bpf_lwt_push_encap"),
        ("bpf_unlocked_sk_setsockopt", "bpf_setsockopt"),
        ("bpf_sock_ops_setsockopt", "bpf_setsockopt"),
        ("bpf_sock_addr_getsockopt", "bpf_getsockopt"),
        # net/core/bpf_sk_storage.c, kernel/bpf/core.c
        ("bpf_sk_storage_get_tracing", "bpf_sk_storage_get"),
        ("bpf_sk_storage_get_cg_sock", "bpf_sk_storage_get"),
        ("bpf_user_rnd_u32", "bpf_get_prandom_u32"),
        # None of them
        ("bpf_unknown", None),
        ("__htab_map_lookup_elem", None),
        ("kfree", None),
        ("", None),
    ],
)
def test_which_helper_a_function_is(function: str, helper: str | None) -> None:
    number = helper_of(function)
    assert (None if number is None else helper_name(number)) == helper
