"""Many at once: real threads, real transactions, on both databases."""
