"""A web server that accepts every POST, does nothing, and tells what came."""

from __future__ import annotations

from restoreproof.components.base import ComponentOptions
from restoreproof.components.sinks.process import launch
from restoreproof.runtimes.base import Start
from restoreproof.runtimes.process.component import Launch, ProcessComponent, Site


class HttpSinkProcess(ProcessComponent[ComponentOptions]):
    """The webhook sink as a process of the harness's own Python."""

    def prepare(self, site: Site, start: Start) -> Launch:
        return launch(site, Start(arguments=start.arguments), "restoreproof.components.http_sink.server")


PART = HttpSinkProcess
