"""Mail that leaves by SMTP."""

from __future__ import annotations

import smtplib
from email.message import EmailMessage

from restoreproof.assets.base import RestoreContext
from restoreproof.checks.sinks.base import SinkRecorder
from restoreproof.contract.interfaces import Sink


class MailSink(SinkRecorder):
    """One message to nobody (RFC 2606, ``.invalid``), with the mark as its subject."""

    def act(self, restore_context: RestoreContext, sink: Sink, mark: str) -> None:
        stack_context = restore_context.stack_context
        endpoint = stack_context.runtime.endpoint(sink.service)
        message = EmailMessage()
        message["From"], message["To"] = "drill@restoreproof.invalid", "nobody@restoreproof.invalid"
        message["Subject"] = mark
        message.set_content("A control of a restore drill.")
        with smtplib.SMTP(endpoint.address, endpoint.port, timeout=10) as client:
            if sink.user and sink.password:
                user, password = (
                    stack_context.vault.secret(sink.user),
                    stack_context.vault.secret(sink.password),
                )
                client.login(user.reveal(), password.reveal())
            client.send_message(message)


KIND = MailSink()
