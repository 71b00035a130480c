"""The library's own components hold what ``restoreproof.testing`` asks of anybody's."""

from __future__ import annotations

from restoreproof.redaction.redactor import Secret
from restoreproof.runtimes.base import Start
from restoreproof.testing.component_suite import ComponentSuite
from tests.workshop import CONTRACT


class TestMailSink(ComponentSuite):
    name = "smtp-sink"
    contract = CONTRACT
    service = "smtp"
    start = Start(environment={"SMTP_USER": "mailer", "SMTP_PASSWORD": Secret("SMTP_PASSWORD", "of a test")})


class TestObjectStore(ComponentSuite):
    name = "seaweedfs"
    contract = CONTRACT
    service = "s3"


class TestWebhookSink(ComponentSuite):
    name = "http-sink"
    contract = CONTRACT
    service = "webhook"
