"""The mail sink: ``python -m restoreproof.components.smtp_sink.server``, configured by its environment."""

from __future__ import annotations

import asyncio
import email
import email.policy
import hmac
import os
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from restoreproof.components.sinks.effects import Effects, serve


class MailRecorder:
    """Handler that accepts every message of an authenticated session and keeps one line of it."""

    def __init__(self, effects: Effects, user: bytes, password: bytes) -> None:
        self._effects = effects
        self._user = user
        self._password = password

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _how: str, credentials: object
    ) -> AuthResult:
        """Check AUTH LOGIN and PLAIN against the one account; a refused attempt is recorded as an effect."""
        accepted = (
            isinstance(credentials, LoginPassword)
            and hmac.compare_digest(credentials.login, self._user)
            and hmac.compare_digest(credentials.password, self._password)
        )
        if not accepted:
            self._effects.record("mail-refused", "a client with a wrong user or password")
        return AuthResult(success=accepted, handled=False)

    async def handle_DATA(  # noqa: N802 (the name aiosmtpd calls)
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Record one message, and accept it."""
        message = email.message_from_bytes(envelope.original_content or b"", policy=email.policy.default)
        recipients = ", ".join(envelope.rcpt_tos)
        self._effects.record("mail", f"{envelope.mail_from} to {recipients}: {message['subject']}")
        return "250 recorded"


async def _run() -> None:
    address = os.environ["SINK_ADDRESS"]
    effects = Effects(Path("effects.jsonl"))
    recorder = MailRecorder(effects, os.environ["SMTP_USER"].encode(), os.environ["SMTP_PASSWORD"].encode())

    def session() -> SMTP:
        # Inside the sandbox the network is the drill's alone: AUTH without TLS harms nobody.
        return SMTP(
            recorder,
            authenticator=recorder.authenticate,
            auth_required=True,
            auth_require_tls=False,
            hostname="sink",
        )

    server = await asyncio.get_running_loop().create_server(session, address, int(os.environ["SINK_PORT"]))
    serve(address, int(os.environ["SINK_EFFECTS_PORT"]), effects)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_run())
