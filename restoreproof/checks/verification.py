"""Public verification of signed documents: asked of the restored stack, and recomputed by the harness."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Annotated, Any

import httpx
import obstore
import rfc8785
from obstore.exceptions import BaseError as StoreError

from restoreproof.assets.base import RestoreContext
from restoreproof.assets.custody import keys_in_custody
from restoreproof.assets.s3 import run_bounded
from restoreproof.checks.base import Findings, conclude
from restoreproof.checks.chains import check_signature
from restoreproof.checks.endpoints import draw, visitor
from restoreproof.checks.objects import application_bucket, expected_rows, rows
from restoreproof.checks.phrases import check, then, when
from restoreproof.checks.web import LoginFailed
from restoreproof.contract.interfaces import PublicEndpoint
from restoreproof.contract.ref import Ref
from restoreproof.errors import ContractError
from restoreproof.outcome import Observation

Row = Mapping[str, Any]


@check("verification")
@dataclass(frozen=True, slots=True)
class VerificationSurvey:
    """Every sampled document shown to the verifier as it is, altered, and under a foreign signature."""

    endpoint: str
    shown: int
    confirmed: int
    total: int | None
    sample: str
    unconfirmed: Findings
    forged: int
    believed: Findings

    @when('signed documents are submitted to "{endpoint}"')
    @classmethod
    def look(
        cls, restore_context: RestoreContext, endpoint: Annotated[str, Ref("endpoint")]
    ) -> VerificationSurvey:
        """POST each sampled document with its signature, then two forgeries of it."""
        block = restore_context.stack_context.contract.endpoints[endpoint]
        if block.of is None or block.document is None or block.objects is None or block.signature is None:
            raise ContractError(
                f"endpoint {endpoint!r} does not say what it verifies (of, document, objects, signature)"
            )
        sample = draw(restore_context, block.of)
        unconfirmed, believed = Findings(), Findings()
        shown = confirmed = forged = 0
        documents = _documents(restore_context, block, sample.rows)
        with restore_context.stack_context.phase(f"asking for {endpoint}") as work:
            try:
                with closing(visitor(restore_context, block)) as client:
                    for place, row in enumerate(sample.rows):
                        shown += 1
                        content = documents.get(str(row[block.document]))
                        if content is None:
                            unconfirmed.add(f"{row[block.document]}: can't be read")
                            continue
                        if problem := _refused(client, block, row, content):
                            unconfirmed.add(f"{row[block.document]}: {problem}")
                        confirmed += not problem
                        for forgery, changed, other in _forgeries(block, sample.rows, place, content):
                            forged += 1
                            if problem := _believed(client, block, other, changed):
                                believed.add(f"{row[block.document]} {forgery}: {problem}")
            except (LoginFailed, httpx.HTTPError) as error:
                unconfirmed.add(f"{type(error).__name__}: {error}")
            work.items = shown + forged
        return cls(endpoint, shown, confirmed, sample.total, sample.drawn, unconfirmed, forged, believed)

    @then("genuine documents are confirmed")
    def confirms(self) -> Observation:
        """Every document is confirmed under its own signature."""
        return conclude(
            f"{self.endpoint} confirms every sampled document",
            f"{self.confirmed} of {self.shown} confirmed",
            self.unconfirmed,
            examined=self.shown,
            total=self.total,
            sample=self.sample,
        )

    @then("altered documents are refused")
    def refuses(self) -> Observation:
        """Every document with one character changed, and every one under another's signature, is refused."""
        return conclude(
            f"{self.endpoint} refuses altered documents and foreign signatures",
            f"{self.forged - self.believed.total} of {self.forged} forgeries refused",
            self.believed,
            examined=self.forged,
            total=None if self.total is None else self.total * (2 if self.total > 1 else 1),
            sample=f"an altered and a foreign signature for each: {self.sample}",
        )


def _documents(
    restore_context: RestoreContext, block: PublicEndpoint, sample: tuple[Row, ...]
) -> dict[str, bytes]:
    assert block.document is not None and block.objects is not None
    column, read = block.document, _reader(restore_context, block.objects)
    return {
        key: content
        for key, content in run_bounded(read, (str(row[column]) for row in sample))
        if content is not None
    }


def _reader(restore_context: RestoreContext, bucket: str) -> Any:
    source = application_bucket(restore_context, bucket)

    async def read(key: str) -> tuple[str, bytes | None]:
        try:
            answer = await obstore.get_async(source, key)
            return key, bytes(await answer.bytes_async())
        except (StoreError, OSError):
            # None is reported by the caller as an object that can't be read.
            return key, None

    return read


def _forgeries(
    block: PublicEndpoint, sample: tuple[Row, ...], place: int, content: bytes
) -> Iterator[tuple[str, bytes, Row]]:
    """What is shown instead: (what was done to it, the document, the row whose signature goes with it)."""
    row = sample[place]
    if (changed := altered(content, place)) is not None:
        yield "with one character changed", changed, row
    assert block.signature is not None
    others = (other for other in (*sample[place + 1 :], *sample[:place]))
    foreign = next((other for other in others if other[block.signature] != row[block.signature]), None)
    if foreign is not None:
        yield "under another's signature", content, {**row, block.signature: foreign[block.signature]}


def altered(content: bytes, place: int) -> bytes | None:
    """Return ``content`` (a JSON object) with a character of one text changed; ``place`` decides which text.

    None if it is no JSON object with a text in it.
    """
    try:
        document = json.loads(content)
    except ValueError:
        return None
    texts = (
        [name for name, value in document.items() if isinstance(value, str) and value]
        if isinstance(document, dict)
        else []
    )
    if not texts:
        return None
    name = texts[place % len(texts)]
    value = document[name]
    document[name] = value[:-1] + ("0" if value[-1] != "0" else "1")
    return json.dumps(document).encode()


def _post(client: httpx.Client, block: PublicEndpoint, row: Row, content: bytes) -> httpx.Response:
    body = {
        member: json.loads(content) if column == block.document else row[column]
        for member, column in block.post.items()
    }
    return client.post(block.path, json=body)


def _refused(client: httpx.Client, block: PublicEndpoint, row: Row, content: bytes) -> str | None:
    """Why the verifier did not confirm what is shown, or None if it did."""
    try:
        answer = _post(client, block, row, content)
    except ValueError:
        return "is no JSON"
    if answer.status_code != httpx.codes.OK:
        return f"answers {answer.status_code}"
    return None if _says_yes(answer, block) else f"answers without {block.confirms!r} being true"


def _believed(client: httpx.Client, block: PublicEndpoint, row: Row, content: bytes) -> str | None:
    """What is wrong with the answer to a forgery: it was confirmed, or the verifier broke. Else None."""
    answer = _post(client, block, row, content)
    if answer.is_server_error:
        return f"answers {answer.status_code} instead of refusing"
    return "is confirmed" if answer.is_success and _says_yes(answer, block) else None


def _says_yes(answer: httpx.Response, block: PublicEndpoint) -> bool:
    if block.confirms is None:
        return True
    try:
        claims = answer.json()
    except ValueError:
        return False
    return isinstance(claims, dict) and claims.get(block.confirms) is True


@check("signatures")
@dataclass(frozen=True, slots=True)
class SignatureSurvey:
    """Every signed document, recomputed without asking the application."""

    name: str
    examined: int
    total: int | None
    bad: Findings

    @when('the signatures of the "{signature}" are recomputed')
    @classmethod
    def look(
        cls, restore_context: RestoreContext, signature: Annotated[str, Ref("signature")]
    ) -> SignatureSurvey:
        """Read every document of the signature's dataset (columns: key, sha256) and verify it here."""
        stack_context = restore_context.stack_context
        block = stack_context.contract.signatures[signature]
        bucket = stack_context.contract.datasets[block.dataset].objects
        if bucket is None:
            raise ContractError(f"dataset {block.dataset!r} names no bucket (objects)")
        keys, read = keys_in_custody(restore_context.backup), _reader(restore_context, bucket)
        bad, examined = Findings(), 0

        async def document(row: Row) -> tuple[Row, bytes | None]:
            return row, (await read(str(row["key"])))[1]

        with stack_context.phase(f"signatures of {signature}") as work:
            for row, content in run_bounded(document, rows(restore_context, block.dataset)):
                examined += 1
                problem = "can't be read" if content is None else not_canonical(content, str(row["sha256"]))
                message = block.prefix + str(row["sha256"])
                problem = problem or check_signature(keys, str(row[block.key]), row[block.column], message)
                if problem:
                    bad.add(f"{row['key']}: {problem}")
            work.items = examined
        return cls(signature, examined, expected_rows(restore_context, block.dataset), bad)

    @then("every one of them was made by a key in custody")
    def authentic(self) -> Observation:
        """Every document is canonical, has the recorded digest, and is signed by a key in custody."""
        return conclude(
            f"every document of the {self.name} is canonical, unchanged and signed by a key in custody",
            f"{self.examined - self.bad.total:,} of {self.examined:,} recomputed and verified",
            self.bad,
            examined=self.examined,
            total=self.total,
        )


def not_canonical(content: bytes, sha256: str) -> str | None:
    """Return why ``content`` is not the canonical JSON (RFC 8785) whose digest is ``sha256``, or None."""
    if hashlib.sha256(content).hexdigest() != sha256:
        return "its digest is not the one its row records"
    try:
        canonical = rfc8785.dumps(json.loads(content))
    except (ValueError, rfc8785.CanonicalizationError) as error:
        return f"is no canonical JSON: {type(error).__name__}"
    return None if canonical == content else "is not its own canonical form"
