"""Restore drills of Redis, as a plug-in of restoreproof."""
