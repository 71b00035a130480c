"""A small sealed drill, with its ledger and key, to be looked at and tampered with."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from restoreproof.events import Excess, event_of
from restoreproof.journal.read import JournalLine
from restoreproof.ledger import Ledger
from restoreproof.plan import Plan
from restoreproof.record.build import harness_build
from restoreproof.record.model import Record
from restoreproof.record.reduce import reduce
from restoreproof.sealing.keys import SigningKey, make_signing_key, pinned_key, signing_key
from restoreproof.sealing.seal import Seal, seal
from restoreproof.verifier.answers import Answer, Question
from restoreproof.verifier.options import directory_of, ledger_of, parse_head
from restoreproof.verifier.verify import verify
from restoreproof.views.rerender import render_again
from tests.stories import Story, healthy, plan_of

YEAR = timedelta(days=365)
MANIFEST = "5" * 64


@dataclass
class Desk:
    """A place with a key and a ledger, where drills are filed."""

    root: Path
    build: dict[str, str | None] = field(default_factory=lambda: harness_build().model_dump())
    key: SigningKey = field(init=False)
    public: Path = field(init=False)
    ledger: Ledger = field(init=False)

    def __post_init__(self) -> None:
        self.public = make_signing_key(self.root / "keys" / "drill.pem", valid_for=YEAR)
        self.key = signing_key(f"file:{self.root}/keys/drill.pem")
        self.ledger = Ledger(self.reports / "ledger.jsonl", self.key)

    @property
    def reports(self) -> Path:
        """Where the evidence and its ledger lie."""
        return self.root / "reports"

    def file(
        self,
        drill_id: str,
        *,
        ended: datetime | None = None,
        sealed: bool = True,
        rendered: bool = False,
        tell: Callable[[Story], list[JournalLine]] = lambda story: story.events,
    ) -> Path:
        """One drill, from its entry in the ledger to its seal; ``tell`` may spoil the healthy one.

        Its views are stand-ins, which `verify --rerender` and `seal` refuse, unless they are ``rendered``.
        """
        plan = plan_of()
        directory = self.reports / drill_id
        (directory / "logs").mkdir(parents=True)
        begun = self.ledger.start(drill_id, "s1", plan.digest, "wipe")
        custody = {"ledger_seq": begun.entry.seq, "ledger_entry_sha256": begun.entry.sha256}
        opening = {
            "drill_id": drill_id,
            "attempt": begun.attempt,
            "custody": custody,
            "harness": f"restoreproof {self.build['version']}",
            "harness_build": self.build,
        }
        record = written(directory, plan, opening, ended or datetime.now(UTC), tell)
        if rendered:
            shutil.rmtree(directory / "logs")
            render_again(directory)
        made = seal(directory, self.key) if sealed else None
        digest = hashlib.sha256((directory / "record.json").read_bytes()).hexdigest()
        attestation = made.attestation_sha256 if made else None
        self.ledger.finish(
            drill_id, str(record.verdict), record_sha256=digest, attestation_sha256=attestation
        )
        return directory

    def seal(self, directory: Path) -> Seal:
        """Seal what was not yet."""
        return seal(directory, self.key)

    def verify(self, directory: Path, **more: Any) -> Answer:
        """What `verify` says with this desk's key and ledger."""
        real = directory_of(directory)
        ledger = more.pop("ledger", None) or ledger_of(self.reports / "any", None)
        head = parse_head(more.pop("head", None))
        return verify(Question(real, pinned_key(self.public), ledger, head, **more))


def written(
    directory: Path,
    plan: Plan,
    opening: dict[str, Any],
    ended: datetime,
    tell: Callable[[Story], list[JournalLine]],
) -> Record:
    """The files of a small drill, with some logs and a page."""
    lines = tell(Story(list(healthy(plan).events)))
    events = [_told(line, opening, ended - timedelta(seconds=lines[-1].mono - line.mono)) for line in lines]
    written = (json.dumps(_plain(event), sort_keys=True, separators=(",", ":")) for event in events)
    (directory / "journal.jsonl").write_text("\n".join(written) + "\n")
    (directory / "plan.json").write_text(json.dumps(plan.as_json(), indent=1))
    record = reduce(plan, events)
    (directory / "record.json").write_text(record.text(), encoding="utf-8")
    (directory / "index.html").write_text(f"<p>{record.headline}</p>\n")
    for name in ("postgres", "api", "worker"):
        (directory / "logs" / f"{name}.log").write_text(f"{name} was here\n" * 3)
    return record


def _told(event: JournalLine, opening: dict[str, Any], moment: datetime) -> JournalLine:
    at = moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
    point = (moment - timedelta(hours=13)).isoformat()
    verified = {"manifest_sha256": MANIFEST, "recovery_point": point}
    more = {"drill-opened": opening, "set-verified": verified}.get(event.type, {})
    return replace(event, at=at, event=event_of(event.type, event.event.data() | more, Excess.CUT))


def _plain(event: JournalLine) -> dict[str, Any]:
    fields = {name: getattr(event, name) for name in ("seq", "source", "type", "at", "mono")}
    return {**fields, "data": event.event.data()}
