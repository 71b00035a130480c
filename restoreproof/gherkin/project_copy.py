"""What a drill runs and compares with, taken once: a copy that nobody changes while it is used."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from restoreproof.contract import Contract
from restoreproof.contract.loader import parse, read_contract
from restoreproof.drill.request import DrillRequest
from restoreproof.errors import Location, RestoreproofError, UsageError
from restoreproof.gherkin.document import feature_files
from restoreproof.gherkin.support_code import support_files
from restoreproof.plan import PlannedFile

MAX_FILES = 20_000
MAX_BYTES = 256 * 1024 * 1024
"""Of all files together: more is no project of features, and a drill does not fill the disk with it."""

_PROJECT = "project"
_CONTRACT = "contract.yaml"
_CATALOGUE = "catalogue.json"
SET = "set"
"""Where the set is held, below the place of the copy."""


@dataclass(frozen=True, slots=True)
class ProjectCopy:
    """The copy below ``place``, read-only: contract, features with the code beside them, and catalogue.

    ``paths`` and ``fault_folders`` are those of the request, as they lie in the copy. ``files`` are all files
    that the inner process gets to run or to read, by their path in the copy; ``contract`` was parsed from the
    copy and resolves its relative paths where it came from.
    """

    contract: Contract
    features: Path
    paths: tuple[Path, ...]
    fault_folders: tuple[Path, ...]
    files: tuple[PlannedFile, ...]
    contract_copy: Path


def copy_project(request: DrillRequest, place: Path) -> ProjectCopy:
    """Take the copy. Paths of ``request`` are absolute, and ``place`` is a directory of this drill alone.

    Raises:
        ContractError: the contract can't be read, or is none.
        UsageError: a file can't be read, or there are too many.
    """
    copier = _Copier(place)
    contract_copy = copier.write(_CONTRACT, read_contract(request.contract))
    contract = parse(contract_copy.read_text(encoding="utf-8"), request.contract)
    features = request.features
    project = place / _PROJECT
    for path in (*feature_files(features), *support_files(features)):
        copier.copy(path, f"{_PROJECT}/{path.relative_to(features.parent).as_posix()}")
    folders = []
    for number, folder in enumerate(request.fault_folders):
        name = folder.name if folder.parent == features.parent else f"{folder.name}-{number}"
        for path in _files_below(folder):
            copier.copy(path, f"{_PROJECT}/{name}/{path.relative_to(folder).as_posix()}")
        folders.append(project / name)
    copied = project / features.name
    copied.mkdir(parents=True, exist_ok=True)
    return ProjectCopy(
        contract,
        copied,
        tuple(_moved(path, features, copied) for path in request.paths),
        tuple(folders),
        copier.files,
        contract_copy,
    )


def copy_catalogue(catalogue: Path, place: Path) -> Path:
    """Copy the catalogue into ``place``, and return its path. Raises UsageError if it can't be read."""
    return _Copier(place).copy(catalogue, _CATALOGUE)


@contextmanager
def original_paths(place: Path, request: DrillRequest) -> Iterator[None]:
    """Name the user's own files in what is raised inside, where it names those of the copy in ``place``."""
    copied = {str(place / _PROJECT): request.features.parent, str(place / SET): request.backup}
    if request.catalogue:
        copied[str(place / _CATALOGUE)] = request.catalogue

    def original(text: str) -> str:
        for copy, own in copied.items():
            text = text.replace(copy, str(own))
        return text

    try:
        yield
    except RestoreproofError as error:
        error.message = original(error.message)
        error.hint = error.hint and original(error.hint)
        error.where = error.where and Location(original(error.where.file), error.where.line)
        raise


class _Copier:
    """Writes files below a directory, readable by this user alone and writable by nobody."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._files: dict[str, str] = {}
        self._bytes = 0

    @property
    def files(self) -> tuple[PlannedFile, ...]:
        return tuple(PlannedFile(path, sha256) for path, sha256 in sorted(self._files.items()))

    def copy(self, source: Path, name: str) -> Path:
        try:
            with source.open("rb") as file:
                content = file.read(MAX_BYTES + 1)
        except OSError as error:
            raise UsageError(f"can't be read: {error.strerror}", where=Location(str(source))) from error
        return self.write(name, content)

    def write(self, name: str, content: bytes) -> Path:
        self._bytes += len(content)
        if self._bytes > MAX_BYTES or len(self._files) >= MAX_FILES:
            raise UsageError(
                f"features and the code beside them are more than {MAX_FILES} files or {MAX_BYTES} bytes",
                hint="keep data that no check reads out of features/, steps/ and fixtures/",
            )
        path = self._place / name
        path.parent.mkdir(parents=True, exist_ok=True, mode=stat.S_IRWXU)
        path.write_bytes(content)
        path.chmod(stat.S_IRUSR)
        self._files[name] = hashlib.sha256(content).hexdigest()
        return path


def _files_below(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".pyc" and "__pycache__" not in path.parts
    )


def _moved(path: Path, features: Path, copied: Path) -> Path:
    """A path or node id of ``features`` as it is in the copy; one from elsewhere stays, and selects none."""
    file, colons, node = str(path).partition("::")
    place = Path(file).resolve()
    if not place.is_relative_to(features.resolve()):
        return path
    return Path(f"{copied / place.relative_to(features.resolve())}{colons}{node}")
