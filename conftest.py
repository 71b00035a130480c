"""Makes the phrases in ``steps/`` and the fixtures in ``fixtures/`` known to pytest, each module of them."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).parent


def _modules(package: str) -> list[str]:
    return [f"{package}.{path.stem}" for path in sorted((_HERE / package).glob("[!_]*.py"))]


pytest_plugins = [*_modules("steps"), *_modules("fixtures")]
