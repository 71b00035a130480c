"""restoreproof: restore drills whose verdict a stranger can trust."""

__version__ = "0.1.0"
