"""One service of the target, handled by its commands; each is journaled, and refused what it may not do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from restoreproof.errors import EnvironmentUnfitError, RestoreproofError, ServiceFailedError
from restoreproof.events import Emitter
from restoreproof.redaction.redactor import Redactor
from restoreproof.runtimes.base import Completed
from restoreproof.runtimes.external.block import ExternalService
from restoreproof.runtimes.external.commands import Commands, Order

_LINE_CHARACTERS = 400
START_S, STOP_S, ASK_S = 900.0, 300.0, 30.0


class Handler:
    """Runner and journal of the ``external:`` block's commands. ``stage`` is the present one."""

    def __init__(self, commands: Commands, emitter: Emitter, redactor: Redactor) -> None:
        self.stage: str | None = None
        self._commands, self._emitter, self._redactor = commands, emitter, redactor

    def run(
        self,
        order: Order,
        service: str | None = None,
        tool: str | None = None,
        shown: Callable[[str], str] = str,
    ) -> Completed:
        """Run ``order``, and journal it as ``tool`` if it is one, in words that ``shown`` has seen.

        Raises as ``Commands.run``.
        """
        words = {"RESTOREPROOF_STAGE": self.stage or "", "RESTOREPROOF_SERVICE": service or ""}
        done = self._commands.run(replace(order, more={**words, **order.more}))
        done = replace(done, stderr=shown(done.stderr))
        journaled = done if done.returncode or tool else replace(done, stderr="")
        self._emitter.emit(journaled.event(tool or order.what))
        return done

    def ask(self, order: Order) -> Completed:
        """Run ``order`` without journaling it: what it prints is not for the evidence. Raises as ``run``."""
        words = {"RESTOREPROOF_STAGE": self.stage or ""}
        return self._commands.run(replace(order, more={**words, **order.more}))

    def must(self, order: Order, service: str) -> Completed:
        """Run ``order``. Raises ServiceFailedError, with what it said last, unless it ends with 0."""
        done = self.run(order, service)
        if done.returncode:
            output = done.stderr.strip() or self._redactor.text(done.stdout.decode(errors="replace"))
            raise ServiceFailedError(
                f"{order.what} ended with {done.returncode}: {last_words(output)}",
                hint=f"run it by hand: {' '.join(order.argv)}",
            )
        return done

    def log(self, service: str, block: ExternalService) -> str:
        """Return what the service's log command prints, redacted; or one line on why it prints nothing."""
        if block.logs is None:
            return ""
        try:
            done = self._commands.run(Order(f"logs of {service}", block.logs, ASK_S))
        except RestoreproofError as error:
            return f"the log can't be had: {error.message}"
        if done.returncode:
            return f"the log can't be had: its command ended with {done.returncode}"
        return self._redactor.text(done.stdout.decode(errors="replace"))

    def since(self, service: str, block: ExternalService) -> datetime | None:
        """Return when the service's process started, by its command (UTC); None if it has no such command.

        Raises:
            EnvironmentUnfitError: the command says something else.
        """
        if block.since is None:
            return None
        done = self.run(Order(f"since of {service}", block.since, ASK_S), service)
        printed = done.stdout.decode(errors="replace").strip()
        try:
            at = datetime.fromisoformat(printed) if done.returncode == 0 else None
        except ValueError:
            at = None
        if at is None or at.tzinfo is None:
            raise EnvironmentUnfitError(
                f"the since command of {service} ended with {done.returncode} and printed no time",
                hint=f"it has to print ISO 8601, such as 2026-11-22T21:00:00Z: {' '.join(block.since)}",
            )
        return at.astimezone(UTC)


def last_words(text: str, characters: int = 600) -> str:
    """Return the end of what a command said, for a message; or that it said nothing."""
    return text.strip()[-characters:] or "it said nothing"


def tail(text: str, lines: int) -> str:
    """Return the last ``lines`` lines, bounded in width."""
    return "\n".join(line[:_LINE_CHARACTERS] for line in text.splitlines()[-lines:])
