"""The pytest plugin inside the sandbox: it runs what was chosen, and writes each report as a line of JSON."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

WORK = Path(os.environ["INSIDE_WORK"])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    chosen = set(json.loads((WORK / "chosen.json").read_text()))
    items[:] = [item for item in items if item.nodeid in chosen]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    report = yield
    line = item.config.hook.pytest_report_to_serializable(config=item.config, report=report)
    with (WORK / "reports.jsonl").open("a") as file:
        file.write(json.dumps(line) + "\n")
    return report
