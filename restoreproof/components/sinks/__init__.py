"""Servers that swallow what a stack sends out, and tell. They run in service sandboxes, alone."""
