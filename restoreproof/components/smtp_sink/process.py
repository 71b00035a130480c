"""A mail server that accepts what an authenticated client sends, delivers nothing, and tells what came."""

from __future__ import annotations

from restoreproof.components.base import ComponentOptions
from restoreproof.components.sinks.process import launch
from restoreproof.errors import ServiceFailedError
from restoreproof.runtimes.base import Start
from restoreproof.runtimes.process.component import Launch, ProcessComponent, Site


class SmtpSinkProcess(ProcessComponent[ComponentOptions]):
    """The mail sink as a process, which requires AUTH with SMTP_USER and SMTP_PASSWORD of the start."""

    def prepare(self, site: Site, start: Start) -> Launch:
        missing = {"SMTP_USER", "SMTP_PASSWORD"} - set(start.environment)
        if missing:
            raise ServiceFailedError(
                f"{site.name}: its environment has no {' and no '.join(sorted(missing))}"
            )
        wanted = {name: start.environment[name] for name in ("SMTP_USER", "SMTP_PASSWORD")}
        return launch(
            site,
            Start(environment=wanted, arguments=start.arguments),
            "restoreproof.components.smtp_sink.server",
        )


PART = SmtpSinkProcess
