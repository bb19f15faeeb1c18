// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
// Types of Rust that BTF has no way to say: enums with data, with a discriminant of their own and without one (a niche),
// negative discriminants, `char`, and `()`.
#![feature(auto_traits, no_core, lang_items, rustc_attrs)]
#![no_core]
#![no_std]
#![no_main]

#[lang = "pointee_sized"]
pub trait PointeeSized {}
#[lang = "meta_sized"]
pub trait MetaSized: PointeeSized {}
#[lang = "sized"]
pub trait Sized: MetaSized {}
#[lang = "copy"]
pub trait Copy {}
impl Copy for u32 {}
impl Copy for u64 {}
impl Copy for i32 {}
impl Copy for u8 {}
#[lang = "sync"]
pub unsafe auto trait Sync {}
#[lang = "freeze"]
pub unsafe auto trait Freeze {}
#[lang = "drop_in_place"]
fn drop_in_place<T: PointeeSized>(_: *mut T) {}

#[lang = "neg"]
pub trait Neg {
    type Output;
    fn neg(self) -> Self::Output;
}
impl Neg for i16 {
    type Output = i16;
    fn neg(self) -> i16 {
        -self
    }
}

pub enum Choice {
    A,
    B(u32),
    C { x: u64, y: u8 },
}

pub enum Opt<T> {
    None,
    Some(T),
}

#[repr(i16)]
pub enum Signed {
    Below(u8) = -2,
    Above(u8) = 3,
}

#[repr(u8)]
pub enum Level {
    Low = 1,
    High = 200,
}

pub struct Rule {
    letter: char,
    nothing: (),
    choice: Choice,
    pair: (u32, u8),
}

#[no_mangle]
pub static mut CHOICE: Choice = Choice::C { x: 5, y: 6 };
#[no_mangle]
pub static mut POINTER: Opt<&'static u32> = Opt::None;
#[no_mangle]
pub static mut LETTER: Opt<char> = Opt::Some('é');
#[no_mangle]
pub static mut SIGNED: Signed = Signed::Below(7);
#[no_mangle]
pub static LEVEL: Level = Level::High;
#[no_mangle]
pub static mut RULE: Rule = Rule { letter: '→', nothing: (), choice: Choice::B(9), pair: (1, 2) };
#[no_mangle]
#[link_section = "license"]
pub static _license: [u8; 4] = [71, 80, 76, 0];

#[no_mangle]
#[link_section = "xdp"]
pub unsafe extern "C" fn rust_enums(_: *mut u8) -> i32 {
    match CHOICE {
        Choice::A => 1,
        Choice::B(_) => 2,
        Choice::C { .. } => 3,
    }
}
