"""The webhook sink in a container; nothing of a set concerns it."""

from __future__ import annotations

from restoreproof.runtimes.base import Start
from restoreproof.runtimes.compose.parts._sink import ports
from restoreproof.runtimes.compose.parts.base import Container, Part


class HttpSinkPart(Part):
    """It accepts whatever comes."""

    def container(self, start: Start) -> Container:
        return Container(environment=ports(self.service), arguments=start.arguments)


PART = HttpSinkPart
