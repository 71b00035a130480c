"""The agent that customers download: here a stand-in, small and the same bytes for a version."""

import hashlib

SIZE = 32 * 1024


def binary_name(version: str) -> str:
    """Its file name and object key."""
    return f"wipe-agent-{version}.bin"


def agent_binary(version: str) -> bytes:
    """A header that names the version, then bytes derived from it."""
    header = f"WIPE-AGENT {version}\n".encode()
    return header + hashlib.shake_256(header).digest(SIZE - len(header))
