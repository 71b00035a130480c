"""The library's own runtimes hold what ``restoreproof.testing`` asks of anybody's."""

from __future__ import annotations

from restoreproof.testing.runtime_suite import RuntimeSuite


class TestProcess(RuntimeSuite):
    name = "process"


class TestCompose(RuntimeSuite):
    name = "compose"


class TestExternal(RuntimeSuite):
    name = "external"
