# SPDX-License-Identifier: (MIT OR GPL-2.0-only)
# Calls as before LLVM 9, by hand: within a section as a distance without relocation, and to .text by its section symbol,
# the place in the immediate; two programs and a static function between them in one section.

	.section	xdp,"ax",@progbits
	.globl	old_calls
	.type	old_calls,@function
old_calls:
	.byte	0x85, 0x10, 0, 0	# call near, which begins 4 instructions further
	.long	2
	r6 = r0
	exit
	.size	old_calls, .-old_calls

	.type	near,@function
near:
	.byte	0x85, 0x10, 0, 0	# call back_again, the program after this function
	.long	2
	r0 += 1
	exit
	.size	near, .-near

	.globl	back_again
	.type	back_again,@function
back_again:
	call	far
	call	farther
	exit
	.size	back_again, .-back_again

	.text
	.type	far,@function
far:
	r0 = 3
	exit
	.size	far, .-far

	.type	farther,@function
farther:
	r0 = 4
	exit
	.size	farther, .-farther

	.section	license,"aw",@progbits
	.globl	_license
	.type	_license,@object
_license:
	.asciz	"GPL"
	.size	_license, 4
