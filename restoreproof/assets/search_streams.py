"""What is searched for forbidden material, piece by piece: memory stays the same however much there is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import NamedTemporaryFile

import obstore
from obstore.exceptions import BaseError as StoreError
from obstore.store import S3Store

from restoreproof.assets.base import StackContext
from restoreproof.assets.compatibility import misfit
from restoreproof.assets.searchable import Searchable
from restoreproof.errors import EnvironmentUnfitError

_PIECE = 8 * 1024 * 1024


def pieces(path: Path) -> Iterator[bytes]:
    """Yield the bytes of one file."""
    with path.open("rb") as file:
        yield from iter(lambda: file.read(_PIECE), b"")


def printed(
    stack_context: StackContext,
    service: str,
    command: Sequence[str],
    *,
    read: Sequence[Path] = (),
    failed: Callable[[str], Exception],
) -> Iterator[bytes]:
    """Yield what a tool of ``service`` prints, by way of a file that is deleted after it was read.

    Raises:
        EnvironmentUnfitError: it did not end in time, or the disk is full.
        Exception: ``failed``, with its last words, if it ends with anything but 0.
    """
    tool, *arguments = command
    with NamedTemporaryFile(dir=stack_context.workdir, prefix="search-", suffix=".sql") as file:
        out = Path(file.name)
        done = stack_context.runtime.run_tool(service, tool, arguments, read=read, stdout=out)
        if done.returncode != 0:
            raise misfit(done.stderr) or failed(
                f"{tool} ended with {done.returncode}: {done.stderr.strip()[-300:]}"
            )
        yield from pieces(out)


def stored(bucket: str, source: S3Store) -> Iterator[Searchable]:
    """Yield every object of ``source`` at its latest version. Raises EnvironmentUnfitError if it can't."""
    with _answering(f"bucket {bucket}"):
        for page in obstore.list(source, chunk_size=1000):
            for meta in page:
                yield Searchable(f"{bucket}/{meta['path']}", partial(_content, source, meta["path"]))


def _content(source: S3Store, key: str) -> Iterator[bytes]:
    with _answering("object"):
        yield from map(bytes, obstore.get(source, key).stream())


@contextmanager
def _answering(subject: str) -> Iterator[None]:
    try:
        yield
    except (StoreError, OSError) as error:
        raise EnvironmentUnfitError(f"the {subject} can't be read: {type(error).__name__}") from error
