// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/*
 * A library of functions to attach uprobes to, for x86-64 and without any other library: of two versions, of one name at
 * two places, of many calls, and with USDT probes, whose notes are those of SystemTap's <sys/sdt.h>, version 3.
 */

#define PROBE(name, semaphore, arguments) \
	"990: nop\n" \
	".pushsection .note.stapsdt,\"\",\"note\"\n" \
	".balign 4\n" \
	".4byte 992f-991f, 994f-993f, 3\n" \
	"991: .asciz \"stapsdt\"\n" \
	"992: .balign 4\n" \
	"993: .8byte 990b, _.stapsdt.base, " semaphore "\n" \
	".asciz \"bpftui\", \"" name "\", \"" arguments "\"\n" \
	"994: .balign 4\n" \
	".popsection\n"

__asm__(".pushsection .stapsdt.base,\"aG\",\"progbits\",.stapsdt.base,comdat\n"
	".weak _.stapsdt.base\n"
	".hidden _.stapsdt.base\n"
	"_.stapsdt.base: .space 1\n"
	".size _.stapsdt.base, 1\n"
	".popsection\n");

/* Raised by the kernel while somebody looks; who calls `watched` without, goes past its probe. */
__attribute__((section(".probes"), used)) unsigned short watchers;

/* Both are places of one probe, which have its arguments elsewhere. */
__attribute__((naked)) void fire(int first, const long *second, signed char third, long fourth)
{
	__asm__(PROBE("fired", "0", "-4@%edi 8@(%rsi) -1@%dl 4@$42 8@8(%rsi) 2@(%rsi,%rcx,2)") "ret");
}

__attribute__((naked)) void fire_elsewhere(long first)
{
	__asm__(PROBE("fired", "0", "8@%rdi -4@$-9") "ret");
}

__attribute__((naked)) static void probe(unsigned short first)
{
	__asm__(PROBE("watched", "watchers", "2@%di") "ret");
}

int watch(unsigned short first)
{
	if (!*(volatile unsigned short *)&watchers)
		return 0;
	probe(first);
	return 1;
}

__attribute__((naked)) void in_vector(double first)
{
	__asm__(PROBE("in_vector", "0", "8@%rdi 8f@%xmm0") "ret");
}

int answer_1(void)
{
	return 1;
}

int answer_2(void)
{
	return 2;
}

__asm__(".symver answer_1, answer@V1\n"
	".symver answer_2, answer@@V2\n");

static __attribute__((noinline)) int twin(void)
{
	__asm__ volatile("");
	return 1;
}

int other_twin(void);

int twins(void)
{
	return twin() + other_twin();
}

/* Its second instruction is at +5. */
__attribute__((naked)) int stepped(void)
{
	__asm__("movl $5, %eax\n"
		"addl $2, %eax\n"
		"ret");
}
