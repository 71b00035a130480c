"""What runs as a service, for the record: which program, from which package, with which digest."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Identity:
    """A program as a reviewer may look it up; None is what it does not tell."""

    component: str
    version: str | None = None
    digest: str | None = None
    source: str | None = None


def identify(component: str, program: Path, distribution: str | None, stated: str | None) -> Identity:
    """Return the program by its own digest, with version and name of the package it came in.

    ``stated`` is the version that the contract names, for what is in no package.
    """
    installed = _version(distribution) if distribution else None
    source = f"package {distribution} {installed}" if installed else str(program)
    return Identity(component, installed or stated, f"sha256:{sha256(program.resolve())}", source)


@lru_cache
def sha256(file: Path) -> str:
    """Return SHA-256 (hex) of a file that does not change while a drill runs."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None
