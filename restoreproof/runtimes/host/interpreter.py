"""What has to be readable so that a Python runs: a virtual environment's, or the harness's own."""

from __future__ import annotations

import sys
from pathlib import Path

from restoreproof import doors


def python_read(environment: Path) -> tuple[Path, ...]:
    """Return the paths without which the virtual environment ``environment`` can't run."""
    config = environment / "pyvenv.cfg"
    read = [environment]
    if config.is_file():
        for line in config.read_text().splitlines():
            key, _, value = line.partition("=")
            if key.strip() == "home":
                read.append(Path(value.strip()).parent)
    read.append((environment / "bin" / "python").resolve().parent.parent)
    return tuple(dict.fromkeys(path for path in read if not _in_system(path)))


def harness_read() -> tuple[Path, ...]:
    """Return the paths without which this interpreter and its packages can't run."""
    package = Path(__file__).resolve().parents[2]  # an editable install lies outside the prefix
    prefixes = [
        Path(sys.prefix),
        Path(sys.base_prefix),
        Path(sys.executable).resolve().parent.parent,
        package,
        *doors.packages(),
    ]
    return tuple(dict.fromkeys(prefix for prefix in prefixes if not _in_system(prefix)))


def _in_system(path: Path) -> bool:
    return path == Path("/") or Path("/usr") in (path, *path.parents)
