"""Rendering a drill's views anew from plan and journal, and holding the evidence against them."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from restoreproof.record.build import harness_build
from restoreproof.record.model import Record
from restoreproof.views import OptionalView, every_view
from restoreproof.views.rerender import GENERATED, compare, render_again


@dataclass(frozen=True, slots=True)
class Remade:
    """Evidence held against views that were rendered anew.

    ``unlike`` says for each file why it is not what plan and journal give. ``own`` are files that were not
    compared, since their bytes depend on the version of another program: Allure's, or typst's.
    """

    unlike: tuple[tuple[str, str], ...]
    own: tuple[str, ...]


def remake(directory: Path, into: Path) -> Remade:
    """Render every view of ``directory`` into the empty directory ``into``, and compare.

    Raises:
        EvidenceError: plan or journal can't be read, or a view can't be written.
        EnvironmentUnfitError: the evidence has a view that an extra is needed for, which is missing here.
    """
    record = render_again(directory, into)
    comparison = compare(into, directory)
    packages = set() if _same_packages(record) else _made_with_packages()
    unlike = [
        *(
            (name, "is not what plan and journal give")
            for name in comparison.different
            if name not in packages
        ),
        *((name, "is missing, and plan and journal give it") for name in comparison.missing),
        *((name, "is no view of this drill, nor a log as its journal names it") for name in comparison.added),
    ]
    own = sorted({*GENERATED, *(packages & {*comparison.different})})
    return Remade(tuple(unlike), tuple(name for name in own if (into / name).is_file()))


def put_own(rendered: Path, directory: Path, remade: Remade) -> None:
    """Replace what could not be compared by what was rendered here, of the same plan and journal."""
    for name in remade.own:
        shutil.copyfile(rendered / name, directory / name)


def _made_with_packages() -> set[str]:
    """The files whose bytes depend on a package that is no part of this program."""
    return {view.file for _, view in every_view() if isinstance(view, OptionalView)}


def _same_packages(record: Record) -> bool:
    """Whether the drill's machine had its packages of the same lock as this one; False where one has none."""
    ours = harness_build().lockfile_sha256
    return bool(ours) and record.harness_build.lockfile_sha256 == ours
