"""A living source of the stack, and the backup sets taken of it."""
