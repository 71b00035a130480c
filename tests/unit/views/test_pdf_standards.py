"""A validator that is not ours finds ``drill.pdf`` archivable (PDF/A-2a) and accessible (PDF/UA-1)."""

from __future__ import annotations

from pathlib import Path

import pytest
import typst

from restoreproof.plan import Plan
from restoreproof.record.reduce import reduce
from restoreproof.views.pdf import pdf
from tests.stories import healthy
from tests.unit.views.verapdf import PASS, judged

FLAVOURS = ["2a", "ua1"]


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_verapdf_finds_nothing_against_it(tmp_path: Path, plan: Plan, flavour: str) -> None:
    path = tmp_path / "drill.pdf"
    path.write_bytes(pdf(reduce(plan, healthy(plan).events)))
    assert judged(path, flavour).startswith(PASS)


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_verapdf_would_have_found_something(tmp_path: Path, flavour: str) -> None:
    """The control: a PDF that was made for neither standard."""
    path = tmp_path / "plain.pdf"
    path.write_bytes(typst.compile(b"A page.", ignore_system_fonts=True))
    verdict, *rules = judged(path, flavour).splitlines()
    assert verdict.startswith("FAIL")
    assert rules
