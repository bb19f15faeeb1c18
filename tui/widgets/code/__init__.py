"""Code on the screen: the listing, what the kernel made of it, and C."""
