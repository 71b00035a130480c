"""Entry points are found with their distribution, and what can't be used is named with it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from restoreproof import doors
from restoreproof.errors import ExitCode, PluginError

GROUP = "restoreproof.test-group"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory of installed distributions, on the module path."""
    monkeypatch.syspath_prepend(str(tmp_path))
    doors.entries.cache_clear()
    return tmp_path


def install(site: Path, distribution: str, points: str, *, modules: dict[str, str] | None = None) -> None:
    """Lay out a distribution as an installer does."""
    info = site / f"{distribution.replace('-', '_')}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{GROUP}]\n{points}")
    for name, source in (modules or {}).items():
        (site / f"{name}.py").write_text(source)


def test_an_entry_is_found_by_group_and_opened(site: Path) -> None:
    install(site, "acme-kinds", "b = acme_b:KIND\na = acme_b\n", modules={"acme_b": "KIND = 7\n"})
    module, kind = doors.entries(GROUP)
    assert (module.name, kind.name, kind.distribution, kind.version) == ("a", "b", "acme-kinds", "1.0")
    assert kind.target == "acme_b:KIND"
    assert (module.open().KIND, kind.open()) == (7, 7)


def test_finding_imports_nothing_and_is_done_once(site: Path) -> None:
    install(site, "acme-late", "late = acme_late\n", modules={"acme_late": "1 / 0\n"})
    assert doors.entries(GROUP) is doors.entries(GROUP)
    assert "acme_late" not in sys.modules


def test_a_group_that_nobody_registers_in_is_empty(site: Path) -> None:
    assert doors.entries(GROUP) == ()


@pytest.mark.parametrize(
    ("source", "cause"),
    [
        ("import no_such_module_at_all\n", "ModuleNotFoundError: No module named 'no_such_module_at_all'"),
        ("def broken(:\n", "SyntaxError"),
        ("raise SystemExit('unfit')\n", "SystemExit: unfit"),
        ("OTHER = 1\n", "has no attribute 'KIND'"),
    ],
)
def test_what_does_not_import_is_named_with_its_distribution_and_cause(
    site: Path, request: pytest.FixtureRequest, source: str, cause: str
) -> None:
    module = f"acme_broken_{abs(hash(request.node.name))}"
    install(site, "acme-broken", f"odd = {module}:KIND\n", modules={module: source})
    (door,) = doors.entries(GROUP)
    with pytest.raises(PluginError) as refused:
        door.open()
    assert refused.value.exit_code == ExitCode.COULD_NOT_START
    assert "'odd' in restoreproof.test-group" in refused.value.message
    assert "acme-broken 1.0" in refused.value.message
    assert cause in refused.value.message


def test_two_of_one_name_are_refused_with_both_distributions(site: Path) -> None:
    install(site, "acme-first", "same = acme_x\n")
    install(site, "acme-second", "same = acme_y\n")
    with pytest.raises(PluginError, match=r"'same'.*acme_x of acme-first and acme_y of acme-second"):
        doors.entries(GROUP)


def test_one_name_twice_in_one_distribution_is_refused(site: Path) -> None:
    install(site, "acme-twice", "same = acme_x\nsame = acme_y\n")
    with pytest.raises(PluginError, match=r"'same'.*acme_x of acme-twice and acme_y of acme-twice"):
        doors.entries(GROUP)


def test_the_packages_of_plug_ins_are_found_without_importing_them(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = site / "acme_package"
    package.mkdir()
    (package / "__init__.py").write_text("1 / 0\n")
    install(site, "acme-package", "kind = acme_package.kind:KIND\nalso = acme_package\n")
    install(site, "acme-module", "single = acme_single\n", modules={"acme_single": "1 / 0\n"})
    install(site, "acme-gone", "gone = acme_gone_package.kind\n")
    monkeypatch.setattr(doors, "ASSETS", GROUP)
    assert doors.packages() == (package, site / "acme_single.py")
    assert "acme_package" not in sys.modules


def test_one_distribution_found_at_two_places_counts_once(site: Path) -> None:
    install(site, "acme-editable", "one = acme_x\n")
    again = site / "again"
    again.mkdir()
    install(again, "acme-editable", "one = acme_x\n")
    code = f"import sys; sys.path[:0] = {[str(site), str(again)]!r}; from restoreproof import doors; "
    ended = subprocess.run(
        [sys.executable, "-c", code + f"print(len(doors.entries({GROUP!r})))"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout.strip() == "1"
