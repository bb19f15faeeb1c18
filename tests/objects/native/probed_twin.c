// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* A second function `twin` of probed.so, which its debug symbols have twice. */

static __attribute__((noinline)) int twin(void)
{
	__asm__ volatile("");
	return 20;
}

int other_twin(void)
{
	return twin() + 1;
}
