"""A mail server that accepts what an authenticated client sends, delivers nothing, and tells what came."""

from __future__ import annotations

from restoreproof.errors import ServiceFailedError
from restoreproof.runtimes.base import Start
from restoreproof.runtimes.process.components import base
from restoreproof.runtimes.process.components._sink import launch
from restoreproof.runtimes.process.components.base import Launch, Site


class SmtpSink(base.Component[base.Options]):
    """AUTH is required, with SMTP_USER and SMTP_PASSWORD of ``Start.environment``."""

    def prepare(self, site: Site, start: Start) -> Launch:
        missing = {"SMTP_USER", "SMTP_PASSWORD"} - set(start.environment)
        if missing:
            raise ServiceFailedError(
                f"{site.name}: its environment has no {' and no '.join(sorted(missing))}"
            )
        wanted = {name: start.environment[name] for name in ("SMTP_USER", "SMTP_PASSWORD")}
        return launch(site, Start(environment=wanted, arguments=start.arguments), "mail")


COMPONENT = SmtpSink
