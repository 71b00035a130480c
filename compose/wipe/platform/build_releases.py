"""``python build_releases.py --out DIR``: DIR/<version>/ for this release and every earlier one.

This tree is the newest release; each ``../releases/<version>.patch`` is the difference from that
release to the next one, so taking it back gives that release. The same sources and the same virtual
environment give the same bytes.
"""

import argparse
import hashlib
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

HERE = Path(__file__).resolve().parent
PATCHES = HERE.parent / "releases"
TEMPLATE = HERE.parent / "keycloak" / "realm-wipe.json"
PACKAGE = "wipe_platform"

#: in the environment for building and testing; not part of what runs
NOT_SHIPPED = {"pip", "setuptools", "wheel", "pytest", "pluggy", "iniconfig", "pygments"}

RELEASE_FACTS = """
import json
from wipe_platform.agent_binary import agent_binary, binary_name
from wipe_platform.api.app import describe
from wipe_platform.release import MIGRATION_HEAD, RELEASED, VERSION
print(json.dumps({
    "version": VERSION, "migration_head": MIGRATION_HEAD, "released": RELEASED,
    "openapi": describe().openapi(), "binary_name": binary_name(VERSION),
    "binary": agent_binary(VERSION).hex(),
}))
"""


class BuildError(Exception):
    """A release could not be derived; the message says which and why."""


def build_all(out: Path) -> list[Path]:
    """Build every release below ``out``, newest first; replaces earlier builds of the same versions."""
    out.mkdir(parents=True, exist_ok=True)
    built = [build(HERE / PACKAGE, out, patch=None)]
    for patch in sorted(PATCHES.glob("*.patch"), key=_version, reverse=True):
        built.append(build(built[-1] / PACKAGE, out, patch))
    return built


def build(source: Path, out: Path, patch: Path | None) -> Path:
    """One release from the source tree of its successor (or its own, without a patch)."""
    staging = out / ".staging"
    shutil.rmtree(staging, ignore_errors=True)
    shutil.copytree(source, staging / PACKAGE, ignore=shutil.ignore_patterns("__pycache__"))
    if patch is not None:
        take_back(patch, staging)
    facts = _facts(staging)
    version = facts["version"]
    if patch is not None and version != patch.stem:
        raise BuildError(f"{patch.name} leads to release {version}")
    (staging / "keycloak").mkdir()
    shutil.copyfile(TEMPLATE, staging / "keycloak" / TEMPLATE.name)
    (staging / "binaries").mkdir()
    (staging / "binaries" / facts["binary_name"]).write_bytes(bytes.fromhex(facts["binary"]))
    _write_json(staging / "openapi.json", facts["openapi"])
    _write_json(staging / "sbom.cdx.json", sbom(version, facts["released"]))
    release = {"version": version, "migration_head": facts["migration_head"], "released": facts["released"]}
    _write_json(staging / "release.json", {**release, "artifacts": digests(staging)})
    target = out / version
    shutil.rmtree(target, ignore_errors=True)
    return staging.rename(target)


def take_back(patch: Path, tree: Path) -> None:
    """Undo a patch in a tree; fails whole when any part of it does not fit."""
    # Without the ceiling, git would look for a repository above the tree and resolve paths from there.
    environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(tree.resolve().parent)}
    command = ["git", "apply", "--reverse", "--whitespace=nowarn", str(patch)]
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BuildError(f"{patch.name} does not fit: {done.stderr.strip()}")


def digests(tree: Path) -> dict[str, str]:
    """SHA-256 of each artifact; the package counts as one, by the digests of its files."""
    artifacts = {
        path.relative_to(tree).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(tree.rglob("*"))
        if path.is_file() and PACKAGE not in path.relative_to(tree).parts
    }
    files = (path for path in (tree / PACKAGE).rglob("*") if path.is_file() and path.suffix != ".pyc")
    listing = "".join(
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(tree).as_posix()}\n"
        for path in sorted(files)
    )
    return {**artifacts, PACKAGE: hashlib.sha256(listing.encode()).hexdigest()}


def sbom(version: str, released: str) -> object:
    """CycloneDX of what runs: the platform and every distribution of this environment."""
    bom = Bom(serial_number=uuid5(NAMESPACE_URL, f"https://wipe.example/sbom/{version}"))
    bom.metadata.timestamp = datetime.fromisoformat(released).replace(tzinfo=UTC)
    root = Component(
        name="wipe-platform", version=version, type=ComponentType.APPLICATION, bom_ref="wipe-platform"
    )
    bom.metadata.component = root
    for distribution in importlib.metadata.distributions():
        name = re.sub(r"[-_.]+", "-", distribution.name).lower()
        if name not in NOT_SHIPPED:
            purl = PackageURL("pypi", name=name, version=distribution.version)
            bom.components.add(
                Component(name=name, version=distribution.version, purl=purl, bom_ref=str(purl))
            )
    bom.register_dependency(root, bom.components)
    return _sorted_components(json.loads(JsonV1Dot6(bom).output_as_string()))


def _sorted_components(document: dict[str, list[dict[str, str]]]) -> object:
    document["components"].sort(key=lambda component: component["name"])
    return document


def _facts(tree: Path) -> dict[str, str]:
    # From the tree itself, in a process of its own: it may be another release than the one imported here.
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", RELEASE_FACTS]
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BuildError(f"the release in {tree} does not load: {done.stderr.strip()[-600:]}")
    facts: dict[str, str] = json.loads(done.stdout)
    return facts


def _version(patch: Path) -> tuple[int, ...]:
    return tuple(int(part) for part in patch.stem.split("."))


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    try:
        for release in build_all(parser.parse_args().out):
            print(release)
    except BuildError as error:
        print(f"build_releases: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
