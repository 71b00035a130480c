"""A web server that accepts every POST, does nothing, and tells what came."""

from __future__ import annotations

from restoreproof.runtimes.base import Start
from restoreproof.runtimes.process.components import base
from restoreproof.runtimes.process.components._sink import launch
from restoreproof.runtimes.process.components.base import Launch, Site


class HttpSink(base.Component[base.Options]):
    """Webhooks end here."""

    def prepare(self, site: Site, start: Start) -> Launch:
        return launch(site, Start(arguments=start.arguments), "webhook")


COMPONENT = HttpSink
