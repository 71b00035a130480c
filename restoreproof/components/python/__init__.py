"""A Python service of the stack itself."""
