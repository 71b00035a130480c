"""Releases: the patch fits, the two differ where they should, and a build repeats itself."""

import hashlib
import json
from pathlib import Path

import pytest
from build_releases import PATCHES, BuildError, build_all, digests, take_back
from wipe_platform.release import MIGRATION_HEAD, VERSION


def contents(directory: Path) -> dict[str, bytes]:
    return {str(p.relative_to(directory)): p.read_bytes() for p in directory.rglob("*") if p.is_file()}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("releases")
    build_all(out)
    return out


def described(release: Path) -> dict[str, str]:
    content: dict[str, str] = json.loads((release / "release.json").read_text())
    return content


def test_both_releases_are_built_and_say_which_they_are(built: Path) -> None:
    assert sorted(path.name for path in built.iterdir()) == ["1.4.0", VERSION]
    assert described(built / VERSION)["migration_head"] == MIGRATION_HEAD
    assert described(built / "1.4.0")["migration_head"] == "0007"


def test_the_head_migration_is_in_the_new_release_only(built: Path) -> None:
    revisions = {
        version: {p.name[:4] for p in (built / version / "wipe_platform/migrations/versions").glob("0*.py")}
        for version in ("1.4.0", VERSION)
    }
    assert revisions[VERSION] - revisions["1.4.0"] == {"0008"}
    assert len(revisions["1.4.0"]) == 7


def test_every_artifact_has_the_digest_that_the_release_states(built: Path) -> None:
    for release in built.iterdir():
        stated = json.loads((release / "release.json").read_text())["artifacts"]
        assert {"openapi.json", "sbom.cdx.json", "wipe_platform"} <= set(stated)
        for name, digest in stated.items():
            if name != "wipe_platform":
                assert hashlib.sha256((release / name).read_bytes()).hexdigest() == digest
        (release / "release.json").rename(release.parent.parent / "aside.json")
        assert digests(release) == stated
        (release.parent.parent / "aside.json").rename(release / "release.json")


def test_a_second_build_has_the_same_bytes(built: Path, tmp_path: Path) -> None:
    build_all(tmp_path)
    assert contents(tmp_path) == contents(built)


def test_the_bill_of_materials_names_what_runs(built: Path) -> None:
    bom = json.loads((built / VERSION / "sbom.cdx.json").read_text())
    names = {component["name"] for component in bom["components"]}
    assert bom["bomFormat"] == "CycloneDX"
    assert {"fastapi", "sqlalchemy", "psycopg", "cryptography"} <= names
    assert not names & {"pip", "pytest"}


def test_a_patch_that_does_not_fit_is_refused_and_changes_nothing(built: Path, tmp_path: Path) -> None:
    tree = tmp_path / "wipe_platform"
    tree.mkdir()
    (tree / "release.py").write_text("something else\n")
    with pytest.raises(BuildError, match=r"1\.4\.0\.patch does not fit"):
        take_back(PATCHES / "1.4.0.patch", tmp_path)
    assert (tree / "release.py").read_text() == "something else\n"
