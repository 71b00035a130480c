"""Endpoints of the public interface: asked through the front door, and held against what was stored."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote

import httpx
import obstore
from obstore.exceptions import BaseError as StoreError

from restoreproof.assets.base import RestoreContext
from restoreproof.checks.base import Findings, conclude, not_verified
from restoreproof.checks.objects import application_bucket, expected_rows, rows
from restoreproof.checks.phrases import check, then, when
from restoreproof.checks.web import LoginFailed, logged_in, members, public_client
from restoreproof.contract.interfaces import PublicEndpoint
from restoreproof.contract.ref import Ref
from restoreproof.outcome import Observation

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sample:
    """Some rows of a dataset, how many there should be, and how they were chosen."""

    rows: tuple[Row, ...]
    total: int | None
    drawn: str


def positions(size: int, total: int) -> list[int]:
    """Return ``size`` positions spread evenly over ``total`` rows; the first row is always one of them."""
    size = min(size, total)
    return [index * total // size for index in range(size)]


def draw(restore_context: RestoreContext, dataset: str) -> Sample:
    """Return the rows of ``dataset``, or as many of them as its ``sample`` says, evenly over its own order.

    How many rows there are to draw from is the catalogue's word, so that lost rows are missed.
    """
    catalogued, wanted = (
        expected_rows(restore_context, dataset),
        restore_context.stack_context.contract.datasets[dataset].sample,
    )
    if wanted is None:
        return Sample(tuple(rows(restore_context, dataset)), catalogued, "all")
    total = catalogued if catalogued is not None else sum(1 for _ in rows(restore_context, dataset))
    chosen = set(positions(wanted, total))
    drawn = tuple(row for place, row in enumerate(rows(restore_context, dataset)) if place in chosen)
    return Sample(
        drawn,
        None if catalogued is None else len(chosen),
        f"{len(chosen)} of {total:,}, evenly over their order",
    )


@check("endpoint")
@dataclass(frozen=True, slots=True)
class EndpointSurvey:
    """One endpoint of the public interface, after a request for each row it is about."""

    endpoint: str
    who: str
    requests: int
    total: int | None
    sample: str
    refused: Findings
    compared: int
    """Answers that were held against what was stored."""
    altered: Findings | None
    """Answers that are not what was stored, or that nothing is stored to compare with."""
    listing: int
    rows: int | None
    unlisted: Findings | None
    unasked: str | None = None
    """Why nothing was asked for: nobody could log in."""

    @when('"{endpoint}" is asked for')
    @classmethod
    def look(
        cls, restore_context: RestoreContext, endpoint: Annotated[str, Ref("endpoint")]
    ) -> EndpointSurvey:
        """GET ``endpoint`` through the public door, once or for each row of its dataset, as its person."""
        block = restore_context.stack_context.contract.endpoints[endpoint]
        visit = _Visit(restore_context, block)
        with restore_context.stack_context.phase(f"asking for {endpoint}") as work:
            try:
                with closing(visitor(restore_context, block)) as client:
                    visit.go(client)
            except LoginFailed as error:
                visit.unasked = error.message
            work.items = visit.requests
        return cls(
            endpoint,
            f"as {block.identity}" if block.identity else "anybody",
            visit.requests,
            visit.sample.total if visit.each_row else 1,
            visit.sample.drawn,
            visit.refused,
            visit.compared,
            visit.altered if block.sha256 or block.object else None,
            visit.listed,
            visit.sample.total,
            visit.unlisted if block.items else None,
            visit.unasked,
        )

    @then("it answers")
    def answered(self) -> Observation:
        """Every request got 200, the right content type and something to read."""
        expected = f"the {self.endpoint} answers {self.who}"
        if self.unasked:
            return self._unasked(expected)
        return conclude(
            expected,
            f"{self.requests - self.refused.total} of {self.requests} requests answered",
            self.refused,
            examined=self.requests,
            total=self.total,
            sample=self.sample,
        )

    @then("every answer is what the restored rows record")
    def intact(self) -> Observation:
        """Every answer is, byte for byte, what was stored when the backup was taken."""
        expected = f"what the {self.endpoint} gives is what was stored"
        if self.altered is None:
            return not_verified(expected, "the contract names no digest and no object to compare with")
        if self.unasked:
            return not_verified(expected, f"nothing was asked for: {self.unasked}")
        equal = self.requests - self.refused.total - self.altered.total
        return conclude(
            expected,
            f"{equal} of {self.requests} answers equal what was stored",
            self.altered,
            examined=self.compared,
            total=self.total,
            sample=self.sample,
        )

    @then("it lists the restored rows")
    def listed(self) -> Observation:
        """The answer lists the very rows of the dataset."""
        expected = f"the {self.endpoint} lists every row it should, and no other"
        if self.unlisted is None:
            return not_verified(expected, "the contract does not say what the endpoint lists (items)")
        if self.unasked:
            return not_verified(expected, f"nothing was asked for: {self.unasked}")
        return conclude(
            expected, f"{self.listing} listed", self.unlisted, examined=self.listing, total=self.rows
        )

    def _unasked(self, expected: str) -> Observation:
        """Return that the login was refused: the backup holds the credentials, so that is a finding."""
        findings = Findings()
        findings.add(str(self.unasked))
        return conclude(expected, "nothing was asked for", findings, examined=0, total=self.total)


def visitor(restore_context: RestoreContext, block: PublicEndpoint) -> httpx.Client:
    """Return a client for the person that ``block`` names, or without a login. Raises LoginFailed."""
    return logged_in(restore_context, block.identity) if block.identity else public_client(restore_context)


class _Visit:
    """The requests of one survey, and what came of them."""

    def __init__(self, restore_context: RestoreContext, block: PublicEndpoint) -> None:
        self.requests = self.compared = self.listed = 0
        self.unasked: str | None = None
        self.refused, self.altered, self.unlisted = Findings(), Findings(), Findings()
        self.each_row = block.of is not None and not block.items
        self.sample = draw(restore_context, block.of) if block.of else Sample((), None, "all")
        self._restoring, self._block = restore_context, block

    def go(self, client: httpx.Client) -> None:
        """Make the requests one after the other."""
        for row in self.sample.rows if self.each_row else ({},):
            path = filled(self._block.path, row)
            self.requests += 1
            try:
                answer = client.get(path)
            except httpx.HTTPError as error:
                self.refused.add(f"{path}: {type(error).__name__}: {error}")
                continue
            if problem := unfit(answer, self._block.type):
                self.refused.add(f"{path}: {problem}")
                continue
            self._compare(path, row, answer.content)
            if self._block.items:
                self._list(answer, self._block.items)

    def _compare(self, path: str, row: Row, content: bytes) -> None:
        block = self._block
        if block.sha256:
            wanted = str(row[block.sha256])
        elif block.object:
            stored = self._stored(block.object, row)
            if stored is None:
                self.altered.add(f"{path}: there is no object {row['key']} to compare with")
                return
            wanted = hashlib.sha256(stored).hexdigest()
        else:
            return
        self.compared += 1
        sha256 = hashlib.sha256(content).hexdigest()
        if sha256 != wanted:
            self.altered.add(f"{path}: SHA-256 {sha256[:16]}…, {wanted[:16]}… was stored")

    def _stored(self, bucket: str, row: Row) -> bytes | None:
        source = application_bucket(self._restoring, bucket)
        try:
            return bytes(obstore.get(source, str(row["key"])).bytes())
        except (StoreError, OSError):
            # The caller reports the object as missing; why it is so is the objects checks' matter.
            return None

    def _list(self, answer: httpx.Response, column: str) -> None:
        try:
            listed = [str(member) for member in members(answer.json(), column)]
        except ValueError as error:
            self.unlisted.add(str(error))
            return
        self.listed = len(listed)
        wanted = {str(row[column]) for row in self.sample.rows}
        for missing in sorted(wanted - set(listed)):
            self.unlisted.add(f"{missing} is not listed")
        for extra in sorted(set(listed) - wanted):
            self.unlisted.add(f"{extra} is listed, and is no row of the dataset")


def filled(path: str, row: Row) -> str:
    """Return ``path`` with each placeholder replaced by the row's column, percent-encoded."""
    return path.format_map({name: quote(str(value), safe="") for name, value in row.items()})


def unfit(answer: httpx.Response, content_type: str | None) -> str | None:
    """Return why ``answer`` is not what was asked for, or None."""
    if answer.status_code != httpx.codes.OK:
        return f"answers {answer.status_code}"
    media_type = answer.headers.get("content-type", "").partition(";")[0].strip()
    if content_type and media_type != content_type:
        return f"answers with {media_type or 'no content type'}, not {content_type}"
    return None if answer.content else "answers with nothing"
