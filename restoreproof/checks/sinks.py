"""Every way out of the stack: that nothing left by it, and that it would have been noticed."""

from __future__ import annotations

import secrets
import smtplib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from email.message import EmailMessage

import httpx
import obstore
from botocore.exceptions import ClientError
from obstore.exceptions import BaseError as StoreError

from restoreproof.assets.base import Ground, Restoring
from restoreproof.assets.objects import ObjectsAsset
from restoreproof.assets.s3 import control, store
from restoreproof.checks.base import Findings, judge, survey
from restoreproof.checks.objects import objects_asset
from restoreproof.checks.web import stack_client
from restoreproof.contract.models import Sink
from restoreproof.errors import ContractError, ServiceFailedError
from restoreproof.outcome import Observation
from restoreproof.waiting import NotReady, wait_until

NOTICE_WITHIN_S = 10.0
MARKS = "sink-controls"
REFUSALS = frozenset({"AccessDenied", "403", "Forbidden"})


@dataclass(frozen=True, slots=True)
class SinkSurvey:
    """What each sink has recorded since the drill began, the harness's own controls left out."""

    effects: Mapping[str, int]
    described: Mapping[str, tuple[str, ...]]
    of: int

    def silent(self) -> Observation:
        """Not one effect at any of them."""
        findings = Findings()
        for name, count in self.effects.items():
            if count:
                shown = f": {'; '.join(self.described[name][:3])}" if self.described[name] else ""
                findings.add(f"{name}: {count} effects{shown}")
        names = ", ".join(self.effects)
        return judge(
            f"{names or 'the sinks'} have recorded no effect",
            f"{sum(self.effects.values())} effects at {len(self.effects)} sinks",
            findings,
            examined=len(self.effects),
            of=self.of,
        )


@survey("sinks")
def survey_sinks(restoring: Restoring) -> SinkSurvey:
    """Ask every sink of the contract what it has recorded."""
    sinks = restoring.ground.contract.sinks
    seen = {name: _foreign(restoring, sink) for name, sink in sinks.items()}
    return SinkSurvey(
        {name: count for name, (count, _) in seen.items()},
        {name: shown for name, (_, shown) in seen.items()},
        len(sinks),
    )


def new_mark(ground: Ground) -> str:
    """A mark for one control of this drill, noted where no service can read it before it is used."""
    mark = f"restoreproof-control-{secrets.token_hex(16)}"
    with (ground.workdir / MARKS).open("a") as file:
        file.write(f"{mark}\n")
    return mark


def controls_among(marks: Iterable[str], shown: Iterable[str]) -> int:
    """How many of the drill's ``marks`` are in what a sink has recorded.

    Each counts once: restored code that read a mark out of a sink can't hide an effect behind it.
    """
    told = "\n".join(shown)
    return sum(mark in told for mark in marks)


def _foreign(restoring: Restoring, sink: Sink) -> tuple[int, tuple[str, ...]]:
    """How many effects are not the drill's own controls, and the first of them in words."""
    count, shown = _recorded(restoring, sink)
    noted = restoring.ground.workdir / MARKS
    marks = noted.read_text().split() if noted.exists() else []
    foreign = tuple(one for one in shown if not any(mark in one for mark in marks))
    return count - controls_among(marks, shown), foreign


def _recorded(restoring: Restoring, sink: Sink) -> tuple[int, tuple[str, ...]]:
    ground = restoring.ground
    if sink.kind == "bucket":
        name, asset = _bucket(restoring, sink)
        known = restoring.catalogue.buckets.get(name) if restoring.catalogue else None
        listed = [
            meta["path"] for page in obstore.list(_as_administrator(ground, asset, name)) for meta in page
        ]
        return len(listed) - (known.objects if known else 0), tuple(listed)
    endpoint = ground.runtime.endpoint(sink.service, "effects")
    answer = httpx.get(
        f"http://{endpoint.address}:{endpoint.port}/effects", timeout=10, trust_env=False
    ).raise_for_status()
    told = answer.json()
    return int(told["count"]), tuple(f"{one['kind']} {one['summary']}" for one in told["effects"])


def _bucket(restoring: Restoring, sink: Sink) -> tuple[str, ObjectsAsset]:
    if sink.bucket is None:
        raise ContractError("a sink of kind bucket names no bucket")
    return sink.bucket, objects_asset(restoring, sink.bucket)


def _as_administrator(ground: Ground, asset: ObjectsAsset, bucket: str) -> obstore.store.S3Store:
    runtime = ground.runtime
    name = asset.bucket_name(ground, bucket)
    return store(runtime.endpoint(asset.service), runtime.administrator(asset.service), name)


def _as_application(ground: Ground, asset: ObjectsAsset, bucket: str) -> obstore.store.S3Store:
    name = asset.bucket_name(ground, bucket)
    return store(ground.runtime.endpoint(asset.service), asset.application(ground, bucket), name)


@dataclass(frozen=True, slots=True)
class ControlSurvey:
    """One deliberate effect at each sink, made with the restored credentials."""

    tried: int
    of: int
    unnoticed: Findings
    write_only_tried: int
    write_only_of: int
    readable: Findings

    def noticed(self) -> Observation:
        """Each sink recorded its effect: its silence before was no deafness."""
        return judge(
            "each sink records an effect when there is one",
            f"{self.tried - self.unnoticed.total} of {self.tried} controls noticed",
            self.unnoticed,
            examined=self.tried,
            of=self.of,
        )

    def write_only(self) -> Observation:
        """The identity that delivers there can't read or list what it delivered."""
        return judge(
            "the identity of a write-only bucket can put an object and neither read nor list",
            f"{self.write_only_tried} refusals asked for, {self.readable.total} not given",
            self.readable,
            examined=self.write_only_tried,
            of=self.write_only_of,
        )


@survey("sink controls")
def survey_controls(restoring: Restoring) -> ControlSurvey:
    """Send one mail, post one webhook, put one object: with restored credentials, then see each noticed."""
    sinks = restoring.ground.contract.sinks
    controls = _Controls(restoring)
    write_only = 0
    with restoring.ground.phase("sink controls"):
        for name, sink in sinks.items():
            controls.try_one(name, sink)
            if sink.kind == "bucket":
                bucket, asset = _bucket(restoring, sink)
                write_only += asset.buckets[bucket].access == "write-only"
    return ControlSurvey(
        controls.tried, len(sinks), controls.unnoticed, controls.asked, 2 * write_only, controls.readable
    )


class _Controls:
    """Makes effects and watches for them."""

    def __init__(self, restoring: Restoring) -> None:
        self.tried = self.asked = 0
        self.unnoticed, self.readable = Findings(), Findings()
        self._restoring = restoring
        self._mark = new_mark(restoring.ground)

    def try_one(self, name: str, sink: Sink) -> None:
        """One effect at ``sink``, awaited in what it tells, and taken back where that is possible."""
        self.tried += 1
        try:
            self._make(sink)
            wait_until(
                lambda: self._see(sink),
                what="the control",
                deadline_s=NOTICE_WITHIN_S,
                retry_on=(NotReady,),
            )
        except (OSError, smtplib.SMTPException, httpx.HTTPError, StoreError, ServiceFailedError) as error:
            self.unnoticed.add(f"{name}: {type(error).__name__}: {error}")
        finally:
            if sink.kind == "bucket":
                self._take_back(name, sink)

    def _make(self, sink: Sink) -> None:
        ground = self._restoring.ground
        match sink.kind:
            case "mail":
                self._send(sink)
            case "webhook":
                url = httpx.URL(ground.vault.secret(sink.url or "").reveal())
                with stack_client(self._restoring) as client:
                    client.post(url.copy_add_param("control", self._mark), json={}).raise_for_status()
            case "bucket":
                bucket, asset = _bucket(self._restoring, sink)
                put_in = _as_application(ground, asset, bucket)
                obstore.put(put_in, self._mark, b"control", use_multipart=False)
            case _:
                raise ContractError(f"no control is known for a sink of kind {sink.kind!r}")

    def _send(self, sink: Sink) -> None:
        ground = self._restoring.ground
        endpoint = ground.runtime.endpoint(sink.service)
        message = EmailMessage()
        message["From"], message["To"] = "drill@restoreproof.invalid", "nobody@restoreproof.invalid"
        message["Subject"] = self._mark
        message.set_content("A control of a restore drill.")
        with smtplib.SMTP(endpoint.address, endpoint.port, timeout=10) as client:
            if sink.user and sink.password:
                user, password = ground.vault.secret(sink.user), ground.vault.secret(sink.password)
                client.login(user.reveal(), password.reveal())
            client.send_message(message)

    def _see(self, sink: Sink) -> None:
        if not any(self._mark in one for one in _recorded(self._restoring, sink)[1]):
            raise NotReady("nothing of it is recorded")

    def _take_back(self, name: str, sink: Sink) -> None:
        ground = self._restoring.ground
        bucket, asset = _bucket(self._restoring, sink)
        if asset.buckets[bucket].access == "write-only":
            self._ask_back(name, asset, bucket)
        obstore.delete(_as_administrator(ground, asset, bucket), self._mark)

    def _ask_back(self, name: str, asset: ObjectsAsset, bucket: str) -> None:
        ground = self._restoring.ground
        delivering = control(ground.runtime.endpoint(asset.service), asset.application(ground, bucket))
        there = asset.bucket_name(ground, bucket)
        questions: dict[str, Callable[[], object]] = {
            "read": lambda: delivering.get_object(Bucket=there, Key=self._mark),
            "listed": lambda: delivering.list_objects_v2(Bucket=there, MaxKeys=1),
        }
        for what, ask in questions.items():
            self.asked += 1
            try:
                ask()
                self.readable.add(f"{name}: what it delivered can be {what} by the delivering identity")
            except ClientError as error:
                code = error.response.get("Error", {}).get("Code")
                if code not in REFUSALS:
                    self.readable.add(f"{name}: can't tell whether it can be {what}: {code}")
