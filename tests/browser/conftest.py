"""Evidence of hand-made drills, and the browser that opens it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from restoreproof.plan import Plan, Waiver
from restoreproof.views.render import render
from tests.browser.opening import CHROMIUM, chromium
from tests.stories import Story, closed, healthy, opened, plan_of, planned
from tests.unit.views.test_views import write_journal

HOSTILE = (
    "</td><script>document.title='obeyed'</script><img src=x onerror=\"document.title='obeyed'\">\x1b[2J"
)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not there: apt-get install chromium")
    with chromium() as running:
        yield running


def _verified() -> tuple[Plan, Story]:
    plan = plan_of()
    return plan, healthy(plan)


def _failed() -> tuple[Plan, Story]:
    """Many failures with long names and findings that would like to be markup."""
    names = [f"c/{n}-{'long-' * 20}" for n in range(40)]
    plan = plan_of(*(planned(name, title=f"{HOSTILE} {name}") for name in names))
    story = opened(plan)
    for name in names:
        story.check(name, "FAILED", "failed", observed=HOSTILE, findings=[HOSTILE] * 20, findings_total=312)
    return plan, closed(story, 1)


def _not_verified() -> tuple[Plan, Story]:
    """A drill that was cut short, so that checks and stages were never reached."""
    plan = plan_of()
    story = opened(plan).tell("stage-entered", stage="database").check("c/rows", "NOT_VERIFIED", "failed")
    return plan, story.tell("stage-failed", stage="objects", error="no route to the bucket")


def _waived() -> tuple[Plan, Story]:
    waiver = Waiver("c/x", "known since spring", "data team", "Jo Doe", "2027-01-01")
    plan = plan_of(planned("c/x"), waivers=(waiver,))
    return plan, closed(opened(plan).check("c/x", "FAILED", "failed"), 1)


STORIES = {
    "VERIFIED": _verified,
    "FAILED": _failed,
    "NOT VERIFIED": _not_verified,
    "VERIFIED WITH WAIVERS": _waived,
}


@pytest.fixture(scope="session", params=STORIES)
def evidence(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A verdict, and the directory of a drill that ended with it."""
    directory = tmp_path_factory.mktemp("evidence")
    plan, story = STORIES[request.param]()
    write_journal(directory, story)
    assert render(directory, plan).verdict == request.param
    return request.param, directory
