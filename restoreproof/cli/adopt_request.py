"""What `adopt` is asked for: the options of its command line, not read yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class AdoptRequest:
    """The options of one adoption. Paths may be relative; None, or nothing, where an option is left out.

    Attributes:
        identity: the recovery identity that the environment is encrypted to.
        references, engines, sizes: texts ``ASSET=VALUE``.
        objects: directories that mirror buckets.
        recovery_point: when the backup was taken, taken for UTC.
        synthetic: whether the data is made up.
    """

    identity: Path
    dump: Path | None = None
    base: Path | None = None
    references: tuple[str, ...] = ()
    engines: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    objects: tuple[Path, ...] = ()
    index: Path | None = None
    roles: Path | None = None
    realm_dump: Path | None = None
    environment: Path | None = None
    commitment: Path | None = None
    custody: Path | None = None
    proxy: Path | None = None
    release: Path | None = None
    catalogue: Path | None = None
    catalogue_out: Path | None = None
    recovery_point: datetime | None = None
    synthetic: bool = False
