// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
// What rustc makes of a program without any library: its own names of types in BTF, mangled names of functions, `static`
// variables, and a subprogram in a section of its own.
#![feature(no_core, lang_items, intrinsics, rustc_attrs, auto_traits)]
#![no_core]
#![no_std]
#![crate_type = "lib"]

#[lang = "sized"]
pub trait Sized {}
#[lang = "copy"]
pub trait Copy {}
#[lang = "structural_peq"]
pub trait StructuralPeq {}
#[lang = "structural_teq"]
pub trait StructuralTeq {}
#[lang = "destruct"]
pub trait Destruct {}
#[lang = "drop"]
pub trait Drop {
    fn drop(&mut self);
}
#[lang = "receiver"]
pub trait Receiver {}
impl<T: ?Sized> Receiver for &mut T {}
#[lang = "drop_in_place"]
unsafe fn drop_in_place<T: ?Sized>(_: *mut T) {}
#[lang = "freeze"]
unsafe auto trait Freeze {}
#[lang = "sync"]
pub unsafe trait Sync {}
impl Copy for u32 {}
unsafe impl Sync for Limits {}
unsafe impl Sync for u32 {}
unsafe impl Sync for License {}

#[repr(transparent)]
pub struct License([u8; 4]);

#[repr(C)]
pub struct Limits {
    rate: u32,
    burst: u64,
    weights: [u16; 4],
}

#[no_mangle]
#[link_section = ".rodata"]
pub static LIMITS: Limits = Limits { rate: 1000, burst: 50, weights: [1, 2, 3, 4] };

#[no_mangle]
#[link_section = ".data"]
pub static mut THRESHOLD: u32 = 7;

#[link_section = "license"]
#[no_mangle]
pub static LICENSE: License = License([71, 80, 76, 0]);

#[inline(never)]
fn chosen() -> u32 {
    unsafe { THRESHOLD }
}

#[no_mangle]
#[link_section = "xdp"]
pub fn rust_counter(_ctx: *const u32) -> u32 {
    chosen()
}
