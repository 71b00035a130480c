"""Named ways to damage a set or a restored stack, and what must notice each of them."""
